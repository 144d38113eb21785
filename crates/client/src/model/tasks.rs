//! Tasks and their run configuration.

use super::Extra;
use super::places::Workspace;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A task as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskExtract {
    /// Id of the task, 24 hexadecimal digits.
    pub executable: String,
    /// Name, unique in the workspace.
    #[serde(default)]
    pub name: String,
    /// Where it lies.
    #[serde(default)]
    pub workspace: Workspace,
    /// The artifact it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_id: Option<String>,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Runtime>,
    /// Whether it is paused (`client`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_pause_details: Option<Pause>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A task: an artifact version with values, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Name, unique in the workspace.
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it lies.
    #[serde(default)]
    pub workspace: Workspace,
    /// Version of the definition, counted by the server.
    pub version: String,
    /// The artifact version it runs.
    pub artifact: ArtifactRef,
    /// Labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Artifact parameter name to value; secret values are never sent by the server.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Connection name of the artifact to connection id.
    #[serde(default)]
    pub connections: BTreeMap<String, String>,
    /// Resource parameter of the artifact to resource id.
    #[serde(default)]
    pub resources: BTreeMap<String, String>,
    /// Whether it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_pause_details: Option<Pause>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Names one artifact version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRef {
    /// Id of the artifact.
    pub id: String,
    /// Name of the artifact; only in answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Version of the artifact.
    pub version: String,
}

/// Asks for a new task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTask {
    /// The workspace.
    pub workspace_id: String,
    /// The environment of the workspace; the published contract wants both.
    pub environment_id: String,
    /// Name, unique in the workspace.
    pub name: String,
    /// Free text; empty is fine.
    pub description: String,
    /// Labels.
    pub tags: Vec<String>,
    /// The artifact version to run.
    pub artifact: ArtifactRef,
    /// Artifact parameter name to value.
    pub parameters: BTreeMap<String, String>,
    /// Connection name of the artifact to connection id.
    pub connections: BTreeMap<String, String>,
    /// Resource parameter of the artifact to resource id.
    pub resources: BTreeMap<String, String>,
    /// Whether it follows new versions of the artifact, as the published object; pinned when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_upgrade_info: Option<serde_json::Value>,
}

impl NewTask {
    /// A copy of a task, to be changed field by field. Secret values are never sent, so they are not among its parameters.
    pub fn of(task: &Task) -> Self {
        Self {
            workspace_id: task.workspace.id.clone(),
            environment_id: task.workspace.environment_id().unwrap_or_default().to_owned(),
            name: task.name.clone(),
            description: task.description.clone().unwrap_or_default(),
            tags: task.tags.clone(),
            artifact: ArtifactRef { name: None, ..task.artifact.clone() },
            parameters: task.parameters.clone(),
            connections: task.connections.clone(),
            resources: task.resources.clone(),
            auto_upgrade_info: task.extra.get("autoUpgradeInfo").cloned(),
        }
    }
}

/// Replaces a whole task: what is left out is gone afterwards (`client`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskUpdate {
    /// The workspace.
    pub workspace_id: String,
    /// Name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Labels.
    pub tags: Vec<String>,
    /// The artifact version to run.
    pub artifact: ArtifactRef,
    /// Artifact parameter name to value.
    pub parameters: BTreeMap<String, String>,
    /// Connection name of the artifact to connection id.
    pub connections: BTreeMap<String, String>,
    /// Resource parameter of the artifact to resource id.
    pub resources: BTreeMap<String, String>,
}

impl TaskUpdate {
    /// An update that changes nothing, to be changed field by field.
    pub fn of(task: &Task) -> Self {
        Self {
            workspace_id: task.workspace.id.clone(),
            name: task.name.clone(),
            description: task.description.clone().unwrap_or_default(),
            tags: task.tags.clone(),
            artifact: ArtifactRef { name: None, ..task.artifact.clone() },
            parameters: task.parameters.clone(),
            connections: task.connections.clone(),
            resources: task.resources.clone(),
        }
    }
}

/// How and where a task runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunConfig {
    /// When it starts by itself; `{"type": "MANUAL"}` for never.
    pub trigger: serde_json::Value,
    /// Where it runs.
    pub runtime: Runtime,
    /// Whether two runs may be active at once; false when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel_execution_allowed: Option<bool>,
    /// `OFF`, `ERROR`, `WARN` or `INFO`; `WARN` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
    /// Minutes after which a run is stopped, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl RunConfig {
    /// The trigger of what is started by hand.
    pub fn manual_trigger() -> serde_json::Value {
        serde_json::json!({"type": "MANUAL"})
    }

    /// A configuration that starts only by hand.
    pub fn manual(runtime: Runtime) -> Self {
        Self {
            trigger: Self::manual_trigger(),
            runtime,
            parallel_execution_allowed: None,
            log_level: None,
            timeout: None,
            extra: Extra::new(),
        }
    }
}

/// Where a task runs or a run ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Runtime {
    /// `REMOTE_ENGINE`, `REMOTE_ENGINE_CLUSTER`, `CLOUD`, ...
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Id of the engine or cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Id of the engine; only in answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_id: Option<String>,
    /// Id of the cluster; only in answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// Id of the run profile; the engine's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_profile_id: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Runtime {
    /// One engine.
    pub fn engine(id: impl Into<String>) -> Self {
        Self { kind: "REMOTE_ENGINE".into(), id: Some(id.into()), ..Self::default() }
    }

    /// One cluster.
    pub fn cluster(id: impl Into<String>) -> Self {
        Self { kind: "REMOTE_ENGINE_CLUSTER".into(), id: Some(id.into()), ..Self::default() }
    }
}

/// Whether a task is paused, by whom and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// True while new runs are refused.
    pub pause: bool,
    /// Why, in somebody's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_context: Option<String>,
    /// Who paused it; only in answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_survives_reading_and_writing_with_fields_of_the_future() {
        let body = serde_json::json!({
            "id": "66f0a1b2c3d4e5f60123000a", "name": "Load orders", "version": "1.0",
            "workspace": {"id": "66f0a1b2c3d4e5f601230002", "name": "Sales", "type": "custom",
                          "environment": {"id": "66f0a1b2c3d4e5f601230001", "name": "DEV", "default": true}},
            "artifact": {"id": "66f0a1b2c3d4e5f601230005", "name": "load_orders", "version": "0.1.4"},
            "tags": ["sales"], "parameters": {"parameter_day": "2026-02-01"}, "connections": {}, "resources": {},
            "taskPauseDetails": {"pause": false}, "inventedLater": [1, 2]
        });
        let task: Task = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(task.workspace.environment_id(), Some("66f0a1b2c3d4e5f601230001"));
        assert_eq!(serde_json::to_value(&task).unwrap(), body);
    }

    #[test]
    fn an_update_keeps_everything_and_names_the_workspace_flat() {
        let task: Task = serde_json::from_value(serde_json::json!({
            "id": "t", "name": "n", "version": "3.1", "workspace": {"id": "w"},
            "artifact": {"id": "a", "name": "x", "version": "1"}, "connections": {"db": "c"}
        }))
        .unwrap();
        let body = serde_json::to_value(TaskUpdate::of(&task)).unwrap();
        assert_eq!(body["workspaceId"], "w");
        assert_eq!(body["connections"]["db"], "c");
        assert!(body.get("version").is_none() && body.get("workspace").is_none(), "{body}");
        assert_eq!(body["artifact"], serde_json::json!({"id": "a", "version": "1"}));
    }
}
