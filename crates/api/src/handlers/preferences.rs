//! What the console keeps for a user: paths of our own.

use super::{Answer, ok};
use crate::App;
use crate::extract::{Auth, Json};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stoker_service::Error;
use stoker_service::preferences::Kept;

/// Body of the call that replaces.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    version: i64,
    document: Map<String, Value>,
}

fn shown(kept: &Kept) -> Answer {
    let document: Value = serde_json::from_str(&kept.document).map_err(Error::internal)?;
    ok(&json!({ "version": kept.version, "document": document }))
}

/// `GET /stoker/v1/preferences`
pub async fn get(State(app): State<App>, Auth(actor): Auth) -> Answer {
    shown(&app.service.preferences(&actor).await?)
}

/// `PUT /stoker/v1/preferences`
pub async fn put(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Replace>) -> Answer {
    let text = Value::Object(body.document).to_string();
    shown(&app.service.keep_preferences(&actor, body.version, text).await?)
}
