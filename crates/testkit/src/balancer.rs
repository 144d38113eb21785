//! A plain round-robin proxy before several servers: each request goes to the next one that takes connections.
//!
//! It repeats nothing: a request whose server dies ends with a broken connection, as behind any careful balancer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::must;

/// Longest head of a request, in bytes.
const HEAD: usize = 64 << 10;

/// A running balancer, on a thread of its own: tests may block theirs. It and its connections end with the value.
pub struct Balancer {
    url: String,
    ring: Arc<Ring>,
    _alive: oneshot::Sender<()>,
}

#[derive(Default)]
struct Ring {
    /// `host:port` of each server, set once.
    servers: std::sync::OnceLock<Vec<String>>,
    next: AtomicUsize,
    served: std::sync::OnceLock<Vec<AtomicUsize>>,
}

impl Balancer {
    /// Listens on a free loopback port. Until [`lead_to`](Self::lead_to) it breaks every connection. Panics when there is
    /// no port.
    #[track_caller]
    #[must_use]
    pub fn start() -> Self {
        must(Self::try_start())
    }

    fn try_start() -> Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").context("find a port for the balancer")?;
        listener.set_nonblocking(true).context("prepare the balancer's port")?;
        let url = format!("http://{}", listener.local_addr().context("read the balancer's address")?);
        let ring = Arc::new(Ring::default());
        let serving = Arc::clone(&ring);
        let (alive, gone) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("start the balancer's runtime")?;
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    // The sender is never used, only dropped.
                    _ = gone => {}
                    () = serving.accept(listener) => {}
                }
            });
        };
        std::thread::Builder::new().name("balancer".to_owned()).spawn(serve).context("start the balancer's thread")?;
        Ok(Self { url, ring, _alive: alive })
    }

    /// Base URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Names the servers, as URLs or as `host:port`. Panics the second time.
    #[track_caller]
    pub fn lead_to<'a>(&self, servers: impl IntoIterator<Item = &'a str>) {
        let address = |server: &str| server.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let servers: Vec<String> = servers.into_iter().map(address).collect();
        let served = servers.iter().map(|_| AtomicUsize::new(0)).collect();
        let set = self.ring.served.set(served).is_ok() && self.ring.servers.set(servers).is_ok();
        assert!(set, "the balancer has its servers already");
    }

    /// How many requests each server took so far.
    #[must_use]
    pub fn served(&self) -> Vec<usize> {
        let served = self.ring.served.get().map_or(&[][..], Vec::as_slice);
        served.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }
}

impl Ring {
    async fn accept(self: Arc<Self>, listener: std::net::TcpListener) {
        let Ok(listener) = TcpListener::from_std(listener) else { return };
        while let Ok((client, _)) = listener.accept().await {
            let ring = Arc::clone(&self);
            // A connection that breaks is the client's business.
            tokio::spawn(async move { drop(ring.connection(client).await) });
        }
    }

    /// Serves one request: the connection is closed after it, so that the next request goes to the next server.
    async fn connection(&self, mut client: TcpStream) -> Result<()> {
        let (head, rest) = read_head(&mut client).await?;
        let mut server = self.connect().await?;
        server.write_all(&closing(&head)).await?;
        server.write_all(&rest).await?;
        tokio::io::copy_bidirectional(&mut client, &mut server).await?;
        Ok(())
    }

    /// The next server that takes connections.
    async fn connect(&self) -> Result<TcpStream> {
        let servers = self.servers.get().context("the balancer has no servers yet")?;
        // One turn for each request: with a turn for each try, two requests at once could pass over the living together.
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        for attempt in 0..servers.len() {
            let place = (turn + attempt) % servers.len();
            if let Ok(stream) = TcpStream::connect(&servers[place]).await {
                if let Some(count) = self.served.get().and_then(|served| served.get(place)) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                return Ok(stream);
            }
        }
        anyhow::bail!("no server takes connections")
    }
}

/// The head of the request with its empty line, and what came behind it.
async fn read_head(client: &mut TcpStream) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((bytes, rest));
        }
        ensure!(bytes.len() < HEAD, "the head of a request is too long");
        ensure!(client.read_buf(&mut bytes).await? > 0, "the client went away");
    }
}

/// The head with `connection: close` instead of what it says of the connection.
fn closing(head: &[u8]) -> Vec<u8> {
    let mut closing = Vec::with_capacity(head.len() + 24);
    for (number, line) in head.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let connection = line.len() > 11 && line[..11].eq_ignore_ascii_case(b"connection:");
        if !connection {
            closing.extend_from_slice(line);
        }
        if number == 0 {
            closing.extend_from_slice(b"connection: close\r\n");
        }
    }
    closing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;

    #[test]
    fn a_head_says_that_the_connection_ends() {
        let head = b"GET / HTTP/1.1\r\nhost: a\r\nConnection: keep-alive\r\nx: y\r\n\r\n";
        let wanted = b"GET / HTTP/1.1\r\nconnection: close\r\nhost: a\r\nx: y\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&closing(head)), String::from_utf8_lossy(wanted));
    }

    /// Answers every request with a word and closes.
    async fn server(word: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = [0; 4096];
                let _ = stream.read(&mut bytes).await;
                let answer =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{word}", word.len());
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        address
    }

    #[tokio::test]
    async fn requests_go_round_and_pass_over_the_dead() {
        let (one, two) = (server("one").await, server("two").await);
        let dead = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let balancer = Balancer::start();
        balancer.lead_to([one.as_str(), &dead.to_string(), &two]);
        let http = Http::new(balancer.url());
        let mut words = Vec::new();
        for _ in 0..6 {
            words.push(http.get("/").await.expect(200).text());
        }
        // The turn of the dead one goes to the next.
        assert_eq!(words, ["one", "two", "two", "one", "two", "two"]);
        assert_eq!(balancer.served(), [2, 0, 4]);
    }
}
