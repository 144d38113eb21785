//! The canonical text of a filter: no blanks, no quotes, backslashes where needed, groups only where needed.

use std::fmt::{self, Display, Formatter, Write as _};

use crate::{Comparison, Expr, Op, Pattern};

/// Characters that a backslash turns into ordinary ones, apart from blanks.
pub(crate) const SPECIAL: [char; 7] = [';', ',', '(', ')', '*', '"', '\\'];

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::And(members) => write_joined(f, members, ';', |member| !matches!(member, Expr::Compare(_))),
            Expr::Or(members) => write_joined(f, members, ',', |member| matches!(member, Expr::Or(_))),
            Expr::Compare(comparison) => comparison.fmt(f),
        }
    }
}

fn write_joined(
    f: &mut Formatter<'_>,
    members: &[Expr],
    separator: char,
    needs_group: fn(&Expr) -> bool,
) -> fmt::Result {
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            f.write_char(separator)?;
        }
        if needs_group(member) {
            write!(f, "({member})")?;
        } else {
            write!(f, "{member}")?;
        }
    }
    Ok(())
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.field, self.op, self.value)
    }
}

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (before, text, after) = match self {
            Pattern::Exact(text) if text.is_empty() => return f.write_str("\"\""),
            Pattern::Exact(text) => ("", text.as_str(), ""),
            Pattern::Prefix(text) => ("", text.as_str(), "*"),
            Pattern::Suffix(text) => ("*", text.as_str(), ""),
            Pattern::Contains(text) => ("*", text.as_str(), "*"),
            Pattern::Any => return f.write_char('*'),
        };
        f.write_str(before)?;
        write_escaped(f, text)?;
        f.write_str(after)
    }
}

fn write_escaped(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    let last = text.chars().count().saturating_sub(1);
    for (index, c) in text.chars().enumerate() {
        let blank_at_end = c.is_whitespace() && (index == 0 || index == last);
        if blank_at_end || SPECIAL.contains(&c) {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    Ok(())
}
