//! One durable commit of one row.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

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

/// Rest before each step of [`after_rest`]: as long as the one between two triggers.
pub(crate) const REST: Duration = Duration::from_millis(30);

/// What a disk that had nothing to do takes for the two kinds of durable writes on the way of one run.
pub(crate) struct Rested {
    /// One commit of one row.
    pub(crate) commit: Times,
    /// One new file of some hundred bytes, forced to the disk.
    pub(crate) file: Times,
}

/// Times `count` commits and as many new files, each after a rest.
#[expect(clippy::disallowed_methods, reason = "the rest is what is measured after")]
pub(crate) fn after_rest(folder: &Path, count: usize) -> Result<Rested> {
    let connection = open(&folder.join("rested.db"))?;
    let mut insert = connection.prepare("INSERT INTO row VALUES (?1, ?2)")?;
    let (mut commits, mut files) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for number in 0..count {
        thread::sleep(REST);
        let begin = Instant::now();
        insert.execute((number as i64, "a row of some length, as a short event would have it"))?;
        commits.push(begin.elapsed());
        thread::sleep(REST);
        let begin = Instant::now();
        let mut file = File::create_new(folder.join(format!("rested-{number}")))?;
        file.write_all(&[b'x'; 300])?;
        file.sync_data()?;
        files.push(begin.elapsed());
    }
    Ok(Rested { commit: Times::new(commits), file: Times::new(files) })
}

/// A new database with the settings of the server.
fn open(path: &Path) -> Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; \
         CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT NOT NULL);",
    )?;
    Ok(connection)
}

/// Commits to the embedded database, one right after the other.
pub(crate) fn sqlite(folder: &Path, count: usize) -> Result<Commits> {
    let connection = open(&folder.join("floor.db"))?;
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
        let rested = after_rest(folder.path(), 2)?;
        assert!(rested.commit.quantile(0.5) > Duration::ZERO && rested.file.quantile(0.5) > Duration::ZERO);
        Ok(())
    }
}
