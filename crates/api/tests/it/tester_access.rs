//! Test runs of people whose access ends meanwhile.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stoker_testkit::http::{Http, Method};

use crate::support::{TestServer, both, id};

const PROJECTS: &str = "/stoker/v1/tester/projects";
const RUNS: &str = "/stoker/v1/tester/runs";
/// A second, and patience with a machine that is busy.
const SOON: Duration = Duration::from_secs(5);

/// A project whose only request is repeated for minutes.
async fn slow(server: &TestServer, http: &Http) -> String {
    let project = id(&http.post(PROJECTS, &json!({ "name": "Slow" })).await.expect(201).json());
    let until = json!({ "holds": { "value": "a", "is": "Equals", "to": "b" }, "at_most": 100, "pause_ms": 3000 });
    let request = json!({ "entity": {
        "type": "Request", "id": "r", "name": "Slow", "method": { "name": "GET" },
        "uri": { "scheme": { "name": "http" }, "host": server.address().to_string(), "path": "/health/ready" },
        "headers": [], "body": { "bodyType": "Text" }, "stoker": { "until": until },
    } });
    let document = json!({ "version": 6, "entities": [request] });
    let body = json!({ "version": 1, "name": "Slow", "document": document });
    let _ = http.put(&format!("{PROJECTS}/{project}"), &body).await.expect(200);
    project
}

async fn start(http: &Http, project: &str) -> String {
    id(&http.post(&format!("{PROJECTS}/{project}/runs"), &json!({})).await.expect(201).json())
}

/// State and problem of a run, from the database: nobody may be left who could ask.
async fn row(server: &TestServer, run: &str) -> (String, String) {
    let run = run.to_owned();
    let sql = "SELECT state, COALESCE(problem, '') FROM tester_runs WHERE id = $1";
    let read = server.store.read::<_, stoker_store::StoreError, _>(move |tx| {
        let row = tx.query_opt(sql, &[run.into()])?.expect("the run");
        Ok((row.text(0)?, row.text(1)?))
    });
    read.await.expect("read")
}

/// Waits for the end of a run that lost something; why it ended.
async fn stopped(server: &TestServer, run: &str) -> String {
    let since = Instant::now();
    loop {
        let (state, problem) = row(server, run).await;
        if state != "running" {
            assert_eq!(state, "cancelled", "{problem}");
            return problem;
        }
        assert!(since.elapsed() < SOON, "the run goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

both! {
    async fn a_run_stops_when_the_right_on_its_project_ends(server: TestServer) {
        let (person, ada) = server.person("ada", &[]).await;
        let (viewer, vic) = server.person("vic", &[]).await;
        let root = server.http();
        let rights = |who: &str| format!("/security/workspaces/{}/users/{who}/permissions", server.workspace());
        let _ = root.post(&rights(&person), &json!(["AUTHOR", "VIEW"])).await.expect(201);
        let _ = root.post(&rights(&viewer), &json!(["VIEW"])).await.expect(201);
        let project = slow(&server, &ada).await;
        let share = json!({ "version": 2, "workspaceId": server.workspace() });
        let _ = ada.put(&format!("{PROJECTS}/{project}/workspace"), &share).await.expect(200);
        let (hers, his) = (start(&ada, &project).await, start(&vic, &project).await);
        let _ = root.delete(&rights(&viewer)).await.expect(204);
        let why = stopped(&server, &his).await;
        assert!(why.contains("no right on its project"), "{why}");
        assert_eq!(row(&server, &hers).await.0, "running");
        let _ = ada.post(&format!("{RUNS}/{hers}/cancel"), &json!({})).await.expect(204);
        assert_eq!(stopped(&server, &hers).await, "");
    }

    async fn a_run_stops_with_the_token_the_session_and_the_account_that_began_it(server: TestServer) {
        let (person, ada) = server.person("ada", &["TMC_SERVICE_ACCOUNT_MANAGEMENT"]).await;
        let project = slow(&server, &ada).await;
        // A further token, revoked.
        let made = ada.post("/stoker/v1/me/tokens", &json!({ "name": "laptop" })).await.expect(201).json();
        let laptop = server.anonymous().with_token(made["token"].as_str().expect("a token"));
        let (by_laptop, by_other) = (start(&laptop, &project).await, start(&ada, &project).await);
        let _ = ada.delete(&format!("/stoker/v1/me/tokens/{}", id(&made))).await.expect(204);
        let why = stopped(&server, &by_laptop).await;
        assert!(why.contains("session or token that started the run"), "{why}");
        // A browser that signs out.
        let token = server.token_of(&person).await;
        let answer = server.anonymous().post("/stoker/v1/session", &json!({ "token": token })).await.expect(201);
        let cookie = answer.header("set-cookie").and_then(|text| text.split(';').next()).expect("a cookie").to_owned();
        let csrf = answer.json()["csrfToken"].as_str().expect("a token").to_owned();
        let call = async |method: Method, path: &str, body: Option<Value>| {
            let headers = [("cookie", cookie.as_str()), ("x-csrf-token", &csrf), ("content-type", "application/json")];
            let body = body.map(|body| body.to_string().into_bytes());
            server.anonymous().send(method, path, &headers, body).await
        };
        let path = format!("{PROJECTS}/{project}/runs");
        let by_browser = id(&call(Method::POST, &path, Some(json!({}))).await.expect(201).json());
        assert_eq!(row(&server, &by_browser).await.0, "running");
        let _ = call(Method::DELETE, "/stoker/v1/session", None).await.expect(204);
        let _ = stopped(&server, &by_browser).await;
        assert_eq!(row(&server, &by_other).await.0, "running", "another token is none of these");
        // The account itself, made inactive.
        let body = json!({ "login": "ada", "email": "a@b.c", "firstName": "A", "lastName": "B", "active": false });
        let answer = server.http().put(&format!("/account/users/{person}"), &body).await;
        assert!((200..300).contains(&answer.status), "{}", answer.text());
        let _ = stopped(&server, &by_other).await;
    }
}
