//! Connections and resources of a task: checked when the task is saved, turned into values and files when it starts.

use crate::actor::Allowed;
use crate::connections::opened;
use crate::error::Error;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use stoker_domain::Right;
use stoker_domain::ids::{ConnectionId, EnvironmentId, ResourceId, WorkspaceId};
use stoker_jobzip::Manifest;
use stoker_secrets::keyring::KeyRing;
use stoker_store::connections::{self, Connection};
use stoker_store::resources;
use stoker_store::tasks::Task;
use stoker_store::{Tx, workspaces};

/// Prefix of variables that belong to a connection (source: doc).
const CONNECTION: &str = "connection_";
/// Prefix of variables that hold the path of a file (source: doc).
const FILE: &str = "resource_file_";
/// Prefix of variables that hold the path of a folder (source: doc).
const FOLDER: &str = "resource_directory_";
/// Rights of which one lets the author of a task name what lies in a workspace.
const NAME: &[Right] = &[Right::View, Right::Author, Right::Manage];

/// Where a task lies and who saves it.
pub(crate) struct Place<'a> {
    pub(crate) allowed: &'a Allowed,
    pub(crate) environment: &'a EnvironmentId,
}

impl Place<'_> {
    fn check(&self, tx: &mut Tx<'_>, field: &str, workspace: &WorkspaceId) -> Result<(), Error> {
        self.allowed.right(tx, workspace, NAME)?;
        match workspaces::get(tx, workspace)? {
            Some(found) if found.environment_id == *self.environment => Ok(()),
            _ => Err(Error::invalid(format!("{field}: it lies in another environment than the task"))),
        }
    }
}

/// The entries of a map that were not there before, in the order of their ids; an empty value names nothing.
fn added<'a>(map: &'a Map<String, Value>, before: &Map<String, Value>) -> BTreeSet<(&'a str, &'a str)> {
    let named = map.iter().filter(|(key, value)| before.get(key.as_str()) != Some(value));
    named.filter_map(|(key, value)| Some((value.as_str().filter(|id| !id.is_empty())?, key.as_str()))).collect()
}

/// Checks the connections a task is to have. What it has already was checked when it came. Locked, so that nobody
/// removes one at the same time.
pub(crate) fn check_connections(
    tx: &mut Tx<'_>,
    place: &Place<'_>,
    map: &Map<String, Value>,
    before: &Map<String, Value>,
) -> Result<(), Error> {
    for (id, key) in added(map, before) {
        let field = format!("connections.{key}");
        let id = ConnectionId::parse(id).map_err(|error| Error::invalid(format!("{field}: {error}")))?;
        let missing = || Error::invalid(format!("{field}: there is no connection {id}"));
        let connection = connections::lock(tx, &id)?.ok_or_else(missing)?;
        place.check(tx, &field, &connection.workspace_id)?;
    }
    Ok(())
}

/// The same for resources; a file cannot stand where the job wants a folder, nor a folder where it wants a file.
pub(crate) fn check_resources(
    tx: &mut Tx<'_>,
    place: &Place<'_>,
    map: &Map<String, Value>,
    before: &Map<String, Value>,
    manifest: &Manifest,
) -> Result<(), Error> {
    for (id, key) in added(map, before) {
        let field = format!("resources.{key}");
        let id = ResourceId::parse(id).map_err(|error| Error::invalid(format!("{field}: {error}")))?;
        let missing = || Error::invalid(format!("{field}: there is no resource {id}"));
        let resource = resources::lock(tx, &id)?.ok_or_else(missing)?;
        place.check(tx, &field, &resource.workspace_id)?;
        if let Some(variable) = resource_variable(manifest, key, resource.is_file) {
            let (wrong, is, wants) =
                if resource.is_file { (FOLDER, "file", "folder") } else { (FILE, "folder", "file") };
            if variable.starts_with(wrong) {
                let name = &resource.name;
                return Err(Error::invalid(format!("{field}: resource {name} is a {is}, and the job wants a {wants}")));
            }
        }
    }
    Ok(())
}

/// One value for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Supplied {
    pub(crate) variable: String,
    pub(crate) value: String,
    pub(crate) secret: bool,
}

/// What connections and resources of a task give to a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Supplies {
    pub(crate) values: Vec<Supplied>,
    pub(crate) files: Vec<stoker_wire::Resource>,
}

/// Reads what the task names. A missing one is a refusal that says so: a run without it would fail in a worse way.
pub(crate) fn supplies(tx: &mut Tx<'_>, task: &Task, manifest: &Manifest, keys: &KeyRing) -> Result<Supplies, Error> {
    let mut supplies = Supplies::default();
    if task.connections.0.is_empty() && task.resources.0.is_empty() {
        return Ok(supplies);
    }
    let gone = |field: &str, key: &str| {
        Error::NotConfigured(format!("Task {}: {field}.{key} names nothing that is there; change the task", task.name))
    };
    let variables = Variables::of(manifest);
    for (key, id) in named(&task.connections.0) {
        let id = ConnectionId::parse(id).map_err(|_| gone("connections", key))?;
        let connection = connections::get(tx, &id)?.ok_or_else(|| gone("connections", key))?;
        for parameter in &connection.parameters.0 {
            if let Some(variable) = variables.for_connection(key, &connection, &parameter.name) {
                let value = opened(&id, parameter, keys)?;
                supplies.values.push(Supplied { variable, value, secret: parameter.encrypted });
            }
        }
    }
    // In the order of their ids, as those who save tasks lock them.
    for (id, key) in added(&task.resources.0, &Map::new()) {
        let id = ResourceId::parse(id).map_err(|_| gone("resources", key))?;
        let resource = resources::hold(tx, &id)?.ok_or_else(|| gone("resources", key))?;
        if let Some(variable) = resource_variable(manifest, key, resource.is_file) {
            supplies.files.retain(|file| file.variable != variable);
            supplies.files.push(stoker_wire::Resource {
                variable,
                name: resource.file_name.unwrap_or(resource.name),
                sha256: resource.sha256,
                size: resource.size,
                folder: !resource.is_file,
            });
        }
    }
    Ok(supplies)
}

fn named(map: &Map<String, Value>) -> impl Iterator<Item = (&str, &str)> {
    map.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str().filter(|id| !id.is_empty())?)))
}

/// Whether a name can be that of a context variable.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '=')
}

/// The variable for an entry of `resources`: named whole, or without its prefix. A job that says nothing of its
/// variables gets the published name. `None` when the job knows no such variable: a path would mean nothing to it.
fn resource_variable(manifest: &Manifest, key: &str, is_file: bool) -> Option<String> {
    let prefixed = key.starts_with(FILE) || key.starts_with(FOLDER);
    let usual = if is_file { FILE } else { FOLDER };
    if manifest.parameters.is_empty() {
        let name = if prefixed { key.to_owned() } else { format!("{usual}{key}") };
        return Some(name).filter(|name| is_name(name));
    }
    let known = |wanted: &str| manifest.parameters.iter().any(|parameter| parameter.name == wanted);
    let other = if is_file { FOLDER } else { FILE };
    let candidates = [key.to_owned(), format!("{usual}{key}"), format!("{other}{key}")];
    candidates.into_iter().find(|name| known(name))
}

/// The variables of a job by their names in small letters with `_` for everything that is no letter or digit.
struct Variables<'a> {
    known: HashMap<String, &'a str>,
}

fn normal(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

impl<'a> Variables<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        let mut known = HashMap::new();
        for parameter in &manifest.parameters {
            known.entry(normal(&parameter.name)).or_insert(parameter.name.as_str());
        }
        Self { known }
    }

    /// The variable that a parameter of a connection is meant for (source: doc for `connection_<app>_<param>` and
    /// `connection_<name>_<param>`; the key in the task goes first, because it tells two connections of one application
    /// apart). A job that says nothing of its variables gets the name made of the key.
    fn for_connection(&self, key: &str, connection: &Connection, parameter: &str) -> Option<String> {
        let short = key.strip_prefix(CONNECTION).unwrap_or(key);
        if self.known.is_empty() {
            return Some(format!("{CONNECTION}{short}_{parameter}")).filter(|name| is_name(name));
        }
        let parts = [short, connection.app.as_str(), connection.name.as_str()];
        let made = parts.into_iter().map(|part| format!("{CONNECTION}{part}_{parameter}"));
        let whole = Some(parameter.to_owned()).filter(|name| name.starts_with(CONNECTION));
        made.chain(whole).find_map(|name| self.known.get(&normal(&name)).map(|known| (*known).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoker_store::db::Json;

    fn manifest(names: &[&str]) -> Manifest {
        let parameter = |name: &&str| {
            serde_json::json!({
                "name": name, "type_name": "String", "default": null, "comment": null, "required": false, "secret": false,
            })
        };
        let parameters: Vec<Value> = names.iter().map(parameter).collect();
        let manifest = serde_json::json!({
            "kind": "java", "job": "j", "artifact_type": "STANDARD", "add_opens": false, "contexts": {},
            "parameters": parameters, "info": {}, "launch": stoker_jobzip::Launch::default(),
        });
        serde_json::from_value(manifest).unwrap()
    }

    fn connection(name: &str, app: &str) -> Connection {
        Connection {
            id: ConnectionId::trusted("66f0a1b2c3d4e5f601230001"),
            workspace_id: WorkspaceId::trusted("66f0a1b2c3d4e5f601230002"),
            name: name.to_owned(),
            app: app.to_owned(),
            parameters: Json(Vec::new()),
            created_ms: 0,
            updated_ms: 0,
        }
    }

    #[test]
    fn connections_find_their_variables() {
        let manifest =
            manifest(&["connection_custom_host", "connection_orders_db_host", "connection_key_host", "host"]);
        let variables = Variables::of(&manifest);
        let found = |key: &str, name: &str, app: &str, parameter: &str| {
            variables.for_connection(key, &connection(name, app), parameter)
        };
        assert_eq!(found("x", "y", "Custom", "host").as_deref(), Some("connection_custom_host"));
        assert_eq!(found("x", "orders-db", "Other", "HOST").as_deref(), Some("connection_orders_db_host"));
        assert_eq!(found("connection_key", "y", "Custom", "host").as_deref(), Some("connection_key_host"), "key first");
        assert_eq!(found("key", "y", "Custom", "host").as_deref(), Some("connection_key_host"));
        assert_eq!(found("x", "y", "z", "connection_custom_host").as_deref(), Some("connection_custom_host"));
        assert_eq!(found("x", "y", "z", "host"), None, "a variable without the prefix belongs to no connection");
    }

    #[test]
    fn resources_find_their_variables() {
        let job = manifest(&["orders", "resource_file_orders", "resource_directory_in", "x"]);
        let found = |key: &str, is_file: bool| resource_variable(&job, key, is_file);
        assert_eq!(found("orders", true).as_deref(), Some("orders"), "the whole name goes first");
        assert_eq!(found("in", false).as_deref(), Some("resource_directory_in"));
        assert_eq!(found("in", true).as_deref(), Some("resource_directory_in"));
        assert_eq!(found("db", true), None);
        let silent = manifest(&[]);
        assert_eq!(resource_variable(&silent, "in", true).as_deref(), Some("resource_file_in"));
        assert_eq!(resource_variable(&silent, "resource_file_in", true).as_deref(), Some("resource_file_in"));
        assert_eq!(resource_variable(&silent, "a b", true), None);
    }
}
