//! The command line client `talend-task` of other people, as it comes from its registry.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::json;
use stoker_testkit::programs::target_folder;

use crate::support::{Backend, Stage, StageOptions, TaskOptions, text};

/// The installed program.
fn program() -> PathBuf {
    let program = target_folder().expect("the target folder").join("python/bin/talend_task");
    assert!(program.exists(), "there is no {}; run `cargo xtask python` first", program.display());
    program
}

/// Runs it with these credentials; the terminal is wide so that tables keep their words.
async fn client(stage: &Stage, credentials: &[(&str, &str)], arguments: &[&str]) -> Output {
    // In a folder of its own, because it reads a file of settings from where it stands.
    let place = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("timeout");
    command.arg("60").arg(program()).args(arguments).current_dir(place.path()).stdin(Stdio::null());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("COLUMNS", "200").env("LC_ALL", "C.UTF-8");
    command.env("TALEND_API_URL", stage.url()).envs(credentials.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    output.expect("the thread ends").expect("start the client")
}

fn expect(output: &Output, code: i32) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

/// Lists, runs, waits, gives up waiting and shows what ran: with a personal token and as a service account.
async fn it_works_unchanged(backend: Backend) {
    let mut stage = Stage::start(backend, StageOptions::default()).await;
    let mut names = Vec::new();
    for script in ["echo fine", "exit 3", "sleep 600"] {
        let artifact = stage.publish_script(&format!("#!/bin/sh\n{script}\n")).await;
        let task = stage.task(&artifact, TaskOptions { parallel: true, ..Default::default() }).await;
        let shown = stage.http.get(&format!("/orchestration/executables/tasks/{task}")).await.expect(200).json();
        names.push(text(&shown["name"]));
    }
    let [fine, fails, slow] = &names[..] else { panic!("three tasks") };

    let body = json!({"name": "client", "permissions": ["TMC_ENGINE_USE", "TMC_OPERATOR"]});
    let account = stage.http.post("/account/service-accounts", &body).await.expect(201).json();
    let (id, secret) = (text(&account["id"]), text(&account["secret"]));
    let workspace = stage.bootstrap().workspace_id.clone();
    let right = format!("/security/workspaces/{workspace}/service-accounts/{id}/permissions");
    let _ = stage.http.post(&right, &json!(["EXECUTE"])).await.expect(201);

    let token = stage.server.token().to_owned();
    let as_person = [("TALEND_ACCESS_TOKEN", token.as_str())];
    let as_account = [("TALEND_CLIENT_ID", id.as_str()), ("TALEND_CLIENT_SECRET", secret.as_str())];
    for credentials in [&as_person[..], &as_account[..]] {
        let wait = ["--wait", "--poll-interval", "1", "--job"];
        let seen = expect(&client(&stage, credentials, &[&wait[..], &[fine]].concat()).await, 0);
        assert!(seen.contains("execution_successful") && seen.contains("Execution finished"), "{seen}");
        let seen = expect(&client(&stage, credentials, &[&wait[..], &[fails]].concat()).await, 1);
        assert!(seen.contains("execution_failed"), "{seen}");
        let seen = expect(&client(&stage, credentials, &["--job", fine]).await, 0);
        assert!(seen.contains("executionId"), "{seen}");
        let seen = expect(&client(&stage, credentials, &[&wait[..], &[slow, "--timeout", "2"]].concat()).await, 1);
        assert!(seen.contains("Status: executing") && seen.contains("did not complete within 2 seconds"), "{seen}");
        let seen = expect(&client(&stage, credentials, &["--activity", "--job", fails]).await, 0);
        assert!(seen.contains("FAILED") && seen.contains("REMOTE_ENGINE") && seen.contains("1.0"), "{seen}");
        let seen = expect(&client(&stage, credentials, &["--activity", "--job", slow]).await, 0);
        assert!(seen.contains("STARTED") || seen.contains("EXECUTING") || seen.contains("STARTING"), "{seen}");
        let seen = expect(&client(&stage, credentials, &["--job", "no such task"]).await, 1);
        assert!(seen.contains("Unknown job"), "{seen}");
    }
    let wrong = [("TALEND_CLIENT_ID", id.as_str()), ("TALEND_CLIENT_SECRET", "wrong")];
    assert!(expect(&client(&stage, &wrong, &["--job", fine]).await, 1).contains("401"));
}

#[tokio::test]
async fn it_works_unchanged_on_the_embedded_database() {
    it_works_unchanged(Backend::Sqlite).await;
}

#[tokio::test]
async fn it_works_unchanged_on_postgresql() {
    it_works_unchanged(Backend::Postgres).await;
}

#[tokio::test]
async fn it_works_unchanged_on_three_servers() {
    it_works_unchanged(Backend::Replicas(3)).await;
}
