//! Plans: definitions, run configuration, pause.

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states;
use crate::environments::description;
use crate::error::{Error, taken};
use crate::plan_checks::{check_grown, check_handlers, check_tasks, checked_step, named_by};
use crate::schedules::links::{release_of, skip_overdue};
use crate::triggers::{ExecutableId, Startable};
use crate::workspaces::{Views, WorkspaceView, view};
use serde_json::Map;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use stoker_domain::ids::{ArtifactId, EnvironmentId, PlanId, StepId, TaskId, WorkspaceId};
use stoker_domain::plan::{PlanOutcome, PlanState, StepCondition};
use stoker_domain::{Permission, Right, limits, names};
use stoker_store::artifacts::Artifact;
use stoker_store::db::{Json, Record};
use stoker_store::plans::{self, Place, Plan, PlanFilter};
use stoker_store::tasks::Task;
use stoker_store::{StoreError, Tx, plan_runs};

pub(crate) const USE: &[Permission] = &[Permission::Operator];
/// As for tasks: who may run it may look at it.
pub(crate) const SEE: &[Right] = &[Right::View, Right::Execute];

/// A plan with what its answers show beside its row.
#[derive(Clone, Debug)]
pub struct PlanView {
    /// The plan.
    pub plan: Plan,
    /// Its workspace.
    pub workspace: WorkspaceView,
    /// How its last run stands, when it had one.
    pub last: Option<(PlanState, Option<PlanOutcome>)>,
    /// The tasks and plans it names; shared by the items of a list.
    pub named: Arc<Named>,
}

/// Tasks and plans that plans name, by id.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// Where the tasks lie.
    pub tasks: BTreeMap<String, Place>,
    /// The tasks whole, with the names of their artifacts; not in lists.
    pub whole: BTreeMap<String, (Task, String)>,
    /// Where the plans lie.
    pub plans: BTreeMap<String, Place>,
}

/// Values of a new or replaced plan.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// Workspace id.
    pub workspace: String,
    /// Unique in the workspace.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Steps in order; a plan without steps can be kept but not started.
    pub steps: Vec<StepRequest>,
}

/// Values of a step.
#[derive(Clone, Debug)]
pub struct StepRequest {
    /// Id of the step as it was shown; another one makes a new step.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// When it counts as passed.
    pub condition: StepCondition,
    /// Ids of its tasks.
    pub tasks: Vec<String>,
    /// Ids of the tasks that run when it fails.
    pub handler_tasks: Vec<String>,
    /// Ids of the plans that run when it fails.
    pub handler_plans: Vec<String>,
    /// What an operator should know before a repetition from here.
    pub note: Option<String>,
}

/// A filter of plan lists.
#[derive(Clone, Debug, Default)]
pub struct PlanQuery {
    /// Plan id.
    pub plan: Option<String>,
    /// Environment id.
    pub environment: Option<String>,
    /// Workspace id.
    pub workspace: Option<String>,
    /// Id of a task it names.
    pub task: Option<String>,
    /// Part of the name.
    pub name: Option<String>,
    /// Page size.
    pub limit: i64,
    /// Items to pass over.
    pub offset: i64,
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Plan id not found.")
}

impl Service {
    /// A page of plans by name.
    pub async fn list_plans(&self, actor: &Actor, query: PlanQuery) -> Result<Page<PlanView>, Error> {
        let allowed = actor.allow(USE)?;
        let filter = PlanFilter {
            plan: query.plan.as_deref().map(PlanId::parse).transpose()?,
            environment: query.environment.as_deref().map(EnvironmentId::parse).transpose()?,
            workspace: query.workspace.as_deref().map(WorkspaceId::parse).transpose()?,
            task: query.task.as_deref().map(TaskId::parse).transpose()?,
            name_contains: query.name,
            visible_to: allowed.visible(SEE),
        };
        let (limit, offset) = (query.limit, query.offset);
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                if let (Some(workspace), Some(environment)) = (&filter.workspace, &filter.environment) {
                    crate::workspaces::belongs(tx, workspace, environment)?;
                }
                let (rows, total) = plans::list(tx, &filter, limit, offset)?;
                let named = Arc::new(named(tx, &rows, false)?);
                let mut views = Views::default();
                views.prepare(tx, rows.iter().map(|plan| &plan.workspace_id))?;
                let items = rows
                    .into_iter()
                    .map(|plan| plan_view(tx, plan, Arc::clone(&named), &mut views))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok((items, total))
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    /// One plan.
    pub async fn plan(&self, actor: &Actor, id: &PlanId) -> Result<PlanView, Error> {
        let allowed = actor.allow(USE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let plan = plans::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &plan.workspace_id, SEE)?;
            whole_view(tx, plan)
        })
        .await
    }

    /// Adds a plan. It is started by hand until its run configuration says otherwise.
    pub async fn create_plan(&self, actor: &Actor, request: PlanRequest) -> Result<PlanView, Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            let workspace = view(tx, &WorkspaceId::parse(&request.workspace)?)?;
            proof.right(tx, &workspace.workspace.id, &[Right::Author])?;
            service.settings().account.room_for_one(tx)?;
            let mut plan = Plan {
                id: PlanId::generate(now, service.random()),
                workspace_id: workspace.workspace.id.clone(),
                environment_id: workspace.environment.id.clone(),
                name: String::new(),
                description: None,
                author: proof.actor().name.clone(),
                author_kind: proof.actor().kind,
                steps: Json(Vec::new()),
                run_config: Json(Map::new()),
                paused: false,
                pause_context: None,
                pause_user: None,
                pause_user_kind: None,
                pause_ms: None,
                created_ms: now,
                updated_ms: now,
            };
            let (tasks, handlers) = service.fill_plan(tx, &proof, &mut plan, request)?;
            let message = format!("name: a plan {} exists already in the workspace", plan.name);
            plan.insert(tx).map_err(taken(message))?;
            plans::set_named(tx, &plan.id, &tasks, &handlers).map_err(vanished)?;
            service.audit_plan(tx, &proof, "plan.create", &plan)?;
            whole_view(tx, plan)
        })
        .await
    }

    /// Replaces the definition of a plan. Active runs go on with the one they began with; the run configuration stays.
    pub async fn update_plan(&self, actor: &Actor, id: &PlanId, request: PlanRequest) -> Result<PlanView, Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut plan = plans::lock(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &plan.workspace_id, &[Right::Author])?;
            if WorkspaceId::parse(&request.workspace)? != plan.workspace_id {
                return Err(Error::invalid("workspaceId: a plan cannot move to another workspace"));
            }
            let before = plan.steps.0.clone();
            let (tasks, handlers) = service.fill_plan(tx, &proof, &mut plan, request)?;
            check_grown(tx, &proof, &plan, &before)?;
            plan.updated_ms = now;
            let message = format!("name: a plan {} exists already in the workspace", plan.name);
            plan.update(tx).map_err(taken(message))?;
            plans::set_named(tx, &plan.id, &tasks, &handlers).map_err(vanished)?;
            service.audit_plan(tx, &proof, "plan.update", &plan)?;
            whole_view(tx, plan)
        })
        .await
    }

    /// Takes the request over into the row; gives the tasks and plans that it names.
    fn fill_plan(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        plan: &mut Plan,
        request: PlanRequest,
    ) -> Result<(BTreeSet<TaskId>, BTreeSet<PlanId>), Error> {
        plan.name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        plan.description = description(request.description)?;
        if request.steps.len() > limits::PLAN_STEPS {
            return Err(Error::invalid(format!("steps: at most {} are allowed", limits::PLAN_STEPS)));
        }
        let mut known: BTreeSet<StepId> = plan.steps.0.iter().map(|step| step.id.clone()).collect();
        let mut steps = Vec::with_capacity(request.steps.len());
        for (index, step) in request.steps.into_iter().enumerate() {
            // An id is taken once only, or two steps of the plan could not be told apart.
            let kept = step.id.as_deref().and_then(|id| known.take(&StepId::trusted(id)));
            let id = kept.unwrap_or_else(|| StepId::generate(plan.created_ms, self.random()));
            steps.push(checked_step(index, id, step)?);
        }
        let all = steps.iter().map(|s| s.tasks.len() + s.handler.as_ref().map_or(0, |h| h.tasks.len() + h.plans.len()));
        if all.sum::<usize>() > limits::PLAN_EXECUTABLES {
            let message = format!("steps: at most {} tasks and plans in all are allowed", limits::PLAN_EXECUTABLES);
            return Err(Error::invalid(message));
        }
        let named = named_by(&steps);
        check_tasks(tx, allowed, plan, &steps, &named.0)?;
        check_handlers(tx, allowed, plan, &steps, &named.1)?;
        plan.steps = Json(steps);
        Ok(named)
    }

    /// Removes a plan; its runs stay as history. Refused while runs of it are active, and while another plan runs it as
    /// a failure handler.
    pub async fn delete_plan(&self, actor: &Actor, id: &PlanId) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let this = ExecutableId::Plan(id.clone());
            let Startable::Plan(plan) = this.lock(tx)? else { return Err(unknown()) };
            proof.right(tx, &plan.workspace_id, &[Right::Author])?;
            if plan_runs::any_active(tx, &id)?.is_some() {
                return Err(Error::conflict(format!("plan {} has active runs: stop them first", plan.name)));
            }
            let users = plans::using_plan(tx, &id)?;
            if !users.is_empty() {
                let users = proof.names_seen(tx, users, "plan")?.join(", ");
                return Err(Error::conflict(format!("plan {} is a failure handler of plan {users}", plan.name)));
            }
            // A schedule that was linked stays, linked to nothing.
            release_of(tx, this.kind(), this.as_str(), now)?;
            plans::delete(tx, &id)?;
            service.audit_plan(tx, &proof, "plan.delete", &plan)
        })
        .await
    }

    /// Pauses or resumes a plan. `false` when it already was so. Active runs go on.
    pub async fn pause_plan(
        &self,
        actor: &Actor,
        id: &PlanId,
        pause: bool,
        context: Option<String>,
    ) -> Result<bool, Error> {
        let allowed = actor.allow(USE)?;
        let context =
            context.map(|text| names::described("pauseContext", &text, limits::DESCRIPTION_CHARS)).transpose()?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let this = ExecutableId::Plan(id.clone());
            let Startable::Plan(plan) = this.lock(tx)? else { return Err(unknown()) };
            let mut plan = *plan;
            proof.right(tx, &plan.workspace_id, &[Right::Execute])?;
            if plan.paused == pause {
                return Ok(false);
            }
            if !pause {
                skip_overdue(tx, this.kind(), this.as_str(), &service.inner.zones, now)?;
            }
            plan.paused = pause;
            plan.pause_context = context;
            plan.pause_user = Some(proof.actor().name.clone());
            plan.pause_user_kind = Some(proof.actor().kind);
            plan.pause_ms = Some(now);
            plan.update(tx)?;
            service.audit_plan(tx, &proof, if pause { "plan.pause" } else { "plan.resume" }, &plan)?;
            Ok(true)
        })
        .await
    }

    pub(crate) fn audit_plan(&self, tx: &mut Tx<'_>, allowed: &Allowed, action: &str, row: &Plan) -> Result<(), Error> {
        let change = Change {
            action,
            object: ("plan", row.id.as_str()),
            workspace: Some(&row.workspace_id),
            detail: Some(audit_states::plan(tx, row)?),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

/// A task or plan was removed between the check and the writing.
fn vanished(error: StoreError) -> Error {
    match error {
        StoreError::Reference(_) => Error::invalid("steps: a task or plan named there was removed meanwhile"),
        other => other.into(),
    }
}

fn named(tx: &mut Tx<'_>, rows: &[Plan], whole: bool) -> Result<Named, Error> {
    let (mut task_ids, mut plan_ids) = (BTreeSet::new(), BTreeSet::new());
    for plan in rows {
        let (tasks, plans) = named_by(&plan.steps.0);
        task_ids.extend(tasks);
        plan_ids.extend(plans);
    }
    let by_id = |places: Vec<Place>| places.into_iter().map(|place| (place.id.clone(), place)).collect();
    let mut named = Named {
        tasks: by_id(plans::task_places(tx, &task_ids)?),
        whole: BTreeMap::new(),
        plans: by_id(plans::plan_places(tx, &plan_ids)?),
    };
    if whole {
        let tasks = Task::with_keys(tx, task_ids.iter().map(ToString::to_string).collect())?;
        let artifacts: BTreeSet<String> = tasks.iter().map(|task| task.artifact_id.to_string()).collect();
        let names: BTreeMap<ArtifactId, String> = Artifact::with_keys(tx, artifacts.into_iter().collect())?
            .into_iter()
            .map(|artifact| (artifact.id, artifact.name))
            .collect();
        named.whole.extend(tasks.into_iter().map(|task| {
            let name = names.get(&task.artifact_id).cloned().unwrap_or_default();
            (task.id.to_string(), (task, name))
        }));
    }
    Ok(named)
}

fn plan_view(tx: &mut Tx<'_>, plan: Plan, named: Arc<Named>, views: &mut Views) -> Result<PlanView, Error> {
    let workspace = views.get(tx, &plan.workspace_id)?;
    let last = plan_runs::last_of(tx, &plan.id)?.map(|run| (run.state, run.outcome));
    Ok(PlanView { plan, workspace, last, named })
}

fn whole_view(tx: &mut Tx<'_>, plan: Plan) -> Result<PlanView, Error> {
    let named = Arc::new(named(tx, std::slice::from_ref(&plan), true)?);
    plan_view(tx, plan, named, &mut Views::default())
}
