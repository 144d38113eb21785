//! Schedules, their triggers, what they are linked to, and the record of every due instant.

use crate::db::record::{Conditions, in_powers, record};
use crate::db::{Json, Record};
use crate::{StoreError, Tx, Value, params};
use serde_json::Value as JsonValue;
use std::collections::{HashMap, HashSet};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{EnvironmentId, PlanRunId, RunId, ScheduleId, TriggerId, WorkspaceId};
use stoker_domain::schedule::{ExecutableKind, FireResult};

record! {
    /// A schedule: several triggers that may be linked to one task or plan.
    Schedule in "schedules" {
        /// Its id.
        id: ScheduleId,
        /// Where it lies.
        environment_id: EnvironmentId,
        /// Free text.
        description: String,
        /// Whether it is the trigger of a run configuration and not a schedule of its own.
        own: bool,
        /// Grows with every change of its triggers or its link.
        version: i64,
        /// The earliest due instant of its triggers; none while it is not linked or when it is over.
        next_ms: Option<i64>,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

record! {
    /// What a schedule starts.
    ScheduleLink in "schedule_links" {
        /// The schedule.
        schedule_id: ScheduleId,
        /// Task or plan.
        executable_kind: ExecutableKind,
        /// Its id.
        executable_id: String,
        /// Its workspace.
        workspace_id: WorkspaceId,
        /// In whose name it is started: a login or a service-account id.
        user_id: String,
        /// Which of the two.
        user_kind: PrincipalKind,
        /// Since when.
        linked_ms: i64,
    }
}

record! {
    /// A trigger of a schedule.
    Trigger in "schedule_triggers" {
        /// Its id.
        id: TriggerId,
        /// The schedule.
        schedule_id: ScheduleId,
        /// Order in the schedule.
        number: i64,
        /// Unique in the schedule; empty for the trigger of a run configuration.
        name: String,
        /// The published type, for filters.
        kind: String,
        /// When it is due, as JSON with the published names.
        definition: Json<JsonValue>,
        /// Minutes after which a run of this trigger is stopped.
        timeout_minutes: Option<i64>,
        /// Version of the schedule in which it was last changed or armed.
        version: i64,
        /// When it is due next; none while the schedule is not linked or when it is over.
        next_ms: Option<i64>,
    }
}

record! {
    /// What became of a due instant. The key makes sure that it is acted on once.
    Fire in "schedule_fires" {
        /// The trigger.
        trigger_id: TriggerId,
        /// Its version then.
        version: i64,
        /// The due instant.
        due_ms: i64,
        /// Its schedule.
        schedule_id: ScheduleId,
        /// Its name then.
        trigger_name: String,
        /// What it was to start.
        executable_kind: ExecutableKind,
        /// Id of that.
        executable_id: String,
        /// Workspace of that.
        workspace_id: WorkspaceId,
        /// When the server acted.
        at_ms: i64,
        /// What became of it.
        result: FireResult,
        /// Why not, by the published names where there is one.
        reason: Option<String>,
        /// Why not, in words.
        message: Option<String>,
        /// How many earlier instants were passed over with this one.
        missed: i64,
        /// The run that was made.
        run_id: Option<RunId>,
        /// The plan run that was made.
        plan_run_id: Option<PlanRunId>,
    }
}

/// The schedule with this id.
pub fn get(tx: &mut Tx<'_>, id: &ScheduleId) -> Result<Option<Schedule>, StoreError> {
    Schedule::select_opt(tx, "WHERE id = $1", params![id])
}

/// The schedule with this id, locked until the end of the transaction. Whoever locks a task too locks this first.
pub fn lock(tx: &mut Tx<'_>, id: &ScheduleId) -> Result<Option<Schedule>, StoreError> {
    Schedule::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// Ids of schedules with a due trigger, the most overdue first.
pub fn due(tx: &mut Tx<'_>, now_ms: i64, limit: i64) -> Result<Vec<ScheduleId>, StoreError> {
    let sql = "SELECT id FROM schedules WHERE next_ms <= $1 ORDER BY next_ms, id LIMIT $2";
    tx.query(sql, params![now_ms, limit])?.iter().map(|row| row.text(0).map(ScheduleId::trusted)).collect()
}

/// The earliest due instant of all schedules.
pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<i64>, StoreError> {
    let row =
        tx.query_opt("SELECT next_ms FROM schedules WHERE next_ms IS NOT NULL ORDER BY next_ms LIMIT 1", params![])?;
    row.map(|row| row.int(0)).transpose()
}

/// A schedule that is acted on.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its id.
    pub id: ScheduleId,
    /// What it is linked to.
    pub link: Option<ScheduleLink>,
    /// Its triggers in order.
    pub triggers: Vec<Trigger>,
}

/// Those of the schedules that still have a due trigger and that no other server is acting on, locked, in the order of
/// `ids`.
pub fn claim(tx: &mut Tx<'_>, ids: &[ScheduleId], now_ms: i64) -> Result<Vec<Claimed>, StoreError> {
    let sql = "SELECT id FROM schedules WHERE id {any_of}$1{any_end} AND next_ms <= $2 {skip_locked}";
    let found = tx.query(sql, params![texts(ids), now_ms])?;
    let found: HashSet<String> = found.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
    let keys: Vec<String> = ids.iter().map(ToString::to_string).filter(|id| found.contains(id)).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut triggers = HashMap::<ScheduleId, Vec<Trigger>>::new();
    for trigger in
        Trigger::select(tx, "WHERE schedule_id {any_of}$1{any_end} ORDER BY number, id", params![keys.clone()])?
    {
        triggers.entry(trigger.schedule_id.clone()).or_default().push(trigger);
    }
    let mut links: HashMap<ScheduleId, ScheduleLink> =
        ScheduleLink::with_keys(tx, keys.clone())?.into_iter().map(|link| (link.schedule_id.clone(), link)).collect();
    let claimed = |id: String| {
        let id = ScheduleId::trusted(id);
        Claimed { link: links.remove(&id), triggers: triggers.remove(&id).unwrap_or_default(), id }
    };
    Ok(keys.into_iter().map(claimed).collect())
}

fn texts(ids: &[ScheduleId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// Stores the earliest due instant of the triggers in each schedule's row.
pub fn refresh_next(tx: &mut Tx<'_>, ids: &[ScheduleId]) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE schedules SET next_ms = \
         (SELECT min(next_ms) FROM schedule_triggers WHERE schedule_id = schedules.id) WHERE id {any_of}$1{any_end}",
        params![texts(ids)],
    )?;
    Ok(())
}

/// The triggers of a schedule in order.
pub fn triggers(tx: &mut Tx<'_>, id: &ScheduleId) -> Result<Vec<Trigger>, StoreError> {
    Trigger::select(tx, "WHERE schedule_id = $1 ORDER BY number, id", params![id])
}

/// How many triggers there are in all.
pub fn count_triggers(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_int("SELECT count(*) FROM schedule_triggers", &[])
}

/// The triggers of all linked schedules of an environment, with their schedules' links.
pub fn armed(
    tx: &mut Tx<'_>,
    kind: ExecutableKind,
    environment: &EnvironmentId,
) -> Result<Vec<(ScheduleLink, Vec<Trigger>)>, StoreError> {
    let linked = "executable_kind = $1 AND schedule_id IN (SELECT id FROM schedules WHERE environment_id = $2)";
    let values = params![kind.id(), environment];
    let links = ScheduleLink::select(tx, &format!("WHERE {linked} ORDER BY executable_id"), values)?;
    let rest =
        format!("WHERE schedule_id IN (SELECT schedule_id FROM schedule_links WHERE {linked}) ORDER BY number, id");
    let mut by_schedule = std::collections::HashMap::<_, Vec<Trigger>>::new();
    for trigger in Trigger::select(tx, &rest, values)? {
        by_schedule.entry(trigger.schedule_id.clone()).or_default().push(trigger);
    }
    Ok(links
        .into_iter()
        .map(|link| {
            let triggers = by_schedule.remove(&link.schedule_id).unwrap_or_default();
            (link, triggers)
        })
        .collect())
}

/// Sets when triggers are due next.
pub fn set_next(tx: &mut Tx<'_>, next: &[(TriggerId, Option<i64>)]) -> Result<(), StoreError> {
    for part in in_powers(next) {
        let places: Vec<String> = (0..part.len())
            .map(|n| format!("(CAST(${} AS TEXT), CAST(${} AS BIGINT))", 2 * n + 1, 2 * n + 2))
            .collect();
        let sql = format!(
            "UPDATE schedule_triggers SET next_ms = given.column2 FROM (VALUES {}) AS given \
             WHERE schedule_triggers.id = given.column1",
            places.join(", ")
        );
        let values: Vec<Value> =
            part.iter().flat_map(|(id, next_ms)| [Value::from(id), Value::from(*next_ms)]).collect();
        tx.execute(&sql, &values)?;
    }
    Ok(())
}

/// Removes a trigger.
pub fn delete_trigger(tx: &mut Tx<'_>, id: &TriggerId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM schedule_triggers WHERE id = $1", params![id])
}

/// Removes a schedule with its triggers and its link; the record of due instants stays.
pub fn delete(tx: &mut Tx<'_>, id: &ScheduleId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM schedule_links WHERE schedule_id = $1", params![id])?;
    tx.execute("DELETE FROM schedule_triggers WHERE schedule_id = $1", params![id])?;
    tx.execute("DELETE FROM schedules WHERE id = $1", params![id])
}

/// What a schedule is linked to.
pub fn link(tx: &mut Tx<'_>, id: &ScheduleId) -> Result<Option<ScheduleLink>, StoreError> {
    ScheduleLink::select_opt(tx, "WHERE schedule_id = $1", params![id])
}

/// The link of a task or plan.
pub fn link_of(tx: &mut Tx<'_>, kind: ExecutableKind, id: &str) -> Result<Option<ScheduleLink>, StoreError> {
    ScheduleLink::select_opt(tx, "WHERE executable_kind = $1 AND executable_id = $2", params![kind.id(), id])
}

/// When tasks or plans are due next, by their ids, Unix milliseconds; those that are never due again are left out.
pub fn next_of(tx: &mut Tx<'_>, kind: ExecutableKind, ids: Vec<String>) -> Result<HashMap<String, i64>, StoreError> {
    let sql = "SELECT executable_id, next_ms FROM schedule_links JOIN schedules ON schedules.id = schedule_id \
               WHERE executable_kind = $1 AND executable_id {any_of}$2{any_end} AND next_ms IS NOT NULL";
    let rows = tx.query(sql, &[Value::from(kind.id()), Value::Texts(ids)])?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}

/// Removes the link of a schedule.
pub fn unlink(tx: &mut Tx<'_>, id: &ScheduleId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM schedule_links WHERE schedule_id = $1", params![id])
}

/// What a list of schedules is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct ScheduleFilter {
    /// Its environment.
    pub environment: Option<EnvironmentId>,
    /// Only linked ones.
    pub linked: bool,
    /// Only those linked to something in a workspace on which this principal has a right of the mask, or linked to
    /// nothing in an environment with such a workspace.
    pub visible_to: (String, i64),
}

/// The schedules of the filter, oldest first; triggers of run configurations are not among them.
pub fn list(tx: &mut Tx<'_>, filter: &ScheduleFilter) -> Result<Vec<Schedule>, StoreError> {
    let (principal, mask) = (Value::from(&filter.visible_to.0), Value::Int(filter.visible_to.1));
    let granted = "(SELECT workspace_id FROM workspace_rights WHERE principal_id = ? AND rights & ? <> 0)";
    let mut conditions = Conditions::default();
    conditions.and("own = ?", [Value::Int(0)]);
    conditions.and(
        &format!(
            "(id IN (SELECT schedule_id FROM schedule_links WHERE workspace_id IN {granted}) \
             OR (id NOT IN (SELECT schedule_id FROM schedule_links) AND environment_id IN \
             (SELECT environment_id FROM workspaces WHERE id IN {granted})))"
        ),
        [principal.clone(), mask.clone(), principal, mask],
    );
    if let Some(id) = &filter.environment {
        conditions.and("environment_id = ?", [id.into()]);
    }
    if filter.linked {
        conditions.and("id IN (SELECT schedule_id FROM schedule_links)", []);
    }
    Schedule::select(tx, &format!("{} ORDER BY created_ms, id", conditions.text()), conditions.values())
}

/// Ids of the schedules of an environment.
pub fn of_environment(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<Vec<ScheduleId>, StoreError> {
    let sql = "SELECT id FROM schedules WHERE environment_id = $1 ORDER BY id";
    tx.query(sql, params![id])?.iter().map(|row| row.text(0).map(ScheduleId::trusted)).collect()
}

/// What tells due instants apart: trigger, its version, milliseconds.
pub type FireKey = (String, i64, i64);

impl Fire {
    /// What tells it from others.
    pub fn key(&self) -> FireKey {
        (self.trigger_id.to_string(), self.version, self.due_ms)
    }
}

/// Which of these due instants have been acted on already.
pub fn known_fires(tx: &mut Tx<'_>, fires: &[Fire]) -> Result<HashSet<FireKey>, StoreError> {
    let Some(first) = fires.iter().map(|fire| fire.due_ms).min() else { return Ok(HashSet::new()) };
    let mut conditions = Conditions::default();
    conditions.among("trigger_id", fires.iter().map(|fire| fire.trigger_id.to_string()).collect());
    conditions.and("due_ms >= ?", [first.into()]);
    let sql = format!("SELECT trigger_id, version, due_ms FROM schedule_fires {}", conditions.text());
    tx.query(&sql, conditions.values())?.iter().map(|row| Ok((row.text(0)?, row.int(1)?, row.int(2)?))).collect()
}

/// Adds the records of due instants, but of those that have been acted on already.
pub fn insert_fires(tx: &mut Tx<'_>, fires: &[Fire]) -> Result<(), StoreError> {
    let sql = format!("{} ON CONFLICT DO NOTHING", Fire::insert_text());
    for fire in fires {
        tx.execute(&sql, &fire.values())?;
    }
    Ok(())
}

/// The due instants of a task or plan, newest first, and how many there are in all.
pub fn fires(
    tx: &mut Tx<'_>,
    kind: ExecutableKind,
    id: &str,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Fire>, i64), StoreError> {
    let mut conditions = Conditions::default();
    conditions.and("executable_kind = ?", [kind.id().into()]);
    conditions.and("executable_id = ?", [id.into()]);
    let total =
        tx.query_int(&format!("SELECT count(*) FROM schedule_fires {}", conditions.text()), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    let rest = format!("{} ORDER BY due_ms DESC, trigger_id, version {page}", conditions.text());
    Ok((Fire::select(tx, &rest, &values)?, total))
}

/// Removes records of due instants that were acted on before `before_ms`, at most `limit`.
pub fn forget_fires(tx: &mut Tx<'_>, before_ms: i64, limit: i64) -> Result<u64, StoreError> {
    let sql = "SELECT trigger_id, version, due_ms FROM schedule_fires WHERE at_ms < $1 ORDER BY at_ms LIMIT $2";
    let mut removed = 0;
    for row in tx.query(sql, params![before_ms, limit])? {
        removed += tx.execute(
            "DELETE FROM schedule_fires WHERE trigger_id = $1 AND version = $2 AND due_ms = $3",
            params![row.text(0)?, row.int(1)?, row.int(2)?],
        )?;
    }
    Ok(removed)
}

/// Whether there are records of due instants that were acted on before `before_ms`.
pub fn old_fires(tx: &mut Tx<'_>, before_ms: i64) -> Result<bool, StoreError> {
    let sql = "SELECT due_ms FROM schedule_fires WHERE at_ms < $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![before_ms])?.is_some())
}
