//! Resident memory at rest.

use std::time::Duration;

use anyhow::{Context, Result};
use stoker_testkit::programs::EngineProcess;

use crate::machine::{family_of, name_of, resident_kb};
use crate::report::{Bar, Report};
use crate::stage::Stage;

const QUIET: Duration = Duration::from_secs(10);

/// Server and engine, after ten seconds without a request; against the bars where `bars` says so.
pub(crate) async fn measure(report: &mut Report, stage: &Stage, when: &str, bars: bool) -> Result<()> {
    tokio::time::sleep(QUIET).await;
    let mb = |kb: u64| kb as f64 / 1024.0;
    let server = stage.server.pid().context("the server does not run")?;
    let (all, anonymous) = resident_kb(server)?;
    report.row(
        &format!("memory of the server, {when}"),
        format!("{:.1} MB ({:.1} MB of it not backed by files)", mb(all), mb(anonymous)),
        "",
        Bar::at_most(mb(all), 40.0, "MB").filter(|_| bars),
    );
    let (mut sum, mut parts) = (0, Vec::new());
    let engine = stage.engine.as_ref().and_then(EngineProcess::pid).context("the engine does not run")?;
    for id in family_of(engine) {
        let (all, anonymous) = resident_kb(id)?;
        sum += all;
        parts.push(format!("{} {:.1} ({:.1})", name_of(id), mb(all), mb(anonymous)));
    }
    report.row(
        &format!("memory of the engine, {when}"),
        format!("{:.1} MB: {}", mb(sum), parts.join(", ")),
        "",
        Bar::at_most(mb(sum), 20.0, "MB").filter(|_| bars),
    );
    report.note(
        "Memory: VmRSS after 10 s without a request, in brackets what is not backed by files. The engine is the sum of its \
         processes, although they share most pages of the program.",
    );
    Ok(())
}
