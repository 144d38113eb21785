//! What concerns the server itself. All our own additions to the API.

use crate::{Client, ClientError};
use tokio::io::{AsyncWrite, AsyncWriteExt};

impl Client {
    /// Whether the server is up and ready for work; false also when it cannot be reached.
    pub async fn is_ready(&self) -> bool {
        self.without_token().get("/health/ready").done().await.is_ok()
    }

    /// Writes the archive of the remote engine (tar, gzip) into `out` and answers its length in bytes. `progress` gets the
    /// number of bytes so far and the whole length when the server tells it.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::LocalIo`] when `out` cannot be written.
    pub async fn download_engine(
        &self,
        out: &mut (impl AsyncWrite + Unpin),
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64, ClientError> {
        let call = self.get("/downloads/remote-engine.tar.gz").transfer();
        let name = call.name();
        let mut answer = call.send().await?;
        let (mut received, length) = (0, answer.content_length());
        while let Some(chunk) = answer.chunk().await.map_err(|error| name.broken(self.base_url(), error))? {
            out.write_all(&chunk).await.map_err(|error| name.clone().local_io(error))?;
            received += chunk.len() as u64;
            progress(received, length);
        }
        out.flush().await.map_err(|error| name.local_io(error))?;
        Ok(received)
    }
}
