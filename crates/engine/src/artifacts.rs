//! The cache of unpacked artifacts, addressed by their SHA-256.
//!
//! `<sha256>/content/` holds the files, `<sha256>/manifest.json` what they are, `<sha256>/bytes` how large they are. A folder appears whole, by rename.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::digest::{Context, SHA256};
use stoker_domain::crash;
use stoker_jobzip::{Limits, Manifest};
use stoker_wire::Offer;
use tokio::sync::OnceCell;

use crate::backoff::Backoff;
use crate::engine::Engine;
use crate::home;
use crate::link::{LinkError, SILENCE};

/// How often an artifact is asked for before its run fails (source: doc, deployment attempts).
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// Prefix of folders that are not complete.
const UNFINISHED: &str = ".unfinished-";

/// File beside the content of an artifact that holds its bytes as a number.
const SIZE_FILE: &str = "bytes";

/// An artifact ready for runs.
#[derive(Debug)]
pub(crate) struct Artifact {
    pub(crate) manifest: Manifest,
    /// The unpacked files; shared by runs, never written.
    pub(crate) content: PathBuf,
}

/// Why there is no artifact.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ArtifactError {
    #[error(
        "cannot fetch the artifact from the server: {0}; check that the server can be reached, then run the task again"
    )]
    Unavailable(LinkError),
    #[error("the artifact that came from the server is not the one that was published ({0}); publish a new version")]
    Wrong(String),
    #[error("cannot unpack the artifact: {0}")]
    Broken(String),
    #[error("cannot store the artifact in the engine's cache: {0}; check that the disk of the engine is not full")]
    Disk(String),
}

impl ArtifactError {
    /// Whether another attempt may succeed: not when the server understood the request and says no.
    fn may_pass(&self) -> bool {
        match self {
            Self::Unavailable(LinkError::Refused { status, code, .. }) => {
                *status >= 500 || code == stoker_wire::REFUSED_SESSION
            }
            Self::Unavailable(_) => true,
            Self::Wrong(_) | Self::Broken(_) | Self::Disk(_) => false,
        }
    }

    /// The machine-readable kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "artifact_unavailable",
            Self::Wrong(_) | Self::Broken(_) => "artifact_broken",
            Self::Disk(_) => "engine_disk",
        }
    }
}

impl From<io::Error> for ArtifactError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error.to_string())
    }
}

type Cell = Arc<OnceCell<Arc<Artifact>>>;

/// The cache.
#[derive(Debug)]
pub(crate) struct Artifacts {
    folder: PathBuf,
    most: usize,
    most_bytes: u64,
    cells: Mutex<HashMap<String, Cell>>,
}

impl Artifacts {
    /// The cache in `folder`, of which at most about `most` artifacts and `most_bytes` bytes are kept; 0 keeps all.
    pub(crate) fn new(folder: PathBuf, most: usize, most_bytes: u64) -> Self {
        Self { folder, most, most_bytes, cells: Mutex::default() }
    }

    fn cells(&self) -> MutexGuard<'_, HashMap<String, Cell>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The artifact of an offer, from memory, disk or server. Runs that want the same one share the work.
    pub(crate) async fn get(&self, engine: &Engine, offer: &Offer) -> Result<Arc<Artifact>, ArtifactError> {
        let Some(sha256) = folder_name(&offer.artifact_sha256) else {
            return Err(ArtifactError::Wrong("its SHA-256 is no such number".into()));
        };
        let cell = Arc::clone(self.cells().entry(sha256.clone()).or_default());
        let found = cell.get_or_try_init(|| async {
            let place = self.folder.join(&sha256);
            if let Some(artifact) = blocking(move || load(&place)).await? {
                return Ok(Arc::new(artifact));
            }
            self.clean(1, u64::try_from(offer.artifact_size).unwrap_or_default());
            self.fetch(engine, offer, &sha256).await.map(Arc::new)
        });
        found.await.map(Arc::clone)
    }

    async fn fetch(&self, engine: &Engine, offer: &Offer, sha256: &str) -> Result<Artifact, ArtifactError> {
        tracing::info!(
            artifact = offer.artifact_name,
            version = offer.artifact_version,
            sha256,
            "fetching the artifact"
        );
        let unfinished = self.folder.join(format!("{UNFINISHED}{sha256}"));
        let zip = unfinished.join("artifact.zip");
        let folder = unfinished.clone();
        blocking(move || {
            home::remove(&folder)?;
            Ok(fs::create_dir_all(&folder)?)
        })
        .await?;
        let fetched = download_patiently(engine, sha256, offer.artifact_size, &zip).await;
        if let Err(error) = fetched {
            let folder = unfinished.clone();
            blocking(move || Ok(home::remove(&folder)?)).await?;
            return Err(error);
        }
        crash::point("engine.artifact-downloaded");
        let (from, to) = (unfinished.clone(), self.folder.join(sha256));
        blocking(move || install(&from, &to)).await
    }

    /// Throws away what an earlier engine did not finish.
    pub(crate) fn start_clean(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                home::remove(&entry.path())?;
            }
        }
        self.clean(0, 0);
        Ok(())
    }

    /// Throws away the oldest artifacts that no run uses until so many more artifacts and bytes fit below the limits.
    fn clean(&self, more: usize, more_bytes: u64) {
        if self.most == 0 && self.most_bytes == 0 {
            return;
        }
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut all: Vec<_> = entries
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.file_name().into_string().ok()?)))
            .filter(|(_, name)| !name.starts_with('.'))
            .map(|(modified, name)| (modified, size_of(&self.folder.join(&name)), name))
            .collect();
        all.sort();
        let mut count = all.len() + more;
        let mut bytes = all.iter().fold(more_bytes, |sum, (_, size, _)| sum.saturating_add(*size));
        let fits = |count: usize, bytes: u64| {
            (self.most == 0 || count <= self.most) && (self.most_bytes == 0 || bytes <= self.most_bytes)
        };
        for (_, size, name) in all {
            if fits(count, bytes) {
                return;
            }
            if self.throw_away(&name) {
                count -= 1;
                bytes = bytes.saturating_sub(size);
            }
        }
    }

    /// Removes an artifact unless a run uses it; whether it is gone.
    fn throw_away(&self, name: &str) -> bool {
        let mut cells = self.cells();
        let used = cells.get(name).is_some_and(|cell| {
            Arc::strong_count(cell) > 1 || cell.get().is_some_and(|artifact| Arc::strong_count(artifact) > 1)
        });
        if used {
            return false;
        }
        cells.remove(name);
        // Renamed first: a run must never find half of it.
        let (from, to) = (self.folder.join(name), self.folder.join(format!("{UNFINISHED}old-{name}")));
        match fs::rename(&from, &to).and_then(|()| home::remove(&to)) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(path = %from.display(), %error, "cannot remove an old artifact from the cache");
                false
            }
        }
    }

    /// Makes sure that the artifact of an adopted run is not thrown away before it ends.
    pub(crate) fn keep(&self, sha256: &str) -> Option<Arc<Artifact>> {
        let sha256 = folder_name(sha256)?;
        let cell = Arc::clone(self.cells().entry(sha256.clone()).or_default());
        if cell.get().is_none()
            && let Ok(Some(artifact)) = load(&self.folder.join(sha256))
        {
            // Somebody else may have been quicker, with the same content.
            let _ = cell.set(Arc::new(artifact));
        }
        cell.get().cloned()
    }
}

/// Fetches the bytes with this hash and size into a file, in several attempts with pauses between them while another
/// one may succeed.
pub(crate) async fn download_patiently(
    engine: &Engine,
    sha256: &str,
    size: i64,
    to: &Path,
) -> Result<(), ArtifactError> {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    let mut attempt = 1;
    loop {
        let Err(error) = download(engine, sha256, size, to).await else { return Ok(()) };
        if !error.may_pass() || attempt == ATTEMPTS {
            return Err(error);
        }
        tracing::warn!(sha256, attempt, %error, "fetching a file failed, will try again");
        attempt += 1;
        tokio::time::sleep(backoff.pause(engine.random())).await;
    }
}

/// The hash as the name of a folder, unless it is something else.
pub(crate) fn folder_name(sha256: &str) -> Option<String> {
    let fits = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| sha256.to_ascii_lowercase())
}

fn load(place: &Path) -> Result<Option<Artifact>, ArtifactError> {
    let manifest = match fs::read(place.join("manifest.json")) {
        Ok(bytes) => serde_json::from_slice(&bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match manifest {
        Ok(manifest) => Ok(Some(Artifact { manifest, content: place.join("content") })),
        // Written by another version of the engine: fetch it again.
        Err(_) => Ok(None),
    }
}

async fn download(engine: &Engine, sha256: &str, size: i64, to: &Path) -> Result<(), ArtifactError> {
    let unavailable = |error: LinkError| ArtifactError::Unavailable(error);
    let mut sessions = engine.sessions();
    let session = sessions.wait_for(Option::is_some).await.ok().and_then(|session| session.clone());
    let Some(session) = session else {
        return Err(unavailable(LinkError::Transport("the engine is shutting down".into())));
    };
    let mut answer = engine.link().artifact(sha256, &session.id).await.map_err(unavailable)?;
    let mut file = File::create(to)?;
    let (mut digest, mut length) = (Context::new(&SHA256), 0u64);
    let expected = u64::try_from(size).unwrap_or_default();
    loop {
        let part = tokio::time::timeout(SILENCE, answer.chunk()).await;
        let part = part.map_err(|_| unavailable(LinkError::Transport("the transfer stands still".into())))?;
        let Some(part) = part.map_err(|error| unavailable(error.into()))? else { break };
        length += part.len() as u64;
        if length > expected {
            return Err(ArtifactError::Wrong(format!("more than its {expected} bytes")));
        }
        digest.update(&part);
        // Writes into the page cache; short enough for this thread.
        file.write_all(&part)?;
    }
    if length < expected {
        return Err(unavailable(LinkError::Transport(format!(
            "the transfer ended after {length} of {expected} bytes"
        ))));
    }
    let found: String = digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    if found != sha256 {
        return Err(ArtifactError::Wrong(format!("its SHA-256 is {found}")));
    }
    Ok(())
}

/// Bytes of an artifact in the cache: noted beside it, or counted and noted for the next time.
fn size_of(place: &Path) -> u64 {
    let note = place.join(SIZE_FILE);
    if let Some(size) = fs::read_to_string(&note).ok().and_then(|text| text.trim().parse().ok()) {
        return size;
    }
    let size = counted(&place.join("content"));
    // Counted again when it cannot be noted.
    let _ = fs::write(note, size.to_string());
    size
}

/// Bytes of all files below a folder; links are not followed.
fn counted(folder: &Path) -> u64 {
    let (mut size, mut folders) = (0u64, vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => folders.push(entry.path()),
                Ok(about) => size = size.saturating_add(about.len()),
                Err(_) => {}
            }
        }
    }
    size
}

/// Unpacks `from/artifact.zip` and puts the result at `to`.
fn install(from: &Path, to: &Path) -> Result<Artifact, ArtifactError> {
    let broken = |error: stoker_jobzip::JobZipError| match error {
        stoker_jobzip::JobZipError::Io { .. } => ArtifactError::Disk(error.to_string()),
        other => ArtifactError::Broken(other.to_string()),
    };
    let limits = Limits::default();
    let zip = from.join("artifact.zip");
    let manifest = stoker_jobzip::describe(File::open(&zip)?, &limits).map_err(broken)?;
    let content = from.join("content");
    fs::create_dir(&content)?;
    stoker_jobzip::unpack(File::open(&zip)?, &content, &limits).map_err(broken)?;
    fs::remove_file(&zip)?;
    let text = serde_json::to_vec(&manifest).map_err(io::Error::from)?;
    fs::write(from.join("manifest.json"), text)?;
    fs::write(from.join(SIZE_FILE), counted(&content).to_string())?;
    // Left over only if its manifest could not be read.
    home::remove(to)?;
    fs::rename(from, to)?;
    Ok(Artifact { manifest, content: to.join("content") })
}

/// Runs a blocking call outside the runtime's thread.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, ArtifactError> + Send + 'static,
) -> Result<T, ArtifactError> {
    tokio::task::spawn_blocking(call).await.unwrap_or_else(|error| Err(ArtifactError::Disk(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    /// A cache with artifacts of these sizes, oldest first, named by their place in the row.
    fn cache(most: usize, most_bytes: u64, sizes: &[usize]) -> (tempfile::TempDir, Artifacts) {
        let folder = tempfile::tempdir().unwrap();
        for (number, size) in sizes.iter().enumerate() {
            let place = folder.path().join(format!("{number:064x}"));
            fs::create_dir_all(place.join("content/deep")).unwrap();
            fs::write(place.join("content/deep/file"), vec![0; *size]).unwrap();
            let manifest = r#"{"kind":"script","job":"j","artifact_type":"STANDARD","add_opens":false,"contexts":{},
                "parameters":[],"info":{},"launch":{"working_dir":"","class_path":[],"jvm_args":[],"context_files":[],
                "package":""}}"#;
            fs::write(place.join("manifest.json"), manifest).unwrap();
            // Counted before, because noting it changes the time of the folder.
            size_of(&place);
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + number as u64);
            File::open(&place).unwrap().set_modified(at).unwrap();
        }
        let artifacts = Artifacts::new(folder.path().to_owned(), most, most_bytes);
        (folder, artifacts)
    }

    fn left(folder: &tempfile::TempDir) -> Vec<u64> {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<u64> = names.map(|name| u64::from_str_radix(&name.to_string_lossy(), 16).unwrap()).collect();
        left.sort_unstable();
        left
    }

    #[test]
    fn the_oldest_go_until_the_new_one_fits_by_count_and_bytes() {
        for (most, most_bytes, more_bytes, expected) in [
            (0, 0, u64::MAX, vec![0, 1, 2, 3]),
            (4, 0, 0, vec![1, 2, 3]),
            (5, 1_000, 0, vec![0, 1, 2, 3]),
            (0, 1_000, 0, vec![0, 1, 2, 3]),
            (0, 1_000, 1, vec![1, 2, 3]),
            (0, 1_000, 400, vec![2, 3]),
            (2, 1_000, 0, vec![3]),
            (0, 1_000, 5_000, vec![]),
        ] {
            let (folder, artifacts) = cache(most, most_bytes, &[100, 300, 200, 400]);
            artifacts.clean(1, more_bytes);
            assert_eq!(left(&folder), expected, "most {most}, {most_bytes} bytes, {more_bytes} more");
        }
    }

    #[test]
    fn what_a_run_uses_stays_whatever_its_size() {
        let (folder, artifacts) = cache(0, 500, &[400, 300, 200]);
        let used = artifacts.keep(&format!("{:064x}", 0)).expect("the oldest");
        artifacts.clean(1, 50);
        assert_eq!(left(&folder), [0]);
        drop(used);
        artifacts.clean(1, 200);
        assert_eq!(left(&folder), [0; 0]);
    }

    #[test]
    fn sizes_are_noted_and_counted_where_they_are_not() {
        let (folder, _) = cache(0, 0, &[123]);
        let place = folder.path().join(format!("{:064x}", 0));
        assert_eq!(fs::read_to_string(place.join(SIZE_FILE)).unwrap(), "123");
        fs::write(place.join(SIZE_FILE), "no number").unwrap();
        assert_eq!(size_of(&place), 123);
        fs::write(place.join(SIZE_FILE), "77").unwrap();
        assert_eq!(size_of(&place), 77);
    }
}
