//! The server is killed while thousands of runs wait, and started again at once.

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::load::Load;
use crate::machine::wall_ms;
use crate::report::{Bar, Report};
use crate::run_state::{self, History};
use crate::stage::Stage;

/// Kills the server as soon as the last of `count` runs was accepted.
pub(crate) async fn measure(report: &mut Report, stage: &mut Stage, count: usize) -> Result<()> {
    let ran = stage.scratch().join("ran");
    // Every job leaves a line, so that a second start of the same run cannot hide.
    let script = format!("#!/bin/sh\necho \"$STOKER_RUN_DIR\" >> '{}'\nexec /bin/true\n", ran.display());
    let task = stage.task("recovery", &script).await?;
    let load = Load {
        url: stage.server.url().to_owned(),
        requests: vec![stage.start_request(&task)],
        total: count,
        status: 201,
        keep: true,
    };
    let started = load.run().await.context("start runs")?;
    let (killed_ms, killed) = (wall_ms(), Instant::now());
    stage.server.kill9();
    stage.server.restart();
    let ready = killed.elapsed();
    let ids = started.bodies.iter().map(|body| run_state::id_of(body)).collect::<Result<Vec<_>>>()?;
    let last = ids.last().context("start runs: none was asked for")?;
    run_state::all_ended(stage, &task, last, count).await.context("after the restart")?;
    let ended = killed.elapsed();
    let mut histories = Vec::with_capacity(count);
    for id in &ids {
        histories.push(run_state::history(stage, id).await.with_context(|| format!("run {id}"))?);
    }
    let found = judge(&ids, &histories, &fs::read_to_string(&ran).context("read what jobs left")?, killed_ms)?;
    report.row(
        "kill -9 of the server under load to the first run given out and started afterwards",
        format!("{:.2} s", found.first_start_ms as f64 / 1000.0),
        &format!("restarted server ready: {:.2} s", ready.as_secs_f64()),
        Bar::at_most(found.first_start_ms as f64, 2000.0, "ms"),
    );
    report.row(
        "runs that were accepted, not ended at the kill, and ended exactly once",
        format!("{} of {}, all after {:.1} s", found.open, found.open, ended.as_secs_f64()),
        "",
        Some(Bar { text: "all".to_owned(), pass: true }),
    );
    report.note(format!(
        "Recovery: the server is killed when the last of {count} start calls is answered, and started again at once with the \
         same port; the engine goes on. The time ends at the start, by the engine's record, of the first job whose run was \
         given to the engine after the kill. Then for every accepted run the timeline must hold one end, and the file to \
         which each job adds a line must hold one line."
    ));
    Ok(())
}

/// What the histories say.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    /// From the kill to the first start of a run that was given out afterwards, in milliseconds.
    first_start_ms: i64,
    /// Runs that had not ended at the kill.
    open: usize,
}

/// Checks that every run ended once and that its job ran once.
fn judge(ids: &[String], histories: &[History], ran: &str, killed_ms: i64) -> Result<Found> {
    let mut lines: HashMap<&str, usize> = HashMap::new();
    for line in ran.lines() {
        let folder = line.rsplit('/').next().unwrap_or_default();
        *lines.entry(folder.split('.').next().unwrap_or_default()).or_default() += 1;
    }
    let (mut first, mut open) = (None::<i64>, 0);
    for (id, history) in ids.iter().zip(histories) {
        let ends = history.finished.len();
        ensure!(ends == 1, "run {id} ended {ends} times: {history:?}");
        let times = lines.get(id.as_str()).copied().unwrap_or_default();
        ensure!(times == 1, "the job of run {id} ran {times} times: {history:?}");
        open += usize::from(history.finished.iter().any(|at| *at > killed_ms));
        let given_after = history.offered.last().is_some_and(|at| *at > killed_ms);
        let start = history.started.last().copied().filter(|_| given_after);
        first = first.into_iter().chain(start).min();
    }
    let all: usize = lines.values().sum();
    ensure!(all == ids.len(), "{all} jobs ran for {} runs", ids.len());
    let first = first.context("no run was given out after the kill: there was too little load")?;
    Ok(Found { first_start_ms: first - killed_ms, open })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(offered: i64, started: i64, finished: &[i64]) -> History {
        History { offered: vec![offered], started: vec![started], finished: finished.to_vec() }
    }

    fn ids() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).to_vec()
    }

    #[test]
    fn only_runs_given_out_after_the_kill_show_the_recovery() -> Result<()> {
        let histories = [history(1, 2, &[3]), history(99, 105, &[110]), history(300, 320, &[330])];
        let found = judge(&ids(), &histories, "/x/a.1\n/x/b.1\n/x/c.1\n", 100)?;
        assert_eq!(found, Found { first_start_ms: 220, open: 2 });
        assert!(judge(&ids(), &histories, "/x/a.1\n/x/b.1\n/x/c.1\n", 300).is_err());
        Ok(())
    }

    #[test]
    fn a_run_that_ran_or_ended_twice_or_never_is_found() {
        let good = [history(1, 2, &[3]), history(1, 2, &[3]), history(300, 301, &[302])];
        let says =
            |histories: &[History], ran: &str| judge(&ids(), histories, ran, 100).map_err(|error| error.to_string());
        assert!(says(&good, "/x/a.1\n/x/a.2\n/x/b.1\n/x/c.1\n").unwrap_err().contains("run a ran 2 times"));
        assert!(says(&good, "/x/a.1\n/x/c.1\n").unwrap_err().contains("run b ran 0 times"));
        assert!(says(&good, "/x/a.1\n/x/b.1\n/x/c.1\n/x/d.1\n").unwrap_err().contains("4 jobs ran for 3"));
        let twice = [history(1, 2, &[3, 4]), history(1, 2, &[3]), history(300, 301, &[302])];
        assert!(says(&twice, "/x/a.1\n/x/b.1\n/x/c.1\n").unwrap_err().contains("run a ended 2 times"));
    }
}
