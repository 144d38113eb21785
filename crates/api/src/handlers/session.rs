//! The console's session: a cookie in exchange for credentials.

use super::{Answer, empty, json, ok};
use crate::App;
use crate::error::ApiError;
use crate::extract::{CSRF_HEADER, ClientIp, Json, RequestId, SESSION_COOKIE, csrf_header, session_cookie};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json as value};
use stoker_domain::{limits, time};
use stoker_service::sessions::{Credentials, SessionView};

/// What one signs in with: a token, or a login with its password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    token: Option<String>,
    login: Option<String>,
    password: Option<String>,
}

impl SignIn {
    fn credentials(self) -> Result<Credentials, ApiError> {
        match (self.token, self.login, self.password) {
            (Some(token), None, None) => Ok(Credentials::Token(token.trim().to_owned())),
            (None, Some(login), Some(password)) => {
                Ok(Credentials::Password { login: login.trim().to_owned(), password })
            }
            _ => Err(ApiError::invalid("token: give a personal access token, or login and password instead of it")),
        }
    }
}

fn body(app: &App, view: &SessionView) -> Value {
    value!({
        "user": { "id": view.actor.id, "login": view.actor.name, "name": view.full_name },
        "permissions": view.actor.permissions.iter().map(|p| p.id()).collect::<Vec<_>>(),
        "accountId": app.service.account().map(|id| id.to_string()),
        "csrfHeader": CSRF_HEADER,
        "csrfToken": view.csrf,
        "createdAt": time::to_text(view.created_ms),
        "expiresAt": time::to_text(view.expires_ms),
        "idleSeconds": limits::SESSION_IDLE_MS / 1000,
        "publicUrl": app.service.public_url(),
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// The cookie: unreadable for scripts, never sent from another site, and over TLS only where the server is reached so.
fn cookie(app: &App, secret: &str, seconds: i64) -> Result<HeaderValue, ApiError> {
    let secure = if app.service.public_url().starts_with("https://") { "; Secure" } else { "" };
    let text = format!("{SESSION_COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).map_err(|_| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
}

fn private(mut response: Response, cookie: Option<HeaderValue>) -> Answer {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn own_secret(headers: &HeaderMap) -> Result<&str, ApiError> {
    session_cookie(headers).ok_or_else(ApiError::unauthorized)
}

/// `POST /stoker/v1/session`: signs in. Another site may not do it for its visitors.
pub async fn create(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    ClientIp(from): ClientIp,
    headers: HeaderMap,
    Json(sign_in): Json<SignIn>,
) -> Answer {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "signing in from another site is refused"));
    }
    let made = app.service.sign_in(sign_in.credentials()?, from, Some(request.0)).await?;
    let cookie = cookie(&app, &made.secret, limits::SESSION_MS / 1000)?;
    private(json(StatusCode::CREATED, &body(&app, &made.view))?, Some(cookie))
}

/// `GET /stoker/v1/session`: who is signed in, and what a changing call must repeat.
pub async fn get(State(app): State<App>, headers: HeaderMap) -> Answer {
    let view = app.service.session(own_secret(&headers)?).await?;
    private(ok(&body(&app, &view))?, None)
}

async fn end(app: &App, headers: &HeaderMap, request: RequestId, everywhere: bool) -> Answer {
    app.service.sign_out(own_secret(headers)?, csrf_header(headers), everywhere, Some(request.0)).await?;
    private(empty(StatusCode::NO_CONTENT)?, Some(cookie(app, "", 0)?))
}

/// `DELETE /stoker/v1/session`: signs out.
pub async fn delete(State(app): State<App>, Extension(request): Extension<RequestId>, headers: HeaderMap) -> Answer {
    end(&app, &headers, request, false).await
}

/// `DELETE /stoker/v1/sessions`: signs out everywhere.
pub async fn delete_all(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
) -> Answer {
    end(&app, &headers, request, true).await
}
