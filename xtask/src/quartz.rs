//! Asks the real Quartz for the golden answers that the tests of `crates/cron` compare with.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell;

/// Where Debian's `libquartz2-java` puts the library.
pub(crate) const LIBRARY: &str = "/usr/share/java/quartz2.jar";

/// Writes `crates/cron/tests/golden/quartz.txt` anew. Takes a few minutes, because Quartz searches some of the expressions
/// for ever and has to be stopped.
pub(crate) fn run() -> Result<()> {
    ensure!(Path::new(LIBRARY).exists(), "{LIBRARY} is missing; `make setup` installs it (libquartz2-java)");
    let folder = shell::root().join("crates/cron");
    let answers = shell::output(
        Command::new("java")
            .args(["-cp", LIBRARY, "oracle/Oracle.java", "golden", "oracle/expressions.txt", "oracle/cases.txt"])
            .env("LC_ALL", "C.UTF-8")
            .current_dir(&folder),
    )?;
    let file = folder.join("tests/golden/quartz.txt");
    fs::write(&file, &answers).with_context(|| format!("write {}", file.display()))?;
    println!("{} lines in {}", answers.lines().count(), file.display());
    Ok(())
}
