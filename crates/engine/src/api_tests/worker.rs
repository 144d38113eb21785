//! One test run, on a thread of its own: what people write into tests must not hold up the jobs of the engine.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stoker_domain::{SharedClock, SharedRandom, limits};
use stoker_tester::hosted::{End, Limits, Shown, Stopped, options, read_latest, write_latest};
use stoker_tester::model::{Drive, Entity, Kind};
use stoker_tester::native::{self, ImportOptions};
use stoker_tester::run::{Budget, Event, NoFiles, Outside, Runner, Transport};
use stoker_tester::world::{Clock, Entropy};
use stoker_wire::api_tests::TestWork;
use tokio::time::Instant;

use super::gate::EngineGate;

/// How large a run may become.
pub(super) const LIMITS: Limits = Limits {
    run: Duration::from_millis(limits::TEST_RUN_MS),
    request: Duration::from_millis(limits::TEST_REQUEST_MS),
    answer: limits::TEST_ANSWER_BYTES,
    budget: Budget { sends: limits::TEST_SENDS, bytes: limits::TEST_RUN_BYTES },
    results: limits::TEST_RESULTS,
    report: limits::TEST_REPORT_BYTES,
    latest: limits::TEST_RESPONSES_BYTES,
};

/// What a run needs from the engine.
pub(super) struct Ground {
    pub(super) gate: EngineGate,
    pub(super) clock: SharedClock,
    pub(super) random: SharedRandom,
}

/// How the work ended.
pub(super) struct Done {
    /// The end of the run; none when it was stopped.
    pub(super) end: Option<End>,
    /// The latest responses, as they are kept.
    pub(super) responses: String,
}

/// The clock of the engine; durations are measured from its making.
struct RunClock {
    clock: SharedClock,
    begun: Instant,
}

impl Clock for RunClock {
    fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(time))
    }
}

struct RunEntropy(SharedRandom);

impl Entropy for RunEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

pub(super) fn locked(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the target is a single request, whose report may be longer.
fn single(drive: &Drive, target: Option<&str>) -> bool {
    let entity: Option<&Entity> = target.and_then(|id| drive.by_id(id));
    entity.is_some_and(|entity| matches!(entity.kind, Kind::Request(_)))
}

/// A run that was read and can be worked on.
pub(super) struct Read {
    work: TestWork,
    drive: Drive,
    /// What it shows.
    pub(super) shown: Arc<Mutex<Shown>>,
}

impl Read {
    /// Reads what the server sent.
    ///
    /// # Errors
    /// A text that says what cannot be read: engine and server have different versions.
    pub(super) fn new(work: TestWork) -> Result<Self, String> {
        let read = native::import(&work.document, ImportOptions::default());
        let drive = read.map_err(|error| format!("document: {error}"))?.drive;
        let shown = Shown::new(single(&drive, work.target.as_deref()), LIMITS.report);
        Ok(Self { work, drive, shown: Arc::new(Mutex::new(shown)) })
    }

    /// Sends everything; ends early when it is stopped. Blocks the thread.
    ///
    /// # Errors
    /// A text that says what this machine lacks, or what the server sent and cannot be read.
    pub(super) fn run(self, ground: Ground, stopped: Stopped) -> Result<Done, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(2).build();
        let runtime = runtime.map_err(|error| format!("the engine cannot begin the run: {error}"))?;
        let done = runtime.block_on(self.work(ground, stopped));
        // A name that is still being looked up is worth no waiting.
        runtime.shutdown_background();
        done
    }

    async fn work(self, ground: Ground, stopped: Stopped) -> Result<Done, String> {
        let Self { work, drive, shown } = self;
        let environment = match &work.environment {
            None => None,
            Some(id) => {
                let found = drive.environments.iter().find(|environment| environment.id == *id);
                Some(found.ok_or("the chosen environment is not in the project")?)
            }
        };
        let exchanges = read_latest(work.responses.as_deref()).map_err(|error| format!("responses: {error}"))?;
        let transport = Transport::behind(Arc::new(ground.gate), LIMITS.budget);
        let (clock, entropy) = (RunClock { clock: ground.clock, begun: Instant::now() }, RunEntropy(ground.random));
        let options = options(work.target, work.follow_redirects, &LIMITS);
        let (places, seen, sign) = (HashMap::new(), shown.clone(), stopped.sign());
        let observer = move |event: Event<'_>| {
            if let Event::AfterTest { unit, report } = event {
                locked(&seen).add(unit, report);
            }
        };
        let runner = Runner {
            drive: &drive,
            environment,
            options: &options,
            places: &places,
            exchanges: &exchanges,
            outside: Outside {
                clock: &clock,
                entropy: &entropy,
                files: &NoFiles,
                transport: &transport,
                observer: &observer,
                stop: &sign,
            },
        };
        let result = stopped.unless(runner.run()).await;
        let end = result.map(|result| locked(&shown).ended(result));
        let responses = write_latest(&drive, &exchanges, LIMITS.latest).map_err(|error| error.to_string())?;
        Ok(Done { end, responses })
    }
}
