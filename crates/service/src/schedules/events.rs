//! Upcoming instants: of a schedule as it is written, of a task, and of everything in an environment.

use super::{SEE, USE, found, seen};
use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::error::Error;
use crate::schedules::definition::next_ms;
use crate::schedules::links::rule;
use crate::triggers::ExecutableId;
use std::collections::{BTreeSet, HashSet};
use stoker_cron::Rule;
use stoker_domain::ids::{EnvironmentId, ScheduleId, WorkspaceId};
use stoker_domain::limits;
use stoker_domain::runtime::RuntimeType;
use stoker_domain::schedule::ExecutableKind;
use stoker_store::db::Record;
use stoker_store::tasks::{Task, TaskFilter};
use stoker_store::{Tx, plans, schedules, tasks};

/// A page of a window of time.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Start in milliseconds; now when absent.
    pub from_ms: Option<i64>,
    /// End in milliseconds, included.
    pub to_ms: i64,
    /// Page size.
    pub limit: i64,
    /// Items to pass over.
    pub offset: i64,
}

/// Which upcoming events of an environment are asked for.
#[derive(Clone, Debug)]
pub struct EventQuery {
    /// Environment id.
    pub environment: String,
    /// Workspace ids; empty is all.
    pub workspaces: Vec<String>,
    /// Labels, all of them.
    pub tags: Vec<String>,
    /// Kind of processor.
    pub runtime_type: Option<RuntimeType>,
    /// Engine or cluster id.
    pub runtime_id: Option<String>,
    /// When.
    pub window: Window,
}

/// One upcoming instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSearch {
    /// When, milliseconds.
    pub at_ms: i64,
    /// What it starts, with its id; absent for a schedule that starts nothing.
    pub executable: Option<(ExecutableKind, String)>,
    /// Name of the trigger; empty for the trigger of a run configuration.
    pub trigger: String,
}

/// Most tasks that a search looks at: as many as there may be.
const MOST: i64 = limits::TASKS_AND_PLANS;

/// A rule with what its events say.
type Source = (Rule, Option<(ExecutableKind, String)>, String);

impl Window {
    /// Both ends, checked; `earliest` moves the start of a window that begins before it.
    fn checked(&self, now_ms: i64, earliest: Option<i64>) -> Result<(i64, i64), Error> {
        let from = self.from_ms.unwrap_or(now_ms);
        if from > self.to_ms {
            return Err(Error::invalid("from: must not be later than to"));
        }
        if self.to_ms.saturating_sub(from) > limits::TRIGGER_HORIZON_MS {
            return Err(Error::invalid("from, to: the window must not be longer than 5 years"));
        }
        Ok((earliest.map_or(from, |earliest| from.max(earliest)), self.to_ms))
    }
}

impl Service {
    /// The instants a schedule would fire at, linked or not.
    pub async fn schedule_events(
        &self,
        actor: &Actor,
        id: &ScheduleId,
        window: Window,
    ) -> Result<Page<EventSearch>, Error> {
        let allowed = actor.allow(USE)?;
        let (from, to) = window.checked(self.now(), None)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        let sources = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let (schedule, link) = found(tx, &id)?;
                seen(tx, &proof, &schedule, link.as_ref())?;
                let executable = link.map(|link| (link.executable_kind, link.executable_id));
                let triggers = schedules::triggers(tx, &id)?;
                let source = |trigger: schedules::Trigger| -> Result<Source, Error> {
                    Ok((rule(&trigger, &service.inner.zones)?, executable.clone(), trigger.name))
                };
                triggers.into_iter().map(source).collect::<Result<Vec<_>, _>>()
            })
            .await?;
        merged(sources, from, to, window).await
    }

    /// The instants at which a task or plan will be started; none while it is paused.
    pub async fn upcoming(&self, actor: &Actor, id: &ExecutableId, window: Window) -> Result<Page<EventSearch>, Error> {
        let now = self.now();
        let link = self.armed_link(actor, id).await?;
        let (from, to) = window.checked(now, Some(now))?;
        let service = self.clone();
        let sources = self
            .read::<_, Error, _>(&Allowed::system(), move |tx| match link {
                Some(link) => service.sources(tx, &link),
                None => Ok(Vec::new()),
            })
            .await?;
        merged(sources, from, to, window).await
    }

    /// The instants at which anything of an environment will be started.
    pub async fn search_events(&self, actor: &Actor, query: EventQuery) -> Result<Page<EventSearch>, Error> {
        let allowed = actor.allow(USE)?;
        let now = self.now();
        let (from, to) = query.window.checked(now, Some(now))?;
        let window = query.window;
        let (service, proof) = (self.clone(), allowed.clone());
        let sources = self.read::<_, Error, _>(&allowed, move |tx| service.all_sources(tx, &proof, query)).await?;
        merged(sources, from, to, window).await
    }

    fn all_sources(&self, tx: &mut Tx<'_>, allowed: &Allowed, query: EventQuery) -> Result<Vec<Source>, Error> {
        let environment = EnvironmentId::parse(&query.environment)?;
        stoker_store::environments::get(tx, &environment)?.ok_or_else(crate::environments::unknown)?;
        for workspace in &query.workspaces {
            let id = WorkspaceId::parse(workspace)?;
            crate::workspaces::belongs(tx, &id, &environment)?;
            allowed.right(tx, &id, SEE)?;
        }
        let mut sources = Vec::new();
        for kind in [ExecutableKind::Task, ExecutableKind::Plan] {
            let wanted = match kind {
                ExecutableKind::Task => wanted_tasks(tx, allowed, &query, &environment)?,
                ExecutableKind::Plan => wanted_plans(tx, allowed, &query, &environment)?,
            };
            for (link, triggers) in schedules::armed(tx, kind, &environment)? {
                if wanted.contains(&link.executable_id) {
                    for trigger in triggers {
                        let executable = Some((link.executable_kind, link.executable_id.clone()));
                        sources.push((rule(&trigger, &self.inner.zones)?, executable, trigger.name));
                    }
                }
            }
        }
        Ok(sources)
    }

    fn sources(&self, tx: &mut Tx<'_>, link: &schedules::ScheduleLink) -> Result<Vec<Source>, Error> {
        let mut sources = Vec::new();
        for trigger in schedules::triggers(tx, &link.schedule_id)? {
            let executable = Some((link.executable_kind, link.executable_id.clone()));
            sources.push((rule(&trigger, &self.inner.zones)?, executable, trigger.name));
        }
        Ok(sources)
    }
}

/// Whether an object of this workspace is asked for.
fn asked(query: &EventQuery, workspace: &WorkspaceId) -> bool {
    query.workspaces.is_empty() || query.workspaces.iter().any(|id| id == workspace.as_str())
}

/// Ids of the tasks of the query that time may start now.
fn wanted_tasks(
    tx: &mut Tx<'_>,
    allowed: &Allowed,
    query: &EventQuery,
    environment: &EnvironmentId,
) -> Result<HashSet<String>, Error> {
    let filter = TaskFilter {
        environment: Some(environment.clone()),
        runtime_type: query.runtime_type,
        runtime_id: query.runtime_id.clone(),
        tags: query.tags.clone(),
        trigger: Some(tasks::TriggerFilter::Any),
        visible_to: allowed.visible(SEE),
        ..TaskFilter::default()
    };
    let (found, _) = tasks::list(tx, &filter, MOST, 0)?;
    let due = found.into_iter().filter(|task| !task.paused && asked(query, &task.workspace_id));
    Ok(due.map(|task| task.id.to_string()).collect())
}

/// Ids of the plans of the query that time may start now. Labels and processors belong to tasks: a plan is asked for
/// when one of its tasks fits (source: inferred, the search is there to find what a maintenance would hit).
fn wanted_plans(
    tx: &mut Tx<'_>,
    allowed: &Allowed,
    query: &EventQuery,
    environment: &EnvironmentId,
) -> Result<HashSet<String>, Error> {
    let found = plans::timed(tx, environment, &allowed.visible(SEE))?;
    let of_tasks = query.runtime_type.is_some() || query.runtime_id.is_some() || !query.tags.is_empty();
    let mut wanted = HashSet::new();
    for (id, _) in found.into_iter().filter(|(_, workspace)| asked(query, workspace)) {
        let fits = !of_tasks || {
            let named = plans::tasks_of(tx, &BTreeSet::from([id.clone()]))?;
            Task::with_keys(tx, named.iter().map(ToString::to_string).collect())?.iter().any(|task| {
                query.runtime_type.is_none_or(|kind| kind == task.runtime_type)
                    && query.runtime_id.as_ref().is_none_or(|id| Some(id) == task.runtime_id.as_ref())
                    && query.tags.iter().all(|tag| task.tags.0.contains(tag))
            })
        };
        if fits {
            wanted.insert(id.to_string());
        }
    }
    Ok(wanted)
}

/// All instants of the sources in the window, in order of time and then of what they start; a page of them and how many
/// there are. Runs on a thread for such work.
async fn merged(sources: Vec<Source>, from: i64, to: i64, window: Window) -> Result<Page<EventSearch>, Error> {
    let work = move || -> Result<Page<EventSearch>, Error> {
        let mut heap = std::collections::BinaryHeap::new();
        let push = |heap: &mut std::collections::BinaryHeap<_>, index: usize, after: i64| {
            if let Some(at) = next_ms(&sources[index].0, after).filter(|at| *at <= to) {
                heap.push(std::cmp::Reverse((at, sources[index].1.clone().map(|e| e.1), index)));
            }
        };
        for index in 0..sources.len() {
            push(&mut heap, index, from - 1);
        }
        let (mut items, mut total) = (Vec::new(), 0);
        while let Some(std::cmp::Reverse((at_ms, _, index))) = heap.pop() {
            if total >= window.offset && total < window.offset.saturating_add(window.limit) {
                let (_, executable, trigger) = &sources[index];
                items.push(EventSearch { at_ms, executable: executable.clone(), trigger: trigger.clone() });
            }
            total += 1;
            if total > limits::EVENTS as i64 {
                let message =
                    format!("to: there are more than {} events until then; choose an earlier end", limits::EVENTS);
                return Err(Error::invalid(message));
            }
            push(&mut heap, index, at_ms);
        }
        Ok(Page { items, limit: window.limit, offset: window.offset, total })
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
