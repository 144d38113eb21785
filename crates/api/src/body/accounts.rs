//! Service accounts.

use super::body;
use serde::Serialize;
use stoker_domain::time::to_text;
use stoker_service::rows::ServiceAccount;

body!(
    /// `ServiceAccount` (source: spec).
    ServiceAccountBody {
        /// OAuth client id.
        id: String,
        /// Only in the answer of the create call.
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
        /// Its name.
        name: String,
        /// Permission ids.
        permissions: Vec<String>,
        /// When it was made.
        created_date: String,
        /// When it last changed.
        last_modified_date: String,
        /// Last call with a token of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_used_date: Option<String>,
        /// The API of that call.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_used_api: Option<String>,
    }
);

impl ServiceAccountBody {
    /// With the secret in the answer of a create call, without it everywhere else.
    pub fn of(row: ServiceAccount, secret: Option<String>) -> Self {
        Self {
            id: row.id.to_string(),
            secret,
            name: row.name,
            permissions: row.permissions.0,
            created_date: to_text(row.created_ms),
            last_modified_date: to_text(row.modified_ms),
            last_used_date: row.used_ms.map(to_text),
            last_used_api: row.used_api,
        }
    }
}
