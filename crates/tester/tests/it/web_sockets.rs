//! Talks over WebSockets with a real server.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Router;
use axum::extract::Request as Incoming;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};
use stoker_tester::Exchanges;
use stoker_tester::check::Outcome;
use stoker_tester::json::Json;
use stoker_tester::model::*;
use stoker_tester::run::{NoFiles, Outside, RequestReport, RunOptions, RunReport, Runner, Transport};
use stoker_tester::world::{Clock, Seeded};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role};

use crate::runs::{check, request, with};

type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// Opens for every path but `/plain`, `/denied` and `/moved`; what is said depends on the path.
pub(crate) async fn answer(request: Incoming) -> Response {
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/plain" => return "no socket here".into_response(),
        "/denied" => return (StatusCode::FORBIDDEN, r#"{"error":"no"}"#).into_response(),
        "/moved" => return Redirect::temporary("/echo").into_response(),
        _ => {}
    }
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let (key, offered, token) =
        (header("sec-websocket-key"), header("sec-websocket-protocol"), header("authorization"));
    let fits = header("upgrade") == "websocket" && header("sec-websocket-version") == "13";
    let long = base64::engine::general_purpose::STANDARD.decode(&key).is_ok_and(|bytes| bytes.len() == 16);
    if !fits || !long {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut accept = base64::engine::general_purpose::STANDARD
        .encode(Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
    if path == "/wrong" {
        accept.insert(0, 'x');
    }
    let chosen = if path == "/stranger" { Some("stranger") } else { offered.split(", ").find(|one| *one == "v2.chat") };
    let mut opened = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-accept", accept);
    if let Some(chosen) = chosen {
        opened = opened.header("sec-websocket-protocol", chosen);
    }
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let Ok(io) = upgrade.await else { return };
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(io), Role::Server, None).await;
        // The client leaves when it has what it wants.
        let _ = talk(socket, &path, &token).await;
    });
    opened.body(axum::body::Body::empty()).unwrap()
}

async fn talk(mut socket: Socket, path: &str, token: &str) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    match path {
        "/flood" => {
            for number in 0u64.. {
                socket.send(Message::text(format!("{{\"n\":{number},\"fill\":\"{}\"}}", "x".repeat(1000)))).await?;
            }
        }
        "/bye" => {
            let frame = CloseFrame { code: 4000.into(), reason: "enough".into() };
            socket.close(Some(frame)).await?;
        }
        "/break" => return Ok(()),
        "/bytes" => socket.send(Message::binary(vec![0xff, 0, 1])).await?,
        // Says nothing until it was greeted, as protocols with a handshake of their own do.
        "/greeted" => {
            let first = socket.next().await;
            socket.send(Message::Ping(b"still there?"[..].into())).await?;
            socket.send(Message::text(r#"{"type":"noise"}"#)).await?;
            socket.send(Message::text(r#"{"type":"ack"}"#)).await?;
            let second = socket.next().await;
            let heard = format!("{first:?} {second:?}").contains("hello") && format!("{second:?}").contains("Pong");
            let third = socket.next().await;
            let asked = format!("{third:?}").contains("subscribe");
            socket.send(Message::text(format!(r#"{{"type":"next","heard":{heard},"asked":{asked}}}"#))).await?;
        }
        "/silent" => std::future::pending().await,
        _ => {}
    }
    while let Some(message) = socket.next().await {
        if let Message::Text(text) = message? {
            socket.send(Message::text(format!("{text} {token}"))).await?;
        }
    }
    Ok(())
}

async fn server() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    address.to_string()
}

fn turn(send: &[&str], at_most: Option<u32>, until: Option<(&str, &str)>) -> Turn {
    let until = until.map(|(path, to)| MessageIs { path: path.into(), is: "Equals".into(), to: to.into() });
    Turn { send: send.iter().map(|text| (*text).to_owned()).collect(), at_most, within_ms: Some(60_000), until }
}

fn talking(base: &str, path: &str, turns: Vec<Turn>, checks: Vec<Assertion>) -> Entity {
    with(request(path, "GET", path), |request| {
        request.uri.scheme.name = Some("ws".into());
        request.uri.host = Some(base.to_owned());
        request.additions.web_socket = Some(WebSocket { protocols: Vec::new(), turns });
        request.assertions = checks;
    })
}

/// Time stands still, or is over at once.
struct TalkClock {
    over: bool,
}

impl Clock for TalkClock {
    fn now_ms(&self) -> i64 {
        0
    }

    fn monotonic_ms(&self) -> u64 {
        0
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        if self.over { Box::pin(std::future::ready(())) } else { Box::pin(std::future::pending()) }
    }
}

pub(crate) async fn run(over: bool, options: RunOptions, entities: Vec<Entity>) -> RunReport {
    let mut environment = Environment { name: "dev".into(), ..Environment::default() };
    environment.variables.push(Variable { private: Some(true), ..Variable::new("word", "s3cret-word".to_owned()) });
    let drive = Drive { entities, environments: vec![environment], ..Drive::default() };
    let (clock, entropy, transport) = (TalkClock { over }, Seeded::new(1), Transport::default());
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
    let runner =
        Runner { drive: &drive, environment, options: &options, places: &places, exchanges: &exchanges, outside };
    runner.run().await.unwrap()
}

fn json(path: &str, value: &str) -> Assertion {
    check(Subject::ResponseJsonBody, path, "Equals", value)
}

fn named<'a>(report: &'a RunReport, name: &str) -> &'a RequestReport {
    report.requests().find(|request| request.name == name).unwrap()
}

fn fine(report: &RunReport, name: &str) {
    let request = named(report, name);
    assert_eq!(request.outcome, Outcome::Ok, "{name}: {}", request.explanation());
}

#[tokio::test]
async fn messages_are_sent_received_and_checked() {
    let base = server().await;
    let status = check(Subject::ResponseStatus, "code", "Equals", "101");
    let chosen = check(Subject::ResponseHeader, "sec-websocket-protocol", "Equals", "v2.chat");
    let echoed =
        vec![status, chosen, json("$[0].data", "AB Bearer t"), json("$[1].data", "c Bearer t"), json("$[1].turn", "2")];
    let echo = with(
        talking(&base, "/echo", vec![turn(&["${\"ab\".upper()}"], None, None), turn(&["c"], Some(1), None)], echoed),
        |request| {
            request.headers = vec![Row::new("Authorization", "Bearer t"), Row::new("Sec-WebSocket-Key", "mine")];
            request.additions.web_socket.as_mut().unwrap().protocols = vec!["v3".into(), "v2.chat".into()];
        },
    );
    let hello = turn(&["hello"], None, Some(("$.type", "ack")));
    let asked = turn(&["subscribe"], None, Some(("$.type", "next")));
    let seen = vec![json("$[2].json.asked", "true"), json("$[2].json.heard", "true"), json("$[0].json.type", "noise")];
    let bytes = vec![json("$[0].type", "binary"), json("$[0].data", "/wAB")];
    let bye = vec![json("$[0].type", "close"), json("$[0].code", "4000"), json("$[0].reason", "enough")];
    let first = vec![check(Subject::ResponseJsonBody, "$", "LengthEqual", "5"), json("$[4].json.n", "4")];
    let all = vec![
        echo,
        talking(&base, "/greeted", vec![hello, asked], seen),
        talking(&base, "/bytes", vec![turn(&[], Some(1), None)], bytes),
        talking(&base, "/bye", vec![turn(&[], Some(9), None)], bye),
        talking(&base, "/flood", vec![turn(&[], None, Some(("$.n", "4")))], first),
    ];
    let report = run(false, RunOptions::default(), all).await;
    ["/echo", "/greeted", "/bytes", "/bye", "/flood"].iter().for_each(|name| fine(&report, name));
    let shown = named(&report, "/greeted").exchange.as_ref().unwrap().messages().unwrap();
    let told: Vec<String> = shown.iter().map(|one| format!("{}{} {}", one.turn, one.sent, one.text)).collect();
    assert_eq!(told[..2], ["1true hello", r#"1false {"type":"noise"}"#]);
    assert_eq!(told[3], "2true subscribe");
    let page = stoker_tester::report::html(&report);
    assert!(page.contains("→ hello") && page.contains("← {&quot;type&quot;:&quot;ack&quot;}"), "{page}");
    assert!(page.contains("← close: 4000 enough"), "{page}");
}

#[tokio::test]
async fn what_does_not_come_true_is_a_failure_that_says_why() {
    let base = server().await;
    let never = || vec![turn(&["a"], Some(2), Some(("$.type", "ack"))), turn(&["b"], None, None)];
    let all = vec![
        talking(&base, "/bye", never(), Vec::new()),
        talking(&base, "/flood", never(), Vec::new()),
        talking(&base, "/break", vec![turn(&[], None, None)], Vec::new()),
    ];
    let report = run(false, RunOptions::default(), all).await;
    let cases = [
        ("/bye", "turn 1: until: no message has $.type Equals `ack`; 0 came, then the server closed"),
        ("/flood", "2 came, then that was all it waits for"),
        ("/break", "turn 1: the connection broke"),
    ];
    for (name, why) in cases {
        let request = named(&report, name);
        assert_eq!(request.outcome, Outcome::Failure, "{name}");
        assert!(request.explanation().contains(why), "{name}: {}", request.explanation());
    }
    // The second turn did not begin.
    assert!(!String::from_utf8_lossy(&named(&report, "/flood").exchange.as_ref().unwrap().request_body).contains('b'));

    let silent = talking(&base, "/silent", vec![turn(&[], None, Some(("", "x")))], Vec::new());
    let content = vec![check(Subject::ResponseJsonBody, "$", "LengthEqual", "0")];
    let patient = with(talking(&base, "/silent", vec![turn(&[], None, None)], content), |_| {});
    let report = run(true, RunOptions::default(), vec![silent, patient]).await;
    let requests: Vec<_> = report.requests().collect();
    assert!(requests[0].explanation().contains("no message has text Equals `x`; 0 came, then after 60000 ms"));
    assert_eq!(requests[1].outcome, Outcome::Ok, "{}", requests[1].explanation());
}

#[tokio::test]
async fn an_opening_that_is_none_is_told_apart() {
    let base = server().await;
    let one = || vec![turn(&["x"], None, None)];
    let denied = vec![check(Subject::ResponseStatus, "code", "Equals", "403"), json("$.error", "no")];
    let posted = with(talking(&base, "/posted", one(), Vec::new()), |request| request.method = Method::named("POST"));
    let bare = with(talking(&base, "/bare", one(), Vec::new()), |request| request.additions.web_socket = None);
    let many = with(talking(&base, "/many", vec![turn(&[], None, None); 101], Vec::new()), |_| {});
    let odd = talking(
        &base,
        "/odd",
        vec![Turn { until: Some(MessageIs { is: "Equal".into(), ..MessageIs::default() }), ..turn(&[], None, None) }],
        Vec::new(),
    );
    let moved = with(talking(&base, "/moved", one(), vec![json("$[0].data", "x ")]), |request| {
        request.additions.follow_redirects = Some(true);
    });
    let plain = |path| talking(&base, path, one(), Vec::new());
    let all = vec![
        plain("/plain"),
        plain("/wrong"),
        plain("/stranger"),
        posted,
        bare,
        many,
        odd,
        moved,
        talking(&base, "/denied", one(), denied),
    ];
    let report = run(false, RunOptions::default(), all).await;
    for (name, why) in [
        ("/plain", "answered 200, not 101"),
        ("/wrong", "Sec-WebSocket-Accept"),
        ("/stranger", "chose the protocol `stranger`"),
        ("/posted", "opened with GET, not POST"),
        ("/bare", "needs `web_socket`"),
        ("/many", "101 turns"),
        ("/odd", "`Equal` is no comparison"),
    ] {
        let request = named(&report, name);
        assert_eq!(request.outcome, Outcome::Error, "{name}");
        assert!(request.explanation().contains(why), "{name}: {}", request.explanation());
    }
    fine(&report, "/denied");
    fine(&report, "/moved");
}

#[tokio::test]
async fn a_flood_is_cut_off_at_the_size_and_secrets_are_masked() {
    let base = server().await;
    let flood = talking(&base, "/flood", vec![turn(&[], Some(10_000), None)], Vec::new());
    let secret =
        talking(&base, "/echo", vec![turn(&["say ${word}"], None, None)], vec![json("$[0].data", "say s3cret-word ")]);
    let options = RunOptions { max_body: 100_000, ..RunOptions::default() };
    let report = run(false, options, vec![flood, secret]).await;
    let cut = named(&report, "/flood");
    assert_eq!(cut.outcome, Outcome::Error);
    assert!(cut.explanation().contains("larger than 100000 bytes"), "{}", cut.explanation());
    fine(&report, "/echo");
    let shown = stoker_tester::report::json(&report) + &stoker_tester::report::html(&report);
    assert!(shown.contains("say •••") && !shown.contains("s3cret-word"), "{shown}");
}

#[test]
fn a_talk_is_kept_in_text_files_and_in_exports() {
    let mut entity =
        talking("h:1", "/chat", vec![turn(&["{\"a\":\"b\"}", "it's\ntwo"], Some(0), Some(("$.a", "'")))], Vec::new());
    entity.name = "chat".into();
    let drive = Drive { entities: vec![entity], ..Drive::default() };
    let texts = stoker_tester::folder::write(&drive);
    assert!(texts["drive.toml"].contains("url = \"ws://h:1/chat\""), "{}", texts["drive.toml"]);
    assert_eq!(stoker_tester::folder::read(&texts).unwrap().drive, drive);
    let exported = stoker_tester::native::export_tree(&drive, Default::default());
    let again = stoker_tester::native::import(&exported, Default::default()).unwrap().drive;
    assert_eq!(again.entities, drive.entities);
    assert!(matches!(Json::parse(&exported), Ok(Json::Object(_))));
}
