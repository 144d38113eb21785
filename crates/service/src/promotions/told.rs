//! What the audit trail tells of the objects that a promotion made and changed in the target environment.

use super::copy::Prepared;
use crate::actor::Allowed;
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{self, with_change};
use crate::error::Error;
use serde_json::{Value, json};
use std::collections::HashMap;
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{ArtifactId, WorkspaceId};
use stoker_store::artifacts::Artifact;
use stoker_store::audit::AuditEvent;
use stoker_store::db::Record;
use stoker_store::promotions::PromotionRun;
use stoker_store::{Tx, workspaces};

/// Events of one promotion run.
struct Events<'a> {
    service: &'a Service,
    allowed: &'a Allowed,
    run: &'a PromotionRun,
    now: i64,
    found: Vec<AuditEvent>,
}

impl Events<'_> {
    fn add(&mut self, action: &str, object: (&str, &str), workspace: Option<&WorkspaceId>, state: Value) {
        let detail = Some(with_change(state, &[("promotionRun", vec![self.run.id.to_string()])]));
        let change = Change { action, object, workspace, detail };
        self.found.push(audit::event(self.allowed.actor(), self.now, self.service.random(), change));
    }

    fn places(&mut self, tx: &mut Tx<'_>, prepared: &Prepared) -> Result<(), Error> {
        let changes = &prepared.changes;
        for row in &changes.workspaces {
            // As it was written: the owner is another one where that of the source is no user.
            let owner = workspaces::get(tx, &row.id)?.map(|row| row.owner);
            let state = json!({ "name": row.name, "description": row.description, "owner": owner });
            self.add("workspace.create", ("workspace", row.id.as_str()), Some(&row.id), state);
            for kind in [PrincipalKind::Human, PrincipalKind::Service] {
                for grant in workspaces::grants(tx, kind, Some(&row.id), None, None)? {
                    let state = audit_states::rights(tx, kind, &grant.principal_id, &row.id, &grant.rights.ids())?;
                    self.add("rights.create", ("principal", &grant.principal_id), Some(&row.id), state);
                }
            }
        }
        for row in &changes.clusters {
            let state = audit_states::cluster(tx, row)?;
            self.add("cluster.create", ("cluster", row.id.as_str()), row.workspace_id.as_ref(), state);
        }
        for row in &changes.engines {
            let state = audit_states::engine(row);
            self.add("engine.create", ("engine", row.id.as_str()), row.workspace_id.as_ref(), state);
        }
        for (action, rows) in
            [("run-profile.create", &changes.profiles), ("run-profile.update", &changes.changed_profiles)]
        {
            for row in rows {
                self.add(action, ("run-profile", row.id.as_str()), None, audit_states::run_profile(row));
            }
        }
        Ok(())
    }

    fn contents(&mut self, tx: &mut Tx<'_>, prepared: &Prepared) -> Result<(), Error> {
        let changes = &prepared.changes;
        let ids = changes.versions.iter().map(|version| version.artifact_id.to_string()).collect();
        let artifacts: HashMap<ArtifactId, Artifact> =
            Artifact::with_keys(tx, ids)?.into_iter().map(|artifact| (artifact.id.clone(), artifact)).collect();
        for version in &changes.versions {
            let artifact = artifacts.get(&version.artifact_id);
            let name = artifact.map(|artifact| &artifact.name);
            let state = json!({ "name": name, "version": version.version, "sha256": version.sha256 });
            let workspace = artifact.map(|artifact| &artifact.workspace_id);
            self.add("artifact.publish", ("artifact", version.artifact_id.as_str()), workspace, state);
        }
        for row in &changes.connections {
            let state = audit_states::connection(row);
            self.add("connection.create", ("connection", row.id.as_str()), Some(&row.workspace_id), state);
        }
        for (action, rows) in [("resource.create", &changes.resources), ("resource.update", &changes.changed_resources)]
        {
            for row in rows {
                let state = audit_states::resource(row);
                self.add(action, ("resource", row.id.as_str()), Some(&row.workspace_id), state);
            }
        }
        for (action, rows) in [("task.create", &changes.tasks), ("task.update", &changes.changed_tasks)] {
            for row in rows {
                self.add(action, ("task", row.id.as_str()), Some(&row.workspace_id), audit_states::task(row));
            }
        }
        for (action, rows) in [("plan.create", &changes.plans), ("plan.update", &changes.changed_plans)] {
            for row in rows {
                let state = audit_states::plan(tx, row)?;
                self.add(action, ("plan", row.id.as_str()), Some(&row.workspace_id), state);
            }
        }
        Ok(())
    }
}

impl Service {
    /// Tells every object that a promotion run has made or changed, after it was written.
    pub(super) fn audit_promoted(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        prepared: &Prepared,
        run: &PromotionRun,
    ) -> Result<(), Error> {
        let mut events = Events { service: self, allowed, run, now: self.now(), found: Vec::new() };
        events.places(tx, prepared)?;
        events.contents(tx, prepared)?;
        Ok(AuditEvent::insert_all(tx, &events.found)?)
    }
}
