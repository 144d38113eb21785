//! The core function library.

use super::document::{Document, Kind, Node};
use super::eval::{Context, Evaluation};
use super::parse::Expr;
use super::value::{Value, text_number};

/// Names with the least and the most arguments.
const FUNCTIONS: [(&str, usize, usize); 26] = [
    ("last", 0, 0),
    ("position", 0, 0),
    ("count", 1, 1),
    ("name", 0, 1),
    ("local-name", 0, 1),
    ("namespace-uri", 0, 1),
    ("string", 0, 1),
    ("concat", 2, 100),
    ("starts-with", 2, 2),
    ("contains", 2, 2),
    ("substring-before", 2, 2),
    ("substring-after", 2, 2),
    ("substring", 2, 3),
    ("string-length", 0, 1),
    ("normalize-space", 0, 1),
    ("translate", 3, 3),
    ("boolean", 1, 1),
    ("not", 1, 1),
    ("true", 0, 0),
    ("false", 0, 0),
    ("number", 0, 1),
    ("sum", 1, 1),
    ("floor", 1, 1),
    ("ceiling", 1, 1),
    ("round", 1, 1),
    ("ends-with", 2, 2),
];

pub(super) fn is_known(name: &str) -> bool {
    names().any(|known| known == name)
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, ..)| *name)
}

pub(super) fn call(run: &mut Evaluation<'_>, name: &str, args: &[Expr], at: Context) -> Result<Value, String> {
    if let Some((_, least, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == name)
        && !(*least..=*most).contains(&args.len())
    {
        return Err(format!("{name}() takes {least} to {most} arguments, {} are given", args.len()));
    }
    let document = run.document;
    let mut values = Vec::with_capacity(args.len());
    for argument in args {
        values.push(run.value(argument, at)?);
    }
    let here = || Value::Nodes(vec![at.node]);
    let text = |index: usize| values.get(index).map_or_else(|| here().text(document), |value| value.text(document));
    let number = |index: usize| values.get(index).unwrap_or(&here()).number(document);
    let node = || match values.first() {
        None => Ok(Some(at.node)),
        Some(Value::Nodes(nodes)) => Ok(nodes.first().copied()),
        Some(_) => Err(format!("{name}() needs nodes")),
    };
    Ok(match name {
        "last" => Value::Number(at.size as f64),
        "position" => Value::Number(at.position as f64),
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "not" => Value::Bool(!values[0].truth()),
        "boolean" => Value::Bool(values[0].truth()),
        "count" | "sum" => {
            let Value::Nodes(nodes) = &values[0] else { return Err(format!("{name}() needs nodes")) };
            let sum = || nodes.iter().map(|node| text_number(&document.text(*node))).sum();
            Value::Number(if name == "count" { nodes.len() as f64 } else { sum() })
        }
        "name" | "local-name" | "namespace-uri" => {
            Value::Text(node()?.map_or_else(String::new, |node| part(document, node, name)))
        }
        "number" => Value::Number(number(0)),
        "floor" => Value::Number(number(0).floor()),
        "ceiling" => Value::Number(number(0).ceil()),
        "round" => Value::Number((number(0) + 0.5).floor()),
        "string-length" => Value::Number(text(0).chars().count() as f64),
        "starts-with" => Value::Bool(text(0).starts_with(&text(1))),
        "ends-with" => Value::Bool(text(0).ends_with(&text(1))),
        "contains" => Value::Bool(text(0).contains(&text(1))),
        "concat" => Value::Text((0..values.len()).map(text).collect()),
        "substring-before" => {
            let whole = text(0);
            Value::Text(whole.find(&text(1)).map_or_else(String::new, |at| whole[..at].to_owned()))
        }
        "substring-after" => {
            let (whole, part) = (text(0), text(1));
            Value::Text(whole.find(&part).map_or_else(String::new, |at| whole[at + part.len()..].to_owned()))
        }
        "normalize-space" => Value::Text(text(0).split_whitespace().collect::<Vec<_>>().join(" ")),
        "translate" => Value::Text(translate(&text(0), &text(1), &text(2))),
        "substring" => Value::Text(substring(&text(0), number(1), values.get(2).map(|_| number(2)))),
        _ => Value::Text(text(0)),
    })
}

fn part(document: &Document, node: Node, which: &str) -> String {
    let (name, namespace) = match document.kind(node) {
        Kind::Element { name, namespace, .. } | Kind::Attribute { name, namespace, .. } => (name, namespace.clone()),
        Kind::Instruction { target, .. } => (target, None),
        _ => return String::new(),
    };
    match which {
        "name" => name.clone(),
        "local-name" => name.rsplit(':').next().unwrap_or(name).to_owned(),
        _ => namespace.unwrap_or_default(),
    }
}

fn translate(text: &str, from: &str, to: &str) -> String {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let swap = |c: char| match from.iter().position(|known| *known == c) {
        Some(at) => to.get(at).copied(),
        None => Some(c),
    };
    text.chars().filter_map(swap).collect()
}

/// Positions count from 1 and are rounded, as the standard says.
fn substring(text: &str, start: f64, length: Option<f64>) -> String {
    let round = |number: f64| (number + 0.5).floor();
    let first = round(start);
    let end = length.map_or(f64::INFINITY, |length| first + round(length));
    let inside = |position: f64| position >= first && position < end;
    text.chars().enumerate().filter(|(index, _)| inside(*index as f64 + 1.0)).map(|(_, c)| c).collect()
}
