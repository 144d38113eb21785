//! Schedules: several triggers that start one task or plan.

pub mod definition;
mod edit;
mod events;
pub(crate) mod links;
mod preview;

pub use definition::{AtDays, AtTimes, Definition};
pub use events::{EventQuery, EventSearch, Window};
pub use links::Executable;
pub use preview::{PREVIEW_DATES, Preview};

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{self, with_change};
use crate::environments::description;
use crate::error::Error;
use crate::triggers::ExecutableId;
use stoker_cron::Rule;
use stoker_domain::ids::{EnvironmentId, ScheduleId, TriggerId};
use stoker_domain::{Permission, Right, limits, names};
use stoker_store::db::{Json, Record};
use stoker_store::schedules::{self, Schedule, ScheduleFilter, ScheduleLink, Trigger};
use stoker_store::{Tx, environments};

pub(crate) const USE: &[Permission] = &[Permission::Operator];
const SEE: &[Right] = &[Right::View];
const CHANGE: &[Right] = &[Right::Execute];

/// A schedule with what its answers show beside its row.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleView {
    /// The schedule.
    pub schedule: Schedule,
    /// What it starts.
    pub link: Option<ScheduleLink>,
    /// Its triggers in order.
    pub triggers: Vec<Trigger>,
}

/// A new or replaced trigger.
#[derive(Clone, Debug)]
pub struct TriggerRequest {
    /// Unique in the schedule.
    pub name: String,
    /// When it is due.
    pub definition: Definition,
    /// Minutes after which a run of it is stopped, at least 1.
    pub timeout: Option<i64>,
}

/// A filter of schedule lists.
#[derive(Clone, Debug, Default)]
pub struct ScheduleQuery {
    /// Regular expression that finds something in the description.
    pub description: Option<String>,
    /// Environment id.
    pub environment: Option<String>,
    /// Only linked ones.
    pub linked: bool,
    /// Page size.
    pub limit: i64,
    /// Items to pass over.
    pub offset: i64,
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Schedule id not found.")
}

/// Minutes after which a run is stopped.
pub(crate) fn checked_timeout(field: &str, minutes: Option<i64>) -> Result<Option<i64>, Error> {
    match minutes {
        Some(minutes) if !(1..=i64::from(i32::MAX)).contains(&minutes) => {
            Err(Error::invalid(format!("{field}: must be at least 1 minute")))
        }
        other => Ok(other),
    }
}

/// Refuses a rule that will never be due again.
pub(crate) fn still_due(rule: &Rule, place: &str, now_ms: i64) -> Result<(), Error> {
    match definition::next_ms(rule, now_ms) {
        Some(_) => Ok(()),
        None => Err(Error::invalid(format!(
            "{place}startDate: the trigger would never fire from now on; choose a later date"
        ))),
    }
}

/// A filter as a regular expression.
fn pattern(text: Option<&str>) -> Result<Option<regex_lite::Regex>, Error> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > limits::REGEX_CHARS {
        return Err(Error::invalid(format!("descriptionFilter: must have at most {} characters", limits::REGEX_CHARS)));
    }
    let built = regex_lite::RegexBuilder::new(text).size_limit(1 << 18).nest_limit(32).build();
    built.map(Some).map_err(|error| Error::invalid(format!("descriptionFilter: is no regular expression: {error}")))
}

/// A schedule that has a face of its own, with what it starts.
fn found(tx: &mut Tx<'_>, id: &ScheduleId) -> Result<(Schedule, Option<ScheduleLink>), Error> {
    let schedule = schedules::get(tx, id)?.filter(|schedule| !schedule.own).ok_or_else(unknown)?;
    let link = schedules::link(tx, id)?;
    Ok((schedule, link))
}

/// Whether the actor may see the schedule: VIEW on the workspace of what it starts, or on any of the environment when it
/// starts nothing (source: spec).
fn seen(tx: &mut Tx<'_>, allowed: &Allowed, schedule: &Schedule, link: Option<&ScheduleLink>) -> Result<(), Error> {
    match link {
        Some(link) => allowed.right(tx, &link.workspace_id, SEE),
        None if allowed.has_right_in(tx, &schedule.environment_id, SEE)? => Ok(()),
        None => Err(Error::Forbidden("Forbidden: this needs the right VIEW on a workspace of the environment".into())),
    }
}

/// Whether the actor may change schedules of the environment (source: spec); one that starts something needs the right
/// there, and where that is a plan on the workspaces of all its tasks (source: inferred, or a stranger could start it).
fn may_change(
    tx: &mut Tx<'_>,
    allowed: &Allowed,
    environment: &EnvironmentId,
    link: Option<&ScheduleLink>,
) -> Result<bool, Error> {
    match link {
        Some(link) => match ExecutableId::of(link).get(tx)?.may_arm(tx, allowed) {
            Err(Error::Forbidden(_)) => Ok(false),
            other => other.map(|()| true),
        },
        None => allowed.has_right_in(tx, environment, CHANGE),
    }
}

const NO_RIGHT: &str =
    "this needs the right EXECUTE on the workspace the schedule is used in, or on any of the environment";

/// A refusal with 403.
fn forbidden() -> Error {
    Error::Forbidden(format!("Forbidden: {NO_RIGHT}"))
}

/// A refusal with 428 (source: spec).
fn precondition() -> Error {
    Error::Precondition(format!("Precondition required: {NO_RIGHT}"))
}

impl Service {
    /// A page of schedules, oldest first.
    pub async fn list_schedules(&self, actor: &Actor, query: ScheduleQuery) -> Result<Page<ScheduleView>, Error> {
        let allowed = actor.allow(USE)?;
        let pattern = pattern(query.description.as_deref())?;
        let filter = ScheduleFilter {
            environment: query.environment.as_deref().map(EnvironmentId::parse).transpose()?,
            linked: query.linked,
            visible_to: allowed.visible(SEE),
        };
        let (limit, offset) = (query.limit, query.offset);
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let mut rows = schedules::list(tx, &filter)?;
                rows.retain(|row| pattern.as_ref().is_none_or(|pattern| pattern.is_match(&row.description)));
                let total = rows.len() as i64;
                let page = rows.into_iter().skip(offset as usize).take(limit as usize);
                let items = page.map(|row| view(tx, row)).collect::<Result<Vec<_>, _>>()?;
                Ok((items, total))
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    /// One schedule.
    pub async fn schedule(&self, actor: &Actor, id: &ScheduleId) -> Result<ScheduleView, Error> {
        let allowed = actor.allow(USE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let (schedule, link) = found(tx, &id)?;
            seen(tx, &proof, &schedule, link.as_ref())?;
            view(tx, schedule)
        })
        .await
    }

    /// Adds a schedule with a first trigger; it starts nothing until it is linked.
    pub async fn create_schedule(
        &self,
        actor: &Actor,
        environment: &str,
        text: Option<String>,
        request: TriggerRequest,
    ) -> Result<ScheduleId, Error> {
        let allowed = actor.allow(USE)?;
        let environment = EnvironmentId::parse(environment)?;
        let text = description(text)?.unwrap_or_default();
        let (request, rule) = self.checked_trigger(request, "trigger.")?;
        if let Some(clash) = self.too_close(vec![(request.name.clone(), rule)]).await? {
            return Err(Error::invalid(format!("trigger: {clash}")));
        }
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            if environments::get(tx, &environment)?.is_none() {
                return Err(Error::invalid("environmentId: there is no such environment"));
            }
            if !may_change(tx, &proof, &environment, None)? {
                return Err(forbidden());
            }
            service.settings().account.room_for_triggers(tx, 1)?;
            let schedule = service.new_schedule(environment, text, now);
            schedule.insert(tx)?;
            service.new_trigger(&schedule, 1, &request, now)?.insert(tx)?;
            service.audit_schedule(tx, &proof, "schedule.create", &schedule, Some(&request.name))?;
            Ok(schedule.id)
        })
        .await
    }

    /// Copies a schedule with its triggers; the copy starts nothing.
    pub async fn copy_schedule(
        &self,
        actor: &Actor,
        id: &ScheduleId,
        text: Option<String>,
    ) -> Result<ScheduleId, Error> {
        let allowed = actor.allow(USE)?;
        let text = description(text)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let (source, link) = found(tx, &id)?;
            if let Some(link) = link {
                proof.right(tx, &link.workspace_id, &[Right::View, Right::Execute])?;
            }
            if !may_change(tx, &proof, &source.environment_id, None)? {
                return Err(forbidden());
            }
            let triggers = schedules::triggers(tx, &id)?;
            service.settings().account.room_for_triggers(tx, triggers.len())?;
            let text = text.unwrap_or_else(|| {
                format!("copy of {}", source.description).chars().take(limits::DESCRIPTION_CHARS).collect()
            });
            let copy = service.new_schedule(source.environment_id, text, now);
            copy.insert(tx)?;
            for mut trigger in triggers {
                trigger.id = TriggerId::generate(now, service.random());
                trigger.schedule_id = copy.id.clone();
                trigger.version = copy.version;
                trigger.next_ms = None;
                trigger.insert(tx)?;
            }
            service.audit_schedule(tx, &proof, "schedule.copy", &copy, None)?;
            Ok(copy.id)
        })
        .await
    }

    /// Changes the description; absent leaves it as it is.
    pub async fn describe_schedule(&self, actor: &Actor, id: &ScheduleId, text: Option<String>) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let text = description(text)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut schedule = schedules::lock(tx, &id)?.filter(|schedule| !schedule.own).ok_or_else(unknown)?;
            let link = schedules::link(tx, &id)?;
            if !may_change(tx, &proof, &schedule.environment_id, link.as_ref())? {
                return Err(precondition());
            }
            if let Some(text) = text {
                schedule.description = text;
                schedule.updated_ms = now;
                schedule.update(tx)?;
                service.audit_schedule(tx, &proof, "schedule.update", &schedule, None)?;
            }
            Ok(())
        })
        .await
    }

    /// Removes a schedule that starts nothing.
    pub async fn delete_schedule(&self, actor: &Actor, id: &ScheduleId) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let schedule = schedules::lock(tx, &id)?.filter(|schedule| !schedule.own).ok_or_else(unknown)?;
            let link = schedules::link(tx, &id)?;
            if !may_change(tx, &proof, &schedule.environment_id, link.as_ref())? {
                return Err(forbidden());
            }
            if let Some(link) = link {
                let kind = link.executable_kind.capitalised().to_lowercase();
                let message = format!("the schedule is used by {kind} {}: unlink it first", link.executable_id);
                return Err(Error::conflict(message));
            }
            service.audit_schedule(tx, &proof, "schedule.delete", &schedule, None)?;
            schedules::delete(tx, &id)?;
            Ok(())
        })
        .await
    }

    /// Checks a trigger by itself; `place` stands before the field names in messages.
    fn checked_trigger(&self, mut request: TriggerRequest, place: &str) -> Result<(TriggerRequest, Rule), Error> {
        request.name = names::checked("name", &request.name, limits::NAME_CHARS)
            .map_err(|error| Error::invalid(format!("{place}{error}")))?;
        request.timeout = checked_timeout(&format!("{place}timeout"), request.timeout)?;
        let rule = request.definition.rule(&self.inner.zones, place)?;
        still_due(&rule, place, self.now())?;
        Ok((request, rule))
    }

    fn new_schedule(&self, environment_id: EnvironmentId, text: String, now: i64) -> Schedule {
        Schedule {
            id: ScheduleId::generate(now, self.random()),
            environment_id,
            description: text,
            own: false,
            version: 1,
            next_ms: None,
            created_ms: now,
            updated_ms: now,
        }
    }

    fn new_trigger(
        &self,
        schedule: &Schedule,
        number: i64,
        request: &TriggerRequest,
        now: i64,
    ) -> Result<Trigger, Error> {
        Ok(Trigger {
            id: TriggerId::generate(now, self.random()),
            schedule_id: schedule.id.clone(),
            number,
            name: request.name.clone(),
            kind: request.definition.kind.clone(),
            definition: Json(serde_json::to_value(&request.definition).map_err(Error::internal)?),
            timeout_minutes: request.timeout,
            version: schedule.version,
            next_ms: None,
        })
    }

    fn audit_schedule(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        row: &Schedule,
        trigger: Option<&str>,
    ) -> Result<(), Error> {
        let trigger = trigger.map(str::to_owned).into_iter().collect();
        let change = Change {
            action,
            object: ("schedule", row.id.as_str()),
            workspace: None,
            detail: Some(with_change(audit_states::schedule(tx, row)?, &[("trigger", trigger)])),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

/// The schedule with its link and triggers.
pub(crate) fn view(tx: &mut Tx<'_>, schedule: Schedule) -> Result<ScheduleView, Error> {
    let link = schedules::link(tx, &schedule.id)?;
    let triggers = schedules::triggers(tx, &schedule.id)?;
    Ok(ScheduleView { schedule, link, triggers })
}
