//! Projects of API tests and their runs. Documents, responses and reports are sealed texts, opaque here.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::ids::{TestProjectId, TestRunId, UserId};

/// State of a run that goes on.
pub const RUNNING: &str = "running";

record! {
    /// A project of API tests.
    TestProject in "tester_projects" {
        /// Its id.
        id: TestProjectId,
        /// Whose it is.
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
        /// The latest response of each request, sealed; none before the first run.
        responses: Option<String>,
    }
}

record! {
    /// A project of API tests without its content, for lists.
    TestProjectRow in "tester_projects" {
        /// Its id.
        id: TestProjectId,
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
        /// [`RUNNING`], or how it ended: `finished`, `cancelled`, `limit`.
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
    }
}

/// A project of this owner.
pub fn project(tx: &mut Tx<'_>, owner: &UserId, id: &TestProjectId) -> Result<Option<TestProject>, StoreError> {
    TestProject::select_opt(tx, "WHERE id = $1 AND owner_id = $2", params![id, owner])
}

/// A project of this owner, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, owner: &UserId, id: &TestProjectId) -> Result<Option<TestProject>, StoreError> {
    TestProject::select_opt(tx, "WHERE id = $1 AND owner_id = $2 {lock}", params![id, owner])
}

/// Everything of an owner by name. The caller keeps the number small.
pub fn projects(tx: &mut Tx<'_>, owner: &UserId) -> Result<Vec<TestProjectRow>, StoreError> {
    TestProjectRow::select(tx, "WHERE owner_id = $1 ORDER BY name {bytes}, id", params![owner])
}

/// How many projects an owner has.
pub fn count(tx: &mut Tx<'_>, owner: &UserId) -> Result<i64, StoreError> {
    tx.query_int("SELECT count(*) FROM tester_projects WHERE owner_id = $1", params![owner])
}

/// Writes name, size, version, time and document of a project that is locked.
pub fn replace(tx: &mut Tx<'_>, project: &TestProject) -> Result<(), StoreError> {
    let TestProject { id, name, requests, version, updated_ms, document, .. } = project;
    tx.execute(
        "UPDATE tester_projects SET name = $2, requests = $3, version = $4, updated_ms = $5, document = $6 WHERE id = $1",
        params![id, name, *requests, *version, *updated_ms, document],
    )?;
    Ok(())
}

/// Writes the latest responses of a project.
pub fn keep_responses(tx: &mut Tx<'_>, id: &TestProjectId, sealed: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE tester_projects SET responses = $2 WHERE id = $1", params![id, sealed])?;
    Ok(())
}

/// Removes a project with its runs.
pub fn delete(tx: &mut Tx<'_>, id: &TestProjectId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM tester_runs WHERE project_id = $1", params![id])?;
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

/// Asks a run to end early; 0 when it is over.
pub fn cancel(tx: &mut Tx<'_>, id: &TestRunId) -> Result<u64, StoreError> {
    tx.execute("UPDATE tester_runs SET cancelled = 1 WHERE id = $1 AND state = 'running'", params![id])
}

/// Writes down how far a run is, and a sign of life; nothing of it when the run is over.
pub fn note(tx: &mut Tx<'_>, run: &TestRun, report: Option<&str>) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE tester_runs SET state = $2, outcome = $3, requests = $4, bad = $5, beat_ms = $6, finish_ms = $7, \
         problem = $8, report = $9 WHERE id = $1 AND state = 'running'",
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

/// A run that goes on.
pub fn running(tx: &mut Tx<'_>, id: &TestRunId) -> Result<Option<TestRun>, StoreError> {
    TestRun::select_opt(tx, "WHERE id = $1 AND state = 'running' {lock}", params![id])
}

/// A sign of life of a run.
pub fn beat(tx: &mut Tx<'_>, id: &TestRunId, now_ms: i64) -> Result<u64, StoreError> {
    tx.execute("UPDATE tester_runs SET beat_ms = $2 WHERE id = $1 AND state = 'running'", params![id, now_ms])
}
