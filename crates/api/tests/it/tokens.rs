//! Tokens of service accounts: how one gets them, how long they are good, what ends them.

use serde_json::json;
use stoker_testkit::http::{Answer, Method};

use crate::support::{MINUTE, TestServer, basic, both, id};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
/// Something every token may read.
const ANY: &str = "/account/service-accounts/permissions";

async fn ask(server: &TestServer, authorization: &str, kind: &str, body: &str) -> Answer {
    let headers = [("authorization", authorization), ("content-type", kind)];
    let body = Some(body.as_bytes().to_vec());
    server.anonymous().send(Method::POST, "/security/oauth/token", &headers, body).await
}

both! {
    async fn a_token_comes_for_json_and_for_a_form(server: TestServer) {
        let account = server.service_account(&["TMC_OPERATOR"], &[]).await;
        let good = basic(&account.id, &account.secret);
        for (kind, body) in [
            (JSON, r#"{"grant_type":"client_credentials","audience":"https://api.eu.cloud.talend.com/"}"#),
            (JSON, r#"{"grant_type":"client_credentials","audience":"whatever","unknown":[1]}"#),
            ("application/json; charset=utf-8", r#"{"grant_type":"client_credentials"}"#),
            (FORM, "grant_type=client_credentials&audience=https%3A%2F%2Fapi.example"),
            (FORM, "audience=x&grant_type=client_credentials"),
        ] {
            let answer = ask(&server, &good, kind, body).await.expect(200);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let body = answer.json();
            assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(1800)), "a number: {body}");
            let token = body["access_token"].as_str().expect("a text");
            let _ = server.anonymous().with_token(token).get(ANY).await.expect(200);
        }
        let ok = r#"{"grant_type":"client_credentials"}"#;
        for (authorization, kind, body, status) in [
            (basic(&account.id, "wrong"), JSON, ok, 401),
            (basic("nobody", &account.secret), JSON, ok, 401),
            (basic(&"A".repeat(32), &account.secret), JSON, ok, 401),
            (format!("Bearer {}", account.token), JSON, ok, 401),
            ("Basic ???".to_owned(), JSON, ok, 401),
            (good.replace("Basic", "basic"), JSON, ok, 200),
            (good.clone(), JSON, r#"{"audience":"x"}"#, 400),
            (good.clone(), JSON, r#"{"grant_type":"password"}"#, 400),
            (good.clone(), JSON, "", 400),
            (good.clone(), FORM, "audience=x", 400),
            (good.clone(), "text/xml", ok, 415),
        ] {
            let answer = ask(&server, &authorization, kind, body).await;
            assert_eq!(answer.status, status, "{authorization} {kind} {body}: {}", answer.text());
            assert!(!answer.text().contains(&account.secret), "no secret in an answer");
        }
    }

    async fn a_token_is_good_for_thirty_minutes(server: TestServer) {
        let account = server.service_account(&["TMC_OPERATOR"], &[]).await;
        server.clock.advance(30 * MINUTE - 1000);
        let _ = account.http.get(ANY).await.expect(200);
        server.clock.advance(1000);
        let _ = account.http.get(ANY).await.expect(401);
        let fresh = server.token(&account.id, &account.secret).await;
        let _ = account.http.with_token(&fresh).get(ANY).await.expect(200);
        // The token of a person has no such end.
        server.clock.advance(1000 * 24 * 60 * MINUTE);
        let _ = server.http().get(ANY).await.expect(200);
    }

    async fn a_removed_account_is_out_at_once(server: TestServer) {
        let account = server.service_account(&["TMC_OPERATOR"], &["VIEW"]).await;
        let _ = account.http.get("/orchestration/workspaces").await.expect(200);
        let path = format!("/account/service-accounts/{}", account.id);
        let _ = server.http().delete(&path).await.expect(204);
        let _ = account.http.get("/orchestration/workspaces").await.expect(401);
        let _ = server.http().get(&path).await.expect(404);
        let credentials = basic(&account.id, &account.secret);
        let again = ask(&server, &credentials, JSON, r#"{"grant_type":"client_credentials"}"#);
        let _ = again.await.expect(401);
        let rights = format!("/security/workspaces/{}/service-accounts/{}/permissions", server.workspace(), account.id);
        let _ = server.http().get(&rights).await.expect(404);
    }

    async fn a_change_of_permissions_acts_at_once(server: TestServer) {
        let account = server.service_account(&["TMC_OPERATOR"], &["VIEW"]).await;
        let _ = account.http.get("/orchestration/artifacts").await.expect(200);
        let path = format!("/account/service-accounts/{}", account.id);
        let body = json!({ "name": "other", "permissions": ["AUDIT_LOGS_VIEW"] });
        let changed = server.http().put(&path, &body).await.expect(200).json();
        assert_eq!(changed["permissions"], json!(["AUDIT_LOGS_VIEW"]));
        let _ = account.http.get("/orchestration/artifacts").await.expect(403);
        // Rights on workspaces act at once too.
        let body = json!({ "name": "other", "permissions": ["TMC_OPERATOR"] });
        let _ = server.http().put(&path, &body).await.expect(200);
        let artifact = server.artifact("a", "1").await;
        let one = format!("/orchestration/artifacts/{artifact}");
        let _ = account.http.get(&one).await.expect(200);
        let rights = format!("/security/workspaces/{}/service-accounts/{}/permissions", server.workspace(), account.id);
        let _ = server.http().put(&rights, &json!(["AUTHOR"])).await.expect(204);
        let _ = account.http.get(&one).await.expect(403);
        let _ = server.http().delete(&rights).await.expect(204);
        let _ = server.http().delete(&rights).await.expect(404);
    }

    async fn an_account_shows_its_secret_once_and_its_last_use(server: TestServer) {
        let body = json!({ "name": "nightly", "permissions": ["TMC_ENGINE_USE"] });
        let answer = server.http().post("/account/service-accounts", &body).await.expect(201);
        let made = answer.json();
        let path = format!("/account/service-accounts/{}", id(&made));
        assert_eq!(answer.header("location"), Some(path.as_str()));
        let secret = made["secret"].as_str().expect("the secret").to_owned();
        assert_eq!(made["createdDate"], "2026-02-03T09:00:00.000Z");
        assert!(made["id"].as_str().is_some_and(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_alphanumeric())));
        assert!(made.get("lastUsedDate").is_none());
        for path in [path.as_str(), "/account/service-accounts"] {
            let text = server.http().get(path).await.expect(200).text();
            assert!(!text.contains("secret") && !text.contains(&secret), "{text}");
        }
        server.clock.advance(5 * MINUTE);
        let token = server.token(&id(&made), &secret).await;
        let _ = server.anonymous().with_token(&token).get("/orchestration/workspaces").await.expect(200);
        server.catch_up().await;
        let shown = server.http().get(&path).await.expect(200).json();
        assert_eq!(shown["lastUsedDate"], "2026-02-03T09:05:00.000Z", "{shown}");
        assert_eq!(shown["lastUsedApi"], "orchestration");
        let count = server.http().get("/account/service-accounts/count").await.expect(200).json();
        assert_eq!(count, json!({ "tenantId": server.bootstrap.account_id, "count": 1 }));
        for permissions in [json!(["NOPE"]), json!([]), json!(["TMC_PROJECT_MANAGEMENT"])] {
            let body = json!({ "name": "bad", "permissions": permissions });
            let answer = server.http().post("/account/service-accounts", &body).await.expect(400).json();
            assert!(answer["detail"].as_str().is_some_and(|text| text.contains("permissions")), "{answer}");
        }
    }
}
