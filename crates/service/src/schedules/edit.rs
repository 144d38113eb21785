//! Changing the triggers of a schedule. Whether they keep their distance takes long to find out, so it is done outside
//! of the transaction that changes them, for a version that this transaction checks.

use super::{ScheduleView, TriggerRequest, USE, found, may_change, precondition, unknown, view};
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::error::Error;
use crate::schedules::definition::{instant, next_ms};
use crate::schedules::links::{definition, rule};
use jiff::SignedDuration;
use stoker_cron::{Clash, Rule, first_clash};
use stoker_domain::ids::ScheduleId;
use stoker_domain::limits;
use stoker_domain::time::to_text;
use stoker_store::db::{Json, Record};
use stoker_store::schedules::{self, Trigger};

/// How often a change is tried again because another one came between.
const TRIES: usize = 5;

/// A change of the triggers of a schedule.
#[derive(Clone)]
enum Edit {
    Add(TriggerRequest, Rule),
    Replace(TriggerRequest, Rule),
    Remove(String),
}

impl Edit {
    fn name(&self) -> &str {
        match self {
            Edit::Add(request, _) | Edit::Replace(request, _) => &request.name,
            Edit::Remove(name) => name,
        }
    }

    fn action(&self) -> &'static str {
        match self {
            Edit::Add(..) => "schedule.trigger.add",
            Edit::Replace(..) => "schedule.trigger.replace",
            Edit::Remove(_) => "schedule.trigger.delete",
        }
    }

    /// Checks the change against the triggers there are.
    fn fits(&self, triggers: &[Trigger]) -> Result<(), Error> {
        let named = triggers.iter().any(|trigger| trigger.name == self.name());
        match self {
            Edit::Add(..) if triggers.len() >= limits::TRIGGERS => Err(Error::invalid(format!(
                "the schedule has {} triggers, the most allowed: remove one first",
                limits::TRIGGERS
            ))),
            Edit::Add(..) if named => {
                Err(Error::conflict(format!("name: a trigger {} exists already in the schedule", self.name())))
            }
            Edit::Replace(..) | Edit::Remove(_) if !named => {
                Err(Error::not_found(format!("name: the schedule has no trigger {:?}", self.name())))
            }
            Edit::Remove(_) => Ok(()),
            Edit::Add(request, _) | Edit::Replace(request, _) => {
                for trigger in triggers.iter().filter(|trigger| trigger.name != request.name) {
                    if definition(trigger)? == request.definition {
                        let message =
                            format!("trigger {} of the schedule is the same: change one of them", trigger.name);
                        return Err(Error::conflict(message));
                    }
                }
                Ok(())
            }
        }
    }
}

impl Service {
    /// Adds a trigger to a schedule.
    pub async fn add_trigger(&self, actor: &Actor, id: &ScheduleId, request: TriggerRequest) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (request, rule) = self.checked_trigger(request, "")?;
        self.edit(allowed, id, Edit::Add(request, rule)).await
    }

    /// Replaces the trigger of that name.
    pub async fn replace_trigger(&self, actor: &Actor, id: &ScheduleId, request: TriggerRequest) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (request, rule) = self.checked_trigger(request, "")?;
        self.edit(allowed, id, Edit::Replace(request, rule)).await
    }

    /// Removes the trigger of that name.
    pub async fn delete_trigger(&self, actor: &Actor, id: &ScheduleId, name: &str) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        self.edit(allowed, id, Edit::Remove(name.trim().to_owned())).await
    }

    async fn edit(&self, allowed: Allowed, id: &ScheduleId, edit: Edit) -> Result<(), Error> {
        for _ in 0..TRIES {
            let view = self.editable(&allowed, id, &edit).await?;
            if view.schedule.next_ms.is_some_and(|at| at <= self.now()) {
                // What is due by the triggers as they are is started before they change.
                self.fire_schedule(id).await?;
                continue;
            }
            edit.fits(&view.triggers)?;
            if let Edit::Add(request, new) | Edit::Replace(request, new) = &edit {
                let mut rules = vec![(request.name.clone(), new.clone())];
                for trigger in view.triggers.iter().filter(|trigger| trigger.name != request.name) {
                    rules.push((trigger.name.clone(), rule(trigger, &self.inner.zones)?));
                }
                if let Some(clash) = self.too_close(rules).await? {
                    return Err(Error::Conflict(clash));
                }
            }
            if self.store_edit(&allowed, &view, edit.clone()).await? {
                return Ok(());
            }
        }
        Err(Error::conflict("the schedule is being changed by others: try again"))
    }

    /// The schedule, when the actor may change it.
    async fn editable(&self, allowed: &Allowed, id: &ScheduleId, edit: &Edit) -> Result<ScheduleView, Error> {
        let (id, proof) = (id.clone(), allowed.clone());
        let removing = matches!(edit, Edit::Remove(_));
        self.read(allowed, move |tx| {
            let (schedule, link) = found(tx, &id)?;
            match may_change(tx, &proof, &schedule.environment_id, link.as_ref())? {
                true => view(tx, schedule),
                // The delete call has no status of its own for it (source: spec).
                false if removing => Err(super::forbidden()),
                false => Err(precondition()),
            }
        })
        .await
    }

    /// Makes the change if the schedule is still in the version that was looked at.
    async fn store_edit(&self, allowed: &Allowed, seen: &ScheduleView, edit: Edit) -> Result<bool, Error> {
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        let (id, version) = (seen.schedule.id.clone(), seen.schedule.version);
        self.write(allowed, move |tx| {
            let mut schedule = schedules::lock(tx, &id)?.ok_or_else(unknown)?;
            if schedule.version != version || schedule.next_ms.is_some_and(|at| at <= now) {
                return Ok(false);
            }
            let link = schedules::link(tx, &id)?;
            if !may_change(tx, &proof, &schedule.environment_id, link.as_ref())? {
                return Err(precondition());
            }
            schedule.version += 1;
            schedule.updated_ms = now;
            schedule.update(tx)?;
            let triggers = schedules::triggers(tx, &id)?;
            let next = |rule: &Rule| link.as_ref().and_then(|_| next_ms(rule, now));
            match &edit {
                Edit::Add(request, rule) => {
                    service.settings().account.room_for_triggers(tx, 1)?;
                    let number = triggers.last().map_or(1, |last| last.number + 1);
                    let mut trigger = service.new_trigger(&schedule, number, request, now)?;
                    trigger.next_ms = next(rule);
                    trigger.insert(tx)?;
                }
                Edit::Replace(request, rule) => {
                    let old = triggers.into_iter().find(|trigger| trigger.name == request.name);
                    let mut trigger = old.ok_or_else(|| Error::not_found("name: the schedule has no such trigger"))?;
                    trigger.kind = request.definition.kind.clone();
                    trigger.definition = Json(serde_json::to_value(&request.definition).map_err(Error::internal)?);
                    trigger.timeout_minutes = request.timeout;
                    trigger.version = schedule.version;
                    trigger.next_ms = next(rule);
                    trigger.update(tx)?;
                }
                Edit::Remove(name) => {
                    for trigger in triggers.iter().filter(|trigger| trigger.name == *name) {
                        schedules::delete_trigger(tx, &trigger.id)?;
                    }
                }
            }
            schedules::refresh_next(tx, std::slice::from_ref(&id))?;
            service.audit_schedule(tx, &proof, edit.action(), &schedule, Some(edit.name()))?;
            Ok(true)
        })
        .await
    }

    /// In words, the first two instants of the rules that are less than five minutes apart in the next five years
    /// (source: spec). Takes long for rules that fire often, so it runs on a thread for such work.
    pub(crate) async fn too_close(&self, rules: Vec<(String, Rule)>) -> Result<Option<String>, Error> {
        let now = self.now();
        let found = tokio::task::spawn_blocking(move || {
            let (names, rules): (Vec<String>, Vec<Rule>) = rules.into_iter().unzip();
            let apart = SignedDuration::from_millis(limits::TRIGGER_SPACING_MS);
            let clash = first_clash(&rules, instant(now), instant(now + limits::TRIGGER_HORIZON_MS), apart);
            clash.map(|clash| clash_text(&names, &clash))
        });
        found.await.map_err(Error::internal)
    }
}

fn clash_text(names: &[String], clash: &Clash) -> String {
    let told = |(at, index): (jiff::Timestamp, usize)| {
        let name = names.get(index).filter(|name| !name.is_empty()).map(|name| format!(" ({name})"));
        format!("{}{}", to_text(at.as_millisecond()), name.unwrap_or_default())
    };
    format!("{} and {} are less than 5 minutes apart: move one of them", told(clash.first), told(clash.second))
}
