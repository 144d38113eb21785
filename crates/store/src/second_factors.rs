//! Second factors of users: the secret of an authenticator program, and recovery codes.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::ids::UserId;

record! {
    /// The authenticator of a user.
    UserTotp in "user_totp" {
        /// Whose it is.
        user_id: UserId,
        /// The shared secret, encrypted.
        secret: String,
        /// When it was made.
        made_ms: i64,
        /// Since when it is asked for; none until a first code was shown.
        confirmed_ms: Option<i64>,
        /// Number of the period whose code was used last; older ones and this one are worth nothing any more.
        last_step: i64,
    }
}

/// The authenticator of a user, confirmed or not.
pub fn totp(tx: &mut Tx<'_>, user: &UserId) -> Result<Option<UserTotp>, StoreError> {
    UserTotp::select_opt(tx, "WHERE user_id = $1", params![user])
}

/// Users whose authenticator is asked for.
pub fn confirmed(tx: &mut Tx<'_>) -> Result<Vec<UserId>, StoreError> {
    let rows = tx.query("SELECT user_id FROM user_totp WHERE confirmed_ms IS NOT NULL", params![])?;
    rows.iter().map(|row| row.text(0).map(UserId::trusted)).collect()
}

/// Marks the code of a period as used; false when it, or a later one, was used before.
pub fn use_step(tx: &mut Tx<'_>, user: &UserId, step: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE user_totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2";
    Ok(tx.execute(sql, params![user, step])? > 0)
}

/// From now on the authenticator is asked for; false when it was already.
pub fn confirm(tx: &mut Tx<'_>, user: &UserId, now_ms: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE user_totp SET confirmed_ms = $2 WHERE user_id = $1 AND confirmed_ms IS NULL";
    Ok(tx.execute(sql, params![user, now_ms])? > 0)
}

/// Removes the authenticator of a user with its recovery codes; false when there is none.
pub fn remove(tx: &mut Tx<'_>, user: &UserId) -> Result<bool, StoreError> {
    tx.execute("DELETE FROM recovery_codes WHERE user_id = $1", params![user])?;
    Ok(tx.execute("DELETE FROM user_totp WHERE user_id = $1", params![user])? > 0)
}

/// Puts the recovery codes with these hashes in the place of all that the user has.
pub fn replace_recovery_codes(tx: &mut Tx<'_>, user: &UserId, hashes: &[String]) -> Result<(), StoreError> {
    tx.execute("DELETE FROM recovery_codes WHERE user_id = $1", params![user])?;
    for hash in hashes {
        tx.execute("INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)", params![user, hash])?;
    }
    Ok(())
}

/// How many recovery codes a user has left.
pub fn recovery_codes(tx: &mut Tx<'_>, user: &UserId) -> Result<i64, StoreError> {
    tx.query_int("SELECT count(*) FROM recovery_codes WHERE user_id = $1", params![user])
}

/// Uses up a recovery code; false when the user has none with this hash.
pub fn use_recovery_code(tx: &mut Tx<'_>, user: &UserId, hash: &str) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2", params![user, hash])? > 0)
}
