//! How tasks and plans stand, many at once.

use serde_json::{Value, json};

use crate::link::driver::{Engine, parallel_task};
use crate::schedules::set_trigger;
use crate::support::{TestServer, both};

const TASKS: &str = "/stoker/v1/tasks/standings";
const PLANS: &str = "/stoker/v1/plans/standings";

async fn of(server: &TestServer, path: &str, ids: &[&str]) -> Vec<Value> {
    let answer = server.http().get(&format!("{path}?ids={}", ids.join(","))).await.expect(200).json();
    answer.as_array().cloned().unwrap_or_default()
}

both! {
    async fn a_task_says_its_versions_its_last_run_and_its_next_start(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let other = "66f0a1b2c3d4e5f601230002";
        let fresh = of(&server, TASKS, &[&task, other]).await;
        assert_eq!(fresh.len(), 1, "what is not there is left out: {fresh:?}");
        assert_eq!((fresh[0].get("lastRun"), fresh[0].get("nextStart")), (None, None), "{}", fresh[0]);
        assert_eq!(fresh[0]["artifactVersion"], fresh[0]["newestVersion"]);

        let first = server.run(&task).await;
        server.clock.advance(1_000);
        let trigger = json!({ "type": "CRON", "cronExpression": "0 12 * * ?", "timeZone": "UTC" });
        let _ = set_trigger(&server, (&task, &engine), trigger).await.expect(200);
        let now = &of(&server, TASKS, &[&task]).await[0];
        assert_eq!((&now["lastRun"]["executionId"], &now["lastRun"]["status"]), (&json!(first), &json!("dispatching")));
        assert_eq!(now["nextStart"], "2026-02-03T12:00:00.000Z", "{now}");

        // Nothing starts a paused task.
        let pause = format!("/orchestration/executables/tasks/{task}/pause");
        let _ = server.http().put(&pause, &json!({ "pause": true })).await.expect(202);
        assert_eq!(of(&server, TASKS, &[&task]).await[0].get("nextStart"), None);
    }

    async fn a_newer_version_of_the_artifact_shows(server: TestServer) {
        let artifact = server.artifact("load", "0.1").await;
        let task = server.task("t", &artifact, "0.1").await;
        let _ = server.artifact("load", "0.2").await;
        let now = &of(&server, TASKS, &[&task]).await[0];
        assert_eq!((&now["artifactVersion"], &now["newestVersion"]), (&json!("0.1"), &json!("0.2")));
    }

    async fn a_plan_says_its_last_run_and_its_next_start(server: TestServer) {
        let engine = Engine::ready(&server, "one", 3).await;
        let task = parallel_task(&server, "t", "REMOTE_ENGINE", &engine.id).await;
        let steps = json!([{ "name": "one", "condition": "ALL_SUCCEEDED", "taskIds": [task] }]);
        let body = json!({ "name": "p", "workspaceId": server.workspace(), "steps": steps });
        let made = server.http().post("/orchestration/executables/plans", &body).await.expect(201).json();
        let plan = made["id"].as_str().unwrap_or_default().to_owned();
        assert_eq!(of(&server, PLANS, &[&plan]).await, [json!({ "id": plan })]);
        let path = format!("/orchestration/executables/plans/{plan}/run-config");
        let trigger = json!({ "type": "CRON", "cronExpression": "0 12 * * ?", "timeZone": "UTC" });
        let _ = server.http().put(&path, &json!({ "trigger": trigger })).await.expect(200);
        let start = server.http().post("/processing/executions/plans", &json!({ "executable": plan })).await.expect(201);
        let now = &of(&server, PLANS, &[&plan]).await[0];
        assert_eq!(now["lastRun"]["executionId"], start.json()["executionId"]);
        assert_eq!((&now["lastRun"]["status"], &now["nextStart"]), (&json!("executing"), &json!("2026-02-03T12:00:00.000Z")));
    }

    async fn too_many_and_wrong_ids_are_refused(server: TestServer) {
        let http = server.http();
        let many = vec!["66f0a1b2c3d4e5f601230002"; 101].join(",");
        for (query, word) in [(format!("ids={many}"), "at most 100"), ("ids=x".to_owned(), "ids"), (String::new(), "ids")] {
            let refused = http.get(&format!("{TASKS}?{query}")).await.expect(400).text();
            assert!(refused.contains(word), "{refused}");
        }
        let _ = http.get(&format!("{PLANS}?ids=66f0a1b2c3d4e5f601230002")).await.expect(400);
        assert_eq!(of(&server, TASKS, &[]).await, [] as [Value; 0]);
    }
}
