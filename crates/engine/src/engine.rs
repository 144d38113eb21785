//! What all tasks of a paired engine share, and what messages of the server do to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stoker_domain::{Random, SharedClock, SharedRandom};
use stoker_wire::{Messages, Offer, RunEpoch};
use tokio::sync::{Notify, Semaphore, watch};

use crate::api_tests::{self, Tests};
use crate::artifacts::Artifacts;
use crate::config::{Config, Environment};
use crate::home::Home;
use crate::identity::Identity;
use crate::janitor::Janitor;
use crate::java::Javas;
use crate::journal::{Journal, Unfinished};
use crate::keystore::Keys;
use crate::link::{Link, LinkError};
use crate::management::ManagementLog;
use crate::process::ShimHost;
use crate::resources::Resources;
use crate::run;
use crate::sender::Outbox;
use crate::table::{Phase, StopReason, Table, Wish};

/// An open session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// Its name.
    pub(crate) id: Arc<str>,
    /// When it was opened, milliseconds.
    pub(crate) since_ms: i64,
}

/// Everything an engine consists of.
pub(crate) struct Parts {
    pub(crate) home: Home,
    pub(crate) config: Config,
    pub(crate) environment: Environment,
    pub(crate) identity: Identity,
    pub(crate) keys: Keys,
    pub(crate) javas: Javas,
    pub(crate) link: Link,
    pub(crate) journal: Journal,
    pub(crate) shims: ShimHost,
    pub(crate) janitor: Janitor,
    pub(crate) management: ManagementLog,
    pub(crate) clock: SharedClock,
    pub(crate) random: SharedRandom,
}

struct Inner {
    parts: Parts,
    outbox: Outbox,
    artifacts: Artifacts,
    resources: Resources,
    /// Free slots; nothing when there is no limit.
    slots: Option<Arc<Semaphore>>,
    table: Mutex<Table>,
    tests: Tests,
    session: watch::Sender<Option<Session>>,
    /// Raised whenever the table or the session changes.
    changed: Notify,
    /// Whether offers are left to the next engine.
    closing: AtomicBool,
    /// Whether the server of the session understands row counts.
    components: AtomicBool,
}

/// The engine. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Engine {
    inner: Arc<Inner>,
}

impl Engine {
    pub(crate) fn new(parts: Parts) -> Self {
        let slots = usize::try_from(parts.config.max_runs).ok().filter(|count| *count > 0);
        let slots = slots.map(|count| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS))));
        let artifacts =
            Artifacts::new(parts.home.artifacts(), parts.config.max_artifacts, parts.config.max_artifact_bytes);
        let resources = Resources::new(parts.home.resources(), parts.config.max_artifact_bytes);
        let inner = Inner {
            outbox: Outbox::new(),
            artifacts,
            resources,
            slots,
            table: Mutex::default(),
            tests: Tests::new(parts.config.tests_max),
            session: watch::Sender::new(None),
            changed: Notify::new(),
            closing: AtomicBool::new(false),
            components: AtomicBool::new(false),
            parts,
        };
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.inner.parts
    }

    pub(crate) fn link(&self) -> &Link {
        &self.inner.parts.link
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.inner.outbox
    }

    pub(crate) fn artifacts(&self) -> &Artifacts {
        &self.inner.artifacts
    }

    pub(crate) fn resources(&self) -> &Resources {
        &self.inner.resources
    }

    pub(crate) fn slots(&self) -> Option<&Arc<Semaphore>> {
        self.inner.slots.as_ref()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        self.inner.parts.random.as_ref()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.inner.parts.clock.now_ms()
    }

    pub(crate) fn table(&self) -> MutexGuard<'_, Table> {
        self.inner.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tests(&self) -> &Tests {
        &self.inner.tests
    }

    /// Waits for the next change of table or session.
    pub(crate) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.inner.changed.notified()
    }

    pub(crate) fn set_phase(&self, key: &RunEpoch, phase: Phase) {
        let now_ms = self.now_ms();
        self.table().set_phase(key, phase, now_ms);
        self.inner.changed.notify_waiters();
    }

    /// The session as it is and as it becomes.
    pub(crate) fn sessions(&self) -> watch::Receiver<Option<Session>> {
        self.inner.session.subscribe()
    }

    pub(crate) fn set_session(&self, session: Option<Session>) {
        self.inner.session.send_replace(session);
        self.inner.changed.notify_waiters();
    }

    /// A request of this session failed: it is over, unless a newer one was opened already.
    pub(crate) fn session_failed(&self, session: &Session, error: &LinkError) {
        let failed = self.inner.session.send_if_modified(|now| {
            let current = now.as_ref() == Some(session);
            if current {
                *now = None;
            }
            current
        });
        if failed {
            tracing::warn!(%error, "lost the session");
            self.inner.changed.notify_waiters();
        }
    }

    /// Does what the server wants done. Returns at once; repeats are harmless.
    pub(crate) fn take(&self, messages: Messages) {
        for offer in messages.offers {
            self.take_offer(offer);
        }
        for stop in messages.stops {
            if !self.table().wish(&stop, Wish::Stop(StopReason::Request)) {
                tracing::debug!(run = stop.run, epoch = stop.epoch, "asked to stop a run that is not here");
            }
        }
        api_tests::take(self, messages.tests);
    }

    /// Notes whether the server of the newest session understands row counts.
    pub(crate) fn set_components(&self, wanted: bool) {
        self.inner.components.store(wanted, Ordering::Relaxed);
    }

    /// Whether row counts may be reported.
    pub(crate) fn wants_components(&self) -> bool {
        self.inner.components.load(Ordering::Relaxed)
    }

    /// From now on offers are left alone; a server offers them again.
    pub(crate) fn accept_no_more(&self) {
        self.inner.closing.store(true, Ordering::Relaxed);
    }

    fn take_offer(&self, offer: Offer) {
        if self.inner.closing.load(Ordering::Relaxed) {
            return;
        }
        let older = self.table().older(&offer.run, offer.epoch);
        self.forget(&older);
        let Some(wish) = self.admit(&offer) else { return };
        tracing::info!(run = offer.run, epoch = offer.epoch, task = offer.task_name, "accepted");
        self.parts().management.received(self, &offer);
        tokio::spawn(run::fresh(self.clone(), offer, wish));
    }

    fn admit(&self, offer: &Offer) -> Option<watch::Receiver<Wish>> {
        let now_ms = self.now_ms();
        let wish = self.table().admit(offer, now_ms);
        self.inner.changed.notify_waiters();
        wish
    }

    /// Takes over a run from the journal after a restart.
    pub(crate) fn adopt(&self, unfinished: Unfinished) {
        let Some(wish) = self.admit(&unfinished.offer) else { return };
        tokio::spawn(run::adopted(self.clone(), unfinished, wish));
    }

    /// Kills and forgets runs that are over for the server.
    pub(crate) fn forget(&self, keys: &[RunEpoch]) {
        for key in keys {
            self.outbox().purge(key);
            if self.table().wish(key, Wish::Forget) {
                tracing::info!(
                    run = key.run,
                    epoch = key.epoch,
                    "the server has given up this run; it is ended and forgotten"
                );
            }
        }
    }

    pub(crate) fn remove(&self, key: &RunEpoch) {
        self.table().remove(key);
        self.inner.changed.notify_waiters();
    }

    /// Waits until no run is left.
    pub(crate) async fn idle(&self) {
        self.until(Table::is_empty).await;
    }

    /// Waits until no job runs or may still start.
    pub(crate) async fn jobs_ended(&self) {
        self.until(|table| table.entries().all(|(_, entry)| entry.phase == Phase::Ended)).await;
    }

    /// Waits until no ended run is left.
    pub(crate) async fn tidy(&self) {
        self.until(|table| table.entries().all(|(_, entry)| entry.phase != Phase::Ended)).await;
    }

    async fn until(&self, holds: impl Fn(&Table) -> bool) {
        loop {
            let changed = self.changed();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if holds(&self.table()) {
                return;
            }
            changed.await;
        }
    }
}
