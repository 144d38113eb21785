//! A real HTTP server with the routes that the tests need.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse;

#[derive(Clone, Default)]
struct Counts {
    polls: Arc<AtomicUsize>,
    busy: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    counts: Counts,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let counts = Counts::default();
        let router = Router::new().fallback(answer).with_state(counts.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, counts }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Most requests that were answered at the same time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.counts.most.load(Ordering::SeqCst)
    }
}

const PIECE: usize = 50_000;

fn pieces(count: usize) -> axum::response::Response {
    let piece = Bytes::from(vec![b'x'; PIECE]);
    let stream = futures_util::stream::iter(std::iter::repeat_n(piece, count).map(Ok::<_, std::io::Error>));
    axum::body::Body::from_stream(stream).into_response()
}

async fn answer(
    State(counts): State<Counts>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let json = [("content-type", "application/json")];
    match uri.path() {
        "/login" => (
            [("set-cookie", "session=s3cret; Path=/"), ("x-token", "tok-1")],
            r#"{"access_token":"abc","user":{"id":7,"name":"Ann"},"items":[{"id":1},{"id":2}]}"#,
        )
            .into_response(),
        "/poll" => {
            let count = counts.polls.fetch_add(1, Ordering::SeqCst) + 1;
            let status = if count < 3 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
            (status, format!(r#"{{"count":{count},"state":"{}"}}"#, if count < 3 { "busy" } else { "done" }))
                .into_response()
        }
        "/together" => {
            let now = counts.busy.fetch_add(1, Ordering::SeqCst) + 1;
            counts.most.fetch_max(now, Ordering::SeqCst);
            // Waits for the other one, so the test tells parallel from serial without a clock.
            for _ in 0..10_000 {
                if counts.most.load(Ordering::SeqCst) > 1 {
                    break;
                }
                tokio::task::yield_now().await;
            }
            counts.busy.fetch_sub(1, Ordering::SeqCst);
            "ok".into_response()
        }
        "/moved" => (StatusCode::FOUND, [("location", "/echo?from=moved")]).into_response(),
        "/loop" => (StatusCode::FOUND, [("location", "/loop")]).into_response(),
        "/missing" => (StatusCode::NOT_FOUND, json, r#"{"error":"none"}"#).into_response(),
        "/xml" => ([("content-type", "application/xml")], "<a><b n='1'>x</b><b n='2'>y</b></a>").into_response(),
        "/gzip" => {
            use std::io::Write;
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(&vec![b'x'; 100_000]).unwrap();
            ([("content-encoding", "gzip")], packed.finish().unwrap()).into_response()
        }
        "/latin" => {
            ([("content-type", "text/plain; charset=iso-8859-1")], b"gr\xfc\xdfe tok-1 \xe9".to_vec()).into_response()
        }
        "/broken" => ([("content-type", "application/json")], b"{\"a\":\"\xff tok-1\"}".to_vec()).into_response(),
        "/wide" => {
            ([("content-type", "text/plain")], b"\xff\xfet\x00o\x00k\x00-\x001\x00!\x00".to_vec()).into_response()
        }
        "/brotli" => ([("content-encoding", "br")], b"\x0b\x02\x80x\x03".to_vec()).into_response(),
        // Pieces without end, and 200 MB of them.
        "/endless" => pieces(usize::MAX),
        "/large" => pieces(200_000_000 / PIECE),
        "/never" => std::future::pending::<axum::response::Response>().await,
        _ => {
            let headers: serde_json::Map<String, serde_json::Value> = headers
                .iter()
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
                .collect();
            let seen = serde_json::json!({
                "method": method.as_str(), "uri": uri.to_string(), "headers": headers,
                "body": String::from_utf8_lossy(&body),
            });
            (json, seen.to_string()).into_response()
        }
    }
}
