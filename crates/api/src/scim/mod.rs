//! SCIM 2.0 (RFC 7643, RFC 7644): users, groups and roles as documents that can be searched by any attribute and changed
//! in parts. The documents are views of what `/account` manages.

pub mod discovery;
mod filter;
mod patch;
#[cfg(test)]
mod properties;
pub mod resources;
mod view;

pub use filter::Filter;
pub use patch::{PatchRequest, patched};
pub use view::{SearchRequest, Wish, found};

use serde_json::{Map, Value};

/// Longest filter or attribute list, characters.
const MAX_CHARS: usize = 4_000;

/// The parts of an attribute name: a schema in front is dropped, dots separate.
fn attribute(text: &str) -> Vec<String> {
    let plain = if text.to_ascii_lowercase().starts_with("urn:") {
        // The version in a schema holds a dot: what follows the last colon is the name.
        text.rsplit(':').next().unwrap_or_default()
    } else {
        text
    };
    plain.split('.').map(str::to_owned).collect()
}

/// The key of an object that is this name in any case.
fn key_of<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a String> {
    object.keys().find(|key| key.eq_ignore_ascii_case(name))
}

/// All values that a path reaches; lists on the way count by their elements.
fn reached<'a>(value: &'a Value, path: &[String]) -> Vec<&'a Value> {
    match (value, path.split_first()) {
        (Value::Array(items), _) => items.iter().flat_map(|item| reached(item, path)).collect(),
        (_, None) => vec![value],
        (Value::Object(object), Some((name, rest))) => {
            let found = key_of(object, name).and_then(|key| object.get(key));
            found.map_or_else(Vec::new, |inner| reached(inner, rest))
        }
        _ => Vec::new(),
    }
}
