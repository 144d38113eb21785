//! Requests that use each other in a circle, and requests that are used before they are sent.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use stoker_tester::check::Outcome;
use stoker_tester::expr::{Evaluator, Sources};
use stoker_tester::model::*;
use stoker_tester::run::{NoFiles, Outside, RunOptions, RunReport, Runner, Transport};
use stoker_tester::world::Seeded;
use stoker_tester::{Exchange, Exchanges};

use crate::runs::{check, request, scenario, with};
use crate::server::Server;
use crate::support::TestClock;

fn project(children: Vec<Entity>) -> Drive {
    let mut project = Entity::new("shop", "Shop", Kind::Project);
    project.children = children;
    Drive { entities: vec![project], ..Drive::default() }
}

/// Runs with every request written at a line of its own.
async fn run(drive: &Drive, only: &[&str], known: &[&str]) -> RunReport {
    let server = Server::start().await;
    let environment =
        Environment { name: "dev".into(), variables: vec![Variable::new("base", server.base())], ..Default::default() };
    let places: HashMap<String, String> =
        drive.walk().iter().enumerate().map(|(at, (_, one))| (one.id.clone(), format!("shop.toml:{at}"))).collect();
    let (clock, entropy, transport, exchanges) =
        (TestClock::new(), Seeded::new(1), Transport::default(), Exchanges::default());
    for id in known {
        exchanges.put(id, Exchange::default().into());
    }
    let stop = AtomicBool::new(false);
    let outside = Outside {
        clock: &clock,
        entropy: &entropy,
        files: &NoFiles,
        transport: &transport,
        observer: &|_| {},
        stop: &stop,
    };
    let only = only.iter().map(|name| (*name).to_owned()).collect();
    // Few reports keep exchanges; what is named has to be there all the same.
    let options = RunOptions { only, keep_exchanges: false, ..RunOptions::default() };
    let environment = Some(&environment);
    Runner { drive, environment, options: &options, places: &places, exchanges: &exchanges, outside }
        .run()
        .await
        .unwrap()
}

fn explanation(report: &RunReport, id: &str) -> String {
    report.requests().find(|request| request.id == id).unwrap().explanation()
}

#[track_caller]
fn tells(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("no `{part}` behind that in: {text}"));
        rest = &rest[at + part.len()..];
    }
}

/// The answer of another request of the scenario `S`.
fn of(name: &str) -> String {
    format!("${{\"Shop\".\"S\".\"{name}\".\"response\".\"body\".\"x\"}}")
}

#[tokio::test]
async fn two_requests_that_use_each_other_are_told_with_their_places() {
    let a = with(request("A", "GET", "/echo"), |made| made.headers = vec![Row::new("X-B", format!("b {}", of("B")))]);
    let b = request("B", "GET", "/echo/${getEntityById(\"A\").\"response\".\"status\".\"code\"}");
    let circle = [
        "`Shop / S / B` (shop.toml:3) uses `Shop / S / A` in path at line 1, column 9",
        "`Shop / S / A` (shop.toml:2) uses `Shop / S / B` in header `X-B` at line 1, column 5",
    ];
    let drive = project(vec![scenario("S", ScenarioAdditions::default(), vec![a, b])]);
    // The whole project, one scenario, one request: nobody can send it.
    for only in [&[][..], &["Shop", "S"], &["Shop", "S", "A"]] {
        let report = run(&drive, only, &[]).await;
        let text = explanation(&report, "A");
        tells(&text, &["the request `B` was not sent yet", "circle", circle[0], circle[1]]);
        assert_eq!(report.outcome, Outcome::Error);
    }
    // An answer of before opens the circle.
    let report = run(&drive, &["Shop", "S", "B"], &["A"]).await;
    assert_eq!(report.outcome, Outcome::Ok, "{}", explanation(&report, "B"));
}

#[tokio::test]
async fn longer_circles_and_what_leads_into_them() {
    let by = |id: &str, other: &str| request(id, "GET", &format!("/echo?x={}", of(other)));
    let ring = vec![by("A", "B"), by("B", "C"), by("C", "A"), by("D", "A")];
    let drive = project(vec![scenario("S", ScenarioAdditions { carry_on: true, ..Default::default() }, ring)]);
    let report = run(&drive, &[], &[]).await;
    let link = |from: &str, to: &str| {
        format!("`Shop / S / {from}` (shop.toml:{}) uses `Shop / S / {to}`", from.as_bytes()[0] - b'A' + 2)
    };
    let (ab, bc, ca) = (link("A", "B"), link("B", "C"), link("C", "A"));
    tells(&explanation(&report, "A"), &["`B` was not sent yet", &bc, &ca, &ab]);
    // Not on the circle itself, but it waits for one that is.
    tells(&explanation(&report, "D"), &["`A` was not sent yet", &ab, &bc, &ca]);
}

#[tokio::test]
async fn a_request_that_uses_itself() {
    let own = with(request("A", "POST", "/echo"), |made| made.body.text = Some(format!("first\n{}", of("A"))));
    let drive = project(vec![scenario("S", ScenarioAdditions::default(), vec![own])]);
    let text = explanation(&run(&drive, &[], &[]).await, "A");
    tells(&text, &["`Shop / S / A` (shop.toml:2) uses itself in body at line 2, column 3"]);
    // What is looked at after the sending may use the answer.
    let fine = with(request("A", "POST", "/login"), |made| {
        let token = "${\"Shop\".\"S\".\"A\".\"response\".\"body\".\"access_token\"}";
        made.assertions = vec![check(Subject::ResponseJsonBody, "$.access_token", "Equals", token)];
        let holds = Condition { value: token.into(), is: "Equals".into(), to: "abc".into() };
        made.additions.until = Some(Until { holds, at_most: 1, pause_ms: 0 });
    });
    let drive = project(vec![scenario("S", ScenarioAdditions::default(), vec![fine])]);
    assert_eq!(run(&drive, &[], &[]).await.outcome, Outcome::Ok);
}

#[tokio::test]
async fn values_conditions_and_rows_close_circles_too() {
    let a = with(request("A", "GET", "/echo?t=${token}"), |made| {
        made.additions.before = vec![Binding { name: "token".into(), value: of("B") }];
    });
    let b = with(request("B", "GET", "/echo"), |made| {
        made.additions.when = Some(Condition { value: of("A"), is: "Exists".into(), to: String::new() });
    });
    let data = Data { text: Some("n\n1\n".into()), ..Data::default() };
    let rows = ScenarioAdditions { data: Some(data), ..Default::default() };
    let drive = project(vec![scenario("S", rows, vec![a, b])]);
    let text = explanation(&run(&drive, &[], &[]).await, "A");
    tells(&text, &["value `token`", "uses `Shop / S / A` in when at", "uses `Shop / S / B` in value `token` at"]);
    // A scenario that waits for what it sends itself.
    let waits = ScenarioAdditions {
        when: Some(Condition { value: of("A"), is: "Exists".into(), to: String::new() }),
        ..Default::default()
    };
    let drive = project(vec![scenario("S", waits, vec![request("A", "GET", "/echo")])]);
    let report = run(&drive, &[], &[]).await;
    tells(
        report.units[0].problem.as_ref().unwrap(),
        &["`Shop / S / A` (shop.toml:2) uses itself in the condition of its scenario"],
    );
}

#[tokio::test]
async fn what_comes_later_is_said_to_come_later() {
    let a = request("A", "GET", &format!("/echo/{}", of("B")));
    let drive = project(vec![scenario("S", ScenarioAdditions::default(), vec![a, request("B", "GET", "/echo")])]);
    let text = explanation(&run(&drive, &[], &[]).await, "A");
    tells(&text, &["the request `B` was not sent yet", "it comes later in `S`; put it before"]);
}

#[test]
fn a_preview_tells_circles_without_a_run() {
    let by = |id: &str, other: &str| request(id, "GET", &of(other));
    let drive = project(vec![scenario("S", ScenarioAdditions::default(), vec![by("A", "B"), by("B", "A")])]);
    let (exchanges, clock, entropy) = (Exchanges::default(), TestClock::new(), Seeded::new(1));
    let mut variables = Variables::default();
    let told = |variables: &Variables| {
        let sources = Sources { variables, drive: &drive, exchanges: &exchanges, clock: &clock, entropy: &entropy };
        Evaluator::new(sources).text(&of("A")).unwrap_err().to_string()
    };
    tells(&told(&variables), &["circle: `Shop / S / A` uses `Shop / S / B`", "`Shop / S / B` uses `Shop / S / A`"]);
    // A variable of the name of the project stands before it.
    variables.set("Shop", "{}");
    assert!(told(&variables).contains("the object has no `S`"), "{}", told(&variables));
}
