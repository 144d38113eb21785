//! What the steps of a plan may say: ids, limits, tasks and plans that exist, and no way back to the plan itself.

use crate::actor::Allowed;
use crate::error::Error;
use crate::plans::StepRequest;
use std::collections::BTreeSet;
use stoker_domain::ids::{PlanId, StepId, TaskId, WorkspaceId};
use stoker_domain::plan::{Handler, PlanStep, StepCondition};
use stoker_domain::schedule::ExecutableKind;
use stoker_domain::{Right, limits, names};
use stoker_store::plans::{self, Place, Plan};
use stoker_store::{Tx, schedules, webhooks};

/// One of these on the workspace of a task is enough to name it in a plan (source: inferred from artifacts of tasks).
const NAME: &[Right] = &[Right::View, Right::Author, Right::Execute];

fn checked_ids<I: PartialEq>(
    field: &str,
    ids: &[String],
    read: impl Fn(&str) -> Result<I, stoker_domain::ids::InvalidId>,
) -> Result<Vec<I>, Error> {
    if ids.len() > limits::STEP_EXECUTABLES {
        return Err(Error::invalid(format!("{field}: at most {} are allowed", limits::STEP_EXECUTABLES)));
    }
    let mut found = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        let id = read(id).map_err(|error| Error::invalid(format!("{field}[{index}]: {error}")))?;
        if found.contains(&id) {
            return Err(Error::invalid(format!("{field}[{index}]: stands there twice")));
        }
        found.push(id);
    }
    Ok(found)
}

/// A step of a request as it is kept; the message of a refusal names the field with its index.
pub(crate) fn checked_step(index: usize, id: StepId, step: StepRequest) -> Result<PlanStep, Error> {
    let at = |error: names::NameError| Error::invalid(format!("steps[{index}].{error}"));
    let field = |name: &str| format!("steps[{index}].{name}");
    let tasks = checked_ids(&field("taskIds"), &step.tasks, TaskId::parse)?;
    if tasks.is_empty() {
        return Err(Error::invalid(format!("steps[{index}].taskIds: must hold at least one task")));
    }
    let handler = Handler {
        tasks: checked_ids(&field("handlerOnFailure.taskIds"), &step.handler_tasks, TaskId::parse)?,
        plans: checked_ids(&field("handlerOnFailure.planIds"), &step.handler_plans, PlanId::parse)?,
    };
    Ok(PlanStep {
        id,
        name: names::checked("name", &step.name, limits::NAME_CHARS).map_err(at)?,
        condition: step.condition,
        tasks,
        handler: Some(handler).filter(|h| !h.tasks.is_empty() || !h.plans.is_empty()),
        note: step.note.map(|n| names::described("note", &n, limits::DESCRIPTION_CHARS)).transpose().map_err(at)?,
        left_out: Vec::new(),
    })
}

/// All tasks and plans that steps name, those of handlers among them.
pub(crate) fn named_by(steps: &[PlanStep]) -> (BTreeSet<TaskId>, BTreeSet<PlanId>) {
    let (mut tasks, mut handlers) = (BTreeSet::new(), BTreeSet::new());
    for step in steps {
        tasks.extend(step.tasks.iter().cloned());
        if let Some(handler) = &step.handler {
            tasks.extend(handler.tasks.iter().cloned());
            handlers.extend(handler.plans.iter().cloned());
        }
    }
    (tasks, handlers)
}

/// The first field of the steps that names this task or plan.
fn field_of(steps: &[PlanStep], id: &str) -> String {
    for (index, step) in steps.iter().enumerate() {
        if let Some(number) = step.tasks.iter().position(|task| task.as_str() == id) {
            return format!("steps[{index}].taskIds[{number}]");
        }
        let Some(handler) = &step.handler else { continue };
        if let Some(number) = handler.tasks.iter().position(|task| task.as_str() == id) {
            return format!("steps[{index}].handlerOnFailure.taskIds[{number}]");
        }
        if let Some(number) = handler.plans.iter().position(|plan| plan.as_str() == id) {
            return format!("steps[{index}].handlerOnFailure.planIds[{number}]");
        }
    }
    "steps".to_owned()
}

/// Every task exists, lies in the environment of the plan, and may be seen by who names it.
pub(crate) fn check_tasks(
    tx: &mut Tx<'_>,
    allowed: &Allowed,
    plan: &Plan,
    steps: &[PlanStep],
    tasks: &BTreeSet<TaskId>,
) -> Result<(), Error> {
    let places = plans::task_places(tx, tasks)?;
    let known: BTreeSet<&str> = places.iter().map(|place| place.id.as_str()).collect();
    if let Some(missing) = tasks.iter().find(|id| !known.contains(id.as_str())) {
        return Err(Error::invalid(format!("{}: there is no such task", field_of(steps, missing.as_str()))));
    }
    check_places(tx, allowed, plan, steps, &places, "task")
}

fn check_places(
    tx: &mut Tx<'_>,
    allowed: &Allowed,
    plan: &Plan,
    steps: &[PlanStep],
    places: &[Place],
    what: &str,
) -> Result<(), Error> {
    if let Some(foreign) = places.iter().find(|place| place.environment_id != plan.environment_id) {
        let field = field_of(steps, &foreign.id);
        return Err(Error::invalid(format!("{field}: the {what} lies in another environment than the plan")));
    }
    for workspace in places.iter().map(|place| &place.workspace_id).collect::<BTreeSet<_>>() {
        allowed.right(tx, workspace, NAME)?;
    }
    Ok(())
}

/// Every handler plan exists and fits, and none of them leads back to this plan.
pub(crate) fn check_handlers(
    tx: &mut Tx<'_>,
    allowed: &Allowed,
    plan: &Plan,
    steps: &[PlanStep],
    handlers: &BTreeSet<PlanId>,
) -> Result<(), Error> {
    let places = plans::plan_places(tx, handlers)?;
    let known: BTreeSet<&str> = places.iter().map(|place| place.id.as_str()).collect();
    if let Some(missing) = handlers.iter().find(|id| !known.contains(id.as_str())) {
        return Err(Error::invalid(format!("{}: there is no such plan", field_of(steps, missing.as_str()))));
    }
    check_places(tx, allowed, plan, steps, &places, "plan")?;
    let (mut level, mut depth) = (handlers.clone(), 0);
    while !level.is_empty() {
        if level.contains(&plan.id) {
            let message = "handlerOnFailure.planIds: the failure handlers lead back to this plan; take one out";
            return Err(Error::invalid(message));
        }
        depth += 1;
        if depth > limits::PLAN_DEPTH {
            let most = limits::PLAN_DEPTH;
            let message = format!("handlerOnFailure.planIds: more than {most} plans would follow each other");
            return Err(Error::invalid(message));
        }
        level = plans::handlers_of(tx, &level)?;
    }
    Ok(())
}

/// Whether the steps can be started: there are some, all they run is there, and everything has an engine.
pub(crate) fn check_configured(tx: &mut Tx<'_>, plan: &Plan, steps: &[PlanStep]) -> Result<(), Error> {
    let text = |what: String| format!("Plan {} is not configured: {what}", plan.name);
    if steps.is_empty() {
        return Err(Error::NotConfigured(text("it has no steps; add one".to_owned())));
    }
    let (tasks, _) = named_by(steps);
    let places = plans::task_places(tx, &tasks)?;
    if places.len() < tasks.len() {
        return Err(Error::NotConfigured(text("a task of it was removed; take it out of the steps".to_owned())));
    }
    match places.iter().find(|place| !place.bound) {
        Some(bare) => {
            let cure = "set runtime to an engine or cluster in its run-config";
            Err(Error::NoEngine(text(format!("task {} has no engine; {cure}", bare.name))))
        }
        None => Ok(()),
    }
}

/// The workspaces of everything the steps run, handler plans and what they run among it: EXECUTE is needed on each of
/// them, or a plan would be a way around that right.
pub(crate) fn workspaces_of(tx: &mut Tx<'_>, steps: &[PlanStep]) -> Result<BTreeSet<WorkspaceId>, Error> {
    let (tasks, mut level) = named_by(steps);
    let places = plans::task_places(tx, &tasks)?;
    let mut workspaces: BTreeSet<WorkspaceId> = places.into_iter().map(|place| place.workspace_id).collect();
    let (mut seen, mut depth) = (BTreeSet::new(), 0);
    while !level.is_empty() && depth < limits::PLAN_DEPTH {
        let named: BTreeSet<TaskId> = plans::tasks_of(tx, &level)?;
        let below = [plans::plan_places(tx, &level)?, plans::task_places(tx, &named)?].concat();
        workspaces.extend(below.into_iter().map(|place| place.workspace_id));
        let following = plans::handlers_of(tx, &level)?;
        seen.append(&mut level);
        level = following.into_iter().filter(|id| !seen.contains(id)).collect();
        depth += 1;
    }
    Ok(workspaces)
}

/// Whether time or a webhook starts the plan, or one that runs it as a failure handler.
fn starts_by_itself(tx: &mut Tx<'_>, plan: &PlanId) -> Result<bool, Error> {
    let (mut level, mut seen) = (BTreeSet::from([plan.clone()]), BTreeSet::new());
    while !level.is_empty() {
        for id in &level {
            let kind = ExecutableKind::Plan;
            if schedules::link_of(tx, kind, id.as_str())?.is_some() || webhooks::of(tx, kind, id.as_str())?.is_some() {
                return Ok(true);
            }
        }
        let above = plans::users_of(tx, &level)?;
        seen.append(&mut level);
        level = above.into_iter().filter(|id| !seen.contains(id)).collect();
    }
    Ok(false)
}

/// What a plan runs newly needs EXECUTE on its workspace when the plan starts by itself, in the name of somebody who has
/// that right: whoever may only change the plan would have it started else. Within the workspace of the plan AUTHOR is
/// enough (source: doc).
pub(crate) fn check_grown(tx: &mut Tx<'_>, allowed: &Allowed, plan: &Plan, before: &[PlanStep]) -> Result<(), Error> {
    let (old, new) = (named_by(before), named_by(&plan.steps.0));
    let handler = Handler {
        tasks: new.0.difference(&old.0).cloned().collect(),
        plans: new.1.difference(&old.1).cloned().collect(),
    };
    if handler == Handler::default() {
        return Ok(());
    }
    let added = PlanStep {
        id: StepId::trusted(""),
        name: String::new(),
        condition: StepCondition::AllSucceeded,
        tasks: Vec::new(),
        handler: Some(handler),
        note: None,
        left_out: Vec::new(),
    };
    let mut foreign = workspaces_of(tx, &[added])?;
    foreign.remove(&plan.workspace_id);
    if foreign.is_empty() || !starts_by_itself(tx, &plan.id)? {
        return Ok(());
    }
    foreign.iter().try_for_each(|workspace| allowed.right(tx, workspace, &[Right::Execute]))
}
