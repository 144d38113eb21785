//! Many active schedules: start of the server, punctual starts, memory; and what a plan adds to each of its steps.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use stoker_testkit::http::Method;
use stoker_testkit::programs::ServerOptions;

use super::fill::{Cell, Table, Target, fill};
use crate::floors::process::NOTHING;
use crate::machine::{resident_kb, until, wall_ms as now_ms};
use crate::report::{Bar, Report};
use crate::stage::{Stage, text};
use crate::stats::Times;

/// Schedules that are due in the same instant.
const DUE: i64 = 500;
/// How far away that instant is when the tables are written.
const AHEAD_MS: i64 = 45_000;
const DAY: i64 = 24 * 60 * 60 * 1000;
/// Between two questions for what was started.
const PAUSE: Duration = Duration::from_millis(10);
/// Steps of the plan.
const STEPS: usize = 40;
const PATIENCE: Duration = Duration::from_secs(120);

/// `count` schedules, all active, on one database after the other.
pub(crate) async fn schedules(report: &mut Report, count: i64) -> Result<()> {
    on(report, "SQLite", None, count).await?;
    if crate::floors::has_postgres() {
        stoker_testkit::postgres::as_installed();
        let database = stoker_testkit::postgres::database();
        on(report, "PostgreSQL", Some(database.url.clone()), count).await?;
    }
    report.note(
        "Schedules: written straight into the tables, one trigger and one task each. Lateness: from the due instant until \
         the API shows the run, asked every 10 ms; no engine is connected.",
    );
    Ok(())
}

async fn on(report: &mut Report, name: &str, url: Option<String>, count: i64) -> Result<()> {
    let options = ServerOptions { database_url: url.clone(), ..ServerOptions::default() };
    let mut stage = Stage::start_on(options).await?;
    let task = stage.task("scheduled", NOTHING).await?;
    let task = stage.call(Method::GET, &format!("/orchestration/executables/tasks/{task}"), None).await?;
    let workspace = stage.server.bootstrap().workspace_id.clone();
    let environment = stage.server.bootstrap().environment_id.clone();
    let artifact = text(&task["artifact"], "id")?;
    let engine = stage.engine_id().to_owned();
    stage.server.stop();
    let target = match url {
        Some(url) => Target::Postgres(url),
        None => Target::Sqlite(stage.data().join("stoker.db")),
    };
    let due = now_ms() + AHEAD_MS;
    let next = |number: i64| if number < DUE { due } else { due + DAY + (number % 1_000) * 60_000 };
    let id = |kind: &str, number: i64| format!("{kind}{number:0width$}", width = 24 - kind.len());
    let tasks = |number: i64| -> Vec<Cell> {
        let mut cells: Vec<Cell> = vec![id("d", number).into(), workspace.clone().into(), environment.clone().into()];
        cells.extend([Cell::from(format!("scheduled {number}")), 1.into(), 0.into(), artifact.clone().into()]);
        cells.extend(["1.0".into(), "[]".into(), "{}".into(), "{}".into(), "{}".into(), Cell::from(0)]);
        cells.extend(["REMOTE_ENGINE".into(), Cell::from(engine.clone()), "{}".into(), 0.into(), 0.into()]);
        cells
    };
    let schedules = |number: i64| -> Vec<Cell> {
        let head: Vec<Cell> = vec![id("c", number).into(), environment.clone().into(), "".into()];
        head.into_iter().chain([1, 1, next(number), 0, 0].map(Cell::from)).collect()
    };
    let links = |number: i64| -> Vec<Cell> {
        let mut cells: Vec<Cell> = vec![id("c", number).into(), "TASK".into(), id("d", number).into()];
        cells.extend([Cell::from(workspace.clone()), "admin".into(), "HUMAN".into(), 0.into()]);
        cells
    };
    let definition = r#"{"type":"CRON","cronExpression":"0 3 * * ?","timeZone":"UTC"}"#;
    let triggers = |number: i64| -> Vec<Cell> {
        let mut cells: Vec<Cell> = vec![id("f", number).into(), id("c", number).into(), 0.into(), "".into()];
        cells.extend(["CRON".into(), definition.into(), 1.into(), Cell::from(next(number))]);
        cells
    };
    let columns = |text: &'static str| text.split(' ').collect::<Vec<_>>();
    let t = columns(
        "id workspace_id environment_id name version_major version_minor artifact_id artifact_version tags connections \
         parameters resources paused runtime_type runtime_id run_config created_ms updated_ms",
    );
    let s = columns("id environment_id description own version next_ms created_ms updated_ms");
    let l = columns("schedule_id executable_kind executable_id workspace_id user_id user_kind linked_ms");
    let g = columns("id schedule_id number name kind definition version next_ms");
    fill(
        &target,
        &[
            Table { name: "tasks", columns: &t, rows: count, row: &tasks },
            Table { name: "schedules", columns: &s, rows: count, row: &schedules },
            Table { name: "schedule_links", columns: &l, rows: count, row: &links },
            Table { name: "schedule_triggers", columns: &g, rows: count, row: &triggers },
        ],
    )?;
    let begin = Instant::now();
    stage.server.restart();
    let started = begin.elapsed().as_secs_f64() * 1000.0;
    report.row(
        &format!("start of the server with {count} active schedules, {name}"),
        format!("{started:.0} ms"),
        "",
        Bar::at_most(started, 1000.0, "ms"),
    );
    let late = lateness(&stage, due).await?;
    let p99 = late.quantile(0.99).as_secs_f64() * 1000.0;
    report.row(
        &format!("{DUE} starts due in one instant of {count} schedules, {name}: lateness"),
        late.text(&[0.5, 0.95, 0.99]),
        "",
        Bar::at_most(p99, 100.0, "ms p99"),
    );
    let (all, _) = resident_kb(stage.server.pid().context("the server does not run")?)?;
    let mb = all as f64 / 1024.0;
    report.row(
        &format!("memory of the server with {count} active schedules, {name}"),
        format!("{mb:.1} MB"),
        "",
        Bar::at_most(mb, 200.0, "MB"),
    );
    Ok(())
}

/// How late each of the due starts was seen.
async fn lateness(stage: &Stage, due: i64) -> Result<Times> {
    let wanted = usize::try_from(DUE)?;
    let mut late = Vec::new();
    let begin = Instant::now();
    let path = format!("/processing/executables/tasks/executions?from={due}&limit=1");
    if due <= now_ms() {
        bail!("wait for due starts: filling the tables took longer than {AHEAD_MS} ms");
    }
    while late.len() < wanted {
        if begin.elapsed() > PATIENCE {
            bail!("wait for due starts: only {} of {DUE} came", late.len());
        }
        if now_ms() + 200 < due {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        }
        let to = now_ms().max(due);
        let answer = stage.call(Method::GET, &format!("{path}&to={to}"), None).await?;
        let seen = usize::try_from(answer["total"].as_u64().unwrap_or_default())?.min(wanted);
        let after = u64::try_from(now_ms() - due).unwrap_or_default();
        late.resize(seen.max(late.len()), Duration::from_millis(after));
        tokio::time::sleep(PAUSE).await;
    }
    Ok(Times::new(late))
}

/// What a plan adds between the end of a task and the request of the next one.
pub(crate) async fn plan(report: &mut Report, stage: &Stage) -> Result<()> {
    let task = stage.task("step", NOTHING).await?;
    let steps: Vec<Value> = (0..STEPS)
        .map(|number| json!({ "name": format!("step {number}"), "condition": "ALL_SUCCEEDED", "taskIds": [task] }))
        .collect();
    let body = json!({ "name": "bench", "workspaceId": stage.server.bootstrap().workspace_id, "steps": steps });
    let plan = text(&stage.call(Method::POST, "/orchestration/executables/plans", Some(&body)).await?, "id")?;
    let config = json!({ "trigger": { "type": "MANUAL" }, "parallelExecutionAllowed": true });
    stage.call(Method::PUT, &format!("/orchestration/executables/plans/{plan}/run-config"), Some(&config)).await?;
    let start = json!({ "executable": plan });
    let run = stage.call(Method::POST, "/processing/executions/plans", Some(&start)).await?;
    let path = format!("/processing/executions/plans/{}", text(&run, "executionId")?);
    until("wait for the plan", PATIENCE, Duration::from_millis(100), async || {
        let shown = stage.call(Method::GET, &path, None).await?;
        Ok((shown["status"] == "execution_successful").then_some(()))
    })
    .await?;
    let list = format!("/processing/executables/tasks/{task}/executions?limit=100");
    let runs = stage.call(Method::GET, &list, None).await?;
    let instant = |run: &Value, field: &str| -> Result<i64> {
        let at: jiff::Timestamp = text(run, field)?.parse().context("read a time")?;
        Ok(at.as_millisecond())
    };
    let mut times = Vec::new();
    // Newest first.
    for pair in runs["items"].as_array().context("read the runs")?.windows(2) {
        let between = instant(&pair[0], "triggerTimestamp")? - instant(&pair[1], "finishTimestamp")?;
        times.push(Duration::from_millis(u64::try_from(between).unwrap_or_default()));
    }
    let times = Times::new(times);
    let p95 = times.quantile(0.95).as_secs_f64() * 1000.0;
    report.row(
        &format!("plan of {STEPS} steps: from the end of a job to the request of the next"),
        times.text(&[0.5, 0.95]),
        "",
        Bar::at_most(p95, 20.0, "ms p95"),
    );
    Ok(())
}
