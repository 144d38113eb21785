//! The scheduler: acts on what is due. It runs with the reconcilers, on every server.
//!
//! When a trigger is due next stands in its row, and the earliest of a schedule in the schedule's row. Whoever claims
//! the schedule's row writes down the due instant, makes the run and moves the row on, all in one transaction. So an
//! instant is acted on once, whatever dies, and however many servers look at it.

use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use crate::runs::StartRequest;
use crate::schedules::definition::{Due, due};
use crate::schedules::links::{PAUSED, fire_of, refuse, rule, task_of};
use crate::starts::{Begun, DueCause};
use serde_json::json;
use stoker_domain::ids::ScheduleId;
use stoker_domain::run::{MisfireReason, RunType};
use stoker_domain::schedule::FireResult;
use stoker_domain::time::to_text;
use stoker_domain::{crash, limits};
use stoker_store::schedules::{self, Fire, ScheduleLink, Trigger};
use stoker_store::tasks::Task;
use stoker_store::{Tx, tasks};

/// Most schedules one pass acts on; the next pass goes on.
const BATCH: i64 = 500;
/// How many of them at once.
const AT_ONCE: usize = 16;

/// Longest pause between two looks at what is due next, milliseconds.
const LOOK_MS: i64 = 500;

/// What acting on one schedule came to.
#[derive(Default)]
struct Fired {
    instants: usize,
    begun: Vec<Begun>,
}

impl Service {
    /// Acts on everything that is due. One schedule that fails does not keep the others from going on.
    pub(crate) async fn fire_due(&self) -> Result<usize, Error> {
        let now = self.now();
        let ids = self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(schedules::due(tx, now, BATCH)?)).await?;
        let mut fired = 0;
        for ids in ids.chunks(AT_ONCE) {
            let mut working = tokio::task::JoinSet::new();
            for id in ids {
                let (service, id) = (self.clone(), id.clone());
                working.spawn(async move {
                    let result = service.fire_schedule(&id).await;
                    (id, result)
                });
            }
            while let Some(joined) = working.join_next().await {
                match joined.map_err(Error::internal)? {
                    (_, Ok(instants)) => fired += instants,
                    (id, Err(error)) => {
                        tracing::error!(schedule.id = %id, error = &error as &dyn std::error::Error, "cannot act on a schedule");
                    }
                }
            }
        }
        Ok(fired)
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
            for begun in fired.begun {
                service.hand_on(begun).await;
            }
            Ok(fired.instants)
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
                    fired.instants += 1;
                    fired.begun.extend(self.fire_trigger(tx, &trigger, link, due, now)?);
                    due.next_ms
                }
                (Some(link), Err(error)) => {
                    // Written by another version, or its time zone is gone: it stops, and says so.
                    tracing::error!(schedule.id = %id, trigger = trigger.name, error = &error as &dyn std::error::Error,
                        "a trigger cannot be read and stops");
                    let mut fire = fire_of(&trigger, link, from_ms, now);
                    refuse(
                        &mut fire,
                        MisfireReason::Unknown,
                        "the trigger cannot be read any more: set it anew".to_owned(),
                    );
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
    ) -> Result<Option<Begun>, Error> {
        let mut fire = fire_of(trigger, link, due.at_ms, now);
        fire.missed = due.missed;
        if !schedules::insert_fire(tx, &fire)? {
            return Ok(None);
        }
        let begun = match task_of(link) {
            Some(id) => match tasks::lock(tx, &id)? {
                Some(task) => self.fire_task(tx, &task, trigger, link, due, &mut fire, now)?,
                None => {
                    refuse(&mut fire, MisfireReason::Unknown, "the task was removed".to_owned());
                    None
                }
            },
            // Nothing links a schedule to a plan before plans can be started.
            None => {
                refuse(&mut fire, MisfireReason::Unknown, "this server cannot start plans".to_owned());
                None
            }
        };
        schedules::settle_fire(tx, &fire)?;
        Ok(begun)
    }

    #[allow(clippy::too_many_arguments, reason = "one due instant has this many sides")]
    fn fire_task(
        &self,
        tx: &mut Tx<'_>,
        task: &Task,
        trigger: &Trigger,
        link: &ScheduleLink,
        due: Due,
        fire: &mut Fire,
        now: i64,
    ) -> Result<Option<Begun>, Error> {
        if task.paused {
            fire.result = FireResult::Skipped;
            fire.reason = Some(PAUSED.to_owned());
            fire.message = Some(format!("task {} was paused", task.name));
            return Ok(None);
        }
        if due.late {
            fire.result = FireResult::Missed;
            let more = if due.missed > 0 { format!(", and {} times before", due.missed) } else { String::new() };
            fire.message = Some(format!("no server was running when this was due at {}{more}", to_text(due.at_ms)));
        }
        let request = StartRequest {
            task: task.id.clone(),
            parameters: Vec::new(),
            log_level: None,
            timeout_minutes: trigger.timeout_minutes,
            run_type: RunType::Scheduled,
            api_version: None,
        };
        let detail = json!({
            "scheduleId": trigger.schedule_id.as_str(),
            "trigger": trigger.name,
            "dueAt": to_text(due.at_ms),
            "missed": due.missed,
        });
        let late = fire.message.clone().filter(|_| due.late);
        let cause = DueCause { request: &request, due_ms: due.at_ms, late, detail };
        let allowed = Allowed::on_behalf(link.user_kind, &link.user_id);
        let begun = self.begin_due(tx, &allowed, task, cause, now);
        settle(begun, fire)
    }

    /// Removes records of due instants that are older than run lists reach.
    pub(crate) async fn forget_fires(&self) -> Result<(), Error> {
        let before = self.now() - limits::FIRES_MS;
        let old = self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(schedules::old_fires(tx, before)?)).await?;
        if old {
            self.write::<_, Error, _>(&Allowed::system(), move |tx| Ok(schedules::forget_fires(tx, before, BATCH)?))
                .await?;
        }
        Ok(())
    }
}

/// Writes into the record what came of a start. Refusals come before anything of the run is written, so the record may be
/// kept; a failure of ours undoes everything, and the next pass tries again.
pub(crate) fn settle(begun: Result<Begun, Error>, fire: &mut Fire) -> Result<Option<Begun>, Error> {
    match begun {
        Ok(begun) => {
            fire.run_id = Some(begun.run.id.clone());
            if fire.result == FireResult::Started {
                fire.reason = begun.run.misfire_reason.map(|reason| reason.id().to_owned());
                fire.message = begun.run.error_message.clone();
            }
            Ok(Some(begun))
        }
        Err(Error::NotConfigured(message)) => {
            refuse(fire, MisfireReason::EngineNotFound, message);
            Ok(None)
        }
        Err(error @ (Error::Internal(_) | Error::Unavailable)) => Err(error),
        Err(refusal) => {
            refuse(fire, MisfireReason::Unknown, refusal.to_string());
            Ok(None)
        }
    }
}
