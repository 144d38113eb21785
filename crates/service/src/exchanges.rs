//! What was asked and answered where something was changed, for the audit trail. It is known only after the change was
//! committed, so it waits in memory for the next pass of the reconcilers; a crash loses what waits, never a record.

use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use stoker_store::Tx;
use stoker_store::exchanges::{self, Exchange};

/// Most that wait; the oldest go first.
const WAITING: usize = 10_000;
/// Most that one transaction writes.
const BATCH: usize = 500;

/// Whether a request left an audit record.
#[derive(Debug, Default)]
pub struct AuditMark(AtomicBool);

impl AuditMark {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it did.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Two requests do not differ by what they have left so far.
impl PartialEq for AuditMark {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for AuditMark {}

/// What waits to be written down.
#[derive(Default)]
pub(crate) struct Waiting {
    queue: Mutex<VecDeque<Exchange>>,
    told: AtomicBool,
}

impl Waiting {
    fn queue(&self) -> MutexGuard<'_, VecDeque<Exchange>> {
        self.queue.lock().unwrap_or_else(|p| p.into_inner())
    }

    fn next_batch(&self) -> Vec<Exchange> {
        let mut queue = self.queue();
        let count = queue.len().min(BATCH);
        queue.drain(..count).collect()
    }

    /// Lets a batch wait again, before what came meanwhile and as far as there is room.
    fn put_back(&self, batch: &[Exchange]) {
        let mut queue = self.queue();
        let room = WAITING.saturating_sub(queue.len());
        for exchange in batch.iter().rev().take(room) {
            queue.push_front(exchange.clone());
        }
    }
}

impl Service {
    /// Notes what was asked and answered; bodies come without secrets and cut short.
    pub fn note_exchange(&self, request_id: String, status: u16, request: Option<String>, response: Option<String>) {
        let waiting = &self.inner.exchanges;
        let mut queue = waiting.queue();
        if queue.len() >= WAITING {
            queue.pop_front();
            if !waiting.told.swap(true, Ordering::Relaxed) {
                tracing::warn!("more is changed than can be written down: audit records lack their bodies");
            }
        }
        let status = i64::from(status);
        queue.push_back(Exchange { request_id, status, request_body: request, response_body: response });
    }

    /// Writes down what waits.
    pub(crate) async fn store_exchanges(&self) -> Result<(), Error> {
        loop {
            let batch = Arc::new(self.inner.exchanges.next_batch());
            if batch.is_empty() {
                return Ok(());
            }
            let wanted = Arc::clone(&batch);
            let work = move |tx: &mut Tx<'_>| wanted.iter().try_for_each(|one| Ok(exchanges::add(tx, one)?));
            let written = self.write::<_, Error, _>(&Allowed::system(), work).await;
            if let Err(Error::Unavailable) = written {
                // The database will be there again. What is written twice is there once.
                self.inner.exchanges.put_back(&batch);
            }
            written?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(number: usize) -> Exchange {
        Exchange { request_id: number.to_string(), status: 200, request_body: None, response_body: None }
    }

    #[test]
    fn what_could_not_be_written_waits_again_in_its_order_as_far_as_there_is_room() {
        let waiting = Waiting::default();
        waiting.queue().extend((0..3).map(exchange));
        let batch = waiting.next_batch();
        waiting.queue().push_back(exchange(3));
        waiting.put_back(&batch);
        assert_eq!(waiting.next_batch(), (0..4).map(exchange).collect::<Vec<_>>());
        waiting.queue().extend((2..=WAITING).map(exchange));
        waiting.put_back(&[exchange(0), exchange(1)]);
        assert_eq!(waiting.queue().len(), WAITING, "what is newer stays");
        assert_eq!(waiting.queue().front(), Some(&exchange(1)));
    }
}
