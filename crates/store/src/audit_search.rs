//! Searching the audit trail, and what was known of an object before an event.

use crate::audit::AuditEvent;
use crate::db::Record;
use crate::db::record::{Conditions, like_escaped};
use crate::{StoreError, Tx, Value};

/// What a search is narrowed by; absent parts do not narrow. Ids sort by time.
#[derive(Clone, Debug, Default)]
pub struct AuditSearch {
    /// From this id on, itself included.
    pub from_id: Option<String>,
    /// Before these ids: the end of the period, and the last event of the page before.
    pub before_ids: Vec<String>,
    /// Who, exactly: a login or a service-account id.
    pub actor: Option<String>,
    /// Kind of the object, exactly.
    pub object_type: Option<String>,
    /// Id of the object, exactly.
    pub object_id: Option<String>,
    /// Part of the actor, of the object's id or of the detail, whatever the case of Latin letters.
    pub text: Option<String>,
}

/// The newest events that fit, newest first. Reads backwards through the trail, which has no index but time.
pub fn search(tx: &mut Tx<'_>, wish: &AuditSearch, limit: i64) -> Result<Vec<AuditEvent>, StoreError> {
    let mut conditions = Conditions::default();
    for (clause, value) in [
        ("id >= ?", &wish.from_id),
        ("actor_id = ?", &wish.actor),
        ("object_type = ?", &wish.object_type),
        ("object_id = ?", &wish.object_id),
    ] {
        if let Some(value) = value {
            conditions.and(clause, [value.into()]);
        }
    }
    for id in &wish.before_ids {
        conditions.and("id < ?", [id.into()]);
    }
    if let Some(text) = &wish.text {
        let part = || Value::Text(format!("%{}%", like_escaped(&text.to_lowercase())));
        conditions.and(
            "(lower(actor_id) LIKE ? ESCAPE '\\' OR lower(object_id) LIKE ? ESCAPE '\\' \
             OR lower(coalesce(detail, '')) LIKE ? ESCAPE '\\')",
            [part(), part(), part()],
        );
    }
    let (page, values) = conditions.paged(limit, 0);
    AuditEvent::select(tx, &format!("{} ORDER BY id DESC {page}", conditions.text()), &values)
}

/// The event with this id.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<AuditEvent>, StoreError> {
    AuditEvent::select_opt(tx, "WHERE id = $1", &[id.into()])
}

/// The newest event before this one that tells of the same object with one of these actions; with `same_workspace` only
/// one of the same workspace.
pub fn before(
    tx: &mut Tx<'_>,
    event: &AuditEvent,
    actions: &[String],
    same_workspace: bool,
) -> Result<Option<AuditEvent>, StoreError> {
    if actions.is_empty() {
        return Ok(None);
    }
    let mut conditions = Conditions::default();
    conditions.and("id < ?", [(&event.id).into()]);
    conditions.and("object_type = ?", [(&event.object_type).into()]);
    conditions.and("object_id = ?", [(&event.object_id).into()]);
    if same_workspace {
        let workspace = event.workspace_id.as_ref().map(ToString::to_string).unwrap_or_default();
        conditions.and("coalesce(workspace_id, '') = ?", [Value::Text(workspace)]);
    }
    conditions.among("action", actions.to_vec());
    conditions.and("detail IS NOT NULL", []);
    let text = format!("{} ORDER BY id DESC LIMIT 1", conditions.text());
    AuditEvent::select_opt(tx, &text, conditions.values())
}
