//! Everything that can go wrong between the engine and its shims.

use std::io;
use std::path::PathBuf;

/// A failed operation on a shim or its host. A job that cannot be started is *not* one of these: that is an
/// [`ExitRecord`](super::ExitRecord) with an error in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The shim host program could not be executed.
    #[error("cannot start the shim host `{}`; check that the engine's program file exists and is executable", program.display())]
    HostStart {
        /// The program that was tried.
        program: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The shim host died or hung twice in a row while one request was made.
    #[error(
        "the shim host ended or hung before answering, also after a restart; check the engine's memory and process limits"
    )]
    HostUnavailable,
    /// The shim host refused to start a shim, for instance because no process could be made.
    #[error("the shim host could not start a shim for `{}`: {message}", run_dir.display())]
    Refused {
        /// The run folder of the request.
        run_dir: PathBuf,
        /// What the host said.
        message: String,
    },
    /// A shim was asked for in a run folder that has had one; a run folder serves one start only.
    #[error("the run folder `{}` has been used already; start the run in a fresh folder or adopt it", run_dir.display())]
    AlreadyStarted {
        /// The run folder of the request.
        run_dir: PathBuf,
    },
    /// The run folder's path is not UTF-8 and cannot be put into a request.
    #[error("the run folder's path `{}` is not valid UTF-8; choose another folder for runs", run_dir.display())]
    PathNotText {
        /// The run folder of the request.
        run_dir: PathBuf,
    },
    /// A shim has claimed the run folder, yet neither recorded itself nor ended within some seconds.
    #[error("the shim of `{}` is still starting; adopt the run again later", run_dir.display())]
    StillStarting {
        /// The run folder looked at.
        run_dir: PathBuf,
    },
    /// A file of the run folder could not be read or written.
    #[error("cannot access `{}`; check that the folder exists, belongs to the engine's user and is not full", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A record in the run folder is damaged.
    #[error("cannot understand the record `{}`; it is damaged, and the run must be settled by hand", path.display())]
    Damaged {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A record in the run folder has a version this engine does not know.
    #[error("the record `{}` has version {found}, newer than this engine knows; run an engine at least as new", path.display())]
    Version {
        /// The record.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The kernel refused to watch or signal a shim.
    #[error("cannot {action} the shim with process number {pid}; it must run as the engine's own user")]
    Shim {
        /// What was tried: `watch`, `stop` or `kill`.
        action: &'static str,
        /// The shim's process number.
        pid: i32,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The engine's runtime was shutting down.
    #[error("the engine is shutting down; adopt the run after its restart")]
    ShuttingDown,
}
