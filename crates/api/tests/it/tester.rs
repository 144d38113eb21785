//! The API tester of the console: projects, previews and runs against the server itself.

use serde_json::{Value, json};
use stoker_testkit::http::{Http, Method};

use crate::support::{TestServer, both, id};

const PROJECTS: &str = "/stoker/v1/tester/projects";
const RUNS: &str = "/stoker/v1/tester/runs";
const CANARY: &str = "canary-4711-secret";

/// Fills in the caller's own project, a request in it and a run of it; ids that nobody has when it may have none.
pub(crate) async fn with_own(http: &Http, text: String) -> String {
    let (no_project, no_run) = ("0".repeat(24), "00000000-0000-4000-8000-000000000000");
    let listed = http.get(PROJECTS).await;
    if listed.status != 200 {
        return text
            .replace("@own-testproject", &no_project)
            .replace("@own-testrequest", "none")
            .replace("@own-testrun", no_run);
    }
    let known = listed.json()["items"].as_array().expect("items").iter().find(|one| one["name"] == "own-test").map(id);
    let project = match known {
        Some(project) => project,
        None => {
            let body = json!({ "name": "own-test", "text": "curl http://127.0.0.1:1/" });
            id(&http.post("/stoker/v1/tester/imports", &body).await.expect(201).json())
        }
    };
    let found = http.get(&format!("{PROJECTS}/{project}")).await.expect(200).json();
    let request = found["document"]["entities"][0]["entity"]["id"].as_str().expect("the request").to_owned();
    let mut text = text.replace("@own-testproject", &project).replace("@own-testrequest", &request);
    if text.contains("@own-testrun") {
        let run = id(&http.post(&format!("{PROJECTS}/{project}/runs"), &json!({})).await.expect(201).json());
        ended(http, &run).await;
        text = text.replace("@own-testrun", &run);
    }
    text
}

/// Waits for the end of a run.
async fn ended(http: &Http, run: &str) -> Value {
    let now = http.get(&format!("{RUNS}/{run}?waitSeconds=20")).await.expect(200).json();
    assert_ne!(now["state"], "running", "the run does not end: {now}");
    now
}

fn request(id: &str, name: &str, url: (&str, &str), more: &Value) -> Value {
    let mut entity = json!({
        "type": "Request", "id": id, "name": name, "method": { "name": "GET" },
        "uri": { "scheme": { "name": "http" }, "host": url.0, "path": url.1 },
        "headers": [{ "name": "Authorization", "value": "Bearer ${token}", "enabled": true }],
        "body": { "bodyType": "Text" },
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        entity[name] = value.clone();
    }
    json!({ "entity": entity })
}

/// A scenario of two requests: the second uses the answer of the first.
fn document(server: &TestServer, wanted: &str, token: Option<&str>) -> Value {
    let base = server.address().to_string();
    let status =
        |value: &str| json!({ "subject": "ResponseStatus", "path": "code", "comparison": "Equals", "value": value });
    let first = request("r1", "Who", (&base, "/stoker/v1/tester/projects"), &json!({ "assertions": [status(wanted)] }));
    let again = "/stoker/v1/tester/projects/${\"Shop\".\"Walk\".\"Who\".\"response\".\"body\".\"items\".\"0\".\"id\"}";
    let second = request("r2", "Again", (&base, again), &json!({ "assertions": [status("200")] }));
    let mut variable =
        json!({ "name": "token", "enabled": true, "private": true, "createdAt": "2026-01-01T00:00:00Z" });
    if let Some(token) = token {
        variable["value"] = json!(token);
    }
    json!({
        "version": 6,
        "entities": [{ "entity": { "type": "Project", "id": "p", "name": "Shop" }, "children": [
            { "entity": { "type": "Scenario", "id": "s", "name": "Walk" }, "children": [first, second] }] }],
        "environments": [{ "id": "e", "name": "here", "variables": { "v": variable } }],
    })
}

async fn made(server: &TestServer, http: &Http, token: Option<&str>) -> String {
    let project = id(&http.post(PROJECTS, &json!({ "name": "Shop" })).await.expect(201).json());
    let body = json!({ "version": 1, "name": "Shop", "document": document(server, "200", token) });
    let kept = http.put(&format!("{PROJECTS}/{project}"), &body).await.expect(200).json();
    assert_eq!((&kept["version"], &kept["requests"], &kept["secrets"]), (&json!(2), &json!(2), &json!(["v"])));
    project
}

both! {
    async fn a_project_is_its_owners_alone_and_no_change_is_lost(server: TestServer) {
        let (person, ada) = server.person("ada", &[]).await;
        let project = made(&server, &ada, Some(CANARY)).await;
        let path = format!("{PROJECTS}/{project}");
        let late = json!({ "version": 1, "name": "Late", "document": { "version": 6, "entities": [] } });
        let refused = ada.put(&path, &late).await.expect(409);
        assert!(refused.text().contains("version: 1 was replaced by 2"), "{}", refused.text());
        assert_eq!(ada.get(&path).await.expect(200).json()["name"], "Shop");
        // Nobody else has it, the administrator neither.
        for method in [Method::GET, Method::DELETE] {
            let _ = server.http().send(method, &path, &[], None).await.expect(404);
        }
        let _ = server.http().post(&format!("{path}/runs"), &json!({})).await.expect(404);
        assert_eq!(server.http().get(PROJECTS).await.expect(200).json()["items"], json!([]));
        let _ = ada.delete(&path).await.expect(204);
        let _ = ada.get(&path).await.expect(404);
        let project = made(&server, &ada, None.or(Some(CANARY))).await;
        let _ = ada.get(&format!("{PROJECTS}/{project}")).await.expect(200);
        // They go with the person.
        let _ = server.http().delete(&format!("/account/users/{person}")).await.expect(204);
        let left = server.store.read::<_, stoker_store::StoreError, _>(|tx| {
            tx.query_int("SELECT count(*) FROM tester_projects", &[])
        });
        assert_eq!(left.await.expect("count"), 0);
    }

    async fn a_secret_is_used_kept_and_never_told(server: TestServer) {
        let (person, ada) = server.person("ada", &[]).await;
        let token = server.token_of(&person).await;
        let project = made(&server, &ada, Some(&token)).await;
        let path = format!("{PROJECTS}/{project}");
        let mut told = ada.get(&path).await.expect(200).text();
        // It is kept when the document comes back without it.
        let body = json!({ "version": 2, "name": "Shop", "document": document(&server, "200", None) });
        told += &ada.put(&path, &body).await.expect(200).text();
        let start = json!({ "environmentId": "e" });
        let run = id(&ada.post(&format!("{path}/runs"), &start).await.expect(201).json());
        let run = ended(&ada, &run).await;
        assert_eq!((&run["state"], &run["outcome"]), (&json!("finished"), &json!("Ok")), "{run}");
        assert!(run.to_string().contains("Bearer •••"), "{run}");
        told += &run.to_string();
        for (call, body) in [
            ("preview", json!({ "text": "x ${token} ${token.base64()} ${token.md5()}", "environmentId": "e", "at": 4 })),
            ("code", json!({ "requestId": "r1", "environmentId": "e", "language": "curl" })),
        ] {
            told += &ada.post(&format!("{path}/{call}"), &body).await.expect(200).text();
        }
        for format in ["v3", "v6"] {
            told += &ada.get(&format!("{path}/export?format={format}")).await.expect(200).text();
        }
        let own = ada.get(&format!("{path}/export?format=own")).await.expect(200);
        assert!(own.body.starts_with(b"PK"));
        server.reconcile().await;
        told += &server.http().get("/stoker/v1/audit-events").await.expect(200).text();
        for event in server.http().get("/stoker/v1/audit-events").await.expect(200).json()["items"].as_array().expect("items") {
            told += &server.http().get(&format!("/stoker/v1/audit-events/{}", id(event))).await.expect(200).text();
        }
        assert!(!told.contains(&token), "a secret is told");
        // Nor is it anywhere in the database, where also the answers of runs are sealed.
        let sought = token.clone();
        let found = server.store.read(move |tx| stoker_store::data_keys::mentions(tx, &sought)).await.expect("search");
        assert_eq!(found, []);
        let found = server.store.read(|tx| stoker_store::data_keys::mentions(tx, "Bearer")).await.expect("search");
        assert_eq!(found, []);
        // A variable that is made public gives up its value.
        let mut open = document(&server, "200", None);
        open["environments"][0]["variables"]["v"]["private"] = json!(false);
        let kept = ada.put(&path, &json!({ "version": 3, "name": "Shop", "document": open })).await.expect(200).json();
        assert_eq!(kept["secrets"], json!([]));
        assert!(!ada.get(&path).await.expect(200).text().contains(&token));
    }

    async fn a_failure_says_what_was_there_and_a_scenario_stops_at_it(server: TestServer) {
        let (person, ada) = server.person("ada", &[]).await;
        let project = made(&server, &ada, Some(&server.token_of(&person).await)).await;
        let path = format!("{PROJECTS}/{project}");
        let body = json!({ "version": 2, "name": "Shop", "document": document(&server, "201", None) });
        let _ = ada.put(&path, &body).await.expect(200);
        let start = json!({ "targetId": "s", "environmentId": "e" });
        let run = ended(&ada, &id(&ada.post(&format!("{path}/runs"), &start).await.expect(201).json())).await;
        assert_eq!((&run["outcome"], &run["bad"], &run["targetName"]), (&json!("Failure"), &json!(1), &json!("Walk")));
        let items = run["report"]["items"].as_array().expect("items");
        assert_eq!(items[0]["request"]["checks"][0]["message"], "expected Equals `201`, received `200`");
        assert_eq!(items[1]["request"]["outcome"], "Skipped");
        // The single second request then uses the answer that is kept of the first.
        let start = json!({ "targetId": "r2", "environmentId": "e" });
        let run = ended(&ada, &id(&ada.post(&format!("{path}/runs"), &start).await.expect(201).json())).await;
        assert_eq!(run["outcome"], "Ok", "{run}");
        let text = "${\"Shop\".\"Walk\".\"Who\".\"response\".\"body\".\"items\".\"0\".\"id\"}";
        let seen = ada.post(&format!("{path}/preview"), &json!({ "text": text })).await.expect(200).json();
        assert_eq!(seen["value"], project.as_str());
        let wrong = json!({ "text": "${\"Shop\".\"Wlak\"}", "at": 12 });
        let seen = ada.post(&format!("{path}/preview"), &wrong).await.expect(200).json();
        assert_eq!((&seen["problem"]["suggestion"], &seen["problem"]["column"]), (&json!("Walk"), &json!(10)), "{seen}");
        assert_eq!(seen["completion"], json!({ "from": 9, "candidates": [] }));
        let runs = ada.get(&format!("{RUNS}?projectId={project}")).await.expect(200).json();
        assert_eq!(runs["items"].as_array().expect("items").len(), 2);
        assert_eq!(server.http().get(RUNS).await.expect(200).json()["items"], json!([]));
    }

    async fn what_is_typed_and_not_kept_is_previewed_judged_and_made_into_code(server: TestServer) {
        let (person, ada) = server.person("ada", &[]).await;
        let project = made(&server, &ada, Some(&server.token_of(&person).await)).await;
        let path = format!("{PROJECTS}/{project}");
        let base = server.address().to_string();
        let typed = json!([{ "name": "word", "value": "new" }, { "name": "token", "value": "•••" }]);
        let check = |subject: &str, path: &str, is: &str, value: &str| {
            json!({ "subject": subject, "path": path, "comparison": is, "value": value, "enabled": false })
        };
        let assertions = json!([
            check("ResponseStatus", "code", "Equals", "200"),
            check("ResponseJsonBody", "$.items[0].name", "Equals", "${word}"),
            check("ResponseJsonBody", "$.itms", "Exists", ""),
            check("ResponseJsonBody", "$.items[0].name", "Equals", "${word.uper()}"),
        ]);
        let extract = json!([
            { "name": "id", "subject": "ResponseJsonBody", "path": "$.items[0].id" },
            { "name": "no", "subject": "ResponseJsonBody", "path": "$.items[0].no" },
        ]);
        let more = json!({ "assertions": assertions, "stoker": { "extract": extract } });
        let request = request("r1", "Who", (&base, "/${word}"), &more)["entity"].clone();
        let asked = json!({ "request": request, "environmentId": "not kept", "variables": typed });
        let judge = format!("{path}/checks");
        // Nothing came back yet.
        let said = ada.post(&judge, &asked).await.expect(200).json();
        assert_eq!(said, json!({ "known": false, "checks": [], "extracted": [] }));
        let start = json!({ "targetId": "r1", "environmentId": "e" });
        let run = ended(&ada, &id(&ada.post(&format!("{path}/runs"), &start).await.expect(201).json())).await;
        assert_eq!(run["outcome"], "Ok", "{run}");
        let said = ada.post(&judge, &asked).await.expect(200).json();
        let outcomes: Vec<_> = said["checks"].as_array().expect("checks").iter().map(|one| &one["outcome"]).collect();
        assert_eq!(outcomes, ["Ok", "Failure", "Failure", "Error"], "{said}");
        assert_eq!(said["checks"][1]["message"], "expected Equals `new`, received `Shop`");
        assert!(said["checks"][2]["message"].as_str().is_some_and(|text| text.contains("items")), "{said}");
        assert!(said["checks"][3]["message"].as_str().is_some_and(|text| text.contains("upper")), "{said}");
        assert_eq!(said["extracted"][0]["value"], project.as_str());
        assert!(said["extracted"][1]["problem"].as_str().is_some_and(|text| text.contains("has no value")), "{said}");
        // A preview and code see the same.
        let text = json!({ "text": "${word}", "variables": typed });
        assert_eq!(ada.post(&format!("{path}/preview"), &text).await.expect(200).json()["value"], "new");
        let code = json!({ "requestId": "r1", "language": "curl", "request": request, "variables": typed });
        let made = ada.post(&format!("{path}/code"), &code).await.expect(200).json();
        assert!(made["text"].as_str().is_some_and(|text| text.contains("/new") && text.contains("•••")), "{made}");
        // None of it was kept, and what is no request is refused.
        let kept = ada.get(&path).await.expect(200).text();
        assert!(!kept.contains("itms") && kept.contains("/stoker/v1/tester/projects"), "{kept}");
        let other = json!({ "request": { "type": "Scenario", "id": "s", "name": "s" } });
        assert!(ada.post(&judge, &other).await.expect(400).text().contains("request: must be"));
        let many = vec![assertions[0].clone(); 1_001];
        let many = json!({ "request": { "type": "Request", "id": "r", "name": "r", "assertions": many } });
        assert!(ada.post(&judge, &many).await.expect(400).text().contains("at most 1000"));
    }

    async fn requests_go_to_this_server_and_nowhere_else(server: TestServer) {
        let http = server.http();
        let port = server.address().port();
        let project = id(&http.post(PROJECTS, &json!({ "name": "Out" })).await.expect(201).json());
        let path = format!("{PROJECTS}/{project}");
        let targets = [
            (format!("localhost:{port}"), "localhost"),
            (format!("0x7f000001:{}", port + 1), "127.0.0.1"),
            (format!("2130706433:{port}1", port = 1), "127.0.0.1"),
            ("[::ffff:127.0.0.1]".to_owned(), "::ffff:7f00:1"),
            ("169.254.169.254".to_owned(), "169.254.169.254"),
            ("0177.0.0.1".to_owned(), "127.0.0.1"),
            ("example.org".to_owned(), "example.org"),
        ];
        let requests: Vec<Value> = targets.iter().enumerate().map(|(at, (host, _))| {
            request(&format!("r{at}"), &format!("{at}"), (host, "/health/ready"), &json!({ "headers": [] }))
        }).collect();
        let document = json!({ "version": 6, "entities": requests });
        let _ = http.put(&path, &json!({ "version": 1, "name": "Out", "document": document })).await.expect(200);
        let run = ended(http, &id(&http.post(&format!("{path}/runs"), &json!({})).await.expect(201).json())).await;
        assert_eq!((&run["outcome"], &run["bad"]), (&json!("Error"), &json!(targets.len())), "{run}");
        for (item, (_, named)) in run["report"]["items"].as_array().expect("items").iter().zip(&targets) {
            let problem = item["request"]["problem"].as_str().expect("a problem");
            assert!(problem.contains(named) && problem.contains("is no allowed target"), "{problem}");
            assert!(problem.contains("testerTargets") && problem.contains(&server.address().to_string()), "{problem}");
        }
    }

    async fn a_preview_names_what_only_a_run_has(server: TestServer) {
        let http = server.http();
        let project = id(&http.post(PROJECTS, &json!({ "name": "Flow" })).await.expect(201).json());
        let path = format!("{PROJECTS}/{project}");
        let stoker = json!({
            "before": [{ "name": "stamp", "value": "${uuid()}" }], "each": { "in": "${list}", "name": "one" },
            "extract": [{ "name": "token", "subject": "ResponseStatus", "path": "code" }],
        });
        let base = server.address().to_string();
        let made = request("r", "Look", (&base, "/health/${one}"), &json!({ "stoker": stoker, "headers": [] }));
        let data = json!({ "data": { "text": "list,word\n\"[\"\"ready\"\",\"\"live\"\"]\",x\n" } });
        let scenario = json!({ "type": "Scenario", "id": "s", "name": "Rows", "stoker": data });
        let document = json!({ "version": 6, "entities": [{ "entity": scenario, "children": [made] }] });
        let body = json!({ "version": 1, "name": "Flow", "document": document });
        let _ = http.put(&path, &body).await.expect(200);
        let text = json!({ "text": "${stamp} ${token} ${one} ${word} ${other}" });
        let seen = http.post(&format!("{path}/preview"), &text).await.expect(200).json();
        assert_eq!(seen["value"], "‹stamp› ‹token› ‹one› ‹word› other", "{seen}");
        let warnings = seen["warnings"].as_array().expect("warnings");
        assert_eq!(warnings.len(), 5, "{seen}");
        assert!(warnings.iter().any(|one| one.as_str().is_some_and(|one| one.contains("`word` gets its value in a run"))));
        // And in a run they have their values.
        let run = ended(http, &id(&http.post(&format!("{path}/runs"), &json!({})).await.expect(201).json())).await;
        assert_eq!((&run["outcome"], &run["requests"]), (&json!("Ok"), &json!(2)), "{run}");
    }

    async fn what_is_wrong_is_named_and_leaves_nothing(server: TestServer) {
        let http = server.http();
        let project = made(&server, http, Some("x")).await;
        let path = format!("{PROJECTS}/{project}");
        let put = |document: Value| json!({ "version": 2, "name": "Shop", "document": document });
        let entity = |kind: &str| json!({ "entity": { "type": kind, "id": "a", "name": "A" } });
        let mut inside = entity("Scenario");
        inside["children"] = json!([entity("Service")]);
        for (body, word) in [
            (put(json!([])), "document"),
            (put(json!({ "version": 6 })), "document: neither"),
            (put(json!({ "entities": [{}] })), "document: entities[0]"),
            (put(json!({ "entities": [inside] })), "document: entities[0].children[0]: a Service cannot be inside a Scenario"),
            (json!({ "version": 2, "name": " ", "document": { "entities": [] } }), "name"),
            (json!({ "name": "A", "document": { "entities": [] } }), "version"),
            (put(json!({ "entities": [], "padding": "x".repeat(1_100_000) })), "at most 1024 KiB"),
        ] {
            let refused = http.put(&path, &body).await.expect(400);
            assert!(refused.text().contains(word), "{word}: {}", refused.text());
        }
        for (call, body, word) in [
            ("runs", json!({ "targetId": "nobody" }), "targetId"),
            ("runs", json!({ "environmentId": "nobody" }), "environmentId"),
            ("runs", json!({ "target": "r1" }), "target"),
            ("code", json!({ "requestId": "nobody", "language": "curl" }), "requestId"),
            ("code", json!({ "requestId": "r1", "language": "cobol" }), "language"),
            ("preview", json!({}), "text"),
        ] {
            let refused = http.post(&format!("{path}/{call}"), &body).await.expect(400);
            assert!(refused.text().contains(word), "{word}: {}", refused.text());
        }
        for (body, word) in [
            (json!({ "text": "hello" }), "format"),
            (json!({ "text": "{\"version\":6,\"entities\":[x]}" }), "line 1"),
            (json!({ "format": "word", "text": "x" }), "format"),
            (json!({ "format": "har", "text": "{}" }), "text"),
        ] {
            let refused = http.post("/stoker/v1/tester/imports", &body).await.expect(400);
            assert!(refused.text().contains(word), "{word}: {}", refused.text());
        }
        let _ = http.get(&format!("{path}/export?format=v9")).await.expect(400);
        assert_eq!(http.get(&path).await.expect(200).json()["version"], 2);
        assert_eq!(http.get(PROJECTS).await.expect(200).json()["items"].as_array().expect("items").len(), 1);
        assert_eq!(http.get(RUNS).await.expect(200).json()["items"], json!([]));
    }

    async fn a_run_can_be_cancelled_and_few_go_on_at_once(server: TestServer) {
        let http = server.http();
        let project = id(&http.post(PROJECTS, &json!({ "name": "Slow" })).await.expect(201).json());
        let path = format!("{PROJECTS}/{project}");
        let until = json!({ "stoker": { "until": { "holds": { "value": "a", "is": "Equals", "to": "b" }, "at_most": 100, "pause_ms": 3000 } }, "headers": [] });
        let slow = request("r", "Slow", (&server.address().to_string(), "/health/ready"), &until);
        let body = json!({ "version": 1, "name": "Slow", "document": { "version": 6, "entities": [slow] } });
        let _ = http.put(&path, &body).await.expect(200);
        let mut runs = Vec::new();
        for _ in 0..3 {
            runs.push(id(&http.post(&format!("{path}/runs"), &json!({})).await.expect(201).json()));
        }
        let refused = http.post(&format!("{path}/runs"), &json!({})).await.expect(409);
        assert!(refused.text().contains("cancel"), "{}", refused.text());
        for run in &runs {
            let _ = http.post(&format!("{RUNS}/{run}/cancel"), &json!({})).await.expect(204);
        }
        for run in &runs {
            assert_eq!(ended(http, run).await["state"], "cancelled");
        }
        // One that is over stays as it is.
        let _ = http.post(&format!("{RUNS}/{}/cancel", runs[0]), &json!({})).await.expect(204);
        assert_eq!(ended(http, &runs[0]).await["state"], "cancelled");
    }

    async fn a_run_that_computes_for_ever_holds_up_nobody_and_can_be_cancelled(server: TestServer) {
        let http = server.http();
        let project = id(&http.post(PROJECTS, &json!({ "name": "Slow" })).await.expect(201).json());
        let path = format!("{PROJECTS}/{project}");
        // Steps back for ever, and is tried again and again.
        let value = format!("${{\"{}\".matches(\"(?=(a+)+b)\")}}", "a".repeat(60));
        let more = json!({
            "stoker": { "before": [{ "name": "x", "value": value }] }, "headers": [],
            "retryConfiguration": { "retryCount": 100, "intervalInSeconds": 0 },
        });
        let slow = request("r", "Slow", (&server.address().to_string(), "/health/ready"), &more);
        let body = json!({ "version": 1, "name": "Slow", "document": { "version": 6, "entities": [slow] } });
        let _ = http.put(&path, &body).await.expect(200);
        let mut runs = Vec::new();
        for _ in 0..3 {
            runs.push(id(&http.post(&format!("{path}/runs"), &json!({})).await.expect(201).json()));
        }
        // More of them than the server has threads for requests.
        let _ = http.get("/health/ready").await.expect(200);
        for run in &runs {
            let _ = http.post(&format!("{RUNS}/{run}/cancel"), &json!({})).await.expect(204);
        }
        for run in &runs {
            assert_eq!(ended(http, run).await["state"], "cancelled");
        }
        // What is typed is evaluated with less patience.
        let typed = http.post(&format!("{path}/preview"), &json!({ "text": value })).await.expect(200).json();
        let told = typed["problem"]["message"].as_str().expect("a problem");
        assert!(told.contains("(?=(a+)+b)") && told.contains("steps"), "{typed}");
    }

    async fn files_of_other_tools_and_the_sample_are_taken_in(server: TestServer) {
        let http = server.http();
        let import = "/stoker/v1/tester/imports";
        let sample = http.post(import, &json!({ "format": "sample" })).await.expect(201).json();
        assert_eq!(sample["name"], "Procedures");
        let text = http.get(&format!("{PROJECTS}/{}", id(&sample))).await.expect(200).text();
        assert!(text.contains(&format!("http://{}", server.address())), "{text}");
        let core = http.get("/openapi/service-accounts.json").await.expect(200).text();
        let made = http.post(import, &json!({ "text": core })).await.expect(201).json();
        assert!(made["requests"].as_i64().expect("a number") > 3, "{made}");
        let whole = http.get(&format!("{PROJECTS}/{}/export?format=v3", id(&sample))).await.expect(200).text();
        let back = http.post(import, &json!({ "text": whole, "name": "Back" })).await.expect(201).json();
        assert_eq!((&back["requests"], &back["name"]), (&sample["requests"], &json!("Back")));
    }
}
