//! One run of API tests inside the server. It reports while it goes on, so that every server of the installation can show
//! it, and looks then whether it is to end.

use super::gate::TargetGate;
use super::{ServiceClock, ServiceEntropy};
use crate::App;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use stoker_domain::ids::TestRunId;
use stoker_domain::limits;
use stoker_service::tester_runs::{TestEnd, TestProgress};
use stoker_tester::Exchanges;
use stoker_tester::hosted::{Limits, Progress, Shown, options, too_long, write_latest};
use stoker_tester::model::{Drive, Environment};
use stoker_tester::run::{Budget, Event, NoFiles, Outside, RunError, RunReport, Runner, Transport};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the run is written down while something happens, and how often it looks whether it is to end.
const PACE: Duration = Duration::from_millis(300);
/// How often it gives a sign of life.
const BEAT: Duration = Duration::from_millis(1000);
/// How large a run may become.
const LIMITS: Limits = Limits {
    run: Duration::from_millis(limits::TEST_RUN_MS),
    request: Duration::from_millis(limits::TEST_REQUEST_MS),
    answer: limits::TEST_ANSWER_BYTES,
    budget: Budget { sends: limits::TEST_SENDS, bytes: limits::TEST_RUN_BYTES },
    report: limits::TEST_REPORT_BYTES,
    latest: limits::TEST_RESPONSES_BYTES,
};

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

fn locked(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

fn noted(progress: Progress) -> TestProgress {
    TestProgress { requests: progress.requests, bad: progress.bad, report: progress.report }
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
    let transport = Transport::behind(Arc::new(gate), LIMITS.budget);
    let (clock, entropy) = (ServiceClock::new(service), ServiceEntropy(service.clone()));
    let (shown, places) = (Mutex::new(Shown::new(work.single, LIMITS.report)), HashMap::new());
    let observer = |event: Event<'_>| {
        if let Event::AfterTest { unit, report } = event {
            locked(&shown).add(unit, report);
        }
    };
    let options = options(work.target.clone(), work.follow_redirects, &LIMITS);
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
    let (progress, end) = ended(stop, &mut locked(&shown));
    let kept = write_latest(&work.drive, &work.exchanges, LIMITS.latest).map_err(stoker_service::Error::internal)?;
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
                if !app.service.test_run_goes_on(id).await? {
                    return Ok(Stop::Cancelled);
                }
                let progress = locked(shown).news().map(noted);
                if progress.is_some() || beat.elapsed() >= BEAT {
                    beat = Instant::now();
                    app.service.note_test_run(id, progress).await?;
                }
                if begun.elapsed() >= LIMITS.run {
                    return Ok(Stop::TooLong);
                }
            }
        }
    }
}

fn ended(stop: Stop, shown: &mut Shown) -> (TestProgress, TestEnd) {
    let end = |state, outcome: Option<&str>, problem| TestEnd {
        state,
        outcome: outcome.map(str::to_owned),
        problem,
        responses: None,
    };
    match stop {
        Stop::Ended(result) => {
            let made = shown.ended(result);
            (noted(made.progress), end("finished", Some(&made.outcome), made.problem))
        }
        Stop::Cancelled => (noted(shown.progress()), end("cancelled", None, None)),
        Stop::TooLong => (noted(shown.progress()), end("limit", Some("Error"), Some(too_long(LIMITS.run)))),
    }
}
