//! From the start call to the job's first act, one run at a time.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::floors::Floors;
use crate::floors::process::Touches;
use crate::http::Connection;
use crate::report::{Bar, Report};
use crate::run_state;
use crate::stage::Stage;
use crate::stats::Times;

/// Runs that do not count: the first fetches the artifact, others fill caches.
const WARM_UP: usize = 20;
/// Rest between the end of a run and the next trigger.
const REST: Duration = Duration::from_millis(30);

/// Times `samples` runs.
pub(crate) async fn measure(report: &mut Report, floors: &Floors, stage: &Stage, samples: usize) -> Result<()> {
    let mut touches = Touches::of(stage.scratch().join("touched"))?;
    let task = stage.task("trigger", &touches.script()).await?;
    let request = stage.start_request(&task);
    let mut connection = Connection::open(stage.server.url()).await?;
    let (mut times, mut answers) = (Vec::new(), Vec::new());
    for number in 0..WARM_UP + samples {
        let begin = Instant::now();
        let status = connection.send(&request).await?;
        let answered = begin.elapsed();
        ensure!(status == 201, "start a run: {status} {}", String::from_utf8_lossy(connection.body()));
        let id = run_state::id_of(connection.body())?;
        let moment = touches.next().await.with_context(|| format!("run {id}"))?;
        if number >= WARM_UP {
            times.push(moment.saturating_duration_since(begin));
            answers.push(answered);
        }
        run_state::ended(&mut connection, &stage.run_request(&id)).await?;
        tokio::time::sleep(REST).await;
    }
    let (times, answers) = (Times::new(times), Times::new(answers));
    let ms = |share| times.quantile(share).as_secs_f64() * 1000.0;
    let what = "trigger to the job's first act, idle";
    report.row(&format!("{what}: p50"), times.text(&[0.5]), &floors.first_act, Bar::at_most(ms(0.5), 5.0, "ms"));
    report.row(&format!("{what}: p95"), times.text(&[0.95]), &floors.rested, Bar::at_most(ms(0.95), 12.0, "ms"));
    report.row("start call alone, idle, one client", answers.text(&[0.5, 0.95]), &floors.rested, None);
    report.note(format!(
        "Trigger: {samples} single runs after {WARM_UP} that do not count, {} ms of rest after each. The time begins before the \
         request is written. The job is a shell script whose first act opens a file for writing; a thread of the benchmark \
         that blocks on inotify takes the time when the kernel tells of it, so the start of the shell itself (the floor, \
         measured the same way) is part of the figure.",
        REST.as_millis()
    ));
    Ok(())
}
