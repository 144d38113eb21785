//! What schedules start: linking, arming, and the trigger of a run configuration. Tasks and plans use the same.
//!
//! Order of locks: the schedule's row before the row of what it starts.

use crate::error::Error;
use crate::schedules::definition::{Definition, due, next_ms};
use jiff::tz::TimeZoneDatabase;
use stoker_domain::ids::{EnvironmentId, ScheduleId, TriggerId, WorkspaceId};
use stoker_domain::plan::PlanMisfire;
use stoker_domain::schedule::{ExecutableKind, FireResult};
use stoker_domain::{PrincipalKind, Random, limits};
use stoker_store::db::{Json, Record};
use stoker_store::plans::Plan;
use stoker_store::schedules::{self, Fire, Schedule, ScheduleLink, Trigger};
use stoker_store::tasks::Task;
use stoker_store::{Tx, params, webhooks};

/// What a schedule can start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executable {
    /// Task or plan.
    pub kind: ExecutableKind,
    /// Its id.
    pub id: String,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Environment of that.
    pub environment: EnvironmentId,
}

impl Executable {
    /// A task.
    pub fn task(task: &Task) -> Self {
        Self {
            kind: ExecutableKind::Task,
            id: task.id.to_string(),
            workspace: task.workspace_id.clone(),
            environment: task.environment_id.clone(),
        }
    }

    /// A plan.
    pub fn plan(plan: &Plan) -> Self {
        Self {
            kind: ExecutableKind::Plan,
            id: plan.id.to_string(),
            workspace: plan.workspace_id.clone(),
            environment: plan.environment_id.clone(),
        }
    }
}

/// In whose name something is started.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) name: String,
    pub(crate) kind: PrincipalKind,
}

/// Reads the stored definition of a trigger.
pub(crate) fn definition(trigger: &Trigger) -> Result<Definition, Error> {
    serde_json::from_value(trigger.definition.0.clone()).map_err(Error::internal)
}

/// The rule of a stored trigger.
pub(crate) fn rule(trigger: &Trigger, zones: &TimeZoneDatabase) -> Result<stoker_cron::Rule, Error> {
    definition(trigger)?.rule(zones, "trigger.")
}

/// Locks the schedule that starts the executable, with its link.
pub(crate) fn lock_of(
    tx: &mut Tx<'_>,
    kind: ExecutableKind,
    id: &str,
) -> Result<Option<(Schedule, ScheduleLink)>, Error> {
    // Another link may appear or go between looking and locking.
    while let Some(link) = schedules::link_of(tx, kind, id)? {
        let schedule = schedules::lock(tx, &link.schedule_id)?;
        let current = schedules::link_of(tx, kind, id)?;
        match (schedule, current) {
            (Some(schedule), Some(current)) if current.schedule_id == schedule.id => {
                return Ok(Some((schedule, current)));
            }
            (_, None) => break,
            _ => {}
        }
    }
    Ok(None)
}

/// Begins a new version of a locked schedule in which every trigger is due from now on; what was due before is over.
pub(crate) fn arm(
    tx: &mut Tx<'_>,
    schedule: &mut Schedule,
    zones: &TimeZoneDatabase,
    now_ms: i64,
) -> Result<(), Error> {
    schedule.version += 1;
    schedule.updated_ms = now_ms;
    schedule.next_ms = None;
    for mut trigger in schedules::triggers(tx, &schedule.id)? {
        trigger.version = schedule.version;
        trigger.next_ms = next_ms(&rule(&trigger, zones)?, now_ms);
        schedule.next_ms = earliest(schedule.next_ms, trigger.next_ms);
        trigger.update(tx)?;
    }
    schedule.update(tx)?;
    Ok(())
}

/// The earlier of two instants, of which either may be missing.
pub(crate) fn earliest(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    a.into_iter().chain(b).min()
}

/// Takes the link from a locked schedule: nothing is due any more. A schedule that was only the trigger of a run
/// configuration is removed.
pub(crate) fn release(tx: &mut Tx<'_>, schedule: &mut Schedule, now_ms: i64) -> Result<(), Error> {
    if schedule.own {
        schedules::delete(tx, &schedule.id)?;
        return Ok(());
    }
    schedules::unlink(tx, &schedule.id)?;
    schedule.version += 1;
    schedule.updated_ms = now_ms;
    schedule.next_ms = None;
    tx.execute(
        "UPDATE schedule_triggers SET next_ms = NULL, version = $2 WHERE schedule_id = $1",
        params![&schedule.id, schedule.version],
    )?;
    schedule.update(tx)?;
    Ok(())
}

/// Takes whatever starts the executable from it: schedule, trigger or webhook. `false` when there was nothing.
pub(crate) fn release_of(tx: &mut Tx<'_>, kind: ExecutableKind, id: &str, now_ms: i64) -> Result<bool, Error> {
    if let Some(hook) = webhooks::lock_of(tx, kind, id)? {
        webhooks::delete(tx, &hook.id)?;
        return Ok(true);
    }
    match lock_of(tx, kind, id)? {
        None => Ok(false),
        Some((mut schedule, _)) => {
            release(tx, &mut schedule, now_ms)?;
            Ok(true)
        }
    }
}

/// Links a locked schedule to an executable that nothing starts, and arms it.
pub(crate) fn link(
    tx: &mut Tx<'_>,
    schedule: &mut Schedule,
    executable: &Executable,
    owner: &Owner,
    zones: &TimeZoneDatabase,
    now_ms: i64,
) -> Result<(), Error> {
    let link = ScheduleLink {
        schedule_id: schedule.id.clone(),
        executable_kind: executable.kind,
        executable_id: executable.id.clone(),
        workspace_id: executable.workspace.clone(),
        user_id: owner.name.clone(),
        user_kind: owner.kind,
        linked_ms: now_ms,
    };
    link.insert(tx)
        .map_err(crate::error::taken("scheduleId: another schedule was linked at the same moment; try again"))?;
    arm(tx, schedule, zones, now_ms)
}

/// Gives an executable the trigger of its run configuration, in place of whatever started it before. The same
/// definition again changes nothing, so that it neither moves nor repeats a start.
pub(crate) fn set_own(
    tx: &mut Tx<'_>,
    executable: &Executable,
    definition: &Definition,
    owner: &Owner,
    (zones, random, now_ms): (&TimeZoneDatabase, &dyn Random, i64),
) -> Result<(), Error> {
    if let Some((mut schedule, _)) = lock_of(tx, executable.kind, &executable.id)? {
        if schedule.own && own_definition(tx, &schedule.id)?.as_ref() == Some(definition) {
            return Ok(());
        }
        release(tx, &mut schedule, now_ms)?;
    } else {
        release_of(tx, executable.kind, &executable.id, now_ms)?;
    }
    let mut schedule = Schedule {
        id: ScheduleId::generate(now_ms, random),
        environment_id: executable.environment.clone(),
        description: String::new(),
        own: true,
        version: 0,
        next_ms: None,
        created_ms: now_ms,
        updated_ms: now_ms,
    };
    schedule.insert(tx)?;
    let trigger = Trigger {
        id: TriggerId::generate(now_ms, random),
        schedule_id: schedule.id.clone(),
        number: 1,
        name: String::new(),
        kind: definition.kind.clone(),
        definition: Json(serde_json::to_value(definition).map_err(Error::internal)?),
        timeout_minutes: None,
        version: 0,
        next_ms: None,
    };
    trigger.insert(tx)?;
    link(tx, &mut schedule, executable, owner, zones, now_ms)
}

/// The definition of the only trigger of a schedule.
pub(crate) fn own_definition(tx: &mut Tx<'_>, id: &ScheduleId) -> Result<Option<Definition>, Error> {
    schedules::triggers(tx, id)?.first().map(definition).transpose()
}

/// What was due while the executable was paused is over when it is resumed: written down, not made up for. Of several
/// instants of a trigger the latest gets the record, and counts the others.
pub(crate) fn skip_overdue(
    tx: &mut Tx<'_>,
    kind: ExecutableKind,
    id: &str,
    zones: &TimeZoneDatabase,
    now_ms: i64,
) -> Result<(), Error> {
    let Some((schedule, link)) = lock_of(tx, kind, id)? else { return Ok(()) };
    let (mut fires, mut next) = (Vec::new(), Vec::new());
    for trigger in schedules::triggers(tx, &schedule.id)? {
        let Some(from_ms) = trigger.next_ms.filter(|at| *at <= now_ms) else { continue };
        let due = due(&rule(&trigger, zones)?, from_ms, now_ms, limits::LATE_START_MS);
        let mut fire = fire_of(&trigger, &link, due.at_ms, now_ms);
        fire.missed = due.missed;
        fire.result = FireResult::Skipped;
        let reason = match kind {
            ExecutableKind::Task => PAUSED,
            ExecutableKind::Plan => PlanMisfire::Paused.id(),
        };
        fire.reason = Some(reason.to_owned());
        fires.push(fire);
        next.push((trigger.id, due.next_ms));
    }
    schedules::insert_fires(tx, &fires)?;
    schedules::set_next(tx, &next)?;
    schedules::refresh_next(tx, &[schedule.id])?;
    Ok(())
}

/// The published reason for what a paused task does not start.
pub(crate) const PAUSED: &str = "TASK_IS_PAUSED";

/// The record of a due instant before it is known what becomes of it.
pub(crate) fn fire_of(trigger: &Trigger, link: &ScheduleLink, due_ms: i64, now_ms: i64) -> Fire {
    Fire {
        trigger_id: trigger.id.clone(),
        version: trigger.version,
        due_ms,
        schedule_id: trigger.schedule_id.clone(),
        trigger_name: trigger.name.clone(),
        executable_kind: link.executable_kind,
        executable_id: link.executable_id.clone(),
        workspace_id: link.workspace_id.clone(),
        at_ms: now_ms,
        result: FireResult::Started,
        reason: None,
        message: None,
        missed: 0,
        run_id: None,
        plan_run_id: None,
    }
}
