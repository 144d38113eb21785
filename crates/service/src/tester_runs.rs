//! Runs of API tests as they are kept: the way from a start over signs of life to the end. Who sends the requests reports
//! here; a run without a sign of life for [`limits::TEST_RUN_SILENCE_MS`] is shown as broken off.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use crate::tester::{Own, access, access_of, project_context, run_context};
use serde_json::json;
use stoker_domain::ids::{TestProjectId, TestRunId, UserId};
use stoker_domain::limits;
use stoker_store::StoreError;
use stoker_store::db::Record;
use stoker_store::tester::{self, TestRun};

/// State of a run that nobody works on any more although it did not end: its server was stopped.
pub const BROKEN_OFF: &str = "broken-off";

/// What is to be run.
#[derive(Clone, Debug)]
pub struct TestRunRequest {
    /// The project.
    pub project: TestProjectId,
    /// Its name.
    pub project_name: String,
    /// Id of what is run inside it; empty for everything.
    pub target_id: String,
    /// Name of that.
    pub target_name: String,
    /// Name of the chosen environment.
    pub environment: Option<String>,
}

/// How far a run is.
#[derive(Clone, Debug, Default)]
pub struct TestProgress {
    /// Requests that ended.
    pub requests: i64,
    /// Those of them that were not Ok.
    pub bad: i64,
    /// What they have shown, without secrets.
    pub report: String,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct TestEnd {
    /// `finished`, `cancelled` or `limit`.
    pub state: &'static str,
    /// Worst outcome of its requests.
    pub outcome: Option<String>,
    /// Why it ended early or could not begin.
    pub problem: Option<String>,
    /// The latest responses of the project from now on; none leaves them.
    pub responses: Option<String>,
}

/// A run with what it has shown.
#[derive(Clone, Debug, PartialEq)]
pub struct TestRunView {
    /// The row.
    pub run: TestRun,
    /// [`TestRun::state`], or [`BROKEN_OFF`].
    pub state: String,
    /// The report; none before the first request ended.
    pub report: Option<String>,
}

fn unknown_run() -> Error {
    Error::not_found("the test run is not known: it belongs to somebody else, or it was too old to be kept")
}

impl Service {
    fn state_of(&self, run: &TestRun) -> String {
        let silent = run.state == tester::RUNNING && run.beat_ms + limits::TEST_RUN_SILENCE_MS < self.now();
        if silent { BROKEN_OFF.to_owned() } else { run.state.clone() }
    }

    /// Writes down that a run begins. Who called must then report with [`Service::note_test_run`] and
    /// [`Service::end_test_run`].
    ///
    /// # Errors
    /// A conflict when too many go on already.
    pub async fn begin_test_run(&self, actor: &Actor, request: TestRunRequest) -> Result<TestRunId, Error> {
        let allowed = actor.allow(&[])?;
        let (owner, now) = (actor.person()?, self.now());
        let (service, actor) = (self.clone(), actor.clone());
        self.write(&allowed, move |tx| {
            let project = tester::lock(tx, &request.project)?;
            let (project, _) = access(tx, &owner, project)?;
            let since = now - limits::TEST_RUN_SILENCE_MS;
            if tester::going_on(tx, Some(&owner), since)? >= limits::TEST_RUNS_AT_ONCE {
                let most = limits::TEST_RUNS_AT_ONCE;
                return Err(Error::conflict(format!(
                    "{most} test runs of yours go on already; wait for one or cancel it"
                )));
            }
            if tester::going_on(tx, None, since)? >= limits::TEST_RUNS_IN_ALL {
                let most = limits::TEST_RUNS_IN_ALL;
                return Err(Error::conflict(format!("{most} test runs go on already; wait until one has ended")));
            }
            let run = begun(owner, now, request, &service);
            run.insert(tx)?;
            tester::forget_old(tx, &run.owner_id, limits::TEST_RUNS)?;
            let change = Change {
                action: "test-run.start",
                object: ("test-run", run.id.as_str()),
                workspace: project.workspace_id.as_ref(),
                detail: Some(json!({
                    "name": run.target_name, "project": run.project_id.as_str(), "environment": run.environment,
                })),
            };
            audit::record(tx, &actor, now, service.random(), change)?;
            Ok(run.id)
        })
        .await
    }

    /// Writes down how far a run is, with a sign of life. Gives whether it is to end: it was cancelled, or is gone.
    pub async fn note_test_run(&self, id: &TestRunId, progress: Option<TestProgress>) -> Result<bool, Error> {
        let (id, now) = (id.clone(), self.now());
        let sealed = progress.as_ref().map(|now| self.sealed_text(&run_context(id.as_str()), &now.report));
        self.write(&Allowed::system(), move |tx| {
            let Some(run) = tester::running(tx, &id)? else { return Ok(true) };
            match progress {
                None => tester::beat(tx, &id, now)?,
                Some(TestProgress { requests, bad, .. }) => {
                    let noted = TestRun { requests, bad, beat_ms: now, ..run.clone() };
                    tester::note(tx, &noted, sealed.as_deref())?
                }
            };
            Ok(run.cancelled)
        })
        .await
    }

    /// Writes down the end of a run, and the responses that later ones may use.
    pub async fn end_test_run(&self, id: &TestRunId, progress: TestProgress, end: TestEnd) -> Result<(), Error> {
        let (id, now, service) = (id.clone(), self.now(), self.clone());
        let report = self.sealed_text(&run_context(id.as_str()), &progress.report);
        self.write(&Allowed::system(), move |tx| {
            // Locked in the order of those who move or delete the project: first this, then its runs.
            let Some(project) = tester::project_of(tx, &id)? else { return Ok(()) };
            let kept = tester::lock(tx, &project)?;
            let Some(run) = tester::running(tx, &id)? else { return Ok(()) };
            let owner = run.owner_id.clone();
            let ended = TestRun {
                state: end.state.to_owned(),
                outcome: end.outcome,
                problem: end.problem.or(run.problem),
                requests: progress.requests,
                bad: progress.bad,
                beat_ms: now,
                finish_ms: Some(now),
                ..run
            };
            tester::note(tx, &ended, Some(&report))?;
            // Who lost sight of the project meanwhile keeps nothing of it.
            if let (Some(kept), Some(responses)) = (kept, end.responses)
                && access_of(tx, &owner, &kept)?.is_some()
            {
                if kept.workspace_id.is_some() {
                    let own = Own { secrets: None, responses: Some(responses) };
                    service.keep_own(tx, &project, &owner, &own)?;
                } else {
                    let sealed = service.sealed_text(&project_context(project.as_str()), &responses);
                    tester::keep_responses(tx, &project, &sealed)?;
                }
            }
            Ok(())
        })
        .await
    }

    /// The kept runs of whoever asks, newest first; of one project, when it is given. Without their reports.
    pub async fn test_runs(&self, actor: &Actor, project: Option<TestProjectId>) -> Result<Vec<TestRunView>, Error> {
        let allowed = actor.allow(&[])?;
        let owner = actor.person()?;
        let rows =
            self.read::<_, StoreError, _>(&allowed, move |tx| tester::runs(tx, &owner, project.as_ref())).await?;
        Ok(rows.into_iter().map(|run| TestRunView { state: self.state_of(&run), run, report: None }).collect())
    }

    /// One run with its report.
    pub async fn test_run(&self, actor: &Actor, id: &TestRunId) -> Result<TestRunView, Error> {
        let allowed = actor.allow(&[])?;
        let (owner, wanted) = (actor.person()?, id.clone());
        let (run, report) = self
            .get::<_, Error, _>(&allowed, move |tx| {
                let run = tester::run(tx, &owner, &wanted)?.ok_or_else(unknown_run)?;
                let report = tester::report(tx, &run.id)?;
                Ok((run, report))
            })
            .await?;
        let place = run_context(run.id.as_str());
        let report = report.as_deref().map(|sealed| self.opened_text(&place, sealed)).transpose()?;
        Ok(TestRunView { state: self.state_of(&run), run, report })
    }

    /// Asks a run to end early; it does so within a second. One that is over stays as it is.
    pub async fn cancel_test_run(&self, actor: &Actor, id: &TestRunId) -> Result<(), Error> {
        let allowed = actor.allow(&[])?;
        let (owner, id): (UserId, _) = (actor.person()?, id.clone());
        let (service, actor) = (self.clone(), actor.clone());
        self.write(&allowed, move |tx| {
            let run = tester::run(tx, &owner, &id)?.ok_or_else(unknown_run)?;
            tester::cancel(tx, &id)?;
            let change = Change::named("test-run.cancel", ("test-run", id.as_str()), None, &run.target_name);
            audit::record(tx, &actor, service.now(), service.random(), change)
        })
        .await
    }
}

fn begun(owner: UserId, now: i64, request: TestRunRequest, service: &Service) -> TestRun {
    TestRun {
        id: TestRunId::generate(now, service.random()),
        owner_id: owner,
        project_id: request.project,
        project_name: request.project_name,
        target_id: request.target_id,
        target_name: request.target_name,
        environment: request.environment,
        state: tester::RUNNING.to_owned(),
        outcome: None,
        requests: 0,
        bad: 0,
        started_ms: now,
        beat_ms: now,
        finish_ms: None,
        cancelled: false,
        problem: None,
    }
}
