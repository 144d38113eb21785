//! Gen2 engines and their run profiles.

use serde_json::{Value, json};
use stoker_store::StoreError;
use stoker_testkit::http::Method;

use crate::support::{both, id, keys};
use crate::world::engines::pipeline_profile;

const ENGINES: &str = "/processing/runtimes/pipeline-engines";
const NOBODY: &str = "66f0a1b2c3d4e5f601230001";

/// The body with the value at a path of names replaced; `null` takes it away.
fn with(mut body: Value, path: &str, value: Value) -> Value {
    let mut place = &mut body;
    for name in path.split('.') {
        place = place.as_object_mut().expect("an object").entry(name).or_insert_with(|| json!({}));
    }
    *place = value;
    body
}

fn databricks() -> Value {
    json!({
        "name": "bricks", "microBatchInterval": 100,
        "databricks": {
            "endpoint": "https://bricks.example", "token": "dapi-secret", "stagingLocation": "/stage",
            "target": { "cluster": "old", "id": "0101-abc" }, "cloudProvider": "AWS",
        },
        "parameters": { "spark.a": "1" },
    })
}

both! {
    async fn an_engine_nobody_pairs_stays_not_paired(server: TestServer) {
        let http = server.http();
        let made = server.pipeline_engine("gen two").await;
        assert_eq!(
            keys(&made),
            [
                "availability", "cloudRunner", "createDate", "id", "managed", "name", "preAuthorizedKey", "runtimeId",
                "status", "updateDate", "workspace"
            ]
        );
        assert_eq!(made["status"], "NOT_PAIRED");
        assert_eq!(made["availability"], "NOT_AVAILABLE");
        let key = made["preAuthorizedKey"].as_str().expect("a key").to_owned();
        assert!(key.len() == 64 && key.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)), "{key}");
        let path = format!("{ENGINES}/{}", id(&made));
        let old = format!("/tmc/v2.6/runtimes/pipeline-engines/{}", id(&made));
        assert_eq!(http.get(&path).await.expect(200).json(), made);
        assert_eq!(http.get(&old).await.expect(200).json(), made);
        let stored = server.store.read::<_, StoreError, _>(|tx| {
            let row = tx.query("SELECT key_sealed FROM pipeline_engines", &[])?;
            row[0].text(0)
        });
        assert!(!stored.await.expect("look at the row").contains(&key), "the key is encrypted at rest");

        let operator = server.service_account(&["TMC_OPERATOR"], &["VIEW"]).await.http;
        let seen = operator.get(&path).await.expect(200).json();
        assert!(seen.get("preAuthorizedKey").is_none(), "only who manages engines sees the key");
        let _ = http.delete(&format!("{path}/pairing")).await.expect(200);
        let after = http.get(&path).await.expect(200).json();
        assert_ne!(after["preAuthorizedKey"], made["preAuthorizedKey"]);
        assert_eq!(after["status"], "NOT_PAIRED");

        // The engine link is for the engines of this project: a Gen2 key opens nothing.
        let pair = json!({ "protocol": 1, "key": key, "signingKey": "AA==", "sealingKey": "AA==", "engineVersion": "1" });
        assert_eq!(server.anonymous().post("/engine/v1/pair", &pair).await.status, 401);

        let _ = http.delete(&path).await.expect(204);
        let _ = http.get(&path).await.expect(404);
        let _ = http.delete(&path).await.expect(404);
    }

    async fn lists_are_filtered_and_names_are_unique(server: TestServer) {
        let http = server.http();
        let first = server.pipeline_engine("first").await;
        server.clock.advance(1_000);
        let second = server.pipeline_engine("second").await;
        let names = |answer: Value| -> Vec<String> {
            let items = answer.as_array().expect("a bare array").clone();
            items.iter().map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
        };
        assert_eq!(names(http.get(ENGINES).await.expect(200).json()), ["first", "second"]);
        let one = format!("{ENGINES}?query=name==sec*;status==NOT_PAIRED");
        assert_eq!(names(http.get(&one).await.expect(200).json()), ["second"]);
        let none = format!("{ENGINES}?query=status==PAIRED");
        assert!(names(http.get(&none).await.expect(200).json()).is_empty());
        for bad in ["nothing==1", "name==", "(name==a", "name=="] {
            let answer = http.get(&format!("{ENGINES}?query={bad}")).await.expect(400);
            assert!(answer.text().contains("query"), "{}", answer.text());
        }
        let place = json!({ "name": "first", "environmentId": server.environment() });
        let taken = http.post(ENGINES, &place).await.expect(409);
        assert!(taken.text().contains("name"), "{}", taken.text());
        for (body, field) in [
            (json!({ "environmentId": server.environment() }), "name"),
            (json!({ "name": " ", "environmentId": server.environment() }), "name"),
            (json!({ "name": "x".repeat(256), "environmentId": server.environment() }), "name"),
            (json!({ "name": "x" }), "environmentId"),
            (json!({ "name": "x", "environmentId": "nonsense" }), "Environment"),
            (json!({ "name": "x", "environmentId": server.environment(), "workspaceId": "nonsense" }), "Workspace"),
        ] {
            let answer = http.post(ENGINES, &body).await.expect(400);
            assert!(answer.text().contains(field), "{body}: {}", answer.text());
        }
        assert_eq!(names(http.get(ENGINES).await.expect(200).json()), ["first", "second"]);
        assert_ne!(id(&first), id(&second));
    }

    async fn each_kind_of_run_profile_lives_its_life(server: TestServer) {
        let http = server.http();
        let engine = id(&server.pipeline_engine("gen two").await);
        let path = format!("{ENGINES}/{engine}/run-profiles");
        let old = format!("/tmc/v2.6/runtimes/pipeline-engines/{engine}/run-profiles");
        let kinds = ["advanced", "big-data", "data-integration", "databricks", "standard"];
        for kind in kinds {
            let profile = server.pipeline_profile(&engine, kind, kind).await;
            let one = format!("{path}/{kind}/{profile}");
            let shown = http.get(&one).await.expect(200).json();
            assert_eq!(shown["engineId"], engine.as_str());
            let shape = if kind == "data-integration" { "JOB_SERVER" } else { kind };
            assert_eq!(shown["type"], shape, "{shown}");
            for (name, value) in pipeline_profile(kind, kind).as_object().expect("an object") {
                for (inner, value) in value.as_object().into_iter().flatten() {
                    assert_eq!(&shown[name][inner], value, "{kind}: {name}.{inner} in {shown}");
                }
                if !value.is_object() {
                    assert_eq!(&shown[name], value, "{kind}: {name} in {shown}");
                }
            }
            let older = http.get(&format!("{old}/{kind}/{profile}")).await.expect(200).json();
            // Only two kinds have the fields of an entity there (spec).
            let entity = ["data-integration", "standard"].contains(&kind);
            assert_eq!(older["type"], if entity { json!(kind) } else { Value::Null }, "{older}");
            assert!(older.get("pushdownPreferenceEnabled").is_none(), "{older}");

            // What was read can be sent back, and is the same afterwards.
            let replaced = http.put(&one, &with(shown.clone(), "description", json!("new"))).await.expect(204);
            assert!(replaced.body.is_empty());
            let after = http.get(&one).await.expect(200).json();
            assert_eq!(after["description"], "new");
            assert_eq!(with(after, "description", Value::Null), with(shown, "description", Value::Null));
            // Of another kind it is not there.
            let other = kinds.iter().find(|other| **other != kind).expect("another kind");
            let _ = http.get(&format!("{path}/{other}/{profile}")).await.expect(404);
            let body = pipeline_profile(other, "x");
            let _ = http.put(&format!("{path}/{other}/{profile}"), &body).await.expect(404);
            let _ = http.delete(&format!("{path}/{other}/{profile}")).await.expect(404);
            let taken = http.post(&format!("{path}/{kind}"), &pipeline_profile(kind, kind)).await.expect(409);
            assert!(taken.text().contains("name"), "{}", taken.text());
        }
        let list = http.get(&path).await.expect(200).json();
        let found: Vec<&str> = list.as_array().expect("a list").iter().filter_map(|i| i["type"].as_str()).collect();
        assert_eq!(found, kinds, "by name");
        for item in list.as_array().expect("a list") {
            let kind = item["type"].as_str().expect("a type");
            let _ = http.delete(&format!("{path}/{kind}/{}", id(item))).await.expect(204);
        }
        assert_eq!(http.get(&path).await.expect(200).json(), json!([]));
        let nonsense = http.delete(&format!("{path}/nonsense/{NOBODY}")).await.expect(400);
        assert!(nonsense.text().contains("type"), "{}", nonsense.text());
        let _ = http.get(&format!("{ENGINES}/{NOBODY}/run-profiles")).await.expect(404);
        let _ = http.post(&format!("{ENGINES}/{NOBODY}/run-profiles/advanced"), &json!({ "name": "x" })).await.expect(404);
    }

    async fn a_databricks_token_is_kept_and_never_shown(server: TestServer) {
        let http = server.http();
        let engine = id(&server.pipeline_engine("gen two").await);
        let path = format!("{ENGINES}/{engine}/run-profiles");
        let _ = http.post(&format!("{path}/databricks"), &databricks()).await.expect(201);
        let profile = id(&http.get(&path).await.expect(200).json()[0]);
        let one = format!("{path}/databricks/{profile}");
        let shown = http.get(&one).await.expect(200);
        assert!(!shown.text().contains("dapi-secret"), "{}", shown.text());
        assert_eq!(shown.json()["databricks"]["token"], "");
        let secret = || async {
            let row = server.store.read::<_, StoreError, _>(|tx| {
                let rows = tx.query("SELECT secret, settings FROM run_profiles", &[])?;
                Ok((rows[0].opt_text(0)?, rows[0].text(1)?))
            });
            row.await.expect("look at the row")
        };
        let (before, settings) = secret().await;
        assert!(before.as_ref().is_some_and(|text| !text.contains("dapi-secret")) && !settings.contains("dapi-secret"));
        // Sent back as it was read, it stays; a new one replaces it; without Databricks there is none.
        let _ = http.put(&one, &shown.json()).await.expect(204);
        assert_eq!(secret().await.0, before);
        let _ = http.put(&one, &with(databricks(), "databricks.token", json!("other"))).await.expect(204);
        assert_ne!(secret().await.0, before);
        let _ = http.put(&one, &pipeline_profile("databricks", "bricks")).await.expect(204);
        assert_eq!(secret().await.0, None);
        let audit = server.store.read::<_, StoreError, _>(|tx| {
            tx.query("SELECT detail FROM audit_events WHERE detail IS NOT NULL", &[])?.iter().map(|r| r.text(0)).collect()
        });
        let audit: Vec<String> = audit.await.expect("read the trail");
        assert!(!audit.concat().contains("dapi-secret"));
    }

    async fn bad_settings_name_the_field_and_change_nothing(server: TestServer) {
        let http = server.http();
        let engine = id(&server.pipeline_engine("gen two").await);
        let path = format!("{ENGINES}/{engine}/run-profiles");
        let base = |kind: &str| if kind == "databricks" { databricks() } else { pipeline_profile(kind, "x") };
        let many: serde_json::Map<String, Value> = (0..10_000).map(|n| (format!("p{n}"), json!("v"))).collect();
        for (kind, field, value) in [
            ("standard", "name", Value::Null),
            ("standard", "name", json!("")),
            ("standard", "name", json!("a\nb")),
            ("standard", "description", json!("x".repeat(4_001))),
            ("standard", "engineId", json!(NOBODY)),
            ("standard", "executionFramework", json!("")),
            ("standard", "configuration", Value::Null),
            ("standard", "configuration.numberOfThreads", json!(0)),
            ("standard", "configuration.numberOfThreads", json!(3_000_000_000_i64)),
            ("standard", "configuration.microBatchInterval", json!(-1)),
            ("standard", "configuration.microBatchInterval", json!("soon")),
            ("standard", "configuration.parameters", json!(many)),
            ("standard", "warehouseName", json!("w".repeat(4_001))),
            ("advanced", "definition", json!("{")),
            ("advanced", "definition", json!("1".repeat(70_000))),
            ("big-data", "temporaryStorage", json!(" ")),
            ("big-data", "driverCores", json!(0)),
            ("big-data", "driverMemory", json!(-5)),
            ("big-data", "executorMemoryOverhead", json!(-1)),
            ("big-data", "yarnStrategy.type", json!("Elastic")),
            ("big-data", "yarnStrategy.coresPerExecutor", json!(0)),
            ("big-data", "yarnStrategy", json!({ "type": "Dynamic", "minExecutors": 3, "maxExecutors": 2 })),
            ("big-data", "parameters", json!({ "a": 1 })),
            ("databricks", "databricks.cloudProvider", json!("MOON")),
            ("databricks", "databricks.endpoint", json!("")),
            ("databricks", "databricks.target.cluster", json!("newest")),
            ("databricks", "databricks.target.id", json!("")),
            ("databricks", "databricks.target.workersNumber", json!(-1)),
            ("data-integration", "jvmArguments", json!(["Xmx"])),
            ("data-integration", "jvmArguments", json!("-Xmx1g")),
        ] {
            let answer = http.post(&format!("{path}/{kind}"), &with(base(kind), field, value.clone())).await;
            let text = answer.expect(400).text();
            let named = field.rsplit('.').next().expect("a name");
            assert!(text.contains(named), "{kind} {field} {value}: {text}");
        }
        let checkpoint = with(base("big-data"), "isCheckpointingEnabled", json!(true));
        let text = http.post(&format!("{path}/big-data"), &checkpoint).await.expect(400).text();
        assert!(text.contains("checkPointFilePath"), "{text}");
        let new = with(databricks(), "databricks.target", json!({ "cluster": "new" }));
        let text = http.post(&format!("{path}/databricks"), &new).await.expect(400).text();
        assert!(text.contains("sparkVersion"), "{text}");
        let _ = http.post(&format!("{path}/standard"), &json!([])).await.expect(400);
        assert_eq!(http.get(&path).await.expect(200).json(), json!([]));

        let profile = server.pipeline_profile(&engine, "standard", "kept").await;
        let one = format!("{path}/standard/{profile}");
        let before = http.get(&one).await.expect(200).json();
        let bad = with(pipeline_profile("standard", "other"), "configuration.numberOfThreads", json!(0));
        let _ = http.put(&one, &bad).await.expect(400);
        assert_eq!(http.get(&one).await.expect(200).json(), before);
    }

    async fn a_task_can_be_bound_to_one_and_a_start_says_the_cure(server: TestServer) {
        let http = server.http();
        let made = server.pipeline_engine("gen two").await;
        let engine = id(&made);
        let (profile, other) = (
            server.pipeline_profile(&engine, "standard", "one").await,
            server.pipeline_profile(&engine, "standard", "two").await,
        );
        let advanced = server.pipeline_profile(&engine, "advanced", "three").await;
        let task = server.task("piped", &server.artifact("piped", "0.1").await, "0.1").await;
        let config = format!("/orchestration/executables/tasks/{task}/run-config");
        let body = |engine: &str, profile: &str| {
            json!({ "trigger": { "type": "MANUAL" },
                "runtime": { "type": "PIPELINE_ENGINE", "id": engine, "runProfileId": profile } })
        };
        let set = http.put(&config, &body(&engine, &profile)).await.expect(200).json();
        assert_eq!(set["runtime"], json!({ "type": "PIPELINE_ENGINE", "id": engine, "runProfileId": profile }));
        let _ = http.put(&config, &body(NOBODY, &profile)).await.expect(404);
        let stranger = id(&server.pipeline_engine("another").await);
        let text = http.put(&config, &body(&stranger, &profile)).await.expect(400).text();
        assert!(text.contains("runProfileId"), "{text}");
        let none = json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "PIPELINE_ENGINE" } });
        assert!(http.put(&config, &none).await.expect(400).text().contains("runtime.id"));
        assert_eq!(http.get(&config).await.expect(200).json()["runtime"], set["runtime"]);

        let start = http.post("/processing/executions", &json!({ "executable": task })).await.expect(501);
        assert!(start.text().contains("Gen2") && start.text().contains("run-config"), "{}", start.text());
        let plan = json!({ "name": "p", "workspaceId": server.workspace(),
            "steps": [{ "name": "one", "condition": "ALL_SUCCEEDED", "taskIds": [task] }] });
        let plan = id(&http.post("/orchestration/executables/plans", &plan).await.expect(201).json());
        let start = http.post("/processing/executions/plans", &json!({ "executable": plan })).await.expect(501);
        assert!(start.text().contains("piped"), "{}", start.text());
        let runs = http.get("/processing/executables/tasks/executions").await.expect(200).json();
        assert_eq!(runs["total"], 0, "a refused start leaves no run: {runs}");

        let path = format!("{ENGINES}/{engine}/run-profiles");
        let used = http.delete(&format!("{ENGINES}/{engine}")).await.expect(409);
        assert!(used.text().contains("piped"), "{}", used.text());
        let used = http.delete(&format!("{path}/standard/{profile}")).await.expect(409);
        assert!(used.text().contains("newRunProfileId"), "{}", used.text());
        for wrong in [&profile, &advanced, NOBODY] {
            let wrong = format!("{path}/standard/{profile}?newRunProfileId={wrong}");
            let text = http.delete(&wrong).await.expect(400).text();
            assert!(text.contains("newRunProfileId"), "{text}");
        }
        let _ = http.delete(&format!("{path}/standard/{profile}?newRunProfileId={other}")).await.expect(204);
        let moved = http.get(&config).await.expect(200).json();
        assert_eq!(moved["runtime"]["runProfileId"], other.as_str());
        let _ = http.delete(&format!("/orchestration/executables/plans/{plan}")).await.expect(204);
        let _ = http.delete(&format!("/orchestration/executables/tasks/{task}")).await.expect(204);
        let _ = http.delete(&format!("{ENGINES}/{engine}")).await.expect(204);
    }

    async fn an_environment_with_a_gen2_engine_is_in_use(server: TestServer) {
        let http = server.http();
        let body = json!({ "name": "other", "workspaceName": "Own" });
        let environment = id(&http.post("/orchestration/environments", &body).await.expect(201).json());
        let engine = json!({ "name": "gen two", "environmentId": environment });
        let engine = http.post(ENGINES, &engine).await.expect(201).json();
        assert_eq!(keys(&engine["workspace"]), ["environment"]);
        let path = format!("/orchestration/environments/{environment}");
        assert!(http.delete(&path).await.expect(400).text().contains("engine"));
        let _ = http.delete(&format!("{ENGINES}/{}", id(&engine))).await.expect(204);
        let _ = http.delete(&path).await.expect(204);
    }

    async fn tasks_follow_the_run_profiles_of_an_engine_into_a_cluster(server: TestServer) {
        let http = server.http();
        let clusters = "/processing/runtimes/remote-engine-clusters";
        let place = json!({ "name": "c", "environmentId": server.environment(), "workspaceId": server.workspace() });
        let cluster = id(&http.post(clusters, &place).await.expect(201).json());
        let of_cluster = format!("{clusters}/{cluster}/run-profiles");
        let profile = json!({ "name": "big", "type": "JOB_SERVER", "jvmArguments": ["-Xmx2g"] });
        let shared = id(&http.post(&of_cluster, &profile).await.expect(201).json());
        let artifact = server.artifact("a", "0.1").await;
        for (number, method) in ["DEFAULT", "DUPLICATE_RUN_PROFILES", "CLUSTER_RUN_PROFILE"].into_iter().enumerate() {
            let engine = id(&server.engine(&format!("engine {number}")).await);
            let profiles = format!("/processing/runtimes/remote-engines/{engine}/run-profiles");
            let own = id(&http.post(&profiles, &profile).await.expect(201).json());
            let task = server.task(&format!("task {number}"), &artifact, "0.1").await;
            let config = format!("/orchestration/executables/tasks/{task}/run-config");
            let runtime = json!({ "type": "REMOTE_ENGINE", "id": engine, "runProfileId": own });
            let body = json!({ "trigger": { "type": "MANUAL" }, "runtime": runtime });
            let _ = http.put(&config, &body).await.expect(200);
            let join = format!("{clusters}/{cluster}/engines/{engine}");
            for (bad, field) in [
                (json!({ "method": "CLUSTER_RUN_PROFILE" }), "runProfileId"),
                (json!({ "method": "CLUSTER_RUN_PROFILE", "runProfileId": own }), "runProfileId"),
                (json!({ "method": "SOMEHOW" }), "method"),
            ] {
                let text = http.put(&join, &bad).await.expect(400).text();
                assert!(text.contains(field), "{bad}: {text}");
            }
            let before = http.get(&format!("{clusters}/{cluster}")).await.expect(200).json();
            assert_eq!(before["engines"].as_array().map(Vec::len), Some(number), "a refusal changes nothing");
            let _ = http.put(&join, &json!({ "method": method, "runProfileId": shared })).await.expect(204);
            let runtime = http.get(&config).await.expect(200).json()["runtime"].clone();
            match method {
                "DEFAULT" => assert_eq!((&runtime["id"], &runtime["runProfileId"]), (&json!(engine), &json!(own))),
                "CLUSTER_RUN_PROFILE" => {
                    assert_eq!((&runtime["id"], &runtime["runProfileId"]), (&json!(cluster), &json!(shared)));
                    assert_eq!(runtime["type"], "REMOTE_ENGINE_CLUSTER");
                }
                _ => {
                    assert_eq!((&runtime["id"], &runtime["type"]), (&json!(cluster), &json!("REMOTE_ENGINE_CLUSTER")));
                    let copy = runtime["runProfileId"].as_str().expect("a run profile");
                    let copy = http.get(&format!("{of_cluster}/{copy}")).await.expect(200).json();
                    assert_eq!(copy["name"], "big (engine 1)", "the cluster has one of that name already");
                    assert_eq!(copy["jvmArguments"], json!(["-Xmx2g"]));
                }
            }
            let _ = http.get(&format!("{profiles}/{own}")).await.expect(200);
        }
        let _ = http.send(Method::DELETE, &format!("{clusters}/{cluster}"), &[], None).await.expect(409);
    }
}
