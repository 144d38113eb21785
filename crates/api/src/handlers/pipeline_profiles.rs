//! Run profiles of Gen2 engines, one module for each of the five kinds.

use super::{Answer, empty, ok};
use crate::App;
use crate::body::pipeline_profile;
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, Path, Query};
use crate::family::Family;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stoker_domain::ids::{PipelineEngineId, RunProfileId};
use stoker_domain::pipeline::{PipelineProfileKind, PipelineSettings};
use stoker_service::Actor;
use stoker_service::pipeline_profiles::{PipelineDefinition, PipelineProfileRequest};

/// What every kind has in its body.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Common {
    name: String,
    description: Option<String>,
    engine_id: Option<String>,
}

/// `DataIntegrationRunProfile` (source: spec), beside what every kind has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Jobs {
    jvm_arguments: Option<Vec<String>>,
}

/// The token inside the body of a Databricks run profile; it is kept apart from the rest.
#[derive(Deserialize)]
struct Databricks {
    databricks: Option<Access>,
}

/// See [`Databricks`].
#[derive(Deserialize)]
struct Access {
    token: Option<String>,
}

/// A part of the body; the message names the field.
fn part<T: DeserializeOwned>(body: &Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner();
        ApiError::invalid(if path == "." { format!("the body: {message}") } else { format!("{path}: {message}") })
    })
}

fn request(kind: PipelineProfileKind, body: &Value) -> Result<PipelineProfileRequest, ApiError> {
    let Common { name, description, engine_id: engine } = part(body)?;
    let mut token = None;
    let settings = match kind {
        PipelineProfileKind::Standard => PipelineSettings::Standard(part(body)?),
        PipelineProfileKind::BigData => PipelineSettings::BigData(part(body)?),
        PipelineProfileKind::Advanced => PipelineSettings::Advanced(part(body)?),
        PipelineProfileKind::Databricks => {
            token = part::<Databricks>(body)?.databricks.and_then(|access| access.token);
            PipelineSettings::Databricks(part(body)?)
        }
        PipelineProfileKind::DataIntegration => {
            let definition = PipelineDefinition::Jobs(part::<Jobs>(body)?.jvm_arguments.unwrap_or_default());
            return Ok(PipelineProfileRequest { name, description, engine, definition, token });
        }
    };
    let definition = PipelineDefinition::Pipelines(Box::new(settings));
    Ok(PipelineProfileRequest { name, description, engine, definition, token })
}

/// Query of the delete call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delete {
    new_run_profile_id: Option<String>,
}

async fn create(app: &App, actor: &Actor, kind: PipelineProfileKind, engine: &str, body: &Value) -> Answer {
    let engine = PipelineEngineId::parse(engine)?;
    app.service.create_pipeline_profile(actor, &engine, request(kind, body)?).await?;
    empty(StatusCode::CREATED)
}

async fn read(app: &App, actor: &Actor, kind: PipelineProfileKind, (engine, id): (&str, &str), in_: Family) -> Answer {
    let (engine, id) = (PipelineEngineId::parse(engine)?, RunProfileId::parse(id)?);
    let found = app.service.pipeline_profile(actor, &engine, kind, &id).await?;
    ok(&pipeline_profile(&found, in_))
}

async fn replace(
    app: &App,
    actor: &Actor,
    kind: PipelineProfileKind,
    (engine, id): (&str, &str),
    body: &Value,
) -> Answer {
    let (engine, id) = (PipelineEngineId::parse(engine)?, RunProfileId::parse(id)?);
    app.service.replace_pipeline_profile(actor, &engine, (kind, &id), request(kind, body)?).await?;
    empty(StatusCode::NO_CONTENT)
}

async fn remove(
    app: &App,
    actor: &Actor,
    kind: PipelineProfileKind,
    (engine, id): (&str, &str),
    query: Delete,
) -> Answer {
    let (engine, id) = (PipelineEngineId::parse(engine)?, RunProfileId::parse(id)?);
    let replacement = query.new_run_profile_id.filter(|id| !id.is_empty());
    let replacement = replacement.as_deref().map(RunProfileId::parse).transpose()?;
    app.service.delete_pipeline_profile(actor, &engine, (kind, &id), replacement).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /processing/runtimes/pipeline-engines/{engineId}/run-profiles/{type}/{runProfileId}`
pub async fn delete_of_type(
    State(app): State<App>,
    Auth(actor): Auth,
    Path((engine, kind, id)): Path<(String, String, String)>,
    Query(query): Query<Delete>,
) -> Answer {
    let kind = PipelineProfileKind::from_id(&kind).ok_or_else(|| {
        let known: Vec<&str> = PipelineProfileKind::ALL.iter().map(|kind| kind.id()).collect();
        ApiError::invalid(format!("type: {kind:?} is not {}", known.join(", ")))
    })?;
    remove(&app, &actor, kind, (&engine, &id), query).await
}

macro_rules! for_kind {
    ($module:ident, $kind:ident, $doc:literal) => {
        #[doc = $doc]
        pub mod $module {
            use super::*;

            const KIND: PipelineProfileKind = PipelineProfileKind::$kind;

            /// Adds one.
            pub async fn create(
                State(app): State<App>,
                Auth(actor): Auth,
                Path(engine): Path<String>,
                Json(body): Json<Value>,
            ) -> Answer {
                super::create(&app, &actor, KIND, &engine, &body).await
            }

            /// Reads one.
            pub async fn get(
                State(app): State<App>,
                Auth(actor): Auth,
                In(family): In,
                Path((engine, id)): Path<(String, String)>,
            ) -> Answer {
                super::read(&app, &actor, KIND, (&engine, &id), family).await
            }

            /// Replaces one.
            pub async fn replace(
                State(app): State<App>,
                Auth(actor): Auth,
                Path((engine, id)): Path<(String, String)>,
                Json(body): Json<Value>,
            ) -> Answer {
                super::replace(&app, &actor, KIND, (&engine, &id), &body).await
            }

            /// Removes one; see [`delete_of_type`].
            pub async fn delete(
                State(app): State<App>,
                Auth(actor): Auth,
                Path((engine, id)): Path<(String, String)>,
                Query(query): Query<Delete>,
            ) -> Answer {
                super::remove(&app, &actor, KIND, (&engine, &id), query).await
            }
        }
    };
}

for_kind!(standard, Standard, "`.../run-profiles/standard`");
for_kind!(big_data, BigData, "`.../run-profiles/big-data`");
for_kind!(databricks, Databricks, "`.../run-profiles/databricks`");
for_kind!(advanced, Advanced, "`.../run-profiles/advanced`");
for_kind!(data_integration, DataIntegration, "`.../run-profiles/data-integration`");
