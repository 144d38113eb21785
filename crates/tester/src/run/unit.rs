//! One scenario, once or for each row of its data.

use std::collections::HashSet;
use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use super::cookies::Jar;
use super::mask::Masker;
use super::plan::Unit;
use super::report::{RequestReport, UnitReport, worst};
use super::{DataRow, Event, Runner, Transport, data, one};
use crate::check::{Outcome, compare_texts};
use crate::effort::{Effort, Halt};
use crate::expr::{Evaluator, Sources};
use crate::model::{Condition, CookieMode, Variables};

/// What all units of a run share.
pub(super) struct Shared<'a> {
    pub(super) runner: Runner<'a>,
    pub(super) variables: Variables,
    pub(super) masker: Masker,
    pub(super) jar: Mutex<Jar>,
    /// Something was bad, and the run is to end then.
    pub(super) failed: AtomicBool,
    /// Results so far.
    pub(super) results: AtomicUsize,
    /// Ids of the requests whose responses expressions name; any may be named when there is none.
    pub(super) named: Option<HashSet<String>>,
}

impl Shared<'_> {
    /// Whether anybody may ask for the latest response of this request.
    pub(super) fn may_be_named(&self, id: &str) -> bool {
        self.runner.options.keep_exchanges || self.named.as_ref().is_none_or(|named| named.contains(id))
    }

    /// Why the run ends early, if it does.
    fn ends(&self) -> Option<String> {
        if self.runner.outside.stop.load(Ordering::Relaxed) {
            return Some(Halt::Stopped.to_string());
        }
        let most = self.runner.options.results;
        let full = self.results.load(Ordering::Relaxed) >= most;
        full.then(|| format!("the run has {most} results, the most of one run; split it"))
    }
}

/// Lets others go on: what sends nothing never waits.
async fn pause() {
    let mut done = false;
    poll_fn(|context| {
        if std::mem::replace(&mut done, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// One pass through a unit.
pub(super) struct Pass<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) transport: &'a Transport,
    pub(super) variables: Variables,
    pub(super) own_jar: Mutex<Jar>,
    /// Id of the request that is worked on.
    asking: Option<&'a str>,
}

impl Pass<'_> {
    pub(super) fn evaluator(&self) -> Evaluator<'_> {
        let runner = self.shared.runner;
        let sources = Sources {
            variables: &self.variables,
            drive: runner.drive,
            exchanges: runner.exchanges,
            clock: runner.outside.clock,
            entropy: runner.outside.entropy,
        };
        let evaluator = Evaluator::within(sources, Effort::new(runner.options.steps, runner.outside.stop));
        evaluator.with_places(runner.places).asked_by(self.asking)
    }

    pub(super) fn jar(&self) -> Option<&Mutex<Jar>> {
        match self.shared.runner.options.cookies {
            CookieMode::Shared => Some(&self.shared.jar),
            CookieMode::PerScenario => Some(&self.own_jar),
            CookieMode::Off => None,
        }
    }

    /// Whether a condition holds.
    pub(super) fn holds(&self, condition: &Condition) -> Result<bool, String> {
        let evaluator = self.evaluator();
        let value = evaluator.text(&condition.value).map_err(|error| error.to_string())?;
        let expected = evaluator.text(&condition.to).map_err(|error| error.to_string())?;
        compare_texts(&value, &condition.is, &expected, evaluator.effort())
    }
}

pub(super) async fn run<'a>(shared: &'a Shared<'a>, transport: &'a Transport, unit: &Unit<'a>) -> Vec<UnitReport> {
    let left_out = |why: &str, outcome: Outcome| {
        let requests = unit.requests.iter().map(|entity| RequestReport::skipped(&entity.id, &entity.name, why));
        let problem = Some(why.to_owned());
        vec![UnitReport { outcome, problem, requests: requests.collect(), ..empty(unit) }]
    };
    if shared.failed.load(Ordering::Relaxed) {
        return left_out("the run was stopped by an earlier failure", Outcome::Skipped);
    }
    if let Some(why) = shared.ends() {
        return vec![UnitReport { outcome: Outcome::Error, problem: Some(why), ..empty(unit) }];
    }
    let Some(data) = unit.scenario.and_then(|additions| additions.data.as_ref()) else {
        return vec![pass(shared, transport, unit, None).await];
    };
    match data::rows(data, shared.runner.outside.files) {
        Err(problem) => left_out(&format!("data: {problem}"), Outcome::Error),
        Ok(rows) => {
            let mut reports = Vec::with_capacity(rows.len());
            for (index, row) in rows.into_iter().enumerate() {
                if let Some(why) = shared.ends() {
                    reports.push(UnitReport { outcome: Outcome::Error, problem: Some(why), ..empty(unit) });
                    break;
                }
                let report = pass(shared, transport, unit, Some((index + 1, row))).await;
                let stop = report.outcome.is_bad() && shared.runner.options.stop_on_failure;
                reports.push(report);
                if stop {
                    break;
                }
            }
            reports
        }
    }
}

fn empty(unit: &Unit<'_>) -> UnitReport {
    UnitReport {
        path: unit.path.clone(),
        scenario: unit.scenario.is_some(),
        row: None,
        outcome: Outcome::Ok,
        duration_ms: 0,
        problem: None,
        requests: Vec::new(),
    }
}

async fn pass<'a>(
    shared: &'a Shared<'a>,
    transport: &'a Transport,
    unit: &Unit<'a>,
    row: Option<(usize, DataRow)>,
) -> UnitReport {
    let outside = shared.runner.outside;
    let started = outside.clock.monotonic_ms();
    let mut variables = shared.variables.clone();
    for (name, value) in row.iter().flat_map(|(_, row)| row) {
        variables.set(name, value.as_str());
    }
    let mut pass = Pass { shared, transport, variables, own_jar: Mutex::default(), asking: None };
    let mut report = UnitReport { row, ..empty(unit) };
    let title = report.title();
    let mut stopped = match unit.scenario.and_then(|additions| additions.when.as_ref()).map(|when| pass.holds(when)) {
        None | Some(Ok(true)) => None,
        Some(Ok(false)) => {
            report.outcome = Outcome::Skipped;
            Some("the condition of the scenario does not hold".to_owned())
        }
        Some(Err(problem)) => {
            report.outcome = Outcome::Error;
            Some(format!("when: {problem}"))
        }
    };
    report.problem = stopped.clone();
    let carries_on = unit.scenario.is_none_or(|additions| additions.carry_on);
    for entity in &unit.requests {
        if let Some(why) = shared.ends() {
            (report.problem, report.outcome) = (Some(why), Outcome::Error);
            break;
        }
        if let Some(why) = &stopped {
            report.requests.push(RequestReport::skipped(&entity.id, &entity.name, why));
            shared.results.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        (outside.observer)(Event::BeforeTest { unit: &title, name: &entity.name });
        pass.asking = Some(&entity.id);
        let made = one::run(&mut pass, entity).await;
        shared.results.fetch_add(made.len(), Ordering::Relaxed);
        if made.iter().all(|made| made.exchange.is_none()) {
            pause().await;
        }
        for mut made in made {
            made.place = shared.runner.places.get(&entity.id).cloned();
            shared.masker.request(&mut made);
            (outside.observer)(Event::AfterTest { unit: &title, report: &made });
            if made.outcome.is_bad() && (!carries_on || shared.runner.options.stop_on_failure) {
                stopped = Some(format!("an earlier request, `{}`, ended with {}", made.title(), made.outcome.name()));
            }
            if !shared.runner.options.keep_exchanges {
                made.exchange = None;
            }
            report.requests.push(made);
        }
    }
    if report.problem.is_none() {
        report.outcome = worst(report.requests.iter().map(|request| request.outcome));
    }
    report.duration_ms = outside.clock.monotonic_ms().saturating_sub(started);
    report
}
