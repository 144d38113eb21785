//! What can be wrong with a trigger, by its JSON fields.

use std::fmt;

/// One wrong field of a trigger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    field: String,
    message: String,
}

impl FieldError {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// Path of the field within the trigger's JSON object, such as `atTimes.times[2]`.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What is wrong and what to write; safe to show.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// A trigger that cannot be used: all its wrong fields, at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RuleError {
    fields: Vec<FieldError>,
}

impl RuleError {
    pub(super) fn new(fields: Vec<FieldError>) -> Self {
        Self { fields }
    }

    /// The wrong fields in the order of the published body.
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, field) in self.fields.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{field}")?;
        }
        Ok(())
    }
}
