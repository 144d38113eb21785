//! Runs.

use super::body;
use super::tasks::RuntimeBody;
use crate::family::{Family, TmcVersion};
use serde::Serialize;
use stoker_domain::ids::EngineId;
use stoker_domain::run::{self, Outcome, State};
use stoker_domain::time::to_text;
use stoker_service::rows::{Failing, Run, RunRows};
use stoker_service::run_summary::{Hour, RunSummary};

/// The outcome as a generation knows it: 2.6 has no status for a shut-down engine anywhere, and none for a time-out in
/// the status of one run (source: spec).
fn outcome_for(outcome: Option<Outcome>, family: Family, list: bool) -> Option<Outcome> {
    match outcome {
        Some(Outcome::TerminatedShutdown) if family.is_tmc() => Some(Outcome::Terminated),
        Some(Outcome::TerminatedTimeout) if family.is_tmc() && !list => Some(Outcome::Terminated),
        other => other,
    }
}

body!(
    /// `JobExecutionStatus` (source: spec).
    RunBody {
        /// Id of the run.
        execution_id: String,
        /// When the job started; 2.6 requires it, so there it shows the trigger time until then (source: inferred).
        #[serde(skip_serializing_if = "Option::is_none")]
        start_timestamp: Option<String>,
        /// When it was asked for.
        trigger_timestamp: String,
        /// When it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        finish_timestamp: Option<String>,
        /// Login, or id of a service account.
        user_id: String,
        /// `HUMAN` or `SERVICE`.
        user_type: &'static str,
        /// Id of the task.
        job_id: String,
        /// Version of the task.
        job_version: String,
        /// Always `1.3`.
        environment_version: &'static str,
        /// Upper-case status.
        execution_status: &'static str,
        /// What made it.
        execution_type: &'static str,
        /// Kind of processor.
        execution_destination: &'static str,
        /// Run profile.
        #[serde(skip_serializing_if = "Option::is_none")]
        run_profile_id: Option<String>,
        /// Engine that has or had it.
        #[serde(skip_serializing_if = "Option::is_none")]
        remote_engine_id: Option<String>,
        /// Cluster it was bound to.
        #[serde(skip_serializing_if = "Option::is_none")]
        remote_engine_cluster_id: Option<String>,
        /// Rows that the sources of the job gave; absent for jobs that do not count.
        #[serde(skip_serializing_if = "Option::is_none")]
        number_of_processed_rows: Option<i64>,
        /// Rows that went over reject links.
        #[serde(skip_serializing_if = "Option::is_none")]
        number_of_rejected_rows: Option<i64>,
        /// The account.
        account_id: String,
        /// Workspace of the task.
        workspace_id: String,
        /// The plan run it is part of; so in spite of the name (source: spec).
        #[serde(skip_serializing_if = "Option::is_none")]
        plan_id: Option<String>,
        /// Kind of failure.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_type: Option<String>,
        /// Failure in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_message: Option<String>,
        /// Minutes after which it is stopped; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        timeout: Option<i64>,
        /// Lower-case status; from 2.1 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
        /// Why it did not start; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        misfired_execution_reason: Option<&'static str>,
    }
);

impl RunBody {
    /// A run inside of a plan run; in 2.6 it has no lower-case status there (source: spec).
    pub(super) fn within(row: Run, account: String, family: Family) -> Self {
        let whole = Self::of(row, account, family);
        Self { status: whole.status.filter(|_| !family.is_tmc()), ..whole }
    }

    /// Adds what the job counted.
    pub fn with_rows(self, rows: Option<RunRows>) -> Self {
        let Some(rows) = rows else { return self };
        Self { number_of_processed_rows: rows.processed, number_of_rejected_rows: rows.rejected, ..self }
    }

    /// Packs the status of one run.
    pub fn of(row: Run, account: String, family: Family) -> Self {
        let newer = !family.is_tmc();
        let outcome = outcome_for(row.outcome, family, false);
        let without_status = matches!(family, Family::Tmc(version) if version < TmcVersion { major: 2, minor: 1 });
        let runtime = RuntimeBody::of_run(&row);
        let start = row.start_ms.or((!newer).then_some(row.trigger_ms));
        Self {
            execution_id: row.id.to_string(),
            start_timestamp: start.map(to_text),
            trigger_timestamp: to_text(row.trigger_ms),
            finish_timestamp: row.finish_ms.map(to_text),
            user_id: row.user_id,
            user_type: row.user_kind.id(),
            job_id: row.task_id.to_string(),
            job_version: row.task_version,
            environment_version: "1.3",
            execution_status: run::published_execution_status(row.state, outcome, row.stop_ms.is_some()),
            execution_type: row.run_type.id(),
            execution_destination: row.runtime_type.id(),
            run_profile_id: runtime.run_profile_id,
            remote_engine_id: runtime.engine_id,
            remote_engine_cluster_id: runtime.cluster_id,
            number_of_processed_rows: None,
            number_of_rejected_rows: None,
            account_id: account,
            workspace_id: row.workspace_id.to_string(),
            plan_id: row.plan_run_id.map(|id| id.to_string()),
            error_type: row.error_type,
            error_message: row.error_message,
            timeout: row.timeout_minutes.filter(|_| newer),
            status: (!without_status).then(|| run::published_status(row.state, outcome)),
            misfired_execution_reason: row.misfire_reason.map(|r| r.id()).filter(|_| newer),
        }
    }
}

body!(
    /// `TaskExecutionStatus`, an item of run lists (source: spec).
    RunListItem {
        /// Id of the run.
        execution_id: String,
        /// Id of the task.
        task_id: String,
        /// The plan run it is part of; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        plan_id: Option<String>,
        /// Version of the task.
        task_version: String,
        /// What made it.
        execution_type: &'static str,
        /// Lower-case status.
        status: &'static str,
        /// Upper-case status.
        execution_status: &'static str,
        /// Never absent, because clients read its type (source: client).
        runtime: RuntimeBody,
        /// Failure in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_message: Option<String>,
        /// Why it did not start; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        misfired_execution_reason: Option<&'static str>,
        /// Minutes after which it is stopped.
        #[serde(skip_serializing_if = "Option::is_none")]
        timeout: Option<i64>,
        /// When the job started.
        #[serde(skip_serializing_if = "Option::is_none")]
        start_timestamp: Option<String>,
        /// When it was asked for.
        trigger_timestamp: String,
        /// When it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        finish_timestamp: Option<String>,
        /// Login, or id of a service account.
        user_id: String,
        /// `HUMAN` or `SERVICE`.
        user_type: &'static str,
        /// Whether several runs may be active at once.
        parallel_execution_allowed: bool,
    }
);

impl RunListItem {
    /// Packs a run for a list.
    pub fn of(row: Run, family: Family) -> Self {
        let newer = !family.is_tmc();
        let outcome = outcome_for(row.outcome, family, true);
        let start = row.start_ms.or((!newer).then_some(row.trigger_ms));
        Self {
            execution_id: row.id.to_string(),
            task_id: row.task_id.to_string(),
            plan_id: row.plan_run_id.as_ref().map(ToString::to_string).filter(|_| newer),
            task_version: row.task_version.clone(),
            execution_type: row.run_type.id(),
            status: run::published_status(row.state, outcome),
            execution_status: run::published_execution_status(row.state, outcome, row.stop_ms.is_some()),
            runtime: RuntimeBody::of_run(&row),
            error_message: row.error_message.clone(),
            misfired_execution_reason: row.misfire_reason.map(|r| r.id()).filter(|_| newer),
            timeout: row.timeout_minutes,
            start_timestamp: start.map(to_text),
            trigger_timestamp: to_text(row.trigger_ms),
            finish_timestamp: row.finish_ms.map(to_text),
            user_id: row.user_id.clone(),
            user_type: row.user_kind.id(),
            parallel_execution_allowed: row.parallel,
        }
    }
}

/// What a run looks like in our own timeline answer.
pub fn timeline(row: &Run, events: Vec<stoker_service::rows::RunEvent>) -> serde_json::Value {
    let waits = super::ledger::waits(row, &events);
    let events: Vec<serde_json::Value> = events
        .into_iter()
        .map(|event| {
            let detail: Option<serde_json::Value> = event.detail.and_then(|d| serde_json::from_str(&d).ok());
            let mut body = serde_json::json!({ "at": to_text(event.at_ms), "kind": event.kind });
            if let Some(reason) = detail.as_ref().and_then(|d| d.get("reason")) {
                body["reason"] = reason.clone();
            }
            if let Some(detail) = detail {
                body["detail"] = detail;
            }
            body
        })
        .collect();
    let mut body = serde_json::json!({
        "executionId": row.id.as_str(),
        "taskId": row.task_id.as_str(),
        "taskName": row.task_name,
        "status": run::published_status(row.state, row.outcome),
        "epoch": row.epoch,
        "events": events,
        "waits": waits,
    });
    // Secret ones are kept apart, encrypted, and are never shown.
    if let Ok(parameters) = serde_json::from_str::<serde_json::Value>(&row.parameters) {
        body["parameters"] = parameters;
    }
    if let Some(engine) = row.engine_id.as_ref().map(EngineId::as_str) {
        body["engineId"] = engine.into();
    }
    if let Some(since) = row.unknown_ms.filter(|_| row.state != State::Finished) {
        body["unknownSince"] = to_text(since).into();
    }
    if let Some(code) = row.exit_code {
        body["exitCode"] = code.into();
    }
    body
}

/// What the last day of runs looks like in our own summary.
pub fn run_summary(found: &RunSummary) -> serde_json::Value {
    let hour = |hour: &Hour| {
        serde_json::json!({
            "start": to_text(hour.start_ms),
            "succeeded": hour.succeeded,
            "failed": hour.failed,
            "stopped": hour.stopped,
        })
    };
    let task = |task: &Failing| {
        let last = &task.last;
        let mut body = serde_json::json!({
            "taskId": last.task_id.as_str(),
            "taskName": last.task_name,
            "runs": task.runs,
            "executionId": last.id.as_str(),
            "status": run::published_status(last.state, last.outcome),
            "finishTimestamp": last.finish_ms.map(to_text),
            "worksAgain": task.works_again,
        });
        if let Some(message) = &last.error_message {
            body["errorMessage"] = message.as_str().into();
        }
        body
    };
    serde_json::json!({
        "from": to_text(found.from_ms),
        "to": to_text(found.to_ms),
        "failed": found.failed,
        "failingTasks": found.failing_tasks,
        "failing": found.failing.iter().map(task).collect::<Vec<_>>(),
        "hours": found.hours.iter().map(hour).collect::<Vec<_>>(),
    })
}
