//! One run of a program: how long it took, how much of the processors, and how much memory.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// How often the memory of a program is looked at; its peak never goes back, so only the last moment can be missed.
const LOOK: Duration = Duration::from_millis(1);

/// What one run of a program took.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    pub(super) wall: Duration,
    /// User and system time of the program and of what it started.
    pub(super) cpu: Duration,
}

/// Runs a program to its end, which must be good.
pub(super) fn timed(command: &mut Command) -> Result<Taken> {
    let before = children()?;
    let begin = Instant::now();
    let mut child = start(command)?;
    let status = child.wait().context("wait for the program")?;
    let wall = begin.elapsed();
    ensure!(status.success(), "{} ended with {status}", name(command));
    Ok(Taken { wall, cpu: children()?.saturating_sub(before) })
}

/// The most memory that a program had at once, in kilobytes. Runs it by itself, because looking costs time.
pub(super) async fn peak_kb(command: &mut Command) -> Result<u64> {
    let mut child = start(command)?;
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        // Between its end and our notice of it the program has no memory any more.
        let text = std::fs::read_to_string(Path::new(&path)).unwrap_or_default();
        let field = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(field.unwrap_or_default());
        if let Some(status) = child.try_wait().context("wait for the program")? {
            ensure!(status.success(), "{} ended with {status}", name(command));
            ensure!(peak > 0, "{} was too short to see its memory", name(command));
            return Ok(peak);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn start(command: &mut Command) -> Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().with_context(|| format!("start {}", name(command)))
}

fn name(command: &Command) -> String {
    Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// CPU time of all children that have ended.
fn children() -> Result<Duration> {
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).context("ask for the time of the children")?;
    let time = |value: TimeVal| {
        let micros = value.tv_sec() * 1_000_000 + value.tv_usec();
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    };
    Ok(time(used.user_time()) + time(used.system_time()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn time_and_memory_of_a_program_are_seen_and_a_bad_end_is_an_error() -> Result<()> {
        let busy = || {
            let mut sh = Command::new("sh");
            sh.args(["-c", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done"]);
            sh
        };
        let taken = timed(&mut busy())?;
        assert!(taken.cpu > Duration::ZERO && taken.wall > Duration::ZERO);
        assert!((200..100_000).contains(&peak_kb(&mut busy()).await?));
        assert!(timed(&mut Command::new("false")).is_err() && peak_kb(Command::new("sleep").arg("x")).await.is_err());
        Ok(())
    }
}
