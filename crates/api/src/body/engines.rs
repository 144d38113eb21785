//! Engines, clusters, run profiles.

use super::body;
use super::{EnvironmentInfo, WorkspaceInfo};
use crate::family::Family;
use serde::Serialize;
use stoker_domain::runtime::PairingStatus;
use stoker_domain::time::to_text;
use stoker_service::clusters::ClusterView;
use stoker_service::engines::{EngineView, Place};
use stoker_service::rows::RunProfile;

body!(
    /// `EngineDebug` (source: spec).
    DebugBody {
        /// Host for remote debugging.
        host: String,
    }
);

body!(
    /// `Engine` (source: spec).
    EngineBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Its workspace; when it belongs to the whole environment, only the environment in it.
        workspace: serde_json::Value,
        /// When it was made.
        create_date: String,
        /// When it last changed.
        update_date: String,
        /// Runtime id.
        runtime_id: String,
        /// Whether it can take runs now.
        availability: &'static str,
        /// Always false: nobody else runs it.
        managed: bool,
        /// Whether an installation is bound to it.
        status: &'static str,
        /// Kinds of run profiles.
        run_profiles: Vec<String>,
        /// Remote debugging.
        #[serde(skip_serializing_if = "Option::is_none")]
        debug: Option<DebugBody>,
        /// Its cluster.
        #[serde(skip_serializing_if = "Option::is_none")]
        cluster_id: Option<String>,
        /// The pairing key, while it is not paired.
        #[serde(skip_serializing_if = "Option::is_none")]
        pre_authorized_key: Option<String>,
        /// Compatibility version for services.
        #[serde(skip_serializing_if = "Option::is_none")]
        esb_compatibility_version: Option<String>,
    }
);

/// `workspace` of an engine or cluster: clients read `workspace.environment` (source: client), so the environment is
/// there also when it belongs to no single workspace.
pub(super) fn place(place: &Place) -> serde_json::Value {
    match place {
        Place::Workspace(view) => serde_json::to_value(WorkspaceInfo::nested(view)).unwrap_or_default(),
        Place::Environment(environment) => {
            serde_json::json!({ "environment": EnvironmentInfo::nested(environment) })
        }
    }
}

impl From<EngineView> for EngineBody {
    fn from(view: EngineView) -> Self {
        let engine = view.engine;
        debug_assert!(view.pairing_key.is_none() || engine.status == PairingStatus::NotPaired);
        Self {
            id: engine.id.to_string(),
            name: engine.name,
            description: engine.description,
            workspace: place(&view.place),
            create_date: to_text(engine.created_ms),
            update_date: to_text(engine.updated_ms),
            runtime_id: engine.runtime_id,
            availability: view.availability.id(),
            managed: false,
            status: engine.status.id(),
            run_profiles: engine.run_profiles.0,
            debug: engine.debug_host.map(|host| DebugBody { host }),
            cluster_id: engine.cluster_id.map(|id| id.to_string()),
            pre_authorized_key: view.pairing_key,
            esb_compatibility_version: engine.esb_version,
        }
    }
}

body!(
    /// `EngineCluster`, and without `engines` `BaseEngine` (source: spec).
    ClusterBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Its workspace.
        workspace: serde_json::Value,
        /// When it was made.
        create_date: String,
        /// When it last changed.
        update_date: String,
        /// Runtime id.
        runtime_id: String,
        /// Whether any member can take runs now.
        availability: &'static str,
        /// Always false.
        managed: bool,
        /// Its members; not in lists.
        #[serde(skip_serializing_if = "Option::is_none")]
        engines: Option<Vec<String>>,
    }
);

impl ClusterBody {
    /// As a list shows it.
    pub fn listed(view: &ClusterView) -> Self {
        let cluster = &view.cluster;
        Self {
            id: cluster.id.to_string(),
            name: cluster.name.clone(),
            description: cluster.description.clone(),
            workspace: place(&view.place),
            create_date: to_text(cluster.created_ms),
            update_date: to_text(cluster.updated_ms),
            runtime_id: cluster.runtime_id.clone(),
            availability: view.availability.id(),
            managed: false,
            engines: None,
        }
    }

    /// With its members.
    pub fn whole(view: &ClusterView) -> Self {
        Self { engines: Some(view.engines.iter().map(|e| e.id.to_string()).collect()), ..Self::listed(view) }
    }
}

body!(
    /// `RuntimeRunProfile` (source: spec).
    RunProfileBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// When it was made.
        create_date: String,
        /// When it last changed.
        update_date: String,
        /// What it is for.
        r#type: &'static str,
        /// Arguments of the Java machine.
        jvm_arguments: Vec<String>,
        /// Engine or cluster.
        runtime_id: String,
        /// Counts its changes.
        version: i64,
        /// Engine or cluster; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        processor_id: Option<String>,
        /// Which kind that is of; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        processor_type: Option<String>,
        /// What it is for; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        run_profile_type: Option<&'static str>,
        /// Environment; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        scope_id: Option<String>,
    }
);

impl RunProfileBody {
    /// Packs a run profile.
    pub fn of(row: RunProfile, family: Family) -> Self {
        let newer = !family.is_tmc();
        Self {
            id: row.id.to_string(),
            name: row.name,
            description: row.description,
            create_date: to_text(row.created_ms),
            update_date: to_text(row.updated_ms),
            r#type: row.kind.id(),
            jvm_arguments: row.jvm_arguments.0,
            runtime_id: row.processor_id.clone(),
            version: row.version,
            processor_id: newer.then_some(row.processor_id),
            processor_type: newer.then_some(row.processor_kind),
            run_profile_type: newer.then(|| row.kind.id()),
            scope_id: newer.then(|| row.environment_id.to_string()),
        }
    }
}

/// What `GET /processing/engines` answers (source: client, seen live only): each engine that has spoken, with its version.
/// No service runs on any of them.
pub fn engine_services(views: &[EngineView]) -> serde_json::Value {
    let told = |view: &EngineView| {
        let engine = &view.engine;
        let (version, seen) = (engine.engine_version.as_ref()?, engine.seen_ms?);
        Some(serde_json::json!({
            "engineId": engine.id.as_str(), "id": engine.runtime_id, "packageVersion": version, "services": [],
            "retrievalDate": to_text(seen),
        }))
    };
    let engines: Vec<serde_json::Value> = views.iter().filter_map(told).collect();
    serde_json::json!({ "count": engines.len(), "enginesInfo": engines })
}
