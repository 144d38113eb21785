//! What becomes of tasks that use the run profiles of an engine, when the engine joins a cluster.

use crate::actor::Allowed;
use crate::app::Service;
use crate::error::{Error, taken};
use crate::run_profiles::{Processor, owned};
use stoker_domain::ids::{EngineId, RunProfileId};
use stoker_domain::limits;
use stoker_domain::runtime::{ProcessorKind, RuntimeType};
use stoker_store::Tx;
use stoker_store::db::Record;
use stoker_store::engines::{self, Cluster, RunProfile};
use stoker_store::tasks;

/// The published methods (source: spec).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileChoice {
    /// `DEFAULT`: tasks stay on the engine with the run profile they have.
    Keep,
    /// `DUPLICATE_RUN_PROFILES`: the engine's run profiles are copied to the cluster, and tasks that use one move to the
    /// cluster with its copy (source: doc for the copies; moving the tasks is inferred from the name of the body).
    Duplicate,
    /// `CLUSTER_RUN_PROFILE`: tasks that use one move to the cluster with this run profile of the cluster.
    Use(RunProfileId),
}

impl Service {
    /// Does what the choice says; the engine is in the cluster already. Run profiles of the engine stay with it.
    pub(crate) fn move_tasks(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        cluster: &Cluster,
        engine: &EngineId,
        choice: &ProfileChoice,
    ) -> Result<(), Error> {
        if let ProfileChoice::Use(id) = choice {
            owned(tx, &Processor::Cluster(cluster.id.clone()), id).map_err(|error| match error {
                Error::NotFound(_) => Error::invalid("runProfileId: must be a run profile of the cluster"),
                other => other,
            })?;
        }
        if *choice == ProfileChoice::Keep {
            return Ok(());
        }
        for profile in engines::run_profiles(tx, engine.as_str())? {
            let target = match choice {
                ProfileChoice::Use(id) => id.clone(),
                _ => self.copy_profile(tx, allowed, cluster, engine, &profile)?,
            };
            self.move_tasks_of(tx, allowed, cluster, &profile.id, &target)?;
        }
        Ok(())
    }

    fn copy_profile(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        cluster: &Cluster,
        engine: &EngineId,
        profile: &RunProfile,
    ) -> Result<RunProfileId, Error> {
        let known = engines::run_profiles(tx, cluster.id.as_str())?;
        let mut name = profile.name.clone();
        if known.iter().any(|other| other.name == name) {
            let engine = engines::get(tx, engine)?.map(|engine| engine.name).unwrap_or_default();
            name = format!("{name} ({engine})");
            if name.chars().count() > limits::NAME_CHARS {
                let message = format!("run profile {}: the cluster has one of this name: rename one", profile.name);
                return Err(Error::conflict(message));
            }
        }
        let now = self.now();
        let copy = RunProfile {
            id: RunProfileId::generate(now, self.random()),
            processor_kind: ProcessorKind::Cluster.id().to_owned(),
            processor_id: cluster.id.to_string(),
            environment_id: cluster.environment_id.clone(),
            name,
            version: 1,
            created_ms: now,
            updated_ms: now,
            ..profile.clone()
        };
        let message = format!("run profile {}: the cluster has one of this name: rename one", copy.name);
        copy.insert(tx).map_err(taken(message))?;
        self.audit_profile(tx, allowed, "run-profile.create", &copy)?;
        Ok(copy.id)
    }

    fn move_tasks_of(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        cluster: &Cluster,
        from: &RunProfileId,
        to: &RunProfileId,
    ) -> Result<(), Error> {
        for mut task in tasks::with_profile(tx, from)? {
            if cluster.workspace_id.as_ref().is_some_and(|id| *id != task.workspace_id) {
                return Err(Error::conflict(format!(
                    "task {} uses a run profile of the engine and lies in another workspace than the cluster",
                    task.name
                )));
            }
            task.runtime_type = RuntimeType::RemoteEngineCluster;
            task.runtime_id = Some(cluster.id.to_string());
            task.run_profile_id = Some(to.clone());
            task.updated_ms = self.now();
            task.update(tx)?;
            self.audit_task(tx, allowed, "task.run-config", &task)?;
        }
        Ok(())
    }
}
