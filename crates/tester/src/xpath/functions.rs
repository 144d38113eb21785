//! The core function library.

use super::document::{Document, Kind, Node};
use super::eval::{Context, Evaluation};
use super::parse::Expr;
use super::value::Value;

/// Longest text that is put together, in bytes.
const MAX_TEXT: usize = 32 << 20;

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

pub(super) fn call(run: &Evaluation<'_>, name: &str, args: &[Expr], at: Context) -> Result<Value, String> {
    if let Some((_, least, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == name)
        && !(*least..=*most).contains(&args.len())
    {
        return Err(format!("{name}() takes {least} to {most} arguments, {} are given", args.len()));
    }
    let mut values = Vec::with_capacity(args.len());
    for argument in args {
        values.push(run.value(argument, at)?);
    }
    Called { run, name, values, at }.result()
}

/// A call with its arguments.
struct Called<'a> {
    run: &'a Evaluation<'a>,
    name: &'a str,
    values: Vec<Value>,
    at: Context,
}

impl Called<'_> {
    fn text(&self, index: usize) -> Result<String, String> {
        match self.values.get(index) {
            Some(value) => self.run.text(value),
            None => self.run.text(&Value::Nodes(vec![self.at.node])),
        }
    }

    fn number(&self, index: usize) -> Result<f64, String> {
        match self.values.get(index) {
            Some(value) => self.run.number(value),
            None => self.run.number(&Value::Nodes(vec![self.at.node])),
        }
    }

    fn node(&self) -> Result<Option<Node>, String> {
        match self.values.first() {
            None => Ok(Some(self.at.node)),
            Some(Value::Nodes(nodes)) => Ok(nodes.first().copied()),
            Some(_) => Err(format!("{}() needs nodes", self.name)),
        }
    }

    fn result(&self) -> Result<Value, String> {
        let (document, name, at) = (self.run.document, self.name, self.at);
        Ok(match name {
            "last" => Value::Number(at.size as f64),
            "position" => Value::Number(at.position as f64),
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "not" => Value::Bool(!self.values[0].truth()),
            "boolean" => Value::Bool(self.values[0].truth()),
            "count" | "sum" => {
                let Value::Nodes(nodes) = &self.values[0] else { return Err(format!("{name}() needs nodes")) };
                if name == "count" {
                    return Ok(Value::Number(nodes.len() as f64));
                }
                let mut sum = 0.0;
                for node in nodes {
                    sum += self.run.number(&Value::Nodes(vec![*node]))?;
                }
                Value::Number(sum)
            }
            "name" | "local-name" | "namespace-uri" => {
                Value::Text(self.node()?.map_or_else(String::new, |node| part(document, node, name)))
            }
            "number" => Value::Number(self.number(0)?),
            "floor" => Value::Number(self.number(0)?.floor()),
            "ceiling" => Value::Number(self.number(0)?.ceil()),
            "round" => Value::Number((self.number(0)? + 0.5).floor()),
            _ => return self.of_text(),
        })
    }

    fn of_text(&self) -> Result<Value, String> {
        Ok(match self.name {
            "string-length" => Value::Number(self.text(0)?.chars().count() as f64),
            "starts-with" => Value::Bool(self.text(0)?.starts_with(&self.text(1)?)),
            "ends-with" => Value::Bool(self.text(0)?.ends_with(&self.text(1)?)),
            "contains" => Value::Bool(self.text(0)?.contains(&self.text(1)?)),
            "concat" => Value::Text(self.concat()?),
            "substring-before" => {
                let whole = self.text(0)?;
                Value::Text(whole.find(&self.text(1)?).map_or_else(String::new, |at| whole[..at].to_owned()))
            }
            "substring-after" => {
                let (whole, part) = (self.text(0)?, self.text(1)?);
                Value::Text(whole.find(&part).map_or_else(String::new, |at| whole[at + part.len()..].to_owned()))
            }
            "normalize-space" => Value::Text(self.text(0)?.split_whitespace().collect::<Vec<_>>().join(" ")),
            "translate" => {
                let (text, from) = (self.text(0)?, self.text(1)?);
                // Each character is looked for among those of the second text.
                self.run.read(text.len().saturating_mul(from.len()))?;
                Value::Text(translate(&text, &from, &self.text(2)?))
            }
            "substring" => {
                let length = self.values.get(2).map(|_| self.number(2)).transpose()?;
                Value::Text(substring(&self.text(0)?, self.number(1)?, length))
            }
            _ => Value::Text(self.text(0)?),
        })
    }

    fn concat(&self) -> Result<String, String> {
        let mut all = String::new();
        for index in 0..self.values.len() {
            all.push_str(&self.text(index)?);
            if all.len() > MAX_TEXT {
                return Err(format!("concat() makes more than {} MiB", MAX_TEXT >> 20));
            }
        }
        Ok(all)
    }
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
