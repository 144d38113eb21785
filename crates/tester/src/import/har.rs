//! HAR 1.2: what a browser has recorded.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::make::{Maker, form_body, is_automatic, list, literal, part, request, text, text_body, uri};
use super::{Import, ImportError, MAX_IMPORT, wrong};
use crate::encode;
use crate::json::Json;
use crate::model::{Body, BodyKind, Drive, Kind, Row, ScenarioAdditions};
use crate::world::{Clock, Entropy};

/// One scenario named by the time of the import (`doc`), its requests in order.
///
/// # Errors
/// [`ImportError`]: not JSON, or no `log.entries` in it.
pub fn har(file: &str, clock: &dyn Clock, entropy: &dyn Entropy) -> Result<Import, ImportError> {
    if file.len() > MAX_IMPORT {
        return Err(wrong("HAR", "it is too long"));
    }
    let root = Json::parse(file).map_err(|error| wrong("HAR", error.to_string()))?;
    let Some(entries) = root.get("log").and_then(|log| log.get("entries")).and_then(Json::as_array) else {
        return Err(wrong("HAR", "`log.entries` is missing"));
    };
    let mut maker = Maker::new(entropy);
    let now = jiff::Timestamp::from_millisecond(clock.now_ms()).unwrap_or_default();
    let mut scenario = maker.entity(&format!("{now:.0}"), Kind::Scenario(ScenarioAdditions::default()));
    for (at, entry) in entries.iter().enumerate() {
        let Some(recorded) = entry.get("request") else {
            maker.warnings.push(format!("entry {at} has no request"));
            continue;
        };
        let (method, url) = (text(recorded, "method"), text(recorded, "url"));
        if method.is_empty() || !(url.starts_with("http://") || url.starts_with("https://")) {
            let shown: String = url.chars().take(80).collect();
            maker.warnings.push(format!("entry {at} is left out: `{method} {shown}` is no request of HTTP"));
            continue;
        }
        if !list(entry, "_webSocketMessages").is_empty() {
            maker.warnings.push(format!("entry {at}: the messages of its WebSocket are not carried over"));
        }
        let headers = list(recorded, "headers").iter().filter(|row| !is_automatic(text(row, "name")));
        let headers = headers.map(|row| Row::new(literal(text(row, "name")), literal(text(row, "value")))).collect();
        let body = body(recorded, at, &mut maker.warnings);
        let address = uri(&literal(url));
        let name = format!("{method} {}", address.path.as_deref().unwrap_or("/"));
        let made = request(method, address, headers, body);
        let made = maker.request(&name, made);
        scenario.children.push(made);
    }
    let answers = entries.iter().filter(|entry| entry.get("response").is_some()).count();
    if answers > 0 {
        maker.warnings.push(format!("what was answered then is not carried over ({answers} times)"));
    }
    Ok(Import { drive: Drive { entities: vec![scenario], ..Drive::default() }, warnings: maker.warnings })
}

/// The recorded body. What is no text cannot stand in a request.
fn body(recorded: &Json, at: usize, warnings: &mut Vec<String>) -> Option<Body> {
    let size = recorded.get("bodySize").and_then(Json::as_i64).unwrap_or(0);
    let Some(data) = recorded.get("postData") else {
        if size > 0 {
            warnings.push(format!("entry {at}: its body of {size} bytes is not in the file"));
        }
        return None;
    };
    let params = list(data, "params");
    let sent = text(data, "text");
    if sent.is_empty() && !params.is_empty() {
        let multipart = text(data, "mimeType").starts_with("multipart/");
        let mut rows = Vec::new();
        for row in params {
            let (name, file) = (text(row, "name"), text(row, "fileName"));
            if multipart && file.is_empty() && !text(row, "contentType").is_empty() {
                warnings.push(format!("entry {at}: the type of the form part `{name}` is not carried over"));
            }
            let value = if file.is_empty() { text(row, "value") } else { file };
            // A form of an address holds its values as they were sent (`spec`); here they are encoded again.
            let plain = |text: &str| if multipart { None } else { encode::decode(&text.replace('+', " ")) };
            let of = |text: &str| literal(&plain(text).unwrap_or_else(|| text.to_owned()));
            rows.push(part(&of(name), &of(value), !file.is_empty()));
        }
        return Some(form_body(multipart, rows));
    }
    if text(data, "encoding").eq_ignore_ascii_case("base64") {
        let bytes = STANDARD.decode(sent).ok();
        let plain = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        if plain.is_none() {
            warnings.push(format!("entry {at}: its body is no text, and is not carried over; name a file instead"));
            return Some(Body { kind: BodyKind::File, ..Body::default() });
        }
        return plain.map(|plain| text_body(literal(&plain)));
    }
    if sent.is_empty() && size > 0 {
        warnings.push(format!("entry {at}: its body of {size} bytes is not in the file"));
    }
    (!sent.is_empty()).then(|| text_body(literal(sent)))
}
