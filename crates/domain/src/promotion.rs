//! Promotions: what a run of one reports, and the one function that says how it ended.

use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};

text_enum!(
    /// Where a promotion run stands (source: spec, with its spelling).
    PromotionStatus {
        /// Nothing was changed: the report says what a run would do.
        Analysed = "ANALIZED",
        /// Accepted; nothing is copied yet.
        Started = "PROMOTION_STARTED",
        /// Everything was copied, and something is left to be done by hand.
        Warning = "PROMOTION_WARNING",
        /// Nothing was copied; the report says why.
        Failed = "PROMOTION_FAILED",
        /// Everything was copied.
        Promoted = "PROMOTED",
    }
);

text_enum!(
    /// What became of one object (source: spec).
    ItemStatus {
        /// It was not in the target environment.
        Created = "CREATED",
        /// It was there and was changed.
        Replaced = "REPLACED",
        /// It was there and stays as it is.
        Reused = "REUSED",
        /// It cannot be promoted, which keeps the whole run from changing anything.
        Failed = "FAILED",
        /// It is left out.
        Skipped = "SKIPPED",
    }
);

text_enum!(
    /// Kind of an object in a report, and of what a run can be narrowed to (source: spec).
    ItemKind {
        /// A workspace.
        Workspace = "WORKSPACE",
        /// A plan.
        Plan = "PLAN",
        /// A task.
        Task = "FLOW",
        /// An artifact.
        Artifact = "ACTION",
        /// A connection.
        Connection = "CONNECTION",
        /// A resource.
        Resource = "RESOURCE",
        /// An engine.
        Engine = "ENGINE",
        /// A cluster.
        Cluster = "CLUSTER",
    }
);

text_enum!(
    /// How much a message matters (source: spec).
    Level {
        /// Good to know.
        Info = "INFO",
        /// Somebody has to do something in the target environment.
        Warn = "WARN",
        /// The reason of a failure.
        Error = "ERROR",
    }
);

/// One message of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The text.
    pub info: String,
    /// How much it matters.
    pub level: Level,
}

/// An object that uses another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// What it is.
    pub kind: ItemKind,
    /// Its id in the source environment.
    pub id: String,
    /// Its id in the target environment, when it has one there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<String>,
    /// Its name.
    pub name: String,
}

/// What became of one object. Also the stored form, so fields are only added, with a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is; versions of an artifact have the kind of the artifact, run profiles that of their engine.
    pub kind: ItemKind,
    /// Its id in the source environment; the version text for a version of an artifact.
    pub id: String,
    /// Its id in the target environment; absent when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<String>,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub status: ItemStatus,
    /// Why, and what is left to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// What uses it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used_by: Vec<User>,
    /// Version of the source object: `1.0` for a task, the newest version text for an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The same of the target object afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_version: Option<String>,
    /// Kind of the artifact, for tasks and artifacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_type: Option<String>,
    /// Source workspace of a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// Source artifact of a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_id: Option<String>,
    /// Versions of an artifact, run profiles of an engine or cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Item>,
}

impl Item {
    /// An object about which nothing is known but what it is.
    pub fn new(kind: ItemKind, id: &str, name: &str, status: ItemStatus) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            target_id: None,
            name: name.to_owned(),
            status,
            messages: Vec::new(),
            used_by: Vec::new(),
            version: None,
            target_version: None,
            job_type: None,
            workspace_id: None,
            artifact_id: None,
            parts: Vec::new(),
        }
    }

    /// Adds a message.
    pub fn say(&mut self, level: Level, info: impl Into<String>) {
        self.messages.push(Message { info: info.into(), level });
    }

    /// Marks it as failed, with the reason.
    pub fn fail(&mut self, reason: impl Into<String>) {
        self.status = ItemStatus::Failed;
        self.say(Level::Error, reason);
    }

    /// It and its parts.
    fn whole(&self) -> impl Iterator<Item = &Item> {
        std::iter::once(self).chain(&self.parts)
    }
}

/// What became of one workspace and of what lies in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceReport {
    /// The workspace itself.
    pub item: Item,
    /// `Shared`, `Personal` or `Custom`.
    pub workspace_type: String,
    /// Its tasks.
    #[serde(default)]
    pub tasks: Vec<Item>,
    /// Its plans.
    #[serde(default)]
    pub plans: Vec<Item>,
    /// Its artifacts.
    #[serde(default)]
    pub artifacts: Vec<Item>,
    /// Its connections.
    #[serde(default)]
    pub connections: Vec<Item>,
    /// Its resources.
    #[serde(default)]
    pub resources: Vec<Item>,
    /// Engines that are kept for it.
    #[serde(default)]
    pub engines: Vec<Item>,
    /// Clusters that are kept for it.
    #[serde(default)]
    pub clusters: Vec<Item>,
}

impl WorkspaceReport {
    fn items(&self) -> impl Iterator<Item = &Item> {
        let lists = [
            &self.artifacts,
            &self.connections,
            &self.resources,
            &self.engines,
            &self.clusters,
            &self.tasks,
            &self.plans,
        ];
        std::iter::once(&self.item).chain(lists.into_iter().flatten())
    }
}

/// What a promotion run did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// By source workspace.
    #[serde(default)]
    pub workspaces: Vec<WorkspaceReport>,
    /// Engines for the whole environment.
    #[serde(default)]
    pub engines: Vec<Item>,
    /// Clusters for the whole environment.
    #[serde(default)]
    pub clusters: Vec<Item>,
}

impl Report {
    /// Every object, parts among them.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        let own = self.engines.iter().chain(&self.clusters);
        self.workspaces.iter().flat_map(WorkspaceReport::items).chain(own).flat_map(Item::whole)
    }

    /// Whether anything cannot be promoted.
    pub fn defective(&self) -> bool {
        self.items().any(|item| item.status == ItemStatus::Failed)
    }

    /// How a run with this report ends.
    pub fn status(&self) -> PromotionStatus {
        let warned = || self.items().any(|item| item.messages.iter().any(|m| m.level == Level::Warn));
        if self.defective() {
            PromotionStatus::Failed
        } else if warned() {
            PromotionStatus::Warning
        } else {
            PromotionStatus::Promoted
        }
    }

    /// The first thing that cannot be promoted, in words.
    pub fn first_failure(&self) -> Option<String> {
        let failed = self.items().find(|item| item.status == ItemStatus::Failed)?;
        let reason = failed.messages.iter().find(|m| m.level == Level::Error).map_or("", |m| m.info.as_str());
        Some(format!("{} {}: {reason}", failed.kind.id(), failed.name))
    }

    /// How many objects have this status; parts are not counted.
    pub fn count(&self, status: ItemStatus) -> usize {
        let own = self.engines.iter().chain(&self.clusters);
        self.workspaces.iter().flat_map(WorkspaceReport::items).chain(own).filter(|item| item.status == status).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(statuses: &[ItemStatus], level: Option<Level>) -> Report {
        let mut item = Item::new(ItemKind::Workspace, "w", "w", ItemStatus::Reused);
        if let Some(level) = level {
            item.say(level, "look");
        }
        let tasks = statuses.iter().map(|s| Item::new(ItemKind::Task, "t", "t", *s)).collect();
        let workspace = WorkspaceReport {
            item,
            workspace_type: "Shared".to_owned(),
            tasks,
            plans: Vec::new(),
            artifacts: Vec::new(),
            connections: Vec::new(),
            resources: Vec::new(),
            engines: Vec::new(),
            clusters: Vec::new(),
        };
        Report { workspaces: vec![workspace], ..Report::default() }
    }

    #[test]
    fn the_worst_thing_decides_how_a_run_ends() {
        use ItemStatus::{Created, Failed, Skipped};
        for (statuses, level, wanted) in [
            (&[][..], None, PromotionStatus::Promoted),
            (&[Created, Skipped][..], Some(Level::Info), PromotionStatus::Promoted),
            (&[Created][..], Some(Level::Warn), PromotionStatus::Warning),
            (&[Created, Failed][..], Some(Level::Warn), PromotionStatus::Failed),
        ] {
            assert_eq!(report(statuses, level).status(), wanted, "{statuses:?} {level:?}");
        }
        assert_eq!(Report::default().status(), PromotionStatus::Promoted);
    }

    #[test]
    fn failures_of_parts_count_and_are_named() {
        let mut found = report(&[ItemStatus::Created], None);
        let mut version = Item::new(ItemKind::Artifact, "0.1", "0.1", ItemStatus::Created);
        version.fail("other bytes");
        found.workspaces[0].tasks[0].parts.push(version);
        assert_eq!(found.first_failure().as_deref(), Some("ACTION 0.1: other bytes"));
        assert_eq!((found.defective(), found.count(ItemStatus::Created)), (true, 1));
    }
}
