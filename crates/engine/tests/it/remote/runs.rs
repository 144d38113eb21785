//! Runs from offer to end.

use stoker_wire::chunk::Stream;
use stoker_wire::{Parameter, Report, RunEpoch};

use super::files::{Home, Running, let_go, offer, offer_zip, pipe, seal};
use super::server::Server;

async fn engine() -> (Server, Home, Running) {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    server.wait("a session", |state| (state.polled == 1).then_some(())).await;
    (server, home, engine)
}

fn key(run: &str) -> RunEpoch {
    RunEpoch { run: run.into(), epoch: 1 }
}

#[tokio::test]
async fn a_short_run_comes_as_start_log_and_end_in_few_requests() {
    let (server, home, engine) = engine().await;
    server.offer(offer(&server, "run-1", "echo 'hällo'; printf 'no end'; echo oops >&2"));
    let end = server.finished("run-1").await;
    assert_eq!((end.outcome.as_str(), end.exit_code, end.error_message), ("success", Some(0), None));
    assert!(end.started_ms.is_some_and(|started| started <= end.ended_ms));
    assert_eq!(server.out("run-1"), ["hällo", "no end"]);
    assert!(server.log("run-1").contains(&(Stream::Err, "oops".to_owned())));
    {
        let state = server.state();
        assert!(matches!(state.reports[0], Report::Started { .. }), "the start comes first");
        assert!(state.report_requests <= 3, "{} requests", state.report_requests);
    }
    engine.stop().await;
    assert!(home.list("data/runs").is_empty(), "nothing is left of the run");
    let management = home.read("data/log/job-management.log");
    for phase in ["EXECUTION_EVENT_RECEIVED", "STARTING_FLOW_EXECUTION", "EXECUTION_SUCCESS"] {
        assert_eq!(management.matches(phase).count(), 1, "{management}");
    }
}

#[tokio::test]
async fn secrets_reach_the_job_by_file_and_the_log_as_stars() {
    let (server, home, engine) = engine().await;
    let script = "cat \"$STOKER_CONTEXT_FILE\"; ls -l \"$STOKER_CONTEXT_FILE\" | cut -c1-10; echo args: \"$@\"; env; \
                  echo \"failed for p*ss[word]x\" >&2; exit 4";
    let mut offer = offer(&server, "run-1", script);
    offer.parameters = vec![Parameter { name: "plain".into(), value: "seen".into() }];
    seal(&server, &mut offer, &[("password", "p*ss[word]x"), ("note", "line one\nline two")]);
    server.offer(offer);
    let end = server.finished("run-1").await;
    assert_eq!(end.error_message.as_deref(), Some("exit code 4: failed for ******"));
    assert_eq!((end.outcome.as_str(), end.error_type.as_deref()), ("failed", Some("exit_code")));
    let log = server.log("run-1").into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n");
    assert!(log.contains("plain=seen") && log.contains("password=******"), "{log}");
    assert!(log.contains("-rw-------"), "{log}");
    assert!(!log.contains("p*ss[word]x") && !log.contains("line one") && !log.contains("must not be seen"), "{log}");
    assert!(log.contains("LC_ALL=C.UTF-8") && log.contains("TMPDIR="), "{log}");
    engine.stop().await;
    for file in ["data/log/remote-engine.log", "data/log/job-management.log", "data/journal"] {
        assert!(!home.read(file).contains("p*ss[word]x"), "{file}");
    }
}

#[tokio::test]
async fn one_artifact_is_fetched_once_for_many_runs_and_slots_limit_them() {
    let (server, home, engine) = engine().await;
    let (ready, go) = (pipe(&home, "ready"), pipe(&home, "go"));
    let script = format!("echo ready; read x < '{}'", go.display());
    for number in 0..5 {
        server.offer(offer(&server, &format!("run-{number}"), &script));
    }
    let started = |state: &super::server::State| {
        state.reports.iter().filter(|report| matches!(report, Report::Started { .. })).count()
    };
    server.wait("three starts", |state| (started(state) == 3).then_some(())).await;
    // What the engine tells about itself may be a second old.
    let shows = |(code, text): (i32, String)| {
        code == 0 && text.matches("running for").count() == 3 && text.matches("waiting for").count() == 2
    };
    while !shows(home.script("status", &[])) {
        tokio::task::yield_now().await;
    }
    drop(ready);
    for number in 1..=5 {
        let_go(&go);
        server
            .wait("another end", |state| {
                let ended = state.reports.iter().filter(|report| matches!(report, Report::Finished { .. })).count();
                (ended >= number).then_some(())
            })
            .await;
    }
    assert_eq!(server.state().downloads, 1);
    engine.stop().await;
}

#[tokio::test]
async fn a_stop_ends_running_and_waiting_runs() {
    let (server, home, engine) = engine().await;
    let never = pipe(&home, "never");
    let script =
        format!("trap 'echo stopping; exit 0' TERM; echo ready; while :; do read x < '{}'; done", never.display());
    for number in 0..4 {
        server.offer(offer(&server, &format!("run-{number}"), &script));
    }
    server
        .wait("three starts", |state| {
            (state.reports.iter().filter(|report| matches!(report, Report::Started { .. })).count() == 3).then_some(())
        })
        .await;
    server.change(|state| state.stops.extend((0..4).map(|number| key(&format!("run-{number}")))));
    let mut never_started = 0;
    for number in 0..4 {
        let end = server.finished(&format!("run-{number}")).await;
        assert_eq!(end.outcome, "terminated");
        never_started += usize::from(end.started_ms.is_none());
    }
    assert_eq!(never_started, 1);
    engine.stop().await;
}

#[tokio::test]
async fn a_stale_run_is_killed_and_never_heard_of_again() {
    let (server, home, engine) = engine().await;
    let never = pipe(&home, "never");
    server.offer(offer(&server, "run-1", &format!("echo ready; read x < '{}'", never.display())));
    server.log_holds("run-1", "ready").await;
    server.change(|state| {
        state.stale.push(key("run-1"));
        state.offers.clear();
        // Any new session tells the engine.
        state.lose_answers = 1;
    });
    server.offer(offer(&server, "run-2", "echo other"));
    server.finished("run-2").await;
    while !home.list("data/runs").is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(
        !server.state().reports.iter().any(|report| matches!(report, Report::Finished { run, .. } if run == "run-1"))
    );
    engine.stop().await;
}

#[tokio::test]
async fn what_cannot_be_started_fails_to_deploy_with_the_cure() {
    let (server, _home, engine) = engine().await;
    server.offer(offer_zip(&server, "run-1", b"no zip at all".to_vec()));
    let end = server.finished("run-1").await;
    assert_eq!((end.outcome.as_str(), end.error_type.as_deref()), ("deploy_failed", Some("artifact_broken")));
    assert!(end.error_message.unwrap().contains("not a complete zip file"));

    let mut absent = offer(&server, "run-2", "true");
    absent.artifact_sha256 = "0".repeat(64);
    server.offer(absent);
    let end = server.finished("run-2").await;
    assert_eq!((end.outcome.as_str(), end.error_type.as_deref()), ("deploy_failed", Some("artifact_unavailable")));

    let mut wrong = offer(&server, "run-3", "echo three");
    wrong.artifact_sha256 = "1".repeat(64);
    let zip = super::files::zip_of("echo three");
    server.change(|state| {
        state.artifacts.insert("1".repeat(64), zip);
    });
    server.offer(wrong);
    let end = server.finished("run-3").await;
    assert_eq!((end.outcome.as_str(), end.error_type.as_deref()), ("deploy_failed", Some("artifact_broken")));

    let mut sealed = offer(&server, "run-4", "true");
    sealed.sealed_parameters = Some("AAAA".into());
    server.offer(sealed);
    assert_eq!(server.finished("run-4").await.error_type.as_deref(), Some("secrets_unreadable"));
    engine.stop().await;
}

#[tokio::test]
async fn a_large_log_arrives_whole_with_bounded_memory() {
    let (server, _home, engine) = engine().await;
    server.offer(offer(
        &server,
        "run-1",
        "i=0; while [ $i -lt 20000 ]; do echo \"line $i of a large output\"; i=$((i+1)); done; seq 1 2000000",
    ));
    assert_eq!(server.finished("run-1").await.outcome, "success");
    let status = std::fs::read_to_string(format!("/proc/{}/status", engine.id())).unwrap();
    let lines = server.out("run-1");
    assert_eq!(lines.len(), 2_020_000);
    assert_eq!(lines[19_999], "line 19999 of a large output");
    assert_eq!((lines[20_000].as_str(), lines[2_019_999].as_str()), ("1", "2000000"));
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim().trim_end_matches(" kB");
    assert!(peak.parse::<u64>().unwrap() < 100_000, "{peak} kB at most");
    engine.stop().await;
}

#[tokio::test]
async fn a_java_job_runs() {
    let zip = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fixtures/HelloWorld_0.1.zip");
    let Ok(zip) = std::fs::read(zip) else { return };
    if std::process::Command::new("java").arg("-version").output().is_err() {
        return;
    }
    let (server, _home, engine) = engine().await;
    let mut offer = offer_zip(&server, "run-1", zip);
    offer.context = Some("QA".into());
    offer.parameters = vec![Parameter { name: "greeting".into(), value: "näh = 日本 \\ 😀".into() }];
    seal(&server, &mut offer, &[("secretWord", "s3cr3")]);
    server.offer(offer);
    let end = server.finished("run-1").await;
    let log = server.out("run-1").join("\n");
    assert_eq!(end.outcome, "success", "{log}");
    assert!(log.contains("1|näh = 日本 \\ 😀") && log.contains("context: QA"), "{log}");
    assert!(log.contains("secret word: 5 characters"), "{log}");
    engine.stop().await;
}
