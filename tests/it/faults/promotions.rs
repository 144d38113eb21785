//! The server dies while it promotes: the target environment has everything or nothing, and what was accepted is done.

use serde_json::{Value, json};
use stoker_testkit::fixtures::script_archive;
use stoker_testkit::http::Http;
use stoker_testkit::postgres;

use super::server::{Server, Setup};
use super::stage::eventually;

/// Tasks that are promoted.
const TASKS: u64 = 12;

#[tokio::test]
async fn a_server_that_dies_anywhere_promotes_all_or_nothing() {
    dies_everywhere(Setup::default()).await;
}

#[tokio::test]
async fn all_or_nothing_on_postgres() {
    let database = postgres::database();
    dies_everywhere(Setup { database: Some(database.url.clone()), ..Setup::default() }).await;
}

/// A place to die, and whether the run was accepted by then.
const PLACES: [(&str, bool); 4] = [
    ("promotion.run.before-commit", false),
    ("promotion.run.after-commit", true),
    ("promotion.copy.before-commit", true),
    ("promotion.copy.after-commit", true),
];

async fn dies_everywhere(setup: Setup) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(folder.path(), setup).await;
    let bootstrap = server.bootstrap();
    let http = Http::new(&server.url()).with_token(&bootstrap.personal_access_token);
    let path = format!("/stoker/v1/artifacts?workspaceId={}&name=a&version=0.1", bootstrap.workspace_id);
    let headers = [("content-type", "application/zip")];
    let zip = script_archive("#!/bin/sh\n");
    let artifact = http.send(reqwest::Method::POST, &path, &headers, Some(zip)).await.expect(201).json();
    for number in 0..TASKS {
        let body = json!({ "name": format!("t{number}"), "workspaceId": bootstrap.workspace_id,
            "artifact": { "id": artifact["id"], "version": "0.1" } });
        let _ = http.post("/orchestration/executables/tasks", &body).await.expect(201);
    }
    for (place, accepted) in PLACES {
        println!("dying at {place}");
        let (promotion, target) = pair(&http, &bootstrap.environment_id, place).await;
        server.again(Some(place)).await;
        let run = json!({ "executable": promotion }).to_string().into_bytes();
        let headers = [("content-type", "application/json")];
        let answer =
            http.try_send(reqwest::Method::POST, "/processing/executions/promotions", &headers, Some(run)).await;
        assert!(answer.is_err(), "it died at {place} before it answered");
        server.dead(place).await;
        server.again(None).await;
        if accepted {
            eventually(60, "the accepted run to be carried out", async || {
                let there = count(&http, &target).await;
                assert!([0, TASKS].contains(&there), "{there} of {TASKS} after dying at {place}");
                (there == TASKS).then_some(())
            })
            .await;
        }
        // Another run is accepted, so the first one has ended; what that did is there whole, or not at all.
        let run = json!({ "executable": promotion });
        let report = http.post("/processing/executions/promotions", &run).await.expect(201).json();
        let text = report.to_string();
        let made = text.matches("\"status\":\"CREATED\"").count();
        if accepted {
            assert_eq!(made, 0, "{place}: {text}");
        } else {
            // Artifact, its version, and the tasks.
            assert_eq!(made as u64, TASKS + 2, "{place}: {text}");
        }
        assert_eq!(count(&http, &target).await, TASKS, "{place}");
    }
    server.stop().await;
}

/// A promotion into a new environment that the first user may run; its id and that of the environment.
pub(super) async fn pair(http: &Http, source: &str, name: &str) -> (Value, String) {
    let body = json!({ "name": name, "workspaceName": "Own" });
    let target = http.post("/orchestration/environments", &body).await.expect(201).json()["id"].clone();
    let body = json!({ "sourceEnvironmentId": source, "targetEnvironmentId": target });
    let made = http.post("/orchestration/executables/promotions", &body).await.expect(201).json();
    let grants = http.get("/security/permissions").await.expect(200).json();
    let (promotion, user) = (made["executable"].clone(), grants[0]["userId"].clone());
    let path = format!(
        "/orchestration/executables/promotions/{}/users/{}",
        promotion.as_str().expect("an id"),
        user.as_str().expect("an id")
    );
    let _ = http.send(reqwest::Method::PUT, &path, &[], None).await.expect(204);
    (promotion, target.as_str().expect("an id").to_owned())
}

/// How many tasks the environment has.
pub(super) async fn count(http: &Http, environment: &str) -> u64 {
    let path = format!("/orchestration/executables/tasks?environmentId={environment}");
    http.get(&path).await.expect(200).json()["total"].as_u64().expect("a number")
}
