//! Matching of a filter against the fields of one thing.

use std::cmp::Ordering;

use crate::{Comparison, Expr, Op, Pattern};

impl Expr {
    /// Whether the thing whose field values `get` returns is wanted.
    ///
    /// `get` is called with field names of the filter only, and returns `None` for a field the thing does not have.
    /// A missing field fails every comparison but `!=`, which it passes.
    pub fn matches(&self, get: &dyn Fn(&str) -> Option<String>) -> bool {
        match self {
            Expr::And(members) => members.iter().all(|member| member.matches(get)),
            Expr::Or(members) => members.iter().any(|member| member.matches(get)),
            Expr::Compare(comparison) => comparison.matches(get(&comparison.field).as_deref()),
        }
    }
}

impl Comparison {
    /// Whether a field with this value passes; `None` is a missing field.
    pub fn matches(&self, actual: Option<&str>) -> bool {
        match self.op {
            Op::Eq => actual.is_some_and(|actual| self.value.matches(actual)),
            Op::Ne => !actual.is_some_and(|actual| self.value.matches(actual)),
            Op::Lt => self.ordering(actual).is_some_and(Ordering::is_lt),
            Op::Le => self.ordering(actual).is_some_and(Ordering::is_le),
            Op::Gt => self.ordering(actual).is_some_and(Ordering::is_gt),
            Op::Ge => self.ordering(actual).is_some_and(Ordering::is_ge),
        }
    }

    fn ordering(&self, actual: Option<&str>) -> Option<Ordering> {
        match (&self.value, actual) {
            (Pattern::Exact(wanted), Some(actual)) => Some(compare(actual, wanted)),
            _ => None,
        }
    }
}

impl Pattern {
    /// Whether the text fits; upper and lower case differ.
    pub fn matches(&self, actual: &str) -> bool {
        match self {
            Pattern::Exact(text) => actual == text,
            Pattern::Prefix(text) => actual.starts_with(text.as_str()),
            Pattern::Suffix(text) => actual.ends_with(text.as_str()),
            Pattern::Contains(text) => actual.contains(text.as_str()),
            Pattern::Any => true,
        }
    }
}

/// Integers are tried first because epoch milliseconds and counters must compare exactly, which `f64` does not promise.
fn compare(left: &str, right: &str) -> Ordering {
    if let (Ok(left), Ok(right)) = (left.parse::<i128>(), right.parse::<i128>()) {
        return left.cmp(&right);
    }
    match (finite(left), finite(right)) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        _ => left.cmp(right),
    }
}

/// `nan` and `inf` are words here. Adding zero turns `-0` into `0`, which `total_cmp` would tell apart.
fn finite(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number + 0.0)
}
