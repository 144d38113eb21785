//! Growing pauses between attempts.

use std::time::Duration;

use stoker_domain::Random;

/// Pauses that double from `first` to `longest`, each shortened by up to a quarter so that many engines do not come
/// back at the same moment.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// The pause before the next attempt.
    pub(crate) fn pause(&mut self, random: &dyn Random) -> Duration {
        let pause = self.next;
        self.next = (self.next * 2).min(self.longest);
        let mut byte = [0];
        random.fill(&mut byte);
        pause - pause / 4 * u32::from(byte[0]) / 255
    }

    /// To be called after a success.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoker_domain::SeededRandom;

    #[test]
    fn pauses_grow_to_the_limit_and_start_again() {
        let random = SeededRandom::new(7);
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            let full = Duration::from_secs(seconds);
            let pause = backoff.pause(&random);
            assert!(pause <= full && pause >= full * 3 / 4, "{pause:?} for {full:?}");
        }
        backoff.reset();
        assert!(backoff.pause(&random) <= Duration::from_secs(1));
    }
}
