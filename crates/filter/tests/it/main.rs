//! What a caller of a filtered list sees: which rows match, and what a wrong filter is answered with.

mod errors;
mod matching;
mod round_trip;

use stoker_filter::{Comparison, Expr, Op, Pattern, parse};

/// Fields of the published lists of workspaces and engines.
const FIELDS: &[&str] =
    &["id", "name", "description", "status", "environment.name", "workspace.environment.id", "createDate"];

fn read(text: &str) -> Expr {
    match parse(text, FIELDS) {
        Ok(expr) => expr,
        Err(error) => panic!("{text}: {error}"),
    }
}

fn compare(field: &str, op: Op, value: Pattern) -> Expr {
    Expr::Compare(Comparison { field: field.to_owned(), op, value })
}

fn is(field: &str, text: &str) -> Expr {
    compare(field, Op::Eq, Pattern::Exact(text.to_owned()))
}

/// Whether a thing with these fields is in the filtered list.
fn finds(text: &str, row: &[(&str, &str)]) -> bool {
    read(text).matches(&|field| row.iter().find(|(name, _)| *name == field).map(|(_, value)| (*value).to_owned()))
}
