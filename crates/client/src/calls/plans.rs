//! Plans and their runs, schedules, upcoming starts.

use crate::transport::segment;
use crate::{
    Client, ClientError, NewPlan, Page, Pause, Plan, PlanDetails, PlanRun, Schedule, StartPlan, StartedRun, StepRun,
    Trigger, UpcomingStart,
};
use serde_json::json;

const READ: &str = "TMC_OPERATOR and the right VIEW on the workspace";
const WRITE: &str = "TMC_OPERATOR and the right AUTHOR on the workspace";
const START: &str = "TMC_OPERATOR and the right EXECUTE on the workspace";
const RUNS: &str = "/processing/executions/plans";
const SCHEDULES: &str = "/orchestration/schedules";

fn plan(id: &str) -> String {
    format!("/orchestration/executables/plans/{}", segment(id))
}

fn run(id: &str) -> String {
    format!("{RUNS}/{}", segment(id))
}

fn schedule(id: &str) -> String {
    format!("{SCHEDULES}/{}", segment(id))
}

fn paged(offset: u64, limit: Option<u32>) -> [(&'static str, Option<String>); 2] {
    [("offset", Some(offset.to_string())), ("limit", limit.map(|limit| limit.to_string()))]
}

/// What a schedule starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linked {
    /// The task with this id.
    Task(String),
    /// The plan with this id.
    Plan(String),
}

impl Linked {
    fn path(&self) -> String {
        match self {
            Linked::Task(id) => format!("/orchestration/executables/tasks/{}/schedule", segment(id)),
            Linked::Plan(id) => format!("{}/schedule", plan(id)),
        }
    }
}

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses.
impl Client {
    /// One page of plans; `name` is a part of the name.
    pub async fn plans(
        &self,
        workspace_id: Option<&str>,
        name: Option<&str>,
        offset: u64,
    ) -> Result<Page<PlanDetails>, ClientError> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let pairs = [("workspaceId", own(workspace_id)), ("name", own(name)), ("offset", Some(offset.to_string()))];
        self.get("/orchestration/executables/plans").needs(READ).query(pairs).read().await
    }

    /// One plan.
    pub async fn plan(&self, id: &str) -> Result<PlanDetails, ClientError> {
        self.get(plan(id)).needs(READ).read().await
    }

    /// Makes a plan.
    pub async fn create_plan(&self, new: &NewPlan) -> Result<Plan, ClientError> {
        self.post("/orchestration/executables/plans").needs(WRITE).json(new).read().await
    }

    /// Removes a plan; its runs stay as history.
    pub async fn delete_plan(&self, id: &str) -> Result<(), ClientError> {
        self.delete(plan(id)).needs(WRITE).done().await.map(drop)
    }

    /// What starts a plan by itself, as the published object.
    pub async fn plan_run_config(&self, id: &str) -> Result<serde_json::Value, ClientError> {
        self.get(format!("{}/run-config", plan(id))).needs(READ).read().await
    }

    /// The webhook of a plan, without its URL: `lastCallAt` tells when it was last called.
    pub async fn plan_webhook(&self, id: &str) -> Result<serde_json::Value, ClientError> {
        self.get(format!("/stoker/v1/plans/{}/webhook", segment(id))).needs(READ).read().await
    }

    /// Says how long the URL of the webhook of a plan may be called from now on: `expiresAt`, `lifetimeMinutes`, or
    /// neither for no end. Gives the webhook without its URL.
    pub async fn set_plan_webhook_term(
        &self,
        id: &str,
        term: &serde_json::Value,
    ) -> Result<serde_json::Value, ClientError> {
        self.put(format!("/stoker/v1/plans/{}/webhook", segment(id))).needs(START).json(term).read().await
    }

    /// Sets what starts a plan by itself; start from what was read.
    pub async fn set_plan_run_config(
        &self,
        id: &str,
        config: &serde_json::Value,
    ) -> Result<serde_json::Value, ClientError> {
        self.put(format!("{}/run-config", plan(id))).needs(START).json(config).read().await
    }

    /// Pauses or resumes a plan; answers whether that changed anything.
    pub async fn pause_plan(&self, id: &str, pause: bool, context: Option<&str>) -> Result<bool, ClientError> {
        let body = Pause { pause, pause_context: context.map(str::to_owned), user: None, extra: Default::default() };
        let status = self.put(format!("{}/pause", plan(id))).needs(START).json(&body).done().await?;
        Ok(status.as_u16() != 204)
    }

    /// Starts a plan, or repeats a run of it.
    pub async fn start_plan(&self, start: &StartPlan) -> Result<StartedRun, ClientError> {
        self.post(RUNS).needs(START).json(start).read().await
    }

    /// One plan run.
    pub async fn plan_run(&self, id: &str) -> Result<PlanRun, ClientError> {
        self.get(run(id)).needs(READ).read().await
    }

    /// One page of plan runs, newest first; of all plans, or of one.
    pub async fn plan_runs(
        &self,
        plan_id: Option<&str>,
        offset: u64,
        limit: Option<u32>,
    ) -> Result<Page<PlanRun>, ClientError> {
        let path = match plan_id {
            Some(id) => format!("/processing/executables/plans/{}/executions", segment(id)),
            None => "/processing/executables/plans/executions".to_owned(),
        };
        self.get(path).needs(READ).query(paged(offset, limit)).read().await
    }

    /// The steps of a plan run in order, without failure handlers.
    pub async fn plan_run_steps(&self, id: &str) -> Result<Vec<StepRun>, ClientError> {
        self.get(format!("{}/steps", run(id))).needs(READ).read().await
    }

    /// Stops a plan run and everything it has started. Our own addition to the API.
    pub async fn stop_plan_run(&self, id: &str) -> Result<(), ClientError> {
        self.delete(format!("/stoker/v1/executions/plans/{}", segment(id))).needs(START).done().await.map(drop)
    }

    /// One page of schedules.
    pub async fn schedules(&self, environment_id: Option<&str>, offset: u64) -> Result<Page<Schedule>, ClientError> {
        let pairs = [("environmentId", environment_id.map(str::to_owned)), ("offset", Some(offset.to_string()))];
        self.get(SCHEDULES).needs(READ).query(pairs).read().await
    }

    /// One schedule.
    pub async fn schedule(&self, id: &str) -> Result<Schedule, ClientError> {
        self.get(schedule(id)).needs(READ).read().await
    }

    /// Makes a schedule with a first trigger; gives its id.
    pub async fn create_schedule(
        &self,
        environment_id: &str,
        description: &str,
        trigger: &Trigger,
    ) -> Result<Plan, ClientError> {
        let body = json!({ "environmentId": environment_id, "description": description, "trigger": trigger });
        self.post(SCHEDULES).needs(START).json(&body).read().await
    }

    /// Removes a schedule that starts nothing.
    pub async fn delete_schedule(&self, id: &str) -> Result<(), ClientError> {
        self.delete(schedule(id)).needs(START).done().await.map(drop)
    }

    /// Adds a trigger to a schedule.
    pub async fn add_trigger(&self, id: &str, trigger: &Trigger) -> Result<(), ClientError> {
        self.post(format!("{}/triggers", schedule(id))).needs(START).json(trigger).done().await.map(drop)
    }

    /// Removes the trigger of that name from a schedule.
    pub async fn remove_trigger(&self, id: &str, name: &str) -> Result<(), ClientError> {
        let pairs = [("name", Some(name.to_owned()))];
        self.delete(format!("{}/triggers", schedule(id))).needs(START).query(pairs).done().await.map(drop)
    }

    /// Links a schedule to a task or plan in place of whatever started it before.
    pub async fn link_schedule(&self, id: &str, linked: &Linked) -> Result<(), ClientError> {
        self.put(linked.path()).needs(START).json(&json!({ "scheduleId": id })).done().await.map(drop)
    }

    /// Takes the linked schedule from a task or plan.
    pub async fn unlink_schedule(&self, linked: &Linked) -> Result<(), ClientError> {
        self.delete(linked.path()).needs(START).done().await.map(drop)
    }

    /// One page of what will start in an environment from now until `to_ms`, milliseconds since 1970.
    pub async fn upcoming_starts(
        &self,
        environment_id: &str,
        to_ms: i64,
        offset: u64,
    ) -> Result<Page<UpcomingStart>, ClientError> {
        let body = json!({ "environmentId": environment_id, "to": to_ms, "offset": offset });
        self.post("/orchestration/executables/events/search").needs(READ).json(&body).read().await
    }
}
