//! What the scripts in `bin/` ask the engine's program: is it running, and stop it.

use std::fmt::Write as _;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::EngineError;
use crate::home::{Home, running_pid};
use crate::identity::IdentityFiles;
pub use crate::state::{RunState, State};

/// Pause between two looks at the engine.
const LOOK: Duration = Duration::from_millis(50);

/// What `bin/status` prints, and whether the engine runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether the engine runs.
    pub running: bool,
    /// Whether it gave up.
    pub failed: bool,
    /// The text, several lines.
    pub text: String,
}

/// Looks at the engine of a home. `now_ms` is the time now in milliseconds, for durations.
pub fn status(home: &Home, now_ms: i64) -> Status {
    let pid = running_pid(home);
    let state = State::read(home).unwrap_or_default();
    // A state that another process left says nothing about this one.
    let state = if pid.is_some_and(|pid| u32::try_from(pid) != Ok(state.pid)) { State::default() } else { state };
    let failed = pid.is_none() && state.state == "failed";
    let mut text = match pid {
        Some(pid) => format!("running, process {pid}\n"),
        None if failed => format!("not running: {}\n", state.message.as_deref().unwrap_or("it gave up")),
        None => "not running\n".to_owned(),
    };
    match IdentityFiles::of(home).read() {
        Ok(Some(identity)) => {
            let (name, id, server) = (identity.name, identity.engine_id, identity.server);
            let _ = writeln!(text, "paired as {name} ({id}) with {server}");
        }
        Ok(None) => text.push_str("not paired\n"),
        Err(error) => {
            let _ = writeln!(text, "{error}");
        }
    }
    if pid.is_some() {
        let server = if state.server.is_empty() { String::new() } else { format!(" {}", state.server) };
        let _ = match state.connected_ms {
            Some(since) => writeln!(text, "connected to{server} for {}", duration(now_ms - since)),
            None => writeln!(text, "{}{server}", if state.state.is_empty() { "starting" } else { &state.state }),
        };
        let limit = if state.max_runs > 0 { format!(" of at most {}", state.max_runs) } else { String::new() };
        let _ = writeln!(text, "runs: {}{limit}", state.runs.len());
        for run in &state.runs {
            let _ =
                writeln!(text, "  {}  {}  {} for {}", run.run, run.task, run.phase, duration(now_ms - run.since_ms));
        }
    }
    Status { running: pid.is_some(), failed, text }
}

fn duration(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Waits until an engine that was just started is connected, has given up, or `limit` has passed. One line for people,
/// and whether the engine runs.
pub async fn wait_until_up(home: &Home, limit: Duration) -> (bool, String) {
    let deadline = tokio::time::Instant::now() + limit;
    let log = home.log().join("remote-engine.log");
    let log = log.display();
    loop {
        let state = State::read(home).unwrap_or_default();
        let late = tokio::time::Instant::now() >= deadline;
        match (state.state.as_str(), running_pid(home)) {
            ("connected", Some(pid)) => {
                return (true, format!("started, process {pid}, connected to {} as {}", state.server, state.name));
            }
            ("failed", _) => return (false, format!("not started: {}", state.message.unwrap_or_default())),
            ("stopped", None) => return (false, format!("the engine has stopped again; see {log}")),
            (_, Some(pid)) if late => {
                return (true, format!("started, process {pid}, not connected yet ({}); see {log}", state.state));
            }
            (_, None) if late => return (false, format!("the engine did not start; see {log}")),
            _ => tokio::time::sleep(LOOK).await,
        }
    }
}

/// Asks the engine to stop and waits until it is gone, at most `limit`. With `now` its jobs are ended first, otherwise
/// they go on and the next engine takes them over. One line for people, and whether no engine runs any more.
///
/// # Errors
/// [`EngineError::File`] when the process cannot be signalled.
pub async fn stop(home: &Home, now: bool, limit: Duration) -> Result<(bool, String), EngineError> {
    let Some(pid) = running_pid(home) else { return Ok((true, "not running".to_owned())) };
    let signal = if now { Signal::SIGUSR1 } else { Signal::SIGTERM };
    match kill(Pid::from_raw(pid), signal) {
        Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
        Err(errno) => return Err(EngineError::File { path: home.pid_file(), source: errno.into() }),
    }
    let deadline = tokio::time::Instant::now() + limit;
    while running_pid(home) == Some(pid) {
        if tokio::time::Instant::now() >= deadline {
            return Ok((false, format!("process {pid} has not stopped within {} s", limit.as_secs())));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok((true, format!("stopped process {pid}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::HomeLock;

    #[test]
    fn status_tells_a_running_engine_from_a_failed_one() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path()).unwrap();
        home.create().unwrap();
        let none = status(&home, 0);
        assert_eq!((none.running, none.text.as_str()), (false, "not running\nnot paired\n"));
        State { message: Some("no key".into()), ..State::new("failed") }.write(&home);
        assert!(status(&home, 0).failed && status(&home, 0).text.starts_with("not running: no key\n"));
        let _lock = HomeLock::take(&home).unwrap();
        let run = RunState { run: "r1".into(), task: "Load".into(), phase: "running".into(), since_ms: 1_000 };
        let state = State {
            server: "http://s".into(),
            connected_ms: Some(0),
            max_runs: 3,
            runs: vec![run],
            ..State::new("connected")
        };
        state.write(&home);
        let text = status(&home, 3_601_000).text;
        assert!(
            text.contains(
                "connected to http://s for 1 h 0 min\nruns: 1 of at most 3\n  r1  Load  running for 1 h 0 min\n"
            ),
            "{text}"
        );
    }
}
