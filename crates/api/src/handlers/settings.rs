//! Settings of the server and how it is: paths of our own.

use super::{Answer, ok};
use crate::App;
use crate::extract::{Auth, Json, Path, Query};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use stoker_domain::time::to_text;
use stoker_service::settings::{Kind, SettingView};

fn shown(view: &SettingView) -> Value {
    let setting = view.setting;
    let mut body = json!({
        "name": setting.name, "group": setting.group.id(), "kind": setting.kind.id(), "value": view.value,
        "default": view.default, "from": view.from.id(), "changeable": setting.at_run_time,
        "meaning": setting.meaning, "readBy": setting.read_by, "version": view.version,
    });
    if !setting.unit.is_empty() {
        body["unit"] = setting.unit.into();
    }
    match setting.kind {
        Kind::Number(number) => (body["least"], body["most"]) = (number.least.into(), number.most.into()),
        Kind::Choice { values, .. } => body["values"] = values.into(),
        Kind::Texts(_) | Kind::Provider(_) => {}
    }
    if let Some((at, by)) = &view.changed {
        (body["changedAt"], body["changedBy"]) = (to_text(*at).into(), by.as_str().into());
    }
    body
}

/// `GET /stoker/v1/settings`
pub async fn list(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let found = app.service.server_settings(&actor).await?;
    ok(&found.iter().map(shown).collect::<Vec<_>>())
}

/// Body of the call that sets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    value: Value,
    version: Option<i64>,
}

/// `PUT /stoker/v1/settings/{name}`
pub async fn set(State(app): State<App>, Auth(actor): Auth, Path(name): Path<String>, Json(body): Json<Set>) -> Answer {
    ok(&shown(&app.service.set_setting(&actor, &name, &body.value, body.version).await?))
}

/// Query of the call that puts back.
#[derive(Deserialize)]
pub struct Unset {
    version: Option<i64>,
}

/// `DELETE /stoker/v1/settings/{name}`
pub async fn unset(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(name): Path<String>,
    Query(query): Query<Unset>,
) -> Answer {
    ok(&shown(&app.service.unset_setting(&actor, &name, query.version).await?))
}

/// `GET /stoker/v1/system`
pub async fn system(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let found = app.service.vitals(&actor).await?;
    let mut body = json!({
        "version": found.version, "since": to_text(found.since_ms), "publicUrl": found.public_url,
        "database": { "kind": found.database, "bytes": found.database_bytes, "schema": found.schema },
        "runs": {
            "waiting": found.runs.waiting, "running": found.runs.running, "unknown": found.runs.unknown,
        },
        "engines": {
            "available": found.engines.available, "silent": found.engines.silent, "unpaired": found.engines.unpaired,
        },
        "keepLogsDays": found.keep_logs_days,
    });
    if let Some(listen) = found.listen {
        body["listen"] = listen.into();
    }
    if let Some(disk) = found.disk {
        body["disk"] = json!({ "freeBytes": disk.free, "totalBytes": disk.total });
    }
    ok(&body)
}
