//! What the engine tells `bin/status`, as a file.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::home::{self, Home};
use crate::table::Phase;

/// Shortest time between two writes.
const PAUSE: Duration = Duration::from_secs(1);

/// The content of `data/state.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct State {
    /// `starting`, `pairing`, `connecting`, `connected`, `stopped` or `failed`.
    pub state: String,
    /// Process number of the engine that wrote it.
    pub pid: u32,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Id of the engine entity; empty when it is not paired.
    pub engine_id: String,
    /// Name of the engine entity.
    pub name: String,
    /// The server.
    pub server: String,
    /// When the session was opened, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_ms: Option<i64>,
    /// Most runs at once; 0 or less is no limit.
    pub max_runs: i64,
    /// The runs that are here.
    pub runs: Vec<RunState>,
}

/// A run in [`State`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunState {
    /// The run.
    pub run: String,
    /// Name of its task.
    pub task: String,
    /// `waiting`, `preparing`, `running` or `reporting`.
    pub phase: String,
    /// Since when, milliseconds.
    pub since_ms: i64,
}

impl State {
    /// A state without runs.
    pub(crate) fn new(state: &str) -> Self {
        Self { state: state.to_owned(), pid: std::process::id(), ..Self::default() }
    }

    /// Puts the file in place; failing to is no reason to stop anything.
    pub(crate) fn write(&self, home: &Home) {
        let bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        if let Err(error) = home::replace(&home.state_file(), &bytes, false) {
            tracing::debug!(%error, "cannot write the state file");
        }
    }

    /// Reads the file, if there is one that can be understood.
    pub(crate) fn read(home: &Home) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(home.state_file()).ok()?).ok()
    }
}

/// The state of a running engine.
pub(crate) fn of(engine: &Engine) -> State {
    let session = engine.sessions().borrow().clone();
    let mut state = State::new(if session.is_some() { "connected" } else { "connecting" });
    let parts = engine.parts();
    state.engine_id.clone_from(&parts.identity.engine_id);
    state.name.clone_from(&parts.identity.name);
    state.server = engine.link().base().to_owned();
    state.connected_ms = session.map(|session| session.since_ms);
    state.max_runs = parts.config.max_runs;
    for (key, entry) in engine.table().entries() {
        let phase = match entry.phase {
            Phase::Waiting => "waiting",
            Phase::Preparing => "preparing",
            Phase::Running => "running",
            Phase::Ended => "reporting",
        };
        state.runs.push(RunState {
            run: key.run.clone(),
            task: entry.task_name.clone(),
            phase: phase.to_owned(),
            since_ms: entry.since_ms,
        });
    }
    state.runs.sort_by(|a, b| (a.since_ms, &a.run).cmp(&(b.since_ms, &b.run)));
    state
}

/// Keeps the file up to date for ever; an idle engine writes nothing.
pub(crate) async fn work(engine: Engine) {
    loop {
        let changed = engine.changed();
        tokio::pin!(changed);
        changed.as_mut().enable();
        of(&engine).write(&engine.parts().home);
        changed.await;
        tokio::time::sleep(PAUSE).await;
    }
}
