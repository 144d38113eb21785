//! How a run on a thread of its own is told to end.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{AbortHandle, AbortRegistration, Abortable};

/// Ends a run; so does dropping it.
#[derive(Debug)]
pub struct Stop {
    computing: Arc<AtomicBool>,
    waiting: AbortHandle,
}

/// What the thread of the run listens to.
#[derive(Debug)]
pub struct Stopped {
    computing: Arc<AtomicBool>,
    waiting: AbortRegistration,
}

/// Both ends of it.
pub fn stop() -> (Stop, Stopped) {
    let (waiting, registration) = AbortHandle::new_pair();
    let computing = Arc::new(AtomicBool::new(false));
    (Stop { computing: computing.clone(), waiting }, Stopped { computing, waiting: registration })
}

impl Stop {
    /// Ends what the run waits for and what it computes.
    pub fn now(&self) {
        self.computing.store(true, Ordering::Relaxed);
        self.waiting.abort();
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.now();
    }
}

impl Stopped {
    /// For [`crate::run::Outside::stop`].
    pub fn sign(&self) -> Arc<AtomicBool> {
        self.computing.clone()
    }

    /// What the work has brought; nothing when it was stopped. What it still waited for is given up.
    pub async fn unless<T>(self, work: impl Future<Output = T>) -> Option<T> {
        Abortable::new(work, self.waiting).await.ok().filter(|_| !self.computing.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn waiting_and_computing_end_and_an_end_of_its_own_is_kept() {
        let (stop, stopped) = stop();
        let sign = stopped.sign();
        stop.now();
        assert!(sign.load(Ordering::Relaxed));
        assert_eq!(stopped.unless(pending::<()>()).await, None);
        let (kept, stopped) = super::stop();
        assert_eq!(stopped.unless(ready(7)).await, Some(7));
        drop(kept);
        let (dropped, stopped) = super::stop();
        drop(dropped);
        assert_eq!(stopped.unless(ready(7)).await, None, "it may have ended only because it was told to");
    }
}
