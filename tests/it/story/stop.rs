//! Stopping runs.

use serde_json::{Value, json};

use super::cases::{all_gone, pids};
use crate::support::{Backend, SOON, Stage, StageOptions, TaskOptions, text};

/// A polite job says its last words, a deaf one is killed, nothing of either stays; also what left its session.
#[tokio::test]
async fn stopped_runs_end_as_terminated_and_leave_no_process() {
    let mut stage = Stage::start(Backend::Sqlite, StageOptions { max_flows: Some(6), ..Default::default() }).await;
    let mut runs = Vec::new();
    for (archive, ready) in [
        ("SleepTrap", "sleeping for"),
        ("IgnoreTerm", "sleeping for"),
        ("Grandchildren", "all grandchildren started"),
        ("script-sleep", "sleeping for"),
    ] {
        let artifact = stage.publish(archive).await;
        let task = stage.task(&artifact, TaskOptions::default()).await;
        runs.push((archive, stage.run(&task, Value::Null).await, ready));
    }
    for (_, run, ready) in &runs {
        let _ = stage.wait_log(run, ready).await;
        assert_eq!(stage.status(run).await["status"], "executing");
        stage.stop_run(run).await;
    }
    for (archive, run, _) in &runs {
        let state = stage.wait_final(run, SOON).await;
        assert_eq!(state["status"], "terminated", "{archive}: {state}");
        let log = stage.log(run).await;
        match *archive {
            "IgnoreTerm" => assert!(log.contains("ignoring the signal TERM"), "{log}"),
            "Grandchildren" => {
                assert_eq!(pids(&log).len(), 3, "{log}");
                all_gone(&pids(&log)).await;
            }
            _ => assert!(log.contains("stopping politely"), "{archive}: {log}"),
        }
        assert!(!log.contains("slept enough"), "{archive}: {log}");
        // Stopping again is harmless.
        stage.stop_run(run).await;
        assert_eq!(stage.status(run).await["status"], "terminated");
    }
}

/// A run that still waits is stopped at once and never starts.
#[tokio::test]
async fn a_waiting_run_can_be_stopped() {
    let mut stage = Stage::start(Backend::Sqlite, StageOptions { max_flows: Some(1), ..Default::default() }).await;
    let artifact = stage.publish("script-sleep").await;
    let first = stage.task(&artifact, TaskOptions::default()).await;
    let second = stage.task(&artifact, TaskOptions::default()).await;
    let running = stage.run(&first, Value::Null).await;
    let _ = stage.wait_log(&running, "sleeping for").await;
    let waiting = stage.run(&second, Value::Null).await;
    assert_eq!(stage.status(&waiting).await["status"], "dispatching");
    let timeline = stage.timeline(&waiting).await;
    assert!(timeline.to_string().contains("no_slot"), "{timeline:#}");
    stage.stop_run(&waiting).await;
    let state = stage.wait_final(&waiting, SOON).await;
    assert_eq!(state["status"], "terminated", "{state}");
    assert!(!stage.timeline(&waiting).await.to_string().contains("\"started\""), "it never started");
    stage.stop_run(&running).await;
    let _ = stage.wait_final(&running, SOON).await;
}

/// Without parallel runs a second start of a busy task does not run; with them it does.
#[tokio::test]
async fn a_second_run_of_a_busy_task_needs_permission() {
    let mut stage = Stage::start(Backend::Sqlite, StageOptions::default()).await;
    let artifact = stage.publish("script-sleep").await;
    let alone = stage.task(&artifact, TaskOptions::default()).await;
    let both = stage.task(&artifact, TaskOptions { parallel: true, ..Default::default() }).await;
    let mut running = vec![stage.run(&alone, Value::Null).await];
    let _ = stage.wait_log(&running[0], "sleeping for").await;
    let body = json!({"executable": alone});
    let refused = stage.http.post("/processing/executions", &body).await;
    match refused.status {
        // Either the call is refused or the run ends without a start: never two at once.
        201 => {
            let state = stage.wait_final(&text(&refused.json()["executionId"]), SOON).await;
            assert_ne!(state["status"], "execution_successful", "{state}");
        }
        status => assert!((400..500).contains(&status), "{status} {}", refused.text()),
    }
    for _ in 0..2 {
        running.push(stage.run(&both, Value::Null).await);
    }
    for run in &running {
        let _ = stage.wait_log(run, "sleeping for").await;
        stage.stop_run(run).await;
    }
    for run in &running {
        assert_eq!(stage.wait_final(run, SOON).await["status"], "terminated");
    }
}
