//! What was asked and answered where something was changed, for the audit trail. It is known only after the change was
//! committed, so it waits in memory for the next pass of the reconcilers; a crash loses what waits, never a record.

use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
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

impl Service {
    /// Notes what was asked and answered; bodies come without secrets and cut short.
    pub fn note_exchange(&self, request_id: String, status: u16, request: Option<String>, response: Option<String>) {
        let waiting = &self.inner.exchanges;
        let mut queue = waiting.queue.lock().unwrap_or_else(|p| p.into_inner());
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
            let batch: Vec<Exchange> = {
                let mut queue = self.inner.exchanges.queue.lock().unwrap_or_else(|p| p.into_inner());
                let count = queue.len().min(BATCH);
                queue.drain(..count).collect()
            };
            if batch.is_empty() {
                return Ok(());
            }
            self.write::<_, Error, _>(&Allowed::system(), move |tx| {
                for exchange in &batch {
                    exchanges::add(tx, exchange)?;
                }
                Ok(())
            })
            .await?;
        }
    }
}
