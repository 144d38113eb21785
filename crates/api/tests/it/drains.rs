//! Draining an engine: nothing new for it, an end for what it has, a reason for what waits, and back again.

use serde_json::{Value, json};
use stoker_store::{StoreError, params};

use crate::link::driver::{
    Engine, check_events, cluster_of, finished, kinds, of, parallel_task, shown, started, status, task_on, timeline,
};
use crate::support::{Backend, MINUTE, START_MS, TestServer, both, id};

const ENGINES: &str = "/stoker/v1/engines";

/// Drains an engine; gives what the call answered.
async fn drain(server: &TestServer, engine: &str, reason: &str) -> Value {
    let body = json!({ "reason": reason });
    server.http().post(&format!("{ENGINES}/{engine}/drain"), &body).await.expect(200).json()
}

/// Puts it back.
async fn resume(server: &TestServer, engine: &str) -> Value {
    server.http().post(&format!("{ENGINES}/{engine}/resume"), &json!({})).await.expect(200).json()
}

async fn at_work(server: &TestServer, engine: &str) -> Value {
    server.http().get(&format!("{ENGINES}/{engine}")).await.expect(200).json()
}

/// What the newest `waiting` event of a run tells.
async fn wait_of(server: &TestServer, run: &str) -> Value {
    let body = timeline(server, run).await;
    let events = body["events"].as_array().expect("events");
    events.iter().rfind(|event| event["kind"] == "waiting").map(|event| event["detail"].clone()).unwrap_or_default()
}

/// The audit events of an engine, newest first.
async fn told(server: &TestServer, engine: &str) -> Vec<Value> {
    let found = server.http().get(&format!("/stoker/v1/audit-events?objectId={engine}")).await.expect(200).json();
    found["items"].as_array().expect("a list").clone()
}

/// How many offers an engine was ever given.
async fn offers_to(server: &TestServer, engine: &str) -> i64 {
    let detail = format!("%{engine}%");
    let sql = "SELECT count(*) FROM run_events WHERE kind = 'offered' AND detail LIKE $1";
    let counted = server.store.read::<_, StoreError, _>(move |tx| tx.query_int(sql, params![detail.as_str()])).await;
    counted.expect("count")
}

/// Waits until the server knows of a poll that holds.
async fn holds(poll: &mut (impl Future + Unpin)) {
    let early = std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut *poll).poll(cx).is_ready()));
    assert!(!early.await, "there was nothing to find");
}

both! {
    async fn a_drained_engine_gets_nothing_new_and_ends_what_it_has(server: TestServer) {
        let mut engine = Engine::ready(&server, "forge", 3).await;
        let task = task_on(&server, "load", &engine).await;
        let running = server.run(&task).await;
        let first = of(&engine.offer().await);
        engine.report(&[started(&first, START_MS)]).await;
        let before = at_work(&server, &engine.id).await;
        assert_eq!((&before["runs"], &before["testRuns"], before.get("drain")), (&json!(1), &json!(0), None), "{before}");
        server.clock.advance(1_000);
        let answer = drain(&server, &engine.id, " new disk ").await;
        assert_eq!(answer["drain"], json!({ "since": "2026-02-03T09:00:01.000Z", "by": "admin", "reason": "new disk" }));
        assert_eq!((&answer["runs"], &answer["name"], &answer["availability"]), (&json!(1), &json!("forge"), &json!("AVAILABLE")));
        let listed = server.http().get(ENGINES).await.expect(200).json();
        assert_eq!(listed, json!([answer]), "the list says the same");
        // Nothing of ours in a compatible body.
        assert!(!engine.shown(&server).await.to_string().contains("drain"));

        // Whichever way an offer could go: with a start, a poll, a report that frees a slot, a new session.
        let waiting = server.run(&task).await;
        assert_eq!(kinds(&server, &waiting).await, ["accepted", "waiting"]);
        assert_eq!(
            wait_of(&server, &waiting).await,
            json!({
                "reason": "drained", "targetId": engine.id, "engineId": engine.id, "engineName": "forge", "by": "admin",
                "since": "2026-02-03T09:00:01.000Z", "why": "new disk",
            })
        );
        server.clock.advance(1);
        let (mut poll, service) = (Box::pin(server.service.poll(&engine.session)), server.service.clone());
        holds(&mut poll).await;
        let third = server.run_here(&task).await;
        assert_eq!(service.reconcile().await.expect("a pass").woken, 0, "there is nothing to wake it for");
        drop(poll);
        let end = engine.report(&[finished(&first, "success", server.service.now())]).await;
        assert!(end.stale.is_empty() && end.messages.is_empty(), "{end:?}");
        assert!(engine.open(&server, 3, &[]).await.messages.is_empty());
        assert_eq!(status(&server, &running).await, "execution_successful");
        assert_eq!(at_work(&server, &engine.id).await["runs"], 0, "it is empty");

        // Back: what waits goes to the poll that holds, in its order.
        let mut poll = Box::pin(server.service.poll(&engine.session));
        holds(&mut poll).await;
        let answer = resume(&server, &engine.id).await;
        assert_eq!(answer.get("drain"), None, "{answer}");
        for service in server.services() {
            // Of several servers another one may have got the call; that one wakes none that polls here.
            service.reconcile().await.expect("a pass");
        }
        let offers = poll.await.expect("the poll").offers;
        let found: Vec<&str> = offers.iter().map(|offer| offer.run.as_str()).collect();
        assert_eq!(found, [waiting.as_str(), third.as_str()]);
        for offer in &offers {
            engine.report(&[started(&of(offer), server.service.now()), finished(&of(offer), "success", server.service.now())]).await;
        }
        for run in [&running, &waiting, &third] {
            check_events(&server, run).await;
            assert_eq!(status(&server, run).await, "execution_successful");
        }
    }

    async fn a_cluster_uses_its_other_members(server: TestServer) {
        let (a, b) = (Engine::ready(&server, "a", 1).await, Engine::ready(&server, "b", 1).await);
        let cluster = cluster_of(&server, "both", &[&a, &b]).await;
        let task = parallel_task(&server, "one", "REMOTE_ENGINE_CLUSTER", &cluster).await;
        drain(&server, &a.id, "").await;
        let first = server.run(&task).await;
        assert!(a.ping().await.messages.is_empty());
        let offer = of(&b.offer().await);
        assert_eq!(offer.run, first);
        // The other one is busy: that is what a run waits for, not for the drained one.
        let second = server.run(&task).await;
        assert_eq!(wait_of(&server, &second).await["reason"], "no_slot");
        let next = b.report(&[finished(&offer, "success", 1)]).await.messages.offers;
        assert_eq!(next[0].run, second);
        // It goes: now only the drained one could take a run.
        let _ = b.goodbye().await.expect(204);
        let third = server.run(&task).await;
        let wait = wait_of(&server, &third).await;
        assert_eq!((&wait["reason"], &wait["engineName"], &wait["targetId"]), (&json!("drained"), &json!("a"), &json!(cluster)));
        assert_eq!(wait.get("why"), None, "an empty reason is none: {wait}");
        resume(&server, &a.id).await;
        assert_eq!(a.offer().await.run, third);
    }

    async fn another_reason_of_a_drain_is_told_to_what_waits(server: TestServer) {
        let engine = Engine::ready(&server, "forge", 1).await;
        let task = task_on(&server, "load", &engine).await;
        drain(&server, &engine.id, "new disk").await;
        let run = server.run(&task).await;
        assert_eq!(wait_of(&server, &run).await["why"], "new disk");
        drain(&server, &engine.id, "new machine").await;
        assert_eq!(server.reconcile().await.waits, 1);
        assert_eq!(wait_of(&server, &run).await["why"], "new machine");
        server.clock.advance(MINUTE);
        assert_eq!(server.reconcile().await.waits, 0, "nothing changed");
    }

    async fn a_run_waits_for_a_drained_engine_however_long_it_is_away(server: TestServer) {
        let mut engine = Engine::ready(&server, "forge", 1).await;
        let task = task_on(&server, "load", &engine).await;
        let run = server.run(&task).await;
        drain(&server, &engine.id, "new machine").await;
        assert_eq!(server.reconcile().await.waits, 1, "a run that waited already learns of it");
        assert_eq!(wait_of(&server, &run).await["reason"], "drained");
        let _ = engine.goodbye().await.expect(204);
        for _ in 0..8 {
            server.clock.advance(16 * MINUTE);
            let pass = server.reconcile().await;
            assert_eq!((pass.undeployed, pass.waits), (0, 0), "{pass:?}");
        }
        let seen = at_work(&server, &engine.id).await;
        assert_eq!((&seen["availability"], &seen["stoppedAt"]), (&json!("NOT_AVAILABLE"), &json!("2026-02-03T09:00:00.000Z")));
        // Another installation of the server, as after a restart, knows it too.
        let again = server.second().await;
        assert_eq!(again.reconcile().await.expect("a pass").undeployed, 0);
        assert!(engine.open(&server, 1, &[]).await.messages.is_empty(), "a new session changes nothing");
        assert_eq!(at_work(&server, &engine.id).await.get("stoppedAt"), None);
        resume(&server, &engine.id).await;
        assert_eq!(engine.offer().await.run, run);
        assert_eq!(server.reconcile().await.undeployed, 0);
        let waits = timeline(&server, &run).await["waits"].clone();
        let reasons: Vec<&Value> = waits.as_array().expect("waits").iter().map(|wait| &wait["reason"]).collect();
        assert_eq!(reasons, ["drained", "preparing"], "{waits}");

        // Without the drain the wait has its end as ever.
        let _ = engine.goodbye().await.expect(204);
        let second = server.run(&task).await;
        server.clock.advance(16 * MINUTE);
        assert_eq!(server.reconcile().await.undeployed, 1);
        assert_eq!(shown(&server, &second).await["misfiredExecutionReason"], "REMOTE_ENGINE_UNAVAILABLE");
    }

    async fn both_switches_may_be_thrown_twice_and_are_told_once(server: TestServer) {
        let engine = id(&server.engine("forge").await);
        let (_, boss) = server.person("boss", &["TMC_CLUSTER_MANAGEMENT"]).await;
        server.clock.advance(MINUTE);
        let first = drain(&server, &engine, "new disk").await;
        server.clock.advance(MINUTE);
        // No body, no reason, the same reason: nothing changes, whoever asks.
        let path = format!("{ENGINES}/{engine}/drain");
        for body in [Some(json!({})), Some(json!({ "reason": null })), Some(json!({ "reason": "new disk" })), None] {
            let body = body.map(|body| body.to_string().into_bytes());
            let headers = [("content-type", "application/json")];
            let again = boss.send(stoker_testkit::http::Method::POST, &path, &headers, body).await.expect(200).json();
            assert_eq!(again, first);
        }
        let other = boss.post(&path, &json!({ "reason": "new machine" })).await.expect(200).json();
        assert_eq!(other["drain"], json!({ "since": first["drain"]["since"], "by": "boss", "reason": "new machine" }));
        server.clock.advance(MINUTE);
        for _ in 0..2 {
            assert_eq!(resume(&server, &engine).await.get("drain"), None);
        }
        server.clock.advance(MINUTE);
        let events = told(&server, &engine).await;
        let actions: Vec<&str> = events.iter().map(|event| event["action"].as_str().expect("an action")).collect();
        assert_eq!(actions, ["engine.resume", "engine.drain", "engine.drain", "engine.create"]);
        let whole = server.http().get(&format!("/stoker/v1/audit-events/{}", id(&events[0]))).await.expect(200).json();
        assert_eq!(whole["before"]["detail"]["drain"]["reason"], "new machine", "{whole}");
        assert_eq!((&whole["before"]["actor"], whole["event"]["detail"].get("drain")), (&json!("boss"), None), "{whole}");
        let whole = server.http().get(&format!("/stoker/v1/audit-events/{}", id(&events[2]))).await.expect(200).json();
        assert_eq!(whole["before"]["action"], "engine.create");
        assert_eq!(whole["event"]["detail"]["drain"]["by"], "admin", "{whole}");
    }

    async fn what_cannot_be_drained_is_refused(server: TestServer) {
        let http = server.http();
        let engine = id(&server.engine("forge").await);
        let path = format!("{ENGINES}/{engine}/drain");
        for (body, word) in [
            (json!({ "reason": "x".repeat(256) }), "255"), (json!({ "reason": "a\nb" }), "reason"),
            (json!({ "reason": 7 }), "reason"), (json!({ "why": "x" }), "why"), (json!([]), ""),
        ] {
            let refused = http.post(&path, &body).await.expect(400).text();
            assert!(refused.contains(word), "{body}: {refused}");
        }
        assert_eq!(at_work(&server, &engine).await.get("drain"), None, "nothing changed");
        let _ = http.post(&path, &json!({ "reason": "ä".repeat(255) })).await.expect(200);
        let nobody = "0".repeat(24);
        for call in ["drain", "resume"] {
            let _ = http.post(&format!("{ENGINES}/{nobody}/{call}"), &json!({})).await.expect(404);
            let _ = http.post(&format!("{ENGINES}/x/{call}"), &json!({})).await.expect(400);
        }
        let _ = http.get(&format!("{ENGINES}/{nobody}")).await.expect(404);
        // Unpairing leaves the switch as it is: whoever comes next gets nothing either.
        let _ = http.delete(&format!("/processing/runtimes/remote-engines/{engine}/pairing")).await.expect(200);
        assert!(at_work(&server, &engine).await.get("drain").is_some());
        let _ = http.delete(&format!("/processing/runtimes/remote-engines/{engine}")).await.expect(204);
        assert_eq!(http.get(ENGINES).await.expect(200).json(), json!([]));
    }
}

/// A drain in the same moment as starts, polls and ends: each offer is whole, and none comes after the answer.
async fn drains_and_starts_race(backend: Backend) {
    let server = TestServer::start_with(backend, crate::link::driver::quick()).await;
    let engine = Engine::ready(&server, "forge", 0).await;
    let task = task_on(&server, "load", &engine).await;
    let mut runs = Vec::new();
    for round in 0..12 {
        let (service, session) = (server.service.clone(), engine.session.clone());
        let poll = tokio::spawn(async move { service.poll(&session).await });
        let drained = async {
            for _ in 0..round * 7 {
                tokio::task::yield_now().await;
            }
            drain(&server, &engine.id, "race").await;
            offers_to(&server, &engine.id).await
        };
        let (given, a, b) = tokio::join!(drained, server.run(&task), server.run(&task));
        let late = server.run(&task).await;
        assert!(engine.ping().await.messages.offers.is_empty(), "round {round}");
        let _ = poll.await.expect("join").expect("the poll");
        assert_eq!(offers_to(&server, &engine.id).await, given, "round {round}: an offer after the answer");
        assert!(!kinds(&server, &late).await.contains(&"offered".to_owned()), "round {round}");
        resume(&server, &engine.id).await;
        // What was offered before and lost here comes again with a sign of life, what waited comes now.
        server.clock.advance(server.service.settings().lease_ms / 2);
        let mut open: Vec<String> = vec![a, b, late];
        runs.extend(open.clone());
        while !open.is_empty() {
            let offers = engine.poll().await.offers;
            for offer in &offers {
                engine.report(&[started(&of(offer), START_MS), finished(&of(offer), "success", START_MS)]).await;
                open.retain(|run| *run != offer.run);
            }
            server.clock.advance(server.service.settings().lease_ms / 2);
        }
    }
    for run in &runs {
        assert_eq!(status(&server, run).await, "execution_successful");
        check_events(&server, run).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drains_and_starts_race_sqlite() {
    drains_and_starts_race(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drains_and_starts_race_postgres() {
    drains_and_starts_race(Backend::Postgres).await;
}
