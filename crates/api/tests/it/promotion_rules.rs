//! Rules of promotions: scopes, what an existing object keeps, options, conflicts, and who may.

use serde_json::{Value, json};
use stoker_service::Settings;
use stoker_store::StoreError;
use stoker_store::db::Record;
use stoker_testkit::fixtures::{archive, script_archive};
use stoker_testkit::http::Method;

use crate::plans::{plan, step};
use crate::promotions::{PROMOTIONS, RUNS, audited, item, pair, rows, status};
use crate::support::{Backend, TestServer, both, id};

const TASKS: &str = "/orchestration/executables/tasks";
const NOBODY: &str = "66f0a1b2c3d4e5f601230001";

fn names(found: &[Value]) -> Vec<&str> {
    found.iter().map(|v| v["name"].as_str().expect("a name")).collect()
}

/// Starts a plan once: only such a plan is promoted.
async fn begun(server: &TestServer, plan: &str) {
    let _ = server.http().post("/processing/executions/plans", &json!({ "executable": plan })).await.expect(201);
}

/// The first message of an object that was dealt with.
fn message<'a>(report: &'a Value, list: &str, name: &str, field: &str) -> &'a str {
    item(report, "Shared", list, name)[field]["messages"][0]["info"].as_str().unwrap_or_default()
}

both! {
    async fn a_run_can_be_narrowed_to_one_object(server: TestServer) {
        let http = server.http();
        let x = server.artifact("x", "0.1").await;
        let _ = server.send_archive("x", "0.2", script_archive("#!/bin/sh\n")).await.expect(201);
        let y = server.artifact("y", "0.1").await;
        let (a, b) = (server.task("a", &x, "0.1").await, server.task("b", &y, "0.1").await);
        let p = plan(&server, "p", json!([step("one", &[&a])])).await;
        let engine = id(&server.engine("e").await);
        server.configure(&a, &engine).await;
        begun(&server, &p).await;
        let ws = server.workspace().to_owned();
        for (number, (kind, object, tasks, artifacts, plans)) in [
            ("WORKSPACE", &ws, vec!["a", "b"], vec!["x", "y"], vec!["p"]),
            ("FLOW", &a, vec!["a"], vec!["x"], vec![]),
            ("FLOW", &b, vec!["b"], vec!["y"], vec![]),
            ("ACTION", &x, vec![], vec!["x"], vec![]),
            ("PLAN", &p, vec!["a"], vec!["x"], vec!["p"]),
        ].into_iter().enumerate() {
            let pair = pair(&server, &format!("target {number}")).await;
            let scope = json!({ "artifactType": kind, "artifactId": object });
            let report = pair.run(&server, json!({ "advanced": scope })).await;
            assert_eq!(report["advanced"], scope);
            assert_eq!(names(&pair.there(&server, "executables/tasks", "").await), tasks, "{kind}");
            let copied = pair.there(&server, "artifacts", "").await;
            assert_eq!(names(&copied), artifacts, "{kind}");
            let versions = if kind == "WORKSPACE" || kind == "ACTION" { json!(["0.2", "0.1"]) } else { json!(["0.1"]) };
            if artifacts[0] == "x" {
                assert_eq!(copied[0]["versions"], versions, "{kind}");
            }
            assert_eq!(pair.there(&server, "executables/plans", "").await.len(), plans.len(), "{kind}");
        }
        let pair = pair(&server, "bad").await;
        let own = pair.workspace(&server, "Own").await.expect("it was made with its environment");
        let before = rows(&server).await;
        for (kind, object, wanted, word) in [
            ("TABLE", a.as_str(), 400, "advanced.artifactType"),
            ("", &a, 400, "advanced.artifactType"),
            ("FLOW", "", 400, "advanced.artifactId"),
            ("FLOW", "x", 400, "advanced.artifactId"),
            ("FLOW", NOBODY, 404, "advanced.artifactId"),
            ("FLOW", &x, 404, "advanced.artifactId"),
            ("PLAN", &a, 400, "advanced.artifactId"),
            ("WORKSPACE", &own, 400, "advanced.artifactId"),
        ] {
            let answer = pair.send(&server, json!({ "advanced": { "artifactType": kind, "artifactId": object } })).await.expect(wanted).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.starts_with(word)), "{kind} {object}: {answer}");
        }
        let path = format!("{PROMOTIONS}/{}", pair.id);
        for (info, wanted, word) in [
            (json!({ "type": "FLOW", "id": a, "workspaceId": ws }), 200, ""),
            (json!({ "type": "FLOW", "name": "a", "workspaceId": ws }), 200, ""),
            (json!({ "type": "WORKSPACE", "name": "Shared" }), 200, ""),
            (json!({ "type": "FLOW", "name": "a" }), 400, "promotionAdvancedInfo.id"),
            (json!({ "type": "FLOW", "name": "c", "workspaceId": ws }), 404, "promotionAdvancedInfo.name"),
            (json!({ "type": "FLOW", "id": a, "workspaceId": own }), 400, "promotionAdvancedInfo.workspaceId"),
            (json!({ "type": "ENGINE", "id": a }), 400, "promotionAdvancedInfo.type"),
        ] {
            let answer = http.post(&path, &json!({ "promotionAdvancedInfo": info })).await.expect(wanted).json();
            let told = answer["message"].as_str().unwrap_or_default();
            assert!(told.starts_with(word), "{info}: {answer}");
            if wanted == 200 && info["type"] == "FLOW" {
                assert_eq!(answer["advanced"], json!({ "artifactType": "FLOW", "artifactId": a }));
            }
        }
        assert_eq!(rows(&server).await, before);
    }

    async fn bad_runs_are_refused_by_field_and_leave_nothing(server: TestServer) {
        let pair = pair(&server, "prod").await;
        let (before, audits) = (rows(&server).await, audited(&server, "promotion.run").await);
        for (more, wanted, word) in [
            (json!({ "context": "x".repeat(256) }), 400, "context"),
            (json!({ "context": 5 }), 400, "context"),
            (json!({ "executable": "x" }), 400, "executable"),
            (json!({ "executable": NOBODY }), 404, "Promotion"),
            (json!({ "keepTargetResources": "maybe" }), 400, "keepTargetResources"),
            (json!({ "keepTargetRunProfiles": [] }), 400, "keepTargetRunProfiles"),
            (json!({ "advanced": [] }), 400, "advanced"),
        ] {
            let answer = pair.send(&server, more.clone()).await.expect(wanted).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(word)), "{more}: {answer}");
        }
        let _ = server.http().post(RUNS, &json!({})).await.expect(400);
        let _ = server.http().get(&format!("{RUNS}/x")).await.expect(400);
        let _ = server.http().get(&format!("{RUNS}/00000000-0000-7000-8000-000000000000")).await.expect(404);
        assert_eq!((rows(&server).await, audited(&server, "promotion.run").await), (before, audits));
        assert_eq!(pair.run(&server, json!({ "context": "x".repeat(255) })).await["status"], "PROMOTED");
    }

    async fn who_may_run_a_promotion(server: TestServer) {
        let pair = pair(&server, "prod").await;
        let run = json!({ "executable": pair.id });
        let shared = pair.workspace(&server, "Shared").await.expect("every environment has one");
        let account = server.service_account(&["TMC_PROMOTION_EXECUTION"], &["VIEW"]).await;
        let refused = account.http.post(RUNS, &run).await.expect(403).json();
        assert!(refused["message"].as_str().is_some_and(|m| m.contains("executor")), "{refused}");
        crate::promotions::assign_everywhere(&server, &account.id).await;
        let refused = account.http.post(RUNS, &run).await.expect(403).json();
        assert!(refused["message"].as_str().is_some_and(|m| m.contains("environment prod")), "{refused}");
        let rights = format!("/security/workspaces/{shared}/service-accounts/{}/permissions", account.id);
        let _ = server.http().post(&rights, &json!(["VIEW"])).await.expect(201);
        let made = account.http.post(RUNS, &run).await.expect(201).json();
        assert_eq!((&made["executionReport"]["userId"], &made["executionReport"]["userType"]), (&json!(account.id), &json!("SERVICE")));
        let path = format!("{RUNS}/{}", made["executionId"].as_str().expect("an id"));
        let stranger = server.service_account(&["TMC_PROMOTION_EXECUTION"], &["VIEW"]).await;
        let _ = stranger.http.get(&path).await.expect(403);
        let _ = account.http.get(&path).await.expect(200);
        let manager = server.service_account(&["TMC_PIPELINE_MANAGEMENT"], &[]).await;
        let _ = manager.http.get(&path).await.expect(200);
        let _ = manager.http.post(RUNS, &run).await.expect(403);
    }

    async fn an_existing_task_keeps_its_values(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let artifact = server.artifact("x", "0.1").await;
        let body = |version: &str, more: Value| {
            let mut body = json!({ "name": "a", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": version } });
            for (name, value) in more.as_object().expect("an object") {
                body[name] = value.clone();
            }
            body
        };
        let first = json!({ "parameters": { "host": "dev", "port": "1" }, "tags": ["old"], "autoUpgradeInfo": { "autoUpgradable": true } });
        let source = id(&http.post(TASKS, &body("0.1", first)).await.expect(201).json());
        let made = pair.run(&server, json!({})).await;
        let target = item(&made, "Shared", "flows", "a")["targetId"].as_str().expect("an id").to_owned();
        let path = format!("{TASKS}/{target}");
        let shown = http.get(&path).await.expect(200).json();
        assert_eq!((&shown["parameters"], &shown["tags"]), (&json!({ "host": "dev", "port": "1" }), &json!(["old"])));
        assert_eq!(shown["autoUpgradeInfo"]["autoUpgradable"], false, "{shown}");

        // Somebody sets the target up; then the source goes on.
        let there = json!({
            "name": "a", "workspaceId": shown["workspace"]["id"], "artifact": { "id": shown["artifact"]["id"], "version": "0.1" },
            "parameters": { "host": "prod", "port": "1" }, "tags": ["mine"],
        });
        let _ = http.put(&path, &there).await.expect(200);
        let engine = json!({ "name": "e", "environmentId": pair.target });
        let engine = id(&http.post("/processing/runtimes/remote-engines", &engine).await.expect(201).json());
        server.configure(&target, &engine).await;
        let _ = server.send_archive("x", "0.2", script_archive("#!/bin/sh\n")).await.expect(201);
        let next = json!({ "parameters": { "host": "dev2", "port": "2", "user": "me" }, "tags": ["new"], "description": "more" });
        let _ = http.put(&format!("{TASKS}/{source}"), &body("0.2", next)).await.expect(200);
        server.configure(&source, &id(&server.engine("other").await)).await;
        let report = pair.run(&server, json!({})).await;
        assert_eq!((status(&report, "Shared", "flows", "a"), status(&report, "Shared", "actions", "x")), ("REPLACED", "REPLACED"));
        let shown = http.get(&path).await.expect(200).json();
        assert_eq!(shown["parameters"], json!({ "host": "prod", "port": "1", "user": "me" }), "{shown}");
        assert_eq!((&shown["tags"], &shown["description"], &shown["artifact"]["version"]), (&json!(["new"]), &json!("more"), &json!("0.2")));
        let config = http.get(&format!("{path}/run-config")).await.expect(200).json();
        assert_eq!(config["runtime"]["id"], json!(engine), "the engine stays");
    }

    async fn run_profiles_and_resources_are_kept_or_replaced(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let artifact = server.artifact("x", "0.1").await;
        let (one, two) = (server.resource("one", true, b"1").await, server.resource("two", true, b"2").await);
        let task = json!({ "name": "a", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "0.1" }, "resources": { "in": one } });
        let source = id(&http.post(TASKS, &task).await.expect(201).json());
        let engine = id(&server.engine("e").await);
        let profiles = format!("/processing/runtimes/remote-engines/{engine}/run-profiles");
        let profile = json!({ "name": "big", "type": "JOB_SERVER", "jvmArguments": ["-Xmx1g"] });
        let profile = id(&http.post(&profiles, &profile).await.expect(201).json());
        let config = json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine, "runProfileId": profile } });
        let _ = http.put(&format!("{TASKS}/{source}/run-config"), &config).await.expect(200);
        let report = pair.run(&server, json!({})).await;
        let made = item(&report, "Shared", "engines", "e");
        assert_eq!(made["runProfiles"][0]["promotionReport"]["status"], "CREATED", "{made}");
        let there = format!("/processing/runtimes/remote-engines/{}/run-profiles", made["targetId"].as_str().expect("an id"));
        assert_eq!(http.get(&there).await.expect(200).json()[0]["jvmArguments"], json!(["-Xmx1g"]));
        let target = format!("{TASKS}/{}", item(&report, "Shared", "flows", "a")["targetId"].as_str().expect("an id"));
        let changed = json!({ "name": "big", "type": "JOB_SERVER", "jvmArguments": ["-Xmx2g"] });
        let _ = http.put(&format!("{profiles}/{profile}"), &changed).await.expect(200);
        let mut task = task;
        task["resources"] = json!({ "in": two });
        let _ = http.put(&format!("{TASKS}/{source}"), &task).await.expect(200);
        for (keep, memory, name, wanted) in [(true, "-Xmx1g", "one", "REUSED"), (false, "-Xmx2g", "two", "REPLACED"), (false, "-Xmx2g", "two", "REUSED")] {
            let report = pair.run(&server, json!({ "keepTargetRunProfiles": keep, "keepTargetResources": keep })).await;
            assert_eq!((&report["keepTargetRunProfiles"], &report["keepTargetResources"]), (&json!(keep), &json!(keep)));
            let engine = item(&report, "Shared", "engines", "e");
            assert_eq!(engine["runProfiles"][0]["promotionReport"]["status"], wanted, "{engine}");
            assert_eq!(http.get(&there).await.json()[0]["jvmArguments"], json!([memory]));
            let there = item(&report, "Shared", "resources", name)["targetId"].clone();
            assert_eq!(http.get(&target).await.json()["resources"], json!({ "in": there }), "keep {keep}");
        }
    }

    async fn plans_bring_their_tasks_and_handlers_and_paused_ones_stay(server: TestServer) {
        let (http, first) = (server.http(), pair(&server, "prod").await);
        let artifact = server.artifact("x", "0.1").await;
        let (a, b) = (server.task("a", &artifact, "0.1").await, server.task("b", &artifact, "0.1").await);
        let engine = id(&server.engine("e").await);
        for task in [&a, &b] {
            server.configure(task, &engine).await;
        }
        let rescue = plan(&server, "rescue", json!([step("r", &[&b])])).await;
        let steps = json!([{ "name": "one", "condition": "ALL_SUCCEEDED", "taskIds": [a], "note": "look", "handlerOnFailure": { "taskIds": [b], "planIds": [rescue] } }]);
        let main = plan(&server, "main", steps).await;
        let scope = json!({ "advanced": { "artifactType": "PLAN", "artifactId": main } });
        let refused = first.send(&server, scope.clone()).await.expect(501).json();
        assert!(refused["message"].as_str().is_some_and(|m| m.contains("never run")), "{refused}");
        begun(&server, &main).await;
        // The handler has never run and is not there: the plan would not be the same without it.
        let report = first.run(&server, scope.clone()).await;
        assert_eq!((status(&report, "Shared", "plans", "main"), status(&report, "Shared", "plans", "rescue")), ("SKIPPED", "SKIPPED"));
        assert_eq!(report["status"], "PROMOTION_WARNING");
        begun(&server, &rescue).await;
        let report = first.run(&server, scope.clone()).await;
        assert_eq!((status(&report, "Shared", "plans", "main"), status(&report, "Shared", "plans", "rescue")), ("CREATED", "CREATED"));
        let target = |list: &str, name: &str| item(&report, "Shared", list, name)["targetId"].clone();
        let path = format!("/orchestration/executables/plans/{}", target("plans", "main").as_str().expect("an id"));
        let chart = http.get(&path).await.expect(200).json()["chart"].clone();
        assert_eq!((&chart["taskIds"], &chart["note"]), (&json!([target("flows", "a")]), &json!("look")));
        let handler = &chart["stepOnException"];
        assert_eq!((&handler["flows"][0]["id"], &handler["flows"][1]["abstractPlanId"]), (&target("flows", "b"), &target("plans", "rescue")));
        let after = rows(&server).await;
        assert_eq!(first.run(&server, scope.clone()).await["status"], "PROMOTED");
        assert_eq!(rows(&server).await, after);

        let second = pair(&server, "spare").await;
        let _ = http.put(&format!("{TASKS}/{a}/pause"), &json!({ "pause": true })).await.expect(202);
        let report = second.run(&server, json!({})).await;
        assert_eq!((status(&report, "Shared", "flows", "a"), status(&report, "Shared", "flows", "b")), ("SKIPPED", "CREATED"));
        assert!(message(&report, "flows", "a", "promotionReport").contains("paused"), "{report}");
        assert_eq!(status(&report, "Shared", "plans", "main"), "SKIPPED");
        assert!(message(&report, "plans", "main", "promotionReport").contains("task a"), "{report}");
        assert_eq!(status(&report, "Shared", "plans", "rescue"), "CREATED");
    }

    async fn a_conflict_keeps_everything_as_it_is(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let _ = server.artifact("good", "0.1").await;
        let _ = server.artifact("x", "0.1").await;
        let there = pair.workspace(&server, "Shared").await.expect("every environment has one");
        let publish = format!("/stoker/v1/artifacts?workspaceId={there}&name=x&version=0.1");
        let zip = script_archive("#!/bin/sh\necho other\n");
        let _ = http.send(Method::POST, &publish, &[("content-type", "application/zip")], Some(zip)).await.expect(201);
        let before = rows(&server).await;
        let refused = pair.send(&server, json!({})).await.expect(501).json();
        let told = refused["message"].as_str().expect("a message");
        assert!(told.contains("ACTION x") && told.contains("other content"), "{told}");
        let run = told.rsplit(' ').next().expect("the id of the run");
        let shown = http.get(&format!("{RUNS}/{run}")).await.expect(200).json();
        assert_eq!((&shown["status"], &shown["defective"]), (&json!("PROMOTION_FAILED"), &json!(true)));
        assert!(shown["statusMessage"].as_str().is_some_and(|m| m.contains("other content")), "{shown}");
        let of = |name: &str| item(&shown, "Shared", "actions", name)["analyzeReport"]["status"].clone();
        assert_eq!((of("x"), of("good")), (json!("FAILED"), json!("CREATED")));
        assert!(item(&shown, "Shared", "actions", "good").get("targetId").is_none(), "it was not made");
        let path = format!("{PROMOTIONS}/{}", pair.id);
        let analysed = http.post(&path, &json!({})).await.expect(200).json();
        assert_eq!((&analysed["status"], &analysed["defective"]), (&json!("ANALIZED"), &json!(true)));
        assert_eq!(rows(&server).await, before, "not even the good one was copied");
        assert_eq!(pair.send(&server, json!({})).await.status, 501, "and it can be tried again");
    }

    async fn secrets_stay_behind(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let zip = std::fs::read(archive("SecretEcho")).expect("read the archive");
        let artifact = server.send_archive("secret", "0.1", zip).await.expect(201).json();
        let shown = http.get(&format!("/orchestration/artifacts/{}/versions/0.1", id(&artifact))).await.expect(200).json();
        let secret = shown["parameters"].as_array().expect("parameters").iter().find(|p| p.get("value").is_none() || p["type"] == "Password");
        let name = secret.expect("a secret parameter")["name"].as_str().expect("a name").to_owned();
        let body = json!({ "name": "a", "workspaceId": server.workspace(), "artifact": { "id": id(&artifact), "version": "0.1" }, "parameters": { &name: "dev-pass" } });
        let _ = http.post(TASKS, &body).await.expect(201);
        let report = pair.run(&server, json!({})).await;
        assert_eq!(report["status"], "PROMOTION_WARNING");
        assert!(message(&report, "flows", "a", "promotionReport").contains(&name), "{report}");
        let path = format!("{TASKS}/{}", item(&report, "Shared", "flows", "a")["targetId"].as_str().expect("an id"));
        let there = http.get(&path).await.expect(200).json();
        assert_eq!(there["parameters"][&name], "", "kept, never shown");
        assert!(!report.to_string().contains("dev-pass") && !rows(&server).await.join(" ").contains("dev-pass"));
        let mut set = body;
        set["workspaceId"] = there["workspace"]["id"].clone();
        set["artifact"]["id"] = there["artifact"]["id"].clone();
        set["parameters"][&name] = json!("prod-pass");
        let _ = http.put(&path, &set).await.expect(200);
        let after = rows(&server).await;
        assert_eq!(pair.run(&server, json!({})).await["status"], "PROMOTED", "nothing to remind of");
        assert_eq!(rows(&server).await, after, "the value of the target stays");
    }

    async fn runs_that_come_together_copy_once(server: TestServer) {
        let pair = pair(&server, "prod").await;
        let _ = server.ready_task("load").await;
        let (one, two, three) = tokio::join!(pair.send(&server, json!({})), pair.send(&server, json!({})), pair.send(&server, json!({})));
        let statuses = [one.status, two.status, three.status];
        assert!(statuses.contains(&201) && statuses.iter().all(|s| [201, 501].contains(s)), "{statuses:?}");
        assert_eq!(pair.there(&server, "executables/tasks", "load").await.len(), 1);
        let ended = statuses.iter().filter(|status| **status == 201).count();
        assert_eq!(audited(&server, "promotion.end").await, ended as i64);
    }

    async fn personal_and_huge_workspaces_are_not_promoted(server: TestServer) {
        let pair = pair(&server, "prod").await;
        let artifact = server.artifact("x", "0.1").await;
        let task = server.task("a", &artifact, "0.1").await;
        let shared = stoker_domain::ids::WorkspaceId::trusted(server.workspace());
        let write = server.store.write::<_, StoreError, _>(move |tx| {
            use stoker_domain::ids::{TaskId, WorkspaceId};
            let random = stoker_domain::SystemRandom::new();
            let mut own = stoker_store::workspaces::get(tx, &shared)?.expect("the workspace");
            own.id = WorkspaceId::generate(0, &random);
            own.name = "Mine".to_owned();
            own.kind = stoker_domain::runtime::WorkspaceType::Personal;
            own.insert(tx)?;
            let mut row = stoker_store::tasks::get(tx, &TaskId::trusted(task))?.expect("the task");
            for number in 0..stoker_domain::limits::PROMOTION_TASKS {
                row.id = TaskId::generate(number, &random);
                row.name = format!("t{number}");
                row.insert(tx)?;
            }
            Ok(own.id.to_string())
        });
        let own = write.await.expect("fill the workspace");
        let refused = pair.send(&server, json!({})).await.expect(501).json();
        assert!(refused["message"].as_str().is_some_and(|m| m.contains("7001 tasks")), "{refused}");
        let scope = json!({ "advanced": { "artifactType": "WORKSPACE", "artifactId": own } });
        let refused = pair.send(&server, scope).await.expect(400).json();
        assert!(refused["message"].as_str().is_some_and(|m| m.contains("personal")), "{refused}");
        let analysed = server.http().post(&format!("{PROMOTIONS}/{}", pair.id), &json!({})).await.expect(200).json();
        assert_eq!(item(&analysed, "Mine", "", "")["analyzeReport"]["status"], "SKIPPED");
        assert_eq!(pair.workspace(&server, "Mine").await, None);
    }

    /// A context named like the target environment supplies the values there.
    async fn a_context_of_the_environments_name_supplies_values(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "QA").await);
        let zip = std::fs::read(archive("HelloWorld")).expect("read the archive");
        let artifact = id(&server.send_archive("hello", "0.1", zip).await.expect(201).json());
        let mut body = json!({ "name": "a", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "0.1" },
            "parameters": { "times": "7", "other": "mine" } });
        let source = id(&http.post(TASKS, &body).await.expect(201).json());
        let report = pair.run(&server, json!({})).await;
        let path = format!("{TASKS}/{}", item(&report, "Shared", "flows", "a")["targetId"].as_str().expect("an id"));
        assert_eq!(http.get(&path).await.expect(200).json()["parameters"], json!({ "times": "2", "other": "mine" }));
        // What the task has by then stays; what is new comes from the context again.
        body["parameters"] = json!({ "times": "9", "greeting": "hi", "other": "theirs" });
        let _ = http.put(&format!("{TASKS}/{source}"), &body).await.expect(200);
        let _ = pair.run(&server, json!({})).await;
        let shown = http.get(&path).await.expect(200).json();
        assert_eq!((&shown["parameters"]["times"], &shown["parameters"]["other"]), (&json!("2"), &json!("mine")));
        assert!(shown["parameters"]["greeting"].as_str().is_some_and(|v| v.starts_with("Hello from QA")), "{shown}");
    }

    async fn clusters_come_along_and_kept_engines_are_a_conflict(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let artifact = server.artifact("x", "0.1").await;
        let (task, other) = (server.task("a", &artifact, "0.1").await, server.task("b", &artifact, "0.1").await);
        let body = json!({ "name": "farm", "environmentId": server.environment() });
        let cluster = id(&http.post("/processing/runtimes/remote-engine-clusters", &body).await.expect(201).json());
        let config = json!({ "trigger": { "type": "CRON", "cronExpression": "0 4 * * ?", "timeZone": "UTC" },
            "runtime": { "type": "REMOTE_ENGINE_CLUSTER", "id": cluster }, "timeout": 9 });
        let _ = http.put(&format!("{TASKS}/{task}/run-config"), &config).await.expect(200);
        let report = pair.run(&server, json!({})).await;
        let made = &report["clusters"][0];
        assert_eq!((&made["name"], &made["promotionReport"]["status"]), (&json!("farm"), &json!("CREATED")), "{report}");
        assert_eq!(made["usedBy"][0]["name"], "a");
        assert!(message(&report, "flows", "a", "promotionReport").contains("trigger"), "{report}");
        let path = format!("{TASKS}/{}/run-config", item(&report, "Shared", "flows", "a")["targetId"].as_str().expect("an id"));
        let there = http.get(&path).await.expect(200).json();
        assert_eq!((&there["runtime"]["type"], &there["runtime"]["id"]), (&json!("REMOTE_ENGINE_CLUSTER"), &made["targetId"]));
        assert_eq!((&there["trigger"]["type"], &there["timeout"]), (&json!("MANUAL"), &json!(9)), "started by hand, the rest as it was");

        server.configure(&other, &id(&server.engine("e").await)).await;
        let own = pair.workspace(&server, "Own").await.expect("it was made with its environment");
        let kept = json!({ "name": "e", "environmentId": pair.target, "workspaceId": own });
        let _ = http.post("/processing/runtimes/remote-engines", &kept).await.expect(201);
        let before = rows(&server).await;
        let refused = pair.send(&server, json!({})).await.expect(501).json();
        assert!(refused["message"].as_str().is_some_and(|m| m.contains("another workspace")), "{refused}");
        assert_eq!(rows(&server).await, before);
    }
}

async fn goes_on_without_the_caller(backend: Backend) {
    let server = TestServer::start_with(backend, Settings { promotion_wait_ms: 0, ..Settings::default() }).await;
    let pair = pair(&server, "prod").await;
    let _ = server.ready_task("load").await;
    let answer = pair.send(&server, json!({})).await;
    if answer.status == 202 {
        assert!(answer.body.is_empty(), "{}", answer.text());
    } else {
        // It may be quicker than no wait at all.
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    let ended = async { while audited(&server, "promotion.end").await == 0 {} };
    tokio::time::timeout(std::time::Duration::from_secs(60), ended).await.expect("the run goes on");
    assert_eq!(pair.there(&server, "executables/tasks", "load").await.len(), 1);
    assert_eq!(audited(&server, "promotion.end").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_without_the_caller_on_sqlite() {
    goes_on_without_the_caller(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_without_the_caller_on_postgres() {
    goes_on_without_the_caller(Backend::Postgres).await;
}
