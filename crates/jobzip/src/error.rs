//! What can be wrong with an archive, in words for the person who uploaded it.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

/// Why an archive was refused or could not be unpacked. Everything except [`JobZipError::Io`] and
/// [`JobZipError::DestinationNotEmpty`] is the fault of the archive and can be shown to whoever supplied it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobZipError {
    /// The bytes are not a zip file, or its directory is cut off or damaged.
    #[error("read job archive: this is not a complete zip file; upload the zip that the build produced")]
    NotAZip {
        /// What the zip reader said.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// An entry has a name that must not be written to disk.
    #[error("check job archive: entry name \"{name}\" {problem}; zip the files again with plain relative names")]
    Name {
        /// The name, with unprintable characters escaped and cut to a readable length.
        name: String,
        /// What is wrong with it, as the rest of a sentence.
        problem: &'static str,
    },
    /// Two entries would end up in the same place.
    #[error("check job archive: entries \"{first}\" and \"{second}\" {problem}; rename or remove one of them")]
    Clash {
        /// The entry that came first.
        first: String,
        /// The entry that clashes with it.
        second: String,
        /// How they clash, as the rest of a sentence.
        problem: &'static str,
    },
    /// An entry uses something that job archives never need: links, devices, encryption, rare packing methods.
    #[error("check job archive: entry \"{name}\" {problem}; zip the files again with store or deflate and no password")]
    Unsupported {
        /// The entry.
        name: String,
        /// What it uses, as the rest of a sentence.
        problem: &'static str,
    },
    /// The archive is larger than one of the [`Limits`](crate::Limits).
    #[error("check job archive: {what} exceeds the limit of {limit}; make the archive smaller or raise the limit")]
    TooMuch {
        /// What is too large or too many, with the entry's name when it is one entry.
        what: String,
        /// The limit, in the unit that `what` names.
        limit: u64,
    },
    /// The content of an entry does not match its length or checksum, or cannot be inflated.
    #[error("unpack job archive: entry \"{name}\" is damaged; upload the archive again")]
    Damaged {
        /// The entry.
        name: String,
        /// What the reader said.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A file that describes the job cannot be understood.
    #[error("read job archive: \"{path}\" {problem}; build the job again")]
    Metadata {
        /// The file.
        path: String,
        /// What is wrong with it, as the rest of a sentence.
        problem: String,
    },
    /// Files that the job needs to start are not in the archive.
    #[error("check job archive: missing {}; build the job again with all its libraries", some_of(.missing))]
    MissingFiles {
        /// Paths relative to the root of the archive, in the order in which they are needed.
        missing: Vec<String>,
    },
    /// No jar of the job holds the class that is to be started.
    #[error("check job archive: main class {class} is in none of {}; build the job again", some_of(.searched))]
    MainClassMissing {
        /// The class, with dots.
        class: String,
        /// The jars that were searched.
        searched: Vec<String>,
    },
    /// The archive holds nothing that can be started.
    #[error(
        "check job archive: nothing to run in it; accepted are a job built by the studio (jobInfo.properties or \
         <Job>/<Job>_run.sh), one jar with a Main-Class in its manifest, or run.sh, main.sh, start.sh or a single .sh \
         file at the top"
    )]
    NothingToRun,
    /// The folder to unpack into already holds something.
    #[error("unpack job archive: {} is not empty; give an empty folder", .path.display())]
    DestinationNotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The disk or the source of the archive failed.
    #[error("{action}; check the disk and try again")]
    Io {
        /// What was being done, with the path.
        action: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

impl JobZipError {
    pub(crate) fn name(raw: &[u8], problem: &'static str) -> Self {
        Self::Name { name: readable(raw), problem }
    }

    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}

/// A list for a message: the first twenty, and how many more there are.
fn some_of(paths: &[String]) -> String {
    let mut text = paths.iter().take(20).map(|path| readable(path.as_bytes())).collect::<Vec<_>>().join(", ");
    if paths.len() > 20 {
        text.push_str(&format!(" and {} more", paths.len() - 20));
    }
    text
}

/// A name from an archive as it may stand in a message: no control characters, at most 120 characters.
pub(crate) fn readable(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut shown: String = text
        .chars()
        .take(120)
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect();
    if text.chars().nth(120).is_some() {
        shown.push('…');
    }
    shown
}
