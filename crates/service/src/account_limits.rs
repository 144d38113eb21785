//! Limits on what an installation starts and keeps. The reference product has them for each account; here they are
//! settings, and those that protect a shared cloud are off unless somebody sets them.

use crate::error::Error;
use stoker_domain::limits;
use stoker_store::{Tx, start_limits};

/// What happens to a start when as many runs are active as may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// It becomes a run that ended at once, with the reason (source: doc, runs beyond the limit are skipped and logged).
    #[default]
    Skip,
    /// It waits like a run whose engine is busy; only runs on engines count then.
    Wait,
}

/// The limits of an account; 0 is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLimits {
    /// Runs and plan runs that may be active at once (source: doc, 200 there).
    pub active_runs: i64,
    /// What happens beyond that.
    pub when_full: WhenFull,
    /// Starts by triggers of time in a minute of the clock; the others stay due (source: doc, 200 there; webhooks, plans'
    /// tasks and calls do not count).
    pub scheduled_starts: i64,
    /// Starts of one plan within 60 minutes (source: doc, 50).
    pub plan_starts: i64,
    /// Triggers of time in all (source: doc, 5,000).
    pub triggers: i64,
    /// Tasks and plans together (source: doc, 30,000).
    pub tasks_and_plans: i64,
}

impl Default for AccountLimits {
    fn default() -> Self {
        Self {
            active_runs: 0,
            when_full: WhenFull::Skip,
            scheduled_starts: 0,
            plan_starts: limits::PLAN_STARTS,
            triggers: limits::TRIGGERS_TOTAL,
            tasks_and_plans: limits::TASKS_AND_PLANS,
        }
    }
}

/// Length of the windows of scheduled starts, milliseconds.
const MINUTE_MS: i64 = 60_000;

impl AccountLimits {
    /// Whether a start would be one too many, in words. On PostgreSQL, starts of the same instant may each find the last
    /// place free.
    pub(crate) fn too_many(&self, tx: &mut Tx<'_>) -> Result<Option<String>, Error> {
        if self.active_runs == 0 || self.when_full == WhenFull::Wait {
            return Ok(None);
        }
        let full = start_limits::active(tx, self.active_runs)? >= self.active_runs;
        Ok(full.then(|| format!("{} runs are active, the most this server allows (activeRuns)", self.active_runs)))
    }

    /// How many more runs engines may get now; `None` when nobody counts.
    pub(crate) fn places(&self, tx: &mut Tx<'_>) -> Result<Option<i64>, Error> {
        if self.active_runs == 0 || self.when_full == WhenFull::Skip {
            return Ok(None);
        }
        Ok(Some((self.active_runs - start_limits::leased(tx, self.active_runs)?).max(0)))
    }

    /// Takes a place for a scheduled start in the minute of `now_ms`; `false` when the minute has no more.
    pub(crate) fn take_start(&self, tx: &mut Tx<'_>, now_ms: i64) -> Result<bool, Error> {
        Ok(self.scheduled_starts == 0
            || start_limits::take_start(tx, now_ms.div_euclid(MINUTE_MS), self.scheduled_starts)?)
    }

    /// Whether the minute of `now_ms` has no place for a scheduled start.
    pub(crate) fn minute_is_full(&self, tx: &mut Tx<'_>, now_ms: i64) -> Result<bool, Error> {
        Ok(self.scheduled_starts > 0
            && start_limits::starts_in(tx, now_ms.div_euclid(MINUTE_MS))? >= self.scheduled_starts)
    }

    /// Removes the counts of minutes that are over.
    pub(crate) fn forget(tx: &mut Tx<'_>, now_ms: i64) -> Result<(), Error> {
        start_limits::forget_minutes(tx, now_ms.div_euclid(MINUTE_MS) - 1)?;
        Ok(())
    }

    /// Whether there are counts that [`AccountLimits::forget`] would remove.
    pub(crate) fn old(tx: &mut Tx<'_>, now_ms: i64) -> Result<bool, Error> {
        Ok(start_limits::old_minutes(tx, now_ms.div_euclid(MINUTE_MS) - 1)?)
    }

    /// Refuses one more task or plan than there may be.
    pub(crate) fn room_for_one(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        if self.tasks_and_plans > 0 && start_limits::tasks_and_plans(tx)? >= self.tasks_and_plans {
            let most = self.tasks_and_plans;
            return Err(Error::invalid(format!(
                "there are {most} tasks and plans, the most allowed: remove some first"
            )));
        }
        Ok(())
    }

    /// Refuses `more` triggers when that would be too many in all.
    pub(crate) fn room_for_triggers(&self, tx: &mut Tx<'_>, more: usize) -> Result<(), Error> {
        if self.triggers > 0 && stoker_store::schedules::count_triggers(tx)? + more as i64 > self.triggers {
            let message = format!("there are {} triggers in all, the most allowed: remove some first", self.triggers);
            return Err(Error::invalid(message));
        }
        Ok(())
    }
}
