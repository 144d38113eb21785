//! The two main example scripts, run as a user runs them: bash, curl, jq.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use stoker_testkit::programs::workspace_root;

use crate::support::{Backend, Stage, StageOptions, TaskOptions, text};

/// Ends the engine that `bin/start` left in the background, also when the test fails.
struct Background(std::path::PathBuf);

impl Drop for Background {
    fn drop(&mut self) {
        let stop = self.0.join("bin/stop");
        if stop.exists() {
            let _ = std::process::Command::new(stop).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}

pub(super) async fn script(stage: &Stage, name: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new("timeout");
    command.args(["120", "bash"]).arg(workspace_root().join("examples").join(name)).stdin(Stdio::null());
    command.env("STOKER_URL", stage.url()).env("STOKER_TOKEN", stage.server.token());
    command.env("POLL_SECONDS", "0.1").envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    output.expect("the thread ends").expect("start bash")
}

pub(super) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(super) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn pair(stage: &Stage, folder: &Path, cluster: &str) -> String {
    let folder = folder.to_str().expect("a path in UTF-8");
    let output = script(stage, "pair-engine.sh", &[("ENGINE_DIR", folder), ("CLUSTER", cluster)]).await;
    assert!(output.status.success(), "{}", stderr(&output));
    let id = stdout(&output);
    assert_eq!(id.lines().count(), 1, "standard output holds more than the id: {id:?}");
    id.trim().to_owned()
}

/// A new engine, a cluster of it, a service account, a run on the engine and one on the cluster.
async fn from_nothing_to_a_log(backend: Backend) {
    let mut stage = Stage::start(backend, StageOptions { without_engine: true, ..Default::default() }).await;
    let folder = tempfile::tempdir().expect("a folder for the engine");
    let home = folder.path().join("my engine");
    let _background = Background(home.clone());
    let cluster = stage.cluster(&[]).await;
    let engine = pair(&stage, &home, &cluster).await;
    let shown = stage.http.get(&format!("/processing/runtimes/remote-engines/{engine}")).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["availability"]), (&json!("PAIRED"), &json!("AVAILABLE")), "{shown}");
    let artifact = stage.publish("HelloWorld").await;
    for options in [
        TaskOptions { engine: Some(engine.clone()), ..Default::default() },
        TaskOptions { cluster: Some(cluster.clone()), ..Default::default() },
    ] {
        let task = stage.task(&artifact, options).await;
        let parameters = r#"{"greeting": "Grüß \"Gott\" \\ 日本", "times": "2"}"#;
        let variables = [("TASK_ID", task.as_str()), ("PARAMETERS", parameters)];
        let output = script(&stage, "run-as-service-account.sh", &variables).await;
        assert!(output.status.success(), "{}", stderr(&output));
        let log = stdout(&output);
        assert!(log.contains("2|Grüß \"Gott\" \\ 日本") && !log.contains("3|"), "{log}");
        assert!(log.contains("log level: INFO"), "{log}");
    }
    failures(&mut stage, &engine).await;
}

/// What goes wrong is told in one clear line, and the exit code is 1.
async fn failures(stage: &mut Stage, engine: &str) {
    let artifact = stage.publish("script-fail").await;
    let options = TaskOptions { engine: Some(engine.to_owned()), ..Default::default() };
    let task = stage.task(&artifact, options).await;
    let output = script(stage, "run-as-service-account.sh", &[("TASK_ID", &task)]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("ended as execution_failed: "), "{}", stderr(&output));
    assert!(stdout(&output).contains("about to fail"), "the log is printed all the same: {}", stdout(&output));

    let pause = format!("/orchestration/executables/tasks/{task}/pause");
    let _ = stage.http.put(&pause, &json!({"pause": true})).await.expect(202);
    let output = script(stage, "run-as-service-account.sh", &[("TASK_ID", &task)]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("pause"), "{}", stderr(&output));

    for (unknown, named) in [("TASK_ID", "6b024759a23ca1ca8750dbf9"), ("TASK_NAME", "no such task")] {
        let output = script(stage, "run-as-service-account.sh", &[(unknown, named)]).await;
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let last = stderr(&output).lines().last().unwrap_or_default().to_owned();
        assert!(last.starts_with("error: ") && last.contains("task"), "{last}");
    }
    poor_accounts(stage, &task).await;
}

/// A token without the permission for a step, and an account without the right on the workspace.
async fn poor_accounts(stage: &Stage, task: &str) {
    let account = json!({"name": "poor", "permissions": ["TMC_ENGINE_USE"]});
    let made = stage.http.post("/account/service-accounts", &account).await.expect(201).json();
    let token = token_of(stage, &made);
    for name in ["pair-engine.sh", "run-as-service-account.sh"] {
        let variables = [("STOKER_TOKEN", token.as_str()), ("TASK_ID", task), ("ENGINE_DIR", "/nonexistent/engine")];
        let output = script(stage, name, &variables).await;
        assert_eq!(output.status.code(), Some(1), "{name}: {}", stderr(&output));
        assert!(stderr(&output).contains("error: "), "{name}: {}", stderr(&output));
    }
    let poor = stage.http.with_token(&token);
    let refused = poor.post("/processing/executions", &json!({"executable": task})).await;
    assert!(matches!(refused.status, 403 | 404), "{} {}", refused.status, refused.text());
}

fn token_of(stage: &Stage, account: &Value) -> String {
    let credentials = format!("{}:{}", text(&account["id"]), text(&account["secret"]));
    let mut command = Command::new("curl");
    command.args(["-sS", "--config", "-", "-H", "content-type: application/json"]);
    let body = json!({"audience": stage.url(), "grant_type": "client_credentials"});
    command.args(["-d", &body.to_string(), &format!("{}/security/oauth/token", stage.url())]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut curl = command.spawn().expect("start curl");
    let mut input = curl.stdin.take().expect("the input of curl");
    let option = format!("user = \"{credentials}\"\n");
    input.write_all(option.as_bytes()).expect("write to curl");
    drop(input);
    let output = curl.wait_with_output().expect("wait for curl");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("a token answer");
    text(&answer["access_token"])
}

#[tokio::test]
async fn the_example_scripts_work_on_the_embedded_database() {
    from_nothing_to_a_log(Backend::Sqlite).await;
}

#[tokio::test]
async fn the_example_scripts_work_on_postgresql() {
    from_nothing_to_a_log(Backend::Postgres).await;
}

#[tokio::test]
async fn the_example_scripts_work_on_three_servers() {
    from_nothing_to_a_log(Backend::Replicas(3)).await;
}
