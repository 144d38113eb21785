//! Users as they are managed: all columns, lists, roles and tokens of one. [`crate::accounts::User`] is the narrow view
//! that every check of a token reads.

use crate::db::record::{Conditions, holds_text, record};
use crate::db::{Json, Record, Whose};
use crate::{StoreError, Tx, params};
use stoker_domain::ids::{EnvironmentId, GroupId, RoleId, UserId, WorkspaceId};
use stoker_domain::{Permission, names};

record! {
    /// A user with all its columns.
    Person in "users" keyed by login {
        /// Its id.
        id: UserId,
        /// What one signs in with; unique, never changes.
        login: String,
        /// Argon2id hash; none while no password is set.
        password_hash: Option<String>,
        /// First name.
        first_name: String,
        /// Last name.
        last_name: String,
        /// Mail address.
        email: String,
        /// What the roles give together: written by [`refresh_permissions`] alone.
        permissions: Json<Vec<String>>,
        /// Whether it may sign in and use its tokens.
        active: bool,
        /// When it was made.
        created_ms: i64,
        /// Phone number.
        phone: Option<String>,
        /// How it is addressed.
        title: Option<String>,
        /// One of the published languages.
        preferred_language: String,
        /// IANA time zone.
        timezone: String,
        /// Applications it uses.
        applications: Json<Vec<String>>,
        /// When it last changed.
        modified_ms: i64,
        /// When its password was last set.
        password_set_ms: Option<i64>,
        /// Last attempt to sign in with a password.
        attempt_ms: Option<i64>,
        /// What the directory that made it over SCIM calls it.
        external_id: Option<String>,
    }
}

record! {
    /// A personal access token as its owner sees it.
    TokenInfo in "personal_tokens" {
        /// Its id.
        id: String,
        /// Whose it is.
        user_id: UserId,
        /// What the user calls it.
        name: String,
        /// When it was made.
        created_ms: i64,
        /// When it ends; never when absent.
        expires_ms: Option<i64>,
        /// When it was last used, to the second or so.
        used_ms: Option<i64>,
    }
}

/// What a list of users is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct PeopleFilter {
    /// Members of this group.
    pub group: Option<GroupId>,
    /// Holders of this role.
    pub role: Option<RoleId>,
    /// Those with a right on this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Those with a right on a workspace of this environment.
    pub environment: Option<EnvironmentId>,
}

/// The user with this id.
pub fn get(tx: &mut Tx<'_>, id: &UserId) -> Result<Option<Person>, StoreError> {
    Person::select_opt(tx, "WHERE id = $1", params![id])
}

/// The user with this login, in whatever normal form it is written here or was stored by an older version.
pub fn by_login(tx: &mut Tx<'_>, login: &str) -> Result<Option<Person>, StoreError> {
    let login = names::composed(login);
    if let Some(found) = Person::select_opt(tx, "WHERE login = $1", params![login.as_ref()])? {
        return Ok(Some(found));
    }
    if login.is_ascii() {
        return Ok(None);
    }
    let alike = Person::select_opt(tx, "WHERE name_key = $1", params![names::key(&login)])?;
    Ok(alike.filter(|person| names::composed(&person.login) == login))
}

/// One page of users by login, and how many there are.
pub fn list(tx: &mut Tx<'_>, filter: &PeopleFilter, limit: i64, offset: i64) -> Result<(Vec<Person>, i64), StoreError> {
    let mut conditions = Conditions::default();
    if let Some(id) = &filter.group {
        conditions.and("id IN (SELECT user_id FROM group_users WHERE group_id = ?)", [id.into()]);
    }
    if let Some(id) = &filter.role {
        conditions.and("id IN (SELECT user_id FROM user_roles WHERE role_id = ?)", [id.into()]);
    }
    if let Some(id) = &filter.workspace {
        conditions.and("id IN (SELECT principal_id FROM workspace_rights WHERE workspace_id = ?)", [id.into()]);
    }
    if let Some(id) = &filter.environment {
        let clause = "id IN (SELECT principal_id FROM workspace_rights WHERE workspace_id IN \
                      (SELECT id FROM workspaces WHERE environment_id = ?))";
        conditions.and(clause, [id.into()]);
    }
    let text = conditions.text();
    let total = tx.query_int(&format!("SELECT count(*) FROM users {text}"), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    Ok((Person::select(tx, &format!("{text} ORDER BY login {{bytes}} {page}"), &values)?, total))
}

/// How many users use each application: name and number, by name.
pub fn seats(tx: &mut Tx<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    let mut seats = std::collections::BTreeMap::new();
    for row in tx.query("SELECT applications FROM users WHERE active = 1", params![])? {
        let applications: Vec<String> = serde_json::from_str(&row.text(0)?)?;
        for application in applications {
            *seats.entry(application).or_insert(0) += 1;
        }
    }
    Ok(seats.into_iter().collect())
}

/// Active users who hold both permissions.
pub fn holders_of_both(tx: &mut Tx<'_>, one: Permission, other: Permission) -> Result<i64, StoreError> {
    let mut conditions = Conditions::default();
    conditions.and("active = ?", [true.into()]);
    for permission in [one, other] {
        let (clause, values) = holds_text("permissions", permission.id());
        conditions.and(&clause, values);
    }
    tx.query_int(&format!("SELECT count(*) FROM users {}", conditions.text()), conditions.values())
}

/// Waits for every other change of users, groups and roles, so that rules about all of them together hold.
pub fn lock_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.query("SELECT value FROM settings WHERE name = 'account_id' {lock}", params![])?;
    Ok(())
}

/// Writes down what the roles of a user give together.
pub fn refresh_permissions(tx: &mut Tx<'_>, id: &UserId) -> Result<(), StoreError> {
    let mut all = std::collections::BTreeSet::new();
    let sql = "SELECT permissions FROM roles WHERE id IN (SELECT role_id FROM user_roles WHERE user_id = $1)";
    for row in tx.query(sql, params![id])? {
        let permissions: Vec<String> = serde_json::from_str(&row.text(0)?)?;
        all.extend(permissions);
    }
    let text = serde_json::to_string(&all)?;
    if tx.execute("UPDATE users SET permissions = $2 WHERE id = $1 AND permissions <> $2", params![id, text])? > 0 {
        tx.access_changed(Whose::only(id.as_str()));
    }
    Ok(())
}

/// Removes a user with its tokens, preferences, API tests, roles, group memberships and workspace rights.
pub fn delete(tx: &mut Tx<'_>, id: &UserId) -> Result<u64, StoreError> {
    tx.access_changed(Whose::only(id.as_str()));
    crate::tester::forget_person(tx, id)?;
    for (table, column) in [
        ("personal_tokens", "user_id"),
        ("console_sessions", "user_id"),
        ("recovery_codes", "user_id"),
        ("user_totp", "user_id"),
        ("user_identities", "user_id"),
        ("preferences", "user_id"),
        ("user_roles", "user_id"),
        ("group_users", "user_id"),
        ("workspace_rights", "principal_id"),
        ("promotion_executors", "principal_id"),
        // Ids of users and groups are never the same.
        ("project_members", "member_id"),
    ] {
        tx.execute(&format!("DELETE FROM {table} WHERE {column} = $1"), params![id])?;
    }
    tx.execute("DELETE FROM users WHERE id = $1", params![id])
}

/// Sets a password.
pub fn set_password(tx: &mut Tx<'_>, id: &UserId, hash: &str, now_ms: i64) -> Result<u64, StoreError> {
    tx.execute("UPDATE users SET password_hash = $2, password_set_ms = $3 WHERE id = $1", params![id, hash, now_ms])
}

/// Notes an attempt to sign in.
pub fn note_attempt(tx: &mut Tx<'_>, id: &UserId, now_ms: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE users SET attempt_ms = $2 WHERE id = $1", params![id, now_ms])?;
    Ok(())
}

/// The tokens of a user, oldest first.
pub fn tokens(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<TokenInfo>, StoreError> {
    TokenInfo::select(tx, "WHERE user_id = $1 ORDER BY created_ms, id", params![user])
}

/// One token of a user.
pub fn token(tx: &mut Tx<'_>, user: &UserId, id: &str) -> Result<Option<TokenInfo>, StoreError> {
    TokenInfo::select_opt(tx, "WHERE id = $1 AND user_id = $2", params![id, user])
}

/// Renames a token.
pub fn rename_token(tx: &mut Tx<'_>, id: &str, name: &str) -> Result<u64, StoreError> {
    tx.execute("UPDATE personal_tokens SET name = $2 WHERE id = $1", params![id, name])
}

/// Removes a token of a user.
pub fn delete_token(tx: &mut Tx<'_>, user: &UserId, id: &str) -> Result<u64, StoreError> {
    tx.access_changed(Whose::only(user.as_str()));
    tx.execute("DELETE FROM personal_tokens WHERE user_id = $1 AND id = $2", params![user, id])
}

/// Notes when the token with this hash was last used; never moves the time back.
pub fn note_token_use(tx: &mut Tx<'_>, hash: &str, at_ms: i64) -> Result<(), StoreError> {
    let sql = "UPDATE personal_tokens SET used_ms = $2 WHERE hash = $1 AND coalesce(used_ms, 0) < $2";
    tx.execute(sql, params![hash, at_ms])?;
    Ok(())
}
