//! The engine link: bodies of `stoker_wire` in and out.

use super::{Answer, empty, ok};
use crate::App;
use crate::error::ApiError;
use crate::extract::{Json, Path, bearer, collected, parse_json};
use crate::tester::report;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use stoker_domain::limits;
use stoker_tester::hosted::read_latest;
use stoker_wire::api_tests::TakeTest;
use stoker_wire::{PairRequest, PollRequest, ReportRequest, SESSION_HEADER, SessionRequest, TestNews};
use tokio::io::AsyncReadExt;

/// Largest body of a report request, bytes.
const REPORT_BYTES: usize = 16 * 1024 * 1024;

/// `POST /engine/v1/pair`
pub async fn pair(State(app): State<App>, Json(body): Json<PairRequest>) -> Answer {
    ok(&app.service.pair(body).await?)
}

/// `POST /engine/v1/session`
pub async fn session(State(app): State<App>, headers: HeaderMap, Json(body): Json<SessionRequest>) -> Answer {
    let bearer = bearer(&headers).unwrap_or_default();
    ok(&app.service.open_session(bearer, body).await?)
}

/// `POST /engine/v1/poll`
pub async fn poll(State(app): State<App>, Json(body): Json<PollRequest>) -> Answer {
    ok(&app.service.poll(&body.session).await?)
}

/// `POST /engine/v1/reports`
pub async fn reports(State(app): State<App>, request: Request) -> Answer {
    let bytes = collected(request, REPORT_BYTES).await?;
    let body: ReportRequest = parse_json(&bytes)?;
    ok(&app.service.report(body).await?)
}

/// `POST /engine/v1/goodbye`
pub async fn goodbye(State(app): State<App>, Json(body): Json<PollRequest>) -> Answer {
    app.service.goodbye(&body.session).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `POST /engine/v1/tests/take`
pub async fn take_test(State(app): State<App>, Json(body): Json<TakeTest>) -> Answer {
    ok(&app.service.take_test(body).await?)
}

/// `POST /engine/v1/tests/news`
pub async fn test_news(State(app): State<App>, request: Request) -> Answer {
    let bytes = collected(request, limits::TEST_NEWS_BYTES).await?;
    let mut body: TestNews = parse_json(&bytes)?;
    made_readable(&mut body)?;
    ok(&app.service.test_news(body).await?)
}

/// Brings what an engine tells of a test run into the form in which it is kept and shown later: nobody looks at it again.
fn made_readable(news: &mut TestNews) -> Result<(), ApiError> {
    if let Some(progress) = &mut news.progress {
        // Beside the items stand a few names and numbers.
        let most = limits::TEST_REPORT_BYTES + 1024;
        if progress.report.len() > most {
            return Err(ApiError::invalid(format!("progress.report: it has more than {most} bytes")));
        }
        let read = report::read(&progress.report);
        progress.report = read.map_err(|error| ApiError::invalid(format!("progress.report: {error}")))?;
    }
    if let Some(responses) = news.end.as_ref().and_then(|end| end.responses.as_ref()) {
        let most = limits::TEST_RESPONSES_BYTES;
        if responses.len() > most {
            return Err(ApiError::invalid(format!("end.responses: they have more than {most} bytes")));
        }
        read_latest(Some(responses)).map_err(|error| ApiError::invalid(format!("end.responses: {error}")))?;
    }
    Ok(())
}

/// `GET /engine/v1/artifacts/{sha256}`
pub async fn artifact(State(app): State<App>, Path(sha256): Path<String>, headers: HeaderMap) -> Answer {
    let session = headers.get(SESSION_HEADER).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (file, size) = app.service.artifact_for_engine(session, &sha256).await?;
    let mut response = Response::new(file_body(file));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    Ok(response)
}

/// A body that streams a file.
pub(crate) fn file_body(file: tokio::fs::File) -> Body {
    Body::from_stream(stream::try_unfold(file, |mut file| async move {
        let mut buffer = BytesMut::with_capacity(64 * 1024);
        let read = file.read_buf(&mut buffer).await?;
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(buffer), file)))
    }))
}

/// A 404 of the engine family.
pub async fn unknown() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no such path")
}
