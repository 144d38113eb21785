//! What starts tasks and plans: the calls that both have, each in a module of its own.

use super::schedules::{Events, definition};
use super::{Answer, empty, lenient_int, ok, webhooks};
use crate::App;
use crate::body::{FireBody, PageBody, ScheduleBody};
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, Path, Query, page};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use stoker_domain::ids::{PlanId, TaskId};
use stoker_domain::time::to_text;
use stoker_service::triggers::{ExecutableId, TriggerChoice};

/// `LinkScheduleMultipleTriggerRequest` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    schedule_id: String,
}

/// A page.
#[derive(Deserialize)]
pub struct Paged {
    #[serde(default, deserialize_with = "lenient_int")]
    pub(super) limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    pub(super) offset: Option<i64>,
}

/// What starts a task or plan, out of a run configuration (source: spec).
pub(crate) fn choice(trigger: Option<Map<String, Value>>) -> Result<TriggerChoice, ApiError> {
    let trigger = trigger.ok_or_else(|| ApiError::invalid("trigger: is missing; use {\"type\": \"MANUAL\"}"))?;
    match trigger.get("type").and_then(Value::as_str) {
        Some("MANUAL") => Ok(TriggerChoice::Manual),
        Some("MULTIPLE") => Ok(TriggerChoice::Multiple),
        Some("ONCE" | "DAILY" | "WEEKLY" | "MONTHLY" | "CRON") => {
            Ok(TriggerChoice::Timed(Box::new(definition(Value::Object(trigger), "trigger.")?)))
        }
        Some("WEBHOOK") => Ok(TriggerChoice::Webhook(Box::new(webhooks::request(&trigger)?))),
        _ => Err(ApiError::invalid("trigger.type: is not a type of trigger; use MANUAL")),
    }
}

macro_rules! calls {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        pub mod $name {
            use super::*;

            fn named(id: &str) -> Result<ExecutableId, ApiError> {
                Ok($parse(id)?)
            }

            /// `GET .../{id}/schedule`
            pub async fn schedule(
                State(app): State<App>,
                Auth(actor): Auth,
                In(family): In,
                Path(id): Path<String>,
            ) -> Answer {
                ok(&ScheduleBody::of(app.service.linked_schedule(&actor, &named(&id)?).await?, family))
            }

            /// `PUT .../{id}/schedule`
            pub async fn link(
                State(app): State<App>,
                Auth(actor): Auth,
                Path(id): Path<String>,
                Json(body): Json<Link>,
            ) -> Answer {
                app.service.link_schedule(&actor, &named(&id)?, &body.schedule_id).await?;
                empty(StatusCode::OK)
            }

            /// `DELETE .../{id}/schedule`
            pub async fn unlink(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
                app.service.unlink_schedule(&actor, &named(&id)?).await?;
                empty(StatusCode::NO_CONTENT)
            }

            /// `DELETE .../{id}/run-config`
            pub async fn stop(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
                app.service.stop_trigger(&actor, &named(&id)?).await?;
                empty(StatusCode::NO_CONTENT)
            }

            /// `GET .../{id}/run-config/events`
            pub async fn events(
                State(app): State<App>,
                Auth(actor): Auth,
                Path(id): Path<String>,
                Query(query): Query<Events>,
            ) -> Answer {
                let found = app.service.upcoming(&actor, &named(&id)?, query.window()?).await?;
                ok(&PageBody::of(found, |event| to_text(event.at_ms)))
            }

            /// `GET /stoker/v1/.../{id}/firings`: what became of each due instant, also of those that started nothing.
            pub async fn fires(
                State(app): State<App>,
                Auth(actor): Auth,
                Path(id): Path<String>,
                Query(query): Query<Paged>,
            ) -> Answer {
                let (limit, offset) = page(query.limit, query.offset)?;
                ok(&PageBody::of(app.service.fires(&actor, &named(&id)?, limit, offset).await?, FireBody::of))
            }

            /// `GET /stoker/v1/.../{id}/webhook`: what is known of its webhook beside the run configuration.
            pub async fn webhook(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
                ok(&webhooks::shown(&app.service.webhook(&actor, &named(&id)?).await?, app.service.now()))
            }

            /// `PUT /stoker/v1/.../{id}/webhook`: how long its URL may be called.
            pub async fn webhook_term(
                State(app): State<App>,
                Auth(actor): Auth,
                Path(id): Path<String>,
                Json(body): Json<webhooks::TermBody>,
            ) -> Answer {
                let hook = app.service.set_webhook_term(&actor, &named(&id)?, body.term()?).await?;
                ok(&webhooks::shown(&hook, app.service.now()))
            }
        }
    };
}

calls!(
    /// Calls of tasks.
    task,
    |id| TaskId::parse(id).map(ExecutableId::Task)
);
calls!(
    /// Calls of plans.
    plan,
    |id| PlanId::parse(id).map(ExecutableId::Plan)
);
