//! Value to text.

use std::fmt::{self, Write};

use super::Json;

impl fmt::Display for Json {
    /// Compact: no blanks, members in order.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_value(self, out, None)
    }
}

pub(super) fn pretty(value: &Json) -> String {
    let mut out = String::new();
    // Writing into a `String` cannot fail.
    let _ = write_value(value, &mut out, Some(0));
    out.push('\n');
    out
}

fn write_value(value: &Json, out: &mut impl Write, indent: Option<usize>) -> fmt::Result {
    match value {
        Json::Null => out.write_str("null"),
        Json::Bool(value) => write!(out, "{value}"),
        Json::Number(text) => out.write_str(text),
        Json::Text(text) => write_text(text, out),
        Json::Array(items) => {
            let inner = indent.map(|level| level + 1);
            out.write_char('[')?;
            for (position, item) in items.iter().enumerate() {
                separate(out, position, inner)?;
                write_value(item, out, inner)?;
            }
            close(out, ']', items.is_empty(), indent)
        }
        Json::Object(members) => {
            let inner = indent.map(|level| level + 1);
            out.write_char('{')?;
            for (position, (name, item)) in members.iter().enumerate() {
                separate(out, position, inner)?;
                write_text(name, out)?;
                out.write_str(if indent.is_some() { ": " } else { ":" })?;
                write_value(item, out, inner)?;
            }
            close(out, '}', members.is_empty(), indent)
        }
    }
}

fn separate(out: &mut impl Write, position: usize, indent: Option<usize>) -> fmt::Result {
    if position > 0 {
        out.write_char(',')?;
    }
    line(out, indent)
}

fn close(out: &mut impl Write, bracket: char, empty: bool, indent: Option<usize>) -> fmt::Result {
    if !empty {
        line(out, indent)?;
    }
    out.write_char(bracket)
}

fn line(out: &mut impl Write, indent: Option<usize>) -> fmt::Result {
    match indent {
        Some(level) => write!(out, "\n{:width$}", "", width = level * 2),
        None => Ok(()),
    }
}

fn write_text(text: &str, out: &mut impl Write) -> fmt::Result {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\u{8}' => out.write_str("\\b")?,
            '\u{c}' => out.write_str("\\f")?,
            c if c < ' ' => write!(out, "\\u{:04x}", c as u32)?,
            c => out.write_char(c)?,
        }
    }
    out.write_char('"')
}
