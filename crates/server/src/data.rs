//! The data folder: lock, data key, bootstrap file.

use anyhow::{Context, Result, bail};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use stoker_domain::Random;
use stoker_secrets::keyring::KeyRing;
use stoker_service::bootstrap::Bootstrap;

/// Makes the folder and locks it, so that two servers never share an embedded database; with `shared`, because the database
/// is elsewhere, any number of servers may use it. The lock ends with the process.
pub(crate) fn lock(folder: &Path, shared: bool) -> Result<File> {
    // Only the owner looks inside: the folder holds the data key and everything encrypted with it.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("cannot keep others out of {}: does it belong to this user?", folder.display()))?;
    let path = folder.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
    if if shared { file.try_lock_shared() } else { file.try_lock() }.is_err() {
        bail!(
            "another server uses {}: stop it first, or choose another --data folder; servers share a folder only when \
             all of them have the same --database-url",
            folder.display()
        );
    }
    Ok(file)
}

/// Waits until no other server of the folder is starting: the first makes the data key and the first objects, the others
/// find them. Drop the file when that is done.
pub(crate) fn starting(folder: &Path) -> Result<File> {
    let path = folder.join("starting");
    let context = || format!("cannot lock {}", path.display());
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).with_context(context)?;
    file.lock().with_context(context)?;
    Ok(file)
}

/// The file with the data keys.
pub(crate) fn key_path(folder: &Path) -> PathBuf {
    folder.join("data.key")
}

/// Reads the data keys; makes one when `fresh`. A missing key beside an existing database is refused: everything
/// encrypted would be lost silently.
pub(crate) fn key_ring(folder: &Path, fresh: bool, random: &dyn Random) -> Result<KeyRing> {
    let path = key_path(folder);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if !fresh {
                bail!(
                    "the data key {} is missing: restore it from a backup; without it stored secrets are lost",
                    path.display()
                );
            }
            let text = KeyRing::generate(random);
            write_private(&path, text.as_bytes())?;
            text
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    KeyRing::from_text(&text).with_context(|| path.display().to_string())
}

/// Refuses when stored secrets need data keys that the file lacks.
pub(crate) fn check_keys(folder: &Path, missing: &[String]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "{} lacks the data key {} that stored secrets need: put back the file that was there before, from a backup or \
         from another server of this installation",
        key_path(folder).display(),
        missing.join(" and ")
    )
}

/// Looks at the key file again whenever it has changed.
pub(crate) struct KeyWatch {
    path: PathBuf,
    seen: Option<(SystemTime, u64, u64)>,
}

impl KeyWatch {
    /// Watches the file of this folder, whose present content is known.
    pub(crate) fn new(folder: &Path) -> Self {
        let path = key_path(folder);
        let seen = stamp(&path);
        Self { path, seen }
    }

    /// The text of the file when it is another than before.
    pub(crate) fn changed(&mut self) -> Option<std::io::Result<String>> {
        let now = stamp(&self.path);
        if now == self.seen {
            return None;
        }
        self.seen = now;
        Some(std::fs::read_to_string(&self.path))
    }
}

/// What tells two states of a file apart: it is replaced by rename, so its number changes too.
pub(crate) fn stamp(path: &Path) -> Option<(SystemTime, u64, u64)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len(), found.ino()))
}

/// Writes `bootstrap.json`, readable by the owner only.
pub(crate) fn write_bootstrap(folder: &Path, made: &Bootstrap) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(made)?;
    text.push(b'\n');
    write_private(&folder.join("bootstrap.json"), &text)
}

/// Writes a file of mode 0600 whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    let context = || format!("cannot write {}", path.display());
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .with_context(context)?;
    file.write_all(bytes).with_context(context)?;
    file.sync_all().with_context(context)?;
    std::fs::rename(&temporary, path).with_context(context)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all().with_context(context)?;
    }
    Ok(())
}
