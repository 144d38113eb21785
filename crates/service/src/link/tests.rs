//! Test runs that an engine sends. It is told of one in each session until it takes it; from then on it is the only one
//! that ever works on it, and a run that it lost ends. Never is one given a second time.

use super::{current, engine_of, refused, seen, told};
use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use crate::tester_runs::{TestEnd, TestProgress};
use std::collections::BTreeSet;
use stoker_domain::ids::{EngineId, TestRunId};
use stoker_domain::limits;
use stoker_secrets::token;
use stoker_store::engines::Engine;
use stoker_store::tester::{self, TestRun};
use stoker_store::{Tx, tester_engines};
use stoker_wire::api_tests::{TakeTest, TakenTest, TestState};
use stoker_wire::{REFUSED_PROTOCOL, TestAbility, TestAnswer, TestNews};

/// Names of outcomes that an engine may tell.
const OUTCOMES: [&str; 4] = ["Ok", "Failure", "Error", "Skipped"];

/// Test runs that this session has yet to be told of; it counts as told now.
pub(super) fn news_for(tx: &mut Tx<'_>, engine: &Engine, session: &str) -> Result<Vec<String>, Error> {
    if engine.tests_most.unwrap_or_default() <= 0 {
        return Ok(Vec::new());
    }
    let untold = tester_engines::untold(tx, &engine.id, session)?;
    for id in &untold {
        tester_engines::note_told(tx, id, session)?;
    }
    Ok(untold.into_iter().map(|id| id.to_string()).collect())
}

/// How many test runs at once the engine says that it does.
pub(super) fn most(ability: Option<&TestAbility>) -> Option<i64> {
    ability.map(|ability| i64::from(ability.most.min(limits::TEST_RUNS_ON_ENGINE_MOST)))
}

/// Compares the test runs that the engine knows with those that are its own, and gives those it is to take.
pub(super) fn resync(
    tx: &mut Tx<'_>,
    engine: &Engine,
    session: &str,
    ability: Option<TestAbility>,
    now: i64,
) -> Result<Vec<String>, Error> {
    let known: BTreeSet<String> = ability.unwrap_or_default().known.into_iter().collect();
    for run in tester_engines::of_engine(tx, &engine.id)? {
        if run.taken && known.contains(run.id.as_str()) {
            // Taken by the same process in an earlier session, which goes on with it in this one.
            tester_engines::note_told(tx, &run.id, session)?;
        } else if run.taken {
            let why = format!(
                "the engine {} was restarted in the middle of the run; what it had sent stays sent",
                engine.name
            );
            tester_engines::break_off(tx, &run.id, now, &why)?;
        } else if engine.tests_most.unwrap_or_default() <= 0 {
            let why = format!("the engine {} takes no test runs any more, and nothing was sent", engine.name);
            tester_engines::break_off(tx, &run.id, now, &why)?;
        }
    }
    news_for(tx, engine, session)
}

/// Ends all test runs of an engine that goes.
pub(super) fn end_all(tx: &mut Tx<'_>, engine: &EngineId, now: i64, why: &str) -> Result<(), Error> {
    for run in tester_engines::of_engine(tx, engine)? {
        tester_engines::break_off(tx, &run.id, now, why)?;
    }
    Ok(())
}

/// A run of this engine that goes on, locked.
fn own(tx: &mut Tx<'_>, engine: &EngineId, id: &TestRunId) -> Result<Option<TestRun>, Error> {
    Ok(tester::running(tx, id)?.filter(|run| run.engine_id.as_ref() == Some(engine)))
}

impl Service {
    /// Gives a test run to the engine, once and for all. The session that took it may ask again before the first news.
    pub async fn take_test(&self, request: TakeTest) -> Result<TakenTest, Error> {
        let id = engine_of(&request.session)?;
        let (hash, now) = (token::hash(&request.session), self.now());
        let Ok(test) = TestRunId::parse(&request.test) else { return Ok(TakenTest::default()) };
        self.write(&Allowed::system(), move |tx| {
            let engine = current(tx, &id, &hash)?;
            let Some(run) = own(tx, &engine.id, &test)? else { return Ok(TakenTest::default()) };
            let told = tester_engines::told(tx, &test)?;
            if run.cancelled || told.as_deref() != Some(hash.as_str()) {
                return Ok(TakenTest::default());
            }
            tester_engines::take(tx, &test, now)?;
            Ok(TakenTest { work: tester_engines::work(tx, &test)? })
        })
        .await
    }

    /// Stores the news of a test run, and says whether it goes on. What is in `news` was looked at by the caller: the
    /// report and the responses can be read.
    pub async fn test_news(&self, news: TestNews) -> Result<TestAnswer, Error> {
        let engine = engine_of(&news.session)?;
        let hash = token::hash(&news.session);
        let over = TestAnswer { stop: true };
        let Ok(test) = TestRunId::parse(&news.test) else { return Ok(over) };
        let wanted = test.clone();
        let own = self
            .get(&Allowed::system(), move |tx| {
                let engine = seen(tx, &engine, &hash)?;
                let run = tester::going(tx, &wanted)?;
                Ok::<_, Error>(run.is_some_and(|run| run.taken && run.engine_id == Some(engine.id)))
            })
            .await?;
        if !own {
            return Ok(over);
        }
        let progress = news.progress.map(|told| TestProgress {
            requests: told.requests.max(0),
            bad: told.bad.max(0),
            report: told.report,
        });
        if let Some(end) = news.end {
            let whole =
                progress.ok_or_else(|| refused(REFUSED_PROTOCOL, "the end of a test run comes without its report"))?;
            self.end_test_run(&test, whole, ended(end)).await?;
            return Ok(over);
        }
        self.note_test_run(&test, progress).await?;
        Ok(TestAnswer { stop: !self.test_run_goes_on(&test).await? })
    }
}

fn ended(end: stoker_wire::api_tests::TestEnd) -> TestEnd {
    let state = match end.state {
        TestState::Finished => "finished",
        TestState::Cancelled => "cancelled",
        TestState::Limit => "limit",
        TestState::BrokenOff => tester::BROKEN_OFF,
    };
    TestEnd {
        state,
        outcome: end.outcome.filter(|outcome| OUTCOMES.contains(&outcome.as_str())),
        problem: end.problem.map(|problem| told(&problem, limits::DESCRIPTION_CHARS)),
        responses: end.responses,
    }
}
