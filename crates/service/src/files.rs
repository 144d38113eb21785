//! The files behind artifacts and resources: kept before a row names them, removed after nothing does.

use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use stoker_blobs::{Blob, Upload};
use stoker_store::{Tx, artifacts, resources};

/// Most files that one pass looks at.
const BATCH: i64 = 50;

/// What still needs a file.
enum Needed {
    /// A version or resource.
    Published,
    /// Only runs that have not ended.
    Running,
    /// Nothing.
    No,
}

impl Service {
    /// Keeps an upload and runs the transaction that names it. When that fails, nothing is left behind. A task of its
    /// own: a caller that hangs up must not leave a file without a row.
    pub(crate) async fn keep_blob<T, F>(&self, allowed: Allowed, upload: Upload, name_it: F) -> Result<T, Error>
    where
        F: FnOnce(&mut Tx<'_>, Blob) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        let service = self.clone();
        let keeping = async move {
            // From here until the commit nobody may find the file unused and remove it.
            let guard = service.inner.blobs.hold().await?;
            let blob = upload.finish().await?;
            let sha256 = blob.sha256.clone();
            let kept = service.write(&allowed, move |tx| name_it(tx, blob)).await;
            drop(guard);
            if kept.is_err() {
                service.drop_unused_blob(&sha256).await;
            }
            kept
        };
        tokio::spawn(keeping).await.map_err(Error::internal)?
    }

    /// Removes a file when nothing needs it any more; one that only runs need is looked at again after them. A failure
    /// leaves a file too many, never one too few.
    pub(crate) async fn drop_unused_blob(&self, sha256: &str) {
        if let Err(error) = self.try_drop_blob(sha256).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "an unused file stays");
        }
    }

    async fn try_drop_blob(&self, sha256: &str) -> Result<(), Error> {
        let _guard = self.inner.blobs.hold().await?;
        let wanted = sha256.to_owned();
        let system = Allowed::system();
        let needed = self
            .write::<_, Error, _>(&system, move |tx| {
                if artifacts::sha256_published(tx, &wanted)? {
                    resources::forget_leftover(tx, &wanted)?;
                    return Ok(Needed::Published);
                }
                if artifacts::sha256_running(tx, &wanted)? {
                    resources::leave(tx, &wanted)?;
                    return Ok(Needed::Running);
                }
                Ok(Needed::No)
            })
            .await?;
        if let Needed::No = needed {
            self.inner.blobs.delete(sha256).await?;
            let gone = sha256.to_owned();
            self.write::<_, Error, _>(&system, move |tx| Ok(resources::forget_leftover(tx, &gone)?)).await?;
        }
        Ok(())
    }

    /// Removes files that were left for runs which have ended by now.
    pub(crate) async fn sweep_files(&self) -> Result<(), Error> {
        let left = self
            .read::<_, Error, _>(&Allowed::system(), |tx| {
                let mut free = Vec::new();
                for sha256 in resources::leftovers(tx, BATCH)? {
                    if !artifacts::sha256_running(tx, &sha256)? {
                        free.push(sha256);
                    }
                }
                Ok(free)
            })
            .await?;
        for sha256 in left {
            self.drop_unused_blob(&sha256).await;
        }
        Ok(())
    }
}
