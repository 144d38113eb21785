//! What a backup needs of the database: a copy in one state as a file of the embedded database, whatever it stands on,
//! whether a copy is whole, which files its rows name, and a copy into PostgreSQL.

use crate::db::{self, known_migrations, open_read_only};
use crate::{StoreError, Tx, params};
use std::collections::BTreeSet;
use std::path::Path;

const NAMED: &str = "SELECT sha256 FROM artifact_versions UNION SELECT sha256 FROM resources";

/// Copies the embedded database as it is at one instant into a new file, while servers write to it.
///
/// # Errors
/// [`StoreError::Sqlite`] when `target` exists or cannot be written.
pub fn copy_sqlite(database: &Path, target: &Path) -> Result<(), StoreError> {
    let connection = open_read_only(database)?;
    // Reads one state to the end, like any other reader; writers go on.
    connection.execute("VACUUM INTO ?1", [target.to_string_lossy().as_ref()]).map(|_| ()).map_err(StoreError::Sqlite)
}

/// Copies a PostgreSQL database as it is at one instant into a new file of the embedded database, while servers write to
/// it. Blocks, and must not run on a thread of an async runtime.
///
/// # Errors
/// [`StoreError::Open`] when the database cannot be reached or has other tables than those of this program,
/// [`StoreError::Sqlite`] when `target` cannot be written.
pub fn copy_postgres(url: &str, target: &Path) -> Result<(), StoreError> {
    db::from_postgres(url, target)
}

/// Name of the setting that says which restore filled a database that no server has used since.
const FILLED: &str = "restore.filled";

/// Copies a file of the embedded database that nobody uses into an empty PostgreSQL database, all of it or nothing. The
/// file is brought up to date first. Blocks, and must not run on a thread of an async runtime. `mark` names this restore:
/// a database that the same one filled is left as it is, until [`begun`] says that a server uses it, so that a restore
/// that came no further can be repeated. Answers whether it was filled now.
///
/// # Errors
/// [`StoreError::Open`] when the database cannot be reached or is not empty.
pub fn load_postgres(file: &Path, url: &str, mark: &str) -> Result<bool, StoreError> {
    db::to_postgres(file, url, (FILLED, mark))
}

/// A server uses the database from now on: a restore into it is over.
pub fn begun(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    crate::settings::remove(tx, FILLED)
}

/// Looks at a copy of the embedded database that nobody uses.
///
/// # Errors
/// [`StoreError::Open`] says in words what is wrong: damage, broken references, or a version newer than this program.
pub fn check_sqlite(database: &Path) -> Result<(), StoreError> {
    let connection = open_read_only(database)?;
    let texts = |sql: &str| -> Result<Vec<String>, StoreError> {
        let mut statement = connection.prepare(sql).map_err(StoreError::Sqlite)?;
        let rows = statement.query_map([], |row| row.get(0)).map_err(StoreError::Sqlite)?;
        rows.collect::<Result<_, _>>().map_err(StoreError::Sqlite)
    };
    let found = texts("PRAGMA integrity_check(10)")?;
    if found != ["ok"] {
        return Err(StoreError::Open(format!("the database in it is damaged: {}", found.join("; "))));
    }
    if let Some(table) = texts("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1")?.first() {
        return Err(StoreError::Open(format!("rows of {table} in it refer to rows that are not there")));
    }
    let applied = texts("SELECT name FROM schema_migrations ORDER BY name")?;
    check_migrations(&applied)
}

/// Refuses migrations that this program does not know.
///
/// # Errors
/// [`StoreError::Open`] names the first one.
pub fn check_migrations(applied: &[String]) -> Result<(), StoreError> {
    let known = known_migrations();
    match applied.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(StoreError::Open(format!(
            "it was made by a newer version (migration {unknown}): restore it with the program of that version"
        ))),
    }
}

/// As [`named_files`], of a database file.
pub fn named_files_of(database: &Path) -> Result<BTreeSet<String>, StoreError> {
    let connection = open_read_only(database)?;
    let mut statement = connection.prepare(NAMED).map_err(StoreError::Sqlite)?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(StoreError::Sqlite)?;
    rows.collect::<Result<_, _>>().map_err(StoreError::Sqlite)
}

/// SHA-256 of every file that artifacts and resources name.
pub fn named_files(tx: &mut Tx<'_>) -> Result<BTreeSet<String>, StoreError> {
    tx.query(NAMED, params![])?.iter().map(|row| row.text(0)).collect()
}
