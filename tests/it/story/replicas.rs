//! Several servers on one database and one data folder: what one of them did, the others know.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stoker_testkit::fixtures::script_archive;
use stoker_testkit::http::{Answer, Http, Method};

use crate::support::{Backend, SOON, Stage, StageOptions, TaskOptions, text, until, until_some};

/// How long a lost right may still act on another server.
const REVOKED: Duration = Duration::from_secs(1);
/// What a busy machine adds to that until it is seen.
const SLACK: Duration = Duration::from_secs(2);

/// Clients of the two servers, each of one.
fn both(stage: &Stage) -> [Http; 2] {
    [stage.server.http(), stage.replicas[0].http()]
}

async fn two(options: StageOptions) -> Stage {
    Stage::start(Backend::Replicas(2), options).await
}

/// Waits until the call is refused; no later than a second after the loss, as far as this machine can tell.
async fn refused(http: &Http, path: &str, headers: &[(&str, &str)]) {
    let since = Instant::now();
    let gone = until_some(REVOKED + SLACK, async || {
        (http.send(Method::GET, path, headers, None).await.status == 401).then_some(())
    });
    assert!(gone.await.is_some(), "{path} is still answered after {:?}", since.elapsed());
}

#[tokio::test]
async fn who_lost_access_on_one_server_has_none_on_the_other() {
    let stage = two(StageOptions { without_engine: true, ..Default::default() }).await;
    let [one, other] = both(&stage);
    // A personal access token.
    let made = one.post("/stoker/v1/me/tokens", &json!({"name": "laptop"})).await.expect(201).json();
    let fresh = other.with_token(&text(&made["token"]));
    let _ = fresh.get("/orchestration/workspaces").await.expect(200);
    let _ = one.delete(&format!("/stoker/v1/me/tokens/{}", text(&made["id"]))).await.expect(204);
    refused(&fresh, "/orchestration/workspaces", &[]).await;
    // The session of a browser.
    let bootstrap = stage.bootstrap();
    let body = json!({"login": bootstrap.login, "password": bootstrap.password});
    let signed_in = one.without_token().post("/stoker/v1/session", &body).await;
    assert!(matches!(signed_in.status, 200 | 201), "{}", signed_in.text());
    let cookie = signed_in.header("set-cookie").expect("a cookie").split(';').next().expect("its value").to_owned();
    let csrf = text(&signed_in.json()["csrfToken"]);
    let elsewhere = other.without_token();
    let _ = elsewhere.send(Method::GET, "/stoker/v1/session", &[("cookie", &cookie)], None).await.expect(200);
    let headers = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    let url = format!("{}/stoker/v1/events?seconds=300", stage.replicas[0].url());
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut stream = client.get(url).header("cookie", &cookie).send().await.expect("an answer");
    assert!(stream.chunk().await.expect("a piece").is_some(), "the stream is open");
    let _ = one.without_token().send(Method::DELETE, "/stoker/v1/session", &headers, None).await.expect(204);
    let rest = async { while stream.chunk().await.expect("a piece").is_some() {} };
    assert!(tokio::time::timeout(SOON, rest).await.is_ok(), "the stream of somebody who signed out goes on");
    refused(&elsewhere, "/stoker/v1/session", &[("cookie", &cookie)]).await;
}

#[tokio::test]
async fn what_changes_on_one_server_is_heard_on_the_other() {
    let stage = two(StageOptions { without_engine: true, ..Default::default() }).await;
    let [one, other] = both(&stage);
    let begin = Instant::now();
    // A stream ends when accounts changed, as they do while servers start; whoever listens comes again.
    let listening = async {
        let mut heard = Vec::new();
        while !heard.last().is_some_and(|text: &String| text.contains(r#"{"topics":["objects"]}"#)) {
            assert!(heard.len() < 3, "{heard:?}");
            heard.push(other.get("/stoker/v1/events?seconds=6").await.text());
        }
    };
    let ((), _): ((), Answer) = tokio::join!(listening, async {
        lasting(Duration::from_millis(1_500)).await;
        one.post("/orchestration/environments", &json!({"name": "new", "workspaceName": "w"})).await.expect(201)
    });
    assert!(begin.elapsed() < Duration::from_secs(14), "hints come by themselves, not with the sign of life");
}

/// While one server keeps bytes, the other removes the last artifact that had the same bytes; again and again.
#[tokio::test]
async fn a_file_that_one_server_needs_is_not_removed_by_the_other() {
    let mut stage = two(StageOptions::default()).await;
    let [one, other] = both(&stage);
    let workspace = stage.bootstrap().workspace_id.clone();
    let publish = async |http: &Http, name: &str| {
        let path = format!("/stoker/v1/artifacts?workspaceId={workspace}&name={name}&version=0.1.0");
        let body = script_archive("#!/bin/sh\necho the same bytes\n");
        let made = http.send(Method::POST, &path, &[("content-type", "application/zip")], Some(body)).await;
        text(&made.expect(201).json()["id"])
    };
    let mut last = publish(&one, "first").await;
    for round in 0..8 {
        let (name, path) = (format!("round-{round}"), format!("/orchestration/artifacts/{last}"));
        let (kept, gone) = tokio::join!(publish(&one, &name), other.delete(&path));
        let _ = gone.expect(204);
        last = kept;
    }
    let artifact = crate::support::Artifact { id: last, version: "0.1.0".into(), name: "last".into() };
    let task = stage.task(&artifact, TaskOptions::default()).await;
    let (run, state) = stage.run_to_end(&task, Value::Null).await;
    assert_eq!(state["status"], "execution_successful", "{state}");
    // The log went up through both, and is read through either.
    for http in [one, other] {
        let path = format!("/monitoring/executions/{run}/logs");
        until(SOON, "the line of the log", async || {
            http.get(&path).await.expect(200).text().contains("the same bytes").then_some(())
        })
        .await;
    }
}

/// A start call at one server while the engine waits at the other, then both at once: each run is started once.
#[tokio::test]
async fn each_server_starts_runs_of_an_engine_that_waits_at_any() {
    let mut stage = two(StageOptions { max_flows: Some(4), ..Default::default() }).await;
    let [one, other] = both(&stage);
    let artifact = stage.publish_script("#!/bin/sh\nexit 0\n").await;
    let task = stage.task(&artifact, TaskOptions { parallel: true, ..Default::default() }).await;
    let body = json!({"executable": task});
    let mut runs = Vec::new();
    for _ in 0..6 {
        let calls =
            tokio::join!(one.post("/processing/executions", &body), other.post("/processing/executions", &body));
        runs.extend([calls.0, calls.1].map(|answer| text(&answer.expect(201).json()["executionId"])));
    }
    for run in &runs {
        assert_eq!(stage.wait_final(run, SOON).await["status"], "execution_successful");
        assert_eq!(stage.timeline(run).await["epoch"], 1, "it was offered once");
    }
}

async fn lasting(time: Duration) {
    let mut ticks = tokio::time::interval(time);
    let _ = (ticks.tick().await, ticks.tick().await);
}
