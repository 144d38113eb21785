//! OpenAPI 3.0 and 3.1, and Swagger 2.0, in JSON or YAML.

use super::make::{Maker, form_body, list, literal, part, request, text, text_body};
use super::sample::{dangling, resolve, sample};
use super::{Import, ImportError, MAX_IMPORT, wrong};
use crate::json::Json;
use crate::model::{
    Assertion, Body, BodyKind, Comparison, Drive, Entity, Environment, Kind, Query, Row, Subject, Uri, Variable,
};
use crate::world::{Entropy, new_uuid};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// API to project, path to service, operation to request (`doc`). The server's address and the path parameters become
/// variables of an environment; the first success status becomes an assertion.
///
/// # Errors
/// [`ImportError`]: neither JSON nor YAML, or no such description.
pub fn openapi(file: &str, entropy: &dyn Entropy) -> Result<Import, ImportError> {
    const FORMAT: &str = "OpenAPI";
    if file.len() > MAX_IMPORT {
        return Err(wrong(FORMAT, "it is too long"));
    }
    let root = if file.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        Json::parse(file).map_err(|error| wrong(FORMAT, error.to_string()))?
    } else {
        // YAML 1.2, as the specification wants: `n`, `on` and `no` are texts.
        let options = serde_saphyr::options! { strict_booleans: true };
        serde_saphyr::from_str_with_options::<Json>(file, options)
            .map_err(|error| wrong(FORMAT, format!("not valid YAML: {error}")))?
    };
    let version = |key: &str| root.get(key).map_or_else(String::new, Json::render);
    if !version("openapi").starts_with("3.") && version("swagger") != "2.0" {
        return Err(wrong(FORMAT, "neither `openapi: 3.x` nor `swagger: \"2.0\"` is in it"));
    }
    let Some(paths) = root.get("paths").and_then(Json::as_object) else {
        return Err(wrong(FORMAT, "`paths` is missing"));
    };
    let info = root.get("info").cloned().unwrap_or_default();
    let mut maker = Maker::new(entropy);
    let mut project = maker.entity(text(&info, "title"), Kind::Project);
    project.description = info.get("description").map(Json::render);
    let bases = bases(&root, &mut maker.warnings);
    let mut variables = vec![Variable::new("baseUrl", bases[0].1.as_str())];
    for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
        let item = resolve(&root, item);
        if let Some(gone) = dangling(item) {
            maker.warnings.push(format!("{path}: `{gone}` is not in this file, so the path is left out"));
            continue;
        }
        let mut service = maker.entity(path, Kind::Service);
        let said = ["summary", "description"].map(|key| text(item, key)).into_iter().filter(|text| !text.is_empty());
        service.description = Some(said.collect::<Vec<_>>().join("\n\n")).filter(|text| !text.is_empty());
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let made = operation_request(&root, (path, method), item, operation, &mut maker, &mut variables);
                service.children.push(made);
            }
        }
        project.children.push(service);
    }
    for name in root.get("webhooks").and_then(Json::as_object).into_iter().flatten().map(|(name, _)| name) {
        maker.warnings.push(format!("the webhook `{name}` is not carried over: it is a request to somebody else"));
    }
    let mut environments = Vec::new();
    for (name, base) in bases {
        variables[0].value = Some(base);
        let name = if name.is_empty() { project.name.clone() } else { format!("{} - {name}", project.name) };
        let variables = variables.clone();
        environments.push(Environment { id: new_uuid(entropy), name, variables, ..Environment::default() });
    }
    let drive = Drive { entities: vec![project], environments, ..Drive::default() };
    Ok(Import { drive, warnings: maker.warnings })
}

/// Addresses of the servers by what they are called; the first one has no name. At least one.
fn bases(root: &Json, warnings: &mut Vec<String>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (at, server) in list(root, "servers").iter().enumerate() {
        let name = Some(text(server, "description")).filter(|name| !name.is_empty()).unwrap_or(text(server, "url"));
        let name = if at == 0 { String::new() } else { name.to_owned() };
        found.push((name, server_address(server, warnings)));
    }
    if !found.is_empty() {
        return found;
    }
    let host = text(root, "host");
    if host.is_empty() {
        warnings.push("the description names no server; set the variable baseUrl".to_owned());
    }
    let host = if host.is_empty() { "localhost" } else { host };
    let schemes = list(root, "schemes").iter().filter_map(Json::as_text).filter(|scheme| scheme.starts_with("http"));
    let mut schemes: Vec<&str> = schemes.collect();
    // Of both, the safe one.
    schemes.sort_by_key(|scheme| *scheme != "https");
    let scheme = schemes.first().unwrap_or(&"http");
    vec![(String::new(), format!("{scheme}://{host}{}", text(root, "basePath").trim_end_matches('/')))]
}

/// Address of a server, with the defaults of its variables.
fn server_address(server: &Json, warnings: &mut Vec<String>) -> String {
    let mut url = text(server, "url").to_owned();
    for (name, variable) in server.get("variables").and_then(Json::as_object).into_iter().flatten() {
        url = url.replace(&format!("{{{name}}}"), &variable.get("default").map_or_else(String::new, Json::render));
    }
    let url = url.trim_end_matches('/').to_owned();
    if url.contains("://") {
        return url;
    }
    warnings.push(format!("the server `{url}` has no host; set the variable baseUrl"));
    format!("http://localhost{url}")
}

/// A name that expressions can hold without quotes.
fn variable_name(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    if plain.starts_with(|c: char| c.is_numeric()) { format!("_{plain}") } else { plain }
}

/// The parts of a request as they are found.
#[derive(Default)]
struct Parts {
    address: String,
    query: Vec<Row>,
    headers: Vec<Row>,
    cookies: Vec<String>,
    form: Vec<Row>,
    body: Option<Body>,
}

fn operation_request(
    root: &Json,
    (path, method): (&str, &str),
    item: &Json,
    operation: &Json,
    maker: &mut Maker<'_>,
    variables: &mut Vec<Variable>,
) -> Entity {
    let mut parts = Parts { address: literal(path), ..Parts::default() };
    let mut seen = Vec::new();
    let (begin, heard) = (maker.warnings.len(), format!("{method} {path}"));
    // Those of the operation come first and win over those of the path.
    for parameter in list(operation, "parameters").iter().chain(list(item, "parameters")) {
        let parameter = resolve(root, parameter);
        let key = (text(parameter, "name").to_owned(), text(parameter, "in").to_owned());
        if !seen.contains(&key) {
            seen.push(key);
            add_parameter(root, operation, parameter, &mut parts, variables, &mut maker.warnings);
        }
    }
    let Parts { address, mut query, mut headers, mut cookies, form, mut body } = parts;
    if !form.is_empty() {
        let consumes = list(operation, "consumes").iter().chain(list(root, "consumes"));
        let multipart = consumes.filter_map(Json::as_text).any(|kind| kind == "multipart/form-data");
        body = Some(form_body(multipart, form));
    }
    if let Some(content) =
        operation.get("requestBody").map(|body| resolve(root, body)).and_then(|body| body.get("content"))
    {
        body = content_body(root, content, &mut headers, &mut maker.warnings).or(body);
    }
    security(root, operation, (&mut headers, &mut query, &mut cookies), variables, &mut maker.warnings);
    if !cookies.is_empty() {
        headers.push(Row::new("Cookie", cookies.join("; ")));
    }
    for (name, _) in operation.get("callbacks").and_then(Json::as_object).into_iter().flatten() {
        maker.warnings.push(format!("the callback `{name}` is not carried over: it is a request to somebody else"));
    }
    let own_server = list(operation, "servers").first().or(list(item, "servers").first());
    let host = own_server.map_or("${baseUrl}".to_owned(), |own| literal(&server_address(own, &mut maker.warnings)));
    maker.warnings[begin..].iter_mut().for_each(|warning| *warning = format!("{heard}: {warning}"));
    let query = (!query.is_empty()).then(|| Query { items: query, ..Query::default() });
    let uri = Uri { host: Some(host), path: Some(address), query, ..Uri::default() };
    let mut made = request(method, uri, headers, body);
    let statuses = operation.get("responses").and_then(Json::as_object);
    if let Some(code) = statuses
        .into_iter()
        .flat_map(|all| all.keys())
        .find(|code| code.len() == 3 && code.starts_with(['2', '3']) && !code.contains(['X', 'x']))
    {
        made.assertions.push(Assertion::new(Subject::ResponseStatus, "code", Comparison::equals(), code));
    }
    let names = ["operationId", "summary"].map(|key| text(operation, key));
    let name = names
        .into_iter()
        .find(|name| !name.is_empty())
        .map_or_else(|| format!("{} {path}", method.to_uppercase()), str::to_owned);
    let mut entity = maker.request(&name, made);
    let said = [text(operation, "summary"), text(operation, "description")];
    let said: Vec<&str> = said.into_iter().filter(|said| !said.is_empty() && *said != name).collect();
    entity.description = (!said.is_empty()).then(|| said.join("\n\n"));
    entity
}

/// Puts a parameter where it belongs.
fn add_parameter(
    root: &Json,
    operation: &Json,
    parameter: &Json,
    parts: &mut Parts,
    variables: &mut Vec<Variable>,
    warnings: &mut Vec<String>,
) {
    if let Some(gone) = dangling(parameter) {
        return warnings.push(format!("the parameter `{gone}` is not in this file and is left out"));
    }
    let (name, place) = (text(parameter, "name"), text(parameter, "in"));
    let value = example(root, parameter, warnings);
    let enabled = (parameter.get("required") == Some(&Json::Bool(true))).then_some(true);
    let row = |name: &str, value: &str| Row { enabled, ..Row::new(literal(name), literal(value)) };
    match place {
        "path" => {
            let variable = variable_name(name);
            parts.address = parts.address.replace(&format!("{{{name}}}"), &format!("${{{variable}}}"));
            if !variables.iter().any(|known| known.name == variable) {
                variables.push(Variable::new(variable, joined(&value, ",")));
            }
        }
        "query" => parts.query.extend(spread(name, &value, parameter).iter().map(|(name, value)| row(name, value))),
        // These three are made from elsewhere in the description (`spec`).
        "header" if ["accept", "content-type", "authorization"].contains(&name.to_lowercase().as_str()) => {}
        "header" => parts.headers.push(row(name, &joined(&value, ","))),
        "cookie" if enabled.is_some() => {
            parts.cookies.push(format!("{}={}", literal(name), literal(&joined(&value, ","))))
        }
        "cookie" => warnings.push(format!("the optional cookie `{name}` is not carried over")),
        "formData" => {
            let file = text(parameter, "type") == "file";
            for (name, value) in spread(name, &value, parameter) {
                parts.form.push(Row { enabled, ..part(&literal(&name), &literal(&value), file) });
            }
        }
        "body" => {
            let schema = parameter.get("schema").cloned().unwrap_or_default();
            let kinds: Vec<&str> =
                list(operation, "consumes").iter().chain(list(root, "consumes")).filter_map(Json::as_text).collect();
            let kind = kinds.iter().find(|kind| kind.contains("json")).or(kinds.first()).copied();
            parts.headers.push(Row::new("Content-Type", kind.unwrap_or("application/json")));
            let made = sample(root, &schema, &mut |problem| warnings.push(problem));
            parts.body = Some(text_body(literal(made.pretty().trim_end())));
            if let Some(kind) = kind.filter(|kind| !kind.contains("json")) {
                warnings.push(format!("the body is written as JSON, but has to be {kind}"));
            }
        }
        other => warnings.push(format!("the parameter `{name}` in {other} is not carried over")),
    }
}

/// Elements of an array, names and values of an object, or the value itself, with something between them.
fn joined(value: &Json, by: &str) -> String {
    match value {
        Json::Array(items) => items.iter().map(Json::render).collect::<Vec<_>>().join(by),
        Json::Object(members) => {
            let pairs = members.iter().flat_map(|(name, value)| [name.clone(), value.render()]);
            pairs.collect::<Vec<_>>().join(by)
        }
        other => other.render(),
    }
}

/// Rows of a parameter in a query or form, in the styles of versions 2 and 3 (`spec`).
fn spread(name: &str, value: &Json, parameter: &Json) -> Vec<(String, String)> {
    let (style, format) = (text(parameter, "style"), text(parameter, "collectionFormat"));
    let version_2 = parameter.get("schema").is_none() && parameter.get("content").is_none();
    let explode = match parameter.get("explode") {
        Some(explode) => *explode == Json::Bool(true),
        None if version_2 => format == "multi",
        None => style.is_empty() || style == "form" || style == "deepObject",
    };
    let by = match (style, format) {
        ("spaceDelimited", _) | (_, "ssv") => " ",
        ("pipeDelimited", _) | (_, "pipes") => "|",
        (_, "tsv") => "\t",
        _ => ",",
    };
    match value {
        Json::Array(items) if explode => items.iter().map(|item| (name.to_owned(), item.render())).collect(),
        Json::Object(members) if style == "deepObject" => {
            members.iter().map(|(key, value)| (format!("{name}[{key}]"), value.render())).collect()
        }
        Json::Object(members) if explode => members.iter().map(|(key, value)| (key.clone(), value.render())).collect(),
        other => vec![(name.to_owned(), joined(other, by))],
    }
}

/// Example of a parameter.
fn example(root: &Json, parameter: &Json, warnings: &mut Vec<String>) -> Json {
    let in_content = parameter.get("content").and_then(Json::as_object).and_then(|all| all.values().next());
    if let Some(media) = in_content {
        // A whole document stands as the value.
        return Json::Text(media_example(root, media, warnings).render());
    }
    if let Some(value) = parameter.get("example") {
        return value.clone();
    }
    if let Some(value) = named_example(root, parameter) {
        return value.clone();
    }
    // In version 2 the parameter itself is the schema.
    sample(root, parameter.get("schema").unwrap_or(parameter), &mut |problem| warnings.push(problem))
}

fn named_example<'a>(root: &'a Json, from: &'a Json) -> Option<&'a Json> {
    let first = from.get("examples").and_then(Json::as_object).and_then(|all| all.values().next())?;
    resolve(root, first).get("value")
}

fn media_example(root: &Json, media: &Json, warnings: &mut Vec<String>) -> Json {
    if let Some(given) = media.get("example").or_else(|| named_example(root, media)) {
        return given.clone();
    }
    let schema = media.get("schema").cloned().unwrap_or_default();
    sample(root, &schema, &mut |problem| warnings.push(problem))
}

fn content_body(root: &Json, content: &Json, headers: &mut Vec<Row>, warnings: &mut Vec<String>) -> Option<Body> {
    let kinds = content.as_object()?;
    let preferred = kinds.iter().find(|(kind, _)| kind.contains("json")).or_else(|| kinds.iter().next());
    let (kind, media) = preferred?;
    for (other, _) in kinds.iter().filter(|(other, _)| *other != kind) {
        warnings.push(format!("the body is made as {kind}; {other}, which it may also be, is not carried over"));
    }
    let schema = media.get("schema").cloned().unwrap_or_default();
    let value = media_example(root, media, warnings);
    if kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data" {
        let properties = resolve(root, &schema).get("properties").cloned().unwrap_or_default();
        let rows = value.as_object().into_iter().flatten().map(|(name, value)| {
            let property = properties.get(name).map(|one| resolve(root, one));
            let binary =
                property.is_some_and(|one| text(one, "format") == "binary" || one.get("contentMediaType").is_some());
            part(&literal(name), &literal(&value.render()), binary)
        });
        return Some(form_body(kind == "multipart/form-data", rows.collect()));
    }
    headers.push(Row::new("Content-Type", kind.as_str()));
    if schema.get("format").and_then(Json::as_text) == Some("binary") || kind == "application/octet-stream" {
        warnings.push("the body is a file; name one".to_owned());
        return Some(Body { kind: BodyKind::File, ..Body::default() });
    }
    let structured = matches!(value, Json::Object(_) | Json::Array(_));
    if structured && !kind.contains("json") {
        warnings.push(format!("the body is written as JSON, but has to be {kind}"));
    }
    let written =
        if kind.contains("json") || structured { value.pretty().trim_end().to_owned() } else { value.render() };
    Some(text_body(literal(&written)))
}

/// The first way in that the operation accepts; its secrets become empty private variables.
fn security(
    root: &Json,
    operation: &Json,
    (headers, query, cookies): (&mut Vec<Row>, &mut Vec<Row>, &mut Vec<String>),
    variables: &mut Vec<Variable>,
    warnings: &mut Vec<String>,
) {
    let wanted = operation.get("security").or(root.get("security")).and_then(Json::as_array);
    let Some(first) = wanted.and_then(<[Json]>::first).and_then(Json::as_object) else { return };
    let schemes = root.get("securityDefinitions").or_else(|| root.get("components")?.get("securitySchemes"));
    let mut secret = |name: &str| {
        if !variables.iter().any(|known| known.name == name) {
            let made =
                Variable { private: Some(true), secret: Some(name.to_owned()), value: None, ..Variable::new(name, "") };
            variables.push(made);
        }
        format!("${{{name}}}")
    };
    for name in first.keys() {
        let Some(scheme) = schemes.and_then(|all| all.get(name)).map(|scheme| resolve(root, scheme)) else {
            warnings.push(format!("the security scheme `{name}` is not in this file and is left out"));
            continue;
        };
        match (text(scheme, "type"), text(scheme, "scheme").to_lowercase().as_str(), text(scheme, "in")) {
            ("basic", ..) | ("http", "basic", _) => {
                secret("credentials");
                headers.push(Row::new("Authorization", "Basic ${credentials.base64()}"));
            }
            ("http", "bearer", _) | ("oauth2" | "openIdConnect", ..) => {
                headers.push(Row::new("Authorization", format!("Bearer {}", secret("token"))));
            }
            ("apiKey", _, place) => {
                let (key, value) = (literal(text(scheme, "name")), secret(&variable_name(name)));
                match place {
                    "query" => query.push(Row::new(key, value)),
                    "cookie" => cookies.push(format!("{key}={value}")),
                    _ => headers.push(Row::new(key, value)),
                }
            }
            (kind, scheme, _) => {
                warnings.push(format!("the security scheme `{name}` of the kind {kind} {scheme} is not carried over"));
            }
        }
    }
}
