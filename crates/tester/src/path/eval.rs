//! Steps on a document.

use super::{Selection, Step, filter};
use crate::json::Json;

/// Most values that one step may yield.
const MAX_VALUES: usize = 1_000_000;

/// A value or a list of values of the document.
enum State<'a> {
    One(Option<&'a Json>),
    Many(Vec<&'a Json>),
}

pub(super) fn select(steps: &[Step], document: &Json) -> Result<Selection, String> {
    let mut state = State::One(Some(document));
    for step in steps {
        state = advance(state, step)?;
        if let State::Many(list) = &state
            && list.len() > MAX_VALUES
        {
            return Err(format!("more than {MAX_VALUES} values are selected"));
        }
    }
    Ok(match state {
        State::One(None) => Selection::Nothing,
        State::One(Some(value)) => Selection::One(value.clone()),
        State::Many(list) => Selection::Many(list.into_iter().cloned().collect()),
    })
}

fn advance<'a>(state: State<'a>, step: &Step) -> Result<State<'a>, String> {
    match (state, step) {
        (State::One(None), _) => Ok(State::One(None)),
        (State::One(Some(value)), step) => on_one(value, step),
        (State::Many(list), step) => on_many(list, step),
    }
}

fn on_one<'a>(value: &'a Json, step: &Step) -> Result<State<'a>, String> {
    let items = value.as_array().unwrap_or_default();
    Ok(match step {
        Step::Name(name) => match value {
            Json::Array(items) => State::Many(items.iter().filter_map(|item| item.get(name)).collect()),
            other => State::One(other.get(name)),
        },
        Step::Names(names) => State::Many(names.iter().filter_map(|name| value.get(name)).collect()),
        Step::Position(at) => State::One(position(items.len(), *at).map(|at| &items[at])),
        Step::FromEnd(back) => State::One(position(items.len(), back.saturating_neg()).map(|at| &items[at])),
        Step::Positions(all) => {
            State::Many(all.iter().filter_map(|at| position(items.len(), *at)).map(|at| &items[at]).collect())
        }
        Step::Slice { start, end, step } => {
            State::Many(slice(items.len(), *start, *end, *step).map(|at| &items[at]).collect())
        }
        Step::All => State::Many(children(value)),
        Step::DeepName(name) => State::Many(deep(value, Some(name))?),
        Step::DeepAll => State::Many(deep(value, None)?),
        Step::Filter(wanted) => State::Many(filtered(children(value), wanted)?),
    })
}

fn on_many<'a>(list: Vec<&'a Json>, step: &Step) -> Result<State<'a>, String> {
    Ok(match step {
        Step::Position(at) => State::One(position(list.len(), *at).map(|at| list[at])),
        Step::FromEnd(back) => State::One(position(list.len(), back.saturating_neg()).map(|at| list[at])),
        Step::Positions(all) => {
            State::Many(all.iter().filter_map(|at| position(list.len(), *at)).map(|at| list[at]).collect())
        }
        Step::Slice { start, end, step } => {
            State::Many(slice(list.len(), *start, *end, *step).map(|at| list[at]).collect())
        }
        Step::Filter(wanted) => {
            let unpacked = list.into_iter().flat_map(|item| match item {
                Json::Array(items) => items.iter().collect(),
                other => vec![other],
            });
            State::Many(filtered(unpacked.collect(), wanted)?)
        }
        each => {
            let mut all = Vec::new();
            for value in list {
                match on_one(value, each)? {
                    State::One(found) => all.extend(found),
                    State::Many(found) => all.extend(found),
                }
                if all.len() > MAX_VALUES {
                    return Err(format!("more than {MAX_VALUES} values are selected"));
                }
            }
            State::Many(all)
        }
    })
}

fn children(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(items) => items.iter().collect(),
        Json::Object(members) => members.values().collect(),
        _ => Vec::new(),
    }
}

fn filtered<'a>(items: Vec<&'a Json>, wanted: &filter::Filter) -> Result<Vec<&'a Json>, String> {
    let mut kept = Vec::new();
    for item in items {
        if filter::holds(wanted, item)? {
            kept.push(item);
        }
    }
    Ok(kept)
}

/// All nodes below in document order, or only the members of one name.
fn deep<'a>(value: &'a Json, name: Option<&str>) -> Result<Vec<&'a Json>, String> {
    let mut found = Vec::new();
    let mut visited = 0usize;
    let mut open: Vec<(Option<&str>, &Json)> = below(value);
    while let Some((key, node)) = open.pop() {
        visited += 1;
        if visited > MAX_VALUES {
            return Err(format!("more than {MAX_VALUES} values are looked at"));
        }
        if name.is_none() || key == name {
            found.push(node);
        }
        open.extend(below(node));
    }
    Ok(found)
}

/// Children with their names, last one first.
fn below(value: &Json) -> Vec<(Option<&str>, &Json)> {
    match value {
        Json::Array(items) => items.iter().rev().map(|item| (None, item)).collect(),
        Json::Object(members) => members.iter().rev().map(|(key, item)| (Some(key.as_str()), item)).collect(),
        _ => Vec::new(),
    }
}

fn position(length: usize, at: i64) -> Option<usize> {
    let at = if at < 0 { i64::try_from(length).ok()?.checked_add(at)? } else { at };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// Positions of a slice; negative ends count from the end.
fn slice(length: usize, start: Option<i64>, end: Option<i64>, step: i64) -> impl Iterator<Item = usize> + use<> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let clamp = |at: i64| if at < 0 { at.saturating_add(length).max(0) } else { at.min(length) };
    let (start, end) = (clamp(start.unwrap_or(0)), clamp(end.unwrap_or(length)));
    let step = usize::try_from(step).unwrap_or(1).max(1);
    (start.max(0) as usize..end.max(start).max(0) as usize).step_by(step)
}
