//! Runs: start, status, list, stop.

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::dispatch::{self, Pick};
use crate::error::Error;
use crate::hub::Reserved;
use crate::parameters;
pub use crate::parameters::GivenParameter;
use serde_json::json;
use stoker_domain::ids::{EngineId, RunId, RunProfileId, TaskId, WorkspaceId};
use stoker_domain::run::{Event, MisfireReason, Outcome, RunType, State, Step, transition};
use stoker_domain::runtime::{LogLevel, RuntimeType};
use stoker_domain::{Permission, Right, crash, limits};
use stoker_jobzip::Manifest;
use stoker_store::artifacts::ArtifactVersion;
use stoker_store::db::{Json, Record};
use stoker_store::runs::{EndRow, Run, RunEvent, RunFilter};
use stoker_store::tasks::Task;
use stoker_store::{Tx, artifacts, engines, environments, runs, tasks};

/// Who may start, stop and look at runs (source: doc).
const RUN: &[Permission] = &[Permission::Operator, Permission::EngineUse];
/// Rights that let one look at a run: VIEW, and EXECUTE too, or the account of the published procedure could not
/// follow its own run (source: inferred).
const SEE: &[Right] = &[Right::View, Right::Execute];

/// A start call.
#[derive(Clone, Debug)]
pub struct StartRequest {
    /// The task.
    pub task: TaskId,
    /// Values for this run only.
    pub parameters: Vec<GivenParameter>,
    /// Log level for this run only.
    pub log_level: Option<LogLevel>,
    /// Minutes after which the run is stopped, at least 1.
    pub timeout_minutes: Option<i64>,
    /// What makes the run.
    pub run_type: RunType,
    /// API version of the call, where the family has one.
    pub api_version: Option<String>,
}

/// What a stop call found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The run is stopped or being stopped.
    Stopping,
    /// It had ended already.
    WasFinished,
}

/// A filter of run lists as it comes from outside.
#[derive(Clone, Debug, Default)]
pub struct RunQuery {
    /// One task.
    pub task: Option<TaskId>,
    /// One environment.
    pub environment: Option<String>,
    /// One workspace.
    pub workspace: Option<String>,
    /// A published status.
    pub status: Option<String>,
    /// Labels of the task, all of them.
    pub tags: Vec<String>,
    /// Start of the window, milliseconds.
    pub from_ms: Option<i64>,
    /// End of the window, milliseconds.
    pub to_ms: Option<i64>,
    /// The window as a number of days back from now, 1 to 60.
    pub last_days: Option<i64>,
    /// Page size.
    pub limit: i64,
    /// Items to pass over.
    pub offset: i64,
}

/// What the start of a run came to inside its transaction.
struct Begun {
    run: Run,
    /// The engine that has the lease already, and its poll, which was taken out of the hub to be handed the offer.
    direct: Option<(Box<engines::Engine>, Reserved)>,
    /// An engine to wake.
    wake: Option<EngineId>,
}

impl Service {
    /// Starts a run. When this returns, the run is on disk and will end exactly once.
    pub async fn start_run(&self, actor: &Actor, request: StartRequest) -> Result<RunId, Error> {
        let allowed = actor.allow(RUN)?;
        parameters::checked(&request.parameters)?;
        if request.timeout_minutes.is_some_and(|minutes| minutes < 1) {
            return Err(Error::invalid("timeout: must be at least 1 minute"));
        }
        let (service, now) = (self.clone(), self.now());
        // A task of its own: a caller that hangs up between commit and hand-over must not leave an offer undelivered.
        let started = tokio::spawn(async move { service.start_allowed(allowed, request, now).await });
        started.await.map_err(Error::internal)?
    }

    async fn start_allowed(&self, allowed: Allowed, request: StartRequest, now: i64) -> Result<RunId, Error> {
        let (service, proof) = (self.clone(), allowed.clone());
        let begun = self
            .write(&allowed, move |tx| {
                let begun = service.begin_run(tx, &proof, &request, now);
                crash::point("start.before-commit");
                begun
            })
            .await?;
        crash::point("start.after-commit");
        let id = begun.run.id.clone();
        if let Some((engine, reserved)) = begun.direct {
            self.hand_over(begun.run, &engine, reserved).await;
        } else if let Some(engine) = begun.wake {
            self.inner.hub.wake(&engine);
        }
        Ok(id)
    }

    fn begin_run(&self, tx: &mut Tx<'_>, allowed: &Allowed, request: &StartRequest, now: i64) -> Result<Begun, Error> {
        let task = tasks::get(tx, &request.task)?.ok_or_else(|| Error::not_found("Task id not found."))?;
        allowed.right(tx, &task.workspace_id, &[Right::Execute])?;
        if task.paused {
            return Err(Error::Paused(format!("Task {} is paused: resume it before starting a run", task.name)));
        }
        let mut run = self.new_run(tx, allowed, &task, request, now)?;
        if !run.parallel && runs::any_active_of_task(tx, &task.id)? {
            let reason = MisfireReason::ParallelExecutionForbidden;
            let message = format!("another run of task {} is active and parallel runs are not allowed", task.name);
            run = misfired(run, now, reason, message);
        }
        let pick = match run.state {
            State::Finished => Pick::Away,
            _ => dispatch::pick(tx, run.runtime_type, &run.target_id, now, self.inner.settings.engine_silence_ms)?,
        };
        let mut begun = Begun { direct: None, wake: None, run };
        if let Pick::Engine(engine) = &pick {
            begun.direct = self.take_poll(tx, engine, now)?;
        }
        if let Some((engine, _)) = &begun.direct {
            begun.run.state = State::Offered;
            begun.run.epoch = 1;
            begun.run.engine_id = Some(engine.id.clone());
            begun.run.lease_ms = Some(now + dispatch::lease_length(&self.inner.settings));
        }
        if begun.direct.is_none() {
            begun.wake = match &pick {
                Pick::Engine(engine) => Some(engine.id.clone()),
                Pick::Behind(engine) => Some(engine.clone()),
                Pick::NoSlot | Pick::Away => None,
            };
        }
        record_begin(tx, allowed, &begun.run, &pick, begun.direct.is_some(), now, self.random())?;
        Ok(begun)
    }

    /// Takes the poll of an engine that waits on this server, so that run and lease share one commit and the offer goes
    /// out right after it. Nothing is taken when the engine has no slot left after all.
    fn take_poll(
        &self,
        tx: &mut Tx<'_>,
        engine: &engines::Engine,
        now: i64,
    ) -> Result<Option<(Box<engines::Engine>, Reserved)>, Error> {
        let Some(reserved) = self.inner.hub.reserve(&engine.id) else { return Ok(None) };
        let current = engines::lock(tx, &engine.id)?.filter(|e| e.session_id.as_ref() == Some(&reserved.session));
        match current {
            Some(engine) if dispatch::free_slots(tx, &engine)? > 0 => {
                engines::note_served(tx, &engine.id, now.max(engine.served_ms + 1))?;
                Ok(Some((Box::new(engine), reserved)))
            }
            _ => {
                reserved.release();
                Ok(None)
            }
        }
    }

    fn new_run(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        task: &Task,
        request: &StartRequest,
        now: i64,
    ) -> Result<Run, Error> {
        let target = target(tx, task)?;
        let version = artifacts::version(tx, &task.artifact_id, &task.artifact_version)?.ok_or_else(|| {
            Error::NotConfigured(format!("Task {}: its artifact version {} is gone", task.name, task.artifact_version))
        })?;
        let artifact = artifacts::get(tx, &task.artifact_id)?
            .ok_or_else(|| Error::NotConfigured(format!("Task {}: its artifact is gone", task.name)))?;
        let manifest: Manifest = serde_json::from_value(version.manifest.0.clone()).map_err(Error::internal)?;
        let given = parameters::for_run(
            task.id.as_str(),
            &task.parameters.0,
            &request.parameters,
            &manifest,
            &self.inner.keys,
        )?;
        let id = RunId::generate(now, self.random());
        let secrets = if given.secret.is_empty() {
            None
        } else {
            let plain = serde_json::to_vec(&given.secret).map_err(Error::internal)?;
            Some(self.inner.keys.encrypt(&dispatch::secrets_context(id.as_str()), &plain, self.random()))
        };
        let actor = allowed.actor();
        Ok(Run {
            id,
            task_id: task.id.clone(),
            task_name: task.name.clone(),
            task_version: format!("{}.{}", task.version_major, task.version_minor),
            workspace_id: task.workspace_id.clone(),
            environment_id: task.environment_id.clone(),
            artifact_id: artifact.id,
            artifact_name: artifact.name,
            artifact_version: version.version.clone(),
            artifact_sha256: version.sha256.clone(),
            artifact_size: version.size,
            runtime_type: task.runtime_type,
            target_id: target,
            engine_id: None,
            run_profile_id: task.run_profile_id.clone(),
            jvm_arguments: jvm_arguments(tx, task.run_profile_id.as_ref())?,
            run_type: request.run_type,
            user_id: actor.name.clone(),
            user_kind: actor.kind,
            api_version: request.api_version.clone(),
            parallel: task.parallel_allowed(),
            context: context(tx, task, &manifest)?,
            log_level: request.log_level.or(task.log_level()).unwrap_or(LogLevel::Warn),
            timeout_minutes: request.timeout_minutes.or(task.timeout_minutes()),
            parameters: serde_json::to_string(&given.plain).map_err(Error::internal)?,
            secrets,
            state: State::Queued,
            outcome: None,
            stop_ms: None,
            stop_sent: None,
            trigger_ms: now,
            start_ms: None,
            finish_ms: None,
            epoch: 0,
            lease_ms: None,
            unknown_ms: None,
            deploy_until_ms: now + self.inner.settings.deploy_wait_ms,
            exit_code: None,
            exit_signal: None,
            error_type: None,
            error_message: None,
            misfire_reason: None,
            log_lines: 0,
            log_chunks: 0,
        })
    }

    /// Sends an offer whose lease is committed to the poll that waits for it. When that poll is gone, the offer was
    /// certainly not delivered and the run goes back into the queue.
    async fn hand_over(&self, run: Run, engine: &engines::Engine, reserved: Reserved) {
        let delivered = match dispatch::offer(&run, engine, &self.inner.keys, self.random()) {
            Ok(offer) => {
                crash::point("offer.before-delivery");
                reserved.deliver(offer)
            }
            Err(error) => {
                tracing::error!(run.id = %run.id, error = &error as &dyn std::error::Error, "cannot make an offer");
                reserved.release();
                false
            }
        };
        if delivered {
            return;
        }
        let (id, epoch, now) = (run.id.clone(), run.epoch, self.now());
        let result = self.write::<_, Error, _>(&Allowed::system(), move |tx| withdraw(tx, &id, epoch, now)).await;
        match result {
            Ok(()) => self.inner.hub.wake(&engine.id),
            Err(error) => {
                // The engine learns of it with its next session, because the lease is its own.
                tracing::warn!(run.id = %run.id, error = &error as &dyn std::error::Error, "cannot withdraw an offer");
            }
        }
    }

    /// One run.
    pub async fn run(&self, actor: &Actor, id: &RunId) -> Result<Run, Error> {
        let allowed = actor.allow(RUN)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.get(&allowed, move |tx| visible_run(tx, &proof, &id)).await
    }

    /// Everything that happened to a run, in order.
    pub async fn run_events(&self, actor: &Actor, id: &RunId) -> Result<(Run, Vec<RunEvent>), Error> {
        let allowed = actor.allow(RUN)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| Ok((visible_run(tx, &proof, &id)?, runs::events(tx, &id)?))).await
    }

    /// A page of runs, newest first.
    pub async fn list_runs(&self, actor: &Actor, query: RunQuery) -> Result<Page<Run>, Error> {
        let allowed = actor.allow(RUN)?;
        let filter = self.run_filter(&query, &allowed)?;
        let (proof, task) = (allowed.clone(), query.task.clone());
        let (limit, offset) = (query.limit, query.offset);
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                if let Some(task) = task.and_then(|id| tasks::get(tx, &id).transpose()).transpose()? {
                    proof.right(tx, &task.workspace_id, SEE)?;
                }
                if let (Some(workspace), Some(environment)) = (&filter.workspace, &filter.environment) {
                    crate::workspaces::belongs(tx, workspace, environment)?;
                }
                Ok(runs::list(tx, &filter, limit, offset)?)
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    fn run_filter(&self, query: &RunQuery, allowed: &Allowed) -> Result<RunFilter, Error> {
        let now = self.now();
        let day = 24 * 60 * 60 * 1000;
        if query.last_days.is_some_and(|days| !(1..=limits::LIST_DAYS).contains(&days)) {
            return Err(Error::invalid("lastDays: must be from 1 to 60"));
        }
        let to_ms = query.to_ms.unwrap_or(now);
        let from_ms = query.from_ms.unwrap_or(to_ms - query.last_days.unwrap_or(limits::LIST_DAYS) * day);
        if from_ms > to_ms {
            return Err(Error::invalid("from: must not be later than to"));
        }
        if to_ms - from_ms > limits::LIST_DAYS * day {
            return Err(Error::invalid("from, to: the window must not be longer than 60 days"));
        }
        let (states, outcome) = match &query.status {
            None => (Vec::new(), None),
            Some(status) => stoker_domain::run::from_published_status(status)
                .ok_or_else(|| Error::invalid(format!("status: {status:?} is not a status of a run")))?,
        };
        Ok(RunFilter {
            task: query.task.clone(),
            environment: query.environment.as_deref().map(stoker_domain::ids::EnvironmentId::parse).transpose()?,
            workspace: query.workspace.as_deref().map(WorkspaceId::parse).transpose()?,
            states,
            outcome,
            tags: query.tags.clone(),
            from_ms,
            to_ms,
            visible_to: allowed.visible(SEE),
        })
    }

    /// Stops a run: a waiting one ends at once, a running one gets the polite signal from its engine.
    pub async fn stop_run(&self, actor: &Actor, id: &RunId) -> Result<Stopped, Error> {
        let allowed = actor.allow(RUN)?;
        let (id, proof, now, service) = (id.clone(), allowed.clone(), self.now(), self.clone());
        let (stopped, engine) = self
            .write::<_, Error, _>(&allowed, move |tx| {
                let run = runs::lock(tx, &id)?.ok_or_else(unknown)?;
                proof.right(tx, &run.workspace_id, &[Right::Execute])?;
                let change = Change {
                    action: "run.stop",
                    object: ("run", id.as_str()),
                    workspace: Some(&run.workspace_id),
                    detail: None,
                };
                let stopped = stop(tx, &run, now, proof.actor())?;
                if stopped == Stopped::Stopping {
                    audit::record(tx, proof.actor(), now, service.random(), change)?;
                }
                Ok((stopped, run.engine_id))
            })
            .await?;
        if let Some(engine) = engine {
            self.inner.hub.wake(&engine);
        }
        Ok(stopped)
    }
}

/// Stops one run inside a transaction; the caller wakes its engine.
pub(crate) fn stop(tx: &mut Tx<'_>, run: &Run, now: i64, actor: &Actor) -> Result<Stopped, Error> {
    match transition(run.state, run.outcome, Event::Stop).map_err(Error::internal)? {
        Step::Nothing => Ok(Stopped::WasFinished),
        Step::Stopping => {
            if runs::request_stop(tx, &run.id, now)? > 0 {
                runs::add_event(tx, &run.id, now, "stop_asked", Some(json!({ "by": actor.name }).to_string()))?;
            }
            Ok(Stopped::Stopping)
        }
        Step::To(_, outcome) => {
            let row = EndRow {
                outcome: outcome.unwrap_or(Outcome::Terminated),
                start_ms: None,
                finish_ms: now,
                exit_code: None,
                exit_signal: None,
                error_type: Some("stopped".to_owned()),
                error_message: Some(format!("stopped by {} before it started", actor.name)),
                misfire_reason: None,
            };
            end(tx, run, &row)?;
            Ok(Stopped::Stopping)
        }
    }
}

/// Ends a run in row and event list. The caller has checked the transition.
pub(crate) fn end(tx: &mut Tx<'_>, run: &Run, row: &EndRow) -> Result<(), Error> {
    if runs::finish(tx, &run.id, row)? != 1 {
        return Err(Error::internal("a run ended twice"));
    }
    let detail = json!({
        "outcome": row.outcome.id(),
        "exitCode": row.exit_code,
        "signal": row.exit_signal,
        "message": row.error_message,
        "misfireReason": row.misfire_reason.map(MisfireReason::id),
    });
    runs::add_event(tx, &run.id, row.finish_ms, "finished", Some(detail.to_string()))?;
    Ok(())
}

/// Puts an offered run back into the queue, if it still is in that epoch.
pub(crate) fn withdraw(tx: &mut Tx<'_>, id: &RunId, epoch: i64, now: i64) -> Result<(), Error> {
    let Some(run) = runs::lock(tx, id)? else { return Ok(()) };
    if run.epoch != epoch || run.state != State::Offered {
        return Ok(());
    }
    transition(run.state, run.outcome, Event::Withdraw).map_err(Error::internal)?;
    runs::requeue(tx, id)?;
    runs::add_event(tx, id, now, "withdrawn", None)?;
    Ok(())
}

fn unknown() -> Error {
    Error::not_found("Task execution not found.")
}

pub(crate) fn visible_run(tx: &mut Tx<'_>, allowed: &Allowed, id: &RunId) -> Result<Run, Error> {
    let run = runs::get(tx, id)?.ok_or_else(unknown)?;
    allowed.right(tx, &run.workspace_id, SEE)?;
    Ok(run)
}

fn target(tx: &mut Tx<'_>, task: &Task) -> Result<String, Error> {
    let nowhere = |what: &str| {
        Error::NotConfigured(format!(
            "Task {} is not configured: {what}; set runtime to an engine or cluster in its run-config",
            task.name
        ))
    };
    let id = match task.runtime_type {
        RuntimeType::RemoteEngine | RuntimeType::RemoteEngineCluster => {
            task.runtime_id.clone().ok_or_else(|| nowhere("it has no engine"))?
        }
        _ => return Err(nowhere("it is bound to a cloud engine, and this installation has none")),
    };
    let there = match task.runtime_type {
        RuntimeType::RemoteEngine => engines::get(tx, &EngineId::trusted(id.as_str()))?.is_some(),
        _ => engines::cluster(tx, &stoker_domain::ids::ClusterId::trusted(id.as_str()))?.is_some(),
    };
    if there { Ok(id) } else { Err(nowhere("its engine was removed")) }
}

fn jvm_arguments(tx: &mut Tx<'_>, profile: Option<&RunProfileId>) -> Result<Option<Json<Vec<String>>>, Error> {
    let Some(id) = profile else { return Ok(None) };
    Ok(engines::run_profile(tx, id)?.map(|profile| profile.jvm_arguments))
}

/// A context named like the environment supplies the defaults there (source: doc).
fn context(tx: &mut Tx<'_>, task: &Task, manifest: &Manifest) -> Result<Option<String>, Error> {
    let environment = environments::get(tx, &task.environment_id)?;
    Ok(environment.map(|e| e.name).filter(|name| manifest.contexts.contains_key(name)))
}

fn misfired(mut run: Run, now: i64, reason: MisfireReason, message: String) -> Run {
    run.state = State::Finished;
    run.outcome = Some(Outcome::DeployFailed);
    run.finish_ms = Some(now);
    run.misfire_reason = Some(reason);
    run.error_type = Some("misfired".to_owned());
    run.error_message = Some(message);
    run.secrets = None;
    run
}

/// Writes the run, its first events and the audit event.
fn record_begin(
    tx: &mut Tx<'_>,
    allowed: &Allowed,
    run: &Run,
    pick: &Pick,
    direct: bool,
    now: i64,
    random: &dyn stoker_domain::Random,
) -> Result<(), Error> {
    run.insert(tx)?;
    let mut events = vec![("accepted", json!({ "by": run.user_id, "type": run.run_type.id() }))];
    if run.state == State::Finished {
        events.push((
            "finished",
            json!({ "outcome": "deploy_failed", "message": run.error_message,
            "misfireReason": run.misfire_reason.map(MisfireReason::id) }),
        ));
    } else if direct {
        events
            .push(("offered", json!({ "engineId": run.engine_id.as_ref().map(EngineId::as_str), "epoch": run.epoch })));
    } else if let Some(reason) = pick.wait_reason() {
        events.push(("waiting", json!({ "reason": reason, "targetId": run.target_id })));
    }
    for (number, (kind, detail)) in events.into_iter().enumerate() {
        let event = RunEvent {
            run_id: run.id.clone(),
            number: number as i64 + 1,
            at_ms: now,
            kind: kind.to_owned(),
            detail: Some(detail.to_string()),
        };
        event.insert(tx)?;
    }
    let change = Change {
        action: "run.start",
        object: ("run", run.id.as_str()),
        workspace: Some(&run.workspace_id),
        detail: Some(json!({ "taskId": run.task_id.as_str() })),
    };
    audit::record(tx, allowed.actor(), now, random, change)
}

/// The manifest of a stored version.
pub(crate) fn manifest_of(version: &ArtifactVersion) -> Result<Manifest, Error> {
    serde_json::from_value(version.manifest.0.clone()).map_err(Error::internal)
}
