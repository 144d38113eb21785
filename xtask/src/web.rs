//! The web console: building it, and its tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell;

fn folder() -> PathBuf {
    shell::root().join("web")
}

fn npm<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new("npm");
    // A browser is on the machine already; none is fetched.
    command.args(arguments).current_dir(folder()).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    command
}

/// Node 20.19 or later is not in every Debian, so it is asked for and not installed.
fn node() -> Result<()> {
    ensure!(
        shell::find_program("node").is_some() && shell::find_program("npm").is_some(),
        "node and npm are missing: install Node.js 20.19 or later, see https://nodejs.org"
    );
    Ok(())
}

/// Installs the packages of the lock file, unless the last call did.
fn packages() -> Result<()> {
    node()?;
    let lock = folder().join("package-lock.json");
    let wanted = fs::read_to_string(&lock).with_context(|| format!("read {}", lock.display()))?;
    let stamp = folder().join("node_modules/.installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    shell::run(&mut npm(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, wanted).with_context(|| format!("write {}", stamp.display()))
}

/// Builds the console into `web/dist/files`, from where the server takes it in when it is built next.
pub(crate) fn build() -> Result<()> {
    packages()?;
    shell::run(&mut npm(["run", "--silent", "build"]))
}

/// Checks form, types and rules of the console, and runs the tests of its logic.
pub(crate) fn check() -> Result<()> {
    packages()?;
    shell::run(&mut npm(["run", "--silent", "types"]))?;
    shell::run(&mut npm(["run", "--silent", "check"]))?;
    shell::run(&mut npm(["run", "--silent", "test"]))
}

/// Builds console and programs, then uses them in a real browser.
pub(crate) fn test() -> Result<()> {
    check()?;
    build()?;
    crate::steps::build_programs(false)?;
    crate::build_fixtures()?;
    browse(&[])
}

/// Uses what is built in a real browser.
pub(crate) fn browse(variables: &[(&str, &str)]) -> Result<()> {
    let programs = shell::target().join("debug");
    let mut browser = npm(["run", "--silent", "browser"]);
    browser.env("STOKER_PROGRAMS", &programs).env("STOKER_FIXTURES", shell::target().join("fixtures"));
    shell::run(browser.envs(variables.iter().copied()))
}

/// Whether the browser of the tests is where they look for it.
pub(crate) fn has_chromium() -> bool {
    Path::new("/usr/bin/chromium").exists()
}
