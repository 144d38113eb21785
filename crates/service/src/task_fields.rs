//! Free fields of a task, checked before they are kept.

use crate::error::Error;
use serde_json::{Map, Value, json};
use stoker_domain::{limits, names};

/// Labels: trimmed, each once.
pub(crate) fn checked_tags(tags: Vec<String>) -> Result<Vec<String>, Error> {
    if tags.len() > limits::MAP_ENTRIES {
        return Err(Error::invalid(format!("tags: at most {} are allowed", limits::MAP_ENTRIES)));
    }
    let mut checked: Vec<String> = Vec::new();
    for tag in tags {
        let tag = names::checked("tags", &tag, limits::NAME_CHARS)?;
        if !checked.contains(&tag) {
            checked.push(tag);
        }
    }
    Ok(checked)
}

/// A map of names to ids, as `connections` and `resources` are.
pub(crate) fn checked_map(field: &'static str, map: &Map<String, Value>) -> Result<(), Error> {
    if map.len() > limits::MAP_ENTRIES {
        return Err(Error::invalid(format!("{field}: at most {} entries are allowed", limits::MAP_ENTRIES)));
    }
    for (key, value) in map {
        names::checked(field, key, limits::NAME_CHARS)?;
        let value = value.as_str().ok_or_else(|| Error::invalid(format!("{field}.{key}: must be a string")))?;
        names::line(field, value, limits::NAME_CHARS)?;
    }
    Ok(())
}

/// `AutoUpgradeInfo` (source: spec): two flags; what else a body holds is not kept.
pub(crate) fn checked_upgrade(given: Option<Value>) -> Result<Option<Value>, Error> {
    let Some(given) = given else { return Ok(None) };
    let Value::Object(given) = given else { return Err(Error::invalid("autoUpgradeInfo: must be an object")) };
    let mut kept = Map::new();
    for name in ["autoUpgradable", "overrideWithDefaultParameters"] {
        match given.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Bool(flag)) => {
                kept.insert(name.to_owned(), json!(flag));
            }
            Some(_) => return Err(Error::invalid(format!("autoUpgradeInfo.{name}: must be true or false"))),
        }
    }
    Ok(Some(Value::Object(kept)))
}
