//! One HTML page without scripts, fonts or pictures from elsewhere.

use std::fmt::Write;

use super::{escape, instant, seconds};
use crate::check::Outcome;
use crate::exchange::{Exchange, Spoken, decode};
use crate::run::{RequestReport, RunReport};

/// Longest body that is shown, in characters.
const MAX_BODY: usize = 20_000;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1d2327}\
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}details{border:1px solid #d5dae0;border-radius:6px;margin:.3rem 0;padding:.35rem .7rem}\
summary{cursor:pointer}pre{background:#f4f6f8;padding:.6rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}\
.Ok{color:#146c2e}.Failure{color:#b3261e}.Error{color:#8a5a00}.Skipped{color:#5f6b76}.tag{font-weight:600}\
table{border-collapse:collapse}td,th{border:1px solid #d5dae0;padding:.2rem .6rem;text-align:left;vertical-align:top}\
td{overflow-wrap:anywhere}h1,h2,p,summary{overflow-wrap:anywhere}:root{color-scheme:light dark}\
@media(max-width:48rem){table,tbody,tr,td{display:block}tr{border:1px solid #d5dae0;margin:.4rem 0}tr.names,td:empty{display:none}td{border:0}td[title]::before{content:attr(title) \": \";font-weight:600}}\
@media(prefers-color-scheme:dark){body{background:#15181c;color:#e4e7ea}pre{background:#20252b}details,td,th,tr{border-color:#3b434c}.Ok{color:#6fd08c}.Failure{color:#ff8a80}.Error{color:#f2c063}.Skipped{color:#9aa5b1}}";

/// The report as a page. Requests that are not Ok stand open.
pub fn html(report: &RunReport) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>API tests: {0}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>API tests: <span class=\"{0}\">{0}</span></h1>\n",
        report.outcome.name()
    );
    // Writing into a `String` cannot fail, here and below.
    let _ = writeln!(
        out,
        "<p>{} Ok, {} Failure, {} Error, {} Skipped · started {} · {} s · environment {}</p>",
        report.count(Outcome::Ok),
        report.count(Outcome::Failure),
        report.count(Outcome::Error),
        report.count(Outcome::Skipped),
        instant(report.started_ms),
        seconds(report.duration_ms),
        escape(report.environment.as_deref().unwrap_or("none")),
    );
    for unit in &report.units {
        let name = unit.outcome.name();
        let _ = writeln!(out, "<h2>{} <span class=\"tag {name}\">{name}</span></h2>", escape(&unit.title()));
        if let Some(problem) = &unit.problem {
            let _ = writeln!(out, "<p>{}</p>", escape(problem));
        }
        unit.requests.iter().for_each(|made| request(&mut out, made));
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn request(out: &mut String, request: &RequestReport) {
    let (name, open) = (request.outcome.name(), if request.outcome.is_bad() { " open" } else { "" });
    let attempts = if request.attempts > 1 { format!(" · {} attempts", request.attempts) } else { String::new() };
    let _ = writeln!(
        out,
        "<details{open}><summary><span class=\"tag {name}\">{name}</span> {} · {} s{attempts}</summary>",
        escape(&request.title()),
        seconds(request.duration_ms)
    );
    if let Some(problem) = &request.problem {
        let _ = writeln!(out, "<p>{}</p>", escape(problem));
    }
    for warning in &request.warnings {
        let _ = writeln!(out, "<p>Note: {}</p>", escape(warning));
    }
    if let Some(place) = &request.place {
        let _ = writeln!(out, "<p>{}</p>", escape(place));
    }
    if !request.checks.is_empty() {
        out.push_str(
            "<table><tr class=\"names\"><th></th><th>Subject</th><th>Comparison</th><th>Expected</th><th>Received</th><th></th></tr>\n",
        );
        for check in &request.checks {
            let _ = writeln!(
                out,
                "<tr><td class=\"tag {0}\">{0}</td><td>{1} {2}</td><td>{3}</td><td title=\"Expected\">{4}</td><td title=\"Received\">{5}</td><td>{6}</td></tr>",
                check.outcome.name(),
                escape(&check.subject),
                escape(&check.path),
                escape(&check.comparison),
                escape(check.expected.as_deref().unwrap_or("")),
                escape(check.received.as_deref().unwrap_or("nothing")),
                escape(&check.message),
            );
        }
        out.push_str("</table>\n");
    }
    if let Some(made) = &request.exchange {
        let _ = writeln!(out, "<pre>{}</pre>", escape(&raw(made)));
    }
    out.push_str("</details>\n");
}

/// Request and response as they stand on the wire, more or less.
fn raw(exchange: &Exchange) -> String {
    let mut out = format!("{} {}\n", exchange.method, exchange.uri);
    let response = &exchange.response;
    let talk = exchange.messages();
    headers(&mut out, &exchange.request_headers);
    if talk.is_none() {
        body(&mut out, &decode(&exchange.request_body));
    }
    let _ = writeln!(out, "\n{} {}", response.status, response.message);
    headers(&mut out, &response.headers);
    match talk {
        Some(talk) => messages(&mut out, &talk),
        None => body(&mut out, &response.text()),
    }
    out
}

/// A line for each message, with an arrow that says which way it went.
fn messages(out: &mut String, talk: &[Spoken]) {
    let mut left = MAX_BODY;
    out.push('\n');
    for message in talk {
        let arrow = if message.sent { '→' } else { '←' };
        let kind = if message.kind == "text" { String::new() } else { format!("{}: ", message.kind) };
        let text: String = message.text.chars().take(left).collect();
        left -= text.chars().count().min(left);
        let _ = writeln!(out, "{arrow} {kind}{text}");
        if left == 0 {
            break;
        }
    }
}

fn headers(out: &mut String, list: &[(String, String)]) {
    for (name, value) in list {
        let _ = writeln!(out, "{name}: {value}");
    }
}

fn body(out: &mut String, text: &str) {
    if !text.is_empty() {
        out.push('\n');
        out.extend(text.chars().take(MAX_BODY));
        out.push('\n');
    }
}
