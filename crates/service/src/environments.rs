//! Environments.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states;
use crate::error::{Error, taken};
use crate::look_alikes::unlike;
use serde_json::json;
use std::collections::BTreeMap;
use stoker_domain::ids::{EnvironmentId, WorkspaceId};
use stoker_domain::runtime::WorkspaceType;
use stoker_domain::{Permission, limits, names};
use stoker_filter::Expr;
use stoker_store::audit::AuditEvent;
use stoker_store::db::Record;
use stoker_store::environments::{self, Environment};
use stoker_store::look_alikes::Named;
use stoker_store::workspaces::{self, Workspace};
use stoker_store::{Tx, contents, people};

/// Permissions that show all environments and workspaces (source: spec).
pub(crate) const SEE_ALL: &[Permission] = &[Permission::ClusterManagement, Permission::EnvironmentManagement];
/// Permissions that show those with a workspace right (source: spec for the first; the second inferred, or the account
/// of the published procedure could not find its workspace).
pub(crate) const SEE_OWN: &[Permission] =
    &[Permission::ClusterManagement, Permission::EnvironmentManagement, Permission::Operator, Permission::EngineUse];
const MANAGE: &[Permission] = &[Permission::EnvironmentManagement];

/// Fields a filter may name.
const FIELDS: &[&str] = &["id", "name", "description", "default"];

/// Values of a new or changed environment.
#[derive(Clone, Debug)]
pub struct EnvironmentRequest {
    /// Unique name.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Kept for the contract.
    pub max_cloud_containers: Option<i64>,
}

fn field(environment: &Environment, name: &str) -> Option<String> {
    match name {
        "id" => Some(environment.id.to_string()),
        "name" => Some(environment.name.clone()),
        "description" => environment.description.clone(),
        "default" => Some(environment.is_default.to_string()),
        _ => None,
    }
}

/// Reads a filter; an empty one is none.
pub(crate) fn parse_filter(text: Option<&str>, fields: &[&str]) -> Result<Option<Expr>, Error> {
    match text.map(str::trim).filter(|t| !t.is_empty()) {
        None => Ok(None),
        Some(text) => stoker_filter::parse(text, fields).map(Some).map_err(|e| Error::invalid(format!("query: {e}"))),
    }
}

/// What a filter lets through; everything without one. `field` reads a field by the name that filters use.
pub(crate) fn kept<T>(found: Vec<T>, filter: Option<&Expr>, field: impl Fn(&T, &str) -> Option<String>) -> Vec<T> {
    let Some(filter) = filter else { return found };
    found.into_iter().filter(|one| filter.matches(&|name| field(one, name))).collect()
}

impl Service {
    /// The environments the actor may see, narrowed by a filter.
    pub async fn list_environments(&self, actor: &Actor, query: Option<&str>) -> Result<Vec<Environment>, Error> {
        let allowed = actor.allow(SEE_OWN)?;
        let filter = parse_filter(query, FIELDS)?;
        let all = actor.has_any(SEE_ALL);
        let principal = actor.id.clone();
        let found = self
            .read::<_, Error, _>(&allowed, move |tx| {
                Ok(if all { environments::all(tx)? } else { environments::with_rights(tx, &principal)? })
            })
            .await?;
        Ok(kept(found, filter.as_ref(), field))
    }

    /// Adds an environment with a shared and a custom workspace; the owner of the custom one gets all rights on it.
    pub async fn create_environment(
        &self,
        actor: &Actor,
        request: EnvironmentRequest,
        workspace_name: &str,
        owner: Option<String>,
    ) -> Result<Environment, Error> {
        let allowed = actor.allow(MANAGE)?;
        let now = self.now();
        let environment = Environment {
            id: EnvironmentId::generate(now, self.random()),
            name: names::checked("name", &request.name, limits::NAME_CHARS)?,
            description: description(request.description)?,
            is_default: false,
            max_cloud_containers: containers(request.max_cloud_containers)?,
            created_ms: now,
        };
        let workspace_name = names::checked("workspaceName", workspace_name, limits::NAME_CHARS)?;
        let owner = owner.unwrap_or_else(|| actor.name.clone());
        let (service, proof) = (self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            service.add_environment(tx, &proof, &environment, workspace_name, owner)?;
            Ok(environment)
        })
        .await
    }

    /// Writes an environment with a shared and a custom workspace.
    pub(crate) fn add_environment(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        environment: &Environment,
        workspace_name: String,
        owner: String,
    ) -> Result<(), Error> {
        let (service, now) = (self, environment.created_ms);
        let message = format!("name: an environment {} exists already", environment.name);
        people::lock_all(tx)?;
        unlike(tx, Named::Environment, "name", environment.id.as_str(), &environment.name)?;
        environment.insert(tx).map_err(taken(message))?;
        let mut workspace = Workspace {
            id: WorkspaceId::generate(now, service.random()),
            environment_id: environment.id.clone(),
            name: workspace_name,
            description: None,
            owner,
            kind: WorkspaceType::Custom,
            protected_artifact_update: false,
            created_ms: now,
            updated_ms: now,
        };
        service.insert_workspace(tx, allowed, &workspace)?;
        if workspace.name != "Shared" {
            workspace.id = WorkspaceId::generate(now, service.random());
            workspace.name = "Shared".to_owned();
            workspace.kind = WorkspaceType::Shared;
            service.insert_workspace(tx, allowed, &workspace)?;
        }
        let detail = audit_states::environment(environment);
        service.audit_environment(tx, allowed, "environment.create", &environment.id, detail)
    }

    /// Renames or re-describes.
    pub async fn update_environment(
        &self,
        actor: &Actor,
        id: &EnvironmentId,
        request: EnvironmentRequest,
    ) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        // Lists do not show it, so a caller who only renames cannot send it back: absent is "as it was".
        let described = request.description.map(|text| description(Some(text))).transpose()?;
        let containers = request.max_cloud_containers.map(|n| containers(Some(n))).transpose()?;
        let (id, service, proof) = (id.clone(), self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            people::lock_all(tx)?;
            let mut environment = environments::get(tx, &id)?.ok_or_else(unknown)?;
            environment.name = name;
            environment.description = described.unwrap_or(environment.description);
            environment.max_cloud_containers = containers.unwrap_or(environment.max_cloud_containers);
            let message = format!("name: an environment {} exists already", environment.name);
            unlike(tx, Named::Environment, "name", environment.id.as_str(), &environment.name)?;
            environment.update(tx).map_err(taken(message))?;
            let detail = audit_states::environment(&environment);
            service.audit_environment(tx, &proof, "environment.update", &id, detail)
        })
        .await
    }

    /// Removes an environment with everything inside. Refused while engines or clusters are in it, a promotion uses it, or
    /// something runs there (source: spec).
    pub async fn delete_environment(&self, actor: &Actor, id: &EnvironmentId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (id, service, proof) = (id.clone(), self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            let environment = environments::get(tx, &id)?.ok_or_else(unknown)?;
            if environment.is_default {
                return Err(Error::invalid("the default environment cannot be removed"));
            }
            if stoker_store::dynamic_engines::environment(tx, &id)?.is_some() {
                return Err(Error::invalid(
                    "it is a Dynamic Engine environment: remove it at /orchestration/dynamic-engine-environments",
                ));
            }
            if environments::has_engines(tx, &id)? {
                return Err(Error::invalid(
                    "To delete the environment, you must remove or re-assign its engine(s) to another environment.",
                ));
            }
            if stoker_store::promotions::uses_environment(tx, &id)? {
                return Err(Error::invalid("Cannot delete environment: it is used in promotions(s)"));
            }
            let detail = service.empty(tx, &proof, &environment)?;
            environments::delete(tx, &id)?;
            service.audit_environment(tx, &proof, "environment.delete", &id, detail)
        })
        .await
    }

    /// Takes away everything that lies in an environment, and its workspaces; history stays. Each thing leaves its event
    /// in the audit trail; what comes back is for the event of the environment. Refused while something runs there.
    pub(crate) fn empty(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        environment: &Environment,
    ) -> Result<serde_json::Value, Error> {
        let id = &environment.id;
        contents::lock(tx, id)?;
        let active = contents::active(tx, id)?;
        if active > 0 {
            let name = &environment.name;
            return Err(Error::Forbidden(format!(
                "environment {name} is still in use: runs that have not ended: {active}; stop them first"
            )));
        }
        let mut gone = contents::remove(tx, id)?;
        for workspace in workspaces::of_environment(tx, id)? {
            self.audit_grants_end(tx, allowed, &workspace.id)?;
            workspaces::delete(tx, &workspace.id)?;
            let (id, name) = (workspace.id.to_string(), workspace.name);
            gone.push(contents::Gone { kind: "workspace", id, name, workspace: Some(workspace.id) });
        }
        let mut counts = BTreeMap::<&str, usize>::new();
        let event = |gone: &contents::Gone| {
            let action = format!("{}.delete", gone.kind);
            let change = Change::named(&action, (gone.kind, &gone.id), gone.workspace.as_ref(), &gone.name);
            audit::event(allowed.actor(), self.now(), self.random(), change)
        };
        for gone in &gone {
            *counts.entry(gone.kind).or_default() += 1;
        }
        AuditEvent::insert_all(tx, &gone.iter().map(event).collect::<Vec<_>>())?;
        Ok(json!({ "name": environment.name, "removed": counts }))
    }

    pub(crate) fn audit_environment(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        id: &EnvironmentId,
        detail: serde_json::Value,
    ) -> Result<(), Error> {
        let change = Change { action, object: ("environment", id.as_str()), workspace: None, detail: Some(detail) };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Environment id not found.")
}

pub(crate) fn description(text: Option<String>) -> Result<Option<String>, Error> {
    Ok(text.map(|t| names::described("description", &t, limits::DESCRIPTION_CHARS)).transpose()?)
}

fn containers(number: Option<i64>) -> Result<i64, Error> {
    match number {
        None => Ok(0),
        Some(n) if (0..=i64::from(i32::MAX)).contains(&n) => Ok(n),
        Some(_) => Err(Error::invalid("maxCloudContainers: must not be negative")),
    }
}
