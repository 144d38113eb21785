//! Example values out of schemas.

use crate::json::{Json, Object};

/// Deepest nesting of an example.
const MAX_DEPTH: usize = 12;
/// Most references that are followed in a row.
const MAX_REFERENCES: usize = 20;

/// The value itself, or what its `$ref` inside the same document points to.
pub(super) fn resolve<'a>(root: &'a Json, mut value: &'a Json) -> &'a Json {
    for _ in 0..MAX_REFERENCES {
        let Some(pointer) = value.get("$ref").and_then(Json::as_text).and_then(|text| text.strip_prefix("#/")) else {
            return value;
        };
        let mut at = Some(root);
        for part in pointer.split('/') {
            let name = crate::encode::decode(&part.replace("~1", "/").replace("~0", "~")).unwrap_or_default();
            at = at.and_then(|at| at.get(&name).or_else(|| at.as_array()?.get(name.parse::<usize>().ok()?)));
        }
        match at {
            Some(found) => value = found,
            None => return value,
        }
    }
    value
}

/// An example that a schema names, or one made of its types.
pub(super) fn sample(root: &Json, schema: &Json, depth: usize) -> Json {
    let schema = resolve(root, schema);
    for key in ["example", "default", "const"] {
        if let Some(value) = schema.get(key) {
            return value.clone();
        }
    }
    for key in ["examples", "enum"] {
        if let Some(first) = schema.get(key).and_then(Json::as_array).and_then(<[Json]>::first) {
            return first.clone();
        }
    }
    if depth > MAX_DEPTH {
        return Json::Null;
    }
    if let Some(all) = schema.get("allOf").and_then(Json::as_array) {
        let mut members = Object::default();
        for part in all {
            if let Json::Object(more) = sample(root, part, depth + 1) {
                members.extend(more);
            }
        }
        return Json::Object(members);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(first) = schema.get(key).and_then(Json::as_array).and_then(<[Json]>::first) {
            return sample(root, first, depth + 1);
        }
    }
    let kind = match schema.get("type") {
        Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_text).find(|kind| *kind != "null"),
        Some(kind) => kind.as_text(),
        None if schema.get("properties").is_some() => Some("object"),
        None => None,
    };
    match kind {
        Some("object") => {
            let properties = schema.get("properties").and_then(Json::as_object);
            let writable = properties
                .into_iter()
                .flatten()
                .filter(|(_, property)| resolve(root, property).get("readOnly") != Some(&Json::Bool(true)));
            Json::Object(writable.map(|(name, property)| (name.clone(), sample(root, property, depth + 1))).collect())
        }
        Some("array") => {
            Json::Array(schema.get("items").map(|item| sample(root, item, depth + 1)).into_iter().collect())
        }
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| Json::int(0)),
        Some("boolean") => Json::Bool(true),
        Some("string") => Json::text(match schema.get("format").and_then(Json::as_text) {
            Some("date") => "2026-01-31",
            Some("date-time") => "2026-01-31T12:00:00Z",
            Some("uuid") => "00000000-0000-4000-8000-000000000000",
            Some("email") => "someone@example.org",
            Some("uri" | "url") => "https://example.org",
            _ => "text",
        }),
        _ => Json::Null,
    }
}
