//! Runs: start, status, list, stop.

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
pub use crate::parameters::GivenParameter;
use serde_json::json;
use stoker_domain::ids::{RunId, TaskId, WorkspaceId};
use stoker_domain::run::{Event, MisfireReason, Outcome, RunType, State, Step, transition};
use stoker_domain::runtime::LogLevel;
use stoker_domain::{Permission, Right, limits};
use stoker_jobzip::Manifest;
use stoker_store::artifacts::ArtifactVersion;
use stoker_store::runs::{EndRow, Run, RunEvent, RunFilter};
use stoker_store::{Tx, run_totals, runs, tasks};

/// Who may start, stop and look at runs (source: doc).
pub(crate) const RUN: &[Permission] = &[Permission::Operator, Permission::EngineUse];
/// Rights that let one look at a run: VIEW, and EXECUTE too, or the account of the published procedure could not
/// follow its own run (source: inferred).
pub(crate) const SEE: &[Right] = &[Right::View, Right::Execute];

/// A start call.
#[derive(Clone, Debug)]
pub struct StartRequest {
    /// The task.
    pub task: TaskId,
    /// Values for this run only.
    pub parameters: Vec<GivenParameter>,
    /// Log level for this run only.
    pub log_level: Option<LogLevel>,
    /// Minutes after which the run is stopped, at least 1.
    pub timeout_minutes: Option<i64>,
    /// What makes the run.
    pub run_type: RunType,
    /// API version of the call, where the family has one.
    pub api_version: Option<String>,
}

/// What a stop call found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The run is stopped or being stopped.
    Stopping,
    /// It had ended already.
    WasFinished,
}

/// A filter of run lists as it comes from outside.
#[derive(Clone, Debug, Default)]
pub struct RunQuery {
    /// One task.
    pub task: Option<TaskId>,
    /// One environment.
    pub environment: Option<String>,
    /// One workspace.
    pub workspace: Option<String>,
    /// A published status.
    pub status: Option<String>,
    /// Labels of the task, all of them.
    pub tags: Vec<String>,
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

impl Service {
    /// One run.
    pub async fn run(&self, actor: &Actor, id: &RunId) -> Result<Run, Error> {
        let allowed = actor.allow(RUN)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.get(&allowed, move |tx| {
            let mut run = visible_run(tx, &proof, &id)?;
            crate::plan_runs::mask(tx, &proof, std::slice::from_mut(&mut run))?;
            Ok(run)
        })
        .await
    }

    /// Everything that happened to a run, in order.
    pub async fn run_events(&self, actor: &Actor, id: &RunId) -> Result<(Run, Vec<RunEvent>), Error> {
        let allowed = actor.allow(RUN)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| Ok((visible_run(tx, &proof, &id)?, runs::events(tx, &id)?))).await
    }

    /// A page of runs, newest first.
    pub async fn list_runs(&self, actor: &Actor, query: RunQuery) -> Result<Page<Run>, Error> {
        let allowed = actor.allow(RUN)?;
        let filter = self.run_filter(&query, &allowed)?;
        let (proof, task) = (allowed.clone(), query.task.clone());
        let (limit, offset) = (query.limit, query.offset);
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                if let Some(task) = task.and_then(|id| tasks::get(tx, &id).transpose()).transpose()? {
                    proof.right(tx, &task.workspace_id, SEE)?;
                }
                if let (Some(workspace), Some(environment)) = (&filter.workspace, &filter.environment) {
                    crate::workspaces::belongs(tx, workspace, environment)?;
                }
                let (mut rows, total) = stoker_store::run_list::list(tx, &filter, limit, offset)?;
                crate::plan_runs::mask(tx, &proof, &mut rows)?;
                Ok((rows, total))
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    fn run_filter(&self, query: &RunQuery, allowed: &Allowed) -> Result<RunFilter, Error> {
        let (from_ms, to_ms) = window(self.now(), query.from_ms, query.to_ms, query.last_days)?;
        let (states, outcome) = match &query.status {
            None => (Vec::new(), None),
            Some(status) => stoker_domain::run::from_published_status(status)
                .ok_or_else(|| Error::invalid(format!("status: {status:?} is not a status of a run")))?,
        };
        Ok(RunFilter {
            task: query.task.clone(),
            environment: query.environment.as_deref().map(stoker_domain::ids::EnvironmentId::parse).transpose()?,
            workspace: query.workspace.as_deref().map(WorkspaceId::parse).transpose()?,
            states,
            outcome,
            tags: query.tags.clone(),
            from_ms,
            to_ms,
            now_ms: self.now(),
            visible_to: allowed.visible(SEE),
        })
    }

    /// Stops a run: a waiting one ends at once, a running one gets the polite signal from its engine.
    pub async fn stop_run(&self, actor: &Actor, id: &RunId) -> Result<Stopped, Error> {
        let allowed = actor.allow(RUN)?;
        let (id, proof, now, service) = (id.clone(), allowed.clone(), self.now(), self.clone());
        let (stopped, engine, plan_run) = self
            .write::<_, Error, _>(&allowed, move |tx| {
                let run = runs::lock(tx, &id)?.ok_or_else(unknown)?;
                proof.right(tx, &run.workspace_id, &[Right::Execute])?;
                let change = Change {
                    action: "run.stop",
                    object: ("run", id.as_str()),
                    workspace: Some(&run.workspace_id),
                    detail: None,
                };
                let stopped = stop(tx, &run, now, proof.actor())?;
                if stopped == Stopped::Stopping {
                    audit::record(tx, proof.actor(), now, service.random(), change)?;
                }
                Ok((stopped, run.engine_id, run.plan_run_id))
            })
            .await?;
        if let Some(plan_run) = plan_run {
            self.wake_plan(plan_run);
        }
        if let Some(engine) = engine {
            self.inner.hub.wake(&engine);
        }
        Ok(stopped)
    }
}

/// The window of a list of runs, from its start to its end: 60 days back from now unless the caller says otherwise.
pub(crate) fn window(
    now: i64,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    last_days: Option<i64>,
) -> Result<(i64, i64), Error> {
    let day = 24 * 60 * 60 * 1000;
    if last_days.is_some_and(|days| !(1..=limits::LIST_DAYS).contains(&days)) {
        return Err(Error::invalid("lastDays: must be from 1 to 60"));
    }
    let to_ms = to_ms.unwrap_or(now);
    let from_ms = from_ms.unwrap_or_else(|| to_ms.saturating_sub(last_days.unwrap_or(limits::LIST_DAYS) * day));
    if from_ms > to_ms {
        return Err(Error::invalid("from: must not be later than to"));
    }
    if to_ms.saturating_sub(from_ms) > limits::LIST_DAYS * day {
        return Err(Error::invalid("from, to: the window must not be longer than 60 days"));
    }
    Ok((from_ms, to_ms))
}

/// Stops one run inside a transaction; the caller wakes its engine.
pub(crate) fn stop(tx: &mut Tx<'_>, run: &Run, now: i64, actor: &Actor) -> Result<Stopped, Error> {
    match transition(run.state, run.outcome, Event::Stop).map_err(Error::internal)? {
        Step::Nothing => Ok(Stopped::WasFinished),
        Step::Stopping => {
            if runs::request_stop(tx, &run.id, now)? > 0 {
                runs::add_event(tx, &run.id, now, "stop_asked", Some(json!({ "by": actor.name }).to_string()))?;
            }
            Ok(Stopped::Stopping)
        }
        Step::To(_, outcome) => {
            debug_assert_eq!(outcome, Some(Outcome::Terminated));
            end(tx, run, &stopped_early(now, format!("stopped by {} before it started", actor.name)), now)?;
            Ok(Stopped::Stopping)
        }
    }
}

/// The end of a run that was stopped before its job started.
fn stopped_early(now: i64, message: String) -> EndRow {
    EndRow {
        outcome: Outcome::Terminated,
        start_ms: None,
        finish_ms: now,
        exit_code: None,
        exit_signal: None,
        error_type: Some("stopped".to_owned()),
        error_message: Some(message),
        misfire_reason: None,
    }
}

/// Ends a run in row and event list. The caller has checked the transition. The row has the time by the engine's clock,
/// the event that of this server, so that the events of a run are in order.
pub(crate) fn end(tx: &mut Tx<'_>, run: &Run, row: &EndRow, now: i64) -> Result<(), Error> {
    // A clock that is behind must not end a run before it was asked for.
    let row = &EndRow { finish_ms: row.finish_ms.max(run.trigger_ms), ..row.clone() };
    if runs::finish(tx, &run.id, row)? != 1 {
        return Err(Error::internal("a run ended twice"));
    }
    let detail = json!({
        "outcome": row.outcome.id(),
        "exitCode": row.exit_code,
        "signal": row.exit_signal,
        "message": row.error_message,
        "misfireReason": row.misfire_reason.map(MisfireReason::id),
    });
    runs::add_event(tx, &run.id, now, "finished", Some(detail.to_string()))?;
    run_totals::late(tx, &run.workspace_id, row.outcome, (run.trigger_ms, row.finish_ms), now)?;
    Ok(())
}

/// Puts an offered run back into the queue, if it still is in that epoch; one that was stopped meanwhile ends.
pub(crate) fn withdraw(tx: &mut Tx<'_>, id: &RunId, epoch: i64, now: i64) -> Result<(), Error> {
    let Some(run) = runs::lock(tx, id)? else { return Ok(()) };
    if run.epoch != epoch || run.state != State::Offered {
        return Ok(());
    }
    if run.stop_ms.is_some() {
        transition(run.state, run.outcome, Event::End(Outcome::Terminated)).map_err(Error::internal)?;
        return end(tx, &run, &stopped_early(now, "stopped before it started".to_owned()), now);
    }
    transition(run.state, run.outcome, Event::Withdraw).map_err(Error::internal)?;
    runs::requeue(tx, id)?;
    runs::add_event(tx, id, now, "withdrawn", None)?;
    let waiting = json!({ "reason": "hand_over", "targetId": run.target_id });
    runs::add_event(tx, id, now, "waiting", Some(waiting.to_string()))?;
    runs::note_wait(tx, id, "hand_over")?;
    Ok(())
}

fn unknown() -> Error {
    Error::not_found("Task execution not found.")
}

pub(crate) fn visible_run(tx: &mut Tx<'_>, allowed: &Allowed, id: &RunId) -> Result<Run, Error> {
    let run = runs::get(tx, id)?.ok_or_else(unknown)?;
    allowed.right(tx, &run.workspace_id, SEE)?;
    Ok(run)
}

/// The manifest of a stored version.
pub(crate) fn manifest_of(version: &ArtifactVersion) -> Result<Manifest, Error> {
    serde_json::from_value(version.manifest.0.clone()).map_err(Error::internal)
}
