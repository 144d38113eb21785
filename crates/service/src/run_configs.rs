//! Run configurations of tasks: where and how a task runs, and what starts it.

use crate::actor::Actor;
use crate::app::Service;
use crate::error::Error;
use crate::schedules::checked_timeout;
use crate::tasks::{USE, unknown};
pub use crate::triggers::TriggerChoice;
use crate::triggers::{ExecutableId, Startable};
use serde_json::{Map, json};
use stoker_domain::ids::{ClusterId, EngineId, EnvironmentId, PipelineEngineId, RunProfileId, TaskId};
use stoker_domain::runtime::{LogLevel, RuntimeType};
use stoker_domain::schedule::ExecutableKind;
use stoker_domain::{Right, limits, names};
use stoker_store::db::{Json, Record};
use stoker_store::tasks::{self, Task};
use stoker_store::{Tx, engines, pipeline_engines};

/// A run configuration as it is shown.
#[derive(Clone, Debug)]
pub struct RunConfigView {
    /// The task.
    pub task: Task,
    /// URL of its webhook.
    pub webhook_url: Option<String>,
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
        let this = ExecutableId::Task(id.clone());
        request.trigger = self.checked_choice(&allowed, &this, request.trigger).await?;
        self.fire_before_change(&this).await?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let startable = this.lock(tx)?;
            let Startable::Task(task) = startable.clone() else { return Err(unknown()) };
            let mut task = *task;
            proof.right(tx, &task.workspace_id, &[Right::Execute])?;
            let (runtime_id, run_profile_id) = checked_runtime(tx, &task, &request)?;
            service.set_trigger(tx, &proof, &startable, &request.trigger, now)?;
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
        self.stop_trigger(actor, &ExecutableId::Task(id.clone())).await
    }

    /// The run configuration of a task.
    pub async fn run_config(&self, actor: &Actor, id: &TaskId) -> Result<RunConfigView, Error> {
        let allowed = actor.allow(crate::runs::RUN)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.read(&allowed, move |tx| {
            let task = tasks::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &task.workspace_id, crate::tasks::SEE)?;
            let startable = Startable::Task(Box::new(task.clone()));
            let webhook_url = service.webhook_url_for(tx, &proof, &startable)?;
            Ok(RunConfigView { task, webhook_url })
        })
        .await
    }
}

const NOT_DYNAMIC: &str = "the task does not lie in a Dynamic Engine environment; use its run-config";

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
