//! What a trigger would do before it is stored.

use super::schedules::definition;
use super::{Answer, lenient_int, ok};
use crate::App;
use crate::error::ApiError;
use crate::extract::{Auth, Json};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use stoker_domain::time::to_text;
use stoker_service::schedules::{PREVIEW_DATES, Preview};

/// Dates of a preview unless asked for more.
const DATES: i64 = 10;

/// The trigger as it would be stored, and how many dates are wanted.
#[derive(Deserialize)]
pub struct Wish {
    trigger: Value,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
}

/// `POST /stoker/v1/schedules/preview`: the next dates of a trigger that is not stored, and what the changes of the clocks
/// in the next thirteen months do to it. It changes nothing.
pub async fn preview(State(app): State<App>, Auth(actor): Auth, Json(wish): Json<Wish>) -> Answer {
    let count = wish.limit.unwrap_or(DATES);
    let count = usize::try_from(count).ok().filter(|count| (1..=PREVIEW_DATES).contains(count));
    let count = count.ok_or_else(|| ApiError::invalid(format!("limit: must be from 1 to {PREVIEW_DATES}")))?;
    let wanted = definition(wish.trigger, "trigger.")?;
    ok(&shown(&app.service.preview_trigger(&actor, wanted, count, "trigger.").await?))
}

fn shown(preview: &Preview) -> Value {
    let changes = preview.changes.iter().map(|change| {
        json!({
            "at": to_text(change.at.as_millisecond()),
            "affected": change.affected.iter().map(|wall| wall.strftime("%Y-%m-%dT%H:%M:%S").to_string()).collect::<Vec<_>>(),
            "more": change.more,
            "text": change.to_string(),
        })
    });
    json!({
        "words": preview.words,
        "dates": preview.dates.iter().map(|at| to_text(*at)).collect::<Vec<_>>(),
        "clockChanges": changes.collect::<Vec<_>>(),
    })
}
