//! Runs of API tests that engines send, and runs that nobody works on any more. The work of such a run is sealed to the
//! engine's key, opaque here, and gone with the first news of it.

use crate::db::Record;
use crate::tester::TestRun;
use crate::{StoreError, Tx, params};
use stoker_domain::ids::{EngineId, TestRunId};

/// Writes what the engine will get of a run that was just inserted.
pub fn keep_work(tx: &mut Tx<'_>, id: &TestRunId, sealed: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE tester_runs SET work = $2 WHERE id = $1", params![id, sealed])?;
    Ok(())
}

/// What the engine gets of a run; none after the first news of it, or when it is over.
pub fn work(tx: &mut Tx<'_>, id: &TestRunId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt("SELECT work FROM tester_runs WHERE id = $1", params![id])?;
    row.map_or(Ok(None), |row| row.opt_text(0))
}

/// The session that was last told of a run, by its hash.
pub fn told(tx: &mut Tx<'_>, id: &TestRunId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt("SELECT told_session FROM tester_runs WHERE id = $1", params![id])?;
    row.map_or(Ok(None), |row| row.opt_text(0))
}

/// Notes that this session was told of a run.
pub fn note_told(tx: &mut Tx<'_>, id: &TestRunId, session: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE tester_runs SET told_session = $2 WHERE id = $1", params![id, session])?;
    Ok(())
}

/// Notes that the engine has taken a run, with a sign of life.
pub fn take(tx: &mut Tx<'_>, id: &TestRunId, now_ms: i64) -> Result<(), StoreError> {
    let sql = "UPDATE tester_runs SET taken = 1, beat_ms = $2 WHERE id = $1 AND state = 'running'";
    tx.execute(sql, params![id, now_ms])?;
    Ok(())
}

/// Runs for an engine of which this session was not told, the oldest first.
pub fn untold(tx: &mut Tx<'_>, engine: &EngineId, session: &str) -> Result<Vec<TestRunId>, StoreError> {
    let sql = "SELECT id FROM tester_runs WHERE engine_id = $1 AND state = 'running' AND taken = 0 AND cancelled = 0 \
               AND (told_session IS NULL OR told_session <> $2) ORDER BY started_ms, id";
    let rows = tx.query(sql, params![engine, session])?;
    rows.into_iter().map(|row| row.text(0).map(TestRunId::trusted)).collect()
}

/// The runs of an engine that go on, locked in the order of their ids.
pub fn of_engine(tx: &mut Tx<'_>, engine: &EngineId) -> Result<Vec<TestRun>, StoreError> {
    TestRun::select(tx, "WHERE engine_id = $1 AND state = 'running' ORDER BY id {lock}", params![engine])
}

/// How many runs of an engine go on and have shown a sign of life since `since_ms`.
pub fn count_of_engine(tx: &mut Tx<'_>, engine: &EngineId, since_ms: i64) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM tester_runs WHERE engine_id = $1 AND state = 'running' AND beat_ms > $2";
    tx.query_int(sql, params![engine, since_ms])
}

/// How many runs of each engine go on; engines without any are left out.
pub fn counts(tx: &mut Tx<'_>) -> Result<Vec<(EngineId, i64)>, StoreError> {
    let sql = "SELECT engine_id, count(*) FROM tester_runs WHERE engine_id IS NOT NULL AND state = 'running' \
               GROUP BY engine_id";
    tx.query(sql, params![])?.iter().map(|row| Ok((EngineId::trusted(row.text(0)?), row.int(1)?))).collect()
}

/// Ends a run that nobody works on any more, and says why unless it was asked to end anyway.
pub fn break_off(tx: &mut Tx<'_>, id: &TestRunId, now_ms: i64, why: &str) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE tester_runs SET state = CASE WHEN cancelled = 1 THEN 'cancelled' ELSE 'broken-off' END, \
         problem = CASE WHEN cancelled = 1 THEN problem ELSE $3 END, finish_ms = $2, work = NULL \
         WHERE id = $1 AND state = 'running'",
        params![id, now_ms, why],
    )
}

/// Whether there are runs that [`silent`] gives.
pub fn any_silent(tx: &mut Tx<'_>, beat_ms: i64, started_ms: i64) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM tester_runs WHERE state = 'running' AND (beat_ms < $1 OR started_ms < $2) LIMIT 1";
    Ok(tx.query_opt(sql, params![beat_ms, started_ms])?.is_some())
}

/// Runs whose last sign of life is older than `beat_ms`, or that began before `started_ms`, locked in the order of their
/// ids; at most `most`.
pub fn silent(tx: &mut Tx<'_>, beat_ms: i64, started_ms: i64, most: i64) -> Result<Vec<TestRun>, StoreError> {
    TestRun::select(
        tx,
        "WHERE state = 'running' AND (beat_ms < $1 OR started_ms < $2) ORDER BY id LIMIT $3 {lock}",
        params![beat_ms, started_ms, most],
    )
}
