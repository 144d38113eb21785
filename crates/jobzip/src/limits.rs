//! How much an archive may hold.

/// Bounds that keep a hostile or broken archive from filling memory or disk. All sizes are bytes of *unpacked* content and
/// are judged on the bytes really produced, besides an early refusal when the archive itself declares more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest number of files and folders.
    pub max_entries: usize,
    /// Largest sum of all unpacked files.
    pub max_total_bytes: u64,
    /// Largest single unpacked file.
    pub max_entry_bytes: u64,
    /// Largest unpacked size divided by packed size, of one file and of the whole; judged above 10 MiB unpacked only.
    pub max_ratio: u64,
    /// Largest number of parts of a path; `a/b/c` has three.
    pub max_depth: usize,
    /// Longest path, in bytes of UTF-8.
    pub max_name_bytes: usize,
    /// Largest file that is read for its facts: `jobInfo.properties`, launcher scripts, contexts, items; each.
    pub max_metadata_bytes: u64,
    /// Largest jar that is looked into (held in memory while its main class is searched); bigger ones are refused only
    /// where their content must be known.
    pub max_inspected_jar_bytes: u64,
}

impl Limits {
    /// Below this many unpacked bytes the packing ratio is not judged: small texts pack extremely well.
    pub(crate) const RATIO_FLOOR: u64 = 10 << 20;
    /// Memory for the directory of the zip: names, extra fields and comments of all entries.
    pub(crate) const MAX_DIRECTORY_BYTES: u64 = 64 << 20;
}

impl Default for Limits {
    /// 20,000 entries, 4 GiB in all, 2 GiB each, ratio 200, depth 40, names of 1,024 bytes, 16 MiB of metadata each,
    /// 256 MiB for a jar that is looked into.
    fn default() -> Self {
        Self {
            max_entries: 20_000,
            max_total_bytes: 4 << 30,
            max_entry_bytes: 2 << 30,
            max_ratio: 200,
            max_depth: 40,
            max_name_bytes: 1024,
            max_metadata_bytes: 16 << 20,
            max_inspected_jar_bytes: 256 << 20,
        }
    }
}
