//! Dynamic Engines, their environments, and tasks in them.

use serde_json::{Value, json};
use stoker_testkit::http::Method;

use crate::support::{MINUTE, START_MS, both, id, keys};

const ENGINES: &str = "/processing/runtimes/dynamic-engines";
const ENVIRONMENTS: &str = "/orchestration/dynamic-engine-environments";
const NOBODY: &str = "66f0a1b2c3d4e5f601230001";

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().filter_map(|item| item["name"].as_str()).collect()
}

both! {
    async fn an_engine_that_was_never_installed_is_disconnected(server: TestServer) {
        let http = server.http();
        let body = json!({ "name": " kube ", "description": "in the cellar" });
        let made = http.post(ENGINES, &body).await.expect(201).json();
        assert_eq!(
            keys(&made),
            [
                "createdBy", "creationDate", "description", "id", "lastModifiedBy", "lastModifiedDate",
                "lastModifiedStateDate", "name", "state"
            ]
        );
        assert_eq!((&made["name"], &made["state"]), (&json!("kube"), &json!("DISCONNECTED")));
        assert_eq!(made["createdBy"], "admin");
        let one = format!("{ENGINES}/{}", id(&made));
        assert_eq!(http.get(&one).await.expect(200).json(), made);
        assert_eq!(http.get(ENGINES).await.expect(200).json(), json!([made]));
        assert_eq!(http.get(&format!("{one}/infra/status")).await.expect(200).json(), json!({ "status": "NOT_DEPLOYED" }));
        assert_eq!(http.get("/processing/runtimes/dynamic-engine-versions").await.expect(200).json(), json!([]));

        server.clock.advance(1_000);
        let account = server.service_account(&["TMC_CLUSTER_MANAGEMENT"], &[]).await;
        let changed = account.http.put(&one, &json!({ "name": "kube 2", "description": "" })).await.expect(200).json();
        assert_eq!((&changed["name"], &changed["lastModifiedBy"]), (&json!("kube 2"), &json!(account.id)));
        assert_eq!(changed["creationDate"], made["creationDate"]);
        assert_ne!(changed["lastModifiedDate"], made["lastModifiedDate"]);
        assert_eq!(changed["lastModifiedStateDate"], made["lastModifiedStateDate"]);
        for (body, field) in [
            (json!({ "description": "x" }), "name"),
            (json!({ "name": "", "description": "x" }), "name"),
            (json!({ "name": "n".repeat(256), "description": "x" }), "name"),
            (json!({ "name": "n", "description": "x".repeat(1_025) }), "description"),
            (json!({ "name": "n", "description": 5 }), "description"),
        ] {
            for answer in [http.post(ENGINES, &body).await, http.put(&one, &body).await] {
                let answer = answer.expect(400);
                assert_eq!(keys(&answer.json()), ["details", "status", "title"]);
                assert!(answer.json()["details"].as_str().expect("a text").contains(field), "{}", answer.text());
            }
        }
        assert!(http.put(&one, &json!({ "name": "n" })).await.expect(400).text().contains("description"));
        assert_eq!(http.get(&one).await.expect(200).json(), changed);

        let _ = http.delete(&one).await.expect(200);
        for path in [one.clone(), format!("{one}/infra/status"), format!("{ENGINES}/{NOBODY}")] {
            let answer = http.get(&path).await.expect(404);
            assert_eq!(keys(&answer.json()), ["details", "status", "title"]);
        }
        let _ = http.delete(&one).await.expect(404);
        let _ = http.get(&format!("{ENGINES}/nonsense")).await.expect(400);
    }

    async fn an_environment_is_assigned_and_taken_off(server: TestServer) {
        let http = server.http();
        let (engine, other) = (server.dynamic_engine("one").await, server.dynamic_engine("two").await);
        let body = json!({ "name": "  kubes ", "workspaceName": "First", "logStrategy": "CONTROL_PLANE" });
        let made = http.post(ENVIRONMENTS, &body).await.expect(201).json();
        assert_eq!(
            keys(&made),
            [
                "createdBy", "creationDate", "creatorType", "description", "id", "lastModifiedBy", "lastModifiedDate",
                "logStrategy", "metricsStrategy", "modifierType", "name", "status"
            ]
        );
        assert_eq!((&made["name"], &made["status"]), (&json!("kubes"), &json!("NOT_ASSIGNED")));
        assert_eq!((&made["logStrategy"], &made["metricsStrategy"]), (&json!("CONTROL_PLANE"), &json!("NONE")));
        assert_eq!(made["creatorType"], "HUMAN");
        let one = format!("{ENVIRONMENTS}/{}", id(&made));
        let connect = |engine: &str| format!("{one}/connection?dynamicEngineId={engine}");
        let on_engine = format!("{ENGINES}/{engine}/environments/{}", id(&made));
        let _ = http.get(&format!("{on_engine}/status")).await.expect(404);

        let started = http.send(Method::POST, &connect(&engine), &[], None).await.expect(202);
        let link = started.header("location").expect("the id of the assignment").to_owned();
        let shown = http.get(&one).await.expect(200).json();
        assert_eq!((&shown["status"], &shown["deId"]), (&json!("SET_UP_REQUIRED"), &json!(engine)));
        assert_eq!(shown["linkId"], link);
        let again = http.send(Method::POST, &connect(&engine), &[], None).await.expect(204);
        assert_eq!(again.header("location"), Some(link.as_str()));
        let _ = http.send(Method::POST, &connect(&other), &[], None).await.expect(409);
        let _ = http.send(Method::POST, &connect(NOBODY), &[], None).await.expect(404);
        let missing = http.send(Method::POST, &format!("{one}/connection"), &[], None).await.expect(400);
        assert!(missing.text().contains("dynamicEngineId"), "{}", missing.text());
        assert_eq!(http.get(&format!("{on_engine}/status")).await.expect(200).json(), json!({ "status": "NOT_DEPLOYED" }));
        assert!(http.delete(&one).await.expect(409).text().contains("unassign"));
        assert!(http.delete(&format!("{ENGINES}/{engine}")).await.expect(400).text().contains("kubes"));
        assert_eq!(http.get(&one).await.expect(200).json(), shown, "refusals change nothing");

        let _ = http.delete(&format!("{ENGINES}/{other}/environments/{}", id(&made))).await.expect(404);
        let _ = http.delete(&on_engine).await.expect(202);
        let _ = http.delete(&on_engine).await.expect(404);
        let off = http.get(&one).await.expect(200).json();
        assert_eq!((&off["status"], off.get("deId"), off.get("linkId")), (&json!("NOT_ASSIGNED"), None, None));
        let _ = http.delete(&format!("{one}/connection")).await.expect(204);
        let _ = http.send(Method::POST, &connect(&other), &[], None).await.expect(202);
        let _ = http.delete(&format!("{one}/connection")).await.expect(202);
        let _ = http.delete(&one).await.expect(204);
        let _ = http.get(&one).await.expect(404);
        let _ = http.delete(&format!("{ENGINES}/{engine}")).await.expect(200);
    }

    async fn of_two_assignments_at_once_one_holds(server: TestServer) {
        let http = server.http();
        for round in 0..5 {
            let environment = server.dynamic_environment(&format!("kube {round}")).await;
            let (one, two) = (server.dynamic_engine("one").await, server.dynamic_engine("two").await);
            let path = |engine: &str| format!("{ENVIRONMENTS}/{environment}/connection?dynamicEngineId={engine}");
            let (path_one, path_two) = (path(&one), path(&two));
            let (first, second) = tokio::join!(
                http.send(Method::POST, &path_one, &[], None),
                http.send(Method::POST, &path_two, &[], None)
            );
            let mut statuses = [first.status, second.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [202, 409]);
            let held = if first.status == 202 { &one } else { &two };
            let shown = http.get(&format!("{ENVIRONMENTS}/{environment}")).await.expect(200).json();
            assert_eq!(shown["deId"], held.as_str());
            // An engine cannot vanish under an assignment that is made at the same moment.
            let _ = http.delete(&format!("{ENVIRONMENTS}/{environment}/connection")).await.expect(202);
            let delete = format!("{ENGINES}/{one}");
            let (assigned, removed) =
                tokio::join!(http.send(Method::POST, &path_one, &[], None), http.delete(&delete));
            let both = (assigned.status, removed.status);
            assert!([(202, 400), (404, 200)].contains(&both), "{both:?}");
        }
    }

    async fn an_environment_is_changed_and_found(server: TestServer) {
        let http = server.http();
        let mut ids = Vec::new();
        for name in ["alpha", "beta", "Gamma_%"] {
            server.clock.advance(1_000);
            ids.push(server.dynamic_environment(name).await);
        }
        let engine = server.dynamic_engine("one").await;
        server.assign(&ids[1], &engine).await;
        let search = |body: Value| async move {
            http.post(&format!("{ENVIRONMENTS}/search"), &body).await.expect(200).json()
        };
        let all = search(json!({})).await;
        assert_eq!((names(&all), &all["total"], &all["limit"], &all["offset"]), (
            vec!["Gamma_%", "beta", "alpha"], &json!(3), &json!(100), &json!(0)));
        assert_eq!(names(&search(json!({ "sortBy": "NAME", "sortOrder": "ASC" })).await), ["Gamma_%", "alpha", "beta"]);
        assert_eq!(names(&search(json!({ "sortBy": "STATUS" })).await)[0], "beta");
        assert_eq!(names(&search(json!({ "name": "ETA" })).await), ["beta"]);
        assert_eq!(names(&search(json!({ "name": "_%" })).await), ["Gamma_%"]);
        assert_eq!(names(&search(json!({ "deId": engine })).await), ["beta"]);
        assert_eq!(names(&search(json!({ "status": "NOT_ASSIGNED", "limit": 1, "offset": 1 })).await), ["alpha"]);
        assert_eq!(names(&search(json!({ "status": "READY" })).await), Vec::<&str>::new());
        let past = search(json!({ "offset": 10 })).await;
        assert_eq!((names(&past).len(), &past["total"]), (0, &json!(3)));
        for (body, field) in [
            (json!({ "limit": 0 }), "limit"),
            (json!({ "limit": 101 }), "limit"),
            (json!({ "offset": -1 }), "offset"),
            (json!({ "status": "FINE" }), "status"),
            (json!({ "sortBy": "AGE" }), "sortBy"),
            (json!({ "sortOrder": "UP" }), "sortOrder"),
            (json!({ "deId": "nonsense" }), "Dynamic Engine"),
        ] {
            let text = http.post(&format!("{ENVIRONMENTS}/search"), &body).await.expect(400).text();
            assert!(text.contains(field), "{body}: {text}");
        }
        let _ = http.post(&format!("{ENVIRONMENTS}/search"), &json!({ "deId": NOBODY })).await.expect(404);

        let one = format!("{ENVIRONMENTS}/{}", ids[0]);
        let change = json!({ "description": "first", "metricsStrategy": "DYNAMIC_ENGINE" });
        let changed = http.put(&one, &change).await.expect(200).json();
        assert_eq!((&changed["name"], &changed["description"]), (&json!("alpha"), &json!("first")));
        assert_eq!((&changed["logStrategy"], &changed["metricsStrategy"]), (&json!("NONE"), &json!("DYNAMIC_ENGINE")));
        assert!(http.put(&one, &json!({ "name": "beta" })).await.expect(409).text().contains("name"));
        assert!(http.put(&one, &json!({ "logStrategy": "MOON" })).await.expect(400).text().contains("logStrategy"));
        assert_eq!(http.get(&one).await.expect(200).json(), changed);
        for (body, field) in [
            (json!({ "name": "x" }), "workspaceName"),
            (json!({ "workspaceName": "x" }), "name"),
            (json!({ "name": "x", "workspaceName": "x", "owner": "stranger" }), "owner"),
        ] {
            let text = http.post(ENVIRONMENTS, &body).await.expect(400).text();
            assert!(text.contains(field), "{body}: {text}");
        }
        let taken = json!({ "name": " default ", "workspaceName": "x" });
        assert!(http.post(ENVIRONMENTS, &taken).await.expect(409).text().contains("name"));
        let _ = http.get(&format!("{ENVIRONMENTS}/{}", server.environment())).await.expect(404);
        assert_eq!(search(json!({})).await["total"], 3);
    }

    async fn only_its_dynamic_engine_belongs_into_the_environment(server: TestServer) {
        let http = server.http();
        let environment = server.dynamic_environment("kubes").await;
        let place = json!({ "name": "x", "environmentId": environment });
        for path in [
            "/processing/runtimes/remote-engines",
            "/processing/runtimes/remote-engine-clusters",
            "/processing/runtimes/pipeline-engines",
        ] {
            let text = http.post(path, &place).await.expect(400).text();
            assert!(text.contains("environmentId"), "{path}: {text}");
        }
        let plain = format!("/orchestration/environments/{environment}");
        assert!(http.delete(&plain).await.expect(400).text().contains("dynamic-engine-environments"));
        let task = server.dynamic_task(&environment, "inside").await;
        let _ = http.delete(&format!("{ENVIRONMENTS}/{environment}")).await.expect(204);
        let _ = http.get(&format!("{ENVIRONMENTS}/{environment}")).await.expect(404);
        let _ = http.get(&format!("/orchestration/executables/tasks/{task}")).await.expect(404);
    }

    async fn a_task_on_it_has_a_run_configuration_of_its_own(server: TestServer) {
        let http = server.http();
        let (environment, engine) = (server.dynamic_environment("kubes").await, server.dynamic_engine("one").await);
        server.assign(&environment, &engine).await;
        let task = server.dynamic_task(&environment, "podded").await;
        let profile = json!({ "name": "pods", "processorType": "DYNAMIC_ENGINE", "type": "JOB_SERVER",
            "scopeId": environment, "jvmArguments": ["-Xmx1g"] });
        let profile = http.post("/processing/run-profiles", &profile).await.expect(201).json();
        assert_eq!((&profile["processorId"], &profile["scopeId"]), (&json!(engine), &json!(environment)));
        assert!(profile.get("runtimeId").is_none());
        let profile = id(&profile);
        let path = format!("/orchestration/executables/tasks/{task}/de-run-config");
        let plain = format!("/orchestration/executables/tasks/{task}/run-config");
        let events = format!("{plain}/events?to={}", START_MS + 7 * 24 * 60 * MINUTE);
        let body = json!({
            "trigger": { "type": "CRON", "cronExpression": "0 4 * * ?", "timeZone": "UTC" },
            "parallelExecutionAllowed": true, "logLevel": "INFO", "timeout": 30, "runProfileId": profile,
        });
        let set = http.put(&path, &body).await.expect(200).json();
        assert_eq!(keys(&set), ["logLevel", "parallelExecutionAllowed", "runProfileId", "timeout", "trigger"]);
        assert_eq!((&set["runProfileId"], &set["timeout"]), (&json!(profile), &json!(30)));
        assert_eq!(http.get(&path).await.expect(200).json(), set);
        let upcoming = http.get(&events).await.expect(200).json();
        assert!(upcoming["total"].as_i64().is_some_and(|total| total > 0), "{upcoming}");

        let stranger = server.engine("plain").await;
        let runtime = json!({ "type": "REMOTE_ENGINE", "id": id(&stranger) });
        let wrong = json!({ "trigger": { "type": "MANUAL" }, "runtime": runtime });
        assert!(http.put(&plain, &wrong).await.expect(400).text().contains("de-run-config"));
        let profiles = format!("/processing/runtimes/remote-engines/{}/run-profiles", id(&stranger));
        let other = json!({ "name": "x", "type": "JOB_SERVER", "jvmArguments": [] });
        let other = id(&http.post(&profiles, &other).await.expect(201).json());
        for (field, value, status) in [
            ("runProfileId", json!(other), 400),
            ("runProfileId", json!(NOBODY), 404),
            ("timeout", json!(0), 400),
            ("logLevel", json!("LOUD"), 400),
            ("lineage", json!(true), 501),
            ("trigger", json!({ "type": "SOON" }), 400),
        ] {
            let mut body = body.clone();
            body[field] = value.clone();
            let text = http.put(&path, &body).await.expect(status).text();
            let named = if status == 404 { "Run profile" } else { field };
            assert!(text.contains(named), "{field} {value}: {text}");
        }
        assert_eq!(http.get(&path).await.expect(200).json(), set, "refusals change nothing");
        let used = http.delete(&format!("/processing/run-profiles/{profile}")).await.expect(406);
        assert!(used.text().contains("rescheduleRunProfileId"), "{}", used.text());

        let start = http.post("/processing/executions", &json!({ "executable": task })).await.expect(501);
        assert!(start.text().contains("Dynamic Engine"), "{}", start.text());
        let _ = http.delete(&path).await.expect(204);
        assert_eq!(http.get(&path).await.expect(200).json()["trigger"], json!({ "type": "MANUAL" }));
        assert_eq!(http.get(&events).await.expect(200).json()["total"], 0);

        let ordinary = server.task("plain", &server.artifact("plain", "0.1").await, "0.1").await;
        let ordinary = format!("/orchestration/executables/tasks/{ordinary}/de-run-config");
        for answer in [
            http.get(&ordinary).await,
            http.put(&ordinary, &json!({ "trigger": { "type": "MANUAL" } })).await,
            http.delete(&ordinary).await,
        ] {
            assert!(answer.expect(400).text().contains("use its run-config"));
        }
        let nobody = format!("/orchestration/executables/tasks/{NOBODY}/de-run-config");
        let _ = http.get(&nobody).await.expect(404);
    }
}
