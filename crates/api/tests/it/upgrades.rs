//! Tasks that follow the newest version of their artifact.

use serde_json::{Value, json};
use stoker_testkit::http::Method;

use crate::catalog_connections::job_with;
use crate::support::{TestServer, both, id};

const TASKS: &str = "/orchestration/executables/tasks";

async fn publish(server: &TestServer, workspace: &str, name: &str, version: &str, zip: Vec<u8>) -> String {
    let path = format!("/stoker/v1/artifacts?workspaceId={workspace}&name={name}&version={version}");
    let headers = [("content-type", "application/zip")];
    id(&server.http().send(Method::POST, &path, &headers, Some(zip)).await.expect(201).json())
}

async fn task(server: &TestServer, name: &str, workspace: &str, artifact: &str, more: Value) -> String {
    let mut body = json!({ "name": name, "workspaceId": workspace, "artifact": { "id": artifact, "version": "0.1" } });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    format!("{TASKS}/{}", id(&server.http().post(TASKS, &body).await.expect(201).json()))
}

/// Artifact id, artifact version and version of a task.
async fn state(server: &TestServer, path: &str) -> (String, String, String) {
    let shown = server.http().get(path).await.expect(200).json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&shown["artifact"]["id"]), text(&shown["artifact"]["version"]), text(&shown["version"]))
}

fn zip() -> Vec<u8> {
    stoker_testkit::fixtures::script_archive("#!/bin/sh\n")
}

both! {
    async fn publishing_moves_the_tasks_that_follow(server: TestServer) {
        let shared = server.workspace();
        let body = json!({ "name": "guarded", "environmentId": server.environment() });
        let guarded = id(&server.http().post("/orchestration/workspaces", &body).await.expect(201).json());
        let follow = json!({ "autoUpgradeInfo": { "autoUpgradable": true } });
        let artifact = publish(&server, shared, "load", "0.1", zip()).await;
        let other = publish(&server, shared, "other", "0.1", zip()).await;
        let follows = task(&server, "follows", shared, &artifact, follow.clone()).await;
        let pinned = task(&server, "pinned", shared, &artifact, json!({ "autoUpgradeInfo": { "autoUpgradable": false } })).await;
        let silent = task(&server, "silent", shared, &artifact, json!({})).await;
        let elsewhere = task(&server, "elsewhere", &guarded, &artifact, follow.clone()).await;
        let unrelated = task(&server, "unrelated", shared, &other, follow).await;

        publish(&server, shared, "load", "0.2", zip()).await;
        let moved = (artifact.clone(), "0.2".to_owned(), "2.0".to_owned());
        assert_eq!(state(&server, &follows).await, moved);
        assert_eq!(state(&server, &elsewhere).await, moved, "whatever workspace it lies in");
        for stays in [&pinned, &silent] {
            assert_eq!(state(&server, stays).await, (artifact.clone(), "0.1".to_owned(), "1.0".to_owned()), "{stays}");
        }
        assert_eq!(state(&server, &unrelated).await.1, "0.1");

        // One of the same name from another workspace moves them too, but not where only own artifacts count.
        let guard = json!({ "name": "guarded", "protectedArtifactUpdate": true });
        let _ = server.http().put(&format!("/orchestration/workspaces/{guarded}"), &guard).await.expect(204);
        publish(&server, shared, "load", "0.3", zip()).await;
        assert_eq!(state(&server, &follows).await.1, "0.3");
        assert_eq!(state(&server, &elsewhere).await, moved, "protected");
        let own = publish(&server, &guarded, "load", "1.0", zip()).await;
        assert_ne!(own, artifact);
        assert_eq!(state(&server, &elsewhere).await, (own.clone(), "1.0".to_owned(), "3.0".to_owned()));
        assert_eq!(state(&server, &follows).await, (own, "1.0".to_owned(), "4.0".to_owned()));
        // What no task uses any more can be removed; what one uses cannot.
        let versions = format!("/orchestration/artifacts/{artifact}/versions");
        let _ = server.http().delete(&format!("{versions}/0.2")).await.expect(204);
        let _ = server.http().delete(&format!("{versions}/0.1")).await.expect(409);
    }

    async fn a_refused_publish_moves_nothing(server: TestServer) {
        let shared = server.workspace();
        let artifact = publish(&server, shared, "load", "0.1", zip()).await;
        let follow = json!({ "autoUpgradeInfo": { "autoUpgradable": true } });
        let path = task(&server, "t", shared, &artifact, follow).await;
        let again = server.send_archive("load", "0.1", zip()).await;
        let broken = server.send_archive("load", "0.2", b"no zip".to_vec()).await;
        assert_eq!((again.status, broken.status), (409, 400));
        assert_eq!(state(&server, &path).await.2, "1.0");
    }

    async fn values_are_kept_or_give_way_to_the_defaults(server: TestServer) {
        let shared = server.workspace();
        let artifact = publish(&server, shared, "job", "0.1", job_with(&["kept", "day"])).await;
        let parameters = json!({ "kept": "mine", "day": "monday", "extra": "e" });
        let with = |flags: Value| json!({ "parameters": parameters.clone(), "autoUpgradeInfo": flags });
        let keeps = task(&server, "keeps", shared, &artifact, with(json!({ "autoUpgradable": true }))).await;
        let both = json!({ "autoUpgradable": true, "overrideWithDefaultParameters": true });
        let gives = task(&server, "gives", shared, &artifact, with(both)).await;
        publish(&server, shared, "job", "0.2", job_with(&["kept", "new"])).await;
        let shown = async |path: &str| server.http().get(path).await.expect(200).json()["parameters"].clone();
        assert_eq!(shown(&keeps).await, parameters);
        assert_eq!(shown(&gives).await, json!({ "day": "monday", "extra": "e" }), "the job has no default for these");
    }

    async fn patch_moves_to_the_newest(server: TestServer) {
        let shared = server.workspace();
        let artifact = publish(&server, shared, "job", "0.1", job_with(&["kept"])).await;
        let flags = json!({ "autoUpgradable": false, "overrideWithDefaultParameters": true });
        let path = task(&server, "t", shared, &artifact, json!({ "parameters": { "kept": "mine" }, "autoUpgradeInfo": flags })).await;
        publish(&server, shared, "job", "0.2", job_with(&["kept"])).await;
        let patch = async |body: Value| server.http().json(Method::PATCH, &path, &body).await;
        assert!(patch(json!({ "latestArtifact": true })).await.expect(400).text().contains("forceUpdate"));
        assert_eq!(state(&server, &path).await.1, "0.1");
        let _ = patch(json!({ "latestArtifact": true, "forceUpdate": true })).await.expect(204);
        assert_eq!(state(&server, &path).await, (artifact, "0.2".to_owned(), "2.0".to_owned()));
        assert_eq!(server.http().get(&path).await.expect(200).json()["parameters"], json!({}));
    }
}
