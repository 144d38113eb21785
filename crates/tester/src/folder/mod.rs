//! The tester's own files: one folder for each project, one file for each scenario, made to be read in a diff.
//!
//! ```text
//! drive.toml                       format = 1, requests at the top
//! environments/dev.toml            one environment; private values stand there as names of secrets
//! shop/project.toml                a project, and the requests directly in it
//! shop/users/service.toml          a service
//! shop/users/sign-up.scenario.toml a scenario with its requests in order
//! ```
//!
//! Everything is a function between a [`Drive`] and texts; [`save`] and [`load`] put those into a folder. Order is stable,
//! the same drive gives the same bytes. What the pleasant form cannot say stands in one line `kept` of JSON, so nothing
//! is lost. Two things are made plain on purpose: off is off, however it was stored, and children other than those of
//! scenarios come back in run order.

mod disk;
mod kept;
mod lines;
pub(crate) use lines::split_url;
mod read;
mod toml_text;
mod write;

use std::collections::{BTreeMap, HashMap};

use crate::model::Drive;

pub use disk::{load, save};
pub use read::read;
pub use write::write;

/// Version of the layout; a greater one is refused.
pub const FORMAT: i64 = 1;

/// Texts by their path below the folder, with `/` between the parts.
pub type Texts = BTreeMap<String, String>;

/// A drive out of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What was in them.
    pub drive: Drive,
    /// File and line of each entity, by id.
    pub places: HashMap<String, String>,
}

/// Files that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file has a wrong form.
    #[error("{file}: {problem}")]
    File {
        /// Path below the folder.
        file: String,
        /// What is wrong, with its line.
        problem: String,
    },
    /// The system says no.
    #[error("{file}: {source}")]
    Io {
        /// Path below the folder.
        file: String,
        /// Why.
        source: std::io::Error,
    },
}
