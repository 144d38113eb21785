//! Opening sessions: who may, what they replace, and how they repair what got lost.

use stoker_wire::{REFUSED_NOT_PAIRED, REFUSED_PROTOCOL, REFUSED_SESSION, RunEpoch, SESSION_PATH};

use super::driver::{
    Engine, Keys, check_events, finished, kinds, line, log, of, quick, refused, shown, started, status, task_on,
};
use crate::support::{Backend, MINUTE, TestServer, both};

both! {
    async fn a_session_needs_the_key_of_the_installation(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 1).await;
        let stranger = Keys::new();
        refused(&engine.ask_session(&server, &stranger.private, 0, 1, &[]).await, 401, REFUSED_NOT_PAIRED);
        // The other key of the same installation is not the one that signs.
        let sealing = engine.sealing.private.clone();
        refused(&engine.ask_session(&server, &sealing, 0, 1, &[]).await, 401, REFUSED_NOT_PAIRED);
        let body = serde_json::json!({ "protocol": 1, "engineVersion": "x", "maxRuns": 1, "known": [] });
        for token in ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
            let answer = server.anonymous().with_token(token).post(SESSION_PATH, &body).await;
            refused(&answer, 401, REFUSED_NOT_PAIRED);
        }
        refused(&server.anonymous().post(SESSION_PATH, &body).await, 401, REFUSED_NOT_PAIRED);
        // None of these disturbed the session that is open.
        assert!(engine.ping().await.stale.is_empty());
    }

    async fn a_session_token_lives_five_minutes_either_way(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 1).await;
        let key = engine.signing.private.clone();
        for (offset, good) in [(-300, true), (-301, false), (300, true), (301, false)] {
            let answer = engine.ask_session(&server, &key, offset, 1, &[]).await;
            if good {
                let _ = answer.expect(200);
            } else {
                refused(&answer, 409, REFUSED_SESSION);
                assert!(answer.text().contains("clocks"), "{}", answer.text());
            }
        }
    }

    async fn a_newer_session_replaces_the_one_before(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = engine.offer().await;
        assert_eq!(offer.run, run);
        let old = engine.session.clone();
        engine.open(&server, 1, &[of(&offer)]).await;
        let new = std::mem::replace(&mut engine.session, old);
        refused(&engine.try_poll().await, 409, REFUSED_SESSION);
        refused(&engine.try_report(&[started(&of(&offer), 1)]).await, 409, REFUSED_SESSION);
        refused(&engine.artifact(&offer.artifact_sha256).await, 409, REFUSED_SESSION);
        refused(&engine.goodbye().await, 409, REFUSED_SESSION);
        assert_eq!(status(&server, &run).await, "dispatching", "the refused report changed nothing");
        assert_eq!(engine.availability(&server).await, "AVAILABLE");
        engine.session = new;
        engine.report(&[started(&of(&offer), 1)]).await;
        let _ = engine.artifact(&offer.artifact_sha256).await.expect(200);
    }

    async fn a_session_that_never_was_is_refused(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 1).await;
        let good = engine.session.clone();
        for wrong in [String::new(), "x".to_owned(), format!("{}.guess", engine.id), format!("{good}x"), ".".to_owned()]
        {
            engine.session = wrong;
            refused(&engine.try_poll().await, 409, REFUSED_SESSION);
            refused(&engine.artifact(&"a".repeat(64)).await, 409, REFUSED_SESSION);
        }
        engine.session = good;
        let _ = engine.try_report(&[]).await.expect(200);
    }

    async fn an_offer_whose_answer_was_lost_comes_again_in_the_same_epoch(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let lost = engine.offer().await;
        let again = engine.open(&server, 2, &[]).await;
        assert_eq!(again.messages.offers, std::slice::from_ref(&lost), "the same offer, word for word");
        assert!(again.forget.is_empty());
        // What the engine knows is not sent again.
        let third = engine.open(&server, 2, &[of(&lost)]).await;
        assert!(third.messages.is_empty() && third.forget.is_empty(), "{third:?}");
        engine.report(&[started(&of(&lost), 1), finished(&of(&lost), "success", 2)]).await;
        assert_eq!(status(&server, &run).await, "execution_successful");
        assert_eq!(kinds(&server, &run).await, ["accepted", "waiting", "offered", "started", "finished"]);
    }

    async fn a_running_run_that_the_engine_forgot_has_failed(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        let (forgotten, kept) = (server.run(&task).await, server.run(&task).await);
        let offers = engine.poll().await.offers;
        let key = |run: &str| offers.iter().find(|o| o.run == run).map(of).expect("offered");
        let (forgotten_key, kept_key) = (key(&forgotten), key(&kept));
        engine.report(&[started(&forgotten_key, 1), started(&kept_key, 1)]).await;
        let answer = engine.open(&server, 2, std::slice::from_ref(&kept_key)).await;
        assert!(answer.messages.is_empty() && answer.forget.is_empty(), "{answer:?}");
        let body = shown(&server, &forgotten).await;
        assert_eq!(
            (body["status"].as_str(), body["errorType"].as_str()),
            (Some("execution_failed"), Some("engine_lost_run"))
        );
        assert_eq!(status(&server, &kept).await, "executing");
        check_events(&server, &forgotten).await;
        // The slot is free again, and the run that is over cannot come back.
        let next = server.run(&task).await;
        assert_eq!(engine.offer().await.run, next);
        let late = engine.report(&[finished(&forgotten_key, "success", 5)]).await;
        assert_eq!(late.stale, [forgotten_key]);
        assert_eq!(status(&server, &forgotten).await, "execution_failed");
    }

    async fn what_is_over_for_the_server_is_to_be_forgotten(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        server.run(&task).await;
        let done = of(&engine.offer().await);
        engine.report(&[started(&done, 1), finished(&done, "success", 2)]).await;
        server.run(&task).await;
        let open = of(&engine.offer().await);
        let unknown = RunEpoch { run: "00000000-0000-4000-8000-000000000000".to_owned(), epoch: 1 };
        let garbage = RunEpoch { run: "' OR 1=1".to_owned(), epoch: i64::MAX };
        let newer = RunEpoch { run: open.run.clone(), epoch: 7 };
        let known = [open.clone(), done.clone(), unknown.clone(), garbage.clone(), newer.clone()];
        let answer = engine.open(&server, 2, &known).await;
        let mut forget = vec![done, unknown, garbage, newer];
        forget.sort();
        assert_eq!(answer.forget, forget);
        assert!(answer.messages.offers.is_empty(), "{answer:?}");
    }

    async fn goodbye_shows_at_once_and_ends_the_session(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        assert_eq!(engine.availability(&server).await, "AVAILABLE");
        let _ = engine.goodbye().await.expect(204);
        assert_eq!(engine.availability(&server).await, "NOT_AVAILABLE");
        refused(&engine.try_poll().await, 409, REFUSED_SESSION);
        let run = server.run(&task).await;
        assert_eq!(kinds(&server, &run).await, ["accepted", "waiting"]);
        let back = engine.open(&server, 1, &[]).await;
        assert_eq!(back.messages.offers[0].run, run);
        assert_eq!(engine.availability(&server).await, "AVAILABLE");
    }

    async fn three_minutes_of_silence_show(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        server.clock.advance(3 * MINUTE);
        assert_eq!(engine.availability(&server).await, "AVAILABLE");
        server.clock.advance(1);
        assert_eq!(engine.availability(&server).await, "NOT_AVAILABLE");
        engine.ping().await;
        assert_eq!(engine.availability(&server).await, "AVAILABLE", "any request is a sign of life");
    }

    async fn an_artifact_is_for_engines_that_have_a_run_of_it(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let stranger = Engine::ready(&server, "two", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = engine.offer().await;
        assert_eq!(offer.run, run);
        let answer = engine.artifact(&offer.artifact_sha256).await.expect(200);
        assert_eq!(answer.body.len() as i64, offer.artifact_size);
        let digest = ring::digest::digest(&ring::digest::SHA256, &answer.body);
        let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, offer.artifact_sha256);
        let _ = stranger.artifact(&offer.artifact_sha256).await.expect(404);
        let _ = engine.artifact(&"0".repeat(64)).await.expect(404);
        for wrong in ["x", &offer.artifact_sha256.to_uppercase(), &"g".repeat(64), "..%2F..%2Fstoker.db"] {
            refused(&engine.artifact(wrong).await, 400, REFUSED_PROTOCOL);
        }
        engine.report(&[started(&of(&offer), 1), log(&of(&offer), 0, &[line(1, "x")])]).await;
        let _ = engine.artifact(&offer.artifact_sha256).await.expect(200);
        engine.report(&[finished(&of(&offer), "success", 2)]).await;
        let _ = engine.artifact(&offer.artifact_sha256).await.expect(404);
    }
}

/// A poll without work ends empty after the time the server announced, and not before.
async fn a_poll_is_held(backend: Backend) {
    let server = TestServer::start_with(backend, quick()).await;
    let mut engine = Engine::ready(&server, "one", 1).await;
    assert_eq!(engine.open(&server, 1, &[]).await.heartbeat_seconds, 1);
    let before = std::time::Instant::now();
    let messages = engine.poll().await;
    assert!(messages.is_empty(), "{messages:?}");
    assert!(before.elapsed() >= std::time::Duration::from_millis(950), "{:?}", before.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_is_held_and_ends_empty_sqlite() {
    a_poll_is_held(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_is_held_and_ends_empty_postgres() {
    a_poll_is_held(Backend::Postgres).await;
}
