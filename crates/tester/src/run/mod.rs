//! Runs projects, scenarios and requests.
//!
//! Rules of the reference (`doc`): a container carries on after a failure, a scenario stops at its first request that is
//! not Ok; with assertions the status code does not count unless asserted, without any a status below 400 is Ok.
//! Parallel runs, rows of data, conditions, loops and values are ours. Requests of one scenario are never sent side by
//! side, and a scenario that refers to a response of an earlier one waits for it.

mod body;
mod budget;
mod cookies;
mod data;
mod events;
mod files;
mod gate;
mod judge;
mod mask;
mod one;
mod plan;
mod prepare;
mod report;
mod send;
mod session;
mod unit;
mod web_socket;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use budget::Budget;
pub use data::{DataRow, MAX_ROWS, bound_names, rows};
pub use files::{Files, Folder, MAX_FILE, NoFiles};
pub use gate::{Gate, Lookup, allowed};
pub use judge::{Judged, judged};
pub use mask::{MASK, masked};
pub use prepare::{Prepared, prepare, with_values};
pub use report::{RequestReport, RunReport, UnitReport};
pub use send::{SendOptions, Transport};
pub use session::Session;

use crate::effort::Effort;
use crate::exchange::Exchanges;
use crate::model::{CookieMode, Drive, Environment, Tls, Variables};
use crate::world::{Clock, Entropy};

/// Choices of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOptions {
    /// Variables that win over the environment.
    pub overrides: Variables,
    /// Values that private variables name; never shown.
    pub secrets: BTreeMap<String, String>,
    /// Path of names to run; empty: everything.
    pub only: Vec<String>,
    /// Id of the entity to run; wins over the path, and is exact where names are not.
    pub only_id: Option<String>,
    /// End the whole run at the first Failure or Error.
    pub stop_on_failure: bool,
    /// Time for each request on the wire.
    pub timeout: Duration,
    /// Follow redirects unless the request says otherwise.
    pub follow_redirects: bool,
    /// Add the headers that a browser would add.
    pub browser_headers: bool,
    /// Scenarios that may run side by side, at least 1.
    pub jobs: usize,
    /// Who shares cookies.
    pub cookies: CookieMode,
    /// Address of a proxy.
    pub proxy: Option<String>,
    /// TLS options for requests without their own.
    pub tls: Tls,
    /// Largest response body in bytes.
    pub max_body: usize,
    /// Keep requests and responses in the report; without them a long run needs little memory.
    pub keep_exchanges: bool,
    /// What the expressions and assertions of one request may cost together, in steps of [`Effort`].
    pub steps: u64,
    /// Most results in the report: requests, each as often as rows and loops repeat it.
    pub results: usize,
}

/// The defaults are those of the reference's runner (`doc`): 60 seconds, no redirects, headers of a browser.
impl Default for RunOptions {
    fn default() -> Self {
        Self {
            overrides: Variables::default(),
            secrets: BTreeMap::new(),
            only: Vec::new(),
            only_id: None,
            stop_on_failure: false,
            timeout: Duration::from_secs(60),
            follow_redirects: false,
            browser_headers: true,
            jobs: 1,
            cookies: CookieMode::Shared,
            proxy: None,
            tls: Tls::default(),
            max_body: 32 << 20,
            keep_exchanges: true,
            steps: Effort::STEPS,
            results: 2_000_000,
        }
    }
}

/// What happens during a run.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A request is about to be worked on.
    BeforeTest {
        /// Title of its scenario or container.
        unit: &'a str,
        /// Name of the request.
        name: &'a str,
    },
    /// A request has ended.
    AfterTest {
        /// Title of its scenario or container.
        unit: &'a str,
        /// Its report, secrets masked.
        report: &'a RequestReport,
    },
}

/// A run that cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// Nothing has this path.
    #[error("there is nothing at `{path}`{hint}")]
    Nothing {
        /// Names, joined by ` / `.
        path: String,
        /// What was probably meant.
        hint: String,
    },
    /// A private variable has no value here.
    #[error("the variable `{variable}` needs the secret `{secret}`; give its value to the run")]
    Secret {
        /// Name of the variable.
        variable: String,
        /// Name of the secret.
        secret: String,
    },
}

/// Everything that a run needs from outside.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    /// Time.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// Files that requests name.
    pub files: &'a dyn Files,
    /// The network.
    pub transport: &'a Transport,
    /// Is told what happens.
    pub observer: &'a (dyn Fn(Event<'_>) + Send + Sync),
    /// Is set by whoever wants the run to end. Computations see it at once; what is on the wire is given up by dropping
    /// the run.
    pub stop: &'a AtomicBool,
}

/// One run of a drive.
#[derive(Clone, Copy)]
pub struct Runner<'a> {
    /// What is run, and what expressions can name.
    pub drive: &'a Drive,
    /// Selected environment.
    pub environment: Option<&'a Environment>,
    /// Choices.
    pub options: &'a RunOptions,
    /// Where each entity is written, by id.
    pub places: &'a HashMap<String, String>,
    /// Earlier responses; newer ones are put there.
    pub exchanges: &'a Exchanges,
    /// Everything else.
    pub outside: Outside<'a>,
}

impl Runner<'_> {
    /// Runs everything that is selected, on the thread of the caller.
    ///
    /// # Errors
    /// [`RunError`] before the first request. What goes wrong later stands in the report.
    pub async fn run(&self) -> Result<RunReport, RunError> {
        let session = self.begin()?;
        session.work(self.outside.transport, self.options.jobs).await;
        Ok(session.report())
    }

    /// Makes everything ready for one or several threads to work on.
    ///
    /// # Errors
    /// As for [`Runner::run`].
    pub fn begin(&self) -> Result<Session<'_>, RunError> {
        let units = plan::units(self.drive, &self.options.only, self.options.only_id.as_deref())?;
        let (variables, secrets) = self.variables()?;
        Ok(Session::new(*self, units, variables, secrets))
    }

    /// Variables of the environment with their secrets, then the overrides; and all secret values.
    fn variables(&self) -> Result<(Variables, Vec<String>), RunError> {
        let overrides = &self.options.overrides;
        let mut variables = self.environment.map(Variables::of).unwrap_or_default();
        let mut secrets: Vec<String> = self.options.secrets.values().cloned().collect();
        for variable in self.environment.iter().flat_map(|environment| &environment.variables) {
            if !variable.is_on() || !variable.is_private() {
                continue;
            }
            let name = variable.secret.as_deref().unwrap_or(&variable.name);
            let value = overrides.get(&variable.name).or(self.options.secrets.get(name).map(String::as_str));
            match value.or(variable.value.as_deref()) {
                Some(value) => {
                    variables.set(&variable.name, value);
                    secrets.push(value.to_owned());
                }
                None => {
                    return Err(RunError::Secret { variable: variable.name.clone(), secret: name.to_owned() });
                }
            }
        }
        variables.overlay(overrides);
        Ok((variables, secrets))
    }
}
