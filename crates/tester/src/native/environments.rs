//! Environments: a node of its own in flat files, a list beside the tree in tree files.

use super::NativeError;
use super::fields::Fields;
use crate::json::{Json, Object};
use crate::model::{Environment, Variable};

/// Reads a node of type `Context`; its common keys are taken already.
pub(super) fn from_flat(
    id: String,
    name: String,
    description: Option<String>,
    last_modified: Option<String>,
    mut from: Fields,
) -> Result<Environment, NativeError> {
    let mut variables = Vec::new();
    for fields in from.list("variables")?.unwrap_or_default() {
        variables.push(variable(String::new(), fields)?);
    }
    Ok(Environment { id, name, variables, last_modified, description, extra: from.rest() })
}

/// Reads an element of `environments`.
pub(super) fn from_tree(mut from: Fields) -> Result<Environment, NativeError> {
    let mut made = Environment { id: from.required("id")?, name: from.required("name")?, ..Environment::default() };
    if let Some(variables) = from.object("variables")? {
        let place = variables.path.clone();
        for (id, value) in variables.rest() {
            let fields = Fields::of(value, &format!("{place}.{id}"))?;
            made.variables.push(variable(id, fields)?);
        }
    }
    // A map has no order of its own (`file`); `sort_by` keeps that of equal ones.
    made.variables.sort_by(|a, b| (&a.created_at, &a.name).cmp(&(&b.created_at, &b.name)));
    made.extra = from.rest();
    Ok(made)
}

fn variable(id: String, mut from: Fields) -> Result<Variable, NativeError> {
    Ok(Variable {
        id,
        name: from.text("name")?.unwrap_or_default(),
        value: from.text("value")?,
        enabled: from.flag("enabled")?,
        private: from.flag("private")?,
        created_at: from.text("createdAt")?,
        secret: from.text("stokerSecret")?,
        extra: from.rest(),
    })
}

pub(super) fn to_flat(environment: &Environment, options: super::ExportOptions, into: &mut Object) {
    let rows = environment.variables.iter().map(|variable| write_variable(variable, options)).collect();
    into.insert("variables".into(), Json::Array(rows));
    into.extend(environment.extra.clone());
}

pub(super) fn to_tree(environment: &Environment, options: super::ExportOptions) -> Json {
    let mut made = Object::default();
    made.insert("id".into(), Json::text(&environment.id));
    made.insert("name".into(), Json::text(&environment.name));
    let mut variables = Object::default();
    for (position, variable) in environment.variables.iter().enumerate() {
        let mut id = variable.id.clone();
        if id.is_empty() || variables.contains_key(&id) {
            id = derived_id(&environment.id, position);
        }
        let mut variable = variable.clone();
        variable.enabled = Some(variable.is_on());
        variables.insert(id, write_variable(&variable, options));
    }
    made.insert("variables".into(), Json::Object(variables));
    made.extend(environment.extra.clone());
    Json::Object(made)
}

/// A UUID-shaped key made of the environment's own, the same at every export.
fn derived_id(environment: &str, position: usize) -> String {
    use md5::Digest;
    let bytes: [u8; 16] = md5::Md5::digest(format!("{environment}/{position}")).into();
    crate::world::uuid_text(bytes)
}

fn write_variable(variable: &Variable, options: super::ExportOptions) -> Json {
    let mut made = Object::default();
    made.insert("name".into(), Json::text(&variable.name));
    if let Some(value) = variable.value.as_ref().filter(|_| options.private_values || !variable.is_private()) {
        made.insert("value".into(), Json::text(value));
    }
    if let Some(enabled) = variable.enabled {
        made.insert("enabled".into(), Json::Bool(enabled));
    }
    if let Some(created) = &variable.created_at {
        made.insert("createdAt".into(), Json::text(created));
    }
    if let Some(private) = variable.private.or(variable.secret.is_some().then_some(true)) {
        made.insert("private".into(), Json::Bool(private));
    }
    if let Some(secret) = variable.secret.as_ref().filter(|_| options.extensions) {
        made.insert("stokerSecret".into(), Json::text(secret));
    }
    made.extend(variable.extra.clone());
    Json::Object(made)
}
