//! What the starts of one transaction share: what stands around their tasks is read once, and rows that nothing reads
//! before the commit are written together at the end. One start is a batch of one.

use crate::app::Settings;
use crate::dispatch::{self, Target};
use crate::error::Error;
use crate::waits::Wait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use stoker_domain::ids::{ArtifactId, EngineId, RunId, TaskId};
use stoker_domain::run::{MisfireReason, State};
use stoker_store::artifacts::VersionFile;
use stoker_store::audit::AuditEvent;
use stoker_store::db::Record as _;
use stoker_store::runs::{self, Run, RunEvent};
use stoker_store::tasks::Task;
use stoker_store::{Tx, artifacts, tasks};

/// See the module.
#[derive(Default)]
pub(crate) struct Batch {
    /// When it happens, milliseconds.
    pub(crate) now: i64,
    /// The settings in force when it began: the whole transaction goes by them.
    pub(crate) settings: Arc<Settings>,
    locked: BTreeMap<TaskId, Task>,
    /// The tasks of which it was read whether they have an active run, with one, also one that was made here.
    active: BTreeMap<TaskId, Option<RunId>>,
    files: BTreeMap<(ArtifactId, String), Option<VersionFile>>,
    targets: BTreeMap<(&'static str, Option<String>), Target>,
    runs: Vec<Run>,
    events: Vec<RunEvent>,
    audit: Vec<AuditEvent>,
}

impl Batch {
    /// An empty one.
    pub(crate) fn new(now: i64, settings: Arc<Settings>) -> Self {
        Self { now, settings, ..Self::default() }
    }

    /// Locks several tasks at once, but those that somebody else has locked.
    pub(crate) fn lock_free(&mut self, tx: &mut Tx<'_>, ids: Vec<String>) -> Result<(), Error> {
        let found = tasks::lock_free(tx, ids)?;
        let ids = found.iter().map(|task| task.id.to_string()).collect();
        // As long as they are locked, nobody else starts those that must not run twice at once.
        let mut active: BTreeMap<TaskId, RunId> = runs::active_among(tx, ids)?.into_iter().collect();
        for task in found {
            let begun = self.begun_here(&task.id).or_else(|| active.remove(&task.id));
            self.active.insert(task.id.clone(), begun);
            self.locked.insert(task.id.clone(), task);
        }
        Ok(())
    }

    /// An active run of a task.
    pub(crate) fn any_active(&self, tx: &mut Tx<'_>, task: &TaskId) -> Result<Option<RunId>, Error> {
        match (self.active.get(task), self.begun_here(task)) {
            (Some(active), _) => Ok(active.clone()),
            (None, Some(begun)) => Ok(Some(begun)),
            (None, None) => Ok(runs::any_active_of_task(tx, task)?),
        }
    }

    /// An active run of the task that is not written yet.
    fn begun_here(&self, task: &TaskId) -> Option<RunId> {
        let mut begun = self.runs.iter().filter(|run| run.task_id == *task && run.state != State::Finished);
        begun.next().map(|run| run.id.clone())
    }

    /// Whether a task is locked here.
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.locked.contains_key(&TaskId::trusted(id))
    }

    /// The task, locked until the end of the transaction.
    pub(crate) fn task(&mut self, tx: &mut Tx<'_>, id: &TaskId) -> Result<Option<Task>, Error> {
        if let Some(known) = self.locked.get(id) {
            return Ok(Some(known.clone()));
        }
        let found = tasks::lock(tx, id)?;
        self.locked.extend(found.clone().map(|task| (id.clone(), task)));
        Ok(found)
    }

    /// The engine or cluster of a task, as it was when the first task of the batch asked for it.
    pub(crate) fn target(&mut self, tx: &mut Tx<'_>, task: &Task) -> Result<Target, Error> {
        let key = (task.runtime_type.id(), task.runtime_id.clone());
        if let Some(known) = self.targets.get(&key) {
            return Ok(known.clone());
        }
        let found = dispatch::target(tx, task)?;
        self.targets.insert(key, found.clone());
        Ok(found)
    }

    /// The archive of a task; nothing when its version is gone.
    pub(crate) fn file(&mut self, tx: &mut Tx<'_>, task: &Task) -> Result<Option<VersionFile>, Error> {
        let key = (task.artifact_id.clone(), task.artifact_version.clone());
        if let Some(known) = self.files.get(&key) {
            return Ok(known.clone());
        }
        let found = artifacts::version_file(tx, &task.artifact_id, &task.artifact_version)?;
        self.files.insert(key, found.clone());
        Ok(found)
    }

    /// Takes a new run and its first events; `detail` is what the first tells beside who asked for the run, `object` what
    /// the last tells of what stood in the way of a run that has ended.
    pub(crate) fn begin(&mut self, run: &Run, wait: Option<&Wait>, detail: Value, object: Value) {
        self.add_run(run);
        let mut accepted = json!({ "by": run.user_id, "type": run.run_type.id() });
        if let (Some(accepted), Value::Object(detail)) = (accepted.as_object_mut(), detail) {
            accepted.extend(detail);
        }
        let mut events = vec![("accepted", accepted)];
        if run.state == State::Finished {
            let reason = run.misfire_reason.map(MisfireReason::id);
            let mut ended =
                json!({ "outcome": "deploy_failed", "message": run.error_message, "misfireReason": reason });
            if let (Some(ended), Value::Object(object)) = (ended.as_object_mut(), object) {
                ended.extend(object);
            }
            events.push(("finished", ended));
        } else if run.state == State::Offered {
            let engine = run.engine_id.as_ref().map(EngineId::as_str);
            events.push(("offered", json!({ "engineId": engine, "epoch": run.epoch })));
        } else if let Some(wait) = wait {
            events.push(("waiting", wait.detail.clone()));
        }
        self.events.extend(events.into_iter().zip(1..).map(|((kind, detail), number)| RunEvent {
            run_id: run.id.clone(),
            number,
            at_ms: self.now,
            kind: kind.to_owned(),
            detail: Some(detail.to_string()),
        }));
    }

    /// Takes a new run to be written. Until they are written, only [`Batch::any_active`] counts them.
    fn add_run(&mut self, run: &Run) {
        if run.state != State::Finished
            && let Some(active) = self.active.get_mut(&run.task_id)
        {
            active.get_or_insert_with(|| run.id.clone());
        }
        self.runs.push(run.clone());
    }

    /// Takes an event of the audit trail to be written.
    pub(crate) fn add_audit(&mut self, event: AuditEvent) {
        self.audit.push(event);
    }

    /// Writes the runs that were taken, for those who count.
    pub(crate) fn write_runs(&mut self, tx: &mut Tx<'_>) -> Result<(), Error> {
        Run::insert_all(tx, &self.runs)?;
        self.runs.clear();
        Ok(())
    }

    /// Writes what was taken; the last thing a transaction does.
    pub(crate) fn write(mut self, tx: &mut Tx<'_>) -> Result<(), Error> {
        self.write_runs(tx)?;
        RunEvent::insert_all(tx, &self.events)?;
        AuditEvent::insert_all(tx, &self.audit)?;
        Ok(())
    }
}
