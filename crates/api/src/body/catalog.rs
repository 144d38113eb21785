//! Connections, resources and projects.

use super::{WorkspaceInfo, body};
use serde::Serialize;
use stoker_domain::time::to_text;
use stoker_service::connections::ConnectionView;
use stoker_service::resources::ResourceView;
use stoker_service::rows::{ConnectionParameter, Project};

body!(
    /// `ConnectionParameter` (source: spec).
    ConnectionParameterBody {
        /// Its name.
        name: String,
        /// Its value; empty for an encrypted one.
        value: String,
        /// Whether the value is never shown.
        encrypted: bool,
    }
);

impl From<ConnectionParameter> for ConnectionParameterBody {
    fn from(kept: ConnectionParameter) -> Self {
        let value = if kept.encrypted { String::new() } else { kept.value };
        Self { name: kept.name, value, encrypted: kept.encrypted }
    }
}

body!(
    /// `ConnectionDetails` (source: spec).
    ConnectionBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Its application.
        app: String,
        /// Its parameters, in the order they were given.
        parameters: Vec<ConnectionParameterBody>,
        /// Its workspace.
        workspace: WorkspaceInfo,
        /// When it was made.
        create_date: String,
        /// When it last changed.
        update_date: String,
    }
);

impl From<ConnectionView> for ConnectionBody {
    fn from(view: ConnectionView) -> Self {
        let row = view.connection;
        Self {
            id: row.id.to_string(),
            name: row.name,
            app: row.app,
            parameters: row.parameters.0.into_iter().map(Into::into).collect(),
            workspace: WorkspaceInfo::nested(&view.workspace),
            create_date: to_text(row.created_ms),
            update_date: to_text(row.updated_ms),
        }
    }
}

body!(
    /// `Resource` (source: spec; its workspace is called `workspaceInfo`).
    ResourceBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Its workspace.
        workspace_info: WorkspaceInfo,
        /// A file; else a folder.
        file: bool,
    }
);

impl From<ResourceView> for ResourceBody {
    fn from(view: ResourceView) -> Self {
        Self {
            id: view.resource.id.to_string(),
            name: view.resource.name,
            description: view.resource.description,
            workspace_info: WorkspaceInfo::nested(&view.workspace),
            file: view.resource.is_file,
        }
    }
}

/// What keeps the sources at this address (source: inferred; the enumeration is published).
fn repo_type(url: &str) -> &'static str {
    if url.is_empty() {
        "NONE"
    } else if url.starts_with("svn") || url.split(['/', '.', ':']).any(|part| part == "svn") {
        "SVN"
    } else {
        "GIT"
    }
}

body!(
    /// `ProjectView` (source: spec).
    ProjectBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Its name in capitals.
        technical_label: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Where its sources are.
        url: String,
        /// Login of whoever made it.
        author: String,
        /// Login of the owner.
        owner: String,
        /// `DI`: jobs of data integration are what this server runs.
        project_type: &'static str,
        /// `GIT`, `SVN` or `NONE`, as the address says.
        repo_type: &'static str,
        /// When it was made.
        create_date: String,
        /// When it last changed.
        update_date: String,
    }
);

impl From<Project> for ProjectBody {
    fn from(row: Project) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name,
            technical_label: row.technical_label,
            description: row.description,
            repo_type: repo_type(&row.url),
            url: row.url,
            author: row.author,
            owner: row.owner,
            project_type: "DI",
            create_date: to_text(row.created_ms),
            update_date: to_text(row.updated_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::repo_type;

    #[test]
    fn the_address_tells_what_keeps_the_sources() {
        assert_eq!(repo_type(""), "NONE");
        assert_eq!(repo_type("https://git.example/sales.git"), "GIT");
        assert_eq!(repo_type("git@example:sales"), "GIT");
        assert_eq!(repo_type("svn+ssh://example/sales"), "SVN");
        assert_eq!(repo_type("https://svn.example/sales"), "SVN");
    }
}
