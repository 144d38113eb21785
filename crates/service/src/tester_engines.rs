//! Engines that send the requests of API tests, because only they reach what is tested. Who may let a task run on an engine
//! may let a test run there: with EXECUTE on the engine's workspace, or on any of its environment when it is kept for none,
//! and whoever manages engines on all of them (`doc` for tasks, taken over for tests).

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::dispatch;
use crate::engines::MANAGE;
use crate::error::Error;
use stoker_domain::ids::{EngineId, TestRunId};
use stoker_domain::runtime::{Availability, PairingStatus};
use stoker_domain::{Right, Rights, limits};
use stoker_secrets::seal;
use stoker_store::engines::{self, Engine};
use stoker_store::tester::TestRun;
use stoker_store::{Tx, environments, tester_engines, workspaces};
use stoker_wire::api_tests::test_context;

/// Most runs that one pass of the reconciler ends.
const BATCH: i64 = 200;
/// How much longer than [`limits::TEST_RUN_MS`] a run may be told as going on, milliseconds.
const GRACE_MS: i64 = 60_000;

/// Whether an engine takes test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It does.
    Ready,
    /// It is not connected now.
    Away,
    /// Its operator wants none.
    Off,
    /// Its program knows nothing of them.
    Outdated,
    /// Somebody drains it.
    Drained,
}

impl Readiness {
    /// The word for it in answers.
    pub fn id(self) -> &'static str {
        match self {
            Readiness::Ready => "ready",
            Readiness::Away => "away",
            Readiness::Off => "off",
            Readiness::Outdated => "outdated",
            Readiness::Drained => "drained",
        }
    }
}

/// An engine that somebody may choose as the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestEngine {
    /// Its id.
    pub id: EngineId,
    /// Its name.
    pub name: String,
    /// Name of its environment.
    pub environment: String,
    /// Whether it takes test runs.
    pub readiness: Readiness,
}

/// Whether somebody may let tests run on an engine.
fn may_send(tx: &mut Tx<'_>, actor: &Actor, engine: &Engine) -> Result<bool, Error> {
    if actor.has_any(MANAGE) {
        return Ok(true);
    }
    let wanted: Rights = [Right::Execute].into_iter().collect();
    match &engine.workspace_id {
        Some(workspace) => Ok(workspaces::rights(tx, &actor.id, workspace)?.has_any(wanted)),
        None => Ok(workspaces::any_right_in(tx, &actor.id, wanted.mask(), &engine.environment_id)?),
    }
}

/// Why a run must not go on on its engine; none when it may.
pub(crate) fn lost(tx: &mut Tx<'_>, actor: &Actor, engine: &EngineId) -> Result<Option<String>, Error> {
    let Some(engine) = engines::get(tx, engine)? else { return Ok(Some("its engine was removed".to_owned())) };
    if may_send(tx, actor, &engine)? {
        return Ok(None);
    }
    Ok(Some(format!("whoever started the run may not run on the engine {} any more", engine.name)))
}

impl Service {
    fn readiness(&self, engine: &Engine) -> Readiness {
        let there = dispatch::availability(engine, self.now(), self.settings().engine_silence_ms);
        match engine.tests_most {
            _ if engine.drain_ms.is_some() => Readiness::Drained,
            _ if there != Availability::Available => Readiness::Away,
            None => Readiness::Outdated,
            Some(..=0) => Readiness::Off,
            Some(_) => Readiness::Ready,
        }
    }

    /// The engines that whoever asks may choose as the sender, by name.
    pub async fn test_engines(&self, actor: &Actor) -> Result<Vec<TestEngine>, Error> {
        let allowed = actor.allow(&[])?;
        actor.person()?;
        let (service, actor) = (self.clone(), actor.clone());
        self.read(&allowed, move |tx| {
            let mut found = Vec::new();
            for engine in engines::all(tx)? {
                if engine.status != PairingStatus::Paired || !may_send(tx, &actor, &engine)? {
                    continue;
                }
                let environment = environments::get(tx, &engine.environment_id)?;
                let readiness = service.readiness(&engine);
                found.push(TestEngine {
                    id: engine.id,
                    name: engine.name,
                    environment: environment.map(|it| it.name).unwrap_or_default(),
                    readiness,
                });
            }
            found.sort_by(|a, b| (&a.name, &a.environment, &a.id).cmp(&(&b.name, &b.environment, &b.id)));
            Ok(found)
        })
        .await
    }

    /// The engine of a run that begins, and its work sealed for it.
    ///
    /// # Errors
    /// 403 without the right, a conflict when the engine cannot take it now, a refusal when the work is too large.
    pub(crate) fn sealed_work(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        engine: &EngineId,
        run: &TestRunId,
        work: &str,
    ) -> Result<(Engine, String), Error> {
        // Locked: a drain that is answered has seen the run, or the run has seen the drain.
        let engine = engines::lock(tx, engine)?.ok_or_else(|| Error::invalid("engineId: there is no such engine"))?;
        if !may_send(tx, actor, &engine)? {
            let wanted = "Forbidden: engineId: this needs the right EXECUTE on a workspace of the engine, or the \
                          permission TMC_CLUSTER_MANAGEMENT";
            return Err(Error::Forbidden(wanted.to_owned()));
        }
        let name = &engine.name;
        let refusal = match self.readiness(&engine) {
            Readiness::Ready => None,
            Readiness::Away => Some("is not connected; start it, or choose another one"),
            Readiness::Off => {
                Some("takes no test runs; its operator may set stoker.tests.max in etc/system.properties")
            }
            Readiness::Drained => {
                Some("is drained and takes nothing new; choose another one, or wait until it is put back")
            }
            Readiness::Outdated => {
                Some("knows nothing of test runs; update it to the program that this server hands out")
            }
        };
        if let Some(refusal) = refusal {
            return Err(Error::conflict(format!("engineId: the engine {name} {refusal}")));
        }
        let since = self.now() - limits::TEST_RUN_SILENCE_MS;
        let most = engine.tests_most.unwrap_or_default();
        if tester_engines::count_of_engine(tx, &engine.id, since)? >= most {
            return Err(Error::conflict(format!(
                "engineId: the engine {name} does {most} test runs already, the most it takes at once; wait for one"
            )));
        }
        if work.len() > limits::TEST_WORK_BYTES {
            let most = limits::TEST_WORK_BYTES / 1024;
            return Err(Error::conflict(format!(
                "engineId: the project with its latest responses has more than {most} KiB, the most an engine is given; \
                 split it"
            )));
        }
        let key = engine.sealing_key.as_deref().ok_or_else(|| Error::internal("a paired engine has no key"))?;
        let sealed = seal::seal(key, &test_context(run.as_str()), work.as_bytes(), self.random())?;
        Ok((engine, sealed))
    }

    /// Ends runs that nobody works on any more, and those that go on for longer than any may.
    pub(crate) async fn end_silent_tests(&self) -> Result<usize, Error> {
        let now = self.now();
        let longest = i64::try_from(limits::TEST_RUN_MS).map_err(Error::internal)? + GRACE_MS;
        let (beat, started) = (now - limits::TEST_RUN_SILENCE_MS, now - longest);
        let due = self
            .read::<_, Error, _>(&Allowed::system(), move |tx| Ok(tester_engines::any_silent(tx, beat, started)?))
            .await?;
        if !due {
            return Ok(0);
        }
        self.write(&Allowed::system(), move |tx| {
            let silent = tester_engines::silent(tx, beat, started, BATCH)?;
            for run in &silent {
                tester_engines::break_off(tx, &run.id, now, &why_silent(run, beat))?;
            }
            Ok(silent.len())
        })
        .await
    }
}

fn why_silent(run: &TestRun, beat_ms: i64) -> String {
    let seconds = limits::TEST_RUN_SILENCE_MS / 1000;
    if run.beat_ms >= beat_ms {
        return "the run did not end when its time was over".to_owned();
    }
    match &run.engine_name {
        None => "the server that sent its requests was stopped or lost its database".to_owned(),
        Some(name) if run.taken => format!(
            "nothing was heard of the engine {name} for {seconds} seconds: it was stopped or lost its connection; what it \
             had sent stays sent"
        ),
        Some(name) => format!(
            "the engine {name} did not take the run within {seconds} seconds, and nothing was sent; see that it is \
             connected, and start the run again"
        ),
    }
}
