//! Counts of what an account uses.

use crate::{StoreError, Tx, params};

/// Kinds of engines in the published order, with the table that counts them where there is one.
const ENGINES: &[(&str, Option<&str>)] = &[
    ("RE-GEN1", Some("engines")),
    ("RE-GEN2", Some("pipeline_engines")),
    ("CLOUD", None),
    ("DYNAMIC-ENGINE-ENVIRONMENT", Some("dynamic_environments")),
];

/// How many engines of each kind there are.
pub fn engines(tx: &mut Tx<'_>) -> Result<Vec<(&'static str, i64)>, StoreError> {
    let mut counts = Vec::new();
    for (kind, table) in ENGINES {
        let count = match table {
            Some(table) => tx.query_int(&format!("SELECT count(*) FROM {table}"), params![])?,
            None => 0,
        };
        counts.push((*kind, count));
    }
    Ok(counts)
}

/// When the first environment was made: the beginning of the account.
pub fn began_ms(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_int("SELECT coalesce(min(created_ms), 0) FROM environments", params![])
}
