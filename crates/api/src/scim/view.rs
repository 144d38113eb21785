//! Lists and chosen attributes.

use super::resources::{GROUP, ROLE, USER};
use super::{Filter, MAX_CHARS, attribute, key_of, reached};
use crate::error::ApiError;
use crate::handlers::{lenient_int, lenient_list};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Most documents of one answer, and how many without a wish (source: spec for the second).
const MOST: i64 = 1_000;
const USUAL: i64 = 100;

/// What documents of each kind always have (source: spec).
pub(super) const REQUIRED: [(&str, &[&str]); 3] =
    [(USER, &["userName", "name"]), (GROUP, &["displayName"]), (ROLE, &["name", "entitlements"])];

/// Which attributes an answer shall have.
#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase")]
pub struct Wish {
    #[serde(default, deserialize_with = "lenient_list")]
    attributes: Vec<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    excluded_attributes: Vec<String>,
}

/// `SearchRequest`, in a query or a body (source: spec).
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct SearchRequest {
    filter: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    #[serde(default, deserialize_with = "lenient_int")]
    start_index: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    count: Option<i64>,
    #[serde(default, deserialize_with = "lenient_list")]
    attributes: Vec<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    excluded_attributes: Vec<String>,
}

impl Wish {
    /// The document with the wished attributes; `id`, `schemas` and what its kind requires are always there, because the
    /// published answers require them (source: spec).
    pub fn of(&self, document: Value) -> Value {
        let Value::Object(whole) = document else { return document };
        let needed = required(whole.get("schemas"));
        let always = |key: &str| ["id", "schemas"].contains(&key) || needed.contains(&key);
        if self.attributes.is_empty() {
            let mut rest = Value::Object(whole);
            for name in &self.excluded_attributes {
                let path = attribute(name.trim());
                // Also in parts: what is always there is there whole.
                if !path.first().is_some_and(|first| always_in(needed, first)) {
                    without(&mut rest, &path, &always);
                }
            }
            return rest;
        }
        let mut kept: Map<String, Value> = whole.iter().filter(|(key, _)| always(key)).map(pair).collect();
        for name in &self.attributes {
            let path = attribute(name.trim());
            let Some(key) = path.first().and_then(|first| key_of(&whole, first)) else { continue };
            let Some(value) = whole.get(key).map(|value| only(value, &path[1..])) else { continue };
            match (kept.get_mut(key), value) {
                (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
                (_, value) => {
                    kept.insert(key.clone(), value);
                }
            }
        }
        Value::Object(kept)
    }
}

/// The attributes that documents of a kind always have.
fn required(schemas: Option<&Value>) -> &'static [&'static str] {
    let kind = schemas.and_then(|schemas| schemas.get(0)).and_then(Value::as_str).unwrap_or_default();
    REQUIRED.iter().find(|(schema, _)| *schema == kind).map_or(&[], |(_, names)| names)
}

fn always_in(needed: &[&str], name: &str) -> bool {
    needed.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn pair((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

/// The value with nothing but the sub-attribute.
fn only(value: &Value, path: &[String]) -> Value {
    match (value, path.first()) {
        (_, None) => value.clone(),
        (Value::Array(items), _) => Value::Array(items.iter().map(|item| only(item, path)).collect()),
        (Value::Object(object), Some(name)) => {
            let found = key_of(object, name).and_then(|key| Some((key.clone(), object.get(key)?.clone())));
            Value::Object(found.into_iter().collect())
        }
        _ => value.clone(),
    }
}

fn without(value: &mut Value, path: &[String], always: &dyn Fn(&str) -> bool) {
    match (value, path) {
        (Value::Array(items), _) => items.iter_mut().for_each(|item| without(item, path, always)),
        (Value::Object(object), [name]) => {
            if let Some(key) = key_of(object, name).cloned().filter(|key| !always(key)) {
                object.remove(&key);
            }
        }
        (Value::Object(object), [name, rest @ ..]) => {
            if let Some(inner) = key_of(object, name).cloned().and_then(|key| object.get_mut(&key)) {
                without(inner, rest, &|_| false);
            }
        }
        _ => {}
    }
}

/// Searches documents: filter, order, page, attributes.
pub fn found(mut all: Vec<Value>, request: SearchRequest) -> Result<Value, ApiError> {
    if let Some(text) = request.filter.as_deref().filter(|text| !text.trim().is_empty()) {
        let filter = Filter::parse(text).map_err(|error| ApiError::invalid(format!("filter: {error}")))?;
        all.retain(|document| filter.matches(document));
    }
    let backwards = match request.sort_order.as_deref() {
        None | Some("ascending") => false,
        Some("descending") => true,
        Some(other) => {
            return Err(ApiError::invalid(format!("sortOrder: {other:?} is neither ascending nor descending")));
        }
    };
    if let Some(by) = request.sort_by.as_deref().filter(|by| !by.is_empty()) {
        if by.chars().count() > MAX_CHARS {
            return Err(ApiError::invalid("sortBy: is too long"));
        }
        let path = attribute(by);
        let key = |document: &Value| {
            let first = reached(document, &path).into_iter().next();
            let value = first.map(|value| value.get("value").unwrap_or(value));
            value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_lowercase))
        };
        all.sort_by_cached_key(key);
    }
    if backwards {
        all.reverse();
    }
    // Values out of range mean the nearest in range (source: RFC 7644, section 3.4.2.4).
    let (start, count) = (request.start_index.unwrap_or(1).max(1), request.count.unwrap_or(USUAL).clamp(0, MOST));
    let total = all.len();
    let wish = Wish { attributes: request.attributes, excluded_attributes: request.excluded_attributes };
    let page: Vec<Value> =
        all.into_iter().skip(start as usize - 1).take(count as usize).map(|document| wish.of(document)).collect();
    Ok(json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total, "startIndex": start, "itemsPerPage": page.len(), "Resources": page,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_chosen() {
        let user = json!({ "id": "1", "schemas": [], "userName": "a", "name": { "givenName": "b", "familyName": "c" }, "emails": [{ "value": "d", "type": "work" }] });
        let wish = |attributes: &[&str], excluded: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
            Wish { attributes: owned(attributes), excluded_attributes: owned(excluded) }.of(user.clone())
        };
        assert_eq!(wish(&[], &[]), user);
        assert_eq!(wish(&["USERNAME"], &[]), json!({ "id": "1", "schemas": [], "userName": "a" }));
        let some = json!({ "id": "1", "schemas": [], "name": { "givenName": "b", "familyName": "c" }, "emails": [{ "value": "d" }] });
        assert_eq!(wish(&["name.givenName", "name.familyName", "emails.value", "nothing"], &[]), some);
        let rest = wish(&[], &["id", "name.givenName", "emails.type", "userName"]);
        assert_eq!(
            rest,
            json!({ "id": "1", "schemas": [], "name": { "familyName": "c" }, "emails": [{ "value": "d" }] })
        );
    }

    #[test]
    fn what_a_kind_requires_is_always_there_and_whole() {
        let user = json!({ "id": "1", "schemas": [USER], "userName": "a", "name": { "givenName": "b", "familyName": "c" },
            "title": "d" });
        let least =
            json!({ "id": "1", "schemas": [USER], "userName": "a", "name": { "givenName": "b", "familyName": "c" } });
        for (attributes, excluded) in [
            (vec!["nothing"], vec![]),
            (vec!["name.givenName"], vec![]),
            (vec![], vec!["userName", "NAME", "name.familyName", "title", "schemas"]),
        ] {
            let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
            let wish = Wish { attributes: owned(attributes), excluded_attributes: owned(excluded) };
            assert_eq!(wish.of(user.clone()), least);
        }
    }

    #[test]
    fn lists_are_ordered_and_cut() {
        let all: Vec<Value> = ["b", "A", "c"].iter().map(|name| json!({ "userName": name })).collect();
        let names = |request: Value| {
            let found = found(all.clone(), serde_json::from_value(request).unwrap()).unwrap();
            let names: Vec<String> = found["Resources"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| r["userName"].as_str().unwrap().to_owned())
                .collect();
            (names.join(""), found["totalResults"].as_i64(), found["startIndex"].as_i64())
        };
        assert_eq!(names(json!({ "sortBy": "userName" })), ("Abc".to_owned(), Some(3), Some(1)));
        assert_eq!(
            names(json!({ "sortBy": "userName", "sortOrder": "descending", "count": 2 })),
            ("cb".to_owned(), Some(3), Some(1))
        );
        assert_eq!(names(json!({ "startIndex": -5, "count": -1 })), (String::new(), Some(3), Some(1)));
        assert_eq!(names(json!({ "startIndex": 3 })), ("c".to_owned(), Some(3), Some(3)));
    }
}
