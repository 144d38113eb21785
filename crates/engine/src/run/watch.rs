//! While the job runs: its start, its log, its stop, its end.

use std::time::Duration;

use stoker_domain::crash;
use stoker_wire::{End, Report};
use tokio::sync::watch;

use super::{Job, Run, Step, end};
use crate::logs::{Shipper, Stage};
use crate::process::{ExitRecord, Outcome, ProcessError, Records, ShimHandle};
use crate::sender::{Acknowledge, Item};
use crate::statistics::Statistics;
use crate::table::{Phase, StopReason, Wish};

/// How long a job gets to end before its start is reported by itself, and between later looks. A short run needs one
/// request for everything then.
const FIRST_LOOK: Duration = Duration::from_millis(40);

impl Run {
    /// Stays with a started job to its end; the log is in the outbox when this returns.
    pub(super) async fn watch(&mut self, job: Job) -> Step<End> {
        self.engine.set_phase(&self.key, Phase::Running);
        let (stage, stages) = watch::channel(Stage::Starting);
        let statistics = self.statistics.take();
        let counted = self.count(statistics, stages.clone());
        let (step, (), rejected) = tokio::join!(self.supervise(job, &stage), self.ship(stages), counted);
        match step {
            Step::Done(exit) => Step::Done(self.judge(&exit, rejected)),
            Step::End(end) => Step::End(end),
            Step::Forget => Step::Forget,
        }
    }

    async fn ship(&self, stages: watch::Receiver<Stage>) {
        let Some(mask) = self.mask.clone() else { return };
        let (outbox, clock) = (self.engine.outbox().clone(), self.engine.parts().clock.clone());
        let mut wish = self.wish.clone();
        match Shipper::new(self.key.clone(), self.folder.path(), mask, outbox, clock) {
            Ok(shipper) => tokio::select! {
                () = shipper.run(stages) => {}
                _ = wish.wait_for(|wish| *wish == Wish::Forget) => {}
            },
            Err(error) => tracing::warn!(run = self.key.run, %error, "cannot ship the log of the run"),
        }
    }

    /// Listens to the statistics of the job; gives the number of rows it rejected.
    async fn count(&self, statistics: Option<Statistics>, stages: watch::Receiver<Stage>) -> i64 {
        let Some(statistics) = statistics else { return 0 };
        let mut wish = self.wish.clone();
        tokio::select! {
            rejected = statistics.collect(&self.engine, &self.key, self.artifact.as_ref(), stages) => rejected,
            _ = wish.wait_for(|wish| *wish == Wish::Forget) => 0,
        }
    }

    async fn supervise(&self, job: Job, stage: &watch::Sender<Stage>) -> Step<ExitRecord> {
        let outcome = match job {
            Job::Running(handle) => self.until_end(&handle, stage).await,
            Job::Ended(exit) => Ok(Outcome::Exited(exit)),
        };
        let now_ms = self.engine.now_ms();
        let step = match outcome {
            Ok(Outcome::Exited(exit)) => {
                crash::point("engine.exit-seen");
                if exit.error.is_none() {
                    self.report_start(exit.started_ms, stage);
                }
                Step::Done(exit)
            }
            Ok(Outcome::Lost(lost)) => Step::End(end::of_lost(&lost, now_ms)),
            Err(error) => {
                let message = format!("lost track of the job: {error}");
                Step::End(end::plain("failed", now_ms, Some(("process_lost", message))))
            }
        };
        let ended_ms = match &step {
            Step::Done(exit) => exit.ended_ms,
            _ => now_ms,
        };
        stage.send_replace(Stage::Ended(ended_ms));
        if *self.wish.borrow() == Wish::Forget { Step::Forget } else { step }
    }

    async fn until_end(&self, handle: &ShimHandle, stage: &watch::Sender<Stage>) -> Result<Outcome, ProcessError> {
        let mut wish = self.wish.clone();
        let limit = self.offer.timeout_minutes.filter(|minutes| *minutes > 0);
        let mut pending = *wish.borrow_and_update();
        let (mut look, mut timed_out) = (FIRST_LOOK, false);
        loop {
            self.act_on(handle, std::mem::replace(&mut pending, Wish::Go))?;
            let started = match *stage.borrow() {
                Stage::Starting => None,
                _ => self.started_ms(),
            };
            let timeout = async {
                match (started, limit) {
                    (Some(started), Some(minutes)) if !timed_out => {
                        let left = started.saturating_add(minutes.saturating_mul(60_000)) - self.engine.now_ms();
                        tokio::time::sleep(Duration::from_millis(u64::try_from(left).unwrap_or_default())).await;
                    }
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                outcome = handle.wait() => return outcome,
                changed = wish.changed() => match changed {
                    Ok(()) => pending = *wish.borrow_and_update(),
                    Err(_) => return handle.wait().await,
                },
                () = timeout => {
                    timed_out = true;
                    pending = Wish::Stop(StopReason::Timeout);
                }
                () = tokio::time::sleep(look), if started.is_none() => {
                    look = (look * 2).min(Duration::from_secs(1));
                    if let Some(started) = self.started_ms() {
                        self.report_start(started, stage);
                    }
                }
            }
        }
    }

    fn act_on(&self, handle: &ShimHandle, wish: Wish) -> Result<(), ProcessError> {
        match wish {
            Wish::Go => {}
            Wish::Stop(reason) => {
                tracing::info!(run = self.key.run, epoch = self.key.epoch, ?reason, "stopping the job");
                // The first reason counts, also over restarts of the engine.
                if self.folder.stop_reason().is_none()
                    && let Err(error) = self.folder.note_stop(reason)
                {
                    tracing::warn!(run = self.key.run, %error, "cannot note why the job is stopped");
                }
                handle.stop()?;
            }
            Wish::Forget => {
                handle.kill_now()?;
            }
        }
        Ok(())
    }

    /// When the job was started, if it was.
    fn started_ms(&self) -> Option<i64> {
        Records::read(self.folder.path()).ok()?.job.map(|job| job.started_ms)
    }

    fn report_start(&self, started_ms: i64, stage: &watch::Sender<Stage>) {
        let first = stage.send_if_modified(|stage| {
            let first = *stage == Stage::Starting;
            if first {
                crash::point("engine.started-reported");
                // Only now may the log follow.
                let report = Report::Started { run: self.key.run.clone(), epoch: self.key.epoch, at_ms: started_ms };
                self.engine.outbox().push(Item::new(report, Acknowledge::Nothing, None));
                *stage = Stage::Running;
            }
            first
        });
        if first {
            tracing::debug!(run = self.key.run, epoch = self.key.epoch, "the job runs");
        }
    }
}
