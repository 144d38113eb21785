//! The statistics channel of Java jobs: a job connects to a port of its own run and says how many rows went over each
//! link (source: recorded). What it says goes to the server as totals, now and then and at the end.
//!
//! Jobs of other kinds, jobs built without statistics, and servers that do not want the numbers cost nothing.

mod totals;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stoker_jobzip::{Flow, Kind, Manifest};
use stoker_wire::{Report, RunEpoch};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::artifacts::Artifact;
use crate::engine::Engine;
use crate::logs::Stage;
use crate::sender::{Acknowledge, Item};
use totals::Totals;

/// Pause between two reports of a run whose numbers change.
const PAUSE: Duration = Duration::from_secs(5);
/// How long what an ended job has written is waited for. Its processes are gone by then, so there is an end to read.
const GRACE: Duration = Duration::from_millis(500);
/// Most connections at once; one for each Java machine of the run.
const CONNECTIONS: usize = 64;
/// Longest line, in bytes; what is longer is passed over.
const LINE: usize = 4096;
/// Most lines of one connection: at a line a second and link far more than the longest runs that are measured have.
const LINES: u64 = 1 << 32;

/// The port of one run, before its job starts.
pub(crate) struct Statistics {
    listener: TcpListener,
    port: u16,
}

/// What the readers of all connections share.
type Shared = Arc<Mutex<Totals>>;

fn locked(totals: &Shared) -> MutexGuard<'_, Totals> {
    totals.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Statistics {
    /// A port for a job that has something to say; nothing for others. Without a port a run goes on all the same.
    pub(crate) async fn listen(engine: &Engine, manifest: &Manifest) -> Option<Self> {
        if manifest.kind != Kind::Java || !manifest.launch.statistics || !engine.wants_components() {
            return None;
        }
        let opened = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        match opened.and_then(|listener| Ok((listener.local_addr()?.port(), listener))) {
            Ok((port, listener)) => Some(Self { listener, port }),
            Err(error) => {
                tracing::warn!(%error, "cannot listen for the statistics of a job; its rows are not counted");
                None
            }
        }
    }

    /// Where the job connects to on this machine.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Listens to the job until it has ended, and reports. Gives the number of rows that were rejected.
    pub(crate) async fn collect(
        self,
        engine: &Engine,
        key: &RunEpoch,
        artifact: Option<&Arc<Artifact>>,
        mut stages: watch::Receiver<Stage>,
    ) -> i64 {
        let totals = Shared::default();
        let seen = stages.clone();
        let mut readers = JoinSet::new();
        let mut machines = 0;
        let mut flows = None;
        let mut due = tokio::time::Instant::now() + PAUSE;
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if readers.len() < CONNECTIONS => match accepted {
                    Ok((stream, _)) => {
                        readers.spawn(read(stream, machines, Arc::clone(&totals), engine.clone()));
                        machines += 1;
                    }
                    Err(error) => {
                        tracing::debug!(%error, "a connection of a job failed");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = readers.join_next() => {}
                () = tokio::time::sleep_until(due) => {
                    due = tokio::time::Instant::now() + PAUSE;
                    if *seen.borrow() != Stage::Starting {
                        report(engine, key, artifact, &totals, &mut flows).await;
                    }
                }
                () = ended(&mut stages) => break,
            }
        }
        let rest = async {
            // A job may have connected and ended before anybody looked.
            while let Ok(Ok((stream, _))) = tokio::time::timeout(Duration::ZERO, self.listener.accept()).await {
                readers.spawn(read(stream, machines, Arc::clone(&totals), engine.clone()));
                machines += 1;
            }
            while readers.join_next().await.is_some() {}
        };
        if tokio::time::timeout(GRACE, rest).await.is_err() {
            tracing::debug!(run = key.run, "the statistics of an ended job have no end; the rest is left out");
        }
        report(engine, key, artifact, &totals, &mut flows).await;
        let rejected = locked(&totals).components(flows.as_ref().unwrap_or(&BTreeMap::new())).rejected;
        rejected.unwrap_or_default()
    }
}

/// Waits until the job has ended.
async fn ended(stages: &mut watch::Receiver<Stage>) {
    let _ = stages.wait_for(|stage| matches!(stage, Stage::Ended(_))).await.map(drop);
}

/// Sends the totals if they changed. The designs are read once, when there is something to name.
async fn report(
    engine: &Engine,
    key: &RunEpoch,
    artifact: Option<&Arc<Artifact>>,
    totals: &Shared,
    flows: &mut Option<BTreeMap<String, Flow>>,
) {
    if !locked(totals).take_changed() || !engine.wants_components() {
        return;
    }
    if flows.is_none() {
        let wanted = artifact.map(Arc::clone);
        let read = move || match wanted {
            Some(artifact) => stoker_jobzip::flows(&artifact.manifest, &artifact.content),
            None => Ok(BTreeMap::new()),
        };
        let found = tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other).flatten();
        *flows = Some(found.unwrap_or_else(|error| {
            tracing::warn!(run = key.run, %error, "cannot read the design of a job; its components have no names");
            BTreeMap::new()
        }));
    }
    let components = locked(totals).components(flows.as_ref().unwrap_or(&BTreeMap::new()));
    let report = Report::Components { run: key.run.clone(), epoch: key.epoch, components };
    engine.outbox().push(Item::new(report, Acknowledge::Nothing, None));
}

/// Reads the lines of one connection to its end.
async fn read(mut stream: TcpStream, machine: i64, totals: Shared, engine: Engine) {
    let (mut piece, mut line, mut skip, mut lines) = (vec![0; LINE], Vec::new(), false, 0u64);
    while let Ok(count @ 1..) = stream.read(&mut piece).await {
        let now_ms = engine.now_ms();
        let mut totals = locked(&totals);
        for byte in &piece[..count] {
            if *byte != b'\n' {
                skip |= line.len() >= LINE;
                if !skip {
                    line.push(*byte);
                }
                continue;
            }
            if !std::mem::take(&mut skip) {
                totals.line(machine, &line, now_ms);
            }
            line.clear();
            lines += 1;
        }
        drop(totals);
        if lines > LINES {
            return;
        }
    }
}
