//! What has ended lately, counted: by hour and by task that went wrong.

use crate::db::Record;
use crate::db::record::Conditions;
use crate::runs::Run;
use crate::visible::Sight;
use crate::{StoreError, Tx};
use stoker_domain::ids::{EnvironmentId, TaskId, WorkspaceId};
use stoker_domain::run::Outcome;

/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;

/// Runs that ended within one hour with one outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The hour, counted from the epoch.
    pub hour: i64,
    /// How they ended.
    pub outcome: Outcome,
    /// How many.
    pub runs: i64,
}

/// A task of which runs went wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Failing {
    /// How many of its runs.
    pub runs: i64,
    /// The last of them.
    pub last: Run,
    /// Whether a run that ended after it went well.
    pub works_again: bool,
}

/// Where is counted.
pub struct Place {
    /// Only workspaces on which this principal has a right of the mask.
    pub visible_to: (String, i64),
    /// One environment.
    pub environment: Option<EnvironmentId>,
    /// One workspace.
    pub workspace: Option<WorkspaceId>,
}

/// What ended lately in a place.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// By hour and outcome, in no order; hours without an end are left out.
    pub hours: Vec<Ended>,
    /// How many went wrong.
    pub failed: i64,
    /// Of how many tasks.
    pub failing_tasks: i64,
    /// Those tasks, last failure first.
    pub failing: Vec<Failing>,
}

fn ended(sight: &Sight, outcomes: &[Outcome], from_ms: i64) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.and("state = 'finished'", []);
    sight.inside(&mut conditions, "workspace_id");
    let names: Vec<String> = outcomes.iter().map(|outcome| format!("'{}'", outcome.id())).collect();
    conditions.and(&format!("outcome IN ({})", names.join(", ")), []);
    conditions.and("finish_ms >= ?", [from_ms.into()]);
    conditions
}

/// Counts what ended from `hours_from_ms` on by hour, and what went wrong from `from_ms` on by task: the `most` tasks
/// whose last failure is the newest.
pub fn count(
    tx: &mut Tx<'_>,
    place: &Place,
    hours_from_ms: i64,
    from_ms: i64,
    most: i64,
) -> Result<Counted, StoreError> {
    let sight = Sight::of(tx, &place.visible_to, place.environment.as_ref(), place.workspace.as_ref())?;
    if sight.is_empty() {
        return Ok(Counted::default());
    }
    let conditions = ended(&sight, Outcome::ALL, hours_from_ms);
    let sql = format!(
        "SELECT finish_ms / {HOUR_MS}, outcome, count(*) FROM runs {} GROUP BY finish_ms / {HOUR_MS}, outcome",
        conditions.text()
    );
    let mut hours = Vec::new();
    for row in tx.query(&sql, conditions.values())? {
        let outcome = Outcome::from_id(&row.text(1)?).ok_or(StoreError::Shape { column: 1, wanted: "an outcome" })?;
        hours.push(Ended { hour: row.int(0)?, outcome, runs: row.int(2)? });
    }
    let wrong = ended(&sight, &Outcome::WENT_WRONG, from_ms);
    let sql = format!("SELECT count(*), count(DISTINCT task_id) FROM runs {}", wrong.text());
    let (failed, failing_tasks) = match tx.query_opt(&sql, wrong.values())? {
        Some(row) => (row.int(0)?, row.int(1)?),
        None => (0, 0),
    };
    let failing = if failed > 0 { failing(tx, &wrong, most)? } else { Vec::new() };
    Ok(Counted { hours, failed, failing_tasks, failing })
}

fn failing(tx: &mut Tx<'_>, wrong: &Conditions, most: i64) -> Result<Vec<Failing>, StoreError> {
    let (page, values) = wrong.paged(most, 0);
    let sql = format!(
        "SELECT task_id, count(*), max(finish_ms) FROM runs {} GROUP BY task_id \
         ORDER BY max(finish_ms) DESC, task_id {{bytes}} {page}",
        wrong.text()
    );
    let mut tasks = Vec::new();
    for row in tx.query(&sql, &values)? {
        tasks.push((TaskId::trusted(row.text(0)?), row.int(1)?, row.int(2)?));
    }
    // At most `most` tasks, each by its own index.
    let mut found = Vec::new();
    for (task, runs, at_ms) in tasks {
        let names = Outcome::WENT_WRONG.map(|outcome| format!("'{}'", outcome.id())).join(", ");
        let last = Run::select_opt(
            tx,
            &format!(
                "WHERE state = 'finished' AND task_id = $1 AND outcome IN ({names}) AND finish_ms = $2 \
                 ORDER BY trigger_ms DESC, id {{bytes}} LIMIT 1"
            ),
            crate::params![&task, at_ms],
        )?;
        let Some(last) = last else { continue };
        let good = "SELECT count(*) FROM runs WHERE state = 'finished' AND task_id = $1 \
                    AND outcome IN ('success', 'rejected') AND finish_ms > $2";
        let works_again = tx.query_int(good, crate::params![&task, at_ms])? > 0;
        found.push(Failing { runs, last, works_again });
    }
    Ok(found)
}
