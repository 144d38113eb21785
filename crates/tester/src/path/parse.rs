//! Text to steps.

use super::Step;
use super::filter;

/// Longest path in bytes.
pub const MAX_PATH: usize = 10_000;

/// Deepest nesting of brackets inside filters.
const MAX_BRACKETS: usize = 16;
/// Longest path in a message, in characters.
const SHOWN: usize = 200;

/// A path that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path has a wrong form.
    #[error("the JSON path `{path}` is wrong at column {column}: {problem}")]
    Syntax {
        /// As written.
        path: String,
        /// From 1, in characters.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// The path cannot be evaluated.
    #[error("the JSON path `{path}` cannot be evaluated: {problem}")]
    Evaluate {
        /// As written.
        path: String,
        /// Why.
        problem: String,
    },
}

impl PathError {
    fn syntax(path: &str, at: usize, problem: String) -> Self {
        let column = crate::json::place(path, at).1;
        Self::Syntax { path: path.chars().take(SHOWN).collect(), column, problem }
    }

    pub(super) fn evaluate(path: &str, problem: String) -> Self {
        Self::Evaluate { path: path.chars().take(SHOWN).collect(), problem }
    }
}

pub(super) type Parsed<T> = Result<T, (usize, String)>;

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Brackets that are open around this place.
    brackets: usize,
}

pub(super) fn steps(text: &str) -> Result<Vec<Step>, PathError> {
    if text.len() > MAX_PATH {
        return Err(PathError::syntax("", 0, format!("{} bytes are more than {MAX_PATH}", text.len())));
    }
    let mut parser = Parser { text, at: text.len() - text.trim_start().len(), brackets: 0 };
    parser.path().map_err(|(at, problem)| PathError::syntax(text, at, problem))
}

impl Parser<'_> {
    pub(super) fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    pub(super) fn fail<T>(&self, problem: impl Into<String>) -> Parsed<T> {
        Err((self.at, problem.into()))
    }

    pub(super) fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    pub(super) fn take(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn expect(&mut self, wanted: &str) -> Parsed<()> {
        if self.take(wanted) {
            return Ok(());
        }
        let found = self.rest().chars().next().map_or_else(|| "the end".to_owned(), |c| format!("`{c}`"));
        self.fail(format!("expected `{wanted}`, found {found}"))
    }

    fn path(&mut self) -> Parsed<Vec<Step>> {
        let mut steps = Vec::new();
        if !self.take("$") && !self.rest().starts_with(['.', '[']) && !self.rest().trim().is_empty() {
            steps.push(self.name_step()?);
        }
        while !self.rest().trim().is_empty() {
            if self.take("..") {
                if self.take("*") || self.rest().starts_with('[') || self.rest().trim().is_empty() {
                    let wild = self.text[..self.at].ends_with('*');
                    steps.push(self.quoted_deep().unwrap_or(Step::DeepAll));
                    if wild {
                        steps.push(Step::All);
                    }
                } else {
                    let name = self.name()?;
                    steps.push(Step::DeepName(name));
                }
            } else if self.take(".") {
                if !self.rest().starts_with('[') && !self.rest().trim().is_empty() {
                    steps.push(self.name_step()?);
                }
            } else if self.rest().starts_with('[') {
                steps.push(self.bracket()?);
            } else {
                return self.fail("expected `.` or `[`");
            }
        }
        Ok(steps)
    }

    /// `..['name']` is `..name`.
    fn quoted_deep(&mut self) -> Option<Step> {
        let before = self.at;
        match self.rest().starts_with('[').then(|| self.bracket()) {
            Some(Ok(Step::Name(name))) => Some(Step::DeepName(name)),
            _ => {
                self.at = before;
                None
            }
        }
    }

    fn name_step(&mut self) -> Parsed<Step> {
        if self.take("*") {
            return Ok(Step::All);
        }
        self.name().map(Step::Name)
    }

    /// Everything up to the next `.` or `[` (`file`: names with dashes and the like stand without quotes).
    fn name(&mut self) -> Parsed<String> {
        let rest = self.rest();
        let end = rest.find(['.', '[']).unwrap_or(rest.trim_end().len());
        let name = rest[..end].to_owned();
        if name.is_empty() {
            return self.fail("expected a name");
        }
        self.at += end;
        Ok(name)
    }

    fn bracket(&mut self) -> Parsed<Step> {
        if self.brackets >= MAX_BRACKETS {
            return self.fail(format!("brackets are nested deeper than {MAX_BRACKETS} levels"));
        }
        self.brackets += 1;
        let step = self.inside();
        self.brackets -= 1;
        step
    }

    fn inside(&mut self) -> Parsed<Step> {
        self.expect("[")?;
        self.blanks();
        let step = if self.take("*") {
            Step::All
        } else if self.take("?") {
            self.blanks();
            self.expect("(")?;
            let filter = filter::parse(self, 0)?;
            self.blanks();
            self.expect(")")?;
            Step::Filter(filter)
        } else if self.take("(") {
            self.script()?
        } else if self.rest().starts_with(['\'', '"']) {
            let mut names = vec![self.quoted()?];
            while self.comma() {
                names.push(self.quoted()?);
            }
            if names.len() == 1 { Step::Name(names.remove(0)) } else { Step::Names(names) }
        } else {
            self.positions()?
        };
        self.blanks();
        self.expect("]")?;
        Ok(step)
    }

    fn comma(&mut self) -> bool {
        self.blanks();
        let found = self.take(",");
        self.blanks();
        found
    }

    /// `(@.length-1)`, the only script that is understood.
    fn script(&mut self) -> Parsed<Step> {
        let start = self.at;
        self.blanks();
        let known = self.take("@.length");
        self.blanks();
        let minus = self.take("-");
        self.blanks();
        match (known, minus.then(|| self.whole()).flatten()) {
            (true, Some(back)) => {
                self.blanks();
                self.expect(")")?;
                Ok(Step::FromEnd(back))
            }
            _ => Err((start, "a script must be `@.length-` and a number".to_owned())),
        }
    }

    pub(super) fn whole(&mut self) -> Option<i64> {
        let digits = self.rest().strip_prefix('-').unwrap_or(self.rest());
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        let length = self.rest().len() - digits.len() + count;
        let value = self.rest()[..length].parse().ok()?;
        self.at += length;
        Some(value)
    }

    fn positions(&mut self) -> Parsed<Step> {
        let start = self.whole();
        self.blanks();
        if self.take(":") {
            self.blanks();
            let end = self.whole();
            self.blanks();
            let step = if self.take(":") { self.whole() } else { None };
            return match step {
                Some(step) if step < 1 => self.fail("the step of a slice must be at least 1"),
                step => Ok(Step::Slice { start, end, step: step.unwrap_or(1) }),
            };
        }
        let Some(first) = start else {
            return self.fail("expected a position, a name in quotes, `*`, `?(` or a slice");
        };
        let mut all = vec![first];
        while self.comma() {
            match self.whole() {
                Some(next) => all.push(next),
                None => return self.fail("expected a position"),
            }
        }
        Ok(if all.len() == 1 { Step::Position(first) } else { Step::Positions(all) })
    }

    /// A text in quotes; a backslash stands before a quote or a backslash.
    pub(super) fn quoted(&mut self) -> Parsed<String> {
        let start = self.at;
        let Some(quote) = self.rest().chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return self.fail("expected a text in quotes");
        };
        let mut out = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((at, c)) = letters.next() {
            if c == quote {
                self.at += at + 1;
                return Ok(out);
            }
            match (c, letters.clone().next()) {
                ('\\', Some((_, next))) if next == quote || next == '\\' => {
                    out.push(next);
                    letters.next();
                }
                _ => out.push(c),
            }
        }
        Err((start, format!("the text that begins here has no closing {quote}")))
    }

    /// The path behind `@` inside a filter: names and positions only.
    pub(super) fn relative(&mut self) -> Parsed<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            if self.rest().starts_with('[') {
                steps.push(self.bracket()?);
            } else if self.take(".") {
                let end = self.rest().find(|c: char| !(c.is_alphanumeric() || "_-$".contains(c)));
                let name = self.rest()[..end.unwrap_or(self.rest().len())].to_owned();
                if name.is_empty() {
                    return self.fail("expected a name");
                }
                self.at += name.len();
                steps.push(Step::Name(name));
            } else {
                return Ok(steps);
            }
        }
    }
}
