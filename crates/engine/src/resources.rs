//! The cache of files that runs need beside their artifacts, addressed by their SHA-256.
//!
//! Each is one plain file, which appears whole, by rename. Runs get copies: what a job does to them harms no other run.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use stoker_jobzip::{JobZipError, Limits};
use stoker_wire::{Offer, Parameter, Resource};

use crate::artifacts::{ArtifactError, blocking, download_patiently, folder_name};
use crate::engine::Engine;
use crate::home;

/// Prefix of files that are not complete.
const UNFINISHED: &str = ".unfinished-";
/// Longest name of a file in a run's folder, in bytes; the file systems in use take 255.
const NAME_BYTES: usize = 120;
/// How often a file is fetched that another run pushed out of the cache before it could be opened.
const TURNS: usize = 3;

/// Why a resource is not there for a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ResourceError {
    /// The machine-readable kind.
    pub(crate) kind: &'static str,
    /// What happened and what to do.
    pub(crate) message: String,
}

impl ResourceError {
    fn of(name: &str, error: ArtifactError) -> Self {
        let (kind, message) = match error {
            ArtifactError::Unavailable(error) => (
                "resource_unavailable",
                format!(
                    "cannot fetch resource {name} from the server: {error}; check that the server can be reached, then \
                     run the task again"
                ),
            ),
            ArtifactError::Wrong(what) => (
                "resource_broken",
                format!("resource {name} is not the one that was uploaded ({what}); upload it again"),
            ),
            ArtifactError::Broken(what) => {
                ("resource_broken", format!("cannot unpack resource {name}: {what}; upload it again"))
            }
            ArtifactError::Disk(what) => (
                "engine_disk",
                format!("cannot store resource {name}: {what}; check that the disk of the engine is not full"),
            ),
        };
        Self { kind, message }
    }
}

/// A file that is in the cache, open: it can be read even when the cache drops it.
#[derive(Debug)]
pub(crate) struct Fetched {
    resource: Resource,
    file: File,
}

/// The cache.
#[derive(Debug)]
pub(crate) struct Resources {
    folder: PathBuf,
    most_bytes: u64,
    /// One lock for each file that is being fetched.
    busy: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Resources {
    /// The cache in `folder`, of which at most about `most_bytes` bytes are kept; 0 keeps all.
    pub(crate) fn new(folder: PathBuf, most_bytes: u64) -> Self {
        Self { folder, most_bytes, busy: Mutex::default() }
    }

    /// All files an offer names, from disk or server.
    pub(crate) async fn get(&self, engine: &Engine, offer: &Offer) -> Result<Vec<Fetched>, ResourceError> {
        let mut all = Vec::with_capacity(offer.resources.len());
        for resource in &offer.resources {
            let file = self.one(engine, resource).await;
            let file = file.map_err(|error| ResourceError::of(&resource.name, error))?;
            all.push(Fetched { resource: resource.clone(), file });
        }
        Ok(all)
    }

    async fn one(&self, engine: &Engine, resource: &Resource) -> Result<File, ArtifactError> {
        let Some(sha256) = folder_name(&resource.sha256) else {
            return Err(ArtifactError::Wrong("the SHA-256 of a resource is no such number".into()));
        };
        let lock = {
            let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            busy.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(busy.entry(sha256.clone()).or_default())
        };
        let _alone = lock.lock().await;
        for _ in 0..TURNS {
            let place = self.folder.join(&sha256);
            let now_ms = u64::try_from(engine.now_ms()).unwrap_or_default();
            let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now_ms);
            if let Some(file) = blocking(move || Ok(open(&place, now)?)).await? {
                return Ok(file);
            }
            self.fetch(engine, resource, &sha256).await?;
        }
        Err(ArtifactError::Disk("a file that was just fetched is not there".into()))
    }

    async fn fetch(&self, engine: &Engine, resource: &Resource, sha256: &str) -> Result<(), ArtifactError> {
        tracing::info!(resource = resource.name, sha256, "fetching a resource");
        let (cache, size) = (self.folder.clone(), u64::try_from(resource.size).unwrap_or_default());
        let most = self.most_bytes;
        blocking(move || {
            clean(&cache, most, size);
            Ok(())
        })
        .await?;
        let unfinished = self.folder.join(format!("{UNFINISHED}{sha256}"));
        let fetched = download_patiently(engine, sha256, resource.size, &unfinished).await;
        let to = self.folder.join(sha256);
        blocking(move || {
            if fetched.is_err() {
                home::remove(&unfinished)?;
            } else {
                fs::rename(&unfinished, &to)?;
            }
            fetched
        })
        .await
    }

    /// Throws away what an earlier engine did not finish.
    pub(crate) fn start_clean(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                home::remove(&entry.path())?;
            }
        }
        clean(&self.folder, self.most_bytes, 0);
        Ok(())
    }
}

/// Opens a file of the cache and marks it as used.
fn open(place: &Path, now: SystemTime) -> io::Result<Option<File>> {
    match File::open(place) {
        Ok(file) => {
            // The time tells only which file goes first.
            let _ = file.set_modified(now);
            Ok(Some(file))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Throws away the files that were not used for longest until so many more bytes fit below the limit.
fn clean(folder: &Path, most: u64, more: u64) {
    if most == 0 {
        return;
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut all: Vec<_> = entries
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .filter_map(|entry| {
            let about = entry.metadata().ok()?;
            Some((about.modified().ok()?, entry.path(), about.len()))
        })
        .collect();
    all.sort();
    let mut bytes = all.iter().fold(more, |sum, (_, _, size)| sum.saturating_add(*size));
    for (_, path, size) in all {
        if bytes <= most {
            return;
        }
        match home::remove(&path) {
            Ok(()) => bytes = bytes.saturating_sub(size),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "cannot remove an old resource from the cache")
            }
        }
    }
}

/// Puts the files of a run below `folder`, which must not exist, each into a folder of its own, and tells the variables
/// that get their paths. Blocking.
pub(crate) fn place(fetched: Vec<Fetched>, folder: &Path) -> Result<Vec<Parameter>, ResourceError> {
    let mut values = Vec::with_capacity(fetched.len());
    for (number, Fetched { resource, file }) in fetched.into_iter().enumerate() {
        let path = place_one(&resource, file, folder, &folder.join(number.to_string()));
        let path = path.and_then(|path| {
            let text = path.into_os_string().into_string();
            text.map_err(|_| ArtifactError::Disk("the path of the engine's folder is not valid UTF-8".into()))
        });
        let value = path.map_err(|error| ResourceError::of(&resource.name, error))?;
        values.push(Parameter { name: resource.variable, value });
    }
    Ok(values)
}

fn place_one(resource: &Resource, mut file: File, folder: &Path, own: &Path) -> Result<PathBuf, ArtifactError> {
    let mut private = DirBuilder::new();
    private.mode(0o700).recursive(true).create(folder)?;
    private.recursive(false).create(own)?;
    if resource.folder {
        return match stoker_jobzip::unpack_folder(file, own, &Limits::default()) {
            Ok(()) => Ok(own.to_owned()),
            Err(error @ JobZipError::Io { .. }) => Err(ArtifactError::Disk(error.to_string())),
            Err(error) => Err(ArtifactError::Broken(error.to_string())),
        };
    }
    let path = own.join(plain_name(&resource.name));
    let mut copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    io::copy(&mut file, &mut copy)?;
    Ok(path)
}

/// The name with `_` for everything that could lead elsewhere or disturb a job.
fn plain_name(name: &str) -> String {
    let keeps = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    let mut plain = String::new();
    for c in name.trim().chars().map(|c| if keeps(c) { c } else { '_' }) {
        if plain.len() + c.len_utf8() > NAME_BYTES {
            break;
        }
        plain.push(c);
    }
    if plain.trim_matches('.').is_empty() { "file".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        assert_eq!(plain_name("orders 2026.csv"), "orders 2026.csv");
        assert_eq!(plain_name("../../etc/passwd"), ".._.._etc_passwd");
        for nothing in ["", " ", ".", "..", "..."] {
            assert_eq!(plain_name(nothing), "file", "{nothing:?}");
        }
        assert!(plain_name(&"ä".repeat(300)).len() <= NAME_BYTES);
    }

    #[test]
    fn the_files_not_used_for_longest_go_first() {
        let folder = tempfile::tempdir().unwrap();
        for (number, name) in ["a", "b", "c", ".unfinished-x"].into_iter().enumerate() {
            let path = folder.path().join(name);
            fs::write(&path, [0; 10]).unwrap();
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + number as u64);
            File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
        }
        let left = || {
            let mut names: Vec<String> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        clean(folder.path(), 0, 1_000);
        clean(folder.path(), 30, 0);
        assert_eq!(left(), [".unfinished-x", "a", "b", "c"]);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000);
        open(&folder.path().join("a"), now).unwrap().unwrap();
        clean(folder.path(), 30, 10);
        assert_eq!(left(), [".unfinished-x", "a", "c"], "a was just used");
        let mut open = open(&folder.path().join("c"), now).unwrap().unwrap();
        clean(folder.path(), 1, 0);
        assert_eq!(left(), [".unfinished-x"]);
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut open, &mut bytes).unwrap();
        assert_eq!(bytes.len(), 10, "what is open can still be read");
    }
}
