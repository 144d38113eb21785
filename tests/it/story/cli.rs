//! The command line against a real server.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use stoker_testkit::programs::program;
use tempfile::TempDir;

use crate::support::{Backend, SOON, Stage, StageOptions, fixture, until};

/// A user's terminal: nothing is known but what `login` saved.
pub(super) struct Terminal {
    home: TempDir,
}

impl Terminal {
    pub(super) fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a home folder") }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program("stoker"));
        command.args(words).current_dir(self.home.path()).stdin(Stdio::null());
        command.env_remove("STOKER_URL").env_remove("STOKER_TOKEN").env("XDG_CONFIG_HOME", self.home.path());
        command
    }

    async fn output(&self, words: &[&str]) -> Output {
        let mut command = self.command(words);
        tokio::task::spawn_blocking(move || command.output()).await.expect("the thread ends").expect("start stoker")
    }

    /// Standard output of a command that must end with this code.
    pub(super) async fn expect(&self, code: i32, words: &[&str]) -> String {
        let output = self.output(words).await;
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "stoker {words:?}\n{out}\n{err}");
        out.trim_end().to_owned()
    }
}

#[tokio::test]
async fn from_login_to_the_reason_of_a_failure() {
    let stage = Stage::start(Backend::Sqlite, StageOptions::default()).await;
    let terminal = Terminal::new();
    terminal.expect(7, &["tasks", "list", "--server", stage.server.url()]).await;
    let bootstrap = stage.data("bootstrap.json");
    terminal.expect(0, &["login", "--bootstrap", bootstrap.to_str().expect("a path")]).await;
    let engine = stage.engine_id();
    for (name, archive) in [("hello", "HelloWorld"), ("failing", "script-fail"), ("sleepy", "script-sleep")] {
        let archive = fixture(archive);
        let file = archive.to_str().expect("a path");
        let id = terminal
            .expect(0, &["artifacts", "publish", file, "--workspace", "Shared", "--name", name, "--version", "0.1"])
            .await;
        assert_eq!(id.lines().count(), 1, "{id}");
        let task = terminal.expect(0, &["tasks", "create", name, "--artifact", name]).await;
        terminal.expect(0, &["tasks", "set-runtime", &task, "--engine", &engine, "--log-level", "info"]).await;
    }

    let log = terminal.expect(0, &["run", "hello", "--wait", "--follow", "-p", "greeting=Grüße"]).await;
    assert!(log.contains("3|Grüße") && log.contains("log level: INFO"), "{log}");
    let log = terminal.expect(0, &["logs", "hello", "--raw"]).await;
    assert!(log.lines().any(|line| line == "3|Grüße"), "{log}");
    let run: Value =
        serde_json::from_str(&terminal.expect(0, &["run", "hello", "--wait", "--json"]).await).expect("JSON");
    assert_eq!(run["status"], "execution_successful", "{run}");
    let tasks: Value = serde_json::from_str(&terminal.expect(0, &["tasks", "list", "--json"]).await).expect("JSON");
    assert_eq!(tasks.as_array().map(Vec::len), Some(3), "{tasks}");

    let log = terminal.expect(1, &["run", "failing", "--follow", "--raw"]).await;
    assert!(log.contains("about to fail") && log.contains("this script always fails"), "{log}");
    let why = terminal.expect(0, &["why", "failing"]).await;
    assert!(why.contains('3') && why.to_lowercase().contains("exit code"), "{why}");

    let copy = terminal.expect(0, &["tasks", "copy", "hello", "--name", "hello again"]).await;
    let copied: Value =
        serde_json::from_str(&terminal.expect(0, &["tasks", "get", &copy, "--json"]).await).expect("JSON");
    assert_eq!((&copied["name"], &copied["artifact"]["name"]), (&"hello again".into(), &"hello".into()), "{copied}");
    let run: Value =
        serde_json::from_str(&terminal.expect(0, &["run", &copy, "--wait", "--json"]).await).expect("JSON");
    assert_eq!(run["status"], "execution_successful", "the copy runs where the task runs: {run}");
    let id = run["executionId"].as_str().unwrap_or_default();
    assert!(!terminal.expect(0, &["logs", id]).await.is_empty());
    terminal.expect(0, &["runs", "delete-log", id]).await;
    assert_eq!(terminal.expect(0, &["logs", id]).await, "", "the log is gone, the run stays");
    assert!(terminal.expect(0, &["why", id]).await.contains("the log was deleted"));
    plans_are_copied(&terminal).await;

    terminal.expect(0, &["tasks", "pause", "hello"]).await;
    terminal.expect(3, &["run", "hello", "--wait"]).await;
    terminal.expect(3, &["run", "no such task"]).await;
    stopped_from_elsewhere(&stage, &terminal).await;
}

/// A copy of a plan has its steps with their conditions, handlers and notes, and lies where it is wanted.
async fn plans_are_copied(terminal: &Terminal) {
    let tasks: Value = serde_json::from_str(&terminal.expect(0, &["tasks", "list", "--json"]).await).expect("JSON");
    let id = |name: &str| {
        let all = tasks.as_array().into_iter().flatten();
        all.filter(|one| one["name"] == name).find_map(|one| one["executable"].as_str()).unwrap_or_default().to_owned()
    };
    let steps = serde_json::json!([
        { "name": "one", "condition": "AT_LEAST_ONE_SUCCEEDED", "taskIds": [id("hello"), id("sleepy")],
          "handlerOnFailure": { "taskIds": [id("failing")], "planIds": [] }, "note": "look first" },
        { "name": "two", "condition": "ALWAYS_PROCEED_ON", "taskIds": [id("hello")] },
    ]);
    let file = terminal.home.path().join("steps.json");
    fs::write(&file, steps.to_string()).expect("a file of steps");
    let file = file.to_str().expect("a path");
    let plan = terminal.expect(0, &["plans", "create", "nightly", "--workspace", "Shared", "--file", file]).await;
    terminal.expect(0, &["plans", "set-trigger", &plan, "--cron", "0 3 * * ?", "--parallel"]).await;
    terminal.expect(0, &["workspaces", "create", "Finance", "--environment", "default"]).await;
    let copy = terminal.expect(0, &["plans", "copy", "nightly", "--workspace", "Finance"]).await;
    let shown: Value =
        serde_json::from_str(&terminal.expect(0, &["plans", "get", &copy, "--json"]).await).expect("JSON");
    assert_eq!((&shown["name"], &shown["workspace"]["name"]), (&"nightly".into(), &"Finance".into()), "{shown}");
    let (first, second) = (&shown["chart"], &shown["chart"]["nextStep"]);
    assert_eq!((&first["status"], &first["note"]), (&"PARTIAL_SUCCESS".into(), &"look first".into()), "{shown}");
    assert_eq!(first["flows"].as_array().map(Vec::len), Some(2), "{shown}");
    assert_eq!(first["stepOnException"]["flows"][0]["id"], id("failing"), "{shown}");
    assert_eq!((&second["name"], &second["status"]), (&"two".into(), &"PROCEED".into()), "{shown}");
    let text = terminal.expect(0, &["plans", "get", &copy]).await;
    assert!(text.contains("manual"), "nothing starts a copy by itself: {text}");
}

/// Somebody else stops the run that this command waits for.
async fn stopped_from_elsewhere(stage: &Stage, terminal: &Terminal) {
    let waiting = terminal.output(&["run", "sleepy", "--follow"]);
    let stopping = async {
        let id = until(SOON, "the run of the sleepy task has started", async || {
            let runs = terminal.output(&["runs", "list", "--json"]).await;
            let runs: Value = serde_json::from_slice(&runs.stdout).unwrap_or_default();
            let run = runs.as_array()?.iter().find(|run| run["status"] == "executing")?.clone();
            run["executionId"].as_str().or(run["id"].as_str()).map(str::to_owned)
        })
        .await;
        let _ = stage.wait_log(&id, "sleeping for").await;
        terminal.expect(0, &["runs", "stop", &id]).await;
    };
    let (output, ()) = tokio::join!(waiting, stopping);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(4), "{out}\n{err}");
    assert!(out.contains("stopping politely"), "{out}\n{err}");
}

/// Kills what is left when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Politely: it has two children of its own.
        if matches!(self.0.try_wait(), Ok(None)) {
            interrupt(&self.0);
            let _ = self.0.wait();
        }
    }
}

fn interrupt(child: &Child) {
    let _ = kill(Pid::from_raw(i32::try_from(child.id()).expect("a process id")), Signal::SIGINT);
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listen");
    listener.local_addr().expect("an address").port()
}

fn processes_in(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy().into_owned();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(&folder) {
            found.push(line);
        }
    }
    found
}

#[tokio::test]
async fn dev_brings_everything_up_and_takes_it_down() {
    let terminal = Terminal::new();
    let folder = terminal.home.path().join("play ground");
    // The second time it goes on with what the first one left.
    for (round, name) in ["you", "again"].into_iter().enumerate() {
        let output = terminal.home.path().join(format!("dev {round}.log"));
        let file = File::create(&output).expect("a file for the output");
        let port = free_port().to_string();
        let mut command = terminal.command(&["dev", "--dir", folder.to_str().expect("a path"), "--port", &port]);
        command.stdout(file.try_clone().expect("share the file")).stderr(file);
        let mut dev = Running(command.spawn().expect("start stoker dev"));
        until(SOON, "stoker dev announces its task", async || {
            let text = fs::read_to_string(&output).unwrap_or_default();
            assert!(matches!(dev.0.try_wait(), Ok(None)), "it has ended: {text}");
            text.contains("run hello").then_some(())
        })
        .await;
        let parameter = format!("name={name}");
        let words = ["--context", "dev", "run", "hello", "-p", &parameter, "--follow", "--raw"];
        let log = terminal.expect(0, &words).await;
        assert!(log.contains(&format!("Hello, {name}!")) && log.contains("done"), "{log}");
        assert!(!processes_in(&folder).is_empty());
        interrupt(&dev.0);
        let status = until(SOON, "stoker dev ends", async || dev.0.try_wait().ok().flatten()).await;
        let text = fs::read_to_string(&output).unwrap_or_default();
        assert_eq!(status.code(), Some(0), "{text}");
        assert_eq!(text.matches("an engine was paired").count(), 1 - round, "{text}");
        assert_eq!(processes_in(&folder), Vec::<String>::new(), "{text}");
    }
}
