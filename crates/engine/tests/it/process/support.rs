//! Run folders, jobs that say when they are ready, and questions about processes.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::stat::Mode;
use stoker_engine::process::{ExitRecord, Outcome, Recipe, ShimHandle, ShimHost};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe;

/// The engine's program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_stoker-engine");

/// A shim host of the real program.
pub(crate) fn host() -> ShimHost {
    ShimHost::new(PROGRAM)
}

/// Fails a test that hangs.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("test takes too long")
}

/// A run folder with a name that badly quoted code stumbles over.
pub(crate) struct Run {
    _parent: TempDir,
    pub(crate) dir: PathBuf,
}

impl Run {
    pub(crate) fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("läufe 走 'mit' leer");
        std::fs::create_dir(&dir).unwrap();
        Self { _parent: parent, dir }
    }

    /// A run folder whose recipe is this shell script.
    pub(crate) fn script(script: &str) -> Self {
        Self::with(shell(script))
    }

    pub(crate) fn with(recipe: Recipe) -> Self {
        let run = Self::new();
        recipe.write(&run.dir).unwrap();
        run
    }

    /// Opens the pipe `ready`, to which the job tells things line by line.
    pub(crate) fn ears(&self) -> Ears {
        let path = self.pipe("ready");
        // Open for writing too, so that it does not end when one of several writers closes it.
        let receiver = pipe::OpenOptions::new().read_write(true).open_receiver(path).unwrap();
        Ears(BufReader::new(receiver))
    }

    /// Makes a named pipe in the run folder.
    pub(crate) fn pipe(&self, name: &str) -> PathBuf {
        let path = self.dir.join(name);
        nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o600)).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.join(name)).unwrap()
    }
}

/// What a job says when it is ready.
pub(crate) struct Ears(BufReader<pipe::Receiver>);

impl Ears {
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) async fn pid(&mut self) -> i32 {
        self.line().await.parse().unwrap()
    }
}

/// A shell script as a recipe.
pub(crate) fn shell(script: &str) -> Recipe {
    let mut recipe = Recipe::new("/bin/sh");
    recipe.args = vec!["-c".into(), script.into()];
    recipe.env.insert("PATH".into(), "/usr/bin:/bin".into());
    recipe
}

/// Lets a job that does `read x < go` go on.
pub(crate) fn let_go(pipe: &Path) {
    use std::io::Write;
    // The job has the pipe open or is about to; opened for both, this does not wait for it.
    let mut file = std::fs::OpenOptions::new().read(true).write(true).open(pipe).unwrap();
    file.write_all(b"go\n").unwrap();
    // Kept open until the job took the line, which it must do before it ends.
    std::mem::forget(file);
}

/// Runs the script to its end and answers the record.
pub(crate) async fn run(host: &ShimHost, run: &Run) -> ExitRecord {
    let handle = within(host.spawn(&run.dir)).await.unwrap();
    exited(&handle).await
}

pub(crate) async fn exited(handle: &ShimHandle) -> ExitRecord {
    match within(handle.wait()).await.unwrap() {
        Outcome::Exited(exit) => exit,
        Outcome::Lost(lost) => panic!("lost: {lost:?}"),
    }
}

/// `(state, parent, session)` of a process, if it exists.
pub(crate) fn process(pid: i32) -> Option<(char, i32, i32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    Some((state, parent, fields.nth(1)?.parse().ok()?))
}

/// Whether a process runs; dead ones that nobody reaped yet do not.
pub(crate) fn runs(pid: i32) -> bool {
    process(pid).is_some_and(|(state, ..)| !matches!(state, 'Z' | 'X'))
}

/// Start time of a process in clock ticks since boot.
pub(crate) fn start_time(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.split_ascii_whitespace().nth(19).unwrap().parse().unwrap()
}

pub(crate) fn kill_hard(pid: i32) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
}
