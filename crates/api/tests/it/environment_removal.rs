//! An environment goes with everything inside, and not while something runs there.

use serde_json::{Value, json};
use stoker_store::{StoreError, params};
use stoker_testkit::fixtures::script_archive;
use stoker_testkit::http::Method;

use crate::support::{TestServer, both, id};

const ENVIRONMENTS: &str = "/orchestration/environments";
const TASKS: &str = "/orchestration/executables/tasks";
const PLANS: &str = "/orchestration/executables/plans";

/// Paths of one thing of each kind, all in one workspace of a new environment.
async fn filled(server: &TestServer) -> (String, Vec<String>) {
    let http = server.http();
    let made = http.post(ENVIRONMENTS, &json!({ "name": "E", "workspaceName": "W" })).await;
    let environment = id(&made.expect(201).json());
    let place = id(&http.get("/orchestration/workspaces?query=name==W").await.expect(200).json()[0]);
    let publish = format!("/stoker/v1/artifacts?workspaceId={place}&name=a&version=1");
    let zip = script_archive("#!/bin/sh\necho only here\n");
    let artifact = id(&http.send(Method::POST, &publish, &[], Some(zip)).await.expect(201).json());
    let connection = json!({ "name": "c", "workspaceId": place, "app": "Custom", "parameters": [] });
    let connection = id(&http.post("/orchestration/connections", &connection).await.expect(201).json());
    let about = json!({ "name": "r", "workspaceId": place, "file": true }).to_string();
    let parts = [("resource", None, about.as_bytes()), ("file", Some("r"), b"bytes".as_slice())];
    let resource = server.send_form(Method::POST, "/orchestration/resources", &parts).await.expect(201).json();
    let body = json!({
        "name": "t", "workspaceId": place, "artifact": { "id": artifact, "version": "1" }, "connections": { "c": connection },
    });
    let task = id(&http.post(TASKS, &body).await.expect(201).json());
    let step = json!({ "name": "s", "condition": "ALL_SUCCEEDED", "taskIds": [task] });
    let handler = json!({ "name": "handler", "workspaceId": place, "steps": [] });
    let handler = id(&http.post(PLANS, &handler).await.expect(201).json());
    let mut handled = step.clone();
    handled["handlerOnFailure"] = json!({ "planIds": [handler] });
    let body = json!({ "name": "p", "workspaceId": place, "steps": [handled] });
    let plan = id(&http.post(PLANS, &body).await.expect(201).json());
    let trigger = json!({ "type": "CRON", "name": "n", "cronExpression": "0 1 * * ?", "timeZone": "UTC" });
    let body = json!({ "environmentId": environment, "description": "x", "trigger": trigger });
    let schedule = id(&http.post("/orchestration/schedules", &body).await.expect(201).json());
    let own = json!({ "trigger": { "type": "CRON", "cronExpression": "0 2 * * ?", "timeZone": "UTC" } });
    let _ = http.put(&format!("{PLANS}/{plan}/run-config"), &own).await.expect(200);
    let paths = vec![
        format!("{PLANS}/{plan}"),
        format!("{PLANS}/{handler}"),
        format!("{TASKS}/{task}"),
        format!("/orchestration/artifacts/{artifact}"),
        format!("/orchestration/connections/{connection}"),
        format!("/orchestration/resources/{}", id(&resource)),
        format!("/orchestration/schedules/{schedule}"),
    ];
    (environment, paths)
}

/// The events of one action, newest first, by the id of what they are about.
async fn removed(server: &TestServer, action: &str) -> Vec<String> {
    let wanted = action.to_owned();
    let rows = server.store.read::<_, StoreError, _>(move |tx| {
        tx.query("SELECT object_id FROM audit_events WHERE action = $1 ORDER BY object_id", params![wanted])?
            .iter()
            .map(|row| row.text(0))
            .collect::<Result<Vec<_>, _>>()
    });
    rows.await.expect("the audit trail")
}

async fn move_run(server: &TestServer, run: &str, environment: &str) {
    let (run, environment) = (run.to_owned(), environment.to_owned());
    let moved = server.store.write::<_, StoreError, _>(move |tx| {
        tx.execute("UPDATE runs SET environment_id = $2 WHERE id = $1", params![run, environment])
    });
    assert_eq!(moved.await.expect("a write"), 1);
}

both! {
    async fn everything_inside_goes_with_it(server: TestServer) {
        let http = server.http();
        let (kept, _) = server.ready_task("kept").await;
        let files = server.artifact_files();
        let (environment, paths) = filled(&server).await;
        for path in &paths {
            let _ = http.get(path).await.expect(200);
        }
        let _ = http.delete(&format!("{ENVIRONMENTS}/{environment}")).await.expect(204);
        let _ = http.delete(&format!("{ENVIRONMENTS}/{environment}")).await.expect(404);
        for path in &paths {
            let _ = http.get(path).await.expect(404);
        }
        let spaces = http.get("/orchestration/workspaces?query=environment.name==E").await.expect(200).json();
        assert_eq!(spaces, json!([]));
        let _ = http.get(&format!("{TASKS}/{kept}")).await.expect(200);
        // The files go with the next look at what is left.
        let _ = server.reconcile().await;
        assert_eq!(server.artifact_files(), files);
        for (action, numbers) in [
            ("plan.delete", vec![0, 1]),
            ("task.delete", vec![2]),
            ("artifact.delete", vec![3]),
            ("connection.delete", vec![4]),
            ("resource.delete", vec![5]),
        ] {
            let mut wanted: Vec<String> =
                numbers.iter().map(|number| paths[*number].rsplit('/').next().unwrap_or_default().to_owned()).collect();
            wanted.sort_unstable();
            assert_eq!(removed(&server, action).await, wanted, "{action}");
        }
        assert_eq!(removed(&server, "schedule.delete").await.len(), 2, "the shared one and that of the plan");
        assert_eq!(removed(&server, "workspace.delete").await.len(), 2);
        assert_eq!(removed(&server, "environment.delete").await, [environment]);
    }

    async fn nothing_goes_while_something_runs_there(server: TestServer) {
        let http = server.http();
        let (task, _) = server.ready_task("t").await;
        let run = server.run(&task).await;
        let (environment, paths) = filled(&server).await;
        let path = format!("{ENVIRONMENTS}/{environment}");
        move_run(&server, &run, &environment).await;
        let answer: Value = http.delete(&path).await.expect(403).json();
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(message.contains("still in use") && message.contains("not ended: 1"), "{answer}");
        for path in &paths {
            let _ = http.get(path).await.expect(200);
        }
        move_run(&server, &run, server.environment()).await;
        let older = format!("/tmc/v2.6/environments/{environment}");
        let _ = http.delete(&older).await.expect(204);
        for path in &paths {
            let _ = http.get(path).await.expect(404);
        }
    }
}
