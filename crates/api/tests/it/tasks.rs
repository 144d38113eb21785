//! The life of a task: definition, run configuration, pause, secrets.

use serde_json::{Value, json};
use stoker_store::{StoreError, Value as Sql};
use stoker_testkit::fixtures::archive;
use stoker_testkit::http::Method;

use crate::support::{MINUTE, TestServer, both, id};

const TASKS: &str = "/orchestration/executables/tasks";

/// What the database keeps as the parameters of a task.
async fn kept(server: &TestServer, task: &str) -> Value {
    let task = task.to_owned();
    let read = server.store.read::<_, StoreError, _>(move |tx| {
        let row = tx.query_opt("SELECT parameters FROM tasks WHERE id = $1", &[Sql::Text(task)])?;
        row.map(|row| row.text(0)).transpose()
    });
    serde_json::from_str(&read.await.expect("read the task").expect("the task is there")).expect("JSON")
}

both! {
    async fn a_task_is_replaced_whole_and_counts_its_versions(server: TestServer) {
        let artifact = server.artifact("a", "0.1").await;
        let body = |more: Value| {
            let mut body = json!({
                "name": "t", "description": "first", "workspaceId": server.workspace(),
                "artifact": { "id": artifact, "version": "0.1" },
            });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            body
        };
        let (db, r) = (server.connection("db", &json!([])).await, server.resource("r", true, b"1").await);
        let more = json!({
            "tags": ["a", "b", "a"], "parameters": { "x": "1" }, "connections": { "db": db }, "resources": { "r": r },
            "unknownField": { "deep": [1] }, "workspace": { "id": "ignored" }, "taskPauseDetails": {},
        });
        let made = server.http().post(TASKS, &body(more)).await.expect(201).json();
        assert_eq!((&made["version"], &made["tags"]), (&json!("1.0"), &json!(["a", "b"])));
        assert_eq!((&made["connections"], &made["resources"]), (&json!({ "db": db }), &json!({ "r": r })));
        assert_eq!((&made["artifact"]["name"], &made["workspace"]["name"]), (&json!("a"), &json!("Shared")));
        assert!(made.get("unknownField").is_none());
        let path = format!("{TASKS}/{}", id(&made));
        assert_eq!(server.http().get(&path).await.expect(200).json(), made);

        let changed = server.http().put(&path, &body(json!({ "name": "u" }))).await.expect(200).json();
        assert_eq!((&changed["name"], &changed["version"]), (&json!("u"), &json!("1.1")));
        assert_eq!((&changed["tags"], &changed["parameters"], &changed["resources"]), (&json!([]), &json!({}), &json!({})));
        server.artifact("a", "0.2").await;
        let newer = body(json!({ "artifact": { "id": artifact, "version": "0.2" } }));
        assert_eq!(server.http().put(&path, &newer).await.expect(200).json()["version"], "2.0");

        for (more, field) in [
            (json!({ "version": "3.0" }), "version"),
            (json!({ "workspaceId": "nothing" }), "Workspace"),
            (json!({ "artifact": { "id": artifact } }), "version"),
            (json!({ "artifact": "x" }), "artifact"),
            (json!({ "tags": "x" }), "tags"),
            (json!({ "tags": [""] }), "tags"),
            (json!({ "connections": { "db": 1 } }), "connections.db"),
            (json!({ "parameters": { "p": [] } }), "parameters.p"),
            (json!({ "name": "" }), "name"),
            (json!({ "name": 5 }), "name"),
        ] {
            let answer = server.http().put(&path, &body(more.clone())).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(field)), "{more}: {answer}");
        }
        assert_eq!(server.http().get(&path).await.expect(200).json()["version"], "2.0", "nothing changed");
        let gone = body(json!({ "artifact": { "id": artifact, "version": "9.9" } }));
        let _ = server.http().put(&path, &gone).await.expect(404);
        let _ = server.http().delete(&path).await.expect(204);
        let _ = server.http().delete(&path).await.expect(404);
        let _ = server.http().put(&path, &body(json!({}))).await.expect(404);
    }

    async fn a_patch_moves_to_the_newest_version_and_knows_no_other_field(server: TestServer) {
        let artifact = server.artifact("a", "0.1").await;
        let task = server.task("t", &artifact, "0.1").await;
        let path = format!("{TASKS}/{task}");
        let patch = |body: Value| { let path = path.clone(); let server = &server; async move { server.http().json(Method::PATCH, &path, &body).await } };
        for field in ["artifact", "name", "version"] {
            let answer = patch(json!({ "latestArtifact": true, field: "x" })).await.expect(400).json();
            assert_eq!(answer["message"], format!("unrecognized field: {field}"));
        }
        let _ = patch(json!({ "latestArtifact": "yes" })).await.expect(400);
        server.artifact("a", "0.10").await;
        server.artifact("a", "0.9").await;
        let _ = patch(json!({ "latestArtifact": false })).await.expect(204);
        assert_eq!(server.http().get(&path).await.json()["artifact"]["version"], "0.1");
        let _ = patch(json!({ "latestArtifact": true })).await.expect(204);
        let shown = server.http().get(&path).await.json();
        assert_eq!((&shown["artifact"]["version"], &shown["version"]), (&json!("0.9"), &json!("2.0")), "published last");
        let _ = patch(json!({ "latestArtifact": true })).await.expect(204);
        assert_eq!(server.http().get(&path).await.json()["version"], "2.0", "nothing to do");
        let _ = server.http().json(Method::PATCH, &format!("{TASKS}/66f0a1b2c3d4e5f601230001"), &json!({})).await.expect(404);
    }

    async fn a_paused_task_takes_no_run(server: TestServer) {
        let (task, _) = server.ready_task("t").await;
        let path = format!("{TASKS}/{task}/pause");
        let start = json!({ "executable": task });
        server.clock.advance(MINUTE);
        let pause = json!({ "pause": true, "pauseContext": "stock-taking" });
        let _ = server.http().put(&path, &pause).await.expect(202);
        let _ = server.http().put(&path, &pause).await.expect(204);
        let details = server.http().get(&format!("{TASKS}/{task}")).await.json()["taskPauseDetails"].clone();
        let wanted = json!({
            "pause": true, "pauseContext": "stock-taking", "user": "admin", "userType": "HUMAN",
            "pauseDate": "2026-02-03T09:01:00.000Z",
        });
        assert_eq!(details, wanted);
        let older = server.http().get(&format!("/tmc/v2.6/executables/tasks/{task}")).await.json();
        assert_eq!(older["taskPauseDetails"], json!({ "pause": true, "pauseContext": "stock-taking" }));
        for path in ["/processing/executions", "/tmc/v2.6/executions"] {
            let _ = server.http().post(path, &start).await.expect(405);
        }
        let runs = server.http().get("/processing/executables/tasks/executions").await.json();
        assert_eq!(runs["total"], 0, "a discarded request leaves no run");
        let _ = server.http().put(&path, &json!({ "pause": false })).await.expect(202);
        let _ = server.http().put(&path, &json!({ "pause": false })).await.expect(204);
        let _ = server.http().post("/processing/executions", &start).await.expect(201);
        let _ = server.http().put(&path, &json!({})).await.expect(400);
    }

    async fn a_task_that_cannot_run_says_why(server: TestServer) {
        let artifact = server.artifact("a", "0.1").await;
        let task = server.task("bare", &artifact, "0.1").await;
        let start = |task: &str| { let body = json!({ "executable": task }); let server = &server; async move { server.http().post("/processing/executions", &body).await } };
        let answer = start(&task).await.expect(501).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("bare") && m.contains("run-config")), "{answer}");
        let _ = start("66f0a1b2c3d4e5f601230001").await.expect(404);
        assert_eq!(start("nonsense").await.expect(400).json()["message"], "Task ID is not valid id.");
        let config = format!("{TASKS}/{task}/run-config");
        let shown = server.http().get(&config).await.expect(200).json();
        assert_eq!((&shown["runtime"]["type"], &shown["trigger"]["type"]), (&json!("CLOUD"), &json!("MANUAL")));
        let engine = id(&server.engine("e").await);
        let second = json!({ "name": "second", "workspaceName": "w" });
        let second = id(&server.http().post("/orchestration/environments", &second).await.expect(201).json());
        let foreign = json!({ "name": "f", "environmentId": second });
        let foreign = id(&server.http().post("/processing/runtimes/remote-engines", &foreign).await.expect(201).json());
        for (body, status, word) in [
            (json!({ "runtime": { "type": "CLOUD" } }), 400, "trigger"),
            (json!({ "trigger": {}, "runtime": { "type": "CLOUD" } }), 400, "trigger.type"),
            (json!({ "trigger": { "type": "MANUAL" } }), 400, "runtime"),
            (json!({ "trigger": { "type": "MANUAL" }, "runtime": {} }), 400, "runtime.type"),
            (json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "X" } }), 400, "runtime.type"),
            (json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE" } }), 400, "runtime.id"),
            (json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": "x" } }), 400, "Engine"),
            (json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": foreign } }), 400, "environment"),
            (json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": task } }), 404, "Engine"),
            (json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine }, "timeout": 0 }), 400, "timeout"),
            (json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine }, "logLevel": "LOUD" }), 400, "logLevel"),
            (json!({ "trigger": { "type": "CRON" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine } }), 400, "trigger.cronExpression"),
        ] {
            let answer = server.http().put(&config, &body).await.expect(status).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(word)), "{body}: {answer}");
        }
        let good = json!({
            "trigger": { "type": "MANUAL", "startDate": "2026-02-05" }, "timeout": "90", "logLevel": "INFO",
            "runtime": { "type": "REMOTE_ENGINE", "engineId": engine }, "parallelExecutionAllowed": "true", "lineage": false,
        });
        let shown = server.http().put(&config, &good).await.expect(200).json();
        assert_eq!((&shown["timeout"], &shown["parallelExecutionAllowed"]), (&json!(90), &json!(true)), "texts are read");
        assert_eq!(shown["runtime"]["id"], engine.as_str());
        let _ = server.http().put(&config, &shown).await.expect(200);
        let _ = start(&task).await.expect(201);
    }

    async fn a_secret_parameter_is_kept_but_never_shown(server: TestServer) {
        let zip = std::fs::read(archive("SecretEcho")).expect("read the archive");
        let artifact = id(&server.send_archive("secret", "0.1", zip).await.expect(201).json());
        let version = server.http().get(&format!("/orchestration/artifacts/{artifact}/versions/0.1")).await.expect(200).json();
        let password = version["parameters"].as_array().and_then(|all| all.iter().find(|p| p["name"] == "password"));
        let password = password.unwrap_or_else(|| panic!("{version}"));
        assert!(password.get("value").is_none(), "no default of a secret one: {password}");
        let body = |value: Value| json!({
            "name": "t", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "0.1" },
            "parameters": value,
        });
        const PLAIN: &str = "hunter-two-and-more";
        for name in ["password", "parameter_password"] {
            let mut wanted = body(json!({ name: PLAIN, "showProcess": "true" }));
            wanted["name"] = json!(name);
            let made = server.http().post(TASKS, &wanted).await.expect(201).json();
            assert_eq!(made["parameters"], json!({ name: "", "showProcess": "true" }));
            let path = format!("{TASKS}/{}", id(&made));
            let before = kept(&server, &id(&made)).await;
            assert!(!before.to_string().contains("hunter"), "not plain in the database: {before}");
            // What a client reads it sends back: the empty value keeps the secret.
            wanted["parameters"] = made["parameters"].clone();
            let again = server.http().put(&path, &wanted).await.expect(200);
            assert!(!again.text().contains("hunter"));
            assert_eq!(kept(&server, &id(&made)).await[name], before[name]);
            wanted["parameters"] = json!({ name: "another" });
            let _ = server.http().put(&path, &wanted).await.expect(200);
            assert_ne!(kept(&server, &id(&made)).await[name], before[name]);
            wanted["parameters"] = json!({});
            let _ = server.http().put(&path, &wanted).await.expect(200);
            assert_eq!(kept(&server, &id(&made)).await, json!({}), "left out is gone");
        }
        let made = server.http().post(TASKS, &body(json!({ "password": PLAIN }))).await.expect(201).json();
        let engine = id(&server.engine("e").await);
        server.configure(&id(&made), &engine).await;
        let start = json!({ "executable": made["id"], "parameters": [
            { "name": "token", "value": "hunter-three", "encrypted": true }, { "name": "open", "value": "seen" },
        ] });
        let _ = server.http().post("/processing/executions", &start).await.expect(201);
        let stored = server.store.read::<_, StoreError, _>(|tx| {
            let rows = tx.query("SELECT parameters, secrets FROM runs", &[])?;
            Ok(rows.iter().map(|row| format!("{:?} {:?}", row.text(0), row.text(1))).collect::<String>())
        });
        let stored = stored.await.expect("read the runs");
        assert!(stored.contains("seen") && !stored.contains("hunter"), "{stored}");
    }
}
