//! Promotions: definitions, who may run them, and runs that copy one environment into another.

use serde_json::{Value, json};
use stoker_domain::promotion::PromotionStatus;
use stoker_store::{StoreError, params};
use stoker_testkit::http::{Answer, Method};

use crate::plans::{plan, step};
use crate::support::{TestServer, both, id, keys};

pub(crate) const PROMOTIONS: &str = "/orchestration/executables/promotions";
pub(crate) const RUNS: &str = "/processing/executions/promotions";
const NOBODY: &str = "66f0a1b2c3d4e5f601230001";

/// The id of the first user.
pub(crate) async fn admin(server: &TestServer) -> String {
    let grants = server.http().get("/security/permissions").await.expect(200).json();
    grants[0]["userId"].as_str().expect("the admin's id").to_owned()
}

/// Lets the first user run a promotion; it may be allowed already.
pub(crate) async fn assign_admin(server: &TestServer, promotion: &str) {
    let path = format!("{PROMOTIONS}/{promotion}/users/{}", admin(server).await);
    let answer = server.http().send(Method::PUT, &path, &[], None).await;
    assert!([204, 409].contains(&answer.status), "{}", answer.text());
}

/// Lets a service account run every promotion there is.
pub(crate) async fn assign_everywhere(server: &TestServer, account: &str) {
    let all = server.http().get(PROMOTIONS).await.expect(200).json();
    for promotion in all.as_array().expect("a list") {
        let promotion = promotion["executable"].as_str().expect("an id");
        let path = format!("{PROMOTIONS}/{promotion}/service-accounts/{account}");
        let _ = server.http().send(Method::PUT, &path, &[], None).await.expect(204);
    }
}

/// An analysis by the first user; gives its id.
pub(crate) async fn analysis(server: &TestServer, promotion: &str) -> String {
    assign_admin(server, promotion).await;
    let answer = server.http().post(&format!("{PROMOTIONS}/{promotion}"), &json!({})).await.expect(200).json();
    answer["executionId"].as_str().expect("an id").to_owned()
}

/// A promotion from environment `default` into a new one, which the first user may run.
pub(crate) struct Pair {
    /// The promotion.
    pub(crate) id: String,
    /// The target environment.
    pub(crate) target: String,
}

pub(crate) async fn pair(server: &TestServer, name: &str) -> Pair {
    let http = server.http();
    let body = json!({ "name": name, "workspaceName": "Own" });
    let target = id(&http.post("/orchestration/environments", &body).await.expect(201).json());
    let body = json!({ "sourceEnvironmentId": server.environment(), "targetEnvironmentId": target });
    let made = http.post(PROMOTIONS, &body).await.expect(201).json();
    let promotion = made["executable"].as_str().expect("an id").to_owned();
    assign_admin(server, &promotion).await;
    Pair { id: promotion, target }
}

impl Pair {
    /// Sends a run with these fields beside the promotion.
    pub(crate) async fn send(&self, server: &TestServer, more: Value) -> Answer {
        let mut body = json!({ "executable": self.id });
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        server.http().post(RUNS, &body).await
    }

    /// The report of a run that ends well.
    pub(crate) async fn run(&self, server: &TestServer, more: Value) -> Value {
        let answer = self.send(server, more).await.expect(201).json();
        assert_eq!(answer["executionId"], answer["executionReport"]["executionId"]);
        answer["executionReport"].clone()
    }

    /// The target workspace of this name.
    pub(crate) async fn workspace(&self, server: &TestServer, name: &str) -> Option<String> {
        let path = format!("/orchestration/workspaces?query=environment.id=={};name=={name}", self.target);
        server.http().get(&path).await.expect(200).json().get(0).map(id)
    }

    /// The target objects of one kind (`executables/tasks`, `artifacts`, ...) by name.
    pub(crate) async fn there(&self, server: &TestServer, kind: &str, name: &str) -> Vec<Value> {
        let path = format!("/orchestration/{kind}?environmentId={}&name={name}", self.target);
        server.http().get(&path).await.expect(200).json()["items"].as_array().expect("items").clone()
    }
}

/// Every row of the tables that a promotion may touch.
pub(crate) async fn rows(server: &TestServer) -> Vec<String> {
    let tables = [
        "workspaces",
        "workspace_rights",
        "artifacts",
        "artifact_versions",
        "engines",
        "clusters",
        "run_profiles",
        "connections",
        "resources",
        "tasks",
        "plans",
        "plan_tasks",
        "plan_handlers",
    ];
    let read = server.store.read::<_, StoreError, _>(move |tx| {
        let mut all = Vec::new();
        for table in tables {
            let rows = tx.query(&format!("SELECT * FROM {table}"), params![])?;
            all.extend(rows.into_iter().map(|row| format!("{table} {row:?}")));
        }
        all.sort();
        Ok(all)
    });
    read.await.expect("look at the rows")
}

/// The report of an object: `list` of the workspace of this name, the one called `name`.
#[track_caller]
pub(crate) fn item<'a>(report: &'a Value, workspace: &str, list: &str, name: &str) -> &'a Value {
    let find = |values: &'a Value, name: &str| {
        values
            .as_array()
            .expect("a list")
            .iter()
            .find(|v| v["name"] == name)
            .unwrap_or_else(|| panic!("no {name} in {values}"))
    };
    let workspace = find(&report["workspaces"], workspace);
    if list.is_empty() { workspace } else { find(&workspace[list], name) }
}

/// Status of an object in a report of a run that was carried out.
#[track_caller]
pub(crate) fn status<'a>(report: &'a Value, workspace: &str, list: &str, name: &str) -> &'a str {
    item(report, workspace, list, name)["promotionReport"]["status"].as_str().expect("a status")
}

both! {
    async fn a_pair_is_defined_once_listed_changed_and_removed(server: TestServer) {
        let http = server.http();
        let pair = pair(&server, "prod").await;
        let path = format!("{PROMOTIONS}/{}", pair.id);
        let shown = http.get(&path).await.expect(200).json();
        assert_eq!(keys(&shown), ["description", "executable", "name", "sourceEnvironment", "targetEnvironment"]);
        assert_eq!((&shown["name"], &shown["description"]), (&json!("default to prod"), &json!("")));
        assert_eq!((&shown["sourceEnvironment"]["name"], &shown["targetEnvironment"]["id"]), (&json!("default"), &json!(pair.target)));
        let again = json!({ "sourceEnvironmentId": server.environment(), "targetEnvironmentId": pair.target });
        let message = http.post(PROMOTIONS, &again).await.expect(409).json()["message"].to_string();
        assert!(message.contains("default to prod"), "{message}");
        let back = json!({ "sourceEnvironmentId": pair.target, "targetEnvironmentId": server.environment(), "description": "back" });
        let _ = http.post("/tmc/v2.6/executables/promotions", &back).await.expect(201);
        for (query, wanted) in [
            ("", 2),
            ("name==default to prod", 1),
            ("name==default*", 1),
            ("name==*prod", 1),
            ("sourceEnvironment.name==prod", 1),
            ("targetEnvironment.name==prod,description==back", 2),
            ("description==back;sourceEnvironment.name==default", 0),
        ] {
            for base in [PROMOTIONS, "/tmc/v1.2/executables/promotions"] {
                let found = http.get(&format!("{base}?_s={}", query.replace(' ', "%20"))).await.expect(200).json();
                assert_eq!(found.as_array().map(Vec::len), Some(wanted), "{query}: {found}");
                assert!(found.as_array().expect("a list").iter().all(|p| p.get("description").is_none()), "{found}");
            }
        }
        let _ = http.json(Method::PATCH, &path, &json!({ "description": "the way to production" })).await.expect(204);
        assert_eq!(http.get(&path).await.json()["description"], "the way to production");
        let environment = format!("/orchestration/environments/{}", pair.target);
        let refused = http.delete(&environment).await.expect(400).json();
        assert_eq!(refused["message"], "Cannot delete environment: it is used in promotions(s)");
        let _ = http.delete(&path).await.expect(204);
        let _ = http.delete(&path).await.expect(404);
        let _ = http.get(&path).await.expect(404);
    }

    async fn bad_definitions_are_refused_by_field(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let (here, there) = (server.environment(), pair.target.as_str());
        let body = |source: &str, target: &str| json!({ "sourceEnvironmentId": source, "targetEnvironmentId": target });
        let mut long = body(there, here);
        long["description"] = json!("x".repeat(4_001));
        for (sent, wanted, word) in [
            (body(here, here), 400, "targetEnvironmentId"),
            (body(here, "x"), 400, "targetEnvironmentId"),
            (body("", there), 400, "sourceEnvironmentId"),
            (body(here, NOBODY), 404, "targetEnvironmentId"),
            (body(NOBODY, here), 404, "sourceEnvironmentId"),
            (json!({ "sourceEnvironmentId": here }), 400, "targetEnvironmentId"),
            (json!({ "sourceEnvironmentId": 5, "targetEnvironmentId": there }), 400, "sourceEnvironmentId"),
            (long, 400, "description"),
        ] {
            let answer = http.post(PROMOTIONS, &sent).await.expect(wanted).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(word)), "{sent}: {answer}");
        }
        for filter in ["name", "name==", "color==red", "(name==a", "name==a;;name==b"] {
            let answer = http.get(&format!("{PROMOTIONS}?_s={filter}")).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.starts_with("_s: ")), "{filter}: {answer}");
        }
        for (method, path, sent) in [
            (Method::PATCH, format!("{PROMOTIONS}/{}", pair.id), json!({})),
            (Method::PATCH, format!("{PROMOTIONS}/{}", pair.id), json!({ "description": "x".repeat(4_001) })),
            (Method::PATCH, format!("{PROMOTIONS}/x"), json!({ "description": "" })),
            (Method::POST, format!("{PROMOTIONS}/x"), json!({})),
        ] {
            let _ = http.json(method, &path, &sent).await.expect(400);
        }
        assert_eq!(http.get(PROMOTIONS).await.json().as_array().map(Vec::len), Some(1), "nothing was made");
    }

    async fn executors_come_and_go(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let (person, _) = server.person("mara", &[]).await;
        let account = server.service_account(&["TMC_PROMOTION_EXECUTION"], &["VIEW"]).await;
        let users = format!("{PROMOTIONS}/{}/users", pair.id);
        let accounts = format!("{PROMOTIONS}/{}/service-accounts", pair.id);
        let put = async |path: String| http.send(Method::PUT, &path, &[], None).await;
        let _ = put(format!("{users}/{person}")).await.expect(204);
        let _ = put(format!("{users}/{person}")).await.expect(409);
        let _ = put(format!("{accounts}/{}", account.id)).await.expect(204);
        let _ = put(format!("{accounts}/{}", account.id)).await.expect(204);
        let _ = put(format!("{users}/x")).await.expect(400);
        let _ = put(format!("{users}/00000000-0000-4000-8000-000000000000")).await.expect(404);
        let _ = put(format!("{accounts}/{}", "A".repeat(32))).await.expect(404);
        let _ = put(format!("{PROMOTIONS}/{NOBODY}/users/{person}")).await.expect(404);
        let shown = http.get(&users).await.expect(200).json();
        assert_eq!(keys(&shown), ["executable", "serviceAccountIds", "userIds"]);
        assert_eq!(shown["serviceAccountIds"], json!([account.id]));
        let mut people = vec![admin(&server).await, person.clone()];
        people.sort();
        assert_eq!(shown["userIds"], json!(people));
        let old = http.get(&format!("/tmc/v2.6/executables/promotions/{}/users", pair.id)).await.expect(200).json();
        assert_eq!(old, json!({ "executable": pair.id, "userIds": people }));

        let seen = account.http.get(PROMOTIONS).await.expect(200).json();
        assert_eq!(seen.as_array().map(Vec::len), Some(1), "its own");
        let _ = http.delete(&format!("{accounts}/{}", account.id)).await.expect(204);
        let _ = http.delete(&format!("{accounts}/{}", account.id)).await.expect(404);
        assert_eq!(account.http.get(PROMOTIONS).await.expect(200).json(), json!([]));
        let _ = account.http.get(&format!("{PROMOTIONS}/{}", pair.id)).await.expect(403);
        let _ = http.delete(&format!("{users}/{person}")).await.expect(204);
        let _ = put(format!("{accounts}/{}", account.id)).await.expect(204);
        let _ = http.delete(&format!("/account/service-accounts/{}", account.id)).await.expect(204);
        assert_eq!(http.get(&users).await.json()["serviceAccountIds"], json!([]), "gone with the account");
    }

    /// The main story: everything arrives, a second run changes nothing, an analysis neither.
    async fn an_environment_is_copied_and_a_second_run_changes_nothing(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let (task, engine) = server.ready_task("load").await;
        let artifact = http.get("/orchestration/artifacts?name=load").await.json()["items"][0].clone();
        let _ = server.send_archive("load", "0.2", stoker_testkit::fixtures::script_archive("#!/bin/sh\n")).await.expect(201);
        let other = json!({ "name": "Sales", "environmentId": server.environment(), "description": "numbers" });
        let sales = id(&http.post("/orchestration/workspaces", &other).await.expect(201).json());
        let night = plan(&server, "night", json!([step("one", &[&task])])).await;
        let _ = http.post("/processing/executions/plans", &json!({ "executable": night })).await.expect(201);

        let before = rows(&server).await;
        let path = format!("{PROMOTIONS}/{}", pair.id);
        let analysed = http.post(&path, &json!({ "context": "try" })).await.expect(200).json();
        assert_eq!(rows(&server).await, before, "an analysis changes nothing");
        assert_eq!((&analysed["status"], &analysed["defective"], &analysed["context"]), (&json!("ANALIZED"), &json!(false), &json!("try")));
        let new = item(&analysed, "Shared", "flows", "load");
        assert_eq!((&new["analyzeReport"]["status"], new.get("targetId"), new.get("promotionReport")), (&json!("CREATED"), None, None));
        let kept = format!("{RUNS}/{}", analysed["executionId"].as_str().expect("an id"));
        assert_eq!(http.get(&kept).await.expect(200).json(), analysed);

        let report = pair.run(&server, json!({ "context": "release 12" })).await;
        assert_eq!(keys(&report), [
            "clusters", "context", "defective", "engines", "executionId", "finishTimestamp", "keepTargetResources",
            "keepTargetRunProfiles", "pipelineId", "promotionId", "startTimestamp", "status", "triggerTimestamp",
            "userId", "userType", "workspaces",
        ]);
        assert_eq!((&report["status"], &report["userId"], &report["userType"]), (&json!("PROMOTION_WARNING"), &json!("admin"), &json!("HUMAN")));
        let made = [("Shared", "", "", "REUSED"), ("Sales", "", "", "CREATED"), ("Shared", "flows", "load", "CREATED"),
            ("Shared", "actions", "load", "CREATED"), ("Shared", "plans", "night", "CREATED"), ("Shared", "engines", "load", "CREATED")];
        for (workspace, list, name, wanted) in made {
            assert_eq!(status(&report, workspace, list, name), wanted, "{workspace} {list} {name}");
        }
        let engine_item = item(&report, "Shared", "engines", "load");
        assert_eq!((&engine_item["id"], &engine_item["promotionReport"]["messages"][0]["level"]), (&json!(engine), &json!("WARN")));
        assert_eq!(item(&report, "Sales", "", "")["id"], json!(sales));
        let flow = item(&report, "Shared", "flows", "load");
        assert_eq!((&flow["id"], &flow["version"], &flow["jobType"], &flow["artifactId"]), (&json!(task), &json!(1), &json!("STANDARD"), &artifact["id"]));
        assert_eq!(flow["usedBy"][0]["name"], "night");

        let there = format!("/orchestration/executables/tasks/{}", flow["targetId"].as_str().expect("an id"));
        let shown = http.get(&there).await.expect(200).json();
        assert_eq!((&shown["name"], &shown["artifact"]["version"]), (&json!("load"), &json!("0.1")));
        assert_eq!(shown["workspace"]["environment"]["name"], "prod");
        let config = http.get(&format!("{there}/run-config")).await.expect(200).json();
        assert_eq!(config["runtime"]["id"], engine_item["targetId"], "{config}");
        let copied = pair.there(&server, "artifacts", "load").await;
        assert_eq!(copied[0]["versions"], json!(["0.2", "0.1"]));
        assert_eq!(server.artifact_files().len(), 2, "no byte is copied");
        let nights = pair.there(&server, "executables/plans", "night").await;
        assert_eq!(nights[0]["chart"]["flows"][0]["id"], flow["targetId"]);
        let paired = http.get(&format!("/processing/runtimes/remote-engines/{}", engine_item["targetId"].as_str().expect("an id"))).await.expect(200).json();
        assert_eq!(paired["status"], "NOT_PAIRED");

        let after = rows(&server).await;
        let again = pair.run(&server, json!({})).await;
        assert_eq!(again["status"], "PROMOTED");
        for (workspace, list, name, _) in made {
            assert_eq!(status(&again, workspace, list, name), "REUSED", "{workspace} {list} {name}");
        }
        assert_eq!(rows(&server).await, after, "nothing is left to do");
        let _ = http.delete(&format!("{PROMOTIONS}/{}", pair.id)).await.expect(204);
        let path = format!("{RUNS}/{}", again["executionId"].as_str().expect("an id"));
        assert_eq!(http.get(&path).await.expect(200).json(), again, "history outlives the promotion");
    }

    async fn its_runs_are_listed_newest_first_without_their_reports(server: TestServer) {
        let (http, pair) = (server.http(), pair(&server, "prod").await);
        let _ = server.ready_task("load").await;
        let analysed = analysis(&server, &pair.id).await;
        server.clock.advance(1_000);
        let report = pair.run(&server, json!({ "context": "release 12" })).await;
        let path = format!("/stoker/v1/promotions/{}/executions", pair.id);
        let page = http.get(&path).await.expect(200).json();
        assert_eq!((&page["total"], &page["items"][1]["executionId"], &page["items"][1]["status"]), (&json!(2), &json!(analysed), &json!("ANALIZED")));
        let newest = &page["items"][0];
        assert_eq!((&newest["executionId"], &newest["status"], &newest["context"]), (&report["executionId"], &report["status"], &json!("release 12")));
        assert_eq!(newest.get("workspaces"), None, "{newest}");
        let second = http.get(&format!("{path}?limit=1&offset=1")).await.expect(200).json();
        assert_eq!((second["items"].as_array().map(Vec::len), &second["items"][0]), (Some(1), &page["items"][1]));
        let gone = http.get(&format!("/stoker/v1/promotions/{NOBODY}/executions")).await;
        assert_eq!(gone.status, 404, "{}", gone.text());
    }

    async fn the_older_generation_has_its_own_shape(server: TestServer) {
        let pair = pair(&server, "prod").await;
        let (task, _) = server.ready_task("load").await;
        let path = format!("/tmc/v2.6/executions/promotions/{}", pair.id);
        let analysed = server.http().post(&path, &json!({})).await.expect(200).json();
        assert_eq!(analysed["status"], "ANALIZED");
        let body = json!({ "executable": pair.id, "advanced": { "artifactType": "FLOW", "artifactId": task } });
        let made = server.http().post("/tmc/v1.2/executions/promotions", &body).await.expect(201).json();
        assert_eq!(keys(&made), ["executionId", "executionReport"]);
        let flow = item(&made["executionReport"], "Shared", "flows", "load");
        assert_eq!(keys(flow), ["id", "name", "promotionReport", "targetId", "targetVersion", "type", "version"]);
        assert_eq!((&flow["version"], &flow["targetVersion"]), (&json!(1), &json!("1.0")));
        let action = item(&made["executionReport"], "Shared", "actions", "load");
        assert_eq!(keys(action), ["id", "name", "promotionReport", "targetId", "targetVersion", "type", "usedBy"]);
        let one = format!("/tmc/v2.2/executions/promotions/{}", made["executionId"].as_str().expect("an id"));
        assert_eq!(server.http().get(&one).await.expect(200).json(), made["executionReport"]);
    }

    /// A server that dies between accepting a run and copying leaves it to the next; whoever comes first, it ends once.
    async fn an_accepted_run_ends_exactly_once(server: TestServer) {
        let pair = pair(&server, "prod").await;
        let _ = server.ready_task("load").await;
        let artifact = id(&server.http().get("/orchestration/artifacts?name=load").await.expect(200).json()["items"][0]);
        let done = pair.run(&server, json!({})).await;
        let _ = server.task("late", &artifact, "0.1").await;
        let run = left_behind(&server, done["executionId"].as_str().expect("an id")).await;
        let path = format!("{RUNS}/{run}");
        let shown = server.http().get(&path).await.expect(200).json();
        assert_eq!((&shown["status"], &shown["workspaces"], shown.get("finishTimestamp")), (&json!("PROMOTION_STARTED"), &json!([]), None));
        let refused = pair.send(&server, json!({})).await.expect(501).json();
        assert!(refused["message"].as_str().is_some_and(|m| m.contains(&run)), "{refused}");
        let refused = server.http().delete(&format!("{PROMOTIONS}/{}", pair.id)).await.expect(400).json();
        assert!(refused["message"].as_str().is_some_and(|m| m.contains(&run)), "{refused}");

        let second = server.second().await;
        let (one, two) = tokio::join!(server.service.reconcile(), second.reconcile());
        let ended = one.expect("a pass").promotions + two.expect("a pass").promotions;
        // On SQLite both may have seen it as open; the rows say that it was done once.
        assert!(ended >= 1, "{ended}");
        let shown = server.http().get(&path).await.expect(200).json();
        assert_eq!((&shown["status"], status(&shown, "Shared", "flows", "late")), (&json!("PROMOTED"), "CREATED"));
        assert_eq!(pair.there(&server, "executables/tasks", "late").await.len(), 1);
        assert_eq!(server.reconcile().await.promotions, 0);
        assert_eq!(audited(&server, "promotion.end").await, 2, "each run has one end");
        assert_eq!(server.http().get(&path).await.json(), shown);
    }
}

/// A run that was accepted, like another one that has ended, by a server that is gone; gives its id.
async fn left_behind(server: &TestServer, like: &str) -> String {
    use stoker_domain::ids::PromotionRunId;
    use stoker_store::db::{Json, Record};
    let (like, fresh) =
        (PromotionRunId::trusted(like), PromotionRunId::generate(0, &stoker_domain::SystemRandom::new()));
    let row = fresh.clone();
    let written = server.store.write::<_, StoreError, _>(move |tx| {
        let mut run = stoker_store::promotions::run(tx, &like)?.expect("the run");
        run.id = row;
        run.status = PromotionStatus::Started;
        run.report = Json(Default::default());
        run.finish_ms = None;
        run.insert(tx)
    });
    written.await.expect("write a run");
    fresh.to_string()
}

/// How many audit records there are of an action.
pub(crate) async fn audited(server: &TestServer, action: &'static str) -> i64 {
    let read = server.store.read::<_, StoreError, _>(move |tx| {
        tx.query_int("SELECT count(*) FROM audit_events WHERE action = $1", params![action])
    });
    read.await.expect("count")
}
