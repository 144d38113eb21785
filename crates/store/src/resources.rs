//! Resources, and files that nothing but a run needs any more.

use crate::connections::{PlaceFilter, tasks_naming};
use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::ids::{EnvironmentId, ResourceId, WorkspaceId};

record! {
    /// A resource: a file, or a folder as a zip, that tasks need.
    Resource in "resources" {
        /// Its id.
        id: ResourceId,
        /// Where it lies.
        workspace_id: WorkspaceId,
        /// Unique in the workspace.
        name: String,
        /// Free text.
        description: Option<String>,
        /// A file; else a folder.
        is_file: bool,
        /// Name the file had where it came from.
        file_name: Option<String>,
        /// SHA-256 of the bytes, 64 hexadecimal characters.
        sha256: String,
        /// How many bytes.
        size: i64,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

/// The resource with this id.
pub fn get(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Option<Resource>, StoreError> {
    Resource::select_opt(tx, "WHERE id = $1", params![id])
}

/// The resource with this id, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Option<Resource>, StoreError> {
    Resource::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// The resource with this id, which nobody can change until the end of the transaction: whoever then looks for runs that
/// need its bytes finds the one that is being started.
pub fn hold(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Option<Resource>, StoreError> {
    Resource::select_opt(tx, "WHERE id = $1 {share}", params![id])
}

/// Whether the workspace has a resource of that name.
pub fn name_taken(tx: &mut Tx<'_>, workspace: &WorkspaceId, name: &str) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM resources WHERE workspace_id = $1 AND name = $2";
    Ok(tx.query_opt(sql, params![workspace, name])?.is_some())
}

/// A page of resources by name, and how many there are in all.
pub fn list(
    tx: &mut Tx<'_>,
    filter: &PlaceFilter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Resource>, i64), StoreError> {
    let conditions = filter.conditions();
    let total = tx.query_int(&format!("SELECT count(*) FROM resources {}", conditions.text()), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    let items = Resource::select(tx, &format!("{} ORDER BY name {{bytes}}, id {page}", conditions.text()), &values)?;
    Ok((items, total))
}

/// Bytes of the files of all resources together; one that several resources name counts once.
pub fn total_bytes(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM (SELECT DISTINCT sha256, size FROM resources) files";
    tx.query_int(sql, params![])
}

/// Names of tasks of the environment that name this resource, a few of them.
pub fn used_by(
    tx: &mut Tx<'_>,
    environment: &EnvironmentId,
    id: &ResourceId,
) -> Result<Vec<(String, WorkspaceId)>, StoreError> {
    tasks_naming(tx, "resources", environment, id.as_str())
}

/// Removes a resource; its file stays.
pub fn delete(tx: &mut Tx<'_>, id: &ResourceId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM resources WHERE id = $1", params![id])
}

/// Notes a file that only runs still need, to be looked at again.
pub fn leave(tx: &mut Tx<'_>, sha256: &str) -> Result<(), StoreError> {
    tx.execute("INSERT INTO leftover_blobs (sha256) VALUES ($1) ON CONFLICT DO NOTHING", params![sha256])?;
    Ok(())
}

/// Files that were left for runs, a few of them.
pub fn leftovers(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT sha256 FROM leftover_blobs ORDER BY sha256 {bytes} LIMIT $1";
    tx.query(sql, params![limit])?.iter().map(|row| row.text(0)).collect()
}

/// Forgets that a file was left.
pub fn forget_leftover(tx: &mut Tx<'_>, sha256: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM leftover_blobs WHERE sha256 = $1", params![sha256])
}
