//! Assertions against responses.

mod compare;
mod subject;

use crate::effort::Effort;
use crate::exchange::Response;
use crate::model::{Comparison, Subject};

pub(crate) use subject::Looked;
pub use subject::Received;

/// What became of a check, or of anything that holds some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Was not reached, or its condition did not hold.
    Skipped,
    /// Everything holds.
    Ok,
    /// An assertion does not hold.
    Failure,
    /// Could not be done: network, expression, a body that does not parse.
    Error,
}

impl Outcome {
    /// The word of the reference's runner (`doc`; `Skipped` is ours).
    pub fn name(self) -> &'static str {
        match self {
            Self::Skipped => "Skipped",
            Self::Ok => "Ok",
            Self::Failure => "Failure",
            Self::Error => "Error",
        }
    }

    /// Whether this is Failure or Error.
    pub fn is_bad(self) -> bool {
        self > Self::Ok
    }
}

/// Result of one assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Subject as stored.
    pub subject: String,
    /// Path as stored.
    pub path: String,
    /// Comparison as stored.
    pub comparison: String,
    /// Expected value, evaluated; missing when the comparison takes none.
    pub expected: Option<String>,
    /// What was there; missing when nothing was, shortened when long.
    pub received: Option<String>,
    /// Ok, Failure or Error.
    pub outcome: Outcome,
    /// Why it does not hold; empty when it does.
    pub message: String,
}

/// Longest received value that is shown, in characters.
const SHOWN: usize = 2_000;

/// Checks one assertion whose expected value is evaluated already.
pub fn check(response: &Response, subject: &Subject, path: &str, comparison: &Comparison, expected: &str) -> Check {
    check_at(&Looked::at(response, &Effort::default()), subject, path, comparison, expected)
}

/// The same for one of several assertions on a response.
pub(crate) fn check_at(
    looked: &Looked<'_>,
    subject: &Subject,
    path: &str,
    comparison: &Comparison,
    expected: &str,
) -> Check {
    let mut made = Check {
        subject: subject.name().to_owned(),
        path: path.to_owned(),
        comparison: comparison.name().to_owned(),
        expected: comparison.takes_value().then(|| expected.to_owned()),
        received: None,
        outcome: Outcome::Ok,
        message: String::new(),
    };
    let Some(rule) = comparison.rule() else {
        let suggestion = crate::suggest::nearest(comparison.name(), Comparison::known_names());
        let hint = crate::suggest::hint(suggestion.as_deref());
        (made.outcome, made.message) =
            (Outcome::Error, format!("the comparison `{}` is not supported{hint}", comparison.name()));
        return made;
    };
    let received = match subject::receive(looked, subject, path) {
        Ok(received) => received,
        Err(problem) => {
            (made.outcome, made.message) = (Outcome::Error, problem);
            return made;
        }
    };
    made.received = received.shown().map(|text| shorten(&text));
    match compare::holds(rule, &received, expected, looked.effort) {
        Ok(true) => {}
        Ok(false) => {
            made.outcome = Outcome::Failure;
            made.message = match (&made.received, &made.expected) {
                (None, _) => format!("there is no value{}", subject::hint(looked, subject, path)),
                (Some(received), Some(expected)) => {
                    format!("expected {} `{expected}`, received `{received}`", made.comparison)
                }
                (Some(received), None) => format!("expected {}, received `{received}`", made.comparison),
            };
        }
        Err(problem) => (made.outcome, made.message) = (Outcome::Error, problem),
    }
    made
}

/// Compares two texts, as conditions do; texts that are numbers are numbers.
///
/// # Errors
/// A text: unknown comparison, or one that does not fit the values.
pub fn compare_texts(value: &str, comparison: &str, expected: &str, effort: &Effort<'_>) -> Result<bool, String> {
    let comparison = Comparison::from_name(comparison);
    let Some(rule) = comparison.rule() else {
        let suggestion = crate::suggest::nearest(comparison.name(), Comparison::known_names());
        let hint = crate::suggest::hint(suggestion.as_deref());
        return Err(format!("the comparison `{}` is not supported{hint}", comparison.name()));
    };
    let received = if value.is_empty() { Received::Nothing } else { Received::Loose(vec![value.to_owned()]) };
    compare::holds(rule, &received, expected, effort)
}

/// The value that an extraction takes; `None` when there is none.
///
/// # Errors
/// A text: the body does not parse, the path has a wrong form.
pub fn extract(response: &Response, subject: &Subject, path: &str) -> Result<Option<String>, String> {
    extract_at(&Looked::at(response, &Effort::default()), subject, path)
}

pub(crate) fn extract_at(looked: &Looked<'_>, subject: &Subject, path: &str) -> Result<Option<String>, String> {
    Ok(subject::receive(looked, subject, path)?.text())
}

/// Why an extraction may have found nothing: the nearest name, or nothing to say.
pub(crate) fn hint(looked: &Looked<'_>, subject: &Subject, path: &str) -> String {
    subject::hint(looked, subject, path)
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
