//! When a trigger would fire that nobody has stored yet: so that it can be looked at before it counts.

use super::definition::{Definition, instant};
use super::{USE, still_due};
use crate::actor::Actor;
use crate::app::Service;
use crate::error::Error;
use stoker_cron::{ClockChange, Rule, explain_changes};

/// Most dates of one preview.
pub const PREVIEW_DATES: usize = 100;

/// How far ahead changes of the clocks are explained, in milliseconds: thirteen months, which hold both of a year.
const CHANGES_MS: i64 = 396 * 24 * 60 * 60 * 1000;

/// What a trigger would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The rule in plain English.
    pub words: String,
    /// The next instants, milliseconds, ascending; at most [`PREVIEW_DATES`].
    pub dates: Vec<i64>,
    /// Each change of the clocks of its zone in the next thirteen months, with what it does to the trigger.
    pub changes: Vec<ClockChange>,
}

impl Service {
    /// The next `count` dates of a trigger from now on, by the rules of the scheduler. Changes nothing. `place` stands
    /// before the field names in messages.
    ///
    /// # Errors
    /// The refusals that storing the trigger in a schedule of its own would get: of wrong fields, of a trigger that never
    /// fires and of one that fires more often than every five minutes.
    pub async fn preview_trigger(
        &self,
        actor: &Actor,
        definition: Definition,
        count: usize,
        place: &str,
    ) -> Result<Preview, Error> {
        actor.allow(USE)?;
        let now = self.now();
        let rule = definition.rule(&self.inner.zones, place)?;
        still_due(&rule, place, now)?;
        if let Some(clash) = self.too_close(vec![(String::new(), rule.clone())]).await? {
            return Err(Error::invalid(format!("trigger: {clash}")));
        }
        tokio::task::spawn_blocking(move || look_ahead(&rule, now, count)).await.map_err(Error::internal)
    }
}

fn look_ahead(rule: &Rule, now_ms: i64, count: usize) -> Preview {
    let first = rule.next_after(instant(now_ms));
    let dates = std::iter::successors(first, |last| rule.next_after(*last));
    Preview {
        words: rule.describe(),
        dates: dates.take(count.min(PREVIEW_DATES)).map(|at| at.as_millisecond()).collect(),
        changes: explain_changes(rule, instant(now_ms), instant(now_ms.saturating_add(CHANGES_MS))),
    }
}
