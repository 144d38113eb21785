//! A real engine sends the requests of API tests to a server that only it reaches.

use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stoker_testkit::http::Http;
use stoker_testkit::programs::EngineProcess;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::support::{Backend, PairedEngine, SOON, Stage, StageOptions, text, until};

const PROJECTS: &str = "/stoker/v1/tester/projects";
const RUNS: &str = "/stoker/v1/tester/runs";

/// What is tested: answers everything at once, but `/held` when it is released.
struct Target {
    host: String,
    heads: Arc<Mutex<Vec<String>>>,
    released: watch::Sender<bool>,
}

impl Target {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
        let host = listener.local_addr().expect("an address").to_string();
        let target = Self { host, heads: Arc::default(), released: watch::Sender::new(false) };
        let (heads, released) = (Arc::clone(&target.heads), target.released.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&heads), released.subscribe()));
            }
        });
        target
    }

    /// Requests that came for a path.
    fn count(&self, path: &str) -> usize {
        let wanted = format!("GET {path} ");
        self.heads.lock().expect("the heads").iter().filter(|head| head.starts_with(&wanted)).count()
    }

    async fn came(&self, path: &str, times: usize) {
        until(SOON, path, async || (self.count(path) >= times).then_some(())).await;
    }
}

async fn answer(mut stream: TcpStream, heads: Arc<Mutex<Vec<String>>>, mut released: watch::Receiver<bool>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read_exact(&mut byte).await.is_err() {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let held = head.starts_with("GET /held ");
    heads.lock().expect("the heads").push(head);
    if held && released.wait_for(|released| *released).await.is_err() {
        return;
    }
    // Who asked may be gone.
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nfine").await;
}

/// A stage whose engine may call this machine, and tells in its log as much as it can.
async fn stage(backend: Backend) -> Stage {
    let env = vec![("STOKER_ENGINE_LOG", "debug".to_owned())];
    let options = StageOptions { without_engine: true, engine_env: env, ..Default::default() };
    let mut stage = Stage::start(backend, options).await;
    let (id, key) = stage.create_engine().await;
    let folder = stage.engine_folder().await;
    let settings = folder.path().join("etc/system.properties");
    let text = fs::read_to_string(&settings).expect("the settings as shipped");
    fs::write(&settings, format!("{text}\nstoker.tests.networks=127.0.0.1\n")).expect("open this machine");
    folder.pair(stage.url(), &key);
    let process = EngineProcess::start_with(&folder.path(), stage.engine_env());
    stage.engines.push(PairedEngine { id, process, folder });
    stage.wait_available(0).await;
    stage
}

/// A project with a request of each path; gives its id. Its token is a secret.
async fn project(stage: &Stage, target: &Target, token: &str) -> String {
    let request = |id: &str, host: &str, path: &str| {
        json!({ "entity": {
            "type": "Request", "id": id, "name": id, "method": { "name": "GET" },
            "uri": { "scheme": { "name": "http" }, "host": host, "path": path },
            "headers": [{ "name": "Authorization", "value": "Bearer ${token}", "enabled": true }],
            "body": { "bodyType": "Text" },
        } })
    };
    let mut computing = request("computing", &target.host, "/computing");
    // Steps back for ever, and is tried again and again.
    let endless = format!("${{\"{}\".matches(\"(?=(a+)+b)\")}}", "a".repeat(60));
    computing["entity"]["retryConfiguration"] = json!({ "retryCount": 100, "intervalInSeconds": 0 });
    computing["entity"]["assertions"] =
        json!([{ "subject": "ResponseBody", "path": "content", "comparison": "Equals", "value": endless }]);
    let entities = [
        computing,
        request("plain", &target.host, "/plain"),
        request("held", &target.host, "/held"),
        request("metadata", "169.254.169.254", "/latest/meta-data"),
    ];
    let variable = json!({ "name": "token", "private": true, "enabled": true, "value": token });
    let document = json!({
        "version": 6, "entities": entities,
        "environments": [{ "id": "e", "name": "Inside", "variables": { "v": variable } }],
    });
    let project = text(&stage.http.post(PROJECTS, &json!({ "name": "Inside" })).await.expect(201).json()["id"]);
    let body = json!({ "version": 1, "name": "Inside", "document": document });
    let _ = stage.http.put(&format!("{PROJECTS}/{project}"), &body).await.expect(200);
    project
}

async fn start(stage: &Stage, project: &str, target: &str) -> String {
    let body = json!({ "targetId": target, "environmentId": "e", "engineId": stage.engine_id() });
    text(&stage.http.post(&format!("{PROJECTS}/{project}/runs"), &body).await.expect(201).json()["id"])
}

/// The run once it has ended.
async fn ended(stage: &Stage, run: &str) -> Value {
    until(SOON, "the end of the test run", async || {
        let seen = stage.http.get(&format!("{RUNS}/{run}")).await.expect(200).json();
        (seen["state"] != "running").then_some(seen)
    })
    .await
}

/// An engine that reaches what the server may not call.
async fn an_engine_sends(backend: Backend) {
    let (mut stage, target) = (stage(backend).await, Target::start().await);
    let token = format!("canary{}", stage.bootstrap().account_id.replace('-', ""));
    let project = project(&stage, &target, &token).await;

    let run = ended(&stage, &start(&stage, &project, "plain").await).await;
    assert_eq!((&run["state"], &run["outcome"]), (&json!("finished"), &json!("Ok")), "{run}");
    assert_eq!(run["report"]["items"][0]["request"]["exchange"]["responseBody"], "fine", "{run}");
    assert!(run.to_string().contains("Bearer •••") && !run.to_string().contains(&token), "{run}");
    assert_eq!(target.count("/plain"), 1);
    assert!(
        target.heads.lock().expect("the heads")[0].contains(&format!("Bearer {token}")),
        "the value itself is sent"
    );

    let run = ended(&stage, &start(&stage, &project, "metadata").await).await;
    let problem = text(&run["report"]["items"][0]["request"]["problem"]);
    assert!(problem.contains("link-local") && problem.contains("stoker.tests.networks"), "{problem}");

    // A stop arrives in the middle of a request.
    let stopped = start(&stage, &project, "held").await;
    target.came("/held", 1).await;
    let _ = stage.http.post(&format!("{RUNS}/{stopped}/cancel"), &json!({})).await.expect(204);
    assert_eq!(ended(&stage, &stopped).await["state"], "cancelled");

    // So it does in the middle of a computation, and the places are free at once: the engine has two.
    let mut computing = Vec::new();
    for times in 1..=2 {
        computing.push(start(&stage, &project, "computing").await);
        target.came("/computing", times).await;
    }
    for run in &computing {
        let _ = stage.http.post(&format!("{RUNS}/{run}/cancel"), &json!({})).await.expect(204);
    }
    for run in &computing {
        assert_eq!(ended(&stage, run).await["state"], "cancelled");
    }
    let run = ended(&stage, &start(&stage, &project, "plain").await).await;
    assert_eq!(run["outcome"], "Ok", "{run}");
    assert_eq!(target.count("/computing"), 2, "nothing was sent again");

    // The server dies and comes back; the engine goes on and tells it the end.
    let kept = start(&stage, &project, "held").await;
    target.came("/held", 2).await;
    stage.server.kill9();
    stage.server.restart();
    // The connections that were open are no more.
    stage.http = Http::new(stage.url()).with_token(stage.server.token());
    target.released.send_replace(true);
    let run = ended(&stage, &kept).await;
    assert_eq!((&run["state"], &run["outcome"]), (&json!("finished"), &json!("Ok")), "{run}");
    assert_eq!(target.count("/held"), 2, "it was sent once");

    // The engine dies in the middle and comes back: the run ends with the reason, and is not sent again.
    target.released.send_replace(false);
    stage.wait_available(0).await;
    let lost = start(&stage, &project, "held").await;
    target.came("/held", 3).await;
    stage.engine().kill9();
    stage.engine().restart();
    let run = ended(&stage, &lost).await;
    assert_eq!(run["state"], "broken-off", "{run}");
    assert!(text(&run["problem"]).contains("was restarted in the middle of the run"), "{run}");

    // A polite stop says so at once.
    stage.wait_available(0).await;
    let left = start(&stage, &project, "held").await;
    target.came("/held", 4).await;
    let _ = stage.engine().stop();
    let run = ended(&stage, &left).await;
    assert_eq!(run["state"], "broken-off", "{run}");
    assert!(text(&run["problem"]).contains("was stopped"), "{run}");
    assert_eq!(target.count("/held"), 4);
    let log = stage.engine().log();
    assert!(log.contains("took a test run") && !log.contains(&token), "the secret is in the engine's log");
    assert!(!stage.server.log().contains(&token), "the secret is in the server's log");
}

#[tokio::test]
async fn an_engine_sends_with_the_embedded_database() {
    an_engine_sends(Backend::Sqlite).await;
}

#[tokio::test]
async fn an_engine_sends_with_postgresql() {
    an_engine_sends(Backend::Postgres).await;
}
