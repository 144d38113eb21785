//! Gen2 engines and their run profiles.

use super::body;
use super::engines::place;
use crate::family::Family;
use serde::Serialize;
use serde_json::{Map, Value};
use stoker_domain::pipeline::PipelineProfileKind;
use stoker_domain::time::to_text;
use stoker_service::pipeline_engines::PipelineEngineView;
use stoker_service::pipeline_profiles::{has_token, pipeline_kind};
use stoker_service::rows::RunProfile;

body!(
    /// `PipelineEngine` (source: spec); without `runStatus`, which only managed runners have.
    PipelineEngineBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Its workspace; when it belongs to the whole environment, only the environment in it.
        workspace: Value,
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
        /// The pairing key, while it is not paired.
        #[serde(skip_serializing_if = "Option::is_none")]
        pre_authorized_key: Option<String>,
        /// Always false: it is no managed runner.
        cloud_runner: bool,
    }
);

impl From<PipelineEngineView> for PipelineEngineBody {
    fn from(view: PipelineEngineView) -> Self {
        let engine = view.engine;
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
            pre_authorized_key: view.pairing_key,
            cloud_runner: false,
        }
    }
}

body!(
    /// `PipelineRunProfileResponse` (source: spec): a run profile in a list.
    PipelineProfileItem {
        /// Its name.
        name: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Its engine.
        engine_id: String,
        /// Its id.
        id: String,
        /// Its kind.
        r#type: &'static str,
        /// When it was made.
        create_date: String,
        /// When it last changed.
        update_date: String,
    }
);

impl From<&RunProfile> for PipelineProfileItem {
    fn from(row: &RunProfile) -> Self {
        Self {
            name: row.name.clone(),
            description: row.description.clone(),
            engine_id: row.processor_id.clone(),
            id: row.id.to_string(),
            r#type: pipeline_kind(row).id(),
            create_date: to_text(row.created_ms),
            update_date: to_text(row.updated_ms),
        }
    }
}

/// One run profile in the shape of its kind (source: spec). A stored token is shown as an empty text.
pub fn pipeline_profile(row: &RunProfile, family: Family) -> Value {
    let mut body = Map::new();
    let mut add = |name: &str, value: Value| {
        body.insert(name.to_owned(), value);
    };
    add("name", row.name.as_str().into());
    if let Some(description) = &row.description {
        add("description", description.as_str().into());
    }
    let kind = pipeline_kind(row);
    if kind == PipelineProfileKind::DataIntegration {
        if !family.is_tmc() {
            add("engineId", row.processor_id.as_str().into());
        }
        add("jvmArguments", row.jvm_arguments.0.clone().into());
    } else {
        add("engineId", row.processor_id.as_str().into());
    }
    let settings = row.settings.as_ref().and_then(|settings| settings.0.as_object());
    for (name, value) in settings.into_iter().flatten() {
        // The older generation does not have these two.
        if !(family.is_tmc() && matches!(name.as_str(), "pushdownPreferenceEnabled" | "warehouseName")) {
            add(name, value.clone());
        }
    }
    // In the older generation only these two kinds have the fields of an entity.
    let entity = matches!(kind, PipelineProfileKind::DataIntegration | PipelineProfileKind::Standard);
    if entity || !family.is_tmc() {
        add("id", row.id.as_str().into());
        let shown = match kind {
            PipelineProfileKind::DataIntegration if !family.is_tmc() => row.kind.id(),
            other => other.id(),
        };
        add("type", shown.into());
        add("createDate", to_text(row.created_ms).into());
        add("updateDate", to_text(row.updated_ms).into());
    }
    if has_token(row)
        && let Some(access) = body.get_mut("databricks").and_then(Value::as_object_mut)
    {
        access.insert("token".to_owned(), "".into());
    }
    body.into()
}
