//! `stoker test` with the project in `tests/contract`, against a real server and engine.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use stoker_testkit::programs::workspace_root;

use crate::support::{Backend, Stage, StageOptions, TaskOptions, text};
use stoker_testkit::programs::program;

async fn stoker(stage: &Stage, arguments: &[&str]) -> Output {
    let mut command = Command::new(program("stoker"));
    command.arg("test").args(arguments).stdin(Stdio::null());
    command.env("STOKER_TEST_SECRET_TOKEN", stage.server.token());
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    output.expect("the thread ends").expect("start stoker")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The procedures hold against the server; reports have what happened, and never a secret.
async fn the_contract_holds(backend: Backend) {
    let mut stage = Stage::start(backend, StageOptions::default()).await;
    let artifact = stage.publish_script("#!/bin/sh\necho fine\n").await;
    let task = stage.task(&artifact, TaskOptions { parallel: true, ..Default::default() }).await;
    let shown = stage.http.get(&format!("/orchestration/executables/tasks/{task}")).await.expect(200).json();
    let (base, task) = (format!("base={}", stage.server.url()), format!("task={}", text(&shown["name"])));
    let project = workspace_root().join("tests/contract").to_str().expect("a path").to_owned();
    let place = tempfile::tempdir().expect("a folder");
    let file = |name: &str| -> PathBuf { place.path().join(name) };
    let report = |format: &str| format!("{format}={}", file(format).display());
    let reports: Vec<String> = ["junit", "html", "json", "tap"].iter().map(|format| report(format)).collect();

    let mut arguments = vec!["run", &project, "--env", "local", "--var", &base, "--var", &task, "--parallel", "4"];
    arguments.extend(reports.iter().flat_map(|report| ["--report", report.as_str()]));
    let output = stoker(&stage, &arguments).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains("Ok: 21 requests") && said(&output).contains("21 ok, 0 failed"),
        "{}",
        said(&output)
    );
    let json: Value = serde_json::from_slice(&fs::read(file("json")).expect("the JSON report")).expect("JSON");
    assert!(json.is_object());
    for (format, words) in [("junit", "<testcase"), ("html", "<html"), ("tap", "1..21")] {
        let text = fs::read_to_string(file(format)).expect("a report");
        assert!(text.contains(words) && text.contains("Start the task"), "{format}: {text}");
    }
    for format in ["junit", "html", "json", "tap"] {
        let text = fs::read_to_string(file(format)).expect("a report");
        assert!(!text.contains(stage.server.token()), "{format} shows the token");
    }
    assert!(!said(&output).contains(stage.server.token()));

    // A task that is not there: a Failure, and nothing after it; the other scenario goes on.
    let output = stoker(&stage, &["run", &project, "--env", "local", "--var", &base, "--var", "task=none"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("run-a-task-as-a-service-account.scenario.toml:"), "{}", said(&output));
    // Nobody listens there.
    let output = stoker(&stage, &["run", &project, "--env", "local", "--var", "base=http://127.0.0.1:1"]).await;
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let output = stoker(&stage, &["run", &project, "--env", "locale"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("environments: local"), "{}", said(&output));
}

#[tokio::test]
async fn the_contract_holds_on_the_embedded_database() {
    the_contract_holds(Backend::Sqlite).await;
}

#[tokio::test]
async fn the_contract_holds_on_postgresql() {
    the_contract_holds(Backend::Postgres).await;
}

/// A project goes out as a file of the other tool and comes back as the same files.
#[tokio::test]
async fn a_project_goes_out_and_comes_back() {
    let stage = Stage::start(Backend::Sqlite, StageOptions { without_engine: true, ..Default::default() }).await;
    let project = workspace_root().join("tests/contract");
    let place = tempfile::tempdir().expect("a folder");
    let (file, folder) = (place.path().join("all.json"), place.path().join("again"));
    let [project, file, folder] = [&project, &file, &folder].map(|path| path.to_str().expect("a path").to_owned());
    for (arguments, part) in [
        (vec!["export", &project, "--output", &file], ""),
        (vec!["import", &file, "--into", &folder], "now holds 21 requests"),
        (vec!["list", &folder], "Procedures / Create an engine / Take it out again"),
        (vec!["code", &folder, "Procedures/Create an engine/Find the workspace", "--env", "local"], "curl "),
    ] {
        let output = stoker(&stage, &arguments).await;
        assert!(output.status.success() && said(&output).contains(part), "{arguments:?}: {}", said(&output));
    }
    let scenario = "procedures/run-a-task-as-a-service-account.scenario.toml";
    let again = fs::read_to_string(PathBuf::from(&folder).join(scenario)).expect("the scenario");
    assert_eq!(again, fs::read_to_string(PathBuf::from(&project).join(scenario)).expect("the scenario"));
}
