//! Searching the audit trail, and renewing the secret of a service account.

use serde_json::{Value, json};
use stoker_testkit::http::Method;

use crate::support::{MINUTE, both, id};

const EVENTS: &str = "/stoker/v1/audit-events";

fn actions(found: &Value) -> Vec<&str> {
    let items = found["items"].as_array().expect("a list");
    items.iter().map(|event| event["action"].as_str().expect("an action")).collect()
}

both! {
    async fn events_are_found_by_actor_object_text_and_time(server: TestServer) {
        let http = server.http();
        let (_, ada) = server.person("ada", &["TMC_ROLE_MANAGEMENT"]).await;
        server.clock.advance(MINUTE);
        let night = json!({ "name": "Night_Watch", "permissions": ["TMC_OPERATOR"] });
        let made = ada.post("/account/roles", &night).await.expect(201).json();
        server.clock.advance(MINUTE);
        let _ = http.post("/account/roles", &json!({ "name": "NightXWatch", "permissions": [] })).await.expect(201);
        let find = async |query: &str| http.get(&format!("{EVENTS}?{query}")).await.expect(200).json();
        let mine = find("actor=ada").await;
        assert_eq!(actions(&mine), ["role.create"]);
        let event = &mine["items"][0];
        assert_eq!((&event["objectId"], &event["detail"]["name"]), (&made["id"], &json!("Night_Watch")));
        assert_eq!((&event["method"], &event["path"]), (&json!("POST"), &json!("/account/roles")));
        // The underscore is no wildcard, and case does not matter.
        assert_eq!(actions(&find("text=night_w").await), ["role.create"]);
        assert_eq!(actions(&find("text=nightxw&objectType=role").await), ["role.create"]);
        assert_eq!(actions(&find(&format!("objectId={}&objectType=role", id(&made))).await), ["role.create"]);
        assert!(actions(&find("actor=nobody").await).is_empty());
        let period = find("from=2026-02-03T09:01:00Z&to=2026-02-03T09:01:59Z&objectType=role").await;
        assert_eq!(actions(&period), ["role.create"]);
        assert_eq!(period["items"][0]["actor"], "ada");
        // Page by page nothing is lost or told twice.
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let page = find(&format!("limit=2&to=2026-02-03T09:02:00Z{next}")).await;
            seen.extend(page["items"].as_array().expect("a list").iter().map(id));
            match page["next"].as_str() {
                Some(id) => next = format!("&before={id}"),
                None => break,
            }
            assert!(seen.len() < 10_000, "there is no end");
        }
        let mut unique = seen.clone();
        unique.dedup();
        assert_eq!(seen, unique);
        assert!(seen.len() > 4 && seen.is_sorted_by(|a, b| a > b));
        for (query, field) in [("from=soon", "from"), ("before=x", "before"), ("limit=101", "limit"), ("limit=0", "limit")] {
            let answer = http.get(&format!("{EVENTS}?{query}")).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|text| text.starts_with(field)), "{answer}");
        }
    }

    async fn an_event_tells_what_it_changed(server: TestServer) {
        let http = server.http();
        let body = json!({ "name": "watch", "permissions": ["TMC_OPERATOR"] });
        let role = id(&http.post("/account/roles", &body).await.expect(201).json());
        server.clock.advance(1);
        let path = format!("/account/roles/{role}");
        let _ = http.post(&format!("{path}/users"), &json!([])).await.expect(204);
        server.clock.advance(1);
        let body = json!({ "name": "night watch", "permissions": ["TMC_OPERATOR", "TMC_ENGINE_USE"] });
        let _ = http.put(&path, &body).await.expect(200);
        let found = http.get(&format!("{EVENTS}?objectId={role}")).await.expect(200).json();
        assert_eq!(actions(&found), ["role.update", "role.give", "role.create"]);
        let at = async |number: usize| http.get(&format!("{EVENTS}/{}", id(&found["items"][number]))).await.expect(200).json();
        let update = at(0).await;
        // Giving the role to somebody lies between, but tells nothing of what the role was.
        assert_eq!((&update["before"]["action"], &update["before"]["detail"]["name"]), (&json!("role.create"), &json!("watch")));
        assert_eq!(update["event"]["detail"]["name"], "night watch");
        assert_eq!(at(2).await.get("before"), None);
        // Looking is told too.
        let reads = http.get(&format!("{EVENTS}?objectType=audit")).await.expect(200).json();
        assert!(reads["items"].as_array().is_some_and(|all| all.iter().any(|e| e["objectId"] == found["items"][0]["id"])));
        let _ = http.get(&format!("{EVENTS}/0198f0a1-0000-7000-8000-000000000000")).await.expect(404);
        let _ = http.get(&format!("{EVENTS}/x")).await.expect(400);
    }

    async fn a_renewed_secret_replaces_the_old_one(server: TestServer) {
        let http = server.http();
        let body = json!({ "name": "nightly", "permissions": ["TMC_OPERATOR"] });
        let made = http.post("/account/service-accounts", &body).await.expect(201).json();
        let buy = async |secret: &Value| {
            use base64::Engine as _;
            let pair = format!("{}:{}", id(&made), secret.as_str().expect("a secret"));
            let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
            let headers = [("authorization", basic.as_str()), ("content-type", "application/json")];
            let body = br#"{"grant_type":"client_credentials"}"#.to_vec();
            server.anonymous().send(Method::POST, "/security/oauth/token", &headers, Some(body)).await.status
        };
        assert_eq!(buy(&made["secret"]).await, 200);
        let path = format!("/stoker/v1/service-accounts/{}/secret", id(&made));
        server.clock.advance(1_000);
        let renewed = http.send(Method::POST, &path, &[], None).await.expect(200);
        assert_eq!(renewed.header("cache-control"), Some("no-store"));
        let renewed = renewed.json();
        assert_ne!(renewed["secret"], made["secret"]);
        assert_eq!((buy(&made["secret"]).await, buy(&renewed["secret"]).await), (401, 200));
        assert_eq!((&renewed["name"], &renewed["permissions"]), (&made["name"], &made["permissions"]));
        let told = http.get(&format!("{EVENTS}?objectId={}", id(&made))).await.expect(200);
        assert_eq!(actions(&told.json())[0], "service-account.renew-secret");
        for secret in [&made["secret"], &renewed["secret"]] {
            assert!(!told.text().contains(secret.as_str().expect("a secret")));
        }
        let _ = http.send(Method::POST, "/stoker/v1/service-accounts/nobody/secret", &[], None).await.expect(404);
    }
}
