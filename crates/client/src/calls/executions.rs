//! Runs, their logs and their timeline.

use crate::transport::segment;
use crate::{Client, ClientError, LogPage, Page, Run, RunExtract, StartRun, StartedRun, Timeline};

const START: &str = "TMC_ENGINE_USE or TMC_OPERATOR, and the right EXECUTE on the task's workspace";
const READ: &str = "TMC_ENGINE_USE or TMC_OPERATOR, and a right on the task's workspace";

/// Which runs a list should have. The defaults mean the last 60 days, up to 100 runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunQuery {
    /// Only of this task (an id). `environment_id` and `workspace_id` are not sent then.
    pub task_id: Option<String>,
    /// Only of this environment (an id).
    pub environment_id: Option<String>,
    /// Only of this workspace (an id).
    pub workspace_id: Option<String>,
    /// Only with this status, for example `executing`.
    pub status: Option<String>,
    /// Only of the last days, 1..60.
    pub last_days: Option<u32>,
    /// Number of runs to skip.
    pub offset: u64,
    /// Most runs to send, 1..100; the server's default 100 when absent.
    pub limit: Option<u32>,
}

/// Which lines of a log a page should have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Number of lines to skip, counted from the oldest.
    pub start_index: u64,
    /// Most lines to send, 1..200; the server's default 50 when absent.
    pub count: Option<u32>,
    /// Only lines from this instant on, `yyyy-MM-ddTHH:mm:ssZ`.
    pub start_time: Option<String>,
}

fn path(id: &str) -> String {
    format!("/processing/executions/{}", segment(id))
}

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses.
impl Client {
    /// Starts a run. 405: the task is paused; 501: it has no run configuration or lacks a value.
    pub async fn start_run(&self, start: &StartRun) -> Result<StartedRun, ClientError> {
        self.post("/processing/executions").needs(START).json(start).read().await
    }

    /// One run.
    pub async fn run(&self, id: &str) -> Result<Run, ClientError> {
        self.get(path(id)).needs(READ).read().await
    }

    /// Asks for the end of a run; fine when it is over already.
    pub async fn stop_run(&self, id: &str) -> Result<(), ClientError> {
        self.delete(path(id)).needs(START).done().await.map(drop)
    }

    /// One page of runs, newest first.
    pub async fn runs(&self, query: &RunQuery) -> Result<Page<RunExtract>, ClientError> {
        let of_task = query.task_id.is_some();
        let elsewhere = |id: &Option<String>| id.clone().filter(|_| !of_task);
        let pairs = [
            ("environmentId", elsewhere(&query.environment_id)),
            ("workspaceId", elsewhere(&query.workspace_id)),
            ("status", query.status.clone()),
            ("lastDays", query.last_days.map(|days| days.to_string())),
            ("offset", Some(query.offset.to_string())),
            ("limit", query.limit.map(|limit| limit.to_string())),
        ];
        let path = match &query.task_id {
            Some(id) => format!("/processing/executables/tasks/{}/executions", segment(id)),
            None => "/processing/executables/tasks/executions".to_owned(),
        };
        self.get(path).needs(READ).query(pairs).read().await
    }

    /// One page of a run's log, oldest line first; also while it runs.
    pub async fn logs(&self, id: &str, query: &LogQuery) -> Result<LogPage, ClientError> {
        let pairs = [
            ("order", Some("ASC".to_owned())),
            ("startIndex", Some(query.start_index.to_string())),
            ("count", query.count.map(|count| count.to_string())),
            ("startTime", query.start_time.clone()),
        ];
        self.get(format!("/monitoring/executions/{}/logs", segment(id))).needs(READ).query(pairs).read().await
    }

    /// Removes the log of a run; the run stays. The server forgets the lines for good.
    pub async fn delete_log(&self, id: &str) -> Result<(), ClientError> {
        let path = format!("/monitoring/executions/{}/logs", segment(id));
        self.delete(path).needs("EXECUTION_LOGS_DELETE").done().await.map(drop)
    }

    /// Everything that happened to a run, oldest first. Our own addition to the API.
    pub async fn timeline(&self, id: &str) -> Result<Timeline, ClientError> {
        self.get(format!("/stoker/v1/executions/{}/timeline", segment(id))).needs(READ).read().await
    }
}
