//! Stopping runs, wherever they are.

use super::driver::{Engine, check_events, finished, kinds, of, shown, started, status, task_on};
use crate::support::{START_MS, TestServer, both};

async fn stop(server: &TestServer, run: &str) {
    let _ = server.http().delete(&format!("/processing/executions/{run}")).await.expect(204);
}

both! {
    async fn a_waiting_run_ends_at_once(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let first = server.run(&task).await;
        assert_eq!(engine.offer().await.run, first);
        let second = server.run(&task).await;
        stop(&server, &second).await;
        let body = shown(&server, &second).await;
        assert_eq!((&body["status"], &body["executionStatus"]), (&"terminated".into(), &"EXECUTION_TERMINATED".into()));
        stop(&server, &second).await;
        assert_eq!(kinds(&server, &second).await.iter().filter(|kind| *kind == "finished").count(), 1);
        check_events(&server, &second).await;
        assert!(engine.ping().await.messages.stops.is_empty(), "the engine never had it");
    }

    async fn a_running_run_is_stopped_by_its_engine(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        engine.report(&[started(&offer, START_MS)]).await;
        stop(&server, &run).await;
        stop(&server, &run).await;
        let body = shown(&server, &run).await;
        assert_eq!(
            (&body["status"], &body["executionStatus"]),
            (&"executing".into(), &"STOPPING_FLOW_EXECUTION".into())
        );
        let messages = engine.poll().await;
        assert_eq!((messages.stops.as_slice(), messages.offers.len()), (std::slice::from_ref(&offer), 0));
        assert!(engine.ping().await.messages.stops.is_empty(), "told once in a session");
        // Perhaps the answer got lost: a new session tells it again.
        let again = engine.open(&server, 2, std::slice::from_ref(&offer)).await;
        assert_eq!(again.messages.stops, std::slice::from_ref(&offer));
        assert!(engine.ping().await.messages.stops.is_empty());
        engine.report(&[finished(&offer, "terminated", START_MS)]).await;
        assert_eq!(status(&server, &run).await, "terminated");
        assert_eq!(kinds(&server, &run).await, ["accepted", "waiting", "offered", "started", "stop_asked", "finished"]);
        check_events(&server, &run).await;
        stop(&server, &run).await;
        assert_eq!(kinds(&server, &run).await.len(), 6);
    }

    async fn a_stop_reaches_a_poll_that_waits(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        engine.report(&[started(&offer, START_MS)]).await;
        let (messages, ()) = tokio::join!(engine.poll(), stop(&server, &run));
        assert_eq!(messages.stops, [offer]);
    }

    async fn a_job_may_end_while_it_is_being_stopped(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        engine.report(&[started(&offer, START_MS)]).await;
        stop(&server, &run).await;
        engine.report(&[finished(&offer, "success", START_MS)]).await;
        assert_eq!(status(&server, &run).await, "execution_successful", "the true outcome");
        check_events(&server, &run).await;
    }

    async fn a_run_that_is_only_offered_is_stopped_too(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        stop(&server, &run).await;
        assert_eq!(engine.poll().await.stops, std::slice::from_ref(&offer));
        engine.report(&[finished(&offer, "terminated", START_MS)]).await;
        assert_eq!(status(&server, &run).await, "terminated");
        check_events(&server, &run).await;
    }

    async fn the_older_generation_says_that_a_run_had_ended(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        engine.report(&[finished(&offer, "success", START_MS)]).await;
        let answer = server.http().delete(&format!("/tmc/v2.6/executions/{run}")).await.expect(200);
        assert!(answer.text().contains("already finished"), "{}", answer.text());
    }
}
