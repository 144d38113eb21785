//! Several servers on one database behind a balancer, one of which is killed again and again.

use std::fs;

use serde_json::json;
use stoker_testkit::postgres;

use super::checks::all_ended_once;
use super::promotions::{count, pair};
use super::schedule::{give_parameter, set_next_minute};
use super::server::{Server, Setup};
use super::stage::{Options, Stage, Start, Wanted, eventually, lasting};
use super::storm::Dice;

#[tokio::test]
async fn two_servers_one_of_which_is_killed_lose_and_double_no_run() {
    killed_under_load(0x5703_0101, 2, 3).await;
}

#[tokio::test]
async fn three_servers_one_of_which_is_killed_lose_and_double_no_run() {
    killed_under_load(0x5703_0102, 3, 3).await;
}

#[tokio::test]
#[ignore = "nightly"]
async fn three_servers_and_fifteen_kills() {
    killed_under_load(0x5703_0103, 3, 15).await;
}

/// Starts runs without a pause while one server after the other is killed and started again.
async fn killed_under_load(seed: u64, servers: usize, kills: usize) {
    println!("seed {seed:#x}");
    let mut dice = Dice(seed);
    let database = postgres::database();
    let server = Setup { database: Some(database.url.clone()), ..Setup::often() };
    let options = Options { server, replicas: servers - 1, slots: Some(12), ..Options::default() };
    let mut stage = Stage::set(options).await;
    let mut starts: Vec<Start> = Vec::new();
    for kill in 0..kills {
        let long: Vec<Wanted> = (0..3).map(|code| Wanted { seconds: 3, code, lines: 20 }).collect();
        starts.extend(stage.burst(&long).await);
        let victim = usize::try_from(dice.below(servers as u64)).expect("small");
        println!("kill {kill}: server {victim}");
        let pause = dice.below(60) + 1;
        let many = [Wanted::default(), Wanted { code: 3, ..Wanted::default() }].repeat(12);
        // In the middle of calls, not between them.
        let dying = async {
            lasting(pause).await;
            let server = if victim == 0 { &stage.server } else { &stage.replicas[victim - 1] };
            server.send_kill();
        };
        let ((), calls) = tokio::join!(dying, stage.burst(&many));
        starts.extend(calls);
        // Until it is gone it may still take a connection.
        server_of(&mut stage, victim).kill9();
        // The others go on alone.
        let calls = stage.burst(&many[..6]).await;
        assert!(calls.iter().all(|start| start.id.is_some()), "{calls:?}");
        starts.extend(calls);
        server_of(&mut stage, victim).again(None).await;
    }
    all_ended_once(&stage, &starts).await;
    let failed: Vec<&Start> = starts.iter().filter(|start| start.answer.starts_with('5')).collect();
    assert!(failed.is_empty(), "a killed server breaks connections, and nothing else: {failed:?}");
    let served = stage.balancer.as_ref().expect("a balancer").served();
    assert!(served.iter().all(|requests| *requests > 10), "each server has its share: {served:?}");
    for server in std::iter::once(&stage.server).chain(&stage.replicas) {
        let log = server.log();
        assert!(!log.contains(" ERROR "), "{log}");
    }
    stage.server.stop().await;
    for server in &mut stage.replicas {
        server.stop().await;
    }
}

fn server_of(stage: &mut Stage, number: usize) -> &mut Server {
    match number {
        0 => &mut stage.server,
        number => &mut stage.replicas[number - 1],
    }
}

/// Three servers see the same due instant, the same webhook call and the same promotion: each acts once, also when the
/// server that was asked is gone right after.
#[tokio::test]
async fn what_is_due_called_or_promoted_happens_once_on_three_servers() {
    let database = postgres::database();
    let server = Setup { database: Some(database.url.clone()), ..Setup::often() };
    let mut stage = Stage::set(Options { server, replicas: 2, ..Options::default() }).await;
    let http = stage.http();
    let (promotion, target) = pair(&http, &stage.bootstrap.environment_id, "promoted").await;
    let file = stage.folder.path().join("due");
    give_parameter(&stage, file.to_str().expect("a plain path")).await;
    let config = format!("/orchestration/executables/tasks/{}/run-config", stage.task);
    let due = set_next_minute(&stage, &config).await;
    let report = http.post("/processing/executions/promotions", &json!({ "executable": promotion })).await.expect(201);
    assert_eq!(count(&http, &target).await, 1, "{}", report.text());
    let runs = format!("/processing/executables/tasks/{}/executions", stage.task);
    let wait = due + 60;
    eventually(wait, "the scheduled run to end", async || {
        let page = http.get(&runs).await.expect(200).json();
        (page["items"][0]["status"] == "execution_successful").then_some(())
    })
    .await;
    lasting(2_500).await;
    assert_eq!(http.get(&runs).await.expect(200).json()["total"], 1);
    let mut hooked = http.get(&config).await.expect(200).json();
    hooked["trigger"] = json!({ "type": "WEBHOOK", "webhook": { "name": "orders" } });
    let set = http.put(&config, &hooked).await.expect(200).json();
    let url = set["trigger"]["webhook"]["url"].as_str().expect("a URL").to_owned();
    let hook = url[url.find("/stoker/").expect("our path")..].to_owned();
    let kind = [("content-type", "text/plain")];
    let called = http.without_token().send(reqwest::Method::POST, &hook, &kind, Some(vec![b'x'])).await;
    assert!(called.status < 300, "{}", called.text());
    stage.server.kill9();
    eventually(60, "the run of the webhook to end", async || {
        let page = http.get(&runs).await.expect(200).json();
        (page["total"] == 2 && page["items"][0]["status"] == "execution_successful").then_some(())
    })
    .await;
    lasting(2_500).await;
    assert_eq!(http.get(&runs).await.expect(200).json()["total"], 2);
    assert_eq!(fs::read_to_string(&file).expect("the job ran"), "start\nend\n".repeat(2));
}
