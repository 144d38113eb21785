//! Plans: the flat form of create calls, and the chart of read calls.

use super::body;
use super::tasks::{ArtifactRef, PauseBody, shown_trigger};
use super::{PageBody, WorkspaceInfo};
use crate::family::Family;
use serde::Serialize;
use stoker_domain::plan::{self, Handler, PlanOutcome, PlanStep};
use stoker_domain::time::to_text;
use stoker_service::Page;
use stoker_service::plan_run_configs::PlanRunConfigView;
use stoker_service::plans::{Named, PlanView};

body!(
    /// `StepErrorHandler` (source: spec).
    HandlerBody {
        /// Tasks.
        task_ids: Vec<String>,
        /// Plans.
        plan_ids: Vec<String>,
    }
);

impl From<Handler> for HandlerBody {
    fn from(handler: Handler) -> Self {
        let Handler { tasks, plans } = handler;
        Self {
            task_ids: tasks.iter().map(ToString::to_string).collect(),
            plan_ids: plans.iter().map(ToString::to_string).collect(),
        }
    }
}

body!(
    /// `Step` (source: spec).
    StepBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// When it counts as passed.
        condition: &'static str,
        /// The tasks it runs side by side.
        task_ids: Vec<String>,
        /// What runs when it fails.
        #[serde(skip_serializing_if = "Option::is_none")]
        handler_on_failure: Option<HandlerBody>,
        /// What to know before a repetition.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }
);

body!(
    /// `Plan`, the answer of create and replace calls (source: spec).
    PlanBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Free text.
        description: String,
        /// Its workspace.
        workspace: WorkspaceInfo,
        /// When it was made.
        create_date: String,
        /// When it last changed.
        update_date: String,
        /// Who made it.
        author: String,
        /// Which kind that is.
        author_type: &'static str,
        /// Its steps in order.
        steps: Vec<StepBody>,
    }
);

impl PlanBody {
    /// Packs a plan.
    pub fn of(view: PlanView) -> Self {
        let workspace = WorkspaceInfo::nested(&view.workspace);
        let plan = view.plan;
        let step = |step: PlanStep| StepBody {
            id: step.id.to_string(),
            name: step.name,
            condition: step.condition.id(),
            task_ids: step.tasks.iter().map(ToString::to_string).collect(),
            handler_on_failure: step.handler.map(HandlerBody::from),
            note: step.note,
        };
        Self {
            id: plan.id.to_string(),
            name: plan.name,
            description: plan.description.unwrap_or_default(),
            workspace,
            create_date: to_text(plan.created_ms),
            update_date: to_text(plan.updated_ms),
            author: plan.author,
            author_type: plan.author_kind.id(),
            steps: plan.steps.0.into_iter().map(step).collect(),
        }
    }
}

/// `PlanTask`, or `ExecutionFlow` in 2.6 (source: spec). Lists show id and workspace only (source: client).
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct FlowBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abstract_plan_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact: Option<ArtifactRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_pause_details: Option<PauseBody>,
    /// 2.6 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pause_details: Option<PauseBody>,
    /// Whether it is a plan; 2.6 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<bool>,
}

fn task_flow(named: &Named, id: &str, family: Family) -> FlowBody {
    let newer = !family.is_tmc();
    let workspace_id = named.tasks.get(id).map(|place| place.workspace_id.to_string());
    let flow = FlowBody { id: Some(id.to_owned()), workspace_id, ..FlowBody::default() };
    let Some((task, artifact_name)) = named.whole.get(id) else { return flow };
    let pause = PauseBody::of(task, family);
    FlowBody {
        name: Some(task.name.clone()),
        version: Some(format!("{}.{}", task.version_major, task.version_minor)),
        description: task.description.clone(),
        destination: Some(task.runtime_type.id()),
        artifact: newer.then(|| ArtifactRef {
            id: task.artifact_id.to_string(),
            name: artifact_name.clone(),
            version: task.artifact_version.clone(),
        }),
        task_pause_details: newer.then(|| pause.clone()),
        pause_details: (!newer).then_some(pause),
        plan: (!newer).then_some(false),
        ..flow
    }
}

fn plan_flow(named: &Named, id: &str, family: Family, whole: bool) -> FlowBody {
    let place = named.plans.get(id);
    FlowBody {
        abstract_plan_id: Some(id.to_owned()),
        name: place.map(|place| place.name.clone()).filter(|_| whole),
        workspace_id: place.map(|place| place.workspace_id.to_string()),
        plan: (whole && family.is_tmc()).then_some(true),
        ..FlowBody::default()
    }
}

/// `PlanStep`, or `ExecutionStep` in 2.6, without the step that follows (source: spec).
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChartStep {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_note: Option<String>,
    status: &'static str,
    flows: Vec<FlowBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_on_exception: Option<Box<ChartStep>>,
}

fn chart_step(named: &Named, step: &PlanStep, family: Family, whole: bool) -> ChartStep {
    let newer = !family.is_tmc();
    let tasks = |ids: &[stoker_domain::ids::TaskId]| -> Vec<String> { ids.iter().map(ToString::to_string).collect() };
    let handler = step.handler.as_ref().map(|handler| {
        let mut flows: Vec<FlowBody> =
            handler.tasks.iter().map(|task| task_flow(named, task.as_str(), family)).collect();
        flows.extend(handler.plans.iter().map(|plan| plan_flow(named, plan.as_str(), family, whole)));
        let task_ids = newer.then(|| tasks(&handler.tasks));
        Box::new(ChartStep { status: plan::CHART_HANDLER, flows, task_ids, ..ChartStep::default() })
    });
    let old = |text: Option<String>| text.filter(|_| !newer);
    let new = |text: Option<String>| text.filter(|_| newer);
    ChartStep {
        id: new(Some(step.id.to_string())),
        name: new(Some(step.name.clone())),
        note: new(step.note.clone()),
        step_id: old(Some(step.id.to_string())),
        step_name: old(Some(step.name.clone())),
        step_note: old(step.note.clone()),
        status: step.condition.chart_status(),
        flows: step.tasks.iter().map(|task| task_flow(named, task.as_str(), family)).collect(),
        task_ids: newer.then(|| tasks(&step.tasks)),
        step_on_exception: handler,
    }
}

/// The chart: each step inside the one before. Written step by step and not as one value, because a plan may have more
/// steps than the stack has room for.
fn chart(view: &PlanView, family: Family, whole: bool) -> Result<Option<String>, serde_json::Error> {
    let steps = &view.plan.steps.0;
    let mut text = String::new();
    for (index, step) in steps.iter().enumerate() {
        let one = serde_json::to_string(&chart_step(&view.named, step, family, whole))?;
        if index > 0 {
            text.push_str(",\"nextStep\":");
        }
        text.push_str(one.strip_suffix('}').unwrap_or(&one));
    }
    text.push_str(&"}".repeat(steps.len()));
    Ok((!steps.is_empty()).then_some(text))
}

/// `PlanExecutableDetails` without its chart (source: spec).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DetailsBody {
    executable: String,
    name: String,
    workspace: WorkspaceInfo,
    description: String,
    /// How its last run stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    plan_pause_details: PauseBody,
}

/// `PlanExecutableDetails` (source: spec), as the text of the body.
pub fn plan_details(view: &PlanView, family: Family, whole: bool) -> Result<String, serde_json::Error> {
    let last = view.last.filter(|(_, outcome)| *outcome != Some(PlanOutcome::Misfired));
    let body = DetailsBody {
        executable: view.plan.id.to_string(),
        name: view.plan.name.clone(),
        workspace: WorkspaceInfo::nested(&view.workspace),
        description: view.plan.description.clone().unwrap_or_default(),
        status: last.map(|(state, outcome)| plan::published_status(state, outcome)),
        plan_pause_details: PauseBody::of_plan(&view.plan, family),
    };
    let mut text = serde_json::to_string(&body)?;
    if let Some(chart) = chart(view, family, whole)? {
        text.pop();
        text.push_str(",\"chart\":");
        text.push_str(&chart);
        text.push('}');
    }
    Ok(text)
}

/// A page of `PlanExecutableDetails`, as the text of the body.
pub fn plan_page(page: Page<PlanView>, family: Family) -> Result<String, serde_json::Error> {
    let items: Result<Vec<String>, _> = page.items.iter().map(|view| plan_details(view, family, false)).collect();
    let empty = PageBody { items: Vec::new(), limit: page.limit, offset: page.offset, total: page.total };
    let frame = serde_json::to_string(&empty)?;
    Ok(frame.replacen("[]", &format!("[{}]", items?.join(",")), 1))
}

/// `PlanRunConfig` (source: spec); 2.6 asks for a runtime too.
pub fn plan_run_config(view: &PlanRunConfigView, family: Family) -> serde_json::Value {
    let mut body = view.plan.run_config.0.clone();
    body.entry("parallelExecutionAllowed").or_insert(serde_json::Value::Bool(false));
    shown_trigger(&mut body, view.webhook_url.as_deref(), family);
    if family.is_tmc() {
        body.entry("runtime").or_insert_with(|| serde_json::json!({ "type": "CLOUD" }));
    } else {
        body.remove("runtime");
    }
    body.into()
}
