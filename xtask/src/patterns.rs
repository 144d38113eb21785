//! Asks JavaScript for the golden answers that the tests of regular expressions in `crates/tester` compare with.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell;

/// Writes `crates/tester/tests/golden/patterns.jsonl` anew; the same questions at every call.
pub(crate) fn run() -> Result<()> {
    ensure!(
        shell::find_program("node").is_some(),
        "node is missing: install Node.js 20.19 or later, see https://nodejs.org"
    );
    let folder = shell::root().join("crates/tester");
    let answers = shell::output(Command::new("node").arg("oracle/patterns.mjs").current_dir(&folder))?;
    let file = folder.join("tests/golden/patterns.jsonl");
    fs::write(&file, &answers).with_context(|| format!("write {}", file.display()))?;
    println!("{} lines in {}", answers.lines().count(), file.display());
    Ok(())
}
