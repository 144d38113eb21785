//! Who asks, and what that principal may do.

use crate::error::Error;
use crate::exchanges::AuditMark;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use stoker_domain::ids::{EnvironmentId, WorkspaceId};
use stoker_domain::{Permission, PrincipalKind, Right, Rights};
use stoker_store::{Tx, workspaces};

/// Where a request came from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// HTTP method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// Address of the client; of the last proxy that is not trusted, where there are proxies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// What the client calls itself, cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Told when the request leaves an audit record.
    #[serde(skip)]
    pub mark: Option<Arc<AuditMark>>,
}

/// An authenticated principal with its account permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Person or service account.
    pub kind: PrincipalKind,
    /// The id that rights are granted to: the user's UUID or the service-account id.
    pub id: String,
    /// What stands in `userId` fields: the login, or the service-account id (source: spec).
    pub name: String,
    /// Its account permissions.
    pub permissions: BTreeSet<Permission>,
    /// The request this is part of, for the audit trail.
    pub request_id: Option<String>,
    /// Where that request came from, for the audit trail.
    pub origin: Option<Arc<Origin>>,
    /// What was shown: the kind and the hash or id. Looked at again by what goes on after the call.
    pub credential: Option<String>,
}

/// Proof that an account permission was checked. Every way to the database in this crate wants one, so a use case that
/// forgets its permission does not compile.
#[derive(Clone, Debug)]
pub struct Allowed {
    actor: Actor,
    system: bool,
}

impl Actor {
    /// Checks that the actor holds one of `any_of`; an empty list means that any principal may.
    pub fn allow(&self, any_of: &[Permission]) -> Result<Allowed, Error> {
        if any_of.is_empty() || any_of.iter().any(|p| self.permissions.contains(p)) {
            return Ok(Allowed { actor: self.clone(), system: false });
        }
        let wanted: Vec<&str> = any_of.iter().map(|p| p.id()).collect();
        Err(Error::Forbidden(format!("Forbidden: this needs the permission {}", wanted.join(" or "))))
    }

    /// Whether the actor holds any of `any_of`.
    pub fn has_any(&self, any_of: &[Permission]) -> bool {
        any_of.iter().any(|p| self.permissions.contains(p))
    }
}

impl Allowed {
    /// The program itself: reconcilers and the engine link, which have their own checks.
    pub(crate) fn system() -> Self {
        let actor = Actor {
            kind: PrincipalKind::Service,
            id: "system".to_owned(),
            name: "system".to_owned(),
            permissions: BTreeSet::new(),
            request_id: None,
            origin: None,
            credential: None,
        };
        Self { actor, system: true }
    }

    /// The program itself, in the name of somebody who was allowed to begin what now goes on.
    pub(crate) fn on_behalf(kind: PrincipalKind, name: &str) -> Self {
        let mut allowed = Self::system();
        allowed.actor.kind = kind;
        allowed.actor.name = name.to_owned();
        allowed
    }

    /// Who was allowed.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Checks that the actor has one of `any_of` on the workspace: 403 otherwise. Decided once: a missing right is 403
    /// for reading and for changing alike, 404 is only for what does not exist (see `docs/compatibility.md`).
    pub fn right(&self, tx: &mut Tx<'_>, workspace: &WorkspaceId, any_of: &[Right]) -> Result<(), Error> {
        if self.system {
            return Ok(());
        }
        let held = workspaces::rights(tx, &self.actor.id, workspace)?;
        if held.has_any(any_of.iter().copied().collect()) {
            return Ok(());
        }
        let wanted: Vec<&str> = any_of.iter().map(|r| r.id()).collect();
        Err(Error::Forbidden(format!("Forbidden: this needs the right {} on the workspace", wanted.join(" or "))))
    }

    /// Whether the actor has one of `any_of` on any workspace of the environment.
    pub(crate) fn has_right_in(
        &self,
        tx: &mut Tx<'_>,
        environment: &EnvironmentId,
        any_of: &[Right],
    ) -> Result<bool, Error> {
        let (principal, mask) = self.visible(any_of);
        Ok(self.system || workspaces::any_right_in(tx, &principal, mask, environment)?)
    }

    /// Names of what stands in the way of a change, for the words of a refusal. What lies in a workspace on which the actor
    /// has no right is told without its name.
    pub(crate) fn names_seen(
        &self,
        tx: &mut Tx<'_>,
        found: Vec<(String, WorkspaceId)>,
        noun: &str,
    ) -> Result<Vec<String>, Error> {
        let (mut names, mut hidden) = (Vec::with_capacity(found.len()), false);
        for (name, workspace) in found {
            match self.right(tx, &workspace, &Right::ALL) {
                Ok(()) => names.push(name),
                Err(Error::Forbidden(_)) => hidden = true,
                Err(other) => return Err(other),
            }
        }
        if hidden {
            names.push(format!("a {noun} of another workspace"));
        }
        Ok(names)
    }

    /// The pair that lists are narrowed by: the principal, and the mask of rights of which one must be held.
    pub(crate) fn visible(&self, any_of: &[Right]) -> (String, i64) {
        let mask: Rights = any_of.iter().copied().collect();
        (self.actor.id.clone(), mask.mask())
    }
}
