//! Whatever an environment holds: promoting it twice changes nothing the second time.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::plans::plan;
use crate::promotion_parts::{connection_in, resource_in};
use crate::promotions::{pair, rows};
use crate::support::{TestServer, both, id};

/// Environments that one test looks at.
const CASES: usize = 5;

/// What is in an environment: numbers choose among what is there.
#[derive(Clone, Debug)]
struct Contents {
    workspaces: usize,
    /// Workspace and versions.
    artifacts: Vec<(usize, usize)>,
    /// Workspace, artifact, engine (none for the last number), parameters, paused; connections and resources are chosen
    /// by the same numbers.
    tasks: Vec<(usize, usize, usize, usize, bool)>,
    /// Workspace, parameters (the last one is secret).
    connections: Vec<(usize, usize)>,
    /// Workspace, content, file or folder.
    resources: Vec<(usize, usize, bool)>,
    /// Tasks of its steps.
    plans: Vec<Vec<usize>>,
    keep: bool,
}

fn contents() -> impl Strategy<Value = Contents> {
    let artifact = (0..3usize, 1..3usize);
    let task = (0..3usize, 0..3usize, 0..3usize, 0..3usize, prop::bool::weighted(0.2));
    let plan = prop::collection::vec(0..4usize, 1..3);
    let lists =
        (prop::collection::vec(artifact, 1..4), prop::collection::vec(task, 0..5), prop::collection::vec(plan, 0..3));
    let parts = (
        prop::collection::vec((0..3usize, 0..3usize), 0..4),
        prop::collection::vec((0..3usize, 0..2usize, any::<bool>()), 0..4),
    );
    (1..4usize, lists, parts, any::<bool>()).prop_map(|(workspaces, lists, (connections, resources), keep)| {
        let (artifacts, tasks, plans) = lists;
        Contents { workspaces, artifacts, tasks, connections, resources, plans, keep }
    })
}

/// Connections and resources of the contents, by the ids of their workspaces; gives their ids.
async fn parts(
    server: &TestServer,
    round: usize,
    contents: &Contents,
    workspaces: &[String],
) -> (Vec<String>, Vec<String>) {
    let (mut connections, mut resources) = (Vec::new(), Vec::new());
    for (number, (workspace, parameters)) in contents.connections.iter().enumerate() {
        let workspace = &workspaces[workspace % workspaces.len()];
        let values: Vec<Value> = (0..*parameters)
            .map(|n| json!({ "name": format!("p{n}"), "value": "v", "encrypted": n + 1 == *parameters }))
            .collect();
        connections
            .push(connection_in(server, workspace, &format!("{round} c{number}"), "Custom", json!(values)).await);
    }
    for (number, (workspace, content, is_file)) in contents.resources.iter().enumerate() {
        let workspace = &workspaces[workspace % workspaces.len()];
        let zip = stoker_testkit::fixtures::script_archive(&format!("#!/bin/sh\necho {content}\n"));
        resources.push(resource_in(server, workspace, &format!("{round} r{number}"), *is_file, &zip).await);
    }
    (connections, resources)
}

/// A map that names some of these ids.
fn chosen(ids: &[String], from: usize, count: usize) -> Value {
    let named = (from..from + count).filter_map(|n| Some((format!("k{n}"), ids.get(n % ids.len().max(1))?)));
    named.map(|(key, id)| (key, json!(id))).collect::<serde_json::Map<_, _>>().into()
}

/// Makes the contents in environment `default`, with names that begin with `round`.
async fn filled(server: &TestServer, round: usize, contents: &Contents) {
    let http = server.http();
    let mut workspaces = vec![server.workspace().to_owned()];
    for number in 1..contents.workspaces {
        let body = json!({ "name": format!("{round} w{number}"), "environmentId": server.environment() });
        workspaces.push(id(&http.post("/orchestration/workspaces", &body).await.expect(201).json()));
    }
    let mut artifacts = Vec::new();
    for (number, (workspace, versions)) in contents.artifacts.iter().enumerate() {
        let mut made = Value::Null;
        for version in 0..*versions {
            let workspace = &workspaces[workspace % workspaces.len()];
            let path =
                format!("/stoker/v1/artifacts?workspaceId={workspace}&name={round}a{number}&version=0.{version}");
            let zip = stoker_testkit::fixtures::script_archive(&format!("#!/bin/sh\necho {version}\n"));
            made = http.send(stoker_testkit::http::Method::POST, &path, &[], Some(zip)).await.expect(201).json();
        }
        artifacts.push(id(&made));
    }
    let engines = [id(&server.engine(&format!("{round} e0")).await), id(&server.engine(&format!("{round} e1")).await)];
    let (connections, resources) = parts(server, round, contents, &workspaces).await;
    let mut tasks = Vec::new();
    for (number, (workspace, artifact, engine, parameters, paused)) in contents.tasks.iter().enumerate() {
        let values: serde_json::Map<String, Value> = (0..*parameters).map(|n| (format!("p{n}"), json!("v"))).collect();
        let body = json!({
            "name": format!("{round} t{number}"), "workspaceId": workspaces[workspace % workspaces.len()],
            "artifact": { "id": artifacts[artifact % artifacts.len()], "version": "0.0" }, "parameters": values,
            "connections": chosen(&connections, number, *parameters), "resources": chosen(&resources, number, *engine),
        });
        let task = id(&http.post("/orchestration/executables/tasks", &body).await.expect(201).json());
        // Engines are kept for the shared workspace.
        if let Some(engine) = engines.get(*engine).filter(|_| workspace % workspaces.len() == 0) {
            server.configure(&task, engine).await;
        }
        if *paused {
            let path = format!("/orchestration/executables/tasks/{task}/pause");
            let _ = http.put(&path, &json!({ "pause": true })).await.expect(202);
        }
        tasks.push(task);
    }
    for (number, named) in contents.plans.iter().enumerate().filter(|_| !tasks.is_empty()) {
        let steps: Vec<Value> = named
            .iter()
            .enumerate()
            .map(|(n, task)| json!({ "name": format!("s{n}"), "condition": "ALL_SUCCEEDED", "taskIds": [tasks[task % tasks.len()]] }))
            .collect();
        let made = plan(server, &format!("{round} p{number}"), json!(steps)).await;
        // Refused when a task of it has no engine: then it has never run, which is a case too.
        let _ = http.post("/processing/executions/plans", &json!({ "executable": made })).await;
    }
}

both! {
    async fn promoting_twice_changes_nothing_the_second_time(server: TestServer) {
        let mut runner = TestRunner::deterministic();
        for round in 0..CASES {
            let contents = contents().new_tree(&mut runner).expect("a case").current();
            filled(&server, round, &contents).await;
            let pair = pair(&server, &format!("target {round}")).await;
            let options = json!({ "keepTargetResources": contents.keep, "keepTargetRunProfiles": contents.keep });
            let first = pair.run(&server, options.clone()).await;
            let there = rows(&server).await;
            let second = pair.run(&server, options).await;
            assert_eq!(rows(&server).await, there, "{contents:?}");
            let text = second.to_string();
            for word in ["CREATED", "REPLACED", "FAILED"] {
                assert!(!text.contains(&format!("\"status\":\"{word}\"")), "{word} in {text} for {contents:?}");
            }
            let objects = |report: &Value| report["workspaces"].as_array().map(Vec::len);
            assert_eq!(objects(&first), objects(&second), "{contents:?}");
        }
    }
}
