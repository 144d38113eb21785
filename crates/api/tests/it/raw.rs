//! Requests written by hand, for what no decent client sends.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::TestServer;

/// What came back: status and body.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl RawAnswer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Longest time an answer may take; far more than any takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens a connection.
pub(crate) async fn connect(server: &TestServer) -> TcpStream {
    TcpStream::connect(server.direct()).await.expect("connect")
}

/// The head of a request with the admin's token and these further lines, each ending with `\r\n`.
pub(crate) fn head(server: &TestServer, method: &str, path: &str, more: &str) -> String {
    let token = &server.bootstrap.personal_access_token;
    format!(
        "{method} {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\nconnection: close\r\n{more}\r\n"
    )
}

/// Sends these bytes on a connection of their own and reads until the server closes it; `None` without an answer.
pub(crate) async fn exchange(server: &TestServer, bytes: &[u8]) -> Option<RawAnswer> {
    let mut stream = connect(server).await;
    stream.write_all(bytes).await.expect("send");
    answer(&mut stream).await
}

/// Reads until the server closes the connection.
pub(crate) async fn answer(stream: &mut TcpStream) -> Option<RawAnswer> {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server answers");
    // A reset after the answer is as good as an end.
    let _ = read;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(RawAnswer { status, text: body.to_owned() })
}
