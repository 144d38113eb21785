//! What became of runs, as the API tells it.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use stoker_testkit::http::Method;

use crate::http::Connection;
use crate::machine::until;
use crate::stage::{Stage, text};

/// How long a batch may take.
const BATCH: Duration = Duration::from_secs(300);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// Id of the run in the answer to a start call.
pub(crate) fn id_of(answer: &[u8]) -> Result<String> {
    text(&serde_json::from_slice(answer).context("read the answer to a start call")?, "executionId")
}

/// Waits until a run has ended, which it must have done well.
pub(crate) async fn ended(connection: &mut Connection, request: &[u8]) -> Result<()> {
    until("wait for the end of a run", BATCH, LOOK, async || {
        let status = connection.send(request).await?;
        let body: Value = serde_json::from_slice(connection.body()).context("read the state of a run")?;
        ensure!(status == 200, "it was answered {status}: {body}");
        match body["status"].as_str() {
            Some("dispatching" | "executing") => Ok(None),
            Some("execution_successful") => Ok(Some(())),
            _ => bail!("it ended badly: {body}"),
        }
    })
    .await
}

/// Waits until all runs of a task have ended well. `last` is the run that was accepted last, which costs less to watch.
pub(crate) async fn all_ended(stage: &Stage, task: &str, last: &str, count: usize) -> Result<()> {
    let mut connection = Connection::open(stage.server.url()).await?;
    ended(&mut connection, &stage.run_request(last)).await?;
    until("wait for the end of all runs", BATCH, LOOK, async || {
        let path = |status| format!("/processing/executables/tasks/{task}/executions?limit=1&status={status}");
        let done = stage.call(Method::GET, &path("execution_successful"), None).await?;
        let done = done["total"].as_u64().context("read the number of runs")?;
        if done == count as u64 {
            return Ok(Some(()));
        }
        for bad in ["execution_failed", "deploy_failed", "terminated", "execution_rejected"] {
            let list = stage.call(Method::GET, &path(bad), None).await?;
            ensure!(list["total"] == 0, "some ended badly: {list}");
        }
        Ok(None)
    })
    .await
}

/// What happened to a run, in milliseconds of the wall clock.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    /// When it was given to an engine.
    pub(crate) offered: Vec<i64>,
    /// When its job was started.
    pub(crate) started: Vec<i64>,
    /// When it ended.
    pub(crate) finished: Vec<i64>,
}

/// The history of a run.
pub(crate) async fn history(stage: &Stage, run: &str) -> Result<History> {
    read(&stage.call(Method::GET, &format!("/stoker/v1/executions/{run}/timeline"), None).await?)
}

fn read(timeline: &Value) -> Result<History> {
    let mut history = History::default();
    for event in timeline["events"].as_array().context("read a timeline: it has no events")? {
        let list = match event["kind"].as_str() {
            Some("offered") => &mut history.offered,
            Some("started") => &mut history.started,
            Some("finished") => &mut history.finished,
            _ => continue,
        };
        let at: jiff::Timestamp = text(event, "at")?.parse().context("read the time of an event")?;
        list.push(at.as_millisecond());
    }
    Ok(history)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_history_is_read_from_a_timeline() -> Result<()> {
        let event = |kind: &str, at: &str| json!({ "kind": kind, "at": at });
        let timeline = json!({ "events": [
            event("accepted", "1970-01-01T00:00:00.001Z"), event("offered", "1970-01-01T00:00:00.002Z"),
            event("started", "1970-01-01T00:00:01.003Z"), event("finished", "1970-01-01T00:01:00.000Z"),
        ]});
        let expected = History { offered: vec![2], started: vec![1003], finished: vec![60_000] };
        assert_eq!(read(&timeline)?, expected);
        assert!(read(&json!({ "events": [event("started", "yesterday")] })).is_err());
        assert!(read(&json!({})).is_err());
        Ok(())
    }

    #[test]
    fn the_id_is_read_from_the_answer() -> Result<()> {
        assert_eq!(id_of(br#"{"executionId":"x"}"#)?, "x");
        assert!(id_of(b"{}").is_err());
        Ok(())
    }
}
