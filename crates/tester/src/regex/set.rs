//! Sets of characters.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// Characters that a place in a pattern takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    ascii: u128,
    /// Ranges beyond ASCII, sorted.
    wide: Vec<(char, char)>,
}

impl Set {
    pub(super) fn holds(&self, c: char) -> bool {
        if c.is_ascii() {
            return self.ascii >> (c as u32) & 1 == 1;
        }
        let at = self.wide.partition_point(|(_, end)| *end < c);
        self.wide.get(at).is_some_and(|(start, _)| *start <= c)
    }
}

impl From<&ClassUnicode> for Set {
    fn from(class: &ClassUnicode) -> Self {
        let mut ascii = 0;
        for c in 0..128u8 {
            let c = char::from(c);
            ascii |=
                u128::from(class.ranges().iter().any(|range| range.start() <= c && c <= range.end())) << (c as u32);
        }
        let beyond = |range: &ClassUnicodeRange| (range.start().max('\u{80}'), range.end());
        let wide = class.ranges().iter().filter(|range| !range.end().is_ascii()).map(beyond).collect();
        Self { ascii, wide }
    }
}

/// A class of these ranges.
pub(super) fn class(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|(start, end)| ClassUnicodeRange::new(*start, *end)))
}

/// Every character but these.
pub(super) fn except(mut class: ClassUnicode) -> ClassUnicode {
    class.negate();
    class
}

/// Ends of lines as JavaScript counts them.
pub(super) const LINE_ENDS: &[(char, char)] = &[('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')];

/// Letters of words, as `\w` and `\b` see them.
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether a line ends with this character.
pub(super) fn ends_line(c: char) -> bool {
    LINE_ENDS.iter().any(|(start, end)| (*start..=*end).contains(&c))
}
