//! Webhooks: URLs whose calls start a task or plan, and the calls that wait.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, params};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{TriggerId, WorkspaceId};
use stoker_domain::schedule::ExecutableKind;

record! {
    /// A webhook.
    Webhook in "webhooks" {
        /// Its id.
        id: TriggerId,
        /// What it starts.
        executable_kind: ExecutableKind,
        /// Id of that.
        executable_id: String,
        /// Workspace of that.
        workspace_id: WorkspaceId,
        /// What people call it.
        name: String,
        /// SHA-256 of the secret part of the URL, base64.
        token_hash: String,
        /// The secret part of the URL, encrypted, because the URL is shown.
        token_sealed: String,
        /// So many calls start it.
        trigger_calls: i64,
        /// Milliseconds after the first call that start it with fewer calls.
        trigger_timeout_ms: Option<i64>,
        /// Minutes after which a run of it is stopped.
        timeout_minutes: Option<i64>,
        /// In whose name it is started.
        user_id: String,
        /// Which kind that is.
        user_kind: PrincipalKind,
        /// How often it has started something.
        fires: i64,
        /// Calls that wait.
        waiting: i64,
        /// Bytes of their bodies.
        waiting_bytes: i64,
        /// When the calls that wait start it at the latest.
        fire_ms: Option<i64>,
        /// When its URL was last called with success; none for a new URL.
        used_ms: Option<i64>,
        /// When the URL ends; none without an end.
        expires_ms: Option<i64>,
        /// How long it lasts from its making or renewal on, milliseconds; none without an end.
        term_ms: Option<i64>,
        /// When the last call came after the end, to the minute.
        refused_ms: Option<i64>,
    }
}

record! {
    /// A call that waits.
    WebhookCall in "webhook_calls" {
        /// Its webhook.
        webhook_id: TriggerId,
        /// Order, from 1.
        number: i64,
        /// When it came.
        at_ms: i64,
        /// Media type of the body.
        media_type: String,
        /// The body.
        body: String,
    }
}

/// The webhook of a task or plan, locked.
pub fn lock_of(tx: &mut Tx<'_>, kind: ExecutableKind, id: &str) -> Result<Option<Webhook>, StoreError> {
    Webhook::select_opt(tx, "WHERE executable_kind = $1 AND executable_id = $2 {lock}", params![kind.id(), id])
}

/// The webhook of a task or plan.
pub fn of(tx: &mut Tx<'_>, kind: ExecutableKind, id: &str) -> Result<Option<Webhook>, StoreError> {
    Webhook::select_opt(tx, "WHERE executable_kind = $1 AND executable_id = $2", params![kind.id(), id])
}

/// The webhook with this URL, locked.
pub fn lock_by_hash(tx: &mut Tx<'_>, hash: &str) -> Result<Option<Webhook>, StoreError> {
    Webhook::select_opt(tx, "WHERE token_hash = $1 {lock}", params![hash])
}

/// Ids of webhooks whose calls have waited long enough.
pub fn due(tx: &mut Tx<'_>, now_ms: i64, limit: i64) -> Result<Vec<TriggerId>, StoreError> {
    let sql = "SELECT id FROM webhooks WHERE fire_ms <= $1 ORDER BY fire_ms, id LIMIT $2";
    tx.query(sql, params![now_ms, limit])?.iter().map(|row| row.text(0).map(TriggerId::trusted)).collect()
}

/// The webhook when its calls still wait and no other server is acting on it, locked.
pub fn claim(tx: &mut Tx<'_>, id: &TriggerId, now_ms: i64) -> Result<Option<Webhook>, StoreError> {
    Webhook::select_opt(tx, "WHERE id = $1 AND fire_ms <= $2 {skip_locked}", params![id, now_ms])
}

/// The calls that wait, in order.
pub fn calls(tx: &mut Tx<'_>, id: &TriggerId) -> Result<Vec<WebhookCall>, StoreError> {
    WebhookCall::select(tx, "WHERE webhook_id = $1 ORDER BY number", params![id])
}

/// Removes the calls that wait.
pub fn clear(tx: &mut Tx<'_>, id: &TriggerId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM webhook_calls WHERE webhook_id = $1", params![id])
}

/// Removes the waiting calls of all webhooks; gives how many webhooks had some.
pub fn clear_all(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM webhook_calls", params![])?;
    let sql =
        "UPDATE webhooks SET waiting = 0, waiting_bytes = 0, fire_ms = NULL WHERE waiting > 0 OR fire_ms IS NOT NULL";
    tx.execute(sql, params![])
}

/// Removes a webhook with the calls that wait.
pub fn delete(tx: &mut Tx<'_>, id: &TriggerId) -> Result<u64, StoreError> {
    clear(tx, id)?;
    tx.execute("DELETE FROM webhooks WHERE id = $1", params![id])
}
