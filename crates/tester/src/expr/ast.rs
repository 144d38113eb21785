//! Templates as trees, and their text form.

use std::fmt;

/// A text with expressions in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// Text and expressions in order; no two texts side by side.
    pub parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Stands for itself.
    Text(String),
    /// Is replaced by its value.
    Expression(Expression),
}

/// One `${…}`.
#[derive(Debug, Clone)]
pub struct Expression {
    /// What is between the braces.
    pub declaration: Declaration,
    /// As written, `${` to `}`.
    pub source: String,
}

/// Two are equal when they mean the same; blanks and the kind of quotes do not count.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.declaration == other.declaration
    }
}

impl Eq for Expression {}

/// A head and the segments after it; never empty when parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// Head first.
    pub segments: Vec<Placed>,
}

/// A segment with its place.
#[derive(Debug, Clone)]
pub struct Placed {
    /// What it is.
    pub segment: Segment,
    /// Byte offset in the template; does not count for equality.
    pub at: usize,
}

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.segment == other.segment
    }
}

impl Eq for Placed {}

/// A piece of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A name without quotes.
    Id(String),
    /// A name or constant in quotes.
    Text(String),
    /// A number constant, as written.
    Number(String),
    /// A call.
    Method {
        /// Function.
        name: String,
        /// Arguments.
        args: Vec<Declaration>,
    },
    /// A name with positions behind it.
    Index {
        /// What is indexed.
        name: String,
        /// Positions, at least one.
        positions: Vec<Declaration>,
    },
}

impl Template {
    /// The expressions in order.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Expression(expression) => Some(expression),
            Part::Text(_) => None,
        })
    }
}

impl Declaration {
    /// The text when this is nothing but a quoted constant.
    pub fn plain_text(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [Placed { segment: Segment::Text(text), .. }] => Some(text),
            _ => None,
        }
    }

    /// Calls `seen` for this declaration and all inside it.
    pub(crate) fn visit(&self, seen: &mut impl FnMut(&Declaration)) {
        seen(self);
        for placed in &self.segments {
            let (Segment::Method { args: inner, .. } | Segment::Index { positions: inner, .. }) = &placed.segment
            else {
                continue;
            };
            for declaration in inner {
                declaration.visit(seen);
            }
        }
    }
}

/// The text form parses back to an equal template. A constant that ends in a backslash has no text form in this
/// language (a backslash before a quote means the quote); it is written all the same.
impl fmt::Display for Template {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.write_str(text)?,
                Part::Expression(expression) => write!(out, "${{{}}}", expression.declaration)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Declaration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, placed) in self.segments.iter().enumerate() {
            if position > 0 {
                out.write_str(".")?;
            }
            write!(out, "{}", placed.segment)?;
        }
        Ok(())
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(name) | Self::Number(name) => out.write_str(name),
            Self::Text(text) => write!(out, "\"{}\"", text.replace('"', "\\\"")),
            Self::Method { name, args } => {
                write!(out, "{name}(")?;
                for (position, argument) in args.iter().enumerate() {
                    write!(out, "{}{argument}", if position > 0 { ", " } else { "" })?;
                }
                out.write_str(")")
            }
            Self::Index { name, positions } => {
                out.write_str(name)?;
                positions.iter().try_for_each(|position| write!(out, "[{position}]"))
            }
        }
    }
}
