//! Second factors: paths of our own.

use super::paged::listed;
use super::session::second_factor;
use super::{Answer, empty, json, lenient_int, ok};
use crate::App;
use crate::body::{TotpBody, UserSignInBody};
use crate::error::ApiError;
use crate::extract::{Auth, ClientIp, Json, Path, Query};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json as value;
use stoker_domain::ids::UserId;
use stoker_domain::limits;
use stoker_service::PageNumber;
use stoker_service::second_factors::Proof;

/// Query parameters of the list of users.
#[derive(Deserialize)]
pub struct Pages {
    #[serde(default, deserialize_with = "lenient_int")]
    page: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    size: Option<i64>,
}

/// Body of the call that confirms an authenticator.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    code: String,
}

/// What somebody shows before a second factor is changed: one of the three.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proven {
    password: Option<String>,
    code: Option<String>,
    recovery_code: Option<String>,
}

impl Proven {
    fn proof(self) -> Result<Proof, ApiError> {
        match (self.password, second_factor(self.code, self.recovery_code)?) {
            (Some(password), None) => Ok(Proof::Password(password)),
            (None, Some(factor)) => Ok(Proof::Factor(factor)),
            _ => Err(ApiError::invalid("password: give the password, or code or recoveryCode instead of it")),
        }
    }
}

/// An answer that is shown once and kept nowhere.
fn once(mut response: Response) -> Answer {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `GET /stoker/v1/users`: every user with the ways in which it signs in.
pub async fn users(State(app): State<App>, Auth(actor): Auth, Query(pages): Query<Pages>) -> Answer {
    let page = PageNumber::checked(pages.page, pages.size, limits::PAGE_LIMIT, limits::PAGE_LIMIT)?;
    listed(app.service.sign_in_ways_of_people(&actor, page).await?, UserSignInBody::of)
}

/// `GET /stoker/v1/me/totp`
pub async fn get(State(app): State<App>, Auth(actor): Auth) -> Answer {
    ok(&TotpBody::of(app.service.my_totp(&actor).await?))
}

/// `POST /stoker/v1/me/totp`: a secret for an authenticator program, shown this once.
pub async fn begin(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let made = app.service.begin_totp(&actor).await?;
    once(json(StatusCode::CREATED, &value!({ "secret": made.secret, "uri": made.uri }))?)
}

/// `POST /stoker/v1/me/totp/confirm`: from now on codes are asked for.
pub async fn confirm(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Confirmation>) -> Answer {
    let codes = app.service.confirm_totp(&actor, &body.code).await?;
    once(ok(&value!({ "recoveryCodes": codes }))?)
}

/// `POST /stoker/v1/me/totp/recovery-codes`: new ones in the place of the old ones.
pub async fn renew(
    State(app): State<App>,
    Auth(actor): Auth,
    ClientIp(from): ClientIp,
    Json(body): Json<Proven>,
) -> Answer {
    let codes = app.service.renew_recovery_codes(&actor, body.proof()?, from).await?;
    once(ok(&value!({ "recoveryCodes": codes }))?)
}

/// `DELETE /stoker/v1/me/totp`
pub async fn remove(
    State(app): State<App>,
    Auth(actor): Auth,
    ClientIp(from): ClientIp,
    Json(body): Json<Proven>,
) -> Answer {
    app.service.remove_my_totp(&actor, body.proof()?, from).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /stoker/v1/users/{id}/totp`
pub async fn remove_of_user(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.remove_totp_of(&actor, &UserId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}
