//! Users, personal access tokens, service accounts.

use crate::db::record::record;
use crate::db::{Json, Record, Whose};
use crate::{StoreError, Tx, params};
use stoker_domain::ids::{ServiceAccountId, UserId};

record! {
    /// A person.
    User in "users" keyed by login {
        /// Its id.
        id: UserId,
        /// What one signs in with; unique.
        login: String,
        /// Argon2id hash; none while no password is set.
        password_hash: Option<String>,
        /// First name.
        first_name: String,
        /// Last name.
        last_name: String,
        /// Mail address.
        email: String,
        /// Account permission ids.
        permissions: Json<Vec<String>>,
        /// Whether it may sign in.
        active: bool,
        /// When it was made.
        created_ms: i64,
    }
}

record! {
    /// A personal access token; only its hash is kept.
    PersonalToken in "personal_tokens" {
        /// Its id.
        id: String,
        /// Whose it is.
        user_id: UserId,
        /// What the user calls it.
        name: String,
        /// SHA-256 of the token, base64.
        hash: String,
        /// When it was made.
        created_ms: i64,
        /// When it ends; never when absent.
        expires_ms: Option<i64>,
    }
}

record! {
    /// A service account; only the hash of its secret is kept.
    ServiceAccount in "service_accounts" keyed by name {
        /// Its id, also the OAuth client id.
        id: ServiceAccountId,
        /// Unique name.
        name: String,
        /// SHA-256 of the secret, base64.
        secret_hash: String,
        /// Account permission ids.
        permissions: Json<Vec<String>>,
        /// When it was made.
        created_ms: i64,
        /// When name or permissions last changed.
        modified_ms: i64,
        /// Last call made with a token of this account.
        used_ms: Option<i64>,
        /// The API of that call, for example `processing`.
        used_api: Option<String>,
    }
}

/// The user with this id.
pub fn user(tx: &mut Tx<'_>, id: &UserId) -> Result<Option<User>, StoreError> {
    User::select_opt(tx, "WHERE id = $1", params![id])
}

/// The user with this id; nobody changes it until the transaction ends.
pub fn held_user(tx: &mut Tx<'_>, id: &UserId) -> Result<Option<User>, StoreError> {
    User::select_opt(tx, "WHERE id = $1 {share}", params![id])
}

/// The user with this login.
pub fn user_by_login(tx: &mut Tx<'_>, login: &str) -> Result<Option<User>, StoreError> {
    User::select_opt(tx, "WHERE login = $1", params![login])
}

/// Users who hold any permission.
pub fn users_with_permissions(tx: &mut Tx<'_>) -> Result<Vec<User>, StoreError> {
    User::select(tx, "WHERE permissions <> '[]' ORDER BY id", params![])
}

/// The token with this hash.
pub fn token_by_hash(tx: &mut Tx<'_>, hash: &str) -> Result<Option<PersonalToken>, StoreError> {
    PersonalToken::select_opt(tx, "WHERE hash = $1", params![hash])
}

/// The service account with this id.
pub fn service_account(tx: &mut Tx<'_>, id: &ServiceAccountId) -> Result<Option<ServiceAccount>, StoreError> {
    ServiceAccount::select_opt(tx, "WHERE id = $1", params![id])
}

/// All service accounts, oldest first.
pub fn service_accounts(tx: &mut Tx<'_>) -> Result<Vec<ServiceAccount>, StoreError> {
    ServiceAccount::select(tx, "ORDER BY created_ms, id", params![])
}

/// How many service accounts there are.
pub fn count_service_accounts(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_int("SELECT count(*) FROM service_accounts", params![])
}

/// Removes a service account, its workspace rights, and its place among the executors of promotions.
pub fn delete_service_account(tx: &mut Tx<'_>, id: &ServiceAccountId) -> Result<u64, StoreError> {
    tx.access_changed(Whose::only(id.as_str()));
    tx.execute("DELETE FROM workspace_rights WHERE principal_id = $1", params![id])?;
    tx.execute("DELETE FROM promotion_executors WHERE principal_id = $1", params![id])?;
    tx.execute("DELETE FROM service_accounts WHERE id = $1", params![id])
}

/// Notes when and for what a service account was last used; never moves the time back.
pub fn note_use(tx: &mut Tx<'_>, id: &ServiceAccountId, at_ms: i64, api: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE service_accounts SET used_ms = $2, used_api = $3 WHERE id = $1 AND coalesce(used_ms, 0) < $2",
        params![id, at_ms, api],
    )?;
    Ok(())
}

/// The token with this id.
pub fn personal_token(tx: &mut Tx<'_>, id: &str) -> Result<Option<PersonalToken>, StoreError> {
    PersonalToken::select_opt(tx, "WHERE id = $1", params![id])
}
