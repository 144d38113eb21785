//! Log chunks.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::ids::{RunId, WorkspaceId};

record! {
    /// Some lines of a run's output, as the engine packed them.
    LogChunk in "log_chunks" {
        /// The run.
        run_id: RunId,
        /// The epoch that wrote it.
        epoch: i64,
        /// Number within the epoch, from 0.
        number: i64,
        /// Number of its first line within the run, from 0.
        first_line: i64,
        /// How many lines it has.
        lines: i64,
        /// Time of its first line.
        first_ms: i64,
        /// Time of its last line.
        last_ms: i64,
        /// The packed lines.
        data: Vec<u8>,
    }
}

/// Where chunks lie, without their data: epoch, number, first line, lines, first and last time; oldest first.
pub fn index(tx: &mut Tx<'_>, run: &RunId) -> Result<Vec<ChunkPlace>, StoreError> {
    let sql = "SELECT epoch, number, first_line, lines, first_ms, last_ms FROM log_chunks \
               WHERE run_id = $1 ORDER BY first_line";
    tx.query(sql, params![run])?
        .iter()
        .map(|row| {
            Ok(ChunkPlace {
                epoch: row.int(0)?,
                number: row.int(1)?,
                first_line: row.int(2)?,
                lines: row.int(3)?,
                first_ms: row.int(4)?,
                last_ms: row.int(5)?,
            })
        })
        .collect()
}

/// Place of one chunk in the log of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkPlace {
    /// The epoch that wrote it.
    pub epoch: i64,
    /// Number within the epoch.
    pub number: i64,
    /// Number of its first line within the run.
    pub first_line: i64,
    /// How many lines it has.
    pub lines: i64,
    /// Time of its first line.
    pub first_ms: i64,
    /// Time of its last line.
    pub last_ms: i64,
}

/// The data of one chunk.
pub fn data(tx: &mut Tx<'_>, run: &RunId, epoch: i64, number: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT data FROM log_chunks WHERE run_id = $1 AND epoch = $2 AND number = $3";
    tx.query_opt(sql, params![run, epoch, number])?.map(|row| row.blob(0)).transpose()
}

/// A run that ended long ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aged {
    /// The run.
    pub run: RunId,
    /// Its workspace.
    pub workspace: WorkspaceId,
}

/// Runs that ended before this instant and still have lines, the oldest first.
pub fn aged(tx: &mut Tx<'_>, before_ms: i64, limit: i64) -> Result<Vec<Aged>, StoreError> {
    // The database keeps `lines_end_ms`: when a run with lines ended.
    let sql = "SELECT id, workspace_id FROM runs WHERE lines_end_ms < $1 ORDER BY lines_end_ms LIMIT $2";
    tx.query(sql, params![before_ms, limit])?
        .iter()
        .map(|row| Ok(Aged { run: RunId::trusted(row.text(0)?), workspace: WorkspaceId::trusted(row.text(1)?) }))
        .collect()
}

/// Removes all lines of a run; gives how many chunks went.
pub fn delete(tx: &mut Tx<'_>, run: &RunId) -> Result<u64, StoreError> {
    if tx.execute("UPDATE runs SET log_lines = 0 WHERE id = $1 AND log_lines > 0", params![run])? == 0 {
        return Ok(0);
    }
    tx.execute("DELETE FROM log_chunks WHERE run_id = $1", params![run])
}

/// Adds a chunk behind the lines the run has; the caller checked its number.
pub fn append(tx: &mut Tx<'_>, chunk: &LogChunk) -> Result<(), StoreError> {
    chunk.insert(tx)?;
    tx.execute(
        "UPDATE runs SET log_lines = $2, log_chunks = $3 WHERE id = $1",
        params![&chunk.run_id, chunk.first_line + chunk.lines, chunk.number + 1],
    )?;
    Ok(())
}
