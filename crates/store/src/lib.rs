//! The only crate with SQL: connections, migrations, and one module of queries per entity.
//!
//! Every statement is written once and runs on SQLite and on PostgreSQL: TEXT ids, BIGINT for numbers, instants
//! (milliseconds) and booleans, `$1` placeholders, and the few dialect words of [`db::dialect`] in braces.
//! [`Store::write`] is the only way to open a transaction that changes something.

pub mod accounts;
pub mod artifacts;
pub mod audit;
pub mod db;
pub mod engines;
pub mod environments;
pub mod logs;
pub mod plan_runs;
pub mod plans;
pub mod runs;
pub mod schedules;
pub mod sessions;
pub mod settings;
pub mod tasks;
pub mod webhooks;
pub mod workspaces;

pub use db::{Database, Row, Store, StoreError, Tx, Value};

/// Builds the parameter list of a statement from anything that is `Into<Value>`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] as &[$crate::Value] };
}
