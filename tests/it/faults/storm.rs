//! Kills at random moments, under load.

use super::checks::all_ended_once;
use super::server::Setup;
use super::stage::{Options, Stage, Start, Wanted, lasting};

/// A small generator with a fixed beginning: a failure can be repeated, as far as processes can be.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Server,
    Engine,
    Both,
}

#[tokio::test]
async fn random_kills_lose_and_double_no_run() {
    storm(0x5703_0001, &[Victim::Server, Victim::Engine, Victim::Both], Setup::often()).await;
}

#[tokio::test]
#[ignore = "nightly"]
async fn ten_random_kills_of_the_server() {
    storm(0x5703_0002, &[Victim::Server; 10], Setup::often()).await;
}

#[tokio::test]
#[ignore = "nightly"]
async fn ten_random_kills_of_the_engine() {
    storm(0x5703_0003, &[Victim::Engine; 10], Setup::often()).await;
}

#[tokio::test]
#[ignore = "nightly"]
async fn ten_random_kills_of_both() {
    storm(0x5703_0004, &[Victim::Both; 10], Setup::often()).await;
}

#[tokio::test]
#[ignore = "nightly"]
async fn random_kills_on_postgres() {
    let database = stoker_testkit::postgres::database();
    let server = Setup { database: Some(database.url.clone()), ..Setup::often() };
    storm(0x5703_0005, &[Victim::Server, Victim::Both, Victim::Server, Victim::Both, Victim::Engine], server).await;
}

async fn storm(seed: u64, victims: &[Victim], server: Setup) {
    println!("seed {seed:#x}");
    let mut dice = Dice(seed);
    let mut stage = Stage::set(Options { server, slots: Some(12), ..Options::default() }).await;
    let long: Vec<Wanted> = (0..4).map(|number| Wanted { seconds: 5, code: number, lines: 20 }).collect();
    for victim in victims {
        println!("killing {victim:?}");
        let mut starts: Vec<Start> = stage.burst(&long).await;
        let mut kill_at = dice.below(40);
        for number in 0..40 {
            let wanted = Wanted { code: u8::try_from(dice.below(3)).expect("small"), ..Wanted::default() };
            starts.push(stage.start(wanted).await);
            if number == kill_at {
                lasting(dice.below(120) + 1).await;
                kill(&mut stage, *victim).await;
                kill_at = u64::MAX;
            }
        }
        all_ended_once(&stage, &starts).await;
    }
}

async fn kill(stage: &mut Stage, victim: Victim) {
    if victim != Victim::Engine {
        stage.server.kill9();
    }
    if victim != Victim::Server {
        stage.engine.kill9();
        stage.engine.restart();
    }
    if victim != Victim::Engine {
        stage.server.again(None).await;
    }
}
