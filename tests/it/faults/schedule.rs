//! What is due starts once, also when the server dies while it acts on it.

use std::fs;

use serde_json::{Value, json};
use stoker_testkit::postgres;

use super::server::Setup;
use super::stage::{Options, Stage, eventually, lasting};

#[tokio::test]
async fn a_start_that_is_due_while_the_server_dies_happens_once() {
    dies_while_due(Setup::often()).await;
}

#[tokio::test]
async fn the_same_on_postgres() {
    let database = postgres::database();
    dies_while_due(Setup { database: Some(database.url.clone()), ..Setup::often() }).await;
}

#[tokio::test]
async fn a_plan_that_is_due_while_the_server_dies_starts_once() {
    plan_dies_while_due(Setup::often()).await;
}

#[tokio::test]
async fn the_same_plan_on_postgres() {
    let database = postgres::database();
    plan_dies_while_due(Setup { database: Some(database.url.clone()), ..Setup::often() }).await;
}

async fn plan_dies_while_due(server: Setup) {
    let mut stage = Stage::set(Options { server, ..Options::default() }).await;
    let file = stage.folder.path().join("planned");
    give_parameter(&stage, file.to_str().expect("a plain path")).await;
    let step = json!({ "name": "only", "condition": "ALL_SUCCEEDED", "taskIds": [stage.task] });
    let body = json!({ "workspaceId": stage.bootstrap.workspace_id, "name": "due", "steps": [step] });
    let made = stage.http().post("/orchestration/executables/plans", &body).await.expect(201).json();
    let plan = made["id"].as_str().expect("a plan id").to_owned();
    let seconds = set_next_minute(&stage, &format!("/orchestration/executables/plans/{plan}/run-config")).await;
    lasting(seconds.saturating_sub(12) * 1_000).await;
    stage.server.again(Some("schedule.before-commit")).await;
    stage.server.dead("schedule.before-commit").await;
    stage.server.again_to_die("schedule.after-commit");
    stage.server.dead("schedule.after-commit").await;
    stage.server.again(None).await;
    let path = format!("/processing/executables/plans/{plan}/executions");
    let run = eventually(60, "the scheduled plan run to end", async || {
        let page = stage.http().get(&path).await.expect(200).json();
        assert_eq!(page["total"], 1, "{page}");
        (page["items"][0]["status"] == "execution_successful").then(|| page["items"][0].clone())
    })
    .await;
    assert_eq!(run["executionType"], "SCHEDULED");
    lasting(3_000).await;
    assert_eq!(stage.http().get(&path).await.expect(200).json()["total"], 1);
    assert_eq!(fs::read_to_string(&file).expect("the job ran"), "start\nend\n");
    let told = stage.http().get(&format!("/stoker/v1/plans/{plan}/firings")).await.expect(200).json();
    assert_eq!((&told["total"], &told["items"][0]["result"]), (&json!(1), &json!("started")), "{told}");
    assert_eq!(told["items"][0]["executionId"], run["executionId"]);
    stage.server.stop().await;
}

/// A call of a webhook that was not answered left nothing behind; one that was stored starts one run.
#[tokio::test]
async fn a_webhook_whose_server_dies_starts_once_or_not_at_all() {
    let mut stage = Stage::set(Options { server: Setup::often(), ..Options::default() }).await;
    let path = format!("/orchestration/executables/tasks/{}/run-config", stage.task);
    let mut config = stage.http().get(&path).await.expect(200).json();
    config["trigger"] = json!({ "type": "WEBHOOK", "webhook": { "name": "orders" } });
    let set = stage.http().put(&path, &config).await.expect(200).json();
    let url = set["trigger"]["webhook"]["url"].as_str().expect("a URL").to_owned();
    let hook = url[url.find("/stoker/").expect("our path")..].to_owned();
    let runs = format!("/processing/executables/tasks/{}/executions", stage.task);
    for (place, wanted) in [("webhook.before-commit", 0), ("webhook.after-commit", 1)] {
        stage.server.again(Some(place)).await;
        let http = stage.http().without_token();
        let answer =
            http.try_send(reqwest::Method::POST, &hook, &[("content-type", "text/plain")], Some(vec![b'x'])).await;
        assert!(answer.is_err(), "it died before it could answer");
        stage.server.dead(place).await;
        stage.server.again(None).await;
        let page = stage.http().get(&runs).await.expect(200).json();
        assert_eq!(page["total"], wanted, "{place}: {page}");
    }
    eventually(60, "the run to end", async || {
        let page = stage.http().get(&runs).await.expect(200).json();
        (page["items"][0]["status"] == "execution_successful").then_some(())
    })
    .await;
    stage.server.stop().await;
}

async fn dies_while_due(server: Setup) {
    let mut stage = Stage::set(Options { server, ..Options::default() }).await;
    let file = stage.folder.path().join("scheduled");
    give_parameter(&stage, file.to_str().expect("a plain path")).await;
    let seconds = set_next_minute(&stage, &format!("/orchestration/executables/tasks/{}/run-config", stage.task)).await;
    // A server that is told to die is waited for no longer than some seconds.
    lasting(seconds.saturating_sub(12) * 1_000).await;
    stage.server.again(Some("schedule.before-commit")).await;
    stage.server.dead("schedule.before-commit").await;
    stage.server.again_to_die("schedule.after-commit");
    stage.server.dead("schedule.after-commit").await;
    stage.server.again(None).await;
    let path = format!("/processing/executables/tasks/{}/executions", stage.task);
    let run = eventually(60, "the scheduled run to end", async || {
        let page = stage.http().get(&path).await.expect(200).json();
        assert_eq!(page["total"], 1, "{page}");
        (page["items"][0]["status"] == "execution_successful").then(|| page["items"][0].clone())
    })
    .await;
    assert_eq!(run["executionType"], "SCHEDULED");
    // A few more passes of the scheduler change nothing.
    lasting(3_000).await;
    assert_eq!(stage.http().get(&path).await.expect(200).json()["total"], 1);
    assert_eq!(fs::read_to_string(&file).expect("the job ran"), "start\nend\n");
    let told = stage.http().get(&format!("/stoker/v1/tasks/{}/firings", stage.task)).await.expect(200).json();
    assert_eq!((&told["total"], &told["items"][0]["result"]), (&json!(1), &json!("started")), "{told}");
    assert_eq!(told["items"][0]["executionId"], run["executionId"]);
    stage.server.stop().await;
}

/// Lets the job of the stage's task tell on itself in this file.
pub(super) async fn give_parameter(stage: &Stage, file: &str) {
    let path = format!("/orchestration/executables/tasks/{}", stage.task);
    let mut task = stage.http().get(&path).await.expect(200).json();
    let body = task.as_object_mut().expect("an object");
    let _ = (body.remove("version"), body.remove("taskPauseDetails"), body.remove("workspace"));
    body.insert("workspaceId".to_owned(), json!(stage.bootstrap.workspace_id));
    body.insert("parameters".to_owned(), json!({ "file": file }));
    let _ = stage.http().put(&path, &task).await.expect(200);
}

/// Sets a trigger for the next full minute that is far enough away to get ready; gives the seconds until then.
pub(super) async fn set_next_minute(stage: &Stage, path: &str) -> u64 {
    #[allow(clippy::disallowed_methods, reason = "a real server goes by the real clock")]
    let now = jiff::Timestamp::now().as_second();
    let due = (now + 79) / 60 * 60;
    let at = jiff::Timestamp::from_second(due).expect("an instant");
    let trigger = json!({
        "type": "ONCE", "startDate": at.strftime("%Y-%m-%d").to_string(), "timeZone": "UTC",
        "atTimes": { "type": "AT_TIME", "time": at.strftime("%H:%M").to_string() },
    });
    let mut config = stage.http().get(path).await.expect(200).json();
    config["trigger"] = trigger;
    let _: Value = stage.http().put(path, &config).await.expect(200).json();
    u64::try_from(due - now).expect("it lies ahead")
}
