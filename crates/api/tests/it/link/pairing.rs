//! Binding an installation to an engine entity.

use serde_json::json;
use stoker_wire::{
    PAIR_PATH, PairResponse, REFUSED_NOT_PAIRED, REFUSED_PROTOCOL, REFUSED_SESSION, REFUSED_UNKNOWN_KEY,
    REFUSED_USED_KEY, SESSION_PATH,
};

use super::driver::{Engine, check_events, kinds, of, pairing_key, parsed, refused, shown, started, status, task_on};
use crate::support::{both, id};

both! {
    async fn a_key_binds_one_installation(server: TestServer) {
        let entity = server.engine("one").await;
        assert_eq!((&entity["status"], &entity["availability"]), (&json!("NOT_PAIRED"), &json!("NOT_AVAILABLE")));
        let key = pairing_key(&entity);
        let engine = Engine::installed(&server, &id(&entity));
        let first: PairResponse = parsed(&engine.pair(key).await.expect(200));
        assert_eq!((first.engine_id.as_str(), first.name.as_str()), (engine.id.as_str(), "one"));
        assert_eq!(Some(first.runtime_id.as_str()), entity["runtimeId"].as_str());
        assert_eq!(first.account_id, server.bootstrap.account_id);
        // An answer may get lost: the same installation asks again and hears the same.
        let again: PairResponse = parsed(&engine.pair(key).await.expect(200));
        assert_eq!(again, first);
        let other = Engine::installed(&server, &engine.id);
        refused(&other.pair(key).await, 401, REFUSED_USED_KEY);
        let shown = engine.shown(&server).await;
        assert_eq!(shown["status"], "PAIRED");
        assert!(shown.get("preAuthorizedKey").is_none(), "a used key is not shown: {shown}");
    }

    async fn a_key_that_nobody_gave_out_is_refused(server: TestServer) {
        let engine = Engine::installed(&server, "000000000000000000000000");
        for key in ["0".repeat(64), String::new(), "x".repeat(5_000)] {
            refused(&engine.pair(&key).await, 401, REFUSED_UNKNOWN_KEY);
        }
    }

    async fn a_key_that_is_no_point_on_the_curve_is_refused(server: TestServer) {
        let entity = server.engine("one").await;
        let engine = Engine::installed(&server, &id(&entity));
        let body = |signing: &str, sealing: &str| {
            json!({
                "protocol": 1, "key": pairing_key(&entity), "signingKey": signing, "sealingKey": sealing,
                "engineVersion": "0.1\u{0}", "host": { "hostname": "x".repeat(9_000), "java": "\u{0}" },
            })
        };
        let (signing, sealing) = (engine.signing.public.as_str(), engine.sealing.public.as_str());
        // The last byte is half of the last three characters: a changed one is another point, nearly never on the curve.
        let off = format!("{}AAA=", &signing[..84]);
        for bad in ["", "x", "AAAA", &signing[..84], &off, &format!("{signing}{signing}"), &"A".repeat(88)] {
            for (field, body) in [("signingKey", body(bad, sealing)), ("sealingKey", body(signing, bad))] {
                let answer = server.anonymous().post(PAIR_PATH, &body).await;
                refused(&answer, 400, "error");
                assert!(answer.text().contains(field), "{bad}: {}", answer.text());
            }
        }
        assert_eq!(engine.shown(&server).await["status"], "NOT_PAIRED", "nothing was bound");
        let _ = server.anonymous().post(PAIR_PATH, &body(signing, sealing)).await.expect(200);
    }

    async fn another_protocol_is_named_in_the_refusal(server: TestServer) {
        let entity = server.engine("one").await;
        let engine = Engine::installed(&server, &id(&entity));
        let body = json!({
            "protocol": 2, "key": pairing_key(&entity), "signingKey": engine.signing.public,
            "sealingKey": engine.sealing.public, "engineVersion": "tomorrow",
        });
        let answer = server.anonymous().post(PAIR_PATH, &body).await;
        refused(&answer, 400, REFUSED_PROTOCOL);
        assert!(answer.text().contains("protocol 1"), "{}", answer.text());
        let body = json!({ "protocol": 0, "engineVersion": "old", "maxRuns": 1, "known": [] });
        refused(&server.anonymous().post(SESSION_PATH, &body).await, 400, REFUSED_PROTOCOL);
        assert_eq!(engine.shown(&server).await["status"], "NOT_PAIRED", "nothing was bound");
    }

    async fn unpairing_ends_the_old_installation_and_its_runs(server: TestServer) {
        let mut old = Engine::ready(&server, "one", 3).await;
        let task = task_on(&server, "one", &old).await;
        let (running, offered) = (server.run(&task).await, server.run(&task).await);
        let offers = old.poll().await.offers;
        assert_eq!(offers.len(), 2);
        let first = offers.iter().find(|o| o.run == running).map(of).expect("the first run");
        old.report(&[started(&first, server.service.now())]).await;
        let path = format!("/processing/runtimes/remote-engines/{}/pairing", old.id);
        let _ = server.http().delete(&path).await.expect(200);
        for run in [&running, &offered] {
            let body = shown(&server, run).await;
            assert_eq!((&body["status"], &body["errorType"]), (&json!("execution_failed"), &json!("engine_unpaired")));
            check_events(&server, run).await;
        }
        let waiting = server.run(&task).await;
        refused(&old.try_poll().await, 409, REFUSED_SESSION);
        refused(&old.try_report(&[started(&first, 1)]).await, 409, REFUSED_SESSION);
        refused(&old.try_open(&server, 3, &[]).await, 401, REFUSED_NOT_PAIRED);
        let entity = old.shown(&server).await;
        assert_eq!(entity["status"], "NOT_PAIRED");
        // The new key works, for another installation too, and the old installation stays out.
        let mut new = Engine::installed(&server, &old.id);
        let _ = new.pair(pairing_key(&entity)).await.expect(200);
        refused(&old.try_open(&server, 3, &[]).await, 401, REFUSED_NOT_PAIRED);
        let answer = new.open(&server, 3, std::slice::from_ref(&first)).await;
        assert_eq!(answer.forget, [first], "what the old one knew is over");
        assert_eq!(answer.messages.offers.iter().map(|o| &o.run).collect::<Vec<_>>(), [&waiting]);
        assert_eq!(status(&server, &running).await, "execution_failed");
    }

    async fn an_old_key_is_unknown_after_a_reset(server: TestServer) {
        let entity = server.engine("one").await;
        let (engine, key) = (Engine::installed(&server, &id(&entity)), pairing_key(&entity).to_owned());
        let path = format!("/processing/runtimes/remote-engines/{}/pairing", engine.id);
        let _ = server.http().delete(&path).await.expect(200);
        refused(&engine.pair(&key).await, 401, REFUSED_UNKNOWN_KEY);
        let renewed = engine.shown(&server).await;
        assert_ne!(pairing_key(&renewed), key);
        let _ = engine.pair(pairing_key(&renewed)).await.expect(200);
    }

    async fn an_engine_that_is_gone_is_not_paired(server: TestServer) {
        let mut engine = Engine::ready(&server, "one", 1).await;
        let path = format!("/processing/runtimes/remote-engines/{}", engine.id);
        let _ = server.http().delete(&path).await.expect(204);
        refused(&engine.try_poll().await, 409, REFUSED_SESSION);
        refused(&engine.try_open(&server, 1, &[]).await, 401, REFUSED_NOT_PAIRED);
    }

    async fn a_run_waits_for_an_engine_that_was_never_paired(server: TestServer) {
        let (task, engine_id) = server.ready_task("one").await;
        let run = server.run(&task).await;
        assert_eq!(kinds(&server, &run).await, ["accepted", "waiting"]);
        let entity = server.http().get(&format!("/processing/runtimes/remote-engines/{engine_id}")).await.json();
        let mut engine = Engine::installed(&server, &engine_id);
        let _ = engine.pair(pairing_key(&entity)).await.expect(200);
        assert_eq!(engine.open(&server, 1, &[]).await.messages.offers[0].run, run);
    }

    async fn engines_that_spoke_are_listed_with_their_version(server: TestServer) {
        let silent = id(&server.engine("silent").await);
        let none = server.http().get("/processing/engines").await.expect(200).json();
        assert_eq!(none, json!({ "count": 0, "enginesInfo": [] }));
        let engine = Engine::ready(&server, "spoke", 1).await;
        let found = server.http().get("/processing/engines").await.expect(200).json();
        let shown = engine.shown(&server).await;
        assert_eq!(found["count"], 1, "{silent} never spoke: {found}");
        let info = &found["enginesInfo"][0];
        assert_eq!((&info["engineId"], &info["id"]), (&json!(engine.id), &shown["runtimeId"]));
        assert_eq!(info["services"], json!([]));
        assert!(info["packageVersion"].as_str().is_some_and(|text| !text.is_empty()), "{info}");
        assert_eq!(info["retrievalDate"], "2026-02-03T09:00:00.000Z");
        // Who has no right where the engine lies does not see it.
        let stranger = server.service_account(&["TMC_OPERATOR"], &[]).await.http;
        assert_eq!(stranger.get("/processing/engines").await.expect(200).json()["count"], 0);
    }
}
