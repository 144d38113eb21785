//! How tasks and plans stand, many at once: what a list of them wants to say beside their names, in one read.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::error::Error;
use crate::{plans, tasks};
use std::collections::HashMap;
use stoker_domain::Permission;
use stoker_domain::ids::{ArtifactId, PlanId, TaskId, WorkspaceId};
use stoker_domain::schedule::ExecutableKind;
use stoker_store::db::Record;
use stoker_store::plan_runs::{self, PlanRun};
use stoker_store::plans::Plan;
use stoker_store::runs::{self, Run};
use stoker_store::tasks::Task;
use stoker_store::{Tx, artifacts, schedules};

/// Most tasks or plans of one call.
const MOST: usize = 100;

/// Who may start tasks sees how they stand, as in the list of them.
const SEE_TASKS: &[Permission] = &[Permission::Operator, Permission::EngineUse];

/// How a task stands.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskStanding {
    /// The task.
    pub task: Task,
    /// The version of its artifact that was published last.
    pub newest_version: Option<String>,
    /// The run that was asked for last.
    pub last: Option<Run>,
    /// When it is started next, Unix milliseconds; nothing while it is paused.
    pub next_ms: Option<i64>,
}

/// How a plan stands.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanStanding {
    /// The plan.
    pub plan: Plan,
    /// The plan run that began last.
    pub last: Option<PlanRun>,
    /// When it is started next, Unix milliseconds; nothing while it is paused.
    pub next_ms: Option<i64>,
}

/// Which workspaces are seen, each asked for once.
struct Seen<'a> {
    proof: &'a Allowed,
    known: HashMap<WorkspaceId, bool>,
}

impl Seen<'_> {
    fn has(
        &mut self,
        tx: &mut Tx<'_>,
        workspace: &WorkspaceId,
        any_of: &[stoker_domain::Right],
    ) -> Result<bool, Error> {
        if let Some(known) = self.known.get(workspace) {
            return Ok(*known);
        }
        let seen = match self.proof.right(tx, workspace, any_of) {
            Ok(()) => true,
            Err(Error::Forbidden(_)) => false,
            Err(other) => return Err(other),
        };
        self.known.insert(workspace.clone(), seen);
        Ok(seen)
    }
}

fn checked<I>(ids: &[String], parse: impl Fn(&str) -> Result<I, stoker_domain::ids::InvalidId>) -> Result<(), Error> {
    if ids.len() > MOST {
        return Err(Error::invalid(format!("ids: at most {MOST} are allowed")));
    }
    ids.iter().try_for_each(|id| parse(id).map(drop).map_err(|error| Error::invalid(format!("ids: {error}"))))
}

impl Service {
    /// How these tasks stand. Those that are gone, or that the actor may not see, are left out.
    pub async fn task_standings(&self, actor: &Actor, ids: Vec<String>) -> Result<Vec<TaskStanding>, Error> {
        let allowed = actor.allow(SEE_TASKS)?;
        checked(&ids, TaskId::parse)?;
        let proof = allowed.clone();
        self.read(&allowed, move |tx| {
            let mut seen = Seen { proof: &proof, known: HashMap::new() };
            let next = schedules::next_of(tx, ExecutableKind::Task, ids.clone())?;
            let mut newest: HashMap<ArtifactId, Option<String>> = HashMap::new();
            let mut found = Vec::with_capacity(ids.len());
            for task in Task::with_keys(tx, ids)? {
                if !seen.has(tx, &task.workspace_id, tasks::SEE)? {
                    continue;
                }
                if !newest.contains_key(&task.artifact_id) {
                    newest.insert(task.artifact_id.clone(), artifacts::newest_version(tx, &task.artifact_id)?);
                }
                let newest_version = newest.get(&task.artifact_id).cloned().flatten();
                let last = runs::last_of_task(tx, &task.id)?;
                let next_ms = next.get(task.id.as_str()).copied().filter(|_| !task.paused);
                found.push(TaskStanding { newest_version, last, next_ms, task });
            }
            Ok(found)
        })
        .await
    }

    /// How these plans stand. Those that are gone, or that the actor may not see, are left out.
    pub async fn plan_standings(&self, actor: &Actor, ids: Vec<String>) -> Result<Vec<PlanStanding>, Error> {
        let allowed = actor.allow(plans::USE)?;
        checked(&ids, PlanId::parse)?;
        let proof = allowed.clone();
        self.read(&allowed, move |tx| {
            let mut seen = Seen { proof: &proof, known: HashMap::new() };
            let next = schedules::next_of(tx, ExecutableKind::Plan, ids.clone())?;
            let mut found = Vec::with_capacity(ids.len());
            for plan in Plan::with_keys(tx, ids)? {
                if !seen.has(tx, &plan.workspace_id, plans::SEE)? {
                    continue;
                }
                let last = plan_runs::last_of(tx, &plan.id)?;
                let next_ms = next.get(plan.id.as_str()).copied().filter(|_| !plan.paused);
                found.push(PlanStanding { last, next_ms, plan });
            }
            Ok(found)
        })
        .await
    }
}
