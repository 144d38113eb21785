//! Moving tasks to newer versions of their artifacts: on request, and by themselves when a version is published.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::error::Error;
use crate::tasks::{USE, unknown};
use serde_json::Value;
use stoker_domain::Right;
use stoker_domain::ids::{ArtifactId, EnvironmentId, TaskId};
use stoker_domain::runtime::ArtifactType;
use stoker_jobzip::Manifest;
use stoker_store::artifacts::Artifact;
use stoker_store::db::Record;
use stoker_store::tasks::Task;
use stoker_store::{Tx, artifacts, tasks, workspaces};

/// One of the two flags of `autoUpgradeInfo`.
fn flag(task: &Task, name: &str) -> Option<bool> {
    task.auto_upgrade.as_ref().and_then(|kept| kept.0.get(name)).and_then(Value::as_bool)
}

/// Services are updated by hand, because they go on running (source: doc).
fn by_hand(kind: ArtifactType) -> bool {
    matches!(kind, ArtifactType::Route | ArtifactType::DataService)
}

impl Service {
    /// Moves a task to the newest version of its artifact.
    pub async fn upgrade_task(&self, actor: &Actor, id: &TaskId, force: bool) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let task = tasks::lock(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &task.workspace_id, &[Right::Author])?;
            if !force && flag(&task, "autoUpgradable") == Some(false) {
                return Err(Error::invalid("forceUpdate: the task is not auto-upgradable; set forceUpdate to true"));
            }
            let missing = || Error::not_found("Artifact version not found.");
            let artifact = artifacts::get(tx, &task.artifact_id)?.ok_or_else(missing)?;
            if by_hand(artifact.kind) {
                return Err(Error::invalid(format!(
                    "latestArtifact: a {} is updated by hand; replace the task with the wanted artifact.version",
                    artifact.kind.id()
                )));
            }
            let newest = artifacts::versions(tx, &task.artifact_id)?.into_iter().next().ok_or_else(missing)?;
            if newest == task.artifact_version {
                return Ok(());
            }
            let version = artifacts::version(tx, &task.artifact_id, &newest)?.ok_or_else(missing)?;
            let manifest = crate::runs::manifest_of(&version)?;
            service.move_task(tx, &proof, task, &artifact.id, &newest, &manifest, now)
        })
        .await
    }

    /// Moves the tasks that follow an artifact to a version that was just published: those of the same environment that
    /// use the artifact or one of its name, except where the workspace takes only artifacts of its own (source: doc).
    pub(crate) fn upgrade_followers(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        artifact: &Artifact,
        environment: &EnvironmentId,
        (version, manifest): (&str, &Manifest),
        now: i64,
    ) -> Result<(), Error> {
        if by_hand(artifact.kind) {
            return Ok(());
        }
        for task in tasks::lock_followers(tx, environment, &artifact.name, artifact.kind)? {
            let foreign = task.workspace_id != artifact.workspace_id;
            if foreign && workspaces::get(tx, &task.workspace_id)?.is_none_or(|own| own.protected_artifact_update) {
                continue;
            }
            self.move_task(tx, allowed, task, &artifact.id, version, manifest, now)?;
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one transaction step, all of them are needed")]
    fn move_task(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        mut task: Task,
        artifact: &ArtifactId,
        version: &str,
        manifest: &Manifest,
        now: i64,
    ) -> Result<(), Error> {
        let before = task.clone();
        if flag(&task, "overrideWithDefaultParameters") == Some(true) {
            // Without a value of the task the default counts, also that of the environment's own context.
            task.parameters.0.retain(|name, kept| kept.is_object() || !has_default(manifest, name));
        }
        task.artifact_id = artifact.clone();
        version.clone_into(&mut task.artifact_version);
        task.version_major += 1;
        task.version_minor = 0;
        task.updated_ms = now;
        task.update(tx)?;
        self.audit_task_change(tx, allowed, "task.upgrade", &task, &before)
    }
}

fn has_default(manifest: &Manifest, name: &str) -> bool {
    let name = crate::parameters::variable(manifest, name);
    manifest.parameters.iter().any(|parameter| parameter.name == name && parameter.default.is_some())
}
