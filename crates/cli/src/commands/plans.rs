//! `stoker plans`.

use super::webhook_terms::{self, TermArgs};
use super::{App, yes};
use crate::exit::{Exit, Failure, Result};
use crate::pages::{self, PAGE};
use crate::text::printable;
use crate::{follow, names, pairs, times};
use std::path::{Path, PathBuf};
use stoker_client::{Client, Extra, NewPlan, NewStep, PlanRun, StartPlan};

#[derive(clap::Subcommand)]
pub(crate) enum PlansCommand {
    /// List the plans
    List {
        /// Only of this workspace
        #[arg(long, value_name = "WORKSPACE")]
        workspace: Option<String>,
        /// Only those with this in the name
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
    },
    /// Show a plan and what starts it
    Get {
        /// The plan
        plan: String,
    },
    /// Make a plan and print its id
    Create(CreateArgs),
    /// Make a copy of a plan, here or in another workspace of its environment, and print its id
    Copy {
        /// The plan
        plan: String,
        /// Name of the copy; else `copy of` and its name, or its name in another workspace
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// The workspace of the copy; else its own
        #[arg(long, value_name = "WORKSPACE")]
        workspace: Option<String>,
    },
    /// Remove a plan; its runs stay as history
    Delete {
        /// The plan
        plan: String,
    },
    /// Refuse new runs of a plan; active ones go on
    Pause {
        /// The plan
        plan: String,
        /// Why, for everybody who asks
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Allow new runs of a paused plan again
    Resume {
        /// The plan
        plan: String,
    },
    /// Say what starts a plan
    SetTrigger(TriggerArgs),
    /// Say how long the URL of a plan's webhook may be called from now on
    WebhookTerm {
        /// The plan
        plan: String,
        #[command(flatten)]
        term: TermArgs,
    },
    /// Start a plan and print the id of the plan run
    Run {
        /// The plan
        plan: String,
        #[command(flatten)]
        wait: WaitArgs,
    },
    /// Repeat a failed plan run and print the id of the new one
    Rerun {
        /// Id of the plan run
        run: String,
        /// Number of the step to begin with, from 1; else the first
        #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        from_step: u32,
        /// Leave out tasks that succeeded
        #[arg(long)]
        only_failed: bool,
        #[command(flatten)]
        wait: WaitArgs,
    },
    /// List plan runs, newest first
    Runs {
        /// Only of this plan
        plan: Option<String>,
        /// Most runs to list
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        limit: u32,
    },
    /// Stop a plan run and everything it has started
    Stop {
        /// Id of the plan run
        run: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct WaitArgs {
    /// Wait for the end; the exit code tells the outcome
    #[arg(long)]
    wait: bool,
    /// Tell how the steps go until the end; the exit code tells the outcome
    #[arg(short, long)]
    follow: bool,
}

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["step", "file"]))]
pub(crate) struct CreateArgs {
    /// Name, unique in the workspace
    name: String,
    /// The workspace
    #[arg(long, value_name = "WORKSPACE")]
    workspace: String,
    /// Free text
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
    /// A step that all its tasks must pass; may be given several times, in order
    #[arg(long, value_name = "NAME=TASK[,TASK]", value_parser = pairs::parse)]
    step: Vec<(String, String)>,
    /// JSON file with the steps as the API takes them
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("kind").required(true).args(["manual", "cron", "webhook"]))]
pub(crate) struct TriggerArgs {
    /// The plan
    plan: String,
    /// Nothing but calls
    #[arg(long)]
    manual: bool,
    /// Minute, hour, day of month, month, day of week
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// Time zone of the expression
    #[arg(long, value_name = "ZONE", default_value = "UTC", requires = "cron")]
    time_zone: String,
    /// A URL; this is its name
    #[arg(long, value_name = "NAME")]
    webhook: Option<String>,
    /// Whether two runs of it may be active at once
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    parallel: Option<bool>,
}

pub(crate) async fn run(app: &App, command: PlansCommand) -> Result<Exit> {
    let client = app.client()?;
    match command {
        PlansCommand::Run { plan, wait } => {
            let (executable, _) = names::plan(&client, &plan).await.map_err(Failure::before_start)?;
            return start(app, &client, StartPlan { executable, ..StartPlan::default() }, &wait).await;
        }
        PlansCommand::Rerun { run, from_step, only_failed, wait } => {
            let start_again = again(&client, &run, from_step, only_failed).await.map_err(Failure::before_start)?;
            return start(app, &client, start_again, &wait).await;
        }
        PlansCommand::List { workspace, name } => list(app, &client, workspace, name).await?,
        PlansCommand::Get { plan } => get(app, &client, &plan).await?,
        PlansCommand::Create(args) => create(app, &client, args).await?,
        PlansCommand::Copy { plan, name, workspace } => copy(app, &client, &plan, name, workspace).await?,
        PlansCommand::Delete { plan } => {
            let (id, name) = names::plan(&client, &plan).await?;
            client.delete_plan(&id).await?;
            app.out.note(&format!("removed plan `{name}`"));
        }
        PlansCommand::Pause { plan, reason } => pause(app, &client, &plan, true, reason.as_deref()).await?,
        PlansCommand::Resume { plan } => pause(app, &client, &plan, false, None).await?,
        PlansCommand::SetTrigger(args) => set_trigger(app, &client, args).await?,
        PlansCommand::WebhookTerm { plan, term } => {
            let (id, name) = names::plan(&client, &plan).await?;
            webhook_terms::tell(app, "plan", &name, &client.set_plan_webhook_term(&id, &term.body()?).await?)?;
        }
        PlansCommand::Runs { plan, limit } => runs(app, &client, plan, limit).await?,
        PlansCommand::Stop { run } => {
            client.stop_plan_run(&run).await?;
            app.out.note(&format!("asked plan run {run} to stop"));
        }
    }
    Ok(Exit::Success)
}

async fn list(app: &App, client: &Client, workspace: Option<String>, name: Option<String>) -> Result<()> {
    let workspace = match &workspace {
        Some(wanted) => Some(names::workspace(client, wanted, None).await?.id),
        None => None,
    };
    let page = async |offset| client.plans(workspace.as_deref(), name.as_deref(), offset).await;
    let all = pages::all(usize::MAX, page).await?;
    app.out.list(&all, "plans", &["ID", "NAME", "WORKSPACE", "LAST RUN", "PAUSED"], |item| {
        let paused = item.plan_pause_details.as_ref().is_some_and(|pause| pause.pause);
        let last = item.status.clone().unwrap_or_default();
        vec![item.executable.clone(), item.name.clone(), names::place(&item.workspace), last, yes(paused)]
    })
}

async fn get(app: &App, client: &Client, wanted: &str) -> Result<()> {
    let (id, _) = names::plan(client, wanted).await?;
    let (plan, config) = (client.plan(&id).await?, client.plan_run_config(&id).await?);
    let trigger = &config["trigger"];
    let text = |name: &str| trigger[name].as_str().unwrap_or_default().to_owned();
    let paused = plan.plan_pause_details.as_ref().filter(|pause| pause.pause);
    let mut fields = vec![
        ("id", plan.executable.clone()),
        ("name", plan.name.clone()),
        ("workspace", names::place(&plan.workspace)),
        ("description", plan.description.clone().unwrap_or_default()),
        ("last run", plan.status.clone().unwrap_or_default()),
        ("paused", paused.map(|p| p.pause_context.clone().unwrap_or_else(|| "yes".to_owned())).unwrap_or_default()),
        ("trigger", text("type").to_lowercase()),
        ("cron", text("cronExpression")),
        ("time zone", text("timeZone")),
        ("url", trigger["webhook"]["url"].as_str().unwrap_or_default().to_owned()),
    ];
    if trigger["webhook"].is_object() {
        fields.extend(webhook_fields(client.plan_webhook(&id).await)?);
    }
    app.out.record(&plan, &fields)
}

/// What is shown of a webhook; nothing when it was removed meanwhile, or the server is too old to say.
pub(crate) fn webhook_fields(
    webhook: std::result::Result<serde_json::Value, stoker_client::ClientError>,
) -> Result<Vec<(&'static str, String)>> {
    match webhook {
        Ok(webhook) => Ok(webhook_terms::shown(&webhook)),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

async fn create(app: &App, client: &Client, args: CreateArgs) -> Result<()> {
    let workspace_id = names::workspace(client, &args.workspace, None).await?.id;
    let mut steps = match &args.file {
        Some(file) => read_steps(file)?,
        None => Vec::new(),
    };
    for (name, tasks) in args.step {
        let mut task_ids = Vec::new();
        for wanted in tasks.split(',') {
            task_ids.push(names::task(client, wanted.trim()).await?.0);
        }
        steps.push(NewStep { name, condition: "ALL_SUCCEEDED".to_owned(), task_ids, extra: Extra::new() });
    }
    let new = NewPlan { workspace_id, name: args.name, description: args.description, steps };
    let made = client.create_plan(&new).await?;
    app.out.created(&made.id, &made)
}

/// The copy runs the same tasks; nothing starts it by itself.
async fn copy(app: &App, client: &Client, wanted: &str, name: Option<String>, workspace: Option<String>) -> Result<()> {
    let (id, _) = names::plan(client, wanted).await?;
    let (plan, mut config) = (client.plan(&id).await?, client.plan_run_config(&id).await?);
    let workspace_id = match &workspace {
        Some(wanted) => names::workspace(client, wanted, plan.workspace.environment_id()).await?.id,
        None => plan.workspace.id.clone(),
    };
    let name = name.unwrap_or_else(|| super::tasks::copied_name(&plan.name, workspace_id == plan.workspace.id));
    let description = plan.description.clone().unwrap_or_default();
    let made = client.create_plan(&NewPlan { workspace_id, name, description, steps: plan.steps() }).await?;
    if config["parallelExecutionAllowed"] == true {
        config["trigger"] = stoker_client::RunConfig::manual_trigger();
        client.set_plan_run_config(&made.id, &config).await?;
    }
    app.out.created(&made.id, &made)
}

fn read_steps(file: &Path) -> Result<Vec<NewStep>> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("{} is not a list of steps: {error}", file.display()))
            .hint("write it like [{\"name\": \"load\", \"condition\": \"ALL_SUCCEEDED\", \"taskIds\": [\"ID\"]}]")
    })
}

async fn pause(app: &App, client: &Client, wanted: &str, pause: bool, reason: Option<&str>) -> Result<()> {
    let (id, name) = names::plan(client, wanted).await?;
    let changed = client.pause_plan(&id, pause, reason).await?;
    let now = if pause { "paused" } else { "not paused" };
    app.out.note(&format!("plan `{name}` is {now}{}", if changed { "" } else { ", as before" }));
    Ok(())
}

async fn set_trigger(app: &App, client: &Client, args: TriggerArgs) -> Result<()> {
    let (id, name) = names::plan(client, &args.plan).await?;
    let mut config = client.plan_run_config(&id).await?;
    config["trigger"] = match (&args.cron, &args.webhook) {
        (Some(cron), _) => serde_json::json!({ "type": "CRON", "cronExpression": cron, "timeZone": args.time_zone }),
        (None, Some(name)) => serde_json::json!({ "type": "WEBHOOK", "webhook": { "name": name } }),
        (None, None) => serde_json::json!({ "type": "MANUAL" }),
    };
    if let Some(parallel) = args.parallel {
        config["parallelExecutionAllowed"] = parallel.into();
    }
    let set = client.set_plan_run_config(&id, &config).await?;
    match set["trigger"]["webhook"]["url"].as_str().filter(|_| !app.out.wants_json()) {
        Some(url) => app.out.line(&printable(url)),
        None if app.out.wants_json() => app.out.json(&set),
        None => {
            app.out.note(&format!("set what starts plan `{name}`"));
            Ok(())
        }
    }
}

async fn again(client: &Client, run: &str, from_step: u32, only_failed: bool) -> Result<StartPlan> {
    let before = client.plan_run(run).await?;
    let steps = client.plan_run_steps(run).await?;
    let step = steps.get(from_step as usize - 1).ok_or_else(|| {
        Failure::usage(format!("plan run {run} has no step {from_step}")).hint(format!("it has {} steps", steps.len()))
    })?;
    Ok(StartPlan {
        executable: before.plan_id,
        execution_plan_id: Some(run.to_owned()),
        step_id: Some(step.execution_id.clone()),
        rerun_only_failed_tasks: Some(only_failed),
    })
}

async fn start(app: &App, client: &Client, start: StartPlan, wait: &WaitArgs) -> Result<Exit> {
    let started = client.start_plan(&start).await.map_err(|error| Failure::from(error).before_start())?;
    let id = started.execution_id;
    if !wait.wait && !wait.follow {
        app.out.created(&id, &serde_json::json!({ "executionId": id }))?;
        return Ok(Exit::Success);
    }
    if !app.out.wants_json() {
        app.out.line(&id)?;
    }
    let run = follow::plan_until_over(app, client, &id, wait.follow).await?;
    if app.out.wants_json() {
        app.out.json(&run)?;
    }
    app.out.note(&outcome(&run));
    Ok(exit_of(&run))
}

/// What `plans run --wait` and `plans rerun --wait` answer for the end of a plan run.
fn exit_of(run: &PlanRun) -> Exit {
    match run.status.as_str() {
        "execution_successful" => Exit::Success,
        "execution_misfired" => Exit::NotStarted,
        _ => Exit::Failed,
    }
}

fn outcome(run: &PlanRun) -> String {
    let took = times::between(run.start_timestamp.as_deref(), run.finish_timestamp.as_deref());
    let took = took.map(|took| format!(" after {}", times::spoken(took))).unwrap_or_default();
    let why = run.misfired_execution_reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("plan run {}: {}{took}{}", run.execution_id, printable(&run.status), printable(&why))
}

async fn runs(app: &App, client: &Client, plan: Option<String>, limit: u32) -> Result<()> {
    let plan = match &plan {
        Some(wanted) => Some(names::plan(client, wanted).await?.0),
        None => None,
    };
    let size = Some(limit.clamp(1, PAGE));
    let page = async |offset| client.plan_runs(plan.as_deref(), offset, size).await;
    let all = pages::all(limit as usize, page).await?;
    app.out.list(&all, "plan runs", &["RUN", "PLAN", "STATUS", "STARTED", "TOOK", "BY", "DONE"], |item| {
        let took = times::between(item.start_timestamp.as_deref(), item.finish_timestamp.as_deref());
        vec![
            item.execution_id.clone(),
            item.plan_id.clone(),
            item.status.clone(),
            times::local(item.start_timestamp.as_deref(), &app.around.zone),
            took.map(times::spoken).unwrap_or_default(),
            item.execution_type.clone().unwrap_or_default().to_lowercase(),
            format!("{}/{}", item.done_executable_count, item.planned_executable_count),
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_a_plan_run_has_its_code_and_line() {
        let run = |status: &str, reason: Option<&str>| -> PlanRun {
            serde_json::from_value(serde_json::json!({
                "executionId": "r", "planId": "p", "status": status, "misfiredExecutionReason": reason,
                "startTimestamp": "2026-02-03T09:27:20.412Z", "finishTimestamp": "2026-02-03T09:27:32.412Z"
            }))
            .unwrap()
        };
        assert_eq!(exit_of(&run("execution_successful", None)), Exit::Success);
        assert_eq!(exit_of(&run("execution_failed", None)), Exit::Failed);
        let misfired = run("execution_misfired", Some("PLAN_EXECUTIONS_PAUSED"));
        assert_eq!(exit_of(&misfired), Exit::NotStarted);
        assert_eq!(outcome(&misfired), "plan run r: execution_misfired after 12s: PLAN_EXECUTIONS_PAUSED");
    }
}
