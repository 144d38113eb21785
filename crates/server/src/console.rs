//! The files of the web console that were built into this program; none when it was built without.

/// Every file of `web/dist/files`, by path.
pub(crate) const FILES: &[stoker_api::console::Asset] = include!(concat!(env!("OUT_DIR"), "/console.rs"));
