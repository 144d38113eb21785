//! Connections.

use super::{Answer, empty, json, lenient_bool, lenient_int, ok};
use crate::App;
use crate::body::{ConnectionBody, PageBody};
use crate::error::ApiError;
use crate::extract::{Auth, Json, Path, Query, page};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stoker_domain::ids::{ConnectionId, WorkspaceId};
use stoker_service::connections::{ConnectionRequest, ParameterRequest, PlaceQuery};

/// Filters of a list of connections or resources.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    environment_id: Option<String>,
    workspace_id: Option<String>,
    name: Option<String>,
    name_contains: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
}

impl List {
    pub(super) fn query(self) -> Result<PlaceQuery, ApiError> {
        let (limit, offset) = page(self.limit, self.offset)?;
        let (environment, workspace) = (self.environment_id, self.workspace_id);
        Ok(PlaceQuery { environment, workspace, name: self.name, name_contains: self.name_contains, limit, offset })
    }
}

/// `ConnectionParameter` (source: spec).
#[derive(Deserialize)]
pub struct Parameter {
    name: String,
    value: Option<String>,
    #[serde(default, deserialize_with = "lenient_bool")]
    encrypted: Option<bool>,
}

fn requests(parameters: Vec<Parameter>) -> Vec<ParameterRequest> {
    let request = |p: Parameter| ParameterRequest { name: p.name, value: p.value, encrypted: p.encrypted };
    parameters.into_iter().map(request).collect()
}

/// `CreateConnectionRequest` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    name: String,
    workspace_id: String,
    app: String,
    parameters: Vec<Parameter>,
}

/// `UpdateConnectionRequest` (source: spec).
#[derive(Deserialize)]
pub struct Update {
    name: Option<String>,
    parameters: Option<Vec<Parameter>>,
}

/// `GET /orchestration/connections`
pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(query): Query<List>) -> Answer {
    let found = app.service.list_connections(&actor, query.query()?).await?;
    ok(&PageBody::of(found, ConnectionBody::from))
}

/// `POST /orchestration/connections`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Create>) -> Answer {
    let request = ConnectionRequest {
        workspace: body.workspace_id,
        name: body.name,
        app: body.app,
        parameters: requests(body.parameters),
    };
    json(StatusCode::CREATED, &ConnectionBody::from(app.service.create_connection(&actor, request).await?))
}

/// `GET /orchestration/connections/{connectionId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&ConnectionBody::from(app.service.connection(&actor, &ConnectionId::parse(&id)?).await?))
}

/// `PUT /orchestration/connections/{connectionId}`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Update>,
) -> Answer {
    let (id, parameters) = (ConnectionId::parse(&id)?, body.parameters.map(requests));
    ok(&ConnectionBody::from(app.service.update_connection(&actor, &id, body.name, parameters).await?))
}

/// `PUT /orchestration/connections/{connectionId}/move/{targetWorkspaceId}`
pub async fn relocate(State(app): State<App>, Auth(actor): Auth, Path((id, target)): Path<(String, String)>) -> Answer {
    let (id, target) = (ConnectionId::parse(&id)?, WorkspaceId::parse(&target)?);
    ok(&ConnectionBody::from(app.service.move_connection(&actor, &id, &target).await?))
}

/// `DELETE /orchestration/connections/{connectionId}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_connection(&actor, &ConnectionId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}
