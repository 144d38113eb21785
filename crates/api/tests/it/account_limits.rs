//! Limits that an operator may set: what is beyond them is told, waits, or stays due.

use serde_json::{Value, json};
use stoker_service::{AccountLimits, Settings, WhenFull};

use crate::link::driver::{Engine, finished, of, task_on, timeline};
use crate::plan_schedules::{every, firings, runs as plan_runs, set};
use crate::plans::{PLANS, plan, plan_body, step};
use crate::support::{Backend, MINUTE, START_MS, TestServer};

const TASKS: &str = "/orchestration/executables/tasks";

/// Makes two tests of one story under these limits.
macro_rules! limited {
    ($($name:ident: $limits:expr => $story:ident;)+) => {$(
        mod $name {
            use super::*;

            async fn on(backend: Backend) {
                let settings = Settings { account: $limits, ..Settings::default() };
                $story(TestServer::start_with(backend, settings).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                on(Backend::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                on(Backend::Postgres).await;
            }
        }
    )+};
}

limited! {
    runs_beyond_the_limit_are_told: AccountLimits { active_runs: 2, ..AccountLimits::default() } => skipped;
    runs_beyond_the_limit_wait: AccountLimits { active_runs: 2, when_full: WhenFull::Wait, ..AccountLimits::default() } => waiting;
    a_full_minute_lets_the_others_stay_due: AccountLimits { scheduled_starts: 3, ..AccountLimits::default() } => held;
    what_is_full_says_so: AccountLimits { triggers: 1, tasks_and_plans: 3, plan_starts: 1, ..AccountLimits::default() } => full;
}

/// Starts a run; gives it as it is shown.
async fn started(server: &TestServer, task: &str) -> Value {
    let id = server.run(task).await;
    server.http().get(&format!("/processing/executions/{id}")).await.expect(200).json()
}

async fn skipped(server: TestServer) {
    let (task, engine) = server.ready_task("t").await;
    let config = json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine }, "parallelExecutionAllowed": true });
    let _ = server.http().put(&format!("{TASKS}/{task}/run-config"), &config).await.expect(200);
    let first = started(&server, &task).await;
    assert_eq!(
        (&first["status"], &started(&server, &task).await["status"]),
        (&json!("dispatching"), &json!("dispatching"))
    );
    let third = started(&server, &task).await;
    assert_eq!(
        (&third["status"], &third["misfiredExecutionReason"]),
        (&json!("deploy_failed"), &json!("MAX_PARALLEL_TASKS_LIMIT_REACHED"))
    );
    assert!(third["errorMessage"].as_str().is_some_and(|m| m.contains("activeRuns")), "{third}");
    // A plan run counts as its tasks do, and is refused as they are.
    let plan = plan(&server, "p", json!([step("one", &[&task])])).await;
    let _ = server.http().post("/processing/executions/plans", &json!({ "executable": plan })).await.expect(201);
    let found = plan_runs(&server, &plan).await;
    assert_eq!(
        (&found[0]["status"], &found[0]["misfiredExecutionReason"]),
        (&json!("execution_misfired"), &json!("SIMULTANEOUS_EXECUTIONS_LIMIT_REACHED"))
    );
    // The end of one makes room for one.
    let id = first["executionId"].as_str().expect("an id");
    let _ = server.http().delete(&format!("/processing/executions/{id}")).await.expect(204);
    assert_eq!(started(&server, &task).await["status"], "dispatching");
    assert_eq!(started(&server, &task).await["status"], "deploy_failed");
}

async fn waiting(server: TestServer) {
    let (one, two) = (Engine::ready(&server, "one", 0).await, Engine::ready(&server, "two", 5).await);
    let mut tasks = Vec::new();
    for (number, engine) in [&one, &one, &two, &two].into_iter().enumerate() {
        tasks.push(task_on(&server, &format!("t{number}"), engine).await);
    }
    let mut runs = Vec::new();
    for task in &tasks {
        runs.push(server.run(task).await);
        server.clock.advance(1);
    }
    let first = one.poll().await.offers;
    assert_eq!(first.len(), 2, "all places are taken");
    assert!(two.ping().await.messages.offers.is_empty());
    server.reconcile().await;
    let events = timeline(&server, &runs[2]).await["events"].as_array().expect("events").clone();
    let last = events.last().expect("an event");
    assert_eq!((&last["kind"], &last["detail"]["reason"]), (&json!("waiting"), &json!("limit")), "{last}");
    assert_eq!(last["detail"]["limit"], 2);
    one.report(&[finished(&of(&first[0]), "success", START_MS)]).await;
    let next = two.poll().await.offers;
    assert_eq!(
        next.iter().map(|offer| offer.run.as_str()).collect::<Vec<_>>(),
        [runs[2].as_str()],
        "one place, the oldest"
    );
}

async fn held(server: TestServer) {
    let (task, engine) = server.ready_task("t").await;
    let mut plans = Vec::new();
    for number in 0..7 {
        let config = json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine }, "parallelExecutionAllowed": true });
        let _ = server.http().put(&format!("{TASKS}/{task}/run-config"), &config).await.expect(200);
        let plan = plan(&server, &format!("p{number}"), json!([step("one", &[&task])])).await;
        let trigger = json!({ "type": "CRON", "cronExpression": "10 9 * * ?", "timeZone": "UTC" });
        let _ = set(&server, &plan, trigger, true).await.expect(200);
        plans.push(plan);
    }
    server.clock.advance(10 * MINUTE);
    let (a, b) = tokio::join!(server.reconcile(), server.reconcile());
    assert_eq!(a.fired + b.fired, 3);
    assert_eq!(server.reconcile().await.fired, 0, "the minute is full");
    // A call by hand does not count, and is not kept waiting.
    let _ = server.http().post("/processing/executions/plans", &json!({ "executable": plans[0] })).await.expect(201);
    server.clock.advance(MINUTE);
    assert_eq!(server.reconcile().await.fired, 3);
    server.clock.advance(MINUTE);
    assert_eq!(server.reconcile().await.fired, 1);
    assert_eq!(server.reconcile().await.fired, 0);
    for plan in &plans {
        let told = firings(&server, plan).await;
        assert_eq!(
            (told.len(), &told[0]["result"], &told[0]["dueAt"]),
            (1, &json!("started"), &json!("2026-02-03T09:10:00.000Z"))
        );
    }
}

async fn full(server: TestServer) {
    let (task, engine) = server.ready_task("t").await;
    let plan = plan(&server, "p", json!([step("one", &[&task])])).await;
    let other = crate::plans::plan(&server, "q", json!([step("one", &[&task])])).await;
    for answer in [
        server.http().post(PLANS, &plan_body(&server, "r", json!([]))).await,
        server
            .http()
            .post(
                TASKS,
                &json!({ "name": "u", "workspaceId": server.workspace(), "artifact": { "id": "x", "version": "1" } }),
            )
            .await,
    ] {
        let body = answer.expect(400).json();
        assert!(body["message"].as_str().is_some_and(|m| m.contains("3 tasks and plans")), "{body}");
    }
    let _ = set(&server, &plan, every(20), true).await.expect(200);
    let refused = set(&server, &other, every(30), true).await.expect(400).json();
    assert!(refused["message"].as_str().is_some_and(|m| m.contains("1 triggers in all")), "{refused}");
    let config = server.http().get(&format!("{PLANS}/{other}/run-config")).await.expect(200).json();
    assert_eq!(config["trigger"]["type"], "MANUAL", "nothing changed");
    let timed = json!({ "trigger": every(20), "runtime": { "type": "REMOTE_ENGINE", "id": engine } });
    let _ = server.http().put(&format!("{TASKS}/{task}/run-config"), &timed).await.expect(400);
    // The one that is there may be replaced.
    let _ = set(&server, &plan, every(10), true).await.expect(200);
    server.clock.advance(10 * MINUTE);
    server.reconcile().await;
    server.clock.advance(10 * MINUTE);
    server.reconcile().await;
    let found = plan_runs(&server, &plan).await;
    assert_eq!(found.len(), 2);
    assert_eq!(found[1]["misfiredExecutionReason"], "SIMULTANEOUS_EXECUTIONS_LIMIT_REACHED");
}
