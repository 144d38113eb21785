//! Filters and pages of everything that is no run.

use serde_json::{Value, json};

use crate::support::{both, id};

#[track_caller]
fn names(list: &Value) -> Vec<&str> {
    let list = list.get("items").unwrap_or(list).as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().map(|item| item["name"].as_str().expect("a name")).collect()
}

/// The filter as a query string.
fn encoded(filter: &str) -> String {
    filter
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

both! {
    async fn a_filter_reads_quotes_wildcards_and_both_joins(server: TestServer) {
        for name in ["DEV", "QA north", "Ünï"] {
            let body = json!({ "name": name, "workspaceName": "Sales" });
            let _ = server.http().post("/orchestration/environments", &body).await.expect(201);
        }
        for (filter, wanted) in [
            ("", &["DEV", "QA north", "default", "Ünï"][..]),
            ("name==DEV", &["DEV"]),
            ("\"name==DEV\"", &["DEV"]),
            ("name==\"QA north\"", &["QA north"]),
            ("name==QA north", &["QA north"]),
            ("name==Ünï", &["Ünï"]),
            ("name==*a*", &["default"]),
            ("name==D*", &["DEV"]),
            ("name==*north", &["QA north"]),
            ("name==DEV,name==default", &["DEV", "default"]),
            ("\"name==DEV\",\"name==default\"", &["DEV", "default"]),
            ("name==D*;name==*V", &["DEV"]),
            ("name==DEV;name==default", &[]),
            ("(name==DEV,name==default);default==true", &["default"]),
            ("name==nothing", &[]),
        ] {
            for path in ["/orchestration/environments", "/tmc/v2.6/environments"] {
                let found = server.http().get(&format!("{path}?query={}", encoded(filter))).await.expect(200).json();
                let mut found = names(&found);
                found.sort_unstable();
                assert_eq!(found, wanted, "{filter}");
            }
        }
        let both = "/orchestration/workspaces?query=environment.name==DEV;name==Sales";
        assert_eq!(server.http().get(both).await.expect(200).json().as_array().map(Vec::len), Some(1));
    }

    async fn a_filter_that_cannot_be_read_is_refused_by_name(server: TestServer) {
        for (path, parameter) in [
            ("/orchestration/environments", "query"),
            ("/orchestration/workspaces", "query"),
            ("/tmc/v2.6/workspaces", "query"),
            ("/processing/runtimes/remote-engines", "query"),
            ("/tmc/v1.3/runtimes/remote-engines", "query"),
            ("/processing/runtimes/remote-engine-clusters", "_s"),
        ] {
            for (filter, word) in [("nmae==x", "nmae"), ("name=x", "name"), ("name==", "column"), ("(name==x", "column")] {
                let answer = server.http().get(&format!("{path}?{parameter}={}", encoded(filter))).await.expect(400).json();
                assert!(answer["message"].as_str().is_some_and(|m| m.contains(word)), "{path} {filter}: {answer}");
            }
            for filter in ["(".repeat(10_000), "name==x;".repeat(3_000), "\"".to_owned(), "%00".to_owned()] {
                let answer = server.http().get(&format!("{path}?{parameter}={filter}")).await;
                assert!([400, 200].contains(&answer.status), "{path} {}: {}", &filter[..1], answer.text());
            }
        }
    }

    async fn tasks_are_found_by_name_tag_and_place(server: TestServer) {
        let artifact = server.artifact("a", "1").await;
        for (name, tags) in [("Load A", json!(["x", "y"])), ("Load B", json!(["x"])), ("load c", json!(["xy"])), ("50%_off", json!([]))] {
            let body = json!({
                "name": name, "workspaceId": server.workspace(), "tags": tags, "artifact": { "id": artifact, "version": "1" },
            });
            let _ = server.http().post("/orchestration/executables/tasks", &body).await.expect(201);
        }
        let engine = id(&server.engine("e").await);
        let found = server.http().get("/orchestration/executables/tasks?name=50").await.json();
        server.configure(found["items"][0]["executable"].as_str().expect("the task"), &engine).await;
        for (query, wanted) in [
            ("", &["50%_off", "Load A", "Load B", "load c"][..]),
            ("name=Load", &["Load A", "Load B"]),
            ("name=oad", &[]),
            ("name=50%25_", &["50%_off"]),
            ("name=%25", &[]),
            ("name=L_ad", &[]),
            ("tags=x", &["Load A", "Load B"]),
            ("tags=x&tags=y", &["Load A"]),
            ("runtimeType=CLOUD", &["Load A", "Load B", "load c"]),
            ("runtimeType=REMOTE_ENGINE", &["50%_off"]),
            ("environmentId=66f0a1b2c3d4e5f601230001", &[]),
            ("limit=2&offset=1", &["Load A", "Load B"]),
            ("offset=90", &[]),
        ] {
            for path in ["/orchestration/executables/tasks", "/processing/executables/tasks", "/tmc/v2.6/executables/tasks"] {
                let answer = server.http().get(&format!("{path}?{query}")).await;
                assert_eq!(answer.status, 200, "{path}?{query}: {}", answer.text());
                assert_eq!(names(&answer.json()), wanted, "{path}?{query}");
            }
        }
        for (body, wanted) in [
            (json!({}), &["50%_off", "Load A", "Load B", "load c"][..]),
            (json!({ "name": "oad" }), &["Load A", "Load B", "load c"]),
            (json!({ "name": "LOAD" }), &["Load A", "Load B", "load c"]),
            (json!({ "name": "%" }), &["50%_off"]),
            (json!({ "tags": ["x", "y"] }), &["Load A"]),
            (json!({ "runtimeType": "REMOTE_ENGINE", "runtimeId": engine }), &["50%_off"]),
            (json!({ "limit": 1, "offset": 3 }), &["load c"]),
            (json!({ "artifactId": artifact, "limit": 0 }), &["50%_off", "Load A", "Load B", "load c"]),
        ] {
            let page = server.http().post("/orchestration/executables/tasks/search", &body).await.expect(200).json();
            assert_eq!(names(&page), wanted, "{body}");
        }
        let twice = json!({ "workspaceId": server.workspace(), "environmentId": server.environment() });
        let _ = server.http().post("/orchestration/executables/tasks/search", &twice).await.expect(400);
        for query in ["runtimeType=X", "limit=0", "limit=101", "offset=-1", "workspaceId=x", "environmentId=default"] {
            let _ = server.http().get(&format!("/orchestration/executables/tasks?{query}")).await.expect(400);
        }
    }

    async fn artifacts_are_found_by_name_and_kind_newest_version_first(server: TestServer) {
        let first = server.artifact("orders", "0.2").await;
        assert_eq!(server.artifact("orders", "0.10").await, first);
        server.artifact("orders", "0.3").await;
        server.artifact("Orders old", "1").await;
        server.artifact("stock", "1").await;
        for (query, wanted) in [
            ("", &["Orders old", "orders", "stock"][..]),
            ("name=ord", &["orders"]),
            ("types=standard", &["Orders old", "orders", "stock"]),
            ("types=route,standard", &["Orders old", "orders", "stock"]),
            ("types=route&types=standard", &["Orders old", "orders", "stock"]),
            ("types=route", &[]),
            ("limit=1&offset=2", &["stock"]),
        ] {
            for path in ["/orchestration/artifacts", "/tmc/v2.6/artifacts"] {
                let answer = server.http().get(&format!("{path}?{query}")).await;
                assert_eq!(answer.status, 200, "{path}?{query}: {}", answer.text());
                assert_eq!(names(&answer.json()), wanted, "{path}?{query}");
            }
        }
        let shown = server.http().get(&format!("/orchestration/artifacts/{first}")).await.expect(200).json();
        assert_eq!(shown["versions"], json!(["0.3", "0.10", "0.2"]), "in the order of publishing");
        let _ = server.http().get("/orchestration/artifacts?types=nonsense").await.expect(400);
        let version = server.http().get(&format!("/orchestration/artifacts/{first}/versions/0.10")).await.expect(200).json();
        for (field, value) in [("publisher", "admin"), ("publisherType", "HUMAN"), ("createDate", "2026-02-03T09:00:00.000Z")] {
            assert_eq!(version[field], value);
        }
    }

    async fn the_catalogue_is_found_by_any_part_of_a_name(server: TestServer) {
        for name in ["North orders", "orders", "50%_off"] {
            server.artifact(name, "1").await;
            server.connection(name, &json!([])).await;
            server.resource(name, true, b"x").await;
            let project = json!({ "name": name, "owner": "admin", "url": "" });
            let _ = server.http().post("/orchestration/projects", &project).await.expect(201);
        }
        for kind in ["artifacts", "connections", "resources", "projects"] {
            for (query, wanted, total) in [
                ("nameContains=", &["50%_off", "North orders", "orders"][..], 3),
                ("nameContains=ORDER", &["North orders", "orders"], 2),
                ("nameContains=ORDER&limit=1&offset=1", &["orders"], 2),
                ("nameContains=%25_", &["50%_off"], 1),
                ("nameContains=n_rth", &[], 0),
                ("name=order&projectName=order&nameContains=r", &["orders"], 1),
            ] {
                for path in ["/orchestration", "/tmc/v2.6"] {
                    let answer = server.http().get(&format!("{path}/{kind}?{query}")).await;
                    assert_eq!(answer.status, 200, "{path}/{kind}?{query}: {}", answer.text());
                    let page = answer.json();
                    assert_eq!((names(&page), &page["total"]), (wanted.to_vec(), &json!(total)), "{path}/{kind}?{query}");
                }
            }
        }
    }

    async fn tasks_are_found_by_what_they_use(server: TestServer) {
        let artifact = server.artifact("a", "1").await;
        let (first, second) = (server.connection("one", &json!([])).await, server.connection("two", &json!([])).await);
        let file = server.resource("f", true, b"x").await;
        for (name, connections, resources) in [
            ("A", json!({ "crm": first }), json!({})),
            ("B", json!({ "crm": second, "shop": first }), json!({ "resource_file_in": file })),
            ("C", json!({ "crm": second }), json!({})),
            ("D", json!({}), json!({})),
        ] {
            let body = json!({
                "name": name, "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "1" },
                "connections": connections, "resources": resources, "parameters": { "note": first },
            });
            let _ = server.http().post("/orchestration/executables/tasks", &body).await.expect(201);
        }
        let environment = server.environment();
        // An id among the parameters is no use of it.
        for (filter, wanted) in [
            (json!({ "connectionId": first }), &["A", "B"][..]),
            (json!({ "connectionId": second }), &["B", "C"]),
            (json!({ "connectionId": second, "environmentId": environment, "limit": 1, "offset": 1 }), &["C"]),
            (json!({ "connectionId": first, "resourceId": file }), &["B"]),
            (json!({ "resourceId": file, "name": "c" }), &[]),
            (json!({ "resourceId": first }), &[]),
        ] {
            let page = server.http().post("/orchestration/executables/tasks/search", &filter).await.expect(200).json();
            assert_eq!(names(&page), wanted, "{filter}");
        }
        let listed = format!("/orchestration/executables/tasks?connectionId={first}&resourceId={file}");
        assert_eq!(names(&server.http().get(&listed).await.expect(200).json()), ["B"]);
        for bad in [json!({ "connectionId": "%" }), json!({ "resourceId": "one" })] {
            let _ = server.http().post("/orchestration/executables/tasks/search", &bad).await.expect(400);
        }
        // Who does not see the workspace does not learn that something there uses it.
        let (_, stranger) = server.person("mara", &["TMC_OPERATOR"]).await;
        let page = stranger.post("/orchestration/executables/tasks/search", &json!({ "connectionId": first })).await.expect(200).json();
        assert_eq!(page["total"], 0);
    }
}
