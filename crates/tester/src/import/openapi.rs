//! OpenAPI 3.0 and 3.1, and Swagger 2.0, in JSON or YAML.

use super::make::{Maker, form_body, list, literal, part, request, text, text_body};
use super::sample::{resolve, sample};
use super::{Import, ImportError, MAX_IMPORT, wrong};
use crate::json::Json;
use crate::model::{Assertion, Body, Comparison, Drive, Entity, Environment, Kind, Query, Row, Subject, Uri, Variable};
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
        serde_saphyr::from_str::<Json>(file).map_err(|error| wrong(FORMAT, format!("not valid YAML: {error}")))?
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
    let mut variables = vec![Variable::new("baseUrl", base(&root, &mut maker.warnings))];
    for (path, item) in paths {
        let item = resolve(&root, item);
        let mut service = maker.entity(path, Kind::Service);
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let made = operation_request(&root, (path, method), item, operation, &mut maker, &mut variables);
                service.children.push(made);
            }
        }
        project.children.push(service);
    }
    let environment =
        Environment { id: new_uuid(entropy), name: project.name.clone(), variables, ..Environment::default() };
    let drive = Drive { entities: vec![project], environments: vec![environment], ..Drive::default() };
    Ok(Import { drive, warnings: maker.warnings })
}

/// Address of the first server, with the defaults of its variables.
fn base(root: &Json, warnings: &mut Vec<String>) -> String {
    if let Some(server) = list(root, "servers").first() {
        let mut url = text(server, "url").to_owned();
        for (name, variable) in server.get("variables").and_then(Json::as_object).into_iter().flatten() {
            url = url.replace(&format!("{{{name}}}"), text(variable, "default"));
        }
        let url = url.trim_end_matches('/').to_owned();
        if url.contains("://") {
            return url;
        }
        warnings.push(format!("the server `{url}` has no host; set the variable baseUrl"));
        return format!("http://localhost{url}");
    }
    let host = text(root, "host");
    if host.is_empty() {
        warnings.push("the description names no server; set the variable baseUrl".to_owned());
    }
    let scheme = list(root, "schemes").iter().filter_map(Json::as_text).find(|scheme| scheme.starts_with("http"));
    let host = if host.is_empty() { "localhost" } else { host };
    let scheme = scheme.unwrap_or("http");
    format!("{scheme}://{host}{}", text(root, "basePath").trim_end_matches('/'))
}

/// A name that expressions can hold without quotes.
fn variable_name(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    if plain.starts_with(|c: char| c.is_numeric()) { format!("_{plain}") } else { plain }
}

fn operation_request(
    root: &Json,
    (path, method): (&str, &str),
    item: &Json,
    operation: &Json,
    maker: &mut Maker<'_>,
    variables: &mut Vec<Variable>,
) -> Entity {
    let (mut query, mut headers, mut form, mut body) = (Vec::new(), Vec::new(), Vec::new(), None);
    let mut address = literal(path);
    let mut seen = Vec::new();
    // Those of the operation come first and win over those of the path.
    for parameter in list(operation, "parameters").iter().chain(list(item, "parameters")) {
        let parameter = resolve(root, parameter);
        let (name, place) = (text(parameter, "name"), text(parameter, "in"));
        if seen.contains(&(name.to_owned(), place.to_owned())) {
            continue;
        }
        seen.push((name.to_owned(), place.to_owned()));
        let value = example(root, parameter);
        let enabled = (parameter.get("required") == Some(&Json::Bool(true))).then_some(true);
        let row = Row { enabled, ..Row::new(literal(name), literal(&value)) };
        match place {
            "path" => {
                let variable = variable_name(name);
                address = address.replace(&format!("{{{name}}}"), &format!("${{{variable}}}"));
                if !variables.iter().any(|known| known.name == variable) {
                    variables.push(Variable::new(variable, value));
                }
            }
            "query" => query.push(row),
            "header" => headers.push(row),
            "formData" => {
                let made = part(&row.name, row.value(), text(parameter, "type") == "file");
                form.push(Row { enabled, ..made });
            }
            "body" => {
                let schema = parameter.get("schema").cloned().unwrap_or_default();
                headers.push(Row::new("Content-Type", "application/json"));
                body = Some(text_body(literal(sample(root, &schema, 0).pretty().trim_end())));
            }
            other => {
                maker.warnings.push(format!("{method} {path}: the parameter `{name}` in {other} is not carried over"))
            }
        }
    }
    if !form.is_empty() {
        let consumes = list(operation, "consumes").iter().chain(list(root, "consumes"));
        let multipart = consumes.filter_map(Json::as_text).any(|kind| kind == "multipart/form-data");
        body = Some(form_body(multipart, form));
    }
    if let Some(content) =
        operation.get("requestBody").map(|body| resolve(root, body)).and_then(|body| body.get("content"))
    {
        body = content_body(root, content, &mut headers).or(body);
    }
    security(root, operation, &mut headers, &mut query, variables);
    let query = (!query.is_empty()).then(|| Query { items: query, ..Query::default() });
    let uri = Uri { host: Some("${baseUrl}".to_owned()), path: Some(address), query, ..Uri::default() };
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
    entity.description = operation.get("description").map(Json::render);
    entity
}

/// Text of the example of a parameter.
fn example(root: &Json, parameter: &Json) -> String {
    if let Some(value) = parameter.get("example") {
        return value.render();
    }
    let named = parameter.get("examples").and_then(Json::as_object).and_then(|all| all.values().next());
    if let Some(value) = named.and_then(|one| resolve(root, one).get("value")) {
        return value.render();
    }
    // In version 2 the parameter itself is the schema.
    sample(root, parameter.get("schema").unwrap_or(parameter), 0).render()
}

fn content_body(root: &Json, content: &Json, headers: &mut Vec<Row>) -> Option<Body> {
    let kinds = content.as_object()?;
    let preferred = kinds.iter().find(|(kind, _)| kind.contains("json")).or_else(|| kinds.iter().next());
    let (kind, media) = preferred?;
    let named = media.get("examples").and_then(Json::as_object).and_then(|all| all.values().next());
    let given = media.get("example").or_else(|| named.and_then(|one| resolve(root, one).get("value")));
    let schema = media.get("schema").cloned().unwrap_or_default();
    let value = given.cloned().unwrap_or_else(|| sample(root, &schema, 0));
    if kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data" {
        let properties = resolve(root, &schema).get("properties").cloned().unwrap_or_default();
        let rows = value.as_object().into_iter().flatten().map(|(name, value)| {
            let binary = properties.get(name).is_some_and(|one| text(resolve(root, one), "format") == "binary");
            part(&literal(name), &literal(&value.render()), binary)
        });
        return Some(form_body(kind == "multipart/form-data", rows.collect()));
    }
    headers.push(Row::new("Content-Type", kind.as_str()));
    let written = if kind.contains("json") { value.pretty().trim_end().to_owned() } else { value.render() };
    Some(text_body(literal(&written)))
}

/// The first way in that the operation accepts; its secrets become empty private variables.
fn security(
    root: &Json,
    operation: &Json,
    headers: &mut Vec<Row>,
    query: &mut Vec<Row>,
    variables: &mut Vec<Variable>,
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
        let Some(scheme) = schemes.and_then(|all| all.get(name)).map(|scheme| resolve(root, scheme)) else { continue };
        match (text(scheme, "type"), text(scheme, "scheme").to_lowercase().as_str(), text(scheme, "in")) {
            ("basic", ..) | ("http", "basic", _) => {
                secret("credentials");
                headers.push(Row::new("Authorization", "Basic ${credentials.base64()}"));
            }
            ("http", "bearer", _) | ("oauth2" | "openIdConnect", ..) => {
                headers.push(Row::new("Authorization", format!("Bearer {}", secret("token"))));
            }
            ("apiKey", _, place) => {
                let row = Row::new(literal(text(scheme, "name")), secret(&variable_name(name)));
                if place == "query" { query.push(row) } else { headers.push(row) }
            }
            _ => {}
        }
    }
}
