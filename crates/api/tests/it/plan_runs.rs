//! Plan runs, with an engine whose answers the test decides.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stoker_wire::Offer;

use crate::link::driver::{Engine, check_events, finished, of, started, task_on};
use crate::plans::{PLANS, plan, plan_body, step};
use crate::support::{MINUTE, START_MS, TestServer, both};

pub(crate) const STARTS: &str = "/processing/executions/plans";
const DAY: i64 = 24 * 60 * MINUTE;

/// Starts a plan; gives the id of the plan run.
pub(crate) async fn start(server: &TestServer, plan: &str) -> String {
    let answer = server.http().post(STARTS, &json!({ "executable": plan })).await.expect(201).json();
    answer["executionId"].as_str().expect("executionId").to_owned()
}

pub(crate) async fn shown(server: &TestServer, run: &str) -> Value {
    server.http().get(&format!("{STARTS}/{run}")).await.expect(200).json()
}

pub(crate) async fn status(server: &TestServer, run: &str) -> String {
    shown(server, run).await["status"].as_str().expect("status").to_owned()
}

pub(crate) async fn steps(server: &TestServer, run: &str) -> Vec<Value> {
    let answer = server.http().get(&format!("{STARTS}/{run}/steps")).await.expect(200).json();
    answer.as_array().expect("a list").clone()
}

/// The `executionStatus` of each step.
pub(crate) async fn step_states(server: &TestServer, run: &str) -> Vec<String> {
    let steps = steps(server, run).await;
    steps.iter().map(|step| step["executionStatus"].as_str().expect("a status").to_owned()).collect()
}

pub(crate) async fn timeline(server: &TestServer, run: &str) -> Value {
    server.http().get(&format!("/stoker/v1/executions/plans/{run}/timeline")).await.expect(200).json()
}

/// The engine takes everything that waits for it; gives the offers by the name of the task.
pub(crate) async fn taken(engine: &Engine) -> BTreeMap<String, Offer> {
    let offers = engine.poll().await.offers;
    let started: Vec<_> = offers.iter().map(|offer| started(&of(offer), START_MS)).collect();
    engine.report(&started).await;
    offers.into_iter().map(|offer| (offer.task_name.clone(), offer)).collect()
}

/// The engine reports an end, and the server looks at its plans.
async fn ended(server: &TestServer, engine: &Engine, offer: &Offer, outcome: &str) {
    engine.report(&[finished(&of(offer), outcome, START_MS)]).await;
    server.reconcile().await;
}

/// Takes what waits, which must be these tasks, and ends each with the outcome beside its name.
async fn round(server: &TestServer, engine: &Engine, wanted: &[(&str, &str)]) {
    let offers = taken(engine).await;
    assert_eq!(offers.keys().map(String::as_str).collect::<Vec<_>>(), wanted.iter().map(|w| w.0).collect::<Vec<_>>());
    for (name, outcome) in wanted {
        ended(server, engine, &offers[*name], outcome).await;
    }
}

/// An engine and tasks on it.
pub(crate) async fn stage<const N: usize>(server: &TestServer, names: [&str; N]) -> (Engine, [String; N]) {
    let engine = Engine::ready(server, "engine", 0).await;
    let mut tasks = Vec::new();
    for name in names {
        tasks.push(task_on(server, name, &engine).await);
    }
    (engine, tasks.try_into().expect("as many tasks as names"))
}

pub(crate) async fn parallel(server: &TestServer, plan: &str) {
    let body = json!({ "trigger": { "type": "MANUAL" }, "parallelExecutionAllowed": true });
    let _ = server.http().put(&format!("{PLANS}/{plan}/run-config"), &body).await.expect(200);
}

both! {
    async fn steps_run_one_after_the_other_and_their_tasks_side_by_side(server: TestServer) {
        let (engine, [a, b, c, d]) = stage(&server, ["a", "b", "c", "d"]).await;
        let plan = plan(&server, "p", json!([step("one", &[&a]), step("two", &[&b, &c]), step("three", &[&d])])).await;
        let run = start(&server, &plan).await;
        let body = shown(&server, &run).await;
        assert_eq!((&body["status"], &body["executionStatus"]), (&json!("executing"), &json!("STARTED")));
        assert_eq!((&body["plannedExecutableCount"], &body["doneExecutableCount"]), (&json!(4), &json!(0)));
        assert_eq!((&body["planId"], &body["executionType"], &body["userId"]), (&json!(plan), &json!("MANUAL"), &json!("admin")));
        assert_eq!(body["doneExecutableDetails"], json!([]));
        assert_eq!(step_states(&server, &run).await, ["STARTED", "UNDEFINED", "UNDEFINED"]);
        assert!(steps(&server, &run).await[1].get("startTimestamp").is_none());
        assert!(server.http().get(&format!("{PLANS}/{plan}")).await.json()["status"] == "executing");

        server.clock.advance(MINUTE);
        round(&server, &engine, &[("a", "success")]).await;
        let offers = taken(&engine).await;
        assert_eq!(offers.keys().collect::<Vec<_>>(), ["b", "c"], "side by side");
        ended(&server, &engine, &offers["b"], "success").await;
        assert!(engine.ping().await.messages.is_empty(), "the next step waits for both");
        assert_eq!(step_states(&server, &run).await, ["EXECUTION_SUCCESS", "STARTED", "UNDEFINED"]);
        ended(&server, &engine, &offers["c"], "success").await;
        round(&server, &engine, &[("d", "success")]).await;

        let body = shown(&server, &run).await;
        assert_eq!((&body["status"], &body["executionStatus"]), (&json!("execution_successful"), &json!("EXECUTION_SUCCESS")));
        assert_eq!((&body["plannedExecutableCount"], &body["doneExecutableCount"]), (&json!(4), &json!(4)));
        assert_eq!(body["finishTimestamp"], "2026-02-03T09:01:00.000Z");
        let done = body["doneExecutableDetails"].as_array().expect("the runs");
        assert_eq!(done.len(), 4);
        for one in done {
            assert_eq!((&one["executionType"], &one["planId"], &one["userId"]), (&json!("PLAN"), &json!(run), &json!("admin")));
            check_events(&server, one["executionId"].as_str().expect("an id")).await;
        }
        assert_eq!(step_states(&server, &run).await, ["EXECUTION_SUCCESS"; 3]);
        let second = &steps(&server, &run).await[1];
        let path = format!("{STARTS}/{run}/steps/{}", second["executionId"].as_str().expect("an id"));
        let details = server.http().get(&path).await.expect(200).json();
        assert_eq!((&details["plannedExecutableCount"], &details["doneExecutableCount"]), (&json!(2), &json!(2)));
        assert_eq!(details["doneTaskExecutableDetails"].as_array().map(Vec::len), Some(2));
        assert_eq!(details["donePlanExecutableDetails"], json!([]));
        let _ = server.http().get(&format!("{path}/error-handler")).await.expect(404);
        assert_eq!(server.reconcile().await.plans, 0, "nothing is left to do");
        let runs = server.http().get(&format!("/processing/executables/tasks/{a}/executions")).await.expect(200).json();
        assert_eq!((&runs["total"], &runs["items"][0]["planId"]), (&json!(1), &json!(run)));
    }

    async fn each_condition_gives_the_documented_next_action(server: TestServer) {
        let (engine, [a, b, h, next]) = stage(&server, ["a", "b", "h", "next"]).await;
        for (condition, passes) in [
            ("ALL_SUCCEEDED", [true, false, false]),
            ("AT_LEAST_ONE_SUCCEEDED", [true, true, false]),
            ("ALWAYS_PROCEED_ON", [true, true, true]),
        ] {
            let first = json!({ "name": "one", "condition": condition, "taskIds": [a, b], "handlerOnFailure": { "taskIds": [h] } });
            let plan = plan(&server, condition, json!([first, step("two", &[&next])])).await;
            for (outcomes, passes) in [["success", "success"], ["success", "failed"], ["failed", "failed"]].into_iter().zip(passes) {
                let run = start(&server, &plan).await;
                round(&server, &engine, &[("a", outcomes[0]), ("b", outcomes[1])]).await;
                let what = format!("{condition} {outcomes:?}");
                if passes {
                    round(&server, &engine, &[("next", "success")]).await;
                    assert_eq!(status(&server, &run).await, "execution_successful", "{what}");
                    assert_eq!(step_states(&server, &run).await, ["EXECUTION_SUCCESS"; 2], "{what}");
                } else {
                    round(&server, &engine, &[("h", "success")]).await;
                    let body = shown(&server, &run).await;
                    assert_eq!((&body["status"], &body["executionStatus"]), (&json!("execution_failed"), &json!("EXECUTION_FAILED")), "{what}");
                    assert_eq!((&body["plannedExecutableCount"], &body["doneExecutableCount"]), (&json!(4), &json!(3)), "{what}");
                    assert_eq!(step_states(&server, &run).await, ["EXECUTION_FAILED", "UNDEFINED"], "{what}");
                    let step = steps(&server, &run).await[0]["executionId"].as_str().expect("an id").to_owned();
                    let path = format!("{STARTS}/{run}/steps/{step}/error-handler");
                    let handler = server.http().get(&path).await.expect(200).json();
                    assert_eq!((&handler["executionStatus"], &handler["doneExecutableCount"]), (&json!("EXECUTION_SUCCESS"), &json!(1)));
                    assert!(handler["executionId"] != json!(step), "the handler has a run of its own");
                    let old = server.http().get(&format!("/tmc/v2.6{}", path.trim_start_matches("/processing"))).await.expect(200).json();
                    assert_eq!((&old["planId"], &old["doneExecutableDetails"][0]["jobId"]), (&json!(plan), &json!(h)));
                }
                assert!(engine.ping().await.messages.is_empty(), "{what}");
                server.clock.advance(MINUTE);
            }
        }
    }

    async fn a_handler_plan_runs_and_the_plan_above_it_fails(server: TestServer) {
        let (engine, [a, b, c]) = stage(&server, ["a", "b", "c"]).await;
        let below = plan(&server, "below", json!([step("one", &[&b]), step("two", &[&c])])).await;
        let first = json!({ "name": "one", "condition": "ALL_SUCCEEDED", "taskIds": [a], "handlerOnFailure": { "planIds": [below] } });
        let above = plan(&server, "above", json!([first])).await;
        let run = start(&server, &above).await;
        round(&server, &engine, &[("a", "failed")]).await;
        let listed = server.http().get(&format!("/processing/executables/plans/{below}/executions")).await.expect(200).json();
        assert_eq!((&listed["total"], &listed["items"][0]["executionType"]), (&json!(1), &json!("PLAN")));
        assert_eq!(listed["items"][0]["userId"], "admin");
        assert!(listed["items"][0].get("doneExecutableDetails").is_none());
        let child = listed["items"][0]["executionId"].as_str().expect("an id").to_owned();
        assert_eq!(timeline(&server, &child).await["parentExecutionId"], json!(run));
        round(&server, &engine, &[("b", "success")]).await;
        assert_eq!((status(&server, &run).await.as_str(), status(&server, &child).await.as_str()), ("executing", "executing"));
        round(&server, &engine, &[("c", "success")]).await;
        assert_eq!(status(&server, &child).await, "execution_successful");
        assert_eq!(status(&server, &run).await, "execution_failed", "a handler does not make it a success");
        let step = steps(&server, &run).await[0]["executionId"].as_str().expect("an id").to_owned();
        let handler = server.http().get(&format!("{STARTS}/{run}/steps/{step}/error-handler")).await.expect(200).json();
        assert_eq!(handler["executionStatus"], "EXECUTION_SUCCESS");
        assert_eq!(handler["donePlanExecutableDetails"][0]["executionId"], json!(child));

        // A handler plan that may not begin is a record with the reason, and ends the plan above it.
        let _ = server.http().put(&format!("{PLANS}/{below}/pause"), &json!({ "pause": true })).await.expect(202);
        let run = start(&server, &above).await;
        round(&server, &engine, &[("a", "failed")]).await;
        assert_eq!(status(&server, &run).await, "execution_failed");
        let query = format!("/processing/executables/plans/{below}/executions?status=execution_misfired");
        let misfired = server.http().get(&query).await.expect(200).json();
        assert_eq!(misfired["items"][0]["misfiredExecutionReason"], "PLAN_EXECUTIONS_PAUSED");
    }

    async fn a_task_that_cannot_start_fails_its_step_with_the_reason(server: TestServer) {
        let (engine, [a, b, other]) = stage(&server, ["a", "b", "other"]).await;
        let some = json!({ "name": "one", "condition": "AT_LEAST_ONE_SUCCEEDED", "taskIds": [a, b] });
        let plan = plan(&server, "p", json!([some, step("two", &[&a])])).await;
        let pause = |on: bool| { let (path, server) = (format!("/orchestration/executables/tasks/{a}/pause"), &server); async move { server.http().put(&path, &json!({ "pause": on })).await.expect(202) } };
        let _ = pause(true).await;
        let run = start(&server, &plan).await;
        round(&server, &engine, &[("b", "success")]).await;
        // The second step consists of the paused task alone.
        assert_eq!(status(&server, &run).await, "execution_failed");
        let done = shown(&server, &run).await["doneExecutableDetails"].clone();
        let paused: Vec<&Value> = done.as_array().expect("runs").iter().filter(|r| r["jobId"] == json!(a)).collect();
        assert_eq!(paused.len(), 2);
        for run in paused {
            assert_eq!((&run["status"], &run["misfiredExecutionReason"]), (&json!("deploy_failed"), &json!("TASK_IS_PAUSED")));
            let id = run["executionId"].as_str().expect("an id");
            check_events(&server, id).await;
            let timeline = server.http().get(&format!("/stoker/v1/executions/{id}/timeline")).await.expect(200).json();
            assert_eq!(timeline["events"][1]["detail"]["pausedBy"], "admin", "{timeline}");
        }
        let _ = pause(false).await;

        // Removed while the plan run is at work, because the plan does not name it any more.
        let _ = server.http().put(&format!("{PLANS}/{plan}"), &plan_body(&server, "p", json!([step("one", &[&b]), step("two", &[&other])]))).await.expect(200);
        let run = start(&server, &plan).await;
        let _ = server.http().put(&format!("{PLANS}/{plan}"), &plan_body(&server, "p", json!([step("one", &[&b])]))).await.expect(200);
        let _ = server.http().delete(&format!("/orchestration/executables/tasks/{other}")).await.expect(204);
        round(&server, &engine, &[("b", "success")]).await;
        assert_eq!(status(&server, &run).await, "execution_failed");
        let body = timeline(&server, &run).await;
        assert_eq!(body["steps"][1]["items"][0]["refused"], "the task was removed", "{body}");
        assert_eq!((&body["userId"], &body["userType"], &body["executionType"]), (&json!("admin"), &json!("HUMAN"), &json!("MANUAL")), "{body}");
        let ran = &body["steps"][0]["items"][0];
        for at in [&body["startTimestamp"], &body["finishTimestamp"], &ran["startTimestamp"], &ran["finishTimestamp"]] {
            assert!(at.is_string(), "{body}");
        }
        assert_eq!(shown(&server, &run).await["doneExecutableCount"], 2);

        // A task that lost its engine, and one that runs already and may not twice.
        let run_config = format!("/orchestration/executables/tasks/{a}/run-config");
        let _ = server.http().put(&format!("{PLANS}/{plan}"), &plan_body(&server, "p", json!([step("one", &[&b]), step("two", &[&a])]))).await.expect(200);
        for (config, reason) in [
            (json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "CLOUD" } }), "REMOTE_ENGINE_CONTAINER_NOT_FOUND"),
            (json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine.id } }), "PARALLEL_EXECUTION_FORBIDDEN"),
        ] {
            let good = json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine.id } });
            let _ = server.http().put(&run_config, &good).await.expect(200);
            let run = start(&server, &plan).await;
            let offers = taken(&engine).await;
            let _ = server.http().put(&run_config, &config).await.expect(200);
            let running = if reason == "REMOTE_ENGINE_CONTAINER_NOT_FOUND" { None } else { Some(server.run(&a).await) };
            ended(&server, &engine, &offers["b"], "success").await;
            assert_eq!(status(&server, &run).await, "execution_failed");
            let done = shown(&server, &run).await["doneExecutableDetails"].clone();
            let run = done.as_array().expect("runs").iter().find(|r| r["jobId"] == json!(a)).expect("a run of a").clone();
            assert_eq!(run["misfiredExecutionReason"], reason, "{run}");
            if let Some(running) = running {
                let _ = server.http().delete(&format!("/processing/executions/{running}")).await.expect(204);
            }
        }
    }

    async fn a_plan_that_may_not_start_says_why(server: TestServer) {
        let (engine, [a]) = stage(&server, ["a"]).await;
        let one = plan(&server, "p", json!([step("one", &[&a])])).await;
        let first = start(&server, &one).await;
        server.clock.advance(1);
        let second = start(&server, &one).await;
        let body = shown(&server, &second).await;
        assert_eq!((&body["status"], &body["executionStatus"]), (&json!("execution_misfired"), &json!("EXECUTION_MISFIRED")));
        assert_eq!(body["misfiredExecutionReason"], "PARALLEL_EXECUTIONS_FORBIDDEN");
        assert_eq!(steps(&server, &second).await.len(), 0);
        let old = server.http().get(&format!("/tmc/v2.6/executions/plans/{second}")).await.expect(200).json();
        assert_eq!((&old["executionStatus"], old.get("status"), old.get("misfiredExecutionReason")), (&json!("EXECUTION_FAILED"), None, None));
        let old = server.http().get(&format!("/tmc/v2.6/executables/plans/{one}/executions")).await.expect(200).json();
        assert_eq!(old["items"][0]["status"], "execution_failed", "a word that this generation has");
        let conflict = server.http().delete(&format!("{PLANS}/{one}")).await.expect(409).json();
        assert!(conflict["message"].as_str().is_some_and(|m| m.contains("active runs")), "{conflict}");
        assert_eq!(status(&server, &first).await, "executing");

        let pause = format!("{PLANS}/{one}/pause");
        let _ = server.http().put(&pause, &json!({ "pause": true })).await.expect(202);
        for path in [STARTS, "/tmc/v2.6/executions/plans"] {
            let answer = server.http().post(path, &json!({ "executable": one })).await.expect(405).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains("paused")), "{answer}");
        }
        round(&server, &engine, &[("a", "success")]).await;
        assert_eq!(status(&server, &first).await, "execution_successful", "what runs goes on");
        let _ = server.http().put(&pause, &json!({ "pause": false })).await.expect(202);

        let bare = server.artifact("bare", "0.1").await;
        let bare = server.task("bare", &bare, "0.1").await;
        let unconfigured = plan(&server, "q", json!([step("one", &[&a]), step("two", &[&bare])])).await;
        let empty = plan(&server, "r", json!([])).await;
        for (plan, word) in [(&unconfigured, "bare"), (&empty, "no steps")] {
            let answer = server.http().post(STARTS, &json!({ "executable": plan })).await.expect(501).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(word)), "{answer}");
        }
        let nobody = "00000000-0000-4000-8000-000000000000";
        for (body, status, word) in [
            (json!({}), 400, "executable"),
            (json!({ "executable": "x" }), 400, "Plan"),
            (json!({ "executable": nobody }), 404, "Plan"),
            (json!({ "executable": one, "executionPlanId": first }), 400, "stepId"),
            (json!({ "executable": one, "stepId": first }), 400, "executionPlanId"),
            (json!({ "executable": one, "rerunOnlyFailedTasks": true }), 400, "executionPlanId"),
            (json!({ "executable": one, "executionPlanId": "x", "stepId": nobody }), 400, "Plan execution"),
            (json!({ "executable": one, "executionPlanId": nobody, "stepId": nobody }), 404, "Plan execution"),
            (json!({ "executable": one, "executionPlanId": first, "stepId": nobody }), 404, "Step execution"),
            (json!({ "executable": empty, "executionPlanId": first, "stepId": nobody }), 400, "executionPlanId"),
        ] {
            let answer = server.http().post(STARTS, &body).await.expect(status).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(word)), "{body}: {answer}");
        }
        for path in ["x", "x/steps", &format!("{first}/steps/x"), &format!("{first}/steps/x/error-handler")] {
            let _ = server.http().get(&format!("{STARTS}/{path}")).await.expect(400);
        }
        for path in [nobody.to_owned(), format!("{nobody}/steps"), format!("{first}/steps/{nobody}"), format!("{first}/steps/{nobody}/error-handler")] {
            let _ = server.http().get(&format!("{STARTS}/{path}")).await.expect(404);
        }

        // Fifty starts in an hour are the published limit.
        parallel(&server, &one).await;
        for _ in 1..50 {
            start(&server, &one).await;
        }
        let run = start(&server, &one).await;
        assert_eq!(shown(&server, &run).await["misfiredExecutionReason"], "SIMULTANEOUS_EXECUTIONS_LIMIT_REACHED");
        server.clock.advance(60 * MINUTE);
        let run = start(&server, &one).await;
        assert_eq!(status(&server, &run).await, "executing");
    }

    async fn a_failed_run_is_repeated_from_a_step(server: TestServer) {
        let (engine, [a, b, c, d]) = stage(&server, ["a", "b", "c", "d"]).await;
        let one = plan(&server, "p", json!([step("one", &[&a]), step("two", &[&b, &c]), step("three", &[&d])])).await;
        let run = start(&server, &one).await;
        let rerun = |run: &str, step: &Value, only: bool| {
            let body = json!({ "executable": one, "executionPlanId": run, "stepId": step["executionId"], "rerunOnlyFailedTasks": only });
            let server = &server;
            async move { server.http().post(STARTS, &body).await }
        };
        let made = steps(&server, &run).await;
        let answer = rerun(&run, &made[0], false).await.expect(422).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("not over")), "{answer}");
        round(&server, &engine, &[("a", "success")]).await;
        round(&server, &engine, &[("b", "success"), ("c", "failed")]).await;
        assert_eq!(status(&server, &run).await, "execution_failed");
        let answer = rerun(&run, &made[2], false).await.expect(422).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("stepId")), "{answer}");
        // What is repeated is what ran then, also when the plan was changed meanwhile.
        let _ = server.http().put(&format!("{PLANS}/{one}"), &plan_body(&server, "p", json!([step("new", &[&a])]))).await.expect(200);

        let again = rerun(&run, &made[1], true).await.expect(201).json()["executionId"].as_str().expect("id").to_owned();
        let body = timeline(&server, &again).await;
        assert_eq!((&body["rerunOf"], body["steps"].as_array().map(Vec::len)), (&json!(run), Some(2)), "{body}");
        assert_eq!(steps(&server, &again).await[0]["id"], made[1]["id"], "the same step");
        assert_eq!(shown(&server, &again).await["plannedExecutableCount"], 2);
        round(&server, &engine, &[("c", "failed")]).await;
        assert_eq!(status(&server, &again).await, "execution_failed");
        let second = steps(&server, &again).await;
        let third = rerun(&again, &second[0], true).await.expect(201).json()["executionId"].as_str().expect("id").to_owned();
        round(&server, &engine, &[("c", "success")]).await;
        round(&server, &engine, &[("d", "success")]).await;
        assert_eq!(status(&server, &third).await, "execution_successful");
        let third_steps = steps(&server, &third).await;
        let answer = rerun(&third, &third_steps[0], false).await.expect(422).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("did not fail")), "{answer}");
        // A repetition of all runs all, also what the run before had left out.
        let whole = rerun(&again, &second[0], false).await.expect(201).json()["executionId"].as_str().expect("id").to_owned();
        round(&server, &engine, &[("b", "success"), ("c", "success")]).await;
        round(&server, &engine, &[("d", "success")]).await;
        assert_eq!(status(&server, &whole).await, "execution_successful");
        // From a step in which nothing failed, on to the one in which something did.
        let from = rerun(&run, &made[0], true).await.expect(201).json()["executionId"].as_str().expect("id").to_owned();
        server.reconcile().await;
        round(&server, &engine, &[("c", "success")]).await;
        round(&server, &engine, &[("d", "failed")]).await;
        assert_eq!(step_states(&server, &from).await, ["EXECUTION_SUCCESS", "EXECUTION_SUCCESS", "EXECUTION_FAILED"]);
        server.clock.advance(60 * DAY + 1);
        let answer = rerun(&run, &made[1], true).await.expect(422).json();
        assert!(answer["message"].as_str().is_some_and(|m| m.contains("too old")), "{answer}");
    }

    async fn stopping_stops_what_runs_and_begins_nothing_more(server: TestServer) {
        let (engine, [a, b, c]) = stage(&server, ["a", "b", "c"]).await;
        let below = plan(&server, "below", json!([step("one", &[&b])])).await;
        let first = json!({ "name": "one", "condition": "ALWAYS_PROCEED_ON", "taskIds": [a, b] });
        let failing = json!({ "name": "one", "condition": "ALL_SUCCEEDED", "taskIds": [a], "handlerOnFailure": { "planIds": [below], "taskIds": [c] } });
        let one = plan(&server, "p", json!([first, step("two", &[&c])])).await;
        let run = start(&server, &one).await;
        let offers = taken(&engine).await;
        let stop = |run: &str| { let (path, server) = (format!("/stoker/v1/executions/plans/{run}"), &server); async move { server.http().delete(&path).await } };
        let _ = stop(&run).await.expect(204);
        let mut stops: Vec<String> = engine.poll().await.stops.into_iter().map(|key| key.run).collect();
        stops.sort();
        let mut wanted: Vec<String> = offers.values().map(|offer| offer.run.clone()).collect();
        wanted.sort();
        assert_eq!(stops, wanted, "the engine is told to stop both");
        assert_eq!(status(&server, &run).await, "executing", "until they have ended");
        for offer in offers.values() {
            ended(&server, &engine, offer, "terminated").await;
        }
        assert_eq!(status(&server, &run).await, "execution_failed");
        assert_eq!(step_states(&server, &run).await, ["EXECUTION_FAILED", "UNDEFINED"], "it does not go on, whatever the condition");
        assert_eq!(timeline(&server, &run).await["stopAskedBy"], "admin");
        assert!(engine.ping().await.messages.is_empty());
        let _ = stop(&run).await.expect(204);
        let _ = stop("00000000-0000-4000-8000-000000000000").await.expect(404);

        // A handler plan below stops too, at once because its run still waits for a slot of the engine.
        let two = plan(&server, "q", json!([failing])).await;
        let run = start(&server, &two).await;
        round(&server, &engine, &[("a", "failed")]).await;
        let child = server.http().get(&format!("/processing/executables/plans/{below}/executions")).await.expect(200).json();
        let child = child["items"][0]["executionId"].as_str().expect("an id").to_owned();
        let _ = stop(&run).await.expect(204);
        assert_eq!((status(&server, &child).await.as_str(), status(&server, &run).await.as_str()), ("execution_failed", "execution_failed"));
        assert!(engine.ping().await.messages.is_empty(), "nothing was left to start");
        // Stopping the last run of a step by itself is its end, and the plan looks at it.
        let run = start(&server, &two).await;
        let offers = taken(&engine).await;
        let _ = server.http().delete(&format!("/processing/executions/{}", offers["a"].run)).await.expect(204);
        ended(&server, &engine, &offers["a"], "terminated").await;
        assert_eq!(step_states(&server, &run).await, ["EXECUTION_FAILED"], "the handler runs");
        assert_eq!(status(&server, &run).await, "executing");
    }

    async fn lists_of_plan_runs_are_narrowed(server: TestServer) {
        let (engine, [a]) = stage(&server, ["a"]).await;
        let (one, two) = (plan(&server, "one", json!([step("s", &[&a])])).await, plan(&server, "two", json!([step("s", &[&a])])).await);
        let first = start(&server, &one).await;
        round(&server, &engine, &[("a", "success")]).await;
        server.clock.advance(MINUTE);
        let second = start(&server, &two).await;
        round(&server, &engine, &[("a", "failed")]).await;
        server.clock.advance(MINUTE);
        let third = start(&server, &two).await;
        let fourth = start(&server, &two).await;
        let ids = |body: &Value| -> Vec<String> { body["items"].as_array().expect("items").iter().map(|i| i["executionId"].as_str().expect("id").to_owned()).collect() };
        let all = "/processing/executables/plans/executions";
        let (ws, env) = (server.workspace(), server.environment());
        let mut newest = [third.clone(), fourth.clone()];
        newest.sort();
        let everything = vec![newest[0].clone(), newest[1].clone(), second.clone(), first.clone()];
        for (query, wanted) in [
            (String::new(), everything.clone()),
            (format!("workspaceId={ws}&environmentId={env}"), everything),
            ("status=executing".to_owned(), vec![third.clone()]),
            ("status=execution_failed".to_owned(), vec![second.clone()]),
            ("status=EXECUTION_SUCCESSFUL".to_owned(), vec![first.clone()]),
            ("status=execution_misfired".to_owned(), vec![fourth.clone()]),
            ("limit=1&offset=2".to_owned(), vec![second.clone()]),
            (format!("from={}&to={}", START_MS + 1, START_MS + MINUTE), vec![second.clone()]),
            (format!("to={START_MS}"), vec![first.clone()]),
        ] {
            let found = server.http().get(&format!("{all}?{query}")).await.expect(200).json();
            assert_eq!(ids(&found), wanted, "{query}");
        }
        let of_two = server.http().get(&format!("/processing/executables/plans/{two}/executions?lastDays=1")).await.expect(200).json();
        assert_eq!((&of_two["total"], of_two["items"][2]["status"].as_str()), (&json!(3), Some("execution_failed")));
        for (query, word) in [("status=ended", "status"), ("lastDays=61", "lastDays"), ("from=5&to=1", "from"), ("workspaceId=x", "Workspace")] {
            let answer = server.http().get(&format!("{all}?{query}")).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.contains(word)), "{query}: {answer}");
        }
        let _ = server.http().get("/processing/executables/plans/00000000-0000-4000-8000-000000000000/executions").await.expect(404);
        let old = server.http().get("/tmc/v2.6/executables/plans/executions").await.expect(200).json();
        assert_eq!((&old["items"][3]["status"], old["items"][3].get("executionType")), (&json!("execution_successful"), None));
        // The history outlives the plan.
        let _ = server.http().delete(&format!("{PLANS}/{one}")).await.expect(204);
        let found = server.http().get(&format!("/processing/executables/plans/{one}/executions")).await.expect(200).json();
        assert_eq!(ids(&found), [first]);
    }
}
