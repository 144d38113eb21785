//! The journal: which runs this engine has accepted and not yet been told to forget.
//!
//! One file, one JSON object a line, appended by one thread. An accepted offer is forced to disk before its job may
//! start; many offers share one force. Forgetting is forced lazily. A line that a crash cut off counts as not written.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use stoker_wire::{Offer, RunEpoch};
use tokio::sync::oneshot;

use crate::error::{EngineError, at};
use crate::home;

/// Longest time a forgotten run may wait for somebody else's force.
const LAZY: Duration = Duration::from_millis(500);
/// Size above which the file is written anew when most of it is history, in bytes.
const COMPACT_ABOVE: u64 = 4 << 20;

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
enum Line {
    /// A run of the machine begins, after which the lines were written.
    Boot { id: String },
    /// An offer was accepted.
    Offer { offer: Box<Offer> },
    /// The server has acknowledged the end, or told us to forget.
    Forgotten { run: String, epoch: i64 },
}

/// An accepted run that the server still expects to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfinished {
    /// Its offer.
    pub(crate) offer: Offer,
    /// Whether the machine was booted since: then nothing that was not forced to disk can be relied upon.
    pub(crate) rebooted: bool,
}

/// The journal could not be written.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot write the engine's journal: {problem}; check that the disk is not full")]
pub(crate) struct JournalError {
    problem: String,
}

#[derive(Debug)]
enum What {
    /// Note this line of an offer, and force it to disk.
    Offer(RunEpoch, String),
    /// Note that the run is over.
    Forget(RunEpoch),
    /// Force what was noted to disk.
    Sync,
}

/// Handle on the journal's thread. Cheap to clone; the thread ends with the last handle.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    orders: Sender<Order>,
}

#[derive(Debug)]
struct Order {
    what: What,
    done: oneshot::Sender<Result<(), JournalError>>,
}

impl Journal {
    /// Reads the file, writes it anew without its history, and starts the thread. `boot_id` names the machine's boot.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub(crate) fn open(path: &Path, boot_id: &str) -> Result<(Self, Vec<Unfinished>), EngineError> {
        let unfinished = replay(path, boot_id).map_err(at(path))?;
        let mut writer = Writer { path: path.to_owned(), live: BTreeMap::new(), file: None, length: 0, torn: false };
        for run in &unfinished {
            let boot = if run.rebooted { "before" } else { boot_id };
            writer.live.insert(key(&run.offer), (boot.to_owned(), offer_line(&run.offer)));
        }
        writer.compact(boot_id).map_err(at(path))?;
        let (orders, received) = channel();
        let boot_id = boot_id.to_owned();
        let thread = std::thread::Builder::new().name("journal".into());
        thread.spawn(move || writer.work(&received, &boot_id)).map_err(at(path))?;
        Ok((Self { orders }, unfinished))
    }

    /// Notes an accepted offer; on disk when this returns.
    ///
    /// # Errors
    /// [`JournalError`]; the job must not be started then.
    pub(crate) async fn offered(&self, offer: &Offer) -> Result<(), JournalError> {
        self.order(What::Offer(key(offer), offer_line(offer))).await
    }

    /// Notes that a run is over for the server; on disk when this returns.
    ///
    /// # Errors
    /// [`JournalError`]; the run folder must stay then.
    pub(crate) async fn forgotten(&self, key: &RunEpoch) -> Result<(), JournalError> {
        self.order(What::Forget(key.clone())).await
    }

    /// Forces everything to disk that waits for it.
    ///
    /// # Errors
    /// [`JournalError`].
    pub(crate) async fn sync(&self) -> Result<(), JournalError> {
        self.order(What::Sync).await
    }

    async fn order(&self, what: What) -> Result<(), JournalError> {
        let (done, answer) = oneshot::channel();
        let ended = || JournalError { problem: "its thread has ended".into() };
        self.orders.send(Order { what, done }).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}

fn key(offer: &Offer) -> RunEpoch {
    RunEpoch { run: offer.run.clone(), epoch: offer.epoch }
}

fn line(line: &Line) -> String {
    // Strings and numbers only: cannot fail.
    serde_json::to_string(line).unwrap_or_default() + "\n"
}

fn offer_line(offer: &Offer) -> String {
    line(&Line::Offer { offer: Box::new(offer.clone()) })
}

fn replay(path: &Path, boot_id: &str) -> io::Result<Vec<Unfinished>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut unfinished: Vec<Unfinished> = Vec::new();
    let mut rebooted = true;
    let mut damaged = 0;
    for text in bytes.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()) {
        match serde_json::from_slice(text) {
            Ok(Line::Boot { id }) => rebooted = id.is_empty() || id != boot_id,
            Ok(Line::Offer { offer }) => {
                unfinished.retain(|known| key(&known.offer) != key(&offer));
                unfinished.push(Unfinished { offer: *offer, rebooted });
            }
            Ok(Line::Forgotten { run, epoch }) => {
                unfinished.retain(|known| (known.offer.run.as_str(), known.offer.epoch) != (&run, epoch));
            }
            Err(_) => damaged += 1,
        }
    }
    // The last line is cut off by a crash while it is written; that is no loss.
    if damaged > 1 || (damaged == 1 && bytes.ends_with(b"\n")) {
        tracing::warn!(path = %path.display(), lines = damaged, "left out damaged lines of the journal");
    }
    Ok(unfinished)
}

/// What the thread owns.
struct Writer {
    path: PathBuf,
    /// Boot and line of every run that is not forgotten.
    live: BTreeMap<RunEpoch, (String, String)>,
    file: Option<File>,
    length: u64,
    /// Whether the file may end in a part of a line.
    torn: bool,
}

impl Writer {
    fn work(mut self, orders: &Receiver<Order>, boot_id: &str) {
        let mut lazy: Vec<Order> = Vec::new();
        let mut due: Option<Instant> = None;
        loop {
            let first = match due {
                None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => orders.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            let mut batch: Vec<Order> = match first {
                Ok(order) => std::iter::once(order).chain(orders.try_iter()).collect(),
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let urgent = batch.iter().any(|order| !matches!(order.what, What::Forget(_)));
            if let Err(error) = self.append(&batch, boot_id) {
                answer(batch, &Err(JournalError { problem: error.to_string() }));
                continue;
            }
            lazy.append(&mut batch);
            if urgent || due.is_some_and(|due| due <= Instant::now()) {
                let result = self.sync().map_err(|error| JournalError { problem: error.to_string() });
                answer(std::mem::take(&mut lazy), &result);
                due = None;
            } else if due.is_none() && !lazy.is_empty() {
                due = Some(Instant::now() + LAZY);
            }
        }
    }

    fn append(&mut self, batch: &[Order], boot_id: &str) -> io::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        if self.torn {
            text.push('\n');
        }
        for order in batch {
            match &order.what {
                What::Offer(key, offer) => {
                    text.push_str(offer);
                    self.live.insert(key.clone(), (boot_id.to_owned(), offer.clone()));
                }
                What::Forget(key) => {
                    text.push_str(&line(&Line::Forgotten { run: key.run.clone(), epoch: key.epoch }));
                    self.live.remove(key);
                }
                What::Sync => {}
            }
        }
        let live: u64 = self.live.values().map(|(_, line)| line.len() as u64).sum();
        if self.file.is_none() || (self.length > COMPACT_ABOVE && live < self.length / 2) {
            return self.compact(boot_id);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        self.torn = true;
        file.write_all(text.as_bytes())?;
        self.torn = false;
        self.length += text.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }

    /// Writes the file anew with the live lines only, and on disk; what follows belongs to this boot.
    fn compact(&mut self, boot_id: &str) -> io::Result<()> {
        let mut text = String::new();
        let mut boot = None;
        for (id, offer) in self.live.values() {
            if boot.replace(id) != Some(id) {
                text.push_str(&line(&Line::Boot { id: id.clone() }));
            }
            text.push_str(offer);
        }
        text.push_str(&line(&Line::Boot { id: boot_id.to_owned() }));
        self.file = None;
        home::replace(&self.path, text.as_bytes(), true)?;
        self.file = Some(OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?);
        self.length = text.len() as u64;
        self.torn = false;
        Ok(())
    }
}

fn answer(orders: Vec<Order>, result: &Result<(), JournalError>) {
    for order in orders {
        // A run that ended meanwhile no longer waits.
        let _ = order.done.send(result.clone());
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
