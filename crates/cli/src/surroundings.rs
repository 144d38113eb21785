//! What the process was given, read once, so that everything else is a function of it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Variables, terminals and clock.
pub(crate) struct Surroundings {
    /// `STOKER_URL`, when it is not empty.
    pub(crate) url: Option<String>,
    /// `STOKER_TOKEN`, when it is not empty.
    pub(crate) token: Option<String>,
    /// Where contexts are saved; `None` when the system names no home folder.
    pub(crate) config_file: Option<PathBuf>,
    /// Zone for times that people read.
    pub(crate) zone: TimeZone,
    /// Whether somebody may be asked.
    pub(crate) stdin_is_terminal: bool,
    /// Whether data is read by a person.
    pub(crate) stdout_is_terminal: bool,
    /// Whether progress can be drawn.
    pub(crate) stderr_is_terminal: bool,
    /// The clock.
    pub(crate) now: fn() -> Timestamp,
}

impl Surroundings {
    pub(crate) fn of_this_process() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
        Self {
            url: text("STOKER_URL"),
            token: text("STOKER_TOKEN"),
            config_file: home.map(|home| home.join("stoker").join("config.json")),
            zone: TimeZone::system(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            now: system_now,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where this program reads the system clock")]
fn system_now() -> Timestamp {
    Timestamp::now()
}
