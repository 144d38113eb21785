//! Promotions, who may run them, and their runs.

use crate::db::record::record;
use crate::db::{Json, Record};
use crate::{StoreError, Tx, params};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{EnvironmentId, PromotionId, PromotionRunId};
use stoker_domain::promotion::{ItemKind, PromotionStatus, Report};

record! {
    /// A standing pair of environments.
    Promotion in "promotions" {
        /// Its id.
        id: PromotionId,
        /// Where objects come from.
        source_id: EnvironmentId,
        /// Where they go; the pair is unique.
        target_id: EnvironmentId,
        /// Free text.
        description: Option<String>,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

record! {
    /// A user or service account that may run a promotion.
    Executor in "promotion_executors" {
        /// The promotion.
        promotion_id: PromotionId,
        /// Id of the user or service account.
        principal_id: String,
        /// Which of the two it is.
        principal_kind: PrincipalKind,
    }
}

record! {
    /// One analysis or one run of a promotion; it outlives the promotion.
    PromotionRun in "promotion_runs" {
        /// Its id.
        id: PromotionRunId,
        /// The promotion.
        promotion_id: PromotionId,
        /// Who: a login or a service-account id.
        user_id: String,
        /// Which of the two.
        user_kind: PrincipalKind,
        /// The id that rights are granted to.
        principal_id: String,
        /// Whether resources of the target stay as they are, as it was asked.
        keep_resources: Option<bool>,
        /// Whether run profiles of the target stay as they are, as it was asked.
        keep_profiles: Option<bool>,
        /// Kind of the one object it is narrowed to.
        scope_kind: Option<ItemKind>,
        /// Id of that object.
        scope_id: Option<String>,
        /// Free text for the audit trail.
        context: Option<String>,
        /// Where it stands.
        status: PromotionStatus,
        /// Why it failed.
        message: Option<String>,
        /// What it did; empty while it runs.
        report: Json<Report>,
        /// When it was asked for.
        trigger_ms: i64,
        /// When it began.
        start_ms: i64,
        /// When it ended.
        finish_ms: Option<i64>,
    }
}

/// The promotion with this id.
pub fn get(tx: &mut Tx<'_>, id: &PromotionId) -> Result<Option<Promotion>, StoreError> {
    Promotion::select_opt(tx, "WHERE id = $1", params![id])
}

/// The promotion with this id, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &PromotionId) -> Result<Option<Promotion>, StoreError> {
    Promotion::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// All promotions, oldest first; only those that `principal` may run, when one is given.
pub fn all(tx: &mut Tx<'_>, principal: Option<&str>) -> Result<Vec<Promotion>, StoreError> {
    match principal {
        None => Promotion::select(tx, "ORDER BY created_ms, id", params![]),
        Some(principal) => Promotion::select(
            tx,
            "WHERE id IN (SELECT promotion_id FROM promotion_executors WHERE principal_id = $1) \
             ORDER BY created_ms, id",
            params![principal],
        ),
    }
}

/// Whether the environment is the source or the target of a promotion.
pub fn uses_environment(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM promotions WHERE source_id = $1 OR target_id = $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![id])?.is_some())
}

/// Removes a promotion and the list of who may run it; its runs stay as history.
pub fn delete(tx: &mut Tx<'_>, id: &PromotionId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM promotion_executors WHERE promotion_id = $1", params![id])?;
    tx.execute("DELETE FROM promotions WHERE id = $1", params![id])
}

/// Who may run a promotion, by id.
pub fn executors(tx: &mut Tx<'_>, id: &PromotionId) -> Result<Vec<Executor>, StoreError> {
    Executor::select(tx, "WHERE promotion_id = $1 ORDER BY principal_id {bytes}", params![id])
}

/// Whether the principal may run the promotion.
pub fn is_executor(tx: &mut Tx<'_>, id: &PromotionId, principal: &str) -> Result<bool, StoreError> {
    let sql = "SELECT principal_id FROM promotion_executors WHERE promotion_id = $1 AND principal_id = $2";
    Ok(tx.query_opt(sql, params![id, principal])?.is_some())
}

/// Takes a principal out of the list; 0 when it was not in it.
pub fn remove_executor(tx: &mut Tx<'_>, id: &PromotionId, principal: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM promotion_executors WHERE promotion_id = $1 AND principal_id = $2", params![id, principal])
}

/// The promotion run with this id.
pub fn run(tx: &mut Tx<'_>, id: &PromotionRunId) -> Result<Option<PromotionRun>, StoreError> {
    PromotionRun::select_opt(tx, "WHERE id = $1", params![id])
}

/// The promotion run with this id, locked until the end of the transaction.
pub fn lock_run(tx: &mut Tx<'_>, id: &PromotionRunId) -> Result<Option<PromotionRun>, StoreError> {
    PromotionRun::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// The active run of a promotion.
pub fn active_run(tx: &mut Tx<'_>, id: &PromotionId) -> Result<Option<PromotionRunId>, StoreError> {
    let sql = "SELECT id FROM promotion_runs WHERE promotion_id = $1 AND status = 'PROMOTION_STARTED'";
    let row = tx.query_opt(sql, params![id])?;
    row.map(|row| row.text(0).map(PromotionRunId::trusted)).transpose()
}

/// Analyses and runs of a promotion, newest first, and how many there are.
pub fn runs_of(
    tx: &mut Tx<'_>,
    id: &PromotionId,
    limit: i64,
    offset: i64,
) -> Result<(Vec<PromotionRun>, i64), StoreError> {
    let total = tx.query_int("SELECT count(*) FROM promotion_runs WHERE promotion_id = $1", params![id])?;
    let rest = "WHERE promotion_id = $1 ORDER BY start_ms DESC, id DESC LIMIT $2 OFFSET $3";
    Ok((PromotionRun::select(tx, rest, params![id, limit, offset])?, total))
}

/// Runs that were accepted and have not ended, oldest first.
pub fn started(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<PromotionRunId>, StoreError> {
    let sql = "SELECT id FROM promotion_runs WHERE status = 'PROMOTION_STARTED' ORDER BY start_ms, id LIMIT $1";
    tx.query(sql, params![limit])?.iter().map(|row| row.text(0).map(PromotionRunId::trusted)).collect()
}

/// Locks an accepted run that nobody else is at; `None` when it has ended or somebody is.
pub fn claim_run(tx: &mut Tx<'_>, id: &PromotionRunId) -> Result<Option<PromotionRun>, StoreError> {
    PromotionRun::select_opt(tx, "WHERE id = $1 AND status = 'PROMOTION_STARTED' {skip_locked}", params![id])
}

/// What the copying needs of the objects of both environments.
pub mod objects {
    use super::*;
    use crate::artifacts::{Artifact, ArtifactVersion};
    use crate::connections::Connection;
    use crate::engines::{Cluster, Engine};
    use crate::plans::Plan;
    use crate::resources::Resource;
    use crate::tasks::Task;
    use crate::workspaces::Workspace;
    use stoker_domain::ids::{ArtifactId, PlanId, ResourceId, WorkspaceId};

    /// Whether rows that may be changed are locked as they are read. A read-only transaction cannot lock.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Reading {
        /// They will be changed in this transaction.
        ToChange,
        /// They are only looked at.
        Only,
    }

    impl Reading {
        fn tail(self) -> &'static str {
            match self {
                Reading::ToChange => " {lock}",
                Reading::Only => "",
            }
        }
    }

    /// The workspace of that name in the environment.
    pub fn workspace(tx: &mut Tx<'_>, at: &EnvironmentId, name: &str) -> Result<Option<Workspace>, StoreError> {
        Workspace::select_opt(tx, "WHERE environment_id = $1 AND name = $2", params![at, name])
    }

    /// The task of that name in the workspace.
    pub fn task(tx: &mut Tx<'_>, at: &WorkspaceId, name: &str, how: Reading) -> Result<Option<Task>, StoreError> {
        Task::select_opt(tx, &format!("WHERE workspace_id = $1 AND name = $2{}", how.tail()), params![at, name])
    }

    /// The plan of that name in the workspace.
    pub fn plan(tx: &mut Tx<'_>, at: &WorkspaceId, name: &str, how: Reading) -> Result<Option<Plan>, StoreError> {
        Plan::select_opt(tx, &format!("WHERE workspace_id = $1 AND name = $2{}", how.tail()), params![at, name])
    }

    /// The engine of that name in the environment.
    pub fn engine(tx: &mut Tx<'_>, at: &EnvironmentId, name: &str) -> Result<Option<Engine>, StoreError> {
        Engine::select_opt(tx, "WHERE environment_id = $1 AND name = $2", params![at, name])
    }

    /// The cluster of that name in the environment.
    pub fn cluster(tx: &mut Tx<'_>, at: &EnvironmentId, name: &str) -> Result<Option<Cluster>, StoreError> {
        Cluster::select_opt(tx, "WHERE environment_id = $1 AND name = $2", params![at, name])
    }

    /// The tasks of a workspace by name.
    pub fn tasks_in(tx: &mut Tx<'_>, at: &WorkspaceId) -> Result<Vec<Task>, StoreError> {
        Task::select(tx, "WHERE workspace_id = $1 ORDER BY name {bytes}, id", params![at])
    }

    /// How many tasks a workspace has.
    pub fn count_tasks_in(tx: &mut Tx<'_>, at: &WorkspaceId) -> Result<i64, StoreError> {
        tx.query_int("SELECT count(*) FROM tasks WHERE workspace_id = $1", params![at])
    }

    /// The plans of a workspace by name.
    pub fn plans_in(tx: &mut Tx<'_>, at: &WorkspaceId) -> Result<Vec<Plan>, StoreError> {
        Plan::select(tx, "WHERE workspace_id = $1 ORDER BY name {bytes}, id", params![at])
    }

    /// The artifacts of a workspace by name.
    pub fn artifacts_in(tx: &mut Tx<'_>, at: &WorkspaceId) -> Result<Vec<Artifact>, StoreError> {
        Artifact::select(tx, "WHERE workspace_id = $1 ORDER BY name {bytes}, id", params![at])
    }

    /// The connection of that name in the workspace; with [`Reading::ToChange`] nobody can remove it meanwhile.
    pub fn connection(
        tx: &mut Tx<'_>,
        at: &WorkspaceId,
        name: &str,
        how: Reading,
    ) -> Result<Option<Connection>, StoreError> {
        Connection::select_opt(tx, &format!("WHERE workspace_id = $1 AND name = $2{}", how.tail()), params![at, name])
    }

    /// The resource of that name in the workspace; likewise.
    pub fn resource(
        tx: &mut Tx<'_>,
        at: &WorkspaceId,
        name: &str,
        how: Reading,
    ) -> Result<Option<Resource>, StoreError> {
        Resource::select_opt(tx, &format!("WHERE workspace_id = $1 AND name = $2{}", how.tail()), params![at, name])
    }

    /// A resource that is copied; with [`Reading::ToChange`] it keeps its bytes until the end of the transaction, so that
    /// nobody finds them unused before the copy names them.
    pub fn source_resource(tx: &mut Tx<'_>, id: &ResourceId, how: Reading) -> Result<Option<Resource>, StoreError> {
        match how {
            Reading::ToChange => crate::resources::hold(tx, id),
            Reading::Only => crate::resources::get(tx, id),
        }
    }

    /// Ids of the connections of a workspace.
    pub fn connection_ids_in(tx: &mut Tx<'_>, at: &WorkspaceId) -> Result<Vec<String>, StoreError> {
        ids_in(tx, "SELECT id FROM connections WHERE workspace_id = $1", at)
    }

    /// Ids of the resources of a workspace.
    pub fn resource_ids_in(tx: &mut Tx<'_>, at: &WorkspaceId) -> Result<Vec<String>, StoreError> {
        ids_in(tx, "SELECT id FROM resources WHERE workspace_id = $1", at)
    }

    fn ids_in(tx: &mut Tx<'_>, sql: &str, at: &WorkspaceId) -> Result<Vec<String>, StoreError> {
        tx.query(sql, params![at])?.iter().map(|row| row.text(0)).collect()
    }

    /// A version of an artifact without what its archive says.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct VersionKey {
        /// The version text.
        pub version: String,
        /// SHA-256 of the archive.
        pub sha256: String,
    }

    /// The versions of an artifact in the order in which they were published.
    pub fn version_keys(tx: &mut Tx<'_>, id: &ArtifactId) -> Result<Vec<VersionKey>, StoreError> {
        let sql = "SELECT version, sha256 FROM artifact_versions WHERE artifact_id = $1 ORDER BY number";
        let rows = tx.query(sql, params![id])?;
        rows.iter().map(|row| Ok(VersionKey { version: row.text(0)?, sha256: row.text(1)? })).collect()
    }

    /// Adds a version that exists elsewhere, under a number of its own.
    pub fn copy_version(tx: &mut Tx<'_>, version: &ArtifactVersion) -> Result<(), StoreError> {
        let number = crate::artifacts::next_number(tx, &version.artifact_id)?;
        ArtifactVersion { number, ..version.clone() }.insert(tx)
    }

    /// Whether the plan has begun a run at least once.
    pub fn has_run(tx: &mut Tx<'_>, id: &PlanId) -> Result<bool, StoreError> {
        Ok(crate::plan_runs::last_of(tx, id)?.is_some())
    }
}
