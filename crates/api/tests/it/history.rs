//! The history: search with all filters, pages, and the download.

use serde_json::{Value, json};

use crate::link::driver::{Engine, cluster_of, finished, of, parallel_task, started, task_on};
use crate::plan_runs::start;
use crate::plans::{plan, step};
use crate::support::{MINUTE, TestServer, both, id, keys};

const SEARCH: &str = "/monitoring/observability/executions/search";
const DOWNLOAD: &str = "/monitoring/observability/executions/download";

fn body(server: &TestServer, more: &Value) -> Value {
    let mut body = json!({ "environmentId": server.environment(), "category": "ETL" });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

async fn search(server: &TestServer, more: Value) -> Value {
    server.http().post(SEARCH, &body(server, &more)).await.expect(200).json()
}

fn ids(found: &Value) -> Vec<String> {
    found["items"].as_array().expect("items").iter().map(id).collect()
}

/// Ids of what one filter finds.
async fn filtered(server: &TestServer, field: &str, operator: &str, value: Value) -> Vec<String> {
    ids(&search(server, json!({ "filters": [{ "field": field, "operator": operator, "value": value }] })).await)
}

/// Runs a task to its end, which comes a minute after its start; gives the id of the run.
async fn ran(server: &TestServer, engine: &Engine, task: &str, outcome: &str) -> String {
    let run = server.run(task).await;
    let offer = of(&engine.offer().await);
    let begun = server.service.now();
    server.clock.advance(MINUTE);
    engine.report(&[started(&offer, begun), finished(&offer, outcome, begun + MINUTE)]).await;
    run
}

both! {
    async fn what_runs_comes_first_then_the_newest_end(server: TestServer) {
        let engine = Engine::ready(&server, "one", 0).await;
        let task = parallel_task(&server, "one", "REMOTE_ENGINE", &engine.id).await;
        let (first, second) = (ran(&server, &engine, &task, "success").await, ran(&server, &engine, &task, "failed").await);
        let waiting = server.run(&task).await;
        let offer = of(&engine.offer().await);
        engine.report(&[started(&offer, server.service.now())]).await;
        let found = search(&server, json!({})).await;
        assert_eq!(ids(&found), [waiting.clone(), second.clone(), first.clone()]);
        let statuses: Vec<_> = found["items"].as_array().expect("items").iter().map(|item| item["status"].clone()).collect();
        assert_eq!(statuses, ["STARTING_FLOW_EXECUTION", "EXECUTION_FAILED", "EXECUTION_SUCCESS"]);
        let record = &found["items"][1];
        assert_eq!(keys(record), [
            "artifactId", "artifactName", "artifactVersion", "artifactWorkspaceId", "attempts", "author", "authorName",
            "authorType", "destination", "engineId", "engineName", "engineVersion", "environmentId", "errorMessage",
            "executeDurationMs", "id", "logLevel", "name", "operator", "operatorName", "operatorType", "runEndTime",
            "runStartTime", "status", "tags", "taskId", "triggerTime", "triggerType", "type", "version", "workspaceId",
        ]);
        assert_eq!((&record["executeDurationMs"], &record["engineName"], &record["type"]), (&json!(MINUTE), &json!("one"), &json!("STANDARD")));
        assert_eq!((&record["operator"], &record["author"]), (&json!("admin"), &json!("admin")));
        assert_eq!(found["nextPageExists"], false);
        let page = search(&server, json!({ "limit": 1, "offset": 1 })).await;
        assert_eq!((ids(&page), &page["nextPageExists"], &page["limit"], &page["offset"]),
            (vec![second.clone()], &json!(true), &json!(1), &json!(1)));
        assert_eq!(ids(&search(&server, json!({ "limit": 2, "offset": 2 })).await), std::slice::from_ref(&first));
        // Bodies of an exporter that knows neither category nor environment (source: client).
        let lenient = json!({ "from": 0, "to": server.service.now(), "limit": 20, "offset": 0 });
        assert_eq!(ids(&server.http().post(SEARCH, &lenient).await.expect(200).json()), [waiting, second, first]);
    }

    async fn every_filter_narrows(server: TestServer) {
        let engine = Engine::ready(&server, "engine", 0).await;
        let other = Engine::ready(&server, "other", 0).await;
        let cluster = cluster_of(&server, "cluster", &[&other]).await;
        let task = task_on(&server, "Load orders", &engine).await;
        let clustered = parallel_task(&server, "send mails", "REMOTE_ENGINE_CLUSTER", &cluster).await;
        let good = ran(&server, &engine, &task, "success").await;
        let begun = server.service.now();
        let bad = ran(&server, &engine, &task, "failed").await;
        server.clock.advance(MINUTE);
        let far = ran(&server, &other, &clustered, "terminated_shutdown").await;
        let queued = server.run(&task).await;
        let one = |id: &str| vec![id.to_owned()];
        for (field, operator, value, wanted) in [
            ("status", "in", json!(["EXECUTION_FAILED"]), one(&bad)),
            ("status", "in", json!(["EXECUTION_TERMINATED"]), one(&far)),
            ("status", "in", json!(["EXECUTION_EVENT_RECEIVED"]), one(&queued)),
            ("status", "in", json!(["EXECUTION_MISFIRED"]), vec![]),
            ("status", "not_in", json!(["EXECUTION_FAILED", "EXECUTION_EVENT_RECEIVED"]), vec![far.clone(), good.clone()]),
            ("workspaceId", "in", json!([server.workspace()]), vec![queued.clone(), far.clone(), bad.clone(), good.clone()]),
            ("workspaceId", "not_in", json!(server.workspace()), vec![]),
            ("name", "match", json!("ORDERS"), vec![queued.clone(), bad.clone(), good.clone()]),
            ("name", "not_match", json!("orders"), one(&far)),
            ("name", "match", json!("%%%"), vec![]),
            ("taskId", "in", json!([clustered]), one(&far)),
            ("taskId", "not_in", json!([task]), one(&far)),
            ("planId", "in", json!(["0b7d7c5e-6a0e-4a51-9d3f-5f1f0f3f7a11"]), vec![]),
            ("artifactVersion", "not_in", json!(["0.1"]), vec![]),
            ("operator", "in", json!(["nobody"]), vec![]),
            ("author", "in", json!(["admin"]), vec![queued.clone(), far.clone(), bad.clone(), good.clone()]),
            ("id", "in", json!([good, bad]), vec![bad.clone(), good.clone()]),
            ("id", "not_in", json!([good, bad]), vec![queued.clone(), far.clone()]),
            ("apiVersion", "is_empty", json!(false), vec![]),
            ("executeDurationMs", "greater_than", json!(MINUTE - 1), vec![far.clone(), bad.clone(), good.clone()]),
            ("executeDurationMs", "less_than", json!(MINUTE), vec![]),
            ("period", "between", json!([begun, begun + MINUTE]), vec![bad.clone(), good.clone()]),
            ("runtime", "or", json!([{ "field": "engineId", "operator": "in", "value": [engine.id] }]), vec![queued.clone(), bad.clone(), good.clone()]),
            ("runtime", "and", json!([{ "field": "engineId", "operator": "not_in", "value": [engine.id] }]), one(&far)),
            ("runtime", "or", json!([{ "field": "clusterId", "operator": "in", "value": [cluster] },
                                     { "field": "engineId", "operator": "in", "value": ["none"] }]), one(&far)),
            ("runtime", "or", json!([{ "field": "destination", "operator": "in", "value": ["REMOTE_ENGINE_CLUSTER"] }]), one(&far)),
        ] {
            assert_eq!(filtered(&server, field, operator, value.clone()).await, wanted, "{field} {operator} {value}");
        }
        let level = json!({ "filters": [
            { "field": "taskId", "operator": "in", "value": [task] }, { "field": "logLevel", "operator": "in", "value": ["INFO"] },
        ] });
        assert_eq!(ids(&search(&server, level).await), Vec::<String>::new());
        assert_eq!(ids(&search(&server, json!({ "category": "ESB" })).await), Vec::<String>::new());
    }

    async fn plans_hide_their_tasks_or_the_other_way_round(server: TestServer) {
        let engine = Engine::ready(&server, "one", 0).await;
        let task = task_on(&server, "inner", &engine).await;
        let plan = plan(&server, "outer", json!([step("first", &[&task])])).await;
        let plan_run = start(&server, &plan).await;
        server.reconcile().await;
        let offer = of(&engine.offer().await);
        engine.report(&[finished(&offer, "failed", server.service.now())]).await;
        server.reconcile().await;
        let found = search(&server, json!({})).await;
        assert_eq!(ids(&found), std::slice::from_ref(&plan_run));
        let record = &found["items"][0];
        assert_eq!((&record["type"], &record["status"], &record["failedStepName"]),
            (&json!("PLAN"), &json!("EXECUTION_FAILED"), &json!("first")));
        assert_eq!((&record["planId"], &record["name"], record.get("taskId")), (&json!(plan), &json!("outer"), None));
        let tasks = search(&server, json!({ "exclude": "PLAN_EXECUTIONS" })).await;
        assert_eq!(ids(&tasks), std::slice::from_ref(&offer.run));
        let record = &tasks["items"][0];
        assert_eq!((&record["planExecutionId"], &record["planId"], &record["planName"], &record["triggerType"]),
            (&json!(plan_run), &json!(plan), &json!("outer"), &json!("PLAN")));
        assert_eq!(filtered(&server, "planId", "in", json!([plan])).await, std::slice::from_ref(&plan_run));
        assert_eq!(filtered(&server, "taskId", "in", json!([task])).await, Vec::<String>::new(), "the run of a plan has no task");
    }

    async fn nobody_sees_more_than_the_own_workspaces(server: TestServer) {
        let engine = Engine::ready(&server, "one", 0).await;
        let task = task_on(&server, "one", &engine).await;
        let run = ran(&server, &engine, &task, "success").await;
        let guest = server.service_account(&["TMC_OPERATOR"], &[]).await;
        let everything = body(&server, &json!({}));
        assert_eq!(ids(&guest.http.post(SEARCH, &everything).await.expect(200).json()), Vec::<String>::new());
        for filter in [("id", &run), ("taskId", &task)] {
            let wanted = json!({ "filters": [{ "field": filter.0, "operator": "in", "value": [filter.1] }] });
            assert_eq!(ids(&guest.http.post(SEARCH, &wanted).await.expect(200).json()), Vec::<String>::new());
        }
        let lines = guest.http.post(DOWNLOAD, &everything).await.expect(200).text();
        assert_eq!(lines.lines().count(), 1, "{lines}");
        let after = body(&server, &json!({ "lastId": run }));
        let refused = guest.http.post(DOWNLOAD, &after).await.expect(400).json();
        assert!(refused["message"].as_str().is_some_and(|m| m.starts_with("lastId")), "{refused}");
    }

    async fn the_download_goes_on_where_it_ended(server: TestServer) {
        let engine = Engine::ready(&server, "one", 0).await;
        let task = task_on(&server, "a, \"quoted\" name", &engine).await;
        let mut runs = Vec::new();
        for _ in 0..5 {
            runs.insert(0, ran(&server, &engine, &task, "success").await);
        }
        let (mut seen, mut last) = (Vec::new(), String::new());
        loop {
            let part = body(&server, &json!({ "limit": 2, "lastId": last }));
            let answer = server.http().post(DOWNLOAD, &part).await.expect(200);
            assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
            let text = answer.text();
            let mut lines = text.lines();
            let head = lines.next().expect("the names of the columns");
            assert!(head.starts_with("id,name,status,subStatus,type,version,triggerType,triggerTime"), "{head}");
            let ids: Vec<String> = lines.map(|line| line.split(',').next().expect("an id").to_owned()).collect();
            if ids.is_empty() {
                break;
            }
            assert!(text.contains("\"a, \"\"quoted\"\" name\",EXECUTION_SUCCESS,,STANDARD,1.0,MANUAL,2026-02-03T09:"), "{text}");
            last = ids.last().expect("an id").clone();
            seen.extend(ids);
        }
        assert_eq!(seen, runs);
        for (more, start) in [
            (json!({ "limit": 0 }), "limit"), (json!({ "limit": 100_001 }), "limit"),
            (json!({ "lastId": "0b7d7c5e-6a0e-4a51-9d3f-5f1f0f3f7a11" }), "lastId"),
        ] {
            let answer = server.http().post(DOWNLOAD, &body(&server, &more)).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.starts_with(start)), "{more}: {answer}");
        }
    }

    async fn a_wrong_search_is_told_what_is_wrong(server: TestServer) {
        for (more, start) in [
            (json!({ "environmentId": "x" }), "Environment ID is not valid id."),
            (json!({ "category": "ELT" }), "category"),
            (json!({ "exclude": "EVERYTHING" }), "exclude"),
            (json!({ "limit": 0 }), "limit"), (json!({ "limit": 201 }), "limit"), (json!({ "limit": "many" }), "limit"),
            (json!({ "offset": -1 }), "offset"), (json!({ "limit": 50, "offset": 1000 }), "offset: must be below 1000"),
            (json!({ "filters": "x" }), "filters"),
            (json!({ "filters": vec![json!({ "field": "taskId", "operator": "in", "value": "a" }); 201] }), "filters: at most"),
            (json!({ "filters": [{ "field": "workspaceId", "operator": "in", "value": ["x"] }] }), "Workspace ID is not valid id."),
            (json!({ "from": 5, "to": 1 }), "from"),
        ] {
            let answer = server.http().post(SEARCH, &body(&server, &more)).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.starts_with(start)), "{more}: {answer}");
        }
    }
}
