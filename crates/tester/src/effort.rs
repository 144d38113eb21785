//! How much may be computed at once. What people write into tests can ask for work without end: a pattern that steps back
//! for ever, a path that visits everything from everywhere. The work is counted in steps, not in time, so that a test ends
//! the same way on every machine.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often the sign to stop is looked at, in steps: some thousandths of a second.
const LOOK: u64 = 1 << 18;

/// What the expressions and assertions of one request may cost together. A step is some nanoseconds.
#[derive(Debug)]
pub struct Effort<'a> {
    steps: u64,
    left: Cell<u64>,
    stop: Option<&'a AtomicBool>,
}

/// Why no more is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// All steps are used up.
    #[error(
        "the expressions or the assertions of the request take more than {0} steps together; use simpler ones, or less text"
    )]
    Steps(u64),
    /// The run is to stop.
    #[error("the run was stopped")]
    Stopped,
}

impl<'a> Effort<'a> {
    /// Steps of one request: some seconds.
    pub const STEPS: u64 = 500_000_000;

    /// So many steps, and none after `stop` is set.
    pub fn new(steps: u64, stop: &'a AtomicBool) -> Self {
        Self { steps, left: Cell::new(steps), stop: Some(stop) }
    }

    /// So many steps, and nobody stops it.
    pub fn of(steps: u64) -> Self {
        Self { steps, left: Cell::new(steps), stop: None }
    }

    /// Takes steps away.
    ///
    /// # Errors
    /// [`Halt`]: there are not so many left, or the run is to stop. All later calls end so too.
    pub fn spend(&self, steps: u64) -> Result<(), Halt> {
        let before = self.left.get();
        let Some(left) = before.checked_sub(steps) else {
            self.left.set(0);
            return Err(Halt::Steps(self.steps));
        };
        self.left.set(left);
        if before / LOOK != left / LOOK && self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            self.left.set(0);
            return Err(Halt::Stopped);
        }
        Ok(())
    }

    /// Takes a step away for each byte of a text that is read or made.
    ///
    /// # Errors
    /// As for [`Effort::spend`].
    pub fn read(&self, bytes: usize) -> Result<(), Halt> {
        self.spend(bytes as u64)
    }
}

/// [`Effort::STEPS`], and nobody stops it.
impl Default for Effort<'_> {
    fn default() -> Self {
        Self::of(Self::STEPS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_run_out_and_a_sign_to_stop_is_seen() {
        let stop = AtomicBool::new(false);
        let effort = Effort::new(2 * LOOK, &stop);
        assert_eq!(effort.spend(LOOK), Ok(()));
        stop.store(true, Ordering::Relaxed);
        assert_eq!(effort.spend(LOOK), Err(Halt::Stopped));
        assert_eq!(Effort::new(5, &AtomicBool::new(false)).spend(6), Err(Halt::Steps(5)));
        let effort = Effort::default();
        assert!(effort.spend(Effort::STEPS).is_ok() && effort.spend(1).is_err() && effort.spend(0).is_ok());
    }
}
