//! A server that may be killed, or told to die at a named place, and started again on the same data and port.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stoker_testkit::http::Http;
use stoker_testkit::programs::{Bootstrap, program};

use super::stage::eventually;

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub(super) struct Setup {
    /// A database elsewhere; the embedded one otherwise.
    pub(super) database: Option<String>,
    /// The settings file's content.
    pub(super) settings: Option<serde_json::Value>,
    /// Where clients and engines reach it, when that is not the server itself.
    pub(super) public_url: Option<String>,
}

impl Setup {
    /// Polls that are answered often: an engine that hears of its server soon comes back after short pauses, also when
    /// the server dies again and again.
    pub(super) fn often() -> Self {
        Self { settings: Some(serde_json::json!({ "pollSeconds": 1 })), ..Self::default() }
    }
}

/// One server and its data folder.
pub(super) struct Server {
    setup: Setup,
    folder: PathBuf,
    child: Option<Child>,
    address: String,
    /// Counts the servers of the folder, from 0.
    number: usize,
}

impl Server {
    /// Starts it for the first time.
    pub(super) async fn start(folder: &Path, setup: Setup) -> Self {
        Self::start_numbered(folder, setup, 0).await
    }

    /// Starts one more server on the same folder and database.
    pub(super) async fn beside(&self, number: usize) -> Self {
        Self::start_numbered(&self.folder, self.setup.clone(), number).await
    }

    async fn start_numbered(folder: &Path, setup: Setup, number: usize) -> Self {
        let address = "127.0.0.1:0".to_owned();
        let mut server = Self { setup, folder: folder.to_owned(), child: None, address, number };
        server.spawn(None);
        let log = server.log_file();
        server.address = eventually(60, "the first start of the server", async || {
            let log = fs::read_to_string(&log).ok()?;
            let (_, rest) = log.rsplit_once(" address=")?;
            Some(rest.split_once('\n')?.0.to_owned())
        })
        .await;
        server.ready().await;
        server
    }

    /// Starts it again; with a name, it dies when it comes to that place.
    pub(super) async fn again(&mut self, crash_at: Option<&str>) {
        self.kill9();
        self.spawn(crash_at);
        self.ready().await;
    }

    /// Starts it again in order to die at a place it comes to by itself.
    pub(super) async fn dies_at(&mut self, place: &str) {
        self.kill9();
        self.spawn(Some(place));
        self.dead(place).await;
    }

    /// Starts it to die at a place that it may reach before it is ready.
    pub(super) fn again_to_die(&mut self, crash_at: &str) {
        self.kill9();
        self.spawn(Some(crash_at));
    }

    fn spawn(&mut self, crash_at: Option<&str>) {
        let log = File::options().create(true).append(true).open(self.log_file()).expect("the server's log");
        // Ends with the thread that starts it, so with the test.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program("stoker-server"));
        command.arg("serve").arg("--data").arg(self.data()).args(["--listen", &self.address]);
        if let Some(url) = &self.setup.database {
            command.args(["--database-url", url]);
        }
        if let Some(url) = &self.setup.public_url {
            command.args(["--public-url", url]);
        }
        if let Some(settings) = &self.setup.settings {
            let file = self.folder.join("settings.json");
            fs::write(&file, settings.to_string()).expect("the settings file");
            command.arg("--config").arg(file);
        }
        if let Some(place) = crash_at {
            command.env("STOKER_CRASH_AT", place);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("the log twice")).stderr(log).process_group(0);
        self.child = Some(command.spawn().expect("start the server"));
    }

    async fn ready(&mut self) {
        let http = Http::new(&self.url());
        let log = self.log_file();
        let child = &mut self.child;
        eventually(60, "the server to be ready", async || {
            let ended = child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert!(ended.is_none(), "the server ended with {ended:?}: {}", tail(&log));
            let answer = http.try_send(reqwest::Method::GET, "/health/ready", &[], None).await.ok()?;
            (answer.status == 200).then_some(())
        })
        .await;
    }

    /// Ends it in the middle of whatever it does.
    pub(super) fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Ends it at once, without waiting until it is gone: start it again, which does.
    pub(super) fn send_kill(&self) {
        let child = self.child.as_ref().expect("a server");
        kill(Pid::from_raw(i32::try_from(child.id()).expect("a process id")), Signal::SIGKILL).expect("SIGKILL");
    }

    /// Waits until it has died at the place it was told.
    pub(super) async fn dead(&mut self, place: &str) {
        let log = self.log();
        let child = self.child.as_mut().expect("a server");
        eventually(40, &format!("the server to die at {place}; its log: {log}"), async || {
            child.try_wait().ok().flatten()
        })
        .await;
        self.child = None;
    }

    /// Stops it politely.
    pub(super) async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let pid = i32::try_from(child.id()).expect("a process id");
        kill(Pid::from_raw(pid), Signal::SIGTERM).expect("SIGTERM");
        let status = eventually(30, "the server to stop", async || child.try_wait().ok().flatten()).await;
        assert!(status.success(), "the server ended with {status} after SIGTERM: {}", self.log());
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `host:port`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("server")
    }

    pub(super) fn bootstrap(&self) -> Bootstrap {
        Bootstrap::read(&self.data()).expect("bootstrap.json")
    }

    fn log_file(&self) -> PathBuf {
        match self.number {
            0 => self.folder.join("server.log"),
            number => self.folder.join(format!("server-{number}.log")),
        }
    }

    /// The end of what it wrote.
    pub(super) fn log(&self) -> String {
        tail(&self.log_file())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// How long a request of a test may take before the server counts as hanging.
pub(super) const ANSWER: Duration = Duration::from_secs(30);

/// The end of a log file.
pub(super) fn tail(file: &Path) -> String {
    let text = String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned();
    let skip = text.lines().count().saturating_sub(60);
    text.lines().skip(skip).collect::<Vec<_>>().join("\n")
}
