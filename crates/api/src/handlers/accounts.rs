//! Service accounts and their tokens.

use super::{Answer, empty, json, ok};
use crate::App;
use crate::body::ServiceAccountBody;
use crate::error::ApiError;
use crate::extract::{Auth, Json, Path, client_ip, collected, parse_json, wanted_type};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use base64::Engine as _;
use serde::Deserialize;
use stoker_domain::ids::ServiceAccountId;
use stoker_service::Error;

/// Body of create and change calls.
#[derive(Deserialize)]
pub struct Body {
    name: String,
    permissions: Vec<String>,
}

fn parsed(id: &str) -> Result<ServiceAccountId, ApiError> {
    // A malformed id is no account; 400 is not among the published answers.
    ServiceAccountId::parse(id).map_err(|_| ApiError::new(StatusCode::NOT_FOUND, "Service account not found."))
}

/// `GET /account/service-accounts`
pub async fn list(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let found = app.service.list_service_accounts(&actor).await?;
    ok(&found.into_iter().map(|row| ServiceAccountBody::of(row, None)).collect::<Vec<_>>())
}

/// `POST /account/service-accounts`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Body>) -> Answer {
    let made = app.service.create_service_account(&actor, &body.name, &body.permissions).await?;
    let location = format!("/account/service-accounts/{}", made.account.id);
    let body = ServiceAccountBody::of(made.account, Some(made.secret));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(body)).into_response())
}

/// `GET /account/service-accounts/{id}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&ServiceAccountBody::of(app.service.service_account(&actor, &parsed(&id)?).await?, None))
}

/// `PUT /account/service-accounts/{id}`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Body>,
) -> Answer {
    let row = app.service.update_service_account(&actor, &parsed(&id)?, &body.name, &body.permissions).await?;
    ok(&ServiceAccountBody::of(row, None))
}

/// `DELETE /account/service-accounts/{id}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_service_account(&actor, &parsed(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `POST /stoker/v1/service-accounts/{id}/secret`: a new secret, in this answer only.
pub async fn renew(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let made = app.service.renew_service_account(&actor, &parsed(&id)?).await?;
    let body = ServiceAccountBody::of(made.account, Some(made.secret));
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response())
}

/// `GET /account/service-accounts/count`
pub async fn count(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let count = app.service.count_service_accounts(&actor).await?;
    let tenant = app.service.account().map(|id| id.to_string()).unwrap_or_default();
    ok(&serde_json::json!({ "tenantId": tenant, "count": count }))
}

/// `GET /account/service-accounts/permissions`
pub async fn permissions(State(app): State<App>, Auth(actor): Auth) -> Answer {
    ok(&app.service.grantable_permissions(&actor)?)
}

/// Body of the token call. `audience` may be any URL: clients send what their user configured (source: client).
#[derive(Deserialize)]
struct TokenBody {
    grant_type: Option<String>,
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, text) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// `POST /security/oauth/token`: JSON, or a form as one published client sends it (source: client).
pub async fn token(State(app): State<App>, request: Request) -> Answer {
    const FORM: &str = "application/x-www-form-urlencoded";
    let from = client_ip(request.extensions(), request.headers(), &app);
    let credentials = basic(request.headers()).ok_or_else(ApiError::unauthorized)?;
    wanted_type(request.headers(), &["application/json", FORM])?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let form = kind.starts_with(FORM);
    let bytes = collected(request, 64 * 1024).await?;
    let body: TokenBody = if form {
        serde_urlencoded::from_bytes(&bytes).map_err(|e| ApiError::invalid(format!("the form cannot be read: {e}")))?
    } else {
        parse_json(&bytes)?
    };
    match body.grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(other) => {
            return Err(ApiError::invalid(format!("grant_type: {other:?} is not supported; use client_credentials")));
        }
        None => return Err(ApiError::invalid("grant_type: is missing; use client_credentials")),
    }
    let issued = app.service.issue_token(&credentials.0, &credentials.1, from).await?;
    let body = serde_json::json!({
        "access_token": issued.access_token,
        "token_type": "Bearer",
        // A number satisfies all clients seen; a text would break one of them (source: client).
        "expires_in": issued.expires_in,
    });
    let mut response = json(StatusCode::OK, &body)?;
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Turns an id error of the service into an answer.
impl From<stoker_domain::ids::InvalidId> for ApiError {
    fn from(error: stoker_domain::ids::InvalidId) -> Self {
        Error::from(error).into()
    }
}
