//! Names that must not look like those of others.

use crate::error::Error;
use stoker_store::Tx;
use stoker_store::look_alikes::{self, Named};

/// Refuses a name when another one looks the same; a name that is equal is refused in the same words. Whoever calls holds
/// the lock of all accounts, or leaves equal names to the unique key of the table.
pub(crate) fn unlike(tx: &mut Tx<'_>, of: Named, field: &str, id: &str, name: &str) -> Result<(), Error> {
    let Some(other) = look_alikes::find(tx, of, id, name)? else { return Ok(()) };
    let what = match of {
        Named::User => "a user",
        Named::Group => "a group",
        Named::Role => "a role",
        Named::ServiceAccount => "a service account",
        Named::Environment => "an environment",
    };
    let same = if other == name { "" } else { ", which looks the same" };
    Err(Error::conflict(format!("{field}: {what} {other} exists already{same}")))
}
