//! A PostgreSQL server of a test's own that can be killed.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use tempfile::TempDir;

use super::stage::eventually;

const ACCOUNT: &str = "postgres";

/// A server and its data. Killed when dropped.
pub(super) struct Postgres {
    folder: TempDir,
    child: Option<Child>,
}

impl Postgres {
    /// Makes a database cluster and starts a server on it.
    pub(super) async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("stoker-pgf-").tempdir_in("/tmp").expect("a folder");
        if geteuid().is_root() {
            let account =
                User::from_name(ACCOUNT).ok().flatten().expect("an account postgres: run `cargo xtask setup`");
            chown(folder.path(), Some(account.uid.as_raw()), Some(account.gid.as_raw())).expect("give the folder away");
        }
        let output = as_account("initdb")
            .arg("-D")
            .arg(folder.path().join("data"))
            .args(["-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
            .current_dir("/")
            .output()
            .expect("run initdb");
        assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        let mut server = Self { folder, child: None };
        server.again().await;
        server
    }

    pub(super) fn url(&self) -> String {
        format!("postgresql:///postgres?host={}&user={ACCOUNT}", self.folder.path().display())
    }

    /// Starts it again after a kill.
    pub(super) async fn again(&mut self) {
        let log = File::options().create(true).append(true).open(self.log()).expect("its log");
        let mut command = as_account("postgres");
        command.arg("-D").arg(self.folder.path().join("data")).arg("-k").arg(self.folder.path());
        // What a killed server had acknowledged must be there: only the disk itself is trusted here.
        for setting in ["listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=32MB"] {
            command.args(["-c", setting]);
        }
        command.current_dir("/").stdin(Stdio::null()).stdout(log.try_clone().expect("the log twice")).stderr(log);
        self.child = Some(command.process_group(0).spawn().expect("start postgres"));
        let ready = as_account_path("pg_isready");
        let folder = self.folder.path().to_owned();
        let log = self.log();
        let what = format!("postgres to be ready: {}", log.display());
        eventually(60, &what, async || {
            let status = Command::new(&ready).args(["-q", "-h"]).arg(&folder).status().ok()?;
            status.success().then_some(())
        })
        .await;
    }

    /// Kills the server and all its children at once.
    pub(super) fn kill9(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let group = i32::try_from(child.id()).expect("a process id");
        let _ = kill(Pid::from_raw(-group), Signal::SIGKILL);
        let _ = child.wait();
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .max_by_key(|bin| bin.parent().and_then(Path::file_name)?.to_str()?.parse::<u32>().ok());
    newest.expect("PostgreSQL below /usr/lib/postgresql: run `cargo xtask setup`")
}

fn as_account_path(name: &str) -> PathBuf {
    programs().join(name)
}

fn as_account(name: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if geteuid().is_root() {
        command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]);
    }
    command.arg("--").arg(as_account_path(name));
    command
}
