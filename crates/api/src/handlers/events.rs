//! Live hints as server-sent events.

use super::Answer;
use crate::App;
use crate::error::ApiError;
use crate::extract::{Auth, Query};
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;
use stoker_service::watch::{Topic, Watcher};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Life of a stream. The client comes again with its credentials, so that one whose rights ended does not hear on.
const LIFE_SECONDS: u64 = 300;
/// Pause after which a sign of life is sent; whoever listens then looks again, because changes made by another server
/// of the installation are heard only so.
const BEAT: Duration = Duration::from_secs(15);
/// Changes within this time are told together.
const GATHER: Duration = Duration::from_millis(400);

/// How long the stream lives.
#[derive(Deserialize)]
pub struct Listen {
    seconds: Option<u64>,
}

struct Stream {
    watcher: Watcher,
    end: Instant,
    /// Nothing is sent before this instant.
    next: Instant,
    greeted: bool,
}

fn changed(topics: &[Topic]) -> Bytes {
    let names: Vec<&str> = topics.iter().map(|topic| topic.id()).collect();
    Bytes::from(format!("event: changed\ndata: {}\n\n", serde_json::json!({ "topics": names })))
}

impl Stream {
    /// The next piece; none at the end.
    async fn piece(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            return Some(Bytes::from_static(b"retry: 2000\nevent: ready\ndata: {}\n\n"));
        }
        let quiet = self.next.min(self.end);
        sleep_until(quiet).await;
        let beat = (Instant::now() + BEAT).min(self.end);
        let piece = match timeout_at(beat, self.watcher.next()).await {
            Ok(topics) => changed(&topics?),
            Err(_) if Instant::now() >= self.end => return None,
            Err(_) => Bytes::from_static(b"event: beat\ndata: {}\n\n"),
        };
        self.next = Instant::now() + GATHER;
        Some(piece)
    }
}

/// `GET /stoker/v1/events`: what kind of thing changed, as it happens. `seconds` is the life of the stream, 1 to 300.
pub async fn listen(
    State(app): State<App>,
    Auth(actor): Auth,
    Query(query): Query<Listen>,
    request: Request,
) -> Answer {
    let seconds = query.seconds.unwrap_or(LIFE_SECONDS);
    if !(1..=LIFE_SECONDS).contains(&seconds) {
        return Err(ApiError::invalid(format!("seconds: must be from 1 to {LIFE_SECONDS}")));
    }
    let now = Instant::now();
    let end = now + Duration::from_secs(seconds);
    let watcher = app.service.watch(&actor)?;
    // Whoever lost access between the look at the credentials and the begin of watching is not told to end.
    let _ = Auth::from_request_parts(&mut request.into_parts().0, &app).await?;
    let stream = Stream { watcher, end, next: now, greeted: false };
    let pieces = futures_util::stream::unfold(stream, |mut stream| async move {
        let piece = stream.piece().await?;
        Some((Ok::<_, Infallible>(piece), stream))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that gathers bytes would make live late.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}
