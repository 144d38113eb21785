//! Logs of runs.

use super::{Answer, lenient_bool, lenient_int, ok};
use crate::App;
use crate::error::ApiError;
use crate::extract::{Auth, Path, Query, collected};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use stoker_domain::ids::RunId;
use stoker_domain::time::{from_text, to_text};
use stoker_service::logs::{LogFile, LogFormat, LogLine, LogQuery};

/// Query of a page of lines.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    #[serde(default, deserialize_with = "lenient_int")]
    count: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    start_index: Option<i64>,
    order: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
}

/// Reads `yyyy-MM-ddTHH:mm:ssZ`, and milliseconds as a number, which the same field carries elsewhere.
fn instant(field: &str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(text) = text.filter(|t| !t.is_empty()) else { return Ok(None) };
    from_text(text)
        .or_else(|| text.parse().ok())
        .map(Some)
        .ok_or_else(|| ApiError::invalid(format!("{field}: {text:?} is not a time like 2026-02-03T09:27:20Z")))
}

fn entry(line: &LogLine, bundle: &str, version: &str) -> serde_json::Value {
    json!({
        "severity": line.severity,
        "logType": "job",
        "logTimestamp": line.at_ms,
        "logMessage": line.text,
        "bundleName": bundle,
        "bundleVersion": version,
    })
}

/// `GET /monitoring/executions/{id}/logs`
pub async fn page(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(query): Query<Page>,
) -> Answer {
    let count = query.count.unwrap_or(50);
    if !(1..=200).contains(&count) {
        return Err(ApiError::invalid("count: must be from 1 to 200"));
    }
    let start_index = query.start_index.unwrap_or(0);
    if start_index < 0 {
        return Err(ApiError::invalid("startIndex: must not be negative"));
    }
    let newest_first = match query.order.as_deref() {
        None | Some("DESC" | "desc") => true,
        Some("ASC" | "asc") => false,
        Some(other) => return Err(ApiError::invalid(format!("order: {other:?} is neither ASC nor DESC"))),
    };
    let wanted = LogQuery {
        count,
        start_index,
        newest_first,
        from_ms: instant("startTime", query.start_time.as_deref())?,
        to_ms: instant("endTime", query.end_time.as_deref())?,
    };
    let found = app.service.log_page(&actor, &RunId::parse(&id)?, wanted).await?;
    let run = &found.run;
    let data: Vec<_> = found.lines.iter().map(|line| entry(line, &run.artifact_name, &run.artifact_version)).collect();
    let mut body = json!({
        "size": data.len(),
        "data": data,
        "totalSize": found.total,
        "totalSizeFiltered": found.filtered,
    });
    if let Some(next) = found.next_index {
        body["nextIndex"] = next.into();
    }
    ok(&body)
}

/// Query of the start of a log file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    file_format: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    #[serde(default, deserialize_with = "lenient_bool")]
    new_file_name: Option<bool>,
}

/// `POST /monitoring/executions/{id}/logs`: 206 with a header when lines were cut (source: doc).
pub async fn generate(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(query): Query<File>,
) -> Answer {
    let format = match query.file_format.as_deref() {
        None | Some("JSON") => LogFormat::Json,
        Some("TEXT") => LogFormat::Text,
        Some(other) => return Err(ApiError::invalid(format!("fileFormat: {other:?} is neither JSON nor TEXT"))),
    };
    let window = (instant("startTime", query.start_time.as_deref())?, instant("endTime", query.end_time.as_deref())?);
    let long_name = query.new_file_name.unwrap_or(false);
    let begun = app.service.begin_log_file(&actor, &RunId::parse(&id)?, format, window, long_name).await?;
    let body = json!({ "size": begun.lines, "token": begun.token });
    let Some(cut) = begun.cut_before_ms else { return ok(&body) };
    let mut response = (StatusCode::PARTIAL_CONTENT, axum::Json(body)).into_response();
    if let Ok(value) = HeaderValue::from_str(&to_text(cut)) {
        response.headers_mut().insert("x-log-next-request-end-time", value);
    }
    Ok(response)
}

/// The token in a body: a JSON string by the spec, an object or raw text leniently (source: inferred).
fn token_in(bytes: &[u8]) -> Result<String, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ApiError::invalid("the body is not UTF-8"))?.trim();
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::String(token)) => Ok(token),
        Ok(serde_json::Value::Object(body)) => body
            .get("token")
            .and_then(|t| t.as_str())
            .map(str::to_owned)
            .ok_or_else(|| ApiError::invalid("token: is missing")),
        Err(_) if !text.is_empty() && !text.starts_with(['{', '"', '[']) => Ok(text.to_owned()),
        _ => Err(ApiError::invalid("the body must be the token as a JSON string")),
    }
}

/// `POST /monitoring/executions/{id}/logs/status`
pub async fn status(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>, request: Request) -> Answer {
    let bytes = collected(request, 16 * 1024).await?;
    let url = app.service.log_file_url(&actor, &RunId::parse(&id)?, &token_in(&bytes)?).await?;
    ok(&json!({ "status": "READY", "presignedURL": url }))
}

/// `DELETE /monitoring/executions/{id}/logs`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_logs(&actor, &RunId::parse(&id)?).await?;
    ok(&json!({}))
}

/// `GET /stoker/v1/log-files/{token}`: the file itself, without credentials; made while it is fetched.
pub async fn download(State(app): State<App>, Path(signed): Path<String>) -> Answer {
    let file = app.service.open_log_file(&signed)?;
    let kind = match file.format {
        LogFormat::Json => "application/json",
        LogFormat::Text => "text/plain; charset=utf-8",
    };
    let name = file.name.clone();
    let parts = stream::try_unfold((app, file, 0i64, false), |(app, file, at, ended)| async move {
        if ended {
            return Ok(None);
        }
        let lines = app.service.log_file_part(&file, at).await.map_err(|e| std::io::Error::other(e.to_string()))?;
        let next = at + lines.len() as i64;
        let text = rendered(&file, at, &lines);
        let ended = lines.is_empty();
        Ok::<_, std::io::Error>(Some((Bytes::from(text), (app, file, next, ended))))
    });
    let mut response = Response::new(Body::from_stream(parts));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Some lines of a file in its form; an empty list is the end.
fn rendered(file: &LogFile, at: i64, lines: &[LogLine]) -> String {
    let mut text = String::new();
    match file.format {
        LogFormat::Text => {
            for line in lines {
                text.push_str(&format!("{} {:<5} {}\n", to_text(line.at_ms), line.severity, line.text));
            }
        }
        LogFormat::Json => {
            if at == 0 {
                text.push('[');
            }
            for (number, line) in lines.iter().enumerate() {
                text.push_str(if at == 0 && number == 0 { "\n" } else { ",\n" });
                let entry = json!({
                    "severity": line.severity, "logType": "job",
                    "logTimestamp": line.at_ms, "logMessage": line.text,
                });
                text.push_str(&entry.to_string());
            }
            if lines.is_empty() {
                text.push_str("\n]\n");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_comes_as_json_string_object_or_text() {
        for body in ["\"abc.d\"", "{\"token\": \"abc.d\"}", "abc.d", " abc.d\n"] {
            assert_eq!(token_in(body.as_bytes()).unwrap(), "abc.d", "{body}");
        }
        for body in ["", "{}", "[1]", "12"] {
            assert!(token_in(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn times_are_read_in_both_forms() {
        assert_eq!(instant("startTime", Some("1970-01-01T00:00:01Z")).unwrap(), Some(1000));
        assert_eq!(instant("startTime", Some("1500")).unwrap(), Some(1500));
        assert!(instant("startTime", Some("noon")).unwrap_err().message.starts_with("startTime"));
    }
}
