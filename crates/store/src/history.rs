//! The history: runs of tasks and of plans in one order, narrowed by many filters.
//!
//! What has not ended comes first, oldest request first; then what ended, newest end first, then oldest request first
//! (source: spec, the place of what has not ended is inferred). A page looks back over growing stretches of time, each of
//! which costs a probe of an index for each workspace that the caller sees and each outcome, however long the history is.

use crate::db::record::Conditions;
use crate::history_clauses::{Table, ended_outcomes, name_holds, narrowed, period, with_any_tag};
use crate::look_back::{FIRST_MS, LookBack};
use crate::{StoreError, Tx, Value, params};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{ArtifactId, EnvironmentId, WorkspaceId};

pub use crate::history_clauses::{Clause, Field, RuntimeField};

/// What the history is narrowed to.
#[derive(Clone, Debug)]
pub struct HistoryFilter {
    /// One environment.
    pub environment: Option<EnvironmentId>,
    /// Routes and data services instead of jobs and plans.
    pub services: bool,
    /// Runs that plans started instead of the runs of the plans themselves.
    pub of_plans: bool,
    /// Further conditions, all of them.
    pub clauses: Vec<Clause>,
    /// Now, milliseconds: hardly anything is to be found behind it.
    pub now_ms: i64,
    /// Only workspaces on which this principal has a right of the mask.
    pub visible_to: (String, i64),
}

/// Where an entry stands in the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// When it ended.
    pub finish_ms: Option<i64>,
    /// When it was asked for.
    pub trigger_ms: i64,
    /// Its id.
    pub id: String,
    /// Whether it is the run of a plan.
    pub plan: bool,
}

impl Place {
    /// What the order goes by, smallest first; ids go down.
    fn key(&self) -> (bool, i64, i64, std::cmp::Reverse<&str>) {
        let ended = self.finish_ms.is_some();
        (ended, self.finish_ms.map_or(0, |finish| -finish), self.trigger_ms, std::cmp::Reverse(&self.id))
    }

    /// Whether it comes after the other one.
    #[must_use]
    pub fn comes_after(&self, other: &Place) -> bool {
        self.key() > other.key()
    }
}

/// Most workspaces that are written into a statement one by one.
const LISTED: usize = 5_000;
/// More tasks than this are looked at over longer stretches of time.
const MANY: usize = 50;

/// The next `count` entries behind `after`.
pub fn find(
    tx: &mut Tx<'_>,
    filter: &HistoryFilter,
    after: Option<&Place>,
    count: i64,
) -> Result<Vec<Place>, StoreError> {
    find_by(tx, filter, after, count, FIRST_MS)
}

/// The same; the first stretch of time that is looked at has `first_ms` milliseconds. Tests find the same with any.
pub fn find_by(
    tx: &mut Tx<'_>,
    filter: &HistoryFilter,
    after: Option<&Place>,
    count: i64,
    first_ms: i64,
) -> Result<Vec<Place>, StoreError> {
    let workspaces = workspaces(tx, filter)?;
    let wanted = usize::try_from(count).unwrap_or_default();
    let mut found = Found { places: Vec::new(), wanted, after: after.cloned() };
    for table in [Table::Runs, Table::PlanRuns] {
        if table == Table::PlanRuns && (filter.of_plans || filter.services) {
            continue;
        }
        let Some(mut conditions) = narrowed(table, filter, false) else { continue };
        // The index of what has not ended is over tasks and plans, and must not lose against one over workspaces.
        let column = if table == Table::Runs { "task_id" } else { "plan_id" };
        conditions.and(&format!("state <> 'finished' AND {column} > ''"), []);
        visible(&mut conditions, table, filter);
        if after.is_none_or(|after| after.finish_ms.is_none()) {
            found.active(tx, table, conditions)?;
        }
    }
    found.trim();
    if found.places.len() >= wanted {
        return Ok(found.places);
    }
    for table in [Table::Runs, Table::PlanRuns] {
        if table == Table::PlanRuns && (filter.of_plans || filter.services) {
            continue;
        }
        let Some(conditions) = narrowed(table, filter, true) else { continue };
        let Some((source, tasks)) = source(tx, table, filter, &workspaces)? else { continue };
        // Many tasks cost many probes for each stretch, and few of them have run lately.
        let first_ms = if tasks > MANY { first_ms.saturating_mul(30) } else { first_ms };
        found.ended(tx, table, &conditions.with(source), filter, first_ms)?;
    }
    Ok(found.places)
}

/// The place of a run or a plan run.
pub fn place(tx: &mut Tx<'_>, id: &str) -> Result<Option<Place>, StoreError> {
    for (table, plan) in [(Table::Runs, false), (Table::PlanRuns, true)] {
        let sql = format!("SELECT finish_ms, {}, id FROM {} WHERE id = $1", table.trigger(), table.name());
        if let Some(row) = tx.query_opt(&sql, params![id])? {
            let (finish_ms, trigger_ms, id) = (row.opt_int(0)?, row.int(1)?, row.text(2)?);
            return Ok(Some(Place { finish_ms, trigger_ms, id, plan }));
        }
    }
    Ok(None)
}

/// Who published a version of an artifact, and whether that is a person or a service account.
pub fn publisher(
    tx: &mut Tx<'_>,
    artifact: &ArtifactId,
    version: &str,
) -> Result<Option<(String, PrincipalKind)>, StoreError> {
    let sql = "SELECT publisher, publisher_kind FROM artifact_versions WHERE artifact_id = $1 AND version = $2";
    let Some(row) = tx.query_opt(sql, params![artifact, version])? else { return Ok(None) };
    let kind = PrincipalKind::from_id(&row.text(1)?);
    Ok(Some((row.text(0)?, kind.ok_or(StoreError::Shape { column: 1, wanted: "a known value" })?)))
}

/// Workspaces the caller may see and the filter does not leave out.
fn workspaces(tx: &mut Tx<'_>, filter: &HistoryFilter) -> Result<Vec<WorkspaceId>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.and("principal_id = ?", [Value::from(&filter.visible_to.0)]);
    conditions.and("rights & ? <> 0", [filter.visible_to.1.into()]);
    if let Some(environment) = &filter.environment {
        conditions.and("workspace_id IN (SELECT id FROM workspaces WHERE environment_id = ?)", [environment.into()]);
    }
    let sql =
        format!("SELECT workspace_id FROM workspace_rights {} ORDER BY workspace_id {{bytes}}", conditions.text());
    let mut found: Vec<String> =
        tx.query(&sql, conditions.values())?.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
    for clause in &filter.clauses {
        if let Clause::Among { field: Field::Workspace, values, not } = clause {
            found.retain(|id| values.contains(id) != *not);
        }
    }
    Ok(found.into_iter().map(WorkspaceId::trusted).collect())
}

/// Where ended entries are looked for, as conditions that an index answers, and among how many tasks; nothing when there is
/// no such place.
fn source(
    tx: &mut Tx<'_>,
    table: Table,
    filter: &HistoryFilter,
    workspaces: &[WorkspaceId],
) -> Result<Option<(Conditions, usize)>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.and("state = 'finished'", []);
    let by_id = |clause: &Clause| matches!(clause, Clause::Among { field: Field::Id, not: false, .. });
    if filter.clauses.iter().any(by_id) {
        visible(&mut conditions, table, filter);
        return Ok(Some((conditions, 0)));
    }
    if table == Table::Runs {
        let outcomes = ended_outcomes(filter);
        if outcomes.is_empty() {
            return Ok(None);
        }
        let names: Vec<String> = outcomes.iter().map(|outcome| format!("'{}'", outcome.id())).collect();
        conditions.and(&format!("outcome IN ({})", names.join(", ")), []);
        if let Some(tasks) = tasks(tx, filter)? {
            if tasks.is_empty() {
                return Ok(None);
            }
            let marks = vec!["?"; tasks.len()].join(", ");
            conditions.and(&format!("task_id IN ({marks})"), tasks.iter().map(Value::from));
            visible(&mut conditions, table, filter);
            return Ok(Some((conditions, tasks.len())));
        }
    }
    if workspaces.is_empty() {
        return Ok(None);
    }
    if workspaces.len() <= LISTED {
        let marks = vec!["?"; workspaces.len()].join(", ");
        conditions.and(&format!("workspace_id IN ({marks})"), workspaces.iter().map(Value::from));
    } else {
        let seen = "SELECT workspace_id FROM workspace_rights WHERE principal_id = ? AND rights & ? <> 0";
        conditions.and(
            &format!("workspace_id IN ({seen})"),
            [Value::from(&filter.visible_to.0), Value::Int(filter.visible_to.1)],
        );
        if let Some(environment) = &filter.environment {
            conditions
                .and("workspace_id IN (SELECT id FROM workspaces WHERE environment_id = ?)", [environment.into()]);
        }
    }
    Ok(Some((conditions, 0)))
}

/// The tasks whose runs alone can fit, when a filter names some and they are not too many.
fn tasks(tx: &mut Tx<'_>, filter: &HistoryFilter) -> Result<Option<Vec<String>>, StoreError> {
    for clause in &filter.clauses {
        let (from, conditions) = match clause {
            Clause::Among { field: Field::Task, values, not: false } => {
                let mut tasks = values.clone();
                tasks.sort_unstable();
                tasks.dedup();
                return Ok(Some(tasks));
            }
            Clause::Among { field: Field::Tag, values, not: false } => ("id FROM tasks", with_any_tag(values)),
            Clause::Name { part, not: false } => ("DISTINCT task_id FROM task_names", name_holds(part)),
            _ => continue,
        };
        let most = i64::try_from(LISTED + 1).unwrap_or(i64::MAX);
        let (page, values) = conditions.paged(most, 0);
        let sql = format!("SELECT {from} {} {page}", conditions.text());
        let found = tx.query(&sql, &values)?.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
        if found.len() <= LISTED {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn visible(conditions: &mut Conditions, table: Table, filter: &HistoryFilter) {
    conditions.and(
        &format!(
            "coalesce({}.workspace_id, '') IN (SELECT workspace_id FROM workspace_rights WHERE principal_id = ? AND rights & ? <> 0)",
            table.name()
        ),
        [Value::from(&filter.visible_to.0), Value::Int(filter.visible_to.1)],
    );
    if let Some(environment) = &filter.environment {
        conditions.and(&format!("coalesce({}.environment_id, '') = ?", table.name()), [environment.into()]);
    }
}

struct Found {
    places: Vec<Place>,
    wanted: usize,
    after: Option<Place>,
}

impl Found {
    fn trim(&mut self) {
        self.places.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
        self.places.truncate(self.wanted);
    }

    fn take(
        &mut self,
        tx: &mut Tx<'_>,
        table: Table,
        conditions: &Conditions,
        order: &str,
        limit: usize,
    ) -> Result<(), StoreError> {
        let (page, values) = conditions.paged(limit as i64, 0);
        let (name, trigger) = (table.name(), table.trigger());
        let sql = format!("SELECT finish_ms, {trigger}, id FROM {name} {} ORDER BY {order} {page}", conditions.text());
        for row in tx.query(&sql, &values)? {
            let plan = table == Table::PlanRuns;
            let place = Place { finish_ms: row.opt_int(0)?, trigger_ms: row.int(1)?, id: row.text(2)?, plan };
            if self.after.as_ref().is_none_or(|after| place.comes_after(after)) {
                self.places.push(place);
            }
        }
        Ok(())
    }

    /// What has not ended: never many.
    fn active(&mut self, tx: &mut Tx<'_>, table: Table, mut conditions: Conditions) -> Result<(), StoreError> {
        if let Some(after) = &self.after {
            conditions.and(&format!("coalesce({}, 0) >= ?", table.trigger()), [after.trigger_ms.into()]);
        }
        let order = format!("{}, id {{bytes}} DESC", table.trigger());
        // Those of the same instant as `after` are sorted out here.
        self.take(tx, table, &conditions, &order, self.wanted.saturating_add(1_000))
    }

    fn ended(
        &mut self,
        tx: &mut Tx<'_>,
        table: Table,
        conditions: &Conditions,
        filter: &HistoryFilter,
        first_ms: i64,
    ) -> Result<(), StoreError> {
        let mut conditions = conditions.clone();
        let (mut floor, mut newest) = period(filter);
        if let Some(Place { finish_ms: Some(finish), trigger_ms, id, .. }) = &self.after {
            newest = newest.min(*finish);
            let trigger = table.trigger();
            conditions.and(
                &format!("(finish_ms < ? OR {trigger} > ? OR ({trigger} = ? AND id {{bytes}} < ?))"),
                [(*finish).into(), (*trigger_ms).into(), (*trigger_ms).into(), id.into()],
            );
        }
        // A full page needs nothing that ended before its last entry.
        if self.places.len() >= self.wanted
            && let Some(finish) = self.places.last().and_then(|place| place.finish_ms)
        {
            floor = floor.max(finish);
        }
        let order = format!("finish_ms DESC, {}, id {{bytes}} DESC", table.trigger());
        let known = self.places.len();
        let mut back = LookBack::new(newest.min(filter.now_ms), floor, first_ms);
        loop {
            self.places.truncate(known);
            let mut stretch = conditions.clone();
            stretch.and("finish_ms >= ? AND finish_ms <= ?", [back.low().into(), newest.into()]);
            self.take(tx, table, &stretch, &order, self.wanted)?;
            if !back.widen(self.places.len() - known, self.wanted) {
                break;
            }
        }
        self.trim();
        Ok(())
    }
}
