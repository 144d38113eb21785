//! The only crate with SQL: connections, migrations, and one module of queries per entity.
//!
//! Every statement is written once and runs on SQLite and on PostgreSQL: TEXT ids, BIGINT for numbers, instants
//! (milliseconds) and booleans, `$1` placeholders, and the few dialect words of [`db::dialect`] in braces.
//! [`Store::write`] is the only way to open a transaction that changes something.

pub mod accounts;
pub mod allowlist;
pub mod artifacts;
pub mod audit;
pub mod audit_search;
pub mod backup;
pub mod components;
pub mod connections;
pub mod contents;
pub mod data_keys;
pub mod db;
pub mod dynamic_engines;
pub mod engines;
pub mod environments;
pub mod exchanges;
pub mod groups;
pub mod history;
mod history_clauses;
pub mod identities;
pub mod logs;
pub mod look_alikes;
mod look_back;
pub mod people;
pub mod pipeline_engines;
pub mod plan_runs;
pub mod plans;
pub mod preferences;
pub mod projects;
pub mod promotions;
pub mod resources;
pub mod roles;
pub mod run_list;
pub mod run_profiles;
pub mod run_summary;
pub mod run_totals;
pub mod runs;
pub mod schedules;
pub mod second_factors;
pub mod server_settings;
pub mod sessions;
pub mod settings;
pub mod start_limits;
pub mod subscription;
pub mod tasks;
pub mod tester;
pub mod tester_engines;
pub mod tries;
mod visible;
pub mod vitals;
pub mod webhooks;
pub mod workspaces;

pub use db::{Database, Row, Store, StoreError, Tx, Value};

/// Builds the parameter list of a statement from anything that is `Into<Value>`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] as &[$crate::Value] };
}
