//! `stoker tasks`.

use super::webhook_terms::{self, TermArgs};
use super::{App, LogLevel, yes};
use crate::exit::{Failure, Result};
use crate::pages::{self, PAGE};
use crate::{names, pairs};
use std::collections::BTreeMap;
use stoker_client::{ArtifactRef, Client, NewTask, RunConfig, Runtime, Task, TaskExtract, TaskQuery};

#[derive(clap::Subcommand)]
pub(crate) enum TasksCommand {
    /// List the tasks
    List(ListArgs),
    /// Show a task and how it runs
    Get {
        /// The task
        task: String,
    },
    /// Make a task and print its id
    Create(CreateArgs),
    /// Make a copy of a task, here or in another workspace of its environment, and print its id
    Copy(CopyArgs),
    /// Take the newest version of its artifact
    Upgrade {
        /// The task
        task: String,
        /// Also when it does not follow new versions
        #[arg(long)]
        force: bool,
    },
    /// Remove a task
    Delete {
        /// The task
        task: String,
    },
    /// Refuse new runs of a task; active ones go on
    Pause {
        /// The task
        task: String,
        /// Why, for everybody who asks
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Allow new runs of a paused task again
    Resume {
        /// The task
        task: String,
    },
    /// Say where and how a task runs
    SetRuntime(SetRuntimeArgs),
    /// Say how long the URL of a task's webhook may be called from now on
    WebhookTerm {
        /// The task
        task: String,
        #[command(flatten)]
        term: TermArgs,
    },
}

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Only of this workspace
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Only of this environment
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Option<String>,
    /// Only those whose name begins so
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct CreateArgs {
    /// Name, unique in the workspace
    name: String,
    /// The artifact to run
    #[arg(long, value_name = "ARTIFACT")]
    artifact: String,
    /// Its version; else the newest one
    #[arg(long, value_name = "VERSION")]
    artifact_version: Option<String>,
    /// The workspace; else that of the artifact
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Free text
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
    /// Label; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Value for a parameter of the artifact; may be given several times
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = pairs::parse)]
    param: Vec<(String, String)>,
    /// Engine to run on
    #[arg(long, value_name = "ENGINE", conflicts_with = "cluster")]
    engine: Option<String>,
    /// Cluster to run on
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct CopyArgs {
    /// The task
    task: String,
    /// Name of the copy; else `copy of` and its name, or its name in another workspace
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// The workspace of the copy; else its own
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Another value for a parameter; secret ones are not copied. May be given several times
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = pairs::parse)]
    param: Vec<(String, String)>,
}

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("where").required(true).args(["engine", "cluster"]))]
pub(crate) struct SetRuntimeArgs {
    /// The task
    task: String,
    /// Engine to run on
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
    /// Cluster to run on
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    /// Id of the run profile; else the default of the engine
    #[arg(long, value_name = "ID")]
    run_profile: Option<String>,
    /// Lines of the job to keep
    #[arg(long, value_enum, ignore_case = true, value_name = "LEVEL")]
    log_level: Option<LogLevel>,
    /// Whether two runs of it may be active at once
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    parallel: Option<bool>,
    /// Minutes after which a run is stopped
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    timeout: Option<u32>,
}

pub(crate) async fn run(app: &App, command: TasksCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        TasksCommand::List(args) => list(app, &client, args).await,
        TasksCommand::Get { task } => get(app, &client, &task).await,
        TasksCommand::Create(args) => create(app, &client, args).await,
        TasksCommand::Copy(args) => copy(app, &client, args).await,
        TasksCommand::Upgrade { task, force } => {
            let (id, name) = names::task(&client, &task).await?;
            client.upgrade_task(&id, force).await?;
            let version = client.task(&id).await?.artifact.version;
            app.out.note(&format!("task `{name}` runs version {version} of its artifact"));
            Ok(())
        }
        TasksCommand::Delete { task } => {
            let (id, name) = names::task(&client, &task).await?;
            client.delete_task(&id).await?;
            app.out.note(&format!("removed task `{name}`"));
            Ok(())
        }
        TasksCommand::Pause { task, reason } => pause(app, &client, &task, true, reason.as_deref()).await,
        TasksCommand::Resume { task } => pause(app, &client, &task, false, None).await,
        TasksCommand::SetRuntime(args) => set_runtime(app, &client, args).await,
        TasksCommand::WebhookTerm { task, term } => {
            let (id, name) = names::task(&client, &task).await?;
            webhook_terms::tell(app, "task", &name, &client.set_task_webhook_term(&id, &term.body()?).await?)
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
    let query = TaskQuery { environment_id, workspace_id, name: args.name, limit: Some(PAGE), ..TaskQuery::default() };
    let all = pages::all(usize::MAX, async |offset| client.tasks(&TaskQuery { offset, ..query.clone() }).await).await?;
    app.out.list(&all, "tasks", &["ID", "NAME", "WORKSPACE", "RUNS ON", "PAUSED"], row)
}

fn row(item: &TaskExtract) -> Vec<String> {
    let paused = item.task_pause_details.as_ref().is_some_and(|pause| pause.pause);
    let on = item.runtime.as_ref().map(shown_runtime).unwrap_or_default();
    vec![item.executable.clone(), item.name.clone(), names::place(&item.workspace), on, yes(paused)]
}

/// `engine 66f0...`, `cluster 66f0...`; nothing for a task that has no engine yet.
pub(crate) fn shown_runtime(runtime: &Runtime) -> String {
    let (kind, own) = match runtime.kind.as_str() {
        "REMOTE_ENGINE" => ("engine", &runtime.engine_id),
        "REMOTE_ENGINE_CLUSTER" => ("cluster", &runtime.cluster_id),
        "" | "CLOUD" => return String::new(),
        other => (other, &None),
    };
    let id = runtime.id.as_deref().filter(|id| !id.is_empty()).or(own.as_deref()).unwrap_or_default();
    format!("{kind} {id}").trim_end().to_owned()
}

async fn get(app: &App, client: &Client, wanted: &str) -> Result<()> {
    let (id, _) = names::task(client, wanted).await?;
    let task = client.task(&id).await?;
    let config = if app.out.wants_json() { None } else { run_config(client, &id).await? };
    let mut fields = vec![
        ("id", task.id.clone()),
        ("name", task.name.clone()),
        ("description", task.description.clone().unwrap_or_default()),
        ("workspace", names::place(&task.workspace)),
        ("artifact", shown_artifact(&task)),
        ("tags", task.tags.join(", ")),
    ];
    fields.extend(task.parameters.iter().map(|(name, value)| ("parameter", format!("{name}={value}"))));
    if let Some(pause) = task.task_pause_details.as_ref().filter(|pause| pause.pause) {
        let by = pause.user.as_deref().unwrap_or("somebody");
        let why = pause.pause_context.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        fields.push(("paused", format!("by {by}{why}")));
    }
    fields.extend(config.iter().flat_map(config_fields));
    if config.is_some_and(|config| config.trigger["webhook"].is_object()) {
        fields.extend(super::plans::webhook_fields(client.task_webhook(&id).await)?);
    }
    app.out.record(&task, &fields)
}

fn shown_artifact(task: &Task) -> String {
    format!("{} {}", task.artifact.name.as_deref().unwrap_or(&task.artifact.id), task.artifact.version)
}

fn config_fields(config: &RunConfig) -> Vec<(&'static str, String)> {
    let trigger = config.trigger.get("type").and_then(serde_json::Value::as_str).unwrap_or_default();
    let on = shown_runtime(&config.runtime);
    vec![
        ("starts", trigger.to_lowercase()),
        ("runs on", if on.is_empty() { "no engine yet".to_owned() } else { on }),
        ("run profile", config.runtime.run_profile_id.clone().unwrap_or_default()),
        ("log level", config.log_level.clone().unwrap_or_default()),
        ("timeout", config.timeout.map(|minutes| format!("{minutes} min")).unwrap_or_default()),
        ("parallel runs", yes(config.parallel_execution_allowed == Some(true))),
    ]
}

/// The run configuration, unless none was ever set.
async fn run_config(client: &Client, id: &str) -> Result<Option<RunConfig>> {
    match client.run_config(id).await {
        Ok(config) => Ok(Some(config)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn create(app: &App, client: &Client, args: CreateArgs) -> Result<()> {
    let parameters = pairs::collect(args.param)?;
    let runtime = runtime(client, args.engine.as_deref(), args.cluster.as_deref()).await?;
    let workspace = match &args.workspace {
        Some(wanted) => Some(names::workspace(client, wanted, None).await?),
        None => None,
    };
    let shelf = workspace.as_ref().map(|workspace| workspace.id.as_str());
    let artifact = names::artifact(client, &args.artifact, shelf).await?;
    let workspace = workspace.unwrap_or(artifact.workspace);
    let version = args.artifact_version.or_else(|| artifact.versions.first().cloned()).ok_or_else(|| {
        Failure::usage(format!("artifact `{}` has no version", artifact.name))
            .hint("publish one with `stoker artifacts publish`")
    })?;
    let new = NewTask {
        environment_id: workspace.environment_id().unwrap_or_default().to_owned(),
        workspace_id: workspace.id,
        name: args.name,
        description: args.description,
        tags: args.tags,
        artifact: ArtifactRef { id: artifact.id, name: None, version },
        parameters,
        connections: BTreeMap::new(),
        resources: BTreeMap::new(),
        auto_upgrade_info: None,
    };
    let task = client.create_task(&new).await?;
    match runtime {
        Some(runtime) => drop(client.set_run_config(&task.id, &RunConfig::manual(runtime)).await?),
        None => app.out.note(&format!(
            "task `{}` has no engine yet; give it one with `stoker tasks set-runtime {} --engine ENGINE`",
            task.name, task.id
        )),
    }
    app.out.created(&task.id, &task)
}

/// The copy runs where the task runs, but nothing starts it by itself.
async fn copy(app: &App, client: &Client, args: CopyArgs) -> Result<()> {
    let (id, _) = names::task(client, &args.task).await?;
    let task = client.task(&id).await?;
    let config = run_config(client, &id).await?;
    let mut new = NewTask::of(&task);
    if let Some(wanted) = &args.workspace {
        new.workspace_id = names::workspace(client, wanted, Some(&new.environment_id)).await?.id;
    }
    new.name = args.name.unwrap_or_else(|| copied_name(&task.name, new.workspace_id == task.workspace.id));
    new.parameters.extend(pairs::collect(args.param)?);
    let open: Vec<&str> =
        new.parameters.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| &**name).collect();
    if !open.is_empty() {
        app.out.note(&format!("without a value, because secret ones are not copied: {}", open.join(", ")));
    }
    let made = client.create_task(&new).await?;
    if let Some(config) = config.filter(|config| !shown_runtime(&config.runtime).is_empty()) {
        let config = RunConfig { trigger: RunConfig::manual_trigger(), ..config };
        if let Err(error) = client.set_run_config(&made.id, &config).await {
            let cure = format!("give it an engine with `stoker tasks set-runtime {} --engine ENGINE`", made.id);
            return Err(Failure::from(error).hint(format!("the copy was made, as {}; {cure}", made.id)));
        }
    }
    app.out.created(&made.id, &made)
}

/// The name of a copy beside what it is a copy of, or elsewhere.
pub(crate) fn copied_name(name: &str, beside: bool) -> String {
    if beside { format!("copy of {name}") } else { name.to_owned() }
}

async fn runtime(client: &Client, engine: Option<&str>, cluster: Option<&str>) -> Result<Option<Runtime>> {
    Ok(match (engine, cluster) {
        (Some(engine), _) => Some(Runtime::engine(names::engine(client, engine).await?.id)),
        (None, Some(cluster)) => Some(Runtime::cluster(names::cluster(client, cluster).await?.id)),
        (None, None) => None,
    })
}

async fn pause(app: &App, client: &Client, wanted: &str, pause: bool, reason: Option<&str>) -> Result<()> {
    let (id, name) = names::task(client, wanted).await?;
    let changed = client.pause_task(&id, pause, reason).await?;
    let state = if pause { "paused" } else { "active" };
    let before = if changed { "now" } else { "already" };
    app.out.note(&format!("task `{name}` is {before} {state}"));
    Ok(())
}

async fn set_runtime(app: &App, client: &Client, args: SetRuntimeArgs) -> Result<()> {
    let (id, name) = names::task(client, &args.task).await?;
    let runtime = runtime(client, args.engine.as_deref(), args.cluster.as_deref()).await?.unwrap_or_default();
    let old = run_config(client, &id).await?;
    let config = changed(old, runtime, &args);
    let config = client.set_run_config(&id, &config).await?;
    if app.out.wants_json() {
        return app.out.json(&config);
    }
    app.out.note(&format!("task `{name}` now runs on {}", shown_runtime(&config.runtime)));
    Ok(())
}

/// The old configuration with a new place to run, and with what else was asked for; the rest, above all the trigger, stays.
fn changed(old: Option<RunConfig>, runtime: Runtime, args: &SetRuntimeArgs) -> RunConfig {
    let mut config = old.unwrap_or_else(|| RunConfig::manual(Runtime::default()));
    config.runtime = Runtime { run_profile_id: args.run_profile.clone(), ..runtime };
    if let Some(level) = args.log_level {
        config.log_level = Some(level.id());
    }
    config.parallel_execution_allowed = args.parallel.or(config.parallel_execution_allowed);
    config.timeout = args.timeout.or(config.timeout);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> SetRuntimeArgs {
        SetRuntimeArgs {
            task: "t".into(),
            engine: Some("e".into()),
            cluster: None,
            run_profile: None,
            log_level: Some(LogLevel::Info),
            parallel: None,
            timeout: None,
        }
    }

    #[test]
    fn a_new_runtime_keeps_the_schedule() {
        let old = serde_json::from_value(serde_json::json!({
            "trigger": {"type": "DAILY", "startDate": "2026-02-05"},
            "runtime": {"type": "REMOTE_ENGINE_CLUSTER", "clusterId": "c", "runProfileId": "p"},
            "parallelExecutionAllowed": true, "logLevel": "WARN", "timeout": 90, "remoteRunAsUser": "etl"
        }))
        .unwrap();
        let new = serde_json::to_value(changed(Some(old), Runtime::engine("e"), &args())).unwrap();
        assert_eq!(
            new,
            serde_json::json!({
                "trigger": {"type": "DAILY", "startDate": "2026-02-05"},
                "runtime": {"type": "REMOTE_ENGINE", "id": "e"},
                "parallelExecutionAllowed": true, "logLevel": "INFO", "timeout": 90, "remoteRunAsUser": "etl"
            })
        );
    }

    #[test]
    fn a_task_without_configuration_starts_by_hand() {
        let new = changed(None, Runtime::cluster("c"), &args());
        assert_eq!(new.trigger["type"], "MANUAL");
        assert_eq!(shown_runtime(&new.runtime), "cluster c");
    }

    #[test]
    fn a_runtime_is_shown_by_kind_and_id() {
        let read = |value| shown_runtime(&serde_json::from_value(value).unwrap());
        assert_eq!(read(serde_json::json!({"type": "REMOTE_ENGINE", "engineId": "e"})), "engine e");
        assert_eq!(read(serde_json::json!({"type": "REMOTE_ENGINE", "id": "", "engineId": "e"})), "engine e");
        assert_eq!(read(serde_json::json!({"type": "CLOUD"})), "");
        assert_eq!(read(serde_json::json!({})), "");
    }
}
