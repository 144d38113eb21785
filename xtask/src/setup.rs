//! Makes a fresh Debian machine ready to build, test and show the project.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{quartz, shell, web};

/// A Debian package and how to see that what we need of it is there, from wherever it came.
struct Need {
    package: &'static str,
    why: &'static str,
    present: fn() -> bool,
    /// Whether the demonstration needs it too; the rest is for tests.
    demo: bool,
}

const NEEDS: [Need; 10] = [
    Need {
        package: "postgresql",
        why: "server programs for tests on PostgreSQL",
        present: has_postgresql,
        demo: false,
    },
    Need { package: "curl", why: "the example procedures", present: || on_path("curl"), demo: true },
    Need { package: "jq", why: "the example procedures", present: || on_path("jq"), demo: true },
    Need {
        package: "openjdk-17-jdk-headless",
        why: "javac, for the test jobs",
        present: || on_path("javac"),
        demo: true,
    },
    Need {
        package: "libquartz2-java",
        why: "the real Quartz, for the nightly tests of cron",
        present: || Path::new(quartz::LIBRARY).exists(),
        demo: false,
    },
    Need {
        package: "golang-go",
        why: "generated programs in Go, which the nightly tests run",
        present: || on_path("go"),
        demo: false,
    },
    Need { package: "python3-venv", why: "programs in Python that tests run", present: has_venv, demo: false },
    Need { package: "chromium", why: "the browser of the console's tests", present: web::has_chromium, demo: false },
    Need { package: "procps", why: "ps and kill", present: || on_path("ps") && on_path("kill"), demo: true },
    Need {
        package: "util-linux",
        why: "setpriv, to run PostgreSQL as an ordinary user",
        present: || on_path("setpriv") && on_path("setsid"),
        demo: true,
    },
];

/// Installs the packages that are missing and says so; only those of the demonstration when `demo` is set. Needs root or
/// sudo only when something is missing.
pub(crate) fn run(demo: bool) -> Result<()> {
    let wanted = |need: &&Need| need.demo || !demo;
    let missing: Vec<&Need> = NEEDS.iter().filter(wanted).filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        println!("setup: everything is there");
        return Ok(());
    }
    println!("setup: installing with apt-get");
    for need in &missing {
        println!("  {:<26}{}", need.package, need.why);
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    install(&packages).with_context(|| format!("install {}; do it by hand and try again", packages.join(" ")))?;
    let left: Vec<&str> =
        NEEDS.iter().filter(wanted).filter(|need| !(need.present)()).map(|need| need.package).collect();
    if !left.is_empty() {
        bail!("{} installed, but still not found; is PATH as usual?", left.join(" "));
    }
    println!("setup: done");
    Ok(())
}

/// Installs Debian packages by name.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    if shell::find_program("apt-get").is_none() {
        bail!("this is no Debian: there is no apt-get");
    }
    shell::run(apt_get()?.arg("update"))?;
    shell::run(apt_get()?.args(["install", "--yes", "--no-install-recommends"]).args(packages))
}

/// `apt-get` that asks nothing, waits for another one to end, and runs as root.
fn apt_get() -> Result<Command> {
    let root = shell::output(Command::new("id").arg("-u"))?.trim() == "0";
    if !root && shell::find_program("sudo").is_none() {
        bail!("you are not root and there is no sudo");
    }
    let mut command = Command::new(if root { "env" } else { "sudo" });
    if !root {
        command.arg("env");
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=300"]);
    Ok(command)
}

fn on_path(program: &str) -> bool {
    shell::find_program(program).is_some()
}

/// Debian ships Python without the part that makes environments.
fn has_venv() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import venv, ensurepip"]).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

/// Debian keeps the server programs off the path, one folder per version.
fn has_postgresql() -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions
        .map(|entry| entry.path().join("bin"))
        .any(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_is_one_package() {
        for need in &NEEDS {
            assert!(!need.package.is_empty() && !need.package.contains(' '), "{}", need.package);
            assert!(!need.why.is_empty(), "{}", need.package);
        }
    }

    #[test]
    fn programs_are_found_and_others_are_not() {
        assert!(on_path("sh"));
        assert!(!on_path("no-such-program-anywhere"));
    }
}
