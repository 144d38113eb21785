//! The stage of every test here: a server process and a paired engine process in temporary folders.
//!
//! Everything ends with the value, also when the test panics; then the ends of both logs are printed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stoker_testkit::balancer::Balancer;
use stoker_testkit::fixtures;
use stoker_testkit::http::{Http, Method};
use stoker_testkit::postgres::{self, TestDatabase};
use stoker_testkit::programs::{Bootstrap, EngineFolder, EngineProcess, ServerOptions, ServerProcess};
use tempfile::TempDir;

/// Statuses that a run does not leave any more.
pub(crate) const FINAL: [&str; 7] = [
    "execution_successful",
    "execution_failed",
    "execution_rejected",
    "execution_terminated",
    "terminated",
    "deploy_failed",
    "terminated_timeout",
];
/// Patience with things that should take a second.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Where the server keeps its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// The embedded database.
    Sqlite,
    /// A fresh database of the shared test server.
    Postgres,
    /// The same, and as many servers as said on it, behind a balancer that spreads the requests.
    Replicas(usize),
}

impl Backend {
    /// Several servers on PostgreSQL in place of one when `STOKER_TEST_REPLICAS` says how many.
    fn as_asked(self) -> Self {
        let count = std::env::var("STOKER_TEST_REPLICAS").ok().and_then(|text| text.parse().ok());
        match (self, count) {
            (Backend::Postgres, Some(count @ 2..=9)) => Backend::Replicas(count),
            (backend, _) => backend,
        }
    }
}

/// How a stage differs from the plain one.
#[derive(Clone, Debug, Default)]
pub(crate) struct StageOptions {
    /// Runs at once on an engine; `None` leaves the shipped configuration.
    pub(crate) max_flows: Option<i64>,
    /// Content of the server's settings file.
    pub(crate) settings: Option<Value>,
    /// More environment variables of the engine.
    pub(crate) engine_env: Vec<(&'static str, String)>,
    /// Crash point of the server's first start.
    pub(crate) crash_at: Option<&'static str>,
    /// Starts no engine; add one with `add_engine` or `add_engine_at`.
    pub(crate) without_engine: bool,
}

/// What a task is made of besides its artifact.
#[derive(Clone, Debug, Default)]
pub(crate) struct TaskOptions {
    /// Values of parameters.
    pub(crate) parameters: Value,
    /// Values of resources.
    pub(crate) parallel: bool,
    /// Log level of its runs.
    pub(crate) log_level: Option<&'static str>,
    /// Minutes a run may take.
    pub(crate) timeout: Option<i64>,
    /// JVM options, by a run profile made for the task.
    pub(crate) jvm: Vec<&'static str>,
    /// Runs in this cluster instead of on the stage's engine.
    pub(crate) cluster: Option<String>,
    /// Runs on this engine instead of the stage's first one.
    pub(crate) engine: Option<String>,
}

/// An artifact as published.
#[derive(Clone, Debug)]
pub(crate) struct Artifact {
    /// Id.
    pub(crate) id: String,
    /// Version.
    pub(crate) version: String,
    /// Name, unique in the stage.
    pub(crate) name: String,
}

/// An engine made on the server and started in a folder of its own.
pub(crate) struct PairedEngine {
    /// Id on the server.
    pub(crate) id: String,
    /// Folder; first in the struct after the process so that it goes last.
    pub(crate) process: EngineProcess,
    /// The unpacked folder.
    pub(crate) folder: EngineFolder,
}

/// A server with one paired engine.
pub(crate) struct Stage {
    /// First and further engines; killed before the server.
    pub(crate) engines: Vec<PairedEngine>,
    /// The server; the first one when there are several.
    pub(crate) server: ServerProcess,
    /// Further servers on the same database and data folder.
    pub(crate) replicas: Vec<ServerProcess>,
    /// What spreads the requests over all servers when there are several.
    pub(crate) balancer: Option<Balancer>,
    /// Client with the first user's token.
    pub(crate) http: Http,
    options: StageOptions,
    counter: usize,
    database: Option<TestDatabase>,
    _config: TempDir,
}

impl Stage {
    /// Starts the server and, unless asked otherwise, an engine that is paired and available when this returns.
    pub(crate) async fn start(backend: Backend, options: StageOptions) -> Self {
        let backend = backend.as_asked();
        // The first call builds the archives, for so long that open connections would be closed meanwhile.
        let _ = fixture("script-true");
        let config = tempfile::tempdir().expect("a folder for the settings");
        let database = (backend != Backend::Sqlite).then(postgres::database);
        let mut start =
            ServerOptions { database_url: database.as_ref().map(|it| it.url.clone()), ..Default::default() };
        if let Some(settings) = &options.settings {
            let file = config.path().join("settings.json");
            fs::write(&file, settings.to_string()).expect("write the settings");
            start.args = vec!["--config".into(), file.into()];
        }
        if let Some(point) = options.crash_at {
            start.env = vec![("STOKER_CRASH_AT".into(), point.into())];
        }
        let (server, replicas, balancer) = match backend {
            Backend::Replicas(count) => several(count, &start, config.path()).await,
            _ => (ServerProcess::start(start), Vec::new(), None),
        };
        let url = balancer.as_ref().map_or(server.url(), Balancer::url);
        let http = Http::new(url).with_token(server.token());
        let engines = Vec::new();
        let mut stage =
            Self { engines, server, replicas, balancer, http, options, counter: 0, database, _config: config };
        if !stage.options.without_engine {
            stage.add_engine().await;
            stage.wait_available(0).await;
        }
        stage
    }

    /// Where clients and engines reach the installation.
    pub(crate) fn url(&self) -> &str {
        self.balancer.as_ref().map_or(self.server.url(), Balancer::url)
    }

    /// Ids and credentials of the first start.
    pub(crate) fn bootstrap(&self) -> &Bootstrap {
        self.server.bootstrap()
    }

    /// URL of the embedded database's folder, or anything else in the server's data folder.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.server.data().join(name)
    }

    /// URL of the PostgreSQL database when the stage has one.
    pub(crate) fn database_url(&self) -> Option<&str> {
        self.database.as_ref().map(|database| database.url.as_str())
    }

    /// A number that no one else in this stage gets.
    pub(crate) fn next_number(&mut self) -> usize {
        self.counter += 1;
        self.counter
    }

    /// Makes an engine on the server; answers its id and pairing key.
    pub(crate) async fn create_engine(&mut self) -> (String, String) {
        let name = format!("engine {}", self.next_number());
        let bootstrap = self.bootstrap();
        let body =
            json!({"name": name, "environmentId": bootstrap.environment_id, "workspaceId": bootstrap.workspace_id});
        let made = self.http.post("/processing/runtimes/remote-engines", &body).await.expect(201).json();
        (text(&made["id"]), text(&made["preAuthorizedKey"]))
    }

    /// An unpacked engine folder with the stage's limit of runs, not paired yet.
    pub(crate) async fn engine_folder(&self) -> EngineFolder {
        // All servers here hand out the same archive, and packing it takes a while.
        static ARCHIVE: OnceLock<Vec<u8>> = OnceLock::new();
        if ARCHIVE.get().is_none() {
            let answer = self.http.without_token().get("/downloads/remote-engine.tar.gz").await.expect(200);
            let _ = ARCHIVE.set(answer.body);
        }
        let folder = EngineFolder::unpack(ARCHIVE.get().expect("the archive was just set"));
        if let Some(limit) = self.options.max_flows {
            let file = folder.path().join("etc/org.talend.ipaas.rt.deployment.agent.cfg");
            fs::write(file, format!("max.deployed.flows={limit}\n")).expect("write the limit of runs");
        }
        folder
    }

    /// Adds an engine and starts it; it need not be available yet. Answers its index in `engines`.
    pub(crate) async fn add_engine(&mut self) -> usize {
        let url = self.url().to_owned();
        self.add_engine_at(&url).await
    }

    /// As `add_engine`, but the engine reaches the server at this URL.
    pub(crate) async fn add_engine_at(&mut self, url: &str) -> usize {
        let (id, key) = self.create_engine().await;
        let folder = self.engine_folder().await;
        folder.pair(url, &key);
        let process = EngineProcess::start_with(&folder.path(), self.engine_env());
        self.engines.push(PairedEngine { id, process, folder });
        self.engines.len() - 1
    }

    /// The environment variables that engines of this stage get.
    pub(crate) fn engine_env(&self) -> Vec<(OsString, OsString)> {
        self.options.engine_env.iter().map(|(name, value)| ((*name).into(), value.into())).collect()
    }

    /// Waits until an engine is paired and available.
    pub(crate) async fn wait_available(&self, index: usize) {
        let path = format!("/processing/runtimes/remote-engines/{}", self.engines[index].id);
        until(SOON, "the engine is paired and available", async || {
            let engine = self.http.get(&path).await.expect(200).json();
            (engine["status"] == "PAIRED" && engine["availability"] == "AVAILABLE").then_some(())
        })
        .await;
    }

    /// Id of the first engine.
    pub(crate) fn engine_id(&self) -> String {
        self.engines[0].id.clone()
    }

    /// The first engine's process.
    pub(crate) fn engine(&mut self) -> &mut EngineProcess {
        &mut self.engines[0].process
    }

    /// The first engine's folder.
    pub(crate) fn engine_path(&self) -> PathBuf {
        self.engines[0].folder.path()
    }

    /// Publishes a fixture archive by its name.
    pub(crate) async fn publish(&mut self, archive: &str) -> Artifact {
        let bytes = fs::read(fixture(archive)).expect("read the archive");
        self.publish_bytes(bytes).await
    }

    /// Publishes an archive of one script `run.sh`.
    pub(crate) async fn publish_script(&mut self, script: &str) -> Artifact {
        self.publish_bytes(fixtures::script_archive(script)).await
    }

    /// Publishes an archive under a new name.
    pub(crate) async fn publish_bytes(&mut self, bytes: Vec<u8>) -> Artifact {
        let name = format!("artifact {}", self.next_number());
        let artifact = self.try_publish(&name, bytes).await.expect(201).json();
        Artifact { id: text(&artifact["id"]), version: "0.1.0".into(), name }
    }

    /// The publish call itself.
    pub(crate) async fn try_publish(&self, name: &str, bytes: Vec<u8>) -> stoker_testkit::http::Answer {
        let workspace = &self.bootstrap().workspace_id;
        let name = name.replace(' ', "%20");
        let path = format!("/stoker/v1/artifacts?workspaceId={workspace}&name={name}&version=0.1.0");
        self.http.send(Method::POST, &path, &[("content-type", "application/zip")], Some(bytes)).await
    }

    /// Makes a task of an artifact with a run configuration; answers its id.
    pub(crate) async fn task(&mut self, artifact: &Artifact, options: TaskOptions) -> String {
        let number = self.next_number();
        let bootstrap = self.bootstrap();
        let mut body = json!({
            "workspaceId": bootstrap.workspace_id,
            "environmentId": bootstrap.environment_id,
            "name": format!("task {number}"),
            "artifact": {"id": artifact.id, "version": artifact.version},
        });
        if !options.parameters.is_null() {
            body["parameters"] = options.parameters.clone();
        }
        let made = self.http.post("/orchestration/executables/tasks", &body).await.expect(201).json();
        let id = text(&made["id"]);
        self.configure(&id, &options, number).await;
        id
    }

    async fn configure(&self, task: &str, options: &TaskOptions, number: usize) {
        let mut runtime = match &options.cluster {
            Some(cluster) => json!({"type": "REMOTE_ENGINE_CLUSTER", "id": cluster}),
            None => {
                let engine = options.engine.clone().unwrap_or_else(|| self.engine_id());
                json!({"type": "REMOTE_ENGINE", "id": engine})
            }
        };
        if !options.jvm.is_empty() {
            let profile =
                json!({"name": format!("profile {number}"), "jvmArguments": options.jvm, "type": "JOB_SERVER"});
            let path = format!("/processing/runtimes/remote-engines/{}/run-profiles", text(&runtime["id"]));
            let made = self.http.post(&path, &profile).await.expect(201).json();
            runtime["runProfileId"] = made["id"].clone();
        }
        let mut config = json!({"trigger": {"type": "MANUAL"}, "runtime": runtime});
        config["parallelExecutionAllowed"] = options.parallel.into();
        if let Some(level) = options.log_level {
            config["logLevel"] = level.into();
        }
        if let Some(minutes) = options.timeout {
            config["timeout"] = minutes.into();
        }
        let path = format!("/orchestration/executables/tasks/{task}/run-config");
        let _ = self.http.put(&path, &config).await.expect(200);
    }

    /// Starts a task with values for this run (`null` for none); answers the run's id.
    pub(crate) async fn run(&self, task: &str, parameters: Value) -> String {
        let body = json!({"executable": task, "parameters": parameters});
        text(&self.http.post("/processing/executions", &body).await.expect(201).json()["executionId"])
    }

    /// The run as the API shows it.
    pub(crate) async fn status(&self, run: &str) -> Value {
        self.http.get(&format!("/processing/executions/{run}")).await.expect(200).json()
    }

    /// Asks until the run has ended.
    pub(crate) async fn wait_final(&self, run: &str, patience: Duration) -> Value {
        let result = until_some(patience, async || {
            let state = self.status(run).await;
            state["status"].as_str().is_some_and(|status| FINAL.contains(&status)).then_some(state)
        })
        .await;
        match result {
            Some(state) => state,
            None => panic!("the run {run} has not ended: {:#}", self.timeline(run).await),
        }
    }

    /// Runs a task and waits for its end; answers the run's id and last state.
    pub(crate) async fn run_to_end(&self, task: &str, parameters: Value) -> (String, Value) {
        let run = self.run(task, parameters).await;
        let state = self.wait_final(&run, SOON).await;
        (run, state)
    }

    /// The run's events and why it waits.
    pub(crate) async fn timeline(&self, run: &str) -> Value {
        self.http.get(&format!("/stoker/v1/executions/{run}/timeline")).await.expect(200).json()
    }

    /// The log as text file, by the three documented calls.
    pub(crate) async fn log(&self, run: &str) -> String {
        let base = format!("/monitoring/executions/{run}/logs");
        let begun = self.http.post(&format!("{base}?fileFormat=TEXT"), &json!({})).await;
        assert!(matches!(begun.status, 200 | 206), "begin a log file: {} {}", begun.status, begun.text());
        let ready = self.http.post(&format!("{base}/status"), &begun.json()["token"]).await.expect(200).json();
        assert_eq!(ready["status"], "READY");
        self.http.get(&text(&ready["presignedURL"])).await.expect(200).text()
    }

    /// Waits until the log holds a text; answers the log.
    pub(crate) async fn wait_log(&self, run: &str, wanted: &str) -> String {
        until(SOON, &format!("the log of {run} holds {wanted:?}"), async || {
            let log = self.log(run).await;
            log.contains(wanted).then_some(log)
        })
        .await
    }

    /// Stops a run as a user does.
    pub(crate) async fn stop_run(&self, run: &str) {
        let _ = self.http.delete(&format!("/processing/executions/{run}")).await.expect(204);
    }

    /// Makes a cluster of the first engines; answers its id.
    pub(crate) async fn cluster(&mut self, engines: &[String]) -> String {
        let name = format!("cluster {}", self.next_number());
        let bootstrap = self.bootstrap();
        let body =
            json!({"name": name, "environmentId": bootstrap.environment_id, "workspaceId": bootstrap.workspace_id});
        let path = "/processing/runtimes/remote-engine-clusters";
        let id = text(&self.http.post(path, &body).await.expect(201).json()["id"]);
        for engine in engines {
            let member = format!("{path}/{id}/engines/{engine}");
            let _ = self.http.send(Method::PUT, &member, &[], None).await.expect(204);
        }
        id
    }

    /// Ends of all logs, for messages.
    pub(crate) fn logs(&self) -> String {
        let mut all = String::new();
        for server in std::iter::once(&self.server).chain(&self.replicas) {
            all.push_str(&format!("--- server\n{}\n", tail(&server.log())));
        }
        for engine in &self.engines {
            all.push_str(&format!("--- engine {}\n{}\n", engine.id, tail(&engine.process.log())));
        }
        all
    }
}

/// Servers that start at once on one empty folder and one empty database, behind a balancer.
async fn several(
    count: usize,
    start: &ServerOptions,
    folder: &Path,
) -> (ServerProcess, Vec<ServerProcess>, Option<Balancer>) {
    let balancer = Balancer::start();
    let mut options = ServerOptions { data: Some(folder.join("shared")), ..start.clone() };
    options.args.extend(["--public-url".into(), balancer.url().into()]);
    let starting: Vec<_> = (0..count)
        .map(|_| {
            let options = options.clone();
            tokio::task::spawn_blocking(move || ServerProcess::start(options))
        })
        .collect();
    let mut servers = Vec::new();
    for one in starting {
        servers.push(one.await.expect("a server starts"));
    }
    balancer.lead_to(servers.iter().map(ServerProcess::url));
    let first = servers.remove(0);
    (first, servers, Some(balancer))
}

impl Drop for Stage {
    #[allow(clippy::print_stderr, reason = "the output of a failed test")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        }
    }
}

/// A string value; panics otherwise.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Path of a fixture archive.
pub(crate) fn fixture(name: &str) -> PathBuf {
    fixtures::archive(name)
}

/// Whether a process is there and not just waiting to be collected.
pub(crate) fn alive(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// Asks until there is an answer; panics when there is none in time.
pub(crate) async fn until<T>(patience: Duration, what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    until_some(patience, ask).await.unwrap_or_else(|| panic!("not within {patience:?}: {what}"))
}

/// Asks until there is an answer or the time is up, as a user's script would.
pub(crate) async fn until_some<T>(patience: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = ask().await {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
