//! All runs the engine has to do with, and what is wanted of each.

use std::collections::{HashMap, HashSet, VecDeque};

use stoker_wire::{Offer, RunEpoch};
use tokio::sync::watch;

/// How many ended runs are remembered, so that a late repeat of an offer is known as one.
const REMEMBERED: usize = 4096;

/// Why a run is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// Somebody asked for it.
    Request,
    /// It took longer than its task allows.
    Timeout,
    /// The engine is shut down together with its runs.
    Shutdown,
}

/// What is wanted of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Nothing special.
    Go,
    /// End it and say so.
    Stop(StopReason),
    /// The server knows nothing of it any more: kill it without a word.
    Forget,
}

/// How far a run is, for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Waits for a free slot.
    Waiting,
    /// Its folder is made.
    Preparing,
    /// Its job runs.
    Running,
    /// Its end is being reported.
    Ended,
}

/// A run in the table.
#[derive(Debug)]
pub(crate) struct Entry {
    wish: watch::Sender<Wish>,
    pub(crate) task_name: String,
    pub(crate) phase: Phase,
    pub(crate) since_ms: i64,
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    runs: HashMap<RunEpoch, Entry>,
    recent: HashSet<RunEpoch>,
    order: VecDeque<RunEpoch>,
}

impl Table {
    /// Takes a run in; nothing when it is known already.
    pub(crate) fn admit(&mut self, offer: &Offer, now_ms: i64) -> Option<watch::Receiver<Wish>> {
        let key = RunEpoch { run: offer.run.clone(), epoch: offer.epoch };
        if self.runs.contains_key(&key) || self.recent.contains(&key) {
            return None;
        }
        let (wish, receiver) = watch::channel(Wish::Go);
        let entry = Entry { wish, task_name: offer.task_name.clone(), phase: Phase::Waiting, since_ms: now_ms };
        self.runs.insert(key, entry);
        Some(receiver)
    }

    /// Wishes something of a run; the strongest wish stays. Whether the run is known.
    pub(crate) fn wish(&self, key: &RunEpoch, wanted: Wish) -> bool {
        let Some(entry) = self.runs.get(key) else { return false };
        entry.wish.send_if_modified(|wish| {
            let stronger = matches!((*wish, wanted), (Wish::Go, _) | (Wish::Stop(_), Wish::Forget));
            let changes = stronger && *wish != wanted;
            if changes {
                *wish = wanted;
            }
            changes
        });
        true
    }

    /// Wishes something of all runs.
    pub(crate) fn wish_all(&self, wanted: Wish) {
        for key in self.runs.keys() {
            self.wish(key, wanted);
        }
    }

    /// Earlier epochs of the same run.
    pub(crate) fn older(&self, run: &str, epoch: i64) -> Vec<RunEpoch> {
        self.runs.keys().filter(|key| key.run == run && key.epoch < epoch).cloned().collect()
    }

    pub(crate) fn set_phase(&mut self, key: &RunEpoch, phase: Phase, now_ms: i64) {
        if let Some(entry) = self.runs.get_mut(key) {
            (entry.phase, entry.since_ms) = (phase, now_ms);
        }
    }

    /// Takes a run out that is over for the server as well.
    pub(crate) fn remove(&mut self, key: &RunEpoch) {
        if self.runs.remove(key).is_none() || !self.recent.insert(key.clone()) {
            return;
        }
        self.order.push_back(key.clone());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.recent.remove(&oldest);
        }
    }

    /// Every run whose end the server has not acknowledged.
    pub(crate) fn known(&self) -> Vec<RunEpoch> {
        let mut known: Vec<RunEpoch> = self.runs.keys().cloned().collect();
        known.sort();
        known
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&RunEpoch, &Entry)> {
        self.runs.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(run: &str, epoch: i64) -> Offer {
        let text = format!(
            r#"{{"run":"{run}","epoch":{epoch},"taskId":"t","taskName":"T","artifactSha256":"ab","artifactSize":1,
               "artifactName":"a","artifactVersion":"0.1","logLevel":"WARN"}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_repeat_is_known_while_the_run_lives_and_after() {
        let mut table = Table::default();
        assert!(table.admit(&offer("a", 1), 0).is_some());
        assert!(table.admit(&offer("a", 1), 0).is_none());
        let key = RunEpoch { run: "a".into(), epoch: 1 };
        assert_eq!(table.known(), std::slice::from_ref(&key));
        table.remove(&key);
        assert!(table.is_empty());
        assert!(table.admit(&offer("a", 1), 0).is_none());
        assert!(table.admit(&offer("a", 2), 0).is_some());
        assert_eq!(table.older("a", 3), [RunEpoch { run: "a".into(), epoch: 2 }]);
    }

    #[test]
    fn the_strongest_wish_stays() {
        let mut table = Table::default();
        let wish = table.admit(&offer("a", 1), 0).unwrap();
        let key = RunEpoch { run: "a".into(), epoch: 1 };
        table.wish(&key, Wish::Stop(StopReason::Request));
        table.wish(&key, Wish::Stop(StopReason::Shutdown));
        assert_eq!(*wish.borrow(), Wish::Stop(StopReason::Request));
        table.wish_all(Wish::Forget);
        table.wish(&key, Wish::Stop(StopReason::Request));
        assert_eq!(*wish.borrow(), Wish::Forget);
    }
}
