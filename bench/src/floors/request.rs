//! A bare handler: what the web framework does when there is nothing to do.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::get;
use serde_json::Value;
use tokio::runtime::Runtime;

/// A server with one handler, on two threads as the real one. Ends when dropped.
pub(crate) struct BareServer {
    url: String,
    runtime: Option<Runtime>,
}

impl BareServer {
    /// Starts it on a free loopback port, with the answer of a start call.
    pub(crate) fn start() -> Result<Self> {
        Self::answering("/", serde_json::json!({ "executionId": "00000000-0000-0000-0000-000000000000" }))
    }

    /// Starts one that answers this to every GET of one path.
    pub(crate) fn answering(path: &'static str, answer: Value) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).context("listen")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        runtime.spawn(async move {
            use axum::serve::ListenerExt as _;
            let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|stream| {
                let _ = stream.set_nodelay(true);
            });
            let answer = move || std::future::ready(axum::Json(answer.clone()));
            axum::serve(listener, Router::new().route(path, get(answer))).await
        });
        Ok(Self { url, runtime: Some(runtime) })
    }

    /// Base URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for BareServer {
    fn drop(&mut self) {
        // It may be dropped inside another runtime, where waiting for threads is forbidden.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
