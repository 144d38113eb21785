//! Pieces of drives, with fresh ids.

use crate::encode;
use crate::folder::split_url;
use crate::json::Json;
use crate::model::{Body, BodyKind, Entity, Form, Kind, Method, PartKind, Query, Request, Row, Scheme, Uri};
use crate::world::{Entropy, new_uuid};

/// Makes entities.
pub(super) struct Maker<'a> {
    pub(super) entropy: &'a dyn Entropy,
    pub(super) warnings: Vec<String>,
    pub(super) count: usize,
}

impl<'a> Maker<'a> {
    pub(super) fn new(entropy: &'a dyn Entropy) -> Self {
        Self { entropy, warnings: Vec::new(), count: 0 }
    }

    pub(super) fn entity(&mut self, name: &str, kind: Kind) -> Entity {
        self.count += 1;
        let name = if name.trim().is_empty() { format!("unnamed {}", self.count) } else { name.to_owned() };
        Entity::new(new_uuid(self.entropy), name, kind)
    }

    pub(super) fn request(&mut self, name: &str, mut request: Request) -> Entity {
        let packed = request.headers.iter_mut().filter(|row| row.name.eq_ignore_ascii_case("accept-encoding"));
        for value in packed.filter_map(|row| row.value.as_mut()) {
            let understood =
                |coding: &&str| ["gzip", "x-gzip", "deflate", "identity"].contains(&coding.to_lowercase().as_str());
            let all: Vec<&str> =
                value.split(',').map(|coding| coding.split(';').next().unwrap_or(coding).trim()).collect();
            let kept: Vec<&str> = all.iter().copied().filter(understood).collect();
            if kept.len() < all.len() && !value.contains("${") {
                let said = "Accept-Encoding keeps only gzip and deflate, because nothing else is unpacked";
                if !self.warnings.iter().any(|warning| warning == said) {
                    self.warnings.push(said.to_owned());
                }
                *value = if kept.is_empty() { "identity".to_owned() } else { kept.join(", ") };
            }
        }
        self.entity(name, Kind::Request(Box::new(request)))
    }
}

/// A text of another tool: `${` stands for itself.
pub(super) fn literal(text: &str) -> String {
    text.replace("${", "${\"${\"}")
}

/// Address in parts; the query becomes rows that are sent as they are.
pub(super) fn uri(address: &str) -> Uri {
    let address = address.split('#').next().unwrap_or(address);
    let (before, query) = match outside_expression(address, '?') {
        Some(at) => (&address[..at], Some(&address[at + 1..])),
        None => (address, None),
    };
    let (scheme, host, path) = split_url(before);
    let items: Vec<Row> = query
        .iter()
        .flat_map(|query| query.split('&'))
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => query_row(name, Some(value)),
            None => query_row(pair, None),
        })
        .collect();
    let query = (!items.is_empty()).then(|| Query { delimiter: Some("&".to_owned()), items, ..Query::default() });
    Uri { scheme: Scheme { name: scheme, ..Scheme::default() }, host, path, query, ..Uri::default() }
}

fn outside_expression(text: &str, wanted: char) -> Option<usize> {
    let mut depth = 0usize;
    let mut before = ' ';
    text.char_indices().find_map(|(at, c)| {
        match c {
            '{' if before == '$' || depth > 0 => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = c;
        (c == wanted && depth == 0).then_some(at)
    })
}

/// A row out of an address: decoded where encoding it again gives the same, else kept as it is.
fn query_row(name: &str, value: Option<&str>) -> Row {
    let plain = |text: &str| encode::decode(text).filter(|plain| encode::query(plain) == text && !plain.contains("${"));
    match (plain(name), value.map(plain)) {
        (Some(name), None) => Row { name, enabled: Some(true), ..Row::default() },
        (Some(name), Some(Some(value))) => Row::new(name, value),
        _ => Row {
            name: name.to_owned(),
            value: value.map(str::to_owned),
            enabled: Some(true),
            encoded: true,
            ..Row::default()
        },
    }
}

/// A request whose method takes a body when there is one.
pub(super) fn request(method: &str, uri: Uri, headers: Vec<Row>, body: Option<Body>) -> Request {
    let mut method = Method::named(&method.to_uppercase());
    method.takes_body |= body.is_some();
    Request { method, uri, headers, body: body.unwrap_or_default(), ..Request::default() }
}

pub(super) fn text_body(text: String) -> Body {
    Body { kind: BodyKind::Text, text: Some(text), ..Body::default() }
}

pub(super) fn form_body(multipart: bool, items: Vec<Row>) -> Body {
    let encoding = if multipart { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
    let form = Form { encoding: Some(encoding.to_owned()), items, ..Form::default() };
    Body { kind: BodyKind::Form, form: Some(form), ..Body::default() }
}

pub(super) fn part(name: &str, value: &str, file: bool) -> Row {
    Row { kind: Some(if file { PartKind::File } else { PartKind::Text }), ..Row::new(name, value) }
}

/// Text of a member, empty when it is missing or no text.
pub(super) fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_text).unwrap_or("")
}

/// Elements of a member.
pub(super) fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json.get(name).and_then(Json::as_array).unwrap_or_default()
}

/// Headers that the sender makes by itself.
pub(super) fn is_automatic(name: &str) -> bool {
    name.starts_with(':') || ["host", "content-length", "connection"].contains(&name.to_lowercase().as_str())
}
