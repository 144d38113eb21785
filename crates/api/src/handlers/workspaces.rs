//! Workspaces.

use super::{Answer, Filter, empty, json, lenient_bool, ok};
use crate::App;
use crate::body::{WorkspaceBody, WorkspaceInfo};
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, Path, Query};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stoker_domain::ids::{EnvironmentId, WorkspaceId};
use stoker_service::Error;
use stoker_service::workspaces::WorkspaceRequest;

/// Body of create and change calls.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    name: String,
    description: Option<String>,
    owner: Option<String>,
    environment_id: Option<String>,
    #[serde(default, deserialize_with = "lenient_bool")]
    protected_artifact_update: Option<bool>,
}

impl Body {
    fn request(self) -> WorkspaceRequest {
        WorkspaceRequest {
            name: self.name,
            description: self.description,
            owner: self.owner,
            protected_artifact_update: self.protected_artifact_update,
        }
    }
}

/// `GET /orchestration/workspaces`
pub async fn list(State(app): State<App>, Auth(actor): Auth, In(family): In, Query(filter): Query<Filter>) -> Answer {
    let found = app.service.list_workspaces(&actor, filter.text()).await?;
    ok(&found.iter().map(|view| WorkspaceInfo::listed(view, family)).collect::<Vec<_>>())
}

/// `POST /orchestration/workspaces`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Body>) -> Answer {
    let environment = body.environment_id.clone().ok_or_else(|| ApiError::invalid("environmentId: is missing"))?;
    let environment = EnvironmentId::parse(&environment).map_err(Error::from)?;
    let made = app.service.create_workspace(&actor, &environment, body.request()).await?;
    json(StatusCode::CREATED, &WorkspaceBody::from(made))
}

/// `PUT /orchestration/workspaces/{id}`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Body>,
) -> Answer {
    let id = WorkspaceId::parse(&id).map_err(Error::from)?;
    app.service.update_workspace(&actor, &id, body.request()).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /orchestration/workspaces/{id}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let id = WorkspaceId::parse(&id).map_err(Error::from)?;
    app.service.delete_workspace(&actor, &id).await?;
    empty(StatusCode::NO_CONTENT)
}
