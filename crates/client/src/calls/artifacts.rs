//! Artifacts: reading, publishing, removing.

use crate::transport::segment;
use crate::{Artifact, ArtifactVersion, Client, ClientError, Page, PublishTarget};
use bytes::Bytes;
use futures_util::stream;
use tokio::io::{AsyncRead, AsyncReadExt};

const READ: &str = "TMC_OPERATOR and the right VIEW on the workspace";
const REMOVE: &str = "TMC_OPERATOR and the right AUTHOR on the workspace";
const PUBLISH: &str = "TMC_OPERATOR and the right PUBLISH on the workspace";
/// Bytes read and sent at once.
const CHUNK: usize = 64 * 1024;

/// Which artifacts a list should have. The defaults mean all, up to 100.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactQuery {
    /// Only of this environment (an id).
    pub environment_id: Option<String>,
    /// Only of this workspace (an id).
    pub workspace_id: Option<String>,
    /// Only with a name that starts with this or holds it; compare again for equality (`client`).
    pub name: Option<String>,
    /// Number of objects to skip.
    pub offset: u64,
    /// Most objects to send, 1..100; the server's default 100 when absent.
    pub limit: Option<u32>,
}

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses.
impl Client {
    /// One page of artifacts.
    pub async fn artifacts(&self, query: &ArtifactQuery) -> Result<Page<Artifact>, ClientError> {
        let pairs = [
            ("environmentId", query.environment_id.clone()),
            ("workspaceId", query.workspace_id.clone()),
            ("name", query.name.clone()),
            ("offset", Some(query.offset.to_string())),
            ("limit", query.limit.map(|limit| limit.to_string())),
        ];
        self.get("/orchestration/artifacts").needs(READ).query(pairs).read().await
    }

    /// One artifact with its versions, newest first.
    pub async fn artifact(&self, id: &str) -> Result<Artifact, ClientError> {
        self.get(format!("/orchestration/artifacts/{}", segment(id))).needs(READ).read().await
    }

    /// One version of an artifact with its parameters.
    pub async fn artifact_version(&self, id: &str, version: &str) -> Result<ArtifactVersion, ClientError> {
        let path = format!("/orchestration/artifacts/{}/versions/{}", segment(id), segment(version));
        self.get(path).needs(READ).read().await
    }

    /// Removes an artifact with all its versions; refused with 409 while a task uses it (`inferred`).
    pub async fn delete_artifact(&self, id: &str) -> Result<(), ClientError> {
        let path = format!("/orchestration/artifacts/{}", segment(id));
        self.delete(path).needs(REMOVE).done().await.map(drop)
    }

    /// Removes one version of an artifact; refused with 409 while a task uses it (`inferred`).
    pub async fn delete_artifact_version(&self, id: &str, version: &str) -> Result<(), ClientError> {
        let path = format!("/orchestration/artifacts/{}/versions/{}", segment(id), segment(version));
        self.delete(path).needs(REMOVE).done().await.map(drop)
    }

    /// Publishes an archive of exactly `size` bytes, our own addition to the API. `progress` gets the number of bytes sent
    /// so far. An existing version is refused with 409, a broken archive with 400. May take up to an hour.
    ///
    /// # Errors
    /// [`ClientError`]; an `archive` that cannot be read or ends early shows as [`ClientError::Unreachable`], because the
    /// transfer breaks.
    pub async fn publish_artifact(
        &self,
        target: &PublishTarget,
        archive: impl AsyncRead + Send + Unpin + 'static,
        size: u64,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<Artifact, ClientError> {
        let pairs = [
            ("workspaceId", Some(target.workspace_id.clone())),
            ("name", target.name.clone()),
            ("version", target.version.clone()),
            ("type", target.kind.clone()),
        ];
        let body = reqwest::Body::wrap_stream(chunks(archive, progress));
        self.post("/stoker/v1/artifacts").needs(PUBLISH).query(pairs).archive(body, size).read().await
    }
}

fn chunks<R: AsyncRead + Send + Unpin + 'static>(
    archive: R,
    progress: impl FnMut(u64) + Send + 'static,
) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    stream::try_unfold((archive, progress, 0_u64), |(mut archive, mut progress, sent)| async move {
        let mut buffer = vec![0; CHUNK];
        let count = archive.read(&mut buffer).await?;
        if count == 0 {
            return Ok(None);
        }
        buffer.truncate(count);
        let sent = sent + count as u64;
        progress(sent);
        Ok(Some((Bytes::from(buffer), (archive, progress, sent))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::TryStreamExt;
    use std::sync::{Arc, Mutex};

    #[tokio::test]
    async fn an_archive_is_sent_whole_and_progress_ends_at_its_size() {
        let archive: Vec<u8> = (0..3 * CHUNK + 17).map(|i| (i % 251) as u8).collect();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let note = Arc::clone(&seen);
        let stream = chunks(std::io::Cursor::new(archive.clone()), move |sent| note.lock().unwrap().push(sent));
        let sent: Vec<Bytes> = stream.try_collect().await.unwrap();
        assert_eq!(sent.concat(), archive);
        let seen = seen.lock().unwrap();
        assert!(seen.is_sorted() && *seen.last().unwrap() == archive.len() as u64, "{seen:?}");
    }
}
