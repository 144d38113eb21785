//! Dynamic Engine environments, and the run configuration of tasks in them.

use super::tasks::log_level;
use super::triggers::choice;
use super::{Answer, empty, json, lenient_bool, lenient_int, ok};
use crate::App;
use crate::body::{DynamicEnvironmentBody, PageBody, de_run_config};
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, Path, Query, page};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};
use stoker_domain::dynamic::{DynamicEnvironmentStatus, TransferStrategy};
use stoker_domain::ids::{DynamicEngineId, EnvironmentId, TaskId};
use stoker_domain::runtime::RuntimeType;
use stoker_service::dynamic_environments::{
    DynamicEnvironmentChange, DynamicEnvironmentQuery, DynamicEnvironmentRequest, DynamicEnvironmentSort,
};
use stoker_service::run_configs::RunConfigRequest;

/// `CreateDEEnvironment` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    name: String,
    workspace_name: String,
    description: Option<String>,
    owner: Option<String>,
    log_strategy: Option<TransferStrategy>,
    metrics_strategy: Option<TransferStrategy>,
}

/// `POST /orchestration/dynamic-engine-environments`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Create>) -> Answer {
    let request = DynamicEnvironmentRequest {
        name: body.name,
        workspace_name: body.workspace_name,
        description: body.description,
        owner: body.owner,
        log_strategy: body.log_strategy,
        metrics_strategy: body.metrics_strategy,
    };
    let made = app.service.create_dynamic_environment(&actor, request).await?;
    json(StatusCode::CREATED, &DynamicEnvironmentBody::from(made))
}

/// Body of the search.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    name: Option<String>,
    de_id: Option<String>,
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
    sort_by: Option<String>,
    sort_order: Option<String>,
}

/// Reads `sortOrder`; the largest comes first unless it says otherwise (source: spec).
pub(super) fn descending(order: Option<&str>) -> Result<bool, ApiError> {
    match order {
        None | Some("" | "DESC") => Ok(true),
        Some("ASC") => Ok(false),
        Some(other) => Err(ApiError::invalid(format!("sortOrder: {other:?} is not ASC or DESC"))),
    }
}

/// `POST /orchestration/dynamic-engine-environments/search`
pub async fn search(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Search>) -> Answer {
    let (limit, offset) = page(body.limit, body.offset)?;
    let status = body.status.as_deref().filter(|text| !text.is_empty());
    let status = status
        .map(|text| {
            DynamicEnvironmentStatus::from_id(text).ok_or_else(|| {
                let message = format!("status: {text:?} is not NOT_ASSIGNED, SET_UP_REQUIRED, READY or NOT_READY");
                ApiError::invalid(message)
            })
        })
        .transpose()?;
    let sort = match body.sort_by.as_deref() {
        None | Some("") => DynamicEnvironmentSort::Created,
        Some("NAME") => DynamicEnvironmentSort::Name,
        Some("STATUS") => DynamicEnvironmentSort::Status,
        Some(other) => return Err(ApiError::invalid(format!("sortBy: {other:?} is not NAME or STATUS"))),
    };
    let engine = body.de_id.as_deref().filter(|id| !id.is_empty()).map(DynamicEngineId::parse).transpose()?;
    let descending = descending(body.sort_order.as_deref())?;
    let name = body.name.filter(|name| !name.is_empty());
    let query = DynamicEnvironmentQuery { name, engine, status, sort, descending, limit, offset };
    let found = app.service.search_dynamic_environments(&actor, query).await?;
    ok(&PageBody::of(found, DynamicEnvironmentBody::from))
}

/// `GET /orchestration/dynamic-engine-environments/{environmentId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&DynamicEnvironmentBody::from(app.service.dynamic_environment(&actor, &EnvironmentId::parse(&id)?).await?))
}

/// Body of the change call; what is absent stays (source: inferred, nothing in it is required).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    name: Option<String>,
    description: Option<String>,
    log_strategy: Option<TransferStrategy>,
    metrics_strategy: Option<TransferStrategy>,
}

/// `PUT /orchestration/dynamic-engine-environments/{environmentId}`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Update>,
) -> Answer {
    let change = DynamicEnvironmentChange {
        name: body.name,
        description: body.description,
        log_strategy: body.log_strategy,
        metrics_strategy: body.metrics_strategy,
    };
    let changed = app.service.update_dynamic_environment(&actor, &EnvironmentId::parse(&id)?, change).await?;
    ok(&DynamicEnvironmentBody::from(changed))
}

/// `DELETE /orchestration/dynamic-engine-environments/{environmentId}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_dynamic_environment(&actor, &EnvironmentId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// Query of the assign call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assign {
    dynamic_engine_id: String,
}

/// `POST /orchestration/dynamic-engine-environments/{environmentId}/connection`: 202 when it is new, 204 when it was so
/// already; the header `Location` has the id of the assignment.
pub async fn assign(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(query): Query<Assign>,
) -> Answer {
    let (id, engine) = (EnvironmentId::parse(&id)?, DynamicEngineId::parse(&query.dynamic_engine_id)?);
    let (link, new) = app.service.assign_dynamic_environment(&actor, &id, &engine).await?;
    let mut response = empty(if new { StatusCode::ACCEPTED } else { StatusCode::NO_CONTENT })?;
    if let Ok(link) = HeaderValue::from_str(&link) {
        response.headers_mut().insert(header::LOCATION, link);
    }
    Ok(response)
}

/// `DELETE /orchestration/dynamic-engine-environments/{environmentId}/connection`: 202 when it was assigned, else 204.
pub async fn unassign(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let was = app.service.unassign_dynamic_environment(&actor, &EnvironmentId::parse(&id)?, None).await?;
    empty(if was { StatusCode::ACCEPTED } else { StatusCode::NO_CONTENT })
}

/// `DETaskRunConfig` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunConfig {
    trigger: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "lenient_bool")]
    parallel_execution_allowed: Option<bool>,
    log_level: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    timeout: Option<i64>,
    run_profile_id: Option<String>,
    #[serde(default, deserialize_with = "lenient_bool")]
    lineage: Option<bool>,
}

/// `PUT /orchestration/executables/tasks/{taskId}/de-run-config`
pub async fn put_run_config(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
    Json(body): Json<RunConfig>,
) -> Answer {
    let request = RunConfigRequest {
        dynamic: true,
        runtime_type: RuntimeType::Cloud,
        runtime_id: None,
        run_profile: body.run_profile_id,
        trigger: choice(body.trigger)?,
        parallel: body.parallel_execution_allowed,
        log_level: log_level(body.log_level.as_deref())?,
        timeout: body.timeout,
        run_as: None,
    };
    if body.lineage == Some(true) {
        let message = "lineage: is not collected here; leave it out or set it to false";
        return Err(ApiError::new(StatusCode::NOT_IMPLEMENTED, message));
    }
    ok(&de_run_config(&app.service.set_run_config(&actor, &TaskId::parse(&id)?, request).await?, family))
}

/// `GET /orchestration/executables/tasks/{taskId}/de-run-config`
pub async fn get_run_config(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
) -> Answer {
    ok(&de_run_config(&app.service.dynamic_run_config(&actor, &TaskId::parse(&id)?).await?, family))
}

/// `DELETE /orchestration/executables/tasks/{taskId}/de-run-config`: stops its schedule.
pub async fn stop_schedule(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.stop_dynamic_task_schedule(&actor, &TaskId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}
