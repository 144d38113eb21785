//! Runs of API tests: paths of our own.

use super::tester::read;
use super::tester_tools::chosen;
use super::{Answer, empty, json, ok};
use crate::App;
use crate::error::ApiError;
use crate::extract::{Auth, Json, Path, Query};
use crate::tester::document;
use crate::tester::run::{Work, spawn};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use stoker_domain::ids::{EngineId, TestProjectId, TestRunId};
use stoker_service::tester_engines::TestEngine;
use stoker_service::tester_runs::{TestRunRequest, TestRunView};
use stoker_tester::hosted::read_latest;
use stoker_tester::model::Kind;
use stoker_wire::api_tests::TestWork;
use tokio::time::Instant;

/// Body of the start.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Start {
    /// Id of a request, scenario, service or project inside the document; everything when it is left out.
    target_id: Option<String>,
    environment_id: Option<String>,
    /// The engine that sends the requests; the server when it is left out.
    engine_id: Option<String>,
    #[serde(default)]
    follow_redirects: bool,
}

/// Filter of the history.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    project_id: Option<String>,
}

/// How long the answer may wait for the end.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    wait_seconds: Option<u64>,
}

/// Longest wait of one call, in seconds.
const WAIT_SECONDS: u64 = 20;
/// Pause between two looks at a run that is waited for.
const LOOK: Duration = Duration::from_millis(100);

fn shown(view: &TestRunView) -> Value {
    let run = &view.run;
    let mut body = json!({
        "id": run.id.as_str(), "projectId": run.project_id.as_str(), "projectName": run.project_name,
        "targetName": run.target_name, "state": view.state, "requests": run.requests, "bad": run.bad,
        "startedAt": run.started_ms,
    });
    let optional = [
        ("targetId", (!run.target_id.is_empty()).then(|| json!(run.target_id))),
        ("environment", run.environment.as_ref().map(|name| json!(name))),
        ("outcome", run.outcome.as_ref().map(|outcome| json!(outcome))),
        ("problem", run.problem.as_ref().map(|problem| json!(problem))),
        ("engineId", run.engine_id.as_ref().map(|id| json!(id.as_str()))),
        ("engineName", run.engine_name.as_ref().map(|name| json!(name))),
        ("finishedAt", run.finish_ms.map(|at| json!(at))),
    ];
    for (name, value) in optional.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        body[name] = value;
    }
    body
}

/// `POST /stoker/v1/tester/projects/{id}/runs`
pub async fn start(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Start>,
) -> Answer {
    let (view, drive) = read(&app, &actor, &id).await?;
    let environment = chosen(&drive, body.environment_id.as_deref())?.cloned();
    let target = body.target_id.filter(|id| !id.is_empty());
    let (target_name, single) = match &target {
        None => (view.line.name.clone(), false),
        Some(target) => {
            let entity = drive.by_id(target).ok_or_else(|| {
                ApiError::invalid("targetId: the project has no such request, scenario or service; save it first")
            })?;
            (entity.name.clone(), matches!(entity.kind, Kind::Request(_)))
        }
    };
    let engine = body.engine_id.filter(|id| !id.is_empty()).map(|id| EngineId::parse(&id)).transpose()?;
    let mut request = TestRunRequest {
        project: view.line.id.clone(),
        project_name: view.line.name.clone(),
        target_id: target.clone().unwrap_or_default(),
        target_name,
        environment: environment.as_ref().map(|environment| environment.name.clone()),
        engine: None,
    };
    let follow_redirects = body.follow_redirects;
    let id = if let Some(engine) = engine {
        let work = TestWork {
            document: document::to_send(&drive)?,
            target,
            environment: environment.map(|environment| environment.id),
            responses: view.responses,
            follow_redirects,
        };
        let work = serde_json::to_string(&work).map_err(stoker_service::Error::internal)?;
        request.engine = Some((engine, work));
        app.service.begin_test_run(&actor, request).await?
    } else {
        let exchanges = read_latest(view.responses.as_deref()).map_err(stoker_service::Error::internal)?;
        let id = app.service.begin_test_run(&actor, request).await?;
        spawn(app, Work { id: id.clone(), drive, target, environment, exchanges, single, follow_redirects });
        id
    };
    json(StatusCode::CREATED, &json!({ "id": id.as_str() }))
}

/// `GET /stoker/v1/tester/engines`
pub async fn engines(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let engines = app.service.test_engines(&actor).await?;
    let shown = |engine: &TestEngine| {
        json!({
            "id": engine.id.as_str(), "name": engine.name, "environment": engine.environment,
            "state": engine.readiness.id(),
        })
    };
    ok(&json!({ "items": engines.iter().map(shown).collect::<Vec<_>>() }))
}

/// `GET /stoker/v1/tester/runs`
pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(filter): Query<Filter>) -> Answer {
    let project = filter.project_id.as_deref().map(TestProjectId::parse).transpose()?;
    let runs = app.service.test_runs(&actor, project).await?;
    ok(&json!({ "items": runs.iter().map(shown).collect::<Vec<_>>() }))
}

/// `GET /stoker/v1/tester/runs/{id}`
pub async fn get(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(wait): Query<Wait>,
) -> Answer {
    let seconds = wait.wait_seconds.unwrap_or(0);
    if seconds > WAIT_SECONDS {
        return Err(ApiError::invalid(format!("waitSeconds: must be from 0 to {WAIT_SECONDS}")));
    }
    let id = TestRunId::parse(&id)?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut view = app.service.test_run(&actor, &id).await?;
    while view.state == "running" && Instant::now() < end {
        tokio::time::sleep(LOOK).await;
        view = app.service.test_run(&actor, &id).await?;
    }
    let head = shown(&view).to_string();
    let head = head.strip_suffix('}').unwrap_or(&head);
    let report = view.report.as_deref().unwrap_or(r#"{"items":[],"units":[],"leftOut":0}"#);
    let text = format!("{head},\"report\":{report}}}");
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// `POST /stoker/v1/tester/runs/{id}/cancel`
pub async fn cancel(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.cancel_test_run(&actor, &TestRunId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}
