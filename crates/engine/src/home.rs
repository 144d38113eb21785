//! The engine's folder on disk: where things lie, and that only one engine uses it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{EngineError, at};

/// Paths below `ENGINE_HOME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The home at `root`, made absolute because jobs run in other folders.
    ///
    /// # Errors
    /// [`EngineError::File`] when the current folder cannot be told.
    pub fn new(root: &Path) -> Result<Self, EngineError> {
        Ok(Self { root: std::path::absolute(root).map_err(at(root))? })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Configuration files.
    pub fn etc(&self) -> PathBuf {
        self.root.join("etc")
    }

    /// Keys and identity (source: doc).
    pub fn keystores(&self) -> PathBuf {
        self.root.join("etc/keystores")
    }

    /// Everything the engine writes while it runs.
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Unpacked artifacts, one folder for each SHA-256.
    pub fn artifacts(&self) -> PathBuf {
        self.root.join("data/artifacts")
    }

    /// Files that runs need beside their artifacts, each named by its SHA-256.
    pub fn resources(&self) -> PathBuf {
        self.root.join("data/resources")
    }

    /// One folder for each run and epoch.
    pub fn runs(&self) -> PathBuf {
        self.root.join("data/runs")
    }

    /// Folders of ended runs that wait to be removed.
    pub fn ended(&self) -> PathBuf {
        self.root.join("data/ended")
    }

    /// Logs (source: doc).
    pub fn log(&self) -> PathBuf {
        self.root.join("data/log")
    }

    /// The journal file.
    pub fn journal(&self) -> PathBuf {
        self.root.join("data/journal")
    }

    /// What `bin/status` shows.
    pub fn state_file(&self) -> PathBuf {
        self.root.join("data/state.json")
    }

    /// Process number and start time of the running engine.
    pub fn pid_file(&self) -> PathBuf {
        self.root.join("data/engine.pid")
    }

    /// Makes the folders that are missing; those with secrets for the engine's user only.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub fn create(&self) -> Result<(), EngineError> {
        let written = [self.data(), self.artifacts(), self.resources(), self.runs(), self.ended(), self.log()];
        for private in written.into_iter().chain([self.keystores()]) {
            DirBuilder::new().recursive(true).mode(0o700).create(&private).map_err(at(&private))?;
        }
        Ok(())
    }
}

/// The right to be the only engine of a home; lasts as long as the value, and ends with the process in any case.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

impl HomeLock {
    /// Takes the right and writes the pid file.
    ///
    /// # Errors
    /// [`EngineError::AlreadyRunning`] when another engine has it, [`EngineError::File`].
    pub fn take(home: &Home) -> Result<Self, EngineError> {
        let path = home.data().join("engine.lock");
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(EngineError::AlreadyRunning { home: home.root.clone() }),
            Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
        }
        let pid = i32::try_from(std::process::id()).unwrap_or_default();
        let text = format!("{pid} {}\n", start_time(pid).unwrap_or_default());
        replace(&home.pid_file(), text.as_bytes(), false).map_err(at(&home.pid_file()))?;
        Ok(Self { _file: file })
    }
}

/// The running engine of a home by its pid file: process number, if that process is still the same.
pub fn running_pid(home: &Home) -> Option<i32> {
    let text = fs::read_to_string(home.pid_file()).ok()?;
    let (pid, start) = text.trim().split_once(' ')?;
    let (pid, start) = (pid.parse().ok()?, start.parse::<u64>().ok()?);
    (start_time(pid) == Some(start)).then_some(pid)
}

/// Start time of a live process in clock ticks since boot; nothing for dead ones, also those not yet reaped.
fn start_time(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// The kernel's name of this boot; empty when it cannot be read, which equals no other boot but itself.
pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Puts a whole file (mode 0600) in place by rename; `durable` forces file and folder to disk.
pub(crate) fn replace(path: &Path, bytes: &[u8], durable: bool) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    if durable {
        file.sync_data()?;
    }
    fs::rename(&temporary, path)?;
    match path.parent().filter(|_| durable) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Removes a file or folder tree that may be missing.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_engine_has_a_home() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path()).unwrap();
        home.create().unwrap();
        assert_eq!(running_pid(&home), None);
        let lock = HomeLock::take(&home).unwrap();
        assert_eq!(running_pid(&home), i32::try_from(std::process::id()).ok());
        let refused = HomeLock::take(&home).unwrap_err().to_string();
        assert!(refused.contains("already") && refused.contains(&folder.path().display().to_string()), "{refused}");
        drop(lock);
        HomeLock::take(&home).unwrap();
    }

    #[test]
    fn a_pid_file_of_another_process_means_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path()).unwrap();
        home.create().unwrap();
        fs::write(home.pid_file(), format!("{} 1\n", std::process::id())).unwrap();
        assert_eq!(running_pid(&home), None);
    }
}
