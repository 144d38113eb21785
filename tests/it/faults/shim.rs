//! The process that owns a job is killed: nobody can know the job's exit code any more, and it must not go on alone.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stoker_testkit::fixtures;

use super::checks::{all_ended_once, fail, legal};
use super::engine_dies::nothing_left;
use super::stage::{Options, Stage, Wanted, eventually};

#[tokio::test]
async fn a_run_whose_shim_is_killed_fails_clearly_and_its_job_is_gone() {
    let stage = Stage::set(Options::default()).await;
    let start = stage.start(Wanted { seconds: 300, ..Wanted::default() }).await;
    lose_shim(&stage, start.id.as_deref().expect("a run")).await;
    let next = stage.burst(&[Wanted::default(), Wanted { code: 2, ..Wanted::default() }]).await;
    all_ended_once(&stage, &next).await;
    nothing_left(&stage).await;
}

#[tokio::test]
async fn the_same_with_a_java_job() {
    let stage = Stage::set(Options::default()).await;
    let archive = fs::read(fixtures::archive("SleepTrap_0.1.zip")).expect("the archive");
    let task = stage.task_of("SleepTrap", &archive).await;
    let start = stage.start_task(&task, Wanted { seconds: 300, ..Wanted::default() }).await;
    lose_shim(&stage, start.id.as_deref().expect("a run")).await;
    let next = stage.burst(&[Wanted::default()]).await;
    all_ended_once(&stage, &next).await;
}

async fn lose_shim(stage: &Stage, id: &str) {
    let folder = stage.home.join("data/runs").join(format!("{id}.1"));
    let path = folder.join("records.jsonl");
    let pid = async |of: &str| {
        let what = format!("the {of} in {} ({})", path.display(), stage.engine.log());
        eventually(30, &what, async || {
            let records = fs::read_to_string(&path).ok()?;
            let mut lines = records.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            i32::try_from(lines.find_map(|line| line[of]["pid"].as_i64())?).ok()
        })
        .await
    };
    let (shim, job) = (pid("shim").await, pid("job").await);
    eventually(30, "the run to be executing", async || {
        (stage.timeline(id).await["status"] == "executing").then_some(())
    })
    .await;
    kill(Pid::from_raw(shim), Signal::SIGKILL).expect("kill the shim");
    eventually(30, "the run to end", async || (stage.timeline(id).await["status"] == "execution_failed").then_some(()))
        .await;
    let timeline = stage.timeline(id).await;
    if let Err(problem) = legal(&timeline) {
        fail(stage, id, &problem).await;
    }
    let message =
        timeline["events"].as_array().and_then(|all| all.last()?["detail"]["message"].as_str().map(str::to_owned));
    if !message.as_ref().is_some_and(|message| message.contains("outcome is not known")) {
        fail(stage, id, &format!("its message is {message:?}")).await;
    }
    eventually(20, "the job's process group to be gone", async || {
        kill(Pid::from_raw(-job), None).is_err().then_some(())
    })
    .await;
}
