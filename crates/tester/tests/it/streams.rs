//! Server-sent events from a real server.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::stream::{self, StreamExt};
use stoker_tester::Exchanges;
use stoker_tester::check::Outcome;
use stoker_tester::model::*;
use stoker_tester::run::{NoFiles, Outside, RunOptions, RunReport, Runner, Transport};
use stoker_tester::world::{Clock, Seeded};

use crate::runs::{check, request, with};

/// `/live` never ends after three events, `/silent` without any; `/short` has two; `/page` is no stream.
async fn server() -> String {
    let piece = |number: usize| Ok::<_, Infallible>(Bytes::from(format!("id: {number}\ndata: {{\"n\":{number}}}\n\n")));
    let events = |body: Body| ([("content-type", "text/event-stream; charset=utf-8")], body).into_response();
    let live = move || async move { events(Body::from_stream(stream::iter(0..3).map(piece).chain(stream::pending()))) };
    let short = move || async move { events(Body::from_stream(stream::iter(0..2).map(piece))) };
    let silent = move || async move { events(Body::from_stream(stream::pending::<Result<Bytes, Infallible>>())) };
    let router = Router::new().route("/live", get(live)).route("/short", get(short));
    let router = router.route("/silent", get(silent)).route("/page", get("text"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address.to_string()
}

fn events(base: &str, path: &str, at_most: u32, checks: Vec<Assertion>) -> Entity {
    with(request(path, "GET", path), |request| {
        request.uri.host = Some(base.to_owned());
        request.additions.events = Some(Events { at_most, within_ms: 60_000 });
        request.assertions = checks;
    })
}

/// Time stands still, or is over at once.
struct StreamClock {
    over: bool,
}

impl Clock for StreamClock {
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

async fn run(clock: StreamClock, entities: Vec<Entity>) -> RunReport {
    let drive = Drive { entities, ..Drive::default() };
    let (entropy, transport) = (Seeded::new(1), Transport::default());
    let (exchanges, places, options) = (Exchanges::default(), HashMap::new(), RunOptions::default());
    let outside = Outside {
        clock: &clock,
        entropy: &entropy,
        files: &NoFiles,
        transport: &transport,
        observer: &|_| {},
        stop: &AtomicBool::new(false),
    };
    let runner =
        Runner { drive: &drive, environment: None, options: &options, places: &places, exchanges: &exchanges, outside };
    runner.run().await.unwrap()
}

#[tokio::test]
async fn so_many_events_are_read_and_checked_as_json() {
    let base = server().await;
    let json = |path: &str, value: &str| check(Subject::ResponseJsonBody, path, "Equals", value);
    let length = |number: &str| check(Subject::ResponseJsonBody, "$", "LengthEqual", number);
    let short = vec![json("$[1].json.n", "1"), json("$[1].id", "1"), json("$[0].event", "message"), length("2")];
    // The server never ends this one.
    let live = vec![length("3"), json("$[2].data", "{\"n\":2}")];
    let all = vec![events(&base, "/short", 10, short), events(&base, "/live", 3, live)];
    let report = run(StreamClock { over: false }, all).await;
    for request in report.requests() {
        assert_eq!(request.outcome, Outcome::Ok, "{}", request.explanation());
        let sent = &request.exchange.as_ref().unwrap().request_headers;
        assert!(sent.contains(&("Accept".into(), "text/event-stream".into())), "{sent:?}");
    }
    assert_eq!(report.requests().count(), 2);
}

#[tokio::test]
async fn a_silent_stream_is_left_when_the_time_is_over_and_a_page_is_no_stream() {
    let base = server().await;
    let none = vec![check(Subject::ResponseJsonBody, "$", "LengthEqual", "0")];
    let all = vec![events(&base, "/page", 1, Vec::new()), events(&base, "/silent", 5, none)];
    let report = run(StreamClock { over: true }, all).await;
    let requests: Vec<_> = report.requests().collect();
    assert_eq!(requests[0].outcome, Outcome::Error);
    assert!(requests[0].explanation().contains("not text/event-stream"), "{}", requests[0].explanation());
    assert_eq!(requests[1].outcome, Outcome::Ok, "{}", requests[1].explanation());
}
