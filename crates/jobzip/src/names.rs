//! Which entry names may become paths, and which of them clash.

use std::collections::HashMap;

use crate::error::{JobZipError, readable};
use crate::limits::Limits;

/// Longest single part of a path that common file systems take, in bytes.
const MAX_PART_BYTES: usize = 255;

/// A name that is safe to append to a folder: relative, `/` between its parts, no empty, `.` or `..` part.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SafeName {
    /// Without a final `/`; empty for the root itself (`./`).
    pub(crate) path: String,
    pub(crate) directory: bool,
}

/// Checks the raw name of an entry. A leading `./`, which some tools write, is dropped.
pub(crate) fn check(raw: &[u8], limits: &Limits) -> Result<SafeName, JobZipError> {
    let refuse = |problem| Err(JobZipError::name(raw, problem));
    if raw.len() > limits.max_name_bytes {
        return Err(JobZipError::TooMuch {
            what: format!("bytes of entry name \"{}\"", readable(raw)),
            limit: limits.max_name_bytes as u64,
        });
    }
    let Ok(name) = std::str::from_utf8(raw) else {
        return refuse("is not valid UTF-8");
    };
    if name.chars().any(char::is_control) {
        return refuse("holds a control character");
    }
    if name.contains('\\') {
        return refuse("holds a backslash");
    }
    if name.starts_with('/') {
        return refuse("is an absolute path");
    }
    if name.len() >= 2 && name.as_bytes()[0].is_ascii_alphabetic() && name.as_bytes()[1] == b':' {
        return refuse("starts with a drive letter");
    }
    let plain = name.strip_prefix("./").unwrap_or(name);
    let (plain, directory) = plain.strip_suffix('/').map_or((plain, plain.is_empty()), |dir| (dir, true));
    if plain.is_empty() {
        return if name == "./" { Ok(SafeName { path: String::new(), directory: true }) } else { refuse("is empty") };
    }
    let mut depth = 0;
    for part in plain.split('/') {
        depth += 1;
        match part {
            "" => return refuse("has an empty part"),
            "." | ".." => return refuse("holds a \".\" or \"..\" part"),
            _ if part.len() > MAX_PART_BYTES => return refuse("has a part longer than 255 bytes"),
            _ => {}
        }
    }
    if depth > limits.max_depth {
        return Err(JobZipError::TooMuch {
            what: format!("folder depth of \"{}\"", readable(raw)),
            limit: limits.max_depth as u64,
        });
    }
    Ok(SafeName { path: plain.to_owned(), directory })
}

#[derive(Debug)]
struct Taken {
    path: String,
    directory: bool,
    /// A folder that only exists because something lies in it may still be listed once.
    implied: bool,
}

/// Remembers every path seen so far, folders that are only implied included.
#[derive(Debug, Default)]
pub(crate) struct Clashes {
    by_folded: HashMap<String, Taken>,
}

impl Clashes {
    /// Adds one entry, or says with which earlier one it cannot live on every file system.
    pub(crate) fn add(&mut self, name: &SafeName) -> Result<(), JobZipError> {
        self.put(&name.path, name.directory, false)?;
        let mut rest = name.path.as_str();
        while let Some((parent, _)) = rest.rsplit_once('/') {
            if !self.put(parent, true, true)? {
                break;
            }
            rest = parent;
        }
        Ok(())
    }

    /// Whether the path is new.
    fn put(&mut self, path: &str, directory: bool, implied: bool) -> Result<bool, JobZipError> {
        let Some(taken) = self.by_folded.get_mut(&path.to_lowercase()) else {
            self.by_folded.insert(path.to_lowercase(), Taken { path: path.to_owned(), directory, implied });
            return Ok(true);
        };
        let problem = if taken.path != path {
            "differ only in upper and lower case"
        } else if taken.directory != directory {
            "are a file and a folder of one name"
        } else if implied || taken.implied {
            taken.implied &= implied;
            return Ok(false);
        } else {
            "have the same name"
        };
        Err(JobZipError::Clash { first: readable(taken.path.as_bytes()), second: readable(path.as_bytes()), problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(raw: &str) -> Option<String> {
        check(raw.as_bytes(), &Limits::default()).ok().map(|name| name.path)
    }

    #[test]
    fn plain_names_pass_unchanged() {
        for name in ["a", "lib/x.jar", "Ünï cödé/пример 1.sh", "ab:c", "...", "a/..b", "-rf"] {
            assert_eq!(path(name).as_deref(), Some(name));
        }
        assert_eq!(path("./a/b").as_deref(), Some("a/b"));
        assert_eq!(path("a/").as_deref(), Some("a"));
        assert_eq!(path("./").as_deref(), Some(""));
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for name in [
            "", "/", "/a", "//a", "..", "../a", "a/..", "a/../b", "a/./b", "a//b", "././a", ".//a", "a\\b", "C:a",
            "c:/a", "a\0", "a\nb", "\u{85}",
        ] {
            assert_eq!(path(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_folder_may_be_listed_before_or_after_its_files_but_once() {
        let add = |names: &[&str]| {
            let mut clashes = Clashes::default();
            names.iter().try_for_each(|n| clashes.add(&check(n.as_bytes(), &Limits::default())?)).is_ok()
        };
        assert!(add(&["a/", "a/b", "a/c"]));
        assert!(add(&["a/b", "a/"]));
        assert!(!add(&["a/b", "a/", "a/"]));
        assert!(!add(&["a/b", "a"]));
        assert!(!add(&["a", "a/b"]));
        assert!(!add(&["A/x", "a/y"]));
        assert!(!add(&["x/ÄB", "x/äb"]));
    }
}
