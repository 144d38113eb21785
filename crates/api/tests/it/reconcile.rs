//! What must happen although nobody asks for it: leases that run out, engines that stay away, wake-ups that got lost.

use serde_json::json;
use stoker_service::reconcile::Report;

use crate::link::driver::{
    Engine, check_events, cluster_of, finished, kinds, of, parallel_task, shown, started, status, task_on, timeline,
};
use crate::support::{MINUTE, START_MS, both};

const HOUR: i64 = 60 * MINUTE;

both! {
    async fn a_lease_that_ran_out_shows_as_unknown_and_comes_back(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        engine.report(&[started(&offer, START_MS)]).await;
        server.clock.advance(MINUTE);
        assert_eq!(server.reconcile().await, Report::default(), "the lease lasts to its last millisecond");
        server.clock.advance(1);
        assert_eq!(server.reconcile().await.unknown, 1);
        assert_eq!(server.reconcile().await, Report::default(), "once");
        let body = timeline(&server, &run).await;
        assert_eq!(body["unknownSince"], "2026-02-03T09:01:00.000Z", "since the lease ended");
        assert_eq!(status(&server, &run).await, "executing", "unknown is not ended");
        // The engine was only cut off; with the next sign of life the run goes on.
        server.clock.advance(HOUR);
        let back = engine.open(&server, 1, std::slice::from_ref(&offer)).await;
        assert!(back.forget.is_empty() && back.messages.is_empty(), "{back:?}");
        let body = timeline(&server, &run).await;
        assert!(body.get("unknownSince").is_none(), "{body}");
        assert_eq!(kinds(&server, &run).await, ["accepted", "waiting", "offered", "started", "unknown", "known_again"]);
        engine.report(&[finished(&offer, "success", START_MS + HOUR)]).await;
        assert_eq!(status(&server, &run).await, "execution_successful");
        check_events(&server, &run).await;
    }

    async fn a_report_is_a_sign_of_life_too(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        engine.report(&[started(&offer, START_MS)]).await;
        for _ in 0..5 {
            server.clock.advance(50_000);
            engine.ping().await;
            assert_eq!(server.reconcile().await, Report::default(), "the lease is extended again and again");
        }
        server.clock.advance(2 * MINUTE);
        server.reconcile().await;
        engine.ping().await;
        assert!(timeline(&server, &run).await.get("unknownSince").is_none());
    }

    async fn a_run_that_stays_unknown_is_given_up_after_a_day(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        let (running, offered) = (server.run(&task).await, server.run(&task).await);
        let offers = engine.poll().await.offers;
        let key = of(offers.iter().find(|o| o.run == running).expect("the first"));
        engine.report(&[started(&key, START_MS)]).await;
        server.clock.advance(MINUTE + 1);
        assert_eq!(server.reconcile().await.unknown, 2);
        server.clock.advance(24 * HOUR - 1);
        assert_eq!(server.reconcile().await.lost, 0);
        server.clock.advance(1);
        assert_eq!(server.reconcile().await.lost, 2);
        for run in [&running, &offered] {
            let body = shown(&server, run).await;
            assert_eq!((&body["status"], &body["errorType"]), (&json!("execution_failed"), &json!("engine_lost")));
            assert!(body["errorMessage"].as_str().is_some_and(|m| m.contains("not heard of")), "{body}");
            check_events(&server, run).await;
        }
        assert_eq!(server.reconcile().await, Report::default());
        // Whoever comes back now learns that it is over.
        let back = engine.open(&server, 2, std::slice::from_ref(&key)).await;
        assert_eq!(back.forget, std::slice::from_ref(&key));
        assert_eq!(engine.report(&[finished(&key, "success", START_MS)]).await.stale, [key]);
        assert_eq!(status(&server, &running).await, "execution_failed");
    }

    async fn a_run_for_an_engine_that_stays_away_is_not_deployed(server: TestServer) {
        let (task, engine) = server.ready_task("one").await;
        let run = server.run(&task).await;
        server.clock.advance(15 * MINUTE);
        assert_eq!(server.reconcile().await.undeployed, 0);
        server.clock.advance(1);
        assert_eq!(server.reconcile().await.undeployed, 1);
        let body = shown(&server, &run).await;
        assert_eq!((&body["status"], &body["executionStatus"]), (&json!("deploy_failed"), &json!("DEPLOY_FAILED")));
        assert_eq!(body["misfiredExecutionReason"], "REMOTE_ENGINE_UNAVAILABLE");
        assert!(body["errorMessage"].as_str().is_some_and(|m| m.contains("one")), "{body}");
        assert!(body.get("startTimestamp").is_none(), "{body}");
        check_events(&server, &run).await;
        assert_eq!(kinds(&server, &run).await, ["accepted", "waiting", "finished"]);
        assert_eq!(timeline(&server, &run).await["events"][1]["reason"], "engine_away");
        assert_eq!(server.reconcile().await, Report::default());
        assert!(!engine.is_empty());
    }

    async fn a_run_for_a_cluster_without_engines_is_not_deployed(server: TestServer) {
        let a = Engine::ready(&server, "a", 1).await;
        let cluster = cluster_of(&server, "c", &[&a]).await;
        let task = parallel_task(&server, "one", "REMOTE_ENGINE_CLUSTER", &cluster).await;
        let _ = a.goodbye().await.expect(204);
        let run = server.run(&task).await;
        server.clock.advance(15 * MINUTE + 1);
        assert_eq!(server.reconcile().await.undeployed, 1);
        let body = shown(&server, &run).await;
        assert_eq!(body["misfiredExecutionReason"], "REMOTE_ENGINE_UNAVAILABLE_IN_CLUSTER");
        assert_eq!(body["remoteEngineClusterId"], cluster.as_str());
    }

    async fn a_run_whose_engine_is_only_busy_goes_on_waiting(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let first = server.run(&task).await;
        let offer = of(&engine.offer().await);
        assert_eq!(offer.run, first);
        engine.report(&[started(&offer, START_MS)]).await;
        server.clock.advance(1);
        let waiting = server.run(&task).await;
        for _ in 0..8 {
            // Two hours, with a sign of life every now and then.
            for _ in 0..15 {
                server.clock.advance(MINUTE);
                engine.ping().await;
            }
            server.clock.advance(1);
            assert_eq!(server.reconcile().await.undeployed, 0);
        }
        assert_eq!(status(&server, &waiting).await, "dispatching");
        assert_eq!(timeline(&server, &waiting).await["events"][1]["reason"], "no_slot");
        // When the engine goes too, the wait begins anew and ends.
        server.clock.advance(HOUR);
        assert_eq!(server.reconcile().await.undeployed, 1);
        assert_eq!(shown(&server, &waiting).await["misfiredExecutionReason"], "REMOTE_ENGINE_UNAVAILABLE");
        assert_eq!(status(&server, &first).await, "executing", "the one it has is another matter");
    }

    async fn an_engine_that_comes_in_time_gets_the_run(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let _ = engine.goodbye().await.expect(204);
        let run = server.run(&task).await;
        server.clock.advance(14 * MINUTE);
        server.reconcile().await;
        assert_eq!(engine.open(&server, 1, &[]).await.messages.offers[0].run, run);
        server.clock.advance(2 * MINUTE);
        assert_eq!(server.reconcile().await.undeployed, 0, "it is not waiting any more");
    }

    /// Another server of the same installation queued the run, or the wake-up got lost: a poll that waits is woken.
    async fn a_waiting_engine_is_woken_for_what_lies_there(server: TestServer) {
        let engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        // Started while nobody waited, and put back as if by somebody else.
        let run = server.run(&task).await;
        let offer = engine.offer().await;
        let mut poll = Box::pin(server.service.poll(&engine.session));
        // Until it waits: on SQLite after its first step, on PostgreSQL after a look at the database.
        let waiting = async {
            loop {
                let ended = std::future::poll_fn(|cx| std::task::Poll::Ready(poll.as_mut().poll(cx).is_ready())).await;
                assert!(!ended, "there was nothing to find");
                if server.service.reconcile().await.expect("a pass").woken == 0 {
                    break;
                }
            }
        };
        waiting.await;
        let queued = offer.run.clone();
        server
            .store
            .write(move |tx| stoker_store::runs::requeue(tx, &stoker_domain::ids::RunId::trusted(queued)))
            .await
            .expect("put back");
        assert_eq!(server.service.reconcile().await.expect("a pass").woken, 1);
        let messages = poll.await.expect("the poll");
        assert_eq!((messages.offers[0].run.as_str(), messages.offers[0].epoch), (run.as_str(), 2));
        assert_eq!(server.reconcile().await.woken, 0, "nobody waits any more");
    }

    async fn passes_that_run_at_once_do_everything_once(server: TestServer) {
        let engine = Engine::ready(&server, "one", 0).await;
        let task = task_on(&server, "one", &engine).await;
        let mut runs = Vec::new();
        for _ in 0..6 {
            runs.push(server.run(&task).await);
        }
        assert_eq!(engine.poll().await.offers.len(), 6);
        let (away, _) = server.ready_task("two").await;
        runs.push(server.run(&away).await);
        for advance in [16 * MINUTE, 25 * HOUR] {
            server.clock.advance(advance);
            let (a, b, c, d) =
                tokio::join!(server.reconcile(), server.reconcile(), server.reconcile(), server.reconcile());
            let sum = |f: fn(&Report) -> usize| [&a, &b, &c, &d].into_iter().map(f).sum::<usize>();
            if advance == 16 * MINUTE {
                assert_eq!((sum(|r| r.unknown), sum(|r| r.undeployed)), (6, 1));
            } else {
                assert_eq!(sum(|r| r.lost), 6);
            }
        }
        for run in &runs {
            check_events(&server, run).await;
            assert_eq!(kinds(&server, run).await.iter().filter(|kind| *kind == "finished").count(), 1);
        }
    }

    /// A defect in one of them, or in its rows, does not let the others wait.
    async fn one_that_fails_keeps_no_other_from_its_work(server: TestServer) {
        let run = server.run(&server.ready_task("t").await.0).await;
        let sql = async |text: &'static str| {
            let done = server.store.write::<_, stoker_store::StoreError, _>(move |tx| tx.execute(text, &[])).await;
            done.expect("a statement");
        };
        sql("ALTER TABLE plan_runs RENAME TO plan_runs_gone").await;
        server.clock.advance(HOUR);
        let failed = server.service.reconcile().await;
        assert!(matches!(failed, Err(stoker_service::Error::Internal(_))), "{failed:?}");
        sql("ALTER TABLE plan_runs_gone RENAME TO plan_runs").await;
        assert_eq!(status(&server, &run).await, "deploy_failed", "what comes before it");
        let seals = server.store.read::<_, stoker_store::StoreError, _>(|tx| {
            tx.query_int("SELECT count(*) FROM audit_chain", &[])
        });
        assert!(seals.await.expect("count") > 0, "and what comes after it");
    }
}
