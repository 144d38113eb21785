//! Dynamic Engines: engines in a Kubernetes cluster. They are entities only: nothing here speaks the protocol of the
//! vendor's installation, so each stays disconnected, and its services are not deployed.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use serde_json::json;
use stoker_domain::dynamic::{DynamicEngineState, ServicesStatus};
use stoker_domain::ids::{DynamicEngineId, EnvironmentId};
use stoker_domain::{Permission, limits, names};
use stoker_store::Tx;
use stoker_store::db::Record;
use stoker_store::dynamic_engines::{self, DynamicEngine};

pub(crate) const MANAGE: &[Permission] = &[Permission::ClusterManagement];
/// Who lists them (source: spec).
const LIST: &[Permission] =
    &[Permission::ClusterManagement, Permission::RunProfileManagement, Permission::EnvironmentManagement];
/// Who reads one (source: spec).
const READ: &[Permission] = &[Permission::ClusterManagement, Permission::DynamicEngineRead];

/// A Dynamic Engine with its state.
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicEngineView {
    /// The engine.
    pub engine: DynamicEngine,
    /// Whether its installation speaks to this server.
    pub state: DynamicEngineState,
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Dynamic Engine id not found.")
}

fn view(engine: DynamicEngine) -> DynamicEngineView {
    DynamicEngineView { engine, state: DynamicEngineState::Disconnected }
}

fn described(text: Option<&str>) -> Result<Option<String>, Error> {
    Ok(text.map(|text| names::described("description", text, limits::DYNAMIC_DESCRIPTION_CHARS)).transpose()?)
}

impl Service {
    /// All Dynamic Engines.
    pub async fn list_dynamic_engines(&self, actor: &Actor) -> Result<Vec<DynamicEngineView>, Error> {
        let allowed = actor.allow(LIST)?;
        let found = self.read::<_, Error, _>(&allowed, |tx| Ok(dynamic_engines::all(tx)?)).await?;
        Ok(found.into_iter().map(view).collect())
    }

    /// One Dynamic Engine.
    pub async fn dynamic_engine(&self, actor: &Actor, id: &DynamicEngineId) -> Result<DynamicEngineView, Error> {
        let allowed = actor.allow(READ)?;
        let id = id.clone();
        self.read(&allowed, move |tx| dynamic_engines::get(tx, &id)?.map(view).ok_or_else(unknown)).await
    }

    /// Adds a Dynamic Engine. Names need not differ (source: spec names no conflict).
    pub async fn create_dynamic_engine(
        &self,
        actor: &Actor,
        name: &str,
        description: Option<&str>,
    ) -> Result<DynamicEngineView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = names::checked("name", name, limits::NAME_CHARS)?;
        let description = described(description)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            let engine = DynamicEngine {
                id: DynamicEngineId::generate(now, service.random()),
                name,
                description,
                created_by: proof.actor().name.clone(),
                modified_by: proof.actor().name.clone(),
                state_ms: now,
                created_ms: now,
                updated_ms: now,
            };
            engine.insert(tx)?;
            service.audit_dynamic(tx, &proof, "dynamic-engine.create", &engine)?;
            Ok(view(engine))
        })
        .await
    }

    /// Renames or re-describes a Dynamic Engine.
    pub async fn update_dynamic_engine(
        &self,
        actor: &Actor,
        id: &DynamicEngineId,
        name: &str,
        description: &str,
    ) -> Result<DynamicEngineView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = names::checked("name", name, limits::NAME_CHARS)?;
        let description = described(Some(description))?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut engine = dynamic_engines::lock(tx, &id)?.ok_or_else(unknown)?;
            engine.name = name;
            engine.description = description;
            engine.modified_by = proof.actor().name.clone();
            engine.updated_ms = now;
            engine.update(tx)?;
            service.audit_dynamic(tx, &proof, "dynamic-engine.update", &engine)?;
            Ok(view(engine))
        })
        .await
    }

    /// Removes a Dynamic Engine. Refused while environments are assigned to it.
    pub async fn delete_dynamic_engine(&self, actor: &Actor, id: &DynamicEngineId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let engine = dynamic_engines::lock(tx, &id)?.ok_or_else(unknown)?;
            let assigned = dynamic_engines::assigned(tx, &id)?;
            if !assigned.is_empty() {
                // 409 is not published for this call (source: spec).
                return Err(Error::invalid(format!(
                    "engine {} still has the environment {}: unassign it first",
                    engine.name,
                    assigned.join(", ")
                )));
            }
            dynamic_engines::delete(tx, &id)?;
            service.audit_dynamic(tx, &proof, "dynamic-engine.delete", &engine)
        })
        .await
    }

    /// Status of the base services in the cluster: not deployed, because no installation speaks to this server.
    pub async fn dynamic_engine_status(&self, actor: &Actor, id: &DynamicEngineId) -> Result<ServicesStatus, Error> {
        let allowed = actor.allow(MANAGE)?;
        let id = id.clone();
        self.read(&allowed, move |tx| {
            dynamic_engines::get(tx, &id)?.map(|_| ServicesStatus::NotDeployed).ok_or_else(unknown)
        })
        .await
    }

    /// Status of an environment that is assigned to the engine; 404 when it is not.
    pub async fn dynamic_environment_status(
        &self,
        actor: &Actor,
        engine: &DynamicEngineId,
        environment: &EnvironmentId,
    ) -> Result<ServicesStatus, Error> {
        let allowed = actor.allow(MANAGE)?;
        let (engine, environment) = (engine.clone(), environment.clone());
        self.read(&allowed, move |tx| {
            dynamic_engines::get(tx, &engine)?.ok_or_else(unknown)?;
            let found = dynamic_engines::environment(tx, &environment)?;
            let assigned = found.is_some_and(|found| found.engine_id.as_ref() == Some(&engine));
            if assigned { Ok(ServicesStatus::NotDeployed) } else { Err(not_assigned()) }
        })
        .await
    }

    /// The versions of the installation that can be connected, by number: none, because nothing here speaks their
    /// protocol.
    pub fn dynamic_engine_versions(&self, actor: &Actor) -> Result<Vec<String>, Error> {
        actor.allow(MANAGE)?;
        Ok(Vec::new())
    }

    fn audit_dynamic(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        row: &DynamicEngine,
    ) -> Result<(), Error> {
        let detail = Some(json!({ "name": row.name, "description": row.description }));
        let change = Change { action, object: ("dynamic-engine", row.id.as_str()), workspace: None, detail };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

pub(crate) fn not_assigned() -> Error {
    Error::not_found("the environment is not assigned to the Dynamic Engine")
}
