//! Engines, clusters and run profiles.

use crate::db::record::record;
use crate::db::{Json, Record};
use crate::{StoreError, Tx, params};
use stoker_domain::ids::{ClusterId, EngineId, EnvironmentId, RunProfileId, WorkspaceId};
use stoker_domain::runtime::{PairingStatus, RunProfileKind};

record! {
    /// An engine entity.
    Engine in "engines" {
        /// Its id.
        id: EngineId,
        /// Where it belongs.
        environment_id: EnvironmentId,
        /// The only workspace that may use it; all of the environment when absent.
        workspace_id: Option<WorkspaceId>,
        /// The cluster it is in.
        cluster_id: Option<ClusterId>,
        /// Unique in the environment.
        name: String,
        /// Free text.
        description: Option<String>,
        /// Runtime id, a UUID.
        runtime_id: String,
        /// Kinds of run profiles it serves.
        run_profiles: Json<Vec<String>>,
        /// Compatibility version for services.
        esb_version: Option<String>,
        /// Host for remote debugging.
        debug_host: Option<String>,
        /// Whether an installation is bound to it.
        status: PairingStatus,
        /// The pairing key, encrypted; only while not paired.
        key_sealed: Option<String>,
        /// SHA-256 of the pairing key, base64; kept after pairing to tell a used key from an unknown one.
        key_hash: Option<String>,
        /// Public key of the installation that signs sessions.
        signing_key: Option<String>,
        /// Public key of the installation that secrets are sealed to.
        sealing_key: Option<String>,
        /// Its newest session.
        session_id: Option<String>,
        /// Most runs at once; 0 or less is no limit.
        max_runs: i64,
        /// When it last spoke.
        seen_ms: Option<i64>,
        /// When it last got a run; the least recently served member of a cluster comes first.
        served_ms: i64,
        /// When it said that it stops; empty again with the next session.
        stopped_ms: Option<i64>,
        /// Version of the engine program.
        engine_version: Option<String>,
        /// Its machine, JSON.
        host: Option<String>,
        /// How many test runs it does at once, 0 for none; nothing when its program knows nothing of them.
        tests_most: Option<i64>,
        /// Since when it is drained: it gets nothing new. Nothing while it is not.
        drain_ms: Option<i64>,
        /// Who drains it: a login or a service-account id.
        drain_by: Option<String>,
        /// Why, in that person's words.
        drain_reason: Option<String>,
        /// When it was paired.
        paired_ms: Option<i64>,
        /// When it was made.
        created_ms: i64,
        /// When its definition last changed.
        updated_ms: i64,
    }
}

record! {
    /// A cluster.
    Cluster in "clusters" {
        /// Its id.
        id: ClusterId,
        /// Where it belongs.
        environment_id: EnvironmentId,
        /// The only workspace that may use it.
        workspace_id: Option<WorkspaceId>,
        /// Unique in the environment.
        name: String,
        /// Free text.
        description: Option<String>,
        /// Runtime id, a UUID.
        runtime_id: String,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

record! {
    /// Execution settings of one engine, cluster, Gen2 engine or Dynamic Engine environment.
    RunProfile in "run_profiles" {
        /// Its id.
        id: RunProfileId,
        /// `RE`, `REC`, `GEN_2` or `DYNAMIC_ENGINE`.
        processor_kind: String,
        /// The engine or cluster; for a Dynamic Engine the environment.
        processor_id: String,
        /// Its environment.
        environment_id: EnvironmentId,
        /// Unique at its processor.
        name: String,
        /// Free text.
        description: Option<String>,
        /// What it is for.
        kind: RunProfileKind,
        /// Arguments of the Java machine.
        jvm_arguments: Json<Vec<String>>,
        /// Settings of a kind for pipelines.
        settings: Option<Json<serde_json::Value>>,
        /// The token in them, encrypted.
        secret: Option<String>,
        /// Counts the changes, from 1.
        version: i64,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

/// The engine with this id.
pub fn get(tx: &mut Tx<'_>, id: &EngineId) -> Result<Option<Engine>, StoreError> {
    Engine::select_opt(tx, "WHERE id = $1", params![id])
}

/// The engine with this id, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &EngineId) -> Result<Option<Engine>, StoreError> {
    Engine::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// All engines, oldest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Engine>, StoreError> {
    Engine::select(tx, "ORDER BY created_ms, id", params![])
}

/// The engine whose pairing key has this hash.
pub fn by_key_hash(tx: &mut Tx<'_>, hash: &str) -> Result<Option<Engine>, StoreError> {
    Engine::select_opt(tx, "WHERE key_hash = $1 {lock}", params![hash])
}

/// The members of a cluster, least recently served first.
pub fn members(tx: &mut Tx<'_>, cluster: &ClusterId) -> Result<Vec<Engine>, StoreError> {
    Engine::select(tx, "WHERE cluster_id = $1 ORDER BY served_ms, id", params![cluster])
}

/// Ends the sessions of all engines: each has to open a new one.
pub fn end_sessions(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    tx.execute("UPDATE engines SET session_id = NULL WHERE session_id IS NOT NULL", params![])
}

/// Notes that the engine spoke.
pub fn note_seen(tx: &mut Tx<'_>, id: &EngineId, at_ms: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE engines SET seen_ms = $2 WHERE id = $1", params![id, at_ms])?;
    Ok(())
}

/// Notes that the engine got a run.
pub fn note_served(tx: &mut Tx<'_>, id: &EngineId, at_ms: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE engines SET served_ms = $2 WHERE id = $1", params![id, at_ms])?;
    Ok(())
}

/// Removes the engine and its run profiles.
pub fn delete(tx: &mut Tx<'_>, id: &EngineId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM run_profiles WHERE processor_id = $1", params![id])?;
    tx.execute("DELETE FROM engines WHERE id = $1", params![id])
}

/// The cluster with this id.
pub fn cluster(tx: &mut Tx<'_>, id: &ClusterId) -> Result<Option<Cluster>, StoreError> {
    Cluster::select_opt(tx, "WHERE id = $1", params![id])
}

/// All clusters, oldest first.
pub fn clusters(tx: &mut Tx<'_>) -> Result<Vec<Cluster>, StoreError> {
    Cluster::select(tx, "ORDER BY created_ms, id", params![])
}

/// Removes a cluster and its run profiles; its members stay as single engines.
pub fn delete_cluster(tx: &mut Tx<'_>, id: &ClusterId) -> Result<u64, StoreError> {
    tx.execute("UPDATE engines SET cluster_id = NULL WHERE cluster_id = $1", params![id])?;
    tx.execute("DELETE FROM run_profiles WHERE processor_id = $1", params![id])?;
    tx.execute("DELETE FROM clusters WHERE id = $1", params![id])
}

/// Puts an engine into a cluster or takes it out.
pub fn set_cluster(
    tx: &mut Tx<'_>,
    engine: &EngineId,
    cluster: Option<&ClusterId>,
    at_ms: i64,
) -> Result<u64, StoreError> {
    tx.execute("UPDATE engines SET cluster_id = $2, updated_ms = $3 WHERE id = $1", params![engine, cluster, at_ms])
}

/// Names of tasks bound to an engine or cluster, a few of them.
pub fn used_by(tx: &mut Tx<'_>, runtime: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT name FROM tasks WHERE runtime_id = $1 ORDER BY name {bytes} LIMIT 5";
    tx.query(sql, params![runtime])?.iter().map(|row| row.text(0)).collect()
}

/// The run profile with this id.
pub fn run_profile(tx: &mut Tx<'_>, id: &RunProfileId) -> Result<Option<RunProfile>, StoreError> {
    RunProfile::select_opt(tx, "WHERE id = $1", params![id])
}

/// The run profile with this id, locked until the end of the transaction.
pub fn lock_run_profile(tx: &mut Tx<'_>, id: &RunProfileId) -> Result<Option<RunProfile>, StoreError> {
    RunProfile::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// The run profiles of an engine or cluster, by name.
pub fn run_profiles(tx: &mut Tx<'_>, processor: &str) -> Result<Vec<RunProfile>, StoreError> {
    RunProfile::select(tx, "WHERE processor_id = $1 ORDER BY name {bytes}, id", params![processor])
}

/// Whether a task uses the run profile.
pub fn run_profile_in_use(tx: &mut Tx<'_>, id: &RunProfileId) -> Result<bool, StoreError> {
    Ok(tx.query_int("SELECT count(*) FROM tasks WHERE run_profile_id = $1", params![id])? > 0)
}

/// Moves tasks from one run profile to another.
pub fn replace_run_profile(tx: &mut Tx<'_>, from: &RunProfileId, to: Option<&RunProfileId>) -> Result<u64, StoreError> {
    tx.execute("UPDATE tasks SET run_profile_id = $2 WHERE run_profile_id = $1", params![from, to])
}

/// Removes a run profile.
pub fn delete_run_profile(tx: &mut Tx<'_>, id: &RunProfileId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM run_profiles WHERE id = $1", params![id])
}
