//! Bodies that go out, in the published shapes. Absent values are left out; instants have milliseconds and `Z`.

use crate::family::{Family, TmcVersion};
use serde::Serialize;
use std::collections::BTreeMap;
use stoker_domain::ids::EngineId;
use stoker_domain::run::{self, Outcome, State};
use stoker_domain::runtime::{PairingStatus, RuntimeType};
use stoker_domain::time::to_text;
use stoker_service::Page;
use stoker_service::artifacts::{ArtifactView, VersionView};
use stoker_service::clusters::ClusterView;
use stoker_service::engines::{EngineView, Place};
use stoker_service::rows::{Environment, Run, RunProfile, ServiceAccount, Task, Workspace};
use stoker_service::tasks::{TaskView, shown_parameters};
use stoker_service::workspaces::WorkspaceView;

macro_rules! body {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($(#[$fdoc])* pub $field: $type,)* }
    };
}

body!(
    /// A page of the offset style.
    PageBody {
        /// The items.
        items: Vec<serde_json::Value>,
        /// The size asked for.
        limit: i64,
        /// The offset asked for, also past the end (source: client, a pager counts on it).
        offset: i64,
        /// All items.
        total: i64,
    }
);

impl PageBody {
    /// Packs a page with `each` item as a body.
    pub fn of<T, B: Serialize>(page: Page<T>, each: impl Fn(T) -> B) -> Self {
        let items = page.items.into_iter().map(|item| serde_json::to_value(each(item)).unwrap_or_default()).collect();
        Self { items, limit: page.limit, offset: page.offset, total: page.total }
    }
}

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

    fn nested(row: &Environment) -> Self {
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

body!(
    /// `ServiceAccount` (source: spec).
    ServiceAccountBody {
        /// OAuth client id.
        id: String,
        /// Only in the answer of the create call.
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
        /// Its name.
        name: String,
        /// Permission ids.
        permissions: Vec<String>,
        /// When it was made.
        created_date: String,
        /// When it last changed.
        last_modified_date: String,
        /// Last call with a token of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_used_date: Option<String>,
        /// The API of that call.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_used_api: Option<String>,
    }
);

impl ServiceAccountBody {
    /// With the secret in the answer of a create call, without it everywhere else.
    pub fn of(row: ServiceAccount, secret: Option<String>) -> Self {
        Self {
            id: row.id.to_string(),
            secret,
            name: row.name,
            permissions: row.permissions.0,
            created_date: to_text(row.created_ms),
            last_modified_date: to_text(row.modified_ms),
            last_used_date: row.used_ms.map(to_text),
            last_used_api: row.used_api,
        }
    }
}

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

body!(
    /// `PauseDetails` (source: spec).
    PauseBody {
        /// Whether it is paused.
        pause: bool,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        pause_context: Option<String>,
        /// Who; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// Which kind; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_type: Option<&'static str>,
        /// When; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        pause_date: Option<String>,
    }
);

impl PauseBody {
    fn of(row: &Task, family: Family) -> Self {
        let newer = !family.is_tmc();
        Self {
            pause: row.paused,
            pause_context: row.pause_context.clone(),
            user: row.pause_user.clone().filter(|_| newer),
            user_type: row.pause_user_kind.map(|k| k.id()).filter(|_| newer),
            pause_date: row.pause_ms.map(to_text).filter(|_| newer),
        }
    }
}

body!(
    /// `BaseArtifactVersion` (source: spec).
    ArtifactRef {
        /// Id of the artifact.
        id: String,
        /// Its name.
        name: String,
        /// Version text.
        version: String,
    }
);

body!(
    /// `TaskV21` (source: spec).
    TaskBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Free text.
        description: String,
        /// Its workspace.
        workspace: WorkspaceInfo,
        /// Its version, kept by the server.
        version: String,
        /// What it runs.
        artifact: ArtifactRef,
        /// Labels.
        tags: Vec<String>,
        /// Connection key to connection id.
        connections: serde_json::Map<String, serde_json::Value>,
        /// Parameters; secret ones are empty.
        parameters: BTreeMap<String, String>,
        /// Resource parameter to resource id.
        resources: serde_json::Map<String, serde_json::Value>,
        /// Upgrade settings.
        #[serde(skip_serializing_if = "Option::is_none")]
        auto_upgrade_info: Option<serde_json::Value>,
        /// Whether it is paused.
        task_pause_details: PauseBody,
    }
);

impl TaskBody {
    /// Packs a task.
    pub fn of(view: TaskView, family: Family) -> Self {
        let pause = PauseBody::of(&view.task, family);
        let TaskView { task, artifact_name, workspace } = view;
        Self {
            id: task.id.to_string(),
            name: task.name,
            description: task.description.unwrap_or_default(),
            workspace: WorkspaceInfo::nested(&workspace),
            version: format!("{}.{}", task.version_major, task.version_minor),
            artifact: ArtifactRef {
                id: task.artifact_id.to_string(),
                name: artifact_name,
                version: task.artifact_version,
            },
            tags: task.tags.0,
            connections: task.connections.0,
            parameters: shown_parameters(&task.parameters.0),
            resources: task.resources.0,
            auto_upgrade_info: task.auto_upgrade.map(|j| j.0),
            task_pause_details: pause,
        }
    }
}

body!(
    /// `Runtime` (source: spec).
    RuntimeBody {
        /// Kind of processor.
        r#type: &'static str,
        /// Engine or cluster id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Engine id.
        #[serde(skip_serializing_if = "Option::is_none")]
        engine_id: Option<String>,
        /// Cluster id.
        #[serde(skip_serializing_if = "Option::is_none")]
        cluster_id: Option<String>,
        /// Run profile id.
        #[serde(skip_serializing_if = "Option::is_none")]
        run_profile_id: Option<String>,
    }
);

impl RuntimeBody {
    /// The runtime of a task.
    pub fn of_task(row: &Task) -> Self {
        let id = row.runtime_id.clone();
        Self {
            r#type: row.runtime_type.id(),
            engine_id: id.clone().filter(|_| row.runtime_type == RuntimeType::RemoteEngine),
            cluster_id: id.clone().filter(|_| row.runtime_type == RuntimeType::RemoteEngineCluster),
            id,
            run_profile_id: row.run_profile_id.as_ref().map(ToString::to_string),
        }
    }

    fn of_run(row: &Run) -> Self {
        let cluster = (row.runtime_type == RuntimeType::RemoteEngineCluster).then(|| row.target_id.clone());
        let engine = match row.runtime_type {
            RuntimeType::RemoteEngine => Some(row.target_id.clone()),
            _ => row.engine_id.as_ref().map(ToString::to_string),
        };
        Self {
            r#type: row.runtime_type.id(),
            id: Some(row.target_id.clone()),
            engine_id: engine,
            cluster_id: cluster,
            run_profile_id: row.run_profile_id.as_ref().map(ToString::to_string),
        }
    }
}

body!(
    /// `TaskExtract` (source: spec; pause details and tags: client).
    TaskExtract {
        /// Id of the task.
        executable: String,
        /// Its name.
        name: String,
        /// Its workspace.
        workspace: WorkspaceInfo,
        /// Its artifact; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        artifact_id: Option<String>,
        /// Where it runs; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        runtime: Option<RuntimeBody>,
        /// Whether it is paused; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        task_pause_details: Option<PauseBody>,
        /// Labels; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        tags: Option<Vec<String>>,
    }
);

impl TaskExtract {
    /// Packs a task for a list.
    pub fn of(view: TaskView, family: Family) -> Self {
        let newer = !family.is_tmc();
        Self {
            executable: view.task.id.to_string(),
            name: view.task.name.clone(),
            workspace: WorkspaceInfo::nested(&view.workspace),
            artifact_id: newer.then(|| view.task.artifact_id.to_string()),
            runtime: newer.then(|| RuntimeBody::of_task(&view.task)),
            task_pause_details: newer.then(|| PauseBody::of(&view.task, family)),
            tags: newer.then_some(view.task.tags.0),
        }
    }
}

/// `TaskRunConfig` (source: spec).
pub fn run_config(row: &Task) -> serde_json::Value {
    let mut body = row.run_config.0.clone();
    body.entry("trigger").or_insert_with(|| serde_json::json!({ "type": "MANUAL" }));
    body.entry("parallelExecutionAllowed").or_insert(serde_json::Value::Bool(false));
    body.entry("logLevel").or_insert_with(|| "WARN".into());
    body.insert("runtime".to_owned(), serde_json::to_value(RuntimeBody::of_task(row)).unwrap_or_default());
    body.into()
}

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
fn place(place: &Place) -> serde_json::Value {
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
        /// `RE` or `REC`; newer generation only.
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

/// The outcome as a generation knows it: 2.6 has no status for a shut-down engine anywhere, and none for a time-out in
/// the status of one run (source: spec).
fn outcome_for(outcome: Option<Outcome>, family: Family, list: bool) -> Option<Outcome> {
    match outcome {
        Some(Outcome::TerminatedShutdown) if family.is_tmc() => Some(Outcome::Terminated),
        Some(Outcome::TerminatedTimeout) if family.is_tmc() && !list => Some(Outcome::Terminated),
        other => other,
    }
}

body!(
    /// `JobExecutionStatus` (source: spec).
    RunBody {
        /// Id of the run.
        execution_id: String,
        /// When the job started; 2.6 requires it, so there it shows the trigger time until then (source: inferred).
        #[serde(skip_serializing_if = "Option::is_none")]
        start_timestamp: Option<String>,
        /// When it was asked for.
        trigger_timestamp: String,
        /// When it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        finish_timestamp: Option<String>,
        /// Login, or id of a service account.
        user_id: String,
        /// `HUMAN` or `SERVICE`.
        user_type: &'static str,
        /// Id of the task.
        job_id: String,
        /// Version of the task.
        job_version: String,
        /// Always `1.3`.
        environment_version: &'static str,
        /// Upper-case status.
        execution_status: &'static str,
        /// What made it.
        execution_type: &'static str,
        /// Kind of processor.
        execution_destination: &'static str,
        /// Run profile.
        #[serde(skip_serializing_if = "Option::is_none")]
        run_profile_id: Option<String>,
        /// Engine that has or had it.
        #[serde(skip_serializing_if = "Option::is_none")]
        remote_engine_id: Option<String>,
        /// Cluster it was bound to.
        #[serde(skip_serializing_if = "Option::is_none")]
        remote_engine_cluster_id: Option<String>,
        /// The account.
        account_id: String,
        /// Workspace of the task.
        workspace_id: String,
        /// Kind of failure.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_type: Option<String>,
        /// Failure in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_message: Option<String>,
        /// Minutes after which it is stopped; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        timeout: Option<i64>,
        /// Lower-case status; from 2.1 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
        /// Why it did not start; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        misfired_execution_reason: Option<&'static str>,
    }
);

impl RunBody {
    /// Packs the status of one run.
    pub fn of(row: Run, account: String, family: Family) -> Self {
        let newer = !family.is_tmc();
        let outcome = outcome_for(row.outcome, family, false);
        let without_status = matches!(family, Family::Tmc(version) if version < TmcVersion { major: 2, minor: 1 });
        let runtime = RuntimeBody::of_run(&row);
        let start = row.start_ms.or((!newer).then_some(row.trigger_ms));
        Self {
            execution_id: row.id.to_string(),
            start_timestamp: start.map(to_text),
            trigger_timestamp: to_text(row.trigger_ms),
            finish_timestamp: row.finish_ms.map(to_text),
            user_id: row.user_id,
            user_type: row.user_kind.id(),
            job_id: row.task_id.to_string(),
            job_version: row.task_version,
            environment_version: "1.3",
            execution_status: run::published_execution_status(row.state, outcome, row.stop_ms.is_some()),
            execution_type: row.run_type.id(),
            execution_destination: row.runtime_type.id(),
            run_profile_id: runtime.run_profile_id,
            remote_engine_id: runtime.engine_id,
            remote_engine_cluster_id: runtime.cluster_id,
            account_id: account,
            workspace_id: row.workspace_id.to_string(),
            error_type: row.error_type,
            error_message: row.error_message,
            timeout: row.timeout_minutes.filter(|_| newer),
            status: (!without_status).then(|| run::published_status(row.state, outcome)),
            misfired_execution_reason: row.misfire_reason.map(|r| r.id()).filter(|_| newer),
        }
    }
}

body!(
    /// `TaskExecutionStatus`, an item of run lists (source: spec).
    RunListItem {
        /// Id of the run.
        execution_id: String,
        /// Id of the task.
        task_id: String,
        /// Version of the task.
        task_version: String,
        /// What made it.
        execution_type: &'static str,
        /// Lower-case status.
        status: &'static str,
        /// Upper-case status.
        execution_status: &'static str,
        /// Never absent, because clients read its type (source: client).
        runtime: RuntimeBody,
        /// Failure in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_message: Option<String>,
        /// Why it did not start; newer generation only.
        #[serde(skip_serializing_if = "Option::is_none")]
        misfired_execution_reason: Option<&'static str>,
        /// Minutes after which it is stopped.
        #[serde(skip_serializing_if = "Option::is_none")]
        timeout: Option<i64>,
        /// When the job started.
        #[serde(skip_serializing_if = "Option::is_none")]
        start_timestamp: Option<String>,
        /// When it was asked for.
        trigger_timestamp: String,
        /// When it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        finish_timestamp: Option<String>,
        /// Login, or id of a service account.
        user_id: String,
        /// `HUMAN` or `SERVICE`.
        user_type: &'static str,
        /// Whether several runs may be active at once.
        parallel_execution_allowed: bool,
    }
);

impl RunListItem {
    /// Packs a run for a list.
    pub fn of(row: Run, family: Family) -> Self {
        let newer = !family.is_tmc();
        let outcome = outcome_for(row.outcome, family, true);
        let start = row.start_ms.or((!newer).then_some(row.trigger_ms));
        Self {
            execution_id: row.id.to_string(),
            task_id: row.task_id.to_string(),
            task_version: row.task_version.clone(),
            execution_type: row.run_type.id(),
            status: run::published_status(row.state, outcome),
            execution_status: run::published_execution_status(row.state, outcome, row.stop_ms.is_some()),
            runtime: RuntimeBody::of_run(&row),
            error_message: row.error_message.clone(),
            misfired_execution_reason: row.misfire_reason.map(|r| r.id()).filter(|_| newer),
            timeout: row.timeout_minutes,
            start_timestamp: start.map(to_text),
            trigger_timestamp: to_text(row.trigger_ms),
            finish_timestamp: row.finish_ms.map(to_text),
            user_id: row.user_id.clone(),
            user_type: row.user_kind.id(),
            parallel_execution_allowed: row.parallel,
        }
    }
}

/// What a run looks like in our own timeline answer.
pub fn timeline(row: &Run, events: Vec<stoker_service::rows::RunEvent>) -> serde_json::Value {
    let events: Vec<serde_json::Value> = events
        .into_iter()
        .map(|event| {
            let detail: Option<serde_json::Value> = event.detail.and_then(|d| serde_json::from_str(&d).ok());
            let mut body = serde_json::json!({ "at": to_text(event.at_ms), "kind": event.kind });
            if let Some(reason) = detail.as_ref().and_then(|d| d.get("reason")) {
                body["reason"] = reason.clone();
            }
            if let Some(detail) = detail {
                body["detail"] = detail;
            }
            body
        })
        .collect();
    let mut body = serde_json::json!({
        "executionId": row.id.as_str(),
        "taskId": row.task_id.as_str(),
        "taskName": row.task_name,
        "status": run::published_status(row.state, row.outcome),
        "epoch": row.epoch,
        "events": events,
    });
    if let Some(engine) = row.engine_id.as_ref().map(EngineId::as_str) {
        body["engineId"] = engine.into();
    }
    if let Some(since) = row.unknown_ms.filter(|_| row.state != State::Finished) {
        body["unknownSince"] = to_text(since).into();
    }
    if let Some(code) = row.exit_code {
        body["exitCode"] = code.into();
    }
    body
}
