//! One request: its condition, its loops, its attempts, its assertions, what is taken from the response.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::judge;
use super::prepare::{field, to_send};
use super::report::{RequestReport, worst};
use super::send::SendOptions;
use super::unit::Pass;
use crate::check::{Looked, Outcome};
use crate::effort::Effort;
use crate::exchange::Exchange;
use crate::json::Json;
use crate::model::{Entity, Request, Retry, Until};

/// Most elements of a loop.
const MAX_ELEMENTS: usize = 10_000;
/// Most sends of a poll.
const MAX_SENDS: u32 = 10_000;
/// Most bytes of all variables together.
const MAX_VARIABLES: usize = 64 << 20;
/// Longest pause of a poll.
const MAX_PAUSE_MS: u64 = 3_600_000;

/// Runs a request; more than one report when it loops over elements.
pub(super) async fn run(pass: &mut Pass<'_>, entity: &Entity) -> Vec<RequestReport> {
    let Some(request) = entity.request() else { return Vec::new() };
    let failed = |problem: String| {
        let mut report = RequestReport::new(&entity.id, &entity.name);
        (report.outcome, report.problem) = (Outcome::Error, Some(problem));
        vec![report]
    };
    match request.additions.when.as_ref().map(|when| pass.holds(when)) {
        None | Some(Ok(true)) => {}
        Some(Ok(false)) => {
            return vec![RequestReport::skipped(&entity.id, &entity.name, "its condition does not hold")];
        }
        Some(Err(problem)) => return failed(format!("when: {problem}")),
    }
    let Some(each) = &request.additions.each else {
        return vec![polled(pass, entity, request).await];
    };
    let value = pass.evaluator().value(&each.items);
    let items = match value.map_err(|error| field("each", &error)).and_then(elements) {
        Ok(items) => items,
        Err(problem) => return failed(problem),
    };
    let mut reports = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let shown = item.render();
        pass.variables.set(&each.name, shown.as_str());
        let mut report = polled(pass, entity, request).await;
        report.element = Some((index + 1, shown));
        let stop = report.outcome.is_bad() || pass.shared.runner.outside.stop.load(Ordering::Relaxed);
        reports.push(report);
        if stop {
            break;
        }
    }
    if reports.is_empty() {
        reports.push(RequestReport::skipped(&entity.id, &entity.name, "the list of its loop is empty"));
    }
    reports
}

fn elements(value: Json) -> Result<Vec<Json>, String> {
    let value = match value {
        Json::Text(text) => Json::parse(&text).map_err(|error| format!("each: the list is {error}"))?,
        other => other,
    };
    match value {
        Json::Array(items) if items.len() <= MAX_ELEMENTS => Ok(items),
        Json::Array(items) => Err(format!("each: {} elements are more than {MAX_ELEMENTS}", items.len())),
        other => Err(format!("each: an array is needed, found {}", other.kind())),
    }
}

/// Sends until the condition of its poll holds; once without one.
async fn polled(pass: &mut Pass<'_>, entity: &Entity, request: &Request) -> RequestReport {
    let clock = pass.shared.runner.outside.clock;
    let started = clock.monotonic_ms();
    let mut attempts = 0;
    let mut sends = 0;
    let mut report = loop {
        let mut report = retried(pass, entity, request).await;
        attempts += report.attempts;
        sends += 1;
        let Some(until) = request.additions.until.as_ref().filter(|_| report.outcome == Outcome::Ok) else {
            break report;
        };
        match pass.holds(&until.holds) {
            Ok(true) => break report,
            Ok(false) if sends < until.at_most.min(MAX_SENDS) => pause(pass, until).await,
            Ok(false) => {
                report.outcome = Outcome::Failure;
                let Until { holds, .. } = until;
                report.problem = Some(format!(
                    "until: `{}` {} `{}` does not hold after {sends} sends",
                    holds.value, holds.is, holds.to
                ));
                break report;
            }
            Err(problem) => {
                (report.outcome, report.problem) = (Outcome::Error, Some(format!("until: {problem}")));
                break report;
            }
        }
    };
    report.attempts = attempts;
    report.duration_ms = clock.monotonic_ms().saturating_sub(started);
    report
}

async fn pause(pass: &Pass<'_>, until: &Until) {
    let time = Duration::from_millis(until.pause_ms.min(MAX_PAUSE_MS));
    if !time.is_zero() {
        pass.shared.runner.outside.clock.sleep(time).await;
    }
}

/// Sends until Ok or until the attempts of the retry setting are used up (`doc`).
async fn retried(pass: &mut Pass<'_>, entity: &Entity, request: &Request) -> RequestReport {
    let retry = request.retry.clone().unwrap_or_default();
    let mut attempts = 0;
    loop {
        let mut report = attempt(pass, entity, request).await;
        attempts += 1;
        report.attempts = attempts;
        let stopped = pass.shared.runner.outside.stop.load(Ordering::Relaxed);
        if stopped || !report.outcome.is_bad() || attempts > retry.count.min(Retry::MAX_COUNT) {
            return report;
        }
        let seconds = retry.interval_seconds.min(Retry::MAX_SECONDS);
        if seconds > 0 {
            pass.shared.runner.outside.clock.sleep(Duration::from_secs(u64::from(seconds))).await;
        }
    }
}

async fn attempt(pass: &mut Pass<'_>, entity: &Entity, request: &Request) -> RequestReport {
    let mut report = RequestReport::new(&entity.id, &entity.name);
    let runner = pass.shared.runner;
    let outside = runner.outside;
    if let Err(problem) = bind(pass, request) {
        (report.outcome, report.problem) = (Outcome::Error, Some(problem));
        return report;
    }
    let prepared = {
        let evaluator = pass.evaluator();
        let prepared = to_send(request, &evaluator, outside.files);
        report.warnings = evaluator.take_warnings();
        prepared
    };
    let sent = match prepared {
        Ok(prepared) => {
            let options = send_options(pass, request);
            let opted_out = request.additions.cookies == Some(false)
                || request
                    .headers
                    .iter()
                    .any(|row| row.is_on() && row.name.eq_ignore_ascii_case("cookie") && row.value().is_empty());
            let jar = pass.jar().filter(|_| !opted_out);
            // In a box: it is large, and would be moved with everything that waits for it.
            Box::pin(pass.transport.send(prepared, &options, jar, outside)).await
        }
        Err(problem) => Err(problem),
    };
    match sent {
        Ok((exchange, shortfall)) => {
            let exchange = Arc::new(exchange);
            if pass.shared.may_be_named(&entity.id) {
                runner.exchanges.put(&entity.id, exchange.clone());
            }
            report.warnings.extend(exchange.response.remarks());
            judge(pass, request, &exchange, &mut report);
            if let Some(shortfall) = shortfall {
                report.outcome = report.outcome.max(Outcome::Failure);
                report.problem.get_or_insert(shortfall);
            }
            report.exchange = Some(exchange);
        }
        Err(problem) => (report.outcome, report.problem) = (Outcome::Error, Some(problem)),
    }
    report
}

/// Makes the values that stand before the request.
fn bind(pass: &mut Pass<'_>, request: &Request) -> Result<(), String> {
    for binding in &request.additions.before {
        let value = pass.evaluator().text(&binding.value);
        let value = value.map_err(|error| field(&format!("value `{}`", binding.name), &error))?;
        keep(pass, &binding.name, value).map_err(|problem| format!("value `{}`: {problem}", binding.name))?;
    }
    Ok(())
}

/// Sets a variable, unless all of them become too large.
fn keep(pass: &mut Pass<'_>, name: &str, value: String) -> Result<(), String> {
    if pass.variables.bytes() + value.len() > MAX_VARIABLES {
        return Err(format!(
            "the variables have more than {} MiB together; keep less of the answers",
            MAX_VARIABLES >> 20
        ));
    }
    pass.variables.set(name, value);
    Ok(())
}

fn send_options(pass: &Pass<'_>, request: &Request) -> SendOptions {
    let (options, added) = (pass.shared.runner.options, &request.additions);
    SendOptions {
        follow_redirects: added.follow_redirects.unwrap_or(options.follow_redirects),
        timeout: added.timeout_ms.map_or(options.timeout, Duration::from_millis),
        tls: added.tls.clone().unwrap_or_else(|| options.tls.clone()),
        proxy: added.proxy.clone().or_else(|| options.proxy.clone()).filter(|proxy| !proxy.is_empty()),
        browser_headers: options.browser_headers,
        max_body: options.max_body,
        events: added.events.clone(),
        steps: options.steps,
    }
}

/// Checks the assertions and takes values out of the response.
fn judge(pass: &mut Pass<'_>, request: &Request, exchange: &Exchange, report: &mut RequestReport) {
    let runner = pass.shared.runner;
    let effort = Effort::new(runner.options.steps, runner.outside.stop);
    let looked = Looked::at(&exchange.response, &effort);
    {
        let evaluator = pass.evaluator();
        let on = request.assertions.iter().filter(|assertion| assertion.is_on());
        report.checks = on.map(|assertion| judge::check(&looked, &evaluator, assertion)).collect();
        report.warnings.extend(evaluator.take_warnings());
    }
    report.outcome = if !report.checks.is_empty() {
        worst(report.checks.iter().map(|check| check.outcome))
    } else if exchange.response.status < 400 {
        Outcome::Ok
    } else {
        Outcome::Failure
    };
    for extraction in &request.additions.extract {
        let taken = judge::extract(&looked, extraction);
        match taken.and_then(|value| keep(pass, &extraction.name, value.clone()).map(|()| value)) {
            Ok(value) => report.extracted.push((extraction.name.clone(), value)),
            Err(problem) => {
                report.problem.get_or_insert(format!("extraction `{}`: {problem}", extraction.name));
                report.outcome = Outcome::Error;
            }
        }
    }
}
