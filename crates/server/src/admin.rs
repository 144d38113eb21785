//! Commands for the operator, on the machine of the server and without its HTTP interface.

use crate::data;
use crate::run::SystemClock;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use stoker_blobs::Blobs;
use stoker_domain::{SharedRandom, SystemRandom};
use stoker_service::app::Parts;
use stoker_service::{Service, Settings};
use stoker_store::{Database, Store};

/// What the operator may do.
#[derive(Subcommand)]
pub(crate) enum AdminCommand {
    /// Look at the whole audit trail: was a record changed, removed or added behind the server's back?
    VerifyAudit(Place),
}

/// Which installation.
#[derive(Args)]
pub(crate) struct Place {
    /// Folder of the server.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// PostgreSQL connection URL; the embedded database is used without one.
    #[arg(long, value_name = "URL", env = "STOKER_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

/// Does it.
pub(crate) fn run(command: AdminCommand) -> Result<()> {
    match command {
        AdminCommand::VerifyAudit(place) => verify_audit(place),
    }
}

/// Opens an installation that exists; a server may run on it at the same time.
fn open(place: Place) -> Result<Service> {
    let random: SharedRandom = Arc::new(SystemRandom::new());
    let database = match place.database_url {
        Some(url) => Database::Postgres(url),
        None => {
            let file = place.data.join("stoker.db");
            if !file.is_file() {
                bail!("--data: there is no database in {}", place.data.display());
            }
            Database::Sqlite(file)
        }
    };
    let keys = data::key_ring(&place.data, false, &*random)?;
    Ok(Service::new(Parts {
        store: Store::open(&database).context("cannot open the database")?,
        blobs: Blobs::open(&place.data.join("artifacts"))?,
        keys,
        clock: Arc::new(SystemClock),
        random,
        settings: Settings::default(),
        public_url: String::new(),
    }))
}

fn verify_audit(place: Place) -> Result<()> {
    let service = open(place)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let report = runtime.block_on(service.verify_audit())?;
    let mut out = std::io::stdout().lock();
    for problem in &report.problems {
        writeln!(out, "{problem}")?;
    }
    writeln!(
        out,
        "{} records, {} sealed by {} links, {} not sealed yet; last link {}",
        report.records, report.sealed, report.links, report.open, report.head
    )?;
    if report.wrong > 0 {
        bail!("the audit trail was tampered with: {} findings", report.wrong);
    }
    Ok(())
}
