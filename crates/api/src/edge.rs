//! The outermost layer: request ids, families, path forgiveness, panics, and the dialect of errors.

use crate::App;
use crate::error::ApiError;
use crate::extract::{RequestId, client_ip};
use crate::family::{Family, TmcVersion};
use crate::rate::{At, Rates};
use crate::routes::Routers;
use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use stoker_domain::{Random, SharedRandom, ids};
use tower::ServiceExt;

/// What every request meets.
pub(crate) struct Edge {
    pub(crate) routers: Routers,
    pub(crate) app: App,
    pub(crate) random: SharedRandom,
    pub(crate) rates: Rates,
    /// Whether clients come by TLS, so that browsers may be told to come by nothing else.
    pub(crate) tls: bool,
}

/// Answers one request.
pub(crate) async fn answer(edge: &Edge, request: Request) -> Response {
    let request_id = ids::uuid(&*edge.random);
    let (family, path) = place(request.uri().path());
    let from = client_ip(request.extensions(), request.headers(), &edge.app);
    let headers = request.headers();
    let credentials = headers.get(header::AUTHORIZATION).or_else(|| headers.get(header::COOKIE));
    let credentials = credentials.cloned();
    let place = path.as_deref().unwrap_or(request.uri().path()).to_owned();
    let twice = headers.get_all(header::AUTHORIZATION).iter().count() > 1;
    let at = At { now: edge.app.service.now(), most: edge.app.service.settings().requests_per_minute };
    let mut response = match edge.rates.begin(family, &place, credentials.as_ref().map(HeaderValue::as_bytes), from, at)
    {
        Some(seconds) => dressed(ApiError::too_many_requests(seconds), family, &request_id),
        // Something in between may have looked at the other one.
        None if twice => dressed(ApiError::invalid("Authorization: stands there twice"), family, &request_id),
        None => {
            let response = routed(&edge.routers, request, (family, path), &request_id).await;
            if let Some(credentials) = credentials {
                let right = response.status() != StatusCode::UNAUTHORIZED;
                edge.rates.answered((family, &place), credentials.as_bytes(), from, at, right);
            }
            response
        }
    };
    if edge.tls {
        let value = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// Answers a request by these routers, in the form of its family but without limits for callers.
pub async fn unlimited(routers: &Routers, random: &dyn Random, request: Request) -> Response {
    let place = place(request.uri().path());
    routed(routers, request, place, &ids::uuid(random)).await
}

/// Hands a request to the router of its family.
async fn routed(
    routers: &Routers,
    mut request: Request,
    (family, path): (Family, Option<String>),
    request_id: &str,
) -> Response {
    let request_id = request_id.to_owned();
    request.extensions_mut().insert(RequestId(request_id.clone()));
    request.extensions_mut().insert(family);
    if let Some(path) = path {
        let query = request.uri().query().map(|q| format!("?{q}")).unwrap_or_default();
        match format!("{path}{query}").parse::<PathAndQuery>() {
            Ok(changed) => *request.uri_mut() = Uri::from(changed),
            Err(_) => return dressed(ApiError::invalid("the path cannot be read"), family, &request_id),
        }
    }
    let router = if family.is_tmc() { routers.tmc.clone() } else { routers.agnostic.clone() };
    // A defect in one handler must not close the connection, and must answer in the family's dialect.
    let result = AssertUnwindSafe(router.oneshot(request)).catch_unwind().await;
    let response = match result {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => {
            tracing::error!(request.id = %request_id, "a handler panicked");
            let error = ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
            return dressed(error, family, &request_id);
        }
    };
    match response.extensions().get::<ApiError>() {
        Some(error) => dressed(error.clone(), family, &request_id),
        None => with_id(response, &request_id),
    }
}

/// The family of a path, and the path to route by when it differs: doubled slashes are folded, because clients join base
/// URL and path by plain concatenation (source: inferred), and `/tmc/vX.Y` is cut off.
fn place(path: &str) -> (Family, Option<String>) {
    let folded = if path.contains("//") {
        let mut text = String::with_capacity(path.len());
        for character in path.chars() {
            if character != '/' || !text.ends_with('/') {
                text.push(character);
            }
        }
        Some(text)
    } else {
        None
    };
    let path = folded.as_deref().unwrap_or(path);
    if let Some(rest) = path.strip_prefix("/tmc/") {
        let (segment, below) = rest.split_once('/').unwrap_or((rest, ""));
        if let Some(version) = TmcVersion::parse(segment) {
            return (Family::Tmc(version), Some(format!("/{below}")));
        }
    }
    (Family::of(path), folded)
}

/// The response of an error in the dialect of a family.
fn dressed(error: ApiError, family: Family, request_id: &str) -> Response {
    let body = error.body(family, request_id).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = error.status;
    let kind = if family == Family::Scim { "application/scim+json" } else { "application/json" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    with_id(response, request_id)
}

fn with_id(mut response: Response, request_id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // Pages say more about these themselves; everything else is no page and links nowhere.
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_folded_and_versions_cut_off() {
        assert_eq!(place("//processing//executions"), (Family::Core, Some("/processing/executions".to_owned())));
        let version = TmcVersion { major: 1, minor: 3 };
        assert_eq!(place("/tmc/v1.3/workspaces"), (Family::Tmc(version), Some("/workspaces".to_owned())));
        assert_eq!(place("/tmc/v9.9/workspaces"), (Family::Stoker, None));
        assert_eq!(place("/account/me"), (Family::Identity, None));
    }
}
