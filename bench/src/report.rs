//! The table.

use std::fmt::Write as _;

/// Whether a figure is good enough.
pub(crate) struct Bar {
    /// The limit in words, for example `<= 5 ms`.
    pub(crate) text: String,
    /// Whether the figure holds it.
    pub(crate) pass: bool,
}

impl Bar {
    /// `value` must not be above `limit`.
    pub(crate) fn at_most(value: f64, limit: f64, unit: &str) -> Option<Self> {
        Some(Self { text: format!("<= {limit} {unit}"), pass: value <= limit })
    }

    /// `value` must not be below `limit`.
    pub(crate) fn at_least(value: f64, limit: f64, unit: &str) -> Option<Self> {
        Some(Self { text: format!(">= {limit} {unit}"), pass: value >= limit })
    }
}

/// Everything that was measured.
pub(crate) struct Report {
    head: String,
    rows: Vec<[String; 4]>,
    notes: Vec<String>,
    failures: Vec<String>,
}

impl Report {
    /// `head` describes the machine.
    pub(crate) fn new(head: String) -> Self {
        Self { head, rows: Vec::new(), notes: Vec::new(), failures: Vec::new() }
    }

    /// Adds a figure, what the bare machine does (empty when there is no such thing), and its bar.
    pub(crate) fn row(&mut self, what: &str, figure: String, floor: &str, bar: Option<Bar>) {
        let bar =
            bar.map_or_else(String::new, |bar| format!("{} {}", bar.text, if bar.pass { "pass" } else { "**miss**" }));
        eprintln!("  {what}: {figure}  {bar}");
        self.rows.push([what.to_owned(), figure, floor.to_owned(), bar]);
    }

    /// Adds a sentence that explains a figure; once, however often it is given.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    /// Notes that a part could not be measured.
    pub(crate) fn failure(&mut self, what: &str, error: &anyhow::Error) {
        eprintln!("  {what}: FAILED: {error:#}");
        self.failures.push(format!("{what}: {error:#}"));
    }

    /// Whether every part was measured.
    pub(crate) fn complete(&self) -> bool {
        self.failures.is_empty()
    }

    /// The whole as Markdown whose table is also aligned for the eye.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("# Benchmark\n\n{}\n\n", self.head);
        let titles = ["What", "Figure", "Floor in the same run", "Bar"].map(str::to_owned);
        let width = |column: usize| {
            self.rows.iter().chain([&titles]).map(|row| row[column].chars().count()).max().unwrap_or_default()
        };
        let widths = [width(0), width(1), width(2), width(3)];
        let line = |row: &[String; 4]| {
            let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        text.push_str(&line(&titles));
        text.push_str(&line(&widths.map(|width| "-".repeat(width))));
        for row in &self.rows {
            text.push_str(&line(row));
        }
        for (title, list) in [("How it was measured", &self.notes), ("Not measured", &self.failures)] {
            if !list.is_empty() {
                let _ = write!(text, "\n## {title}\n\n");
                for entry in list {
                    let _ = writeln!(text, "- {}", entry.replace('\n', " "));
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_show_figure_floor_and_verdict_in_aligned_columns() {
        let mut report = Report::new("machine".into());
        report.row("a", "6 ms".into(), "1 ms", Bar::at_most(6.0, 5.0, "ms"));
        report.row("long name", "500/s".into(), "", Bar::at_least(500.0, 450.0, "runs/s"));
        report.note("same");
        report.note("same");
        let text = report.text();
        assert!(text.contains("| a         | 6 ms   | 1 ms                  | <= 5 ms **miss**   |"), "{text}");
        assert!(text.contains(">= 450 runs/s pass"), "{text}");
        assert_eq!(text.matches("- same").count(), 1);
        assert!(report.complete() && !text.contains("Not measured"));
    }

    #[test]
    fn a_failed_part_is_told_and_makes_the_report_incomplete() {
        let mut report = Report::new("machine".into());
        report.failure("recovery", &anyhow::anyhow!("a run was\nlost"));
        assert!(!report.complete());
        assert!(report.text().contains("## Not measured\n\n- recovery: a run was lost\n"));
    }
}
