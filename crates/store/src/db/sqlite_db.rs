//! The embedded database: one writer thread that groups waiting writes into one commit, and reader connections.

use super::record::{Insert, in_powers};
use super::{Callback, Link, Row, StoreError, Tx, Value, Verdict, Work, dialect, migrate};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// Most writes in one commit: enough to share the cost of the disk, few enough that the first does not wait long.
const GROUP: usize = 128;
/// Reader threads for lists; reads by key run on the caller's thread.
const READERS: usize = 2;
/// Prepared statements kept by each connection.
const STATEMENTS: usize = 256;

/// One piece of work for the writer.
struct Write {
    work: Work,
    /// Whether it does without a savepoint; see [`super::Store::write_bare`].
    bare: bool,
}

pub(super) struct Sqlite {
    writer: Mutex<Sender<Write>>,
    readers: Mutex<Sender<Work>>,
    idle: Mutex<Vec<Connection>>,
    path: std::path::PathBuf,
}

impl Sqlite {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut writer = create(path)?;
        writer.set_prepared_statement_cache_capacity(STATEMENTS);
        let (write_sender, write_receiver) = channel();
        spawn("store-writer", move || write_loop(&mut writer, &write_receiver))?;
        let (read_sender, read_receiver) = channel();
        let read_receiver = Arc::new(Mutex::new(read_receiver));
        for _ in 0..READERS {
            let connection = connect(path, true)?;
            let receiver = Arc::clone(&read_receiver);
            spawn("store-reader", move || read_loop(&connection, &receiver))?;
        }
        Ok(Self {
            writer: Mutex::new(write_sender),
            readers: Mutex::new(read_sender),
            idle: Mutex::new(vec![connect(path, true)?]),
            path: path.to_owned(),
        })
    }

    pub(super) fn write(&self, work: Work, bare: bool) -> Result<(), StoreError> {
        lock(&self.writer).send(Write { work, bare }).map_err(|_| StoreError::Closed)
    }

    pub(super) fn read(&self, work: Work) -> Result<(), StoreError> {
        lock(&self.readers).send(work).map_err(|_| StoreError::Closed)
    }

    /// Runs `f` on the calling thread with an idle connection; a new one is opened when all are busy.
    pub(super) fn inline<T, E: From<StoreError>>(&self, f: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path, true)?,
        };
        let run = std::panic::AssertUnwindSafe(|| f(&mut Tx::new(&mut SqliteTx { connection: &connection })));
        let result = std::panic::catch_unwind(run);
        lock(&self.idle).push(connection);
        result.unwrap_or_else(|_| Err(E::from(StoreError::Panicked)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn spawn(name: &str, f: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(f)
        .map(|_| ())
        .map_err(|e| StoreError::Open(format!("cannot start a thread: {e}")))
}

/// A connection for looking at a database file.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path, true)?;
    // VACUUM INTO is refused on a connection that may only query, though it changes nothing here.
    connection.execute_batch("PRAGMA query_only=0").map_err(failed)?;
    Ok(connection)
}

/// A connection that writes, to a file that is made or brought up to date.
pub(super) fn create(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path, false)?;
    statement(&connection, "BEGIN IMMEDIATE")?;
    migrate::run(&mut SqliteTx { connection: &connection })?;
    statement(&connection, "COMMIT")?;
    Ok(connection)
}

/// Runs several statements that give nothing.
pub(super) fn batch(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.execute_batch(sql).map_err(failed)
}

fn connect(path: &Path, read_only: bool) -> Result<Connection, StoreError> {
    let flags = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX
    };
    let open = |e: rusqlite::Error| StoreError::Open(format!("{}: {e}", path.display()));
    let connection = Connection::open_with_flags(path, flags).map_err(open)?;
    let pragmas = if read_only {
        "PRAGMA busy_timeout=5000; PRAGMA cache_size=-4000; PRAGMA query_only=1;"
    } else {
        // FULL: a commit that was answered survives a power cut. A large auto-checkpoint keeps the copying of pages
        // off the path of most commits.
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000; \
         PRAGMA cache_size=-8000; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=4000; \
         PRAGMA journal_size_limit=67108864;"
    };
    connection.execute_batch(pragmas).map_err(open)?;
    // As on PostgreSQL: LIKE tells upper from lower case.
    connection.execute_batch("PRAGMA case_sensitive_like=ON").map_err(open)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn write_loop(connection: &mut Connection, receiver: &Receiver<Write>) {
    while let Ok(first) = receiver.recv() {
        let mut callbacks = Vec::new();
        let outcome = (|| {
            statement(connection, "BEGIN IMMEDIATE")?;
            let mut next = Some(first);
            let mut count = 0;
            while let Some(Write { work, bare }) = next.take() {
                callbacks.extend(if bare { run_bare(connection, work) } else { run_saved(connection, work) }?);
                count += 1;
                if count < GROUP {
                    next = receiver.try_recv().ok();
                }
            }
            statement(connection, "COMMIT")
        })();
        if let Err(error) = &outcome {
            tracing::error!(error = error as &dyn std::error::Error, "a group of writes was not committed");
            if !connection.is_autocommit() {
                let _ = connection.execute_batch("ROLLBACK");
            }
        }
        let failure = outcome.err().map(|e| e.to_string());
        for callback in callbacks {
            callback(match &failure {
                None => Ok(()),
                Some(message) => Err(StoreError::NotCommitted(message.clone())),
            });
        }
    }
}

/// Runs work in a savepoint: when it fails, its changes alone are undone.
fn run_saved(connection: &Connection, work: Work) -> Result<Option<Callback>, StoreError> {
    statement(connection, "SAVEPOINT work")?;
    match work(&mut Tx::new(&mut SqliteTx { connection })) {
        Verdict::Commit(callback) => statement(connection, "RELEASE work").map(|()| Some(callback)),
        Verdict::Rollback(answer) => {
            let undone = statement(connection, "ROLLBACK TO work").and_then(|()| statement(connection, "RELEASE work"));
            answer();
            undone.map(|()| None)
        }
    }
}

/// Runs work that fails before its first change only. When it breaks that word, the whole group is undone.
fn run_bare(connection: &Connection, work: Work) -> Result<Option<Callback>, StoreError> {
    let before = connection.total_changes();
    match work(&mut Tx::new(&mut SqliteTx { connection })) {
        Verdict::Commit(callback) => Ok(Some(callback)),
        Verdict::Rollback(answer) => {
            answer();
            if connection.total_changes() == before { Ok(None) } else { Err(StoreError::Broken) }
        }
    }
}

fn read_loop(connection: &Connection, receiver: &Mutex<Receiver<Work>>) {
    loop {
        let next = lock(receiver).recv();
        let Ok(work) = next else { return };
        let began = statement(connection, "BEGIN");
        match work(&mut Tx::new(&mut SqliteTx { connection })) {
            Verdict::Commit(callback) => callback(began),
            Verdict::Rollback(answer) => answer(),
        }
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
    }
}

fn statement(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql).and_then(|mut s| s.raw_execute()).map(|_| ()).map_err(failed)
}

fn failed(error: rusqlite::Error) -> StoreError {
    if let rusqlite::Error::SqliteFailure(code, message) = &error
        && code.code == ErrorCode::ConstraintViolation
    {
        let message = message.clone().unwrap_or_default();
        return match code.extended_code {
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => StoreError::Reference(message),
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => StoreError::Duplicate(message),
            _ => StoreError::Sqlite(error),
        };
    }
    StoreError::Sqlite(error)
}

/// Texts were checked when they came in; one that another program damaged is shown with marks instead of failing.
fn owned(text: &[u8]) -> String {
    std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text).into_owned(), str::to_owned)
}

pub(super) struct SqliteTx<'a> {
    pub(super) connection: &'a Connection,
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::Borrowed(match self {
            Value::Texts(texts) => {
                let list = serde_json::Value::from(texts.as_slice()).to_string();
                return Ok(rusqlite::types::ToSqlOutput::from(list));
            }
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Link for SqliteTx<'_> {
    fn kind(&self) -> &'static str {
        "sqlite"
    }

    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached(&dialect::sqlite(sql)).map_err(failed)?;
        let touched = statement.execute(rusqlite::params_from_iter(params)).map_err(failed)?;
        Ok(touched as u64)
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.connection.prepare_cached(&dialect::sqlite(sql)).map_err(failed)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(failed)?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            answer.push(self::row(row, columns)?);
        }
        Ok(answer)
    }

    fn insert_many(&mut self, insert: &Insert, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        for part in in_powers(rows) {
            let mut number = 0;
            let places: Vec<String> = part
                .iter()
                .map(|row| {
                    let places = row.iter().map(|_| {
                        number += 1;
                        format!("${number}")
                    });
                    format!("({})", places.collect::<Vec<_>>().join(", "))
                })
                .collect();
            let values: Vec<Value> = part.iter().flatten().cloned().collect();
            self.execute(&format!("{} VALUES {}", insert.head, places.join(", ")), &values)?;
        }
        Ok(())
    }
}

/// The values of a row with so many columns.
pub(super) fn row(row: &rusqlite::Row<'_>, columns: usize) -> Result<Row, StoreError> {
    let mut values = Vec::with_capacity(columns);
    for column in 0..columns {
        values.push(match row.get_ref(column).map_err(failed)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Int(number),
            ValueRef::Text(text) => Value::Text(owned(text)),
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
            ValueRef::Real(_) => return Err(StoreError::Shape { column, wanted: "a whole number" }),
        });
    }
    Ok(Row(values))
}
