//! Settings of the server that somebody changed while it runs. What a setting means is not known here.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};

record! {
    /// A setting that was changed at some time. The row stays when it goes back to its default, so that nobody mistakes a
    /// later value for the one that was read.
    ServerSetting in "server_settings" {
        /// Its name.
        name: String,
        /// Its value as JSON; none when it was put back to the default.
        value: Option<String>,
        /// How often it was changed, from 1.
        version: i64,
        /// When it was last changed, milliseconds since the epoch.
        changed_ms: i64,
        /// Who did it, by login or id of the service account.
        changed_by: String,
    }
}

/// All that were ever changed, by name.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<ServerSetting>, StoreError> {
    ServerSetting::select(tx, "ORDER BY name {bytes}", &[])
}

/// One of them, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, name: &str) -> Result<Option<ServerSetting>, StoreError> {
    ServerSetting::select_opt(tx, "WHERE name = $1 {lock}", params![name])
}
