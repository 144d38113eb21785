//! The scheduler: acts on what is due. It runs with the reconcilers, on every server.
//!
//! When a trigger is due next stands in its row, and the earliest of a schedule in the schedule's row. Whoever claims
//! the schedule's row writes down the due instant, makes the run and moves the row on, all in one transaction. So an
//! instant is acted on once, whatever dies, and however many servers look at it.

use crate::account_limits::AccountLimits;
use crate::actor::Allowed;
use crate::app::Service;
use crate::batch::Batch;
use crate::due_starts::{DueStart, Started, refuse};
use crate::error::Error;
use crate::refusals::Refusal;
use crate::schedules::definition::{Due, due};
use crate::schedules::links::{fire_of, rule};
use serde_json::json;
use std::collections::{BTreeSet, VecDeque};
use stoker_domain::ids::{ScheduleId, TriggerId};
use stoker_domain::run::{MisfireReason, RunType};
use stoker_domain::schedule::ExecutableKind;
use stoker_domain::time::to_text;
use stoker_domain::{crash, limits};
use stoker_store::Tx;
use stoker_store::db::Record as _;
use stoker_store::schedules::{self, Claimed, Fire, ScheduleLink, Trigger};

/// Most schedules one pass acts on; the next pass goes on.
const BATCH: i64 = 500;
/// How many transactions act on them at once ...
const AT_ONCE: usize = 4;
/// ... and on how many schedules each of them at most.
const TOGETHER: usize = 128;

/// Longest pause between two looks at what is due next, milliseconds.
const LOOK_MS: i64 = 500;

/// What acting on schedules came to.
#[derive(Default)]
struct Fired {
    instants: usize,
    started: Vec<Started>,
    /// Whether a limit kept some of it waiting.
    held: bool,
    /// Schedules that nothing was done about, because they must not be acted on together with others.
    left: Vec<ScheduleId>,
}

impl Service {
    /// Acts on everything that is due. One schedule that fails does not keep the others from going on.
    pub(crate) async fn fire_due(&self) -> Result<usize, Error> {
        let (now, settings) = (self.now(), self.settings());
        let limited = settings.account.scheduled_starts > 0 || settings.account.active_runs > 0;
        let (ids, full) = self
            .read::<_, Error, _>(&Allowed::system(), move |tx| {
                let ids = schedules::due(tx, now, BATCH)?;
                let full = !ids.is_empty() && settings.account.minute_is_full(tx, now)?;
                Ok((ids, full))
            })
            .await?;
        if full {
            tracing::warn!(schedules = ids.len(), "schedules are due and wait: scheduledStartsPerMinute is reached");
            return Ok(0);
        }
        // Few go side by side. What a limit counts is started one by one.
        let together = if limited { 1 } else { ids.len().div_ceil(AT_ONCE).clamp(1, TOGETHER) };
        let (mut fired, mut held) = (0, false);
        let mut left: VecDeque<Vec<ScheduleId>> = ids.chunks(together).map(<[ScheduleId]>::to_vec).collect();
        let mut working = tokio::task::JoinSet::new();
        loop {
            while working.len() < AT_ONCE && !held {
                let Some(ids) = left.pop_front() else { break };
                let service = self.clone();
                working.spawn(async move {
                    let result = service.fire_together(&ids).await;
                    (ids, result)
                });
            }
            let Some(joined) = working.join_next().await else { return Ok(fired) };
            match joined.map_err(Error::internal)? {
                (_, Ok(done)) => {
                    fired += done.instants;
                    held |= done.held;
                    left.extend(done.left.into_iter().map(|id| vec![id]));
                }
                (ids, Err(error)) if ids.len() == 1 => {
                    tracing::error!(schedule.id = %ids[0], error = &error as &dyn std::error::Error, "cannot act on a schedule");
                }
                // Nothing was done; one of them must not keep the others from it.
                (ids, Err(_)) => left.extend(ids.into_iter().map(|id| vec![id])),
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

    /// Acts on the due triggers of one schedule; gives how many there were.
    pub(crate) async fn fire_schedule(&self, id: &ScheduleId) -> Result<usize, Error> {
        self.fire_together(std::slice::from_ref(id)).await.map(|fired| fired.instants)
    }

    /// Acts on the due triggers of several schedules in one transaction.
    async fn fire_together(&self, ids: &[ScheduleId]) -> Result<Fired, Error> {
        let (service, ids) = (self.clone(), ids.to_vec());
        // A task of its own: a caller that goes away between commit and hand-over must not leave an offer undelivered.
        let work = tokio::spawn(async move {
            let (inner, now) = (service.clone(), service.now());
            let mut fired = service
                .write::<_, Error, _>(&Allowed::system(), move |tx| {
                    let fired = inner.fire(tx, &ids, now);
                    if fired.as_ref().is_ok_and(|fired| fired.instants > 0) {
                        crash::point("schedule.before-commit");
                    }
                    fired
                })
                .await?;
            if fired.instants > 0 {
                crash::point("schedule.after-commit");
            }
            for started in std::mem::take(&mut fired.started) {
                service.follow_up(started).await;
            }
            Ok(fired)
        });
        work.await.map_err(Error::internal)?
    }

    fn fire(&self, tx: &mut Tx<'_>, ids: &[ScheduleId], now: i64) -> Result<Fired, Error> {
        let (mut fired, mut batch) = (Fired::default(), Batch::new(now, self.settings()));
        let mut claimed = schedules::claim(tx, ids, now)?;
        if ids.len() > 1 {
            fired.left = set_apart(tx, &mut claimed, &mut batch)?;
        }
        let mut plan = Planned::default();
        for schedule in &claimed {
            self.look_at(tx, schedule, &mut plan, &mut fired, &batch)?;
        }
        // Nobody adds to them: the schedules are locked.
        let known = schedules::known_fires(tx, &plan.records())?;
        let mut settled = Vec::new();
        for (mut fire, act) in plan.fires {
            // It has been acted on already, by whoever wrote the record.
            if known.contains(&fire.key()) {
                continue;
            }
            if let Some((trigger, link, due)) = act {
                fired.started.extend(self.fire_trigger(tx, (trigger, link), due, &mut fire, &mut batch)?);
            }
            settled.push(fire);
        }
        Fire::insert_all(tx, &settled)?;
        schedules::set_next(tx, &plan.next)?;
        let ids: Vec<ScheduleId> = claimed.iter().map(|schedule| schedule.id.clone()).collect();
        schedules::refresh_next(tx, &ids)?;
        batch.write(tx)?;
        Ok(fired)
    }

    /// Finds out what is due of one schedule and when its triggers are due next.
    fn look_at<'a>(
        &self,
        tx: &mut Tx<'_>,
        schedule: &'a Claimed,
        plan: &mut Planned<'a>,
        fired: &mut Fired,
        batch: &Batch,
    ) -> Result<(), Error> {
        let now = batch.now;
        for trigger in &schedule.triggers {
            let Some(from_ms) = trigger.next_ms.filter(|at| *at <= now) else { continue };
            let next_ms = match (&schedule.link, rule(trigger, &self.inner.zones)) {
                (None, _) => None,
                (Some(link), Ok(rule)) => {
                    let due = due(&rule, from_ms, now, batch.settings.late_start_ms);
                    if !due.late && !batch.settings.account.take_start(tx, now)? {
                        fired.held = true;
                        break;
                    }
                    fired.instants += 1;
                    let mut fire = fire_of(trigger, link, due.at_ms, now);
                    fire.missed = due.missed;
                    let next_ms = due.next_ms;
                    plan.fires.push((fire, Some((trigger, link, due))));
                    next_ms
                }
                (Some(link), Err(error)) => {
                    // Written by another version, or its time zone is gone: it stops, and says so.
                    tracing::error!(schedule.id = %schedule.id, trigger = trigger.name,
                        error = &error as &dyn std::error::Error, "a trigger cannot be read and stops");
                    let mut fire = fire_of(trigger, link, from_ms, now);
                    let message = "the trigger cannot be read any more: set it anew".to_owned();
                    refuse(&mut fire, Refusal::new(MisfireReason::Unknown, message));
                    plan.fires.push((fire, None));
                    fired.instants += 1;
                    None
                }
            };
            plan.next.push((trigger.id.clone(), next_ms));
        }
        Ok(())
    }

    fn fire_trigger(
        &self,
        tx: &mut Tx<'_>,
        (trigger, link): (&Trigger, &ScheduleLink),
        due: Due,
        fire: &mut Fire,
        batch: &mut Batch,
    ) -> Result<Option<Started>, Error> {
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
        self.start_due(tx, start, fire, batch)
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

/// A trigger, what it starts, and what is due of it.
type Start<'a> = (&'a Trigger, &'a ScheduleLink, Due);

/// What acting on some schedules will do.
#[derive(Default)]
struct Planned<'a> {
    /// Records of due instants, and what to start for them.
    fires: Vec<(Fire, Option<Start<'a>>)>,
    /// When triggers are due next.
    next: Vec<(TriggerId, Option<i64>)>,
}

impl Planned<'_> {
    fn records(&self) -> Vec<Fire> {
        self.fires.iter().map(|(fire, _)| fire.clone()).collect()
    }
}

/// Locks the tasks of the schedules and takes out those schedules whose locks could wait for somebody who waits for
/// these: of plans, which lock tasks in their own order, and of tasks that somebody has locked.
fn set_apart(tx: &mut Tx<'_>, claimed: &mut Vec<Claimed>, batch: &mut Batch) -> Result<Vec<ScheduleId>, Error> {
    let task = |schedule: &Claimed| {
        let link = schedule.link.as_ref().filter(|link| link.executable_kind == ExecutableKind::Task)?;
        Some(link.executable_id.clone())
    };
    let tasks: BTreeSet<String> = claimed.iter().filter_map(task).collect();
    batch.lock_free(tx, tasks.into_iter().collect())?;
    let mut apart = Vec::new();
    claimed.retain(|schedule| {
        let stays = schedule.link.is_none() || task(schedule).is_some_and(|id| batch.holds(&id));
        if !stays {
            apart.push(schedule.id.clone());
        }
        stays
    });
    Ok(apart)
}
