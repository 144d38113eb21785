//! The programs that the API tester is measured beside, below the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{setup, shell};

/// hurl as its own crate builds it; later versions want a newer compiler than this project.
const HURL: &str = "8.0.1";
const NEWMAN: &str = "newman@6.2.2";
/// What the build of hurl needs, and how to see that it is there.
const NEEDS: [(&str, &str); 3] = [
    ("libcurl4-openssl-dev", "/usr/include/x86_64-linux-gnu/curl/curl.h"),
    ("libxml2-dev", "/usr/include/libxml2/libxml/parser.h"),
    ("libclang-dev", "/usr/lib/llvm-14/include/clang-c/Index.h"),
];

fn folder() -> PathBuf {
    shell::target().join("tools")
}

/// Installs what is missing: hurl with cargo, newman with npm, and the libraries of hurl with apt-get.
pub(crate) fn run() -> Result<()> {
    let (hurl, newman) = (folder().join("bin/hurl"), folder().join("newman"));
    if !hurl.is_file() {
        let missing: Vec<&str> =
            NEEDS.iter().filter(|(_, file)| !Path::new(file).exists()).map(|(package, _)| *package).collect();
        if !missing.is_empty() {
            println!("rivals: installing {} with apt-get", missing.join(", "));
            setup::install(&missing).with_context(|| format!("install {}", missing.join(" ")))?;
        }
        println!("rivals: building hurl {HURL}, which takes some minutes");
        let mut cargo = shell::cargo(["install", "hurl", "--version", HURL, "--locked"]);
        shell::run(cargo.arg("--root").arg(folder()).arg("--target-dir").arg(folder().join("build")))?;
    }
    if !newman.join("node_modules/newman/bin/newman.js").is_file() {
        fs::create_dir_all(&newman).with_context(|| format!("make {}", newman.display()))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
        shell::run(npm.arg(&newman).arg(NEWMAN))?;
    }
    println!("rivals: hurl {HURL} and {NEWMAN} are in {}", folder().display());
    Ok(())
}
