//! HAR 1.2: what a browser has recorded.

use super::make::{Maker, form_body, is_automatic, list, literal, part, request, text, text_body, uri};
use super::{Import, ImportError, MAX_IMPORT, wrong};
use crate::json::Json;
use crate::model::{Drive, Kind, Row, ScenarioAdditions};
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
        let headers = list(recorded, "headers").iter().filter(|row| !is_automatic(text(row, "name")));
        let headers = headers.map(|row| Row::new(literal(text(row, "name")), literal(text(row, "value")))).collect();
        let body = recorded.get("postData").and_then(|data| {
            let params = list(data, "params");
            let sent = text(data, "text");
            if sent.is_empty() && !params.is_empty() {
                let multipart = text(data, "mimeType").starts_with("multipart/");
                let parts = params.iter().map(|row| {
                    let file = text(row, "fileName");
                    let value = if file.is_empty() { text(row, "value") } else { file };
                    part(&literal(text(row, "name")), &literal(value), !file.is_empty())
                });
                return Some(form_body(multipart, parts.collect()));
            }
            (!sent.is_empty()).then(|| text_body(literal(sent)))
        });
        let address = uri(&literal(text(recorded, "url")));
        let name = format!("{} {}", text(recorded, "method"), address.path.as_deref().unwrap_or("/"));
        let made = request(text(recorded, "method"), address, headers, body);
        let made = maker.request(&name, made);
        scenario.children.push(made);
    }
    Ok(Import { drive: Drive { entities: vec![scenario], ..Drive::default() }, warnings: maker.warnings })
}
