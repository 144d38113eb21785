//! Bodies of requests and answers, in the shape of the published contract (source: spec unless a line says otherwise).
//!
//! Fields that the contract always sends are plain, all others `Option` and left out when absent. What a newer server adds
//! is kept in `extra`.

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
pub(crate) mod settings;
pub(crate) mod tasks;

use serde::{Deserialize, Serialize};

/// Fields of an answer that this client has no name for.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// One page of a list with `offset` and `limit` (source: spec).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The objects, newest first where they have an age.
    pub items: Vec<T>,
    /// Most objects that a page may have, 1..100.
    pub limit: u32,
    /// Number of objects before this page.
    pub offset: u64,
    /// Number of objects in the whole list.
    pub total: u64,
}
