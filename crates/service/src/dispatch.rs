//! Giving queued runs to engines: pull with credit. The credit is not counted in messages but derived in the
//! transaction, from the runs the engine has and the most it takes, so it cannot drift.

use crate::Settings;
use crate::account_limits::AccountLimits;
use crate::error::Error;
use stoker_domain::ids::{ClusterId, EngineId};
use stoker_domain::limits;
use stoker_domain::run::{Event, State, transition};
use stoker_domain::runtime::{Availability, PairingStatus, RuntimeType};
use stoker_secrets::keyring::KeyRing;
use stoker_secrets::seal;
use stoker_store::engines::Engine;
use stoker_store::runs::Run;
use stoker_store::tasks::Task;
use stoker_store::{Tx, engines, runs};
use stoker_wire::{Offer, Parameter};

/// Most offers in one answer; an engine without limit gets the rest with the next.
const BATCH: i64 = 64;

/// Whether the engine can take runs now (source: doc, silence of more than three minutes).
pub(crate) fn availability(engine: &Engine, now_ms: i64, silence_ms: i64) -> Availability {
    let heard = engine.seen_ms.is_some_and(|seen| now_ms - seen <= silence_ms);
    if engine.status == PairingStatus::Paired && engine.session_id.is_some() && engine.stopped_ms.is_none() && heard {
        Availability::Available
    } else {
        Availability::NotAvailable
    }
}

/// How many more runs the engine takes now, by its own slots. None while it is drained: whoever holds the lock on its row
/// gives it nothing from the commit of the drain on.
pub(crate) fn own_slots(tx: &mut Tx<'_>, engine: &Engine) -> Result<i64, Error> {
    if engine.drain_ms.is_some() {
        return Ok(0);
    }
    if engine.max_runs <= 0 {
        return Ok(BATCH);
    }
    Ok((engine.max_runs - runs::leased_count(tx, &engine.id)?).clamp(0, BATCH))
}

/// How many more runs the engine may be given now.
pub(crate) fn free_slots(tx: &mut Tx<'_>, engine: &Engine, account: &AccountLimits) -> Result<i64, Error> {
    let own = own_slots(tx, engine)?;
    if own == 0 {
        return Ok(0);
    }
    Ok(account.places(tx)?.map_or(own, |places| own.min(places)))
}

/// Gives queued runs to the engine, oldest first, as many as it has free slots. The caller holds the lock on the
/// engine's row and has checked its session.
pub(crate) fn claim(
    tx: &mut Tx<'_>,
    engine: &Engine,
    account: &AccountLimits,
    now_ms: i64,
    lease_ms: i64,
) -> Result<Vec<Run>, Error> {
    let free = free_slots(tx, engine, account)?;
    if free == 0 {
        return Ok(Vec::new());
    }
    let cluster = engine.cluster_id.as_ref().map(ClusterId::as_str);
    let mut claimed = runs::queued(tx, engine.id.as_str(), cluster, free)?;
    for run in &mut claimed {
        lease(tx, run, &engine.id, now_ms, lease_ms)?;
    }
    if !claimed.is_empty() {
        engines::note_served(tx, &engine.id, now_ms.max(engine.served_ms + 1))?;
    }
    Ok(claimed)
}

/// Starts a new epoch of a queued run on an engine, in the row and in `run`.
pub(crate) fn lease(
    tx: &mut Tx<'_>,
    run: &mut Run,
    engine: &EngineId,
    now_ms: i64,
    lease_ms: i64,
) -> Result<(), Error> {
    transition(run.state, run.outcome, Event::Offer).map_err(Error::internal)?;
    run.epoch += 1;
    run.state = State::Offered;
    run.engine_id = Some(engine.clone());
    run.lease_ms = Some(now_ms + lease_ms);
    if runs::offer(tx, &run.id, engine, run.epoch, now_ms + lease_ms)? != 1 {
        return Err(Error::internal("a queued run was taken by somebody else while it was locked"));
    }
    let detail = serde_json::json!({ "engineId": engine.as_str(), "epoch": run.epoch });
    runs::add_event(tx, &run.id, now_ms, "offered", Some(detail.to_string()))?;
    Ok(())
}

/// What a task is bound to.
#[derive(Clone)]
pub(crate) enum Target {
    /// One engine.
    Engine(Box<Engine>),
    /// A cluster.
    Cluster(ClusterId),
}

impl Target {
    /// Id of the engine or cluster.
    pub(crate) fn id(&self) -> &str {
        match self {
            Target::Engine(engine) => engine.id.as_str(),
            Target::Cluster(id) => id.as_str(),
        }
    }
}

/// The engine or cluster a task is bound to; an error that says what to do when there is none.
pub(crate) fn target(tx: &mut Tx<'_>, task: &Task) -> Result<Target, Error> {
    let nowhere = |what: &str| {
        Error::NoEngine(format!(
            "Task {} is not configured: {what}; set runtime to an engine or cluster in its run-config",
            task.name
        ))
    };
    let id = || task.runtime_id.as_deref().ok_or_else(|| nowhere("it has no engine"));
    match task.runtime_type {
        RuntimeType::RemoteEngine => {
            let engine = engines::get(tx, &EngineId::trusted(id()?))?;
            Ok(Target::Engine(Box::new(engine.ok_or_else(|| nowhere("its engine was removed"))?)))
        }
        RuntimeType::RemoteEngineCluster => {
            let cluster = engines::cluster(tx, &ClusterId::trusted(id()?))?;
            Ok(Target::Cluster(cluster.ok_or_else(|| nowhere("its cluster was removed"))?.id))
        }
        RuntimeType::PipelineEngine => {
            Err(nowhere("it is bound to a Gen2 engine, and no Gen2 engine can be paired with this installation"))
        }
        RuntimeType::Cloud | RuntimeType::CloudExclusive => {
            if crate::dynamic_environments::is_dynamic(tx, &task.environment_id)? {
                return Err(Error::NotConfigured(format!(
                    "Task {} lies in a Dynamic Engine environment, and no Dynamic Engine can be connected to this \
                     installation; run it in an ordinary environment on an engine or cluster",
                    task.name
                )));
            }
            Err(nowhere("it is bound to a cloud engine, and this installation has none"))
        }
    }
}

/// Picks the engine that a new run could go to at once: its own, or the least recently served available member of its
/// cluster with a free slot and nothing waiting in front.
pub(crate) fn pick(tx: &mut Tx<'_>, target: &Target, now_ms: i64, settings: &Settings) -> Result<Pick, Error> {
    let candidates = match target {
        Target::Engine(engine) => vec![(**engine).clone()],
        Target::Cluster(id) => engines::members(tx, id)?,
    };
    let target = target.id();
    let mut any_available = false;
    for engine in &candidates {
        if availability(engine, now_ms, settings.engine_silence_ms) != Availability::Available {
            continue;
        }
        any_available = true;
        if free_slots(tx, engine, &settings.account)? > 0 {
            let queued = runs::any_queued(tx, target)?
                || (target != engine.id.as_str() && runs::any_queued(tx, engine.id.as_str())?);
            return Ok(if queued { Pick::Behind(engine.id.clone()) } else { Pick::Engine(Box::new(engine.clone())) });
        }
    }
    Ok(if any_available { Pick::NoSlot } else { Pick::Away })
}

/// What [`pick`] found.
pub(crate) enum Pick {
    /// This engine can start it now.
    Engine(Box<Engine>),
    /// This engine has a free slot, but others wait in front.
    Behind(EngineId),
    /// All available engines are busy.
    NoSlot,
    /// No engine is available.
    Away,
}

/// What binds an encrypted value to its run.
pub(crate) fn secrets_context(run: &str) -> String {
    format!("run {run} secrets")
}

/// The offer for a leased run. Secrets are opened and sealed again to the engine's key; they are in clear text only
/// here, in memory.
pub(crate) fn offer(
    run: &Run,
    engine: &Engine,
    keys: &KeyRing,
    random: &dyn stoker_domain::Random,
) -> Result<Offer, Error> {
    let sealed_parameters = match &run.secrets {
        None => None,
        Some(secrets) => {
            let plain = keys.decrypt(&secrets_context(run.id.as_str()), secrets)?;
            let key = engine.sealing_key.as_deref().ok_or_else(|| Error::internal("a paired engine has no key"))?;
            Some(seal::seal(key, run.id.as_str(), &plain, random)?)
        }
    };
    let parameters: Vec<Parameter> = serde_json::from_str(&run.parameters).map_err(Error::internal)?;
    let resources = match &run.resources {
        Some(text) => serde_json::from_str(text).map_err(Error::internal)?,
        None => Vec::new(),
    };
    Ok(Offer {
        run: run.id.to_string(),
        epoch: run.epoch,
        task_id: run.task_id.to_string(),
        task_name: run.task_name.clone(),
        artifact_sha256: run.artifact_sha256.clone(),
        artifact_size: run.artifact_size,
        artifact_name: run.artifact_name.clone(),
        artifact_version: run.artifact_version.clone(),
        context: run.context.clone(),
        log_level: run.log_level.id().to_owned(),
        timeout_minutes: run.timeout_minutes,
        jvm_arguments: run.jvm_arguments.as_ref().map(|j| j.0.clone()),
        parameters,
        sealed_parameters,
        resources,
    })
}

/// The lease a run gets now.
pub(crate) fn lease_length(settings: &Settings) -> i64 {
    settings.lease_ms.max(limits::LEASE_MS / 60)
}
