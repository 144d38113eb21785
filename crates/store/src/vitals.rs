//! How the installation is: what an administrator looks at before anything else.

use crate::{StoreError, Tx};

/// Runs that are not finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActiveRuns {
    /// Wait for an engine.
    pub waiting: i64,
    /// An engine has them.
    pub running: i64,
    /// Those of them whose engine fell silent.
    pub unknown: i64,
}

/// Counts the runs that are not finished.
pub fn active_runs(tx: &mut Tx<'_>) -> Result<ActiveRuns, StoreError> {
    // Ordered as the index of active runs is: without that a full scan looks as cheap to the planner.
    let sql = "SELECT state, count(*), count(unknown_ms) FROM (SELECT state, unknown_ms FROM runs \
               WHERE state <> 'finished' ORDER BY task_id LIMIT 9223372036854775807) a GROUP BY state";
    let mut found = ActiveRuns::default();
    for row in tx.query(sql, &[])? {
        let (state, count) = (row.text(0)?, row.int(1)?);
        if state == "queued" {
            found.waiting += count
        } else {
            found.running += count
        }
        found.unknown += row.int(2)?;
    }
    Ok(found)
}

/// Bytes that the database takes on its disk; of SQLite without its write-ahead log.
pub fn database_bytes(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let sql = match tx.kind() {
        "sqlite" => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        _ => "SELECT pg_database_size(current_database())",
    };
    tx.query_int(sql, &[])
}

/// Name of the last migration that the database has.
pub fn schema(tx: &mut Tx<'_>) -> Result<String, StoreError> {
    let row = tx.query_opt("SELECT name FROM schema_migrations ORDER BY name {bytes} DESC LIMIT 1", &[])?;
    row.map_or(Err(StoreError::Shape { column: 0, wanted: "a migration" }), |row| row.text(0))
}
