//! Runs: start, status, list, stop.

use serde_json::{Value, json};
use stoker_testkit::http::Method;

use crate::support::{MINUTE, START_MS, both, id};

const ALL: &str = "/processing/executables/tasks/executions";
const START: &str = "/processing/executions";

fn ids(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("no items in {page}"));
    items.iter().map(|item| item["executionId"].as_str().expect("an id")).collect()
}

both! {
    async fn a_second_run_misfires_unless_parallel_runs_are_allowed(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let (first, second) = (server.run(&task).await, server.run(&task).await);
        let one = format!("{START}/{second}");
        let status = server.http().get(&one).await.expect(200).json();
        for (field, value) in [
            ("status", "deploy_failed"),
            ("executionStatus", "DEPLOY_FAILED"),
            ("misfiredExecutionReason", "PARALLEL_EXECUTION_FORBIDDEN"),
            ("finishTimestamp", "2026-02-03T09:00:00.000Z"),
        ] {
            assert_eq!(status[field], value, "{field} of {status}");
        }
        assert!(status["errorMessage"].as_str().is_some_and(|m| m.contains("parallel")), "{status}");
        assert!(status["errorMessage"].as_str().is_some_and(|m| m.contains(&first)), "it names the other run: {status}");
        let timeline = server.http().get(&format!("/stoker/v1/executions/{second}/timeline")).await.expect(200).json();
        assert_eq!(timeline["events"][1]["detail"]["runId"], first.as_str(), "{timeline}");
        let older = server.http().get(&format!("/tmc/v2.6/executions/{second}")).await.expect(200).json();
        assert!(older.get("misfiredExecutionReason").is_none() && older["status"] == "deploy_failed", "{older}");
        let list = server.http().get(&format!("{ALL}?status=deploy_failed")).await.expect(200).json();
        assert_eq!(ids(&list), [second.as_str()]);
        assert_eq!(list["items"][0]["misfiredExecutionReason"], "PARALLEL_EXECUTION_FORBIDDEN");
        let timeline = server.http().get(&format!("/stoker/v1/executions/{first}/timeline")).await.expect(200).json();
        assert_eq!(timeline["events"][0]["kind"], "accepted");
        assert!(timeline["events"][1]["reason"].is_string(), "a waiting run says why: {timeline}");

        let _ = server.http().delete(&format!("{START}/{first}")).await.expect(204);
        let third = server.run(&task).await;
        assert_eq!(server.http().get(&format!("{START}/{third}")).await.json()["status"], "dispatching");
        let config = json!({
            "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine },
            "parallelExecutionAllowed": true,
        });
        let _ = server.http().put(&format!("/orchestration/executables/tasks/{task}/run-config"), &config).await.expect(200);
        let fourth = server.run(&task).await;
        assert_eq!(server.http().get(&format!("{START}/{fourth}")).await.json()["status"], "dispatching");
    }

    async fn lists_are_newest_first_and_echo_what_was_asked(server: TestServer) {
        let (task, _) = server.ready_task("t").await;
        let mut runs = Vec::new();
        for _ in 0..5 {
            runs.insert(0, server.run(&task).await);
            server.clock.advance(MINUTE);
        }
        for path in [
            ALL.to_owned(),
            "/tmc/v2.6/executables/tasks/executions".to_owned(),
            format!("/processing/executables/tasks/{task}/executions"),
            format!("/orchestration/executables/tasks/{task}/executions"),
            format!("/tmc/v2.6/executables/tasks/{task}/executions"),
        ] {
            for (limit, offset, wanted) in [(100, 0, 0..5), (2, 0, 0..2), (2, 2, 2..4), (2, 4, 4..5), (1, 5, 5..5), (3, 700, 5..5)] {
                let page = server.http().get(&format!("{path}?limit={limit}&offset={offset}")).await.expect(200).json();
                assert_eq!(ids(&page), runs[wanted].iter().map(String::as_str).collect::<Vec<_>>(), "{path} {page}");
                assert_eq!((&page["limit"], &page["offset"], &page["total"]), (&json!(limit), &json!(offset), &json!(5)));
            }
        }
        let body = json!({ "limit": "2", "offset": 1, "workspaceId": server.workspace(), "unknown": 1 });
        let page = server.http().post(ALL, &body).await.expect(200).json();
        assert_eq!(ids(&page), [runs[1].as_str(), runs[2].as_str()]);
        // A pager that adds one to the offset until it is the total comes to its end.
        let (mut offset, mut seen) = (0, 0);
        loop {
            let page = server.http().get(&format!("{ALL}?limit=100&offset={offset}")).await.expect(200).json();
            seen += 1;
            if page["offset"] == page["total"] { break }
            offset += 1;
            assert!(seen < 10, "the pager loops");
        }
    }

    async fn windows_and_filters_narrow_the_list(server: TestServer) {
        let (task, _) = server.ready_task("t").await;
        let early = server.run(&task).await;
        let _ = server.http().delete(&format!("{START}/{early}")).await.expect(204);
        let day = 24 * 60 * MINUTE;
        server.clock.advance(10 * day);
        let late = server.run(&task).await;
        let (now, workspace, environment) = (START_MS + 10 * day, server.workspace(), server.environment());
        for (query, wanted) in [
            (String::new(), vec![&late, &early]),
            ("?lastDays=9".to_owned(), vec![&late]),
            ("?lastDays=60".to_owned(), vec![&late, &early]),
            (format!("?from={}&to={}", START_MS - 1, START_MS + 1), vec![&early]),
            (format!("?from={}&to={now}", START_MS + 1), vec![&late]),
            ("?status=terminated".to_owned(), vec![&early]),
            ("?status=dispatching".to_owned(), vec![&late]),
            ("?status=executing".to_owned(), vec![]),
            (format!("?workspaceId={workspace}&environmentId={environment}"), vec![&late, &early]),
            ("?workspaceId=66f0a1b2c3d4e5f601230001".to_owned(), vec![]),
        ] {
            let page = server.http().get(&format!("{ALL}{query}")).await.expect(200).json();
            assert_eq!(ids(&page), wanted, "{query}");
        }
        let none = server.http().get(&format!("{ALL}?to={}", i64::MIN)).await.expect(200).json();
        assert_eq!(none["total"], 0, "long ago there was nothing");
        let other = json!({ "name": "second", "workspaceName": "w" });
        let other = id(&server.http().post("/orchestration/environments", &other).await.expect(201).json());
        for query in [
            "limit=0".to_owned(),
            "limit=101".to_owned(),
            "limit=x".to_owned(),
            "offset=-1".to_owned(),
            "lastDays=0".to_owned(),
            "lastDays=61".to_owned(),
            "status=running".to_owned(),
            format!("from={now}&to=5"),
            format!("from=0&to={now}"),
            "from=noon".to_owned(),
            format!("from={}", i64::MIN),
            format!("from={}&to={}", i64::MIN, i64::MAX),
            "from=99999999999999999999".to_owned(),
            "environmentId=x".to_owned(),
            format!("workspaceId={workspace}&environmentId={other}"),
        ] {
            for path in [ALL.to_owned(), format!("/processing/executables/tasks/{task}/executions")] {
                let answer = server.http().get(&format!("{path}?{query}")).await;
                assert_eq!(answer.status, 400, "{query}: {}", answer.text());
            }
        }
    }

    async fn a_stop_is_answered_alike_whatever_is_accepted(server: TestServer) {
        let (task, _) = server.ready_task("t").await;
        for accept in ["application/json", "text/plain", "*/*", "application/xml", "image/png;q=0.1"] {
            for prefix in ["/processing", "/tmc/v2.6", "/tmc/v1.3"] {
                let run = server.run(&task).await;
                let headers = [("accept", accept), ("content-type", "application/json")];
                let path = format!("{prefix}/executions/{run}");
                let _ = server.http().send(Method::DELETE, &path, &headers, None).await.expect(204);
            }
        }
        let _ = server.http().delete(&format!("{START}/0b7d7c5e-6a0e-4a51-9d3f-5f1f0f3f7a11")).await.expect(404);
        let answer = server.http().delete(&format!("{START}/nothing")).await.expect(400).json();
        assert_eq!(answer["message"], "Task execution ID is not valid id.");
    }

    async fn old_versions_show_what_they_knew(server: TestServer) {
        let (task, _) = server.ready_task("t").await;
        let run = server.run(&task).await;
        for (version, has) in [("v1.1", false), ("v1.3", false), ("v2.0", false), ("v2.1", true), ("v2.2", true), ("v2.6", true)] {
            let status = server.http().get(&format!("/tmc/{version}/executions/{run}")).await.expect(200).json();
            assert_eq!(status.get("status").is_some(), has, "{version}: {status}");
            assert_eq!(status["executionStatus"], "EXECUTION_EVENT_RECEIVED");
            assert_eq!(status["startTimestamp"], status["triggerTimestamp"], "2.6 requires it: {status}");
        }
        assert_eq!(server.http().get(&format!("/tmc/v1.3/executables/{task}")).await.expect(200).json()["id"], task.as_str());
        assert_eq!(server.http().get("/tmc/v1.3/executables").await.expect(200).json()["items"][0]["executable"], task.as_str());
    }

    async fn a_start_reads_parameters_in_both_forms_and_names_what_is_wrong(server: TestServer) {
        let (task, _) = server.ready_task("t").await;
        let start = |more: Value| {
            let mut body = json!({ "executable": task });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let server = &server;
            async move { server.http().post(START, &body).await }
        };
        for more in [
            json!({ "parameters": { "a": "1", "b": 2, "c": true, "d": null } }),
            json!({ "parameters": [{ "name": "a", "value": "1", "encrypted": true }] }),
            json!({ "parameters": null, "logLevel": null, "timeout": null }),
            json!({ "logLevel": "OFF", "timeout": 30 }),
            json!({ "timeout": "30", "somethingElse": {} }),
        ] {
            let _ = start(more).await.expect(201);
        }
        for (more, word) in [
            (json!({ "executable": 5 }), "executable"),
            (json!({ "executable": null }), "executable"),
            (json!({ "parameters": "x" }), "parameters"),
            (json!({ "parameters": { "a": {} } }), "parameters.a"),
            (json!({ "parameters": [1] }), "parameters[0]"),
            (json!({ "parameters": [{ "value": "x" }] }), "parameters[0].name"),
            (json!({ "parameters": { "a b": "x" } }), "a b"),
            (json!({ "parameters": { "": "x" } }), "parameters"),
            (json!({ "parameters": { "a": "x\u{0}y" } }), "parameters.a"),
            (json!({ "logLevel": "DEBUG" }), "logLevel"),
            (json!({ "timeout": 0 }), "timeout"),
            (json!({ "timeout": -5 }), "timeout"),
            (json!({ "timeout": i64::MAX }), "timeout"),
            (json!({ "timeout": 1.5 }), "timeout: must be a whole number"),
        ] {
            let answer = start(more.clone()).await;
            assert_eq!(answer.status, 400, "{more}: {}", answer.text());
            assert!(answer.json()["message"].as_str().is_some_and(|m| m.contains(word)), "{more}: {}", answer.text());
        }
    }

    async fn the_version_header_is_never_an_error(server: TestServer) {
        for version in ["2021-03", "2026-01", "1999-01", "nonsense"] {
            let path = format!("/orchestration/workspaces?talendVersion={version}");
            let _ = server.http().send(Method::GET, &path, &[("talend-version", version)], None).await.expect(200);
        }
    }
}
