//! A store of its own for each test, on either database, and rows to put into it.

use std::path::Path;

use stoker_domain::ids::{ArtifactId, EnvironmentId, RunId, TaskId, WorkspaceId};
use stoker_domain::run::{RunType, State};
use stoker_domain::runtime::{LogLevel, RuntimeType, WorkspaceType};
use stoker_domain::{PrincipalKind, Rights};
use stoker_store::db::Record;
use stoker_store::environments::Environment;
use stoker_store::runs::Run;
use stoker_store::workspaces::{Grant, Workspace};
use stoker_store::{Database, Store, StoreError, params};
use stoker_testkit::postgres::{TestDatabase, database_from};
use tempfile::TempDir;

/// Which database a store stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// Makes two tests of one story: `name::sqlite` and `name::postgres`.
macro_rules! both {
    ($($(#[$doc:meta])* async fn $name:ident($place:ident: Place) $body:block)+) => {$(
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn story($place: $crate::support::Place) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story($crate::support::Place::new($crate::support::Backend::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                story($crate::support::Place::new($crate::support::Backend::Postgres).await).await;
            }
        }
    )+};
}
pub(crate) use both;

/// An open store with up-to-date tables and nothing in them.
pub(crate) struct Place {
    pub(crate) store: Store,
    pub(crate) database: Database,
    pub(crate) backend: Backend,
    // Dropped last.
    _folder: TempDir,
    _postgres: Option<TestDatabase>,
}

/// Opens a store from a test that already has a runtime, which the blocking driver does not want.
pub(crate) async fn open(database: &Database) -> Result<Store, StoreError> {
    let database = database.clone();
    tokio::task::spawn_blocking(move || Store::open(&database)).await.expect("the thread that opens")
}

pub(crate) fn sqlite_in(folder: &Path) -> Database {
    Database::Sqlite(folder.join("stoker.db"))
}

impl Place {
    pub(crate) async fn new(backend: Backend) -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let (database, postgres) = match backend {
            Backend::Sqlite => (sqlite_in(folder.path()), None),
            Backend::Postgres => {
                let database = database_from("store", |url| {
                    drop(Store::open(&Database::Postgres(url.to_owned())).expect("make the tables"));
                });
                (Database::Postgres(database.url.clone()), Some(database))
            }
        };
        let store = open(&database).await.expect("open the store");
        Self { store, database, backend, _folder: folder, _postgres: postgres }
    }

    /// Adds one row to `settings`.
    pub(crate) async fn put(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.store.write(move |tx| stoker_store::settings::insert(tx, &name, &value)).await
    }

    /// The names in `settings`, in order.
    pub(crate) async fn names(&self) -> Vec<String> {
        self.store
            .read::<_, StoreError, _>(|tx| {
                tx.query("SELECT name FROM settings ORDER BY name", params![])?.iter().map(|row| row.text(0)).collect()
            })
            .await
            .expect("read the names")
    }

    /// Adds any row.
    pub(crate) async fn insert<R: Record + Send + 'static>(&self, row: R) -> Result<(), StoreError> {
        self.store.write(move |tx| row.insert(tx)).await
    }

    /// An environment and a workspace in it, and every right on that workspace for the principal `me`.
    pub(crate) async fn workspace(&self) -> (EnvironmentId, WorkspaceId) {
        let (environment, workspace) = (EnvironmentId::trusted(hex_id("e", 1)), WorkspaceId::trusted(hex_id("a", 1)));
        self.insert(environment_row(&environment, "default")).await.expect("an environment");
        self.insert(workspace_row(&workspace, &environment, "Shared")).await.expect("a workspace");
        let grant = Grant {
            principal_id: "me".to_owned(),
            workspace_id: workspace.clone(),
            principal_kind: PrincipalKind::Human,
            rights: Rights::all(),
        };
        self.insert(grant).await.expect("a grant");
        (environment, workspace)
    }
}

/// 24 characters: an id that is easy to read in a failed assertion.
pub(crate) fn hex_id(prefix: &str, number: usize) -> String {
    format!("{prefix:0<4}{number:020x}")
}

pub(crate) fn run_id(number: usize) -> RunId {
    RunId::trusted(format!("00000000-0000-4000-8000-{number:012x}"))
}

pub(crate) fn environment_row(id: &EnvironmentId, name: &str) -> Environment {
    Environment {
        id: id.clone(),
        name: name.to_owned(),
        description: None,
        is_default: true,
        max_cloud_containers: 0,
        created_ms: 1,
    }
}

pub(crate) fn workspace_row(id: &WorkspaceId, environment: &EnvironmentId, name: &str) -> Workspace {
    Workspace {
        id: id.clone(),
        environment_id: environment.clone(),
        name: name.to_owned(),
        description: None,
        owner: "me".to_owned(),
        kind: WorkspaceType::Shared,
        protected_artifact_update: false,
        created_ms: 1,
        updated_ms: 1,
    }
}

/// A queued run in that workspace; runs refer to nothing, because they outlive tasks and engines.
pub(crate) fn run_row(number: usize, environment: &EnvironmentId, workspace: &WorkspaceId) -> Run {
    Run {
        id: run_id(number),
        task_id: TaskId::trusted(hex_id("7", 1)),
        task_name: "task".to_owned(),
        task_version: "1.0".to_owned(),
        workspace_id: workspace.clone(),
        environment_id: environment.clone(),
        artifact_id: ArtifactId::trusted(hex_id("f", 1)),
        artifact_name: "artifact".to_owned(),
        artifact_version: "0.1".to_owned(),
        artifact_sha256: "ab".repeat(32),
        artifact_size: 1,
        runtime_type: RuntimeType::RemoteEngine,
        target_id: "target".to_owned(),
        engine_id: None,
        run_profile_id: None,
        jvm_arguments: None,
        run_type: RunType::Manual,
        user_id: "me".to_owned(),
        user_kind: PrincipalKind::Human,
        api_version: None,
        parallel: true,
        context: None,
        log_level: LogLevel::Warn,
        timeout_minutes: None,
        parameters: "[]".to_owned(),
        secrets: Some("sealed".to_owned()),
        state: State::Queued,
        outcome: None,
        stop_ms: None,
        stop_sent: None,
        trigger_ms: 1_000,
        start_ms: None,
        finish_ms: None,
        epoch: 0,
        lease_ms: None,
        unknown_ms: None,
        deploy_until_ms: 2_000,
        exit_code: None,
        exit_signal: None,
        error_type: None,
        error_message: None,
        misfire_reason: None,
        log_lines: 0,
        log_chunks: 0,
        wait_reason: None,
        plan_run_id: None,
        resources: None,
    }
}
