//! Environments: named sets of variables.

use crate::json::Object;

/// A named set of variables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// Identity, a UUID in files of the reference.
    pub id: String,
    /// Shown name, by which it is selected.
    pub name: String,
    /// Variables in order of creation.
    pub variables: Vec<Variable>,
    /// Time of the last edit as stored (flat files only).
    pub last_modified: Option<String>,
    /// Markdown (flat files only).
    pub description: Option<String>,
    /// Unknown keys.
    pub extra: Object,
}

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variable {
    /// Key in tree files; empty when the variable comes from elsewhere.
    pub id: String,
    /// Any text.
    pub name: String,
    /// Plain text, also of JSON values. A private variable is exported without it.
    pub value: Option<String>,
    /// Missing means off (`inferred` for flat files; tree files always carry it).
    pub enabled: Option<bool>,
    /// Only the name is shared, the value stays here.
    pub private: Option<bool>,
    /// Time of creation as stored; orders the variables of tree files.
    pub created_at: Option<String>,
    /// Name under which the caller's secret store knows the value of a private variable; ours.
    pub secret: Option<String>,
    /// Unknown keys.
    pub extra: Object,
}

impl Variable {
    /// A variable that is on and public.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Some(value.into()), enabled: Some(true), ..Self::default() }
    }

    /// Whether expressions see it.
    pub fn is_on(&self) -> bool {
        self.enabled == Some(true)
    }

    /// Whether its value must not be shown.
    pub fn is_private(&self) -> bool {
        self.private == Some(true) || self.secret.is_some()
    }
}
