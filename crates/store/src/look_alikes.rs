//! Names that people would take for the same: see [`stoker_domain::names::key`].

use crate::{StoreError, Tx, params};
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

/// The name of another row than `id` that looks like `name`, when there is one. Also finds an equal one.
pub fn find(tx: &mut Tx<'_>, of: Named, id: &str, name: &str) -> Result<Option<String>, StoreError> {
    let (table, column) = of.place();
    let key = names::key(name);
    // The key of a name in ASCII is the name in lower case, which the database can compare; all others come along.
    let sql = format!(
        "SELECT {column} FROM {table} WHERE id <> $1 AND \
         (lower({column} {{bytes}}) = $2 OR octet_length({column}) <> length({column}))"
    );
    for row in tx.query(&sql, params![id, key.as_str()])? {
        let other = row.text(0)?;
        if names::key(&other) == key {
            return Ok(Some(other));
        }
    }
    Ok(None)
}
