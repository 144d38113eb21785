//! Groups of users.

use crate::db::Record;
use crate::db::record::{Conditions, like_escaped, record};
use crate::{StoreError, Tx, Value, params};
use stoker_domain::ids::{GroupId, UserId};

record! {
    /// A group of users; gives no permission and no workspace right by itself.
    Group in "user_groups" keyed by name {
        /// Its id.
        id: GroupId,
        /// Unique name.
        name: String,
        /// When it was made.
        created_ms: i64,
        /// When its name or its members last changed.
        modified_ms: i64,
        /// What the directory that made it over SCIM calls it.
        external_id: Option<String>,
    }
}

/// The group with this id.
pub fn get(tx: &mut Tx<'_>, id: &GroupId) -> Result<Option<Group>, StoreError> {
    Group::select_opt(tx, "WHERE id = $1", params![id])
}

/// One page of groups by name, of one user or of all, and how many there are.
pub fn list(
    tx: &mut Tx<'_>,
    user: Option<&UserId>,
    name_part: Option<&str>,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Group>, i64), StoreError> {
    let mut conditions = Conditions::default();
    if let Some(id) = user {
        conditions.and("id IN (SELECT group_id FROM group_users WHERE user_id = ?)", [id.into()]);
    }
    if let Some(part) = name_part {
        conditions.and("name LIKE ? ESCAPE '\\'", [Value::Text(format!("%{}%", like_escaped(part)))]);
    }
    let text = conditions.text();
    let total = tx.query_int(&format!("SELECT count(*) FROM user_groups {text}"), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    Ok((Group::select(tx, &format!("{text} ORDER BY name {{bytes}}, id {{bytes}} {page}"), &values)?, total))
}

/// Ids of the members.
pub fn members(tx: &mut Tx<'_>, group: &GroupId) -> Result<Vec<UserId>, StoreError> {
    let rows =
        tx.query("SELECT user_id FROM group_users WHERE group_id = $1 ORDER BY user_id {bytes}", params![group])?;
    rows.iter().map(|row| row.text(0).map(UserId::trusted)).collect()
}

/// Logins of the members, in their order.
pub fn member_logins(tx: &mut Tx<'_>, group: &GroupId) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT users.login FROM group_users JOIN users ON users.id = group_users.user_id \
               WHERE group_users.group_id = $1 ORDER BY users.login {bytes}";
    tx.query(sql, params![group])?.iter().map(|row| row.text(0)).collect()
}

/// Who is in which group, all of them.
pub fn all_members(tx: &mut Tx<'_>) -> Result<Vec<(GroupId, UserId)>, StoreError> {
    let rows = tx.query("SELECT group_id, user_id FROM group_users ORDER BY group_id, user_id", params![])?;
    rows.iter().map(|row| Ok((GroupId::trusted(row.text(0)?), UserId::trusted(row.text(1)?)))).collect()
}

/// Removes all members.
pub fn remove_all(tx: &mut Tx<'_>, group: &GroupId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM group_users WHERE group_id = $1", params![group])
}

/// Adds a member; false when it is one.
pub fn add(tx: &mut Tx<'_>, group: &GroupId, user: &UserId) -> Result<bool, StoreError> {
    let sql = "INSERT INTO group_users (group_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, params![group, user])? > 0)
}

/// Removes a member; false when it is none.
pub fn remove(tx: &mut Tx<'_>, group: &GroupId, user: &UserId) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM group_users WHERE group_id = $1 AND user_id = $2", params![group, user])? > 0)
}

/// Removes a group; its members stay.
pub fn delete(tx: &mut Tx<'_>, id: &GroupId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM group_users WHERE group_id = $1", params![id])?;
    tx.execute("DELETE FROM project_members WHERE kind = 'group' AND member_id = $1", params![id])?;
    tx.execute("DELETE FROM user_groups WHERE id = $1", params![id])
}
