//! Run profiles: of engines and clusters, and what those of other processors share with them.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{self, with_change};
use crate::engines::{SEE, must_be_visible};
use crate::environments::description;
use crate::error::{Error, taken};
use stoker_domain::ids::{ClusterId, EngineId, EnvironmentId, PipelineEngineId, RunProfileId, WorkspaceId};
use stoker_domain::runtime::{ProcessorKind, RunProfileKind};
use stoker_domain::{Permission, limits, names};
use stoker_store::Tx;
use stoker_store::db::{Json, Record};
use stoker_store::engines::{self, RunProfile};

pub(crate) const MANAGE: &[Permission] = &[Permission::RunProfileManagement, Permission::ClusterManagement];

/// Longest single argument of a Java machine, bytes.
const ARGUMENT_BYTES: usize = 4_096;

/// What a run profile belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Processor {
    /// One engine.
    Engine(EngineId),
    /// A cluster.
    Cluster(ClusterId),
    /// A Gen2 engine.
    Pipeline(PipelineEngineId),
    /// The Dynamic Engine of an environment, whichever it is assigned to.
    Dynamic(EnvironmentId),
}

impl Processor {
    /// Which of the published kinds it is of.
    pub fn processor_kind(&self) -> ProcessorKind {
        match self {
            Processor::Engine(_) => ProcessorKind::Engine,
            Processor::Cluster(_) => ProcessorKind::Cluster,
            Processor::Pipeline(_) => ProcessorKind::PipelineEngine,
            Processor::Dynamic(_) => ProcessorKind::DynamicEngine,
        }
    }

    /// `RE`, `REC`, `GEN_2` or `DYNAMIC_ENGINE` (source: spec).
    pub fn kind(&self) -> &'static str {
        self.processor_kind().id()
    }

    pub(crate) fn id(&self) -> &str {
        match self {
            Processor::Engine(id) => id.as_str(),
            Processor::Cluster(id) => id.as_str(),
            Processor::Pipeline(id) => id.as_str(),
            Processor::Dynamic(id) => id.as_str(),
        }
    }

    /// Where it lies: the environment, and the workspace when it is kept for one.
    pub(crate) fn place(&self, tx: &mut Tx<'_>) -> Result<(EnvironmentId, Option<WorkspaceId>), Error> {
        match self {
            Processor::Engine(id) => engines::get(tx, id)?
                .map(|e| (e.environment_id, e.workspace_id))
                .ok_or_else(|| Error::not_found("Engine id not found.")),
            Processor::Cluster(id) => engines::cluster(tx, id)?
                .map(|c| (c.environment_id, c.workspace_id))
                .ok_or_else(|| Error::not_found("Cluster id not found.")),
            Processor::Pipeline(id) => stoker_store::pipeline_engines::get(tx, id)?
                .map(|e| (e.environment_id, e.workspace_id))
                .ok_or_else(crate::pipeline_engines::unknown),
            Processor::Dynamic(id) => stoker_store::dynamic_engines::environment(tx, id)?
                .map(|e| (e.environment_id, None))
                .ok_or_else(crate::dynamic_environments::unknown),
        }
    }

    /// Refuses with 404 when it does not exist and with 403 when the actor does not see it.
    fn must_be_seen(&self, tx: &mut Tx<'_>, actor: &Actor) -> Result<(), Error> {
        let (environment, workspace) = self.place(tx)?;
        must_be_visible(tx, actor, &environment, workspace.as_ref())
    }
}

/// Values of a new or changed run profile.
#[derive(Clone, Debug)]
pub struct RunProfileRequest {
    /// Unique at its engine or cluster.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Arguments of the Java machine, each beginning with `-`.
    pub jvm_arguments: Vec<String>,
    /// What it is for.
    pub kind: RunProfileKind,
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Run profile id not found.")
}

pub(crate) fn checked_arguments(arguments: Vec<String>) -> Result<Vec<String>, Error> {
    if arguments.len() > limits::MAP_ENTRIES {
        return Err(Error::invalid(format!("jvmArguments: at most {} are allowed", limits::MAP_ENTRIES)));
    }
    for argument in &arguments {
        let good =
            argument.starts_with('-') && argument.len() <= ARGUMENT_BYTES && !argument.chars().any(|c| c.is_control());
        if !good {
            return Err(Error::invalid(format!(
                "jvmArguments: {argument:?} is not an argument of a Java machine: it must begin with `-`"
            )));
        }
    }
    Ok(arguments)
}

pub(crate) fn owned(tx: &mut Tx<'_>, processor: &Processor, id: &RunProfileId) -> Result<RunProfile, Error> {
    processor.place(tx)?;
    engines::run_profile(tx, id)?.filter(|p| p.processor_id == processor.id()).ok_or_else(unknown)
}

/// The same, locked, so that of two changes at once the second sees the first.
pub(crate) fn owned_locked(tx: &mut Tx<'_>, processor: &Processor, id: &RunProfileId) -> Result<RunProfile, Error> {
    processor.place(tx)?;
    engines::lock_run_profile(tx, id)?.filter(|p| p.processor_id == processor.id()).ok_or_else(unknown)
}

impl Service {
    /// The run profiles of an engine or cluster.
    pub async fn list_run_profiles(
        &self,
        actor: &Actor,
        processor: Processor,
        kind: Option<RunProfileKind>,
    ) -> Result<Vec<RunProfile>, Error> {
        let allowed = actor.allow(SEE)?;
        let proof = allowed.clone();
        self.read(&allowed, move |tx| {
            processor.must_be_seen(tx, proof.actor())?;
            let found = engines::run_profiles(tx, processor.id())?;
            Ok(found.into_iter().filter(|p| kind.is_none_or(|k| p.kind == k)).collect())
        })
        .await
    }

    /// One run profile.
    pub async fn run_profile(
        &self,
        actor: &Actor,
        processor: Processor,
        id: &RunProfileId,
    ) -> Result<RunProfile, Error> {
        let allowed = actor.allow(SEE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            processor.must_be_seen(tx, proof.actor())?;
            owned(tx, &processor, &id)
        })
        .await
    }

    /// Adds a run profile.
    pub async fn create_run_profile(
        &self,
        actor: &Actor,
        processor: Processor,
        request: RunProfileRequest,
    ) -> Result<RunProfile, Error> {
        let allowed = actor.allow(MANAGE)?;
        let now = self.now();
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        let described = description(request.description)?;
        let arguments = checked_arguments(request.jvm_arguments)?;
        let (service, proof) = (self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            let profile = RunProfile {
                id: RunProfileId::generate(now, service.random()),
                processor_kind: processor.kind().to_owned(),
                processor_id: processor.id().to_owned(),
                environment_id: processor.place(tx)?.0,
                name,
                description: described,
                kind: request.kind,
                jvm_arguments: Json(arguments),
                settings: None,
                secret: None,
                version: 1,
                created_ms: now,
                updated_ms: now,
            };
            let message = format!("name: a run profile {} exists already", profile.name);
            profile.insert(tx).map_err(taken(message))?;
            service.audit_profile(tx, &proof, "run-profile.create", &profile)?;
            Ok(profile)
        })
        .await
    }

    /// Changes name, description and arguments; runs that have begun keep what they were given.
    pub async fn update_run_profile(
        &self,
        actor: &Actor,
        processor: Processor,
        id: &RunProfileId,
        request: RunProfileRequest,
    ) -> Result<RunProfile, Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        let described = description(request.description)?;
        let arguments = checked_arguments(request.jvm_arguments)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut profile = owned_locked(tx, &processor, &id)?;
            let before = profile.clone();
            profile.name = name;
            profile.description = described;
            profile.jvm_arguments = Json(arguments);
            profile.version += 1;
            profile.updated_ms = now;
            let message = format!("name: a run profile {} exists already", profile.name);
            profile.update(tx).map_err(taken(message))?;
            service.audit_profile_change(tx, &proof, "run-profile.update", &profile, &before)?;
            Ok(profile)
        })
        .await
    }

    /// Removes a run profile; tasks that use it move to `replacement`. Without one it is refused while tasks use it.
    pub async fn delete_run_profile(
        &self,
        actor: &Actor,
        processor: Processor,
        id: &RunProfileId,
        replacement: Option<RunProfileId>,
    ) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let profile = owned_locked(tx, &processor, &id)?;
            if let Some(other) = &replacement {
                owned(tx, &processor, other)?;
            }
            service.remove_profile(tx, &proof, &profile, replacement.as_ref(), "newRunProfileId", Error::conflict)
        })
        .await
    }

    /// Removes a run profile; tasks that use it move to `replacement`. Without one it is refused with `used` while tasks
    /// use it; `field` is where the caller names one.
    pub(crate) fn remove_profile(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        profile: &RunProfile,
        replacement: Option<&RunProfileId>,
        field: &str,
        used: fn(String) -> Error,
    ) -> Result<(), Error> {
        match replacement {
            Some(other) if *other == profile.id => {
                return Err(Error::invalid(format!("{field}: must be another run profile")));
            }
            Some(other) => {
                engines::replace_run_profile(tx, &profile.id, Some(other))?;
            }
            None if engines::run_profile_in_use(tx, &profile.id)? => {
                return Err(used(format!("run profile {} is used by tasks: name another in {field}", profile.name)));
            }
            None => {}
        }
        engines::delete_run_profile(tx, &profile.id)?;
        self.audit_profile(tx, allowed, "run-profile.delete", profile)
    }

    pub(crate) fn audit_profile(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        row: &RunProfile,
    ) -> Result<(), Error> {
        self.audit_profile_change(tx, allowed, action, row, row)
    }

    /// Tells a run profile that was another one before.
    pub(crate) fn audit_profile_change(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        row: &RunProfile,
        before: &RunProfile,
    ) -> Result<(), Error> {
        let values = audit_states::new_profile_values(before, row);
        let change = Change {
            action,
            object: ("run-profile", row.id.as_str()),
            workspace: None,
            detail: Some(with_change(audit_states::run_profile(row), &[("newValues", values)])),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}
