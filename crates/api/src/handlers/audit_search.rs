//! Searching the audit trail: paths of our own.

use super::{Answer, lenient_int, ok};
use crate::App;
use crate::body::{AuditDifference, AuditFound};
use crate::error::ApiError;
use crate::extract::{Auth, Path, Query};
use axum::extract::State;
use serde::Deserialize;
use stoker_domain::time;
use stoker_service::audit_search::SearchWish;

/// Query parameters of the search.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wish {
    from: Option<String>,
    to: Option<String>,
    actor: Option<String>,
    object_type: Option<String>,
    object_id: Option<String>,
    text: Option<String>,
    before: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
}

fn instant(field: &str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let wrong = || ApiError::invalid(format!("{field}: must be an instant such as 2026-02-03T09:27:20.412Z"));
    time::from_text(text).map(Some).ok_or_else(wrong)
}

/// `GET /stoker/v1/audit-events`
pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(query): Query<Wish>) -> Answer {
    let wish = SearchWish {
        from_ms: instant("from", query.from.as_deref())?,
        to_ms: instant("to", query.to.as_deref())?,
        actor: query.actor,
        object_type: query.object_type,
        object_id: query.object_id,
        text: query.text,
        before: query.before,
        limit: query.limit,
    };
    ok(&AuditFound::from(app.service.search_audit(&actor, wish).await?))
}

/// `GET /stoker/v1/audit-events/{id}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&AuditDifference::from(app.service.audit_event(&actor, &id).await?))
}
