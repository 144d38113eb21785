//! Projects of API tests: each belongs to the person who made it, and nobody else sees it unless it is shared with a
//! workspace (`tester_sharing.rs`). What is in one is a text of the tester's own form and opaque here; it is kept sealed as a
//! whole, because it may hold secrets anywhere.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use serde_json::json;
use stoker_domain::ids::{TestProjectId, UserId, WorkspaceId};
use stoker_domain::{Right, Rights, limits, names};
use stoker_store::db::Record;
use stoker_store::tester::{self, TestOwn, TestProject};
use stoker_store::{Tx, workspaces};

/// What is kept of a project of API tests beside its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestProjectLine {
    /// Its id.
    pub id: TestProjectId,
    /// Shown name.
    pub name: String,
    /// How many requests are in it.
    pub requests: i64,
    /// How often it was written, from 1.
    pub version: i64,
    /// When it was made.
    pub created_ms: i64,
    /// When it last changed.
    pub updated_ms: i64,
    /// The workspace that it is shared with.
    pub workspace: Option<WorkspaceId>,
    /// Whether whoever asks is the owner, or may act as one: the owner was removed, and AUTHOR is held.
    pub own: bool,
    /// Whether whoever asks may change it.
    pub may_change: bool,
}

impl TestProjectLine {
    /// Refuses a version that is not this one.
    ///
    /// # Errors
    /// A conflict that names both.
    pub fn at_version(&self, version: i64) -> Result<(), Error> {
        same_version(self.version, version)
    }
}

/// Projects of API tests by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestProjectList {
    /// The projects, at most [`limits::TEST_PROJECTS_LISTED`].
    pub items: Vec<TestProjectLine>,
    /// Whether there are more; one's own are all here.
    pub more: bool,
}

/// A project of API tests with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestProjectView {
    /// What is kept beside the content.
    pub line: TestProjectLine,
    /// The document, with the values of secret variables: these must not be shown.
    pub document: String,
    /// The latest response of each request; none before the first run. Of a shared project those of whoever asks.
    pub responses: Option<String>,
    /// What whoever asks keeps of the secret variables of a shared project.
    pub secrets: Option<String>,
}

/// What a project of API tests is to be.
#[derive(Clone, Debug)]
pub struct TestProjectRequest {
    /// Shown name, 1 to [`limits::NAME_CHARS`] characters.
    pub name: String,
    /// The document, at most [`limits::TEST_PROJECT_BYTES`].
    pub document: String,
    /// How many requests are in it.
    pub requests: i64,
    /// Values of secret variables of whoever writes, at most [`limits::TEST_SECRETS_BYTES`]; exactly of a shared project,
    /// whose document then has none.
    pub secrets: Option<String>,
    /// The secrets that were read, [`TestProjectView::secrets`]; other ones meanwhile are a conflict.
    pub secrets_before: Option<String>,
}

/// What one may do with a project that one sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) own: bool,
    pub(crate) change: bool,
}

/// What somebody with these rights on the workspace of a project may do with it: everything with one's own; reading and
/// running with any right on the workspace that it is shared with, changing with AUTHOR. An owner without rights there may
/// still read it and take it back; when the owner was removed, every author may. None: not even know of it.
fn access_with(who: &UserId, owner: &UserId, shared: bool, held: Rights) -> Option<Access> {
    let own = who == owner;
    if !shared {
        return own.then_some(Access { own, change: true });
    }
    let change = held.has(Right::Author);
    let own = own || (change && owner.as_str() == tester::NOBODY);
    (own || !held.is_empty()).then_some(Access { own, change })
}

/// The same with the rights that are kept.
pub(crate) fn access_of(tx: &mut Tx<'_>, who: &UserId, row: &TestProject) -> Result<Option<Access>, Error> {
    let held = match &row.workspace_id {
        Some(workspace) => workspaces::rights(tx, who.as_str(), workspace)?,
        None => Rights::default(),
    };
    Ok(access_with(who, &row.owner_id, row.workspace_id.is_some(), held))
}

/// The same for whoever asks.
///
/// # Errors
/// One that is hidden is not known.
pub(crate) fn access(tx: &mut Tx<'_>, me: &UserId, row: Option<TestProject>) -> Result<(TestProject, Access), Error> {
    let row = row.ok_or_else(unknown)?;
    let access = access_of(tx, me, &row)?.ok_or_else(unknown)?;
    Ok((row, access))
}

/// The same for a change of the content: one that is only read is refused.
pub(crate) fn to_change(
    tx: &mut Tx<'_>,
    allowed: &Allowed,
    me: &UserId,
    row: Option<TestProject>,
) -> Result<(TestProject, Access), Error> {
    let (row, access) = access(tx, me, row)?;
    if let Some(workspace) = row.workspace_id.as_ref().filter(|_| !access.change) {
        allowed.right(tx, workspace, &[Right::Author])?;
    }
    Ok((row, access))
}

pub(crate) fn project_context(id: &str) -> String {
    format!("test project {id}")
}

pub(crate) fn run_context(id: &str) -> String {
    format!("test run {id}")
}

pub(crate) fn unknown() -> Error {
    Error::not_found("the test project is not known, or it belongs to somebody else")
}

pub(crate) fn line(row: &TestProject, access: Access) -> TestProjectLine {
    TestProjectLine {
        id: row.id.clone(),
        name: row.name.clone(),
        requests: row.requests,
        version: row.version,
        created_ms: row.created_ms,
        updated_ms: row.updated_ms,
        workspace: row.workspace_id.clone(),
        own: access.own,
        may_change: access.change,
    }
}

pub(crate) fn sized(request: &TestProjectRequest) -> Result<String, Error> {
    let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
    if request.document.len() > limits::TEST_PROJECT_BYTES {
        let most = limits::TEST_PROJECT_BYTES / 1024;
        return Err(Error::invalid(format!(
            "document: a project has at most {most} KiB, this one has {}; split it",
            request.document.len() / 1024
        )));
    }
    sized_secrets(request.secrets.as_deref())?;
    Ok(name)
}

pub(crate) fn sized_secrets(secrets: Option<&str>) -> Result<(), Error> {
    if secrets.is_none_or(|secrets| secrets.len() <= limits::TEST_SECRETS_BYTES) {
        return Ok(());
    }
    let most = limits::TEST_SECRETS_BYTES / 1024;
    Err(Error::invalid(format!("secrets: their values have at most {most} KiB together")))
}

/// Refuses a version that is no longer the kept one.
pub(crate) fn same_version(known: i64, version: i64) -> Result<(), Error> {
    if known == version {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "version: {version} was replaced by {known} meanwhile; read it again and repeat the change"
    )))
}

/// Refuses one project more than [`limits::TEST_PROJECTS`].
pub(crate) fn room(tx: &mut Tx<'_>, owner: &UserId) -> Result<(), Error> {
    if tester::count(tx, owner)? < limits::TEST_PROJECTS {
        return Ok(());
    }
    let most = limits::TEST_PROJECTS;
    Err(Error::conflict(format!("you have {most} test projects, the most one person may have; delete one first")))
}

/// What only the owner may do.
pub(crate) fn owned(tx: &mut Tx<'_>, me: &UserId, row: Option<TestProject>) -> Result<(TestProject, Access), Error> {
    let (row, access) = access(tx, me, row)?;
    if access.own {
        return Ok((row, access));
    }
    Err(Error::Forbidden("Forbidden: only the owner of the project may do this".to_owned()))
}

/// What somebody alone has of a project, opened.
#[derive(Debug, Default)]
pub(crate) struct Own {
    pub(crate) secrets: Option<String>,
    pub(crate) responses: Option<String>,
}

impl Service {
    /// Fills bytes with randomness, for test data and ids.
    pub fn fill_random(&self, bytes: &mut [u8]) {
        self.random().fill(bytes);
    }

    pub(crate) fn opened_text(&self, context: &str, sealed: &str) -> Result<String, Error> {
        String::from_utf8(self.inner.keys.decrypt(context, sealed)?).map_err(Error::internal)
    }

    pub(crate) fn sealed_text(&self, context: &str, text: &str) -> String {
        self.inner.keys.encrypt(context, text.as_bytes(), self.random())
    }

    pub(crate) fn own_of(&self, own: Option<TestOwn>) -> Result<Own, Error> {
        let Some(own) = own else { return Ok(Own::default()) };
        let place = project_context(&own.id);
        let opened = |sealed: Option<String>| sealed.map(|sealed| self.opened_text(&place, &sealed)).transpose();
        Ok(Own { secrets: opened(own.secrets)?, responses: opened(own.responses)? })
    }

    /// Keeps what somebody alone has of a project; what is not given stays.
    pub(crate) fn keep_own(
        &self,
        tx: &mut Tx<'_>,
        project: &TestProjectId,
        me: &UserId,
        own: &Own,
    ) -> Result<(), Error> {
        let id = tester::own_id(project, me);
        let place = project_context(&id);
        let sealed = |text: &Option<String>| text.as_deref().map(|text| self.sealed_text(&place, text));
        let (secrets, responses) = (sealed(&own.secrets), sealed(&own.responses));
        let row = TestOwn { id, project_id: project.clone(), user_id: me.clone(), secrets, responses };
        Ok(tester::keep_own(tx, &row)?)
    }

    /// What somebody alone has of a project, unless its secrets are not those that were read.
    pub(crate) fn own_as_read(
        &self,
        tx: &mut Tx<'_>,
        project: &TestProjectId,
        me: &UserId,
        read: Option<&str>,
    ) -> Result<Own, Error> {
        let own = self.own_of(tester::own(tx, project, me)?)?;
        if own.secrets.as_deref() == read {
            return Ok(own);
        }
        Err(Error::conflict("your secret values were changed meanwhile; read the project again and repeat the change"))
    }

    /// The latest responses of a project that is not shared, as whoever owns it keeps them.
    pub(crate) fn latest(&self, row: &TestProject, own: Own) -> Result<Option<String>, Error> {
        let kept = row.responses.as_ref().filter(|_| row.workspace_id.is_none());
        let opened = kept.map(|sealed| self.opened_text(&project_context(row.id.as_str()), sealed)).transpose()?;
        Ok(opened.or(own.responses))
    }

    pub(crate) fn audit_test_project(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        action: &str,
        project: &TestProjectLine,
    ) -> Result<(), Error> {
        let change = Change {
            action,
            object: ("test-project", project.id.as_str()),
            workspace: project.workspace.as_ref(),
            detail: Some(json!({ "name": project.name, "version": project.version, "requests": project.requests })),
        };
        audit::record(tx, actor, self.now(), self.random(), change)
    }

    /// The projects of API tests of whoever asks, and those shared with that person's workspaces, by name.
    pub async fn test_projects(&self, actor: &Actor) -> Result<TestProjectList, Error> {
        let allowed = actor.allow(&[])?;
        let me = actor.person()?;
        self.read(&allowed, move |tx| {
            let most = limits::TEST_PROJECTS_LISTED;
            let mut rows = tester::projects(tx, &me, i64::try_from(most + 1).map_err(Error::internal)?)?;
            let more = rows.len() > most;
            rows.truncate(most);
            rows.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
            let rights = workspaces::all_rights(tx, me.as_str())?;
            let line = |row: tester::TestProjectRow| {
                let held = rights.iter().find(|(known, _)| Some(known) == row.workspace_id.as_ref());
                let held = held.map_or(Rights::default(), |(_, held)| *held);
                let access = access_with(&me, &row.owner_id, row.workspace_id.is_some(), held)?;
                Some(TestProjectLine {
                    id: row.id,
                    name: row.name,
                    requests: row.requests,
                    version: row.version,
                    created_ms: row.created_ms,
                    updated_ms: row.updated_ms,
                    workspace: row.workspace_id,
                    own: access.own,
                    may_change: access.change,
                })
            };
            Ok(TestProjectList { items: rows.into_iter().filter_map(line).collect(), more })
        })
        .await
    }

    /// One of them with its content.
    pub async fn test_project(&self, actor: &Actor, id: &TestProjectId) -> Result<TestProjectView, Error> {
        let allowed = actor.allow(&[])?;
        let (me, wanted) = (actor.person()?, id.clone());
        let (row, access, own) = self
            .get::<_, Error, _>(&allowed, move |tx| {
                let row = tester::project(tx, &wanted)?;
                let (row, access) = access(tx, &me, row)?;
                let own = tester::own(tx, &row.id, &me)?;
                Ok((row, access, own))
            })
            .await?;
        let own = self.own_of(own)?;
        Ok(TestProjectView {
            line: line(&row, access),
            document: self.opened_text(&project_context(row.id.as_str()), &row.document)?,
            secrets: own.secrets.clone(),
            responses: self.latest(&row, own)?,
        })
    }

    /// Makes a project of API tests for whoever asks, who has at most [`limits::TEST_PROJECTS`].
    pub async fn create_test_project(
        &self,
        actor: &Actor,
        request: TestProjectRequest,
    ) -> Result<TestProjectLine, Error> {
        let allowed = actor.allow(&[])?;
        let (owner, now, name) = (actor.person()?, self.now(), sized(&request)?);
        let id = TestProjectId::generate(now, self.random());
        let document = self.sealed_text(&project_context(id.as_str()), &request.document);
        let row = TestProject {
            id,
            owner_id: owner,
            name,
            requests: request.requests,
            version: 1,
            created_ms: now,
            updated_ms: now,
            document,
            responses: None,
            workspace_id: None,
        };
        let (service, actor) = (self.clone(), actor.clone());
        self.write(&allowed, move |tx| {
            room(tx, &row.owner_id)?;
            row.insert(tx)?;
            let made = line(&row, Access { own: true, change: true });
            service.audit_test_project(tx, &actor, "test-project.create", &made)?;
            Ok(made)
        })
        .await
    }

    /// Replaces the version of a project that was read.
    ///
    /// # Errors
    /// Another version than the kept one is a conflict, and nothing changes; so is one that was shared or taken back
    /// meanwhile, because that counts as a version.
    pub async fn replace_test_project(
        &self,
        actor: &Actor,
        id: &TestProjectId,
        version: i64,
        request: TestProjectRequest,
    ) -> Result<TestProjectLine, Error> {
        let allowed = actor.allow(&[])?;
        let (me, now, name) = (actor.person()?, self.now(), sized(&request)?);
        let place = project_context(id.as_str());
        let document = self.sealed_text(&place, &request.document);
        let (service, actor, id, proof) = (self.clone(), actor.clone(), id.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            let known = tester::lock(tx, &id)?;
            let (known, access) = to_change(tx, &proof, &me, known)?;
            same_version(known.version, version)?;
            let own = service.own_as_read(tx, &known.id, &me, request.secrets_before.as_deref())?;
            let responses = match (&known.workspace_id, request.secrets) {
                (Some(_), secrets @ Some(_)) => {
                    service.keep_own(tx, &known.id, &me, &Own { secrets, responses: None })?;
                    None
                }
                (None, None) => {
                    // After a workspace that went, what its owner kept beside the project goes into it.
                    let latest = service.latest(&known, own)?;
                    tester::forget_own(tx, &known.id)?;
                    latest.map(|text| service.sealed_text(&place, &text))
                }
                _ => return Err(Error::conflict("the project was shared or taken back meanwhile; read it again")),
            };
            let row = TestProject {
                name,
                requests: request.requests,
                version: version + 1,
                updated_ms: now,
                document,
                responses,
                ..known
            };
            tester::replace(tx, &row)?;
            let kept = line(&row, access);
            service.audit_test_project(tx, &actor, "test-project.update", &kept)?;
            Ok(kept)
        })
        .await
    }

    /// Removes a project with its history; only its owner may.
    pub async fn delete_test_project(&self, actor: &Actor, id: &TestProjectId) -> Result<(), Error> {
        let allowed = actor.allow(&[])?;
        let owner: UserId = actor.person()?;
        let (service, actor, id) = (self.clone(), actor.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let known = tester::lock(tx, &id)?;
            let (known, access) = owned(tx, &owner, known)?;
            tester::delete(tx, &id)?;
            service.audit_test_project(tx, &actor, "test-project.delete", &line(&known, access))
        })
        .await
    }
}
