//! Row counts of the links between the components of jobs.

use crate::db::record::{Conditions, record};
use crate::db::{Json, Record};
use crate::visible::seen;
use crate::{StoreError, Tx, Value, params};
use serde::{Deserialize, Serialize};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{EngineId, EnvironmentId, RunId, TaskId, WorkspaceId};

/// A job of a run, as its statistics name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOfRun {
    /// The Java machine.
    pub process_id: String,
    /// Name of the job.
    pub job: String,
    /// Its short id.
    pub pid: String,
    /// Id of the job that started it.
    pub father_pid: String,
    /// Id of the first job.
    pub root_pid: String,
}

record! {
    /// The sums of a run, once its job has said something.
    RunRows in "run_rows" {
        /// The run.
        run_id: RunId,
        /// Rows that the sources gave.
        processed: Option<i64>,
        /// Rows that went over reject links.
        rejected: Option<i64>,
        /// The jobs in it.
        jobs: Json<Vec<JobOfRun>>,
    }
}

record! {
    /// Rows of one link of a run.
    ComponentMetric in "component_metrics" {
        /// The run.
        run_id: RunId,
        /// Number of the link within the run.
        number: i64,
        /// Environment of the run.
        environment_id: EnvironmentId,
        /// Workspace of the run.
        workspace_id: WorkspaceId,
        /// Its task.
        task_id: TaskId,
        /// Its engine.
        engine_id: EngineId,
        /// Who started it.
        user_id: String,
        /// Person or service account.
        user_kind: PrincipalKind,
        /// The Java machine.
        process_id: String,
        /// Name of the job.
        job_name: String,
        /// Short id of the job.
        pid: String,
        /// Id of the job that started it.
        father_pid: String,
        /// Id of the first job.
        root_pid: String,
        /// Name of the link.
        connection_name: String,
        /// Kind of the link, for example `FLOW`.
        connection_type: Option<String>,
        /// Id of the component the link leaves.
        source_id: String,
        /// Kind of that.
        source_kind: String,
        /// What the designer calls it.
        source_label: String,
        /// Id of the component the link reaches.
        target_id: Option<String>,
        /// Kind of that.
        target_kind: Option<String>,
        /// What the designer calls it.
        target_label: Option<String>,
        /// When the link was first heard of, milliseconds.
        start_ms: i64,
        /// Rows so far.
        rows_total: i64,
        /// Milliseconds so far.
        duration_ms: i64,
    }
}

/// Puts the sums of a run in place of older ones.
pub fn put_rows(tx: &mut Tx<'_>, rows: &RunRows) -> Result<(), StoreError> {
    tx.execute(
        &format!(
            "{} ON CONFLICT (run_id) DO UPDATE SET processed = excluded.processed, rejected = excluded.rejected, \
             jobs = excluded.jobs",
            RunRows::insert_text()
        ),
        &rows.values(),
    )?;
    Ok(())
}

/// Puts the numbers of a link in place of older ones.
pub fn put(tx: &mut Tx<'_>, metric: &ComponentMetric) -> Result<(), StoreError> {
    tx.execute(
        &format!(
            "{} ON CONFLICT (run_id, number) DO UPDATE SET job_name = excluded.job_name, \
             rows_total = excluded.rows_total, duration_ms = excluded.duration_ms",
            ComponentMetric::insert_text()
        ),
        &metric.values(),
    )?;
    Ok(())
}

/// The sums of a run.
pub fn rows(tx: &mut Tx<'_>, run: &RunId) -> Result<Option<RunRows>, StoreError> {
    RunRows::select_opt(tx, "WHERE run_id = $1", params![run])
}

/// By what a list of metrics is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// A column of the table; never a text from outside.
    pub column: &'static str,
    /// Largest first. What is not known comes last either way (source: spec).
    pub descending: bool,
}

impl Order {
    fn text(self) -> String {
        let direction = if self.descending { "DESC" } else { "ASC" };
        let column = self.column;
        let collation = if matches!(column, "start_ms" | "rows_total" | "duration_ms") { "" } else { " {bytes}" };
        format!(
            "ORDER BY CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, {column}{collation} {direction}, \
             run_id {{bytes}}, number"
        )
    }
}

/// A page of the metrics of one run, and how many there are.
pub fn of_run(
    tx: &mut Tx<'_>,
    run: &RunId,
    order: Order,
    limit: i64,
    offset: i64,
) -> Result<(Vec<ComponentMetric>, i64), StoreError> {
    let total = tx.query_int("SELECT count(*) FROM component_metrics WHERE run_id = $1", params![run])?;
    let rest = format!("WHERE run_id = $1 {} LIMIT $2 OFFSET $3", order.text());
    Ok((ComponentMetric::select(tx, &rest, params![run, limit, offset])?, total))
}

/// What a search of metrics is narrowed to.
#[derive(Clone, Debug)]
pub struct MetricFilter {
    /// The environment.
    pub environment: EnvironmentId,
    /// First start of a component, milliseconds.
    pub from_ms: i64,
    /// Last one.
    pub to_ms: i64,
    /// Columns with the values of which one must be there; never a column from outside.
    pub any_of: Vec<(&'static str, Vec<String>)>,
    /// Only workspaces on which this principal has a right of the mask.
    pub visible_to: (String, i64),
}

/// A page of metrics of all runs, and how many there are.
pub fn search(
    tx: &mut Tx<'_>,
    filter: &MetricFilter,
    order: Order,
    limit: i64,
    offset: i64,
) -> Result<(Vec<ComponentMetric>, i64), StoreError> {
    let mut conditions = Conditions::default();
    conditions.and("environment_id = ?", [Value::from(&filter.environment)]);
    conditions.and("start_ms >= ? AND start_ms <= ?", [filter.from_ms.into(), filter.to_ms.into()]);
    seen(&mut conditions, "workspace_id", &filter.visible_to);
    for (column, values) in &filter.any_of {
        conditions.among(column, values.clone());
    }
    let count = format!("SELECT count(*) FROM component_metrics {}", conditions.text());
    let total = tx.query_int(&count, conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    let rest = format!("{} {} {page}", conditions.text(), order.text());
    Ok((ComponentMetric::select(tx, &rest, &values)?, total))
}

/// Whether any metric began before this instant; cheap, for a look now and then.
pub fn any_older(tx: &mut Tx<'_>, before_ms: i64) -> Result<bool, StoreError> {
    let sql = "SELECT run_id FROM component_metrics WHERE environment_id IN (SELECT id FROM environments) \
               AND start_ms < $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![before_ms])?.is_some())
}

/// Removes up to `limit` metrics that began before this instant; gives how many went.
pub fn forget(tx: &mut Tx<'_>, before_ms: i64, limit: i64) -> Result<u64, StoreError> {
    let sql = "SELECT run_id, number FROM component_metrics WHERE environment_id IN (SELECT id FROM environments) \
               AND start_ms < $1 ORDER BY run_id {bytes}, number LIMIT $2";
    let mut gone = 0;
    for row in tx.query(sql, params![before_ms, limit])? {
        let key = params![row.text(0)?, row.int(1)?].to_vec();
        gone += tx.execute("DELETE FROM component_metrics WHERE run_id = $1 AND number = $2", &key)?;
    }
    Ok(gone)
}
