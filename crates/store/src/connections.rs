//! Connections.

use crate::db::record::{Conditions, record};
use crate::db::{Json, Record};
use crate::visible::seen;
use crate::{StoreError, Tx, Value, params};
use serde::{Deserialize, Serialize};
use stoker_domain::ids::{ConnectionId, EnvironmentId, WorkspaceId};

/// One parameter of a connection as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionParameter {
    /// Unique in the connection.
    pub name: String,
    /// Its value; in encrypted form when `encrypted` is set.
    pub value: String,
    /// Whether the value must never be shown.
    #[serde(default)]
    pub encrypted: bool,
}

record! {
    /// A connection: an application and what one needs to reach it.
    Connection in "connections" {
        /// Its id.
        id: ConnectionId,
        /// Where it lies.
        workspace_id: WorkspaceId,
        /// Unique in the workspace.
        name: String,
        /// The application, for example `Custom`.
        app: String,
        /// Its parameters in the order they came.
        parameters: Json<Vec<ConnectionParameter>>,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

/// What a list of connections or resources is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct PlaceFilter {
    /// Environment of its workspace.
    pub environment: Option<EnvironmentId>,
    /// Its workspace.
    pub workspace: Option<WorkspaceId>,
    /// Start of its name.
    pub name_prefix: Option<String>,
    /// Part of its name.
    pub name_contains: Option<String>,
    /// Only workspaces on which this principal has a right of the mask.
    pub visible_to: (String, i64),
}

impl PlaceFilter {
    pub(crate) fn conditions(&self) -> Conditions {
        let mut conditions = Conditions::default();
        seen(&mut conditions, "workspace_id", &self.visible_to);
        if let Some(id) = &self.environment {
            conditions.and("workspace_id IN (SELECT id FROM workspaces WHERE environment_id = ?)", [id.into()]);
        }
        if let Some(id) = &self.workspace {
            conditions.and("workspace_id = ?", [id.into()]);
        }
        conditions.named(self.name_prefix.as_deref(), self.name_contains.as_deref());
        conditions
    }
}

/// The connection with this id.
pub fn get(tx: &mut Tx<'_>, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
    Connection::select_opt(tx, "WHERE id = $1", params![id])
}

/// The connection with this id, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
    Connection::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// A page of connections by name, and how many there are in all.
pub fn list(
    tx: &mut Tx<'_>,
    filter: &PlaceFilter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Connection>, i64), StoreError> {
    let conditions = filter.conditions();
    let total =
        tx.query_int(&format!("SELECT count(*) FROM connections {}", conditions.text()), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    let items = Connection::select(tx, &format!("{} ORDER BY name {{bytes}}, id {page}", conditions.text()), &values)?;
    Ok((items, total))
}

/// Names of tasks of the environment that name this connection, a few of them.
pub fn used_by(
    tx: &mut Tx<'_>,
    environment: &EnvironmentId,
    id: &ConnectionId,
) -> Result<Vec<(String, WorkspaceId)>, StoreError> {
    tasks_naming(tx, "connections", environment, id.as_str())
}

/// The condition that the map in `column` has `id` as a value, with what it compares to. Keys and values are JSON texts
/// written without blanks: only a value begins after a colon and a quote, because a quote inside a text has a backslash.
pub(crate) fn naming(column: &str, id: &str) -> (String, [Value; 1]) {
    (format!("{column} LIKE ?"), [Value::Text(format!("%:\"{id}\"%"))])
}

/// Tasks of the environment whose map in `column` has `id` as a value, a few of them: their names and workspaces.
pub(crate) fn tasks_naming(
    tx: &mut Tx<'_>,
    column: &str,
    environment: &EnvironmentId,
    id: &str,
) -> Result<Vec<(String, WorkspaceId)>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.and("environment_id = ?", [environment.into()]);
    let (clause, values) = naming(column, id);
    conditions.and(&clause, values);
    let sql = format!("SELECT name, workspace_id FROM tasks {} ORDER BY name {{bytes}} LIMIT 5", conditions.text());
    tx.query(&sql, conditions.values())?
        .iter()
        .map(|row| Ok((row.text(0)?, WorkspaceId::trusted(row.text(1)?))))
        .collect()
}

/// Removes a connection.
pub fn delete(tx: &mut Tx<'_>, id: &ConnectionId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM connections WHERE id = $1", params![id])
}
