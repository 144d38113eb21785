//! The cache of unpacked artifacts, addressed by their SHA-256.
//!
//! `<sha256>/content/` holds the files, `<sha256>/manifest.json` what they are. A folder appears whole, by rename.

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
    cells: Mutex<HashMap<String, Cell>>,
}

impl Artifacts {
    /// The cache in `folder`, of which at most about `most` artifacts are kept; 0 keeps all.
    pub(crate) fn new(folder: PathBuf, most: usize) -> Self {
        Self { folder, most, cells: Mutex::default() }
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
            self.clean();
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
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut attempt = 1;
        loop {
            let zip = unfinished.join("artifact.zip");
            let folder = unfinished.clone();
            blocking(move || {
                home::remove(&folder)?;
                Ok(fs::create_dir_all(&folder)?)
            })
            .await?;
            let error = match download(engine, sha256, offer.artifact_size, &zip).await {
                Ok(()) => {
                    crash::point("engine.artifact-downloaded");
                    let (from, to) = (unfinished.clone(), self.folder.join(sha256));
                    return blocking(move || install(&from, &to)).await;
                }
                Err(error) => error,
            };
            if !error.may_pass() || attempt == ATTEMPTS {
                let folder = unfinished.clone();
                blocking(move || Ok(home::remove(&folder)?)).await?;
                return Err(error);
            }
            tracing::warn!(sha256, attempt, %error, "fetching the artifact failed, will try again");
            attempt += 1;
            tokio::time::sleep(backoff.pause(engine.random())).await;
        }
    }

    /// Throws away what an earlier engine did not finish.
    pub(crate) fn start_clean(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                home::remove(&entry.path())?;
            }
        }
        self.clean();
        Ok(())
    }

    /// Throws away the oldest artifacts above the limit that no run uses and this engine never used.
    fn clean(&self) {
        if self.most == 0 {
            return;
        }
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut all: Vec<_> = entries
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.file_name().into_string().ok()?)))
            .filter(|(_, name)| !name.starts_with('.'))
            .collect();
        if all.len() < self.most {
            return;
        }
        all.sort();
        let surplus = all.len() + 1 - self.most;
        let mut cells = self.cells();
        for (_, name) in all.into_iter().take(surplus) {
            let used = cells.get(&name).is_some_and(|cell| {
                Arc::strong_count(cell) > 1 || cell.get().is_some_and(|artifact| Arc::strong_count(artifact) > 1)
            });
            if used {
                continue;
            }
            cells.remove(&name);
            // Renamed first: a run must never find half of it.
            let (from, to) = (self.folder.join(&name), self.folder.join(format!("{UNFINISHED}old-{name}")));
            if let Err(error) = fs::rename(&from, &to).and_then(|()| home::remove(&to)) {
                tracing::warn!(path = %from.display(), %error, "cannot remove an old artifact from the cache");
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

/// The hash as the name of a folder, unless it is something else.
fn folder_name(sha256: &str) -> Option<String> {
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
    // Left over only if its manifest could not be read.
    home::remove(to)?;
    fs::rename(from, to)?;
    Ok(Artifact { manifest, content: to.join("content") })
}

/// Runs a blocking call outside the runtime's thread.
async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, ArtifactError> + Send + 'static,
) -> Result<T, ArtifactError> {
    tokio::task::spawn_blocking(call).await.unwrap_or_else(|error| Err(ArtifactError::Disk(error.to_string())))
}
