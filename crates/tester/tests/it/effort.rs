//! Work without end: it is given up with a message that points to it, and whoever wants a run to stop is heard.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use stoker_tester::Exchanges;
use stoker_tester::check::Outcome;
use stoker_tester::effort::Effort;
use stoker_tester::expr::{Evaluator, Sources};
use stoker_tester::json::Json;
use stoker_tester::model::*;
use stoker_tester::path::JsonPath;
use stoker_tester::run::{Event, NoFiles, Outside, RunOptions, RunReport, Runner, Transport};
use stoker_tester::world::Seeded;
use stoker_tester::xpath::{Document, evaluate};

use crate::runs::{check, request, scenario, with};
use crate::server::Server;
use crate::support::{TestClock, json};

/// The problem of a template with one variable `v`.
fn problem(template: &str, v: &str, steps: u64) -> String {
    let (mut variables, drive, exchanges) = (Variables::default(), Drive::default(), Exchanges::default());
    variables.set("v", v);
    let (clock, entropy) = (TestClock::new(), Seeded::new(1));
    let sources =
        Sources { variables: &variables, drive: &drive, exchanges: &exchanges, clock: &clock, entropy: &entropy };
    Evaluator::within(sources, Effort::of(steps)).text(template).unwrap_err().to_string()
}

#[test]
fn expressions_have_an_end() {
    let grown = problem("a\n ${v.replace(\"a\", v)}", &"a".repeat(10_000), Effort::STEPS);
    assert!(grown.contains("line 2, column") && grown.contains("replace: the result is longer than"), "{grown}");
    let quoted = problem(&format!("${{v{}}}", ".string()".repeat(60)), "\"", Effort::STEPS);
    assert!(quoted.contains("string: the result is longer than"), "{quoted}");
    let many = problem(&"${v.length()}".repeat(10_000), &"x".repeat(10_000), 1_000_000);
    assert!(many.contains("line 1, column 12") && many.contains("more than 1000000 steps"), "{many}");
    let parsed = problem(&"${v.\"0\"}".repeat(10_000), &format!("[{}1]", "1,".repeat(5_000)), 1_000_000);
    assert!(parsed.contains("more than 1000000 steps"), "{parsed}");
    let matched = problem("${v.matches(\"(?=(a+)+b)\")}", &"a".repeat(60), 1_000_000);
    assert!(matched.contains("(?=(a+)+b)") && matched.contains("60 bytes"), "{matched}");
}

/// Arrays inside of arrays, with a text inside of all of them.
fn nested(depth: usize, text: usize) -> Json {
    json(&format!("{}\"{}\"{}", "[".repeat(depth), "x".repeat(text), "]".repeat(depth)))
}

#[test]
fn json_paths_have_an_end() {
    let run = |path: &str, document: &Json, steps| {
        JsonPath::parse(path).unwrap().select(document, &Effort::of(steps)).unwrap_err().to_string()
    };
    // Every node comes with all that is below it.
    let large = run("$..", &nested(150, 1 << 20), Effort::STEPS);
    assert!(large.contains("`$..` cannot be evaluated") && large.contains("64 MiB together"), "{large}");
    let items = json(&format!("[{}{{\"a\":1}}]", "{\"a\":[1,2]},".repeat(3_000)));
    let slow = run("$[?(@[?(@.a == 1)][?(@ =~ /x/)] || !@.a[?(@[?(@ == 1)])])]", &items, 10_000);
    assert!(slow.contains("more than 10000 steps"), "{slow}");
    let again = run("$..*..*..*..*..a", &nested(120, 1), 1_000_000);
    assert!(again.contains("steps") || again.contains("values are"), "{again}");
    let deep = JsonPath::parse(&format!("${}", "[?(@".repeat(2_400))).unwrap_err().to_string();
    assert!(deep.contains("brackets are nested deeper than 16"), "{deep}");
    let pattern = format!("$[?(@ =~ /{}/)]", "(?=(a+)+b)");
    let matched = run(&pattern, &json(&format!("[\"{}\"]", "a".repeat(60))), 1_000_000);
    assert!(matched.contains("the regular expression"), "{matched}");
}

#[test]
fn xpaths_have_an_end() {
    let depth = 150;
    let text = format!("{}{}{}", "<a>".repeat(depth), "x".repeat(1 << 20), "</a>".repeat(depth));
    let document = Document::parse(&text).unwrap();
    let run = |path: &str, steps| evaluate(&document, path, &Effort::of(steps)).unwrap_err().to_string();
    let double = format!("{}.{}", "concat(".repeat(14), ",.,.,.)".repeat(14));
    let grown = run(&double, Effort::STEPS);
    assert!(grown.contains("concat() makes more than 32 MiB"), "{grown}");
    let slow = run("count(//a[count(//a[count(//a) > 0]) > 0])", 1_000_000);
    assert!(slow.contains("more than 1000000 steps"), "{slow}");
    let read = run("//a[contains(., 'y')]", 10_000_000);
    assert!(read.contains("more than 10000000 steps"), "{read}");
    let chain = run(&format!("1{}", "+1".repeat(4_000)), Effort::STEPS);
    assert!(chain.contains("more than 500 operators"), "{chain}");
    // The text of each of these is that of all.
    let all = evaluate(&document, "//a", &Effort::default()).unwrap();
    assert!(all.print(&document, &Effort::default()).unwrap_err().contains("64 MiB"));
}

/// Runs in a project `P`; `observe` is given the sign to stop.
async fn run(
    server: &Server,
    scenarios: Vec<Entity>,
    options: RunOptions,
    observe: impl Fn(Event<'_>, &AtomicBool) + Send + Sync,
) -> RunReport {
    let mut environment = Environment { name: "dev".into(), ..Environment::default() };
    environment.variables = vec![Variable::new("base", server.base()), Variable::new("id", "login".to_owned())];
    let mut project = Entity::new("p", "P", Kind::Project);
    project.children = scenarios;
    let drive = Drive { entities: vec![project], environments: vec![environment], ..Drive::default() };
    let (clock, entropy, transport) = (TestClock::new(), Seeded::new(1), Transport::default());
    let (exchanges, places, stop) = (Exchanges::default(), HashMap::new(), AtomicBool::new(false));
    let observer = |event: Event<'_>| observe(event, &stop);
    let outside = Outside {
        clock: &clock,
        entropy: &entropy,
        files: &NoFiles,
        transport: &transport,
        observer: &observer,
        stop: &stop,
    };
    let environment = drive.environments.first();
    let runner =
        Runner { drive: &drive, environment, options: &options, places: &places, exchanges: &exchanges, outside };
    runner.run().await.unwrap()
}

/// Takes for ever: a pattern that steps back through a text of 60 letters.
fn endless(id: &str) -> Entity {
    with(request(id, "POST", "/echo"), |request| {
        request.body.text = Some("a".repeat(60));
        request.assertions = vec![check(Subject::ResponseJsonBody, "$.body", "Matches", "^(?=(a+)+b)")];
    })
}

fn plain(name: &str, requests: Vec<Entity>) -> Entity {
    scenario(name, ScenarioAdditions::default(), requests)
}

#[tokio::test]
async fn a_request_that_computes_for_ever_is_an_error_and_the_others_go_on() {
    let server = Server::start().await;
    let slow = with(request("slow", "GET", "/echo"), |request| {
        request.additions.before = vec![Binding {
            name: "x".into(),
            value: "${\"".to_owned() + &"a".repeat(60) + "\".matches(\"(?=(a+)+b)\")}",
        }];
    });
    let all = vec![
        plain("one", vec![endless("judged"), request("left", "GET", "/echo")]),
        plain("two", vec![slow]),
        plain("three", vec![request("fine", "GET", "/echo")]),
    ];
    let report = run(&server, all, RunOptions { steps: 2_000_000, ..RunOptions::default() }, |_, _| {}).await;
    let ends: Vec<_> = report.requests().map(|request| (request.name.as_str(), request.outcome)).collect();
    let wanted =
        [("judged", Outcome::Error), ("left", Outcome::Skipped), ("slow", Outcome::Error), ("fine", Outcome::Ok)];
    // Scenarios run in the order of their names.
    let mut ends = ends;
    ends.sort_by_key(|(name, _)| wanted.iter().position(|(known, _)| known == name));
    assert_eq!(ends, wanted);
    let said = |name: &str| report.requests().find(|request| request.name == name).unwrap().explanation();
    let judged = said("judged");
    assert!(
        judged.contains("assertion 1: ResponseJsonBody $.body Matches") && judged.contains("^(?=(a+)+b)"),
        "{judged}"
    );
    assert!(judged.contains("60 bytes") && judged.contains("more than 2000000 steps"), "{judged}");
    assert!(said("slow").contains("value `x`: ") && said("slow").contains("line 1, column"), "{}", said("slow"));
}

#[tokio::test]
async fn a_sign_to_stop_is_seen_in_the_middle_of_a_computation() {
    let server = Server::start().await;
    let all = vec![plain("one", vec![endless("judged"), request("left", "GET", "/echo")])];
    // Without the sign it would take years.
    let options = RunOptions { steps: u64::MAX, ..RunOptions::default() };
    let report = run(&server, all, options, |event, stop| {
        if let Event::BeforeTest { .. } = event {
            stop.store(true, Ordering::Relaxed);
        }
    })
    .await;
    let said = report.requests().next().unwrap().explanation();
    assert!(said.contains("the run was stopped"), "{said}");
    assert_eq!(report.requests().count(), 1, "nothing is begun any more");
    assert_eq!(report.outcome, Outcome::Error);
}

/// So many rows, none of which sends anything.
fn idle(rows: usize) -> Entity {
    let data = Data { format: DataFormat::Csv, text: Some(format!("n\n{}", "1\n".repeat(rows))), file: None };
    let never = Condition { value: "1".into(), is: "Equals".into(), to: "2".into() };
    let skipped = with(request("skipped", "GET", "/echo"), |request| request.additions.when = Some(never));
    scenario("idle", ScenarioAdditions { data: Some(data), ..ScenarioAdditions::default() }, vec![skipped])
}

#[tokio::test]
async fn a_run_has_so_many_results_and_no_more() {
    let server = Server::start().await;
    let options = RunOptions { results: 50, ..RunOptions::default() };
    let report = run(&server, vec![idle(1_000)], options, |_, _| {}).await;
    assert_eq!((report.requests().count(), report.outcome), (50, Outcome::Error));
    let told = report.units.iter().find_map(|unit| unit.problem.clone()).unwrap_or_default();
    assert!(told.contains("the run has 50 results, the most of one run"), "{told}");
}

#[tokio::test]
async fn a_run_that_sends_nothing_lets_others_go_on() {
    let server = Server::start().await;
    tokio::select! {
        biased;
        _ = run(&server, vec![idle(10)], RunOptions::default(), |_, _| {}) => panic!("it never waited"),
        () = std::future::ready(()) => {}
    }
}

fn status_of(named: &str) -> String {
    format!("${{{named}.\"response\".\"status\".\"code\"}}")
}

#[tokio::test]
async fn a_scenario_whose_condition_names_a_response_waits_for_it() {
    let server = Server::start().await;
    let sent = Condition { value: status_of("\"P\".\"a\".\"login\""), is: "Equals".into(), to: "200".into() };
    let later = scenario(
        "b",
        ScenarioAdditions { when: Some(sent), ..ScenarioAdditions::default() },
        vec![request("then", "GET", "/echo")],
    );
    let all = vec![plain("a", vec![request("login", "POST", "/login")]), later];
    let options = RunOptions { jobs: 2, ..RunOptions::default() };
    let report = run(&server, all, options, |_, _| {}).await;
    assert_eq!(report.outcome, Outcome::Ok, "{:?}", report.units.iter().map(|unit| &unit.problem).collect::<Vec<_>>());
}

#[tokio::test]
async fn responses_that_are_named_are_kept_however_they_are_named() {
    let server = Server::start().await;
    for named in [
        "\"P\".\"a\".\"login\"",
        "P.a.login",
        "P[\"a\"].\"login\"",
        "P.a[\"login\"]",
        "getEntityById(\"login\")",
        "getEntityById(id)",
        "getEntityById(\"LOGIN\".lower())",
    ] {
        let then = with(request("then", "GET", "/echo"), |request| {
            request.headers = vec![Row::new("X-Status", status_of(named))];
            request.assertions = vec![check(Subject::ResponseJsonBody, "$.headers.x-status", "Equals", "200")];
        });
        let all = vec![plain("a", vec![request("login", "POST", "/login"), then])];
        let options = RunOptions { keep_exchanges: false, ..RunOptions::default() };
        let report = run(&server, all, options, |_, _| {}).await;
        let said: Vec<String> = report.requests().map(|request| request.explanation()).collect();
        assert_eq!(report.outcome, Outcome::Ok, "{named}: {said:?}");
    }
}
