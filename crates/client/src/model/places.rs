//! Environments, workspaces and projects.

use super::Extra;
use serde::{Deserialize, Serialize};

/// An environment, a world of its own such as development or production.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Name, unique in the account.
    #[serde(default)]
    pub name: String,
    /// Free text; not sent in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is the one made with the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Asks for a new environment with its first workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewEnvironment {
    /// Name, unique in the account.
    pub name: String,
    /// Name of the workspace that is made with it.
    pub workspace_name: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A workspace: a shelf of artifacts and tasks in an environment, with its own rights.
///
/// Lists nest the environment, the answer to a creation has `environmentId` instead; [`Workspace::environment_id`] reads
/// both.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// 24 hexadecimal digits; empty inside an engine that serves a whole environment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Name, unique in the environment.
    #[serde(default)]
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Login of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `shared`, `personal` or `custom`; with a capital in the answer to a creation.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its environment, in lists and inside other objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Workspace {
    /// Id of its environment, wherever the answer has it.
    pub fn environment_id(&self) -> Option<&str> {
        let flat = || self.extra.get("environmentId").and_then(serde_json::Value::as_str);
        self.environment.as_ref().map(|environment| environment.id.as_str()).or_else(flat)
    }

    /// Name of its environment; empty when the answer does not have it.
    pub fn environment_name(&self) -> &str {
        self.environment.as_ref().map_or("", |environment| environment.name.as_str())
    }
}

/// Asks for a new custom workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewWorkspace {
    /// Name, unique in the environment.
    pub name: String,
    /// The environment.
    pub environment_id: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Login of the owner; the caller when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A project: where the sources of artifacts are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Name, unique in the account.
    #[serde(default)]
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Login of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// URL of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Asks for a new project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewProject {
    /// Name, unique in the account.
    pub name: String,
    /// Login of the owner.
    pub owner: String,
    /// URL of the repository.
    pub url: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
