//! What is asked of a response: assertions, and values that are taken from it.

use super::prepare::field;
use crate::check::{self, Check, Looked, Outcome};
use crate::effort::Effort;
use crate::exchange::Response;
use crate::expr::Evaluator;
use crate::model::{Assertion, Extraction, Request, Subject};
use crate::regex::Regex;

/// What a request that was sent before would say of its response today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// One result for each assertion, in order; also for those that are switched off.
    pub checks: Vec<Check>,
    /// One for each extraction, in order: the value, or why there is none.
    pub extracted: Vec<Result<String, String>>,
}

/// Judges a response again, with assertions and extractions as they are now. Nothing is sent.
pub fn judged(request: &Request, response: &Response, evaluator: &Evaluator<'_>, effort: &Effort<'_>) -> Judged {
    let looked = Looked::at(response, effort);
    Judged {
        checks: request.assertions.iter().map(|assertion| check(&looked, evaluator, assertion)).collect(),
        extracted: request.additions.extract.iter().map(|extraction| extract(&looked, extraction)).collect(),
    }
}

pub(super) fn check(looked: &Looked<'_>, evaluator: &Evaluator<'_>, assertion: &Assertion) -> Check {
    let expected =
        if assertion.comparison.takes_value() { evaluator.text(&assertion.expected()) } else { Ok(String::new()) };
    match expected {
        Ok(expected) => check::check_at(looked, &assertion.subject, assertion.path(), &assertion.comparison, &expected),
        Err(error) => Check {
            subject: assertion.subject.name().to_owned(),
            path: assertion.path().to_owned(),
            comparison: assertion.comparison.name().to_owned(),
            expected: Some(assertion.expected()),
            received: None,
            outcome: Outcome::Error,
            message: field("expected value", &error),
        },
    }
}

pub(super) fn extract(looked: &Looked<'_>, extraction: &Extraction) -> Result<String, String> {
    let subject = Subject::from_name(&extraction.subject);
    let found = check::extract_at(looked, &subject, &extraction.path);
    let found = match (found, &extraction.pattern) {
        (Ok(Some(text)), Some(pattern)) => {
            let groups = Regex::parse(pattern)
                .and_then(|regex| regex.groups(&text, looked.effort))
                .map_err(|error| error.to_string())?;
            Ok(groups.and_then(|groups| groups.get(1).or(groups.first()).cloned().flatten()))
        }
        (found, _) => found,
    };
    match (found, &extraction.otherwise) {
        (Ok(Some(value)), _) => Ok(value),
        (_, Some(otherwise)) => Ok(otherwise.clone()),
        (Ok(None), None) => {
            let hint = check::hint(looked, &subject, &extraction.path);
            Err(format!("{} {} has no value{hint}", extraction.subject, extraction.path))
        }
        (Err(problem), None) => Err(problem),
    }
}
