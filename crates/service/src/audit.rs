//! Writing the audit trail, in the transaction of the change itself.

use crate::actor::Actor;
use crate::error::Error;
use stoker_domain::ids::WorkspaceId;
use stoker_domain::{Random, ids};
use stoker_store::Tx;
use stoker_store::audit::AuditEvent;
use stoker_store::db::Record;

/// What happened to which object.
pub(crate) struct Change<'a> {
    /// For example `task.create`.
    pub(crate) action: &'a str,
    /// Kind of the object, for example `task`.
    pub(crate) object: (&'a str, &'a str),
    /// Its workspace, where it has one.
    pub(crate) workspace: Option<&'a WorkspaceId>,
    /// More, as JSON; never secrets.
    pub(crate) detail: Option<serde_json::Value>,
}

impl<'a> Change<'a> {
    /// A change of which the name of the object is all that is worth keeping.
    pub(crate) fn named(
        action: &'a str,
        object: (&'a str, &'a str),
        workspace: Option<&'a WorkspaceId>,
        name: &str,
    ) -> Self {
        Self { action, object, workspace, detail: Some(serde_json::json!({ "name": name })) }
    }
}

/// Somebody started a task.
pub(crate) const RUN_START: &str = "run.start";

/// Adds the event. The bodies of the request are written down too.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    actor: &Actor,
    now_ms: i64,
    random: &dyn Random,
    change: Change<'_>,
) -> Result<(), Error> {
    event(actor, now_ms, random, change).insert(tx)?;
    if let Some(mark) = actor.origin.as_ref().and_then(|origin| origin.mark.as_ref()) {
        mark.set();
    }
    Ok(())
}

/// The event alone, without the bodies of the request. For starts: a run holds what was asked for and by whom, and writing
/// that down twice would cost the call a tenth of its speed.
pub(crate) fn event(actor: &Actor, now_ms: i64, random: &dyn Random, change: Change<'_>) -> AuditEvent {
    AuditEvent {
        id: ids::uuid_by_time(now_ms, random),
        at_ms: now_ms,
        actor_id: actor.name.clone(),
        actor_kind: actor.kind,
        action: change.action.to_owned(),
        object_type: change.object.0.to_owned(),
        object_id: change.object.1.to_owned(),
        workspace_id: change.workspace.cloned(),
        request_id: actor.request_id.clone(),
        detail: change.detail.map(|d| d.to_string()),
        origin: actor.origin.as_deref().and_then(|origin| serde_json::to_string(origin).ok()),
    }
}
