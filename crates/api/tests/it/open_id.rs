//! Signing in by OpenID Connect, with a provider that is good or lies in one thing. A real one takes part in the tests
//! of the whole programs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use stoker_service::open_id::{
    OpenIdSettings, ProviderAnswer, ProviderCall, ProviderFuture, ProviderSecret, ProviderWeb,
};
use stoker_store::StoreError;
use stoker_testkit::http::{Answer, Http, Method};

use crate::support::{MINUTE, START_MS, TestServer, both};

const ISSUER: &str = "https://id.example";
const BEGIN: &str = "/stoker/v1/session/openid";
const BACK: &str = "/stoker/v1/session/openid/callback";

/// In what the provider lies.
#[derive(Clone, Debug, PartialEq)]
enum Lie {
    None,
    /// A claim has another value.
    Claim(&'static str, Value),
    /// The token is not signed.
    Unsigned,
    /// The token is signed with another key.
    OtherKey,
    /// It publishes another issuer.
    Issuer,
    /// It wants to be called without TLS.
    Plain,
}

struct Provider {
    key: EcdsaKeyPair,
    other: EcdsaKeyPair,
    lie: Mutex<Lie>,
    /// Codes that are good: nonce, challenge, claims.
    codes: Mutex<HashMap<String, (String, String, Value)>>,
    /// Where it was called.
    called: Mutex<Vec<String>>,
    now_s: Mutex<i64>,
    /// What it says of whoever holds the access token.
    me: Mutex<Value>,
}

impl Provider {
    fn new() -> Arc<Self> {
        let make = || {
            let rng = ring::rand::SystemRandom::new();
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).expect("a key");
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &rng).expect("the key")
        };
        Arc::new(Self {
            key: make(),
            other: make(),
            lie: Mutex::new(Lie::None),
            codes: Mutex::default(),
            called: Mutex::default(),
            now_s: Mutex::new(START_MS / 1000),
            me: Mutex::new(json!({})),
        })
    }

    fn lie(&self, lie: Lie) {
        *self.lie.lock().expect("a lock") = lie;
    }

    fn discovery(&self) -> Value {
        let lie = self.lie.lock().expect("a lock").clone();
        let issuer = if lie == Lie::Issuer { "https://other.example" } else { ISSUER };
        let token = if lie == Lie::Plain { "http://169.254.169.254/token" } else { "https://id.example/token" };
        json!({
            "issuer": issuer, "authorization_endpoint": "https://id.example/auth", "token_endpoint": token,
            "jwks_uri": "https://keys.example/jwks", "userinfo_endpoint": "https://id.example/me",
        })
    }

    fn keys(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "k", "x": x, "y": y }] })
    }

    fn token(&self, nonce: &str, claims: &Value) -> String {
        let now = *self.now_s.lock().expect("a lock");
        let mut all = json!({ "iss": ISSUER, "aud": "stoker", "nonce": nonce, "iat": now, "exp": now + 300 });
        for (name, value) in claims.as_object().expect("claims") {
            all[name] = value.clone();
        }
        let lie = self.lie.lock().expect("a lock").clone();
        if let Lie::Claim(name, value) = &lie {
            all[*name] = value.clone();
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        if lie == Lie::Unsigned {
            return format!("{}.{}.", part(&json!({ "alg": "none" })), part(&all));
        }
        let message = format!("{}.{}", part(&json!({ "alg": "ES256", "kid": "k" })), part(&all));
        let key = if lie == Lie::OtherKey { &self.other } else { &self.key };
        let signature = key.sign(&ring::rand::SystemRandom::new(), message.as_bytes()).expect("sign");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Trades a code: once, and only with the verifier, our name and our secret.
    fn trade(&self, form: &str, authorization: Option<&str>) -> (u16, Value) {
        let form: HashMap<String, String> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        let secret = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("stoker:hush+%26"));
        let Some((nonce, challenge, claims)) = self.codes.lock().expect("a lock").remove(&form["code"]) else {
            return (400, json!({ "error": "invalid_grant" }));
        };
        let digest = ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes());
        assert_eq!(URL_SAFE_NO_PAD.encode(digest), challenge);
        assert_eq!((form["grant_type"].as_str(), authorization), ("authorization_code", Some(secret.as_str())));
        assert!(form["redirect_uri"].ends_with(BACK));
        (200, json!({ "id_token": self.token(&nonce, &claims), "access_token": "a", "token_type": "Bearer" }))
    }
}

impl ProviderWeb for Provider {
    fn send(&self, call: ProviderCall) -> ProviderFuture<'_> {
        Box::pin(async move {
            self.called.lock().expect("a lock").push(call.url.clone());
            let (status, body) = match (call.url.as_str(), call.form) {
                ("https://id.example/.well-known/openid-configuration", None) => (200, self.discovery()),
                ("https://keys.example/jwks", None) => (200, self.keys()),
                ("https://id.example/me", None) => (200, self.me.lock().expect("a lock").clone()),
                ("https://id.example/token", Some(form)) => self.trade(&form, call.authorization.as_deref()),
                (url, _) => return Err(format!("nobody answers at {url}")),
            };
            Ok(ProviderAnswer { status, body: body.to_string().into_bytes() })
        })
    }
}

/// A provider that this server trusts.
fn trusted(server: &TestServer, change: impl FnOnce(&mut OpenIdSettings)) -> Arc<Provider> {
    let provider = Provider::new();
    let mut settings = OpenIdSettings::new(ISSUER, "stoker");
    settings.client_secret = Some(ProviderSecret::new("hush &"));
    settings.name = "Example".to_owned();
    change(&mut settings);
    for service in server.services() {
        service.use_open_id(settings.clone(), provider.clone()).expect("settings");
    }
    provider
}

/// A sign-in that was begun: the cookie and what went along to the provider.
struct Begun {
    cookie: String,
    query: HashMap<String, String>,
}

async fn begin(server: &TestServer) -> Begun {
    let answer = server.anonymous().get(&format!("{BEGIN}?returnTo=/runs%3Fmine")).await.expect(303);
    let location = answer.header("location").expect("where to").to_owned();
    let (to, query) = location.split_once('?').expect("a query");
    assert_eq!(to, "https://id.example/auth");
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let query: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!((query["response_type"].as_str(), query["code_challenge_method"].as_str()), ("code", "S256"));
    Begun { cookie: cookie.split(';').next().expect("a pair").to_owned(), query }
}

/// The browser comes back with these.
async fn back(server: &TestServer, cookie: &str, code: &str, state: &str) -> Answer {
    let query =
        form_urlencoded::Serializer::new(String::new()).append_pair("code", code).append_pair("state", state).finish();
    server.anonymous().send(Method::GET, &format!("{BACK}?{query}"), &[("cookie", cookie)], None).await
}

/// A whole sign-in of somebody with these claims.
async fn sign_in(server: &TestServer, provider: &Provider, claims: Value) -> Answer {
    let begun = begin(server).await;
    let entry = (begun.query["nonce"].clone(), begun.query["code_challenge"].clone(), claims);
    provider.codes.lock().expect("a lock").insert("c-1".to_owned(), entry);
    back(server, &begun.cookie, "c-1", &begun.query["state"]).await
}

fn ada() -> Value {
    json!({ "sub": "s-ada", "preferred_username": "ada", "given_name": "Ada", "family_name": "Byron", "roles": ["north"] })
}

/// The session that an answer opened; panics when it opened none.
#[track_caller]
fn session(answer: &Answer) -> String {
    let cookies = answer.headers.get_all("set-cookie").into_iter().filter_map(|value| value.to_str().ok());
    let found = cookies.filter_map(|text| text.split(';').next()).find(|pair| pair.starts_with("stoker_session="));
    found.unwrap_or_else(|| panic!("{} {}", answer.status, answer.text())).to_owned()
}

async fn whoami(server: &TestServer, cookie: &str) -> Value {
    let answer = server.anonymous().send(Method::GET, "/stoker/v1/session", &[("cookie", cookie)], None).await;
    answer.expect(200).json()
}

#[track_caller]
fn says(answer: &Answer, word: &str) {
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert!(answer.json()["message"].as_str().is_some_and(|text| text.contains(word)), "{}", answer.text());
    assert!(answer.headers.get("set-cookie").is_none(), "a refusal opens nothing");
}

async fn map_roles(server: &TestServer) {
    let mapping =
        json!([{ "name": "north", "roles": ["Operator"] }, { "name": "chief", "roles": ["Security Administrator"] }]);
    // The document knows the answer as one mapping; see the decisions on the compatibility page.
    let http = Http::new(&server.url).with_token(&server.bootstrap.personal_access_token);
    let _ = http.post("/security/role-mappings", &mapping).await.expect(200);
}

both! {
    async fn a_known_user_signs_in_and_keeps_its_roles(server: TestServer) {
        let provider = trusted(&server, |_| {});
        let ways = server.anonymous().get("/stoker/v1/session/ways").await.expect(200).json();
        assert_eq!(ways["openId"], json!({ "name": "Example", "path": BEGIN }));
        let (person, _) = server.person("ada", &["TMC_OPERATOR"]).await;
        let answer = sign_in(&server, &provider, ada()).await.expect(303);
        assert_eq!(answer.header("location"), Some("/runs?mine"));
        let shown = whoami(&server, &session(&answer)).await;
        assert_eq!((&shown["user"]["login"], &shown["user"]["id"]), (&json!("ada"), &json!(person)));
        assert_eq!(shown["permissions"], json!(["TMC_OPERATOR"]));
        // The provider's name for a person counts from then on, whatever the person is called.
        let mut renamed = ada();
        renamed["preferred_username"] = json!("admin");
        let shown = whoami(&server, &session(&sign_in(&server, &provider, renamed).await)).await;
        assert_eq!(shown["user"]["login"], "ada");
        // Somebody else who gets the name later does not get the user.
        let mut later = ada();
        later["sub"] = json!("s-other");
        says(&sign_in(&server, &provider, later).await, "somebody else");
        let users = server.http().get("/stoker/v1/users").await.expect(200).json();
        let linked = users.as_array().expect("a list").iter().filter(|user| user["openId"] == true).count();
        assert_eq!(linked, 1);
        // Each server asked once what it says of itself, and nothing but its own addresses was called.
        let called = provider.called.lock().expect("a lock").clone();
        let asked = called.iter().filter(|url| url.ends_with("configuration")).count();
        assert!((1..=server.services().count()).contains(&asked), "{called:?}");
        let listed = server.http().get(&format!("/stoker/v1/users/{person}/sessions")).await.expect(200).json();
        assert!(listed.as_array().is_some_and(|all| all.iter().all(|one| one["way"] == "openId")), "{listed}");
    }

    async fn claims_may_lie_at_the_userinfo_endpoint(server: TestServer) {
        let provider = trusted(&server, |_| {});
        let _ = server.person("ada", &["TMC_OPERATOR"]).await;
        *provider.me.lock().expect("a lock") = json!({ "sub": "s-eve", "preferred_username": "ada" });
        says(&sign_in(&server, &provider, json!({ "sub": "s-ada" })).await, "does not answer as it should");
        *provider.me.lock().expect("a lock") = json!({ "sub": "s-ada", "preferred_username": "ada", "iss": "https://evil.example" });
        let _ = session(&sign_in(&server, &provider, json!({ "sub": "s-ada" })).await.expect(303));
    }

    async fn every_lie_is_found_out(server: TestServer) {
        let provider = trusted(&server, |_| {});
        let _ = server.person("ada", &["TMC_OPERATOR"]).await;
        let now = START_MS / 1000;
        for (lie, word) in [
            (Lie::Claim("nonce", json!("another")), "nonce"),
            (Lie::Claim("aud", json!("another")), "another client"),
            (Lie::Claim("iss", json!("https://evil.example")), "issuer"),
            (Lie::Claim("exp", json!(now - 61)), "expired"),
            (Lie::Claim("iat", json!(now + 3600)), "clocks"),
            (Lie::Claim("sub", json!(null)), "nobody"),
            (Lie::Claim("preferred_username", json!(null)), "preferred_username"),
            (Lie::Claim("preferred_username", json!("a b")), "no login"),
            (Lie::Unsigned, "RS256"),
            (Lie::OtherKey, "signature"),
        ] {
            provider.lie(lie.clone());
            says(&sign_in(&server, &provider, ada()).await, word);
            // Failures of one address are slowed.
            server.clock.advance(20 * MINUTE);
            *provider.now_s.lock().expect("a lock") += 20 * 60;
            let now = *provider.now_s.lock().expect("a lock");
            assert_eq!(now, server.service.now() / 1000);
        }
        provider.lie(Lie::None);
        let _ = session(&sign_in(&server, &provider, ada()).await.expect(303));
    }

    async fn a_sign_in_belongs_to_one_browser_and_is_used_once(server: TestServer) {
        let provider = trusted(&server, |_| {});
        let _ = server.person("ada", &["TMC_OPERATOR"]).await;
        let (mine, other) = (begin(&server).await, begin(&server).await);
        let give = |code: &str, begun: &Begun| {
            let entry = (begun.query["nonce"].clone(), begun.query["code_challenge"].clone(), ada());
            provider.codes.lock().expect("a lock").insert(code.to_owned(), entry);
        };
        give("c-1", &mine);
        says(&back(&server, &mine.cookie, "c-1", &other.query["state"]).await, "state");
        says(&back(&server, &other.cookie, "c-1", &mine.query["state"]).await, "state");
        says(&back(&server, "", "c-1", &mine.query["state"]).await, "state");
        says(&back(&server, "stoker_openid=e1:AAAA", "c-1", &mine.query["state"]).await, "state");
        let _ = session(&back(&server, &mine.cookie, "c-1", &mine.query["state"]).await.expect(303));
        says(&back(&server, &mine.cookie, "c-1", &mine.query["state"]).await, "code");
        says(&back(&server, &other.cookie, "", &other.query["state"]).await, "code");
        // What the provider says against it is told, as a word.
        let path = format!("{BACK}?error=access_denied%3Cscript%3E&state={}", other.query["state"]);
        let refused = server.anonymous().send(Method::GET, &path, &[("cookie", &other.cookie)], None).await;
        says(&refused, "access_denied");
        let headers = [("cookie", other.cookie.as_str()), ("accept", "text/html,*/*")];
        let page = Http::new(&server.url).send(Method::GET, &path, &headers, None).await;
        assert_eq!(page.status, 401);
        assert!(page.text().contains("access_denied") && !page.text().contains("<script>"), "{}", page.text());
        // Ten minutes are enough.
        give("c-2", &other);
        server.clock.advance(10 * MINUTE);
        says(&back(&server, &other.cookie, "c-2", &other.query["state"]).await, "too long");
    }

    async fn roles_follow_the_mappings_and_users_are_made_on_wish(server: TestServer) {
        let provider = trusted(&server, |settings| settings.create_users = true);
        // Without a mapping a new user has no role yet, which an administrator mends.
        says(&sign_in(&server, &provider, ada()).await, "no role");
        let users = server.http().get("/account/users").await.expect(200).json();
        let made = users.as_array().expect("a list").iter().find(|user| user["login"] == "ada").expect("ada").clone();
        assert_eq!((&made["firstName"], &made["lastName"], &made["roleIds"]), (&json!("Ada"), &json!("Byron"), &json!([])));
        map_roles(&server).await;
        let first = session(&sign_in(&server, &provider, ada()).await.expect(303));
        let permissions = whoami(&server, &first).await["permissions"].clone();
        assert!(permissions.as_array().is_some_and(|all| all.contains(&json!("TMC_OPERATOR"))), "{permissions}");
        // Another group at the provider: other roles here, also for the session that is open.
        let mut promoted = ada();
        promoted["roles"] = json!(["chief", "unknown here"]);
        let _ = session(&sign_in(&server, &provider, promoted).await.expect(303));
        let permissions = whoami(&server, &first).await["permissions"].clone();
        assert!(permissions.as_array().is_some_and(|all| !all.contains(&json!("TMC_OPERATOR")) && !all.is_empty()), "{permissions}");
        // In no group any more: out, and the open session can do nothing.
        let mut gone = ada();
        gone["roles"] = json!(null);
        says(&sign_in(&server, &provider, gone).await, "no role");
        assert_eq!(whoami(&server, &first).await["permissions"], json!([]));
        let trail = server.http().get("/security/audit/logs?size=200").await.expect(200).json();
        let of_ada: Vec<&str> = trail.as_array().expect("a list").iter().filter(|e| e["username"] == "ada")
            .filter_map(|e| e["eventOperation"].as_str()).collect();
        for operation in ["create", "update", "login"] {
            assert!(of_ada.contains(&operation), "{of_ada:?}");
        }
    }

    async fn strangers_and_unverified_addresses_stay_outside(server: TestServer) {
        let provider = trusted(&server, |settings| settings.login_claim = "email".to_owned());
        let _ = server.person("ada@example.com", &["TMC_OPERATOR"]).await;
        let claims = |verified: Value| json!({ "sub": "s-1", "email": "ada@example.com", "email_verified": verified, "roles": [] });
        says(&sign_in(&server, &provider, claims(json!(false))).await, "verified");
        says(&sign_in(&server, &provider, claims(json!(null))).await, "verified");
        let stranger = json!({ "sub": "s-2", "email": "eve@example.com", "email_verified": true, "roles": [] });
        says(&sign_in(&server, &provider, stranger).await, "no user eve@example.com");
        let users = server.http().get("/account/users").await.expect(200);
        assert!(!users.text().contains("eve@example.com"));
        let _ = session(&sign_in(&server, &provider, claims(json!(true))).await.expect(303));
        // A user who is not active stays outside too.
        let off = server.store.write::<_, StoreError, _>(|tx| tx.execute("UPDATE users SET active = 0 WHERE login = 'ada@example.com'", &[]));
        assert_eq!(off.await.expect("switch off"), 1);
        says(&sign_in(&server, &provider, claims(json!(true))).await, "not active");
    }

    async fn a_provider_that_is_not_what_was_configured_is_not_used(server: TestServer) {
        let provider = trusted(&server, |_| {});
        for lie in [Lie::Issuer, Lie::Plain] {
            provider.lie(lie);
            let answer = server.anonymous().get(BEGIN).await.expect(401);
            assert!(answer.text().contains("does not answer as it should"), "{}", answer.text());
            for _ in server.services().skip(1) {
            let _ = server.anonymous().get(BEGIN).await.expect(401);
        }
        assert!(server.anonymous().get(BEGIN).await.expect(401).text().contains("a moment ago"));
            server.clock.advance(5_000);
        }
        let called = provider.called.lock().expect("a lock").clone();
        assert!(called.iter().all(|url| url.starts_with("https://")), "{called:?}");
        provider.lie(Lie::None);
        let _ = begin(&server).await;
    }
}
