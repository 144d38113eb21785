//! The audit trail: who changed what. Append-only.

use crate::db::record::record;
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
    }
}
