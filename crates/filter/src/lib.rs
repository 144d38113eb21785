//! FIQL list filters: text to a small tree, and matching of that tree against the fields of one thing.
//!
//! List operations for environments, workspaces, engines and clusters take such a filter in the parameter `query`,
//! promotions and clusters in `_s` (`spec`). This crate knows neither parameters nor entities: the caller names the
//! fields a list can be filtered by and hands in their values.
//!
//! # Syntax
//!
//! | Written | Meaning | Mark |
//! |---|---|---|
//! | `name==dev` `name!=dev` | equal, not equal; upper and lower case differ | `spec`, `!=` `inferred` |
//! | `name==dev*` `name==*dev` `name==*dev*` `name==*` | starts with, ends with, holds, has any value | `spec` |
//! | `=lt=` `=le=` `=gt=` `=ge=` | order: as numbers when both sides are numbers, else as text | `inferred` |
//! | `a==1;b==2` | both; binds tighter than the comma | `spec` |
//! | `a==1,b==2` | either one | `spec` |
//! | `(a==1,b==2);c==3` | group | `inferred` |
//! | `"name==W","environment.name==E"` | quotes around a comparison, as in published examples | `spec` |
//! | `name=="a;b"` `name==a\;b` | `;` `,` `(` `)` in a value: inside quotes, or after a backslash | `inferred` |
//!
//! Values may hold spaces; blanks around a value count only inside quotes around the value or after a backslash. A `*`
//! in the middle of a value is an ordinary character, and `\*` is one at the ends too. A backslash before any other
//! character than `; , ( ) * " \` or a blank stands for itself, so `C:\jobs` needs no care. Single quotes are ordinary
//! characters. Percent signs are the caller's business: the text comes in decoded.
//!
//! One pair of quotes holds one comparison: in `"a==1;b==2"` the value of `a` is `1;b==2`.
//!
//! A published example joins two comparisons by a comma where its words mean "and"; here the comma is always "or".
//!
//! # Example
//!
//! ```
//! let filter = stoker_filter::parse("environment.name==prod;name==load*", &["name", "environment.name"])?;
//! let row = |field: &str| match field {
//!     "name" => Some("load orders".to_owned()),
//!     "environment.name" => Some("prod".to_owned()),
//!     _ => None,
//! };
//! assert!(filter.matches(&row));
//! # Ok::<(), stoker_filter::FilterError>(())
//! ```
//!
//! # Limits
//!
//! A filter comes from outside, so it is bounded: [`MAX_CHARS`], [`MAX_DEPTH`] and [`MAX_COMPARISONS`]. The canonical text
//! that [`Expr`] displays as is never nested deeper than what was read, but its backslashes can make it longer.

mod display;
mod error;
mod eval;
mod parse;
mod suggest;

pub use error::{FilterError, Problem};
pub use parse::{MAX_CHARS, MAX_COMPARISONS, MAX_DEPTH, parse};

/// A filter: one comparison, or several of them joined.
///
/// [`parse`] yields lists of at least two members, never an `And` directly in an `And` nor an `Or` directly in an `Or`.
/// [`Expr::all_of`] and [`Expr::any_of`] keep it so; for such trees the text form parses back to the same tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    /// Every member must match; an empty list matches.
    And(Vec<Expr>),
    /// At least one member must match; an empty list does not.
    Or(Vec<Expr>),
    /// A single comparison.
    Compare(Comparison),
}

impl Expr {
    /// Joins filters with "and", merging nested "and"s; a single filter is handed back as it is.
    pub fn all_of(members: Vec<Expr>) -> Expr {
        join(members, Expr::And, |member| match member {
            Expr::And(inner) => Ok(inner),
            other => Err(other),
        })
    }

    /// Joins filters with "or", merging nested "or"s; a single filter is handed back as it is.
    pub fn any_of(members: Vec<Expr>) -> Expr {
        join(members, Expr::Or, |member| match member {
            Expr::Or(inner) => Ok(inner),
            other => Err(other),
        })
    }
}

fn join(members: Vec<Expr>, wrap: fn(Vec<Expr>) -> Expr, open: fn(Expr) -> Result<Vec<Expr>, Expr>) -> Expr {
    let mut flat = Vec::with_capacity(members.len());
    for member in members {
        match open(member) {
            Ok(inner) => flat.extend(inner),
            Err(other) => flat.push(other),
        }
    }
    match flat.pop() {
        Some(only) if flat.is_empty() => only,
        Some(last) => {
            flat.push(last);
            wrap(flat)
        }
        None => wrap(flat),
    }
}

/// One comparison of a field with a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// Name of the field, dotted for fields of a related thing, for example `workspace.environment.id`.
    pub field: String,
    /// How field and value are compared.
    pub op: Op,
    /// What the field is compared with; always [`Pattern::Exact`] for the four ordering operators.
    pub value: Pattern,
}

/// Operators of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `==`: the field is there and its value fits the pattern.
    Eq,
    /// `!=`: exactly where `==` does not match, so also where the field is missing.
    Ne,
    /// `=lt=`: the field is less than the value.
    Lt,
    /// `=le=`: the field is less than the value or equal to it.
    Le,
    /// `=gt=`: the field is greater than the value.
    Gt,
    /// `=ge=`: the field is greater than the value or equal to it.
    Ge,
}

impl Op {
    /// Every operator, in the order in which messages name them.
    pub const ALL: [Op; 6] = [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge];

    /// The operator as written in a filter, for example `=lt=`.
    pub const fn symbol(self) -> &'static str {
        match self {
            Op::Eq => "==",
            Op::Ne => "!=",
            Op::Lt => "=lt=",
            Op::Le => "=le=",
            Op::Gt => "=gt=",
            Op::Ge => "=ge=",
        }
    }
}

/// The value side of a comparison, with the wildcards at its ends already read.
///
/// The texts are plain: no escapes, no quotes, and a `*` in them is an ordinary character. In prefix, suffix and
/// contains they are not empty when they come from [`parse`]; such a filter is [`Pattern::Any`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// `value`: the whole field.
    Exact(String),
    /// `value*`: the beginning of the field.
    Prefix(String),
    /// `*value`: the end of the field.
    Suffix(String),
    /// `*value*`: anywhere in the field.
    Contains(String),
    /// `*`: every value, also the empty one, but not a missing field.
    Any,
}
