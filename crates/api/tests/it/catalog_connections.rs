//! Connections: their life, their secrets, and what they give to runs.

use std::io::{Cursor, Read as _, Write as _};

use serde_json::{Value, json};
use stoker_store::{StoreError, params};
use stoker_testkit::fixtures::archive;
use stoker_testkit::http::Method;
use stoker_wire::{Offer, Parameter};

use crate::link::driver::Engine;
use crate::support::{Backend, TestServer, both, id, keys};

const CONNECTIONS: &str = "/orchestration/connections";
const TASKS: &str = "/orchestration/executables/tasks";
const SECRET: &str = "kept-secret-of-a-connection-4711";

/// A real job whose only variable is replaced by these, all of them texts without a value.
pub(crate) fn job_with(variables: &[&str]) -> Vec<u8> {
    let bytes = std::fs::read(archive("ReadResource")).expect("read the archive");
    let mut old = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let mut new = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..old.len() {
        let mut entry = old.by_index(index).expect("an entry");
        let name = entry.name().expect("a name").into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("read");
        if name.ends_with(".item") || name.ends_with("Default.properties") {
            let text = String::from_utf8(content).expect("text");
            let line = |line: &str| match line.contains("resource_file_input") {
                true => variables.iter().map(|v| line.replace("resource_file_input", v) + "\n").collect(),
                false => format!("{line}\n"),
            };
            content = text.lines().map(line).collect::<String>().into_bytes();
        }
        new.start_file(name, zip::write::SimpleFileOptions::default()).expect("an entry");
        new.write_all(&content).expect("write");
    }
    new.finish().expect("finish").into_inner()
}

/// The secret parameters of an offer, as the engine reads them.
pub(crate) fn opened(engine: &Engine, offer: &Offer) -> Vec<Parameter> {
    let Some(sealed) = offer.sealed_parameters.as_deref() else { return Vec::new() };
    let plain = stoker_secrets::seal::open(&engine.sealing.private, &offer.run, sealed).expect("the engine opens it");
    serde_json::from_slice(&plain).expect("a list of parameters")
}

fn pairs(parameters: &[Parameter]) -> Vec<(&str, &str)> {
    parameters.iter().map(|one| (one.name.as_str(), one.value.as_str())).collect()
}

/// All texts of the tables in which a connection leaves traces.
async fn rows(server: &TestServer) -> String {
    let read = server.store.read::<_, StoreError, _>(|tx| {
        let mut all = String::new();
        for table in ["connections", "tasks", "runs", "run_events", "audit_events"] {
            for row in tx.query(&format!("SELECT * FROM {table}"), params![])? {
                all.push_str(&format!("{row:?}\n"));
            }
        }
        Ok(all)
    });
    read.await.expect("read the tables")
}

async fn actions(server: &TestServer, kind: &'static str) -> Vec<String> {
    let read = server.store.read::<_, StoreError, _>(move |tx| {
        let sql = "SELECT action FROM audit_events WHERE object_type = $1 ORDER BY id";
        tx.query(sql, params![kind])?.iter().map(|row| row.text(0)).collect()
    });
    read.await.expect("read the audit trail")
}

both! {
    async fn a_connection_lives_in_both_generations(server: TestServer) {
        let body = json!({
            "name": " orders-db ", "workspaceId": server.workspace(), "app": "Custom", "parameters": [
                { "name": "host", "value": "db1", "encrypted": false }, { "name": "password", "value": SECRET, "encrypted": true },
                { "name": "port" },
            ],
        });
        let made = server.http().post(CONNECTIONS, &body).await.expect(201).json();
        assert_eq!(keys(&made), ["app", "createDate", "id", "name", "parameters", "updateDate", "workspace"]);
        assert_eq!((&made["name"], &made["app"]), (&json!("orders-db"), &json!("Custom")));
        assert_eq!(made["workspace"]["environment"]["id"], server.environment());
        assert_eq!(made["parameters"], json!([
            { "name": "host", "value": "db1", "encrypted": false }, { "name": "password", "value": "", "encrypted": true },
            { "name": "port", "value": "", "encrypted": false },
        ]));
        let path = format!("{CONNECTIONS}/{}", id(&made));
        let old = format!("/tmc/v2.6/connections/{}", id(&made));
        assert_eq!(server.http().get(&path).await.expect(200).json(), made);
        assert_eq!(server.http().get(&old).await.expect(200).json(), made);
        for list in [CONNECTIONS, "/tmc/v2.6/connections?name=orders&limit=100", &format!("{CONNECTIONS}?workspaceId={}&environmentId={}", server.workspace(), server.environment())] {
            let page = server.http().get(list).await.expect(200).json();
            assert_eq!((&page["total"], &page["items"][0]), (&json!(1), &made), "{list}");
        }
        for none in [format!("{CONNECTIONS}?name=db"), format!("{CONNECTIONS}?offset=1")] {
            assert_eq!(server.http().get(&none).await.expect(200).json()["items"], json!([]), "{none}");
        }
        let taken = server.http().post(CONNECTIONS, &body).await.expect(409).json();
        assert!(taken["message"].as_str().is_some_and(|m| m.starts_with("name: ")), "{taken}");

        server.clock.advance(1000);
        let renamed = server.http().put(&old, &json!({ "name": "orders" })).await.expect(200).json();
        assert_eq!((&renamed["name"], &renamed["parameters"]), (&json!("orders"), &made["parameters"]), "the rest stays");
        assert_ne!(renamed["updateDate"], made["updateDate"]);
        server.clock.advance(1000);
        let fewer = json!({ "parameters": [{ "name": "host", "value": "db2" }] });
        let changed = server.http().put(&path, &fewer).await.expect(200).json();
        assert_eq!(changed["parameters"], json!([{ "name": "host", "value": "db2", "encrypted": false }]));
        server.clock.advance(1000);
        let _ = server.http().delete(&old).await.expect(204);
        let _ = server.http().get(&path).await.expect(404);
        let _ = server.http().delete(&path).await.expect(404);
        let wanted = ["connection.create", "connection.update", "connection.update", "connection.delete"];
        assert_eq!(actions(&server, "connection").await, wanted);
    }

    async fn a_secret_is_kept_and_never_shown(server: TestServer) {
        let artifact = id(&server.send_archive("job", "0.1", job_with(&["connection_custom_password", "connection_custom_user"])).await.expect(201).json());
        let engine = Engine::ready(&server, "one", 0).await;
        let secret = |value: Value| json!([{ "name": "user", "value": "etl" }, { "name": "password", "value": value, "encrypted": true }]);
        let connection = server.connection("db", &secret(json!(SECRET))).await;
        let task = json!({
            "name": "t", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "0.1" },
            "connections": { "main": connection },
        });
        let task = id(&server.http().post(TASKS, &task).await.expect(201).json());
        server.configure(&task, &engine.id).await;
        let path = format!("{CONNECTIONS}/{connection}");
        let mut seen = String::new();
        // Empty, absent, and without the flag: all mean "as it was".
        for parameters in [secret(json!("")), secret(json!(null)), json!([{ "name": "user", "value": "etl" }, { "name": "password", "value": "" }])] {
            seen += &server.http().put(&path, &json!({ "parameters": parameters })).await.expect(200).text();
            server.run(&task).await;
            let offer = engine.offer().await;
            assert_eq!(pairs(&offer.parameters), [("connection_custom_user", "etl")]);
            assert_eq!(pairs(&opened(&engine, &offer)), [("connection_custom_password", SECRET)]);
            let done = crate::link::driver::of(&offer);
            engine.report(&[crate::link::driver::finished(&done, "success", 1)]).await;
        }
        seen += &server.http().get(CONNECTIONS).await.expect(200).text();
        seen += &server.http().get(&format!("{TASKS}/{task}")).await.expect(200).text();
        seen += &rows(&server).await;
        assert!(!seen.contains(SECRET), "{seen}");
        // Shown as plain only with a new value.
        let plain = json!({ "parameters": [{ "name": "password", "value": "", "encrypted": false }] });
        let shown = server.http().put(&path, &plain).await.expect(200).json();
        assert_eq!(shown["parameters"], json!([{ "name": "password", "value": "", "encrypted": false }]));
    }

    async fn a_run_gets_the_values_of_its_connections(server: TestServer) {
        let variables = ["connection_custom_host", "connection_archive_host", "connection_main_port", "connection_other_x", "host"];
        let artifact = id(&server.send_archive("job", "0.1", job_with(&variables)).await.expect(201).json());
        let script = server.artifact("script", "0.1").await;
        let engine = Engine::ready(&server, "one", 0).await;
        let main = server.connection("orders", &json!([{ "name": "host", "value": "one" }, { "name": "port", "value": "5432" }])).await;
        let other = server.connection("archive", &json!([{ "name": "Host", "value": "two" }, { "name": "unused", "value": "u" }])).await;
        let start = async |name: &str, artifact: &str, given: Value| {
            let body = json!({
                "name": name, "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "0.1" },
                "parameters": { "connection_main_port": "of the task", "host": "free" },
                "connections": { "main": main, "connection_archive": other },
            });
            let task = id(&server.http().post(TASKS, &body).await.expect(201).json());
            server.configure(&task, &engine.id).await;
            let body = json!({ "executable": task, "parameters": given });
            let _ = server.http().post("/processing/executions", &body).await.expect(201);
            engine.offer().await.parameters
        };
        assert_eq!(pairs(&start("a", &artifact, json!({})).await), [
            ("connection_archive_host", "two"), ("connection_custom_host", "one"), ("connection_main_port", "5432"),
            ("host", "free"),
        ]);
        let given = start("b", &artifact, json!({ "connection_custom_host": "given" })).await;
        assert!(pairs(&given).contains(&("connection_custom_host", "given")), "the call wins: {given:?}");
        let given = start("c", &script, json!({})).await;
        assert!(pairs(&given).contains(&("connection_main_host", "one")), "a script gets all: {given:?}");
        assert!(pairs(&given).contains(&("connection_archive_unused", "u")), "{given:?}");
        // What is changed counts from the next run on.
        let _ = server.http().put(&format!("{CONNECTIONS}/{main}"), &json!({ "parameters": [{ "name": "host", "value": "new" }] })).await.expect(200);
        let given = start("d", &artifact, json!({})).await;
        assert!(pairs(&given).contains(&("connection_custom_host", "new")), "{given:?}");
        assert!(pairs(&given).contains(&("connection_main_port", "of the task")), "{given:?}");
    }

    async fn a_task_names_only_connections_it_may_have(server: TestServer) {
        let artifact = server.artifact("a", "1").await;
        let connection = server.connection("db", &json!([])).await;
        let body = |connections: Value| json!({
            "name": "t", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "1" }, "connections": connections,
        });
        let environment = json!({ "name": "other", "workspaceName": "Own" });
        let _ = server.http().post("/orchestration/environments", &environment).await.expect(201);
        let places = server.http().get("/orchestration/workspaces?query=name==Own").await.expect(200).json();
        let foreign = json!({ "name": "x", "workspaceId": id(&places[0]), "app": "A", "parameters": [] });
        let foreign = id(&server.http().post(CONNECTIONS, &foreign).await.expect(201).json());
        for (value, word) in [("c1", "Connection ID is not valid id"), ("66f0a1b2c3d4e5f601230001", "there is no connection"), (&foreign, "another environment")] {
            let answer = server.http().post(TASKS, &body(json!({ "db": value }))).await.expect(400).json();
            let message = answer["message"].as_str().unwrap_or_default();
            assert!(message.starts_with("connections.db") && message.contains(word), "{answer}");
        }
        assert_eq!(server.http().get(TASKS).await.expect(200).json()["total"], 0, "nothing was written");
        let task = id(&server.http().post(TASKS, &body(json!({ "db": connection, "none": "" }))).await.expect(201).json());
        let path = format!("{CONNECTIONS}/{connection}");
        let used = server.http().delete(&path).await.expect(409).json();
        assert!(used["message"].as_str().is_some_and(|m| m.contains("task t")), "{used}");
        assert_eq!(server.http().get(&path).await.expect(200).json()["name"], "db");
        // An author who cannot see the connection cannot take it; what the task has already stays possible.
        let place = json!({ "name": "private", "environmentId": server.environment() });
        let place = id(&server.http().post("/orchestration/workspaces", &place).await.expect(201).json());
        let hidden = json!({ "name": "h", "workspaceId": place, "app": "A", "parameters": [] });
        let hidden = id(&server.http().post(CONNECTIONS, &hidden).await.expect(201).json());
        let author = server.service_account(&["TMC_OPERATOR"], &["AUTHOR"]).await.http;
        let _ = author.post(TASKS, &body(json!({ "db": hidden }))).await.expect(403);
        let task = format!("{TASKS}/{task}");
        let _ = server.http().put(&task, &body(json!({ "db": hidden }))).await.expect(200);
        let _ = author.put(&task, &body(json!({ "db": hidden }))).await.expect(200);
        let _ = server.http().delete(&path).await.expect(204);
        let _ = server.http().delete(&format!("{CONNECTIONS}/{hidden}")).await.expect(409);
        let _ = server.http().delete(&task).await.expect(204);
        let _ = server.http().delete(&format!("{CONNECTIONS}/{hidden}")).await.expect(204);
    }

    async fn a_connection_moves_within_its_environment(server: TestServer) {
        let connection = server.connection("db", &json!([{ "name": "p", "value": SECRET, "encrypted": true }])).await;
        let place = async |environment: &str| {
            let body = json!({ "name": "next", "environmentId": environment });
            id(&server.http().post("/orchestration/workspaces", &body).await.expect(201).json())
        };
        let next = place(server.environment()).await;
        let environment = json!({ "name": "other", "workspaceName": "Own" });
        let environment = id(&server.http().post("/orchestration/environments", &environment).await.expect(201).json());
        let far = place(&environment).await;
        let to = |workspace: &str| format!("{CONNECTIONS}/{connection}/move/{workspace}");
        let sent = async |path: String| server.http().send(Method::PUT, &path, &[], None).await;
        assert!(sent(to(&far)).await.expect(400).text().contains("targetWorkspaceId"));
        let _ = sent(to("66f0a1b2c3d4e5f601230001")).await.expect(404);
        let _ = sent(to("x")).await.expect(400);
        let moved = sent(to(&next)).await.expect(200).json();
        assert_eq!(moved["workspace"]["id"], next.as_str());
        let again = server.connection("db", &json!([])).await;
        let back = server.http().send(Method::PUT, &to(server.workspace()), &[], None).await.expect(409);
        assert!(back.text().contains("name: "), "{}", back.text());
        let account = server.service_account(&["TMC_CONNECTION_RESOURCE_EDIT"], &["AUTHOR"]).await.http;
        let path = format!("{CONNECTIONS}/{again}/move/{next}");
        let _ = account.send(Method::PUT, &path, &[], None).await.expect(403);
        let workspace = format!("/orchestration/workspaces/{next}");
        let _ = server.http().delete(&workspace).await.expect(409);
        let _ = server.http().delete(&format!("{CONNECTIONS}/{connection}")).await.expect(204);
        let _ = server.http().delete(&workspace).await.expect(204);
    }

    async fn bad_input_changes_nothing(server: TestServer) {
        let connection = server.connection("db", &json!([{ "name": "a", "value": "1" }])).await;
        let path = format!("{CONNECTIONS}/{connection}");
        let before = server.http().get(&path).await.expect(200).json();
        let many: Vec<Value> = (0..10_000).map(|n| json!({ "name": format!("p{n}") })).collect();
        for (body, field) in [
            (json!({ "name": "" }), "name"),
            (json!({ "name": "x".repeat(256) }), "name"),
            (json!({ "name": 5 }), "name"),
            (json!({ "parameters": {} }), "parameters"),
            (json!({ "parameters": [{}] }), "parameters[0]: missing field `name`"),
            (json!({ "parameters": [{ "name": "a" }, { "name": "a" }] }), "parameters[1].name"),
            (json!({ "parameters": [{ "name": "a", "value": 5 }] }), "parameters[0].value"),
            (json!({ "parameters": [{ "name": "a\u{0}" }] }), "parameters[0].name"),
            (json!({ "parameters": [{ "name": "a", "value": "\u{0}" }] }), "parameters[0].value"),
            (json!({ "parameters": [{ "name": "a", "value": "x".repeat(300_000) }] }), "parameters[0].value"),
            (json!({ "parameters": [{ "name": "a", "encrypted": "perhaps" }] }), "parameters[0].encrypted"),
            (json!({ "name": "new", "parameters": many }), "parameters"),
        ] {
            let answer = server.http().put(&path, &body).await.expect(400).json();
            let message = answer["message"].as_str().unwrap_or_default();
            assert!(message.starts_with(field) && message.len() < 400, "{field}: {message}");
        }
        assert_eq!(server.http().get(&path).await.expect(200).json(), before);
        let good = json!({ "name": "n", "workspaceId": server.workspace(), "app": "A", "parameters": [] });
        for field in ["name", "workspaceId", "app", "parameters"] {
            let mut body = good.clone();
            body.as_object_mut().expect("an object").remove(field);
            assert!(server.http().post(CONNECTIONS, &body).await.expect(400).text().contains(field));
        }
        for (query, field) in [
            ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("offset=-1", "offset"), ("offset=99999999999", "offset"),
            ("environmentId=x", "Environment"), ("workspaceId=x", "Workspace"),
        ] {
            for list in [CONNECTIONS, "/tmc/v2.6/connections", "/orchestration/resources", "/tmc/v1.3/resources"] {
                let answer = server.http().get(&format!("{list}?{query}")).await.expect(400).json();
                assert!(answer["message"].as_str().is_some_and(|m| m.starts_with(field)), "{list}?{query}: {answer}");
            }
        }
        let elsewhere = format!("{CONNECTIONS}?workspaceId={}&environmentId=66f0a1b2c3d4e5f601230001", server.workspace());
        assert!(server.http().get(&elsewhere).await.expect(400).text().contains("workspaceId"));
        let nowhere = format!("{CONNECTIONS}?workspaceId=66f0a1b2c3d4e5f601230001&environmentId={}", server.environment());
        let _ = server.http().get(&nowhere).await.expect(404);
        assert_eq!(server.http().get(CONNECTIONS).await.expect(200).json()["total"], 1);
    }

    async fn two_editors_lose_nothing(server: TestServer) {
        let connection = server.connection("db", &json!([])).await;
        let path = format!("{CONNECTIONS}/{connection}");
        for round in 0..20 {
            let (name, value) = (format!("db{round}"), format!("v{round}"));
            let (rename, fill) = (json!({ "name": name }), json!({ "parameters": [{ "name": "p", "value": value }] }));
            let (one, two) = tokio::join!(server.http().put(&path, &rename), server.http().put(&path, &fill));
            let _ = (one.expect(200), two.expect(200));
            let shown = server.http().get(&path).await.expect(200).json();
            assert_eq!((&shown["name"], &shown["parameters"][0]["value"]), (&json!(name), &json!(value)));
        }
    }

    /// Whoever comes first wins, and no task is left with a connection that is gone.
    async fn a_delete_and_a_task_never_pass_each_other(server: TestServer) {
        let artifact = server.artifact("a", "1").await;
        for round in 0..15 {
            let connection = server.connection(&format!("c{round}"), &json!([])).await;
            let body = json!({
                "name": format!("t{round}"), "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "1" },
                "connections": { "db": connection },
            });
            let path = format!("{CONNECTIONS}/{connection}");
            let (made, gone) = tokio::join!(server.http().post(TASKS, &body), server.http().delete(&path));
            assert!(matches!((made.status, gone.status), (201, 409) | (400, 204)), "{} {}", made.text(), gone.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_gone_refuses_the_start_with_the_cure() {
    let server = TestServer::start(Backend::Sqlite).await;
    let (task, _) = server.ready_task("t").await;
    let row = task.clone();
    let changed = server.store.write::<_, StoreError, _>(move |tx| {
        let map = r#"{"db":"66f0a1b2c3d4e5f601230001"}"#;
        tx.execute("UPDATE tasks SET connections = $2 WHERE id = $1", params![&row, map])
    });
    assert_eq!(changed.await.expect("write"), 1);
    let answer = server.http().post("/processing/executions", &json!({ "executable": task })).await.expect(501).json();
    let message = answer["message"].as_str().unwrap_or_default();
    assert!(message.contains("connections.db") && message.contains("change the task"), "{answer}");
}
