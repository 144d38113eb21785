//! Projects of the studio and who may work on them. A service account never may (source: spec).

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{self, with_change};
use crate::environments::description;
use crate::error::{Error, taken};
use stoker_domain::ids::{GroupId, ProjectId, UserId};
use stoker_domain::{Permission, PrincipalKind, limits, names};
use stoker_store::db::Record;
use stoker_store::projects::{self, GROUP, Project, USER};
use stoker_store::{Tx, accounts, groups};

const MANAGE: &[Permission] = &[Permission::ProjectManagement];

/// A new project.
#[derive(Clone, Debug)]
pub struct ProjectRequest {
    /// Unique, 1 to 255 characters.
    pub name: String,
    /// Login of the owner.
    pub owner: String,
    /// Where its sources are; empty when nowhere.
    pub url: String,
    /// Free text.
    pub description: Option<String>,
}

/// What is to be changed of a project; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct ProjectChange {
    /// Login of the owner.
    pub owner: Option<String>,
    /// Where its sources are.
    pub url: Option<String>,
    /// Free text.
    pub description: Option<String>,
}

/// Who may work on a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// A person.
    User(UserId),
    /// A group of persons.
    Group(GroupId),
}

impl Member {
    fn kind(&self) -> &'static str {
        match self {
            Member::User(_) => USER,
            Member::Group(_) => GROUP,
        }
    }

    fn id(&self) -> &str {
        match self {
            Member::User(id) => id.as_str(),
            Member::Group(id) => id.as_str(),
        }
    }

    /// What people call it; the id of one that is gone.
    fn called(&self, tx: &mut Tx<'_>) -> Result<String, Error> {
        let name = match self {
            Member::User(id) => accounts::user(tx, id)?.map(|user| user.login),
            Member::Group(id) => groups::get(tx, id)?.map(|group| group.name),
        };
        Ok(format!("{} {}", self.kind(), name.unwrap_or_else(|| self.id().to_owned())))
    }

    /// Checks that there is such a user or group.
    fn must_exist(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        match self {
            Member::User(id) if accounts::user(tx, id)?.is_some() => Ok(()),
            Member::User(_) => Err(Error::not_found("User id not found.")),
            Member::Group(id) if groups::get(tx, id)?.is_some() => Ok(()),
            Member::Group(_) => Err(Error::not_found("Group id not found.")),
        }
    }
}

fn unknown() -> Error {
    Error::not_found("Project id not found.")
}

fn allow(actor: &Actor) -> Result<Allowed, Error> {
    if actor.kind == PrincipalKind::Service {
        let message = "Forbidden: projects are open to personal access tokens only, not to service accounts";
        return Err(Error::Forbidden(message.to_owned()));
    }
    actor.allow(MANAGE)
}

/// The name in capitals with `_` for everything that is no letter or digit (source: inferred from labels seen).
fn label(name: &str) -> String {
    name.to_uppercase().chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

fn checked_url(url: &str) -> Result<String, Error> {
    Ok(names::line("url", url.trim(), limits::URL_CHARS)?)
}

fn checked_owner(tx: &mut Tx<'_>, owner: &str) -> Result<String, Error> {
    let owner = names::checked("owner", owner, limits::NAME_CHARS)?;
    match accounts::user_by_login(tx, &owner)? {
        Some(_) => Ok(owner),
        None => Err(Error::invalid(format!("owner: there is no user {owner}"))),
    }
}

impl Service {
    /// A page of projects by name, narrowed by the beginning of the name or a part of it.
    pub async fn list_projects(
        &self,
        actor: &Actor,
        name_prefix: Option<String>,
        name_contains: Option<String>,
        limit: i64,
        offset: i64,
    ) -> Result<Page<Project>, Error> {
        let allowed = allow(actor)?;
        let name_prefix = name_prefix.filter(|name| !name.is_empty());
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                Ok(projects::list(tx, name_prefix.as_deref(), name_contains.as_deref(), limit, offset)?)
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    /// One project.
    pub async fn project(&self, actor: &Actor, id: &ProjectId) -> Result<Project, Error> {
        let allowed = allow(actor)?;
        let id = id.clone();
        self.read(&allowed, move |tx| projects::get(tx, &id)?.ok_or_else(unknown)).await
    }

    /// Adds a project.
    pub async fn create_project(&self, actor: &Actor, request: ProjectRequest) -> Result<Project, Error> {
        let allowed = allow(actor)?;
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        let (url, text) = (checked_url(&request.url)?, description(request.description)?);
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            let project = Project {
                id: ProjectId::generate(now, service.random()),
                technical_label: label(&name),
                description: text,
                url,
                author: proof.actor().name.clone(),
                owner: checked_owner(tx, &request.owner)?,
                created_ms: now,
                updated_ms: now,
                name,
            };
            if projects::label_taken(tx, &project.technical_label)? {
                return Err(Error::conflict(exists(&project)));
            }
            project.insert(tx).map_err(taken(exists(&project)))?;
            service.audit_project(tx, &proof, "project.create", &project, &[])?;
            Ok(project)
        })
        .await
    }

    /// Changes a project; what the request leaves out stays.
    pub async fn update_project(
        &self,
        actor: &Actor,
        id: &ProjectId,
        request: ProjectChange,
    ) -> Result<Project, Error> {
        let allowed = allow(actor)?;
        let url = request.url.as_deref().map(checked_url).transpose()?;
        let text = description(request.description)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut project = projects::lock(tx, &id)?.ok_or_else(unknown)?;
            if let Some(owner) = request.owner {
                project.owner = checked_owner(tx, &owner)?;
            }
            let new_url = url.as_ref().is_some_and(|url| *url != project.url);
            project.url = url.unwrap_or(project.url);
            project.description = text.or(project.description);
            project.updated_ms = now;
            project.update(tx)?;
            let values = new_url.then(|| "url".to_owned()).into_iter().collect();
            service.audit_project(tx, &proof, "project.update", &project, &[("newValues", values)])?;
            Ok(project)
        })
        .await
    }

    /// Removes a project; who worked on it does not matter.
    pub async fn delete_project(&self, actor: &Actor, id: &ProjectId) -> Result<(), Error> {
        let allowed = allow(actor)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let project = projects::lock(tx, &id)?.ok_or_else(unknown)?;
            service.audit_project(tx, &proof, "project.delete", &project, &[])?;
            projects::delete(tx, &id)?;
            Ok(())
        })
        .await
    }

    /// Ids of the users who may work on a project.
    pub async fn project_users(&self, actor: &Actor, id: &ProjectId) -> Result<Vec<String>, Error> {
        self.project_members(actor, id, USER).await
    }

    /// Ids of the groups that may work on a project.
    pub async fn project_groups(&self, actor: &Actor, id: &ProjectId) -> Result<Vec<String>, Error> {
        self.project_members(actor, id, GROUP).await
    }

    async fn project_members(&self, actor: &Actor, id: &ProjectId, kind: &'static str) -> Result<Vec<String>, Error> {
        let allowed = allow(actor)?;
        let id = id.clone();
        self.read(&allowed, move |tx| {
            projects::get(tx, &id)?.ok_or_else(unknown)?;
            Ok(projects::members(tx, &id, kind)?)
        })
        .await
    }

    /// Lets somebody work on a project; 409 when it is so already.
    pub async fn authorize_member(&self, actor: &Actor, id: &ProjectId, member: Member) -> Result<(), Error> {
        let allowed = allow(actor)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let project = projects::lock(tx, &id)?.ok_or_else(unknown)?;
            member.must_exist(tx)?;
            let message = format!("{} {} is authorised on the project already", member.kind(), member.id());
            projects::add_member(tx, &id, member.kind(), member.id(), now).map_err(taken(message))?;
            let who = member.called(tx)?;
            service.audit_project(tx, &proof, "project.authorize", &project, &[("added", vec![who])])
        })
        .await
    }

    /// Takes that away again; 404 when it was not so.
    pub async fn revoke_member(&self, actor: &Actor, id: &ProjectId, member: Member) -> Result<(), Error> {
        let allowed = allow(actor)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let project = projects::lock(tx, &id)?.ok_or_else(unknown)?;
            if projects::remove_member(tx, &id, member.kind(), member.id())? == 0 {
                return Err(Error::not_found(format!(
                    "{} {} is not authorised on the project",
                    member.kind(),
                    member.id()
                )));
            }
            let who = member.called(tx)?;
            service.audit_project(tx, &proof, "project.revoke", &project, &[("removed", vec![who])])
        })
        .await
    }

    /// Tells a project with who may work on it. The URL stays out: people put passwords into it.
    pub(crate) fn audit_project(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        row: &Project,
        change: &[(&str, Vec<String>)],
    ) -> Result<(), Error> {
        let detail = Some(with_change(audit_states::project(tx, row)?, change));
        let change = Change { action, object: ("project", row.id.as_str()), workspace: None, detail };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

fn exists(project: &Project) -> String {
    format!("name: a project {} or with the technical label {} exists already", project.name, project.technical_label)
}

#[cfg(test)]
mod tests {
    #[test]
    fn labels_are_capitals() {
        assert_eq!(super::label("Sales loads-2"), "SALES_LOADS_2");
        assert_eq!(super::label("Größe"), "GRÖSSE");
    }
}
