//! How jobs end: by themselves, stopped, killed, and with what they leave behind.

use std::time::{Duration, Instant};

use super::support::*;

#[tokio::test]
async fn exit_codes_are_kept() {
    let host = host();
    for code in [0, 1, 4, 143, 255] {
        let exit = run(&host, &Run::script(&format!("exit {code}"))).await;
        assert_eq!((exit.code, exit.signal, exit.leftovers, exit.killed), (Some(code), None, 0, false));
        assert!(exit.error.is_none() && !exit.stop_requested);
    }
}

#[tokio::test]
async fn deadly_signals_are_kept_even_nameless_ones() {
    let host = host();
    for signal in [11, 15, 40] {
        let exit = run(&host, &Run::script(&format!("kill -{signal} $$"))).await;
        assert_eq!((exit.code, exit.signal), (None, Some(signal)));
        assert!(!exit.stop_requested && !exit.killed);
    }
}

#[tokio::test]
async fn stop_lets_a_job_clean_up() {
    let job = Run::script("trap 'echo cleaned; exit 7' TERM; sleep 1000 & echo x > ready; wait");
    let mut ears = job.ears();
    let handle = within(host().spawn(&job.dir)).await.unwrap();
    within(ears.line()).await;
    assert!(handle.stop().unwrap());
    handle.stop().unwrap();
    let exit = exited(&handle).await;
    assert_eq!((exit.code, exit.stop_requested, exit.killed), (Some(7), true, false));
    assert_eq!(job.read("stdout"), "cleaned\n");
    assert!(!handle.stop().unwrap(), "nothing left to stop");
    assert!(!handle.kill_now().unwrap(), "nothing left to kill");
}

#[tokio::test]
async fn stop_kills_after_the_grace_what_does_not_listen() {
    let mut recipe = shell("trap '' TERM; echo x > ready; sleep 1000");
    recipe.grace_ms = 150;
    let job = Run::with(recipe);
    let mut ears = job.ears();
    let handle = within(host().spawn(&job.dir)).await.unwrap();
    within(ears.line()).await;
    let asked = Instant::now();
    handle.stop().unwrap();
    let exit = exited(&handle).await;
    assert!(asked.elapsed() >= Duration::from_millis(150));
    assert_eq!((exit.code, exit.signal, exit.stop_requested, exit.killed), (None, Some(9), true, true));
}

#[tokio::test]
async fn halted_job_hears_the_stop() {
    let job = Run::script("trap 'exit 7' TERM; (kill -STOP $$; echo x > ready) & wait");
    let mut ears = job.ears();
    let handle = within(host().spawn(&job.dir)).await.unwrap();
    within(ears.line()).await;
    handle.stop().unwrap();
    let exit = exited(&handle).await;
    assert_eq!((exit.code, exit.killed), (Some(7), false));
}

#[tokio::test]
async fn kill_does_not_wait_for_any_grace() {
    let mut recipe =
        shell("trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > ready; exec sleep 1000' & sleep 1000");
    recipe.grace_ms = 1_000_000;
    let job = Run::with(recipe);
    let mut ears = job.ears();
    let handle = within(host().spawn(&job.dir)).await.unwrap();
    let escaped = within(ears.pid()).await;
    handle.stop().unwrap();
    handle.kill_now().unwrap();
    let exit = exited(&handle).await;
    assert_eq!((exit.signal, exit.stop_requested, exit.killed), (Some(9), true, true));
    assert!(!runs(escaped));
}

#[tokio::test]
async fn stop_before_the_job_runs_is_not_forgotten() {
    let host = host();
    for _ in 0..20 {
        let job = Run::script("exec sleep 1000");
        let handle = within(host.spawn(&job.dir)).await.unwrap();
        handle.stop().unwrap();
        let exit = exited(&handle).await;
        assert_eq!((exit.signal, exit.stop_requested), (Some(15), true));
    }
}

#[tokio::test]
async fn nothing_a_job_left_behind_survives_it() {
    let mut recipe = shell(
        "sleep 1000 & echo $! > ready
         setsid sh -c 'trap \"\" TERM; echo $$ > ready; exec sleep 1000' &
         (setsid sh -c 'sleep 1000 & echo $! > ready; echo $$ > ready; wait' &)
         read x < go; exit 3",
    );
    recipe.leftover_grace_ms = 100;
    let job = Run::with(recipe);
    let (mut ears, go) = (job.ears(), job.pipe("go"));
    let handle = within(host().spawn(&job.dir)).await.unwrap();
    let mut pids = Vec::new();
    for _ in 0..4 {
        pids.push(within(ears.pid()).await);
    }
    assert!(pids.iter().all(|pid| runs(*pid)), "{pids:?}");
    let sessions: Vec<i32> = pids.iter().map(|pid| process(*pid).unwrap().2).collect();
    assert!(sessions.iter().any(|session| *session != handle.pid()), "none left the session");
    let_go(&go);
    let exit = exited(&handle).await;
    assert_eq!((exit.code, exit.leftovers, exit.survivors, exit.killed), (Some(3), 4, 0, false));
    let left: Vec<_> = pids.iter().filter_map(|pid| process(*pid)).collect();
    assert!(left.is_empty(), "not even zombies: {left:?}");
}

#[tokio::test]
async fn processes_handed_over_while_the_job_runs_do_not_end_it() {
    // The first to end is an orphan of the job, not the job.
    let job = Run::script("(setsid sh -c 'exit 9' &); (sh -c 'kill -9 $$' &); read x < go; exit 5");
    let go = job.pipe("go");
    let handle = within(host().spawn(&job.dir)).await.unwrap();
    let_go(&go);
    assert_eq!(exited(&handle).await.code, Some(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_jobs_at_once_all_report() {
    let host = host();
    let mut jobs = Vec::new();
    for number in 0..200 {
        let host = host.clone();
        jobs.push(tokio::spawn(async move {
            let job = Run::script(&format!("echo {number}; exit {number}"));
            let exit = run(&host, &job).await;
            (number, exit.code, job.read("stdout"))
        }));
    }
    for job in jobs {
        let (number, code, said) = within(job).await.unwrap();
        assert_eq!((code, said), (Some(number), format!("{number}\n")));
    }
    // A last job, because the host reaps before it serves.
    let job = Run::script("echo x > ready; read x < go");
    let (mut ears, go) = (job.ears(), job.pipe("go"));
    let handle = within(host.spawn(&job.dir)).await.unwrap();
    within(ears.line()).await;
    let own_host = process(handle.pid()).unwrap().1;
    let children = std::fs::read_to_string(format!("/proc/{own_host}/task/{own_host}/children")).unwrap();
    assert_eq!(children.trim(), handle.pid().to_string(), "zombies under the host");
    let_go(&go);
    exited(&handle).await;
}
