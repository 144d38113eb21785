//! Connections and resources.

use super::Extra;
use super::places::Workspace;
use serde::{Deserialize, Serialize};

/// A set of values that tasks of a workspace share, such as the access to one database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Name, unique in the workspace.
    pub name: String,
    /// What it connects to.
    #[serde(default)]
    pub app: String,
    /// Its values; those of secrets are not sent.
    #[serde(default)]
    pub parameters: Vec<ConnectionParameter>,
    /// Its workspace.
    #[serde(default)]
    pub workspace: Workspace,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One value of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionParameter {
    /// Its name.
    pub name: String,
    /// The value; absent for a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether it is a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
}

/// Asks for a new connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewConnection {
    /// Name, unique in the workspace.
    pub name: String,
    /// Id of the workspace.
    pub workspace_id: String,
    /// What it connects to.
    pub app: String,
    /// Its values.
    pub parameters: Vec<ConnectionParameter>,
}

/// A file or folder that tasks of a workspace read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Name, unique in the workspace.
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is one file; a folder else.
    #[serde(default)]
    pub file: bool,
    /// Its workspace.
    #[serde(default)]
    pub workspace_info: Workspace,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Asks for a new resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewResource {
    /// Name, unique in the workspace.
    pub name: String,
    /// Id of the workspace.
    pub workspace_id: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is one file; `false` for the archive of a folder.
    pub file: bool,
}
