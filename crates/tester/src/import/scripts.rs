//! Simple test scripts of Postman as assertions.

use crate::effort::Effort;
use crate::model::{Assertion, Comparison, Request, Subject};
use crate::regex::Regex;

/// Reads the statements that are known; says which lines are not.
pub(super) fn assertions(script: &str, name: &str, request: &mut Request, warnings: &mut Vec<String>) {
    let mut depth = 0usize;
    for line in without_comments(script).lines().map(str::trim) {
        // What stands under a condition or in a loop holds only sometimes.
        let sometimes = line.starts_with("if") || line.starts_with("for") || line.starts_with("while");
        if depth > 0 || sometimes {
            warnings.push(format!("`{name}`: this line of the test script is not carried over: {line}"));
            let (opened, closed) = (line.matches('{').count(), line.matches('}').count());
            depth = (depth + opened).saturating_sub(closed);
            continue;
        }
        for line in statements(line).into_iter().filter(|line| matters(line)) {
            match statement(line) {
                Some(assertion) => request.assertions.push(assertion),
                None => warnings.push(format!("`{name}`: this line of the test script is not carried over: {line}")),
            }
        }
    }
}

fn without_comments(script: &str) -> String {
    let mut out = String::new();
    let mut rest = script;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// A line in its statements: semicolons cut, but not inside of quotes and brackets.
fn statements(line: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth, mut quote) = (Vec::new(), 0, 0i32, None);
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ';') if depth <= 0 => {
                found.push(line[start..=at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(line[start..].trim());
    found
}

/// Lines that only frame others.
fn matters(line: &str) -> bool {
    let opens = line.starts_with("pm.test(") && line.ends_with('{');
    let parses = Regex::parse(r"^(var|let|const) \w+ = (pm\.response\.json\(\)|JSON\.parse\(responseBody\));?$");
    let parses = parses.is_ok_and(|regex| regex.is_match(line, &Effort::default()).unwrap_or(false));
    !(line.trim_matches(';').is_empty()
        || line.starts_with("//")
        || opens
        || parses
        || matches!(line, "});" | "})" | "}" | "{"))
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
