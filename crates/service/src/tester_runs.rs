//! Runs of API tests as they are kept: the way from a start over signs of life to the end. Who sends the requests reports
//! here; a run without a sign of life for [`limits::TEST_RUN_SILENCE_MS`] is shown as broken off.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use crate::tester::{Own, access, access_of, project_context, run_context};
use crate::{auth, tester_engines};
use serde_json::json;
use stoker_domain::ids::{EngineId, TestProjectId, TestRunId, UserId};
use stoker_domain::limits;
use stoker_store::db::Record;
pub use stoker_store::tester::BROKEN_OFF;
use stoker_store::tester::{self, TestRun};
use stoker_store::{StoreError, Tx};

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
    /// The engine that is to send the requests, with its work as the engine reads it; the server without one.
    pub engine: Option<(EngineId, String)>,
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
    /// `finished`, `cancelled`, `limit` or [`BROKEN_OFF`].
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

/// Why a run must not go on, looked at again while it does: who started it lost the credentials, the sight of the project
/// or the right on the engine.
fn lost(tx: &mut Tx<'_>, run: &TestRun, now: i64) -> Result<Option<String>, Error> {
    // A run that was started before this was kept.
    let Some(credential) = &run.credential else { return Ok(None) };
    let Some(actor) = auth::shown_again(tx, credential, now)? else {
        return Ok(Some("the session or token that started the run is not good any more".to_owned()));
    };
    let project = tester::project(tx, &run.project_id)?;
    let seen = match &project {
        Some(project) => access_of(tx, &run.owner_id, project)?.is_some(),
        None => false,
    };
    if !seen {
        return Ok(Some("whoever started the run has no right on its project any more".to_owned()));
    }
    match &run.engine_id {
        Some(engine) => tester_engines::lost(tx, &actor, engine),
        None => Ok(None),
    }
}

/// How a run stands.
enum Going {
    On,
    Lost(String),
    Over,
}

impl Service {
    fn state_of(&self, run: &TestRun) -> String {
        let silent = run.state == tester::RUNNING && run.beat_ms + limits::TEST_RUN_SILENCE_MS < self.now();
        if silent { BROKEN_OFF.to_owned() } else { run.state.clone() }
    }

    /// Writes down that a run begins. Without an engine who called must then report with [`Service::note_test_run`] and
    /// [`Service::end_test_run`]; with one it waits until the engine takes it.
    ///
    /// # Errors
    /// A conflict when too many go on already; an engine that cannot be used, see `tester_engines.rs`.
    pub async fn begin_test_run(&self, actor: &Actor, request: TestRunRequest) -> Result<TestRunId, Error> {
        let allowed = actor.allow(&[])?;
        let (owner, now) = (actor.person()?, self.now());
        let (service, actor) = (self.clone(), actor.clone());
        let (id, engine) = self
            .write(&allowed, move |tx| {
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
                let run = service.inserted(tx, &actor, owner, request, now)?;
                tester::forget_old(tx, &run.owner_id, limits::TEST_RUNS)?;
                let mut detail = json!({
                    "name": run.target_name, "project": run.project_id.as_str(), "environment": run.environment,
                });
                if let (Some(engine), Some(name)) = (&run.engine_id, &run.engine_name) {
                    detail["engine"] = json!({ "id": engine.as_str(), "name": name });
                }
                let change = Change {
                    action: "test-run.start",
                    object: ("test-run", run.id.as_str()),
                    workspace: project.workspace_id.as_ref(),
                    detail: Some(detail),
                };
                audit::record(tx, &actor, now, service.random(), change)?;
                Ok::<_, Error>((run.id, run.engine_id))
            })
            .await?;
        if let Some(engine) = engine {
            self.inner.hub.wake(&engine);
        }
        Ok(id)
    }

    /// Inserts the row of a run, and what its engine gets.
    fn inserted(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        owner: UserId,
        request: TestRunRequest,
        now: i64,
    ) -> Result<TestRun, Error> {
        let id = TestRunId::generate(now, self.random());
        let given = match &request.engine {
            None => None,
            Some((engine, work)) => Some(self.sealed_work(tx, actor, engine, &id, work)?),
        };
        let (engine, work) = given.unzip();
        let run = TestRun {
            id,
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
            credential: actor.credential.clone(),
            engine_id: engine.as_ref().map(|engine| engine.id.clone()),
            engine_name: engine.map(|engine| engine.name),
            taken: false,
        };
        run.insert(tx)?;
        if let Some(work) = work {
            stoker_store::tester_engines::keep_work(tx, &run.id, &work)?;
        }
        Ok(run)
    }

    /// Whether a run is to go on. It is not when it was cancelled or is gone, and when whoever started it lost what it
    /// takes to run it, which is then written down as the reason.
    pub async fn test_run_goes_on(&self, id: &TestRunId) -> Result<bool, Error> {
        let (wanted, now) = (id.clone(), self.now());
        let going = self
            .get::<_, Error, _>(&Allowed::system(), move |tx| {
                let Some(run) = tester::going(tx, &wanted)?.filter(|run| !run.cancelled) else {
                    return Ok(Going::Over);
                };
                Ok(lost(tx, &run, now)?.map_or(Going::On, Going::Lost))
            })
            .await?;
        match going {
            Going::On => Ok(true),
            Going::Over => Ok(false),
            Going::Lost(why) => {
                let id = id.clone();
                self.write::<_, Error, _>(&Allowed::system(), move |tx| Ok(tester::cancel(tx, &id, Some(&why))?))
                    .await?;
                Ok(false)
            }
        }
    }

    /// Writes down how far a run is, with a sign of life.
    pub async fn note_test_run(&self, id: &TestRunId, progress: Option<TestProgress>) -> Result<(), Error> {
        let (id, now) = (id.clone(), self.now());
        let sealed = progress.as_ref().map(|now| self.sealed_text(&run_context(id.as_str()), &now.report));
        self.write(&Allowed::system(), move |tx| {
            let Some(TestProgress { requests, bad, .. }) = progress else {
                tester::beat(tx, &id, now)?;
                return Ok(());
            };
            if let Some(run) = tester::running(tx, &id)? {
                let noted = TestRun { requests, bad, beat_ms: now, ..run };
                tester::note(tx, &noted, sealed.as_deref())?;
            }
            Ok(())
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
            tester::cancel(tx, &id, None)?;
            if run.engine_id.is_some() && tester::running(tx, &id)?.is_some_and(|run| !run.taken) {
                // No engine has it, so none will: nobody else would end it.
                stoker_store::tester_engines::break_off(tx, &id, service.now(), "")?;
            }
            let change = Change::named("test-run.cancel", ("test-run", id.as_str()), None, &run.target_name);
            audit::record(tx, &actor, service.now(), service.random(), change)
        })
        .await
    }
}
