//! The flat shape, version 3: nodes in any order that name their parents.

use std::collections::HashMap;

use super::fields::Fields;
use super::{MAX_LEVELS, NativeError, environments, tree};
use crate::json::Json;
use crate::model::{Drive, Entity, Kind, MAX_ENTITIES};

struct Node {
    entity: Entity,
    parent: Option<String>,
    order: Vec<String>,
    place: String,
}

pub(super) fn read(mut root: Fields) -> Result<Drive, NativeError> {
    let mut drive = Drive::default();
    let mut nodes = Vec::new();
    let list = root.list("nodes")?.unwrap_or_default();
    if list.len() > MAX_ENTITIES {
        let problem = format!("{} nodes are more than {MAX_ENTITIES}", list.len());
        return Err(NativeError::Field { place: "nodes".to_owned(), problem });
    }
    for mut fields in list {
        let (id, name) = (fields.required("id")?, fields.required("name")?);
        let type_name = fields.required("type")?;
        let (description, last_modified) = (fields.text("description")?, fields.text("lastModified")?);
        if type_name == "Context" {
            let environment = environments::from_flat(id, name, description, last_modified, fields)?;
            drive.environments.push(environment);
            continue;
        }
        // Of the two names of the key, the manual's `parent` becomes the file's usual one.
        let parent = fields.text("parentId")?.or(fields.text("parent")?);
        let kind = tree::kind_of(&type_name, &mut fields)?;
        let place = fields.path.clone();
        let order = names(&mut fields)?;
        let mut entity = Entity::new(id, name, kind);
        (entity.description, entity.last_modified) = (description, last_modified);
        entity.extra = fields.rest();
        nodes.push(Node { entity, parent, order, place });
    }
    drive.entities = assemble(nodes)?;
    drive.extra = root.rest();
    Ok(drive)
}

/// Names of `requestOrder`, which stays in the bag when some of them are gone.
fn names(fields: &mut Fields) -> Result<Vec<String>, NativeError> {
    let place = fields.place(ORDER);
    match fields.get(ORDER) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(items)) => items
            .iter()
            .map(|item| item.as_text().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| NativeError::Field { place, problem: "expected names of requests".to_owned() }),
        Some(other) => Err(NativeError::Field { place, problem: format!("expected an array, found {}", other.kind()) }),
    }
}

/// Key that orders the requests of a scenario.
pub(super) const ORDER: &str = "requestOrder";

fn assemble(nodes: Vec<Node>) -> Result<Vec<Entity>, NativeError> {
    let mut index = HashMap::new();
    for (position, node) in nodes.iter().enumerate() {
        if index.insert(node.entity.id.clone(), position).is_some() {
            let problem = format!("the id {} occurs twice", node.entity.id);
            return Err(NativeError::Field { place: node.place.clone(), problem });
        }
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut top = Vec::new();
    for (position, node) in nodes.iter().enumerate() {
        match node.parent.as_ref().map(|parent| index.get(parent)) {
            None => top.push(position),
            Some(Some(parent)) => {
                tree::check_place(Some(&nodes[*parent].entity.kind), &node.entity.kind, &node.place)?;
                children[*parent].push(position);
            }
            Some(None) => {
                let parent = node.parent.clone().unwrap_or_default();
                let problem = format!("the parent {parent} is not in the file");
                return Err(NativeError::Field { place: node.place.clone(), problem });
            }
        }
    }
    let mut slots: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    let made = top.into_iter().filter_map(|position| build(position, &children, &mut slots, 1)).collect();
    // A parent of the wrong kind was refused above, so no circle of parents is left over.
    Ok(made)
}

fn build(position: usize, children: &[Vec<usize>], slots: &mut [Option<Node>], level: usize) -> Option<Entity> {
    let Node { mut entity, order, .. } = slots.get_mut(position)?.take()?;
    if level < MAX_LEVELS {
        entity.children =
            children[position].iter().filter_map(|child| build(*child, children, slots, level + 1)).collect();
    }
    if matches!(entity.kind, Kind::Scenario(_)) {
        sort_by_names(&mut entity.children, &order);
    }
    // The order follows from the children, unless it names some that are gone.
    let plain = entity.children.iter().map(|child| child.name.as_str()).eq(order.iter().map(String::as_str));
    if plain && entity.extra.contains_key(ORDER) {
        entity.extra.shift_remove(ORDER);
    }
    Some(entity)
}

/// Named ones in the order of the names, then the rest by name (`file`).
fn sort_by_names(children: &mut Vec<Entity>, order: &[String]) {
    let mut left: Vec<Entity> = std::mem::take(children);
    for name in order {
        if let Some(at) = left.iter().position(|child| child.name == *name) {
            children.push(left.remove(at));
        }
    }
    left.sort_by(|a, b| a.name.cmp(&b.name));
    children.extend(left);
}
