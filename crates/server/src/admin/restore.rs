//! `admin restore`: an installation from a backup, whole or not at all.

use super::backup::{DATABASE, FORMAT, MANIFEST, Manifest};
use super::{Passphrase, Place, open_with, runtime};
use crate::data;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use stoker_domain::crash;
use stoker_secrets::archive::ArchiveReader;
use stoker_service::Settings;
use stoker_store::backup as copy;

/// Largest small entry, bytes.
const SMALL: u64 = 64 * 1024;

/// Arguments of `restore`.
#[derive(Args)]
pub(crate) struct RestoreArgs {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    passphrase: Passphrase,
    /// Runs that waited in the backup go on waiting and triggers that were due since fire: only right when the server of
    /// the backup did nothing after it was taken.
    #[arg(long)]
    keep_queue: bool,
}

/// Does it.
pub(crate) fn run(args: RestoreArgs) -> Result<()> {
    if let Ok(name) = std::env::var("STOKER_CRASH_AT") {
        crash::arm(&name);
    }
    let passphrase = args.passphrase.read()?;
    let target = &args.place.data;
    if target.exists() && std::fs::read_dir(target)?.next().is_some() {
        bail!("--data: {} is not empty: restore into a new folder", target.display());
    }
    let file = File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let partial = Partial::make(target)?;
    let (manifest, database) = unpack(BufReader::new(file), &passphrase, &partial.folder)
        .with_context(|| format!("cannot restore {} (is it whole, and the passphrase right?)", args.file.display()))?;
    let (file, url) = (partial.folder.join(DATABASE), args.place.database_url.clone());
    let inside = manifest.database == "sqlite";
    if inside {
        copy::check_sqlite(&file).context("the backup cannot be used")?;
    } else if url.is_none() {
        bail!(
            "--database-url: an earlier version made this backup of an installation on PostgreSQL: restore the dump that \
             belongs to it and name it"
        );
    }
    // What is in the archive is settled there, so that PostgreSQL gets it whole or not at all.
    let place = Place { data: partial.folder.clone(), database_url: url.clone().filter(|_| !inside) };
    settle(&place, args.keep_queue)?;
    if let (true, Some(url)) = (inside, url) {
        // The folder comes last, so that nothing can be started in it before all is there. What fails from here on is
        // repeated with the same words: the database knows by what it was filled.
        let mark = format!("{database} {}", if args.keep_queue { "keep-queue" } else { "settled" });
        let filled = copy::load_postgres(&file, &url, &mark).context("--database-url: cannot fill this database")?;
        if !filled {
            writeln!(std::io::stdout().lock(), "the database is as an earlier try of this restore left it")?;
        }
        crash::point("restore.filled");
        partial.drop_database()?;
    }
    partial.keep(target)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}: {} files of version {}", target.display(), manifest.files, manifest.version)?;
    Ok(())
}

/// A folder beside the target, so that the target appears whole or not at all.
struct Partial {
    folder: PathBuf,
}

impl Partial {
    fn make(target: &Path) -> Result<Self> {
        let name = target.file_name().context("--data: must end with the name of a folder")?;
        let mut name = name.to_owned();
        name.push(".partial");
        let folder = target.with_file_name(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// Removes the copy that is in PostgreSQL now.
    fn drop_database(&self) -> Result<()> {
        for end in ["", "-wal", "-shm"] {
            let path = self.folder.join(format!("{DATABASE}{end}"));
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot remove {}", path.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn keep(self, target: &Path) -> Result<()> {
        let context = || format!("cannot move {} to {}", self.folder.display(), target.display());
        sync_all(&self.folder).with_context(context)?;
        if target.exists() {
            std::fs::remove_dir(target).with_context(context)?;
        }
        std::fs::rename(&self.folder, target).with_context(context)?;
        if let Some(parent) = target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A file of the closed database may go away in this moment; what was in it is in the database then.
fn sync(path: &Path) -> std::io::Result<()> {
    match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        file => file?.sync_all(),
    }
}

fn sync_all(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { sync_all(&entry.path())? } else { sync(&entry.path())? }
    }
    File::open(folder)?.sync_all()
}

/// Unpacks the archive and checks every file against its name. Also gives the SHA-256 of the database as it was in it.
fn unpack(input: impl Read, passphrase: &str, folder: &Path) -> Result<(Manifest, String)> {
    let mut sealed = ArchiveReader::begin(input, passphrase)?;
    let (mut manifest, mut database): (Option<Manifest>, String) = Default::default();
    let mut files = 0;
    let mut tar = tar::Archive::new(&mut sealed);
    for entry in tar.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_str().context("an entry has a strange name")?.to_owned();
        match (name.as_str(), &manifest) {
            (MANIFEST, None) => manifest = Some(read_manifest(entry.take(SMALL))?),
            (_, None) => bail!("its first entry is not {MANIFEST}"),
            ("data.key" | "bootstrap.json", Some(_)) => drop(put(&mut entry.take(SMALL), &folder.join(&name))?),
            (DATABASE, Some(_)) => database = put(&mut entry, &folder.join(DATABASE))?,
            (_, Some(_)) => {
                let sha256 = name.strip_prefix("artifacts/").filter(|hash| is_sha256(hash));
                let sha256 = sha256.with_context(|| format!("it has an unknown entry {name}"))?;
                let path = stoker_blobs::Blobs::beside(&folder.join("artifacts")).path(sha256);
                if put(&mut entry, &path)? != sha256 {
                    bail!("its file {sha256} is damaged");
                }
                files += 1;
            }
        }
    }
    // Up to the mark of the end: a backup that was cut off is refused.
    std::io::copy(&mut sealed, &mut std::io::sink())?;
    let manifest = manifest.context("it is empty")?;
    if manifest.files != files {
        bail!("it should hold {} files and holds {files}", manifest.files);
    }
    Ok((manifest, database))
}

fn read_manifest(mut entry: impl Read) -> Result<Manifest> {
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    let value: serde_json::Value = serde_json::from_slice(&bytes).context("its manifest cannot be read")?;
    if value["format"] != FORMAT {
        bail!(
            "it has format {}, and this program reads {FORMAT}: restore it with version {}",
            value["format"],
            value["version"]
        );
    }
    serde_json::from_value(value).context("its manifest cannot be read")
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Writes one file; gives its SHA-256.
fn put(entry: &mut impl Read, path: &Path) -> Result<String> {
    let context = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(context)?;
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).with_context(context)?;
    let mut hash = stoker_blobs::Hash::default();
    let mut piece = vec![0u8; 64 * 1024];
    loop {
        let got = entry.read(&mut piece)?;
        if got == 0 {
            return Ok(hash.finish());
        }
        hash.update(&piece[..got]);
        file.write_all(&piece[..got]).with_context(context)?;
    }
}

/// Checks that nothing is missing, and makes sure that nothing is done twice.
fn settle(place: &Place, keep_queue: bool) -> Result<()> {
    let service = open_with(place, Settings { late_start_ms: 0, ..Settings::default() })?;
    let runtime = runtime()?;
    let mut out = std::io::stdout().lock();
    runtime.block_on(async {
        data::check_keys(&place.data, &service.adopt_keys().await?)?;
        let blobs = stoker_blobs::Blobs::beside(&place.data.join("artifacts"));
        for name in service.needs_of_copy().await?.1 {
            if !blobs.path(&name).is_file() {
                bail!("the database names the file {name}, which the backup does not hold");
            }
        }
        if keep_queue {
            return Ok(writeln!(out, "runs that waited go on waiting")?);
        }
        let settled = service.settle_restored().await?;
        writeln!(
            out,
            "{} waiting runs ended, {} left to their engines, {} plan runs stopped, {} webhooks emptied, {} due starts \
             recorded as missed",
            settled.ended, settled.kept, settled.plans, settled.webhooks, settled.missed
        )?;
        Ok(())
    })
}
