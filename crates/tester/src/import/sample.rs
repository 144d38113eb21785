//! Example values out of schemas.

use crate::json::{Json, Object};

/// Deepest nesting of an example.
const MAX_DEPTH: usize = 12;
/// Most references that are followed in a row.
const MAX_REFERENCES: usize = 20;
/// Most values of one example; a schema can stand for more than any machine holds.
const MAX_VALUES: usize = 2_000;

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

/// The reference that [`resolve`] could not follow, if it ended at one.
pub(super) fn dangling(resolved: &Json) -> Option<&str> {
    resolved.get("$ref").and_then(Json::as_text)
}

/// An example that a schema names, or one made of its types. `say` hears what could not be made.
pub(super) fn sample(root: &Json, schema: &Json, say: &mut dyn FnMut(String)) -> Json {
    let mut making = Making { root, open: Vec::new(), left: MAX_VALUES, say };
    let made = making.value(schema, 0).unwrap_or_default();
    if making.left == 0 {
        say(format!("an example with more than {MAX_VALUES} values was cut short"));
    }
    made
}

struct Making<'a, 's> {
    root: &'a Json,
    /// Schemas by name that are being made: one inside of itself ends there.
    open: Vec<&'a str>,
    left: usize,
    say: &'s mut dyn FnMut(String),
}

impl<'a> Making<'a, '_> {
    /// Nothing for a schema that is being made already, and when there are too many values.
    fn value(&mut self, schema: &'a Json, depth: usize) -> Option<Json> {
        let name = schema.get("$ref").and_then(Json::as_text);
        if depth > MAX_DEPTH || self.left == 0 || name.is_some_and(|name| self.open.contains(&name)) {
            return None;
        }
        self.left -= 1;
        let resolved = resolve(self.root, schema);
        if let Some(gone) = dangling(resolved) {
            (self.say)(format!("`{gone}` is not in this file, so nothing stands for it"));
            return None;
        }
        if let Some(name) = name {
            self.open.push(name);
        }
        let made = self.of(resolved, depth);
        if name.is_some() {
            self.open.pop();
        }
        made
    }

    fn of(&mut self, schema: &'a Json, depth: usize) -> Option<Json> {
        for key in ["example", "default", "const"] {
            if let Some(value) = schema.get(key) {
                return Some(value.clone());
            }
        }
        for key in ["examples", "enum"] {
            if let Some(first) = schema.get(key).and_then(Json::as_array).and_then(<[Json]>::first) {
                return Some(first.clone());
            }
        }
        if let Some(all) = schema.get("allOf").and_then(Json::as_array) {
            return self.all_of(schema, all, depth);
        }
        for key in ["oneOf", "anyOf"] {
            // The first that can be made: an earlier one may be on a circle.
            if let Some(ways) = schema.get(key).and_then(Json::as_array) {
                return ways.iter().find_map(|way| self.value(way, depth + 1));
            }
        }
        let kind = match schema.get("type") {
            Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_text).find(|kind| *kind != "null"),
            Some(kind) => kind.as_text(),
            None if schema.get("properties").is_some() => Some("object"),
            None if schema.get("items").is_some() => Some("array"),
            None => None,
        };
        Some(match kind {
            Some("object") => Json::Object(self.members(schema, depth)),
            Some("array") => {
                Json::Array(schema.get("items").and_then(|item| self.value(item, depth + 1)).into_iter().collect())
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
        })
    }

    /// Members of all parts, and those that stand beside them.
    fn all_of(&mut self, schema: &'a Json, all: &'a [Json], depth: usize) -> Option<Json> {
        let mut members = Object::default();
        let mut other = None;
        for part in all {
            match self.value(part, depth + 1) {
                Some(Json::Object(more)) => members.extend(more),
                Some(value) => other = other.or(Some(value)),
                None => {}
            }
        }
        members.extend(self.members(schema, depth));
        if members.is_empty() { other.or(Some(Json::Object(members))) } else { Some(Json::Object(members)) }
    }

    fn members(&mut self, schema: &'a Json, depth: usize) -> Object {
        let mut made = Object::default();
        for (name, property) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
            if resolve(self.root, property).get("readOnly") == Some(&Json::Bool(true)) {
                continue;
            }
            if let Some(value) = self.value(property, depth + 1) {
                made.insert(name.clone(), value);
            }
        }
        made
    }
}
