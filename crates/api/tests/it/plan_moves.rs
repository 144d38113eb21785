//! Moves of plan runs: who may begin them, that they happen once, and that they come to an end.

use serde_json::{Value, json};

use crate::link::driver::{finished, of, started};
use crate::plan_runs::{STARTS, parallel, shown, stage, start, status, step_states};
use crate::plans::{PLANS, plan, step};
use crate::support::{START_MS, both, id};

both! {
    /// A plan must not be a way around the right to run a task.
    async fn every_workspace_of_a_plan_asks_for_execute(server: TestServer) {
        let (_, [a]) = stage(&server, ["a"]).await;
        let other = json!({ "name": "other", "environmentId": server.environment() });
        let other = id(&server.http().post("/orchestration/workspaces", &other).await.expect(201).json());
        let body = json!({ "name": "p", "workspaceId": other, "steps": [step("one", &[&a])] });
        let plan = id(&server.http().post(PLANS, &body).await.expect(201).json());
        let account = server.service_account(&["TMC_OPERATOR"], &["VIEW"]).await;
        let path = format!("/security/workspaces/{other}/service-accounts/{}/permissions", account.id);
        let _ = server.http().post(&path, &json!(["EXECUTE", "VIEW"])).await.expect(201);
        let answer = account.http.post(STARTS, &json!({ "executable": plan })).await.expect(403).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("EXECUTE")), "{answer}");
        let path = format!("/security/workspaces/{}/service-accounts/{}/permissions", server.workspace(), account.id);
        let _ = server.http().put(&path, &json!(["EXECUTE"])).await.expect(204);
        let run = account.http.post(STARTS, &json!({ "executable": plan })).await.expect(201).json();
        let shown = account.http.get(&format!("{STARTS}/{}", run["executionId"].as_str().expect("id"))).await.expect(200).json();
        assert_eq!((&shown["userId"], &shown["userType"]), (&json!(account.id), &json!("SERVICE")));

        // Whoever may see the task only learns that a plan ran it, not which.
        let stranger = server.service_account(&["TMC_OPERATOR"], &["VIEW"]).await;
        let list = format!("/processing/executables/tasks/{a}/executions");
        for (http, plan) in [(&account.http, Some(&run["executionId"])), (&stranger.http, None)] {
            let item = http.get(&list).await.expect(200).json()["items"][0].clone();
            let path = format!("/processing/executions/{}", item["executionId"].as_str().expect("an id"));
            let one = http.get(&path).await.expect(200).json();
            assert_eq!((&item["executionType"], item.get("planId"), one.get("planId")), (&json!("PLAN"), plan, plan));
        }
    }

    async fn passes_that_run_at_once_move_a_plan_once(server: TestServer) {
        let (engine, [a, b]) = stage(&server, ["a", "b"]).await;
        let one = plan(&server, "p", json!([step("one", &[&a]), step("two", &[&b])])).await;
        parallel(&server, &one).await;
        let mut runs = Vec::new();
        for _ in 0..5 {
            runs.push(start(&server, &one).await);
        }
        let offers = engine.poll().await.offers;
        assert_eq!(offers.len(), 5);
        let reports: Vec<_> = offers.iter().flat_map(|o| [started(&of(o), START_MS), finished(&of(o), "success", START_MS)]).collect();
        // The report itself wakes the plans, and the passes come on top.
        tokio::join!(engine.report(&reports), server.reconcile(), server.reconcile(), server.reconcile());
        tokio::join!(server.reconcile(), server.reconcile());
        let listed = server.http().get(&format!("/processing/executables/tasks/{b}/executions")).await.expect(200).json();
        assert_eq!(listed["total"], 5, "once for each plan run");
        for run in &runs {
            assert_eq!(step_states(&server, run).await, ["EXECUTION_SUCCESS", "STARTED"]);
        }
    }

    async fn a_plan_of_a_thousand_steps_comes_to_its_end(server: TestServer) {
        let (_, [a]) = stage(&server, ["a"]).await;
        let steps: Vec<Value> = (0..1000).map(|n| json!({ "name": format!("step {n}"), "condition": "ALWAYS_PROCEED_ON", "taskIds": [a] })).collect();
        let plan = plan(&server, "long", json!(steps)).await;
        // The chart is nested a thousand levels deep, more than this test's reader takes.
        let chart = server.http().get(&format!("{PLANS}/{plan}")).await.expect(200).text();
        assert_eq!(chart.matches("\"nextStep\":").count(), 999);
        assert!(chart.contains("\"name\":\"step 999\""));
        // Nothing of it can be started, so each step is over when it has begun.
        let _ = server.http().put(&format!("/orchestration/executables/tasks/{a}/pause"), &json!({ "pause": true })).await.expect(202);
        let run = start(&server, &plan).await;
        while server.reconcile().await.plans > 0 || status(&server, &run).await == "executing" {}
        let body = shown(&server, &run).await;
        assert_eq!((&body["status"], &body["doneExecutableCount"]), (&json!("execution_successful"), &json!(1000)));
        assert_eq!(step_states(&server, &run).await, vec!["EXECUTION_SUCCESS"; 1000]);
        let total = server.http().get(&format!("/processing/executables/tasks/{a}/executions")).await.expect(200).json();
        assert_eq!(total["total"], 1000, "each step ran its task once");
    }
}
