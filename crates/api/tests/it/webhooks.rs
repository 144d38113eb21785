//! Webhooks: calls of a URL start a task.

use serde_json::{Value, json};
use stoker_testkit::http::{Answer, Method};

use crate::link::driver::{Engine, of, task_on};
use crate::schedules::set_trigger;
use crate::support::{MINUTE, TestServer, both};

const TASKS: &str = "/orchestration/executables/tasks";

/// Sets a webhook; gives the path of its URL.
async fn hook(server: &TestServer, (task, engine): (&str, &str), mut webhook: Value) -> String {
    webhook["name"] = json!("orders");
    let trigger = json!({ "type": "WEBHOOK", "webhook": webhook });
    let set = set_trigger(server, (task, engine), trigger).await.expect(200).json();
    let url = set["trigger"]["webhook"]["url"].as_str().expect("a URL").to_owned();
    url.strip_prefix(&server.url).unwrap_or_else(|| panic!("{url} is not of this server")).to_owned()
}

async fn call(server: &TestServer, path: &str, kind: &str, body: &str) -> Answer {
    let headers = [("content-type", kind)];
    server.anonymous().send(Method::POST, path, &headers, Some(body.as_bytes().to_vec())).await
}

async fn runs(server: &TestServer, task: &str) -> Vec<Value> {
    let path = format!("/processing/executables/tasks/{task}/executions");
    server.http().get(&path).await.expect(200).json()["items"].as_array().expect("items").clone()
}

/// The payload that an engine gets with its next run.
async fn payload(engine: &Engine) -> Value {
    let offer = engine.offer().await;
    assert!(!of(&offer).run.is_empty());
    let given = offer.parameters.iter().find(|p| p.name == "resource_webhook_payload");
    serde_json::from_str(&given.expect("the payload").value).expect("JSON")
}

both! {
    async fn each_call_starts_a_run_with_its_body(server: TestServer) {
        let engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        let path = hook(&server, (&task, &engine.id), json!({ "executionTimeout": 9 })).await;
        let answer = call(&server, &path, "application/json; charset=utf-8", "{\"id\": 5}").await;
        assert_eq!((answer.status, answer.text().as_str()), (204, ""));
        let found = runs(&server, &task).await;
        assert_eq!((found.len(), &found[0]["executionType"], &found[0]["timeout"]), (1, &json!("WEBHOOK"), &json!(9)));
        assert_eq!(found[0]["userId"], "admin");
        assert_eq!(payload(&engine).await, json!([{ "type": "application/json", "data": "{\"id\": 5}" }]));
        let shown = server.http().get(&format!("/stoker/v1/tasks/{task}/firings")).await.expect(200).json();
        assert_eq!((&shown["items"][0]["trigger"], &shown["items"][0]["result"]), (&json!("orders"), &json!("started")));
        assert_eq!(call(&server, &path, "image/png", "x").await.status, 415);
        assert_eq!(call(&server, &format!("{path}x"), "text/plain", "x").await.status, 404);
    }

    async fn calls_are_collected_until_there_are_enough_or_it_takes_too_long(server: TestServer) {
        let engine = Engine::ready(&server, "one", 4).await;
        let task = task_on(&server, "one", &engine).await;
        let rule = json!({ "triggerCalls": 2, "triggerTimeout": MINUTE });
        let path = hook(&server, (&task, &engine.id), rule).await;
        assert_eq!(call(&server, &path, "text/plain", "a").await.status, 204);
        assert!(runs(&server, &task).await.is_empty());
        assert_eq!(call(&server, &path, "text/xml", "<b/>").await.status, 204);
        let both = json!([{ "type": "text/plain", "data": "a" }, { "type": "text/xml", "data": "<b/>" }]);
        assert_eq!(payload(&engine).await, both);
        assert_eq!(call(&server, &path, "text/plain", "c").await.status, 204);
        server.clock.advance(MINUTE - 1);
        engine.ping().await;
        assert_eq!(server.reconcile().await.fired, 0);
        server.clock.advance(1);
        engine.ping().await;
        let (a, b) = tokio::join!(server.reconcile(), server.reconcile());
        assert_eq!(a.fired + b.fired, 1);
        let found = runs(&server, &task).await;
        assert_eq!(found.len(), 2, "{found:?}");
        // What does not fit beside the calls that wait is refused, and they still wait.
        let large = "x".repeat(30 * 1024);
        assert_eq!(call(&server, &path, "text/plain", &large).await.status, 204);
        assert_eq!(call(&server, &path, "text/plain", &large).await.status, 413);
        assert_eq!(call(&server, &path, "text/plain", "d").await.status, 204);
        assert_eq!(runs(&server, &task).await.len(), 3);
    }

    async fn the_last_call_of_a_webhook_is_shown(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let place = format!("/stoker/v1/tasks/{task}/webhook");
        let none = server.http().get(&place).await.expect(404);
        assert!(none.text().contains("no webhook"), "{}", none.text());
        let path = hook(&server, (&task, &engine), json!({ "triggerCalls": 2, "triggerTimeout": MINUTE })).await;
        let fresh = json!({ "name": "orders", "triggerCalls": 2, "waitingCalls": 0, "starts": 0 });
        assert_eq!(server.http().get(&place).await.expect(200).json(), fresh);
        assert_eq!(call(&server, &path, "text/plain", "a").await.status, 204);
        server.clock.advance(1_000);
        // A call that is refused is none.
        assert_eq!(call(&server, &path, "text/plain", &"x".repeat(70_000)).await.status, 413);
        let shown = server.http().get(&place).await.expect(200).json();
        assert_eq!((&shown["waitingCalls"], &shown["lastCallAt"]), (&json!(1), &json!("2026-02-03T09:00:00.000Z")));
        assert_eq!(shown["startsAt"], "2026-02-03T09:01:00.000Z");
        assert!(!shown.to_string().contains(path.rsplit('/').next().expect("a secret")), "the URL is a secret");
        assert_eq!(call(&server, &path, "text/plain", "b").await.status, 204);
        let shown = server.http().get(&place).await.expect(200).json();
        assert_eq!((&shown["starts"], &shown["lastCallAt"]), (&json!(1), &json!("2026-02-03T09:00:01.000Z")));
        // Another URL was never called.
        let _ = hook(&server, (&task, &engine), json!({ "newUrl": true })).await;
        assert!(server.http().get(&place).await.expect(200).json()["lastCallAt"].is_null());
    }

    async fn a_webhook_is_kept_changed_and_removed_with_the_run_configuration(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let first = hook(&server, (&task, &engine), json!({})).await;
        let config = format!("{TASKS}/{task}/run-config");
        let shown = server.http().get(&config).await.expect(200).json();
        assert_eq!(shown["trigger"]["webhook"]["url"], format!("{}{first}", server.url));
        // What was read is sent back: the URL stays, until a new one is asked for.
        let again = server.http().put(&config, &shown).await.expect(200).json();
        assert_eq!(again["trigger"], shown["trigger"]);
        let second = hook(&server, (&task, &engine), json!({ "newUrl": true })).await;
        assert_ne!(first, second);
        assert_eq!(call(&server, &first, "text/plain", "x").await.status, 404);
        let page = server.http().post(&format!("{TASKS}/search"), &json!({ "triggerType": "webhook" })).await.json();
        assert_eq!(page["total"], 1);
        // While the task is paused calls are thrown away.
        let pause = format!("{TASKS}/{task}/pause");
        let _ = server.http().put(&pause, &json!({ "pause": true })).await.expect(202);
        assert_eq!(call(&server, &second, "text/plain", "x").await.status, 204);
        let _ = server.http().put(&pause, &json!({ "pause": false })).await.expect(202);
        server.reconcile().await;
        assert!(runs(&server, &task).await.is_empty());
        let fire = server.http().get(&format!("/stoker/v1/tasks/{task}/firings")).await.json()["items"][0].clone();
        assert_eq!((&fire["result"], &fire["reason"]), (&json!("skipped"), &json!("TASK_IS_PAUSED")));
        // A trigger of time takes its place, and the other way round.
        let cron = json!({ "type": "CRON", "cronExpression": "0 5 * * ?", "timeZone": "UTC" });
        let _ = set_trigger(&server, (&task, &engine), cron).await.expect(200);
        assert_eq!(call(&server, &second, "text/plain", "x").await.status, 404);
        let third = hook(&server, (&task, &engine), json!({})).await;
        server.clock.advance(24 * 60 * MINUTE);
        assert_eq!(server.reconcile().await.fired, 0);
        let _ = server.http().delete(&config).await.expect(204);
        assert_eq!(call(&server, &third, "text/plain", "x").await.status, 404);
        assert_eq!(server.http().get(&config).await.json()["trigger"]["type"], "MANUAL");
        let fourth = hook(&server, (&task, &engine), json!({})).await;
        let _ = server.http().delete(&format!("{TASKS}/{task}")).await.expect(204);
        assert_eq!(call(&server, &fourth, "text/plain", "x").await.status, 404);
    }

    async fn a_bad_webhook_is_refused_with_its_field(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let stranger = server.service_account(&["TMC_OPERATOR"], &["VIEW"]).await.id;
        for (webhook, field) in [
            (json!(null), "trigger.webhook"),
            (json!({}), "name"),
            (json!({ "name": "" }), "trigger.webhook.name"),
            (json!({ "name": "a", "triggerCalls": 0 }), "trigger.webhook.triggerCalls"),
            (json!({ "name": "a", "triggerCalls": "many" }), "trigger.webhook.triggerCalls"),
            (json!({ "name": "a", "triggerTimeout": 10 }), "trigger.webhook.triggerTimeout"),
            (json!({ "name": "a", "executionTimeout": 0 }), "trigger.webhook.executionTimeout"),
            (json!({ "name": "a", "runAsUser": "nobody" }), "trigger.webhook.runAsUser"),
            (json!({ "name": "a", "runAsUser": stranger, "runAsUserType": "SERVICE" }), "trigger.webhook.runAsUser"),
            (json!({ "name": "a", "runAsUserType": "ROBOT" }), "trigger.webhook.runAsUserType"),
        ] {
            let answer = set_trigger(&server, (&task, &engine), json!({ "type": "WEBHOOK", "webhook": webhook })).await;
            assert_eq!(answer.status, 400, "{webhook}: {}", answer.text());
            assert!(answer.text().contains(field), "{webhook}: {}", answer.text());
        }
    }
}
