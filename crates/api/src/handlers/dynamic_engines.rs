//! Dynamic Engines.

use super::{Answer, empty, json, ok};
use crate::App;
use crate::body::{DynamicEngineBody, ServicesStatusBody};
use crate::extract::{Auth, Json, Path};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stoker_domain::ids::{DynamicEngineId, EnvironmentId};

/// `GET /processing/runtimes/dynamic-engines`
pub async fn list(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let found = app.service.list_dynamic_engines(&actor).await?;
    ok(&found.into_iter().map(DynamicEngineBody::from).collect::<Vec<_>>())
}

/// Body of the create call.
#[derive(Deserialize)]
pub struct Create {
    name: String,
    description: Option<String>,
}

/// `POST /processing/runtimes/dynamic-engines`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Create>) -> Answer {
    let made = app.service.create_dynamic_engine(&actor, &body.name, body.description.as_deref()).await?;
    json(StatusCode::CREATED, &DynamicEngineBody::from(made))
}

/// `GET /processing/runtimes/dynamic-engines/{id}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&DynamicEngineBody::from(app.service.dynamic_engine(&actor, &DynamicEngineId::parse(&id)?).await?))
}

/// Body of the change call; both are needed (source: spec).
#[derive(Deserialize)]
pub struct Update {
    name: String,
    description: String,
}

/// `PUT /processing/runtimes/dynamic-engines/{id}`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Update>,
) -> Answer {
    let id = DynamicEngineId::parse(&id)?;
    let changed = app.service.update_dynamic_engine(&actor, &id, &body.name, &body.description).await?;
    ok(&DynamicEngineBody::from(changed))
}

/// `DELETE /processing/runtimes/dynamic-engines/{id}`: 200, because no cluster has to be waited for.
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_dynamic_engine(&actor, &DynamicEngineId::parse(&id)?).await?;
    empty(StatusCode::OK)
}

/// `GET /processing/runtimes/dynamic-engines/{dynamicEngineId}/infra/status`
pub async fn status(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&ServicesStatusBody::from(app.service.dynamic_engine_status(&actor, &DynamicEngineId::parse(&id)?).await?))
}

/// `GET /processing/runtimes/dynamic-engines/{dynamicEngineId}/environments/{environmentId}/status`
pub async fn environment_status(
    State(app): State<App>,
    Auth(actor): Auth,
    Path((engine, environment)): Path<(String, String)>,
) -> Answer {
    let (engine, environment) = (DynamicEngineId::parse(&engine)?, EnvironmentId::parse(&environment)?);
    ok(&ServicesStatusBody::from(app.service.dynamic_environment_status(&actor, &engine, &environment).await?))
}

/// `DELETE /processing/runtimes/dynamic-engines/{dynamicEngineId}/environments/{environmentId}`
pub async fn remove_environment(
    State(app): State<App>,
    Auth(actor): Auth,
    Path((engine, environment)): Path<(String, String)>,
) -> Answer {
    let (engine, environment) = (DynamicEngineId::parse(&engine)?, EnvironmentId::parse(&environment)?);
    app.service.unassign_dynamic_environment(&actor, &environment, Some(&engine)).await?;
    empty(StatusCode::ACCEPTED)
}

/// `GET /processing/runtimes/dynamic-engine-versions`
pub async fn versions(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let found = app.service.dynamic_engine_versions(&actor)?;
    ok(&found.into_iter().map(|name| serde_json::json!({ "name": name })).collect::<Vec<_>>())
}
