//! Where somebody is signed in, ways to sign in, and revocation over several servers.

use serde_json::{Value, json};
use stoker_service::Error;
use stoker_store::StoreError;
use stoker_testkit::http::{Answer, Http, Method};

use crate::support::{MINUTE, TestServer, both, id};

const SESSION: &str = "/stoker/v1/session";
const SESSIONS: &str = "/stoker/v1/sessions";

/// A browser that is signed in: its cookie and its second secret.
struct Browser(Http, String, String);

impl Browser {
    async fn sign_in(server: &TestServer, credentials: &Value, agent: &str) -> Self {
        let http = server.anonymous();
        let headers = [("content-type", "application/json"), ("user-agent", agent)];
        let body = Some(credentials.to_string().into_bytes());
        let answer = http.send(Method::POST, SESSION, &headers, body).await.expect(201);
        let cookie = answer.header("set-cookie").and_then(|text| text.split(';').next()).expect("a cookie").to_owned();
        Self(http, cookie, answer.json()["csrfToken"].as_str().expect("a token").to_owned())
    }

    async fn send(&self, method: Method, path: &str) -> Answer {
        self.0.send(method, path, &[("cookie", &self.1), ("x-csrf-token", &self.2)], None).await
    }
}

fn secret_of(browser: &Browser) -> &str {
    browser.1.split_once('=').expect("a value").1
}

both! {
    async fn the_ways_in_are_told_to_everybody(server: TestServer) {
        let ways = server.anonymous().get("/stoker/v1/session/ways").await.expect(200).json();
        assert_eq!(ways, json!({ "password": true, "token": true, "openId": null }));
    }

    async fn a_person_sees_and_ends_its_sessions(server: TestServer) {
        let (person, ada) = server.person("ada", &["TMC_OPERATOR"]).await;
        let token = json!({ "token": server.token_of(&person).await });
        let _ = ada.put("/stoker/v1/me/password", &json!({ "newPassword": "correct horse battery" })).await.expect(204);
        let desk = Browser::sign_in(&server, &token, "Desk/1").await;
        server.clock.advance(2 * MINUTE);
        let password = json!({ "login": "ada", "password": "correct horse battery" });
        let phone = Browser::sign_in(&server, &password, "Phone/2").await;
        let _ = phone.send(Method::GET, SESSION).await.expect(200);
        let listed = phone.send(Method::GET, SESSIONS).await.expect(200);
        assert!(!listed.text().contains(secret_of(&desk)) && !listed.text().contains(secret_of(&phone)));
        let listed = listed.json();
        let shown: Vec<_> = listed.as_array().expect("a list").iter()
            .map(|s| (s["userAgent"].as_str(), s["way"].as_str(), s["current"].as_bool(), s["address"].as_str())).collect();
        assert_eq!(shown, [
            (Some("Phone/2"), Some("password"), Some(true), Some("127.0.0.1")),
            (Some("Desk/1"), Some("token"), Some(false), Some("127.0.0.1")),
        ]);
        assert_eq!(listed[1]["createdAt"], "2026-02-03T09:00:00.000Z");
        // Nobody else ends it; its owner does, from elsewhere.
        let path = format!("{SESSIONS}/{}", id(&listed[1]));
        let _ = server.http().delete(&path).await.expect(404);
        let _ = phone.send(Method::DELETE, &path).await.expect(204);
        let _ = phone.send(Method::DELETE, &path).await.expect(404);
        let _ = desk.send(Method::GET, SESSION).await.expect(401);
        // A token of the same person may do it too, and an administrator ends all.
        assert_eq!(ada.get(SESSIONS).await.expect(200).json().as_array().map(Vec::len), Some(1));
        let all = format!("/stoker/v1/users/{person}/sessions");
        assert_eq!(server.http().get(&all).await.expect(200).json()[0]["current"], false);
        let _ = ada.delete(&all).await.expect(403);
        let _ = server.http().delete(&all).await.expect(204);
        let _ = phone.send(Method::GET, SESSION).await.expect(401);
        assert_eq!(ada.get(SESSIONS).await.expect(200).json(), json!([]));
        // One that was made with a token is over when the token is.
        let desk = Browser::sign_in(&server, &token, "Desk/1").await;
        server.clock.advance(121 * MINUTE);
        assert_eq!(ada.get(SESSIONS).await.expect(200).json(), json!([]), "idle for too long");
        let _ = desk.send(Method::GET, SESSION).await.expect(401);
    }

    async fn what_is_revoked_stops_within_a_second_on_every_server(server: TestServer) {
        let second = server.second().await;
        let (person, ada) = server.person("ada", &["TMC_OPERATOR"]).await;
        let (first, other) = (server.token_of(&person).await, server.token_of(&person).await);
        let browser = Browser::sign_in(&server, &json!({ "token": other }), "Desk/1").await;
        let account = server.service_account(&["TMC_OPERATOR"], &[]).await;
        let cookie = secret_of(&browser).to_owned();
        // The other server has just seen all of them.
        assert!(second.authenticate(&first, "processing").await.is_ok());
        assert!(second.authenticate(&account.token, "processing").await.is_ok());
        assert!(second.authenticate_session(&cookie, false, None).await.is_ok());
        let listed = ada.get("/stoker/v1/me/tokens").await.expect(200).json();
        for token in listed.as_array().expect("a list").iter().filter(|t| t["name"] == "further").take(1) {
            let _ = ada.delete(&format!("/stoker/v1/me/tokens/{}", id(token))).await.expect(204);
        }
        let _ = server.http().delete(&format!("/account/service-accounts/{}", account.id)).await.expect(204);
        let _ = server.http().delete(&format!("/stoker/v1/users/{person}/sessions")).await.expect(204);
        let _ = browser.send(Method::GET, SESSION).await.expect(401);
        server.clock.advance(1_000);
        let gone = [second.authenticate(&first, "x").await, second.authenticate(&other, "x").await];
        assert_eq!(gone.iter().filter(|one| matches!(one, Err(Error::Unauthorized))).count(), 1, "{gone:?}");
        assert!(matches!(second.authenticate(&account.token, "x").await, Err(Error::Unauthorized)));
        assert!(matches!(second.authenticate_session(&cookie, false, None).await, Err(Error::Unauthorized)));
    }

    /// The record of a failure waits for the disk; whoever tries must not be able to tell by that who has a name here.
    async fn a_refused_sign_in_does_not_wait_for_its_record(server: TestServer) {
        let (_, ada) = server.person("ada", &["TMC_OPERATOR"]).await;
        let _ = ada.put("/stoker/v1/me/password", &json!({ "newPassword": "correct horse battery" })).await.expect(204);
        let (store, (held, holding)) = (server.store.clone(), tokio::sync::oneshot::channel());
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let holder = tokio::spawn(async move {
            store.write::<_, StoreError, _>(move |tx| {
                let _ = tx.query("SELECT id FROM users WHERE login = 'ada' {lock}", &[])?;
                let _ = held.send(());
                let _ = gate.recv();
                Ok(())
            }).await
        });
        holding.await.expect("nobody else can write now");
        for login in ["ada", "nobody"] {
            let answer = server.anonymous().post(SESSION, &json!({ "login": login, "password": "staple correct horse" })).await;
            assert_eq!(answer.status, 401, "{login}: {}", answer.text());
        }
        let failures = async || {
            let events = server.http().get("/security/audit/logs?size=100").await.expect(200).json();
            let all = events.as_array().expect("a list").iter();
            all.filter(|e| e["eventOperation"] == "login-failed" && e["username"] == "ada").cloned().collect::<Vec<_>>()
        };
        let count = "SELECT count(*) FROM audit_events WHERE action = 'user.login-failed'";
        let written = server.store.read::<_, StoreError, _>(move |tx| tx.query_int(count, &[])).await.expect("read");
        assert_eq!(written, 0, "the answers came before the record");
        drop(release);
        holder.await.expect("join").expect("commit");
        let recorded = async {
            loop {
                if let [one] = failures().await.as_slice() {
                    return one.clone();
                }
                tokio::task::yield_now().await;
            }
        };
        let record = tokio::time::timeout(std::time::Duration::from_secs(20), recorded).await.expect("the record follows");
        assert_eq!((&record["request"]["url"], &record["clientIp"]), (&json!(SESSION), &json!("127.0.0.1")));
    }

    async fn signing_in_and_out_is_in_the_audit_trail_with_its_origin(server: TestServer) {
        let (_, ada) = server.person("ada", &["TMC_OPERATOR"]).await;
        let _ = ada.put("/stoker/v1/me/password", &json!({ "newPassword": "correct horse battery" })).await.expect(204);
        let wrong = json!({ "login": "ada", "password": "staple correct horse" });
        let _ = server.anonymous().post(SESSION, &wrong).await.expect(401);
        let right = json!({ "login": "ada", "password": "correct horse battery" });
        let browser = Browser::sign_in(&server, &right, "Desk/1").await;
        let _ = browser.send(Method::DELETE, SESSION).await.expect(204);
        let events = server.http().get("/security/audit/logs?size=100").await.expect(200).json();
        let events: Vec<_> = events.as_array().expect("a list").iter().filter(|e| e["username"] == "ada").collect();
        for (operation, method) in [("login-failed", "POST"), ("login", "POST"), ("create", "POST"), ("delete", "DELETE")] {
            let found = events.iter().find(|e| e["eventOperation"] == operation && e["request"]["url"] == SESSION);
            let found = found.unwrap_or_else(|| panic!("{operation} in {events:#?}"));
            assert_eq!((&found["request"]["method"], &found["clientIp"]), (&json!(method), &json!("127.0.0.1")));
            assert!(found["requestId"].is_string() && found["userId"].is_string(), "{found}");
        }
    }

    /// A password is changed because somebody else knows it: whoever is just signing in with the old one stays outside.
    async fn no_session_of_an_old_password_outlives_its_change(server: TestServer) {
        let (person, ada) = server.person("ada", &["TMC_OPERATOR"]).await;
        let path = format!("/stoker/v1/users/{person}/password");
        let word = |round: usize| format!("correct horse battery {round}");
        let _ = ada.put("/stoker/v1/me/password", &json!({ "newPassword": word(0) })).await.expect(204);
        for round in 0..3 {
            server.clock.advance(MINUTE);
            let (old, new) = (json!({ "login": "ada", "password": word(round) }), json!({ "newPassword": word(round + 1) }));
            let anonymous = server.anonymous();
            // One password is checked at a time: the change waits in the row with those who sign in, and comes before
            // some that read the old one already.
            let (changed, a, b, c) = tokio::join!(
                server.http().put(&path, &new),
                anonymous.post(SESSION, &old),
                anonymous.post(SESSION, &old),
                anonymous.post(SESSION, &old),
            );
            let _ = changed.expect(204);
            for answer in [a, b, c] {
                assert!([201, 401].contains(&answer.status), "{}", answer.text());
                let Some(cookie) = answer.header("set-cookie").filter(|_| answer.status == 201) else { continue };
                let cookie = cookie.split(';').next().expect("a pair");
                let shown = anonymous.send(Method::GET, SESSION, &[("cookie", cookie)], None).await;
                assert_eq!(shown.status, 401, "round {round}: a session of the old password lives on");
            }
            let now = json!({ "login": "ada", "password": word(round + 1) });
            let _ = anonymous.post(SESSION, &now).await.expect(201);
        }
    }
}
