//! JavaScript syntax to the engine's.

use std::fmt::Write;

use super::class;

/// Deepest nesting of groups.
const MAX_NESTING: usize = 100;

const WORD: &str = "0-9A-Za-z_";

struct Translator<'a> {
    letters: Vec<char>,
    at: usize,
    out: String,
    groups: usize,
    named: Vec<String>,
    open: usize,
    flags: &'a str,
}

pub(super) fn translate(pattern: &str, flags: &str) -> Result<String, String> {
    let letters: Vec<char> = pattern.chars().collect();
    let (groups, named) = count_groups(&letters);
    let out = String::from(if flags.contains('i') { "(?i)" } else { "" });
    let mut translator = Translator { letters, at: 0, out, groups, named, open: 0, flags };
    while translator.at < translator.letters.len() {
        translator.item()?;
    }
    if translator.open > 0 {
        return Err("a group is not closed, `)` is missing".to_owned());
    }
    Ok(translator.out)
}

/// How many groups capture, and the names of those that have one.
fn count_groups(letters: &[char]) -> (usize, Vec<String>) {
    let (mut count, mut named, mut in_class, mut at) = (0, Vec::new(), false, 0);
    while at < letters.len() {
        match letters[at] {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => match (letters.get(at + 1), letters.get(at + 2), letters.get(at + 3)) {
                (Some('?'), Some('<'), Some(next)) if !matches!(next, '=' | '!') => {
                    count += 1;
                    named.push(letters[at + 3..].iter().take_while(|c| **c != '>').collect());
                }
                (Some('?'), ..) => {}
                _ => count += 1,
            },
            _ => {}
        }
        at += 1;
    }
    (count, named)
}

/// Writes a character that stands for itself.
pub(super) fn literal(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        // Writing into a `String` cannot fail.
        let _ = write!(out, "\\x{{{:x}}}", c as u32);
    }
}

impl Translator<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn item(&mut self) -> Result<(), String> {
        let letter = self.letters[self.at];
        self.at += 1;
        match letter {
            '^' => self.out.push_str(if self.flags.contains('m') { "(?m:^)" } else { "\\A" }),
            '$' => self.out.push_str(if self.flags.contains('m') { "(?m:$)" } else { "\\z" }),
            '.' => self.out.push_str(if self.flags.contains('s') { "(?s:.)" } else { "[^\\n\\r\\x{2028}\\x{2029}]" }),
            '(' => self.group()?,
            ')' => {
                self.open = self.open.checked_sub(1).ok_or("a `)` has no `(`")?;
                self.out.push(')');
            }
            '|' => self.out.push('|'),
            '*' | '+' | '?' => {
                self.out.push(letter);
                self.lazy();
            }
            '{' => self.repeat(),
            '[' => {
                let (text, end) = class::read(&self.letters, self.at)?;
                self.out.push_str(&text);
                self.at = end;
            }
            '\\' => self.escape()?,
            other => literal(&mut self.out, other),
        }
        Ok(())
    }

    fn lazy(&mut self) {
        if self.peek(0) == Some('?') {
            self.out.push('?');
            self.at += 1;
        }
    }

    /// `{2}`, `{2,}`, `{2,3}`; every other brace stands for itself.
    fn repeat(&mut self) {
        let end = self.letters[self.at..].iter().position(|c| *c == '}');
        let inner: String = self.letters[self.at..self.at + end.unwrap_or(0)].iter().collect();
        let (low, high) = inner.split_once(',').unwrap_or((&inner, ""));
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        match end {
            Some(end) if !low.is_empty() && digits(low) && digits(high) => {
                let _ = write!(self.out, "{{{inner}}}");
                self.at += end + 1;
                self.lazy();
            }
            _ => literal(&mut self.out, '{'),
        }
    }

    fn group(&mut self) -> Result<(), String> {
        self.open += 1;
        if self.open > MAX_NESTING {
            return Err(format!("groups are nested deeper than {MAX_NESTING} levels"));
        }
        if self.peek(0) != Some('?') {
            self.out.push('(');
            return Ok(());
        }
        let opening = match (self.peek(1), self.peek(2)) {
            (Some(':'), _) => "(?:",
            (Some('='), _) => "(?=",
            (Some('!'), _) => "(?!",
            (Some('<'), Some('=')) => "(?<=",
            (Some('<'), Some('!')) => "(?<!",
            (Some('<'), _) => {
                let name: String = self.letters[self.at + 2..].iter().take_while(|c| **c != '>').collect();
                let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty();
                if !plain || self.letters.get(self.at + 2 + name.chars().count()) != Some(&'>') {
                    return Err(format!("`{name}` is no name of a group"));
                }
                // Groups go by their number: names may be more than the engine allows.
                self.out.push('(');
                self.at += 3 + name.chars().count();
                return Ok(());
            }
            _ => return Err("`(?` must be followed by `:`, `=`, `!`, `<=`, `<!` or `<name>`".to_owned()),
        };
        self.out.push_str(opening);
        self.at += opening.len() - 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        let letter = self.peek(0).ok_or("the pattern ends with a backslash")?;
        match letter {
            'b' | 'B' => {
                let boundary = if letter == 'b' {
                    format!("(?:(?<=[{WORD}])(?![{WORD}])|(?<![{WORD}])(?=[{WORD}]))")
                } else {
                    format!("(?:(?<=[{WORD}])(?=[{WORD}])|(?<![{WORD}])(?![{WORD}]))")
                };
                self.out.push_str(&boundary);
                self.at += 1;
            }
            '1'..='9' => {
                let digits: String =
                    self.letters[self.at..].iter().take_while(|c| c.is_ascii_digit()).take(3).collect();
                let number: usize = digits.parse().map_err(|_| "a group number is too large")?;
                if number > self.groups {
                    return Err(format!("`\\{digits}` refers to a group that does not exist"));
                }
                self.at += digits.len();
                self.reference(number);
            }
            'k' if !self.named.is_empty() => {
                let name: String = self.letters[self.at + 1..].iter().skip(1).take_while(|c| **c != '>').collect();
                let position = self.named.iter().position(|known| *known == name);
                let number = position.ok_or_else(|| format!("`\\k<{name}>` refers to a group that does not exist"))?;
                let number = self.number_of(number);
                self.at += 3 + name.chars().count();
                self.reference(number);
            }
            _ => match class::escape(&self.letters, self.at)? {
                (class::Escaped::Char(c), end) => {
                    literal(&mut self.out, c);
                    self.at = end;
                }
                (class::Escaped::Set(inner, negated), end) => {
                    let _ = write!(self.out, "[{}{inner}]", if negated { "^" } else { "" });
                    self.at = end;
                }
            },
        }
        Ok(())
    }

    /// A group that took no part matches the empty text in JavaScript.
    fn reference(&mut self, number: usize) {
        let _ = write!(self.out, "(?({number})\\{number}|)");
    }

    /// Number of the named group that comes `wanted`-th among the named ones.
    fn number_of(&self, wanted: usize) -> usize {
        let (mut number, mut named, mut in_class, mut at) = (0, 0, false, 0);
        while at < self.letters.len() {
            let next = |ahead: usize| self.letters.get(at + ahead).copied();
            match self.letters[at] {
                '\\' => at += 1,
                '[' => in_class = true,
                ']' => in_class = false,
                '(' if !in_class && next(1) != Some('?') => number += 1,
                '(' if !in_class && next(2) == Some('<') && !matches!(next(3), Some('=' | '!')) => {
                    number += 1;
                    if named == wanted {
                        return number;
                    }
                    named += 1;
                }
                _ => {}
            }
            at += 1;
        }
        number
    }
}
