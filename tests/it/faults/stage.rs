//! A server with a paired engine and a task whose job tells on itself.

use std::fs;
use std::future::Future;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stoker_testkit::balancer::Balancer;
use stoker_testkit::fixtures;
use stoker_testkit::http::{Answer, Http};
use stoker_testkit::programs::{Bootstrap, EngineFolder, EngineProcess};
use tempfile::TempDir;

use super::proxy::Proxy;
use super::server::{Server, Setup};

/// Appends `start` and `end` to the file named by `file`, prints `lines` numbered lines, waits `seconds`, and ends with
/// `code`. A second execution would show in the file.
const JOB: &str = r#"#!/bin/sh
seconds=0 lines=1 code=0 file=/dev/null
for word in "$@"; do
  case $word in
    file=*) file=${word#file=} ;;
    seconds=*) seconds=${word#seconds=} ;;
    lines=*) lines=${word#lines=} ;;
    code=*) code=${word#code=} ;;
  esac
done
echo start >> "$file"
i=0
while [ $i -lt $lines ]; do i=$((i + 1)); echo "line $i"; done
[ "$seconds" = 0 ] || sleep "$seconds"
echo end >> "$file"
exit $code
"#;

/// Lets a test say at which place the next engine dies; the order is used up by the engine that finds it.
const ARMED: &str = "if [ -f \"$home/crash-at\" ]; then STOKER_CRASH_AT=$(cat \"$home/crash-at\"); \
                     export STOKER_CRASH_AT; rm \"$home/crash-at\"; fi\nexec ";

/// What a run is asked to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    pub(super) seconds: u32,
    pub(super) lines: u32,
    pub(super) code: u8,
}

/// A start call that was made.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// The run, when the call was answered 201.
    pub(super) id: Option<String>,
    pub(super) wanted: Wanted,
    /// Where the job tells on itself.
    pub(super) file: PathBuf,
    /// What came instead of 201, for the messages of a failed test.
    pub(super) answer: String,
}

/// Everything a test of faults needs.
pub(super) struct Stage {
    pub(super) server: Server,
    /// Further servers on the same database and data folder.
    pub(super) replicas: Vec<Server>,
    /// What spreads the requests when there are several servers.
    pub(super) balancer: Option<Balancer>,
    pub(super) engine: EngineProcess,
    pub(super) home: PathBuf,
    pub(super) task: String,
    pub(super) engine_id: String,
    pub(super) bootstrap: Bootstrap,
    counter: AtomicUsize,
    _engine_folder: EngineFolder,
    pub(super) folder: TempDir,
}

/// How a stage is set.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) server: Setup,
    /// What lies between engine and server.
    pub(super) through: Option<Proxy>,
    /// Servers beside the first one, behind a balancer; they need a database elsewhere.
    pub(super) replicas: usize,
    /// Most runs at once.
    pub(super) slots: Option<u32>,
    /// Place at which the first engine dies.
    pub(super) crash_at: Option<&'static str>,
    /// Where the engine's data lies instead of in its own folder.
    pub(super) engine_data: Option<PathBuf>,
    /// Where the server's data folder is made.
    pub(super) server_data: Option<PathBuf>,
}

impl Stage {
    pub(super) async fn set(options: Options) -> Self {
        let stage = Self::set_unpaired(options).await;
        stage.available().await;
        stage
    }

    /// The same, with an engine that was started and not waited for.
    pub(super) async fn set_unpaired(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = options.server_data.as_deref().unwrap_or(folder.path());
        let balancer = (options.replicas > 0).then(Balancer::start);
        let public_url = balancer.as_ref().map(|balancer| balancer.url().to_owned());
        let server = Server::start(place, Setup { public_url, ..options.server.clone() }).await;
        let mut replicas = Vec::new();
        for number in 1..=options.replicas {
            replicas.push(server.beside(number).await);
        }
        if let Some(balancer) = &balancer {
            balancer.lead_to(std::iter::once(&server).chain(&replicas).map(Server::address));
        }
        let bootstrap = server.bootstrap();
        let reached = balancer.as_ref().map_or_else(|| server.url(), |balancer| balancer.url().to_owned());
        let http = Http::new(&reached).with_token(&bootstrap.personal_access_token);
        let engine_folder = EngineFolder::unpack(&archive(&http).await);
        let home = engine_folder.path();
        prepare_home(&home, &options);
        let made = http
            .post(
                "/tmc/v1.3/runtimes/remote-engines",
                &json!({ "name": "engine", "environmentId": bootstrap.environment_id,
                         "workspaceId": bootstrap.workspace_id }),
            )
            .await
            .expect(201)
            .json();
        let text = |value: &Value, name: &str| value[name].as_str().expect(name).to_owned();
        let url = options.through.as_ref().map_or(reached, |proxy| proxy.url.clone());
        if let Some(proxy) = &options.through {
            proxy.lead_to(server.address());
        }
        engine_folder.pair(&url, &text(&made, "preAuthorizedKey"));
        let engine_id = text(&made, "id");
        let task = task(&http, &bootstrap, &engine_id, "faults", &fixtures::script_archive(JOB)).await;
        let engine = EngineProcess::start(&home);
        let counter = AtomicUsize::new(0);
        let _engine_folder = engine_folder;
        Self { server, replicas, balancer, engine, home, task, engine_id, bootstrap, counter, _engine_folder, folder }
    }

    /// A client with the first user's token, that reaches all servers when there are several.
    pub(super) fn http(&self) -> Http {
        let url = self.balancer.as_ref().map_or_else(|| self.server.url(), |balancer| balancer.url().to_owned());
        Http::new(&url).with_token(&self.bootstrap.personal_access_token)
    }

    /// Publishes another archive and makes a task of it on this engine.
    pub(super) async fn task_of(&self, name: &str, archive: &[u8]) -> String {
        task(&self.http(), &self.bootstrap, &self.engine_id, name, archive).await
    }

    /// Waits until the engine is there.
    pub(super) async fn available(&self) {
        let path = format!("/tmc/v1.3/runtimes/remote-engines/{}", self.engine_id);
        let http = self.http();
        let log = || self.engine.log();
        let found = until(60, async || {
            let answer = http.try_send(reqwest::Method::GET, &path, &[], None).await.ok()?;
            (answer.status == 200 && answer.json()["availability"] == "AVAILABLE").then_some(())
        });
        assert!(found.await.is_some(), "the engine did not come: {}", log());
    }

    /// Makes the next engine die at a place.
    pub(super) fn arm_engine(&self, place: &str) {
        fs::write(self.home.join("crash-at"), place).expect("the order to die");
    }

    /// Waits until the engine has died at the place it was told.
    pub(super) async fn engine_dead(&mut self, place: &str) {
        let engine = &mut self.engine;
        let dead = until(40, async || (!engine.is_running()).then_some(())).await;
        assert!(dead.is_some(), "the engine did not die at {place}: {}", self.engine.log());
    }

    /// Calls for a run; the call may fail in any way.
    pub(super) async fn start(&self, wanted: Wanted) -> Start {
        self.start_task(&self.task, wanted).await
    }

    pub(super) async fn start_task(&self, task: &str, wanted: Wanted) -> Start {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let file = self.folder.path().join(format!("run-{number}"));
        let body = json!({ "executable": task, "logLevel": "INFO", "parameters": {
            "file": file.to_str().expect("a plain path"), "seconds": wanted.seconds.to_string(),
            "lines": wanted.lines.max(1).to_string(), "code": wanted.code.to_string() } });
        let headers = [("content-type", "application/json")];
        let body = body.to_string().into_bytes();
        let http = self.http();
        let sent = http.try_send(reqwest::Method::POST, "/processing/executions", &headers, Some(body)).await;
        let (id, answer) = match sent {
            Ok(answer) if answer.status == 201 => {
                (answer.json()["executionId"].as_str().map(str::to_owned), String::new())
            }
            Ok(answer) => (None, format!("{} {}", answer.status, answer.text())),
            Err(error) => (None, format!("{error:#}")),
        };
        assert!(id.is_some() || !answer.is_empty(), "201 without a run");
        Start { id, wanted, file, answer }
    }

    /// Several calls at the same time.
    pub(super) async fn burst(&self, wanted: &[Wanted]) -> Vec<Start> {
        let mut calls: Vec<std::pin::Pin<Box<dyn Future<Output = Start> + '_>>> = Vec::new();
        for one in wanted {
            calls.push(Box::pin(self.start(*one)));
        }
        all(calls).await
    }

    /// What the server knows of a run.
    pub(super) async fn timeline(&self, id: &str) -> Value {
        let answer = self.http().get(&format!("/stoker/v1/executions/{id}/timeline")).await;
        answer.expect(200).json()
    }

    /// The log of a run, line by line.
    pub(super) async fn log_lines(&self, id: &str) -> Vec<String> {
        let http = self.http();
        let base = format!("/monitoring/executions/{id}/logs");
        let made = http.post(&format!("{base}?fileFormat=TEXT"), &json!({})).await;
        assert!(matches!(made.status, 200 | 206), "{}", made.text());
        let token = made.json()["token"].to_string().into_bytes();
        let headers = [("content-type", "application/json")];
        let url = eventually(30, "the log file", async || {
            let path = format!("{base}/status");
            let answer = http.send(reqwest::Method::POST, &path, &headers, Some(token.clone())).await.expect(200);
            answer.json()["presignedURL"].as_str().map(str::to_owned)
        })
        .await;
        let url = match &self.balancer {
            Some(_) => url,
            None => url.replace(self.bootstrap.url.trim_end_matches('/'), &self.server.url()),
        };
        let answer: Answer = Http::new("http://unused").get(&url).await.expect(200);
        answer.text().lines().map(str::to_owned).collect()
    }
}

/// The archive of the engine; the same for all tests of a process.
async fn archive(http: &Http) -> Vec<u8> {
    static ARCHIVE: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(archive) = ARCHIVE.get() {
        return archive.clone();
    }
    let answer = http.get("/downloads/remote-engine.tar.gz").await.expect(200);
    ARCHIVE.get_or_init(|| answer.body).clone()
}

fn prepare_home(home: &Path, options: &Options) {
    let trun = home.join("bin/trun");
    let text = fs::read_to_string(&trun).expect("bin/trun");
    assert_eq!(text.matches("exec ").count(), 1, "bin/trun changed: adapt how places to die get there");
    fs::write(&trun, text.replace("exec ", ARMED)).expect("write bin/trun");
    fs::set_permissions(&trun, fs::Permissions::from_mode(0o755)).expect("make bin/trun executable");
    if let Some(slots) = options.slots {
        let file = home.join("etc/org.talend.ipaas.rt.deployment.agent.cfg");
        fs::write(file, format!("max.deployed.flows={slots}\n")).expect("the deployment settings");
    }
    if let Some(place) = options.crash_at {
        fs::write(home.join("crash-at"), place).expect("the order to die");
    }
    if let Some(data) = &options.engine_data {
        fs::remove_dir_all(home.join("data")).expect("remove the data folder");
        fs::create_dir_all(data.join("log")).expect("the other data folder");
        std::os::unix::fs::symlink(data, home.join("data")).expect("link the data folder");
    }
}

async fn task(http: &Http, bootstrap: &Bootstrap, engine: &str, name: &str, archive: &[u8]) -> String {
    let workspace = &bootstrap.workspace_id;
    let path = format!("/stoker/v1/artifacts?workspaceId={workspace}&name={name}&version=0.1.0");
    let headers = [("content-type", "application/zip")];
    let artifact = http.send(reqwest::Method::POST, &path, &headers, Some(archive.to_vec())).await.expect(201).json();
    let body = json!({ "workspaceId": workspace, "environmentId": bootstrap.environment_id, "name": name,
        "description": "", "artifact": { "id": artifact["id"], "version": "0.1.0" } });
    let task = http.post("/orchestration/executables/tasks", &body).await.expect(201).json();
    let id = task["id"].as_str().expect("a task id").to_owned();
    let config = json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine },
        "parallelExecutionAllowed": true, "logLevel": "INFO" });
    let path = format!("/orchestration/executables/tasks/{id}/run-config");
    let _ = http.put(&path, &config).await.expect(200);
    id
}

/// All of these, at the same time.
pub(super) async fn all<T>(mut calls: Vec<std::pin::Pin<Box<dyn Future<Output = T> + '_>>>) -> Vec<T> {
    let mut done: Vec<Option<T>> = calls.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (call, done) in calls.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(value) = call.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().any(Option::is_none) {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(done.iter_mut().filter_map(Option::take).collect())
    })
    .await
}

/// Asks again and again: other programs' states can only be polled.
pub(super) async fn until<T>(seconds: u64, mut ready: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let mut ticks = tokio::time::interval(Duration::from_millis(25));
    loop {
        ticks.tick().await;
        if let Some(value) = ready().await {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
    }
}

/// The same, and a panic that says what did not come.
pub(super) async fn eventually<T>(seconds: u64, what: &str, ready: impl AsyncFnMut() -> Option<T>) -> T {
    match until(seconds, ready).await {
        Some(value) => value,
        None => panic!("waited {seconds} s in vain for {what}"),
    }
}

/// Lets the world go on for a while; for faults that last.
pub(super) async fn lasting(milliseconds: u64) {
    let mut ticks = tokio::time::interval(Duration::from_millis(milliseconds));
    ticks.tick().await;
    ticks.tick().await;
}
