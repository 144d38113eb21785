//! Durable commits on a PostgreSQL server of our own, with its usual safety, in a temporary folder.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use postgres::{Client, NoTls};

use super::commit::{Commits, timed};

/// Account that the programs run as when we are root, which they refuse.
const ACCOUNT: &str = "postgres";
const START: Duration = Duration::from_secs(60);

/// Commits of one row each; `None` when no server programs are installed.
pub(super) fn commits(count: usize) -> Result<Option<Commits>> {
    let Some(programs) = find_programs() else { return Ok(None) };
    let server = Server::start(&programs)?;
    // The client has a runtime inside and refuses to work on a thread that already has one.
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| measure(&server, count));
        thread.join().unwrap_or_else(|_| bail!("the thread of the database client panicked")).map(Some)
    })
}

fn measure(server: &Server, count: usize) -> Result<Commits> {
    let mut client = server.connect()?;
    client.batch_execute("CREATE TABLE row (id BIGINT PRIMARY KEY, text TEXT NOT NULL)")?;
    let insert = client.prepare("INSERT INTO row VALUES ($1, $2)")?;
    timed(count, |number| {
        client.execute(&insert, &[&number, &"a row of some length, as a short event would have it"])?;
        Ok(())
    })
}

pub(super) fn find_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = versions.filter(|entry| entry.path().join("bin/initdb").exists());
    let newest = installed.max_by_key(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    newest.map(|entry| entry.path().join("bin"))
}

/// A running server; ended and removed when dropped.
struct Server {
    child: Child,
    folder: tempfile::TempDir,
}

impl Server {
    fn start(programs: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("stoker-bench-pg-").tempdir()?;
        if geteuid().is_root() {
            let owned = Command::new("chown").arg(ACCOUNT).arg(folder.path()).status().context("run chown")?;
            ensure!(owned.success(), "give a folder to the account {ACCOUNT}: chown ended with {owned}");
        }
        let data = folder.path().join("data");
        let mut init = as_account(&programs.join("initdb"));
        init.arg("-D").arg(&data).args(["-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        let output = init.stdin(Stdio::null()).current_dir("/").output().context("run initdb")?;
        ensure!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr).trim_end());
        let mut server = as_account(&programs.join("postgres"));
        server.arg("-D").arg(&data).arg("-k").arg(folder.path()).args(["-c", "listen_addresses="]);
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        Ok(Self { child: server.spawn().context("start postgres")?, folder })
    }

    #[allow(clippy::disallowed_methods, reason = "another program's state can only be polled")]
    fn connect(&self) -> Result<Client> {
        let url = format!("postgresql:///postgres?host={}&user={ACCOUNT}", self.folder.path().display());
        let begin = Instant::now();
        loop {
            match Client::connect(&url, NoTls) {
                Ok(client) => return Ok(client),
                Err(error) if begin.elapsed() > START => return Err(error).context("connect to postgres"),
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(id) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGINT);
        }
        let _ = self.child.wait();
    }
}

/// The program under an account that it accepts; it is told to end when we die.
fn as_account(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if geteuid().is_root() {
        command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}
