//! The one place that writes: data to standard output, everything else to standard error.

use crate::exit::{Exit, Failure, Result, writing};
use crate::text::printable;
use comfy_table::{ContentArrangement, Table, TableStyle};
use serde::Serialize;
use std::io::Write;

/// How this call wants its output.
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    draw_progress: bool,
}

impl Output {
    pub(crate) fn new(json: bool, quiet: bool, stderr_is_terminal: bool) -> Self {
        Self { json, quiet, draw_progress: stderr_is_terminal && !quiet }
    }

    /// Whether the server's objects are wanted instead of words.
    pub(crate) fn wants_json(&self) -> bool {
        self.json
    }

    /// Whether notes are not wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// One line of data.
    pub(crate) fn line(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| writing(&error))
    }

    /// Data as it is, for files such as completions.
    pub(crate) fn bytes(&self, data: &[u8]) -> Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(data).and_then(|()| out.flush()).map_err(|error| writing(&error))
    }

    /// An object, indented.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<()> {
        self.line(&to_json(serde_json::to_string_pretty(value))?)
    }

    /// An object on one line.
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<()> {
        self.line(&to_json(serde_json::to_string(value))?)
    }

    /// The id of something new, or the whole object.
    pub(crate) fn created(&self, id: &str, value: &impl Serialize) -> Result<()> {
        if self.json { self.json(value) } else { self.line(&printable(id)) }
    }

    /// A list: objects, or a table with one row each. An empty table is left out and told on standard error.
    pub(crate) fn list<T: Serialize>(
        &self,
        items: &[T],
        what: &str,
        header: &[&str],
        row: impl Fn(&T) -> Vec<String>,
    ) -> Result<()> {
        if self.json {
            return self.json(&items);
        }
        if items.is_empty() {
            self.note(&format!("no {what}"));
            return Ok(());
        }
        self.line(&table(header, items.iter().map(row)))
    }

    /// One object: itself, or a line for each of its fields; empty ones are left out.
    pub(crate) fn record(&self, value: &impl Serialize, fields: &[(&str, String)]) -> Result<()> {
        if self.json {
            return self.json(value);
        }
        let rows = fields.iter().filter(|(_, value)| !value.is_empty());
        self.line(&table(&[], rows.map(|(name, value)| vec![(*name).to_owned(), value.clone()])))
    }

    /// Something a person may want to know; nothing a script needs.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.stderr(text);
        }
    }

    /// Something that may be wrong.
    pub(crate) fn warn(&self, text: &str) {
        self.stderr(&format!("warning: {text}"));
    }

    /// Says why the command failed and answers its exit code.
    pub(crate) fn report(&self, failure: &Failure) -> Exit {
        if !failure.message.is_empty() {
            self.stderr(&format!("error: {failure}"));
            if let Some(hint) = &failure.hint {
                self.stderr(&format!("\nhint: {hint}"));
            }
        }
        failure.exit
    }

    /// A bar for a transfer; invisible when nobody looks. `length` in bytes when known.
    pub(crate) fn progress(&self, what: &str, length: Option<u64>) -> indicatif::ProgressBar {
        if !self.draw_progress {
            return indicatif::ProgressBar::hidden();
        }
        let bar = length.map_or_else(indicatif::ProgressBar::no_length, indicatif::ProgressBar::new);
        let template = "{msg} [{bar:30}] {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec}";
        if let Ok(style) = indicatif::ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        bar
    }

    /// Standard error may be closed; there is nobody left to tell.
    fn stderr(&self, text: &str) {
        // In one piece: what is not kept back costs a call of the system each time.
        let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
    }
}

fn to_json(text: serde_json::Result<String>) -> Result<String> {
    text.map_err(|error| Failure::new(Exit::Failed, format!("cannot write the answer as JSON: {error}")))
}

/// Columns two spaces apart, no lines, no wrapping, no control characters.
pub(crate) fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Disabled);
    if !header.is_empty() {
        table.set_header(header.to_vec());
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_plain_columns() {
        let rows = vec![vec!["1".to_owned(), "short".to_owned()], vec!["long id".to_owned(), "b\x1b[2J".to_owned()]];
        assert_eq!(table(&["ID", "NAME"], rows.into_iter()), "ID       NAME\n1        short\nlong id  b\u{fffd}[2J");
    }

    #[test]
    fn long_cells_are_not_wrapped() {
        let long = "x".repeat(500);
        assert_eq!(table(&["A"], std::iter::once(vec![long.clone()])), format!("A\n{long}"));
    }
}
