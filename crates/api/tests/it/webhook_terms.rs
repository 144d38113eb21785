//! How long the URL of a webhook may be called, and who sees it.

use serde_json::{Value, json};
use stoker_service::Settings;
use stoker_testkit::http::{Answer, Method};

use crate::link::driver::{Engine, task_on};
use crate::schedules::set_trigger;
use crate::support::{Backend, MINUTE, TestServer, both};

const TASKS: &str = "/orchestration/executables/tasks";
const DAY: i64 = 24 * 60 * MINUTE;

async fn hook(server: &TestServer, (task, engine): (&str, &str), more: Value) -> String {
    let mut webhook = json!({ "name": "orders" });
    for (name, value) in more.as_object().expect("an object") {
        webhook[name] = value.clone();
    }
    let set = set_trigger(server, (task, engine), json!({ "type": "WEBHOOK", "webhook": webhook })).await;
    let url = set.expect(200).json()["trigger"]["webhook"]["url"].as_str().expect("a URL").to_owned();
    url.strip_prefix(&server.url).expect("a URL of this server").to_owned()
}

async fn call(server: &TestServer, path: &str) -> Answer {
    let headers = [("content-type", "text/plain")];
    server.anonymous().send(Method::POST, path, &headers, Some(b"x".to_vec())).await
}

both! {
    async fn a_webhook_ends_and_says_why_nothing_started(server: TestServer) {
        let (http, (task, engine)) = (server.http(), server.ready_task("t").await);
        let place = format!("/stoker/v1/tasks/{task}/webhook");
        let _ = http.put(&place, &json!({ "lifetimeMinutes": 5 })).await.expect(404);
        let first = hook(&server, (&task, &engine), json!({})).await;
        assert_eq!(http.get(&place).await.expect(200).json().get("expiresAt"), None, "without an end, as published");
        let set = http.put(&place, &json!({ "lifetimeMinutes": 5 })).await.expect(200).json();
        assert_eq!((&set["expiresAt"], &set["expired"], &set["lifetimeMinutes"]), (&json!("2026-02-03T09:05:00.000Z"), &json!(false), &json!(5)));
        // The published shape knows nothing of it.
        let config = http.get(&format!("{TASKS}/{task}/run-config")).await.expect(200).json();
        assert!(!config.to_string().contains("xpir"), "{config}");
        server.clock.advance(5 * MINUTE - 1);
        assert_eq!(call(&server, &first).await.status, 204);
        server.clock.advance(1);
        for _ in 0..3 {
            let late = call(&server, &first).await;
            assert_eq!(late.status, 404, "{}", late.text());
            assert!(late.text().contains("expired at 2026-02-03T09:05:00.000Z"), "{}", late.text());
            server.clock.advance(1);
        }
        let runs = http.get(&format!("/processing/executables/tasks/{task}/executions")).await.expect(200).json();
        assert_eq!(runs["total"], 1, "{runs}");
        // Told once where starts are told, however often it is called.
        let fires = http.get(&format!("/stoker/v1/tasks/{task}/firings")).await.expect(200).json();
        assert_eq!((&fires["total"], &fires["items"][0]["result"]), (&json!(2), &json!("refused")), "{fires}");
        assert_eq!((&fires["items"][0]["trigger"], &fires["items"][0]["reason"]), (&json!("orders"), &json!("WEBHOOK_EXPIRED")));
        let shown = http.get(&place).await.expect(200).json();
        assert_eq!((&shown["expired"], &shown["lastLateCallAt"]), (&json!(true), &json!("2026-02-03T09:05:00.000Z")));
        server.clock.advance(MINUTE);
        let _ = call(&server, &first).await.expect(404);
        let shown = http.get(&place).await.expect(200).json();
        assert_eq!(shown["lastLateCallAt"], "2026-02-03T09:06:00.003Z");
        // A new URL begins a new term of the same length; the old one is gone.
        let second = hook(&server, (&task, &engine), json!({ "newUrl": true })).await;
        let shown = http.get(&place).await.expect(200).json();
        assert_eq!((&shown["expiresAt"], &shown["expired"], shown.get("lastLateCallAt")), (&json!("2026-02-03T09:11:00.003Z"), &json!(false), None));
        assert_eq!((call(&server, &first).await.status, call(&server, &second).await.status), (404, 204));
        // A new term for the same URL, and none.
        let _ = http.put(&place, &json!({ "expiresAt": "2026-02-04T09:00:00Z" })).await.expect(200);
        server.clock.advance(DAY - 10 * MINUTE);
        assert_eq!(call(&server, &second).await.status, 204);
        let _ = http.put(&place, &json!({})).await.expect(200);
        server.clock.advance(400 * DAY);
        assert_eq!(call(&server, &second).await.status, 204);
    }

    async fn calls_that_were_taken_before_the_end_still_start(server: TestServer) {
        let engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        let path = hook(&server, (&task, &engine.id), json!({ "triggerCalls": 5, "triggerTimeout": 2 * MINUTE })).await;
        let _ = server.http().put(&format!("/stoker/v1/tasks/{task}/webhook"), &json!({ "lifetimeMinutes": 1 })).await.expect(200);
        assert_eq!(call(&server, &path).await.status, 204);
        server.clock.advance(2 * MINUTE);
        engine.ping().await;
        assert_eq!(call(&server, &path).await.status, 404);
        assert_eq!(server.reconcile().await.fired, 1);
    }

    async fn a_term_needs_the_right_to_start_and_is_told(server: TestServer) {
        let (http, (task, engine)) = (server.http(), server.ready_task("t").await);
        let _ = hook(&server, (&task, &engine), json!({})).await;
        let place = format!("/stoker/v1/tasks/{task}/webhook");
        let viewer = server.service_account(&["TMC_OPERATOR"], &["VIEW"]).await.http;
        let _ = viewer.put(&place, &json!({ "lifetimeMinutes": 1 })).await.expect(403);
        for (body, field) in [
            (json!({ "lifetimeMinutes": 0 }), "lifetimeMinutes"),
            (json!({ "expiresAt": "2026-02-03T09:00:00Z" }), "expiresAt"),
            (json!({ "expiresAt": "soon" }), "expiresAt"),
            (json!({ "lifetimeMinutes": 5, "expiresAt": "2026-02-05T09:00:00Z" }), "lifetimeMinutes"),
            (json!({ "lifetimeMinutes": 5_256_001 }), "lifetimeMinutes"),
        ] {
            let answer = http.put(&place, &body).await.expect(400);
            assert!(answer.text().contains(field), "{body}: {}", answer.text());
        }
        server.clock.advance(1);
        let _ = http.put(&place, &json!({ "lifetimeMinutes": 60 })).await.expect(200);
        let events = http.get(&format!("/stoker/v1/audit-events?objectId={task}&limit=1")).await.expect(200).json();
        let event = &events["items"][0];
        assert_eq!((&event["action"], &event["detail"]["expiresAt"]), (&json!("task.webhook-expiry"), &json!("2026-02-03T10:00:00.001Z")));
        assert_eq!(event["detail"]["change"]["before"]["expiresAt"], Value::Null);
    }

    /// Whoever knows the URL starts the task, so it is not for those who may only look.
    async fn the_url_is_shown_to_those_who_may_start(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let path = hook(&server, (&task, &engine), json!({})).await;
        let secret = path.rsplit('/').next().expect("a secret");
        let plan = crate::plans::plan(&server, "p", json!([crate::plans::step("one", &[&task])])).await;
        let plan_config = format!("{}/{plan}/run-config", crate::plans::PLANS);
        let trigger = json!({ "trigger": { "type": "WEBHOOK", "webhook": { "name": "orders" } } });
        let _ = server.http().put(&plan_config, &trigger).await.expect(200);
        let viewer = server.service_account(&["TMC_OPERATOR"], &["VIEW"]).await.http;
        let starter = server.service_account(&["TMC_OPERATOR"], &["EXECUTE"]).await.http;
        for config in [format!("{TASKS}/{task}/run-config"), plan_config] {
            let seen = viewer.get(&config).await.expect(200);
            assert_eq!(seen.json()["trigger"]["webhook"]["name"], "orders");
            assert_eq!(seen.json()["trigger"]["webhook"].get("url"), None, "{}", seen.text());
            assert!(!seen.text().contains(secret));
            assert!(starter.get(&config).await.expect(200).json()["trigger"]["webhook"]["url"].is_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_says_how_long_webhooks_last_at_most() {
    let server =
        TestServer::start_with(Backend::Sqlite, Settings { webhook_ms: Some(DAY), ..Settings::default() }).await;
    let (task, engine) = server.ready_task("t").await;
    let path = hook(&server, (&task, &engine), json!({})).await;
    let place = format!("/stoker/v1/tasks/{task}/webhook");
    assert_eq!(server.http().get(&place).await.expect(200).json()["expiresAt"], "2026-02-04T09:00:00.000Z");
    let _ = server.http().put(&place, &json!({})).await.expect(400);
    let _ = server.http().put(&place, &json!({ "lifetimeMinutes": 24 * 60 + 1 })).await.expect(400);
    let _ = server.http().put(&place, &json!({ "lifetimeMinutes": 60 })).await.expect(200);
    server.clock.advance(60 * MINUTE);
    assert_eq!(call(&server, &path).await.status, 404);
}
