//! Authenticator programs and recovery codes.

use serde_json::{Value, json};
use stoker_secrets::totp;
use stoker_store::StoreError;
use stoker_testkit::http::{Answer, Http, Method};

use crate::support::{MINUTE, TestServer, both};

const TOTP: &str = "/stoker/v1/me/totp";
const CONFIRM: &str = "/stoker/v1/me/totp/confirm";
const CODES: &str = "/stoker/v1/me/totp/recovery-codes";
const SESSION: &str = "/stoker/v1/session";
const PASSWORD: &str = "correct horse battery";

/// What an authenticator program keeps: the secret that was typed in.
fn typed_in(secret: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
    for letter in secret.bytes() {
        let value = if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    bytes
}

async fn begin(http: &Http) -> Answer {
    http.send(Method::POST, TOTP, &[], None).await
}

/// What the program shows now.
fn shown(server: &TestServer, secret: &[u8]) -> String {
    totp::code(secret, server.service.now() / 1000 / totp::PERIOD_S)
}

fn next_period(server: &TestServer) {
    server.clock.advance(totp::PERIOD_S * 1000);
}

/// A code of the caller's new authenticator, which waits for its first code when `begun`, and else has had it. Nonsense
/// for a caller who cannot have one.
pub(crate) async fn code_for(server: &TestServer, http: &Http, begun: bool) -> String {
    let nonsense = "000000".to_owned();
    let me = http.get("/account/me").await;
    if me.status != 200 || me.json()["type"] != "USER" {
        return nonsense;
    }
    let user = me.json()["id"].as_str().expect("an id").to_owned();
    let removal = server.store.write::<_, StoreError, _>(move |tx| {
        tx.execute("DELETE FROM user_totp WHERE user_id = $1", stoker_store::params![&user])
    });
    let _ = removal.await.expect("clear the authenticator");
    let secret = typed_in(begin(http).await.expect(201).json()["secret"].as_str().expect("a secret"));
    if !begun {
        let _ = http.post(CONFIRM, &json!({ "code": shown(server, &secret) })).await.expect(200);
        next_period(server);
    }
    shown(server, &secret)
}

/// A user with a password and an authenticator in use: its id, its client, the secret, the recovery codes.
async fn guarded(server: &TestServer, login: &str) -> (String, Http, Vec<u8>, Vec<String>) {
    let (id, http) = server.person(login, &["TMC_OPERATOR"]).await;
    let _ = http.put("/stoker/v1/me/password", &json!({ "newPassword": PASSWORD })).await.expect(204);
    let made = begin(&http).await.expect(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let body = made.json();
    let secret = body["secret"].as_str().expect("a secret").to_owned();
    let uri = body["uri"].as_str().expect("an address");
    assert!(uri.starts_with(&format!("otpauth://totp/Stoker:{login}?secret={secret}&")), "{uri}");
    let secret = typed_in(&secret);
    let codes = http.post(CONFIRM, &json!({ "code": shown(server, &secret) })).await.expect(200).json();
    let codes: Vec<String> = serde_json::from_value(codes["recoveryCodes"].clone()).expect("texts");
    next_period(server);
    (id, http, secret, codes)
}

async fn sign_in(server: &TestServer, login: &str, password: &str, more: Value) -> Answer {
    let mut body = json!({ "login": login, "password": password });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    server.anonymous().post(SESSION, &body).await
}

fn names(answer: &Answer, field: &str) -> bool {
    answer.json()["message"].as_str().is_some_and(|text| text.starts_with(field))
}

both! {
    async fn a_password_alone_is_not_enough_any_more(server: TestServer) {
        let (person, http, secret, codes) = guarded(&server, "ada").await;
        assert_eq!(codes.len(), 10);
        let state = http.get(TOTP).await.expect(200).json();
        assert_eq!((&state["enabled"], &state["recoveryCodes"]), (&json!(true), &json!(10)));
        for _ in 0..20 {
            // It is no failure, so nothing is slowed.
            let missing = sign_in(&server, "ada", PASSWORD, json!({})).await.expect(401);
            assert!(names(&missing, "totp"), "{}", missing.text());
        }
        // Whoever does not know the password does not learn that there is a second factor.
        let wrong = sign_in(&server, "ada", "staple correct horse", json!({})).await.expect(401);
        assert_eq!(wrong.json()["message"], "Unauthorized");
        let code = shown(&server, &secret);
        let wrong = sign_in(&server, "ada", "staple correct horse", json!({ "totp": code })).await.expect(401);
        assert_eq!(wrong.json()["message"], "Unauthorized");
        let _ = sign_in(&server, "ada", PASSWORD, json!({ "totp": code })).await.expect(201);
        let again = sign_in(&server, "ada", PASSWORD, json!({ "totp": code })).await.expect(401);
        assert!(names(&again, "totp"), "a code works once: {}", again.text());
        next_period(&server);
        let spaced = shown(&server, &secret);
        let spaced = format!("{} {}", &spaced[..3], &spaced[3..]);
        let _ = sign_in(&server, "ada", PASSWORD, json!({ "totp": spaced })).await.expect(201);
        // A clock that is a minute off is too far off, half a minute is not.
        next_period(&server);
        let early = totp::code(&secret, server.service.now() / 1000 / totp::PERIOD_S + 2);
        let _ = sign_in(&server, "ada", PASSWORD, json!({ "totp": early })).await.expect(401);
        next_period(&server);
        let _ = sign_in(&server, "ada", PASSWORD, json!({ "totp": early })).await.expect(201);
        let both = sign_in(&server, "ada", PASSWORD, json!({ "totp": "1", "recoveryCode": "2" })).await.expect(400);
        assert!(names(&both, "recoveryCode"));
        // A personal access token is a factor of its own.
        let token = json!({ "token": server.token_of(&person).await });
        let _ = server.anonymous().post(SESSION, &token).await.expect(201);
    }

    async fn recovery_codes_work_once_each_and_are_renewed(server: TestServer) {
        let (_, http, secret, codes) = guarded(&server, "ada").await;
        let typed = codes[0].to_uppercase().replace('-', " ");
        let _ = sign_in(&server, "ada", PASSWORD, json!({ "recoveryCode": typed })).await.expect(201);
        let again = sign_in(&server, "ada", PASSWORD, json!({ "recoveryCode": codes[0] })).await.expect(401);
        assert!(names(&again, "recoveryCode"), "{}", again.text());
        assert_eq!(http.get(TOTP).await.expect(200).json()["recoveryCodes"], 9);
        let _ = http.post(CODES, &json!({ "password": "not the password" })).await.expect(400);
        let renewed = http.post(CODES, &json!({ "code": shown(&server, &secret) })).await.expect(200).json();
        assert_eq!(renewed["recoveryCodes"].as_array().map(Vec::len), Some(10));
        let _ = sign_in(&server, "ada", PASSWORD, json!({ "recoveryCode": codes[1] })).await.expect(401);
        let fresh = &renewed["recoveryCodes"][9];
        let _ = sign_in(&server, "ada", PASSWORD, json!({ "recoveryCode": fresh })).await.expect(201);
        // Those of somebody else are worth nothing.
        let (_, _, _, others) = guarded(&server, "bob").await;
        let _ = sign_in(&server, "ada", PASSWORD, json!({ "recoveryCode": others[0] })).await.expect(401);
    }

    async fn wrong_codes_are_slowed_wherever_they_come_from(server: TestServer) {
        let (_, _, secret, _) = guarded(&server, "ada").await;
        let mut slowed = false;
        for _ in 0..8 {
            let right = shown(&server, &secret);
            let wrong = if right == "123456" { "654321" } else { "123456" };
            let answer = sign_in(&server, "ada", PASSWORD, json!({ "totp": wrong })).await;
            slowed |= answer.status == 429;
            assert!([401, 429].contains(&answer.status), "{}", answer.text());
        }
        assert!(slowed);
        let right = sign_in(&server, "ada", PASSWORD, json!({ "totp": shown(&server, &secret) })).await;
        assert_eq!(right.status, 429, "even the right one waits: {}", right.text());
        // Asking without a code does not put the count back.
        let _ = sign_in(&server, "ada", PASSWORD, json!({})).await.expect(401);
        let _ = sign_in(&server, "ada", PASSWORD, json!({ "totp": shown(&server, &secret) })).await.expect(429);
        server.clock.advance(15 * MINUTE);
        let _ = sign_in(&server, "ada", PASSWORD, json!({ "totp": shown(&server, &secret) })).await.expect(201);
    }

    async fn it_is_removed_by_its_owner_or_an_administrator(server: TestServer) {
        let (person, http, secret, codes) = guarded(&server, "ada").await;
        let _ = begin(&http).await.expect(409);
        let remove = |body: Value| { let http = http.clone(); async move { http.json(Method::DELETE, TOTP, &body).await } };
        for bad in [json!({}), json!({ "password": "x", "code": "y" }), json!({ "password": "wrong" }), json!({ "code": "1" })] {
            let _ = remove(bad).await.expect(400);
        }
        let _ = sign_in(&server, "ada", PASSWORD, json!({})).await.expect(401);
        let _ = remove(json!({ "recoveryCode": codes[3] })).await.expect(204);
        let _ = sign_in(&server, "ada", PASSWORD, json!({})).await.expect(201);
        let _ = remove(json!({ "password": PASSWORD })).await.expect(404);
        // What was not confirmed guards nothing.
        let _ = begin(&http).await.expect(201);
        let _ = http.post(CONFIRM, &json!({ "code": shown(&server, &secret) })).await.expect(400);
        let _ = sign_in(&server, "ada", PASSWORD, json!({})).await.expect(201);
        assert_eq!(http.get(TOTP).await.expect(200).json()["begun"], true);
        // An administrator sees who has one, and removes it.
        let (second, bob, _, _) = guarded(&server, "bob").await;
        let users = server.http().get("/stoker/v1/users").await.expect(200).json();
        let of = |login: &str| users.as_array().expect("a list").iter().find(|u| u["login"] == login).expect(login).clone();
        assert_eq!((&of("bob")["totp"], &of("ada")["totp"], &of("admin")["totp"]), (&json!(true), &json!(false), &json!(false)));
        let path = format!("/stoker/v1/users/{second}/totp");
        let _ = bob.delete(&path).await.expect(403);
        let _ = server.http().delete(&path).await.expect(204);
        let _ = server.http().delete(&path).await.expect(404);
        let _ = sign_in(&server, "bob", PASSWORD, json!({})).await.expect(201);
        // Nothing of it is left behind with the user.
        let _ = server.http().delete(&format!("/account/users/{person}")).await.expect(204);
        let left = server.store.read::<_, StoreError, _>(|tx| {
            tx.query_int("SELECT (SELECT count(*) FROM user_totp) + (SELECT count(*) FROM recovery_codes)", &[])
        });
        assert_eq!(left.await.expect("count"), 0);
    }

    async fn secrets_and_codes_are_not_readable_in_the_database(server: TestServer) {
        let (_, _, secret, codes) = guarded(&server, "ada").await;
        let stored = server.store.read::<_, StoreError, _>(|tx| {
            let mut all = Vec::new();
            for row in tx.query("SELECT secret FROM user_totp", &[])? {
                all.push(row.text(0)?);
            }
            for row in tx.query("SELECT hash FROM recovery_codes", &[])? {
                all.push(row.text(0)?);
            }
            Ok(all)
        });
        let stored = stored.await.expect("read");
        assert_eq!(stored.len(), 11);
        for text in &stored {
            assert!(!text.contains(&totp::base32(&secret)));
            for code in &codes {
                assert!(!text.contains(&code.replace('-', "")));
                assert_ne!(*text, stoker_secrets::token::hash(&code.replace('-', "")), "a plain hash could be guessed");
            }
        }
    }

    async fn two_servers_take_a_code_once(server: TestServer) {
        let (_, _, secret, _) = guarded(&server, "ada").await;
        let second = server.second().await;
        let code = shown(&server, &secret);
        let mut tries = Vec::new();
        for service in [server.service.clone(), second] {
            let code = code.clone();
            tries.push(tokio::spawn(async move {
                let credentials = stoker_service::sessions::Credentials::Password {
                    login: "ada".to_owned(),
                    password: PASSWORD.to_owned(),
                    second: Some(stoker_service::second_factors::SecondFactor::Code(code)),
                };
                service.sign_in(credentials, Default::default()).await.is_ok()
            }));
        }
        let mut good = 0;
        for one in tries {
            good += usize::from(one.await.expect("join"));
        }
        assert_eq!(good, 1);
    }
}
