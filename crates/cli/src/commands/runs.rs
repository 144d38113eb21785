//! `stoker runs`.

use super::{App, tasks};
use crate::exit::Result;
use crate::pages::{self, PAGE};
use crate::{names, times};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use stoker_client::{Client, Run, RunExtract, RunQuery, RunStatus};

#[derive(clap::Subcommand)]
pub(crate) enum RunsCommand {
    /// List runs, newest first
    List(ListArgs),
    /// Show a run
    Get {
        /// Id of the run, or a task for its newest run
        run: String,
    },
    /// Stop a run
    Stop {
        /// Id of the run, or a task for its newest run
        run: String,
    },
    /// Remove the log of a run for good; the run stays
    DeleteLog {
        /// Id of the run
        run: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Only of this task
    #[arg(long, value_name = "TASK", conflicts_with_all = ["workspace", "environment"])]
    task: Option<String>,
    /// Only of this workspace
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Only of this environment
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Option<String>,
    /// Only with this status
    #[arg(long, value_name = "STATUS", value_parser = clap::builder::PossibleValuesParser::new(RunStatus::ids()))]
    status: Option<String>,
    /// Only of the last days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=60))]
    last_days: Option<u32>,
    /// Most runs to list
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: u32,
}

pub(crate) async fn run(app: &App, command: RunsCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        RunsCommand::List(args) => list(app, &client, args).await,
        RunsCommand::Get { run } => {
            let run = client.run(&names::run(&client, &run).await?).await?;
            app.out.record(&run, &fields(app, &run))
        }
        RunsCommand::Stop { run } => {
            let id = names::run(&client, &run).await?;
            client.stop_run(&id).await?;
            app.out.note(&format!("asked run {id} to stop"));
            Ok(())
        }
        RunsCommand::DeleteLog { run } => {
            client.delete_log(&run).await?;
            app.out.note(&format!("removed the log of run {run}"));
            Ok(())
        }
    }
}

async fn list(app: &App, client: &Client, args: ListArgs) -> Result<()> {
    let environment_id = match &args.environment {
        Some(wanted) => Some(names::environment(client, wanted).await?.id),
        None => None,
    };
    let workspace_id = match &args.workspace {
        Some(wanted) => Some(names::workspace(client, wanted, environment_id.as_deref()).await?.id),
        None => None,
    };
    let task_id = match &args.task {
        Some(wanted) => Some(names::task(client, wanted).await?.0),
        None => None,
    };
    let limit = Some(args.limit.clamp(1, PAGE));
    let query = RunQuery {
        task_id,
        environment_id,
        workspace_id,
        status: args.status,
        last_days: args.last_days,
        offset: 0,
        limit,
    };
    let most = args.limit as usize;
    let all = pages::all(most, async |offset| client.runs(&RunQuery { offset, ..query.clone() }).await).await?;
    let tasks = if app.out.wants_json() { BTreeMap::new() } else { task_names(client, &all).await };
    app.out.list(&all, "runs", &["RUN", "TASK", "STATUS", "ASKED FOR", "TOOK", "ON"], |item| {
        let took = times::between(item.start_timestamp.as_deref(), item.finish_timestamp.as_deref());
        vec![
            item.execution_id.clone(),
            tasks.get(&item.task_id).unwrap_or(&item.task_id).clone(),
            item.status.id().to_owned(),
            times::local(item.trigger_timestamp.as_deref(), &app.around.zone),
            took.map(times::spoken).unwrap_or_default(),
            item.runtime.as_ref().map(tasks::shown_runtime).unwrap_or_default(),
        ]
    })
}

/// Names of the tasks of these runs; those that are gone are left out.
async fn task_names(client: &Client, runs: &[RunExtract]) -> BTreeMap<String, String> {
    let ids: std::collections::BTreeSet<_> = runs.iter().map(|run| run.task_id.as_str()).collect();
    let tasks = join_all(ids.into_iter().map(|id| client.task(id))).await;
    tasks.into_iter().flatten().map(|task| (task.id, task.name)).collect()
}

fn fields(app: &App, run: &Run) -> Vec<(&'static str, String)> {
    let zone = &app.around.zone;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    let took = times::between(run.start_timestamp.as_deref(), run.finish_timestamp.as_deref());
    vec![
        ("run", run.execution_id.clone()),
        ("task", run.job_id.clone()),
        ("status", run.status.id().to_owned()),
        ("reason", super::run::why(run).unwrap_or_default()),
        ("asked for", times::local(run.trigger_timestamp.as_deref(), zone)),
        ("by", by(run)),
        ("started", times::local(run.start_timestamp.as_deref(), zone)),
        ("ended", times::local(run.finish_timestamp.as_deref(), zone)),
        ("took", took.map(times::spoken).unwrap_or_default()),
        ("engine", text(&run.remote_engine_id)),
        ("cluster", text(&run.remote_engine_cluster_id)),
        ("rows", number(run.number_of_processed_rows)),
        ("rejected rows", number(run.number_of_rejected_rows)),
    ]
}

fn by(run: &Run) -> String {
    let user = run.user_id.as_deref().unwrap_or_default();
    match run.execution_type.as_deref() {
        None | Some("MANUAL") => user.to_owned(),
        Some(kind) => format!("{} ({})", user, kind.to_lowercase()).trim_start().to_owned(),
    }
}
