//! Redirects and names that lead requests of API tests to addresses that are not allowed, through the whole server.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use stoker_domain::ip::IpRange;
use stoker_domain::targets::{Target, Targets};
use stoker_service::Settings;

use crate::support::{Backend, TestServer, id};

const PROJECTS: &str = "/stoker/v1/tester/projects";
const RUNS: &str = "/stoker/v1/tester/runs";

/// A server elsewhere on this machine; counts the calls of `/secret`.
async fn elsewhere(router: Router, secret: &Arc<AtomicUsize>) -> u16 {
    let count = Arc::clone(secret);
    let told = move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::ready("the secret")
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listen");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move { axum::serve(listener, router.route("/secret", get(told))).await });
    port
}

async fn story(backend: Backend) {
    let secret = Arc::new(AtomicUsize::new(0));
    let inner = elsewhere(Router::new(), &secret).await;
    let to = |target: String| get(move || std::future::ready(Redirect::temporary(&target)));
    let outer = Router::new()
        .route("/port", to(format!("http://127.0.0.1:{inner}/secret")))
        .route("/metadata", to("http://169.254.169.254/latest/meta-data/".to_owned()))
        .route("/written", to(format!("http://0x7f.1:{inner}/secret")))
        .route("/socket", to(format!("http://127.0.0.1:{inner}/secret")))
        .route("/self", to("/fine".to_owned()))
        .route("/fine", get("fine"));
    let outer = elsewhere(outer, &secret).await;
    // One port of this machine is opened; a name and an address are allowed, but not where they lead to.
    let names = [format!("http://127.0.0.1:{outer}"), "localhost".to_owned(), "169.254.169.254".to_owned()];
    let names = names.iter().map(|text| Target::parse(text).expect("a target")).collect();
    let networks =
        vec![IpRange::parse("127.0.0.1/32").expect("a range"), IpRange::parse("10.0.0.0/8").expect("a range")];
    let closed = Targets { names, networks: networks[1..].to_vec() };
    let open = Targets { networks, ..closed.clone() };

    let cases = [
        ("/port", format!("127.0.0.1:{inner}"), "is no allowed target"),
        ("/metadata", "169.254.169.254".to_owned(), "is link-local"),
        ("/written", format!("127.0.0.1:{inner}"), "is no allowed target"),
        // The opening of a WebSocket goes the same way.
        ("/socket", format!("127.0.0.1:{inner}"), "is no allowed target"),
    ];
    let mut paths: Vec<&str> = cases.iter().map(|(path, ..)| *path).collect();
    paths.push("/self");
    let run = sent(backend, open, &format!("127.0.0.1:{outer}"), &paths).await;
    let items = run["report"]["items"].as_array().expect("items");
    for (path, named, why) in &cases {
        let problem = problem(items, path);
        assert!(problem.contains(named) && problem.contains(why), "{path}: {problem}");
        assert!(problem.contains("ask the operator"), "{path}: {problem}");
    }
    assert_eq!(outcome(items, "/self"), "Ok", "{run}");

    // The name is allowed, and leads to this machine, which is not.
    let run = sent(backend, closed, &format!("localhost:{inner}"), &["/secret"]).await;
    let items = run["report"]["items"].as_array().expect("items");
    let problem = problem(items, "/secret");
    assert!(problem.contains("the name localhost leads to") && problem.contains("loopback"), "{problem}");
    assert_eq!(secret.load(Ordering::SeqCst), 0, "somebody was reached who must not be");
}

/// Sends a request to each path, follows redirects, and waits for the end.
async fn sent(backend: Backend, test_targets: Targets, host: &str, paths: &[&str]) -> Value {
    let server = TestServer::start_with(backend, Settings { test_targets, ..Settings::default() }).await;
    let entity = |path: &&str| {
        let socket = path.starts_with("/socket");
        let talk = if socket { json!({ "turns": [{ "send": ["let me in"] }] }) } else { Value::Null };
        let scheme = if socket { "ws" } else { "http" };
        json!({ "entity": {
            "type": "Request", "id": path, "name": path, "method": { "name": "GET" },
            "uri": { "scheme": { "name": scheme }, "host": host, "path": path },
            "stoker": { "follow_redirects": true, "web_socket": talk },
        } })
    };
    ran(&server, paths.iter().map(entity).collect()).await
}

/// A run of these requests that has ended.
async fn ran(server: &TestServer, entities: Vec<Value>) -> Value {
    let http = server.http();
    let project = id(&http.post(PROJECTS, &json!({ "name": "Out" })).await.expect(201).json());
    let document = json!({ "version": 6, "entities": entities });
    let body = json!({ "version": 1, "name": "Out", "document": document });
    let _ = http.put(&format!("{PROJECTS}/{project}"), &body).await.expect(200);
    let run = id(&http.post(&format!("{PROJECTS}/{project}/runs"), &json!({})).await.expect(201).json());
    let run = http.get(&format!("{RUNS}/{run}?waitSeconds=20")).await.expect(200).json();
    assert_eq!(run["state"], "finished", "{run}");
    run
}

fn of<'a>(items: &'a [Value], path: &str) -> &'a Value {
    let found = items.iter().find(|item| item["request"]["name"] == path);
    &found.unwrap_or_else(|| panic!("no {path} in {items:?}"))["request"]
}

fn problem<'a>(items: &'a [Value], path: &str) -> &'a str {
    assert_eq!(outcome(items, path), "Error");
    of(items, path)["problem"].as_str().expect("a problem")
}

fn outcome<'a>(items: &'a [Value], path: &str) -> &'a str {
    of(items, path)["outcome"].as_str().expect("an outcome")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_leads_requests_elsewhere_sqlite() {
    story(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_leads_requests_elsewhere_postgres() {
    story(Backend::Postgres).await;
}

/// Makes a token, and says in this header for whom it calls.
fn making(server: &TestServer, host: &str, name: &str, header: &str) -> Value {
    let token = format!("Bearer {}", server.bootstrap.personal_access_token);
    let headers = [("Authorization", token.as_str()), ("Content-Type", "application/json"), (header, "203.0.113.9")];
    let headers = headers.map(|(name, value)| json!({ "name": name, "value": value, "enabled": true }));
    json!({ "entity": {
        "type": "Request", "id": name, "name": name, "headers": headers,
        "method": { "name": "POST", "requestBody": true },
        "uri": { "scheme": { "name": "http" }, "host": host, "path": "/stoker/v1/me/tokens" },
        "body": { "bodyType": "Text", "textBody": json!({ "name": format!("{name} {host}") }).to_string() },
    } })
}

/// The server believes proxies on this machine, and calls itself from there.
async fn nobody_calls_for_somebody_else(backend: Backend) {
    let here = IpRange::parse("127.0.0.0/8").expect("a range");
    // Another name for the same server, as that of a proxy before it would be.
    let test_targets = Targets { names: vec![Target::parse("localhost").expect("a target")], networks: vec![here] };
    let plain = Settings { test_targets, ..Settings::default() };
    for believes in [true, false] {
        let trusted_proxies = if believes { vec![here] } else { Vec::new() };
        let server = TestServer::start_with(backend, Settings { trusted_proxies, ..plain.clone() }).await;
        for host in [server.address().to_string(), format!("localhost:{}", server.address().port())] {
            let (honest, forged) = (making(&server, &host, "honest", "X-Note"), " x-forwarded-FOR");
            let run = ran(&server, vec![honest, making(&server, &host, "forged", forged)]).await;
            let items = run["report"]["items"].as_array().expect("items");
            assert_eq!(outcome(items, "honest"), "Ok", "{run}");
            if believes {
                let problem = problem(items, "forged");
                assert!(problem.contains("X-Forwarded-For") && problem.contains("stoker test"), "{problem}");
            } else {
                assert_eq!(outcome(items, "forged"), "Ok", "nobody is believed here: {run}");
            }
        }
        let told = server.http().get("/security/audit/logs").await.expect(200).json();
        let made = |event: &&Value| event["eventCategory"] == "access token" && event["eventOperation"] == "create";
        let from: Vec<&Value> = told.as_array().expect("events").iter().filter(made).map(|e| &e["clientIp"]).collect();
        assert_eq!(from, vec!["127.0.0.1"; if believes { 2 } else { 4 }], "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_calls_for_nobody_else_sqlite() {
    nobody_calls_for_somebody_else(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_calls_for_nobody_else_postgres() {
    nobody_calls_for_somebody_else(Backend::Postgres).await;
}
