//! The same story told in both generations of the interface ends the same, on one server and on several.

use serde_json::{Value, json};
use stoker_testkit::fixtures::script_archive;
use stoker_testkit::http::Method;
use stoker_testkit::programs::EngineProcess;

use crate::support::{Backend, FINAL, SOON, Stage, StageOptions, text, until};

/// Where a generation has what the story needs.
struct Generation {
    name: &'static str,
    objects: &'static str,
    runs: &'static str,
    engines: &'static str,
    logs: &'static str,
}

const GENERATIONS: [Generation; 2] = [
    Generation {
        name: "today",
        objects: "/orchestration",
        runs: "/processing",
        engines: "/processing",
        logs: "/monitoring",
    },
    Generation { name: "before", objects: "/tmc/v2.6", runs: "/tmc/v2.6", engines: "/tmc/v2.6", logs: "/tmc/v2.6" },
];

/// A value with everything that differs from story to story replaced: ids, names, instants, addresses.
fn alike(value: &Value, generation: &Generation) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| alike(item, generation)).collect(),
        Value::Object(members) => {
            let told = |(name, value): (&String, &Value)| {
                let own = name == "id"
                    || name.ends_with("Id")
                    || name.contains("Key")
                    || name.contains("imestamp")
                    || name.ends_with("Date");
                let shown = if own && !value.is_null() { json!("…") } else { alike(value, generation) };
                (name.clone(), shown)
            };
            Value::Object(members.iter().map(told).collect())
        }
        Value::String(text) => json!(text.replace(generation.name, "…")),
        other => other.clone(),
    }
}

/// Environment, workspace, engine, artifact, task, three runs, a log, and what is refused on the way; every answer.
async fn tell(stage: &mut Stage, generation: &Generation) -> Vec<(&'static str, u16, Value)> {
    let Generation { name, objects, runs, engines, logs } = generation;
    let http = stage.http.clone();
    let mut told = Vec::new();
    let mut note = |what: &'static str, answer: stoker_testkit::http::Answer| {
        let value = if answer.body.is_empty() { Value::Null } else { answer.json() };
        told.push((what, answer.status, alike(&value, generation)));
        value
    };
    // The older generation wants an owner.
    let owner = stage.bootstrap().login.clone();
    let body = json!({"name": format!("{name} environment"), "workspaceName": "First", "owner": owner});
    let environment = note("environment", http.post(&format!("{objects}/environments"), &body).await);
    note("environment again", http.post(&format!("{objects}/environments"), &body).await);
    let body = json!({"name": format!("{name} workspace"), "environmentId": environment["id"]});
    let workspace = note("workspace", http.post(&format!("{objects}/workspaces"), &body).await);
    let place = (text(&environment["id"]), text(&workspace["id"]));
    let body = json!({"name": format!("{name} engine"), "environmentId": place.0, "workspaceId": place.1});
    let engine = note("engine", http.post(&format!("{engines}/runtimes/remote-engines"), &body).await);
    let folder = stage.engine_folder().await;
    folder.pair(stage.url(), &text(&engine["preAuthorizedKey"]));
    let process = EngineProcess::start(&folder.path());
    let shown = format!("{engines}/runtimes/remote-engines/{}", text(&engine["id"]));
    until(SOON, "the engine", async || {
        (http.get(&shown).await.expect(200).json()["availability"] == "AVAILABLE").then_some(())
    })
    .await;
    let path = format!("/stoker/v1/artifacts?workspaceId={}&name={name}&version=0.1.0", place.1);
    let script = script_archive("#!/bin/sh\necho the same\n");
    let published = http.send(Method::POST, &path, &[("content-type", "application/zip")], Some(script)).await;
    let artifact = text(&published.expect(201).json()["id"]);
    note("artifact", http.get(&format!("{objects}/artifacts/{artifact}")).await);
    let tasks = format!("{objects}/executables/tasks");
    let mut body = json!({"name": format!("{name} task"), "workspaceId": place.1, "environmentId": place.0,
        "artifact": {"id": artifact, "version": "9.9.9"}});
    note("task of no version", http.post(&tasks, &body).await);
    body["artifact"]["version"] = "0.1.0".into();
    let task = text(&note("task", http.post(&tasks, &body).await)["id"]);
    note("start without engine", http.post(&format!("{runs}/executions"), &json!({"executable": task})).await);
    let config = json!({"trigger": {"type": "MANUAL"}, "logLevel": "INFO", "parallelExecutionAllowed": true,
        "runtime": {"type": "REMOTE_ENGINE", "id": engine["id"]}});
    note("configuration", http.put(&format!("{tasks}/{task}/run-config"), &config).await);
    note("task as shown", http.get(&format!("{tasks}/{task}")).await);
    let started = note("start", http.post(&format!("{runs}/executions"), &json!({"executable": task})).await);
    let run = text(&started["executionId"]);
    let ended = until(SOON, "the end of the run", async || {
        let shown = http.get(&format!("{runs}/executions/{run}")).await;
        let over = shown.json()["status"].as_str().is_some_and(|status| FINAL.contains(&status));
        over.then_some(shown)
    })
    .await;
    note("end", ended);
    let mut lines = http.get(&format!("{logs}/executions/{run}/logs?count=10")).await.expect(200).json();
    for line in lines["data"].as_array_mut().into_iter().flatten() {
        assert_eq!(line["logMessage"], "the same");
        line["logTimestamp"] = Value::Null;
    }
    told.push(("log", 200, alike(&lines, generation)));
    let http = stage.http.clone();
    for (what, path) in [
        ("no run", format!("{runs}/executions/00000000-0000-4000-8000-000000000000")),
        ("no task", format!("{tasks}/66f0a1b2c3d4e5f601230001")),
        ("no id", format!("{tasks}/x")),
    ] {
        let answer = http.get(&path).await;
        told.push((what, answer.status, alike(&answer.json(), generation)));
    }
    let gone = http.delete(&format!("{tasks}/{task}")).await;
    told.push(("task removed", gone.status, Value::Null));
    drop(process);
    told
}

async fn both_tell_the_same(backend: Backend) {
    let mut stage = Stage::start(backend, StageOptions { without_engine: true, ..Default::default() }).await;
    let today = tell(&mut stage, &GENERATIONS[0]).await;
    let before = tell(&mut stage, &GENERATIONS[1]).await;
    assert_eq!(today.len(), before.len());
    let mut differing = Vec::new();
    for ((what, status, now), (_, older_status, older)) in today.iter().zip(&before) {
        if status != older_status || now != older {
            differing.push(format!("{what}:\n  {status} {now}\n  {older_status} {older}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    let statuses: Vec<u16> = today.iter().map(|(_, status, _)| *status).collect();
    for expected in [200, 201, 400, 404, 409] {
        assert!(statuses.contains(&expected), "the story has a {expected}: {statuses:?}");
    }
}

#[tokio::test]
async fn both_generations_tell_the_same_story() {
    both_tell_the_same(Backend::Sqlite).await;
}

#[tokio::test]
async fn both_generations_tell_the_same_story_on_three_servers() {
    both_tell_the_same(Backend::Replicas(3)).await;
}
