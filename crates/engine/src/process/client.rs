//! The engine's side of the shim host: keeps one running and asks it for shims.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};

use super::ProcessError;
use super::frame::{self, Answer, Answered, Request};
use super::host;
use super::watch::{Adopted, ShimHandle};

/// How long a host may take to fork a shim before it is held to hang.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests waiting in line; more make their callers wait.
const QUEUE: usize = 64;

/// Starts shims, through a host process that it keeps running.
///
/// Cheap to clone; all clones share one host. The host is started by the first request and again whenever it died. When
/// the last clone is dropped the host ends; shims do not.
#[derive(Clone, Debug)]
pub struct ShimHost {
    requests: mpsc::Sender<Order>,
}

#[derive(Debug)]
struct Order {
    run_dir: PathBuf,
    reply: oneshot::Sender<Result<Found, ProcessError>>,
}

/// Where the shim of an order is to be found.
#[derive(Debug)]
enum Found {
    /// This process, just forked.
    Forked { pid: i32, start_time: u64 },
    /// The run folder knows.
    InRunDir,
}

impl ShimHost {
    /// Makes a shim host out of `program`, the engine's own program file; it must call
    /// [`host::main`](super::host::main) when its first argument is [`host::MODE`](super::host::MODE).
    ///
    /// `/proc/self/exe` names the running program even if its file was replaced meanwhile. Must be called inside a tokio
    /// runtime with I/O and time enabled.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let (requests, orders) = mpsc::channel(QUEUE);
        tokio::spawn(Keeper { program: program.into(), link: None, next_id: 0 }.work(orders));
        Self { requests }
    }

    /// Starts a shim for the recipe in `run_dir` and returns as soon as the shim exists; it then starts the job.
    ///
    /// A job that cannot be started is no error here but an [`ExitRecord`](super::ExitRecord) with an error in it. If the
    /// returned future is dropped the start may still take place; [`ShimHandle::adopt`] tells. A run folder serves one
    /// start only, whatever crashes.
    ///
    /// # Errors
    /// [`ProcessError::AlreadyStarted`] for a used folder, [`ProcessError::Refused`] if the host could make no process or
    /// not use the folder, [`ProcessError::HostStart`] and [`ProcessError::HostUnavailable`] if there is no working host,
    /// [`ProcessError::PathNotText`], [`ProcessError::Shim`], [`ProcessError::ShuttingDown`].
    pub async fn spawn(&self, run_dir: &Path) -> Result<ShimHandle, ProcessError> {
        let run_dir = std::path::absolute(run_dir)
            .map_err(|source| ProcessError::File { path: run_dir.to_path_buf(), source })?;
        let (reply, answer) = oneshot::channel();
        let order = Order { run_dir: run_dir.clone(), reply };
        self.requests.send(order).await.map_err(|_| ProcessError::ShuttingDown)?;
        match answer.await.map_err(|_| ProcessError::ShuttingDown)?? {
            Found::Forked { pid, start_time } => ShimHandle::forked(run_dir, pid, start_time),
            Found::InRunDir => match ShimHandle::adopt(&run_dir).await? {
                Adopted::Running(handle) => Ok(handle),
                // Over already; waiting on the handle tells how.
                Adopted::Exited(_) | Adopted::Gone(_) => Ok(ShimHandle::ended(run_dir)),
            },
        }
    }
}

/// The task that owns the connection to the host and serves orders one after the other.
struct Keeper {
    program: PathBuf,
    link: Option<Link>,
    next_id: u64,
}

/// A running host.
struct Link {
    socket: UnixStream,
    process: Child,
}

impl Keeper {
    async fn work(mut self, mut orders: mpsc::Receiver<Order>) {
        while let Some(order) = orders.recv().await {
            let result = self.serve(&order.run_dir).await;
            // An order whose caller went away has been carried out all the same.
            let _ = order.reply.send(result);
        }
        if let Some(link) = self.link.take() {
            link.end().await;
        }
    }

    async fn serve(&mut self, run_dir: &Path) -> Result<Found, ProcessError> {
        let text = run_dir.to_str().ok_or_else(|| ProcessError::PathNotText { run_dir: run_dir.to_path_buf() })?;
        let mut repeated = false;
        loop {
            match self.ask(text).await? {
                Some(Answered::Started { pid, start_time }) => return Ok(Found::Forked { pid, start_time }),
                // The host that died over the first request had got as far as the claim.
                Some(Answered::AlreadyStarted {}) if repeated => return Ok(Found::InRunDir),
                Some(Answered::AlreadyStarted {}) => {
                    return Err(ProcessError::AlreadyStarted { run_dir: run_dir.to_path_buf() });
                }
                Some(Answered::Failed { message }) => {
                    return Err(ProcessError::Refused { run_dir: run_dir.to_path_buf(), message });
                }
                None if repeated => return Err(ProcessError::HostUnavailable),
                None => repeated = true,
            }
        }
    }

    /// One request to a running host, started if need be. `None` if that host is no more; it is surely gone then.
    async fn ask(&mut self, run_dir: &str) -> Result<Option<Answered>, ProcessError> {
        let mut link = match self.link.take() {
            Some(link) => link,
            None => Link::start(&self.program).await?,
        };
        self.next_id += 1;
        let request = Request { v: frame::VERSION, id: self.next_id, run_dir: run_dir.to_owned() };
        match tokio::time::timeout(PATIENCE, link.exchange(&request)).await {
            Ok(Ok(answer)) if answer.id == request.id => {
                self.link = Some(link);
                Ok(Some(answer.result))
            }
            Ok(Ok(_)) => lost(link, "answered another request").await,
            Ok(Err(error)) => lost(link, &error.to_string()).await,
            Err(_) => lost(link, "no answer in time").await,
        }
    }
}

async fn lost(link: Link, reason: &str) -> Result<Option<Answered>, ProcessError> {
    tracing::warn!(host.pid = link.process.id(), reason, "the shim host failed and will be started again");
    link.end().await;
    Ok(None)
}

impl Link {
    async fn start(program: &Path) -> Result<Self, ProcessError> {
        let failed = |source| ProcessError::HostStart { program: program.to_path_buf(), source };
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(failed)?;
        ours.set_nonblocking(true).map_err(failed)?;
        let socket = UnixStream::from_std(ours).map_err(failed)?;
        let mut command = Command::new(program);
        command.arg(host::MODE).env_clear().stdin(OwnedFd::from(theirs)).stdout(Stdio::null());
        let process = blocking(move || command.spawn()).await.map_err(failed)?;
        tracing::debug!(host.pid = process.id(), "started the shim host");
        Ok(Self { socket, process })
    }

    async fn exchange(&mut self, request: &Request) -> io::Result<Answer> {
        self.socket.write_all(&frame::encode(request)?).await?;
        let mut header = [0; 4];
        self.socket.read_exact(&mut header).await?;
        let mut body = vec![0; frame::checked_len(header)?];
        self.socket.read_exact(&mut body).await?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// Ends the host and waits until it is gone, so that it can start nothing any more.
    async fn end(self) {
        let Self { socket, mut process } = self;
        drop(socket);
        let ended = blocking(move || {
            // It ends by itself now, unless it hangs, which is not worth finding out.
            process.kill()?;
            process.wait()
        });
        if let Err(error) = ended.await {
            tracing::warn!(%error, "cannot wait for the end of the shim host");
        }
    }
}

/// Runs a blocking call outside the runtime's worker threads.
async fn blocking<T: Send + 'static>(call: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(call).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
