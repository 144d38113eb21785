//! Regular expressions as JavaScript reads them, with a limit on the work.
//!
//! The pattern is read by JavaScript's rules (classes, escapes, anchors, look-around, named groups, back-references) and
//! handed to an engine that counts its steps back. So a pattern that would take for ever ends with an error.
//! Characters are Unicode code points, as with the flag `u`; `\b`, `\d` and `\w` are ASCII, as in JavaScript.

mod class;
mod translate;

use fancy_regex::{Error, RegexBuilder, RuntimeError};

/// Longest pattern in bytes.
pub const MAX_PATTERN: usize = 4_000;
/// Steps back before a match is given up.
const MAX_STEPS: usize = 1_000_000;

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
    #[error("the regular expression `{pattern}` needs too many steps on this text; avoid nested repetition")]
    TooSlow {
        /// As written.
        pattern: String,
    },
}

/// A pattern that was read.
#[derive(Debug, Clone)]
pub struct Regex {
    source: String,
    compiled: fancy_regex::Regex,
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Regex {}

impl Regex {
    /// Reads a pattern: bare (`^Darth`) or with flags (`/^darth/i`). Flags `i`, `m` and `s` count; `g`, `u`, `y`, `d`
    /// are accepted and change nothing here.
    ///
    /// # Errors
    /// [`RegexError::Syntax`].
    pub fn parse(text: &str) -> Result<Self, RegexError> {
        let fail = |problem: String| RegexError::Syntax { pattern: text.chars().take(200).collect(), problem };
        if text.len() > MAX_PATTERN {
            return Err(fail(format!("{} bytes are more than {MAX_PATTERN}", text.len())));
        }
        let (pattern, flags) = split(text);
        let pattern = translate::translate(pattern, flags).map_err(fail)?;
        let compiled = RegexBuilder::new(&pattern)
            .backtrack_limit(MAX_STEPS)
            .delegate_size_limit(10 << 20)
            .build()
            .map_err(|error| fail(error.to_string()))?;
        Ok(Self { source: text.to_owned(), compiled })
    }

    /// Whether it matches anywhere in the text.
    ///
    /// # Errors
    /// [`RegexError::TooSlow`].
    pub fn is_match(&self, text: &str) -> Result<bool, RegexError> {
        self.compiled.is_match(text).map_err(|error| self.failed(&error))
    }

    /// The whole first match and its groups; `None` without a match.
    ///
    /// # Errors
    /// [`RegexError::TooSlow`].
    pub fn groups(&self, text: &str) -> Result<Option<Vec<Option<String>>>, RegexError> {
        let found = self.compiled.captures(text).map_err(|error| self.failed(&error))?;
        Ok(found.map(|captures| captures.iter().map(|group| group.map(|group| group.as_str().to_owned())).collect()))
    }

    fn failed(&self, error: &Error) -> RegexError {
        let pattern = self.source.clone();
        match error {
            Error::RuntimeError(RuntimeError::BacktrackLimitExceeded | RuntimeError::StackOverflow) => {
                RegexError::TooSlow { pattern }
            }
            other => RegexError::Syntax { pattern, problem: other.to_string() },
        }
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
