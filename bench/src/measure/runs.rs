//! Batches of runs that do nothing, from the first request to the end of the last.

use std::time::Duration;

use anyhow::{Context, Result};

use super::requests::{each, start_rows};
use crate::floors::Floors;
use crate::floors::process::NOTHING;
use crate::load::Load;
use crate::report::{Bar, Report};
use crate::run_state;
use crate::stage::{MAX_RUNS, Stage};
use crate::stats::rate;

/// One batch; `show_starts` says whether the start calls get rows of their own.
pub(crate) async fn measure(
    report: &mut Report,
    floors: &Floors,
    stage: &Stage,
    count: usize,
    show_starts: bool,
) -> Result<()> {
    let task = stage.task(&format!("batch-{count}"), NOTHING).await?;
    let load = Load {
        url: stage.server.url().to_owned(),
        requests: vec![stage.start_request(&task)],
        total: count,
        status: 201,
        keep: true,
    };
    let (server, engine) = (stage.server_cpu()?, stage.engine_cpu()?);
    let started = load.run().await.context("start runs")?;
    let accepted = started.begin.elapsed();
    let last = run_state::id_of(started.bodies.last().context("start runs: none was asked for")?)?;
    run_state::all_ended(stage, &task, &last, count).await?;
    let elapsed = started.begin.elapsed();
    let per_second = rate(count, elapsed);
    report.row(
        &format!("{count} short runs, from the first request to the end of the last"),
        format!(
            "{per_second:.0} runs/s ({:.2} s, accepted after {:.2} s)",
            elapsed.as_secs_f64(),
            accepted.as_secs_f64()
        ),
        &floors.processes,
        Bar::at_least(per_second, 450.0, "runs/s"),
    );
    let cpu = |now: Result<Duration>, before| Ok::<_, anyhow::Error>(each(now? - before, count));
    report.row(
        "the same: CPU time for each run",
        format!("server {}, engine {}", cpu(stage.server_cpu(), server)?, cpu(stage.engine_cpu(), engine)?),
        "",
        None,
    );
    if show_starts {
        start_rows(report, floors, &started, "engine at work");
    }
    report.note(format!(
        "Short runs: a script that becomes /bin/true, at most {MAX_RUNS} at once on the engine (max.deployed.flows), parallel \
         runs allowed; all start calls are sent by 16 clients without a pause, then the API is asked every 10 ms until all \
         runs have ended well."
    ));
    Ok(())
}
