//! Runs against a real server: what is sent, what stops, what is reported.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use stoker_tester::Exchanges;
use stoker_tester::check::Outcome;
use stoker_tester::model::*;
use stoker_tester::run::{Event, Folder, Outside, RunError, RunOptions, RunReport, Runner, Transport};
use stoker_tester::world::Seeded;

use crate::server::Server;
use crate::support::{TestClock, json};

pub(crate) fn request(id: &str, method: &str, path: &str) -> Entity {
    let request = Request {
        method: Method::named(method),
        uri: Uri { host: Some("${base}".into()), path: Some(path.into()), ..Uri::default() },
        ..Request::default()
    };
    Entity::new(id, id, Kind::Request(Box::new(request)))
}

pub(crate) fn with(mut entity: Entity, change: impl FnOnce(&mut Request)) -> Entity {
    if let Kind::Request(request) = &mut entity.kind {
        change(request);
    }
    entity
}

pub(crate) fn scenario(id: &str, added: ScenarioAdditions, requests: Vec<Entity>) -> Entity {
    let mut made = Entity::new(id, id, Kind::Scenario(added));
    made.children = requests;
    made
}

pub(crate) fn check(subject: Subject, path: &str, comparison: &str, value: &str) -> Assertion {
    Assertion::new(subject, path, Comparison::from_name(comparison), value)
}

fn status(code: &str) -> Assertion {
    check(Subject::ResponseStatus, "code", "Equals", code)
}

pub(crate) async fn run_with(
    server: &Server,
    entities: Vec<Entity>,
    change: impl FnOnce(&mut RunOptions, &mut Environment),
) -> (Result<RunReport, RunError>, TestClock) {
    let mut environment = Environment {
        name: "dev".into(),
        variables: vec![Variable::new("base", server.base())],
        ..Environment::default()
    };
    let mut options = RunOptions::default();
    change(&mut options, &mut environment);
    let drive = Drive { entities, environments: vec![environment], ..Drive::default() };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("note.txt"), "from a file").unwrap();
    std::fs::write(folder.path().join("rows.csv"), "who,\"id\"\r\nann,1\r\n\"b \"\"ob\"\"\",2\r\n").unwrap();
    let (clock, entropy, files, transport) =
        (TestClock::new(), Seeded::new(1), Folder::new(folder.path()), Transport::default());
    let (exchanges, places) = (Exchanges::default(), HashMap::from([("late".to_owned(), "buy.toml:7".to_owned())]));
    let observer = |_: Event<'_>| {};
    let outside = Outside {
        clock: &clock,
        entropy: &entropy,
        files: &files,
        transport: &transport,
        observer: &observer,
        stop: &AtomicBool::new(false),
    };
    let environment = drive.environments.first();
    let runner =
        Runner { drive: &drive, environment, options: &options, places: &places, exchanges: &exchanges, outside };
    let report = runner.run().await;
    (report, clock)
}

/// Runs with the files of a folder and no environment.
pub(crate) async fn run_in(folder: &std::path::Path, entities: Vec<Entity>) -> RunReport {
    let drive = Drive { entities, ..Drive::default() };
    let (clock, entropy, files, transport) =
        (TestClock::new(), Seeded::new(1), Folder::new(folder), Transport::default());
    let (exchanges, places, options) = (Exchanges::default(), HashMap::new(), RunOptions::default());
    let outside = Outside {
        clock: &clock,
        entropy: &entropy,
        files: &files,
        transport: &transport,
        observer: &|_| {},
        stop: &AtomicBool::new(false),
    };
    let runner =
        Runner { drive: &drive, environment: None, options: &options, places: &places, exchanges: &exchanges, outside };
    // Servers run this on several threads, so the future must be able to move between them.
    fn movable<T: Send>(future: T) -> T {
        future
    }
    movable(runner.run()).await.unwrap()
}

pub(crate) async fn run(entities: Vec<Entity>) -> RunReport {
    run_with(&Server::start().await, entities, |_, _| {}).await.0.unwrap()
}

pub(crate) fn outcomes(report: &RunReport) -> Vec<(&str, Outcome)> {
    report.requests().map(|request| (request.name.as_str(), request.outcome)).collect()
}

/// What the echo route saw of the last request.
fn seen(report: &RunReport) -> stoker_tester::json::Json {
    let last = report.requests().last().unwrap();
    json(&last.exchange.as_ref().unwrap_or_else(|| panic!("{}", last.explanation())).response.text())
}

#[tokio::test]
async fn everything_of_a_request_arrives() {
    let entity = with(request("send", "POST", "/echo/a b"), |request| {
        let off = Row { enabled: None, ..Row::new("off", "1") };
        let encoded = Row { encoded: true, ..Row::new("c", "a%2Fb") };
        let items = vec![Row::new("a", "1&2"), Row::new("a", "${\"x\".upper()}"), off.clone(), encoded];
        request.uri.query = Some(Query { items, ..Query::default() });
        request.headers = vec![Row::new("X-${\"One\"}", "ä"), Row::new("", "skipped"), off];
        request.body.text = Some("${\"x\".md5()}\r\n".into());
        request.additions.before = vec![Binding { name: "id".into(), value: "${random(5)}".into() }];
    });
    let seen = seen(&run(vec![entity]).await);
    assert_eq!(seen.get("method").unwrap().render(), "POST");
    assert_eq!(seen.get("uri").unwrap().render(), "/echo/a%20b?a=1%262&a=X&c=a%2Fb");
    assert_eq!(seen.get("body").unwrap().render(), "9dd4e461268c8034f5c8564e155c67a6\r\n");
    let headers = seen.get("headers").unwrap();
    assert_eq!(headers.get("x-one").unwrap().render(), "ä");
    assert_eq!(headers.get("accept-encoding").unwrap().render(), "gzip, deflate");
    assert_eq!(headers.get("off"), None);
}

#[tokio::test]
async fn bodies_of_all_kinds() {
    let form = |encoding: &str, items| Some(Form { encoding: Some(encoding.into()), items, ..Form::default() });
    let send = |id: &str, kind, form, change: fn(&mut Request)| {
        with(request(id, "POST", "/echo"), |request| {
            request.body = Body { kind, text: Some("not sent".into()), form, ..Body::default() };
            change(request);
        })
    };
    let file = Row { kind: Some(PartKind::File), ..Row::new("f", "note.txt") };
    let cases = [
        (
            send(
                "url",
                BodyKind::Form,
                form("application/x-www-form-urlencoded", vec![Row::new("a b", "ü&=")]),
                |_| {},
            ),
            "a+b=%C3%BC%26%3D",
        ),
        (send("file", BodyKind::File, None, |request| request.additions.file = Some("note.txt".into())), "from a file"),
        (
            send("graph", BodyKind::GraphQl, None, |request| {
                request.additions.graphql = Some(GraphQl {
                    query: "{ me }".into(),
                    variables: "{\"n\": 12345678901234567890}".into(),
                    operation: None,
                });
            }),
            r#"{"query":"{ me }","variables":{"n":12345678901234567890}}"#,
        ),
        (
            send("raw", BodyKind::Text, None, |request| {
                request.body.text = Some("${not evaluated}".into());
                request.additions.raw_body = true;
            }),
            "${not evaluated}",
        ),
    ];
    for (entity, expected) in cases {
        assert_eq!(seen(&run(vec![entity]).await).get("body").unwrap().render(), expected);
    }
    let multipart =
        send("multi", BodyKind::Form, form("multipart/form-data", vec![Row::new("t", "text"), file]), |_| {});
    let body = seen(&run(vec![multipart]).await).get("body").unwrap().render();
    assert!(body.contains("name=\"t\"\r\n\r\ntext\r\n"), "{body}");
    assert!(body.contains("filename=\"note.txt\"\r\nContent-Type: text/plain\r\n\r\nfrom a file\r\n--"), "{body}");
    let get = with(request("get", "GET", "/echo"), |request| request.body.text = Some("kept, not sent".into()));
    assert_eq!(seen(&run(vec![get]).await).get("body").unwrap().render(), "");
    let escape = send("escape", BodyKind::File, None, |request| request.additions.file = Some("../x".into()));
    let report = run(vec![escape]).await;
    assert_eq!(report.outcome, Outcome::Error);
    assert!(report.requests().next().unwrap().explanation().contains("without `..`"));
}

#[tokio::test]
async fn a_value_that_looks_like_an_expression_is_remarked() {
    let entity = with(request("a", "GET", "/echo"), |request| {
        request.headers = vec![Row::new("X", "${first}")];
    });
    let report = run_with(&Server::start().await, vec![entity], |options, _| {
        options.overrides.set("first", "${second}");
        options.overrides.set("second", "${first}");
    })
    .await
    .0
    .unwrap();
    assert_eq!(seen(&report).get("headers").unwrap().get("x").unwrap().render(), "${second}");
    let warnings = &report.requests().next().unwrap().warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("the value of `first` holds an expression"), "{warnings:?}");
}

#[tokio::test]
async fn a_scenario_stops_and_a_container_carries_on() {
    let mut project = Entity::new("p", "p", Kind::Project);
    project.children = vec![
        request("z", "GET", "/missing"),
        scenario(
            "b",
            ScenarioAdditions::default(),
            vec![request("1", "GET", "/echo"), request("2", "GET", "/missing"), request("3", "GET", "/echo")],
        ),
        request("a", "GET", "/echo"),
        scenario(
            "a",
            ScenarioAdditions { carry_on: true, ..ScenarioAdditions::default() },
            vec![request("4", "GET", "/missing"), request("5", "GET", "/echo")],
        ),
    ];
    let server = Server::start().await;
    let report = run_with(&server, vec![project.clone()], |_, _| {}).await.0.unwrap();
    use Outcome::{Failure, Ok, Skipped};
    assert_eq!(
        outcomes(&report),
        [("4", Failure), ("5", Ok), ("1", Ok), ("2", Failure), ("3", Skipped), ("a", Ok), ("z", Failure)]
    );
    assert_eq!((report.outcome, report.exit_code()), (Failure, 1));
    let stopped = run_with(&server, vec![project], |options, _| options.stop_on_failure = true).await.0.unwrap();
    assert_eq!(stopped.count(Skipped), 6, "{:?}", outcomes(&stopped));
}

#[tokio::test]
async fn responses_flow_on_and_assertions_judge() {
    let login = with(request("login", "POST", "/login"), |request| {
        request.assertions = vec![
            status("200"),
            check(Subject::ResponseHeader, "X-TOKEN", "Equals", "tok-1"),
            check(Subject::ResponseJsonBody, "$.user", "Equals", r#"{ "name": "Ann", "id": 7 }"#),
            check(Subject::ResponseJsonBody, "$.items", "LengthEqual", "2"),
            check(Subject::ResponseBody, "length", "Greater", "50"),
            check(Subject::Response, "duration", "LessOrEqual", "1000"),
        ];
        request.additions.extract = vec![Extraction {
            name: "number".into(),
            subject: "ResponseHeader".into(),
            path: "x-token".into(),
            pattern: Some("tok-(\\d+)".into()),
            otherwise: None,
        }];
    });
    let wanted = with(request("wanted", "GET", "/missing"), |request| request.assertions = vec![status("404")]);
    let usage = with(request("use", "GET", "/echo/${number}"), |request| {
        request.headers = vec![Row::new(
            "Authorization",
            "Bearer ${getEntityById(\"login\").\"response\".\"body\".\"access_token\"}",
        )];
        request.assertions = vec![
            check(
                Subject::ResponseJsonBody,
                "$.headers.authorization",
                "Equals",
                "Bearer ${\"all\".\"login\".\"response\".\"body\".\"access_token\"}",
            ),
            check(Subject::ResponseJsonBody, "$.headers.cookie", "Equals", "session=s3cret"),
            check(Subject::ResponseJsonBody, "$.uri", "Equals", "/echo/1"),
        ];
    });
    let report = run(vec![scenario("all", ScenarioAdditions::default(), vec![login, wanted, usage])]).await;
    assert_eq!(report.outcome, Outcome::Ok, "{:?}", report.requests().map(|r| r.explanation()).collect::<Vec<_>>());
}

#[tokio::test]
async fn failures_point() {
    let late = with(request("late", "POST", "/login"), |request| {
        request.assertions = vec![
            check(Subject::ResponseJsonBody, "$.acces_token", "Equals", "abc"),
            check(Subject::ResponseHeader, "x-tokn", "Exists", "stale"),
            check(Subject::ResponseJsonBody, "$.user.name", "Equals", "Bob"),
            check(Subject::ResponseXmlBody, "//a", "Exists", ""),
            check(Subject::ResponseBody, "content", "Equls", ""),
        ];
    });
    let report = run(vec![late]).await;
    let text = report.requests().next().unwrap().explanation();
    for part in [
        "at buy.toml:7",
        "assertion 1: ResponseJsonBody $.acces_token Equals: there is no value; did you mean `access_token`?",
        "did you mean `x-token`?",
        "expected Equals `Bob`, received `Ann`",
        "the body is not valid XML",
        "`Equls` is not supported; did you mean `Equals`?",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(report.exit_code(), 2);
    let broken = run(vec![request("broken", "GET", "/${\"late\".\"x\"}")]).await;
    let text = broken.requests().next().unwrap().explanation();
    assert!(text.starts_with("path: `${\"late\".\"x\"}` at line 1, column 11:"), "{text}");
    assert_eq!(broken.requests().next().unwrap().exchange, None, "nothing is sent half evaluated");
}

#[tokio::test]
async fn retry_and_polling() {
    let retried = with(request("retried", "GET", "/poll"), |request| {
        request.retry = Some(Retry { count: 5, interval_seconds: 10, ..Retry::default() });
    });
    let (report, clock) = run_with(&Server::start().await, vec![retried], |_, _| {}).await;
    let report = report.unwrap();
    assert_eq!((report.outcome, report.requests().next().unwrap().attempts), (Outcome::Ok, 3));
    assert_eq!(*clock.slept.lock().unwrap(), [Duration::from_secs(10); 2]);

    let poll = |at_most| {
        with(request("poll", "GET", "/poll"), |request| {
            request.assertions = vec![check(Subject::ResponseStatus, "code", "Exists", "")];
            request.additions.extract = vec![Extraction {
                name: "state".into(),
                subject: "ResponseJsonBody".into(),
                path: "$.state".into(),
                pattern: None,
                otherwise: None,
            }];
            let holds = Condition { value: "${state}".into(), is: "Equals".into(), to: "done".into() };
            request.additions.until = Some(Until { holds, at_most, pause_ms: 500 });
        })
    };
    let (report, clock) = run_with(&Server::start().await, vec![poll(9)], |_, _| {}).await;
    assert_eq!(report.unwrap().outcome, Outcome::Ok);
    assert_eq!(clock.slept.lock().unwrap().len(), 2);
    let report = run(vec![poll(2)]).await;
    assert_eq!(report.outcome, Outcome::Failure);
    assert!(report.requests().next().unwrap().explanation().contains("does not hold after 2 sends"));
}

#[tokio::test]
async fn rows_loops_and_conditions() {
    let entity = with(request("row", "GET", "/echo/${id}/${item}"), |request| {
        request.additions.each = Some(Each { items: "[10, 20]".into(), name: "item".into() });
        request.additions.when = Some(Condition { value: "${who}".into(), is: "Equals".into(), to: "ann".into() });
    });
    let data = Data { file: Some("rows.csv".into()), ..Data::default() };
    let added = ScenarioAdditions { data: Some(data), ..ScenarioAdditions::default() };
    let report = run(vec![scenario("rows", added, vec![entity])]).await;
    assert_eq!(report.units.len(), 2);
    assert_eq!(report.units[1].row.as_ref().unwrap().1, [("who".into(), "b \"ob\"".into()), ("id".into(), "2".into())]);
    let uris: Vec<String> = report
        .requests()
        .filter_map(|r| r.exchange.as_ref())
        .map(|e| json(&e.response.text()).get("uri").unwrap().render())
        .collect();
    assert_eq!(uris, ["/echo/1/10", "/echo/1/20"]);
    assert_eq!(report.units[1].outcome, Outcome::Skipped);
    let bad = Data { text: Some("a,b\n1\n".into()), ..Data::default() };
    let added = ScenarioAdditions { data: Some(bad), ..ScenarioAdditions::default() };
    let report = run(vec![scenario("bad", added, vec![request("x", "GET", "/echo")])]).await;
    assert_eq!(report.outcome, Outcome::Error);
    assert!(report.units[0].problem.as_ref().unwrap().contains("line 2 of the data has 1 values"));
}

#[tokio::test]
async fn independent_scenarios_run_side_by_side_and_dependent_ones_wait() {
    let server = Server::start().await;
    let one =
        |id: &str| scenario(id, ScenarioAdditions::default(), vec![request(&format!("r-{id}"), "GET", "/together")]);
    let report = run_with(&server, vec![one("a"), one("b")], |options, _| options.jobs = 2).await.0.unwrap();
    assert_eq!((report.outcome, server.most_at_once()), (Outcome::Ok, 2));

    let server = Server::start().await;
    let first = scenario("a", ScenarioAdditions::default(), vec![request("login", "POST", "/login")]);
    let second = scenario(
        "b",
        ScenarioAdditions::default(),
        vec![request("use", "GET", "/echo/${\"a\".\"login\".\"response\".\"body\".\"user\".\"id\"}")],
    );
    let report = run_with(&server, vec![second, first], |options, _| options.jobs = 4).await.0.unwrap();
    assert_eq!(report.outcome, Outcome::Ok, "b waits for a");
}

#[tokio::test]
async fn redirects_cookies_and_time_outs() {
    let server = Server::start().await;
    let moved = || vec![request("moved", "POST", "/moved")];
    let report = run_with(&server, moved(), |_, _| {}).await.0.unwrap();
    assert_eq!(report.requests().next().unwrap().exchange.as_ref().unwrap().response.status, 302);
    let report = run_with(&server, moved(), |options, _| options.follow_redirects = true).await.0.unwrap();
    assert_eq!(seen(&report).get("uri").unwrap().render(), "/echo?from=moved");
    assert_eq!(seen(&report).get("method").unwrap().render(), "GET");
    let endless = with(request("loop", "GET", "/loop"), |request| request.additions.follow_redirects = Some(true));
    let report = run_with(&server, vec![endless], |_, _| {}).await.0.unwrap();
    assert!(report.requests().next().unwrap().explanation().contains("more than 10 redirects"));
    let without = with(request("z", "GET", "/echo"), |request| request.headers = vec![Row::new("Cookie", "")]);
    let report = run_with(&server, vec![request("login", "GET", "/login"), without], |_, _| {}).await.0.unwrap();
    assert_eq!(seen(&report).get("headers").unwrap().get("cookie"), None, "an empty Cookie header opts out");
    let never = with(request("never", "GET", "/never"), |request| request.additions.timeout_ms = Some(50));
    let report = run_with(&server, vec![never], |_, _| {}).await.0.unwrap();
    assert!(
        report.requests().next().unwrap().explanation().contains("no complete response from 127.0.0.1 within 50 ms")
    );
    let report = run_with(&server, vec![request("gzip", "GET", "/gzip")], |options, _| options.max_body = 50_000)
        .await
        .0
        .unwrap();
    assert!(report.requests().next().unwrap().explanation().contains("unpacked response body is larger"));
    let refused = with(request("refused", "GET", "/"), |request| request.uri.host = Some("127.0.0.1:1".into()));
    let report = run_with(&server, vec![refused], |_, _| {}).await.0.unwrap();
    assert!(report.requests().next().unwrap().explanation().contains("no connection to 127.0.0.1"));
}

#[tokio::test]
async fn a_proxy_gets_the_whole_address() {
    let proxy = Server::start().await;
    let entity = with(request("proxied", "GET", "/echo"), |request| {
        request.uri.host = Some("nowhere.example".into());
    });
    let report = run_with(&proxy, vec![entity], |options, _| options.proxy = Some(proxy.base())).await.0.unwrap();
    assert_eq!(seen(&report).get("headers").unwrap().get("host").unwrap().render(), "nowhere.example");
}

#[tokio::test]
async fn secrets_are_used_and_not_shown() {
    let server = Server::start().await;
    let secret = Variable { secret: Some("TOKEN".into()), value: None, ..Variable::new("token", "") };
    let entity = || {
        vec![with(request("r", "POST", "/echo?t=${token.urlEncode()}"), |request| {
            request.headers = vec![Row::new("Authorization", "Basic ${\"user:p w/1\".base64()}")];
            request.body.text = Some("${token}".into());
            request.assertions = vec![check(Subject::ResponseJsonBody, "$.body", "Equals", "${token}!")];
        })]
    };
    let report = run_with(&server, entity(), |options, environment| {
        environment.variables.push(secret.clone());
        options.secrets.insert("TOKEN".into(), "p w/1".into());
    })
    .await
    .0
    .unwrap();
    let shown = format!("{report:?}");
    let bytes = report.requests().next().unwrap().exchange.as_ref().unwrap().request_body.clone();
    assert_eq!(String::from_utf8(bytes).unwrap(), "•••");
    for trace in ["p w/1", "p%20w%2F1", "dXNlcjpwIHcvMQ=="] {
        assert!(!shown.contains(trace), "{trace}");
    }
    let missing = run_with(&server, entity(), |_, environment| environment.variables.push(secret)).await.0;
    assert!(missing.unwrap_err().to_string().contains("needs the secret `TOKEN`"));
}

#[tokio::test]
async fn a_part_can_be_chosen_by_path() {
    let server = Server::start().await;
    let all = || {
        vec![scenario(
            "Users",
            ScenarioAdditions::default(),
            vec![request("a", "GET", "/echo"), request("b", "GET", "/echo")],
        )]
    };
    let only = |path: &[&str]| path.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let report = run_with(&server, all(), |options, _| options.only = only(&["Users", "b"])).await.0.unwrap();
    assert_eq!(outcomes(&report), [("b", Outcome::Ok)]);
    let wrong = run_with(&server, all(), |options, _| options.only = only(&["Usrs"])).await.0;
    assert!(wrong.unwrap_err().to_string().contains("did you mean `Users`?"));
}
