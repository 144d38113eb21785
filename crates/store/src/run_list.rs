//! Lists of runs, newest first. A page and its total cost about the same however long the history is: pages are found by
//! looking back over growing stretches of time, totals are summed over closed days.

use crate::db::Record;
use crate::db::record::{Conditions, holds_text};
use crate::look_back::{FIRST_MS, LookBack, first_of_tasks};
use crate::run_totals::{DAY_MS, day_of, open_since, spanning};
use crate::runs::{Run, RunFilter};
use crate::visible::{Sight, seen};
use crate::{StoreError, Tx};
use stoker_domain::run::{Outcome, State};

/// The time of the request, written so that no index in its order is taken where another one has fewer rows to look at.
const TRIGGER: &str = "coalesce(trigger_ms, 0)";
/// A page of runs, newest first, and how many there are in all. A run matches the window when it starts in it, ends in
/// it, lies in it or spans it (source: spec).
pub fn list(tx: &mut Tx<'_>, filter: &RunFilter, limit: i64, offset: i64) -> Result<(Vec<Run>, i64), StoreError> {
    list_by(tx, filter, limit, offset, FIRST_MS)
}

/// The same; the first stretch of time that is looked at has `first_ms` milliseconds. Tests find the same page with any.
pub fn list_by(
    tx: &mut Tx<'_>,
    filter: &RunFilter,
    limit: i64,
    offset: i64,
    first_ms: i64,
) -> Result<(Vec<Run>, i64), StoreError> {
    let Some(places) = places(tx, filter)? else { return Ok((Vec::new(), 0)) };
    let total = total(tx, filter, &places)?;
    if offset >= total {
        return Ok((Vec::new(), total));
    }
    let wanted = usize::try_from(offset.saturating_add(limit)).unwrap_or(usize::MAX);
    let keys = newest(tx, filter, &places, wanted, places.first_ms(first_ms))?;
    let ids: Vec<String> =
        keys.into_iter().skip(usize::try_from(offset).unwrap_or(usize::MAX)).map(|(_, id)| id).collect();
    let mut page = Run::with_keys(tx, ids)?;
    page.sort_unstable_by(|a, b| b.trigger_ms.cmp(&a.trigger_ms).then_with(|| a.id.cmp(&b.id)));
    Ok((page, total))
}

/// Where runs are looked for.
enum Places {
    /// In these workspaces.
    Workspaces(Sight),
    /// Among the runs of this task.
    Task(String),
    /// Among the runs of these tasks with the wanted labels, which lie where the caller sees and the filter allows.
    Tagged(Vec<String>),
}

/// Nothing when no run can fit.
fn places(tx: &mut Tx<'_>, filter: &RunFilter) -> Result<Option<Places>, StoreError> {
    if let (Some(task), true) = (&filter.task, filter.tags.is_empty()) {
        return Ok(Some(Places::Task(task.to_string())));
    }
    let sight = Sight::of(tx, &filter.visible_to, filter.environment.as_ref(), filter.workspace.as_ref())?;
    if !filter.tags.is_empty()
        && let Some(tasks) = tagged(tx, filter, &sight)?
    {
        return Ok(Some(Places::Tagged(tasks)).filter(|found| !found.is_empty()));
    }
    Ok(Some(Places::Workspaces(sight)).filter(|found| !found.is_empty()))
}

/// The tasks with all the wanted labels, when they are not too many; a task stays where it was made.
fn tagged(tx: &mut Tx<'_>, filter: &RunFilter, sight: &Sight) -> Result<Option<Vec<String>>, StoreError> {
    let mut conditions = Conditions::default();
    if let Some(id) = &filter.task {
        conditions.and("id = ?", [id.into()]);
    }
    for tag in &filter.tags {
        let (clause, values) = holds_text("tags", tag);
        conditions.and(&clause, values);
    }
    sight.listed(tx, "id FROM tasks", conditions)
}

/// Conditions that every run of the list fulfils beside its window, its state and where it is looked for.
fn common(filter: &RunFilter, places: &Places) -> Conditions {
    let mut conditions = Conditions::default();
    if let Places::Tagged(_) = places {
        return conditions;
    }
    if let Places::Task(_) = places {
        // Expressions instead of columns: an index over workspaces must not be taken.
        seen(&mut conditions, "coalesce(workspace_id, '')", &filter.visible_to);
        if let Some(id) = &filter.workspace {
            conditions.and("coalesce(workspace_id, '') = ?", [id.into()]);
        }
        if let Some(id) = &filter.environment {
            conditions.and("coalesce(environment_id, '') = ?", [id.into()]);
        }
    } else {
        for tag in &filter.tags {
            let (clause, values) = holds_text("tags", tag);
            conditions.and(&format!("task_id IN (SELECT id FROM tasks WHERE {clause})"), values);
        }
    }
    conditions
}

/// All places in one condition.
fn anywhere(conditions: &mut Conditions, places: &Places) {
    anywhere_as(conditions, places, "workspace_id");
}

/// The same with another way to write the column of the workspace.
fn anywhere_as(conditions: &mut Conditions, places: &Places, workspace: &str) {
    match places {
        Places::Task(id) => conditions.and("task_id = ?", [id.into()]),
        Places::Tagged(ids) => conditions.among("task_id", ids.clone()),
        Places::Workspaces(sight) => sight.inside(conditions, workspace),
    }
}

/// Whether runs that have not ended are wanted, and the outcomes of those that have.
fn outcomes(filter: &RunFilter) -> (bool, Vec<Outcome>) {
    let ended = filter.states.is_empty() || filter.states.contains(&State::Finished);
    let active =
        filter.outcome.is_none() && (filter.states.is_empty() || filter.states.iter().any(|s| *s != State::Finished));
    let outcomes = match filter.outcome {
        Some(outcome) => vec![outcome],
        None => Outcome::ALL.to_vec(),
    };
    (active, if ended { outcomes } else { Vec::new() })
}

fn listed(outcomes: &[Outcome]) -> String {
    let names: Vec<String> = outcomes.iter().map(|outcome| format!("'{}'", outcome.id())).collect();
    format!("outcome IN ({})", names.join(", "))
}

fn states(filter: &RunFilter) -> String {
    let names: Vec<String> = filter.states.iter().map(|state| format!("'{}'", state.id())).collect();
    format!("state IN ({})", names.join(", "))
}

impl Places {
    /// First stretch of time: many tasks cost many probes for each stretch, and few of them have run lately.
    fn first_ms(&self, usual: i64) -> i64 {
        match self {
            Places::Tagged(ids) => first_of_tasks(ids.len(), usual),
            _ => usual,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Places::Task(_) => false,
            Places::Workspaces(sight) => sight.is_empty(),
            Places::Tagged(ids) => ids.is_empty(),
        }
    }
}

fn total(tx: &mut Tx<'_>, filter: &RunFilter, places: &Places) -> Result<i64, StoreError> {
    let (active, outcomes) = outcomes(filter);
    let mut total = 0;
    if active {
        let conditions = active_conditions(filter, places);
        total += tx.query_int(&format!("SELECT count(*) FROM runs {}", conditions.text()), conditions.values())?;
    }
    if outcomes.is_empty() {
        return Ok(total);
    }
    // Ended within the window, or after it when that is still to come; then all in one question.
    let open = filter.to_ms >= filter.now_ms;
    let (last, asked_before) = if open { (i64::MAX, Some(filter.to_ms)) } else { (filter.to_ms, None) };
    let summed = matches!(places, Places::Workspaces(_)) && filter.tags.is_empty();
    let closed = if summed { closed_days(tx, filter)? } else { None };
    match closed {
        None => total += ended(tx, filter, places, &outcomes, (filter.from_ms, last), asked_before)?,
        Some((first, behind)) => {
            total += ended(tx, filter, places, &outcomes, (filter.from_ms, first * DAY_MS - 1), None)?;
            total += ended(tx, filter, places, &outcomes, (behind * DAY_MS, last), asked_before)?;
            let mut conditions = Conditions::default();
            anywhere(&mut conditions, places);
            conditions.and(&listed(&outcomes), []);
            conditions.and("day >= ? AND day < ?", [first.into(), behind.into()]);
            let sql = format!("SELECT CAST(coalesce(sum(runs), 0) AS BIGINT) FROM run_totals {}", conditions.text());
            total += tx.query_int(&sql, conditions.values())?;
        }
    }
    if open {
        return Ok(total);
    }
    // ... or after it, and asked for before its end.
    for (first, last) in spanning(tx, filter.to_ms.saturating_add(1))? {
        total += ended(tx, filter, places, &outcomes, (first, last), Some(filter.to_ms))?;
    }
    Ok(total)
}

/// First and behind last of the closed days that lie in the window whole.
fn closed_days(tx: &mut Tx<'_>, filter: &RunFilter) -> Result<Option<(i64, i64)>, StoreError> {
    let Some(open) = open_since(tx)? else { return Ok(None) };
    let first = day_of(filter.from_ms.saturating_add(DAY_MS - 1));
    let behind = day_of(filter.to_ms.saturating_add(1)).min(open);
    Ok((first < behind).then_some((first, behind)))
}

/// How many ended within these instants, and were asked for before another one.
fn ended(
    tx: &mut Tx<'_>,
    filter: &RunFilter,
    places: &Places,
    outcomes: &[Outcome],
    (first, last): (i64, i64),
    asked_before: Option<i64>,
) -> Result<i64, StoreError> {
    if first > last {
        return Ok(0);
    }
    let mut conditions = Conditions::default();
    conditions.and("state = 'finished'", []);
    anywhere(&mut conditions, places);
    // Each outcome costs a probe of the index for each task; all runs of the tasks are to be counted anyway.
    if matches!(places, Places::Workspaces(_)) || outcomes.len() < Outcome::ALL.len() {
        conditions.and(&listed(outcomes), []);
    }
    conditions.and("finish_ms >= ? AND finish_ms <= ?", [first.into(), last.into()]);
    if let Some(to) = asked_before {
        conditions.and(&format!("{TRIGGER} <= ?"), [to.into()]);
    }
    let conditions = conditions.with(common(filter, places));
    tx.query_int(&format!("SELECT count(*) FROM runs {}", conditions.text()), conditions.values())
}

/// Runs that have not ended and were asked for before the end of the window; never many.
fn active_conditions(filter: &RunFilter, places: &Places) -> Conditions {
    let mut conditions = Conditions::default();
    // The index of what has not ended is over tasks.
    conditions.and("state <> 'finished' AND task_id > ''", []);
    if !filter.states.is_empty() {
        conditions.and(&states(filter), []);
    }
    anywhere_as(&mut conditions, places, "coalesce(workspace_id, '')");
    conditions.and(&format!("{TRIGGER} <= ?"), [filter.to_ms.into()]);
    conditions.with(common(filter, places))
}

/// When a run was asked for, and its id.
type Key = (i64, String);

/// The keys of the newest `wanted` runs.
fn newest(
    tx: &mut Tx<'_>,
    filter: &RunFilter,
    places: &Places,
    wanted: usize,
    first_ms: i64,
) -> Result<Vec<Key>, StoreError> {
    let (active, outcomes) = outcomes(filter);
    let mut found = Vec::new();
    if outcomes.is_empty() {
        if active {
            add(tx, &mut found, active_conditions(filter, places), wanted)?;
        }
        return Ok(found);
    }
    // Asked for within the window.
    let mut back = LookBack::new(filter.to_ms.min(filter.now_ms), filter.from_ms, first_ms);
    loop {
        found.clear();
        let conditions = stretch(filter, places, active, &outcomes, back.low());
        add(tx, &mut found, conditions, wanted)?;
        if !back.widen(found.len(), wanted) {
            break;
        }
    }
    if found.len() >= wanted {
        return Ok(found);
    }
    // Asked for before it, and ended in it or not at all.
    let before = |mut conditions: Conditions| {
        conditions.and(&format!("{TRIGGER} < ?"), [filter.from_ms.into()]);
        conditions
    };
    if active {
        add(tx, &mut found, before(active_conditions(filter, places)), wanted)?;
    }
    for (first, last) in spanning(tx, filter.from_ms)? {
        let mut conditions = Conditions::default();
        conditions.and("state = 'finished'", []);
        anywhere(&mut conditions, places);
        conditions.and(&listed(&outcomes), []);
        conditions.and("finish_ms >= ? AND finish_ms <= ?", [first.into(), last.into()]);
        add(tx, &mut found, before(conditions).with(common(filter, places)), wanted)?;
    }
    Ok(found)
}

/// Runs that were asked for from `low` to the end of the window.
fn stretch(filter: &RunFilter, places: &Places, active: bool, outcomes: &[Outcome], low: i64) -> Conditions {
    let mut conditions = Conditions::default();
    if active {
        anywhere(&mut conditions, places);
        if !filter.states.is_empty() {
            conditions.and(&states(filter), []);
        }
        conditions.and("trigger_ms >= ? AND trigger_ms <= ?", [low.into(), filter.to_ms.into()]);
    } else {
        // Nothing ends before it is asked for, so the index of outcomes and ends holds them all.
        conditions.and("state = 'finished'", []);
        anywhere(&mut conditions, places);
        conditions.and(&listed(outcomes), []);
        conditions.and("finish_ms >= ?", [low.into()]);
        conditions.and(&format!("{TRIGGER} >= ? AND {TRIGGER} <= ?"), [low.into(), filter.to_ms.into()]);
    }
    conditions.with(common(filter, places))
}

/// Adds the newest runs that fulfil the conditions, and keeps as many as are wanted.
fn add(tx: &mut Tx<'_>, found: &mut Vec<Key>, conditions: Conditions, wanted: usize) -> Result<(), StoreError> {
    let (page, values) = conditions.paged(i64::try_from(wanted).unwrap_or(i64::MAX), 0);
    let sql =
        format!("SELECT trigger_ms, id FROM runs {} ORDER BY {TRIGGER} DESC, id {{bytes}} {page}", conditions.text());
    for row in tx.query(&sql, &values)? {
        found.push((row.int(0)?, row.text(1)?));
    }
    found.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    found.truncate(wanted);
    Ok(())
}
