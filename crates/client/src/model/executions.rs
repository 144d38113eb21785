//! Runs (*executions* in the API), their logs and their timeline.

use super::Extra;
use super::tasks::Runtime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a run stands, the `status` of the contract (source: spec).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum RunStatus {
    /// Accepted, on its way to an engine.
    Dispatching,
    /// On the engine.
    Executing,
    /// Ended well.
    Successful,
    /// Ended well, with rejected rows.
    Rejected,
    /// Ended with an error.
    Failed,
    /// Never started.
    DeployFailed,
    /// Stopped by somebody.
    Terminated,
    /// Stopped because it took too long.
    TerminatedTimeout,
    /// Stopped because its engine shut down.
    TerminatedShutdown,
    /// A status of a newer server.
    Other(String),
}

const STATUSES: [(&str, RunStatus); 9] = [
    ("dispatching", RunStatus::Dispatching),
    ("executing", RunStatus::Executing),
    ("execution_successful", RunStatus::Successful),
    ("execution_rejected", RunStatus::Rejected),
    ("execution_failed", RunStatus::Failed),
    ("deploy_failed", RunStatus::DeployFailed),
    ("terminated", RunStatus::Terminated),
    ("terminated_timeout", RunStatus::TerminatedTimeout),
    ("terminated_shutdown", RunStatus::TerminatedShutdown),
];

impl RunStatus {
    /// The text of the contract.
    pub fn id(&self) -> &str {
        match self {
            RunStatus::Other(text) => text,
            known => STATUSES.iter().find(|(_, status)| status == known).map_or("", |(id, _)| id),
        }
    }

    /// The texts of all statuses, for help and completion.
    pub fn ids() -> impl Iterator<Item = &'static str> {
        STATUSES.iter().map(|(id, _)| *id)
    }

    /// Whether it is one of the two statuses before the end.
    pub fn is_active(&self) -> bool {
        matches!(self, RunStatus::Dispatching | RunStatus::Executing)
    }
}

impl From<String> for RunStatus {
    /// Reads upper and lower case alike.
    fn from(text: String) -> Self {
        let known = STATUSES.iter().find(|(id, _)| id.eq_ignore_ascii_case(&text));
        known.map_or_else(|| RunStatus::Other(text.clone()), |(_, status)| status.clone())
    }
}

impl From<RunStatus> for String {
    fn from(status: RunStatus) -> Self {
        status.id().to_owned()
    }
}

impl std::fmt::Display for RunStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.id())
    }
}

/// Asks for a run. Has no `Debug`, because the values may be secret.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartRun {
    /// Id of the task.
    pub executable: String,
    /// Values for this run only, by artifact parameter name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// `OFF`, `ERROR`, `WARN` or `INFO`; the task's level when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
    /// Minutes after which the run is stopped, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
}

impl StartRun {
    /// A run of the task with its saved values.
    pub fn of_task(id: impl Into<String>) -> Self {
        Self { executable: id.into(), parameters: BTreeMap::new(), log_level: None, timeout: None }
    }
}

/// The answer to a start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedRun {
    /// Id of the run, a UUID.
    pub execution_id: String,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// A UUID.
    pub execution_id: String,
    /// When the job started, RFC 3339; absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<String>,
    /// When the run was asked for, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_timestamp: Option<String>,
    /// When it ended, RFC 3339; absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_timestamp: Option<String>,
    /// Login or service-account id of whoever started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Id of the task (the contract calls it so).
    pub job_id: String,
    /// Version of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_version: Option<String>,
    /// `MANUAL`, `SCHEDULED`, `WEBHOOK` or `PLAN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_type: Option<String>,
    /// The engine that has or had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_engine_id: Option<String>,
    /// The cluster it was sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_engine_cluster_id: Option<String>,
    /// Rows the job counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_of_processed_rows: Option<i64>,
    /// Rows the job rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_of_rejected_rows: Option<i64>,
    /// Where it stands.
    pub status: RunStatus,
    /// Why it failed, a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// Why it failed, a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Why it never started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misfired_execution_reason: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Run {
    /// Whether it is over; also true for a status of a newer server when an end is noted.
    pub fn is_over(&self) -> bool {
        match &self.status {
            RunStatus::Other(_) => self.finish_timestamp.is_some(),
            known => !known.is_active(),
        }
    }
}

/// One run as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunExtract {
    /// A UUID.
    pub execution_id: String,
    /// Id of the task.
    pub task_id: String,
    /// `MANUAL`, `SCHEDULED`, `WEBHOOK` or `PLAN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_type: Option<String>,
    /// Where it stands.
    pub status: RunStatus,
    /// Where it runs or ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Runtime>,
    /// When the job started, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<String>,
    /// When the run was asked for, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_timestamp: Option<String>,
    /// When it ended, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_timestamp: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Lines of a run's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    /// The lines in the order asked for.
    #[serde(default)]
    pub data: Vec<LogEntry>,
    /// Lines the run has by now.
    pub total_size: u64,
    /// Where the next page starts; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_index: Option<u64>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// When, milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_timestamp: Option<i64>,
    /// The line.
    #[serde(default)]
    pub log_message: String,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Everything that happened to a run, oldest first. Our own addition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// The events.
    pub events: Vec<TimelineEvent>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One thing that happened to a run. Our own addition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineEvent {
    /// When, RFC 3339.
    pub at: String,
    /// What, for example `accepted`, `waiting`, `offered`, `started`, `finished`.
    pub kind: String,
    /// Why, for example `no_slot`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// More, a text or an object.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub detail: serde_json::Value,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_read_in_any_case_and_write_in_the_contract_s() {
        for id in RunStatus::ids() {
            let status = RunStatus::from(id.to_uppercase());
            assert!(!matches!(status, RunStatus::Other(_)), "{id}");
            assert_eq!(status.id(), id);
        }
        assert_eq!(RunStatus::from("sleeping".to_owned()).id(), "sleeping");
    }

    #[test]
    fn only_dispatching_and_executing_are_not_over() {
        let active: Vec<_> = RunStatus::ids().filter(|id| RunStatus::from((*id).to_owned()).is_active()).collect();
        assert_eq!(active, ["dispatching", "executing"]);
    }

    #[test]
    fn an_unknown_status_is_over_once_an_end_is_noted() {
        let mut run: Run = serde_json::from_str(r#"{"executionId":"r","jobId":"t","status":"resting"}"#).unwrap();
        assert!(!run.is_over());
        run.finish_timestamp = Some("2026-02-03T09:27:32.120Z".into());
        assert!(run.is_over());
    }

    #[test]
    fn a_start_leaves_out_what_was_not_given() {
        assert_eq!(serde_json::to_string(&StartRun::of_task("t")).unwrap(), r#"{"executable":"t"}"#);
    }
}
