//! What may stand at a place of a text: names, parts of responses, functions.

use super::ast::Template;
use super::functions::FUNCTIONS;
use super::step::{OF_REQUEST, OF_RESPONSE, Value};
use super::{Evaluator, Part};
use crate::json::Json;

/// Most candidates of one place.
const MOST: usize = 50;

/// Candidates for the unfinished name before a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Where the unfinished name begins, in characters from 0; a candidate replaces the text from here to the place.
    pub from: usize,
    /// In the order of their use.
    pub candidates: Vec<Candidate>,
}

/// One name that may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What to put into the text.
    pub insert: String,
    /// What it is: `variable`, `project`, `request`, `part`, `member`, `function` and so on.
    pub kind: &'static str,
    /// One line of help; empty when the name says it all.
    pub help: String,
}

/// The unfinished end of an expression.
struct Unfinished<'t> {
    /// What stands before the last dot; empty at a head.
    before: &'t str,
    /// The begun name, without its quote.
    begun: &'t str,
    /// Where it begins, in bytes of the whole text, its quote included.
    at: usize,
}

fn unfinished(text: &str) -> Option<Unfinished<'_>> {
    let mut open: Option<(usize, usize)> = None;
    let (mut quote, mut escaped) = (None, false);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (&mut open, quote) {
            (None, _) => {
                if c == '$' && chars.peek().is_some_and(|(_, next)| *next == '{') {
                    chars.next();
                    open = Some((at + 2, at + 2));
                }
            }
            (Some(_), Some(end)) => {
                if escaped {
                    escaped = false;
                } else if c == '\\' {
                    escaped = true;
                } else if c == end {
                    quote = None;
                }
            }
            (Some((start, name)), None) => match c {
                '"' | '\'' => quote = Some(c),
                '}' => open = None,
                '(' | ',' | '[' => (*start, *name) = (at + 1, at + 1),
                '.' => *name = at + 1,
                _ => {}
            },
        }
    }
    let (start, name) = open?;
    let skipped = text[name..].len() - text[name..].trim_start().len();
    let at = name + skipped;
    let begun = text[at..].trim_start_matches(['"', '\'']);
    let before = text[start..name].trim().trim_end_matches('.');
    Some(Unfinished { before, begun, at })
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\\\""))
}

/// A name as it may stand without quotes, else in quotes.
fn bare(name: &str) -> String {
    let plain = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { quoted(name) }
}

fn named(name: &str, kind: &'static str) -> (String, Candidate) {
    let insert = if kind == "variable" { bare(name) } else { quoted(name) };
    (name.to_owned(), Candidate { insert, kind, help: String::new() })
}

fn functions(transforms: bool) -> impl Iterator<Item = (String, Candidate)> {
    FUNCTIONS.iter().filter(move |function| function.transforms == transforms).map(|function| {
        let insert = format!("{}({}", function.name, if function.arguments.is_empty() { ")" } else { "" });
        let help = format!("{}: {}", function.signature(), function.help);
        (function.name.to_owned(), Candidate { insert, kind: "function", help })
    })
}

impl Evaluator<'_> {
    /// What may stand at a place of a text, `at` in characters from 0; none outside of expressions, or when what stands
    /// before the last dot has no value.
    pub fn complete(&self, text: &str, at: usize) -> Option<Completion> {
        let end = text.char_indices().nth(at).map_or(text.len(), |(end, _)| end);
        let Unfinished { before, begun, at } = unfinished(&text[..end])?;
        let wanted = begun.to_lowercase();
        let all = if before.is_empty() { self.heads() } else { self.parts(before)? };
        let candidates = all
            .into_iter()
            .filter(|(name, _)| name.to_lowercase().starts_with(&wanted))
            .map(|(_, candidate)| candidate)
            .take(MOST)
            .collect();
        Some(Completion { from: text[..at].chars().count(), candidates })
    }

    fn heads(&self) -> Vec<(String, Candidate)> {
        let sources = self.sources;
        let variables = sources.variables.names().map(|name| named(name, "variable"));
        let entities = sources.drive.in_run_order().into_iter().map(|entity| named(&entity.name, kind_of(entity)));
        variables.chain(entities).chain(functions(false)).collect()
    }

    fn parts(&self, before: &str) -> Option<Vec<(String, Candidate)>> {
        let parsed = Template::parse(&format!("${{{before}}}")).ok()?;
        let [Part::Expression(expression)] = parsed.parts.as_slice() else { return None };
        let part = |names: &[&str]| names.iter().map(|name| named(name, "part")).collect();
        Some(match self.reached(&expression.declaration).ok()? {
            Value::Entity(entity) if entity.request().is_some() => part(&["response", "request", "name"]),
            Value::Entity(entity) => {
                entity.in_run_order().into_iter().map(|child| named(&child.name, kind_of(child))).collect()
            }
            Value::Request(_) => part(&OF_REQUEST),
            Value::Response(_) => part(&OF_RESPONSE),
            Value::Headers(list) => list.iter().map(|(name, _)| named(&name.to_lowercase(), "header")).collect(),
            Value::Json(json) => members(&json).into_iter().chain(functions(true)).collect(),
            Value::Unknown(_) => functions(true).collect(),
        })
    }
}

fn kind_of(entity: &crate::model::Entity) -> &'static str {
    match entity.kind.name() {
        "Project" => "project",
        "Service" => "service",
        "Scenario" => "scenario",
        _ => "request",
    }
}

fn members(json: &Json) -> Vec<(String, Candidate)> {
    let text = match json {
        Json::Text(text) => Json::parse(text).ok(),
        _ => None,
    };
    match text.as_ref().unwrap_or(json) {
        Json::Object(members) => members.keys().take(MOST).map(|name| named(name, "member")).collect(),
        Json::Array(items) => (0..items.len().min(MOST)).map(|at| named(&at.to_string(), "member")).collect(),
        _ => Vec::new(),
    }
}
