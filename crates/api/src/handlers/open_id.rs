//! Signing in by an identity provider: two steps of a browser. Paths of our own.

use super::Answer;
use super::session::session_cookie_of;
use crate::App;
use crate::error::ApiError;
use crate::extract::{Query, RequestId, SignInVisit, cookie_named};
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use stoker_service::Error;
use stoker_service::open_id::{FLOW_MS, OpenIdReturn};

/// Name of the cookie that holds what must be remembered between the two steps.
const FLOW_COOKIE: &str = "stoker_openid";

/// Query parameters of the first step.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Begin {
    return_to: Option<String>,
}

/// Query parameters of the second step, as the provider sends them.
#[derive(Deserialize)]
pub struct Back {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// The cookie of the first step. It comes back from another site, so it cannot be stricter than `Lax`.
fn flow_cookie(app: &App, sealed: &str, seconds: i64) -> Result<HeaderValue, ApiError> {
    let secure = if app.service.public_url().starts_with("https://") { "; Secure" } else { "" };
    let text =
        format!("{FLOW_COOKIE}={sealed}; Path=/stoker/v1/session; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    Ok(HeaderValue::from_str(&text).map_err(Error::internal)?)
}

fn redirect(to: &str, cookies: [Option<HeaderValue>; 2]) -> Answer {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(to).map_err(Error::internal)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for cookie in cookies.into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `GET /stoker/v1/session/openid`: sends the browser to the identity provider.
pub async fn begin(State(app): State<App>, Query(begin): Query<Begin>) -> Answer {
    let start = app.service.begin_open_id(begin.return_to.as_deref()).await?;
    let cookie = flow_cookie(&app, &start.sealed, FLOW_MS / 1000)?;
    redirect(&start.url, [Some(cookie), None])
}

/// `GET /stoker/v1/session/openid/callback`: the browser comes back. A program gets a refusal as JSON, a person as a page.
pub async fn finish(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    SignInVisit(visit): SignInVisit,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Answer {
    let sealed = cookie_named(&headers, FLOW_COOKIE);
    let back = OpenIdReturn { state: back.state, code: back.code, issuer: back.iss, error: back.error };
    let over = flow_cookie(&app, "", 0)?;
    match app.service.finish_open_id(sealed, back, visit).await {
        Ok((made, to)) => redirect(&to, [Some(session_cookie_of(&app, &made)?), Some(over)]),
        Err(refusal) => {
            let refusal = ApiError::from(refusal);
            let wants = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if wants.contains("text/html") { page(&refusal, over, &request.0) } else { Err(refusal) }
        }
    }
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut all, c| {
        match c {
            '&' => all.push_str("&amp;"),
            '<' => all.push_str("&lt;"),
            '>' => all.push_str("&gt;"),
            '"' => all.push_str("&quot;"),
            other => all.push(other),
        }
        all
    })
}

/// How the page of a refusal looks: like the sign-in of the console, in the colours that the browser prefers.
const LOOK: &str = "body{margin:0;min-height:100vh;display:grid;place-content:center;color-scheme:light dark;\
font:0.875rem/1.55 Inter,'Segoe UI',Roboto,'Noto Sans',sans-serif;background:light-dark(#f5f7f9,#10151a);\
color:light-dark(#17202a,#e8ebee)}main{max-width:26rem;margin:1rem;padding:1.5rem 2rem;border-radius:.5rem;\
background:light-dark(#fff,#171d23);border:1px solid light-dark(#d8dfe5,#2e3841)}h1{font-size:1.375rem;margin:0}\
a{color:light-dark(#1f4a6b,#8fc1e6)}";

/// A refusal as a page without scripts; the nonce, good for this answer, lets its look in.
fn page(refusal: &ApiError, cookie: HeaderValue, nonce: &str) -> Answer {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sign-in refused · Stoker</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style nonce=\"{nonce}\">{LOOK}</style></head>\
         <body><main><h1>Sign-in refused</h1><p>{}</p><p><a href=\"/\">Back to the sign-in</a></p></main></body></html>",
        escaped(&refusal.message)
    );
    let policy = format!("default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self'; frame-ancestors 'none'");
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = refusal.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).map_err(Error::internal)?);
    headers.append(header::SET_COOKIE, cookie);
    Ok(response)
}
