//! Projects of the studio, and who works on them.

use crate::db::Record;
use crate::db::record::{Conditions, record};
use crate::{StoreError, Tx, params};
use stoker_domain::ids::ProjectId;

record! {
    /// A project.
    Project in "projects" {
        /// Its id.
        id: ProjectId,
        /// Unique.
        name: String,
        /// Its name in capitals, for files and folders; unique.
        technical_label: String,
        /// Free text.
        description: Option<String>,
        /// Where its sources are.
        url: String,
        /// Login of whoever made it.
        author: String,
        /// Login of the owner.
        owner: String,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

/// `kind` of a member that is a user.
pub const USER: &str = "user";
/// `kind` of a member that is a group.
pub const GROUP: &str = "group";

/// The project with this id.
pub fn get(tx: &mut Tx<'_>, id: &ProjectId) -> Result<Option<Project>, StoreError> {
    Project::select_opt(tx, "WHERE id = $1", params![id])
}

/// The project with this id, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &ProjectId) -> Result<Option<Project>, StoreError> {
    Project::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// Whether a project has this technical label.
pub fn label_taken(tx: &mut Tx<'_>, label: &str) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT id FROM projects WHERE technical_label = $1", params![label])?.is_some())
}

/// A page of projects by name, and how many there are in all.
pub fn list(
    tx: &mut Tx<'_>,
    name_prefix: Option<&str>,
    name_contains: Option<&str>,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Project>, i64), StoreError> {
    let mut conditions = Conditions::default();
    conditions.named(name_prefix, name_contains);
    let total = tx.query_int(&format!("SELECT count(*) FROM projects {}", conditions.text()), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    let items = Project::select(tx, &format!("{} ORDER BY name {{bytes}}, id {page}", conditions.text()), &values)?;
    Ok((items, total))
}

/// Removes a project and who works on it.
pub fn delete(tx: &mut Tx<'_>, id: &ProjectId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM project_members WHERE project_id = $1", params![id])?;
    tx.execute("DELETE FROM projects WHERE id = $1", params![id])
}

/// Ids of the members of one kind ([`USER`] or [`GROUP`]).
pub fn members(tx: &mut Tx<'_>, id: &ProjectId, kind: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT member_id FROM project_members WHERE project_id = $1 AND kind = $2 ORDER BY member_id {bytes}";
    tx.query(sql, params![id, kind])?.iter().map(|row| row.text(0)).collect()
}

/// Names of the members of one kind: logins of users, names of groups.
pub fn member_names(tx: &mut Tx<'_>, id: &ProjectId, kind: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT coalesce(u.login, g.name, m.member_id) AS called FROM project_members m \
               LEFT JOIN users u ON m.kind = 'user' AND u.id = m.member_id \
               LEFT JOIN user_groups g ON m.kind = 'group' AND g.id = m.member_id \
               WHERE m.project_id = $1 AND m.kind = $2 ORDER BY called";
    tx.query(sql, params![id, kind])?.iter().map(|row| row.text(0)).collect()
}

/// The projects that a user or group may work on.
pub fn of_member(tx: &mut Tx<'_>, member: &str) -> Result<Vec<Project>, StoreError> {
    let rest = "WHERE id IN (SELECT project_id FROM project_members WHERE member_id = $1) ORDER BY id";
    Project::select(tx, rest, params![member])
}

/// Adds a member; a repeat is [`StoreError::Duplicate`].
pub fn add_member(tx: &mut Tx<'_>, id: &ProjectId, kind: &str, member: &str, now_ms: i64) -> Result<u64, StoreError> {
    tx.execute(
        "INSERT INTO project_members (project_id, kind, member_id, created_ms) VALUES ($1, $2, $3, $4)",
        params![id, kind, member, now_ms],
    )
}

/// Removes a member; 0 when there is none.
pub fn remove_member(tx: &mut Tx<'_>, id: &ProjectId, kind: &str, member: &str) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM project_members WHERE project_id = $1 AND kind = $2 AND member_id = $3",
        params![id, kind, member],
    )
}
