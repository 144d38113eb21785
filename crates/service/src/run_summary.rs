//! The last day of runs in numbers: what the overview of the console begins with.

use crate::actor::Actor;
use crate::app::Service;
use crate::error::Error;
use crate::runs::{RUN, SEE};
use stoker_domain::ids::{EnvironmentId, WorkspaceId};
use stoker_domain::run::Outcome;
use stoker_store::run_summary::{self, Failing, HOUR_MS, Place};

/// Hours that are told one by one; the last of them goes on.
pub const HOURS: i64 = 24;
/// Most tasks that are named.
pub const NAMED: i64 = 20;

/// What ended within one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// Its start, milliseconds.
    pub start_ms: i64,
    /// Ended well, rejected rows or not.
    pub succeeded: i64,
    /// Went wrong: failed, not started, took too long.
    pub failed: i64,
    /// Stopped by somebody, or with its engine.
    pub stopped: i64,
}

/// The last day of runs in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSummary {
    /// What went wrong is counted from here on: 24 hours back.
    pub from_ms: i64,
    /// Until now.
    pub to_ms: i64,
    /// How many runs went wrong.
    pub failed: i64,
    /// Of how many tasks.
    pub failing_tasks: i64,
    /// The tasks whose last failure is the newest: those that still fail first.
    pub failing: Vec<Failing>,
    /// By clock hour, oldest first.
    pub hours: Vec<Hour>,
}

impl Service {
    /// The last day of the runs that the actor may see.
    pub async fn run_summary(
        &self,
        actor: &Actor,
        environment: Option<EnvironmentId>,
        workspace: Option<WorkspaceId>,
    ) -> Result<RunSummary, Error> {
        let allowed = actor.allow(RUN)?;
        let to_ms = self.now();
        let from_ms = to_ms - HOURS * HOUR_MS;
        let first = to_ms.div_euclid(HOUR_MS) - HOURS + 1;
        let place = Place { visible_to: allowed.visible(SEE), environment, workspace };
        let counted = self
            .read::<_, Error, _>(&allowed, move |tx| {
                if let (Some(workspace), Some(environment)) = (&place.workspace, &place.environment) {
                    crate::workspaces::belongs(tx, workspace, environment)?;
                }
                Ok(run_summary::count(tx, &place, first * HOUR_MS, from_ms, NAMED)?)
            })
            .await?;
        let mut hours: Vec<Hour> =
            (first..first + HOURS).map(|hour| Hour { start_ms: hour * HOUR_MS, ..Hour::default() }).collect();
        for ended in counted.hours {
            let Some(hour) = usize::try_from(ended.hour - first).ok().and_then(|place| hours.get_mut(place)) else {
                continue;
            };
            match ended.outcome {
                Outcome::Success | Outcome::Rejected => hour.succeeded += ended.runs,
                Outcome::Failed | Outcome::DeployFailed | Outcome::TerminatedTimeout => hour.failed += ended.runs,
                Outcome::Terminated | Outcome::TerminatedShutdown => hour.stopped += ended.runs,
            }
        }
        let mut failing = counted.failing;
        failing.sort_by_key(|task| task.works_again);
        Ok(RunSummary { from_ms, to_ms, failed: counted.failed, failing_tasks: counted.failing_tasks, failing, hours })
    }
}
