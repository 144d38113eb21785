//! Bytes that are too large for a row: artifacts, addressed by their SHA-256, in a folder.
//!
//! A blob appears whole or not at all: it is written to a temporary file, flushed to disk, and renamed. Knows nothing of
//! what is in it. Several processes may share the folder: what one is writing or about to name, no other removes.

mod gate;

pub use gate::Hold;

use ring::digest::{Context, SHA256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stoker_domain::Random;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

/// What went wrong with a blob.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The file system refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// More bytes came than allowed.
    #[error("more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> BlobError {
    let path = path.to_owned();
    move |source| BlobError::Io { action, path, source }
}

/// The folder with all blobs.
#[derive(Clone, Debug)]
pub struct Blobs {
    root: PathBuf,
    gate: Arc<tokio::sync::Mutex<()>>,
}

/// A finished blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256 of its bytes, 64 hexadecimal characters.
    pub sha256: String,
    /// How many bytes.
    pub size: u64,
}

/// Makes the name of a blob from its bytes.
pub struct Hash(Context);

impl Default for Hash {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Hash {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// SHA-256 of all bytes, 64 hexadecimal characters.
    pub fn finish(self) -> String {
        self.0.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// A blob that is being written. Dropping it leaves nothing behind.
pub struct Upload {
    blobs: Blobs,
    path: PathBuf,
    file: File,
    hash: Context,
    size: u64,
    limit: u64,
    done: bool,
}

impl Blobs {
    /// Opens the folder and removes what uploads of processes that are gone left unfinished.
    pub fn open(root: &Path) -> Result<Self, BlobError> {
        let incoming = root.join("incoming");
        std::fs::create_dir_all(&incoming).map_err(io("create", &incoming))?;
        for entry in std::fs::read_dir(&incoming).map_err(io("list", &incoming))?.flatten() {
            gate::remove_abandoned(&entry.path())?;
        }
        Ok(Self { root: root.to_owned(), gate: Arc::default() })
    }

    /// The folder as it is, beside a server that may be uploading into it.
    pub fn beside(root: &Path) -> Self {
        Self { root: root.to_owned(), gate: Arc::default() }
    }

    /// Where the blob lies, whether or not it exists. `sha256` must be 64 hexadecimal characters.
    pub fn path(&self, sha256: &str) -> PathBuf {
        let prefix = sha256.get(..2).unwrap_or("xx");
        self.root.join(prefix).join(sha256)
    }

    /// Starts writing a blob of at most `limit` bytes.
    pub async fn begin(&self, limit: u64, random: &dyn Random) -> Result<Upload, BlobError> {
        let (path, file) = gate::own_file(&self.root.join("incoming"), random).await?;
        Ok(Upload { blobs: self.clone(), path, file, hash: Context::new(&SHA256), size: 0, limit, done: false })
    }

    /// Opens a blob for reading.
    pub async fn read(&self, sha256: &str) -> Result<File, BlobError> {
        let path = self.path(sha256);
        File::open(&path).await.map_err(io("open", &path))
    }

    /// Removes a blob; nothing happens when it is not there.
    pub async fn delete(&self, sha256: &str) -> Result<(), BlobError> {
        let path = self.path(sha256);
        match tokio::fs::remove_file(&path).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io("remove", &path)(error)),
            _ => Ok(()),
        }
    }
}

impl Upload {
    /// Adds bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            return Err(BlobError::TooLarge { limit: self.limit });
        }
        self.hash.update(bytes);
        self.file.write_all(bytes).await.map_err(io("write", &self.path))
    }

    /// The temporary file, for looking at the bytes before they are kept. All that was written is in it.
    pub async fn flushed(&mut self) -> Result<&Path, BlobError> {
        self.file.flush().await.map_err(io("write", &self.path))?;
        Ok(&self.path)
    }

    /// Keeps the blob: when this returns, it is on disk under its name.
    pub async fn finish(mut self) -> Result<Blob, BlobError> {
        self.file.flush().await.map_err(io("write", &self.path))?;
        self.file.sync_all().await.map_err(io("flush", &self.path))?;
        let digest = self.hash.clone().finish();
        let sha256: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        let path = self.blobs.path(&sha256);
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(io("create", folder))?;
            tokio::fs::rename(&self.path, &path).await.map_err(io("rename to", &path))?;
            self.done = true;
            // The entry of the file, and that of its folder, which may be new.
            for folder in [folder, &self.blobs.root] {
                let handle = File::open(folder).await.map_err(io("open", folder))?;
                handle.sync_all().await.map_err(io("flush", folder))?;
            }
        }
        Ok(Blob { sha256, size: self.size })
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.done {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoker_domain::SystemRandom;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn a_blob_is_kept_under_its_hash_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let mut upload = blobs.begin(100, &SystemRandom::new()).await.unwrap();
        upload.write(b"hel").await.unwrap();
        upload.write(b"lo").await.unwrap();
        let blob = upload.finish().await.unwrap();
        assert_eq!(blob.sha256, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
        let mut text = String::new();
        blobs.read(&blob.sha256).await.unwrap().read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello");
        blobs.delete(&blob.sha256).await.unwrap();
        blobs.delete(&blob.sha256).await.unwrap();
        assert!(blobs.read(&blob.sha256).await.is_err());
    }

    #[tokio::test]
    async fn whoever_opens_the_folder_leaves_the_uploads_of_others_alone_and_clears_up_after_the_dead() {
        let folder = tempfile::tempdir().unwrap();
        let first = Blobs::open(folder.path()).unwrap();
        let mut upload = first.begin(100, &SystemRandom::new()).await.unwrap();
        upload.write(b"hel").await.unwrap();
        let abandoned = folder.path().join("incoming/abandoned");
        std::fs::write(&abandoned, b"left by a process that is gone").unwrap();
        let second = Blobs::open(folder.path()).unwrap();
        assert!(!abandoned.exists());
        upload.write(b"lo").await.unwrap();
        let blob = upload.finish().await.unwrap();
        assert!(second.read(&blob.sha256).await.is_ok());
    }

    #[tokio::test]
    async fn one_holds_the_folder_whoever_opened_it() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (Blobs::open(folder.path()).unwrap(), Blobs::open(folder.path()).unwrap());
        let held = one.hold().await.unwrap();
        assert!(one.clone().try_hold().await.unwrap().is_none());
        assert!(other.try_hold().await.unwrap().is_none());
        let mut waiting = Box::pin(other.hold());
        let early = tokio::time::timeout(std::time::Duration::from_millis(50), &mut waiting).await;
        assert!(early.is_err(), "it was given to two");
        drop(held);
        drop(waiting.await.unwrap());
        assert!(one.try_hold().await.unwrap().is_some());
    }

    #[tokio::test]
    async fn an_upload_that_is_too_large_or_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let mut upload = blobs.begin(4, &SystemRandom::new()).await.unwrap();
        assert!(matches!(upload.write(b"hello").await, Err(BlobError::TooLarge { limit: 4 })));
        drop(upload);
        assert_eq!(std::fs::read_dir(folder.path().join("incoming")).unwrap().count(), 0);
    }
}
