//! Starting runs: everything that is decided and pinned before a run is accepted, in one transaction.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::batch::Batch;
use crate::dispatch::{self, Pick, Target};
use crate::error::Error;
use crate::hub::Reserved;
use crate::parameters;
use crate::refusals::{Refusal, paused_by, refusal};
use crate::runs::{RUN, StartRequest, withdraw};
use crate::waits::{self, Wait};
use crate::webhooks::payload_parameter;
use serde_json::{Value, json};
use stoker_domain::ids::{EngineId, RunId, RunProfileId, TaskId};
use stoker_domain::run::{MisfireReason, Outcome, RunType, State};
use stoker_domain::runtime::LogLevel;
use stoker_domain::{Right, crash};
use stoker_jobzip::Manifest;
use stoker_store::artifacts::VersionFile;
use stoker_store::db::Json;
use stoker_store::plan_runs::PlanRun;
use stoker_store::runs::Run;
use stoker_store::tasks::Task;
use stoker_store::{Tx, engines, environments, tasks};

/// What the start of a run came to inside its transaction.
pub(crate) struct Begun {
    /// The run as it was written.
    pub(crate) run: Run,
    /// The engine that has the lease already, and its poll, which was taken out of the hub to be handed the offer.
    direct: Option<(Box<engines::Engine>, Reserved)>,
    /// An engine to wake.
    wake: Option<EngineId>,
}

/// What the start of a task inside a plan came to.
pub(crate) enum Planned {
    /// There is a run; it may have ended already, with the reason why it did not start.
    Run {
        /// The run.
        id: RunId,
        /// An engine to wake after the commit.
        engine: Option<EngineId>,
    },
    /// Not even a record of a run could be made.
    Refused(String),
}

/// Why a run is made that nobody called for just now.
pub(crate) struct DueCause<'a> {
    /// What a start call would have said.
    pub(crate) request: &'a StartRequest,
    /// When it was due.
    pub(crate) due_ms: i64,
    /// Why there is no time left for it, in words.
    pub(crate) late: Option<String>,
    /// What the first event of the run tells about it.
    pub(crate) detail: Value,
}

impl Service {
    /// Starts a run. When this returns, the run is on disk and will end exactly once.
    pub async fn start_run(&self, actor: &Actor, request: StartRequest) -> Result<RunId, Error> {
        let allowed = actor.allow(RUN)?;
        crash::panic_at("start.panic", &request.parameters.iter().map(|given| &given.value).collect::<Vec<_>>());
        parameters::checked(&request.parameters)?;
        if request.timeout_minutes.is_some_and(|minutes| !(1..=i64::from(i32::MAX)).contains(&minutes)) {
            return Err(Error::invalid("timeout: must be from 1 to 2147483647 minutes"));
        }
        let (service, now) = (self.clone(), self.now());
        // A task of its own: a caller that hangs up between commit and hand-over must not leave an offer undelivered.
        let started = tokio::spawn(async move { service.start_allowed(allowed, request, now).await });
        started.await.map_err(Error::internal)?
    }

    async fn start_allowed(&self, allowed: Allowed, request: StartRequest, now: i64) -> Result<RunId, Error> {
        let (service, proof) = (self.clone(), allowed.clone());
        let begun = self
            .write_bare::<_, Error, _>(&allowed, move |tx| {
                let mut batch = Batch::new(now, service.settings());
                let begun = service.begin_run(tx, &proof, &request, &mut batch)?;
                batch.write(tx)?;
                crash::point("start.before-commit");
                Ok(begun)
            })
            .await?;
        crash::point("start.after-commit");
        let id = begun.run.id.clone();
        self.hand_on(begun).await;
        Ok(id)
    }

    /// What follows the commit of a start: the offer goes out, or the engine is woken.
    pub(crate) async fn hand_on(&self, begun: Begun) {
        if let Some((engine, reserved)) = begun.direct {
            self.hand_over(begun.run, &engine, reserved).await;
        } else if let Some(engine) = begun.wake {
            self.inner.hub.wake(&engine);
        }
    }

    fn begin_run(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        request: &StartRequest,
        batch: &mut Batch,
    ) -> Result<Begun, Error> {
        let unknown = || Error::not_found("Task id not found.");
        let mut task = tasks::get(tx, &request.task)?.ok_or_else(unknown)?;
        if !task.parallel_allowed() {
            // Two starts at once must not both find that no other run is active.
            task = tasks::lock(tx, &request.task)?.ok_or_else(unknown)?;
        }
        allowed.right(tx, &task.workspace_id, &[Right::Execute])?;
        if task.paused {
            return Err(Error::Paused({
                let by = paused_by(task.pause_user.as_deref(), task.pause_ms);
                format!("Task {} is paused{by}: resume it before starting a run", task.name)
            }));
        }
        let target = batch.target(tx, &task)?;
        let run = self.new_run(tx, allowed, &task, target.id(), request, batch)?;
        self.place_run(tx, allowed, run, &target, json!({}), batch)
    }

    /// Starts what a trigger was due for; the caller has locked the task. `late` says in words why there is no time left
    /// for it: then the run ends at once, as a record of what did not happen. The inner error says why there is no run.
    pub(crate) fn begin_due(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        task: &Task,
        cause: DueCause<'_>,
        batch: &mut Batch,
    ) -> Result<Result<Begun, Refusal>, Error> {
        let prepared = batch.target(tx, task).and_then(|target| {
            let run = self.new_run(tx, allowed, task, target.id(), cause.request, batch)?;
            Ok((target, run))
        });
        let (target, mut run) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return refusal(error).map(Err),
        };
        run.trigger_ms = cause.due_ms;
        if let Some(message) = cause.late {
            run = misfired(run, batch.now, Refusal::new(MisfireReason::Unknown, message)).0;
        }
        self.place_run(tx, allowed, run, &target, cause.detail, batch).map(Ok)
    }

    /// Finds an engine for a new run and writes it down.
    fn place_run(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        mut run: Run,
        target: &Target,
        detail: Value,
        batch: &mut Batch,
    ) -> Result<Begun, Error> {
        let now = batch.now;
        let mut object = json!(null);
        if run.state == State::Queued
            && !run.parallel
            && let Some(active) = batch.any_active(tx, &run.task_id)?
        {
            let refusal = Refusal::overlap(&run.task_name, &active);
            (run, object) = misfired(run, now, refusal);
        }
        if batch.settings.account.active_runs > 0 {
            batch.write_runs(tx)?;
        }
        if run.state == State::Queued
            && let Some(message) = batch.settings.account.too_many(tx)?
        {
            (run, object) = misfired(run, now, Refusal::new(MisfireReason::RunLimitReached, message));
        }
        let pick = match run.state {
            State::Finished => Pick::Away,
            _ => dispatch::pick(tx, target, now, &batch.settings)?,
        };
        let mut begun = Begun { direct: None, wake: None, run };
        if let Pick::Engine(engine) = &pick {
            begun.direct = self.take_poll(tx, engine, batch)?;
        }
        if let Some((engine, _)) = &begun.direct {
            begun.run.state = State::Offered;
            begun.run.epoch = 1;
            begun.run.engine_id = Some(engine.id.clone());
            begun.run.lease_ms = Some(now + dispatch::lease_length(&batch.settings));
        }
        if begun.direct.is_none() {
            begun.wake = match &pick {
                Pick::Engine(engine) => Some(engine.id.clone()),
                Pick::Behind(engine) => Some(engine.clone()),
                Pick::NoSlot | Pick::Away => None,
            };
        }
        let wait = first_wait(tx, &begun.run, Some(target), &pick, batch)?;
        begun.run.wait_reason = wait.as_ref().map(|wait| wait.key.clone());
        batch.begin(&begun.run, wait.as_ref(), detail, object);
        let run = &begun.run;
        let change = Change {
            action: audit::RUN_START,
            object: ("run", run.id.as_str()),
            workspace: Some(&run.workspace_id),
            detail: Some(json!({ "taskId": run.task_id.as_str() })),
        };
        batch.add_audit(audit::event(allowed.actor(), now, self.random(), change));
        Ok(begun)
    }

    /// Starts a task as part of a plan run, inside the transaction that moves the plan run on. What would be refused to
    /// a caller becomes a run that did not start, with the reason. The caller wakes the engine after the commit.
    /// `payload` holds the calls of the webhook that started the plan, for tasks of its first step that take them.
    pub(crate) fn begin_planned(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        plan_run: &PlanRun,
        task: &TaskId,
        payload: Option<&str>,
        now: i64,
    ) -> Result<Planned, Error> {
        let Some(task) = tasks::lock(tx, task)? else {
            return Ok(Planned::Refused("the task was removed".to_owned()));
        };
        let mut batch = Batch::new(now, self.settings());
        let (target, mut refused) = match batch.target(tx, &task) {
            Ok(target) => (Some(target), None),
            Err(error) => (None, Some(refusal(error)?)),
        };
        let place = target.as_ref().map(Target::id).or(task.runtime_id.as_deref()).unwrap_or_default();
        let prepared = self.planned_request(tx, &task, plan_run.timeout_minutes, payload);
        let prepared = prepared.and_then(|request| self.new_run(tx, allowed, &task, place, &request, &mut batch));
        let mut run = match prepared {
            Ok(run) => run,
            Err(error) => return refusal(error).map(|refusal| Planned::Refused(refusal.message)),
        };
        run.plan_run_id = Some(plan_run.id.clone());
        if task.paused {
            refused = Some(Refusal::paused(&task));
        } else if refused.is_none()
            && !run.parallel
            && let Some(active) = batch.any_active(tx, &task.id)?
        {
            refused = Some(Refusal::overlap(&task.name, &active));
        } else if refused.is_none()
            && let Some(message) = batch.settings.account.too_many(tx)?
        {
            refused = Some(Refusal::new(MisfireReason::RunLimitReached, message));
        }
        let pick = match (&target, &refused) {
            (Some(target), None) => dispatch::pick(tx, target, now, &batch.settings)?,
            _ => Pick::Away,
        };
        let mut object = json!(null);
        if let Some(refusal) = refused {
            (run, object) = misfired(run, now, refusal);
        }
        let wait = first_wait(tx, &run, target.as_ref(), &pick, &batch)?;
        run.wait_reason = wait.as_ref().map(|wait| wait.key.clone());
        batch.begin(&run, wait.as_ref(), json!({}), object);
        batch.write(tx)?;
        let engine = match pick {
            Pick::Engine(engine) => Some(engine.id.clone()),
            Pick::Behind(engine) => Some(engine),
            Pick::NoSlot | Pick::Away => None,
        };
        Ok(Planned::Run { id: run.id, engine })
    }

    /// What a plan run asks of one of its tasks.
    fn planned_request(
        &self,
        tx: &mut Tx<'_>,
        task: &Task,
        timeout_minutes: Option<i64>,
        payload: Option<&str>,
    ) -> Result<StartRequest, Error> {
        let mut parameters = Vec::new();
        if let Some(payload) = payload
            && self.takes_payload(tx, task)?
        {
            parameters.push(payload_parameter(payload));
        }
        Ok(StartRequest {
            task: task.id.clone(),
            parameters,
            log_level: None,
            timeout_minutes,
            run_type: RunType::Plan,
            api_version: None,
        })
    }

    /// Takes the poll of an engine that waits on this server, so that run and lease share one commit and the offer goes
    /// out right after it. Nothing is taken when the engine has no slot left after all.
    fn take_poll(
        &self,
        tx: &mut Tx<'_>,
        engine: &engines::Engine,
        batch: &Batch,
    ) -> Result<Option<(Box<engines::Engine>, Reserved)>, Error> {
        let Some(reserved) = self.inner.hub.reserve(&engine.id) else { return Ok(None) };
        let current = engines::lock(tx, &engine.id)?.filter(|e| e.session_id.as_ref() == Some(&reserved.session));
        match current {
            Some(engine) if dispatch::free_slots(tx, &engine, &batch.settings.account)? > 0 => {
                engines::note_served(tx, &engine.id, batch.now.max(engine.served_ms + 1))?;
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
        target: &str,
        request: &StartRequest,
        batch: &mut Batch,
    ) -> Result<Run, Error> {
        let now = batch.now;
        let file = batch.file(tx, task)?.ok_or_else(|| {
            Error::NoArtifact(format!("Task {}: its artifact version {} is gone", task.name, task.artifact_version))
        })?;
        let manifest = self.inner.manifests.get(tx, task, &file.sha256)?;
        let VersionFile { artifact_name, sha256, size } = file;
        let supplies = crate::task_links::supplies(tx, task, &manifest, &self.inner.keys)?;
        let given = parameters::for_run(task, supplies, &request.parameters, &manifest, &self.inner.keys)?;
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
            artifact_id: task.artifact_id.clone(),
            artifact_name,
            artifact_version: task.artifact_version.clone(),
            artifact_sha256: sha256,
            artifact_size: size,
            runtime_type: task.runtime_type,
            target_id: target.to_owned(),
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
            deploy_until_ms: now + batch.settings.deploy_wait_ms,
            exit_code: None,
            exit_signal: None,
            error_type: None,
            error_message: None,
            misfire_reason: None,
            log_lines: 0,
            log_chunks: 0,
            wait_reason: None,
            plan_run_id: None,
            resources: given.files_text()?,
        })
    }

    /// Sends an offer whose lease is committed to the poll that waits for it. When that poll is gone, the offer was
    /// certainly not delivered and the run goes back into the queue.
    async fn hand_over(&self, run: Run, engine: &engines::Engine, reserved: Reserved) {
        let session = reserved.session.clone();
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
        let (id, epoch, now, engine_id) = (run.id.clone(), run.epoch, self.now(), engine.id.clone());
        let result = self
            .write::<_, Error, _>(&Allowed::system(), move |tx| {
                // A session opened in between was given the same offer, and may have begun with it.
                let newer = engines::lock(tx, &engine_id)?.and_then(|e| e.session_id).is_some_and(|s| s != session);
                if newer { Ok(()) } else { withdraw(tx, &id, epoch, now) }
            })
            .await;
        match result {
            Ok(()) => self.inner.hub.wake(&engine.id),
            Err(error) => {
                // The engine learns of it with its next session, because the lease is its own.
                tracing::warn!(run.id = %run.id, error = &error as &dyn std::error::Error, "cannot withdraw an offer");
            }
        }
    }
}

/// Why a run that was not handed over at once waits; nothing when it does not.
fn first_wait(
    tx: &mut Tx<'_>,
    run: &Run,
    target: Option<&Target>,
    pick: &Pick,
    batch: &Batch,
) -> Result<Option<Wait>, Error> {
    let (State::Queued, Some(target)) = (run.state, target) else { return Ok(None) };
    let members = match (target, pick) {
        (_, Pick::Engine(engine)) | (Target::Engine(engine), _) => vec![(**engine).clone()],
        (Target::Cluster(id), _) => engines::members(tx, id)?,
    };
    waits::wait_for(tx, target.id(), &members, batch.now, &batch.settings).map(Some)
}

fn jvm_arguments(tx: &mut Tx<'_>, profile: Option<&RunProfileId>) -> Result<Option<Json<Vec<String>>>, Error> {
    let Some(id) = profile else { return Ok(None) };
    Ok(engines::run_profile(tx, id)?.map(|profile| profile.jvm_arguments))
}

/// A context named like the environment supplies the defaults there (source: doc).
fn context(tx: &mut Tx<'_>, task: &Task, manifest: &Manifest) -> Result<Option<String>, Error> {
    if manifest.contexts.is_empty() {
        return Ok(None);
    }
    let environment = environments::get(tx, &task.environment_id)?;
    Ok(environment.map(|e| e.name).filter(|name| manifest.contexts.contains_key(name)))
}

/// The run, ended at once, and what stood in its way.
fn misfired(mut run: Run, now: i64, refusal: Refusal) -> (Run, Value) {
    let Refusal { reason, message, object } = refusal;
    run.state = State::Finished;
    run.outcome = Some(Outcome::DeployFailed);
    run.finish_ms = Some(now);
    run.misfire_reason = Some(reason);
    run.error_type = Some("misfired".to_owned());
    run.error_message = Some(message);
    run.secrets = None;
    (run, object)
}
