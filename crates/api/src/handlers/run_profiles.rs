//! Run profiles of engines and clusters.

use super::{Answer, empty, json, ok};
use crate::App;
use crate::body::RunProfileBody;
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, Path, Query};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stoker_domain::ids::{ClusterId, EngineId, RunProfileId};
use stoker_domain::runtime::RunProfileKind;
use stoker_service::run_profiles::{Processor, RunProfileRequest};

/// Filter of a list.
#[derive(Deserialize)]
pub struct List {
    r#type: Option<String>,
}

/// Body of create and change calls.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    name: String,
    description: Option<String>,
    jvm_arguments: Vec<String>,
    r#type: Option<String>,
}

/// Query of the delete call; the two generations name the replacement differently, both are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delete {
    new_run_profile_id: Option<String>,
    run_profile_id: Option<String>,
}

fn kind(text: Option<&str>) -> Result<Option<RunProfileKind>, ApiError> {
    text.map(|text| {
        RunProfileKind::for_jobs(text)
            .ok_or_else(|| ApiError::invalid(format!("type: {text:?} is not a kind of run profile")))
    })
    .transpose()
}

impl Body {
    fn request(self) -> Result<RunProfileRequest, ApiError> {
        Ok(RunProfileRequest {
            name: self.name,
            description: self.description,
            jvm_arguments: self.jvm_arguments,
            kind: kind(self.r#type.as_deref())?.unwrap_or(RunProfileKind::JobServer),
        })
    }
}

macro_rules! for_processor {
    ($module:ident, $id:ty, $processor:expr, $deleted:expr, $doc:literal) => {
        #[doc = $doc]
        pub mod $module {
            use super::*;

            fn processor(id: &str) -> Result<Processor, ApiError> {
                Ok($processor(<$id>::parse(id)?))
            }

            /// Lists run profiles.
            pub async fn list(
                State(app): State<App>,
                Auth(actor): Auth,
                In(family): In,
                Path(id): Path<String>,
                Query(query): Query<List>,
            ) -> Answer {
                let kind = kind(query.r#type.as_deref())?;
                let found = app.service.list_run_profiles(&actor, processor(&id)?, kind).await?;
                ok(&found.into_iter().map(|row| RunProfileBody::of(row, family)).collect::<Vec<_>>())
            }

            /// Adds a run profile.
            pub async fn create(
                State(app): State<App>,
                Auth(actor): Auth,
                In(family): In,
                Path(id): Path<String>,
                Json(body): Json<Body>,
            ) -> Answer {
                let row = app.service.create_run_profile(&actor, processor(&id)?, body.request()?).await?;
                json(StatusCode::CREATED, &RunProfileBody::of(row, family))
            }

            /// Reads one.
            pub async fn get(
                State(app): State<App>,
                Auth(actor): Auth,
                In(family): In,
                Path((id, profile)): Path<(String, String)>,
            ) -> Answer {
                let profile = RunProfileId::parse(&profile)?;
                ok(&RunProfileBody::of(app.service.run_profile(&actor, processor(&id)?, &profile).await?, family))
            }

            /// Changes one.
            pub async fn update(
                State(app): State<App>,
                Auth(actor): Auth,
                In(family): In,
                Path((id, profile)): Path<(String, String)>,
                Json(body): Json<Body>,
            ) -> Answer {
                let profile = RunProfileId::parse(&profile)?;
                let row = app.service.update_run_profile(&actor, processor(&id)?, &profile, body.request()?).await?;
                ok(&RunProfileBody::of(row, family))
            }

            /// Removes one; tasks that use it move to the replacement.
            pub async fn delete(
                State(app): State<App>,
                Auth(actor): Auth,
                In(family): In,
                Path((id, profile)): Path<(String, String)>,
                Query(query): Query<Delete>,
            ) -> Answer {
                let profile = RunProfileId::parse(&profile)?;
                let replacement = query.new_run_profile_id.or(query.run_profile_id);
                let replacement = replacement.as_deref().map(RunProfileId::parse).transpose()?;
                app.service.delete_run_profile(&actor, processor(&id)?, &profile, replacement).await?;
                if $deleted == StatusCode::ACCEPTED && !family.is_tmc() {
                    return json(StatusCode::ACCEPTED, &"Run profile removed");
                }
                empty(StatusCode::NO_CONTENT)
            }
        }
    };
}

for_processor!(
    engine,
    EngineId,
    Processor::Engine,
    StatusCode::ACCEPTED,
    "`/processing/runtimes/remote-engines/{engineId}/run-profiles`; removing answers 202 in the newer generation"
);
for_processor!(
    cluster,
    ClusterId,
    Processor::Cluster,
    StatusCode::NO_CONTENT,
    "`/processing/runtimes/remote-engine-clusters/{clusterId}/run-profiles`"
);
