//! Files that requests name: bodies, parts, certificates, rows of data.

use std::path::{Component, Path, PathBuf};

/// Largest file that is read, in bytes.
pub const MAX_FILE: u64 = 256 << 20;

/// Where files come from.
pub trait Files: Send + Sync {
    /// The bytes of a file whose name stands in a project.
    ///
    /// # Errors
    /// A text that names the file and says why it cannot be read.
    fn read(&self, name: &str) -> Result<Vec<u8>, String>;
}

/// No files at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        Err(format!("the file `{name}` cannot be read, because this run has no folder of files"))
    }
}

/// Files below a folder, and none outside of it.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Files below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}

impl Files for Folder {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside || name.is_empty() {
            return Err(format!("the file `{name}` must be named by a path below the project's folder, without `..`"));
        }
        let fail = |error: std::io::Error| format!("the file `{name}` cannot be read: {error}");
        let root = self.root.canonicalize().map_err(fail)?;
        let path = root.join(name).canonicalize().map_err(fail)?;
        if !path.starts_with(&root) {
            return Err(format!("the file `{name}` is a link to a place outside of the project's folder"));
        }
        let size = std::fs::metadata(&path).map_err(fail)?.len();
        if size > MAX_FILE {
            return Err(format!("the file `{name}` has {size} bytes, more than {MAX_FILE}"));
        }
        std::fs::read(&path).map_err(fail)
    }
}
