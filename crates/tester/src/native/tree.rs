//! The tree shape, version 6.

use super::fields::{Fields, additions};
use super::{MAX_LEVELS, NativeError, environments, request};
use crate::json::Json;
use crate::model::{Drive, Entity, Kind, MAX_ENTITIES};

pub(super) fn read(mut root: Fields) -> Result<Drive, NativeError> {
    root.path.clear();
    let mut drive = Drive::default();
    let mut count = 0;
    for fields in root.list("entities")?.unwrap_or_default() {
        drive.entities.push(entity(fields, None, 1, &mut count)?);
    }
    for fields in root.list("environments")?.unwrap_or_default() {
        drive.environments.push(environments::from_tree(fields)?);
    }
    drive.extra = root.rest();
    Ok(drive)
}

fn entity(mut wrapper: Fields, parent: Option<&Kind>, level: usize, count: &mut usize) -> Result<Entity, NativeError> {
    *count += 1;
    let place = wrapper.path.clone();
    let fail = |problem: String| NativeError::Field { place: place.clone(), problem };
    if level > MAX_LEVELS {
        return Err(fail(format!("nested deeper than {MAX_LEVELS} levels")));
    }
    if *count > MAX_ENTITIES {
        return Err(fail(format!("more than {MAX_ENTITIES} entities")));
    }
    let Some(mut fields) = wrapper.object("entity")? else {
        return Err(fail("`entity` is missing".to_owned()));
    };
    let (id, name) = (fields.required("id")?, fields.required("name")?);
    let type_name = fields.required("type")?;
    let kind = kind_of(&type_name, &mut fields)?;
    check_place(parent, &kind, &place)?;
    let mut made = Entity::new(id, name, kind);
    made.description = fields.text("description")?;
    made.last_modified = fields.text("lastModified")?;
    for child in wrapper.list("children")?.unwrap_or_default() {
        made.children.push(entity(child, Some(&made.kind), level + 1, count)?);
    }
    made.extra = fields.rest();
    let rest = wrapper.rest();
    if !rest.is_empty() {
        made.extra.insert(WRAPPER.to_owned(), Json::Object(rest));
    }
    Ok(made)
}

/// Key of the bag for unknown keys beside `entity` and `children`; a name that no file uses inside an entity.
pub(super) const WRAPPER: &str = "\u{0}wrapper";

/// What the type name stands for, with the keys of that type.
pub(super) fn kind_of(type_name: &str, fields: &mut Fields) -> Result<Kind, NativeError> {
    match type_name {
        "Project" => Ok(Kind::Project),
        "Service" => Ok(Kind::Service),
        "Scenario" => Ok(Kind::Scenario(additions(fields)?)),
        "Request" => Ok(Kind::Request(Box::new(request::read(fields)?))),
        other => {
            let names = ["Project", "Service", "Scenario", "Request", "Context"];
            let suggestion = crate::suggest::nearest(other, names);
            let hint = crate::suggest::hint(suggestion.as_deref());
            Err(NativeError::Field { place: fields.place("type"), problem: format!("unknown type `{other}`{hint}") })
        }
    }
}

pub(super) fn check_place(parent: Option<&Kind>, kind: &Kind, place: &str) -> Result<(), NativeError> {
    match parent {
        Some(parent) if !parent.may_hold(kind) => Err(NativeError::Field {
            place: place.to_owned(),
            problem: format!("a {} cannot be inside a {}", kind.name(), parent.name()),
        }),
        _ => Ok(()),
    }
}
