//! Found events of the audit trail, in our own shape.

use super::body;
use serde::Serialize;
use stoker_domain::time::to_text;
use stoker_service::audit_search::{Difference, Found, Told};

body!(
    /// One event.
    AuditEventBody {
        /// Its id; later ids are later events.
        id: String,
        /// When.
        at: String,
        /// Who: a login or a service-account id.
        actor: String,
        /// `HUMAN` or `SERVICE`.
        actor_kind: &'static str,
        /// What was done, for example `role.update`.
        action: String,
        /// Kind of the object.
        object_type: String,
        /// Id of the object.
        object_id: String,
        /// Workspace of the object, where it has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        workspace_id: Option<String>,
        /// The request it came with.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// Where that request came from.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_ip: Option<String>,
        /// Its method.
        #[serde(skip_serializing_if = "Option::is_none")]
        method: Option<String>,
        /// Its path.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// What the client calls itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_agent: Option<String>,
        /// What is told about the object; never a secret.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<serde_json::Value>,
    }
);

impl From<Told> for AuditEventBody {
    fn from(told: Told) -> Self {
        let Told { event, origin } = told;
        let (method, path, address, agent) = match origin {
            Some(origin) => (Some(origin.method), Some(origin.path), origin.address, origin.agent),
            None => (None, None, None, None),
        };
        Self {
            id: event.id,
            at: to_text(event.at_ms),
            actor: event.actor_id,
            actor_kind: event.actor_kind.id(),
            action: event.action,
            object_type: event.object_type,
            object_id: event.object_id,
            workspace_id: event.workspace_id.map(|id| id.to_string()),
            request_id: event.request_id,
            client_ip: address.map(|ip| ip.to_string()),
            method,
            path,
            user_agent: agent,
            detail: event.detail.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        }
    }
}

body!(
    /// A page of found events.
    AuditFound {
        /// The events, newest first.
        items: Vec<AuditEventBody>,
        /// What to give as `before` for the next page; absent at the end.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<String>,
    }
);

impl From<Found> for AuditFound {
    fn from(found: Found) -> Self {
        Self { items: found.events.into_iter().map(AuditEventBody::from).collect(), next: found.next }
    }
}

body!(
    /// An event and the state of its object before it.
    AuditDifference {
        /// The event.
        event: AuditEventBody,
        /// The event that told the state of the object before; absent where there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<AuditEventBody>,
    }
);

impl From<Difference> for AuditDifference {
    fn from(found: Difference) -> Self {
        Self { event: found.event.into(), before: found.before.map(AuditEventBody::from) }
    }
}
