//! Artifacts.

use super::WorkspaceInfo;
use super::body;
use crate::family::Family;
use serde::Serialize;
use stoker_domain::time::to_text;
use stoker_service::artifacts::{ArtifactView, VersionView};

/// The kind of an artifact: the older generation writes `data-service` with a hyphen (source: spec).
fn artifact_kind(kind: stoker_domain::runtime::ArtifactType, family: Family) -> String {
    if family.is_tmc() { kind.id().replace("data_service", "data-service") } else { kind.id().to_owned() }
}

body!(
    /// `Artifact` (source: spec).
    ArtifactBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Its kind.
        r#type: String,
        /// Versions, newest first.
        versions: Vec<String>,
        /// Its workspace.
        workspace: WorkspaceInfo,
    }
);

impl ArtifactBody {
    /// Packs an artifact.
    pub fn of(view: ArtifactView, family: Family) -> Self {
        Self {
            id: view.artifact.id.to_string(),
            name: view.artifact.name,
            r#type: artifact_kind(view.artifact.kind, family),
            versions: view.versions,
            workspace: WorkspaceInfo::nested(&view.workspace),
        }
    }
}

body!(
    /// `ArtifactParameter` (source: spec).
    ArtifactParameterBody {
        /// Name of the context variable.
        name: String,
        /// Its default; never for a secret one.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<String>,
        /// Its type, for example `String`.
        r#type: String,
        /// Whether the design asks for it.
        required: bool,
        /// Comment of the design.
        #[serde(skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    }
);

body!(
    /// `ArtifactVersion` (source: spec).
    ArtifactVersionBody {
        /// Id of the artifact.
        id: String,
        /// Its name.
        name: String,
        /// Version text.
        version: String,
        /// Its kind.
        r#type: String,
        /// Who published it.
        publisher: String,
        /// Person or service account; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        publisher_type: Option<&'static str>,
        /// Always empty here.
        marketplace_product: String,
        /// Its parameters.
        parameters: Vec<ArtifactParameterBody>,
        /// Its workspace.
        workspace: WorkspaceInfo,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// When it was published.
        create_date: String,
        /// Where its sources are.
        #[serde(skip_serializing_if = "Option::is_none")]
        repository: Option<serde_json::Value>,
    }
);

impl ArtifactVersionBody {
    /// Packs a version.
    pub fn of(view: VersionView, family: Family) -> Self {
        let manifest = view.manifest;
        let repository = manifest.git.as_ref().map(|git| {
            let mut body = serde_json::json!({ "project": manifest.project.clone().unwrap_or_default() });
            if let Some(branch) = &git.branch {
                body["branch"] = serde_json::json!(branch);
            }
            if let (Some(id), Some(date), Some(author)) = (&git.commit_id, git.commit_date_ms, &git.author) {
                body["commit"] = serde_json::json!({ "id": id, "date": to_text(date), "author": author });
            }
            body
        });
        let parameters = manifest
            .parameters
            .into_iter()
            .map(|p| ArtifactParameterBody {
                name: p.name,
                value: p.default,
                r#type: p.type_name,
                required: p.required,
                comment: p.comment,
            })
            .collect();
        Self {
            id: view.artifact.id.to_string(),
            name: view.artifact.name,
            version: view.version.version,
            r#type: artifact_kind(view.artifact.kind, family),
            publisher: view.version.publisher,
            publisher_type: (!family.is_tmc()).then(|| view.version.publisher_kind.id()),
            marketplace_product: String::new(),
            parameters,
            workspace: WorkspaceInfo::nested(&view.workspace),
            description: view.version.description,
            create_date: to_text(view.version.created_ms),
            repository,
        }
    }
}
