//! What the bare machine does: processes, commits and requests without a control plane around them.

pub(crate) mod commit;
mod postgres;
pub(crate) mod process;
pub(crate) mod request;

use anyhow::Result;

use crate::load::{CLIENTS, Load};
use crate::report::Report;

/// The floors in words, for the column beside the figures; empty where they were not measured.
#[derive(Default)]
pub(crate) struct Floors {
    /// From the start of `/bin/sh run.sh` to its first act.
    pub(crate) first_act: String,
    /// Bare processes in a second.
    pub(crate) processes: String,
    /// One durable commit.
    pub(crate) commit: String,
    /// One durable commit, and one new file forced to the disk, each after a rest.
    pub(crate) rested: String,
    /// A bare handler under the same clients.
    pub(crate) request: String,
}

/// Whether programs of PostgreSQL are installed.
pub(crate) fn has_postgres() -> bool {
    postgres::find_programs().is_some()
}

impl Floors {
    /// Measures all of them.
    pub(crate) async fn measure(report: &mut Report, samples: usize, requests: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let first = process::first_act(folder.path(), samples).await?;
        let single = process::spawn_and_wait(folder.path(), 500, 1)?;
        let many = process::spawn_and_wait(folder.path(), 3000, CLIENTS)?;
        let commits = commit::sqlite(folder.path(), 1000)?;
        let rested = commit::after_rest(folder.path(), 100)?;
        let bare = bare_requests(requests).await?;
        let floors = Self {
            first_act: format!("bare sh: {}", first.text(&[0.5, 0.95])),
            processes: format!("bare sh: {:.0}/s", many.rate),
            commit: format!("one commit: {}", commits.times.text(&[0.5])),
            rested: format!(
                "after a rest: one commit {} (p50), one new file {} (p50)",
                rested.commit.text(&[0.5]).trim_start_matches("p50 "),
                rested.file.text(&[0.5]).trim_start_matches("p50 "),
            ),
            request: bare,
        };
        report.row("floor: start of a bare `sh run.sh` to its first act", first.text(&[0.5, 0.95]), "", None);
        report.row(
            "floor: start and end of a bare `sh run.sh`, one after the other",
            format!("{}, {:.0}/s", single.times.text(&[0.5, 0.95]), single.rate),
            "",
            None,
        );
        report.row("floor: the same, 16 at once", format!("{:.0}/s", many.rate), "", None);
        report.row(
            "floor: durable commit of one row, SQLite WAL FULL",
            format!("{}, {:.0}/s", commits.times.text(&[0.5, 0.95]), commits.rate),
            "",
            None,
        );
        report.row(
            &format!("floor: the same, SQLite, each after {} ms of rest", commit::REST.as_millis()),
            rested.commit.text(&[0.5, 0.95]),
            "",
            None,
        );
        report.row(
            "floor: a new file forced to the disk, each after as long a rest",
            rested.file.text(&[0.5, 0.95]),
            "",
            None,
        );
        match postgres::commits(1000) {
            Ok(Some(commits)) => report.row(
                "floor: durable commit of one row, PostgreSQL",
                format!("{}, {:.0}/s", commits.times.text(&[0.5, 0.95]), commits.rate),
                "",
                None,
            ),
            Ok(None) => report.note("PostgreSQL: skipped, its server programs are not installed."),
            Err(error) => report.failure("floor: PostgreSQL", &error),
        }
        report.row("floor: bare axum handler with a small JSON body, 16 clients", floors.request.clone(), "", None);
        Ok(floors)
    }
}

/// Requests to a handler that does nothing, as text.
pub(crate) async fn bare_requests(total: usize) -> Result<String> {
    let server = request::BareServer::start()?;
    let load = |total| Load {
        url: server.url().to_owned(),
        requests: vec![crate::http::request("GET", "/", "token", "")],
        total,
        status: 200,
        keep: false,
    };
    load(total / 10 + 1).run().await?;
    let loaded = load(total).run().await?;
    Ok(format!("bare axum: {}, {:.0}/s", loaded.times.text(&[0.5, 0.95, 0.99]), loaded.rate))
}
