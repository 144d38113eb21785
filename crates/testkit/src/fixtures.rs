//! Job archives for tests.

use std::fs::{self, File};
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail, ensure};
use zip::write::SimpleFileOptions;

use crate::{must, programs};

/// Name of the environment variable with the folder of archives that are already built; `cargo xtask test` sets it.
pub const FOLDER_VARIABLE: &str = "STOKER_FIXTURES";

/// Path of a test archive: by its file name (`HelloWorld_0.1.zip`) or by the name without version (`HelloWorld`).
///
/// The first call in a process builds the archives as `cargo xtask fixtures` does, unless `STOKER_FIXTURES` names the
/// folder of built ones. Panics when they cannot be built or when the name fits none or several.
#[track_caller]
#[must_use]
pub fn archive(name: &str) -> PathBuf {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOLDER.get_or_init(|| folder().map_err(|error| format!("{error:#}"))) {
        Ok(folder) => must(find(folder, name)),
        Err(error) => panic!("build the test archives: {error}"),
    }
}

/// An archive that holds nothing but this text as `run.sh`, the smallest thing that can be run.
#[must_use]
pub fn script_archive(script: &str) -> Vec<u8> {
    must(pack(script).context("pack a script archive"))
}

fn pack(script: &str) -> Result<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // Without execute bit, as archives arrive in real life.
    writer.start_file("run.sh", SimpleFileOptions::default().unix_permissions(0o644))?;
    writer.write_all(script.as_bytes())?;
    Ok(writer.finish()?.into_inner())
}

fn folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty()) {
        return Ok(folder.into());
    }
    let folder = programs::target_folder()?.join("fixtures");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    // Several test programs may come here at once; the first builds, the others find everything there.
    let lock = File::create(folder.join(".lock")).context("create the lock file")?;
    lock.lock().context("lock the folder")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--quiet", "--package", "xtask", "--", "fixtures"]).current_dir(programs::workspace_root());
    for (name, _) in std::env::vars_os() {
        // What cargo told this test about its package would look like changed settings of build scripts there.
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(&name);
        }
    }
    let output = cargo.output().context("run `cargo xtask fixtures`")?;
    ensure!(
        output.status.success(),
        "`cargo xtask fixtures` failed: {}",
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(folder)
}

fn find(folder: &Path, name: &str) -> Result<PathBuf> {
    let exact = folder.join(name);
    if exact.is_file() {
        return Ok(exact);
    }
    let mut archives = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        archives.extend(entry?.file_name().into_string().ok().filter(|name| name.ends_with(".zip")));
    }
    archives.sort();
    let fits = |archive: &&String| {
        let stem = archive.trim_end_matches(".zip");
        let plain = stem.rsplit_once('_').filter(|(_, version)| version.starts_with(|c: char| c.is_ascii_digit()));
        stem == name || plain.is_some_and(|(plain, _)| plain == name)
    };
    match archives.iter().filter(fits).collect::<Vec<_>>()[..] {
        [only] => Ok(folder.join(only)),
        [] => bail!("there is no test archive {name}; there are {}", archives.join(", ")),
        ref several => bail!("{name} may be one of {several:?}; name the file"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_found_by_file_name_or_by_name_without_version() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for name in ["HelloWorld_0.1.zip", "Load__1.10.zip", "script-true.zip", "Two_0.1.zip", "Two_0.2.zip"] {
            fs::write(folder.path().join(name), b"")?;
        }
        let found = |name: &str| find(folder.path(), name).map(|path| path.file_name().map(ToOwned::to_owned));
        assert_eq!(found("HelloWorld")?, Some("HelloWorld_0.1.zip".into()));
        assert_eq!(found("Load_")?, Some("Load__1.10.zip".into()));
        assert_eq!(found("script-true")?, Some("script-true.zip".into()));
        assert_eq!(found("Two_0.2.zip")?, Some("Two_0.2.zip".into()));
        assert!(found("Two").is_err_and(|error| error.to_string().contains("Two_0.2.zip")));
        assert!(found("Hello").is_err_and(|error| error.to_string().contains("HelloWorld_0.1.zip")));
        Ok(())
    }
}
