//! Remote engines, clusters and run profiles.

use crate::transport::segment;
use crate::{Client, ClientError, Cluster, Engine, EngineAtWork, NewCluster, NewEngine, NewRunProfile, RunProfile};

const READ: &str = "TMC_CLUSTER_MANAGEMENT, TMC_OPERATOR or TMC_ENGINE_USE";
const WRITE: &str = "TMC_CLUSTER_MANAGEMENT";
const PROFILES: &str = "TMC_RUN_PROFILE_MANAGEMENT or TMC_CLUSTER_MANAGEMENT";

fn engine_path(id: &str) -> String {
    format!("/processing/runtimes/remote-engines/{}", segment(id))
}

fn work_path(id: &str) -> String {
    format!("/stoker/v1/engines/{}", segment(id))
}

fn cluster_path(id: &str) -> String {
    format!("/processing/runtimes/remote-engine-clusters/{}", segment(id))
}

/// What run profiles belong to, by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfilesOf {
    /// An engine.
    Engine(String),
    /// A cluster.
    Cluster(String),
}

impl ProfilesOf {
    fn path(&self) -> String {
        let path = match self {
            ProfilesOf::Engine(id) => engine_path(id),
            ProfilesOf::Cluster(id) => cluster_path(id),
        };
        format!("{path}/run-profiles")
    }
}

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses.
impl Client {
    /// All engines that fit `query`, a FIQL expression such as `status==PAIRED`.
    pub async fn engines(&self, query: Option<&str>) -> Result<Vec<Engine>, ClientError> {
        let query = [("query", query.map(str::to_owned))];
        self.get("/processing/runtimes/remote-engines").needs(READ).query(query).read().await
    }

    /// One engine.
    pub async fn engine(&self, id: &str) -> Result<Engine, ClientError> {
        self.get(engine_path(id)).needs(READ).read().await
    }

    /// Makes an engine; the answer has its pairing key.
    pub async fn create_engine(&self, new: &NewEngine) -> Result<Engine, ClientError> {
        self.post("/processing/runtimes/remote-engines").needs(WRITE).json(new).read().await
    }

    /// Removes an engine.
    pub async fn delete_engine(&self, id: &str) -> Result<(), ClientError> {
        self.delete(engine_path(id)).needs(WRITE).done().await.map(drop)
    }

    /// Breaks the bond to the installation; afterwards the engine has a new pairing key.
    pub async fn unpair_engine(&self, id: &str) -> Result<(), ClientError> {
        self.delete(format!("{}/pairing", engine_path(id))).needs(WRITE).done().await.map(drop)
    }

    /// All engines that one may see, with what is on each (a call of Stoker's own).
    pub async fn engines_at_work(&self) -> Result<Vec<EngineAtWork>, ClientError> {
        self.get("/stoker/v1/engines").needs(READ).read().await
    }

    /// One engine with what is on it (a call of Stoker's own).
    pub async fn engine_at_work(&self, id: &str) -> Result<EngineAtWork, ClientError> {
        self.get(work_path(id)).needs(READ).read().await
    }

    /// Drains an engine: it gets nothing new (a call of Stoker's own).
    pub async fn drain_engine(&self, id: &str, reason: Option<&str>) -> Result<EngineAtWork, ClientError> {
        let body = serde_json::json!({ "reason": reason });
        self.post(format!("{}/drain", work_path(id))).needs(WRITE).json(&body).read().await
    }

    /// Puts a drained engine back (a call of Stoker's own).
    pub async fn resume_engine(&self, id: &str) -> Result<EngineAtWork, ClientError> {
        self.post(format!("{}/resume", work_path(id))).needs(WRITE).read().await
    }

    /// The run profiles of an engine or a cluster.
    pub async fn run_profiles(&self, of: &ProfilesOf) -> Result<Vec<RunProfile>, ClientError> {
        self.get(of.path()).needs(READ).read().await
    }

    /// Adds a run profile.
    pub async fn create_run_profile(&self, of: &ProfilesOf, new: &NewRunProfile) -> Result<RunProfile, ClientError> {
        self.post(of.path()).needs(PROFILES).json(new).read().await
    }

    /// Removes a run profile. Tasks that use it get `instead`; without that it is refused while there are any.
    pub async fn delete_run_profile(
        &self,
        of: &ProfilesOf,
        id: &str,
        instead: Option<&str>,
    ) -> Result<(), ClientError> {
        let path = format!("{}/{}", of.path(), segment(id));
        let query = [("newRunProfileId", instead.map(str::to_owned))];
        self.delete(path).needs(PROFILES).query(query).done().await.map(drop)
    }

    /// All clusters that fit `query`, a FIQL expression such as `name==Night*`.
    pub async fn clusters(&self, query: Option<&str>) -> Result<Vec<Cluster>, ClientError> {
        let query = [("_s", query.map(str::to_owned))];
        self.get("/processing/runtimes/remote-engine-clusters").needs(READ).query(query).read().await
    }

    /// One cluster with the ids of its engines.
    pub async fn cluster(&self, id: &str) -> Result<Cluster, ClientError> {
        self.get(cluster_path(id)).needs(READ).read().await
    }

    /// Makes a cluster.
    pub async fn create_cluster(&self, new: &NewCluster) -> Result<Cluster, ClientError> {
        self.post("/processing/runtimes/remote-engine-clusters").needs(WRITE).json(new).read().await
    }

    /// Removes a cluster; its engines stay.
    pub async fn delete_cluster(&self, id: &str) -> Result<(), ClientError> {
        self.delete(cluster_path(id)).needs(WRITE).done().await.map(drop)
    }

    /// Puts an engine into a cluster. Sends no body, which means the default treatment of its run profiles (`doc`).
    pub async fn add_to_cluster(&self, cluster_id: &str, engine_id: &str) -> Result<(), ClientError> {
        let path = format!("{}/engines/{}", cluster_path(cluster_id), segment(engine_id));
        self.put(path).needs(WRITE).done().await.map(drop)
    }

    /// Takes an engine out of a cluster.
    pub async fn remove_from_cluster(&self, cluster_id: &str, engine_id: &str) -> Result<(), ClientError> {
        let path = format!("{}/engines/{}", cluster_path(cluster_id), segment(engine_id));
        self.delete(path).needs(WRITE).done().await.map(drop)
    }
}
