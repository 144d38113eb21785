//! Names that people would take for the same: one of them is refused, and a name may be written in any normal form.

use serde_json::{Value, json};
use stoker_testkit::http::Method;

use crate::support::{both, id};

/// `café` written with one sign and with two.
const CAFE: [&str; 2] = ["caf\u{e9}", "cafe\u{301}"];

fn user(login: &str) -> Value {
    json!({ "login": login, "email": "a@example.com", "firstName": "A", "lastName": "B" })
}

both! {
    async fn a_name_that_looks_like_another_one_is_taken(server: TestServer) {
        let http = server.http();
        for (path, body) in [
            ("/account/users", user as fn(&str) -> Value),
            ("/account/groups", |name| json!({ "name": name, "userIds": [] })),
            ("/account/roles", |name| json!({ "name": name, "permissions": ["TMC_OPERATOR"] })),
            ("/account/service-accounts", |name| json!({ "name": name, "permissions": ["TMC_OPERATOR"] })),
            ("/orchestration/environments", |name| json!({ "name": name, "workspaceName": "w" })),
        ] {
            let made = http.post(path, &body(CAFE[1])).await;
            assert!([200, 201].contains(&made.status), "{path}: {}", made.text());
            let all = http.get(path).await.expect(200).text();
            assert!(all.contains(CAFE[0]) && !all.contains(CAFE[1]), "{path} is kept in normal form C: {all}");
            for twin in [CAFE[0], CAFE[1], "CAF\u{c9}", "\u{ff43}\u{ff41}\u{ff46}\u{e9}", "Cafe\u{301}"] {
                let answer = http.post(path, &body(twin)).await;
                assert_eq!(answer.status, 409, "{path} {twin:?}: {}", answer.text());
                assert!(answer.text().contains(CAFE[0]), "{path}: the other one is named: {}", answer.text());
            }
            for hidden in ["caf\u{202e}x", "ca\u{200b}fe", "\u{feff}cafe", "c\u{ad}afe"] {
                let answer = http.post(path, &body(hidden)).await;
                assert_eq!(answer.status, 400, "{path} {hidden:?}: {}", answer.text());
                assert!(answer.text().contains("invisible character U+"), "{path}: {}", answer.text());
            }
            let other = http.post(path, &body("cafe")).await;
            assert!([200, 201].contains(&other.status), "an accent is a difference: {path}: {}", other.text());
        }
    }

    async fn renaming_to_a_name_that_looks_like_another_one_is_refused(server: TestServer) {
        let http = server.http();
        for (path, body) in [
            ("/account/groups", (|name| json!({ "name": name, "userIds": [] })) as fn(&str) -> Value),
            ("/account/roles", |name| json!({ "name": name, "permissions": ["TMC_OPERATOR"] })),
            ("/account/service-accounts", |name| json!({ "name": name, "permissions": ["TMC_OPERATOR"] })),
            ("/orchestration/environments", |name| json!({ "name": name, "workspaceName": "w" })),
        ] {
            assert!(http.post(path, &body("north")).await.status < 300);
            let south = http.post(path, &body("south")).await;
            let one = format!("{path}/{}", id(&south.json()));
            let change = if path.ends_with("groups") { Method::PATCH } else { Method::PUT };
            let answer = http.json(change.clone(), &one, &body("NORTH")).await;
            assert!([400, 409].contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
            assert!(http.get(path).await.expect(200).text().contains("\"south\""), "{path}: nothing was changed");
            let answer = http.json(change, &one, &body("SOUTH")).await;
            assert!((200..300).contains(&answer.status), "its own name in capitals: {path}: {}", answer.text());
        }
    }

    async fn a_login_is_of_one_script_and_read_in_any_normal_form(server: TestServer) {
        let http = server.http();
        for bad in ["\u{430}dmin", "adm\u{131}n\u{3b1}", "ad\u{200d}min", "\u{ff41}\u{ff44}\u{ff4d}\u{ff49}\u{ff4e}", "ADMIN", "admin\u{fe0f}"] {
            let answer = http.post("/account/users", &user(bad)).await;
            assert!([400, 409].contains(&answer.status), "{bad:?}: {} {}", answer.status, answer.text());
        }
        let _ = http.post("/account/users", &user("\u{430}\u{43d}\u{43d}\u{430}")).await.expect(201);
        let made = http.post("/account/users", &user(CAFE[1])).await.expect(201).json();
        assert_eq!(made["login"], CAFE[0]);
        let path = format!("/stoker/v1/users/{}/password", id(&made));
        let _ = http.put(&path, &json!({ "newPassword": "correct horse battery" })).await.expect(204);
        let roles = http.get("/account/roles?nameFilter=Operator").await.expect(200).json();
        let role = id(&roles[0]);
        let _ = http.post(&format!("/account/users/{}/roles", id(&made)), &json!([role])).await.expect(200);
        for login in CAFE {
            let body = json!({ "login": login, "password": "correct horse battery" });
            let _ = server.anonymous().post("/stoker/v1/session", &body).await.expect(201);
        }
    }

    /// A version that did not normalise stored whatever was typed.
    async fn a_login_stored_in_another_form_still_opens(server: TestServer) {
        let http = server.http();
        let made = http.post("/account/users", &user(CAFE[0])).await.expect(201).json();
        let path = format!("/stoker/v1/users/{}/password", id(&made));
        let _ = http.put(&path, &json!({ "newPassword": "correct horse battery" })).await.expect(204);
        let role = id(&http.get("/account/roles?nameFilter=Operator").await.expect(200).json()[0]);
        let _ = http.post(&format!("/account/users/{}/roles", id(&made)), &json!([role])).await.expect(200);
        let older = server.store.write::<_, stoker_store::StoreError, _>(|tx| {
            tx.execute("UPDATE users SET login = $1 WHERE login = $2", stoker_store::params![CAFE[1], CAFE[0]])
        });
        assert_eq!(older.await.expect("as an older version"), 1);
        for login in CAFE {
            let body = json!({ "login": login, "password": "correct horse battery" });
            let _ = server.anonymous().post("/stoker/v1/session", &body).await.expect(201);
            assert_eq!(http.post("/account/users", &user(login)).await.status, 409);
        }
        let body = json!({ "login": "cafe", "password": "correct horse battery" });
        let _ = server.anonymous().post("/stoker/v1/session", &body).await.expect(401);
    }
}
