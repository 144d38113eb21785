//! Component metrics. Their fields are written with underscores (source: spec).

use serde::Serialize;
use serde_json::{Value, json};
use stoker_domain::time::to_text;
use stoker_service::Page;
use stoker_service::components::RunMetrics;
use stoker_service::rows::{ComponentMetric, JobOfRun};

/// Seconds with milliseconds as decimals.
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// `ComponentMetric` (source: spec).
#[derive(Serialize)]
pub struct MetricBody {
    pid: String,
    connector_type: String,
    connector_label: String,
    connector_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_connector_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_id: Option<String>,
    component_start_time_seconds: f64,
    component_connection_rows_total: i64,
    component_execution_duration_milliseconds: i64,
}

impl MetricBody {
    fn of(row: ComponentMetric) -> Self {
        Self {
            pid: row.pid,
            connector_type: row.source_kind,
            connector_label: row.source_label,
            connector_id: row.source_id,
            target_connector_type: row.target_kind,
            target_label: row.target_label,
            target_id: row.target_id,
            component_start_time_seconds: seconds(row.start_ms),
            component_connection_rows_total: row.rows_total,
            component_execution_duration_milliseconds: row.duration_ms,
        }
    }
}

/// `RawComponentMetric` (source: spec).
#[derive(Serialize)]
pub struct RawMetricBody {
    engine_id: String,
    workspace_id: String,
    task_id: String,
    task_execution_id: String,
    process_id: String,
    job_name: String,
    father_pid: String,
    root_pid: String,
    operator: String,
    operator_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_type: Option<String>,
    connection_name: String,
    #[serde(flatten)]
    metric: MetricBody,
}

impl RawMetricBody {
    /// Packs one row.
    pub fn of(row: ComponentMetric) -> Self {
        Self {
            engine_id: row.engine_id.to_string(),
            workspace_id: row.workspace_id.to_string(),
            task_id: row.task_id.to_string(),
            task_execution_id: row.run_id.to_string(),
            process_id: row.process_id.clone(),
            job_name: row.job_name.clone(),
            father_pid: row.father_pid.clone(),
            root_pid: row.root_pid.clone(),
            operator: row.user_id.clone(),
            operator_type: row.user_kind.id(),
            connection_type: row.connection_type.clone(),
            connection_name: row.connection_name.clone(),
            metric: MetricBody::of(row),
        }
    }
}

fn process(job: &JobOfRun) -> Value {
    json!({
        "process_id": job.process_id, "job_name": job.job, "pid": job.pid, "father_pid": job.father_pid,
        "root_pid": job.root_pid,
    })
}

/// `ExecutionComponentMetrics` (source: spec). `start_time` is required, so it is the time of the request while the job
/// has not started (source: inferred).
pub fn run_metrics(found: RunMetrics) -> Value {
    let RunMetrics { run, rows, page } = found;
    let Page { items, limit, offset, total } = page;
    let items: Vec<MetricBody> = items.into_iter().map(MetricBody::of).collect();
    let processes: Vec<Value> = rows.iter().flat_map(|rows| &rows.jobs.0).map(process).collect();
    let mut body = json!({
        "engine_id": run.engine_id.map_or(run.target_id, |id| id.to_string()),
        "workspace_id": run.workspace_id.as_str(),
        "task_id": run.task_id.as_str(),
        "task_execution_id": run.id.as_str(),
        "artifact_id": run.artifact_id.as_str(),
        "artifact_name": run.artifact_name,
        "artifact_version": run.artifact_version,
        "start_time": to_text(run.start_ms.unwrap_or(run.trigger_ms)),
        "operator": run.user_id,
        "operator_type": run.user_kind.id(),
        "processes": processes,
        "metrics": { "items": items, "limit": limit, "offset": offset, "total": total },
    });
    if let Some(finish) = run.finish_ms {
        body["finish_time"] = to_text(finish).into();
    }
    if let Some(rejected) = rows.and_then(|rows| rows.rejected) {
        body["rows_rejected"] = rejected.into();
    }
    body
}
