//! Engines and servers that come and go while jobs run.

use nix::sys::signal::Signal;
use stoker_wire::Report;

use super::files::{Home, let_go, offer, pipe};
use super::server::Server;

#[tokio::test]
async fn a_killed_engine_loses_neither_job_nor_exit_code_nor_line() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    let (go, done) = (pipe(&home, "go"), pipe(&home, "done"));
    let script = format!(
        "echo first; seq 1 9000; read x < '{}'; echo second; seq 1 9000; echo done > '{}'; exit 7",
        go.display(),
        done.display()
    );
    server.offer(offer(&server, "run-1", &script));
    server.log_holds("run-1", "9000").await;
    engine.kill();
    // The job goes on and ends without any engine.
    let_go(&go);
    let told = tokio::task::spawn_blocking(move || std::fs::read_to_string(done).unwrap());
    assert_eq!(told.await.unwrap(), "done\n");
    let engine = home.start();
    let end = server.finished("run-1").await;
    assert_eq!((end.outcome.as_str(), end.exit_code), ("failed", Some(7)));
    let lines = server.out("run-1");
    assert_eq!(lines.len(), 18_002);
    assert_eq!((lines[0].as_str(), lines[9_001].as_str()), ("first", "second"));
    engine.stop().await;
    assert!(home.list("data/runs").is_empty());
}

#[tokio::test]
async fn a_polite_stop_leaves_jobs_running_and_the_next_engine_takes_them_over() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    let go = pipe(&home, "go");
    server.offer(offer(&server, "run-1", &format!("echo ready; read x < '{}'; echo went on", go.display())));
    server.log_holds("run-1", "ready").await;
    engine.stop().await;
    let engine = home.start();
    server.wait("a second session", |state| (state.polled == 2).then_some(())).await;
    server.change(|state| state.stops.push(stoker_wire::RunEpoch { run: "unknown".into(), epoch: 1 }));
    let_go(&go);
    assert_eq!(server.finished("run-1").await.outcome, "success");
    assert_eq!(server.out("run-1"), ["ready", "went on"]);
    let starts = server.state().reports.iter().filter(|report| matches!(report, Report::Started { .. })).count();
    assert!(starts >= 1);
    engine.stop().await;
}

#[tokio::test]
async fn lost_answers_are_repaired_and_nothing_runs_twice() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    server.wait("a session", |state| (state.polled == 1).then_some(())).await;
    server.change(|state| state.lose_answers = 2);
    let count = home.path.join("count");
    server.offer(offer(&server, "run-1", &format!("echo once >> '{}'; echo text", count.display())));
    server.finished("run-1").await;
    server.wait("new sessions", |state| (state.sessions >= 3).then_some(())).await;
    while !home.list("data/runs").is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(std::fs::read_to_string(count).unwrap(), "once\n");
    assert_eq!(server.out("run-1"), ["text"]);
    engine.stop().await;
}

#[tokio::test]
async fn a_job_goes_on_while_the_server_is_away() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    let (go, done) = (pipe(&home, "go"), pipe(&home, "done"));
    let script = format!("echo ready; read x < '{}'; seq 1 100000; echo done > '{}'", go.display(), done.display());
    server.offer(offer(&server, "run-1", &script));
    server.log_holds("run-1", "ready").await;
    server.change(|state| state.away = true);
    let_go(&go);
    let told = tokio::task::spawn_blocking(move || std::fs::read_to_string(done).unwrap());
    assert_eq!(told.await.unwrap(), "done\n");
    server.change(|state| state.away = false);
    assert_eq!(server.finished("run-1").await.outcome, "success");
    assert_eq!(server.out("run-1").len(), 100_001);
    engine.stop().await;
}

#[tokio::test]
async fn a_stop_with_jobs_ends_them_and_says_so() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    let never = pipe(&home, "never");
    server.offer(offer(&server, "run-1", &format!("echo ready; read x < '{}'", never.display())));
    server.log_holds("run-1", "ready").await;
    engine.signal(Signal::SIGUSR1);
    assert_eq!(engine.exit_code().await, 0);
    assert_eq!(server.finished("run-1").await.outcome, "terminated_shutdown");
    assert_eq!(server.state().goodbyes, 1);
}

/// The engine dies right after it noted the offer: the job was surely never started, so it may be started now.
#[tokio::test]
async fn a_run_that_was_never_started_starts_after_the_restart_unless_it_was_given_up() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    server.wait("a session", |state| (state.polled == 1).then_some(())).await;
    engine.stop().await;
    let (wanted, stale) = (offer(&server, "wanted", "echo runs now"), offer(&server, "stale", "echo never"));
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let mut journal = format!("{}\n", serde_json::json!({ "is": "boot", "id": boot.trim() }));
    for offer in [&wanted, &stale] {
        journal += &format!("{}\n", serde_json::json!({ "is": "offer", "offer": offer }));
    }
    home.write("data/journal", &journal);
    server.change(|state| {
        state.offers.push(wanted);
        state.stale.push(stoker_wire::RunEpoch { run: "stale".into(), epoch: 1 });
    });
    let engine = home.start();
    assert_eq!(server.finished("wanted").await.outcome, "success");
    assert_eq!(server.out("wanted"), ["runs now"]);
    engine.stop().await;
    assert!(server.state().reports.iter().all(|report| report.run_epoch().run == "wanted"));
    assert!(!home.read("data/log/job-management.log").contains("\"stale\""));
}

/// The time a run may take counts from the start of its job, whoever watches it.
#[tokio::test]
async fn a_run_that_takes_too_long_is_stopped_and_called_so() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    let never = pipe(&home, "never");
    let mut offer = offer(&server, "run-1", &format!("echo ready; read x < '{}'", never.display()));
    offer.timeout_minutes = Some(1);
    server.offer(offer);
    server.log_holds("run-1", "ready").await;
    engine.kill();
    let records = home.read("data/runs/run-1.1/records.jsonl");
    let line = records.lines().find(|line| line.contains("\"job\"")).unwrap();
    let mut earlier: serde_json::Value = serde_json::from_str(line).unwrap();
    earlier["job"]["started_ms"] = (earlier["job"]["started_ms"].as_i64().unwrap() - 61_000).into();
    home.write("data/runs/run-1.1/records.jsonl", &records.replace(line, &earlier.to_string()));
    let engine = home.start();
    let end = server.finished("run-1").await;
    assert_eq!((end.outcome.as_str(), end.error_type.as_deref()), ("terminated_timeout", Some("timeout")));
    engine.stop().await;
}

#[tokio::test]
async fn after_a_reboot_an_unfinished_run_has_failed_and_does_not_start() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    server.wait("a session", |state| (state.polled == 1).then_some(())).await;
    engine.stop().await;
    let offer = offer(&server, "run-1", "echo never");
    let journal = [
        serde_json::json!({ "is": "boot", "id": "another boot" }),
        serde_json::json!({ "is": "offer", "offer": offer }),
    ];
    home.write("data/journal", &journal.map(|line| format!("{line}\n")).concat());
    let engine = home.start();
    let end = server.finished("run-1").await;
    assert_eq!((end.outcome.as_str(), end.error_type.as_deref()), ("failed", Some("engine_host_restarted")));
    assert!(server.out("run-1").is_empty());
    engine.stop().await;
}
