//! The private folder of one run, built from the shared read-only cache.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::manifest::{Kind, Manifest};

/// Files of scripts and jars above this many bytes are linked, not copied.
const COPY_LIMIT: u64 = 1 << 20;

/// Builds the folder of a run from an unpacked archive.
///
/// `run_root` is made when it does not exist, and must be empty otherwise. Java jobs get a private copy of their own folder,
/// jars as links and without `items/` and `src/`, beside links to everything else at the top (`lib`, `jobInfo.properties`),
/// so that `../lib` and `../jobInfo.properties` resolve (`client`). Scripts and jars get copies of all files, with links for
/// jars and for files above 1 MiB; the entry script can be executed. Copies belong to the run and may be written.
///
/// # Errors
/// The disk's error, or [`io::ErrorKind::InvalidData`] when the cache holds something other than files and folders.
pub fn prepare_run(manifest: &Manifest, cache: &Path, run_root: &Path) -> io::Result<()> {
    // Links must hold wherever the current folder is.
    let cache = std::path::absolute(cache)?;
    fs::create_dir_all(run_root)?;
    if manifest.kind != Kind::Java {
        copy_tree(&cache, run_root, COPY_LIMIT, &[])?;
        if let Some(entry) = manifest.launch.entry.as_deref().filter(|_| manifest.kind == Kind::Script) {
            let path = run_root.join(entry);
            if !fs::symlink_metadata(&path)?.is_symlink() {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
            }
        }
        return Ok(());
    }
    let job = &manifest.launch.working_dir;
    for item in fs::read_dir(&cache)? {
        let item = item?;
        let name = item.file_name();
        if name.to_str() == Some(job.as_str()) {
            let to = run_root.join(&name);
            fs::create_dir(&to)?;
            copy_tree(&item.path(), &to, u64::MAX, &["items", "src"])?;
        } else if name != "META-INF" {
            symlink(item.path(), run_root.join(&name))?;
        }
    }
    Ok(())
}

/// Copies a folder's content: jars, and files above `copy_limit`, become links; names in `skip` are left out at the top.
fn copy_tree(from: &Path, to: &Path, copy_limit: u64, skip: &[&str]) -> io::Result<()> {
    for item in fs::read_dir(from)? {
        let item = item?;
        let (source, target) = (item.path(), to.join(item.file_name()));
        let kind = item.file_type()?;
        if kind.is_dir() && item.file_name().to_str().is_some_and(|name| skip.contains(&name)) {
            continue;
        }
        if kind.is_dir() {
            fs::create_dir(&target)?;
            copy_tree(&source, &target, copy_limit, &[])?;
        } else if !kind.is_file() {
            let text = format!("copy {}: neither a file nor a folder; unpack the archive again", source.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        } else if source.extension().is_some_and(|end| end == "jar") || item.metadata()?.len() > copy_limit {
            symlink(&source, &target)?;
        } else {
            copy_file(&source, &target)?;
        }
    }
    Ok(())
}

fn copy_file(source: &Path, target: &Path) -> io::Result<()> {
    fs::copy(source, target)?;
    let mode = fs::metadata(target)?.permissions().mode();
    // The cache may be read-only, the run's own files are not.
    if mode & 0o200 == 0 {
        fs::set_permissions(target, fs::Permissions::from_mode(mode | 0o200))?;
    }
    Ok(())
}
