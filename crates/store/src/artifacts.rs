//! Artifacts and their versions.

use crate::db::record::{Conditions, record};
use crate::db::{Json, Record};
use crate::visible::seen;
use crate::{StoreError, Tx, params};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{ArtifactId, EnvironmentId, WorkspaceId};
use stoker_domain::runtime::ArtifactType;

record! {
    /// An artifact.
    Artifact in "artifacts" {
        /// Its id.
        id: ArtifactId,
        /// Where it was published.
        workspace_id: WorkspaceId,
        /// Unique in the workspace.
        name: String,
        /// Kind of job.
        kind: ArtifactType,
        /// When its first version came.
        created_ms: i64,
    }
}

record! {
    /// One published version; never changes.
    ArtifactVersion in "artifact_versions" {
        /// The artifact.
        artifact_id: ArtifactId,
        /// Version text, unique in the artifact.
        version: String,
        /// Order of publishing, from 1.
        number: i64,
        /// SHA-256 of the archive, 64 hexadecimal characters.
        sha256: String,
        /// Bytes of the archive.
        size: i64,
        /// Who published it: a login or a service-account id.
        publisher: String,
        /// Which of the two.
        publisher_kind: PrincipalKind,
        /// Free text.
        description: Option<String>,
        /// What the archive says about itself.
        manifest: Json<serde_json::Value>,
        /// When it was published.
        created_ms: i64,
    }
}

/// What a list of artifacts is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct ArtifactFilter {
    /// Environment of its workspace.
    pub environment: Option<EnvironmentId>,
    /// Its workspace.
    pub workspace: Option<WorkspaceId>,
    /// Start of its name.
    pub name_prefix: Option<String>,
    /// Part of its name.
    pub name_contains: Option<String>,
    /// Its kinds; empty is all.
    pub kinds: Vec<ArtifactType>,
    /// Only workspaces on which this principal has a right of the mask.
    pub visible_to: (String, i64),
}

/// The artifact with this id.
pub fn get(tx: &mut Tx<'_>, id: &ArtifactId) -> Result<Option<Artifact>, StoreError> {
    Artifact::select_opt(tx, "WHERE id = $1", params![id])
}

/// The artifact of that name in the workspace.
pub fn by_name(tx: &mut Tx<'_>, workspace: &WorkspaceId, name: &str) -> Result<Option<Artifact>, StoreError> {
    Artifact::select_opt(tx, "WHERE workspace_id = $1 AND name = $2", params![workspace, name])
}

/// A page of artifacts by name, and how many there are in all.
pub fn list(
    tx: &mut Tx<'_>,
    filter: &ArtifactFilter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Artifact>, i64), StoreError> {
    let mut conditions = Conditions::default();
    seen(&mut conditions, "workspace_id", &filter.visible_to);
    if let Some(id) = &filter.environment {
        conditions.and("workspace_id IN (SELECT id FROM workspaces WHERE environment_id = ?)", [id.into()]);
    }
    if let Some(id) = &filter.workspace {
        conditions.and("workspace_id = ?", [id.into()]);
    }
    conditions.named(filter.name_prefix.as_deref(), filter.name_contains.as_deref());
    if !filter.kinds.is_empty() {
        conditions.among("kind", filter.kinds.iter().map(|kind| kind.id().to_owned()).collect());
    }
    let total = tx.query_int(&format!("SELECT count(*) FROM artifacts {}", conditions.text()), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    let items = Artifact::select(tx, &format!("{} ORDER BY name {{bytes}}, id {page}", conditions.text()), &values)?;
    Ok((items, total))
}

/// Version texts of an artifact, newest first.
pub fn versions(tx: &mut Tx<'_>, id: &ArtifactId) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT version FROM artifact_versions WHERE artifact_id = $1 ORDER BY number DESC";
    tx.query(sql, params![id])?.iter().map(|row| row.text(0)).collect()
}

/// The version that was published last.
pub fn newest_version(tx: &mut Tx<'_>, id: &ArtifactId) -> Result<Option<String>, StoreError> {
    let sql = "SELECT version FROM artifact_versions WHERE artifact_id = $1 ORDER BY number DESC LIMIT 1";
    tx.query_opt(sql, params![id])?.map(|row| row.text(0)).transpose()
}

/// One version.
pub fn version(tx: &mut Tx<'_>, id: &ArtifactId, version: &str) -> Result<Option<ArtifactVersion>, StoreError> {
    ArtifactVersion::select_opt(tx, "WHERE artifact_id = $1 AND version = $2", params![id, version])
}

/// What a run needs of an artifact version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionFile {
    /// Name of the artifact.
    pub artifact_name: String,
    /// SHA-256 of the archive.
    pub sha256: String,
    /// Bytes of the archive.
    pub size: i64,
}

/// Name and bytes of one version.
pub fn version_file(tx: &mut Tx<'_>, id: &ArtifactId, version: &str) -> Result<Option<VersionFile>, StoreError> {
    // Two reads by key: SQLite plans a join over a parameter that stands for two columns anew at every call.
    let sql = "SELECT sha256, size FROM artifact_versions WHERE artifact_id = $1 AND version = $2";
    let Some(file) = tx.query_opt(sql, params![id, version])? else { return Ok(None) };
    let Some(name) = tx.query_opt("SELECT name FROM artifacts WHERE id = $1", params![id])? else { return Ok(None) };
    Ok(Some(VersionFile { artifact_name: name.text(0)?, sha256: file.text(0)?, size: file.int(1)? }))
}

/// Number for the next version of an artifact.
pub fn next_number(tx: &mut Tx<'_>, id: &ArtifactId) -> Result<i64, StoreError> {
    tx.query_int("SELECT coalesce(max(number), 0) + 1 FROM artifact_versions WHERE artifact_id = $1", params![id])
}

/// Tasks that use the artifact, or one version of it, a few of them: their names and workspaces.
pub fn used_by(
    tx: &mut Tx<'_>,
    id: &ArtifactId,
    version: Option<&str>,
) -> Result<Vec<(String, WorkspaceId)>, StoreError> {
    let sql = "SELECT name, workspace_id FROM tasks WHERE artifact_id = $1 AND ($2 = '' OR artifact_version = $2) \
               ORDER BY name {bytes} LIMIT 5";
    tx.query(sql, params![id, version.unwrap_or("")])?
        .iter()
        .map(|row| Ok((row.text(0)?, WorkspaceId::trusted(row.text(1)?))))
        .collect()
}

/// Removes one version.
pub fn delete_version(tx: &mut Tx<'_>, id: &ArtifactId, version: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM artifact_versions WHERE artifact_id = $1 AND version = $2", params![id, version])
}

/// Removes an artifact that has no version left.
pub fn delete_when_empty(tx: &mut Tx<'_>, id: &ArtifactId) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM artifacts WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM artifact_versions WHERE artifact_id = $1)",
        params![id],
    )
}

/// Whether any version or resource still needs these bytes.
pub fn sha256_published(tx: &mut Tx<'_>, sha256: &str) -> Result<bool, StoreError> {
    let versions = tx.query_int("SELECT count(*) FROM artifact_versions WHERE sha256 = $1", params![sha256])?;
    let resources = tx.query_int("SELECT count(*) FROM resources WHERE sha256 = $1", params![sha256])?;
    Ok(versions + resources > 0)
}

/// Whether any run that has not ended still needs these bytes.
pub fn sha256_running(tx: &mut Tx<'_>, sha256: &str) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM runs WHERE state <> 'finished' AND (artifact_sha256 = $1 OR resources LIKE $2) LIMIT 1";
    Ok(tx.query_opt(sql, params![sha256, crate::runs::holding(sha256)])?.is_some())
}
