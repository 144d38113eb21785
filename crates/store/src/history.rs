//! The history: runs of tasks and of plans in one order, narrowed by many filters.
//!
//! What has not ended comes first, oldest request first; then what ended, newest end first, then oldest request first
//! (source: spec, the place of what has not ended is inferred). A page looks back over growing stretches of time, each of
//! which costs a probe of an index for each workspace that the caller sees and each outcome, however long the history is.

use crate::db::record::Conditions;
use crate::history_clauses::{Indexed, Table, ended_outcomes, indexed, narrowed, period, with_any_tag};
use crate::look_back::{FIRST_MS, LookBack, first_of_tasks};
use crate::visible::Sight;
use crate::{StoreError, Tx, params, tasks};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::EnvironmentId;

pub use crate::history_clauses::{Clause, Field, RuntimeField};

/// More ended runs than this for a value are found soon enough by going back in time.
const FEW: i64 = 2_000;
/// So often is gone back in time before it is asked whether there are few.
const LOOKS: usize = 3;

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

/// The next `count` entries behind `after`.
pub fn find(
    tx: &mut Tx<'_>,
    filter: &HistoryFilter,
    after: Option<&Place>,
    count: i64,
) -> Result<Vec<Place>, StoreError> {
    find_by(tx, filter, after, count, Ways { first_ms: FIRST_MS, few: FEW })
}

/// Ways to look that find the same.
#[derive(Clone, Copy, Debug)]
pub struct Ways {
    /// Length of the first stretch of time that is looked at, milliseconds.
    pub first_ms: i64,
    /// Most ended runs for a value that are looked at one by one, whenever they ended.
    pub few: i64,
}

/// The same in the ways that are given.
pub fn find_by(
    tx: &mut Tx<'_>,
    filter: &HistoryFilter,
    after: Option<&Place>,
    count: i64,
    ways: Ways,
) -> Result<Vec<Place>, StoreError> {
    let sight = sight(tx, filter)?;
    if sight.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = usize::try_from(count).unwrap_or_default();
    let mut found = Found { places: Vec::new(), wanted, after: after.cloned() };
    for table in [Table::Runs, Table::PlanRuns] {
        if table == Table::PlanRuns && (filter.of_plans || filter.services) {
            continue;
        }
        let Some(mut conditions) = narrowed(table, filter, false, None) else { continue };
        // The index of what has not ended is over tasks and plans, and must not lose against one over workspaces.
        let column = if table == Table::Runs { "task_id" } else { "plan_id" };
        conditions.and(&format!("state <> 'finished' AND {column} > ''"), []);
        sight.inside(&mut conditions, table.workspace());
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
        let Some(source) = source(tx, table, filter, &sight, ways)? else { continue };
        let Some(conditions) = narrowed(table, filter, true, source.answered) else { continue };
        found.ended(tx, table, &conditions.with(source.conditions.clone()), filter, &source)?;
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

/// Who published a version of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    /// Id of the artifact.
    pub artifact: String,
    /// The version.
    pub version: String,
    /// A login, or the id of a service account.
    pub name: String,
    /// Which of the two.
    pub kind: PrincipalKind,
}

/// Who published some artifacts in some versions.
pub fn publishers(
    tx: &mut Tx<'_>,
    artifacts: Vec<String>,
    versions: Vec<String>,
) -> Result<Vec<Publisher>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.among("artifact_id", artifacts);
    conditions.among("version", versions);
    let sql =
        format!("SELECT artifact_id, version, publisher, publisher_kind FROM artifact_versions {}", conditions.text());
    let rows = tx.query(&sql, conditions.values())?;
    let publisher = |row: &crate::Row| {
        let kind = PrincipalKind::from_id(&row.text(3)?);
        let kind = kind.ok_or(StoreError::Shape { column: 3, wanted: "a known value" })?;
        Ok(Publisher { artifact: row.text(0)?, version: row.text(1)?, name: row.text(2)?, kind })
    };
    rows.iter().map(publisher).collect()
}

/// Workspaces the caller may see and the filter does not leave out.
fn sight(tx: &mut Tx<'_>, filter: &HistoryFilter) -> Result<Sight, StoreError> {
    let mut found = Sight::of(tx, &filter.visible_to, filter.environment.as_ref(), None)?;
    for clause in &filter.clauses {
        if let Clause::Among { field: Field::Workspace, values, not } = clause {
            found.retain(|id| values.contains(id) != *not);
        }
    }
    Ok(found)
}

/// Where ended entries are looked for.
struct Source {
    /// Conditions that an index answers.
    conditions: Conditions,
    /// First stretch of time, milliseconds.
    first_ms: i64,
    /// Most ended runs for a value that are worth to be looked at one by one; 0 when the conditions leave few as it is.
    few: i64,
    /// Number of the clause that it answers whole.
    answered: Option<usize>,
}

/// Where ended entries are looked for; nothing when there is no such place.
fn source(
    tx: &mut Tx<'_>,
    table: Table,
    filter: &HistoryFilter,
    sight: &Sight,
    ways: Ways,
) -> Result<Option<Source>, StoreError> {
    let mut source = Source { conditions: Conditions::default(), first_ms: ways.first_ms, few: 0, answered: None };
    source.conditions.and("state = 'finished'", []);
    let by_id = |clause: &Clause| matches!(clause, Clause::Among { field: Field::Id, not: false, .. });
    if filter.clauses.iter().any(by_id) {
        sight.inside(&mut source.conditions, table.workspace());
        return Ok(Some(source));
    }
    if table == Table::Runs {
        let outcomes = ended_outcomes(filter);
        if outcomes.is_empty() {
            return Ok(None);
        }
        let names: Vec<String> = outcomes.iter().map(|outcome| format!("'{}'", outcome.id())).collect();
        source.conditions.and(&format!("outcome IN ({})", names.join(", ")), []);
        if let Some(Named { tasks, inside, answered }) = tasks(tx, filter, sight)? {
            if tasks.is_empty() {
                return Ok(None);
            }
            (source.first_ms, source.answered) = (first_of_tasks(tasks.len(), ways.first_ms), answered);
            source.conditions.among("task_id", tasks);
            if !inside {
                sight.inside(&mut source.conditions, table.workspace());
            }
            return Ok(Some(source));
        }
        source.few = ways.few;
    }
    sight.inside(&mut source.conditions, "workspace_id");
    Ok(Some(source))
}

/// Ended runs among which all are that fit a filter.
struct Few {
    ids: Vec<String>,
    /// Whether they are all there are, and not only those of the stretch.
    all: bool,
}

/// The ids of the ended runs that fit a clause, of a stretch of time or of all times, when an index finds them and they
/// are at most so many.
fn few(
    tx: &mut Tx<'_>,
    filter: &HistoryFilter,
    (low, newest): (i64, i64),
    most: i64,
) -> Result<Option<Few>, StoreError> {
    for clause in &filter.clauses {
        let Some(Indexed { conditions, order, timed }) = indexed(tx, clause)? else { continue };
        let mut ended = Conditions::default();
        ended.and("state = 'finished'", []);
        let mut ended = ended.with(conditions);
        if timed {
            ended.and("finish_ms >= ? AND finish_ms <= ?", [low.into(), newest.into()]);
        }
        let (page, values) = ended.paged(most.saturating_add(1), 0);
        let sql = format!("SELECT id FROM runs {} {order} {page}", ended.text());
        let ids = tx.query(&sql, &values)?.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
        if i64::try_from(ids.len()).is_ok_and(|found| found <= most) {
            return Ok(Some(Few { ids, all: !timed }));
        }
    }
    Ok(None)
}

/// Tasks that a clause names.
struct Named {
    tasks: Vec<String>,
    /// Whether they lie where the caller sees; a task stays in its workspace.
    inside: bool,
    /// Number of the clause when nothing is left to ask of their runs.
    answered: Option<usize>,
}

/// The tasks whose runs alone can fit, when a filter names some and they are not too many.
fn tasks(tx: &mut Tx<'_>, filter: &HistoryFilter, sight: &Sight) -> Result<Option<Named>, StoreError> {
    for (number, clause) in filter.clauses.iter().enumerate() {
        let (found, answered) = match clause {
            Clause::Among { field: Field::Task, values, not: false } => {
                let mut tasks = values.clone();
                tasks.sort_unstable();
                tasks.dedup();
                return Ok(Some(Named { tasks, inside: false, answered: Some(number) }));
            }
            Clause::Among { field: Field::Tag, values, not: false } => {
                (sight.listed(tx, "id FROM tasks", with_any_tag(values))?, Some(number))
            }
            // Tasks were called otherwise at other times.
            Clause::Name { part, not: false } => (tasks::with_name(tx, sight, part)?, None),
            _ => continue,
        };
        if let Some(tasks) = found {
            return Ok(Some(Named { tasks, inside: true, answered }));
        }
    }
    Ok(None)
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

    /// First and last instant at which what is wanted can have ended; what stands behind the last page, by a condition.
    fn window(&self, table: Table, filter: &HistoryFilter, conditions: &mut Conditions) -> (i64, i64) {
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
        (floor, newest)
    }

    fn ended(
        &mut self,
        tx: &mut Tx<'_>,
        table: Table,
        conditions: &Conditions,
        filter: &HistoryFilter,
        source: &Source,
    ) -> Result<(), StoreError> {
        let mut conditions = conditions.clone();
        let (floor, newest) = self.window(table, filter, &mut conditions);
        let order = |finish: &str| format!("{finish} DESC, {}, id {{bytes}} DESC", table.trigger());
        let known = self.places.len();
        let mut back = LookBack::new(newest.min(filter.now_ms), floor, source.first_ms);
        // Expressions: the indexes by time are not wanted for what is looked at one by one.
        let within = |conditions: &mut Conditions, finish: &str, low: i64| {
            conditions.and(&format!("{finish} >= ? AND {finish} <= ?"), [low.into(), newest.into()]);
        };
        let mut most = source.few;
        for looks in 0.. {
            self.places.truncate(known);
            let mut stretch = conditions.clone();
            let found = if looks < LOOKS || most == 0 { None } else { few(tx, filter, (back.low(), newest), most)? };
            if let Some(Few { ids, all }) = found {
                stretch.among("id", ids);
                let finish = "(finish_ms + 0)";
                within(&mut stretch, finish, if all { floor } else { back.low() });
                self.take(tx, table, &stretch, &order(finish), self.wanted)?;
                if all {
                    break;
                }
            } else {
                if looks >= LOOKS {
                    // There are no fewer in a longer stretch.
                    most = 0;
                }
                within(&mut stretch, "finish_ms", back.low());
                self.take(tx, table, &stretch, &order("finish_ms"), self.wanted)?;
            }
            if !back.widen(self.places.len() - known, self.wanted) {
                break;
            }
        }
        self.trim();
        Ok(())
    }
}
