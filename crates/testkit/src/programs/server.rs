//! A real server on a data folder.

use std::ffi::OsString;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::process::Process;
use crate::http::Http;
use crate::{must, poll};

/// How to start a server; the default is an empty data folder with the embedded database.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// Data folder; `None` makes one that goes with the [`ServerProcess`].
    pub data: Option<PathBuf>,
    /// Database; `None` is the embedded one in the data folder.
    pub database_url: Option<String>,
    /// More arguments after `serve`.
    pub args: Vec<OsString>,
    /// More environment variables.
    pub env: Vec<(OsString, OsString)>,
}

/// What the first start of a server leaves in `bootstrap.json`.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields of the file, one to one")]
pub struct Bootstrap {
    pub url: String,
    pub account_id: String,
    pub environment_id: String,
    pub workspace_id: String,
    pub login: String,
    pub password: String,
    pub personal_access_token: String,
}

impl Bootstrap {
    /// Reads `bootstrap.json` of a data folder. Errors name the file and the field that is missing.
    pub fn read(data: &Path) -> Result<Self> {
        let path = data.join("bootstrap.json");
        let what = || format!("read {}", path.display());
        let value: Value = serde_json::from_slice(&fs::read(&path).with_context(what)?).with_context(what)?;
        let text = |field: &str| {
            let text = value[field].as_str().map(str::to_owned);
            text.with_context(|| format!("read {}: it has no text \"{field}\"", path.display()))
        };
        Ok(Self {
            url: text("url")?,
            account_id: text("accountId")?,
            environment_id: text("environmentId")?,
            workspace_id: text("workspaceId")?,
            login: text("login")?,
            password: text("password")?,
            personal_access_token: text("personalAccessToken")?,
        })
    }
}

/// A running server on a loopback port. Killed when dropped.
pub struct ServerProcess {
    options: ServerOptions,
    data: PathBuf,
    log: PathBuf,
    url: String,
    bootstrap: Bootstrap,
    process: Option<Process>,
    _folder: TempDir,
}

impl ServerProcess {
    /// Seconds that a start may take, also on a busy machine.
    const START_SECONDS: u64 = 60;
    /// Seconds that a polite stop may take.
    const STOP_SECONDS: u64 = 60;

    /// Starts a server and waits until it is ready. Panics with its output when it does not get there.
    #[track_caller]
    #[must_use]
    pub fn start(options: ServerOptions) -> Self {
        must(Self::try_start(options))
    }

    /// As [`start`](Self::start), with an error that holds the server's output, for tests of starts that must fail.
    pub fn try_start(options: ServerOptions) -> Result<Self> {
        let folder = tempfile::tempdir().context("create a folder for the server")?;
        let data = options.data.clone().unwrap_or_else(|| folder.path().join("data"));
        let log = folder.path().join("server.log");
        let known = data.join("bootstrap.json").exists();
        let mut process = spawn(&options, &data, &log, "127.0.0.1:0")?;
        // The file tells the address of the first start only; on an old data folder the server's word counts.
        let url = || announced_url(&log).or_else(|| Bootstrap::read(&data).ok().filter(|_| !known).map(|it| it.url));
        let url = wait_ready(&mut process, &log, url)?;
        let bootstrap = Bootstrap::read(&data)?;
        Ok(Self { options, data, log, url, bootstrap, process: Some(process), _folder: folder })
    }

    /// Base URL without a slash at the end, with the port that the server chose.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The personal access token of the first user.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.bootstrap.personal_access_token
    }

    /// What the first start left behind.
    #[must_use]
    pub fn bootstrap(&self) -> &Bootstrap {
        &self.bootstrap
    }

    /// A client that carries the first user's token.
    #[track_caller]
    #[must_use]
    pub fn http(&self) -> Http {
        Http::new(&self.url).with_token(self.token())
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Everything that all runs of this server wrote to its two output streams.
    #[must_use]
    pub fn log(&self) -> String {
        read_log(&self.log)
    }

    /// Process id; `None` while it is stopped.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Ends the server in the middle of whatever it does.
    #[track_caller]
    pub fn kill9(&mut self) {
        if let Some(mut process) = self.process.take() {
            must(process.kill9());
        }
    }

    /// Sends a signal, for example to freeze the server.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            must(process.signal(signal));
        }
    }

    /// Replaces the additional environment variables of later starts.
    pub fn set_env(&mut self, env: Vec<(OsString, OsString)>) {
        self.options.env = env;
    }

    /// Waits until the server has ended by itself and tells how; `None` when it still runs after `seconds`, or was
    /// stopped before.
    #[track_caller]
    #[must_use]
    pub fn wait_end(&mut self, seconds: u64) -> Option<ExitStatus> {
        let process = self.process.as_mut()?;
        let ended = must(poll(seconds, || process.ended()))?;
        self.process = None;
        Some(ended)
    }

    /// Stops the server politely. Panics when it does not end in time or not with exit code 0.
    #[track_caller]
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let status = must(process.terminate(Self::STOP_SECONDS));
            assert!(status.success(), "the server ended with {status} after SIGTERM: {}", self.log());
        }
    }

    /// Names the database of the next start: of PostgreSQL, or the embedded one.
    pub fn move_to(&mut self, database_url: Option<String>) {
        self.options.database_url = database_url;
    }

    /// Starts it again with the same data and the same port, after a polite stop if it still runs.
    #[track_caller]
    pub fn restart(&mut self) {
        self.stop();
        must(self.start_again());
    }

    fn start_again(&mut self) -> Result<()> {
        let listen = self.url.rsplit('/').next().unwrap_or_default();
        let mut process = spawn(&self.options, &self.data, &self.log, listen)?;
        wait_ready(&mut process, &self.log, || Some(self.url.clone()))?;
        self.process = Some(process);
        Ok(())
    }
}

fn spawn(options: &ServerOptions, data: &Path, log: &Path, listen: &str) -> Result<Process> {
    let prepare = |command: &mut Command| {
        command.arg("serve").arg("--data").arg(data).args(["--listen", listen]);
        if let Some(url) = &options.database_url {
            command.args(["--database-url", url]);
        }
        command.args(&options.args).envs(options.env.iter().map(|(name, value)| (name, value)));
    };
    Process::spawn(&super::find_program("stoker-server")?, prepare, log)
}

/// Waits until the server at the URL, once that is known, says that it is ready.
fn wait_ready(process: &mut Process, log: &Path, url: impl Fn() -> Option<String>) -> Result<String> {
    let ready = poll(ServerProcess::START_SECONDS, || {
        if let Some(status) = process.ended()? {
            bail!("the server ended with {status} before it was ready: {}", read_log(log));
        }
        Ok(url().filter(|url| is_ready(url).unwrap_or(false)))
    })?;
    let url = ready.with_context(|| {
        format!("the server was not ready within {} s: {}", ServerProcess::START_SECONDS, read_log(log))
    })?;
    Ok(url.trim_end_matches('/').to_owned())
}

/// The last address after `address=` or `listening on ` in the server's output; the first is its own, also where the URL
/// is that of a proxy.
fn announced_url(log: &Path) -> Option<String> {
    let log = read_log(log);
    let own = log.rsplit_once(" address=");
    let (_, rest) = own.or_else(|| log.rsplit_once("listening on http://"))?;
    // Only a whole line: the server may be in the middle of writing it.
    let (line, _) = rest.split_once('\n')?;
    let address = line.split(|c: char| c.is_whitespace() || c == '\x1b' || c == '"').next()?;
    Some(format!("http://{}", address.trim_end_matches(['/', '.', ','])))
}

/// Whether `GET /health/ready` answers 200. Plain sockets, so that no async runtime is needed to start a server.
fn is_ready(url: &str) -> Result<bool> {
    let address = url.strip_prefix("http://").context("read the server's address")?;
    let mut stream = TcpStream::connect(address.trim_end_matches('/'))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    ensure!(answer.starts_with(b"HTTP/1."), "the server speaks no HTTP/1");
    Ok(answer.ends_with(b" 200"))
}

fn read_log(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_a_whole_line_only() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("log");
        fs::write(&log, "starting\nINFO listening on http://127.0.0.1:4")?;
        assert_eq!(announced_url(&log), None);
        fs::write(&log, "starting\nINFO listening on http://127.0.0.1:4123\n")?;
        assert_eq!(announced_url(&log).as_deref(), Some("http://127.0.0.1:4123"));
        fs::write(&log, "listening on http://127.0.0.1:1\nlistening on http://127.0.0.1:2/ data=x\nmore")?;
        assert_eq!(announced_url(&log).as_deref(), Some("http://127.0.0.1:2"));
        fs::write(&log, "listening url=http://proxy:1 address=127.0.0.1:3\nlistening on http://proxy:1\n")?;
        assert_eq!(announced_url(&log).as_deref(), Some("http://127.0.0.1:3"));
        Ok(())
    }

    #[test]
    fn readiness_is_the_status_of_the_answer() -> Result<()> {
        for (status, ready) in [("200 OK", true), ("503 Service Unavailable", false)] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
            let url = format!("http://{}/", listener.local_addr()?);
            let answering = std::thread::spawn(move || -> Result<String> {
                let (mut stream, _) = listener.accept()?;
                // All of it, before the answer: a connection that ends with something unread takes the answer with it.
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte)?;
                    request.extend(byte);
                }
                // In one piece: who has read the status may be gone before a second one.
                stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes())?;
                Ok(String::from_utf8_lossy(&request).into_owned())
            });
            assert_eq!(is_ready(&url)?, ready, "{status}");
            let request = answering.join().expect("the listener ends")?;
            assert!(request.starts_with("GET /health/ready HTTP"), "{request}");
        }
        Ok(())
    }

    #[test]
    fn a_bootstrap_file_without_a_field_names_it() -> Result<()> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("bootstrap.json"), r#"{"url": "http://127.0.0.1:1"}"#)?;
        let error = Bootstrap::read(folder.path()).expect_err("fields are missing");
        assert!(error.to_string().contains("accountId"), "{error}");
        Ok(())
    }
}
