//! Texts in a folder.

use std::collections::BTreeSet;
use std::path::Path;

use super::{FolderError, Loaded, Texts};
use crate::model::Drive;

/// Largest file, in bytes.
const MAX_FILE: u64 = 64 << 20;
/// Most files, and the deepest folder.
const MAX_FILES: usize = 50_000;
const MAX_DEPTH: usize = 6;

/// Writes a drive into a folder. Files of the layout that the drive no longer has are removed, others stay.
///
/// # Errors
/// [`FolderError::Io`].
pub fn save(drive: &Drive, root: &Path) -> Result<(), FolderError> {
    let texts = super::write(drive);
    let io = |file: &str| {
        let file = file.to_owned();
        move |source| FolderError::Io { file, source }
    };
    let before: BTreeSet<String> = if root.exists() { collect(root)?.into_keys().collect() } else { BTreeSet::new() };
    for (file, text) in &texts {
        let path = root.join(file);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io(file))?;
        }
        // A file that says the same keeps its time of change.
        if std::fs::read_to_string(&path).ok().as_ref() != Some(text) {
            std::fs::write(&path, text).map_err(io(file))?;
        }
    }
    for old in before.iter().filter(|old| !texts.contains_key(*old)) {
        std::fs::remove_file(root.join(old)).map_err(io(old))?;
    }
    Ok(())
}

/// Reads a drive out of a folder.
///
/// # Errors
/// [`FolderError`].
pub fn load(root: &Path) -> Result<Loaded, FolderError> {
    super::read(&collect(root)?)
}

/// Files of the layout; links are not followed.
fn collect(root: &Path) -> Result<Texts, FolderError> {
    let mut texts = Texts::new();
    let mut open = vec![(root.to_path_buf(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = open.pop() {
        let fail = |source| FolderError::Io { file: prefix.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = entry.file_type().map_err(fail)?;
            let path = format!("{prefix}{name}");
            if kind.is_dir() && depth < MAX_DEPTH && !name.starts_with('.') {
                open.push((entry.path(), format!("{path}/"), depth + 1));
            } else if kind.is_file() && belongs(&prefix, &name) {
                let wrong = |problem: String| FolderError::File { file: path.clone(), problem };
                if texts.len() >= MAX_FILES {
                    return Err(wrong(format!("more than {MAX_FILES} files")));
                }
                if entry.metadata().map_err(fail)?.len() > MAX_FILE {
                    return Err(wrong(format!("larger than {MAX_FILE} bytes")));
                }
                let text = std::fs::read_to_string(entry.path())
                    .map_err(|source| FolderError::Io { file: path.clone(), source })?;
                texts.insert(path, text);
            }
        }
    }
    Ok(texts)
}

fn belongs(prefix: &str, name: &str) -> bool {
    match prefix {
        "" => name == "drive.toml" || name.ends_with(".scenario.toml"),
        "environments/" => name.ends_with(".toml"),
        _ => name == "project.toml" || name == "service.toml" || name.ends_with(".scenario.toml"),
    }
}
