//! Puts many rows into the database of a server that rests.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

/// A database of a server.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// The embedded one.
    Sqlite(std::path::PathBuf),
    /// A PostgreSQL server, by URL.
    Postgres(String),
}

/// One value of a row.
pub(crate) enum Cell {
    Text(String),
    Int(i64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}
impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Cell::Int(number)
    }
}

/// A table to fill: its columns, how many rows, and the row of a number. Columns that are not named stay empty.
pub(crate) struct Table<'t> {
    pub(crate) name: &'t str,
    pub(crate) columns: &'t [&'t str],
    pub(crate) rows: i64,
    pub(crate) row: &'t (dyn Fn(i64) -> Vec<Cell> + Sync),
}

/// Fills tables. Blocks.
pub(crate) fn fill(target: &Target, tables: &[Table<'_>]) -> Result<()> {
    match target {
        Target::Sqlite(path) => sqlite(path, tables),
        // The client has a runtime inside and refuses to work on a thread that already has one.
        Target::Postgres(url) => std::thread::scope(|scope| {
            let thread = scope.spawn(|| postgres(url, tables));
            thread.join().map_err(|_| anyhow::anyhow!("the thread of the database client panicked"))?
        }),
    }
}

fn sqlite(path: &Path, tables: &[Table<'_>]) -> Result<()> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.execute_batch("PRAGMA synchronous=OFF; PRAGMA cache_size=-200000; PRAGMA temp_store=MEMORY;")?;
    for table in tables {
        let transaction = connection.transaction()?;
        {
            let places = vec!["?"; table.columns.len()].join(", ");
            let text = format!("INSERT INTO {} ({}) VALUES ({places})", table.name, table.columns.join(", "));
            let mut insert = transaction.prepare(&text).context(text.clone())?;
            for number in 0..table.rows {
                for (place, cell) in (table.row)(number).into_iter().enumerate() {
                    match cell {
                        Cell::Text(text) => insert.raw_bind_parameter(place + 1, text)?,
                        Cell::Int(number) => insert.raw_bind_parameter(place + 1, number)?,
                    }
                }
                insert.raw_execute()?;
            }
        }
        transaction.commit()?;
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

fn postgres(url: &str, tables: &[Table<'_>]) -> Result<()> {
    let mut client = postgres::Client::connect(url, postgres::NoTls)?;
    for table in tables {
        let mut copy = client.copy_in(&format!("COPY {} ({}) FROM STDIN", table.name, table.columns.join(", ")))?;
        for number in 0..table.rows {
            let cells: Vec<String> = (table.row)(number)
                .into_iter()
                .map(|cell| match cell {
                    // None of the values has a tab, a line end or a backslash.
                    Cell::Text(text) => text,
                    Cell::Int(number) => number.to_string(),
                })
                .collect();
            copy.write_all(cells.join("\t").as_bytes())?;
            copy.write_all(b"\n")?;
        }
        copy.finish()?;
        // What came over months has been seen by the collector of dead rows long ago.
        client.batch_execute(&format!("VACUUM (ANALYZE) {}", table.name))?;
    }
    Ok(())
}
