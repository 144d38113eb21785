//! Random operations on tasks, plans, schedules and the clock, against a model that counts due instants. Whatever is
//! done in whatever order: each due instant is acted on or counted as missed once, nothing overlaps that must not, and
//! each plan run ends once.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use stoker_domain::run::RunType;
use stoker_service::Service;
use stoker_store::{StoreError, params};
use stoker_testkit::http::Method;

use crate::link::driver::{Engine, finished, of, quick, started, task_on};
use crate::plan_schedules::every;
use crate::plans::{PLANS, plan, step};
use crate::schedules::{cron, schedule};
use crate::support::{Backend, MINUTE, START_MS, TestServer, both};

const TASKS: &str = "/orchestration/executables/tasks";
/// Two tasks, two plans.
const EXECUTABLES: usize = 4;
const SCHEDULES: usize = 2;
/// Minutes from one due instant to the next; all divide an hour, so instants are multiples of them.
const PERIODS: [u32; 4] = [10, 15, 20, 30];
const OUTCOMES: [&str; 3] = ["success", "failed", "rejected"];

#[derive(Clone, Copy, Debug)]
enum Op {
    /// Time passes, in milliseconds.
    Wait(i64),
    /// A pass of the reconcilers.
    Pass,
    /// Two servers look at the same time.
    PassTwice,
    /// The server is another one from now on: nothing is in its memory.
    Restart,
    /// A trigger of the run configuration.
    Own(usize, usize),
    /// No trigger.
    Manual(usize),
    Link(usize, usize),
    Unlink(usize),
    /// Replaces the trigger of a schedule.
    Edit(usize, usize),
    Pause(usize, bool),
    Start(usize),
    /// The engine takes what there is and ends all it has.
    Work(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let (executable, schedule, period) = (0..EXECUTABLES, 0..SCHEDULES, 0..PERIODS.len());
    prop_oneof![
        6 => (1i64..25 * MINUTE).prop_map(Op::Wait),
        1 => (1i64..36).prop_map(|hours| Op::Wait(hours * 60 * MINUTE)),
        8 => Just(Op::Pass),
        2 => Just(Op::PassTwice),
        1 => Just(Op::Restart),
        3 => (executable.clone(), period.clone()).prop_map(|(e, p)| Op::Own(e, p)),
        1 => executable.clone().prop_map(Op::Manual),
        3 => (schedule.clone(), executable.clone()).prop_map(|(s, e)| Op::Link(s, e)),
        1 => executable.clone().prop_map(Op::Unlink),
        2 => (schedule, period).prop_map(|(s, p)| Op::Edit(s, p)),
        2 => (executable.clone(), any::<bool>()).prop_map(|(e, pause)| Op::Pause(e, pause)),
        2 => executable.prop_map(Op::Start),
        4 => (0..OUTCOMES.len()).prop_map(Op::Work),
    ]
}

/// What the test knows of one task or plan.
#[derive(Clone, Default)]
struct Model {
    /// What is armed: minutes between instants, and since when.
    armed: Option<(u32, i64)>,
    /// Instants that were due before that.
    closed: i64,
    /// The linked schedule.
    schedule: Option<usize>,
    paused: bool,
}

impl Model {
    /// Instants that were due until `now`.
    fn due(&self, now: i64) -> i64 {
        let open = self.armed.map_or(0, |(minutes, since)| {
            let period = i64::from(minutes) * MINUTE;
            now.div_euclid(period) - since.div_euclid(period)
        });
        self.closed + open
    }

    fn arm(&mut self, minutes: Option<u32>, schedule: Option<usize>, now: i64) {
        self.closed = self.due(now);
        self.armed = minutes.map(|minutes| (minutes, now));
        self.schedule = schedule;
    }
}

struct World {
    server: TestServer,
    service: Service,
    engine: Engine,
    /// Paths of the tasks and plans.
    paths: [String; EXECUTABLES],
    schedules: Vec<(String, u32)>,
    models: [Model; EXECUTABLES],
    /// Plan runs that were seen at their end, as they were.
    ended: BTreeMap<String, (String, i64)>,
}

fn config(path: &str, trigger: Value, engine: &str) -> Value {
    if path.starts_with(PLANS) {
        return json!({ "trigger": trigger });
    }
    json!({ "trigger": trigger, "runtime": { "type": "REMOTE_ENGINE", "id": engine } })
}

impl World {
    async fn new(backend: Backend) -> Self {
        let server = TestServer::start_with(backend, quick()).await;
        let engine = Engine::ready(&server, "engine", 3).await;
        let (a, b) = (task_on(&server, "a", &engine).await, task_on(&server, "b", &engine).await);
        let c = task_on(&server, "c", &engine).await;
        for task in [&a, &b, &c] {
            server.configure(task, &engine.id).await;
        }
        // The plans share tasks with each other and with what is started alone.
        let first = plan(&server, "first", json!([step("one", &[&a, &c]), step("two", &[&c])])).await;
        let mut steps = json!([step("one", &[&c]), step("two", &[&b])]);
        steps[0]["handlerOnFailure"] = json!({ "planIds": [first] });
        let second = plan(&server, "second", steps).await;
        let mut schedules = Vec::new();
        for minutes in [20, 30] {
            let path = schedule(&server, cron("only", &format!("0/{minutes} * * * ?"))).await;
            schedules.push((path, minutes));
        }
        let paths =
            [format!("{TASKS}/{a}"), format!("{TASKS}/{b}"), format!("{PLANS}/{first}"), format!("{PLANS}/{second}")];
        let service = server.service.clone();
        Self { server, service, engine, paths, schedules, models: Default::default(), ended: BTreeMap::new() }
    }

    fn now(&self) -> i64 {
        use stoker_domain::Clock as _;
        self.server.clock.now_ms()
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> u16 {
        match body {
            Some(body) => self.server.http().json(method, path, &body).await.status,
            None => self.server.http().send(method, path, &[], None).await.status,
        }
    }

    async fn apply(&mut self, op: Op) {
        let now = self.now();
        match op {
            Op::Wait(ms) => self.server.clock.advance(ms),
            Op::Pass => self.pass().await,
            Op::PassTwice => {
                let (one, two) = tokio::join!(self.service.reconcile(), self.server.service.reconcile());
                one.and(two).expect("two passes");
                self.pass().await;
            }
            Op::Restart => self.service = self.server.second().await,
            Op::Own(e, period) => {
                let body = config(&self.paths[e], every(PERIODS[period]), &self.engine.id);
                let status = self.call(Method::PUT, &format!("{}/run-config", self.paths[e]), Some(body)).await;
                assert_eq!(status, 200, "{op:?}");
                let model = &mut self.models[e];
                let same = model.schedule.is_none() && model.armed.is_some_and(|(m, _)| m == PERIODS[period]);
                if !same {
                    model.arm(Some(PERIODS[period]), None, now);
                }
            }
            Op::Manual(e) => {
                let body = config(&self.paths[e], json!({ "type": "MANUAL" }), &self.engine.id);
                let status = self.call(Method::PUT, &format!("{}/run-config", self.paths[e]), Some(body)).await;
                assert_eq!(status, 200, "{op:?}");
                self.models[e].arm(None, None, now);
            }
            Op::Link(s, e) => {
                let body = json!({ "scheduleId": self.schedules[s].0.rsplit('/').next() });
                let status = self.call(Method::PUT, &format!("{}/schedule", self.paths[e]), Some(body)).await;
                let holder = self.models.iter().position(|model| model.schedule == Some(s));
                assert_eq!(status, if holder.is_some_and(|other| other != e) { 403 } else { 200 }, "{op:?}");
                if holder.is_none() {
                    self.models[e].arm(Some(self.schedules[s].1), Some(s), now);
                }
            }
            Op::Unlink(e) => {
                let status = self.call(Method::DELETE, &format!("{}/schedule", self.paths[e]), None).await;
                let linked = self.models[e].schedule.is_some();
                assert_eq!(status, if linked { 204 } else { 404 }, "{op:?}");
                if linked {
                    self.models[e].arm(None, None, now);
                }
            }
            Op::Edit(s, period) => {
                let body = cron("only", &format!("0/{} * * * ?", PERIODS[period]));
                let status = self.call(Method::PUT, &format!("{}/triggers", self.schedules[s].0), Some(body)).await;
                assert_eq!(status, 200, "{op:?}");
                self.schedules[s].1 = PERIODS[period];
                if let Some(model) = self.models.iter_mut().find(|model| model.schedule == Some(s)) {
                    model.arm(Some(PERIODS[period]), Some(s), now);
                }
            }
            Op::Pause(e, pause) => {
                let body = Some(json!({ "pause": pause }));
                let status = self.call(Method::PUT, &format!("{}/pause", self.paths[e]), body).await;
                assert_eq!(status, if self.models[e].paused == pause { 204 } else { 202 }, "{op:?}");
                self.models[e].paused = pause;
            }
            Op::Start(e) => {
                let id = self.paths[e].rsplit('/').next().expect("an id");
                let path = if self.paths[e].starts_with(PLANS) {
                    "/processing/executions/plans"
                } else {
                    "/processing/executions"
                };
                let status = self.call(Method::POST, path, Some(json!({ "executable": id }))).await;
                assert_eq!(status, if self.models[e].paused { 405 } else { 201 }, "{op:?}");
            }
            Op::Work(outcome) => self.work(OUTCOMES[outcome]).await,
        }
    }

    /// A pass after which nothing is due any more, and what must hold then.
    async fn pass(&mut self) {
        self.service.reconcile().await.expect("a pass");
        self.check().await;
    }

    async fn work(&self, outcome: &str) {
        for _ in 0..100 {
            let queued = self
                .server
                .store
                .read::<_, StoreError, _>(|tx| tx.query_int("SELECT count(*) FROM runs WHERE state = 'queued'", &[]));
            // A poll without anything to get would be held.
            if queued.await.expect("count") == 0 {
                return;
            }
            let mut offers = self.engine.poll().await.offers;
            while let Some(offer) = offers.pop() {
                let now = self.now();
                let end = [started(&of(&offer), now), finished(&of(&offer), outcome, now)];
                // The place that became free may bring the next run at once.
                offers.extend(self.engine.report(&end).await.messages.offers);
            }
        }
        panic!("the engine is offered runs without end");
    }

    async fn check(&mut self) {
        let now = self.now();
        let ids: Vec<String> =
            self.paths.iter().map(|path| path.rsplit('/').next().expect("an id").to_owned()).collect();
        let found = self.server.store.read::<_, StoreError, _>(move |tx| {
            let mut told = Vec::new();
            for id in &ids {
                let sql = "SELECT coalesce(sum(1 + missed), 0) FROM schedule_fires WHERE executable_id = $1";
                told.push(tx.query_int(sql, params![id.as_str()])?);
            }
            let overlaps = tx.query_int(
                "SELECT count(*) FROM (SELECT task_id FROM runs WHERE state <> 'finished' GROUP BY task_id \
                 HAVING count(*) > 1) a",
                &[],
            )? + tx.query_int(
                "SELECT count(*) FROM (SELECT plan_id FROM plan_runs WHERE state <> 'finished' GROUP BY plan_id \
                 HAVING count(*) > 1) a",
                &[],
            )?;
            let scheduled = RunType::Scheduled.id();
            let made = tx.query_int("SELECT count(*) FROM runs WHERE run_type = $1", params![scheduled])?
                + tx.query_int("SELECT count(*) FROM plan_runs WHERE run_type = $1", params![scheduled])?;
            let named = tx.query_int(
                "SELECT count(*) FROM schedule_fires WHERE run_id IN (SELECT id FROM runs) \
                 OR plan_run_id IN (SELECT id FROM plan_runs)",
                &[],
            )?;
            let mut ends = Vec::new();
            let sql = "SELECT id, outcome, finish_ms FROM plan_runs WHERE state = 'finished'";
            for row in tx.query(sql, &[])? {
                ends.push((row.text(0)?, (row.text(1)?, row.int(2)?)));
            }
            Ok((told, overlaps, made, named, ends))
        });
        let (told, overlaps, made, named, ends) = found.await.expect("look at the rows");
        let wanted: Vec<i64> = self.models.iter().map(|model| model.due(now)).collect();
        assert_eq!(told, wanted, "each due instant is recorded or counted as missed, once");
        assert_eq!(overlaps, 0, "runs overlap that must not");
        assert_eq!(made, named, "each scheduled run has one record and each record at most one run");
        for (id, end) in ends {
            let before = self.ended.insert(id.clone(), end.clone());
            assert!(before.is_none_or(|before| before == end), "plan run {id} ended again");
        }
    }

    /// Nothing starts any more, the engine works: everything must come to its end.
    async fn drain(&mut self) {
        for e in 0..EXECUTABLES {
            self.apply(Op::Manual(e)).await;
        }
        for _ in 0..12 {
            self.work("success").await;
            self.pass().await;
        }
        let active = self.server.store.read::<_, StoreError, _>(|tx| {
            let mut active = BTreeSet::new();
            for sql in
                ["SELECT id FROM runs WHERE state <> 'finished'", "SELECT id FROM plan_runs WHERE state <> 'finished'"]
            {
                for row in tx.query(sql, &[])? {
                    active.insert(row.text(0)?);
                }
            }
            Ok(active)
        });
        assert_eq!(active.await.expect("look for active runs"), BTreeSet::new(), "everything ends at {}", self.now());
    }
}

async fn story(ops: Vec<Op>) {
    let mut world = World::new(Backend::Sqlite).await;
    for op in ops {
        world.apply(op).await;
    }
    world.pass().await;
    world.drain().await;
}

/// How many sequences are tried; `PROPTEST_CASES` of the environment does not count, a server is started for each.
const CASES: u32 = 8;

#[test]
fn no_due_instant_is_lost_or_doubled_whatever_is_done_in_whatever_order() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let config = Config { cases: CASES, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let sequences = proptest::collection::vec(op(), 15..45);
    let result = runner.run(&sequences, |ops| {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(story(ops.clone()))));
        done.map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic without words".to_owned());
            TestCaseError::fail(text)
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

both! {
    /// A year of a task every six hours and a plan every day through two clock changes, six hours at a time.
    async fn a_year_passes(server: TestServer) {
        const DAYS: i64 = 365;
        let (task, engine) = server.ready_task("t").await;
        let first = plan(&server, "p", json!([step("one", &[&task])])).await;
        let path = format!("{TASKS}/{task}");
        let often = json!({ "type": "CRON", "cronExpression": "0 3/6 * * ?", "timeZone": "UTC" });
        let body = config(&path, often, &engine);
        let _ = server.http().put(&format!("{path}/run-config"), &body).await.expect(200);
        let daily = json!({
            "type": "DAILY", "interval": 1, "startDate": "2026-02-03", "timeZone": "Europe/Berlin",
            "atTimes": { "type": "AT_TIME", "time": "02:30" },
        });
        let _ = server.http().put(&format!("{PLANS}/{first}/run-config"), &json!({ "trigger": daily })).await.expect(200);
        let mut fired = 0;
        for _ in 0..DAYS * 4 {
            server.clock.advance(6 * 60 * MINUTE);
            fired += server.reconcile().await.fired;
        }
        assert_eq!(fired, (DAYS * 5) as usize, "every six hours, and once a day whatever the clocks do");
        let counts = server.store.read::<_, StoreError, _>(|tx| {
            let mut counts = Vec::new();
            for sql in [
                "SELECT count(DISTINCT trigger_ms) FROM runs WHERE run_type = 'SCHEDULED'",
                "SELECT count(*) FROM runs WHERE run_type = 'SCHEDULED'",
                "SELECT count(DISTINCT due_ms) FROM plan_runs WHERE run_type = 'SCHEDULED'",
                "SELECT count(*) FROM plan_runs",
                "SELECT count(*) FROM schedule_fires WHERE missed > 0",
            ] {
                counts.push(tx.query_int(sql, &[])?);
            }
            Ok(counts)
        });
        assert_eq!(counts.await.expect("count"), [DAYS * 4, DAYS * 4, DAYS, DAYS, 0]);
        assert_eq!(stoker_domain::Clock::now_ms(&*server.clock), START_MS + DAYS * 24 * 60 * MINUTE);
    }
}
