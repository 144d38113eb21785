//! Expressions: `${…}` inside texts.
//!
//! The language is the reference's (`doc`, with `file` for `getEntityById` and for names without quotes):
//!
//! ```text
//! template    = { text | "${" declaration "}" }
//! declaration = head { "." segment }
//! head        = method | index | id | string | number
//! segment     = id | string | method | index
//! method      = id "(" [ declaration { "," declaration } ] ")"
//! index       = id "[" declaration "]" { "[" declaration "]" }
//! ```
//!
//! A head means, in this order: a variable, a top-level entity of the drive, its own text. Functions stand in
//! [`FUNCTIONS`].

mod ast;
mod complete;
mod eval;
pub(crate) mod functions;
mod parse;
mod references;
mod step;
mod uses;

pub use ast::{Declaration, Expression, Part, Placed, Segment, Template};
pub use complete::{Candidate, Completion};
pub use eval::{Evaluator, Sources};
pub use functions::{FUNCTIONS, Function};
pub use parse::{MAX_NESTING, MAX_TEMPLATE};
pub(crate) use references::References;
pub(crate) use uses::Uses;

use crate::model::{BodyKind, Request};

/// An expression that cannot be read or evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExprError {
    /// The expression as written, `${` to `}`.
    pub expression: String,
    /// Where in the text: line and column, from 1.
    pub line: usize,
    /// In characters.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
    /// A name that was probably meant.
    pub suggestion: Option<String>,
}

impl std::fmt::Display for ExprError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { expression, line, column, problem, suggestion } = self;
        write!(out, "`{expression}` at line {line}, column {column}: {problem}")?;
        out.write_str(&crate::suggest::hint(suggestion.as_deref()))
    }
}

impl std::error::Error for ExprError {}

/// Every text of a request in which expressions are evaluated, with the name of the field.
pub fn texts(request: &Request) -> Vec<(String, &str)> {
    let mut found: Vec<(String, &str)> = Vec::new();
    each_text(request, &mut |name, text| found.push((name(), text)));
    found
}

/// The same without making names that nobody asks for.
pub(crate) fn each_text<'a>(request: &'a Request, see: &mut dyn FnMut(&dyn Fn() -> String, &'a str)) {
    let uri = &request.uri;
    for (name, text) in [("host", &uri.host), ("path", &uri.path)] {
        if let Some(text) = text {
            see(&|| name.to_owned(), text);
        }
    }
    let query = uri.query.iter().flat_map(|query| &query.items).map(|row| ("query", row));
    let form = request.body.form.iter().flat_map(|form| &form.items).map(|row| ("form", row));
    let form = form.filter(|_| request.body.kind == BodyKind::Form);
    for (what, row) in query.chain(request.headers.iter().map(|row| ("header", row))).chain(form) {
        if row.is_on() {
            see(&|| format!("name of {what} `{}`", row.name), &row.name);
            see(&|| format!("{what} `{}`", row.name), row.value());
        }
    }
    if request.body.kind == BodyKind::Text
        && !request.additions.raw_body
        && let Some(text) = &request.body.text
    {
        see(&|| "body".to_owned(), text);
    }
    for (at, assertion) in request.assertions.iter().enumerate().filter(|(_, assertion)| assertion.is_on()) {
        if let Some(text) = assertion.value.as_ref().and_then(crate::json::Json::as_text) {
            see(&|| format!("assertion {}", at + 1), text);
        }
    }
    each_added_text(request, see);
}

fn each_added_text<'a>(request: &'a Request, see: &mut dyn FnMut(&dyn Fn() -> String, &'a str)) {
    let added = &request.additions;
    for binding in &added.before {
        see(&|| format!("value `{}`", binding.name), &binding.value);
    }
    let until = added.until.as_ref().map(|until| &until.holds);
    for (name, condition) in [("when", added.when.as_ref()), ("until", until)] {
        if let Some(condition) = condition {
            see(&|| name.to_owned(), &condition.value);
            see(&|| name.to_owned(), &condition.to);
        }
    }
    if let Some(file) = added.file.as_ref().filter(|_| request.body.kind == BodyKind::File) {
        see(&|| "file".to_owned(), file);
    }
    if let Some(each) = &added.each {
        see(&|| "each".to_owned(), &each.items);
    }
    if let Some(graphql) = added.graphql.as_ref().filter(|_| request.body.kind == BodyKind::GraphQl) {
        see(&|| "GraphQL query".to_owned(), &graphql.query);
        see(&|| "GraphQL variables".to_owned(), &graphql.variables);
    }
    for turn in added.web_socket.iter().flat_map(|talk| &talk.turns) {
        let texts = turn.send.iter().chain(turn.until.as_ref().map(|until| &until.to));
        texts.for_each(|text| see(&|| "WebSocket message".to_owned(), text));
    }
}
