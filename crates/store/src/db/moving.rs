//! All rows from one kind of database into the other: how an installation on PostgreSQL is backed up, and how one moves
//! between the two. Both have the same tables, because both come from one migration history.

use super::postgres_db::{self, PostgresTx};
use super::sqlite_db::{self, SqliteTx};
use super::{Link, Row, StoreError, Tx, Value, migrate, postgres_tls};
use crate::settings;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, IsolationLevel};
use rusqlite::Connection;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// The table that says which migrations ran: both sides have it right already.
const HISTORY: &str = "schema_migrations";
/// A table that rows of another one fill by themselves as they are written: it is copied after all others, and emptied
/// right before.
const FILLED: &str = "audit_open";
/// Bytes of a piece of a COPY.
const PIECE: usize = 64 * 1024;

/// A table and its columns.
struct Table {
    name: String,
    columns: Vec<String>,
}

impl Table {
    /// Columns in the quotes that both databases know.
    fn list(&self) -> String {
        self.columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
    }
}

fn tables(link: &mut dyn Link) -> Result<Vec<Table>, StoreError> {
    let mut tx = Tx::new(link);
    let mut all = Vec::new();
    for name in tx.tables()?.into_iter().filter(|name| name != HISTORY) {
        let mut columns = tx.columns(&name)?;
        columns.sort_unstable();
        all.push(Table { name, columns });
    }
    filled_last(&mut all);
    Ok(all)
}

fn filled_last(tables: &mut [Table]) {
    tables.sort_by_key(|table| table.name == FILLED);
}

/// Refuses two databases that do not have the same tables.
fn same_shape(one: &[Table], other: &[Table]) -> Result<(), StoreError> {
    let shape = |all: &[Table]| -> Vec<(String, String)> {
        let mut shape: Vec<_> = all.iter().map(|table| (table.name.clone(), table.list())).collect();
        shape.sort_unstable();
        shape
    };
    let (one, other) = (shape(one), shape(other));
    if one == other {
        return Ok(());
    }
    let differs = one.iter().find(|table| !other.contains(table)).or(other.iter().find(|table| !one.contains(table)));
    let name = differs.map_or("", |table| &table.0);
    Err(StoreError::Open(format!("the table {name} is not as this program makes it: it was changed by hand")))
}

fn connect(url: &str) -> Result<Client, StoreError> {
    let (url, wanted) = postgres_tls::taken_out(url)?;
    let tls = wanted.connector()?;
    let config: postgres::Config =
        url.parse().map_err(|e: postgres::Error| StoreError::Open(format!("the database URL cannot be read: {e}")))?;
    let mut client = config.connect(tls).map_err(|e| StoreError::Open(postgres_db::reason(&e)))?;
    postgres_db::prepare_session(&mut client)?;
    Ok(client)
}

/// Copies all rows of a PostgreSQL database, as they are at one instant, into a new file of the embedded database, while
/// servers write to it. Must not run on a thread of an async runtime.
///
/// # Errors
/// [`StoreError::Open`] when the database cannot be reached, or its tables are not those of this program.
pub(crate) fn from_postgres(url: &str, target: &Path) -> Result<(), StoreError> {
    let file = sqlite_db::create(target)?;
    let mut client = connect(url)?;
    let building = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let mut transaction = building.start().map_err(postgres_db::failed)?;
    let mut statements = HashMap::new();
    let found = tables(&mut PostgresTx { transaction: &mut transaction, statements: &mut statements, broken: false })?;
    same_shape(&found, &tables(&mut SqliteTx { connection: &file })?)?;
    // The order of the tables is free then; the whole is checked at the end by whoever asked for the copy.
    sqlite_db::batch(&file, "PRAGMA foreign_keys=OFF; PRAGMA synchronous=OFF; BEGIN")?;
    for table in &found {
        sqlite_db::batch(&file, &format!("DELETE FROM \"{}\"", table.name))?;
        let list = table.list();
        let query = format!("SELECT {list} FROM \"{}\"", table.name);
        let marks = vec!["?"; table.columns.len()].join(", ");
        let insert = format!("INSERT INTO \"{}\" ({list}) VALUES ({marks})", table.name);
        let mut insert = file.prepare(&insert).map_err(StoreError::Sqlite)?;
        let nothing: [&(dyn postgres::types::ToSql + Sync); 0] = [];
        let mut rows = transaction.query_raw(&query, nothing).map_err(postgres_db::failed)?;
        while let Some(row) = rows.next().map_err(postgres_db::failed)? {
            let Row(values) = postgres_db::row(&row)?;
            insert.execute(rusqlite::params_from_iter(values)).map_err(StoreError::Sqlite)?;
        }
    }
    sqlite_db::batch(&file, "COMMIT")?;
    // One file, without a log beside it.
    sqlite_db::batch(&file, "PRAGMA journal_mode=DELETE")?;
    file.close().map_err(|(_, error)| StoreError::Sqlite(error))
}

/// Copies all rows of a file of the embedded database into an empty PostgreSQL database: all of them or none. Brings the
/// file up to date first. Must not run on a thread of an async runtime. The setting `mark` is put there too; a database
/// that has it already is left as it is, and the answer is `false`.
///
/// # Errors
/// [`StoreError::Open`] when the database cannot be reached or is not empty.
pub(crate) fn to_postgres(file: &Path, url: &str, mark: (&str, &str)) -> Result<bool, StoreError> {
    let file = sqlite_db::create(file)?;
    let mut client = connect(url)?;
    let mut transaction = client.transaction().map_err(postgres_db::failed)?;
    let mut statements = HashMap::new();
    let mut link = PostgresTx { transaction: &mut transaction, statements: &mut statements, broken: false };
    // As a server that starts now would: one of the two waits, and then sees what the other did.
    link.execute("SELECT pg_advisory_xact_lock(7863465)", &[])?;
    let mut tx = Tx::new(&mut link);
    let there = tx.tables()?;
    if there.iter().any(|table| table == "settings") && settings::get(&mut tx, mark.0)?.as_deref() == Some(mark.1) {
        return Ok(false);
    }
    if let Some(table) = there.first() {
        return Err(StoreError::Open(format!(
            "it is not empty, it has the table {table}: restore into a new database (CREATE DATABASE)"
        )));
    }
    migrate::run(&mut link)?;
    let mut source = tables(&mut SqliteTx { connection: &file })?;
    same_shape(&source, &tables(&mut link)?)?;
    referred_first(&file, &mut source)?;
    for table in source.iter().rev() {
        // What the migrations put there comes along too. Nothing may be removed from the audit trail, not even nothing.
        if Tx::new(&mut link).query_int(&format!("SELECT count(*) FROM \"{}\"", table.name), &[])? > 0 {
            link.execute(&format!("DELETE FROM \"{}\"", table.name), &[])?;
        }
    }
    filled_last(&mut source);
    for table in &source {
        if table.name == FILLED {
            transaction.batch_execute(&format!("DELETE FROM \"{FILLED}\"")).map_err(postgres_db::failed)?;
        }
        let sent = send(&file, table, &mut transaction)?;
        let sql = format!("SELECT count(*) FROM \"{}\"", table.name);
        let stored: i64 =
            transaction.query_one(&sql, &[]).and_then(|row| row.try_get(0)).map_err(postgres_db::failed)?;
        if stored != sent {
            return Err(StoreError::Open(format!("{} has {stored} rows instead of {sent}", table.name)));
        }
    }
    let mut link = PostgresTx { transaction: &mut transaction, statements: &mut statements, broken: false };
    let mut tx = Tx::new(&mut link);
    settings::remove(&mut tx, mark.0)?;
    settings::insert(&mut tx, mark.0, mark.1)?;
    transaction.batch_execute("ANALYZE").map_err(postgres_db::failed)?;
    transaction.commit().map_err(postgres_db::failed)?;
    Ok(true)
}

/// Puts each table behind those it refers to.
fn referred_first(file: &Connection, tables: &mut Vec<Table>) -> Result<(), StoreError> {
    let mut left: Vec<(Table, Vec<String>)> = Vec::new();
    for table in tables.drain(..) {
        let sql = "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?1) WHERE \"table\" <> ?1";
        let mut statement = file.prepare(sql).map_err(StoreError::Sqlite)?;
        let rows = statement.query_map([&table.name], |row| row.get(0)).map_err(StoreError::Sqlite)?;
        let refers = rows.collect::<Result<_, _>>().map_err(StoreError::Sqlite)?;
        left.push((table, refers));
    }
    while !left.is_empty() {
        let waits = |refers: &[String]| refers.iter().any(|name| left.iter().any(|(other, _)| other.name == *name));
        let Some(next) = left.iter().position(|(_, refers)| !waits(refers)) else {
            return Err(StoreError::Open("its tables refer to each other in a circle".to_owned()));
        };
        tables.push(left.remove(next).0);
    }
    Ok(())
}

/// Sends all rows of a table; gives their number.
fn send(file: &Connection, table: &Table, transaction: &mut postgres::Transaction<'_>) -> Result<i64, StoreError> {
    let list = table.list();
    let mut statement = file.prepare(&format!("SELECT {list} FROM \"{}\"", table.name)).map_err(StoreError::Sqlite)?;
    let mut rows = statement.query([]).map_err(StoreError::Sqlite)?;
    let into = format!("COPY \"{}\" ({list}) FROM STDIN", table.name);
    let mut writer = transaction.copy_in(&into).map_err(postgres_db::failed)?;
    let broken =
        |error: std::io::Error| StoreError::Open(format!("it does not take the rows of {}: {error}", table.name));
    let (mut line, mut count) = (String::new(), 0);
    while let Some(row) = rows.next().map_err(StoreError::Sqlite)? {
        let Row(values) = sqlite_db::row(row, table.columns.len())?;
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                line.push('\t');
            }
            put(&mut line, value);
        }
        line.push('\n');
        count += 1;
        if line.len() >= PIECE {
            writer.write_all(line.as_bytes()).map_err(broken)?;
            line.clear();
        }
    }
    writer.write_all(line.as_bytes()).map_err(broken)?;
    let taken = writer.finish().map_err(postgres_db::failed)?;
    if i64::try_from(taken) == Ok(count) {
        Ok(count)
    } else {
        Err(StoreError::Open(format!("it took {taken} of {count} rows of {}", table.name)))
    }
}

/// A value in the text form of COPY.
fn put(line: &mut String, value: &Value) {
    match value {
        Value::Null => line.push_str("\\N"),
        Value::Int(number) => {
            let _ = write!(line, "{number}");
        }
        Value::Text(text) => {
            for character in text.chars() {
                match character {
                    '\\' => line.push_str("\\\\"),
                    '\t' => line.push_str("\\t"),
                    '\n' => line.push_str("\\n"),
                    '\r' => line.push_str("\\r"),
                    // As for every other value that is written there.
                    '\0' => line.push('\u{FFFD}'),
                    other => line.push(other),
                }
            }
        }
        // No row has such a value.
        Value::Texts(_) => {}
        Value::Blob(bytes) => {
            line.push_str("\\\\x");
            for byte in bytes {
                let _ = write!(line, "{byte:02x}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_copy_reads_them() {
        for (value, wanted) in [
            (Value::Null, "\\N"),
            (Value::Int(-7), "-7"),
            (Value::from("a\tb\\N\r\n"), "a\\tb\\\\N\\r\\n"),
            (Value::from("a\0b"), "a\u{FFFD}b"),
            (Value::Blob(vec![0, 255]), "\\\\x00ff"),
        ] {
            let mut line = String::new();
            put(&mut line, &value);
            assert_eq!(line, wanted);
        }
    }
}
