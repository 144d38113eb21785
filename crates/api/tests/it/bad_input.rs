//! Bodies, ids and texts that are wrong: refused with a message that helps, never with a failure of the server.

use serde_json::{Value, json};
use stoker_testkit::http::Method;

use crate::raw;
use crate::support::{TestServer, both, id};

const TASKS: &str = "/orchestration/executables/tasks";
const ENVIRONMENTS: &str = "/orchestration/environments";

async fn send(server: &TestServer, path: &str, body: &[u8]) -> (u16, String) {
    let answer =
        server.http().send(Method::POST, path, &[("content-type", "application/json")], Some(body.to_vec())).await;
    let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
    (answer.status, message)
}

both! {
    async fn a_body_that_is_no_json_is_refused(server: TestServer) {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        for (body, word) in [
            (&b""[..], "empty"),
            (b" \n ", "empty"),
            (b"{", "JSON"),
            (b"{\"name\":\"x\"", "JSON"),
            (b"{\"name\":\"x\",\"workspaceName\":\"y\"} trailing", "JSON"),
            (b"{\"name\":\"x\",\"workspaceName\":\"y\"}{}", "JSON"),
            (b"{\"name\":\"x\",}", "JSON"),
            (b"{'name':'x'}", "JSON"),
            (b"{\"name\":\"\xff\xfe\",\"workspaceName\":\"y\"}", "JSON"),
            (b"{\"name\":\"\\ud800\",\"workspaceName\":\"y\"}", "JSON"),
            (b"\xef\xbb\xbf{}", "JSON"),
            (b"<name/>", "JSON"),
            (b"null", "body"),
            (b"5", "body"),
            (b"\"text\"", "body"),
            (b"{}", "name"),
            (b"{\"name\":null,\"workspaceName\":\"y\"}", "name"),
            (b"{\"name\":{\"a\":1},\"workspaceName\":\"y\"}", "name"),
            (b"{\"name\":\"x\",\"workspaceName\":[]}", "workspaceName"),
            (b"{\"name\":\"x\",\"name\":\"y\",\"workspaceName\":\"z\"}", "name"),
            (b"{\"name\":\"x\",\"workspaceName\":\"y\",\"maxCloudContainers\":1e400}", ""),
            (b"{\"name\":\"x\",\"workspaceName\":\"y\",\"maxCloudContainers\":-1}", "maxCloudContainers"),
            (deep(65).as_bytes(), "nested"),
            (deep(100_000).as_bytes(), "nested"),
        ] {
            let (status, message) = send(&server, ENVIRONMENTS, body).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            assert_eq!(status, 400, "{shown}: {message}");
            assert!(message.contains(word) && message.len() < 400, "{shown}: {message}");
        }
        let all = server.http().get(ENVIRONMENTS).await.expect(200).json();
        assert_eq!(all.as_array().map(Vec::len), Some(1), "nothing was made");
    }

    async fn a_body_that_is_too_large_is_refused_before_it_is_read(server: TestServer) {
        let more = "content-type: application/json\r\ncontent-length: 2097152\r\n";
        let answer = raw::exchange(&server, raw::head(&server, "POST", ENVIRONMENTS, more).as_bytes()).await.expect("an answer");
        assert_eq!((answer.status, &answer.json()["status"]), (413, &json!(413)), "{answer:?}");
        // Without a length it is counted as it comes.
        let more = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
        let mut bytes = raw::head(&server, "POST", ENVIRONMENTS, more).into_bytes();
        let size = (1 << 20) + 1;
        bytes.extend(format!("{size:x}\r\n").into_bytes());
        bytes.extend(std::iter::repeat_n(b' ', size));
        let answer = raw::exchange(&server, &bytes).await.expect("an answer");
        assert_eq!(answer.status, 413, "{answer:?}");
        // One byte less is taken.
        let body = r#"{"name":"fits","workspaceName":"w"}"#;
        let fits = format!("{body}{}", " ".repeat((1 << 20) - body.len()));
        assert_eq!(fits.len(), 1 << 20);
        assert_eq!(send(&server, ENVIRONMENTS, fits.as_bytes()).await.0, 201);
    }

    async fn ids_of_the_wrong_shape_are_named(server: TestServer) {
        for (path, message) in [
            ("/orchestration/executables/tasks/x", "Task ID is not valid id."),
            ("/orchestration/artifacts/x", "Artifact ID is not valid id."),
            ("/processing/executions/x", "Task execution ID is not valid id."),
            ("/processing/runtimes/remote-engines/x", "Engine ID is not valid id."),
            ("/processing/runtimes/remote-engine-clusters/x", "Cluster ID is not valid id."),
            ("/orchestration/executables/tasks?workspaceId=x", "Workspace ID is not valid id."),
        ] {
            let answer = server.http().get(path).await.expect(400).json();
            assert_eq!(answer["message"], message, "{path}");
        }
        let _ = server.http().get("/account/service-accounts/x").await.expect(404);
        let strange = [
            "%00", "%FF%FE", "%2e%2e%2f%2e%2e", "..%2F..%2Fetc%2Fpasswd", "%F0%9F%92%A9", "66f0a1b2c3d4e5f60123000A", "'--", "%25s",
            "66f0a1b2c3d4e5f601230001%00",
        ];
        for path in ["/orchestration/executables/tasks/", "/processing/executions/", "/tmc/v2.6/artifacts/", "/stoker/v1/log-files/"] {
            for id in strange.iter().map(|s| (*s).to_owned()).chain(["x".repeat(5_000)]) {
                let answer = server.http().get(&format!("{path}{id}")).await;
                assert!([400, 404].contains(&answer.status), "{path}{id}: {} {}", answer.status, answer.text());
                assert!(answer.json()["message"].is_string());
            }
        }
    }

    async fn names_are_checked(server: TestServer) {
        let artifact = server.artifact("a", "1").await;
        let task = |name: &str| json!({ "name": name, "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "1" } });
        for bad in ["", "   ", "a\u{0}b", "a\nb", "a\tb", "a\nb\u{7}", "\u{1b}[31m", "x\u{85}x", &"x".repeat(256), &"ä".repeat(256)] {
            for (path, body) in [
                (TASKS, task(bad)),
                (ENVIRONMENTS, json!({ "name": bad, "workspaceName": "w" })),
                (ENVIRONMENTS, json!({ "name": "ok", "workspaceName": bad })),
                ("/orchestration/workspaces", json!({ "name": bad, "environmentId": server.environment() })),
                ("/processing/runtimes/remote-engines", json!({ "name": bad, "environmentId": server.environment() })),
                ("/processing/runtimes/remote-engine-clusters", json!({ "name": bad, "environmentId": server.environment() })),
            ] {
                let answer = server.http().post(path, &body).await;
                assert_eq!(answer.status, 400, "{path} {bad:?}: {}", answer.text());
                let message = answer.json()["message"].as_str().unwrap_or_default().to_lowercase();
                assert!(message.contains("name"), "{message}");
            }
        }
        for good in ["ä".repeat(255), "emoji 💩 and 'quotes\" <b> %_\\".to_owned(), "名前".to_owned()] {
            let made = server.http().post(TASKS, &task(&good)).await.expect(201).json();
            assert_eq!(made["name"], good.as_str());
        }
    }

    async fn free_texts_are_checked(server: TestServer) {
        let artifact = server.artifact("a", "1").await;
        let (task, engine) = server.ready_task("ready").await;
        let with = |field: &str, value: Value| {
            let mut body = json!({ "name": "t", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "1" } });
            body[field] = value;
            body
        };
        let engines = "/processing/runtimes/remote-engines";
        let new_engine = |field: &str, value: Value| {
            let mut body = json!({ "name": "e", "environmentId": server.environment() });
            body[field] = value;
            body
        };
        let config = |user: &str| json!({
            "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine }, "remoteRunAsUser": user,
        });
        let mut refused = vec![
            (Method::POST, TASKS.to_owned(), with("connections", json!({ "": "x" })), "connections"),
            (Method::POST, TASKS.to_owned(), with("autoUpgradeInfo", json!("x")), "autoUpgradeInfo"),
            (Method::POST, TASKS.to_owned(), with("autoUpgradeInfo", json!({ "autoUpgradable": "x" })), "autoUpgradeInfo.autoUpgradable"),
        ];
        for bad in ["a\u{0}b", "a\nb", "\u{1b}[31m", &"x".repeat(256)] {
            for field in ["connections", "resources"] {
                refused.push((Method::POST, TASKS.to_owned(), with(field, json!({ bad: "x" })), field));
                refused.push((Method::POST, TASKS.to_owned(), with(field, json!({ "x": bad })), field));
            }
            refused.extend([
                (Method::POST, engines.to_owned(), new_engine("debug", json!({ "host": bad })), "debug.host"),
                (Method::POST, engines.to_owned(), new_engine("esbCompatibilityVersion", json!(bad)), "esbCompatibilityVersion"),
                (Method::PUT, format!("{engines}/{engine}/debug"), json!({ "host": bad, "isDebugModeOn": true }), "host"),
                (Method::PUT, format!("{TASKS}/{task}/run-config"), config(bad), "remoteRunAsUser"),
            ]);
        }
        let unreadable = json!({ "pause": true, "pauseContext": "\u{7}" });
        refused.push((Method::PUT, format!("{TASKS}/{task}/pause"), unreadable, "pauseContext"));
        for (method, path, body, field) in refused {
            let answer = server.http().json(method, &path, &body).await;
            assert_eq!(answer.status, 400, "{path} {body}: {}", answer.text());
            let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
            assert!(message.starts_with(field) && message.len() < 400, "{path} {body}: {message}");
        }
        let flags = json!({ "autoUpgradable": true, "overrideWithDefaultParameters": null, "more": "\u{0}" });
        let made = server.http().post(TASKS, &with("autoUpgradeInfo", flags)).await.expect(201).json();
        assert_eq!(made["autoUpgradeInfo"], json!({ "autoUpgradable": true }));
        let config = server.http().put(&format!("{TASKS}/{task}/run-config"), &config(" etl ")).await.expect(200).json();
        assert_eq!(config["remoteRunAsUser"], "etl");
    }

    /// PostgreSQL cannot store NUL in a text; every way in must refuse or swallow it.
    async fn a_nul_character_is_never_a_failure_of_the_server(server: TestServer) {
        let artifact = server.artifact("a", "1").await;
        let environment = server.environment();
        let mut answers = Vec::new();
        for path in [
            "/orchestration/executables/tasks?name=%00",
            "/orchestration/executables/tasks?artifactId=%00",
            "/orchestration/executables/tasks?runtimeId=%00",
            "/orchestration/executables/tasks?runtimeRunProfileId=%00",
            "/orchestration/artifacts?name=%00",
            "/security/permissions?userId=%00",
            "/security/service-accounts/permissions?serviceAccountId=%00",
            "/orchestration/environments?query=name==%00",
            &format!("/orchestration/artifacts/{artifact}/versions/%00"),
        ] {
            answers.push((path.to_owned(), server.http().get(path).await));
        }
        for (path, body) in [
            (ENVIRONMENTS, json!({ "name": "n1", "workspaceName": "w", "owner": "\u{0}" })),
            (ENVIRONMENTS, json!({ "name": "n2", "workspaceName": "w", "description": "\u{0}" })),
            ("/orchestration/workspaces", json!({ "name": "w", "environmentId": environment, "owner": "a\u{0}" })),
            ("/processing/runtimes/remote-engines", json!({ "name": "e", "environmentId": environment, "debug": { "host": "\u{0}" } })),
            ("/processing/runtimes/remote-engines", json!({ "name": "f", "environmentId": environment, "esbCompatibilityVersion": "\u{0}" })),
            ("/orchestration/executables/tasks/search", json!({ "name": "\u{0}", "tags": ["\u{0}"], "artifactId": "\u{0}" })),
            (TASKS, json!({ "name": "t", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "\u{0}" } })),
            (TASKS, json!({
                "name": "t", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "1" },
                "connections": { "\u{0}": "\u{0}" }, "resources": { "\u{0}": "\u{0}" }, "autoUpgradeInfo": { "\u{0}": "\u{0}" },
            })),
            ("/processing/executables/tasks/executions", json!({ "tags": ["\u{0}"], "status": "\u{0}" })),
        ] {
            answers.push((format!("{path} {body}"), server.http().post(path, &body).await));
        }
        let engine = id(&server.engine("debugged").await);
        let path = format!("/processing/runtimes/remote-engines/{engine}/debug");
        answers.push((path.clone(), server.http().put(&path, &json!({ "host": "\u{0}", "isDebugModeOn": true })).await));
        let failed: Vec<String> = answers
            .iter()
            .filter(|(_, answer)| answer.status >= 500)
            .map(|(what, answer)| format!("{what}: {} {}", answer.status, answer.text()))
            .collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }

    async fn unknown_fields_are_ignored(server: TestServer) {
        let body = json!({ "name": "E", "workspaceName": "w", "new": { "deep": [1, { "x": null }] }, "id": "mine" });
        let made = server.http().post(ENVIRONMENTS, &body).await.expect(201).json();
        assert_ne!(made["id"], "mine");
        let list = server.http().get("/orchestration/environments?unknown=1&query=name==E&other").await.expect(200).json();
        assert_eq!(list.as_array().map(Vec::len), Some(1));
        let none: Vec<Value> = Vec::new();
        let page = server.http().get("/orchestration/artifacts?unknown=1").await.expect(200).json();
        assert_eq!(page["items"], json!(none));
    }
}
