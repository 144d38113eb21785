//! Live hints: what kind of thing changed, so that whoever shows it looks again. No content, and they may be lost.

use crate::actor::Actor;
use crate::app::Service;
use crate::error::Error;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use stoker_domain::limits;
use stoker_store::db::Counts;
pub use stoker_store::db::Topic;
use tokio::sync::watch;

/// All watchers of this server.
pub(crate) struct Watchers {
    by_principal: Arc<Mutex<HashMap<String, usize>>>,
    order: watch::Sender<Order>,
}

/// What all watchers are told.
#[derive(Clone, Copy, Default)]
struct Order {
    /// The server stops.
    stop: bool,
    /// Counts up when somebody may have lost access: whoever began in an earlier round comes again with credentials, or not.
    round: u64,
}

impl Default for Watchers {
    fn default() -> Self {
        Self { by_principal: Arc::default(), order: watch::Sender::new(Order::default()) }
    }
}

/// The place of one watcher, given back when it is dropped.
struct Place {
    all: Arc<Mutex<HashMap<String, usize>>>,
    principal: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(|p| p.into_inner());
        if let Some(count) = all.get_mut(&self.principal) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.principal);
            }
        }
    }
}

/// Somebody who wants to hear of changes.
pub struct Watcher {
    changes: watch::Receiver<Counts>,
    seen: Counts,
    order: watch::Receiver<Order>,
    round: u64,
    /// Counts up when somebody may have lost access on another server.
    elsewhere: watch::Receiver<u64>,
    _place: Place,
}

impl Watcher {
    /// The topics that changed since the last answer; waits for one. `None` when the stream shall end.
    pub async fn next(&mut self) -> Option<Vec<Topic>> {
        loop {
            let order = *self.order.borrow_and_update();
            if order.stop || order.round != self.round {
                return None;
            }
            if self.elsewhere.has_changed().unwrap_or(false) {
                return None;
            }
            let now = *self.changes.borrow_and_update();
            let topics = now.differing(&self.seen);
            if !topics.is_empty() {
                self.seen = now;
                return Some(topics);
            }
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                order = self.order.changed() => order.ok()?,
                elsewhere = self.elsewhere.changed() => return elsewhere.ok().and(None),
            }
        }
    }
}

impl Service {
    /// Hears of changes from now on. Everybody with credentials may: the hints hold nothing but topics. A caller looks
    /// at the credentials once more after this: who lost them before is not told to end.
    pub fn watch(&self, actor: &Actor) -> Result<Watcher, Error> {
        actor.allow(&[])?;
        let watchers = &self.inner.watchers;
        let mut all = watchers.by_principal.lock().unwrap_or_else(|p| p.into_inner());
        let mine = all.get(&actor.id).copied().unwrap_or_default();
        if mine >= limits::WATCHERS_PER_PRINCIPAL || all.values().sum::<usize>() >= limits::WATCHERS {
            return Err(Error::TooMany(
                "too many event streams are open: close some, or ask again from time to time".into(),
            ));
        }
        all.insert(actor.id.clone(), mine + 1);
        drop(all);
        let changes = self.changes();
        let seen = *changes.borrow();
        let place = Place { all: watchers.by_principal.clone(), principal: actor.id.clone() };
        let order = watchers.order.subscribe();
        let round = order.borrow().round;
        let mut elsewhere = self.inner.access_lost.clone();
        elsewhere.mark_unchanged();
        Ok(Watcher { changes, seen, order, round, elsewhere, _place: place })
    }

    /// Ends all watchers, because the server stops; connections would be kept open by them.
    pub fn close_watchers(&self) {
        self.inner.watchers.order.send_modify(|order| order.stop = true);
    }

    /// Ends the watchers there are; those who still may come again.
    pub(crate) fn renew_watchers(&self) {
        self.inner.watchers.order.send_modify(|order| order.round += 1);
    }
}
