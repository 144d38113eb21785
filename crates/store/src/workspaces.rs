//! Workspaces and the rights on them.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::ids::{EnvironmentId, WorkspaceId};
use stoker_domain::runtime::WorkspaceType;
use stoker_domain::{PrincipalKind, Rights};

record! {
    /// A workspace.
    Workspace in "workspaces" {
        /// Its id.
        id: WorkspaceId,
        /// Where it lies.
        environment_id: EnvironmentId,
        /// Unique in the environment.
        name: String,
        /// Free text.
        description: Option<String>,
        /// Login of the owner.
        owner: String,
        /// Shared, personal or custom.
        kind: WorkspaceType,
        /// Whether only artifacts published here upgrade its tasks.
        protected_artifact_update: bool,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

record! {
    /// The rights of one principal on one workspace.
    Grant in "workspace_rights" {
        /// Id of a user or service account.
        principal_id: String,
        /// The workspace.
        workspace_id: WorkspaceId,
        /// Which of the two it is.
        principal_kind: PrincipalKind,
        /// What it may do.
        rights: Rights,
    }
}

/// The workspace with this id.
pub fn get(tx: &mut Tx<'_>, id: &WorkspaceId) -> Result<Option<Workspace>, StoreError> {
    Workspace::select_opt(tx, "WHERE id = $1", params![id])
}

/// As [`get`]; nobody else changes the workspace until this transaction ends.
pub fn lock(tx: &mut Tx<'_>, id: &WorkspaceId) -> Result<Option<Workspace>, StoreError> {
    Workspace::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// All workspaces, oldest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Workspace>, StoreError> {
    Workspace::select(tx, "ORDER BY created_ms, id", params![])
}

/// The workspaces on which the principal has any right.
pub fn with_rights(tx: &mut Tx<'_>, principal: &str) -> Result<Vec<Workspace>, StoreError> {
    Workspace::select(
        tx,
        "WHERE id IN (SELECT workspace_id FROM workspace_rights WHERE principal_id = $1) ORDER BY created_ms, id",
        params![principal],
    )
}

/// The workspaces of one environment.
pub fn of_environment(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<Vec<Workspace>, StoreError> {
    Workspace::select(tx, "WHERE environment_id = $1 ORDER BY created_ms, id", params![id])
}

/// Whether tasks, plans, artifacts, connections, resources, engines of any kind or clusters still belong to the workspace,
/// or API tests in it are nobody's else.
pub fn in_use(tx: &mut Tx<'_>, id: &WorkspaceId) -> Result<bool, StoreError> {
    for table in ["tasks", "plans", "artifacts", "connections", "resources", "engines", "clusters", "pipeline_engines"]
    {
        let sql = format!("SELECT count(*) FROM {table} WHERE workspace_id = $1");
        if tx.query_int(&sql, params![id])? > 0 {
            return Ok(true);
        }
    }
    let sql = "SELECT count(*) FROM tester_projects WHERE workspace_id = $1 AND owner_id = $2";
    Ok(tx.query_int(sql, params![id, crate::tester::NOBODY])? > 0)
}

/// Removes a workspace and the rights on it. Projects of API tests in it are their owners' alone again.
pub fn delete(tx: &mut Tx<'_>, id: &WorkspaceId) -> Result<u64, StoreError> {
    crate::tester::leave_workspace(tx, id)?;
    tx.execute("DELETE FROM workspace_rights WHERE workspace_id = $1", params![id])?;
    tx.execute("DELETE FROM workspaces WHERE id = $1", params![id])
}

/// The rights of a principal on a workspace; empty when there are none.
pub fn rights(tx: &mut Tx<'_>, principal: &str, workspace: &WorkspaceId) -> Result<Rights, StoreError> {
    let row = tx.query_opt(
        "SELECT rights FROM workspace_rights WHERE principal_id = $1 AND workspace_id = $2",
        params![principal, workspace],
    )?;
    Ok(match row {
        Some(row) => Rights::from_mask(row.int(0)?),
        None => Rights::default(),
    })
}

/// All workspaces on which the principal has rights, with them.
pub fn all_rights(tx: &mut Tx<'_>, principal: &str) -> Result<Vec<(WorkspaceId, Rights)>, StoreError> {
    let grants = Grant::select(tx, "WHERE principal_id = $1 ORDER BY workspace_id {bytes}", params![principal])?;
    Ok(grants.into_iter().map(|grant| (grant.workspace_id, grant.rights)).collect())
}

/// Whether the principal has a right of the mask on any workspace of the environment.
pub fn any_right_in(
    tx: &mut Tx<'_>,
    principal: &str,
    mask: i64,
    environment: &EnvironmentId,
) -> Result<bool, StoreError> {
    let sql = "SELECT workspace_id FROM workspace_rights WHERE principal_id = $1 AND rights & $2 <> 0 \
               AND workspace_id IN (SELECT id FROM workspaces WHERE environment_id = $3) LIMIT 1";
    Ok(tx.query_opt(sql, params![principal, mask, environment])?.is_some())
}

/// The grant itself, if there is one.
pub fn grant(tx: &mut Tx<'_>, principal: &str, workspace: &WorkspaceId) -> Result<Option<Grant>, StoreError> {
    Grant::select_opt(tx, "WHERE principal_id = $1 AND workspace_id = $2", params![principal, workspace])
}

/// Replaces the rights of an existing grant.
pub fn set_rights(
    tx: &mut Tx<'_>,
    principal: &str,
    workspace: &WorkspaceId,
    rights: Rights,
) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE workspace_rights SET rights = $3 WHERE principal_id = $1 AND workspace_id = $2",
        params![principal, workspace, rights.mask()],
    )
}

/// Removes a grant.
pub fn revoke(tx: &mut Tx<'_>, principal: &str, workspace: &WorkspaceId) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM workspace_rights WHERE principal_id = $1 AND workspace_id = $2",
        params![principal, workspace],
    )
}

/// Grants of one kind of principal, narrowed by workspace, environment and principal.
pub fn grants(
    tx: &mut Tx<'_>,
    kind: PrincipalKind,
    workspace: Option<&WorkspaceId>,
    environment: Option<&EnvironmentId>,
    principal: Option<&str>,
) -> Result<Vec<Grant>, StoreError> {
    let mut conditions = crate::db::record::Conditions::default();
    conditions.and("principal_kind = ?", [kind.id().into()]);
    if let Some(id) = workspace {
        conditions.and("workspace_id = ?", [id.into()]);
    }
    if let Some(id) = environment {
        conditions.and("workspace_id IN (SELECT id FROM workspaces WHERE environment_id = ?)", [id.into()]);
    }
    if let Some(id) = principal {
        conditions.and("principal_id = ?", [id.into()]);
    }
    let rest = format!("{} ORDER BY workspace_id {{bytes}}, principal_id {{bytes}}", conditions.text());
    Grant::select(tx, &rest, conditions.values())
}
