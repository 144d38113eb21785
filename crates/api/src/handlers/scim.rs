//! `/scim/v2`: users, groups, roles, discovery.

use super::{Answer, empty};
use crate::App;
use crate::error::ApiError;
use crate::extract::{Auth, Json, Path, Query};
use crate::scim::{PatchRequest, SearchRequest, Wish, discovery, found, patched, resources};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::Value;
use std::collections::HashMap;
use stoker_domain::ids::{GroupId, UserId};
use stoker_service::{Actor, Error};

/// The answer, as SCIM when the caller asks for it (source: inferred).
fn answer(status: StatusCode, headers: &HeaderMap, body: &Value) -> Answer {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = if accepts.contains("scim+json") { "application/scim+json" } else { "application/json" };
    let mut response = (status, axum::Json(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

fn created(headers: &HeaderMap, whole: Value, wish: &Wish) -> Answer {
    let location = whole["meta"]["location"].as_str().unwrap_or_default().to_owned();
    let mut response = answer(StatusCode::CREATED, headers, &wish.of(whole))?;
    let location = HeaderValue::from_str(&location).map_err(Error::internal)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

fn list(headers: &HeaderMap, all: Vec<Value>, request: SearchRequest) -> Answer {
    answer(StatusCode::OK, headers, &found(all, request)?)
}

/// `GET /scim/v2/ServiceProviderConfig`
pub async fn provider(State(app): State<App>, headers: HeaderMap) -> Answer {
    answer(StatusCode::OK, &headers, &discovery::provider(&app.service.public_url()))
}

/// `GET /scim/v2/Schemas`
pub async fn schemas(State(app): State<App>, headers: HeaderMap, Query(query): Query<SearchRequest>) -> Answer {
    list(&headers, discovery::schemas(&app.service.public_url()), query)
}

/// `GET /scim/v2/ResourceTypes`
pub async fn resource_types(State(app): State<App>, headers: HeaderMap, Query(query): Query<SearchRequest>) -> Answer {
    list(&headers, discovery::resource_types(&app.service.public_url()), query)
}

fn one_of(headers: &HeaderMap, all: Vec<Value>, id: &str) -> Answer {
    // 404 is not among the published answers.
    let one = all.into_iter().find(|one| one["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id)));
    answer(StatusCode::OK, headers, &one.ok_or_else(|| ApiError::invalid(format!("id: there is no {id:?}")))?)
}

/// `GET /scim/v2/Schemas/{id}`
pub async fn schema(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    one_of(&headers, discovery::schemas(&app.service.public_url()), &id)
}

/// `GET /scim/v2/ResourceTypes/{id}`
pub async fn resource_type(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    one_of(&headers, discovery::resource_types(&app.service.public_url()), &id)
}

/// Adds the operations of one kind of resource; the functions named are those of the kind below.
macro_rules! resource {
    ($module:ident, $all:ident, $make:ident, $one:ident, $replace:ident, $change:ident, $remove:ident, $doc:literal) => {
        #[doc = $doc]
        pub mod $module {
            use super::*;

            /// The list.
            pub async fn list(
                State(app): State<App>,
                Auth(actor): Auth,
                headers: HeaderMap,
                Query(query): Query<SearchRequest>,
            ) -> Answer {
                super::list(&headers, $all(&app, &actor).await?, query)
            }

            /// The list, with its parameters in the body.
            pub async fn search(
                State(app): State<App>,
                Auth(actor): Auth,
                headers: HeaderMap,
                Json(body): Json<SearchRequest>,
            ) -> Answer {
                super::list(&headers, $all(&app, &actor).await?, body)
            }

            /// A new one.
            pub async fn create(
                State(app): State<App>,
                Auth(actor): Auth,
                headers: HeaderMap,
                Query(wish): Query<Wish>,
                Json(body): Json<Value>,
            ) -> Answer {
                created(&headers, $make(&app, &actor, &body).await?, &wish)
            }

            /// One.
            pub async fn get(
                State(app): State<App>,
                Auth(actor): Auth,
                headers: HeaderMap,
                Path(id): Path<String>,
                Query(wish): Query<Wish>,
            ) -> Answer {
                answer(StatusCode::OK, &headers, &wish.of($one(&app, &actor, &id).await?))
            }

            /// Replaces one.
            pub async fn replace(
                State(app): State<App>,
                Auth(actor): Auth,
                headers: HeaderMap,
                Path(id): Path<String>,
                Query(wish): Query<Wish>,
                Json(body): Json<Value>,
            ) -> Answer {
                answer(StatusCode::OK, &headers, &wish.of($replace(&app, &actor, &id, body).await?))
            }

            /// Changes one in parts.
            pub async fn patch(
                State(app): State<App>,
                Auth(actor): Auth,
                headers: HeaderMap,
                Path(id): Path<String>,
                Query(wish): Query<Wish>,
                Json(body): Json<PatchRequest>,
            ) -> Answer {
                answer(StatusCode::OK, &headers, &wish.of($change(&app, &actor, &id, body).await?))
            }

            /// Removes one.
            pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
                $remove(&app, &actor, &id).await?;
                empty(StatusCode::NO_CONTENT)
            }
        }
    };
}

resource!(users, all_users, make_user, one_user, replace_user, change_user, remove_user, "`/scim/v2/Users`");
resource!(groups, all_groups, make_group, one_group, replace_group, change_group, remove_group, "`/scim/v2/Groups`");
resource!(roles, all_roles, make_role, one_role, replace_role, change_role, remove_role, "`/scim/v2/Roles`");

type Groups = HashMap<UserId, Vec<(GroupId, String)>>;

fn user_of(app: &App, view: &stoker_service::people::PersonView, groups: &Groups) -> Value {
    let none = Vec::new();
    resources::user(&app.service.public_url(), view, groups.get(&view.person.id).unwrap_or(&none))
}

async fn all_users(app: &App, actor: &Actor) -> Result<Vec<Value>, Error> {
    let (people, groups) = (app.service.all_people(actor).await?, app.service.groups_by_person(actor, None).await?);
    Ok(people.iter().map(|view| user_of(app, view, &groups)).collect())
}

async fn one_user(app: &App, actor: &Actor, id: &str) -> Result<Value, Error> {
    let id = resources::user_id(id)?;
    let view = app.service.person(actor, &id).await?;
    let groups = app.service.groups_by_person(actor, Some(id)).await?;
    Ok(user_of(app, &view, &groups))
}

async fn make_user(app: &App, actor: &Actor, body: &Value) -> Result<Value, Error> {
    let mut request = resources::read_user(body)?;
    if let Some(password) = resources::password(body)? {
        app.service.may_manage_people(actor)?;
        request.password_hash = Some(app.service.hash_password(&request.login, &password).await?);
    }
    Ok(user_of(app, &app.service.create_person(actor, request, false).await?, &Groups::new()))
}

/// The document with an empty list where an operation removed the whole one: left out would mean unchanged.
fn with_list(mut document: Value, name: &str) -> Value {
    if let Some(object) = document.as_object_mut() {
        object.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    }
    document
}

/// Changes a user to what `edit` makes of its document.
async fn edit_user<F>(app: &App, actor: &Actor, id: &str, password: Option<String>, edit: F) -> Result<Value, Error>
where
    F: FnOnce(Value) -> Result<Value, Error> + Send + 'static,
{
    let id = resources::user_id(id)?;
    let hash = match password {
        None => None,
        Some(new) => {
            let login = app.service.person(actor, &id).await?.person.login;
            Some(app.service.hash_password(&login, &new).await?)
        }
    };
    let base = app.service.public_url();
    let changed = app.service.edit_person(actor, &id, move |before| {
        let mut request = resources::read_user(&edit(resources::user(&base, before, &[]))?)?;
        request.password_hash = hash;
        Ok(request)
    });
    let view = changed.await?;
    let groups = app.service.groups_by_person(actor, Some(id)).await?;
    Ok(user_of(app, &view, &groups))
}

async fn replace_user(app: &App, actor: &Actor, id: &str, body: Value) -> Result<Value, Error> {
    let password = resources::password(&body)?;
    edit_user(app, actor, id, password, move |_| Ok(body)).await
}

async fn change_user(app: &App, actor: &Actor, id: &str, body: PatchRequest) -> Result<Value, Error> {
    let password = body.password();
    edit_user(app, actor, id, password, move |before| Ok(with_list(patched(before, &body)?, "roles"))).await
}

async fn remove_user(app: &App, actor: &Actor, id: &str) -> Result<(), Error> {
    app.service.delete_person(actor, &resources::user_id(id)?).await
}

async fn all_groups(app: &App, actor: &Actor) -> Result<Vec<Value>, Error> {
    let base = app.service.public_url();
    Ok(app.service.all_groups(actor).await?.iter().map(|view| resources::group(&base, view)).collect())
}

async fn one_group(app: &App, actor: &Actor, id: &str) -> Result<Value, Error> {
    let view = app.service.group(actor, &resources::group_id(id)?).await?;
    Ok(resources::group(&app.service.public_url(), &view))
}

async fn make_group(app: &App, actor: &Actor, body: &Value) -> Result<Value, Error> {
    let (name, members, external) = resources::read_group(body)?;
    let view = app.service.create_group(actor, &name, members, external).await?;
    Ok(resources::group(&app.service.public_url(), &view))
}

async fn replace_group(app: &App, actor: &Actor, id: &str, body: Value) -> Result<Value, Error> {
    let id = resources::group_id(id)?;
    let view = app.service.edit_group(actor, &id, move |_| resources::read_group(&body)).await?;
    Ok(resources::group(&app.service.public_url(), &view))
}

async fn change_group(app: &App, actor: &Actor, id: &str, body: PatchRequest) -> Result<Value, Error> {
    let (id, base) = (resources::group_id(id)?, app.service.public_url());
    let at = base.clone();
    let edit = move |before: &stoker_service::groups::GroupView| {
        resources::read_group(&patched(resources::group(&at, before), &body)?)
    };
    Ok(resources::group(&base, &app.service.edit_group(actor, &id, edit).await?))
}

async fn remove_group(app: &App, actor: &Actor, id: &str) -> Result<(), Error> {
    app.service.delete_group(actor, &resources::group_id(id)?).await
}

async fn all_roles(app: &App, actor: &Actor) -> Result<Vec<Value>, Error> {
    let base = app.service.public_url();
    Ok(app.service.all_roles(actor).await?.iter().map(|role| resources::role(&base, role)).collect())
}

async fn one_role(app: &App, actor: &Actor, id: &str) -> Result<Value, Error> {
    let role = app.service.role(actor, &resources::role_id(id)?).await?;
    Ok(resources::role(&app.service.public_url(), &role))
}

async fn make_role(app: &App, actor: &Actor, body: &Value) -> Result<Value, Error> {
    let (name, permissions, external) = resources::read_role(body)?;
    let role = app.service.create_role(actor, &name, &permissions.unwrap_or_default(), external).await?;
    Ok(resources::role(&app.service.public_url(), &role))
}

async fn replace_role(app: &App, actor: &Actor, id: &str, body: Value) -> Result<Value, Error> {
    let id = resources::role_id(id)?;
    let role = app.service.edit_role(actor, &id, move |_| resources::read_role(&body)).await?;
    Ok(resources::role(&app.service.public_url(), &role))
}

async fn change_role(app: &App, actor: &Actor, id: &str, body: PatchRequest) -> Result<Value, Error> {
    let (id, base) = (resources::role_id(id)?, app.service.public_url());
    let at = base.clone();
    let edit = move |before: &stoker_service::rows::Role| {
        resources::read_role(&with_list(patched(resources::role(&at, before), &body)?, "entitlements"))
    };
    Ok(resources::role(&base, &app.service.edit_role(actor, &id, edit).await?))
}

async fn remove_role(app: &App, actor: &Actor, id: &str) -> Result<(), Error> {
    app.service.delete_role(actor, &resources::role_id(id)?).await
}
