//! Reads with checks of rights, for many callers of a large account.

use anyhow::{Context, Result};
use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::fill::{Cell, Table, Target, fill};
use super::requests::SHARES;
use super::sign_ins;
use crate::floors;
use crate::http::request;
use crate::load::Load;
use crate::machine::resident_kb;
use crate::report::{Bar, Report};
use crate::stage::Stage;

const USERS: i64 = 10_000;
const WORKSPACES: i64 = 500;
/// Rights of each user, on as many workspaces.
const EACH: i64 = 5;
const TASKS: i64 = 5_000;
/// Users that call; what the server remembers of a caller shall not be all there is to it.
const CALLERS: i64 = 400;

fn hex(kind: &str, number: i64) -> String {
    format!("{kind}{number:0width$}", width = 24 - kind.len())
}

fn user(number: i64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

fn token(number: i64) -> String {
    format!("eyJbench-{number:06}-a-token-that-only-this-benchmark-knows")
}

/// The workspace of the right `nth` of a user.
fn workspace(user: i64, nth: i64) -> i64 {
    (user * 7 + nth * 101) % WORKSPACES
}

fn fill_all(target: &Target, environment: &str) -> Result<()> {
    let users = |number: i64| -> Vec<Cell> {
        let login = format!("user{number}");
        let permissions = r#"["TMC_OPERATOR","TMC_ENGINE_USE"]"#;
        let mail = format!("{login}@example.com");
        vec![
            user(number).into(),
            login.into(),
            "U".into(),
            "N".into(),
            mail.into(),
            permissions.into(),
            1.into(),
            0.into(),
        ]
    };
    let tokens = |number: i64| -> Vec<Cell> {
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(token(number)));
        vec![hex("9", number).into(), user(number).into(), "bench".into(), hash.into(), 0.into()]
    };
    let workspaces = |number: i64| -> Vec<Cell> {
        let name = format!("workspace {number}");
        let mut cells: Vec<Cell> = vec![hex("b", number).into(), environment.into(), name.into(), "admin".into()];
        cells.extend([Cell::from("custom"), 0.into(), 0.into(), 0.into()]);
        cells
    };
    let rights = |number: i64| -> Vec<Cell> {
        let (who, nth) = (number / EACH, number % EACH);
        vec![user(who).into(), hex("b", workspace(who, nth)).into(), "HUMAN".into(), 31.into()]
    };
    let artifacts = |number: i64| -> Vec<Cell> {
        vec![hex("a", number).into(), hex("b", number).into(), "artifact".into(), "standard".into(), 0.into()]
    };
    let tasks = |number: i64| -> Vec<Cell> {
        let place = number % WORKSPACES;
        let mut cells: Vec<Cell> = vec![hex("d", number).into(), hex("b", place).into(), environment.into()];
        cells.extend([format!("task {number}").into(), 1.into(), 0.into(), hex("a", place).into(), "1.0".into()]);
        cells.extend(["[]".into(), "{}".into(), "{}".into(), "{}".into(), Cell::from(0), "REMOTE_ENGINE".into()]);
        cells.extend([Cell::from("{}"), 0.into(), 0.into()]);
        cells
    };
    let text = |columns: &'static str| columns.split(' ').collect::<Vec<_>>();
    let u = text("id login first_name last_name email permissions active created_ms");
    let k = text("id user_id name hash created_ms");
    let w = text("id environment_id name owner kind protected_artifact_update created_ms updated_ms");
    let r = text("principal_id workspace_id principal_kind rights");
    let a = text("id workspace_id name kind created_ms");
    let t = text(
        "id workspace_id environment_id name version_major version_minor artifact_id artifact_version tags connections \
         parameters resources paused runtime_type run_config created_ms updated_ms",
    );
    fill(
        target,
        &[
            Table { name: "users", columns: &u, rows: USERS, row: &users },
            Table { name: "personal_tokens", columns: &k, rows: USERS, row: &tokens },
            Table { name: "workspaces", columns: &w, rows: WORKSPACES, row: &workspaces },
            Table { name: "workspace_rights", columns: &r, rows: USERS * EACH, row: &rights },
            Table { name: "artifacts", columns: &a, rows: WORKSPACES, row: &artifacts },
            Table { name: "tasks", columns: &t, rows: TASKS, row: &tasks },
        ],
    )
}

/// What the callers ask, all of it allowed: a task, an artifact, the tasks of a workspace, their workspaces.
fn questions() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for number in 0..CALLERS {
        let who = number * (USERS / CALLERS);
        let place = workspace(who, number % EACH);
        for path in [
            format!("/orchestration/executables/tasks/{}", hex("d", place)),
            format!("/orchestration/artifacts/{}", hex("a", place)),
            format!("/orchestration/executables/tasks/{}", hex("d", place + WORKSPACES)),
            format!("/orchestration/executables/tasks?workspaceId={}&limit=10", hex("b", place)),
            "/orchestration/workspaces".to_owned(),
        ] {
            all.push(request("GET", &path, &token(who), ""));
        }
    }
    all
}

/// 16 clients, `total` requests, on SQLite.
pub(crate) async fn measure(report: &mut Report, total: usize) -> Result<()> {
    let mut stage = Stage::start().await?;
    let environment = stage.server.bootstrap().environment_id.clone();
    stage.server.stop();
    fill_all(&Target::Sqlite(stage.data().join("stoker.db")), &environment)?;
    stage.server.restart();
    let load =
        |total| Load { url: stage.server.url().to_owned(), requests: questions(), total, status: 200, keep: false };
    load(total / 5 + 1).run().await.context("read with rights")?;
    let bare = floors::bare_requests(total).await?;
    let read = load(total).run().await.context("read with rights")?;
    let p99 = read.times.quantile(0.99).as_secs_f64() * 1000.0;
    let what = "mixed reads with rights checks, 16 clients";
    let rate = Bar::at_least(read.rate, 8_000.0, "requests/s");
    report.row(&format!("{what}: rate"), format!("{:.0}/s", read.rate), &bare, rate);
    report.row(&format!("{what}: time"), read.times.text(&SHARES), "", Bar::at_most(p99, 20.0, "ms p99"));
    let (all, _) = resident_kb(stage.server.pid().context("the server does not run")?)?;
    let mb = all as f64 / 1024.0;
    report.row("memory of the server after them", format!("{mb:.1} MB"), "", Bar::at_most(mb, 150.0, "MB"));
    report.note(format!(
        "Rights: {USERS} users, {WORKSPACES} workspaces, {} rights, {TASKS} tasks, written straight into the tables of \
         SQLite; {CALLERS} of the users call with a token each, for two tasks, an artifact, the tasks of \
         a workspace and their workspaces in turn.",
        USERS * EACH
    ));
    sign_ins::token_check(report, &stage, &token(0)).await.context("check tokens")?;
    sign_ins::storm(report, &stage, &questions()).await.context("a storm of wrong passwords")
}
