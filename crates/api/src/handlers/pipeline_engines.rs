//! Gen2 engines.

use super::{Answer, Filter, empty, json, ok};
use crate::App;
use crate::body::{PipelineEngineBody, PipelineProfileItem};
use crate::extract::{Auth, Json, Path, Query};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stoker_domain::ids::PipelineEngineId;
use stoker_service::pipeline_engines::PipelineEngineRequest;
use stoker_service::run_profiles::Processor;

/// `GET /processing/runtimes/pipeline-engines`
pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(filter): Query<Filter>) -> Answer {
    let found = app.service.list_pipeline_engines(&actor, filter.text()).await?;
    ok(&found.into_iter().map(PipelineEngineBody::from).collect::<Vec<_>>())
}

/// `PipelineEngineRequest` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    name: String,
    environment_id: String,
    workspace_id: Option<String>,
    description: Option<String>,
}

/// `POST /processing/runtimes/pipeline-engines`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Body>) -> Answer {
    let request = PipelineEngineRequest {
        name: body.name,
        environment: body.environment_id,
        workspace: body.workspace_id,
        description: body.description,
    };
    json(StatusCode::CREATED, &PipelineEngineBody::from(app.service.create_pipeline_engine(&actor, request).await?))
}

/// `GET /processing/runtimes/pipeline-engines/{engineId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&PipelineEngineBody::from(app.service.pipeline_engine(&actor, &PipelineEngineId::parse(&id)?).await?))
}

/// `DELETE /processing/runtimes/pipeline-engines/{engineId}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_pipeline_engine(&actor, &PipelineEngineId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /processing/runtimes/pipeline-engines/{engineId}/pairing`: the engine gets a new key at once.
pub async fn unpair(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.unpair_pipeline_engine(&actor, &PipelineEngineId::parse(&id)?).await?;
    ok(&"Engine unpaired")
}

/// `GET /processing/runtimes/pipeline-engines/{engineId}/run-profiles`
pub async fn profiles(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let processor = Processor::Pipeline(PipelineEngineId::parse(&id)?);
    let found = app.service.list_run_profiles(&actor, processor, None).await?;
    ok(&found.iter().map(PipelineProfileItem::from).collect::<Vec<_>>())
}
