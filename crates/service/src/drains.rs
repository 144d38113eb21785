//! Draining an engine: from the answer on it gets nothing new, what it has goes on to its end, and what is meant for it
//! waits until somebody puts it back. A switch of the control plane alone: the program on its machine needs not be there,
//! and does not know of it.
//!
//! Who gives an engine something holds the lock on its row, and so does who drains it. What was given before is whole and
//! counts among what is left; nothing is given afterwards.

use crate::actor::Actor;
use crate::app::Service;
use crate::dispatch;
use crate::engines::{MANAGE, SEE, must_be_visible, unknown, visible};
use crate::error::Error;
use std::collections::HashMap;
use stoker_domain::ids::EngineId;
use stoker_domain::runtime::Availability;
use stoker_domain::{limits, names};
use stoker_store::db::Record;
use stoker_store::engines::{self, Engine};
use stoker_store::{Tx, runs, tester_engines};

/// An engine with what is on it.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineWork {
    /// The engine; whether it is drained stands in its row.
    pub engine: Engine,
    /// Whether its program is there.
    pub availability: Availability,
    /// Runs of tasks that it has and that are not over.
    pub runs: i64,
    /// Test runs that it sends.
    pub test_runs: i64,
}

impl Service {
    fn engine_work(&self, engine: Engine, runs: i64, test_runs: i64) -> EngineWork {
        let availability = dispatch::availability(&engine, self.now(), self.settings().engine_silence_ms);
        EngineWork { engine, availability, runs, test_runs }
    }

    fn counted(&self, tx: &mut Tx<'_>, engine: Engine) -> Result<EngineWork, Error> {
        let (runs, tests) = (runs::leased_count(tx, &engine.id)?, tester_engines::count_of_engine(tx, &engine.id, 0)?);
        Ok(self.engine_work(engine, runs, tests))
    }

    /// The engines that the actor may see, with what is on each, oldest first.
    pub async fn engines_at_work(&self, actor: &Actor) -> Result<Vec<EngineWork>, Error> {
        let allowed = actor.allow(SEE)?;
        let (service, proof) = (self.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let runs: HashMap<EngineId, i64> = runs::leased_counts(tx)?.into_iter().collect();
            let tests: HashMap<EngineId, i64> = tester_engines::counts(tx)?.into_iter().collect();
            let mut found = Vec::new();
            for engine in engines::all(tx)? {
                if visible(tx, proof.actor(), &engine.environment_id, engine.workspace_id.as_ref())? {
                    let of = |all: &HashMap<EngineId, i64>| all.get(&engine.id).copied().unwrap_or_default();
                    let (runs, tests) = (of(&runs), of(&tests));
                    found.push(service.engine_work(engine, runs, tests));
                }
            }
            Ok(found)
        })
        .await
    }

    /// One engine with what is on it.
    pub async fn engine_at_work(&self, actor: &Actor, id: &EngineId) -> Result<EngineWork, Error> {
        let allowed = actor.allow(SEE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.read(&allowed, move |tx| {
            let engine = engines::get(tx, &id)?.ok_or_else(unknown)?;
            must_be_visible(tx, proof.actor(), &engine.environment_id, engine.workspace_id.as_ref())?;
            service.counted(tx, engine)
        })
        .await
    }

    /// Drains an engine. One that is drained already stays so since then; another reason replaces the first, and with it
    /// who gave it.
    pub async fn drain_engine(
        &self,
        actor: &Actor,
        id: &EngineId,
        reason: Option<String>,
    ) -> Result<EngineWork, Error> {
        let allowed = actor.allow(MANAGE)?;
        let reason = names::optional("reason", reason.as_deref(), limits::DRAIN_REASON_CHARS)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut engine = engines::lock(tx, &id)?.ok_or_else(unknown)?;
            let same = reason.is_none() || reason == engine.drain_reason;
            if engine.drain_ms.is_none() || !same {
                engine.drain_ms.get_or_insert(now);
                engine.drain_by = Some(proof.actor().name.clone());
                engine.drain_reason = reason;
                engine.update(tx)?;
                service.audit_engine(tx, &proof, "engine.drain", &engine)?;
            }
            service.counted(tx, engine)
        })
        .await
    }

    /// Puts a drained engine back: what waits for it goes on at once. One that is not drained stays as it is.
    pub async fn resume_engine(&self, actor: &Actor, id: &EngineId) -> Result<EngineWork, Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, wanted) = (self.clone(), allowed.clone(), id.clone());
        let back = self
            .write::<_, Error, _>(&allowed, move |tx| {
                let mut engine = engines::lock(tx, &wanted)?.ok_or_else(unknown)?;
                if engine.drain_ms.take().is_some() {
                    engine.drain_by = None;
                    engine.drain_reason = None;
                    engine.update(tx)?;
                    service.audit_engine(tx, &proof, "engine.resume", &engine)?;
                }
                service.counted(tx, engine)
            })
            .await?;
        self.inner.hub.wake(id);
        Ok(back)
    }
}
