//! The built programs, run as an operator would.
//!
//! They are not built from here: `cargo xtask test` does that before the tests, and so must you after a change when you
//! run one test by itself.

mod engine;
mod process;
mod server;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::must;

pub use engine::{EngineFolder, EngineProcess};
pub use server::{Bootstrap, ServerOptions, ServerProcess};

/// Path of a built program: `stoker-server`, `stoker-engine` or `stoker`.
///
/// It is the one that lies beside the running test, so of the same profile. Panics when it has not been built.
#[track_caller]
#[must_use]
pub fn program(name: &str) -> PathBuf {
    must(find_program(name))
}

pub(crate) fn find_program(name: &str) -> Result<PathBuf> {
    let path = profile_folder()?.join(name);
    ensure!(
        path.is_file(),
        "there is no {}; build it with `cargo build -p {}`",
        path.display(),
        if name == "stoker" { "stoker-cli" } else { name }
    );
    Ok(path)
}

/// Root of the source tree.
#[must_use]
pub fn workspace_root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// The folder `target`.
pub fn target_folder() -> Result<PathBuf> {
    let profile = profile_folder()?;
    Ok(profile.parent().context("find the target folder")?.to_path_buf())
}

/// `target/debug` or its like: test programs lie in `deps` below it, or `examples`, or there.
fn profile_folder() -> Result<PathBuf> {
    let test = std::env::current_exe().context("find the running program")?;
    let mut folder = test.parent().context("find the folder of the running program")?;
    if folder.ends_with("deps") || folder.ends_with("examples") {
        folder = folder.parent().unwrap_or(folder);
    }
    Ok(folder.to_path_buf())
}
