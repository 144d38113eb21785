//! The audit trail: who changed what. Append-only, the database refuses anything else; sealed by a chain of hashes.

use crate::db::Record;
use crate::db::record::{Conditions, record};
use crate::{StoreError, Tx, Value, params};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::WorkspaceId;

record! {
    /// One change.
    AuditEvent in "audit_events" {
        /// Its id; sorts by time.
        id: String,
        /// When.
        at_ms: i64,
        /// Who: a login or a service-account id.
        actor_id: String,
        /// Which of the two.
        actor_kind: PrincipalKind,
        /// What was done, for example `task.create`.
        action: String,
        /// Kind of the object.
        object_type: String,
        /// Id of the object.
        object_id: String,
        /// Workspace of the object, where it has one.
        workspace_id: Option<WorkspaceId>,
        /// The request it came with.
        request_id: Option<String>,
        /// What changed, as JSON, never with secrets.
        detail: Option<String>,
        /// Where the request came from, as JSON: method, path, address, program.
        origin: Option<String>,
    }
}

record! {
    /// A link of the chain: seals the events it names, and through its hash all links before it.
    Seal in "audit_chain" {
        /// From 1, without gaps.
        seq: i64,
        /// The highest id of an event sealed so far.
        until_id: String,
        /// When it was made.
        made_ms: i64,
        /// One line for each event: its id, a blank, its digest.
        entries: String,
        /// Keyed hash over the hash before it and all of the above.
        hash: String,
    }
}

/// What a list of events is narrowed by; ids sort by time.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// From this id on, itself included.
    pub from_id: Option<String>,
    /// Before this id.
    pub before_id: Option<String>,
}

/// One page of events, newest first, and how many there are.
pub fn list(
    tx: &mut Tx<'_>,
    filter: &AuditFilter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<AuditEvent>, i64), StoreError> {
    let mut conditions = Conditions::default();
    if let Some(id) = &filter.from_id {
        conditions.and("id >= ?", [id.into()]);
    }
    if let Some(id) = &filter.before_id {
        conditions.and("id < ?", [id.into()]);
    }
    let text = conditions.text();
    let total = tx.query_int(&format!("SELECT count(*) FROM audit_events {text}"), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    Ok((AuditEvent::select(tx, &format!("{text} ORDER BY id DESC {page}"), &values)?, total))
}

/// Whether there is an event with this id.
pub fn exists(tx: &mut Tx<'_>, id: &str) -> Result<bool, StoreError> {
    Ok(tx.query_int("SELECT count(*) FROM audit_events WHERE id = $1", params![id])? > 0)
}

/// Ids of the events after `after`, oldest first.
pub fn ids_after(tx: &mut Tx<'_>, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM audit_events WHERE id > $1 ORDER BY id LIMIT $2";
    tx.query(sql, params![after, limit])?.iter().map(|row| row.text(0)).collect()
}

/// The events with these ids that exist, by id.
pub fn with_ids(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<AuditEvent>, StoreError> {
    let mut found = AuditEvent::select(tx, "WHERE id {any_of}$1{any_end}", &[Value::Texts(ids.to_vec())])?;
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// How many events there are.
pub fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_int("SELECT count(*) FROM audit_events", params![])
}

/// The newest link of the chain.
pub fn last_seal(tx: &mut Tx<'_>) -> Result<Option<Seal>, StoreError> {
    Seal::select_opt(tx, "ORDER BY seq DESC LIMIT 1", params![])
}

/// Ids of events that no link seals yet, oldest first. The database notes each event as it is added, so it does not
/// matter what the clock of its server says.
pub fn open_ids(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT o.id FROM audit_open o JOIN audit_events e ON e.id = o.id ORDER BY o.id {bytes} LIMIT $1";
    let rows = tx.query(sql, params![limit])?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Which of these events no link seals yet.
pub fn still_open(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM audit_open WHERE id {any_of}$1{any_end}";
    tx.query(sql, &[Value::Texts(ids.to_vec())])?.iter().map(|row| row.text(0)).collect()
}

/// Ids of events that are gone though no link has sealed them.
pub fn open_and_gone(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM audit_open o WHERE NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.id = o.id) \
               ORDER BY id {bytes} LIMIT $1";
    tx.query(sql, params![limit])?.iter().map(|row| row.text(0)).collect()
}

/// Notes that these events are sealed now; gives how many were not.
pub fn close(tx: &mut Tx<'_>, ids: &[String]) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM audit_open WHERE id {any_of}$1{any_end}", &[Value::Texts(ids.to_vec())])
}

/// Links after `seq`, oldest first.
pub fn seals_after(tx: &mut Tx<'_>, seq: i64, limit: i64) -> Result<Vec<Seal>, StoreError> {
    Seal::select(tx, "WHERE seq > $1 ORDER BY seq LIMIT $2", params![seq, limit])
}
