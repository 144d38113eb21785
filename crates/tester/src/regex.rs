//! Regular expressions as JavaScript reads and runs them, with a limit on the work.
//!
//! Patterns that neither look around nor back at what was taken are tried in all ways at once, which takes steps in
//! proportion to the text. All others are tried one way after the other, as JavaScript does; a pattern that would take for
//! ever so ends with an error. Characters are Unicode code points, as with the flag `u`; `\b`, `\d` and `\w` are ASCII, as
//! in JavaScript.

mod class;
mod parse;
mod program;
mod set;
mod together;
mod tries;

use crate::effort::{Effort, Halt};
use parse::Flags;
use program::Program;

/// Longest pattern in bytes.
pub const MAX_PATTERN: usize = 4_000;
/// Longest pattern in a message, in characters.
const SHOWN: usize = 200;

/// A pattern that cannot be read or run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegexError {
    /// Syntax.
    #[error("the regular expression `{pattern}` is wrong: {problem}")]
    Syntax {
        /// As written.
        pattern: String,
        /// What is wrong.
        problem: String,
    },
    /// Takes too long.
    #[error("the regular expression `{pattern}` was given up on a text of {bytes} bytes: {halt}")]
    Halted {
        /// As written.
        pattern: String,
        /// Length of the text.
        bytes: usize,
        /// Why.
        halt: Halt,
    },
}

/// A pattern that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regex {
    source: String,
    program: Program,
}

impl Regex {
    /// Reads a pattern: bare (`^Darth`) or with flags (`/^darth/i`). Flags `i`, `m` and `s` count; `g`, `u`, `y`, `d`
    /// are accepted and change nothing here.
    ///
    /// # Errors
    /// [`RegexError::Syntax`].
    pub fn parse(text: &str) -> Result<Self, RegexError> {
        let fail = |problem: String| RegexError::Syntax { pattern: text.chars().take(SHOWN).collect(), problem };
        if text.len() > MAX_PATTERN {
            return Err(fail(format!("{} bytes are more than {MAX_PATTERN}", text.len())));
        }
        let (pattern, flags) = split(text);
        let has = |flag| flags.contains(flag);
        let flags = Flags { fold: has('i'), lines: has('m'), dot_all: has('s') };
        let parsed = parse::parse(pattern, flags).map_err(fail)?;
        let program = program::write(&parsed.node, parsed.groups, flags.fold).map_err(fail)?;
        Ok(Self { source: text.to_owned(), program })
    }

    /// Whether it matches anywhere in the text.
    ///
    /// # Errors
    /// [`RegexError::Halted`].
    pub fn is_match(&self, text: &str, effort: &Effort<'_>) -> Result<bool, RegexError> {
        self.search(text, false, effort).map(|found| found.is_some())
    }

    /// The whole first match and its groups; `None` without a match.
    ///
    /// # Errors
    /// [`RegexError::Halted`].
    pub fn groups(&self, text: &str, effort: &Effort<'_>) -> Result<Option<Vec<Option<String>>>, RegexError> {
        let Some(slots) = self.search(text, true, effort)? else { return Ok(None) };
        let group = |ends: &[usize]| match ends {
            [start, end] => text.get(*start..*end).map(str::to_owned),
            _ => None,
        };
        Ok(Some(slots.chunks(2).take(self.program.groups + 1).map(group).collect()))
    }

    fn search(&self, text: &str, groups: bool, effort: &Effort<'_>) -> Result<Option<Vec<usize>>, RegexError> {
        let found = if self.program.plain {
            together::search(&self.program, text, groups, effort)
        } else {
            tries::search(&self.program, text, effort)
        };
        found.map_err(|halt| RegexError::Halted {
            pattern: self.source.chars().take(SHOWN).collect(),
            bytes: text.len(),
            halt,
        })
    }
}

/// Pattern and flags of `/pattern/flags`; everything else is a bare pattern.
fn split(text: &str) -> (&str, &str) {
    if let Some(inner) = text.strip_prefix('/')
        && let Some(end) = inner.rfind('/').filter(|end| *end > 0)
        && inner[end + 1..].chars().all(|flag| "dgimsuvy".contains(flag))
    {
        return (&inner[..end], &inner[end + 1..]);
    }
    (text, "")
}
