//! Engine entities.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states;
use crate::dispatch;
use crate::environments::{description, kept, parse_filter};
use crate::error::{Error, taken};
use crate::workspaces::{WorkspaceView, belongs, view};
use stoker_domain::ids::{EngineId, EnvironmentId, RunId, WorkspaceId};
use stoker_domain::runtime::{Availability, PairingStatus, RunProfileKind};
use stoker_domain::{Permission, Rights, limits, names};
use stoker_secrets::token;
use stoker_store::db::{Json, Record};
use stoker_store::engines::{self, Engine};
use stoker_store::environments::{self, Environment};
use stoker_store::{Tx, workspaces};

pub(crate) const MANAGE: &[Permission] = &[Permission::ClusterManagement];
pub(crate) const SEE: &[Permission] =
    &[Permission::ClusterManagement, Permission::Operator, Permission::EngineUse, Permission::RunProfileManagement];

/// Fields a filter may name.
pub(crate) const FIELDS: &[&str] = &[
    "id",
    "name",
    "description",
    "status",
    "availability",
    "runtimeId",
    "clusterId",
    "workspace.id",
    "workspace.name",
    "workspace.environment.id",
    "workspace.environment.name",
    "environment.id",
    "environment.name",
    "environmentId",
    "workspaceId",
];

/// Where an engine or cluster belongs: an environment, and a workspace when it is kept for one.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Usable by all workspaces of the environment.
    Environment(Environment),
    /// Usable by this workspace only.
    Workspace(WorkspaceView),
}

impl Place {
    /// The environment.
    pub fn environment(&self) -> &Environment {
        match self {
            Place::Environment(environment) => environment,
            Place::Workspace(view) => &view.environment,
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let workspace = match self {
            Place::Environment(_) => None,
            Place::Workspace(view) => Some(&view.workspace),
        };
        match name {
            "workspace.id" | "workspaceId" => workspace.map(|w| w.id.to_string()),
            "workspace.name" => workspace.map(|w| w.name.clone()),
            "workspace.environment.id" | "environment.id" | "environmentId" => Some(self.environment().id.to_string()),
            "workspace.environment.name" | "environment.name" => Some(self.environment().name.clone()),
            _ => None,
        }
    }
}

/// An engine with what its answers show beside its row.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineView {
    /// The engine.
    pub engine: Engine,
    /// Whether it can take runs now.
    pub availability: Availability,
    /// Its pairing key, while it is not paired and the caller manages engines.
    pub pairing_key: Option<String>,
    /// Where it belongs.
    pub place: Place,
}

/// Values of a new engine.
#[derive(Clone, Debug)]
pub struct EngineRequest {
    /// Unique in the environment.
    pub name: String,
    /// Environment id.
    pub environment: String,
    /// Workspace id, when it is kept for one.
    pub workspace: Option<String>,
    /// Kinds of run profiles it serves.
    pub run_profiles: Vec<String>,
    /// Free text.
    pub description: Option<String>,
    /// Compatibility version for services.
    pub esb_version: Option<String>,
    /// Host for remote debugging.
    pub debug_host: Option<String>,
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Engine id not found.")
}

pub(crate) fn key_context(id: &EngineId) -> String {
    format!("engine {id} pairing key")
}

/// Reads environment and workspace ids of a request and checks that they fit together.
pub(crate) fn place(tx: &mut Tx<'_>, environment: &str, workspace: Option<&str>) -> Result<Place, Error> {
    let environment_id = EnvironmentId::parse(environment)?;
    let environment = environments::get(tx, &environment_id)?.ok_or_else(crate::environments::unknown)?;
    if stoker_store::dynamic_engines::environment(tx, &environment_id)?.is_some() {
        let message = "environmentId: it is a Dynamic Engine environment, whose tasks run on its Dynamic Engine only";
        return Err(Error::invalid(message));
    }
    match workspace.filter(|id| !id.is_empty()) {
        None => Ok(Place::Environment(environment)),
        Some(id) => {
            let id = WorkspaceId::parse(id)?;
            let workspace = belongs(tx, &id, &environment_id)?;
            Ok(Place::Workspace(WorkspaceView { workspace, environment }))
        }
    }
}

/// The place of a stored engine or cluster.
pub(crate) fn place_of(
    tx: &mut Tx<'_>,
    environment: &EnvironmentId,
    workspace: Option<&WorkspaceId>,
) -> Result<Place, Error> {
    match workspace {
        Some(id) => Ok(Place::Workspace(view(tx, id)?)),
        None => {
            let found = environments::get(tx, environment)?.ok_or_else(crate::environments::unknown)?;
            Ok(Place::Environment(found))
        }
    }
}

/// Whether the actor sees an engine or cluster: managers all, others those of environments and workspaces where they
/// have a right (source: doc, scope inferred).
pub(crate) fn visible(
    tx: &mut Tx<'_>,
    actor: &Actor,
    environment: &EnvironmentId,
    workspace: Option<&WorkspaceId>,
) -> Result<bool, Error> {
    if actor.has_any(&[Permission::ClusterManagement, Permission::RunProfileManagement]) {
        return Ok(true);
    }
    if let Some(id) = workspace {
        return Ok(workspaces::rights(tx, &actor.id, id)?.has_any(Rights::all()));
    }
    Ok(workspaces::with_rights(tx, &actor.id)?.iter().any(|w| w.environment_id == *environment))
}

/// Refuses with 403 when the actor does not see the engine or cluster.
pub(crate) fn must_be_visible(
    tx: &mut Tx<'_>,
    actor: &Actor,
    environment: &EnvironmentId,
    workspace: Option<&WorkspaceId>,
) -> Result<(), Error> {
    if visible(tx, actor, environment, workspace)? {
        return Ok(());
    }
    Err(Error::Forbidden("Forbidden: this needs a right on a workspace of its environment".to_owned()))
}

fn checked_profiles(kinds: Vec<String>, esb_version: Option<&str>) -> Result<Vec<String>, Error> {
    let mut checked = vec![RunProfileKind::JobServer.id().to_owned()];
    for kind in kinds {
        let known = RunProfileKind::for_jobs(&kind)
            .ok_or_else(|| Error::invalid(format!("runProfiles: {kind:?} is not a kind of run profile")))?;
        if known != RunProfileKind::JobServer {
            if esb_version.is_none() {
                return Err(Error::invalid(format!("esbCompatibilityVersion: is needed with {kind}")));
            }
            checked.push(kind);
        }
    }
    checked.dedup();
    Ok(checked)
}

impl Service {
    pub(crate) fn engine_view(&self, tx: &mut Tx<'_>, actor: &Actor, engine: Engine) -> Result<EngineView, Error> {
        let availability = dispatch::availability(&engine, self.now(), self.settings().engine_silence_ms);
        let place = place_of(tx, &engine.environment_id, engine.workspace_id.as_ref())?;
        let pairing_key = match &engine.key_sealed {
            Some(sealed) if engine.status == PairingStatus::NotPaired && actor.has_any(MANAGE) => {
                let plain = self.inner.keys.decrypt(&key_context(&engine.id), sealed)?;
                Some(String::from_utf8(plain).map_err(Error::internal)?)
            }
            _ => None,
        };
        Ok(EngineView { engine, availability, pairing_key, place })
    }

    /// The engines the actor may see, narrowed by a filter.
    pub async fn list_engines(&self, actor: &Actor, query: Option<&str>) -> Result<Vec<EngineView>, Error> {
        let allowed = actor.allow(SEE)?;
        let filter = parse_filter(query, FIELDS)?;
        let (service, proof) = (self.clone(), allowed.clone());
        let found = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let mut views = Vec::new();
                for engine in engines::all(tx)? {
                    if visible(tx, proof.actor(), &engine.environment_id, engine.workspace_id.as_ref())? {
                        views.push(service.engine_view(tx, proof.actor(), engine)?);
                    }
                }
                Ok(views)
            })
            .await?;
        Ok(kept(found, filter.as_ref(), field))
    }

    /// One engine.
    pub async fn engine(&self, actor: &Actor, id: &EngineId) -> Result<EngineView, Error> {
        let allowed = actor.allow(SEE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.read(&allowed, move |tx| {
            let engine = engines::get(tx, &id)?.ok_or_else(unknown)?;
            must_be_visible(tx, proof.actor(), &engine.environment_id, engine.workspace_id.as_ref())?;
            service.engine_view(tx, proof.actor(), engine)
        })
        .await
    }

    /// Registers an engine; the answer carries its pairing key.
    pub async fn create_engine(&self, actor: &Actor, request: EngineRequest) -> Result<EngineView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        let described = description(request.description.clone())?;
        let esb_version =
            names::optional("esbCompatibilityVersion", request.esb_version.as_deref(), limits::NAME_CHARS)?;
        let run_profiles = checked_profiles(request.run_profiles.clone(), esb_version.as_deref())?;
        let debug_host = names::optional("debug.host", request.debug_host.as_deref(), limits::NAME_CHARS)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            let place = place(tx, &request.environment, request.workspace.as_deref())?;
            let id = EngineId::generate(now, service.random());
            let mut engine = Engine {
                workspace_id: match &place {
                    Place::Environment(_) => None,
                    Place::Workspace(view) => Some(view.workspace.id.clone()),
                },
                description: described,
                run_profiles: Json(run_profiles),
                esb_version,
                debug_host,
                ..service.new_engine(id, place.environment().id.clone(), name, now)
            };
            service.give_key(&mut engine);
            let message = format!("name: an engine {} exists already in the environment", engine.name);
            engine.insert(tx).map_err(taken(message))?;
            service.audit_engine(tx, &proof, "engine.create", &engine)?;
            service.engine_view(tx, proof.actor(), engine)
        })
        .await
    }

    /// An engine that nobody has paired yet and that has no pairing key; see [`Service::give_key`].
    pub(crate) fn new_engine(&self, id: EngineId, environment_id: EnvironmentId, name: String, now_ms: i64) -> Engine {
        Engine {
            id,
            environment_id,
            workspace_id: None,
            cluster_id: None,
            name,
            description: None,
            runtime_id: RunId::generate(now_ms, self.random()).to_string(),
            run_profiles: Json(Vec::new()),
            esb_version: None,
            debug_host: None,
            status: PairingStatus::NotPaired,
            key_sealed: None,
            key_hash: None,
            signing_key: None,
            sealing_key: None,
            session_id: None,
            max_runs: 0,
            seen_ms: None,
            served_ms: 0,
            stopped_ms: None,
            engine_version: None,
            host: None,
            tests_most: None,
            drain_ms: None,
            drain_by: None,
            drain_reason: None,
            paired_ms: None,
            created_ms: now_ms,
            updated_ms: now_ms,
        }
    }

    pub(crate) fn give_key(&self, engine: &mut Engine) {
        let key = token::pairing_key(self.random());
        engine.key_sealed = Some(self.inner.keys.encrypt(&key_context(&engine.id), key.as_bytes(), self.random()));
        engine.key_hash = Some(token::hash(&key));
    }

    /// Unpairs an engine and gives it a new key. The old key and the old installation stop working at once; its runs end
    /// as failed, because nobody could report for them any more.
    pub async fn unpair_engine(&self, actor: &Actor, id: &EngineId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, wanted, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write::<_, Error, _>(&allowed, move |tx| {
            let mut engine = engines::lock(tx, &wanted)?.ok_or_else(unknown)?;
            let message = "the engine was unpaired while the run was on it";
            crate::link::end_all(tx, &engine.id, now, "engine_unpaired", message)?;
            engine.status = PairingStatus::NotPaired;
            engine.session_id = None;
            engine.signing_key = None;
            engine.sealing_key = None;
            engine.seen_ms = None;
            engine.tests_most = None;
            engine.paired_ms = None;
            engine.updated_ms = now;
            service.give_key(&mut engine);
            engine.update(tx)?;
            service.audit_engine(tx, &proof, "engine.unpair", &engine)
        })
        .await?;
        self.inner.hub.wake(id);
        Ok(())
    }

    /// Removes an engine. Refused while it is in a cluster, tasks are bound to it, or it has runs.
    pub async fn delete_engine(&self, actor: &Actor, id: &EngineId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, wanted, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write::<_, Error, _>(&allowed, move |tx| {
            let engine = engines::lock(tx, &wanted)?.ok_or_else(unknown)?;
            if engine.cluster_id.is_some() {
                return Err(Error::conflict(format!(
                    "engine {} is in a cluster: remove it from there first",
                    engine.name
                )));
            }
            let users = engines::used_by(tx, wanted.as_str())?;
            if !users.is_empty() {
                return Err(Error::conflict(format!("engine {} is used by task {}", engine.name, users.join(", "))));
            }
            if stoker_store::runs::leased_count(tx, &wanted)? > 0 {
                return Err(Error::conflict(format!("engine {} has active runs: stop them first", engine.name)));
            }
            // It has no runs of tasks; what it has are test runs.
            crate::link::end_all(
                tx,
                &wanted,
                now,
                "engine_removed",
                "the engine was removed in the middle of the run",
            )?;
            engines::delete(tx, &wanted)?;
            service.audit_engine(tx, &proof, "engine.delete", &engine)
        })
        .await?;
        self.inner.hub.wake(id);
        Ok(())
    }

    /// Sets the host for remote debugging, or switches it off.
    pub async fn set_engine_debug(
        &self,
        actor: &Actor,
        id: &EngineId,
        host: Option<String>,
    ) -> Result<EngineView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let host = names::optional("host", host.as_deref(), limits::NAME_CHARS)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut engine = engines::lock(tx, &id)?.ok_or_else(unknown)?;
            engine.debug_host = host;
            engine.updated_ms = now;
            engine.update(tx)?;
            service.audit_engine(tx, &proof, "engine.debug", &engine)?;
            service.engine_view(tx, proof.actor(), engine)
        })
        .await
    }

    pub(crate) fn audit_engine(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        row: &Engine,
    ) -> Result<(), Error> {
        let change = Change {
            action,
            object: ("engine", row.id.as_str()),
            workspace: row.workspace_id.as_ref(),
            detail: Some(audit_states::engine(row)),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

fn field(view: &EngineView, name: &str) -> Option<String> {
    match name {
        "id" => Some(view.engine.id.to_string()),
        "name" => Some(view.engine.name.clone()),
        "description" => view.engine.description.clone(),
        "status" => Some(view.engine.status.id().to_owned()),
        "availability" => Some(view.availability.id().to_owned()),
        "runtimeId" => Some(view.engine.runtime_id.clone()),
        "clusterId" => view.engine.cluster_id.as_ref().map(ToString::to_string),
        other => view.place.field(other),
    }
}
