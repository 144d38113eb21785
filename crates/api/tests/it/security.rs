//! The IP allowlist, role mappings and the subscription.

use serde_json::{Value, json};
use stoker_domain::ip::IpRange;
use stoker_service::Settings;
use stoker_testkit::http::{Answer, Method};

use crate::support::{Backend, TestServer, basic, both, id, keys};

const LIST: &str = "/security/ip-allowlist";
const IPS: &str = "/security/ip-allowlist/ips";

#[track_caller]
fn says(answer: &Answer, status: u16, text: &str) {
    assert_eq!(answer.status, status, "{text}: {}", answer.text());
    let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains(text), "{message:?} does not hold {text}");
}

fn entry(ip: &str) -> Value {
    json!({ "ip": ip, "description": "a place" })
}

both! {
    async fn the_allowlist_is_kept(server: TestServer) {
        let http = server.http();
        let _ = http.get(LIST).await.expect(404);
        assert_eq!(http.get(IPS).await.expect(200).json(), json!([]));
        says(&http.post(IPS, &json!([entry("10.0.0.1")])).await, 400, "create it first");
        let body = json!({ "enabled": false, "description": "offices", "ips": [entry("10.0.0.1"), entry("10.1.0.0/16")] });
        let made = http.post(LIST, &body).await.expect(201).json();
        let ips = made["ips"].as_array().expect("entries");
        assert_eq!((&ips[0]["ip"], &ips[1]["ip"]), (&json!("10.0.0.1"), &json!("10.1.0.0/16")));
        says(&http.post(LIST, &body).await, 409, "already");
        assert_eq!(http.get(LIST).await.expect(200).json(), made);
        let short = http.get(&format!("{LIST}?detailed=false")).await.expect(200).json();
        assert_eq!(keys(&short), ["description", "enabled"]);
        says(&http.get(&format!("{LIST}?detailed=perhaps")).await, 400, "detailed");
        // Entries one by one.
        let more = http.post(IPS, &json!([entry("2001:db8::/32"), entry("10.2.0.1-10.2.0.9")])).await.expect(201).json();
        assert_eq!(more.as_array().map(Vec::len), Some(2));
        let one = format!("{IPS}/{}", id(&more[0]));
        assert_eq!(http.get(&one).await.expect(200).json(), more[0]);
        let changed = http.put(&one, &entry("10.3.0.0/24")).await.expect(200).json();
        assert_eq!((&changed["ip"], &changed["id"]), (&json!("10.3.0.0/24"), &more[0]["id"]));
        let mut again = more[1].clone();
        again["description"] = json!("changed");
        assert_eq!(http.put(IPS, &json!([again])).await.expect(200).json(), json!([again]));
        let _ = http.delete(&one).await.expect(204);
        let _ = http.get(&one).await.expect(404);
        let _ = http.delete(&one).await.expect(404);
        says(&http.put(IPS, &json!([entry("10.0.0.7")])).await, 400, "[0].id");
        let mut strange = entry("10.0.0.7");
        strange["id"] = json!("nobody");
        let _ = http.put(IPS, &json!([strange])).await.expect(404);
        says(&http.put(LIST, &json!({ "enabled": false, "ips": [strange] })).await, 400, "nobody");
        // Bad ones change nothing.
        let before = http.get(LIST).await.expect(200).json();
        for bad in ["", "10.0.0", "10.0.0.0/33", "x", "10.0.0.9-10.0.0.1", "::1-10.0.0.1"] {
            says(&http.post(IPS, &json!([entry("10.0.0.8"), entry(bad)])).await, 400, "ip");
            says(&http.put(LIST, &json!({ "enabled": true, "ips": [entry(bad)] })).await, 400, "ip");
        }
        says(&http.post(IPS, &json!([entry("10.0.0.1")])).await, 409, "10.0.0.1");
        says(&http.post(IPS, &Value::Array(vec![entry("10.0.0.8"); 10_000])).await, 400, "ips");
        says(&http.post(IPS, &json!([{ "ip": "10.0.0.8" }])).await, 400, "description");
        assert_eq!(http.get(LIST).await.expect(200).json(), before);
        // A whole replace keeps the ids it names.
        let kept = json!({ "enabled": false, "ips": [before["ips"][1], entry("10.9.0.0/16")] });
        let replaced = http.put(LIST, &kept).await.expect(200).json();
        assert_eq!(replaced["ips"][0], before["ips"][1]);
        assert!(replaced.get("description").is_none());
        let _ = http.delete(LIST).await.expect(204);
        let _ = http.get(LIST).await.expect(404);
        let _ = http.json(Method::PATCH, LIST, &json!({ "enabled": true })).await.expect(404);
    }

    async fn the_allowlist_acts_at_once_and_locks_no_manager_out(server: TestServer) {
        let http = server.http();
        let account = server.service_account(&["TMC_OPERATOR"], &[]).await;
        let (_, ada) = server.person("ada", &["TMC_OPERATOR"]).await;
        let second = server.second().await;
        let actor = second.authenticate(&account.token, "x").await.expect("a good token");
        let elsewhere = json!({ "enabled": true, "ips": [entry("10.0.0.0/8")] });
        let _ = http.post(LIST, &elsewhere).await.expect(201);
        for client in [&account.http, &ada] {
            says(&client.get("/account/me").await, 403, "127.0.0.1 is not in the IP allowlist");
        }
        let ask = || async {
            let headers = [("authorization", basic(&account.id, &account.secret)), ("content-type", "application/json".to_owned())];
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let body = json!({ "grant_type": "client_credentials" }).to_string().into_bytes();
            server.anonymous().send(Method::POST, "/security/oauth/token", &headers, Some(body)).await.status
        };
        assert_eq!(ask().await, 403, "no new token either");
        // Engines are not concerned: they are refused for their own reasons.
        let _ = server.anonymous().post("/engine/v1/poll", &json!({ "session": "x" })).await.expect(409);
        let _ = http.get("/account/me").await.expect(200);
        // Another server learns of it within a second; an unknown address is in no list.
        server.clock.advance(1_000);
        assert!(second.admit(&actor, None).await.is_err());
        assert!(second.admit(&actor, Some([10, 0, 0, 1].into())).await.is_ok());
        let _ = http.post(IPS, &json!([entry("127.0.0.0/8")])).await.expect(201);
        let _ = account.http.get("/account/me").await.expect(200);
        assert_eq!(ask().await, 200);
        let _ = http.put(LIST, &elsewhere).await.expect(200);
        let _ = ada.get("/account/me").await.expect(403);
        let _ = http.json(Method::PATCH, LIST, &json!({ "enabled": false })).await.expect(200);
        let _ = ada.get("/account/me").await.expect(200);
    }

    async fn role_mappings_name_roles(server: TestServer) {
        let http = server.http();
        let path = "/security/role-mappings";
        assert_eq!(http.get(path).await.expect(200).json(), json!([]));
        let role = http.post("/account/roles", &json!({ "name": "watch", "permissions": [] })).await.expect(201).json();
        let body = json!([{ "name": "south 1", "roles": ["Operator"] }, { "name": "north", "roles": ["watch", "Operator"] }]);
        assert_eq!(http.post(path, &body).await.expect(200).json(), body);
        assert_eq!(http.get(path).await.expect(200).json(), json!([body[1], body[0]]));
        assert_eq!(http.get(&format!("{path}/south%201")).await.expect(200).json(), body[0]);
        for (bad, text) in [
            (json!([{ "name": "x", "roles": ["Nope"] }]), "[0].roles"), (json!([{ "name": "", "roles": ["Operator"] }]), "[0].name"),
            (json!([{ "name": "x", "roles": [] }]), "[0].roles"), (json!([{ "name": "x" }]), "roles"),
            (json!([{ "name": "x", "roles": ["Operator"] }, { "name": "x", "roles": ["Operator"] }]), "[1].name: x comes twice"),
            (Value::Array(vec![json!({ "name": "x", "roles": ["Operator"] }); 10_000]), "at most"),
        ] {
            says(&http.post(path, &bad).await, 400, text);
        }
        assert_eq!(http.get(path).await.expect(200).json(), json!([body[1], body[0]]), "nothing was changed");
        // A role follows its name, and cannot go while a mapping names it.
        let one = format!("/account/roles/{}", id(&role));
        let _ = http.put(&one, &json!({ "name": "watchers" })).await.expect(200);
        assert_eq!(http.get(&format!("{path}/north")).await.expect(200).json()["roles"], json!(["watchers", "Operator"]));
        says(&http.delete(&one).await, 400, "north");
        let _ = http.delete(&format!("{path}/north")).await.expect(204);
        let _ = http.delete(&format!("{path}/north")).await.expect(404);
        let _ = http.get(&format!("{path}/north")).await.expect(404);
        let _ = http.delete(&one).await.expect(204);
        let _ = http.delete(path).await.expect(204);
        assert_eq!(http.get(path).await.expect(200).json(), json!([]));
    }

    async fn the_subscription_counts_what_is_there(server: TestServer) {
        let _ = server.engine("one").await;
        let (_, _) = server.person("ada", &[]).await;
        for path in ["/account/subscription", "/tmc/v2.6/subscription"] {
            let body = server.http().get(path).await.expect(200).json();
            assert_eq!(body["startDate"], "2026-02-03");
            assert_eq!(body["enginesStatus"][0], json!({ "type": "RE-GEN1", "consumed": 1 }));
            assert_eq!(body["seats"], json!([{ "application": "TMC", "maxUsers": i32::MAX, "currentUsers": 2 }]));
            assert_eq!(body["tokensStatus"]["consumed"], 1);
            assert_eq!(keys(&body), [
                "applications", "endDate", "enginesStatus", "licenseType", "seats", "startDate", "supportLevel", "tokensStatus",
            ]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_trusted_proxy_names_the_client() {
    let proxy = IpRange::parse("127.0.0.1").expect("an address");
    for (trusted, ignore) in [(vec![proxy], false), (vec![], false), (vec![], true)] {
        let (believed, settings) = (!trusted.is_empty(), Settings { trusted_proxies: trusted, ..Settings::default() });
        let settings = Settings { ignore_ip_allowlist: ignore, ..settings };
        let server = TestServer::start_with(Backend::Sqlite, settings).await;
        let (_, ada) = server.person("ada", &["TMC_OPERATOR"]).await;
        let list = json!({ "enabled": true, "ips": [entry("203.0.113.0/24")] });
        let _ = server.http().post(LIST, &list).await.expect(201);
        for (forwarded, inside) in
            [("203.0.113.9", true), ("198.51.100.1", false), ("203.0.113.9, 198.51.100.1", false), ("nonsense", false)]
        {
            let answer = ada.send(Method::GET, "/account/me", &[("x-forwarded-for", forwarded)], None).await;
            let wanted = if ignore || (believed && inside) { 200 } else { 403 };
            assert_eq!(answer.status, wanted, "{forwarded} {believed} {ignore}: {}", answer.text());
        }
    }
}
