//! Whom an identity provider means: its name for a person, and the user here.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::ids::UserId;

record! {
    /// A person at an identity provider.
    UserIdentity in "user_identities" {
        /// The provider.
        issuer: String,
        /// Its name for the person; never given to another one.
        subject: String,
        /// The user here.
        user_id: UserId,
        /// When both were brought together.
        made_ms: i64,
    }
}

/// The user whom a provider calls `subject`.
pub fn find(tx: &mut Tx<'_>, issuer: &str, subject: &str) -> Result<Option<UserIdentity>, StoreError> {
    UserIdentity::select_opt(tx, "WHERE issuer = $1 AND subject = $2", params![issuer, subject])
}

/// Whether the provider has a name for this user already.
pub fn known(tx: &mut Tx<'_>, issuer: &str, user: &UserId) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM user_identities WHERE issuer = $1 AND user_id = $2";
    Ok(tx.query_int(sql, params![issuer, user])? > 0)
}

/// Users whom the provider knows.
pub fn users(tx: &mut Tx<'_>) -> Result<Vec<UserId>, StoreError> {
    let rows = tx.query("SELECT DISTINCT user_id FROM user_identities", params![])?;
    rows.iter().map(|row| row.text(0).map(UserId::trusted)).collect()
}
