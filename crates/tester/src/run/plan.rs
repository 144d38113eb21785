//! What is run, in which order, and what has to wait for what.

use std::collections::{HashMap, HashSet};

use super::RunError;
use crate::expr::References;
use crate::model::{Drive, Entity, Kind, ScenarioAdditions};
use crate::suggest;

/// A scenario, or the requests that stand loose in one container.
pub(super) struct Unit<'a> {
    pub(super) path: Vec<String>,
    /// Missing for loose requests.
    pub(super) scenario: Option<&'a ScenarioAdditions>,
    pub(super) requests: Vec<&'a Entity>,
    /// Earlier units whose responses this one uses.
    pub(super) after: Vec<usize>,
}

/// The units of the selected part, in run order.
pub(super) fn units<'a>(drive: &'a Drive, only: &[String], id: Option<&str>) -> Result<Vec<Unit<'a>>, RunError> {
    let mut found = Vec::new();
    if let Some(id) = id {
        let walked = drive.walk();
        let named = walked.iter().find(|(_, entity)| entity.id == id);
        let (path, entity) = named.ok_or_else(|| nothing(drive, &[id]))?;
        let parents: Vec<String> = path[..path.len() - 1].iter().map(|name| (*name).to_owned()).collect();
        collect(entity, &parents, &mut found);
    } else if only.is_empty() {
        loose_and_below(&drive.in_run_order(), &[], &mut found);
    } else {
        let names: Vec<&str> = only.iter().map(String::as_str).collect();
        let entity = drive.by_path(&names).ok_or_else(|| nothing(drive, &names))?;
        collect(entity, &only[..only.len() - 1], &mut found);
    }
    wait(drive, &mut found);
    Ok(found)
}

fn nothing(drive: &Drive, names: &[&str]) -> RunError {
    let path = names.join(" / ");
    let all: Vec<String> = drive.walk().iter().map(|(path, _)| path.join(" / ")).collect();
    let hint = suggest::hint(suggest::nearest(&path, all.iter().map(String::as_str)).as_deref());
    RunError::Nothing { path, hint }
}

fn collect<'a>(entity: &'a Entity, parents: &[String], found: &mut Vec<Unit<'a>>) {
    let mut path = parents.to_vec();
    match &entity.kind {
        Kind::Request(_) => {
            found.push(Unit { path, scenario: None, requests: vec![entity], after: Vec::new() });
        }
        Kind::Scenario(additions) => {
            path.push(entity.name.clone());
            let requests = entity.in_run_order();
            found.push(Unit { path, scenario: Some(additions), requests, after: Vec::new() });
        }
        Kind::Project | Kind::Service => {
            path.push(entity.name.clone());
            loose_and_below(&entity.in_run_order(), &path, found);
        }
    }
}

/// Containers one by one, loose requests together; the order puts requests last.
fn loose_and_below<'a>(children: &[&'a Entity], path: &[String], found: &mut Vec<Unit<'a>>) {
    let (loose, containers): (Vec<&Entity>, Vec<&Entity>) =
        children.iter().partition(|child| matches!(child.kind, Kind::Request(_)));
    for child in containers {
        collect(child, path, found);
    }
    if !loose.is_empty() {
        found.push(Unit { path: path.to_vec(), scenario: None, requests: loose, after: Vec::new() });
    }
}

/// Finds for each unit the earlier ones that it has to wait for.
fn wait(drive: &Drive, units: &mut [Unit<'_>]) {
    let mut home: HashMap<String, usize> = HashMap::new();
    for (index, unit) in units.iter().enumerate() {
        for request in &unit.requests {
            home.insert(request.id.clone(), index);
        }
    }
    for (index, unit) in units.iter_mut().enumerate() {
        let of_requests = unit.requests.iter().filter_map(|entity| entity.request()).map(References::of);
        let condition = unit.scenario.and_then(|additions| additions.when.as_ref()).map(References::of_condition);
        let mut after: Vec<usize> = of_requests
            .chain(condition)
            .flat_map(|found| {
                let named = found.paths.iter().filter_map(|path| named_request(drive, path));
                named.chain(found.ids).collect::<Vec<_>>()
            })
            .filter_map(|id| home.get(&id).copied())
            .filter(|other| *other < index)
            .collect();
        after.sort_unstable();
        after.dedup();
        unit.after = after;
    }
}

/// Ids of all requests whose responses expressions name; `None` when an expression may reach any, because a part of its
/// path is made while it is evaluated.
pub(super) fn named(drive: &Drive) -> Option<HashSet<String>> {
    let mut found = HashSet::new();
    for (_, entity) in drive.walk() {
        let references = match &entity.kind {
            Kind::Request(request) => References::of(request),
            Kind::Scenario(ScenarioAdditions { when: Some(when), .. }) => References::of_condition(when),
            _ => continue,
        };
        if references.any_id {
            return None;
        }
        found.extend(references.ids);
        for path in references.paths {
            match named_request(drive, &path) {
                Some(id) => {
                    found.insert(id);
                }
                None if drive.entities.iter().any(|top| path.first() == Some(&top.name)) => return None,
                None => {}
            }
        }
    }
    Some(found)
}

/// Id of the request that a path of names reaches.
fn named_request(drive: &Drive, path: &[String]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let mut at = drive.entities.iter().find(|entity| entity.name == *first)?;
    for name in rest {
        if matches!(at.kind, Kind::Request(_)) {
            break;
        }
        at = at.children.iter().find(|entity| entity.name == *name)?;
    }
    matches!(at.kind, Kind::Request(_)).then(|| at.id.clone())
}
