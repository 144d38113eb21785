//! A client that costs next to nothing: one connection, one write and usually one read for each request, no pool.

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request as it goes over the wire. `body` is JSON and may be empty.
pub(crate) fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n");
    if !body.is_empty() {
        text.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// A connection that is kept alive.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    answer: std::ops::Range<usize>,
}

impl Connection {
    /// Connects to a base URL like `http://127.0.0.1:1234`.
    pub(crate) async fn open(url: &str) -> Result<Self> {
        let address =
            url.strip_prefix("http://").context("read the server's address: it does not begin with http://")?;
        let stream = TcpStream::connect(address).await.with_context(|| format!("connect to {url}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8192), answer: 0..0 })
    }

    /// Sends a request and gives the status of its answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<u16> {
        self.buffer.clear();
        self.stream.write_all(request).await.context("send a request")?;
        loop {
            let count = self.stream.read_buf(&mut self.buffer).await.context("read an answer")?;
            ensure!(count > 0, "read an answer: the server closed the connection");
            if let Some((status, answer)) = head(&self.buffer)? {
                while self.buffer.len() < answer.end {
                    let count = self.stream.read_buf(&mut self.buffer).await.context("read an answer")?;
                    ensure!(count > 0, "read an answer: the server closed the connection in its middle");
                }
                self.answer = answer;
                return Ok(status);
            }
        }
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        self.buffer.get(self.answer.clone()).unwrap_or_default()
    }
}

/// Status and place of the body, once the head is there.
fn head(bytes: &[u8]) -> Result<Option<(u16, std::ops::Range<usize>)>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..end]).context("read the head of an answer")?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.with_context(|| format!("read the head of an answer: {text}"))?;
    let mut length = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().context("read the length of an answer")?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("read an answer: it comes in chunks, which this client does not know");
        }
    }
    Ok(Some((status, end + 4..end + 4 + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_a_length_only_with_a_body() {
        let text = |body| String::from_utf8(request("POST", "/a", "t", body)).expect("text");
        assert_eq!(text(""), "POST /a HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer t\r\n\r\n");
        assert!(text("{}").ends_with("content-type: application/json\r\ncontent-length: 2\r\n\r\n{}"));
    }

    #[test]
    fn heads_are_read_when_they_are_whole() -> Result<()> {
        assert_eq!(head(b"HTTP/1.1 200 OK\r\ncontent-le")?, None);
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(head(answer)?, Some((201, answer.len() - 3..answer.len())));
        assert_eq!(head(b"HTTP/1.1 204 No Content\r\n\r\n")?, Some((204, 27..27)));
        assert!(head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(head(b"nonsense\r\n\r\n").is_err());
        Ok(())
    }

    #[tokio::test]
    async fn answers_in_pieces_are_put_together_and_the_connection_is_used_again() -> Result<()> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut part = [0; 1024];
            for pieces in
                [&["HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\na", "bcdef"][..], &["HTTP/1.1 404 No\r\n\r\n"]]
            {
                let count = stream.read(&mut part).await.expect("a request");
                assert!(part[..count].starts_with(b"GET /x "));
                for piece in pieces {
                    stream.write_all(piece.as_bytes()).await.expect("write");
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut connection = Connection::open(&url).await?;
        let request = request("GET", "/x", "t", "");
        assert_eq!(connection.send(&request).await?, 200);
        assert_eq!(connection.body(), b"abcdef");
        assert_eq!(connection.send(&request).await?, 404);
        assert_eq!(connection.body(), b"");
        server.await?;
        assert!(connection.send(&request).await.is_err());
        Ok(())
    }
}
