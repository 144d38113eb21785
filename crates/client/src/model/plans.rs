//! Plans, their runs, schedules and upcoming starts.

use super::Extra;
use super::places::Workspace;
use super::tasks::Pause;
use serde::{Deserialize, Serialize};

/// A plan as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanDetails {
    /// Id of the plan.
    pub executable: String,
    /// Name, unique in the workspace.
    #[serde(default)]
    pub name: String,
    /// Where it lies.
    #[serde(default)]
    pub workspace: Workspace,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How its last run stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Whether it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_pause_details: Option<Pause>,
    /// Everything else, the chart of its steps among it.
    #[serde(flatten)]
    pub extra: Extra,
}

impl PlanDetails {
    /// The steps of its chart, as a new plan takes them: without ids.
    pub fn steps(&self) -> Vec<NewStep> {
        let (mut steps, mut next) = (Vec::new(), self.extra.get("chart"));
        while let Some(step) = next.filter(|step| step.is_object()) {
            steps.push(NewStep::of_chart(step));
            next = step.get("nextStep");
        }
        steps
    }
}

impl NewStep {
    /// A chart tells the condition of a step by the status that it needs, and tasks and plans as flows.
    fn of_chart(step: &serde_json::Value) -> Self {
        let flows = |of: &serde_json::Value, key: &str| -> Vec<String> {
            let all = of["flows"].as_array().into_iter().flatten();
            all.filter_map(|flow| flow[key].as_str().map(str::to_owned)).collect()
        };
        let condition = match step["status"].as_str() {
            Some("PARTIAL_SUCCESS") => "AT_LEAST_ONE_SUCCEEDED",
            Some("PROCEED") => "ALWAYS_PROCEED_ON",
            _ => "ALL_SUCCEEDED",
        };
        let mut extra = Extra::new();
        let handler = &step["stepOnException"];
        if handler.is_object() {
            let (tasks, plans) = (flows(handler, "id"), flows(handler, "abstractPlanId"));
            extra.insert("handlerOnFailure".to_owned(), serde_json::json!({ "taskIds": tasks, "planIds": plans }));
        }
        if let Some(note) = step["note"].as_str() {
            extra.insert("note".to_owned(), note.into());
        }
        Self {
            name: step["name"].as_str().unwrap_or_default().to_owned(),
            condition: condition.to_owned(),
            task_ids: flows(step, "id"),
            extra,
        }
    }
}

/// One step of a new plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewStep {
    /// Its name.
    pub name: String,
    /// `ALL_SUCCEEDED`, `AT_LEAST_ONE_SUCCEEDED` or `ALWAYS_PROCEED_ON`.
    pub condition: String,
    /// Ids of its tasks; they run side by side.
    pub task_ids: Vec<String>,
    /// Everything else, the failure handler among it.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Asks for a new plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPlan {
    /// The workspace.
    pub workspace_id: String,
    /// Name, unique in the workspace.
    pub name: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Steps in order.
    pub steps: Vec<NewStep>,
}

/// The answer to a new plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Asks for a run of a plan, or for a repetition of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartPlan {
    /// Id of the plan.
    pub executable: String,
    /// The plan run to repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_plan_id: Option<String>,
    /// The step run of it to begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_id: Option<String>,
    /// Whether tasks that succeeded are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerun_only_failed_tasks: Option<bool>,
}

/// A plan run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanRun {
    /// Its id.
    pub execution_id: String,
    /// Id of the plan.
    pub plan_id: String,
    /// `executing`, `execution_successful`, `execution_failed` or `execution_misfired`.
    #[serde(default)]
    pub status: String,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_timestamp: Option<String>,
    /// `MANUAL`, `SCHEDULED`, `WEBHOOK` or `PLAN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_type: Option<String>,
    /// Tasks and plans it means to run.
    #[serde(default)]
    pub planned_executable_count: u64,
    /// How many of them are over.
    #[serde(default)]
    pub done_executable_count: u64,
    /// Why it did not begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misfired_execution_reason: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl PlanRun {
    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.status != "executing"
    }
}

/// A step of a plan run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRun {
    /// Id of the step.
    pub id: String,
    /// Id of the step run.
    pub execution_id: String,
    /// `UNDEFINED` before it begins, `STARTED`, `EXECUTION_SUCCESS` or `EXECUTION_FAILED`.
    pub execution_status: String,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A schedule: triggers of time that start one task or plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// Its id.
    pub id: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Its triggers.
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    /// Its environment.
    pub environment_id: String,
    /// What it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable_id: Option<String>,
    /// `Task` or `Plan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable_type: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A trigger of a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trigger {
    /// Unique in the schedule.
    pub name: String,
    /// `ONCE`, `DAILY`, `WEEKLY`, `MONTHLY` or `CRON`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of a time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// For `CRON`: minute, hour, day of month, month, day of week, and a year if wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron_expression: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Trigger {
    /// A trigger by a cron expression.
    pub fn cron(name: &str, expression: &str, zone: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: "CRON".to_owned(),
            time_zone: Some(zone.to_owned()),
            cron_expression: Some(expression.to_owned()),
            extra: Extra::new(),
        }
    }
}

/// A start that will happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpcomingStart {
    /// Id of the task or plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `TASK` or `PLAN`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When.
    pub date: String,
    /// Name of the trigger; absent for the trigger of a run configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_trigger_name: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}
