//! Writes TOML in one fixed layout.

use std::fmt::Write;

use crate::json::Json;

/// A file being written.
#[derive(Default)]
pub(super) struct Toml {
    out: String,
}

impl Toml {
    pub(super) fn finish(self) -> String {
        self.out
    }

    pub(super) fn table(&mut self, header: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.line(header);
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// `key = value`
    pub(super) fn value(&mut self, key: &str, value: &Json) {
        let line = format!("{} = {}", bare(key), inline(value));
        self.line(&line);
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        let line = format!("{key} = {}", block(value));
        self.line(&line);
    }

    pub(super) fn maybe(&mut self, key: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    /// An array with one element a line; nothing when it is empty.
    pub(super) fn list(&mut self, key: &str, items: &[Json]) {
        if items.is_empty() {
            return;
        }
        self.line(&format!("{key} = ["));
        for item in items {
            self.line(&format!("  {},", inline(item)));
        }
        self.line("]");
    }
}

fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain { key.to_owned() } else { basic(key) }
}

/// A text: several lines as a block where that keeps every character.
fn block(text: &str) -> String {
    let plain = !text.contains("'''")
        && !text.ends_with('\'')
        && text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control());
    if text.contains('\n') && plain { format!("'''\n{text}'''") } else { one_line(text) }
}

/// Single quotes spare the escapes where the text allows it.
fn one_line(text: &str) -> String {
    let awkward = text.contains(['"', '\\']) && !text.contains('\'') && text.chars().all(|c| !c.is_control());
    if awkward { format!("'{text}'") } else { basic(text) }
}

fn basic(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing into a `String` cannot fail.
                let _ = write!(out, "\\U{:08X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// A value on one line. `null` has no TOML form and never comes here: bags are written as texts of JSON.
fn inline(value: &Json) -> String {
    match value {
        Json::Null => "\"\"".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => number.clone(),
        Json::Text(text) => one_line(text),
        Json::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Json::Object(members) => {
            let pairs: Vec<String> =
                members.iter().map(|(key, value)| format!("{} = {}", bare(key), inline(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}
