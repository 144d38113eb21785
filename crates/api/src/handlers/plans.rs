//! Plans and their run configuration.

use super::tasks::Pause;
use super::triggers::choice;
use super::{Answer, empty, json, lenient_bool, lenient_int, ok};
use crate::App;
use crate::body::{PlanBody, plan_details, plan_page, plan_run_config};
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, Path, Query, page};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Map, Value};
use stoker_domain::ids::PlanId;
use stoker_domain::plan::StepCondition;
use stoker_domain::runtime::RuntimeType;
use stoker_service::plan_run_configs::PlanRunConfigRequest;
use stoker_service::plans::{PlanQuery, PlanRequest, StepRequest};

/// A body that was written as text, because its nesting has no bounds.
fn written(text: Result<String, serde_json::Error>) -> Answer {
    let text = text.map_err(stoker_service::Error::internal)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// Filters of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    environment_id: Option<String>,
    workspace_id: Option<String>,
    task_id: Option<String>,
    plan_id: Option<String>,
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
}

/// `GET /orchestration/executables/plans`
pub async fn list(State(app): State<App>, Auth(actor): Auth, In(family): In, Query(query): Query<List>) -> Answer {
    let (limit, offset) = page(query.limit, query.offset)?;
    let query = PlanQuery {
        plan: query.plan_id,
        environment: query.environment_id,
        workspace: query.workspace_id,
        task: query.task_id,
        name: query.name,
        limit,
        offset,
    };
    written(plan_page(app.service.list_plans(&actor, query).await?, family))
}

/// `StepErrorHandler` (source: spec).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handler {
    task_ids: Option<Vec<String>>,
    plan_ids: Option<Vec<String>>,
}

/// `Step` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    id: Option<String>,
    name: String,
    condition: String,
    task_ids: Vec<String>,
    handler_on_failure: Option<Handler>,
    note: Option<String>,
}

/// `PlanRequest` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    name: String,
    workspace_id: String,
    description: Option<String>,
    steps: Vec<Step>,
}

impl Body {
    fn request(self) -> Result<PlanRequest, ApiError> {
        let steps = self.steps.into_iter().enumerate().map(|(index, step)| step.request(index));
        Ok(PlanRequest {
            workspace: self.workspace_id,
            name: self.name,
            description: self.description,
            steps: steps.collect::<Result<_, _>>()?,
        })
    }
}

impl Step {
    fn request(self, index: usize) -> Result<StepRequest, ApiError> {
        let condition = StepCondition::from_id(&self.condition).ok_or_else(|| {
            let known: Vec<&str> = StepCondition::ALL.iter().map(|c| c.id()).collect();
            let (given, known) = (&self.condition, known.join(" or "));
            ApiError::invalid(format!("steps[{index}].condition: {given:?} is not {known}"))
        })?;
        let handler = self.handler_on_failure.unwrap_or_default();
        Ok(StepRequest {
            id: self.id,
            name: self.name,
            condition,
            tasks: self.task_ids,
            handler_tasks: handler.task_ids.unwrap_or_default(),
            handler_plans: handler.plan_ids.unwrap_or_default(),
            note: self.note,
        })
    }
}

/// `POST /orchestration/executables/plans`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Body>) -> Answer {
    let view = app.service.create_plan(&actor, body.request()?).await?;
    json(StatusCode::CREATED, &PlanBody::of(view))
}

/// `GET /orchestration/executables/plans/{planId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, In(family): In, Path(id): Path<String>) -> Answer {
    written(plan_details(&app.service.plan(&actor, &PlanId::parse(&id)?).await?, family, true))
}

/// `PUT /orchestration/executables/plans/{planId}`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Body>,
) -> Answer {
    ok(&PlanBody::of(app.service.update_plan(&actor, &PlanId::parse(&id)?, body.request()?).await?))
}

/// `DELETE /orchestration/executables/plans/{planId}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_plan(&actor, &PlanId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /orchestration/executables/plans/{planId}/run-config`
pub async fn get_run_config(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
) -> Answer {
    ok(&plan_run_config(&app.service.plan_run_config(&actor, &PlanId::parse(&id)?).await?, family))
}

/// `PlanRunConfig` (source: spec); `runtime` in 2.6 only.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunConfig {
    trigger: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "lenient_bool")]
    parallel_execution_allowed: Option<bool>,
    runtime: Option<Map<String, Value>>,
}

/// `PUT /orchestration/executables/plans/{planId}/run-config`
pub async fn put_run_config(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
    Json(body): Json<RunConfig>,
) -> Answer {
    let trigger = choice(body.trigger)?;
    let runtime = body.runtime.filter(|_| family.is_tmc());
    if let Some(runtime) = &runtime {
        let kind = runtime.get("type").and_then(Value::as_str);
        if kind.and_then(RuntimeType::from_id).is_none() {
            return Err(ApiError::invalid("runtime.type: is not a kind of processor"));
        }
    }
    let request = PlanRunConfigRequest {
        trigger,
        parallel: body.parallel_execution_allowed,
        runtime: runtime.map(Value::Object),
    };
    ok(&plan_run_config(&app.service.set_plan_run_config(&actor, &PlanId::parse(&id)?, request).await?, family))
}

/// `PUT /orchestration/executables/plans/{planId}/pause`: 202 when it changed, 204 when it was so already.
pub async fn pause(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Pause>,
) -> Answer {
    let changed = app.service.pause_plan(&actor, &PlanId::parse(&id)?, body.pause, body.pause_context).await?;
    empty(if changed { StatusCode::ACCEPTED } else { StatusCode::NO_CONTENT })
}
