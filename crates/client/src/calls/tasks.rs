//! Tasks and their run configuration.

use crate::transport::segment;
use crate::{Client, ClientError, NewTask, Page, Pause, RunConfig, Task, TaskExtract, TaskUpdate};

const READ: &str = "TMC_OPERATOR and the right VIEW on the workspace";
const WRITE: &str = "TMC_OPERATOR and the right AUTHOR on the workspace";
const CONFIGURE: &str = "TMC_OPERATOR and the right EXECUTE or AUTHOR on the workspace";

/// Which tasks a list should have. The defaults mean all, up to 100.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskQuery {
    /// Only of this environment (an id).
    pub environment_id: Option<String>,
    /// Only of this workspace (an id).
    pub workspace_id: Option<String>,
    /// Only with a name that starts with this (`client`).
    pub name: Option<String>,
    /// Only of this artifact (an id).
    pub artifact_id: Option<String>,
    /// Number of objects to skip.
    pub offset: u64,
    /// Most objects to send, 1..100; the server's default 100 when absent.
    pub limit: Option<u32>,
}

fn path(id: &str) -> String {
    format!("/orchestration/executables/tasks/{}", segment(id))
}

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses.
impl Client {
    /// One page of tasks.
    pub async fn tasks(&self, query: &TaskQuery) -> Result<Page<TaskExtract>, ClientError> {
        let pairs = [
            ("environmentId", query.environment_id.clone()),
            ("workspaceId", query.workspace_id.clone()),
            ("name", query.name.clone()),
            ("artifactId", query.artifact_id.clone()),
            ("offset", Some(query.offset.to_string())),
            ("limit", query.limit.map(|limit| limit.to_string())),
        ];
        self.get("/orchestration/executables/tasks").needs(READ).query(pairs).read().await
    }

    /// One task.
    pub async fn task(&self, id: &str) -> Result<Task, ClientError> {
        self.get(path(id)).needs(READ).read().await
    }

    /// Makes a task; it has no engine yet.
    pub async fn create_task(&self, new: &NewTask) -> Result<Task, ClientError> {
        self.post("/orchestration/executables/tasks").needs(WRITE).json(new).read().await
    }

    /// Replaces a task; start from [`TaskUpdate::of`], because what is left out is gone.
    pub async fn update_task(&self, id: &str, update: &TaskUpdate) -> Result<Task, ClientError> {
        self.put(path(id)).needs(WRITE).json(update).read().await
    }

    /// Takes the newest version of its artifact; with `force` also a task that is pinned to its version.
    pub async fn upgrade_task(&self, id: &str, force: bool) -> Result<(), ClientError> {
        let body = serde_json::json!({ "latestArtifact": true, "forceUpdate": force });
        self.patch(path(id)).needs(WRITE).json(&body).done().await.map(drop)
    }

    /// Removes a task.
    pub async fn delete_task(&self, id: &str) -> Result<(), ClientError> {
        self.delete(path(id)).needs(WRITE).done().await.map(drop)
    }

    /// How and where a task runs; 404 when that was never set (`inferred`).
    pub async fn run_config(&self, id: &str) -> Result<RunConfig, ClientError> {
        self.get(format!("{}/run-config", path(id))).needs(READ).read().await
    }

    /// The webhook of a task, without its URL: `lastCallAt` tells when it was last called.
    pub async fn task_webhook(&self, id: &str) -> Result<serde_json::Value, ClientError> {
        self.get(format!("/stoker/v1/tasks/{}/webhook", segment(id))).needs(READ).read().await
    }

    /// Says how long the URL of the webhook of a task may be called from now on: `expiresAt`, `lifetimeMinutes`, or
    /// neither for no end. Gives the webhook without its URL.
    pub async fn set_task_webhook_term(
        &self,
        id: &str,
        term: &serde_json::Value,
    ) -> Result<serde_json::Value, ClientError> {
        self.put(format!("/stoker/v1/tasks/{}/webhook", segment(id))).needs(CONFIGURE).json(term).read().await
    }

    /// Sets how and where a task runs. `lineage` is left out, because servers that send it refuse it (`client`).
    pub async fn set_run_config(&self, id: &str, config: &RunConfig) -> Result<RunConfig, ClientError> {
        let mut config = config.clone();
        config.extra.shift_remove("lineage");
        self.put(format!("{}/run-config", path(id))).needs(CONFIGURE).json(&config).read().await
    }

    /// Pauses or resumes a task; `context` says why. Answers whether that changed anything. Active runs go on, new ones are
    /// refused while it is paused.
    pub async fn pause_task(&self, id: &str, pause: bool, context: Option<&str>) -> Result<bool, ClientError> {
        let body = Pause { pause, pause_context: context.map(str::to_owned), user: None, extra: Default::default() };
        let status = self.put(format!("{}/pause", path(id))).needs(WRITE).json(&body).done().await?;
        Ok(status.as_u16() != 204)
    }
}
