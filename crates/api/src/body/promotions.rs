//! Promotions, who may run them, and reports of their runs.

use super::{EnvironmentInfo, body};
use crate::family::Family;
use serde::Serialize;
use serde_json::{Map, Value, json};
use stoker_domain::PrincipalKind;
use stoker_domain::promotion::{Item, ItemKind, Level, PromotionStatus, Report, WorkspaceReport};
use stoker_domain::time::to_text;
use stoker_service::promotions::{PromotionRunView, PromotionView};
use stoker_service::rows::Executor;

body!(
    /// `PromotionExecutableDetails` (source: spec).
    PromotionBody {
        /// Its id.
        executable: String,
        /// Names of both environments.
        name: String,
        /// Free text; not in lists (source: spec).
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Where objects come from.
        source_environment: EnvironmentInfo,
        /// Where they go.
        target_environment: EnvironmentInfo,
    }
);

impl PromotionBody {
    /// As a read call answers it.
    pub fn of(view: &PromotionView) -> Self {
        Self { description: Some(view.promotion.description.clone().unwrap_or_default()), ..Self::listed(view) }
    }

    /// As a list shows it.
    pub fn listed(view: &PromotionView) -> Self {
        Self {
            executable: view.promotion.id.to_string(),
            name: view.name(),
            description: None,
            source_environment: EnvironmentInfo::nested(&view.source),
            target_environment: EnvironmentInfo::nested(&view.target),
        }
    }
}

/// `PromotionUsersResponse` (source: spec); the older generation knows no service accounts there.
pub fn promotion_users(promotion: &str, executors: &[Executor], family: Family) -> Value {
    let of = |kind: PrincipalKind| -> Vec<&str> {
        executors.iter().filter(|e| e.principal_kind == kind).map(|e| e.principal_id.as_str()).collect()
    };
    let mut body = json!({ "executable": promotion, "userIds": of(PrincipalKind::Human) });
    if !family.is_tmc() {
        body["serviceAccountIds"] = json!(of(PrincipalKind::Service));
    }
    body
}

/// How the objects of one report are written.
#[derive(Clone, Copy)]
struct Style {
    tmc: bool,
    /// `promotionReport` for what was done, `analyzeReport` for what would be (source: spec).
    field: &'static str,
}

/// `PromotionExecutionStatusV26` and `PromotionExecutionStatus` (source: spec).
pub fn promotion_run(run: &PromotionRunView, family: Family) -> Value {
    let done = matches!(run.status, PromotionStatus::Promoted | PromotionStatus::Warning);
    let field = if done { "promotionReport" } else { "analyzeReport" };
    let style = Style { tmc: family.is_tmc(), field };
    let report: &Report = &run.report.0;
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("executionId", json!(run.id.as_str()));
    put("triggerTimestamp", json!(to_text(run.trigger_ms)));
    put("startTimestamp", json!(to_text(run.start_ms)));
    if let Some(ms) = run.finish_ms {
        put("finishTimestamp", json!(to_text(ms)));
    }
    put("userId", json!(run.user_id));
    put("userType", json!(run.user_kind.id()));
    put("promotionId", json!(run.promotion_id.as_str()));
    put("pipelineId", json!(run.promotion_id.as_str()));
    put("keepTargetResources", json!(run.keep_resources.unwrap_or(false)));
    put("keepTargetRunProfiles", json!(run.keep_profiles.unwrap_or(false)));
    if let (Some(kind), Some(id)) = (run.scope_kind, &run.scope_id) {
        put("advanced", json!({ "artifactType": kind.id(), "artifactId": id }));
    }
    put("defective", json!(run.status == PromotionStatus::Failed || report.defective()));
    put("status", json!(run.status.id()));
    if let Some(message) = &run.message {
        put("statusMessage", json!(message));
    }
    put("workspaces", report.workspaces.iter().map(|w| workspace(w, style)).collect());
    put("engines", items(&report.engines, style));
    put("clusters", items(&report.clusters, style));
    if let Some(context) = &run.context {
        put("context", json!(context));
    }
    Value::Object(body)
}

/// A run in the list of its promotion: our own call, the report is asked for by its id.
pub fn promotion_run_line(run: &PromotionRunView) -> Value {
    let mut body = promotion_run(run, Family::Core);
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|name, _| !matches!(name.as_str(), "workspaces" | "engines" | "clusters" | "pipelineId"));
    }
    body
}

fn workspace(report: &WorkspaceReport, style: Style) -> Value {
    let mut body = item(&report.item, style);
    if !style.tmc {
        body["workspaceType"] = json!(report.workspace_type);
    }
    for (name, list) in [
        ("flows", &report.tasks),
        ("plans", &report.plans),
        ("actions", &report.artifacts),
        ("connections", &report.connections),
        ("resources", &report.resources),
        ("engines", &report.engines),
        ("clusters", &report.clusters),
    ] {
        body[name] = items(list, style);
    }
    body
}

fn items(list: &[Item], style: Style) -> Value {
    list.iter().map(|one| item(one, style)).collect()
}

/// What all objects of a report have.
fn plain(one: &Item, style: Style) -> Value {
    let level = |level: Level| level.id();
    let messages: Vec<Value> =
        one.messages.iter().map(|m| json!({ "info": m.info, "level": level(m.level) })).collect();
    let mut body = json!({ "name": one.name, "type": one.kind.id() });
    body[style.field] = json!({ "status": one.status.id(), "messages": messages });
    if let Some(id) = &one.target_id {
        body["targetId"] = json!(id);
    }
    body
}

fn item(one: &Item, style: Style) -> Value {
    let mut body = plain(one, style);
    body["id"] = json!(one.id);
    if !one.used_by.is_empty() {
        let users = one.used_by.iter().map(|user| {
            let mut shown = json!({ "id": user.id, "name": user.name, "type": user.kind.id() });
            if let Some(id) = &user.target_id {
                shown["targetId"] = json!(id);
            }
            shown
        });
        body["usedBy"] = users.collect();
    }
    if let Some(version) = &one.target_version {
        body["targetVersion"] = json!(version);
    }
    match one.kind {
        ItemKind::Task => task(one, style, &mut body),
        ItemKind::Artifact if !style.tmc => {
            body["version"] = json!(one.version);
            body["jobType"] = json!(one.job_type);
            body["versions"] = one.parts.iter().map(|part| version(part, style)).collect();
        }
        ItemKind::Engine | ItemKind::Cluster => body["runProfiles"] = items_of(&one.parts, style),
        _ => {}
    }
    if let Value::Object(fields) = &mut body {
        fields.retain(|_, value| !value.is_null());
    }
    body
}

/// The version of a task is a whole number here, its first part (source: spec).
fn task(one: &Item, style: Style, body: &mut Value) {
    let major = one.version.as_deref().and_then(|v| v.split('.').next()?.parse::<i64>().ok());
    body["version"] = json!(major);
    if !style.tmc {
        body["jobType"] = json!(one.job_type);
        body["workspaceId"] = json!(one.workspace_id);
        body["artifactId"] = json!(one.artifact_id);
    }
}

fn version(part: &Item, style: Style) -> Value {
    let mut body = plain(part, style);
    body["version"] = json!(part.version);
    if let Some(version) = &part.target_version {
        body["targetVersion"] = json!(version);
    }
    body
}

fn items_of(parts: &[Item], style: Style) -> Value {
    let with_id = |part: &Item| {
        let mut body = plain(part, style);
        body["id"] = json!(part.id);
        body
    };
    parts.iter().map(with_id).collect()
}
