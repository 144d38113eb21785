//! Changes in parts, RFC 7644, section 3.5.2: operations on a document.

use super::{Filter, attribute, key_of};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::HashSet;
use stoker_service::Error;

/// Most operations of one request.
const MAX_OPERATIONS: usize = 1_000;
/// Most elements of a list that operations make.
const MAX_ELEMENTS: usize = 10_000;
/// Attributes that nobody changes.
const READ_ONLY: &[&str] = &["id", "meta", "schemas", "groups"];
/// The right spelling of names that may be new in a document.
const NAMES: &[&str] = &[
    "userName",
    "externalId",
    "name",
    "givenName",
    "familyName",
    "emails",
    "phoneNumbers",
    "active",
    "password",
    "title",
    "preferredLanguage",
    "timezone",
    "roles",
    "displayName",
    "members",
    "entitlements",
    "value",
    "display",
    "type",
    "primary",
];

/// `PatchRequest` (source: spec).
#[derive(Clone, Deserialize)]
pub struct PatchRequest {
    #[serde(rename = "Operations", alias = "operations")]
    operations: Vec<Operation>,
}

#[derive(Clone, Deserialize)]
struct Operation {
    op: String,
    path: Option<String>,
    #[serde(default)]
    value: Value,
}

impl PatchRequest {
    /// The new password, when an operation sets one.
    pub fn password(&self) -> Option<String> {
        let of = |operation: &Operation| match &operation.path {
            Some(path) if path.eq_ignore_ascii_case("password") => operation.value.as_str().map(str::to_owned),
            Some(_) => None,
            None => {
                let object = operation.value.as_object()?;
                object.get(key_of(object, "password")?)?.as_str().map(str::to_owned)
            }
        };
        self.operations.iter().rev().find_map(of)
    }
}

/// Where an operation acts.
struct Target {
    name: String,
    filter: Option<Filter>,
    sub: Option<String>,
}

fn bad(number: usize, text: impl std::fmt::Display) -> Error {
    Error::invalid(format!("Operations[{number}]: {text}"))
}

fn target(path: &str) -> Result<Target, String> {
    let (name, filter, rest) = match path.split_once('[') {
        Some((name, rest)) => {
            let (filter, rest) = rest.rsplit_once(']').ok_or("a bracket is not closed")?;
            (name, Some(Filter::parse(filter)?), rest.strip_prefix('.').unwrap_or(rest))
        }
        None => (path, None, ""),
    };
    let mut parts = attribute(name);
    if !rest.is_empty() {
        parts.push(rest.to_owned());
    }
    let mut parts = parts.into_iter();
    let name = parts.next().filter(|name| !name.is_empty()).ok_or("path: is empty")?;
    let sub = parts.next();
    if parts.next().is_some() {
        return Err(format!("path: {path:?} is too long"));
    }
    Ok(Target { name: spelled(&name), filter, sub: sub.map(|sub| spelled(&sub)) })
}

fn spelled(name: &str) -> String {
    let known = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name));
    known.map_or_else(|| name.to_owned(), |known| (*known).to_owned())
}

/// The document after all operations.
pub fn patched(mut document: Value, request: &PatchRequest) -> Result<Value, Error> {
    if request.operations.len() > MAX_OPERATIONS {
        return Err(Error::invalid(format!("Operations: at most {MAX_OPERATIONS} are accepted")));
    }
    for (number, operation) in request.operations.iter().enumerate() {
        let op = operation.op.to_ascii_lowercase();
        if !["add", "replace", "remove"].contains(&op.as_str()) {
            return Err(bad(number, format!("op: {:?} is none of add, replace, remove", operation.op)));
        }
        match (&operation.path, &operation.value) {
            (Some(path), value) => {
                let target = target(path).map_err(|text| bad(number, text))?;
                if READ_ONLY.iter().any(|name| name.eq_ignore_ascii_case(&target.name)) {
                    return Err(bad(number, format!("path: {} cannot be changed", target.name)));
                }
                apply(&mut document, &op, &target, value).map_err(|text| bad(number, text))?;
            }
            (None, Value::Object(values)) if op != "remove" => {
                for (path, value) in values {
                    let target = target(path).map_err(|text| bad(number, text))?;
                    if !READ_ONLY.iter().any(|name| name.eq_ignore_ascii_case(&target.name)) {
                        apply(&mut document, &op, &target, value).map_err(|text| bad(number, text))?;
                    }
                }
            }
            (None, _) => return Err(bad(number, "path: is missing")),
        }
    }
    Ok(document)
}

fn apply(document: &mut Value, op: &str, target: &Target, value: &Value) -> Result<(), String> {
    let Some(object) = document.as_object_mut() else { return Err("the resource is no object".to_owned()) };
    let name = key_of(object, &target.name).cloned().unwrap_or_else(|| target.name.clone());
    match (&target.filter, &target.sub) {
        (None, None) => whole(object, &name, op, value),
        (None, Some(sub)) => {
            let slot = object.entry(name).or_insert_with(|| json!({}));
            each(slot, |element| set(element, sub, op, value))
        }
        (Some(filter), sub) => elements(object, &name, op, (filter, sub.as_deref()), value),
    }
}

fn each(slot: &mut Value, mut change: impl FnMut(&mut Map<String, Value>) -> Result<(), String>) -> Result<(), String> {
    match slot {
        Value::Object(object) => change(object),
        Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).try_for_each(change),
        _ => Err("path: leads into a plain value".to_owned()),
    }
}

fn set(object: &mut Map<String, Value>, name: &str, op: &str, value: &Value) -> Result<(), String> {
    let name = key_of(object, name).cloned().unwrap_or_else(|| name.to_owned());
    whole(object, &name, op, value)
}

/// What two elements of a list that mean the same have in common; quick to compare, because lists may be long.
fn meaning(element: &Value) -> (bool, Cow<'_, str>) {
    let value = element.get("value");
    match value.unwrap_or(element) {
        Value::String(text) => (value.is_some(), Cow::Borrowed(text)),
        other => (value.is_some(), Cow::Owned(format!("\0{other}"))),
    }
}

fn whole(object: &mut Map<String, Value>, name: &str, op: &str, value: &Value) -> Result<(), String> {
    let listed = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    match (op, object.get_mut(name)) {
        // Some clients name what goes in the value instead of a filter (source: client).
        ("remove", Some(Value::Array(items))) if !value.is_null() => {
            let gone = listed(value);
            let gone: HashSet<_> = gone.iter().map(meaning).collect();
            items.retain(|item| !gone.contains(&meaning(item)));
        }
        ("remove", _) => {
            object.remove(name);
        }
        ("add", Some(Value::Array(items))) => {
            let new = listed(value);
            let mut seen: HashSet<_> = items.iter().map(meaning).collect();
            let added: Vec<Value> = new.iter().filter(|item| seen.insert(meaning(item))).cloned().collect();
            items.extend(added);
            if items.len() > MAX_ELEMENTS {
                return Err(format!("{name}: more than {MAX_ELEMENTS} elements"));
            }
        }
        (_, Some(Value::Object(inner))) if value.is_object() => {
            for (key, value) in value.as_object().into_iter().flatten() {
                inner.insert(key_of(inner, key).cloned().unwrap_or_else(|| spelled(key)), value.clone());
            }
        }
        _ => {
            object.insert(name.to_owned(), value.clone());
        }
    }
    Ok(())
}

/// An operation on the elements of a list that fit a filter.
fn elements(
    object: &mut Map<String, Value>,
    name: &str,
    op: &str,
    (filter, sub): (&Filter, Option<&str>),
    value: &Value,
) -> Result<(), String> {
    let slot = object.entry(name.to_owned()).or_insert_with(|| json!([]));
    let Value::Array(items) = slot else { return Err(format!("path: {name} is no list")) };
    if op == "remove" && sub.is_none() {
        items.retain(|item| !filter.matches(item));
        return Ok(());
    }
    let mut hits = 0;
    for item in items.iter_mut().filter(|item| filter.matches(item)) {
        hits += 1;
        match (sub, item.as_object_mut()) {
            (Some(sub), Some(element)) => set(element, sub, op, value)?,
            (None, _) => *item = value.clone(),
            _ => return Err(format!("path: an element of {name} is a plain value")),
        }
    }
    if hits > 0 || op == "remove" {
        return Ok(());
    }
    // What is set for a kind that is not there yet is a new element of that kind (source: client).
    let (Filter::Compare(path, super::filter::Op::Eq, kind), Some(sub)) = (filter, sub) else {
        return Err("path: no element fits the filter".to_owned());
    };
    let mut element = Map::new();
    element.insert(spelled(&path.join(".")), kind.clone());
    element.insert(sub.to_owned(), value.clone());
    items.push(Value::Object(element));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(document: Value, operations: Value) -> Result<Value, String> {
        let request: PatchRequest = serde_json::from_value(json!({ "Operations": operations })).unwrap();
        patched(document, &request).map_err(|error| error.to_string())
    }

    #[test]
    fn operations_change_the_document() {
        let group = json!({ "displayName": "n", "members": [{ "value": "1" }, { "value": "2" }] });
        for (operations, wanted) in [
            (
                json!([{ "op": "add", "path": "members", "value": [{ "value": "2" }, { "value": "3" }] }]),
                json!(["1", "2", "3"]),
            ),
            (json!([{ "op": "Remove", "path": "members[value eq \"1\"]" }]), json!(["2"])),
            (json!([{ "op": "remove", "path": "members", "value": [{ "value": "2" }] }]), json!(["1"])),
            (json!([{ "op": "replace", "path": "members", "value": [{ "value": "9" }] }]), json!(["9"])),
            (json!([{ "op": "add", "value": { "members": [{ "value": "7" }], "id": "x" } }]), json!(["1", "2", "7"])),
        ] {
            let changed = after(group.clone(), operations.clone()).unwrap();
            let members: Vec<&Value> = changed["members"].as_array().unwrap().iter().map(|m| &m["value"]).collect();
            assert_eq!(json!(members), wanted, "{operations}");
            assert!(changed.get("id").is_none());
        }
        let user = json!({ "userName": "ada", "active": true, "name": { "givenName": "A" }, "emails": [{ "value": "a@b", "type": "work" }] });
        let changed = after(
            user,
            json!([
                { "op": "replace", "value": { "ACTIVE": false, "name.familyName": "B" } },
                { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "c@d" },
                { "op": "add", "path": "phoneNumbers[type eq \"work\"].value", "value": "12" },
                { "op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:User:title", "value": "Dr" },
            ]),
        )
        .unwrap();
        assert_eq!(
            changed,
            json!({
                "userName": "ada", "active": false, "name": { "givenName": "A", "familyName": "B" }, "title": "Dr",
                "emails": [{ "value": "c@d", "type": "work" }], "phoneNumbers": [{ "type": "work", "value": "12" }],
            })
        );
    }

    #[test]
    fn what_cannot_be_done_names_the_operation() {
        for (operations, text) in [
            (json!([{ "op": "move" }]), "op"),
            (json!([{ "op": "remove" }]), "path"),
            (json!([{ "op": "add", "path": "id", "value": "x" }]), "id cannot be changed"),
            (json!([{ "op": "add", "path": "", "value": "x" }]), "path"),
            (json!([{ "op": "add", "path": "a.b.c", "value": "x" }]), "path"),
            (json!([{ "op": "replace", "path": "emails[type co \"w\"].value", "value": "x" }]), "no element"),
            (json!([{ "op": "replace", "path": "emails[type", "value": "x" }]), "bracket"),
        ] {
            let error = after(json!({ "emails": [] }), operations.clone()).unwrap_err();
            assert!(error.starts_with("Operations[0]") && error.contains(text), "{operations}: {error}");
        }
    }
}
