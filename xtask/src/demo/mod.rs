//! Does the main job once and shows it: server, engine, artifact, task, run, log.
//!
//! Uses nothing but what a user has: the programs, the two example procedures and the public API. Everything lives in
//! one temporary folder and is gone at the end, also after a failure or Ctrl-C.

mod api;
mod stage;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::{fixtures, shell, steps, web};
use api::Api;
use stage::Stage;

const ARCHIVE: &str = "HelloWorld_0.1.zip";

const NEXT: &str = "
What to try next:
  {stoker} dev
      a server with a paired engine and a sample, to play with; Ctrl-C ends it
  {server} serve --data ./stoker-data --listen 127.0.0.1:8080
      a server that stays; login and token stand in ./stoker-data/bootstrap.json
  examples/pair-engine.sh, examples/run-as-service-account.sh
      the two procedures that you just saw, for your own server
  make test
      everything that is checked before a change lands
";

/// Runs the demonstration with the release build, or with the debug build when `dev` is set.
pub(crate) fn run(dev: bool) -> Result<()> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted)).context("listen for Ctrl-C")?;
    }
    let result = show(dev, &interrupted);
    // What an interrupt broke is not worth a long text.
    if interrupted.load(Ordering::Relaxed) {
        bail!("interrupted; server and engine are stopped and their folder is removed");
    }
    result
}

fn show(dev: bool, interrupted: &Arc<AtomicBool>) -> Result<()> {
    let begin = Instant::now();
    let say = |text: &str| -> Result<()> {
        ensure!(!interrupted.load(Ordering::Relaxed), "interrupted");
        println!("\n=== {text} ({} so far)", shell::seconds(begin.elapsed()));
        Ok(())
    };
    say("building the console")?;
    web::build()?;
    say("building the programs; the first time takes some minutes")?;
    steps::build_programs(!dev)?;
    say("building the job HelloWorld")?;
    let archives = fixtures::build(&shell::target().join("fixtures"), shell::root())?;
    let archive = archives.iter().find(|path| path.ends_with(ARCHIVE)).with_context(|| format!("find {ARCHIVE}"))?;

    let programs = shell::target().join(if dev { "debug" } else { "release" });
    say("starting a server with an empty data folder")?;
    let mut stage = Stage::new(Arc::clone(interrupted))?;
    let result = play(&mut stage, &programs, archive, &say);
    if result.is_err() && !interrupted.load(Ordering::Relaxed) {
        stage.show_logs();
    }
    result?;
    say("stopping engine and server")?;
    stage.stop()?;
    println!("\nThe demonstration took {}.", shell::seconds(begin.elapsed()));
    let program = |name: &str| {
        let path = programs.join(name);
        path.strip_prefix(shell::root()).unwrap_or(&path).display().to_string()
    };
    print!("{}", NEXT.replace("{stoker}", &program("stoker")).replace("{server}", &program("stoker-server")));
    Ok(())
}

/// What a user would do, from the first start of the server to the log of the run.
fn play(stage: &mut Stage, programs: &Path, archive: &Path, say: &impl Fn(&str) -> Result<()>) -> Result<()> {
    let api = stage.start_server(&programs.join("stoker-server"))?;
    println!("the server is ready at {}", api.url());

    say("downloading, pairing and starting an engine: examples/pair-engine.sh")?;
    let engine_folder = stage.engine_folder();
    let mut pair = example("pair-engine.sh", &api);
    let engine_id = stage.output(pair.env("ENGINE_NAME", "demo-engine").env("ENGINE_DIR", engine_folder))?;
    let engine_id = engine_id.trim();

    say("publishing the job and making a task of it")?;
    let task_id = make_task(&api, archive, engine_id)?;

    say("running the task as a service account: examples/run-as-service-account.sh")?;
    let mut run = example("run-as-service-account.sh", &api);
    let log = stage.output(run.env("TASK_ID", &task_id).env("POLL_SECONDS", "1"))?;
    say("the log of the run")?;
    print!("{log}");
    ensure!(log.contains("Hello from the Stoker demo"), "the log lacks the greeting that the task asks for");

    let result = api.get(&format!("/processing/executables/tasks/{task_id}/executions?limit=1"))?;
    let status = result["items"][0]["status"].as_str().context("read the status of the run")?;
    println!("\nstatus: {status}");
    Ok(())
}

/// Publishes the archive, makes a task of it that runs on the engine, and returns the task's id.
fn make_task(api: &Api, archive: &Path, engine_id: &str) -> Result<String> {
    let (workspace, environment) = (api.workspace_id(), api.environment_id());
    let path = format!("/stoker/v1/artifacts?workspaceId={workspace}&name=HelloWorld&version=0.1");
    let artifact = api.upload(&path, archive)?;
    let artifact_id = artifact["id"].as_str().context("read the id of the published artifact")?;
    let version = artifact["versions"][0].as_str().or(artifact["version"].as_str()).unwrap_or("0.1");
    println!("artifact {artifact_id}, version {version}");

    let task = json!({
        "workspaceId": workspace,
        "environmentId": environment,
        "name": "Say hello",
        "description": "Made by the demonstration",
        "artifact": {"id": artifact_id, "version": version},
        "parameters": {"parameter_greeting": "Hello from the Stoker demo"},
    });
    let task = api.send("POST", "/orchestration/executables/tasks", &task)?;
    let task_id = task["id"].as_str().context("read the id of the new task")?;
    let run_config = json!({
        "trigger": {"type": "MANUAL"},
        "runtime": {"type": "REMOTE_ENGINE", "id": engine_id},
        "logLevel": "INFO",
    });
    api.send("PUT", &format!("/orchestration/executables/tasks/{task_id}/run-config"), &run_config)?;
    println!("task {task_id}, to run on engine {engine_id} when it is asked to");
    Ok(task_id.to_owned())
}

/// One of the example procedures with its two settings; a proxy must not come between us and our own machine.
fn example(name: &str, api: &Api) -> Command {
    let mut command = Command::new("bash");
    command.arg(shell::root().join("examples").join(name));
    command.env("STOKER_URL", api.url()).env("STOKER_TOKEN", api.token());
    command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    command
}
