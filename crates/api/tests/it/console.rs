//! The console: its files, its session, its live events.

use serde_json::{Value, json};
use stoker_store::StoreError;
use stoker_store::db::Record;
use stoker_testkit::http::{Answer, Http, Method};

use crate::support::{MINUTE, START_MS, TestServer, both};

const SESSION: &str = "/stoker/v1/session";
const LIST: &str = "/orchestration/workspaces";

/// A browser: the cookie it was given, and the token that a script of the page read.
struct Browser {
    http: Http,
    cookie: String,
    csrf: String,
}

impl Browser {
    async fn sign_in(server: &TestServer, token: &str) -> Self {
        let http = server.anonymous();
        let answer = http.post(SESSION, &json!({ "token": token })).await.expect(201);
        let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=86400"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Secure"), "the server is reached without TLS: {cookie}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let body = answer.json();
        let cookie = cookie.split(';').next().expect("name and value").to_owned();
        let secret = cookie.split_once('=').expect("a value").1;
        assert!(!answer.text().contains(secret), "scripts must not see what the cookie holds");
        Self { http, cookie, csrf: body["csrfToken"].as_str().expect("a token").to_owned() }
    }

    async fn send(&self, method: Method, path: &str, csrf: Option<&str>, body: Option<&Value>) -> Answer {
        let mut headers = vec![("cookie", self.cookie.as_str())];
        headers.extend(csrf.map(|csrf| ("x-csrf-token", csrf)));
        headers.extend(body.map(|_| ("content-type", "application/json")));
        self.http.send(method, path, &headers, body.map(|body| body.to_string().into_bytes())).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }
}

async fn audit(server: &TestServer) -> Vec<(String, String)> {
    let events = server.store.read::<_, StoreError, _>(|tx| {
        stoker_store::audit::AuditEvent::select(tx, "WHERE object_type = 'session' ORDER BY id {bytes}", &[])
    });
    events.await.expect("read").into_iter().map(|event| (event.action, event.actor_id)).collect()
}

both! {
    async fn a_cookie_is_as_good_as_the_token_it_was_made_with(server: TestServer) {
        let browser = Browser::sign_in(&server, &server.bootstrap.personal_access_token).await;
        assert_eq!(browser.get(LIST).await.expect(200).json(), server.http().get(LIST).await.expect(200).json());
        let shown = browser.get(SESSION).await.expect(200).json();
        assert_eq!((&shown["user"]["login"], &shown["user"]["name"]), (&json!("admin"), &json!("Admin")));
        assert_eq!((&shown["csrfToken"], &shown["csrfHeader"]), (&json!(browser.csrf), &json!("x-csrf-token")));
        assert_eq!(shown["expiresAt"], "2026-02-04T09:00:00.000Z");
        assert!(shown["permissions"].as_array().is_some_and(|all| all.contains(&json!("TMC_OPERATOR"))), "{shown}");
        let rights = stoker_domain::Rights::all().ids();
        assert_eq!(shown["rights"], json!([{ "workspaceId": server.workspace(), "rights": rights }]));
        let body = json!({ "name": "from a browser", "environmentId": server.environment(), "owner": "admin" });
        let made = browser.send(Method::POST, LIST, Some(&browser.csrf), Some(&body)).await.expect(201).json();
        assert_eq!(made["name"], "from a browser");
        assert_eq!(audit(&server).await, [("session.create".to_owned(), "admin".to_owned())]);
        // Somebody with fewer permissions gets no more by a cookie.
        let (_, person) = server.person("viewer", &["AUDIT_LOGS_VIEW"]).await;
        let _ = person.get("/orchestration/artifacts").await.expect(403);
    }

    async fn a_changing_call_without_the_second_secret_changes_nothing(server: TestServer) {
        let browser = Browser::sign_in(&server, &server.bootstrap.personal_access_token).await;
        let other = Browser::sign_in(&server, &server.bootstrap.personal_access_token).await;
        assert_ne!(browser.csrf, other.csrf);
        let body = json!({ "name": "forged", "environmentId": server.environment(), "owner": "admin" });
        for csrf in [None, Some(""), Some("x"), Some(other.csrf.as_str())] {
            let answer = browser.send(Method::POST, LIST, csrf, Some(&body)).await.expect(403);
            assert!(answer.text().contains("x-csrf-token"), "{}", answer.text());
            let _ = browser.send(Method::DELETE, SESSION, csrf, None).await.expect(403);
        }
        let _ = browser.get(LIST).await.expect(200);
        assert!(!browser.get(LIST).await.text().contains("forged"));
        // Another site's page cannot sign its visitors in.
        let headers = [("content-type", "application/json"), ("sec-fetch-site", "cross-site")];
        let text = json!({ "token": server.bootstrap.personal_access_token }).to_string().into_bytes();
        let _ = server.anonymous().send(Method::POST, SESSION, &headers, Some(text)).await.expect(403);
    }

    async fn a_session_ends_when_it_is_signed_out_idle_or_old(server: TestServer) {
        let token = server.bootstrap.personal_access_token.clone();
        let (one, two) = (Browser::sign_in(&server, &token).await, Browser::sign_in(&server, &token).await);
        let gone = one.send(Method::DELETE, SESSION, Some(&one.csrf), None).await.expect(204);
        assert!(gone.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
        let _ = one.get(LIST).await.expect(401);
        let _ = two.get(LIST).await.expect(200);
        let three = Browser::sign_in(&server, &token).await;
        let _ = two.send(Method::DELETE, "/stoker/v1/sessions", Some(&two.csrf), None).await.expect(204);
        let _ = three.get(LIST).await.expect(401);
        let actions: Vec<String> = audit(&server).await.into_iter().map(|(action, _)| action).collect();
        for action in ["session.create", "session.delete", "session.delete-all"] {
            assert!(actions.iter().any(|one| one == action), "{actions:?}");
        }
        // Idle: two hours without a call. Each call moves that on.
        let idle = Browser::sign_in(&server, &token).await;
        server.clock.advance(119 * MINUTE);
        let _ = idle.get(LIST).await.expect(200);
        server.clock.advance(119 * MINUTE);
        let _ = idle.get(LIST).await.expect(200);
        server.clock.advance(121 * MINUTE);
        let _ = idle.get(LIST).await.expect(401);
        // Old: a day, however busy.
        let busy = Browser::sign_in(&server, &token).await;
        for _ in 0..23 {
            server.clock.advance(60 * MINUTE);
            let _ = busy.get(LIST).await.expect(200);
        }
        server.clock.advance(60 * MINUTE);
        let _ = busy.get(LIST).await.expect(401);
        let _ = busy.get(SESSION).await.expect(401);
    }

    async fn a_session_ends_with_the_token_it_was_made_with(server: TestServer) {
        let (_, http) = server.person("brief", &["TMC_OPERATOR"]).await;
        let _ = http.get("/orchestration/artifacts").await.expect(200);
        let browser = Browser::sign_in(&server, &server.bootstrap.personal_access_token).await;
        let _ = browser.get(LIST).await.expect(200);
        let removal = server.store.write::<_, StoreError, _>(|tx| {
            tx.execute("UPDATE personal_tokens SET expires_ms = $1", stoker_store::params![START_MS + MINUTE])
        });
        assert!(removal.await.expect("shorten the tokens") > 0);
        server.clock.advance(MINUTE);
        let _ = browser.get(LIST).await.expect(401);
    }

    async fn failed_sign_ins_are_slowed(server: TestServer) {
        let http = server.anonymous();
        for bad in [json!({}), json!({ "token": 1 }), json!({ "token": "" }), json!({ "token": "x".repeat(9000) })] {
            let answer = http.post(SESSION, &bad).await.expect(400);
            assert!(answer.text().contains("token"), "{}", answer.text());
        }
        for _ in 0..6 {
            let _ = http.post(SESSION, &json!({ "token": "guess" })).await.expect(401);
        }
        // Not even the right one is looked at meanwhile, or waiting would tell something.
        let right = json!({ "token": server.bootstrap.personal_access_token });
        let answer = http.post(SESSION, &right).await.expect(429);
        assert!(answer.text().contains("try again in 2 s"), "{}", answer.text());
        server.clock.advance(2_000);
        let _ = http.post(SESSION, &right).await.expect(201);
        let _ = http.post(SESSION, &json!({ "token": "guess" })).await.expect(401);
        let _ = http.post(SESSION, &right).await.expect(201);
    }

    async fn events_tell_what_kind_of_thing_changed(server: TestServer) {
        let browser = Browser::sign_in(&server, &server.bootstrap.personal_access_token).await;
        let path = "/stoker/v1/events?seconds=2";
        let (heard, _) = tokio::join!(browser.get(path), async {
            let (task, _) = server.ready_task("live").await;
            server.run(&task).await
        });
        let heard = heard.expect(200);
        assert_eq!(heard.header("content-type"), Some("text/event-stream"));
        let text = heard.text();
        assert!(text.starts_with("retry: 2000\nevent: ready\n"), "{text}");
        for topic in ["runs", "engines", "objects"] {
            assert!(text.contains(&format!("\"{topic}\"")), "{topic}: {text}");
        }
        assert!(text.matches("event: changed").count() <= 6, "changes are told together: {text}");
        assert!(!text.contains("live"), "no content: {text}");
        // A stream ends with the session: whoever signs out hears no more.
        let other = Browser::sign_in(&server, &server.bootstrap.personal_access_token).await;
        let (heard, _) = tokio::join!(other.get("/stoker/v1/events?seconds=60"), async {
            other.send(Method::DELETE, SESSION, Some(&other.csrf), None).await.expect(204)
        });
        let _ = if heard.status == 401 { heard } else { heard.expect(200) };
        let _ = other.get(path).await.expect(401);
        for bad in ["0", "301", "-1", "x"] {
            let answer = browser.get(&format!("/stoker/v1/events?seconds={bad}")).await.expect(400);
            assert!(answer.text().contains("seconds"), "{}", answer.text());
        }
        let _ = server.anonymous().get(path).await.expect(401);
    }

    async fn files_of_the_console_are_served_packed_and_kept(server: TestServer) {
        let http = server.anonymous();
        for place in ["/", "/runs", "/runs/some-id?tab=log", "/engines/x"] {
            let page = http.get(place).await.expect(200);
            assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{place}");
            assert_eq!(page.header("cache-control"), Some("no-store"));
            let policy = page.header("content-security-policy").expect("a policy").to_owned();
            for rule in ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "connect-src 'self'"] {
                assert!(policy.contains(rule), "{policy}");
            }
            let nonce = page.header("x-request-id").expect("an id");
            assert!(policy.contains(&format!("'nonce-{nonce}'")), "{policy}");
            assert!(page.text().contains(&format!("content={nonce}>")), "{}", page.text());
        }
        let early = |text: String| text.matches("modulepreload").count();
        for (path, files) in [("/", 1), ("/runs", 0), ("/runs/1", 2), ("/runs/1/", 2), ("/runs/1/2", 0)] {
            let text = http.get(path).await.expect(200).text();
            // Whoever is not signed in is not made to ask what would be refused.
            assert!(!text.contains("as=\"fetch\""), "{text}");
            assert_eq!(early(text), files, "{path}");
        }
        let run = http.send(Method::GET, "/runs/1", &[("cookie", "stoker_session=x")], None).await.expect(200).text();
        for line in ["crossorigin href=\"/assets/log.js\">", "as=\"fetch\" crossorigin href=\"/stoker/v1/session\">"] {
            assert!(run.contains(line), "{run}");
        }
        for path in ["/nothing", "/runsx", "/assets/none.js", "/index.html", "/stoker/v1/nothing", "/stoker"] {
            let missing = http.get(path).await.expect(404);
            assert_eq!(missing.json()["message"], "there is no such path", "{path}");
        }
        let _ = http.post("/", &json!({})).await.expect(404);
        let get = async |coding: &str| {
            http.send(Method::GET, "/assets/a-1.js", &[("accept-encoding", coding)], None).await
        };
        let packed = get("gzip, br;q=0.9").await.expect(200);
        assert_eq!((packed.header("content-encoding"), packed.text().as_str()), (Some("br"), "brotli script"));
        assert_eq!(packed.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(packed.header("vary"), Some("accept-encoding"));
        let packed = get("br;q=0, gzip").await.expect(200);
        assert_eq!((packed.header("content-encoding"), packed.text().as_str()), (Some("gzip"), "gzip script"));
        let plain = get("identity").await.expect(200);
        assert_eq!((plain.header("content-encoding"), plain.text().as_str()), (None, "plain script"));
        let icon = http.get("/icon.svg").await.expect(200);
        assert_eq!(icon.header("cache-control"), Some("no-cache"));
        let tag = icon.header("etag").expect("a tag").to_owned();
        let again = http.send(Method::GET, "/icon.svg", &[("if-none-match", &tag)], None).await.expect(304);
        assert!(again.body.is_empty());
        let _ = http.send(Method::HEAD, "/runs", &[], None).await.expect(200);
    }
}
