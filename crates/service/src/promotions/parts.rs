//! Connections and resources: the same name in the workspace of the same name. A connection that is there stays as it
//! is (source: doc); a resource by the option of the run. No byte is copied: the new row names the same file.

use super::copy::Copy;
use crate::connections::promoted;
use crate::error::Error;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use stoker_domain::ids::{ConnectionId, ResourceId, WorkspaceId};
use stoker_domain::promotion::{Item, ItemKind, ItemStatus, Level};
use stoker_store::Tx;
use stoker_store::connections::{self, Connection};
use stoker_store::db::Json;
use stoker_store::promotions::objects;
use stoker_store::resources::Resource;
use stoker_store::tasks::Task;

/// What became of a source connection or resource.
#[derive(Clone, Debug)]
pub(super) struct Part {
    name: String,
    /// Its id in the target; absent when it cannot be promoted.
    target: Option<String>,
}

/// Ids of source connections and resources that come along.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    connections: BTreeSet<String>,
    resources: BTreeSet<String>,
}

/// The ids that a map of a task names.
pub(super) fn ids(map: &Map<String, Value>) -> BTreeSet<&str> {
    map.values().filter_map(Value::as_str).filter(|id| !id.is_empty()).collect()
}

impl Wanted {
    /// Adds what a task needs; a paused one is left out, and so is what it needs.
    pub(super) fn add(&mut self, task: &Task) {
        if !task.paused {
            self.connections.extend(ids(&task.connections.0).into_iter().map(str::to_owned));
            self.resources.extend(ids(&task.resources.0).into_iter().map(str::to_owned));
        }
    }

    /// Adds everything in a workspace.
    pub(super) fn add_workspace(&mut self, tx: &mut Tx<'_>, id: &WorkspaceId) -> Result<(), Error> {
        self.connections.extend(objects::connection_ids_in(tx, id)?);
        self.resources.extend(objects::resource_ids_in(tx, id)?);
        Ok(())
    }
}

impl Copy<'_> {
    /// Promotes connections and resources: connections first, each kind in the order of ids, as those who save tasks
    /// lock them.
    pub(super) fn parts(&mut self, tx: &mut Tx<'_>, wanted: &Wanted) -> Result<(), Error> {
        for id in &wanted.connections {
            let Ok(known) = ConnectionId::parse(id) else { continue };
            if let Some(source) = connections::get(tx, &known)? {
                self.connection(tx, source)?;
            }
        }
        for id in &wanted.resources {
            let Ok(known) = ResourceId::parse(id) else { continue };
            if let Some(source) = objects::source_resource(tx, &known, self.order.how)? {
                self.resource(tx, source)?;
            }
        }
        Ok(())
    }

    fn connection(&mut self, tx: &mut Tx<'_>, source: Connection) -> Result<(), Error> {
        let workspace = self.workspace(tx, &source.workspace_id)?;
        let mut item = Item::new(ItemKind::Connection, source.id.as_str(), &source.name, ItemStatus::Reused);
        let target = match &workspace.target {
            None => {
                item.fail(format!("its workspace {} cannot be promoted", workspace.source.name));
                None
            }
            Some(place) => match objects::connection(tx, &place.id, &source.name, self.order.how)? {
                Some(there) if there.app != source.app => {
                    let (theirs, ours) = (&there.app, &source.app);
                    item.fail(format!(
                        "the connection of that name in the target is for {theirs}, not for {ours}: rename one"
                    ));
                    None
                }
                Some(there) => {
                    let has = |name: &str| there.parameters.0.iter().any(|parameter| parameter.name == name);
                    for parameter in source.parameters.0.iter().filter(|parameter| !has(&parameter.name)) {
                        let name = &parameter.name;
                        item.say(Level::Info, format!("parameter {name} is not there: add it when it is wanted"));
                    }
                    Some(there.id)
                }
                None => Some(self.new_connection(&source, &place.id, &mut item)),
            },
        };
        let target = target.map(|id| id.to_string());
        item.target_id.clone_from(&target);
        self.connections.insert(source.id.to_string(), Part { name: source.name, target });
        self.report(Some(&source.workspace_id), item);
        Ok(())
    }

    fn new_connection(&mut self, source: &Connection, workspace: &WorkspaceId, item: &mut Item) -> ConnectionId {
        let (now, random) = (self.order.now, self.service.random());
        let id = ConnectionId::generate(now, random);
        let (parameters, open) = promoted(&id, &source.parameters.0, &self.service.inner.keys, random);
        item.status = ItemStatus::Created;
        for name in open {
            item.say(Level::Warn, format!("parameter {name} is secret and was not taken over: set it in the target"));
        }
        self.changes.connections.push(Connection {
            id: id.clone(),
            workspace_id: workspace.clone(),
            parameters: Json(parameters),
            created_ms: now,
            updated_ms: now,
            ..source.clone()
        });
        id
    }

    fn resource(&mut self, tx: &mut Tx<'_>, source: Resource) -> Result<(), Error> {
        let workspace = self.workspace(tx, &source.workspace_id)?;
        let mut item = Item::new(ItemKind::Resource, source.id.as_str(), &source.name, ItemStatus::Reused);
        let target = match &workspace.target {
            None => {
                item.fail(format!("its workspace {} cannot be promoted", workspace.source.name));
                None
            }
            Some(place) => match objects::resource(tx, &place.id, &source.name, self.order.how)? {
                Some(there) if there.is_file != source.is_file => {
                    let (theirs, ours) = if there.is_file { ("file", "folder") } else { ("folder", "file") };
                    item.fail(format!(
                        "the resource of that name in the target is a {theirs}, not a {ours}: rename one"
                    ));
                    None
                }
                Some(there) => Some(self.changed_resource(&source, there, &mut item)),
                None => Some(self.new_resource(&source, &place.id, &mut item)),
            },
        };
        let target = target.map(|id| id.to_string());
        item.target_id.clone_from(&target);
        self.resources.insert(source.id.to_string(), Part { name: source.name, target });
        self.report(Some(&source.workspace_id), item);
        Ok(())
    }

    fn new_resource(&mut self, source: &Resource, workspace: &WorkspaceId, item: &mut Item) -> ResourceId {
        let now = self.order.now;
        let id = ResourceId::generate(now, self.service.random());
        item.status = ItemStatus::Created;
        self.changes.resources.push(Resource {
            id: id.clone(),
            workspace_id: workspace.clone(),
            created_ms: now,
            updated_ms: now,
            ..source.clone()
        });
        id
    }

    /// Gives a target resource the bytes and description of the source, unless those of the target are to stay.
    fn changed_resource(&mut self, source: &Resource, there: Resource, item: &mut Item) -> ResourceId {
        let id = there.id.clone();
        let changed = Resource {
            description: source.description.clone(),
            file_name: source.file_name.clone(),
            sha256: source.sha256.clone(),
            size: source.size,
            ..there.clone()
        };
        if changed == there {
            return id;
        }
        if self.order.keep_resources {
            item.say(Level::Info, "it differs from that of the source, and stays as it is");
            return id;
        }
        item.status = ItemStatus::Replaced;
        if changed.sha256 != there.sha256 {
            self.changes.left_files.insert(there.sha256);
        }
        self.changes.changed_resources.push(Resource { updated_ms: self.order.now, ..changed });
        id
    }
}

/// A map of a source task in terms of the target; `field` is its name. `None`, with the reason in the item, when
/// something of it cannot be promoted. What names nothing is left out: a run would be refused because of it.
pub(super) fn mapped(
    field: &str,
    map: &Map<String, Value>,
    known: &BTreeMap<String, Part>,
    item: &mut Item,
) -> Option<Map<String, Value>> {
    let mut target = Map::new();
    for (key, value) in map {
        let id = value.as_str().unwrap_or_default();
        if id.is_empty() {
            target.insert(key.clone(), value.clone());
            continue;
        }
        match known.get(id) {
            None => item.say(Level::Warn, format!("{field}.{key} names nothing that is there, and was left out")),
            Some(Part { target: Some(there), .. }) => {
                target.insert(key.clone(), Value::String(there.clone()));
            }
            Some(Part { name, target: None }) => {
                item.fail(format!("{name}, which it has as {field}.{key}, cannot be promoted"));
                return None;
            }
        }
    }
    Some(target)
}
