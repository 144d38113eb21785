//! A child process whose output goes to a file and that cannot outlive this process.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::poll;

/// A running program. Killed when dropped.
pub(super) struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts `program`; both output streams are appended to the file `log`.
    pub(super) fn spawn(program: &Path, prepare: impl FnOnce(&mut Command), log: &Path) -> Result<Self> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = File::options().create(true).append(true).open(log);
        let file = file.with_context(|| format!("open {}", log.display()))?;
        // It execs the program, so the process id stays, and so does the death signal.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        prepare(&mut command);
        command.stdin(Stdio::null()).stdout(file.try_clone().context("share the log file")?).stderr(file);
        let child = spawn_on_keeper(command).with_context(|| format!("start {}", program.display()))?;
        Ok(Self { child, name })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status when it has ended.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("wait for {}", self.name))
    }

    pub(super) fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.child.id()).context("read the process id")?;
        kill(Pid::from_raw(id), signal).with_context(|| format!("send {signal} to {}", self.name))
    }

    /// Ends it at once and waits until it is gone.
    pub(super) fn kill9(&mut self) -> Result<()> {
        self.child.kill().with_context(|| format!("kill {}", self.name))?;
        self.child.wait().with_context(|| format!("wait for {}", self.name))?;
        Ok(())
    }

    /// Asks it to end and waits for that.
    pub(super) fn terminate(&mut self, seconds: u64) -> Result<ExitStatus> {
        if self.ended()?.is_none() {
            self.signal(Signal::SIGTERM)?;
        }
        let ended = poll(seconds, || self.ended())?;
        ended.with_context(|| format!("{} did not end within {seconds} s after SIGTERM", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill9();
    }
}

/// Starts a child on a thread that lives as long as this process.
///
/// The kernel sends the death signal when the *thread* that forked ends, and threads of tests end early.
fn spawn_on_keeper(command: Command) -> io::Result<Child> {
    type Order = (Command, Sender<io::Result<Child>>);
    static KEEPER: OnceLock<Sender<Order>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (sender, orders) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, reply) in orders {
                let _ = reply.send(command.spawn());
            }
        });
        sender
    });
    let (reply, child) = mpsc::channel();
    keeper.send((command, reply)).map_err(|_| io::Error::other("the thread that starts programs has ended"))?;
    child.recv().map_err(|_| io::Error::other("the thread that starts programs has ended"))?
}

/// Ids of the processes that work in `folder` or name it in their command line, oldest first; never our own.
pub(super) fn processes_of(folder: &Path) -> Vec<u32> {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    let mut found: Vec<u32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id| *id != std::process::id() && belongs_to(*id, &folder))
        .collect();
    found.sort_unstable();
    found
}

fn belongs_to(id: u32, folder: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{id}"));
    let works_there = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
    works_there
        || fs::read(process.join("cmdline")).is_ok_and(|line| {
            line.split(|byte| *byte == 0).any(|argument| Path::new(OsStr::from_bytes(argument)).starts_with(folder))
        })
}

/// Kills what `processes_of` finds, again until nothing is left: a process may have forked meanwhile.
pub(super) fn kill_processes_of(folder: &Path) -> Result<()> {
    let gone = poll(10, || {
        let left = processes_of(folder);
        for id in left.iter().filter_map(|id| i32::try_from(*id).ok()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
        }
        Ok(left.is_empty().then_some(()))
    })?;
    gone.with_context(|| format!("processes of {} cannot be killed", folder.display()))
}
