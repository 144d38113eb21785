//! Environments.

use super::{Answer, Filter, empty, json, lenient_int, ok};
use crate::App;
use crate::body::EnvironmentInfo;
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, Path, Query};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stoker_domain::ids::EnvironmentId;
use stoker_service::environments::EnvironmentRequest;

/// Body of create and change calls.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    name: String,
    description: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    max_cloud_containers: Option<i64>,
    workspace_name: Option<String>,
    owner: Option<String>,
}

/// `GET /orchestration/environments`
pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(filter): Query<Filter>) -> Answer {
    let found = app.service.list_environments(&actor, filter.text()).await?;
    ok(&found.iter().map(EnvironmentInfo::listed).collect::<Vec<_>>())
}

/// `POST /orchestration/environments`
pub async fn create(State(app): State<App>, Auth(actor): Auth, In(family): In, Json(body): Json<Body>) -> Answer {
    let workspace = body.workspace_name.ok_or_else(|| ApiError::invalid("workspaceName: is missing"))?;
    if family.is_tmc() && body.owner.is_none() {
        return Err(ApiError::invalid("owner: is missing"));
    }
    let request = EnvironmentRequest {
        name: body.name,
        description: body.description,
        max_cloud_containers: body.max_cloud_containers,
    };
    let made = app.service.create_environment(&actor, request, &workspace, body.owner).await?;
    json(StatusCode::CREATED, &EnvironmentInfo::created(&made))
}

/// `PUT /orchestration/environments/{id}`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Body>,
) -> Answer {
    let id = EnvironmentId::parse(&id).map_err(stoker_service::Error::from)?;
    let request = EnvironmentRequest {
        name: body.name,
        description: body.description,
        max_cloud_containers: body.max_cloud_containers,
    };
    app.service.update_environment(&actor, &id, request).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /orchestration/environments/{id}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let id = EnvironmentId::parse(&id).map_err(stoker_service::Error::from)?;
    app.service.delete_environment(&actor, &id).await?;
    empty(StatusCode::NO_CONTENT)
}
