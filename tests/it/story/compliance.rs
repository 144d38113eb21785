//! Programs of other people that hold the server against its documents and against standards, and clients that standard
//! generators make of the documents.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use stoker_testkit::programs::{EngineProcess, target_folder, workspace_root};

use super::generated::Story;
use crate::support::{Backend, SOON, Stage, StageOptions, TaskOptions, text, until};

/// A program of the environment that `cargo xtask python` makes.
pub(super) fn python(name: &str) -> PathBuf {
    let program = target_folder().expect("the target folder").join("python/bin").join(name);
    assert!(program.exists(), "there is no {}; run `cargo xtask python` first", program.display());
    program
}

/// Runs it to its end, at most for so many seconds.
pub(super) async fn run(mut command: Command) -> Output {
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    output.expect("the thread ends").expect("start the program")
}

/// A command that is killed after so many seconds and finds nothing of this machine's settings.
pub(super) fn limited(seconds: u32, program: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", &seconds.to_string()]).arg(program).env_clear();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.parent().expect("a folder").display());
    command.env("PATH", path).env("LC_ALL", "C.UTF-8").env("COLUMNS", "160").env("NO_COLOR", "1");
    command
}

#[track_caller]
pub(super) fn passed(output: &Output) -> String {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {said}", output.status);
    said
}

#[tokio::test]
async fn a_scim_compliance_checker_finds_no_error() {
    let stage = Stage::start(Backend::Sqlite, StageOptions { without_engine: true, ..Default::default() }).await;
    let mut check = limited(300, &python("python"));
    check.arg(workspace_root().join("tests/python/scim.py")).args([stage.url(), stage.server.token()]);
    let said = passed(&run(check).await);
    assert!(said.contains(" 0 errors"), "{said}");
}

const DOCUMENTS: [&str; 8] =
    ["core", "tmc", "identity", "stoker", "scim", "observability", "dynamic-engines", "service-accounts"];

/// One short look at every operation of every document.
#[tokio::test]
async fn the_server_keeps_to_its_documents_whatever_is_asked() {
    fuzz(&["--phases", "fuzzing", "--max-examples", "2", "--seed", "11"], 300).await;
}

#[tokio::test]
#[ignore = "nightly"]
async fn the_server_keeps_to_its_documents_for_long() {
    for seed in ["21", "22"] {
        let phases = ["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "40"];
        fuzz(&[&phases[..], &["--max-time", "240", "--seed", seed]].concat(), 500).await;
    }
}

/// Asks what the documents allow and much that they do not; each document for at most so many seconds.
async fn fuzz(how: &[&str], seconds: u32) {
    let mut stage = Stage::start(Backend::Sqlite, StageOptions { max_flows: Some(4), ..Default::default() }).await;
    let place = tempfile::tempdir().expect("a folder");
    let settings = content(&mut stage).await;
    fs::write(place.path().join("schemathesis.toml"), settings).expect("write the settings");
    let mut problems = Vec::new();
    for document in DOCUMENTS {
        let base = if document == "tmc" { format!("{}/tmc/v2.6", stage.url()) } else { stage.url().to_owned() };
        let mut asking = limited(seconds, &python("schemathesis"));
        asking.current_dir(place.path()).env("HOME", place.path()).arg("run");
        asking.arg(workspace_root().join(format!("openapi/{document}.json"))).args(["--url", &base]);
        asking.args(["--header", &format!("Authorization: Bearer {}", stage.server.token())]);
        asking.args(["--workers", "1", "--no-shrink", "--warnings", "off", "--request-timeout", "20"]);
        asking.args(["--checks", CHECKS]).args(how);
        if document == "stoker" {
            for path in UNASKED {
                asking.args(["--exclude-path", path]);
            }
        }
        let output = run(asking).await;
        let said = String::from_utf8_lossy(&output.stdout);
        println!("{document}: {}", said.lines().last().unwrap_or_default());
        if !output.status.success() || !said.contains(" passed") {
            problems.push(format!("{document}: {}: {said}", output.status));
        }
        // Without a token that is still good the rest would ask for nothing.
        let token = stage.http.get("/orchestration/environments").await;
        assert_eq!(token.status, 200, "{document} took the token away: {}", token.text());
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let log = stage.server.log();
    assert!(!log.contains("panicked") && !log.contains(" ERROR "), "{log}");
}

/// Calls of our own that the tool is not let at: the stream lives for minutes, archives are what it cannot make, and with
/// an id that it has read it would revoke the token it uses. All have tests of their own.
const UNASKED: [&str; 4] = [
    "/stoker/v1/events",
    "/stoker/v1/artifacts",
    "/stoker/v1/me/tokens/{id}",
    "/stoker/v1/users/{id}/tokens/{tokenId}",
];

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// Makes something of most kinds; answers settings that name it, so that not every question ends with 404.
async fn content(stage: &mut Stage) -> String {
    let artifact = stage.publish_script("#!/bin/sh\necho hello\n").await;
    let task = stage.task(&artifact, TaskOptions { parallel: true, ..Default::default() }).await;
    let (run, _) = stage.run_to_end(&task, Value::Null).await;
    let bootstrap = stage.bootstrap().clone();
    let step = json!({"name": "only", "condition": "ALL_SUCCEEDED", "taskIds": [task]});
    let body = json!({"name": "plan", "workspaceId": bootstrap.workspace_id, "steps": [step]});
    let plan = text(&stage.http.post("/orchestration/executables/plans", &body).await.expect(201).json()["id"]);
    let cluster = stage.cluster(&[]).await;
    let engine = stage.engine_id();
    let named = [
        ("taskId", &task),
        ("planId", &plan),
        ("executionId", &run),
        ("engineId", &engine),
        ("remoteEngineId", &engine),
        ("clusterId", &cluster),
        ("artifactId", &artifact.id),
        ("environmentId", &bootstrap.environment_id),
        ("workspaceId", &bootstrap.workspace_id),
    ];
    let lines = named.iter().map(|(name, id)| format!("\"path.{name}\" = \"{id}\"\n"));
    format!("[parameters]\n{}", lines.collect::<String>())
}

/// The same story, told with clients that two generators made of the documents.
#[tokio::test]
async fn generated_clients_in_two_languages_tell_the_same_story() {
    let stage = Stage::start(Backend::Sqlite, StageOptions { without_engine: true, ..Default::default() }).await;
    let archive = stage.data("hello.zip");
    fs::write(&archive, stoker_testkit::fixtures::script_archive("#!/bin/sh\necho told by a client\n"))
        .expect("write the archive");
    let mut told = Vec::new();
    for story in [Story::python().await, Story::typescript().await] {
        let made: Value = story.tell(&stage, &["prepare", story.name]).await;
        let folder = stage.engine_folder().await;
        folder.pair(stage.url(), &text(&made["key"]));
        let engine = EngineProcess::start(&folder.path());
        let path = format!("/processing/runtimes/remote-engines/{}", text(&made["engine"]));
        until(SOON, "the engine of the story", async || {
            let shown = stage.http.get(&path).await.expect(200).json();
            (shown["availability"] == "AVAILABLE").then_some(())
        })
        .await;
        told.push(story.tell(&stage, &["run", &made.to_string(), archive.to_str().expect("a path")]).await);
        drop(engine);
    }
    let expected = json!({"status": "execution_successful", "log": ["told by a client"]});
    assert_eq!(told, [expected.clone(), expected]);
}
