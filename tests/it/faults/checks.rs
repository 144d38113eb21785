//! The invariants, as somebody sees them who only looks at the server's answers and at what the jobs did.

use std::fs;

use serde_json::Value;

use super::stage::{Stage, Start, until};

/// Waits until all runs that were answered 201 are over, then checks everything about all runs of the stage.
pub(super) async fn all_ended_once(stage: &Stage, starts: &[Start]) {
    for start in starts {
        let Some(id) = &start.id else { continue };
        let http = stage.http();
        let path = format!("/processing/executions/{id}");
        let over = until(60, async || {
            let answer = http.try_send(reqwest::Method::GET, &path, &[], None).await.ok()?;
            (answer.status == 200 && finished(answer.json()["status"].as_str()?)).then_some(())
        });
        if over.await.is_none() {
            fail(stage, id, "it did not end within 60 s").await;
        }
    }
    for start in starts {
        check(stage, start).await;
    }
    let unanswered = all_known_end(stage).await;
    let answered = starts.iter().filter(|start| start.id.is_some()).count();
    assert!(unanswered >= answered, "{answered} runs were answered 201, {unanswered} are listed");
}

fn finished(status: &str) -> bool {
    !matches!(status, "dispatching" | "executing")
}

/// One call: a run that exists has the outcome that its job had, and its job ran once.
async fn check(stage: &Stage, start: &Start) {
    let told = fs::read_to_string(&start.file).unwrap_or_default();
    let starts = told.lines().filter(|line| *line == "start").count();
    let Some(id) = &start.id else {
        assert!(starts <= 1, "a call that was answered with `{}` made a job run {starts} times", start.answer);
        return;
    };
    if told != "start\nend\n" {
        fail(stage, id, &format!("its job left {told:?}")).await;
    }
    let timeline = stage.timeline(id).await;
    let status = if start.wanted.code == 0 { "execution_successful" } else { "execution_failed" };
    if timeline["status"] != status || timeline["exitCode"] != start.wanted.code {
        fail(stage, id, &format!("it is not {status} with exit code {}", start.wanted.code)).await;
    }
}

/// Every run that the server lists ends, and its events are possible; how many there are.
async fn all_known_end(stage: &Stage) -> usize {
    let mut count = 0;
    loop {
        let path = format!("/processing/executables/tasks/{}/executions?limit=100&offset={count}", stage.task);
        let page = stage.http().get(&path).await.expect(200).json();
        let items = page["items"].as_array().cloned().unwrap_or_default();
        if items.is_empty() {
            return count;
        }
        for item in &items {
            let id = item["executionId"].as_str().expect("an execution id");
            let over = until(60, async || finished(stage.timeline(id).await["status"].as_str()?).then_some(()));
            if over.await.is_none() {
                fail(stage, id, "it did not end within 60 s").await;
            }
            if let Err(problem) = legal(&stage.timeline(id).await) {
                fail(stage, id, &problem).await;
            }
            count += 1;
        }
    }
}

/// Whether the events of a finished run are in a possible order.
pub(super) fn legal(timeline: &Value) -> Result<(), String> {
    let events = timeline["events"].as_array().cloned().unwrap_or_default();
    let (mut epoch, mut leased, mut started, mut unknown, mut over) = (0, false, false, false, false);
    for (number, event) in events.iter().enumerate() {
        let kind = event["kind"].as_str().unwrap_or_default();
        let good = !over
            && match kind {
                "accepted" => number == 0,
                "waiting" => !leased && !started,
                "offered" => {
                    let next = event["detail"]["epoch"].as_i64().unwrap_or_default();
                    let good = !leased && !started && next == epoch + 1;
                    (epoch, leased) = (next, true);
                    good
                }
                "withdrawn" => std::mem::take(&mut leased) && !started,
                "started" => leased && !std::mem::replace(&mut started, true),
                "unknown" => leased && !std::mem::replace(&mut unknown, true),
                "known_again" => std::mem::take(&mut unknown),
                "stop_asked" => true,
                "finished" => !std::mem::replace(&mut over, true),
                _ => false,
            };
        if !good {
            return Err(format!("event {} ({kind}) is not possible there", number + 1));
        }
    }
    if !over {
        return Err("it has no end".into());
    }
    if timeline["epoch"].as_i64() != Some(epoch) {
        return Err(format!("its epoch is {}, its events say {epoch}", timeline["epoch"]));
    }
    Ok(())
}

/// Panics with everything that is known.
pub(super) async fn fail(stage: &Stage, id: &str, problem: &str) -> ! {
    let answer = stage.http().get(&format!("/stoker/v1/executions/{id}/timeline")).await;
    let log = stage.engine.log();
    let skip = log.lines().count().saturating_sub(80);
    let log: Vec<&str> = log.lines().skip(skip).collect();
    panic!(
        "run {id}: {problem}\n--- timeline\n{}\n--- engine\n{}\n--- server\n{}",
        answer.text(),
        log.join("\n"),
        stage.server.log()
    );
}
