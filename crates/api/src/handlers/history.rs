//! The history of runs: search and download.

use super::{Answer, history_filters, lenient_int, ok};
use crate::App;
use crate::body::history as bodies;
use crate::error::ApiError;
use crate::extract::{Auth, Json};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use stoker_domain::ids::EnvironmentId;
use stoker_domain::limits;
use stoker_service::Actor;
use stoker_service::history::{Clause, HistoryPart, HistorySearch, Place};

/// Records of one read of a download.
const PART: i64 = 1_000;

/// `SearchRequest` and `DownloadRequest` (source: spec). Environment and category may be missing, and `from` and `to` stand
/// for a period, as one exporter sends them (source: client).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    environment_id: Option<String>,
    category: Option<String>,
    #[serde(default)]
    filters: Option<Vec<Value>>,
    exclude: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    from: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    to: Option<i64>,
    last_id: Option<String>,
}

impl Search {
    fn search(&self) -> Result<HistorySearch, ApiError> {
        let services = match self.category.as_deref() {
            None | Some("ETL") => false,
            Some("ESB") => true,
            Some(other) => return Err(ApiError::invalid(format!("category: {other:?} is neither ETL nor ESB"))),
        };
        let of_plans = match self.exclude.as_deref() {
            None | Some("TASK_EXECUTIONS_TRIGGERED_BY_PLAN") => false,
            Some("PLAN_EXECUTIONS") => true,
            Some(other) => {
                let known = "TASK_EXECUTIONS_TRIGGERED_BY_PLAN nor PLAN_EXECUTIONS";
                return Err(ApiError::invalid(format!("exclude: {other:?} is neither {known}")));
            }
        };
        let environment = self.environment_id.as_deref().map(EnvironmentId::parse).transpose();
        let environment = environment.map_err(|_| ApiError::invalid("Environment ID is not valid id."))?;
        let mut clauses = history_filters::read(self.filters.as_deref().unwrap_or_default())?;
        if self.from.is_some() || self.to.is_some() {
            let (from_ms, to_ms) = (self.from.unwrap_or(0), self.to.unwrap_or(i64::MAX));
            if from_ms > to_ms {
                return Err(ApiError::invalid("from: must not be later than to"));
            }
            clauses.push(Clause::Period { from_ms, to_ms });
        }
        Ok(HistorySearch { environment, services, of_plans, clauses })
    }
}

/// `POST /monitoring/observability/executions/search`
pub async fn search(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Search>) -> Answer {
    let search = body.search()?;
    let (limit, offset) = (body.limit.unwrap_or(50), body.offset.unwrap_or(0));
    if !(1..=limits::MONITORING_PAGE).contains(&limit) {
        return Err(ApiError::invalid(format!("limit: must be from 1 to {}", limits::MONITORING_PAGE)));
    }
    if offset < 0 {
        return Err(ApiError::invalid("offset: must not be negative"));
    }
    let deepest = limit * limits::HISTORY_PAGES;
    if offset >= deepest {
        let message = format!(
            "offset: must be below {deepest}, the history shows {} pages; narrow the filters or use the download",
            limits::HISTORY_PAGES
        );
        return Err(ApiError::invalid(message));
    }
    let found = app.service.search_history(&actor, search, limit, offset).await?;
    let items: Vec<_> = found.records.iter().map(bodies::record).collect();
    let more = found.more && offset + limit < deepest;
    ok(&json!({ "items": items, "limit": limit, "offset": offset, "nextPageExists": more }))
}

/// A download on its way.
struct Download {
    app: App,
    actor: Actor,
    search: HistorySearch,
    account: String,
    after: Option<Place>,
    left: i64,
}

impl Download {
    async fn part(&mut self) -> Result<HistoryPart, stoker_service::Error> {
        let count = self.left.min(PART);
        let part = self.app.service.history_after(&self.actor, &self.search, self.after.clone(), count).await?;
        self.left = if part.more { self.left - count } else { 0 };
        self.after = part.last.clone();
        Ok(part)
    }

    fn lines(&self, part: &HistoryPart) -> String {
        part.records.iter().map(|record| bodies::csv_line(record, &self.account)).collect()
    }
}

/// `POST /monitoring/observability/executions/download`: the file is made while it is fetched.
pub async fn download(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Search>) -> Answer {
    let search = body.search()?;
    let limit = body.limit.unwrap_or(1_000);
    if !(1..=limits::HISTORY_DOWNLOAD).contains(&limit) {
        return Err(ApiError::invalid(format!("limit: must be from 1 to {}", limits::HISTORY_DOWNLOAD)));
    }
    let after = match body.last_id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => Some(app.service.history_place(&actor, id).await?),
        None => None,
    };
    let account = app.service.account().map(|id| id.to_string()).unwrap_or_default();
    let mut download = Download { app, actor, search, account, after, left: limit };
    // The first part is read before the answer begins, so that a refusal is one.
    let first = download.part().await?;
    let first = bodies::csv_head() + &download.lines(&first);
    let parts = stream::try_unfold((Some(first), download), |(ready, mut download)| async move {
        if let Some(text) = ready {
            return Ok(Some((Bytes::from(text), (None, download))));
        }
        if download.left <= 0 {
            return Ok(None);
        }
        let part = download.part().await.map_err(|error| std::io::Error::other(error.to_string()))?;
        let text = download.lines(&part);
        Ok::<_, std::io::Error>(Some((Bytes::from(text), (None, download))))
    });
    let mut response = Response::new(Body::from_stream(parts));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"executions.csv\""));
    Ok(response)
}
