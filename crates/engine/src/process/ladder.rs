//! Looking after a running job: stop ladder, end, and the removal of whatever the job leaves behind.
//!
//! The job's first process is not reaped before everything else is gone. Its number, which is also the number of its
//! process group, stays reserved that long, so a signal to the group can never hit a stranger.

use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, killpg};
use nix::unistd::Pid;

use super::procfs::{self, Stat};
use super::sys::{self, Child, Ended};

/// How long a killed process may take to disappear before it is given up as unkillable.
const KILL_PATIENCE: Duration = Duration::from_secs(5);
/// How often killed leftovers are looked for again, as one may just have forked.
const KILL_ROUND: Duration = Duration::from_millis(20);

/// How the job ended and what it took.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) ended: Ended,
    pub(super) ended_ms: i64,
    pub(super) stop_requested: bool,
    pub(super) killed: bool,
    pub(super) leftovers: u32,
    pub(super) survivors: u32,
}

/// The signals a shim waits for; all must be blocked.
pub(super) fn signals() -> SigSet {
    [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGUSR1].into_iter().collect()
}

/// Graces of one job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Graces {
    /// Between the polite signal of a stop and the kill.
    pub(super) stop: Duration,
    /// The same for what an ended job left behind.
    pub(super) leftovers: Duration,
}

/// Waits for the job whose first process is `leader`, obeying stop and kill requests, and clears up after it.
pub(super) fn supervise(leader: i32, own_pid: i32, graces: Graces, now_ms: fn() -> i64) -> io::Result<Ending> {
    let mut stop = Stop { requested: false, killed: false, deadline: None };
    let ended = loop {
        match sys::peek_child()? {
            Child::Ended(pid, ended) if pid == leader => break ended,
            // A process whose parent ended before it was handed to us; it is no business of the run's result.
            Child::Ended(pid, _) => sys::reap(pid),
            Child::AllRun => stop.wait(leader, graces.stop),
            Child::NoneLeft => return Err(io::Error::from_raw_os_error(libc::ECHILD)),
        }
    };
    let ended_ms = now_ms();
    // Who asked for a kill does not want to wait for the leftovers either.
    let grace = if stop.killed { Duration::ZERO } else { graces.leftovers };
    let (leftovers, survivors) = clear(leader, own_pid, grace)?;
    sys::reap(leader);
    Ok(Ending { ended, ended_ms, stop_requested: stop.requested, killed: stop.killed, leftovers, survivors })
}

/// State of the stop ladder.
struct Stop {
    requested: bool,
    killed: bool,
    /// When the grace runs out; gone once the job was killed.
    deadline: Option<Instant>,
}

impl Stop {
    /// Waits for the next signal or the end of the grace, and acts on it.
    fn wait(&mut self, leader: i32, grace: Duration) {
        let limit = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        match sys::wait_signal(&signals(), limit) {
            Some(libc::SIGTERM) if !self.requested => {
                self.requested = true;
                self.deadline = Instant::now().checked_add(grace);
                ask_group(leader);
            }
            Some(libc::SIGUSR1) => {
                self.requested = true;
                self.kill(leader);
            }
            None if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) => self.kill(leader),
            _ => {}
        }
    }

    fn kill(&mut self, leader: i32) {
        self.killed = true;
        self.deadline = None;
        let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
    }
}

/// The polite signal, and a nudge for what is halted and could not act on it.
fn ask_group(leader: i32) {
    let _ = killpg(Pid::from_raw(leader), Signal::SIGTERM);
    let _ = killpg(Pid::from_raw(leader), Signal::SIGCONT);
}

/// Ends everything the ended job left behind. Answers how many processes that were and how many withstood.
fn clear(leader: i32, own_pid: i32, grace: Duration) -> io::Result<(u32, u32)> {
    if !others_left(leader, own_pid)? {
        return Ok((0, 0));
    }
    let left = living(leader, own_pid)?;
    let leftovers = u32::try_from(left.len()).unwrap_or(u32::MAX);
    ask_group(leader);
    for stat in left.iter().filter(|stat| stat.group != leader) {
        let _ = sys::signal_exact(stat.pid, stat.start_time, Signal::SIGTERM);
        let _ = sys::signal_exact(stat.pid, stat.start_time, Signal::SIGCONT);
    }
    let kill_at = Instant::now() + grace;
    while others_left(leader, own_pid)? {
        let limit = kill_at.saturating_duration_since(Instant::now());
        if limit.is_zero() || sys::wait_signal(&signals(), Some(limit)) == Some(libc::SIGUSR1) {
            return Ok((leftovers, kill_all(leader, own_pid)?));
        }
    }
    Ok((leftovers, 0))
}

/// Kills in rounds until nothing is left. Answers how many processes withstood.
fn kill_all(leader: i32, own_pid: i32) -> io::Result<u32> {
    let give_up_at = Instant::now() + KILL_PATIENCE;
    while others_left(leader, own_pid)? {
        let left = living(leader, own_pid)?;
        if Instant::now() >= give_up_at {
            return Ok(u32::try_from(left.len()).unwrap_or(u32::MAX));
        }
        let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
        for stat in left.iter().filter(|stat| stat.group != leader) {
            let _ = sys::signal_exact(stat.pid, stat.start_time, Signal::SIGKILL);
        }
        sys::wait_signal(&signals(), Some(KILL_ROUND));
    }
    Ok(0)
}

/// Reaps ended children other than the leader, then says whether any child but the leader is left.
///
/// With the leader gone every other process of the job is a child of the shim, or below one.
fn others_left(leader: i32, own_pid: i32) -> io::Result<bool> {
    let others =
        || procfs::children(own_pid).map(|pids| pids.into_iter().filter(|pid| *pid != leader).collect::<Vec<_>>());
    for pid in others()? {
        sys::reap(pid);
    }
    Ok(!others()?.is_empty())
}

/// The living processes below the shim, without the leader.
fn living(leader: i32, own_pid: i32) -> io::Result<Vec<Stat>> {
    let mut below = procfs::descendants(&procfs::table()?, own_pid);
    below.retain(|stat| stat.pid != leader && stat.is_alive());
    Ok(below)
}
