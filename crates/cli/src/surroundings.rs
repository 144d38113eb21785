//! What the process was given, read once, so that everything else is a function of it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Instant;

/// Variables, terminals and clock.
pub(crate) struct Surroundings {
    /// `STOKER_URL`, when it is not empty.
    pub(crate) url: Option<String>,
    /// `STOKER_TOKEN`, when it is not empty.
    pub(crate) token: Option<String>,
    /// Values for private variables of API tests, by what follows `STOKER_TEST_SECRET_`.
    pub(crate) test_secrets: BTreeMap<String, String>,
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
    /// A clock for durations.
    pub(crate) monotonic: fn() -> Instant,
}

/// Beginning of the variables that hold [`Surroundings::test_secrets`].
const TEST_SECRET: &str = "STOKER_TEST_SECRET_";

impl Surroundings {
    pub(crate) fn of_this_process() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
        Self {
            url: text("STOKER_URL"),
            token: text("STOKER_TOKEN"),
            test_secrets: std::env::vars_os()
                .filter_map(|(name, value)| {
                    let name = name.to_str()?.strip_prefix(TEST_SECRET)?.to_owned();
                    Some((name, value.into_string().ok()?))
                })
                .collect(),
            config_file: home.map(|home| home.join("stoker").join("config.json")),
            zone: TimeZone::system(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            now: system_now,
            monotonic: Instant::now,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where this program reads the system clock")]
fn system_now() -> Timestamp {
    Timestamp::now()
}
