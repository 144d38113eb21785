//! The two published procedures from nothing to the end, in both generations.

use serde_json::{Value, json};
use stoker_testkit::fixtures::script_archive;
use stoker_testkit::http::Method;

use crate::support::{MINUTE, TestServer, both, id};

/// Paths of one generation.
#[derive(Clone, Copy, PartialEq)]
enum Generation {
    Newer,
    Older,
}

impl Generation {
    fn path(self, area: &str, rest: &str) -> String {
        match self {
            Self::Newer => format!("/{area}{rest}"),
            Self::Older => format!("/tmc/v2.6{rest}"),
        }
    }
}

/// A run as a service account, and everything that it needs before.
async fn run_a_task(server: &TestServer, generation: Generation) {
    let admin = server.http();
    let orchestration = |rest: &str| generation.path("orchestration", rest);
    let processing = |rest: &str| generation.path("processing", rest);
    let environment = json!({ "name": "Test bed", "workspaceName": "Sales", "owner": "admin", "description": "d" });
    let made = admin.post(&orchestration("/environments"), &environment).await.expect(201).json();
    assert_eq!(
        (&made["name"], &made["default"], &made["description"]),
        (&json!("Test bed"), &json!(false), &json!("d"))
    );
    let query = orchestration("/workspaces?query=environment.name==Test%20bed;name==Sales");
    let found = admin.get(&query).await.expect(200).json();
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!((&found[0]["environment"]["id"], &found[0]["type"]), (&made["id"], &json!("custom")));
    let workspace = id(&found[0]);

    let publish = format!("/stoker/v1/artifacts?workspaceId={workspace}&name=load&version=0.1.4");
    let zip = script_archive("#!/bin/sh\n");
    let artifact = admin.send(Method::POST, &publish, &[("content-type", "application/zip")], Some(zip)).await;
    let artifact = artifact.expect(201).json();
    assert_eq!((&artifact["versions"], &artifact["type"]), (&json!(["0.1.4"]), &json!("standard")));
    let task = json!({
        "name": "Load orders", "description": "", "environmentId": made["id"], "workspaceId": workspace,
        "artifact": { "id": artifact["id"], "version": "0.1.4" }, "tags": ["sales"],
        "parameters": { "parameter_day": "2026-02-01", "count": 3 },
    });
    let task = admin.post(&orchestration("/executables/tasks"), &task).await.expect(201).json();
    assert_eq!((&task["version"], &task["parameters"]["count"]), (&json!("1.0"), &json!("3")), "{task}");
    let task = id(&task);
    let start = json!({ "executable": task, "parameters": { "parameter_day": "2026-02-02" }, "logLevel": "INFO" });
    let _ = admin.post(&processing("/executions"), &start).await.expect(501);
    let engine = json!({ "name": "e", "environmentId": made["id"], "workspaceId": workspace });
    let engine = id(&admin.post(&processing("/runtimes/remote-engines"), &engine).await.expect(201).json());
    let config = json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine } });
    let path = orchestration(&format!("/executables/tasks/{task}/run-config"));
    let config = admin.put(&path, &config).await.expect(200).json();
    assert_eq!((&config["logLevel"], &config["parallelExecutionAllowed"]), (&json!("WARN"), &json!(false)));
    assert_eq!(config["runtime"], json!({ "type": "REMOTE_ENGINE", "id": engine, "engineId": engine }));

    let account = server.service_account(&["TMC_ENGINE_USE"], &[]).await;
    let _ = account.http.post(&processing("/executions"), &start).await.expect(403);
    let rights = format!("/security/workspaces/{workspace}/service-accounts/{}/permissions", account.id);
    let _ = admin.post(&rights, &json!(["AUTHOR"])).await.expect(400);
    assert_eq!(admin.post(&rights, &json!(["EXECUTE"])).await.expect(201).body.len(), 0);
    let run = account.http.post(&processing("/executions"), &start).await.expect(201).json();
    let run = run["executionId"].as_str().expect("executionId").to_owned();
    assert_eq!((run.len(), run.matches('-').count()), (36, 4), "a UUID");

    let one = processing(&format!("/executions/{run}"));
    let status = account.http.get(&one).await.expect(200).json();
    for (field, value) in [
        ("status", "dispatching"),
        ("executionStatus", "EXECUTION_EVENT_RECEIVED"),
        ("executionType", "MANUAL"),
        ("executionDestination", "REMOTE_ENGINE"),
        ("userId", account.id.as_str()),
        ("userType", "SERVICE"),
        ("jobId", task.as_str()),
        ("jobVersion", "1.0"),
        ("workspaceId", workspace.as_str()),
        ("accountId", server.bootstrap.account_id.as_str()),
        ("triggerTimestamp", "2026-02-03T09:00:00.000Z"),
    ] {
        assert_eq!(status[field], value, "{field} of {status}");
    }
    assert!(status.get("finishTimestamp").is_none(), "{status}");
    assert_eq!(status.get("startTimestamp").is_some(), generation == Generation::Older, "{status}");
    let of_task = processing(&format!("/executables/tasks/{task}/executions"));
    let list = account.http.get(&of_task).await.expect(200).json();
    assert_eq!((&list["total"], &list["offset"], &list["limit"]), (&json!(1), &json!(0), &json!(100)));
    assert_eq!(list["items"][0]["executionId"], run.as_str());
    assert_eq!(list["items"][0]["runtime"]["type"], "REMOTE_ENGINE");
    let logs = account.http.get(&generation.path("monitoring", &format!("/executions/{run}/logs"))).await.expect(200);
    assert_eq!((&logs.json()["data"], &logs.json()["totalSize"]), (&json!([]), &json!(0)));

    server.clock.advance(MINUTE);
    let _ = account.http.delete(&one).await.expect(204);
    let status = account.http.get(&one).await.expect(200).json();
    assert_eq!((&status["status"], &status["executionStatus"]), (&json!("terminated"), &json!("EXECUTION_TERMINATED")));
    assert_eq!(status["finishTimestamp"], "2026-02-03T09:01:00.000Z");
    let again = account.http.delete(&one).await;
    match generation {
        Generation::Newer => assert_eq!(again.expect(204).body.len(), 0),
        Generation::Older => {
            assert!(again.expect(200).header("content-type").is_some_and(|t| t.starts_with("text/plain")))
        }
    }
}

/// An engine, made by a person or a service account, and its cluster.
async fn pair_an_engine(server: &TestServer, prefix: &str) {
    let manager = server.service_account(&["TMC_CLUSTER_MANAGEMENT"], &[]).await.http;
    let engines = format!("{prefix}/runtimes/remote-engines");
    let clusters = format!("{prefix}/runtimes/remote-engine-clusters");
    let body = json!({ "name": "engine-1", "environmentId": server.environment(), "workspaceId": server.workspace() });
    let engine = manager.post(&engines, &body).await.expect(201).json();
    let key = |engine: &Value| engine["preAuthorizedKey"].as_str().unwrap_or_default().to_owned();
    let first = key(&engine);
    let upper_hex = |b: u8| b.is_ascii_digit() || (b'A'..=b'F').contains(&b);
    assert!(first.len() == 64 && first.bytes().all(upper_hex), "{first}");
    for (field, value) in [
        ("status", json!("NOT_PAIRED")),
        ("availability", json!("NOT_AVAILABLE")),
        ("managed", json!(false)),
        ("runProfiles", json!(["JOB_SERVER"])),
        ("createDate", json!("2026-02-03T09:00:00.000Z")),
    ] {
        assert_eq!(engine[field], value, "{field}");
    }
    let one = format!("{engines}/{}", id(&engine));
    assert_eq!(key(&manager.get(&one).await.expect(200).json()), first, "shown while it is not paired");
    let onlooker = server.service_account(&["TMC_ENGINE_USE"], &["VIEW"]).await.http;
    assert_eq!(key(&onlooker.get(&one).await.expect(200).json()), "", "only to those who manage engines");
    assert!(!onlooker.get(&engines).await.expect(200).text().contains(&first));

    let cluster = manager.post(&clusters, &json!({ "name": "c", "environmentId": server.environment() })).await;
    let cluster = cluster.expect(201).json();
    assert_eq!(cluster["workspace"]["environment"]["id"], server.environment());
    let member = format!("{clusters}/{}/engines/{}", id(&cluster), id(&engine));
    assert_eq!(manager.send(Method::PUT, &member, &[], None).await.expect(204).body.len(), 0);
    let shown = manager.get(&format!("{clusters}/{}", id(&cluster))).await.expect(200).json();
    assert_eq!(shown["engines"], json!([engine["id"]]));
    assert_eq!(manager.get(&one).await.expect(200).json()["clusterId"], cluster["id"]);
    for (query, wanted) in [
        (format!("workspace.environment.id=={}", server.environment()), 1),
        ("status==NOT_PAIRED;name==engine*".to_owned(), 1),
        ("status==PAIRED".to_owned(), 0),
    ] {
        let found = manager.get(&format!("{engines}?query={query}")).await.expect(200).json();
        assert_eq!(found.as_array().map(Vec::len), Some(wanted), "{query}");
    }
    let answer = manager.delete(&format!("{one}/pairing")).await.expect(200);
    assert!(answer.json().is_string(), "{}", answer.text());
    let second = key(&manager.get(&one).await.expect(200).json());
    assert!(second.len() == 64 && second != first, "a new key");
    let _ = manager.delete(&member).await.expect(204);
    let _ = manager.delete(&member).await.expect(404);
    let _ = manager.delete(&one).await.expect(204);
    let _ = manager.get(&one).await.expect(404);
}

both! {
    async fn a_task_runs_as_a_service_account(server: TestServer) {
        run_a_task(&server, Generation::Newer).await;
    }

    async fn a_task_runs_as_a_service_account_in_the_older_generation(server: TestServer) {
        run_a_task(&server, Generation::Older).await;
    }

    async fn an_engine_is_made_and_put_into_a_cluster(server: TestServer) {
        pair_an_engine(&server, "/processing").await;
    }

    async fn an_engine_is_made_and_put_into_a_cluster_in_the_older_generation(server: TestServer) {
        pair_an_engine(&server, "/tmc/v1.3").await;
    }
}
