//! Connections: applications and what tasks need to reach them.

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{self, with_change};
use crate::error::{Error, taken};
use crate::parameters::CHANGE_ME;
use crate::workspaces::{Views, WorkspaceView, belongs, view};
use stoker_domain::ids::{ConnectionId, EnvironmentId, WorkspaceId};
use stoker_domain::{Permission, Random, Right, limits, names};
use stoker_secrets::keyring::KeyRing;
use stoker_store::connections::{self, Connection, ConnectionParameter, PlaceFilter};
use stoker_store::db::{Json, Record};
use stoker_store::{Tx, workspaces};

/// Who may see and change connections and resources (source: doc).
pub(crate) const USE: &[Permission] = &[Permission::Operator, Permission::ConnectionResourceEdit];
/// What shows them.
pub(crate) const SEE: &[Right] = &[Right::View];
/// What lets one change them: AUTHOR, or the older MANAGE (source: doc).
pub(crate) const CHANGE: &[Right] = &[Right::Author, Right::Manage];

/// A connection with its workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionView {
    /// The connection; values of encrypted parameters are in encrypted form and must not be shown.
    pub connection: Connection,
    /// Its workspace.
    pub workspace: WorkspaceView,
}

/// One parameter as a call gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterRequest {
    /// Unique in the connection.
    pub name: String,
    /// Its value; for an encrypted one that is kept already, nothing means "as it was".
    pub value: Option<String>,
    /// Whether the value must never be shown; what it was before when absent, else no.
    pub encrypted: Option<bool>,
}

/// A new connection.
#[derive(Clone, Debug)]
pub struct ConnectionRequest {
    /// Workspace id.
    pub workspace: String,
    /// Unique in the workspace.
    pub name: String,
    /// The application, for example `Custom`.
    pub app: String,
    /// Its parameters, at most [`limits::MAP_ENTRIES`].
    pub parameters: Vec<ParameterRequest>,
}

/// A filter of lists of connections and resources.
#[derive(Clone, Debug, Default)]
pub struct PlaceQuery {
    /// Environment id.
    pub environment: Option<String>,
    /// Workspace id.
    pub workspace: Option<String>,
    /// Start of the name.
    pub name: Option<String>,
    /// Part of the name.
    pub name_contains: Option<String>,
    /// Page size.
    pub limit: i64,
    /// Items to pass over.
    pub offset: i64,
}

impl PlaceQuery {
    /// The filter for what the caller may see.
    pub(crate) fn filter(&self, allowed: &Allowed) -> Result<PlaceFilter, Error> {
        Ok(PlaceFilter {
            environment: self.environment.as_deref().map(EnvironmentId::parse).transpose()?,
            workspace: self.workspace.as_deref().map(WorkspaceId::parse).transpose()?,
            name_prefix: self.name.clone().filter(|name| !name.is_empty()),
            name_contains: self.name_contains.clone(),
            visible_to: allowed.visible(SEE),
        })
    }
}

/// Checks that a workspace and an environment of one filter belong together.
pub(crate) fn checked_place(tx: &mut Tx<'_>, filter: &PlaceFilter) -> Result<(), Error> {
    match (&filter.workspace, &filter.environment) {
        (Some(workspace), Some(environment)) => belongs(tx, workspace, environment).map(drop),
        _ => Ok(()),
    }
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Connection id not found.")
}

pub(crate) fn context(connection: &ConnectionId, name: &str) -> String {
    format!("connection {connection} parameter {name}")
}

/// The value of a parameter in clear text.
pub(crate) fn opened(id: &ConnectionId, parameter: &ConnectionParameter, keys: &KeyRing) -> Result<String, Error> {
    if !parameter.encrypted {
        return Ok(parameter.value.clone());
    }
    let plain = keys.decrypt(&context(id, &parameter.name), &parameter.value)?;
    String::from_utf8(plain).map_err(Error::internal)
}

/// The parameters of a connection that a promotion makes, and the names of secret ones: those are not taken over, and
/// somebody has to set them (source: client).
pub(crate) fn promoted(
    id: &ConnectionId,
    source: &[ConnectionParameter],
    keys: &KeyRing,
    random: &dyn Random,
) -> (Vec<ConnectionParameter>, Vec<String>) {
    let open = source.iter().filter(|parameter| parameter.encrypted).map(|parameter| parameter.name.clone()).collect();
    let taken_over = |parameter: &ConnectionParameter| match parameter.encrypted {
        true => {
            let value = keys.encrypt(&context(id, &parameter.name), CHANGE_ME.as_bytes(), random);
            ConnectionParameter { value, ..parameter.clone() }
        }
        false => parameter.clone(),
    };
    (source.iter().map(taken_over).collect(), open)
}

/// Checks that both workspaces lie in one environment; the second is where something is to move to.
pub(crate) fn movable(tx: &mut Tx<'_>, allowed: &Allowed, from: &WorkspaceId, to: &WorkspaceId) -> Result<(), Error> {
    let target = workspaces::get(tx, to)?.ok_or_else(crate::workspaces::unknown)?;
    allowed.right(tx, to, CHANGE)?;
    if workspaces::get(tx, from)?.is_none_or(|source| source.environment_id != target.environment_id) {
        return Err(Error::invalid("targetWorkspaceId: the workspace lies in another environment"));
    }
    Ok(())
}

/// The refusal to remove what tasks use.
pub(crate) fn used(kind: &str, name: &str, tasks: &[String]) -> Error {
    Error::conflict(format!("{kind} {name} is in use by task {}: take it out of there first", tasks.join(", ")))
}

impl Service {
    /// A page of connections by name.
    pub async fn list_connections(&self, actor: &Actor, query: PlaceQuery) -> Result<Page<ConnectionView>, Error> {
        let allowed = actor.allow(USE)?;
        let filter = query.filter(&allowed)?;
        let (limit, offset) = (query.limit, query.offset);
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                checked_place(tx, &filter)?;
                let (rows, total) = connections::list(tx, &filter, limit, offset)?;
                let (mut views, mut items) = (Views::default(), Vec::new());
                for connection in rows {
                    let workspace = views.get(tx, &connection.workspace_id)?;
                    items.push(ConnectionView { connection, workspace });
                }
                Ok((items, total))
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    /// One connection.
    pub async fn connection(&self, actor: &Actor, id: &ConnectionId) -> Result<ConnectionView, Error> {
        let allowed = actor.allow(USE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let connection = connections::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &connection.workspace_id, SEE)?;
            let workspace = view(tx, &connection.workspace_id)?;
            Ok(ConnectionView { connection, workspace })
        })
        .await
    }

    /// Adds a connection.
    pub async fn create_connection(&self, actor: &Actor, request: ConnectionRequest) -> Result<ConnectionView, Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            let workspace = view(tx, &WorkspaceId::parse(&request.workspace)?)?;
            proof.right(tx, &workspace.workspace.id, CHANGE)?;
            let id = ConnectionId::generate(now, service.random());
            let parameters = service.kept_parameters(&id, request.parameters, &[])?;
            let connection = Connection {
                id,
                workspace_id: workspace.workspace.id.clone(),
                name: names::checked("name", &request.name, limits::NAME_CHARS)?,
                app: names::checked("app", &request.app, limits::NAME_CHARS)?,
                parameters: Json(parameters),
                created_ms: now,
                updated_ms: now,
            };
            connection.insert(tx).map_err(taken(exists(&connection.name)))?;
            service.audit_connection(tx, &proof, "connection.create", &connection, &connection.parameters.0)?;
            Ok(ConnectionView { connection, workspace })
        })
        .await
    }

    /// Changes what the request names: the name, the whole list of parameters, or both. Two callers that change
    /// different things at once both succeed.
    pub async fn update_connection(
        &self,
        actor: &Actor,
        id: &ConnectionId,
        name: Option<String>,
        parameters: Option<Vec<ParameterRequest>>,
    ) -> Result<ConnectionView, Error> {
        let allowed = actor.allow(USE)?;
        let name = name.map(|name| names::checked("name", &name, limits::NAME_CHARS)).transpose()?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut connection = connections::lock(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &connection.workspace_id, CHANGE)?;
            let before = connection.parameters.0.clone();
            if let Some(name) = name {
                connection.name = name;
            }
            if let Some(given) = parameters {
                connection.parameters = Json(service.kept_parameters(&id, given, &connection.parameters.0)?);
            }
            connection.updated_ms = now;
            connection.update(tx).map_err(taken(exists(&connection.name)))?;
            service.audit_connection(tx, &proof, "connection.update", &connection, &before)?;
            let workspace = view(tx, &connection.workspace_id)?;
            Ok(ConnectionView { connection, workspace })
        })
        .await
    }

    /// Moves a connection to another workspace of its environment. Tasks that use it go on using it.
    pub async fn move_connection(
        &self,
        actor: &Actor,
        id: &ConnectionId,
        target: &WorkspaceId,
    ) -> Result<ConnectionView, Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id, target, now) = (self.clone(), allowed.clone(), id.clone(), target.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut connection = connections::lock(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &connection.workspace_id, CHANGE)?;
            movable(tx, &proof, &connection.workspace_id, &target)?;
            if connection.workspace_id != target {
                connection.workspace_id = target;
                connection.updated_ms = now;
                connection.update(tx).map_err(taken(exists(&connection.name)))?;
                service.audit_connection(tx, &proof, "connection.move", &connection, &connection.parameters.0)?;
            }
            let workspace = view(tx, &connection.workspace_id)?;
            Ok(ConnectionView { connection, workspace })
        })
        .await
    }

    /// Removes a connection; 409 while a task names it.
    pub async fn delete_connection(&self, actor: &Actor, id: &ConnectionId) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let connection = connections::lock(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &connection.workspace_id, CHANGE)?;
            let environment = view(tx, &connection.workspace_id)?.environment.id;
            let tasks = connections::used_by(tx, &environment, &id)?;
            if !tasks.is_empty() {
                let tasks = proof.names_seen(tx, tasks, "task")?;
                return Err(used("connection", &connection.name, &tasks));
            }
            connections::delete(tx, &id)?;
            service.audit_connection(tx, &proof, "connection.delete", &connection, &connection.parameters.0)
        })
        .await
    }

    /// What is kept of a list of parameters; encrypted ones without a value keep the one they have.
    fn kept_parameters(
        &self,
        id: &ConnectionId,
        given: Vec<ParameterRequest>,
        before: &[ConnectionParameter],
    ) -> Result<Vec<ConnectionParameter>, Error> {
        if given.len() > limits::MAP_ENTRIES {
            return Err(Error::invalid(format!("parameters: at most {} are allowed", limits::MAP_ENTRIES)));
        }
        let mut kept: Vec<ConnectionParameter> = Vec::with_capacity(given.len());
        let mut known = std::collections::HashSet::new();
        for (number, parameter) in given.into_iter().enumerate() {
            let at = |error: names::NameError| Error::invalid(format!("parameters[{number}].{error}"));
            let name = names::checked("name", &parameter.name, limits::NAME_CHARS).map_err(at)?;
            if !known.insert(name.clone()) {
                return Err(Error::invalid(format!("parameters[{number}].name: {name:?} is there twice")));
            }
            let value = parameter.value.unwrap_or_default();
            if value.len() > limits::PARAMETER_VALUE_BYTES {
                let most = limits::PARAMETER_VALUE_BYTES;
                return Err(Error::invalid(format!("parameters[{number}].value: has more than {most} bytes")));
            }
            if value.contains('\0') {
                return Err(Error::invalid(format!("parameters[{number}].value: holds a NUL character")));
            }
            let old = before.iter().find(|old| old.name == name);
            let encrypted = parameter.encrypted.unwrap_or_else(|| old.is_some_and(|old| old.encrypted));
            let value = match old {
                _ if !encrypted => value,
                Some(old) if old.encrypted && value.is_empty() => old.value.clone(),
                _ => self.inner.keys.encrypt(&context(id, &name), value.as_bytes(), self.random()),
            };
            kept.push(ConnectionParameter { name, value, encrypted });
        }
        Ok(kept)
    }

    fn audit_connection(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        row: &Connection,
        before: &[ConnectionParameter],
    ) -> Result<(), Error> {
        let values = audit_states::new_connection_values(before, &row.parameters.0);
        let change = Change {
            action,
            object: ("connection", row.id.as_str()),
            workspace: Some(&row.workspace_id),
            detail: Some(with_change(audit_states::connection(row), &[("newValues", values)])),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

fn exists(name: &str) -> String {
    format!("name: a connection {name} exists already in the workspace")
}
