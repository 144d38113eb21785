//! The measurements, in the order in which they share servers.

mod fill;
mod history;
mod memory;
mod recovery;
mod requests;
mod rights;
mod runs;
mod schedules;
mod sign_ins;
mod start;
mod tester;
mod trigger;

use anyhow::{Context, Result};

pub(crate) use history::{Fill, fill_history};

use crate::floors::Floors;
use crate::machine::busy_percent;
use crate::report::Report;
use crate::stage::Stage;
use crate::{Arguments, Section};

/// Runs what was asked for. A part that fails is noted and does not keep the others from being measured.
pub(crate) async fn all(arguments: &Arguments, report: &mut Report) {
    let wanted = |section| arguments.sections.iter().any(|one| *one == section || *one == Section::All);
    let mut floors = Floors::default();
    if wanted(Section::Floors) {
        begin(report, "floors").await;
        match Floors::measure(report, arguments.samples as usize, arguments.requests).await {
            Ok(measured) => floors = measured,
            Err(error) => report.failure("floors", &error),
        }
    }
    if wanted(Section::Requests) {
        begin(report, "requests without an engine").await;
        if let Err(error) = requests::measure(report, &floors, arguments.requests).await {
            report.failure("requests", &error);
        }
    }
    if wanted(Section::Rights) {
        begin(report, "reads with rights").await;
        let result = rights::measure(report, arguments.requests).await;
        note(report, "rights", result);
    }
    if wanted(Section::History) {
        begin(report, "lists of a long history").await;
        let result = history::measure(report, arguments.history, crate::machine::wall_ms()).await;
        note(report, "history", result);
    }
    if wanted(Section::Schedules) {
        begin(report, "many schedules").await;
        let result = schedules::schedules(report, arguments.schedules).await;
        note(report, "schedules", result);
    }
    if wanted(Section::Tester) {
        begin(report, "the API tester").await;
        let result = tester::measure(report, arguments.stoker.as_deref()).await;
        note(report, "the API tester", result);
    }
    let with_engine =
        [Section::Trigger, Section::Runs, Section::Memory, Section::Start, Section::Recovery, Section::Schedules];
    if with_engine.into_iter().any(wanted)
        && let Err(error) = engine_parts(arguments, report, &floors, wanted).await
    {
        report.failure("server and engine", &error);
    }
}

/// Everything that needs an engine, on one server whose database grows on the way.
async fn engine_parts(
    arguments: &Arguments,
    report: &mut Report,
    floors: &Floors,
    wanted: impl Fn(Section) -> bool,
) -> Result<()> {
    let mut stage = Stage::start().await?;
    stage.start_engine().await.context("start the engine")?;
    let largest = arguments.runs.iter().copied().max().unwrap_or(5000);
    if wanted(Section::Memory) {
        begin(report, "memory after the start").await;
        let result = memory::measure(report, &stage, "after the start", true).await;
        note(report, "memory", result);
    }
    if wanted(Section::Trigger) {
        begin(report, "trigger").await;
        let result = trigger::measure(report, floors, &stage, arguments.samples as usize).await;
        note(report, "trigger", result);
    }
    if wanted(Section::Schedules) {
        begin(report, "steps of a plan").await;
        let result = schedules::plan(report, &stage).await;
        note(report, "steps of a plan", result);
    }
    if wanted(Section::Runs) || wanted(Section::Start) {
        begin(report, "batches of short runs").await;
        for count in &arguments.runs {
            let result = runs::measure(report, floors, &stage, *count, *count == largest).await;
            note(report, "runs", result);
        }
    }
    if wanted(Section::Memory) && wanted(Section::Runs) {
        begin(report, "memory after the load").await;
        let result = memory::measure(report, &stage, "after the load", false).await;
        note(report, "memory", result);
    }
    if wanted(Section::Start) {
        begin(report, "start of the server").await;
        let result = start::measure(report, floors, &mut stage).await;
        note(report, "start", result);
    }
    if wanted(Section::Recovery) {
        begin(report, "recovery").await;
        let result = recovery::measure(report, &mut stage, largest).await;
        note(report, "recovery", result);
    }
    Ok(())
}

/// Says what comes, and notes how busy others keep the machine: such figures are worth little.
async fn begin(report: &mut Report, what: &str) {
    let busy = busy_percent().await;
    eprintln!("{what}; other programs use {busy:.0} % of the CPU");
    if busy > 5.0 {
        report.note(format!("Disturbed: other programs used {busy:.0} % of the CPU just before \"{what}\"."));
    }
}

fn note(report: &mut Report, what: &str, result: Result<()>) {
    if let Err(error) = result {
        report.failure(what, &error);
    }
}
