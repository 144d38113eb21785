//! Words of Dynamic Engines: engines that live in a Kubernetes cluster.

use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};

text_enum!(
    /// State of a Dynamic Engine (source: spec).
    DynamicEngineState {
        /// Being made.
        Creating = "CREATING",
        /// Its installation speaks to this server.
        Connected = "CONNECTED",
        /// No installation speaks to this server, because none was made or it is silent.
        Disconnected = "DISCONNECTED",
        /// Its installation failed.
        Error = "ERROR",
        /// Removed.
        Deleted = "DELETED",
    }
);

text_enum!(
    /// Status of the services of a Dynamic Engine or of one of its environments (source: spec).
    ServicesStatus {
        /// Coming up.
        Starting = "STARTING",
        /// Up.
        Running = "RUNNING",
        /// Changing version.
        Updating = "UPDATING",
        /// Going down.
        Stopping = "STOPPING",
        /// Unknown to the cluster.
        NotFound = "NOT_FOUND",
        /// Never installed.
        NotDeployed = "NOT_DEPLOYED",
        /// Broken.
        InError = "IN_ERROR",
    }
);

text_enum!(
    /// Status of a Dynamic Engine environment (source: spec).
    DynamicEnvironmentStatus {
        /// On no engine.
        NotAssigned = "NOT_ASSIGNED",
        /// On an engine whose cluster does not have its services yet.
        SetUpRequired = "SET_UP_REQUIRED",
        /// Able to run tasks.
        Ready = "READY",
        /// Set up, and not able to run tasks now.
        NotReady = "NOT_READY",
    }
);

text_enum!(
    /// Where logs or metrics of an environment go (source: spec).
    TransferStrategy {
        /// Nowhere.
        None = "NONE",
        /// To this server.
        ControlPlane = "CONTROL_PLANE",
        /// They stay in the cluster.
        DynamicEngine = "DYNAMIC_ENGINE",
    }
);

/// Status of an environment. Without an installation that speaks to this server an assigned one is waiting to be set up
/// (source: spec for the values, the meaning inferred).
pub fn environment_status(assigned: bool) -> DynamicEnvironmentStatus {
    if assigned { DynamicEnvironmentStatus::SetUpRequired } else { DynamicEnvironmentStatus::NotAssigned }
}
