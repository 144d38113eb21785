//! Records of the history, as JSON and as lines of a CSV file.

use serde_json::{Map, Value, json};
use stoker_domain::PrincipalKind;
use stoker_domain::plan;
use stoker_domain::run::{self, Outcome, State};
use stoker_domain::runtime::RuntimeType;
use stoker_domain::time::to_text;
use stoker_service::history::{PlanRecord, Principal, Record, RunRecord};

/// The columns of the download in their order (source: spec).
pub const COLUMNS: [&str; 47] = [
    "id",
    "name",
    "status",
    "subStatus",
    "type",
    "version",
    "triggerType",
    "triggerTime",
    "runStartTime",
    "runEndTime",
    "operator",
    "operatorType",
    "author",
    "authorType",
    "attempts",
    "accountId",
    "environmentId",
    "workspaceId",
    "taskId",
    "planExecutionId",
    "planName",
    "artifactId",
    "artifactName",
    "artifactVersion",
    "artifactWorkspaceId",
    "destination",
    "clusterId",
    "clusterName",
    "engineId",
    "engineName",
    "runProfileId",
    "runProfileName",
    "errorMessage",
    "misfiredReason",
    "logLevel",
    "tags",
    "numberOfRejectedRows",
    "deploymentStrategy",
    "planId",
    "failedStepName",
    "rerunPlanExecutionId",
    "parentPlanExecutionId",
    "executeDurationMs",
    "engineVersion",
    "javaVersion",
    "javaVendor",
    "jvmName",
];

/// Columns that are instants; numbers in JSON, timestamps with a zone in the download (source: spec).
const TIMES: [&str; 3] = ["triggerTime", "runStartTime", "runEndTime"];

/// `ExecutionRecord` (source: spec). What is not known is left out.
pub fn record(record: &Record) -> Map<String, Value> {
    match record {
        Record::Run(record) => run_record(record),
        Record::Plan(record) => plan_record(record),
    }
}

fn object(value: Value) -> Map<String, Value> {
    let mut map = match value {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    map.retain(|_, value| !value.is_null());
    map
}

/// The upper-case status of the history: it has none for a shut-down engine, and one for a run nobody hears of (source:
/// spec).
fn status(run: &stoker_service::rows::Run) -> &'static str {
    match (run.state, run.outcome) {
        (State::Offered | State::Running, _) if run.unknown_ms.is_some() => "UNKNOWN",
        (State::Finished, Some(Outcome::TerminatedShutdown)) => "EXECUTION_TERMINATED",
        (state, outcome) => run::published_execution_status(state, outcome, run.stop_ms.is_some()),
    }
}

fn kind(who: &Principal) -> Option<&'static str> {
    who.kind.map(PrincipalKind::id)
}

fn took(start: Option<i64>, finish: Option<i64>) -> Option<i64> {
    Some((finish? - start?).max(0))
}

fn run_record(record: &RunRecord) -> Map<String, Value> {
    let run = &record.run;
    let (engine, version) = match &record.engine {
        Some((name, version)) => (Some(name), version.as_ref()),
        None => (None, None),
    };
    let cluster = run.runtime_type == RuntimeType::RemoteEngineCluster;
    let engine_id = run
        .engine_id
        .as_ref()
        .map(ToString::to_string)
        .or_else(|| (run.runtime_type == RuntimeType::RemoteEngine).then(|| run.target_id.clone()));
    let destination = match run.runtime_type {
        RuntimeType::PipelineEngine => "ELASTIC_ENGINE",
        other => other.id(),
    };
    let plan = record.plan.as_ref();
    let (plan_id, plan_run) = plan.and_then(|plan| plan.ids.clone()).unzip();
    let mut body = object(json!({
        "id": run.id.as_str(), "name": run.task_name, "status": status(run), "type": record.kind.id().to_uppercase(),
        "version": run.task_version, "triggerType": run.run_type.id(), "triggerTime": run.trigger_ms,
        "runStartTime": run.start_ms, "runEndTime": run.finish_ms,
        "executeDurationMs": took(run.start_ms, run.finish_ms),
        "operator": record.operator.name, "operatorName": record.operator.shown, "operatorType": kind(&record.operator),
        "author": record.author.name, "authorName": record.author.shown,
        "authorType": kind(&record.author).unwrap_or(PrincipalKind::Human.id()),
        "attempts": run.epoch, "environmentId": run.environment_id.as_str(),
        "workspaceId": run.workspace_id.as_str(), "taskId": run.task_id.as_str(),
        "planId": plan_id, "planExecutionId": plan_run, "planName": plan.map(|plan| &plan.name),
    }));
    body.extend(object(json!({
        "artifactId": run.artifact_id.as_str(), "artifactName": run.artifact_name,
        "artifactVersion": run.artifact_version, "artifactWorkspaceId": record.artifact_workspace,
        "destination": destination, "clusterId": cluster.then_some(&run.target_id), "clusterName": record.cluster,
        "engineId": engine_id, "engineName": engine, "engineVersion": version,
        "runProfileId": run.run_profile_id.as_ref().map(|id| id.as_str()), "runProfileName": record.run_profile,
        "errorMessage": run.error_message, "misfiredReason": run.misfire_reason.map(|reason| reason.id()),
        "logLevel": Some(run.log_level.id()).filter(|level| *level != "OFF"), "tags": record.tags,
        "numberOfRejectedRows": record.rejected, "apiVersion": run.api_version,
    })));
    body
}

fn plan_record(record: &PlanRecord) -> Map<String, Value> {
    let run = &record.run;
    object(json!({
        "id": run.id.as_str(), "name": run.plan_name,
        "status": plan_status(run), "type": "PLAN",
        "triggerType": run.run_type.id(), "triggerTime": run.start_ms, "runStartTime": run.start_ms,
        "runEndTime": run.finish_ms, "executeDurationMs": took(Some(run.start_ms), run.finish_ms),
        "operator": record.operator.name, "operatorName": record.operator.shown, "operatorType": kind(&record.operator),
        "author": record.author.name, "authorName": record.author.shown,
        "authorType": kind(&record.author).unwrap_or(PrincipalKind::Human.id()),
        "environmentId": run.environment_id.as_str(), "workspaceId": run.workspace_id.as_str(),
        "planId": run.plan_id.as_str(), "misfiredReason": run.misfire_reason.map(|reason| reason.id()),
        "failedStepName": record.failed_step, "rerunPlanExecutionId": run.rerun_of.as_ref().map(|id| id.as_str()),
        "parentPlanExecutionId": run.parent_id.as_ref().map(|id| id.as_str()), "apiVersion": run.api_version,
    }))
}

/// A plan that runs has the status of a run that was started (source: inferred, the list has no other).
fn plan_status(run: &stoker_service::rows::PlanRun) -> &'static str {
    match run.state {
        plan::PlanState::Running => "STARTING_FLOW_EXECUTION",
        state => match plan::published_execution_status(state, run.outcome) {
            "EXECUTION_MISFIRED" => "EXECUTION_MISFIRED",
            "EXECUTION_SUCCESS" => "EXECUTION_SUCCESS",
            _ => "EXECUTION_FAILED",
        },
    }
}

/// The first line of the download.
pub fn csv_head() -> String {
    COLUMNS.join(",") + "\n"
}

/// One line of the download.
pub fn csv_line(line: &Record, account: &str) -> String {
    let mut body = record(line);
    body.insert("accountId".to_owned(), account.into());
    let cells: Vec<String> = COLUMNS.iter().map(|column| cell(column, body.get(*column))).collect();
    cells.join(",") + "\n"
}

fn cell(column: &str, value: Option<&Value>) -> String {
    let text = match value {
        None => return String::new(),
        Some(Value::Number(ms)) if TIMES.contains(&column) => to_text(ms.as_i64().unwrap_or_default()),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        Some(other) => other.to_string(),
    };
    quoted(&text)
}

/// Quoted where it must be (source: spec, RFC 4180).
fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(quoted("plain text"), "plain text");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"hi\"\nthere"), "\"say \"\"hi\"\"\nthere\"");
        assert_eq!(cell("triggerTime", Some(&json!(1500))), "1970-01-01T00:00:01.500Z");
        assert_eq!(cell("attempts", Some(&json!(1500))), "1500");
        assert_eq!(cell("tags", Some(&json!(["a", "b"]))), "\"a,b\"");
        assert_eq!(cell("tags", None), "");
    }
}
