//! A small TCP proxy between engine and server that can cut the line, slow it down and lose answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What goes wrong on the line.
#[derive(Debug, Default)]
struct Faults {
    /// Paths whose next answers are lost: the request arrives, the connection breaks instead of the answer.
    lose: VecDeque<String>,
    /// How long every part of an answer takes more.
    delay: Duration,
    /// Paths of the answers that were lost.
    lost: Vec<String>,
}

/// The proxy. Ends with the runtime of its test.
#[derive(Clone)]
pub(super) struct Proxy {
    faults: Arc<Mutex<Faults>>,
    cut: watch::Sender<bool>,
    upstream: Arc<Mutex<String>>,
    /// Its own base URL.
    pub(super) url: String,
}

impl Proxy {
    /// Listens on a free port; without an upstream it breaks every connection.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the proxy");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let proxy = Self { faults: Arc::default(), cut: watch::Sender::new(false), upstream: Arc::default(), url };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = accepting.clone();
                tokio::spawn(async move { proxy.connection(client).await });
            }
        });
        proxy
    }

    pub(super) fn lead_to(&self, address: &str) {
        address.clone_into(&mut self.upstream.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Breaks all connections and refuses new ones, until [`mend`](Self::mend).
    pub(super) fn cut(&self) {
        self.cut.send_replace(true);
    }

    pub(super) fn mend(&self) {
        self.cut.send_replace(false);
    }

    /// From now on every part of an answer takes this much longer.
    pub(super) fn delay(&self, delay: Duration) {
        self.faults().delay = delay;
    }

    /// Loses the next answer to a request whose path holds this text; several orders are several losses.
    pub(super) fn lose(&self, path: &str) {
        self.faults().lose.push_back(path.to_owned());
    }

    /// Paths of the answers that were lost so far.
    pub(super) fn lost(&self) -> Vec<String> {
        self.faults().lost.clone()
    }

    async fn connection(&self, mut client: TcpStream) {
        let mut cut = self.cut.subscribe();
        if *cut.borrow() {
            return;
        }
        let address = self.upstream.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Ok(mut server) = TcpStream::connect(address).await else { return };
        let (mut up, mut down) = (vec![0; 64 << 10], vec![0; 64 << 10]);
        let mut path = String::new();
        loop {
            tokio::select! {
                () = async { drop(cut.wait_for(|cut| *cut).await) } => return,
                read = client.read(&mut up) => {
                    let Ok(length @ 1..) = read else { return };
                    if let Some(found) = path_of(&up[..length]) {
                        path = found;
                    }
                    if server.write_all(&up[..length]).await.is_err() {
                        return;
                    }
                }
                read = server.read(&mut down) => {
                    let Ok(length @ 1..) = read else { return };
                    if self.is_lost(&path) {
                        return;
                    }
                    let delay = self.faults().delay;
                    if !delay.is_zero() {
                        tokio::time::sleep(delay).await;
                    }
                    if client.write_all(&down[..length]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn is_lost(&self, path: &str) -> bool {
        let mut faults = self.faults();
        let Some(order) = faults.lose.iter().position(|wanted| path.contains(wanted.as_str())) else { return false };
        faults.lose.remove(order);
        faults.lost.push(path.to_owned());
        true
    }
}

/// The path of a request that begins here.
fn path_of(bytes: &[u8]) -> Option<String> {
    let line = bytes.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    (matches!(method, "GET" | "POST") && path.starts_with('/')).then(|| path.to_owned())
}
