//! One durable commit of one row.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;

use crate::stats::{Times, rate};

/// Commits one after the other.
pub(crate) struct Commits {
    /// Time of each.
    pub(crate) times: Times,
    /// In a second.
    pub(crate) rate: f64,
}

/// Times `count` calls of `commit`, after some that do not count.
pub(super) fn timed(count: usize, mut commit: impl FnMut(i64) -> Result<()>) -> Result<Commits> {
    for number in 0..50 {
        commit(-number - 1)?;
    }
    let begin = Instant::now();
    let mut times = Vec::with_capacity(count);
    for number in 0..count as i64 {
        let begin = Instant::now();
        commit(number)?;
        times.push(begin.elapsed());
    }
    Ok(Commits { times: Times::new(times), rate: rate(count, begin.elapsed()) })
}

/// The embedded database with the settings of the server.
pub(crate) fn sqlite(folder: &Path, count: usize) -> Result<Commits> {
    let connection = rusqlite::Connection::open(folder.join("floor.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; \
         CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT NOT NULL);",
    )?;
    let mut insert = connection.prepare("INSERT INTO row VALUES (?1, ?2)")?;
    timed(count, |number| {
        insert.execute((number, "a row of some length, as a short event would have it"))?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_commit_is_there() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let commits = sqlite(folder.path(), 20)?;
        assert!(commits.rate > 0.0 && commits.times.quantile(0.5) > std::time::Duration::ZERO);
        let connection = rusqlite::Connection::open(folder.path().join("floor.db"))?;
        let rows: i64 = connection.query_row("SELECT count(*) FROM row WHERE id >= 0", (), |row| row.get(0))?;
        assert_eq!(rows, 20);
        Ok(())
    }
}
