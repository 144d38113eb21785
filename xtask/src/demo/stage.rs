//! The temporary folder of the demonstration and the programs that run in it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::api::Api;
use crate::shell;

/// Seconds until the server must be ready.
const START_SECONDS: u64 = 60;
/// Seconds that one of the example procedures may take.
const PROCEDURE_SECONDS: u64 = 300;
/// Seconds until the server must have ended after SIGTERM.
const STOP_SECONDS: u64 = 30;

/// Stops and removes everything when dropped.
pub(super) struct Stage {
    folder: PathBuf,
    server: Option<Child>,
    /// Whether there may be an engine to stop.
    engine: bool,
    interrupted: Arc<AtomicBool>,
}

impl Stage {
    /// Makes the folder, which nobody else may read: a token will lie there.
    pub(super) fn new(interrupted: Arc<AtomicBool>) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("stoker-demo-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&folder).with_context(|| format!("create {}", folder.display()))?;
        Ok(Self { folder, server: None, engine: false, interrupted })
    }

    /// Where the engine is unpacked.
    pub(super) fn engine_folder(&self) -> PathBuf {
        self.folder.join("remote-engine")
    }

    fn server_log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// Starts the server on an empty data folder and a free port, and waits until it is ready.
    pub(super) fn start_server(&mut self, program: &Path) -> Result<Api> {
        let data = self.folder.join("data");
        let log = File::create(self.server_log()).context("create the log of the server")?;
        // Ends also when this process is killed, by the death signal; an interrupt by Ctrl-C stays with us.
        let server = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--"])
            .arg(program)
            .arg("serve")
            .arg("--data")
            .arg(&data)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("share the log of the server")?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        self.server = Some(server);
        let bootstrap = data.join("bootstrap.json");
        let mut api = None;
        self.wait(START_SECONDS, |stage| {
            if let Some(status) = stage.server.as_mut().and_then(|server| server.try_wait().ok().flatten()) {
                bail!("the server ended with {status} before it was ready");
            }
            // Unreadable may mean that the server is still writing it.
            api = Api::read(&bootstrap).ok().filter(Api::is_ready);
            Ok(api.is_some())
        })
        .context("wait for the server")?;
        api.context("wait for the server")
    }

    /// Runs a procedure and returns what it wrote to its standard output, which a failure shows.
    ///
    /// An interrupt ends it, also when that reached only us.
    pub(super) fn output(&mut self, procedure: &mut Command) -> Result<String> {
        self.engine = true;
        let path = self.folder.join("output");
        let file = File::create(&path).context("create the file for the output")?;
        let mut child = procedure.stdin(Stdio::null()).stdout(file).spawn().context("start bash")?;
        let mut end = None;
        let waited = self.wait(PROCEDURE_SECONDS, |_| {
            end = child.try_wait()?;
            Ok(end.is_some())
        });
        if waited.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let output = String::from_utf8_lossy(&fs::read(&path).context("read the output")?).into_owned();
        if waited.is_err() || !end.is_some_and(|status| status.success()) {
            eprint!("{output}");
            waited.context("wait for the procedure")?;
            bail!("the procedure failed; its reason stands above");
        }
        Ok(output)
    }

    /// Asks again and again until `done` says so; fails when the time is over or the user gave up.
    #[allow(clippy::disallowed_methods, reason = "another program's state can only be polled")]
    fn wait(&mut self, seconds: u64, mut done: impl FnMut(&mut Self) -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        while !done(self)? {
            ensure!(!self.interrupted.load(Ordering::Relaxed), "interrupted");
            ensure!(Instant::now() < deadline, "nothing happened within {seconds} s");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Shows the last lines of what the programs wrote, for a failure.
    pub(super) fn show_logs(&self) {
        let mut logs = vec![self.server_log()];
        let engine_logs = fs::read_dir(self.engine_folder().join("data/log")).into_iter().flatten().flatten();
        logs.extend(engine_logs.map(|entry| entry.path()));
        for log in logs {
            let text = String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()).into_owned();
            let lines: Vec<&str> = text.lines().collect();
            eprintln!("\n--- end of {}", log.strip_prefix(&self.folder).unwrap_or(&log).display());
            for line in &lines[lines.len().saturating_sub(30)..] {
                eprintln!("{line}");
            }
        }
    }

    /// Stops engine and server politely; fails when one of them does not end as it should.
    pub(super) fn stop(&mut self) -> Result<()> {
        let stop = self.engine_folder().join("bin/stop");
        if std::mem::take(&mut self.engine) && stop.is_file() {
            shell::run(Command::new(&stop).stdin(Stdio::null()).current_dir(&self.folder))
                .context("stop the engine")?;
        }
        let Some(server) = &mut self.server else {
            return Ok(());
        };
        if server.try_wait().context("look after the server")?.is_none() {
            signal("TERM", server.id())?;
        }
        let mut end = None;
        // Waited for also after an interrupt.
        let interrupted = std::mem::take(&mut self.interrupted);
        let waited = self.wait(STOP_SECONDS, |stage| {
            end = stage.server.as_mut().map(Child::try_wait).transpose()?.flatten();
            Ok(end.is_some())
        });
        self.interrupted = interrupted;
        waited.context("wait for the end of the server")?;
        self.server = None;
        ensure!(end.is_some_and(|status| status.success()), "the server did not end with 0 after SIGTERM");
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("warning: {error:#}; ending it by force");
        }
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
        // A killed engine leaves its jobs running, and an engine that does not stop is still there.
        for id in processes_of(&self.folder) {
            let _ = signal("KILL", id);
        }
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("warning: remove {}: {error}", self.folder.display());
        }
    }
}

/// Sends a signal to one process.
fn signal(name: &str, id: u32) -> Result<()> {
    shell::run(Command::new("sh").args(["-c", "kill -s \"$1\" \"$2\"", "kill", name]).arg(id.to_string()))
}

/// Ids of the processes that work in `folder` or name it in their command line.
fn processes_of(folder: &Path) -> Vec<u32> {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| *id != std::process::id() && belongs_to(*id, &folder)).collect()
}

fn belongs_to(id: u32, folder: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{id}"));
    let works_there = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
    works_there
        || fs::read(process.join("cmdline")).is_ok_and(|line| {
            line.split(|byte| *byte == 0).any(|argument| Path::new(OsStr::from_bytes(argument)).starts_with(folder))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn script(path: &Path, text: &str) -> Result<()> {
        fs::create_dir_all(path.parent().context("a folder")?)?;
        fs::write(path, format!("#!/bin/sh\n{text}\n"))?;
        Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
    }

    fn stage(name: &str) -> Result<Stage> {
        let folder = std::env::temp_dir().join(format!("stoker-stage-test-{name}-{}", std::process::id()));
        fs::create_dir(&folder)?;
        Ok(Stage { folder, server: None, engine: false, interrupted: Arc::default() })
    }

    #[test]
    fn a_server_that_ends_early_fails_the_start_and_nothing_stays() -> Result<()> {
        let mut stage = stage("early")?;
        let program = stage.folder.join("server");
        script(&program, "echo \"$@\"; exit 3")?;
        let error = stage.start_server(&program).err().context("the start fails")?;
        assert!(format!("{error:#}").contains("exit status: 3"), "{error:#}");
        let arguments = fs::read_to_string(stage.server_log())?;
        assert_eq!(arguments.trim(), format!("serve --data {}/data --listen 127.0.0.1:0", stage.folder.display()));
        let folder = stage.folder.clone();
        drop(stage);
        assert!(!folder.exists());
        Ok(())
    }

    #[test]
    fn a_procedure_gives_its_output_or_fails_with_its_status() -> Result<()> {
        let mut stage = stage("procedure")?;
        let mut shell = |text: &str| stage.output(Command::new("sh").args(["-c", text]));
        assert_eq!(shell("echo one; echo two >&2")?, "one\n");
        assert!(shell("echo one; exit 1").is_err());
        Ok(())
    }

    #[test]
    fn an_interrupt_ends_a_procedure_that_does_not_hear_it() -> Result<()> {
        let mut stage = stage("deaf")?;
        let folder = stage.folder.clone();
        stage.interrupted.store(true, Ordering::Relaxed);
        let deaf = "trap '' INT TERM; exec sleep 600";
        let error = stage.output(Command::new("sh").args(["-c", deaf]).current_dir(&folder)).expect_err("it is ended");
        assert_eq!(format!("{error:#}"), "wait for the procedure: interrupted");
        assert_eq!(processes_of(&folder), [0; 0]);
        Ok(())
    }

    #[test]
    fn an_interrupt_ends_the_wait_and_leaves_no_process() -> Result<()> {
        let mut stage = stage("interrupt")?;
        let program = stage.folder.join("server");
        // Ignores the polite signal of nobody: it just never gets ready. A job in a session of its own stays behind.
        script(&program, &format!("cd {}; setsid sleep 600 & exec sleep 600", stage.folder.display()))?;
        stage.interrupted.store(true, Ordering::Relaxed);
        let error = stage.start_server(&program).err().context("the start fails")?;
        assert_eq!(format!("{error:#}"), "wait for the server: interrupted");
        let folder = stage.folder.clone();
        drop(stage);
        assert_eq!(processes_of(&folder), [0; 0]);
        assert!(!folder.exists());
        Ok(())
    }
}
