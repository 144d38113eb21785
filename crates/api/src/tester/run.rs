//! One run of API tests inside the server. It reports while it goes on, so that every server of the installation can show
//! it, and looks then whether it is to end.

use super::gate::TargetGate;
use super::{ServiceClock, ServiceEntropy};
use crate::App;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use stoker_domain::ids::TestRunId;
use stoker_domain::limits;
use stoker_service::tester_runs::{TestEnd, TestProgress};
use stoker_tester::Exchanges;
use stoker_tester::hosted::{Limits, Progress, Shown, Stopped, options, stop, too_long, write_latest};
use stoker_tester::model::{Drive, Environment};
use stoker_tester::run::{Budget, Event, NoFiles, Outside, RunError, RunReport, Runner, Transport};
use tokio::sync::oneshot;
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
    results: limits::TEST_RESULTS,
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

/// What a run has brought; nothing when it was stopped.
type Sent = Option<Result<RunReport, RunError>>;

/// Why a run is over.
enum Why {
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
    let work = Arc::new(work);
    let shown = Arc::new(Mutex::new(Shown::new(work.single, LIMITS.report)));
    let (stop, stopped) = stop();
    let (done, ended) = oneshot::channel();
    let (sending, reports) = ((app.clone(), work.clone(), shown.clone()), shown.clone());
    let thread = std::thread::Builder::new().name("test run".to_owned()).spawn(move || {
        let (app, work, shown) = sending;
        // Nobody waits any more for a run that was given up.
        let _ = done.send(send(&app, &work, &shown, stopped));
    });
    thread.map_err(stoker_service::Error::internal)?;
    let why = watched(app, &work.id, &reports, ended).await?;
    drop(stop);
    let (progress, end) = told(why, &mut locked(&shown));
    let kept = write_latest(&work.drive, &work.exchanges, LIMITS.latest).map_err(stoker_service::Error::internal)?;
    app.service.end_test_run(&work.id, progress, TestEnd { responses: Some(kept), ..end }).await
}

/// Sends everything, on a thread of its own: what people write into tests must not hold up the server.
fn send(app: &App, work: &Work, shown: &Arc<Mutex<Shown>>, stopped: Stopped) -> io::Result<Sent> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(2).build()?;
    let service = &app.service;
    let settings = service.settings();
    let gate = TargetGate::new(&service.public_url(), &settings.test_targets, !settings.trusted_proxies.is_empty());
    let transport = Transport::behind(Arc::new(gate), LIMITS.budget);
    let (clock, entropy) = (ServiceClock::new(service), ServiceEntropy(service.clone()));
    let (places, seen, sign) = (HashMap::new(), shown.clone(), stopped.sign());
    let observer = move |event: Event<'_>| {
        if let Event::AfterTest { unit, report } = event {
            locked(&seen).add(unit, report);
        }
    };
    let options = options(work.target.clone(), work.follow_redirects, &LIMITS);
    let outside = Outside {
        clock: &clock,
        entropy: &entropy,
        files: &NoFiles,
        transport: &transport,
        observer: &observer,
        stop: &sign,
    };
    let runner = Runner {
        drive: &work.drive,
        environment: work.environment.as_ref(),
        options: &options,
        places: &places,
        exchanges: &work.exchanges,
        outside,
    };
    let sent = runtime.block_on(stopped.unless(runner.run()));
    // A name that is still being looked up is worth no waiting.
    runtime.shutdown_background();
    Ok(sent)
}

/// Reports what the run shows until it ends or must end.
async fn watched(
    app: &App,
    id: &TestRunId,
    shown: &Mutex<Shown>,
    mut ended: oneshot::Receiver<io::Result<Sent>>,
) -> Result<Why, stoker_service::Error> {
    let begun = Instant::now();
    let (mut tick, mut beat) = (interval(PACE), begun);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            ended = &mut ended => {
                let sent = ended.map_err(stoker_service::Error::internal)?.map_err(stoker_service::Error::internal)?;
                // Nobody has stopped it, so it has ended by itself.
                return Ok(sent.map_or(Why::Cancelled, Why::Ended));
            }
            _ = tick.tick() => {
                if !app.service.test_run_goes_on(id).await? {
                    return Ok(Why::Cancelled);
                }
                let progress = locked(shown).news().map(noted);
                if progress.is_some() || beat.elapsed() >= BEAT {
                    beat = Instant::now();
                    app.service.note_test_run(id, progress).await?;
                }
                if begun.elapsed() >= LIMITS.run {
                    return Ok(Why::TooLong);
                }
            }
        }
    }
}

fn told(why: Why, shown: &mut Shown) -> (TestProgress, TestEnd) {
    let end = |state, outcome: Option<&str>, problem| TestEnd {
        state,
        outcome: outcome.map(str::to_owned),
        problem,
        responses: None,
    };
    match why {
        Why::Ended(result) => {
            let made = shown.ended(result);
            (noted(made.progress), end("finished", Some(&made.outcome), made.problem))
        }
        Why::Cancelled => (noted(shown.progress()), end("cancelled", None, None)),
        Why::TooLong => (noted(shown.progress()), end("limit", Some("Error"), Some(too_long(LIMITS.run)))),
    }
}
