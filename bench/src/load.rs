//! Many clients at once, each with a connection of its own and one request under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use crate::http::Connection;
use crate::stats::{Times, rate};

/// Clients of every load.
pub(crate) const CLIENTS: usize = 16;

/// What is asked.
pub(crate) struct Load {
    /// Base URL.
    pub(crate) url: String,
    /// Requests, sent in turn and again from the first.
    pub(crate) requests: Vec<Vec<u8>>,
    /// How many requests are sent in all.
    pub(crate) total: usize,
    /// The status that every answer must have.
    pub(crate) status: u16,
    /// Whether the bodies of the answers are wanted.
    pub(crate) keep: bool,
}

/// How it went.
pub(crate) struct Loaded {
    /// Time of each request.
    pub(crate) times: Times,
    /// Requests in a second.
    pub(crate) rate: f64,
    /// When the first request was sent.
    pub(crate) begin: Instant,
    /// The bodies, in the order of the answers.
    pub(crate) bodies: Vec<Vec<u8>>,
}

impl Load {
    /// Sends everything as fast as the answers come. Fails at the first answer with another status.
    pub(crate) async fn run(self) -> Result<Loaded> {
        ensure!(!self.requests.is_empty(), "send requests: there are none");
        let mut connections = Vec::new();
        for _ in 0..CLIENTS {
            connections.push(Connection::open(&self.url).await?);
        }
        let total = self.total;
        let (load, next) = (Arc::new(self), Arc::new(AtomicUsize::new(0)));
        let begin = Instant::now();
        let mut clients = JoinSet::new();
        for connection in connections {
            clients.spawn(client(connection, Arc::clone(&load), Arc::clone(&next)));
        }
        let (mut times, mut bodies) = (Vec::with_capacity(total), Vec::new());
        while let Some(done) = clients.join_next().await {
            let (mut some_times, mut some_bodies) = done??;
            times.append(&mut some_times);
            bodies.append(&mut some_bodies);
        }
        Ok(Loaded { times: Times::new(times), rate: rate(total, begin.elapsed()), begin, bodies })
    }
}

async fn client(
    mut connection: Connection,
    load: Arc<Load>,
    next: Arc<AtomicUsize>,
) -> Result<(Vec<Duration>, Vec<Vec<u8>>)> {
    let (mut times, mut bodies) = (Vec::new(), Vec::new());
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= load.total {
            return Ok((times, bodies));
        }
        let request = &load.requests[number % load.requests.len()];
        let begin = Instant::now();
        let status = connection.send(request).await?;
        times.push(begin.elapsed());
        let body = || String::from_utf8_lossy(connection.body()).into_owned();
        ensure!(status == load.status, "a request was answered {status} instead of {}: {}", load.status, body());
        if load.keep {
            bodies.push(connection.body().to_vec());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floors::request::BareServer;
    use crate::http::request;

    #[tokio::test]
    async fn every_request_is_answered_once() -> Result<()> {
        let server = BareServer::start()?;
        let load = |status| Load {
            url: server.url().to_owned(),
            requests: vec![request("GET", "/", "t", "")],
            total: 100,
            status,
            keep: true,
        };
        let loaded = load(200).run().await?;
        assert_eq!(loaded.bodies.len(), 100);
        assert!(loaded.bodies.iter().all(|body| body.starts_with(b"{")));
        assert!(loaded.rate > 0.0 && loaded.times.quantile(0.5) > Duration::ZERO);
        let error = load(201).run().await.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("answered 200 instead of 201"), "{error}");
        Ok(())
    }
}
