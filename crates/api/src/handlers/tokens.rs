//! Personal access tokens and passwords: paths of our own.

use super::{Answer, empty, ok};
use crate::App;
use crate::body::TokenBody;
use crate::error::ApiError;
use crate::extract::{Auth, ClientIp, Json, Path};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use stoker_domain::ids::UserId;
use stoker_domain::time;

/// Body of the create call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewToken {
    name: String,
    expires_at: Option<String>,
}

/// Body of the call that renames.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    name: String,
}

/// Body of the call that changes one's own password.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnPassword {
    #[serde(default)]
    current_password: String,
    new_password: String,
}

/// Body of the call that sets a user's password.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserPassword {
    new_password: String,
}

/// `GET /stoker/v1/me/tokens`
pub async fn list(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let found = app.service.my_tokens(&actor).await?;
    ok(&found.into_iter().map(|info| TokenBody::of(info, None)).collect::<Vec<_>>())
}

/// `POST /stoker/v1/me/tokens`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<NewToken>) -> Answer {
    let expires = match body.expires_at.as_deref() {
        None => None,
        Some(text) => Some(
            time::from_text(text)
                .ok_or_else(|| ApiError::invalid("expiresAt: must be an instant such as 2026-02-03T09:27:20.412Z"))?,
        ),
    };
    let made = app.service.create_token(&actor, &body.name, expires).await?;
    let body = TokenBody::of(made.info, Some(made.secret));
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response())
}

/// `PATCH /stoker/v1/me/tokens/{id}`
pub async fn rename(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Rename>,
) -> Answer {
    ok(&TokenBody::of(app.service.rename_token(&actor, &id, &body.name).await?, None))
}

/// `DELETE /stoker/v1/me/tokens/{id}`
pub async fn revoke(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.revoke_token(&actor, &id).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /stoker/v1/users/{id}/tokens`
pub async fn of_user(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let found = app.service.tokens_of(&actor, &UserId::parse(&id)?).await?;
    ok(&found.into_iter().map(|info| TokenBody::of(info, None)).collect::<Vec<_>>())
}

/// `DELETE /stoker/v1/users/{id}/tokens/{tokenId}`
pub async fn revoke_of_user(
    State(app): State<App>,
    Auth(actor): Auth,
    Path((id, token)): Path<(String, String)>,
) -> Answer {
    app.service.revoke_token_of(&actor, &UserId::parse(&id)?, &token).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `PUT /stoker/v1/me/password`
pub async fn change_password(
    State(app): State<App>,
    Auth(actor): Auth,
    ClientIp(from): ClientIp,
    Json(body): Json<OwnPassword>,
) -> Answer {
    app.service.change_my_password(&actor, &body.current_password, &body.new_password, from).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `PUT /stoker/v1/users/{id}/password`
pub async fn set_password(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<UserPassword>,
) -> Answer {
    app.service.set_password_of(&actor, &UserId::parse(&id)?, &body.new_password).await?;
    empty(StatusCode::NO_CONTENT)
}
