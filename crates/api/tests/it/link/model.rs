//! Everything at once: many starts, four engines that finish, stop, forget, hang up and come back at random, and somebody
//! who drains one after the other. Whatever they do, every accepted run ends exactly once, no epoch goes to two engines, no
//! engine gets more than it takes, and a drained one gets nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use stoker_domain::{Random as _, SeededRandom};
use stoker_store::{StoreError, params};
use stoker_testkit::http::Http;
use stoker_wire::{Messages, POLL_PATH, Report, ReportResponse, RunEpoch};

use super::driver::{
    Engine, check_events, cluster_of, finished, line, log, parallel_task, parsed, quick, shown, started,
};
use crate::support::{Backend, TestServer};

const STARTERS: u64 = 16;
const STARTS: usize = 4;
const MAX_RUNS: i64 = 2;

/// What the test knows without asking the server.
#[derive(Default)]
struct Seen {
    /// Which engine got which epoch.
    offered: Mutex<HashMap<RunEpoch, usize>>,
    /// The end an engine told and the server took, by run.
    told: Mutex<HashMap<String, (i64, &'static str)>>,
    accepted: Mutex<Vec<String>>,
    over: AtomicBool,
    progress: tokio::sync::Notify,
}

struct Dice(SeededRandom);

impl Dice {
    fn below(&self, limit: usize) -> usize {
        let mut bytes = [0u8; 8];
        self.0.fill(&mut bytes);
        (u64::from_le_bytes(bytes) % limit as u64) as usize
    }

    fn of<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

type Poll = Pin<Box<dyn Future<Output = Messages> + Send>>;

async fn poll(http: Http, session: String) -> Messages {
    parsed(&http.post(POLL_PATH, &json!({ "session": session })).await.expect(200))
}

/// What an engine has of a run.
#[derive(Clone, Copy, Default)]
struct Progress {
    started: bool,
    chunks: i64,
}

struct Member {
    number: usize,
    engine: Engine,
    server: Arc<TestServer>,
    seen: Arc<Seen>,
    dice: Dice,
    active: BTreeMap<RunEpoch, Progress>,
    /// Ended here; a late repeat of the offer must not start it again.
    recent: HashSet<RunEpoch>,
    poll: Option<Poll>,
}

impl Member {
    fn take(&mut self, messages: Messages) {
        for offer in messages.offers {
            let key = RunEpoch { run: offer.run, epoch: offer.epoch };
            let owner = *self.seen.offered.lock().expect("lock").entry(key.clone()).or_insert(self.number);
            assert_eq!(owner, self.number, "{key:?} was offered to two engines");
            if !self.recent.contains(&key) {
                self.active.entry(key).or_default();
            }
        }
        assert!(self.active.len() as i64 <= MAX_RUNS, "engine {} has {}", self.number, self.active.len());
        for stop in messages.stops {
            // One that is not here any more ended by itself.
            if self.active.contains_key(&stop) && self.dice.below(4) > 0 {
                self.active.entry(stop).and_modify(|progress| progress.started = true);
            }
        }
    }

    async fn reopen(&mut self, twice: bool) {
        self.poll = None;
        let known: Vec<RunEpoch> = self.active.keys().cloned().collect();
        let server = Arc::clone(&self.server);
        if twice {
            // The answer to the first got lost.
            let _ = self.engine.try_open(&server, MAX_RUNS, &known).await.expect(200);
        }
        let answer = self.engine.open(&server, MAX_RUNS, &known).await;
        for key in answer.forget {
            self.active.remove(&key);
            self.recent.insert(key);
        }
        self.take(answer.messages);
    }

    /// The next reports of one run; takes it out when it ends.
    fn reports(&mut self, key: &RunEpoch) -> (Vec<Report>, Option<&'static str>) {
        let now = self.server.service.now();
        let mut progress = self.active.get(key).copied().unwrap_or_default();
        let (mut reports, mut end) = (Vec::new(), None);
        if !progress.started {
            reports.push(started(key, now));
            progress.started = true;
        }
        for _ in 0..self.dice.below(3) {
            reports.push(log(key, progress.chunks, &[line(now, "a line")]));
            progress.chunks += 1;
        }
        if self.dice.below(2) == 0 {
            let outcome = *self.dice.of(&["success", "failed", "terminated", "rejected"]);
            reports.push(finished(key, outcome, now));
            end = Some(outcome);
            self.active.remove(key);
            self.recent.insert(key.clone());
        } else {
            self.active.insert(key.clone(), progress);
        }
        (reports, end)
    }

    /// Sends reports while the poll goes on beside, as engines do.
    async fn send(&mut self, reports: &[Report]) -> ReportResponse {
        let mut polled = None;
        let answer = {
            let report = self.engine.report(reports);
            tokio::pin!(report);
            loop {
                match self.poll.as_mut() {
                    Some(poll) => tokio::select! {
                        answer = &mut report => break answer,
                        messages = poll => {
                            self.poll = None;
                            polled = Some(messages);
                        }
                    },
                    None => break report.await,
                }
            }
        };
        if let Some(messages) = polled {
            self.take(messages);
        }
        answer
    }

    async fn step(&mut self) {
        let keys: Vec<RunEpoch> = self.active.keys().cloned().collect();
        match self.dice.below(12) {
            0 => self.reopen(false).await,
            1 => self.reopen(true).await,
            2 => {
                let _ = self.engine.goodbye().await.expect(204);
                self.reopen(false).await;
            }
            3 if !keys.is_empty() => {
                let lost = self.dice.of(&keys).clone();
                self.active.remove(&lost);
                self.reopen(false).await;
            }
            4..=9 if !keys.is_empty() => {
                let key = self.dice.of(&keys).clone();
                let (reports, end) = self.reports(&key);
                let mut answer = self.send(&reports).await;
                if let (Some(outcome), false) = (end, answer.stale.contains(&key)) {
                    self.seen.told.lock().expect("lock").insert(key.run.clone(), (key.epoch, outcome));
                }
                match self.dice.below(4) {
                    // The answer got lost, and with it the offers in it: the engine opens a session.
                    0 => return self.reopen(false).await,
                    // It got lost and the report is repeated.
                    1 => {
                        let offers = std::mem::take(&mut answer.messages);
                        answer = self.send(&reports).await;
                        self.take(offers);
                    }
                    _ => {}
                }
                for stale in answer.stale {
                    self.active.remove(&stale);
                    self.recent.insert(stale);
                }
                self.take(answer.messages);
                self.seen.progress.notify_one();
            }
            // With nothing to tell, an engine only waits.
            _ if keys.is_empty() => {
                if let Some(poll) = self.poll.take() {
                    let messages = poll.await;
                    self.take(messages);
                }
            }
            _ => {}
        }
    }

    async fn live(mut self) {
        while !self.seen.over.load(Ordering::SeqCst) {
            if self.poll.is_none() {
                self.poll = Some(Box::pin(poll(self.server.anonymous(), self.engine.session.clone())));
            }
            self.step().await;
        }
    }
}

async fn start_runs(server: Arc<TestServer>, seen: Arc<Seen>, tasks: Vec<String>, dice: Dice) {
    for _ in 0..STARTS {
        let run = server.run(dice.of::<String>(&tasks)).await;
        seen.accepted.lock().expect("lock").push(run.clone());
        if dice.below(4) == 0 {
            let _ = server.http().delete(&format!("/processing/executions/{run}")).await.expect(204);
        }
    }
}

/// How many offers the engine was given so far.
async fn offers_to(server: &TestServer, engine: &str) -> i64 {
    let detail = format!("%{engine}%");
    let sql = "SELECT count(*) FROM run_events WHERE kind = 'offered' AND detail LIKE $1";
    let counted = server.store.read::<_, StoreError, _>(move |tx| tx.query_int(sql, params![detail.as_str()])).await;
    counted.expect("count")
}

/// Drains engines for a while, one after the other, until everything is over.
async fn drain_engines(server: Arc<TestServer>, seen: Arc<Seen>, engines: Vec<String>, dice: Dice) {
    while !seen.over.load(Ordering::SeqCst) {
        let engine = dice.of::<String>(&engines);
        let path = format!("/stoker/v1/engines/{engine}");
        let _ = server.http().post(&format!("{path}/drain"), &json!({ "reason": "for a while" })).await.expect(200);
        let given = offers_to(&server, engine).await;
        for _ in 0..dice.below(6) {
            let shown = server.http().get(&path).await.expect(200).json();
            assert!(shown["runs"].as_i64().is_some_and(|runs| runs <= MAX_RUNS), "{shown}");
        }
        assert_eq!(offers_to(&server, engine).await, given, "engine {engine} was drained");
        let _ = server.http().post(&format!("{path}/resume"), &json!({})).await.expect(200);
    }
}

async fn unfinished(server: &TestServer) -> i64 {
    let sql = "SELECT count(*) FROM runs WHERE state <> 'finished'";
    server.store.read::<_, StoreError, _>(move |tx| tx.query_int(sql, params![])).await.expect("count")
}

async fn story(backend: Backend, seed: u64) {
    let server = Arc::new(TestServer::start_with(backend, quick()).await);
    let mut engines = Vec::new();
    for name in ["a", "b", "c", "d"] {
        engines.push(Engine::ready(&server, name, MAX_RUNS).await);
    }
    let cluster = cluster_of(&server, "c and d", &[&engines[2], &engines[3]]).await;
    let mut tasks = Vec::new();
    for (name, kind, target) in [
        ("on a", "REMOTE_ENGINE", &engines[0].id),
        ("on b", "REMOTE_ENGINE", &engines[1].id),
        ("on d", "REMOTE_ENGINE", &engines[3].id),
        ("on c or d", "REMOTE_ENGINE_CLUSTER", &cluster),
        ("also on c or d", "REMOTE_ENGINE_CLUSTER", &cluster),
    ] {
        tasks.push(parallel_task(&server, &name.replace(' ', "-"), kind, target).await);
    }
    let seen = Arc::new(Seen::default());
    let mut starters = tokio::task::JoinSet::new();
    for number in 0..STARTERS {
        let dice = Dice(SeededRandom::new(seed * 1_000 + number));
        starters.spawn(start_runs(Arc::clone(&server), Arc::clone(&seen), tasks.clone(), dice));
    }
    let ids: Vec<String> = engines.iter().map(|engine| engine.id.clone()).collect();
    let dice = Dice(SeededRandom::new(seed * 1_000 + 900));
    let operator = tokio::spawn(drain_engines(Arc::clone(&server), Arc::clone(&seen), ids, dice));
    let mut members = tokio::task::JoinSet::new();
    for (number, engine) in engines.into_iter().enumerate() {
        let member = Member {
            number,
            engine,
            server: Arc::clone(&server),
            seen: Arc::clone(&seen),
            dice: Dice(SeededRandom::new(seed * 1_000 + 500 + number as u64)),
            active: BTreeMap::new(),
            recent: HashSet::new(),
            poll: None,
        };
        members.spawn(member.live());
    }
    let mut rounds = 0;
    loop {
        server.clock.advance(1_000);
        server.reconcile().await;
        while let Some(done) = starters.try_join_next() {
            done.expect("a starter");
        }
        if let Some(ended) = members.try_join_next() {
            ended.expect("an engine");
        }
        if operator.is_finished() {
            // It found an offer to a drained engine: told below.
            break;
        }
        if starters.is_empty() && unfinished(&server).await == 0 {
            break;
        }
        rounds += 1;
        assert!(rounds < 2_000, "{} runs do not end", unfinished(&server).await);
        let _ = tokio::time::timeout(Duration::from_millis(20), seen.progress.notified()).await;
    }
    seen.over.store(true, Ordering::SeqCst);
    operator.await.expect("whoever drains");
    while let Some(ended) = members.join_next().await {
        ended.expect("an engine");
    }
    let accepted = seen.accepted.lock().expect("lock").clone();
    assert_eq!(accepted.len(), STARTERS as usize * STARTS);
    let told = seen.told.lock().expect("lock").clone();
    for run in &accepted {
        check_events(&server, run).await;
        let body = shown(&server, run).await;
        let expected = told.get(run).map(|(_, outcome)| match *outcome {
            "success" => "execution_successful",
            "failed" => "execution_failed",
            "rejected" => "execution_rejected",
            other => other,
        });
        match expected {
            Some(expected) => assert_eq!(body["status"], expected, "the true outcome: {body}"),
            None => {
                let reason = body["errorType"].as_str().unwrap_or_default();
                assert!(["stopped", "engine_lost_run", "misfired"].contains(&reason), "ended by nobody: {body}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_runs_on_unreliable_engines_end_once_sqlite() {
    story(Backend::Sqlite, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_runs_on_unreliable_engines_end_once_postgres() {
    story(Backend::Postgres, 2).await;
}
