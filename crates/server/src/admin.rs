//! Commands for the operator, on the machine of the server and without its HTTP interface.

mod backup;
mod keys;
mod restore;

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
    /// Make a new data key and wrap every stored secret by it; servers may run meanwhile. Cut off, it goes on where it was
    /// when it is called again.
    RotateKey(keys::RotateArgs),
    /// Write everything into one encrypted file; servers may run meanwhile.
    Backup(backup::BackupArgs),
    /// Make an installation of a backup.
    Restore(restore::RestoreArgs),
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
        AdminCommand::RotateKey(args) => keys::rotate(args),
        AdminCommand::Backup(args) => backup::run(args),
        AdminCommand::Restore(args) => restore::run(args),
    }
}

/// Where the passphrase of a backup comes from; never from the command line, which others can see.
#[derive(Args)]
pub(crate) struct Passphrase {
    /// File whose first line is the passphrase of the backup; without one it is taken from STOKER_BACKUP_PASSPHRASE.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    fn read(&self) -> Result<String> {
        let text = match &self.passphrase_file {
            Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
            None => std::env::var("STOKER_BACKUP_PASSPHRASE").context(
                "there is no passphrase: name a file with --passphrase-file, or set STOKER_BACKUP_PASSPHRASE",
            )?,
        };
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }
}

/// Opens an installation that exists; a server may run on it at the same time.
fn open(place: &Place) -> Result<Service> {
    open_with(place, Settings::default())
}

fn open_with(place: &Place, settings: Settings) -> Result<Service> {
    let random: SharedRandom = Arc::new(SystemRandom::new());
    let database = match &place.database_url {
        Some(url) => Database::Postgres(url.clone()),
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
        blobs: Blobs::beside(&place.data.join("artifacts")),
        keys,
        clock: Arc::new(SystemClock),
        random,
        settings,
        public_url: String::new(),
    }))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn verify_audit(place: Place) -> Result<()> {
    let service = open(&place)?;
    let runtime = runtime()?;
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
