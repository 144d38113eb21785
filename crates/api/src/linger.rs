//! Lingering close: what a client still sends after an early refusal is read and dropped. And who takes nothing of an
//! answer for long is not waited for.
//!
//! Closing a socket that holds unread bytes makes the kernel send a reset, and a reset can overtake the answer on its
//! way: the client would see a broken connection instead of the reason. So after the answer our side is closed for
//! writing, and for a short while the other side may finish what it has begun.

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Longest time a client may go on sending after the answer.
const LINGER_TIME: Duration = Duration::from_secs(2);
/// Most bytes that are read and dropped after the answer.
const LINGER_BYTES: usize = 16 * 1024 * 1024;
/// Longest time in which a client takes nothing of its answer: whoever does not read must not keep a connection, and
/// what waits for it in memory, for ever.
const STALL_TIME: Duration = Duration::from_secs(120);
/// Bytes dropped in one go.
const PIECE: usize = 16 * 1024;

/// What of the current request nobody has read.
#[derive(Clone, Default)]
pub(crate) struct Unread(Arc<Parts>);

#[derive(Default)]
struct Parts {
    /// Bytes may have come, or may still come: of a body, or of a head that is not complete.
    bytes: AtomicBool,
    /// The body was not read to its end.
    body: AtomicBool,
}

impl Unread {
    fn set(&self, unread: bool) {
        self.0.bytes.store(unread, Ordering::Relaxed);
        self.0.body.store(unread, Ordering::Relaxed);
    }

    fn any(&self) -> bool {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Whether the body of the request was not read to its end. The connection cannot be used again then, and the
    /// client must be told: it would send its next request into a connection that closes.
    pub(crate) fn body(&self) -> bool {
        self.0.body.load(Ordering::Relaxed)
    }

    /// Takes note of a request that begins, and of when its body was read to the end.
    pub(crate) fn watch(&self, body: Incoming) -> WatchedBody {
        self.set(!body.is_end_stream());
        WatchedBody { body, unread: self.clone() }
    }
}

/// The body of a request that tells when it was read to its end.
pub(crate) struct WatchedBody {
    body: Incoming,
    unread: Unread,
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.unread.set(false);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection that lingers when it is shut down while bytes are unread.
pub(crate) struct Lingering {
    stream: TcpStream,
    unread: Unread,
    /// Set when our side is closed and the other side is being listened to.
    closing: Option<Closing>,
    /// Longest time in which the client may take nothing.
    patience: Duration,
    /// Set while it takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

struct Closing {
    deadline: Pin<Box<Sleep>>,
    left: usize,
}

impl Lingering {
    /// Wraps a connection; `unread` is shared with what reads its requests.
    pub(crate) fn new(stream: TcpStream, unread: Unread) -> Self {
        Self { stream, unread, closing: None, patience: STALL_TIME, stalled: None }
    }

    /// What came of a try to write, but the end when the client took nothing for too long.
    fn in_time<T>(&mut self, cx: &mut Context<'_>, tried: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if tried.is_ready() {
            self.stalled = None;
            return tried;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.patience)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing of its answer")))
    }

    /// Reads and drops until the client closes, or time or bytes run out.
    fn poll_drop_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(closing) = &mut self.closing else { return Poll::Ready(()) };
        let mut space = [0u8; PIECE];
        loop {
            if closing.left == 0 || closing.deadline.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {
                    closing.left = closing.left.saturating_sub(buffer.filled().len());
                }
                Ok(()) | Err(_) => return Poll::Ready(()),
            }
        }
    }
}

impl AsyncRead for Lingering {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            // Half a head counts too; a whole request without a body takes it back.
            self.unread.0.bytes.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.in_time(cx, tried)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            let left = if self.unread.any() { LINGER_BYTES } else { 0 };
            self.closing = Some(Closing { deadline: Box::pin(tokio::time::sleep(LINGER_TIME)), left });
        }
        ready!(self.poll_drop_rest(cx));
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.in_time(cx, tried)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    /// Both ends of a connection.
    async fn connection() -> (Lingering, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Lingering::new(listener.accept().await.unwrap().0, Unread::default()), client)
    }

    #[tokio::test]
    async fn who_takes_nothing_of_an_answer_is_not_waited_for() {
        let (mut server, _client) = connection().await;
        server.patience = Duration::from_millis(50);
        // More than all buffers on the way take.
        let error = server.write_all(&vec![7; 64 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn each_piece_that_is_taken_gives_the_whole_time_anew() {
        let (mut server, _client) = connection().await;
        for taken in [true, false, false, true, false] {
            let waits = poll_fn(|cx| {
                let tried = if taken { Poll::Ready(Ok(1)) } else { Poll::Pending };
                assert_eq!(server.in_time(cx, tried).is_ready(), taken);
                Poll::Ready(server.stalled.is_some())
            });
            assert_eq!(waits.await, !taken);
        }
    }
}
