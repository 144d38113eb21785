//! Artifacts.

use super::{Answer, empty, json, lenient_int, ok};
use crate::App;
use crate::body::{ArtifactBody, ArtifactVersionBody, PageBody};
use crate::error::ApiError;
use crate::extract::{Auth, In, Path, Query, next_piece, page, wanted_type};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use serde::Deserialize;
use stoker_domain::ids::{ArtifactId, WorkspaceId};
use stoker_domain::limits;
use stoker_domain::runtime::ArtifactType;
use stoker_service::artifacts::{ArtifactQuery, PublishRequest};

/// Filters of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    environment_id: Option<String>,
    workspace_id: Option<String>,
    name: Option<String>,
    name_contains: Option<String>,
    types: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
}

fn kinds(text: Option<String>) -> Result<Vec<ArtifactType>, ApiError> {
    let text = text.unwrap_or_default();
    text.split(',')
        .map(str::trim)
        .filter(|t| !t.is_empty() && *t != "data_fabric")
        .map(|t| {
            ArtifactType::from_id(&t.replace('-', "_"))
                .ok_or_else(|| ApiError::invalid(format!("types: {t:?} is not a kind of artifact")))
        })
        .collect()
}

/// `GET /orchestration/artifacts`
pub async fn list(State(app): State<App>, Auth(actor): Auth, In(family): In, Query(query): Query<List>) -> Answer {
    let (limit, offset) = page(query.limit, query.offset)?;
    let query = ArtifactQuery {
        environment: query.environment_id,
        workspace: query.workspace_id,
        name: query.name,
        name_contains: query.name_contains,
        kinds: kinds(query.types)?,
        limit,
        offset,
    };
    let found = app.service.list_artifacts(&actor, query).await?;
    ok(&PageBody::of(found, |view| ArtifactBody::of(view, family)))
}

/// `GET /orchestration/artifacts/{artifactId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, In(family): In, Path(id): Path<String>) -> Answer {
    let view = app.service.artifact(&actor, &ArtifactId::parse(&id)?).await?;
    ok(&ArtifactBody::of(view, family))
}

/// `DELETE /orchestration/artifacts/{artifactId}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_artifact(&actor, &ArtifactId::parse(&id)?, None).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /orchestration/artifacts/{artifactId}/versions/{version}`
pub async fn version(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path((id, version)): Path<(String, String)>,
) -> Answer {
    let view = app.service.artifact_version(&actor, &ArtifactId::parse(&id)?, &version).await?;
    ok(&ArtifactVersionBody::of(view, family))
}

/// `DELETE /orchestration/artifacts/{artifactId}/versions/{version}`
pub async fn delete_version(
    State(app): State<App>,
    Auth(actor): Auth,
    Path((id, version)): Path<(String, String)>,
) -> Answer {
    app.service.delete_artifact(&actor, &ArtifactId::parse(&id)?, Some(&version)).await?;
    empty(StatusCode::NO_CONTENT)
}

/// Query of the publish call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Publish {
    workspace_id: String,
    name: String,
    version: String,
    r#type: Option<String>,
}

/// `POST /stoker/v1/artifacts`: our own call, because the vendor has no public one.
pub async fn publish(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Query(query): Query<Publish>,
    request: Request,
) -> Answer {
    wanted_type(request.headers(), &["application/zip", "application/octet-stream", "application/x-zip-compressed"])?;
    let wanted = PublishRequest {
        workspace: WorkspaceId::parse(&query.workspace_id)?,
        name: query.name,
        version: query.version,
        kind: kinds(query.r#type)?.into_iter().next(),
    };
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits::ARTIFACT_BYTES) {
        let message = format!("the artifact has more than {} bytes, the largest size accepted", limits::ARTIFACT_BYTES);
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    let mut upload = app.service.begin_publish(&actor, &wanted).await?;
    let mut stream = request.into_body().into_data_stream();
    while let Some(piece) = next_piece(&mut stream).await? {
        upload.write(&piece).await.map_err(stoker_service::Error::from)?;
    }
    let view = app.service.finish_publish(&actor, wanted, upload).await?;
    json(StatusCode::CREATED, &ArtifactBody::of(view, family))
}
