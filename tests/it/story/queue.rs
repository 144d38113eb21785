//! Runs that wait: for an engine, for a slot, for their turn.

use serde_json::{Value, json};

use crate::support::{Backend, SOON, Stage, StageOptions, TaskOptions, text, until};

/// Both members get their share; when one stops, the other takes all; queued runs start in the order they came.
#[tokio::test]
async fn a_cluster_shares_its_runs() {
    let options = StageOptions {
        max_flows: Some(1),
        settings: Some(json!({"engineSilenceSeconds": 6, "pollSeconds": 2, "leaseSeconds": 30})),
        ..Default::default()
    };
    let mut stage = Stage::start(Backend::Sqlite, options).await;
    let second = stage.add_engine().await;
    stage.wait_available(second).await;
    let engines = [stage.engines[0].id.clone(), stage.engines[1].id.clone()];
    let cluster = stage.cluster(&engines).await;
    let artifact = stage.publish("script-true").await;
    let task = stage.task(&artifact, TaskOptions { cluster: Some(cluster.clone()), ..Default::default() }).await;
    // Whose turn it is among members that wait, tests of the API tell; here one may still be busy with its last run.
    let mut served: Vec<String> = Vec::new();
    while engines.iter().any(|engine| served.iter().filter(|one| *one == engine).count() < 3) {
        assert!(served.len() < 40, "both members serve: {served:?}");
        let (run, state) = stage.run_to_end(&task, Value::Null).await;
        assert_eq!(state["status"], "execution_successful", "{state}");
        served.push(text(&stage.timeline(&run).await["engineId"]));
    }
    stage.engines[1].process.stop();
    let path = format!("/processing/runtimes/remote-engines/{}", engines[1]);
    until(SOON, "the stopped member shows as not available", async || {
        let engine = stage.http.get(&path).await.expect(200).json();
        (engine["availability"] != "AVAILABLE").then_some(())
    })
    .await;
    let parallel = TaskOptions { cluster: Some(cluster), parallel: true, ..Default::default() };
    let task = stage.task(&artifact, parallel).await;
    let mut runs = Vec::new();
    for _ in 0..6 {
        runs.push(stage.run(&task, Value::Null).await);
    }
    let mut starts = Vec::new();
    for run in &runs {
        let state = stage.wait_final(run, SOON).await;
        assert_eq!(state["status"], "execution_successful", "{state}");
        let timeline = stage.timeline(run).await;
        assert_eq!(timeline["engineId"], engines[0].as_str(), "the other one takes all");
        let events = timeline["events"].as_array().expect("events");
        starts.push(text(&events.iter().find(|event| event["kind"] == "started").expect("a start")["at"]));
    }
    assert!(starts.is_sorted(), "first come, first served: {starts:?}");
}

/// A run says that it waits for its engine, and starts when that comes.
#[tokio::test]
async fn a_run_waits_for_its_engine_and_says_so() {
    let mut stage = Stage::start(Backend::Sqlite, StageOptions { without_engine: true, ..Default::default() }).await;
    let (id, key) = stage.create_engine().await;
    let artifact = stage.publish("script-true").await;
    let task = stage.task(&artifact, TaskOptions { engine: Some(id), ..Default::default() }).await;
    let run = stage.run(&task, Value::Null).await;
    assert_eq!(stage.status(&run).await["status"], "dispatching");
    let timeline = stage.timeline(&run).await;
    assert!(timeline.to_string().contains("engine_away"), "{timeline:#}");
    let folder = stage.engine_folder().await;
    folder.pair(stage.url(), &key);
    let _engine = stoker_testkit::programs::EngineProcess::start(&folder.path());
    let state = stage.wait_final(&run, SOON).await;
    assert_eq!(state["status"], "execution_successful", "{state}");
}

/// The wait has an end, and the run then tells the reason.
#[tokio::test]
async fn a_run_whose_engine_never_comes_ends_with_the_reason() {
    let options =
        StageOptions { without_engine: true, settings: Some(json!({"deployWaitSeconds": 1})), ..Default::default() };
    let mut stage = Stage::start(Backend::Sqlite, options).await;
    let (id, _) = stage.create_engine().await;
    let artifact = stage.publish("script-true").await;
    let task = stage.task(&artifact, TaskOptions { engine: Some(id), ..Default::default() }).await;
    let (run, state) = stage.run_to_end(&task, Value::Null).await;
    assert_eq!(state["status"], "deploy_failed", "{state}");
    let shown = format!("{state} {}", stage.timeline(&run).await);
    assert!(shown.contains("REMOTE_ENGINE_UNAVAILABLE"), "{shown}");
    assert!(state["errorMessage"].as_str().is_some_and(|message| message.contains("engine")), "{state:#}");
}
