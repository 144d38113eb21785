//! What lies in the workspaces of an environment, taken away all at once.

use crate::{StoreError, Tx, params};
use stoker_domain::ids::{EnvironmentId, WorkspaceId};

/// Something that was taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// What it was: `task`, `plan`, `artifact`, `connection`, `resource`, `schedule`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Its name; the description of a schedule.
    pub name: String,
    /// Where it was; schedules lie in no workspace.
    pub workspace: Option<WorkspaceId>,
}

/// Kinds of things with a table each; what names others comes before what it names.
const KINDS: [(&str, &str); 5] = [
    ("plan", "plans"),
    ("task", "tasks"),
    ("artifact", "artifacts"),
    ("connection", "connections"),
    ("resource", "resources"),
];

/// The workspaces of the environment `$1`.
const INSIDE: &str = "workspace_id IN (SELECT id FROM workspaces WHERE environment_id = $1)";

/// How many runs of tasks and of plans in the environment have not ended.
pub fn active(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<i64, StoreError> {
    let mut found = 0;
    for table in ["runs", "plan_runs"] {
        let sql = format!("SELECT count(*) FROM {table} WHERE state <> 'finished' AND environment_id = $1");
        found += tx.query_int(&sql, params![id])?;
    }
    Ok(found)
}

/// Locks what starts and is started in the environment, in the order in which starts do.
pub fn lock(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<(), StoreError> {
    for table in ["schedules", "plans", "tasks"] {
        tx.query(&format!("SELECT id FROM {table} WHERE environment_id = $1 ORDER BY id {{lock}}"), params![id])?;
    }
    Ok(())
}

/// Takes away everything but the workspaces themselves, and tells what it was. Runs, their logs and the records of due
/// instants stay; files that nothing needs any more are left to be looked at.
pub fn remove(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<Vec<Gone>, StoreError> {
    let gone = found(tx, id)?;
    let within = |table: &str, column: &str, parent: &str| {
        format!("DELETE FROM {table} WHERE {column} IN (SELECT id FROM {parent} WHERE environment_id = $1)")
    };
    for sql in [
        within("schedule_links", "schedule_id", "schedules"),
        within("schedule_triggers", "schedule_id", "schedules"),
        "DELETE FROM schedules WHERE environment_id = $1".to_owned(),
        format!("DELETE FROM webhook_calls WHERE webhook_id IN (SELECT id FROM webhooks WHERE {INSIDE})"),
        format!("DELETE FROM webhooks WHERE {INSIDE}"),
        within("plan_tasks", "plan_id", "plans"),
        within("plan_handlers", "plan_id", "plans"),
        left(&format!("artifact_versions WHERE artifact_id IN (SELECT id FROM artifacts WHERE {INSIDE})")),
        left(&format!("resources WHERE {INSIDE}")),
        format!("DELETE FROM artifact_versions WHERE artifact_id IN (SELECT id FROM artifacts WHERE {INSIDE})"),
    ] {
        tx.execute(&sql, params![id])?;
    }
    for (_, table) in KINDS {
        tx.execute(&format!("DELETE FROM {table} WHERE {INSIDE}"), params![id])?;
    }
    tx.execute("DELETE FROM run_profiles WHERE environment_id = $1", params![id])?;
    Ok(gone)
}

fn found(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<Vec<Gone>, StoreError> {
    let mut gone = Vec::new();
    for (kind, table) in KINDS {
        let sql = format!("SELECT id, name, workspace_id FROM {table} WHERE {INSIDE} ORDER BY id");
        for row in tx.query(&sql, params![id])? {
            let workspace = Some(WorkspaceId::trusted(row.text(2)?));
            gone.push(Gone { kind, id: row.text(0)?, name: row.text(1)?, workspace });
        }
    }
    for row in tx.query("SELECT id, description FROM schedules WHERE environment_id = $1 ORDER BY id", params![id])? {
        let name = row.opt_text(1)?.unwrap_or_default();
        gone.push(Gone { kind: "schedule", id: row.text(0)?, name, workspace: None });
    }
    Ok(gone)
}

/// Notes the files that rows name.
fn left(from: &str) -> String {
    // A condition before ON CONFLICT keeps SQLite from reading ON as part of a join; there always is one here.
    format!("INSERT INTO leftover_blobs (sha256) SELECT DISTINCT sha256 FROM {from} ON CONFLICT DO NOTHING")
}
