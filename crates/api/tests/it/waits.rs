//! The wait ledger: while a run is queued, its newest `waiting` event says why.

use serde_json::{Value, json};

use crate::link::driver::{Engine, check_events, cluster_of, finished, of, parallel_task, started, task_on, timeline};
use crate::support::{MINUTE, both};

/// The `waiting` events of a run, in order.
async fn waits(server: &crate::support::TestServer, run: &str) -> Vec<Value> {
    let body = timeline(server, run).await;
    let events = body["events"].as_array().expect("events");
    events.iter().filter(|event| event["kind"] == "waiting").map(|event| event["detail"].clone()).collect()
}

fn reasons(waits: &[Value]) -> Vec<&str> {
    waits.iter().map(|wait| wait["reason"].as_str().expect("a reason")).collect()
}

both! {
    async fn every_moment_before_the_start_has_one_reason_with_its_object(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let _ = server.run(&task).await;
        let first = of(&engine.offer().await);
        let run = server.run(&task).await;
        server.clock.advance(5 * MINUTE);
        server.reconcile().await;
        assert!(timeline(&server, &run).await["waits"][1].get("to").is_none(), "it still waits");
        server.clock.advance(MINUTE);
        let answer = engine.report(&[finished(&first, "success", 1)]).await;
        let offer = of(answer.messages.offers.first().expect("the slot that is free is given on at once"));
        server.clock.advance(1_500);
        engine.report(&[started(&offer, server.service.now())]).await;
        server.clock.advance(MINUTE);
        engine.report(&[finished(&offer, "success", server.service.now())]).await;
        let body = timeline(&server, &run).await;
        let waits = body["waits"].as_array().expect("waits");
        let reasons: Vec<_> = waits.iter().map(|wait| wait["reason"].as_str().expect("a reason")).collect();
        assert_eq!(reasons, ["no_slot", "engine_away", "preparing"], "{body}");
        assert!(waits.iter().all(|wait| wait["engineId"] == engine.id.as_str()), "{body}");
        assert_eq!(waits[0]["from"], "2026-02-03T09:00:00.000Z");
        for pair in waits.windows(2) {
            assert_eq!(pair[0]["to"], pair[1]["from"], "no gap: {body}");
        }
        assert_eq!(waits[2]["milliseconds"], 1_500);
        let shown = server.http().get(&format!("/processing/executions/{run}")).await.expect(200).json();
        assert_eq!(waits[2]["to"], shown["startTimestamp"]);
    }

    async fn every_change_of_the_reason_is_written_down(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let first = server.run(&task).await;
        assert_eq!(reasons(&waits(&server, &first).await), ["hand_over"], "there is room, but nobody polls now");
        let offer = of(&engine.offer().await);
        let second = server.run(&task).await;
        let found = waits(&server, &second).await;
        assert_eq!(reasons(&found), ["no_slot"]);
        assert_eq!((&found[0]["used"], &found[0]["slots"]), (&json!(1), &json!(1)), "{found:?}");
        assert_eq!(found[0]["engineId"], engine.id.as_str());
        assert_eq!(server.reconcile().await.waits, 0, "nothing changed");
        server.clock.advance(4 * MINUTE);
        assert_eq!(server.reconcile().await.waits, 1);
        let found = waits(&server, &second).await;
        assert_eq!(reasons(&found), ["no_slot", "engine_away"]);
        assert_eq!((&found[1]["engineName"], &found[1]["lastSeen"]), (&json!("one"), &json!("2026-02-03T09:00:00.000Z")));
        engine.report(&[finished(&offer, "success", 1)]).await;
        let body = timeline(&server, &second).await;
        assert_eq!(body["events"].as_array().and_then(|e| e.last()).map(|e| &e["kind"]), Some(&json!("offered")));
        for run in [&first, &second] {
            check_events(&server, run).await;
        }
    }

    async fn a_long_queue_learns_of_a_change_whole(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = parallel_task(&server, "many", "REMOTE_ENGINE", &engine.id).await;
        let _ = engine.goodbye().await.expect(204);
        let mut queue = Vec::new();
        for _ in 0..20 {
            queue.push(server.run(&task).await);
        }
        assert_eq!(server.reconcile().await.waits, 0, "each said so itself");
        let mut engine = engine;
        let offered = engine.open(&server, 1, &[]).await.messages.offers;
        assert_eq!(server.reconcile().await.waits, 19);
        assert_eq!(server.reconcile().await.waits, 0);
        for run in queue.iter().filter(|run| **run != offered[0].run) {
            assert_eq!(reasons(&waits(&server, run).await), ["engine_away", "no_slot"]);
        }
    }

    async fn a_cluster_without_engines_says_so(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let cluster = cluster_of(&server, "empty", &[&engine]).await;
        let task = parallel_task(&server, "one", "REMOTE_ENGINE_CLUSTER", &cluster).await;
        let _ = server.http().delete(&format!("/processing/runtimes/remote-engine-clusters/{cluster}/engines/{}", engine.id)).await;
        let run = server.run(&task).await;
        let found = waits(&server, &run).await;
        assert_eq!(reasons(&found), ["no_engine"], "{found:?}");
        assert_eq!(found[0]["targetId"], cluster.as_str());
    }
}
