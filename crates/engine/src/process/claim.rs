//! The claim on a run folder: at most one shim is ever started in it.
//!
//! The file of the records is taken under an advisory lock and is not empty afterwards. The shim inherits the lock and holds it
//! as long as it lives, so a claimed folder whose lock is free has no shim any more. An engine that adopts a folder
//! nobody claimed claims it itself: a late shim host then cannot start what was already given up.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::record::{CLAIM_LINE, RECORDS_FILE};

/// What an attempt to claim a run folder found.
#[derive(Debug)]
pub(super) enum Claim {
    /// It is ours now, for as long as the file stays open.
    Taken(File),
    /// It was claimed before, and its shim has ended (or was never forked).
    Over,
    /// It was claimed before, and its shim is starting or running.
    Held,
}

/// Claims a run folder, if nobody did before.
pub(super) fn take(run_dir: &Path) -> io::Result<Claim> {
    let path = run_dir.join(RECORDS_FILE);
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Claim::Held),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    if file.metadata()?.len() > 0 {
        return Ok(Claim::Over);
    }
    file.write_all(CLAIM_LINE)?;
    Ok(Claim::Taken(file))
}

/// Gives up a claim that came to nothing, so that the folder can be claimed again.
pub(super) fn release(file: &File) {
    // If even that fails the folder stays claimed, which is the safe side.
    let _ = file.set_len(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_is_claimed_once() {
        let folder = tempfile::tempdir().unwrap();
        let Claim::Taken(file) = take(folder.path()).unwrap() else { panic!("fresh folder not claimed") };
        assert!(matches!(take(folder.path()).unwrap(), Claim::Held));
        drop(file);
        assert!(matches!(take(folder.path()).unwrap(), Claim::Over));
    }

    #[test]
    fn released_folder_can_be_claimed_again() {
        let folder = tempfile::tempdir().unwrap();
        let Claim::Taken(file) = take(folder.path()).unwrap() else { panic!("fresh folder not claimed") };
        release(&file);
        drop(file);
        assert!(matches!(take(folder.path()).unwrap(), Claim::Taken(_)));
    }
}
