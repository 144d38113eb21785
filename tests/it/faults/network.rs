//! The line between engine and server is cut, slow, or loses answers.

use std::time::Duration;

use super::checks::all_ended_once;
use super::engine_dies::running;
use super::proxy::Proxy;
use super::server::Setup;
use super::stage::{Options, Stage, Start, Wanted, eventually, lasting};

async fn through_proxy(lose: &[&str]) -> (Stage, Proxy) {
    let proxy = Proxy::start().await;
    for path in lose {
        proxy.lose(path);
    }
    let options = Options { server: Setup::often(), through: Some(proxy.clone()), ..Options::default() };
    let stage = Stage::set(options).await;
    (stage, proxy)
}

fn eight() -> Vec<Wanted> {
    (0..8).map(|number| Wanted { code: number % 3, lines: 5, ..Wanted::default() }).collect()
}

#[tokio::test]
async fn lost_answers_are_repaired() {
    let (stage, proxy) = through_proxy(&["/pair", "/session", "/poll"]).await;
    assert!(proxy.lost().iter().any(|path| path.contains("/pair")), "{:?}", proxy.lost());
    let mut starts: Vec<Start> = Vec::new();
    for path in ["/report", "/poll", "/session", "/report"] {
        proxy.lose(path);
        starts.extend(stage.burst(&eight()).await);
        all_ended_once(&stage, &starts).await;
        // A poll that is answered makes the engine forget how often it had to come back.
        lasting(1_300).await;
    }
    // An artifact that breaks off is fetched again.
    let script = stoker_testkit::fixtures::script_archive("#!/bin/sh\necho other\nexit 0\n");
    let other = stage.task_of("other", &script).await;
    proxy.lose("/artifacts/");
    let start = stage.start_task(&other, Wanted::default()).await;
    let id = start.id.expect("a run");
    eventually(30, "the run of the other artifact", async || {
        (stage.timeline(&id).await["status"] == "execution_successful").then_some(())
    })
    .await;
    let lost = proxy.lost();
    for path in ["/pair", "/session", "/poll", "/report", "/artifacts/"] {
        assert!(lost.iter().any(|lost| lost.contains(path)), "no answer to {path} was lost: {lost:?}");
    }
}

#[tokio::test]
async fn jobs_go_on_during_a_cut_and_no_line_of_their_logs_is_lost_or_doubled() {
    let (stage, proxy) = through_proxy(&[]).await;
    let long = Wanted { seconds: 2, lines: 2_000, code: 0 };
    // One that begins before the cut and writes during it, and one whose log is on its way when the line breaks.
    let starts = stage.burst(&[long, Wanted { seconds: 1, lines: 2_000, code: 4 }]).await;
    running(&starts).await;
    proxy.cut();
    lasting(4_000).await;
    for start in &starts {
        let told = std::fs::read_to_string(&start.file).expect("what the job told");
        assert_eq!(told, "start\nend\n", "the job did not go on during the cut");
    }
    let queued = stage.burst(&eight()).await;
    proxy.mend();
    let all: Vec<Start> = starts.iter().chain(&queued).cloned().collect();
    all_ended_once(&stage, &all).await;
    for start in &all {
        let lines = stage.log_lines(start.id.as_deref().expect("a run")).await;
        let numbers: Vec<String> =
            lines.iter().filter_map(|line| Some(line.rsplit_once("line ")?.1.to_owned())).collect();
        let expected: Vec<String> = (1..=start.wanted.lines).map(|number| number.to_string()).collect();
        assert_eq!(numbers.len(), expected.len(), "{:?} ... {:?}", lines.first(), lines.last());
        assert_eq!(numbers, expected);
    }
}

#[tokio::test]
async fn a_slow_line_only_takes_longer() {
    let (stage, proxy) = through_proxy(&[]).await;
    proxy.delay(Duration::from_millis(300));
    let starts = stage.burst(&eight()).await;
    all_ended_once(&stage, &starts).await;
}
