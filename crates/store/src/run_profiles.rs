//! Searches over the run profiles of all engines.

use crate::db::Record;
use crate::db::record::{Conditions, like_escaped};
use crate::engines::RunProfile;
use crate::{StoreError, Tx, Value};
use stoker_domain::runtime::{ProcessorKind, RunProfileKind};

/// What a search is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Its name.
    Name,
    /// The name of its environment.
    EnvironmentName,
    /// Its kind.
    Kind,
    /// Its description.
    Description,
}

/// What a search is narrowed to; an empty list narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct ProfileFilter {
    /// Kinds of processors.
    pub processors: Vec<ProcessorKind>,
    /// Engines, clusters, Dynamic Engines.
    pub processor_ids: Vec<String>,
    /// Environments.
    pub environments: Vec<String>,
    /// Part of the name.
    pub name_contains: Option<String>,
    /// Its kind.
    pub kind: Option<RunProfileKind>,
}

fn conditions(filter: &ProfileFilter) -> Conditions {
    let mut conditions = Conditions::default();
    if !filter.processors.is_empty() {
        conditions.among("processor_kind", filter.processors.iter().map(|kind| kind.id().to_owned()).collect());
    }
    if !filter.processor_ids.is_empty() {
        // A profile of a Dynamic Engine is kept with the environment, which may be assigned to the engine asked for.
        let clause = "(processor_id {any_of}?{any_end} OR environment_id IN \
                      (SELECT environment_id FROM dynamic_environments WHERE engine_id {any_of}?{any_end}))";
        conditions.and(clause, [0, 1].map(|_| Value::Texts(filter.processor_ids.clone())));
    }
    if !filter.environments.is_empty() {
        conditions.among("environment_id", filter.environments.clone());
    }
    if let Some(name) = &filter.name_contains {
        conditions.and("name LIKE ? ESCAPE '\\'", [Value::Text(format!("%{}%", like_escaped(name)))]);
    }
    if let Some(kind) = filter.kind {
        conditions.and("kind = ?", [kind.id().into()]);
    }
    conditions
}

/// A page of run profiles, and how many there are in all. Equal ones are ordered by id.
pub fn search(
    tx: &mut Tx<'_>,
    filter: &ProfileFilter,
    (sort, descending): (Sort, bool),
    limit: i64,
    offset: i64,
) -> Result<(Vec<RunProfile>, i64), StoreError> {
    let conditions = conditions(filter);
    let total =
        tx.query_int(&format!("SELECT count(*) FROM run_profiles {}", conditions.text()), conditions.values())?;
    let (page, values) = conditions.paged(limit, offset);
    let key = match sort {
        Sort::Name => "name {bytes}",
        Sort::EnvironmentName => "(SELECT e.name FROM environments e WHERE e.id = environment_id) {bytes}",
        Sort::Kind => "kind {bytes}",
        Sort::Description => "coalesce(description, '') {bytes}",
    };
    let way = if descending { "DESC" } else { "ASC" };
    let rest = format!("{} ORDER BY {key} {way}, id {way} {page}", conditions.text());
    Ok((RunProfile::select(tx, &rest, &values)?, total))
}
