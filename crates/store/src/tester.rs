//! Projects of API tests and their runs. Documents, responses and reports are sealed texts, opaque here.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::ids::{EngineId, TestProjectId, TestRunId, UserId, WorkspaceId};

/// State of a run that goes on.
pub const RUNNING: &str = "running";
/// State of a run that nobody works on any more although it did not end by itself.
pub const BROKEN_OFF: &str = "broken-off";
/// Owner of a shared project whose owner was removed.
pub const NOBODY: &str = "";
/// Why a run of somebody else ends when its project leaves the workspace.
const LEFT: &str = "the project left the workspace that it was shared with";

record! {
    /// A project of API tests.
    TestProject in "tester_projects" {
        /// Its id.
        id: TestProjectId,
        /// Whose it is; [`NOBODY`] when the owner of a shared one was removed.
        owner_id: UserId,
        /// Shown name; need not be unique.
        name: String,
        /// How many requests are in it.
        requests: i64,
        /// How often it was written, from 1.
        version: i64,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
        /// The whole project with its secret values, sealed.
        document: String,
        /// The latest response of each request, sealed; none before the first run. Of a shared project each person has
        /// these in a [`TestOwn`].
        responses: Option<String>,
        /// The workspace that it is shared with; none: it is its owner's alone.
        workspace_id: Option<WorkspaceId>,
    }
}

record! {
    /// What one person alone has of a project of API tests that is shared.
    TestOwn in "tester_own" {
        /// Project and person, see [`own_id`].
        id: String,
        /// The project.
        project_id: TestProjectId,
        /// The person.
        user_id: UserId,
        /// Values of secret variables, sealed.
        secrets: Option<String>,
        /// The latest response of each request, sealed.
        responses: Option<String>,
    }
}

/// Id of what a person alone has of a project.
pub fn own_id(project: &TestProjectId, user: &UserId) -> String {
    format!("{}/{}", project.as_str(), user.as_str())
}

record! {
    /// A project of API tests without its content, for lists.
    TestProjectRow in "tester_projects" {
        /// Its id.
        id: TestProjectId,
        /// Whose it is.
        owner_id: UserId,
        /// The workspace that it is shared with.
        workspace_id: Option<WorkspaceId>,
        /// Shown name.
        name: String,
        /// How many requests are in it.
        requests: i64,
        /// How often it was written, from 1.
        version: i64,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

record! {
    /// A run of API tests; its report is read by [`report`].
    TestRun in "tester_runs" {
        /// Its id.
        id: TestRunId,
        /// Who started it.
        owner_id: UserId,
        /// What it runs.
        project_id: TestProjectId,
        /// Name of the project at its start.
        project_name: String,
        /// Id of the request, scenario, service or project inside the document; empty for everything.
        target_id: String,
        /// Its name at the start.
        target_name: String,
        /// Name of the chosen environment.
        environment: Option<String>,
        /// [`RUNNING`], or how it ended: `finished`, `cancelled`, `limit`, [`BROKEN_OFF`].
        state: String,
        /// Outcome of the whole, once it ended.
        outcome: Option<String>,
        /// How many requests have ended.
        requests: i64,
        /// How many of them were not Ok.
        bad: i64,
        /// When it began.
        started_ms: i64,
        /// Last sign of life.
        beat_ms: i64,
        /// When it ended.
        finish_ms: Option<i64>,
        /// Whether it is to end early.
        cancelled: bool,
        /// Why it ended early or could not begin.
        problem: Option<String>,
        /// What its owner showed to start it, and what must be good as long as it goes on.
        credential: Option<String>,
        /// The engine that sends its requests; the server itself when absent.
        engine_id: Option<EngineId>,
        /// Name of the engine at the start.
        engine_name: Option<String>,
        /// Whether the engine has taken it.
        taken: bool,
    }
}

/// A project, whosever it is.
pub fn project(tx: &mut Tx<'_>, id: &TestProjectId) -> Result<Option<TestProject>, StoreError> {
    TestProject::select_opt(tx, "WHERE id = $1", params![id])
}

/// A project, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &TestProjectId) -> Result<Option<TestProject>, StoreError> {
    TestProject::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// Everything of an owner by name, then what is shared with workspaces on which the owner has rights; at most `most`.
pub fn projects(tx: &mut Tx<'_>, owner: &UserId, most: i64) -> Result<Vec<TestProjectRow>, StoreError> {
    TestProjectRow::select(
        tx,
        "WHERE owner_id = $1 OR workspace_id IN (SELECT workspace_id FROM workspace_rights WHERE principal_id = $1) \
         ORDER BY CASE WHEN owner_id = $1 THEN 0 ELSE 1 END, name {bytes}, id LIMIT $2",
        params![owner, most],
    )
}

/// How many projects are shared with a workspace.
pub fn count_shared(tx: &mut Tx<'_>, workspace: &WorkspaceId) -> Result<i64, StoreError> {
    tx.query_int("SELECT count(*) FROM tester_projects WHERE workspace_id = $1", params![workspace])
}

/// What a person alone has of a project.
pub fn own(tx: &mut Tx<'_>, project: &TestProjectId, user: &UserId) -> Result<Option<TestOwn>, StoreError> {
    TestOwn::select_opt(tx, "WHERE id = $1", params![own_id(project, user).as_str()])
}

/// Writes what a person alone has of a project; what is not given stays.
pub fn keep_own(tx: &mut Tx<'_>, own: &TestOwn) -> Result<(), StoreError> {
    let TestOwn { id, project_id, user_id, secrets, responses } = own;
    tx.execute(
        "INSERT INTO tester_own (id, project_id, user_id, secrets, responses) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET secrets = COALESCE(excluded.secrets, tester_own.secrets), \
         responses = COALESCE(excluded.responses, tester_own.responses)",
        params![id.as_str(), project_id, user_id, secrets.clone(), responses.clone()],
    )?;
    Ok(())
}

/// Removes what all persons have of a project.
pub fn forget_own(tx: &mut Tx<'_>, project: &TestProjectId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM tester_own WHERE project_id = $1", params![project])
}

/// Locks the runs that go on and have this value in the column, in the order of their ids: who ends all runs of an engine
/// takes them in this order too.
fn hold(tx: &mut Tx<'_>, column: &str, value: &str) -> Result<(), StoreError> {
    let sql = format!("SELECT id FROM tester_runs WHERE {column} = $1 AND state = 'running' ORDER BY id {{lock}}");
    tx.query(&sql, params![value])?;
    Ok(())
}

/// Ends what others than the owner do with a project that leaves its workspace, and forgets what they alone have of it.
/// The project is locked.
pub fn part_from(tx: &mut Tx<'_>, project: &TestProjectId, owner: &UserId) -> Result<(), StoreError> {
    hold(tx, "project_id", project.as_str())?;
    tx.execute(
        "UPDATE tester_runs SET cancelled = 1, problem = $3 \
         WHERE project_id = $1 AND owner_id <> $2 AND state = 'running' AND cancelled = 0",
        params![project, owner, LEFT],
    )?;
    tx.execute("DELETE FROM tester_own WHERE project_id = $1 AND user_id <> $2", params![project, owner])?;
    Ok(())
}

/// Takes all projects out of a workspace that goes: they are their owners' alone, who keep what they alone have of them.
/// What is nobody's goes with it.
pub(crate) fn leave_workspace(tx: &mut Tx<'_>, id: &WorkspaceId) -> Result<(), StoreError> {
    for row in TestProjectRow::select(tx, "WHERE workspace_id = $1 ORDER BY id {lock}", params![id])? {
        if row.owner_id.as_str() == NOBODY {
            delete(tx, &row.id)?;
            continue;
        }
        part_from(tx, &row.id, &row.owner_id)?;
        let sql = "UPDATE tester_projects SET workspace_id = NULL, version = version + 1 WHERE id = $1";
        tx.execute(sql, params![&row.id])?;
    }
    Ok(())
}

/// Removes what a person who goes has of API tests. Projects that are shared stay where they are, and are nobody's.
pub(crate) fn forget_person(tx: &mut Tx<'_>, id: &UserId) -> Result<(), StoreError> {
    let sql = "UPDATE tester_projects SET owner_id = $2 WHERE owner_id = $1 AND workspace_id IS NOT NULL";
    tx.execute(sql, params![id, NOBODY])?;
    hold(tx, "owner_id", id.as_str())?;
    for sql in [
        "DELETE FROM tester_projects WHERE owner_id = $1",
        "DELETE FROM tester_runs WHERE owner_id = $1",
        "DELETE FROM tester_own WHERE user_id = $1",
    ] {
        tx.execute(sql, params![id])?;
    }
    Ok(())
}

/// How many projects an owner has.
pub fn count(tx: &mut Tx<'_>, owner: &UserId) -> Result<i64, StoreError> {
    tx.query_int("SELECT count(*) FROM tester_projects WHERE owner_id = $1", params![owner])
}

/// Writes everything of a project that is locked but its id and when it was made.
pub fn replace(tx: &mut Tx<'_>, project: &TestProject) -> Result<(), StoreError> {
    let TestProject { id, owner_id, name, requests, version, updated_ms, document, responses, workspace_id, .. } =
        project;
    let workspace = workspace_id.as_ref().map(|id| id.as_str().to_owned());
    tx.execute(
        "UPDATE tester_projects SET name = $2, requests = $3, version = $4, updated_ms = $5, document = $6, \
         responses = $7, workspace_id = $8, owner_id = $9 WHERE id = $1",
        params![id, name, *requests, *version, *updated_ms, document, responses.clone(), workspace, owner_id],
    )?;
    Ok(())
}

/// Writes the latest responses of a project.
pub fn keep_responses(tx: &mut Tx<'_>, id: &TestProjectId, sealed: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE tester_projects SET responses = $2 WHERE id = $1", params![id, sealed])?;
    Ok(())
}

/// Removes a project with its runs and what everybody has of it.
pub fn delete(tx: &mut Tx<'_>, id: &TestProjectId) -> Result<u64, StoreError> {
    hold(tx, "project_id", id.as_str())?;
    tx.execute("DELETE FROM tester_runs WHERE project_id = $1", params![id])?;
    forget_own(tx, id)?;
    tx.execute("DELETE FROM tester_projects WHERE id = $1", params![id])
}

/// A run of this owner.
pub fn run(tx: &mut Tx<'_>, owner: &UserId, id: &TestRunId) -> Result<Option<TestRun>, StoreError> {
    TestRun::select_opt(tx, "WHERE id = $1 AND owner_id = $2", params![id, owner])
}

/// What a run has shown so far, sealed; none before the first note.
pub fn report(tx: &mut Tx<'_>, id: &TestRunId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt("SELECT report FROM tester_runs WHERE id = $1", params![id])?;
    row.map_or(Ok(None), |row| row.opt_text(0))
}

/// Runs of an owner, newest first.
pub fn runs(tx: &mut Tx<'_>, owner: &UserId, project: Option<&TestProjectId>) -> Result<Vec<TestRun>, StoreError> {
    match project {
        None => TestRun::select(tx, "WHERE owner_id = $1 ORDER BY started_ms DESC, id DESC", params![owner]),
        Some(project) => TestRun::select(
            tx,
            "WHERE owner_id = $1 AND project_id = $2 ORDER BY started_ms DESC, id DESC",
            params![owner, project],
        ),
    }
}

/// Runs that go on and have shown a sign of life since `since_ms`: of one owner, or of everybody.
pub fn going_on(tx: &mut Tx<'_>, owner: Option<&UserId>, since_ms: i64) -> Result<i64, StoreError> {
    match owner {
        Some(owner) => tx.query_int(
            "SELECT count(*) FROM tester_runs WHERE owner_id = $1 AND state = 'running' AND beat_ms > $2",
            params![owner, since_ms],
        ),
        None => {
            tx.query_int("SELECT count(*) FROM tester_runs WHERE state = 'running' AND beat_ms > $1", params![since_ms])
        }
    }
}

/// Removes all runs of an owner but the newest.
pub fn forget_old(tx: &mut Tx<'_>, owner: &UserId, keep: i64) -> Result<u64, StoreError> {
    let sql = "DELETE FROM tester_runs WHERE owner_id = $1 AND id NOT IN \
               (SELECT id FROM tester_runs WHERE owner_id = $1 ORDER BY started_ms DESC, id DESC LIMIT $2)";
    tx.execute(sql, params![owner, keep])
}

/// Asks a run to end early, for this reason if there is one; 0 when it is over or was asked already.
pub fn cancel(tx: &mut Tx<'_>, id: &TestRunId, why: Option<&str>) -> Result<u64, StoreError> {
    let sql = "UPDATE tester_runs SET cancelled = 1, problem = COALESCE($2, problem) \
               WHERE id = $1 AND state = 'running' AND cancelled = 0";
    tx.execute(sql, params![id, why])
}

/// Writes down how far a run is, and a sign of life; nothing of it when the run is over.
pub fn note(tx: &mut Tx<'_>, run: &TestRun, report: Option<&str>) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE tester_runs SET state = $2, outcome = $3, requests = $4, bad = $5, beat_ms = $6, finish_ms = $7, \
         problem = $8, report = $9, work = NULL WHERE id = $1 AND state = 'running'",
        params![
            &run.id,
            &run.state,
            run.outcome.clone(),
            run.requests,
            run.bad,
            run.beat_ms,
            run.finish_ms,
            run.problem.clone(),
            report
        ],
    )
}

/// The project of a run, whosever it is.
pub fn project_of(tx: &mut Tx<'_>, id: &TestRunId) -> Result<Option<TestProjectId>, StoreError> {
    let row = tx.query_opt("SELECT project_id FROM tester_runs WHERE id = $1", params![id])?;
    row.map(|row| row.text(0).map(TestProjectId::trusted)).transpose()
}

/// A run that goes on, as it is now.
pub fn going(tx: &mut Tx<'_>, id: &TestRunId) -> Result<Option<TestRun>, StoreError> {
    TestRun::select_opt(tx, "WHERE id = $1 AND state = 'running'", params![id])
}

/// A run that goes on, locked until the end of the transaction.
pub fn running(tx: &mut Tx<'_>, id: &TestRunId) -> Result<Option<TestRun>, StoreError> {
    TestRun::select_opt(tx, "WHERE id = $1 AND state = 'running' {lock}", params![id])
}

/// A sign of life of a run.
pub fn beat(tx: &mut Tx<'_>, id: &TestRunId, now_ms: i64) -> Result<u64, StoreError> {
    tx.execute("UPDATE tester_runs SET beat_ms = $2 WHERE id = $1 AND state = 'running'", params![id, now_ms])
}
