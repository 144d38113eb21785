//! What was asked and answered, without secrets, for the audit trail.

use crate::App;
use axum::body::{Body, HttpBody};
use axum::http::{Method, header};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use stoker_service::exchanges::AuditMark;

/// Largest body that is looked at, bytes; a larger one is left out.
const LOOKED_AT: usize = 64 * 1024;
/// Longest text that is kept of a body, characters.
const KEPT_CHARS: usize = 4_000;
/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// Takes part in a request that may change something.
#[derive(Debug, Default)]
pub struct Capture {
    /// Set when the request leaves an audit record.
    pub mark: Arc<AuditMark>,
    body: Mutex<Option<Bytes>>,
}

impl Capture {
    /// One for a request with this method; reading calls leave no bodies.
    pub fn of(method: &Method) -> Option<Arc<Self>> {
        (!matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)).then(Arc::default)
    }

    /// Sees the JSON body of the request.
    pub fn request(&self, bytes: &Bytes) {
        *self.body.lock().unwrap_or_else(|p| p.into_inner()) = Some(bytes.clone());
    }

    /// Sees the answer, and notes both when the request left an audit record.
    pub async fn finish(&self, app: &App, response: Response) -> Response {
        let id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let (Some(id), true) = (id, self.mark.is_set()) else { return response };
        let status = response.status().as_u16();
        let json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
        let small = response.body().size_hint().exact().is_some_and(|size| size <= LOOKED_AT as u64);
        let request = self.body.lock().unwrap_or_else(|p| p.into_inner()).take().and_then(|body| told(&body));
        if !json || !small {
            app.service.note_exchange(id, status, request, None);
            return response;
        }
        let (head, body) = response.into_parts();
        match body.collect().await {
            Ok(collected) => {
                let bytes = collected.to_bytes();
                app.service.note_exchange(id, status, request, told(&bytes));
                Response::from_parts(head, Body::from(bytes))
            }
            Err(error) => {
                tracing::error!(error = %error, "the body of an answer broke off");
                Response::from_parts(head, Body::empty())
            }
        }
    }
}

/// A JSON body as it may be kept.
fn told(bytes: &[u8]) -> Option<String> {
    if bytes.is_empty() || bytes.len() > LOOKED_AT {
        return None;
    }
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    // A bare text may be a secret as a whole: the token of a log file is.
    if !value.is_object() && !value.is_array() {
        return None;
    }
    hide(&mut value, false);
    let text = value.to_string();
    Some(match text.char_indices().nth(KEPT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    })
}

/// Whether a field holds a secret, or something that opens a door without one.
fn secret(name: &str) -> bool {
    let name: Cow<'_, str> = name.to_ascii_lowercase().into();
    ["password", "secret", "token", "totp", "recoverycode", "authorizedkey", "credential"]
        .iter()
        .any(|w| name.contains(w))
        || ["code", "uri", "url", "key", "authorization"].contains(&name.as_ref())
        || name.ends_with("url")
}

/// Whether a field holds values of parameters, any of which may be encrypted.
fn parameters(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("parameters") || name.ends_with("variables") || name == "jvmarguments"
}

/// Puts stars in the place of secrets. Within parameters all values are secret, their names are not.
fn hide(value: &mut Value, within: bool) {
    match value {
        Value::Object(members) => {
            let listed = members.contains_key("name") && (members.contains_key("value") || members.contains_key("id"));
            for (name, member) in members.iter_mut() {
                let plain = within && listed && !["value", "defaultValue"].contains(&name.as_str());
                if secret(name) && !member.is_null() && !member.is_boolean() {
                    *member = HIDDEN.into();
                } else {
                    hide(member, (within && !plain) || parameters(name));
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, within)),
        Value::Null | Value::Bool(_) => {}
        other if within => *other = HIDDEN.into(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(value: &Value) -> Value {
        serde_json::from_str(&told(value.to_string().as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let body = json!({
            "name": "nightly", "login": "ada", "password": "p-1", "nested": [{ "clientSecret": "p-2", "accessToken": "p-3" }],
            "preAuthorizedKey": "p-4", "parameters": { "host": "p-5", "deep": { "x": 6 } }, "recoveryCodes": ["p-7"],
            "connectionParameters": [{ "id": "1", "name": "user", "value": "p-8" }], "webhookUrl": "p-9", "password2": null,
            "runConfig": { "jvmArguments": ["p-10"], "parallel": true },
        });
        let kept = kept(&body);
        assert!(!kept.to_string().contains("p-"), "{kept}");
        assert_eq!(
            (&kept["name"], &kept["login"], &kept["runConfig"]["parallel"]),
            (&json!("nightly"), &json!("ada"), &json!(true))
        );
        assert_eq!(kept["connectionParameters"][0], json!({ "id": "1", "name": "user", "value": "***" }));
        assert_eq!(kept["parameters"], json!({ "host": "***", "deep": { "x": "***" } }));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let long = told(json!({ "name": "ü".repeat(10_000) }).to_string().as_bytes()).unwrap();
        assert_eq!(long.chars().count(), KEPT_CHARS + 1);
        assert_eq!(told(&vec![b' '; LOOKED_AT + 1]), None);
        assert_eq!(told(b"no json"), None);
        assert_eq!(told(br#""a bare text""#), None);
        assert_eq!(told(b""), None);
    }
}
