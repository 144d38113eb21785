//! Writing the files of an archive to disk.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::archive::{Archive, Budget};
use crate::error::JobZipError;
use crate::limits::Limits;

/// Unpacks an archive into `dest`, which must exist and be empty.
///
/// Files get mode 0644, launchers (`*.sh` and files that start with `#!`) and folders 0755, whatever the archive says:
/// execute bits are unreliable there (`recorded`). No links or devices are ever made. A single common base folder is left
/// out, as in [`inspect`](crate::inspect).
///
/// # Errors
/// Any [`JobZipError`] of a bad archive, [`JobZipError::DestinationNotEmpty`], or [`JobZipError::Io`]. `dest` is empty
/// again after an error, so far as the disk lets us.
pub fn unpack<R: Read + Seek>(archive: R, dest: &Path, limits: &Limits) -> Result<(), JobZipError> {
    into_empty(dest, || Archive::open(archive, limits))
}

/// Checks that a zip with anything in it can be unpacked by [`unpack_folder`] with the same limits: safe names, right
/// lengths and checksums, nothing that is too large.
///
/// # Errors
/// Any [`JobZipError`] of a bad zip, or [`JobZipError::Io`].
pub fn check_folder<R: Read + Seek>(zip: R, limits: &Limits) -> Result<(), JobZipError> {
    Archive::open_folder(zip, limits)?.verify()
}

/// Unpacks a zip with anything in it into `dest`, which must exist and be empty; like [`unpack`], but a single common
/// base folder stays, because it may be meant.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_folder<R: Read + Seek>(zip: R, dest: &Path, limits: &Limits) -> Result<(), JobZipError> {
    into_empty(dest, || Archive::open_folder(zip, limits))
}

fn into_empty<'l, R: Read + Seek>(
    dest: &Path,
    open: impl FnOnce() -> Result<Archive<'l, R>, JobZipError>,
) -> Result<(), JobZipError> {
    let list = || format!("list folder {}", dest.display());
    if fs::read_dir(dest).map_err(JobZipError::io(list()))?.next().is_some() {
        return Err(JobZipError::DestinationNotEmpty { path: dest.to_owned() });
    }
    let result = open().and_then(|mut archive| write_all(&mut archive, dest));
    if result.is_err()
        && let Err(error) = empty(dest)
    {
        tracing::warn!(folder = %dest.display(), %error, "could not remove a half unpacked archive");
    }
    result
}

fn write_all<R: Read + Seek>(archive: &mut Archive<'_, R>, dest: &Path) -> Result<(), JobZipError> {
    let mut made = HashSet::new();
    let mut budget = Budget::default();
    for index in 0..archive.entries.len() {
        let path = archive.entries[index].path.clone();
        if archive.entries[index].directory {
            make_folders(dest, &path, &mut made)?;
        } else {
            if let Some((parent, _)) = path.rsplit_once('/') {
                make_folders(dest, parent, &mut made)?;
            }
            write_file(archive, index, &dest.join(&path), &mut budget)?;
        }
    }
    Ok(())
}

fn make_folders(dest: &Path, path: &str, made: &mut HashSet<String>) -> Result<(), JobZipError> {
    if made.contains(path) {
        return Ok(());
    }
    if let Some((parent, _)) = path.rsplit_once('/') {
        make_folders(dest, parent, made)?;
    }
    let full = dest.join(path);
    let action = format!("make folder {}", full.display());
    DirBuilder::new()
        .mode(0o755)
        .create(&full)
        .and_then(|()| fs::set_permissions(&full, Permissions::from_mode(0o755)))
        .map_err(JobZipError::io(action))?;
    made.insert(path.to_owned());
    Ok(())
}

/// Notes whether what passes starts like a script.
struct Sniff {
    out: BufWriter<File>,
    head: Vec<u8>,
}

impl Write for Sniff {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let wanted = 2_usize.saturating_sub(self.head.len()).min(part.len());
        self.head.extend_from_slice(&part[..wanted]);
        self.out.write_all(part)?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn write_file<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    index: usize,
    full: &Path,
    budget: &mut Budget,
) -> Result<(), JobZipError> {
    let action = format!("write {}", full.display());
    // `create_new` never follows a link that somebody else put there meanwhile.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(full);
    let file = file.map_err(JobZipError::io(action.as_str()))?;
    let mut sniff = Sniff { out: BufWriter::new(file), head: Vec::new() };
    archive.copy(index, budget, &action, &mut sniff)?;
    let launcher = sniff.head == b"#!" || full.extension().is_some_and(|end| end == "sh");
    let mode = if launcher { 0o755 } else { 0o644 };
    sniff
        .out
        .into_inner()
        .map_err(io::IntoInnerError::into_error)
        .and_then(|file| file.set_permissions(Permissions::from_mode(mode)))
        .map_err(JobZipError::io(action))
}

fn empty(folder: &Path) -> io::Result<()> {
    for item in fs::read_dir(folder)? {
        let item = item?;
        if item.file_type()?.is_dir() {
            fs::remove_dir_all(item.path())?;
        } else {
            fs::remove_file(item.path())?;
        }
    }
    Ok(())
}
