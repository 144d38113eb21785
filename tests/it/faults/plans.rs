//! The server dies while plans are at work: each step runs its tasks once, and the plan comes to its true end.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stoker_testkit::fixtures;
use stoker_testkit::postgres;

use super::server::Setup;
use super::stage::{Options, Stage, lasting, until};

/// Appends its name to the diary, and ends with its code.
const JOB: &str = r#"#!/bin/sh
for word in "$@"; do
  case $word in
    name=*) name=${word#name=} ;;
    diary=*) diary=${word#diary=} ;;
    code=*) code=${word#code=} ;;
  esac
done
echo "$name" >> "$diary"
exit "$code"
"#;

/// From the start of the plan to its end: two steps that pass, one that fails, its handler.
const MOVES: usize = 4;

#[tokio::test]
async fn a_server_that_dies_anywhere_runs_each_step_once() {
    dies_everywhere(Setup::often()).await;
}

#[tokio::test]
async fn each_step_once_on_postgres() {
    let database = postgres::database();
    dies_everywhere(Setup { database: Some(database.url.clone()), ..Setup::often() }).await;
}

/// A plan of three steps; the last fails and has a handler.
struct Scene {
    stage: Stage,
    tasks: Vec<String>,
    plan: String,
}

async fn dies_everywhere(server: Setup) {
    let stage = Stage::set(Options { server, slots: Some(4), ..Options::default() }).await;
    let mut scene = set(stage).await;
    let mut before = 0;
    for (place, kept) in [("plan.start.before-commit", 0), ("plan.start.after-commit", 1)] {
        let diary = point_to(&scene, place).await;
        scene.stage.server.again(Some(place)).await;
        assert_eq!(start(&scene).await, None, "it died at {place} before it answered");
        scene.stage.server.dead(place).await;
        scene.stage.server.again(None).await;
        before = checked(&scene, &diary, before, kept).await;
    }
    for moves in 0..MOVES {
        let diary = point_to(&scene, &format!("moves-{moves}")).await;
        // It dies after each of the first moves, and once in the middle of the one that follows.
        let mut places = vec!["plan.advance.after-commit"; moves];
        places.push("plan.advance.before-commit");
        let mut places = places.into_iter();
        let first = places.next().expect("a place");
        scene.stage.server.again(Some(first)).await;
        assert!(start(&scene).await.is_some(), "the start comes before the first move");
        scene.stage.server.dead(first).await;
        for place in places {
            scene.stage.server.again(Some(place)).await;
            scene.stage.server.dead(place).await;
        }
        scene.stage.server.again(None).await;
        before = checked(&scene, &diary, before, 1).await;
        // A poll that is answered makes the engine forget how often it had to come back.
        lasting(1_300).await;
    }
    scene.stage.server.stop().await;
}

/// Waits until all plan runs are over; there must be so many more than before, and each task ran once in each. Gives
/// how many there are now.
async fn checked(scene: &Scene, diary: &Path, before: usize, more: usize) -> usize {
    let total = all_ended(scene).await;
    assert_eq!(total, before + more, "plan runs");
    let told = fs::read_to_string(diary).unwrap_or_default();
    let mut names: Vec<&str> = told.lines().collect();
    names.sort_unstable();
    let wanted: &[&str] = if more == 0 { &[] } else { &["a", "b", "c", "d", "h"] };
    assert_eq!(names, wanted, "{}: each task once\n{}", diary.display(), scene.stage.server.log());
    total
}

async fn set(stage: Stage) -> Scene {
    let mut tasks = Vec::new();
    for name in ["a", "b", "c", "d", "h"] {
        tasks.push(stage.task_of(name, &fixtures::script_archive(JOB)).await);
    }
    let [a, b, c, d, h] = &tasks[..] else { panic!("five tasks") };
    let body = json!({ "name": "plan", "workspaceId": stage.bootstrap.workspace_id, "steps": [
        { "name": "one", "condition": "ALL_SUCCEEDED", "taskIds": [a, b] },
        { "name": "two", "condition": "ALL_SUCCEEDED", "taskIds": [c] },
        { "name": "three", "condition": "ALL_SUCCEEDED", "taskIds": [d], "handlerOnFailure": { "taskIds": [h] } },
    ] });
    let made = stage.http().post("/orchestration/executables/plans", &body).await.expect(201).json();
    let plan = made["id"].as_str().expect("a plan id").to_owned();
    Scene { stage, tasks, plan }
}

/// Lets all tasks write into a diary of this name.
async fn point_to(scene: &Scene, name: &str) -> PathBuf {
    let diary = scene.stage.folder.path().join(name);
    for (task, name) in scene.tasks.iter().zip(["a", "b", "c", "d", "h"]) {
        let path = format!("/orchestration/executables/tasks/{task}");
        let shown = scene.stage.http().get(&path).await.expect(200).json();
        let code = if name == "d" { "3" } else { "0" };
        let body = json!({ "workspaceId": scene.stage.bootstrap.workspace_id, "name": name,
            "artifact": { "id": shown["artifact"]["id"], "version": shown["artifact"]["version"] },
            "parameters": { "name": name, "diary": diary.to_str().expect("a plain path"), "code": code } });
        let _ = scene.stage.http().put(&path, &body).await.expect(200);
    }
    diary
}

/// Calls for a plan run; the call may fail in any way.
async fn start(scene: &Scene) -> Option<String> {
    let headers = [("content-type", "application/json")];
    let body = json!({ "executable": scene.plan }).to_string().into_bytes();
    let http = scene.stage.http();
    let answer =
        http.try_send(reqwest::Method::POST, "/processing/executions/plans", &headers, Some(body)).await.ok()?;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["executionId"].as_str().map(str::to_owned)
}

/// Waits until every plan run is over, and checks that it has its true outcome; how many there are.
async fn all_ended(scene: &Scene) -> usize {
    let http = scene.stage.http();
    let path = format!("/processing/executables/plans/{}/executions", scene.plan);
    let items = until(60, async || {
        let answer = http.try_send(reqwest::Method::GET, &path, &[], None).await.ok()?;
        let items = answer.json()["items"].as_array()?.clone();
        items.iter().all(|item| item["status"] != "executing").then_some(items)
    })
    .await;
    let Some(items) = items else {
        let answer = http.get(&path).await;
        panic!("not over within 60 s: {}\n{}\n{}", answer.text(), scene.stage.server.log(), scene.stage.engine.log());
    };
    for item in &items {
        let id = item["executionId"].as_str().expect("an id");
        assert_eq!(item["status"], "execution_failed", "{item}");
        let steps = http.get(&format!("/processing/executions/plans/{id}/steps")).await.expect(200).json();
        let states: Vec<&Value> = steps.as_array().expect("steps").iter().map(|s| &s["executionStatus"]).collect();
        assert_eq!(states, ["EXECUTION_SUCCESS", "EXECUTION_SUCCESS", "EXECUTION_FAILED"], "{item}");
        let shown = http.get(&format!("/processing/executions/plans/{id}")).await.expect(200).json();
        assert_eq!((&shown["plannedExecutableCount"], &shown["doneExecutableCount"]), (&json!(5), &json!(5)));
    }
    items.len()
}
