//! Model to file.

use super::fields::ADDITIONS;
use super::flat::ORDER;
use super::tree::WRAPPER;
use super::{environments, request};
use crate::json::{Json, Object};
use crate::model::{Drive, Entity, GraphQl, Kind};

/// Choices of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportOptions {
    /// Write the values of private variables; off by default (`doc`).
    pub private_values: bool,
    /// Write what Stoker adds, in keys that the reference does not know; on by default.
    pub extensions: bool,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self { private_values: false, extensions: true }
    }
}

/// Writes the tree shape, version 6: two blanks a level, stable order, same input same bytes.
pub fn export_tree(drive: &Drive, options: ExportOptions) -> String {
    let mut root = Object::default();
    root.insert("version".into(), Json::int(6));
    root.insert(
        "entities".into(),
        drive.entities.iter().map(|child| tree_node(child, options)).collect::<Vec<_>>().into(),
    );
    if !drive.environments.is_empty() {
        let all: Vec<Json> = drive.environments.iter().map(|one| environments::to_tree(one, options)).collect();
        root.insert("environments".into(), all.into());
    }
    for (name, value) in &drive.extra {
        // A number that was read says which shape it was, not which one this is.
        if name != "version" {
            root.insert(name.clone(), value.clone());
        }
    }
    Json::Object(root).pretty()
}

fn tree_node(entity: &Entity, options: ExportOptions) -> Json {
    let mut made = common(entity);
    if let Some(edited) = &entity.last_modified {
        made.insert("lastModified".into(), Json::text(edited));
    }
    own_keys(entity, options, &mut made);
    let mut extra = entity.extra.clone();
    extra.shift_remove(ORDER);
    let wrapper = extra.shift_remove(WRAPPER);
    made.extend(extra);
    let mut node = Object::default();
    node.insert("entity".into(), Json::Object(made));
    if !entity.children.is_empty() {
        let children: Vec<Json> = entity.children.iter().map(|child| tree_node(child, options)).collect();
        node.insert("children".into(), children.into());
    }
    if let Some(Json::Object(rest)) = wrapper {
        node.extend(rest);
    }
    Json::Object(node)
}

/// Writes the flat shape, version 3: parents before children, environments last.
pub fn export_flat(drive: &Drive, options: ExportOptions) -> String {
    let mut nodes = Vec::new();
    for entity in &drive.entities {
        flat_nodes(entity, None, options, &mut nodes);
    }
    for environment in &drive.environments {
        let mut made = Object::default();
        made.insert("id".into(), Json::text(&environment.id));
        made.insert("type".into(), Json::text("Context"));
        made.insert("name".into(), Json::text(&environment.name));
        for (key, value) in [("description", &environment.description), ("lastModified", &environment.last_modified)] {
            if let Some(value) = value {
                made.insert(key.into(), Json::text(value));
            }
        }
        environments::to_flat(environment, options, &mut made);
        nodes.push(Json::Object(made));
    }
    let mut root = Object::default();
    root.insert("version".into(), Json::int(3));
    root.insert("nodes".into(), nodes.into());
    for (name, value) in &drive.extra {
        if name != "version" {
            root.insert(name.clone(), value.clone());
        }
    }
    Json::Object(root).pretty()
}

fn flat_nodes(entity: &Entity, parent: Option<&str>, options: ExportOptions, into: &mut Vec<Json>) {
    let mut made = common(entity);
    if let Some(edited) = &entity.last_modified {
        made.insert("lastModified".into(), Json::text(edited));
    }
    if let Some(parent) = parent {
        made.insert("parentId".into(), Json::text(parent));
    }
    if matches!(entity.kind, Kind::Scenario(_)) && !entity.children.is_empty() {
        let names: Vec<Json> = entity.children.iter().map(|child| Json::text(&child.name)).collect();
        made.insert(ORDER.into(), names.into());
    }
    own_keys(entity, options, &mut made);
    let mut extra = entity.extra.clone();
    extra.shift_remove(WRAPPER);
    if !still_true(extra.get(ORDER), entity) {
        extra.shift_remove(ORDER);
    }
    made.extend(extra);
    into.push(Json::Object(made));
    for child in &entity.children {
        flat_nodes(child, Some(&entity.id), options, into);
    }
}

/// Whether a stored order with names that are gone still puts the children into the order they have.
fn still_true(order: Option<&Json>, entity: &Entity) -> bool {
    let Some(Json::Array(names)) = order else { return order.is_some() };
    let children: Vec<&str> = entity.children.iter().map(|child| child.name.as_str()).collect();
    let named = names.iter().filter_map(Json::as_text).filter(|name| children.contains(name));
    named.eq(children.iter().copied())
}

fn common(entity: &Entity) -> Object {
    let mut made = Object::default();
    made.insert("id".into(), Json::text(&entity.id));
    made.insert("type".into(), Json::text(entity.kind.name()));
    made.insert("name".into(), Json::text(&entity.name));
    if let Some(description) = &entity.description {
        made.insert("description".into(), Json::text(description));
    }
    made
}

fn own_keys(entity: &Entity, options: ExportOptions, into: &mut Object) {
    match &entity.kind {
        Kind::Project | Kind::Service => {}
        Kind::Scenario(added) => {
            if options.extensions {
                additions(added, into);
            }
        }
        Kind::Request(made) => request::write(made, options.extensions, into),
    }
}

/// Writes the additions, unless they say nothing.
pub(super) fn additions<T: serde::Serialize + Default + PartialEq>(value: &T, into: &mut Object) {
    if *value == T::default() {
        return;
    }
    // Plain structs of texts and numbers: neither step can fail.
    if let Some(json) = serde_json::to_string(value).ok().and_then(|text| Json::parse(&text).ok()) {
        into.insert(ADDITIONS.to_owned(), json);
    }
}

/// The JSON text that a GraphQL body is sent as; variables that are no JSON yet (expressions) stand as they are.
pub(crate) fn graphql_text(graphql: &GraphQl) -> String {
    let mut text = format!("{{\"query\":{}", Json::text(&graphql.query));
    if !graphql.variables.trim().is_empty() {
        text.push_str(",\"variables\":");
        text.push_str(graphql.variables.trim());
    }
    if let Some(operation) = &graphql.operation {
        text.push_str(",\"operationName\":");
        text.push_str(&Json::text(operation).to_string());
    }
    text.push('}');
    text
}
