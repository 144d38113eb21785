//! What a promotion writes, in the order in which rows refer to each other.

use super::copy::Prepared;
use crate::error::Error;
use std::collections::{BTreeSet, HashSet};
use stoker_domain::{PrincipalKind, Rights};
use stoker_store::artifacts::{Artifact, ArtifactVersion};
use stoker_store::connections::Connection;
use stoker_store::db::Record;
use stoker_store::engines::{Cluster, Engine, RunProfile};
use stoker_store::plans::{self, Plan};
use stoker_store::promotions::objects;
use stoker_store::resources::{self, Resource};
use stoker_store::tasks::{self, Task};
use stoker_store::workspaces::{Grant, Workspace};
use stoker_store::{Tx, accounts};

/// New and changed rows of the target environment.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) workspaces: Vec<Workspace>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) versions: Vec<ArtifactVersion>,
    pub(super) engines: Vec<Engine>,
    pub(super) clusters: Vec<Cluster>,
    pub(super) profiles: Vec<RunProfile>,
    pub(super) changed_profiles: Vec<RunProfile>,
    pub(super) connections: Vec<Connection>,
    pub(super) resources: Vec<Resource>,
    pub(super) changed_resources: Vec<Resource>,
    /// SHA-256 of files that resources of the target had before.
    pub(super) left_files: BTreeSet<String>,
    pub(super) tasks: Vec<Task>,
    pub(super) changed_tasks: Vec<Task>,
    pub(super) plans: Vec<Plan>,
    pub(super) changed_plans: Vec<Plan>,
}

impl Changes {
    /// Ids of the rows that do not exist yet.
    pub(super) fn made(&self) -> HashSet<String> {
        let mut ids: HashSet<String> = self.workspaces.iter().map(|row| row.id.to_string()).collect();
        ids.extend(self.artifacts.iter().map(|row| row.id.to_string()));
        ids.extend(self.engines.iter().map(|row| row.id.to_string()));
        ids.extend(self.clusters.iter().map(|row| row.id.to_string()));
        ids.extend(self.profiles.iter().map(|row| row.id.to_string()));
        ids.extend(self.connections.iter().map(|row| row.id.to_string()));
        ids.extend(self.resources.iter().map(|row| row.id.to_string()));
        ids.extend(self.tasks.iter().map(|row| row.id.to_string()));
        ids.extend(self.plans.iter().map(|row| row.id.to_string()));
        ids
    }
}

impl Prepared {
    /// Writes everything; nothing of the report may be a failure.
    pub(super) fn write(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        for workspace in &self.changes.workspaces {
            self.write_workspace(tx, workspace)?;
        }
        let changes = &self.changes;
        inserted(tx, &changes.artifacts)?;
        for version in &changes.versions {
            objects::copy_version(tx, version)?;
        }
        inserted(tx, &changes.clusters)?;
        inserted(tx, &changes.engines)?;
        inserted(tx, &changes.profiles)?;
        for profile in &changes.changed_profiles {
            profile.update(tx)?;
        }
        inserted(tx, &changes.connections)?;
        inserted(tx, &changes.resources)?;
        for resource in &changes.changed_resources {
            resource.update(tx)?;
        }
        for sha256 in &changes.left_files {
            // The reconciler looks whether anything still needs it.
            resources::leave(tx, sha256)?;
        }
        inserted(tx, &changes.tasks)?;
        for task in &changes.changed_tasks {
            task.update(tx)?;
        }
        for task in changes.tasks.iter().chain(&changes.changed_tasks) {
            tasks::note_name(tx, task)?;
        }
        inserted(tx, &changes.plans)?;
        for plan in &changes.changed_plans {
            plan.update(tx)?;
        }
        for plan in changes.plans.iter().chain(&changes.changed_plans) {
            let (tasks, handlers) = crate::plan_checks::named_by(&plan.steps.0);
            plans::set_named(tx, &plan.id, &tasks, &handlers)?;
        }
        Ok(())
    }

    /// A new workspace belongs to the owner of its source, or to who runs the promotion when that is no user; the owner
    /// gets all rights on it.
    fn write_workspace(&self, tx: &mut Tx<'_>, workspace: &Workspace) -> Result<(), Error> {
        let owner = accounts::user_by_login(tx, &workspace.owner)?;
        let (principal_id, principal_kind) = match &owner {
            Some(user) => (user.id.to_string(), PrincipalKind::Human),
            None => (self.order.principal.clone(), self.order.author_kind),
        };
        let name = if owner.is_some() { &workspace.owner } else { &self.order.author };
        let workspace = Workspace { owner: name.clone(), ..workspace.clone() };
        workspace.insert(tx)?;
        Grant { principal_id, workspace_id: workspace.id, principal_kind, rights: Rights::all() }.insert(tx)?;
        Ok(())
    }
}

fn inserted<R: Record>(tx: &mut Tx<'_>, rows: &[R]) -> Result<(), Error> {
    for row in rows {
        row.insert(tx)?;
    }
    Ok(())
}
