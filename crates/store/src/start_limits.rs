//! What the limits of an account are measured by: how many runs are active, and how many scheduled starts a minute had.
//!
//! Every count stops at the limit it is compared with, so that it never looks at more rows than that.

use crate::{StoreError, Tx, params};

/// How many runs and plan runs are active, counted up to `most` of each.
pub fn active(tx: &mut Tx<'_>, most: i64) -> Result<i64, StoreError> {
    // Ordered as the index of active runs is: without that a full scan looks as cheap to the planner.
    let runs = "SELECT count(*) FROM (SELECT task_id FROM runs WHERE state <> 'finished' ORDER BY task_id LIMIT $1) a";
    let plans =
        "SELECT count(*) FROM (SELECT plan_id FROM plan_runs WHERE state <> 'finished' ORDER BY plan_id LIMIT $1) a";
    Ok(tx.query_int(runs, params![most])? + tx.query_int(plans, params![most])?)
}

/// How many runs engines have, counted up to `most`.
pub fn leased(tx: &mut Tx<'_>, most: i64) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT engine_id FROM runs WHERE state IN ('offered', 'running') \
               ORDER BY engine_id LIMIT $1) a";
    tx.query_int(sql, params![most])
}

/// Takes one of the `most` scheduled starts of a minute; `false` when none is left. The row stays locked until the end
/// of the transaction, and a start that is undone gives its place back.
pub fn take_start(tx: &mut Tx<'_>, minute: i64, most: i64) -> Result<bool, StoreError> {
    let sql = "INSERT INTO start_minutes (minute, starts) VALUES ($1, 1) \
               ON CONFLICT (minute) DO UPDATE SET starts = start_minutes.starts + 1 WHERE start_minutes.starts < $2";
    Ok(tx.execute(sql, params![minute, most])? == 1)
}

/// How many scheduled starts of the minute were taken.
pub fn starts_in(tx: &mut Tx<'_>, minute: i64) -> Result<i64, StoreError> {
    tx.query_int("SELECT coalesce(max(starts), 0) FROM start_minutes WHERE minute = $1", params![minute])
}

/// Whether there are counts of minutes before this one.
pub fn old_minutes(tx: &mut Tx<'_>, before: i64) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT minute FROM start_minutes WHERE minute < $1 LIMIT 1", params![before])?.is_some())
}

/// Removes the counts of minutes before this one.
pub fn forget_minutes(tx: &mut Tx<'_>, before: i64) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM start_minutes WHERE minute < $1", params![before])
}

/// How many tasks and plans there are in all.
pub fn tasks_and_plans(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    Ok(tx.query_int("SELECT count(*) FROM tasks", &[])? + tx.query_int("SELECT count(*) FROM plans", &[])?)
}
