//! Several processes on one folder: who is writing a file, and who is between writing one and naming it in a row.
//!
//! Both are file locks, which end with the process that holds them however it dies, also on a shared file system.

use super::{BlobError, Blobs, io};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use stoker_domain::Random;
use tokio::sync::OwnedMutexGuard;

/// Names tried for a new file before giving up.
const ATTEMPTS: usize = 8;

/// While it lives, nobody else, in this process or another, keeps or removes blobs of the folder.
#[derive(Debug)]
pub struct Hold {
    _file: File,
    _gate: OwnedMutexGuard<()>,
}

impl Blobs {
    /// Waits until nobody else keeps or removes blobs, and holds them off.
    ///
    /// # Errors
    /// [`BlobError::Io`] when the folder cannot be locked.
    pub async fn hold(&self) -> Result<Hold, BlobError> {
        let gate = self.gate.clone().lock_owned().await;
        let path = self.root.join("gate");
        let opened = self.gate_file()?;
        let locking = tokio::task::spawn_blocking(move || opened.lock().map(|()| opened));
        let locked = locking.await.map_err(|error| io("lock", &path)(std::io::Error::other(error)))?;
        Ok(Hold { _file: locked.map_err(io("lock", &path))?, _gate: gate })
    }

    /// Holds others off when nobody does so already; `None` otherwise.
    ///
    /// # Errors
    /// [`BlobError::Io`] when the folder cannot be locked.
    pub async fn try_hold(&self) -> Result<Option<Hold>, BlobError> {
        let Ok(gate) = self.gate.clone().try_lock_owned() else { return Ok(None) };
        let file = self.gate_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Hold { _file: file, _gate: gate })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(io("lock", &self.root.join("gate"))(error)),
        }
    }

    fn gate_file(&self) -> Result<File, BlobError> {
        let path = self.root.join("gate");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        file.map_err(io("open", &path))
    }
}

/// Removes a file that nobody is writing any more.
pub(super) fn remove_abandoned(path: &Path) -> Result<(), BlobError> {
    let removed = match File::open(path) {
        // Locked by the process that writes it.
        Ok(file) if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) => Ok(()),
        Ok(_locked) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// A new file of this process alone: it stays locked as long as it is open.
pub(super) async fn own_file(folder: &Path, random: &dyn Random) -> Result<(PathBuf, tokio::fs::File), BlobError> {
    let mut last = folder.to_owned();
    for _ in 0..ATTEMPTS {
        let mut name = [0u8; 16];
        random.fill(&mut name);
        let path = folder.join(format!("{:032x}", u128::from_be_bytes(name)));
        let file = tokio::fs::File::create_new(&path).await.map_err(io("create", &path))?.into_std().await;
        // Another process that starts just now may have taken it for abandoned.
        if file.try_lock().is_ok() && path.exists() {
            return Ok((path, tokio::fs::File::from_std(file)));
        }
        last = path;
    }
    Err(io("lock", &last)(std::io::Error::other("other processes removed each new file at once")))
}
