//! The files of a run folder, all JSON, all private to the engine's user (mode 0600).
//!
//! | File | Written by | Says |
//! |---|---|---|
//! | `recipe.json` | engine, before the start | [`Recipe`]: what to start and how |
//! | `claim` | shim host | that a shim was started here, so none ever is again |
//! | `shim.json` | shim, before it starts the job | [`ShimRecord`]: which process looks after the run |
//! | `job.json` | shim, after it started the job | [`JobRecord`]: which process is the job |
//! | `exit.json` | shim, at the very end | [`ExitRecord`]: how it ended; forced to disk |
//!
//! Every file appears whole, by rename. Each carries a version `v`; within one version fields are only added, with a
//! default, and unknown ones are ignored, because an engine must understand the records of shims that an older (or,
//! after a downgrade, newer) engine started.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ProcessError;

/// Version of all records.
pub const VERSION: u32 = 1;
/// File name of the [`Recipe`].
pub const RECIPE_FILE: &str = "recipe.json";
/// File name of the [`ShimRecord`].
pub const SHIM_FILE: &str = "shim.json";
/// File name of the [`JobRecord`].
pub const JOB_FILE: &str = "job.json";
/// File name of the [`ExitRecord`].
pub const EXIT_FILE: &str = "exit.json";

/// Room kept on the disk for the exit record, in bytes.
const EXIT_RESERVE: i64 = 4096;

/// What to start, and how to stop it.
///
/// The environment may hold secrets: the file is written with mode 0600, and the owner of the run folder removes it
/// with the folder.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Record version, [`VERSION`].
    #[serde(default = "first_version")]
    pub v: u32,
    /// Program file: a path (a relative one counts from `cwd`), or a bare name looked up in the `PATH` of `env`.
    pub program: String,
    /// Arguments after the program's name.
    #[serde(default)]
    pub args: Vec<String>,
    /// The job's whole environment; nothing is inherited. [`RUN_DIR_VARIABLE`](super::RUN_DIR_VARIABLE) is added.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Working directory; a relative one counts from the run folder.
    pub cwd: PathBuf,
    /// File that standard output is appended to; a relative one counts from the run folder. Made with mode 0600.
    pub stdout: PathBuf,
    /// The same for standard error; may be the same file.
    pub stderr: PathBuf,
    /// Milliseconds between the polite signal of a stop and the kill.
    #[serde(default = "default_grace")]
    pub grace_ms: u64,
    /// Milliseconds that processes left behind by an ended job get between polite signal and kill; at most
    /// [`Recipe::MAX_LEFTOVER_GRACE_MS`], more is cut to that.
    #[serde(default = "default_leftover_grace")]
    pub leftover_grace_ms: u64,
    /// File mode mask of the job; the engine's own if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub umask: Option<u32>,
    /// Where the shim shall kill itself; for tests, obeyed in debug builds only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash_at: Option<CrashPoint>,
}

/// Arguments and environment are left out, as they may hold secrets.
impl std::fmt::Debug for Recipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recipe").field("program", &self.program).field("cwd", &self.cwd).finish_non_exhaustive()
    }
}

impl Recipe {
    /// Grace of a stop if the recipe does not say, in milliseconds.
    pub const DEFAULT_GRACE_MS: u64 = 10_000;
    /// Longest grace for left-behind processes, in milliseconds; also the default.
    pub const MAX_LEFTOVER_GRACE_MS: u64 = 2_000;

    /// A recipe for `program` with no arguments, an empty environment, working directly in the run folder with its
    /// output in the files `stdout` and `stderr` there.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            v: VERSION,
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            cwd: PathBuf::from("."),
            stdout: PathBuf::from("stdout"),
            stderr: PathBuf::from("stderr"),
            grace_ms: Self::DEFAULT_GRACE_MS,
            leftover_grace_ms: Self::MAX_LEFTOVER_GRACE_MS,
            umask: None,
            crash_at: None,
        }
    }

    /// Writes the recipe into a run folder, replacing an earlier one. Blocking, not forced to disk.
    ///
    /// # Errors
    /// [`ProcessError::File`] if the folder is missing, not writable or full.
    pub fn write(&self, run_dir: &Path) -> Result<(), ProcessError> {
        put(run_dir, RECIPE_FILE, self).map_err(|source| ProcessError::File { path: run_dir.join(RECIPE_FILE), source })
    }

    /// Reads the recipe of a run folder, `None` if it has none. Blocking.
    ///
    /// # Errors
    /// [`ProcessError::File`], [`ProcessError::Damaged`] or [`ProcessError::Version`].
    pub fn read(run_dir: &Path) -> Result<Option<Self>, ProcessError> {
        get(run_dir, RECIPE_FILE)
    }
}

/// A moment at which a shim kills itself when its recipe says so (debug builds only).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrashPoint {
    /// Nothing was recorded yet.
    BeforeShimRecord,
    /// The shim is on record, the job was not started.
    AfterShimRecord,
    /// The job runs but is not on record.
    AfterJobStart,
    /// The job has ended and nothing of it is left, no record of that exists.
    BeforeExitRecord,
    /// The exit record is on disk under its temporary name.
    AfterExitTemp,
}

/// Which process looks after a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShimRecord {
    /// Record version, [`VERSION`].
    pub v: u32,
    /// Process number; also the number of the session that holds the job.
    pub pid: i32,
    /// Start time in clock ticks since boot; tells the process from a later one with its number.
    pub start_time: u64,
    /// The kernel's identifier of the boot during which it ran.
    pub boot_id: String,
    /// The run folder's path as the shim knows it, which is also what marks the job's processes.
    pub run_dir: String,
}

impl ShimRecord {
    /// Reads the record of a run folder, `None` if it has none. Blocking.
    ///
    /// # Errors
    /// [`ProcessError::File`], [`ProcessError::Damaged`] or [`ProcessError::Version`].
    pub fn read(run_dir: &Path) -> Result<Option<Self>, ProcessError> {
        get(run_dir, SHIM_FILE)
    }
}

/// Which process is the job. Missing if the disk was full when the job started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Record version, [`VERSION`].
    pub v: u32,
    /// Process number of the job's first process.
    pub pid: i32,
    /// Its start time in clock ticks since boot.
    pub start_time: u64,
    /// Its process group.
    pub pgid: i32,
    /// When it was started, in milliseconds since 1970 by the machine's clock.
    pub started_ms: i64,
}

impl JobRecord {
    /// Reads the record of a run folder, `None` if it has none. Blocking.
    ///
    /// # Errors
    /// [`ProcessError::File`], [`ProcessError::Damaged`] or [`ProcessError::Version`].
    pub fn read(run_dir: &Path) -> Result<Option<Self>, ProcessError> {
        get(run_dir, JOB_FILE)
    }
}

/// How a run's job ended. Exactly one of `code`, `signal` and `error` is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// Record version, [`VERSION`].
    pub v: u32,
    /// Exit code of the job's first process, 0 to 255.
    pub code: Option<i32>,
    /// Number of the signal that killed it.
    pub signal: Option<i32>,
    /// When the job was started (or its start was tried), in milliseconds since 1970 by the machine's clock.
    pub started_ms: i64,
    /// When its first process had ended, by the same clock, which may have been set meanwhile.
    pub ended_ms: i64,
    /// Whether a stop or kill was asked for before the job ended.
    pub stop_requested: bool,
    /// Whether the shim had to kill the job's first process because a stop's grace ran out or a kill was asked for.
    pub killed: bool,
    /// How many processes the job had left behind when its first process ended.
    pub leftovers: u32,
    /// How many of those could not be ended even by a kill, for instance because they hang in a dead network mount.
    #[serde(default)]
    pub survivors: u32,
    /// Why the job could not be started.
    pub error: Option<StartError>,
}

impl ExitRecord {
    /// Reads the record of a run folder, `None` if the run has not ended. Blocking.
    ///
    /// # Errors
    /// [`ProcessError::File`], [`ProcessError::Damaged`] or [`ProcessError::Version`].
    pub fn read(run_dir: &Path) -> Result<Option<Self>, ProcessError> {
        get(run_dir, EXIT_FILE)
    }
}

/// Why a job could not be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartError {
    /// The kind, for programs.
    pub kind: StartErrorKind,
    /// What happened and what to do, for people. Holds paths, never arguments or variables.
    pub message: String,
}

/// The kinds of [`StartError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StartErrorKind {
    /// The recipe is missing, damaged or impossible.
    BadRecipe,
    /// The program, or the interpreter named in its first line, does not exist.
    NotFound,
    /// The program may not be executed by the engine's user.
    PermissionDenied,
    /// The program is not in a form the machine can execute.
    NotExecutable,
    /// The working directory does not exist or may not be entered.
    BadWorkingDirectory,
    /// An output file could not be opened.
    BadOutput,
    /// The machine is out of processes, memory, disk space or the like.
    NoResources,
    /// Anything else, also kinds of newer versions.
    #[serde(other)]
    Other,
}

/// Puts a record in place by rename. Not forced to disk: that would delay the start of every job.
pub(super) fn put<T: Serialize>(run_dir: &Path, name: &str, record: &T) -> io::Result<()> {
    let temporary = temporary(run_dir, name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&serde_json::to_vec(record)?)?;
    std::fs::rename(&temporary, run_dir.join(name))
}

/// Makes room for the exit record, so that it can be written even if the disk is full by then.
pub(super) fn reserve_exit(run_dir: &Path) -> io::Result<()> {
    super::sys::reserve(&open_exit(run_dir)?, EXIT_RESERVE);
    Ok(())
}

/// Forces the exit record to disk under its temporary name; [`reveal_exit`] must follow.
pub(super) fn prepare_exit(run_dir: &Path, record: &ExitRecord) -> io::Result<()> {
    let mut file = open_exit(run_dir)?;
    let bytes = serde_json::to_vec(record)?;
    file.write_all(&bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_data()
}

/// Gives the exit record its name and forces the folder to disk.
pub(super) fn reveal_exit(run_dir: &Path) -> io::Result<()> {
    std::fs::rename(temporary(run_dir, EXIT_FILE), run_dir.join(EXIT_FILE))?;
    File::open(run_dir)?.sync_all()
}

/// A complete exit record that its shim could not give its name any more. Only meaningful when the shim is gone.
pub(super) fn unrevealed_exit(run_dir: &Path) -> Option<ExitRecord> {
    let bytes = std::fs::read(temporary(run_dir, EXIT_FILE)).ok()?;
    serde_json::from_slice(&bytes).ok().filter(|record: &ExitRecord| record.v <= VERSION)
}

fn open_exit(run_dir: &Path) -> io::Result<File> {
    // Never truncated first: that would give the reserved room back.
    let path = temporary(run_dir, EXIT_FILE);
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn temporary(run_dir: &Path, name: &str) -> PathBuf {
    run_dir.join(format!("{name}.tmp"))
}

fn get<T: DeserializeOwned>(run_dir: &Path, name: &str) -> Result<Option<T>, ProcessError> {
    #[derive(Deserialize)]
    struct Versioned {
        #[serde(default = "first_version")]
        v: u32,
    }
    let path = run_dir.join(name);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ProcessError::File { path, source }),
    };
    match serde_json::from_slice::<Versioned>(&bytes) {
        Ok(Versioned { v }) if v > VERSION => return Err(ProcessError::Version { path, found: v }),
        Ok(_) => {}
        Err(source) => return Err(ProcessError::Damaged { path, source }),
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|source| ProcessError::Damaged { path, source })
}

fn first_version() -> u32 {
    1
}

fn default_grace() -> u64 {
    Recipe::DEFAULT_GRACE_MS
}

fn default_leftover_grace() -> u64 {
    Recipe::MAX_LEFTOVER_GRACE_MS
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
