//! An engine is taken out of work and put back, by the command line, over the death of the server.

use std::fs;

use serde_json::{Value, json};
use stoker_testkit::http::Http;

use super::cli::Terminal;
use crate::support::{Backend, SOON, Stage, StageOptions, TaskOptions, until};

const NAME: &str = "engine 1";

#[tokio::test]
async fn an_engine_is_drained_and_put_back() {
    story(Backend::Sqlite).await;
}

#[tokio::test]
async fn the_same_on_postgres() {
    story(Backend::Postgres).await;
}

async fn running(stage: &Stage, run: &str) {
    until(SOON, "the job runs", async || (stage.status(run).await["status"] == "executing").then_some(())).await;
}

async fn story(backend: Backend) {
    let mut stage = Stage::start(backend, StageOptions::default()).await;
    let terminal = Terminal::new();
    let bootstrap = stage.data("bootstrap.json");
    terminal.expect(0, &["login", "--bootstrap", bootstrap.to_str().expect("a path")]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let go = folder.path().join("go");
    let script = format!("#!/bin/sh\nuntil [ -e '{}' ]; do sleep 0.05; done\n", go.display());
    let artifact = stage.publish_script(&script).await;
    let long = stage.task(&artifact, TaskOptions::default()).await;
    let artifact = stage.publish("script-true").await;
    let short = stage.task(&artifact, TaskOptions::default()).await;

    let first = stage.run(&long, Value::Null).await;
    running(&stage, &first).await;
    terminal.expect(0, &["engines", "drain", NAME, "--reason", "new disk"]).await;
    let shown: Value = json(&terminal.expect(0, &["engines", "get", NAME, "--json"]).await);
    let work = &shown["work"];
    assert_eq!(
        (&work["runs"], &work["drain"]["by"], &work["drain"]["reason"]),
        (&json!(1), &json!("admin"), &json!("new disk"))
    );
    let listed = terminal.expect(0, &["engines", "list"]).await;
    assert!(listed.contains("draining: 1 run left"), "{listed}");
    let waiting = stage.run(&short, Value::Null).await;
    let why = terminal.expect(0, &["why", &waiting]).await;
    assert!(why.contains("engine engine 1 is drained since ") && why.contains(" by admin: new disk"), "{why}");

    // Neither the server's nor the engine's death turns the switch back.
    stage.server.kill9();
    stage.server.restart();
    // The connections of the old one are gone.
    stage.http = Http::new(stage.url()).with_token(stage.server.token());
    stage.engine().kill9();
    stage.engine().restart();
    stage.wait_available(0).await;
    let emptied = async {
        let words = ["engines", "drain", NAME, "--wait", "--json"];
        json(&terminal.expect(0, &words).await)
    };
    let ended = async {
        fs::write(&go, "").expect("let the job end");
        stage.wait_final(&first, SOON).await
    };
    let (work, state) = tokio::join!(emptied, ended);
    assert_eq!(state["status"], "execution_successful", "{state}");
    assert_eq!((&work["runs"], &work["drain"]["reason"]), (&json!(0), &json!("new disk")), "{work}");
    assert_eq!(stage.status(&waiting).await["status"], "dispatching");
    assert!(terminal.expect(0, &["engines", "list"]).await.contains("drained"));
    terminal.expect(0, &["engines", "resume", NAME]).await;
    let state = stage.wait_final(&waiting, SOON).await;
    assert_eq!(state["status"], "execution_successful", "{state}");

    // Whoever waits for it learns that somebody else put it back.
    fs::remove_file(&go).expect("hold the job");
    let second = stage.run(&long, Value::Null).await;
    running(&stage, &second).await;
    let path = format!("/stoker/v1/engines/{}", stage.engine_id());
    let given_up = terminal.expect(1, &["engines", "drain", NAME, "--wait"]);
    let put_back = async {
        until(SOON, "it is drained", async || stage.http.get(&path).await.expect(200).json().get("drain").map(drop))
            .await;
        let _ = stage.http.post(&format!("{path}/resume"), &json!({})).await.expect(200);
    };
    tokio::join!(given_up, put_back);
    fs::write(&go, "").expect("let the job end");
    let _ = stage.wait_final(&second, SOON).await;
    terminal.expect(1, &["engines", "drain", "no such engine"]).await;
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}
