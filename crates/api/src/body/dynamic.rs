//! Dynamic Engines, their environments, and run profiles of every kind of engine.

use super::body;
use serde::Serialize;
use stoker_domain::dynamic::ServicesStatus;
use stoker_domain::time::to_text;
use stoker_service::dynamic_engines::DynamicEngineView;
use stoker_service::dynamic_environments::DynamicEnvironmentView;
use stoker_service::run_profile_search::ProfileView;

body!(
    /// `DynamicEngineDetailsResponse` (source: spec).
    DynamicEngineBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Whether its installation speaks to this server.
        state: &'static str,
        /// When it was made.
        creation_date: String,
        /// When it last changed.
        last_modified_date: String,
        /// When its state last changed.
        last_modified_state_date: String,
        /// Who made it.
        created_by: String,
        /// Who changed it last.
        last_modified_by: String,
    }
);

impl From<DynamicEngineView> for DynamicEngineBody {
    fn from(view: DynamicEngineView) -> Self {
        let engine = view.engine;
        Self {
            id: engine.id.to_string(),
            name: engine.name,
            description: engine.description,
            state: view.state.id(),
            creation_date: to_text(engine.created_ms),
            last_modified_date: to_text(engine.updated_ms),
            last_modified_state_date: to_text(engine.state_ms),
            created_by: engine.created_by,
            last_modified_by: engine.modified_by,
        }
    }
}

body!(
    /// `StatusResponse` (source: spec); what only an installation could tell is left out.
    ServicesStatusBody {
        /// Status of all services together.
        status: &'static str,
    }
);

impl From<ServicesStatus> for ServicesStatusBody {
    fn from(status: ServicesStatus) -> Self {
        Self { status: status.id() }
    }
}

body!(
    /// `DEEnvironment` (source: spec).
    DynamicEnvironmentBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Free text; always there (source: spec).
        description: String,
        /// The engine it is assigned to.
        #[serde(skip_serializing_if = "Option::is_none")]
        de_id: Option<String>,
        /// Whether it can run tasks.
        status: &'static str,
        /// Where logs go.
        log_strategy: &'static str,
        /// Where metrics go.
        metrics_strategy: &'static str,
        /// Who made it.
        created_by: String,
        /// Who changed it last.
        last_modified_by: String,
        /// When it was made.
        creation_date: String,
        /// When it last changed.
        last_modified_date: String,
        /// Person or service account.
        creator_type: &'static str,
        /// Person or service account.
        modifier_type: &'static str,
        /// The assignment.
        #[serde(skip_serializing_if = "Option::is_none")]
        link_id: Option<String>,
    }
);

impl From<DynamicEnvironmentView> for DynamicEnvironmentBody {
    fn from(view: DynamicEnvironmentView) -> Self {
        let status = view.status().id();
        let (environment, row) = (view.environment, view.row);
        Self {
            id: environment.id.to_string(),
            name: environment.name,
            description: environment.description.unwrap_or_default(),
            de_id: row.engine_id.map(|id| id.to_string()),
            status,
            log_strategy: row.log_strategy.id(),
            metrics_strategy: row.metrics_strategy.id(),
            created_by: row.created_by,
            last_modified_by: row.modified_by,
            creation_date: to_text(environment.created_ms),
            last_modified_date: to_text(row.updated_ms),
            creator_type: row.creator_kind.id(),
            modifier_type: row.modifier_kind.id(),
            link_id: row.link_id,
        }
    }
}

body!(
    /// `DIRunProfile` (source: spec).
    JobProfileBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Its environment.
        scope_id: String,
        /// What it is for.
        run_profile_type: &'static str,
        /// What it belongs to.
        processor_id: String,
        /// Which kind that is of.
        processor_type: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// When it was made.
        create_date: String,
        /// When it last changed.
        update_date: String,
        /// Arguments of the Java machine.
        jvm_arguments: Vec<String>,
        /// Engine or cluster.
        #[serde(skip_serializing_if = "Option::is_none")]
        runtime_id: Option<String>,
        /// What it is for.
        r#type: &'static str,
    }
);

impl From<ProfileView> for JobProfileBody {
    fn from(view: ProfileView) -> Self {
        let row = view.profile;
        Self {
            id: row.id.to_string(),
            name: row.name,
            scope_id: row.environment_id.to_string(),
            run_profile_type: row.kind.id(),
            runtime_id: (row.processor_kind != "DYNAMIC_ENGINE").then(|| view.processor_id.clone()),
            processor_id: view.processor_id,
            processor_type: row.processor_kind,
            description: row.description,
            create_date: to_text(row.created_ms),
            update_date: to_text(row.updated_ms),
            jvm_arguments: row.jvm_arguments.0,
            r#type: row.kind.id(),
        }
    }
}

body!(
    /// `BaseRunProfile` (source: spec).
    ProfileItem {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Its environment.
        scope_id: String,
        /// The workspace its engine is kept for.
        #[serde(skip_serializing_if = "Option::is_none")]
        workspace_id: Option<String>,
        /// What it is for.
        run_profile_type: &'static str,
        /// Which kind of engine it belongs to.
        processor_type: String,
        /// What it belongs to.
        processor_id: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// When it was made.
        create_date: String,
        /// When it last changed.
        update_date: String,
    }
);

impl From<ProfileView> for ProfileItem {
    fn from(view: ProfileView) -> Self {
        let row = view.profile;
        Self {
            id: row.id.to_string(),
            name: row.name,
            scope_id: row.environment_id.to_string(),
            workspace_id: view.workspace_id.map(|id| id.to_string()),
            run_profile_type: row.kind.id(),
            processor_type: row.processor_kind,
            processor_id: view.processor_id,
            description: row.description,
            create_date: to_text(row.created_ms),
            update_date: to_text(row.updated_ms),
        }
    }
}
