//! Removes the folders of ended runs when that disturbs nobody: removing a folder costs as much as making it, and some
//! file systems make new files slower for seconds after many were removed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::home;

/// How long no run may have ended before the folders go.
const QUIET: Duration = Duration::from_secs(10);
/// How long a folder waits at most.
const LONGEST: Duration = Duration::from_secs(60);
/// How many folders may wait.
const MANY: usize = 10_000;
/// Largest output of a job, in bytes, whose folder may wait.
const SMALL_OUTPUT: u64 = 256 << 10;
/// Bytes that must be free on the disk for folders to wait.
const FREE_BYTES: u64 = 1 << 30;
/// Inodes that must be free on it; file systems that count none have enough.
const FREE_FILES: u64 = 100_000;

/// Handle on the thread that removes folders. The thread ends with the last handle and leaves what waits to the next
/// start of the engine.
#[derive(Clone, Debug)]
pub(crate) struct Janitor {
    ended: PathBuf,
    folders: Sender<PathBuf>,
}

impl Janitor {
    /// Removes what an earlier engine left in `ended`, and starts the thread.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn start(ended: PathBuf) -> io::Result<Self> {
        for entry in std::fs::read_dir(&ended)? {
            home::remove(&entry?.path())?;
        }
        let (folders, received) = channel();
        let disk = ended.clone();
        std::thread::Builder::new().name("janitor".into()).spawn(move || work(&disk, &received))?;
        Ok(Self { ended, folders })
    }

    /// Takes the folder of an ended run away: at once from its place, from the disk at once too when it is large, and
    /// otherwise later. Blocking.
    ///
    /// # Errors
    /// What the file system says; the folder then stays.
    pub(crate) fn take(&self, folder: &Path) -> io::Result<()> {
        let (Some(name), true) = (folder.file_name(), may_wait(folder)) else { return home::remove(folder) };
        let aside = self.ended.join(name);
        match std::fs::rename(folder, &aside) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(_) => return home::remove(folder),
        }
        match self.folders.send(aside) {
            Ok(()) => Ok(()),
            Err(unsent) => home::remove(&unsent.0),
        }
    }
}

/// Whether the folder takes little room: no temporary files, little output.
fn may_wait(folder: &Path) -> bool {
    let small = |name: &str| std::fs::metadata(folder.join(name)).map_or(true, |file| file.len() <= SMALL_OUTPUT);
    let unused = std::fs::read_dir(folder.join("tmp")).is_ok_and(|mut files| files.next().is_none());
    unused && small("stdout") && small("stderr")
}

fn work(disk: &Path, received: &Receiver<PathBuf>) {
    while let Ok(first) = received.recv() {
        let mut waiting = vec![first];
        let due = Instant::now() + LONGEST;
        while waiting.len() < MANY && !is_scarce(disk) {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match received.recv_timeout(QUIET.min(left)) {
                Ok(folder) => waiting.push(folder),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        for folder in waiting {
            if let Err(error) = home::remove(&folder) {
                tracing::warn!(path = %folder.display(), %error, "cannot remove the folder of an ended run");
            }
        }
    }
}

/// Whether space or inodes run short; also when nobody can tell.
fn is_scarce(disk: &Path) -> bool {
    let Ok(found) = nix::sys::statvfs::statvfs(disk) else { return true };
    let bytes = found.blocks_available().saturating_mul(found.fragment_size());
    bytes < FREE_BYTES || (found.files() > 0 && found.files_available() < FREE_FILES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn place() -> (tempfile::TempDir, PathBuf, Janitor) {
        let place = tempfile::tempdir().unwrap();
        let ended = place.path().join("ended");
        fs::create_dir_all(ended.join("left.1/work")).unwrap();
        let janitor = Janitor::start(ended.clone()).unwrap();
        (place, ended, janitor)
    }

    #[test]
    fn what_an_earlier_engine_left_goes_at_the_start() {
        let (_place, ended, _janitor) = place();
        assert_eq!(fs::read_dir(ended).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_leaves_its_place_at_once_and_a_large_one_the_disk_too() {
        let (place, ended, janitor) = place();
        let make = |name: &str| {
            let folder = place.path().join(name);
            fs::create_dir_all(folder.join("tmp")).unwrap();
            folder
        };
        let (small, loud, busy) = (make("small.1"), make("loud.1"), make("busy.1"));
        fs::write(loud.join("stdout"), vec![b'x'; 300 << 10]).unwrap();
        fs::write(busy.join("tmp/file"), "x").unwrap();
        for folder in [&small, &loud, &busy] {
            janitor.take(folder).unwrap();
            assert!(!folder.exists());
        }
        assert!(!ended.join("loud.1").exists() && !ended.join("busy.1").exists());
        janitor.take(&small).unwrap();
    }
}
