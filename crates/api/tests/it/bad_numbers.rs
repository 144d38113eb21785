//! Numbers as JSON can write them and no program counts: taken as what they are, or refused, never something else.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use stoker_testkit::http::Method;

use crate::support::both;

/// The number that a text means, when it is one of the whole numbers that the field takes; it may stand in quotes.
fn meant(text: &str) -> Option<i64> {
    text.trim_matches('"').parse::<i64>().ok().filter(|number| *number >= 0)
}

fn numbers() -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    let shape = "-?(0|[1-9][0-9]{0,30})([.][0-9]{1,20})?([eE][+-]?[0-9]{1,6})?";
    let mut all: Vec<String> = (0..60).map(|_| shape.new_tree(&mut runner).expect("a value").current()).collect();
    let long = "9".repeat(5_000);
    let chosen = [
        "0",
        "-0",
        "-0.0",
        "0.0",
        "1.0",
        "1.5",
        "1e0",
        "1e2",
        "1e400",
        "-1e400",
        "1e-400",
        "1e999999999999",
        "0e999999999999",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "4294967296",
        "2147483648",
        "00",
        "01",
        "+1",
        ".5",
        "1.",
        "0x10",
        "NaN",
        "Infinity",
        "-Infinity",
        "1_000",
        "\"1\"",
        "1e",
        "--1",
        "١",
        "true",
        "[1]",
        "{}",
        &long,
    ];
    all.extend(chosen.iter().map(|text| (*text).to_owned()));
    all
}

both! {
    async fn a_number_is_kept_as_it_is_or_refused(server: TestServer) {
        let http = server.http();
        let environment = server.environment().to_owned();
        let path = format!("/orchestration/environments/{environment}");
        let shown = async || {
            let all = http.get("/orchestration/environments").await.expect(200).json();
            let one = all.as_array().expect("a list").iter().find(|one| one["id"] == environment.as_str()).cloned();
            one.expect("it is there")["maxCloudContainers"].clone()
        };
        let mut before = shown().await;
        for number in numbers() {
            let body = format!(r#"{{"name":"default","maxCloudContainers":{number}}}"#);
            let headers = [("content-type", "application/json")];
            let answer = http.send(Method::PUT, &path, &headers, Some(body.into_bytes())).await;
            let now = shown().await;
            let what = format!("{:.60}: {} {}", number, answer.status, answer.text());
            if answer.status == 400 {
                assert_eq!(now, before, "{what}");
                assert!(answer.text().len() < 1_000, "{what}");
            } else {
                assert!((200..300).contains(&answer.status), "{what}");
                assert_eq!(now.as_i64(), meant(&number), "{what}");
            }
            before = now;
        }
    }

    async fn numbers_of_a_query_are_read_or_refused(server: TestServer) {
        let http = server.http();
        for path in ["/orchestration/executables/tasks?limit=", "/orchestration/executables/tasks?offset=", "/account/users?size=", "/account/users?page=", "/scim/v2/Users?count=", "/scim/v2/Users?startIndex=", "/security/audit/logs?size="] {
            for number in numbers().into_iter().filter(|text| text.is_ascii() && text.len() < 100) {
                let number = number.replace('+', "%2B").replace('"', "%22").replace(['[', ']', '{', '}'], "x");
                let answer = http.get(&format!("{path}{number}")).await;
                assert!([200, 400].contains(&answer.status), "{path}{number}: {} {}", answer.status, answer.text());
            }
        }
    }

    /// One key twice: two readers could each take another one.
    async fn a_key_that_stands_there_twice_is_refused_at_any_depth(server: TestServer) {
        let artifact = server.artifact("a", "1").await;
        let workspace = server.workspace();
        for (path, body) in [
            ("/orchestration/environments", r#"{"name":"a","workspaceName":"w","name":"b"}"#.to_owned()),
            ("/orchestration/environments", r#"{"name":"a","workspaceName":"w","\u006eame":"b"}"#.to_owned()),
            ("/orchestration/executables/tasks", format!(r#"{{"name":"t","workspaceId":"{workspace}","artifact":{{"id":"{artifact}","version":"1","version":"2"}}}}"#)),
            ("/account/users", r#"{"login":"a","login":"admin","email":"a@b","firstName":"a","lastName":"b"}"#.to_owned()),
            ("/stoker/v1/session", r#"{"login":"a","login":"admin","password":"x"}"#.to_owned()),
        ] {
            let headers = [("content-type", "application/json")];
            let answer = server.http().send(Method::POST, path, &headers, Some(body.clone().into_bytes())).await;
            assert_eq!(answer.status, 400, "{path} {body}: {}", answer.text());
        }
        assert_eq!(server.http().get("/orchestration/executables/tasks").await.expect(200).json()["total"], json!(0));
    }
}
