//! Character classes and escapes.

use std::fmt::Write;

use super::translate::literal;

/// What a backslash and the letters after it mean.
pub(super) enum Escaped {
    Char(char),
    /// Ranges in the engine's syntax, and whether they are excluded.
    Set(String, bool),
}

/// Blanks as JavaScript counts them.
const BLANKS: &str = "\\t\\n\\x{b}\\x{c}\\r\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";

/// Reads the escape whose letter after the backslash is at `at`; also says where it ends.
pub(super) fn escape(letters: &[char], at: usize) -> Result<(Escaped, usize), String> {
    let letter = *letters.get(at).ok_or("the pattern ends with a backslash")?;
    let set = |inner: &str, negated| Ok((Escaped::Set(inner.to_owned(), negated), at + 1));
    let char = |c| Ok((Escaped::Char(c), at + 1));
    match letter {
        'd' => set("0-9", false),
        'D' => set("0-9", true),
        'w' => set("0-9A-Za-z_", false),
        'W' => set("0-9A-Za-z_", true),
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

/// `\p{L}`; the engine knows the same names.
fn property(letters: &[char], at: usize, negated: bool) -> Result<(Escaped, usize), String> {
    if letters.get(at + 1) != Some(&'{') {
        return Ok((Escaped::Char(letters[at]), at + 1));
    }
    let name: String = letters[at + 2..].iter().take_while(|c| **c != '}').collect();
    if letters.get(at + 2 + name.chars().count()) != Some(&'}')
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_=".contains(c))
    {
        return Err(format!("`\\p{{{name}` is no Unicode property"));
    }
    Ok((Escaped::Set(format!("\\p{{{name}}}"), negated), at + 3 + name.chars().count()))
}

/// Reads the class whose first letter after `[` is at `at`; also says where it ends.
pub(super) fn read(letters: &[char], mut at: usize) -> Result<(String, usize), String> {
    let negated = letters.get(at) == Some(&'^');
    at += usize::from(negated);
    let mut inner = String::new();
    loop {
        match letters.get(at) {
            None => return Err("a class is not closed, `]` is missing".to_owned()),
            Some(']') => break,
            Some(_) => at = member(letters, at, &mut inner)?,
        }
    }
    let text = match (inner.is_empty(), negated) {
        // `[]` matches nothing and `[^]` everything.
        (true, false) => "(?!)".to_owned(),
        (true, true) => "(?s:.)".to_owned(),
        (false, _) => format!("[{}{inner}]", if negated { "^" } else { "" }),
    };
    Ok((text, at + 1))
}

/// One character, one set or one range of a class.
fn member(letters: &[char], at: usize, inner: &mut String) -> Result<usize, String> {
    let (from, end) = one(letters, at)?;
    let Escaped::Char(from) = from else {
        write_set(inner, from);
        return Ok(end);
    };
    let range = letters.get(end) == Some(&'-') && letters.get(end + 1).is_some_and(|c| *c != ']');
    if range {
        let (to, after) = one(letters, end + 1)?;
        if let Escaped::Char(to) = to {
            if to < from {
                return Err(format!("the range {from}-{to} is upside down"));
            }
            literal(inner, from);
            inner.push('-');
            literal(inner, to);
            return Ok(after);
        }
    }
    literal(inner, from);
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

fn write_set(inner: &mut String, set: Escaped) {
    if let Escaped::Set(ranges, negated) = set {
        // Writing into a `String` cannot fail.
        let _ = write!(inner, "[{}{ranges}]", if negated { "^" } else { "" });
    }
}
