//! Where a task runs, and the enumerations of engines.

use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};

text_enum!(
    /// Kind of processor a task is bound to (source: spec).
    RuntimeType {
        /// The vendor's managed runner; entity only, nothing runs there.
        Cloud = "CLOUD",
        /// The same, reserved for one task.
        CloudExclusive = "CLOUD_EXCLUSIVE",
        /// One engine.
        RemoteEngine = "REMOTE_ENGINE",
        /// A cluster of engines.
        RemoteEngineCluster = "REMOTE_ENGINE_CLUSTER",
        /// A Gen2 engine.
        PipelineEngine = "PIPELINE_ENGINE",
    }
);

text_enum!(
    /// Log level asked for a run (source: spec; `WARN` is the default).
    LogLevel {
        /// Nothing from the logger.
        Off = "OFF",
        /// Errors only.
        Error = "ERROR",
        /// Warnings and errors.
        Warn = "WARN",
        /// Everything from INFO up.
        Info = "INFO",
    }
);

text_enum!(
    /// Kind of an artifact (source: spec).
    ArtifactType {
        /// A standard job.
        Standard = "standard",
        /// Big Data streaming.
        BigDataStreaming = "big_data_streaming",
        /// Big Data batch.
        BigDataBatch = "big_data_batch",
        /// A route.
        Route = "route",
        /// A data service.
        DataService = "data_service",
        /// A pipeline of Gen2 engines.
        Pipeline = "pipeline",
    }
);

text_enum!(
    /// Whether an installation has been bound to the engine entity (source: client).
    PairingStatus {
        /// Bound.
        Paired = "PAIRED",
        /// Waiting for its key.
        NotPaired = "NOT_PAIRED",
    }
);

text_enum!(
    /// Whether an engine or cluster can take runs now (source: client).
    Availability {
        /// Can take runs.
        Available = "AVAILABLE",
        /// Silent for more than three minutes, stopped, or not paired.
        NotAvailable = "NOT_AVAILABLE",
        /// Taken out of service.
        Retired = "RETIRED",
    }
);

text_enum!(
    /// Kind of a workspace as it stands in lists (source: spec).
    WorkspaceType {
        /// One in each environment.
        Shared = "shared",
        /// One for each user.
        Personal = "personal",
        /// Made by hand.
        Custom = "custom",
    }
);

impl WorkspaceType {
    /// The capitalised form used by create answers (source: spec).
    pub fn capitalised(self) -> &'static str {
        match self {
            WorkspaceType::Shared => "Shared",
            WorkspaceType::Personal => "Personal",
            WorkspaceType::Custom => "Custom",
        }
    }
}

text_enum!(
    /// Kind of a run profile (source: spec).
    RunProfileKind {
        /// Jobs.
        JobServer = "JOB_SERVER",
        /// Microservices.
        Microservice = "MICROSERVICE",
        /// Services in a Runtime.
        TalendRuntime = "TALEND_RUNTIME",
        /// Pipelines in Spark on a Gen2 engine.
        Standard = "STANDARD",
        /// Pipelines on a Hadoop cluster.
        BigData = "BIG_DATA",
        /// Pipelines with settings as JSON.
        Advanced = "ADVANCED",
        /// Pipelines on Databricks.
        Databricks = "DATABRICKS",
    }
);

impl RunProfileKind {
    /// Whether it belongs to jobs and services; the others are for pipelines, which only Gen2 engines run.
    pub fn is_for_jobs(self) -> bool {
        matches!(self, Self::JobServer | Self::Microservice | Self::TalendRuntime)
    }

    /// Reads a kind that belongs to jobs and services.
    pub fn for_jobs(id: &str) -> Option<Self> {
        Self::from_id(id).filter(|kind| kind.is_for_jobs())
    }
}

text_enum!(
    /// What a run profile belongs to (source: spec).
    ProcessorKind {
        /// An engine.
        Engine = "RE",
        /// A Gen2 engine.
        PipelineEngine = "GEN_2",
        /// A cluster.
        Cluster = "REC",
        /// A Dynamic Engine, through one of its environments.
        DynamicEngine = "DYNAMIC_ENGINE",
    }
);
