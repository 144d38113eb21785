//! `admin backup`: database, data keys and files in one encrypted file, while servers run.

use super::{Passphrase, Place, open, runtime};
use crate::data;
use anyhow::{Context, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use stoker_domain::SystemRandom;
use stoker_secrets::archive::ArchiveWriter;
use stoker_secrets::keyfile::KeyFile;
use stoker_store::backup as copy;

/// Version of what is in the archive.
pub(super) const FORMAT: u32 = 1;
/// How often a file that was removed between copying the database and the files makes it begin again.
const TRIES: usize = 5;
/// Where the copies lie meanwhile, in the data folder.
const WORK: &str = "backup-work";
/// The first entry of the archive.
pub(super) const MANIFEST: &str = "manifest.json";
/// The copy of the embedded database in the archive.
pub(super) const DATABASE: &str = "stoker.db";

/// Arguments of `backup`.
#[derive(Args)]
pub(crate) struct BackupArgs {
    /// The file to write; it must not exist.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    passphrase: Passphrase,
}

/// What is said about a backup in its first entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Manifest {
    /// [`FORMAT`].
    pub(super) format: u32,
    /// Version of the program that wrote it.
    pub(super) version: String,
    /// `sqlite`: the database is in the archive, as a file of the embedded one, whatever it stood on. `postgres`, written
    /// by earlier versions: it is not, and was dumped by its own tools.
    pub(super) database: String,
    /// Number of artifact and resource files.
    pub(super) files: usize,
}

/// Does it.
pub(crate) fn run(args: BackupArgs) -> Result<()> {
    let passphrase = args.passphrase.read()?;
    let folder = &args.place.data;
    let service = open(&args.place)?;
    let runtime = runtime()?;
    // Also says so when the key file does not fit the database: such a backup would be worth nothing.
    data::check_keys(folder, &runtime.block_on(service.adopt_keys())?)?;
    let work = Work::make(folder)?;
    let mut named = BTreeSet::new();
    for attempt in 1.. {
        work.link_files(folder)?;
        named = work.copy_database(folder, args.place.database_url.as_deref())?;
        work.link_files(folder)?;
        let Some(lost) = named.iter().find(|name| !work.file(name).is_file()) else { break };
        if attempt == TRIES {
            bail!("the database names the file {lost}, which is not in {}", folder.join("artifacts").display());
        }
    }
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        database: "sqlite".to_owned(),
        files: named.len(),
    };
    write(&args.file, &passphrase, &manifest, &work, folder, &named)?;
    let mut out = std::io::stdout().lock();
    let size = std::fs::metadata(&args.file)?.len();
    writeln!(out, "{}: {} files, {size} bytes", args.file.display(), named.len())?;
    Ok(())
}

/// The folder with the copies; removed at the end.
struct Work {
    folder: PathBuf,
}

impl Work {
    fn make(data: &Path) -> Result<Self> {
        let folder = data.join(WORK);
        if folder.exists() {
            // Left by a backup that was cut off, or in use by one that runs: that one then fails, and says so.
            std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self { folder })
    }

    fn file(&self, sha256: &str) -> PathBuf {
        self.folder.join(sha256)
    }

    /// Gives every file a second name here, so that it stays when the server removes it.
    fn link_files(&self, data: &Path) -> Result<()> {
        let root = data.join("artifacts");
        for part in list(&root)?.into_iter().filter(|path| path.is_dir() && !path.ends_with("incoming")) {
            for path in list(&part)? {
                let Some(name) = path.file_name() else { continue };
                match std::fs::hard_link(&path, self.folder.join(name)) {
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                    // Removed in this moment: if the database names it, that is noticed.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    result => result.with_context(|| format!("cannot link {}", path.display()))?,
                }
            }
        }
        Ok(())
    }

    /// Copies the database as of one instant; gives the files its rows name.
    fn copy_database(&self, data: &Path, url: Option<&str>) -> Result<BTreeSet<String>> {
        let target = self.folder.join(DATABASE);
        match std::fs::remove_file(&target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        match url {
            Some(url) => copy::copy_postgres(url, &target),
            None => copy::copy_sqlite(&data.join(DATABASE), &target),
        }
        .context("cannot copy the database")?;
        copy::check_sqlite(&target).context("the copy of the database is not whole")?;
        copy::named_files_of(&target).context("cannot read the copy of the database")
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot list {}", folder.display()))?,
    };
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// Writes the archive to a file beside its place and gives it its name when it is on disk.
fn write(
    path: &Path,
    passphrase: &str,
    manifest: &Manifest,
    work: &Work,
    data: &Path,
    named: &BTreeSet<String>,
) -> Result<()> {
    if path.exists() {
        bail!("{} exists: choose another name", path.display());
    }
    let partial = path.with_extension("partial");
    let context = || format!("cannot write {}", partial.display());
    let mut options = OpenOptions::new();
    let file = options.create(true).write(true).truncate(true).mode(0o600).open(&partial).with_context(context)?;
    let keys = data::key_path(data);
    // After the database, so that no key it needs is missing.
    let keys = std::fs::read_to_string(&keys).with_context(|| format!("cannot read {}", keys.display()))?;
    KeyFile::parse(&keys)?;
    let result = (|| -> Result<()> {
        let sealed = ArchiveWriter::begin(BufWriter::new(file), passphrase, &SystemRandom::new())?;
        let mut tar = tar::Builder::new(sealed);
        add(&mut tar, MANIFEST, &serde_json::to_vec(manifest)?)?;
        add(&mut tar, "data.key", keys.as_bytes())?;
        if let Ok(first) = std::fs::read(data.join("bootstrap.json")) {
            add(&mut tar, "bootstrap.json", &first)?;
        }
        tar.append_file(DATABASE, &mut File::open(work.folder.join(DATABASE))?)?;
        for sha256 in named {
            tar.append_file(format!("artifacts/{sha256}"), &mut File::open(work.file(sha256))?)?;
        }
        let file = tar.into_inner()?.finish()?.into_inner().map_err(|error| error.into_error())?;
        Ok(file.sync_all()?)
    })();
    if result.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    result.with_context(context)?;
    std::fs::rename(&partial, path).with_context(context)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn add<W: Write>(tar: &mut tar::Builder<W>, name: &str, bytes: &[u8]) -> Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    header.set_cksum();
    Ok(tar.append_data(&mut header, name, bytes)?)
}
