//! Environments and workspaces.

use crate::{Client, ClientError, Environment, NewEnvironment, NewWorkspace, Workspace};

const READ: &str = "TMC_ENVIRONMENT_MANAGEMENT, TMC_CLUSTER_MANAGEMENT, or TMC_OPERATOR with a workspace right";
const WRITE: &str = "TMC_ENVIRONMENT_MANAGEMENT";

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses.
impl Client {
    /// All environments one may see.
    pub async fn environments(&self) -> Result<Vec<Environment>, ClientError> {
        self.get("/orchestration/environments").needs(READ).read().await
    }

    /// Makes an environment and its first workspace.
    pub async fn create_environment(&self, new: &NewEnvironment) -> Result<Environment, ClientError> {
        self.post("/orchestration/environments").needs(WRITE).json(new).read().await
    }

    /// All workspaces one may see that fit `query`, a FIQL expression such as `environment.name==default;name==Shared`.
    pub async fn workspaces(&self, query: Option<&str>) -> Result<Vec<Workspace>, ClientError> {
        let query = [("query", query.map(str::to_owned))];
        self.get("/orchestration/workspaces").needs(READ).query(query).read().await
    }

    /// Makes a custom workspace.
    pub async fn create_workspace(&self, new: &NewWorkspace) -> Result<Workspace, ClientError> {
        self.post("/orchestration/workspaces").needs(WRITE).json(new).read().await
    }
}
