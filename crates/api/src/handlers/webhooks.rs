//! Webhooks: their part of a run configuration, and the calls.

use super::{Answer, empty, lenient_bool, lenient_int};
use crate::App;
use crate::error::ApiError;
use crate::extract::{Path, collected, wanted_type};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stoker_domain::time::{from_text, to_text};
use stoker_domain::{PrincipalKind, limits};
use stoker_service::webhook_terms::Term;
use stoker_service::webhooks::{MEDIA_TYPES, WebhookRequest};

/// `Webhook` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    name: String,
    description: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    trigger_calls: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    trigger_timeout: Option<i64>,
    run_as_user: Option<String>,
    run_as_user_type: Option<String>,
    #[serde(default, deserialize_with = "lenient_bool")]
    new_url: Option<bool>,
    #[serde(default, deserialize_with = "lenient_int")]
    execution_timeout: Option<i64>,
}

/// The webhook of a trigger; the message names the field.
pub(crate) fn request(trigger: &Map<String, Value>) -> Result<WebhookRequest, ApiError> {
    let place = "trigger.webhook";
    let value = trigger.get("webhook").filter(|value| !value.is_null());
    let value = value.ok_or_else(|| ApiError::invalid(format!("{place}: is missing; give at least a name")))?;
    let read: Webhook = serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { format!(".{path}") };
        ApiError::invalid(format!("{place}{path}: {}", error.into_inner()))
    })?;
    let run_as_kind = read
        .run_as_user_type
        .map(|text| {
            PrincipalKind::from_id(&text)
                .ok_or_else(|| ApiError::invalid(format!("{place}.runAsUserType: {text:?} is not HUMAN or SERVICE")))
        })
        .transpose()?;
    Ok(WebhookRequest {
        name: read.name,
        description: read.description,
        trigger_calls: read.trigger_calls,
        trigger_timeout: read.trigger_timeout,
        run_as_user: read.run_as_user.filter(|user| !user.is_empty()),
        run_as_kind,
        new_url: read.new_url.unwrap_or(false),
        execution_timeout: read.execution_timeout,
    })
}

/// Body of the call that sets the term; both absent or null is without an end.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TermBody {
    expires_at: Option<String>,
    lifetime_minutes: Option<i64>,
}

impl TermBody {
    /// The term; the message names the field.
    pub(super) fn term(self) -> Result<Term, ApiError> {
        match (self.expires_at, self.lifetime_minutes) {
            (None, None) => Ok(Term::Endless),
            (None, Some(minutes)) => Ok(Term::Minutes(minutes)),
            (Some(text), None) => from_text(&text)
                .map(Term::Until)
                .ok_or_else(|| ApiError::invalid("expiresAt: must be an instant such as 2026-02-03T09:27:20.412Z")),
            (Some(_), Some(_)) => Err(ApiError::invalid("lifetimeMinutes: give it or expiresAt, not both")),
        }
    }
}

/// A webhook without its URL, which is a secret.
pub(super) fn shown(hook: &stoker_service::webhooks::Webhook, now: i64) -> Value {
    let mut body = json!({
        "name": hook.name,
        "triggerCalls": hook.trigger_calls,
        "waitingCalls": hook.waiting,
        "starts": hook.fires,
    });
    if let Some(at) = hook.expires_ms {
        body["expired"] = (at <= now).into();
    }
    if let Some(length) = hook.term_ms {
        body["lifetimeMinutes"] = (length / 60_000).into();
    }
    for (field, at) in [
        ("lastCallAt", hook.used_ms),
        ("startsAt", hook.fire_ms),
        ("expiresAt", hook.expires_ms),
        ("lastLateCallAt", hook.refused_ms),
    ] {
        if let Some(at) = at {
            body[field] = to_text(at).into();
        }
    }
    body
}

/// `POST /stoker/v1/webhooks/{token}`: no credentials, because the URL is the secret (source: doc). A call without a body
/// is one too.
pub async fn call(State(app): State<App>, Path(secret): Path<String>, request: Request) -> Answer {
    wanted_type(request.headers(), &MEDIA_TYPES)?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|text| text.split(';').next()).unwrap_or("text/plain").trim().to_ascii_lowercase();
    let bytes = collected(request, limits::WEBHOOK_BYTES as usize).await?;
    let body = String::from_utf8(bytes.to_vec()).map_err(|_| ApiError::invalid("the body is not UTF-8"))?;
    app.service.call_webhook(&secret, &kind, body).await?;
    empty(StatusCode::NO_CONTENT)
}
