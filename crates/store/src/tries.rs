//! Wrong passwords and codes that several servers count together. One server alone keeps them in memory.

use crate::{StoreError, Tx, params};

/// What was tried in vain at one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// How often.
    pub count: i64,
    /// Until when no further try is taken, milliseconds.
    pub wait_until_ms: i64,
}

/// What is known of a place; nobody else changes it until the transaction ends.
pub fn lock(tx: &mut Tx<'_>, place: &str) -> Result<Failed, StoreError> {
    // The row must be there to be locked: else two first tries at once would both be the first.
    let sql =
        "INSERT INTO sign_in_tries (place, failed, wait_until_ms) VALUES ($1, 0, 0) ON CONFLICT (place) DO NOTHING";
    tx.execute(sql, params![place])?;
    let sql = "SELECT failed, wait_until_ms FROM sign_in_tries WHERE place = $1 {lock}";
    let row = tx.query_opt(sql, params![place])?;
    row.map_or_else(|| Ok(Failed::default()), |row| Ok(Failed { count: row.int(0)?, wait_until_ms: row.int(1)? }))
}

/// Writes down what is known of a place.
pub fn put(tx: &mut Tx<'_>, place: &str, failed: Failed) -> Result<(), StoreError> {
    let sql = "INSERT INTO sign_in_tries (place, failed, wait_until_ms) VALUES ($1, $2, $3) ON CONFLICT (place) DO UPDATE \
               SET failed = excluded.failed, wait_until_ms = excluded.wait_until_ms";
    tx.execute(sql, params![place, failed.count, failed.wait_until_ms]).map(drop)
}

/// Forgets a place.
pub fn forget(tx: &mut Tx<'_>, place: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM sign_in_tries WHERE place = $1", params![place]).map(drop)
}

/// Forgets places that had nothing to wait for since `before_ms`, at most so many; gives how many. Those that somebody
/// tries at right now are passed over: a try locks two places, and must not wait for this.
pub fn forget_old(tx: &mut Tx<'_>, before_ms: i64, most: i64) -> Result<u64, StoreError> {
    let sql = "DELETE FROM sign_in_tries WHERE place IN (SELECT place FROM sign_in_tries WHERE wait_until_ms < $1 \
               ORDER BY place LIMIT $2 {skip_locked})";
    tx.execute(sql, params![before_ms, most])
}

/// Whether there is any such place.
pub fn any_old(tx: &mut Tx<'_>, before_ms: i64) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM sign_in_tries WHERE wait_until_ms < $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![before_ms])?.is_some())
}
