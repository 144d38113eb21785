//! Names that people would take for the same: see [`stoker_domain::names::key`]. The key of each name stands in a column
//! of its own, `name_key`, under a unique index: two such names cannot come in, whatever comes at the same time.

use crate::{StoreError, Tx, params};
use std::collections::HashSet;
use stoker_domain::names;

/// Whose names are unique over the whole account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Users, by their login.
    User,
    /// Groups of users.
    Group,
    /// Roles.
    Role,
    /// Service accounts.
    ServiceAccount,
    /// Environments.
    Environment,
}

impl Named {
    const ALL: [Named; 5] = [Named::User, Named::Group, Named::Role, Named::ServiceAccount, Named::Environment];

    fn place(self) -> (&'static str, &'static str) {
        match self {
            Named::User => ("users", "login"),
            Named::Group => ("user_groups", "name"),
            Named::Role => ("roles", "name"),
            Named::ServiceAccount => ("service_accounts", "name"),
            Named::Environment => ("environments", "name"),
        }
    }
}

/// The name of another row than `id` that looks like `name`, when there is one. Also finds an equal one. Of several that
/// looked the same before that was refused only the oldest is found.
pub fn find(tx: &mut Tx<'_>, of: Named, id: &str, name: &str) -> Result<Option<String>, StoreError> {
    let (table, column) = of.place();
    let sql = format!("SELECT {column} FROM {table} WHERE name_key = $1 AND id <> $2");
    tx.query_opt(&sql, params![names::key(name), id])?.map(|row| row.text(0)).transpose()
}

/// Brings the keys up to date at the start of a server: those of rows from before there were keys, or from an older server
/// that still serves, or made by another rule. Of names that look the same the oldest gets the key; the others keep their
/// names and get a key that no name has.
pub(crate) fn refresh(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    for (table, column) in Named::ALL.map(Named::place) {
        let sql = format!("SELECT id, {column}, name_key FROM {table} ORDER BY created_ms, id {{bytes}}");
        let (mut taken, mut open) = (HashSet::new(), Vec::new());
        for row in tx.query(&sql, &[])? {
            let (id, key) = (row.text(0)?, names::key(&row.text(1)?));
            let stored = if row.is_null(2)? { None } else { Some(row.text(2)?) };
            if stored.as_deref() == Some(key.as_str()) {
                taken.insert(key);
            } else {
                open.push((id, key, stored));
            }
        }
        let mut changes = Vec::new();
        for (id, key, stored) in open {
            let free = taken.insert(key.clone());
            // Names have no control characters.
            let wanted = if free { key } else { format!("{key}\u{1}{id}") };
            if stored.as_ref() != Some(&wanted) {
                changes.push((id, wanted));
            }
        }
        // All are let go first: one may take the key that another one had.
        for (id, _) in &changes {
            tx.execute(&format!("UPDATE {table} SET name_key = NULL WHERE id = $1"), params![id.as_str()])?;
        }
        for (id, key) in &changes {
            let sql = format!("UPDATE {table} SET name_key = $2 WHERE id = $1");
            tx.execute(&sql, params![id.as_str(), key.as_str()])?;
        }
    }
    Ok(())
}
