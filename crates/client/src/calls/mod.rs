//! The operations, one module per family.

pub(crate) mod access;
pub(crate) mod artifacts;
pub(crate) mod catalog;
pub(crate) mod engines;
pub(crate) mod executions;
pub(crate) mod people;
pub(crate) mod personal_tokens;
pub(crate) mod places;
pub(crate) mod plans;
pub(crate) mod promotions;
pub(crate) mod server;
pub(crate) mod settings;
pub(crate) mod tasks;
