//! Promotions of connections and resources: what comes along, what the target keeps, and what becomes of files.

use serde_json::{Value, json};
use stoker_store::StoreError;
use stoker_store::db::Record;
use stoker_testkit::fixtures::script_archive;
use stoker_testkit::http::Method;

use crate::catalog_connections::opened;
use crate::link::driver::Engine;
use crate::promotions::{PROMOTIONS, Pair, assign_admin, item, pair, rows, status};
use crate::support::{TestServer, both, id};

const TASKS: &str = "/orchestration/executables/tasks";
const CONNECTIONS: &str = "/orchestration/connections";
const RESOURCES: &str = "/orchestration/resources";
const SECRET: &str = "kept-secret-of-the-source-0815";

/// A task in workspace `Shared` of environment `default`; gives its id.
async fn task(server: &TestServer, name: &str, artifact: &str, connections: Value, resources: Value) -> String {
    let body = json!({
        "name": name, "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "0.1" },
        "connections": connections, "resources": resources,
    });
    id(&server.http().post(TASKS, &body).await.expect(201).json())
}

/// A file as a resource in a workspace; gives its id.
pub(crate) async fn resource_in(server: &TestServer, workspace: &str, name: &str, file: bool, bytes: &[u8]) -> String {
    let part = json!({ "name": name, "workspaceId": workspace, "file": file }).to_string();
    let parts = [("resource", None, part.as_bytes()), ("file", Some(name), bytes)];
    id(&server.send_form(Method::POST, RESOURCES, &parts).await.expect(201).json())
}

/// A connection in a workspace; gives its id.
pub(crate) async fn connection_in(
    server: &TestServer,
    workspace: &str,
    name: &str,
    app: &str,
    parameters: Value,
) -> String {
    let body = json!({ "name": name, "workspaceId": workspace, "app": app, "parameters": parameters });
    id(&server.http().post(CONNECTIONS, &body).await.expect(201).json())
}

/// The task that came of one, as it is shown.
async fn promoted_task(server: &TestServer, report: &Value, name: &str) -> Value {
    let target = item(report, "Shared", "flows", name)["targetId"].as_str().expect("an id").to_owned();
    server.http().get(&format!("{TASKS}/{target}")).await.expect(200).json()
}

fn said(item: &Value) -> Vec<(&str, &str)> {
    let messages = item["promotionReport"]["messages"].as_array().map_or(&[][..], Vec::as_slice);
    messages.iter().map(|m| (m["level"].as_str().unwrap_or(""), m["info"].as_str().unwrap_or(""))).collect()
}

/// The only target object of a kind.
async fn only(server: &TestServer, pair: &Pair, kind: &str) -> Value {
    let found = pair.there(server, kind, "").await;
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

/// New bytes for a resource.
async fn upload(server: &TestServer, resource: &str, name: &str, bytes: &[u8]) {
    let path = format!("{RESOURCES}/{resource}/upload");
    let _ = server.send_form(Method::PUT, &path, &[("file", Some(name), bytes)]).await.expect(204);
}

both! {
    async fn a_connection_is_made_without_its_secrets_and_then_stays(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let artifact = server.artifact("x", "0.1").await;
        let values = json!([{ "name": "host", "value": "dev" }, { "name": "password", "value": SECRET, "encrypted": true }]);
        let source = server.connection("db", &values).await;
        let _ = task(&server, "a", &artifact, json!({ "db": source, "none": "" }), json!({})).await;
        let before = rows(&server).await;
        let analysed = http.post(&format!("{PROMOTIONS}/{}", pair.id), &json!({})).await.expect(200).json();
        let new = item(&analysed, "Shared", "connections", "db");
        assert_eq!((&new["analyzeReport"]["status"], new.get("targetId")), (&json!("CREATED"), None));
        assert_eq!(rows(&server).await, before, "an analysis changes nothing");

        let report = pair.run(&server, json!({})).await;
        assert_eq!(report["status"], "PROMOTION_WARNING");
        let made = item(&report, "Shared", "connections", "db");
        assert_eq!((&made["type"], &made["id"], &made["promotionReport"]["status"]), (&json!("CONNECTION"), &json!(source), &json!("CREATED")));
        assert_eq!((&made["usedBy"][0]["name"], made["usedBy"].as_array().map(Vec::len)), (&json!("a"), Some(1)));
        let told = said(made);
        assert!(matches!(told[..], [("WARN", text)] if text.contains("password")), "{told:?}");
        let there = only(&server, &pair, "connections").await;
        assert_eq!((&there["id"], &there["app"]), (&made["targetId"], &json!("Custom")));
        assert_eq!(there["parameters"], json!([
            { "name": "host", "value": "dev", "encrypted": false }, { "name": "password", "value": "", "encrypted": true },
        ]));
        assert_eq!(promoted_task(&server, &report, "a").await["connections"], json!({ "db": made["targetId"], "none": "" }));

        // Somebody sets it up there; then the source goes on.
        let path = format!("{CONNECTIONS}/{}", id(&there));
        let own = json!({ "parameters": [{ "name": "host", "value": "prod" }, { "name": "password", "value": "theirs", "encrypted": true }] });
        let shown = http.put(&path, &own).await.expect(200).json();
        let next = json!({ "parameters": [{ "name": "host", "value": "dev2" }, { "name": "port", "value": "1" }] });
        let _ = http.put(&format!("{CONNECTIONS}/{source}"), &next).await.expect(200);
        let before = rows(&server).await;
        let report = pair.run(&server, json!({})).await;
        assert_eq!((&report["status"], status(&report, "Shared", "connections", "db")), (&json!("PROMOTED"), "REUSED"));
        let told = said(item(&report, "Shared", "connections", "db"));
        assert!(matches!(told[..], [("INFO", text)] if text.contains("port")), "{told:?}");
        assert_eq!((http.get(&path).await.expect(200).json(), rows(&server).await), (shown, before));
    }

    /// What a run of a promoted task is given is not the password of the source.
    async fn a_promoted_secret_asks_to_be_changed(server: TestServer) {
        let http = server.http();
        let environment = json!({ "name": "dev", "workspaceName": "Own" });
        let dev = id(&http.post("/orchestration/environments", &environment).await.expect(201).json());
        let places = http.get(&format!("/orchestration/workspaces?query=environment.id=={dev};name==Shared")).await.expect(200).json();
        let place = id(&places[0]);
        let publish = format!("/stoker/v1/artifacts?workspaceId={place}&name=x&version=0.1");
        let artifact = id(&http.send(Method::POST, &publish, &[], Some(script_archive("#!/bin/sh\n"))).await.expect(201).json());
        let source = connection_in(&server, &place, "db", "Custom", json!([{ "name": "password", "value": SECRET, "encrypted": true }])).await;
        let body = json!({ "name": "a", "workspaceId": place, "artifact": { "id": artifact, "version": "0.1" }, "connections": { "db": source } });
        let _ = http.post(TASKS, &body).await.expect(201);
        let body = json!({ "sourceEnvironmentId": dev, "targetEnvironmentId": server.environment() });
        let made = http.post(PROMOTIONS, &body).await.expect(201).json();
        let back = Pair { id: made["executable"].as_str().expect("an id").to_owned(), target: server.environment().to_owned() };
        assign_admin(&server, &back.id).await;
        let report = back.run(&server, json!({})).await;
        let engine = Engine::ready(&server, "one", 0).await;
        let task = id(&promoted_task(&server, &report, "a").await);
        server.configure(&task, &engine.id).await;
        server.run(&task).await;
        let given = opened(&engine, &engine.offer().await);
        assert_eq!(given.len(), 1, "{given:?}");
        assert_eq!((given[0].name.as_str(), given[0].value.as_str()), ("connection_db_password", "<change me>"));
    }

    async fn resources_share_one_file_and_follow_the_source_unless_kept(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let source = server.resource("in.csv", true, b"one").await;
        let artifact = server.artifact("x", "0.1").await;
        let _ = task(&server, "a", &artifact, json!({}), json!({ "in": source })).await;
        let files = server.artifact_files().len();
        let report = pair.run(&server, json!({})).await;
        let made = item(&report, "Shared", "resources", "in.csv");
        assert_eq!((&made["type"], &made["promotionReport"]["status"]), (&json!("RESOURCE"), &json!("CREATED")));
        assert_eq!((&report["status"], &made["usedBy"][0]["name"]), (&json!("PROMOTED"), &json!("a")));
        assert_eq!(id(&only(&server, &pair, "resources").await), made["targetId"]);
        assert_eq!(promoted_task(&server, &report, "a").await["resources"], json!({ "in": made["targetId"] }));
        assert_eq!(server.artifact_files().len(), files, "no byte is copied");

        upload(&server, &source, "new.csv", b"second").await;
        assert_eq!(server.artifact_files().len(), files + 1, "the target still needs the old bytes");
        let before = rows(&server).await;
        let report = pair.run(&server, json!({ "keepTargetResources": true })).await;
        let kept = item(&report, "Shared", "resources", "in.csv");
        assert_eq!(kept["promotionReport"]["status"], "REUSED");
        assert!(matches!(said(kept)[..], [("INFO", text)] if text.contains("differs")), "{kept}");
        assert_eq!(rows(&server).await, before);
        server.reconcile().await;
        assert_eq!(server.artifact_files().len(), files + 1);

        let report = pair.run(&server, json!({})).await;
        assert_eq!((&report["status"], status(&report, "Shared", "resources", "in.csv")), (&json!("PROMOTED"), "REPLACED"));
        server.reconcile().await;
        assert_eq!(server.artifact_files().len(), files, "nobody needs the old bytes any more");
        assert_eq!(status(&pair.run(&server, json!({})).await, "Shared", "resources", "in.csv"), "REUSED");

        // The file goes with the last row that names it.
        let _ = http.delete(&format!("{TASKS}/{}", id(&promoted_task(&server, &report, "a").await))).await.expect(204);
        let _ = http.delete(&format!("{RESOURCES}/{}", id(&only(&server, &pair, "resources").await))).await.expect(204);
        assert_eq!(server.artifact_files().len(), files, "the source needs it");
    }

    async fn only_what_the_object_needs_comes_along(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let artifact = server.artifact("x", "0.1").await;
        let sales = json!({ "name": "Sales", "environmentId": server.environment() });
        let sales = id(&http.post("/orchestration/workspaces", &sales).await.expect(201).json());
        let far = connection_in(&server, &sales, "far", "Custom", json!([])).await;
        let near = server.resource("near", true, b"1").await;
        let _ = server.connection("unused", &json!([])).await;
        let other = server.resource("other", true, b"2").await;
        let wanted = task(&server, "a", &artifact, json!({ "c": far, "d": far }), json!({ "r": near })).await;
        let paused = task(&server, "b", &artifact, json!({}), json!({ "r": other })).await;
        let _ = http.put(&format!("{TASKS}/{paused}/pause"), &json!({ "pause": true })).await.expect(202);
        for (task, connections, resources) in [(&paused, 0, 0), (&wanted, 1, 1)] {
            let scope = json!({ "advanced": { "artifactType": "FLOW", "artifactId": task } });
            let report = pair.run(&server, scope).await;
            assert_eq!(pair.there(&server, "connections", "").await.len(), connections);
            assert_eq!(pair.there(&server, "resources", "").await.len(), resources);
            if *task == wanted {
                let made = item(&report, "Sales", "connections", "far");
                assert_eq!(promoted_task(&server, &report, "a").await["connections"], json!({ "c": made["targetId"], "d": made["targetId"] }));
                assert_eq!(made["usedBy"].as_array().map(Vec::len), Some(1), "{made}");
            }
        }
        let report = pair.run(&server, json!({})).await;
        assert_eq!((status(&report, "Shared", "connections", "unused"), status(&report, "Shared", "resources", "other")), ("CREATED", "CREATED"));
        assert_eq!((status(&report, "Sales", "connections", "far"), status(&report, "Shared", "resources", "near")), ("REUSED", "REUSED"));
    }

    async fn conflicts_of_parts_keep_everything_as_it_is(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let there = pair.workspace(&server, "Shared").await.expect("every environment has one");
        let connection = server.connection("db", &json!([])).await;
        let resource = server.resource("in", true, b"1").await;
        let artifact = server.artifact("x", "0.1").await;
        let _ = task(&server, "a", &artifact, json!({ "db": connection }), json!({ "in": resource })).await;
        let refused = async |words: [&str; 2]| {
            let before = rows(&server).await;
            let answer = pair.send(&server, json!({})).await.expect(501).json();
            let told = answer["message"].as_str().unwrap_or_default();
            assert!(words.iter().all(|word| told.contains(word)), "{words:?}: {told}");
            assert_eq!(rows(&server).await, before);
        };
        let other = connection_in(&server, &there, "db", "Oracle", json!([])).await;
        refused(["CONNECTION db", "for Oracle, not for Custom"]).await;
        let _ = http.delete(&format!("{CONNECTIONS}/{other}")).await.expect(204);
        let other = resource_in(&server, &there, "in", false, &script_archive("#!/bin/sh\n")).await;
        refused(["RESOURCE in", "is a folder, not a file"]).await;
        let _ = http.delete(&format!("{RESOURCES}/{other}")).await.expect(204);

        // A task that needs something of a personal workspace.
        let shared = stoker_domain::ids::WorkspaceId::trusted(server.workspace());
        let moved = stoker_domain::ids::ConnectionId::trusted(connection.as_str());
        let write = server.store.write::<_, StoreError, _>(move |tx| {
            let mut own = stoker_store::workspaces::get(tx, &shared)?.expect("the workspace");
            own.id = stoker_domain::ids::WorkspaceId::generate(0, &stoker_domain::SystemRandom::new());
            own.name = "Mine".to_owned();
            own.kind = stoker_domain::runtime::WorkspaceType::Personal;
            own.insert(tx)?;
            let mut row = stoker_store::connections::get(tx, &moved)?.expect("the connection");
            row.workspace_id = own.id;
            row.update(tx)
        });
        write.await.expect("move the connection");
        refused(["WORKSPACE Mine", "move that to another workspace"]).await;
    }
}
