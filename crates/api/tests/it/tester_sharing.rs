//! Projects of API tests that are shared with a workspace: who reads, runs, changes and moves them.

use serde_json::{Value, json};
use stoker_domain::ids::TestProjectId;
use stoker_testkit::http::{Http, Method};

use crate::support::{TestServer, both, id};

const PROJECTS: &str = "/stoker/v1/tester/projects";
const RUNS: &str = "/stoker/v1/tester/runs";

/// A person with these rights on the workspace.
async fn member(server: &TestServer, login: &str, rights: &[&str]) -> Http {
    let (person, http) = server.person(login, &[]).await;
    let path = format!("/security/workspaces/{}/users/{person}/permissions", server.workspace());
    let _ = server.http().post(&path, &json!(rights)).await.expect(201);
    http
}

/// One request with a token that is a secret, to the server itself.
fn document(server: &TestServer, token: Option<&str>) -> Value {
    let host = server.address().to_string();
    let mut variable = json!({ "name": "token", "private": true, "enabled": true });
    if let Some(token) = token {
        variable["value"] = json!(token);
    }
    json!({
        "version": 6,
        "entities": [{ "entity": {
            "type": "Request", "id": "r", "name": "Who", "method": { "name": "GET" },
            "uri": { "scheme": { "name": "http" }, "host": host, "path": "/stoker/v1/tester/projects" },
            "headers": [{ "name": "Authorization", "value": "Bearer ${token}", "enabled": true }],
            "body": { "bodyType": "Text" },
        } }],
        "environments": [{ "id": "e", "name": "Here", "variables": { "v": variable } }],
    })
}

/// Ada's project, which is hers alone.
async fn made(server: &TestServer, ada: &Http, token: &str) -> String {
    let project = id(&ada.post(PROJECTS, &json!({ "name": "Shop" })).await.expect(201).json());
    let body = json!({ "version": 1, "name": "Shop", "document": document(server, Some(token)) });
    let _ = ada.put(&format!("{PROJECTS}/{project}"), &body).await.expect(200);
    project
}

fn named<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    list["items"].as_array().expect("items").iter().find(|one| one["name"] == name)
}

/// Outcome of the request, after a run of everything.
async fn run(http: &Http, project: &str) -> Value {
    let begun = http.post(&format!("{PROJECTS}/{project}/runs"), &json!({ "environmentId": "e" })).await.expect(201);
    http.get(&format!("{RUNS}/{}?waitSeconds=20", id(&begun.json()))).await.expect(200).json()
}

both! {
    async fn a_shared_project_is_read_by_members_and_changed_by_authors(server: TestServer) {
        let (person, ada) = server.person("ada", &[]).await;
        let token = server.token_of(&person).await;
        let rights = format!("/security/workspaces/{}/users/{person}/permissions", server.workspace());
        let project = made(&server, &ada, &token).await;
        let (path, place) = (format!("{PROJECTS}/{project}"), format!("{PROJECTS}/{project}/workspace"));
        let eve = member(&server, "eve", &["AUTHOR", "VIEW"]).await;
        let vic = member(&server, "vic", &["VIEW"]).await;
        let (_, out) = server.person("out", &[]).await;
        let share = json!({ "version": 2, "workspaceId": server.workspace() });

        // Who may not author in a workspace puts nothing there; the version counts; others know nothing of it.
        let _ = ada.put(&place, &share).await.expect(403);
        let _ = server.http().post(&rights, &json!(["AUTHOR"])).await.expect(201);
        for version in [1, 3] {
            let body = json!({ "version": version, "workspaceId": server.workspace() });
            let _ = ada.put(&place, &body).await.expect(409);
        }
        let _ = eve.put(&place, &share).await.expect(404);
        let _ = ada.put(&place, &json!({ "version": 2, "workspaceId": "0".repeat(24) })).await.expect(400);
        let shared = ada.put(&place, &share).await.expect(200).json();
        assert_eq!((&shared["version"], &shared["secrets"]), (&json!(3), &json!(["v"])));
        assert_eq!(shared["workspaceId"], server.workspace());

        for (http, may_change) in [(&ada, true), (&eve, true), (&vic, false)] {
            let seen = http.get(PROJECTS).await.expect(200).json();
            let line = named(&seen, "Shop").expect("the project");
            assert_eq!((&line["mayChange"], &line["workspaceId"]), (&json!(may_change), &json!(server.workspace())));
            assert_eq!(http.get(&path).await.expect(200).json()["mayChange"], may_change);
        }
        // Nobody of another workspace: not known, whatever is asked.
        assert_eq!(named(&out.get(PROJECTS).await.expect(200).json(), "Shop"), None);
        let body = |version: i64, name: &str| json!({ "version": version, "name": name, "document": document(&server, None) });
        let calls = [
            (Method::GET, String::new(), None),
            (Method::PUT, String::new(), Some(body(3, "Taken"))),
            (Method::DELETE, String::new(), None),
            (Method::GET, "/export".to_owned(), None),
            (Method::POST, "/preview".to_owned(), Some(json!({ "text": "x" }))),
            (Method::POST, "/code".to_owned(), Some(json!({ "requestId": "r", "language": "curl" }))),
            (Method::POST, "/checks".to_owned(), Some(json!({ "request": { "type": "Request", "id": "r", "name": "r" } }))),
            (Method::POST, "/runs".to_owned(), Some(json!({}))),
            (Method::PUT, "/workspace".to_owned(), Some(json!({ "version": 3 }))),
            (Method::PUT, "/secrets".to_owned(), Some(json!({ "values": [] }))),
        ];
        for (method, end, body) in calls {
            let sent = format!("{path}{end}");
            let text = body.map(|body| body.to_string().into_bytes());
            let headers: &[(&str, &str)] = if text.is_some() { &[("content-type", "application/json")] } else { &[] };
            let _ = out.send(method, &sent, headers, text).await.expect(404);
        }

        // Reading and running need any right; changing needs AUTHOR; moving and deleting need the owner.
        let _ = vic.get(&format!("{path}/export")).await.expect(200);
        let refused = vic.put(&path, &body(3, "Vic's")).await.expect(403);
        assert!(refused.text().contains("AUTHOR"), "{}", refused.text());
        let _ = eve.put(&path, &body(2, "Late")).await.expect(409);
        assert_eq!(eve.put(&path, &body(3, "Shop")).await.expect(200).json()["version"], 4);
        for http in [&eve, &vic] {
            let _ = http.delete(&path).await.expect(403);
            let _ = http.put(&place, &json!({ "version": 4 })).await.expect(403);
        }
        assert_eq!(ada.get(&path).await.expect(200).json()["version"], 4);

        // Taken back, it is hers alone, with her secret in it.
        let back = ada.put(&place, &json!({ "version": 4 })).await.expect(200).json();
        assert_eq!((&back["secrets"], back.get("workspaceId")), (&json!(["v"]), None));
        let _ = eve.get(&path).await.expect(404);
        assert_eq!(run(&ada, &project).await["outcome"], "Ok");
        assert_eq!(count(&server, "SELECT count(*) FROM tester_own").await, 0);
    }

    async fn secrets_and_responses_of_a_shared_project_stay_with_each_person(server: TestServer) {
        let (person, ada) = server.person("ada", &[]).await;
        let token = server.token_of(&person).await;
        let rights = format!("/security/workspaces/{}/users/{person}/permissions", server.workspace());
        let _ = server.http().post(&rights, &json!(["AUTHOR", "VIEW"])).await.expect(201);
        let vic = member(&server, "vic", &["VIEW"]).await;
        let project = made(&server, &ada, &token).await;
        let path = format!("{PROJECTS}/{project}");
        assert_eq!(run(&ada, &project).await["outcome"], "Ok");
        let share = json!({ "version": 2, "workspaceId": server.workspace() });
        let _ = ada.put(&format!("{path}/workspace"), &share).await.expect(200);

        // Ada's token and what she was answered are hers: Vic's run has neither.
        let seen = vic.get(&path).await.expect(200);
        assert_eq!(seen.json()["secrets"], json!([]));
        assert_eq!(said(&ada, &path).await["value"], "200");
        assert!(said(&vic, &path).await["problem"].is_object());
        let without = run(&vic, &project).await;
        assert_eq!(without["outcome"], "Error", "{without}");
        assert!(without["problem"].as_str().is_some_and(|text| text.contains("token")), "{without}");

        // With a wrong value of his own it is his request that is refused, and hers goes on.
        let wrong = json!({ "values": [{ "environmentId": "e", "variableId": "v", "value": "not-a-token" }] });
        let kept = vic.put(&format!("{path}/secrets"), &wrong).await.expect(200).json();
        assert_eq!(kept["secrets"], json!(["v"]));
        assert_eq!(run(&vic, &project).await["outcome"], "Failure");
        assert_eq!(run(&ada, &project).await["outcome"], "Ok");
        let odd = json!({ "values": [{ "environmentId": "e", "variableId": "none", "value": "x" }] });
        let _ = vic.put(&format!("{path}/secrets"), &odd).await.expect(400);
        // An author who writes the project without the value keeps it.
        let body = json!({ "version": 3, "name": "Shop", "document": document(&server, None) });
        let _ = ada.put(&path, &body).await.expect(200);
        assert_eq!(run(&ada, &project).await["outcome"], "Ok");
        let whole = server.store.read::<_, stoker_store::StoreError, _>(|tx| {
            let rows = tx.query("SELECT document, responses FROM tester_projects", &[])?;
            rows.iter().map(|row| Ok((row.text(0)?, row.opt_text(1)?))).collect::<Result<Vec<_>, _>>()
        });
        assert!(whole.await.expect("rows").iter().all(|(_, responses)| responses.is_none()));

        // It outlives the workspace as its owner's alone, with her secret.
        let gone = server.store.write::<_, stoker_store::StoreError, _>({
            let workspace = stoker_domain::ids::WorkspaceId::trusted(server.workspace());
            move |tx| stoker_store::workspaces::delete(tx, &workspace)
        });
        let _ = gone.await.expect("the workspace goes");
        let alone = ada.get(&path).await.expect(200).json();
        assert_eq!((&alone["secrets"], alone.get("workspaceId")), (&json!(["v"]), None));
        assert_eq!(run(&ada, &project).await["outcome"], "Ok");
        let _ = vic.get(&path).await.expect(404);
    }

    async fn runs_of_others_end_when_the_project_leaves(server: TestServer) {
        let (person, ada) = server.person("ada", &[]).await;
        let rights = format!("/security/workspaces/{}/users/{person}/permissions", server.workspace());
        let _ = server.http().post(&rights, &json!(["AUTHOR", "VIEW"])).await.expect(201);
        let vic = member(&server, "vic", &["VIEW"]).await;
        let project = id(&ada.post(PROJECTS, &json!({ "name": "Slow" })).await.expect(201).json());
        let (path, place) = (format!("{PROJECTS}/{project}"), format!("{PROJECTS}/{project}/workspace"));
        let mut slow = document(&server, None);
        slow["entities"][0]["entity"]["headers"] = json!([]);
        slow["entities"][0]["entity"]["uri"]["path"] = json!("/health/ready");
        slow["entities"][0]["entity"]["stoker"] = json!({ "until": {
            "holds": { "value": "a", "is": "Equals", "to": "b" }, "at_most": 100, "pause_ms": 3000 } });
        let _ = ada.put(&path, &json!({ "version": 1, "name": "Slow", "document": slow })).await.expect(200);
        let _ = ada.put(&place, &json!({ "version": 2, "workspaceId": server.workspace() })).await.expect(200);
        let start = async |http: &Http| id(&http.post(&format!("{path}/runs"), &json!({})).await.expect(201).json());
        let (hers, his) = (start(&ada).await, start(&vic).await);
        // Nobody sees or ends the run of somebody else, the owner of the project neither.
        let _ = ada.get(&format!("{RUNS}/{his}")).await.expect(404);
        let _ = ada.post(&format!("{RUNS}/{his}/cancel"), &json!({})).await.expect(404);

        let _ = ada.put(&place, &json!({ "version": 3 })).await.expect(200);
        let ended = vic.get(&format!("{RUNS}/{his}?waitSeconds=20")).await.expect(200).json();
        assert_eq!(ended["state"], "cancelled", "{ended}");
        assert!(ended["problem"].as_str().is_some_and(|text| text.contains("left the workspace")), "{ended}");
        assert_eq!(ada.get(&format!("{RUNS}/{hers}")).await.expect(200).json()["state"], "running");
        assert_eq!(count(&server, "SELECT count(*) FROM tester_own").await, 0);
        let _ = ada.post(&format!("{RUNS}/{hers}/cancel"), &json!({})).await.expect(204);
        let _ = ada.get(&format!("{RUNS}/{hers}?waitSeconds=20")).await.expect(200);
    }

    async fn a_shared_project_outlives_its_owner(server: TestServer) {
        let (person, ada) = server.person("ada", &[]).await;
        let token = server.token_of(&person).await;
        let root = server.http();
        let space = json!({ "name": "Tests", "environmentId": server.environment() });
        let space = id(&root.post("/orchestration/workspaces", &space).await.expect(201).json());
        let grant = async |person: &str, rights: &[&str]| {
            let path = format!("/security/workspaces/{space}/users/{person}/permissions");
            let _ = root.post(&path, &json!(rights)).await.expect(201);
        };
        grant(&person, &["AUTHOR", "VIEW"]).await;
        let (eve_id, eve) = server.person("eve", &[]).await;
        grant(&eve_id, &["AUTHOR", "VIEW"]).await;
        let (vic_id, vic) = server.person("vic", &[]).await;
        grant(&vic_id, &["VIEW"]).await;
        let project = made(&server, &ada, &token).await;
        let (path, place) = (format!("{PROJECTS}/{project}"), format!("{PROJECTS}/{project}/workspace"));
        let _ = ada.put(&place, &json!({ "version": 2, "workspaceId": space })).await.expect(200);
        let own = json!({ "values": [{ "environmentId": "e", "variableId": "v", "value": "eves" }] });
        let _ = eve.put(&format!("{path}/secrets"), &own).await.expect(200);
        assert_eq!(run(&ada, &project).await["outcome"], "Ok");

        let _ = root.delete(&format!("/account/users/{person}")).await.expect(204);
        // What was hers alone is gone, what is theirs is there.
        assert_eq!(count(&server, "SELECT count(*) FROM tester_own").await, 1);
        assert_eq!(eve.get(&path).await.expect(200).json()["secrets"], json!(["v"]));
        let seen = vic.get(&path).await.expect(200).json();
        assert_eq!((&seen["own"], &seen["mayChange"]), (&json!(false), &json!(false)));
        let _ = vic.put(&place, &json!({ "version": 3 })).await.expect(403);
        let _ = vic.delete(&path).await.expect(403);
        // The workspace does not go and take it along.
        let kept = root.delete(&format!("/orchestration/workspaces/{space}")).await.expect(409);
        assert!(kept.text().contains("API tests"), "{}", kept.text());
        // An author takes it over.
        assert_eq!(named(&eve.get(PROJECTS).await.expect(200).json(), "Shop").expect("the project")["own"], true);
        let taken = eve.put(&place, &json!({ "version": 3 })).await.expect(200).json();
        assert_eq!((&taken["own"], &taken["secrets"], taken.get("workspaceId")), (&json!(true), &json!(["v"]), None));
        let _ = vic.get(&path).await.expect(404);
        let _ = root.delete(&format!("/orchestration/workspaces/{space}")).await.expect(204);
        assert_eq!(eve.get(&path).await.expect(200).json()["own"], true);
    }

    async fn no_value_is_lost_between_two_windows(server: TestServer) {
        let (person, ada) = server.person("ada", &[]).await;
        let rights = format!("/security/workspaces/{}/users/{person}/permissions", server.workspace());
        let _ = server.http().post(&rights, &json!(["AUTHOR"])).await.expect(201);
        let project = made(&server, &ada, "first-canary-value").await;
        let path = format!("{PROJECTS}/{project}");
        let share = json!({ "version": 2, "workspaceId": server.workspace() });
        let _ = ada.put(&format!("{path}/workspace"), &share).await.expect(200);
        let value = |value: &str| json!({ "values": [{ "environmentId": "e", "variableId": "v", "value": value }] });
        // Two calls at once: each is kept whole or refused, and the last one that was kept is what stands.
        let put = async |text: &str| ada.put(&format!("{path}/secrets"), &value(text)).await.status;
        let (one, other) = tokio::join!(put("second-canary-value"), put("third-canary-value"));
        assert!([one, other].iter().all(|status| [200, 409].contains(status)) && [one, other].contains(&200));
        // What was read before another value came is refused.
        let token = server.token_of(&person).await;
        let actor = server.service.authenticate(&token, "x").await.expect("a good token");
        let known = TestProjectId::trusted(project.clone());
        let read = server.service.test_project(&actor, &known).await.expect("the project");
        assert_eq!(put("fourth-canary-value").await, 200);
        let late = server.service.keep_test_secrets(&actor, &known, read.secrets, "[]".to_owned()).await;
        assert!(late.is_err_and(|error| format!("{error:?}").contains("changed meanwhile")));
        assert_eq!(ada.get(&path).await.expect(200).json()["secrets"], json!(["v"]));
        // No value stands anywhere in plain.
        let found = server.store.read(|tx| stoker_store::data_keys::mentions(tx, "canary-value")).await.expect("search");
        assert_eq!(found, []);
        let _ = ada.put(&format!("{path}/secrets"), &json!({ "values": [{ "environmentId": "e", "variableId": "v" }] })).await.expect(200);
        assert_eq!(ada.get(&path).await.expect(200).json()["secrets"], json!([]));
        let many: Vec<Value> = (0..1001).map(|_| json!({ "environmentId": "e", "variableId": "v" })).collect();
        let _ = ada.put(&format!("{path}/secrets"), &json!({ "values": many })).await.expect(400);
    }
}

async fn count(server: &TestServer, sql: &'static str) -> i64 {
    let counted = server.store.read::<_, stoker_store::StoreError, _>(move |tx| tx.query_int(sql, &[])).await;
    counted.expect("count")
}

/// What an expression for the latest status becomes for somebody.
async fn said(http: &Http, path: &str) -> Value {
    let asked = json!({ "text": "${\"Who\".\"response\".\"status\".\"code\"}" });
    http.post(&format!("{path}/preview"), &asked).await.expect(200).json()
}
