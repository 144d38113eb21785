//! Small values of the installation, for example the id of its account.

use crate::{StoreError, Tx, params};

/// The value with this name.
pub fn get(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>, StoreError> {
    tx.query_opt("SELECT value FROM settings WHERE name = $1", params![name])?.map(|row| row.text(0)).transpose()
}

/// Removes a value, if there is one.
pub fn remove(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM settings WHERE name = $1", params![name]).map(drop)
}

/// Adds a value that must not exist yet.
pub fn insert(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<(), StoreError> {
    tx.execute("INSERT INTO settings (name, value) VALUES ($1, $2)", params![name, value])?;
    Ok(())
}
