//! Character classes and escapes.

use regex_syntax::hir::{ClassUnicode, HirKind};

use super::set::{class, except};

/// What a backslash and the letters after it mean.
pub(super) enum Escaped {
    Char(char),
    Set(ClassUnicode),
}

const DIGITS: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
/// Blanks as JavaScript counts them.
const BLANKS: &[(char, char)] = &[
    ('\t', '\r'),
    (' ', ' '),
    ('\u{a0}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{feff}', '\u{feff}'),
];

/// Reads the escape whose letter after the backslash is at `at`; also says where it ends.
pub(super) fn escape(letters: &[char], at: usize) -> Result<(Escaped, usize), String> {
    let letter = *letters.get(at).ok_or("the pattern ends with a backslash")?;
    let set = |ranges, negated| {
        let made = class(ranges);
        Ok((Escaped::Set(if negated { except(made) } else { made }), at + 1))
    };
    let char = |c| Ok((Escaped::Char(c), at + 1));
    match letter {
        'd' => set(DIGITS, false),
        'D' => set(DIGITS, true),
        'w' => set(WORD, false),
        'W' => set(WORD, true),
        's' => set(BLANKS, false),
        'S' => set(BLANKS, true),
        't' => char('\t'),
        'n' => char('\n'),
        'r' => char('\r'),
        'v' => char('\u{b}'),
        'f' => char('\u{c}'),
        '0' => char('\0'),
        'c' => match letters.get(at + 1).filter(|c| c.is_ascii_alphabetic()) {
            Some(c) => Ok((Escaped::Char((*c as u8 % 32) as char), at + 2)),
            None => Err("`\\c` needs a letter".to_owned()),
        },
        'x' => Ok(hex(letters, at + 1, 2).map_or((Escaped::Char('x'), at + 1), |c| (Escaped::Char(c), at + 3))),
        'u' => unicode(letters, at),
        'p' | 'P' => property(letters, at, letter == 'P'),
        other => char(other),
    }
}

fn hex(letters: &[char], at: usize, count: usize) -> Option<char> {
    let digits: String = letters.get(at..at + count)?.iter().collect();
    let digits = digits.chars().all(|c| c.is_ascii_hexdigit()).then_some(digits)?;
    u32::from_str_radix(&digits, 16).ok().map(|code| char::from_u32(code).unwrap_or('\u{fffd}'))
}

fn unicode(letters: &[char], at: usize) -> Result<(Escaped, usize), String> {
    if letters.get(at + 1) == Some(&'{') {
        let digits: String = letters[at + 2..].iter().take_while(|c| **c != '}').take(8).collect();
        let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
        return match code {
            Some(c) => Ok((Escaped::Char(c), at + 3 + digits.len())),
            None => Err(format!("`\\u{{{digits}}}` is no character")),
        };
    }
    let digits = |at: usize| -> Option<u32> {
        let text: String = letters.get(at..at + 4)?.iter().collect();
        u32::from_str_radix(&text, 16).ok()
    };
    let Some(high) = digits(at + 1) else { return Ok((Escaped::Char('u'), at + 1)) };
    if (0xd800..0xdc00).contains(&high)
        && letters.get(at + 5..at + 7) == Some(&['\\', 'u'])
        && let Some(low) = digits(at + 7).filter(|low| (0xdc00..0xe000).contains(low))
        && let Some(c) = char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    {
        return Ok((Escaped::Char(c), at + 11));
    }
    Ok((Escaped::Char(char::from_u32(high).unwrap_or('\u{fffd}')), at + 5))
}

/// `\p{L}`, by the tables of Unicode.
fn property(letters: &[char], at: usize, negated: bool) -> Result<(Escaped, usize), String> {
    if letters.get(at + 1) != Some(&'{') {
        return Ok((Escaped::Char(letters[at]), at + 1));
    }
    let name: String = letters[at + 2..].iter().take_while(|c| **c != '}').collect();
    let closed = letters.get(at + 2 + name.chars().count()) == Some(&'}');
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_=".contains(c));
    let read = (closed && plain).then(|| regex_syntax::parse(&format!("\\p{{{name}}}")).ok()).flatten();
    match read.as_ref().map(regex_syntax::hir::Hir::kind) {
        Some(HirKind::Class(regex_syntax::hir::Class::Unicode(found))) => {
            let found = if negated { except(found.clone()) } else { found.clone() };
            Ok((Escaped::Set(found), at + 3 + name.chars().count()))
        }
        _ => Err(format!("`\\p{{{name}}}` is no Unicode property")),
    }
}

/// Reads the class whose first letter after `[` is at `at`; also says where it ends. `fold`: letter case does not matter.
pub(super) fn read(letters: &[char], mut at: usize, fold: bool) -> Result<(ClassUnicode, usize), String> {
    let negated = letters.get(at) == Some(&'^');
    at += usize::from(negated);
    let mut all = ClassUnicode::empty();
    loop {
        match letters.get(at) {
            None => return Err("a class is not closed, `]` is missing".to_owned()),
            Some(']') => break,
            Some(_) => at = member(letters, at, &mut all)?,
        }
    }
    let all = if fold { folded(all) } else { all };
    // `[]` takes nothing and `[^]` everything.
    Ok((if negated { except(all) } else { all }, at + 1))
}

/// With the other cases of its letters.
pub(super) fn folded(mut class: ClassUnicode) -> ClassUnicode {
    // The tables are there, so it does not fail; without them the class is as it was.
    let _ = class.try_case_fold_simple();
    class
}

/// One character, one set or one range of a class.
fn member(letters: &[char], at: usize, all: &mut ClassUnicode) -> Result<usize, String> {
    let (from, end) = one(letters, at)?;
    let from = match from {
        Escaped::Char(from) => from,
        Escaped::Set(set) => {
            all.union(&set);
            return Ok(end);
        }
    };
    let range = letters.get(end) == Some(&'-') && letters.get(end + 1).is_some_and(|c| *c != ']');
    if range && let (Escaped::Char(to), after) = one(letters, end + 1)? {
        if to < from {
            return Err(format!("the range {from}-{to} is upside down"));
        }
        all.union(&class(&[(from, to)]));
        return Ok(after);
    }
    all.union(&class(&[(from, from)]));
    Ok(end)
}

fn one(letters: &[char], at: usize) -> Result<(Escaped, usize), String> {
    match letters.get(at) {
        Some('\\') if letters.get(at + 1) == Some(&'b') => Ok((Escaped::Char('\u{8}'), at + 2)),
        Some('\\') => escape(letters, at + 1),
        Some(c) => Ok((Escaped::Char(*c), at + 1)),
        None => Err("a class is not closed, `]` is missing".to_owned()),
    }
}
