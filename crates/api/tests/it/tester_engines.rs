//! Test runs that an engine sends, as the engine and the people see them.

use serde_json::{Value, json};
use stoker_testkit::http::{Answer, Http};
use stoker_wire::api_tests::TestAbility;

use crate::link::driver::Engine;
use crate::support::{TestServer, both, id};

const PROJECTS: &str = "/stoker/v1/tester/projects";
const RUNS: &str = "/stoker/v1/tester/runs";
const ENGINES: &str = "/stoker/v1/tester/engines";
const CANARY: &str = "canary-of-a-test-4711";

/// An engine of the shared workspace that does test runs.
async fn able(server: &TestServer, name: &str, most: u32) -> Engine {
    let mut engine = Engine::ready(server, name, 1).await;
    know(server, &mut engine, most, &[]).await;
    engine
}

/// Opens a session of an engine that knows these test runs; gives those that it is told of.
async fn know(server: &TestServer, engine: &mut Engine, most: u32, known: &[&str]) -> Vec<String> {
    engine.tests = Some(TestAbility { most, known: known.iter().map(|id| (*id).to_owned()).collect() });
    engine.open(server, 1, &[]).await.messages.tests
}

/// A project of one request with a secret.
async fn project(http: &Http) -> String {
    let project = id(&http.post(PROJECTS, &json!({ "name": "Far" })).await.expect(201).json());
    let request = json!({ "entity": {
        "type": "Request", "id": "r", "name": "Who", "method": { "name": "GET" },
        "uri": { "scheme": { "name": "http" }, "host": "inner.example", "path": "/x" },
        "headers": [{ "name": "Authorization", "value": "Bearer ${token}", "enabled": true }],
        "body": { "bodyType": "Text" },
    } });
    let variable = json!({ "name": "token", "private": true, "enabled": true, "value": CANARY });
    let document = json!({
        "version": 6, "entities": [request],
        "environments": [{ "id": "e", "name": "Inside", "variables": { "v": variable } }],
    });
    let body = json!({ "version": 1, "name": "Far", "document": document });
    let _ = http.put(&format!("{PROJECTS}/{project}"), &body).await.expect(200);
    project
}

async fn try_start(http: &Http, project: &str, engine: &str) -> Answer {
    http.post(&format!("{PROJECTS}/{project}/runs"), &json!({ "environmentId": "e", "engineId": engine })).await
}

async fn start(http: &Http, project: &str, engine: &Engine) -> String {
    id(&try_start(http, project, &engine.id).await.expect(201).json())
}

async fn shown(http: &Http, run: &str) -> Value {
    http.get(&format!("{RUNS}/{run}")).await.expect(200).json()
}

/// A run that has ended so, with its problem.
async fn ended(http: &Http, run: &str, state: &str) -> String {
    let run = shown(http, run).await;
    assert_eq!(run["state"], state, "{run}");
    run["problem"].as_str().unwrap_or_default().to_owned()
}

fn report(items: usize) -> String {
    let request = json!({
        "id": "r", "name": "Who", "element": null, "place": null, "outcome": "Ok", "attempts": 1, "durationMs": 2,
        "problem": null, "checks": [], "warnings": [], "extracted": [], "exchange": null,
    });
    let item = json!({ "unit": "(top)", "request": request });
    json!({ "items": vec![item; items], "units": [], "leftOut": 0 }).to_string()
}

fn progress(items: usize) -> Value {
    json!({ "requests": items, "bad": 0, "report": report(items) })
}

/// What is kept of the answer of the request.
fn responses() -> String {
    let kept = json!({
        "method": "GET", "uri": "http://inner.example/x", "sent": [], "body": "", "status": 204, "message": "",
        "headers": [], "answer": "",
    });
    json!({ "r": kept }).to_string()
}

fn end(state: &str) -> Value {
    let end = json!({ "state": state, "outcome": "Ok", "responses": responses() });
    json!({ "progress": progress(1), "end": end })
}

both! {
    async fn an_engine_takes_a_run_and_its_news_are_shown(server: TestServer) {
        let http = server.http();
        let (engine, project) = (able(&server, "far", 2).await, project(http).await);
        let listed = http.get(ENGINES).await.expect(200).json();
        assert_eq!(listed["items"][0]["state"], "ready", "{listed}");
        assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["name"]), (&json!(engine.id), &json!("far")));
        let run = start(http, &project, &engine).await;
        // Neither the secret nor the project is readable where the run waits.
        for sought in [CANARY, "inner.example"] {
            let found = server.store.read(move |tx| stoker_store::data_keys::mentions(tx, sought)).await.expect("search");
            assert_eq!(found, [], "{sought}");
        }
        assert_eq!(engine.poll().await.tests, [run.as_str()]);
        assert!(engine.ping().await.messages.tests.is_empty(), "told once in a session");
        let work = engine.take_test(&run).await.expect("the work");
        assert!(work.document.contains(CANARY) && work.document.contains("inner.example"));
        assert_eq!((work.environment.as_deref(), work.target), (Some("e"), None));
        assert!(engine.take_test(&run).await.is_some(), "the answer may get lost");

        assert!(!engine.test_news(&run, &json!({})).await);
        assert!(!engine.test_news(&run, &json!({ "progress": progress(3) })).await);
        let seen = shown(http, &run).await;
        assert_eq!((&seen["state"], &seen["requests"], &seen["engineName"]), (&json!("running"), &json!(3), &json!("far")));
        assert_eq!(seen["report"]["items"].as_array().expect("items").len(), 3);
        assert!(engine.test_news(&run, &end("finished")).await);
        let seen = shown(http, &run).await;
        assert_eq!((&seen["state"], &seen["outcome"], &seen["engineId"]), (&json!("finished"), &json!("Ok"), &json!(engine.id)));
        // What it got stands ready for later expressions; a repeat and what comes late change nothing.
        let asked = json!({ "text": "${\"Who\".\"response\".\"status\".\"code\"}" });
        let said = http.post(&format!("{PROJECTS}/{project}/preview"), &asked).await.expect(200).json();
        assert_eq!(said["value"], "204", "{said}");
        assert!(engine.test_news(&run, &end("broken-off")).await);
        assert!(engine.take_test(&run).await.is_none());
        ended(http, &run, "finished").await;
        server.reconcile().await;
        let events = http.get("/stoker/v1/audit-events").await.expect(200).json();
        let begun = events["items"].as_array().expect("items").iter().find(|one| one["action"] == "test-run.start");
        let event = http.get(&format!("/stoker/v1/audit-events/{}", id(begun.expect("the event")))).await.expect(200);
        assert!(event.text().contains(&engine.id) && !event.text().contains(CANARY), "{}", event.text());
    }

    async fn who_may_run_on_an_engine_may_let_it_send(server: TestServer) {
        let engine = able(&server, "far", 20).await;
        let (person, ada) = server.person("ada", &[]).await;
        let (_, boss) = server.person("boss", &["TMC_CLUSTER_MANAGEMENT"]).await;
        let (hers, his) = (project(&ada).await, project(&boss).await);
        let rights = format!("/security/workspaces/{}/users/{person}/permissions", server.workspace());
        for granted in [None, Some("VIEW"), Some("AUTHOR")] {
            if let Some(right) = granted {
                let _ = server.http().delete(&rights).await;
                let _ = server.http().post(&rights, &json!([right])).await.expect(201);
            }
            let refused = try_start(&ada, &hers, &engine.id).await.expect(403).text();
            assert!(refused.contains("EXECUTE") && refused.contains("TMC_CLUSTER_MANAGEMENT"), "{refused}");
            assert_eq!(ada.get(ENGINES).await.expect(200).json()["items"], json!([]));
        }
        let _ = server.http().put(&rights, &json!(["EXECUTE"])).await.expect(204);
        for (http, project) in [(&ada, &hers), (&boss, &his)] {
            let run = start(http, project, &engine).await;
            assert_eq!(http.get(ENGINES).await.expect(200).json()["items"].as_array().expect("items").len(), 1);
            let _ = http.post(&format!("{RUNS}/{run}/cancel"), &json!({})).await.expect(204);
        }
        let wrong = try_start(&ada, &hers, &"0".repeat(24)).await.expect(400).text();
        assert!(wrong.contains("engineId"), "{wrong}");
        let _ = try_start(&ada, &hers, "x").await.expect(400);
        // An engine that is kept for no workspace: EXECUTE on any of its environment.
        let body = json!({ "name": "wide", "environmentId": server.environment() });
        let wide = server.http().post("/processing/runtimes/remote-engines", &body).await.expect(201).json();
        let mut engine = Engine::installed(&server, &id(&wide));
        let _ = engine.pair(wide["preAuthorizedKey"].as_str().expect("a key")).await.expect(200);
        know(&server, &mut engine, 2, &[]).await;
        let _ = start(&ada, &hers, &engine).await;
        // A right that ends in the middle ends the run.
        let run = engine.poll().await.tests.remove(0);
        let _ = engine.take_test(&run).await.expect("the work");
        assert!(!engine.test_news(&run, &json!({})).await);
        let _ = server.http().put(&rights, &json!(["AUTHOR", "VIEW"])).await.expect(204);
        assert!(engine.test_news(&run, &json!({})).await, "the engine is told to stop");
        let _ = engine.test_news(&run, &end("cancelled")).await;
        let problem = ended(&ada, &run, "cancelled").await;
        assert!(problem.contains("may not run on the engine wide any more"), "{problem}");
    }

    async fn an_engine_that_cannot_is_not_asked(server: TestServer) {
        let http = server.http();
        let project = project(http).await;
        let mut engine = Engine::ready(&server, "far", 1).await;
        let state = async || http.get(ENGINES).await.expect(200).json()["items"][0]["state"].clone();
        let refused = async |engine: &Engine, word: &str| {
            let text = try_start(http, &project, &engine.id).await.expect(409).text();
            assert!(text.contains("engineId") && text.contains("far") && text.contains(word), "{text}");
        };
        // One of before.
        assert_eq!(state().await, "outdated");
        refused(&engine, "update it").await;
        know(&server, &mut engine, 0, &[]).await;
        assert_eq!(state().await, "off");
        refused(&engine, "stoker.tests.max").await;
        know(&server, &mut engine, 1, &[]).await;
        let run = start(http, &project, &engine).await;
        refused(&engine, "1 test runs already").await;
        // An older program in its place is not sent what it does not know, and the run says why.
        engine.tests = None;
        let text = engine.try_open(&server, 1, &[]).await.expect(200).text();
        assert!(!text.contains("tests"), "{text}");
        let problem = ended(http, &run, "broken-off").await;
        assert!(problem.contains("takes no test runs any more") && problem.contains("nothing was sent"), "{problem}");
        know(&server, &mut engine, 1, &[]).await;
        // What was accepted before a drain goes on and counts; nothing more is accepted, also while it is away.
        let run = start(http, &project, &engine).await;
        let own = format!("/stoker/v1/engines/{}", engine.id);
        let drained = http.post(&format!("{own}/drain"), &json!({})).await.expect(200).json();
        assert_eq!((&drained["testRuns"], &drained["runs"]), (&json!(1), &json!(0)), "{drained}");
        assert_eq!(state().await, "drained");
        refused(&engine, "is drained").await;
        assert_eq!(engine.poll().await.tests, [run.as_str()]);
        let _ = engine.take_test(&run).await.expect("the work");
        assert!(engine.test_news(&run, &end("finished")).await);
        assert_eq!(http.get(&own).await.expect(200).json()["testRuns"], 0);
        let _ = engine.goodbye().await.expect(204);
        refused(&engine, "is drained").await;
        let _ = http.post(&format!("{own}/resume"), &json!({})).await.expect(200);
        assert_eq!(state().await, "away");
        refused(&engine, "is not connected").await;
    }

    async fn a_run_that_was_lost_ends_and_is_never_given_again(server: TestServer) {
        let http = server.http();
        let (mut engine, project) = (able(&server, "far", 20).await, project(http).await);
        // Told and not taken: the next session is told again. Taken and known: it goes on there.
        let run = start(http, &project, &engine).await;
        assert_eq!(engine.poll().await.tests, [run.as_str()]);
        let old = engine.session.clone();
        assert_eq!(know(&server, &mut engine, 20, &[]).await, [run.as_str()]);
        let new = std::mem::replace(&mut engine.session, old);
        let _ = engine.try_take_test(&run).await.expect(409);
        engine.session = new;
        let _ = engine.take_test(&run).await.expect("the work");
        assert!(know(&server, &mut engine, 20, &[&run]).await.is_empty());
        assert!(engine.take_test(&run).await.is_some(), "the answer got lost with the session");
        assert!(!engine.test_news(&run, &json!({ "progress": progress(1) })).await);
        assert!(engine.take_test(&run).await.is_none(), "not after the first news");
        // Restarted in the middle: it ends, and nobody gets it any more.
        assert!(know(&server, &mut engine, 20, &[]).await.is_empty());
        let problem = ended(http, &run, "broken-off").await;
        assert!(problem.contains("far was restarted in the middle"), "{problem}");
        assert_eq!(shown(http, &run).await["requests"], 1, "what it had shown stays");
        assert!(engine.take_test(&run).await.is_none() && engine.test_news(&run, &end("finished")).await);
        ended(http, &run, "broken-off").await;

        // Silence, before and after it was taken.
        let (taken, waiting) = (start(http, &project, &engine).await, start(http, &project, &engine).await);
        let _ = engine.poll().await;
        let _ = engine.take_test(&taken).await.expect("the work");
        server.clock.advance(29_000);
        server.reconcile().await;
        assert_eq!(shown(http, &waiting).await["state"], "running");
        server.clock.advance(2_000);
        assert_eq!(server.reconcile().await.tests, 2);
        assert!(ended(http, &taken, "broken-off").await.contains("nothing was heard of the engine far"));
        assert!(ended(http, &waiting, "broken-off").await.contains("far did not take the run"));
        assert!(engine.take_test(&waiting).await.is_none() && engine.test_news(&taken, &json!({})).await);

        // The engine stops, or is unpaired.
        let run = start(http, &project, &engine).await;
        let _ = engine.goodbye().await.expect(204);
        assert!(ended(http, &run, "broken-off").await.contains("far was stopped"));
        know(&server, &mut engine, 20, &[]).await;
        let run = start(http, &project, &engine).await;
        let _ = http.delete(&format!("/processing/runtimes/remote-engines/{}/pairing", engine.id)).await.expect(200);
        assert!(ended(http, &run, "broken-off").await.contains("unpaired"));
    }

    async fn a_run_on_an_engine_can_be_cancelled(server: TestServer) {
        let http = server.http();
        let (engine, project) = (able(&server, "far", 2).await, project(http).await);
        let cancel = async |run: &str| {
            let _ = http.post(&format!("{RUNS}/{run}/cancel"), &json!({})).await.expect(204);
        };
        // Before it is taken it ends at once, and is not taken any more.
        let run = start(http, &project, &engine).await;
        assert_eq!(engine.poll().await.tests, [run.as_str()]);
        cancel(&run).await;
        ended(http, &run, "cancelled").await;
        assert!(engine.take_test(&run).await.is_none());
        // Afterwards the next news say so.
        let run = start(http, &project, &engine).await;
        let _ = engine.poll().await;
        let _ = engine.take_test(&run).await.expect("the work");
        assert!(!engine.test_news(&run, &json!({})).await);
        cancel(&run).await;
        assert!(engine.test_news(&run, &json!({ "progress": progress(2) })).await);
        assert!(engine.test_news(&run, &end("cancelled")).await);
        ended(http, &run, "cancelled").await;
        // An engine that does not obey is given up in the end.
        let run = start(http, &project, &engine).await;
        let _ = engine.poll().await;
        let _ = engine.take_test(&run).await.expect("the work");
        for _ in 0..12 {
            server.clock.advance(60_000);
            assert!(!engine.ping().await.messages.tests.contains(&run));
            let _ = engine.test_news(&run, &json!({})).await;
            server.reconcile().await;
        }
        assert!(ended(http, &run, "broken-off").await.contains("when its time was over"));
    }

    async fn what_an_engine_tells_is_looked_at(server: TestServer) {
        let http = server.http();
        let (engine, other) = (able(&server, "far", 2).await, able(&server, "other", 2).await);
        let project = project(http).await;
        let run = start(http, &project, &engine).await;
        assert!(other.take_test(&run).await.is_none(), "it is not its own");
        assert!(engine.take_test(&run).await.is_none(), "it was not told of it");
        let _ = engine.poll().await;
        assert!(other.test_news(&run, &end("finished")).await && engine.test_news(&run, &end("finished")).await);
        assert_eq!(shown(http, &run).await["state"], "running", "neither has it");
        let _ = engine.take_test(&run).await.expect("the work");
        let long = json!({ "items": [], "units": [], "leftOut": 0, "x": "y".repeat(1_100_000) }).to_string();
        for told in ["", "{}", "[]", "{\"items\":[],\"units\":[],\"leftOut\":0}}", "{\"items\":[1],\"units\":[],\"leftOut\":0}", &long] {
            let news = json!({ "progress": { "requests": 1, "bad": 0, "report": told } });
            let refused = engine.try_test_news(&run, &news).await.expect(400).text();
            assert!(refused.contains("progress.report"), "{refused}");
        }
        // Not a request as the description has it.
        for (name, wrong) in [("outcome", json!("Splendid")), ("checks", json!([{}])), ("exchange", json!(7))] {
            let mut told: Value = serde_json::from_str(&report(1)).expect("JSON");
            told["items"][0]["request"][name] = wrong;
            let news = json!({ "progress": { "requests": 1, "bad": 0, "report": told.to_string() } });
            let refused = engine.try_test_news(&run, &news).await.expect(400).text();
            assert!(refused.contains("progress.report: items[0].request.") && refused.contains(name), "{name}: {refused}");
        }
        // A newer engine tells more, which is not kept.
        let mut told: Value = serde_json::from_str(&report(1)).expect("JSON");
        told["items"][0]["request"]["mood"] = json!("fine");
        let news = json!({ "progress": { "requests": 1, "bad": 0, "report": told.to_string() } });
        assert!(!engine.test_news(&run, &news).await);
        let kept = shown(http, &run).await;
        assert_eq!((&kept["report"]["items"][0]["request"]["name"], kept["report"].to_string().contains("mood")), (&json!("Who"), false));
        let large = format!("{{\"r\":\"{}\"}}", "y".repeat(1_100_000));
        for told in ["x", "[]", "{\"r\":1}", &large] {
            let mut news = end("finished");
            news["end"]["responses"] = json!(told);
            let refused = engine.try_test_news(&run, &news).await.expect(400).text();
            assert!(refused.contains("end.responses"), "{refused}");
        }
        let mut without = end("finished");
        let _ = without.as_object_mut().expect("an object").remove("progress");
        let _ = engine.try_test_news(&run, &without).await.expect(400);
        let _ = engine.try_test_news(&run, &json!({ "end": { "state": "glorious" } })).await.expect(400);
        for unknown in ["none", &"0".repeat(36), "00000000-0000-4000-8000-000000000000"] {
            assert!(engine.test_news(unknown, &json!({})).await && engine.take_test(unknown).await.is_none());
        }
        assert_eq!(shown(http, &run).await["state"], "running");
        // What it tells of itself is cut, and an outcome that there is not is none.
        let mut odd = end("broken-off");
        (odd["end"]["outcome"], odd["end"]["problem"]) = (json!("Splendid"), json!("p\u{7}".repeat(5_000)));
        assert!(engine.test_news(&run, &odd).await);
        let problem = ended(http, &run, "broken-off").await;
        assert!(problem.chars().count() <= 4_000 && problem.starts_with("p p "), "{problem}");
        assert_eq!(shown(http, &run).await.get("outcome"), None);
    }
}
