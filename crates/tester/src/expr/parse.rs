//! Text to template.

use super::ast::{Declaration, Expression, Part, Placed, Segment, Template};
use super::{ExprError, functions};
use crate::json;

/// Longest template in bytes.
pub const MAX_TEMPLATE: usize = 16 << 20;
/// Deepest nesting of arguments and positions.
pub const MAX_NESTING: usize = 32;

struct Problem {
    at: usize,
    problem: String,
    suggestion: Option<String>,
}

type Parsed<T> = Result<T, Problem>;

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Template {
    /// Reads a text. A `${` always begins an expression; write `${"${"}` for the two characters themselves.
    ///
    /// # Errors
    /// [`ExprError`] for a syntax error, a text longer than [`MAX_TEMPLATE`], nesting deeper than [`MAX_NESTING`].
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        if text.len() > MAX_TEMPLATE {
            let problem = format!("{} bytes are more than the {MAX_TEMPLATE} that are evaluated", text.len());
            return Err(ExprError { expression: String::new(), line: 1, column: 1, problem, suggestion: None });
        }
        let mut parts = Vec::new();
        let mut done = 0;
        while let Some(found) = text[done..].find("${") {
            let start = done + found;
            if found > 0 {
                parts.push(Part::Text(text[done..start].to_owned()));
            }
            let (expression, end) = expression(text, start, 2)?;
            parts.push(Part::Expression(expression));
            done = end;
        }
        if done < text.len() {
            parts.push(Part::Text(text[done..].to_owned()));
        }
        Ok(Self { parts })
    }
}

/// Reads the expression that starts at `start` with an opening of `opening` bytes; also says where it ends.
pub(super) fn expression(text: &str, start: usize, opening: usize) -> Result<(Expression, usize), ExprError> {
    let mut parser = Parser { text, at: start + opening };
    let parsed = parser.declaration(0).and_then(|declaration| {
        parser.blanks();
        parser.expect('}', "`}` at the end of the expression")?;
        Ok(declaration)
    });
    match parsed {
        Ok(declaration) => Ok((Expression { declaration, source: text[start..parser.at].to_owned() }, parser.at)),
        Err(Problem { at, problem, suggestion }) => {
            let (line, column) = crate::json::place(text, at);
            Err(ExprError { expression: excerpt(&text[start..]), line, column, problem, suggestion })
        }
    }
}

/// What to show of an expression that could not be read to its end.
fn excerpt(rest: &str) -> String {
    let end = rest.find(['}', '\n']).map_or(rest.len(), |end| end + usize::from(rest.as_bytes()[end] == b'}'));
    let shown: String = rest[..end].chars().take(80).collect();
    if shown.len() < end { format!("{shown}…") } else { shown }
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn fail<T>(&self, problem: impl Into<String>) -> Parsed<T> {
        Err(Problem { at: self.at, problem: problem.into(), suggestion: None })
    }

    fn found(&self) -> String {
        self.peek().map_or_else(|| "the end of the text".to_owned(), |c| format!("`{c}`"))
    }

    fn blanks(&mut self) {
        while let Some(c) = self.peek().filter(|c| c.is_whitespace()) {
            self.at += c.len_utf8();
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char, what: &str) -> Parsed<()> {
        if self.take(wanted) {
            return Ok(());
        }
        if self.peek() == Some('-') {
            return self.fail(format!("expected {what}, found `-`; put names with such characters in quotes"));
        }
        self.fail(format!("expected {what}, found {}", self.found()))
    }

    fn declaration(&mut self, depth: usize) -> Parsed<Declaration> {
        if depth > MAX_NESTING {
            return self.fail(format!("nested deeper than {MAX_NESTING} levels"));
        }
        self.blanks();
        let mut segments = vec![self.segment(depth, true)?];
        loop {
            let before = self.at;
            self.blanks();
            if !self.take('.') {
                self.at = before;
                return Ok(Declaration { segments });
            }
            self.blanks();
            segments.push(self.segment(depth, false)?);
        }
    }

    fn segment(&mut self, depth: usize, head: bool) -> Parsed<Placed> {
        let at = self.at;
        let segment = match self.peek() {
            Some(quote @ ('"' | '\'')) => Segment::Text(self.string(quote)?),
            Some(c) if c.is_alphabetic() || c == '_' => self.named(depth)?,
            Some(c) if c.is_ascii_digit() && !head => Segment::Text(self.digits()),
            Some(c) if head && (c.is_ascii_digit() || c == '-' || c == '+') => self.number()?,
            Some('}') => return self.fail("an expression needs a name, a text in quotes or a function here"),
            _ => {
                let found = self.found();
                return self.fail(format!("expected a name, a text in quotes or a function, found {found}"));
            }
        };
        Ok(Placed { segment, at })
    }

    fn digits(&mut self) -> String {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        self.at += end;
        rest[..end].to_owned()
    }

    fn number(&mut self) -> Parsed<Segment> {
        let rest = &self.text[self.at..];
        let signed = usize::from(rest.starts_with(['+', '-']));
        let mut end = signed + rest[signed..].bytes().take_while(u8::is_ascii_digit).count();
        let fraction =
            rest[end..].strip_prefix('.').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        if fraction > 0 {
            end += 1 + fraction;
        }
        let text = rest[..end].trim_start_matches('+');
        let trimmed = text.strip_prefix('-').unwrap_or(text).trim_start_matches('0');
        // `007` is a number to people, not to JSON.
        let plain =
            if trimmed.is_empty() || trimmed.starts_with('.') { format!("0{trimmed}") } else { trimmed.to_owned() };
        let text = if text.starts_with('-') { format!("-{plain}") } else { plain };
        if end == signed || !json::is_number(&text) {
            return self.fail("a sign must be followed by digits");
        }
        self.at += end;
        Ok(Segment::Number(text))
    }

    fn string(&mut self, quote: char) -> Parsed<String> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            match self.peek() {
                None => {
                    let problem = format!("the text that begins here has no closing {quote}");
                    return Err(Problem { at: start, problem, suggestion: None });
                }
                Some(c) if c == quote => {
                    self.at += 1;
                    return Ok(out);
                }
                Some('\\') if self.text[self.at + 1..].starts_with(quote) => {
                    out.push(quote);
                    self.at += 2;
                }
                Some(c) => {
                    out.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn named(&mut self, depth: usize) -> Parsed<Segment> {
        let start = self.at;
        let rest = &self.text[start..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        self.at += end;
        match self.peek() {
            Some('(') => {
                if functions::find(&name).is_none() {
                    let suggestion = crate::suggest::nearest(&name, functions::names());
                    return Err(Problem { at: start, problem: format!("there is no function `{name}`"), suggestion });
                }
                self.at += 1;
                Ok(Segment::Method { args: self.arguments(depth)?, name })
            }
            Some('[') => {
                let mut positions = Vec::new();
                while self.take('[') {
                    positions.push(self.declaration(depth + 1)?);
                    self.blanks();
                    self.expect(']', "`]` after the position")?;
                }
                Ok(Segment::Index { name, positions })
            }
            _ => Ok(Segment::Id(name)),
        }
    }

    fn arguments(&mut self, depth: usize) -> Parsed<Vec<Declaration>> {
        let mut args = Vec::new();
        self.blanks();
        if self.take(')') {
            return Ok(args);
        }
        loop {
            args.push(self.declaration(depth + 1)?);
            self.blanks();
            if self.take(')') {
                return Ok(args);
            }
            self.expect(',', "`,` or `)` after the argument")?;
        }
    }
}

impl Template {
    /// Puts a `$` before each `{ … }` that holds a path in quotes or a function; JSON and other braces stay.
    pub(crate) fn with_dollars(text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        while let Some(found) = text[done..].find('{') {
            let start = done + found;
            out.push_str(&text[done..start]);
            let dollar = text[..start].ends_with('$');
            match expression(text, start, 1) {
                Ok((read, end))
                    if !matches!(read.declaration.segments[0].segment, Segment::Id(_) | Segment::Number(_)) =>
                {
                    out.push_str(if dollar { "" } else { "$" });
                    out.push_str(&text[start..end]);
                    done = end;
                }
                _ => {
                    out.push('{');
                    done = start + 1;
                }
            }
        }
        out.push_str(&text[done..]);
        out
    }
}
