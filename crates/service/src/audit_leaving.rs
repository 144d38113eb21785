//! What goes with a principal that is removed. Each group, project, promotion and workspace that loses it leaves its own
//! event, or the next one there would seem to have done it.

use crate::actor::Allowed;
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states;
use crate::error::Error;
use serde_json::json;
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{UserId, WorkspaceId};
use stoker_store::groups::{self, Group};
use stoker_store::projects::{self, Project};
use stoker_store::promotions::{self, Promotion};
use stoker_store::{Tx, workspaces};

/// Where a principal was.
pub(crate) struct Left {
    groups: Vec<(Group, Vec<String>)>,
    projects: Vec<Project>,
    promotions: Vec<Promotion>,
    workspaces: Vec<WorkspaceId>,
}

impl Left {
    /// Where it is, before it is removed.
    pub(crate) fn before(tx: &mut Tx<'_>, principal: &str) -> Result<Self, Error> {
        let mut found = Vec::new();
        for group in groups::list(tx, Some(&UserId::trusted(principal)), None, i64::MAX, 0)?.0 {
            let members = audit_states::members(tx, &group)?;
            found.push((group, members));
        }
        Ok(Self {
            groups: found,
            projects: projects::of_member(tx, principal)?,
            promotions: promotions::all(tx, Some(principal))?,
            workspaces: workspaces::all_rights(tx, principal)?.into_iter().map(|(id, _)| id).collect(),
        })
    }
}

impl Service {
    /// Tells each place that lost a principal, after it was removed.
    pub(crate) fn audit_left(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        (kind, id, name): (PrincipalKind, &str, &str),
        left: Left,
    ) -> Result<(), Error> {
        for (group, before) in &left.groups {
            self.audit_group(tx, allowed, "group.update", group, before)?;
        }
        let gone = || {
            [(
                "removed",
                vec![format!("{} {name}", if kind == PrincipalKind::Human { "user" } else { "service account" })],
            )]
        };
        for project in &left.projects {
            self.audit_project(tx, allowed, "project.revoke", project, &gone())?;
        }
        for promotion in &left.promotions {
            self.audit_promotion(tx, allowed, "promotion.removePromoter", promotion, &gone())?;
        }
        for workspace in &left.workspaces {
            let called = workspaces::get(tx, workspace)?.map(|workspace| workspace.name);
            let change = Change {
                action: "rights.delete",
                object: ("principal", id),
                workspace: Some(workspace),
                detail: Some(json!({ "name": name, "workspace": called, "rights": [] })),
            };
            audit::record(tx, allowed.actor(), self.now(), self.random(), change)?;
        }
        Ok(())
    }
}
