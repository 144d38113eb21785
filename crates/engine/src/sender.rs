//! The outbox: reports of all runs on their way to the server, in order, in as few requests as possible.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stoker_domain::crash;
use stoker_wire::{Report, RunEpoch};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::backoff::Backoff;
use crate::engine::Engine;

/// Most log data held in memory, in bytes; what does not fit stays in the job's files.
const MAX_HELD: usize = 4 << 20;
/// Size at which a request is full, in bytes.
const MAX_REQUEST: usize = 1 << 20;
/// Size of a report without log data, roughly.
const SMALL_REPORT: usize = 512;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is done when the server has stored a report.
#[derive(Debug)]
pub(crate) enum Acknowledge {
    /// Nothing.
    Nothing,
    /// The count of acknowledged chunks goes up to behind this one.
    Chunk { count: Arc<AtomicI64>, seq: i64 },
    /// Somebody waits for it.
    Waiter(oneshot::Sender<()>),
}

/// A report that waits to be sent.
#[derive(Debug)]
pub(crate) struct Item {
    report: Arc<Report>,
    key: RunEpoch,
    acknowledge: Acknowledge,
    size: usize,
    serial: u64,
    _room: Option<OwnedSemaphorePermit>,
}

impl Item {
    pub(crate) fn new(report: Report, acknowledge: Acknowledge, room: Option<OwnedSemaphorePermit>) -> Self {
        let size = match &report {
            Report::Log { data, .. } => data.len() + SMALL_REPORT,
            _ => SMALL_REPORT,
        };
        Self { key: report.run_epoch(), report: Arc::new(report), acknowledge, size, serial: 0, _room: room }
    }
}

/// Reports of all runs. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    queue: Mutex<Queue>,
    changed: Notify,
    room: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    serial: u64,
}

/// The front of the queue.
pub(crate) struct Batch {
    pub(crate) reports: Vec<Arc<Report>>,
    last: u64,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        let room = Arc::new(Semaphore::new(MAX_HELD));
        Self { inner: Arc::new(Inner { queue: Mutex::default(), changed: Notify::new(), room }) }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.inner.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for this many bytes of log data.
    pub(crate) async fn reserve(&self, bytes: u64) -> OwnedSemaphorePermit {
        let wanted = u32::try_from(bytes).unwrap_or(u32::MAX).min(MAX_HELD as u32);
        match Arc::clone(&self.inner.room).acquire_many_owned(wanted).await {
            Ok(room) => room,
            // The semaphore is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    pub(crate) fn push(&self, mut item: Item) {
        let mut queue = self.queue();
        queue.serial += 1;
        item.serial = queue.serial;
        queue.items.push_back(item);
        drop(queue);
        self.inner.changed.notify_waiters();
    }

    /// Throws away everything about a run that the server does not want to hear of any more.
    pub(crate) fn purge(&self, key: &RunEpoch) {
        self.queue().items.retain(|item| item.key != *key);
        self.inner.changed.notify_waiters();
    }

    /// Waits until there is something to send.
    async fn filled(&self) {
        self.until(|queue| !queue.items.is_empty()).await;
    }

    /// Waits until everything was sent and acknowledged.
    pub(crate) async fn drained(&self) {
        self.until(|queue| queue.items.is_empty()).await;
    }

    async fn until(&self, holds: impl Fn(&Queue) -> bool) {
        loop {
            let changed = self.inner.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if holds(&self.queue()) {
                return;
            }
            changed.await;
        }
    }

    /// What the next request holds: at least one report, if there is one, and no more than fits.
    pub(crate) fn batch(&self) -> Option<Batch> {
        let queue = self.queue();
        let mut batch = Batch { reports: Vec::new(), last: 0 };
        let mut size = 0;
        for item in &queue.items {
            size += item.size;
            if size > MAX_REQUEST && !batch.reports.is_empty() {
                break;
            }
            batch.reports.push(Arc::clone(&item.report));
            batch.last = item.serial;
        }
        (!batch.reports.is_empty()).then_some(batch)
    }

    /// The server has stored the batch.
    pub(crate) fn acknowledge(&self, batch: &Batch) {
        let mut queue = self.queue();
        while let Some(item) = queue.items.pop_front_if(|item| item.serial <= batch.last) {
            match item.acknowledge {
                Acknowledge::Nothing => {}
                Acknowledge::Chunk { count, seq } => count.store(seq + 1, Ordering::Relaxed),
                // A run that was forgotten meanwhile does not wait any more.
                Acknowledge::Waiter(waiter) => drop(waiter.send(())),
            }
        }
        drop(queue);
        self.inner.changed.notify_waiters();
    }
}

/// Sends reports for ever, one request at a time; a report is sent again until a session has acknowledged it.
pub(crate) async fn work(engine: Engine) {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    let mut sessions = engine.sessions();
    loop {
        engine.outbox().filled().await;
        let Ok(session) = sessions.wait_for(Option::is_some).await.map(|session| session.clone()) else { return };
        let (Some(session), Some(batch)) = (session, engine.outbox().batch()) else { continue };
        let reports: Vec<&Report> = batch.reports.iter().map(Arc::as_ref).collect();
        let answer = tokio::select! {
            biased;
            // An answer to an older session is never looked at; the new one gets the same reports.
            _ = sessions.wait_for(|now| now.as_ref() != Some(&session)) => continue,
            answer = engine.link().report(&session.id, &reports) => answer,
        };
        match answer {
            Ok(answer) => {
                if batch.reports.iter().any(|report| matches!(**report, Report::Finished { .. })) {
                    crash::point("engine.finish-before-ack");
                }
                backoff.reset();
                engine.outbox().acknowledge(&batch);
                engine.forget(&answer.stale);
                engine.take(answer.messages);
            }
            Err(error) => {
                let stale = error.code() == stoker_wire::REFUSED_SESSION;
                tracing::debug!(%error, "reports were not accepted");
                engine.session_failed(&session, &error);
                if !stale {
                    tokio::time::sleep(backoff.pause(engine.random())).await;
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "sender_tests.rs"]
mod tests;
