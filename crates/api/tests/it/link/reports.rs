//! What engines tell, and what is made of stale, repeated and wrong reports.

use stoker_wire::{REFUSED_PROTOCOL, Report, RunEpoch};

use super::driver::{
    Engine, check_events, cluster_of, finished, kinds, line, log, of, parallel_task, refused, shown, started, status,
    task_on,
};
use crate::support::{START_MS, TestServer, both};

/// The texts of the log of a run, oldest first.
async fn texts(server: &TestServer, run: &str) -> Vec<String> {
    let page = server.http().get(&format!("/monitoring/executions/{run}/logs?order=ASC&count=200")).await.expect(200);
    let page = page.json();
    let lines = page["data"].as_array().expect("data");
    lines.iter().map(|line| line["logMessage"].as_str().expect("a text").to_owned()).collect()
}

both! {
    async fn the_way_of_a_run(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        assert_eq!(status(&server, &run).await, "dispatching");
        let offer = of(&engine.offer().await);
        assert_eq!(shown(&server, &run).await["executionStatus"], "DISPATCHING_FLOW");
        server.clock.advance(10);
        engine.report(&[started(&offer, START_MS + 3)]).await;
        let body = shown(&server, &run).await;
        assert_eq!(
            (&body["status"], &body["executionStatus"]),
            (&"executing".into(), &"STARTING_FLOW_EXECUTION".into())
        );
        assert_eq!(body["startTimestamp"], "2026-02-03T09:00:00.003Z");
        engine.report(&[finished(&offer, "failed", START_MS + 5)]).await;
        let body = shown(&server, &run).await;
        assert_eq!(
            (&body["status"], &body["executionStatus"]),
            (&"execution_failed".into(), &"EXECUTION_FAILED".into())
        );
        assert_eq!((&body["errorType"], &body["errorMessage"]), (&"exit_code".into(), &"exit code 4".into()));
        assert_eq!(body["finishTimestamp"], "2026-02-03T09:00:00.005Z");
        assert_eq!(body["remoteEngineId"], engine.id.as_str());
        assert_eq!(kinds(&server, &run).await, ["accepted", "waiting", "offered", "started", "finished"]);
        check_events(&server, &run).await;
    }

    async fn every_outcome_has_its_status(server: TestServer) {
        let engine = Engine::ready(&server, "one", 0).await;
        let task = task_on(&server, "one", &engine).await;
        for (outcome, expected) in [
            ("success", "execution_successful"),
            ("rejected", "execution_rejected"),
            ("failed", "execution_failed"),
            ("deploy_failed", "deploy_failed"),
            ("terminated", "terminated"),
            ("terminated_timeout", "terminated_timeout"),
            ("terminated_shutdown", "terminated_shutdown"),
            ("an outcome of tomorrow", "execution_failed"),
        ] {
            let run = server.run(&task).await;
            let offer = of(&engine.offer().await);
            engine.report(&[finished(&offer, outcome, START_MS)]).await;
            assert_eq!(status(&server, &run).await, expected, "{outcome}");
            check_events(&server, &run).await;
        }
    }

    async fn a_clock_that_runs_ahead_ends_no_run_in_the_future(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        engine.report(&[finished(&offer, "success", START_MS + 999_999_999)]).await;
        assert_eq!(shown(&server, &run).await["finishTimestamp"], "2026-02-03T09:00:00.000Z");
    }

    async fn repeats_change_nothing(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        let begin = [started(&offer, START_MS + 1), log(&offer, 0, &[line(1, "a"), line(2, "b")])];
        for _ in 0..3 {
            assert!(engine.report(&begin).await.stale.is_empty());
        }
        assert!(engine.report(&[started(&offer, START_MS + 9)]).await.stale.is_empty());
        assert_eq!(shown(&server, &run).await["startTimestamp"], "2026-02-03T09:00:00.001Z", "the first counts");
        // One request with everything twice in it.
        let more = log(&offer, 1, &[line(3, "c")]);
        assert!(engine.report(&[begin[1].clone(), more.clone(), more.clone()]).await.stale.is_empty());
        let end = finished(&offer, "success", START_MS);
        for _ in 0..3 {
            assert!(engine.report(std::slice::from_ref(&end)).await.stale.is_empty());
            assert!(engine.report(&[begin[1].clone(), more.clone()]).await.stale.is_empty(), "old chunks are repeats");
        }
        assert_eq!(texts(&server, &run).await, ["a", "b", "c"]);
        assert_eq!(kinds(&server, &run).await, ["accepted", "waiting", "offered", "started", "finished"]);
    }

    async fn a_stale_epoch_writes_neither_status_nor_log(server: TestServer) {
        let (mut a, mut b) = (Engine::ready(&server, "a", 1).await, Engine::ready(&server, "b", 1).await);
        let cluster = cluster_of(&server, "both", &[&a, &b]).await;
        let task = parallel_task(&server, "one", "REMOTE_ENGINE_CLUSTER", &cluster).await;
        // A poll of `a` that is gone makes the first epoch, `b` gets the second.
        let _ = b.goodbye().await.expect(204);
        let mut poll = Box::pin(server.service.poll(&a.session));
        std::future::poll_fn(|cx| {
            let _ = poll.as_mut().poll(cx);
            std::task::Poll::Ready(())
        })
        .await;
        drop(poll);
        let run = server.run_here(&task).await;
        let _ = a.goodbye().await.expect(204);
        let current = of(&b.open(&server, 1, &[]).await.messages.offers[0]);
        assert_eq!((current.run.as_str(), current.epoch), (run.as_str(), 2));
        b.report(&[started(&current, 1), log(&current, 0, &[line(1, "true")])]).await;
        a.open(&server, 1, &[]).await;
        let first = RunEpoch { run: run.clone(), epoch: 1 };
        let wrong = [
            // The epoch before, from the engine that had it; the epoch now, from an engine that does not have it; and
            // an epoch to come, from the one that has the run.
            (&a, first.clone()),
            (&a, current.clone()),
            (&b, first),
            (&b, RunEpoch { run: run.clone(), epoch: 3 }),
        ];
        for (engine, key) in &wrong {
            for report in [
                started(key, 9),
                log(key, 0, &[line(9, "false")]),
                log(key, 1, &[line(9, "false")]),
                finished(key, "failed", 9),
            ] {
                let answer = engine.report(std::slice::from_ref(&report)).await;
                assert_eq!(answer.stale, std::slice::from_ref(key), "{report:?}");
            }
        }
        assert_eq!(status(&server, &run).await, "executing");
        assert_eq!(texts(&server, &run).await, ["true"]);
        b.report(&[log(&current, 1, &[line(2, "end")]), finished(&current, "success", 2)]).await;
        for report in [log(&current, 2, &[line(3, "late")]), finished(&current, "failed", 3), started(&current, 3)] {
            assert_eq!(
                b.report(std::slice::from_ref(&report)).await.stale,
                std::slice::from_ref(&current),
                "{report:?}"
            );
        }
        assert_eq!(status(&server, &run).await, "execution_successful");
        assert_eq!(texts(&server, &run).await, ["true", "end"]);
        check_events(&server, &run).await;
    }

    async fn one_stale_report_does_not_stop_the_others(server: TestServer) {
        let engine = Engine::ready(&server, "one", 2).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        let nowhere = RunEpoch { run: "no run".to_owned(), epoch: 1 };
        let answer = engine
            .report(&[
                started(&nowhere, 1),
                started(&offer, 1),
                log(&nowhere, 0, &[line(1, "x")]),
                log(&offer, 0, &[line(1, "y")]),
            ])
            .await;
        assert_eq!(answer.stale, [nowhere]);
        assert_eq!(
            (status(&server, &run).await.as_str(), texts(&server, &run).await),
            ("executing", vec!["y".to_owned()])
        );
    }

    async fn a_gap_in_the_log_is_refused_as_a_whole(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        let gap = [started(&offer, 1), log(&offer, 1, &[line(1, "x")])];
        refused(&engine.try_report(&gap).await, 400, REFUSED_PROTOCOL);
        assert_eq!(status(&server, &run).await, "dispatching", "the reports before the wrong one were undone");
        assert!(texts(&server, &run).await.is_empty());
        engine.report(&[log(&offer, 0, &[line(1, "x")]), log(&offer, 1, &[line(1, "y")])]).await;
        assert_eq!(texts(&server, &run).await, ["x", "y"]);
    }

    async fn a_deleted_log_goes_on_with_what_comes(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        engine.report(&[started(&offer, 1), log(&offer, 0, &[line(1, "old")])]).await;
        let _ = server.http().delete(&format!("/monitoring/executions/{run}/logs")).await.expect(200);
        assert!(texts(&server, &run).await.is_empty());
        // The engine did not hear its answer: the repeat must not bring back what was deleted.
        engine.report(&[log(&offer, 0, &[line(1, "old")]), log(&offer, 1, &[line(2, "new")])]).await;
        assert_eq!(texts(&server, &run).await, ["new"]);
    }

    async fn broken_bodies_are_refused_and_do_no_harm(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let http = server.anonymous();
        let json = [("content-type", "application/json")];
        for path in
            [stoker_wire::REPORT_PATH, stoker_wire::POLL_PATH, stoker_wire::PAIR_PATH, stoker_wire::GOODBYE_PATH]
        {
            for body in ["", "{", "[]", "{\"session\": 1}", "{\"session\":\"x\",\"reports\":[{\"kind\":\"nonsense\"}]}"]
            {
                let answer =
                    http.send(stoker_testkit::http::Method::POST, path, &json, Some(body.as_bytes().to_vec())).await;
                assert!((400..500).contains(&answer.status), "{path} {body}: {} {}", answer.status, answer.text());
            }
        }
        let many: Vec<Report> = (0..5_001).map(|n| started(&RunEpoch { run: String::new(), epoch: n }, 1)).collect();
        refused(&engine.try_report(&many).await, 400, REFUSED_PROTOCOL);
        assert_eq!(engine.report(&many[..5_000]).await.stale.len(), 5_000);
    }

    async fn a_chunk_that_is_not_what_its_report_says_is_replaced_by_a_word_about_it(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        engine.report(&[started(&offer, START_MS)]).await;
        let long = "x".repeat(2_000);
        let mut expected = Vec::new();
        let good = log(&offer, 0, &[line(1, "a"), line(5, &long)]);
        let changed = |change: fn(&mut i64, &mut i64, &mut i64, &mut String)| {
            let mut report = good.clone();
            if let Report::Log { lines, first_ms, last_ms, data, .. } = &mut report {
                change(lines, first_ms, last_ms, data);
            }
            report
        };
        let many: Vec<_> = (0..100_001).map(|_| line(1, "")).collect();
        for (what, report) in [
            ("lines", changed(|lines, _, _, _| *lines = 3)),
            ("lines", changed(|lines, _, _, _| *lines = 0)),
            ("lines", changed(|lines, _, _, _| *lines = i64::MAX)),
            ("lines", changed(|_, first, _, _| *first = 0)),
            ("lines", changed(|_, _, last, _| *last = 4)),
            ("base64", changed(|_, _, _, data| data.push('!'))),
            ("damaged", changed(|_, _, _, data| data.truncate(data.len() - 8))),
            ("format", changed(|_, _, _, data| *data = "CQ==".to_owned())),
            ("damaged", changed(|_, _, _, data| data.clear())),
            ("lines", changed(|lines, first, last, data| (*lines, *first, *last, *data) = (0, 0, 0, "AA==".to_owned()))),
            ("100000", log(&offer, 0, &many)),
            ("more bytes", log(&offer, 0, &[line(1, &"y".repeat(5 << 20))])),
        ] {
            let mut bad = report;
            let Report::Log { seq, .. } = &mut bad else { panic!("a log report") };
            *seq = expected.len() as i64 / 3 * 2;
            let mut next = good.clone();
            let Report::Log { seq: after, .. } = &mut next else { panic!("a log report") };
            *after = *seq + 1;
            assert!(engine.report(&[bad, next]).await.stale.is_empty());
            expected.extend([what.to_owned(), "a".to_owned(), long.clone()]);
            let seen = texts(&server, &run).await;
            let word = &seen[seen.len() - 3];
            assert!(word.starts_with("[stoker] a piece of the log is missing here") && word.contains(what), "{word}");
        }
        let seen = texts(&server, &run).await;
        assert_eq!(seen.len(), expected.len());
        assert!(seen.chunks(3).all(|three| three[1..] == ["a".to_owned(), long.clone()]));
        engine.report(&[finished(&offer, "success", START_MS)]).await;
        assert_eq!(status(&server, &run).await, "execution_successful");
    }

    async fn texts_that_no_database_takes_do_not_stop_a_report(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let offer = of(&engine.offer().await);
        let mut end = finished(&offer, "failed", START_MS);
        if let Report::Finished { end, .. } = &mut end {
            end.error_message = Some(format!("a\u{0}b\nc{}", "x".repeat(10_000)));
            end.error_type = Some("\u{1b}[31m".to_owned());
        }
        let strange = RunEpoch { run: "\u{0}".to_owned(), epoch: 1 };
        let answer = engine.report(&[started(&strange, 1), end]).await;
        assert_eq!(answer.stale, [strange]);
        let body = shown(&server, &run).await;
        let message = body["errorMessage"].as_str().expect("a message");
        assert!(message.starts_with("a b\nc") && message.len() == 4_000, "{message}");
        assert_eq!(body["errorType"], " [31m");
    }
}
