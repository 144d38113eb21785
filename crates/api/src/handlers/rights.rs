//! Rights of users and service accounts on workspaces.

use super::{Answer, empty, json, ok};
use crate::App;
use crate::extract::{Auth, Json, Path, Query};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{EnvironmentId, WorkspaceId};
use stoker_service::rights::{GrantTarget, parse_rights};
use stoker_service::rows::Grant;
use stoker_service::{Actor, Error, Service};

/// `Permission` (source: spec; `userId` carries the service-account id in its variants, inferred).
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionBody {
    workspace_id: String,
    user_id: String,
    permissions: Vec<String>,
}

impl From<Grant> for PermissionBody {
    fn from(grant: Grant) -> Self {
        Self {
            workspace_id: grant.workspace_id.to_string(),
            user_id: grant.principal_id,
            permissions: grant.rights.ids().into_iter().map(str::to_owned).collect(),
        }
    }
}

fn target(kind: PrincipalKind, workspace: &str, principal: &str) -> Result<GrantTarget, Error> {
    Ok(GrantTarget { kind, principal: principal.to_owned(), workspace: WorkspaceId::parse(workspace)? })
}

async fn get(kind: PrincipalKind, app: App, actor: Actor, (workspace, principal): (String, String)) -> Answer {
    let grant = app.service.get_rights(&actor, target(kind, &workspace, &principal)?).await?;
    ok(&PermissionBody::from(grant))
}

async fn create(kind: PrincipalKind, app: App, actor: Actor, path: (String, String), rights: Vec<String>) -> Answer {
    let target = target(kind, &path.0, &path.1)?;
    app.service.create_rights(&actor, target, parse_rights(&rights)?).await?;
    empty(StatusCode::CREATED)
}

async fn replace(kind: PrincipalKind, app: App, actor: Actor, path: (String, String), rights: Vec<String>) -> Answer {
    let target = target(kind, &path.0, &path.1)?;
    app.service.replace_rights(&actor, target, parse_rights(&rights)?).await?;
    empty(StatusCode::NO_CONTENT)
}

async fn delete(kind: PrincipalKind, app: App, actor: Actor, path: (String, String)) -> Answer {
    app.service.delete_rights(&actor, target(kind, &path.0, &path.1)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// Filters of a search.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    workspace_id: Option<String>,
    environment_id: Option<String>,
    user_id: Option<String>,
    service_account_id: Option<String>,
}

async fn search(kind: PrincipalKind, app: App, actor: Actor, query: Search) -> Answer {
    let workspace = query.workspace_id.as_deref().map(WorkspaceId::parse).transpose()?;
    let environment = query.environment_id.as_deref().map(EnvironmentId::parse).transpose()?;
    let principal = match kind {
        PrincipalKind::Human => query.user_id,
        PrincipalKind::Service => query.service_account_id.or(query.user_id),
    };
    let found = app.service.search_rights(&actor, kind, workspace, environment, principal).await?;
    ok(&found.into_iter().map(PermissionBody::from).collect::<Vec<_>>())
}

/// Applies each element in order; 204 when all went well, else 207 with the rejected ones (source: spec).
async fn batch(kind: PrincipalKind, app: App, actor: Actor, list: Vec<PermissionBody>, new: bool) -> Answer {
    app.service.may_grant(&actor)?;
    let mut rejected = Vec::new();
    for element in list {
        if let Err(error) = batch_one(kind, &app.service, &actor, &element, new).await {
            if matches!(error, Error::Unauthorized | Error::Internal(_)) && !error.is_collision() {
                return Err(error.into());
            }
            let error = crate::error::ApiError::from(error);
            rejected.push(serde_json::json!({
                "status": error.status.as_u16(), "message": error.message, "permission": element,
            }));
        }
    }
    if rejected.is_empty() { empty(StatusCode::NO_CONTENT) } else { json(StatusCode::MULTI_STATUS, &rejected) }
}

async fn batch_one(
    kind: PrincipalKind,
    service: &Service,
    actor: &Actor,
    element: &PermissionBody,
    new: bool,
) -> Result<(), Error> {
    let target = target(kind, &element.workspace_id, &element.user_id)?;
    let rights = parse_rights(&element.permissions)?;
    if new {
        service.create_rights(actor, target, rights).await
    } else {
        service.replace_rights(actor, target, rights).await
    }
}

/// All values of a query parameter that may be repeated, or hold a list separated by commas.
fn many(query: &str, name: &str) -> Vec<String> {
    form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == name)
        .flat_map(|(_, value)| value.split(',').map(str::to_owned).collect::<Vec<_>>())
        .filter(|value| !value.is_empty())
        .collect()
}

async fn delete_batch(kind: PrincipalKind, app: App, actor: Actor, query: String) -> Answer {
    let principals = match kind {
        PrincipalKind::Human => many(&query, "userIds"),
        PrincipalKind::Service => many(&query, "serviceAccountIds"),
    };
    let missing = app.service.delete_rights_of(&actor, kind, many(&query, "workspaceIds"), principals).await?;
    if missing.is_empty() {
        return empty(StatusCode::NO_CONTENT);
    }
    let rejected: Vec<_> = missing
        .into_iter()
        .map(|(workspace, principal)| {
            serde_json::json!({
                "status": 404, "message": "No permissions are set for this principal on the workspace.",
                "permissionId": { "workspaceId": workspace, "userId": principal },
            })
        })
        .collect();
    json(StatusCode::MULTI_STATUS, &rejected)
}

macro_rules! for_kind {
    ($module:ident, $kind:expr, $doc:literal) => {
        #[doc = $doc]
        pub mod $module {
            use super::*;

            /// Reads the rights on one workspace.
            pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(path): Path<(String, String)>) -> Answer {
                super::get($kind, app, actor, path).await
            }

            /// Gives rights where there are none.
            pub async fn create(
                State(app): State<App>,
                Auth(actor): Auth,
                Path(path): Path<(String, String)>,
                Json(rights): Json<Vec<String>>,
            ) -> Answer {
                super::create($kind, app, actor, path, rights).await
            }

            /// Replaces rights.
            pub async fn replace(
                State(app): State<App>,
                Auth(actor): Auth,
                Path(path): Path<(String, String)>,
                Json(rights): Json<Vec<String>>,
            ) -> Answer {
                super::replace($kind, app, actor, path, rights).await
            }

            /// Removes rights.
            pub async fn delete(
                State(app): State<App>,
                Auth(actor): Auth,
                Path(path): Path<(String, String)>,
            ) -> Answer {
                super::delete($kind, app, actor, path).await
            }

            /// Searches rights.
            pub async fn search(State(app): State<App>, Auth(actor): Auth, Query(query): Query<Search>) -> Answer {
                super::search($kind, app, actor, query).await
            }

            /// Gives many rights.
            pub async fn create_batch(
                State(app): State<App>,
                Auth(actor): Auth,
                Json(list): Json<Vec<PermissionBody>>,
            ) -> Answer {
                super::batch($kind, app, actor, list, true).await
            }

            /// Removes many rights.
            pub async fn delete_batch(State(app): State<App>, Auth(actor): Auth, RawQuery(query): RawQuery) -> Answer {
                super::delete_batch($kind, app, actor, query.unwrap_or_default()).await
            }

            /// Replaces many rights.
            pub async fn replace_batch(
                State(app): State<App>,
                Auth(actor): Auth,
                Json(list): Json<Vec<PermissionBody>>,
            ) -> Answer {
                super::batch($kind, app, actor, list, false).await
            }
        }
    };
}

for_kind!(users, PrincipalKind::Human, "`/security/workspaces/{w}/users/{u}/permissions` and `/security/permissions`");
for_kind!(
    service_accounts,
    PrincipalKind::Service,
    "`/security/workspaces/{w}/service-accounts/{s}/permissions` and `/security/service-accounts/permissions`"
);
