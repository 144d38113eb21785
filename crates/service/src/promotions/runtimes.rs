//! Engines, clusters and run profiles: matched by name (source: doc). An engine that is made by a promotion has to be
//! paired by hand (source: client).

use super::copy::Copy;
use crate::error::Error;
use std::collections::BTreeMap;
use stoker_domain::ids::{ClusterId, EngineId, RunId, RunProfileId, WorkspaceId};
use stoker_domain::promotion::{Item, ItemKind, ItemStatus, Level};
use stoker_domain::runtime::RuntimeType;
use stoker_store::Tx;
use stoker_store::engines::{self, Cluster, Engine, RunProfile};
use stoker_store::promotions::objects;
use stoker_store::tasks::Task;

/// A source engine or cluster and the one of its name in the target.
#[derive(Clone, Debug)]
pub(super) struct RuntimePair {
    /// Source workspace it is kept for.
    workspace: Option<WorkspaceId>,
    /// Absent when it cannot be promoted.
    target: Option<String>,
    /// The target workspace it is kept for.
    kept_for: Option<WorkspaceId>,
    processor_kind: &'static str,
    /// Run profiles of the target.
    there: Vec<RunProfile>,
    /// Source run profile to target run profile.
    profiles: BTreeMap<RunProfileId, RunProfileId>,
    item: Item,
}

/// Where a promoted task runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) runtime: Option<String>,
    pub(super) profile: Option<RunProfileId>,
}

/// What an engine and a cluster have in common here.
struct Found {
    kind: ItemKind,
    id: String,
    name: String,
    workspace: Option<WorkspaceId>,
}

impl Copy<'_> {
    /// Where a source task runs, in terms of the target. `Err(reason)` inside when it cannot run there.
    pub(super) fn place(
        &mut self,
        tx: &mut Tx<'_>,
        task: &Task,
        workspace: &WorkspaceId,
    ) -> Result<Result<Place, String>, Error> {
        let Some(id) = task.runtime_id.clone() else { return Ok(Ok(Place::default())) };
        if !self.runtimes.contains_key(&id) {
            let Some(pair) = self.new_runtime(tx, task.runtime_type, &id)? else { return Ok(Ok(Place::default())) };
            self.runtimes.insert(id.clone(), pair);
        }
        let profile = match &task.run_profile_id {
            Some(profile) => self.profile(tx, &id, profile)?,
            None => None,
        };
        let Some(pair) = self.runtimes.get(&id) else { return Ok(Ok(Place::default())) };
        let name = &pair.item.name;
        Ok(match &pair.target {
            None => Err(format!("its engine or cluster {name} cannot be promoted")),
            Some(_) if pair.kept_for.as_ref().is_some_and(|kept| kept != workspace) => {
                Err(format!("{name} of the target environment is kept for another workspace: free it or rename one"))
            }
            Some(target) => Ok(Place { runtime: Some(target.clone()), profile }),
        })
    }

    /// The pair of an engine or cluster; `None` when the source one is gone.
    fn new_runtime(&mut self, tx: &mut Tx<'_>, kind: RuntimeType, id: &str) -> Result<Option<RuntimePair>, Error> {
        let environment = self.order.target.id.clone();
        if kind == RuntimeType::RemoteEngineCluster {
            let Some(source) = engines::cluster(tx, &ClusterId::trusted(id))? else { return Ok(None) };
            let found = objects::cluster(tx, &environment, &source.name)?;
            let there = found.map(|c| (c.id.to_string(), c.workspace_id));
            let seen = Found {
                kind: ItemKind::Cluster,
                id: id.to_owned(),
                name: source.name.clone(),
                workspace: source.workspace_id.clone(),
            };
            return self.matched(tx, seen, there, |copy, kept_for| copy.new_cluster(&source, kept_for)).map(Some);
        }
        let Some(source) = engines::get(tx, &EngineId::trusted(id))? else { return Ok(None) };
        let found = objects::engine(tx, &environment, &source.name)?;
        let there = found.map(|e| (e.id.to_string(), e.workspace_id));
        let seen = Found {
            kind: ItemKind::Engine,
            id: id.to_owned(),
            name: source.name.clone(),
            workspace: source.workspace_id.clone(),
        };
        self.matched(tx, seen, there, |copy, kept_for| copy.new_engine(&source, kept_for)).map(Some)
    }

    fn matched(
        &mut self,
        tx: &mut Tx<'_>,
        source: Found,
        there: Option<(String, Option<WorkspaceId>)>,
        make: impl FnOnce(&mut Self, Option<WorkspaceId>) -> String,
    ) -> Result<RuntimePair, Error> {
        let mut item = Item::new(source.kind, &source.id, &source.name, ItemStatus::Reused);
        let mut profiles = Vec::new();
        let (target, kept_for) = match there {
            Some((id, kept_for)) => {
                profiles = engines::run_profiles(tx, &id)?;
                (Some(id), kept_for)
            }
            None => {
                let place = match &source.workspace {
                    Some(id) => Some(self.workspace(tx, id)?),
                    None => None,
                };
                if let Some(blocked) = place.as_ref().filter(|place| place.target.is_none()) {
                    item.fail(format!("its workspace {} cannot be promoted", blocked.source.name));
                    (None, None)
                } else {
                    let kept_for = place.and_then(|place| place.target).map(|workspace| workspace.id);
                    item.status = ItemStatus::Created;
                    item.say(
                        Level::Warn,
                        match source.kind {
                            ItemKind::Cluster => "add engines to the new cluster",
                            _ => "pair the new engine with its installation",
                        },
                    );
                    (Some(make(self, kept_for.clone())), kept_for)
                }
            }
        };
        item.target_id.clone_from(&target);
        let processor_kind = if source.kind == ItemKind::Cluster { "REC" } else { "RE" };
        let profiles_done = BTreeMap::new();
        let workspace = source.workspace;
        Ok(RuntimePair { workspace, target, kept_for, processor_kind, there: profiles, profiles: profiles_done, item })
    }

    fn new_cluster(&mut self, source: &Cluster, kept_for: Option<WorkspaceId>) -> String {
        let (now, random) = (self.order.now, self.service.random());
        let id = ClusterId::generate(now, random);
        self.changes.clusters.push(Cluster {
            id: id.clone(),
            environment_id: self.order.target.id.clone(),
            workspace_id: kept_for,
            runtime_id: RunId::generate(now, random).to_string(),
            created_ms: now,
            updated_ms: now,
            ..source.clone()
        });
        id.to_string()
    }

    fn new_engine(&mut self, source: &Engine, kept_for: Option<WorkspaceId>) -> String {
        let now = self.order.now;
        let id = EngineId::generate(now, self.service.random());
        let mut engine = Engine {
            workspace_id: kept_for,
            description: source.description.clone(),
            run_profiles: source.run_profiles.clone(),
            esb_version: source.esb_version.clone(),
            ..self.service.new_engine(id, self.order.target.id.clone(), source.name.clone(), now)
        };
        self.service.give_key(&mut engine);
        let id = engine.id.to_string();
        self.changes.engines.push(engine);
        id
    }

    /// The run profile of that name of the target engine; changed unless it is to be kept, added when missing.
    fn profile(&mut self, tx: &mut Tx<'_>, runtime: &str, id: &RunProfileId) -> Result<Option<RunProfileId>, Error> {
        let (now, keep) = (self.order.now, self.order.keep_profiles);
        let Some(source) = engines::run_profile(tx, id)? else { return Ok(None) };
        let Some(pair) = self.runtimes.get_mut(runtime) else { return Ok(None) };
        if let Some(known) = pair.profiles.get(id) {
            return Ok(Some(known.clone()));
        }
        let Some(processor) = pair.target.clone() else { return Ok(None) };
        let mut part = Item::new(pair.item.kind, id.as_str(), &source.name, ItemStatus::Reused);
        let target = match pair.there.iter().find(|profile| profile.name == source.name) {
            Some(there) => {
                let mut changed = there.clone();
                changed.description.clone_from(&source.description);
                changed.kind = source.kind;
                changed.jvm_arguments = source.jvm_arguments.clone();
                if !keep && changed != *there {
                    changed.version += 1;
                    changed.updated_ms = now;
                    part.status = ItemStatus::Replaced;
                    self.changes.changed_profiles.push(changed);
                }
                there.id.clone()
            }
            None => {
                part.status = ItemStatus::Created;
                let made = RunProfile {
                    id: RunProfileId::generate(now, self.service.random()),
                    processor_kind: pair.processor_kind.to_owned(),
                    processor_id: processor,
                    environment_id: self.order.target.id.clone(),
                    version: 1,
                    created_ms: now,
                    updated_ms: now,
                    ..source
                };
                let id = made.id.clone();
                self.changes.profiles.push(made);
                id
            }
        };
        part.target_id = Some(target.to_string());
        if part.status != ItemStatus::Reused && pair.item.status == ItemStatus::Reused {
            pair.item.status = ItemStatus::Replaced;
        }
        pair.item.parts.push(part);
        pair.profiles.insert(id.clone(), target.clone());
        Ok(Some(target))
    }

    /// Puts all engines and clusters that were dealt with into the report.
    pub(super) fn report_runtimes(&mut self) {
        for (_, pair) in std::mem::take(&mut self.runtimes) {
            self.report(pair.workspace.as_ref(), pair.item);
        }
    }
}
