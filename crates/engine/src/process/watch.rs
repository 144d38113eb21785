//! A shim as the engine sees it: waiting for its end, stopping it, and finding it again after a restart.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::claim::{self, Claim};
use super::record::{ExitRecord, RECORDS_FILE, Records};
use super::{ProcessError, orphans, procfs, sys};

/// How long a shim may take between its claim and its record before adoption gives up, and how often that is looked at.
const START_PATIENCE: Duration = Duration::from_secs(10);
const START_LOOK: Duration = Duration::from_millis(5);

/// A shim, started or adopted. Dropping the handle does nothing to the shim.
#[derive(Debug)]
pub struct ShimHandle {
    run_dir: PathBuf,
    pid: i32,
    /// Becomes readable when the shim ends; `None` if it had ended before it could be watched.
    watch: Option<AsyncFd<OwnedFd>>,
}

/// How a shim ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It left this record of its job.
    Exited(ExitRecord),
    /// It left none.
    Lost(Lost),
}

/// A run whose outcome cannot be known. Nothing of its job runs any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// What happened to the shim.
    pub reason: LostReason,
    /// How many of the job's processes were still running and had to be killed now.
    pub killed: usize,
}

/// What happened to a shim that left no exit record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LostReason {
    /// No shim was ever started here, so neither was the job. The run folder cannot be used any more.
    NeverStarted,
    /// The shim ended before it recorded itself, so the job was not started.
    EndedBeforeStart,
    /// The shim was killed while it looked after the job.
    Killed,
    /// The machine was booted since.
    Rebooted,
}

impl std::fmt::Display for LostReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NeverStarted => "the job was never started",
            Self::EndedBeforeStart => "the supervising process ended before it started the job",
            Self::Killed => "the supervising process was killed, and the job with it",
            Self::Rebooted => "the machine was restarted while the job ran",
        })
    }
}

/// What [`ShimHandle::adopt`] found in a run folder.
#[derive(Debug)]
pub enum Adopted {
    /// The shim runs.
    Running(ShimHandle),
    /// It has ended and left this record.
    Exited(ExitRecord),
    /// It is gone without a record.
    Gone(Lost),
}

impl ShimHandle {
    /// Takes over the shim of a run folder, usually after a restart of the engine.
    ///
    /// If the shim is gone without a record, whatever still runs of its job is killed first. If no shim was ever started
    /// in the folder, none will be.
    ///
    /// # Errors
    /// [`ProcessError::File`], [`ProcessError::Damaged`], [`ProcessError::Version`], [`ProcessError::StillStarting`],
    /// [`ProcessError::Shim`].
    pub async fn adopt(run_dir: &Path) -> Result<Adopted, ProcessError> {
        let run_dir = std::path::absolute(run_dir).map_err(|source| file_error(run_dir, source))?;
        let deadline = tokio::time::Instant::now() + START_PATIENCE;
        loop {
            let looked_in = run_dir.clone();
            match blocking(&run_dir, move || look(&looked_in)).await? {
                Look::Alive { pid, watch } => return Ok(Adopted::Running(Self::watching(run_dir, pid, Some(watch))?)),
                Look::Exited(exit) => return Ok(Adopted::Exited(exit)),
                Look::Gone(lost) => return Ok(Adopted::Gone(lost)),
                Look::Starting if tokio::time::Instant::now() < deadline => tokio::time::sleep(START_LOOK).await,
                Look::Starting => return Err(ProcessError::StillStarting { run_dir }),
            }
        }
    }

    /// A handle on a shim that the host just forked; it may have ended since.
    pub(super) fn forked(run_dir: PathBuf, pid: i32, start_time: u64) -> Result<Self, ProcessError> {
        let watch =
            open_exact(pid, start_time).map_err(|source| ProcessError::Shim { action: "watch", pid, source })?;
        Self::watching(run_dir, pid, watch)
    }

    /// A handle on a shim known to be gone.
    pub(super) fn ended(run_dir: PathBuf) -> Self {
        Self { run_dir, pid: 0, watch: None }
    }

    fn watching(run_dir: PathBuf, pid: i32, watch: Option<OwnedFd>) -> Result<Self, ProcessError> {
        let register = |watch: OwnedFd| {
            // SAFETY: the descriptor is open, and owned by the result from here on.
            unsafe { AsyncFd::register_with_interest(watch, Interest::READABLE) }.map_err(std::io::Error::from)
        };
        let watch = watch.map(register).transpose();
        let watch = watch.map_err(|source| ProcessError::Shim { action: "watch", pid, source })?;
        Ok(Self { run_dir, pid, watch })
    }

    /// The run folder, as an absolute path.
    pub fn run_dir(&self) -> &Path {
        &self.run_dir
    }

    /// The shim's process number, for display; 0 if it was gone before it could be looked at.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Waits until the shim has ended and tells how. May be called again and by several tasks, and may be dropped.
    ///
    /// When it answers, no process of the job runs any more (see [`ExitRecord::survivors`] for the exception).
    ///
    /// # Errors
    /// [`ProcessError::File`], [`ProcessError::Damaged`], [`ProcessError::Version`], [`ProcessError::Shim`],
    /// [`ProcessError::ShuttingDown`].
    pub async fn wait(&self) -> Result<Outcome, ProcessError> {
        if let Some(watch) = &self.watch {
            // Readiness is never cleared: an ended process stays ended.
            let seen = watch.readable().await;
            seen.map_err(|source| ProcessError::Shim { action: "watch", pid: self.pid, source })?.retain_ready();
        }
        match Self::adopt(&self.run_dir).await? {
            Adopted::Exited(exit) => Ok(Outcome::Exited(exit)),
            Adopted::Gone(lost) => Ok(Outcome::Lost(lost)),
            // Its end was seen, so this would be another one; one claim allows for no other.
            Adopted::Running(_) => Err(ProcessError::StillStarting { run_dir: self.run_dir.clone() }),
        }
    }

    /// Starts the stop ladder: polite signal to the job, its recipe's grace, kill. Returns at once; repeats are harmless.
    /// `false` if the shim has ended already.
    ///
    /// # Errors
    /// [`ProcessError::Shim`] if the kernel refuses.
    pub fn stop(&self) -> Result<bool, ProcessError> {
        self.signal("stop", Signal::SIGTERM)
    }

    /// Kills the job at once, without grace. Returns at once; the shim then clears up and leaves its record. `false` if
    /// the shim has ended already.
    ///
    /// # Errors
    /// [`ProcessError::Shim`] if the kernel refuses.
    pub fn kill_now(&self) -> Result<bool, ProcessError> {
        self.signal("kill", Signal::SIGUSR1)
    }

    fn signal(&self, action: &'static str, signal: Signal) -> Result<bool, ProcessError> {
        let Some(watch) = &self.watch else { return Ok(false) };
        let watch = watch.get_ref().as_fd();
        // An ended shim that its host has not reaped yet would still take the signal.
        let send = || Ok(!sys::has_ended(watch)? && sys::pidfd_signal(watch, signal)?);
        send().map_err(|source| ProcessError::Shim { action, pid: self.pid, source })
    }
}

/// One look into a run folder.
enum Look {
    Alive { pid: i32, watch: OwnedFd },
    Exited(ExitRecord),
    Gone(Lost),
    Starting,
}

fn look(run_dir: &Path) -> Result<Look, ProcessError> {
    let records = Records::read(run_dir)?;
    if let Some(exit) = records.exit {
        return Ok(Look::Exited(exit));
    }
    let Some(shim) = records.shim else {
        return match records.damage {
            None => look_at_claim(run_dir),
            // Not forced to disk, so a power cut may have left anything; then no lock is held.
            Some(damage) => match take_claim(run_dir)? {
                Claim::Held => Err(damage),
                _ => Ok(Look::Gone(Lost { reason: LostReason::Rebooted, killed: 0 })),
            },
        };
    };
    let boot_id = procfs::boot_id().map_err(|source| file_error(Path::new("/proc"), source))?;
    let failed = |source| ProcessError::Shim { action: "watch", pid: shim.pid, source };
    if boot_id == shim.boot_id
        && let Some(watch) = open_exact(shim.pid, shim.start_time).map_err(failed)?
    {
        return Ok(Look::Alive { pid: shim.pid, watch });
    }
    // It may have ended between the first look and now.
    let records = Records::read(run_dir)?;
    if let Some(exit) = records.exit {
        return Ok(Look::Exited(exit));
    }
    if boot_id != shim.boot_id {
        return Ok(Look::Gone(Lost { reason: LostReason::Rebooted, killed: 0 }));
    }
    let killed = orphans::kill(&shim, records.job.as_ref()).map_err(|source| file_error(Path::new("/proc"), source))?;
    match records.damage {
        // Its end may have been there.
        Some(damage) => Err(damage),
        None => Ok(Look::Gone(Lost { reason: LostReason::Killed, killed })),
    }
}

/// No shim has put itself on record: was there ever one, or is it just starting?
fn look_at_claim(run_dir: &Path) -> Result<Look, ProcessError> {
    let gone = |reason| Ok(Look::Gone(Lost { reason, killed: 0 }));
    match take_claim(run_dir)? {
        Claim::Taken(_) => gone(LostReason::NeverStarted),
        Claim::Held => Ok(Look::Starting),
        // With the lock free the records cannot change any more; but they may have come just before.
        Claim::Over => match Records::read(run_dir)? {
            Records { shim: None, exit: None, .. } => gone(LostReason::EndedBeforeStart),
            _ => Ok(Look::Starting),
        },
    }
}

fn take_claim(run_dir: &Path) -> Result<Claim, ProcessError> {
    claim::take(run_dir).map_err(|source| file_error(&run_dir.join(RECORDS_FILE), source))
}

/// A handle on the process with this number if it is the one that started then and it still lives.
fn open_exact(pid: i32, start_time: u64) -> std::io::Result<Option<OwnedFd>> {
    let Some(watch) = sys::pidfd_open(pid)? else { return Ok(None) };
    // Looked at after the handle was opened: if the start time agrees now, the handle means that process.
    let same = procfs::stat(pid)?.is_some_and(|stat| stat.start_time == start_time && stat.is_alive());
    Ok(same.then_some(watch))
}

fn file_error(path: &Path, source: std::io::Error) -> ProcessError {
    ProcessError::File { path: path.to_path_buf(), source }
}

/// Runs a look outside the runtime's worker threads.
async fn blocking<T: Send + 'static>(
    run_dir: &Path,
    call: impl FnOnce() -> Result<T, ProcessError> + Send + 'static,
) -> Result<T, ProcessError> {
    let result = tokio::task::spawn_blocking(call).await;
    result.unwrap_or_else(|error| {
        if error.is_cancelled() {
            return Err(ProcessError::ShuttingDown);
        }
        Err(file_error(run_dir, std::io::Error::other(error)))
    })
}
