//! One PostgreSQL server in a temporary folder, bound to the life of this process.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ::postgres::{Client, NoTls};
use anyhow::{Context, Result, bail, ensure};
use nix::unistd::{User, geteuid};

use crate::poll;

/// Account of the operating system that the programs run as when the tests run as root, which they refuse.
const ACCOUNT: &str = "postgres";

/// Longest folder name in which a Unix socket's path (at most 107 bytes) still fits.
const MAX_FOLDER: usize = 80;

/// Waits until its standard input ends, which it does with the test process however that ends; then stops the server
/// and removes the folder. Arguments: the folder, then the command of the server.
const GUARD: &str = r#"
folder=$1; shift
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
read -r _
kill -INT "$server"
wait "$server"
rm -rf -- "$folder"
"#;

/// What every server gets; all else is as it is after an installation.
const SETTINGS: [&str; 3] = [
    "listen_addresses=",
    // Small containers have next to no shared memory for parallel queries.
    "max_parallel_workers_per_gather=0",
    "log_min_messages=error",
];

/// Statements need no crash safety in tests, and many tests connect at once.
const FOR_TESTS: [&str; 5] =
    ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300", "shared_buffers=32MB"];

/// A running server; its guard ends it when the process does.
pub(super) struct Server {
    /// URL of the maintenance database.
    pub(super) url: String,
    _guard: Child,
}

impl Server {
    /// Makes a database cluster and starts a server on it; takes about two seconds. Either it is quick and careless, for
    /// tests, or it is as it is after an installation.
    pub(super) fn start(for_tests: bool) -> Result<Self> {
        let programs = find_programs()?;
        let folder = make_folder()?;
        let data = folder.join("data");
        let started = init(&programs, &data).and_then(|()| spawn(&programs, &data, &folder, for_tests));
        let guard = match started {
            Ok(guard) => guard,
            Err(error) => {
                let _ = fs::remove_dir_all(&folder);
                return Err(error);
            }
        };
        let server =
            Self { url: format!("postgresql:///postgres?host={}&user={ACCOUNT}", folder.display()), _guard: guard };
        server.wait(&folder)?;
        Ok(server)
    }

    fn wait(&self, folder: &Path) -> Result<()> {
        let url = &self.url;
        let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
        let ready = poll(60, || {
            let connected = super::on_own_thread(|| Client::connect(url, NoTls).is_ok());
            ensure!(connected || !log().contains("FATAL:  could not"), "the server ended at once: {}", log());
            Ok(connected.then_some(()))
        })?;
        ready.with_context(|| format!("the server did not answer within 60 s: {}", log()))
    }
}

/// Folder of the server programs of the newest version.
fn find_programs() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter(|entry| entry.path().join("bin/initdb").exists())
        .max_by_key(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    match newest {
        Some(entry) => Ok(entry.path().join("bin")),
        None => bail!("there is no /usr/lib/postgresql/*/bin/initdb; run `cargo xtask setup`"),
    }
}

/// An empty folder with a short name that only the server's account may enter.
fn make_folder() -> Result<PathBuf> {
    let parent = std::env::temp_dir();
    let parent = if parent.as_os_str().len() > MAX_FOLDER - 20 { PathBuf::from("/tmp") } else { parent };
    let folder = tempfile::Builder::new()
        .prefix("stoker-pg-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(&parent)
        .with_context(|| format!("create a folder in {}", parent.display()))?;
    if geteuid().is_root() {
        let account = User::from_name(ACCOUNT).ok().flatten();
        let account = account.with_context(|| format!("there is no account {ACCOUNT}; run `cargo xtask setup`"))?;
        chown(folder.path(), Some(account.uid.as_raw()), Some(account.gid.as_raw()))
            .with_context(|| format!("give {} to {ACCOUNT}", folder.path().display()))?;
    }
    // Removed by the guard, because destructors of statics never run.
    Ok(folder.keep())
}

fn init(programs: &Path, data: &Path) -> Result<()> {
    let output = as_account(&programs.join("initdb"))
        .arg("-D")
        .arg(data)
        .args(["-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"])
        // As on most servers, and so that a list whose order hangs on the collation shows itself.
        .args(["--locale-provider=icu", "--icu-locale=en-US"])
        .stdin(Stdio::null())
        .current_dir("/")
        .output()
        .context("run initdb")?;
    ensure!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    Ok(())
}

fn spawn(programs: &Path, data: &Path, folder: &Path, for_tests: bool) -> Result<Child> {
    let mut server = as_account(&programs.join("postgres"));
    server.arg("-D").arg(data).arg("-k").arg(folder);
    let more: &[&str] = if for_tests { &FOR_TESTS } else { &[] };
    for setting in SETTINGS.iter().chain(more) {
        server.args(["-c", setting]);
    }
    Command::new("sh")
        .args(["-c", GUARD, "sh"])
        .arg(folder)
        .arg(server.get_program())
        .args(server.get_args())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Out of reach of an interrupt that the terminal sends to the tests: the guard has to clean up after them.
        .process_group(0)
        .spawn()
        .context("start the server")
}

/// The program, as an account that it accepts; it gets an immediate shutdown when the process that starts it dies.
fn as_account(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if geteuid().is_root() {
        command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}
