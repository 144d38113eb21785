//! Running jobs in processes of their own, so that the engine may come and go while they run.
//!
//! Three kinds of process take part:
//!
//! - the **engine**, which asks for a job to be started and waits for its end ([`ShimHost`], [`ShimHandle`]);
//! - the **shim host**, the same program in a hidden mode ([`host::main`]): small and single-threaded, it forks one shim
//!   for each request and ends as soon as the engine's socket closes;
//! - a **shim** per run: leader of its own session, it starts the job, stops it on request, makes sure that nothing of it
//!   survives, and leaves an [`ExitRecord`] in the run folder.
//!
//! A run folder is the whole truth about one run; the files in it are described in [`record`]. A process is only ever
//! taken for the one it was if its number, start time and boot agree, so that recycled numbers are never hit.

#![allow(unsafe_code)]

mod claim;
mod client;
mod error;
mod frame;
pub mod host;
mod ladder;
mod orphans;
mod procfs;
pub mod record;
mod shim;
mod start;
mod sys;
mod watch;

pub use client::ShimHost;
pub use error::ProcessError;
pub use record::{CrashPoint, ExitRecord, JobRecord, Recipe, Records, ShimRecord, StartError, StartErrorKind};
pub use watch::{Adopted, Lost, LostReason, Outcome, ShimHandle};

/// Variable the shim adds to a job's environment, holding the run folder's path.
///
/// It marks what belongs to a run, so that processes which left the job's session can still be found and ended when
/// the shim itself was killed. A recipe that sets the variable itself keeps its own value, and loses that safety net.
pub const RUN_DIR_VARIABLE: &str = "STOKER_RUN_DIR";
