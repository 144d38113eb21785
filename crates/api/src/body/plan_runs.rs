//! Plan runs and step runs.

use super::{RunBody, body};
use crate::family::{Family, TmcVersion};
use serde::Serialize;
use stoker_domain::plan::{self, PlanOutcome};
use stoker_domain::run;
use stoker_domain::time::to_text;
use stoker_service::plan_runs::{PlanRunView, PlanTimeline, StepRunView};
use stoker_service::rows::{ItemState, PlanRun, StepRun};

body!(
    /// `PlanExecutionStatus` (source: spec).
    PlanRunBody {
        /// Id of the plan run.
        execution_id: String,
        /// When it began.
        start_timestamp: String,
        /// When it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        finish_timestamp: Option<String>,
        /// Login, or id of a service account.
        user_id: String,
        /// `HUMAN` or `SERVICE`.
        user_type: &'static str,
        /// Id of the plan.
        plan_id: String,
        /// Upper-case status.
        execution_status: &'static str,
        /// Lower-case status; from 2.1 on, and in 2.6 in lists only.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
        /// What made it; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        execution_type: Option<&'static str>,
        /// API version of the start call; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        api_version: Option<String>,
        /// How many tasks and plans it means to run.
        planned_executable_count: i64,
        /// How many of them are over.
        done_executable_count: i64,
        /// Runs that are over; not in lists.
        #[serde(skip_serializing_if = "Option::is_none")]
        done_executable_details: Option<Vec<RunBody>>,
        /// Why it did not begin; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        misfired_execution_reason: Option<&'static str>,
    }
);

/// The outcome as a generation knows it: 2.6 has no word for a plan run that did not begin (source: spec).
fn outcome_for(row: &PlanRun, family: Family) -> Option<PlanOutcome> {
    match row.outcome {
        Some(PlanOutcome::Misfired) if family.is_tmc() => Some(PlanOutcome::Failed),
        other => other,
    }
}

impl PlanRunBody {
    /// Packs a plan run, as a list shows it when its runs are not there.
    pub fn of(view: PlanRunView, account: &str, family: Family) -> Self {
        let PlanRunView { run: row, done, runs } = view;
        let newer = !family.is_tmc();
        let outcome = outcome_for(&row, family);
        let listed = runs.is_none();
        let old = matches!(family, Family::Tmc(version) if version < TmcVersion { major: 2, minor: 1 });
        Self {
            execution_id: row.id.to_string(),
            start_timestamp: to_text(row.start_ms),
            finish_timestamp: row.finish_ms.map(to_text),
            user_id: row.user_id,
            user_type: row.user_kind.id(),
            plan_id: row.plan_id.to_string(),
            execution_status: plan::published_execution_status(row.state, outcome),
            status: (newer || (listed && !old)).then(|| plan::published_status(row.state, outcome)),
            execution_type: newer.then(|| row.run_type.id()),
            api_version: row.api_version.filter(|_| newer),
            planned_executable_count: row.planned,
            done_executable_count: done,
            done_executable_details: runs
                .map(|runs| runs.into_iter().map(|run| RunBody::within(run, account.to_owned(), family)).collect()),
            misfired_execution_reason: row.misfire_reason.map(|r| r.id()).filter(|_| newer),
        }
    }
}

body!(
    /// `StepExecution` (source: spec).
    StepRunItem {
        /// Id of the step.
        id: String,
        /// Id of the step run.
        execution_id: String,
        /// When it began.
        #[serde(skip_serializing_if = "Option::is_none")]
        start_timestamp: Option<String>,
        /// When it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        finish_timestamp: Option<String>,
        /// Upper-case status, in the words of plan runs.
        execution_status: &'static str,
    }
);

impl StepRunItem {
    /// Packs a step run for the list of steps.
    pub fn of(row: &StepRun) -> Self {
        Self {
            id: row.definition.0.id.to_string(),
            execution_id: row.id.to_string(),
            start_timestamp: row.start_ms.map(to_text),
            finish_timestamp: row.finish_ms.map(to_text),
            execution_status: plan::published_step_status(row.state, row.outcome),
        }
    }
}

body!(
    /// `StepExecutionDetails` (source: spec).
    StepRunBody {
        /// What the list of steps shows.
        #[serde(flatten)]
        step: StepRunItem,
        /// How many tasks and plans it starts.
        planned_executable_count: i64,
        /// How many of them are over.
        done_executable_count: i64,
        /// Runs of tasks that are over.
        done_task_executable_details: Vec<RunBody>,
        /// Runs of plans that are over.
        done_plan_executable_details: Vec<PlanRunBody>,
    }
);

impl StepRunBody {
    /// Packs a step run.
    pub fn of(view: StepRunView, account: &str, family: Family) -> Self {
        Self {
            step: StepRunItem::of(&view.step),
            planned_executable_count: view.planned,
            done_executable_count: view.done,
            done_task_executable_details: view
                .runs
                .into_iter()
                .map(|run| RunBody::within(run, account.to_owned(), family))
                .collect(),
            done_plan_executable_details: view
                .plans
                .into_iter()
                .map(|child| PlanRunBody::of(child, account, family))
                .collect(),
        }
    }

    /// A step run in the shape that 2.6 publishes for it: that of a plan run (source: spec).
    pub fn as_plan(view: StepRunView, account: &str, family: Family) -> PlanRunBody {
        let StepRunView { run, step, planned, done, runs, .. } = view;
        PlanRunBody {
            execution_id: step.id.to_string(),
            start_timestamp: to_text(step.start_ms.unwrap_or(run.start_ms)),
            finish_timestamp: step.finish_ms.map(to_text),
            user_id: run.user_id,
            user_type: run.user_kind.id(),
            plan_id: run.plan_id.to_string(),
            execution_status: plan::published_step_status(step.state, step.outcome),
            status: None,
            execution_type: None,
            api_version: None,
            planned_executable_count: planned,
            done_executable_count: done,
            done_executable_details: Some(
                runs.into_iter().map(|run| RunBody::within(run, account.to_owned(), family)).collect(),
            ),
            misfired_execution_reason: None,
        }
    }
}

fn item(item: &ItemState) -> serde_json::Value {
    let mut body = serde_json::json!({ "attempt": item.item.attempt });
    let texts = [
        ("taskId", item.item.task_id.as_ref().map(ToString::to_string)),
        ("planId", item.item.plan_id.as_ref().map(ToString::to_string)),
        ("executionId", item.item.run_id.as_ref().map(ToString::to_string)),
        ("planExecutionId", item.item.child_id.as_ref().map(ToString::to_string)),
        ("refused", item.item.refused.clone()),
        ("status", item.run.map(|(state, outcome)| run::published_status(state, outcome).to_owned())),
        ("status", item.child.map(|(state, outcome)| plan::published_status(state, outcome).to_owned())),
        ("startTimestamp", item.start_ms.map(to_text)),
        ("finishTimestamp", item.finish_ms.map(to_text)),
        ("message", item.message.clone()),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            body[name] = text.into();
        }
    }
    body
}

/// What a plan run looks like in our own timeline answer.
pub fn plan_timeline(found: &PlanTimeline) -> serde_json::Value {
    let row = &found.run;
    let step = |step: &StepRun| {
        let mut body = serde_json::to_value(StepRunItem::of(step)).unwrap_or_default();
        body["name"] = step.definition.0.name.clone().into();
        body["kind"] = step.kind.id().into();
        body["condition"] = step.definition.0.condition.id().into();
        if let Some(note) = &step.definition.0.note {
            body["note"] = note.clone().into();
        }
        body["items"] = found.items.iter().filter(|i| i.item.step_run_id == step.id).map(item).collect();
        body
    };
    let mut body = serde_json::json!({
        "executionId": row.id.as_str(),
        "planId": row.plan_id.as_str(),
        "planName": row.plan_name,
        "status": plan::published_status(row.state, row.outcome),
        "startTimestamp": to_text(row.start_ms),
        "userId": row.user_id,
        "userType": row.user_kind.id(),
        "executionType": row.run_type.id(),
        "steps": found.steps.iter().map(step).collect::<Vec<_>>(),
    });
    let texts = [
        ("finishTimestamp", row.finish_ms.map(to_text)),
        ("parentExecutionId", row.parent_id.as_ref().map(ToString::to_string)),
        ("rerunOf", row.rerun_of.as_ref().map(ToString::to_string)),
        ("misfiredExecutionReason", row.misfire_reason.map(|reason| reason.id().to_owned())),
        ("message", row.message.clone()),
        ("dueAt", row.due_ms.map(to_text)),
        ("stopAskedBy", row.stop_user.clone()),
        ("stopAskedAt", row.stop_ms.map(to_text)),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            body[name] = text.into();
        }
    }
    body
}
