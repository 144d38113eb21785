//! Test runs that this engine sends for the server. They live and die with the process: nothing of them is in the journal,
//! and none is ever begun a second time.

mod gate;
mod worker;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stoker_domain::limits;
use stoker_secrets::seal;
use stoker_tester::hosted::{Progress, stop, too_long};
use stoker_wire::api_tests::{TestEnd, TestProgress, TestState, TestWork, test_context};
use stoker_wire::{REFUSED_SESSION, TestAbility, TestNews};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use crate::engine::Engine;
use gate::EngineGate;
use worker::{Done, Ground, LIMITS, Read, locked};

/// How often a run is told of, which is also how soon it hears that it is to end.
const PACE: Duration = Duration::from_millis(500);
/// How long a run may take to stop.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long the server may be away; it gives the run up then too.
const SILENCE: Duration = Duration::from_millis(limits::TEST_RUN_SILENCE_MS as u64);

/// The test runs of this engine.
#[derive(Debug)]
pub(crate) struct Tests {
    most: u32,
    places: Arc<Semaphore>,
    going: Mutex<HashSet<String>>,
    /// How many go on; and whether the engine stops, which ends them.
    count: watch::Sender<usize>,
    closing: watch::Sender<bool>,
}

impl Tests {
    /// At most so many at once; 0 is none at all.
    pub(crate) fn new(most: u32) -> Self {
        Self {
            most,
            places: Arc::new(Semaphore::new(most as usize)),
            going: Mutex::default(),
            count: watch::Sender::new(0),
            closing: watch::Sender::new(false),
        }
    }

    fn going(&self) -> MutexGuard<'_, HashSet<String>> {
        self.going.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the server is told of them when a session is opened.
    pub(crate) fn ability(&self) -> TestAbility {
        let mut known: Vec<String> = self.going().iter().cloned().collect();
        known.sort();
        TestAbility { most: self.most, known }
    }

    /// Ends all of them, and waits until the server was told.
    pub(crate) async fn close(&self) {
        self.closing.send_replace(true);
        let mut count = self.count.subscribe();
        // The sender lives as long as this value.
        let _ = count.wait_for(|count| *count == 0).await;
    }

    fn admit(&self, id: &str) -> bool {
        let mut going = self.going();
        let new = !*self.closing.borrow() && going.insert(id.to_owned());
        self.count.send_replace(going.len());
        new
    }

    fn remove(&self, id: &str) {
        let mut going = self.going();
        going.remove(id);
        self.count.send_replace(going.len());
    }
}

/// Takes test runs that the server has. Returns at once; repeats are harmless.
pub(crate) fn take(engine: &Engine, ids: Vec<String>) {
    for id in ids {
        if engine.tests().admit(&id) {
            let engine = engine.clone();
            tokio::spawn(async move {
                One { engine: engine.clone(), id: id.clone(), heard: Instant::now() }.carry_out().await;
                engine.tests().remove(&id);
            });
        }
    }
}

/// One of them.
struct One {
    engine: Engine,
    id: String,
    /// When the server last answered.
    heard: Instant,
}

/// How it goes on after something was told.
#[derive(PartialEq, Eq)]
enum Told {
    GoOn,
    Stop,
    NotNow,
}

impl One {
    async fn carry_out(mut self) {
        let Some(sealed) = self.fetch().await else { return };
        tracing::info!(test = self.id, "took a test run");
        let (state, problem) = match self.opened(&sealed) {
            Ok((read, place)) => return self.work(read, place).await,
            Err(refusal) => refusal,
        };
        tracing::warn!(test = self.id, problem, "cannot do a test run");
        let end = TestEnd { state, outcome: Some("Error".to_owned()), problem: Some(problem), responses: None };
        self.end(Progress { report: NOTHING.to_owned(), ..Progress::default() }, end).await;
    }

    /// The work of the run; asks again while the server is away. Nothing when there is nothing to do any more.
    async fn fetch(&mut self) -> Option<String> {
        let mut tick = interval(PACE);
        let end = self.heard + SILENCE;
        let mut closing = self.engine.tests().closing.subscribe();
        let mut sessions = self.engine.sessions();
        loop {
            tokio::select! {
                biased;
                _ = closing.wait_for(|closing| *closing) => return None,
                () = tokio::time::sleep_until(end) => return None,
                _ = tick.tick() => {}
            }
            let session = timeout_at(end, sessions.wait_for(Option::is_some)).await.ok()?.ok()?.clone()?;
            match self.engine.link().take_test(&session.id, &self.id).await {
                Ok(taken) => return taken.work,
                Err(error) => {
                    tracing::debug!(%error, "a test run could not be taken");
                    if error.code() == REFUSED_SESSION {
                        self.engine.session_failed(&session, &error);
                    }
                }
            }
        }
    }

    /// Opens and reads the work, and takes a place for it.
    fn opened(&self, sealed: &str) -> Result<(Read, OwnedSemaphorePermit), (TestState, String)> {
        let broken = |problem: String| (TestState::BrokenOff, problem);
        let place = Arc::clone(&self.engine.tests().places).try_acquire_owned().map_err(|_| {
            let most = self.engine.tests().most;
            broken(format!("the engine does {most} test runs already, the most it takes at once; nothing was sent"))
        })?;
        let key = self.engine.parts().keys.sealing_private();
        let plain = seal::open(key, &test_context(&self.id), sealed)
            .map_err(|error| broken(format!("what the server sent cannot be opened: {error}")))?;
        let work: TestWork = serde_json::from_slice(&plain)
            .map_err(|_| broken("what the server sent cannot be read; update the engine".to_owned()))?;
        Ok((Read::new(work).map_err(broken)?, place))
    }

    /// Runs on a thread of its own, and tells of it until it ends.
    async fn work(mut self, read: Read, place: OwnedSemaphorePermit) {
        let (stop, stopped) = stop();
        let (done, mut ended) = oneshot::channel();
        let parts = self.engine.parts();
        let ground = Ground {
            gate: EngineGate::new(parts.config.tests_networks.clone()),
            clock: parts.clock.clone(),
            random: parts.random.clone(),
        };
        let shown = read.shown.clone();
        let thread = std::thread::Builder::new().name("test run".to_owned()).spawn(move || {
            let result = read.run(ground, stopped);
            // Nobody waits any more for a run that was given up.
            let _ = done.send(result);
            drop(place);
        });
        let result = match thread {
            Err(error) => Some(Err(format!("the engine cannot begin the run: {error}"))),
            Ok(_) => match self.watched(&shown, &mut ended).await {
                Watched::Ended(result) => Some(result),
                Watched::Over(state, problem) => {
                    stop.now();
                    let done = tokio::time::timeout(LAST_WORDS, ended).await;
                    let responses = done.ok().and_then(Result::ok).and_then(Result::ok).map(|done| done.responses);
                    let progress = locked(&shown).progress();
                    let outcome = (state == TestState::Limit).then(|| "Error".to_owned());
                    self.end(progress, TestEnd { state, outcome, problem, responses }).await;
                    None
                }
                Watched::Forgotten => None,
            },
        };
        let Some(result) = result else { return };
        let (progress, end) = match result {
            Ok(Done { end: Some(end), responses }) => {
                let (state, responses) = (TestState::Finished, Some(responses));
                (end.progress, TestEnd { state, outcome: Some(end.outcome), problem: end.problem, responses })
            }
            Ok(Done { end: None, .. }) => {
                let end = TestEnd { state: TestState::Cancelled, outcome: None, problem: None, responses: None };
                (locked(&shown).progress(), end)
            }
            Err(problem) => {
                let (state, outcome) = (TestState::BrokenOff, Some("Error".to_owned()));
                (locked(&shown).progress(), TestEnd { state, outcome, problem: Some(problem), responses: None })
            }
        };
        self.end(progress, end).await;
    }

    /// Tells how far the run is until it ends or must end.
    async fn watched(
        &mut self,
        shown: &Mutex<stoker_tester::hosted::Shown>,
        ended: &mut oneshot::Receiver<Result<Done, String>>,
    ) -> Watched {
        let begun = Instant::now();
        let mut tick = interval(PACE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut closing = self.engine.tests().closing.subscribe();
        loop {
            tokio::select! {
                biased;
                result = &mut *ended => {
                    let failed = |_| Err("the engine failed in the middle of the run".to_owned());
                    return Watched::Ended(result.unwrap_or_else(failed));
                }
                _ = closing.wait_for(|closing| *closing) => {
                    return Watched::Over(TestState::BrokenOff, Some("the engine was stopped; what it had sent stays sent".to_owned()));
                }
                _ = tick.tick() => {}
            }
            if begun.elapsed() >= LIMITS.run {
                return Watched::Over(TestState::Limit, Some(too_long(LIMITS.run)));
            }
            let news = locked(shown).news();
            let new = news.is_some();
            match self.tell(news, None).await {
                Told::GoOn => {}
                Told::Stop => return Watched::Over(TestState::Cancelled, None),
                Told::NotNow => {
                    if new {
                        locked(shown).untold();
                    }
                    if self.heard.elapsed() >= SILENCE {
                        tracing::warn!(test = self.id, "the server was away for too long; a test run was given up");
                        return Watched::Forgotten;
                    }
                }
            }
        }
    }

    /// Tells the end until the server has it or gives the run up.
    async fn end(&mut self, progress: Progress, end: TestEnd) {
        let mut tick = interval(PACE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if self.tell(Some(progress.clone()), Some(end.clone())).await != Told::NotNow {
                tracing::info!(test = self.id, state = ?end.state, "a test run has ended");
                return;
            }
            let patient = !*self.engine.tests().closing.borrow();
            if !patient || self.heard.elapsed() >= SILENCE {
                return;
            }
        }
    }

    async fn tell(&mut self, progress: Option<Progress>, end: Option<TestEnd>) -> Told {
        let session = self.engine.sessions().borrow().clone();
        let Some(session) = session else { return Told::NotNow };
        let progress = progress.map(|it| TestProgress { requests: it.requests, bad: it.bad, report: it.report });
        let news = TestNews { session: session.id.to_string(), test: self.id.clone(), progress, end };
        match self.engine.link().test_news(&news).await {
            Ok(answer) => {
                self.heard = Instant::now();
                if answer.stop { Told::Stop } else { Told::GoOn }
            }
            Err(error) => {
                tracing::debug!(%error, "news of a test run were not accepted");
                if error.code() == REFUSED_SESSION {
                    self.engine.session_failed(&session, &error);
                }
                Told::NotNow
            }
        }
    }
}

/// A report without anything.
const NOTHING: &str = r#"{"items":[],"units":[],"leftOut":0}"#;

/// Why nobody watches a run any more.
enum Watched {
    Ended(Result<Done, String>),
    Over(TestState, Option<String>),
    Forgotten,
}
