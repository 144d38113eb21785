//! One OpenAPI document out of operations and models.

use super::facts::{Body, Call, Models, Route};
use super::types::{self, Member, Type};
use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A document before it is written.
pub(super) struct Draft<'a> {
    /// Name of the file without `.json`.
    pub(super) name: &'a str,
    /// Each operation with its handler and, where it does not do everything, what is missing.
    pub(super) calls: Vec<(&'a Call, &'a Route, &'a str)>,
    pub(super) models: &'a Models,
}

/// Title, version and purpose of each document.
const TITLES: [(&str, &str, &str, &str); 9] = [
    (
        "core",
        "Orchestration, processing, logs, workspace permissions",
        "2021-03",
        "Artifacts, tasks, plans, runs, engines.",
    ),
    ("service-accounts", "Service accounts", "2021-03", "Accounts of programs, which get tokens."),
    ("identity", "Identity and access", "2021-03", "Tokens, users, groups, roles, rights of service accounts."),
    ("observability", "Observability", "2021-03", "History of runs and metrics of components."),
    ("dynamic-engines", "Dynamic engines", "2021-03", "Engines in a Kubernetes cluster."),
    ("datasets", "Connections of data sets", "2021-03", "Connections of data sets."),
    ("scim", "SCIM", "2", "Provisioning of users, groups and roles."),
    (
        "tmc",
        "API v2.6",
        "2.6",
        "The older, path-versioned generation; all versions answer alike as far as one does not differ.",
    ),
    ("stoker", "Stoker's own", "1", "What the compatible APIs have no call for."),
];

/// Versions of the older generation.
const TMC: [&str; 10] = ["v1.1", "v1.2", "v1.3", "v2.0", "v2.1", "v2.2", "v2.3", "v2.4", "v2.5", "v2.6"];

/// Bodies of refusals: document, name, status (empty: all others), members. They say what the server's edge writes.
const REFUSALS: [(&str, &str, &str, &str); 13] = [
    ("core", "UnauthorizedErrorResponse", "401", "{status*:int32,message*,detail*}"),
    ("core", "ErrorResponse", "", "{status*:int32,message*,requestId*:uuid}"),
    ("service-accounts", "ConflictResponse", "409", "{detail*}"),
    ("service-accounts", "ErrorResponse", "", "{status*:int32,detail*}"),
    ("identity", "ErrorResponse", "", "{status*:int32,message*,requestId*:uuid}"),
    ("observability", "UnauthorizedErrorResponse", "401", "{status*:int32,message*}"),
    ("observability", "ErrorResponse", "", "{status*:int32,message*,requestId*:uuid}"),
    ("dynamic-engines", "ApiError", "", "{status*:int32,title*,details*}"),
    ("datasets", "ErrorResponse", "", "{status*:int32,error*,message*}"),
    ("scim", "Error", "", "{schemas*:string[],status*,detail*}"),
    ("tmc", "UnauthorizedErrorResponse", "401", "{status*:int32,message*,detail*}"),
    ("tmc", "ErrorResponse", "", "{status*:int32,message*,requestId*:uuid}"),
    ("stoker", "ErrorResponse", "", "{status*:int32,message*,requestId*:uuid}"),
];

/// Writes a document.
pub(super) fn write(draft: &Draft<'_>) -> Result<Value> {
    let (_, title, version, purpose) =
        TITLES.iter().find(|(name, ..)| *name == draft.name).with_context(|| format!("{} has no title", draft.name))?;
    let mut used = BTreeSet::new();
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    let mut paths: BTreeMap<String, BTreeMap<usize, (String, Value)>> = BTreeMap::new();
    let mut ids = BTreeMap::new();
    for (call, route, gap) in &draft.calls {
        let id = call.id.clone().unwrap_or_else(|| operation_id(&call.method, &call.path));
        if let Some(other) = ids.insert(id.clone(), &call.path) {
            anyhow::bail!("{}: {} and {other} would both be called {id}", draft.name, call.path);
        }
        let mut pages = Vec::new();
        for body in call.answers.iter().filter_map(|answer| answer.body.as_ref()) {
            body.kind.pages(&mut pages);
        }
        for (name, inner) in pages {
            schemas.insert(name, page(&inner, &mut used)?);
        }
        let operation = operation(draft.name, &id, call, route, gap, &mut used)?;
        let path = call.path.strip_prefix("/tmc/v1.3").unwrap_or(&call.path);
        let verb = call.method.to_lowercase();
        let place = ["get", "post", "put", "patch", "delete"].iter().position(|v| *v == verb).unwrap_or_default();
        paths.entry(path.to_owned()).or_default().insert(place, (verb, operation));
    }
    for (_, name, _, members) in REFUSALS.iter().filter(|(document, ..)| *document == draft.name) {
        schemas.insert((*name).to_owned(), types::parse(members)?.schema(&mut used));
    }
    add_models(draft, &mut schemas, &mut used)?;
    let paths: Map<String, Value> =
        paths.into_iter().map(|(path, verbs)| (path, Value::Object(verbs.into_values().collect()))).collect();
    let server = if draft.name == "tmc" {
        json!({ "url": "/tmc/{version}", "variables": { "version": { "enum": TMC, "default": "v2.6" } } })
    } else {
        json!({ "url": "/" })
    };
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("Stoker: {title}"),
            "version": version,
            "description": purpose,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [server],
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": schemes(draft) },
    }))
}

/// Adds every model that is named, and what those name.
fn add_models(draft: &Draft<'_>, schemas: &mut BTreeMap<String, Value>, used: &mut BTreeSet<String>) -> Result<()> {
    while let Some(name) = used.iter().find(|name| !schemas.contains_key(*name)).cloned() {
        let fields = draft.models.get(&name).with_context(|| format!("the model {name} is in no table"))?;
        let schema = types::object(fields.iter().map(|f| (&f.member, f.read_only)), used);
        schemas.insert(name, schema);
    }
    Ok(())
}

fn page(inner: &Type, used: &mut BTreeSet<String>) -> Result<Value> {
    let frame = types::parse("{items*:any[],limit*:int32,offset*:int32(0..),total*:int32(0..)}")?;
    let mut schema = frame.schema(used);
    schema["properties"]["items"]["items"] = inner.schema(used);
    Ok(schema)
}

fn schemes(draft: &Draft<'_>) -> Value {
    let mut schemes = json!({
        "token": { "type": "http", "scheme": "bearer",
            "description": "A personal access token, or the token of a service account." },
    });
    if draft.calls.iter().any(|(call, ..)| is_token_call(call)) {
        schemes["credentials"] = json!({ "type": "http", "scheme": "basic",
            "description": "Id and secret of a service account." });
    }
    schemes
}

fn is_token_call(call: &Call) -> bool {
    call.path == "/security/oauth/token"
}

fn operation(
    document: &str,
    id: &str,
    call: &Call,
    route: &Route,
    gap: &str,
    used: &mut BTreeSet<String>,
) -> Result<Value> {
    let mut operation = json!({ "operationId": id, "tags": [call.area], "summary": call.purpose });
    if !gap.is_empty() {
        operation["description"] = format!("Gap: {gap}.").into();
    }
    let mut parameters = Vec::new();
    for name in path_parameters(&call.path) {
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    }
    for member in &call.query {
        parameters.push(parameter(member, used)?);
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = &call.body {
        let required = route.body != "optional";
        operation["requestBody"] = json!({ "required": required, "content": content(body, used) });
        if is_token_call(call) {
            let form = body.kind.schema(used);
            operation["requestBody"]["content"]["application/x-www-form-urlencoded"] = json!({ "schema": form });
        }
    }
    operation["responses"] = responses(document, call, used)?;
    operation["security"] = match (is_token_call(call), route.token) {
        (true, _) => json!([{ "credentials": [] }]),
        (_, true) => json!([{ "token": [] }]),
        (_, false) => json!([]),
    };
    Ok(operation)
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn parameter(member: &Member, used: &mut BTreeSet<String>) -> Result<Value> {
    let mut schema = member.kind.schema(used);
    if let Some(default) = &member.default {
        let value = serde_json::from_str(default).unwrap_or_else(|_| default.as_str().into());
        schema["default"] = value;
    }
    let mut parameter = json!({ "name": member.name, "in": "query" });
    if member.required {
        parameter["required"] = true.into();
    }
    parameter["schema"] = schema;
    Ok(parameter)
}

fn content(body: &Body, used: &mut BTreeSet<String>) -> Value {
    let mut content = Map::new();
    content.insert(body.media.clone(), json!({ "schema": body.kind.schema(used) }));
    content.into()
}

fn responses(document: &str, call: &Call, used: &mut BTreeSet<String>) -> Result<Value> {
    let mut responses: BTreeMap<String, Value> = BTreeMap::new();
    for answer in &call.answers {
        let mut response = json!({ "description": phrase(&answer.status) });
        if let Some(body) = &answer.body {
            response["content"] = content(body, used);
            // Either of the two, as the `Accept` of the call says.
            if document == "scim" {
                response["content"]["application/scim+json"] = response["content"]["application/json"].clone();
            }
        }
        responses.insert(answer.status.clone(), response);
    }
    let refusals: Vec<_> = REFUSALS.iter().filter(|(name, ..)| *name == document).collect();
    ensure!(!refusals.is_empty(), "{document} has no bodies of refusals");
    let mut refusal = |status: &str| {
        let of_status = refusals.iter().find(|(_, _, of, _)| *of == status);
        let name = of_status.or_else(|| refusals.iter().find(|(_, _, of, _)| of.is_empty()));
        let name = name.map(|(_, name, ..)| *name).unwrap_or_default();
        used.insert(name.to_owned());
        let media = if document == "scim" { "application/scim+json" } else { "application/json" };
        let mut content = Map::new();
        content.insert(media.to_owned(), json!({ "schema": { "$ref": format!("#/components/schemas/{name}") } }));
        json!({ "description": phrase(status), "content": content })
    };
    for status in &call.errors {
        responses.insert(status.clone(), refusal(status));
    }
    if refusals.iter().any(|(_, _, of, _)| *of == "401") {
        responses.entry("401".to_owned()).or_insert_with(|| refusal("401"));
    }
    let other = refusal("default");
    let mut all: Map<String, Value> = responses.into_iter().collect();
    all.insert("default".to_owned(), other);
    Ok(all.into())
}

fn phrase(status: &str) -> &'static str {
    match status {
        "200" => "Done",
        "201" => "Made",
        "202" => "Accepted",
        "204" => "Done, without a body",
        "206" => "A part, because there is more",
        "207" => "Done in part: what was refused",
        "303" => "Go on at the address in Location",
        "400" => "The request is malformed",
        "401" => "No valid credentials",
        "402" => "The licence does not cover it",
        "403" => "A permission or right is missing",
        "404" => "There is no such thing",
        "405" => "Not possible in this state, or not with this method",
        "406" => "In use",
        "409" => "It would clash with something",
        "413" => "Too large",
        "415" => "The media type is not taken",
        "422" => "Cannot be repeated",
        "428" => "A right for the change is missing",
        "429" => "Too many calls",
        "500" => "The server failed",
        "501" => "Not configured, or not available",
        "503" => "Not ready",
        _ => "Refused",
    }
}

/// The name of an operation: its method and path, `GET /orchestration/executables/tasks/{taskId}/run-config` is
/// `getOrchestrationExecutablesTasksByTaskIdRunConfig`. So it stays when code moves. For operations
/// whose published name is not known.
fn operation_id(method: &str, path: &str) -> String {
    let mut id = method.to_lowercase();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let name = segment.trim_matches(['{', '}']);
        if segment.starts_with('{') {
            id.push_str("By");
        }
        for word in name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            id.push_str(&first.to_uppercase());
            id.push_str(rest);
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_method_and_path() {
        assert_eq!(
            operation_id("GET", "/executables/tasks/{taskId}/run-config"),
            "getExecutablesTasksByTaskIdRunConfig"
        );
        assert_eq!(operation_id("POST", "/scim/v2/Users/.search"), "postScimV2UsersSearch");
    }
}
