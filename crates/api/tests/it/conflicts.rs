//! Names that are taken, objects in use, and batches of which a part is refused.

use serde_json::{Value, json};
use stoker_domain::ids::EnvironmentId;
use stoker_store::StoreError;
use stoker_testkit::fixtures::script_archive;
use stoker_testkit::http::Method;

use crate::support::{both, id, keys};

both! {
    async fn a_name_is_taken_once(server: TestServer) {
        let (environment, workspace) = (server.environment(), server.workspace());
        let artifact = server.artifact("a", "1").await;
        let engine = id(&server.engine("first").await);
        let profiles = format!("/processing/runtimes/remote-engines/{engine}/run-profiles");
        for (path, body) in [
            ("/orchestration/environments", json!({ "name": "E", "workspaceName": "w" })),
            ("/orchestration/workspaces", json!({ "name": "W", "environmentId": environment })),
            ("/account/service-accounts", json!({ "name": "S", "permissions": ["TMC_OPERATOR"] })),
            (
                "/orchestration/executables/tasks",
                json!({ "name": "T", "workspaceId": workspace, "artifact": { "id": artifact, "version": "1" } }),
            ),
            ("/processing/runtimes/remote-engines", json!({ "name": "N", "environmentId": environment })),
            ("/processing/runtimes/remote-engine-clusters", json!({ "name": "C", "environmentId": environment })),
            (profiles.as_str(), json!({ "name": "P", "type": "JOB_SERVER", "jvmArguments": [] })),
        ] {
            let made = server.http().post(path, &body).await.expect(201).json();
            let again = server.http().post(path, &body).await.expect(409).json();
            let text = again.get("message").or(again.get("detail")).and_then(Value::as_str).expect("a message");
            assert!(text.contains("exists already"), "{path}: {text}");
            // Blanks around it make no other name.
            let mut padded = body.clone();
            padded["name"] = json!(format!("  {} ", body["name"].as_str().expect("a name")));
            let _ = server.http().post(path, &padded).await.expect(409);
            let mut other = body.clone();
            other["name"] = json!("other");
            let second = id(&server.http().post(path, &other).await.expect(201).json());
            if !path.contains("engine") {
                let _ = server.http().put(&format!("{path}/{second}"), &body).await.expect(409);
            }
            assert_ne!(id(&made), second);
        }
    }

    async fn a_version_is_published_once(server: TestServer) {
        let artifact = server.artifact("a", "1.0").await;
        let files = server.artifact_files();
        assert_eq!(files.len(), 1);
        let other = script_archive("#!/bin/sh\necho other\n");
        let answer = server.send_archive("a", "1.0", other.clone()).await.expect(409).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("1.0")), "{answer}");
        assert_eq!(server.artifact_files(), files, "nothing is left of the refused one");
        let made = server.send_archive("a", "1.1", other.clone()).await.expect(201).json();
        assert_eq!((&made["versions"], id(&made)), (&json!(["1.1", "1.0"]), artifact.clone()));
        // The same bytes under another name are one file, and go when the last version that needs them goes.
        let twin = id(&server.send_archive("b", "1", other).await.expect(201).json());
        assert_eq!(server.artifact_files().len(), 2);
        let _ = server.http().delete(&format!("/orchestration/artifacts/{artifact}/versions/1.1")).await.expect(204);
        assert_eq!(server.artifact_files().len(), 2);
        let _ = server.http().delete(&format!("/orchestration/artifacts/{twin}")).await.expect(204);
        assert_eq!(server.artifact_files(), files);
        let _ = server.http().delete(&format!("/orchestration/artifacts/{artifact}/versions/1.0")).await.expect(204);
        let _ = server.http().get(&format!("/orchestration/artifacts/{artifact}")).await.expect(404);
        assert_eq!(server.artifact_files().len(), 0);
    }

    async fn what_is_in_use_stays(server: TestServer) {
        let http = server.http();
        let (task, engine) = server.ready_task("t").await;
        let artifacts = http.get("/orchestration/artifacts").await.json();
        let artifact = format!("/orchestration/artifacts/{}", id(&artifacts["items"][0]));
        let engine_path = format!("/processing/runtimes/remote-engines/{engine}");
        for path in [&artifact, &format!("{artifact}/versions/0.1"), &engine_path] {
            let answer = http.delete(path).await.expect(409).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains('t')), "it names the task: {answer}");
        }
        let profiles = format!("{engine_path}/run-profiles");
        let profile = |name: &str| json!({ "name": name, "type": "JOB_SERVER", "jvmArguments": ["-Xmx64m"] });
        let used = id(&http.post(&profiles, &profile("used")).await.expect(201).json());
        let spare = id(&http.post(&profiles, &profile("spare")).await.expect(201).json());
        let config = json!({
            "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine, "runProfileId": used },
        });
        let config_path = format!("/orchestration/executables/tasks/{task}/run-config");
        let _ = http.put(&config_path, &config).await.expect(200);
        let _ = http.delete(&format!("{profiles}/{used}")).await.expect(409);
        let _ = http.delete(&format!("{profiles}/{used}?newRunProfileId={used}")).await.expect(400);
        let _ = http.delete(&format!("{profiles}/{used}?newRunProfileId={spare}")).await.expect(202);
        assert_eq!(http.get(&config_path).await.json()["runtime"]["runProfileId"], spare.as_str(), "the task moved");
        let run = server.run(&task).await;
        let task_path = format!("/orchestration/executables/tasks/{task}");
        let _ = http.delete(&task_path).await.expect(409);
        let _ = http.delete(&format!("{task_path}?terminateExecutions=true")).await.expect(204);
        let status = http.get(&format!("/processing/executions/{run}")).await.expect(200).json();
        assert_eq!(status["status"], "terminated", "history stays");

        let clusters = "/processing/runtimes/remote-engine-clusters";
        let make = |name: &str| json!({ "name": name, "environmentId": server.environment() });
        let one = id(&http.post(clusters, &make("one")).await.expect(201).json());
        let two = id(&http.post(clusters, &make("two")).await.expect(201).json());
        let member = |cluster: &str| format!("{clusters}/{cluster}/engines/{engine}");
        let _ = http.send(Method::PUT, &member(&one), &[], None).await.expect(204);
        for cluster in [&one, &two] {
            let _ = http.put(&member(cluster), &json!({ "method": "DEFAULT" })).await.expect(409);
        }
        let _ = http.delete(&engine_path).await.expect(409);
        let _ = http.delete(&format!("{clusters}/{one}")).await.expect(204);
        let _ = http.delete(&engine_path).await.expect(204);
        let _ = http.delete(&artifact).await.expect(204);
    }

    async fn workspaces_go_only_when_empty_and_environments_without_engines(server: TestServer) {
        let http = server.http();
        let made = http.post("/orchestration/environments", &json!({ "name": "E", "workspaceName": "W" })).await;
        let environment = id(&made.expect(201).json());
        let path = format!("/orchestration/environments/{environment}");
        let engine = json!({ "name": "n", "environmentId": environment });
        let engine = http.post("/processing/runtimes/remote-engines", &engine);
        let engine = id(&engine.await.expect(201).json());
        let answer = http.delete(&path).await.expect(400).json();
        let published = "To delete the environment, you must remove or re-assign its engine(s) to another environment.";
        assert_eq!(answer["message"], published);
        let _ = http.delete(&format!("/processing/runtimes/remote-engines/{engine}")).await.expect(204);
        let spaces = http.get("/orchestration/workspaces?query=environment.name==E").await.json();
        let of_kind = |kind: &str| {
            let all = spaces.as_array().expect("a list");
            id(all.iter().find(|w| w["type"] == kind).unwrap_or_else(|| panic!("no {kind} one in {spaces}")))
        };
        let publish = format!("/stoker/v1/artifacts?workspaceId={}&name=a&version=1", of_kind("custom"));
        let zip = script_archive("#!/bin/sh\n");
        let artifact = http.send(Method::POST, &publish, &[], Some(zip)).await.expect(201).json();
        let _ = http.delete(&format!("/orchestration/workspaces/{}", of_kind("custom"))).await.expect(409);
        let _ = http.delete(&format!("/orchestration/artifacts/{}", id(&artifact))).await.expect(204);
        let _ = http.delete(&format!("/orchestration/workspaces/{}", of_kind("shared"))).await.expect(400);
        let _ = http.delete(&format!("/orchestration/workspaces/{}", of_kind("custom"))).await.expect(204);
        let _ = http.delete(&path).await.expect(204);
        let _ = http.delete(&path).await.expect(404);
        let _ = http.delete(&format!("/orchestration/environments/{}", server.environment())).await.expect(400);
    }

    async fn renaming_an_environment_keeps_the_description_that_no_list_shows(server: TestServer) {
        let http = server.http();
        let body = json!({ "name": "E", "workspaceName": "W", "description": "stage two" });
        let environment = id(&http.post("/orchestration/environments", &body).await.expect(201).json());
        let path = format!("/orchestration/environments/{environment}");
        let stored = async || {
            let wanted = EnvironmentId::trusted(&environment);
            let read = server.store.read::<_, StoreError, _>(move |tx| stoker_store::environments::get(tx, &wanted));
            let row = read.await.expect("read").expect("the environment");
            (row.name, row.description)
        };
        let _ = http.put(&path, &json!({ "name": "F" })).await.expect(204);
        assert_eq!(stored().await, ("F".to_owned(), Some("stage two".to_owned())));
        let _ = http.put(&path, &json!({ "name": "F", "description": "" })).await.expect(204);
        assert_eq!(stored().await.1.unwrap_or_default(), "");
    }

    async fn a_batch_does_what_it_can_and_names_the_rest(server: TestServer) {
        let http = server.http();
        let (one, two) = (server.service_account(&["TMC_OPERATOR"], &[]).await, server.service_account(&["TMC_ENGINE_USE"], &[]).await);
        let workspace = server.workspace();
        let batch = "/security/service-accounts/permissions/batch";
        let entry = |user: &str, rights: &[&str]| json!({ "workspaceId": workspace, "userId": user, "permissions": rights });
        let mixed = json!([
            entry(&one.id, &["VIEW"]),
            entry(&one.id, &["EXECUTE"]),
            entry(&two.id, &["AUTHOR"]),
            entry(&"A".repeat(32), &["VIEW"]),
            entry(&two.id, &["FLY"]),
            { "workspaceId": "x", "userId": two.id, "permissions": ["VIEW"] },
            entry(&two.id, &["EXECUTE"]),
        ]);
        let rejected = http.post(batch, &mixed).await.expect(207).json();
        let rejected = rejected.as_array().expect("a list");
        let statuses: Vec<u64> = rejected.iter().filter_map(|r| r["status"].as_u64()).collect();
        assert_eq!(statuses, [409, 400, 404, 400, 400], "{rejected:?}");
        assert_eq!(keys(&rejected[0]), ["message", "permission", "status"]);
        assert_eq!(rejected[0]["permission"], mixed[1]);
        let granted = http.get("/security/service-accounts/permissions").await.expect(200).json();
        let mut granted: Vec<_> = granted.as_array().expect("a list").iter().map(|g| g["permissions"].to_string()).collect();
        granted.sort();
        assert_eq!(granted, ["[\"EXECUTE\"]", "[\"VIEW\"]"], "the good ones were done");
        assert_eq!(http.put(batch, &json!([entry(&one.id, &["VIEW", "EXECUTE"])])).await.expect(204).body.len(), 0);
        let shown = format!("/security/service-accounts/permissions?serviceAccountId={}", one.id);
        let shown = http.get(&shown).await.expect(200).json();
        assert_eq!(shown, json!([entry(&one.id, &["EXECUTE", "VIEW"])]), "in the published order");
        let some = format!("{batch}?workspaceIds={workspace}&serviceAccountIds={}&serviceAccountIds={}", one.id, "B".repeat(32));
        let missing = http.delete(&some).await.expect(207).json();
        assert_eq!(missing.as_array().map(Vec::len), Some(1));
        assert_eq!(missing[0]["permissionId"], json!({ "workspaceId": workspace, "userId": "B".repeat(32) }));
        let _ = http.delete(batch).await.expect(204);
        assert_eq!(http.get("/security/service-accounts/permissions").await.json(), json!([]), "empty lists mean all");
        let people = http.get("/security/permissions").await.json();
        assert_eq!(people.as_array().map(Vec::len), Some(1), "but only of service accounts");
        for body in [json!([]), json!([entry(&one.id, &["VIEW"])])] {
            let _ = one.http.post(batch, &body).await.expect(403);
        }
    }
}
