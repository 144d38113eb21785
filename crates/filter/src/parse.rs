//! Reading a filter: a recursive descent over its characters, bounded in length, depth and number of comparisons.

use crate::display::SPECIAL;
use crate::error::{FilterError, Problem};
use crate::suggest::nearest;
use crate::{Comparison, Expr, Op, Pattern};

/// Longest filter, in characters (`inferred`: ours, far above what a list page or a script needs).
pub const MAX_CHARS: usize = 2_000;
/// Deepest nesting of groups (`inferred`).
pub const MAX_DEPTH: usize = 32;
/// Most comparisons in one filter (`inferred`).
pub const MAX_COMPARISONS: usize = 100;

/// Reads a filter.
///
/// `allowed_fields` are the names the list can be filtered by, in the order in which messages shall name them; field
/// names are case sensitive and are made of characters other than `= ! < > ~ ; , ( ) "`.
///
/// # Errors
///
/// [`FilterError`] with the column and a message that says what to change: unknown field or operator, missing value,
/// open quote or group, or one of the limits [`MAX_CHARS`], [`MAX_DEPTH`], [`MAX_COMPARISONS`] exceeded.
pub fn parse(text: &str, allowed_fields: &[&str]) -> Result<Expr, FilterError> {
    let length = text.chars().count();
    if length > MAX_CHARS {
        return Err(FilterError::new(MAX_CHARS + 1, Problem::TooLong { length }));
    }
    let mut parser = Parser { chars: text.chars().collect(), at: 0, depth: 0, comparisons: 0, allowed: allowed_fields };
    parser.skip_blanks();
    if parser.peek().is_none() {
        return Err(FilterError::new(1, Problem::Empty));
    }
    let expr = parser.alternatives()?;
    match parser.peek() {
        None => Ok(expr),
        Some(found) => Err(parser.error(Problem::Unexpected { found })),
    }
}

struct Parser<'a> {
    chars: Vec<char>,
    /// Index of the next character.
    at: usize,
    /// Number of open groups.
    depth: usize,
    comparisons: usize,
    allowed: &'a [&'a str],
}

impl Parser<'_> {
    /// `all {"," all}`
    fn alternatives(&mut self) -> Result<Expr, FilterError> {
        let mut members = vec![self.all()?];
        while self.accept(',') {
            members.push(self.all()?);
        }
        Ok(Expr::any_of(members))
    }

    /// `unit {";" unit}`
    fn all(&mut self) -> Result<Expr, FilterError> {
        let mut members = vec![self.unit()?];
        while self.accept(';') {
            members.push(self.unit()?);
        }
        Ok(Expr::all_of(members))
    }

    /// A group or a comparison, with the blanks around it.
    fn unit(&mut self) -> Result<Expr, FilterError> {
        self.skip_blanks();
        let expr = match self.peek() {
            None | Some(';' | ',' | ')') => return Err(self.error(Problem::MissingComparison)),
            Some('(') => self.group()?,
            Some('"') => {
                let open = self.at;
                self.at += 1;
                let comparison = self.comparison(Some(open))?;
                self.at += 1;
                Expr::Compare(comparison)
            }
            Some(_) => Expr::Compare(self.comparison(None)?),
        };
        self.skip_blanks();
        Ok(expr)
    }

    fn group(&mut self) -> Result<Expr, FilterError> {
        let open = self.at;
        if self.depth == MAX_DEPTH {
            return Err(self.error(Problem::TooDeep));
        }
        self.depth += 1;
        self.at += 1;
        let expr = self.alternatives()?;
        self.depth -= 1;
        match self.peek() {
            Some(')') => {
                self.at += 1;
                Ok(expr)
            }
            Some(found) => Err(self.error(Problem::Unexpected { found })),
            None => Err(self.error_at(open, Problem::UnclosedGroup)),
        }
    }

    /// `quote` is the index of the quote that opened before the comparison; its closing one is left to be read.
    fn comparison(&mut self, quote: Option<usize>) -> Result<Comparison, FilterError> {
        self.skip_blanks();
        let start = self.at;
        if self.comparisons == MAX_COMPARISONS {
            return Err(self.error(Problem::TooManyComparisons));
        }
        self.comparisons += 1;
        let field = self.field(quote)?;
        if !self.allowed.contains(&field.as_str()) {
            return Err(self.error_at(start, self.unknown_field(field)));
        }
        let op = self.operator(&field)?;
        self.skip_blanks();
        let value_start = self.at;
        let letters = self.value(quote)?;
        let Some(value) = pattern(letters) else {
            return Err(self.error_at(value_start, Problem::MissingValue { field, op }));
        };
        if !matches!(op, Op::Eq | Op::Ne) && !matches!(value, Pattern::Exact(_)) {
            return Err(self.error_at(value_start, Problem::WildcardInOrder { field, op }));
        }
        Ok(Comparison { field, op, value })
    }

    /// The text before the operator, without the blanks around it.
    fn field(&mut self, quote: Option<usize>) -> Result<String, FilterError> {
        let start = self.at;
        while self.peek().is_some_and(|c| !is_operator_char(c) && !matches!(c, ';' | ',' | '(' | ')' | '"')) {
            self.at += 1;
        }
        let field = self.text(start, self.at).trim().to_owned();
        match (self.peek(), quote) {
            (Some(c), _) if is_operator_char(c) && !field.is_empty() => Ok(field),
            (Some(found @ '('), _) => Err(self.error(Problem::Unexpected { found })),
            (None, Some(open)) => Err(self.error_at(open, Problem::UnclosedQuote)),
            _ if field.is_empty() => Err(self.error_at(start, Problem::MissingComparison)),
            _ => Err(self.error(Problem::MissingOperator { field })),
        }
    }

    fn operator(&mut self, field: &str) -> Result<Op, FilterError> {
        for op in Op::ALL {
            if self.chars[self.at..].iter().copied().take(op.symbol().len()).eq(op.symbol().chars()) {
                self.at += op.symbol().len();
                return Ok(op);
            }
        }
        let operator = self.unknown_operator();
        Err(self.error(Problem::UnknownOperator { field: field.to_owned(), operator }))
    }

    /// What the writer took for an operator: `=word=`, or the run of operator characters.
    fn unknown_operator(&self) -> String {
        let rest = &self.chars[self.at..];
        let signs = rest.iter().take_while(|c| is_operator_char(**c)).count();
        let letters = rest[signs..].iter().take_while(|c| c.is_ascii_alphabetic()).count();
        let framed = signs == 1 && letters > 0 && rest.get(1 + letters) == Some(&'=');
        let end = if framed { letters + 2 } else { signs };
        rest[..end].iter().collect()
    }

    fn unknown_field(&self, field: String) -> Problem {
        Problem::UnknownField {
            suggestion: nearest(&field, self.allowed).map(str::to_owned),
            allowed: self.allowed.iter().map(|name| (*name).to_owned()).collect(),
            field,
        }
    }

    /// Reads up to the character that ends the value: the closing quote, or a separator outside quotes.
    /// `None` when there is neither a character nor a pair of quotes.
    fn value(&mut self, quote: Option<usize>) -> Result<Option<Vec<Letter>>, FilterError> {
        let mut letters = Vec::new();
        let mut inner_quote = None;
        let mut quoted = false;
        while let Some(c) = self.peek() {
            match c {
                '\\' if self.chars.get(self.at + 1).is_some_and(|next| is_escapable(*next)) => {
                    self.at += 1;
                    letters.push(Letter { c: self.chars[self.at], form: Form::Escaped });
                }
                '"' if quote.is_some() => break,
                '"' => {
                    inner_quote = if inner_quote.is_none() { Some(self.at) } else { None };
                    quoted = true;
                }
                '(' if quote.is_none() && inner_quote.is_none() => {
                    return Err(self.error(Problem::Unexpected { found: c }));
                }
                ';' | ',' | ')' if quote.is_none() && inner_quote.is_none() => break,
                _ if inner_quote.is_some() => letters.push(Letter { c, form: Form::Quoted }),
                _ => letters.push(Letter { c, form: Form::Plain }),
            }
            self.at += 1;
        }
        let open = inner_quote.or(quote.filter(|_| self.peek().is_none()));
        if let Some(open) = open {
            return Err(self.error_at(open, Problem::UnclosedQuote));
        }
        let letters = trim(letters);
        Ok((quoted || !letters.is_empty()).then_some(letters))
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn accept(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn text(&self, start: usize, end: usize) -> String {
        self.chars[start..end].iter().collect()
    }

    fn error(&self, problem: Problem) -> FilterError {
        self.error_at(self.at, problem)
    }

    fn error_at(&self, index: usize, problem: Problem) -> FilterError {
        FilterError::new(index + 1, problem)
    }
}

/// A character of a value and how it was written: only plain blanks are trimmed, only escaped stars are no wildcards.
struct Letter {
    c: char,
    form: Form,
}

#[derive(PartialEq, Eq)]
enum Form {
    Plain,
    Quoted,
    Escaped,
}

impl Letter {
    fn is_trimmed(&self) -> bool {
        self.form == Form::Plain && self.c.is_whitespace()
    }

    fn is_wildcard(&self) -> bool {
        self.form != Form::Escaped && self.c == '*'
    }
}

fn is_operator_char(c: char) -> bool {
    matches!(c, '=' | '!' | '<' | '>' | '~')
}

fn is_escapable(c: char) -> bool {
    c.is_whitespace() || SPECIAL.contains(&c)
}

fn trim(mut letters: Vec<Letter>) -> Vec<Letter> {
    while letters.last().is_some_and(Letter::is_trimmed) {
        letters.pop();
    }
    letters
}

/// Takes the wildcards off both ends.
fn pattern(letters: Option<Vec<Letter>>) -> Option<Pattern> {
    let letters = letters?;
    let before = letters.iter().take_while(|letter| letter.is_wildcard()).count();
    if before == letters.len() && before > 0 {
        return Some(Pattern::Any);
    }
    let after = letters.iter().rev().take_while(|letter| letter.is_wildcard()).count();
    let text = letters[before..letters.len() - after].iter().map(|letter| letter.c).collect();
    Some(match (before > 0, after > 0) {
        (false, false) => Pattern::Exact(text),
        (false, true) => Pattern::Prefix(text),
        (true, false) => Pattern::Suffix(text),
        (true, true) => Pattern::Contains(text),
    })
}
