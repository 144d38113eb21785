//! What the pleasant form of a request cannot say, as one JSON object.

use crate::json::{Json, Object};
use crate::model::{BodyKind, Request};
use crate::native::{read_request, write_request};

/// What the original has and reading the pleasant form would not give, member by member in the reference's form.
pub(super) fn difference(original: &Request, pleasant: &Request) -> Object {
    missing(&write_request(original), &write_request(pleasant))
}

fn missing(original: &Object, pleasant: &Object) -> Object {
    let mut kept = Object::default();
    for (key, value) in original {
        match (value, pleasant.get(key)) {
            (value, Some(other)) if value == other => {}
            (Json::Object(members), Some(Json::Object(others))) => {
                let inner = missing(members, others);
                if !inner.is_empty() {
                    kept.insert(key.clone(), Json::Object(inner));
                }
            }
            (value, _) => {
                kept.insert(key.clone(), value.clone());
            }
        }
    }
    kept
}

/// Puts what was kept back.
///
/// # Errors
/// A text: the kept object does not have the form of a request.
pub(super) fn restore(pleasant: Request, kept: Object) -> Result<Request, String> {
    let graphql = pleasant.body.kind == BodyKind::GraphQl;
    let mut members = write_request(&pleasant);
    merge(&mut members, kept);
    let mut request = read_request(members).map_err(|error| error.to_string())?;
    if graphql {
        request.body.kind = BodyKind::GraphQl;
    }
    Ok(request)
}

fn merge(into: &mut Object, kept: Object) {
    for (key, value) in kept {
        match (into.get_mut(&key), value) {
            (Some(Json::Object(into)), Json::Object(inner)) => merge(into, inner),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
