//! The console's session: a cookie in exchange for credentials.

use super::{Answer, empty, json, ok};
use crate::App;
use crate::body::SessionBody;
use crate::error::ApiError;
use crate::extract::{Auth, CSRF_HEADER, Json, Path, SESSION_COOKIE, SignInVisit, csrf_header, session_cookie};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json as value};
use stoker_domain::ids::{UserId, WorkspaceId};
use stoker_domain::{Rights, limits, time};
use stoker_service::second_factors::SecondFactor;
use stoker_service::sessions::{Credentials, NewSession, SessionView};

/// What one signs in with: a token, or a login with its password and, where the user has one, a second factor.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignIn {
    token: Option<String>,
    login: Option<String>,
    password: Option<String>,
    totp: Option<String>,
    recovery_code: Option<String>,
}

/// At most one of a code and a recovery code; an empty one is as good as none.
pub(crate) fn second_factor(
    code: Option<String>,
    recovery_code: Option<String>,
) -> Result<Option<SecondFactor>, ApiError> {
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    match (given(code), given(recovery_code)) {
        (Some(code), None) => Ok(Some(SecondFactor::Code(code))),
        (None, Some(code)) => Ok(Some(SecondFactor::Recovery(code))),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(ApiError::invalid("recoveryCode: give a code or a recovery code, not both")),
    }
}

impl SignIn {
    fn credentials(self) -> Result<Credentials, ApiError> {
        let second = second_factor(self.totp, self.recovery_code)?;
        match (self.token, self.login, self.password) {
            (Some(token), None, None) if second.is_none() => Ok(Credentials::Token(token.trim().to_owned())),
            (None, Some(login), Some(password)) => {
                Ok(Credentials::Password { login: login.trim().to_owned(), password, second })
            }
            _ => Err(ApiError::invalid("token: give a personal access token, or login and password instead of it")),
        }
    }
}

/// What the user may do on one workspace.
fn granted((workspace, rights): &(WorkspaceId, Rights)) -> Value {
    value!({ "workspaceId": workspace.as_str(), "rights": rights.ids() })
}

fn body(app: &App, view: &SessionView) -> Value {
    value!({
        "user": { "id": view.actor.id, "login": view.actor.name, "name": view.full_name },
        "permissions": view.actor.permissions.iter().map(|p| p.id()).collect::<Vec<_>>(),
        "rights": view.rights.iter().map(granted).collect::<Vec<_>>(),
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

/// Whether the call was made by a page of another site, which may not sign its visitors in.
fn foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

/// The cookie of a new session.
pub(crate) fn session_cookie_of(app: &App, made: &NewSession) -> Result<HeaderValue, ApiError> {
    cookie(app, &made.secret, limits::SESSION_MS / 1000)
}

/// `POST /stoker/v1/session`: signs in. Another site may not do it for its visitors.
pub async fn create(
    State(app): State<App>,
    SignInVisit(visit): SignInVisit,
    headers: HeaderMap,
    Json(sign_in): Json<SignIn>,
) -> Answer {
    if foreign(&headers) {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "signing in from another site is refused"));
    }
    let made = app.service.sign_in(sign_in.credentials()?, visit).await?;
    let cookie = session_cookie_of(&app, &made)?;
    private(json(StatusCode::CREATED, &body(&app, &made.view))?, Some(cookie))
}

/// `GET /stoker/v1/session/ways`: how one can sign in here. Anybody may know.
pub async fn ways(State(app): State<App>) -> Answer {
    let open_id = app.service.open_id_name();
    let open_id = open_id.map(|name| value!({ "name": name, "path": "/stoker/v1/session/openid" }));
    ok(&value!({ "password": true, "token": true, "openId": open_id }))
}

/// `GET /stoker/v1/sessions`: where whoever asks is signed in.
pub async fn list(State(app): State<App>, Auth(actor): Auth, headers: HeaderMap) -> Answer {
    let found = app.service.my_sessions(&actor, session_cookie(&headers)).await?;
    ok(&found.into_iter().map(SessionBody::of).collect::<Vec<_>>())
}

/// `DELETE /stoker/v1/sessions/{id}`: ends one of them.
pub async fn end_one(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.end_my_session(&actor, &id).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /stoker/v1/users/{id}/sessions`: where a user is signed in.
pub async fn of_user(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let found = app.service.sessions_of(&actor, &UserId::parse(&id)?).await?;
    ok(&found.into_iter().map(SessionBody::of).collect::<Vec<_>>())
}

/// `DELETE /stoker/v1/users/{id}/sessions`: signs a user out everywhere.
pub async fn end_of_user(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.end_sessions_of(&actor, &UserId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /stoker/v1/session`: who is signed in, and what a changing call must repeat.
pub async fn get(State(app): State<App>, headers: HeaderMap) -> Answer {
    let view = app.service.session(own_secret(&headers)?).await?;
    private(ok(&body(&app, &view))?, None)
}

async fn end(app: &App, headers: &HeaderMap, visit: SignInVisit, everywhere: bool) -> Answer {
    app.service.sign_out(own_secret(headers)?, csrf_header(headers), everywhere, visit.0).await?;
    private(empty(StatusCode::NO_CONTENT)?, Some(cookie(app, "", 0)?))
}

/// `DELETE /stoker/v1/session`: signs out.
pub async fn delete(State(app): State<App>, visit: SignInVisit, headers: HeaderMap) -> Answer {
    end(&app, &headers, visit, false).await
}

/// `DELETE /stoker/v1/sessions`: signs out everywhere.
pub async fn delete_all(State(app): State<App>, visit: SignInVisit, headers: HeaderMap) -> Answer {
    end(&app, &headers, visit, true).await
}
