//! The server dies at each of its named places.

use stoker_testkit::postgres;

use super::checks::all_ended_once;
use super::server::Setup;
use super::stage::{Options, Stage, Start, Wanted, eventually, lasting};

const PLACES: [&str; 7] = [
    "start.before-commit",
    "start.after-commit",
    "offer.before-delivery",
    "claim.before-commit",
    "claim.after-commit",
    "report.before-commit",
    "report.after-commit",
];

/// Places that the server comes to when the engine is back, without a start call.
const SESSION_PLACES: [&str; 2] = ["session.before-commit", "session.after-commit"];

#[tokio::test]
async fn a_server_that_dies_anywhere_loses_and_doubles_no_run() {
    dies_everywhere(Setup::often()).await;
}

#[tokio::test]
async fn the_same_on_postgres() {
    let database = postgres::database();
    dies_everywhere(Setup { database: Some(database.url.clone()), ..Setup::often() }).await;
}

async fn dies_everywhere(server: Setup) {
    let mut stage = Stage::set(Options { server, ..Options::default() }).await;
    let mut starts: Vec<Start> = Vec::new();
    for place in PLACES {
        println!("dying at {place}");
        stage.server.again(Some(place)).await;
        // The engine has to come back first: what waits for it is handed over with its session, by another way.
        reconnected(&stage).await;
        starts.extend(stage.burst(&six()).await);
        stage.server.dead(place).await;
        stage.server.again(None).await;
        starts.extend(stage.burst(&[Wanted::default(), Wanted { code: 3, ..Wanted::default() }]).await);
        assert!(starts.iter().rev().take(2).all(|start| start.id.is_some()), "{starts:?}");
        all_ended_once(&stage, &starts).await;
        // A poll that is answered makes the engine forget how often it had to come back.
        lasting(1_300).await;
    }
    for place in SESSION_PLACES {
        println!("dying at {place}");
        // Some runs are under way when the session opens, some wait.
        starts.extend(stage.burst(&six().map(|wanted| Wanted { seconds: 1, ..wanted })).await);
        stage.server.dies_at(place).await;
        stage.server.again(None).await;
        starts.extend(stage.burst(&[Wanted::default(), Wanted { code: 3, ..Wanted::default() }]).await);
        assert!(starts.iter().rev().take(2).all(|start| start.id.is_some()), "{starts:?}");
        all_ended_once(&stage, &starts).await;
        lasting(1_300).await;
    }
    stage.server.stop().await;
}

fn six() -> [Wanted; 6] {
    std::array::from_fn(|number| Wanted { code: if number == 4 { 7 } else { 0 }, ..Wanted::default() })
}

/// Waits until the engine says that it is connected after its last loss.
async fn reconnected(stage: &Stage) {
    eventually(60, "the engine to be connected again", async || {
        let log = stage.engine.log();
        let (connected, lost) = (log.rfind("connected server")?, log.rfind("lost the session").unwrap_or_default());
        (connected > lost).then_some(())
    })
    .await;
}
