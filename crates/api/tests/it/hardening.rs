//! What every answer carries, and what happens to somebody who asks too often.

use stoker_api::family::Family;
use stoker_service::Settings;
use stoker_testkit::http::{Http, Method};

use crate::dialects::refusal_keys;
use crate::support::{Backend, TestServer, keys};

/// A path with something in the place of each name.
fn filled(path: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for sign in path.chars() {
        match sign {
            '{' => inside = true,
            '}' => {
                inside = false;
                text.push('x');
            }
            _ if inside => {}
            _ => text.push(sign),
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_of_every_route_has_the_security_headers() {
    let server = TestServer::start(Backend::Sqlite).await;
    let http = Http::new(&server.url);
    let mut paths: Vec<(String, String)> = Vec::new();
    for read in stoker_api::routes::build().reads {
        let path = filled(&read.path);
        let path = if read.generation == "v2.6" { format!("/tmc/v2.6{path}") } else { path };
        paths.push((read.method.to_string(), path));
    }
    assert!(paths.len() > 150, "only {} routes", paths.len());
    for path in ["/", "/runs", "/no/such/path", "/health/live", "/openapi", "/openapi/core.json", "/downloads/none"] {
        paths.push(("GET".to_owned(), path.to_owned()));
    }
    for (method, path) in paths {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let answer = http.send(method.clone(), &path, &[], None).await;
        let what = format!("{method} {path}: {}", answer.status);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{what}");
        assert!(answer.header("referrer-policy").is_some(), "{what}");
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("no policy: {what}"));
        assert!(policy.contains("default-src 'none'") || policy.contains("default-src 'self'"), "{what}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
        assert_eq!(answer.header("strict-transport-security"), None, "no TLS here: {what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_too_often_is_refused_in_the_words_of_each_family() {
    let settings = Settings { requests_per_minute: 3, ..Settings::default() };
    let server = TestServer::start_with(Backend::Sqlite, settings).await;
    let http = Http::new(&server.url).with_token(&server.bootstrap.personal_access_token);
    for path in [
        "/orchestration/executables/tasks",
        "/account/service-accounts",
        "/monitoring/observability/executions/x/component",
        "/account/users",
        "/processing/runtimes/dynamic-engines",
        "/connections",
        "/scim/v2/Users",
        "/tmc/v2.6/executables/tasks",
        "/stoker/v1/sessions",
    ] {
        let family = match path.strip_prefix("/tmc/") {
            Some(_) => crate::dialects::tmc(),
            None => Family::of(path),
        };
        for _ in 0..3 {
            assert_ne!(http.get(path).await.status, 429, "{path}");
        }
        let answer = http.get(path).await;
        assert_eq!(
            (answer.status, keys(&answer.json())),
            (429, refusal_keys(family, 429)),
            "{path}: {}",
            answer.text()
        );
        let wait: u64 = answer.header("retry-after").expect("how long to wait").parse().expect("seconds");
        assert!((1..=20).contains(&wait), "{path}: {wait}");
        assert!(answer.header("x-request-id").is_some() && answer.header("x-content-type-options").is_some());
    }
    // Somebody else is not concerned, nor is a look at the health; after a while it goes on.
    let other = Http::new(&server.url).with_token("another");
    assert_eq!(other.get("/orchestration/executables/tasks").await.status, 401);
    for _ in 0..10 {
        assert_eq!(http.get("/health/ready").await.status, 200);
    }
    server.clock.advance(20_000);
    assert_eq!(http.get("/orchestration/executables/tasks").await.status, 200);

    // Made-up tokens, each used once, come from one address.
    let mut refused = 0;
    for number in 0..10 {
        let guess = Http::new(&server.url).with_token(&format!("eyJ{number}"));
        refused += usize::from(guess.get("/account/users").await.status == 429);
    }
    assert!(refused >= 6, "{refused}");
    assert_eq!(http.get("/account/users").await.status, 200, "the owner of a right token is not concerned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_counted_as_it_comes() {
    let server = TestServer::start(Backend::Sqlite).await;
    let http = Http::new(&server.url).with_token(&server.bootstrap.personal_access_token);
    for _ in 0..300 {
        assert_eq!(http.get("/orchestration/executables/tasks").await.status, 200);
    }
}
