//! What an operator does with an installation: keys, backups, certificates.

mod backup;
mod kept_tests;
mod keys;
mod stop;
mod tls;

use std::path::Path;
use std::process::{Command, Output};

use stoker_testkit::programs::program;

/// Runs `stoker-server admin` with these words on a data folder.
fn admin(words: &[&str], data: &Path, env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(program("stoker-server"));
    command.arg("admin").args(words).arg("--data").arg(data).envs(env.iter().copied());
    command.env("LC_ALL", "C.UTF-8").output().expect("run stoker-server admin")
}

/// Both output streams.
fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// As [`admin`], and it must work.
#[track_caller]
pub(crate) fn done(words: &[&str], data: &Path, env: &[(&str, &str)]) -> String {
    let output = admin(words, data, env);
    assert!(output.status.success(), "{words:?}: {}", said(&output));
    said(&output)
}

/// As [`admin`], and it must be refused.
#[track_caller]
fn refused(words: &[&str], data: &Path, env: &[(&str, &str)]) -> String {
    let output = admin(words, data, env);
    assert_eq!(output.status.code(), Some(1), "{words:?}: {}", said(&output));
    said(&output)
}
