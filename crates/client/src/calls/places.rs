//! Environments, workspaces and projects.

use crate::transport::segment;
use crate::{Client, ClientError, Environment, NewEnvironment, NewProject, NewWorkspace, Page, Project, Workspace};

const READ: &str = "TMC_ENVIRONMENT_MANAGEMENT, TMC_CLUSTER_MANAGEMENT, or TMC_OPERATOR with a workspace right";
const WRITE: &str = "TMC_ENVIRONMENT_MANAGEMENT";
const PROJECTS: &str = "TMC_PROJECT_MANAGEMENT";

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

    /// Removes an environment with its workspaces; refused with 409 while something lies in them.
    pub async fn delete_environment(&self, id: &str) -> Result<(), ClientError> {
        self.delete(format!("/orchestration/environments/{}", segment(id))).needs(WRITE).done().await.map(drop)
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

    /// Removes a custom workspace; refused with 409 while something lies in it.
    pub async fn delete_workspace(&self, id: &str) -> Result<(), ClientError> {
        self.delete(format!("/orchestration/workspaces/{}", segment(id))).needs(WRITE).done().await.map(drop)
    }

    /// One page of projects, up to 100 from `offset`; `name` narrows it to those with this in the name.
    pub async fn projects(&self, name: Option<&str>, offset: u64) -> Result<Page<Project>, ClientError> {
        let query = [
            ("projectName", name.map(str::to_owned)),
            ("offset", Some(offset.to_string())),
            ("limit", Some("100".to_owned())),
        ];
        self.get("/orchestration/projects").needs(PROJECTS).query(query).read().await
    }

    /// Makes a project.
    pub async fn create_project(&self, new: &NewProject) -> Result<Project, ClientError> {
        self.post("/orchestration/projects").needs(PROJECTS).json(new).read().await
    }

    /// Removes a project; what was published from it stays.
    pub async fn delete_project(&self, id: &str) -> Result<(), ClientError> {
        self.delete(format!("/orchestration/projects/{}", segment(id))).needs(PROJECTS).done().await.map(drop)
    }
}
