//! Other tools' files: Postman, OpenAPI and Swagger, HAR, cURL.
//!
//! What an importer cannot carry over it says in [`Import::warnings`]; it never guesses silently. Texts that hold `${` are
//! escaped, so nothing of another tool's file is taken for an expression by accident.

mod curl;
mod har;
mod make;
mod openapi;
mod postman;
mod sample;
mod scripts;

pub use curl::curl;
pub use har::har;
pub use openapi::openapi;
pub use postman::postman;

use crate::model::Drive;

/// An imported file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// What was in it.
    pub drive: Drive,
    /// What could not be carried over.
    pub warnings: Vec<String>,
}

/// A file that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Not JSON, YAML or a command, or not of the expected form.
    #[error("this is no {format} file: {problem}")]
    Form {
        /// What was expected.
        format: &'static str,
        /// Why it is not that.
        problem: String,
    },
}

/// Longest text that is imported, in bytes.
pub const MAX_IMPORT: usize = 64 << 20;

fn wrong(format: &'static str, problem: impl Into<String>) -> ImportError {
    ImportError::Form { format, problem: problem.into() }
}
