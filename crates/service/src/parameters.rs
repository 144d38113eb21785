//! Parameters of tasks and runs: which are secret, how they are merged, how they are kept.

use crate::error::Error;
use crate::task_links::{Supplied, Supplies};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use stoker_domain::{Random, limits};
use stoker_jobzip::Manifest;
use stoker_secrets::keyring::KeyRing;
use stoker_store::tasks::Task;
use stoker_wire::Parameter;

/// One value given with a start call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenParameter {
    /// Name of the context variable.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether the caller marked it as secret.
    pub encrypted: bool,
}

/// The effective parameters of a run: those that may be seen, those that may not, and those that are paths of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effective {
    pub(crate) plain: Vec<Parameter>,
    pub(crate) secret: Vec<Parameter>,
    pub(crate) files: Vec<stoker_wire::Resource>,
}

impl Effective {
    /// The files as a run keeps them; nothing when there are none.
    pub(crate) fn files_text(&self) -> Result<Option<String>, Error> {
        let text = (!self.files.is_empty()).then(|| serde_json::to_string(&self.files));
        text.transpose().map_err(Error::internal)
    }
}

/// Prefix that the published guide puts before parameter names (source: doc); dropped when the artifact has no
/// variable of the whole name but one of the rest.
const PREFIX: &str = "parameter_";

/// The name of the variable of the job that a parameter is meant for.
pub(crate) fn variable<'a>(manifest: &Manifest, name: &'a str) -> &'a str {
    let known = |wanted: &str| manifest.parameters.iter().any(|p| p.name == wanted);
    match name.strip_prefix(PREFIX) {
        Some(rest) if !known(name) && known(rest) => rest,
        _ => name,
    }
}

fn is_secret(manifest: &Manifest, name: &str) -> bool {
    let name = variable(manifest, name);
    manifest.parameters.iter().any(|p| p.name == name && p.secret)
}

pub(crate) fn context(task: &str, name: &str) -> String {
    format!("task {task} parameter {name}")
}

/// What a task keeps of the parameters of a create or change call: secret ones encrypted. An empty value for a secret
/// one that is kept already means "as it was", because secret values are never shown (source: inferred).
pub(crate) fn for_task(
    task: &str,
    given: &Map<String, Value>,
    before: &Map<String, Value>,
    manifest: &Manifest,
    keys: &KeyRing,
    random: &dyn Random,
) -> Result<Map<String, Value>, Error> {
    if given.len() > limits::MAP_ENTRIES {
        return Err(Error::invalid(format!("parameters: at most {} entries are allowed", limits::MAP_ENTRIES)));
    }
    let mut kept = Map::new();
    for (name, value) in given {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null => continue,
            _ => return Err(Error::invalid(format!("parameters.{name}: must be a string or a number"))),
        };
        check(name, &text)?;
        if !is_secret(manifest, name) {
            kept.insert(name.clone(), Value::String(text));
        } else if text.is_empty() {
            if let Some(old) = before.get(name) {
                kept.insert(name.clone(), old.clone());
            }
        } else {
            let sealed = keys.encrypt(&context(task, name), text.as_bytes(), random);
            kept.insert(name.clone(), serde_json::json!({ "encrypted": sealed }));
        }
    }
    Ok(kept)
}

/// What a task shows of its parameters: secret ones are empty.
pub fn shown(kept: &Map<String, Value>) -> BTreeMap<String, String> {
    kept.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// What stands in a promoted task or connection for a secret value, which is not taken over (source: client, seen for
/// connections).
pub(crate) const CHANGE_ME: &str = "<change me>";

/// Adds the parameters of a source task that its promoted task lacks: with the value of the context named like the target
/// environment, else with that of the source (source: doc). Gives the names of secret ones, which somebody has to set.
pub(crate) fn promoted(
    task: &str,
    source: &Map<String, Value>,
    target: &mut Map<String, Value>,
    manifest: &Manifest,
    environment: &str,
    (keys, random): (&KeyRing, &dyn Random),
) -> Vec<String> {
    let context_values = manifest.contexts.get(environment);
    let mut open = Vec::new();
    for (name, value) in source {
        if target.contains_key(name) {
            continue;
        }
        let there = context_values.and_then(|values| values.get(variable(manifest, name)));
        let kept = if value.is_object() || is_secret(manifest, name) {
            open.push(name.clone());
            serde_json::json!({ "encrypted": keys.encrypt(&context(task, name), CHANGE_ME.as_bytes(), random) })
        } else {
            there.map_or_else(|| value.clone(), |text| Value::String(text.clone()))
        };
        target.insert(name.clone(), kept);
    }
    open
}

/// Merges what the task keeps with what the start call gives. Connections and resources of the task win over its
/// parameters, the call wins over all.
pub(crate) fn for_run(
    task: &Task,
    supplies: Supplies,
    given: &[GivenParameter],
    manifest: &Manifest,
    keys: &KeyRing,
) -> Result<Effective, Error> {
    let mut merged: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for (name, value) in &task.parameters.0 {
        let (text, secret) = match value.get("encrypted").and_then(Value::as_str) {
            Some(sealed) => {
                let plain = keys.decrypt(&context(task.id.as_str(), name), sealed)?;
                (String::from_utf8(plain).map_err(Error::internal)?, true)
            }
            None => (value.as_str().unwrap_or_default().to_owned(), false),
        };
        merged.insert(variable(manifest, name).to_owned(), (text, secret));
    }
    for Supplied { variable, value, secret } in supplies.values {
        let secret = secret || is_secret(manifest, &variable);
        merged.insert(variable, (value, secret));
    }
    let mut files = supplies.files;
    for file in &files {
        merged.remove(&file.variable);
    }
    for parameter in given {
        let secret = parameter.encrypted || is_secret(manifest, &parameter.name);
        let name = variable(manifest, &parameter.name).to_owned();
        files.retain(|file| file.variable != name);
        merged.insert(name, (parameter.value.clone(), secret));
    }
    let mut effective = Effective { files, ..Effective::default() };
    for (name, (value, secret)) in merged {
        let parameter = Parameter { name, value };
        if secret { effective.secret.push(parameter) } else { effective.plain.push(parameter) }
    }
    Ok(effective)
}

/// Checks the parameters of a start call.
pub(crate) fn checked(given: &[GivenParameter]) -> Result<(), Error> {
    if given.len() > limits::MAP_ENTRIES {
        return Err(Error::invalid(format!("parameters: at most {} entries are allowed", limits::MAP_ENTRIES)));
    }
    given.iter().try_for_each(|p| check(&p.name, &p.value))
}

fn check(name: &str, value: &str) -> Result<(), Error> {
    let good = !name.is_empty()
        && name.len() <= limits::NAME_CHARS
        && !name.chars().any(|c| c.is_control() || c.is_whitespace() || c == '=');
    if !good {
        return Err(Error::invalid(format!(
            "parameters: {:?} is no name of a context variable: use 1 to {} characters without blanks and `=`",
            name.chars().take(80).collect::<String>(),
            limits::NAME_CHARS
        )));
    }
    if value.len() > limits::PARAMETER_VALUE_BYTES {
        return Err(Error::invalid(format!(
            "parameters.{name}: the value has more than {} bytes",
            limits::PARAMETER_VALUE_BYTES
        )));
    }
    if value.contains('\0') {
        return Err(Error::invalid(format!("parameters.{name}: the value holds a NUL character")));
    }
    Ok(())
}
