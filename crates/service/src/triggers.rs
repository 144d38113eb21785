//! What starts a task or plan when nobody does: the trigger of its run configuration, a linked schedule, a webhook.
//! Tasks and plans have the same calls.
//!
//! Order of locks: webhook, schedule, then the task or plan.

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{self, with_change};
use crate::error::Error;
use crate::plan_checks::workspaces_of;
use crate::schedules::definition::Definition;
use crate::schedules::links::{self, Executable, Owner};
use crate::schedules::{self as rules, ScheduleView};
use crate::webhooks::WebhookRequest;
use serde_json::{Map, Value, json};
use stoker_domain::ids::{PlanId, ScheduleId, TaskId, WorkspaceId};
use stoker_domain::schedule::ExecutableKind;
use stoker_domain::{Permission, Right};
use stoker_store::db::Record;
use stoker_store::plans::{self, Plan};
use stoker_store::schedules::{self, Fire};
use stoker_store::tasks::{self, Task};
use stoker_store::{Tx, webhooks};

pub(crate) const USE: &[Permission] = &[Permission::Operator];
/// One of these on the workspace is enough to see what starts something.
pub(crate) const SEE: &[Right] = &[Right::View, Right::Execute];

/// What starts a task or plan, as a run configuration says it.
#[derive(Clone, Debug, PartialEq)]
pub enum TriggerChoice {
    /// `MANUAL`: nothing but calls and plans.
    Manual,
    /// `MULTIPLE`: the linked schedule, as it is.
    Multiple,
    /// Time.
    Timed(Box<Definition>),
    /// `WEBHOOK`.
    Webhook(Box<WebhookRequest>),
}

impl TriggerChoice {
    /// What the run configuration shows of it.
    pub(crate) fn shown(&self) -> Result<Value, Error> {
        match self {
            TriggerChoice::Manual => Ok(json!({ "type": "MANUAL" })),
            TriggerChoice::Multiple => Ok(json!({ "type": "MULTIPLE" })),
            TriggerChoice::Timed(definition) => serde_json::to_value(definition).map_err(Error::internal),
            TriggerChoice::Webhook(webhook) => Ok(webhook.shown()),
        }
    }
}

/// Which task or plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecutableId {
    /// A task.
    Task(TaskId),
    /// A plan.
    Plan(PlanId),
}

impl ExecutableId {
    /// What a schedule is linked to.
    pub(crate) fn of(link: &schedules::ScheduleLink) -> Self {
        match link.executable_kind {
            ExecutableKind::Task => ExecutableId::Task(TaskId::trusted(&link.executable_id)),
            ExecutableKind::Plan => ExecutableId::Plan(PlanId::trusted(&link.executable_id)),
        }
    }

    /// Task or plan.
    pub fn kind(&self) -> ExecutableKind {
        match self {
            ExecutableId::Task(_) => ExecutableKind::Task,
            ExecutableId::Plan(_) => ExecutableKind::Plan,
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        match self {
            ExecutableId::Task(id) => id.as_str(),
            ExecutableId::Plan(id) => id.as_str(),
        }
    }

    /// Who may look at runs of it and at its upcoming starts: for plans there is one permission for all.
    pub(crate) fn watchers(&self) -> &'static [Permission] {
        match self {
            ExecutableId::Task(_) => crate::runs::RUN,
            ExecutableId::Plan(_) => crate::plans::USE,
        }
    }

    pub(crate) fn get(&self, tx: &mut Tx<'_>) -> Result<Startable, Error> {
        Ok(match self {
            ExecutableId::Task(id) => Startable::Task(Box::new(tasks::get(tx, id)?.ok_or_else(crate::tasks::unknown)?)),
            ExecutableId::Plan(id) => Startable::Plan(Box::new(plans::get(tx, id)?.ok_or_else(crate::plans::unknown)?)),
        })
    }

    /// Locks what starts it, and then itself.
    pub(crate) fn lock(&self, tx: &mut Tx<'_>) -> Result<Startable, Error> {
        webhooks::lock_of(tx, self.kind(), self.as_str())?;
        links::lock_of(tx, self.kind(), self.as_str())?;
        Ok(match self {
            ExecutableId::Task(id) => {
                Startable::Task(Box::new(tasks::lock(tx, id)?.ok_or_else(crate::tasks::unknown)?))
            }
            ExecutableId::Plan(id) => {
                Startable::Plan(Box::new(plans::lock(tx, id)?.ok_or_else(crate::plans::unknown)?))
            }
        })
    }
}

/// A task or plan.
#[derive(Clone, Debug)]
pub(crate) enum Startable {
    /// A task.
    Task(Box<Task>),
    /// A plan.
    Plan(Box<Plan>),
}

impl Startable {
    pub(crate) fn executable(&self) -> Executable {
        match self {
            Startable::Task(task) => Executable::task(task),
            Startable::Plan(plan) => Executable::plan(plan),
        }
    }

    pub(crate) fn workspace(&self) -> &WorkspaceId {
        match self {
            Startable::Task(task) => &task.workspace_id,
            Startable::Plan(plan) => &plan.workspace_id,
        }
    }

    fn paused(&self) -> bool {
        match self {
            Startable::Task(task) => task.paused,
            Startable::Plan(plan) => plan.paused,
        }
    }

    fn store_trigger(self, tx: &mut Tx<'_>, trigger: &TriggerChoice, now: i64) -> Result<(), Error> {
        let shown = trigger.shown()?;
        let insert = |config: &mut Map<String, Value>| config.insert("trigger".to_owned(), shown);
        match self {
            Startable::Task(mut task) => {
                insert(&mut task.run_config.0);
                task.updated_ms = now;
                task.update(tx)?;
            }
            Startable::Plan(mut plan) => {
                insert(&mut plan.run_config.0);
                plan.updated_ms = now;
                plan.update(tx)?;
            }
        }
        Ok(())
    }

    /// Whether the caller may let time or a webhook start it: EXECUTE on its workspace, and for a plan on those of all
    /// its tasks and handler plans, as for a start.
    pub(crate) fn may_arm(&self, tx: &mut Tx<'_>, allowed: &Allowed) -> Result<(), Error> {
        allowed.right(tx, self.workspace(), &[Right::Execute])?;
        if let Startable::Plan(plan) = self {
            for workspace in workspaces_of(tx, &plan.steps.0)? {
                allowed.right(tx, &workspace, &[Right::Execute])?;
            }
        }
        Ok(())
    }
}

pub(crate) fn owner(allowed: &Allowed) -> Owner {
    Owner { name: allowed.actor().name.clone(), kind: allowed.actor().kind }
}

fn unlinked(id: &ExecutableId) -> Error {
    Error::not_found(format!("No schedule is linked to the {}.", id.kind().noun()))
}

impl Service {
    /// Checks a choice as far as it goes without the row.
    pub(crate) async fn checked_choice(
        &self,
        allowed: &Allowed,
        id: &ExecutableId,
        choice: TriggerChoice,
    ) -> Result<TriggerChoice, Error> {
        match choice {
            TriggerChoice::Timed(definition) => {
                self.check_timed(allowed, id, &definition).await?;
                Ok(TriggerChoice::Timed(definition))
            }
            TriggerChoice::Webhook(webhook) => Ok(TriggerChoice::Webhook(Box::new(webhook.checked()?))),
            other => Ok(other),
        }
    }

    /// Checks a trigger that time starts, unless there is the same one already: clients send back what they read, also
    /// when it is over.
    async fn check_timed(&self, allowed: &Allowed, id: &ExecutableId, definition: &Definition) -> Result<(), Error> {
        let rule = definition.rule(&self.inner.zones, "trigger.")?;
        let id = id.clone();
        let stored = self
            .read::<_, Error, _>(allowed, move |tx| match schedules::link_of(tx, id.kind(), id.as_str())? {
                Some(link) => links::own_definition(tx, &link.schedule_id),
                None => Ok(None),
            })
            .await?;
        if stored.as_ref() == Some(definition) {
            return Ok(());
        }
        rules::still_due(&rule, "trigger.", self.now())?;
        match self.too_close(vec![(String::new(), rule)]).await? {
            Some(clash) => Err(Error::invalid(format!("trigger: {clash}"))),
            None => Ok(()),
        }
    }

    /// What is due by the triggers as they are is started before they change.
    pub(crate) async fn fire_before_change(&self, id: &ExecutableId) -> Result<(), Error> {
        let (id, now) = (id.clone(), self.now());
        let due = self
            .read::<_, Error, _>(&Allowed::system(), move |tx| {
                let Some(link) = schedules::link_of(tx, id.kind(), id.as_str())? else { return Ok(None) };
                Ok(schedules::get(tx, &link.schedule_id)?.filter(|s| s.next_ms.is_some_and(|at| at <= now)))
            })
            .await?;
        if let Some(schedule) = due {
            self.fire_schedule(&schedule.id).await?;
        }
        Ok(())
    }

    /// Puts a checked choice into the place of whatever started the locked executable before.
    pub(crate) fn set_trigger(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        startable: &Startable,
        trigger: &TriggerChoice,
        now: i64,
    ) -> Result<(), Error> {
        let executable = startable.executable();
        let (kind, id) = (executable.kind, executable.id.as_str());
        match trigger {
            TriggerChoice::Manual => {
                links::release_of(tx, kind, id, now)?;
                Ok(())
            }
            TriggerChoice::Multiple => match links::lock_of(tx, kind, id)? {
                Some((schedule, _)) if !schedule.own => Ok(()),
                _ => {
                    let noun = kind.noun();
                    let message = format!(
                        "trigger.type: no schedule is linked to the {noun}; link one with .../{noun}s/{{id}}/schedule"
                    );
                    Err(Error::invalid(message))
                }
            },
            TriggerChoice::Timed(definition) => {
                startable.may_arm(tx, allowed)?;
                let tools = (&self.inner.zones, self.random(), now);
                links::set_own(tx, &executable, definition, &owner(allowed), tools)?;
                self.settings().account.room_for_triggers(tx, 0)
            }
            TriggerChoice::Webhook(webhook) => {
                startable.may_arm(tx, allowed)?;
                if let Startable::Plan(plan) = startable {
                    self.check_takes_payload(tx, plan)?;
                }
                if let Some((mut schedule, _)) = links::lock_of(tx, kind, id)? {
                    links::release(tx, &mut schedule, now)?;
                }
                self.set_webhook(tx, &executable, webhook, &owner(allowed), now)
            }
        }
    }

    /// Stops whatever starts a task or plan by itself; the rest of its run configuration stays (source: spec). Nothing
    /// to stop is no mistake.
    pub async fn stop_trigger(&self, actor: &Actor, id: &ExecutableId) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        self.fire_before_change(id).await?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let startable = id.lock(tx)?;
            proof.right(tx, startable.workspace(), &[Right::Execute])?;
            if links::release_of(tx, id.kind(), id.as_str(), now)? {
                startable.store_trigger(tx, &TriggerChoice::Manual, now)?;
                service.audit_trigger(tx, &proof, "schedule.stop", &id, None)?;
            }
            Ok(())
        })
        .await
    }

    /// The schedule linked to a task or plan.
    pub async fn linked_schedule(&self, actor: &Actor, id: &ExecutableId) -> Result<ScheduleView, Error> {
        let allowed = actor.allow(USE)?;
        let (proof, id) = (allowed.clone(), id.clone());
        self.read(&allowed, move |tx| {
            let startable = id.get(tx)?;
            proof.right(tx, startable.workspace(), &[Right::View])?;
            let link = schedules::link_of(tx, id.kind(), id.as_str())?.ok_or_else(|| unlinked(&id))?;
            let schedule = schedules::get(tx, &link.schedule_id)?.filter(|s| !s.own).ok_or_else(|| unlinked(&id))?;
            rules::view(tx, schedule)
        })
        .await
    }

    /// Links a schedule to a task or plan in place of whatever started it before (source: spec).
    pub async fn link_schedule(&self, actor: &Actor, id: &ExecutableId, schedule: &str) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let schedule = ScheduleId::parse(schedule).map_err(|_| rules::unknown())?;
        self.fire_before_change(id).await?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            // The new schedule before the executable, and before the one it has: nothing else locks two.
            let found = schedules::lock(tx, &schedule)?.filter(|s| !s.own);
            let startable = id.lock(tx)?;
            startable.may_arm(tx, &proof)?;
            let linked = schedules::link(tx, &schedule)?;
            if let Some(link) = linked.filter(|link| link.executable_id != id.as_str()) {
                let noun = link.executable_kind.noun();
                let message =
                    format!("scheduleId: the schedule is linked to another {noun} already: unlink it there first");
                return Err(Error::Forbidden(message));
            }
            let before = links::lock_of(tx, id.kind(), id.as_str())?;
            if before.as_ref().is_some_and(|(before, _)| before.id == schedule && !before.own) {
                return Ok(());
            }
            let mut schedule = found.ok_or_else(rules::unknown)?;
            let executable = startable.executable();
            if schedule.environment_id != executable.environment {
                let noun = id.kind().noun();
                let message = format!("scheduleId: the schedule lies in another environment than the {noun}");
                return Err(Error::invalid(message));
            }
            match before {
                Some((mut before, _)) => links::release(tx, &mut before, now)?,
                None => {
                    links::release_of(tx, id.kind(), id.as_str(), now)?;
                }
            }
            links::link(tx, &mut schedule, &executable, &owner(&proof), &service.inner.zones, now)?;
            startable.store_trigger(tx, &TriggerChoice::Multiple, now)?;
            service.audit_trigger(tx, &proof, "schedule.link", &id, Some(&schedule.id))
        })
        .await
    }

    /// Takes the linked schedule from a task or plan; the schedule stays.
    pub async fn unlink_schedule(&self, actor: &Actor, id: &ExecutableId) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        self.fire_before_change(id).await?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let startable = id.lock(tx)?;
            proof.right(tx, startable.workspace(), &[Right::Execute])?;
            let linked = links::lock_of(tx, id.kind(), id.as_str())?;
            let (mut schedule, _) = linked.filter(|(schedule, _)| !schedule.own).ok_or_else(|| unlinked(&id))?;
            links::release(tx, &mut schedule, now)?;
            startable.store_trigger(tx, &TriggerChoice::Manual, now)?;
            service.audit_trigger(tx, &proof, "schedule.unlink", &id, Some(&schedule.id))
        })
        .await
    }

    /// What became of the due instants of a task or plan, newest first; for 60 days.
    pub async fn fires(&self, actor: &Actor, id: &ExecutableId, limit: i64, offset: i64) -> Result<Page<Fire>, Error> {
        let allowed = actor.allow(id.watchers())?;
        let (id, proof) = (id.clone(), allowed.clone());
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let startable = id.get(tx)?;
                proof.right(tx, startable.workspace(), SEE)?;
                Ok(schedules::fires(tx, id.kind(), id.as_str(), limit, offset)?)
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    /// The link whose triggers will start a task or plan; none while it is paused.
    pub(crate) async fn armed_link(
        &self,
        actor: &Actor,
        id: &ExecutableId,
    ) -> Result<Option<schedules::ScheduleLink>, Error> {
        let allowed = actor.allow(id.watchers())?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let startable = id.get(tx)?;
            proof.right(tx, startable.workspace(), SEE)?;
            let link = schedules::link_of(tx, id.kind(), id.as_str())?;
            Ok(link.filter(|_| !startable.paused()))
        })
        .await
    }

    /// Tells a task or plan as it is after what starts it was changed, and which schedule was meant.
    fn audit_trigger(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        what: &str,
        id: &ExecutableId,
        schedule: Option<&ScheduleId>,
    ) -> Result<(), Error> {
        let action = format!("{}.{what}", id.kind().noun());
        let (state, workspace) = match id.get(tx)? {
            Startable::Task(task) => (audit_states::task(&task), task.workspace_id.clone()),
            Startable::Plan(plan) => (audit_states::plan(tx, &plan)?, plan.workspace_id.clone()),
        };
        let schedule = schedule.map(ToString::to_string).into_iter().collect();
        let detail = Some(with_change(state, &[("schedule", schedule)]));
        let object = (id.kind().noun(), id.as_str());
        let change = Change { action: &action, object, workspace: Some(&workspace), detail };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}
