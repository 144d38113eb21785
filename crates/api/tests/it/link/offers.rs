//! Who gets which run, and when.

use super::driver::{Engine, cluster_of, finished, kinds, of, parallel_task, started, status, task_on, timeline};
use crate::support::both;
use stoker_wire::RunEpoch;

/// The runs of a list of offers.
fn runs(offers: &[stoker_wire::Offer]) -> Vec<&str> {
    offers.iter().map(|offer| offer.run.as_str()).collect()
}

both! {
    async fn a_poll_brings_everything_the_engine_needs(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "load", &engine).await;
        let body = serde_json::json!({
            "executable": task, "parameters": { "a": "1", "b": "two" }, "logLevel": "INFO", "timeout": 7,
        });
        let run = server.http().post("/processing/executions", &body).await.expect(201).json();
        let offer = engine.offer().await;
        assert_eq!(run["executionId"], offer.run.as_str());
        assert_eq!((offer.epoch, offer.task_id.as_str(), offer.task_name.as_str()), (1, task.as_str(), "load"));
        assert_eq!((offer.artifact_name.as_str(), offer.artifact_version.as_str()), ("load", "0.1"));
        assert_eq!((offer.log_level.as_str(), offer.timeout_minutes), ("INFO", Some(7)));
        let given: Vec<_> = offer.parameters.iter().map(|p| (p.name.as_str(), p.value.as_str())).collect();
        assert_eq!(given, [("a", "1"), ("b", "two")]);
        assert_eq!(offer.sealed_parameters, None);
        assert_eq!(timeline(&server, &offer.run).await["engineId"], engine.id.as_str());
    }

    /// The offer goes to the poll that waits, with the commit of the start and without another look.
    async fn a_waiting_poll_is_handed_the_run(server: TestServer) {
        let engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        let mut poll = Box::pin(server.service.poll(&engine.session));
        // The first step of a poll is to join those that wait.
        let early = std::future::poll_fn(|cx| std::task::Poll::Ready(poll.as_mut().poll(cx).is_ready())).await;
        assert!(!early);
        let run = server.run_here(&task).await;
        assert_eq!(kinds(&server, &run).await, ["accepted", "offered"], "before the poll took another step");
        let messages = poll.await.expect("the poll");
        assert_eq!(runs(&messages.offers), [run.as_str()]);
        // Delivered once only.
        let next = server.run(&task).await;
        assert_eq!(engine.offer().await.run, next);
    }

    async fn a_poll_over_http_wakes_up_for_a_run(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let (offer, run) = tokio::join!(engine.offer(), server.run(&task));
        assert_eq!(offer.run, run);
    }

    /// A poll whose connection is gone cannot take the run with it.
    async fn a_poll_that_went_away_gives_the_run_back(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let mut poll = Box::pin(server.service.poll(&engine.session));
        std::future::poll_fn(|cx| {
            let _ = poll.as_mut().poll(cx);
            std::task::Poll::Ready(())
        })
        .await;
        drop(poll);
        let run = server.run_here(&task).await;
        assert_eq!(kinds(&server, &run).await, ["accepted", "offered", "withdrawn", "waiting"]);
        let offer = engine.offer().await;
        assert_eq!((offer.run.as_str(), offer.epoch), (run.as_str(), 2), "a new lease is a new epoch");
        let old = RunEpoch { run: run.clone(), epoch: 1 };
        assert_eq!(engine.report(&[started(&old, 1), finished(&old, "success", 2)]).await.stale, [old]);
        assert_eq!(status(&server, &run).await, "dispatching");
    }

    async fn never_more_than_the_engine_takes_and_oldest_first(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        let mut all = Vec::new();
        for _ in 0..5 {
            all.push(server.run(&task).await);
            server.clock.advance(1);
        }
        let offers = engine.poll().await.offers;
        assert_eq!(runs(&offers), [all[0].as_str(), all[1].as_str()]);
        assert!(engine.ping().await.messages.is_empty());
        let (first, second) = (of(&offers[0]), of(&offers[1]));
        assert!(engine.report(&[started(&first, 1), started(&second, 1)]).await.messages.is_empty());
        // The end of one brings the next along, in the answer to its report.
        let next = engine.report(&[finished(&second, "success", 2)]).await.messages.offers;
        assert_eq!(runs(&next), [all[2].as_str()]);
        // A session with a larger limit fills it up, one with a smaller limit takes nothing away.
        let known = [first.clone(), of(&next[0])];
        let more = engine.open(&server, 3, &known).await.messages.offers;
        assert_eq!(runs(&more), [all[3].as_str()]);
        let known = [first.clone(), of(&next[0]), of(&more[0])];
        let fewer = engine.open(&server, 1, &known).await;
        assert!(fewer.messages.is_empty() && fewer.forget.is_empty(), "{fewer:?}");
        assert!(engine.report(&[finished(&first, "success", 3)]).await.messages.is_empty(), "two are still active");
    }

    async fn an_engine_without_limit_gets_all(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 0).await;
        let task = task_on(&server, "one", &engine).await;
        let _ = engine.goodbye().await.expect(204);
        for _ in 0..9 {
            server.run(&task).await;
        }
        assert_eq!(engine.open(&server, 0, &[]).await.messages.offers.len(), 9);
    }

    async fn a_cluster_takes_turns(server: TestServer) {
        let a = Engine::ready(&server, "a", 5).await;
        let b = Engine::ready(&server, "b", 5).await;
        let cluster = cluster_of(&server, "both", &[&a, &b]).await;
        let task = parallel_task(&server, "one", "REMOTE_ENGINE_CLUSTER", &cluster).await;
        let mut served = Vec::new();
        for _ in 0..4 {
            // Both wait; the run goes to the one that got none for longest.
            let (mut poll_a, mut poll_b) =
                (Box::pin(server.service.poll(&a.session)), Box::pin(server.service.poll(&b.session)));
            std::future::poll_fn(|cx| {
                let _ = (poll_a.as_mut().poll(cx), poll_b.as_mut().poll(cx));
                std::task::Poll::Ready(())
            })
            .await;
            let run = server.run_here(&task).await;
            let messages = tokio::select! {
                messages = poll_a => { served.push("a"); messages }
                messages = poll_b => { served.push("b"); messages }
            }
            .expect("a poll");
            assert_eq!(runs(&messages.offers), [run.as_str()]);
        }
        assert!(served == ["a", "b", "a", "b"] || served == ["b", "a", "b", "a"], "{served:?}");
        // A member that left is passed over, also when it would be its turn.
        let _ = a.goodbye().await.expect(204);
        let first = server.run(&task).await;
        server.clock.advance(1);
        let alone = [first, server.run(&task).await];
        let mut found: Vec<String> = Vec::new();
        while found.len() < 2 {
            found.extend(b.poll().await.offers.into_iter().map(|offer| offer.run));
        }
        assert_eq!(found, alone);
    }

    async fn a_run_of_a_cluster_goes_to_the_member_with_room(server: TestServer) {
        let (a, b) = (Engine::ready(&server, "a", 1).await, Engine::ready(&server, "b", 1).await);
        let outside = Engine::ready(&server, "c", 5).await;
        let cluster = cluster_of(&server, "both", &[&a, &b]).await;
        let task = parallel_task(&server, "one", "REMOTE_ENGINE_CLUSTER", &cluster).await;
        let own = task_on(&server, "own", &a).await;
        let pinned = server.run(&own).await;
        assert_eq!(a.offer().await.run, pinned);
        let run = server.run(&task).await;
        assert!(a.ping().await.messages.is_empty(), "it has no room");
        let done = b.offer().await;
        assert_eq!(done.run, run);
        let third = server.run(&task).await;
        assert_eq!(timeline(&server, &third).await["events"][1]["reason"], "no_slot");
        let next = b.report(&[finished(&of(&done), "success", 1)]).await.messages.offers;
        assert_eq!(runs(&next), [third.as_str()]);
        assert!(outside.ping().await.messages.is_empty());
    }

    /// Whatever went wrong with the delivery, an offer that was never confirmed comes again while its engine lives.
    async fn an_unconfirmed_offer_is_repeated(server: TestServer) {
        let engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        server.run(&task).await;
        let lost = engine.offer().await;
        server.clock.advance(30_000);
        assert_eq!(engine.poll().await.offers, std::slice::from_ref(&lost));
        engine.report(&[started(&of(&lost), 1)]).await;
        server.clock.advance(30_000);
        let next = server.run(&task).await;
        assert_eq!(runs(&engine.poll().await.offers), [next.as_str()], "a confirmed one is not");
    }
}
