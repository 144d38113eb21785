//! Artifacts and their versions.

use super::Extra;
use super::places::Workspace;
use serde::{Deserialize, Serialize};

/// An artifact: the published versions of one job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Name, unique in the workspace.
    pub name: String,
    /// `standard`, `big_data_batch`, `route`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// Versions, newest first (`client`).
    #[serde(default)]
    pub versions: Vec<String>,
    /// Where it lies.
    #[serde(default)]
    pub workspace: Workspace,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One version of an artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactVersion {
    /// Id of the artifact.
    pub id: String,
    /// Name of the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For example `0.1.4.20260201093000`.
    pub version: String,
    /// `standard`, `big_data_batch`, `route`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// Who published it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// When, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_date: Option<String>,
    /// What a task may set.
    #[serde(default)]
    pub parameters: Vec<ArtifactParameter>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One value that a task or a run may set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArtifactParameter {
    /// Name, the key in `parameters` of tasks and runs.
    pub name: String,
    /// Default; absent for secret ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// For example `String` or `Password`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Whether a task must set it.
    #[serde(default)]
    pub required: bool,
    /// Comment of the job's author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Where an archive is published to; see [`Client::publish_artifact`](crate::Client::publish_artifact).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishTarget {
    /// The workspace.
    pub workspace_id: String,
    /// Name of the artifact; `None` leaves it to the archive.
    pub name: Option<String>,
    /// New version; `None` leaves it to the archive.
    pub version: Option<String>,
    /// Type, when the archive does not say it; for example `standard`.
    pub kind: Option<String>,
}
