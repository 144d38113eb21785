//! Engines and clusters.

use super::{Answer, Filter, empty, json, lenient_bool, ok};
use crate::App;
use crate::body::{ClusterBody, EngineBody, engine_services};
use crate::error::ApiError;
use crate::extract::{Auth, Json, OptionalJson, Path, Query};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stoker_domain::ids::{ClusterId, EngineId, RunProfileId};
use stoker_service::clusters::{ClusterRequest, ProfileChoice};
use stoker_service::engines::EngineRequest;

/// `GET /processing/runtimes/remote-engines`
pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(filter): Query<Filter>) -> Answer {
    let found = app.service.list_engines(&actor, filter.text()).await?;
    ok(&found.into_iter().map(EngineBody::from).collect::<Vec<_>>())
}

/// `EngineDebug` (source: spec).
#[derive(Deserialize)]
pub struct Debug {
    host: Option<String>,
}

/// Body of the create call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    name: String,
    environment_id: String,
    workspace_id: Option<String>,
    run_profiles: Option<Vec<String>>,
    debug: Option<Debug>,
    description: Option<String>,
    esb_compatibility_version: Option<String>,
}

/// `POST /processing/runtimes/remote-engines`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Body>) -> Answer {
    let request = EngineRequest {
        name: body.name,
        environment: body.environment_id,
        workspace: body.workspace_id,
        run_profiles: body.run_profiles.unwrap_or_default(),
        description: body.description,
        esb_version: body.esb_compatibility_version,
        debug_host: body.debug.and_then(|d| d.host),
    };
    json(StatusCode::CREATED, &EngineBody::from(app.service.create_engine(&actor, request).await?))
}

/// `GET /processing/runtimes/remote-engines/{id}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&EngineBody::from(app.service.engine(&actor, &EngineId::parse(&id)?).await?))
}

/// `DELETE /processing/runtimes/remote-engines/{id}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_engine(&actor, &EngineId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /processing/runtimes/remote-engines/{id}/pairing`: the engine gets a new key at once.
pub async fn unpair(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.unpair_engine(&actor, &EngineId::parse(&id)?).await?;
    ok(&"Engine unpaired")
}

/// Body of the debug call; a published example sends the flag as text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DebugBody {
    host: Option<String>,
    #[serde(default, deserialize_with = "lenient_bool")]
    is_debug_mode_on: Option<bool>,
}

/// `PUT /processing/runtimes/remote-engines/{remoteEngineId}/debug`
pub async fn debug(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<DebugBody>,
) -> Answer {
    let on = body.is_debug_mode_on.unwrap_or(body.host.is_some());
    if on && body.host.as_deref().is_none_or(str::is_empty) {
        return Err(ApiError::invalid("host: is missing"));
    }
    let host = body.host.filter(|_| on);
    ok(&EngineBody::from(app.service.set_engine_debug(&actor, &EngineId::parse(&id)?, host).await?))
}

/// `GET /processing/runtimes/remote-engine-clusters`
pub async fn list_clusters(State(app): State<App>, Auth(actor): Auth, Query(filter): Query<Filter>) -> Answer {
    let found = app.service.list_clusters(&actor, filter.text()).await?;
    ok(&found.iter().map(ClusterBody::listed).collect::<Vec<_>>())
}

/// Body of the create call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    name: String,
    workspace_id: Option<String>,
    environment_id: String,
    description: Option<String>,
    #[serde(default)]
    remote_engines: Option<Vec<String>>,
}

/// `POST /processing/runtimes/remote-engine-clusters`
pub async fn create_cluster(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Cluster>) -> Answer {
    let request = ClusterRequest {
        name: body.name,
        environment: body.environment_id,
        workspace: body.workspace_id,
        description: body.description,
        engines: body.remote_engines.unwrap_or_default(),
    };
    json(StatusCode::CREATED, &ClusterBody::whole(&app.service.create_cluster(&actor, request).await?))
}

/// `GET /processing/runtimes/remote-engine-clusters/{clusterId}`
pub async fn get_cluster(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&ClusterBody::whole(&app.service.cluster(&actor, &ClusterId::parse(&id)?).await?))
}

/// `DELETE /processing/runtimes/remote-engine-clusters/{clusterId}`
pub async fn delete_cluster(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_cluster(&actor, &ClusterId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `RunProfileRescheduleOptions` (source: spec); the engine guide sends no body.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reschedule {
    method: Option<String>,
    run_profile_id: Option<String>,
}

impl Reschedule {
    fn choice(self) -> Result<ProfileChoice, ApiError> {
        match self.method.as_deref() {
            None | Some("" | "DEFAULT") => Ok(ProfileChoice::Keep),
            Some("DUPLICATE_RUN_PROFILES") => Ok(ProfileChoice::Duplicate),
            Some("CLUSTER_RUN_PROFILE") => match self.run_profile_id.as_deref() {
                None | Some("") => Err(ApiError::invalid("runProfileId: is needed for the method CLUSTER_RUN_PROFILE")),
                Some(id) => Ok(ProfileChoice::Use(RunProfileId::parse(id)?)),
            },
            Some(other) => {
                let known = "DEFAULT, DUPLICATE_RUN_PROFILES or CLUSTER_RUN_PROFILE";
                Err(ApiError::invalid(format!("method: {other:?} is not {known}")))
            }
        }
    }
}

/// `PUT /processing/runtimes/remote-engine-clusters/{clusterId}/engines/{engineId}`
pub async fn add_engine(
    State(app): State<App>,
    Auth(actor): Auth,
    Path((cluster, engine)): Path<(String, String)>,
    OptionalJson(body): OptionalJson<Reschedule>,
) -> Answer {
    let choice = body.map_or(Ok(ProfileChoice::Keep), Reschedule::choice)?;
    app.service.add_to_cluster(&actor, &ClusterId::parse(&cluster)?, &EngineId::parse(&engine)?, choice).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /processing/runtimes/remote-engine-clusters/{clusterId}/engines/{engineId}`
pub async fn remove_engine(
    State(app): State<App>,
    Auth(actor): Auth,
    Path((cluster, engine)): Path<(String, String)>,
) -> Answer {
    app.service.remove_from_cluster(&actor, &ClusterId::parse(&cluster)?, &EngineId::parse(&engine)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /processing/engines`: what the engines told about themselves (source: client).
pub async fn services(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let found = app.service.list_engines(&actor, None).await?;
    ok(&engine_services(&found))
}
