//! What the console remembers for each user: one document of its own, opaque here.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::ids::UserId;

record! {
    /// The document of a user.
    Preferences in "preferences" {
        /// Whose it is.
        user_id: UserId,
        /// A JSON object.
        document: String,
        /// How often it was written, from 1.
        version: i64,
        /// When it was last written.
        updated_ms: i64,
    }
}

/// The document of a user; none as long as nothing was kept.
pub fn get(tx: &mut Tx<'_>, user: &UserId) -> Result<Option<Preferences>, StoreError> {
    Preferences::select_opt(tx, "WHERE user_id = $1", params![user])
}

/// Replaces the document that has this version; false when it has another one by now.
pub fn replace(tx: &mut Tx<'_>, user: &UserId, version: i64, document: &str, now_ms: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE preferences SET document = $3, version = version + 1, updated_ms = $4 \
               WHERE user_id = $1 AND version = $2";
    Ok(tx.execute(sql, params![user, version, document, now_ms])? == 1)
}
