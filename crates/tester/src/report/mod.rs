//! Reports as files: JUnit XML, HTML, JSON, TAP. Pure functions of [`RunReport`](crate::run::RunReport).

mod html;
mod json;
mod junit;
mod tap;

pub use html::html;
pub use json::{json, request as request_json};
pub use junit::junit;
pub use tap::tap;

/// Escapes a text for XML and HTML; characters that XML does not allow become replacement marks.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' | '\r' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Point in time as `2026-01-31T12:00:00Z`.
fn instant(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| format!("{at:.0}"))
}

/// Milliseconds as seconds with three digits.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}
