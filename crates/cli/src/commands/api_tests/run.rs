//! `stoker test run`.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Args;
use stoker_tester::Exchanges;
use stoker_tester::check::Outcome;
use stoker_tester::model::Variables;
use stoker_tester::report;
use stoker_tester::run::{
    Event, Folder, Outside, RequestReport, RunError, RunOptions, RunReport, Runner, Session, Transport,
};

use super::source::{self, ProcessClock, Source};
use super::{App, watch};
use crate::exit::{Exit, Failure, Result};
use crate::pairs;
use crate::text::{self, printable};

#[derive(Args)]
#[command(
    after_help = "Ends with 0 when everything is Ok, 1 after a Failure (an assertion does not hold), 2 after an \
    Error (no connection, a wrong expression, a wrong file).\n\nA private variable of the environment takes its value \
    from --secrets-file, else from the variable STOKER_TEST_SECRET_ and its name in capitals. Secrets show as ••• in \
    every output.\n\nExample: stoker test run tests/shop --env staging --parallel 8 --report junit=shop.xml"
)]
pub(crate) struct RunArgs {
    /// Project folders or exported files, run one after the other
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Environment whose variables are used
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Variable that wins over the environment; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = pairs::parse)]
    var: Vec<(String, String)>,
    /// File with NAME=VALUE lines for private variables
    #[arg(long, value_name = "FILE")]
    secrets_file: Option<PathBuf>,
    /// Only what stands at this path of names, such as `Shop/Users/Sign up`
    #[arg(long, value_name = "NAMES")]
    only: Option<String>,
    /// Scenarios that may run side by side
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    parallel: u16,
    /// End everything at the first Failure or Error
    #[arg(long)]
    stop_on_failure: bool,
    /// Milliseconds for each request on the wire
    #[arg(long, value_name = "MS", default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    timeout: u64,
    /// Follow redirects unless a request says otherwise
    #[arg(long)]
    redirects: bool,
    /// Leave out the headers that a browser would add
    #[arg(long)]
    no_browser_headers: bool,
    /// Proxy for all requests
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    /// Seed of random test data, to have the same again
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Report as junit, html, json or tap, to standard output or to FILE; repeatable
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = Report::parse)]
    report: Vec<Report>,
    /// Run again whenever a file of the projects changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

impl RunArgs {
    /// Files and folders whose changes matter.
    pub(super) fn watched(&self) -> impl Iterator<Item = &PathBuf> {
        self.paths.iter().chain(&self.secrets_file)
    }

    /// Files that a run writes itself.
    pub(super) fn written(&self) -> impl Iterator<Item = &PathBuf> {
        self.report.iter().filter_map(|report| report.file.as_ref())
    }
}

/// A report that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Report {
    format: Format,
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Junit,
    Html,
    Json,
    Tap,
}

impl Report {
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((format, file)) if !file.is_empty() => (format, Some(PathBuf::from(file))),
            Some(_) => return Err("the name of the file is missing".to_owned()),
            None => (text, None),
        };
        let format = match format {
            "junit" => Format::Junit,
            "html" => Format::Html,
            "json" => Format::Json,
            "tap" => Format::Tap,
            _ => return Err("the formats are junit, html, json and tap".to_owned()),
        };
        Ok(Self { format, file })
    }

    fn text(&self, report: &RunReport) -> String {
        match self.format {
            Format::Junit => report::junit(report),
            Format::Html => report::html(report),
            Format::Json => report::json(report),
            Format::Tap => report::tap(report),
        }
    }
}

pub(super) async fn run(app: &App, mut args: RunArgs) -> Result<Exit> {
    if app.global.json && args.report.iter().all(|report| report.file.is_some()) {
        args.report.push(Report { format: Format::Json, file: None });
    }
    if args.report.iter().filter(|report| report.file.is_none()).count() > 1 {
        return Err(Failure::usage("only one report can go to standard output")
            .hint("give the others a file, as in `--report junit=results.xml`"));
    }
    if args.watch { watch::until_interrupted(app, &args).await } else { once(app, &args, &mut Vec::new()).await }
}

/// Runs everything once and writes the reports; adds the files that the projects name to `named`.
pub(super) async fn once(app: &App, args: &RunArgs, named: &mut Vec<PathBuf>) -> Result<Exit> {
    let mut whole: Option<RunReport> = None;
    for path in &args.paths {
        let source = source::load(app, path)?;
        named.extend(source.named_files());
        let report = one(app, args, &source, path).await?;
        let stop = args.stop_on_failure && report.outcome.is_bad();
        whole = Some(match whole {
            None => report,
            Some(before) => together(before, report),
        });
        if stop {
            break;
        }
    }
    let Some(report) = whole else { return Ok(Exit::Success) };
    for wanted in &args.report {
        let text = wanted.text(&report);
        match &wanted.file {
            Some(file) => std::fs::write(file, text)
                .map_err(|error| Failure::new(Exit::Usage, format!("cannot write {}: {error}", file.display())))?,
            None => app.out.bytes(text.as_bytes())?,
        }
    }
    if args.report.iter().all(|report| report.file.is_some()) {
        app.out.line(&summary(&report))?;
    }
    Ok(match report.exit_code() {
        0 => Exit::Success,
        1 => Exit::Failed,
        _ => Exit::Usage,
    })
}

async fn one(app: &App, args: &RunArgs, source: &Source, path: &Path) -> Result<RunReport> {
    let environment = source::environment(&source.drive, args.env.as_deref())?;
    let mut overrides = Variables::default();
    for (name, value) in pairs::collect(args.var.iter().cloned())? {
        overrides.set(&name, value);
    }
    let options = RunOptions {
        overrides,
        secrets: source::secrets(app, environment, args.secrets_file.as_deref())?,
        only: args.only.as_deref().map(names).unwrap_or_default(),
        stop_on_failure: args.stop_on_failure,
        timeout: Duration::from_millis(args.timeout),
        follow_redirects: args.redirects,
        browser_headers: !args.no_browser_headers,
        jobs: usize::from(args.parallel),
        proxy: args.proxy.clone(),
        keep_exchanges: !args.report.is_empty(),
        ..RunOptions::default()
    };
    let (clock, entropy) = (ProcessClock::new(app), source::entropy(app, args.seed));
    let (transport, files, exchanges) = (Transport::default(), Folder::new(&source.files), Exchanges::default());
    let show = !app.out.is_quiet();
    let observer = move |event: Event<'_>| {
        if let (Event::AfterTest { unit, report }, true) = (event, show) {
            app.out.note(&progress(unit, report));
        }
    };
    let runner = Runner {
        drive: &source.drive,
        environment,
        options: &options,
        places: &source.places,
        exchanges: &exchanges,
        outside: Outside {
            clock: &clock,
            entropy: &entropy,
            files: &files,
            transport: &transport,
            observer: &observer,
            stop: &AtomicBool::new(false),
        },
    };
    let session = runner.begin().map_err(|error| {
        let failure = Failure::usage(format!("{}: {error}", path.display()));
        match error {
            RunError::Nothing { .. } => {
                failure.hint(format!("`stoker test list {}` shows what is there", path.display()))
            }
            RunError::Secret { .. } => {
                failure.hint("see `stoker test run --help` for where values of secrets come from")
            }
        }
    })?;
    let ended = match threads(args.parallel) {
        1 => until_interrupted(&session, &transport, usize::from(args.parallel)).await,
        several => on_threads(&session, several, usize::from(args.parallel))?,
    };
    if !ended {
        return Err(Failure::new(Exit::Interrupted, "interrupted; nothing is reported"));
    }
    let report = session.report();
    for unit in &report.units {
        if let Some(problem) = &unit.problem {
            let word = unit.outcome.name();
            app.out.note(&format!("{word:<8}           {}: {}", printable(&unit.title()), printable(problem)));
        }
    }
    Ok(report)
}

/// Threads for so many scenarios side by side: no more than there are processors.
fn threads(parallel: u16) -> usize {
    usize::from(parallel).min(std::thread::available_parallelism().map_or(1, usize::from))
}

/// Whether the work came to its end.
async fn until_interrupted(session: &Session<'_>, transport: &Transport, most: usize) -> bool {
    tokio::select! {
        () = session.work(transport, most) => true,
        _ = tokio::signal::ctrl_c() => {
            session.interrupt();
            false
        }
    }
}

/// Works on several threads, each with its own event loop and connections; the first one listens to Ctrl-C. Nothing else
/// happens on the thread of the caller meanwhile.
fn on_threads(session: &Session<'_>, threads: usize, parallel: usize) -> Result<bool> {
    let most = parallel.div_ceil(threads);
    let work = |first: bool| -> std::io::Result<bool> {
        let made = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = made.inspect_err(|_| session.interrupt())?;
        let transport = Transport::default();
        Ok(runtime.block_on(async {
            if first {
                return until_interrupted(session, &transport, most).await;
            }
            session.work(&transport, most).await;
            true
        }))
    };
    let ended = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|number| scope.spawn(move || work(number == 0))).collect();
        // A panic in one of them is one here.
        let joined = started.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.collect::<std::io::Result<Vec<bool>>>()
    });
    let ended = ended.map_err(|error| Failure::new(Exit::Failed, format!("cannot start an event loop: {error}")))?;
    Ok(ended.into_iter().all(|whole| whole))
}

/// Names between slashes; a name that holds a slash has it doubled.
pub(super) fn names(path: &str) -> Vec<String> {
    const DOUBLED: &str = "\u{0}";
    path.replace("//", DOUBLED).split('/').map(|name| name.trim().replace(DOUBLED, "/")).collect()
}

/// Two reports as one.
fn together(mut all: RunReport, next: RunReport) -> RunReport {
    all.outcome = all.outcome.max(next.outcome);
    all.duration_ms += next.duration_ms;
    all.environment = all.environment.or(next.environment);
    all.units.extend(next.units);
    all
}

/// One line for a request that has ended, and its problems.
fn progress(unit: &str, report: &RequestReport) -> String {
    let again = if report.attempts > 1 { format!(" after {} attempts", report.attempts) } else { String::new() };
    let (word, time) = (report.outcome.name(), report.duration_ms);
    let mut text = format!("{word:<8}{time:>6} ms  {} / {}{again}", printable(unit), printable(&report.title()));
    if report.outcome.is_bad() {
        for line in report.explanation().lines() {
            text.push_str("\n          ");
            text.push_str(&printable(line));
        }
    }
    text
}

/// The last line of a run.
fn summary(report: &RunReport) -> String {
    let count = |outcome: Outcome| report.count(outcome);
    let lost = match report.lost().count() {
        0 => String::new(),
        lost => format!("; {} did not come to an end", text::count(lost, "scenario")),
    };
    format!(
        "{}: {} in {}.{:03} s: {} ok, {} failed, {} with errors, {} skipped{lost}",
        report.outcome.name(),
        text::count(report.requests().count(), "request"),
        report.duration_ms / 1000,
        report.duration_ms % 1000,
        count(Outcome::Ok),
        count(Outcome::Failure),
        count(Outcome::Error),
        count(Outcome::Skipped),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_go_to_files_or_to_standard_output() {
        let junit = Report { format: Format::Junit, file: Some("a=b.xml".into()) };
        assert_eq!(Report::parse("junit=a=b.xml").unwrap(), junit);
        assert_eq!(Report::parse("tap").unwrap(), Report { format: Format::Tap, file: None });
        assert!(Report::parse("tap=").is_err() && Report::parse("pdf").is_err());
    }

    #[test]
    fn names_may_hold_slashes() {
        assert_eq!(names("Shop / Users/Sign up"), ["Shop", "Users", "Sign up"]);
        assert_eq!(names("Shop/GET //users"), ["Shop", "GET /users"]);
    }
}
