//! What tests stand on: real databases, real programs, real job archives. Never part of a program.
//!
//! A test that cannot set its stage has failed, so the functions here panic with a text that says what to do, at the
//! line of the test that called them. Everything they start ends with the test process, also when that is killed.

pub mod balancer;
pub mod fixtures;
pub mod http;
pub mod postgres;
pub mod programs;

/// The value, or a panic at the caller's line with the whole chain of causes.
#[track_caller]
pub(crate) fn must<T>(result: anyhow::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error:#}"),
    }
}

/// Asks `ready` again and again until it has an answer, fails, or `seconds` are over; `Ok(None)` then.
///
/// For things outside this process that send no event.
#[allow(clippy::disallowed_methods, reason = "another program's state can only be polled")]
pub(crate) fn poll<T>(seconds: u64, mut ready: impl FnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<Option<T>> {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    loop {
        if let Some(value) = ready()? {
            return Ok(Some(value));
        }
        if std::time::Instant::now() >= deadline {
            return Ok(None);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
