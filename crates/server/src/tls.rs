//! The files of the server's certificate, and reading them again.

use crate::data::stamp;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stoker_api::tls::{Tls, TlsError};
use tokio::signal::unix::{SignalKind, signal};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// What tells two states of a file apart.
type Stamp = Option<(SystemTime, u64, u64)>;

/// Certificate and key on disk, and what is made of them.
pub(crate) struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    tls: Arc<Tls>,
    seen: (Stamp, Stamp),
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

impl CertificateFiles {
    /// Reads both files; the server does not start without them.
    pub(crate) fn load((certificate, key): (PathBuf, PathBuf)) -> Result<Self> {
        let seen = (stamp(&certificate), stamp(&key));
        let tls = Tls::from_pem(&read(&certificate)?, &read(&key)?)
            .with_context(|| format!("cannot use {} and {}", certificate.display(), key.display()))?;
        Ok(Self { certificate, key, tls: Arc::new(tls), seen })
    }

    /// What secures connections.
    pub(crate) fn tls(&self) -> Arc<Tls> {
        Arc::clone(&self.tls)
    }

    fn try_again(&self) -> Result<()> {
        let (certificate, key) = (read(&self.certificate)?, read(&self.key)?);
        self.tls.replace(&certificate, &key).map_err(|error: TlsError| anyhow::Error::new(error))
    }

    /// Reads the files again when they have changed, or on SIGHUP, for ever. Broken ones leave the old in use.
    pub(crate) async fn keep_reading(mut self) {
        let mut asked = match signal(SignalKind::hangup()) {
            Ok(asked) => asked,
            Err(error) => {
                tracing::warn!(error = %error, "cannot listen to SIGHUP: changed certificates are not read");
                return;
            }
        };
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let told = tokio::select! {
                _ = asked.recv() => true,
                _ = ticks.tick() => false,
            };
            let now = (stamp(&self.certificate), stamp(&self.key));
            if !told && now == self.seen {
                continue;
            }
            self.seen = now;
            let file = self.certificate.display();
            match self.try_again() {
                Ok(()) => tracing::info!(file = %file, "read the certificate again: new connections get it"),
                Err(error) => {
                    tracing::error!(file = %file, error = %format!("{error:#}"),
                        "cannot use the changed certificate: the one before stays in use");
                }
            }
        }
    }
}
