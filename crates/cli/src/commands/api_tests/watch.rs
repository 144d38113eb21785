//! `stoker test run --watch`: again after every change of a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::App;
use super::run::{RunArgs, once};
use crate::exit::{Exit, Failure, Result};
use crate::text::printable;

/// Most files that are looked at.
const WATCHED: usize = 20_000;
/// How often they are looked at. A change counts when nothing has changed since the last look.
const LOOK: Duration = Duration::from_millis(300);

/// Time and size of files.
type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Runs, waits for a change, and runs again, until Ctrl-C.
pub(super) async fn until_interrupted(app: &App, args: &RunArgs) -> Result<Exit> {
    // Heard also while files are read and reports are written.
    let mut interrupt = signal(SignalKind::interrupt())
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot listen to Ctrl-C: {error}")))?;
    let mut named = Vec::new();
    loop {
        let mut before = files(args, &named);
        named.clear();
        match once(app, args, &mut named).await {
            Ok(_) => {}
            Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
            // While somebody is writing, a file may be wrong for a moment.
            Err(failure) => drop(app.out.report(&failure)),
        }
        // What the project has only named now was not looked at before.
        for (file, about) in files(args, &named) {
            before.entry(file).or_insert(about);
        }
        app.out.note("waiting for changes; Ctrl-C ends");
        match changed(args, &named, before, &mut interrupt).await {
            Some(path) => app.out.note(&format!("\n{} changed", printable(&path.display().to_string()))),
            None => return Ok(Exit::Interrupted),
        }
    }
}

/// The first file that is new, other or gone, as soon as all files have rested for a moment; nothing after Ctrl-C.
async fn changed(args: &RunArgs, named: &[PathBuf], before: Seen, interrupt: &mut Signal) -> Option<PathBuf> {
    let mut last = before.clone();
    loop {
        tokio::select! {
            _ = interrupt.recv() => return None,
            () = tokio::time::sleep(LOOK) => {}
        }
        let now = files(args, named);
        if now == last
            && let Some(path) = difference(&before, &now)
        {
            return Some(path);
        }
        last = now;
    }
}

fn difference(before: &Seen, now: &Seen) -> Option<PathBuf> {
    let all: BTreeSet<&PathBuf> = before.keys().chain(now.keys()).collect();
    all.into_iter().find(|path| before.get(*path) != now.get(*path)).cloned()
}

/// What there is now. Hidden files and folders do not count, nor does what the run itself writes.
fn files(args: &RunArgs, named: &[PathBuf]) -> Seen {
    let written: BTreeSet<PathBuf> = args.written().filter_map(|file| file.canonicalize().ok()).collect();
    let mut found = Seen::new();
    let mut open: Vec<PathBuf> = args.watched().chain(named).cloned().collect();
    while let Some(path) = open.pop() {
        let Ok(about) = std::fs::metadata(&path) else { continue };
        if found.len() >= WATCHED {
            break;
        }
        if about.is_dir() {
            let inside = std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path());
            open.extend(inside.filter(|path| !hidden(path)));
        } else if written.is_empty() || !path.canonicalize().is_ok_and(|path| written.contains(&path)) {
            found.insert(path, (about.modified().ok(), about.len()));
        }
    }
    found
}

fn hidden(path: &Path) -> bool {
    path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'))
}
