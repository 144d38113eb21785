//! One run on several threads.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use stoker_tester::Exchanges;
use stoker_tester::check::Outcome;
use stoker_tester::model::*;
use stoker_tester::run::{NoFiles, Outside, RunOptions, RunReport, Runner, Session, Transport};
use stoker_tester::world::Seeded;

use crate::runs::{request, scenario, with};
use crate::server::Server;
use crate::support::TestClock;

fn work(session: &Session<'_>, most: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(session.work(&Transport::default(), most));
}

/// Runs on two threads with room for four scenarios together; `begun` sees the session before.
async fn run(
    server: &Server,
    scenarios: Vec<Entity>,
    options: RunOptions,
    begun: impl Fn(&Session<'_>) + Send + 'static,
) -> RunReport {
    let mut environment = Environment { name: "dev".into(), ..Environment::default() };
    environment.variables = vec![Variable::new("base", server.base())];
    let drive = Drive { entities: scenarios, environments: vec![environment], ..Drive::default() };
    let whole = move || {
        let (clock, entropy, transport) = (TestClock::new(), Seeded::new(1), Transport::default());
        let (exchanges, places) = (Exchanges::default(), HashMap::new());
        let outside = Outside {
            clock: &clock,
            entropy: &entropy,
            files: &NoFiles,
            transport: &transport,
            observer: &|_| {},
            stop: &AtomicBool::new(false),
        };
        let environment = drive.environments.first();
        let options = RunOptions { jobs: 4, ..options };
        let runner =
            Runner { drive: &drive, environment, options: &options, places: &places, exchanges: &exchanges, outside };
        let session = runner.begin().unwrap();
        begun(&session);
        std::thread::scope(|scope| {
            scope.spawn(|| work(&session, 2));
            scope.spawn(|| work(&session, 2));
        });
        session.report()
    };
    tokio::task::spawn_blocking(whole).await.unwrap()
}

/// Each sends two requests; the last one needs the answer of the first scenario.
fn scenarios() -> Vec<Entity> {
    let mut all: Vec<Entity> = (0..12)
        .map(|number| {
            let name = format!("s{number:02}");
            let inside = vec![request("login", "POST", "/login"), request("then", "GET", "/echo")];
            let named = inside.into_iter().map(|mut one| {
                one.id = format!("{name}-{}", one.id);
                one
            });
            scenario(&name, ScenarioAdditions::default(), named.collect())
        })
        .collect();
    let last =
        with(request("last", "GET", "/echo/${\"s00\".\"login\".\"response\".\"body\".\"access_token\"}"), |_| {});
    all.push(scenario("s99", ScenarioAdditions::default(), vec![last]));
    all
}

#[tokio::test]
async fn scenarios_are_shared_out_and_reported_in_order() {
    let server = Server::start().await;
    let report = run(&server, scenarios(), RunOptions::default(), |_| {}).await;
    let paths: Vec<String> = report.units.iter().map(|unit| unit.title()).collect();
    let mut sorted = paths.clone();
    sorted.sort();
    assert_eq!((paths.len(), &paths), (13, &sorted));
    assert_eq!((report.outcome, report.count(Outcome::Ok)), (Outcome::Ok, 25));
    let last = report.requests().last().unwrap();
    assert!(last.exchange.as_ref().unwrap().uri.ends_with("/echo/abc"), "it waited for the first scenario");
}

#[tokio::test]
async fn two_threads_send_at_the_same_time() {
    let server = Server::start().await;
    let pair =
        ["a", "b"].map(|name| scenario(name, ScenarioAdditions::default(), vec![request(name, "GET", "/together")]));
    let report = run(&server, pair.to_vec(), RunOptions::default(), |_| {}).await;
    assert_eq!((report.outcome, server.most_at_once()), (Outcome::Ok, 2));
}

#[tokio::test]
async fn an_interrupted_run_ends_and_shows_only_what_was_done() {
    let server = Server::start().await;
    let report = run(&server, scenarios(), RunOptions::default(), |session| session.interrupt()).await;
    assert_eq!(report.requests().count(), 0);
}

#[tokio::test]
async fn a_report_without_exchanges_still_tells_what_went_wrong() {
    let server = Server::start().await;
    let bad = scenario("bad", ScenarioAdditions::default(), vec![request("gone", "GET", "/missing")]);
    let options = RunOptions { keep_exchanges: false, ..RunOptions::default() };
    let report = run(&server, vec![bad], options, |_| {}).await;
    let request = report.requests().next().unwrap();
    assert_eq!((request.outcome, request.exchange.is_none()), (Outcome::Failure, true));
}
