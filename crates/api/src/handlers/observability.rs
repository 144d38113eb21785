//! Component metrics.

use super::{Answer, lenient_int, ok};
use crate::App;
use crate::body::observability::{RawMetricBody, run_metrics};
use crate::error::ApiError;
use crate::extract::{Auth, Json, Path, Query};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use stoker_domain::ids::{EnvironmentId, RunId};
use stoker_domain::time::from_text;
use stoker_domain::{PrincipalKind, limits};
use stoker_service::components::MetricSearch;
use stoker_service::rows::Order;

/// Names of published fields and the columns behind them.
const COLUMNS: [(&str, &str); 20] = [
    ("pid", "pid"),
    ("connector_type", "source_kind"),
    ("connector_label", "source_label"),
    ("connector_id", "source_id"),
    ("target_connector_type", "target_kind"),
    ("target_label", "target_label"),
    ("target_id", "target_id"),
    ("component_start_time_seconds", "start_ms"),
    ("component_connection_rows_total", "rows_total"),
    ("component_execution_duration_milliseconds", "duration_ms"),
    ("engine_id", "engine_id"),
    ("workspace_id", "workspace_id"),
    ("task_id", "task_id"),
    ("task_execution_id", "run_id"),
    ("process_id", "process_id"),
    ("job_name", "job_name"),
    ("father_pid", "father_pid"),
    ("root_pid", "root_pid"),
    ("connection_type", "connection_type"),
    ("connection_name", "connection_name"),
];
/// How many of them the metrics of one run are ordered by.
const OF_RUN: usize = 10;
/// Name of the default order, and of the field that is compared as a number.
const START: &str = "component_start_time_seconds";
/// Order by stack trace, with the published spelling and the right one; no metric has one, so it changes nothing.
const TRACES: [&str; 2] = ["stracktrace", "stacktrace"];
/// Fields a search can be narrowed by, with their columns.
const FILTERS: [(&str, &str); 10] = [
    ("engine_id", "engine_id"),
    ("workspace_id", "workspace_id"),
    ("task_id", "task_id"),
    ("task_execution_id", "run_id"),
    ("job_name", "job_name"),
    ("connector_type", "source_kind"),
    ("connector_label", "source_label"),
    ("connector_id", "source_id"),
    ("operator", "user_id"),
    ("operator_type", "user_kind"),
];

fn column(known: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    known.iter().find(|(published, _)| *published == name).map(|(_, column)| *column)
}

/// Reads the order; ascending is the default of the API description, which wins over the guide.
fn order(known: &[(&str, &'static str)], by: Option<&str>, direction: Option<&str>) -> Result<Order, ApiError> {
    let by = by.unwrap_or(START);
    let column = if TRACES.contains(&by) && known.len() > OF_RUN { Some("start_ms") } else { column(known, by) };
    let column = column.ok_or_else(|| ApiError::invalid(format!("sortBy: {by:?} is no field to sort by")))?;
    let descending = match direction.map(str::to_ascii_lowercase).as_deref() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(ApiError::invalid("sortOrder: must be asc or desc")),
    };
    Ok(Order { column, descending })
}

fn page(limit: Option<i64>, offset: Option<i64>) -> Result<(i64, i64), ApiError> {
    let (limit, offset) = (limit.unwrap_or(50), offset.unwrap_or(0));
    if !(1..=limits::MONITORING_PAGE).contains(&limit) {
        return Err(ApiError::invalid(format!("limit: must be from 1 to {}", limits::MONITORING_PAGE)));
    }
    if !(0..=limits::PAGE_OFFSET).contains(&offset) {
        return Err(ApiError::invalid("offset: must not be negative"));
    }
    Ok((limit, offset))
}

/// Query of the metrics of one run.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfRun {
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
    sort_by: Option<String>,
    sort_order: Option<String>,
}

/// `GET /monitoring/observability/executions/{executionId}/component`: an empty page while nothing was counted (source:
/// client).
pub async fn of_run(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(query): Query<OfRun>,
) -> Answer {
    let id = RunId::parse(&id).map_err(|_| ApiError::invalid("Task execution ID is not valid id."))?;
    let (limit, offset) = page(query.limit, query.offset)?;
    let order = order(&COLUMNS[..OF_RUN], query.sort_by.as_deref(), query.sort_order.as_deref())?;
    ok(&run_metrics(app.service.run_metrics(&actor, &id, order, limit, offset).await?))
}

/// `ComponentQueryRequest` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    environment_id: String,
    start_time: String,
    end_time: String,
    #[serde(default, deserialize_with = "lenient_int")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    offset: Option<i64>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    #[serde(default)]
    filters: Option<Vec<Filter>>,
}

/// `ComponentFieldFilter` (source: spec).
#[derive(Deserialize)]
pub struct Filter {
    field: String,
    operator: String,
    value: Value,
}

fn instant(field: &str, text: &str) -> Result<i64, ApiError> {
    let wrong = || ApiError::invalid(format!("{field}: {text:?} is not a time like 2026-02-03T09:27:20.412Z"));
    from_text(text).ok_or_else(wrong)
}

impl Search {
    fn search(self) -> Result<MetricSearch, ApiError> {
        let environment = EnvironmentId::parse(&self.environment_id)
            .map_err(|_| ApiError::invalid("Environment ID is not valid id."))?;
        let (from_ms, to_ms) = (instant("startTime", &self.start_time)?, instant("endTime", &self.end_time)?);
        if from_ms > to_ms {
            return Err(ApiError::invalid("endTime: must not be before startTime"));
        }
        let (limit, offset) = page(self.limit, self.offset)?;
        let order = order(&COLUMNS, self.sort_by.as_deref(), self.sort_order.as_deref())?;
        let mut search = MetricSearch { environment, from_ms, to_ms, any_of: Vec::new(), order, limit, offset };
        narrow(&mut search, self.filters.unwrap_or_default())?;
        Ok(search)
    }
}

/// Milliseconds of a bound in seconds: a number or a text with one.
fn bound(value: &Value, at: &str) -> Result<i64, ApiError> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|s: &f64| s.abs() < 1e12);
    let seconds = seconds.ok_or_else(|| ApiError::invalid(format!("{at}.value: must be a number of seconds")))?;
    Ok((seconds * 1000.0).round() as i64)
}

fn narrow(search: &mut MetricSearch, filters: Vec<Filter>) -> Result<(), ApiError> {
    if filters.len() > limits::SEARCH_FILTERS {
        return Err(ApiError::invalid(format!("filters: at most {} are accepted", limits::SEARCH_FILTERS)));
    }
    let (mut lower, mut upper) = (None, None);
    for (number, filter) in filters.into_iter().enumerate() {
        let at = format!("filters[{number}]");
        let operator = filter.operator.as_str();
        if filter.field == START {
            let ms = bound(&filter.value, &at)?;
            let (place, ms) = match operator {
                "gt" => (&mut lower, ms + 1),
                "gte" => (&mut lower, ms),
                "lt" => (&mut upper, ms - 1),
                "lte" => (&mut upper, ms),
                _ => return Err(ApiError::invalid(format!("{at}.operator: must be gt, gte, lt or lte"))),
            };
            if place.replace(ms).is_some() {
                return Err(ApiError::invalid(format!("{at}.operator: there is a bound on this side already")));
            }
            continue;
        }
        let known = column(&FILTERS, &filter.field)
            .ok_or_else(|| ApiError::invalid(format!("{at}.field: {:?} is no field to filter by", filter.field)))?;
        if operator != "in" {
            return Err(ApiError::invalid(format!("{at}.operator: must be in")));
        }
        search.any_of.push((known, values(&filter.value, &at, known)?));
    }
    if let (Some(lower), Some(upper)) = (lower, upper)
        && lower > upper
    {
        return Err(ApiError::invalid(format!("filters: the upper bound of {START} must be above the lower one")));
    }
    search.from_ms = search.from_ms.max(lower.unwrap_or(i64::MIN));
    search.to_ms = search.to_ms.min(upper.unwrap_or(i64::MAX));
    Ok(())
}

fn values(value: &Value, at: &str, column: &str) -> Result<Vec<String>, ApiError> {
    let list = value.as_array().filter(|list| !list.is_empty() && list.len() <= limits::SEARCH_FILTERS);
    let found = list.and_then(|list| list.iter().map(|v| v.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>());
    let most = limits::SEARCH_FILTERS;
    let found =
        found.ok_or_else(|| ApiError::invalid(format!("{at}.value: must be an array of 1 to {most} strings")))?;
    if column == "user_kind"
        && let Some(wrong) = found.iter().find(|kind| PrincipalKind::from_id(kind).is_none())
    {
        return Err(ApiError::invalid(format!("{at}.value: {wrong:?} is neither HUMAN nor SERVICE")));
    }
    Ok(found)
}

/// `POST /monitoring/observability/metrics/component`
pub async fn search(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Search>) -> Answer {
    let found = app.service.search_metrics(&actor, body.search()?).await?;
    let items: Vec<RawMetricBody> = found.items.into_iter().map(RawMetricBody::of).collect();
    ok(&json!({ "items": items, "limit": found.limit, "offset": found.offset, "total": found.total }))
}
