//! Postman collections, versions 2.0 and 2.1.

use super::make::{Maker, form_body, list, part, request, text, text_body, uri};
use super::{Import, ImportError, MAX_IMPORT, scripts, wrong};
use crate::json::Json;
use crate::model::{
    Binding, Body, BodyKind, Drive, Entity, Environment, GraphQl, Kind, Query, Request, Row, Tls, Variable,
};
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
    left_out(root, "the collection", &mut maker.warnings);
    items(root, "", auth_of(root, None), 0, &mut maker, &mut project);
    let mut drive = Drive::default();
    let variables: Vec<Variable> = list(root, "variable")
        .iter()
        .map(|row| {
            let secret = text(row, "type") == "secret";
            Variable {
                enabled: Some(!disabled(row)),
                private: secret.then_some(true),
                secret: secret.then(|| key(row).to_owned()),
                ..Variable::new(key(row), row.get("value").map_or_else(String::new, Json::render))
            }
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

fn disabled(row: &Json) -> bool {
    row.get("disabled") == Some(&Json::Bool(true))
}

/// The authorization of an item, or that of what it is in; `null` inherits too.
fn auth_of<'a>(item: &'a Json, outer: Option<&'a Json>) -> Option<&'a Json> {
    item.get("auth").filter(|auth| !matches!(auth, Json::Null)).or(outer)
}

/// Says what of a collection or folder is not carried over: its scripts, and settings.
fn left_out(item: &Json, what: &str, warnings: &mut Vec<String>) {
    for event in list(item, "event") {
        if !script(event).trim().is_empty() {
            let when = if text(event, "listen") == "test" { "after" } else { "before" };
            warnings.push(format!("{what}: the script {when} each request is not carried over"));
        }
    }
    if item.get("request").is_none() && item.get("item").is_some() && what != "the collection" {
        for row in list(item, "variable") {
            warnings.push(format!("{what}: the variable `{}` of the folder is not carried over", key(row)));
        }
    }
    for name in
        item.get("protocolProfileBehavior").and_then(Json::as_object).into_iter().flatten().map(|(name, _)| name)
    {
        if !matches!(name.as_str(), "followRedirects" | "strictSSL") || item.get("request").is_none() {
            warnings.push(format!("{what}: the setting `{name}` is not carried over"));
        }
    }
}

/// Lines of a script as one text; old files have one text already.
fn script(event: &Json) -> String {
    match event.get("script").and_then(|script| script.get("exec")) {
        Some(Json::Array(lines)) => lines.iter().filter_map(Json::as_text).collect::<Vec<_>>().join("\n"),
        Some(Json::Text(text)) => text.clone(),
        _ => String::new(),
    }
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
    if !prefix.is_empty() && (list(from, "item").is_empty() || description(from).is_some_and(|text| !text.is_empty())) {
        let made = Entity { description: description(from), ..maker.entity(prefix, Kind::Service) };
        service = Some(made);
    }
    for item in list(from, "item") {
        let name = text(item, "name");
        let auth = auth_of(item, auth);
        if item.get("item").is_some() {
            let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix} / {name}") };
            left_out(item, &format!("folder `{path}`"), &mut maker.warnings);
            items(item, &path, auth, depth + 1, maker, project);
            continue;
        }
        let Some(stored) = item.get("request") else {
            maker.warnings.push(format!("`{name}` has no request and is left out"));
            continue;
        };
        let mut made = one(stored, auth, maker, name);
        for event in list(item, "event") {
            let script = script(event);
            if text(event, "listen") == "test" {
                scripts::assertions(&script, name, &mut made, &mut maker.warnings);
            } else if !script.trim().is_empty() {
                maker.warnings.push(format!("`{name}`: the script before the request is not carried over"));
            }
        }
        settings(item, name, &mut made, &mut maker.warnings);
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

/// What an item says beside its request and scripts.
fn settings(item: &Json, name: &str, made: &mut Request, warnings: &mut Vec<String>) {
    let behavior = item.get("protocolProfileBehavior");
    let flag = |key: &str| match behavior.and_then(|all| all.get(key)) {
        Some(Json::Bool(value)) => Some(*value),
        _ => None,
    };
    made.additions.follow_redirects = flag("followRedirects");
    if flag("strictSSL") == Some(false) {
        made.additions.tls = Some(Tls { verify: false, ..Tls::default() });
    }
    let behavior = behavior.and_then(Json::as_object).into_iter().flatten();
    for (key, _) in behavior.filter(|(key, _)| !matches!(key.as_str(), "followRedirects" | "strictSSL")) {
        warnings.push(format!("`{name}`: the setting `{key}` is not carried over"));
    }
    for key in ["proxy", "certificate"] {
        if item.get("request").and_then(|request| request.get(key)).is_some_and(|value| !matches!(value, Json::Null)) {
            warnings.push(format!("`{name}`: its {key} is not carried over"));
        }
    }
    match list(item, "response").len() {
        0 => {}
        1 => warnings.push(format!("`{name}`: its saved example of a response is not carried over")),
        count => warnings.push(format!("`{name}`: its {count} saved examples of responses are not carried over")),
    }
}

/// The address as one text, path variables filled in. Parts stand for it when the whole is missing.
fn address(url: &Json, name: &str, warnings: &mut Vec<String>) -> String {
    let joined = |key: &str, by: &str| match url.get(key) {
        Some(Json::Array(parts)) => {
            let part = |part: &Json| part.get("value").unwrap_or(part).render();
            parts.iter().map(part).collect::<Vec<_>>().join(by)
        }
        Some(Json::Text(text)) => text.trim_start_matches('/').to_owned(),
        _ => String::new(),
    };
    let mut raw = text(url, "raw").to_owned();
    if raw.is_empty() {
        let scheme = text(url, "protocol");
        let port = text(url, "port");
        raw = format!(
            "{}{}{}{}/{}",
            scheme,
            if scheme.is_empty() { "" } else { "://" },
            joined("host", "."),
            if port.is_empty() { String::new() } else { format!(":{port}") },
            joined("path", "/"),
        );
    }
    let (path, rest) = raw.find(['?', '#']).map_or((raw.as_str(), ""), |at| raw.split_at(at));
    let known = list(url, "variable");
    let filled: Vec<String> = path
        .split('/')
        .map(|segment| {
            let wanted = segment.strip_prefix(':').filter(|wanted| !wanted.is_empty());
            let Some(row) = wanted.and_then(|wanted| known.iter().find(|row| key(row) == wanted)) else {
                return segment.to_owned();
            };
            let value = row.get("value").map_or_else(String::new, Json::render);
            if value.is_empty() || matches!(row.get("value"), Some(Json::Null)) {
                warnings.push(format!("`{name}`: the path variable `{segment}` has no value; set `{}`", key(row)));
                return format!("{{{{{}}}}}", key(row));
            }
            value
        })
        .collect();
    format!("{}{rest}", filled.join("/"))
}

/// Headers as rows, or in one text with a line each.
fn headers(stored: &Json, warnings: &mut Vec<String>) -> Vec<Row> {
    match stored.get("header") {
        Some(Json::Text(lines)) => lines
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| Row::new(expressions(name.trim(), warnings), expressions(value.trim(), warnings)))
            .collect(),
        _ => list(stored, "header").iter().map(|header| row(header, warnings)).collect(),
    }
}

fn row(row: &Json, warnings: &mut Vec<String>) -> Row {
    Row {
        enabled: (!disabled(row)).then_some(true),
        ..Row::new(
            expressions(key(row), warnings),
            expressions(&row.get("value").map_or_else(String::new, value_text), warnings),
        )
    }
}

/// A value as text; `null` is an empty one.
fn value_text(value: &Json) -> String {
    if matches!(value, Json::Null) { String::new() } else { value.render() }
}

fn one(stored: &Json, auth: Option<&Json>, maker: &mut Maker<'_>, name: &str) -> Request {
    if let Some(address) = stored.as_text() {
        return request("GET", uri(&expressions(address, &mut maker.warnings)), Vec::new(), None);
    }
    let warnings = &mut maker.warnings;
    let mut headers = headers(stored, warnings);
    let mut address = match stored.get("url") {
        Some(Json::Text(raw)) => uri(&expressions(raw, warnings)),
        Some(url) => {
            let raw = address(url, name, warnings);
            let items: Vec<Row> = list(url, "query").iter().map(|query| row(query, warnings)).collect();
            if items.is_empty() {
                uri(&expressions(&raw, warnings))
            } else {
                let mut made = uri(&expressions(raw.split(['?', '#']).next().unwrap_or(&raw), warnings));
                made.query = Some(Query { items, ..Query::default() });
                made
            }
        }
        None => uri(""),
    };
    let bound = authorize(stored.get("auth").or(auth), &mut headers, &mut address.query, name, warnings);
    let mut graphql = None;
    let content = stored.get("body").filter(|body| !matches!(body, Json::Null) && !disabled(body));
    if stored.get("body").is_some_and(disabled) {
        warnings.push(format!("`{name}`: its body is switched off and is not carried over"));
    }
    let body = content.and_then(|body| match text(body, "mode") {
        "raw" => {
            let language =
                body.get("options").and_then(|options| options.get("raw")).map_or("", |raw| text(raw, "language"));
            raw_body(text(body, "raw"), language, &mut headers, warnings)
        }
        "urlencoded" => Some(form_body(false, parts(body, "urlencoded", name, warnings))),
        "formdata" => Some(form_body(true, parts(body, "formdata", name, warnings))),
        "graphql" => {
            let stored = body.get("graphql").cloned().unwrap_or_default();
            let operation = text(&stored, "operationName");
            let variables = stored.get("variables").map_or_else(String::new, value_text);
            graphql = Some(GraphQl {
                query: expressions(text(&stored, "query"), warnings),
                variables: expressions(&variables, warnings),
                operation: (!operation.is_empty()).then(|| operation.to_owned()),
            });
            Some(Body { kind: BodyKind::GraphQl, ..Body::default() })
        }
        "file" => match body.get("file").map(|file| text(file, "content")).filter(|content| !content.is_empty()) {
            Some(content) => Some(text_body(expressions(content, warnings))),
            None => Some(Body { kind: BodyKind::File, ..Body::default() }),
        },
        "" => None,
        other => {
            warnings.push(format!("`{name}`: a body of the kind `{other}` is not carried over"));
            None
        }
    });
    let file = content.and_then(|body| body.get("file")).map(|file| text(file, "src").to_owned());
    let method = if text(stored, "method").is_empty() { "GET" } else { text(stored, "method") };
    let mut made = request(method, address, headers, body);
    made.additions.before.extend(bound);
    made.additions.graphql = graphql;
    made.additions.file = file.filter(|file| !file.is_empty());
    made
}

/// A text body; the type that the other tool adds by its language is added here too (`inferred`: it does so unless there
/// is one).
fn raw_body(raw: &str, language: &str, headers: &mut Vec<Row>, warnings: &mut Vec<String>) -> Option<Body> {
    if raw.is_empty() {
        return None;
    }
    let kind = match language {
        "json" => Some("application/json"),
        "xml" => Some("application/xml"),
        "html" => Some("text/html"),
        "javascript" => Some("application/javascript"),
        "text" => Some("text/plain"),
        _ => None,
    };
    if let Some(kind) = kind.filter(|_| !headers.iter().any(|row| row.name.eq_ignore_ascii_case("content-type"))) {
        headers.push(Row::new("Content-Type", kind));
    }
    Some(text_body(expressions(raw, warnings)))
}

/// Rows of a form. A row with several files becomes several rows.
fn parts(body: &Json, mode: &str, name: &str, warnings: &mut Vec<String>) -> Vec<Row> {
    let mut rows = Vec::new();
    for item in list(body, mode) {
        let file = text(item, "type") == "file";
        let values: Vec<String> = match (file, item.get("src")) {
            (true, Some(Json::Array(files))) => files.iter().map(value_text).collect(),
            (true, Some(one)) => vec![value_text(one)],
            (true, None) => vec![String::new()],
            (false, _) => vec![item.get("value").map_or_else(String::new, value_text)],
        };
        if !text(item, "contentType").is_empty() {
            warnings.push(format!("`{name}`: the type of the form part `{}` is not carried over", key(item)));
        }
        for value in values {
            if file && value.is_empty() {
                warnings.push(format!("`{name}`: the form part `{}` names no file", key(item)));
            }
            let made = part(&expressions(key(item), warnings), &expressions(&value, warnings), file);
            rows.push(Row { enabled: (!disabled(item)).then_some(true), ..made });
        }
    }
    rows
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
        "oauth2" if !value("accessToken").is_empty() => {
            let (token, prefix) = (expressions(&value("accessToken"), warnings), value("headerPrefix"));
            let prefix = if prefix.trim().is_empty() { "Bearer" } else { prefix.trim() };
            if value("addTokenTo") == "queryParams" {
                query.get_or_insert_default().items.push(Row::new("access_token", token));
            } else {
                headers.push(Row::new("Authorization", format!("{prefix} {token}")));
            }
            warnings.push(format!("`{name}`: the token of `oauth2` is carried over, how to get a new one is not"));
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
            // Seconds there, milliseconds here.
            "$timestamp" => out.push_str("${timestamp().substring(0, 10)}"),
            "$isoTimestamp" => out.push_str("${timestamp().formatDate(\"TIMESTAMP\", \"ISO_8601\")}"),
            "$randomAlphaNumeric" => out.push_str("${randomString(1)}"),
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
