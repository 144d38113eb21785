//! Projects and who may work on them.

use super::{Answer, empty, json, lenient_int, ok};
use crate::App;
use crate::body::{PageBody, ProjectBody};
use crate::error::ApiError;
use crate::extract::{Auth, Json, Path, Query, page};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json as value;
use stoker_domain::ids::{GroupId, ProjectId, UserId};
use stoker_service::projects::{Member, ProjectChange, ProjectRequest};

/// Filters of a list; the name has another name below `/tmc` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    project_name: Option<String>,
    name: Option<String>,
    name_contains: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
}

/// `ProjectCreateRequest` (source: spec).
#[derive(Deserialize)]
pub struct Create {
    name: String,
    owner: String,
    url: String,
    description: Option<String>,
}

/// `ProjectRequest` (source: spec).
#[derive(Deserialize)]
pub struct Update {
    owner: Option<String>,
    url: Option<String>,
    description: Option<String>,
}

/// Reads an id; the text of the refusal is published.
fn project(id: &str) -> Result<ProjectId, ApiError> {
    ProjectId::parse(id).map_err(|_| ApiError::invalid("Project Id is not valid id."))
}

/// `GET /orchestration/projects`
pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(query): Query<List>) -> Answer {
    let (limit, offset) = page(query.limit, query.offset)?;
    let name = query.project_name.or(query.name);
    let found = app.service.list_projects(&actor, name, query.name_contains, limit, offset).await?;
    ok(&PageBody::of(found, ProjectBody::from))
}

/// `POST /orchestration/projects`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Create>) -> Answer {
    let request = ProjectRequest { name: body.name, owner: body.owner, url: body.url, description: body.description };
    json(StatusCode::CREATED, &ProjectBody::from(app.service.create_project(&actor, request).await?))
}

/// `GET /orchestration/projects/{projectId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&ProjectBody::from(app.service.project(&actor, &project(&id)?).await?))
}

/// `PUT /orchestration/projects/{projectId}`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Update>,
) -> Answer {
    let request = ProjectChange { owner: body.owner, url: body.url, description: body.description };
    ok(&ProjectBody::from(app.service.update_project(&actor, &project(&id)?, request).await?))
}

/// `DELETE /orchestration/projects/{projectId}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_project(&actor, &project(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /orchestration/projects/{projectId}/users`
pub async fn users(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let users = app.service.project_users(&actor, &project(&id)?).await?;
    ok(&value!({ "projectId": id, "userIds": users }))
}

/// `GET /orchestration/projects/{projectId}/groups`
pub async fn groups(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let groups = app.service.project_groups(&actor, &project(&id)?).await?;
    ok(&value!({ "projectId": id, "groupIds": groups }))
}

/// `PUT /orchestration/projects/{projectId}/users/{userId}`
pub async fn add_user(State(app): State<App>, Auth(actor): Auth, Path((id, user)): Path<(String, String)>) -> Answer {
    app.service.authorize_member(&actor, &project(&id)?, Member::User(UserId::parse(&user)?)).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /orchestration/projects/{projectId}/users/{userId}`
pub async fn remove_user(
    State(app): State<App>,
    Auth(actor): Auth,
    Path((id, user)): Path<(String, String)>,
) -> Answer {
    app.service.revoke_member(&actor, &project(&id)?, Member::User(UserId::parse(&user)?)).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `PUT /orchestration/projects/{projectId}/groups/{groupId}`
pub async fn add_group(State(app): State<App>, Auth(actor): Auth, Path((id, group)): Path<(String, String)>) -> Answer {
    app.service.authorize_member(&actor, &project(&id)?, Member::Group(GroupId::parse(&group)?)).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /orchestration/projects/{projectId}/groups/{groupId}`
pub async fn remove_group(
    State(app): State<App>,
    Auth(actor): Auth,
    Path((id, group)): Path<(String, String)>,
) -> Answer {
    app.service.revoke_member(&actor, &project(&id)?, Member::Group(GroupId::parse(&group)?)).await?;
    empty(StatusCode::NO_CONTENT)
}
