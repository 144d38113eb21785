//! The page that says which operations of the compatible APIs work.

use crate::{shell, steps};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One row of `stoker-server operations`.
struct Row {
    generation: String,
    area: String,
    method: String,
    path: String,
    mark: String,
    support: String,
    gap: String,
}

/// Decisions where the published documents contradict each other or are silent; part of the page.
const DECISIONS: &str = include_str!("compat_decisions.md");

/// Writes `docs/compatibility.md`, after building the server as it is now.
pub(crate) fn generate(root: &Path) -> Result<()> {
    steps::build_programs(false)?;
    let text = page(&server())?;
    std::fs::write(root.join("docs/compatibility.md"), text).context("cannot write docs/compatibility.md")
}

/// Fails when the checked-in page is not what the server that was built last would have it; builds one when there is none.
pub(crate) fn check(root: &Path) -> Result<()> {
    if !server().is_file() {
        steps::build_programs(false)?;
    }
    let now = page(&server())?;
    let stored = std::fs::read_to_string(root.join("docs/compatibility.md")).unwrap_or_default();
    ensure!(now == stored, "docs/compatibility.md is not up to date: run `cargo xtask compat` and commit the change");
    Ok(())
}

/// The server as the step "programs" leaves it. `cargo run` would compile it once more, with other features.
fn server() -> PathBuf {
    shell::target().join("debug/stoker-server")
}

fn page(program: &Path) -> Result<String> {
    let text =
        shell::output(Command::new(program).arg("operations")).context("cannot ask the server for its operations")?;
    let rows: Vec<Row> = text.lines().filter_map(row).collect();
    ensure!(rows.len() > 400, "the server listed only {} operations", rows.len());
    render(&rows)
}

fn row(line: &str) -> Option<Row> {
    let mut columns = line.split('\t').map(str::to_owned);
    Some(Row {
        generation: columns.next()?,
        area: columns.next()?,
        method: columns.next()?,
        path: columns.next()?,
        mark: columns.next()?,
        support: columns.next()?,
        gap: columns.next().unwrap_or_default(),
    })
}

fn render(rows: &[Row]) -> Result<String> {
    let mut page = String::from(
        "# Compatibility\n\nWritten by `cargo xtask compat` from the route table; do not edit.\n\n\
         Every published operation is routed. *complete*: works as published. *partial*: works, with the gap named. \
         *missing*: answers 501 in the error shape of its family.\n\nMarks say where a fact comes from: *swagger* (published \
         API description), *doc* (published guide), *client* (how a public client uses it).\n\n",
    );
    writeln!(page, "| Generation | complete | partial | missing | all |\n|---|---|---|---|---|")?;
    for generation in ["2021-03", "v2.6"] {
        let count = |support: &str| {
            rows.iter().filter(|r| r.generation == generation && (support.is_empty() || r.support == support)).count()
        };
        writeln!(
            page,
            "| {generation} | {} | {} | {} | {} |",
            count("complete"),
            count("partial"),
            count("missing"),
            count("")
        )?;
    }
    page.push_str("\nThe paths of v2.6 are served below `/tmc/v1.1` to `/tmc/v2.6`.\n\n");
    page.push_str(DECISIONS);
    for generation in ["2021-03", "v2.6"] {
        writeln!(page, "\n## Operations of {generation}\n")?;
        let mut areas: Vec<&str> = Vec::new();
        let mut by_area: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in rows.iter().filter(|r| r.generation == generation) {
            if !areas.contains(&row.area.as_str()) {
                areas.push(&row.area);
            }
            by_area.entry(&row.area).or_default().push(row);
        }
        for area in areas {
            writeln!(page, "### {area}\n\n| Operation | State | Mark | Gap |\n|---|---|---|---|")?;
            for row in &by_area[area] {
                writeln!(page, "| `{} {}` | {} | {} | {} |", row.method, row.path, row.support, row.mark, row.gap)?;
            }
            page.push('\n');
        }
    }
    Ok(page.trim_end().to_owned() + "\n")
}

/// Used by the task `compat`.
pub(crate) fn run() -> Result<()> {
    generate(shell::root())
}
