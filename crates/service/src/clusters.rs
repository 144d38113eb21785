//! Clusters of engines.

pub use crate::cluster_profiles::ProfileChoice;

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states;
use crate::dispatch;
use crate::engines::{MANAGE, Place, SEE, must_be_visible, place, place_of, visible};
use crate::environments::{description, kept, parse_filter};
use crate::error::{Error, taken};
use stoker_domain::ids::{ClusterId, EngineId, RunId};
use stoker_domain::runtime::Availability;
use stoker_domain::{limits, names};
use stoker_store::Tx;
use stoker_store::db::Record;
use stoker_store::engines::{self, Cluster, Engine};

/// Fields a filter may name.
const FIELDS: &[&str] = crate::engines::FIELDS;

/// A cluster with what its answers show beside its row.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterView {
    /// The cluster.
    pub cluster: Cluster,
    /// Its members.
    pub engines: Vec<Engine>,
    /// Whether any member can take runs now.
    pub availability: Availability,
    /// Where it belongs.
    pub place: Place,
}

/// Values of a new cluster.
#[derive(Clone, Debug)]
pub struct ClusterRequest {
    /// Unique in the environment.
    pub name: String,
    /// Environment id.
    pub environment: String,
    /// Workspace id, when it is kept for one.
    pub workspace: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Engine ids of its first members.
    pub engines: Vec<String>,
}

fn unknown() -> Error {
    Error::not_found("Cluster id not found.")
}

/// Puts an engine into a cluster; both must lie in the same environment, and the engine in no other cluster.
fn join(tx: &mut Tx<'_>, cluster: &Cluster, engine: &EngineId, now: i64) -> Result<(), Error> {
    let engine = engines::lock(tx, engine)?.ok_or_else(|| Error::not_found("Engine id not found."))?;
    if engine.environment_id != cluster.environment_id {
        return Err(Error::invalid(format!("engine {} lies in another environment than the cluster", engine.name)));
    }
    match &engine.cluster_id {
        Some(id) if *id == cluster.id => {
            Err(Error::conflict(format!("engine {} is in the cluster already", engine.name)))
        }
        Some(_) => Err(Error::conflict(format!("engine {} is in another cluster", engine.name))),
        None => {
            engines::set_cluster(tx, &engine.id, Some(&cluster.id), now)?;
            Ok(())
        }
    }
}

impl Service {
    fn cluster_view(&self, tx: &mut Tx<'_>, cluster: Cluster) -> Result<ClusterView, Error> {
        let engines = engines::members(tx, &cluster.id)?;
        let silence = self.settings().engine_silence_ms;
        let up = engines.iter().any(|e| dispatch::availability(e, self.now(), silence) == Availability::Available);
        let availability = if up { Availability::Available } else { Availability::NotAvailable };
        let place = place_of(tx, &cluster.environment_id, cluster.workspace_id.as_ref())?;
        Ok(ClusterView { cluster, engines, availability, place })
    }

    /// The clusters the actor may see, narrowed by a filter.
    pub async fn list_clusters(&self, actor: &Actor, query: Option<&str>) -> Result<Vec<ClusterView>, Error> {
        let allowed = actor.allow(SEE)?;
        let filter = parse_filter(query, FIELDS)?;
        let (service, proof) = (self.clone(), allowed.clone());
        let found = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let mut views = Vec::new();
                for cluster in engines::clusters(tx)? {
                    if visible(tx, proof.actor(), &cluster.environment_id, cluster.workspace_id.as_ref())? {
                        views.push(service.cluster_view(tx, cluster)?);
                    }
                }
                Ok(views)
            })
            .await?;
        Ok(kept(found, filter.as_ref(), field))
    }

    /// One cluster.
    pub async fn cluster(&self, actor: &Actor, id: &ClusterId) -> Result<ClusterView, Error> {
        let allowed = actor.allow(SEE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.read(&allowed, move |tx| {
            let cluster = engines::cluster(tx, &id)?.ok_or_else(unknown)?;
            must_be_visible(tx, proof.actor(), &cluster.environment_id, cluster.workspace_id.as_ref())?;
            service.cluster_view(tx, cluster)
        })
        .await
    }

    /// Adds a cluster.
    pub async fn create_cluster(&self, actor: &Actor, request: ClusterRequest) -> Result<ClusterView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        let described = description(request.description.clone())?;
        let members = request.engines.iter().map(|id| EngineId::parse(id)).collect::<Result<Vec<_>, _>>()?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            let place = place(tx, &request.environment, request.workspace.as_deref())?;
            let cluster = Cluster {
                id: ClusterId::generate(now, service.random()),
                environment_id: place.environment().id.clone(),
                workspace_id: match &place {
                    Place::Environment(_) => None,
                    Place::Workspace(view) => Some(view.workspace.id.clone()),
                },
                name,
                description: described,
                runtime_id: RunId::generate(now, service.random()).to_string(),
                created_ms: now,
                updated_ms: now,
            };
            let message = format!("name: a cluster {} exists already in the environment", cluster.name);
            cluster.insert(tx).map_err(taken(message))?;
            for engine in &members {
                join(tx, &cluster, engine, now)?;
            }
            service.audit_cluster(tx, &proof, "cluster.create", &cluster)?;
            service.cluster_view(tx, cluster)
        })
        .await
    }

    /// Removes a cluster; its members stay as single engines. Refused while tasks are bound to it.
    pub async fn delete_cluster(&self, actor: &Actor, id: &ClusterId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let cluster = engines::cluster(tx, &id)?.ok_or_else(unknown)?;
            let users = engines::used_by(tx, id.as_str())?;
            if !users.is_empty() {
                return Err(Error::conflict(format!("cluster {} is used by task {}", cluster.name, users.join(", "))));
            }
            service.audit_cluster(tx, &proof, "cluster.delete", &cluster)?;
            engines::delete_cluster(tx, &id)?;
            Ok(())
        })
        .await
    }

    /// Puts an engine into a cluster; it may take waiting runs at once. `choice` says what becomes of tasks that use its
    /// run profiles.
    pub async fn add_to_cluster(
        &self,
        actor: &Actor,
        cluster: &ClusterId,
        engine: &EngineId,
        choice: ProfileChoice,
    ) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        let (id, member) = (cluster.clone(), engine.clone());
        self.write::<_, Error, _>(&allowed, move |tx| {
            let cluster = engines::cluster(tx, &id)?.ok_or_else(unknown)?;
            join(tx, &cluster, &member, now)?;
            service.move_tasks(tx, &proof, &cluster, &member, &choice)?;
            service.audit_cluster(tx, &proof, "cluster.add-engine", &cluster)
        })
        .await?;
        self.inner.hub.wake(engine);
        Ok(())
    }

    /// Takes an engine out of a cluster; runs it has go on.
    pub async fn remove_from_cluster(
        &self,
        actor: &Actor,
        cluster: &ClusterId,
        engine: &EngineId,
    ) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        let (id, member) = (cluster.clone(), engine.clone());
        self.write(&allowed, move |tx| {
            let cluster = engines::cluster(tx, &id)?.ok_or_else(unknown)?;
            let engine = engines::get(tx, &member)?.filter(|e| e.cluster_id.as_ref() == Some(&cluster.id));
            let engine = engine.ok_or_else(|| Error::not_found("the engine is not in the cluster"))?;
            engines::set_cluster(tx, &engine.id, None, now)?;
            service.audit_cluster(tx, &proof, "cluster.remove-engine", &cluster)
        })
        .await
    }

    fn audit_cluster(&self, tx: &mut Tx<'_>, allowed: &Allowed, action: &str, row: &Cluster) -> Result<(), Error> {
        let detail = Some(audit_states::cluster(tx, row)?);
        let (object, workspace) = (("cluster", row.id.as_str()), row.workspace_id.as_ref());
        let change = Change { action, object, workspace, detail };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

fn field(view: &ClusterView, name: &str) -> Option<String> {
    match name {
        "id" => Some(view.cluster.id.to_string()),
        "name" => Some(view.cluster.name.clone()),
        "description" => view.cluster.description.clone(),
        "availability" => Some(view.availability.id().to_owned()),
        "runtimeId" => Some(view.cluster.runtime_id.clone()),
        other => view.place.field(other),
    }
}
