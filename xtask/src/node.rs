//! Programs in JavaScript that tests run, below the target folder.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell;

/// Where they are; the tests start them there.
fn folder() -> PathBuf {
    shell::target().join("node")
}

/// Installs what `tests/node/package-lock.json` names, unless the last call did.
pub(crate) fn run() -> Result<()> {
    ensure!(
        shell::find_program("node").is_some() && shell::find_program("npm").is_some(),
        "node and npm are missing: install Node.js 20.19 or later, see https://nodejs.org"
    );
    let (from, to) = (shell::root().join("tests/node"), folder());
    fs::create_dir_all(&to).with_context(|| format!("make {}", to.display()))?;
    for name in ["package.json", "package-lock.json", "provider.mjs"] {
        fs::copy(from.join(name), to.join(name)).with_context(|| format!("copy {name}"))?;
    }
    let lock = from.join("package-lock.json");
    let wanted = fs::read_to_string(&lock).with_context(|| format!("read {}", lock.display()))?;
    let stamp = to.join("node_modules/.installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("the JavaScript programs of the tests are there");
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&to);
    shell::run(&mut npm)?;
    fs::write(&stamp, wanted).with_context(|| format!("write {}", stamp.display()))
}
