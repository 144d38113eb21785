//! Live hints: what kind of thing changed, so that whoever shows it looks again. No content, and they may be lost.

use crate::actor::Actor;
use crate::app::Service;
use crate::error::Error;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use stoker_domain::limits;
pub use stoker_store::db::Topic;
use stoker_store::db::{AccessNews, Counts};
use tokio::sync::watch;

/// All watchers of this server.
pub(crate) struct Watchers {
    by_principal: Arc<Mutex<HashMap<String, usize>>>,
    /// True when the server stops.
    stop: watch::Sender<bool>,
}

impl Default for Watchers {
    fn default() -> Self {
        Self { by_principal: Arc::default(), stop: watch::Sender::new(false) }
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
    stop: watch::Receiver<bool>,
    /// Who may have lost access: one of them comes again with credentials, or not.
    access: watch::Receiver<AccessNews>,
    /// How many of these news are older than the watcher.
    heard: u64,
    place: Place,
}

impl Watcher {
    /// The topics that changed since the last answer; waits for one. `None` when the stream shall end.
    pub async fn next(&mut self) -> Option<Vec<Topic>> {
        loop {
            if *self.stop.borrow_and_update() || self.lost_access() {
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
                stop = self.stop.changed() => stop.ok()?,
                news = self.access.changed() => news.ok()?,
            }
        }
    }

    fn lost_access(&mut self) -> bool {
        let news = self.access.borrow_and_update();
        let lost = news.since(self.heard).concerns(&self.place.principal);
        self.heard = news.count();
        lost
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
        let (stop, access) = (watchers.stop.subscribe(), self.inner.access_lost.clone());
        let heard = access.borrow().count();
        Ok(Watcher { changes, seen, stop, access, heard, place })
    }

    /// Ends all watchers, because the server stops; connections would be kept open by them.
    pub fn close_watchers(&self) {
        self.inner.watchers.stop.send_replace(true);
    }
}
