//! Plan runs, step runs, and what each step run started.

use crate::db::record::{Conditions, record};
use crate::db::{Json, Record};
use crate::runs::Run;
use crate::visible::seen;
use crate::{StoreError, Tx, Value, params};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{EnvironmentId, PlanId, PlanRunId, RunId, StepRunId, TaskId, WorkspaceId};
use stoker_domain::plan::{PlanMisfire, PlanOutcome, PlanState, PlanStep, StepKind, StepOutcome, StepState};
use stoker_domain::run::{Outcome, RunType, State};

record! {
    /// One pass through a plan. What it runs is pinned in its step runs.
    PlanRun in "plan_runs" {
        /// Its id.
        id: PlanRunId,
        /// The plan.
        plan_id: PlanId,
        /// Name of the plan then.
        plan_name: String,
        /// Workspace of the plan.
        workspace_id: WorkspaceId,
        /// Environment of that.
        environment_id: EnvironmentId,
        /// What made it.
        run_type: RunType,
        /// Who: a login or a service-account id.
        user_id: String,
        /// Which of the two.
        user_kind: PrincipalKind,
        /// API version of the start call.
        api_version: Option<String>,
        /// The plan run whose failure handler it is.
        parent_id: Option<PlanRunId>,
        /// How many plan runs are above it.
        depth: i64,
        /// The plan run it repeats.
        rerun_of: Option<PlanRunId>,
        /// The step run of that from which on it repeats.
        rerun_step: Option<StepRunId>,
        /// Whether only failed tasks are repeated.
        only_failed: bool,
        /// Where it stands.
        state: PlanState,
        /// How it ended.
        outcome: Option<PlanOutcome>,
        /// Why it did not begin.
        misfire_reason: Option<PlanMisfire>,
        /// When somebody asked to stop it.
        stop_ms: Option<i64>,
        /// Who asked.
        stop_user: Option<String>,
        /// Tasks and plans it means to run, those of begun handlers among them.
        planned: i64,
        /// When it began.
        start_ms: i64,
        /// When it ended.
        finish_ms: Option<i64>,
        /// The instant it was due at, when a trigger started it.
        due_ms: Option<i64>,
        /// Minutes after which each of its task runs is stopped, instead of what the tasks say.
        timeout_minutes: Option<i64>,
        /// Why it did not begin, in words.
        message: Option<String>,
    }
}

record! {
    /// A step of a plan run, or the failure handler of one.
    StepRun in "step_runs" {
        /// Its id.
        id: StepRunId,
        /// The plan run.
        plan_run_id: PlanRunId,
        /// Position of the step in the plan, from 0.
        position: i64,
        /// The step itself or its handler.
        kind: StepKind,
        /// The step as it was when the plan run began.
        definition: Json<PlanStep>,
        /// Where it stands.
        state: StepState,
        /// How it ended.
        outcome: Option<StepOutcome>,
        /// When it began.
        start_ms: Option<i64>,
        /// When it ended.
        finish_ms: Option<i64>,
    }
}

record! {
    /// One task or plan that a step run started.
    StepItem in "step_items" {
        /// The step run.
        step_run_id: StepRunId,
        /// Order in the step, from 0.
        number: i64,
        /// Attempt, from 1.
        attempt: i64,
        /// The plan run of the step run.
        plan_run_id: PlanRunId,
        /// The task, when it is one.
        task_id: Option<TaskId>,
        /// The plan, when it is one.
        plan_id: Option<PlanId>,
        /// The run of the task.
        run_id: Option<RunId>,
        /// The run of the plan.
        child_id: Option<PlanRunId>,
        /// Why there is neither.
        refused: Option<String>,
    }
}

/// A started task or plan and what has become of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemState {
    /// The item.
    pub item: StepItem,
    /// State and outcome of its run.
    pub run: Option<(State, Option<Outcome>)>,
    /// State and outcome of its plan run.
    pub child: Option<(PlanState, Option<PlanOutcome>)>,
    /// When that began; a run that waits has not.
    pub start_ms: Option<i64>,
    /// When that ended.
    pub finish_ms: Option<i64>,
    /// How that failed, or why it did not begin.
    pub message: Option<String>,
}

impl ItemState {
    /// Whether it is over, as far as anybody knows.
    pub fn done(&self) -> bool {
        !matches!(self.run, Some((state, _)) if state != State::Finished)
            && !matches!(self.child, Some((PlanState::Running, _)))
    }

    /// Whether it ended well.
    pub fn succeeded(&self) -> bool {
        matches!(self.run, Some((State::Finished, Some(Outcome::Success | Outcome::Rejected))))
            || matches!(self.child, Some((PlanState::Finished, Some(PlanOutcome::Success))))
    }
}

/// Keeps the calls of a webhook that the plan run was started with.
pub fn keep_payload(tx: &mut Tx<'_>, id: &PlanRunId, payload: &str) -> Result<(), StoreError> {
    tx.execute("INSERT INTO plan_run_payloads (plan_run_id, payload) VALUES ($1, $2)", params![id, payload])?;
    Ok(())
}

/// The calls of a webhook that the plan run was started with.
pub fn payload(tx: &mut Tx<'_>, id: &PlanRunId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt("SELECT payload FROM plan_run_payloads WHERE plan_run_id = $1", params![id])?;
    row.map(|row| row.text(0)).transpose()
}

/// The plan run with this id.
pub fn get(tx: &mut Tx<'_>, id: &PlanRunId) -> Result<Option<PlanRun>, StoreError> {
    PlanRun::select_opt(tx, "WHERE id = $1", params![id])
}

/// The plan run with this id, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &PlanRunId) -> Result<Option<PlanRun>, StoreError> {
    PlanRun::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// An active run of the plan.
pub fn any_active(tx: &mut Tx<'_>, plan: &PlanId) -> Result<Option<PlanRunId>, StoreError> {
    let sql = "SELECT id FROM plan_runs WHERE plan_id = $1 AND state <> 'finished' LIMIT 1";
    tx.query_opt(sql, params![plan])?.map(|row| row.text(0).map(PlanRunId::trusted)).transpose()
}

/// How many runs of the plan began after `since_ms`; those that never began do not count.
pub fn begun_since(tx: &mut Tx<'_>, plan: &PlanId, since_ms: i64) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM plan_runs WHERE plan_id = $1 AND start_ms > $2 AND (outcome IS NULL OR outcome <> 'misfired')";
    tx.query_int(sql, params![plan, since_ms])
}

/// The last run of the plan that began.
pub fn last_of(tx: &mut Tx<'_>, plan: &PlanId) -> Result<Option<PlanRun>, StoreError> {
    PlanRun::select_opt(
        tx,
        "WHERE plan_id = $1 AND (outcome IS NULL OR outcome <> 'misfired') ORDER BY start_ms DESC, id LIMIT 1",
        params![plan],
    )
}

/// Active plan runs that are failure handlers of this one.
pub fn active_children(tx: &mut Tx<'_>, parent: &PlanRunId) -> Result<Vec<PlanRunId>, StoreError> {
    let sql = "SELECT id FROM plan_runs WHERE parent_id = $1 AND state <> 'finished' ORDER BY id";
    tx.query(sql, params![parent])?.iter().map(|row| row.text(0).map(PlanRunId::trusted)).collect()
}

/// Active runs of tasks of the plan run.
pub fn active_runs(tx: &mut Tx<'_>, id: &PlanRunId) -> Result<Vec<RunId>, StoreError> {
    let sql = "SELECT id FROM runs WHERE plan_run_id = $1 AND state <> 'finished' ORDER BY trigger_ms, id";
    tx.query(sql, params![id])?.iter().map(|row| row.text(0).map(RunId::trusted)).collect()
}

/// The runs of tasks of the plan run that have ended, oldest first.
pub fn done_runs(tx: &mut Tx<'_>, id: &PlanRunId) -> Result<Vec<Run>, StoreError> {
    Run::select(tx, "WHERE plan_run_id = $1 AND state = 'finished' ORDER BY trigger_ms, id", params![id])
}

/// The runs of tasks of the step run that have ended, oldest first.
pub fn done_runs_of_step(tx: &mut Tx<'_>, id: &StepRunId) -> Result<Vec<Run>, StoreError> {
    Run::select(
        tx,
        "WHERE id IN (SELECT run_id FROM step_items WHERE step_run_id = $1) AND state = 'finished' \
         ORDER BY trigger_ms, id",
        params![id],
    )
}

/// The plan runs of the step run that have ended, oldest first.
pub fn done_children_of_step(tx: &mut Tx<'_>, id: &StepRunId) -> Result<Vec<PlanRun>, StoreError> {
    PlanRun::select(
        tx,
        "WHERE id IN (SELECT child_id FROM step_items WHERE step_run_id = $1) AND state = 'finished' \
         ORDER BY start_ms, id",
        params![id],
    )
}

/// The step run with this id.
pub fn step(tx: &mut Tx<'_>, id: &StepRunId) -> Result<Option<StepRun>, StoreError> {
    StepRun::select_opt(tx, "WHERE id = $1", params![id])
}

/// The step run at a position.
pub fn step_at(tx: &mut Tx<'_>, run: &PlanRunId, position: i64, kind: StepKind) -> Result<Option<StepRun>, StoreError> {
    StepRun::select_opt(tx, "WHERE plan_run_id = $1 AND position = $2 AND kind = $3", params![run, position, kind.id()])
}

/// The step runs of one kind, in the order of the design.
pub fn steps(tx: &mut Tx<'_>, run: &PlanRunId, kind: StepKind) -> Result<Vec<StepRun>, StoreError> {
    StepRun::select(tx, "WHERE plan_run_id = $1 AND kind = $2 ORDER BY position", params![run, kind.id()])
}

/// The step run that is running now.
pub fn running_step(tx: &mut Tx<'_>, run: &PlanRunId) -> Result<Option<StepRun>, StoreError> {
    StepRun::select_opt(
        tx,
        "WHERE plan_run_id = $1 AND state = 'running' ORDER BY position, kind LIMIT 1",
        params![run],
    )
}

/// Lets a waiting step run begin; 0 when it was begun already.
pub fn begin_step(tx: &mut Tx<'_>, id: &StepRunId, at_ms: i64) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE step_runs SET state = 'running', start_ms = $2 WHERE id = $1 AND state = 'waiting'",
        params![id, at_ms],
    )
}

/// Ends a running step run; 0 when it had ended already.
pub fn finish_step(tx: &mut Tx<'_>, id: &StepRunId, outcome: StepOutcome, at_ms: i64) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE step_runs SET state = 'finished', outcome = $2, finish_ms = $3 WHERE id = $1 AND state = 'running'",
        params![id, outcome.id(), at_ms],
    )
}

/// Ends an active plan run; 0 when it had ended already.
pub fn finish(tx: &mut Tx<'_>, id: &PlanRunId, outcome: PlanOutcome, at_ms: i64) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE plan_runs SET state = 'finished', outcome = $2, finish_ms = $3 WHERE id = $1 AND state = 'running'",
        params![id, outcome.id(), at_ms],
    )
}

/// All plan runs that have not ended.
pub fn active(tx: &mut Tx<'_>) -> Result<Vec<PlanRunId>, StoreError> {
    let sql = "SELECT id FROM plan_runs WHERE state <> 'finished' ORDER BY start_ms, id {bytes}";
    tx.query(sql, params![])?.iter().map(|row| row.text(0).map(PlanRunId::trusted)).collect()
}

/// Somebody asked to stop it; keeps the first time.
pub fn request_stop(tx: &mut Tx<'_>, id: &PlanRunId, user: &str, at_ms: i64) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE plan_runs SET stop_ms = $2, stop_user = $3 WHERE id = $1 AND stop_ms IS NULL",
        params![id, at_ms, user],
    )
}

/// More is planned than was at the start, because a handler begins.
pub fn add_planned(tx: &mut Tx<'_>, id: &PlanRunId, more: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE plan_runs SET planned = planned + $2 WHERE id = $1", params![id, more])?;
    Ok(())
}

/// How many tasks and plans of the plan run are over.
pub fn done_count(tx: &mut Tx<'_>, id: &PlanRunId) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM step_items i LEFT JOIN runs r ON r.id = i.run_id \
               LEFT JOIN plan_runs p ON p.id = i.child_id WHERE i.plan_run_id = $1 \
               AND coalesce(r.state, 'finished') = 'finished' AND coalesce(p.state, 'finished') = 'finished'";
    tx.query_int(sql, params![id])
}

const ITEM_STATES: &str = "SELECT i.step_run_id, i.number, i.attempt, i.plan_run_id, i.task_id, i.plan_id, i.run_id, \
     i.child_id, i.refused, r.state, r.outcome, p.state, p.outcome, coalesce(r.start_ms, p.start_ms), \
     coalesce(r.finish_ms, p.finish_ms), coalesce(r.error_message, p.message) FROM step_items i \
     LEFT JOIN runs r ON r.id = i.run_id LEFT JOIN plan_runs p ON p.id = i.child_id";

/// What the step run started and what has become of it, in order.
pub fn items_of_step(tx: &mut Tx<'_>, id: &StepRunId) -> Result<Vec<ItemState>, StoreError> {
    item_states(tx, &format!("{ITEM_STATES} WHERE i.step_run_id = $1 ORDER BY i.number, i.attempt"), params![id])
}

/// What all step runs of the plan run started and what has become of it.
pub fn items(tx: &mut Tx<'_>, id: &PlanRunId) -> Result<Vec<ItemState>, StoreError> {
    let order = "ORDER BY i.step_run_id, i.number, i.attempt";
    item_states(tx, &format!("{ITEM_STATES} WHERE i.plan_run_id = $1 {order}"), params![id])
}

fn item_states(tx: &mut Tx<'_>, sql: &str, values: &[Value]) -> Result<Vec<ItemState>, StoreError> {
    let unknown = |column| StoreError::Shape { column, wanted: "a known value" };
    let mut found = Vec::new();
    for row in tx.query(sql, values)? {
        let run = match row.opt_text(9)? {
            None => None,
            Some(state) => Some((
                State::from_id(&state).ok_or(unknown(9))?,
                row.opt_text(10)?.map(|o| Outcome::from_id(&o).ok_or(unknown(10))).transpose()?,
            )),
        };
        let child = match row.opt_text(11)? {
            None => None,
            Some(state) => Some((
                PlanState::from_id(&state).ok_or(unknown(11))?,
                row.opt_text(12)?.map(|o| PlanOutcome::from_id(&o).ok_or(unknown(12))).transpose()?,
            )),
        };
        let (start_ms, finish_ms, message) = (row.opt_int(13)?, row.opt_int(14)?, row.opt_text(15)?);
        found.push(ItemState { item: StepItem::from_row(row)?, run, child, start_ms, finish_ms, message });
    }
    Ok(found)
}

/// Active plan runs whose running step has nothing active any more. Cheap: it looks at running steps only.
pub fn ready(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<PlanRunId>, StoreError> {
    let sql = "SELECT s.plan_run_id FROM step_runs s WHERE s.state = 'running' AND NOT EXISTS ( \
               SELECT 1 FROM step_items i LEFT JOIN runs r ON r.id = i.run_id \
               LEFT JOIN plan_runs p ON p.id = i.child_id WHERE i.step_run_id = s.id \
               AND (r.state <> 'finished' OR p.state <> 'finished')) ORDER BY s.plan_run_id LIMIT $1";
    tx.query(sql, params![limit])?.iter().map(|row| row.text(0).map(PlanRunId::trusted)).collect()
}

/// Whether this plan run could move on now; the same question as [`ready`] for one.
pub fn is_ready(tx: &mut Tx<'_>, id: &PlanRunId) -> Result<bool, StoreError> {
    let sql = "SELECT s.id FROM step_runs s WHERE s.plan_run_id = $1 AND s.state = 'running' AND NOT EXISTS ( \
               SELECT 1 FROM step_items i LEFT JOIN runs r ON r.id = i.run_id \
               LEFT JOIN plan_runs p ON p.id = i.child_id WHERE i.step_run_id = s.id \
               AND (r.state <> 'finished' OR p.state <> 'finished')) LIMIT 1";
    Ok(tx.query_opt(sql, params![id])?.is_some())
}

/// What a list of plan runs is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct PlanRunFilter {
    /// One plan.
    pub plan: Option<PlanId>,
    /// One environment.
    pub environment: Option<EnvironmentId>,
    /// One workspace.
    pub workspace: Option<WorkspaceId>,
    /// State, and the outcome when it is final; `None` is all.
    pub status: Option<(PlanState, Option<PlanOutcome>)>,
    /// Start of the window, milliseconds.
    pub from_ms: i64,
    /// End of the window, milliseconds.
    pub to_ms: i64,
    /// Only workspaces on which this principal has a right of the mask.
    pub visible_to: (String, i64),
}

/// A page of plan runs, newest first, and how many there are in all. The window is that of lists of runs.
pub fn list(
    tx: &mut Tx<'_>,
    filter: &PlanRunFilter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<PlanRun>, i64), StoreError> {
    let mut conditions = Conditions::default();
    conditions.and("start_ms <= ?", [Value::Int(filter.to_ms)]);
    conditions.and("coalesce(finish_ms, ?) >= ?", [Value::Int(i64::MAX), Value::Int(filter.from_ms)]);
    seen(&mut conditions, "workspace_id", &filter.visible_to);
    if let Some(id) = &filter.plan {
        conditions.and("plan_id = ?", [id.into()]);
    }
    if let Some(id) = &filter.environment {
        conditions.and("environment_id = ?", [id.into()]);
    }
    if let Some(id) = &filter.workspace {
        conditions.and("workspace_id = ?", [id.into()]);
    }
    if let Some((state, outcome)) = filter.status {
        conditions.and("state = ?", [state.id().into()]);
        if let Some(outcome) = outcome {
            conditions.and("outcome = ?", [outcome.id().into()]);
        }
    }
    let total = tx.query_int(&format!("SELECT count(*) FROM plan_runs {}", conditions.text()), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    let rest = format!("{} ORDER BY start_ms DESC, id {page}", conditions.text());
    Ok((PlanRun::select(tx, &rest, &values)?, total))
}
