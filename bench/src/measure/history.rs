//! Lists and searches over a long history, with every filter, for a caller who sees everything and one who sees little.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use stoker_testkit::http::{Http, Method};
use stoker_testkit::programs::ServerOptions;

use super::fill::{Cell, Table, Target, fill};
use crate::report::{Bar, Report};
use crate::stage::{Stage, text};
use crate::stats::Times;

/// Tasks of the measured history; more than may be made, so that no list is spared.
const TASKS: i64 = 50_000;
const WORKSPACES: i64 = 200;
const DAY: i64 = 24 * 60 * 60 * 1000;
/// The history reaches back this far, further than lists do.
const SPAN: i64 = 120 * DAY;
/// Requests of each kind.
const SAMPLES: usize = 40;
/// Time for the server to count closed days.
const SETTLE: Duration = Duration::from_secs(20);

/// One database after the other; `runs` is the size of the history.
pub(crate) async fn measure(report: &mut Report, runs: i64, now_ms: i64) -> Result<()> {
    on(report, "SQLite", None, runs, now_ms).await?;
    if crate::floors::has_postgres() {
        stoker_testkit::postgres::as_installed();
        let database = stoker_testkit::postgres::database();
        on(report, "PostgreSQL", Some(database.url.clone()), runs, now_ms).await?;
    }
    report.note(format!(
        "History: {runs} ended runs over 120 days of {TASKS} tasks in {WORKSPACES} workspaces, written straight into the \
         tables; each question is asked {SAMPLES} times over one client, pages of 100. \"few\" is a caller with rights on \
         three workspaces. The figure is the slowest question of its row."
    ));
    Ok(())
}

/// A history to be written into a database file.
#[derive(clap::Args)]
pub(crate) struct Fill {
    /// Ended runs
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(i64).range(1..))]
    runs: i64,
    /// Tasks that they are runs of
    #[arg(long, value_name = "COUNT", default_value_t = 5_000, value_parser = clap::value_parser!(i64).range(1..=30_000))]
    tasks: i64,
    /// Data folder of a server that was started once and rests now
    #[arg(long, value_name = "FOLDER")]
    data: std::path::PathBuf,
    /// Environment that the runs belong to, by id
    #[arg(long, value_name = "ID")]
    environment: String,
    /// User who has every right on the workspaces of these runs, by id
    #[arg(long, value_name = "ID")]
    user: String,
    /// The last run was asked for at this moment, in milliseconds since 1970
    #[arg(long, value_name = "MS")]
    until: i64,
}

/// How much is written.
#[derive(Clone, Copy)]
struct Size {
    runs: i64,
    tasks: i64,
}

/// Writes it.
pub(crate) fn fill_history(wanted: &Fill) -> Result<()> {
    let file = wanted.data.join("stoker.db");
    ensure!(file.is_file(), "{} is missing: start a server on --data once", file.display());
    let size = Size { runs: wanted.runs, tasks: wanted.tasks };
    fill_all(&Target::Sqlite(file), size, wanted.until, &wanted.environment, &[&wanted.user])
}

/// Twenty-four hexadecimal characters.
fn hex(kind: &str, number: i64) -> String {
    format!("{kind}{number:0width$}", width = 24 - kind.len())
}

fn task_of(number: i64, tasks: i64) -> i64 {
    // Neighbours in time belong to different tasks.
    (number * 7919) % tasks
}

async fn on(report: &mut Report, name: &str, url: Option<String>, runs: i64, now_ms: i64) -> Result<()> {
    let options = ServerOptions { database_url: url.clone(), ..ServerOptions::default() };
    let mut stage = Stage::start_on(options).await?;
    let environment = stage.server.bootstrap().environment_id.clone();
    let grants = stage.call(Method::GET, "/security/permissions", None).await?;
    let admin = grants[0]["userId"].as_str().context("read the id of the first user")?.to_owned();
    let body = json!({ "name": "few", "permissions": ["TMC_OPERATOR"] });
    let few = stage.call(Method::POST, "/account/service-accounts", Some(&body)).await?;
    let (few_id, few_secret) = (text(&few, "id")?, text(&few, "secret")?);
    stage.server.stop();
    let target = match url {
        Some(url) => Target::Postgres(url),
        None => Target::Sqlite(stage.data().join("stoker.db")),
    };
    let began = Instant::now();
    fill_all(&target, Size { runs, tasks: TASKS }, now_ms, &environment, &[&admin, &few_id])?;
    stage.server.restart();
    eprintln!("  {name}: {runs} runs written in {:.0} s", began.elapsed().as_secs_f64());
    tokio::time::sleep(SETTLE).await;
    let all = stage.server.http();
    let little = all.with_token(&token(&stage, &few_id, &few_secret).await?);
    for (who, http) in [("all", &all), ("few", &little)] {
        for (list, questions) in questions(&environment, now_ms) {
            let (mut slowest, mut which) = (Duration::ZERO, "");
            for (what, method, path, body) in &questions {
                let times =
                    ask(http, method.clone(), path, body.as_ref()).await.with_context(|| format!("{list}, {what}"))?;
                let p95 = times.quantile(0.95);
                eprintln!("    {name}, {who}, {list}, {what}: {}", times.text(&[0.5, 0.95]));
                if p95 >= slowest {
                    (slowest, which) = (p95, what);
                }
            }
            let ms = slowest.as_secs_f64() * 1000.0;
            report.row(
                &format!("{list} of {runs} runs, {name}, caller sees {who}: slowest filter"),
                format!("p95 {ms:.1} ms ({which})"),
                "",
                Bar::at_most(ms, 30.0, "ms"),
            );
        }
    }
    Ok(())
}

async fn token(stage: &Stage, id: &str, secret: &str) -> Result<String> {
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    let body = json!({ "audience": stage.server.url(), "grant_type": "client_credentials" }).to_string().into_bytes();
    let headers = [("authorization", format!("Basic {basic}")), ("content-type", "application/json".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let http = stage.server.http().without_token();
    let answer = http.try_send(Method::POST, "/security/oauth/token", &headers, Some(body)).await?;
    ensure!(answer.status == 200, "get a token: {} {}", answer.status, answer.text());
    text(&answer.json(), "access_token")
}

async fn ask(http: &Http, method: Method, path: &str, body: Option<&Value>) -> Result<Times> {
    let json = [("content-type", "application/json")];
    let mut times = Vec::new();
    for _ in 0..SAMPLES {
        let bytes = body.map(|body| body.to_string().into_bytes());
        let headers = if bytes.is_some() { &json[..] } else { &[] };
        let begin = Instant::now();
        let answer = http.try_send(method.clone(), path, headers, bytes).await?;
        times.push(begin.elapsed());
        ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text());
    }
    // The first one fills caches that a server at work has filled.
    times.remove(0);
    Ok(Times::new(times))
}

type Question = (&'static str, Method, String, Option<Value>);

fn questions(environment: &str, now_ms: i64) -> Vec<(&'static str, Vec<Question>)> {
    const RUNS: &str = "/processing/executables/tasks/executions";
    const TASK: &str = "/orchestration/executables/tasks";
    let get = |what, path: String| (what, Method::GET, path, None);
    let workspace = hex("b", 3);
    let runs = vec![
        get("no filter", RUNS.to_owned()),
        get("a frequent status", format!("{RUNS}?status=execution_successful")),
        get("a rare status", format!("{RUNS}?status=terminated_timeout")),
        get("a status that no run has", format!("{RUNS}?status=deploy_failed")),
        get("active", format!("{RUNS}?status=executing")),
        get("one day", format!("{RUNS}?lastDays=1")),
        get("a week in the past", format!("{RUNS}?from={}&to={}", now_ms - 30 * DAY, now_ms - 23 * DAY)),
        get("environment", format!("{RUNS}?environmentId={environment}")),
        get("workspace", format!("{RUNS}?workspaceId={workspace}")),
        get("one task", format!("{TASK}/{}/executions", hex("d", 3))),
        ("labels", Method::POST, RUNS.to_owned(), Some(json!({ "tags": ["nightly"] }))),
        get("the last day in numbers", format!("/stoker/v1/executions/summary?environmentId={environment}")),
    ];
    let filter = |what, field: &str, operator: &str, value: Value| -> Question {
        let body = json!({
            "environmentId": environment, "category": "ETL", "limit": 100,
            "filters": [{ "field": field, "operator": operator, "value": value }],
        });
        (what, Method::POST, "/monitoring/observability/executions/search".to_owned(), Some(body))
    };
    let time = |days: i64| json!(now_ms - days * DAY);
    let engine = |number| json!([{ "field": "engineId", "operator": "in", "value": [hex("e", number)] }]);
    let history = vec![
        filter("a frequent status", "status", "in", json!(["EXECUTION_SUCCESS"])),
        filter("a rare status", "status", "in", json!(["EXECUTION_TERMINATED_TIMEOUT"])),
        filter("a status that no run has", "status", "in", json!(["EXECUTION_REJECTED"])),
        filter("workspace", "workspaceId", "in", json!([workspace])),
        filter("period", "period", "between", json!([time(31), time(30)])),
        filter("one task", "taskId", "in", json!([hex("d", 3)])),
        filter("one run", "id", "in", json!([run_id(3)])),
        filter("name", "name", "match", json!("task 77")),
        filter("labels", "tags", "in", json!(["nightly"])),
        filter("engine", "runtime", "or", engine(3)),
        filter("author", "author", "not_in", json!(["nobody"])),
        filter("duration", "executeDurationMs", "greater_than", json!(60_000)),
        filter("an engine that ran little", "runtime", "or", engine(RARE)),
        filter("who started little", "operator", "in", json!(["seldom"])),
        filter("much longer than others", "executeDurationMs", "greater_than", json!(3_600_000)),
        filter("a version that ran little", "artifactVersion", "in", json!(["9.9"])),
        filter("a version that ran much", "artifactVersion", "in", json!(["1.0"])),
    ];
    let tasks = vec![
        get("no filter", TASK.to_owned()),
        get("name", format!("{TASK}?name=task%2077")),
        get("workspace", format!("{TASK}?workspaceId={workspace}")),
        ("part of a name", Method::POST, format!("{TASK}/search"), Some(json!({ "name": "k 77" }))),
        ("labels", Method::POST, format!("{TASK}/search"), Some(json!({ "tags": ["nightly"] }))),
    ];
    vec![("run list", runs), ("history search", history), ("task list", tasks)]
}

fn run_id(number: i64) -> String {
    // Ids have no order in time.
    format!("{:08x}-0000-4000-8000-{number:012x}", (number * 2_654_435_761) % 4_294_967_296)
}

fn fill_all(target: &Target, size: Size, now_ms: i64, environment: &str, principals: &[&str]) -> Result<()> {
    let workspace = |number: i64| -> Vec<Cell> {
        vec![
            hex("b", number).into(),
            environment.into(),
            format!("workspace {number}").into(),
            "admin".into(),
            "custom".into(),
            0.into(),
            0.into(),
            0.into(),
        ]
    };
    let right = |number: i64| -> Vec<Cell> {
        // The second principal sees the last three.
        let (who, place) =
            if number < WORKSPACES { (principals[0], number) } else { (principals[1], (number - WORKSPACES) * 3) };
        vec![who.into(), hex("b", place).into(), "HUMAN".into(), 31.into()]
    };
    let rights = if principals.len() > 1 { WORKSPACES + 3 } else { WORKSPACES };
    let artifact = |number: i64| -> Vec<Cell> {
        vec![hex("a", number).into(), hex("b", number).into(), "artifact".into(), "standard".into(), 0.into()]
    };
    let task = |number: i64| -> Vec<Cell> {
        let place = number % WORKSPACES;
        let tags = if number % 100 == 0 { "[\"nightly\"]" } else { "[]" };
        let mut cells: Vec<Cell> = vec![hex("d", number).into(), hex("b", place).into(), environment.into()];
        cells.extend([format!("task {number}").into(), 1.into(), 0.into(), hex("a", place).into(), "1.0".into()]);
        cells.extend([tags.into(), "{}".into(), "{}".into(), "{}".into(), 0.into(), "REMOTE_ENGINE".into()]);
        cells.extend([Cell::from(hex("e", number % 20)), "{}".into(), 0.into(), 0.into()]);
        cells
    };
    let name = |number: i64| -> Vec<Cell> {
        vec![hex("b", number % WORKSPACES).into(), hex("d", number).into(), format!("task {number}").into()]
    };
    let run = |number: i64| run_row(number, size, now_ms, environment);
    let text = |columns: &'static str| columns.split(' ').collect::<Vec<_>>();
    let (w, r, a) = (
        text("id environment_id name owner kind protected_artifact_update created_ms updated_ms"),
        text("principal_id workspace_id principal_kind rights"),
        text("id workspace_id name kind created_ms"),
    );
    let t = text(
        "id workspace_id environment_id name version_major version_minor artifact_id artifact_version tags connections \
         parameters resources paused runtime_type runtime_id run_config created_ms updated_ms",
    );
    let u = text(RUN_COLUMNS);
    fill(
        target,
        &[
            Table { name: "workspaces", columns: &w, rows: WORKSPACES, row: &workspace },
            Table { name: "workspace_rights", columns: &r, rows: rights, row: &right },
            Table { name: "artifacts", columns: &a, rows: WORKSPACES, row: &artifact },
            Table { name: "tasks", columns: &t, rows: size.tasks, row: &task },
            Table { name: "task_names", columns: &["workspace_id", "task_id", "name"], rows: size.tasks, row: &name },
            Table { name: "runs", columns: &u, rows: size.runs, row: &run },
        ],
    )
}

const RUN_COLUMNS: &str = "id task_id task_name task_version workspace_id environment_id artifact_id artifact_name \
    artifact_version artifact_sha256 artifact_size runtime_type target_id engine_id run_type user_id user_kind parallel \
    log_level parameters state outcome trigger_ms start_ms finish_ms epoch deploy_until_ms log_lines log_chunks";

/// One run of so many is unlike the others: its engine and version, who started it, and how long it took.
const ODD: i64 = 40_000;
/// Number of the engine of those.
const RARE: i64 = 99;

fn run_row(number: i64, size: Size, now_ms: i64, environment: &str) -> Vec<Cell> {
    let task = task_of(number, size.tasks);
    let odd = number % ODD == 7;
    let (place, engine) = (task % WORKSPACES, hex("e", if odd { RARE } else { task % 20 }));
    let user = if odd { "seldom" } else { "admin" };
    let trigger = now_ms - SPAN + number * (SPAN / size.runs.max(1));
    let outcome = match number {
        _ if number % 1000 == 0 => "terminated_timeout",
        _ if number % 20 == 0 => "failed",
        _ => "success",
    };
    let mut cells: Vec<Cell> = vec![run_id(number).into(), hex("d", task).into(), format!("task {task}").into()];
    cells.extend(["1.0".into(), Cell::from(hex("b", place)), environment.into(), hex("a", place).into()]);
    let version = if odd { "9.9" } else { "1.0" };
    cells.extend(["artifact".into(), version.into(), "x".into(), Cell::from(10), "REMOTE_ENGINE".into()]);
    cells.extend([Cell::from(engine.clone()), engine.into(), "MANUAL".into(), user.into(), "HUMAN".into()]);
    cells.extend([Cell::from(1), "WARN".into(), "[]".into(), "finished".into(), outcome.into()]);
    let finish = trigger + 5_000 + if odd { 7_200_000 } else { (number % 60) * 1000 };
    cells.extend([trigger, trigger + 500, finish, 1, 0, 10, 1].map(Cell::from));
    cells
}
