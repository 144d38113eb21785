//! Connections and resources.

use crate::transport::segment;
use crate::{Client, ClientError, Connection, NewConnection, NewResource, Page, Resource};
use bytes::Bytes;

const READ: &str = "TMC_OPERATOR and the right VIEW on the workspace";
const CHANGE: &str = "TMC_OPERATOR and the right AUTHOR on the workspace";

fn paged(workspace_id: Option<&str>, name: Option<&str>, offset: u64) -> [(&'static str, Option<String>); 4] {
    [
        ("workspaceId", workspace_id.map(str::to_owned)),
        ("name", name.map(str::to_owned)),
        ("offset", Some(offset.to_string())),
        ("limit", Some("100".to_owned())),
    ]
}

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses.
impl Client {
    /// One page of connections, up to 100 from `offset`; `name` narrows it to those with this in the name.
    pub async fn connections(
        &self,
        workspace_id: Option<&str>,
        name: Option<&str>,
        offset: u64,
    ) -> Result<Page<Connection>, ClientError> {
        self.get("/orchestration/connections").needs(READ).query(paged(workspace_id, name, offset)).read().await
    }

    /// One connection.
    pub async fn connection(&self, id: &str) -> Result<Connection, ClientError> {
        self.get(format!("/orchestration/connections/{}", segment(id))).needs(READ).read().await
    }

    /// Makes a connection.
    pub async fn create_connection(&self, new: &NewConnection) -> Result<Connection, ClientError> {
        self.post("/orchestration/connections").needs(CHANGE).json(new).read().await
    }

    /// Removes a connection; refused with 409 while a task uses it.
    pub async fn delete_connection(&self, id: &str) -> Result<(), ClientError> {
        self.delete(format!("/orchestration/connections/{}", segment(id))).needs(CHANGE).done().await.map(drop)
    }

    /// One page of resources, up to 100 from `offset`; `name` narrows it to those with this in the name.
    pub async fn resources(
        &self,
        workspace_id: Option<&str>,
        name: Option<&str>,
        offset: u64,
    ) -> Result<Page<Resource>, ClientError> {
        self.get("/orchestration/resources").needs(READ).query(paged(workspace_id, name, offset)).read().await
    }

    /// One resource.
    pub async fn resource(&self, id: &str) -> Result<Resource, ClientError> {
        self.get(format!("/orchestration/resources/{}", segment(id))).needs(READ).read().await
    }

    /// Makes a resource from a file, or from the archive of a folder. `file_name` is what the file is called.
    pub async fn create_resource(
        &self,
        new: &NewResource,
        file_name: &str,
        bytes: impl Into<Bytes>,
    ) -> Result<Resource, ClientError> {
        let form = file_part(file_name, bytes.into()).text("resource", to_json(new));
        self.post("/orchestration/resources").needs(CHANGE).form(form).read().await
    }

    /// Replaces the file of a resource.
    pub async fn replace_resource(
        &self,
        id: &str,
        file_name: &str,
        bytes: impl Into<Bytes>,
    ) -> Result<(), ClientError> {
        let path = format!("/orchestration/resources/{}/upload", segment(id));
        self.put(path).needs(CHANGE).form(file_part(file_name, bytes.into())).done().await.map(drop)
    }

    /// Removes a resource; refused with 409 while a task uses it.
    pub async fn delete_resource(&self, id: &str) -> Result<(), ClientError> {
        self.delete(format!("/orchestration/resources/{}", segment(id))).needs(CHANGE).done().await.map(drop)
    }
}

fn file_part(name: &str, bytes: Bytes) -> reqwest::multipart::Form {
    let length = bytes.len() as u64;
    let part = reqwest::multipart::Part::stream_with_length(bytes, length).file_name(name.to_owned());
    reqwest::multipart::Form::new().part("file", part)
}

fn to_json(new: &NewResource) -> String {
    serde_json::json!({
        "name": new.name, "workspaceId": new.workspace_id, "description": new.description, "file": new.file,
    })
    .to_string()
}
