//! Runs and their events.

use crate::db::record::{Conditions, record};
use crate::db::{Json, Record};
use crate::{StoreError, Tx, params};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{ArtifactId, EngineId, EnvironmentId, PlanRunId, RunId, RunProfileId, TaskId, WorkspaceId};
use stoker_domain::run::{MisfireReason, Outcome, RunType, State};
use stoker_domain::runtime::{LogLevel, RuntimeType};

record! {
    /// A run. Everything it needs is pinned here when it is accepted.
    Run in "runs" {
        /// Its id.
        id: RunId,
        /// Its task.
        task_id: TaskId,
        /// Name of the task then.
        task_name: String,
        /// Version of the task then.
        task_version: String,
        /// Workspace of the task.
        workspace_id: WorkspaceId,
        /// Environment of that.
        environment_id: EnvironmentId,
        /// What runs.
        artifact_id: ArtifactId,
        /// Its name then.
        artifact_name: String,
        /// In which version.
        artifact_version: String,
        /// The bytes.
        artifact_sha256: String,
        /// How many.
        artifact_size: i64,
        /// Engine or cluster.
        runtime_type: RuntimeType,
        /// Id of that engine or cluster.
        target_id: String,
        /// The engine that has or had it.
        engine_id: Option<EngineId>,
        /// Run profile.
        run_profile_id: Option<RunProfileId>,
        /// Arguments of the Java machine out of the run profile.
        jvm_arguments: Option<Json<Vec<String>>>,
        /// What made it.
        run_type: RunType,
        /// Who: a login or a service-account id.
        user_id: String,
        /// Which of the two.
        user_kind: PrincipalKind,
        /// API version of the start call.
        api_version: Option<String>,
        /// Whether other runs of the task may be active at the same time.
        parallel: bool,
        /// Context to run in.
        context: Option<String>,
        /// Log level.
        log_level: LogLevel,
        /// Minutes after which it is stopped.
        timeout_minutes: Option<i64>,
        /// Parameters that are not secret: a JSON array of name and value.
        parameters: String,
        /// Secret parameters: the same, encrypted.
        secrets: Option<String>,
        /// Where it stands.
        state: State,
        /// How it ended.
        outcome: Option<Outcome>,
        /// When somebody asked to stop it.
        stop_ms: Option<i64>,
        /// The session that was told to stop it.
        stop_sent: Option<String>,
        /// When it was asked for.
        trigger_ms: i64,
        /// When the job's process started.
        start_ms: Option<i64>,
        /// When it ended.
        finish_ms: Option<i64>,
        /// Counts the leases, from 1 with the first offer.
        epoch: i64,
        /// When the lease runs out.
        lease_ms: Option<i64>,
        /// Since when nothing is known of it, because its lease ran out.
        unknown_ms: Option<i64>,
        /// Until when an engine that is away is waited for.
        deploy_until_ms: i64,
        /// Exit code of the job.
        exit_code: Option<i64>,
        /// Signal that ended the job.
        exit_signal: Option<i64>,
        /// Machine-readable kind of the failure.
        error_type: Option<String>,
        /// The failure in words.
        error_message: Option<String>,
        /// Why it did not start.
        misfire_reason: Option<MisfireReason>,
        /// Lines of output stored.
        log_lines: i64,
        /// Log chunks received in this epoch; the number of the next one.
        log_chunks: i64,
        /// Reason code of its wait, as the newest `waiting` event has it; stays as it was when the wait is over.
        wait_reason: Option<String>,
        /// The plan run it is part of.
        plan_run_id: Option<PlanRunId>,
        /// The files it needs beside its artifact: a JSON array, none when absent.
        resources: Option<String>,
    }
}

record! {
    /// One thing that happened to a run. Append-only.
    RunEvent in "run_events" {
        /// The run.
        run_id: RunId,
        /// Order, from 1.
        number: i64,
        /// When.
        at_ms: i64,
        /// What, for example `accepted`, `offered`, `started`, `waiting`, `finished`.
        kind: String,
        /// More, as JSON.
        detail: Option<String>,
    }
}

/// Adds an event behind those the run has.
pub fn add_event(
    tx: &mut Tx<'_>,
    run: &RunId,
    at_ms: i64,
    kind: &str,
    detail: Option<String>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO run_events (run_id, number, at_ms, kind, detail) \
         SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4 FROM run_events WHERE run_id = $1",
        params![run, at_ms, kind, detail],
    )?;
    Ok(())
}

/// All events of a run in order.
pub fn events(tx: &mut Tx<'_>, run: &RunId) -> Result<Vec<RunEvent>, StoreError> {
    RunEvent::select(tx, "WHERE run_id = $1 ORDER BY number", params![run])
}

/// The run with this id.
pub fn get(tx: &mut Tx<'_>, id: &RunId) -> Result<Option<Run>, StoreError> {
    Run::select_opt(tx, "WHERE id = $1", params![id])
}

/// The run of a task that was asked for last.
pub fn last_of_task(tx: &mut Tx<'_>, task: &TaskId) -> Result<Option<Run>, StoreError> {
    Run::select_opt(tx, "WHERE task_id = $1 ORDER BY trigger_ms DESC, id LIMIT 1", params![task])
}

/// The run with this id, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &RunId) -> Result<Option<Run>, StoreError> {
    Run::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// All runs that have not ended, by age.
pub fn active(tx: &mut Tx<'_>) -> Result<Vec<Run>, StoreError> {
    Run::select(tx, "WHERE state <> 'finished' ORDER BY trigger_ms, id {bytes}", params![])
}

/// An active run of the task.
pub fn any_active_of_task(tx: &mut Tx<'_>, task: &TaskId) -> Result<Option<RunId>, StoreError> {
    let sql = "SELECT id FROM runs WHERE task_id = $1 AND state <> 'finished' LIMIT 1";
    tx.query_opt(sql, params![task])?.map(|row| row.text(0).map(RunId::trusted)).transpose()
}

/// Those of the tasks that have active runs, each with one of them.
pub fn active_among(tx: &mut Tx<'_>, tasks: Vec<String>) -> Result<Vec<(TaskId, RunId)>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.among("task_id", tasks);
    conditions.and("state <> 'finished'", []);
    let sql = format!("SELECT task_id, min(id) FROM runs {} GROUP BY task_id", conditions.text());
    let one = |row: &crate::Row| Ok((TaskId::trusted(row.text(0)?), RunId::trusted(row.text(1)?)));
    tx.query(&sql, conditions.values())?.iter().map(one).collect()
}

/// Ids of the active runs of a task, in the order in which they may be locked.
pub fn active_of_task(tx: &mut Tx<'_>, task: &TaskId) -> Result<Vec<RunId>, StoreError> {
    let sql = "SELECT id FROM runs WHERE task_id = $1 AND state <> 'finished' ORDER BY id {bytes}";
    tx.query(sql, params![task])?.iter().map(|row| row.text(0).map(RunId::trusted)).collect()
}

/// How many runs the engine has.
pub fn leased_count(tx: &mut Tx<'_>, engine: &EngineId) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM runs WHERE engine_id = $1 AND state IN ('offered', 'running')";
    tx.query_int(sql, params![engine])
}

/// How many runs each engine has; engines without any are left out.
pub fn leased_counts(tx: &mut Tx<'_>) -> Result<Vec<(EngineId, i64)>, StoreError> {
    let sql = "SELECT engine_id, count(*) FROM runs WHERE state IN ('offered', 'running') GROUP BY engine_id";
    tx.query(sql, params![])?.iter().map(|row| Ok((EngineId::trusted(row.text(0)?), row.int(1)?))).collect()
}

/// The runs the engine has, oldest first, locked in the order of their ids.
pub fn leased(tx: &mut Tx<'_>, engine: &EngineId) -> Result<Vec<Run>, StoreError> {
    let rest = "WHERE engine_id = $1 AND state IN ('offered', 'running') ORDER BY id {bytes} {lock}";
    let mut runs = Run::select(tx, rest, params![engine])?;
    // Stable: runs of one instant stay in the order of their ids.
    runs.sort_by_key(|run| run.trigger_ms);
    Ok(runs)
}

/// Runs waiting for one of the targets, oldest first, locked; rows another server is looking at are left out. None while
/// the engine is drained.
pub fn queued(tx: &mut Tx<'_>, engine: &str, cluster: Option<&str>, limit: i64) -> Result<Vec<Run>, StoreError> {
    match cluster {
        // Two probes of the index instead of one scan for either.
        None => Run::select(
            tx,
            "WHERE state = 'queued' AND target_id = $1 \
             AND NOT EXISTS (SELECT 1 FROM engines WHERE engines.id = $1 AND drain_ms IS NOT NULL) \
             ORDER BY trigger_ms, id LIMIT $2 {skip_locked}",
            params![engine, limit],
        ),
        Some(cluster) => Run::select(
            tx,
            "WHERE state = 'queued' AND target_id IN ($1, $2) \
             AND NOT EXISTS (SELECT 1 FROM engines WHERE engines.id = $1 AND drain_ms IS NOT NULL) \
             ORDER BY trigger_ms, id LIMIT $3 {skip_locked}",
            params![engine, cluster, limit],
        ),
    }
}

/// Whether any run waits for the target.
pub fn any_queued(tx: &mut Tx<'_>, target: &str) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM runs WHERE state = 'queued' AND target_id = $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![target])?.is_some())
}

/// The first target behind `after` that runs wait for, with its kind.
pub fn next_target(tx: &mut Tx<'_>, after: &str) -> Result<Option<(String, RuntimeType)>, StoreError> {
    let sql = "SELECT target_id, runtime_type FROM runs WHERE state = 'queued' AND target_id > $1 \
               ORDER BY target_id LIMIT 1";
    let Some(row) = tx.query_opt(sql, params![after])? else { return Ok(None) };
    let kind = RuntimeType::from_id(&row.text(1)?).ok_or(StoreError::Shape { column: 1, wanted: "a known value" })?;
    Ok(Some((row.text(0)?, kind)))
}

/// Runs that wait for the target and have another reason than this one, oldest first, locked.
pub fn other_waits(tx: &mut Tx<'_>, target: &str, reason: &str, limit: i64) -> Result<Vec<RunId>, StoreError> {
    let sql = "SELECT id FROM runs WHERE state = 'queued' AND target_id = $1 \
               AND (wait_reason IS NULL OR wait_reason <> $2) ORDER BY trigger_ms, id LIMIT $3 {skip_locked}";
    tx.query(sql, params![target, reason, limit])?.iter().map(|row| row.text(0).map(RunId::trusted)).collect()
}

/// Whether a run waits for the target with another reason than this one.
pub fn other_waits_any(tx: &mut Tx<'_>, target: &str, reason: &str) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM runs WHERE state = 'queued' AND target_id = $1 \
               AND (wait_reason IS NULL OR wait_reason <> $2) LIMIT 1";
    Ok(tx.query_opt(sql, params![target, reason])?.is_some())
}

/// Notes why a run waits now.
pub fn note_wait(tx: &mut Tx<'_>, run: &RunId, reason: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE runs SET wait_reason = $2 WHERE id = $1", params![run, reason])?;
    Ok(())
}

/// Gives the lease of a queued run to an engine in a new epoch.
pub fn offer(tx: &mut Tx<'_>, run: &RunId, engine: &EngineId, epoch: i64, lease_ms: i64) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE runs SET state = 'offered', engine_id = $2, epoch = $3, lease_ms = $4, unknown_ms = NULL, log_chunks = 0 \
         WHERE id = $1 AND state = 'queued'",
        params![run, engine, epoch, lease_ms],
    )
}

/// Puts an offered run back into the queue.
pub fn requeue(tx: &mut Tx<'_>, run: &RunId) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE runs SET state = 'queued', engine_id = NULL, lease_ms = NULL, unknown_ms = NULL \
         WHERE id = $1 AND state = 'offered'",
        params![run],
    )
}

/// The job's process started.
pub fn start(tx: &mut Tx<'_>, run: &RunId, at_ms: i64) -> Result<u64, StoreError> {
    tx.execute("UPDATE runs SET state = 'running', start_ms = $2 WHERE id = $1", params![run, at_ms])
}

/// Somebody asked to stop it; keeps the first time.
pub fn request_stop(tx: &mut Tx<'_>, run: &RunId, at_ms: i64) -> Result<u64, StoreError> {
    tx.execute("UPDATE runs SET stop_ms = $2 WHERE id = $1 AND stop_ms IS NULL", params![run, at_ms])
}

/// Runs of the engine that are to be stopped and whose session has not been told.
pub fn unsent_stops(tx: &mut Tx<'_>, engine: &EngineId, session: &str) -> Result<Vec<(RunId, i64)>, StoreError> {
    let sql = "SELECT id, epoch FROM runs WHERE engine_id = $1 AND state IN ('offered', 'running') \
               AND stop_ms IS NOT NULL AND (stop_sent IS NULL OR stop_sent <> $2) ORDER BY id {bytes}";
    tx.query(sql, params![engine, session])?.iter().map(|row| Ok((RunId::trusted(row.text(0)?), row.int(1)?))).collect()
}

/// Notes that the session was told to stop the run.
pub fn note_stop_sent(tx: &mut Tx<'_>, run: &RunId, session: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE runs SET stop_sent = $2 WHERE id = $1", params![run, session])?;
    Ok(())
}

/// How a run ended, as it is stored.
#[derive(Clone, Debug)]
pub struct EndRow {
    /// The outcome.
    pub outcome: Outcome,
    /// When the job's process started, if that is known now.
    pub start_ms: Option<i64>,
    /// When it ended.
    pub finish_ms: i64,
    /// Exit code.
    pub exit_code: Option<i64>,
    /// Signal.
    pub exit_signal: Option<i64>,
    /// Kind of failure.
    pub error_type: Option<String>,
    /// Failure in words.
    pub error_message: Option<String>,
    /// Why it did not start.
    pub misfire_reason: Option<MisfireReason>,
}

/// Ends a run. A finished run is not touched. Its secret parameters are removed: nobody needs them any more.
pub fn finish(tx: &mut Tx<'_>, run: &RunId, end: &EndRow) -> Result<u64, StoreError> {
    tx.execute(
        "UPDATE runs SET state = 'finished', outcome = $2, start_ms = coalesce(start_ms, $3), finish_ms = $4, \
         exit_code = $5, exit_signal = $6, error_type = $7, error_message = $8, misfire_reason = $9, \
         lease_ms = NULL, unknown_ms = NULL, secrets = NULL WHERE id = $1 AND state <> 'finished'",
        params![
            run,
            end.outcome.id(),
            end.start_ms,
            end.finish_ms,
            end.exit_code,
            end.exit_signal,
            end.error_type.clone(),
            end.error_message.clone(),
            end.misfire_reason.map(MisfireReason::id)
        ],
    )
}

/// Extends the leases of all runs the engine has, and takes back that they are unknown. Gives the ids of those that
/// were unknown.
pub fn extend_leases(tx: &mut Tx<'_>, engine: &EngineId, lease_ms: i64) -> Result<Vec<RunId>, StoreError> {
    // Locked one after the other before the update, which by itself would lock them in any order.
    let sql = "SELECT id, unknown_ms FROM runs WHERE engine_id = $1 AND state IN ('offered', 'running') \
               ORDER BY id {bytes} {lock}";
    let mut back = Vec::new();
    for row in &tx.query(sql, params![engine])? {
        if row.opt_int(1)?.is_some() {
            back.push(RunId::trusted(row.text(0)?));
        }
    }
    tx.execute(
        "UPDATE runs SET lease_ms = $2, unknown_ms = NULL WHERE engine_id = $1 AND state IN ('offered', 'running')",
        params![engine, lease_ms],
    )?;
    Ok(back)
}

/// Leased runs whose lease has run out and that are not yet marked.
pub fn lease_ended(tx: &mut Tx<'_>, now_ms: i64, limit: i64) -> Result<Vec<RunId>, StoreError> {
    let sql = "SELECT id FROM runs WHERE state IN ('offered', 'running') AND lease_ms < $1 AND unknown_ms IS NULL \
               ORDER BY id {bytes} LIMIT $2 {skip_locked}";
    tx.query(sql, params![now_ms, limit])?.iter().map(|row| row.text(0).map(RunId::trusted)).collect()
}

/// Whether any lease has run out and is not yet marked.
pub fn lease_ended_any(tx: &mut Tx<'_>, now_ms: i64) -> Result<bool, StoreError> {
    let sql =
        "SELECT id FROM runs WHERE state IN ('offered', 'running') AND lease_ms < $1 AND unknown_ms IS NULL LIMIT 1";
    Ok(tx.query_opt(sql, params![now_ms])?.is_some())
}

/// Whether any run has been unknown since before `before_ms`.
pub fn lost_any(tx: &mut Tx<'_>, before_ms: i64) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM runs WHERE state IN ('offered', 'running') AND unknown_ms < $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![before_ms])?.is_some())
}

/// Whether the wait of any queued run for an engine is over by the clock.
pub fn deploy_overdue_any(tx: &mut Tx<'_>, now_ms: i64) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM runs WHERE state = 'queued' AND deploy_until_ms < $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![now_ms])?.is_some())
}

/// The pattern of a list of files with this one in it; a hash stands there as a whole text.
pub(crate) fn holding(sha256: &str) -> String {
    format!("%\"{sha256}\"%")
}

/// Whether a run the engine has needs the artifact or resource with these bytes.
pub fn leased_needs(tx: &mut Tx<'_>, engine: &EngineId, sha256: &str) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM runs WHERE engine_id = $1 AND state IN ('offered', 'running') \
               AND (artifact_sha256 = $2 OR resources LIKE $3) LIMIT 1";
    Ok(tx.query_opt(sql, params![engine, sha256, holding(sha256)])?.is_some())
}

/// Marks a run as unknown since its lease ended.
pub fn mark_unknown(tx: &mut Tx<'_>, run: &RunId) -> Result<u64, StoreError> {
    tx.execute("UPDATE runs SET unknown_ms = lease_ms WHERE id = $1 AND unknown_ms IS NULL", params![run])
}

/// Runs that have been unknown since before `before_ms`, locked; rows that somebody else has locked are left out: their
/// engine may just be back.
pub fn lost(tx: &mut Tx<'_>, before_ms: i64, limit: i64) -> Result<Vec<RunId>, StoreError> {
    let sql = "SELECT id FROM runs WHERE state IN ('offered', 'running') AND unknown_ms IS NOT NULL AND unknown_ms < $1 \
               ORDER BY unknown_ms, id {bytes} LIMIT $2 {skip_locked}";
    tx.query(sql, params![before_ms, limit])?.iter().map(|row| row.text(0).map(RunId::trusted)).collect()
}

/// Queued runs whose wait for an engine is over by the clock, oldest first.
pub fn deploy_overdue(tx: &mut Tx<'_>, now_ms: i64, limit: i64) -> Result<Vec<Run>, StoreError> {
    Run::select(
        tx,
        "WHERE state = 'queued' AND deploy_until_ms < $1 ORDER BY deploy_until_ms LIMIT $2 {skip_locked}",
        params![now_ms, limit],
    )
}

/// Gives a queued run more time, because its engine is there and only busy.
pub fn postpone_deploy(tx: &mut Tx<'_>, run: &RunId, until_ms: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE runs SET deploy_until_ms = $2 WHERE id = $1", params![run, until_ms])?;
    Ok(())
}

/// What a list of runs is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// One task.
    pub task: Option<TaskId>,
    /// One environment.
    pub environment: Option<EnvironmentId>,
    /// One workspace.
    pub workspace: Option<WorkspaceId>,
    /// States, empty is all.
    pub states: Vec<State>,
    /// Outcome.
    pub outcome: Option<Outcome>,
    /// Labels the task has, all of them.
    pub tags: Vec<String>,
    /// Start of the window, milliseconds.
    pub from_ms: i64,
    /// End of the window, milliseconds.
    pub to_ms: i64,
    /// Now, milliseconds: a window may end later, but hardly anything is to be found there.
    pub now_ms: i64,
    /// Only workspaces on which this principal has a right of the mask.
    pub visible_to: (String, i64),
}
