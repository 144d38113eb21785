//! Plans: definitions, lists, run configuration, pause, removal.

use serde_json::{Value, json};

use crate::support::{MINUTE, TestServer, both, id, keys};

pub(crate) const PLANS: &str = "/orchestration/executables/plans";

/// A body with these steps.
pub(crate) fn plan_body(server: &TestServer, name: &str, steps: Value) -> Value {
    json!({ "name": name, "workspaceId": server.workspace(), "steps": steps })
}

/// A step that all tasks must pass.
pub(crate) fn step(name: &str, tasks: &[&str]) -> Value {
    json!({ "name": name, "condition": "ALL_SUCCEEDED", "taskIds": tasks })
}

/// Makes a plan; gives its id.
pub(crate) async fn plan(server: &TestServer, name: &str, steps: Value) -> String {
    id(&server.http().post(PLANS, &plan_body(server, name, steps)).await.expect(201).json())
}

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

both! {
    /// The same order on every database, whatever its collation.
    async fn plans_are_listed_by_the_bytes_of_their_names(server: TestServer) {
        let artifact = server.artifact("a", "0.1").await;
        let task = server.task("one", &artifact, "0.1").await;
        for name in ["b", "ä", "A b", "_", "a", "Z", "AB"] {
            plan(&server, name, json!([step("only", &[&task])])).await;
        }
        let found = server.http().get(PLANS).await.expect(200).json();
        let items = found["items"].as_array().expect("items").iter();
        let names: Vec<&str> = items.map(|item| item["name"].as_str().expect("a name")).collect();
        assert_eq!(names, ["A b", "AB", "Z", "_", "a", "b", "ä"]);
        let path = format!("/orchestration/executables/tasks/{task}");
        let refused = server.http().delete(&path).await.expect(409).json();
        assert!(refused["message"].as_str().is_some_and(|m| m.contains("A b, AB, Z, _, a")), "{refused}");
    }

    async fn a_plan_is_shown_flat_and_as_a_chart(server: TestServer) {
        let artifact = server.artifact("a", "0.1").await;
        let (one, two) = (server.task("one", &artifact, "0.1").await, server.task("two", &artifact, "0.1").await);
        let other = plan(&server, "other", json!([step("only", &[&one])])).await;
        let steps = json!([
            { "name": "extract", "condition": "ALL_SUCCEEDED", "taskIds": [one, two], "note": "look at the disk first",
              "handlerOnFailure": { "taskIds": [two], "planIds": [other] } },
            { "name": "load", "condition": "AT_LEAST_ONE_SUCCEEDED", "taskIds": [one], "handlerOnFailure": {} },
            { "name": "report", "condition": "ALWAYS_PROCEED_ON", "taskIds": [two], "handlerOnFailure": null },
        ]);
        let mut body = plan_body(&server, "Nightly", steps);
        body["description"] = json!("every night");
        let made = server.http().post(PLANS, &body).await.expect(201).json();
        assert_eq!((&made["name"], &made["author"], &made["authorType"]), (&json!("Nightly"), &json!("admin"), &json!("HUMAN")));
        assert_eq!((&made["createDate"], &made["workspace"]["name"]), (&json!("2026-02-03T09:00:00.000Z"), &json!("Shared")));
        assert_eq!(keys(&made), [
            "author", "authorType", "createDate", "description", "id", "name", "steps", "updateDate", "workspace",
        ]);
        assert_eq!(made["steps"][0]["handlerOnFailure"], json!({ "taskIds": [two], "planIds": [other] }));
        assert!(made["steps"][1].get("handlerOnFailure").is_none(), "an empty handler is none");

        let path = format!("{PLANS}/{}", id(&made));
        let shown = server.http().get(&path).await.expect(200).json();
        assert_eq!(keys(&shown), ["chart", "description", "executable", "name", "planPauseDetails", "workspace"]);
        let first = &shown["chart"];
        assert_eq!((&first["name"], &first["status"], &first["id"]), (&json!("extract"), &json!("SUCCESS"), &made["steps"][0]["id"]));
        assert_eq!((&first["note"], &first["taskIds"]), (&json!("look at the disk first"), &json!([one, two])));
        let flow = &first["flows"][1];
        assert_eq!((&flow["id"], &flow["name"], &flow["version"]), (&json!(two), &json!("two"), &json!("1.0")));
        assert_eq!((&flow["artifact"]["name"], &flow["taskPauseDetails"]["pause"]), (&json!("a"), &json!(false)));
        let handler = &first["stepOnException"];
        assert_eq!((&handler["status"], &handler["flows"][1]["abstractPlanId"]), (&json!("FAIL"), &json!(other)));
        let (second, third) = (&first["nextStep"], &first["nextStep"]["nextStep"]);
        assert_eq!((&second["status"], &third["status"]), (&json!("PARTIAL_SUCCESS"), &json!("PROCEED")));
        assert_eq!((&third["name"], third.get("nextStep")), (&json!("report"), None));

        let old = server.http().get(&format!("/tmc/v2.6/executables/plans/{}", id(&made))).await.expect(200).json();
        assert_eq!(old["planPauseDetails"], json!({ "pause": false }));
        assert_eq!((&old["chart"]["stepName"], &old["chart"]["stepNote"]), (&json!("extract"), &json!("look at the disk first")));
        assert_eq!(old["chart"]["stepOnException"]["flows"][1]["plan"], true);

        for path in [format!("{PLANS}?name=ight"), "/processing/executables/plans?limit=1".to_owned()] {
            let listed = server.http().get(&path).await.expect(200).json();
            assert_eq!(listed["items"][0]["executable"], made["id"], "{listed}");
            assert_eq!(listed["items"][0]["chart"]["flows"][0], json!({ "id": one, "workspaceId": server.workspace() }));
            assert_eq!(listed["items"][0]["chart"]["nextStep"]["name"], "load");
        }
    }

    async fn lists_are_narrowed_and_paged(server: TestServer) {
        let artifact = server.artifact("a", "0.1").await;
        let (one, two) = (server.task("one", &artifact, "0.1").await, server.task("two", &artifact, "0.1").await);
        let a = plan(&server, "a %", json!([step("s", &[&one])])).await;
        let b = plan(&server, "b", json!([{ "name": "s", "condition": "ALL_SUCCEEDED", "taskIds": [one], "handlerOnFailure": { "taskIds": [two] } }])).await;
        let empty = plan(&server, "c", json!([])).await;
        let (ws, env) = (server.workspace().to_owned(), server.environment().to_owned());
        let second = json!({ "name": "second", "workspaceName": "w" });
        let second = id(&server.http().post("/orchestration/environments", &second).await.expect(201).json());
        for (query, wanted) in [
            (String::new(), vec![&a, &b, &empty]),
            (format!("taskId={one}"), vec![&a, &b]),
            (format!("taskId={two}"), vec![&b]),
            (format!("planId={empty}"), vec![&empty]),
            ("name=%25".to_owned(), vec![&a]),
            (format!("workspaceId={ws}&environmentId={env}&limit=1&offset=1"), vec![&b]),
            (format!("environmentId={second}"), vec![]),
            ("offset=7".to_owned(), vec![]),
        ] {
            for base in [PLANS, "/tmc/v2.6/executables/plans"] {
                let found = server.http().get(&format!("{base}?{query}")).await.expect(200).json();
                let items: Vec<&str> = found["items"].as_array().expect("items").iter().map(|i| i["executable"].as_str().expect("id")).collect();
                assert_eq!(items, wanted, "{query}");
                if query == "offset=7" {
                    assert_eq!((&found["offset"], &found["total"], &found["limit"]), (&json!(7), &json!(3), &json!(100)));
                }
            }
        }
        for (query, word) in [
            ("planId=x", "Plan"), ("taskId=x", "Task"), ("workspaceId=x", "Workspace"), ("limit=0", "limit"), ("offset=-1", "offset"),
        ] {
            let answer = server.http().get(&format!("{PLANS}?{query}")).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(word)), "{query}: {answer}");
        }
        let _ = server.http().get(&format!("{PLANS}?workspaceId={ws}&environmentId={second}")).await.expect(400);
    }

    async fn a_bad_plan_is_refused_by_the_name_of_its_field(server: TestServer) {
        let artifact = server.artifact("a", "0.1").await;
        let task = server.task("one", &artifact, "0.1").await;
        let good = step("s", &[&task]);
        let with = |more: Value| {
            let mut step = good.clone();
            step.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            json!([good, step])
        };
        let many: Vec<Value> = (0..1001).map(|_| good.clone()).collect();
        for (steps, field) in [
            (json!("x"), "steps"),
            (json!([1]), "steps[0]"),
            (with(json!({ "name": "" })), "steps[1].name"),
            (with(json!({ "name": "x".repeat(256) })), "steps[1].name"),
            (with(json!({ "condition": "SOMETIMES" })), "steps[1].condition"),
            (with(json!({ "condition": null })), "steps[1].condition"),
            (with(json!({ "taskIds": [] })), "steps[1].taskIds"),
            (with(json!({ "taskIds": [task, task] })), "steps[1].taskIds[1]"),
            (with(json!({ "taskIds": ["nonsense"] })), "steps[1].taskIds[0]"),
            (with(json!({ "taskIds": ["66f0a1b2c3d4e5f601230001"] })), "steps[1].taskIds[0]"),
            (with(json!({ "handlerOnFailure": { "taskIds": [task, "66f0a1b2c3d4e5f601230001"] } })), "steps[1].handlerOnFailure.taskIds[1]"),
            (with(json!({ "handlerOnFailure": { "planIds": [NOBODY] } })), "steps[1].handlerOnFailure.planIds[0]"),
            (with(json!({ "handlerOnFailure": { "planIds": ["x"] } })), "steps[1].handlerOnFailure.planIds[0]"),
            (with(json!({ "handlerOnFailure": { "planIds": "x" } })), "steps[1].handlerOnFailure.planIds"),
            (with(json!({ "note": "x".repeat(4001) })), "steps[1].note"),
            (json!(many), "steps"),
        ] {
            let answer = server.http().post(PLANS, &plan_body(&server, "p", steps.clone())).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(field)), "{field}: {answer}");
        }
        for (more, status, field) in [
            (json!({ "name": "" }), 400, "name"),
            (json!({ "name": 1 }), 400, "name"),
            (json!({ "workspaceId": "x" }), 400, "Workspace"),
            (json!({ "workspaceId": "66f0a1b2c3d4e5f601230001" }), 404, "Workspace"),
            (json!({ "description": [] }), 400, "description"),
        ] {
            let mut body = plan_body(&server, "p", json!([good]));
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let answer = server.http().post(PLANS, &body).await.expect(status).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(field)), "{field}: {answer}");
        }
        assert_eq!(server.http().get(PLANS).await.expect(200).json()["total"], 0, "nothing was kept");
        plan(&server, "p", json!([good])).await;
        let again = server.http().post(PLANS, &plan_body(&server, "p", json!([good]))).await.expect(409).json();
        assert!(again["message"].as_str().is_some_and(|m| m.contains("name")), "{again}");
    }

    async fn tasks_and_plans_of_another_environment_do_not_fit(server: TestServer) {
        let artifact = server.artifact("a", "0.1").await;
        let task = server.task("one", &artifact, "0.1").await;
        let here = plan(&server, "here", json!([step("s", &[&task])])).await;
        let second = json!({ "name": "second", "workspaceName": "w" });
        let second = id(&server.http().post("/orchestration/environments", &second).await.expect(201).json());
        let workspaces = server.http().get("/orchestration/workspaces?query=name==w").await.expect(200).json();
        let there = id(&workspaces[0]);
        for (step, field) in [
            (step("s", &[&task]), "steps[0].taskIds[0]"),
        ] {
            let body = json!({ "name": "there", "workspaceId": there, "steps": [step] });
            let answer = server.http().post(PLANS, &body).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(field) && m.contains("environment")), "{answer}");
        }
        // A plan without steps may lie anywhere, and holds its workspace and environment.
        let body = json!({ "name": "there", "workspaceId": there, "steps": [] });
        let empty = id(&server.http().post(PLANS, &body).await.expect(201).json());
        let with_handler = json!({ "name": "s", "condition": "ALL_SUCCEEDED", "taskIds": [task], "handlerOnFailure": { "planIds": [empty] } });
        let answer = server.http().put(&format!("{PLANS}/{here}"), &plan_body(&server, "here", json!([with_handler]))).await.expect(400).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("steps[0].handlerOnFailure.planIds[0]")), "{answer}");
        let answer = server.http().delete(&format!("/orchestration/workspaces/{there}")).await.expect(409).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("plans")), "{answer}");
        let _ = server.http().delete(&format!("/orchestration/environments/{second}")).await.expect(204);
        let _ = server.http().get(&format!("{PLANS}/{empty}")).await.expect(404);
    }

    async fn a_plan_is_replaced_whole_and_keeps_the_ids_of_its_steps(server: TestServer) {
        let artifact = server.artifact("a", "0.1").await;
        let (one, two) = (server.task("one", &artifact, "0.1").await, server.task("two", &artifact, "0.1").await);
        let made = server.http().post(PLANS, &plan_body(&server, "p", json!([step("x", &[&one]), step("y", &[&two])]))).await.expect(201).json();
        let path = format!("{PLANS}/{}", id(&made));
        server.clock.advance(MINUTE);
        let mut kept = made["steps"][1].clone();
        kept["taskIds"] = json!([one]);
        let fresh = json!({ "id": NOBODY, "name": "z", "condition": "ALL_SUCCEEDED", "taskIds": [one] });
        let again = kept.clone();
        let body = plan_body(&server, "q", json!([kept, fresh, again]));
        let changed = server.http().put(&path, &body).await.expect(200).json();
        let ids: Vec<&Value> = changed["steps"].as_array().expect("steps").iter().map(|s| &s["id"]).collect();
        assert_eq!(ids[0], &made["steps"][1]["id"]);
        assert!(ids[1] != NOBODY && ids[2] != ids[0], "an id of nobody and one that is taken are not kept: {ids:?}");
        assert_eq!((&changed["name"], &changed["updateDate"]), (&json!("q"), &json!("2026-02-03T09:01:00.000Z")));
        // Task two is free now, task one is not.
        let _ = server.http().delete(&format!("/orchestration/executables/tasks/{two}")).await.expect(204);
        let answer = server.http().delete(&format!("/orchestration/executables/tasks/{one}?terminateExecutions=true")).await.expect(409).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("plan q")), "{answer}");

        let mut moved = plan_body(&server, "q", json!([]));
        moved["workspaceId"] = json!("66f0a1b2c3d4e5f601230001");
        let answer = server.http().put(&path, &moved).await.expect(400).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("workspaceId")), "{answer}");
        let other = plan(&server, "other", json!([])).await;
        let _ = server.http().put(&path, &plan_body(&server, "other", json!([]))).await.expect(409);
        let _ = server.http().put(&format!("{PLANS}/{NOBODY}"), &plan_body(&server, "x", json!([]))).await.expect(404);
        for answer in [server.http().get(&format!("{PLANS}/{NOBODY}")).await, server.http().delete(&format!("{PLANS}/{NOBODY}")).await] {
            assert_eq!(answer.expect(404).json()["message"], "Plan id not found.");
        }
        let _ = server.http().get(&format!("{PLANS}/nonsense")).await.expect(400);
        let _ = server.http().delete(&format!("{PLANS}/{other}")).await.expect(204);
        let _ = server.http().delete(&path).await.expect(204);
        let _ = server.http().delete(&format!("/orchestration/executables/tasks/{one}")).await.expect(204);
    }

    async fn failure_handlers_never_lead_back(server: TestServer) {
        let artifact = server.artifact("a", "0.1").await;
        let task = server.task("one", &artifact, "0.1").await;
        let with = |handlers: &[&str]| json!([{
            "name": "s", "condition": "ALL_SUCCEEDED", "taskIds": [task], "handlerOnFailure": { "planIds": handlers },
        }]);
        let mut chain = vec![plan(&server, "0", with(&[])).await];
        for number in 1..=10 {
            chain.push(plan(&server, &number.to_string(), with(&[chain.last().expect("one")])).await);
        }
        let answer = server.http().post(PLANS, &plan_body(&server, "11", with(&[&chain[10]]))).await.expect(400).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("handlerOnFailure.planIds")), "{answer}");
        for handler in [&chain[0], &chain[1], &chain[9]] {
            let body = plan_body(&server, "0", with(&[handler]));
            let answer = server.http().put(&format!("{PLANS}/{}", chain[0]), &body).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains("lead back")), "{answer}");
        }
        let answer = server.http().delete(&format!("{PLANS}/{}", chain[0])).await.expect(409).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("plan 1")), "{answer}");
        for id in chain.iter().rev() {
            let _ = server.http().delete(&format!("{PLANS}/{id}")).await.expect(204);
        }
    }

    async fn the_run_configuration_is_kept_and_pausing_is_told_once(server: TestServer) {
        let plan = plan(&server, "p", json!([])).await;
        let config = format!("{PLANS}/{plan}/run-config");
        let manual = json!({ "trigger": { "type": "MANUAL" }, "parallelExecutionAllowed": false });
        assert_eq!(server.http().get(&config).await.expect(200).json(), manual);
        let mut wanted = json!({ "trigger": { "type": "MANUAL", "startDate": "2026-02-05" }, "parallelExecutionAllowed": true });
        let set = server.http().put(&config, &wanted).await.expect(200).json();
        wanted["trigger"] = json!({ "type": "MANUAL" });
        assert_eq!(set, wanted, "what has no effect is not kept");
        let old = format!("/tmc/v2.6/executables/plans/{plan}/run-config");
        assert_eq!(server.http().get(&old).await.expect(200).json()["runtime"], json!({ "type": "CLOUD" }));
        let runtime = json!({ "type": "REMOTE_ENGINE", "id": "66f0a1b2c3d4e5f601230001" });
        let body = json!({ "trigger": { "type": "MANUAL" }, "runtime": runtime, "parallelExecutionAllowed": "true" });
        assert_eq!(server.http().put(&old, &body).await.expect(200).json()["runtime"], runtime);
        assert!(server.http().get(&config).await.expect(200).json().get("runtime").is_none());
        for (body, status, field) in [
            (json!({}), 400, "trigger"),
            (json!({ "trigger": {} }), 400, "trigger.type"),
            (json!({ "trigger": { "type": "MANUAL" }, "parallelExecutionAllowed": "maybe" }), 400, "parallelExecutionAllowed"),
            (json!({ "trigger": { "type": "DAILY" } }), 400, "trigger.startDate"),
            (json!({ "trigger": { "type": "HOURLY" } }), 400, "trigger.type"),
            (json!({ "trigger": { "type": "MULTIPLE" } }), 400, "trigger.type"),
            (json!({ "trigger": { "type": "CRON", "timeZone": "UTC", "cronExpression": "0/2 * * * ?" } }), 400, "trigger"),
            (json!({ "trigger": { "type": "WEBHOOK", "webhook": { "name": "a" } } }), 400, "resource_webhook_payload"),
        ] {
            let answer = server.http().put(&config, &body).await.expect(status).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(field)), "{field}: {answer}");
        }
        let _ = server.http().delete(&config).await.expect(204);
        let shown = server.http().get(&config).await.expect(200).json();
        assert_eq!((&shown["trigger"], &shown["parallelExecutionAllowed"]), (&json!({ "type": "MANUAL" }), &json!(true)));

        let pause = format!("{PLANS}/{plan}/pause");
        let body = json!({ "pause": true, "pauseContext": "stock-taking" });
        let _ = server.http().put(&pause, &body).await.expect(202);
        let _ = server.http().put(&pause, &body).await.expect(204);
        let details = server.http().get(&format!("{PLANS}/{plan}")).await.expect(200).json()["planPauseDetails"].clone();
        assert_eq!((&details["pause"], &details["user"], &details["pauseContext"]), (&json!(true), &json!("admin"), &json!("stock-taking")));
        let _ = server.http().put(&pause, &json!({ "pause": false })).await.expect(202);
        let _ = server.http().put(&pause, &json!({})).await.expect(400);
        for (method, path) in [("GET", &config), ("DELETE", &config)] {
            let path = path.replace(&plan, NOBODY);
            let method = stoker_testkit::http::Method::from_bytes(method.as_bytes()).expect("a method");
            let _ = server.http().send(method, &path, &[], None).await.expect(404);
        }
    }
}
