//! Run profiles of all engines in one family of calls, whatever they belong to (source: spec).

use crate::Page;
use crate::actor::Actor;
use crate::app::Service;
use crate::environments::description;
use crate::error::{Error, taken};
use crate::run_profiles::{MANAGE, Processor, RunProfileRequest, checked_arguments, unknown};
use stoker_domain::ids::{EnvironmentId, RunProfileId, WorkspaceId};
use stoker_domain::runtime::{ProcessorKind, RunProfileKind};
use stoker_domain::{limits, names};
use stoker_store::db::{Json, Record};
use stoker_store::engines::{self, RunProfile};
use stoker_store::run_profiles::{self, ProfileFilter, Sort};
use stoker_store::{Tx, dynamic_engines};

/// A run profile with what its answers show beside its row.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileView {
    /// The run profile.
    pub profile: RunProfile,
    /// What it belongs to: an engine, a cluster, or the Dynamic Engine its environment is assigned to; the environment
    /// while it is assigned to none.
    pub processor_id: String,
    /// The workspace its engine is kept for.
    pub workspace_id: Option<WorkspaceId>,
}

/// Changes; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// A new name.
    pub name: Option<String>,
    /// Environment id; must be the one it has.
    pub scope: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// New arguments of the Java machine.
    pub jvm_arguments: Option<Vec<String>>,
}

/// A search.
#[derive(Clone, Debug)]
pub struct ProfileQuery {
    /// What it is narrowed to.
    pub filter: ProfileFilter,
    /// Order.
    pub sort: Sort,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Page size.
    pub limit: i64,
    /// Items to pass over.
    pub offset: i64,
}

fn processor(row: &RunProfile) -> Result<Processor, Error> {
    let id = row.processor_id.as_str();
    Ok(match ProcessorKind::from_id(&row.processor_kind) {
        Some(ProcessorKind::Engine) => Processor::Engine(stoker_domain::ids::EngineId::trusted(id)),
        Some(ProcessorKind::Cluster) => Processor::Cluster(stoker_domain::ids::ClusterId::trusted(id)),
        Some(ProcessorKind::PipelineEngine) => Processor::Pipeline(stoker_domain::ids::PipelineEngineId::trusted(id)),
        Some(ProcessorKind::DynamicEngine) => Processor::Dynamic(EnvironmentId::trusted(id)),
        None => return Err(Error::internal("a run profile belongs to something unknown")),
    })
}

fn view(tx: &mut Tx<'_>, profile: RunProfile) -> Result<ProfileView, Error> {
    let processor = processor(&profile)?;
    let (environment, workspace_id) = processor.place(tx)?;
    let assigned = match processor {
        Processor::Dynamic(_) => dynamic_engines::environment(tx, &environment)?.and_then(|row| row.engine_id),
        _ => None,
    };
    let processor_id = assigned.map_or_else(|| profile.processor_id.clone(), |id| id.to_string());
    Ok(ProfileView { profile, processor_id, workspace_id })
}

/// The run profile, when it has arguments of a Java machine.
fn for_jobs(found: Option<RunProfile>) -> Result<RunProfile, Error> {
    let found = found.ok_or_else(unknown)?;
    if found.kind.is_for_jobs() {
        return Ok(found);
    }
    Err(Error::not_found(format!(
        "Run profile id not found: it is of type {}, see the run profiles of its Gen2 engine",
        found.kind.id()
    )))
}

impl Service {
    /// Adds a run profile to whatever it is for.
    pub async fn create_any_run_profile(
        &self,
        actor: &Actor,
        processor: Processor,
        request: RunProfileRequest,
    ) -> Result<ProfileView, Error> {
        if matches!(processor, Processor::Pipeline(_)) && request.kind != RunProfileKind::JobServer {
            return Err(Error::invalid("type: a Gen2 engine has run profiles of the type JOB_SERVER only"));
        }
        let made = self.create_run_profile(actor, processor, request).await?;
        self.any_run_profile(actor, &made.id).await
    }

    /// One run profile for jobs or services, whatever it belongs to.
    pub async fn any_run_profile(&self, actor: &Actor, id: &RunProfileId) -> Result<ProfileView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let id = id.clone();
        self.read(&allowed, move |tx| {
            let found = for_jobs(engines::run_profile(tx, &id)?)?;
            view(tx, found)
        })
        .await
    }

    /// A page of run profiles of all kinds.
    pub async fn search_run_profiles(&self, actor: &Actor, query: ProfileQuery) -> Result<Page<ProfileView>, Error> {
        let allowed = actor.allow(MANAGE)?;
        let long = |list: &[String]| list.len() > limits::FILTER_VALUES;
        if long(&query.filter.processor_ids) || long(&query.filter.environments) {
            let most = limits::FILTER_VALUES;
            return Err(Error::invalid(format!("processorIds and scopeIds: at most {most} are allowed in each")));
        }
        self.read(&allowed, move |tx| {
            let order = (query.sort, query.descending);
            let (found, total) = run_profiles::search(tx, &query.filter, order, query.limit, query.offset)?;
            let mut items = Vec::with_capacity(found.len());
            for profile in found {
                items.push(view(tx, profile)?);
            }
            Ok(Page { items, limit: query.limit, offset: query.offset, total })
        })
        .await
    }

    /// Changes a run profile; runs that have begun keep what they were given.
    pub async fn update_any_run_profile(
        &self,
        actor: &Actor,
        id: &RunProfileId,
        change: ProfileChange,
    ) -> Result<ProfileView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = change.name.map(|name| names::checked("name", &name, limits::NAME_CHARS)).transpose()?;
        let described = description(change.description)?;
        let arguments = change.jvm_arguments.map(checked_arguments).transpose()?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut profile = for_jobs(engines::lock_run_profile(tx, &id)?)?;
            if change.scope.is_some_and(|scope| scope != profile.environment_id.as_str()) {
                return Err(Error::invalid("scopeId: a run profile stays in its environment"));
            }
            let before = profile.clone();
            profile.name = name.unwrap_or(profile.name);
            profile.description = described.or(profile.description);
            profile.jvm_arguments = arguments.map_or(profile.jvm_arguments, Json);
            profile.version += 1;
            profile.updated_ms = now;
            let message = format!("name: a run profile {} exists already", profile.name);
            profile.update(tx).map_err(taken(message))?;
            service.audit_profile_change(tx, &proof, "run-profile.update", &profile, &before)?;
            view(tx, profile)
        })
        .await
    }

    /// Removes a run profile; tasks that use it move to `replacement`, which belongs to the same engine, cluster or
    /// environment. Without one it is refused while tasks use it.
    pub async fn delete_any_run_profile(
        &self,
        actor: &Actor,
        id: &RunProfileId,
        replacement: Option<RunProfileId>,
    ) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let profile = for_jobs(engines::lock_run_profile(tx, &id)?)?;
            if let Some(other) = &replacement {
                let other = engines::run_profile(tx, other)?;
                let fits = |other: &RunProfile| other.processor_id == profile.processor_id && other.kind.is_for_jobs();
                if !other.as_ref().is_some_and(fits) {
                    let message = "rescheduleRunProfileId: must be a run profile of the same engine or environment";
                    return Err(Error::invalid(message));
                }
            }
            let field = "rescheduleRunProfileId";
            service.remove_profile(tx, &proof, &profile, replacement.as_ref(), field, Error::InUse)
        })
        .await
    }
}
