//! The example scripts of the usual tasks around runs, as a user runs them: bash, curl, jq.

use std::process::Output;

use serde_json::{Value, json};

use super::procedures::{script, stderr, stdout};
use crate::support::{Backend, SOON, Stage, StageOptions, TaskOptions, text};

fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", stderr(output));
    stdout(output).lines().map(str::to_owned).collect()
}

/// A task of one script; answers its id and name.
async fn task(stage: &mut Stage, script: &str) -> (String, String) {
    let artifact = stage.publish_script(&format!("#!/bin/sh\n{script}\n")).await;
    let id = stage.task(&artifact, TaskOptions::default()).await;
    let shown = stage.http.get(&format!("/orchestration/executables/tasks/{id}")).await.expect(200).json();
    (id, text(&shown["name"]))
}

async fn every_script_does_what_it_says(backend: Backend) {
    let mut stage = Stage::start(backend, StageOptions::default()).await;
    schedules(&mut stage).await;
    failures_and_logs(&mut stage).await;
    plans(&mut stage).await;
    rights(&stage).await;
}

async fn schedules(stage: &mut Stage) {
    let (first, first_name) = task(stage, "true").await;
    let (second, second_name) = task(stage, "true").await;
    let names = [("FROM_TASK", first_name.as_str()), ("TO_TASK", second_name.as_str())];
    let output = script(stage, "copy-schedule.sh", &names).await;
    assert!(!output.status.success() && stderr(&output).contains("has no schedule"), "{}", stderr(&output));

    let variables = [("TASK_NAME", first_name.as_str()), ("AT", "23:59"), ("CRON", "0 12 ? * SUN *"), ("DAYS", "14")];
    let starts = lines(&script(stage, "schedule-task.sh", &variables).await);
    let count = |of: &str| starts.iter().filter(|line| line.ends_with(of)).count();
    assert!((12..=14).contains(&count(" daily")) && count(" by expression") == 2, "{starts:?}");

    let copy = lines(&script(stage, "copy-schedule.sh", &names).await);
    let of = async |task: &str| {
        stage.http.get(&format!("/orchestration/executables/tasks/{task}/schedule")).await.expect(200).json()
    };
    let (original, copied) = (of(&first).await, of(&second).await);
    assert_eq!(copy, [text(&copied["id"])]);
    assert!(original["id"] != copied["id"] && original["triggers"] == copied["triggers"], "{original} {copied}");
}

async fn failures_and_logs(stage: &mut Stage) {
    let marker = tempfile::tempdir().expect("a folder");
    let place = marker.path().display();
    let (broken, _) = task(stage, &format!("[ -e {place}/mended ] || exit 7")).await;
    let (mended, _) = task(stage, &format!("[ -e {place}/first ] || {{ touch {place}/first; exit 8; }}")).await;
    let mut failed = Vec::new();
    for task in [&broken, &mended] {
        let (run, state) = stage.run_to_end(task, Value::Null).await;
        assert_eq!(state["status"], "execution_failed", "{state}");
        failed.push(run);
    }
    let _ = stage.run_to_end(&mended, Value::Null).await;

    let seen = lines(&script(stage, "rerun-failed.sh", &[]).await);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(failed.iter().all(|run| seen.iter().any(|line| line.starts_with(run.as_str()))), "{seen:?}");
    std::fs::write(marker.path().join("mended"), "").expect("write the marker");
    let seen = lines(&script(stage, "rerun-failed.sh", &[("RERUN", "yes")]).await);
    let [_, _, again] = &seen[..] else { panic!("the one that ran well since is left alone: {seen:?}") };
    let (run, task) = again.split_once(' ').expect("a run and its task");
    assert_eq!(task, broken);
    assert_eq!(stage.wait_final(run, SOON).await["status"], "execution_successful");

    let words = "i=0; while [ $i -lt 450 ]; do echo \"line $i\"; i=$((i + 1)); done; sleep 1; echo the last";
    let (chatty, _) = self::task(stage, words).await;
    let run = stage.run(&chatty, Value::Null).await;
    let log = lines(&script(stage, "collect-log.sh", &[("EXECUTION_ID", &run)]).await);
    let said: Vec<&str> = log.iter().filter_map(|line| line.split_once(" INFO ").map(|(_, text)| text)).collect();
    let expected: Vec<String> = (0..450).map(|i| format!("line {i}")).chain(["the last".to_owned()]).collect();
    assert_eq!(said, expected, "{log:?}");
}

async fn plans(stage: &mut Stage) {
    let marker = tempfile::tempdir().expect("a folder");
    let place = marker.path().display();
    let (fine, _) = task(stage, &format!("echo x >> {place}/fine")).await;
    let (moody, _) = task(stage, &format!("[ -e {place}/tried ] || {{ touch {place}/tried; exit 5; }}")).await;
    let (hopeless, _) = task(stage, "exit 6").await;
    for (name, tasks, good) in [("moody", [&fine, &moody], true), ("hopeless", [&fine, &hopeless], false)] {
        let body = json!({
            "name": name, "workspaceId": stage.bootstrap().workspace_id,
            "steps": [
                {"name": "one", "condition": "ALL_SUCCEEDED", "taskIds": tasks},
                {"name": "two", "condition": "ALL_SUCCEEDED", "taskIds": [fine]},
            ],
        });
        let _ = stage.http.post("/orchestration/executables/plans", &body).await.expect(201);
        let output = script(stage, "run-plan.sh", &[("PLAN_NAME", name)]).await;
        assert_eq!(output.status.success(), good, "{}", stderr(&output));
        let states: Vec<String> =
            stdout(&output).lines().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
        let expected: &[&str] =
            if good { &["EXECUTION_SUCCESS", "EXECUTION_SUCCESS"] } else { &["EXECUTION_FAILED", "UNDEFINED"] };
        assert_eq!(states, expected, "{}", stderr(&output));
    }
    let ran = std::fs::read_to_string(marker.path().join("fine")).expect("the diary");
    // Once in each step of the first plan and once in the other; what ran well is not repeated.
    assert_eq!(ran.lines().count(), 3);
}

async fn rights(stage: &Stage) {
    let body = json!({"name": "Other", "environmentId": stage.bootstrap().environment_id});
    let other = text(&stage.http.post("/orchestration/workspaces", &body).await.expect(201).json()["id"]);
    let mut accounts = Vec::new();
    for (name, rights) in [("first", json!(["EXECUTE", "VIEW"])), ("second", json!(["VIEW"]))] {
        let body = json!({"name": name, "permissions": ["TMC_ENGINE_USE"]});
        let account = text(&stage.http.post("/account/service-accounts", &body).await.expect(201).json()["id"]);
        let workspace = &stage.bootstrap().workspace_id;
        let path = format!("/security/workspaces/{workspace}/service-accounts/{account}/permissions");
        let _ = stage.http.post(&path, &rights).await.expect(201);
        accounts.push((account, rights));
    }
    // The second has something there already, which stays.
    let (second, _) = &accounts[1];
    let path = format!("/security/workspaces/{other}/service-accounts/{second}/permissions");
    let _ = stage.http.post(&path, &json!(["EXECUTE"])).await.expect(201);
    let variables = [("FROM_WORKSPACE", "Shared"), ("TO_WORKSPACE", "Other")];
    let refused = lines(&script(stage, "copy-workspace-rights.sh", &variables).await);
    assert!(refused.iter().any(|line| line.starts_with(second.as_str()) && line.contains("409")), "{refused:?}");
    for ((account, _), expected) in accounts.iter().zip([json!(["EXECUTE", "VIEW"]), json!(["EXECUTE"])]) {
        let path = format!("/security/workspaces/{other}/service-accounts/{account}/permissions");
        assert_eq!(stage.http.get(&path).await.expect(200).json()["permissions"], expected);
    }
}

#[tokio::test]
async fn every_script_does_what_it_says_on_the_embedded_database() {
    every_script_does_what_it_says(Backend::Sqlite).await;
}

#[tokio::test]
async fn every_script_does_what_it_says_on_postgresql() {
    every_script_does_what_it_says(Backend::Postgres).await;
}

#[tokio::test]
async fn every_script_does_what_it_says_on_two_servers() {
    every_script_does_what_it_says(Backend::Replicas(2)).await;
}
