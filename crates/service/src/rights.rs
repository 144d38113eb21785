//! Rights of users and service accounts on workspaces.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states;
use crate::error::Error;
use std::collections::BTreeSet;
use stoker_domain::ids::{EnvironmentId, ServiceAccountId, UserId, WorkspaceId};
use stoker_domain::{Permission, PrincipalKind, Right, Rights};
use stoker_store::db::Record;
use stoker_store::workspaces::{self, Grant};
use stoker_store::{Tx, accounts, people};

/// Either permission may grant (source: doc, two guides name one each).
const GRANT: &[Permission] = &[Permission::EnvironmentManagement, Permission::UserManagement];

/// Whose rights on which workspace.
#[derive(Clone, Debug)]
pub struct GrantTarget {
    /// Person or service account.
    pub kind: PrincipalKind,
    /// Its id.
    pub principal: String,
    /// The workspace.
    pub workspace: WorkspaceId,
}

/// Reads right ids; the error names the unknown one.
pub fn parse_rights(ids: &[String]) -> Result<Rights, Error> {
    if ids.is_empty() {
        return Err(Error::invalid("permissions: at least one right is needed"));
    }
    ids.iter()
        .map(|id| {
            Right::from_id(id).ok_or_else(|| {
                let known: Vec<&str> = Right::ALL.iter().map(|r| r.id()).collect();
                Error::invalid(format!("permissions: {id:?} is not a right; use {}", known.join(", ")))
            })
        })
        .collect()
}

/// Account permissions of the principal, or that there is no such principal.
fn permissions_of(tx: &mut Tx<'_>, target: &GrantTarget) -> Result<BTreeSet<String>, Error> {
    let permissions = match target.kind {
        PrincipalKind::Human => {
            let id = UserId::parse(&target.principal)?;
            accounts::user(tx, &id)?.ok_or_else(|| Error::not_found("User id not found."))?.permissions
        }
        PrincipalKind::Service => {
            let id = ServiceAccountId::parse(&target.principal)?;
            accounts::service_account(tx, &id)?
                .ok_or_else(|| Error::not_found("Service account id not found."))?
                .permissions
        }
    };
    Ok(permissions.0.into_iter().collect())
}

/// A holder of "Engines - Use" alone may be given EXECUTE and VIEW only (source: doc, status inferred).
fn fits(permissions: &BTreeSet<String>, rights: Rights) -> Result<(), Error> {
    let user_of_engines = permissions.contains(Permission::EngineUse.id());
    let more = [Permission::Operator, Permission::ConnectionResourceEdit];
    let editor = more.iter().any(|p| permissions.contains(p.id()));
    let narrow: Rights = [Right::Execute, Right::View].into_iter().collect();
    if user_of_engines && !editor && rights.mask() & !narrow.mask() != 0 {
        return Err(Error::invalid("permissions: a principal with TMC_ENGINE_USE may be given EXECUTE and VIEW only"));
    }
    Ok(())
}

fn known_workspace(tx: &mut Tx<'_>, id: &WorkspaceId) -> Result<(), Error> {
    workspaces::get(tx, id)?.map(|_| ()).ok_or_else(crate::workspaces::unknown)
}

fn nothing_set() -> Error {
    Error::not_found("No permissions are set for this principal on the workspace.")
}

impl Service {
    /// Checks that the actor may grant at all; for batches, whose elements are answered one by one.
    pub fn may_grant(&self, actor: &Actor) -> Result<(), Error> {
        actor.allow(GRANT).map(drop)
    }

    /// The rights of a principal on a workspace; 404 when there are none (source: spec).
    pub async fn get_rights(&self, actor: &Actor, target: GrantTarget) -> Result<Grant, Error> {
        let allowed = actor.allow(GRANT)?;
        self.read(&allowed, move |tx| {
            known_workspace(tx, &target.workspace)?;
            permissions_of(tx, &target)?;
            workspaces::grant(tx, &target.principal, &target.workspace)?.ok_or_else(nothing_set)
        })
        .await
    }

    /// Gives rights where there are none; 409 when there are some (source: spec).
    pub async fn create_rights(&self, actor: &Actor, target: GrantTarget, rights: Rights) -> Result<(), Error> {
        self.change_rights(actor, target, "rights.create", move |tx, target| {
            fits(&permissions_of(tx, target)?, rights)?;
            if workspaces::grant(tx, &target.principal, &target.workspace)?.is_some() {
                return Err(Error::conflict("permissions are set already: use PUT to replace them"));
            }
            let grant = Grant {
                principal_id: target.principal.clone(),
                workspace_id: target.workspace.clone(),
                principal_kind: target.kind,
                rights,
            };
            grant.insert(tx)?;
            Ok(rights)
        })
        .await
    }

    /// Replaces rights; 404 when there are none (source: spec).
    pub async fn replace_rights(&self, actor: &Actor, target: GrantTarget, rights: Rights) -> Result<(), Error> {
        self.change_rights(actor, target, "rights.update", move |tx, target| {
            fits(&permissions_of(tx, target)?, rights)?;
            if workspaces::set_rights(tx, &target.principal, &target.workspace, rights)? == 0 {
                return Err(nothing_set());
            }
            Ok(rights)
        })
        .await
    }

    /// Removes all rights; 404 when there are none (source: spec).
    pub async fn delete_rights(&self, actor: &Actor, target: GrantTarget) -> Result<(), Error> {
        self.change_rights(actor, target, "rights.delete", move |tx, target| {
            permissions_of(tx, target)?;
            if workspaces::revoke(tx, &target.principal, &target.workspace)? == 0 {
                return Err(nothing_set());
            }
            Ok(Rights::default())
        })
        .await
    }

    async fn change_rights<F>(
        &self,
        actor: &Actor,
        target: GrantTarget,
        action: &'static str,
        change: F,
    ) -> Result<(), Error>
    where
        F: FnOnce(&mut Tx<'_>, &GrantTarget) -> Result<Rights, Error> + Send + 'static,
    {
        let allowed = actor.allow(GRANT)?;
        let (service, proof): (Service, Allowed) = (self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            // What the principal is and may do stays so until the rights are written, and nobody writes others.
            people::lock_all(tx)?;
            known_workspace(tx, &target.workspace)?;
            let rights = change(tx, &target)?;
            let grant = Grant {
                principal_id: target.principal,
                workspace_id: target.workspace,
                principal_kind: target.kind,
                rights,
            };
            service.audit_grant(tx, &proof, action, &grant)
        })
        .await
    }

    /// Removes the rights of every pair of the two lists; an empty list means all (source: spec). Gives the pairs that
    /// had no rights.
    pub async fn delete_rights_of(
        &self,
        actor: &Actor,
        kind: PrincipalKind,
        workspace_ids: Vec<String>,
        principals: Vec<String>,
    ) -> Result<Vec<(String, String)>, Error> {
        let allowed = actor.allow(GRANT)?;
        for id in &workspace_ids {
            WorkspaceId::parse(id)?;
        }
        let (service, proof): (Service, Allowed) = (self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            people::lock_all(tx)?;
            let grants = workspaces::grants(tx, kind, None, None, None)?;
            let named = |list: &[String], id: &str| list.is_empty() || list.iter().any(|wanted| wanted == id);
            let mut missing: BTreeSet<(String, String)> =
                workspace_ids.iter().flat_map(|w| principals.iter().map(|p| (w.clone(), p.clone()))).collect();
            for grant in grants {
                let workspace = grant.workspace_id.to_string();
                if !named(&workspace_ids, &workspace) || !named(&principals, &grant.principal_id) {
                    continue;
                }
                workspaces::revoke(tx, &grant.principal_id, &grant.workspace_id)?;
                missing.remove(&(workspace, grant.principal_id.clone()));
                let none = Grant { rights: Rights::default(), ..grant };
                service.audit_grant(tx, &proof, "rights.delete", &none)?;
            }
            Ok(missing.into_iter().collect())
        })
        .await
    }

    /// All rights of one kind of principal, narrowed by workspace, environment and principal.
    pub async fn search_rights(
        &self,
        actor: &Actor,
        kind: PrincipalKind,
        workspace: Option<WorkspaceId>,
        environment: Option<EnvironmentId>,
        principal: Option<String>,
    ) -> Result<Vec<Grant>, Error> {
        let allowed = actor.allow(GRANT)?;
        self.read(&allowed, move |tx| {
            Ok(workspaces::grants(tx, kind, workspace.as_ref(), environment.as_ref(), principal.as_deref())?)
        })
        .await
    }

    /// Tells the rights of a principal on a workspace as they are now.
    pub(crate) fn audit_grant(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        grant: &Grant,
    ) -> Result<(), Error> {
        let (kind, id, workspace) = (grant.principal_kind, &grant.principal_id, &grant.workspace_id);
        let change = Change {
            action,
            object: ("principal", id),
            workspace: Some(workspace),
            detail: Some(audit_states::rights(tx, kind, id, workspace, &grant.rights.ids())?),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }

    /// Tells the end of all rights on a workspace that is about to be removed.
    pub(crate) fn audit_grants_end(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        workspace: &WorkspaceId,
    ) -> Result<(), Error> {
        for kind in [PrincipalKind::Human, PrincipalKind::Service] {
            for grant in workspaces::grants(tx, kind, Some(workspace), None, None)? {
                let none = Grant { rights: Rights::default(), ..grant };
                self.audit_grant(tx, allowed, "rights.delete", &none)?;
            }
        }
        Ok(())
    }
}
