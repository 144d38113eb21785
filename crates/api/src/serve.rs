//! Connections: accepting, limits on headers and time, orderly end.

use crate::App;
use crate::edge::{self, Edge};
use crate::exchange::Capture;
use crate::extract::PeerAddress;
use crate::linger::{Lingering, Unread};
use crate::rate::Rates;
use crate::routes;
use crate::tls::Tls;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use stoker_domain::SharedRandom;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Longest time for the head of a request. It also bounds the pause between two requests of a connection, so it is longer
/// than the pause of clients that poll: closing under their hands would cost them a request.
const HEADER_TIME: Duration = Duration::from_secs(75);
/// Most header fields of a request.
const HEADERS: usize = 100;
/// Largest head of a request, bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// Most connections at once; further ones wait to be accepted.
const CONNECTIONS: usize = 4_096;
/// How long running requests may take after the server was told to stop.
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Longest time for the handshake of TLS.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// Serves HTTP until `stop` resolves, then lets running requests end.
pub async fn serve(listener: TcpListener, app: App, random: SharedRandom, stop: impl Future<Output = ()>) {
    serve_over(listener, app, random, None, stop).await;
}

/// As [`serve`], over TLS when there is any.
pub async fn serve_over(
    listener: TcpListener,
    app: App,
    random: SharedRandom,
    tls: Option<Arc<Tls>>,
    stop: impl Future<Output = ()>,
) {
    let service = app.service.clone();
    let routers = routes::build().routers.with_state(app.clone());
    let rates = Rates::new();
    let by_tls = tls.is_some() || service.public_url().starts_with("https://");
    let edge = Arc::new(Edge { routers, app, random, rates, tls: by_tls });
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = hyper_util::server::graceful::GracefulShutdown::new();
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .pipeline_flush(true);
    let mut stop = std::pin::pin!(stop);
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&connections).acquire_owned() => permit,
            () = &mut stop => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, PeerAddress(peer.ip())),
            Err(error) => {
                // Out of file descriptors, for example: waiting a little lets some be closed.
                tracing::warn!(error = %error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let edge = Arc::clone(&edge);
        let unread = Unread::default();
        let stream = Lingering::new(stream, unread.clone());
        let answers = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let (edge, unread, peer) = (Arc::clone(&edge), unread.clone(), peer.clone());
            async move {
                let mut request: Request = request.map(|body| Body::new(unread.watch(body)));
                request.extensions_mut().insert(peer);
                // A body in chunks ends where two readers may disagree, when a length stood beside it, which the reader
                // of HTTP has dropped here: what follows is never taken for a request.
                let ends = request.headers().contains_key(header::TRANSFER_ENCODING);
                let capture = Capture::of(request.method());
                if let Some(capture) = &capture {
                    request.extensions_mut().insert(Arc::clone(capture));
                }
                let mut response = edge::answer(&edge, request).await;
                if let Some(capture) = capture {
                    response = capture.finish(&edge.app, response).await;
                }
                if ends || unread.body() {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let (builder, watcher, acceptor) =
            (builder.clone(), graceful.watcher(), tls.as_ref().map(|tls| tls.acceptor()));
        tokio::spawn(async move {
            let _permit = permit;
            let ended = match acceptor {
                None => watcher.watch(builder.serve_connection(TokioIo::new(stream), answers)).await,
                Some(acceptor) => {
                    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await else {
                        tracing::debug!("a client made no TLS connection");
                        return;
                    };
                    watcher.watch(builder.serve_connection(TokioIo::new(stream), answers)).await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(error = %error, "a connection ended early");
            }
        });
    }
    drop(listener);
    service.close_watchers();
    if tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}
