//! Named places where a test may kill the process, to prove that nothing is lost there.
//!
//! In release builds nothing of this exists: [`point`] is empty and [`arm`] does nothing.

use std::sync::OnceLock;

static ARMED: OnceLock<String> = OnceLock::new();

/// Chooses the place at which this process dies; called by programs, in debug builds only.
pub fn arm(name: &str) {
    if cfg!(debug_assertions) {
        let _ = ARMED.set(name.to_owned());
    }
}

/// Dies here as if by `kill -9`, when this place was chosen: no destructor runs, nothing is flushed.
pub fn point(name: &str) {
    if cfg!(debug_assertions) && ARMED.get().is_some_and(|armed| armed == name) {
        // `abort` ends the process at once by a signal, which is what a killed process looks like from outside.
        std::process::abort();
    }
}
