//! The life of a run on this engine: one task each, from its offer to the server's acknowledgement of its end.

pub(crate) mod end;
mod folder;
mod prepare;
mod special;
mod watch;

use std::sync::Arc;

use stoker_domain::crash;
use stoker_wire::{End, Offer, Parameter, Report, RunEpoch};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch::Receiver};

use crate::artifacts::Artifact;
use crate::engine::Engine;
use crate::journal::Unfinished;
use crate::logs::Mask;
use crate::process::{Adopted, ExitRecord, Lost, LostReason, ProcessError, ShimHandle};
use crate::sender::{Acknowledge, Item};
use crate::statistics::Statistics;
use crate::table::{Phase, Wish};
use folder::RunFolder;
use prepare::PrepareError;

/// A run, as its task sees it.
struct Run {
    engine: Engine,
    offer: Offer,
    key: RunEpoch,
    folder: RunFolder,
    wish: Receiver<Wish>,
    /// Held while the job's files are in use.
    artifact: Option<Arc<Artifact>>,
    /// Hides the run's secrets; without it nothing of the log leaves the machine.
    mask: Option<Arc<Mask>>,
    has_secrets: bool,
    /// Where the job says how many rows it moved.
    statistics: Option<Statistics>,
}

/// What a run has when its folder is ready.
struct Prepared {
    artifact: Arc<Artifact>,
    slot: Option<OwnedSemaphorePermit>,
    secrets: Vec<Parameter>,
    statistics: Option<Statistics>,
}

/// A job that was started.
enum Job {
    /// Its shim lives.
    Running(ShimHandle),
    /// It has ended.
    Ended(ExitRecord),
}

/// What a step of a run came to.
enum Step<T> {
    /// On to the next.
    Done(T),
    /// The run ends like this.
    End(End),
    /// Nobody wants to hear of it any more.
    Forget,
}

/// Runs an offer that just arrived.
pub(crate) async fn fresh(engine: Engine, offer: Offer, wish: Receiver<Wish>) {
    let Some(run) = Run::new(engine, offer, wish) else { return };
    run.live(true).await;
}

/// Goes on with a run that an earlier engine accepted.
pub(crate) async fn adopted(engine: Engine, unfinished: Unfinished, wish: Receiver<Wish>) {
    let Some(mut run) = Run::new(engine, unfinished.offer, wish) else { return };
    run.artifact = run.engine.artifacts().keep(&run.offer.artifact_sha256);
    match prepare::open_secrets(&run.engine, &run.offer) {
        Ok(secrets) => run.know_secrets(&secrets),
        Err(error) => tracing::error!(run = run.key.run, %error, "the log of the run stays here"),
    }
    let slot = run.engine.slots().and_then(|slots| Arc::clone(slots).try_acquire_owned().ok());
    match run.find(unfinished.rebooted).await {
        Step::Done(Some(job)) => {
            let step = run.watch(job).await;
            drop(slot);
            run.settle(step).await;
        }
        Step::Done(None) => {
            drop(slot);
            // Only the server knows whether the run is still wanted: by now it may have been given to another engine.
            let connected = run.engine.sessions().wait_for(Option::is_some).await.map(drop);
            if connected.is_ok() {
                run.live(false).await;
            }
        }
        Step::End(end) => run.settle(Step::End(end)).await,
        Step::Forget => run.settle(Step::Forget).await,
    }
}

impl Run {
    fn new(engine: Engine, offer: Offer, wish: Receiver<Wish>) -> Option<Self> {
        let key = RunEpoch { run: offer.run.clone(), epoch: offer.epoch };
        let Some(folder) = RunFolder::of(&engine.parts().home.runs(), &key) else {
            tracing::error!(run = key.run, "the server sent a run with an impossible id; it is ignored");
            engine.remove(&key);
            return None;
        };
        Some(Self { engine, offer, key, folder, wish, artifact: None, mask: None, has_secrets: true, statistics: None })
    }

    fn know_secrets(&mut self, secrets: &[Parameter]) {
        self.has_secrets = !secrets.is_empty();
        self.mask = Some(prepare::mask(secrets));
    }

    /// The whole way of a run that was not started yet; `journal` says whether its offer must be noted first.
    async fn live(mut self, journal: bool) {
        let step = match self.start(journal).await {
            Step::Done((job, slot)) => {
                let step = self.watch(job).await;
                drop(slot);
                step
            }
            Step::End(end) => Step::End(end),
            Step::Forget => Step::Forget,
        };
        self.settle(step).await;
    }

    /// Journal, slot, artifact, folder, shim.
    async fn start(&mut self, journal: bool) -> Step<(Job, Option<OwnedSemaphorePermit>)> {
        let noted = async {
            let noted = if journal { self.engine.parts().journal.offered(&self.offer).await } else { Ok(()) };
            crash::point("engine.offer-journaled");
            noted
        };
        let (noted, prepared) = tokio::join!(noted, self.prepare());
        if let Err(error) = noted {
            return self.not_deployed(&PrepareError::new("engine_disk", error.to_string()));
        }
        let Prepared { artifact, slot, secrets, statistics } = match prepared {
            Step::Done(prepared) => prepared,
            Step::End(end) => return Step::End(end),
            Step::Forget => return Step::Forget,
        };
        self.know_secrets(&secrets);
        self.artifact = Some(artifact);
        self.statistics = statistics;
        if *self.wish.borrow() != Wish::Go {
            return self.interrupted().await;
        }
        self.engine.parts().management.starting(&self.engine, &self.offer);
        crash::point("engine.starting-marked");
        let job = match self.engine.parts().shims.spawn(self.folder.path()).await {
            Ok(handle) => {
                crash::point("engine.shim-started");
                Step::Done(Job::Running(handle))
            }
            Err(error) => self.after_failed_spawn(&error).await,
        };
        match job {
            Step::Done(job) => Step::Done((job, slot)),
            Step::End(end) => Step::End(end),
            Step::Forget => Step::Forget,
        }
    }

    /// Waits for a wish that ends the run before it has begun.
    async fn interrupted<T>(&self) -> Step<T> {
        let mut wish = self.wish.clone();
        let wanted = wish.wait_for(|wish| *wish != Wish::Go).await.map(|wish| *wish);
        match wanted {
            Ok(Wish::Stop(reason)) => Step::End(end::plain(end::stopped(reason), self.engine.now_ms(), None)),
            _ => Step::Forget,
        }
    }

    /// A slot, the artifact and the run folder. Can be interrupted until the folder is being made.
    async fn prepare(&self) -> Step<Prepared> {
        let ready = async {
            let slot = match self.engine.slots() {
                Some(slots) => Arc::clone(slots).acquire_owned().await.ok(),
                None => None,
            };
            self.engine.set_phase(&self.key, Phase::Preparing);
            let artifact = self.engine.artifacts().get(&self.engine, &self.offer).await;
            let artifact = artifact.map_err(|error| PrepareError::new(error.kind(), error.to_string()));
            let fetched = match artifact {
                Ok(artifact) => {
                    let resources = self.engine.resources().get(&self.engine, &self.offer).await;
                    resources.map(|resources| (artifact, resources)).map_err(PrepareError::from)
                }
                Err(error) => Err(error),
            };
            (slot, fetched)
        };
        let (slot, fetched) = tokio::select! {
            biased;
            step = self.interrupted() => return step,
            ready = ready => ready,
        };
        let (artifact, resources) = match fetched {
            Ok(fetched) => fetched,
            Err(error) => return self.not_deployed(&error),
        };
        let secrets = match prepare::open_secrets(&self.engine, &self.offer) {
            Ok(secrets) => secrets,
            Err(error) => return self.not_deployed(&error),
        };
        let statistics = Statistics::listen(&self.engine, &artifact.manifest).await;
        let port = statistics.as_ref().map(Statistics::port);
        let (engine, offer, folder) = (self.engine.clone(), self.offer.clone(), self.folder.clone());
        let work = move || {
            let made = prepare::run_folder(&engine, &offer, &secrets, &artifact, resources, &folder, port);
            made.map(|()| (artifact, secrets))
        };
        let made = tokio::task::spawn_blocking(work).await;
        match made.unwrap_or_else(|error| Err(PrepareError::new("engine_failed", error.to_string()))) {
            Ok((artifact, secrets)) => Step::Done(Prepared { artifact, slot, secrets, statistics }),
            Err(error) => self.not_deployed(&error),
        }
    }

    fn not_deployed<T>(&self, error: &PrepareError) -> Step<T> {
        let end = end::plain("deploy_failed", self.engine.now_ms(), Some((error.kind, error.message.clone())));
        Step::End(end)
    }

    /// The host said no, or nothing: the folder tells whether there is a shim all the same.
    async fn after_failed_spawn(&self, error: &ProcessError) -> Step<Job> {
        tracing::error!(run = self.key.run, %error, "starting a job failed");
        match self.adopt().await {
            Ok(Adopted::Running(handle)) => Step::Done(Job::Running(handle)),
            Ok(Adopted::Gone(Lost { reason: LostReason::NeverStarted | LostReason::EndedBeforeStart, .. })) => {
                self.not_deployed(&PrepareError::new("start_failed", error.to_string()))
            }
            Ok(Adopted::Exited(exit)) => Step::Done(Job::Ended(exit)),
            Ok(Adopted::Gone(lost)) => Step::End(end::of_lost(&lost, self.engine.now_ms())),
            Err(error) => self.not_deployed(&PrepareError::new("start_failed", error.to_string())),
        }
    }

    async fn adopt(&self) -> Result<Adopted, ProcessError> {
        ShimHandle::adopt(self.folder.path()).await
    }

    /// Looks for what an earlier engine left of the run; nothing when it was never started.
    async fn find(&self, rebooted: bool) -> Step<Option<Job>> {
        if let Some(end) = self.folder.noted_end() {
            return Step::End(end);
        }
        let lost = |reason| Step::End(end::of_lost(&Lost { reason, killed: 0 }, self.engine.now_ms()));
        if !self.folder.path().exists() {
            // A folder that was not forced to disk may have been lost with the power, and its job may have run.
            return if rebooted { lost(LostReason::Rebooted) } else { Step::Done(None) };
        }
        match self.adopt().await {
            Ok(Adopted::Running(handle)) => Step::Done(Some(Job::Running(handle))),
            Ok(Adopted::Exited(exit)) => Step::Done(Some(Job::Ended(exit))),
            Ok(Adopted::Gone(_)) if rebooted => lost(LostReason::Rebooted),
            Ok(Adopted::Gone(Lost { reason: LostReason::NeverStarted | LostReason::EndedBeforeStart, .. })) => {
                match self.folder.remove() {
                    Ok(()) => Step::Done(None),
                    Err(error) => self.not_deployed(&PrepareError::new("engine_disk", error.to_string())),
                }
            }
            Ok(Adopted::Gone(found)) => Step::End(end::of_lost(&found, self.engine.now_ms())),
            Err(error) => {
                let message = format!("cannot take over the run after a restart of the engine: {error}");
                Step::End(end::plain("failed", self.engine.now_ms(), Some(("process_lost", message))))
            }
        }
    }

    /// How the run ended; `rejected` is the number of rows that the job turned away.
    fn judge(&self, exit: &ExitRecord, rejected: i64) -> End {
        let evidence = end::Evidence::read(self.folder.path(), exit).unwrap_or_else(|error| {
            tracing::warn!(run = self.key.run, %error, "cannot read the output of the job");
            end::Evidence::default()
        });
        end::of_exit(exit, self.folder.stop_reason(), evidence, rejected, self.mask.as_deref())
    }

    /// Reports the end until the server knows it, then forgets the run.
    async fn settle(mut self, step: Step<End>) {
        let forget = match step {
            Step::Done(end) => self.report(end, false).await,
            Step::End(end) => self.report(end, true).await,
            Step::Forget => true,
        };
        crash::point("engine.finish-after-ack");
        if forget {
            self.engine.outbox().purge(&self.key);
        }
        if let Err(error) = self.engine.parts().journal.forgotten(&self.key).await {
            // The folder stays, so that the next engine reports the same end again.
            tracing::error!(run = self.key.run, %error, "cannot forget an ended run");
            self.engine.remove(&self.key);
            return;
        }
        crash::point("engine.forgotten");
        let (janitor, secret) = (self.engine.parts().janitor.clone(), self.has_secrets);
        self.clean(move |folder| if secret { folder.remove() } else { janitor.take(folder.path()) }).await;
        self.engine.remove(&self.key);
    }

    /// Whether the server wants the run forgotten instead.
    async fn report(&mut self, end: End, note: bool) -> bool {
        tracing::info!(
            run = self.key.run,
            epoch = self.key.epoch,
            outcome = end.outcome,
            reason = end.error_message.as_deref().unwrap_or_default(),
            "ended"
        );
        self.engine.parts().management.ended(&self.engine, &self.offer, &end);
        if note && let Err(error) = self.folder.note_end(&end) {
            tracing::warn!(run = self.key.run, %error, "cannot note the end of a run");
        }
        self.engine.set_phase(&self.key, Phase::Ended);
        let (acknowledged, stored) = oneshot::channel();
        let report = Report::Finished { run: self.key.run.clone(), epoch: self.key.epoch, end };
        self.engine.outbox().push(Item::new(report, Acknowledge::Waiter(acknowledged), None));
        if self.has_secrets {
            self.clean(|folder| folder.clear_work()).await;
        }
        self.artifact = None;
        let mut wish = self.wish.clone();
        tokio::select! {
            stored = stored => stored.is_err(),
            _ = wish.wait_for(|wish| *wish == Wish::Forget) => true,
        }
    }

    async fn clean(&self, work: impl FnOnce(&RunFolder) -> std::io::Result<()> + Send + 'static) {
        let folder = self.folder.clone();
        let result = tokio::task::spawn_blocking(move || work(&folder)).await;
        if let Ok(Err(error)) = result {
            tracing::warn!(run = self.key.run, %error, "cannot clear the folder of an ended run");
        }
    }
}
