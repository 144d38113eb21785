//! The audit trail.

use super::paged::listed;
use super::{Answer, lenient_int};
use crate::App;
use crate::body::AuditBody;
use crate::error::ApiError;
use crate::extract::{Auth, Query};
use axum::extract::State;
use serde::Deserialize;
use stoker_domain::{limits, time};
use stoker_service::PageNumber;
use stoker_service::audit_log::AuditWish;

/// Query parameters of the list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wish {
    from_date: Option<String>,
    to_date: Option<String>,
    from_id: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    page: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    size: Option<i64>,
}

fn instant(field: &str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let read = |text: &str| {
        // A day alone is ISO 8601 too: its first instant.
        time::from_text(text).or_else(|| time::from_text(&format!("{text}T00:00:00Z")))
    };
    match text {
        None => Ok(None),
        Some(text) => read(text).map(Some).ok_or_else(|| {
            ApiError::invalid(format!("{field}: must be an ISO 8601 instant such as 2026-02-03T09:27:20.412Z"))
        }),
    }
}

/// `GET /security/audit/logs`
pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(query): Query<Wish>) -> Answer {
    let wish = AuditWish {
        from_ms: instant("fromDate", query.from_date.as_deref())?,
        to_ms: instant("toDate", query.to_date.as_deref())?,
        from_id: query.from_id,
    };
    let page = PageNumber::checked(query.page, query.size, limits::PAGE_LIMIT, limits::AUDIT_PAGE)?;
    let account = app.service.account().map(|id| id.to_string()).unwrap_or_default();
    listed(app.service.audit_logs(&actor, wish, page).await?, |view| AuditBody::of(view, &account))
}
