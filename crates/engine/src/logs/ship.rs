//! Follows the output files of one run and hands chunks to the outbox.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stoker_domain::SharedClock;
use stoker_wire::chunk::{self, Line};
use stoker_wire::{Report, RunEpoch};
use tokio::sync::watch;

use super::cut::{Cut, MAX_LINE, MAX_TEXT, Outputs, Place};
use super::ledger::{Ledger, Pending};
use super::mask::Mask;
use crate::sender::{Acknowledge, Item, Outbox};

/// Pause between two looks at the files, and the longest one while nothing comes.
const LOOK: Duration = Duration::from_millis(200);
const QUIET_LOOK: Duration = Duration::from_millis(400);
/// How long a job that just started gets to end, so that a short run needs one chunk only.
const FIRST_LOOK: Duration = Duration::from_millis(100);
/// Below this many new bytes a cut is made at once, not on a thread of its own.
const SMALL: u64 = 16 << 10;
/// What a chunk needs besides its text, in bytes.
const OVERHEAD: u64 = 512;

/// How far the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Its start was not reported yet; the log has to wait.
    Starting,
    /// Its job runs.
    Running,
    /// Its job ended, at this time in milliseconds.
    Ended(i64),
}

/// The shipper of one run.
pub(crate) struct Shipper {
    key: RunEpoch,
    stdout: PathBuf,
    stderr: PathBuf,
    outputs: Outputs,
    mask: Arc<Mask>,
    outbox: Outbox,
    clock: SharedClock,
    ledger: Ledger,
    pending: Vec<Pending>,
    next_seq: i64,
    place: Place,
    last_ms: i64,
    /// Count of acknowledged chunks.
    acknowledged: Arc<AtomicI64>,
}

impl Shipper {
    /// The shipper of the run whose output and ledger lie in `folder`; goes on where an earlier engine stopped.
    pub(crate) fn new(
        key: RunEpoch,
        folder: &Path,
        mask: Arc<Mask>,
        outbox: Outbox,
        clock: SharedClock,
    ) -> io::Result<Self> {
        let path = folder.join("log");
        let recorded = Ledger::read(&path)?;
        let first = recorded.pending.first().map_or(recorded.next_seq, |chunk| chunk.seq);
        Ok(Self {
            key,
            stdout: folder.join("stdout"),
            stderr: folder.join("stderr"),
            outputs: Outputs::default(),
            mask,
            outbox,
            clock,
            ledger: Ledger::new(path),
            pending: recorded.pending,
            next_seq: recorded.next_seq,
            place: recorded.place,
            last_ms: 0,
            acknowledged: Arc::new(AtomicI64::new(first)),
        })
    }

    /// Ships until the run has ended and everything is in the outbox. An unreadable file ends it early: the end of the
    /// run is worth more than its log.
    pub(crate) async fn run(mut self, mut stage: watch::Receiver<Stage>) {
        if stage.wait_for(|stage| *stage != Stage::Starting).await.is_err() {
            return;
        }
        let ended = stage.wait_for(|stage| matches!(stage, Stage::Ended(_)));
        // Over or not, both are fine.
        let _ = tokio::time::timeout(FIRST_LOOK, ended).await;
        if let Err(error) = self.follow(&mut stage).await {
            tracing::warn!(run = self.key.run, epoch = self.key.epoch, %error, "cannot read the output of the job; the rest of its log is lost");
        }
    }

    async fn follow(&mut self, stage: &mut watch::Receiver<Stage>) -> io::Result<()> {
        let mut pause = LOOK;
        loop {
            let now = *stage.borrow_and_update();
            self.open()?;
            self.send_again().await?;
            let shipped = self.ship(now).await?;
            if matches!(now, Stage::Ended(_)) {
                return Ok(());
            }
            pause = if shipped { LOOK } else { (pause * 2).min(QUIET_LOOK) };
            tokio::select! {
                // The sender stays until the end is told.
                changed = stage.changed() => if changed.is_err() { return Ok(()) },
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn open(&mut self) -> io::Result<()> {
        for (file, path) in [(&mut self.outputs.out, &self.stdout), (&mut self.outputs.err, &self.stderr)] {
            if file.is_none() {
                *file = match File::open(path) {
                    Ok(file) => Some(file),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                    Err(error) => return Err(error),
                };
            }
        }
        Ok(())
    }

    /// Chunks that an earlier engine may not have got through.
    async fn send_again(&mut self) -> io::Result<()> {
        for chunk in std::mem::take(&mut self.pending) {
            let bytes = (chunk.to.out - chunk.from.out) + (chunk.to.err - chunk.from.err);
            let room = self.outbox.reserve(bytes + OVERHEAD).await;
            let cut = self.outputs.again(chunk.from, chunk.to, &self.mask)?;
            self.push(chunk.seq, cut, None, room);
        }
        Ok(())
    }

    /// Ships all whole lines that are there; whether there were any.
    async fn ship(&mut self, stage: Stage) -> io::Result<bool> {
        let mut shipped = false;
        loop {
            let there = self.outputs.lengths()?;
            let fresh = there.out.saturating_sub(self.place.out) + there.err.saturating_sub(self.place.err);
            if fresh == 0 {
                return Ok(shipped);
            }
            let room = self.outbox.reserve(fresh.min((MAX_TEXT + MAX_LINE) as u64) + OVERHEAD).await;
            let (ended, ended_ms) = match stage {
                Stage::Ended(at) => (true, Some(at)),
                _ => (false, None),
            };
            let cut = self.cut(ended, fresh).await?;
            let moved = cut.end != self.place;
            self.place = cut.end;
            if cut.lines.is_empty() {
                if moved {
                    continue;
                }
                return Ok(shipped);
            }
            let rest = cut.end != there;
            if !ended || rest {
                // Without a note the chunk must be the last one of an ended job: that is cut the same way again.
                self.ledger.note(self.next_seq, cut.end, self.acknowledged.load(Ordering::Relaxed))?;
            }
            self.push(self.next_seq, cut, ended_ms, room);
            self.next_seq += 1;
            shipped = true;
        }
    }

    async fn cut(&mut self, ended: bool, fresh: u64) -> io::Result<Cut> {
        if fresh <= SMALL {
            return self.outputs.cut(self.place, ended, &self.mask);
        }
        let (outputs, place, mask) = (std::mem::take(&mut self.outputs), self.place, Arc::clone(&self.mask));
        let work = move || {
            let cut = outputs.cut(place, ended, &mask);
            (outputs, cut)
        };
        let (outputs, cut) = tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?;
        self.outputs = outputs;
        cut
    }

    fn push(&mut self, seq: i64, cut: Cut, ended_ms: Option<i64>, mut room: tokio::sync::OwnedSemaphorePermit) {
        // Never behind the end of the run, never before the line before.
        let now = self.clock.now_ms();
        let at_ms = ended_ms.map_or(now, |ended| ended.min(now)).max(self.last_ms);
        self.last_ms = at_ms;
        let lines: Vec<Line> = cut.lines.into_iter().map(|(stream, text)| Line { stream, at_ms, text }).collect();
        let data = STANDARD.encode(chunk::encode(&lines));
        let used = data.len() + OVERHEAD as usize;
        // What is not needed after packing goes back at once.
        let surplus = room.num_permits().saturating_sub(used);
        drop(room.split(surplus));
        let report = Report::Log {
            run: self.key.run.clone(),
            epoch: self.key.epoch,
            seq,
            lines: i64::try_from(lines.len()).unwrap_or(i64::MAX),
            first_ms: at_ms,
            last_ms: at_ms,
            data,
        };
        let acknowledge = Acknowledge::Chunk { count: Arc::clone(&self.acknowledged), seq };
        self.outbox.push(Item::new(report, acknowledge, Some(room)));
    }
}
