//! One run of API tests inside the server. It reports while it goes on, so that every server of the installation can show
//! it, and looks then whether somebody cancelled it.

use super::gate::TargetGate;
use super::{ServiceClock, ServiceEntropy, responses};
use crate::App;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use stoker_domain::ids::TestRunId;
use stoker_domain::limits;
use stoker_service::tester_runs::{TestEnd, TestProgress};
use stoker_tester::Exchanges;
use stoker_tester::json::{Json, Object};
use stoker_tester::model::{Drive, Environment};
use stoker_tester::report::request_json;
use stoker_tester::run::{Event, NoFiles, Outside, RequestReport, RunError, RunOptions, RunReport, Runner, Transport};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the run is written down while something happens.
const PACE: Duration = Duration::from_millis(300);
/// How often it gives a sign of life and looks whether it was cancelled.
const BEAT: Duration = Duration::from_millis(1000);
/// Longest body of a report, in characters: of a single request, and of one of several.
const BODY_CHARS: (usize, usize) = (100_000, 20_000);

/// What is to be run.
pub struct Work {
    /// The run that was begun.
    pub id: TestRunId,
    /// What is run, with its secret values.
    pub drive: Drive,
    /// Id of what is run inside it; none for everything.
    pub target: Option<String>,
    /// Chosen environment.
    pub environment: Option<Environment>,
    /// Latest exchanges so far.
    pub exchanges: Exchanges,
    /// Whether the target is a single request.
    pub single: bool,
    /// Follow redirects unless a request says otherwise.
    pub follow_redirects: bool,
}

/// What a run has shown so far.
#[derive(Default)]
struct Shown {
    items: Vec<Json>,
    bytes: usize,
    left_out: i64,
    requests: i64,
    bad: i64,
    changed: bool,
}

fn text(value: &str) -> Json {
    Json::text(value)
}

fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Object>())
}

impl Shown {
    fn add(&mut self, unit: &str, report: &RequestReport, single: bool) {
        self.changed = true;
        self.requests += 1;
        self.bad += i64::from(report.outcome.is_bad());
        let limit = if single { BODY_CHARS.0 } else { BODY_CHARS.1 };
        for chars in [limit, 500, 0] {
            let item = object([("unit", text(unit)), ("request", request_json(report, chars))]);
            let size = item.to_string().len();
            if self.bytes + size <= limits::TEST_REPORT_BYTES {
                self.bytes += size;
                self.items.push(item);
                return;
            }
        }
        self.left_out += 1;
    }

    fn progress(&mut self, units: Vec<Json>) -> TestProgress {
        self.changed = false;
        let report = object([
            ("items", self.items.clone().into()),
            ("units", units.into()),
            ("leftOut", Json::int(self.left_out)),
        ]);
        TestProgress { requests: self.requests, bad: self.bad, report: report.to_string() }
    }

    /// All of a run that has ended, with the requests that were not reached.
    fn of(report: &RunReport, single: bool) -> (Self, Vec<Json>) {
        let mut shown = Self::default();
        let mut units = Vec::new();
        for unit in &report.units {
            let title = unit.title();
            unit.requests.iter().for_each(|request| shown.add(&title, request, single));
            units.push(object([
                ("title", text(&title)),
                ("scenario", unit.scenario.into()),
                ("outcome", text(unit.outcome.name())),
                ("durationMs", Json::int(unit.duration_ms)),
                ("problem", unit.problem.as_deref().map_or(Json::Null, text)),
            ]));
        }
        (shown, units)
    }
}

fn locked(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How the work stopped.
enum Stop {
    Ended(Result<RunReport, RunError>),
    Cancelled,
    TooLong,
}

/// Does the work beside the call that asked for it.
pub fn spawn(app: App, work: Work) {
    tokio::spawn(async move {
        let id = work.id.clone();
        if let Err(error) = run(&app, work).await {
            // The run shows as broken off, because it gives no further sign of life.
            tracing::error!(run = %id, error = ?error, "an API test run could not be written down");
        }
    });
}

async fn run(app: &App, work: Work) -> Result<(), stoker_service::Error> {
    let service = &app.service;
    let settings = service.settings();
    let gate = TargetGate::new(&service.public_url(), &settings.test_targets, !settings.trusted_proxies.is_empty());
    let transport = Transport::behind(Arc::new(gate));
    let (clock, entropy) = (ServiceClock::new(service), ServiceEntropy(service.clone()));
    let (shown, places) = (Mutex::new(Shown::default()), HashMap::new());
    let single = work.single;
    let observer = |event: Event<'_>| {
        if let Event::AfterTest { unit, report } = event {
            locked(&shown).add(unit, report, single);
        }
    };
    let options = RunOptions {
        only_id: work.target.clone(),
        follow_redirects: work.follow_redirects,
        timeout: Duration::from_millis(limits::TEST_REQUEST_MS),
        max_body: limits::TEST_ANSWER_BYTES,
        ..RunOptions::default()
    };
    let outside =
        Outside { clock: &clock, entropy: &entropy, files: &NoFiles, transport: &transport, observer: &observer };
    let runner = Runner {
        drive: &work.drive,
        environment: work.environment.as_ref(),
        options: &options,
        places: &places,
        exchanges: &work.exchanges,
        outside,
    };
    let stop = watched(app, &work.id, &runner, &shown).await?;
    let (progress, end) = ended(stop, &shown, single);
    let kept = responses::write(&work.drive, &work.exchanges).map_err(stoker_service::Error::internal)?;
    service.end_test_run(&work.id, progress, TestEnd { responses: Some(kept), ..end }).await
}

/// Runs, and reports meanwhile.
async fn watched(
    app: &App,
    id: &TestRunId,
    runner: &Runner<'_>,
    shown: &Mutex<Shown>,
) -> Result<Stop, stoker_service::Error> {
    let mut running = pin!(runner.run());
    let begun = Instant::now();
    let (mut tick, mut beat) = (interval(PACE), begun);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            ended = &mut running => return Ok(Stop::Ended(ended)),
            _ = tick.tick() => {
                let progress = {
                    let mut shown = locked(shown);
                    shown.changed.then(|| shown.progress(Vec::new()))
                };
                if progress.is_some() || beat.elapsed() >= BEAT {
                    beat = Instant::now();
                    if app.service.note_test_run(id, progress).await? {
                        return Ok(Stop::Cancelled);
                    }
                }
                if begun.elapsed() >= Duration::from_millis(limits::TEST_RUN_MS) {
                    return Ok(Stop::TooLong);
                }
            }
        }
    }
}

fn ended(stop: Stop, shown: &Mutex<Shown>, single: bool) -> (TestProgress, TestEnd) {
    let end = |state, outcome: Option<String>, problem| TestEnd { state, outcome, problem, responses: None };
    match stop {
        Stop::Ended(Ok(report)) => {
            let (mut shown, units) = Shown::of(&report, single);
            (shown.progress(units), end("finished", Some(report.outcome.name().to_owned()), None))
        }
        Stop::Ended(Err(error)) => {
            (locked(shown).progress(Vec::new()), end("finished", Some("Error".to_owned()), Some(error.to_string())))
        }
        Stop::Cancelled => (locked(shown).progress(Vec::new()), end("cancelled", None, None)),
        Stop::TooLong => {
            let minutes = limits::TEST_RUN_MS / 60_000;
            let problem = format!("the run took longer than {minutes} minutes, the most of one run; split it");
            (locked(shown).progress(Vec::new()), end("limit", Some("Error".to_owned()), Some(problem)))
        }
    }
}
