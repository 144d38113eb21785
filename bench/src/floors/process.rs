//! Bare processes, and the moment at which one touches a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::stats::{Times, rate};

/// How long a process may take to its first act.
const PATIENCE: Duration = Duration::from_secs(30);

/// Script of a run that does nothing.
pub(crate) const NOTHING: &str = "#!/bin/sh\nexec /bin/true\n";

/// Tells the moments at which a file is opened.
pub(crate) struct Touches {
    file: PathBuf,
    moments: UnboundedReceiver<Instant>,
}

impl Touches {
    /// Makes the file and watches it. A thread takes the time as soon as the kernel tells of an open.
    pub(crate) fn of(file: PathBuf) -> Result<Self> {
        fs::write(&file, "").with_context(|| format!("make {}", file.display()))?;
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC).context("watch a file")?;
        inotify.add_watch(&file, AddWatchFlags::IN_OPEN).context("watch a file")?;
        let (sender, moments) = unbounded_channel();
        std::thread::Builder::new().name("touches".into()).spawn(move || {
            // Ends when nobody listens any more; the drop of the listener touches the file once more for that.
            while let Ok(events) = inotify.read_events() {
                let now = Instant::now();
                if events.iter().any(|_| sender.send(now).is_err()) {
                    break;
                }
            }
        })?;
        Ok(Self { file, moments })
    }

    /// A script that touches the file as its first act, and does nothing else.
    pub(crate) fn script(&self) -> String {
        format!("#!/bin/sh\n: > '{}'\n", self.file.display())
    }

    /// The next touch.
    pub(crate) async fn next(&mut self) -> Result<Instant> {
        let next = tokio::time::timeout(PATIENCE, self.moments.recv()).await;
        next.map_err(|_| anyhow!("wait for a job's first act: none within {} s", PATIENCE.as_secs()))?
            .context("wait for a job's first act: the watch has ended")
    }
}

impl Drop for Touches {
    fn drop(&mut self) {
        self.moments.close();
        let _ = fs::File::open(&self.file);
    }
}

fn command(script: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg(script).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Time from the start of a shell to the first act of its script.
pub(crate) async fn first_act(folder: &Path, samples: usize) -> Result<Times> {
    let mut touches = Touches::of(folder.join("touched"))?;
    let script = folder.join("first-act.sh");
    fs::write(&script, touches.script())?;
    let mut times = Vec::with_capacity(samples);
    for number in 0..samples + 10 {
        let begin = Instant::now();
        let mut child = command(&script).spawn().context("start a shell")?;
        let moment = touches.next().await?;
        child.wait().context("wait for a shell")?;
        if number >= 10 {
            times.push(moment.saturating_duration_since(begin));
        }
    }
    Ok(Times::new(times))
}

/// Processes from start to end.
pub(crate) struct Processes {
    /// Time of each.
    pub(crate) times: Times,
    /// In a second.
    pub(crate) rate: f64,
}

/// Starts a shell that becomes `/bin/true` and waits for its end, `count` times, `at_once` at the same time.
pub(crate) fn spawn_and_wait(folder: &Path, count: usize, at_once: usize) -> Result<Processes> {
    let script = folder.join("nothing.sh");
    fs::write(&script, NOTHING)?;
    let next = AtomicUsize::new(0);
    let begin = Instant::now();
    let work = || -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        while next.fetch_add(1, Ordering::Relaxed) < count {
            let begin = Instant::now();
            let status = command(&script).status().context("start a shell")?;
            times.push(begin.elapsed());
            ensure!(status.success(), "a bare process ended with {status}");
        }
        Ok(times)
    };
    let parts: Vec<Result<Vec<Duration>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("a thread panicked")))).collect()
    });
    let elapsed = begin.elapsed();
    let times = parts.into_iter().collect::<Result<Vec<_>>>()?.concat();
    Ok(Processes { times: Times::new(times), rate: rate(count, elapsed) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_act_is_timed_while_the_process_lives() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let times = first_act(folder.path(), 5).await?;
        assert!(times.quantile(0.0) > Duration::ZERO && times.quantile(1.0) < PATIENCE);
        Ok(())
    }

    #[test]
    fn all_processes_are_waited_for() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let done = spawn_and_wait(folder.path(), 9, 4)?;
        assert!(done.rate > 0.0 && done.times.quantile(0.0) > Duration::ZERO);
        Ok(())
    }
}
