//! Component metrics: what an engine counts, and how it is shown.

use serde_json::{Value, json};
use stoker_wire::components::{ComponentName, JobProcess, LinkRows};
use stoker_wire::{Components, Report, RunEpoch};

use crate::link::driver::{Engine, finished, kinds, of, shown, started, task_on};
use crate::support::{MINUTE, START_MS, TestServer, both, keys};

const SEARCH: &str = "/monitoring/observability/metrics/component";
const DAY: i64 = 24 * 60 * MINUTE;

fn named(id: &str) -> Option<ComponentName> {
    let kind = id.split('_').next().unwrap_or_default().to_owned();
    Some(ComponentName { id: id.to_owned(), kind, label: format!("label of {id}") })
}

fn link(number: i64, name: &str, rows: i64, target: &str) -> LinkRows {
    LinkRows {
        number,
        job: 0,
        name: name.to_owned(),
        connector: Some("FLOW".to_owned()),
        source: named("tIn_1"),
        target: named(target),
        started_ms: START_MS + number,
        rows,
        millis: 7,
    }
}

fn counts(run: &RunEpoch, links: Vec<LinkRows>, rejected: i64) -> Report {
    let job =
        JobProcess { machine: 0, job: "Load".into(), pid: "p1".into(), father_pid: "p1".into(), root_pid: "p1".into() };
    let processed = links.first().map(|link| link.rows);
    let components = Components { jobs: vec![job], links, processed, rejected: Some(rejected) };
    Report::Components { run: run.run.clone(), epoch: run.epoch, components }
}

async fn of_run(server: &TestServer, run: &str, query: &str) -> Value {
    let path = format!("/monitoring/observability/executions/{run}/component{query}");
    server.http().get(&path).await.expect(200).json()
}

fn ids(found: &Value, field: &str) -> Vec<String> {
    let items = found["items"].as_array().expect("items");
    items.iter().map(|item| item[field].as_str().unwrap_or("-").to_owned()).collect()
}

async fn search(server: &TestServer, more: Value) -> Value {
    let mut body = json!({
        "environmentId": server.environment(), "startTime": "2026-02-03T08:00:00.000Z",
        "endTime": "2026-02-03T10:00:00.000Z",
    });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    server.http().post(SEARCH, &body).await.expect(200).json()
}

both! {
    async fn rows_show_while_the_job_runs_and_after_it(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let empty = of_run(&server, &run, "").await;
        assert_eq!((&empty["metrics"]["items"], &empty["metrics"]["total"]), (&json!([]), &json!(0)), "from the first second");
        assert_eq!(empty["processes"], json!([]));
        let offer = of(&engine.offer().await);
        server.clock.advance(10);
        engine.report(&[started(&offer, START_MS + 1), counts(&offer, vec![link(0, "row1", 5, "tOut_1")], 0)]).await;
        assert_eq!(of_run(&server, &run, "").await["metrics"]["items"][0]["component_connection_rows_total"], 5);
        let both = vec![link(0, "row1", 12, "tOut_1"), link(1, "row2", 3, "tOut_2")];
        let last = [counts(&offer, both, 2), finished(&offer, "rejected", START_MS + 9)];
        engine.report(&last).await;
        // A lost answer: the same reports come again, and change nothing.
        assert_eq!(engine.report(&last).await.stale, []);
        let found = of_run(&server, &run, "").await;
        assert_eq!(keys(&found), [
            "artifact_id", "artifact_name", "artifact_version", "engine_id", "finish_time", "metrics", "operator",
            "operator_type", "processes", "rows_rejected", "start_time", "task_execution_id", "task_id", "workspace_id",
        ]);
        assert_eq!(found["processes"][0], json!({
            "process_id": run, "job_name": "Load", "pid": "p1", "father_pid": "p1", "root_pid": "p1",
        }));
        assert_eq!(found["metrics"]["items"][0], json!({
            "pid": "p1", "connector_type": "tIn", "connector_label": "label of tIn_1", "connector_id": "tIn_1",
            "target_connector_type": "tOut", "target_label": "label of tOut_1", "target_id": "tOut_1",
            "component_start_time_seconds": 1_770_109_200.0, "component_connection_rows_total": 12,
            "component_execution_duration_milliseconds": 7,
        }));
        for path in [format!("/processing/executions/{run}"), format!("/tmc/v2.6/executions/{run}")] {
            let body = server.http().get(&path).await.expect(200).json();
            assert_eq!((&body["numberOfProcessedRows"], &body["numberOfRejectedRows"]), (&json!(12), &json!(2)), "{path}");
        }
        assert_eq!(shown(&server, &run).await["status"], "execution_rejected");
        assert_eq!(kinds(&server, &run).await.last().map(String::as_str), Some("finished"));
    }

    async fn counts_of_another_epoch_or_engine_are_not_taken(server: TestServer) {
        let (engine, other) = (Engine::ready(&server, "one", 1).await, Engine::ready(&server, "two", 1).await);
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        let wrong = RunEpoch { epoch: 9, ..offer.clone() };
        assert_eq!(engine.report(&[counts(&wrong, vec![link(0, "row1", 5, "a")], 0)]).await.stale, [wrong]);
        assert_eq!(other.report(&[counts(&offer, vec![link(0, "row1", 5, "a")], 0)]).await.stale, std::slice::from_ref(&offer));
        let mut lost = link(0, "row1", 5, "a");
        lost.job = 7;
        let mut negative = link(1, "row2", -5, "a");
        negative.started_ms = i64::MAX;
        engine.report(&[counts(&offer, vec![lost, negative], -3)]).await;
        let found = of_run(&server, &run, "").await;
        assert_eq!(found["metrics"]["total"], 1, "a link of no job is none");
        assert_eq!(found["metrics"]["items"][0]["component_connection_rows_total"], 0);
        assert_eq!(found["metrics"]["items"][0]["component_start_time_seconds"], 1_770_109_200.0);
        assert_eq!(found["rows_rejected"], 0);
    }

    async fn pages_and_orders_of_one_run(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        let mut bare = link(2, "row3", 1, "c");
        bare.target = None;
        engine.report(&[counts(&offer, vec![link(0, "row1", 5, "b"), link(1, "row2", 9, "a"), bare], 0)]).await;
        let targets = async |query: &str| ids(&of_run(&server, &run, query).await["metrics"], "target_id");
        assert_eq!(targets("").await, ["b", "a", "-"]);
        assert_eq!(targets("?sortBy=target_id").await, ["a", "b", "-"], "what is not known comes last");
        assert_eq!(targets("?sortBy=target_id&sortOrder=desc").await, ["b", "a", "-"], "in both directions");
        assert_eq!(targets("?sortBy=component_connection_rows_total&sortOrder=DESC&limit=1&offset=1").await, ["b"]);
        assert_eq!(targets("?offset=50").await, Vec::<String>::new());
        let path = format!("/monitoring/observability/executions/{run}/component");
        for (query, start) in [
            ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("offset=-1", "offset"),
            ("sortBy=rows", "sortBy"), ("sortBy=job_name", "sortBy"), ("sortOrder=up", "sortOrder"),
        ] {
            let answer = server.http().get(&format!("{path}?{query}")).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.starts_with(start)), "{query}: {answer}");
            assert_eq!(keys(&answer), ["message", "requestId", "status"]);
        }
        let wrong = server.http().get("/monitoring/observability/executions/17/component").await.expect(400).json();
        assert_eq!(wrong["message"], "Task execution ID is not valid id.");
        let unknown = "/monitoring/observability/executions/0b7d7c5e-6a0e-4a51-9d3f-5f1f0f3f7a11/component";
        let _ = server.http().get(unknown).await.expect(404);
    }

    async fn the_search_finds_links_of_all_runs(server: TestServer) {
        let engine = Engine::ready(&server, "one", 0).await;
        let (first, second) = (task_on(&server, "one", &engine).await, task_on(&server, "two", &engine).await);
        for task in [&first, &second] {
            let run = server.run(task).await;
            let offer = of(&engine.offer().await);
            server.clock.advance(1_000);
            engine.report(&[counts(&offer, vec![link(0, "row1", 5, "tOut_1"), link(1, "row2", 9, "tOut_2")], 0)]).await;
            assert!(!run.is_empty());
        }
        let all = search(&server, json!({})).await;
        assert_eq!(all["total"], 4);
        assert_eq!(all["items"][0]["connection_name"], "row1");
        assert_eq!(all["items"][0]["operator"], "admin");
        let of_task = json!({ "field": "task_id", "operator": "in", "value": [first] });
        let late = json!({ "field": "component_start_time_seconds", "operator": "gt", "value": "1770109200" });
        assert_eq!(search(&server, json!({ "filters": [of_task] })).await["total"], 2);
        assert_eq!(ids(&search(&server, json!({ "filters": [of_task, late] })).await, "connection_name"), ["row2"]);
        assert_eq!(search(&server, json!({ "endTime": "2026-02-03T08:30:00.000Z" })).await["total"], 0);
        let sorted = search(&server, json!({ "sortBy": "component_connection_rows_total", "sortOrder": "desc", "limit": 1 }));
        assert_eq!(sorted.await["items"][0]["component_connection_rows_total"], 9);
        let guest = server.service_account(&["TMC_OPERATOR"], &[]).await;
        let body = json!({
            "environmentId": server.environment(), "startTime": "2026-02-03T08:00:00.000Z",
            "endTime": "2026-02-03T10:00:00.000Z",
        });
        assert_eq!(guest.http.post(SEARCH, &body).await.expect(200).json()["total"], 0, "not seen without VIEW");
    }

    async fn a_wrong_search_is_told_what_is_wrong(server: TestServer) {
        let filter = |field: &str, operator: &str, value: Value| json!({ "filters": [{ "field": field, "operator": operator, "value": value }] });
        let two = json!({ "filters": [
            { "field": "component_start_time_seconds", "operator": "gt", "value": 1 },
            { "field": "component_start_time_seconds", "operator": "gte", "value": 1 },
        ] });
        let crossed = json!({ "filters": [
            { "field": "component_start_time_seconds", "operator": "gt", "value": 5 },
            { "field": "component_start_time_seconds", "operator": "lt", "value": 1 },
        ] });
        for (more, start) in [
            (json!({ "environmentId": "x" }), "Environment ID is not valid id."),
            (json!({ "startTime": "today" }), "startTime"),
            (json!({ "endTime": "2026-02-01T00:00:00.000Z" }), "endTime"),
            (json!({ "limit": 201 }), "limit"),
            (json!({ "offset": -1 }), "offset"),
            (json!({ "sortBy": "color" }), "sortBy"),
            (filter("color", "in", json!(["a"])), "filters[0].field"),
            (filter("task_id", "gt", json!(["a"])), "filters[0].operator"),
            (filter("task_id", "in", json!([])), "filters[0].value"),
            (filter("operator_type", "in", json!(["ROBOT"])), "filters[0].value"),
            (filter("component_start_time_seconds", "in", json!([1])), "filters[0]"),
            (filter("component_start_time_seconds", "gt", json!("soon")), "filters[0].value"),
            (two, "filters[1].operator"),
            (crossed, "filters: the upper bound"),
        ] {
            let mut body = json!({
                "environmentId": server.environment(), "startTime": "2026-02-03T08:00:00.000Z",
                "endTime": "2026-02-03T10:00:00.000Z",
            });
            for (name, value) in more.as_object().expect("an object") {
                body[name] = value.clone();
            }
            let answer = server.http().post(SEARCH, &body).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.starts_with(start)), "{more}: {answer}");
        }
    }

    async fn counts_are_kept_for_a_month(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        let ended = [counts(&offer, vec![link(0, "row1", 5, "a")], 0), finished(&offer, "success", START_MS)];
        engine.report(&ended).await;
        server.clock.advance(30 * DAY);
        server.reconcile().await;
        assert_eq!(of_run(&server, &run, "").await["metrics"]["total"], 1);
        server.clock.advance(2 * DAY);
        server.reconcile().await;
        assert_eq!(of_run(&server, &run, "").await["metrics"]["total"], 0);
        assert_eq!(shown(&server, &run).await["numberOfProcessedRows"], 5, "the sums stay with the run");
    }
}
