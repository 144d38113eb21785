//! How the installation is: version, database, disk, and what waits.

use crate::actor::Actor;
use crate::app::Service;
use crate::dispatch::availability;
use crate::error::Error;
use crate::settings::MANAGE;
use stoker_domain::runtime::{Availability, PairingStatus};
use stoker_store::{engines, vitals};

/// Room on a disk, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// What this program may still write.
    pub free: u64,
    /// All there is.
    pub total: u64,
}

/// What only the program around the service knows; see [`Service::stand_at`].
pub struct Standing {
    /// Where the server listens, as `HOST:PORT`.
    pub listen: String,
    /// Looks at the disk of the data folder.
    pub disk: Box<dyn Fn() -> std::io::Result<Disk> + Send + Sync>,
}

/// Engines by what can be said of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineCounts {
    /// Heard of, and take runs unless they are drained.
    pub available: usize,
    /// Paired, but stopped or silent.
    pub silent: usize,
    /// Never paired.
    pub unpaired: usize,
}

/// How the installation is, seen from the server that answers.
#[derive(Clone, Debug)]
pub struct Vitals {
    /// Version of the program.
    pub version: &'static str,
    /// Since when this server runs, milliseconds since the epoch.
    pub since_ms: i64,
    /// `sqlite` or `postgres`; never where it is.
    pub database: &'static str,
    /// Bytes of the database on its disk.
    pub database_bytes: i64,
    /// Name of the last migration of the database.
    pub schema: String,
    /// URL under which clients and engines reach the installation.
    pub public_url: String,
    /// Where this server listens, when it is known.
    pub listen: Option<String>,
    /// Runs that are not finished.
    pub runs: vitals::ActiveRuns,
    /// Its engines.
    pub engines: EngineCounts,
    /// Days for which log lines are kept; 0 is for ever.
    pub keep_logs_days: i64,
    /// The disk of the data folder, when it can be asked.
    pub disk: Option<Disk>,
}

impl Service {
    /// Tells where this server stands. Called once, before it answers.
    pub fn stand_at(&self, standing: Standing) {
        if self.inner.standing.set(standing).is_err() {
            tracing::warn!("the place of this server was told twice; the first word counts");
        }
    }

    /// How the installation is now.
    pub async fn vitals(&self, actor: &Actor) -> Result<Vitals, Error> {
        let allowed = actor.allow(MANAGE)?;
        let (now, settings) = (self.now(), self.settings());
        let silence = settings.engine_silence_ms;
        let (runs, database_bytes, schema, engines) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let mut counts = EngineCounts::default();
                for engine in engines::all(tx)? {
                    *match (engine.status, availability(&engine, now, silence)) {
                        (_, Availability::Available) => &mut counts.available,
                        (PairingStatus::Paired, _) => &mut counts.silent,
                        _ => &mut counts.unpaired,
                    } += 1;
                }
                Ok((vitals::active_runs(tx)?, vitals::database_bytes(tx)?, vitals::schema(tx)?, counts))
            })
            .await?;
        let disk = self.disk().await?;
        Ok(Vitals {
            version: env!("CARGO_PKG_VERSION"),
            since_ms: self.inner.since_ms,
            database: self.database_kind(),
            database_bytes,
            schema,
            public_url: self.public_url(),
            listen: self.inner.standing.get().map(|standing| standing.listen.clone()),
            runs,
            engines,
            keep_logs_days: settings.keep_logs_ms / (24 * 60 * 60 * 1000),
            disk,
        })
    }

    /// The disk of the data folder; asked on a thread where it may take its time, as on a network.
    async fn disk(&self) -> Result<Option<Disk>, Error> {
        let service = self.clone();
        let asked = tokio::task::spawn_blocking(move || service.inner.standing.get().map(|standing| (standing.disk)()));
        match asked.await.map_err(Error::internal)? {
            None => Ok(None),
            Some(Ok(disk)) => Ok(Some(disk)),
            Some(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot look at the disk of the data folder");
                Ok(None)
            }
        }
    }
}
