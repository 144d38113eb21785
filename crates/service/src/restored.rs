//! Settling a database that was restored from a backup, before the first server starts on it.
//!
//! The server that the backup was taken from may have gone on. What it did after that instant is not known here: runs that
//! waited may have been made, and triggers may have fired. Nothing of that may happen a second time.

use crate::actor::Allowed;
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use crate::reconcile::undeployed;
use serde_json::json;
use stoker_domain::run::{Event, MisfireReason, State, transition};
use stoker_store::data_keys;
use stoker_store::{backup, engines, plan_runs, runs, webhooks};

/// What was settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Runs that waited, or were on their way to an engine that may not have got them: ended as not deployed.
    pub ended: usize,
    /// Runs that an engine had: they go on when it still has them, and end as lost when it has not.
    pub kept: usize,
    /// Plan runs that make no further step.
    pub plans: usize,
    /// Webhooks whose waiting calls were dropped.
    pub webhooks: usize,
    /// Due instants of triggers that passed; recorded as missed.
    pub missed: usize,
}

const MESSAGE: &str = "it waited when the backup was taken that this installation was restored from: it may have been \
                       made since; look, and start it again if it was not";

impl Service {
    /// Makes sure that nothing is done twice. The service must have been made with a `late_start_ms` of 0, so that
    /// triggers which were due meanwhile are recorded as missed.
    pub async fn settle_restored(&self) -> Result<Settled, Error> {
        let (service, now) = (self.clone(), self.now());
        let mut settled = self
            .write::<_, Error, _>(&Allowed::system(), move |tx| {
                let mut settled = Settled::default();
                for run in runs::active(tx)? {
                    match run.state {
                        State::Queued => {
                            undeployed(tx, &run, now, MisfireReason::Unknown, MESSAGE.to_owned())?;
                            settled.ended += 1;
                        }
                        // An offer that is repeated could be made twice: the engine forgets what it has ended. From here
                        // on the engine has it or has lost it.
                        State::Offered => {
                            transition(run.state, run.outcome, Event::Start).map_err(Error::internal)?;
                            runs::start(tx, &run.id, now)?;
                            runs::add_event(tx, &run.id, now, "restored", None)?;
                            settled.kept += 1;
                        }
                        State::Running => settled.kept += 1,
                        State::Finished => {}
                    }
                }
                for id in plan_runs::active(tx)? {
                    settled.plans += plan_runs::request_stop(tx, &id, "restore", now)? as usize;
                }
                settled.webhooks = webhooks::clear_all(tx)? as usize;
                // Engines open new sessions, and with that both sides compare what they know.
                engines::end_sessions(tx)?;
                service.note_restore(tx, now, &settled)?;
                Ok(settled)
            })
            .await?;
        loop {
            match self.fire_due().await? {
                0 => return Ok(settled),
                fired => settled.missed += fired,
            }
        }
    }

    fn note_restore(&self, tx: &mut stoker_store::Tx<'_>, now: i64, settled: &Settled) -> Result<(), Error> {
        let detail = json!({ "ended": settled.ended, "kept": settled.kept, "planRuns": settled.plans });
        let change =
            Change { action: "server.restore", object: ("server", "server"), workspace: None, detail: Some(detail) };
        audit::record(tx, Allowed::system().actor(), now, self.random(), change)
    }

    /// What a copy of this database must come with: ids of its data keys, and SHA-256 of the files its rows name.
    pub async fn needs_of_copy(&self) -> Result<(Vec<String>, Vec<String>), Error> {
        self.read::<_, Error, _>(&Allowed::system(), |tx| {
            let keys = data_keys::all(tx)?.into_iter().filter(|key| key.state != data_keys::RETIRED);
            let keys = keys.map(|key| key.id).collect();
            Ok((keys, backup::named_files(tx)?.into_iter().collect()))
        })
        .await
    }
}
