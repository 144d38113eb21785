//! Promotions, who may run them, and their runs.

use super::triggers::Paged;
use super::{Answer, Filter, empty, json, lenient_bool, ok};
use crate::App;
use crate::body::{PageBody, PromotionBody, promotion_run, promotion_run_line, promotion_users};
use crate::error::ApiError;
use crate::extract::{Auth, In, Json, Path, Query, page};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{EnvironmentId, PromotionId, PromotionRunId};
use stoker_domain::promotion::PromotionStatus;
use stoker_service::Actor;
use stoker_service::promotions::{Options, Ran, Scope};

fn environment(field: &str, id: &str) -> Result<EnvironmentId, ApiError> {
    EnvironmentId::parse(id).map_err(|error| ApiError::invalid(format!("{field}: {error}.")))
}

/// `GET /orchestration/executables/promotions`
pub async fn list(State(app): State<App>, Auth(actor): Auth, Query(filter): Query<Filter>) -> Answer {
    let found = app.service.list_promotions(&actor, filter.text()).await?;
    ok(&found.iter().map(PromotionBody::listed).collect::<Vec<_>>())
}

/// `CreatePromotionRequest` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    source_environment_id: String,
    target_environment_id: String,
    description: Option<String>,
}

/// `POST /orchestration/executables/promotions`
pub async fn create(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Create>) -> Answer {
    let source = environment("sourceEnvironmentId", &body.source_environment_id)?;
    let target = environment("targetEnvironmentId", &body.target_environment_id)?;
    let made = app.service.create_promotion(&actor, &source, &target, body.description).await?;
    json(StatusCode::CREATED, &PromotionBody::of(&made))
}

/// `GET /orchestration/executables/promotions/{promotionId}`
pub async fn get(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&PromotionBody::of(&app.service.promotion(&actor, &PromotionId::parse(&id)?).await?))
}

/// `UpdateDescriptionRequest` (source: spec).
#[derive(Deserialize)]
pub struct Describe {
    description: String,
}

/// `PATCH /orchestration/executables/promotions/{promotionId}`
pub async fn patch(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Describe>,
) -> Answer {
    app.service.describe_promotion(&actor, &PromotionId::parse(&id)?, body.description).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /orchestration/executables/promotions/{promotionId}`
pub async fn delete(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_promotion(&actor, &PromotionId::parse(&id)?).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /orchestration/executables/promotions/{promotionId}/users`
pub async fn users(State(app): State<App>, Auth(actor): Auth, In(family): In, Path(id): Path<String>) -> Answer {
    let found = app.service.promotion_executors(&actor, &PromotionId::parse(&id)?).await?;
    ok(&promotion_users(&id, &found, family))
}

async fn add(kind: PrincipalKind, app: App, actor: Actor, path: (String, String)) -> Answer {
    app.service.add_promotion_executor(&actor, &PromotionId::parse(&path.0)?, kind, &path.1).await?;
    empty(StatusCode::NO_CONTENT)
}

async fn remove(kind: PrincipalKind, app: App, actor: Actor, path: (String, String)) -> Answer {
    app.service.remove_promotion_executor(&actor, &PromotionId::parse(&path.0)?, kind, &path.1).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `PUT /orchestration/executables/promotions/{promotionId}/users/{userId}`
pub async fn add_user(State(app): State<App>, Auth(actor): Auth, Path(path): Path<(String, String)>) -> Answer {
    add(PrincipalKind::Human, app, actor, path).await
}

/// `DELETE /orchestration/executables/promotions/{promotionId}/users/{userId}`
pub async fn remove_user(State(app): State<App>, Auth(actor): Auth, Path(path): Path<(String, String)>) -> Answer {
    remove(PrincipalKind::Human, app, actor, path).await
}

/// `PUT /orchestration/executables/promotions/{promotionId}/service-accounts/{serviceAccountId}`
pub async fn add_account(State(app): State<App>, Auth(actor): Auth, Path(path): Path<(String, String)>) -> Answer {
    add(PrincipalKind::Service, app, actor, path).await
}

/// `DELETE /orchestration/executables/promotions/{promotionId}/service-accounts/{serviceAccountId}`
pub async fn remove_account(State(app): State<App>, Auth(actor): Auth, Path(path): Path<(String, String)>) -> Answer {
    remove(PrincipalKind::Service, app, actor, path).await
}

/// `PromotionAdvancedInfo` (source: spec).
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct AdvancedInfo {
    id: Option<String>,
    name: Option<String>,
    workspace_id: Option<String>,
    r#type: Option<String>,
}

/// `PromotionExecutionDetails` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Analyse {
    #[serde(default, deserialize_with = "lenient_bool")]
    keep_target_run_profiles: Option<bool>,
    #[serde(default, deserialize_with = "lenient_bool")]
    keep_target_resources: Option<bool>,
    context: Option<String>,
    promotion_advanced_info: Option<AdvancedInfo>,
}

/// `POST /orchestration/executables/promotions/{promotionId}`
pub async fn analyse(
    State(app): State<App>,
    Auth(actor): Auth,
    In(family): In,
    Path(id): Path<String>,
    Json(body): Json<Analyse>,
) -> Answer {
    let info = body.promotion_advanced_info.unwrap_or_default();
    let options = Options {
        keep_resources: body.keep_target_resources,
        keep_profiles: body.keep_target_run_profiles,
        context: body.context,
        scope: Scope {
            field: "promotionAdvancedInfo",
            id_field: "id",
            kind_field: "type",
            kind: info.r#type,
            id: info.id,
            name: info.name,
            workspace: info.workspace_id,
        },
    };
    let run = app.service.analyse_promotion(&actor, &PromotionId::parse(&id)?, options).await?;
    ok(&promotion_run(&run, family))
}

/// `AdvancedPromotionSpec` (source: spec).
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Advanced {
    artifact_id: Option<String>,
    artifact_type: Option<String>,
}

/// `PromotionExecutableTaskV26` (source: spec).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    executable: String,
    #[serde(default, deserialize_with = "lenient_bool")]
    keep_target_resources: Option<bool>,
    #[serde(default, deserialize_with = "lenient_bool")]
    keep_target_run_profiles: Option<bool>,
    advanced: Option<Advanced>,
    context: Option<String>,
}

/// `POST /processing/executions/promotions`
pub async fn run(State(app): State<App>, Auth(actor): Auth, In(family): In, Json(body): Json<Run>) -> Answer {
    let promotion =
        PromotionId::parse(&body.executable).map_err(|error| ApiError::invalid(format!("executable: {error}.")))?;
    let advanced = body.advanced.unwrap_or_default();
    let options = Options {
        keep_resources: body.keep_target_resources,
        keep_profiles: body.keep_target_run_profiles,
        context: body.context,
        scope: Scope {
            field: "advanced",
            id_field: "artifactId",
            kind_field: "artifactType",
            kind: advanced.artifact_type,
            id: advanced.artifact_id,
            name: None,
            workspace: None,
        },
    };
    let run = match app.service.run_promotion(&actor, &promotion, options).await? {
        Ran::Finished(run) => run,
        Ran::Started(_) => return empty(StatusCode::ACCEPTED),
    };
    if run.status == PromotionStatus::Failed {
        let why = run.message.as_deref().unwrap_or_default();
        let message = format!("nothing was promoted: {why}; the report is that of execution {}", run.id);
        return Err(ApiError::new(StatusCode::NOT_IMPLEMENTED, message));
    }
    let body = serde_json::json!({ "executionId": run.id.as_str(), "executionReport": promotion_run(&run, family) });
    json(StatusCode::CREATED, &body)
}

/// `GET /stoker/v1/promotions/{id}/executions`: what was analysed and run, newest first, without the reports.
pub async fn runs(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(query): Query<Paged>,
) -> Answer {
    let (limit, offset) = page(query.limit, query.offset)?;
    let found = app.service.promotion_runs(&actor, &PromotionId::parse(&id)?, limit, offset).await?;
    ok(&PageBody::of(found, |run| promotion_run_line(&run)))
}

/// `GET /processing/executions/promotions/{executionId}`
pub async fn report(State(app): State<App>, Auth(actor): Auth, In(family): In, Path(id): Path<String>) -> Answer {
    let run = app.service.promotion_run(&actor, &PromotionRunId::parse(&id)?).await?;
    ok(&promotion_run(&run, family))
}
