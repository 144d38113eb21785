//! Row counts that an engine reports.

use super::told;
use crate::error::Error;
use stoker_domain::ids::RunId;
use stoker_domain::limits;
use stoker_domain::run::State;
use stoker_store::components::{ComponentMetric, JobOfRun, RunRows};
use stoker_store::db::Json;
use stoker_store::runs::Run;
use stoker_store::{Tx, components};
use stoker_wire::Components;
use stoker_wire::components::{ComponentName, JobProcess, LinkRows};

/// Stores the counts of a run in place of older ones. A run that has ended keeps what it has, and one that runs for longer
/// than the documented time is not counted any more (source: doc).
pub(super) fn store(tx: &mut Tx<'_>, run: &Run, counts: &Components, now: i64) -> Result<(), Error> {
    let Some(engine) = run.engine_id.clone().filter(|_| run.state != State::Finished) else { return Ok(()) };
    if run.start_ms.is_some_and(|start| now - start > limits::METRICS_RUN_MS) {
        return Ok(());
    }
    let jobs: Vec<JobOfRun> = counts.jobs.iter().take(limits::METRICS_ITEMS).map(|job| job_of(&run.id, job)).collect();
    for link in counts.links.iter().take(limits::METRICS_ITEMS) {
        // What an engine says is never believed: a link of no job is none.
        let Some(job) = jobs.get(link.job) else { continue };
        let (source, target) = (named(link.source.as_ref(), &link.name), link.target.as_ref());
        let target = target.map(|target| named(Some(target), ""));
        let (target_id, target_kind, target_label) = match target {
            Some([id, kind, label]) => (Some(id), Some(kind), Some(label)),
            None => (None, None, None),
        };
        let [source_id, source_kind, source_label] = source;
        let metric = ComponentMetric {
            run_id: run.id.clone(),
            number: link.number,
            environment_id: run.environment_id.clone(),
            workspace_id: run.workspace_id.clone(),
            task_id: run.task_id.clone(),
            engine_id: engine.clone(),
            user_id: run.user_id.clone(),
            user_kind: run.user_kind,
            process_id: job.process_id.clone(),
            job_name: job.job.clone(),
            pid: job.pid.clone(),
            father_pid: job.father_pid.clone(),
            root_pid: job.root_pid.clone(),
            connection_name: short(&link.name),
            connection_type: link.connector.as_deref().map(short),
            source_id,
            source_kind,
            source_label,
            target_id,
            target_kind,
            target_label,
            start_ms: started(link, now),
            rows_total: link.rows.max(0),
            duration_ms: link.millis.max(0),
        };
        components::put(tx, &metric)?;
    }
    let rows = RunRows {
        run_id: run.id.clone(),
        processed: counts.processed.map(|rows| rows.max(0)),
        rejected: counts.rejected.map(|rows| rows.max(0)),
        jobs: Json(jobs),
    };
    components::put_rows(tx, &rows)?;
    Ok(())
}

fn short(text: &str) -> String {
    told(text, limits::NAME_CHARS)
}

/// An engine whose clock is wrong must not put counts where nobody finds them or nothing removes them.
fn started(link: &LinkRows, now: i64) -> i64 {
    link.started_ms.clamp(now - limits::METRICS_RUN_MS, now)
}

fn job_of(run: &RunId, job: &JobProcess) -> JobOfRun {
    JobOfRun {
        process_id: process_id(run, job.machine),
        job: short(&job.job),
        pid: short(&job.pid),
        father_pid: short(&job.father_pid),
        root_pid: short(&job.root_pid),
    }
}

/// Name of a Java machine: the id of the run for its first one, for others the same with their number at the end (source:
/// spec wants a UUID, the value is inferred).
fn process_id(run: &RunId, machine: i64) -> String {
    let id = run.as_str();
    match (machine, id.len().checked_sub(4).and_then(|at| id.get(..at))) {
        (1.., Some(front)) => format!("{front}{:04x}", machine & 0xffff),
        _ => id.to_owned(),
    }
}

/// Id, kind and label; without a design the link's own name stands for the component (source: inferred, the fields are
/// required).
fn named(component: Option<&ComponentName>, link: &str) -> [String; 3] {
    match component {
        Some(known) => [short(&known.id), short(&known.kind), short(&known.label)],
        None => [short(link), String::new(), short(link)],
    }
}
