//! Run profiles of every kind of engine in one family of calls.

use serde_json::{Value, json};

use crate::support::{TestServer, both, id, keys};

const ALL: &str = "/processing/run-profiles";
const NOBODY: &str = "66f0a1b2c3d4e5f601230001";

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().filter_map(|item| item["name"].as_str()).collect()
}

/// One run profile at each kind of engine; gives the ids of engine, cluster, Gen2 engine, environment.
async fn one_of_each(server: &TestServer) -> [String; 4] {
    let http = server.http();
    let engine = id(&server.engine("re").await);
    let place = json!({ "name": "rec", "environmentId": server.environment(), "workspaceId": server.workspace() });
    let cluster = id(&http.post("/processing/runtimes/remote-engine-clusters", &place).await.expect(201).json());
    let pipeline = id(&server.pipeline_engine("gen2").await);
    let environment = server.dynamic_environment("a kube").await;
    for (name, processor, place) in [
        ("a re", "RE", json!({ "runtimeId": engine })),
        ("b rec", "REC", json!({ "runtimeId": cluster })),
        ("c gen2", "GEN_2", json!({ "runtimeId": pipeline })),
        ("d de", "DYNAMIC_ENGINE", json!({ "scopeId": environment })),
    ] {
        let mut body = json!({ "name": name, "processorType": processor, "type": "JOB_SERVER",
            "jvmArguments": ["-Xmx1g"], "description": format!("about {name}") });
        for (field, value) in place.as_object().expect("an object") {
            body[field] = value.clone();
        }
        let made = http.post(ALL, &body).await.expect(201).json();
        assert_eq!((&made["processorType"], &made["runProfileType"]), (&json!(processor), &json!("JOB_SERVER")));
        assert_eq!(http.get(&format!("{ALL}/{}", id(&made))).await.expect(200).json(), made);
    }
    let _ = server.pipeline_profile(&pipeline, "big-data", "e spark").await;
    [engine, cluster, pipeline, environment]
}

both! {
    async fn a_search_finds_those_of_all_engines(server: TestServer) {
        let http = server.http();
        let [engine, cluster, pipeline, environment] = one_of_each(&server).await;
        let search = |body: Value| async move { http.post(&format!("{ALL}/search"), &body).await.expect(200).json() };
        let all = search(json!({ "offset": 0 })).await;
        assert_eq!(names(&all), ["e spark", "d de", "c gen2", "b rec", "a re"], "descending by name unless asked");
        assert_eq!((&all["total"], &all["limit"]), (&json!(5), &json!(100)));
        assert_eq!(
            keys(&all["items"][4]),
            [
                "createDate", "description", "id", "name", "processorId", "processorType", "runProfileType", "scopeId",
                "updateDate", "workspaceId"
            ]
        );
        assert!(all["items"][1].get("workspaceId").is_none(), "{}", all["items"][1]);
        for (body, wanted) in [
            (json!({ "processorType": "RE" }), vec!["a re"]),
            (json!({ "processorTypes": ["REC", "GEN_2"], "sortOrder": "ASC" }), vec!["b rec", "c gen2", "e spark"]),
            (json!({ "processorIds": [engine, cluster], "sortOrder": "ASC" }), vec!["a re", "b rec"]),
            (json!({ "processorIds": [pipeline], "runProfileType": "BIG_DATA" }), vec!["e spark"]),
            (json!({ "scopeIds": [environment] }), vec!["d de"]),
            (json!({ "name": "re", "sortOrder": "ASC" }), vec!["a re", "b rec"]),
            (json!({ "name": "%" }), vec![]),
            (json!({ "sortBy": "ENVIRONMENT_NAME", "sortOrder": "ASC", "limit": 1 }), vec!["d de"]),
            (json!({ "sortBy": "RUN_PROFILE_TYPE", "sortOrder": "ASC", "limit": 1 }), vec!["e spark"]),
            (json!({ "sortBy": "DESCRIPTION", "limit": 2 }), vec!["d de", "c gen2"]),
            (json!({ "offset": 3 }), vec!["b rec", "a re"]),
            (json!({ "offset": 50 }), vec![]),
        ] {
            let found = search(body.clone()).await;
            assert_eq!(names(&found), wanted, "{body}");
        }
        // Once the environment is on an engine, its run profiles are found by the engine too.
        let dynamic = server.dynamic_engine("kube").await;
        server.assign(&environment, &dynamic).await;
        let found = search(json!({ "processorIds": [dynamic] })).await;
        assert_eq!((names(&found), &found["items"][0]["processorId"]), (vec!["d de"], &json!(dynamic)));
        for (body, field) in [
            (json!({ "limit": 0 }), "limit"),
            (json!({ "limit": 101 }), "limit"),
            (json!({ "limit": "many" }), "limit"),
            (json!({ "offset": -1 }), "offset"),
            (json!({ "processorType": "TAC" }), "processorType"),
            (json!({ "processorTypes": ["RE", "TAC"] }), "processorTypes"),
            (json!({ "runProfileType": "FAST" }), "runProfileType"),
            (json!({ "sortBy": "AGE" }), "sortBy"),
            (json!({ "sortOrder": "UP" }), "sortOrder"),
            (json!({ "processorIds": vec!["x"; 10_000] }), "processorIds"),
        ] {
            let text = http.post(&format!("{ALL}/search"), &body).await.expect(400).text();
            assert!(text.contains(field), "{body}: {text}");
        }
    }

    async fn one_is_changed_and_removed_wherever_it_belongs(server: TestServer) {
        let http = server.http();
        let [engine, _, pipeline, _] = one_of_each(&server).await;
        let all = http.post(&format!("{ALL}/search"), &json!({ "sortOrder": "ASC" })).await.expect(200).json();
        let ids: Vec<String> = all["items"].as_array().expect("items").iter().map(id).collect();
        for one in &ids[..4] {
            let path = format!("{ALL}/{one}");
            let before = http.get(&path).await.expect(200).json();
            let changed = http.put(&path, &json!({ "jvmArguments": ["-Xmx2g"] })).await.expect(200).json();
            assert_eq!((&changed["name"], &changed["description"]), (&before["name"], &before["description"]));
            assert_eq!(changed["jvmArguments"], json!(["-Xmx2g"]));
            let same = http.put(&path, &json!({ "scopeId": before["scopeId"], "name": "renamed" })).await.expect(200);
            assert_eq!(same.json()["name"], "renamed");
            for (body, field) in [
                (json!({ "scopeId": NOBODY }), "scopeId"),
                (json!({ "name": "" }), "name"),
                (json!({ "jvmArguments": ["Xmx"] }), "jvmArguments"),
            ] {
                let text = http.put(&path, &body).await.expect(400).text();
                assert!(text.contains(field), "{body}: {text}");
            }
            assert_eq!(http.get(&path).await.expect(200).json(), same.json());
        }
        // The engine's own calls show the same run profile.
        let of_engine = format!("/processing/runtimes/remote-engines/{engine}/run-profiles/{}", ids[0]);
        assert_eq!(http.get(&of_engine).await.expect(200).json()["name"], "renamed");
        let of_gen2 = format!("/processing/runtimes/pipeline-engines/{pipeline}/run-profiles/data-integration/{}", ids[2]);
        assert_eq!(http.get(&of_gen2).await.expect(200).json()["jvmArguments"], json!(["-Xmx2g"]));
        // One for pipelines is not of this family.
        let text = http.get(&format!("{ALL}/{}", ids[4])).await.expect(404).text();
        assert!(text.contains("BIG_DATA"), "{text}");

        let task = server.task("t", &server.artifact("t", "0.1").await, "0.1").await;
        let config = format!("/orchestration/executables/tasks/{task}/run-config");
        let runtime = json!({ "type": "REMOTE_ENGINE", "id": engine, "runProfileId": ids[0] });
        let body = json!({ "trigger": { "type": "MANUAL" }, "runtime": runtime });
        let _ = http.put(&config, &body).await.expect(200);
        let path = format!("{ALL}/{}", ids[0]);
        assert!(http.delete(&path).await.expect(406).text().contains("rescheduleRunProfileId"));
        for wrong in [&ids[0], &ids[1], NOBODY] {
            let text = http.delete(&format!("{path}?rescheduleRunProfileId={wrong}")).await.expect(400).text();
            assert!(text.contains("rescheduleRunProfileId"), "{text}");
        }
        let second = json!({ "name": "second", "processorType": "RE", "type": "JOB_SERVER", "jvmArguments": [],
            "runtimeId": engine });
        let second = id(&http.post(ALL, &second).await.expect(201).json());
        let _ = http.delete(&format!("{path}?rescheduleRunProfileId={second}")).await.expect(204);
        assert_eq!(http.get(&config).await.expect(200).json()["runtime"]["runProfileId"], second.as_str());
        let _ = http.get(&path).await.expect(404);
        for one in &ids[1..4] {
            let _ = http.delete(&format!("{ALL}/{one}")).await.expect(204);
        }
    }

    async fn two_editors_of_different_fields_lose_nothing(server: TestServer) {
        let http = server.http();
        let engine = id(&server.engine("re").await);
        let body = json!({ "name": "n0", "processorType": "RE", "type": "JOB_SERVER", "jvmArguments": ["-Xmx1m"],
            "runtimeId": engine });
        let path = format!("{ALL}/{}", id(&http.post(ALL, &body).await.expect(201).json()));
        for number in 1..=15 {
            let (name, argument) = (format!("n{number}"), format!("-Xmx{number}m"));
            let (first, second) = (json!({ "name": name }), json!({ "jvmArguments": [argument] }));
            let answers = tokio::join!(http.put(&path, &first), http.put(&path, &second));
            assert_eq!((answers.0.status, answers.1.status), (200, 200));
            let after = http.get(&path).await.expect(200).json();
            assert_eq!((&after["name"], &after["jvmArguments"]), (&json!(name), &json!([argument])));
        }
    }

    async fn a_bad_new_one_names_the_field(server: TestServer) {
        let http = server.http();
        let engine = id(&server.engine("re").await);
        let gen2 = id(&server.pipeline_engine("gen2").await);
        let good = json!({ "name": "x", "processorType": "RE", "type": "JOB_SERVER", "jvmArguments": [],
            "runtimeId": engine });
        for (field, value, named) in [
            ("name", json!(""), "name"),
            ("name", Value::Null, "name"),
            ("processorType", json!("TAC"), "processorType"),
            ("processorType", json!("DYNAMIC_ENGINE"), "scopeId"),
            ("type", json!("STANDARD"), "type"),
            ("jvmArguments", Value::Null, "jvmArguments"),
            ("jvmArguments", json!(vec!["-Xmx1g"; 10_000]), "jvmArguments"),
            ("runtimeId", json!(""), "runtimeId"),
            ("runtimeId", json!("nonsense"), "Engine"),
            ("runtimeId", json!(NOBODY), "Engine"),
        ] {
            let mut body = good.clone();
            body[field] = value.clone();
            let text = http.post(ALL, &body).await.expect(400).text();
            assert!(text.contains(named), "{field} {value}: {text}");
        }
        let body = json!({ "name": "x", "processorType": "GEN_2", "type": "MICROSERVICE", "jvmArguments": [],
            "runtimeId": gen2 });
        assert!(http.post(ALL, &body).await.expect(400).text().contains("type"));
        let _ = http.post(ALL, &good).await.expect(201);
        assert!(http.post(ALL, &good).await.expect(409).text().contains("name"));
        let found = http.post(&format!("{ALL}/search"), &json!({})).await.expect(200).json();
        assert_eq!(found["total"], 1);
    }
}
