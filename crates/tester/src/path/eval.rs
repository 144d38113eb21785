//! Steps on a document.

use super::{Selection, Step, filter};
use crate::effort::Effort;
use crate::json::Json;

/// Most values that one step may yield.
const MAX_VALUES: usize = 1_000_000;
/// Most bytes that all values that were found may have together: each comes with all that is below it.
const MAX_BYTES: usize = 64 << 20;

/// A value or a list of values of the document.
pub(super) enum State<'a> {
    One(Option<&'a Json>),
    Many(Vec<&'a Json>),
}

/// The values themselves.
pub(super) fn select(steps: &[Step], document: &Json, effort: &Effort<'_>) -> Result<Selection, String> {
    let state = reach(steps, document, effort)?;
    let all = match &state {
        State::One(one) => one.as_slice(),
        State::Many(list) => list,
    };
    let mut bytes = 0;
    for value in all {
        bytes += weight(value, effort)?;
        if bytes > MAX_BYTES {
            return Err(format!("the values that are selected have more than {} MiB together", MAX_BYTES >> 20));
        }
    }
    Ok(match state {
        State::One(None) => Selection::Nothing,
        State::One(Some(value)) => Selection::One(value.clone()),
        State::Many(list) => Selection::Many(list.into_iter().cloned().collect()),
    })
}

/// About how many bytes a value has with all that is below it.
fn weight(value: &Json, effort: &Effort<'_>) -> Result<usize, String> {
    const EACH: usize = 16;
    let (mut bytes, mut nodes) = (0, 0);
    let mut open = vec![value];
    while let Some(node) = open.pop() {
        nodes += 1;
        bytes += EACH;
        match node {
            Json::Text(text) | Json::Number(text) => bytes += text.len(),
            Json::Array(items) => open.extend(items),
            Json::Object(members) => {
                bytes += members.keys().map(String::len).sum::<usize>();
                open.extend(members.values());
            }
            Json::Null | Json::Bool(_) => {}
        }
    }
    effort.spend(nodes * 4).map_err(|halt| halt.to_string())?;
    Ok(bytes)
}

/// Where the values are.
pub(super) fn reach<'a>(steps: &[Step], document: &'a Json, effort: &Effort<'_>) -> Result<State<'a>, String> {
    let mut state = State::One(Some(document));
    for step in steps {
        state = advance(state, step, effort)?;
        if let State::Many(list) = &state
            && list.len() > MAX_VALUES
        {
            return Err(format!("more than {MAX_VALUES} values are selected"));
        }
    }
    Ok(state)
}

fn advance<'a>(state: State<'a>, step: &Step, effort: &Effort<'_>) -> Result<State<'a>, String> {
    match (state, step) {
        (State::One(None), _) => Ok(State::One(None)),
        (State::One(Some(value)), step) => on_one(value, step, effort),
        (State::Many(list), step) => on_many(list, step, effort),
    }
}

fn on_one<'a>(value: &'a Json, step: &Step, effort: &Effort<'_>) -> Result<State<'a>, String> {
    // A step by name or position costs nothing else; all others look at every child at least once.
    let children_seen = match (value, step) {
        (Json::Object(_), Step::Name(_)) | (_, Step::Position(_) | Step::FromEnd(_)) => 0,
        (Json::Object(members), _) => members.len(),
        (Json::Array(items), _) => items.len(),
        _ => 0,
    };
    effort.spend(children_seen as u64 + 1).map_err(|halt| halt.to_string())?;
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
        Step::DeepName(name) => State::Many(deep(value, Some(name), effort)?),
        Step::DeepAll => State::Many(deep(value, None, effort)?),
        Step::Filter(wanted) => State::Many(filtered(children(value), wanted, effort)?),
    })
}

fn on_many<'a>(list: Vec<&'a Json>, step: &Step, effort: &Effort<'_>) -> Result<State<'a>, String> {
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
            State::Many(filtered(unpacked.collect(), wanted, effort)?)
        }
        each => {
            let mut all = Vec::new();
            for value in list {
                match on_one(value, each, effort)? {
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

fn filtered<'a>(items: Vec<&'a Json>, wanted: &filter::Filter, effort: &Effort<'_>) -> Result<Vec<&'a Json>, String> {
    let mut kept = Vec::new();
    for item in items {
        if filter::holds(wanted, item, effort)? {
            kept.push(item);
        }
    }
    Ok(kept)
}

/// All nodes below in document order, or only the members of one name.
fn deep<'a>(value: &'a Json, name: Option<&str>, effort: &Effort<'_>) -> Result<Vec<&'a Json>, String> {
    let mut found = Vec::new();
    let mut visited = 0usize;
    let mut open: Vec<(Option<&str>, &Json)> = below(value);
    while let Some((key, node)) = open.pop() {
        visited += 1;
        effort.spend(4).map_err(|halt| halt.to_string())?;
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
