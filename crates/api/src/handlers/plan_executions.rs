//! Plan runs (*plan executions* in API paths).

use super::executions::api_version;
use super::{Answer, empty, json, lenient_bool, lenient_int, ok};
use crate::App;
use crate::body::{PageBody, PlanRunBody, StepRunBody, StepRunItem, plan_timeline};
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, Path, Query, page};
use crate::family::Family;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use stoker_domain::ids::{PlanId, PlanRunId, StepRunId};
use stoker_domain::plan::StepKind;
use stoker_service::plan_runs::{PlanRunQuery, PlanStart, Rerun};

fn account(app: &App) -> String {
    app.service.account().map(|id| id.to_string()).unwrap_or_default()
}

/// `PlanExecutable` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    executable: String,
    execution_plan_id: Option<String>,
    step_id: Option<String>,
    #[serde(default, deserialize_with = "lenient_bool")]
    rerun_only_failed_tasks: Option<bool>,
}

impl Start {
    fn rerun(&self) -> Result<Option<Rerun>, ApiError> {
        let given = |text: &Option<String>| text.clone().filter(|t| !t.is_empty());
        let only_failed = self.rerun_only_failed_tasks.unwrap_or(false);
        match (given(&self.execution_plan_id), given(&self.step_id)) {
            (Some(run), Some(step)) => {
                Ok(Some(Rerun { run: PlanRunId::parse(&run)?, step: StepRunId::parse(&step)?, only_failed }))
            }
            (Some(_), None) => Err(ApiError::invalid("stepId: is needed with executionPlanId")),
            (None, Some(_)) => Err(ApiError::invalid("executionPlanId: is needed with stepId")),
            (None, None) if only_failed => {
                Err(ApiError::invalid("executionPlanId: is needed with rerunOnlyFailedTasks"))
            }
            (None, None) => Ok(None),
        }
    }
}

/// `POST /processing/executions/plans`
pub async fn start(State(app): State<App>, Auth(actor): Auth, headers: HeaderMap, Json(body): Json<Start>) -> Answer {
    let rerun = body.rerun()?;
    let request = PlanStart { plan: PlanId::parse(&body.executable)?, rerun, api_version: api_version(&headers) };
    let id = app.service.start_plan(&actor, request).await?;
    json(StatusCode::CREATED, &serde_json::json!({ "executionId": id.as_str() }))
}

/// `GET /processing/executions/plans/{planExecutionId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, In(family): In, Path(id): Path<String>) -> Answer {
    let view = app.service.plan_run(&actor, &PlanRunId::parse(&id)?).await?;
    ok(&PlanRunBody::of(view, &account(&app), family))
}

/// `GET /processing/executions/plans/{planExecutionId}/steps`
pub async fn steps(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let steps = app.service.plan_run_steps(&actor, &PlanRunId::parse(&id)?).await?;
    ok(&steps.iter().map(StepRunItem::of).collect::<Vec<_>>())
}

async fn details(
    app: &App,
    actor: &stoker_service::Actor,
    family: Family,
    ids: (&str, &str),
    kind: StepKind,
) -> Answer {
    let (run, step) = (PlanRunId::parse(ids.0)?, StepRunId::parse(ids.1)?);
    let view = app.service.step_run(actor, &run, &step, kind).await?;
    if family.is_tmc() {
        return ok(&StepRunBody::as_plan(view, &account(app), family));
    }
    ok(&StepRunBody::of(view, &account(app), family))
}

/// `GET /processing/executions/plans/{planExecutionId}/steps/{stepExecutionId}`
pub async fn step(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path((run, step)): Path<(String, String)>,
) -> Answer {
    details(&app, &actor, family, (&run, &step), StepKind::Step).await
}

/// `GET /processing/executions/plans/{planExecutionId}/steps/{stepExecutionId}/error-handler`
pub async fn error_handler(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path((run, step)): Path<(String, String)>,
) -> Answer {
    details(&app, &actor, family, (&run, &step), StepKind::Handler).await
}

/// Filters of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    environment_id: Option<String>,
    workspace_id: Option<String>,
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    from: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    to: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    last_days: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
}

async fn listed(app: &App, actor: &stoker_service::Actor, family: Family, plan: Option<PlanId>, query: List) -> Answer {
    let (limit, offset) = page(query.limit, query.offset)?;
    let query = PlanRunQuery {
        plan,
        environment: query.environment_id,
        workspace: query.workspace_id,
        status: query.status,
        from_ms: query.from,
        to_ms: query.to,
        last_days: query.last_days,
        limit,
        offset,
    };
    let found = app.service.list_plan_runs(actor, query).await?;
    ok(&PageBody::of(found, |view| PlanRunBody::of(view, &account(app), family)))
}

/// `GET /processing/executables/plans/executions`
pub async fn list(State(app): State<App>, Auth(actor): Auth, In(family): In, Query(query): Query<List>) -> Answer {
    listed(&app, &actor, family, None, query).await
}

/// `GET /processing/executables/plans/{planId}/executions`
pub async fn of_plan(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
    Query(query): Query<List>,
) -> Answer {
    listed(&app, &actor, family, Some(PlanId::parse(&id)?), query).await
}

/// `GET /stoker/v1/executions/plans/{id}/timeline`: every step of a plan run, what it started, and what it did not.
pub async fn timeline(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&plan_timeline(&app.service.plan_timeline(&actor, &PlanRunId::parse(&id)?).await?))
}

/// `DELETE /stoker/v1/executions/plans/{id}`: stops a plan run; 204 also when it had ended already.
pub async fn stop(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.stop_plan_run(&actor, &PlanRunId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}
