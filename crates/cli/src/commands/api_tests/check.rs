//! `stoker test check`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use stoker_tester::inspect::{self, Finding};
use stoker_tester::run::Folder;

use super::App;
use super::source;
use crate::exit::{Exit, Result};
use crate::text::{count, printable};

#[derive(Args)]
#[command(
    after_help = "Ends with 0 when a run can begin everywhere, 2 when something is wrong. Remarks change nothing: a \
    name may be a variable that `stoker test run --var` gives."
)]
pub(crate) struct CheckArgs {
    /// Project folders or exported files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// A finding as scripts see it.
#[derive(Serialize)]
struct Row {
    wrong: bool,
    path: Vec<String>,
    place: Option<String>,
    text: String,
}

pub(super) fn check(app: &App, args: &CheckArgs) -> Result<Exit> {
    let (mut entries, mut rows) = (0, Vec::new());
    for path in &args.paths {
        let source = source::load(app, path)?;
        entries += source.drive.walk().len();
        let found = inspect::inspect(&source.drive, &source.places, &Folder::new(&source.files));
        rows.extend(found.into_iter().map(|Finding { wrong, path, place, text }| Row { wrong, path, place, text }));
    }
    let wrong = rows.iter().filter(|row| row.wrong).count();
    if app.out.wants_json() {
        app.out.json(&rows)?;
    } else {
        for row in &rows {
            let place = row.place.as_ref().map_or_else(String::new, |place| format!("{}: ", printable(place)));
            let word = if row.wrong { "wrong" } else { "remark" };
            app.out.line(&format!("{place}{word}: {}: {}", printable(&row.path.join(" / ")), printable(&row.text)))?;
        }
        let remarks = count(rows.len() - wrong, "remark");
        app.out.note(&format!(
            "{}: {wrong} wrong, {remarks}",
            if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") }
        ));
    }
    Ok(if wrong == 0 { Exit::Success } else { Exit::Usage })
}
