//! The IP allowlist: whether it acts, and its entries.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};

/// Id of the one allowlist of the account.
pub const ONLY: &str = "allowlist";

record! {
    /// The allowlist itself.
    Allowlist in "ip_allowlist" {
        /// Always [`ONLY`].
        id: String,
        /// Whether it acts.
        enabled: bool,
        /// Free text.
        description: Option<String>,
    }
}

record! {
    /// One address, network or range.
    IpEntry in "ip_entries" {
        /// Its id.
        id: String,
        /// As it was given.
        ip: String,
        /// Free text.
        description: String,
        /// Place in the list.
        position: i64,
    }
}

/// The allowlist, when there is one.
pub fn get(tx: &mut Tx<'_>) -> Result<Option<Allowlist>, StoreError> {
    Allowlist::select_opt(tx, "WHERE id = $1 {lock}", params![ONLY])
}

/// The allowlist for reading only.
pub fn peek(tx: &mut Tx<'_>) -> Result<Option<Allowlist>, StoreError> {
    Allowlist::select_opt(tx, "WHERE id = $1", params![ONLY])
}

/// All entries in their order.
pub fn entries(tx: &mut Tx<'_>) -> Result<Vec<IpEntry>, StoreError> {
    IpEntry::select(tx, "ORDER BY position, id {bytes}", params![])
}

/// The entry with this id.
pub fn entry(tx: &mut Tx<'_>, id: &str) -> Result<Option<IpEntry>, StoreError> {
    IpEntry::select_opt(tx, "WHERE id = $1", params![id])
}

/// Removes one entry.
pub fn delete_entry(tx: &mut Tx<'_>, id: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM ip_entries WHERE id = $1", params![id])
}

/// Removes all entries.
pub fn clear(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM ip_entries", params![])
}

/// Removes the allowlist with its entries.
pub fn delete(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    clear(tx)?;
    tx.execute("DELETE FROM ip_allowlist", params![])
}
