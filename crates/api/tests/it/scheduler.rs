//! What is due starts once: the clock moves and runs appear.

use serde_json::{Value, json};
use stoker_store::{StoreError, params};

use crate::link::driver::{Engine, check_events, kinds, of, task_on, timeline};
use crate::schedules::{cron, schedule, set_trigger};
use crate::support::{Backend, MINUTE, START_MS, TestServer, both};

const TASKS: &str = "/orchestration/executables/tasks";
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The runs of a task, oldest first.
async fn runs(server: &TestServer, task: &str) -> Vec<Value> {
    let path = format!("/processing/executables/tasks/{task}/executions?limit=100");
    let mut items = server.http().get(&path).await.expect(200).json()["items"].as_array().expect("items").clone();
    items.reverse();
    items
}

async fn trigger_times(server: &TestServer, task: &str) -> Vec<String> {
    runs(server, task).await.iter().map(|run| run["triggerTimestamp"].as_str().expect("a time").to_owned()).collect()
}

async fn firings(server: &TestServer, task: &str) -> Vec<Value> {
    let page = server.http().get(&format!("/stoker/v1/tasks/{task}/firings")).await.expect(200).json();
    let mut items = page["items"].as_array().expect("items").clone();
    items.reverse();
    items
}

/// Sets a cron trigger in the run configuration that lets runs lie beside each other.
async fn parallel(server: &TestServer, (task, engine): (&str, &str), expression: &str, zone: &str) {
    let body = json!({
        "trigger": { "type": "CRON", "cronExpression": expression, "timeZone": zone },
        "runtime": { "type": "REMOTE_ENGINE", "id": engine }, "parallelExecutionAllowed": true, "logLevel": "INFO", "timeout": 7,
    });
    let _ = server.http().put(&format!("{TASKS}/{task}/run-config"), &body).await.expect(200);
}

both! {
    async fn a_due_trigger_starts_its_task_once(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        parallel(&server, (&task, &engine), "0/10 * * * ?", "UTC").await;
        assert_eq!(server.reconcile().await.fired, 0, "nine o'clock was over when it was set");
        server.clock.advance(10 * MINUTE - 1);
        assert_eq!(server.reconcile().await.fired, 0);
        server.clock.advance(1);
        assert_eq!(server.reconcile().await.fired, 1);
        assert_eq!(server.reconcile().await.fired, 0);
        let found = runs(&server, &task).await;
        assert_eq!(found.len(), 1);
        let run = &found[0];
        assert_eq!((&run["executionType"], &run["triggerTimestamp"]), (&json!("SCHEDULED"), &json!("2026-02-03T09:10:00.000Z")));
        assert_eq!((&run["timeout"], &run["userId"], &run["userType"]), (&json!(7), &json!("admin"), &json!("HUMAN")));
        let id = run["executionId"].as_str().expect("an id");
        let body = timeline(&server, id).await;
        assert_eq!(body["events"][0]["detail"]["dueAt"], "2026-02-03T09:10:00.000Z", "{body}");
        server.clock.advance(10 * MINUTE + 999);
        assert_eq!(server.reconcile().await.fired, 1);
        assert_eq!(trigger_times(&server, &task).await, ["2026-02-03T09:10:00.000Z", "2026-02-03T09:20:00.000Z"]);
        let told = firings(&server, &task).await;
        assert_eq!((&told[1]["result"], &told[1]["dueAt"], &told[1]["at"]), (&json!("started"), &json!("2026-02-03T09:20:00.000Z"), &json!("2026-02-03T09:20:00.999Z")));
        assert_eq!(told[0]["executionId"], id);
    }

    async fn an_engine_that_waits_gets_the_scheduled_run(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let path = schedule(&server, json!({ "name": "a", "type": "CRON", "cronExpression": "5 9 * * ?", "timeZone": "UTC", "timeout": 3 })).await;
        let link = json!({ "scheduleId": path.rsplit('/').next() });
        let _ = server.http().put(&format!("{TASKS}/{task}/schedule"), &link).await.expect(200);
        server.clock.advance(5 * MINUTE);
        engine.ping().await;
        assert_eq!(server.reconcile().await.fired, 1);
        let offer = engine.offer().await;
        let found = runs(&server, &task).await;
        assert_eq!((&found[0]["executionId"], &found[0]["timeout"]), (&json!(of(&offer).run), &json!(3)), "the trigger's time-out wins");
        assert_eq!(kinds(&server, &offer.run).await.last().map(String::as_str), Some("offered"));
    }

    async fn an_overlap_leaves_a_run_with_its_reason(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let _ = set_trigger(&server, (&task, &engine), json!({ "type": "CRON", "cronExpression": "0/5 * * * ?", "timeZone": "UTC" })).await.expect(200);
        server.clock.advance(5 * MINUTE);
        server.reconcile().await;
        server.clock.advance(5 * MINUTE);
        server.reconcile().await;
        let found = runs(&server, &task).await;
        assert_eq!(found.iter().map(|r| r["status"].as_str().expect("a status")).collect::<Vec<_>>(), ["dispatching", "deploy_failed"]);
        assert_eq!(found[1]["misfiredExecutionReason"], "PARALLEL_EXECUTION_FORBIDDEN");
        let told = firings(&server, &task).await;
        assert_eq!((&told[1]["result"], &told[1]["reason"]), (&json!("started"), &json!("PARALLEL_EXECUTION_FORBIDDEN")));
        check_events(&server, found[1]["executionId"].as_str().expect("an id")).await;
    }

    async fn a_paused_task_is_left_out_and_nothing_is_made_up_for(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        parallel(&server, (&task, &engine), "0/10 * * * ?", "UTC").await;
        let pause = format!("{TASKS}/{task}/pause");
        let _ = server.http().put(&pause, &json!({ "pause": true })).await.expect(202);
        server.clock.advance(10 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 1);
        // Due while paused, resumed before the scheduler looked.
        server.clock.advance(10 * MINUTE);
        let _ = server.http().put(&pause, &json!({ "pause": false })).await.expect(202);
        assert_eq!(server.reconcile().await.fired, 0);
        assert!(runs(&server, &task).await.is_empty());
        let told = firings(&server, &task).await;
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|f| f["result"] == "skipped" && f["reason"] == "TASK_IS_PAUSED"), "{told:?}");
        let who = "paused by admin since 2026-02-03T09:00:00.000Z";
        assert!(told.iter().any(|f| f["message"].as_str().is_some_and(|m| m.contains(who))), "{told:?}");
        server.clock.advance(10 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 1);
        assert_eq!(trigger_times(&server, &task).await, ["2026-02-03T09:30:00.000Z"]);
    }

    async fn after_an_outage_the_last_one_is_made_up_for_or_told(server: TestServer) {
        let (often, engine) = server.ready_task("often").await;
        let (rare, _) = server.ready_task("rare").await;
        parallel(&server, (&often, &engine), "0/10 * * * ?", "UTC").await;
        parallel(&server, (&rare, &engine), "0 10 * * ?", "UTC").await;
        // No server from nine to noon and five minutes.
        server.clock.advance(3 * HOUR + 5 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 2);
        let found = runs(&server, &often).await;
        assert_eq!(trigger_times(&server, &often).await, ["2026-02-03T12:00:00.000Z"]);
        assert_eq!((&found[0]["status"], &firings(&server, &often).await[0]["missed"]), (&json!("dispatching"), &json!(17)));
        let found = runs(&server, &rare).await;
        assert_eq!((found.len(), &found[0]["status"], &found[0]["misfiredExecutionReason"]), (1, &json!("deploy_failed"), &json!("UNKNOWN")));
        assert!(found[0]["errorMessage"].as_str().is_some_and(|m| m.contains("2026-02-03T10:00:00.000Z")), "{}", found[0]);
        assert_eq!(firings(&server, &rare).await[0]["result"], "missed");
        assert_eq!(server.reconcile().await.fired, 0);
        server.clock.advance(DAY);
        server.reconcile().await;
        assert_eq!(runs(&server, &rare).await.len(), 2, "the next day goes on");
    }

    async fn when_the_clocks_change_a_time_is_neither_lost_nor_doubled(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let daily = json!({
            "type": "DAILY", "interval": 1, "startDate": "2026-03-28", "timeZone": "Europe/Berlin",
            "atTimes": { "type": "AT_TIME", "time": "02:30" },
        });
        let body = json!({ "trigger": daily, "runtime": { "type": "REMOTE_ENGINE", "id": engine }, "parallelExecutionAllowed": true });
        let _ = server.http().put(&format!("{TASKS}/{task}/run-config"), &body).await.expect(200);
        // 2026-03-28T00:00Z; the clocks go forward at 2026-03-29T01:00Z, from 02:00 to 03:00.
        server.clock.advance(1_774_656_000_000 - START_MS);
        for _ in 0..(3 * 24 * 12) {
            server.clock.advance(5 * MINUTE);
            server.service.reconcile().await.expect("a pass");
        }
        assert_eq!(trigger_times(&server, &task).await, [
            "2026-03-28T01:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z",
        ]);
        // The week of 2026-10-25: back at 01:00Z from 03:00 to 02:00; 02:30 comes twice and fires the first time.
        let path = format!("{TASKS}/{task}/run-config/events?from=1792800000000&to=1793059200000");
        let upcoming = server.http().get(&path).await.expect(200).json();
        assert_eq!(upcoming["items"], json!(["2026-10-24T00:30:00.000Z", "2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"]));
    }

    async fn once_is_once(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let once = json!({
            "type": "ONCE", "startDate": "2026-02-03", "timeZone": "Europe/Berlin", "atTimes": { "type": "AT_TIME", "time": "10:30" },
        });
        let set = set_trigger(&server, (&task, &engine), once.clone()).await.expect(200).json();
        assert_eq!(set["trigger"], once);
        server.clock.advance(HOUR);
        assert_eq!(server.reconcile().await.fired, 1, "half an hour late is told as missed");
        server.clock.advance(DAY);
        assert_eq!(server.reconcile().await.fired, 0);
        // A client that sends back what it read changes nothing; a new one in the past is refused.
        let _ = set_trigger(&server, (&task, &engine), once.clone()).await.expect(200);
        let mut other = once;
        other["startDate"] = json!("2026-02-02");
        let _ = set_trigger(&server, (&task, &engine), other).await.expect(400);
        server.clock.advance(DAY);
        assert_eq!(server.reconcile().await.fired, 0);
        assert_eq!(runs(&server, &task).await.len(), 1);
    }

    async fn a_change_neither_repeats_nor_drops_a_start(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        parallel(&server, (&task, &engine), "0/10 * * * ?", "UTC").await;
        server.clock.advance(10 * MINUTE);
        // Due, and changed before the scheduler looked.
        parallel(&server, (&task, &engine), "15/10 * * * ?", "UTC").await;
        assert_eq!(trigger_times(&server, &task).await, ["2026-02-03T09:10:00.000Z"]);
        assert_eq!(server.reconcile().await.fired, 0);
        // The same again does not move it.
        parallel(&server, (&task, &engine), "15/10 * * * ?", "UTC").await;
        server.clock.advance(5 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 1);
        let _ = server.http().delete(&format!("{TASKS}/{task}/run-config")).await.expect(204);
        server.clock.advance(HOUR);
        assert_eq!(server.reconcile().await.fired, 0);
        // The same for the triggers of a schedule.
        let path = schedule(&server, cron("a", "20 * * * ?")).await;
        let _ = server.http().put(&format!("{TASKS}/{task}/schedule"), &json!({ "scheduleId": path.rsplit('/').next() })).await.expect(200);
        server.clock.advance(5 * MINUTE);
        let _ = server.http().put(&format!("{path}/triggers"), &cron("a", "20/30 * * * ?")).await.expect(200);
        assert_eq!(trigger_times(&server, &task).await.last().map(String::as_str), Some("2026-02-03T10:20:00.000Z"));
        assert_eq!(server.reconcile().await.fired, 0);
        server.clock.advance(30 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 1);
        assert_eq!(trigger_times(&server, &task).await.last().map(String::as_str), Some("2026-02-03T10:50:00.000Z"));
        let _ = server.http().delete(&format!("{TASKS}/{task}/schedule")).await.expect(204);
        server.clock.advance(DAY);
        assert_eq!(server.reconcile().await.fired, 0);
    }

    async fn what_cannot_start_is_told(server: TestServer) {
        let (task, _) = server.ready_task("t").await;
        let body = json!({ "trigger": { "type": "CRON", "cronExpression": "10 9 * * ?", "timeZone": "UTC" }, "runtime": { "type": "CLOUD" } });
        let _ = server.http().put(&format!("{TASKS}/{task}/run-config"), &body).await.expect(200);
        server.clock.advance(10 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 1);
        assert!(runs(&server, &task).await.is_empty());
        let told = firings(&server, &task).await;
        assert_eq!((&told[0]["result"], &told[0]["reason"]), (&json!("refused"), &json!("REMOTE_ENGINE_CONTAINER_NOT_FOUND")));
        assert!(told[0]["message"].as_str().is_some_and(|m| m.contains("runtime")), "{told:?}");
        server.clock.advance(61 * DAY);
        let _ = server.http().delete(&format!("{TASKS}/{task}/run-config")).await.expect(204);
        server.reconcile().await;
        let told = firings(&server, &task).await;
        assert_eq!(told.len(), 1, "what was due is told before the trigger goes: {told:?}");
        assert_ne!(told[0]["dueAt"], "2026-02-03T09:10:00.000Z", "old records go");
    }

    async fn passes_at_once_start_everything_once(server: TestServer) {
        let mut tasks = Vec::new();
        for number in 0..8 {
            let (task, engine) = server.ready_task(&format!("t{number}")).await;
            parallel(&server, (&task, &engine), "0/10 * * * ?", "UTC").await;
            tasks.push(task);
        }
        for _ in 0..3 {
            server.clock.advance(10 * MINUTE);
            let (a, b, c) = tokio::join!(server.reconcile(), server.reconcile(), server.reconcile());
            assert_eq!(a.fired + b.fired + c.fired, 8);
        }
        for task in &tasks {
            assert_eq!(runs(&server, task).await.len(), 3);
        }
    }

    async fn what_is_due_together_does_not_keep_each_other_from_starting(server: TestServer) {
        let (first, engine) = server.ready_task("first").await;
        let artifact = server.artifact("many", "0.1").await;
        let mut tasks = vec![first];
        for number in 0..25 {
            let task = server.task(&format!("t{number}"), &artifact, "0.1").await;
            server.configure(&task, &engine).await;
            tasks.push(task);
        }
        for task in &tasks {
            parallel(&server, (task, &engine), "0/10 * * * ?", "UTC").await;
        }
        let step = json!({ "name": "only", "condition": "ALL_SUCCEEDED", "taskIds": [tasks[3]] });
        let body = json!({ "workspaceId": server.workspace(), "name": "with them", "steps": [step] });
        let plan = server.http().post("/orchestration/executables/plans", &body).await.expect(201).json();
        let plan = plan["id"].as_str().expect("an id").to_owned();
        let trigger = json!({ "trigger": { "type": "CRON", "cronExpression": "0/10 * * * ?", "timeZone": "UTC" } });
        let path = format!("/orchestration/executables/plans/{plan}");
        let _ = server.http().put(&format!("{path}/run-config"), &trigger).await.expect(200);
        let (paused, broken) = (tasks[1].clone(), tasks[2].clone());
        let _ = server.http().put(&format!("{TASKS}/{paused}/pause"), &json!({ "pause": true })).await.expect(202);
        let row = broken.clone();
        let kept = server.store.write::<_, StoreError, _>(move |tx| {
            let kept = tx.query("SELECT parameters FROM tasks WHERE id = $1", params![&row])?[0].text(0)?;
            tx.execute("UPDATE tasks SET parameters = 'not JSON' WHERE id = $1", params![&row])?;
            Ok(kept)
        });
        let kept = kept.await.expect("a damaged row");
        server.clock.advance(10 * MINUTE);
        let (a, b, c) = tokio::join!(server.reconcile(), server.reconcile(), server.reconcile());
        assert_eq!(a.fired + b.fired + c.fired, tasks.len() - 1 + 1, "all but the damaged one, and the plan");
        let row = broken.clone();
        let mended = server.store.write::<_, StoreError, _>(move |tx| {
            tx.execute("UPDATE tasks SET parameters = $2 WHERE id = $1", params![&row, kept])
        });
        mended.await.expect("the row as it was");
        assert_eq!(server.reconcile().await.fired, 1, "the damaged one is made up for");
        for task in tasks.iter().filter(|task| **task != paused) {
            let wanted = if *task == tasks[3] { 2 } else { 1 };
            assert_eq!(runs(&server, task).await.len(), wanted, "{task}");
            let told = firings(&server, task).await;
            assert_eq!((told.len(), &told[0]["result"]), (1, &json!("started")), "{told:?}");
            let id = told[0]["executionId"].as_str().expect("the run");
            check_events(&server, id).await;
        }
        assert!(runs(&server, &paused).await.is_empty());
        assert_eq!(firings(&server, &paused).await[0]["reason"], "TASK_IS_PAUSED");
        let page = server.http().get(&format!("/processing/executables/plans/{plan}/executions")).await.expect(200).json();
        assert_eq!(page["total"], 1, "{page}");
        assert_eq!(server.reconcile().await.fired, 0);
        server.clock.advance(10 * MINUTE);
        assert_eq!(server.reconcile().await.fired, tasks.len() + 1, "everything goes on");
    }
}

/// Two servers on one PostgreSQL look at the same due triggers at the same time, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_database_start_everything_once() {
    let server = TestServer::start(Backend::Postgres).await;
    let second = server.second().await;
    let mut tasks = Vec::new();
    for number in 0..12 {
        let (task, engine) = server.ready_task(&format!("t{number}")).await;
        parallel(&server, (&task, &engine), "0/10 * * * ?", "UTC").await;
        tasks.push(task);
    }
    let mut by_second = 0;
    for _ in 0..6 {
        server.clock.advance(10 * MINUTE);
        let (a, b) = tokio::join!(server.reconcile(), second.reconcile());
        let b = b.expect("a pass of the second server");
        // One that held a row may have kept it from the other's pass; then the next pass of either has nothing left.
        let (c, d) = tokio::join!(server.reconcile(), second.reconcile());
        let d = d.expect("another pass");
        assert_eq!(a.fired + b.fired + c.fired + d.fired, tasks.len());
        by_second += b.fired + d.fired;
    }
    for task in &tasks {
        let times = trigger_times(&server, task).await;
        assert_eq!(times.len(), 6, "{times:?}");
        assert_eq!(firings(&server, task).await.len(), 6);
    }
    assert!(by_second > 0, "the second server did some of it");
}
