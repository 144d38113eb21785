//! JUnit XML, as CI servers read it.

use std::fmt::Write;

use super::{escape, instant, seconds};
use crate::check::Outcome;
use crate::run::{RequestReport, RunReport, UnitReport};

/// One `testsuite` for each scenario or container, one `testcase` for each request (`inferred`: the reference's mapping is
/// not documented). Names are those of the drive, never addresses, so a test keeps its identity across environments. The form is that of
/// the schema `junit-10.xsd` (`spec`), by which servers refuse whole files.
pub fn junit(report: &RunReport) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let lost = report.lost().count();
    let (failures, errors) = (report.count(Outcome::Failure), report.count(Outcome::Error) + lost);
    let tests = report.requests().count() + lost;
    // Writing into a `String` cannot fail, here and below.
    let _ = writeln!(
        out,
        "<testsuites tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{}\">",
        seconds(report.duration_ms)
    );
    for unit in &report.units {
        suite(&mut out, unit, report);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(out: &mut String, unit: &UnitReport, report: &RunReport) {
    let count = |outcome| unit.requests.iter().filter(|request| request.outcome == outcome).count();
    let title = escape(&unit.title());
    let lost = usize::from(unit.is_lost());
    let _ = writeln!(
        out,
        "  <testsuite name=\"{title}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\" timestamp=\"{}\">",
        unit.requests.len() + lost,
        count(Outcome::Failure),
        count(Outcome::Error) + lost,
        count(Outcome::Skipped),
        seconds(unit.duration_ms),
        instant(report.started_ms).trim_end_matches('Z'),
    );
    if let Some(problem) = unit.problem.as_ref().filter(|_| lost == 1) {
        let problem = escape(problem);
        let _ = writeln!(
            out,
            "    <testcase classname=\"{title}\" name=\"(scenario)\" time=\"0.000\">\n      <error message=\"{problem}\"/>\n    </testcase>"
        );
    }
    for request in &unit.requests {
        case(out, &title, request);
    }
    out.push_str("  </testsuite>\n");
}

fn case(out: &mut String, class: &str, request: &RequestReport) {
    let name = escape(&request.title());
    let _ =
        write!(out, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{}\"", seconds(request.duration_ms));
    let text = request.explanation();
    let first = escape(text.lines().find(|line| !line.starts_with("at ")).unwrap_or(""));
    let text = escape(&text);
    let verdict = match request.outcome {
        Outcome::Ok => String::new(),
        Outcome::Skipped => format!("      <skipped message=\"{first}\"/>\n"),
        Outcome::Failure => format!("      <failure message=\"{first}\">{text}</failure>\n"),
        Outcome::Error => format!("      <error message=\"{first}\">{text}</error>\n"),
    };
    // The schema that CI servers check with has no properties of a test case.
    let attempts = match request.attempts {
        0 | 1 => String::new(),
        count => format!("      <system-out>{count} attempts</system-out>\n"),
    };
    if verdict.is_empty() && attempts.is_empty() {
        out.push_str("/>\n");
    } else {
        let _ = write!(out, ">\n{attempts}{verdict}    </testcase>\n");
    }
}
