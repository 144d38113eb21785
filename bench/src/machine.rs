//! The machine, its clock, its processes, and the build of the programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use stoker_testkit::programs::workspace_root;

/// Builds what is measured; cargo shows the progress.
pub(crate) fn build_programs() -> Result<()> {
    eprintln!("building server, engine and command line (release); the first time takes some minutes");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .args(["build", "--release", "-p", "stoker-server", "-p", "stoker-engine", "-p", "stoker-cli"])
        .current_dir(workspace_root());
    for (name, _) in std::env::vars_os() {
        // What cargo told this program about its package would look like changed settings of build scripts there.
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            build.env_remove(&name);
        }
    }
    let status = build.status().context("start cargo")?;
    ensure!(status.success(), "build the programs: cargo ended with {status}");
    Ok(())
}

/// Where the table goes unless told otherwise.
pub(crate) fn results_file() -> PathBuf {
    workspace_root().join("bench/results.md")
}

/// Wall clock in milliseconds since 1970, as the programs on the same machine read it.
#[allow(clippy::disallowed_methods, reason = "the program is where the clock is read")]
pub(crate) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// One line about this machine and the date.
pub(crate) fn describe(date: Option<&str>) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = read("/proc/cpuinfo");
    let cpu =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("", |(_, name)| name);
    let kernel = read("/proc/sys/kernel/osrelease");
    let memory = read("/proc/meminfo");
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).and_then(kilobytes).unwrap_or_default();
    let today = || {
        let now = jiff::Timestamp::from_millisecond(wall_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        now.strftime("%Y-%m-%d").to_string()
    };
    let date = date.map_or_else(today, str::to_owned);
    let folder = std::env::temp_dir();
    format!(
        "{date}, {cores} cores ({cpu}), {:.0} GB, Linux {}, data on {}, load {} at the start. Client, server, engine and jobs \
         share these cores.",
        memory as f64 / 1048576.0,
        kernel.trim(),
        file_system(&folder),
        read("/proc/loadavg").split(' ').next().unwrap_or_default(),
    )
}

/// Kind of the file system that holds a folder. Without a journal ext4 avoids the inodes of files that were removed within
/// the last minute, so that many short-lived files cost more and more; such a machine is named.
fn file_system(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let holding = mounts.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [device, place, kind, ..] = fields[..] else { return None };
        folder.starts_with(place).then_some((place.len(), device, kind))
    });
    let Some((_, device, kind)) = holding.max_by_key(|(length, ..)| *length) else { return "?".to_owned() };
    let number = fs::canonicalize(device).unwrap_or_else(|_| device.into());
    let device = number.file_name().unwrap_or_default().to_string_lossy();
    let journals = fs::read_dir("/proc/fs/jbd2").into_iter().flatten().flatten();
    let journal =
        journals.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(&format!("{device}-")));
    if kind == "ext4" && !journal { "ext4 without journal".to_owned() } else { kind.to_owned() }
}

fn kilobytes(text: &str) -> Option<u64> {
    text.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Resident memory of a process in kilobytes: all of it, and the part that is not backed by files.
pub(crate) fn resident_kb(id: u32) -> Result<(u64, u64)> {
    let path = format!("/proc/{id}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("read {path}: the process has ended"))?;
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).and_then(kilobytes);
        value.with_context(|| format!("read {path}: it has no {name}"))
    };
    Ok((field("VmRSS")?, field("RssAnon")?))
}

/// A process and everything that descends from it, parents first.
pub(crate) fn family_of(id: u32) -> Vec<u32> {
    let mut family = vec![id];
    let mut index = 0;
    while let Some(id) = family.get(index) {
        let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
        let lists = threads.map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default());
        let children: Vec<u32> = lists.flat_map(|list| numbers(&list)).collect();
        family.extend(children);
        index += 1;
    }
    family
}

fn numbers(text: &str) -> Vec<u32> {
    text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// CPU time that a process has used so far, without its children.
pub(crate) fn cpu_time(id: u32) -> Result<Duration> {
    let path = format!("/proc/{id}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("read {path}: the process has ended"))?;
    // The name in brackets may hold blanks; user and system time are the 14th and 15th field, in hundredths of a second.
    let fields = text.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect::<Vec<_>>()).unwrap_or_default();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
    Ok(Duration::from_millis((ticks(11) + ticks(12)) * 10))
}

/// The share of all cores that was busy over a quarter of a second, in percent; for a moment in which we do nothing.
pub(crate) async fn busy_percent() -> f64 {
    let read = || {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let fields: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
        (
            fields.iter().sum::<u64>(),
            fields.get(3).copied().unwrap_or_default() + fields.get(4).copied().unwrap_or_default(),
        )
    };
    let (all, idle) = read();
    tokio::time::sleep(Duration::from_millis(250)).await;
    let (all_after, idle_after) = read();
    100.0 * (1.0 - (idle_after - idle) as f64 / (all_after - all).max(1) as f64)
}

/// Name of a process as the kernel shows it.
pub(crate) fn name_of(id: u32) -> String {
    fs::read_to_string(format!("/proc/{id}/comm")).map_or_else(|_| "?".to_owned(), |name| name.trim().to_owned())
}

/// Asks again and again until there is an answer, it fails, or the time is over.
pub(crate) async fn until<T>(
    what: &str,
    limit: Duration,
    pause: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let begin = std::time::Instant::now();
    loop {
        if let Some(answer) = ask().await.with_context(|| what.to_owned())? {
            return Ok(answer);
        }
        if begin.elapsed() > limit {
            bail!("{what}: not within {} s", limit.as_secs());
        }
        tokio::time::sleep(pause).await;
    }
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn interrupted() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    bail!("interrupted; everything that was started is ended and its folders are removed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_memory_is_plausible() -> Result<()> {
        let (all, anonymous) = resident_kb(std::process::id())?;
        assert!(all >= anonymous && (500..10_000_000).contains(&all), "{all} {anonymous}");
        assert!(resident_kb(u32::MAX).is_err());
        Ok(())
    }

    #[test]
    fn the_family_of_a_process_holds_its_children() -> Result<()> {
        let mut child = Command::new("cat").stdin(std::process::Stdio::piped()).spawn()?;
        let family = family_of(std::process::id());
        assert_eq!(family.first(), Some(&std::process::id()));
        assert!(family.contains(&child.id()), "{family:?}");
        drop(child.stdin.take());
        child.wait()?;
        Ok(())
    }

    #[tokio::test]
    async fn the_busy_share_is_a_percentage() {
        let busy = busy_percent().await;
        assert!((-1.0..=101.0).contains(&busy), "{busy}");
        assert!(cpu_time(std::process::id()).is_ok() && cpu_time(u32::MAX).is_err());
    }

    #[test]
    fn the_head_names_date_and_cores() {
        let head = describe(Some("2001-02-03"));
        assert!(head.starts_with("2001-02-03, ") && head.contains(" cores "), "{head}");
    }

    #[test]
    fn the_longest_mount_point_tells_the_file_system() {
        assert_eq!(file_system(Path::new("/proc/self")), "proc");
    }
}
