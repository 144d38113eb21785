//! Deaths of engine, host and shim while jobs run.

use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use stoker_engine::process::{Adopted, CrashPoint, LostReason, Outcome, ShimHandle};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use super::support::*;

const STAND_IN: &str = "process::survives::engine_stand_in";
const STAND_IN_RUN: &str = "STOKER_TEST_RUN_DIR";

/// Not a test: another process that plays the engine and is killed by the real test.
#[tokio::test]
#[ignore = "a helper of killed_engine_loses_nothing"]
async fn engine_stand_in() {
    let Some(run_dir) = std::env::var_os(STAND_IN_RUN) else { return };
    // A descriptor that some library forgot to close on exec: the host inherits it.
    let _leaked = nix::unistd::dup(std::io::stdout()).unwrap();
    let host = host();
    let _handle = host.spawn(run_dir.as_ref()).await.unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn killed_engine_loses_nothing() {
    let job = Run::script("echo x > ready; read x < go; echo went on; exit 4");
    let (mut ears, go) = (job.ears(), job.pipe("go"));
    let mut engine = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", STAND_IN, "--ignored", "--nocapture"])
        .env(STAND_IN_RUN, &job.dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    within(ears.line()).await;
    engine.kill().unwrap();
    engine.wait().unwrap();
    // The pipes end when their last holder does: the host dies with the engine, and neither shim nor job has them.
    let pipes = [OwnedFd::from(engine.stdout.take().unwrap()), OwnedFd::from(engine.stderr.take().unwrap())];
    for pipe in pipes {
        let mut receiver = pipe::Receiver::from_owned_fd(pipe).unwrap();
        within(receiver.read_to_end(&mut Vec::new())).await.unwrap();
    }

    let Adopted::Running(handle) = within(ShimHandle::adopt(&job.dir)).await.unwrap() else { panic!("not running") };
    assert!(runs(handle.pid()));
    let_go(&go);
    assert_eq!(exited(&handle).await.code, Some(4));
    assert_eq!(job.read("stdout"), "went on\n");
    let again = within(ShimHandle::adopt(&job.dir)).await.unwrap();
    assert!(matches!(again, Adopted::Exited(exit) if exit.code == Some(4)));
}

#[tokio::test]
async fn adopted_shim_can_be_stopped() {
    let job = Run::script("trap 'exit 8' TERM; sleep 1000 & echo x > ready; wait");
    let mut ears = job.ears();
    let first = host();
    let handle = within(first.spawn(&job.dir)).await.unwrap();
    within(ears.line()).await;
    drop((handle, first));
    let Adopted::Running(handle) = within(ShimHandle::adopt(&job.dir)).await.unwrap() else { panic!("not running") };
    assert!(handle.stop().unwrap());
    let exit = exited(&handle).await;
    assert_eq!((exit.code, exit.stop_requested), (Some(8), true));
}

#[tokio::test]
async fn killed_shim_takes_the_whole_job_along() {
    let job = Run::script(
        "sleep 1000 & echo $! > ready
         setsid sh -c 'echo $$ > ready; exec sleep 1000' &
         echo $$ > ready; read x < go",
    );
    let (mut ears, _go) = (job.ears(), job.pipe("go"));
    let host = host();
    let handle = within(host.spawn(&job.dir)).await.unwrap();
    let mut pids = Vec::new();
    for _ in 0..3 {
        pids.push(within(ears.pid()).await);
    }
    kill_hard(handle.pid());
    let Outcome::Lost(lost) = within(handle.wait()).await.unwrap() else { panic!("not lost") };
    assert_eq!(lost.reason, LostReason::Killed);
    assert!(lost.killed >= 2, "{lost:?}");
    assert!(pids.iter().all(|pid| !runs(*pid)), "{pids:?}");
    let Adopted::Gone(lost) = within(ShimHandle::adopt(&job.dir)).await.unwrap() else { panic!("not gone") };
    assert_eq!((lost.reason, lost.killed), (LostReason::Killed, 0));
}

#[tokio::test]
async fn killed_host_is_replaced_and_its_shims_go_on() {
    let host = host();
    let old = Run::script("echo x > ready; read x < go; exit 6");
    let (mut ears, go) = (old.ears(), old.pipe("go"));
    let handle = within(host.spawn(&old.dir)).await.unwrap();
    within(ears.line()).await;
    kill_hard(process(handle.pid()).unwrap().1);
    assert_eq!(run(&host, &Run::script("exit 2")).await.code, Some(2));
    let_go(&go);
    assert_eq!(exited(&handle).await.code, Some(6));
}

#[cfg(debug_assertions)]
#[tokio::test]
async fn shim_may_crash_anywhere() {
    let host = host();
    let lost = Err;
    let cases = [
        (CrashPoint::BeforeShimRecord, lost(LostReason::EndedBeforeStart), false),
        (CrashPoint::AfterShimRecord, lost(LostReason::Killed), false),
        (CrashPoint::AfterJobStart, lost(LostReason::Killed), true),
        (CrashPoint::BeforeExitRecord, lost(LostReason::Killed), true),
        // Written in full, so it counts.
        (CrashPoint::AfterExitRecord, Ok(Some(4)), true),
    ];
    for (point, expected, may_have_run) in cases {
        let mut recipe = shell("echo ran; exit 4");
        recipe.crash_at = Some(point);
        let job = Run::with(recipe);
        let handle = within(host.spawn(&job.dir)).await.unwrap();
        let outcome = match within(handle.wait()).await.unwrap() {
            Outcome::Exited(exit) => Ok(exit.code),
            Outcome::Lost(lost) => Err(lost.reason),
        };
        assert_eq!(outcome, expected, "{point:?}");
        assert_eq!(job.dir.join("stdout").exists(), may_have_run, "{point:?}");
    }
}

#[tokio::test]
async fn exit_record_is_tried_again_until_it_can_be_written() {
    // What a full disk would do for a while: the job takes the records away, and where they are made anew a pipe lies in
    // the way, which cannot be forced to disk.
    let job = Run::script("rm records.jsonl; mkfifo records.jsonl.tmp; echo x > ready; exit 4");
    let mut ears = job.ears();
    let handle = within(host().spawn(&job.dir)).await.unwrap();
    within(ears.line()).await;
    let obstacle = job.dir.join("records.jsonl.tmp");
    let in_the_way = obstacle.clone();
    // Opening meets the shim's first attempt; kept open so that no further one can block.
    let first = within(tokio::task::spawn_blocking(move || std::fs::File::open(in_the_way))).await.unwrap().unwrap();
    assert!(!job.dir.join("records.jsonl").exists());
    std::fs::remove_file(obstacle).unwrap();
    assert_eq!(exited(&handle).await.code, Some(4));
    drop(first);
}
