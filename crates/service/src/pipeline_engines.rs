//! Gen2 engines. They are entities only: nothing here speaks the protocol of the vendor's program, so each stays not
//! paired and not available, and a start of a task bound to one is refused with the cure.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::engines::{MANAGE, Place, SEE, must_be_visible, place, place_of, visible};
use crate::environments::{description, kept, parse_filter};
use crate::error::{Error, taken};
use serde_json::json;
use stoker_domain::ids::{PipelineEngineId, uuid};
use stoker_domain::runtime::{Availability, PairingStatus};
use stoker_domain::{limits, names};
use stoker_secrets::token;
use stoker_store::db::Record;
use stoker_store::pipeline_engines::{self, PipelineEngine};
use stoker_store::{Tx, engines};

/// Fields a filter may name.
const FIELDS: &[&str] = crate::engines::FIELDS;

/// A Gen2 engine with what its answers show beside its row.
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineEngineView {
    /// The engine.
    pub engine: PipelineEngine,
    /// Whether it can take runs now: never, because nothing is paired with it.
    pub availability: Availability,
    /// Its pairing key, when the caller manages engines.
    pub pairing_key: Option<String>,
    /// Where it belongs.
    pub place: Place,
}

/// Values of a new Gen2 engine.
#[derive(Clone, Debug)]
pub struct PipelineEngineRequest {
    /// Unique among the Gen2 engines of the environment.
    pub name: String,
    /// Environment id.
    pub environment: String,
    /// Workspace id, when it is kept for one.
    pub workspace: Option<String>,
    /// Free text.
    pub description: Option<String>,
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Engine id not found.")
}

pub(crate) fn key_context(id: &PipelineEngineId) -> String {
    format!("pipeline engine {id} pairing key")
}

impl Service {
    fn pipeline_view(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        engine: PipelineEngine,
    ) -> Result<PipelineEngineView, Error> {
        let place = place_of(tx, &engine.environment_id, engine.workspace_id.as_ref())?;
        let pairing_key = if engine.status == PairingStatus::NotPaired && actor.has_any(MANAGE) {
            let plain = self.inner.keys.decrypt(&key_context(&engine.id), &engine.key_sealed)?;
            Some(String::from_utf8(plain).map_err(Error::internal)?)
        } else {
            None
        };
        Ok(PipelineEngineView { engine, availability: Availability::NotAvailable, pairing_key, place })
    }

    fn new_pipeline_key(&self, id: &PipelineEngineId) -> String {
        let key = token::pairing_key(self.random());
        self.inner.keys.encrypt(&key_context(id), key.as_bytes(), self.random())
    }

    /// The Gen2 engines the actor may see, narrowed by a filter.
    pub async fn list_pipeline_engines(
        &self,
        actor: &Actor,
        query: Option<&str>,
    ) -> Result<Vec<PipelineEngineView>, Error> {
        let allowed = actor.allow(SEE)?;
        let filter = parse_filter(query, FIELDS)?;
        let (service, proof) = (self.clone(), allowed.clone());
        let found = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let mut views = Vec::new();
                for engine in pipeline_engines::all(tx)? {
                    if visible(tx, proof.actor(), &engine.environment_id, engine.workspace_id.as_ref())? {
                        views.push(service.pipeline_view(tx, proof.actor(), engine)?);
                    }
                }
                Ok(views)
            })
            .await?;
        Ok(kept(found, filter.as_ref(), field))
    }

    /// One Gen2 engine.
    pub async fn pipeline_engine(&self, actor: &Actor, id: &PipelineEngineId) -> Result<PipelineEngineView, Error> {
        let allowed = actor.allow(SEE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.read(&allowed, move |tx| {
            let engine = pipeline_engines::get(tx, &id)?.ok_or_else(unknown)?;
            must_be_visible(tx, proof.actor(), &engine.environment_id, engine.workspace_id.as_ref())?;
            service.pipeline_view(tx, proof.actor(), engine)
        })
        .await
    }

    /// Registers a Gen2 engine; the answer carries its pairing key.
    pub async fn create_pipeline_engine(
        &self,
        actor: &Actor,
        request: PipelineEngineRequest,
    ) -> Result<PipelineEngineView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        let described = description(request.description.clone())?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            let place = place(tx, &request.environment, request.workspace.as_deref())?;
            let id = PipelineEngineId::generate(now, service.random());
            let engine = PipelineEngine {
                environment_id: place.environment().id.clone(),
                workspace_id: match &place {
                    Place::Environment(_) => None,
                    Place::Workspace(view) => Some(view.workspace.id.clone()),
                },
                name,
                description: described,
                runtime_id: uuid(service.random()),
                status: PairingStatus::NotPaired,
                key_sealed: service.new_pipeline_key(&id),
                created_ms: now,
                updated_ms: now,
                id,
            };
            let message = format!("name: a Gen2 engine {} exists already in the environment", engine.name);
            engine.insert(tx).map_err(taken(message))?;
            service.audit_pipeline(tx, &proof, "pipeline-engine.create", &engine)?;
            service.pipeline_view(tx, proof.actor(), engine)
        })
        .await
    }

    /// Gives a Gen2 engine a new pairing key; the old one is worthless at once.
    pub async fn unpair_pipeline_engine(&self, actor: &Actor, id: &PipelineEngineId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut engine = pipeline_engines::lock(tx, &id)?.ok_or_else(unknown)?;
            engine.status = PairingStatus::NotPaired;
            engine.key_sealed = service.new_pipeline_key(&id);
            engine.updated_ms = now;
            engine.update(tx)?;
            service.audit_pipeline(tx, &proof, "pipeline-engine.unpair", &engine)
        })
        .await
    }

    /// Removes a Gen2 engine with its run profiles. Refused while tasks are bound to it.
    pub async fn delete_pipeline_engine(&self, actor: &Actor, id: &PipelineEngineId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let engine = pipeline_engines::lock(tx, &id)?.ok_or_else(unknown)?;
            let users = engines::used_by(tx, id.as_str())?;
            if !users.is_empty() {
                let users = users.join(", ");
                return Err(Error::conflict(format!("engine {} is used by task {users}", engine.name)));
            }
            pipeline_engines::delete(tx, &id)?;
            service.audit_pipeline(tx, &proof, "pipeline-engine.delete", &engine)
        })
        .await
    }

    fn audit_pipeline(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        row: &PipelineEngine,
    ) -> Result<(), Error> {
        let detail = Some(json!({
            "name": row.name, "description": row.description, "status": row.status.id(),
            "environmentId": row.environment_id.as_str(),
            "workspaceId": row.workspace_id.as_ref().map(|id| id.as_str()),
        }));
        let (object, workspace) = (("pipeline-engine", row.id.as_str()), row.workspace_id.as_ref());
        let change = Change { action, object, workspace, detail };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

fn field(view: &PipelineEngineView, name: &str) -> Option<String> {
    match name {
        "id" => Some(view.engine.id.to_string()),
        "name" => Some(view.engine.name.clone()),
        "description" => view.engine.description.clone(),
        "status" => Some(view.engine.status.id().to_owned()),
        "availability" => Some(view.availability.id().to_owned()),
        "runtimeId" => Some(view.engine.runtime_id.clone()),
        other => view.place.field(other),
    }
}
