//! A server, an engine and a task, set up through the public API as a user does it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use stoker_testkit::fixtures::script_archive;
use stoker_testkit::http::{Http, Method};
use stoker_testkit::programs::{EngineFolder, EngineProcess, ServerOptions, ServerProcess};

use crate::machine::{cpu_time, family_of, name_of, until};

/// Runs at once on the engine (`max.deployed.flows`).
pub(crate) const MAX_RUNS: usize = 16;
const PAIRING: Duration = Duration::from_secs(60);

/// Everything that runs for a measurement; ended and removed when dropped.
pub(crate) struct Stage {
    /// The engine, when there is one; ends before its folder and its server go.
    pub(crate) engine: Option<EngineProcess>,
    /// The server.
    pub(crate) server: ServerProcess,
    engine_folder: Option<EngineFolder>,
    engine_id: String,
    pairing_key: String,
    http: Http,
    scratch: tempfile::TempDir,
}

impl Stage {
    /// A server on a new data folder that knows of an engine, which is not there yet.
    pub(crate) async fn start() -> Result<Self> {
        Self::start_on(ServerOptions::default()).await
    }

    /// The same with these options, for example on another database.
    pub(crate) async fn start_on(options: ServerOptions) -> Result<Self> {
        let server = ServerProcess::try_start(options)?;
        let (http, bootstrap) = (server.http(), server.bootstrap());
        let body = json!({
            "name": "bench", "environmentId": bootstrap.environment_id, "workspaceId": bootstrap.workspace_id,
        });
        let mut stage = Self {
            http,
            server,
            engine: None,
            engine_folder: None,
            engine_id: String::new(),
            pairing_key: String::new(),
            scratch: tempfile::tempdir()?,
        };
        let engine = stage.call(Method::POST, "/processing/runtimes/remote-engines", Some(&body)).await?;
        stage.engine_id = text(&engine, "id")?;
        stage.pairing_key = text(&engine, "preAuthorizedKey")?;
        Ok(stage)
    }

    /// Unpacks the engine that the server hands out, starts it and waits until it is available.
    pub(crate) async fn start_engine(&mut self) -> Result<()> {
        let archive = self.http.try_send(Method::GET, "/downloads/remote-engine.tar.gz", &[], None).await?;
        ensure!(archive.status == 200, "download the engine: {} {}", archive.status, archive.text());
        let folder = EngineFolder::unpack(&archive.body);
        folder.pair(self.server.url(), &self.pairing_key);
        let limit = format!("max.deployed.flows = {MAX_RUNS}\n");
        fs::write(folder.path().join("etc/org.talend.ipaas.rt.deployment.agent.cfg"), limit)?;
        self.engine = Some(EngineProcess::start(&folder.path()));
        self.engine_folder = Some(folder);
        self.engine_available().await
    }

    /// Waits until the server shows the engine as available.
    pub(crate) async fn engine_available(&mut self) -> Result<()> {
        let path = format!("/processing/runtimes/remote-engines/{}", self.engine_id);
        until("wait for the engine", PAIRING, Duration::from_millis(50), async || {
            if !self.engine.as_mut().is_some_and(EngineProcess::is_running) {
                bail!("the engine has ended: {}", self.engine.as_ref().map(EngineProcess::log).unwrap_or_default());
            }
            let engine = self.call(Method::GET, &path, None).await?;
            Ok((engine["availability"] == "AVAILABLE").then_some(()))
        })
        .await
    }

    /// Publishes a script as an artifact and makes a task of it that may run in parallel; gives the task's id.
    pub(crate) async fn task(&self, name: &str, script: &str) -> Result<String> {
        let workspace = &self.server.bootstrap().workspace_id;
        let path = format!("/stoker/v1/artifacts?workspaceId={workspace}&name={name}&version=1.0");
        let zip = [("content-type", "application/zip")];
        let answer = self.http.try_send(Method::POST, &path, &zip, Some(script_archive(script))).await?;
        ensure!(answer.status == 201, "publish an artifact: {} {}", answer.status, answer.text());
        let body = json!({
            "workspaceId": workspace,
            "environmentId": self.server.bootstrap().environment_id,
            "name": name,
            "artifact": { "id": text(&answer.json(), "id")?, "version": "1.0" },
        });
        let task = self.call(Method::POST, "/orchestration/executables/tasks", Some(&body)).await?;
        let task = text(&task, "executable").or_else(|_| text(&task, "id"))?;
        let body = json!({
            "trigger": { "type": "MANUAL" },
            "runtime": { "type": "REMOTE_ENGINE", "id": self.engine_id },
            "parallelExecutionAllowed": true,
        });
        let path = format!("/orchestration/executables/tasks/{task}/run-config");
        self.call(Method::PUT, &path, Some(&body)).await?;
        Ok(task)
    }

    /// A call of the public API; an answer with another status than 2xx is an error that shows it.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let what = format!("{method} {path}");
        let json = [("content-type", "application/json")];
        let bytes = body.map(|body| body.to_string().into_bytes());
        let headers = if bytes.is_some() { &json[..] } else { &[] };
        let answer = self.http.try_send(method, path, headers, bytes).await.context(what.clone())?;
        ensure!((200..300).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
        if answer.body.is_empty() { Ok(Value::Null) } else { Ok(answer.json()) }
    }

    /// The request that starts a run of a task.
    pub(crate) fn start_request(&self, task: &str) -> Vec<u8> {
        let body = json!({ "executable": task }).to_string();
        crate::http::request("POST", "/processing/executions", self.server.token(), &body)
    }

    /// The request that reads a run.
    pub(crate) fn run_request(&self, run: &str) -> Vec<u8> {
        crate::http::request("GET", &format!("/processing/executions/{run}"), self.server.token(), "")
    }

    /// CPU time that the server has used so far.
    pub(crate) fn server_cpu(&self) -> Result<Duration> {
        cpu_time(self.server.pid().context("the server does not run")?)
    }

    /// CPU time that the engine and its helper have used so far, without the jobs and their shims.
    pub(crate) fn engine_cpu(&self) -> Result<Duration> {
        let engine = self.engine.as_ref().and_then(EngineProcess::pid).context("the engine does not run")?;
        // Shims and jobs come and go; the two that stay have the engine's own name.
        let stays = family_of(engine).into_iter().filter(|id| name_of(*id).starts_with("stoker-e"));
        Ok(stays.filter_map(|id| cpu_time(id).ok()).sum())
    }

    /// Id of the engine.
    pub(crate) fn engine_id(&self) -> &str {
        &self.engine_id
    }

    /// A folder for files that jobs touch.
    pub(crate) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Where the embedded database and the artifacts lie.
    pub(crate) fn data(&self) -> PathBuf {
        self.server.data().to_path_buf()
    }
}

/// A text field of an answer.
pub(crate) fn text(value: &Value, field: &str) -> Result<String> {
    let text = value[field].as_str().map(str::to_owned);
    text.with_context(|| format!("read an answer: it has no text \"{field}\": {value}"))
}
