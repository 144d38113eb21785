//! The remote engine: runs jobs on this machine for a control plane elsewhere.
//!
//! [`run_engine`] is the engine, [`control`] what the scripts in `bin/` ask it, [`process`] how jobs are started so that they
//! outlive it. The engine only ever speaks first; it listens on no port but
//! one of the loopback address for each Java job that counts its rows.

mod api_tests;
mod app;
mod artifacts;
mod backoff;
pub mod config;
pub mod control;
mod engine;
mod error;
pub mod home;
mod identity;
mod janitor;
mod java;
mod journal;
mod keystore;
mod link;
mod logs;
mod management;
pub mod ownlog;
pub mod process;
mod resources;
mod run;
mod sender;
mod session;
mod state;
mod statistics;
mod table;

pub use app::{Options, run_engine};
pub use error::EngineError;
