//! Folders of the project and programs that tasks start.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// Root of the source tree.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Cargo, started in the root as if by hand.
///
/// `cargo run` hands its programs variables about the package. A second cargo below would take them for changed
/// settings of build scripts and compile much of the tree again.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a program that shows its output itself. The error names the command line.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = Line(command).to_string();
    let status = command.status().with_context(|| format!("start {line}"))?;
    ensure!(status.success(), "{line} ended with {status}");
    Ok(())
}

/// Runs a program and returns what it wrote to its standard output; its standard error is shown as it comes.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = Line(command).to_string();
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("start {line}"))?;
    ensure!(output.status.success(), "{line} ended with {}", output.status);
    String::from_utf8(output.stdout).with_context(|| format!("read the output of {line} as text"))
}

/// Where a program is found: on the path, or where Debian keeps those for administrators.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Minutes and seconds, short.
pub(crate) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds}.{} s", time.subsec_millis() / 100),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// Shows the command line of a program without its path.
struct Line<'a>(&'a Command);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = Path::new(self.0.get_program());
        write!(f, "`{}", program.file_name().unwrap_or_default().to_string_lossy())?;
        for argument in self.0.get_args() {
            write!(f, " {}", argument.to_string_lossy())?;
        }
        write!(f, "`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_command_and_its_end() {
        let error = run(Command::new("/bin/sh").args(["-c", "exit 3"])).expect_err("it fails");
        assert_eq!(error.to_string(), "`sh -c exit 3` ended with exit status: 3");
        let error = output(&mut Command::new("/no/such-program")).expect_err("it fails");
        assert_eq!(error.to_string(), "start `such-program`");
    }

    #[test]
    fn times_are_short() {
        assert_eq!(seconds(Duration::from_millis(1_290)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(605)), "10 min 05 s");
    }
}
