//! Postman collections, versions 2.0 and 2.1.

use super::make::{Maker, form_body, list, part, request, text, text_body, uri};
use super::{Import, ImportError, MAX_IMPORT, scripts, wrong};
use crate::json::Json;
use crate::model::{Binding, Body, BodyKind, Drive, Entity, Environment, GraphQl, Kind, Query, Request, Row, Variable};
use crate::world::{Entropy, new_uuid};

/// Deepest nesting of folders.
const MAX_DEPTH: usize = 50;

/// Collection to project, folders flattened into services, variables into an environment of the project's name (`doc`).
///
/// # Errors
/// [`ImportError`]: not JSON, or no collection.
pub fn postman(file: &str, entropy: &dyn Entropy) -> Result<Import, ImportError> {
    if file.len() > MAX_IMPORT {
        return Err(wrong("Postman", "it is too long"));
    }
    let root = Json::parse(file).map_err(|error| wrong("Postman", error.to_string()))?;
    // Some exports wrap the collection.
    let root = root.get("collection").filter(|inner| inner.get("item").is_some()).unwrap_or(&root);
    if root.get("item").is_none() || root.get("info").is_none() {
        return Err(wrong("Postman", "`info` or `item` is missing; only collections of version 2 are read"));
    }
    let mut maker = Maker::new(entropy);
    let name = root.get("info").map_or("", |info| text(info, "name"));
    let mut project = maker.entity(name, Kind::Project);
    project.description = root.get("info").and_then(description);
    items(root, "", root.get("auth"), 0, &mut maker, &mut project);
    let mut drive = Drive::default();
    let variables: Vec<Variable> = list(root, "variable")
        .iter()
        .map(|row| Variable {
            enabled: Some(row.get("disabled") != Some(&Json::Bool(true))),
            ..Variable::new(key(row), row.get("value").map_or_else(String::new, Json::render))
        })
        .collect();
    if !variables.is_empty() {
        let environment =
            Environment { id: new_uuid(entropy), name: project.name.clone(), variables, ..Environment::default() };
        drive.environments.push(environment);
    }
    drive.entities.push(project);
    Ok(Import { drive, warnings: maker.warnings })
}

/// Name of a row; variables of old files have it in `id`.
fn key(row: &Json) -> &str {
    let key = text(row, "key");
    if key.is_empty() { text(row, "id") } else { key }
}

fn description(from: &Json) -> Option<String> {
    match from.get("description")? {
        Json::Text(text) => Some(text.clone()),
        other => Some(text(other, "content").to_owned()),
    }
}

fn items(from: &Json, prefix: &str, auth: Option<&Json>, depth: usize, maker: &mut Maker<'_>, project: &mut Entity) {
    if depth > MAX_DEPTH {
        maker.warnings.push(format!("folders nested deeper than {MAX_DEPTH} levels are left out"));
        return;
    }
    let mut service: Option<Entity> = None;
    for item in list(from, "item") {
        let name = text(item, "name");
        let auth = item.get("auth").or(auth);
        if item.get("item").is_some() {
            let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix} / {name}") };
            items(item, &path, auth, depth + 1, maker, project);
            continue;
        }
        let Some(stored) = item.get("request") else { continue };
        let mut made = one(stored, auth, maker, name);
        for event in list(item, "event") {
            let lines = event.get("script").map(|script| list(script, "exec")).unwrap_or_default();
            let script: Vec<&str> = lines.iter().filter_map(Json::as_text).collect();
            if text(event, "listen") == "test" {
                scripts::assertions(&script.join("\n"), name, &mut made, &mut maker.warnings);
            } else if script.iter().any(|line| !line.trim().is_empty()) {
                maker.warnings.push(format!("`{name}`: the script before the request is not carried over"));
            }
        }
        let mut entity = maker.request(name, made);
        entity.description = description(item).or_else(|| description(stored));
        if prefix.is_empty() {
            project.children.push(entity);
        } else {
            let service = service.get_or_insert_with(|| maker.entity(prefix, Kind::Service));
            service.children.push(entity);
        }
    }
    project.children.extend(service);
}

fn one(stored: &Json, auth: Option<&Json>, maker: &mut Maker<'_>, name: &str) -> Request {
    if let Some(address) = stored.as_text() {
        return request("GET", uri(&expressions(address, &mut maker.warnings)), Vec::new(), None);
    }
    let warnings = &mut maker.warnings;
    let row = |row: &Json, warnings: &mut Vec<String>| Row {
        enabled: (row.get("disabled") != Some(&Json::Bool(true))).then_some(true),
        ..Row::new(expressions(key(row), warnings), expressions(text(row, "value"), warnings))
    };
    let mut headers: Vec<Row> = list(stored, "header").iter().map(|header| row(header, warnings)).collect();
    let mut address = match stored.get("url") {
        Some(Json::Text(raw)) => uri(&expressions(raw, warnings)),
        Some(url) => {
            let mut raw = text(url, "raw").to_owned();
            for variable in list(url, "variable") {
                raw = raw.replace(&format!("/:{}", key(variable)), &format!("/{}", text(variable, "value")));
            }
            let mut made = uri(&expressions(raw.split('?').next().unwrap_or(&raw), warnings));
            let items: Vec<Row> = list(url, "query").iter().map(|query| row(query, warnings)).collect();
            made.query = (!items.is_empty()).then(|| Query { items, ..Query::default() });
            made
        }
        None => uri(""),
    };
    let bound = authorize(stored.get("auth").or(auth), &mut headers, &mut address.query, name, warnings);
    let mut graphql = None;
    let body = stored.get("body").and_then(|body| match text(body, "mode") {
        "raw" => Some(text_body(expressions(text(body, "raw"), warnings))).filter(|_| !text(body, "raw").is_empty()),
        "urlencoded" => {
            Some(form_body(false, list(body, "urlencoded").iter().map(|item| form(item, warnings)).collect()))
        }
        "formdata" => Some(form_body(true, list(body, "formdata").iter().map(|item| form(item, warnings)).collect())),
        "graphql" => {
            let stored = body.get("graphql").cloned().unwrap_or_default();
            graphql = Some(GraphQl {
                query: expressions(text(&stored, "query"), warnings),
                variables: expressions(text(&stored, "variables"), warnings),
                operation: None,
            });
            Some(Body { kind: BodyKind::GraphQl, ..Body::default() })
        }
        "file" => Some(Body { kind: BodyKind::File, ..Body::default() }),
        _ => None,
    });
    let file = stored.get("body").and_then(|body| body.get("file")).map(|file| text(file, "src").to_owned());
    let method = if text(stored, "method").is_empty() { "GET" } else { text(stored, "method") };
    let mut made = request(method, address, headers, body);
    made.additions.before.extend(bound);
    made.additions.graphql = graphql;
    made.additions.file = file.filter(|file| !file.is_empty());
    made
}

fn form(item: &Json, warnings: &mut Vec<String>) -> Row {
    let file = text(item, "type") == "file";
    let value =
        if file { item.get("src").map_or_else(String::new, Json::render) } else { text(item, "value").to_owned() };
    let mut made = part(&expressions(key(item), warnings), &expressions(&value, warnings), file);
    made.enabled = (item.get("disabled") != Some(&Json::Bool(true))).then_some(true);
    made
}

/// Adds what the authorization needs; a value that has to be made before the request is handed back.
fn authorize(
    auth: Option<&Json>,
    headers: &mut Vec<Row>,
    query: &mut Option<Query>,
    name: &str,
    warnings: &mut Vec<String>,
) -> Option<Binding> {
    let auth = auth.filter(|auth| !matches!(auth, Json::Null))?;
    let mut bound = None;
    let kind = text(auth, "type");
    // Version 2.0 has an object here, 2.1 a list of keys and values.
    let value = |key: &str| match auth.get(kind) {
        Some(Json::Array(rows)) => rows
            .iter()
            .find(|row| text(row, "key") == key)
            .and_then(|row| row.get("value"))
            .map_or_else(String::new, Json::render),
        Some(object) => text(object, key).to_owned(),
        None => String::new(),
    };
    match kind {
        "" | "noauth" => {}
        "basic" => {
            let pair = format!("{}:{}", value("username"), value("password"));
            bound = Some(Binding { name: "basicCredentials".to_owned(), value: expressions(&pair, warnings) });
            headers.push(Row::new("Authorization", "Basic ${basicCredentials.base64()}"));
        }
        "bearer" => {
            headers.push(Row::new("Authorization", format!("Bearer {}", expressions(&value("token"), warnings))));
        }
        "apikey" => {
            let row = Row::new(expressions(&value("key"), warnings), expressions(&value("value"), warnings));
            if value("in") == "query" {
                query.get_or_insert_default().items.push(row);
            } else {
                headers.push(row);
            }
        }
        other => warnings.push(format!("`{name}`: the authorization `{other}` is not carried over")),
    }
    bound
}

/// `{{name}}` becomes an expression, everything else stands for itself.
pub(super) fn expressions(text: &str, warnings: &mut Vec<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, tail)) = after.split_once("}}") else { break };
        out.push_str(&super::make::literal(before));
        match name.trim() {
            "$guid" | "$randomUUID" => out.push_str("${uuid()}"),
            "$randomInt" => out.push_str("${random(1001)}"),
            dynamic if dynamic.starts_with('$') => {
                warnings.push(format!("the dynamic value {{{{{dynamic}}}}} is not known and stays as text"));
                out.push_str(&format!("{{{{{dynamic}}}}}"));
            }
            plain
                if plain.chars().all(|c| c.is_alphanumeric() || c == '_')
                    && plain.starts_with(|c: char| c.is_alphabetic() || c == '_') =>
            {
                out.push_str(&format!("${{{plain}}}"));
            }
            other => out.push_str(&format!("${{\"{}\"}}", other.replace('"', "\\\""))),
        }
        rest = tail;
    }
    out + &super::make::literal(rest)
}
