//! Events of the audit trail.

use super::body;
use serde::Serialize;
use stoker_domain::time::to_text;
use stoker_service::audit_log::AuditView;

body!(
    /// The request of an event.
    AuditRequest {
        /// Its path.
        url: String,
        /// Its method.
        method: String,
        /// What the client calls itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_agent: Option<String>,
        /// Its JSON body without secrets, cut at a length.
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    }
);

body!(
    /// The answer to it.
    AuditResponse {
        /// Its status, a text (source: spec).
        code: String,
        /// Its JSON body without secrets, cut at a length.
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    }
);

body!(
    /// `AuditLog` (source: spec).
    AuditBody {
        /// When.
        timestamp: String,
        /// Its id.
        log_id: String,
        /// The request it came with.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// Always `TMC` (source: spec).
        application_id: &'static str,
        /// Kind of the object in words.
        event_category: String,
        /// Group of the category.
        event_type: &'static str,
        /// What was done.
        event_operation: String,
        /// Where it came from.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_ip: Option<String>,
        /// Id of the user or service account.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<String>,
        /// Login, or id of the service account.
        username: String,
        /// Mail address of the user.
        #[serde(skip_serializing_if = "Option::is_none")]
        email: Option<String>,
        /// The account (source: doc).
        account_id: String,
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<AuditRequest>,
        /// The answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        response: Option<AuditResponse>,
    }
);

/// Published category and group of a kind of object (source: doc for the first six, inferred for the rest).
fn category(object: &str) -> (String, &'static str) {
    let (category, group) = match object {
        "task" | "plan" | "run" | "plan run" | "artifact" | "schedule" => (object, "operations"),
        "environment" | "workspace" | "promotion" => (object, "environment management"),
        "principal" => ("workspace permissions", "environment management"),
        "engine" => ("Remote Engine (Gen1)", "infrastructure management"),
        "cluster" => ("Remote Engine cluster", "infrastructure management"),
        "run-profile" => ("run profile", "infrastructure management"),
        "user" => ("user account", "user management"),
        "access-token" => ("access token", "user management"),
        "service-account" => ("service account", "user management"),
        "group" | "role" => (object, "user management"),
        "role-mapping" | "ip-allowlist" => ("security policy", "security management"),
        "session" => ("session", "user management"),
        "audit" => ("audit log", "security management"),
        _ => return (object.replace('-', " "), "operations"),
    };
    (category.to_owned(), group)
}

impl AuditBody {
    /// An event of this account.
    pub fn of(view: AuditView, account: &str) -> Self {
        let AuditView { event, origin, user_id, email, exchange } = view;
        let (body, response) = match exchange {
            None => (None, None),
            Some(e) => (e.request_body, Some(AuditResponse { code: e.status.to_string(), body: e.response_body })),
        };
        let (event_category, event_type) = category(&event.object_type);
        let operation = event.action.rsplit('.').next().unwrap_or_default().to_owned();
        Self {
            timestamp: to_text(event.at_ms),
            log_id: event.id,
            request_id: event.request_id,
            application_id: "TMC",
            event_category,
            event_type,
            event_operation: operation,
            client_ip: origin.as_ref().and_then(|o| o.address).map(|ip| ip.to_string()),
            user_id,
            username: event.actor_id,
            email,
            account_id: account.to_owned(),
            request: origin.map(|o| AuditRequest { url: o.path, method: o.method, user_agent: o.agent, body }),
            response,
        }
    }
}
