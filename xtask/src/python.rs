//! Programs in Python that tests run, in an environment of their own below the target folder.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// Where the environment is; the tests look for its `bin/` there.
fn folder() -> PathBuf {
    shell::target().join("python")
}

/// Installs what `tests/python/requirements.txt` names, unless the last call did.
pub(crate) fn run() -> Result<()> {
    let list = shell::root().join("tests/python/requirements.txt");
    let wanted = fs::read_to_string(&list).with_context(|| format!("read {}", list.display()))?;
    let stamp = folder().join(".installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("the Python programs of the tests are there");
        return Ok(());
    }
    shell::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder()))?;
    let mut pip = Command::new(folder().join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"]);
    shell::run(pip.arg(&list))?;
    fs::write(&stamp, wanted).with_context(|| format!("write {}", stamp.display()))
}
