//! XPath 1.0 on the bodies of responses.
//!
//! All axes but `namespace`, all functions of the core library but `id` and `lang`; `local-name` and `namespace-uri`
//! included. Prefixes in a path mean what the document element declares (`inferred`); a name without prefix means an
//! element in no namespace, as the standard says.

mod document;
mod eval;
mod functions;
mod lex;
mod parse;
mod value;

use crate::effort::Effort;

pub use document::{Document, Node};
pub use value::Value;

/// Longest path in bytes.
pub const MAX_PATH: usize = 10_000;

/// A document or path that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XPathError {
    /// Not well-formed, or beyond the limits.
    #[error("not valid XML: {0}")]
    Xml(String),
    /// The path has a wrong form.
    #[error("the XPath `{path}` is wrong at column {column}: {problem}")]
    Syntax {
        /// As written.
        path: String,
        /// From 1, in characters.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// The path cannot be evaluated.
    #[error("the XPath `{path}` cannot be evaluated: {problem}")]
    Evaluate {
        /// As written.
        path: String,
        /// Why.
        problem: String,
    },
}

/// Whether a path can be read.
///
/// # Errors
/// [`XPathError::Syntax`].
pub fn check(path: &str) -> Result<(), XPathError> {
    read(path).map(drop)
}

/// Evaluates a path at the root of a document.
///
/// # Errors
/// [`XPathError::Syntax`] and [`XPathError::Evaluate`]: unknown function or axis, wrong arguments, too much effort.
pub fn evaluate(document: &Document, path: &str, effort: &Effort<'_>) -> Result<Value, XPathError> {
    let expression = read(path)?;
    let run = eval::run(document, &expression, effort);
    run.map_err(|problem| XPathError::Evaluate { path: path.chars().take(200).collect(), problem })
}

fn read(path: &str) -> Result<parse::Expr, XPathError> {
    let shown: String = path.chars().take(200).collect();
    if path.len() > MAX_PATH {
        return Err(XPathError::Syntax { path: shown, column: 1, problem: format!("longer than {MAX_PATH} bytes") });
    }
    parse::parse(path).map_err(|(at, problem)| XPathError::Syntax {
        path: shown,
        column: crate::json::place(path, at).1,
        problem,
    })
}
