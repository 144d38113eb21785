//! Use cases: what the product does, one module per resource. Decides rights, runs transactions, keeps the rules.
//!
//! Knows nothing of HTTP: requests come in as plain values, refusals go out as [`Error`]. The database is reached only
//! through [`Service`], which asks for the proof of a checked permission.

pub mod account_limits;
pub mod actor;
pub mod allowlist;
pub mod app;
pub mod artifacts;
mod audit;
pub mod audit_chain;
mod audit_leaving;
pub mod audit_log;
pub mod audit_search;
mod audit_states;
pub mod auth;
mod batch;
pub mod bootstrap;
mod cluster_profiles;
pub mod clusters;
pub mod components;
pub mod connections;
pub mod data_keys;
mod dispatch;
pub mod drains;
mod due_starts;
pub mod dynamic_engines;
pub mod dynamic_environments;
pub mod engines;
pub mod environments;
pub mod error;
pub mod exchanges;
mod files;
pub mod groups;
pub mod history;
mod hub;
pub mod link;
pub mod listed;
pub mod logs;
mod look_alikes;
mod manifests;
pub mod open_id;
mod parameters;
pub mod passwords;
pub mod people;
pub mod personal_tokens;
pub mod pipeline_engines;
pub mod pipeline_profiles;
mod plan_checks;
mod plan_engine;
pub mod plan_run_configs;
pub mod plan_runs;
pub mod plans;
pub mod preferences;
pub mod projects;
pub mod promotions;
pub mod reconcile;
mod refusals;
pub mod resources;
pub mod restored;
mod retention;
pub mod rights;
pub mod role_mappings;
pub mod roles;
pub mod run_configs;
pub mod run_profile_search;
pub mod run_profiles;
pub mod run_summary;
pub mod runs;
mod scheduler;
pub mod schedules;
pub mod second_factors;
pub mod service_accounts;
pub mod session_list;
pub mod sessions;
pub mod settings;
pub mod standings;
mod starts;
pub mod subscription;
mod task_fields;
mod task_links;
pub mod tasks;
pub mod tester;
pub mod tester_engines;
pub mod tester_runs;
pub mod tester_sharing;
mod tries;
pub mod triggers;
mod upgrades;
pub mod vitals;
mod waits;
pub mod watch;
pub mod webhook_terms;
pub mod webhooks;
pub mod workspaces;

pub use account_limits::{AccountLimits, WhenFull};
pub use actor::{Actor, Allowed};
pub use app::{Service, Settings};
pub use error::Error;
pub use listed::{Listed, PageNumber};

/// Rows that answers are made from.
pub mod rows {
    pub use stoker_store::accounts::ServiceAccount;
    pub use stoker_store::allowlist::{Allowlist, IpEntry};
    pub use stoker_store::audit::AuditEvent;
    pub use stoker_store::components::{ComponentMetric, JobOfRun, Order, RunRows};
    pub use stoker_store::connections::ConnectionParameter;
    pub use stoker_store::engines::RunProfile;
    pub use stoker_store::environments::Environment;
    pub use stoker_store::people::{Person, TokenInfo};
    pub use stoker_store::plan_runs::{ItemState, PlanRun, StepItem, StepRun};
    pub use stoker_store::plans::{Place, Plan};
    pub use stoker_store::projects::Project;
    pub use stoker_store::promotions::{Executor, Promotion, PromotionRun};
    pub use stoker_store::roles::Role;
    pub use stoker_store::run_profiles::{ProfileFilter, Sort as ProfileSort};
    pub use stoker_store::run_summary::Failing;
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
