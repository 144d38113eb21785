//! A command line in words, as a POSIX shell or the command line of Windows cuts it.

use std::iter::Peekable;
use std::str::Chars;

use crate::import::{ImportError, wrong};

/// Stand around the name of a shell variable in a word; files hold neither.
pub(super) const OPEN: char = '\u{f0000}';
pub(super) const CLOSE: char = '\u{f0001}';

/// A command in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) words: Vec<String>,
    /// What the shell would do that is not done here.
    pub(super) warnings: Vec<String>,
}

/// Cuts a command; which of the two ways is seen from its carets.
pub(super) fn words(command: &str) -> Result<Words, ImportError> {
    if is_of_windows(command) { Ok(of_windows(command)) } else { of_shell(command) }
}

/// The first quote or the first line that goes on tells.
fn is_of_windows(command: &str) -> bool {
    let Some(at) = command.find(['\'', '"', '\n']) else { return false };
    let before = command[..at].trim_end_matches('\r');
    match command.as_bytes()[at] {
        b'\n' => before.ends_with('^'),
        b'"' => before.ends_with('^') || command.lines().any(|line| line.trim_end().ends_with(" ^")),
        _ => false,
    }
}

/// Carets quote outside of quotes; then quotes and backslashes mean what they mean to programs of Windows.
fn of_windows(command: &str) -> Words {
    let (mut plain, mut quoted) = (String::new(), false);
    let mut letters = command.chars().filter(|c| *c != '\r').peekable();
    while let Some(c) = letters.next() {
        match c {
            // A break after a caret goes on in the next line; a second one stands for itself.
            '^' if !quoted => plain.extend(letters.next().filter(|next| *next != '\n').or_else(|| {
                let second = letters.next_if_eq(&'\n');
                second.or(Some(' '))
            })),
            c => {
                quoted ^= c == '"';
                plain.push(c);
            }
        }
    }
    let mut made = Words::default();
    let (mut word, mut quoted, mut back) = (None::<String>, false, 0);
    let mut letters = plain.chars().peekable();
    while let Some(c) = letters.next() {
        if c == '\\' {
            back += 1;
            continue;
        }
        if back > 0 {
            let kept = if c == '"' { back / 2 } else { back };
            word.get_or_insert_default().push_str(&"\\".repeat(kept));
        }
        let escaped = c == '"' && back % 2 == 1;
        back = 0;
        match c {
            '"' if escaped => word.get_or_insert_default().push('"'),
            '"' if quoted && letters.next_if_eq(&'"').is_some() => word.get_or_insert_default().push('"'),
            '"' => {
                word.get_or_insert_default();
                quoted = !quoted;
            }
            c if c.is_whitespace() && !quoted => made.words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    if back > 0 {
        word.get_or_insert_default().push_str(&"\\".repeat(back));
    }
    made.words.extend(word);
    made
}

fn open_quote(which: &str) -> ImportError {
    wrong("cURL", format!("a {which}quote is not closed"))
}

fn of_shell(command: &str) -> Result<Words, ImportError> {
    let mut made = Words::default();
    let mut word: Option<String> = None;
    let mut letters = command.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '\'' => single(&mut letters, word.get_or_insert_default())?,
            '"' => double(&mut letters, word.get_or_insert_default(), &mut made.warnings)?,
            '$' if letters.next_if_eq(&'\'').is_some() => escapes(&mut letters, word.get_or_insert_default())?,
            '$' => dollar(&mut letters, word.get_or_insert_default(), &mut made.warnings),
            '`' => {
                made.warnings.push("a command in `…` is not run, and stands as text".to_owned());
                word.get_or_insert_default().push('`');
            }
            '\\' => match letters.next() {
                Some('\n') | None => {}
                Some('\r') if letters.next_if_eq(&'\n').is_some() => {}
                Some(c) => word.get_or_insert_default().push(c),
            },
            '#' if word.is_none() => while letters.next_if(|c| *c != '\n').is_some() {},
            '|' | ';' | '<' | '>' => {
                let rest: String = letters.collect();
                // `2>` names a stream.
                word = word.filter(|word| !(c == '>' && word.chars().all(|c| c.is_ascii_digit())));
                ended(c, &rest, &mut made.warnings);
                break;
            }
            // Inside of a word it is part of an address that somebody has not quoted.
            '&' if word.is_none() || letters.peek().is_none_or(|c| *c == '&' || c.is_whitespace()) => {
                let rest: String = letters.collect();
                ended(c, &rest, &mut made.warnings);
                break;
            }
            c if c.is_whitespace() => made.words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    made.words.extend(word);
    Ok(made)
}

fn ended(by: char, rest: &str, warnings: &mut Vec<String>) {
    let shown: String = rest.trim().chars().take(60).collect();
    if !shown.trim_matches([';', '&']).is_empty() {
        warnings.push(format!("what the shell does after the command is not carried over: {by} {shown}"));
    }
}

fn single(letters: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), ImportError> {
    loop {
        match letters.next() {
            Some('\'') => return Ok(()),
            Some(c) => out.push(c),
            None => return Err(open_quote("single ")),
        }
    }
}

fn double(letters: &mut Peekable<Chars<'_>>, out: &mut String, warnings: &mut Vec<String>) -> Result<(), ImportError> {
    loop {
        match letters.next() {
            Some('"') => return Ok(()),
            Some('$') => dollar(letters, out, warnings),
            Some('`') => {
                warnings.push("a command in `…` is not run, and stands as text".to_owned());
                out.push('`');
            }
            Some('\\') => match letters.next() {
                Some('\n') => {}
                Some(c) if "\"\\$`".contains(c) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => return Err(open_quote("double ")),
            },
            Some(c) => out.push(c),
            None => return Err(open_quote("double ")),
        }
    }
}

/// A variable of the shell, marked; anything else that the shell would work out stays as it is.
fn dollar(letters: &mut Peekable<Chars<'_>>, out: &mut String, warnings: &mut Vec<String>) {
    let braces = letters.peek() == Some(&'{');
    let mut ahead = letters.clone();
    if braces {
        ahead.next();
    }
    let mut name = String::new();
    while let Some(c) = ahead.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
        name.push(c);
    }
    let closed = !braces || ahead.next() == Some('}');
    if closed && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        *letters = ahead;
        out.push(OPEN);
        out.push_str(&name);
        out.push(CLOSE);
        return;
    }
    if braces || letters.peek() == Some(&'(') {
        warnings.push("what the shell works out in `$(…)` or `${…}` stands as text".to_owned());
    }
    out.push('$');
}

/// `$'…'` with its escapes.
fn escapes(letters: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), ImportError> {
    // Bytes that `\x` gives; they may be pieces of one character.
    let mut bytes: Vec<u8> = Vec::new();
    loop {
        let c = letters.next().ok_or_else(|| open_quote(""))?;
        if c == '\\' && matches!(letters.peek(), Some('x')) {
            letters.next();
            bytes.push(u8::try_from(digits(letters, 2, 16)).unwrap_or(b'?'));
            continue;
        }
        out.push_str(&String::from_utf8_lossy(&std::mem::take(&mut bytes)));
        match c {
            '\'' => return Ok(()),
            '\\' => {
                let c = letters.next().ok_or_else(|| open_quote(""))?;
                out.push(match c {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    'e' | 'E' => '\u{1b}',
                    'f' => '\u{c}',
                    'v' => '\u{b}',
                    'u' => char::from_u32(digits(letters, 4, 16)).unwrap_or('\u{fffd}'),
                    'U' => char::from_u32(digits(letters, 8, 16)).unwrap_or('\u{fffd}'),
                    '0'..='7' => {
                        let first = c.to_digit(8).unwrap_or(0);
                        let more = letters.clone().take(2).take_while(|c| c.is_digit(8)).count();
                        let rest = digits(letters, 2, 8);
                        char::from_u32(first * 8u32.pow(u32::try_from(more).unwrap_or(0)) + rest).unwrap_or('\u{fffd}')
                    }
                    other => other,
                });
            }
            c => out.push(c),
        }
    }
}

/// The number that at most so many digits are.
fn digits(letters: &mut Peekable<Chars<'_>>, most: usize, base: u32) -> u32 {
    let mut number = 0;
    for _ in 0..most {
        let Some(digit) = letters.next_if(|c| c.is_digit(base)).and_then(|c| c.to_digit(base)) else { break };
        number = number * base + digit;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(command: &str) -> Vec<String> {
        words(command).unwrap().words
    }

    #[test]
    fn a_shell_cuts_as_shells_do() {
        assert_eq!(
            cut(r#"a 'b c'"d\"$"e\ f \
 g"#),
            ["a", "b cd\"$e f", "g"]
        );
        assert_eq!(cut(r"$'\x41\xc3\xbc\'\u00e9\U0001f600\101\n'"), ["Aü'é😀A\n"]);
        assert_eq!(cut("a # rest\nb"), ["a", "b"]);
        assert_eq!(cut("curl h?a=1&b=2 & next"), ["curl", "h?a=1&b=2"]);
        assert_eq!(cut("curl h 2>/dev/null"), ["curl", "h"]);
        assert_eq!(words("curl h | jq .").unwrap().warnings.len(), 1);
        assert_eq!(words("curl h;").unwrap().warnings.len(), 0);
        assert_eq!(cut(r#"x "$A-${B}" '$C' "\$D""#), ["x", &format!("{OPEN}A{CLOSE}-{OPEN}B{CLOSE}"), "$C", "$D"]);
    }

    #[test]
    fn windows_cuts_in_its_own_way() {
        let command =
            "curl ^\"https://h/a?x=1^&y=2^%20^\" ^\r\n  -H ^\"a: b^\" ^\r\n --data-raw ^\"^{^\\^\"k^\\^\":1^}^\"";
        assert_eq!(cut(command), ["curl", "https://h/a?x=1&y=2%20", "-H", "a: b", "--data-raw", "{\"k\":1}"]);
        assert_eq!(
            cut("curl \"https://h/^\" ^\n -d \"{\\\"a\\\":\\\\}\""),
            ["curl", "https://h/^", "-d", "{\"a\":\\\\}"]
        );
    }
}
