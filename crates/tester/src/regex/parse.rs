//! JavaScript syntax to a tree.

use regex_syntax::hir::ClassUnicode;

use super::class::{self, Escaped, folded};
use super::set::{LINE_ENDS, Set, class as ranges, except};

/// Deepest nesting of groups.
const MAX_NESTING: usize = 100;

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// One character of these.
    Set(Set),
    /// `^`; of any line or of the text.
    Begin { line: bool },
    /// `$`; of any line or of the text.
    End { line: bool },
    /// `\b`, or `\B`.
    Word { inside: bool },
    /// A group that captures, from 1.
    Group(usize, Box<Node>),
    /// What stands before or after, or does not.
    Look { behind: bool, not: bool, inner: Box<Node> },
    /// What a group captured.
    Back(usize),
    /// `groups`: those that capture inside, first and one past the last.
    Repeat { inner: Box<Node>, least: usize, most: Option<usize>, greedy: bool, groups: (usize, usize) },
    /// One after the other.
    All(Vec<Node>),
    /// The first that leads to a match.
    Any(Vec<Node>),
}

/// A pattern that was read.
pub(super) struct Parsed {
    pub(super) node: Node,
    /// Groups that capture.
    pub(super) groups: usize,
}

/// What flags change.
#[derive(Clone, Copy)]
pub(super) struct Flags {
    pub(super) fold: bool,
    pub(super) lines: bool,
    pub(super) dot_all: bool,
}

struct Parser {
    letters: Vec<char>,
    at: usize,
    flags: Flags,
    /// Groups of the whole pattern, each with its name when it has one.
    named: Vec<Option<String>>,
    /// Groups that were begun.
    begun: usize,
    depth: usize,
}

/// Reads a pattern without its slashes.
pub(super) fn parse(pattern: &str, flags: Flags) -> Result<Parsed, String> {
    let letters: Vec<char> = pattern.chars().collect();
    let named = groups(&letters);
    let groups = named.len();
    let mut parser = Parser { letters, at: 0, flags, named, begun: 0, depth: 0 };
    let node = parser.choices()?;
    match parser.peek(0) {
        None => Ok(Parsed { node, groups }),
        Some(_) => Err("a `)` has no `(`".to_owned()),
    }
}

/// The groups that capture, in the order of their brackets.
fn groups(letters: &[char]) -> Vec<Option<String>> {
    let (mut found, mut in_class, mut at) = (Vec::new(), false, 0);
    while at < letters.len() {
        match letters[at] {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => match (letters.get(at + 1), letters.get(at + 2), letters.get(at + 3)) {
                (Some('?'), Some('<'), Some(next)) if !matches!(next, '=' | '!') => {
                    found.push(Some(letters[at + 3..].iter().take_while(|c| **c != '>').collect()));
                }
                (Some('?'), ..) => {}
                _ => found.push(None),
            },
            _ => {}
        }
        at += 1;
    }
    found
}

impl Parser {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek(0) == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Everything up to a closing bracket or the end.
    fn choices(&mut self) -> Result<Node, String> {
        let mut all = vec![self.sequence()?];
        while self.take('|') {
            all.push(self.sequence()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Node::Any(all) })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut all = Vec::new();
        while !matches!(self.peek(0), None | Some('|' | ')')) {
            let before = self.begun;
            let item = self.item()?;
            all.push(self.repeated(item, before)?);
        }
        Ok(Node::All(all))
    }

    fn item(&mut self) -> Result<Node, String> {
        let letter = self.letters[self.at];
        self.at += 1;
        match letter {
            '^' => Ok(Node::Begin { line: self.flags.lines }),
            '$' => Ok(Node::End { line: self.flags.lines }),
            '.' if self.flags.dot_all => Ok(set(except(ranges(&[])))),
            '.' => Ok(set(except(ranges(LINE_ENDS)))),
            '(' => self.group(),
            '[' => {
                let (found, end) = class::read(&self.letters, self.at, self.flags.fold)?;
                self.at = end;
                Ok(set(found))
            }
            '\\' => self.escape(),
            '*' | '+' | '?' => Err(format!("there is nothing before `{letter}` that it could repeat")),
            '{' if self.counts().is_some() => Err("there is nothing before `{` that it could repeat".to_owned()),
            other => Ok(self.literal(other)),
        }
    }

    fn literal(&self, c: char) -> Node {
        let one = ranges(&[(c, c)]);
        set(if self.flags.fold { folded(one) } else { one })
    }

    /// The item with what repeats it, if something does.
    fn repeated(&mut self, item: Node, before: usize) -> Result<Node, String> {
        let (least, most) = match self.peek(0) {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.at += 1;
                match self.counts() {
                    // One before the end: what follows takes the last sign.
                    Some((counts, end)) => {
                        self.at = end - 1;
                        counts
                    }
                    None => {
                        self.at -= 1;
                        return Ok(item);
                    }
                }
            }
            _ => return Ok(item),
        };
        self.at += 1;
        if most.is_some_and(|most| most < least) {
            return Err(format!("the counts {least} and {} are the wrong way round", most.unwrap_or_default()));
        }
        match item {
            Node::Begin { .. } | Node::End { .. } | Node::Word { .. } | Node::Look { behind: true, .. } => {
                Err("a place in the text cannot be repeated".to_owned())
            }
            item => {
                let greedy = !self.take('?');
                Ok(Node::Repeat { inner: Box::new(item), least, most, greedy, groups: (before + 1, self.begun + 1) })
            }
        }
    }

    /// `2}`, `2,}`, `2,3}` and where that ends; every other brace stands for itself.
    fn counts(&self) -> Option<((usize, Option<usize>), usize)> {
        let length = self.letters[self.at..].iter().position(|c| *c == '}')?;
        let inner: String = self.letters[self.at..self.at + length].iter().collect();
        let number = |text: &str| {
            let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
            // A larger number than fits is as good as any that is too large.
            digits.then(|| text.parse().unwrap_or(usize::MAX))
        };
        let counts = match inner.split_once(',') {
            None => (number(&inner)?, Some(number(&inner)?)),
            Some((least, "")) => (number(least)?, None),
            Some((least, most)) => (number(least)?, Some(number(most)?)),
        };
        Some((counts, self.at + length + 1))
    }

    fn group(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(format!("groups are nested deeper than {MAX_NESTING} levels"));
        }
        let look = |behind, not| Some((behind, not));
        let (skip, captures, look) = match (self.peek(0), self.peek(1), self.peek(2)) {
            (Some('?'), Some(':'), _) => (2, false, None),
            (Some('?'), Some('='), _) => (2, false, look(false, false)),
            (Some('?'), Some('!'), _) => (2, false, look(false, true)),
            (Some('?'), Some('<'), Some('=')) => (3, false, look(true, false)),
            (Some('?'), Some('<'), Some('!')) => (3, false, look(true, true)),
            (Some('?'), Some('<'), _) => (self.name(self.at + 2)? + 3, true, None),
            (Some('?'), ..) => {
                return Err("`(?` must be followed by `:`, `=`, `!`, `<=`, `<!` or `<name>`".to_owned());
            }
            _ => (0, true, None),
        };
        self.at += skip;
        self.begun += usize::from(captures);
        let number = self.begun;
        let inner = Box::new(self.choices()?);
        if !self.take(')') {
            return Err("a group is not closed, `)` is missing".to_owned());
        }
        self.depth -= 1;
        Ok(match look {
            Some((behind, not)) => Node::Look { behind, not, inner },
            None if captures => Node::Group(number, inner),
            None => *inner,
        })
    }

    /// Length of the name that begins at a place and ends with `>`.
    fn name(&self, at: usize) -> Result<usize, String> {
        let name: String = self.letters[at..].iter().take_while(|c| **c != '>').collect();
        let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        let length = name.chars().count();
        let good = name.chars().all(letter) && name.chars().next().is_some_and(|c| !c.is_numeric());
        if !good || self.letters.get(at + length) != Some(&'>') {
            return Err(format!("`{name}` is no name of a group"));
        }
        Ok(length)
    }

    fn escape(&mut self) -> Result<Node, String> {
        let letter = self.peek(0).ok_or("the pattern ends with a backslash")?;
        match letter {
            'b' | 'B' => {
                self.at += 1;
                Ok(Node::Word { inside: letter == 'B' })
            }
            '1'..='9' => {
                let digits: String =
                    self.letters[self.at..].iter().take_while(|c| c.is_ascii_digit()).take(3).collect();
                let number: usize = digits.parse().map_err(|_| "a group number is too large")?;
                if number > self.named.len() {
                    return Err(format!("`\\{digits}` refers to a group that does not exist"));
                }
                self.at += digits.len();
                Ok(Node::Back(number))
            }
            'k' if self.named.iter().any(Option::is_some) => {
                let name: String = self.letters[self.at + 1..].iter().skip(1).take_while(|c| **c != '>').collect();
                let position = self.named.iter().position(|known| known.as_deref() == Some(name.as_str()));
                let number =
                    position.ok_or_else(|| format!("`\\k<{name}>` refers to a group that does not exist"))? + 1;
                self.at += 3 + name.chars().count();
                Ok(Node::Back(number))
            }
            _ => match class::escape(&self.letters, self.at)? {
                (Escaped::Char(c), end) => {
                    self.at = end;
                    Ok(self.literal(c))
                }
                (Escaped::Set(found), end) => {
                    self.at = end;
                    Ok(set(found))
                }
            },
        }
    }
}

fn set(class: ClassUnicode) -> Node {
    Node::Set(Set::from(&class))
}
