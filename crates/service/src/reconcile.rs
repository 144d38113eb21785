//! What must happen eventually: each function compares what is with what should be and may run at any time, on every
//! server, twice. Nothing here is triggered by an event that could be lost.

use crate::actor::Allowed;
use crate::app::Service;
use crate::dispatch::{availability, free_slots};
use crate::error::Error;
use crate::link::fail;
use crate::runs::end;
use stoker_domain::ids::{ClusterId, EngineId};
use stoker_domain::run::{Event, MisfireReason, Outcome, State, transition};
use stoker_domain::runtime::{Availability, RuntimeType};
use stoker_store::db::Topic;
use stoker_store::engines::Engine;
use stoker_store::runs::{EndRow, Run};
use stoker_store::{Tx, engines, run_totals, runs, tester_engines};

/// Most rows one pass handles.
const BATCH: i64 = 200;
/// Most days one pass counts.
const DAYS: usize = 10;

/// What one pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Due instants of triggers, and webhooks that waited long enough, that were acted on.
    pub fired: usize,
    /// Runs now marked as unknown.
    pub unknown: usize,
    /// Runs given up after being unknown for too long.
    pub lost: usize,
    /// Runs ended because no engine came.
    pub undeployed: usize,
    /// Waiting engines told to look.
    pub woken: usize,
    /// Runs whose reason to wait has changed.
    pub waits: usize,
    /// Moves of plan runs.
    pub plans: usize,
    /// Promotion runs that were left behind, and ended now.
    pub promotions: usize,
    /// Runs of API tests that nobody worked on any more, and ended now.
    pub tests: usize,
}

/// What went wrong in a pass so far.
#[derive(Default)]
struct Pass {
    failure: Option<Error>,
}

impl Pass {
    /// Goes past a failure, unless nothing else could work either.
    fn past<T: Default>(&mut self, done: Result<T, Error>) -> Result<T, Error> {
        match done {
            Err(error @ Error::Unavailable) => Err(error),
            Err(error) if self.failure.is_some() => {
                tracing::error!(error = &error as &dyn std::error::Error, "a further reconciler failed");
                Ok(T::default())
            }
            Err(error) => {
                self.failure = Some(error);
                Ok(T::default())
            }
            done => done,
        }
    }
}

impl Service {
    /// One pass of all reconcilers. The server calls it every second. One that fails keeps none of the others from its
    /// work; the first failure is given at the end.
    pub async fn reconcile(&self) -> Result<Report, Error> {
        let mut pass = Pass::default();
        pass.past(self.follow_settings().await)?;
        let report = Report {
            fired: pass.past(self.fire_due().await)? + pass.past(self.fire_webhooks().await)?,
            unknown: pass.past(self.mark_unknown().await)?,
            lost: pass.past(self.give_up_lost().await)?,
            undeployed: pass.past(self.end_undeployable().await)?,
            woken: pass.past(self.wake_waiting().await)?,
            waits: pass.past(self.note_waits().await)?,
            plans: pass.past(self.advance_plans().await)?,
            promotions: pass.past(self.finish_promotions().await)?,
            tests: pass.past(self.end_silent_tests().await)?,
        };
        pass.past(self.forget_fires().await)?;
        pass.past(self.sweep_files().await)?;
        pass.past(self.forget_metrics().await)?;
        pass.past(self.forget_logs().await)?;
        pass.past(self.close_days().await)?;
        pass.past(self.store_last_use().await)?;
        pass.past(self.store_exchanges().await)?;
        pass.past(self.forget_tries().await)?;
        pass.past(self.seal_audit_in_time().await)?;
        pass.failure.map_or(Ok(report), Err)
    }

    /// Writes down what waits in memory for the next pass. For a server that stops: there will be none.
    pub async fn write_down(&self) -> Result<(), Error> {
        self.store_last_use().await?;
        self.store_exchanges().await
    }

    /// Counts the runs of days that are over, so that lists need not. A few days in one pass.
    async fn close_days(&self) -> Result<(), Error> {
        let now = self.now();
        for _ in 0..DAYS {
            let next =
                self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(run_totals::closable(tx, now)?)).await?;
            let Some(day) = next else { return Ok(()) };
            self.write::<_, Error, _>(&Allowed::system(), move |tx| Ok(run_totals::close(tx, day)?)).await?;
        }
        Ok(())
    }

    /// Runs whose lease ran out are unknown from then on: visible, but not ended.
    async fn mark_unknown(&self) -> Result<usize, Error> {
        let now = self.now();
        let due = self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(runs::lease_ended_any(tx, now)?)).await?;
        if !due {
            return Ok(0);
        }
        self.write(&Allowed::system(), move |tx| {
            let ended = runs::lease_ended(tx, now, BATCH)?;
            for run in &ended {
                if runs::mark_unknown(tx, run)? > 0 {
                    runs::add_event(tx, run, now, "unknown", None)?;
                }
            }
            Ok(ended.len())
        })
        .await
    }

    /// Runs that were unknown for longer than the policy allows are given up.
    async fn give_up_lost(&self) -> Result<usize, Error> {
        let now = self.now();
        let before = now - self.settings().lost_run_ms;
        let due = self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(runs::lost_any(tx, before)?)).await?;
        if !due {
            return Ok(0);
        }
        self.write(&Allowed::system(), move |tx| {
            let lost = runs::lost(tx, before, BATCH)?;
            for id in &lost {
                if let Some(run) = runs::lock(tx, id)? {
                    let message = "the engine that had the run was not heard of for too long; its outcome is not known";
                    fail(tx, &run, now, "engine_lost", message)?;
                }
            }
            Ok(lost.len())
        })
        .await
    }

    /// Runs that waited for an engine longer than the documented retries end as not deployed; those whose engine is
    /// there and only busy, or that somebody drains, go on waiting.
    async fn end_undeployable(&self) -> Result<usize, Error> {
        let (now, settings) = (self.now(), self.settings());
        let (silence, wait) = (settings.engine_silence_ms, settings.deploy_wait_ms);
        let due =
            self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(runs::deploy_overdue_any(tx, now)?)).await?;
        if !due {
            return Ok(0);
        }
        self.write(&Allowed::system(), move |tx| {
            let mut ended = 0;
            for run in runs::deploy_overdue(tx, now, BATCH)? {
                match missing(tx, &run, now, silence)? {
                    None => runs::postpone_deploy(tx, &run.id, now + wait)?,
                    Some((reason, message)) => {
                        undeployed(tx, &run, now, reason, message)?;
                        ended += 1;
                    }
                }
            }
            Ok(ended)
        })
        .await
    }

    /// Lets engines that wait here look as soon as another server says that runs changed: it may have queued or stopped
    /// one of theirs. Takes over settings that were changed there. Never ends; the reconcilers do the same every second, so it may be stopped at any time.
    pub async fn follow_others(&self) {
        let mut heard = self.inner.store.changes_elsewhere();
        let mut seen = *heard.borrow_and_update();
        while heard.changed().await.is_ok() {
            let now = *heard.borrow_and_update();
            let changed = now.differing(&seen);
            if changed.contains(&Topic::Settings)
                && let Err(error) = self.follow_settings().await
            {
                tracing::debug!(error = &error as &dyn std::error::Error, "cannot look at changed settings");
            }
            if changed.contains(&Topic::Runs)
                && let Err(error) = self.wake_waiting().await
            {
                tracing::debug!(error = &error as &dyn std::error::Error, "cannot look for waiting engines");
            }
            seen = now;
        }
    }

    /// A wake-up may be lost, and another server may have queued the run: waiting engines look now and then anyway.
    async fn wake_waiting(&self) -> Result<usize, Error> {
        let mut woken = 0;
        for id in self.inner.hub.waiting() {
            let (wanted, settings) = (id.clone(), self.settings());
            let queued = self
                .get::<_, Error, _>(&Allowed::system(), move |tx| {
                    let Some(engine) = engines::get(tx, &wanted)? else { return Ok(true) };
                    let cluster = match &engine.cluster_id {
                        Some(cluster) => runs::any_queued(tx, cluster.as_str())?,
                        None => false,
                    };
                    let session = engine.session_id.clone().unwrap_or_default();
                    let stop = !runs::unsent_stops(tx, &wanted, &session)?.is_empty();
                    let test = !tester_engines::untold(tx, &wanted, &session)?.is_empty();
                    let full = free_slots(tx, &engine, &settings.account)? == 0;
                    Ok(stop || test || (!full && (cluster || runs::any_queued(tx, wanted.as_str())?)))
                })
                .await?;
            if queued {
                self.inner.hub.wake(&id);
                woken += 1;
            }
        }
        Ok(woken)
    }
}

/// Why no engine can take the run, or `None` when one could. A drained one comes back when its work is done, also when its
/// machine is off meanwhile: the run is for whoever puts it back.
fn missing(tx: &mut Tx<'_>, run: &Run, now: i64, silence: i64) -> Result<Option<(MisfireReason, String)>, Error> {
    let comes = |e: &Engine| e.drain_ms.is_some() || availability(e, now, silence) == Availability::Available;
    let gone = |what: &str| Some((MisfireReason::EngineNotFound, format!("the {what} of the task was removed")));
    match run.runtime_type {
        RuntimeType::RemoteEngineCluster => {
            let id = ClusterId::trusted(run.target_id.as_str());
            let Some(cluster) = engines::cluster(tx, &id)? else { return Ok(gone("cluster")) };
            let members = engines::members(tx, &id)?;
            if members.iter().any(comes) {
                return Ok(None);
            }
            let message = format!("no engine of cluster {} was available in time", cluster.name);
            Ok(Some((MisfireReason::EngineUnavailableInCluster, message)))
        }
        _ => {
            let id = EngineId::trusted(run.target_id.as_str());
            let Some(engine) = engines::get(tx, &id)? else { return Ok(gone("engine")) };
            if comes(&engine) {
                return Ok(None);
            }
            let message = format!("engine {} was not available in time", engine.name);
            Ok(Some((MisfireReason::EngineUnavailable, message)))
        }
    }
}

/// Ends a queued run that could not be given to any engine.
pub(crate) fn undeployed(
    tx: &mut Tx<'_>,
    run: &Run,
    now: i64,
    reason: MisfireReason,
    message: String,
) -> Result<(), Error> {
    debug_assert_eq!(run.state, State::Queued);
    transition(run.state, run.outcome, Event::End(Outcome::DeployFailed)).map_err(Error::internal)?;
    let row = EndRow {
        outcome: Outcome::DeployFailed,
        start_ms: None,
        finish_ms: now,
        exit_code: None,
        exit_signal: None,
        error_type: Some("misfired".to_owned()),
        error_message: Some(message),
        misfire_reason: Some(reason),
    };
    end(tx, run, &row, now)
}
