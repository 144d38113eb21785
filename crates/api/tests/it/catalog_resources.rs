//! Resources: upload, replace, move, remove, and their way to the engine.

use std::io::{Cursor, Write as _};

use serde_json::{Value, json};
use stoker_testkit::fixtures::archive;
use stoker_testkit::http::Method;

use crate::catalog_connections::job_with;
use crate::link::driver::{Engine, finished, of};
use crate::raw;
use crate::support::{Part, TestServer, both, form_of, id, keys};

const RESOURCES: &str = "/orchestration/resources";
const TASKS: &str = "/orchestration/executables/tasks";

fn folder(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("an entry");
        zip.write_all(content).expect("write");
    }
    zip.finish().expect("finish").into_inner()
}

fn part(server: &TestServer, name: &str, file: bool) -> String {
    json!({ "name": name, "description": "", "workspaceId": server.workspace(), "file": file }).to_string()
}

async fn task(server: &TestServer, engine: &Engine, name: &str, artifact: &str, resources: Value) -> String {
    let body = json!({
        "name": name, "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "0.1" },
        "parameters": { "resource_file_input": "of the parameters" }, "resources": resources,
    });
    let task = id(&server.http().post(TASKS, &body).await.expect(201).json());
    server.configure(&task, &engine.id).await;
    task
}

both! {
    async fn a_resource_lives_in_both_generations(server: TestServer) {
        let text = part(&server, "map.csv", true);
        // The file first, then what it is: any order is good.
        let parts = [("file", Some("C:\\data\\map.csv"), &b"a,b\n"[..]), ("resource", None, text.as_bytes())];
        let made = server.send_form(Method::POST, RESOURCES, &parts).await.expect(201).json();
        assert_eq!(keys(&made), ["description", "file", "id", "name", "workspaceInfo"]);
        assert_eq!((&made["name"], &made["file"]), (&json!("map.csv"), &json!(true)));
        assert_eq!(made["workspaceInfo"]["id"], server.workspace());
        assert_eq!(server.artifact_files().len(), 1);
        let (path, old) = (format!("{RESOURCES}/{}", id(&made)), format!("/tmc/v2.6/resources/{}", id(&made)));
        assert_eq!(server.http().get(&path).await.expect(200).json(), made);
        assert_eq!(server.http().get(&old).await.expect(200).json(), made);
        let page = server.http().get("/tmc/v2.6/resources?name=map").await.expect(200).json();
        assert_eq!((&page["total"], &page["items"][0]), (&json!(1), &made));

        let _ = server.http().json(Method::PATCH, &path, &json!({ "name": "map2.csv" })).await.expect(204);
        let _ = server.http().put(&old, &json!({ "description": "two" })).await.expect(204);
        let shown = server.http().get(&path).await.expect(200).json();
        assert_eq!((&shown["name"], &shown["description"]), (&json!("map2.csv"), &json!("two")));
        let other = server.resource("other", true, b"1").await;
        let taken = server.http().json(Method::PATCH, &path, &json!({ "name": "other" })).await.expect(400);
        assert!(taken.text().contains("name: a resource other exists"), "{}", taken.text());

        let _ = server.send_form(Method::PUT, &format!("{old}/upload"), &[("file", Some("new"), b"c\n")]).await.expect(204);
        assert_eq!(server.artifact_files().len(), 2, "the old bytes are gone");
        let _ = server.http().delete(&old).await.expect(204);
        let _ = server.http().delete(&format!("{RESOURCES}/{other}")).await.expect(204);
        let _ = server.http().get(&path).await.expect(404);
        assert_eq!(server.artifact_files(), Vec::<std::path::PathBuf>::new());
    }

    async fn bad_uploads_leave_nothing(server: TestServer) {
        server.resource("taken", true, b"x").await;
        let good = part(&server, "n", true);
        let (taken, nameless) = (part(&server, "taken", true), part(&server, "", true));
        let nowhere = json!({ "name": "n", "workspaceId": "66f0a1b2c3d4e5f601230001" }).to_string();
        let (no_place, directory) = (json!({ "name": "n" }).to_string(), part(&server, "d", false));
        let long = " ".repeat(70_000);
        let escape = folder(&[("../out", b"x")]);
        let file = ("file", Some("f"), &b"1"[..]);
        let of = |text: &'static str| ("resource", None, text.as_bytes());
        let cases: Vec<(Vec<Part<'_>>, u16, &str)> = vec![
            (vec![], 400, "resource"),
            (vec![file], 400, "resource: the part is missing"),
            (vec![("resource", None, good.as_bytes())], 400, "file: the part is missing"),
            (vec![("resource", None, good.as_bytes()), file, file], 400, "file: the part is there twice"),
            (vec![of("no json"), file], 400, "resource: "),
            (vec![of("[]"), file], 400, "resource: "),
            (vec![of("{}"), file], 400, "resource: "),
            (vec![("resource", None, no_place.as_bytes()), file], 400, "workspaceId"),
            (vec![("resource", None, nameless.as_bytes()), file], 400, "name"),
            (vec![("resource", None, taken.as_bytes()), file], 409, "name: a resource taken exists"),
            (vec![("resource", None, nowhere.as_bytes()), file], 404, "Workspace id not found."),
            (vec![("resource", None, directory.as_bytes()), file], 400, "file: a folder is uploaded as a zip"),
            (vec![("resource", None, directory.as_bytes()), ("file", None, &escape)], 400, "file: a folder"),
            (vec![("resource", None, good.as_bytes()), file, ("more", None, b"")], 400, "more: no such part"),
            (vec![("resource", None, long.as_bytes()), file], 413, "resource"),
        ];
        for (parts, status, word) in cases {
            let answer = server.send_form(Method::POST, RESOURCES, &parts).await;
            let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
            assert!(answer.status == status && message.contains(word), "{word}: {} {message}", answer.status);
        }
        let (kind, body) = form_of(&[("resource", None, good.as_bytes()), file]);
        let cut = server.http().send(Method::POST, RESOURCES, &[("content-type", &kind)], Some(body[..body.len() - 9].to_vec())).await;
        assert_eq!(cut.status, 400, "{}", cut.text());
        for kind in ["application/json", "multipart/form-data", "text/plain; boundary=x"] {
            let answer = server.http().send(Method::POST, RESOURCES, &[("content-type", kind)], Some(body.clone())).await;
            assert!([400, 415].contains(&answer.status) && answer.text().contains("Content-Type"), "{}", answer.text());
        }
        let _ = server.http().send(Method::POST, RESOURCES, &[], Some(body)).await.expect(415);
        assert_eq!(server.http().get(RESOURCES).await.expect(200).json()["total"], 1);
        assert_eq!(server.artifact_files().len(), 1, "no refused file is left");
    }

    async fn too_large_is_413(server: TestServer) {
        let token = &server.bootstrap.personal_access_token;
        let resource = server.resource("r", true, b"x").await;
        for (method, path) in [("POST", RESOURCES.to_owned()), ("PUT", format!("{RESOURCES}/{resource}/upload"))] {
            // Said in advance.
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
                 content-type: multipart/form-data; boundary=b\r\ncontent-length: 120000000\r\n\r\n"
            );
            let answer = raw::exchange(&server, head.as_bytes()).await.expect("an answer");
            assert_eq!(answer.status, 413);
        }
        // Found out on the way.
        let huge = vec![b'x'; 110_100_481];
        let answer = server.send_form(Method::PUT, &format!("{RESOURCES}/{resource}/upload"), &[("file", Some("f"), &huge)]).await;
        assert_eq!(answer.status, 413, "{}", answer.text());
        assert!(answer.text().contains("110100480"), "{}", answer.text());
        assert_eq!(server.artifact_files().len(), 1);
    }

    async fn a_file_and_a_folder_reach_the_engine(server: TestServer) {
        let artifact = id(&server.send_archive("reads", "0.1", std::fs::read(archive("ReadResource")).expect("read")).await.expect(201).json());
        let engine = Engine::ready(&server, "one", 0).await;
        let other = Engine::ready(&server, "two", 0).await;
        let bytes = b"id,amount\n1,2\n";
        let resource = server.resource("orders.csv", true, bytes).await;
        let start = async |name: &str, resources: Value, given: Value| {
            let task = task(&server, &engine, name, &artifact, resources).await;
            let body = json!({ "executable": task, "parameters": given });
            let _ = server.http().post("/processing/executions", &body).await.expect(201);
            engine.offer().await
        };
        let offer = start("whole", json!({ "resource_file_input": resource, "other": resource }), json!({})).await;
        assert_eq!(offer.parameters, [], "the file takes the place of the parameter");
        let [file] = &offer.resources[..] else { panic!("one file, what the job has no variable for is not given: {offer:?}") };
        assert_eq!((file.variable.as_str(), file.name.as_str(), file.size, file.folder), ("resource_file_input", "orders.csv", 14, false));
        let fetched = engine.artifact(&file.sha256).await.expect(200);
        assert_eq!(fetched.body, bytes);
        let _ = other.artifact(&file.sha256).await.expect(404);
        assert_eq!(start("short", json!({ "input": resource }), json!({})).await.resources, offer.resources);
        let called = start("start", json!({ "input": resource }), json!({ "resource_file_input": "/data/c.csv" })).await;
        assert_eq!((called.parameters[0].value.as_str(), called.resources.len()), ("/data/c.csv", 0), "the call wins");
        let none = start("none", json!({ "input": "" }), json!({})).await;
        assert_eq!((none.parameters[0].value.as_str(), none.resources.len()), ("of the parameters", 0));

        let zip = folder(&[("in/a.csv", b"1"), ("in/deep/b.csv", b"2")]);
        let directory = server.resource("in", false, &zip).await;
        let job = id(&server.send_archive("folder", "0.1", job_with(&["resource_directory_in"])).await.expect(201).json());
        let on_folder = task(&server, &engine, "folder", &job, json!({ "in": directory })).await;
        server.run(&on_folder).await;
        let offer = engine.offer().await;
        assert_eq!((offer.resources[0].variable.as_str(), offer.resources[0].folder), ("resource_directory_in", true));
        assert_eq!(engine.artifact(&offer.resources[0].sha256).await.expect(200).body, zip);

        let body = |resources: Value| json!({
            "name": "x", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "0.1" }, "resources": resources,
        });
        for (resources, word) in [
            (json!({ "input": directory }), "is a folder, and the job wants a file"),
            (json!({ "input": "/data/a.csv" }), "Resource ID is not valid id"),
            (json!({ "input": "66f0a1b2c3d4e5f601230001" }), "there is no resource"),
        ] {
            let answer = server.http().post(TASKS, &body(resources)).await.expect(400).json();
            let message = answer["message"].as_str().unwrap_or_default();
            assert!(message.starts_with("resources.input") && message.contains(word), "{answer}");
        }
    }

    async fn a_run_keeps_the_file_it_was_started_with(server: TestServer) {
        let artifact = id(&server.send_archive("reads", "0.1", std::fs::read(archive("ReadResource")).expect("read")).await.expect(201).json());
        let engine = Engine::ready(&server, "one", 1).await;
        let resource = server.resource("in.csv", true, b"old").await;
        let path = format!("{RESOURCES}/{resource}");
        let task = task(&server, &engine, "t", &artifact, json!({ "input": resource })).await;
        server.run(&task).await;
        let used = server.http().delete(&path).await.expect(409);
        assert!(used.text().contains("resource in.csv is in use by task t"), "{}", used.text());
        let _ = server.send_form(Method::PUT, &format!("{path}/upload"), &[("file", None, b"new bytes")]).await.expect(204);
        assert_eq!(server.artifact_files().len(), 3, "archive, old and new bytes");
        let offer = engine.offer().await;
        assert_eq!(engine.artifact(&offer.resources[0].sha256).await.expect(200).body, b"old");
        server.reconcile().await;
        assert_eq!(server.artifact_files().len(), 3, "a run still needs the old ones");
        engine.report(&[finished(&of(&offer), "success", 1)]).await;
        server.reconcile().await;
        assert_eq!(server.artifact_files().len(), 2, "now nobody does");
        server.run(&task).await;
        let offer = engine.offer().await;
        assert_eq!((offer.resources[0].size, offer.resources[0].name.as_str()), (9, "in.csv"));
        assert_eq!(engine.artifact(&offer.resources[0].sha256).await.expect(200).body, b"new bytes");
    }

    async fn a_resource_moves_within_its_environment(server: TestServer) {
        let resource = server.resource("r", true, b"x").await;
        let body = json!({ "name": "next", "environmentId": server.environment() });
        let next = id(&server.http().post("/orchestration/workspaces", &body).await.expect(201).json());
        let environment = json!({ "name": "other", "workspaceName": "Own" });
        let _ = server.http().post("/orchestration/environments", &environment).await.expect(201);
        let places = server.http().get("/orchestration/workspaces?query=name==Own").await.expect(200).json();
        let sent = async |workspace: &str| {
            server.http().send(Method::PUT, &format!("{RESOURCES}/{resource}/move/{workspace}"), &[], None).await
        };
        assert!(sent(&id(&places[0])).await.expect(400).text().contains("targetWorkspaceId"));
        assert_eq!(sent(&next).await.expect(200).json()["workspaceInfo"]["id"], next.as_str());
        let again = server.resource("r", true, b"x").await;
        let _ = sent(server.workspace()).await.expect(409);
        assert_eq!(server.artifact_files().len(), 1, "the same bytes lie there once");
        let _ = server.http().delete(&format!("{RESOURCES}/{again}")).await.expect(204);
        assert_eq!(server.artifact_files().len(), 1, "the other still needs them");
    }
}
