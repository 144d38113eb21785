//! What can be wrong with a filter, in words for the person who wrote it.

use crate::{MAX_CHARS, MAX_COMPARISONS, MAX_DEPTH, Op};

/// Longest stretch of the filter that a message repeats, in characters.
const MAX_ECHO: usize = 60;

/// A filter that cannot be read: where, and what to change. The message is safe to show: it repeats at most a short,
/// printable piece of the filter, always of its own text and never of data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the filter at column {column}: {problem}")]
pub struct FilterError {
    column: usize,
    problem: Problem,
}

impl FilterError {
    pub(crate) fn new(column: usize, problem: Problem) -> Self {
        Self { column, problem }
    }

    /// Column of the offending character, counted in characters from 1; one past the end when something is missing there.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong there.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// The kinds of mistakes in a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text holds nothing but blanks.
    #[error("the filter is empty, write for example `name==value` or leave the parameter out")]
    Empty,
    /// More than [`MAX_CHARS`] characters.
    #[error("the filter has {length} characters, at most {MAX_CHARS} are allowed, split it into several calls")]
    TooLong {
        /// Length of the text in characters.
        length: usize,
    },
    /// Groups nested deeper than [`MAX_DEPTH`].
    #[error("groups are nested deeper than {MAX_DEPTH}, remove parentheses that are not needed")]
    TooDeep,
    /// More than [`MAX_COMPARISONS`] comparisons.
    #[error("more than {MAX_COMPARISONS} comparisons, split the filter into several calls")]
    TooManyComparisons,
    /// The list cannot be filtered by this field.
    #[error("unknown field {}{}, {}", echo(.field), did_you_mean(.suggestion.as_deref()), list_fields(.allowed))]
    UnknownField {
        /// The field as written.
        field: String,
        /// The allowed field that was probably meant.
        suggestion: Option<String>,
        /// Every field that may be used here.
        allowed: Vec<String>,
    },
    /// Something like an operator stands after the field, but it is none.
    #[error("unknown operator {} after field {}, use one of {}", echo(.operator), echo(.field), list_operators())]
    UnknownOperator {
        /// The field before the operator.
        field: String,
        /// The operator as written.
        operator: String,
    },
    /// A field name without an operator after it.
    #[error("no operator after {}, write a field, then one of {}, then a value", echo(.field), list_operators())]
    MissingOperator {
        /// The text where a comparison should stand.
        field: String,
    },
    /// Nothing stands after the operator.
    #[error("no value after `{field}{op}`, write `{field}{op}\"\"` for an empty one", op = .op.symbol())]
    MissingValue {
        /// The field before the operator.
        field: String,
        /// The operator.
        op: Op,
    },
    /// A wildcard after an operator that orders.
    #[error("`{field}{op}` takes no wildcard, remove the `*` or write `\\*` for the character", op = .op.symbol())]
    WildcardInOrder {
        /// The field before the operator.
        field: String,
        /// The operator.
        op: Op,
    },
    /// A comparison or group should stand here.
    #[error("a comparison such as `name==value` is missing here, add it or remove the `;`, `,` or parenthesis")]
    MissingComparison,
    /// A quote opens here and is never closed.
    #[error("the quote opened here is never closed, add `\"` or write `\\\"` for the character")]
    UnclosedQuote,
    /// A group opens here and is never closed.
    #[error("the group opened here is never closed, add `)`")]
    UnclosedGroup,
    /// A character that cannot stand here.
    #[error("unexpected {}, join comparisons with `;` or `,`, and put `\\` before it inside a value", echo(&.found.to_string()))]
    Unexpected {
        /// The character.
        found: char,
    },
}

/// Puts a piece of the filter in backticks, without control characters and cut to a bearable length.
fn echo(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_ECHO).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().count() > MAX_ECHO {
        shown.push_str("...");
    }
    format!("`{shown}`")
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

fn list_fields(allowed: &[String]) -> String {
    if allowed.is_empty() {
        return "this list has no field to filter by".to_owned();
    }
    let names: Vec<String> = allowed.iter().map(|name| format!("`{name}`")).collect();
    format!("use one of {}", names.join(", "))
}

fn list_operators() -> String {
    Op::ALL.map(|op| format!("`{}`", op.symbol())).join(", ")
}
