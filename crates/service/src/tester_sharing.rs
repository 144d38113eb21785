//! Projects of API tests that are shared with a workspace. Who has any right there reads and runs them, who has AUTHOR
//! changes them, and only the owner moves them in and out or deletes them. Values of secret variables and the latest
//! responses, which may hold tokens, stay with each person (`doc`: a private variable that is shared keeps only its name).

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::error::Error;
use crate::tester::{
    Access, Own, TestProjectLine, TestProjectRequest, access, line, owned, project_context, room, same_version,
    sized_secrets,
};
use stoker_domain::ids::{TestProjectId, WorkspaceId};
use stoker_domain::{Right, limits, names};
use stoker_store::tester::{self, TestProject};
use stoker_store::{Tx, workspaces};

impl Service {
    /// Shares the version of a project that was read with a workspace, or takes it back with none. The request has the
    /// project as it is to be kept from now on: with its secret values apart when it is shared, and inside otherwise.
    ///
    /// # Errors
    /// Whoever is not the owner, or has no AUTHOR on the workspace; another version; too many shared there already.
    pub async fn share_test_project(
        &self,
        actor: &Actor,
        id: &TestProjectId,
        version: i64,
        workspace: Option<WorkspaceId>,
        request: TestProjectRequest,
    ) -> Result<TestProjectLine, Error> {
        let allowed = actor.allow(&[])?;
        let (me, now) = (actor.person()?, self.now());
        // Taken back, document and secrets together may be larger than one that is written: each was within its limit.
        sized_secrets(request.secrets.as_deref())?;
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        let place = project_context(id.as_str());
        let document = self.sealed_text(&place, &request.document);
        let (service, actor, id, proof) = (self.clone(), actor.clone(), id.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            let known = tester::lock(tx, &id)?;
            let (known, _) = owned(tx, &me, known)?;
            if let Some(workspace) = &workspace {
                may_receive(tx, &proof, workspace, &known)?;
            }
            same_version(known.version, version)?;
            if known.owner_id != me {
                room(tx, &me)?;
            }
            let own = service.own_as_read(tx, &known.id, &me, request.secrets_before.as_deref())?;
            let latest = service.latest(&known, own)?;
            if known.workspace_id != workspace {
                // What others had of it belonged to the place where it was.
                tester::part_from(tx, &known.id, &me)?;
            }
            let shared = workspace.is_some();
            let responses = if shared {
                service.keep_own(tx, &known.id, &me, &Own { secrets: request.secrets, responses: latest })?;
                None
            } else {
                tester::forget_own(tx, &known.id)?;
                latest.map(|text| service.sealed_text(&place, &text))
            };
            let (from, version) = (known.workspace_id.clone(), version + 1);
            let row = TestProject {
                owner_id: me,
                name,
                requests: request.requests,
                version,
                updated_ms: now,
                document,
                responses,
                workspace_id: workspace,
                ..known
            };
            tester::replace(tx, &row)?;
            let kept = line(&row, Access { own: true, change: true });
            let action = if shared { "test-project.share" } else { "test-project.take-back" };
            // A project that is taken back is told to the workspace that it leaves.
            let told = TestProjectLine { workspace: row.workspace_id.clone().or(from), ..kept.clone() };
            service.audit_test_project(tx, &actor, action, &told)?;
            Ok(kept)
        })
        .await
    }

    /// Keeps values of secret variables of a shared project for whoever asks, who needs no right to change it, in the place
    /// of those that were read.
    ///
    /// # Errors
    /// A conflict when the project is not shared, because its values stand in its document, and when the values are not
    /// those that were read.
    pub async fn keep_test_secrets(
        &self,
        actor: &Actor,
        id: &TestProjectId,
        before: Option<String>,
        secrets: String,
    ) -> Result<(), Error> {
        let allowed = actor.allow(&[])?;
        let me = actor.person()?;
        sized_secrets(Some(&secrets))?;
        let (service, actor, id) = (self.clone(), actor.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let known = tester::lock(tx, &id)?;
            let (known, access) = access(tx, &me, known)?;
            if known.workspace_id.is_none() {
                return Err(Error::conflict("the project is not shared; replace it with the values in its document"));
            }
            service.own_as_read(tx, &known.id, &me, before.as_deref())?;
            service.keep_own(tx, &known.id, &me, &Own { secrets: Some(secrets), responses: None })?;
            service.audit_test_project(tx, &actor, "test-project.secrets", &line(&known, access))
        })
        .await
    }
}

/// Whether a project may go into a workspace.
fn may_receive(
    tx: &mut Tx<'_>,
    allowed: &Allowed,
    workspace: &WorkspaceId,
    project: &TestProject,
) -> Result<(), Error> {
    workspaces::get(tx, workspace)?.ok_or_else(|| Error::invalid("workspaceId: there is no such workspace"))?;
    allowed.right(tx, workspace, &[Right::Author])?;
    let moves = project.workspace_id.as_ref() != Some(workspace);
    if moves && tester::count_shared(tx, workspace)? >= limits::TEST_PROJECTS_SHARED {
        let most = limits::TEST_PROJECTS_SHARED;
        return Err(Error::conflict(format!(
            "{most} test projects are shared with the workspace already, the most there may be"
        )));
    }
    Ok(())
}
