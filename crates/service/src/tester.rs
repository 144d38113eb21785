//! Projects of API tests: each belongs to the person who made it, and nobody else sees it. What is in one is a text of the
//! tester's own form and opaque here; it is kept sealed as a whole, because it may hold secrets anywhere.

use crate::actor::Actor;
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use serde_json::json;
use stoker_domain::ids::{TestProjectId, UserId};
use stoker_domain::{limits, names};
use stoker_store::db::Record;
use stoker_store::tester::{self, TestProject};
use stoker_store::{StoreError, Tx};

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
}

/// A project of API tests with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestProjectView {
    /// What is kept beside the content.
    pub line: TestProjectLine,
    /// The document, with the values of secret variables: these must not be shown.
    pub document: String,
    /// The latest response of each request; none before the first run.
    pub responses: Option<String>,
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

fn line(row: &TestProject) -> TestProjectLine {
    TestProjectLine {
        id: row.id.clone(),
        name: row.name.clone(),
        requests: row.requests,
        version: row.version,
        created_ms: row.created_ms,
        updated_ms: row.updated_ms,
    }
}

fn sized(request: &TestProjectRequest) -> Result<String, Error> {
    let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
    if request.document.len() > limits::TEST_PROJECT_BYTES {
        let most = limits::TEST_PROJECT_BYTES / 1024;
        return Err(Error::invalid(format!(
            "document: a project has at most {most} KiB, this one has {}; split it",
            request.document.len() / 1024
        )));
    }
    Ok(name)
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

    fn audit_test_project(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        action: &str,
        project: &TestProjectLine,
    ) -> Result<(), Error> {
        let change = Change {
            action,
            object: ("test-project", project.id.as_str()),
            workspace: None,
            detail: Some(json!({ "name": project.name, "version": project.version, "requests": project.requests })),
        };
        audit::record(tx, actor, self.now(), self.random(), change)
    }

    /// The projects of API tests of whoever asks, by name.
    pub async fn test_projects(&self, actor: &Actor) -> Result<Vec<TestProjectLine>, Error> {
        let allowed = actor.allow(&[])?;
        let owner = actor.person()?;
        let rows = self.read::<_, StoreError, _>(&allowed, move |tx| tester::projects(tx, &owner)).await?;
        Ok(rows
            .into_iter()
            .map(|row| TestProjectLine {
                id: row.id,
                name: row.name,
                requests: row.requests,
                version: row.version,
                created_ms: row.created_ms,
                updated_ms: row.updated_ms,
            })
            .collect())
    }

    /// One of them with its content.
    pub async fn test_project(&self, actor: &Actor, id: &TestProjectId) -> Result<TestProjectView, Error> {
        let allowed = actor.allow(&[])?;
        let (owner, wanted) = (actor.person()?, id.clone());
        let row = self.get::<_, StoreError, _>(&allowed, move |tx| tester::project(tx, &owner, &wanted)).await?;
        let row = row.ok_or_else(unknown)?;
        let place = project_context(row.id.as_str());
        let responses = row.responses.as_deref().map(|sealed| self.opened_text(&place, sealed)).transpose()?;
        Ok(TestProjectView { line: line(&row), document: self.opened_text(&place, &row.document)?, responses })
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
        };
        let (service, actor) = (self.clone(), actor.clone());
        self.write(&allowed, move |tx| {
            if tester::count(tx, &row.owner_id)? >= limits::TEST_PROJECTS {
                return Err(Error::conflict(format!(
                    "you have {} test projects, the most one person may have; delete one first",
                    limits::TEST_PROJECTS
                )));
            }
            row.insert(tx)?;
            let made = line(&row);
            service.audit_test_project(tx, &actor, "test-project.create", &made)?;
            Ok(made)
        })
        .await
    }

    /// Replaces the version of a project that was read.
    ///
    /// # Errors
    /// Another version than the kept one is a conflict, and nothing changes.
    pub async fn replace_test_project(
        &self,
        actor: &Actor,
        id: &TestProjectId,
        version: i64,
        request: TestProjectRequest,
    ) -> Result<TestProjectLine, Error> {
        let allowed = actor.allow(&[])?;
        let (owner, now, name) = (actor.person()?, self.now(), sized(&request)?);
        let document = self.sealed_text(&project_context(id.as_str()), &request.document);
        let (service, actor, id) = (self.clone(), actor.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let known = tester::lock(tx, &owner, &id)?.ok_or_else(unknown)?;
            if known.version != version {
                return Err(Error::conflict(format!(
                    "version: {version} was replaced by {} meanwhile; read it again and repeat the change",
                    known.version
                )));
            }
            let row = TestProject {
                name,
                requests: request.requests,
                version: version + 1,
                updated_ms: now,
                document,
                ..known
            };
            tester::replace(tx, &row)?;
            let kept = line(&row);
            service.audit_test_project(tx, &actor, "test-project.update", &kept)?;
            Ok(kept)
        })
        .await
    }

    /// Removes a project with its history.
    pub async fn delete_test_project(&self, actor: &Actor, id: &TestProjectId) -> Result<(), Error> {
        let allowed = actor.allow(&[])?;
        let owner: UserId = actor.person()?;
        let (service, actor, id) = (self.clone(), actor.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let known = tester::lock(tx, &owner, &id)?.ok_or_else(unknown)?;
            tester::delete(tx, &id)?;
            service.audit_test_project(tx, &actor, "test-project.delete", &line(&known))
        })
        .await
    }
}
