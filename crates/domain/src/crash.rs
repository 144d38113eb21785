//! Named places where a test may kill the process, to prove that nothing is lost there, or make it panic, to prove that
//! the words of a panic reach nobody.
//!
//! In release builds nothing of this exists: [`point`] and [`panic_at`] are empty and [`arm`] does nothing.

use std::sync::OnceLock;

static ARMED: OnceLock<String> = OnceLock::new();

/// Chooses the place at which this process dies; called by programs, in debug builds only.
pub fn arm(name: &str) {
    if cfg!(debug_assertions) {
        let _ = ARMED.set(name.to_owned());
    }
}

/// Panics here with these values in its words, when this place was chosen.
#[allow(clippy::panic, reason = "that is what it is for")]
pub fn panic_at(name: &str, values: &dyn std::fmt::Debug) {
    if cfg!(debug_assertions) && ARMED.get().is_some_and(|armed| armed == name) {
        panic!("a defect with {values:?}");
    }
}

/// Dies here as if by `kill -9`, when this place was chosen: no destructor runs, nothing is flushed.
pub fn point(name: &str) {
    if cfg!(debug_assertions) && ARMED.get().is_some_and(|armed| armed == name) {
        // `abort` ends the process at once by a signal, which is what a killed process looks like from outside.
        std::process::abort();
    }
}
