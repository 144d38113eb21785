//! Users, groups, roles, and whoever asks.

use super::paged::{Paging, listed};
use super::{Answer, empty, lenient_bool, ok};
use crate::App;
use crate::body::{GroupBody, MeBody, RoleBody, UserBody};
use crate::extract::{Auth, Json, Path, Query};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use stoker_domain::ids::{EnvironmentId, GroupId, RoleId, UserId, WorkspaceId};
use stoker_service::people::{PersonRequest, PersonView};

/// `User`, the body of create and change calls (source: spec; `applications` client).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRequest {
    login: String,
    email: String,
    first_name: String,
    last_name: String,
    #[serde(default, deserialize_with = "lenient_bool")]
    active: Option<bool>,
    phone: Option<String>,
    preferred_language: Option<String>,
    role_ids: Option<Vec<String>>,
    timezone: Option<String>,
    title: Option<String>,
    applications: Option<Vec<String>>,
}

impl From<UserRequest> for PersonRequest {
    fn from(body: UserRequest) -> Self {
        Self {
            login: body.login,
            email: body.email,
            first_name: body.first_name,
            last_name: body.last_name,
            active: body.active,
            phone: body.phone,
            preferred_language: body.preferred_language,
            role_ids: body.role_ids,
            timezone: body.timezone,
            title: body.title,
            applications: body.applications,
            password_hash: None,
            external_id: None,
        }
    }
}

/// Query parameters of the create call. No mail is sent, so `invite` is read and has no effect.
#[derive(Deserialize)]
pub struct Creation {
    #[serde(default, deserialize_with = "lenient_bool")]
    invite: Option<bool>,
    #[serde(default, deserialize_with = "lenient_bool")]
    admin: Option<bool>,
}

/// Body of group create calls.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupRequest {
    name: String,
    #[serde(default)]
    user_ids: Vec<String>,
}

/// Body of the call that renames a group.
#[derive(Deserialize)]
pub struct Rename {
    name: String,
}

/// `Role`, the body of create and change calls.
#[derive(Deserialize)]
pub struct RoleRequest {
    name: String,
    permissions: Option<Vec<String>>,
}

fn account(app: &App) -> String {
    app.service.account().map(|id| id.to_string()).unwrap_or_default()
}

fn user_body(app: &App, view: PersonView) -> UserBody {
    UserBody::of(view, &account(app))
}

fn created(path: &str, id: &str, body: &impl serde::Serialize) -> Answer {
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("{path}/{id}"))], axum::Json(body)).into_response())
}

/// `GET /account/users`
pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(query): Query<Paging>) -> Answer {
    let workspace = query.workspace_id.as_deref().map(WorkspaceId::parse).transpose()?;
    let environment = query.environment_id.as_deref().map(EnvironmentId::parse).transpose()?;
    let found = app.service.list_people(&actor, workspace, environment, query.page()?).await?;
    let account = account(&app);
    listed(found, |view| UserBody::of(view, &account))
}

/// `POST /account/users`
pub async fn create(
    State(app): State<App>,
    Auth(actor): Auth,
    Query(query): Query<Creation>,
    Json(body): Json<UserRequest>,
) -> Answer {
    if query.invite == Some(true) {
        tracing::debug!("a user was made with invite=true; this server sends no mail");
    }
    let made = app.service.create_person(&actor, body.into(), query.admin == Some(true)).await?;
    super::json(StatusCode::CREATED, &user_body(&app, made))
}

/// `GET /account/users/{id}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    let found = app.service.person(&actor, &UserId::parse(&id)?).await?;
    ok(&user_body(&app, found))
}

/// `PUT /account/users/{id}`
pub async fn update(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<UserRequest>,
) -> Answer {
    let changed = app.service.update_person(&actor, &UserId::parse(&id)?, body.into()).await?;
    ok(&user_body(&app, changed))
}

/// `DELETE /account/users/{id}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_person(&actor, &UserId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /account/users/{id}/groups`
pub async fn groups_of(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(query): Query<Paging>,
) -> Answer {
    let found = app.service.groups_of_person(&actor, &UserId::parse(&id)?, query.name_part()?, query.page()?).await?;
    listed(found, GroupBody::from)
}

/// `POST /account/users/{id}/groups`
pub async fn join(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(groups): Json<Vec<String>>,
) -> Answer {
    let changed = app.service.join_groups(&actor, &UserId::parse(&id)?, groups).await?;
    ok(&user_body(&app, changed))
}

/// `DELETE /account/users/{id}/groups/{groupId}`
pub async fn leave(State(app): State<App>, Auth(actor): Auth, Path((id, group)): Path<(String, String)>) -> Answer {
    app.service.leave_group(&actor, &UserId::parse(&id)?, &GroupId::parse(&group)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /account/users/{id}/roles`
pub async fn roles_of(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(query): Query<Paging>,
) -> Answer {
    listed(app.service.roles_of_person(&actor, &UserId::parse(&id)?, query.page()?).await?, RoleBody::from)
}

/// `POST /account/users/{id}/roles`
pub async fn give_roles(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(roles): Json<Vec<String>>,
) -> Answer {
    let changed = app.service.give_roles(&actor, &UserId::parse(&id)?, roles).await?;
    ok(&user_body(&app, changed))
}

/// `DELETE /account/users/{id}/roles/{roleId}`
pub async fn take_role(State(app): State<App>, Auth(actor): Auth, Path((id, role)): Path<(String, String)>) -> Answer {
    app.service.take_role(&actor, &UserId::parse(&id)?, &RoleId::parse(&role)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /account/me`
pub async fn me(State(app): State<App>, Auth(actor): Auth) -> Answer {
    ok(&MeBody::of(app.service.me(&actor).await?, &account(&app)))
}

/// `/account/groups`
pub mod groups {
    use super::*;

    /// `GET /account/groups`
    pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(query): Query<Paging>) -> Answer {
        listed(app.service.list_groups(&actor, query.name_part()?, query.page()?).await?, GroupBody::from)
    }

    /// `POST /account/groups`
    pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<GroupRequest>) -> Answer {
        let made = GroupBody::from(app.service.create_group(&actor, &body.name, body.user_ids, None).await?);
        created("/account/groups", &made.id.clone(), &made)
    }

    /// `GET /account/groups/{id}`
    pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
        ok(&GroupBody::from(app.service.group(&actor, &GroupId::parse(&id)?).await?))
    }

    /// `PATCH /account/groups/{id}`
    pub async fn rename(
        State(app): State<App>,
        Auth(actor): Auth,
        Path(id): Path<String>,
        Json(body): Json<Rename>,
    ) -> Answer {
        ok(&GroupBody::from(app.service.rename_group(&actor, &GroupId::parse(&id)?, &body.name).await?))
    }

    /// `DELETE /account/groups/{id}`
    pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
        app.service.delete_group(&actor, &GroupId::parse(&id)?).await?;
        empty(StatusCode::NO_CONTENT)
    }

    /// `GET /account/groups/{id}/users`
    pub async fn users(
        State(app): State<App>,
        Auth(actor): Auth,
        Path(id): Path<String>,
        Query(query): Query<Paging>,
    ) -> Answer {
        let found = app.service.members_of_group(&actor, &GroupId::parse(&id)?, query.page()?).await?;
        listed(found, |view| user_body(&app, view))
    }

    /// `POST /account/groups/{id}/users`
    pub async fn add(
        State(app): State<App>,
        Auth(actor): Auth,
        Path(id): Path<String>,
        Json(users): Json<Vec<String>>,
    ) -> Answer {
        ok(&GroupBody::from(app.service.add_members(&actor, &GroupId::parse(&id)?, users).await?))
    }

    /// `DELETE /account/groups/{id}/users/{userId}`
    pub async fn remove(State(app): State<App>, Auth(actor): Auth, Path((id, user)): Path<(String, String)>) -> Answer {
        app.service.remove_member(&actor, &GroupId::parse(&id)?, &UserId::parse(&user)?).await?;
        empty(StatusCode::NO_CONTENT)
    }
}

/// `/account/roles`
pub mod roles {
    use super::*;

    /// `GET /account/roles`
    pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(query): Query<Paging>) -> Answer {
        listed(app.service.list_roles(&actor, query.name_part()?, query.page()?).await?, RoleBody::from)
    }

    /// `POST /account/roles`
    pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<RoleRequest>) -> Answer {
        let permissions = body.permissions.unwrap_or_default();
        let made = RoleBody::from(app.service.create_role(&actor, &body.name, &permissions, None).await?);
        created("/account/roles", &made.id.clone(), &made)
    }

    /// `GET /account/roles/{id}`
    pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
        ok(&RoleBody::from(app.service.role(&actor, &RoleId::parse(&id)?).await?))
    }

    /// `PUT /account/roles/{id}`
    pub async fn update(
        State(app): State<App>,
        Auth(actor): Auth,
        Path(id): Path<String>,
        Json(body): Json<RoleRequest>,
    ) -> Answer {
        let changed = app.service.update_role(&actor, &RoleId::parse(&id)?, &body.name, body.permissions).await?;
        ok(&RoleBody::from(changed))
    }

    /// `DELETE /account/roles/{id}`
    pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
        app.service.delete_role(&actor, &RoleId::parse(&id)?).await?;
        empty(StatusCode::NO_CONTENT)
    }

    /// `GET /account/roles/{id}/users`
    pub async fn users(
        State(app): State<App>,
        Auth(actor): Auth,
        Path(id): Path<String>,
        Query(query): Query<Paging>,
    ) -> Answer {
        let found = app.service.holders_of_role(&actor, &RoleId::parse(&id)?, query.page()?).await?;
        listed(found, |view| user_body(&app, view))
    }

    /// `POST /account/roles/{id}/users`
    pub async fn give(
        State(app): State<App>,
        Auth(actor): Auth,
        Path(id): Path<String>,
        Json(users): Json<Vec<String>>,
    ) -> Answer {
        app.service.give_role(&actor, &RoleId::parse(&id)?, users).await?;
        empty(StatusCode::NO_CONTENT)
    }

    /// `DELETE /account/roles/{id}/users/{userId}`
    pub async fn take(State(app): State<App>, Auth(actor): Auth, Path((id, user)): Path<(String, String)>) -> Answer {
        app.service.take_role_from(&actor, &RoleId::parse(&id)?, &UserId::parse(&user)?).await?;
        empty(StatusCode::NO_CONTENT)
    }
}
