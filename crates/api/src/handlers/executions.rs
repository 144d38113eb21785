//! Runs (*executions* in API paths).

use super::tasks::log_level;
use super::{Answer, empty, json, lenient_int, lenient_list, ok};
use crate::App;
use crate::body::{PageBody, RunBody, RunListItem, run_summary, timeline as timeline_body};
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, Path, Query, page};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::Value;
use stoker_domain::ids::{EnvironmentId, RunId, TaskId, WorkspaceId};
use stoker_domain::run::RunType;
use stoker_service::Page;
use stoker_service::rows::Run;
use stoker_service::runs::{GivenParameter, RunQuery, StartRequest, Stopped};

/// `Executabletask` (source: spec); `parameters` is a map by the spec and an array by one guide (source: doc).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    executable: String,
    parameters: Option<Value>,
    log_level: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    timeout: Option<i64>,
}

fn text_of(field: &str, value: &Value) -> Result<String, ApiError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null => Ok(String::new()),
        _ => Err(ApiError::invalid(format!("{field}: must be a string"))),
    }
}

/// Reads `parameters` in either form.
fn parameters(value: Option<Value>) -> Result<Vec<GivenParameter>, ApiError> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(map)) => map
            .into_iter()
            .map(|(name, value)| {
                let value = text_of(&format!("parameters.{name}"), &value)?;
                Ok(GivenParameter { name, value, encrypted: false })
            })
            .collect(),
        Some(Value::Array(list)) => list
            .into_iter()
            .enumerate()
            .map(|(index, element)| {
                let field = format!("parameters[{index}]");
                let Value::Object(element) = element else {
                    return Err(ApiError::invalid(format!(
                        "{field}: must be an object with name, value and encrypted"
                    )));
                };
                let name = element.get("name").and_then(Value::as_str);
                let name = name.ok_or_else(|| ApiError::invalid(format!("{field}.name: must be a string")))?;
                let value = text_of(&format!("{field}.value"), element.get("value").unwrap_or(&Value::Null))?;
                let encrypted = match element.get("encrypted") {
                    None | Some(Value::Null) => false,
                    Some(Value::Bool(flag)) => *flag,
                    Some(_) => return Err(ApiError::invalid(format!("{field}.encrypted: must be true or false"))),
                };
                Ok(GivenParameter { name: name.to_owned(), value, encrypted })
            })
            .collect(),
        Some(_) => Err(ApiError::invalid("parameters: must be an object or an array")),
    }
}

/// The API version a caller asked for, when it is one we know of.
pub(super) fn api_version(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("talend-version")?.to_str().ok()?;
    matches!(value, "2021-03" | "2026-01").then(|| value.to_owned())
}

/// `POST /processing/executions`
pub async fn start(State(app): State<App>, Auth(actor): Auth, headers: HeaderMap, Json(body): Json<Start>) -> Answer {
    let request = StartRequest {
        task: TaskId::parse(&body.executable)?,
        parameters: parameters(body.parameters)?,
        log_level: log_level(body.log_level.as_deref())?,
        timeout_minutes: body.timeout,
        run_type: RunType::Manual,
        api_version: api_version(&headers),
    };
    let id = app.service.start_run(&actor, request).await?;
    json(StatusCode::CREATED, &serde_json::json!({ "executionId": id.as_str() }))
}

/// `GET /processing/executions/{executionId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, In(family): In, Path(id): Path<String>) -> Answer {
    let row = app.service.run(&actor, &RunId::parse(&id)?).await?;
    let rows = app.service.run_rows(&actor, &row).await?;
    let account = app.service.account().map(|id| id.to_string()).unwrap_or_default();
    ok(&RunBody::of(row, account, family).with_rows(rows))
}

/// `DELETE /processing/executions/{executionId}`: 204 to any Accept header; 200 with text in the older generation when
/// the run had ended already (source: spec).
pub async fn stop(State(app): State<App>, Auth(actor): Auth, In(family): In, Path(id): Path<String>) -> Answer {
    match app.service.stop_run(&actor, &RunId::parse(&id)?).await? {
        Stopped::WasFinished if family.is_tmc() => {
            Ok((StatusCode::OK, "The execution has already finished").into_response())
        }
        Stopped::WasFinished | Stopped::Stopping => empty(StatusCode::NO_CONTENT),
    }
}

/// Filters of a list, in the query or in the body.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    environment_id: Option<String>,
    workspace_id: Option<String>,
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    tags: Vec<String>,
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

impl List {
    fn query(self, task: Option<TaskId>) -> Result<RunQuery, ApiError> {
        let (limit, offset) = page(self.limit, self.offset)?;
        Ok(RunQuery {
            task,
            environment: self.environment_id,
            workspace: self.workspace_id,
            status: self.status,
            tags: self.tags,
            from_ms: self.from,
            to_ms: self.to,
            last_days: self.last_days,
            limit,
            offset,
        })
    }
}

fn listed(found: Page<Run>, family: crate::family::Family) -> Answer {
    ok(&PageBody::of(found, |row| RunListItem::of(row, family)))
}

/// `GET /processing/executables/tasks/executions`
pub async fn list(State(app): State<App>, Auth(actor): Auth, In(family): In, Query(query): Query<List>) -> Answer {
    listed(app.service.list_runs(&actor, query.query(None)?).await?, family)
}

/// `POST /processing/executables/tasks/executions`
pub async fn search(State(app): State<App>, Auth(actor): Auth, In(family): In, Json(body): Json<List>) -> Answer {
    listed(app.service.list_runs(&actor, body.query(None)?).await?, family)
}

/// `GET /processing/executables/tasks/{taskId}/executions`
pub async fn of_task(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
    Query(query): Query<List>,
) -> Answer {
    listed(app.service.list_runs(&actor, query.query(Some(TaskId::parse(&id)?))?).await?, family)
}

/// `GET /stoker/v1/executions/{id}/timeline`: every event of a run, and why it waits.
pub async fn timeline(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let (row, events) = app.service.run_events(&actor, &RunId::parse(&id)?).await?;
    ok(&timeline_body(&row, events))
}

/// Where the summary counts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    environment_id: Option<String>,
    workspace_id: Option<String>,
}

/// `GET /stoker/v1/executions/summary`: the last day of runs in numbers.
pub async fn summary(State(app): State<App>, Auth(actor): Auth, Query(place): Query<Place>) -> Answer {
    let environment = place.environment_id.as_deref().map(EnvironmentId::parse).transpose()?;
    let workspace = place.workspace_id.as_deref().map(WorkspaceId::parse).transpose()?;
    ok(&run_summary(&app.service.run_summary(&actor, environment, workspace).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_come_as_map_or_array() {
        let map = parameters(Some(serde_json::json!({ "a": "1", "b": 2 }))).unwrap();
        assert_eq!(
            map.iter().map(|p| (p.name.as_str(), p.value.as_str())).collect::<Vec<_>>(),
            [("a", "1"), ("b", "2")]
        );
        let array = parameters(Some(serde_json::json!([{ "name": "a", "value": "x", "encrypted": true }]))).unwrap();
        assert_eq!(array, [GivenParameter { name: "a".into(), value: "x".into(), encrypted: true }]);
        let wrong = parameters(Some(serde_json::json!([{ "value": "x" }]))).unwrap_err();
        assert!(wrong.message.starts_with("parameters[0].name"), "{}", wrong.message);
        assert!(parameters(Some(serde_json::json!("x"))).is_err());
    }
}
