//! Drives, projects, services, scenarios, requests: what a test is made of.
//!
//! The names follow the reference's repository (`doc`). What its files hold beyond this model stays in the `extra` bags and
//! is written back on export. What Stoker adds stands in [`RequestAdditions`] and [`ScenarioAdditions`].

mod additions;
mod assertion;
mod environment;
mod merge;
mod request;
mod variables;
mod web_socket;

use std::cmp::Ordering;

use crate::json::Object;

pub use additions::{
    Binding, Condition, CookieMode, Data, DataFormat, Each, Events, Extraction, GraphQl, RequestAdditions,
    ScenarioAdditions, Tls, Until,
};
pub(crate) use assertion::Rule;
pub use assertion::{Assertion, Comparison, Subject};
pub use environment::{Environment, Variable};
pub use merge::MergePolicy;
pub use request::{Body, BodyKind, Form, Method, PartKind, Query, Request, Retry, Row, Scheme, Uri};
pub use variables::Variables;
pub use web_socket::{MessageIs, Turn, WebSocket};

/// Most entities of one drive.
pub const MAX_ENTITIES: usize = 50_000;

/// Everything of one file or folder: projects (also loose services, scenarios, requests) and environments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drive {
    /// Top level of the tree, in stored order.
    pub entities: Vec<Entity>,
    /// Named sets of variables.
    pub environments: Vec<Environment>,
    /// Unknown keys of the file.
    pub extra: Object,
}

/// A node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Never changes on rename; a UUID in files of the reference.
    pub id: String,
    /// Any text.
    pub name: String,
    /// Markdown; missing and empty are kept apart because files do.
    pub description: Option<String>,
    /// Time of the last edit as stored (flat files only).
    pub last_modified: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Children in stored order; [`Entity::in_run_order`] is the order that counts.
    pub children: Vec<Entity>,
    /// Unknown keys.
    pub extra: Object,
}

/// What an entity is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Only at the top of a drive; holds services, scenarios, requests.
    Project,
    /// Holds scenarios and requests.
    Service,
    /// Holds requests, ordered by hand.
    Scenario(ScenarioAdditions),
    /// A leaf.
    Request(Box<Request>),
}

impl Kind {
    /// The type name in files (`file`).
    pub fn name(&self) -> &'static str {
        match self {
            Self::Project => "Project",
            Self::Service => "Service",
            Self::Scenario(_) => "Scenario",
            Self::Request(_) => "Request",
        }
    }

    /// Whether an entity of this kind may hold one of `child` (`doc`).
    pub fn may_hold(&self, child: &Kind) -> bool {
        match self {
            Self::Project => !matches!(child, Kind::Project),
            Self::Service => matches!(child, Kind::Scenario(_) | Kind::Request(_)),
            Self::Scenario(_) => matches!(child, Kind::Request(_)),
            Self::Request(_) => false,
        }
    }

    /// Position of the kind among children: services, scenarios, requests (`inferred`: the reference does not say).
    fn rank(&self) -> u8 {
        match self {
            Self::Project => 0,
            Self::Service => 1,
            Self::Scenario(_) => 2,
            Self::Request(_) => 3,
        }
    }
}

impl Entity {
    /// An entity without children, description and unknown keys.
    pub fn new(id: impl Into<String>, name: impl Into<String>, kind: Kind) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            description: None,
            last_modified: None,
            kind,
            children: Vec::new(),
            extra: Object::default(),
        }
    }

    /// The request, when it is one.
    pub fn request(&self) -> Option<&Request> {
        match &self.kind {
            Kind::Request(request) => Some(request),
            _ => None,
        }
    }

    /// Children as shown and run: a scenario's as stored, others by kind, then by name (`doc`; ties by stored order).
    pub fn in_run_order(&self) -> Vec<&Entity> {
        run_order(&self.children, matches!(self.kind, Kind::Scenario(_)))
    }
}

impl Drive {
    /// Top-level entities as shown and run.
    pub fn in_run_order(&self) -> Vec<&Entity> {
        run_order(&self.entities, false)
    }

    /// Every entity with its path of names, parents before children, in stored order.
    pub fn walk(&self) -> Vec<(Vec<&str>, &Entity)> {
        let mut found = Vec::new();
        let mut open: Vec<(Vec<&str>, &Entity)> = self.entities.iter().rev().map(|e| (Vec::new(), e)).collect();
        while let Some((parents, entity)) = open.pop() {
            let mut path = parents;
            path.push(entity.name.as_str());
            open.extend(entity.children.iter().rev().map(|child| (path.clone(), child)));
            found.push((path, entity));
        }
        found
    }

    /// The entity with this id.
    pub fn by_id(&self, id: &str) -> Option<&Entity> {
        let mut open: Vec<&Entity> = self.entities.iter().collect();
        while let Some(entity) = open.pop() {
            if entity.id == id {
                return Some(entity);
            }
            open.extend(&entity.children);
        }
        None
    }

    /// The entity at a path of names; of several with one name the first counts (`inferred`).
    pub fn by_path(&self, path: &[&str]) -> Option<&Entity> {
        let (first, rest) = path.split_first()?;
        let mut at = self.entities.iter().find(|entity| entity.name == *first)?;
        for name in rest {
            at = at.children.iter().find(|entity| entity.name == *name)?;
        }
        Some(at)
    }

    /// The environment with this name.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name == name)
    }
}

fn run_order(children: &[Entity], as_stored: bool) -> Vec<&Entity> {
    let mut sorted: Vec<&Entity> = children.iter().collect();
    if !as_stored {
        sorted.sort_by(|a, b| shown_before(a, b));
    }
    sorted
}

/// Which of two children of a container, or of a drive, is shown first.
fn shown_before(a: &Entity, b: &Entity) -> Ordering {
    (a.kind.rank(), &a.name).cmp(&(b.kind.rank(), &b.name))
}

/// Puts the children of a container that is no scenario, or of a drive, into the order in which they are shown.
pub(crate) fn put_in_order(children: &mut [Entity]) {
    children.sort_by(shown_before);
}
