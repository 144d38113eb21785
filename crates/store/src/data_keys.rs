//! Which data keys wrap stored secrets, and where such secrets stand. The keys themselves are never in the database.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};

/// State of the key that wraps what is new.
pub const CURRENT: &str = "current";
/// State of a key that older values may still need.
pub const OLD: &str = "old";
/// State of a key that nothing needs any more.
pub const RETIRED: &str = "retired";

record! {
    /// A data key that wraps or wrapped stored secrets.
    DataKey in "data_keys" {
        /// Its id: 16 hexadecimal digits.
        id: String,
        /// [`CURRENT`], [`OLD`] or [`RETIRED`].
        state: String,
        /// When it became current.
        made_ms: i64,
        /// When every secret was found to be wrapped by it; none while that is not so.
        done_ms: Option<i64>,
    }
}

/// A column that holds encrypted values, alone or inside JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column that is its key.
    pub key: &'static str,
    /// The column.
    pub column: &'static str,
}

const fn sealed(table: &'static str, column: &'static str) -> SealedColumn {
    SealedColumn { table, key: "id", column }
}

/// Every column that holds encrypted values. Whoever adds one adds it here: a retirement of a key looks everywhere and
/// refuses when a column is missing in this list.
pub const SEALED: [SealedColumn; 13] = [
    sealed("engines", "key_sealed"),
    sealed("pipeline_engines", "key_sealed"),
    sealed("webhooks", "token_sealed"),
    sealed("run_profiles", "secret"),
    sealed("runs", "secrets"),
    sealed("tasks", "parameters"),
    sealed("connections", "parameters"),
    sealed("tester_projects", "document"),
    sealed("tester_projects", "responses"),
    sealed("tester_runs", "report"),
    sealed("tester_own", "secrets"),
    sealed("tester_own", "responses"),
    SealedColumn { table: "user_totp", key: "user_id", column: "secret" },
];

/// All keys there ever were, the oldest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<DataKey>, StoreError> {
    DataKey::select(tx, "ORDER BY made_ms, id {bytes}", params![])
}

/// Id of the current key; none before the first start of a version that keeps them.
pub fn current(tx: &mut Tx<'_>) -> Result<Option<String>, StoreError> {
    tx.query_opt("SELECT id FROM data_keys WHERE state = 'current'", params![])?.map(|row| row.text(0)).transpose()
}

/// Notes the first key, unless another server was faster.
pub fn adopt(tx: &mut Tx<'_>, id: &str, now: i64) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO data_keys (id, state, made_ms, done_ms) VALUES ($1, 'current', $2, $2) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![id, now])?;
    Ok(())
}

/// Makes a new key the current one; the one before becomes old.
pub fn switch(tx: &mut Tx<'_>, id: &str, now: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE data_keys SET state = 'old' WHERE state = 'current'", params![])?;
    DataKey { id: id.to_owned(), state: CURRENT.to_owned(), made_ms: now, done_ms: None }.insert(tx)
}

/// Notes that every secret is wrapped by this key.
pub fn finish(tx: &mut Tx<'_>, id: &str, now: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE data_keys SET done_ms = $2 WHERE id = $1", params![id, now])?;
    Ok(())
}

/// Notes that nothing needs an old key any more. Gives how many rows it was: 0 when it is not old.
pub fn retire(tx: &mut Tx<'_>, id: &str) -> Result<u64, StoreError> {
    tx.execute("UPDATE data_keys SET state = 'retired' WHERE id = $1 AND state = 'old'", params![id])
}

/// Rows of a column with encrypted values after the id `after`: id and text, in the order of ids.
pub fn page(
    tx: &mut Tx<'_>,
    place: SealedColumn,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    let SealedColumn { table, key, column } = place;
    let sql = format!(
        "SELECT {key}, {column} FROM {table} WHERE {key} {{bytes}} > $1 AND {column} IS NOT NULL \
         AND ({column} LIKE '%e1:%' OR {column} LIKE '%e2:%') ORDER BY {key} {{bytes}} LIMIT $2"
    );
    let rows = tx.query(&sql, params![after, limit])?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Puts `new` in the place of `before`; `false` when somebody else changed the row meanwhile.
pub fn replace(tx: &mut Tx<'_>, place: SealedColumn, id: &str, before: &str, new: &str) -> Result<bool, StoreError> {
    let SealedColumn { table, key, column } = place;
    let sql = format!("UPDATE {table} SET {column} = $3 WHERE {key} = $1 AND {column} = $2");
    Ok(tx.execute(&sql, params![id, before, new])? > 0)
}

/// Where in the whole database a text stands that holds `mark`: table, column and number of rows. Reads every text
/// there is. `mark` must have no sign that means something in LIKE.
pub fn mentions(tx: &mut Tx<'_>, mark: &str) -> Result<Vec<(String, String, i64)>, StoreError> {
    let mut found = Vec::new();
    for (table, column) in tx.text_columns()? {
        let sql = format!("SELECT count(*) FROM {table} WHERE {column} LIKE $1");
        let rows = tx.query_int(&sql, params![format!("%{mark}%")])?;
        if rows > 0 {
            found.push((table, column, rows));
        }
    }
    Ok(found)
}
