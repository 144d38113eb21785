//! Run profiles of all engines in one family of calls.

use super::dynamic_environments::descending;
use super::{Answer, empty, json, lenient_int, lenient_list, ok};
use crate::App;
use crate::body::{JobProfileBody, PageBody, ProfileItem};
use crate::error::ApiError;
use crate::extract::{Auth, Json, Path, Query, page};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stoker_domain::ids::{ClusterId, EngineId, EnvironmentId, PipelineEngineId, RunProfileId};
use stoker_domain::runtime::{ProcessorKind, RunProfileKind};
use stoker_service::rows::{ProfileFilter, ProfileSort};
use stoker_service::run_profile_search::{ProfileChange, ProfileQuery};
use stoker_service::run_profiles::{Processor, RunProfileRequest};

/// Body of the create call (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    name: String,
    processor_type: String,
    r#type: String,
    jvm_arguments: Vec<String>,
    description: Option<String>,
    scope_id: Option<String>,
    runtime_id: Option<String>,
}

fn processor_kind(field: &str, text: &str) -> Result<ProcessorKind, ApiError> {
    ProcessorKind::from_id(text)
        .ok_or_else(|| ApiError::invalid(format!("{field}: {text:?} is not RE, REC, GEN_2 or DYNAMIC_ENGINE")))
}

impl Create {
    fn processor(&self) -> Result<Processor, ApiError> {
        let kind = processor_kind("processorType", &self.processor_type)?;
        let needed = |field: &str, value: &Option<String>| {
            let value = value.clone().filter(|id| !id.is_empty());
            value.ok_or_else(|| ApiError::invalid(format!("{field}: is needed for the processorType {}", kind.id())))
        };
        Ok(match kind {
            ProcessorKind::Engine => Processor::Engine(EngineId::parse(&needed("runtimeId", &self.runtime_id)?)?),
            ProcessorKind::Cluster => Processor::Cluster(ClusterId::parse(&needed("runtimeId", &self.runtime_id)?)?),
            ProcessorKind::PipelineEngine => {
                Processor::Pipeline(PipelineEngineId::parse(&needed("runtimeId", &self.runtime_id)?)?)
            }
            ProcessorKind::DynamicEngine => {
                Processor::Dynamic(EnvironmentId::parse(&needed("scopeId", &self.scope_id)?)?)
            }
        })
    }
}

/// `POST /processing/run-profiles`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Create>) -> Answer {
    let processor = body.processor()?;
    let kind = RunProfileKind::for_jobs(&body.r#type).ok_or_else(|| {
        ApiError::invalid(format!("type: {:?} is not JOB_SERVER, MICROSERVICE or TALEND_RUNTIME", body.r#type))
    })?;
    let request =
        RunProfileRequest { name: body.name, description: body.description, jvm_arguments: body.jvm_arguments, kind };
    let made = app.service.create_any_run_profile(&actor, processor, request).await.map_err(|error| {
        let error = ApiError::from(error);
        // What the body names and is not there is a mistake in the body: 404 is not published for this call.
        if error.status == StatusCode::NOT_FOUND { ApiError::invalid(error.message) } else { error }
    })?;
    json(StatusCode::CREATED, &JobProfileBody::from(made))
}

/// Body of the search (source: spec); `offset` is needed there, and from 0 when it is missing here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    processor_type: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    processor_types: Vec<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    processor_ids: Vec<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    scope_ids: Vec<String>,
    name: Option<String>,
    run_profile_type: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
}

impl Search {
    fn filter(self) -> Result<ProfileFilter, ApiError> {
        let mut processors = Vec::new();
        for text in self.processor_type.iter().filter(|text| !text.is_empty()) {
            processors.push(processor_kind("processorType", text)?);
        }
        for text in &self.processor_types {
            let kind = processor_kind("processorTypes", text)?;
            if !processors.contains(&kind) {
                processors.push(kind);
            }
        }
        let kind = self.run_profile_type.as_deref().filter(|text| !text.is_empty());
        let kind = kind
            .map(|text| {
                RunProfileKind::from_id(text)
                    .ok_or_else(|| ApiError::invalid(format!("runProfileType: {text:?} is not a kind of run profile")))
            })
            .transpose()?;
        Ok(ProfileFilter {
            processors,
            processor_ids: self.processor_ids,
            environments: self.scope_ids,
            name_contains: self.name.filter(|name| !name.is_empty()),
            kind,
        })
    }
}

/// `POST /processing/run-profiles/search`
pub async fn search(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Search>) -> Answer {
    let (limit, offset) = page(body.limit, body.offset)?;
    let sort = match body.sort_by.as_deref() {
        None | Some("" | "NAME") => ProfileSort::Name,
        Some("ENVIRONMENT_NAME") => ProfileSort::EnvironmentName,
        Some("RUN_PROFILE_TYPE") => ProfileSort::Kind,
        Some("DESCRIPTION") => ProfileSort::Description,
        Some(other) => {
            let known = "NAME, ENVIRONMENT_NAME, RUN_PROFILE_TYPE or DESCRIPTION";
            return Err(ApiError::invalid(format!("sortBy: {other:?} is not {known}")));
        }
    };
    let descending = descending(body.sort_order.as_deref())?;
    let query = ProfileQuery { filter: body.filter()?, sort, descending, limit, offset };
    ok(&PageBody::of(app.service.search_run_profiles(&actor, query).await?, ProfileItem::from))
}

/// `GET /processing/run-profiles/{id}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&JobProfileBody::from(app.service.any_run_profile(&actor, &RunProfileId::parse(&id)?).await?))
}

/// Body of the change call; what is absent stays (source: inferred, nothing in it is required).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    name: Option<String>,
    scope_id: Option<String>,
    description: Option<String>,
    jvm_arguments: Option<Vec<String>>,
}

/// `PUT /processing/run-profiles/{id}`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Update>,
) -> Answer {
    let change = ProfileChange {
        name: body.name,
        scope: body.scope_id.filter(|id| !id.is_empty()),
        description: body.description,
        jvm_arguments: body.jvm_arguments,
    };
    ok(&JobProfileBody::from(app.service.update_any_run_profile(&actor, &RunProfileId::parse(&id)?, change).await?))
}

/// Query of the delete call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delete {
    reschedule_run_profile_id: Option<String>,
}

/// `DELETE /processing/run-profiles/{id}`: 406 while tasks use it and no replacement is named (source: spec).
pub async fn delete(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(query): Query<Delete>,
) -> Answer {
    let replacement = query.reschedule_run_profile_id.filter(|id| !id.is_empty());
    let replacement = replacement.as_deref().map(RunProfileId::parse).transpose()?;
    app.service.delete_any_run_profile(&actor, &RunProfileId::parse(&id)?, replacement).await?;
    empty(StatusCode::NO_CONTENT)
}
