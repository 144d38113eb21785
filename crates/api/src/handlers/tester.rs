//! Projects of API tests: paths of our own.

use super::{Answer, empty, ok};
use crate::App;
use crate::error::ApiError;
use crate::extract::{Auth, Path, collected, parse_json, wanted_type};
use crate::tester::document;
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stoker_domain::ids::{TestProjectId, WorkspaceId};
use stoker_domain::limits;
use stoker_service::tester::{TestProjectLine, TestProjectView};
use stoker_tester::json::Json;
use stoker_tester::model::{Drive, Entity, Kind};
use stoker_tester::world::new_uuid;

/// A JSON body that the audit trail does not see: it is large, and any text of it may be a secret.
pub struct Unseen<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Unseen<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &App) -> Result<Self, ApiError> {
        wanted_type(request.headers(), &["application/json"])?;
        parse_json(&collected(request, limits::TEST_BODY_BYTES).await?).map(Self)
    }
}

/// Body of the call that makes an empty project.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Create {
    name: String,
}

/// Body of the call that replaces a project.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    version: i64,
    name: String,
    document: Json,
}

pub(super) fn line(line: &TestProjectLine) -> Value {
    let mut body = json!({
        "id": line.id.as_str(), "name": line.name, "requests": line.requests, "version": line.version,
        "createdAt": line.created_ms, "updatedAt": line.updated_ms,
        "own": line.own, "mayChange": line.may_change,
    });
    if let Some(workspace) = &line.workspace {
        body["workspaceId"] = json!(workspace.as_str());
    }
    body
}

/// What a call that wrote a project answers: not the document, which whoever called has.
pub(super) fn written(status: StatusCode, project: &TestProjectLine, drive: &Drive, warnings: Vec<String>) -> Answer {
    let mut body = line(project);
    body["secrets"] = json!(document::secret_ids(drive));
    body["warnings"] = json!(warnings);
    super::json(status, &body)
}

/// A kept project, read.
pub(super) async fn read(
    app: &App,
    actor: &stoker_service::Actor,
    id: &str,
) -> Result<(TestProjectView, Drive), ApiError> {
    let view = app.service.test_project(actor, &TestProjectId::parse(id)?).await?;
    let drive = document::together(&view)?;
    Ok((view, drive))
}

/// `GET /stoker/v1/tester/projects`
pub async fn list(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let projects = app.service.test_projects(&actor).await?;
    ok(&json!({ "items": projects.items.iter().map(line).collect::<Vec<_>>(), "more": projects.more }))
}

/// `POST /stoker/v1/tester/projects`
pub async fn create(
    State(app): State<App>,
    Auth(actor): Auth,
    crate::extract::Json(body): crate::extract::Json<Create>,
) -> Answer {
    let entropy = crate::tester::ServiceEntropy(app.service.clone());
    let project = Entity::new(new_uuid(&entropy), body.name.trim(), Kind::Project);
    let drive = Drive { entities: vec![project], ..Drive::default() };
    let made = app.service.create_test_project(&actor, document::to_keep(body.name, &drive)?).await?;
    written(StatusCode::CREATED, &made, &drive, Vec::new())
}

/// `GET /stoker/v1/tester/projects/{id}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let (view, drive) = read(&app, &actor, &id).await?;
    let mut head = line(&view.line);
    head["secrets"] = json!(document::secret_ids(&drive));
    // The document keeps the order of its members, which this library's values do not.
    let head = head.to_string();
    let text = format!("{},\"document\":{}}}", head.trim_end_matches('}'), document::to_show(&drive)?);
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// `PUT /stoker/v1/tester/projects/{id}`
pub async fn put(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Unseen(body): Unseen<Replace>,
) -> Answer {
    let (mut drive, warnings) = document::given(&body.document)?;
    let (view, before) = read(&app, &actor, &id).await?;
    view.line.at_version(body.version)?;
    document::take_over(&mut drive, &before);
    let request = document::to_keep_again(body.name, &drive, view.line.workspace.is_some(), &view)?;
    let kept = app.service.replace_test_project(&actor, &view.line.id, body.version, request).await?;
    written(StatusCode::OK, &kept, &drive, warnings)
}

/// Body of the call that shares a project or takes it back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Share {
    version: i64,
    /// The workspace; the project is taken back when it is left out.
    workspace_id: Option<String>,
}

/// `PUT /stoker/v1/tester/projects/{id}/workspace`
pub async fn share(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    crate::extract::Json(body): crate::extract::Json<Share>,
) -> Answer {
    let workspace = body.workspace_id.as_deref().map(WorkspaceId::parse).transpose()?;
    let (view, drive) = read(&app, &actor, &id).await?;
    // What was read is written again, so it must be what the caller saw.
    view.line.at_version(body.version)?;
    let request = document::to_keep_again(view.line.name.clone(), &drive, workspace.is_some(), &view)?;
    let kept = app.service.share_test_project(&actor, &view.line.id, body.version, workspace, request).await?;
    written(StatusCode::OK, &kept, &drive, Vec::new())
}

/// A value of a secret variable.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SecretValue {
    environment_id: String,
    variable_id: String,
    /// The value; it is forgotten when it is left out.
    value: Option<String>,
}

/// Body of the call that keeps one's own values.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretValues {
    values: Vec<SecretValue>,
}

/// `PUT /stoker/v1/tester/projects/{id}/secrets`: of a shared project each person has values of one's own, which need no
/// right to change it; of another one they are part of it.
pub async fn secrets(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Unseen(body): Unseen<SecretValues>,
) -> Answer {
    if body.values.len() > limits::TEST_SECRET_VALUES {
        let most = limits::TEST_SECRET_VALUES;
        return Err(ApiError::invalid(format!("values: at most {most} in one call; make several")));
    }
    let (view, mut drive) = read(&app, &actor, &id).await?;
    for one in body.values {
        let variable = document::private_variable(&mut drive, &one.environment_id, &one.variable_id);
        let variable = variable.ok_or_else(|| {
            ApiError::invalid("values: the project has no such secret variable; read it again and give its ids")
        })?;
        variable.value = one.value;
    }
    if view.line.workspace.is_some() {
        let (before, now) = (view.secrets.clone(), document::apart(&drive)?);
        app.service.keep_test_secrets(&actor, &view.line.id, before, now).await?;
    } else {
        let request = document::to_keep_again(view.line.name.clone(), &drive, false, &view)?;
        let _ = app.service.replace_test_project(&actor, &view.line.id, view.line.version, request).await?;
    }
    ok(&json!({ "secrets": document::secret_ids(&drive) }))
}

/// `DELETE /stoker/v1/tester/projects/{id}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_test_project(&actor, &TestProjectId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}
