//! Plans on a real engine.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Backend, SOON, Stage, StageOptions, TaskOptions, text, until};

/// Writes its name into the diary, waits for the ready sign of every task named in `with`, and ends with `code`.
const SCRIPT: &str = r#"#!/bin/sh
for word in "$@"; do
  case $word in
    name=*) name=${word#name=} ;;
    folder=*) folder=${word#folder=} ;;
    with=*) with=${word#with=} ;;
    code=*) code=${word#code=} ;;
  esac
done
echo "$name" >> "$folder/diary"
touch "$folder/$name.here"
for other in $with; do
  tries=0
  until [ -e "$folder/$other.here" ]; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || { echo "nobody called $other" >&2; exit 9; }
    sleep 0.1
  done
done
exit "${code:-0}"
"#;

/// Three steps: two tasks side by side that wait for each other, one that fails and is handled, one that is never
/// reached. The repetition of what failed comes to the end.
#[tokio::test]
async fn a_plan_runs_side_by_side_fails_is_handled_and_is_repeated() {
    for backend in [Backend::Sqlite, Backend::Postgres, Backend::Replicas(2)] {
        from_first_to_last_step(backend).await;
    }
}

async fn from_first_to_last_step(backend: Backend) {
    let mut stage = Stage::start(backend, StageOptions { max_flows: Some(3), ..Default::default() }).await;
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().to_str().expect("a path").to_owned();
    let artifact = stage.publish_script(SCRIPT).await;
    let mut tasks = Vec::new();
    for (name, with, code) in [
        ("left", "right", 0),
        ("right", "left", 0),
        ("fails", "", 7),
        ("fine", "", 0),
        ("handler", "", 0),
        ("last", "", 0),
    ] {
        let parameters = json!({"name": name, "folder": place, "with": with, "code": code.to_string()});
        tasks.push(stage.task(&artifact, TaskOptions { parameters, ..Default::default() }).await);
    }
    let [left, right, fails, fine, handler, last] = &tasks[..] else { panic!("six tasks") };
    let body = json!({
        "name": "nightly", "workspaceId": stage.bootstrap().workspace_id,
        "steps": [
            {"name": "both", "condition": "ALL_SUCCEEDED", "taskIds": [left, right]},
            {"name": "fragile", "condition": "ALL_SUCCEEDED", "taskIds": [fails, fine],
             "handlerOnFailure": {"taskIds": [handler]}, "note": "empty the basket first"},
            {"name": "end", "condition": "ALL_SUCCEEDED", "taskIds": [last]},
        ],
    });
    let plan = text(&stage.http.post("/orchestration/executables/plans", &body).await.expect(201).json()["id"]);

    let run = start(&stage, json!({"executable": plan})).await;
    let state = ended(&stage, &run).await;
    assert_eq!(state["status"], "execution_failed", "{state:#}");
    assert_eq!(sorted(&folder), ["fails", "fine", "handler", "left", "right"]);
    let diary = diary(&folder);
    assert_eq!(diary.last().map(String::as_str), Some("handler"), "{diary:?}");
    assert!(diary[..2].contains(&"left".to_owned()) && diary[..2].contains(&"right".to_owned()), "{diary:?}");
    let steps = stage.http.get(&format!("/processing/executions/plans/{run}/steps")).await.expect(200).json();
    let states: Vec<String> = (0..3).map(|n| text(&steps[n]["executionStatus"])).collect();
    assert_eq!(states, ["EXECUTION_SUCCESS", "EXECUTION_FAILED", "UNDEFINED"]);
    for one in state["doneExecutableDetails"].as_array().expect("the runs") {
        let failed = one["jobId"] == json!(fails);
        assert_eq!(one["status"], if failed { "execution_failed" } else { "execution_successful" }, "{one:#}");
    }

    // The cause is mended, and what failed runs again; the rest of the plan follows.
    let mended = json!({
        "workspaceId": stage.bootstrap().workspace_id, "name": "mended",
        "artifact": {"id": artifact.id, "version": artifact.version},
        "parameters": {"name": "mended", "folder": place},
    });
    let _ = stage.http.put(&format!("/orchestration/executables/tasks/{fails}"), &mended).await.expect(200);
    let body = json!({
        "executable": plan, "executionPlanId": run, "stepId": steps[1]["executionId"], "rerunOnlyFailedTasks": true,
    });
    let again = start(&stage, body).await;
    let state = ended(&stage, &again).await;
    assert_eq!(state["status"], "execution_successful", "{state:#}");
    assert_eq!(sorted(&folder), ["fails", "fine", "handler", "last", "left", "mended", "right"]);
}

async fn start(stage: &Stage, body: Value) -> String {
    text(&stage.http.post("/processing/executions/plans", &body).await.expect(201).json()["executionId"])
}

async fn ended(stage: &Stage, run: &str) -> Value {
    until(SOON, "the plan run is over", async || {
        let state = stage.http.get(&format!("/processing/executions/plans/{run}")).await.expect(200).json();
        (state["status"] != "executing").then_some(state)
    })
    .await
}

fn diary(folder: &tempfile::TempDir) -> Vec<String> {
    let text = fs::read_to_string(folder.path().join("diary")).expect("the diary");
    text.lines().map(str::to_owned).collect()
}

fn sorted(folder: &tempfile::TempDir) -> Vec<String> {
    let mut diary = diary(folder);
    diary.sort();
    diary
}
