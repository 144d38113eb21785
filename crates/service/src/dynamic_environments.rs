//! Dynamic Engine environments: environments whose tasks and plans all run on the one Dynamic Engine they are assigned
//! to (source: spec). Each is an environment like others, with its workspaces, and a row beside it.

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states;
use crate::dynamic_engines::{MANAGE as ASSIGN, not_assigned, unknown as unknown_engine};
use crate::environments::description;
use crate::error::{Error, taken};
use serde_json::json;
use std::collections::HashMap;
use stoker_domain::dynamic::{DynamicEnvironmentStatus, TransferStrategy, environment_status};
use stoker_domain::ids::{DynamicEngineId, EnvironmentId, uuid};
use stoker_domain::{Permission, limits, names};
use stoker_store::db::Record;
use stoker_store::dynamic_engines::{self, DynamicEngine, DynamicEnvironment};
use stoker_store::environments::{self, Environment};
use stoker_store::{Tx, engines, people};

const MANAGE: &[Permission] = &[Permission::EnvironmentManagement];

/// A Dynamic Engine environment.
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicEnvironmentView {
    /// The environment.
    pub environment: Environment,
    /// What it has beside an ordinary one.
    pub row: DynamicEnvironment,
}

impl DynamicEnvironmentView {
    /// Whether it can run tasks.
    pub fn status(&self) -> DynamicEnvironmentStatus {
        environment_status(self.row.engine_id.is_some())
    }
}

/// Values of a new Dynamic Engine environment.
#[derive(Clone, Debug)]
pub struct DynamicEnvironmentRequest {
    /// Unique among all environments; blanks around it are cut.
    pub name: String,
    /// Name of its first workspace.
    pub workspace_name: String,
    /// Free text.
    pub description: Option<String>,
    /// Login of the owner of the workspace; the caller when absent.
    pub owner: Option<String>,
    /// Where logs go; nowhere when absent (source: spec).
    pub log_strategy: Option<TransferStrategy>,
    /// Where metrics go; nowhere when absent (source: spec).
    pub metrics_strategy: Option<TransferStrategy>,
}

/// Changes; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct DynamicEnvironmentChange {
    /// A new name.
    pub name: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// Where logs go.
    pub log_strategy: Option<TransferStrategy>,
    /// Where metrics go.
    pub metrics_strategy: Option<TransferStrategy>,
}

/// What a search is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DynamicEnvironmentSort {
    /// When it was made.
    Created,
    /// Its name.
    Name,
    /// Its status.
    Status,
}

/// A search.
#[derive(Clone, Debug)]
pub struct DynamicEnvironmentQuery {
    /// Part of the name, in any case.
    pub name: Option<String>,
    /// The engine it is assigned to.
    pub engine: Option<DynamicEngineId>,
    /// Its status.
    pub status: Option<DynamicEnvironmentStatus>,
    /// Order.
    pub sort: DynamicEnvironmentSort,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Page size.
    pub limit: i64,
    /// Items to pass over.
    pub offset: i64,
}

impl DynamicEnvironmentQuery {
    fn fits(&self, view: &DynamicEnvironmentView) -> bool {
        let name = view.environment.name.to_lowercase();
        self.name.as_ref().is_none_or(|part| name.contains(&part.to_lowercase()))
            && self.engine.as_ref().is_none_or(|id| view.row.engine_id.as_ref() == Some(id))
            && self.status.is_none_or(|status| view.status() == status)
    }

    /// Sorts and cuts out the page.
    fn page(self, mut found: Vec<DynamicEnvironmentView>) -> Page<DynamicEnvironmentView> {
        found.retain(|view| self.fits(view));
        found.sort_by(|a, b| {
            let key = match self.sort {
                DynamicEnvironmentSort::Created => a.environment.created_ms.cmp(&b.environment.created_ms),
                DynamicEnvironmentSort::Name => a.environment.name.cmp(&b.environment.name),
                DynamicEnvironmentSort::Status => a.status().id().cmp(b.status().id()),
            };
            let order = key.then_with(|| a.environment.id.cmp(&b.environment.id));
            if self.descending { order.reverse() } else { order }
        });
        let total = found.len() as i64;
        let (offset, limit) = (self.offset.max(0) as usize, self.limit.max(0) as usize);
        Page {
            items: found.into_iter().skip(offset).take(limit).collect(),
            limit: self.limit,
            offset: self.offset,
            total,
        }
    }
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Dynamic Engine environment id not found.")
}

fn view(tx: &mut Tx<'_>, row: DynamicEnvironment) -> Result<DynamicEnvironmentView, Error> {
    let environment = environments::get(tx, &row.environment_id)?.ok_or_else(unknown)?;
    Ok(DynamicEnvironmentView { environment, row })
}

fn locked(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<DynamicEnvironmentView, Error> {
    let row = dynamic_engines::lock_environment(tx, id)?.ok_or_else(unknown)?;
    view(tx, row)
}

impl Service {
    /// One Dynamic Engine environment.
    pub async fn dynamic_environment(
        &self,
        actor: &Actor,
        id: &EnvironmentId,
    ) -> Result<DynamicEnvironmentView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let id = id.clone();
        self.read(&allowed, move |tx| {
            let row = dynamic_engines::environment(tx, &id)?.ok_or_else(unknown)?;
            view(tx, row)
        })
        .await
    }

    /// A page of Dynamic Engine environments.
    pub async fn search_dynamic_environments(
        &self,
        actor: &Actor,
        query: DynamicEnvironmentQuery,
    ) -> Result<Page<DynamicEnvironmentView>, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.read(&allowed, move |tx| {
            if let Some(id) = &query.engine {
                dynamic_engines::get(tx, id)?.ok_or_else(unknown_engine)?;
            }
            let mut named: HashMap<EnvironmentId, Environment> =
                environments::all(tx)?.into_iter().map(|environment| (environment.id.clone(), environment)).collect();
            let rows = dynamic_engines::environments(tx)?.into_iter();
            let found = rows.filter_map(|row| {
                named.remove(&row.environment_id).map(|environment| DynamicEnvironmentView { environment, row })
            });
            Ok(query.page(found.collect()))
        })
        .await
    }

    /// Adds a Dynamic Engine environment with its first workspace; it is assigned to no engine.
    pub async fn create_dynamic_environment(
        &self,
        actor: &Actor,
        request: DynamicEnvironmentRequest,
    ) -> Result<DynamicEnvironmentView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let now = self.now();
        let environment = Environment {
            id: EnvironmentId::generate(now, self.random()),
            name: names::checked("name", &request.name, limits::NAME_CHARS)?,
            description: description(request.description)?,
            is_default: false,
            max_cloud_containers: 0,
            created_ms: now,
        };
        let workspace = names::checked("workspaceName", &request.workspace_name, limits::NAME_CHARS)?;
        let owner = request.owner.filter(|owner| !owner.is_empty()).unwrap_or_else(|| actor.name.clone());
        let (service, proof) = (self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            service.add_environment(tx, &proof, &environment, workspace, owner)?;
            let by = proof.actor();
            let row = DynamicEnvironment {
                environment_id: environment.id.clone(),
                engine_id: None,
                link_id: None,
                log_strategy: request.log_strategy.unwrap_or(TransferStrategy::None),
                metrics_strategy: request.metrics_strategy.unwrap_or(TransferStrategy::None),
                created_by: by.name.clone(),
                creator_kind: by.kind,
                modified_by: by.name.clone(),
                modifier_kind: by.kind,
                updated_ms: now,
            };
            row.insert(tx)?;
            Ok(DynamicEnvironmentView { environment, row })
        })
        .await
    }

    /// Changes a Dynamic Engine environment.
    pub async fn update_dynamic_environment(
        &self,
        actor: &Actor,
        id: &EnvironmentId,
        change: DynamicEnvironmentChange,
    ) -> Result<DynamicEnvironmentView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = change.name.map(|name| names::checked("name", &name, limits::NAME_CHARS)).transpose()?;
        let described = description(change.description)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            // As every other change of an environment's name.
            people::lock_all(tx)?;
            let mut found = locked(tx, &id)?;
            found.environment.name = name.unwrap_or(found.environment.name);
            found.environment.description = described.or(found.environment.description);
            found.row.log_strategy = change.log_strategy.unwrap_or(found.row.log_strategy);
            found.row.metrics_strategy = change.metrics_strategy.unwrap_or(found.row.metrics_strategy);
            let message = format!("name: an environment {} exists already", found.environment.name);
            found.environment.update(tx).map_err(taken(message))?;
            service.touch(tx, &proof, &mut found.row, now)?;
            let mut detail = audit_states::environment(&found.environment);
            detail["logStrategy"] = json!(found.row.log_strategy.id());
            detail["metricsStrategy"] = json!(found.row.metrics_strategy.id());
            service.audit_environment(tx, &proof, "environment.update", &id, detail)?;
            Ok(found)
        })
        .await
    }

    /// Removes a Dynamic Engine environment with everything inside. Refused while it is assigned to an engine, or while
    /// something runs there (source: spec).
    pub async fn delete_dynamic_environment(&self, actor: &Actor, id: &EnvironmentId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let found = locked(tx, &id)?;
            if found.row.engine_id.is_some() {
                let name = found.environment.name;
                return Err(Error::conflict(format!("environment {name} is assigned to an engine: unassign it first")));
            }
            let detail = service.empty(tx, &proof, &found.environment)?;
            dynamic_engines::delete_environment(tx, &id)?;
            environments::delete(tx, &id)?;
            service.audit_environment(tx, &proof, "environment.delete", &id, detail)
        })
        .await
    }

    /// Assigns an environment to a Dynamic Engine. Gives the assignment's id, and whether it is new.
    pub async fn assign_dynamic_environment(
        &self,
        actor: &Actor,
        id: &EnvironmentId,
        engine: &DynamicEngineId,
    ) -> Result<(String, bool), Error> {
        let allowed = actor.allow(ASSIGN)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        let (id, engine) = (id.clone(), engine.clone());
        self.write(&allowed, move |tx| {
            // The engine first, as its removal does, so that it cannot vanish under the assignment.
            let target = dynamic_engines::lock(tx, &engine)?.ok_or_else(unknown_engine)?;
            let mut found = locked(tx, &id)?;
            match (&found.row.engine_id, &found.row.link_id) {
                (Some(held), Some(link)) if *held == engine => return Ok((link.clone(), false)),
                (Some(_), _) => {
                    let message = "the environment is assigned to another Dynamic Engine: unassign it first";
                    return Err(Error::conflict(message));
                }
                _ => {}
            }
            let link = uuid(service.random());
            found.row.engine_id = Some(engine.clone());
            found.row.link_id = Some(link.clone());
            service.touch(tx, &proof, &mut found.row, now)?;
            service.audit_assignment(tx, &proof, "dynamic-environment.assign", &found.environment, &target)?;
            Ok((link, true))
        })
        .await
    }

    /// Takes an environment off its Dynamic Engine, or off the named one only. Gives whether it was on one; off the named
    /// one it must be on it.
    pub async fn unassign_dynamic_environment(
        &self,
        actor: &Actor,
        id: &EnvironmentId,
        named: Option<&DynamicEngineId>,
    ) -> Result<bool, Error> {
        let allowed = actor.allow(ASSIGN)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        let (id, named) = (id.clone(), named.cloned());
        self.write(&allowed, move |tx| {
            if let Some(named) = &named {
                dynamic_engines::lock(tx, named)?.ok_or_else(unknown_engine)?;
            }
            let mut found = locked(tx, &id)?;
            if named.is_some() && found.row.engine_id != named {
                return Err(not_assigned());
            }
            let Some(engine) = found.row.engine_id.take() else { return Ok(false) };
            let engine = dynamic_engines::get(tx, &engine)?.ok_or_else(unknown_engine)?;
            found.row.link_id = None;
            service.touch(tx, &proof, &mut found.row, now)?;
            service.audit_assignment(tx, &proof, "dynamic-environment.unassign", &found.environment, &engine)?;
            Ok(true)
        })
        .await
    }

    /// Writes a changed row with who changed it when.
    fn touch(&self, tx: &mut Tx<'_>, allowed: &Allowed, row: &mut DynamicEnvironment, now: i64) -> Result<(), Error> {
        row.modified_by.clone_from(&allowed.actor().name);
        row.modifier_kind = allowed.actor().kind;
        row.updated_ms = now;
        row.update(tx)?;
        Ok(())
    }

    fn audit_assignment(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        environment: &Environment,
        engine: &DynamicEngine,
    ) -> Result<(), Error> {
        let name = &environment.name;
        let detail = Some(json!({ "name": name, "dynamicEngine": engine.name, "dynamicEngineId": engine.id.as_str() }));
        let change = Change { action, object: ("environment", environment.id.as_str()), workspace: None, detail };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

/// Whether the environment is one of a Dynamic Engine.
pub(crate) fn is_dynamic(tx: &mut Tx<'_>, id: &EnvironmentId) -> Result<bool, Error> {
    Ok(dynamic_engines::environment(tx, id)?.is_some())
}

/// The run profile of a Dynamic Engine environment with this id.
pub(crate) fn checked_profile(
    tx: &mut Tx<'_>,
    environment: &EnvironmentId,
    profile: &str,
) -> Result<stoker_domain::ids::RunProfileId, Error> {
    let id = stoker_domain::ids::RunProfileId::parse(profile)?;
    let found = engines::run_profile(tx, &id)?.ok_or_else(crate::run_profiles::unknown)?;
    if found.processor_id != environment.as_str() {
        return Err(Error::invalid("runProfileId: it belongs to another environment or engine"));
    }
    Ok(id)
}
