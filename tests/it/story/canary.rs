//! A secret value is seen by the job and by nobody else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Backend, SOON, Stage, StageOptions, TaskOptions};

/// Secrets of one test; unique, so that finding one anywhere means a leak.
struct Canary {
    secrets: Vec<String>,
}

impl Canary {
    fn holds(&self, bytes: &[u8]) -> bool {
        // The search in texts is the quick one, and the secrets are ASCII.
        let text = String::from_utf8_lossy(bytes);
        self.secrets.iter().any(|secret| text.contains(secret.as_str()))
    }

    /// Files below a folder that hold a secret.
    fn files(&self, folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                found.extend(self.files(&path));
            } else if fs::read(&path).is_ok_and(|bytes| self.holds(&bytes)) {
                found.push(path);
            }
        }
        found
    }

    /// Processes that show a secret in command line or environment.
    fn processes(&self) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            for file in ["cmdline", "environ"] {
                let path = entry.path().join(file);
                if fs::read(&path).is_ok_and(|bytes| self.holds(&bytes)) {
                    found.push(path.display().to_string());
                }
            }
        }
        found
    }

    #[track_caller]
    fn absent(&self, what: &str, text: &str) {
        assert!(!self.holds(text.as_bytes()), "a secret is in {what}: {text}");
    }
}

/// Says nothing of its values but their number of characters, shows one, and waits so that others can look at it.
const SCRIPT: &str = r#"#!/bin/sh
value=$(sed -n 's/^token=//p' "$STOKER_CONTEXT_FILE")
echo "length: ${#value}"
echo "sum: $(printf %s "$value" | sha256sum)"
echo "shown: $value"
echo "and to standard error: $value" >&2
echo "asleep"
sleep 600
"#;

async fn answers(stage: &Stage, canary: &Canary, task: &str, run: &str) {
    let mut paths = vec![
        format!("/orchestration/executables/tasks/{task}"),
        format!("/executables/tasks/{task}"),
        format!("/processing/executions/{run}"),
        format!("/stoker/v1/executions/{run}/timeline"),
        format!("/monitoring/executions/{run}/logs?count=200"),
        format!("/processing/executables/tasks/{task}/executions"),
        "/orchestration/executables/tasks".to_owned(),
        "/processing/executables/tasks/executions".to_owned(),
        "/orchestration/artifacts".to_owned(),
        "/processing/runtimes/remote-engines".to_owned(),
    ];
    if let Some(old) = paths.iter_mut().find(|path| path.starts_with("/executables")) {
        *old = format!("/tmc/v2.6{old}");
    }
    for path in paths {
        let answer = stage.http.get(&path).await.expect(200);
        canary.absent(&path, &answer.text());
    }
    canary.absent("the log file", &stage.log(run).await);
}

#[tokio::test]
async fn a_secret_value_is_nowhere_but_in_the_job() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        secrets_stay_secret(backend).await;
    }
}

async fn secrets_stay_secret(backend: Backend) {
    let mut stage = Stage::start(backend, StageOptions::default()).await;
    let unique = stage.bootstrap().account_id.replace('-', "");
    let canary = Canary { secrets: vec![format!("task{unique}"), format!("run{unique}"), format!("script{unique}")] };
    let [of_task, of_run, of_script] = [0, 1, 2].map(|index| canary.secrets[index].clone());

    // A password parameter by the task, then another value by the start call.
    let java = stage.publish("SecretEcho").await;
    let parameters = json!({"password": of_task, "showProcess": "true"});
    let task = stage.task(&java, TaskOptions { parameters, log_level: Some("INFO"), ..Default::default() }).await;
    let given = json!([{"name": "password", "value": of_run, "encrypted": true}]);
    let mut logs = Vec::new();
    for (parameters, secret) in [(Value::Null, &of_task), (given, &of_run)] {
        let (run, state) = stage.run_to_end(&task, parameters).await;
        let log = stage.log(&run).await;
        assert_eq!(state["status"], "execution_successful", "{log}");
        assert!(log.contains(&format!("secret length: {}\n", secret.len())), "the job got another value: {log}");
        assert!(log.contains("secret: ******\n"), "{log}");
        assert!(log.contains("command line holds the secret: false"), "{log}");
        assert!(log.contains("environment holds the secret: false"), "{log}");
        answers(&stage, &canary, &task, &run).await;
        logs.push(log);
    }

    // An undeclared parameter that the call marks as secret, looked at while the script runs.
    let script = stage.publish_script(SCRIPT).await;
    let sleeper = stage.task(&script, TaskOptions::default()).await;
    let run = stage.run(&sleeper, json!([{"name": "token", "value": of_script, "encrypted": true}])).await;
    let log = stage.wait_log(&run, "asleep").await;
    assert!(log.contains(&format!("length: {}\n", of_script.len())), "the script got another value: {log}");
    assert!(log.contains("shown: ******\n") && log.contains("standard error: ******\n"), "{log}");
    assert_eq!(canary.processes(), Vec::<String>::new());
    let processes = stage.engine().processes();
    assert!(processes.len() >= 3, "the engine, and what runs for it: {processes:?}");
    for process in processes.into_iter().chain(stage.server.pid()) {
        assert_eq!(
            largest_core_file(process).as_deref(),
            Some("0"),
            "process {process} may leave its memory in a file"
        );
    }
    let open = canary.files(&stage.engine_path());
    assert!(!open.is_empty(), "this search finds nothing at all: the job's own file must hold its secret");
    for path in open {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).expect("a file").permissions());
        assert!(path.components().any(|part| part.as_os_str() == "runs"), "{} holds a secret", path.display());
        assert_eq!(mode & 0o077, 0, "{} is open to others", path.display());
    }
    nothing_kept_by_the_server(&stage, &canary);
    answers(&stage, &canary, &sleeper, &run).await;
    stage.stop_run(&run).await;
    let _ = stage.wait_final(&run, SOON).await;

    // The run folder goes when the server has acknowledged the end.
    let home = stage.engine_path();
    crate::support::until(SOON, "no file of the engine holds a secret", async || {
        canary.files(&home).is_empty().then_some(())
    })
    .await;
    canary.absent("the engine's log", &stage.engine().log());
    nothing_kept_by_the_server(&stage, &canary);
    nothing_in_backups(&stage, &canary);
}

/// The limit that a process has on core files; none when it is gone.
fn largest_core_file(process: u32) -> Option<String> {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max core file size"))?;
    line.split_whitespace().nth(5).map(str::to_owned)
}

/// A defect in the middle of a call: its words held what the caller sent, and nobody sees them.
#[tokio::test]
async fn a_panic_tells_no_secret() {
    let options = StageOptions { without_engine: true, crash_at: Some("start.panic"), ..Default::default() };
    let stage = Stage::start(Backend::Sqlite, options).await;
    let canary = Canary { secrets: vec![format!("panic{}", stage.bootstrap().account_id.replace('-', ""))] };
    let given = json!([{"name": "token", "value": canary.secrets[0], "encrypted": true}]);
    let body = json!({"executable": "66f0a1b2c3d4e5f601230001", "parameters": given});
    let answer = stage.http.post("/processing/executions", &body).await.expect(500);
    canary.absent("the answer", &answer.text());
    let log = stage.server.log();
    assert!(log.contains("panicked at") && log.contains("crash.rs"), "the panic came, and is told: {log}");
    canary.absent("the server's log", &log);
    assert_eq!(canary.files(stage.server.data()), Vec::<PathBuf>::new());
    // It serves on, and the audit trail knows of the call without its secret.
    let _ = stage.http.get("/orchestration/workspaces").await.expect(200);
    canary.absent("the audit trail", &stage.http.get("/stoker/v1/audit-events").await.expect(200).text());
}

/// A backup shows nothing, a new data key neither, and the keys themselves are in no log.
fn nothing_in_backups(stage: &Stage, canary: &Canary) {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("backup");
    let database: Vec<&str> = stage.database_url().into_iter().flat_map(|url| ["--database-url", url]).collect();
    let words = [&["backup", archive.to_str().expect("a plain path")], &database[..]].concat();
    let passphrase = "the passphrase of this test";
    let mut said = crate::ops::done(&words, stage.server.data(), &[("STOKER_BACKUP_PASSPHRASE", passphrase)]);
    said.push_str(&crate::ops::done(&[&["rotate-key"], &database[..]].concat(), stage.server.data(), &[]));
    assert_eq!(canary.files(folder.path()), Vec::<PathBuf>::new());
    nothing_kept_by_the_server(stage, canary);
    canary.absent("the words of the commands", &said);
    let keys = fs::read_to_string(stage.data("data.key")).expect("the keys");
    for text in [said, stage.server.log(), String::from_utf8_lossy(&fs::read(&archive).expect("it")).into_owned()] {
        assert!(!text.contains(passphrase) && !keys.lines().any(|key| text.contains(key)), "a key is in {text}");
    }
}

fn nothing_kept_by_the_server(stage: &Stage, canary: &Canary) {
    assert_eq!(canary.files(stage.server.data()), Vec::<PathBuf>::new());
    canary.absent("the server's log", &stage.server.log());
    if let Some(url) = stage.database_url() {
        let dump = Command::new("pg_dump").args(["--data-only", "--dbname", url]).output().expect("run pg_dump");
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        let text = String::from_utf8_lossy(&dump.stdout).into_owned();
        assert!(text.contains("SecretEcho") || text.contains("artifact"), "the dump is empty");
        canary.absent("the database", &text);
        for secret in &canary.secrets {
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(!text.contains(&hex), "a secret is in the database as bytes");
        }
    }
}
