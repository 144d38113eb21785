//! All automation of the project; the Makefile only names tasks. `cargo xtask help` lists them.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that people and build logs read")]

mod compat;
mod demo;
mod deps;
mod fixtures;
mod node;
mod openapi;
mod patterns;
mod python;
mod quartz;
mod rivals;
mod setup;
mod shell;
mod steps;
mod web;

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};

const HELP: &str = "\
usage: cargo xtask TASK

  setup     install what a fresh Debian machine lacks (as root or with sudo); does nothing when all is there;
            demo: only what the demonstration needs
  demo      build the programs, run one job on a paired engine and show its log; --release: as people run them,
            which takes longer to build
  test      format, lints, dependency rules, build and all tests; stops at the first failure
  nightly   test, then the slow tests and the demonstration
  bench     measure the release build; arguments go to the benchmark
  deps      check who depends on what, licences and comments in the manifests
  fixtures  build the test archives into target/fixtures
  python    install the Python programs of the tests into target/python
  node      install the JavaScript programs of the tests into target/node
  compat    write docs/compatibility.md
  openapi   write the OpenAPI documents in openapi/; diff: only compare them with the published contract
  web       build the console into web/dist, from where the server takes it in
  web-test  check the console and use it in a real browser, with a real server and engine
  rivals    install the programs that the benchmark compares with into target/tools
  patterns  ask JavaScript for the answers in crates/tester/tests/golden
  quartz    ask the real Quartz for the answers in crates/cron/tests/golden
  help      this text
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = arguments.split_first().map_or(("help", &[][..]), |(task, rest)| (task.as_str(), rest));
    match run(task, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &str, arguments: &[String]) -> Result<()> {
    let release = arguments.iter().any(|argument| argument == "--release");
    let known = match task {
        "bench" => true,
        "demo" => arguments.iter().all(|argument| argument == "--release"),
        "setup" => arguments.iter().all(|argument| argument == "demo"),
        "openapi" => arguments.iter().all(|argument| argument == "diff"),
        _ => arguments.is_empty(),
    };
    ensure!(known, "the task {task} does not know {}; see `cargo xtask help`", arguments.join(" "));
    match task {
        "setup" => setup::run(!arguments.is_empty()),
        "demo" => demo::run(!release),
        "test" => steps::test(),
        "nightly" => steps::nightly(),
        "bench" => steps::bench(arguments),
        "deps" => deps::run(),
        "fixtures" => build_fixtures(),
        "python" => python::run(),
        "node" => node::run(),
        "compat" => compat::run(),
        "openapi" => openapi::run(arguments),
        "web" => web::build(),
        "web-test" => web::test(),
        "rivals" => rivals::run(),
        "patterns" => patterns::run(),
        "quartz" => quartz::run(),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        _ => bail!("there is no task {task}; see `cargo xtask help`"),
    }
}

/// Builds the test archives where tests and the demonstration look for them.
fn build_fixtures() -> Result<()> {
    let folder = shell::target().join("fixtures");
    let archives = fixtures::build(&folder, shell::root())?;
    println!("{} test archives in {}", archives.len(), folder.display());
    Ok(())
}
