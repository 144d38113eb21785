//! Roles: predefined ones that nobody changes, and custom ones.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::{Error, taken};
use crate::listed::{Listed, PageNumber};
use crate::look_alikes::unlike;
use crate::people::{PersonView, checked_external, counted, known, named, view as people_view};
use serde_json::json;
use stoker_domain::ids::{RoleId, UserId};
use stoker_domain::{Permission, limits, names, roles as catalogue};
use stoker_store::db::{Json, Record};
use stoker_store::look_alikes::{self, Named};
use stoker_store::people::{self, PeopleFilter};
use stoker_store::roles::{self, Role};
use stoker_store::{Tx, accounts};

const MANAGE: &[Permission] = &[Permission::RoleManagement];

/// Where a role id stood.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoleAt {
    /// In the path: 404 when there is none.
    Path,
    /// In a body: 400 when there is none.
    Body,
}

/// The role with this id, or the refusal.
pub(crate) fn known_role(tx: &mut Tx<'_>, id: &str, at: RoleAt) -> Result<Role, Error> {
    let parsed = match RoleId::parse(id) {
        Ok(parsed) => parsed,
        Err(_) if at == RoleAt::Body => return Err(Error::invalid(format!("roleIds: {id:?} is not a role id"))),
        Err(error) => return Err(error.into()),
    };
    roles::get(tx, &parsed)?.ok_or_else(|| match at {
        RoleAt::Body => Error::invalid(format!("roleIds: there is no role {id}")),
        RoleAt::Path => Error::not_found("Role id not found."),
    })
}

fn checked_permissions(ids: &[String]) -> Result<Vec<String>, Error> {
    if ids.len() > limits::MAP_ENTRIES {
        return Err(Error::invalid(format!("permissions: at most {} are accepted", limits::MAP_ENTRIES)));
    }
    for id in ids {
        if id.len() > limits::NAME_CHARS || !catalogue::may_hold(id) {
            return Err(Error::invalid(format!("permissions: {id:?} is not a permission")));
        }
    }
    let mut checked = ids.to_vec();
    checked.sort_unstable();
    checked.dedup();
    Ok(checked)
}

impl Service {
    /// One page of roles by name, narrowed to names that hold `name_part`.
    pub async fn list_roles(
        &self,
        actor: &Actor,
        name_part: Option<String>,
        page: PageNumber,
    ) -> Result<Listed<Role>, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.read(&allowed, move |tx| {
            let (items, total) = roles::list(tx, name_part.as_deref(), page.size, page.offset())?;
            Ok(Listed { items, page, total })
        })
        .await
    }

    /// All roles, for searches by any attribute.
    pub async fn all_roles(&self, actor: &Actor) -> Result<Vec<Role>, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.read(&allowed, |tx| Ok(roles::list(tx, None, i64::MAX, 0)?.0)).await
    }

    /// One role.
    pub async fn role(&self, actor: &Actor, id: &RoleId) -> Result<Role, Error> {
        let allowed = actor.allow(MANAGE)?;
        let id = id.clone();
        self.read(&allowed, move |tx| known_role(tx, id.as_str(), RoleAt::Path)).await
    }

    /// Adds a role; `external_id` is what a directory calls it.
    pub async fn create_role(
        &self,
        actor: &Actor,
        name: &str,
        permissions: &[String],
        external_id: Option<String>,
    ) -> Result<Role, Error> {
        let allowed = actor.allow(MANAGE)?;
        let now = self.now();
        let role = Role {
            id: RoleId::generate(now, self.random()),
            name: names::checked("name", name, limits::NAME_CHARS)?,
            permissions: Json(checked_permissions(permissions)?),
            predefined: None,
            created_ms: now,
            modified_ms: now,
            external_id: checked_external(external_id.as_deref())?,
        };
        let (service, proof) = (self.clone(), allowed.clone());
        self.write_accounts(&allowed, move |tx| {
            unlike(tx, Named::Role, "name", role.id.as_str(), &role.name)?;
            role.insert(tx).map_err(taken(format!("name: a role {} exists already", role.name)))?;
            service.audit_role(tx, &proof, "role.create", &role)?;
            Ok(role)
        })
        .await
    }

    /// Changes a role; its holders have the new permissions at once. Permissions that are left out are kept.
    pub async fn update_role(
        &self,
        actor: &Actor,
        id: &RoleId,
        name: &str,
        permissions: Option<Vec<String>>,
    ) -> Result<Role, Error> {
        let name = name.to_owned();
        self.edit_role(actor, id, move |before| Ok((name, permissions, before.external_id.clone()))).await
    }

    /// Changes a role to the name, the permissions and the directory's id that `edit` makes of it, within one transaction.
    pub async fn edit_role<F>(&self, actor: &Actor, id: &RoleId, edit: F) -> Result<Role, Error>
    where
        F: FnOnce(&Role) -> Result<(String, Option<Vec<String>>, Option<String>), Error> + Send + 'static,
    {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write_accounts(&allowed, move |tx| {
            let mut role = known_role(tx, id.as_str(), RoleAt::Path)?;
            custom(&role)?;
            let (name, permissions, external_id) = edit(&role)?;
            role.external_id = checked_external(external_id.as_deref())?;
            role.name = names::checked("name", &name, limits::NAME_CHARS)?;
            if let Some(permissions) = permissions {
                role.permissions = Json(checked_permissions(&permissions)?);
            }
            role.modified_ms = now;
            // 409 is not among the published answers of this call, unlike that of the create call.
            let message = format!("name: a role {} exists already", role.name);
            let free = unlike(tx, Named::Role, "name", role.id.as_str(), &role.name);
            free.and_then(|()| role.update(tx).map_err(taken(message))).map_err(Error::conflict_as_invalid)?;
            for user in roles::holders(tx, &role.id)? {
                people::refresh_permissions(tx, &user)?;
            }
            service.audit_role(tx, &proof, "role.update", &role)?;
            Ok(role)
        })
        .await
    }

    /// Removes a role that nobody holds and no role mapping names.
    pub async fn delete_role(&self, actor: &Actor, id: &RoleId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write_accounts(&allowed, move |tx| {
            let role = known_role(tx, id.as_str(), RoleAt::Path)?;
            custom(&role)?;
            let holders = roles::holders(tx, &id)?.len();
            if holders > 0 {
                return Err(Error::invalid(format!(
                    "the role is held by {holders} users: take it from them before removing it"
                )));
            }
            if let Some(mapping) = roles::mappings(tx)?.into_iter().find(|m| m.role_ids.0.contains(&id)) {
                return Err(Error::invalid(format!(
                    "the role is named by the role mapping {}: remove that mapping first",
                    mapping.name
                )));
            }
            roles::delete(tx, &id)?;
            service.audit_role(tx, &proof, "role.delete", &role)
        })
        .await
    }

    /// One page of the users who hold a role.
    pub async fn holders_of_role(
        &self,
        actor: &Actor,
        id: &RoleId,
        page: PageNumber,
    ) -> Result<Listed<PersonView>, Error> {
        let allowed = actor.allow(MANAGE)?;
        let filter = PeopleFilter { role: Some(id.clone()), ..PeopleFilter::default() };
        let id = id.clone();
        self.people_page(&allowed, filter, page, move |tx| known_role(tx, id.as_str(), RoleAt::Path).map(drop)).await
    }

    /// Gives a role to users; those who hold it keep it.
    pub async fn give_role(&self, actor: &Actor, id: &RoleId, user_ids: Vec<String>) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        counted("userIds", &user_ids)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write_accounts(&allowed, move |tx| {
            let role = known_role(tx, id.as_str(), RoleAt::Path)?;
            let mut logins = Vec::with_capacity(user_ids.len());
            for user in &user_ids {
                let user = named(tx, "userIds", user)?;
                let given = roles::give(tx, &user, &role.id)?;
                service.roles_changed(tx, &user)?;
                let holder = known(tx, &user)?;
                let holder = people_view(tx, holder)?;
                if given {
                    service.audit_person(tx, &proof, "user.update", &holder)?;
                }
                logins.push(holder.person.login);
            }
            let change = Change {
                action: "role.give",
                object: ("role", role.id.as_str()),
                workspace: None,
                detail: Some(json!({ "name": role.name, "users": logins })),
            };
            audit::record(tx, proof.actor(), service.now(), service.random(), change)
        })
        .await
    }

    /// Takes a role from a user; 404 when the user does not hold it.
    pub async fn take_role_from(&self, actor: &Actor, id: &RoleId, user: &UserId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        self.take_role_of(&allowed, user, id).await
    }

    /// Makes sure that the predefined roles are there as this version has them. Users of a version without roles who
    /// could manage users become administrators. Called at every start.
    pub(crate) async fn ensure_roles(&self) -> Result<(), Error> {
        let (service, now) = (self.clone(), self.now());
        self.write::<_, Error, _>(&Allowed::system(), move |tx| {
            people::lock_all(tx)?;
            for wanted in catalogue::PREDEFINED {
                let mut permissions: Vec<String> = wanted.permissions.iter().map(|p| p.id().to_owned()).collect();
                permissions.sort_unstable();
                match roles::predefined(tx, wanted.key)? {
                    None => {
                        let role = Role {
                            id: RoleId::generate(now, service.random()),
                            name: free_name(tx, wanted.name)?,
                            permissions: Json(permissions),
                            predefined: Some(wanted.key.to_owned()),
                            created_ms: now,
                            modified_ms: now,
                            external_id: None,
                        };
                        role.insert(tx)?;
                        if wanted.key == catalogue::ADMINISTRATOR {
                            first_administrators(tx, &role)?;
                        }
                    }
                    Some(mut role) if role.permissions.0 != permissions => {
                        role.permissions = Json(permissions);
                        role.modified_ms = now;
                        role.update(tx)?;
                        for user in roles::holders(tx, &role.id)? {
                            people::refresh_permissions(tx, &user)?;
                        }
                    }
                    Some(_) => {}
                }
            }
            Ok(())
        })
        .await
    }

    fn audit_role(&self, tx: &mut Tx<'_>, allowed: &Allowed, action: &str, role: &Role) -> Result<(), Error> {
        let change = Change {
            action,
            object: ("role", role.id.as_str()),
            workspace: None,
            detail: Some(json!({
                "name": role.name, "permissions": role.permissions.0, "externalId": role.external_id,
            })),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

fn custom(role: &Role) -> Result<(), Error> {
    if role.predefined.is_some() {
        return Err(Error::invalid(format!("{} is a predefined role: make a custom role instead", role.name)));
    }
    Ok(())
}

/// The name of a predefined role that a later version adds may be taken by a custom one.
fn free_name(tx: &mut Tx<'_>, name: &str) -> Result<String, Error> {
    let mut free = name.to_owned();
    while look_alikes::find(tx, Named::Role, "", &free)?.is_some() {
        free.push_str(" (predefined)");
    }
    Ok(free)
}

fn first_administrators(tx: &mut Tx<'_>, role: &Role) -> Result<(), Error> {
    for user in accounts::users_with_permissions(tx)? {
        let held = |p: Permission| user.permissions.0.iter().any(|id| id == p.id());
        if held(Permission::UserManagement) && held(Permission::RoleManagement) {
            known(tx, &user.id)?;
            roles::give(tx, &user.id, &role.id)?;
            people::refresh_permissions(tx, &user.id)?;
        }
    }
    Ok(())
}
