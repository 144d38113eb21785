//! Tasks: what a new one takes over from its source, and what an existing one keeps (source: doc).

use super::copy::Copy;
use super::parts;
use super::runtimes::Place;
use crate::error::Error;
use crate::parameters;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use stoker_domain::ids::{ArtifactId, TaskId, WorkspaceId};
use stoker_domain::promotion::{Item, ItemKind, ItemStatus, Level, User};
use stoker_domain::runtime::RuntimeType;
use stoker_store::Tx;
use stoker_store::db::Json;
use stoker_store::promotions::objects;
use stoker_store::tasks::Task;

/// What became of a source task.
#[derive(Clone, Debug)]
pub(super) struct TaskPair {
    pub(super) name: String,
    /// Its id in the target; absent when there is none.
    pub(super) target: Option<TaskId>,
}

/// A source task in terms of the target.
struct Mapped {
    workspace: WorkspaceId,
    artifact: ArtifactId,
    connections: Map<String, Value>,
    resources: Map<String, Value>,
    place: Place,
}

fn version(task: &Task) -> String {
    format!("{}.{}", task.version_major, task.version_minor)
}

/// Adds what is missing; `all` also replaces what is there.
fn merged(into: &mut Map<String, Value>, from: &Map<String, Value>, all: bool) {
    for (name, value) in from {
        if all || !into.contains_key(name) {
            into.insert(name.clone(), value.clone());
        }
    }
}

impl Copy<'_> {
    /// Looks for the task of that name in the target.
    pub(super) fn find_task(&mut self, tx: &mut Tx<'_>, source: &Task) -> Result<(), Error> {
        let Some(place) = self.workspace(tx, &source.workspace_id)?.target else { return Ok(()) };
        if let Some(there) = objects::task(tx, &place.id, &source.name, self.order.how)? {
            self.there.insert(source.id.clone(), there);
        }
        Ok(())
    }

    /// Promotes a task with its artifact version, engine and run profile; [`Copy::find_task`] and [`Copy::parts`] went
    /// before.
    pub(super) fn task(&mut self, tx: &mut Tx<'_>, source: Task) -> Result<(), Error> {
        if self.tasks.contains_key(&source.id) {
            return Ok(());
        }
        let mut item = Item::new(ItemKind::Task, source.id.as_str(), &source.name, ItemStatus::Reused);
        item.version = Some(version(&source));
        item.workspace_id = Some(source.workspace_id.to_string());
        item.artifact_id = Some(source.artifact_id.to_string());
        let target = self.task_into(tx, &source, &mut item)?;
        item.job_type = self.artifact_kind(&source.artifact_id);
        item.target_id = target.as_ref().map(ToString::to_string);
        let user = |item: &Item| User {
            kind: ItemKind::Task,
            id: item.id.clone(),
            target_id: item.target_id.clone(),
            name: item.name.clone(),
        };
        let named: BTreeSet<&str> =
            parts::ids(&source.connections.0).union(&parts::ids(&source.resources.0)).copied().collect();
        for id in named {
            self.uses(id, user(&item));
        }
        self.uses(source.artifact_id.as_str(), user(&item));
        if let Some(runtime) = &source.runtime_id {
            self.uses(runtime, user(&item));
        }
        self.tasks.insert(source.id.clone(), TaskPair { name: source.name.clone(), target });
        self.report(Some(&source.workspace_id), item);
        Ok(())
    }

    fn task_into(&mut self, tx: &mut Tx<'_>, source: &Task, item: &mut Item) -> Result<Option<TaskId>, Error> {
        let workspace = self.workspace(tx, &source.workspace_id)?;
        let Some(place) = workspace.target else {
            item.fail(format!("its workspace {} cannot be promoted", workspace.source.name));
            return Ok(None);
        };
        let there = self.there.remove(&source.id);
        if source.paused {
            item.status = ItemStatus::Skipped;
            item.say(Level::Info, "it is paused: resume it to promote it");
            return Ok(there.map(|task| task.id));
        }
        let Some(mapped) = self.mapped(tx, source, place.id, item)? else { return Ok(None) };
        let made = match there {
            Some(there) => self.changed_task(tx, source, there, mapped, item)?,
            None => self.new_task(tx, source, mapped, item)?,
        };
        item.target_version = Some(version(&made));
        Ok(Some(made.id))
    }

    /// What the source task refers to, in terms of the target; the item says why not.
    fn mapped(
        &mut self,
        tx: &mut Tx<'_>,
        source: &Task,
        workspace: WorkspaceId,
        item: &mut Item,
    ) -> Result<Option<Mapped>, Error> {
        let Some(artifact) = self.artifact_version(tx, &source.artifact_id, &source.artifact_version)? else {
            item.fail("its artifact cannot be promoted");
            return Ok(None);
        };
        let connections = parts::mapped("connections", &source.connections.0, &self.connections, item);
        let resources = parts::mapped("resources", &source.resources.0, &self.resources, item);
        let (Some(connections), Some(resources)) = (connections, resources) else { return Ok(None) };
        match self.place(tx, source, &workspace)? {
            Err(reason) => {
                item.fail(reason);
                Ok(None)
            }
            Ok(place) => Ok(Some(Mapped { workspace, artifact, connections, resources, place })),
        }
    }

    fn new_task(&mut self, tx: &mut Tx<'_>, source: &Task, to: Mapped, item: &mut Item) -> Result<Task, Error> {
        let now = self.order.now;
        let mut task = Task {
            id: TaskId::generate(now, self.service.random()),
            workspace_id: to.workspace,
            environment_id: self.order.target.id.clone(),
            version_major: 1,
            version_minor: 0,
            artifact_id: to.artifact,
            connections: Json(to.connections),
            resources: Json(to.resources),
            parameters: Json(Map::new()),
            // The option is not carried over; a new task stays at its version (source: client).
            auto_upgrade: source.auto_upgrade.as_ref().map(|_| Json(json!({ "autoUpgradable": false }))),
            pause_context: None,
            pause_user: None,
            pause_user_kind: None,
            pause_ms: None,
            runtime_id: to.place.runtime,
            run_profile_id: to.place.profile,
            created_ms: now,
            updated_ms: now,
            ..source.clone()
        };
        if task.runtime_id.is_none() {
            task.runtime_type = RuntimeType::Cloud;
        }
        if task.run_config.0.contains_key("trigger") {
            self.untriggered(&mut task.run_config.0, item);
        }
        self.parameters(tx, source, &mut task, item)?;
        item.status = ItemStatus::Created;
        self.changes.tasks.push(task.clone());
        Ok(task)
    }

    /// Triggers stay behind: the new task is started by hand until somebody says otherwise.
    fn untriggered(&self, config: &mut Map<String, Value>, item: &mut Item) {
        let manual = json!({ "type": "MANUAL" });
        if config.insert("trigger".to_owned(), manual.clone()).is_some_and(|before| before["type"] != manual["type"]) {
            item.say(Level::Info, "its trigger is not promoted: set one in the target when it is wanted");
        }
    }

    /// Brings a target task up to date. Its values, trigger, engine and upgrade settings stay.
    fn changed_task(
        &mut self,
        tx: &mut Tx<'_>,
        source: &Task,
        there: Task,
        to: Mapped,
        item: &mut Item,
    ) -> Result<Task, Error> {
        let mut task = there.clone();
        task.description.clone_from(&source.description);
        task.tags = source.tags.clone();
        task.artifact_id = to.artifact;
        task.artifact_version.clone_from(&source.artifact_version);
        merged(&mut task.connections.0, &to.connections, false);
        merged(&mut task.resources.0, &to.resources, !self.order.keep_resources);
        if task.runtime_id.is_none() && to.place.runtime.is_some() {
            task.runtime_type = source.runtime_type;
            task.runtime_id = to.place.runtime;
            task.run_profile_id = to.place.profile;
        } else if task.runtime_id == to.place.runtime && !self.order.keep_profiles && to.place.profile.is_some() {
            task.run_profile_id = to.place.profile;
        }
        self.parameters(tx, source, &mut task, item)?;
        if task == there {
            return Ok(there);
        }
        if task.artifact_id != there.artifact_id || task.artifact_version != there.artifact_version {
            task.version_major += 1;
            task.version_minor = 0;
        } else {
            task.version_minor += 1;
        }
        task.updated_ms = self.order.now;
        item.status = ItemStatus::Replaced;
        self.changes.changed_tasks.push(task.clone());
        Ok(task)
    }

    /// Adds the parameters that the target task does not have.
    fn parameters(&mut self, tx: &mut Tx<'_>, source: &Task, task: &mut Task, item: &mut Item) -> Result<(), Error> {
        if source.parameters.0.keys().all(|name| task.parameters.0.contains_key(name)) {
            return Ok(());
        }
        let manifest = self.manifest(tx, &source.artifact_id, &source.artifact_version)?;
        let tools = (&self.service.inner.keys, self.service.random());
        let environment = &self.order.target.name;
        let open = parameters::promoted(
            task.id.as_str(),
            &source.parameters.0,
            &mut task.parameters.0,
            &manifest,
            environment,
            tools,
        );
        for name in open {
            item.say(Level::Warn, format!("parameter {name} is secret and was not taken over: set it in the target"));
        }
        Ok(())
    }
}
