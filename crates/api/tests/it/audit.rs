//! The audit trail: what it says, that nobody can change it, and that somebody who does is found out.

use std::sync::Arc;

use serde_json::{Value, json};
use stoker_domain::{Permission, PrincipalKind, TestClock};
use stoker_service::Actor;
use stoker_store::StoreError;

use crate::support::{MINUTE, START_MS, TestServer, both};

const LOGS: &str = "/security/audit/logs";

async fn sql(server: &TestServer, text: &'static str) -> Result<u64, StoreError> {
    server.store.write::<_, StoreError, _>(move |tx| tx.execute(text, &[])).await
}

fn operations(body: &Value) -> Vec<(String, String)> {
    let text = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
    let events = body.as_array().expect("a list");
    events.iter().map(|e| (text(e, "eventCategory"), text(e, "eventOperation"))).collect()
}

/// Takes the guards of the tables away, as somebody with access to the database can.
async fn disarm(server: &TestServer) {
    let statements: &[&'static str] = if server.store.kind() == "sqlite" {
        &[
            "DROP TRIGGER audit_events_stay",
            "DROP TRIGGER audit_events_remain",
            "DROP TRIGGER audit_chain_stays",
            "DROP TRIGGER audit_chain_remains",
        ]
    } else {
        &["DROP TRIGGER audit_events_stay ON audit_events", "DROP TRIGGER audit_chain_stays ON audit_chain"]
    };
    for statement in statements {
        let _ = sql(server, statement).await.expect("drop a guard");
    }
}

both! {
    async fn a_change_is_told_with_who_what_and_from_where(server: TestServer) {
        let http = server.http();
        let body = json!({ "name": "watch", "permissions": ["TMC_OPERATOR"] });
        let made = http.post("/account/roles", &body).await.expect(201);
        server.clock.advance(1);
        server.catch_up().await;
        let page = http.get(LOGS).await.expect(200);
        let all = page.json();
        let event = &all[0];
        for (field, value) in [
            ("eventCategory", json!("role")), ("eventOperation", json!("create")), ("eventType", json!("user management")),
            ("username", json!("admin")), ("clientIp", json!("127.0.0.1")), ("applicationId", json!("TMC")),
            ("timestamp", json!("2026-02-03T09:00:00.000Z")), ("accountId", json!(server.bootstrap.account_id)),
            ("requestId", json!(made.header("x-request-id"))),
        ] {
            assert_eq!(event[field], value, "{field} of {event}");
        }
        assert_eq!((&event["request"]["url"], &event["request"]["method"]), (&json!("/account/roles"), &json!("POST")));
        assert_eq!(event["logId"].as_str().map(str::len), Some(36));
        assert_eq!(page.header("page-number"), Some("1"));
        // What was asked and answered is told without secrets.
        let written: Value = serde_json::from_str(event["request"]["body"].as_str().expect("a body")).expect("JSON");
        assert_eq!(written, body);
        assert_eq!(event["response"]["code"], "201");
        assert!(event["response"]["body"].as_str().is_some_and(|text| text.contains("watch")), "{event}");
        let _ = http.post("/stoker/v1/me/tokens", &json!({ "name": "noted" })).await.expect(201);
        let _ = http.put("/stoker/v1/me/password", &json!({ "newPassword": "first battery staple" })).await;
        server.clock.advance(1);
        server.catch_up().await;
        let all = http.get(LOGS).await.expect(200);
        assert!(all.text().contains("noted") && !all.text().contains("battery staple"), "{}", all.text());
        let made = all.json().as_array().and_then(|all| all.iter().find(|e| e["eventCategory"] == "access token").cloned());
        let answer = made.expect("the token")["response"]["body"].as_str().expect("a body").to_owned();
        assert!(answer.contains(r#""token":"***""#), "{answer}");
        // Reading is told too.
        server.clock.advance(1);
        let again = http.get(LOGS).await.expect(200).json();
        assert_eq!(operations(&again)[0], ("audit log".to_owned(), "read".to_owned()));
    }

    async fn the_list_is_narrowed_and_paged(server: TestServer) {
        let http = server.http();
        for number in 0..3 {
            server.clock.advance(MINUTE);
            let _ = http.post("/account/groups", &json!({ "name": format!("g{number}") })).await.expect(201);
        }
        let count = |query: &'static str| async move {
            let all = http.get(&format!("{LOGS}?page=1&size=1000&{query}")).await.expect(200).json();
            operations(&all).into_iter().filter(|(category, _)| category == "group").count()
        };
        for (query, wanted) in [
            ("", 3), ("fromDate=2026-02-03T09:02:00Z", 2), ("fromDate=2026-02-03T09:02:00.001Z", 1),
            ("toDate=2026-02-03T09:02:00Z", 2), ("toDate=2026-02-03T09:01:59.999Z", 1), ("toDate=2030-01-01T00:00:00Z", 3),
            ("fromDate=2026-02-03", 3), ("fromDate=2026-02-03T09:02:00Z&toDate=2026-02-03T09:02:00Z", 1),
            ("fromId=00000000-0000-4000-8000-000000000000", 0),
            ("fromDate=2026-02-03&fromId=00000000-0000-4000-8000-000000000000", 3),
        ] {
            assert_eq!(count(query).await, wanted, "{query}");
        }
        let all = http.get(&format!("{LOGS}?size=1000")).await.expect(200).json();
        let second = all.as_array().expect("a list").iter().filter(|e| e["eventCategory"] == "group").nth(1).expect("three");
        let from = http.get(&format!("{LOGS}?size=1000&fromId={}", second["logId"].as_str().expect("an id"))).await;
        let from = from.expect(200).json();
        assert_eq!(operations(&from).iter().filter(|(category, _)| category == "group").count(), 2, "{from}");
        let page = http.get(&format!("{LOGS}?page=2&size=2")).await.expect(200);
        assert_eq!((page.json().as_array().map(Vec::len), page.header("page-first")), (Some(2), Some("false")));
        for (query, field) in [
            ("fromDate=yesterday", "fromDate"), ("toDate=x", "toDate"), ("fromDate=2026-02-03T10:00:00Z", "future"),
            ("fromDate=2026-02-03T09:02:00Z&toDate=2026-02-03T09:01:00Z", "fromDate"), ("fromId=x", "fromId"),
            ("page=0", "page"), ("size=0", "size"), ("size=1001", "size"), ("page=x", "page"),
        ] {
            let answer = http.get(&format!("{LOGS}?{query}")).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|text| text.contains(field)), "{query}: {answer}");
        }
    }

    async fn records_can_be_added_only(server: TestServer) {
        let _ = server.http().post("/account/groups", &json!({ "name": "g" })).await.expect(201);
        let _ = server.reconcile().await;
        for text in [
            "UPDATE audit_events SET actor_id = 'somebody else'", "DELETE FROM audit_events",
            "UPDATE audit_chain SET hash = ''", "DELETE FROM audit_chain",
        ] {
            assert!(sql(&server, text).await.is_err(), "{text}");
        }
        let report = server.service.verify_audit().await.expect("a look");
        assert_eq!(report.problems, Vec::<String>::new());
        assert!(report.sealed > 0 && report.links > 0);
    }

    async fn two_servers_seal_every_record_once(server: TestServer) {
        let second = server.second().await;
        for number in 0..20 {
            let _ = server.http().post("/account/groups", &json!({ "name": format!("g{number}") })).await.expect(201);
            if number % 4 == 0 {
                let (one, two) = (server.service.clone(), second.clone());
                let (a, b) = tokio::join!(
                    tokio::spawn(async move { one.seal_audit().await }),
                    tokio::spawn(async move { two.seal_audit().await }),
                );
                let _ = (a.expect("join").expect("seal"), b.expect("join").expect("seal"));
            }
        }
        let _ = second.seal_audit().await.expect("the rest");
        let report = server.service.verify_audit().await.expect("a look");
        assert_eq!((report.wrong, report.open, report.sealed), (0, 0, report.records), "{report:?}");
        assert!(report.records >= 20);
        assert_eq!(second.seal_audit().await.expect("nothing"), 0);
        assert_eq!(second.verify_audit().await.expect("a look").head, report.head);
    }

    /// Records of a server whose clock runs ahead do not hide those of the others, nor the other way round.
    async fn clocks_that_disagree_leave_no_record_open(server: TestServer) {
        let admin = Actor {
            kind: PrincipalKind::Human,
            id: "somebody".to_owned(),
            name: "admin".to_owned(),
            permissions: [Permission::GroupManagement].into(),
            request_id: None,
            origin: None,
            credential: None,
        };
        let ahead = server.second_at(Arc::new(TestClock::at(START_MS + 10 * MINUTE))).await;
        let behind = server.second_at(Arc::new(TestClock::at(START_MS - 10 * MINUTE))).await;
        for round in 0..3 {
            for (name, service) in [("ahead", &ahead), ("right", &server.service), ("behind", &behind)] {
                let made = service.create_group(&admin, &format!("{name} {round}"), Vec::new(), None).await;
                let _ = made.expect("a group");
                let sealed = service.seal_audit().await.expect("seal");
                assert!(sealed > 0, "{name} {round}: nothing was sealed");
            }
        }
        for service in [&ahead, &server.service, &behind] {
            let report = service.verify_audit().await.expect("a look");
            assert_eq!((report.wrong, report.open, report.sealed), (0, 0, report.records), "{report:?}");
        }
    }

    async fn a_record_that_was_slipped_in_or_out_before_the_seal_is_found(server: TestServer) {
        let _ = server.http().post("/account/groups", &json!({ "name": "g" })).await.expect(201);
        let _ = server.service.seal_audit().await.expect("seal");
        disarm(&server).await;
        // One that says it is a week old, and is sealed like any other.
        let _ = sql(
            &server,
            "INSERT INTO audit_events (id, at_ms, actor_id, actor_kind, action, object_type, object_id) \
             VALUES ('019c0000-0000-7000-8000-000000000000', 1, 'eve', 'HUMAN', 'x.y', 'x', 'z')",
        ).await.expect("smuggle");
        let _ = server.service.seal_audit().await.expect("seal");
        let wrong = server.service.verify_audit().await.expect("a look").problems;
        assert!(wrong.len() == 1 && wrong[0].contains("added later than it says"), "{wrong:?}");
        // One that is taken out of what waits, and one that is removed while it waits.
        server.clock.advance(1);
        let _ = server.http().post("/account/groups", &json!({ "name": "h" })).await.expect(201);
        let _ = sql(&server, "DELETE FROM audit_open").await.expect("forget");
        server.clock.advance(1);
        let _ = server.http().post("/account/groups", &json!({ "name": "i" })).await.expect(201);
        let _ = sql(&server, "DELETE FROM audit_events WHERE id = (SELECT max(id) FROM audit_events)").await.expect("remove");
        assert_eq!(server.service.seal_audit().await.expect("seal"), 0);
        let wrong = server.service.verify_audit().await.expect("a look").problems;
        assert!(wrong.iter().any(|text| text.contains("does not wait for one")), "{wrong:?}");
        assert!(wrong.iter().any(|text| text.contains("removed before it was sealed")), "{wrong:?}");
        assert_eq!(wrong.len(), 3, "{wrong:?}");
    }

    async fn a_changed_removed_or_smuggled_record_is_found(server: TestServer) {
        for number in 0..3 {
            server.clock.advance(1);
            let _ = server.http().post("/account/groups", &json!({ "name": format!("g{number}") })).await.expect(201);
            let _ = server.service.seal_audit().await.expect("seal");
        }
        disarm(&server).await;
        let first = "(SELECT min(id) FROM audit_events)";
        let _ = sql(&server, "UPDATE audit_events SET actor_id = 'eve' WHERE id = (SELECT min(id) FROM audit_events)").await.expect(first);
        let wrong = server.service.verify_audit().await.expect("a look").problems;
        assert!(wrong.len() == 1 && wrong[0].contains("was changed"), "{wrong:?}");
        let _ = sql(&server, "DELETE FROM audit_events WHERE id = (SELECT max(id) FROM audit_events)").await.expect("remove");
        let wrong = server.service.verify_audit().await.expect("a look").problems;
        assert!(wrong.len() == 2 && wrong[1].contains("was removed"), "{wrong:?}");
        let _ = sql(
            &server,
            "INSERT INTO audit_events (id, at_ms, actor_id, actor_kind, action, object_type, object_id) \
             VALUES ('019c0000-0000-7000-8000-000000000000', 1, 'eve', 'HUMAN', 'x.y', 'x', 'z')",
        ).await.expect("smuggle");
        let wrong = server.service.verify_audit().await.expect("a look").problems;
        assert!(wrong.len() == 3 && wrong[2].contains("in no link"), "{wrong:?}");
        let _ = sql(&server, "DELETE FROM audit_chain WHERE seq = 2").await.expect("cut");
        let wrong = server.service.verify_audit().await.expect("a look").problems;
        assert!(wrong.iter().any(|text| text.contains("links 2 to 2 of the chain are missing")), "{wrong:?}");
    }
}
