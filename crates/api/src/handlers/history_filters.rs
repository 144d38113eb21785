//! Filters of the history as they come from outside (source: spec). Every refusal names the place of the filter.

use crate::error::ApiError;
use serde_json::Value;
use stoker_domain::ids::WorkspaceId;
use stoker_domain::limits;
use stoker_domain::time::from_text;
use stoker_service::history::{Clause, Field, RuntimeField};

/// Statuses that a record can have (source: spec).
const STATUSES: [&str; 12] = [
    "DEPLOY_FAILED",
    "EXECUTION_SUCCESS",
    "EXECUTION_FAILED",
    "EXECUTION_TERMINATED",
    "EXECUTION_TERMINATED_TIMEOUT",
    "EXECUTION_REJECTED",
    "EXECUTION_EVENT_RECEIVED",
    "DISPATCHING_FLOW",
    "STARTING_FLOW_EXECUTION",
    "STOPPING_FLOW_EXECUTION",
    "UNKNOWN",
    "EXECUTION_MISFIRED",
];
/// Kinds of processor that a filter may name (source: spec).
const DESTINATIONS: [&str; 6] =
    ["CLOUD", "CLOUD_EXCLUSIVE", "CLOUD_SANDBOX", "REMOTE_ENGINE", "REMOTE_ENGINE_CLUSTER", "ELASTIC_ENGINE"];
/// Shortest text that names are searched for, in characters (source: spec).
const NAME_PART: usize = 3;

/// Reads the filters of a search.
pub(super) fn read(filters: &[Value]) -> Result<Vec<Clause>, ApiError> {
    if filters.len() > limits::SEARCH_FILTERS {
        return Err(ApiError::invalid(format!("filters: at most {} are accepted", limits::SEARCH_FILTERS)));
    }
    let read = |(number, filter)| clause(filter, &format!("filters[{number}]"));
    let clauses = filters.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    let has_task = clauses.iter().any(|clause| matches!(clause, Clause::Among { field: Field::Task, .. }));
    for (number, clause) in clauses.iter().enumerate() {
        if let Clause::Among { field: Field::Version | Field::LogLevel, .. } = clause
            && !has_task
        {
            let message = format!("filters[{number}].field: version and logLevel need a filter on taskId beside them");
            return Err(ApiError::invalid(message));
        }
    }
    Ok(clauses)
}

fn text<'v>(filter: &'v Value, at: &str, field: &str) -> Result<&'v str, ApiError> {
    filter[field].as_str().ok_or_else(|| ApiError::invalid(format!("{at}.{field}: must be a string")))
}

/// `in` is false, `not_in` true.
fn negated(operator: &str, at: &str, known: [&str; 2]) -> Result<bool, ApiError> {
    match operator {
        _ if operator == known[0] => Ok(false),
        _ if operator == known[1] => Ok(true),
        _ => Err(ApiError::invalid(format!(
            "{at}.operator: {operator:?} is not possible for this field; use {} or {}",
            known[0], known[1]
        ))),
    }
}

/// One text or an array of texts, at least one.
fn texts(value: &Value, at: &str) -> Result<Vec<String>, ApiError> {
    let wrong = || ApiError::invalid(format!("{at}.value: must be a string or an array of strings, at least one"));
    let found = match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => {
            list.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>().ok_or_else(wrong)?
        }
        _ => return Err(wrong()),
    };
    if found.is_empty() {
        return Err(wrong());
    }
    if found.len() > limits::SEARCH_FILTERS {
        return Err(ApiError::invalid(format!("{at}.value: at most {} values are accepted", limits::SEARCH_FILTERS)));
    }
    Ok(found)
}

fn among(field: &str) -> Option<Field> {
    Some(match field {
        "status" => Field::Status,
        "workspaceId" => Field::Workspace,
        "taskId" => Field::Task,
        "planId" => Field::Plan,
        "artifactId" => Field::Artifact,
        "artifactVersion" => Field::ArtifactVersion,
        "tags" => Field::Tag,
        "operator" => Field::Operator,
        "author" => Field::Author,
        "version" => Field::Version,
        "logLevel" => Field::LogLevel,
        "id" => Field::Id,
        "runProfileId" => Field::RunProfile,
        "apiVersion" => Field::ApiVersion,
        _ => return None,
    })
}

fn clause(filter: &Value, at: &str) -> Result<Clause, ApiError> {
    if !filter.is_object() {
        return Err(ApiError::invalid(format!("{at}: must be an object with field, operator and value")));
    }
    let (field, operator, value) = (text(filter, at, "field")?, text(filter, at, "operator")?, &filter["value"]);
    match field {
        "name" => {
            let not = negated(operator, at, ["match", "not_match"])?;
            let part = value.as_str().filter(|part| part.chars().count() >= NAME_PART);
            let wrong =
                || ApiError::invalid(format!("{at}.value: must be a string of at least {NAME_PART} characters"));
            let part = part.filter(|part| part.chars().count() <= limits::NAME_CHARS).ok_or_else(wrong)?.to_owned();
            Ok(Clause::Name { part, not })
        }
        "runtime" => runtime(operator, value, at),
        "period" => period(operator, value, at),
        "executeDurationMs" => {
            let longer = !negated(operator, at, ["greater_than", "less_than"])?;
            let ms = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|ms| *ms >= 0);
            let ms = ms.ok_or_else(|| ApiError::invalid(format!("{at}.value: must be a number of milliseconds")))?;
            Ok(Clause::Duration { longer, ms })
        }
        "apiVersion" if operator == "is_empty" => match value {
            Value::Bool(none) => Ok(Clause::NoApiVersion(*none)),
            _ => Err(ApiError::invalid(format!("{at}.value: must be true or false"))),
        },
        _ => {
            let known = among(field)
                .ok_or_else(|| ApiError::invalid(format!("{at}.field: {field:?} is no field of the history")))?;
            let not = negated(operator, at, ["in", "not_in"])?;
            let values = texts(value, at)?;
            check(known, &values, at)?;
            Ok(Clause::Among { field: known, values, not })
        }
    }
}

fn check(field: Field, values: &[String], at: &str) -> Result<(), ApiError> {
    match field {
        // The published text of this one refusal (source: doc).
        Field::Workspace if values.iter().any(|id| WorkspaceId::parse(id).is_err()) => {
            Err(ApiError::invalid("Workspace ID is not valid id."))
        }
        Field::Status => match values.iter().find(|status| !STATUSES.contains(&status.as_str())) {
            Some(wrong) => Err(ApiError::invalid(format!("{at}.value: {wrong:?} is not a status of an execution"))),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn period(operator: &str, value: &Value, at: &str) -> Result<Clause, ApiError> {
    if operator != "between" {
        return Err(ApiError::invalid(format!("{at}.operator: {operator:?} is not possible for period; use between")));
    }
    let wrong = || ApiError::invalid(format!("{at}.value: must be two times like 2026-02-03T09:27:20Z, earlier first"));
    let instant = |value: &Value| value.as_i64().or_else(|| from_text(value.as_str()?));
    let bounds = value.as_array().filter(|list| list.len() == 2).ok_or_else(wrong)?;
    match (instant(&bounds[0]), instant(&bounds[1])) {
        (Some(from_ms), Some(to_ms)) if from_ms <= to_ms => Ok(Clause::Period { from_ms, to_ms }),
        _ => Err(wrong()),
    }
}

fn runtime(operator: &str, value: &Value, at: &str) -> Result<Clause, ApiError> {
    let any = !negated(operator, at, ["or", "and"])?;
    let list = value.as_array().filter(|list| !list.is_empty() && list.len() <= limits::SEARCH_FILTERS);
    let list = list.ok_or_else(|| ApiError::invalid(format!("{at}.value: must be an array of filters")))?;
    let mut parts = Vec::new();
    for (number, part) in list.iter().enumerate() {
        let at = format!("{at}.value[{number}]");
        let field = match text(part, &at, "field")? {
            "engineId" => RuntimeField::Engine,
            "clusterId" => RuntimeField::Cluster,
            "destination" => RuntimeField::Destination,
            other => {
                let known = "use engineId, clusterId or destination";
                return Err(ApiError::invalid(format!("{at}.field: {other:?} is no field of a runtime; {known}")));
            }
        };
        let not = negated(text(part, &at, "operator")?, &at, ["in", "not_in"])?;
        let mut values = texts(&part["value"], &at)?;
        if field == RuntimeField::Destination {
            if let Some(wrong) = values.iter().find(|value| !DESTINATIONS.contains(&value.as_str())) {
                return Err(ApiError::invalid(format!("{at}.value: {wrong:?} is no destination")));
            }
            for value in values.iter_mut().filter(|value| *value == "ELASTIC_ENGINE") {
                "PIPELINE_ENGINE".clone_into(value);
            }
        }
        parts.push((field, values, not));
    }
    Ok(Clause::Runtime { any, parts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(filter: Value) -> String {
        read(&[filter]).unwrap_err().message
    }

    #[test]
    fn published_filters_are_read() {
        let filters = [
            json!({ "field": "name", "operator": "match", "value": "orders" }),
            json!({ "field": "period", "operator": "between", "value": ["1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z"] }),
            json!({ "field": "runtime", "operator": "or",
                    "value": [{ "field": "engineId", "operator": "in", "value": ["66f0a1b2c3d4e5f601230021"] }] }),
            json!({ "field": "status", "operator": "not_in", "value": "EXECUTION_SUCCESS" }),
        ];
        let found = read(&filters).unwrap();
        assert_eq!(found[1], Clause::Period { from_ms: 1000, to_ms: 2000 });
        assert!(matches!(&found[3], Clause::Among { field: Field::Status, not: true, .. }));
    }

    #[test]
    fn refusals_name_the_place() {
        let starts = |filter: Value, start: &str| {
            let message = refused(filter.clone());
            assert!(message.starts_with(start), "{filter}: {message}");
        };
        starts(json!("x"), "filters[0]: must be an object");
        starts(json!({ "operator": "in", "value": [] }), "filters[0].field");
        starts(json!({ "field": "color", "operator": "in", "value": ["a"] }), "filters[0].field: \"color\"");
        starts(json!({ "field": "taskId", "operator": "match", "value": ["a"] }), "filters[0].operator");
        starts(json!({ "field": "taskId", "operator": "in", "value": [] }), "filters[0].value");
        starts(json!({ "field": "taskId", "operator": "in", "value": [1] }), "filters[0].value");
        starts(json!({ "field": "taskId", "operator": "in", "value": vec!["a"; 201] }), "filters[0].value: at most");
        starts(json!({ "field": "name", "operator": "match", "value": "ab" }), "filters[0].value");
        starts(json!({ "field": "status", "operator": "in", "value": ["DONE"] }), "filters[0].value: \"DONE\"");
        starts(json!({ "field": "period", "operator": "between", "value": ["now", "later"] }), "filters[0].value");
        starts(json!({ "field": "executeDurationMs", "operator": "greater_than", "value": -1 }), "filters[0].value");
        starts(json!({ "field": "logLevel", "operator": "in", "value": ["INFO"] }), "filters[0].field: version and");
        let part = json!([{ "field": "host", "operator": "in", "value": ["a"] }]);
        starts(json!({ "field": "runtime", "operator": "or", "value": part }), "filters[0].value[0].field");
        starts(json!({ "field": "workspaceId", "operator": "in", "value": ["x"] }), "Workspace ID is not valid id.");
    }
}
