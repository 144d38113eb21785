//! What a run has shown so far, as a text of limited size.

use crate::json::{Json, object};
use crate::report::request_json;
use crate::run::{RequestReport, RunError, RunReport};

/// Longest body of a report, in characters: of a single request, and of one of several.
const BODY_CHARS: (usize, usize) = (100_000, 20_000);

/// What a run has shown so far.
#[derive(Debug)]
pub struct Shown {
    items: Vec<Json>,
    bytes: usize,
    left_out: i64,
    requests: i64,
    bad: i64,
    news: bool,
    single: bool,
    most: usize,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Requests that ended.
    pub requests: i64,
    /// Those of them that were not Ok.
    pub bad: i64,
    /// What they have shown, JSON with `items`, `units` and `leftOut`; no secrets.
    pub report: String,
}

/// How a run ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// All that it has shown.
    pub progress: Progress,
    /// Name of its outcome.
    pub outcome: String,
    /// Why it could not begin.
    pub problem: Option<String>,
}

impl Shown {
    /// Nothing yet; the report will have at most so many bytes. `single`: only one request is run, whose bodies may be
    /// longer.
    pub fn new(single: bool, most: usize) -> Self {
        Self { items: Vec::new(), bytes: 0, left_out: 0, requests: 0, bad: 0, news: false, single, most }
    }

    /// Adds a request that ended in the scenario with this title.
    pub fn add(&mut self, unit: &str, report: &RequestReport) {
        self.news = true;
        self.requests += 1;
        self.bad += i64::from(report.outcome.is_bad());
        let limit = if self.single { BODY_CHARS.0 } else { BODY_CHARS.1 };
        for chars in [limit, 500, 0] {
            let item = object([("unit", Json::text(unit)), ("request", request_json(report, chars))]);
            let size = item.to_string().len();
            if self.bytes + size <= self.most {
                self.bytes += size;
                self.items.push(item);
                return;
            }
        }
        self.left_out += 1;
    }

    /// How far the run is, when that is new since it was asked for.
    pub fn news(&mut self) -> Option<Progress> {
        self.news.then(|| self.progress())
    }

    /// What was given by [`Shown::news`] did not arrive: it is new again.
    pub fn untold(&mut self) {
        self.news = true;
    }

    /// How far the run is.
    pub fn progress(&mut self) -> Progress {
        self.told(Vec::new())
    }

    fn told(&mut self, units: Vec<Json>) -> Progress {
        self.news = false;
        let report = object([
            ("items", self.items.clone().into()),
            ("units", units.into()),
            ("leftOut", Json::int(self.left_out)),
        ]);
        Progress { requests: self.requests, bad: self.bad, report: report.to_string() }
    }

    /// The end of the run: all of it, with the requests that were not reached.
    pub fn ended(&mut self, result: Result<RunReport, RunError>) -> End {
        match result {
            Ok(report) => {
                let mut whole = Self::new(self.single, self.most);
                let units = whole.units(&report);
                End { progress: whole.told(units), outcome: report.outcome.name().to_owned(), problem: None }
            }
            Err(error) => {
                End { progress: self.progress(), outcome: "Error".to_owned(), problem: Some(error.to_string()) }
            }
        }
    }

    fn units(&mut self, report: &RunReport) -> Vec<Json> {
        let mut units = Vec::new();
        for unit in &report.units {
            let title = unit.title();
            unit.requests.iter().for_each(|request| self.add(&title, request));
            let made = object([
                ("title", Json::text(&title)),
                ("scenario", unit.scenario.into()),
                ("outcome", unit.outcome.name().into()),
                ("durationMs", Json::int(unit.duration_ms)),
                ("problem", unit.problem.as_deref().map_or(Json::Null, Json::text)),
            ]);
            // A scenario of many rows of data has many of them.
            let size = made.to_string().len();
            if self.bytes + size <= self.most {
                self.bytes += size;
                units.push(made);
            }
        }
        units
    }
}
