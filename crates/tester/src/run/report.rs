//! What a run has shown, as data.

use std::sync::Arc;

use crate::check::{Check, Outcome};
use crate::exchange::Exchange;

/// Report of a whole run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    /// Ok when all is Ok.
    pub outcome: Outcome,
    /// Name of the selected environment.
    pub environment: Option<String>,
    /// Milliseconds since 1970-01-01 UTC.
    pub started_ms: i64,
    /// Length of the run in milliseconds.
    pub duration_ms: u64,
    /// Scenarios, and groups of requests outside of scenarios, in run order.
    pub units: Vec<UnitReport>,
}

impl RunReport {
    /// How many requests ended so.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.requests().filter(|request| request.outcome == outcome).count()
    }

    /// All requests, in order.
    pub fn requests(&self) -> impl Iterator<Item = &RequestReport> {
        self.units.iter().flat_map(|unit| &unit.requests)
    }

    /// Scenarios and containers that could not begin or did not come to their end; their requests do not show it.
    pub fn lost(&self) -> impl Iterator<Item = &UnitReport> {
        self.units.iter().filter(|unit| unit.is_lost())
    }

    /// 0 when all is Ok, 1 after a Failure, 2 after an Error.
    pub fn exit_code(&self) -> u8 {
        match self.outcome {
            Outcome::Skipped | Outcome::Ok => 0,
            Outcome::Failure => 1,
            Outcome::Error => 2,
        }
    }
}

/// Report of a scenario (of one row of its data), or of the requests that stand loose in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitReport {
    /// Names from the top of the drive; empty for loose requests at the top.
    pub path: Vec<String>,
    /// Whether it is a scenario.
    pub scenario: bool,
    /// Row of data, from 1, with its values.
    pub row: Option<(usize, Vec<(String, String)>)>,
    /// Worst outcome of its requests.
    pub outcome: Outcome,
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// Why it could not begin or was left out.
    pub problem: Option<String>,
    /// Requests in order; those that were not reached are Skipped.
    pub requests: Vec<RequestReport>,
}

/// Report of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestReport {
    /// Id of the entity.
    pub id: String,
    /// Name of the request.
    pub name: String,
    /// Element of its loop, from 1, with the value.
    pub element: Option<(usize, String)>,
    /// File and line in which the request is written, when known.
    pub place: Option<String>,
    /// How it ended, after all attempts.
    pub outcome: Outcome,
    /// How often it was sent.
    pub attempts: u32,
    /// Milliseconds with all attempts and pauses.
    pub duration_ms: u64,
    /// Why it could not be done or was left out.
    pub problem: Option<String>,
    /// Assertions of the last attempt.
    pub checks: Vec<Check>,
    /// Remarks.
    pub warnings: Vec<String>,
    /// Variables that were set.
    pub extracted: Vec<(String, String)>,
    /// The last exchange.
    pub exchange: Option<Arc<Exchange>>,
}

impl RequestReport {
    pub(crate) fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            element: None,
            place: None,
            outcome: Outcome::Ok,
            attempts: 0,
            duration_ms: 0,
            problem: None,
            checks: Vec::new(),
            warnings: Vec::new(),
            extracted: Vec::new(),
            exchange: None,
        }
    }

    pub(crate) fn skipped(id: &str, name: &str, why: &str) -> Self {
        Self { outcome: Outcome::Skipped, problem: Some(why.to_owned()), ..Self::new(id, name) }
    }

    /// Name with the element of a loop.
    pub fn title(&self) -> String {
        match &self.element {
            Some((number, _)) => format!("{} [{number}]", self.name),
            None => self.name.clone(),
        }
    }

    /// Every problem in one text: one line for each assertion that does not hold.
    pub fn explanation(&self) -> String {
        let mut lines: Vec<String> = self.problem.iter().cloned().collect();
        for (at, check) in self.checks.iter().enumerate().filter(|(_, check)| check.outcome.is_bad()) {
            lines.push(format!(
                "assertion {}: {} {} {}: {}",
                at + 1,
                check.subject,
                check.path,
                check.comparison,
                check.message
            ));
        }
        if lines.is_empty() && self.outcome == Outcome::Failure {
            let status = self.exchange.as_ref().map_or(0, |exchange| exchange.response.status);
            lines.push(format!("status {status}; without assertions a status below 400 is expected"));
        }
        if let (Some(place), false) = (&self.place, lines.is_empty()) {
            lines.insert(0, format!("at {place}"));
        }
        lines.join("\n")
    }
}

impl UnitReport {
    /// Whether it has an Error of its own.
    pub fn is_lost(&self) -> bool {
        self.problem.is_some() && self.outcome == Outcome::Error
    }

    /// Path as one text, with the row of data.
    pub fn title(&self) -> String {
        let path = if self.path.is_empty() { "(top)".to_owned() } else { self.path.join(" / ") };
        match &self.row {
            Some((number, _)) => format!("{path} [row {number}]"),
            None => path,
        }
    }
}

/// The worst of several outcomes; Ok of none.
pub(crate) fn worst(outcomes: impl Iterator<Item = Outcome>) -> Outcome {
    outcomes
        .fold(None, |worst: Option<Outcome>, next| Some(worst.map_or(next, |worst| worst.max(next))))
        .unwrap_or(Outcome::Ok)
}
