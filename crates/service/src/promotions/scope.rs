//! What a run is narrowed to: the whole source environment, or one object of it.

use crate::error::Error;
use stoker_domain::ids::{ArtifactId, EnvironmentId, PlanId, TaskId, WorkspaceId};
use stoker_domain::promotion::ItemKind;
use stoker_domain::runtime::WorkspaceType;
use stoker_store::promotions::objects::{self, Reading};
use stoker_store::{Tx, artifacts, plans, tasks, workspaces};

/// One object, as a call names it.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Name of the field of the call, for messages.
    pub field: &'static str,
    /// Name of the field with the id.
    pub id_field: &'static str,
    /// Name of the field with the kind.
    pub kind_field: &'static str,
    /// `WORKSPACE`, `PLAN`, `FLOW` or `ACTION`.
    pub kind: Option<String>,
    /// Its id.
    pub id: Option<String>,
    /// Its name; with the workspace it stands for the id.
    pub name: Option<String>,
    /// Its workspace.
    pub workspace: Option<String>,
}

/// One object that exists in the source environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Workspace(WorkspaceId),
    Plan(PlanId),
    Task(TaskId),
    Artifact(ArtifactId),
}

impl Root {
    pub(super) fn kind(&self) -> ItemKind {
        match self {
            Root::Workspace(_) => ItemKind::Workspace,
            Root::Plan(_) => ItemKind::Plan,
            Root::Task(_) => ItemKind::Task,
            Root::Artifact(_) => ItemKind::Artifact,
        }
    }

    pub(super) fn id(&self) -> &str {
        match self {
            Root::Workspace(id) => id.as_str(),
            Root::Plan(id) => id.as_str(),
            Root::Task(id) => id.as_str(),
            Root::Artifact(id) => id.as_str(),
        }
    }

    /// Reads what [`Root::kind`] and [`Root::id`] said.
    pub(super) fn stored(kind: ItemKind, id: &str) -> Option<Root> {
        Some(match kind {
            ItemKind::Workspace => Root::Workspace(WorkspaceId::trusted(id)),
            ItemKind::Plan => Root::Plan(PlanId::trusted(id)),
            ItemKind::Task => Root::Task(TaskId::trusted(id)),
            ItemKind::Artifact => Root::Artifact(ArtifactId::trusted(id)),
            _ => return None,
        })
    }
}

/// The object's workspace and the ids that name it.
struct Found {
    root: Root,
    workspace: WorkspaceId,
}

impl Scope {
    fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.field)
    }

    fn is_empty(&self) -> bool {
        [&self.kind, &self.id, &self.name, &self.workspace].iter().all(|text| text.as_deref().unwrap_or("").is_empty())
    }

    fn checked_kind(&self) -> Result<ItemKind, Error> {
        let known = [ItemKind::Workspace, ItemKind::Plan, ItemKind::Task, ItemKind::Artifact];
        let given = self.kind.as_deref().unwrap_or_default();
        known.into_iter().find(|kind| kind.id() == given).ok_or_else(|| {
            let field = self.at(self.kind_field);
            Error::invalid(format!("{field}: must be WORKSPACE, PLAN, FLOW (a task) or ACTION (an artifact)"))
        })
    }

    /// The object in the source environment; `None` for all of it.
    pub(super) fn resolve(&self, tx: &mut Tx<'_>, source: &EnvironmentId) -> Result<Option<Root>, Error> {
        if self.is_empty() {
            return Ok(None);
        }
        let kind = self.checked_kind()?;
        let found = match self.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => self.by_id(tx, kind, id)?,
            None => self.by_name(tx, kind, source)?,
        };
        let workspace = workspaces::get(tx, &found.workspace)?.ok_or_else(crate::workspaces::unknown)?;
        if workspace.environment_id != *source {
            let field = self.at(self.id_field);
            return Err(Error::invalid(format!("{field}: it lies outside of the source environment of the promotion")));
        }
        if workspace.kind == WorkspaceType::Personal {
            let field = self.at(self.id_field);
            return Err(Error::invalid(format!("{field}: what lies in a personal workspace is never promoted")));
        }
        if self.workspace.as_deref().is_some_and(|id| !id.is_empty() && id != workspace.id.as_str()) {
            return Err(Error::invalid(format!("{}: the object lies in another workspace", self.at("workspaceId"))));
        }
        Ok(Some(found.root))
    }

    fn by_id(&self, tx: &mut Tx<'_>, kind: ItemKind, id: &str) -> Result<Found, Error> {
        let bad = |error| Error::invalid(format!("{}: {error}.", self.at(self.id_field)));
        let missing = || Error::not_found(format!("{}: there is no {} {id}", self.at(self.id_field), kind.id()));
        Ok(match kind {
            ItemKind::Plan => {
                let plan = plans::get(tx, &PlanId::parse(id).map_err(bad)?)?.ok_or_else(missing)?;
                Found { root: Root::Plan(plan.id), workspace: plan.workspace_id }
            }
            ItemKind::Task => {
                let task = tasks::get(tx, &TaskId::parse(id).map_err(bad)?)?.ok_or_else(missing)?;
                Found { root: Root::Task(task.id), workspace: task.workspace_id }
            }
            ItemKind::Artifact => {
                let found = artifacts::get(tx, &ArtifactId::parse(id).map_err(bad)?)?.ok_or_else(missing)?;
                Found { root: Root::Artifact(found.id), workspace: found.workspace_id }
            }
            _ => {
                let found = workspaces::get(tx, &WorkspaceId::parse(id).map_err(bad)?)?.ok_or_else(missing)?;
                Found { root: Root::Workspace(found.id.clone()), workspace: found.id }
            }
        })
    }

    fn by_name(&self, tx: &mut Tx<'_>, kind: ItemKind, source: &EnvironmentId) -> Result<Found, Error> {
        let absent = || Error::invalid(format!("{}: is missing", self.at(self.id_field)));
        let name = self.name.as_deref().filter(|name| !name.is_empty()).ok_or_else(absent)?;
        let missing = || Error::not_found(format!("{}: there is no {} {name}", self.at("name"), kind.id()));
        if kind == ItemKind::Workspace {
            let found = objects::workspace(tx, source, name)?.ok_or_else(missing)?;
            return Ok(Found { root: Root::Workspace(found.id.clone()), workspace: found.id });
        }
        let workspace = self.workspace.as_deref().filter(|id| !id.is_empty()).ok_or_else(absent)?;
        let bad = |error| Error::invalid(format!("{}: {error}.", self.at("workspaceId")));
        let workspace = WorkspaceId::parse(workspace).map_err(bad)?;
        let root = match kind {
            ItemKind::Plan => Root::Plan(objects::plan(tx, &workspace, name, Reading::Only)?.ok_or_else(missing)?.id),
            ItemKind::Task => Root::Task(objects::task(tx, &workspace, name, Reading::Only)?.ok_or_else(missing)?.id),
            _ => Root::Artifact(artifacts::by_name(tx, &workspace, name)?.ok_or_else(missing)?.id),
        };
        Ok(Found { root, workspace })
    }
}
