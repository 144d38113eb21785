//! Role mappings: which roles of this side somebody gets for a role name of the identity provider. They act
//! at a sign-in by OpenID Connect.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{self, moved, with_change};
use crate::error::Error;
use stoker_domain::{Permission, limits, names};
use stoker_store::Tx;
use stoker_store::db::{Json, Record};
use stoker_store::people;
use stoker_store::roles::{self, RoleMapping};

const MANAGE: &[Permission] = &[Permission::SsoManagement];

/// A mapping with the names of its roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingView {
    /// Role name at the identity provider.
    pub name: String,
    /// Role names of this side.
    pub roles: Vec<String>,
}

fn view(tx: &mut Tx<'_>, mapping: RoleMapping) -> Result<MappingView, Error> {
    let mut names = Vec::new();
    for id in &mapping.role_ids.0 {
        if let Some(role) = roles::get(tx, id)? {
            names.push(role.name);
        }
    }
    Ok(MappingView { name: mapping.name, roles: names })
}

fn unknown() -> Error {
    Error::not_found("There is no role mapping with this name.")
}

/// Checks the mapping at a place of the list and finds its roles.
fn checked(tx: &mut Tx<'_>, wanted: &MappingView, number: usize) -> Result<RoleMapping, Error> {
    let name = names::checked("name", &wanted.name, limits::NAME_CHARS)
        .map_err(|error| Error::invalid(format!("[{number}].{error}")))?;
    if wanted.roles.is_empty() || wanted.roles.len() > limits::MAP_ENTRIES {
        return Err(Error::invalid(format!(
            "[{number}].roles: {name} must name from 1 to {} roles",
            limits::MAP_ENTRIES
        )));
    }
    let mut ids = Vec::new();
    for role in &wanted.roles {
        let found = roles::by_name(tx, role)?;
        let found =
            found.ok_or_else(|| Error::invalid(format!("[{number}].roles: there is no role named {role:?}")))?;
        if !ids.contains(&found.id) {
            ids.push(found.id);
        }
    }
    Ok(RoleMapping { name, role_ids: Json(ids) })
}

impl Service {
    /// All mappings by name.
    pub async fn role_mappings(&self, actor: &Actor) -> Result<Vec<MappingView>, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.read(&allowed, |tx| roles::mappings(tx)?.into_iter().map(|mapping| view(tx, mapping)).collect()).await
    }

    /// One mapping.
    pub async fn role_mapping(&self, actor: &Actor, name: &str) -> Result<MappingView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = name.to_owned();
        self.read(&allowed, move |tx| {
            let mapping = roles::mapping(tx, &name)?.ok_or_else(unknown)?;
            view(tx, mapping)
        })
        .await
    }

    /// Puts these mappings in the place of all.
    pub async fn replace_role_mappings(
        &self,
        actor: &Actor,
        wanted: Vec<MappingView>,
    ) -> Result<Vec<MappingView>, Error> {
        let allowed = actor.allow(MANAGE)?;
        if wanted.len() > limits::MAP_ENTRIES {
            return Err(Error::invalid(format!("at most {} role mappings are accepted", limits::MAP_ENTRIES)));
        }
        let (service, proof) = (self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            people::lock_all(tx)?;
            let before = names_of(tx)?;
            roles::delete_mappings(tx)?;
            let mut made = Vec::new();
            for (number, mapping) in wanted.iter().enumerate() {
                let row = checked(tx, mapping, number)?;
                if roles::mapping(tx, &row.name)?.is_some() {
                    return Err(Error::invalid(format!("[{number}].name: {} comes twice", row.name)));
                }
                row.insert(tx)?;
                made.push(view(tx, row)?);
            }
            service.audit_mappings(tx, &proof, "role-mapping.update", &before)?;
            Ok(made)
        })
        .await
    }

    /// Removes one mapping.
    pub async fn delete_role_mapping(&self, actor: &Actor, name: &str) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, name) = (self.clone(), allowed.clone(), name.to_owned());
        self.write(&allowed, move |tx| {
            let before = names_of(tx)?;
            if roles::delete_mapping(tx, &name)? == 0 {
                return Err(unknown());
            }
            service.audit_mappings(tx, &proof, "role-mapping.update", &before)
        })
        .await
    }

    /// Removes all mappings.
    pub async fn delete_role_mappings(&self, actor: &Actor) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof) = (self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            let before = names_of(tx)?;
            roles::delete_mappings(tx)?;
            service.audit_mappings(tx, &proof, "role-mapping.update", &before)
        })
        .await
    }

    /// Tells all mappings as they are now; `before` are the names of those there were.
    fn audit_mappings(&self, tx: &mut Tx<'_>, allowed: &Allowed, action: &str, before: &[String]) -> Result<(), Error> {
        let detail = Some(with_change(audit_states::role_mappings(tx)?, &moved(before, &names_of(tx)?)));
        let change = Change { action, object: ("role-mapping", "all"), workspace: None, detail };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

fn names_of(tx: &mut Tx<'_>) -> Result<Vec<String>, Error> {
    Ok(roles::mappings(tx)?.into_iter().map(|mapping| mapping.name).collect())
}
