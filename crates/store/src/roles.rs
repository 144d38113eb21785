//! Roles, who holds them, and role mappings of single sign-on.

use crate::db::record::{Conditions, like_escaped, record};
use crate::db::{Json, Record};
use crate::{StoreError, Tx, Value, params};
use stoker_domain::ids::{RoleId, UserId};

record! {
    /// A role: a name for a set of account permissions.
    Role in "roles" keyed by name {
        /// Its id.
        id: RoleId,
        /// Unique name.
        name: String,
        /// Account permission ids; also ids of other applications, which decide nothing here.
        permissions: Json<Vec<String>>,
        /// Key of a predefined role; none for one made by somebody.
        predefined: Option<String>,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        modified_ms: i64,
        /// What the directory that made it over SCIM calls it.
        external_id: Option<String>,
    }
}

record! {
    /// Roles of this side for a role name of the identity provider.
    RoleMapping in "role_mappings" {
        /// The name at the identity provider.
        name: String,
        /// Role ids of this side.
        role_ids: Json<Vec<RoleId>>,
    }
}

/// The role with this id.
pub fn get(tx: &mut Tx<'_>, id: &RoleId) -> Result<Option<Role>, StoreError> {
    Role::select_opt(tx, "WHERE id = $1", params![id])
}

/// The role with this name.
pub fn by_name(tx: &mut Tx<'_>, name: &str) -> Result<Option<Role>, StoreError> {
    Role::select_opt(tx, "WHERE name = $1", params![name])
}

/// The predefined role with this key.
pub fn predefined(tx: &mut Tx<'_>, key: &str) -> Result<Option<Role>, StoreError> {
    Role::select_opt(tx, "WHERE predefined = $1", params![key])
}

/// One page of roles by name, and how many there are.
pub fn list(tx: &mut Tx<'_>, name_part: Option<&str>, limit: i64, offset: i64) -> Result<(Vec<Role>, i64), StoreError> {
    let mut conditions = Conditions::default();
    if let Some(part) = name_part {
        conditions.and("name LIKE ? ESCAPE '\\'", [Value::Text(format!("%{}%", like_escaped(part)))]);
    }
    let text = conditions.text();
    let total = tx.query_int(&format!("SELECT count(*) FROM roles {text}"), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    Ok((Role::select(tx, &format!("{text} ORDER BY name {{bytes}}, id {{bytes}} {page}"), &values)?, total))
}

/// The roles of a user by name.
pub fn of_user(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<Role>, StoreError> {
    let rest = "WHERE id IN (SELECT role_id FROM user_roles WHERE user_id = $1) ORDER BY name {bytes}, id {bytes}";
    Role::select(tx, rest, params![user])
}

/// The users who hold a role.
pub fn holders(tx: &mut Tx<'_>, role: &RoleId) -> Result<Vec<UserId>, StoreError> {
    let rows = tx.query("SELECT user_id FROM user_roles WHERE role_id = $1 ORDER BY user_id {bytes}", params![role])?;
    rows.iter().map(|row| row.text(0).map(UserId::trusted)).collect()
}

/// Who holds which role, all of them.
pub fn all_held(tx: &mut Tx<'_>) -> Result<Vec<(UserId, RoleId)>, StoreError> {
    let rows = tx.query("SELECT user_id, role_id FROM user_roles ORDER BY user_id, role_id", params![])?;
    rows.iter().map(|row| Ok((UserId::trusted(row.text(0)?), RoleId::trusted(row.text(1)?)))).collect()
}

/// Gives a role to a user; false when the user has it.
pub fn give(tx: &mut Tx<'_>, user: &UserId, role: &RoleId) -> Result<bool, StoreError> {
    let sql = "INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, params![user, role])? > 0)
}

/// Takes a role from a user; false when the user does not have it.
pub fn take(tx: &mut Tx<'_>, user: &UserId, role: &RoleId) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM user_roles WHERE user_id = $1 AND role_id = $2", params![user, role])? > 0)
}

/// Takes all roles from a user.
pub fn take_all(tx: &mut Tx<'_>, user: &UserId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM user_roles WHERE user_id = $1", params![user])
}

/// Removes a role that nobody holds.
pub fn delete(tx: &mut Tx<'_>, id: &RoleId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM roles WHERE id = $1", params![id])
}

/// All role mappings by name.
pub fn mappings(tx: &mut Tx<'_>) -> Result<Vec<RoleMapping>, StoreError> {
    RoleMapping::select(tx, "ORDER BY name {bytes}", params![])
}

/// The role mapping with this name.
pub fn mapping(tx: &mut Tx<'_>, name: &str) -> Result<Option<RoleMapping>, StoreError> {
    RoleMapping::select_opt(tx, "WHERE name = $1", params![name])
}

/// Removes one role mapping.
pub fn delete_mapping(tx: &mut Tx<'_>, name: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM role_mappings WHERE name = $1", params![name])
}

/// Removes all role mappings.
pub fn delete_mappings(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM role_mappings", params![])
}
