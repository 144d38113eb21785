//! Waiting for a run and following its log, through short troubles of the network or the server.

use crate::commands::{App, engines};
use crate::exit::{Exit, Failure, Result};
use crate::text::printable;
use crate::times;
use std::time::Duration;
use stoker_client::{Client, ClientError, EngineAtWork, LogEntry, LogQuery, PlanRun, Run};

/// Lines asked for at once; the most the contract allows.
const LOG_PAGE: u32 = 200;
/// First and longest pause between two questions.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));
/// How many questions in a row may fail before waiting is given up: about a minute and a half.
const FAILURES: u32 = 25;
/// Pause before the last look at the log of a run that ended, and how often.
const LAST_LOOKS: (Duration, u32) = (Duration::from_millis(500), 2);

/// How to show log lines.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LogStyle {
    /// The message alone, without time and severity.
    pub(crate) raw: bool,
}

/// Pauses that grow while nothing happens, and failures that are forgiven for a while.
struct Patience {
    pause: Duration,
    failures: u32,
}

impl Patience {
    fn new() -> Self {
        Self { pause: PAUSES.0, failures: 0 }
    }

    /// Something happened: ask again soon.
    fn refresh(&mut self) {
        self.pause = PAUSES.0;
    }

    async fn rest(&mut self) {
        tokio::time::sleep(self.next_pause()).await;
    }

    /// The pause to make now; the next one is longer.
    fn next_pause(&mut self) -> Duration {
        let longer = (self.pause * 3 / 2).min(PAUSES.1);
        std::mem::replace(&mut self.pause, longer)
    }

    /// The value; nothing when the failure may pass; an error when it will not.
    fn judge<T>(&mut self, app: &App, result: std::result::Result<T, ClientError>) -> Result<Option<T>> {
        match result {
            Ok(value) => {
                self.failures = 0;
                Ok(Some(value))
            }
            Err(error) if error.is_transient() && self.failures < FAILURES => {
                if self.failures == 0 {
                    app.out.warn(&format!("{}; trying again", printable(&error.to_string())));
                }
                self.failures += 1;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Waits until a run is over.
pub(crate) async fn until_over(app: &App, client: &Client, id: &str) -> Result<Run> {
    interruptible(id, async {
        let (mut patience, mut last) = (Patience::new(), None);
        loop {
            if let Some(run) = patience.judge(app, client.run(id).await)? {
                if run.is_over() {
                    return Ok(run);
                }
                if last.as_ref() != Some(&run.status) {
                    patience.refresh();
                    last = Some(run.status);
                }
            }
            patience.rest().await;
        }
    })
    .await
}

/// Waits until a plan run is over; tells on standard error how its steps go when that is wanted.
pub(crate) async fn plan_until_over(app: &App, client: &Client, id: &str, tell: bool) -> Result<PlanRun> {
    let waiting = async {
        let (mut patience, mut known) = (Patience::new(), Vec::new());
        loop {
            let run = patience.judge(app, client.plan_run(id).await)?;
            if tell && let Some(steps) = patience.judge(app, client.plan_run_steps(id).await)? {
                let states: Vec<String> = steps.into_iter().map(|step| step.execution_status).collect();
                for (number, state) in states.iter().enumerate() {
                    if state != "UNDEFINED" && known.get(number) != Some(state) {
                        app.out.note(&format!("step {}: {}", number + 1, step_in_words(state)));
                        patience.refresh();
                    }
                }
                known = states;
            }
            if let Some(run) = run.filter(PlanRun::is_over) {
                return Ok(run);
            }
            patience.rest().await;
        }
    };
    tokio::select! {
        result = waiting => result,
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Interrupted, format!("interrupted; plan run {id} goes on"))
            .hint(format!("see it with `stoker plans runs`, stop it with `stoker plans stop {id}`"))),
    }
}

/// Waits until nothing is left on a drained engine; tells on standard error how much there is.
pub(crate) async fn until_empty(app: &App, client: &Client, id: &str) -> Result<EngineAtWork> {
    let waiting = async {
        let (mut patience, mut told) = (Patience::new(), String::new());
        loop {
            if let Some(work) = patience.judge(app, client.engine_at_work(id).await)? {
                if work.drain.is_none() {
                    let message = format!("engine `{}` was put back before it was empty", printable(&work.name));
                    return Err(Failure::new(Exit::Failed, message));
                }
                if work.left() == 0 {
                    return Ok(work);
                }
                let left = engines::in_words(&work);
                if left != told {
                    app.out.note(&format!("{left} left"));
                    patience.refresh();
                    told = left;
                }
            }
            patience.rest().await;
        }
    };
    tokio::select! {
        result = waiting => result,
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Interrupted, "interrupted; the engine stays drained")
            .hint(format!("put it back with `stoker engines resume {id}`"))),
    }
}

/// The status of a step run in words.
fn step_in_words(status: &str) -> String {
    match status {
        "STARTED" => "runs".to_owned(),
        "EXECUTION_SUCCESS" => "passed".to_owned(),
        "EXECUTION_FAILED" => "failed".to_owned(),
        other => printable(&other.to_lowercase()),
    }
}

/// Shows the log of a run from `query` on, until the run is over and its log is told.
pub(crate) async fn log(app: &App, client: &Client, id: &str, query: LogQuery, style: LogStyle) -> Result<Run> {
    interruptible(id, async {
        let (mut patience, mut query) = (Patience::new(), query);
        loop {
            let shown = match show_new(app, client, id, &mut query, style).await? {
                // No log yet; whether the run exists is asked below.
                Err(error) if error.is_not_found() => Ok(0),
                shown => shown,
            };
            if patience.judge(app, shown)?.unwrap_or(0) > 0 {
                patience.refresh();
            }
            match patience.judge(app, client.run(id).await)? {
                Some(run) if run.is_over() => {
                    last_lines(app, client, id, &mut query, style).await?;
                    return Ok(run);
                }
                _ => patience.rest().await,
            }
        }
    })
    .await
}

/// Shows what the log holds now.
pub(crate) async fn log_so_far(
    app: &App,
    client: &Client,
    id: &str,
    mut query: LogQuery,
    style: LogStyle,
) -> Result<u64> {
    Ok(show_new(app, client, id, &mut query, style).await??)
}

/// The last lines may reach the server a little after the end. The outcome is known by now, so trouble is only told.
async fn last_lines(app: &App, client: &Client, id: &str, query: &mut LogQuery, style: LogStyle) -> Result<()> {
    let mut looks = LAST_LOOKS.1;
    while looks > 0 {
        match show_new(app, client, id, query, style).await? {
            Ok(0) => looks -= 1,
            Ok(_) => continue,
            Err(error) if error.is_not_found() => looks -= 1,
            Err(error) => {
                app.out.warn(&format!("the end of the log may be missing: {}", printable(&error.to_string())));
                return Ok(());
            }
        }
        tokio::time::sleep(LAST_LOOKS.0).await;
    }
    Ok(())
}

/// Shows all lines from `query.start_index` on, moves it behind them and answers their number. The outer error is one of
/// this side's output.
async fn show_new(
    app: &App,
    client: &Client,
    id: &str,
    query: &mut LogQuery,
    style: LogStyle,
) -> Result<std::result::Result<u64, ClientError>> {
    query.count = Some(LOG_PAGE);
    let begin = query.start_index;
    loop {
        let page = match client.logs(id, query).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        for entry in &page.data {
            show(app, entry, style)?;
        }
        query.start_index += page.data.len() as u64;
        if page.data.is_empty() || page.next_index.is_none() {
            return Ok(Ok(query.start_index - begin));
        }
    }
}

fn show(app: &App, entry: &LogEntry, style: LogStyle) -> Result<()> {
    if app.out.wants_json() {
        return app.out.json_line(entry);
    }
    app.out.line(&log_line(entry, style, &app.around.zone, app.around.stdout_is_terminal))
}

/// `2026-02-03 10:27:20.412 INFO  the message`; for a terminal without anything that could steer it.
fn log_line(entry: &LogEntry, style: LogStyle, zone: &jiff::tz::TimeZone, for_terminal: bool) -> String {
    let message = entry.log_message.trim_end_matches(['\r', '\n']);
    let message = if for_terminal { printable(message) } else { message.to_owned() };
    if style.raw {
        return message;
    }
    let at = entry.log_timestamp.map(|millis| times::local_millis(millis, zone)).unwrap_or_default();
    let severity = printable(entry.severity.as_deref().unwrap_or_default());
    format!("{at:23} {severity:5} {message}")
}

/// Runs `work` until it ends or somebody presses Ctrl-C; the run does not mind either.
async fn interruptible<T>(id: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Interrupted, format!("interrupted; run {id} goes on"))
            .hint(format!("see it with `stoker logs {id} -f`, stop it with `stoker runs stop {id}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(message: &str) -> LogEntry {
        serde_json::from_value(
            serde_json::json!({"severity": "INFO", "logTimestamp": 1_770_109_652_123_i64, "logMessage": message}),
        )
        .unwrap()
    }

    fn line(message: &str, raw: bool, for_terminal: bool) -> String {
        log_line(&entry(message), LogStyle { raw }, &jiff::tz::TimeZone::UTC, for_terminal)
    }

    #[test]
    fn lines_have_time_and_severity_unless_raw() {
        assert_eq!(line("Job finished\n", false, true), "2026-02-03 09:07:32.123 INFO  Job finished");
        assert_eq!(line("Job finished\n", true, true), "Job finished");
    }

    #[test]
    fn only_terminals_are_protected() {
        assert_eq!(line("\x1b[31mred", true, false), "\x1b[31mred");
        assert_eq!(line("\x1b[31mred", true, true), "\u{fffd}[31mred");
    }

    #[test]
    fn pauses_grow_to_a_limit_and_start_again() {
        let mut patience = Patience::new();
        let pauses: Vec<_> = (0..20).map(|_| patience.next_pause()).collect();
        assert_eq!(pauses[0], PAUSES.0);
        assert!(pauses.is_sorted() && pauses[19] == PAUSES.1, "{pauses:?}");
        patience.refresh();
        assert_eq!(patience.next_pause(), PAUSES.0);
    }
}
