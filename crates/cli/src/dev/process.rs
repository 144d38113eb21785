//! The programs that `stoker dev` starts: their output, their end, and that none is left behind.

use crate::exit::{Exit, Failure, Result};
use futures_util::future::select_all;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(20);

/// Copies lines of output to standard error, each behind the name of its program.
#[derive(Clone)]
pub(crate) struct Printer {
    quiet: bool,
}

impl Printer {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    fn copy(&self, name: &'static str, from: Option<impl AsyncRead + Send + Unpin + 'static>) {
        let Some(from) = from else { return };
        let quiet = self.quiet;
        tokio::spawn(async move {
            let mut lines = BufReader::new(from);
            let mut line = Vec::new();
            // Reading goes on even when nobody looks: a full pipe would stop the program.
            while lines.read_until(b'\n', &mut line).await.is_ok_and(|count| count > 0) {
                if !quiet {
                    let _ = std::io::stderr().lock().write_all(&prefixed(name, &line));
                }
                line.clear();
            }
        });
    }
}

/// One line, whole, in one write.
fn prefixed(name: &str, line: &[u8]) -> Vec<u8> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut out = format!("{name:6} | ").into_bytes();
    out.extend_from_slice(line);
    out.push(b'\n');
    out
}

/// The programs that were started, in that order.
#[derive(Default)]
pub(crate) struct Children {
    all: Vec<(&'static str, Child)>,
}

impl Children {
    /// Starts a program as head of a process group of its own: a Ctrl-C at the terminal reaches only this program, which
    /// then stops the others in the right order.
    pub(crate) fn start(&mut self, name: &'static str, mut command: Command, printer: &Printer) -> Result<()> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        let mut child = command
            .spawn()
            .map_err(|error| Failure::new(Exit::Failed, format!("cannot start the {name} `{program}`: {error}")))?;
        printer.copy(name, child.stdout.take());
        printer.copy(name, child.stderr.take());
        self.all.push((name, child));
        Ok(())
    }

    /// Waits until one of them ends, which none should.
    pub(crate) async fn first_end(&mut self) -> Failure {
        if self.all.is_empty() {
            return Failure::new(Exit::Failed, "no program is running");
        }
        let waits = self.all.iter_mut().map(|(name, child)| {
            Box::pin(async move {
                let how = match child.wait().await {
                    Ok(status) => status.to_string(),
                    Err(error) => error.to_string(),
                };
                Failure::new(Exit::Failed, format!("the {name} ended: {how}")).hint("its log above may say why")
            })
        });
        select_all(waits).await.0
    }

    /// Asks them to end, the last one first, and waits for each; kills those that do not.
    pub(crate) async fn stop(&mut self) {
        while let Some((_, child)) = self.all.last_mut() {
            signal(child, Signal::SIGTERM);
            if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
                signal(child, Signal::SIGKILL);
                let _ = child.wait().await;
            }
            self.all.pop();
        }
    }

    /// Kills them at once.
    pub(crate) fn kill(&mut self) {
        for (_, child) in self.all.drain(..) {
            signal(&child, Signal::SIGKILL);
        }
    }
}

/// To the program and what it started, unless it ended and was waited for.
fn signal(child: &Child, signal: Signal) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        let _ = killpg(Pid::from_raw(pid), signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    /// Waits for something that the system does, and fails when it does not.
    async fn soon(is_so: impl Fn() -> bool) {
        let wait = async {
            while !is_so() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap();
    }

    #[test]
    fn lines_carry_the_name_of_their_program() {
        assert_eq!(prefixed("engine", b"ready\r\n"), b"engine | ready\n");
        assert_eq!(prefixed("server", b"no end"), b"server | no end\n");
    }

    #[tokio::test]
    async fn the_end_of_a_program_is_noticed_with_its_code() {
        let mut children = Children::default();
        children.start("server", shell("exec sleep 60"), &Printer::new(true)).unwrap();
        children.start("engine", shell("exit 3"), &Printer::new(true)).unwrap();
        let failure = children.first_end().await;
        assert_eq!(failure.message, "the engine ended: exit status: 3");
        children.stop().await;
    }

    #[tokio::test]
    async fn stopping_ends_a_program_and_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let mut children = Children::default();
        let script = format!("sleep 600 & echo $! > '{0}.new'; mv '{0}.new' '{0}'; wait", file.display());
        children.start("engine", shell(&script), &Printer::new(true)).unwrap();
        soon(|| file.exists()).await;
        let inner: i32 = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
        let is_running = || {
            let stat = std::fs::read_to_string(format!("/proc/{inner}/stat")).unwrap_or_default();
            !stat.is_empty() && !stat.contains(") Z ")
        };
        assert!(is_running());
        children.stop().await;
        // The signal was sent before `stop` returned; the system may need a moment to act.
        soon(|| !is_running()).await;
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let failure =
            Children::default().start("server", Command::new("/no/such/program"), &Printer::new(true)).unwrap_err();
        assert!(failure.message.contains("/no/such/program"), "{failure}");
    }
}
