//! Tasks that are a row of steps: test, nightly, bench.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::{compat, demo, deps, node, openapi, python, rivals, shell, web};

/// One step of a task.
struct Step {
    name: &'static str,
    /// What to do when it fails.
    cure: &'static str,
    work: fn() -> Result<()>,
}

const TEST: [Step; 14] = [
    Step {
        name: "format",
        cure: "run `cargo fmt --all` (`rustup component add rustfmt` when that is missing)",
        work: || shell::run(&mut shell::cargo(["fmt", "--all", "--check"])),
    },
    // Before anything is compiled: the server takes the built files in.
    Step {
        name: "console",
        cure: "run `npm run check` and `npm run types` in web/ and correct what they name",
        work: || web::check().and_then(|()| web::build()),
    },
    Step {
        name: "lints",
        cure: "correct what clippy names (`rustup component add clippy` when that is missing)",
        work: || shell::run(&mut shell::cargo(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])),
    },
    Step { name: "dependency rules", cure: "see ARCHITECTURE.md, or change the rule on purpose", work: deps::run },
    Step { name: "test archives", cure: "correct the sources in fixtures/jobs", work: crate::build_fixtures },
    Step { name: "Python programs", cure: "is the package registry reachable?", work: python::run },
    Step { name: "JavaScript programs", cure: "is the package registry reachable?", work: node::run },
    Step { name: "programs", cure: "correct what the compiler names", work: || build_programs(false) },
    Step {
        name: "compatibility page",
        cure: "run `cargo xtask compat` and commit the page",
        work: || compat::check(shell::root()),
    },
    Step {
        name: "OpenAPI documents",
        cure: "run `cargo xtask openapi` and commit the documents",
        work: || openapi::check(shell::root()),
    },
    Step {
        name: "tests",
        cure: "run the failed test by itself: `cargo test -p PACKAGE NAME`",
        work: || {
            let mut tests = shell::cargo(["test", "--workspace", "--no-fail-fast"]);
            tests.env("RUST_TEST_THREADS", test_threads());
            shell::run(tests.env("STOKER_FIXTURES", shell::target().join("fixtures")))
        },
    },
    Step {
        name: "several servers",
        cure: "run the failed test by itself: `STOKER_TEST_REPLICAS=3 cargo test --workspace --test it NAME`",
        work: || several(SHARED, "3"),
    },
    Step { name: "browser tests", cure: "run `cargo xtask web-test`", work: || web::browse(&[]) },
    Step { name: "demonstration", cure: "run `cargo xtask demo`", work: || demo::run(true) },
];

const NIGHTLY: [Step; 5] = [
    Step {
        name: "slow tests",
        cure: "run the failed test by itself: `cargo test -p PACKAGE NAME -- --include-ignored`",
        work: || {
            let mut tests = shell::cargo(["test", "--workspace", "--no-fail-fast", "--", "--include-ignored"]);
            tests.env("PROPTEST_CASES", "5000").env("STOKER_FIXTURES", shell::target().join("fixtures"));
            shell::run(&mut tests)
        },
    },
    Step {
        name: "all suites on two servers",
        cure: "run the failed test by itself: `STOKER_TEST_REPLICAS=2 cargo test --workspace --test it NAME`",
        work: || several(&["::postgres", "story::"], "2"),
    },
    Step {
        name: "all suites on three servers",
        cure: "run the failed test by itself: `STOKER_TEST_REPLICAS=3 cargo test --workspace --test it NAME`",
        work: || several(&["::postgres", "story::"], "3"),
    },
    Step {
        name: "gallery of the console",
        cure: "run `STOKER_GALLERY=1 npm run browser -- gallery` in web/",
        work: || web::browse(&[("STOKER_GALLERY", "1")]),
    },
    Step {
        name: "demonstration of the release build",
        cure: "run `cargo xtask demo --release` by itself",
        work: || demo::run(false),
    },
];

/// Suites of what one server does and another has to know at once.
const SHARED: &[&str] =
    &["tokens::", "console::", "security::", "link::offers", "link::stops", "webhooks::", "several::"];

/// Runs suites of the API, whose servers on PostgreSQL are so many behind a proxy then.
fn several(suites: &[&str], servers: &str) -> Result<()> {
    let mut tests = shell::cargo(["test", "--workspace", "--no-fail-fast", "--test", "it", "--", "--skip", "sqlite"]);
    tests.args(["--test-threads", "4"]).args(suites);
    shell::run(tests.env("STOKER_TEST_REPLICAS", servers).env("STOKER_FIXTURES", shell::target().join("fixtures")))
}

/// What has to be right before a change lands.
pub(crate) fn test() -> Result<()> {
    run(TEST.iter())
}

/// `test`, and what takes too long for every change.
pub(crate) fn nightly() -> Result<()> {
    run(TEST.iter().chain(&NIGHTLY))
}

/// How many tests run at once: half as many again as there are processors, because many of them wait for programs that
/// they started.
fn test_threads() -> String {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (processors + processors.div_ceil(2)).to_string()
}

/// Builds the programs as people run them, then measures. `arguments` go to the benchmark.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    build_programs(true)?;
    let sections: Vec<&String> = arguments.iter().take_while(|argument| !argument.starts_with('-')).collect();
    if sections.is_empty() || sections.iter().any(|section| matches!(section.as_str(), "all" | "tester")) {
        rivals::run()?;
    }
    shell::run(shell::cargo(["run", "--release", "--package", "stoker-bench", "--"]).args(arguments))
}

/// Builds server, engine and command line; cargo shows the progress.
pub(crate) fn build_programs(release: bool) -> Result<()> {
    // With the features of the whole workspace, so that the tests need no second build of the dependencies.
    let mut build = shell::cargo(["build", "--workspace", "--bins"]);
    if release {
        build.arg("--release");
    }
    shell::run(&mut build)
}

/// Runs the steps until one fails; says what each took, and at the end all of it again.
fn run<'a>(steps: impl Iterator<Item = &'a Step>) -> Result<()> {
    let begin = Instant::now();
    let mut done: Vec<(&str, Duration)> = Vec::new();
    for step in steps {
        println!("\n=== {}", step.name);
        let start = Instant::now();
        let result = (step.work)();
        let time = start.elapsed();
        if let Err(error) = result {
            print_summary(&done);
            println!("  {:<36}FAILED after {}", step.name, shell::seconds(time));
            return Err(error).with_context(|| format!("{} failed; {}", step.name, step.cure));
        }
        println!("--- {}: ok, {}", step.name, shell::seconds(time));
        done.push((step.name, time));
    }
    print_summary(&done);
    println!("all {} steps passed in {}", done.len(), shell::seconds(begin.elapsed()));
    Ok(())
}

fn print_summary(done: &[(&str, Duration)]) {
    println!("\n=== summary");
    for (name, time) in done {
        println!("  {name:<36}ok     {}", shell::seconds(*time));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn the_first_failure_ends_the_row_and_tells_the_cure() {
        let steps = [
            Step { name: "good", cure: "none", work: || Ok(()) },
            Step { name: "bad", cure: "try harder", work: || bail!("no luck") },
            Step { name: "never", cure: "none", work: || panic!("it ran after a failure") },
        ];
        let error = run(steps.iter()).expect_err("one step fails");
        assert_eq!(format!("{error:#}"), "bad failed; try harder: no luck");
        assert!(run(steps[..1].iter()).is_ok());
    }
}
