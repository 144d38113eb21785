//! Tasks and their run configuration.

use super::triggers::choice;
use super::{Answer, empty, json, lenient_bool, lenient_int, lenient_list, ok};
use crate::App;
use crate::body::{PageBody, TaskBody, TaskExtract, run_config};
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, Path, Query, page};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use stoker_domain::ids::TaskId;
use stoker_domain::runtime::{LogLevel, RuntimeType};
use stoker_service::rows::TriggerFilter;
use stoker_service::run_configs::RunConfigRequest;
use stoker_service::tasks::{TaskQuery, TaskRequest};

/// Filters of a list, in the query or in the body of a search.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    environment_id: Option<String>,
    workspace_id: Option<String>,
    name: Option<String>,
    artifact_id: Option<String>,
    runtime_id: Option<String>,
    runtime_type: Option<String>,
    runtime_run_profile_id: Option<String>,
    connection_id: Option<String>,
    resource_id: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    tags: Vec<String>,
    trigger_type: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
}

fn runtime_type(text: Option<&str>) -> Result<Option<RuntimeType>, ApiError> {
    text.map(|text| {
        RuntimeType::from_id(text)
            .ok_or_else(|| ApiError::invalid(format!("runtimeType: {text:?} is not a kind of processor")))
    })
    .transpose()
}

/// What starts a task, as a filter names it (source: spec, the values of 2.6).
fn trigger_type(text: Option<&str>) -> Result<Option<TriggerFilter>, ApiError> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some("no_trigger") => Ok(Some(TriggerFilter::Nothing)),
        Some(kind @ ("daily" | "weekly" | "monthly" | "once" | "cron" | "webhook")) => {
            Ok(Some(TriggerFilter::Kind(kind.to_ascii_uppercase())))
        }
        Some(other) => Err(ApiError::invalid(format!(
            "triggerType: {other:?} is not no_trigger, daily, weekly, monthly, once, webhook or cron"
        ))),
    }
}

impl List {
    fn query(self, contains: bool) -> Result<TaskQuery, ApiError> {
        let (limit, offset) = page(self.limit.filter(|l| !(contains && *l == 0)), self.offset)?;
        let (prefix, part) = if contains { (None, self.name) } else { (self.name, None) };
        Ok(TaskQuery {
            environment: self.environment_id,
            workspace: self.workspace_id,
            name_prefix: prefix,
            name_contains: part,
            artifact: self.artifact_id,
            runtime_type: runtime_type(self.runtime_type.as_deref())?,
            runtime_id: self.runtime_id,
            run_profile: self.runtime_run_profile_id,
            connection: self.connection_id,
            resource: self.resource_id,
            tags: self.tags,
            trigger: trigger_type(self.trigger_type.as_deref())?,
            limit,
            offset,
        })
    }
}

/// `GET /orchestration/executables/tasks`
pub async fn list(State(app): State<App>, Auth(actor): Auth, In(family): In, Query(query): Query<List>) -> Answer {
    let found = app.service.list_tasks(&actor, query.query(false)?).await?;
    ok(&PageBody::of(found, |view| TaskExtract::of(view, family)))
}

/// `POST /orchestration/executables/tasks/search`
pub async fn search(State(app): State<App>, Auth(actor): Auth, In(family): In, Json(body): Json<List>) -> Answer {
    if body.environment_id.is_some() && body.workspace_id.is_some() {
        return Err(ApiError::invalid("environmentId, workspaceId: give only one of them"));
    }
    let found = app.service.list_tasks(&actor, body.query(true)?).await?;
    ok(&PageBody::of(found, |view| TaskExtract::of(view, family)))
}

/// `ArtifactRequest` (source: spec).
#[derive(Deserialize)]
pub struct ArtifactRef {
    id: String,
    version: String,
}

/// Body of create and replace calls.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    workspace_id: String,
    environment_id: Option<String>,
    name: String,
    description: Option<String>,
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    connections: Option<Map<String, Value>>,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
    #[serde(default)]
    resources: Option<Map<String, Value>>,
    artifact: ArtifactRef,
    auto_upgrade_info: Option<Value>,
    version: Option<Value>,
}

impl Body {
    fn request(self) -> TaskRequest {
        TaskRequest {
            workspace: self.workspace_id,
            environment: self.environment_id,
            name: self.name,
            description: self.description,
            artifact_id: self.artifact.id,
            artifact_version: self.artifact.version,
            tags: self.tags.unwrap_or_default(),
            connections: self.connections.unwrap_or_default(),
            parameters: self.parameters.unwrap_or_default(),
            resources: self.resources.unwrap_or_default(),
            auto_upgrade: self.auto_upgrade_info,
        }
    }
}

/// `POST /orchestration/executables/tasks`
pub async fn create(State(app): State<App>, Auth(actor): Auth, In(family): In, Json(body): Json<Body>) -> Answer {
    let view = app.service.create_task(&actor, body.request()).await?;
    json(StatusCode::CREATED, &TaskBody::of(view, family))
}

/// `GET /orchestration/executables/tasks/{taskId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, In(family): In, Path(id): Path<String>) -> Answer {
    ok(&TaskBody::of(app.service.task(&actor, &TaskId::parse(&id)?).await?, family))
}

/// `PUT /orchestration/executables/tasks/{taskId}`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
    Json(body): Json<Body>,
) -> Answer {
    if body.version.is_some() {
        return Err(ApiError::invalid("unrecognized field: version; the server keeps it"));
    }
    let view = app.service.update_task(&actor, &TaskId::parse(&id)?, body.request()).await?;
    ok(&TaskBody::of(view, family))
}

/// `PATCH /orchestration/executables/tasks/{taskId}`: only two fields are known (source: client).
pub async fn patch(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Map<String, Value>>,
) -> Answer {
    if let Some(unknown) = body.keys().find(|key| !matches!(key.as_str(), "latestArtifact" | "forceUpdate")) {
        return Err(ApiError::invalid(format!("unrecognized field: {unknown}")));
    }
    let flag = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(ApiError::invalid(format!("{name}: must be true or false"))),
    };
    let id = TaskId::parse(&id)?;
    if flag("latestArtifact")? {
        app.service.upgrade_task(&actor, &id, flag("forceUpdate")?).await?;
    } else {
        app.service.task(&actor, &id).await?;
    }
    empty(StatusCode::NO_CONTENT)
}

/// Query of the delete call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delete {
    #[serde(default, deserialize_with = "lenient_bool")]
    terminate_executions: Option<bool>,
}

/// `DELETE /orchestration/executables/tasks/{taskId}`
pub async fn delete(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(query): Query<Delete>,
) -> Answer {
    app.service.delete_task(&actor, &TaskId::parse(&id)?, query.terminate_executions.unwrap_or(false)).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /orchestration/executables/tasks/{taskId}/run-config`
pub async fn get_run_config(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
) -> Answer {
    ok(&run_config(&app.service.run_config(&actor, &TaskId::parse(&id)?).await?, family))
}

/// `Runtime` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Runtime {
    r#type: Option<String>,
    id: Option<String>,
    engine_id: Option<String>,
    cluster_id: Option<String>,
    run_profile_id: Option<String>,
}

/// Body of the run configuration.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunConfig {
    trigger: Option<Map<String, Value>>,
    runtime: Runtime,
    #[serde(default, deserialize_with = "lenient_bool")]
    parallel_execution_allowed: Option<bool>,
    log_level: Option<String>,
    remote_run_as_user: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    timeout: Option<i64>,
}

/// Reads a log level; the message names the field.
pub(crate) fn log_level(text: Option<&str>) -> Result<Option<LogLevel>, ApiError> {
    text.map(|text| {
        LogLevel::from_id(text)
            .ok_or_else(|| ApiError::invalid(format!("logLevel: {text:?} is not OFF, ERROR, WARN or INFO")))
    })
    .transpose()
}

/// `PUT /orchestration/executables/tasks/{taskId}/run-config`
pub async fn put_run_config(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
    Json(body): Json<RunConfig>,
) -> Answer {
    let trigger = choice(body.trigger)?;
    let runtime = body.runtime;
    let kind = runtime.r#type.as_deref().ok_or_else(|| ApiError::invalid("runtime.type: is missing"))?;
    let runtime_type = RuntimeType::from_id(kind)
        .ok_or_else(|| ApiError::invalid(format!("runtime.type: {kind:?} is not a kind of processor")))?;
    let fallback = match runtime_type {
        RuntimeType::RemoteEngine => runtime.engine_id,
        RuntimeType::RemoteEngineCluster => runtime.cluster_id,
        _ => None,
    };
    let request = RunConfigRequest {
        dynamic: false,
        runtime_type,
        runtime_id: runtime.id.filter(|id| !id.is_empty()).or(fallback),
        run_profile: runtime.run_profile_id,
        trigger,
        parallel: body.parallel_execution_allowed,
        log_level: log_level(body.log_level.as_deref())?,
        timeout: body.timeout,
        run_as: body.remote_run_as_user,
    };
    ok(&run_config(&app.service.set_run_config(&actor, &TaskId::parse(&id)?, request).await?, family))
}

/// Body of the pause call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    pub(super) pause: bool,
    pub(super) pause_context: Option<String>,
}

/// `PUT /orchestration/executables/tasks/{taskId}/pause`: 202 when it changed, 204 when it was so already.
pub async fn pause(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Pause>,
) -> Answer {
    let changed = app.service.pause_task(&actor, &TaskId::parse(&id)?, body.pause, body.pause_context).await?;
    empty(if changed { StatusCode::ACCEPTED } else { StatusCode::NO_CONTENT })
}
