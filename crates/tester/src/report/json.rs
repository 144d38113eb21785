//! JSON with everything that a run has shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::check::Check;
use crate::exchange::{Exchange, decode};
use crate::json::{Json, Object, object};
use crate::run::{RequestReport, RunReport, UnitReport};

/// Longest body that is written, in characters.
const MAX_BODY: usize = 100_000;

/// Bytes of a body that is no text that are written for each character that one may have.
const BYTES_A_CHAR: usize = 3;

/// Version of the layout.
const FORMAT: i32 = 1;

/// The whole report; bodies are shortened to 100,000 characters.
pub fn json(report: &RunReport) -> String {
    object([
        ("format", Json::int(FORMAT)),
        ("outcome", report.outcome.name().into()),
        ("environment", maybe(report.environment.as_ref())),
        ("started", super::instant(report.started_ms).into()),
        ("startedMs", Json::int(report.started_ms)),
        ("durationMs", Json::int(report.duration_ms)),
        ("units", report.units.iter().map(unit).collect::<Vec<_>>().into()),
    ])
    .pretty()
}

fn maybe(text: Option<&String>) -> Json {
    text.map_or(Json::Null, Json::text)
}

fn pairs(list: &[(String, String)]) -> Json {
    let pair = |(name, value): &(String, String)| object([("name", Json::text(name)), ("value", Json::text(value))]);
    list.iter().map(pair).collect::<Vec<_>>().into()
}

fn unit(unit: &UnitReport) -> Json {
    let row = unit.row.as_ref().map_or(Json::Null, |(number, values)| {
        object([("number", Json::int(*number as u64)), ("values", pairs(values))])
    });
    object([
        ("path", unit.path.iter().map(Json::text).collect::<Vec<_>>().into()),
        ("scenario", unit.scenario.into()),
        ("row", row),
        ("outcome", unit.outcome.name().into()),
        ("durationMs", Json::int(unit.duration_ms)),
        ("problem", maybe(unit.problem.as_ref())),
        ("requests", unit.requests.iter().map(|one| request(one, MAX_BODY)).collect::<Vec<_>>().into()),
    ])
}

/// The report of one request; bodies are shortened to `max_body` characters. One that is no text comes in Base64 too.
pub fn request(request: &RequestReport, max_body: usize) -> Json {
    let element = request.element.as_ref().map_or(Json::Null, |(number, value)| {
        object([("number", Json::int(*number as u64)), ("value", Json::text(value))])
    });
    object([
        ("id", Json::text(&request.id)),
        ("name", Json::text(&request.name)),
        ("element", element),
        ("place", maybe(request.place.as_ref())),
        ("outcome", request.outcome.name().into()),
        ("attempts", Json::int(request.attempts)),
        ("durationMs", Json::int(request.duration_ms)),
        ("problem", maybe(request.problem.as_ref())),
        ("checks", request.checks.iter().map(check).collect::<Vec<_>>().into()),
        ("warnings", request.warnings.iter().map(Json::text).collect::<Vec<_>>().into()),
        ("extracted", pairs(&request.extracted)),
        ("exchange", request.exchange.as_ref().map_or(Json::Null, |made| exchange(made, max_body))),
    ])
}

fn check(check: &Check) -> Json {
    object([
        ("subject", Json::text(&check.subject)),
        ("path", Json::text(&check.path)),
        ("comparison", Json::text(&check.comparison)),
        ("expected", maybe(check.expected.as_ref())),
        ("received", maybe(check.received.as_ref())),
        ("outcome", check.outcome.name().into()),
        ("message", Json::text(&check.message)),
    ])
}

fn exchange(exchange: &Exchange, max_body: usize) -> Json {
    let response = &exchange.response;
    let mut made = Object::default();
    made.insert("method".into(), Json::text(&exchange.method));
    made.insert("uri".into(), Json::text(&exchange.uri));
    made.insert("requestHeaders".into(), pairs(&exchange.request_headers));
    made.insert("requestBody".into(), body(decode(&exchange.request_body), max_body));
    made.insert("redirects".into(), exchange.redirects.iter().map(Json::text).collect::<Vec<_>>().into());
    made.insert("status".into(), Json::int(response.status));
    made.insert("message".into(), Json::text(&response.message));
    made.insert("responseHeaders".into(), pairs(&response.headers));
    made.insert("responseBody".into(), body(response.text(), max_body));
    if std::str::from_utf8(&response.body).is_err() {
        let kept = &response.body[..response.body.len().min(max_body * BYTES_A_CHAR)];
        made.insert("responseBytes".into(), Json::Text(STANDARD.encode(kept)));
    }
    made.insert("responseLength".into(), Json::int(response.body.len() as u64));
    made.insert("latencyMs".into(), Json::int(response.latency_ms));
    made.insert("durationMs".into(), Json::int(response.duration_ms));
    Json::Object(made)
}

fn body(text: String, max_body: usize) -> Json {
    match text.char_indices().nth(max_body) {
        Some((end, _)) => Json::Text(format!("{}…", &text[..end])),
        None => Json::Text(text),
    }
}
