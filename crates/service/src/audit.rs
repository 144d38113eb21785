//! Writing the audit trail, in the transaction of the change itself.

use crate::actor::Actor;
use crate::error::Error;
use serde_json::{Map, Value};
use stoker_domain::ids::WorkspaceId;
use stoker_domain::{Random, ids};
use stoker_store::Tx;
use stoker_store::audit::AuditEvent;
use stoker_store::db::Record;

/// What happened to which object.
pub(crate) struct Change<'a> {
    /// For example `task.create`.
    pub(crate) action: &'a str,
    /// Kind of the object, for example `task`.
    pub(crate) object: (&'a str, &'a str),
    /// Its workspace, where it has one.
    pub(crate) workspace: Option<&'a WorkspaceId>,
    /// More, as JSON; never secrets.
    pub(crate) detail: Option<Value>,
}

impl<'a> Change<'a> {
    /// A change of which the name of the object is all that is worth keeping.
    pub(crate) fn named(
        action: &'a str,
        object: (&'a str, &'a str),
        workspace: Option<&'a WorkspaceId>,
        name: &str,
    ) -> Self {
        Self { action, object, workspace, detail: Some(serde_json::json!({ "name": name })) }
    }
}

/// Somebody started a task.
pub(crate) const RUN_START: &str = "run.start";

/// Most entries of a list or map, and most characters of a text, that a detail tells; the next pair when the whole is
/// still larger than [`BYTES`].
const BOUNDS: [(usize, usize); 4] = [(200, 4_000), (50, 1_000), (10, 200), (3, 50)];
/// Largest detail, bytes.
const BYTES: usize = 64 * 1024;
/// Most places of which is told how much was left out.
const PLACES: usize = 20;
/// Where a detail tells what it leaves out: place to number of entries.
const LEFT_OUT: &str = "leftOut";

/// Cuts lists, maps and texts to their bounds, and notes where entries were left out.
fn cut(value: &mut Value, place: &str, (entries, chars): (usize, usize), left: &mut Map<String, Value>) {
    let mut note = |more: usize| match left.len() {
        0..PLACES => drop(left.insert(place.to_owned(), more.into())),
        _ => drop(left.insert("elsewhere".to_owned(), true.into())),
    };
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(chars) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(list) => {
            if list.len() > entries {
                note(list.len() - entries);
                list.truncate(entries);
            }
            for (number, one) in list.iter_mut().enumerate() {
                cut(one, &format!("{place}[{number}]"), (entries, chars), left);
            }
        }
        Value::Object(map) => {
            if map.len() > entries {
                note(map.len() - entries);
                *map = std::mem::take(map).into_iter().take(entries).collect();
            }
            for (name, one) in map.iter_mut() {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                cut(one, &place, (entries, chars), left);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The detail as it is kept: bounded, and telling what it leaves out.
fn bounded(detail: Value) -> String {
    let text = detail.to_string();
    // Most details are small, and a short one cannot break a bound.
    if text.len() <= BOUNDS[0].0 {
        return text;
    }
    for bounds in BOUNDS {
        let (mut told, mut left) = (detail.clone(), Map::new());
        cut(&mut told, "", bounds, &mut left);
        if let (Value::Object(told), false) = (&mut told, left.is_empty()) {
            told.insert(LEFT_OUT.to_owned(), left.into());
        }
        let text = told.to_string();
        if text.len() <= BYTES {
            return text;
        }
    }
    serde_json::json!({ LEFT_OUT: true }).to_string()
}

/// Adds the event. The bodies of the request are written down too.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    actor: &Actor,
    now_ms: i64,
    random: &dyn Random,
    change: Change<'_>,
) -> Result<(), Error> {
    event(actor, now_ms, random, change).insert(tx)?;
    if let Some(mark) = actor.origin.as_ref().and_then(|origin| origin.mark.as_ref()) {
        mark.set();
    }
    Ok(())
}

/// The event alone, without the bodies of the request. For starts: a run holds what was asked for and by whom, and writing
/// that down twice would cost the call a tenth of its speed.
pub(crate) fn event(actor: &Actor, now_ms: i64, random: &dyn Random, change: Change<'_>) -> AuditEvent {
    AuditEvent {
        id: ids::uuid_by_time(now_ms, random),
        at_ms: now_ms,
        actor_id: actor.name.clone(),
        actor_kind: actor.kind,
        action: change.action.to_owned(),
        object_type: change.object.0.to_owned(),
        object_id: change.object.1.to_owned(),
        workspace_id: change.workspace.cloned(),
        request_id: actor.request_id.clone(),
        detail: change.detail.map(bounded),
        origin: actor.origin.as_deref().and_then(|origin| serde_json::to_string(origin).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(detail: Value) -> Value {
        serde_json::from_str(&bounded(detail)).unwrap()
    }

    #[test]
    fn what_is_left_out_of_a_long_detail_is_told() {
        let small = json!({ "name": "watch", "members": ["ada", "bob"] });
        assert_eq!(kept(small.clone()), small);
        let members: Vec<String> = (0..350).map(|number| format!("user{number:03}")).collect();
        let told = kept(json!({ "name": "all", "members": members }));
        assert_eq!(told["members"].as_array().map(Vec::len), Some(200));
        assert_eq!(told["leftOut"], json!({ "members": 150 }));
        // Many small lists in a long one are cut until the whole is small enough.
        let tasks: Vec<String> = (0..40).map(|number| format!("{number} {}", "x".repeat(60))).collect();
        let steps: Vec<Value> = (0..300).map(|_| json!({ "name": "load", "tasks": tasks })).collect();
        let told = kept(json!({ "steps": steps, "description": "ü".repeat(5_000) }));
        assert!(told.to_string().len() <= BYTES);
        assert_eq!((&told["leftOut"]["steps"], &told["leftOut"]["steps[0].tasks"]), (&json!(290), &json!(30)));
        assert_eq!(told["description"].as_str().map(|text| text.chars().count()), Some(201));
    }

    #[test]
    fn no_detail_is_larger_than_the_bound() {
        let mut deep = json!("x".repeat(9_000));
        for _ in 0..6 {
            deep = json!(vec![deep; 5]);
        }
        let text = bounded(json!({ "deep": deep }));
        assert!(text.len() <= BYTES, "{}", text.len());
    }
}
