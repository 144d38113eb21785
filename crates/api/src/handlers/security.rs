//! Subscription, IP allowlist, role mappings.

use super::{Answer, empty, json, lenient_bool, ok};
use crate::App;
use crate::body::{AllowlistBody, IpEntryBody, RoleMappingBody, SubscriptionBody};
use crate::extract::{Auth, Json, Path, Query};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stoker_service::allowlist::EntryRequest;
use stoker_service::role_mappings::MappingView;

/// `GET /account/subscription`
pub async fn subscription(State(app): State<App>, Auth(actor): Auth) -> Answer {
    ok(&SubscriptionBody::from(app.service.usage(&actor).await?))
}

/// `IpEntry` as it comes in.
#[derive(Deserialize)]
pub struct Entry {
    id: Option<String>,
    ip: String,
    description: String,
}

impl From<Entry> for EntryRequest {
    fn from(entry: Entry) -> Self {
        Self { id: entry.id, ip: entry.ip, description: entry.description }
    }
}

/// `IpAllowlist` as it comes in.
#[derive(Deserialize)]
pub struct List {
    enabled: bool,
    description: Option<String>,
    #[serde(default)]
    ips: Vec<Entry>,
}

/// Query parameters of the read call.
#[derive(Deserialize)]
pub struct Detail {
    #[serde(default, deserialize_with = "lenient_bool")]
    detailed: Option<bool>,
}

/// Body of the switch.
#[derive(Deserialize)]
pub struct Switch {
    enabled: bool,
}

fn requests(entries: Vec<Entry>) -> Vec<EntryRequest> {
    entries.into_iter().map(EntryRequest::from).collect()
}

fn bodies(entries: Vec<stoker_service::rows::IpEntry>) -> Vec<IpEntryBody> {
    entries.into_iter().map(IpEntryBody::from).collect()
}

/// `GET /security/ip-allowlist`
pub async fn allowlist(State(app): State<App>, Auth(actor): Auth, Query(query): Query<Detail>) -> Answer {
    ok(&AllowlistBody::of(app.service.allowlist(&actor).await?, query.detailed != Some(false)))
}

/// `POST /security/ip-allowlist`
pub async fn create_allowlist(State(app): State<App>, Auth(actor): Auth, Json(body): Json<List>) -> Answer {
    let fresh = requests(body.ips).into_iter().map(|entry| EntryRequest { id: None, ..entry }).collect();
    let made = app.service.create_allowlist(&actor, body.enabled, body.description, fresh).await?;
    json(StatusCode::CREATED, &AllowlistBody::of(made, true))
}

/// `PUT /security/ip-allowlist`
pub async fn replace_allowlist(State(app): State<App>, Auth(actor): Auth, Json(body): Json<List>) -> Answer {
    let entries = requests(body.ips);
    let changed = app.service.replace_allowlist(&actor, body.enabled, body.description, entries).await?;
    ok(&AllowlistBody::of(changed, true))
}

/// `PATCH /security/ip-allowlist`
pub async fn switch_allowlist(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Switch>) -> Answer {
    app.service.switch_allowlist(&actor, body.enabled).await?;
    empty(StatusCode::OK)
}

/// `DELETE /security/ip-allowlist`
pub async fn delete_allowlist(State(app): State<App>, Auth(actor): Auth) -> Answer {
    app.service.delete_allowlist(&actor).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /security/ip-allowlist/ips`
pub async fn entries(State(app): State<App>, Auth(actor): Auth) -> Answer {
    ok(&bodies(app.service.ip_entries(&actor).await?))
}

/// `POST /security/ip-allowlist/ips`
pub async fn add_entries(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Vec<Entry>>) -> Answer {
    let made = app.service.add_ip_entries(&actor, requests(body)).await?;
    json(StatusCode::CREATED, &bodies(made))
}

/// `PUT /security/ip-allowlist/ips`
pub async fn change_entries(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Vec<Entry>>) -> Answer {
    ok(&bodies(app.service.change_ip_entries(&actor, requests(body)).await?))
}

/// `GET /security/ip-allowlist/ips/{ipEntryId}`
pub async fn entry(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    ok(&IpEntryBody::from(app.service.ip_entry(&actor, &id).await?))
}

/// `PUT /security/ip-allowlist/ips/{ipEntryId}`
pub async fn change_entry(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Json(body): Json<Entry>,
) -> Answer {
    let request = EntryRequest { id: Some(id.clone()), ..body.into() };
    app.service.change_ip_entries(&actor, vec![request]).await?;
    ok(&IpEntryBody::from(app.service.ip_entry(&actor, &id).await?))
}

/// `DELETE /security/ip-allowlist/ips/{ipEntryId}`
pub async fn delete_entry(State(app): State<App>, Auth(actor): Auth, Path(id): Path<String>) -> Answer {
    app.service.delete_ip_entry(&actor, &id).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `RoleMapping` as it comes in.
#[derive(Deserialize)]
pub struct Mapping {
    name: String,
    roles: Vec<String>,
}

/// `GET /security/role-mappings`
pub async fn mappings(State(app): State<App>, Auth(actor): Auth) -> Answer {
    let found = app.service.role_mappings(&actor).await?;
    ok(&found.into_iter().map(RoleMappingBody::from).collect::<Vec<_>>())
}

/// `POST /security/role-mappings`
pub async fn replace_mappings(State(app): State<App>, Auth(actor): Auth, Json(body): Json<Vec<Mapping>>) -> Answer {
    let wanted = body.into_iter().map(|mapping| MappingView { name: mapping.name, roles: mapping.roles }).collect();
    let made = app.service.replace_role_mappings(&actor, wanted).await?;
    ok(&made.into_iter().map(RoleMappingBody::from).collect::<Vec<_>>())
}

/// `DELETE /security/role-mappings`
pub async fn delete_mappings(State(app): State<App>, Auth(actor): Auth) -> Answer {
    app.service.delete_role_mappings(&actor).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `GET /security/role-mappings/{customerRoleName}`
pub async fn mapping(State(app): State<App>, Auth(actor): Auth, Path(name): Path<String>) -> Answer {
    ok(&RoleMappingBody::from(app.service.role_mapping(&actor, &name).await?))
}

/// `DELETE /security/role-mappings/{customerRoleName}`
pub async fn delete_mapping(State(app): State<App>, Auth(actor): Auth, Path(name): Path<String>) -> Answer {
    app.service.delete_role_mapping(&actor, &name).await?;
    empty(StatusCode::NO_CONTENT)
}
