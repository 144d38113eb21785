//! The plan engine: a reconciler that looks at what the running step of a plan run started, and moves the plan run on
//! when all of it is over.
//!
//! Each move is one transaction that ends the running step and begins the next one with its runs. Whoever makes it
//! holds the lock on the plan run's row, so it does not matter how many servers try and where one of them dies: a move
//! is made whole, once.

use crate::account_limits::AccountLimits;
use crate::actor::Allowed;
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use crate::plan_runs::Rerun;
use crate::refusals::paused_by;
use crate::starts::Planned;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use stoker_domain::ids::{EngineId, PlanId, PlanRunId, StepRunId, TaskId};
use stoker_domain::plan::{
    Next, PlanMisfire, PlanOutcome, PlanState, PlanStep, Standing, StepKind, StepState, Tally, next,
};
use stoker_domain::run::RunType;
use stoker_domain::{PrincipalKind, crash, limits};
use stoker_store::db::{Json, Record};
use stoker_store::plan_runs::{self, ItemState, PlanRun, StepItem, StepRun};
use stoker_store::plans::{self, Plan};
use stoker_store::{Tx, tasks};

/// Most plan runs that one pass looks at; the others come with the next.
const BATCH: i64 = 200;

/// Who starts a plan run and why.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) run_type: RunType,
    pub(crate) user: (PrincipalKind, String),
    pub(crate) api_version: Option<String>,
    /// The plan run whose failure handler it is, and its depth.
    pub(crate) parent: Option<(PlanRunId, i64)>,
    /// The plan run it repeats, from which step run on, and whether only what failed.
    pub(crate) rerun: Option<(PlanRunId, StepRunId, bool)>,
    pub(crate) due: DuePlan,
}

/// What a trigger or webhook gives to the plan run that it starts.
#[derive(Clone, Debug, Default)]
pub(crate) struct DuePlan {
    /// When it was due.
    pub(crate) due_ms: Option<i64>,
    /// Why there is no time left for it, in words: then it ends at once, as a record of what did not happen.
    pub(crate) late: Option<String>,
    /// Minutes after which each task run is stopped, instead of what the tasks say.
    pub(crate) timeout_minutes: Option<i64>,
    /// The calls of a webhook, for tasks of the first step that take them.
    pub(crate) payload: Option<String>,
}

impl DuePlan {
    /// What a repetition takes over from the plan run before: the time-out, and the calls when it begins at the start.
    pub(crate) fn again(tx: &mut Tx<'_>, rerun: &Rerun) -> Result<Self, Error> {
        let timeout_minutes = plan_runs::get(tx, &rerun.run)?.and_then(|run| run.timeout_minutes);
        let first = plan_runs::step(tx, &rerun.step)?.is_some_and(|step| step.position == 0);
        let payload = if first { plan_runs::payload(tx, &rerun.run)? } else { None };
        Ok(Self { timeout_minutes, payload, ..Self::default() })
    }
}

/// Why a plan run does not begin: the published reason, where there is one, and words.
type Misfire = (Option<PlanMisfire>, String);

/// What one move of a plan run did.
#[derive(Debug, Default)]
struct Move {
    /// Whether anything changed.
    moved: bool,
    /// The plan run above, when this one is over.
    parent: Option<PlanRunId>,
    /// Engines to wake after the commit.
    engines: BTreeSet<EngineId>,
}

impl Service {
    /// Lets the plan run be looked at soon. A hint: when it is lost, the next pass of the reconcilers does the same.
    pub(crate) fn wake_plan(&self, id: PlanRunId) {
        let service = self.clone();
        tokio::spawn(async move { service.drive_or_wait(id).await });
    }

    /// Moves a plan run on; when that fails, the next pass of the reconcilers tries again.
    pub(crate) async fn drive_or_wait(&self, id: PlanRunId) -> usize {
        match self.drive_plan(id.clone()).await {
            Ok(moves) => moves,
            Err(error) => {
                tracing::error!(
                    plan_run.id = %id,
                    error = &error as &dyn std::error::Error,
                    "a plan run cannot move on; the next pass tries again"
                );
                0
            }
        }
    }

    /// Moves on every plan run that can. One that fails does not stand in the way of the others.
    pub(crate) async fn advance_plans(&self) -> Result<usize, Error> {
        let ready = self.read::<_, Error, _>(&Allowed::system(), |tx| Ok(plan_runs::ready(tx, BATCH)?)).await?;
        let mut moves = 0;
        for id in ready {
            moves += self.drive_or_wait(id).await;
        }
        Ok(moves)
    }

    /// Moves a plan run on as far as it goes now, and then the one above it.
    async fn drive_plan(&self, id: PlanRunId) -> Result<usize, Error> {
        let (mut current, mut moves) = (Some(id), 0);
        while let Some(id) = current.take() {
            loop {
                let wanted = id.clone();
                let ready = self
                    .get::<_, Error, _>(&Allowed::system(), move |tx| Ok(plan_runs::is_ready(tx, &wanted)?))
                    .await?;
                let made = if ready { self.move_plan(id.clone()).await? } else { Move::default() };
                if !made.moved {
                    current = self.above(id).await?;
                    break;
                }
                moves += 1;
                for engine in &made.engines {
                    self.inner.hub.wake(engine);
                }
                if made.parent.is_some() {
                    current = made.parent;
                    break;
                }
            }
        }
        Ok(moves)
    }

    /// The plan run above one that is over: somebody else may have ended it and not yet come to the one above.
    async fn above(&self, id: PlanRunId) -> Result<Option<PlanRunId>, Error> {
        self.get(&Allowed::system(), move |tx| {
            let over = plan_runs::get(tx, &id)?.filter(|run| run.state == PlanState::Finished);
            Ok(over.and_then(|run| run.parent_id))
        })
        .await
    }

    /// One move in one transaction; nothing when somebody else made it already.
    async fn move_plan(&self, id: PlanRunId) -> Result<Move, Error> {
        let (service, now) = (self.clone(), self.now());
        let made = self
            .write(&Allowed::system(), move |tx| {
                let made = service.move_locked(tx, &id, now);
                crash::point("plan.advance.before-commit");
                made
            })
            .await?;
        crash::point("plan.advance.after-commit");
        Ok(made)
    }

    fn move_locked(&self, tx: &mut Tx<'_>, id: &PlanRunId, now: i64) -> Result<Move, Error> {
        let mut made = Move::default();
        let Some(run) = plan_runs::lock(tx, id)?.filter(|run| run.state == PlanState::Running) else {
            return Ok(made);
        };
        let step = plan_runs::running_step(tx, id)?
            .ok_or_else(|| Error::internal(format!("plan run {id} is active and no step of it runs")))?;
        let following = plan_runs::step_at(tx, id, step.position + 1, StepKind::Step)?;
        let decision = next(Standing {
            kind: step.kind,
            condition: step.definition.0.condition,
            has_handler: step.definition.0.handler.is_some(),
            has_next: following.is_some(),
            stopped: run.stop_ms.is_some(),
            tally: tally(&plan_runs::items_of_step(tx, &step.id)?),
        });
        let outcome = match decision {
            Next::Wait => return Ok(made),
            Next::Step(outcome) | Next::End(outcome, _) => outcome,
            Next::Handler => stoker_domain::plan::StepOutcome::Failed,
        };
        if plan_runs::finish_step(tx, &step.id, outcome, now)? != 1 {
            return Err(Error::internal("a step run ended twice"));
        }
        made.moved = true;
        match (decision, following) {
            (Next::Step(_), Some(following)) => self.begin_step(tx, &run, &following, None, now, &mut made.engines)?,
            (Next::Handler, _) => {
                let handler = step_run(self, &run.id, step.position, StepKind::Handler, step.definition.0.clone());
                handler.insert(tx)?;
                plan_runs::add_planned(tx, &run.id, planned(&handler))?;
                self.begin_step(tx, &run, &handler, None, now, &mut made.engines)?;
            }
            (Next::End(_, outcome), _) => {
                if plan_runs::finish(tx, &run.id, outcome, now)? != 1 {
                    return Err(Error::internal("a plan run ended twice"));
                }
                made.parent = run.parent_id;
            }
            (Next::Step(_) | Next::Wait, _) => return Err(Error::internal("a plan run has no next step to go to")),
        }
        Ok(made)
    }

    /// Begins a step run that waits: all it runs is inserted here.
    fn begin_step(
        &self,
        tx: &mut Tx<'_>,
        run: &PlanRun,
        step: &StepRun,
        payload: Option<&str>,
        now: i64,
        engines: &mut BTreeSet<EngineId>,
    ) -> Result<(), Error> {
        if plan_runs::begin_step(tx, &step.id, now)? != 1 {
            return Err(Error::internal("a step run began twice"));
        }
        let (task_ids, plan_ids) = executables(step);
        // In one order for everybody, plans before tasks: two plans that name the same must not wait for each other.
        let (mut children, mut locked) = (BTreeMap::new(), task_ids.iter().cloned().collect::<BTreeSet<_>>());
        for id in plan_ids.iter().collect::<BTreeSet<_>>() {
            let child = plans::lock(tx, id)?;
            locked.extend(child.iter().flat_map(|plan| plan.steps.0.first()).flat_map(|step| step.tasks.clone()));
            children.insert(id.clone(), child);
        }
        for task in &locked {
            tasks::lock(tx, task)?;
        }
        let allowed = Allowed::on_behalf(run.user_kind, &run.user_id);
        let mut number = 0;
        let mut item = |task: Option<TaskId>, plan: Option<PlanId>| {
            number += 1;
            StepItem {
                step_run_id: step.id.clone(),
                number: number - 1,
                attempt: 1,
                plan_run_id: run.id.clone(),
                task_id: task,
                plan_id: plan,
                run_id: None,
                child_id: None,
                refused: None,
            }
        };
        for task in task_ids {
            let mut item = item(Some(task.clone()), None);
            match self.begin_planned(tx, &allowed, run, &task, payload, now)? {
                Planned::Run { id, engine } => {
                    item.run_id = Some(id);
                    engines.extend(engine);
                }
                Planned::Refused(reason) => item.refused = Some(reason),
            }
            item.insert(tx)?;
        }
        for plan in plan_ids {
            let mut item = item(None, Some(plan.clone()));
            match self.begin_child(tx, run, children.remove(&plan).flatten(), now, engines)? {
                Ok(id) => item.child_id = Some(id),
                Err(reason) => item.refused = Some(reason),
            }
            item.insert(tx)?;
        }
        Ok(())
    }

    /// Starts a plan as a failure handler; the inner error is the reason why there is not even a record of it.
    fn begin_child(
        &self,
        tx: &mut Tx<'_>,
        parent: &PlanRun,
        plan: Option<Plan>,
        now: i64,
        engines: &mut BTreeSet<EngineId>,
    ) -> Result<Result<PlanRunId, String>, Error> {
        if parent.depth >= limits::PLAN_DEPTH {
            return Ok(Err(format!("more than {} plans would follow each other", limits::PLAN_DEPTH)));
        }
        let Some(plan) = plan else { return Ok(Err("the plan was removed".to_owned())) };
        if plan.steps.0.is_empty() {
            return Ok(Err(format!("plan {} has no steps", plan.name)));
        }
        let origin = Origin {
            run_type: RunType::Plan,
            user: (parent.user_kind, parent.user_id.clone()),
            api_version: None,
            parent: Some((parent.id.clone(), parent.depth + 1)),
            rerun: None,
            due: DuePlan { timeout_minutes: parent.timeout_minutes, ..DuePlan::default() },
        };
        let steps = plan.steps.0.clone();
        self.begin_plan(tx, &plan, steps, origin, now, engines).map(|run| Ok(run.id))
    }

    /// Makes a plan run with its step runs and begins the first; one that may not begin is recorded with the reason.
    /// The caller has locked the plan's row and checked that there are steps.
    pub(crate) fn begin_plan(
        &self,
        tx: &mut Tx<'_>,
        plan: &Plan,
        steps: Vec<PlanStep>,
        origin: Origin,
        now: i64,
        engines: &mut BTreeSet<EngineId>,
    ) -> Result<PlanRun, Error> {
        let DuePlan { due_ms, late, timeout_minutes, payload } = origin.due;
        let misfire = match late {
            Some(late) => Some((None, late)),
            None => misfire(tx, plan, &self.settings().account, now)?,
        };
        let (parent_id, depth) = origin.parent.map_or((None, 0), |(id, depth)| (Some(id), depth));
        let (rerun_of, rerun_step, only_failed) =
            origin.rerun.map_or((None, None, false), |(run, step, only)| (Some(run), Some(step), only));
        let run = PlanRun {
            id: PlanRunId::generate(now, self.random()),
            plan_id: plan.id.clone(),
            plan_name: plan.name.clone(),
            workspace_id: plan.workspace_id.clone(),
            environment_id: plan.environment_id.clone(),
            run_type: origin.run_type,
            user_id: origin.user.1,
            user_kind: origin.user.0,
            api_version: origin.api_version,
            parent_id,
            depth,
            rerun_of,
            rerun_step,
            only_failed,
            state: if misfire.is_some() { PlanState::Finished } else { PlanState::Running },
            outcome: misfire.is_some().then_some(PlanOutcome::Misfired),
            misfire_reason: misfire.as_ref().and_then(|misfire| misfire.0),
            stop_ms: None,
            stop_user: None,
            planned: steps.iter().map(|step| step.planned() as i64).sum(),
            start_ms: now,
            finish_ms: misfire.is_some().then_some(now),
            due_ms,
            timeout_minutes,
            message: misfire.map(|misfire| misfire.1),
        };
        run.insert(tx)?;
        if let Some(payload) = &payload {
            plan_runs::keep_payload(tx, &run.id, payload)?;
        }
        let mut first = None;
        // What never began has no steps to show.
        for (position, step) in steps.into_iter().enumerate().filter(|_| run.state == PlanState::Running) {
            let row = step_run(self, &run.id, position as i64, StepKind::Step, step);
            row.insert(tx)?;
            first.get_or_insert(row);
        }
        if let Some(first) = first {
            self.begin_step(tx, &run, &first, payload.as_deref(), now, engines)?;
        }
        let actor = Allowed::on_behalf(run.user_kind, &run.user_id);
        let change = Change {
            action: "plan.start",
            object: ("plan run", run.id.as_str()),
            workspace: Some(&run.workspace_id),
            detail: Some(json!({ "planId": run.plan_id.as_str(), "rerunOf": run.rerun_of })),
        };
        audit::record(tx, actor.actor(), now, self.random(), change)?;
        Ok(run)
    }
}

fn step_run(service: &Service, run: &PlanRunId, position: i64, kind: StepKind, definition: PlanStep) -> StepRun {
    StepRun {
        id: StepRunId::generate(0, service.random()),
        plan_run_id: run.clone(),
        position,
        kind,
        definition: Json(definition),
        state: StepState::Waiting,
        outcome: None,
        start_ms: None,
        finish_ms: None,
    }
}

/// The tasks and plans that a step run starts.
fn executables(step: &StepRun) -> (Vec<TaskId>, Vec<PlanId>) {
    let definition = &step.definition.0;
    match step.kind {
        StepKind::Step => (definition.running().cloned().collect(), Vec::new()),
        StepKind::Handler => {
            let handler = definition.handler.clone().unwrap_or_default();
            (handler.tasks, handler.plans)
        }
    }
}

/// How many tasks and plans a step run starts.
pub(crate) fn planned(step: &StepRun) -> i64 {
    let (tasks, plans) = executables(step);
    (tasks.len() + plans.len()) as i64
}

fn tally(items: &[ItemState]) -> Tally {
    let mut tally = Tally::default();
    for item in items {
        match (item.run, item.child) {
            (Some((state, outcome)), _) => tally.add_run(state, outcome),
            (None, Some((state, outcome))) => tally.add_plan(state, outcome),
            (None, None) => tally.add_refused(),
        }
    }
    tally
}

/// Why the plan may not begin now.
fn misfire(tx: &mut Tx<'_>, plan: &Plan, account: &AccountLimits, now: i64) -> Result<Option<Misfire>, Error> {
    let why = |reason, message| Ok(Some((Some(reason), message)));
    if plan.paused {
        return why(
            PlanMisfire::Paused,
            format!("plan {} is paused{}", plan.name, paused_by(plan.pause_user.as_deref(), plan.pause_ms)),
        );
    }
    if !plan.parallel_allowed()
        && let Some(run) = plan_runs::any_active(tx, &plan.id)?
    {
        let message = format!("run {run} of plan {} is active and parallel runs are not allowed", plan.name);
        return why(PlanMisfire::ParallelForbidden, message);
    }
    if let Some(message) = account.too_many(tx)? {
        return why(PlanMisfire::LimitReached, message);
    }
    let most = account.plan_starts;
    if most > 0 && plan_runs::begun_since(tx, &plan.id, now - limits::PLAN_START_WINDOW_MS)? >= most {
        let message = format!("plan {} was started {most} times within 60 minutes (planStartsPerHour)", plan.name);
        return why(PlanMisfire::LimitReached, message);
    }
    Ok(None)
}
