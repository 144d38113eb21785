//! The history of runs and plan runs, for search and download.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::components::{MONITOR, SEE};
use crate::error::Error;
use std::collections::{BTreeMap, BTreeSet};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{ArtifactId, ClusterId, EngineId, EnvironmentId, PlanRunId, RunId, ServiceAccountId};
use stoker_domain::plan::{PlanStep, StepKind, StepOutcome};
use stoker_domain::run::Outcome;
use stoker_domain::runtime::{ArtifactType, RuntimeType};
use stoker_store::artifacts::Artifact;
use stoker_store::db::Record as _;
use stoker_store::history::{self, HistoryFilter};
pub use stoker_store::history::{Clause, Field, Place, RuntimeField};
use stoker_store::plan_runs::{self, PlanRun};
use stoker_store::runs::{self, Run};
use stoker_store::tasks::Task;
use stoker_store::{Tx, accounts, components, engines, plans};

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct HistorySearch {
    /// One environment; all of them when absent.
    pub environment: Option<EnvironmentId>,
    /// Routes and data services instead of jobs and plans.
    pub services: bool,
    /// Runs that plans started instead of the runs of the plans.
    pub of_plans: bool,
    /// Conditions, all of them.
    pub clauses: Vec<Clause>,
}

/// A person or service account in a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principal {
    /// Login, or id of a service account.
    pub name: String,
    /// What it is called; empty when it is gone.
    pub shown: String,
    /// Which of the two.
    pub kind: Option<PrincipalKind>,
}

/// The plan run a run is part of, as far as the caller may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanOfRun {
    /// Its plan and its own id; hidden without a right on the workspace of the plan (source: spec).
    pub ids: Option<(String, String)>,
    /// Name of the plan, or stars (source: spec).
    pub name: String,
}

/// One record of the history.
#[derive(Clone, Debug)]
pub enum Record {
    /// The run of a task.
    Run(Box<RunRecord>),
    /// The run of a plan.
    Plan(Box<PlanRecord>),
}

/// The run of a task with the names around it.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// The run.
    pub run: Run,
    /// Kind of its artifact.
    pub kind: ArtifactType,
    /// Workspace of its artifact, when that is still there.
    pub artifact_workspace: Option<String>,
    /// Who started it.
    pub operator: Principal,
    /// Who published what runs.
    pub author: Principal,
    /// Name of its cluster.
    pub cluster: Option<String>,
    /// Name and version of its engine.
    pub engine: Option<(String, Option<String>)>,
    /// Name of its run profile.
    pub run_profile: Option<String>,
    /// Labels of its task.
    pub tags: Vec<String>,
    /// Its plan run.
    pub plan: Option<PlanOfRun>,
    /// Rows it turned away, when it ended so.
    pub rejected: Option<i64>,
}

/// The run of a plan with the names around it.
#[derive(Clone, Debug)]
pub struct PlanRecord {
    /// The plan run.
    pub run: PlanRun,
    /// Who started it.
    pub operator: Principal,
    /// Who made the plan.
    pub author: Principal,
    /// Name of the first step that failed.
    pub failed_step: Option<String>,
}

/// Some records and where they stand.
#[derive(Clone, Debug, Default)]
pub struct HistoryPart {
    /// The records in order.
    pub records: Vec<Record>,
    /// Whether more come behind them.
    pub more: bool,
    /// Place of the last one.
    pub last: Option<Place>,
}

impl Service {
    /// A page of the history.
    pub async fn search_history(
        &self,
        actor: &Actor,
        search: HistorySearch,
        limit: i64,
        offset: i64,
    ) -> Result<HistoryPart, Error> {
        let allowed = actor.allow(MONITOR)?;
        let (filter, proof) = (filter_of(search, &allowed, self.now()), allowed.clone());
        self.read(&allowed, move |tx| {
            let places = history::find(tx, &filter, None, offset + limit + 1)?;
            let wanted = usize::try_from(limit).unwrap_or_default();
            let rest = places.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
            part(tx, &proof, rest, wanted)
        })
        .await
    }

    /// The place of a record, for going on behind it.
    pub async fn history_place(&self, actor: &Actor, id: &str) -> Result<Place, Error> {
        let allowed = actor.allow(MONITOR)?;
        let (id, proof) = (id.to_owned(), allowed.clone());
        self.read(&allowed, move |tx| {
            let unknown = || Error::invalid("lastId: no execution has this id; take the id of the last line");
            let place = history::place(tx, &id)?.ok_or_else(unknown)?;
            let workspace = match place.plan {
                true => plan_runs::get(tx, &PlanRunId::trusted(id))?.map(|run| run.workspace_id),
                false => runs::get(tx, &RunId::trusted(id))?.map(|run| run.workspace_id),
            };
            // Nothing is told of what the caller may not see, not even that it exists.
            proof.right(tx, &workspace.ok_or_else(unknown)?, SEE).map_err(|error| match error {
                Error::Forbidden(_) => unknown(),
                other => other,
            })?;
            Ok(place)
        })
        .await
    }

    /// The records behind a place, at most `count`.
    pub async fn history_after(
        &self,
        actor: &Actor,
        search: &HistorySearch,
        after: Option<Place>,
        count: i64,
    ) -> Result<HistoryPart, Error> {
        let allowed = actor.allow(MONITOR)?;
        let (filter, proof) = (filter_of(search.clone(), &allowed, self.now()), allowed.clone());
        self.read(&allowed, move |tx| {
            let places = history::find(tx, &filter, after.as_ref(), count + 1)?;
            part(tx, &proof, &places, usize::try_from(count).unwrap_or_default())
        })
        .await
    }
}

fn filter_of(search: HistorySearch, allowed: &Allowed, now_ms: i64) -> HistoryFilter {
    HistoryFilter {
        environment: search.environment,
        services: search.services,
        of_plans: search.of_plans,
        clauses: search.clauses,
        now_ms,
        visible_to: allowed.visible(SEE),
    }
}

fn part(tx: &mut Tx<'_>, allowed: &Allowed, places: &[Place], wanted: usize) -> Result<HistoryPart, Error> {
    let shown = &places[..places.len().min(wanted)];
    let ids = |plan: bool| shown.iter().filter(|place| place.plan == plan).map(|place| place.id.clone()).collect();
    let runs = Run::with_keys(tx, ids(false))?;
    let mut names = Names::default();
    names.prepare(tx, &runs)?;
    let mut runs: BTreeMap<RunId, Run> = runs.into_iter().map(|run| (run.id.clone(), run)).collect();
    let mut plan_runs: BTreeMap<PlanRunId, PlanRun> =
        PlanRun::with_keys(tx, ids(true))?.into_iter().map(|run| (run.id.clone(), run)).collect();
    let mut records = Vec::with_capacity(shown.len());
    for place in shown {
        if place.plan {
            let Some(run) = plan_runs.remove(&PlanRunId::trusted(place.id.as_str())) else { continue };
            records.push(Record::Plan(Box::new(names.plan_record(tx, run)?)));
        } else {
            let Some(run) = runs.remove(&RunId::trusted(place.id.as_str())) else { continue };
            records.push(Record::Run(Box::new(names.run_record(tx, allowed, run)?)));
        }
    }
    Ok(HistoryPart { records, more: places.len() > wanted, last: shown.last().cloned() })
}

/// What an artifact says of all its runs: its kind and its workspace.
type OfArtifact = (ArtifactType, Option<String>);
/// Name of an engine and the version of its program.
type OfEngine = Option<(String, Option<String>)>;

/// Names that many records share, looked up once.
#[derive(Default)]
struct Names {
    principals: BTreeMap<(bool, String), String>,
    artifacts: BTreeMap<String, OfArtifact>,
    publishers: BTreeMap<(String, String), (String, PrincipalKind)>,
    engines: BTreeMap<String, OfEngine>,
    clusters: BTreeMap<String, Option<String>>,
    profiles: BTreeMap<String, Option<String>>,
    tags: BTreeMap<String, Vec<String>>,
    plan_runs: BTreeMap<String, PlanOfRun>,
    plans: BTreeMap<String, Option<(String, PrincipalKind)>>,
}

/// The value of a key, looked up by `find` the first time.
fn once<K: Ord + Clone, V: Clone>(
    map: &mut BTreeMap<K, V>,
    key: K,
    find: impl FnOnce(&K) -> Result<V, Error>,
) -> Result<V, Error> {
    if let Some(known) = map.get(&key) {
        return Ok(known.clone());
    }
    let value = find(&key)?;
    map.insert(key, value.clone());
    Ok(value)
}

impl Names {
    /// Looks up at once what nearly every run of a page has of its own.
    fn prepare(&mut self, tx: &mut Tx<'_>, runs: &[Run]) -> Result<(), Error> {
        let ids = |id: fn(&Run) -> String| runs.iter().map(id).collect::<BTreeSet<_>>().into_iter().collect();
        let artifacts: Vec<String> = ids(|run| run.artifact_id.to_string());
        for found in history::publishers(tx, artifacts.clone(), ids(|run| run.artifact_version.clone()))? {
            self.publishers.insert((found.artifact, found.version), (found.name, found.kind));
        }
        for found in Artifact::with_keys(tx, artifacts)? {
            self.artifacts.insert(found.id.to_string(), (found.kind, Some(found.workspace_id.to_string())));
        }
        for task in Task::with_keys(tx, ids(|run| run.task_id.to_string()))? {
            self.tags.insert(task.id.to_string(), task.tags.0);
        }
        Ok(())
    }

    fn principal(&mut self, tx: &mut Tx<'_>, name: &str, kind: PrincipalKind) -> Result<Principal, Error> {
        let service = kind == PrincipalKind::Service;
        let shown = once(&mut self.principals, (service, name.to_owned()), |_| {
            Ok(if service {
                let found = accounts::service_account(tx, &ServiceAccountId::trusted(name))?;
                found.map(|account| account.name).unwrap_or_default()
            } else {
                let found = accounts::user_by_login(tx, name)?;
                found.map(|user| person(&user)).unwrap_or_default()
            })
        })?;
        Ok(Principal { name: name.to_owned(), shown, kind: Some(kind) })
    }

    fn run_record(&mut self, tx: &mut Tx<'_>, allowed: &Allowed, run: Run) -> Result<RunRecord, Error> {
        let artifact = self.artifacts.get(run.artifact_id.as_str()).cloned();
        let (kind, artifact_workspace) = artifact.unwrap_or((ArtifactType::Standard, None));
        let operator = self.principal(tx, &run.user_id, run.user_kind)?;
        let author = self.publisher(tx, &run.artifact_id, &run.artifact_version)?;
        let engine = match run.engine_id.clone().or_else(|| own_engine(&run)) {
            None => None,
            Some(id) => once(&mut self.engines, id.to_string(), |_| {
                Ok(engines::get(tx, &id)?.map(|engine| (engine.name, engine.engine_version)))
            })?,
        };
        let cluster = match run.runtime_type {
            RuntimeType::RemoteEngineCluster => once(&mut self.clusters, run.target_id.clone(), |id| {
                Ok(engines::cluster(tx, &ClusterId::trusted(id.as_str()))?.map(|cluster| cluster.name))
            })?,
            _ => None,
        };
        let run_profile = match &run.run_profile_id {
            None => None,
            Some(id) => once(&mut self.profiles, id.to_string(), |_| {
                Ok(engines::run_profile(tx, id)?.map(|profile| profile.name))
            })?,
        };
        let tags = self.tags.get(run.task_id.as_str()).cloned().unwrap_or_default();
        let plan = match &run.plan_run_id {
            None => None,
            Some(id) => Some(once(&mut self.plan_runs, id.to_string(), |_| plan_of(tx, allowed, id))?),
        };
        let rejected = match run.outcome {
            Some(Outcome::Rejected) => components::rows(tx, &run.id)?.and_then(|rows| rows.rejected),
            _ => None,
        };
        Ok(RunRecord {
            run,
            kind,
            artifact_workspace,
            operator,
            author,
            cluster,
            engine,
            run_profile,
            tags,
            plan,
            rejected,
        })
    }

    fn publisher(&mut self, tx: &mut Tx<'_>, id: &ArtifactId, version: &str) -> Result<Principal, Error> {
        match self.publishers.get(&(id.to_string(), version.to_owned())).cloned() {
            Some((name, kind)) => self.principal(tx, &name, kind),
            None => Ok(Principal::default()),
        }
    }

    fn plan_record(&mut self, tx: &mut Tx<'_>, run: PlanRun) -> Result<PlanRecord, Error> {
        let operator = self.principal(tx, &run.user_id, run.user_kind)?;
        let made = once(&mut self.plans, run.plan_id.to_string(), |_| {
            Ok(plans::get(tx, &run.plan_id)?.map(|plan| (plan.author, plan.author_kind)))
        })?;
        let author = match made {
            Some((name, kind)) => self.principal(tx, &name, kind)?,
            None => Principal::default(),
        };
        let failed_step = failed_step(tx, &run)?;
        Ok(PlanRecord { run, operator, author, failed_step })
    }
}

/// First and last name, or the login where neither is known.
fn person(user: &accounts::User) -> String {
    let name = format!("{} {}", user.first_name, user.last_name);
    let name = name.trim();
    if name.is_empty() { user.login.clone() } else { name.to_owned() }
}

/// The engine that a run is bound to before any has it.
fn own_engine(run: &Run) -> Option<EngineId> {
    (run.runtime_type == RuntimeType::RemoteEngine).then(|| EngineId::trusted(run.target_id.as_str()))
}

fn plan_of(tx: &mut Tx<'_>, allowed: &Allowed, id: &PlanRunId) -> Result<PlanOfRun, Error> {
    let hidden = || PlanOfRun { ids: None, name: "******".to_owned() };
    let Some(run) = plan_runs::get(tx, id)? else { return Ok(hidden()) };
    match allowed.right(tx, &run.workspace_id, SEE) {
        Ok(()) => Ok(PlanOfRun { ids: Some((run.plan_id.to_string(), id.to_string())), name: run.plan_name }),
        Err(Error::Forbidden(_)) => Ok(hidden()),
        Err(error) => Err(error),
    }
}

fn failed_step(tx: &mut Tx<'_>, run: &PlanRun) -> Result<Option<String>, Error> {
    if run.outcome != Some(stoker_domain::plan::PlanOutcome::Failed) {
        return Ok(None);
    }
    let steps = plan_runs::steps(tx, &run.id, StepKind::Step)?;
    let failed = steps.into_iter().find(|step| step.outcome == Some(StepOutcome::Failed));
    Ok(failed.map(|step| name_of(&step.definition.0)))
}

fn name_of(step: &PlanStep) -> String {
    step.name.clone()
}
