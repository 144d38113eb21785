//! Settings of the server, and how it is.

use super::Extra;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A setting as it is in force on the server that answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerSetting {
    /// Its name, as in the settings file.
    pub name: String,
    /// What its value looks like: `number`, `choice`, `list` or `provider`.
    pub kind: String,
    /// The value in force.
    pub value: Value,
    /// The value where nobody set any.
    pub default: Value,
    /// Where the value comes from: `default`, `set` or `file`.
    pub from: String,
    /// What a number counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How often it was changed by calls.
    pub version: i64,
    /// What it does.
    pub meaning: String,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Asks for another value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SettingValue {
    /// The value.
    pub value: Value,
    /// The version that was read; whatever it is now when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

/// How an installation is, seen from the server that answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct System {
    /// Version of the server's program.
    pub version: String,
    /// Since when this server runs, RFC 3339.
    pub since: String,
    /// URL under which clients and engines reach the installation.
    pub public_url: String,
    /// Its database.
    pub database: SystemDatabase,
    /// Runs that are not finished.
    pub runs: SystemRuns,
    /// Its engines.
    pub engines: SystemEngines,
    /// Days for which log lines are kept; 0 is for ever.
    pub keep_logs_days: i64,
    /// The disk of the data folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<SystemDisk>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The database of an installation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemDatabase {
    /// `sqlite` or `postgres`.
    pub kind: String,
    /// Its size on its disk, bytes.
    pub bytes: i64,
    /// The last migration it has.
    pub schema: String,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Runs that are not finished.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemRuns {
    /// Wait for an engine.
    pub waiting: i64,
    /// An engine has them.
    pub running: i64,
    /// Those of them whose engine fell silent.
    pub unknown: i64,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Engines of an installation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemEngines {
    /// Heard of.
    pub available: i64,
    /// Paired, but stopped or silent.
    pub silent: i64,
    /// Never paired.
    pub unpaired: i64,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Room on a disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemDisk {
    /// What the server may still write, bytes.
    pub free_bytes: i64,
    /// All there is, bytes.
    pub total_bytes: i64,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}
