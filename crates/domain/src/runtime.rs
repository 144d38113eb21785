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
    }
);
