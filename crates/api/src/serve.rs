//! Connections: accepting, limits on headers and time, orderly end.

use crate::App;
use crate::edge;
use crate::exchange::Capture;
use crate::extract::PeerAddress;
use crate::linger::{Lingering, Unread};
use crate::routes;
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

/// Serves until `stop` resolves, then lets running requests end.
pub async fn serve(listener: TcpListener, app: App, random: SharedRandom, stop: impl Future<Output = ()>) {
    let app = Arc::new(app);
    let routers = Arc::new(routes::build().routers.with_state(App::clone(&app)));
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
        let (routers, random, app) = (Arc::clone(&routers), random.clone(), Arc::clone(&app));
        let unread = Unread::default();
        let stream = Lingering::new(stream, unread.clone());
        let answers = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let (routers, random, unread, peer) = (Arc::clone(&routers), random.clone(), unread.clone(), peer.clone());
            let app = Arc::clone(&app);
            async move {
                let mut request: Request = request.map(|body| Body::new(unread.watch(body)));
                request.extensions_mut().insert(peer);
                let capture = Capture::of(request.method());
                if let Some(capture) = &capture {
                    request.extensions_mut().insert(Arc::clone(capture));
                }
                let mut response = edge::answer(&routers, &*random, request).await;
                if let Some(capture) = capture {
                    response = capture.finish(&app, response).await;
                }
                if unread.body() {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), answers));
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a connection ended early");
            }
        });
    }
    drop(listener);
    app.service.close_watchers();
    if tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}
