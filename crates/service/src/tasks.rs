//! Tasks and their run configuration.

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{self, with_change};
use crate::environments::description;
use crate::error::{Error, taken};
use crate::parameters;
pub use crate::parameters::shown as shown_parameters;
use crate::task_fields::{checked_map, checked_tags, checked_upgrade};
use crate::task_links::{Place, check_connections, check_resources};
use crate::triggers::{ExecutableId, Startable};
use crate::workspaces::{Views, WorkspaceView, view};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use stoker_domain::ids::{ArtifactId, ConnectionId, EnvironmentId, ResourceId, TaskId, WorkspaceId};
use stoker_domain::runtime::RuntimeType;
use stoker_domain::schedule::ExecutableKind;
use stoker_domain::{Permission, Right, limits, names};
use stoker_jobzip::Manifest;
use stoker_store::artifacts::Artifact;
use stoker_store::db::{Json, Record};
use stoker_store::tasks::{self, Task, TaskFilter, TriggerFilter};
use stoker_store::{Tx, artifacts, runs};

pub(crate) const USE: &[Permission] = &[Permission::Operator];
/// Starting tasks by id needs no list, but a holder of "Engines - Use" must find the task to start (source: inferred).
const SEE_PERMISSION: &[Permission] = &[Permission::Operator, Permission::EngineUse];
pub(crate) const SEE: &[Right] = &[Right::View, Right::Execute];

/// A task with what its answers show beside its row.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskView {
    /// The task.
    pub task: Task,
    /// Name of its artifact.
    pub artifact_name: String,
    /// Its workspace.
    pub workspace: WorkspaceView,
}

/// Values of a new or replaced task.
#[derive(Clone, Debug)]
pub struct TaskRequest {
    /// Workspace id.
    pub workspace: String,
    /// Environment id; taken from the workspace when absent (source: doc).
    pub environment: Option<String>,
    /// Unique in the workspace.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Artifact id.
    pub artifact_id: String,
    /// Artifact version.
    pub artifact_version: String,
    /// Labels.
    pub tags: Vec<String>,
    /// Connection key to connection id.
    pub connections: Map<String, Value>,
    /// Parameter name to value.
    pub parameters: Map<String, Value>,
    /// Resource parameter to resource id.
    pub resources: Map<String, Value>,
    /// Upgrade settings.
    pub auto_upgrade: Option<Value>,
}

/// A filter of task lists.
#[derive(Clone, Debug, Default)]
pub struct TaskQuery {
    /// Environment id.
    pub environment: Option<String>,
    /// Workspace id.
    pub workspace: Option<String>,
    /// Start of the name.
    pub name_prefix: Option<String>,
    /// Part of the name.
    pub name_contains: Option<String>,
    /// Artifact id.
    pub artifact: Option<String>,
    /// Kind of processor.
    pub runtime_type: Option<RuntimeType>,
    /// Engine or cluster id.
    pub runtime_id: Option<String>,
    /// Run profile id.
    pub run_profile: Option<String>,
    /// Id of a connection it uses.
    pub connection: Option<String>,
    /// Id of a resource it uses.
    pub resource: Option<String>,
    /// Labels, all of them.
    pub tags: Vec<String>,
    /// What starts it.
    pub trigger: Option<TriggerFilter>,
    /// Page size.
    pub limit: i64,
    /// Items to pass over.
    pub offset: i64,
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Task id not found.")
}

/// The manifest of the artifact version a task names; the artifact must lie in the same environment and be visible.
fn manifest(
    tx: &mut Tx<'_>,
    allowed: &Allowed,
    environment: &EnvironmentId,
    request: &TaskRequest,
) -> Result<(ArtifactId, Manifest), Error> {
    let id = ArtifactId::parse(&request.artifact_id)?;
    let missing = || Error::not_found("Artifact id not found.");
    let artifact = artifacts::get(tx, &id)?.ok_or_else(missing)?;
    allowed.right(tx, &artifact.workspace_id, &[Right::View, Right::Author])?;
    if view(tx, &artifact.workspace_id)?.environment.id != *environment {
        return Err(Error::invalid("artifact: it lies in another environment than the workspace of the task"));
    }
    let version = artifacts::version(tx, &id, &request.artifact_version)?
        .ok_or_else(|| Error::not_found("Artifact version not found."))?;
    Ok((id, crate::runs::manifest_of(&version)?))
}

fn task_view(tx: &mut Tx<'_>, task: Task) -> Result<TaskView, Error> {
    let artifact_name = artifacts::get(tx, &task.artifact_id)?.map(|a| a.name).unwrap_or_default();
    let workspace = view(tx, &task.workspace_id)?;
    Ok(TaskView { task, artifact_name, workspace })
}

/// The views of many tasks, with one look at each kind of thing around them.
fn task_views(tx: &mut Tx<'_>, tasks: Vec<Task>) -> Result<Vec<TaskView>, Error> {
    let mut views = Views::default();
    views.prepare(tx, tasks.iter().map(|task| &task.workspace_id))?;
    let artifacts: BTreeSet<String> = tasks.iter().map(|task| task.artifact_id.to_string()).collect();
    let names: BTreeMap<_, _> = Artifact::with_keys(tx, artifacts.into_iter().collect())?
        .into_iter()
        .map(|artifact| (artifact.id, artifact.name))
        .collect();
    let view = |task: Task| {
        let artifact_name = names.get(&task.artifact_id).cloned().unwrap_or_default();
        let workspace = views.get(tx, &task.workspace_id)?;
        Ok(TaskView { task, artifact_name, workspace })
    };
    tasks.into_iter().map(view).collect()
}

impl Service {
    /// A page of tasks by name.
    pub async fn list_tasks(&self, actor: &Actor, query: TaskQuery) -> Result<Page<TaskView>, Error> {
        let allowed = actor.allow(SEE_PERMISSION)?;
        let filter = TaskFilter {
            environment: query.environment.as_deref().map(EnvironmentId::parse).transpose()?,
            workspace: query.workspace.as_deref().map(WorkspaceId::parse).transpose()?,
            name_prefix: query.name_prefix,
            name_contains: query.name_contains,
            artifact: query.artifact,
            runtime_type: query.runtime_type,
            runtime_id: query.runtime_id,
            run_profile: query.run_profile,
            connection: query.connection.as_deref().map(ConnectionId::parse).transpose()?,
            resource: query.resource.as_deref().map(ResourceId::parse).transpose()?,
            tags: query.tags,
            trigger: query.trigger,
            visible_to: allowed.visible(SEE),
        };
        let (limit, offset) = (query.limit, query.offset);
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let (rows, total) = tasks::list(tx, &filter, limit, offset)?;
                Ok((task_views(tx, rows)?, total))
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    /// One task.
    pub async fn task(&self, actor: &Actor, id: &TaskId) -> Result<TaskView, Error> {
        let allowed = actor.allow(SEE_PERMISSION)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let task = tasks::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &task.workspace_id, SEE)?;
            task_view(tx, task)
        })
        .await
    }

    /// Adds a task. It is bound to the cloud, and so cannot run, until its run configuration is set (source: spec).
    pub async fn create_task(&self, actor: &Actor, request: TaskRequest) -> Result<TaskView, Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            let workspace = view(tx, &WorkspaceId::parse(&request.workspace)?)?;
            proof.right(tx, &workspace.workspace.id, &[Right::Author])?;
            service.settings().account.room_for_one(tx)?;
            if let Some(environment) = &request.environment {
                crate::workspaces::belongs(tx, &workspace.workspace.id, &EnvironmentId::parse(environment)?)?;
            }
            let (artifact_id, manifest) = manifest(tx, &proof, &workspace.environment.id, &request)?;
            let mut task = Task {
                id: TaskId::generate(now, service.random()),
                workspace_id: workspace.workspace.id.clone(),
                environment_id: workspace.environment.id.clone(),
                name: String::new(),
                description: None,
                version_major: 1,
                version_minor: 0,
                artifact_id,
                artifact_version: request.artifact_version.clone(),
                tags: Json::default(),
                connections: Json::default(),
                parameters: Json::default(),
                resources: Json::default(),
                auto_upgrade: None,
                paused: false,
                pause_context: None,
                pause_user: None,
                pause_user_kind: None,
                pause_ms: None,
                runtime_type: RuntimeType::Cloud,
                runtime_id: None,
                run_profile_id: None,
                run_config: Json(Map::new()),
                created_ms: now,
                updated_ms: now,
            };
            service.fill(tx, &proof, &mut task, request, &manifest)?;
            let message = format!("name: a task {} exists already in the workspace", task.name);
            task.insert(tx).map_err(taken(message))?;
            tasks::note_name(tx, &task)?;
            service.audit_task(tx, &proof, "task.create", &task)?;
            task_view(tx, task)
        })
        .await
    }

    /// Replaces the definition of a task; what the request leaves out becomes empty (source: client). The run
    /// configuration stays.
    pub async fn update_task(&self, actor: &Actor, id: &TaskId, request: TaskRequest) -> Result<TaskView, Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut task = tasks::lock(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &task.workspace_id, &[Right::Author])?;
            let before = task.clone();
            let target = WorkspaceId::parse(&request.workspace)?;
            if target != task.workspace_id {
                return Err(Error::invalid("workspaceId: a task cannot move to another workspace"));
            }
            let (artifact_id, manifest) = manifest(tx, &proof, &task.environment_id, &request)?;
            // The version grows with the artifact version, and a little with every other change.
            if task.artifact_id != artifact_id || task.artifact_version != request.artifact_version {
                task.version_major += 1;
                task.version_minor = 0;
            } else {
                task.version_minor += 1;
            }
            task.artifact_id = artifact_id;
            task.artifact_version.clone_from(&request.artifact_version);
            task.updated_ms = now;
            service.fill(tx, &proof, &mut task, request, &manifest)?;
            let message = format!("name: a task {} exists already in the workspace", task.name);
            task.update(tx).map_err(taken(message))?;
            tasks::note_name(tx, &task)?;
            service.audit_task_change(tx, &proof, "task.update", &task, &before)?;
            task_view(tx, task)
        })
        .await
    }

    fn fill(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        task: &mut Task,
        request: TaskRequest,
        manifest: &Manifest,
    ) -> Result<(), Error> {
        checked_map("connections", &request.connections)?;
        checked_map("resources", &request.resources)?;
        let place = Place { allowed, environment: &task.environment_id };
        check_connections(tx, &place, &request.connections, &task.connections.0)?;
        check_resources(tx, &place, &request.resources, &task.resources.0, manifest)?;
        task.name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        task.description = description(request.description)?;
        task.tags = Json(checked_tags(request.tags)?);
        task.connections = Json(request.connections);
        task.resources = Json(request.resources);
        task.auto_upgrade = checked_upgrade(request.auto_upgrade)?.map(Json);
        let (keys, random) = (&self.inner.keys, self.random());
        let kept =
            parameters::for_task(task.id.as_str(), &request.parameters, &task.parameters.0, manifest, keys, random)?;
        task.parameters = Json(kept);
        Ok(())
    }

    /// Removes a task. Refused while runs of it are active, unless they are to be stopped too.
    pub async fn delete_task(&self, actor: &Actor, id: &TaskId, stop_runs: bool) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        let engines = self
            .write::<_, Error, _>(&allowed, move |tx| {
                // What starts the task before the task, and the task before its runs, as a start does.
                let this = ExecutableId::Task(id.clone());
                let Startable::Task(task) = this.lock(tx)? else { return Err(unknown()) };
                proof.right(tx, &task.workspace_id, &[Right::Author])?;
                let users = stoker_store::plans::using_task(tx, &id)?;
                if !users.is_empty() {
                    let users = proof.names_seen(tx, users, "plan")?;
                    return Err(Error::conflict(format!(
                        "task {} is in use by plan {}: take it out of there first",
                        task.name,
                        users.join(", ")
                    )));
                }
                crate::schedules::links::release_of(tx, ExecutableKind::Task, id.as_str(), now)?;
                let active = runs::active_of_task(tx, &id)?;
                if !active.is_empty() && !stop_runs {
                    return Err(Error::conflict(format!("task {} has active runs: stop them first", task.name)));
                }
                let mut engines = Vec::new();
                for run in active {
                    if let Some(run) = runs::lock(tx, &run)? {
                        crate::runs::stop(tx, &run, now, proof.actor())?;
                        engines.extend(run.engine_id);
                    }
                }
                tasks::delete(tx, &id)?;
                service.audit_task(tx, &proof, "task.delete", &task)?;
                Ok(engines)
            })
            .await?;
        for engine in engines {
            self.inner.hub.wake(&engine);
        }
        Ok(())
    }

    /// Pauses or resumes a task. `false` when it already was so.
    pub async fn pause_task(
        &self,
        actor: &Actor,
        id: &TaskId,
        pause: bool,
        context: Option<String>,
    ) -> Result<bool, Error> {
        let allowed = actor.allow(USE)?;
        let context =
            context.map(|text| names::described("pauseContext", &text, limits::DESCRIPTION_CHARS)).transpose()?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let Startable::Task(task) = ExecutableId::Task(id.clone()).lock(tx)? else { return Err(unknown()) };
            let mut task = *task;
            proof.right(tx, &task.workspace_id, &[Right::Execute])?;
            if task.paused == pause {
                return Ok(false);
            }
            if !pause {
                let zones = &service.inner.zones;
                crate::schedules::links::skip_overdue(tx, ExecutableKind::Task, id.as_str(), zones, now)?;
            }
            task.paused = pause;
            task.pause_context = context;
            task.pause_user = Some(proof.actor().name.clone());
            task.pause_user_kind = Some(proof.actor().kind);
            task.pause_ms = Some(now);
            task.update(tx)?;
            service.audit_task(tx, &proof, if pause { "task.pause" } else { "task.resume" }, &task)?;
            Ok(true)
        })
        .await
    }

    pub(crate) fn audit_task(&self, tx: &mut Tx<'_>, allowed: &Allowed, action: &str, row: &Task) -> Result<(), Error> {
        self.audit_task_change(tx, allowed, action, row, row)
    }

    /// Tells a task that was another one before.
    pub(crate) fn audit_task_change(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        row: &Task,
        before: &Task,
    ) -> Result<(), Error> {
        let values = audit_states::new_task_values(before, row);
        let change = Change {
            action,
            object: ("task", row.id.as_str()),
            workspace: Some(&row.workspace_id),
            detail: Some(with_change(audit_states::task(row), &[("newValues", values)])),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}
