//! Dynamic Engines, and the environments that run on them.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::PrincipalKind;
use stoker_domain::dynamic::TransferStrategy;
use stoker_domain::ids::{DynamicEngineId, EnvironmentId};

record! {
    /// A Dynamic Engine.
    DynamicEngine in "dynamic_engines" {
        /// Its id.
        id: DynamicEngineId,
        /// Its name; not unique.
        name: String,
        /// Free text.
        description: Option<String>,
        /// Who made it: a login, or the id of a service account.
        created_by: String,
        /// Who changed it last.
        modified_by: String,
        /// When its state last changed.
        state_ms: i64,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

record! {
    /// What an environment that runs on a Dynamic Engine has beside an ordinary one.
    DynamicEnvironment in "dynamic_environments" {
        /// The environment.
        environment_id: EnvironmentId,
        /// The engine it is assigned to.
        engine_id: Option<DynamicEngineId>,
        /// The assignment, a UUID.
        link_id: Option<String>,
        /// Where logs go.
        log_strategy: TransferStrategy,
        /// Where metrics go.
        metrics_strategy: TransferStrategy,
        /// Who made it: a login, or the id of a service account.
        created_by: String,
        /// Which of the two that was.
        creator_kind: PrincipalKind,
        /// Who changed it last.
        modified_by: String,
        /// Which kind that was.
        modifier_kind: PrincipalKind,
        /// When it last changed.
        updated_ms: i64,
    }
}

/// The engine with this id.
pub fn get(tx: &mut Tx<'_>, id: &DynamicEngineId) -> Result<Option<DynamicEngine>, StoreError> {
    DynamicEngine::select_opt(tx, "WHERE id = $1", params![id])
}

/// The engine with this id, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &DynamicEngineId) -> Result<Option<DynamicEngine>, StoreError> {
    DynamicEngine::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// All Dynamic Engines, oldest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<DynamicEngine>, StoreError> {
    DynamicEngine::select(tx, "ORDER BY created_ms, id", params![])
}

/// Removes an engine; no environment may be assigned to it.
pub fn delete(tx: &mut Tx<'_>, id: &DynamicEngineId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM dynamic_engines WHERE id = $1", params![id])
}

/// Names of the environments assigned to an engine, a few of them.
pub fn assigned(tx: &mut Tx<'_>, id: &DynamicEngineId) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT e.name FROM environments e JOIN dynamic_environments d ON d.environment_id = e.id \
               WHERE d.engine_id = $1 ORDER BY e.name {bytes} LIMIT 5";
    tx.query(sql, params![id])?.iter().map(|row| row.text(0)).collect()
}

/// What a Dynamic Engine environment has beside an ordinary one; nothing for an ordinary one.
pub fn environment(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<Option<DynamicEnvironment>, StoreError> {
    DynamicEnvironment::select_opt(tx, "WHERE environment_id = $1", params![id])
}

/// The same, locked until the end of the transaction.
pub fn lock_environment(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<Option<DynamicEnvironment>, StoreError> {
    DynamicEnvironment::select_opt(tx, "WHERE environment_id = $1 {lock}", params![id])
}

/// All of them, by environment id.
pub fn environments(tx: &mut Tx<'_>) -> Result<Vec<DynamicEnvironment>, StoreError> {
    DynamicEnvironment::select(tx, "ORDER BY environment_id", params![])
}

/// Removes what an environment has beside an ordinary one, and its run profiles. The environment itself stays.
pub fn delete_environment(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM run_profiles WHERE processor_id = $1", params![id])?;
    tx.execute("DELETE FROM dynamic_environments WHERE environment_id = $1", params![id])
}
