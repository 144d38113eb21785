//! What remains of a job whose shim was killed: finding it and ending it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use super::procfs::{self, Stat};
use super::record::{JobRecord, ShimRecord};
use super::{RUN_DIR_VARIABLE, sys};

/// How long killed processes may take to disappear.
const PATIENCE: Duration = Duration::from_secs(5);

/// Kills everything that belongs to the run of a dead shim and waits until it is gone. Answers how many processes it
/// killed. Blocking. Does nothing if the machine was booted since.
pub(super) fn kill(shim: &ShimRecord, job: Option<&JobRecord>) -> io::Result<usize> {
    if shim.boot_id != procfs::boot_id()? {
        return Ok(0);
    }
    let give_up_at = Instant::now() + PATIENCE;
    let mut killed = 0;
    // A process may fork between being seen and being killed, hence rounds.
    loop {
        let table = procfs::table()?;
        let handles: Vec<OwnedFd> = belonging(&table, shim, job)
            .filter_map(|stat| sys::signal_exact(stat.pid, stat.start_time, Signal::SIGKILL).ok().flatten())
            .collect();
        if handles.is_empty() {
            return Ok(killed);
        }
        killed += handles.len();
        for handle in &handles {
            await_end(handle, give_up_at);
        }
        if Instant::now() >= give_up_at {
            return Ok(killed);
        }
    }
}

fn await_end(handle: &OwnedFd, until: Instant) {
    let left = until.saturating_duration_since(Instant::now()).as_millis();
    let limit = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
    // A failed or cut-short wait only means that the next round comes sooner.
    let _ = poll(&mut [PollFd::new(handle.as_fd(), PollFlags::POLLIN)], limit);
}

/// The living processes of the run: in the shim's session, in the job's group, or marked with the run folder.
fn belonging<'a>(
    table: &'a [Stat],
    shim: &'a ShimRecord,
    job: Option<&'a JobRecord>,
) -> impl Iterator<Item = &'a Stat> {
    let own = |pid: i32, start_time: u64| table.iter().any(|stat| stat.pid == pid && stat.start_time == start_time);
    // A number in use as a session's is not given to a new process. If a stranger has the shim's, no process of the
    // shim's session was left at that moment, and a session of that number is the stranger's.
    let recycled = table.iter().any(|stat| stat.pid == shim.pid && stat.start_time != shim.start_time);
    let group = job.filter(|job| own(job.pid, job.start_time)).map(|job| job.pgid);
    table.iter().filter(move |stat| {
        stat.is_alive()
            && stat.pid != shim.pid
            && stat.start_time >= shim.start_time
            && (!recycled && stat.session == shim.pid
                || group == Some(stat.group)
                || procfs::has_variable(stat.pid, RUN_DIR_VARIABLE, &shim.run_dir))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, session: i32, start_time: u64) -> Stat {
        // Numbers beyond the kernel's limit of 2^22, so that no real environment is looked at.
        Stat {
            pid: pid + 5_000_000,
            parent: 1,
            group: pid + 5_000_000,
            session: session + 5_000_000,
            state: b'S',
            start_time,
        }
    }

    fn shim() -> ShimRecord {
        ShimRecord { pid: 5_000_010, start_time: 100, boot_id: "b".into(), run_dir: "/r".into() }
    }

    fn found(table: &[Stat], job: Option<&JobRecord>) -> Vec<i32> {
        belonging(table, &shim(), job).map(|stat| stat.pid - 5_000_000).collect()
    }

    #[test]
    fn session_of_the_dead_shim_is_found_and_strangers_are_not() {
        let dead = Stat { state: b'Z', ..process(14, 10, 101) };
        let table = [process(11, 10, 101), process(12, 9, 101), process(13, 10, 99), dead];
        assert_eq!(found(&table, None), [11]);
    }

    #[test]
    fn recycled_session_number_protects_the_new_session() {
        let table = [process(10, 10, 500), process(11, 10, 501)];
        assert_eq!(found(&table, None), [] as [i32; 0]);
    }

    #[test]
    fn group_counts_only_while_its_leader_is_the_recorded_one() {
        let member = Stat { group: 5_000_020, ..process(21, 3, 130) };
        let job = JobRecord { pid: 5_000_020, start_time: 120, pgid: 5_000_020, started_ms: 0 };
        assert_eq!(found(&[process(20, 3, 120), member], Some(&job)), [20, 21]);
        assert_eq!(found(&[process(20, 3, 125), member], Some(&job)), [] as [i32; 0]);
    }
}
