//! What starts plans when nobody does: triggers, schedules and webhooks, and what comes of each due instant.

use serde_json::{Value, json};
use stoker_testkit::http::{Answer, Method};

use crate::link::driver::{finished, of};
use crate::plan_runs::{stage, taken};
use crate::plans::{PLANS, plan, plan_body, step};
use crate::schedules::{cron, schedule};
use crate::support::{Backend, MINUTE, START_MS, TestServer, both};

const TASKS: &str = "/orchestration/executables/tasks";
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The runs of a plan, oldest first.
pub(crate) async fn runs(server: &TestServer, plan: &str) -> Vec<Value> {
    let path = format!("/processing/executables/plans/{plan}/executions?limit=100");
    let mut items = server.http().get(&path).await.expect(200).json()["items"].as_array().expect("items").clone();
    items.reverse();
    items
}

/// What became of the due instants of a plan, oldest first.
pub(crate) async fn firings(server: &TestServer, plan: &str) -> Vec<Value> {
    let page = server.http().get(&format!("/stoker/v1/plans/{plan}/firings?limit=100")).await.expect(200).json();
    let mut items = page["items"].as_array().expect("items").clone();
    items.reverse();
    items
}

pub(crate) async fn set(server: &TestServer, plan: &str, trigger: Value, parallel: bool) -> Answer {
    let body = json!({ "trigger": trigger, "parallelExecutionAllowed": parallel });
    server.http().put(&format!("{PLANS}/{plan}/run-config"), &body).await
}

pub(crate) fn every(minutes: u32) -> Value {
    json!({ "type": "CRON", "cronExpression": format!("0/{minutes} * * * ?"), "timeZone": "UTC" })
}

async fn link(server: &TestServer, plan: &str, path: &str) -> Answer {
    let body = json!({ "scheduleId": path.rsplit('/').next() });
    server.http().put(&format!("{PLANS}/{plan}/schedule"), &body).await
}

async fn call(server: &TestServer, path: &str, body: &str) -> u16 {
    let headers = [("content-type", "text/plain")];
    server.anonymous().send(Method::POST, path, &headers, Some(body.as_bytes().to_vec())).await.status
}

/// Sets a webhook; gives the path of its URL.
async fn hook(server: &TestServer, plan: &str, webhook: Value) -> String {
    let answer = set(server, plan, json!({ "type": "WEBHOOK", "webhook": webhook }), false).await.expect(200).json();
    let url = answer["trigger"]["webhook"]["url"].as_str().expect("a URL").to_owned();
    url.strip_prefix(&server.url).expect("a URL of this server").to_owned()
}

both! {
    async fn a_due_trigger_starts_its_plan_once(server: TestServer) {
        let (engine, [a]) = stage(&server, ["a"]).await;
        let plan = plan(&server, "p", json!([step("one", &[&a])])).await;
        let shown = set(&server, &plan, every(10), false).await.expect(200).json();
        assert_eq!(shown, json!({ "trigger": every(10), "parallelExecutionAllowed": false }));
        assert_eq!(server.reconcile().await.fired, 0, "nine o'clock was over when it was set");
        server.clock.advance(10 * MINUTE);
        engine.ping().await;
        assert_eq!(server.reconcile().await.fired, 1);
        assert_eq!(server.reconcile().await.fired, 0);
        let found = runs(&server, &plan).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0]["executionType"], &found[0]["userId"]), (&json!("SCHEDULED"), &json!("admin")));
        assert_eq!(found[0]["status"], "executing");
        let told = firings(&server, &plan).await;
        assert_eq!((&told[0]["result"], &told[0]["dueAt"]), (&json!("started"), &json!("2026-02-03T09:10:00.000Z")));
        assert_eq!(told[0]["executionId"], found[0]["executionId"]);
        let offers = taken(&engine).await;
        engine.report(&[finished(&of(&offers["a"]), "success", START_MS)]).await;
        server.reconcile().await;
        assert_eq!(runs(&server, &plan).await[0]["status"], "execution_successful");
        let _ = server.http().delete(&format!("{PLANS}/{plan}/run-config")).await.expect(204);
        server.clock.advance(DAY);
        assert_eq!(server.reconcile().await.fired, 0);
        let shown = server.http().get(&format!("{PLANS}/{plan}/run-config")).await.expect(200).json();
        assert_eq!(shown["trigger"], json!({ "type": "MANUAL" }));
    }

    async fn a_schedule_is_linked_shown_and_left_behind(server: TestServer) {
        let (_engine, [a, b]) = stage(&server, ["a", "b"]).await;
        let plan = plan(&server, "p", json!([step("one", &[&a])])).await;
        let at = format!("{PLANS}/{plan}/schedule");
        let _ = server.http().get(&at).await.expect(404);
        let _ = server.http().delete(&at).await.expect(404);
        let path = schedule(&server, cron("first", "20 * * * ?")).await;
        let answer = link(&server, &plan, &path).await.expect(200);
        assert_eq!(answer.text(), "");
        let _ = link(&server, &plan, &path).await.expect(200);
        let shown = server.http().get(&at).await.expect(200).json();
        assert_eq!((&shown["executableId"], &shown["executableType"]), (&json!(plan), &json!("Plan")));
        let config = server.http().get(&format!("{PLANS}/{plan}/run-config")).await.expect(200).json();
        assert_eq!(config["trigger"], json!({ "type": "MULTIPLE" }));
        // One schedule starts one thing.
        let body = json!({ "scheduleId": path.rsplit('/').next() });
        let refused = server.http().put(&format!("{TASKS}/{b}/schedule"), &body).await.expect(403).json();
        assert!(refused["message"].as_str().is_some_and(|m| m.contains("linked to another plan")), "{refused}");
        let _ = server.http().delete(&path).await.expect(409);
        // Sent back as it was read, it stays; another trigger takes its place and the schedule is free again.
        let _ = server.http().put(&format!("{PLANS}/{plan}/run-config"), &config).await.expect(200);
        let _ = server.http().get(&at).await.expect(200);
        let _ = set(&server, &plan, every(10), false).await.expect(200);
        let _ = server.http().get(&at).await.expect(404);
        let _ = server.http().put(&format!("{TASKS}/{b}/schedule"), &body).await.expect(200);
        let _ = server.http().delete(&format!("{TASKS}/{b}/schedule")).await.expect(204);
        let _ = link(&server, &plan, &path).await.expect(200);
        server.clock.advance(20 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 1, "the trigger before was taken away");
        assert_eq!(firings(&server, &plan).await[0]["trigger"], "first");
        // A schedule outlives its plan.
        let run = runs(&server, &plan).await[0]["executionId"].as_str().expect("an id").to_owned();
        let _ = server.http().delete(&format!("/stoker/v1/executions/plans/{run}")).await;
        let _ = server.http().delete(&format!("{PLANS}/{plan}")).await.expect(204);
        let shown = server.http().get(&path).await.expect(200).json();
        assert!(shown.get("executableId").is_none(), "{shown}");
        server.clock.advance(DAY);
        assert_eq!(server.reconcile().await.fired, 0);
    }

    async fn upcoming_starts_are_those_that_will_happen(server: TestServer) {
        let (_engine, [a, b]) = stage(&server, ["a", "b"]).await;
        let plan = plan(&server, "p", json!([step("one", &[&a])])).await;
        let _ = set(&server, &plan, json!({ "type": "CRON", "cronExpression": "30 9 * * ?", "timeZone": "UTC" }), false).await.expect(200);
        let path = schedule(&server, cron("first", "45 9 * * ?")).await;
        let _ = server.http().put(&format!("{TASKS}/{b}/schedule"), &json!({ "scheduleId": path.rsplit('/').next() })).await.expect(200);
        let to = START_MS + DAY;
        let events = format!("{PLANS}/{plan}/run-config/events?to={to}");
        let page = server.http().get(&events).await.expect(200).json();
        assert_eq!((&page["items"], &page["total"]), (&json!(["2026-02-03T09:30:00.000Z"]), &json!(1)));
        for (query, field) in [("", "to"), ("?to=x", "to"), ("?to=1&from=2", "from"), ("?to=9999999999999", "from, to"), ("?to=1&limit=0", "limit"), ("?to=1&limit=101", "limit"), ("?to=1&offset=-1", "offset")] {
            let answer = server.http().get(&format!("{PLANS}/{plan}/run-config/events{query}")).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(field)), "{query}: {answer}");
        }
        let search = async |more: Value| {
            let mut body = json!({ "environmentId": server.environment(), "to": to });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let page = server.http().post("/orchestration/executables/events/search", &body).await.expect(200).json();
            page["items"].as_array().expect("items").iter().map(|e| e["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(search(json!({})).await, [plan.clone(), b.clone()]);
        assert_eq!(search(json!({ "workspaceIds": [server.workspace()] })).await, [plan.clone(), b.clone()]);
        assert_eq!(search(json!({ "tags": ["none"] })).await, Vec::<String>::new());
        let config = server.http().get(&format!("{TASKS}/{a}/run-config")).await.expect(200).json();
        let runtime = json!({ "runtime": { "type": "REMOTE_ENGINE", "id": config["runtime"]["id"] } });
        assert_eq!(search(runtime).await, [plan.clone(), b.clone()], "a plan is found by where its tasks run");
        assert_eq!(search(json!({ "runtime": { "type": "CLOUD" } })).await, Vec::<String>::new());
        let _ = server.http().put(&format!("{PLANS}/{plan}/pause"), &json!({ "pause": true })).await.expect(202);
        assert_eq!(search(json!({})).await, std::slice::from_ref(&b));
        assert_eq!(server.http().get(&events).await.expect(200).json()["total"], 0);
    }

    async fn what_does_not_start_leaves_a_record_with_its_reason(server: TestServer) {
        let (_engine, [a]) = stage(&server, ["a"]).await;
        let plan = plan(&server, "p", json!([step("one", &[&a])])).await;
        let _ = set(&server, &plan, every(10), false).await.expect(200);
        // An overlap: the first run waits for the engine, which does not come.
        server.clock.advance(10 * MINUTE);
        server.reconcile().await;
        server.clock.advance(10 * MINUTE);
        server.reconcile().await;
        let found = runs(&server, &plan).await;
        assert_eq!(found[1]["status"], "execution_misfired");
        assert_eq!(found[1]["misfiredExecutionReason"], "PARALLEL_EXECUTIONS_FORBIDDEN");
        let told = firings(&server, &plan).await;
        assert_eq!((&told[1]["result"], &told[1]["reason"]), (&json!("started"), &json!("PARALLEL_EXECUTIONS_FORBIDDEN")));
        // Paused: left out, and nothing is made up for afterwards.
        let pause = format!("{PLANS}/{plan}/pause");
        let _ = server.http().put(&pause, &json!({ "pause": true })).await.expect(202);
        server.clock.advance(10 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 1);
        server.clock.advance(10 * MINUTE);
        let _ = server.http().put(&pause, &json!({ "pause": false })).await.expect(202);
        assert_eq!(server.reconcile().await.fired, 0);
        let told = firings(&server, &plan).await;
        assert_eq!(told.len(), 4);
        for one in &told[2..] {
            assert_eq!((&one["result"], &one["reason"]), (&json!("skipped"), &json!("PLAN_EXECUTIONS_PAUSED")));
        }
        assert_eq!(runs(&server, &plan).await.len(), 2);
        // A task without an engine: refused as a call would be.
        let _ = server.http().put(&format!("{TASKS}/{a}/run-config"), &json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "CLOUD" } })).await.expect(200);
        server.clock.advance(10 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 1);
        let told = firings(&server, &plan).await;
        assert_eq!((&told[4]["result"], &told[4]["reason"]), (&json!("refused"), &json!("REMOTE_ENGINE_CONTAINER_NOT_FOUND")));
        assert!(told[4]["message"].as_str().is_some_and(|m| m.contains("no engine")), "{}", told[4]);
    }

    async fn after_an_outage_the_last_one_is_made_up_for_or_told(server: TestServer) {
        let (_engine, [a, b]) = stage(&server, ["a", "b"]).await;
        let often = plan(&server, "often", json!([step("one", &[&a])])).await;
        let rare = plan(&server, "rare", json!([step("one", &[&b])])).await;
        let _ = set(&server, &often, every(10), true).await.expect(200);
        let _ = set(&server, &rare, json!({ "type": "CRON", "cronExpression": "0 10 * * ?", "timeZone": "UTC" }), true).await.expect(200);
        server.clock.advance(3 * HOUR + 5 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 2);
        assert_eq!((runs(&server, &often).await.len(), &firings(&server, &often).await[0]["missed"]), (1, &json!(17)));
        let missed = &runs(&server, &rare).await[0];
        assert_eq!(missed["status"], "execution_misfired");
        let told = firings(&server, &rare).await;
        assert_eq!((told.len(), &told[0]["result"], &told[0]["executionId"]), (1, &json!("missed"), &missed["executionId"]));
        assert!(told[0]["message"].as_str().is_some_and(|m| m.contains("2026-02-03T10:00:00.000Z")), "{}", told[0]);
        assert_eq!(server.reconcile().await.fired, 0);
        let run = missed["executionId"].as_str().expect("an id");
        let story = server.http().get(&format!("/stoker/v1/executions/plans/{run}/timeline")).await.expect(200).json();
        assert_eq!((&story["message"], &story["dueAt"]), (&told[0]["message"], &json!("2026-02-03T10:00:00.000Z")));
    }

    async fn the_timeout_of_a_trigger_is_that_of_each_task_run(server: TestServer) {
        let (engine, [a, b]) = stage(&server, ["a", "b"]).await;
        let plan = plan(&server, "p", json!([step("one", &[&a]), step("two", &[&b])])).await;
        let mut trigger = cron("first", "5 9 * * ?");
        trigger["timeout"] = json!(3);
        let path = schedule(&server, trigger).await;
        let _ = link(&server, &plan, &path).await.expect(200);
        server.clock.advance(5 * MINUTE);
        engine.ping().await;
        assert_eq!(server.reconcile().await.fired, 1);
        for name in ["a", "b"] {
            let offers = taken(&engine).await;
            assert_eq!(offers[name].timeout_minutes, Some(3), "{name}");
            engine.report(&[finished(&of(&offers[name]), "success", START_MS)]).await;
            server.reconcile().await;
        }
    }

    async fn a_webhook_starts_a_plan_with_its_calls(server: TestServer) {
        let (engine, [a, b]) = stage(&server, ["a", "b"]).await;
        let plan = plan(&server, "p", json!([step("one", &[&a]), step("two", &[&b])])).await;
        let path = hook(&server, &plan, json!({ "name": "orders", "triggerCalls": 2, "executionTimeout": 9 })).await;
        assert_eq!(call(&server, &path, "x").await, 204);
        assert!(runs(&server, &plan).await.is_empty());
        assert_eq!(call(&server, &path, "y").await, 204);
        let found = runs(&server, &plan).await;
        assert_eq!((found.len(), &found[0]["executionType"], &found[0]["userId"]), (1, &json!("WEBHOOK"), &json!("admin")));
        assert_eq!(firings(&server, &plan).await[0]["executionId"], found[0]["executionId"]);
        let both = json!([{ "type": "text/plain", "data": "x" }, { "type": "text/plain", "data": "y" }]);
        let payload = |offer: &stoker_wire::Offer| {
            let given = offer.parameters.iter().find(|p| p.name == "resource_webhook_payload");
            given.map(|p| serde_json::from_str::<Value>(&p.value).expect("JSON"))
        };
        let offers = taken(&engine).await;
        assert_eq!((payload(&offers["a"]), offers["a"].timeout_minutes), (Some(both.clone()), Some(9)));
        engine.report(&[finished(&of(&offers["a"]), "success", START_MS)]).await;
        server.reconcile().await;
        let offers = taken(&engine).await;
        assert_eq!((payload(&offers["b"]), offers["b"].timeout_minutes), (None, Some(9)), "only the first step gets it");
        engine.report(&[finished(&of(&offers["b"]), "failed", START_MS)]).await;
        server.reconcile().await;
        // A repetition from the first step has the same calls.
        let run = found[0]["executionId"].as_str().expect("an id");
        let steps = server.http().get(&format!("/processing/executions/plans/{run}/steps")).await.expect(200).json();
        let again = json!({ "executable": plan, "executionPlanId": run, "stepId": steps[0]["executionId"] });
        let answer = server.http().post("/processing/executions/plans", &again).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let offers = taken(&engine).await;
        assert_eq!((payload(&offers["a"]), offers["a"].timeout_minutes), (Some(both), Some(9)));
        // Paused: thrown away; removed: unknown.
        server.clock.advance(1);
        let _ = server.http().put(&format!("{PLANS}/{plan}/pause"), &json!({ "pause": true })).await.expect(202);
        assert_eq!((call(&server, &path, "x").await, call(&server, &path, "x").await), (204, 204));
        assert_eq!(firings(&server, &plan).await.last().expect("a record")["reason"], "PLAN_EXECUTIONS_PAUSED");
        let _ = server.http().delete(&format!("{PLANS}/{plan}/run-config")).await.expect(204);
        assert_eq!(call(&server, &path, "x").await, 404);
    }

    /// A right that is needed for a start is needed for letting time do it, and an editor cannot lend it.
    async fn a_trigger_is_no_way_around_a_right(server: TestServer) {
        let (_engine, [a]) = stage(&server, ["a"]).await;
        let other = json!({ "name": "Other", "environmentId": server.environment() });
        let other = crate::support::id(&server.http().post("/orchestration/workspaces", &other).await.expect(201).json());
        let account = server.service_account(&["TMC_OPERATOR"], &["VIEW", "EXECUTE", "AUTHOR"]).await;
        let rights = format!("/security/workspaces/{other}/service-accounts/{}/permissions", account.id);
        let _ = server.http().post(&rights, &json!(["VIEW", "EXECUTE", "AUTHOR"])).await.expect(201);
        let mut body = plan_body(&server, "p", json!([step("one", &[&a])]));
        body["workspaceId"] = json!(other);
        let made = account.http.post(PLANS, &body).await.expect(201).json();
        let plan = crate::support::id(&made);
        let config = json!({ "trigger": every(10), "parallelExecutionAllowed": true });
        let path = format!("{PLANS}/{plan}/run-config");
        let _ = account.http.put(&path, &config).await.expect(200);
        server.clock.advance(10 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 1);
        assert_eq!(firings(&server, &plan).await[0]["result"], "started");
        // The right on the task's workspace goes: neither time nor a new trigger starts the task there.
        let rights = format!("/security/workspaces/{}/service-accounts/{}/permissions", server.workspace(), account.id);
        let _ = server.http().put(&rights, &json!(["VIEW"])).await;
        server.clock.advance(10 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 1);
        let told = firings(&server, &plan).await;
        assert_eq!(told[1]["result"], "refused", "{told:?}");
        assert!(told[1]["message"].as_str().is_some_and(|m| m.contains("EXECUTE")), "{told:?}");
        let _ = account.http.put(&path, &json!({ "trigger": every(20) })).await.expect(403);
        let shown = account.http.get(&path).await.expect(200).json();
        assert_eq!(shown["trigger"], every(10), "nothing changed");
    }

    async fn passes_at_once_start_every_plan_once(server: TestServer) {
        let (_engine, [a]) = stage(&server, ["a"]).await;
        let mut plans = Vec::new();
        for number in 0..6 {
            let plan = plan(&server, &format!("p{number}"), json!([step("one", &[&a])])).await;
            let _ = set(&server, &plan, every(10), true).await.expect(200);
            plans.push(plan);
        }
        for _ in 0..3 {
            server.clock.advance(10 * MINUTE);
            let (a, b, c) = tokio::join!(server.reconcile(), server.reconcile(), server.reconcile());
            assert_eq!(a.fired + b.fired + c.fired, 6);
        }
        for plan in &plans {
            assert_eq!(runs(&server, plan).await.len(), 3);
        }
    }

    async fn the_older_generation_has_the_same_calls(server: TestServer) {
        let (_engine, [a]) = stage(&server, ["a"]).await;
        let plan = plan(&server, "p", json!([step("one", &[&a])])).await;
        let old = format!("/tmc/v2.6/executables/plans/{plan}");
        let daily = json!({
            "type": "DAILY", "interval": 1, "startDate": "2026-02-05", "timeZone": "UTC", "atTimes": { "type": "AT_TIME", "time": "02:30" },
        });
        let body = json!({ "trigger": daily, "runtime": { "type": "CLOUD" } });
        let shown = server.http().put(&format!("{old}/run-config"), &body).await.expect(200).json();
        assert_eq!((&shown["trigger"], &shown["runtime"]["type"]), (&daily, &json!("CLOUD")));
        let to = START_MS + 3 * DAY;
        let page = server.http().get(&format!("{old}/run-config/events?to={to}")).await.expect(200).json();
        assert_eq!(page["items"], json!(["2026-02-05T02:30:00.000Z", "2026-02-06T02:30:00.000Z"]));
        let path = schedule(&server, cron("first", "20 * * * ?")).await;
        let body = json!({ "scheduleId": path.rsplit('/').next() });
        let _ = server.http().put(&format!("{old}/schedule"), &body).await.expect(200);
        assert_eq!(server.http().get(&format!("{old}/schedule")).await.expect(200).json()["executableType"], "Plan");
        let _ = server.http().delete(&format!("{old}/schedule")).await.expect(204);
        let _ = server.http().get(&format!("{old}/schedule")).await.expect(404);
    }
}

/// Two servers on one PostgreSQL look at the same due plans at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_database_start_every_plan_once() {
    let server = TestServer::start(Backend::Postgres).await;
    let second = server.second().await;
    let (_engine, [a]) = stage(&server, ["a"]).await;
    let mut plans = Vec::new();
    for number in 0..8 {
        let plan = plan(&server, &format!("p{number}"), json!([step("one", &[&a])])).await;
        let _ = set(&server, &plan, every(10), true).await.expect(200);
        plans.push(plan);
    }
    for _ in 0..4 {
        server.clock.advance(10 * MINUTE);
        let (a, b) = tokio::join!(server.reconcile(), second.reconcile());
        let b = b.expect("a pass of the second server");
        // One that held a row may have kept it from the other's pass; then the next pass of either has nothing left.
        let (c, d) = tokio::join!(server.reconcile(), second.reconcile());
        assert_eq!(a.fired + b.fired + c.fired + d.expect("another pass").fired, plans.len());
    }
    for plan in &plans {
        assert_eq!((runs(&server, plan).await.len(), firings(&server, plan).await.len()), (4, 4));
    }
}
