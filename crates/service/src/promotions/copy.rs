//! Finds out what a promotion has to do. Nothing is written here: the result is a report and a list of rows.
//!
//! Objects match by name (source: doc). What a promoted object needs comes along: the tasks of a plan, the artifact,
//! engine and run profile of a task.

use super::artifacts::ArtifactPair;
use super::changes::Changes;
use super::parts::{Part, Wanted};
use super::plans::PlanPair;
use super::runtimes::RuntimePair;
use super::scope::Root;
use super::tasks::TaskPair;
use crate::app::Service;
use crate::error::Error;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use stoker_domain::ids::{ArtifactId, PlanId, TaskId, WorkspaceId};
use stoker_domain::promotion::{Item, ItemKind, ItemStatus, Level, Report, User, WorkspaceReport};
use stoker_domain::runtime::WorkspaceType;
use stoker_domain::{PrincipalKind, limits};
use stoker_jobzip::Manifest;
use stoker_store::db::Record;
use stoker_store::environments::Environment;
use stoker_store::plans::Plan;
use stoker_store::promotions::objects::{self, Reading};
use stoker_store::tasks::Task;
use stoker_store::workspaces::{self, Workspace};
use stoker_store::{Tx, artifacts, plans, tasks};

/// What is to be copied, and how.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) source: Environment,
    pub(super) target: Environment,
    /// One object with what it needs; everything when absent.
    pub(super) root: Option<Root>,
    pub(super) keep_resources: bool,
    pub(super) keep_profiles: bool,
    /// Login or service-account id of who runs it.
    pub(super) author: String,
    pub(super) author_kind: PrincipalKind,
    /// The id that rights are granted to.
    pub(super) principal: String,
    pub(super) how: Reading,
    pub(super) now: i64,
}

/// A source workspace and the one of its name in the target.
#[derive(Clone, Debug)]
pub(super) struct WorkspacePair {
    pub(super) source: Workspace,
    /// Absent when it cannot be promoted, and so nothing in it.
    pub(super) target: Option<Workspace>,
    pub(super) item: Item,
}

/// The finding out, under way.
pub(super) struct Copy<'a> {
    pub(super) service: &'a Service,
    pub(super) order: Order,
    pub(super) changes: Changes,
    /// Source workspaces in the order of their appearance.
    seen: Vec<WorkspaceId>,
    pub(super) workspaces: HashMap<WorkspaceId, WorkspacePair>,
    pub(super) artifacts: BTreeMap<ArtifactId, ArtifactPair>,
    pub(super) tasks: HashMap<TaskId, TaskPair>,
    pub(super) plans: HashMap<PlanId, PlanPair>,
    pub(super) runtimes: BTreeMap<String, RuntimePair>,
    /// Connections and resources by source id.
    pub(super) connections: BTreeMap<String, Part>,
    pub(super) resources: BTreeMap<String, Part>,
    /// Target tasks by source id, as they were found.
    pub(super) there: HashMap<TaskId, Task>,
    manifests: HashMap<(ArtifactId, String), Arc<Manifest>>,
    /// What uses an object, by the id of that.
    users: HashMap<String, Vec<User>>,
    /// Items by source workspace (none for the environment), in the order in which they were dealt with.
    items: Vec<(Option<WorkspaceId>, Item)>,
}

/// What a run has to do.
pub(super) struct Prepared {
    pub(super) order: Order,
    pub(super) changes: Changes,
    pub(super) report: Report,
}

impl Prepared {
    /// Whether anything keeps the run from changing something.
    pub(super) fn report_is_defective(&self) -> bool {
        self.report.defective()
    }

    /// The report of what was not done: new objects have no id in the target.
    pub(super) fn into_report(mut self) -> Report {
        let made = self.changes.made();
        let forget = |item: &mut Item| {
            for id in [&mut item.target_id].into_iter().chain(item.used_by.iter_mut().map(|user| &mut user.target_id)) {
                if id.as_ref().is_some_and(|id| made.contains(id.as_str())) {
                    *id = None;
                }
            }
        };
        for_each_item(&mut self.report, forget);
        self.report
    }
}

fn for_each_item(report: &mut Report, mut each: impl FnMut(&mut Item)) {
    let own = report.engines.iter_mut().chain(&mut report.clusters);
    let inside = report.workspaces.iter_mut().flat_map(|w| {
        let lists = [&mut w.artifacts, &mut w.connections, &mut w.resources, &mut w.engines, &mut w.clusters];
        let more = w.tasks.iter_mut().chain(&mut w.plans);
        std::iter::once(&mut w.item).chain(lists.into_iter().flatten()).chain(more)
    });
    for item in inside.chain(own) {
        each(item);
        item.parts.iter_mut().for_each(&mut each);
    }
}

impl<'a> Copy<'a> {
    /// Finds out what has to be done. With [`Reading::ToChange`] what may be changed is locked until the end of the
    /// transaction, plans before tasks.
    pub(super) fn plan(service: &'a Service, tx: &mut Tx<'_>, order: Order) -> Result<Prepared, Error> {
        let mut copy = Self {
            service,
            order,
            changes: Changes::default(),
            seen: Vec::new(),
            workspaces: HashMap::new(),
            artifacts: BTreeMap::new(),
            tasks: HashMap::new(),
            plans: HashMap::new(),
            runtimes: BTreeMap::new(),
            connections: BTreeMap::new(),
            resources: BTreeMap::new(),
            there: HashMap::new(),
            manifests: HashMap::new(),
            users: HashMap::new(),
            items: Vec::new(),
        };
        match copy.order.root.clone() {
            None => copy.environment(tx)?,
            Some(root) => copy.one(tx, root)?,
        }
        Ok(copy.prepared())
    }

    fn environment(&mut self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let mut wanted = Vec::new();
        for workspace in workspaces::of_environment(tx, &self.order.source.id)? {
            if workspace.kind == WorkspaceType::Personal {
                let mut item =
                    Item::new(ItemKind::Workspace, workspace.id.as_str(), &workspace.name, ItemStatus::Skipped);
                item.say(Level::Info, "personal workspaces are never promoted");
                let id = workspace.id.clone();
                self.seen.push(id.clone());
                self.workspaces.insert(id, WorkspacePair { source: workspace, target: None, item });
                continue;
            }
            wanted.push(workspace.id);
        }
        self.contents(tx, &wanted)
    }

    fn one(&mut self, tx: &mut Tx<'_>, root: Root) -> Result<(), Error> {
        match root {
            Root::Workspace(id) => self.contents(tx, &[id]),
            Root::Plan(id) => {
                let plan = plans::get(tx, &id)?.ok_or_else(crate::plans::unknown)?;
                self.some(tx, vec![plan], Vec::new(), Wanted::default(), true)
            }
            Root::Task(id) => {
                let task = tasks::get(tx, &id)?.ok_or_else(crate::tasks::unknown)?;
                self.some(tx, Vec::new(), vec![task], Wanted::default(), true)
            }
            Root::Artifact(id) => {
                let artifact = artifacts::get(tx, &id)?.ok_or_else(|| Error::not_found("Artifact id not found."))?;
                self.whole_artifact(tx, artifact)
            }
        }
    }

    /// Everything in these workspaces.
    fn contents(&mut self, tx: &mut Tx<'_>, wanted: &[WorkspaceId]) -> Result<(), Error> {
        let (mut plans, mut tasks, mut parts) = (Vec::new(), Vec::new(), Wanted::default());
        for id in wanted {
            if self.workspace(tx, id)?.target.is_none() {
                continue;
            }
            let count = objects::count_tasks_in(tx, id)?;
            if count > limits::PROMOTION_TASKS {
                let most = limits::PROMOTION_TASKS;
                let reason = format!("it has {count} tasks; a workspace with more than {most} cannot be promoted");
                self.fail_workspace(id, reason);
                continue;
            }
            for artifact in objects::artifacts_in(tx, id)? {
                self.whole_artifact(tx, artifact)?;
            }
            parts.add_workspace(tx, id)?;
            plans.extend(objects::plans_in(tx, id)?);
            tasks.extend(objects::tasks_in(tx, id)?);
        }
        self.some(tx, plans, tasks, parts, false)
    }

    /// These plans, tasks, connections and resources with what they need. `alone`: a plan that cannot be promoted is a mistake of the call.
    fn some(
        &mut self,
        tx: &mut Tx<'_>,
        plans: Vec<Plan>,
        mut tasks: Vec<Task>,
        mut parts: Wanted,
        alone: bool,
    ) -> Result<(), Error> {
        let plans = self.with_handlers(tx, plans, alone)?;
        let mut known: BTreeSet<TaskId> = tasks.iter().map(|task| task.id.clone()).collect();
        for plan in &plans {
            let (named, _) = crate::plan_checks::named_by(&plan.steps.0);
            let missing = named.into_iter().filter(|id| known.insert(id.clone())).map(|id| id.to_string()).collect();
            tasks.extend(Task::with_keys(tx, missing)?);
        }
        // All tasks before what they name: those who save tasks lock in this order too.
        for task in &tasks {
            self.find_task(tx, task)?;
            parts.add(task);
        }
        self.parts(tx, &parts)?;
        for task in tasks {
            self.task(tx, task)?;
        }
        for plan in plans {
            self.plan_itself(tx, plan)?;
        }
        Ok(())
    }

    /// The pair of a source workspace; the target one is planned when there is none.
    pub(super) fn workspace(&mut self, tx: &mut Tx<'_>, id: &WorkspaceId) -> Result<WorkspacePair, Error> {
        if let Some(pair) = self.workspaces.get_mut(id) {
            if pair.source.kind == WorkspaceType::Personal && pair.item.status == ItemStatus::Skipped {
                pair.item.fail("something that is promoted needs an object in it: move that to another workspace");
            }
            return Ok(pair.clone());
        }
        let source = workspaces::get(tx, id)?.ok_or_else(crate::workspaces::unknown)?;
        let mut item = Item::new(ItemKind::Workspace, id.as_str(), &source.name, ItemStatus::Reused);
        let found = objects::workspace(tx, &self.order.target.id, &source.name)?;
        let target = if source.kind == WorkspaceType::Personal {
            item.fail("it is personal, and something that is promoted needs an object in it: move that to another one");
            None
        } else if found.as_ref().is_some_and(|w| w.kind == WorkspaceType::Personal) {
            item.fail("the workspace of that name in the target environment is personal: rename one of the two");
            None
        } else if let Some(found) = found {
            Some(found)
        } else {
            item.status = ItemStatus::Created;
            Some(self.new_workspace(&source))
        };
        item.target_id = target.as_ref().map(|w| w.id.to_string());
        self.seen.push(id.clone());
        let pair = WorkspacePair { source, target, item };
        self.workspaces.insert(id.clone(), pair.clone());
        Ok(pair)
    }

    fn new_workspace(&mut self, source: &Workspace) -> Workspace {
        let now = self.order.now;
        let made = Workspace {
            id: WorkspaceId::generate(now, self.service.random()),
            environment_id: self.order.target.id.clone(),
            created_ms: now,
            updated_ms: now,
            ..source.clone()
        };
        self.changes.workspaces.push(made.clone());
        made
    }

    fn fail_workspace(&mut self, id: &WorkspaceId, reason: String) {
        if let Some(pair) = self.workspaces.get_mut(id) {
            pair.item.fail(reason);
            pair.target = None;
        }
    }

    /// What the archive of a source version says; read once.
    pub(super) fn manifest(
        &mut self,
        tx: &mut Tx<'_>,
        artifact: &ArtifactId,
        version: &str,
    ) -> Result<Arc<Manifest>, Error> {
        let key = (artifact.clone(), version.to_owned());
        if let Some(known) = self.manifests.get(&key) {
            return Ok(Arc::clone(known));
        }
        let row = artifacts::version(tx, artifact, version)?
            .ok_or_else(|| Error::not_found(format!("version {version} of artifact {artifact} was removed")))?;
        let manifest = Arc::new(crate::runs::manifest_of(&row)?);
        self.manifests.insert(key, Arc::clone(&manifest));
        Ok(manifest)
    }

    /// Puts an item into the report.
    pub(super) fn report(&mut self, workspace: Option<&WorkspaceId>, item: Item) {
        self.items.push((workspace.cloned(), item));
    }

    /// Notes that something uses the object with this source id; each user says so once.
    pub(super) fn uses(&mut self, used: &str, user: User) {
        self.users.entry(used.to_owned()).or_default().push(user);
    }

    fn prepared(mut self) -> Prepared {
        self.report_artifacts();
        self.report_runtimes();
        let mut report = Report::default();
        let mut places = HashMap::new();
        for id in &self.seen {
            if let Some(pair) = self.workspaces.remove(id) {
                places.insert(id.clone(), report.workspaces.len());
                report.workspaces.push(WorkspaceReport {
                    workspace_type: pair.source.kind.capitalised().to_owned(),
                    item: pair.item,
                    tasks: Vec::new(),
                    plans: Vec::new(),
                    artifacts: Vec::new(),
                    connections: Vec::new(),
                    resources: Vec::new(),
                    engines: Vec::new(),
                    clusters: Vec::new(),
                });
            }
        }
        for (workspace, mut item) in self.items {
            item.used_by = self.users.remove(&item.id).unwrap_or_default();
            let place = workspace.and_then(|id| places.get(&id)).and_then(|n| report.workspaces.get_mut(*n));
            match (place, item.kind) {
                (Some(place), ItemKind::Task) => place.tasks.push(item),
                (Some(place), ItemKind::Plan) => place.plans.push(item),
                (Some(place), ItemKind::Artifact) => place.artifacts.push(item),
                (Some(place), ItemKind::Connection) => place.connections.push(item),
                (Some(place), ItemKind::Resource) => place.resources.push(item),
                (Some(place), ItemKind::Engine) => place.engines.push(item),
                (Some(place), ItemKind::Cluster) => place.clusters.push(item),
                (None, ItemKind::Cluster) => report.clusters.push(item),
                (None, _) => report.engines.push(item),
                (Some(place), ItemKind::Workspace) => place.item = item,
            }
        }
        Prepared { order: self.order, changes: self.changes, report }
    }
}
