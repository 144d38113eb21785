//! Runs inside a program that many people use: what such a run shows while it goes on, what is kept of it, and the options
//! that keep it small.

mod latest;
mod shown;
mod stop;

pub use latest::{read as read_latest, write as write_latest};
pub use shown::{End, Progress, Shown};
pub use stop::{Stop, Stopped, stop};

use std::time::Duration;

use crate::run::{Budget, RunOptions};

/// How large one run may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time of the whole run.
    pub run: Duration,
    /// Time of one request on the wire that says nothing else.
    pub request: Duration,
    /// Largest answer in bytes.
    pub answer: usize,
    /// Requests on the wire, and bytes of requests and answers together.
    pub budget: Budget,
    /// Most results: requests, each as often as rows and loops repeat it.
    pub results: usize,
    /// Largest report in bytes.
    pub report: usize,
    /// Most bytes of the latest responses that later runs may use.
    pub latest: usize,
}

/// Options of a run within these limits, of the entity with this id or of everything.
pub fn options(target: Option<String>, follow_redirects: bool, limits: &Limits) -> RunOptions {
    RunOptions {
        only_id: target,
        follow_redirects,
        timeout: limits.request,
        max_body: limits.answer,
        results: limits.results,
        ..RunOptions::default()
    }
}

/// What is said of a run that took longer than this.
pub fn too_long(most: Duration) -> String {
    format!("the run took longer than {} minutes, the most of one run; split it", most.as_secs() / 60)
}
