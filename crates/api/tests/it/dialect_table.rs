//! Every family of paths and every kind of refusal, also the defect of a handler: form, type and request id.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use stoker_api::edge;
use stoker_api::error::ApiError;
use stoker_api::family::Family;
use stoker_api::routes::Routers;
use stoker_domain::SystemRandom;

use crate::dialects::{refusal_keys, tmc};
use crate::support::keys;

/// What the handler below does with a request that asks for it.
const PANIC: u16 = 500;
const STATUSES: [u16; 11] = [400, 401, 403, 404, 405, 409, 413, 415, 429, PANIC, 501];

/// Refuses as the last part of the path says; 500 is a panic.
async fn refuse(request: Request) -> Response {
    let wanted: u16 = request.uri().path().rsplit('/').next().and_then(|last| last.parse().ok()).expect("a status");
    assert_ne!(wanted, PANIC, "a secret that is not for callers");
    let status = StatusCode::from_u16(wanted).expect("a status");
    ApiError::new(status, format!("refused with {wanted}")).into_response()
}

#[tokio::test]
async fn every_family_refuses_everything_in_its_own_form() {
    let routers = Routers { agnostic: Router::new().fallback(refuse), tmc: Router::new().fallback(refuse) };
    let random = SystemRandom::new();
    for (family, below) in [
        (Family::Core, "/orchestration/environments"),
        (Family::Core, "/processing/executions"),
        (Family::Core, "/monitoring/executions"),
        (Family::Core, "/security/workspaces"),
        (Family::ServiceAccounts, "/account/service-accounts"),
        (Family::Observability, "/monitoring/observability"),
        (Family::Identity, "/account/users"),
        (Family::Identity, "/security/role-mappings"),
        (Family::DynamicEngines, "/processing/runtimes/dynamic-engines"),
        (Family::Datasets, "/connections"),
        (Family::Scim, "/scim/v2/Users"),
        (tmc(), "/tmc/v2.6/environments"),
        (Family::Stoker, "/stoker/v1/artifacts"),
        (Family::Engine, "/engine/v1/poll"),
    ] {
        for status in STATUSES {
            let path = format!("{below}/{status}");
            let request = Request::builder().uri(&path).body(Body::empty()).expect("a request");
            let response = edge::unlimited(&routers, &random, request).await;
            assert_eq!(response.status().as_u16(), status, "{path}");
            let header =
                |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let kind = if family == Family::Scim { "application/scim+json" } else { "application/json" };
            assert_eq!(header("content-type").as_deref(), Some(kind), "{path}");
            let challenge = (status == 401).then_some("Bearer");
            assert_eq!(header("www-authenticate").as_deref(), challenge, "{path}");
            let id = header("x-request-id").expect("a request id");
            assert_eq!(id.len(), 36, "{path}");
            let bytes = to_bytes(response.into_body(), 64 << 10).await.expect("a body");
            let body: Value = serde_json::from_slice(&bytes).expect("JSON");
            assert_eq!(keys(&body), refusal_keys(family, status), "{path}: {body}");
            assert!(body.get("requestId").is_none_or(|inside| *inside == json!(id)), "{path}: {body}");
            let wanted = if family == Family::Scim { json!(status.to_string()) } else { json!(status) };
            assert!(body.get("status").is_none_or(|inside| *inside == wanted), "{path}: {body}");
            let text = body.to_string();
            let said =
                if status == PANIC { "Internal Server Error".to_owned() } else { format!("refused with {status}") };
            assert!(text.contains(&said) && !text.contains("secret"), "{path}: {text}");
        }
    }
}
