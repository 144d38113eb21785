//! The database dies, or the server in the middle of writing to it.

use std::process::Command;
use std::time::Instant;

use stoker_testkit::http::Http;

use super::checks::all_ended_once;
use super::postgres::Postgres;
use super::server::{ANSWER, Setup};
use super::stage::{Options, Stage, Start, Wanted};

#[tokio::test]
async fn the_server_survives_the_death_of_its_database() {
    let mut database = Postgres::start().await;
    let server = Setup { database: Some(database.url()), ..Setup::default() };
    let mut stage = Stage::set(Options { server, ..Options::default() }).await;
    let mut starts: Vec<Start> = Vec::new();
    for round in 0..2 {
        let long = Wanted { seconds: 3, code: 2, ..Wanted::default() };
        starts.extend(stage.burst(&[long, Wanted::default(), Wanted::default()]).await);
        database.kill9();
        for _ in 0..12 {
            refused_in_shape(&stage, round).await;
        }
        database.again().await;
        let before = Instant::now();
        // It recovers by itself, and soon.
        let after = loop {
            let start = stage.start(Wanted::default()).await;
            let answered = start.id.is_some();
            starts.push(start.clone());
            if answered {
                break start;
            }
            assert!(before.elapsed() < ANSWER, "the server did not find back: {start:?} {}", stage.server.log());
        };
        assert!(after.id.is_some());
        all_ended_once(&stage, &starts).await;
    }
    stage.server.stop().await;
}

/// While there is no database, every request is answered soon, with a status and a body of its family.
async fn refused_in_shape(stage: &Stage, round: usize) {
    let http: Http = stage.http();
    for path in ["/processing/runtimes/remote-engines", "/tmc/v2.6/runtimes/remote-engines", "/health/ready"] {
        let asked = Instant::now();
        let answer = http.get(path).await;
        assert!(asked.elapsed().as_secs() < 10, "{path} took {:?}", asked.elapsed());
        assert!(
            (500..600).contains(&answer.status),
            "round {round}: {path} answered {}: {}",
            answer.status,
            answer.text()
        );
        if !path.starts_with("/health") {
            let body = answer.json();
            assert!(body["status"].is_number() && body["message"].is_string(), "{path} answered {body}");
            assert!(!body.to_string().contains("postgres"), "{path} tells too much: {body}");
        }
    }
    let start = stage.start(Wanted::default()).await;
    assert!(start.answer.starts_with('5'), "a start without a database was answered {start:?}");
}

#[tokio::test]
async fn a_server_killed_while_it_writes_leaves_a_sound_database() {
    let mut stage = Stage::set(Options::default()).await;
    let mut starts: Vec<Start> = Vec::new();
    for _ in 0..3 {
        let burst = vec![Wanted { lines: 50, ..Wanted::default() }; 12];
        starts.extend(stage.burst(&burst).await);
        stage.server.kill9();
        stage.server.again(None).await;
        sound(&stage);
    }
    all_ended_once(&stage, &starts).await;
    stage.server.stop().await;
    sound(&stage);
}

fn sound(stage: &Stage) {
    let file = stage.server.data().join("stoker.db");
    let output = Command::new("sqlite3").arg(&file).arg("PRAGMA integrity_check; PRAGMA foreign_key_check;").output();
    match output {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(said.trim(), "ok", "{}", String::from_utf8_lossy(&output.stderr));
        }
        Err(error) => println!("left out: the check with sqlite3, which cannot be run ({error})"),
    }
}
