//! Credentials that are none: whatever stands in the header, nobody gets in and nothing falls over.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use stoker_testkit::http::Method;

use crate::support::{Backend, START_MS, TestServer, basic};

const TOKEN_CALL: &str = "/security/oauth/token";

/// Values of a strategy, the same in every run.
fn samples<S: Strategy>(strategy: &S, count: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).collect()
}

/// The status of a call with this header.
async fn status(server: &TestServer, method: Method, path: &str, authorization: &str) -> u16 {
    let headers = [("authorization", authorization), ("content-type", "application/json")];
    let body =
        (method == Method::POST).then(|| br#"{"audience":"http://x","grant_type":"client_credentials"}"#.to_vec());
    let answer = server.anonymous().send(method, path, &headers, body).await;
    if answer.status == 401 {
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{path} {authorization:?}");
    }
    answer.status
}

async fn bearer(server: &TestServer, token: &str) -> u16 {
    status(server, Method::GET, "/account/me", &format!("Bearer {token}")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_in_the_header_lets_anybody_in() {
    let server = TestServer::start(Backend::Sqlite).await;
    let account = server.service_account(&["TMC_OPERATOR"], &[]).await;
    let scheme = prop_oneof![
        "Bearer",
        "bearer",
        "BEARER ",
        "Basic",
        "basic",
        "Digest",
        "Bearer\t",
        "",
        "Token",
        "Bearer Bearer"
    ];
    let rest = prop_oneof![
        "[ -~]{0,200}",
        "[A-Za-z0-9+/=._-]{0,400}",
        "eyJ[A-Za-z0-9_-]{0,60}[.][A-Za-z0-9_-]{0,60}[.][A-Za-z0-9_-]{0,60}"
    ];
    for (scheme, rest) in samples(&(scheme, rest), 300) {
        let header = format!("{scheme} {rest}");
        assert_eq!(status(&server, Method::GET, "/account/me", &header).await, 401, "{header:?}");
        let token = status(&server, Method::POST, TOKEN_CALL, &header).await;
        assert!([400, 401].contains(&token), "{header:?}: {token}");
    }
    // Right in all but one place.
    let (id, secret) = (account.id.as_str(), account.secret.as_str());
    assert_eq!(status(&server, Method::POST, TOKEN_CALL, &basic(id, secret)).await, 200);
    let encoded = |text: String| format!("Basic {}", STANDARD.encode(text));
    for wrong in [
        encoded(format!("{id}{secret}")),
        encoded(format!("{id}:")),
        encoded(format!(":{secret}")),
        encoded(format!("{id}:{secret} ")),
        encoded(format!("{id}:{secret}\0")),
        encoded(format!("{}:{secret}", id.to_uppercase() + "x")),
        encoded(format!("{id}::{secret}")),
        format!("Basic {id}:{secret}"),
        format!("Bearer {}", STANDARD.encode(format!("{id}:{secret}"))),
    ] {
        let answer = status(&server, Method::POST, TOKEN_CALL, &wrong).await;
        assert!([400, 401].contains(&answer), "{wrong}: {answer}");
    }
    // Long ones cost nothing.
    for length in [9_000, 60_000] {
        assert_eq!(bearer(&server, &"a".repeat(length)).await, 401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_cannot_be_bent() {
    let server = TestServer::start(Backend::Sqlite).await;
    let account = server.service_account(&["TMC_OPERATOR"], &[]).await;
    let now = START_MS / 1000;
    let good = json!({ "sub": account.id, "use_for": "service-account", "iat": now, "exp": now + 1800, "jti": "j" });
    assert_eq!(bearer(&server, &server.signed(&good)).await, 200, "the claims are right as they are");
    let with = |field: &str, value: Value| {
        let mut claims = good.clone();
        claims[field] = value;
        claims
    };
    // Signed with the right key, and still no credential.
    for claims in [
        with("use_for", json!("log-file")),
        with("use_for", json!("")),
        with("sub", json!("x".repeat(32))),
        with("sub", json!("")),
        with("exp", json!(now)),
        with("exp", json!(now - 1)),
        with("exp", json!(i64::MIN)),
        with("exp", json!(i64::MAX)),
        with("exp", json!(now + 1801)),
        with("exp", json!("9999999999")),
        with("exp", json!(null)),
        with("iat", json!(now + 61)),
        with("iat", json!(i64::MAX)),
        with("iat", json!(i64::MIN)),
        json!({}),
        json!([]),
    ] {
        assert_eq!(bearer(&server, &server.signed(&claims)).await, 401, "{claims}");
    }
    // The right claims, signed in another way or not at all.
    let token = server.signed(&good);
    let parts: Vec<&str> = token.split('.').collect();
    for alg in ["none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", ""] {
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": alg, "typ": "JWT" }).to_string());
        for signature in ["", parts[2]] {
            let bent = format!("{header}.{}.{signature}", parts[1]);
            assert_eq!(bearer(&server, &bent).await, 401, "{alg} {signature:?}");
        }
    }
    for bent in [
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{token}.{}", parts[2]),
        format!("{token}="),
        format!("{}.{}.{}", parts[1], parts[0], parts[2]),
        format!("{}..{}", parts[0], parts[2]),
        format!(".{}.{}", parts[1], parts[2]),
        "..".to_owned(),
    ] {
        assert_eq!(bearer(&server, &bent).await, 401, "{bent}");
    }
    // One character anywhere.
    for (place, letter) in samples(&(0..token.len(), "[A-Za-z0-9_-]"), 300) {
        let bent = format!("{}{letter}{}", &token[..place], &token[place + 1..]);
        let wanted = if bent == token { 200 } else { 401 };
        assert_eq!(bearer(&server, &bent).await, wanted, "{place} {letter}");
    }
}
