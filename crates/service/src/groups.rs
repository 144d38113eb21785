//! Groups of users. A group gives nothing by itself: projects name groups (source: doc).

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{self, moved, with_change};
use crate::error::{Error, taken};
use crate::listed::{Listed, PageNumber};
use crate::look_alikes::unlike;
use crate::people::{self as users, PersonView, counted, known, named};
use std::collections::HashMap;
use stoker_domain::ids::{GroupId, UserId};
use stoker_domain::{Permission, limits, names};
use stoker_store::Tx;
use stoker_store::db::Record;
use stoker_store::groups::{self, Group};
use stoker_store::look_alikes::Named;
use stoker_store::people::PeopleFilter;

const MANAGE: &[Permission] = &[Permission::GroupManagement];

/// A group with its members.
#[derive(Clone, Debug)]
pub struct GroupView {
    /// The group.
    pub group: Group,
    /// Ids of its members.
    pub members: Vec<UserId>,
}

fn known_group(tx: &mut Tx<'_>, id: &GroupId) -> Result<Group, Error> {
    groups::get(tx, id)?.ok_or_else(|| Error::not_found("Group id not found."))
}

fn view(tx: &mut Tx<'_>, group: Group) -> Result<GroupView, Error> {
    let members = groups::members(tx, &group.id)?;
    Ok(GroupView { group, members })
}

fn views(tx: &mut Tx<'_>, rows: Vec<Group>) -> Result<Vec<GroupView>, Error> {
    rows.into_iter().map(|group| view(tx, group)).collect()
}

impl Service {
    /// One page of groups by name, narrowed to names that hold `name_part`.
    pub async fn list_groups(
        &self,
        actor: &Actor,
        name_part: Option<String>,
        page: PageNumber,
    ) -> Result<Listed<GroupView>, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.read(&allowed, move |tx| {
            let (rows, total) = groups::list(tx, None, name_part.as_deref(), page.size, page.offset())?;
            Ok(Listed { items: views(tx, rows)?, page, total })
        })
        .await
    }

    /// One page of the groups of a user.
    pub async fn groups_of_person(
        &self,
        actor: &Actor,
        id: &UserId,
        name_part: Option<String>,
        page: PageNumber,
    ) -> Result<Listed<GroupView>, Error> {
        let allowed = actor.allow(users::MANAGE)?;
        let id = id.clone();
        self.read(&allowed, move |tx| {
            let (rows, total) = users::groups_of(tx, &id, name_part.as_deref(), page)?;
            Ok(Listed { items: views(tx, rows)?, page, total })
        })
        .await
    }

    /// One group.
    pub async fn group(&self, actor: &Actor, id: &GroupId) -> Result<GroupView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let id = id.clone();
        self.read(&allowed, move |tx| {
            let group = known_group(tx, &id)?;
            view(tx, group)
        })
        .await
    }

    /// Adds a group with its members; `external_id` is what a directory calls it.
    pub async fn create_group(
        &self,
        actor: &Actor,
        name: &str,
        user_ids: Vec<String>,
        external_id: Option<String>,
    ) -> Result<GroupView, Error> {
        let allowed = actor.allow(MANAGE)?;
        counted("userIds", &user_ids)?;
        let now = self.now();
        let group = Group {
            id: GroupId::generate(now, self.random()),
            name: names::checked("name", name, limits::NAME_CHARS)?,
            created_ms: now,
            modified_ms: now,
            external_id: users::checked_external(external_id.as_deref())?,
        };
        let (service, proof) = (self.clone(), allowed.clone());
        self.write_accounts(&allowed, move |tx| {
            unlike(tx, Named::Group, "name", group.id.as_str(), &group.name)?;
            group.insert(tx).map_err(taken(format!("name: a group {} exists already", group.name)))?;
            for user in &user_ids {
                let user = named(tx, "userIds", user)?;
                groups::add(tx, &group.id, &user)?;
            }
            service.audit_group(tx, &proof, "group.create", &group, &[])?;
            view(tx, group)
        })
        .await
    }

    /// Renames a group.
    pub async fn rename_group(&self, actor: &Actor, id: &GroupId, name: &str) -> Result<GroupView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = names::checked("name", name, limits::NAME_CHARS)?;
        self.change_group(&allowed, id, "group.update", move |tx, group| {
            group.name = name;
            let message = format!("name: a group {} exists already", group.name);
            let free = unlike(tx, Named::Group, "name", group.id.as_str(), &group.name);
            // 409 is not among the published answers of this call, unlike that of the create call.
            free.and_then(|()| group.update(tx).map_err(taken(message))).map_err(Error::conflict_as_invalid)?;
            Ok(())
        })
        .await
    }

    /// All groups with their members, for searches by any attribute.
    pub async fn all_groups(&self, actor: &Actor) -> Result<Vec<GroupView>, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.read(&allowed, |tx| {
            let mut members: HashMap<GroupId, Vec<UserId>> = HashMap::new();
            for (group, user) in groups::all_members(tx)? {
                members.entry(group).or_default().push(user);
            }
            let (rows, _) = groups::list(tx, None, None, i64::MAX, 0)?;
            let view = |group: Group| GroupView { members: members.remove(&group.id).unwrap_or_default(), group };
            Ok(rows.into_iter().map(view).collect())
        })
        .await
    }

    /// The groups of one user, or of every user, by id and name.
    pub async fn groups_by_person(
        &self,
        actor: &Actor,
        user: Option<UserId>,
    ) -> Result<HashMap<UserId, Vec<(GroupId, String)>>, Error> {
        let allowed = actor.allow(users::MANAGE)?;
        self.read(&allowed, move |tx| {
            let (rows, _) = groups::list(tx, user.as_ref(), None, i64::MAX, 0)?;
            if let Some(user) = user {
                return Ok([(user, rows.into_iter().map(|group| (group.id, group.name)).collect())].into());
            }
            let names: HashMap<GroupId, String> = rows.into_iter().map(|group| (group.id, group.name)).collect();
            let mut found: HashMap<UserId, Vec<(GroupId, String)>> = HashMap::new();
            for (group, user) in groups::all_members(tx)? {
                if let Some(name) = names.get(&group) {
                    found.entry(user).or_default().push((group, name.clone()));
                }
            }
            Ok(found)
        })
        .await
    }

    /// Changes a group to the name, the members and the directory's id that `edit` makes of it, within one transaction.
    pub async fn edit_group<F>(&self, actor: &Actor, id: &GroupId, edit: F) -> Result<GroupView, Error>
    where
        F: FnOnce(&GroupView) -> Result<(String, Vec<String>, Option<String>), Error> + Send + 'static,
    {
        let allowed = actor.allow(MANAGE)?;
        self.change_group(&allowed, id, "group.update", move |tx, group| {
            let before = view(tx, group.clone())?;
            let (name, members, external_id) = edit(&before)?;
            counted("members", &members)?;
            group.external_id = users::checked_external(external_id.as_deref())?;
            group.name = names::checked("displayName", &name, limits::NAME_CHARS)?;
            let message = format!("displayName: a group {} exists already", group.name);
            unlike(tx, Named::Group, "displayName", group.id.as_str(), &group.name)?;
            group.update(tx).map_err(taken(message))?;
            groups::remove_all(tx, &group.id)?;
            for user in &members {
                let user = named(tx, "members", user)?;
                groups::add(tx, &group.id, &user)?;
            }
            Ok(())
        })
        .await
    }

    /// Removes a group; its members stay.
    pub async fn delete_group(&self, actor: &Actor, id: &GroupId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write_accounts(&allowed, move |tx| {
            let group = known_group(tx, &id)?;
            let before = audit_states::members(tx, &group)?;
            service.audit_group(tx, &proof, "group.delete", &group, &before)?;
            groups::delete(tx, &id)?;
            Ok(())
        })
        .await
    }

    /// One page of the members of a group.
    pub async fn members_of_group(
        &self,
        actor: &Actor,
        id: &GroupId,
        page: PageNumber,
    ) -> Result<Listed<PersonView>, Error> {
        let allowed = actor.allow(MANAGE)?;
        let filter = PeopleFilter { group: Some(id.clone()), ..PeopleFilter::default() };
        let id = id.clone();
        self.people_page(&allowed, filter, page, move |tx| known_group(tx, &id).map(drop)).await
    }

    /// Adds members; those who are in stay.
    pub async fn add_members(&self, actor: &Actor, id: &GroupId, user_ids: Vec<String>) -> Result<GroupView, Error> {
        let allowed = actor.allow(MANAGE)?;
        counted("userIds", &user_ids)?;
        self.change_group(&allowed, id, "group.update", move |tx, group| {
            for user in &user_ids {
                let user = named(tx, "userIds", user)?;
                groups::add(tx, &group.id, &user)?;
            }
            Ok(())
        })
        .await
    }

    /// Removes a member; 404 when the user is none.
    pub async fn remove_member(&self, actor: &Actor, id: &GroupId, user: &UserId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        self.remove_member_of(&allowed, id, user).await
    }

    /// Puts a user into groups; those it is in stay.
    pub async fn join_groups(&self, actor: &Actor, id: &UserId, group_ids: Vec<String>) -> Result<PersonView, Error> {
        let allowed = actor.allow(users::MANAGE)?;
        counted("groupIds", &group_ids)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write_accounts(&allowed, move |tx| {
            let person = known(tx, &id)?;
            for text in &group_ids {
                let no_group = || Error::invalid(format!("groupIds: there is no group {text}"));
                let parsed = GroupId::parse(text).map_err(|_| no_group())?;
                let mut group = groups::get(tx, &parsed)?.ok_or_else(no_group)?;
                let before = audit_states::members(tx, &group)?;
                if groups::add(tx, &parsed, &id)? {
                    group.modified_ms = now;
                    group.update(tx)?;
                    service.audit_group(tx, &proof, "group.update", &group, &before)?;
                }
            }
            users::view(tx, person)
        })
        .await
    }

    /// Takes a user out of a group; 404 when it is not in it.
    pub async fn leave_group(&self, actor: &Actor, user: &UserId, id: &GroupId) -> Result<(), Error> {
        let allowed = actor.allow(users::MANAGE)?;
        self.remove_member_of(&allowed, id, user).await
    }

    async fn remove_member_of(&self, allowed: &Allowed, id: &GroupId, user: &UserId) -> Result<(), Error> {
        let user = user.clone();
        self.change_group(allowed, id, "group.update", move |tx, group| {
            known(tx, &user)?;
            if !groups::remove(tx, &group.id, &user)? {
                return Err(Error::not_found("The user is not in the group."));
            }
            Ok(())
        })
        .await
        .map(drop)
    }

    async fn change_group<F>(
        &self,
        allowed: &Allowed,
        id: &GroupId,
        action: &'static str,
        change: F,
    ) -> Result<GroupView, Error>
    where
        F: FnOnce(&mut Tx<'_>, &mut Group) -> Result<(), Error> + Send + 'static,
    {
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write_accounts(allowed, move |tx| {
            let mut group = known_group(tx, &id)?;
            let before = audit_states::members(tx, &group)?;
            change(tx, &mut group)?;
            group.modified_ms = now;
            group.update(tx)?;
            service.audit_group(tx, &proof, action, &group, &before)?;
            view(tx, group)
        })
        .await
    }

    /// Tells a group with its members now; `before` were its members until this event.
    pub(crate) fn audit_group(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        group: &Group,
        before: &[String],
    ) -> Result<(), Error> {
        let members = audit_states::members(tx, group)?;
        let change = Change {
            action,
            object: ("group", group.id.as_str()),
            workspace: None,
            detail: Some(with_change(audit_states::group(group, &members), &moved(before, &members))),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}
