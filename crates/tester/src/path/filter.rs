//! Filters: `[?(@.price < 10 && @.isbn)]`.

use std::cmp::Ordering;

use super::Step;
use super::eval::{self, State};
use super::parse::{Parsed, Parser};
use crate::effort::Effort;
use crate::json::{Json, compare_numbers};
use crate::regex::Regex;

/// Deepest nesting of parentheses.
const MAX_NESTING: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    Exists(Vec<Step>),
    Compare(Operand, Operator, Operand),
    Matches(Operand, Regex),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    Path(Vec<Step>),
    Value(Json),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

pub(super) fn parse(parser: &mut Parser<'_>, depth: usize) -> Parsed<Filter> {
    joined(
        parser,
        depth,
        "||",
        |parser| joined(parser, depth, "&&", |parser| single(parser, depth), Filter::All),
        Filter::Any,
    )
}

fn joined(
    parser: &mut Parser<'_>,
    depth: usize,
    sign: &str,
    mut inner: impl FnMut(&mut Parser<'_>) -> Parsed<Filter>,
    join: fn(Vec<Filter>) -> Filter,
) -> Parsed<Filter> {
    if depth > MAX_NESTING {
        return parser.fail(format!("nested deeper than {MAX_NESTING} levels"));
    }
    let first = inner(parser)?;
    let mut all = vec![first];
    loop {
        parser.blanks();
        if !parser.take(sign) {
            return Ok(if all.len() == 1 { all.remove(0) } else { join(all) });
        }
        all.push(inner(parser)?);
    }
}

fn single(parser: &mut Parser<'_>, depth: usize) -> Parsed<Filter> {
    parser.blanks();
    if parser.rest().starts_with('!') && !parser.rest().starts_with("!=") {
        parser.take("!");
        if depth >= MAX_NESTING {
            return parser.fail(format!("nested deeper than {MAX_NESTING} levels"));
        }
        return single(parser, depth + 1).map(|inner| Filter::Not(Box::new(inner)));
    }
    if parser.take("(") {
        let inner = parse(parser, depth + 1)?;
        parser.blanks();
        if !parser.take(")") {
            return parser.fail("expected `)`");
        }
        return Ok(inner);
    }
    let left = operand(parser)?;
    parser.blanks();
    if parser.take("=~") {
        parser.blanks();
        return pattern(parser).map(|regex| Filter::Matches(left, regex));
    }
    let operators = [
        ("===", Operator::Equal),
        ("!==", Operator::NotEqual),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ];
    match operators.into_iter().find(|(sign, _)| parser.take(sign)) {
        Some((_, operator)) => Ok(Filter::Compare(left, operator, operand(parser)?)),
        None => match left {
            Operand::Path(_) if parser.rest().starts_with('=') => parser.fail("expected a comparison: == != < <= > >="),
            Operand::Path(steps) => Ok(Filter::Exists(steps)),
            Operand::Value(_) => parser.fail("expected a comparison: == != < <= > >="),
        },
    }
}

fn operand(parser: &mut Parser<'_>) -> Parsed<Operand> {
    parser.blanks();
    if parser.take("@") {
        return parser.relative().map(Operand::Path);
    }
    if parser.rest().starts_with(['\'', '"']) {
        return parser.quoted().map(|text| Operand::Value(Json::Text(text)));
    }
    let end = parser.rest().find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
    let word = parser.rest()[..end.unwrap_or(parser.rest().len())].to_owned();
    let value = match word.as_str() {
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        "null" => Json::Null,
        number => match Json::number(number) {
            Some(number) => number,
            None => return parser.fail("expected `@`, a text in quotes, a number, true, false or null"),
        },
    };
    parser.take(&word);
    Ok(Operand::Value(value))
}

/// `/pattern/flags`
fn pattern(parser: &mut Parser<'_>) -> Parsed<Regex> {
    let start = parser.at;
    let mut escaped = true;
    let close = parser.rest().char_indices().find(|(at, c)| {
        let found = *c == '/' && !escaped && *at > 0;
        escaped = *c == '\\' && !escaped;
        found
    });
    let Some((end, _)) = close.filter(|_| parser.rest().starts_with('/')) else {
        return parser.fail("expected a pattern between slashes");
    };
    let flags = parser.rest()[end + 1..].bytes().take_while(u8::is_ascii_alphabetic).count();
    let text = parser.rest()[..end + 1 + flags].to_owned();
    parser.at += text.len();
    Regex::parse(&text).map_err(|error| (start, error.to_string()))
}

pub(super) fn holds(filter: &Filter, item: &Json, effort: &Effort<'_>) -> Result<bool, String> {
    Ok(match filter {
        Filter::Any(all) => {
            for one in all {
                if holds(one, item, effort)? {
                    return Ok(true);
                }
            }
            false
        }
        Filter::All(all) => {
            for one in all {
                if !holds(one, item, effort)? {
                    return Ok(false);
                }
            }
            true
        }
        Filter::Not(inner) => !holds(inner, item, effort)?,
        Filter::Exists(steps) => exists(steps, item, effort)?,
        Filter::Compare(left, operator, right) => {
            let (left, right) = (resolve(left, item, effort)?, resolve(right, item, effort)?);
            effort.read(size(&left).min(size(&right))).map_err(|halt| halt.to_string())?;
            compare(left, *operator, right)
        }
        Filter::Matches(left, regex) => match resolve(left, item, effort)? {
            Some(value) => regex.is_match(&value.render(), effort).map_err(|error| error.to_string())?,
            None => false,
        },
    })
}

fn resolve(operand: &Operand, item: &Json, effort: &Effort<'_>) -> Result<Option<Json>, String> {
    match operand {
        Operand::Path(steps) => value(steps, item, effort),
        Operand::Value(value) => Ok(Some(value.clone())),
    }
}

/// How many elements or characters a value has that is compared.
fn size(value: &Option<Json>) -> usize {
    match value {
        Some(Json::Text(text) | Json::Number(text)) => text.len(),
        Some(Json::Array(items)) => items.len(),
        Some(Json::Object(members)) => members.len(),
        _ => 0,
    }
}

/// What `.length` at the end of a path counts, where there is no member of that name.
fn counted(steps: &[Step], item: &Json, effort: &Effort<'_>) -> Result<Option<usize>, String> {
    let Some((Step::Name(last), before)) = steps.split_last() else { return Ok(None) };
    if last != "length" {
        return Ok(None);
    }
    Ok(match eval::reach(before, item, effort)? {
        State::One(Some(Json::Array(items))) => Some(items.len()),
        State::One(Some(Json::Text(text))) => {
            effort.read(text.len()).map_err(|halt| halt.to_string())?;
            Some(text.chars().count())
        }
        _ => None,
    })
}

/// The value at a path inside the element.
fn value(steps: &[Step], item: &Json, effort: &Effort<'_>) -> Result<Option<Json>, String> {
    if let Some(count) = counted(steps, item, effort)? {
        return Ok(Some(Json::int(count as u64)));
    }
    let found = eval::select(steps, item, effort)?;
    Ok(if found.exists() { found.into_json() } else { None })
}

fn exists(steps: &[Step], item: &Json, effort: &Effort<'_>) -> Result<bool, String> {
    if counted(steps, item, effort)?.is_some() {
        return Ok(true);
    }
    Ok(match eval::reach(steps, item, effort)? {
        State::One(found) => found.is_some(),
        State::Many(list) => !list.is_empty(),
    })
}

fn compare(left: Option<Json>, operator: Operator, right: Option<Json>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return operator == Operator::NotEqual };
    let order = match (&left, &right) {
        (Json::Number(l), Json::Number(r)) => compare_numbers(l, r),
        (Json::Text(l), Json::Text(r)) => Some(l.cmp(r)),
        _ => left.same(&right).then_some(Ordering::Equal),
    };
    match operator {
        Operator::Equal => order == Some(Ordering::Equal),
        Operator::NotEqual => order != Some(Ordering::Equal),
        Operator::Less => order == Some(Ordering::Less),
        Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => order == Some(Ordering::Greater),
        Operator::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}
