//! Gen2 engines, Dynamic Engines and their environments for the sample calls.

use serde_json::{Value, json};
use stoker_testkit::fixtures::script_archive;
use stoker_testkit::http::Method;

use super::World;
use crate::support::{TestServer, id};

/// Name of the workspace in every Dynamic Engine environment of the tests.
pub(crate) const DYNAMIC_WORKSPACE: &str = "Dynamic";

/// A run profile of this kind for a Gen2 engine, with only what is needed.
pub(crate) fn pipeline_profile(kind: &str, name: &str) -> Value {
    match kind {
        "standard" => json!({
            "name": name, "executionFramework": "local",
            "configuration": { "numberOfThreads": 4, "microBatchInterval": 5000 },
        }),
        "big-data" => json!({
            "name": name, "microBatchInterval": 5000, "streamingTimeout": 0, "temporaryStorage": "/tmp",
            "yarnStrategy": { "type": "Fixed", "executorsNumber": 2 }, "executorMemoryOverhead": 512,
        }),
        "databricks" => json!({ "name": name, "microBatchInterval": 5000 }),
        "advanced" => json!({ "name": name, "definition": "{\"a\": 1}" }),
        "data-integration" => json!({ "name": name, "jvmArguments": ["-Xmx256m"] }),
        other => panic!("there is no kind {other}"),
    }
}

/// What stories of engine kinds begin with.
impl TestServer {
    /// A Gen2 engine for workspace `Shared`; gives what the create call answered.
    pub(crate) async fn pipeline_engine(&self, name: &str) -> Value {
        let body = json!({ "name": name, "environmentId": self.environment(), "workspaceId": self.workspace() });
        self.http().post("/processing/runtimes/pipeline-engines", &body).await.expect(201).json()
    }

    /// A run profile of a Gen2 engine; gives its id, which only the list tells.
    pub(crate) async fn pipeline_profile(&self, engine: &str, kind: &str, name: &str) -> String {
        let path = format!("/processing/runtimes/pipeline-engines/{engine}/run-profiles");
        let made = self.http().post(&format!("{path}/{kind}"), &pipeline_profile(kind, name)).await.expect(201);
        assert!(made.body.is_empty(), "{}", made.text());
        let all = self.http().get(&path).await.expect(200).json();
        let found = all.as_array().expect("a list").iter().find(|item| item["name"] == name);
        id(found.expect("the new one is in the list"))
    }

    /// A Dynamic Engine; gives its id.
    pub(crate) async fn dynamic_engine(&self, name: &str) -> String {
        id(&self.http().post("/processing/runtimes/dynamic-engines", &json!({ "name": name })).await.expect(201).json())
    }

    /// A Dynamic Engine environment with a workspace; gives its id.
    pub(crate) async fn dynamic_environment(&self, name: &str) -> String {
        let body = json!({ "name": name, "workspaceName": DYNAMIC_WORKSPACE });
        id(&self.http().post("/orchestration/dynamic-engine-environments", &body).await.expect(201).json())
    }

    /// Assigns an environment to a Dynamic Engine.
    pub(crate) async fn assign(&self, environment: &str, engine: &str) {
        let path =
            format!("/orchestration/dynamic-engine-environments/{environment}/connection?dynamicEngineId={engine}");
        let _ = self.http().send(Method::POST, &path, &[], None).await.expect(202);
    }

    /// A task in the workspace of a Dynamic Engine environment; gives its id.
    pub(crate) async fn dynamic_task(&self, environment: &str, name: &str) -> String {
        let path = format!("/orchestration/workspaces?query=environment.id=={environment};name=={DYNAMIC_WORKSPACE}");
        let workspace = id(&self.http().get(&path).await.expect(200).json()[0]);
        let path = format!("/stoker/v1/artifacts?workspaceId={workspace}&name={name}&version=0.1");
        let zip = script_archive("#!/bin/sh\n");
        let headers = [("content-type", "application/zip")];
        let artifact = id(&self.http().send(Method::POST, &path, &headers, Some(zip)).await.expect(201).json());
        let body = json!({
            "name": name, "workspaceId": workspace, "artifact": { "id": artifact, "version": "0.1" },
        });
        id(&self.http().post("/orchestration/executables/tasks", &body).await.expect(201).json())
    }
}

impl World {
    /// Makes the shared objects of these kinds.
    pub(super) async fn engine_kinds(&self, server: &TestServer) -> Vec<(&'static str, String)> {
        let (engine, environment) =
            (server.dynamic_engine("shared").await, server.dynamic_environment("dynamic").await);
        server.assign(&environment, &engine).await;
        let task = server.dynamic_task(&environment, "dynamic").await;
        vec![
            ("@pengine", id(&server.pipeline_engine("shared").await)),
            ("@ptype", "advanced".to_owned()),
            ("@dengine", engine),
            ("@deenv", environment),
            ("@detask", task),
        ]
    }

    /// A fresh object of one of these kinds.
    pub(super) async fn make_engine_kind(&self, server: &TestServer, kind: &str, text: &str) -> String {
        let profile = match kind {
            "pengine" => return id(&server.pipeline_engine(text).await),
            "dengine" => return server.dynamic_engine(text).await,
            "deenv" => return server.dynamic_environment(text).await,
            "assigned" => {
                let environment = server.dynamic_environment(text).await;
                server.assign(&environment, self.shared("@dengine")).await;
                return environment;
            }
            "pstandard" => "standard",
            "pbigdata" => "big-data",
            "pdatabricks" => "databricks",
            "padvanced" => "advanced",
            "pjobs" => "data-integration",
            other => panic!("nobody makes a fresh {other}"),
        };
        server.pipeline_profile(self.shared("@pengine"), profile, text).await
    }
}
