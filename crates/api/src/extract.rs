//! Extractors: every rejection is an [`ApiError`], so that it speaks the family's dialect.

use crate::App;
use crate::error::ApiError;
use crate::exchange::Capture;
use crate::family::Family;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use stoker_domain::ip::client_address;
use stoker_domain::limits;
use stoker_service::Actor;
use stoker_service::actor::Origin;
use stoker_service::sessions::Visit;

/// Longest pause between two pieces of a body.
pub const BODY_PAUSE: Duration = Duration::from_secs(30);

/// Id of the request; in every error body and in the header `x-request-id`.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Where a request came from: the address of the connection's other end, without its port.
#[derive(Clone, Debug)]
pub struct PeerAddress(pub std::net::IpAddr);

/// The header in which proxies say who called them.
pub(crate) const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the client: the other end of the connection, or what a trusted proxy says of it.
pub fn client_ip(extensions: &axum::http::Extensions, headers: &HeaderMap, app: &App) -> Option<std::net::IpAddr> {
    let peer = extensions.get::<PeerAddress>()?.0;
    let settings = app.service.settings();
    let trusted = &settings.trusted_proxies;
    if trusted.is_empty() {
        return Some(peer);
    }
    let values = headers.get_all(FORWARDED_FOR).into_iter();
    let values: Vec<&str> = values.map(|value| value.to_str().unwrap_or("not readable")).collect();
    Some(client_address(peer, &values, trusted))
}

/// The address of the client, where it is known.
pub struct ClientIp(pub Option<std::net::IpAddr>);

impl FromRequestParts<App> for ClientIp {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Ok(ClientIp(client_ip(&parts.extensions, &parts.headers, app)))
    }
}

/// Longest name of a client in the audit trail, characters.
const AGENT_CHARS: usize = 200;
/// Longest path in the audit trail, characters.
const PATH_CHARS: usize = 500;

/// Where a request came from, for the audit trail.
fn origin(parts: &Parts, address: Option<std::net::IpAddr>) -> Origin {
    let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().chars().take(PATH_CHARS).collect(),
        address,
        agent: agent.map(|text| text.chars().take(AGENT_CHARS).collect()),
        mark: parts.extensions.get::<Arc<Capture>>().map(|capture| capture.mark.clone()),
    }
}

/// The call with which somebody signs in or out.
pub struct SignInVisit(pub Visit);

impl FromRequestParts<App> for SignInVisit {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let address = client_ip(&parts.extensions, &parts.headers, app);
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        Ok(SignInVisit(Visit { address, request_id, origin: Some(Arc::new(origin(parts, address))) }))
    }
}

/// Name of the console's cookie.
pub const SESSION_COOKIE: &str = "stoker_session";
/// The header in which changing calls with that cookie repeat the `csrfToken` of the session.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// The secret in the console's cookie.
pub fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, SESSION_COOKIE)
}

/// What a cookie holds; an empty one is as good as none.
pub fn cookie_named<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let values = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, secret)| secret).filter(|secret| !secret.is_empty())
}

/// What a call repeated of the session's `csrfToken`.
pub fn csrf_header(headers: &HeaderMap) -> Option<&str> {
    headers.get(CSRF_HEADER)?.to_str().ok()
}

/// The authenticated principal, by bearer token or, without one, by the console's cookie.
pub struct Auth(pub Actor);

/// The token of an `Authorization: Bearer` header; the scheme may be written in any case (source: spec).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|t| !t.is_empty())
}

impl FromRequestParts<App> for Auth {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let mut actor = match bearer(&parts.headers) {
            Some(token) => {
                let api = parts.uri.path().split('/').nth(1).unwrap_or_default().to_owned();
                app.service.authenticate(token, &api).await?
            }
            None => {
                let secret = session_cookie(&parts.headers).ok_or_else(ApiError::unauthorized)?;
                let changes = !matches!(parts.method, Method::GET | Method::HEAD);
                app.service.authenticate_session(secret, changes, csrf_header(&parts.headers)).await?
            }
        };
        let address = client_ip(&parts.extensions, &parts.headers, app);
        app.service.admit(&actor, address).await?;
        actor.request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        actor.origin = Some(Arc::new(origin(parts, address)));
        Ok(Auth(actor))
    }
}

/// The family of the request's path, set by the edge.
pub struct In(pub Family);

impl FromRequestParts<App> for In {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(In(parts.extensions.get::<Family>().copied().unwrap_or(Family::Stoker)))
    }
}

/// Query parameters that hold a list: repeated, or separated by commas (source: spec declares arrays, not their form).
const LISTS: [&str; 2] = ["tags", "types"];

/// The query string with the values of each repeated list parameter in one, separated by commas.
fn joined(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match pairs.iter_mut().find(|(known, _)| LISTS.contains(&known.as_str()) && *known == name) {
            Some((_, values)) => *values = format!("{values},{value}"),
            None => pairs.push((name.into_owned(), value.into_owned())),
        }
    }
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Query parameters.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let text = joined(parts.uri.query().unwrap_or_default());
        let read = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
        serde_path_to_error::deserialize(read).map(Query).map_err(|error| {
            let path = error.path().to_string();
            let message = error.into_inner().to_string();
            ApiError::invalid(if path == "." { format!("query: {message}") } else { format!("{path}: {message}") })
        })
    }
}

/// Path parameters by position.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        axum::extract::Path::<T>::from_request_parts(parts, app)
            .await
            .map(|path| Path(path.0))
            .map_err(|_| ApiError::invalid("the path holds an id that cannot be read"))
    }
}

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &App) -> Result<Self, ApiError> {
        wanted_type(request.headers(), &["application/json"])?;
        let bytes = seen(request).await?;
        parse_json(&bytes).map(Json)
    }
}

/// A JSON body that may be missing.
pub struct OptionalJson<T>(pub Option<T>);

impl<T: DeserializeOwned> FromRequest<App> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &App) -> Result<Self, ApiError> {
        let bytes = seen(request).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(OptionalJson(None));
        }
        parse_json(&bytes).map(|value| OptionalJson(Some(value)))
    }
}

/// The whole JSON body; the audit trail sees it too.
async fn seen(request: Request) -> Result<Bytes, ApiError> {
    let capture = request.extensions().get::<Arc<Capture>>().cloned();
    let bytes = collected(request, limits::JSON_BODY_BYTES).await?;
    if let Some(capture) = capture {
        capture.request(&bytes);
    }
    Ok(bytes)
}

/// Checks the content type; a missing one passes, because some clients leave it out (source: client).
pub fn wanted_type(headers: &HeaderMap, wanted: &[&str]) -> Result<(), ApiError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let text = value.to_str().unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim();
    if wanted.iter().any(|w| kind.eq_ignore_ascii_case(w)) || (kind.ends_with("+json") && wanted[0].ends_with("json")) {
        return Ok(());
    }
    let message = format!("Content-Type: {kind:?} is not accepted here; use {}", wanted.join(" or "));
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

/// The whole body, up to `limit` bytes; a sender that pauses for too long is dropped.
pub async fn collected(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let too_large = || {
        ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body has more than {limit} bytes, the largest accepted"),
        )
    };
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let mut stream = request.into_body().into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(piece) = next_piece(&mut stream).await? {
        if bytes.len() + piece.len() > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

/// The next piece of a body, `None` at its end.
pub async fn next_piece(stream: &mut axum::body::BodyDataStream) -> Result<Option<Bytes>, ApiError> {
    match tokio::time::timeout(BODY_PAUSE, stream.next()).await {
        Err(_) => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
        Ok(None) => Ok(None),
        Ok(Some(Ok(piece))) => Ok(Some(piece)),
        Ok(Some(Err(_))) => Err(ApiError::invalid("the body broke off")),
    }
}

/// Reads JSON; the message names the field.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ApiError::invalid("the body is empty: a JSON document is needed"));
    }
    if depth(bytes) > limits::JSON_DEPTH {
        return Err(ApiError::invalid(format!("the body is nested deeper than {} levels", limits::JSON_DEPTH)));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let message = inner.to_string();
        let what = if inner.is_syntax() || inner.is_eof() { "the body is not valid JSON" } else { "the body" };
        ApiError::invalid(if path == "." || inner.is_syntax() || inner.is_eof() {
            format!("{what}: {message}")
        } else {
            format!("{path}: {message}")
        })
    })?;
    reader.end().map_err(|error| ApiError::invalid(format!("the body is not valid JSON: {error}")))?;
    Ok(value)
}

/// Deepest nesting of brackets outside of strings.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Page parameters of the offset style (source: spec): limit 1..100, default 100; offset from 0.
pub fn page(limit: Option<i64>, offset: Option<i64>) -> Result<(i64, i64), ApiError> {
    let limit = limit.unwrap_or(limits::PAGE_LIMIT);
    let offset = offset.unwrap_or(0);
    if !(1..=limits::PAGE_LIMIT).contains(&limit) {
        return Err(ApiError::invalid(format!("limit: must be from 1 to {}", limits::PAGE_LIMIT)));
    }
    if !(0..=limits::PAGE_OFFSET).contains(&offset) {
        return Err(ApiError::invalid("offset: must not be negative"));
    }
    Ok((limit, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Sample {
        #[serde(rename = "taskName")]
        _task_name: String,
        #[serde(rename = "inner")]
        _inner: Option<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Inner {
        #[serde(rename = "count")]
        _count: i64,
    }

    fn message(text: &str) -> String {
        parse_json::<Sample>(text.as_bytes()).unwrap_err().message
    }

    #[test]
    fn messages_name_the_field() {
        assert!(
            message(r#"{"taskName": 5}"#).starts_with("taskName: invalid type"),
            "{}",
            message(r#"{"taskName": 5}"#)
        );
        assert!(message(r#"{"taskName":"x","inner":{"count":"y"}}"#).starts_with("inner.count: invalid type"));
        assert!(message("{}").contains("missing field `taskName`"));
        assert!(message(r#"{"taskName""#).starts_with("the body is not valid JSON"));
        assert!(message("").starts_with("the body is empty"));
        assert!(message(&"[".repeat(5000)).contains("nested deeper"));
        assert!(parse_json::<Sample>(b"{\"taskName\": \"\xff\"}").is_err());
    }

    #[test]
    fn brackets_in_strings_are_no_nesting() {
        assert_eq!(depth(br#"{"a":"[[[[\"[[","b":[1]}"#), 2);
    }

    #[test]
    fn the_bearer_scheme_is_read_in_any_case() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "bearer abc".parse().unwrap());
        assert_eq!(bearer(&headers), Some("abc"));
        headers.insert(header::AUTHORIZATION, "Basic abc".parse().unwrap());
        assert_eq!(bearer(&headers), None);
    }
}
