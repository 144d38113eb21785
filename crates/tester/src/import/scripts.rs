//! Simple test scripts of Postman as assertions.

use crate::effort::Effort;
use crate::model::{Assertion, Comparison, Request, Subject};
use crate::regex::Regex;

/// Reads the statements that are known; says which lines are not.
pub(super) fn assertions(script: &str, name: &str, request: &mut Request, warnings: &mut Vec<String>) {
    for line in script.lines().map(str::trim).filter(|line| matters(line)) {
        match statement(line) {
            Some(assertion) => request.assertions.push(assertion),
            None => warnings.push(format!("`{name}`: this line of the test script is not carried over: {line}")),
        }
    }
}

/// Lines that only frame others.
fn matters(line: &str) -> bool {
    let opens = line.starts_with("pm.test(") && line.ends_with('{');
    let parses = Regex::parse(r"^(var|let|const) \w+ = (pm\.response\.json\(\)|JSON\.parse\(responseBody\));?$");
    let parses = parses.is_ok_and(|regex| regex.is_match(line, &Effort::default()).unwrap_or(false));
    !(line.is_empty() || line.starts_with("//") || opens || parses || matches!(line, "});" | "})" | "}" | "{"))
}

/// Value of a JavaScript constant.
const VALUE: &str = r#"("[^"]*"|'[^']*'|-?\d+(?:\.\d+)?|true|false|null)"#;

fn statement(line: &str) -> Option<Assertion> {
    let groups = |pattern: &str| -> Option<Vec<Option<String>>> {
        Regex::parse(&pattern.replace("VALUE", VALUE)).ok()?.groups(line, &Effort::default()).ok()?
    };
    let group = |found: &[Option<String>], at: usize| found.get(at).cloned().flatten().unwrap_or_default();
    for pattern in [
        r"pm\.response\.to\.have\.status\((\d+)\)",
        r"responseCode\.code ?===? ?(\d+)",
        r"pm\.expect\(pm\.response\.code\)\.to\.(?:be\.)?(?:equal|eql|eq)\((\d+)\)",
    ] {
        if let Some(found) = groups(pattern) {
            return Some(made(Subject::ResponseStatus, "code", "Equals", &group(&found, 1)));
        }
    }
    if let Some(found) = groups(r"pm\.response\.to\.have\.header\(VALUE\)") {
        return Some(made(Subject::ResponseHeader, &plain(&group(&found, 1)), "Exists", ""));
    }
    if let Some(found) = groups(r"pm\.expect\(pm\.response\.responseTime\)\.to\.be\.below\((\d+)\)") {
        return Some(made(Subject::Response, "duration", "Less", &group(&found, 1)));
    }
    if let Some(found) = groups(r"pm\.expect\(pm\.response\.text\(\)\)\.to\.include\(VALUE\)") {
        return Some(made(Subject::ResponseBody, "content", "Contains", &plain(&group(&found, 1))));
    }
    let found = groups(
        r"pm\.expect\((?:pm\.response\.json\(\)|jsonData|json|data|response|responseJson|body)((?:\.\w+|\[\d+\])+)\)\.to\.(?:be\.)?(?:equal|eql|eq)\(VALUE\)",
    )?;
    Some(made(Subject::ResponseJsonBody, &format!("${}", group(&found, 1)), "Equals", &plain(&group(&found, 2))))
}

fn made(subject: Subject, path: &str, comparison: &str, value: &str) -> Assertion {
    Assertion::new(subject, path, Comparison::from_name(comparison), &super::make::literal(value))
}

/// A constant without its quotes.
fn plain(value: &str) -> String {
    let inner = value.strip_prefix(['"', '\'']).and_then(|value| value.strip_suffix(['"', '\'']));
    inner.unwrap_or(value).to_owned()
}
