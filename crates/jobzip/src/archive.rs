//! The zip file as a list of safe paths; every byte that comes out of it is counted here.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use zip::CompressionMethod;
use zip::ZipReadOptions;
use zip::read::{Config, OwnedZipFileEntry};
use zip::unstable::read::ZipIterable;

use crate::error::{JobZipError, readable};
use crate::limits::Limits;
use crate::names::{self, Clashes, SafeName};

/// Most entries of a jar that are looked at; the largest jars seen hold about half as many.
const JAR_ENTRIES: usize = 100_000;

/// How much larger than the largest single file all files read for their facts may be together.
const FACTS_FACTOR: u64 = 4;

/// One file or folder, under the path it gets when unpacked.
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) directory: bool,
    zip: OwnedZipFileEntry,
}

/// A checked zip: all names are safe and free of clashes, a single common base folder is already stripped.
pub(crate) struct Archive<'l, R> {
    reader: BufReader<R>,
    len: u64,
    /// In the order of the zip's directory.
    pub(crate) entries: Vec<Entry>,
    by_path: HashMap<String, usize>,
    /// Listed and implied folders.
    folders: HashSet<String>,
    /// Bytes of all files that were read for their facts, and of all jars that were looked into.
    facts: u64,
    looked_into: Budget,
    /// The base folder that was stripped.
    pub(crate) base: Option<String>,
    limits: &'l Limits,
}

/// Unpacked bytes so far, over all entries of one pass.
#[derive(Default)]
pub(crate) struct Budget {
    spent: u64,
}

impl<'l, R: Read + Seek> Archive<'l, R> {
    pub(crate) fn open(source: R, limits: &'l Limits) -> Result<Self, JobZipError> {
        let mut reader = BufReader::new(source);
        let len = reader.seek(SeekFrom::End(0)).map_err(JobZipError::io("read job archive"))?;
        let mut entries = list(&mut reader, len, limits)?;
        let base = common_base(&entries);
        if let Some(base) = &base {
            entries.retain_mut(|entry| {
                entry.path = entry.path[base.len()..].trim_start_matches('/').to_owned();
                !entry.path.is_empty()
            });
        }
        Ok(Self::new(reader, len, entries, base, limits))
    }

    /// Opens a zip with anything in it: every path stays as it is, a single common base folder too.
    pub(crate) fn open_folder(source: R, limits: &'l Limits) -> Result<Self, JobZipError> {
        let mut reader = BufReader::new(source);
        let len = reader.seek(SeekFrom::End(0)).map_err(JobZipError::io("read zip"))?;
        let entries = list(&mut reader, len, limits)?;
        Ok(Self::new(reader, len, entries, None, limits))
    }

    fn new(reader: BufReader<R>, len: u64, entries: Vec<Entry>, base: Option<String>, limits: &'l Limits) -> Self {
        let by_path = entries.iter().enumerate().map(|(index, entry)| (entry.path.clone(), index)).collect();
        let mut folders = HashSet::new();
        for entry in &entries {
            let mut path = entry.path.as_str();
            if entry.directory {
                folders.insert(path.to_owned());
            }
            while let Some((parent, _)) = path.rsplit_once('/') {
                if !folders.insert(parent.to_owned()) {
                    break;
                }
                path = parent;
            }
        }
        Self { reader, len, entries, by_path, folders, facts: 0, looked_into: Budget::default(), base, limits }
    }

    /// Opens a jar inside an archive, of which nothing is ever written to disk: its names need no care, entries with
    /// unusual ones are left out. Nothing when it is no readable jar.
    pub(crate) fn open_jar(source: R, limits: &'l Limits) -> Option<Self> {
        let mut reader = BufReader::new(source);
        let len = reader.seek(SeekFrom::End(0)).ok()?;
        let mut directory = ZipIterable::try_new(&mut reader, Config::default()).ok()?;
        let mut entries = Vec::new();
        for entry in directory.files().ok()?.take(JAR_ENTRIES) {
            let zip = OwnedZipFileEntry::from(entry.ok()?);
            if let Ok(SafeName { path, directory: false }) = names::check(zip.name_raw(), limits) {
                entries.push(Entry { path, directory: false, zip });
            }
        }
        Some(Self::new(reader, len, entries, None, limits))
    }

    /// All files, not folders.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| !entry.directory).map(|entry| entry.path.as_str())
    }

    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.by_path.get(path).is_some_and(|&index| !self.entries[index].directory)
    }

    /// Whether the folder is listed or has something in it; the empty path is the root.
    pub(crate) fn has_folder(&self, path: &str) -> bool {
        path.is_empty() || self.folders.contains(path)
    }

    /// The whole of a small file, `None` when there is none of that path.
    pub(crate) fn read(&mut self, path: &str, max_bytes: u64) -> Result<Option<Vec<u8>>, JobZipError> {
        let Some(&index) = self.by_path.get(path).filter(|&&index| !self.entries[index].directory) else {
            return Ok(None);
        };
        let mut content = Vec::new();
        let mut budget = std::mem::take(&mut self.looked_into);
        let result = self.pump(index, max_bytes, &mut budget, &mut |part| {
            content.extend_from_slice(part);
            Ok(())
        });
        self.looked_into = budget;
        result.map(|()| Some(content))
    }

    /// [`Archive::read`] with the limit for files that are read for their facts; all of them together may be as large as
    /// [`FACTS_FACTOR`] of the largest allowed.
    pub(crate) fn metadata(&mut self, path: &str) -> Result<Option<Vec<u8>>, JobZipError> {
        let content = self.read(path, self.limits.max_metadata_bytes)?;
        self.facts += content.as_ref().map_or(0, |content| content.len() as u64);
        let limit = self.limits.max_metadata_bytes.saturating_mul(FACTS_FACTOR);
        if self.facts > limit {
            return Err(JobZipError::TooMuch { what: "bytes of all context and design files".into(), limit });
        }
        Ok(content)
    }

    /// The first bytes of a file, for its magic number; nothing is checked beyond them.
    pub(crate) fn head(&mut self, path: &str, bytes: u64) -> Result<Vec<u8>, JobZipError> {
        let mut head = Vec::new();
        if let Some(&index) = self.by_path.get(path) {
            let entry = &self.entries[index];
            let file = entry.zip.as_ref().with_reader(&mut self.reader, ZipReadOptions::new());
            let file = file.map_err(|source| damaged(&entry.path, source))?;
            file.take(bytes).read_to_end(&mut head).map_err(|source| damaged(&entry.path, source))?;
        }
        Ok(head)
    }

    /// Reads every file to its end, so that lengths and checksums are known to be right.
    pub(crate) fn verify(&mut self) -> Result<(), JobZipError> {
        let mut budget = Budget::default();
        for index in 0..self.entries.len() {
            if !self.entries[index].directory {
                self.pump(index, self.limits.max_entry_bytes, &mut budget, &mut |_| Ok(()))?;
            }
        }
        Ok(())
    }

    /// Unpacks one file into `sink`; `action` names the writing for its errors.
    pub(crate) fn copy(
        &mut self,
        index: usize,
        budget: &mut Budget,
        action: &str,
        sink: &mut dyn Write,
    ) -> Result<(), JobZipError> {
        let limit = self.limits.max_entry_bytes;
        self.pump(index, limit, budget, &mut |part| sink.write_all(part).map_err(JobZipError::io(action)))
    }

    fn pump(
        &mut self,
        index: usize,
        max_bytes: u64,
        budget: &mut Budget,
        take: &mut dyn FnMut(&[u8]) -> Result<(), JobZipError>,
    ) -> Result<(), JobZipError> {
        let entry = &self.entries[index];
        let file = entry.zip.as_ref().with_reader(&mut self.reader, ZipReadOptions::new());
        let mut file = file.map_err(|source| damaged(&entry.path, source))?;
        let mut buffer = vec![0; 64 << 10];
        let mut count = 0;
        loop {
            // At the end of the data the reader compares the checksum, so the loop must see the final zero.
            let got = file.read(&mut buffer).map_err(|source| damaged(&entry.path, source))?;
            if got == 0 {
                break;
            }
            count += got as u64;
            budget.spent += got as u64;
            judge(entry, count, max_bytes, budget, self.len, self.limits)?;
            take(&buffer[..got])?;
        }
        if count != entry.zip.size() {
            let source = io::Error::new(io::ErrorKind::UnexpectedEof, "shorter than the length it declares");
            return Err(damaged(&entry.path, source));
        }
        Ok(())
    }
}

fn judge(
    entry: &Entry,
    count: u64,
    max_bytes: u64,
    budget: &Budget,
    archive_len: u64,
    limits: &Limits,
) -> Result<(), JobZipError> {
    let name = || readable(entry.path.as_bytes());
    if count > max_bytes {
        return Err(JobZipError::TooMuch { what: format!("unpacked bytes of \"{}\"", name()), limit: max_bytes });
    }
    if budget.spent > limits.max_total_bytes {
        return Err(JobZipError::TooMuch { what: "unpacked bytes in all".into(), limit: limits.max_total_bytes });
    }
    let over = |unpacked: u64, packed: u64| {
        unpacked > Limits::RATIO_FLOOR && unpacked / limits.max_ratio.max(1) >= packed.max(1)
    };
    if over(count, entry.zip.compressed_size()) || over(budget.spent, archive_len) {
        return Err(JobZipError::TooMuch { what: format!("packing ratio at \"{}\"", name()), limit: limits.max_ratio });
    }
    Ok(())
}

fn damaged(path: &str, source: impl std::error::Error + Send + Sync + 'static) -> JobZipError {
    JobZipError::Damaged { name: readable(path.as_bytes()), source: Box::new(source) }
}

fn list<R: Read + Seek>(reader: &mut R, len: u64, limits: &Limits) -> Result<Vec<Entry>, JobZipError> {
    let not_a_zip = |source: zip::result::ZipError| JobZipError::NotAZip { source: Box::new(source) };
    let mut directory = ZipIterable::try_new(reader, Config::default()).map_err(not_a_zip)?;
    if directory.len() > limits.max_entries {
        return Err(JobZipError::TooMuch { what: "number of entries".into(), limit: limits.max_entries as u64 });
    }
    let mut entries = Vec::with_capacity(directory.len());
    let mut clashes = Clashes::default();
    let mut declared: u64 = 0;
    let mut start = None;
    for entry in directory.files().map_err(not_a_zip)? {
        let zip = OwnedZipFileEntry::from(entry.map_err(not_a_zip)?);
        let at = zip.central_header_start();
        if at.saturating_sub(*start.get_or_insert(at)) > Limits::MAX_DIRECTORY_BYTES {
            return Err(JobZipError::TooMuch {
                what: "bytes of the zip's directory".into(),
                limit: Limits::MAX_DIRECTORY_BYTES,
            });
        }
        let name = names::check(zip.name_raw(), limits)?;
        declared = declared.saturating_add(zip.size());
        check_entry(&name, &zip, declared, len, limits)?;
        if !name.path.is_empty() {
            clashes.add(&name)?;
            if !is_litter(&name.path) {
                entries.push(Entry { path: name.path, directory: name.directory, zip });
            }
        }
    }
    Ok(entries)
}

/// Refuses what the headers alone already give away.
fn check_entry(
    name: &SafeName,
    zip: &OwnedZipFileEntry,
    declared: u64,
    len: u64,
    limits: &Limits,
) -> Result<(), JobZipError> {
    let shown = || readable(name.path.as_bytes());
    let refuse = |problem| Err(JobZipError::Unsupported { name: shown(), problem });
    let expected = if name.directory { 0o040_000 } else { 0o100_000 };
    match (zip.external_attributes() >> 16) & 0o170_000 {
        0 => {}
        kind if kind == expected => {}
        0o120_000 => return refuse("is a symbolic link"),
        _ => return refuse("is neither a plain file nor a folder"),
    }
    if zip.encrypted() {
        return refuse("is encrypted");
    }
    if !matches!(zip.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return refuse("uses a packing method other than store and deflate");
    }
    if name.directory && zip.size() > 0 {
        return refuse("is a folder with content of its own");
    }
    if zip.size() > limits.max_entry_bytes {
        let what = format!("declared bytes of \"{}\"", shown());
        return Err(JobZipError::TooMuch { what, limit: limits.max_entry_bytes });
    }
    if declared > limits.max_total_bytes {
        return Err(JobZipError::TooMuch { what: "declared bytes in all".into(), limit: limits.max_total_bytes });
    }
    if zip.header_start().saturating_add(zip.compressed_size()) > len {
        let source = io::Error::new(io::ErrorKind::UnexpectedEof, "reaches beyond the end of the archive");
        return Err(damaged(&name.path, source));
    }
    Ok(())
}

/// Files that desktop tools add on their own; they would hide a common base folder.
fn is_litter(path: &str) -> bool {
    path == "__MACOSX" || path.starts_with("__MACOSX/") || path == ".DS_Store" || path.ends_with("/.DS_Store")
}

/// The one folder that holds everything, when somebody zipped the folder instead of its content. A lone job folder
/// (`<Job>/<Job>_run.sh`) is content, not a wrapper.
fn common_base(entries: &[Entry]) -> Option<String> {
    let first = entries.first()?.path.split('/').next()?.to_owned();
    let inside = |entry: &Entry| match entry.path.strip_prefix(first.as_str()) {
        Some("") => entry.directory,
        Some(rest) => rest.starts_with('/'),
        None => false,
    };
    let launcher = format!("{first}/{first}_run.sh");
    let wraps = entries.iter().all(inside)
        && entries.iter().any(|entry| !entry.directory)
        && !entries.iter().any(|entry| entry.path == launcher);
    wraps.then_some(first)
}
