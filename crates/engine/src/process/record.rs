//! What a run folder says, all JSON, all private to the engine's user (mode 0600).
//!
//! `recipe.json` is written by the engine before the start: a [`Recipe`], what to start and how.
//!
//! `records.jsonl` is one line for each step of the supervision, only ever added to:
//!
//! | Line | Written by | Says |
//! |---|---|---|
//! | `{"v":1}` | shim host | the claim: a shim was started here, so none ever is again |
//! | `{"v":1,"shim":..}` | shim, before it starts the job | [`ShimRecord`]: which process looks after the run |
//! | `{"v":1,"job":..}` | shim, after it started the job | [`JobRecord`]: which process is the job |
//! | `{"v":1,"exit":..}` | shim, at the very end | [`ExitRecord`]: how it ended; forced to disk |
//!
//! A line without its line end was not written in full and does not count. Each line carries a version `v`; within one
//! version fields and kinds of lines are only added, and unknown ones are ignored, because an engine must understand the
//! records of shims that an older (or, after a downgrade, newer) engine started.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ProcessError;

/// Version of all records.
pub const VERSION: u32 = 1;
/// File name of the [`Recipe`].
pub const RECIPE_FILE: &str = "recipe.json";
/// File name of the [`Records`].
pub const RECORDS_FILE: &str = "records.jsonl";
/// The line that claims a run folder.
pub(super) const CLAIM_LINE: &[u8] = b"{\"v\":1}\n";

/// Room kept on the disk for the records, in bytes; the longest error text of a start is far below it.
const RESERVE: i64 = 8192;

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

    /// Writes the recipe into a run folder that no shim was started in yet, over an earlier one. Blocking, not forced to
    /// disk.
    ///
    /// # Errors
    /// [`ProcessError::File`] if the folder is missing, not writable or full.
    pub fn write(&self, run_dir: &Path) -> Result<(), ProcessError> {
        let path = run_dir.join(RECIPE_FILE);
        let write = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            file.write_all(&serde_json::to_vec(self)?)
        };
        write().map_err(|source| ProcessError::File { path: path.clone(), source })
    }

    /// Reads the recipe of a run folder, `None` if it has none. Blocking.
    ///
    /// # Errors
    /// [`ProcessError::File`], [`ProcessError::Damaged`] or [`ProcessError::Version`].
    pub fn read(run_dir: &Path) -> Result<Option<Self>, ProcessError> {
        let path = run_dir.join(RECIPE_FILE);
        let Some(bytes) = bytes(&path)? else { return Ok(None) };
        check_version(&path, &bytes)?;
        serde_json::from_slice(&bytes).map(Some).map_err(|source| ProcessError::Damaged { path, source })
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
    /// The exit record is written, but was not forced to disk.
    AfterExitRecord,
}

/// Which process looks after a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShimRecord {
    /// Process number; also the number of the session that holds the job.
    pub pid: i32,
    /// Start time in clock ticks since boot; tells the process from a later one with its number.
    pub start_time: u64,
    /// The kernel's identifier of the boot during which it ran.
    pub boot_id: String,
    /// The run folder's path as the shim knows it, which is also what marks the job's processes.
    pub run_dir: String,
}

/// Which process is the job. Missing if the disk was full when the job started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Process number of the job's first process.
    pub pid: i32,
    /// Its start time in clock ticks since boot.
    pub start_time: u64,
    /// Its process group.
    pub pgid: i32,
    /// When it was started, in milliseconds since 1970 by the machine's clock.
    pub started_ms: i64,
}

/// How a run's job ended. Exactly one of `code`, `signal` and `error` is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
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

/// All that `records.jsonl` of a run folder says.
#[derive(Debug, Default)]
pub struct Records {
    /// Which process looks after the run.
    pub shim: Option<ShimRecord>,
    /// Which process is the job. Missing if the disk was full when the job started.
    pub job: Option<JobRecord>,
    /// How the run ended.
    pub exit: Option<ExitRecord>,
    /// What is wrong with the first line that makes no sense; lines from there on do not count.
    pub damage: Option<ProcessError>,
}

/// One line of the file.
#[derive(Default, Serialize, Deserialize)]
struct Line {
    v: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shim: Option<ShimRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    job: Option<JobRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exit: Option<ExitRecord>,
}

impl Records {
    /// Reads the records of a run folder; nothing is claimed if there are none. Blocking.
    ///
    /// # Errors
    /// [`ProcessError::File`] or [`ProcessError::Version`].
    pub fn read(run_dir: &Path) -> Result<Self, ProcessError> {
        let path = run_dir.join(RECORDS_FILE);
        let mut records = Self::default();
        let bytes = bytes(&path)?.unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for text in bytes[..whole].split_inclusive(|byte| *byte == b'\n') {
            match check_version(&path, text) {
                Ok(()) => {}
                Err(damage @ ProcessError::Damaged { .. }) => {
                    records.damage = Some(damage);
                    break;
                }
                Err(error) => return Err(error),
            }
            match serde_json::from_slice::<Line>(text) {
                Ok(line) => {
                    records.shim = line.shim.or(records.shim);
                    records.job = line.job.or(records.job);
                    records.exit = line.exit.or(records.exit);
                }
                Err(source) => {
                    records.damage = Some(ProcessError::Damaged { path, source });
                    break;
                }
            }
        }
        Ok(records)
    }
}

/// The records as their shim adds to them.
#[derive(Debug)]
pub(super) struct RecordFile {
    path: PathBuf,
    file: File,
    /// All that was written so far.
    lines: Vec<u8>,
}

impl RecordFile {
    /// The file that was just claimed.
    pub(super) fn claimed(run_dir: &Path, file: File) -> Self {
        Self { path: run_dir.join(RECORDS_FILE), file, lines: CLAIM_LINE.to_vec() }
    }

    /// The open file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Makes room for all records, so that they can be written even if the disk is full by then.
    pub(super) fn reserve(&self) {
        super::sys::reserve(&self.file, RESERVE);
    }

    /// Adds who looks after the run. Not forced to disk: that would delay the start of every job.
    pub(super) fn add_shim(&mut self, shim: ShimRecord) -> io::Result<()> {
        self.add(&Line { v: VERSION, shim: Some(shim), ..Line::default() })
    }

    /// Adds who is the job. Not forced to disk either.
    pub(super) fn add_job(&mut self, job: JobRecord) -> io::Result<()> {
        self.add(&Line { v: VERSION, job: Some(job), ..Line::default() })
    }

    fn add(&mut self, line: &Line) -> io::Result<()> {
        let text = text_of(line)?;
        let written = self.file.write_all_at(&text, self.lines.len() as u64);
        if written.is_err() {
            // What was written of it has no line end; the next line takes its place.
            let _ = self.file.set_len(self.lines.len() as u64);
        }
        written.map(|()| self.lines.extend_from_slice(&text))
    }

    /// Adds how the run ended; not on disk before [`keep_exit`](Self::keep_exit). May be repeated.
    pub(super) fn add_exit(&self, exit: &ExitRecord) -> io::Result<()> {
        self.file.write_all_at(&exit_line(exit)?, self.lines.len() as u64)
    }

    /// Forces the records to disk, under their name even if the job took that away. May be repeated.
    ///
    /// The first forcing of a new file puts its name on disk too, on all file systems that engines are used on.
    pub(super) fn keep_exit(&self, exit: &ExitRecord) -> io::Result<()> {
        self.file.sync_data()?;
        let own = self.file.metadata()?;
        let in_place = std::fs::metadata(&self.path);
        if in_place.is_ok_and(|found| (found.dev(), found.ino()) == (own.dev(), own.ino())) {
            return Ok(());
        }
        let temporary = self.path.with_extension("jsonl.tmp");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&self.lines)?;
        file.write_all(&exit_line(exit)?)?;
        file.sync_data()?;
        std::fs::rename(temporary, &self.path)?;
        self.path.parent().map_or(Ok(()), |run_dir| File::open(run_dir)?.sync_all())
    }
}

fn exit_line(exit: &ExitRecord) -> io::Result<Vec<u8>> {
    text_of(&Line { v: VERSION, exit: Some(exit.clone()), ..Line::default() })
}

fn text_of(line: &Line) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text)
}

fn bytes(path: &Path) -> Result<Option<Vec<u8>>, ProcessError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ProcessError::File { path: path.to_path_buf(), source }),
    }
}

/// Looked at first, because the rest of a newer record may not be understood.
fn check_version(path: &Path, text: &[u8]) -> Result<(), ProcessError> {
    #[derive(Deserialize)]
    struct Versioned {
        #[serde(default = "first_version")]
        v: u32,
    }
    match serde_json::from_slice::<Versioned>(text) {
        Ok(Versioned { v }) if v > VERSION => Err(ProcessError::Version { path: path.to_path_buf(), found: v }),
        Ok(_) => Ok(()),
        Err(source) => Err(ProcessError::Damaged { path: path.to_path_buf(), source }),
    }
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
