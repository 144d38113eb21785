//! What the audit trail tells of an object: its whole state, so that an event and the one before it show what changed.
//!
//! Never secrets, and nothing that people put secrets into: of parameters, settings of clusters, and arguments of a Java
//! machine the names are told, and which of them got another value. Lists are bounded by [`crate::audit`].

use crate::error::Error;
use crate::people::PersonView;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{ServiceAccountId, UserId, WorkspaceId};
use stoker_domain::time::to_text;
use stoker_store::connections::{Connection, ConnectionParameter};
use stoker_store::engines::{Cluster, Engine, RunProfile};
use stoker_store::environments::Environment;
use stoker_store::groups::{self, Group};
use stoker_store::plans::{self, Plan};
use stoker_store::promotions::{self, Executor, Promotion};
use stoker_store::resources::Resource;
use stoker_store::schedules::{self, Schedule};
use stoker_store::tasks::Task;
use stoker_store::{Tx, accounts, engines, environments, projects, roles, workspaces};

/// Where the audit trail tells what one event did, beside the state after it.
const CHANGE: &str = "change";

/// A state with what the event did to it; parts that are empty are left out.
pub(crate) fn with_change(mut state: Value, parts: &[(&str, Vec<String>)]) -> Value {
    let told: Map<String, Value> = parts
        .iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(name, list)| ((*name).to_owned(), json!(list)))
        .collect();
    if let (Value::Object(state), false) = (&mut state, told.is_empty()) {
        state.insert(CHANGE.to_owned(), told.into());
    }
    state
}

/// What came and what went between two lists.
pub(crate) fn moved(before: &[String], after: &[String]) -> [(&'static str, Vec<String>); 2] {
    let (old, new): (BTreeSet<&String>, BTreeSet<&String>) = (before.iter().collect(), after.iter().collect());
    let list = |set: &mut dyn Iterator<Item = &&String>| set.map(|one| (*one).clone()).collect();
    [("added", list(&mut new.difference(&old))), ("removed", list(&mut old.difference(&new)))]
}

/// Names of values that are new or differ.
fn new_values<'a, V: PartialEq + 'a>(
    before: impl Iterator<Item = (&'a str, V)>,
    after: impl Iterator<Item = (&'a str, V)>,
) -> Vec<String> {
    let old: BTreeMap<&str, V> = before.collect();
    after.filter(|(name, value)| old.get(name) != Some(value)).map(|(name, _)| name.to_owned()).collect()
}

fn called(name: &str, id: &str) -> String {
    format!("{name} ({id})")
}

/// A group with the logins of its members.
pub(crate) fn group(row: &Group, members: &[String]) -> Value {
    json!({ "name": row.name, "externalId": row.external_id, "members": members })
}

/// Logins of the members of a group, in their order.
pub(crate) fn members(tx: &mut Tx<'_>, row: &Group) -> Result<Vec<String>, Error> {
    Ok(groups::member_logins(tx, &row.id)?)
}

/// A user.
pub(crate) fn person(view: &PersonView) -> Value {
    let person = &view.person;
    let roles: Vec<&str> = view.roles.iter().map(|role| role.name.as_str()).collect();
    json!({
        "login": person.login, "firstName": person.first_name, "lastName": person.last_name, "email": person.email,
        "phone": person.phone, "title": person.title, "preferredLanguage": person.preferred_language,
        "timezone": person.timezone, "applications": person.applications.0, "externalId": person.external_id,
        "active": person.active, "roles": roles,
    })
}

/// All role mappings, by name, with the names of their roles.
pub(crate) fn role_mappings(tx: &mut Tx<'_>) -> Result<Value, Error> {
    let mut told = Map::new();
    for mapping in roles::mappings(tx)? {
        let mut names = Vec::new();
        for id in &mapping.role_ids.0 {
            names.push(roles::get(tx, id)?.map_or_else(|| id.to_string(), |role| role.name));
        }
        told.insert(mapping.name, json!(names));
    }
    Ok(json!({ "mappings": told }))
}

/// A plan: its steps with their tasks, conditions and failure handlers, and what starts it.
pub(crate) fn plan(tx: &mut Tx<'_>, row: &Plan) -> Result<Value, Error> {
    let (task_ids, plan_ids) = crate::plan_checks::named_by(&row.steps.0);
    let places = plans::task_places(tx, &task_ids)?.into_iter().chain(plans::plan_places(tx, &plan_ids)?);
    let names: BTreeMap<String, String> = places.map(|place| (place.id, place.name)).collect();
    let told = |id: &str| names.get(id).map_or_else(|| id.to_owned(), |name| called(name, id));
    let steps: Vec<Value> = row
        .steps
        .0
        .iter()
        .map(|step| {
            let tasks: Vec<String> = step.tasks.iter().map(|id| told(id.as_str())).collect();
            let mut state = json!({ "name": step.name, "condition": step.condition.id(), "tasks": tasks });
            if let Some(handler) = &step.handler {
                let tasks: Vec<String> = handler.tasks.iter().map(|id| told(id.as_str())).collect();
                let plans: Vec<String> = handler.plans.iter().map(|id| told(id.as_str())).collect();
                state["onFailure"] = json!({ "tasks": tasks, "plans": plans });
            }
            if let Some(note) = &step.note {
                state["note"] = json!(note);
            }
            state
        })
        .collect();
    Ok(json!({
        "name": row.name, "description": row.description, "steps": steps, "runConfig": row.run_config.0,
        "paused": row.paused, "pauseContext": row.pause_context,
    }))
}

/// A task. Values of parameters stay out: any may be a password.
pub(crate) fn task(row: &Task) -> Value {
    let parameters: Vec<String> = row
        .parameters
        .0
        .iter()
        .map(|(name, value)| if value.is_object() { format!("{name} (secret)") } else { name.clone() })
        .collect();
    json!({
        "name": row.name, "description": row.description, "artifactId": row.artifact_id.as_str(),
        "artifactVersion": row.artifact_version, "tags": row.tags.0, "parameters": parameters,
        "connections": row.connections.0, "resources": row.resources.0,
        "autoUpgrade": row.auto_upgrade.as_ref().map(|json| json.0.clone()),
        "runtime": row.runtime_type.id(), "runtimeId": row.runtime_id,
        "runProfileId": row.run_profile_id.as_ref().map(|id| id.as_str()), "runConfig": row.run_config.0,
        "paused": row.paused, "pauseContext": row.pause_context,
    })
}

/// Names of parameters of a task that got another value. A secret counts when it was given anew.
pub(crate) fn new_task_values(before: &Task, after: &Task) -> Vec<String> {
    let pairs = |task: &'_ Task| task.parameters.0.clone();
    let (old, new) = (pairs(before), pairs(after));
    new_values(
        old.iter().map(|(name, value)| (name.as_str(), value)),
        new.iter().map(|(name, value)| (name.as_str(), value)),
    )
}

/// A connection. Values of parameters stay out: any may be a password.
pub(crate) fn connection(row: &Connection) -> Value {
    let name = |parameter: &ConnectionParameter| match parameter.encrypted {
        true => format!("{} (secret)", parameter.name),
        false => parameter.name.clone(),
    };
    let parameters: Vec<String> = row.parameters.0.iter().map(name).collect();
    json!({
        "name": row.name, "app": row.app, "workspaceId": row.workspace_id.as_str(), "parameters": parameters,
    })
}

/// Names of parameters of a connection that got another value. A secret counts when it was given anew.
pub(crate) fn new_connection_values(before: &[ConnectionParameter], after: &[ConnectionParameter]) -> Vec<String> {
    let pair = |parameter: &'_ ConnectionParameter| (parameter.value.clone(), parameter.encrypted);
    new_values(
        before.iter().map(|parameter| (parameter.name.as_str(), pair(parameter))),
        after.iter().map(|parameter| (parameter.name.as_str(), pair(parameter))),
    )
}

/// A resource; of its file the hash and the size.
pub(crate) fn resource(row: &Resource) -> Value {
    json!({
        "name": row.name, "description": row.description, "workspaceId": row.workspace_id.as_str(), "file": row.is_file,
        "fileName": row.file_name, "sha256": row.sha256, "size": row.size,
    })
}

/// A cluster with its members.
pub(crate) fn cluster(tx: &mut Tx<'_>, row: &Cluster) -> Result<Value, Error> {
    let engines = engines::members(tx, &row.id)?;
    let engines: Vec<String> = engines.iter().map(|engine| called(&engine.name, engine.id.as_str())).collect();
    Ok(json!({
        "name": row.name, "description": row.description, "environmentId": row.environment_id.as_str(),
        "workspaceId": row.workspace_id.as_ref().map(|id| id.as_str()), "engines": engines,
    }))
}

/// An engine, without its keys.
pub(crate) fn engine(row: &Engine) -> Value {
    let mut told = json!({
        "name": row.name, "description": row.description, "status": row.status.id(),
        "environmentId": row.environment_id.as_str(),
        "workspaceId": row.workspace_id.as_ref().map(|id| id.as_str()),
        "clusterId": row.cluster_id.as_ref().map(|id| id.as_str()), "debugHost": row.debug_host,
    });
    if let Some(since) = row.drain_ms {
        told["drain"] = json!({ "since": to_text(since), "by": row.drain_by, "reason": row.drain_reason });
    }
    told
}

/// An argument of a Java machine up to its value: `-Dpassword=x` becomes `-Dpassword=…`.
fn argument(text: &str) -> String {
    text.split_once('=').map_or_else(|| text.to_owned(), |(name, _)| format!("{name}=…"))
}

/// Settings of a run profile of a Gen2 engine; of free parameters the names, and no definition written by hand.
fn settings(value: &Value) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let told = members.iter().map(|(name, member)| {
        let member = match (name.as_str(), member) {
            ("parameters", Value::Object(free)) => json!(free.keys().collect::<Vec<_>>()),
            ("definition", Value::String(_)) => json!("…"),
            _ => settings(member),
        };
        (name.clone(), member)
    });
    Value::Object(told.collect())
}

/// A run profile.
pub(crate) fn run_profile(row: &RunProfile) -> Value {
    let arguments: Vec<String> = row.jvm_arguments.0.iter().map(|text| argument(text)).collect();
    json!({
        "name": row.name, "description": row.description, "type": row.kind.id(), "processorType": row.processor_kind,
        "processorId": row.processor_id, "jvmArguments": arguments,
        "settings": row.settings.as_ref().map(|json| settings(&json.0)), "accessToken": row.secret.is_some(),
    })
}

/// What of a run profile got another value that the state does not show.
pub(crate) fn new_profile_values(before: &RunProfile, after: &RunProfile) -> Vec<String> {
    let split = |profile: &'_ RunProfile| {
        let arguments = profile.jvm_arguments.0.iter();
        let mut all: BTreeMap<String, String> = arguments
            .filter_map(|text| text.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let free = profile.settings.as_ref().map(|json| json.0.clone()).unwrap_or_default();
        hidden(&free, &mut all);
        all.extend(profile.secret.as_ref().map(|sealed| ("accessToken".to_owned(), sealed.clone())));
        all
    };
    let (old, new) = (split(before), split(after));
    new_values(
        old.iter().map(|(name, value)| (name.as_str(), value)),
        new.iter().map(|(name, value)| (name.as_str(), value)),
    )
}

/// The values that [`settings`] leaves out.
fn hidden(value: &Value, found: &mut BTreeMap<String, String>) {
    let Value::Object(members) = value else { return };
    for (name, member) in members {
        match (name.as_str(), member) {
            ("parameters", Value::Object(free)) => {
                found.extend(free.iter().map(|(name, value)| (name.clone(), value.to_string())));
            }
            ("definition", Value::String(text)) => {
                found.insert(name.clone(), text.clone());
            }
            _ => hidden(member, found),
        }
    }
}

/// A schedule with its triggers.
pub(crate) fn schedule(tx: &mut Tx<'_>, row: &Schedule) -> Result<Value, Error> {
    let mut triggers = Map::new();
    for trigger in schedules::triggers(tx, &row.id)? {
        let mut told = json!({ "timeout": trigger.timeout_minutes });
        if let (Value::Object(told), Value::Object(definition)) = (&mut told, &trigger.definition.0) {
            told.extend(definition.clone());
        }
        triggers.insert(trigger.name, told);
    }
    Ok(json!({ "description": row.description, "version": row.version, "triggers": triggers }))
}

/// A project of sources without its URL, into which people put passwords.
pub(crate) fn project(tx: &mut Tx<'_>, row: &projects::Project) -> Result<Value, Error> {
    Ok(json!({
        "name": row.name, "description": row.description, "owner": row.owner,
        "users": projects::member_names(tx, &row.id, projects::USER)?,
        "groups": projects::member_names(tx, &row.id, projects::GROUP)?,
    }))
}

/// What people call a principal: the login, or name and id of a service account; the id where there is neither.
pub(crate) fn principal(tx: &mut Tx<'_>, kind: PrincipalKind, id: &str) -> Result<String, Error> {
    Ok(match kind {
        PrincipalKind::Human => accounts::user(tx, &UserId::trusted(id))?.map(|user| user.login),
        PrincipalKind::Service => {
            let found = accounts::service_account(tx, &ServiceAccountId::trusted(id))?;
            found.map(|account| called(&account.name, account.id.as_str()))
        }
    }
    .unwrap_or_else(|| id.to_owned()))
}

/// A promotion with who may run it.
pub(crate) fn promotion(tx: &mut Tx<'_>, row: &Promotion) -> Result<Value, Error> {
    let mut executors = Vec::new();
    for Executor { principal_kind, principal_id, .. } in promotions::executors(tx, &row.id)? {
        executors.push(principal(tx, principal_kind, &principal_id)?);
    }
    let mut name = |id| Ok::<_, Error>(environments::get(tx, id)?.map(|found| found.name).unwrap_or_default());
    let (source, target) = (name(&row.source_id)?, name(&row.target_id)?);
    Ok(json!({
        "name": format!("{source} to {target}"), "description": row.description,
        "source": called(&source, row.source_id.as_str()), "target": called(&target, row.target_id.as_str()),
        "executors": executors,
    }))
}

/// An environment.
pub(crate) fn environment(row: &Environment) -> Value {
    json!({
        "name": row.name, "description": row.description, "maxCloudContainers": row.max_cloud_containers,
    })
}

/// The rights that a principal has on a workspace.
pub(crate) fn rights(
    tx: &mut Tx<'_>,
    kind: PrincipalKind,
    id: &str,
    workspace: &WorkspaceId,
    rights: &[&str],
) -> Result<Value, Error> {
    let found = workspaces::get(tx, workspace)?.map(|workspace| workspace.name);
    Ok(json!({ "name": principal(tx, kind, id)?, "workspace": found, "rights": rights }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_went_is_told() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let parts = moved(&list(&["ada", "bob"]), &list(&["bob", "eve"]));
        let told = with_change(json!({ "name": "g" }), &parts);
        assert_eq!(told, json!({ "name": "g", "change": { "added": ["eve"], "removed": ["ada"] } }));
        assert_eq!(with_change(json!({ "name": "g" }), &moved(&list(&["x"]), &list(&["x"]))), json!({ "name": "g" }));
    }

    #[test]
    fn free_settings_are_told_without_their_values() {
        let value = json!({ "configuration": { "parameters": { "spark.password": "p-1" }, "numberOfThreads": 2 },
            "definition": "{\"token\": \"p-2\"}" });
        let told = settings(&value);
        assert!(!told.to_string().contains("p-"), "{told}");
        assert_eq!(told["configuration"], json!({ "parameters": ["spark.password"], "numberOfThreads": 2 }));
        assert_eq!(argument("-Dpassword=p-3"), "-Dpassword=…");
        assert_eq!(argument("-Xmx1g"), "-Xmx1g");
    }
}
