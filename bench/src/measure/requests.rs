//! Start and read calls from 16 clients while no engine is connected.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::floors::Floors;
use crate::floors::process::NOTHING;
use crate::load::{Load, Loaded};
use crate::report::{Bar, Report};
use crate::run_state;
use crate::stage::Stage;

/// Shares of the quantiles of requests.
pub(crate) const SHARES: [f64; 3] = [0.5, 0.95, 0.99];

/// Both calls.
pub(crate) async fn measure(report: &mut Report, floors: &Floors, total: usize) -> Result<()> {
    let stage = Stage::start().await?;
    let task = stage.task("acceptance", NOTHING).await?;
    let starts = |total| Load {
        url: stage.server.url().to_owned(),
        requests: vec![stage.start_request(&task)],
        total,
        status: 201,
        keep: true,
    };
    starts(total / 20 + 1).run().await.context("start runs")?;
    let before = stage.server_cpu()?;
    let started = starts(total).run().await.context("start runs")?;
    let cpu = stage.server_cpu()? - before;
    start_rows(report, floors, &started, "engine away");
    report.row("the same: CPU time of the server for each", each(cpu, total), "", None);
    let ids = started.bodies.iter().map(|body| run_state::id_of(body)).collect::<Result<Vec<_>>>()?;
    let reads = |total| Load {
        url: stage.server.url().to_owned(),
        requests: ids.iter().map(|id| stage.run_request(id)).collect(),
        total,
        status: 200,
        keep: false,
    };
    reads(total / 20 + 1).run().await.context("read runs")?;
    let before = stage.server_cpu()?;
    let read = reads(total).run().await.context("read runs")?;
    let cpu = stage.server_cpu()? - before;
    report.row(
        "GET /processing/executions/{id}, 16 clients",
        format!("{}, {:.0}/s", read.times.text(&SHARES), read.rate),
        &floors.request,
        None,
    );
    report.row("the same: CPU time of the server for each", each(cpu, total), "", None);
    report.note(format!(
        "Requests: {total} of each kind from 16 clients that each send their next one when the answer is there; connections \
         are kept; the client is one thread on the same machine."
    ));
    Ok(())
}

/// CPU time for each of `count`.
pub(crate) fn each(cpu: Duration, count: usize) -> String {
    format!("{:.3} ms", cpu.as_secs_f64() * 1000.0 / count as f64)
}

/// The rows of the start call; only the one without an engine has bars.
pub(crate) fn start_rows(report: &mut Report, floors: &Floors, started: &Loaded, when: &str) {
    let p50 = started.times.quantile(0.5).as_secs_f64() * 1000.0;
    let bare = when == "engine away";
    let floor = [floors.commit.as_str(), floors.request.as_str()].join("; ");
    let floor = floor.trim_matches([';', ' ']);
    report.row(
        &format!("POST /processing/executions, 16 clients, {when}: time"),
        started.times.text(&SHARES),
        floor,
        Bar::at_most(p50, 1.5, "ms p50").filter(|_| bare),
    );
    report.row(
        &format!("POST /processing/executions, 16 clients, {when}: rate"),
        format!("{:.0}/s", started.rate),
        "",
        Bar::at_least(started.rate, 4000.0, "requests/s").filter(|_| bare),
    );
}
