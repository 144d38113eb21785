//! One step along a path: from an entity to its child, from a request to its response, from JSON to a member.

use std::sync::Arc;

use super::eval::Sources;
use super::{Evaluator, Uses};
use crate::exchange::{Exchange, decode};
use crate::json::{Json, Object, object};
use crate::model::{Entity, Kind};
use crate::suggest;

/// What went wrong, without its place.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) text: String,
    pub(super) suggestion: Option<String>,
}

impl Problem {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), suggestion: None }
    }

    /// Nothing has this name here.
    fn missing<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str> + Clone) -> Self {
        let list: Vec<String> = known.clone().take(8).map(|name| format!("`{name}`")).collect();
        let there = if list.is_empty() { String::new() } else { format!(" (there is {})", list.join(", ")) };
        Self { text: format!("{what} has no `{name}`{there}"), suggestion: suggest::nearest(name, known) }
    }
}

/// A value on the way.
pub(super) enum Value<'a> {
    Json(Json),
    /// A head that is neither variable nor entity: its own text.
    Unknown(String),
    Entity(&'a Entity),
    Request(Arc<Exchange>),
    Response(Arc<Exchange>),
    Headers(Vec<(String, String)>),
}

/// Steps that the object of a request has (`doc`).
pub(super) const OF_REQUEST: [&str; 5] = ["method", "uri", "headers", "query", "body"];
pub(super) const OF_RESPONSE: [&str; 3] = ["status", "headers", "body"];

pub(super) fn member<'a>(value: Value<'a>, name: &str, from: &Evaluator<'a>) -> Result<Value<'a>, Problem> {
    match value {
        Value::Entity(entity) => of_entity(entity, name, from),
        Value::Request(exchange) => match name {
            "method" => Ok(Value::Json(Json::text(&exchange.method))),
            "uri" => Ok(Value::Json(Json::text(&exchange.uri))),
            "headers" => Ok(Value::Headers(exchange.request_headers.clone())),
            "query" => Ok(Value::Json(query(&exchange.uri))),
            "body" => {
                from.read(exchange.request_body.len())?;
                Ok(Value::Json(body(decode(&exchange.request_body))))
            }
            _ => Err(Problem::missing("`request`", name, OF_REQUEST.into_iter())),
        },
        Value::Response(exchange) => match name {
            "status" => Ok(Value::Json(status(&exchange))),
            "headers" => Ok(Value::Headers(exchange.response.headers.clone())),
            "body" => {
                from.read(exchange.response.body.len())?;
                Ok(Value::Json(body(exchange.response.text())))
            }
            _ => Err(Problem::missing("`response`", name, OF_RESPONSE.into_iter())),
        },
        Value::Headers(headers) => {
            let found = crate::exchange::values(&headers, name);
            if found.is_empty() {
                return Err(Problem::missing("the message", name, headers.iter().map(|(name, _)| name.as_str())));
            }
            Ok(Value::Json(Json::Text(found.join(", "))))
        }
        Value::Json(json) => {
            if let Json::Text(text) = &json {
                from.read(text.len())?;
            }
            of_json(&json, name).map(Value::Json)
        }
        Value::Unknown(text) => {
            from.read(text.len())?;
            if let Ok(found) = of_json(&Json::Text(text.clone()), name) {
                return Ok(Value::Json(found));
            }
            let sources = from.sources;
            let known =
                sources.variables.names().chain(sources.drive.entities.iter().map(|entity| entity.name.as_str()));
            let suggestion = suggest::nearest(&text, known);
            Err(Problem {
                text: format!("`{text}` is neither a variable nor an entity, so it has no `{name}`"),
                suggestion,
            })
        }
    }
}

fn of_entity<'a>(entity: &'a Entity, name: &str, from: &Evaluator<'a>) -> Result<Value<'a>, Problem> {
    if matches!(entity.kind, Kind::Request(_)) {
        if name == "name" {
            return Ok(Value::Json(Json::text(&entity.name)));
        }
        if !matches!(name, "request" | "response") {
            let what = format!("the request `{}`", entity.name);
            return Err(Problem::missing(&what, name, ["name", "request", "response"].into_iter()));
        }
        let Some(exchange) = from.sources.exchanges.get(&entity.id) else {
            return Err(not_sent(entity, name, from));
        };
        return Ok(if name == "request" { Value::Request(exchange) } else { Value::Response(exchange) });
    }
    entity.children.iter().find(|child| child.name == name).map(Value::Entity).ok_or_else(|| {
        let what = format!("`{}`", entity.name);
        Problem::missing(&what, name, entity.children.iter().map(|child| child.name.as_str()))
    })
}

/// Why there is no exchange of a request: it is on a circle, it comes later, or nobody has sent it.
fn not_sent(entity: &Entity, name: &str, from: &Evaluator<'_>) -> Problem {
    let what = format!("the request `{}` was not sent yet, so it has no `{name}`", entity.name);
    let Sources { drive, variables, exchanges, .. } = from.sources;
    let variable = |name: &str| variables.get(name).is_some();
    let may_read = |bytes: usize| from.effort().read(bytes).is_ok();
    if !may_read(drive.entities.len()) {
        return Problem::new(what);
    }
    let uses = Uses::of(drive, &variable, &may_read);
    if let Some(circle) = uses.circle(&entity.id, &|id| exchanges.get(id).is_some()) {
        let told = uses.told(&circle, from.places);
        return Problem::new(format!("{what}, and cannot be, because requests use each other in a circle: {told}"));
    }
    match from.asking.and_then(|asking| uses.comes_after(&entity.id, asking)) {
        Some(scenario) => Problem::new(format!("{what}: it comes later in `{scenario}`; put it before")),
        None => Problem::new(format!("{what}; send it before")),
    }
}

fn of_json(json: &Json, name: &str) -> Result<Json, Problem> {
    match json {
        Json::Object(members) => members
            .get(name)
            .cloned()
            .ok_or_else(|| Problem::missing("the object", name, members.keys().map(String::as_str))),
        Json::Array(items) => match name.parse::<usize>() {
            Ok(position) => items.get(position).cloned().ok_or_else(|| {
                Problem::new(format!("position {position} is past the end, the array has {} elements", items.len()))
            }),
            Err(_) => Err(Problem::new(format!("an array has positions from 0, not `{name}`"))),
        },
        Json::Text(text) => match parsed(text) {
            Some(inner) => of_json(&inner, name),
            None => Err(Problem::new(format!("a text that is no JSON has no `{name}`"))),
        },
        other => Err(Problem::new(format!("a value of type {} has no `{name}`", other.kind()))),
    }
}

/// The array or object that a text is, if it is one.
fn parsed(text: &str) -> Option<Json> {
    text.trim_start().starts_with(['{', '[']).then(|| Json::parse(text).ok()).flatten()
}

/// A body that is JSON as its value, any other as text (`doc`).
fn body(text: String) -> Json {
    Json::parse(&text).unwrap_or(Json::Text(text))
}

fn status(exchange: &Exchange) -> Json {
    object([("code", Json::int(exchange.response.status)), ("message", Json::text(&exchange.response.message))])
}

fn headers(list: &[(String, String)]) -> Json {
    let mut made = Object::default();
    for (name, _) in list {
        let name = name.to_lowercase();
        let joined = crate::exchange::values(list, &name).join(", ");
        made.insert(name, Json::Text(joined));
    }
    Json::Object(made)
}

fn query(uri: &str) -> Json {
    let Ok(url) = reqwest::Url::parse(uri) else { return Json::Object(Object::default()) };
    Json::Object(url.query_pairs().map(|(name, value)| (name.into_owned(), Json::text(value))).collect())
}

/// The value at the end of a path.
pub(super) fn finish<'a>(value: Value<'a>, from: &Evaluator<'a>) -> Result<Json, Problem> {
    match &value {
        Value::Request(exchange) => from.read(exchange.request_body.len())?,
        Value::Response(exchange) => from.read(exchange.response.body.len())?,
        _ => {}
    }
    match value {
        Value::Json(json) => Ok(json),
        Value::Unknown(text) => Ok(Json::Text(text)),
        Value::Headers(list) => Ok(headers(&list)),
        Value::Request(exchange) => Ok(object([
            ("method", Json::text(&exchange.method)),
            ("uri", Json::text(&exchange.uri)),
            ("headers", headers(&exchange.request_headers)),
            ("query", query(&exchange.uri)),
            ("body", body(decode(&exchange.request_body))),
        ])),
        Value::Response(exchange) => Ok(object([
            ("status", status(&exchange)),
            ("headers", headers(&exchange.response.headers)),
            ("body", body(exchange.response.text())),
        ])),
        Value::Entity(entity) => {
            let kind = entity.kind.name().to_lowercase();
            let text = format!("a whole {kind} cannot be a value; go on to a part of it, such as `response`.`body`");
            Err(Problem::new(text))
        }
    }
}
