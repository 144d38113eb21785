//! Comparisons of a received value with an expected text (`doc`, `inferred` where the reference is silent).

use std::cmp::Ordering;

use super::subject::Received;
use crate::effort::Effort;
use crate::json::{Json, compare_numbers, is_number};
use crate::model::Rule;
use crate::regex::Regex;

/// Whether the comparison holds.
pub(super) fn holds(rule: Rule, received: &Received, expected: &str, effort: &Effort<'_>) -> Result<bool, String> {
    match rule {
        Rule::Equals => Ok(equals(received, expected)),
        Rule::DoesNotEqual => Ok(!equals(received, expected)),
        Rule::Exists => Ok(exists(received)),
        Rule::DoesNotExist => Ok(!exists(received)),
        Rule::IsBlank => Ok(is_blank(received)),
        Rule::IsNotBlank => Ok(!is_blank(received)),
        // What is not there contains nothing.
        Rule::Contains => contains(received, expected, effort).map(|found| found == Some(true)),
        Rule::DoesNotContain => contains(received, expected, effort).map(|found| found != Some(true)),
        Rule::Matches => matches(received, expected, effort).map(|found| found == Some(true)),
        Rule::DoesNotMatch => matches(received, expected, effort).map(|found| found != Some(true)),
        Rule::Less => order(received, expected, |order| order == Ordering::Less),
        Rule::LessOrEqual => order(received, expected, |order| order != Ordering::Greater),
        Rule::Greater => order(received, expected, |order| order == Ordering::Greater),
        Rule::GreaterOrEqual => order(received, expected, |order| order != Ordering::Less),
        Rule::LengthEqual => length(received, expected, |order| order == Ordering::Equal),
        Rule::LengthAtLeast => length(received, expected, |order| order != Ordering::Less),
        Rule::LengthAtMost => length(received, expected, |order| order != Ordering::Greater),
    }
}

fn exists(received: &Received) -> bool {
    !matches!(received, Received::Nothing | Received::NoMatches)
}

fn is_blank(received: &Received) -> bool {
    received.text().is_none_or(|text| text.trim().is_empty())
}

/// The text, or the text that it is as a JSON string: files hold both (`file`).
fn text_equals(actual: &str, expected: &str) -> bool {
    actual == expected || matches!(Json::parse(expected), Ok(Json::Text(text)) if text == actual)
}

fn equals(received: &Received, expected: &str) -> bool {
    match received {
        Received::Nothing => false,
        Received::NoMatches => Json::parse(expected).is_ok_and(|json| json == Json::Array(Vec::new())),
        Received::Loose(values) => {
            let text = values.join(", ");
            text_equals(&text, expected) || compare_numbers(&text, expected.trim()) == Some(Ordering::Equal)
        }
        Received::Value(Json::Text(text)) => text_equals(text, expected),
        Received::Value(Json::Number(number)) => compare_numbers(number, expected.trim()) == Some(Ordering::Equal),
        Received::Value(json) => Json::parse(expected).is_ok_and(|wanted| wanted.same(json)),
        Received::Nodes(nodes) => match nodes.as_slice() {
            [one] => text_equals(one, expected) || compare_numbers(one, expected.trim()) == Some(Ordering::Equal),
            many => wanted(expected).iter().map(Json::render).eq(many.iter().cloned()),
        },
    }
}

/// Elements of an expected text: a JSON array, a list of JSON values with commas, or one bare value.
fn wanted(expected: &str) -> Vec<Json> {
    if let Ok(Json::Array(items)) = Json::parse(expected) {
        return items;
    }
    match Json::parse(&format!("[{expected}]")) {
        Ok(Json::Array(items)) if !items.is_empty() => items,
        _ => vec![Json::text(expected.trim())],
    }
}

/// Whether this is true of all; each is compared with so many values.
fn all(wanted: &[Json], each: usize, effort: &Effort<'_>, of: impl Fn(&Json) -> bool) -> Result<bool, String> {
    for one in wanted {
        effort.spend(each as u64 + 1).map_err(|halt| halt.to_string())?;
        if !of(one) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `None` when there is no value.
fn contains(received: &Received, expected: &str, effort: &Effort<'_>) -> Result<Option<bool>, String> {
    let inside = |text: &str| {
        text.contains(expected) || matches!(Json::parse(expected), Ok(Json::Text(part)) if text.contains(&part))
    };
    Ok(Some(match received {
        Received::Nothing => return Ok(None),
        Received::NoMatches => false,
        Received::Loose(values) => inside(&values.join(", ")),
        Received::Value(Json::Text(text)) => inside(text),
        Received::Value(Json::Array(items)) => {
            let bare = |item: &Json| item.as_text().is_some_and(|text| text == expected.trim());
            items.iter().any(bare)
                || all(&wanted(expected), items.len(), effort, |one| items.iter().any(|item| item.same(one)))?
        }
        Received::Value(Json::Object(members)) => {
            wanted(expected).iter().all(|key| members.contains_key(&key.render()))
        }
        Received::Nodes(nodes) => {
            all(&wanted(expected), nodes.len(), effort, |one| nodes.contains(&one.render()))?
                || nodes.iter().any(|node| node == expected)
        }
        Received::Value(other) => return Err(format!("a value of type {} contains nothing", other.kind())),
    }))
}

fn matches(received: &Received, expected: &str, effort: &Effort<'_>) -> Result<Option<bool>, String> {
    let Some(text) = received.text() else { return Ok(None) };
    let regex = Regex::parse(expected).map_err(|error| error.to_string())?;
    regex.is_match(&text, effort).map(Some).map_err(|error| error.to_string())
}

/// Numbers by value, texts by length, everything else as text; `null` cannot be ordered (`doc`).
fn order(received: &Received, expected: &str, wanted: impl Fn(Ordering) -> bool) -> Result<bool, String> {
    let numeric = |number: &str| {
        compare_numbers(number, expected.trim())
            .map(&wanted)
            .ok_or_else(|| format!("`{expected}` is no number, so `{number}` cannot be compared with it"))
    };
    let by_length = |text: &str| {
        let unquoted = Json::parse(expected).ok().and_then(|json| json.as_text().map(str::to_owned));
        wanted(text.chars().count().cmp(&unquoted.as_deref().unwrap_or(expected).chars().count()))
    };
    match received {
        Received::Nothing | Received::NoMatches => Ok(false),
        Received::Loose(values) if values.len() == 1 && is_number(values[0].trim()) => numeric(values[0].trim()),
        Received::Loose(values) => Ok(by_length(&values.join(", "))),
        Received::Value(Json::Number(number)) => numeric(number),
        Received::Value(Json::Text(text)) => Ok(by_length(text)),
        Received::Value(Json::Null) => Err("null cannot be ordered".to_owned()),
        Received::Value(other) => Ok(wanted(other.render().as_str().cmp(expected))),
        Received::Nodes(nodes) => match nodes.as_slice() {
            [one] if is_number(one.trim()) => numeric(one.trim()),
            [one] => Ok(by_length(one)),
            many => Ok(wanted(format!("[{}]", many.join(", ")).as_str().cmp(expected))),
        },
    }
}

fn length(received: &Received, expected: &str, wanted: impl Fn(Ordering) -> bool) -> Result<bool, String> {
    let goal: usize = expected
        .trim()
        .trim_matches('"')
        .parse()
        .map_err(|_| format!("the expected length must be a whole number from 0, not `{expected}`"))?;
    let count = match received {
        Received::Nothing => return Ok(false),
        Received::NoMatches => 0,
        Received::Loose(values) => values.iter().map(|value| value.split(',').count()).sum(),
        Received::Value(Json::Text(text)) => text.chars().count(),
        Received::Value(Json::Array(items)) => items.len(),
        Received::Value(Json::Object(members)) => members.len(),
        Received::Nodes(nodes) => nodes.len(),
        Received::Value(other) => return Err(format!("a value of type {} has no length", other.kind())),
    };
    Ok(wanted(count.cmp(&goal)))
}
