//! A real engine in an unpacked engine folder.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::process::{Process, kill_processes_of, processes_of};
use crate::{must, poll};

/// An engine as somebody has it who downloaded and unpacked it. Removed when dropped.
pub struct EngineFolder {
    folder: TempDir,
}

impl EngineFolder {
    /// Unpacks the archive that a server hands out at `/downloads/remote-engine.tar.gz`. Panics when it is broken.
    #[track_caller]
    #[must_use]
    pub fn unpack(tar_gz: &[u8]) -> Self {
        must(Self::try_unpack(tar_gz))
    }

    fn try_unpack(tar_gz: &[u8]) -> Result<Self> {
        let folder = tempfile::tempdir().context("create a folder for the engine")?;
        let mut tar = Command::new("tar")
            .args(["-xzf", "-", "-C"])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .spawn()
            .context("start tar")?;
        let written = tar.stdin.take().context("open the input of tar")?.write_all(tar_gz);
        let status = tar.wait().context("wait for tar")?;
        ensure!(status.success() && written.is_ok(), "unpack the engine archive: tar ended with {status}");
        let engine = Self { folder };
        ensure!(engine.path().join("bin/trun").is_file(), "the engine archive holds no remote-engine/bin/trun");
        Ok(engine)
    }

    /// The folder that holds `bin` and `etc`.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("remote-engine")
    }

    /// Writes the two files that pair the engine with a server when it starts, as the documented procedure does.
    #[track_caller]
    pub fn pair(&self, url: &str, pairing_key: &str) {
        let etc = self.path().join("etc");
        let key = format!("remote.engine.pre.authorized.key = {pairing_key}\n");
        let service = format!("pairing.service.url={url}\n");
        for (name, text) in [("preauthorized.key.cfg", key), ("org.talend.ipaas.rt.pairing.client.cfg", service)] {
            must(fs::write(etc.join(name), text).with_context(|| format!("write etc/{name}")));
        }
    }
}

/// A running engine. When dropped, it and everything that works in its folder is killed.
pub struct EngineProcess {
    folder: PathBuf,
    env: Vec<(OsString, OsString)>,
    output: PathBuf,
    process: Option<Process>,
    _output_folder: TempDir,
}

impl EngineProcess {
    /// Seconds that a polite stop may take.
    const STOP_SECONDS: u64 = 60;

    /// Starts `bin/trun` of an engine folder in the foreground. It is not waited for: ask the server about the pairing.
    #[track_caller]
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, Vec::new())
    }

    /// As [`start`](Self::start), with more environment variables for this and all later starts.
    #[track_caller]
    #[must_use]
    pub fn start_with(folder: &Path, env: Vec<(OsString, OsString)>) -> Self {
        must(Self::try_start(folder, env))
    }

    fn try_start(folder: &Path, env: Vec<(OsString, OsString)>) -> Result<Self> {
        let output_folder = tempfile::tempdir().context("create a folder for the engine's output")?;
        let output = output_folder.path().join("engine.log");
        let folder = fs::canonicalize(folder).with_context(|| format!("find the engine in {}", folder.display()))?;
        let process = Some(spawn(&folder, &env, &output)?);
        Ok(Self { folder, env, output, process, _output_folder: output_folder })
    }

    /// Process id; `None` while it is stopped.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Whether the engine still runs.
    #[track_caller]
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| must(process.ended()).is_none())
    }

    /// Ends the engine, and only it, in the middle of whatever it does; jobs go on.
    #[track_caller]
    pub fn kill9(&mut self) {
        if let Some(mut process) = self.process.take() {
            must(process.kill9());
        }
    }

    /// Sends a signal, for example to freeze the engine.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            must(process.signal(signal));
        }
    }

    /// Stops the engine politely and tells how it ended; `None` when it was stopped before.
    #[track_caller]
    pub fn stop(&mut self) -> Option<ExitStatus> {
        let mut process = self.process.take()?;
        Some(must(process.terminate(Self::STOP_SECONDS)))
    }

    /// Starts it again in the same folder, after a polite stop if it still runs.
    #[track_caller]
    pub fn restart(&mut self) {
        self.stop();
        self.process = Some(must(spawn(&self.folder, &self.env, &self.output)));
    }

    /// Replaces the additional environment variables of later starts.
    pub fn set_env(&mut self, env: Vec<(OsString, OsString)>) {
        self.env = env;
    }

    /// Waits until the engine has ended by itself and tells how; `None` when it still runs after `seconds`, or was
    /// stopped before.
    #[track_caller]
    #[must_use]
    pub fn wait_end(&mut self, seconds: u64) -> Option<ExitStatus> {
        let process = self.process.as_mut()?;
        let ended = must(poll(seconds, || process.ended()))?;
        self.process = None;
        Some(ended)
    }

    /// What all runs of this engine wrote to their output streams, then the files of its log folder.
    #[must_use]
    pub fn log(&self) -> String {
        let mut log = String::from_utf8_lossy(&fs::read(&self.output).unwrap_or_default()).into_owned();
        let files = fs::read_dir(self.folder.join("data/log")).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = files.map(|entry| entry.path()).collect();
        files.sort();
        for file in files {
            log.push_str(&String::from_utf8_lossy(&fs::read(file).unwrap_or_default()));
        }
        log
    }

    /// Ids of the processes that work in the engine's folder or name it in their command line: engine, shims, jobs.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        processes_of(&self.folder)
    }
}

impl Drop for EngineProcess {
    fn drop(&mut self) {
        drop(self.process.take());
        // Jobs outlive their engine on purpose.
        let _ = kill_processes_of(&self.folder);
    }
}

fn spawn(folder: &Path, env: &[(OsString, OsString)], output: &Path) -> Result<Process> {
    let prepare = |command: &mut Command| {
        command.current_dir(folder).envs(env.iter().map(|(name, value)| (name, value)));
    };
    Process::spawn(&folder.join("bin/trun"), prepare, output)
}
