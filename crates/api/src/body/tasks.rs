//! Tasks and their run configuration.

use super::WorkspaceInfo;
use super::body;
use crate::family::Family;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use stoker_domain::runtime::RuntimeType;
use stoker_domain::time::to_text;
use stoker_service::rows::{Plan, Run, Task};
use stoker_service::run_configs::RunConfigView;
use stoker_service::tasks::{TaskView, shown_parameters};

body!(
    /// `PauseDetails` (source: spec).
    PauseBody {
        /// Whether it is paused.
        pause: bool,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        pause_context: Option<String>,
        /// Who; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// Which kind; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_type: Option<&'static str>,
        /// When; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        pause_date: Option<String>,
    }
);

impl PauseBody {
    pub(super) fn of_plan(row: &Plan, family: Family) -> Self {
        let newer = !family.is_tmc();
        Self {
            pause: row.paused,
            pause_context: row.pause_context.clone(),
            user: row.pause_user.clone().filter(|_| newer),
            user_type: row.pause_user_kind.map(|k| k.id()).filter(|_| newer),
            pause_date: row.pause_ms.map(to_text).filter(|_| newer),
        }
    }

    pub(super) fn of(row: &Task, family: Family) -> Self {
        let newer = !family.is_tmc();
        Self {
            pause: row.paused,
            pause_context: row.pause_context.clone(),
            user: row.pause_user.clone().filter(|_| newer),
            user_type: row.pause_user_kind.map(|k| k.id()).filter(|_| newer),
            pause_date: row.pause_ms.map(to_text).filter(|_| newer),
        }
    }
}

body!(
    /// `BaseArtifactVersion` (source: spec).
    ArtifactRef {
        /// Id of the artifact.
        id: String,
        /// Its name.
        name: String,
        /// Version text.
        version: String,
    }
);

body!(
    /// `TaskV21` (source: spec).
    TaskBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Free text.
        description: String,
        /// Its workspace.
        workspace: WorkspaceInfo,
        /// Its version, kept by the server.
        version: String,
        /// What it runs.
        artifact: ArtifactRef,
        /// Labels.
        tags: Vec<String>,
        /// Connection key to connection id.
        connections: serde_json::Map<String, serde_json::Value>,
        /// Parameters; secret ones are empty.
        parameters: BTreeMap<String, String>,
        /// Resource parameter to resource id.
        resources: serde_json::Map<String, serde_json::Value>,
        /// Upgrade settings.
        #[serde(skip_serializing_if = "Option::is_none")]
        auto_upgrade_info: Option<serde_json::Value>,
        /// Whether it is paused.
        task_pause_details: PauseBody,
    }
);

impl TaskBody {
    /// Packs a task.
    pub fn of(view: TaskView, family: Family) -> Self {
        let pause = PauseBody::of(&view.task, family);
        let TaskView { task, artifact_name, workspace } = view;
        Self {
            id: task.id.to_string(),
            name: task.name,
            description: task.description.unwrap_or_default(),
            workspace: WorkspaceInfo::nested(&workspace),
            version: format!("{}.{}", task.version_major, task.version_minor),
            artifact: ArtifactRef {
                id: task.artifact_id.to_string(),
                name: artifact_name,
                version: task.artifact_version,
            },
            tags: task.tags.0,
            connections: task.connections.0,
            parameters: shown_parameters(&task.parameters.0),
            resources: task.resources.0,
            auto_upgrade_info: task.auto_upgrade.map(|j| j.0),
            task_pause_details: pause,
        }
    }
}

body!(
    /// `Runtime` (source: spec).
    RuntimeBody {
        /// Kind of processor.
        r#type: &'static str,
        /// Engine or cluster id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Engine id.
        #[serde(skip_serializing_if = "Option::is_none")]
        engine_id: Option<String>,
        /// Cluster id.
        #[serde(skip_serializing_if = "Option::is_none")]
        cluster_id: Option<String>,
        /// Run profile id.
        #[serde(skip_serializing_if = "Option::is_none")]
        run_profile_id: Option<String>,
    }
);

impl RuntimeBody {
    /// The runtime of a task.
    pub fn of_task(row: &Task) -> Self {
        let id = row.runtime_id.clone();
        Self {
            r#type: row.runtime_type.id(),
            engine_id: id.clone().filter(|_| row.runtime_type == RuntimeType::RemoteEngine),
            cluster_id: id.clone().filter(|_| row.runtime_type == RuntimeType::RemoteEngineCluster),
            id,
            run_profile_id: row.run_profile_id.as_ref().map(ToString::to_string),
        }
    }

    /// The runtime of a task in a list, where only `id` names the engine or cluster (source: spec).
    fn listed(row: &Task) -> Self {
        Self { engine_id: None, cluster_id: None, ..Self::of_task(row) }
    }

    pub(super) fn of_run(row: &Run) -> Self {
        let cluster = (row.runtime_type == RuntimeType::RemoteEngineCluster).then(|| row.target_id.clone());
        let engine = match row.runtime_type {
            RuntimeType::RemoteEngine => Some(row.target_id.clone()),
            _ => row.engine_id.as_ref().map(ToString::to_string),
        };
        Self {
            r#type: row.runtime_type.id(),
            id: Some(row.target_id.clone()),
            engine_id: engine,
            cluster_id: cluster,
            run_profile_id: row.run_profile_id.as_ref().map(ToString::to_string),
        }
    }
}

body!(
    /// `TaskExtract` (source: spec; pause details and tags: client).
    TaskExtract {
        /// Id of the task.
        executable: String,
        /// Its name.
        name: String,
        /// Its workspace.
        workspace: WorkspaceInfo,
        /// Its artifact; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        artifact_id: Option<String>,
        /// Where it runs; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        runtime: Option<RuntimeBody>,
        /// Whether it is paused; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        task_pause_details: Option<PauseBody>,
        /// Labels; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        tags: Option<Vec<String>>,
    }
);

impl TaskExtract {
    /// Packs a task for a list.
    pub fn of(view: TaskView, family: Family) -> Self {
        let newer = !family.is_tmc();
        Self {
            executable: view.task.id.to_string(),
            name: view.task.name.clone(),
            workspace: WorkspaceInfo::nested(&view.workspace),
            artifact_id: newer.then(|| view.task.artifact_id.to_string()),
            runtime: newer.then(|| RuntimeBody::listed(&view.task)),
            task_pause_details: newer.then(|| PauseBody::of(&view.task, family)),
            tags: newer.then_some(view.task.tags.0),
        }
    }
}

/// Puts the trigger of a run configuration as a generation shows it into the body; the older one has neither
/// `startTime` nor all fields of a webhook.
pub(super) fn shown_trigger(body: &mut Map<String, Value>, webhook_url: Option<&str>, family: Family) {
    let trigger = body.entry("trigger").or_insert_with(|| serde_json::json!({ "type": "MANUAL" }));
    if let Some(webhook) = trigger.get_mut("webhook").and_then(Value::as_object_mut) {
        if let Some(url) = webhook_url {
            webhook.insert("url".to_owned(), url.into());
        }
        if family.is_tmc() {
            webhook.shift_remove("runAsUserType");
            webhook.shift_remove("executionTimeout");
        }
    }
    if family.is_tmc()
        && let Some(trigger) = trigger.as_object_mut()
    {
        trigger.shift_remove("startTime");
    }
}

/// `TaskRunConfig` (source: spec); the older generation has no `timeout`.
pub fn run_config(view: &RunConfigView, family: Family) -> Value {
    let row = &view.task;
    let mut body = row.run_config.0.clone();
    shown_trigger(&mut body, view.webhook_url.as_deref(), family);
    body.entry("parallelExecutionAllowed").or_insert(Value::Bool(false));
    body.entry("logLevel").or_insert_with(|| "WARN".into());
    if family.is_tmc() {
        body.shift_remove("timeout");
    }
    body.insert("runtime".to_owned(), serde_json::to_value(RuntimeBody::of_task(row)).unwrap_or_default());
    body.into()
}

/// `DETaskRunConfig` (source: spec): like the run configuration, with only a run profile in place of the runtime.
pub fn de_run_config(view: &RunConfigView, family: Family) -> serde_json::Value {
    let mut body = run_config(view, family);
    if let Some(fields) = body.as_object_mut() {
        fields.shift_remove("runtime");
        fields.shift_remove("remoteRunAsUser");
        if let Some(id) = &view.task.run_profile_id {
            fields.insert("runProfileId".to_owned(), id.as_str().into());
        }
    }
    body
}
