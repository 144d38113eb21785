//! The wait ledger: while a run is queued, its newest `waiting` event says why, with the object to look at. The reason is
//! one of the target, an engine or a cluster, and the same for all runs that wait for it; a reconciler writes an event
//! for each run whenever it changes.

use crate::Settings;
use crate::actor::Allowed;
use crate::app::Service;
use crate::dispatch::{availability, own_slots};
use crate::error::Error;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use stoker_domain::ids::{ClusterId, EngineId};
use stoker_domain::runtime::{Availability, RuntimeType};
use stoker_domain::time::to_text;
use stoker_store::engines::Engine;
use stoker_store::{Tx, engines, runs};

/// Most runs whose reason is changed in one transaction.
const BATCH: i64 = 500;
/// After this time the runs of a target are compared again although its reason is the same, milliseconds: another
/// server, or a run that came back into the queue, may have written another one.
const COMPARE_MS: i64 = 10_000;

/// Why the runs of a target wait.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wait {
    /// What is compared: a run whose row holds another one is told anew. The reason, `engine_away`, `no_slot`, `limit`,
    /// `hand_over`, `drained` or `no_engine`; behind `drained` the words of whoever drained the engine.
    pub(crate) key: String,
    /// The code as `reason`, and the objects it speaks of.
    pub(crate) detail: Value,
}

impl Wait {
    fn new(code: &'static str, mut detail: Value) -> Self {
        detail["reason"] = code.into();
        Self { key: code.to_owned(), detail }
    }
}

/// Reasons written last, by target, and when they were compared with the rows.
#[derive(Default)]
pub(crate) struct Waits(Mutex<HashMap<String, (String, i64)>>);

impl Waits {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (String, i64)>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Whether the rows must be looked at.
    fn is_due(&self, target: &str, key: &str, now: i64) -> bool {
        self.lock().get(target).is_none_or(|(known, at)| known != key || now - at >= COMPARE_MS)
    }
}

/// Why runs wait for the engines `members` of a target.
pub(crate) fn wait_for(
    tx: &mut Tx<'_>,
    target: &str,
    members: &[Engine],
    now: i64,
    settings: &Settings,
) -> Result<Wait, Error> {
    if members.is_empty() {
        return Ok(Wait::new("no_engine", json!({ "targetId": target })));
    }
    let mut busy: Option<&Engine> = None;
    let here = |e: &&Engine| availability(e, now, settings.engine_silence_ms) == Availability::Available;
    for engine in members.iter().filter(|e| e.drain_ms.is_none()).filter(here) {
        if own_slots(tx, engine)? > 0 {
            if settings.account.places(tx)? == Some(0) {
                let most = settings.account.active_runs;
                return Ok(Wait::new("limit", json!({ "targetId": target, "setting": "activeRuns", "limit": most })));
            }
            return Ok(Wait::new("hand_over", json!({ "targetId": target, "engineId": engine.id.as_str() })));
        }
        busy.get_or_insert(engine);
    }
    if let Some(engine) = busy {
        let used = runs::leased_count(tx, &engine.id)?;
        let detail = json!({
            "targetId": target, "engineId": engine.id.as_str(), "engineName": engine.name,
            "used": used, "slots": engine.max_runs,
        });
        return Ok(Wait::new("no_slot", detail));
    }
    // One that is there would take the run as soon as it is put back.
    if let Some(engine) = members.iter().filter(|e| e.drain_ms.is_some()).max_by_key(|e| here(e)) {
        return Ok(drained(target, engine));
    }
    let last = members.iter().filter_map(|e| e.seen_ms).max();
    let mut detail = json!({ "targetId": target });
    if let [engine] = members {
        detail["engineId"] = engine.id.as_str().into();
        detail["engineName"] = engine.name.as_str().into();
    }
    if let Some(last) = last {
        detail["lastSeen"] = to_text(last).into();
    }
    Ok(Wait::new("engine_away", detail))
}

fn drained(target: &str, engine: &Engine) -> Wait {
    let mut detail =
        json!({ "targetId": target, "engineId": engine.id.as_str(), "engineName": engine.name, "by": engine.drain_by });
    if let Some(since) = engine.drain_ms {
        detail["since"] = to_text(since).into();
    }
    if let Some(why) = &engine.drain_reason {
        detail["why"] = why.as_str().into();
    }
    let mut wait = Wait::new("drained", detail);
    for words in [&engine.drain_by, &engine.drain_reason].into_iter().flatten() {
        wait.key.push(' ');
        wait.key.push_str(words);
    }
    wait
}

/// The engines that can serve a target.
fn members(tx: &mut Tx<'_>, target: &str, kind: RuntimeType) -> Result<Vec<Engine>, Error> {
    Ok(match kind {
        RuntimeType::RemoteEngineCluster => engines::members(tx, &ClusterId::trusted(target))?,
        _ => engines::get(tx, &EngineId::trusted(target))?.into_iter().collect(),
    })
}

impl Service {
    /// Writes down why queued runs wait, where that has changed; gives the number of runs.
    pub(crate) async fn note_waits(&self) -> Result<usize, Error> {
        let (now, settings) = (self.now(), self.settings());
        let found = self
            .read::<_, Error, _>(&Allowed::system(), move |tx| {
                let mut found = Vec::new();
                let mut after = String::new();
                while let Some((target, kind)) = runs::next_target(tx, &after)? {
                    let members = members(tx, &target, kind)?;
                    found.push((target.clone(), wait_for(tx, &target, &members, now, &settings)?));
                    after = target;
                }
                Ok(found)
            })
            .await?;
        let waited_for: HashSet<&String> = found.iter().map(|(target, _)| target).collect();
        self.inner.waits.lock().retain(|target, _| waited_for.contains(target));
        let mut changed = 0;
        for (target, wait) in found {
            if self.inner.waits.is_due(&target, &wait.key, now) {
                changed += self.note_wait(&target, &wait, now).await?;
                self.inner.waits.lock().insert(target, (wait.key, now));
            }
        }
        Ok(changed)
    }

    async fn note_wait(&self, target: &str, wait: &Wait, now: i64) -> Result<usize, Error> {
        let mut changed = 0;
        loop {
            let (target, wait) = (target.to_owned(), wait.clone());
            let (looked_at, key) = (target.clone(), wait.key.clone());
            let others = self
                .read::<_, Error, _>(&Allowed::system(), move |tx| Ok(runs::other_waits_any(tx, &looked_at, &key)?))
                .await?;
            if !others {
                return Ok(changed);
            }
            let noted = self
                .write::<_, Error, _>(&Allowed::system(), move |tx| {
                    let noted = runs::other_waits(tx, &target, &wait.key, BATCH)?;
                    for run in &noted {
                        runs::note_wait(tx, run, &wait.key)?;
                        runs::add_event(tx, run, now, "waiting", Some(wait.detail.to_string()))?;
                    }
                    Ok(noted.len())
                })
                .await?;
            changed += noted;
            if noted < BATCH as usize {
                return Ok(changed);
            }
        }
    }
}
