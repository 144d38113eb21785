//! Plans: their definitions, and which tasks and plans they name.

use crate::db::record::{Conditions, record};
use crate::db::{Json, Record};
use crate::visible::seen;
use crate::{StoreError, Tx, Value, params};
use serde_json::{Map, Value as JsonValue};
use std::collections::BTreeSet;
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{EnvironmentId, PlanId, TaskId, WorkspaceId};
use stoker_domain::plan::PlanStep;

record! {
    /// A plan.
    Plan in "plans" {
        /// Its id.
        id: PlanId,
        /// Where it lies.
        workspace_id: WorkspaceId,
        /// Environment of that workspace.
        environment_id: EnvironmentId,
        /// Unique in the workspace.
        name: String,
        /// Free text.
        description: Option<String>,
        /// Who made it: a login or a service-account id.
        author: String,
        /// Which of the two.
        author_kind: PrincipalKind,
        /// Its steps in order.
        steps: Json<Vec<PlanStep>>,
        /// Its run configuration: trigger, parallelExecutionAllowed, and the runtime of the older generation.
        run_config: Json<Map<String, JsonValue>>,
        /// Whether new runs are refused.
        paused: bool,
        /// Why.
        pause_context: Option<String>,
        /// Who paused or resumed it last.
        pause_user: Option<String>,
        /// Which kind that was.
        pause_user_kind: Option<PrincipalKind>,
        /// When.
        pause_ms: Option<i64>,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

impl Plan {
    /// Whether several runs of it may be active at once (source: spec, default false).
    pub fn parallel_allowed(&self) -> bool {
        self.run_config.0.get("parallelExecutionAllowed").and_then(JsonValue::as_bool).unwrap_or(false)
    }
}

/// What a list of plans is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct PlanFilter {
    /// One plan.
    pub plan: Option<PlanId>,
    /// Its environment.
    pub environment: Option<EnvironmentId>,
    /// Its workspace.
    pub workspace: Option<WorkspaceId>,
    /// A task that one of its steps or handlers names.
    pub task: Option<TaskId>,
    /// Part of its name.
    pub name_contains: Option<String>,
    /// Only workspaces on which this principal has a right of the mask.
    pub visible_to: (String, i64),
}

/// Ids as the one value of an `{any_of}`.
fn texts<I: AsRef<str>>(ids: &BTreeSet<I>) -> [Value; 1] {
    [Value::Texts(ids.iter().map(|id| id.as_ref().to_owned()).collect())]
}

/// The plan with this id.
pub fn get(tx: &mut Tx<'_>, id: &PlanId) -> Result<Option<Plan>, StoreError> {
    Plan::select_opt(tx, "WHERE id = $1", params![id])
}

/// The plan with this id, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &PlanId) -> Result<Option<Plan>, StoreError> {
    Plan::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// A page of plans by name, and how many there are in all.
pub fn list(tx: &mut Tx<'_>, filter: &PlanFilter, limit: i64, offset: i64) -> Result<(Vec<Plan>, i64), StoreError> {
    let mut conditions = Conditions::default();
    seen(&mut conditions, "workspace_id", &filter.visible_to);
    if let Some(id) = &filter.plan {
        conditions.and("id = ?", [id.into()]);
    }
    if let Some(id) = &filter.environment {
        conditions.and("environment_id = ?", [id.into()]);
    }
    if let Some(id) = &filter.workspace {
        conditions.and("workspace_id = ?", [id.into()]);
    }
    if let Some(id) = &filter.task {
        conditions.and("id IN (SELECT plan_id FROM plan_tasks WHERE task_id = ?)", [id.into()]);
    }
    conditions.named(None, filter.name_contains.as_deref());
    let total = tx.query_int(&format!("SELECT count(*) FROM plans {}", conditions.text()), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    let items = Plan::select(tx, &format!("{} ORDER BY name {{bytes}}, id {page}", conditions.text()), &values)?;
    Ok((items, total))
}

/// Ids and workspaces of the plans of an environment that time starts and that are not paused, as far as this principal
/// has a right of the mask on their workspaces.
pub fn timed(
    tx: &mut Tx<'_>,
    environment: &EnvironmentId,
    (principal, mask): &(String, i64),
) -> Result<Vec<(PlanId, WorkspaceId)>, StoreError> {
    let sql = "SELECT id, workspace_id FROM plans WHERE environment_id = $1 AND paused = 0 AND id IN \
               (SELECT executable_id FROM schedule_links WHERE executable_kind = 'PLAN') AND workspace_id IN \
               (SELECT workspace_id FROM workspace_rights WHERE principal_id = $2 AND rights & $3 <> 0) ORDER BY id";
    tx.query(sql, params![environment, principal, *mask])?
        .iter()
        .map(|row| Ok((PlanId::trusted(row.text(0)?), WorkspaceId::trusted(row.text(1)?))))
        .collect()
}

/// Writes down which tasks and plans the plan names, instead of what was written before. A task or plan that is gone is
/// a [`StoreError::Reference`].
pub fn set_named(
    tx: &mut Tx<'_>,
    plan: &PlanId,
    tasks: &BTreeSet<TaskId>,
    handlers: &BTreeSet<PlanId>,
) -> Result<(), StoreError> {
    forget_named(tx, plan)?;
    // Plans before tasks, as everybody who locks both.
    for handler in handlers {
        tx.execute("INSERT INTO plan_handlers (plan_id, handler_id) VALUES ($1, $2)", params![plan, handler])?;
    }
    for task in tasks {
        tx.execute("INSERT INTO plan_tasks (plan_id, task_id) VALUES ($1, $2)", params![plan, task])?;
    }
    Ok(())
}

fn forget_named(tx: &mut Tx<'_>, plan: &PlanId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM plan_tasks WHERE plan_id = $1", params![plan])?;
    tx.execute("DELETE FROM plan_handlers WHERE plan_id = $1", params![plan])?;
    Ok(())
}

/// Removes a plan; its runs stay as history.
pub fn delete(tx: &mut Tx<'_>, id: &PlanId) -> Result<u64, StoreError> {
    forget_named(tx, id)?;
    tx.execute("DELETE FROM plans WHERE id = $1", params![id])
}

/// Plans that name the task, a few of them: their names and workspaces.
pub fn using_task(tx: &mut Tx<'_>, task: &TaskId) -> Result<Vec<(String, WorkspaceId)>, StoreError> {
    let sql = "SELECT name, workspace_id FROM plans WHERE id IN (SELECT plan_id FROM plan_tasks WHERE task_id = $1) \
               ORDER BY name {bytes} LIMIT 5";
    tx.query(sql, params![task])?.iter().map(|row| Ok((row.text(0)?, WorkspaceId::trusted(row.text(1)?)))).collect()
}

/// Plans that run this plan as a failure handler, a few of them: their names and workspaces.
pub fn using_plan(tx: &mut Tx<'_>, plan: &PlanId) -> Result<Vec<(String, WorkspaceId)>, StoreError> {
    let sql = "SELECT name, workspace_id FROM plans WHERE id IN (SELECT plan_id FROM plan_handlers WHERE handler_id = $1) \
               ORDER BY name {bytes} LIMIT 5";
    tx.query(sql, params![plan])?.iter().map(|row| Ok((row.text(0)?, WorkspaceId::trusted(row.text(1)?)))).collect()
}

/// The plans that these plans run as failure handlers.
pub fn handlers_of(tx: &mut Tx<'_>, plans: &BTreeSet<PlanId>) -> Result<BTreeSet<PlanId>, StoreError> {
    let sql = "SELECT handler_id FROM plan_handlers WHERE plan_id {any_of}$1{any_end}";
    tx.query(sql, &texts(plans))?.iter().map(|row| row.text(0).map(PlanId::trusted)).collect()
}

/// The plans that run one of these plans as a failure handler.
pub fn users_of(tx: &mut Tx<'_>, plans: &BTreeSet<PlanId>) -> Result<BTreeSet<PlanId>, StoreError> {
    let sql = "SELECT plan_id FROM plan_handlers WHERE handler_id {any_of}$1{any_end}";
    tx.query(sql, &texts(plans))?.iter().map(|row| row.text(0).map(PlanId::trusted)).collect()
}

/// The tasks that these plans name.
pub fn tasks_of(tx: &mut Tx<'_>, plans: &BTreeSet<PlanId>) -> Result<BTreeSet<TaskId>, StoreError> {
    let sql = "SELECT task_id FROM plan_tasks WHERE plan_id {any_of}$1{any_end}";
    tx.query(sql, &texts(plans))?.iter().map(|row| row.text(0).map(TaskId::trusted)).collect()
}

/// Where a task or plan that a plan names lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Id of the task or plan.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// Environment of that.
    pub environment_id: EnvironmentId,
    /// Whether it is bound to an engine or cluster; plans always count as bound.
    pub bound: bool,
}

fn places(tx: &mut Tx<'_>, sql: &str, values: &[Value]) -> Result<Vec<Place>, StoreError> {
    tx.query(sql, values)?
        .iter()
        .map(|row| {
            Ok(Place {
                id: row.text(0)?,
                name: row.text(1)?,
                workspace_id: WorkspaceId::trusted(row.text(2)?),
                environment_id: EnvironmentId::trusted(row.text(3)?),
                bound: row.opt_text(4)?.is_some(),
            })
        })
        .collect()
}

/// Where these tasks lie; those that do not exist are missing.
pub fn task_places(tx: &mut Tx<'_>, ids: &BTreeSet<TaskId>) -> Result<Vec<Place>, StoreError> {
    // Other kinds of engines are entities only, so a task on one is as good as unbound.
    let sql = "SELECT id, name, workspace_id, environment_id, \
               CASE WHEN runtime_type IN ('REMOTE_ENGINE', 'REMOTE_ENGINE_CLUSTER') THEN runtime_id END \
               FROM tasks WHERE id {any_of}$1{any_end}";
    places(tx, sql, &texts(ids))
}

/// Where these plans lie; those that do not exist are missing.
pub fn plan_places(tx: &mut Tx<'_>, ids: &BTreeSet<PlanId>) -> Result<Vec<Place>, StoreError> {
    let sql = "SELECT id, name, workspace_id, environment_id, id FROM plans WHERE id {any_of}$1{any_end}";
    places(tx, sql, &texts(ids))
}
