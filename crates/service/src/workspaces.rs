//! Workspaces.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::environments::{SEE_ALL, SEE_OWN, description, kept, parse_filter};
use crate::error::{Error, taken};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use stoker_domain::ids::{EnvironmentId, WorkspaceId};
use stoker_domain::runtime::WorkspaceType;
use stoker_domain::{Permission, PrincipalKind, Rights, limits, names};
use stoker_store::db::Record;
use stoker_store::environments::{self, Environment};
use stoker_store::workspaces::{self, Grant, Workspace};
use stoker_store::{Tx, accounts};

const MANAGE: &[Permission] = &[Permission::EnvironmentManagement];

/// Fields a filter may name.
const FIELDS: &[&str] = &[
    "id",
    "name",
    "description",
    "owner",
    "type",
    "environment.id",
    "environment.name",
    "environment.description",
    "environment.default",
    "environmentId",
];

/// A workspace with its environment, as most answers show it.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkspaceView {
    /// The workspace.
    pub workspace: Workspace,
    /// Its environment.
    pub environment: Environment,
}

/// Values of a new or changed workspace.
#[derive(Clone, Debug)]
pub struct WorkspaceRequest {
    /// Unique in the environment.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Login of the owner; the caller when absent.
    pub owner: Option<String>,
    /// Whether only artifacts published here upgrade its tasks.
    pub protected_artifact_update: Option<bool>,
}

fn field(view: &WorkspaceView, name: &str) -> Option<String> {
    let WorkspaceView { workspace, environment } = view;
    match name {
        "id" => Some(workspace.id.to_string()),
        "name" => Some(workspace.name.clone()),
        "description" => workspace.description.clone(),
        "owner" => Some(workspace.owner.clone()),
        "type" => Some(workspace.kind.id().to_owned()),
        "environment.id" | "environmentId" => Some(environment.id.to_string()),
        "environment.name" => Some(environment.name.clone()),
        "environment.description" => environment.description.clone(),
        "environment.default" => Some(environment.is_default.to_string()),
        _ => None,
    }
}

/// Checks that the workspace exists and lies in the environment.
pub(crate) fn belongs(
    tx: &mut Tx<'_>,
    workspace: &WorkspaceId,
    environment: &EnvironmentId,
) -> Result<Workspace, Error> {
    let found = workspaces::get(tx, workspace)?.ok_or_else(unknown)?;
    if found.environment_id != *environment {
        return Err(Error::invalid("workspaceId: the workspace does not belong to the environment"));
    }
    Ok(found)
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Workspace id not found.")
}

/// The workspace with its environment.
pub(crate) fn view(tx: &mut Tx<'_>, id: &WorkspaceId) -> Result<WorkspaceView, Error> {
    let workspace = workspaces::get(tx, id)?.ok_or_else(unknown)?;
    let environment = environments::get(tx, &workspace.environment_id)?.ok_or_else(crate::environments::unknown)?;
    Ok(WorkspaceView { workspace, environment })
}

/// Views of many workspaces, read once each.
#[derive(Default)]
pub(crate) struct Views(HashMap<WorkspaceId, WorkspaceView>);

impl Views {
    /// Reads the views of several workspaces at once, for the calls of [`Views::get`] that follow.
    pub(crate) fn prepare<'a>(
        &mut self,
        tx: &mut Tx<'_>,
        ids: impl Iterator<Item = &'a WorkspaceId>,
    ) -> Result<(), Error> {
        let wanted: BTreeSet<String> = ids.filter(|id| !self.0.contains_key(*id)).map(ToString::to_string).collect();
        let rows = Workspace::with_keys(tx, wanted.into_iter().collect())?;
        let places: BTreeSet<String> = rows.iter().map(|row| row.environment_id.to_string()).collect();
        let environments: HashMap<_, _> = Environment::with_keys(tx, places.into_iter().collect())?
            .into_iter()
            .map(|environment| (environment.id.clone(), environment))
            .collect();
        for workspace in rows {
            if let Some(environment) = environments.get(&workspace.environment_id).cloned() {
                self.0.insert(workspace.id.clone(), WorkspaceView { workspace, environment });
            }
        }
        Ok(())
    }

    /// The view of a workspace.
    pub(crate) fn get(&mut self, tx: &mut Tx<'_>, id: &WorkspaceId) -> Result<WorkspaceView, Error> {
        if let Some(known) = self.0.get(id) {
            return Ok(known.clone());
        }
        let found = view(tx, id)?;
        self.0.insert(id.clone(), found.clone());
        Ok(found)
    }
}

impl Service {
    /// The workspaces the actor may see, narrowed by a filter.
    pub async fn list_workspaces(&self, actor: &Actor, query: Option<&str>) -> Result<Vec<WorkspaceView>, Error> {
        let allowed = actor.allow(SEE_OWN)?;
        let filter = parse_filter(query, FIELDS)?;
        let all = actor.has_any(SEE_ALL);
        let principal = actor.id.clone();
        let found = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let rows = if all { workspaces::all(tx)? } else { workspaces::with_rights(tx, &principal)? };
                let environments: HashMap<_, _> =
                    environments::all(tx)?.into_iter().map(|e| (e.id.clone(), e)).collect();
                Ok(rows
                    .into_iter()
                    .filter_map(|workspace| {
                        let environment = environments.get(&workspace.environment_id)?.clone();
                        Some(WorkspaceView { workspace, environment })
                    })
                    .collect::<Vec<_>>())
            })
            .await?;
        Ok(kept(found, filter.as_ref(), field))
    }

    /// Adds a custom workspace.
    pub async fn create_workspace(
        &self,
        actor: &Actor,
        environment: &EnvironmentId,
        request: WorkspaceRequest,
    ) -> Result<Workspace, Error> {
        let allowed = actor.allow(MANAGE)?;
        let now = self.now();
        let workspace = Workspace {
            id: WorkspaceId::generate(now, self.random()),
            environment_id: environment.clone(),
            name: names::checked("name", &request.name, limits::NAME_CHARS)?,
            description: description(request.description)?,
            owner: request.owner.unwrap_or_else(|| actor.name.clone()),
            kind: WorkspaceType::Custom,
            protected_artifact_update: request.protected_artifact_update.unwrap_or(false),
            created_ms: now,
            updated_ms: now,
        };
        let (service, proof) = (self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            environments::get(tx, &workspace.environment_id)?.ok_or_else(crate::environments::unknown)?;
            service.insert_workspace(tx, &proof, &workspace)?;
            Ok(workspace)
        })
        .await
    }

    /// Changes a workspace.
    pub async fn update_workspace(
        &self,
        actor: &Actor,
        id: &WorkspaceId,
        request: WorkspaceRequest,
    ) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        let described = description(request.description.clone())?;
        let (id, service, proof, now) = (id.clone(), self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut workspace = workspaces::lock(tx, &id)?.ok_or_else(unknown)?;
            if let Some(owner) = request.owner {
                if owner != workspace.owner && accounts::user_by_login(tx, &owner)?.is_none() {
                    return Err(Error::invalid(format!("owner: there is no user {owner}")));
                }
                workspace.owner = owner;
            }
            workspace.name = name;
            workspace.description = described;
            workspace.protected_artifact_update =
                request.protected_artifact_update.unwrap_or(workspace.protected_artifact_update);
            workspace.updated_ms = now;
            let message = format!("name: a workspace {} exists already in the environment", workspace.name);
            workspace.update(tx).map_err(taken(message))?;
            service.audit_workspace(tx, &proof, "workspace.update", &workspace)
        })
        .await
    }

    /// Removes a custom workspace that is empty.
    pub async fn delete_workspace(&self, actor: &Actor, id: &WorkspaceId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (id, service, proof) = (id.clone(), self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            let workspace = workspaces::lock(tx, &id)?.ok_or_else(unknown)?;
            if workspace.kind != WorkspaceType::Custom {
                return Err(Error::invalid(format!("a {} workspace cannot be removed", workspace.kind.id())));
            }
            if workspaces::in_use(tx, &id)? {
                return Err(Error::conflict(format!(
                    "workspace {} still holds tasks, plans, artifacts, connections, resources, engines, clusters or API \
                     tests of a removed user: remove them first",
                    workspace.name
                )));
            }
            service.audit_grants_end(tx, &proof, &id)?;
            workspaces::delete(tx, &id)?;
            service.audit_workspace(tx, &proof, "workspace.delete", &workspace)
        })
        .await
    }

    /// Writes a workspace; its owner, or else the caller, gets all rights on it.
    pub(crate) fn insert_workspace(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        workspace: &Workspace,
    ) -> Result<(), Error> {
        let caller = allowed.actor();
        let message = format!("name: a workspace {} exists already in the environment", workspace.name);
        workspace.insert(tx).map_err(taken(message))?;
        let (mut principal_id, mut principal_kind) = (caller.id.clone(), caller.kind);
        if workspace.owner != caller.name {
            let owner = accounts::user_by_login(tx, &workspace.owner)?
                .ok_or_else(|| Error::invalid(format!("owner: there is no user {}", workspace.owner)))?;
            (principal_id, principal_kind) = (owner.id.as_str().to_owned(), PrincipalKind::Human);
        }
        let (workspace_id, rights) = (workspace.id.clone(), Rights::all());
        let grant = Grant { principal_id, workspace_id, principal_kind, rights };
        grant.insert(tx)?;
        self.audit_workspace(tx, allowed, "workspace.create", workspace)?;
        self.audit_grant(tx, allowed, "rights.create", &grant)
    }

    fn audit_workspace(&self, tx: &mut Tx<'_>, allowed: &Allowed, action: &str, row: &Workspace) -> Result<(), Error> {
        let detail = json!({
            "name": row.name, "description": row.description, "owner": row.owner,
            "protectedArtifactUpdate": row.protected_artifact_update, "type": row.kind.id(),
            "environmentId": row.environment_id.as_str(),
        });
        let object = ("workspace", row.id.as_str());
        let change = Change { action, object, workspace: Some(&row.id), detail: Some(detail) };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}
