//! Rows and addresses as single texts.

use crate::model::{PartKind, Row, Scheme, Uri};

/// Stands before a row that is off.
const OFF: &str = "~ ";
/// Stands before the value of a file part.
const FILE: &str = "@";

/// A row as text: `name: value` of headers, `name = value` of queries and forms.
///
/// `None` when the text would not be read back as the same row.
pub(super) fn row_line(row: &Row, separator: &str) -> Option<String> {
    let mut line = if row.is_on() { String::new() } else { OFF.to_owned() };
    line.push_str(&row.name);
    if let Some(value) = &row.value {
        line.push_str(separator);
        if row.kind == Some(PartKind::File) {
            line.push_str(FILE);
        }
        line.push_str(value);
    }
    (same(&row_of(&line, separator), row)).then_some(line)
}

/// The row that a text stands for.
pub(super) fn row_of(line: &str, separator: &str) -> Row {
    let (rest, enabled) = line.strip_prefix(OFF).map_or((line, true), |rest| (rest, false));
    let (name, value) = match rest.split_once(separator) {
        Some((name, value)) => (name, Some(value)),
        None => (rest, None),
    };
    let file = value.and_then(|value| value.strip_prefix(FILE)).filter(|_| separator == FORM);
    Row {
        name: name.to_owned(),
        value: file.or(value).map(str::to_owned),
        // As the reference's files have it: off is missing.
        enabled: enabled.then_some(true),
        kind: (separator == FORM).then_some(if file.is_some() { PartKind::File } else { PartKind::Text }),
        ..Row::default()
    }
}

/// Between name and value of a header.
pub(super) const HEADER: &str = ": ";
/// Between name and value of a query row.
pub(super) const QUERY: &str = " = ";
/// Between name and value of a form row; its own text, so that rows of forms are told apart.
pub(super) const FORM: &str = " := ";

/// Equal but for unknown keys, which are kept elsewhere, and for how off is stored.
fn same(left: &Row, right: &Row) -> bool {
    let plain = |row: &Row| (row.name.clone(), row.value.clone(), row.is_on(), row.kind.clone(), row.encoded);
    plain(left) == plain(right)
}

/// The address as one text; `None` when it would not be read back as the same parts.
pub(super) fn url_line(uri: &Uri) -> Option<String> {
    let mut line = String::new();
    if let Some(scheme) = &uri.scheme.name {
        line.push_str(scheme);
        line.push_str("://");
    }
    line.push_str(uri.host.as_deref().unwrap_or(""));
    line.push_str(uri.path.as_deref().unwrap_or(""));
    let (scheme, host, path) = split_url(&line);
    (scheme == uri.scheme.name && host == uri.host && path == uri.path).then_some(line)
}

/// The parts of an address that one text stands for.
pub(super) fn uri_of(line: &str) -> Uri {
    let (name, host, path) = split_url(line);
    Uri { scheme: Scheme { name, ..Scheme::default() }, host, path, ..Uri::default() }
}

/// Scheme, host and path; a slash inside an expression does not begin the path.
pub(crate) fn split_url(line: &str) -> (Option<String>, Option<String>, Option<String>) {
    let (scheme, rest) = match line.split_once("://") {
        Some((scheme, rest)) if matches!(scheme, "http" | "https" | "ws" | "wss") => (Some(scheme.to_owned()), rest),
        _ => (None, line),
    };
    let mut depth = 0usize;
    let mut before = ' ';
    let slash = rest.char_indices().find(|(_, c)| {
        match c {
            '{' if before == '$' || depth > 0 => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = *c;
        matches!(c, '/' | '?') && depth == 0
    });
    let (host, path) = rest.split_at(slash.map_or(rest.len(), |(at, _)| at));
    let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    (scheme, part(host), part(path))
}
