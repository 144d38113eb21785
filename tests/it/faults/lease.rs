//! An engine that is silent for longer than its lease.

use nix::sys::signal::Signal;
use serde_json::json;

use super::checks::{all_ended_once, fail};
use super::engine_dies::running;
use super::server::Setup;
use super::stage::{Options, Stage, Wanted, eventually};

fn settings(lost_run_seconds: u64) -> Setup {
    let settings = json!({ "leaseSeconds": 3, "pollSeconds": 1, "engineSilenceSeconds": 3,
        "lostRunSeconds": lost_run_seconds });
    Setup { settings: Some(settings), ..Setup::default() }
}

#[tokio::test]
async fn a_frozen_engine_makes_its_runs_unknown_and_a_thawed_one_known_again() {
    let stage = Stage::set(Options { server: settings(600), ..Options::default() }).await;
    let starts = stage.burst(&[Wanted { seconds: 2, code: 6, ..Wanted::default() }]).await;
    running(&starts).await;
    let id = starts[0].id.clone().expect("a run");
    eventually(20, "the run to be executing", async || {
        (stage.timeline(&id).await["status"] == "executing").then_some(())
    })
    .await;
    stage.engine.signal(Signal::SIGSTOP);
    eventually(20, "the run to be unknown", async || {
        let timeline = stage.timeline(&id).await;
        (timeline["unknownSince"].is_string() && timeline["status"] == "executing").then_some(())
    })
    .await;
    stage.engine.signal(Signal::SIGCONT);
    all_ended_once(&stage, &starts).await;
    let events = stage.timeline(&id).await["events"].to_string();
    if !events.contains("known_again") {
        fail(&stage, &id, "it was never known again").await;
    }
}

#[tokio::test]
async fn a_run_that_is_unknown_for_too_long_is_given_up_and_its_job_is_ended_when_the_engine_is_back() {
    let stage = Stage::set(Options { server: settings(2), ..Options::default() }).await;
    let starts = stage.burst(&[Wanted { seconds: 300, ..Wanted::default() }]).await;
    running(&starts).await;
    let id = starts[0].id.clone().expect("a run");
    stage.engine.signal(Signal::SIGSTOP);
    eventually(30, "the run to be given up", async || {
        (stage.timeline(&id).await["status"] == "execution_failed").then_some(())
    })
    .await;
    stage.engine.signal(Signal::SIGCONT);
    super::engine_dies::nothing_left(&stage).await;
    let timeline = stage.timeline(&id).await;
    if timeline["status"] != "execution_failed" || !timeline.to_string().contains("not heard of for too long") {
        fail(&stage, &id, "it does not say why it was given up").await;
    }
    let after = stage.burst(&[Wanted::default()]).await;
    all_ended_once(&stage, &after).await;
}

#[tokio::test]
async fn an_idle_engine_with_a_short_lease_never_makes_a_run_unknown() {
    let stage = Stage::set(Options { server: settings(600), ..Options::default() }).await;
    let starts = stage.burst(&[Wanted { seconds: 8, ..Wanted::default() }]).await;
    all_ended_once(&stage, &starts).await;
    let timeline = stage.timeline(starts[0].id.as_deref().expect("a run")).await;
    assert!(!timeline.to_string().contains("\"unknown\""), "a healthy engine's run was unknown: {timeline:#}");
}
