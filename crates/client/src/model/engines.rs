//! Remote engines, clusters and run profiles.

use super::Extra;
use super::places::Workspace;
use serde::{Deserialize, Serialize};

/// A remote engine as the server knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Engine {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Name.
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it serves; a workspace with its environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Workspace>,
    /// When it was made, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_date: Option<String>,
    /// `PAIRED` or `NOT_PAIRED`.
    #[serde(default)]
    pub status: String,
    /// `AVAILABLE`, `NOT_AVAILABLE` or `RETIRED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<String>,
    /// The cluster it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// Pairing key, 64 hexadecimal digits; only while not paired. A secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_authorized_key: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Engine {
    /// Whether an installation is bound to it.
    pub fn is_paired(&self) -> bool {
        self.status == "PAIRED"
    }
}

/// An engine with what is on it; not of the published contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineAtWork {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Name.
    pub name: String,
    /// Runs of tasks that it has and that are not over.
    pub runs: i64,
    /// Test runs that it sends.
    pub test_runs: i64,
    /// Absent while it is not drained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Drain>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl EngineAtWork {
    /// How much it still has: runs of tasks and test runs.
    pub fn left(&self) -> i64 {
        self.runs + self.test_runs
    }
}

/// Who drains an engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drain {
    /// Since when, RFC 3339.
    pub since: String,
    /// A login or a service-account id.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Asks for a new engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewEngine {
    /// Name.
    pub name: String,
    /// The environment it serves.
    pub environment_id: String,
    /// Only this workspace; the whole environment when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A cluster: engines that share the runs sent to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Name.
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Workspace>,
    /// `AVAILABLE`, `NOT_AVAILABLE` or `RETIRED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<String>,
    /// Ids of its engines; absent in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engines: Option<Vec<String>>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Asks for a new cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewCluster {
    /// Name.
    pub name: String,
    /// The workspace; the contract wants one.
    pub workspace_id: String,
    /// Its environment.
    pub environment_id: String,
    /// Free text; empty is fine.
    pub description: String,
    /// Ids of the first engines.
    pub remote_engines: Vec<String>,
}

/// Named settings under which an engine starts jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunProfile {
    /// Id.
    #[serde(default)]
    pub id: String,
    /// Name, unique for the engine.
    #[serde(default)]
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `JOB_SERVER`, `MICROSERVICE` or `TALEND_RUNTIME`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Arguments of the Java runtime.
    #[serde(default)]
    pub jvm_arguments: Vec<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Asks for a new run profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewRunProfile {
    /// Name, unique for the engine.
    pub name: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Arguments of the Java runtime.
    pub jvm_arguments: Vec<String>,
    /// `JOB_SERVER` for jobs.
    #[serde(rename = "type")]
    pub kind: String,
    /// Id of the engine.
    pub runtime_id: String,
}
