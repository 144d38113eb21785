//! Schedules, what they are linked to, and upcoming events.

use super::{Answer, empty, json, lenient_bool, lenient_int, lenient_list, ok};
use crate::App;
use crate::body::{EventBody, PageBody, ScheduleBody};
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, OptionalJson, Path, Query, page};
use crate::family::Family;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json as json_value};
use stoker_domain::ids::ScheduleId;
use stoker_domain::runtime::RuntimeType;
use stoker_domain::time::to_text;
use stoker_service::schedules::{Definition, EventQuery, ScheduleQuery, TriggerRequest, Window};

/// Filters of the list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    description_filter: Option<String>,
    environment_id: Option<String>,
    #[serde(default, deserialize_with = "lenient_bool")]
    only_bound: Option<bool>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
}

/// `GET /orchestration/schedules`
pub async fn list(State(app): State<App>, Auth(actor): Auth, In(family): In, Query(query): Query<List>) -> Answer {
    let (limit, offset) = page(query.limit, query.offset)?;
    let query = ScheduleQuery {
        description: query.description_filter,
        environment: query.environment_id.filter(|id| !id.is_empty()),
        linked: query.only_bound.unwrap_or(false),
        limit,
        offset,
    };
    ok(&PageBody::of(app.service.list_schedules(&actor, query).await?, |view| ScheduleBody::of(view, family)))
}

/// `ScheduleTrigger`, or `MultipleTrigger` in 2.6 (source: spec).
#[derive(Deserialize)]
pub struct TriggerBody {
    name: String,
    #[serde(flatten)]
    definition: Value,
    #[serde(default, deserialize_with = "lenient_int")]
    timeout: Option<i64>,
}

/// Reads when a trigger is due out of an object that holds more; the message names the field.
pub(crate) fn definition(value: Value, place: &str) -> Result<Definition, ApiError> {
    serde_path_to_error::deserialize::<_, Definition>(value).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        let path = if path == "." { String::new() } else { format!("{path}: ") };
        ApiError::invalid(format!("{place}{path}{message}"))
    })
}

impl TriggerBody {
    fn request(self, place: &str) -> Result<TriggerRequest, ApiError> {
        let definition = definition(self.definition, place)?;
        Ok(TriggerRequest { name: self.name, definition, timeout: self.timeout })
    }
}

/// `CreateScheduleMultipleTriggerRequest` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    environment_id: String,
    description: Option<String>,
    trigger: TriggerBody,
}

/// The id of what was made; the older generation has no body (source: spec).
fn made(id: &ScheduleId, family: Family) -> Answer {
    if family.is_tmc() {
        return empty(StatusCode::CREATED);
    }
    json(StatusCode::CREATED, &json_value!({ "id": id.as_str() }))
}

/// `POST /orchestration/schedules`
pub async fn create(State(app): State<App>, Auth(actor): Auth, In(family): In, Json(body): Json<Create>) -> Answer {
    let request = body.trigger.request("trigger.")?;
    let id = app.service.create_schedule(&actor, &body.environment_id, body.description, request).await?;
    made(&id, family)
}

/// `GET /orchestration/schedules/{scheduleId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, In(family): In, Path(id): Path<String>) -> Answer {
    ok(&ScheduleBody::of(app.service.schedule(&actor, &ScheduleId::parse(&id)?).await?, family))
}

/// `UpdateScheduleMultipleTriggerRequest` (source: spec).
#[derive(Default, Deserialize)]
pub struct Describe {
    description: Option<String>,
}

/// `POST /orchestration/schedules/{scheduleId}`: a copy.
pub async fn copy(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
    OptionalJson(body): OptionalJson<Describe>,
) -> Answer {
    let text = body.unwrap_or_default().description;
    made(&app.service.copy_schedule(&actor, &ScheduleId::parse(&id)?, text).await?, family)
}

/// `PATCH /orchestration/schedules/{scheduleId}`
pub async fn patch(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Describe>,
) -> Answer {
    app.service.describe_schedule(&actor, &ScheduleId::parse(&id)?, body.description).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /orchestration/schedules/{scheduleId}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_schedule(&actor, &ScheduleId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `POST /orchestration/schedules/{scheduleId}/triggers`
pub async fn add_trigger(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<TriggerBody>,
) -> Answer {
    app.service.add_trigger(&actor, &ScheduleId::parse(&id)?, body.request("")?).await?;
    empty(StatusCode::OK)
}

/// `PUT /orchestration/schedules/{scheduleId}/triggers`
pub async fn replace_trigger(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<TriggerBody>,
) -> Answer {
    app.service.replace_trigger(&actor, &ScheduleId::parse(&id)?, body.request("")?).await?;
    empty(StatusCode::OK)
}

/// Which trigger is to be removed.
#[derive(Deserialize)]
pub struct Named {
    name: String,
}

/// `DELETE /orchestration/schedules/{scheduleId}/triggers`
pub async fn delete_trigger(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(query): Query<Named>,
) -> Answer {
    app.service.delete_trigger(&actor, &ScheduleId::parse(&id)?, &query.name).await?;
    empty(StatusCode::NO_CONTENT)
}

/// A window of upcoming events.
#[derive(Deserialize)]
pub struct Events {
    #[serde(default, deserialize_with = "lenient_int")]
    from: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    to: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
}

impl Events {
    pub(super) fn window(&self) -> Result<Window, ApiError> {
        let (limit, offset) = page(self.limit, self.offset)?;
        let to_ms = self.to.ok_or_else(|| ApiError::invalid("to: is missing; give milliseconds since 1970"))?;
        Ok(Window { from_ms: self.from, to_ms, limit, offset })
    }
}

/// `GET /orchestration/schedules/{scheduleId}/events`: a bare array in the newer generation, a page of other items in the
/// older one (source: spec).
pub async fn events(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
    Query(query): Query<Events>,
) -> Answer {
    let found = app.service.schedule_events(&actor, &ScheduleId::parse(&id)?, query.window()?).await?;
    if family.is_tmc() {
        return ok(&PageBody::of(found, EventBody::of));
    }
    let items: Vec<Value> = found
        .items
        .into_iter()
        .map(|event| json_value!({ "datetime": to_text(event.at_ms), "sourceTriggerName": event.trigger }))
        .collect();
    ok(&items)
}

/// `runtime` of a search of events.
#[derive(Deserialize)]
pub struct Runtime {
    r#type: Option<String>,
    id: Option<String>,
}

/// `ScheduledEventsRequest` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    environment_id: String,
    #[serde(default, deserialize_with = "lenient_list")]
    workspace_ids: Vec<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    tags: Vec<String>,
    runtime: Option<Runtime>,
    #[serde(default, deserialize_with = "lenient_int")]
    from: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    to: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
}

/// `POST /orchestration/executables/events/search`
pub async fn search(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Search>) -> Answer {
    let window = Events { from: body.from, to: body.to, limit: body.limit, offset: body.offset }.window()?;
    let (kind, runtime_id) = body.runtime.map_or((None, None), |runtime| (runtime.r#type, runtime.id));
    let runtime_type = kind
        .map(|text| {
            RuntimeType::from_id(&text)
                .ok_or_else(|| ApiError::invalid(format!("runtime.type: {text:?} is not a kind of processor")))
        })
        .transpose()?;
    let query = EventQuery {
        environment: body.environment_id,
        workspaces: body.workspace_ids,
        tags: body.tags,
        runtime_type,
        runtime_id: runtime_id.filter(|id| !id.is_empty()),
        window,
    };
    ok(&PageBody::of(app.service.search_events(&actor, query).await?, EventBody::of))
}
