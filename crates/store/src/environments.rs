//! Environments.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::ids::EnvironmentId;

record! {
    /// An environment.
    Environment in "environments" keyed by name {
        /// Its id.
        id: EnvironmentId,
        /// Unique name.
        name: String,
        /// Free text.
        description: Option<String>,
        /// Whether it is the one made at the first start.
        is_default: bool,
        /// Kept for the contract; there are no cloud engines here.
        max_cloud_containers: i64,
        /// When it was made.
        created_ms: i64,
    }
}

/// The environment with this id.
pub fn get(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<Option<Environment>, StoreError> {
    Environment::select_opt(tx, "WHERE id = $1", params![id])
}

/// All environments, oldest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Environment>, StoreError> {
    Environment::select(tx, "ORDER BY created_ms, id", params![])
}

/// The environments in which the principal has any right on a workspace.
pub fn with_rights(tx: &mut Tx<'_>, principal: &str) -> Result<Vec<Environment>, StoreError> {
    Environment::select(
        tx,
        "WHERE id IN (SELECT w.environment_id FROM workspaces w JOIN workspace_rights r ON r.workspace_id = w.id \
         WHERE r.principal_id = $1) ORDER BY created_ms, id",
        params![principal],
    )
}

/// Whether engines of any kind or clusters still lie in the environment.
pub fn has_engines(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<bool, StoreError> {
    let engines = tx.query_int("SELECT count(*) FROM engines WHERE environment_id = $1", params![id])?;
    let clusters = tx.query_int("SELECT count(*) FROM clusters WHERE environment_id = $1", params![id])?;
    let pipeline = tx.query_int("SELECT count(*) FROM pipeline_engines WHERE environment_id = $1", params![id])?;
    Ok(engines + clusters + pipeline > 0)
}

/// Removes the row; everything inside must be gone.
pub fn delete(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM environments WHERE id = $1", params![id])
}
