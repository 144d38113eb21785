//! Environments and workspaces.

use super::body;
use crate::family::Family;
use serde::Serialize;
use stoker_domain::time::to_text;
use stoker_service::rows::{Environment, Workspace};
use stoker_service::workspaces::WorkspaceView;

body!(
    /// `EnvironmentInfo` (source: spec).
    EnvironmentInfo {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Only in the answer of a create call (source: client).
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Whether it was made at the first start.
        default: bool,
        /// Seen live in lists (source: client).
        #[serde(skip_serializing_if = "Option::is_none")]
        max_cloud_containers: Option<i64>,
    }
);

impl EnvironmentInfo {
    /// As a list shows it.
    pub fn listed(row: &Environment) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name.clone(),
            description: None,
            default: row.is_default,
            max_cloud_containers: Some(row.max_cloud_containers),
        }
    }

    /// As the create call answers it.
    pub fn created(row: &Environment) -> Self {
        Self { description: row.description.clone(), ..Self::listed(row) }
    }

    pub(super) fn nested(row: &Environment) -> Self {
        Self { max_cloud_containers: None, ..Self::listed(row) }
    }
}

body!(
    /// `WorkspaceInfo` (source: spec).
    WorkspaceInfo {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Free text.
        description: String,
        /// Login of the owner.
        owner: String,
        /// `shared`, `personal` or `custom`.
        r#type: &'static str,
        /// Its environment.
        environment: EnvironmentInfo,
        /// In lists of workspaces of the newer generation.
        #[serde(skip_serializing_if = "Option::is_none")]
        protected_artifact_update: Option<bool>,
    }
);

impl WorkspaceInfo {
    /// As other objects show it.
    pub fn nested(view: &WorkspaceView) -> Self {
        Self {
            id: view.workspace.id.to_string(),
            name: view.workspace.name.clone(),
            description: view.workspace.description.clone().unwrap_or_default(),
            owner: view.workspace.owner.clone(),
            r#type: view.workspace.kind.id(),
            environment: EnvironmentInfo::nested(&view.environment),
            protected_artifact_update: None,
        }
    }

    /// As the list of workspaces shows it.
    pub fn listed(view: &WorkspaceView, family: Family) -> Self {
        let protected = (!family.is_tmc()).then_some(view.workspace.protected_artifact_update);
        Self { protected_artifact_update: protected, ..Self::nested(view) }
    }
}

body!(
    /// `Workspace`, the answer of a create call (source: spec).
    WorkspaceBody {
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
        /// Login of the owner.
        owner: String,
        /// Name of the owner.
        owner_full_name: String,
        /// `Shared`, `Personal` or `Custom`.
        r#type: &'static str,
        /// Its environment.
        environment_id: String,
    }
);

impl From<Workspace> for WorkspaceBody {
    fn from(row: Workspace) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name,
            description: row.description,
            create_date: to_text(row.created_ms),
            update_date: to_text(row.updated_ms),
            owner_full_name: row.owner.clone(),
            owner: row.owner,
            r#type: row.kind.capitalised(),
            environment_id: row.environment_id.to_string(),
        }
    }
}
