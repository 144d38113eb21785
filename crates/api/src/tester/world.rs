//! Time and randomness of the service, in the tester's form.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use stoker_service::Service;
use stoker_tester::world::{Clock, Entropy};
use tokio::time::Instant;

/// The service's clock; durations are measured from its making.
pub struct ServiceClock {
    service: Service,
    begun: Instant,
}

impl ServiceClock {
    /// Begins now.
    pub fn new(service: &Service) -> Self {
        Self { service: service.clone(), begun: Instant::now() }
    }
}

impl Clock for ServiceClock {
    fn now_ms(&self) -> i64 {
        self.service.now()
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// The service's randomness.
pub struct ServiceEntropy(pub Service);

impl Entropy for ServiceEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill_random(bytes);
    }
}
