//! The API tester beside hurl and newman: the same requests with the same checks against the same server.

mod inputs;
mod program;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use stoker_testkit::programs::{program as built, target_folder};

use crate::floors::request::BareServer;
use crate::report::{Bar, Report};
use crate::stats::{Times, millis};
use inputs::Inputs;
use program::{Taken, peak_kb, timed};

/// Requests of one run of a program.
const REQUESTS: usize = 1_000;
/// Runs of each program; they take turns.
const ROUNDS: usize = 7;
/// Runs of newman, which takes some seconds each time.
const SLOW_ROUNDS: usize = 3;
/// Scenarios that ours runs side by side.
const PARALLEL: &str = "8";

/// One way of running one program.
struct Way {
    name: &'static str,
    arguments: Vec<String>,
    program: PathBuf,
    rounds: usize,
    taken: Vec<Taken>,
    peak_kb: u64,
}

impl Way {
    fn new(name: &'static str, program: &Path, arguments: &[&str], files: &[PathBuf]) -> Self {
        let files = files.iter().map(|file| file.display().to_string());
        let arguments = arguments.iter().map(|one| (*one).to_owned()).chain(files).collect();
        Self { name, arguments, program: program.to_owned(), rounds: ROUNDS, taken: Vec::new(), peak_kb: 0 }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }

    fn median(&self, of: impl Fn(&Taken) -> Duration) -> Duration {
        Times::new(self.taken.iter().map(of).collect()).quantile(0.5)
    }

    fn wall(&self) -> Duration {
        self.median(|taken| taken.wall)
    }

    fn cpu(&self) -> Duration {
        self.median(|taken| taken.cpu)
    }
}

/// The programs to compare with, where `cargo xtask bench` puts them.
fn rivals() -> Result<(PathBuf, PathBuf)> {
    let tools = target_folder()?.join("tools");
    let (hurl, newman) = (tools.join("bin/hurl"), tools.join("newman/node_modules/newman/bin/newman.js"));
    for file in [&hurl, &newman] {
        ensure!(file.is_file(), "there is no {}; run `cargo xtask rivals`", file.display());
    }
    Ok((hurl, newman))
}

/// All ways, in turn; `own` is another build of `stoker` than the one beside this program.
pub(crate) async fn measure(report: &mut Report, own: Option<&Path>) -> Result<()> {
    let (hurl, newman) = rivals()?;
    let server = BareServer::answering("/items", inputs::answer())?;
    let folder = tempfile::tempdir()?;
    let made = inputs::write(folder.path(), server.url(), REQUESTS)?;
    let own = own.map_or_else(|| built("stoker"), Path::to_path_buf);
    let mut ways = ways(&own, &hurl, &newman, &made);
    for round in 0..=ROUNDS {
        for way in ways.iter_mut().filter(|way| round <= way.rounds) {
            let taken = timed(&mut way.command()).with_context(|| way.name)?;
            // The first run fills caches.
            if round > 0 {
                way.taken.push(taken);
            }
        }
    }
    for way in &mut ways {
        way.peak_kb = peak_kb(&mut way.command()).await.with_context(|| way.name)?;
    }
    told(report, &ways);
    Ok(())
}

/// Ours one by one and side by side, hurl's the same, newman.
fn ways(own: &Path, hurl: &Path, newman: &Path, made: &Inputs) -> [Way; 5] {
    let project = [made.project.clone()];
    let script = [newman.to_owned(), "run".into(), made.collection.clone(), "--silent".into()];
    let mut last = Way::new("newman", Path::new("node"), &[], &script);
    last.rounds = SLOW_ROUNDS;
    [
        Way::new("stoker test run", own, &["test", "run"], &project),
        Way::new("stoker test run --parallel 8", own, &["test", "run", "--parallel", PARALLEL], &project),
        Way::new("hurl --test --jobs 1", hurl, &["--test", "--jobs", "1"], &made.hurl),
        Way::new("hurl --test", hurl, &["--test"], &made.hurl),
        last,
    ]
}

fn told(report: &mut Report, ways: &[Way; 5]) {
    let [one, many, hurl, hurl_many, newman] = ways;
    let what = |way: &Way, of: &str| format!("API tester, {REQUESTS} requests with 3 checks, {}: {of}", way.name);
    let share = |ours: Duration, theirs: Duration| ours.as_secs_f64() / theirs.as_secs_f64().max(1e-9);
    for way in ways {
        let micros = way.cpu().as_secs_f64() * 1e6 / REQUESTS as f64;
        let figure = format!(
            "{} ms wall, {micros:.0} microseconds CPU a request, {:.1} MB",
            millis(way.wall()),
            way.peak_kb as f64 / 1024.0
        );
        report.row(&what(way, "median"), figure, "", None);
    }
    let mut ratio = |name: String, value: f64, bar: Option<Bar>| report.row(&name, format!("{value:.2}"), "", bar);
    for way in [one, many] {
        let least = hurl.cpu().min(hurl_many.cpu());
        let cpu = share(way.cpu(), least);
        ratio(what(way, "CPU, share of hurl's least"), cpu, Bar::at_most(cpu, 1.0, "x hurl"));
        let memory = way.peak_kb as f64 / hurl.peak_kb.min(hurl_many.peak_kb).max(1) as f64;
        ratio(what(way, "memory, share of hurl's least"), memory, Bar::at_most(memory, 1.0, "x hurl"));
    }
    let wall = share(many.wall(), hurl.wall());
    ratio(what(many, "wall, share of hurl --jobs 1"), wall, Bar::at_most(wall, 0.5, "x hurl"));
    let wall = share(many.wall(), hurl_many.wall());
    ratio(what(many, "wall, share of hurl --test, parallel too"), wall, Bar::at_most(wall, 0.5, "x hurl"));
    let faster = share(newman.wall(), many.wall());
    ratio(what(many, "times as fast as newman"), faster, Bar::at_least(faster, 40.0, "x newman"));
    report.note(format!(
        "API tester: {REQUESTS} GET requests in 20 scenarios (files of hurl, folders of the collection) to one bare axum \
         handler in this program, answers of about 1 KB of JSON; checks of status, a header and a JSON path. The programs \
         take turns, {ROUNDS} rounds (newman {SLOW_ROUNDS}) after one that does not count; standard output goes nowhere. \
         CPU is user and system time from the start of the process to its end; memory is the peak of a further run. hurl \
         --test runs files side by side by itself, with as many jobs as there are processors."
    ));
}
