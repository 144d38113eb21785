//! JSON paths in the reference's dialect, which is older than RFC 9535 and differs from it (`doc`).
//!
//! The evaluation keeps one state: a single value, or a list. What differs from the RFC:
//!
//! | Step | On a single value | On a list |
//! |---|---|---|
//! | `.name` | member; of an array the list of that member of each element | of each element, flattened one level |
//! | `[n]` | element | element of the list itself: `$..book[0]` is the array of books |
//! | `..name` | all such members below, arrays not unpacked | the same for each |
//! | `..` | all nodes below | the same for each |
//! | `[(@.length-1)]` | counted from the end | counted from the end of the list |
//!
//! Slices and unions of a list, `[*]` of an array, negative positions and filters that look into the arrays of a list
//! are ours (`inferred`). A path without list steps gives the value itself, every other an array.

mod eval;
mod filter;
mod parse;

use std::fmt;

use crate::effort::Effort;
use crate::json::Json;

use eval::State;
pub use parse::{MAX_PATH, PathError};

/// A path that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath {
    source: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(String),
    Names(Vec<String>),
    Position(i64),
    Positions(Vec<i64>),
    Slice { start: Option<i64>, end: Option<i64>, step: i64 },
    FromEnd(i64),
    All,
    DeepName(String),
    DeepAll,
    Filter(filter::Filter),
}

/// What a path selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// No list step, and nothing there.
    Nothing,
    /// No list step: the value.
    One(Json),
    /// A list step: what was found, maybe nothing.
    Many(Vec<Json>),
}

impl Selection {
    /// The value, or the array of values; `None` for [`Selection::Nothing`].
    pub fn into_json(self) -> Option<Json> {
        match self {
            Self::Nothing => None,
            Self::One(value) => Some(value),
            Self::Many(values) => Some(Json::Array(values)),
        }
    }

    /// Whether anything is there.
    pub fn exists(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::One(_) => true,
            Self::Many(values) => !values.is_empty(),
        }
    }
}

impl JsonPath {
    /// Reads a path. `$`, `$.` and the empty text are the root; the `$` may be missing.
    ///
    /// # Errors
    /// [`PathError`] with the column: syntax, or longer than [`MAX_PATH`].
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Ok(Self { source: text.to_owned(), steps: parse::steps(text)? })
    }

    /// What the path selects in a document.
    ///
    /// # Errors
    /// [`PathError`] when more than a million values would be looked at, they are too large, a pattern of a filter cannot
    /// be run, or the effort is too much.
    pub fn select(&self, document: &Json, effort: &Effort<'_>) -> Result<Selection, PathError> {
        eval::select(&self.steps, document, effort).map_err(|problem| PathError::evaluate(&self.source, problem))
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.source)
    }
}

impl JsonPath {
    /// The path with its first name that is not there replaced by the nearest one that is.
    pub(crate) fn nearest(&self, document: &Json, effort: &Effort<'_>) -> Option<String> {
        let reached = |length: usize| eval::reach(&self.steps[..length], document, effort);
        let missing = (1..=self.steps.len()).find(|length| {
            reached(*length).is_ok_and(|state| match state {
                State::One(found) => found.is_none(),
                State::Many(list) => list.is_empty(),
            })
        })?;
        let Step::Name(wanted) = &self.steps[missing - 1] else { return None };
        let known = match reached(missing - 1).ok()? {
            State::One(Some(Json::Object(members))) => members,
            State::One(Some(Json::Array(items))) => items.first()?.as_object()?,
            State::Many(items) => items.first()?.as_object()?,
            State::One(_) => return None,
        };
        crate::suggest::nearest(wanted, known.keys().map(String::as_str))
    }
}
