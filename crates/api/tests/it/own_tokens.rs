//! Personal access tokens and passwords.

use std::net::IpAddr;

use serde_json::json;
use stoker_service::Error;
use stoker_testkit::http::Method;

use crate::support::{MINUTE, both, id};

const TOKENS: &str = "/stoker/v1/me/tokens";
const FIRST: &str = "correct horse battery";
const SECOND: &str = "staple correct horse";

fn from(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([10, 0, 0, last]))
}

both! {
    async fn a_token_is_shown_once_used_and_revoked(server: TestServer) {
        let (person, ada) = server.person("ada", &["TMC_SERVICE_ACCOUNT_MANAGEMENT"]).await;
        let answer = ada.post(TOKENS, &json!({ "name": "laptop", "expiresAt": "2026-02-03T10:00:00Z" })).await.expect(201);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let made = answer.json();
        let secret = made["token"].as_str().expect("the token").to_owned();
        assert!(secret.starts_with("eyJ"));
        let fresh = server.anonymous().with_token(&secret);
        server.clock.advance(MINUTE);
        let _ = fresh.get("/account/service-accounts").await.expect(200);
        let listed = ada.get(TOKENS).await.expect(200);
        assert!(!listed.text().contains(&secret));
        let listed = listed.json();
        let laptop = listed.as_array().expect("a list").iter().find(|t| t["name"] == "laptop").expect("the new one");
        assert_eq!((&laptop["lastUsedAt"], &laptop["expiresAt"], &laptop["createdAt"]), (
            &json!("2026-02-03T09:01:00.000Z"), &json!("2026-02-03T10:00:00.000Z"), &json!("2026-02-03T09:00:00.000Z"),
        ));
        let path = format!("{TOKENS}/{}", id(&made));
        let renamed = ada.json(Method::PATCH, &path, &json!({ "name": "desk" })).await.expect(200).json();
        assert_eq!(renamed["name"], "desk");
        // Nobody else reaches it, but who manages users sees and revokes it.
        let (_, bob) = server.person("bob", &[]).await;
        for status in [bob.delete(&path).await.status, server.http().delete(&path).await.status] {
            assert_eq!(status, 404);
        }
        let all = server.http().get(&format!("/stoker/v1/users/{person}/tokens")).await.expect(200);
        assert!(all.text().contains("desk") && !all.text().contains(&secret));
        let _ = bob.get(&format!("/stoker/v1/users/{person}/tokens")).await.expect(403);
        let _ = ada.delete(&path).await.expect(204);
        let _ = fresh.get("/account/me").await.expect(401);
        let _ = ada.delete(&path).await.expect(404);
    }

    async fn a_token_ends_and_bad_ones_are_not_made(server: TestServer) {
        let http = server.http();
        let made = http.post(TOKENS, &json!({ "name": "hour", "expiresAt": "2026-02-03T10:00:00Z" })).await.expect(201).json();
        let fresh = server.anonymous().with_token(made["token"].as_str().expect("the token"));
        server.clock.advance(59 * MINUTE);
        let _ = fresh.get("/account/me").await.expect(200);
        server.clock.advance(MINUTE + 1_000);
        let _ = fresh.get("/account/me").await.expect(401);
        for (body, field) in [
            (json!({ "name": "" }), "name"), (json!({}), "name"), (json!({ "name": "x", "expiresAt": "soon" }), "expiresAt"),
            (json!({ "name": "x", "expiresAt": "2026-02-03T09:00:00Z" }), "expiresAt"),
            (json!({ "name": "x", "expiresAt": "2126-02-03T09:00:00Z" }), "expiresAt"),
            (json!({ "name": "x", "expires": "2027-02-03T09:00:00Z" }), "expires"),
        ] {
            let answer = http.post(TOKENS, &body).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|text| text.contains(field)), "{answer}");
        }
        let account = server.service_account(&["TMC_USER_MANAGEMENT"], &[]).await;
        let _ = account.http.get(TOKENS).await.expect(403);
        let _ = account.http.put("/stoker/v1/me/password", &json!({ "newPassword": FIRST })).await.expect(403);
        // There is an end to their number.
        let there = http.get(TOKENS).await.expect(200).json().as_array().map_or(0, Vec::len);
        for number in there..100 {
            let _ = http.post(TOKENS, &json!({ "name": format!("t{number}") })).await.expect(201);
        }
        let _ = http.post(TOKENS, &json!({ "name": "one more" })).await.expect(409);
    }

    async fn a_password_lets_in_its_user_only(server: TestServer) {
        let (person, ada) = server.person("ada", &["TMC_OPERATOR"]).await;
        let check = |login: &'static str, password: &'static str, last| {
            let service = server.service.clone();
            async move { service.check_password(login, password, from(last)).await }
        };
        assert!(matches!(check("ada", FIRST, 1).await, Err(Error::Unauthorized)), "there is no password yet");
        let own = "/stoker/v1/me/password";
        for (password, what) in [("short", "at least 12"), ("ada", "at least"), ("", "at least")] {
            let answer = ada.put(own, &json!({ "newPassword": password })).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|t| t.starts_with("newPassword") && t.contains(what)), "{answer}");
        }
        let _ = ada.put(own, &json!({ "newPassword": FIRST })).await.expect(204);
        let actor = check("ada", FIRST, 1).await.expect("the right password");
        assert_eq!((actor.name.as_str(), actor.id.as_str()), ("ada", person.as_str()));
        let me = ada.get("/account/me").await.expect(200).json();
        assert_eq!(me["lastSetPasswordDate"], "2026-02-03T09:00:00.000+00:00");
        assert_eq!(me["lastLoginAttempt"], "2026-02-03T09:00:00.000+00:00");
        // The current one must be known to change it; who manages users may set another.
        let wrong = ada.put(own, &json!({ "currentPassword": SECOND, "newPassword": SECOND })).await.expect(400).json();
        assert!(wrong["message"].as_str().is_some_and(|text| text.contains("currentPassword")), "{wrong}");
        let _ = ada.put(own, &json!({ "currentPassword": FIRST, "newPassword": SECOND })).await.expect(204);
        assert!(matches!(check("ada", FIRST, 2).await, Err(Error::Unauthorized)));
        assert!(check("ada", SECOND, 2).await.is_ok());
        let path = format!("/stoker/v1/users/{person}/password");
        let _ = ada.put(&path, &json!({ "newPassword": FIRST })).await.expect(403);
        let _ = server.http().put(&path, &json!({ "newPassword": FIRST })).await.expect(204);
        assert!(check("ada", FIRST, 3).await.is_ok());
        // A user who is not active, or has no role, does not get in, and nobody learns why.
        let mut body = json!({ "login": "ada", "email": "a@b.c", "firstName": "A", "lastName": "B", "active": false });
        let _ = server.http().put(&format!("/account/users/{person}"), &body).await.expect(200);
        assert!(matches!(check("ada", FIRST, 4).await, Err(Error::Unauthorized)));
        (body["active"], body["roleIds"]) = (json!(true), json!([]));
        let _ = server.http().put(&format!("/account/users/{person}"), &body).await.expect(200);
        assert!(matches!(check("ada", FIRST, 5).await, Err(Error::Unauthorized)));
        assert!(matches!(check("nobody", FIRST, 5).await, Err(Error::Unauthorized)));
    }

    async fn guessing_is_slowed_and_locks_nobody_out(server: TestServer) {
        let (_, ada) = server.person("ada", &["TMC_OPERATOR"]).await;
        let _ = ada.put("/stoker/v1/me/password", &json!({ "newPassword": FIRST })).await.expect(204);
        for login in ["ada", "nobody"] {
            let mut slowed = false;
            for _ in 0..8 {
                slowed |= match server.service.check_password(login, SECOND, from(1)).await {
                    Err(Error::Unauthorized) => false,
                    Err(Error::TooManyTries { seconds }) => seconds > 0,
                    other => panic!("{other:?}"),
                };
            }
            assert!(slowed, "{login} is slowed like any other");
        }
        assert!(matches!(server.service.check_password("ada", FIRST, from(1)).await, Err(Error::TooManyTries { .. })));
        server.clock.advance(1_000);
        assert!(server.service.check_password("ada", FIRST, from(2)).await.is_ok(), "from elsewhere the owner gets in");
        server.clock.advance(15 * MINUTE);
        assert!(server.service.check_password("ada", FIRST, from(1)).await.is_ok());
    }

    /// The clock tells nobody which names there are: a password is hashed for each.
    async fn unknown_names_are_refused_as_slowly_as_known_ones(server: TestServer) {
        let _ = server.person("no password", &["TMC_OPERATOR"]).await;
        let logins = ["admin", "no password", "nobody"];
        let mut took = logins.map(|_| Vec::new());
        for last in 0..9 {
            for (login, took) in logins.iter().zip(&mut took) {
                let begin = std::time::Instant::now();
                let refused = server.service.check_password(login, SECOND, from(last)).await;
                took.push(begin.elapsed());
                assert!(matches!(refused, Err(Error::Unauthorized)), "{login}: {refused:?}");
            }
        }
        let [known, others @ ..] = took.map(|mut took| {
            took.sort_unstable();
            took[took.len() / 2]
        });
        // Without the hash it would be a hundredth, however busy the machine is.
        assert!(others.iter().all(|other| *other > known / 4 && *other < known * 4), "{known:?} and {others:?}");
    }
}

/// The bound is that of the optimized program; run with `--nocapture` to see the number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stdout, reason = "the number is what one looks at")]
async fn a_known_token_is_checked_quickly() {
    let server = crate::support::TestServer::start(crate::support::Backend::Sqlite).await;
    let (person, _) = server.person("ada", &["TMC_OPERATOR"]).await;
    let token = server.token_of(&person).await;
    let mut times = Vec::new();
    for _ in 0..5_000 {
        let start = std::time::Instant::now();
        let actor = server.service.authenticate(&token, "processing").await.expect("a good token");
        server.service.admit(&actor, from(1)).await.expect("there is no allowlist");
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let middle = times[times.len() / 2];
    println!("{middle:?} for one check, {:?} at the 99th percentile", times[times.len() * 99 / 100]);
    assert!(middle < std::time::Duration::from_micros(50), "{middle:?}");
}
