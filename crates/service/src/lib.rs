//! Use cases: what the product does, one module per resource. Decides rights, runs transactions, keeps the rules.
//!
//! Knows nothing of HTTP: requests come in as plain values, refusals go out as [`Error`]. The database is reached only
//! through [`Service`], which asks for the proof of a checked permission.

pub mod actor;
pub mod app;
pub mod artifacts;
mod audit;
pub mod auth;
pub mod bootstrap;
pub mod clusters;
mod dispatch;
pub mod engines;
pub mod environments;
pub mod error;
mod hub;
pub mod link;
pub mod logs;
mod parameters;
mod plan_checks;
mod plan_engine;
pub mod plan_runs;
pub mod plans;
pub mod reconcile;
pub mod rights;
pub mod run_configs;
pub mod run_profiles;
pub mod runs;
mod scheduler;
pub mod schedules;
pub mod service_accounts;
pub mod sessions;
mod starts;
mod task_fields;
pub mod tasks;
mod waits;
pub mod watch;
pub mod webhooks;
pub mod workspaces;

pub use actor::{Actor, Allowed};
pub use app::{Service, Settings};
pub use error::Error;

/// Rows that answers are made from.
pub mod rows {
    pub use stoker_store::accounts::ServiceAccount;
    pub use stoker_store::engines::RunProfile;
    pub use stoker_store::environments::Environment;
    pub use stoker_store::plan_runs::{ItemState, PlanRun, StepItem, StepRun};
    pub use stoker_store::plans::{Place, Plan};
    pub use stoker_store::runs::{Run, RunEvent};
    pub use stoker_store::schedules::{Fire, Schedule, ScheduleLink, Trigger};
    pub use stoker_store::tasks::{Task, TriggerFilter};
    pub use stoker_store::workspaces::{Grant, Workspace};
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The page size that was asked for.
    pub limit: i64,
    /// The offset that was asked for, also past the end.
    pub offset: i64,
    /// How many items there are in all.
    pub total: i64,
}
