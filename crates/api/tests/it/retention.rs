//! How long log lines are kept.

use stoker_service::Settings;
use stoker_wire::RunEpoch;

use crate::link::driver::{Engine, finished, line, log, of, parallel_task, started};
use crate::support::{Backend, MINUTE, START_MS, TestServer};

const DAY: i64 = 24 * 60 * MINUTE;

/// A run that has said something.
async fn begun(server: &TestServer, engine: &Engine, task: &str, at_ms: i64) -> RunEpoch {
    server.run(task).await;
    let run = of(&engine.offer().await);
    engine.report(&[started(&run, at_ms), log(&run, 0, &[line(at_ms, "hello")])]).await;
    run
}

async fn lines(server: &TestServer, run: &RunEpoch) -> u64 {
    let path = format!("/monitoring/executions/{}/logs", run.run);
    server.http().get(&path).await.expect(200).json()["data"].as_array().map_or(0, |all| all.len() as u64)
}

async fn old_lines_go_and_runs_stay(backend: Backend) {
    let settings = Settings { keep_logs_ms: 2 * DAY, lost_run_ms: 30 * DAY, ..Settings::default() };
    let server = TestServer::start_with(backend, settings).await;
    let engine = Engine::ready(&server, "one", 3).await;
    let task = parallel_task(&server, "t", "REMOTE_ENGINE", &engine.id).await;
    let old = begun(&server, &engine, &task, START_MS).await;
    engine.report(&[finished(&old, "success", START_MS + 1)]).await;
    let (young, active) =
        (begun(&server, &engine, &task, START_MS).await, begun(&server, &engine, &task, START_MS).await);
    server.clock.advance(DAY);
    engine.report(&[finished(&young, "success", START_MS + DAY)]).await;
    server.clock.advance(DAY);
    server.reconcile().await;
    assert_eq!(lines(&server, &old).await, 1, "two days are not over yet");
    server.clock.advance(MINUTE);
    server.reconcile().await;
    server.reconcile().await;
    let left = (lines(&server, &old).await, lines(&server, &young).await, lines(&server, &active).await);
    assert_eq!(left, (0, 1, 1));
    let run = server.http().get(&format!("/processing/executions/{}", old.run)).await.expect(200).json();
    assert_eq!(run["status"], "execution_successful", "the run itself stays");
    let path = format!("/stoker/v1/audit-events?objectType=run&objectId={}", old.run);
    let told = server.http().get(&path).await.expect(200).json();
    assert_eq!(told["items"][0]["action"], "run.delete-log", "{told}");
    assert_eq!(told["items"][0]["actor"], "system", "{told}");
    let told_of_run =
        server.http().get(&format!("/stoker/v1/executions/{}/timeline", old.run)).await.expect(200).json();
    let last = told_of_run["events"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
    assert_eq!((&last["kind"], &last["detail"]["by"]), (&"log_deleted".into(), &"system".into()), "{told_of_run}");
    // An engine that was away for long tells of an end that is older than all that was removed by then.
    engine.report(&[finished(&active, "success", START_MS)]).await;
    server.reconcile().await;
    assert_eq!((lines(&server, &young).await, lines(&server, &active).await), (1, 0));
    server.clock.advance(DAY);
    server.reconcile().await;
    assert_eq!(lines(&server, &young).await, 0);
    assert_eq!(
        server.http().get(&path).await.json()["items"].as_array().map_or(0, Vec::len),
        count(&told),
        "told once"
    );
}

fn count(page: &serde_json::Value) -> usize {
    page["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    old_lines_go_and_runs_stay(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    old_lines_go_and_runs_stay(Backend::Postgres).await;
}
