//! Resources. Their bytes come in a multipart body and go to the disk as they come.

use super::connections::List;
use super::{Answer, empty, json, lenient_bool, ok};
use crate::App;
use crate::body::{PageBody, ResourceBody};
use crate::error::ApiError;
use crate::extract::{Auth, Json, Path, Query, parse_json};
use crate::multipart::{Form, Part};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::Deserialize;
use stoker_domain::ids::{ResourceId, WorkspaceId};
use stoker_service::Actor;
use stoker_service::resources::ResourceRequest;

/// `ResourcePart`, the JSON text in the part `resource` (source: spec). A part that does not say what it is, is a file
/// (source: inferred).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourcePart {
    name: String,
    description: Option<String>,
    workspace_id: String,
    #[serde(default, deserialize_with = "lenient_bool")]
    file: Option<bool>,
}

/// `UpdateResourceRequest` (source: spec).
#[derive(Deserialize)]
pub struct Update {
    name: Option<String>,
    description: Option<String>,
}

/// `GET /orchestration/resources`
pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(query): Query<List>) -> Answer {
    let found = app.service.list_resources(&actor, query.query()?).await?;
    ok(&PageBody::of(found, ResourceBody::from))
}

/// `GET /orchestration/resources/{resourceId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&ResourceBody::from(app.service.resource(&actor, &ResourceId::parse(&id)?).await?))
}

/// Takes the bytes of a file part.
async fn taken(app: &App, actor: &Actor, mut part: Part) -> Result<Upload, ApiError> {
    let mut upload = app.service.begin_resource(actor).await?;
    while let Some(piece) = part.piece().await? {
        app.service.add_to_resource(&mut upload, &piece).await?;
    }
    Ok(Upload { name: part.file_name(), bytes: upload })
}

/// An uploaded file.
struct Upload {
    name: Option<String>,
    bytes: stoker_service::resources::Bytes,
}

fn missing(part: &str) -> ApiError {
    ApiError::invalid(format!("{part}: the part is missing from the multipart body"))
}

fn twice(part: &str) -> ApiError {
    ApiError::invalid(format!("{part}: the part is there twice"))
}

/// `POST /orchestration/resources`
pub async fn create(State(app): State<App>, Auth(actor): Auth, request: Request) -> Answer {
    let mut form = Form::of(request)?;
    let (mut wanted, mut file) = (None, None);
    while let Some(mut part) = form.next().await? {
        match part.name() {
            "resource" if wanted.is_some() => return Err(twice("resource")),
            "resource" => {
                let body: ResourcePart = parse_json(&part.text().await?).map_err(|mut error| {
                    error.message = format!("resource: {}", error.message);
                    error
                })?;
                let request = ResourceRequest {
                    workspace: body.workspace_id,
                    name: body.name,
                    description: body.description,
                    is_file: body.file.unwrap_or(true),
                };
                // Before the bytes are taken, when the parts come in the usual order.
                app.service.check_new_resource(&actor, &request).await?;
                wanted = Some(request);
            }
            "file" if file.is_some() => return Err(twice("file")),
            "file" => file = Some(taken(&app, &actor, part).await?),
            other => return Err(ApiError::invalid(format!("{other}: no such part; use resource and file"))),
        }
    }
    let wanted = wanted.ok_or_else(|| missing("resource"))?;
    let file = file.ok_or_else(|| missing("file"))?;
    let view = app.service.create_resource(&actor, wanted, file.name.as_deref(), file.bytes).await?;
    json(StatusCode::CREATED, &ResourceBody::from(view))
}

/// `PUT /orchestration/resources/{resourceId}/upload`
pub async fn upload(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>, request: Request) -> Answer {
    let id = ResourceId::parse(&id)?;
    app.service.check_resource(&actor, &id).await?;
    let mut form = Form::of(request)?;
    let mut file = None;
    while let Some(part) = form.next().await? {
        match part.name() {
            "file" if file.is_some() => return Err(twice("file")),
            "file" => file = Some(taken(&app, &actor, part).await?),
            other => return Err(ApiError::invalid(format!("{other}: no such part; use file"))),
        }
    }
    let file = file.ok_or_else(|| missing("file"))?;
    app.service.replace_resource_file(&actor, &id, file.name.as_deref(), file.bytes).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `PATCH /orchestration/resources/{resourceId}`, `PUT` below `/tmc`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Update>,
) -> Answer {
    app.service.update_resource(&actor, &ResourceId::parse(&id)?, body.name, body.description).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `PUT /orchestration/resources/{resourceId}/move/{targetWorkspaceId}`
pub async fn relocate(State(app): State<App>, Auth(actor): Auth, Path((id, target)): Path<(String, String)>) -> Answer {
    let (id, target) = (ResourceId::parse(&id)?, WorkspaceId::parse(&target)?);
    ok(&ResourceBody::from(app.service.move_resource(&actor, &id, &target).await?))
}

/// `DELETE /orchestration/resources/{resourceId}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_resource(&actor, &ResourceId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}
