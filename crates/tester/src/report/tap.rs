//! TAP, version 14: one line for each request.

use std::fmt::Write;

use crate::check::Outcome;
use crate::run::RunReport;

/// One test point for each request, and one for each scenario that is lost; problems stand as comments below it.
pub fn tap(report: &RunReport) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", report.requests().count() + report.lost().count());
    let mut number = 0;
    for unit in &report.units {
        // A line break would begin a line of its own; `#` begins a directive.
        let plain = |text: &str| text.replace(['\n', '\r'], " ").replace('\\', "\\\\").replace('#', "\\#");
        let title = plain(&unit.title());
        for request in &unit.requests {
            number += 1;
            let verdict = if request.outcome.is_bad() { "not ok" } else { "ok" };
            let why = plain(request.problem.as_deref().unwrap_or(""));
            let skip = if request.outcome == Outcome::Skipped { format!(" # SKIP {why}") } else { String::new() };
            // Writing into a `String` cannot fail.
            let _ = writeln!(out, "{verdict} {number} - {title} / {}{skip}", plain(&request.title()));
            if request.outcome.is_bad() {
                let _ = writeln!(out, "# {}", request.outcome.name());
                for line in request.explanation().lines() {
                    let _ = writeln!(out, "# {line}");
                }
            }
        }
        if let Some(problem) = unit.problem.as_ref().filter(|_| unit.is_lost()) {
            number += 1;
            let _ = writeln!(out, "not ok {number} - {title} / (scenario)\n# Error\n# {}", plain(problem));
        }
    }
    out
}
