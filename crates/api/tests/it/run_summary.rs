//! The last day of runs in numbers.

use serde_json::{Value, json};

use crate::link::driver::{Engine, finished, of, started, task_on};
use crate::support::{MINUTE, TestServer, both};

const HOUR: i64 = 60 * MINUTE;

async fn summary(server: &TestServer, query: &str) -> Value {
    server.http().get(&format!("/stoker/v1/executions/summary{query}")).await.expect(200).json()
}

/// Runs the task once; it ends so, a second from now.
async fn ends(server: &TestServer, engine: &Engine, task: &str, outcome: &str) -> String {
    let run = server.run(task).await;
    let offer = of(&engine.offer().await);
    engine.report(&[started(&offer, server.service.now())]).await;
    server.clock.advance(1_000);
    engine.report(&[finished(&offer, outcome, server.service.now())]).await;
    run
}

/// Start, succeeded, failed, stopped of the hours in which something ended.
fn busy(found: &Value) -> Vec<(String, i64, i64, i64)> {
    let number = |hour: &Value, name: &str| hour[name].as_i64().expect("a number");
    let all = found["hours"].as_array().expect("hours").iter().map(|hour| {
        let start = hour["start"].as_str().expect("a start").to_owned();
        (start, number(hour, "succeeded"), number(hour, "failed"), number(hour, "stopped"))
    });
    all.filter(|(_, succeeded, failed, stopped)| succeeded + failed + stopped > 0).collect()
}

both! {
    async fn hours_are_counted_and_tasks_that_fail_are_named(server: TestServer) {
        let engine = Engine::ready(&server, "one", 2).await;
        let (a, b) = (task_on(&server, "a", &engine).await, task_on(&server, "b", &engine).await);
        let quiet = summary(&server, "").await;
        assert_eq!((&quiet["failed"], quiet["hours"].as_array().map(Vec::len)), (&json!(0), Some(24)), "{quiet}");
        assert!(busy(&quiet).is_empty(), "{quiet}");

        ends(&server, &engine, &a, "failed").await;
        let second = ends(&server, &engine, &a, "failed").await;
        ends(&server, &engine, &b, "success").await;
        let stopped = server.run(&b).await;
        let _ = server.http().delete(&format!("/processing/executions/{stopped}")).await.expect(204);
        server.clock.advance(HOUR);
        let third = ends(&server, &engine, &b, "failed").await;
        let found = summary(&server, "").await;
        assert_eq!((&found["failed"], &found["failingTasks"]), (&json!(3), &json!(2)), "{found}");
        let hour = |at: &str, succeeded, failed, stopped| (format!("2026-02-03T{at}:00:00.000Z"), succeeded, failed, stopped);
        assert_eq!(busy(&found), [hour("09", 1, 2, 1), hour("10", 0, 1, 0)]);
        assert_eq!(found["hours"][23]["start"], "2026-02-03T10:00:00.000Z", "the last goes on");
        let named = |found: &Value| -> Vec<(String, i64, String, bool)> {
            let text = |task: &Value, name: &str| task[name].as_str().expect("a text").to_owned();
            let all = found["failing"].as_array().expect("tasks").iter();
            all.map(|task| (
                text(task, "taskName"),
                task["runs"].as_i64().expect("a number"),
                text(task, "executionId"),
                task["worksAgain"] == true,
            )).collect()
        };
        assert_eq!(named(&found), [("b".to_owned(), 1, third.clone(), false), ("a".to_owned(), 2, second.clone(), false)]);
        assert_eq!(found["failing"][0]["status"], "execution_failed");

        // What works again stands behind what does not.
        ends(&server, &engine, &b, "success").await;
        let found = summary(&server, "").await;
        assert_eq!(named(&found), [("a".to_owned(), 2, second, false), ("b".to_owned(), 1, third.clone(), true)]);

        // A day after its first failures only the last is left.
        server.clock.advance(23 * HOUR + 10 * MINUTE);
        let found = summary(&server, "").await;
        assert_eq!(named(&found), [("b".to_owned(), 1, third, true)]);
        assert_eq!(busy(&found), [hour("10", 1, 1, 0)]);
        server.clock.advance(HOUR);
        let found = summary(&server, "").await;
        assert_eq!((&found["failed"], &found["failing"]), (&json!(0), &json!([])), "{found}");
    }

    async fn only_what_one_may_see_is_counted(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "a", &engine).await;
        ends(&server, &engine, &task, "failed").await;
        for (rights, failed) in [(&["VIEW"][..], 1), (&["EXECUTE"], 1), (&["AUTHOR"], 0), (&[], 0)] {
            let somebody = server.service_account(&["TMC_OPERATOR"], rights).await;
            let found = somebody.http.get("/stoker/v1/executions/summary").await.expect(200).json();
            assert_eq!((&found["failed"], busy(&found).len()), (&json!(failed), failed), "{rights:?} {found}");
        }
        let other = json!({ "name": "other", "workspaceName": "Sales" });
        let other = server.http().post("/orchestration/environments", &other).await.expect(201).json();
        let environment = other["id"].as_str().expect("an id");
        let here = summary(&server, &format!("?environmentId={}", server.bootstrap.environment_id)).await;
        let there = summary(&server, &format!("?environmentId={environment}")).await;
        assert_eq!((&here["failed"], &there["failed"]), (&json!(1), &json!(0)));
        let lies = format!("/stoker/v1/executions/summary?environmentId={environment}&workspaceId={}", server.bootstrap.workspace_id);
        let _ = server.http().get(&lies).await.expect(400);
        let _ = server.http().get("/stoker/v1/executions/summary?hours=3").await.expect(400);
    }
}
