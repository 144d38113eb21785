//! Run configurations of tasks: where and how a task runs, and what starts it.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use crate::schedules::definition::Definition;
use crate::schedules::links::{self, Executable, Owner};
use crate::schedules::{self as rules, ScheduleView, checked_timeout};
use crate::tasks::{USE, unknown};
use crate::webhooks::WebhookRequest;
use serde_json::{Map, Value, json};
use stoker_domain::ids::{ClusterId, EngineId, EnvironmentId, PipelineEngineId, RunProfileId, ScheduleId, TaskId};
use stoker_domain::runtime::{LogLevel, RuntimeType};
use stoker_domain::schedule::ExecutableKind;
use stoker_domain::{Right, limits, names};
use stoker_store::db::{Json, Record};
use stoker_store::tasks::{self, Task};
use stoker_store::{Tx, engines, pipeline_engines, schedules};

/// What starts a task, as a run configuration says it.
#[derive(Clone, Debug, PartialEq)]
pub enum TriggerChoice {
    /// `MANUAL`: nothing but calls and plans.
    Manual,
    /// `MULTIPLE`: the linked schedule, as it is.
    Multiple,
    /// Time.
    Timed(Box<Definition>),
    /// `WEBHOOK`.
    Webhook(Box<WebhookRequest>),
}

/// A run configuration as it is shown.
#[derive(Clone, Debug)]
pub struct RunConfigView {
    /// The task.
    pub task: Task,
    /// URL of its webhook.
    pub webhook_url: Option<String>,
}

impl TriggerChoice {
    /// What the run configuration shows of it.
    fn shown(&self) -> Result<Value, Error> {
        match self {
            TriggerChoice::Manual => Ok(json!({ "type": "MANUAL" })),
            TriggerChoice::Multiple => Ok(json!({ "type": "MULTIPLE" })),
            TriggerChoice::Timed(definition) => serde_json::to_value(definition).map_err(Error::internal),
            TriggerChoice::Webhook(webhook) => Ok(webhook.shown()),
        }
    }
}

/// A run configuration as it comes from outside.
#[derive(Clone, Debug)]
pub struct RunConfigRequest {
    /// Whether it is the configuration of a task on a Dynamic Engine, which has no other runtime than the engine of its
    /// environment: then the kind is `CLOUD` and there is no engine id.
    pub dynamic: bool,
    /// Kind of processor.
    pub runtime_type: RuntimeType,
    /// Engine or cluster id.
    pub runtime_id: Option<String>,
    /// Run profile id.
    pub run_profile: Option<String>,
    /// What starts it.
    pub trigger: TriggerChoice,
    /// Whether several runs may be active at once.
    pub parallel: Option<bool>,
    /// Log level.
    pub log_level: Option<LogLevel>,
    /// Minutes after which a run is stopped, at least 1.
    pub timeout: Option<i64>,
    /// Operating system user.
    pub run_as: Option<String>,
}

impl Service {
    /// Sets where and how a task runs, and what starts it.
    pub async fn set_run_config(
        &self,
        actor: &Actor,
        id: &TaskId,
        mut request: RunConfigRequest,
    ) -> Result<RunConfigView, Error> {
        let allowed = actor.allow(USE)?;
        checked_timeout("timeout", request.timeout)?;
        let run_as = names::optional("remoteRunAsUser", request.run_as.as_deref(), limits::NAME_CHARS)?;
        if let TriggerChoice::Timed(definition) = &request.trigger {
            self.check_timed(&allowed, id, definition).await?;
        }
        if let TriggerChoice::Webhook(webhook) = request.trigger {
            request.trigger = TriggerChoice::Webhook(Box::new(webhook.checked()?));
        }
        self.fire_before_change(id).await?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut task = tasks::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &task.workspace_id, &[Right::Execute])?;
            let (runtime_id, run_profile_id) = checked_runtime(tx, &task, &request)?;
            service.set_trigger(tx, &proof, &task, &request.trigger, now)?;
            task.runtime_type = request.runtime_type;
            task.runtime_id = runtime_id;
            task.run_profile_id = run_profile_id;
            let mut config = Map::new();
            config.insert("trigger".to_owned(), request.trigger.shown()?);
            config.insert("parallelExecutionAllowed".to_owned(), json!(request.parallel.unwrap_or(false)));
            config.insert("logLevel".to_owned(), json!(request.log_level.unwrap_or(LogLevel::Warn).id()));
            if let Some(minutes) = request.timeout {
                config.insert("timeout".to_owned(), json!(minutes));
            }
            if let Some(user) = run_as {
                config.insert("remoteRunAsUser".to_owned(), json!(user));
            }
            task.run_config = Json(config);
            task.updated_ms = now;
            task.update(tx)?;
            service.audit_task(tx, &proof, "task.run-config", &task)?;
            let webhook_url = service.webhook_url(tx, ExecutableKind::Task, id.as_str())?;
            Ok(RunConfigView { task, webhook_url })
        })
        .await
    }

    /// The run configuration of a task on a Dynamic Engine; 400 for any other task.
    pub async fn dynamic_run_config(&self, actor: &Actor, id: &TaskId) -> Result<RunConfigView, Error> {
        let view = self.run_config(actor, id).await?;
        self.must_be_dynamic(actor, view.task.environment_id.clone()).await?;
        Ok(view)
    }

    async fn must_be_dynamic(&self, actor: &Actor, environment: EnvironmentId) -> Result<(), Error> {
        let allowed = actor.allow(crate::runs::RUN)?;
        self.get(&allowed, move |tx| {
            if crate::dynamic_environments::is_dynamic(tx, &environment)? {
                return Ok(());
            }
            Err(Error::invalid(NOT_DYNAMIC))
        })
        .await
    }

    /// Stops whatever starts a task on a Dynamic Engine by time; 400 for any other task.
    pub async fn stop_dynamic_task_schedule(&self, actor: &Actor, id: &TaskId) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (proof, wanted) = (allowed.clone(), id.clone());
        self.read::<_, Error, _>(&allowed, move |tx| {
            let task = tasks::get(tx, &wanted)?.ok_or_else(unknown)?;
            proof.right(tx, &task.workspace_id, &[Right::Execute])?;
            if crate::dynamic_environments::is_dynamic(tx, &task.environment_id)? {
                return Ok(());
            }
            Err(Error::invalid(NOT_DYNAMIC))
        })
        .await?;
        self.stop_task_schedule(actor, id).await
    }

    /// The run configuration of a task.
    pub async fn run_config(&self, actor: &Actor, id: &TaskId) -> Result<RunConfigView, Error> {
        let allowed = actor.allow(crate::runs::RUN)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.read(&allowed, move |tx| {
            let task = tasks::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &task.workspace_id, crate::tasks::SEE)?;
            let webhook_url = service.webhook_url(tx, ExecutableKind::Task, id.as_str())?;
            Ok(RunConfigView { task, webhook_url })
        })
        .await
    }

    /// Checks a trigger that time starts, unless the task has the same one already: clients send back what they read,
    /// also when it is over.
    async fn check_timed(&self, allowed: &Allowed, id: &TaskId, definition: &Definition) -> Result<(), Error> {
        let rule = definition.rule(&self.inner.zones, "trigger.")?;
        let task = id.clone();
        let stored = self
            .read::<_, Error, _>(allowed, move |tx| {
                match schedules::link_of(tx, ExecutableKind::Task, task.as_str())? {
                    Some(link) => links::own_definition(tx, &link.schedule_id),
                    None => Ok(None),
                }
            })
            .await?;
        if stored.as_ref() == Some(definition) {
            return Ok(());
        }
        rules::still_due(&rule, "trigger.", self.now())?;
        match self.too_close(vec![(String::new(), rule)]).await? {
            Some(clash) => Err(Error::invalid(format!("trigger: {clash}"))),
            None => Ok(()),
        }
    }

    /// What is due by the triggers as they are is started before they change.
    async fn fire_before_change(&self, id: &TaskId) -> Result<(), Error> {
        let (task, now) = (id.clone(), self.now());
        let due = self
            .read::<_, Error, _>(&Allowed::system(), move |tx| {
                let Some(link) = schedules::link_of(tx, ExecutableKind::Task, task.as_str())? else { return Ok(None) };
                Ok(schedules::get(tx, &link.schedule_id)?.filter(|s| s.next_ms.is_some_and(|at| at <= now)))
            })
            .await?;
        if let Some(schedule) = due {
            self.fire_schedule(&schedule.id).await?;
        }
        Ok(())
    }

    fn set_trigger(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        task: &Task,
        trigger: &TriggerChoice,
        now: i64,
    ) -> Result<(), Error> {
        match trigger {
            TriggerChoice::Manual => {
                links::release_of(tx, ExecutableKind::Task, task.id.as_str(), now)?;
                Ok(())
            }
            TriggerChoice::Multiple => match links::lock_of(tx, ExecutableKind::Task, task.id.as_str())? {
                Some((schedule, _)) if !schedule.own => Ok(()),
                _ => Err(Error::invalid("trigger.type: no schedule is linked to the task; link one with .../schedule")),
            },
            TriggerChoice::Timed(definition) => {
                let tools = (&self.inner.zones, self.random(), now);
                links::set_own(tx, &Executable::task(task), definition, &owner(allowed), tools)
            }
            TriggerChoice::Webhook(webhook) => {
                if let Some((mut schedule, _)) = links::lock_of(tx, ExecutableKind::Task, task.id.as_str())? {
                    links::release(tx, &mut schedule, now)?;
                }
                self.set_webhook(tx, &Executable::task(task), webhook, &owner(allowed), now)
            }
        }
    }

    /// Stops whatever starts a task by time; where it runs stays (source: spec). Nothing to stop is no mistake.
    pub async fn stop_task_schedule(&self, actor: &Actor, id: &TaskId) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let task = tasks::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &task.workspace_id, &[Right::Execute])?;
            if links::release_of(tx, ExecutableKind::Task, id.as_str(), now)? {
                service.store_trigger(tx, task, &TriggerChoice::Manual, now)?;
                service.audit_link(tx, &proof, "task.schedule.stop", &id, None)?;
            }
            Ok(())
        })
        .await
    }

    /// The schedule linked to a task.
    pub async fn task_schedule(&self, actor: &Actor, id: &TaskId) -> Result<ScheduleView, Error> {
        let allowed = actor.allow(USE)?;
        let (proof, id) = (allowed.clone(), id.clone());
        self.read(&allowed, move |tx| {
            let task = tasks::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &task.workspace_id, &[Right::View])?;
            let link = schedules::link_of(tx, ExecutableKind::Task, id.as_str())?.ok_or_else(unlinked)?;
            let schedule = schedules::get(tx, &link.schedule_id)?.filter(|s| !s.own).ok_or_else(unlinked)?;
            rules::view(tx, schedule)
        })
        .await
    }

    /// Links a schedule to a task in place of whatever started it before (source: spec).
    pub async fn link_task_schedule(&self, actor: &Actor, id: &TaskId, schedule: &str) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let schedule = ScheduleId::parse(schedule).map_err(|_| rules::unknown())?;
        self.fire_before_change(id).await?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let task = tasks::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &task.workspace_id, &[Right::Execute])?;
            let linked = schedules::link(tx, &schedule)?;
            if let Some(link) = linked.filter(|link| link.executable_id != id.as_str()) {
                let kind = link.executable_kind.capitalised().to_lowercase();
                let message =
                    format!("scheduleId: the schedule is linked to another {kind} already: unlink it there first");
                return Err(Error::Forbidden(message));
            }
            let before = links::lock_of(tx, ExecutableKind::Task, id.as_str())?;
            if before.as_ref().is_some_and(|(before, _)| before.id == schedule && !before.own) {
                return Ok(());
            }
            let mut schedule = schedules::lock(tx, &schedule)?.filter(|s| !s.own).ok_or_else(rules::unknown)?;
            if schedule.environment_id != task.environment_id {
                return Err(Error::invalid("scheduleId: the schedule lies in another environment than the task"));
            }
            match before {
                Some((mut before, _)) => links::release(tx, &mut before, now)?,
                None => {
                    links::release_of(tx, ExecutableKind::Task, id.as_str(), now)?;
                }
            }
            let executable = Executable::task(&task);
            links::link(tx, &mut schedule, &executable, &owner(&proof), &service.inner.zones, now)?;
            service.store_trigger(tx, task, &TriggerChoice::Multiple, now)?;
            service.audit_link(tx, &proof, "task.schedule.link", &id, Some(&schedule.id))
        })
        .await
    }

    /// Takes the linked schedule from a task; the schedule stays.
    pub async fn unlink_task_schedule(&self, actor: &Actor, id: &TaskId) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let task = tasks::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &task.workspace_id, &[Right::Execute])?;
            let linked = links::lock_of(tx, ExecutableKind::Task, id.as_str())?;
            let (mut schedule, _) = linked.filter(|(schedule, _)| !schedule.own).ok_or_else(unlinked)?;
            links::release(tx, &mut schedule, now)?;
            service.store_trigger(tx, task, &TriggerChoice::Manual, now)?;
            service.audit_link(tx, &proof, "task.schedule.unlink", &id, Some(&schedule.id))
        })
        .await
    }

    fn store_trigger(&self, tx: &mut Tx<'_>, mut task: Task, trigger: &TriggerChoice, now: i64) -> Result<(), Error> {
        task.run_config.0.insert("trigger".to_owned(), trigger.shown()?);
        task.updated_ms = now;
        task.update(tx)?;
        Ok(())
    }

    fn audit_link(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        task: &TaskId,
        schedule: Option<&ScheduleId>,
    ) -> Result<(), Error> {
        let detail = schedule.map(|id| json!({ "scheduleId": id.as_str() }));
        let change = Change { action, object: ("task", task.as_str()), workspace: None, detail };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

const NOT_DYNAMIC: &str = "the task does not lie in a Dynamic Engine environment; use its run-config";

fn owner(allowed: &Allowed) -> Owner {
    Owner { name: allowed.actor().name.clone(), kind: allowed.actor().kind }
}

fn unlinked() -> Error {
    Error::not_found("No schedule is linked to the task.")
}

/// Checks that engine, cluster and run profile of a run configuration exist, fit together, and lie where the task may
/// use them.
fn checked_runtime(
    tx: &mut Tx<'_>,
    task: &Task,
    request: &RunConfigRequest,
) -> Result<(Option<String>, Option<RunProfileId>), Error> {
    let environment_is_dynamic = crate::dynamic_environments::is_dynamic(tx, &task.environment_id)?;
    if environment_is_dynamic != request.dynamic {
        return Err(Error::invalid(if environment_is_dynamic {
            "runtime: the task lies in a Dynamic Engine environment; use its de-run-config"
        } else {
            NOT_DYNAMIC
        }));
    }
    let profile = request.run_profile.as_deref().filter(|id| !id.is_empty());
    if request.dynamic {
        let of_environment = |id: &str| crate::dynamic_environments::checked_profile(tx, &task.environment_id, id);
        return Ok((None, profile.map(of_environment).transpose()?));
    }
    let needs_id = || Error::invalid(format!("runtime.id: is needed for the type {}", request.runtime_type.id()));
    let (environment, workspace) = match request.runtime_type {
        RuntimeType::RemoteEngine => {
            let id = EngineId::parse(request.runtime_id.as_deref().ok_or_else(needs_id)?)?;
            let engine = engines::get(tx, &id)?.ok_or_else(|| Error::not_found("Engine id not found."))?;
            (engine.environment_id, engine.workspace_id)
        }
        RuntimeType::RemoteEngineCluster => {
            let id = ClusterId::parse(request.runtime_id.as_deref().ok_or_else(needs_id)?)?;
            let cluster = engines::cluster(tx, &id)?.ok_or_else(|| Error::not_found("Cluster id not found."))?;
            (cluster.environment_id, cluster.workspace_id)
        }
        RuntimeType::PipelineEngine => {
            let id = PipelineEngineId::parse(request.runtime_id.as_deref().ok_or_else(needs_id)?)?;
            let engine = pipeline_engines::get(tx, &id)?.ok_or_else(crate::pipeline_engines::unknown)?;
            (engine.environment_id, engine.workspace_id)
        }
        RuntimeType::Cloud | RuntimeType::CloudExclusive => return Ok((None, None)),
    };
    if environment != task.environment_id {
        return Err(Error::invalid("runtime.id: it lies in another environment than the task"));
    }
    if workspace.is_some_and(|id| id != task.workspace_id) {
        return Err(Error::invalid("runtime.id: it belongs to another workspace than the task"));
    }
    let profile = match profile {
        None => None,
        Some(id) => {
            let id = RunProfileId::parse(id)?;
            let found = engines::run_profile(tx, &id)?.ok_or_else(|| Error::not_found("Run profile id not found."))?;
            if Some(found.processor_id.as_str()) != request.runtime_id.as_deref() {
                return Err(Error::invalid("runtime.runProfileId: it belongs to another engine or cluster"));
            }
            Some(id)
        }
    };
    Ok((request.runtime_id.clone(), profile))
}
