//! The engine dies at each of its named places.

use super::checks::all_ended_once;
use super::stage::{Options, Stage, Start, Wanted, eventually};

/// Those of a paired engine that has its artifact.
const PLACES: [&str; 9] = [
    "engine.offer-journaled",
    "engine.starting-marked",
    "engine.shim-started",
    "engine.started-reported",
    "engine.exit-seen",
    "engine.finish-before-ack",
    "engine.finish-after-ack",
    "engine.forgotten",
    "engine.artifact-downloaded",
];

fn six() -> Vec<Wanted> {
    (0..6).map(|number| Wanted { code: if number == 4 { 7 } else { 0 }, ..Wanted::default() }).collect()
}

#[tokio::test]
async fn an_engine_that_dies_anywhere_loses_and_doubles_no_run() {
    let mut stage = Stage::set(Options::default()).await;
    let mut starts: Vec<Start> = Vec::new();
    for place in PLACES {
        println!("dying at {place}");
        stage.engine.stop();
        if place == "engine.artifact-downloaded" {
            // So that it is fetched again.
            std::fs::remove_dir_all(stage.home.join("data/artifacts")).expect("empty the cache");
        }
        stage.arm_engine(place);
        stage.engine.restart();
        stage.available().await;
        starts.extend(stage.burst(&six()).await);
        stage.engine_dead(place).await;
        starts.push(stage.start(Wanted::default()).await);
        stage.engine.restart();
        starts.push(stage.start(Wanted { code: 3, ..Wanted::default() }).await);
        assert!(starts.iter().all(|start| start.id.is_some()), "{starts:?}");
        all_ended_once(&stage, &starts).await;
    }
    nothing_left(&stage).await;
}

#[tokio::test]
async fn an_engine_that_dies_while_it_is_paired_is_paired_after_all() {
    for place in ["engine.pair-key-saved", "engine.paired-before-save"] {
        println!("dying at {place}");
        let options = Options { crash_at: Some(place), ..Options::default() };
        let mut stage = Stage::set_unpaired(options).await;
        stage.engine_dead(place).await;
        stage.engine.restart();
        stage.available().await;
        let starts = stage.burst(&six()).await;
        all_ended_once(&stage, &starts).await;
    }
}

#[tokio::test]
async fn long_jobs_outlive_their_engine_and_their_exit_codes_too() {
    let mut stage = Stage::set(Options::default()).await;
    let long = Wanted { seconds: 6, code: 9, lines: 3 };
    let short = Wanted { seconds: 2, code: 5, lines: 3 };
    let starts = stage.burst(&[long, short]).await;
    running(&starts).await;
    stage.engine.kill9();
    // The short one ends while nobody watches.
    eventually(20, "the short job to end", async || {
        std::fs::read_to_string(&starts[1].file).ok().filter(|told| told.ends_with("end\n"))
    })
    .await;
    stage.engine.restart();
    all_ended_once(&stage, &starts).await;
    nothing_left(&stage).await;
}

/// Waits until all jobs have begun.
pub(super) async fn running(starts: &[Start]) {
    for start in starts {
        assert!(start.id.is_some(), "{start:?}");
        eventually(30, "a job to begin", async || std::fs::metadata(&start.file).ok()).await;
    }
}

/// No run folder stays behind.
pub(super) async fn nothing_left(stage: &Stage) {
    let runs = stage.home.join("data/runs");
    eventually(20, "the run folders to be removed", async || {
        let left = std::fs::read_dir(&runs).map(Iterator::count).unwrap_or_default();
        (left == 0).then_some(())
    })
    .await;
}
