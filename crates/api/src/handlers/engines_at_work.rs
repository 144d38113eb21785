//! Engines with what is on them, and draining them: paths of our own.

use super::{Answer, ok};
use crate::App;
use crate::extract::{Auth, OptionalJson, Path};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use stoker_domain::ids::EngineId;
use stoker_domain::runtime::PairingStatus;
use stoker_domain::time::to_text;
use stoker_service::drains::EngineWork;

fn shown(work: &EngineWork) -> Value {
    let engine = &work.engine;
    let mut body = json!({
        "id": engine.id.as_str(), "name": engine.name, "status": engine.status.id(),
        "availability": work.availability.id(), "runs": work.runs, "testRuns": work.test_runs,
    });
    if engine.max_runs > 0 {
        body["slots"] = engine.max_runs.into();
    }
    if let Some(at) = engine.stopped_ms.filter(|_| engine.status == PairingStatus::Paired) {
        body["stoppedAt"] = to_text(at).into();
    }
    if let Some(since) = engine.drain_ms {
        body["drain"] = json!({ "since": to_text(since), "by": engine.drain_by.as_deref().unwrap_or_default() });
        if let Some(reason) = &engine.drain_reason {
            body["drain"]["reason"] = reason.as_str().into();
        }
    }
    body
}

/// `GET /stoker/v1/engines`
pub async fn list(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let found = app.service.engines_at_work(&actor).await?;
    ok(&found.iter().map(shown).collect::<Vec<_>>())
}

/// `GET /stoker/v1/engines/{id}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&shown(&app.service.engine_at_work(&actor, &EngineId::parse(&id)?).await?))
}

/// Body of the drain call; it may be left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drain {
    reason: Option<String>,
}

/// `POST /stoker/v1/engines/{id}/drain`
pub async fn drain(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    OptionalJson(body): OptionalJson<Drain>,
) -> Answer {
    let reason = body.and_then(|body| body.reason);
    ok(&shown(&app.service.drain_engine(&actor, &EngineId::parse(&id)?, reason).await?))
}

/// `POST /stoker/v1/engines/{id}/resume`
pub async fn resume(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&shown(&app.service.resume_engine(&actor, &EngineId::parse(&id)?).await?))
}
