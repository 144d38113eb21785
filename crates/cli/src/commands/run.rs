//! `stoker run`: starts a run, and waits for it when asked.

use super::{App, LogLevel};
use crate::exit::{Exit, Result};
use crate::follow::{self, LogStyle};
use crate::text::printable;
use crate::{names, pairs, secret_input, times};
use std::collections::BTreeMap;
use std::path::Path;
use stoker_client::{Client, LogQuery, Run, StartRun};

#[derive(clap::Args)]
#[command(
    after_help = "Prints the id of the run. With `--follow` it prints the log instead, with `--json --wait` the \
    finished run. Exit codes: `stoker help exit-codes`."
)]
pub(crate) struct RunArgs {
    /// The task
    task: String,
    /// Value for this run; may be given several times
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = pairs::parse)]
    param: Vec<(String, String)>,
    /// Name of a value that is asked for, or read from standard input, one line for each
    #[arg(long, value_name = "NAME")]
    secret: Vec<String>,
    /// File that holds a secret value; may be given several times
    #[arg(long, value_name = "NAME=FILE", value_parser = pairs::parse)]
    secret_file: Vec<(String, String)>,
    /// Lines of the job to keep; else what the task says
    #[arg(long, value_enum, ignore_case = true, value_name = "LEVEL")]
    log_level: Option<LogLevel>,
    /// Minutes after which the run is stopped
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    timeout: Option<u32>,
    /// Wait for the end; the exit code tells the outcome
    #[arg(long)]
    wait: bool,
    /// Show the log until the end; the exit code tells the outcome
    #[arg(short, long)]
    follow: bool,
    /// With `--follow`: the lines of the job alone, without time and severity
    #[arg(long, requires = "follow")]
    raw: bool,
}

pub(crate) async fn run(app: &App, args: RunArgs) -> Result<Exit> {
    let parameters =
        parameters(&args, |name| secret_input::ask(&format!("the value of `{name}`"), app.around.stdin_is_terminal))?;
    let client = app.client()?;
    let id = start(&client, &args, parameters).await.map_err(crate::exit::Failure::before_start)?;
    if !args.wait && !args.follow {
        let started = serde_json::json!({"executionId": id});
        app.out.created(&id, &started)?;
        app.out.note(&format!("follow it with `stoker logs {id} -f`"));
        return Ok(Exit::Success);
    }
    let run = if args.follow {
        app.out.note(&format!("run {id}"));
        follow::log(app, &client, &id, LogQuery::default(), LogStyle { raw: args.raw }).await?
    } else {
        if !app.out.wants_json() {
            app.out.line(&id)?;
        }
        let run = follow::until_over(app, &client, &id).await?;
        if app.out.wants_json() {
            app.out.json(&run)?;
        }
        run
    };
    app.out.note(&outcome(&run));
    Ok(Exit::of_status(&run.status))
}

async fn start(client: &Client, args: &RunArgs, parameters: BTreeMap<String, String>) -> Result<String> {
    let (executable, _) = names::task(client, &args.task).await?;
    let log_level = args.log_level.map(LogLevel::id);
    let start = StartRun { executable, parameters, log_level, timeout: args.timeout };
    client.start_run(&start).await.map(|run| run.execution_id).map_err(|error| {
        let hint = match error.status() {
            Some(405) => Some(format!("the task is paused: `stoker tasks resume {}`", args.task)),
            Some(501) => Some(format!("say where it runs: `stoker tasks set-runtime {} --engine ENGINE`", args.task)),
            _ => error.hint(),
        };
        crate::exit::Failure { hint, ..error.into() }
    })
}

/// All values of this run; `ask` gets the secret ones.
fn parameters(args: &RunArgs, ask: impl Fn(&str) -> Result<String>) -> Result<BTreeMap<String, String>> {
    let names = args.param.iter().chain(&args.secret_file).map(|(name, _)| name).chain(&args.secret);
    // Complain about a name given twice before anybody types a secret.
    pairs::collect(names.map(|name| (name.clone(), String::new())))?;
    let mut all = args.param.clone();
    for (name, path) in &args.secret_file {
        all.push((name.clone(), secret_input::from_file(Path::new(path))?));
    }
    for name in &args.secret {
        all.push((name.clone(), ask(name)?));
    }
    pairs::collect(all)
}

/// `run 0b7d...: execution_failed after 12s: the reason`, and where to look.
pub(crate) fn outcome(run: &Run) -> String {
    let begin = run.start_timestamp.as_deref().or(run.trigger_timestamp.as_deref());
    let took = times::between(begin, run.finish_timestamp.as_deref());
    let took = took.map(|took| format!(" after {}", times::spoken(took))).unwrap_or_default();
    let why = why(run).map(|why| format!(": {why}")).unwrap_or_default();
    let look = match Exit::of_status(&run.status) {
        Exit::Success => String::new(),
        _ => format!("\n\nhint: `stoker why {}` tells what happened", run.execution_id),
    };
    format!("run {}: {}{took}{why}{look}", run.execution_id, printable(run.status.id()))
}

/// The server's reason for a bad end, in its own words.
pub(crate) fn why(run: &Run) -> Option<String> {
    let message = run.error_message.as_deref().filter(|text| !text.trim().is_empty()).map(printable);
    let reason = run.misfired_execution_reason.as_deref().map(super::why::reason_in_words);
    match (message, reason) {
        (Some(message), Some(reason)) => Some(format!("{reason}: {message}")),
        (message, reason) => message.or(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> RunArgs {
        RunArgs {
            task: "t".into(),
            param: vec![("day".into(), "1".into())],
            secret: vec!["password".into()],
            secret_file: vec![],
            log_level: None,
            timeout: None,
            wait: false,
            follow: false,
            raw: false,
        }
    }

    #[test]
    fn values_and_secrets_come_together() {
        let all = parameters(&args(), |name| Ok(format!("typed {name}"))).unwrap();
        assert_eq!(all["day"], "1");
        assert_eq!(all["password"], "typed password");
    }

    #[test]
    fn a_name_given_twice_is_found_before_anybody_types() {
        let mut args = args();
        args.param.push(("password".into(), "x".into()));
        let failure = parameters(&args, |_| panic!("nobody must be asked")).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
    }

    #[test]
    fn the_outcome_is_one_line_and_a_hint() {
        let mut run: Run = serde_json::from_value(serde_json::json!({
            "executionId": "r", "jobId": "t", "status": "execution_failed", "errorMessage": "exit code 1",
            "startTimestamp": "2026-02-03T09:27:20.412Z", "finishTimestamp": "2026-02-03T09:27:32.412Z"
        }))
        .unwrap();
        let text = outcome(&run);
        assert_eq!(text, "run r: execution_failed after 12s: exit code 1\n\nhint: `stoker why r` tells what happened");
        run.status = stoker_client::RunStatus::Successful;
        run.error_message = None;
        assert_eq!(outcome(&run), "run r: execution_successful after 12s");
    }
}
