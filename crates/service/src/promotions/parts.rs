//! Connections and resources: one function for each kind, called before the tasks that use them.
//!
//! There are no such objects yet: tasks hold the values that were stored with them, and [`Copy::connection`] and
//! [`Copy::resource`] hand those on as they stand. With the objects, the first two functions match them by name (and
//! kind of application) in the target workspace, add what is missing, report each, and fill `connections` and
//! `resources` with the id in the target for the id in the source.

use super::copy::Copy;
use crate::error::Error;
use std::collections::BTreeSet;
use stoker_domain::ids::WorkspaceId;
use stoker_store::Tx;

impl Copy<'_> {
    /// The connections of a source workspace; only those with these ids, when ids are given.
    pub(super) fn connections_of(
        &mut self,
        _tx: &mut Tx<'_>,
        _workspace: &WorkspaceId,
        _only: Option<&BTreeSet<String>>,
    ) -> Result<(), Error> {
        Ok(())
    }

    /// The resources of a source workspace, likewise; `order.keep_resources` says whether a target file stays.
    pub(super) fn resources_of(
        &mut self,
        _tx: &mut Tx<'_>,
        _workspace: &WorkspaceId,
        _only: Option<&BTreeSet<String>>,
    ) -> Result<(), Error> {
        Ok(())
    }

    /// What stands in a target task for this connection of a source task.
    pub(super) fn connection(&self, id: &str) -> String {
        self.connections.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// What stands in a target task for this resource of a source task.
    pub(super) fn resource(&self, id: &str) -> String {
        self.resources.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }
}
