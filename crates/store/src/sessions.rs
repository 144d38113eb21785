//! Signed-in browsers; only the hash of what a cookie holds is kept.

use crate::db::record::record;
use crate::db::{Record, Whose};
use crate::{StoreError, Tx, params};
use stoker_domain::ids::UserId;

record! {
    /// A signed-in browser.
    ConsoleSession in "console_sessions" {
        /// Its id.
        id: String,
        /// SHA-256 of the cookie's secret, base64.
        hash: String,
        /// Who signed in.
        user_id: UserId,
        /// The personal access token it was made with, and ends with; none after a password.
        token_id: Option<String>,
        /// When it was made.
        created_ms: i64,
        /// Its last use, written down about once a minute.
        seen_ms: i64,
        /// Its end, whatever is done with it.
        expires_ms: i64,
        /// How one signed in: `password`, `token` or `openId`.
        way: String,
        /// Address it was made from.
        address: Option<String>,
        /// What the browser called itself.
        agent: Option<String>,
    }
}

/// The session with this hash.
pub fn by_hash(tx: &mut Tx<'_>, hash: &str) -> Result<Option<ConsoleSession>, StoreError> {
    ConsoleSession::select_opt(tx, "WHERE hash = $1", params![hash])
}

/// The sessions of a user that are not over by time, newest first.
pub fn of_user(
    tx: &mut Tx<'_>,
    user: &UserId,
    now_ms: i64,
    idle_since_ms: i64,
) -> Result<Vec<ConsoleSession>, StoreError> {
    let rest = "WHERE user_id = $1 AND expires_ms > $2 AND seen_ms > $3 ORDER BY created_ms DESC, id DESC";
    ConsoleSession::select(tx, rest, params![user, now_ms, idle_since_ms])
}

/// Ends one session of a user; false when the user has none with this id.
pub fn delete_one(tx: &mut Tx<'_>, user: &UserId, id: &str) -> Result<bool, StoreError> {
    let gone = tx.execute("DELETE FROM console_sessions WHERE user_id = $1 AND id = $2", params![user, id])? > 0;
    Ok(ended(tx, user, gone))
}

/// Notes a use; never moves the time back.
pub fn note_seen(tx: &mut Tx<'_>, id: &str, at_ms: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE console_sessions SET seen_ms = $2 WHERE id = $1 AND seen_ms < $2", params![id, at_ms])?;
    Ok(())
}

/// Notes that sessions of the user were ended, when some were.
fn ended(tx: &mut Tx<'_>, user: &UserId, some: bool) -> bool {
    if some {
        tx.access_changed(Whose::only(user.as_str()));
    }
    some
}

/// Ends all sessions of a user.
pub fn delete_of_user(tx: &mut Tx<'_>, user: &UserId) -> Result<u64, StoreError> {
    let gone = tx.execute("DELETE FROM console_sessions WHERE user_id = $1", params![user])?;
    ended(tx, user, gone > 0);
    Ok(gone)
}

/// Removes what ended by time: at `now_ms`, or unused since `idle_since_ms`.
pub fn forget_ended(tx: &mut Tx<'_>, now_ms: i64, idle_since_ms: i64) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM console_sessions WHERE expires_ms <= $1 OR seen_ms <= $2", params![now_ms, idle_since_ms])
}

/// Ends all sessions of a user but the `keep` newest.
pub fn keep_newest(tx: &mut Tx<'_>, user: &UserId, keep: i64) -> Result<u64, StoreError> {
    let gone = tx.execute(
        "DELETE FROM console_sessions WHERE user_id = $1 AND id NOT IN \
         (SELECT id FROM console_sessions WHERE user_id = $1 ORDER BY created_ms DESC, id DESC LIMIT $2)",
        params![user, keep],
    )?;
    ended(tx, user, gone > 0);
    Ok(gone)
}
