//! The wait ledger: each moment between the request of a run and its start with one reason and the object to look at.

use serde_json::{Value, json};
use stoker_domain::time::to_text;
use stoker_service::rows::{Run, RunEvent};

/// What an event says about the time behind it; nothing when it changes no reason.
fn reason(event: &RunEvent, run: &Run) -> Option<Value> {
    let detail: Option<Value> = event.detail.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let engine = || {
        let told = detail.as_ref().and_then(|detail| detail.get("engineId")).cloned();
        told.or_else(|| run.engine_id.as_ref().map(|id| id.as_str().into())).unwrap_or_default()
    };
    match event.kind.as_str() {
        "waiting" => detail,
        // Artifact, folder and process are made; the engine has the run.
        "offered" | "known_again" => Some(json!({ "reason": "preparing", "engineId": engine() })),
        "unknown" => Some(json!({ "reason": "engine_silent", "engineId": engine() })),
        "stop_asked" => Some(json!({ "reason": "stopping", "engineId": engine() })),
        // Until the first reason is known, and after an offer came back.
        "accepted" | "withdrawn" => Some(json!({ "reason": "hand_over", "targetId": run.target_id })),
        _ => None,
    }
}

/// The stretches in order, without gaps; the last one is open while the run waits.
pub(super) fn waits(run: &Run, events: &[RunEvent]) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    let mut open: Option<(i64, Value)> = None;
    for event in events {
        let over = matches!(event.kind.as_str(), "started" | "finished");
        let next = reason(event, run);
        if over || next.is_some() {
            found.extend(open.take().and_then(|(from, reason)| closed(from, Some(event.at_ms), reason)));
        }
        if over {
            return found;
        }
        open = next.map(|reason| (event.at_ms, reason)).or(open);
    }
    found.extend(open.and_then(|(from, reason)| closed(from, None, reason)));
    found
}

/// A stretch; nothing when it has no length.
fn closed(from_ms: i64, to_ms: Option<i64>, reason: Value) -> Option<Value> {
    if to_ms == Some(from_ms) {
        return None;
    }
    let mut stretch = json!({ "from": to_text(from_ms) });
    if let Some(to_ms) = to_ms {
        stretch["to"] = to_text(to_ms).into();
        stretch["milliseconds"] = (to_ms - from_ms).into();
    }
    if let (Value::Object(fields), Value::Object(more)) = (&mut stretch, reason) {
        fields.extend(more);
    }
    Some(stretch)
}
