//! Plan runs: start, repetition, lists, details, stop.

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use crate::plan_checks::{check_configured, workspaces_of};
use crate::plan_engine::{DuePlan, Origin, planned};
use crate::plans::{SEE, USE};
use crate::refusals::paused_by;
use crate::runs::{Stopped, window};
use std::collections::{BTreeMap, BTreeSet};
use stoker_domain::ids::{EngineId, EnvironmentId, PlanId, PlanRunId, StepRunId, TaskId, WorkspaceId};
use stoker_domain::plan::{PlanOutcome, PlanState, PlanStep, StepKind, StepState, from_published_status};
use stoker_domain::run::RunType;
use stoker_domain::{Right, crash, limits};
use stoker_store::plan_runs::{self, ItemState, PlanRun, PlanRunFilter, StepRun};
use stoker_store::plans::{self, Plan};
use stoker_store::runs::Run;
use stoker_store::{Tx, runs};

/// A start call.
#[derive(Clone, Debug)]
pub struct PlanStart {
    /// The plan.
    pub plan: PlanId,
    /// The earlier plan run to repeat.
    pub rerun: Option<Rerun>,
    /// API version of the call, where the family has one.
    pub api_version: Option<String>,
}

/// What to repeat.
#[derive(Clone, Debug)]
pub struct Rerun {
    /// A plan run that failed.
    pub run: PlanRunId,
    /// The step run of it to begin with.
    pub step: StepRunId,
    /// Whether tasks that succeeded then are left out.
    pub only_failed: bool,
}

/// A filter of lists of plan runs as it comes from outside.
#[derive(Clone, Debug, Default)]
pub struct PlanRunQuery {
    /// One plan.
    pub plan: Option<PlanId>,
    /// One environment.
    pub environment: Option<String>,
    /// One workspace.
    pub workspace: Option<String>,
    /// A published status.
    pub status: Option<String>,
    /// Start of the window, milliseconds.
    pub from_ms: Option<i64>,
    /// End of the window, milliseconds.
    pub to_ms: Option<i64>,
    /// The window as a number of days back from now, 1 to 60.
    pub last_days: Option<i64>,
    /// Page size.
    pub limit: i64,
    /// Items to pass over.
    pub offset: i64,
}

/// A plan run with what its answers show beside its row.
#[derive(Clone, Debug)]
pub struct PlanRunView {
    /// The plan run.
    pub run: PlanRun,
    /// How many of its tasks and plans are over.
    pub done: i64,
    /// Runs of its tasks that are over; not in lists.
    pub runs: Option<Vec<Run>>,
}

/// A step run with what its answers show beside its row.
#[derive(Clone, Debug)]
pub struct StepRunView {
    /// The plan run.
    pub run: PlanRun,
    /// The step run.
    pub step: StepRun,
    /// How many tasks and plans it starts.
    pub planned: i64,
    /// How many of them are over.
    pub done: i64,
    /// Runs of its tasks that are over.
    pub runs: Vec<Run>,
    /// Runs of its plans that are over.
    pub plans: Vec<PlanRunView>,
}

/// Everything about a plan run.
#[derive(Clone, Debug)]
pub struct PlanTimeline {
    /// The plan run.
    pub run: PlanRun,
    /// Its steps and begun handlers in the order of the design.
    pub steps: Vec<StepRun>,
    /// What they started.
    pub items: Vec<ItemState>,
}

fn unknown_run() -> Error {
    Error::not_found("Plan execution not found.")
}

fn unknown_step() -> Error {
    Error::not_found("Step execution not found.")
}

fn visible(tx: &mut Tx<'_>, allowed: &Allowed, id: &PlanRunId) -> Result<PlanRun, Error> {
    let run = plan_runs::get(tx, id)?.ok_or_else(unknown_run)?;
    allowed.right(tx, &run.workspace_id, SEE)?;
    Ok(run)
}

impl Service {
    /// Starts a plan, or repeats an earlier run of it. When this returns, the plan run is on disk, its first step has
    /// begun, and it will end exactly once.
    pub async fn start_plan(&self, actor: &Actor, request: PlanStart) -> Result<PlanRunId, Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        let (run, engines) = self
            .write::<_, Error, _>(&allowed, move |tx| {
                let started = service.start_plan_in(tx, &proof, request, now);
                crash::point("plan.start.before-commit");
                started
            })
            .await?;
        crash::point("plan.start.after-commit");
        for engine in engines {
            self.inner.hub.wake(&engine);
        }
        // Its first step may be over already, when nothing of it could be started.
        self.wake_plan(run.clone());
        Ok(run)
    }

    fn start_plan_in(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        request: PlanStart,
        now: i64,
    ) -> Result<(PlanRunId, BTreeSet<EngineId>), Error> {
        // Locked: two starts at once must not both find that no other run is active.
        let plan = plans::lock(tx, &request.plan)?.ok_or_else(crate::plans::unknown)?;
        allowed.right(tx, &plan.workspace_id, &[Right::Execute])?;
        if plan.paused {
            return Err(Error::Paused({
                let by = paused_by(plan.pause_user.as_deref(), plan.pause_ms);
                format!("Plan {} is paused{by}: resume it before starting a run", plan.name)
            }));
        }
        let steps = match &request.rerun {
            Some(rerun) => repeated(tx, &plan, rerun, now)?,
            None => plan.steps.0.clone(),
        };
        check_configured(tx, &plan, &steps)?;
        for workspace in workspaces_of(tx, &steps)? {
            allowed.right(tx, &workspace, &[Right::Execute])?;
        }
        let due = match &request.rerun {
            Some(rerun) => DuePlan::again(tx, rerun)?,
            None => DuePlan::default(),
        };
        let actor = allowed.actor();
        let origin = Origin {
            run_type: RunType::Manual,
            user: (actor.kind, actor.name.clone()),
            api_version: request.api_version,
            parent: None,
            rerun: request.rerun.map(|rerun| (rerun.run, rerun.step, rerun.only_failed)),
            due,
        };
        let mut engines = BTreeSet::new();
        let run = self.begin_plan(tx, &plan, steps, origin, now, &mut engines)?;
        Ok((run.id, engines))
    }

    /// A page of plan runs, newest first.
    pub async fn list_plan_runs(&self, actor: &Actor, query: PlanRunQuery) -> Result<Page<PlanRunView>, Error> {
        let allowed = actor.allow(USE)?;
        let (from_ms, to_ms) = window(self.now(), query.from_ms, query.to_ms, query.last_days)?;
        let bad = |status: &str| Error::invalid(format!("status: {status:?} is not a status of a plan run"));
        let filter = PlanRunFilter {
            plan: query.plan.clone(),
            environment: query.environment.as_deref().map(EnvironmentId::parse).transpose()?,
            workspace: query.workspace.as_deref().map(WorkspaceId::parse).transpose()?,
            status: query.status.as_deref().map(|s| from_published_status(s).ok_or_else(|| bad(s))).transpose()?,
            from_ms,
            to_ms,
            visible_to: allowed.visible(SEE),
        };
        let (proof, limit, offset) = (allowed.clone(), query.limit, query.offset);
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                if let Some(id) = &filter.plan {
                    known_plan(tx, &proof, id)?;
                }
                if let (Some(workspace), Some(environment)) = (&filter.workspace, &filter.environment) {
                    crate::workspaces::belongs(tx, workspace, environment)?;
                }
                let (rows, total) = plan_runs::list(tx, &filter, limit, offset)?;
                let items = rows.into_iter().map(|run| brief(tx, run)).collect::<Result<Vec<_>, _>>()?;
                Ok((items, total))
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    /// One plan run.
    pub async fn plan_run(&self, actor: &Actor, id: &PlanRunId) -> Result<PlanRunView, Error> {
        let allowed = actor.allow(USE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let run = visible(tx, &proof, &id)?;
            let runs = Some(plan_runs::done_runs(tx, &id)?);
            Ok(PlanRunView { runs, ..brief(tx, run)? })
        })
        .await
    }

    /// The steps of a plan run in the order of the design, without failure handlers.
    pub async fn plan_run_steps(&self, actor: &Actor, id: &PlanRunId) -> Result<Vec<StepRun>, Error> {
        let allowed = actor.allow(USE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            visible(tx, &proof, &id)?;
            Ok(plan_runs::steps(tx, &id, StepKind::Step)?)
        })
        .await
    }

    /// One step of a plan run, or the failure handler of that step. The id is that of the step in both cases.
    pub async fn step_run(
        &self,
        actor: &Actor,
        id: &PlanRunId,
        step: &StepRunId,
        kind: StepKind,
    ) -> Result<StepRunView, Error> {
        let allowed = actor.allow(USE)?;
        let (id, step, proof) = (id.clone(), step.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let run = visible(tx, &proof, &id)?;
            let found = plan_runs::step(tx, &step)?.filter(|s| s.plan_run_id == id).ok_or_else(unknown_step)?;
            let found = match kind {
                StepKind::Step => found,
                StepKind::Handler => plan_runs::step_at(tx, &id, found.position, StepKind::Handler)?
                    .ok_or_else(|| Error::not_found("Error handler of the step execution not found."))?,
            };
            let done = plan_runs::items_of_step(tx, &found.id)?.iter().filter(|item| item.done()).count() as i64;
            let children = plan_runs::done_children_of_step(tx, &found.id)?;
            let plans = children.into_iter().map(|child| brief(tx, child)).collect::<Result<Vec<_>, _>>()?;
            let runs = plan_runs::done_runs_of_step(tx, &found.id)?;
            Ok(StepRunView { run, planned: planned(&found), done, runs, plans, step: found })
        })
        .await
    }

    /// Everything about a plan run: what each step started, and why something did not start.
    pub async fn plan_timeline(&self, actor: &Actor, id: &PlanRunId) -> Result<PlanTimeline, Error> {
        let allowed = actor.allow(USE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let run = visible(tx, &proof, &id)?;
            let mut steps = plan_runs::steps(tx, &id, StepKind::Step)?;
            steps.extend(plan_runs::steps(tx, &id, StepKind::Handler)?);
            // Stable: the handler of a step comes behind the step.
            steps.sort_by_key(|step| step.position);
            Ok(PlanTimeline { run, steps, items: plan_runs::items(tx, &id)? })
        })
        .await
    }

    /// Stops a plan run: its active runs are stopped, those of its handler plans too, and nothing more begins.
    pub async fn stop_plan_run(&self, actor: &Actor, id: &PlanRunId) -> Result<Stopped, Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, now, wanted) = (self.clone(), allowed.clone(), self.now(), id.clone());
        let (touched, engines) = self
            .write::<_, Error, _>(&allowed, move |tx| {
                let run = plan_runs::lock(tx, &wanted)?.ok_or_else(unknown_run)?;
                proof.right(tx, &run.workspace_id, &[Right::Execute])?;
                if run.state == PlanState::Finished {
                    return Ok((Vec::new(), BTreeSet::new()));
                }
                let change = Change {
                    action: "plan.stop",
                    object: ("plan run", run.id.as_str()),
                    workspace: Some(&run.workspace_id),
                    detail: None,
                };
                audit::record(tx, proof.actor(), now, service.random(), change)?;
                stop_all(tx, run.id.clone(), now, proof.actor())
            })
            .await?;
        for engine in engines {
            self.inner.hub.wake(&engine);
        }
        if touched.is_empty() {
            return Ok(Stopped::WasFinished);
        }
        // The deepest first, because the end of each lets the one above it end.
        for run in touched.into_iter().rev() {
            self.drive_or_wait(run).await;
        }
        Ok(Stopped::Stopping)
    }
}

/// Asks a plan run and all below it to stop; gives them from the top to the bottom, and the engines to wake.
fn stop_all(
    tx: &mut Tx<'_>,
    top: PlanRunId,
    now: i64,
    actor: &Actor,
) -> Result<(Vec<PlanRunId>, BTreeSet<EngineId>), Error> {
    let (mut touched, mut engines, mut at) = (vec![top], BTreeSet::new(), 0);
    while let Some(id) = touched.get(at).cloned() {
        at += 1;
        let Some(run) = plan_runs::lock(tx, &id)?.filter(|run| run.state == PlanState::Running) else { continue };
        plan_runs::request_stop(tx, &run.id, &actor.name, now)?;
        for run in plan_runs::active_runs(tx, &id)? {
            if let Some(run) = runs::lock(tx, &run)? {
                crate::runs::stop(tx, &run, now, actor)?;
                engines.extend(run.engine_id);
            }
        }
        touched.extend(plan_runs::active_children(tx, &id)?);
    }
    Ok((touched, engines))
}

/// Takes the plan run out of runs whose plan lies in a workspace that the caller has no right on (source: doc).
pub(crate) fn mask(tx: &mut Tx<'_>, allowed: &Allowed, rows: &mut [Run]) -> Result<(), Error> {
    let mut known: BTreeMap<PlanRunId, bool> = BTreeMap::new();
    for row in rows {
        let Some(id) = row.plan_run_id.clone() else { continue };
        let shown = match known.get(&id) {
            Some(shown) => *shown,
            None => {
                let shown = match visible(tx, allowed, &id) {
                    Ok(_) => true,
                    Err(Error::Forbidden(_) | Error::NotFound(_)) => false,
                    Err(error) => return Err(error),
                };
                known.insert(id, shown);
                shown
            }
        };
        row.plan_run_id = row.plan_run_id.take().filter(|_| shown);
    }
    Ok(())
}

fn known_plan(tx: &mut Tx<'_>, allowed: &Allowed, id: &PlanId) -> Result<(), Error> {
    match plans::get(tx, id)? {
        Some(plan) => allowed.right(tx, &plan.workspace_id, SEE),
        // A plan that was removed has a history still.
        None if plan_runs::last_of(tx, id)?.is_some() => Ok(()),
        None => Err(crate::plans::unknown()),
    }
}

fn brief(tx: &mut Tx<'_>, run: PlanRun) -> Result<PlanRunView, Error> {
    let done = plan_runs::done_count(tx, &run.id)?;
    Ok(PlanRunView { run, done, runs: None })
}

/// The steps of a repetition, as the earlier run had them pinned.
fn repeated(tx: &mut Tx<'_>, plan: &Plan, rerun: &Rerun, now: i64) -> Result<Vec<PlanStep>, Error> {
    let before = plan_runs::get(tx, &rerun.run)?.ok_or_else(unknown_run)?;
    if before.plan_id != plan.id {
        return Err(Error::invalid("executionPlanId: it is a run of another plan"));
    }
    let steps = plan_runs::steps(tx, &rerun.run, StepKind::Step)?;
    let from = steps.iter().find(|step| step.id == rerun.step).ok_or_else(unknown_step)?;
    let refused = |reason: &str| Err(Error::NotRepeatable(format!("executionPlanId: {reason}")));
    if before.state != PlanState::Finished {
        return refused("the plan run is not over; stop it or wait for its end");
    }
    if before.outcome != Some(PlanOutcome::Failed) {
        return refused("the plan run did not fail");
    }
    let oldest = now - limits::RERUN_DAYS * 24 * 60 * 60 * 1000;
    if before.finish_ms.is_none_or(|finished| finished < oldest) {
        return refused("the plan run is too old; start the plan anew");
    }
    if from.state == StepState::Waiting {
        return Err(Error::NotRepeatable("stepId: the step did not run; name one that did".to_owned()));
    }
    let items = if rerun.only_failed { plan_runs::items(tx, &rerun.run)? } else { Vec::new() };
    let mut succeeded: BTreeMap<StepRunId, Vec<TaskId>> = BTreeMap::new();
    for item in items.into_iter().filter(ItemState::succeeded) {
        succeeded.entry(item.item.step_run_id).or_default().extend(item.item.task_id);
    }
    let first = from.position;
    Ok(steps
        .into_iter()
        .filter(|step| step.position >= first)
        .map(|step| {
            let mut definition = step.definition.0;
            let before = std::mem::take(&mut definition.left_out);
            if rerun.only_failed {
                definition.left_out = before;
                definition.left_out.extend(succeeded.remove(&step.id).unwrap_or_default());
            }
            definition
        })
        .collect())
}
