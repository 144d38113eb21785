//! Several servers on one database behind a balancer, one of which is killed again and again.

use stoker_testkit::postgres;

use super::checks::all_ended_once;
use super::server::Setup;
use super::stage::{Options, Stage, Start, Wanted, lasting};
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
        // The others go on alone.
        let calls = stage.burst(&many[..6]).await;
        assert!(calls.iter().all(|start| start.id.is_some()), "{calls:?}");
        starts.extend(calls);
        let server = if victim == 0 { &mut stage.server } else { &mut stage.replicas[victim - 1] };
        server.again(None).await;
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
