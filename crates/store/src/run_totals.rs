//! How many runs ended on each day, so that lists of a long history know their total without counting it.
//!
//! A day is closed a while after its end: its runs are counted once, and a run whose end becomes known later is added by
//! the transaction that ends it. Days that are not closed are counted run by run.

use crate::{StoreError, Tx, params};
use stoker_domain::ids::WorkspaceId;
use stoker_domain::run::Outcome;

/// One day in milliseconds.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long after its end a day is closed, milliseconds.
const CLOSE_MS: i64 = 60 * 60 * 1000;
/// An end that becomes known this long after it happened may fall into a closed day, milliseconds. Shorter than
/// [`CLOSE_MS`], so that servers whose clocks differ a little agree.
const LATE_MS: i64 = CLOSE_MS / 2;

/// The day of an instant, counted from 1970.
pub fn day_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(DAY_MS)
}

/// The first day that is not closed; nothing when no day is.
pub fn open_since(tx: &mut Tx<'_>) -> Result<Option<i64>, StoreError> {
    let row = tx.query_opt("SELECT max(day) FROM run_days", params![])?;
    Ok(row.map(|row| row.opt_int(0)).transpose()?.flatten().map(|day| day + 1))
}

/// The next day that can be closed at `now_ms`.
pub fn closable(tx: &mut Tx<'_>, now_ms: i64) -> Result<Option<i64>, StoreError> {
    let next = match open_since(tx)? {
        Some(day) => Some(day),
        None => {
            let row = tx.query_opt("SELECT min(trigger_ms) FROM runs", params![])?;
            row.map(|row| row.opt_int(0)).transpose()?.flatten().map(day_of)
        }
    };
    Ok(next.filter(|day| (day + 1) * DAY_MS + CLOSE_MS <= now_ms))
}

/// Holds off others that close days or add to closed ones, until the end of the transaction.
fn lock(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.query("SELECT name FROM locks WHERE name = 'run_totals' {lock}", params![])?;
    Ok(())
}

/// Counts the runs that ended on a day and closes it; nothing happens when it is closed already.
pub fn close(tx: &mut Tx<'_>, day: i64) -> Result<(), StoreError> {
    lock(tx)?;
    if tx.query_opt("SELECT day FROM run_days WHERE day = $1", params![day])?.is_some() {
        return Ok(());
    }
    let outcomes: Vec<String> = Outcome::ALL.iter().map(|outcome| format!("'{}'", outcome.id())).collect();
    let ended = format!(
        "FROM runs WHERE state = 'finished' AND workspace_id IN (SELECT id FROM workspaces) AND outcome IN ({}) \
         AND finish_ms >= $1 AND finish_ms < $2",
        outcomes.join(", ")
    );
    let bounds = params![day * DAY_MS, (day + 1) * DAY_MS].to_vec();
    let rows = tx.query(
        &format!("SELECT workspace_id, outcome, count(*), max(finish_ms - trigger_ms) {ended} GROUP BY 1, 2"),
        &bounds,
    )?;
    let mut longest = 0;
    for row in &rows {
        longest = longest.max(row.int(3)?);
        tx.execute(
            "INSERT INTO run_totals (workspace_id, outcome, day, runs) VALUES ($1, $2, $3, $4)",
            params![row.text(0)?, row.text(1)?, day, row.int(2)?],
        )?;
    }
    tx.execute("INSERT INTO run_days (day, longest_ms) VALUES ($1, $2)", params![day, longest])?;
    Ok(())
}

/// Adds a run whose end became known at `now_ms` to its day, if that is closed.
pub fn late(
    tx: &mut Tx<'_>,
    workspace: &WorkspaceId,
    outcome: Outcome,
    (trigger_ms, finish_ms): (i64, i64),
    now_ms: i64,
) -> Result<(), StoreError> {
    if now_ms - finish_ms < LATE_MS {
        return Ok(());
    }
    lock(tx)?;
    let (day, took) = (day_of(finish_ms), finish_ms - trigger_ms);
    let closed = tx.execute(
        "UPDATE run_days SET longest_ms = CASE WHEN longest_ms < $2 THEN $2 ELSE longest_ms END WHERE day = $1",
        params![day, took],
    )?;
    // A day before the first closed one counts as closed too: nothing looks at its runs one by one.
    let closed = closed > 0 || {
        let first = tx.query_opt("SELECT min(day) FROM run_days", params![])?;
        let before = first.map(|row| row.opt_int(0)).transpose()?.flatten().is_some_and(|first| day < first);
        if before {
            tx.execute("INSERT INTO run_days (day, longest_ms) VALUES ($1, $2)", params![day, took])?;
        }
        before
    };
    if closed {
        tx.execute(
            "INSERT INTO run_totals (workspace_id, outcome, day, runs) VALUES ($1, $2, $3, 1) \
             ON CONFLICT (workspace_id, outcome, day) DO UPDATE SET runs = run_totals.runs + 1",
            params![workspace, outcome.id(), day],
        )?;
    }
    Ok(())
}

/// Stretches of time, first and last instant, in which runs that span `at_ms` may have ended: the rest of its day, closed
/// days with a run that is long enough, and everything after the closed days.
pub fn spanning(tx: &mut Tx<'_>, at_ms: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let Some(open) = open_since(tx)? else { return Ok(vec![(at_ms, i64::MAX)]) };
    let today = day_of(at_ms);
    if today >= open {
        return Ok(vec![(at_ms, i64::MAX)]);
    }
    let mut found = vec![(at_ms, (today + 1) * DAY_MS - 1)];
    // Compared from the start of the next day, or a day more would fit than can.
    let sql = "SELECT day FROM run_days WHERE day > $1 AND longest_ms >= day * $2 - $3 ORDER BY day";
    for row in tx.query(sql, params![today, DAY_MS, at_ms])? {
        let day = row.int(0)?;
        found.push((day * DAY_MS, (day + 1) * DAY_MS - 1));
    }
    found.push((open * DAY_MS, i64::MAX));
    Ok(found)
}
