//! Gen2 engines.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::ids::{EnvironmentId, PipelineEngineId, WorkspaceId};
use stoker_domain::runtime::PairingStatus;

record! {
    /// A Gen2 engine. Nothing here speaks its protocol, so it stays not paired.
    PipelineEngine in "pipeline_engines" {
        /// Its id.
        id: PipelineEngineId,
        /// Where it belongs.
        environment_id: EnvironmentId,
        /// The only workspace that may use it; all of the environment when absent.
        workspace_id: Option<WorkspaceId>,
        /// Unique in the environment among its kind.
        name: String,
        /// Free text.
        description: Option<String>,
        /// Runtime id, a UUID.
        runtime_id: String,
        /// Whether an installation is bound to it.
        status: PairingStatus,
        /// The pairing key, encrypted.
        key_sealed: String,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

/// The engine with this id.
pub fn get(tx: &mut Tx<'_>, id: &PipelineEngineId) -> Result<Option<PipelineEngine>, StoreError> {
    PipelineEngine::select_opt(tx, "WHERE id = $1", params![id])
}

/// The engine with this id, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &PipelineEngineId) -> Result<Option<PipelineEngine>, StoreError> {
    PipelineEngine::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// All Gen2 engines, oldest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<PipelineEngine>, StoreError> {
    PipelineEngine::select(tx, "ORDER BY created_ms, id", params![])
}

/// Removes the engine and its run profiles.
pub fn delete(tx: &mut Tx<'_>, id: &PipelineEngineId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM run_profiles WHERE processor_id = $1", params![id])?;
    tx.execute("DELETE FROM pipeline_engines WHERE id = $1", params![id])
}
