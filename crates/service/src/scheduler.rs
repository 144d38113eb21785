//! The scheduler: acts on what is due. It runs with the reconcilers, on every server.
//!
//! When a trigger is due next stands in its row, and the earliest of a schedule in the schedule's row. Whoever claims
//! the schedule's row writes down the due instant, makes the run and moves the row on, all in one transaction. So an
//! instant is acted on once, whatever dies, and however many servers look at it.

use crate::account_limits::AccountLimits;
use crate::actor::Allowed;
use crate::app::Service;
use crate::due_starts::{DueStart, Started, refuse};
use crate::error::Error;
use crate::refusals::Refusal;
use crate::schedules::definition::{Due, due};
use crate::schedules::links::{fire_of, rule};
use serde_json::json;
use stoker_domain::ids::ScheduleId;
use stoker_domain::run::{MisfireReason, RunType};
use stoker_domain::time::to_text;
use stoker_domain::{crash, limits};
use stoker_store::Tx;
use stoker_store::schedules::{self, ScheduleLink, Trigger};

/// Most schedules one pass acts on; the next pass goes on.
const BATCH: i64 = 500;
/// How many of them at once.
const AT_ONCE: usize = 32;

/// Longest pause between two looks at what is due next, milliseconds.
const LOOK_MS: i64 = 500;

/// What acting on one schedule came to.
#[derive(Default)]
struct Fired {
    instants: usize,
    started: Vec<Started>,
    /// Whether a limit kept some of it waiting.
    held: bool,
}

impl Service {
    /// Acts on everything that is due. One schedule that fails does not keep the others from going on.
    pub(crate) async fn fire_due(&self) -> Result<usize, Error> {
        let (now, account) = (self.now(), self.inner.settings.account.clone());
        let (ids, full) = self
            .read::<_, Error, _>(&Allowed::system(), move |tx| {
                let ids = schedules::due(tx, now, BATCH)?;
                let full = !ids.is_empty() && account.minute_is_full(tx, now)?;
                Ok((ids, full))
            })
            .await?;
        if full {
            tracing::warn!(schedules = ids.len(), "schedules are due and wait: scheduledStartsPerMinute is reached");
            return Ok(0);
        }
        let (mut fired, mut held) = (0, false);
        let (mut left, mut working) = (ids.into_iter(), tokio::task::JoinSet::new());
        loop {
            while working.len() < AT_ONCE && !held {
                let Some(id) = left.next() else { break };
                let service = self.clone();
                working.spawn(async move {
                    let result = service.fire_schedule(&id).await;
                    (id, result)
                });
            }
            let Some(joined) = working.join_next().await else { return Ok(fired) };
            match joined.map_err(Error::internal)? {
                (_, Ok((instants, waits))) => {
                    fired += instants;
                    held |= waits;
                }
                (id, Err(error)) => {
                    tracing::error!(schedule.id = %id, error = &error as &dyn std::error::Error, "cannot act on a schedule");
                }
            }
        }
    }

    /// Acts on what is due now, and tells how long to wait until it should be called again, 1 to 500 ms: the reconcilers
    /// alone would be up to a second late.
    pub async fn act_on_time(&self) -> Result<i64, Error> {
        let now = self.now();
        let next = self.get::<_, Error, _>(&Allowed::system(), |tx| Ok(schedules::next_due(tx)?)).await?;
        if next.is_some_and(|next| next <= now) && self.fire_due().await? > 0 {
            return Ok(1);
        }
        // What is due and could not be acted on is left to the reconcilers, which do not hurry.
        Ok(next.filter(|next| *next > now).map_or(LOOK_MS, |next| (next - now).clamp(1, LOOK_MS)))
    }

    /// Acts on the due triggers of one schedule; gives how many there were, and whether a limit keeps others waiting.
    pub(crate) async fn fire_schedule(&self, id: &ScheduleId) -> Result<(usize, bool), Error> {
        let (service, id) = (self.clone(), id.clone());
        // A task of its own: a caller that goes away between commit and hand-over must not leave an offer undelivered.
        let work = tokio::spawn(async move {
            let (inner, now) = (service.clone(), service.now());
            let fired = service
                .write::<_, Error, _>(&Allowed::system(), move |tx| {
                    let fired = inner.fire(tx, &id, now);
                    if fired.as_ref().is_ok_and(|fired| fired.instants > 0) {
                        crash::point("schedule.before-commit");
                    }
                    fired
                })
                .await?;
            if fired.instants > 0 {
                crash::point("schedule.after-commit");
            }
            for started in fired.started {
                service.follow_up(started).await;
            }
            Ok((fired.instants, fired.held))
        });
        work.await.map_err(Error::internal)?
    }

    fn fire(&self, tx: &mut Tx<'_>, id: &ScheduleId, now: i64) -> Result<Fired, Error> {
        let mut fired = Fired::default();
        let Some(schedule) = schedules::claim(tx, id, now)? else { return Ok(fired) };
        let link = schedules::link(tx, id)?;
        for trigger in schedules::triggers(tx, &schedule.id)? {
            let Some(from_ms) = trigger.next_ms.filter(|at| *at <= now) else { continue };
            let next_ms = match (&link, rule(&trigger, &self.inner.zones)) {
                (None, _) => None,
                (Some(link), Ok(rule)) => {
                    let due = due(&rule, from_ms, now, self.inner.settings.late_start_ms);
                    if !due.late && !self.inner.settings.account.take_start(tx, now)? {
                        fired.held = true;
                        break;
                    }
                    fired.instants += 1;
                    fired.started.extend(self.fire_trigger(tx, &trigger, link, due, now)?);
                    due.next_ms
                }
                (Some(link), Err(error)) => {
                    // Written by another version, or its time zone is gone: it stops, and says so.
                    tracing::error!(schedule.id = %id, trigger = trigger.name, error = &error as &dyn std::error::Error,
                        "a trigger cannot be read and stops");
                    let mut fire = fire_of(&trigger, link, from_ms, now);
                    let message = "the trigger cannot be read any more: set it anew".to_owned();
                    refuse(&mut fire, Refusal { reason: MisfireReason::Unknown, message });
                    schedules::insert_fire(tx, &fire)?;
                    fired.instants += 1;
                    None
                }
            };
            schedules::set_next(tx, &trigger.id, next_ms)?;
        }
        schedules::refresh_next(tx, id)?;
        Ok(fired)
    }

    fn fire_trigger(
        &self,
        tx: &mut Tx<'_>,
        trigger: &Trigger,
        link: &ScheduleLink,
        due: Due,
        now: i64,
    ) -> Result<Option<Started>, Error> {
        let mut fire = fire_of(trigger, link, due.at_ms, now);
        fire.missed = due.missed;
        if !schedules::insert_fire(tx, &fire)? {
            return Ok(None);
        }
        let late = due.late.then(|| {
            let more = if due.missed > 0 { format!(", and {} times before", due.missed) } else { String::new() };
            format!("no start was possible when this was due at {}{more}", to_text(due.at_ms))
        });
        let detail = json!({
            "scheduleId": trigger.schedule_id.as_str(),
            "trigger": trigger.name,
            "dueAt": to_text(due.at_ms),
            "missed": due.missed,
        });
        let start = DueStart {
            owner: (link.user_kind, &link.user_id),
            run_type: RunType::Scheduled,
            due_ms: due.at_ms,
            late,
            timeout_minutes: trigger.timeout_minutes,
            payload: None,
            detail,
        };
        let started = self.start_due(tx, start, &mut fire, now)?;
        schedules::settle_fire(tx, &fire)?;
        Ok(started)
    }

    /// Removes records of due instants that are older than run lists reach.
    pub(crate) async fn forget_fires(&self) -> Result<(), Error> {
        let now = self.now();
        let before = now - limits::FIRES_MS;
        let old = self
            .read::<_, Error, _>(&Allowed::system(), move |tx| {
                Ok(schedules::old_fires(tx, before)? || AccountLimits::old(tx, now)?)
            })
            .await?;
        if old {
            self.write::<_, Error, _>(&Allowed::system(), move |tx| {
                schedules::forget_fires(tx, before, BATCH)?;
                AccountLimits::forget(tx, now)
            })
            .await?;
        }
        Ok(())
    }
}
