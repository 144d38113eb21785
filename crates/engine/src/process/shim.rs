//! The shim: one small process per run that owns the job and leaves the exit record.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::unistd;

use super::ladder::{self, Ending, Graces};
use super::record::{CrashPoint, ExitRecord, JobRecord, Recipe, RecordFile, ShimRecord, StartError, StartErrorKind};
use super::sys::{self, Ended};
use super::{procfs, start};

/// Pause before an exit record that could not be written is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// What a fresh shim gets from its host.
pub(super) struct Shim {
    /// Absolute run folder; UTF-8, because it came in a message.
    pub(super) run_dir: PathBuf,
    /// The records with the locked claim; held until the shim ends.
    pub(super) records: RecordFile,
    pub(super) boot_id: String,
    pub(super) now_ms: fn() -> i64,
}

/// Turns the just forked child of the host into a shim. All signals are blocked already.
pub(super) fn enter(mut shim: Shim) -> ! {
    // A panic must not unwind into the host's loop: this process would go on as a second host.
    let code = match catch_unwind(AssertUnwindSafe(|| shim.run())) {
        Ok(Ok(())) => 0,
        Ok(Err(_)) => 1,
        Err(_) => 101,
    };
    sys::exit_now(code)
}

impl Shim {
    fn run(&mut self) -> io::Result<()> {
        let own_umask = self.detach()?;
        let recipe = self.read_recipe();
        let crash_at = recipe.as_ref().ok().and_then(|recipe| recipe.crash_at);
        crash(crash_at, CrashPoint::BeforeShimRecord);
        self.records.reserve();
        let ready = self.record_self();
        crash(crash_at, CrashPoint::AfterShimRecord);
        let started_ms = (self.now_ms)();
        // Without its own record on disk a shim could not be found again after a restart of the engine.
        let outcome = ready.and(recipe).and_then(|recipe| self.run_job(&recipe, own_umask, started_ms));
        crash(crash_at, CrashPoint::BeforeExitRecord);
        match outcome {
            Ok(exit) => self.leave_for_sure(&exit, crash_at),
            Err(error) => self.leave(&not_started(error, started_ms, (self.now_ms)()), crash_at),
        }
    }

    /// Cuts every tie to host and engine: session, descriptors, name. Answers the inherited file mode mask.
    fn detach(&self) -> io::Result<Mode> {
        unistd::setsid()?;
        let nothing = OpenOptions::new().read(true).write(true).open("/dev/null")?;
        unistd::dup2_stdin(&nothing)?;
        unistd::dup2_stdout(&nothing)?;
        unistd::dup2_stderr(&nothing)?;
        drop(nothing);
        let claim = self.records.file().as_raw_fd();
        if claim > 3 {
            sys::close_range(3, claim - 1);
        }
        sys::close_range(claim + 1, i32::MAX);
        prctl::set_name(c"stoker-shim")?;
        prctl::set_child_subreaper(true)?;
        Ok(umask(Mode::from_bits_truncate(0o077)))
    }

    fn read_recipe(&self) -> Result<Recipe, StartError> {
        let bad = |message| StartError { kind: StartErrorKind::BadRecipe, message };
        match Recipe::read(&self.run_dir) {
            Ok(Some(recipe)) => Ok(recipe),
            Ok(None) => Err(bad(format!("cannot start the job: `{}` holds no recipe", self.run_dir.display()))),
            Err(error) => Err(bad(error.to_string())),
        }
    }

    fn record_self(&mut self) -> Result<(), StartError> {
        let pid = unistd::getpid().as_raw();
        let mut record = || {
            let stat = procfs::stat(pid)?.ok_or(io::ErrorKind::NotFound)?;
            let run_dir = self.run_dir.to_string_lossy().into_owned();
            let shim = ShimRecord { pid, start_time: stat.start_time, boot_id: self.boot_id.clone(), run_dir };
            self.records.add_shim(shim)
        };
        record().map_err(|error: io::Error| StartError {
            kind: StartErrorKind::NoResources,
            message: format!("cannot write into the run folder: {error}; check that the disk is not full"),
        })
    }

    /// Starts the job and stays with it to the end.
    fn run_job(&mut self, recipe: &Recipe, own_umask: Mode, started_ms: i64) -> Result<ExitRecord, StartError> {
        let leader = start::job(recipe, &self.run_dir, own_umask)?;
        crash(recipe.crash_at, CrashPoint::AfterJobStart);
        let start_time = procfs::stat(leader).ok().flatten().map_or(0, |stat| stat.start_time);
        // Without it the session and the marked environment find the job as well, and the exit record tells the time.
        let _ = self.records.add_job(JobRecord { pid: leader, start_time, pgid: leader, started_ms });
        let graces = Graces {
            stop: Duration::from_millis(recipe.grace_ms),
            leftovers: Duration::from_millis(recipe.leftover_grace_ms.min(Recipe::MAX_LEFTOVER_GRACE_MS)),
        };
        let ending = ladder::supervise(leader, unistd::getpid().as_raw(), graces, self.now_ms);
        let ending = ending.map_err(|error| StartError {
            kind: StartErrorKind::Other,
            message: format!("lost track of the job: {error}; its result is not known"),
        })?;
        Ok(exit_record(&ending, started_ms))
    }

    /// Writes the exit record, again and again if need be: it is all that will ever be known about the run.
    fn leave_for_sure(&self, exit: &ExitRecord, crash_at: Option<CrashPoint>) -> io::Result<()> {
        loop {
            let result = self.leave(exit, crash_at);
            if result.is_ok() || !self.run_dir.is_dir() {
                return result;
            }
            if sys::wait_signal(&ladder::signals(), Some(RETRY_PAUSE)) == Some(libc::SIGUSR1) {
                return result;
            }
        }
    }

    fn leave(&self, exit: &ExitRecord, crash_at: Option<CrashPoint>) -> io::Result<()> {
        self.records.add_exit(exit)?;
        crash(crash_at, CrashPoint::AfterExitRecord);
        self.records.keep_exit(exit)
    }
}

fn exit_record(ending: &Ending, started_ms: i64) -> ExitRecord {
    let (code, signal) = match ending.ended {
        Ended::Code(code) => (Some(code), None),
        Ended::Signal(signal) => (None, Some(signal)),
    };
    ExitRecord {
        code,
        signal,
        started_ms,
        ended_ms: ending.ended_ms,
        stop_requested: ending.stop_requested,
        killed: ending.killed,
        leftovers: ending.leftovers,
        survivors: ending.survivors,
        error: None,
    }
}

fn not_started(error: StartError, started_ms: i64, ended_ms: i64) -> ExitRecord {
    ExitRecord {
        code: None,
        signal: None,
        started_ms,
        ended_ms,
        stop_requested: false,
        killed: false,
        leftovers: 0,
        survivors: 0,
        error: Some(error),
    }
}

/// Dies here if the recipe says so. Nothing in release builds.
fn crash(wanted: Option<CrashPoint>, here: CrashPoint) {
    if cfg!(debug_assertions) && wanted == Some(here) {
        let _ = nix::sys::signal::kill(unistd::getpid(), Signal::SIGKILL);
    }
}
